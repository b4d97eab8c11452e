//! All that a configuration makes of the server: accounts with their files, settings of sessions, and
//! logs. A reload makes another one.

use std::collections::HashSet;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use argon2::Argon2;
use ftp_proto::codec::Text;
use ftp_proto::io::Filesystem as _;
use ftp_proto::io::tls::ServerTls;
use ftp_proto::io::{Directory, SessionLimits, Users, VirtualHosts, VirtualPath};
use ftp_proto::security::Policy;
use ftp_proto::server::{Config as SessionConfig, is_anonymous_name};
use pbkdf2::Pbkdf2;
use toml::Spanned;

use crate::accounts::{Hosts, Member, Members, Seats};
use crate::config::{Account, Anonymous, Config, Host, Limits, Protected};
use crate::home::Home;
use crate::log::Logs;
use crate::privileges::Identity;
use crate::quota::{Ledger, Quota, Registry, lock};
use crate::report::Problem;
use crate::rights::{Rights, Rules};
use crate::tls;

/// A configuration in force.
#[derive(Debug)]
pub struct Site {
    pub config: Config,
    pub hosts: Hosts,
    /// `true` if there are virtual hosts besides the default one.
    pub has_hosts: bool,
    pub session: SessionConfig,
    pub public: Public,
    pub logs: Logs,
    pub tls: Option<ServerTls>,
}

/// The address that PASV reports.
#[derive(Clone, Debug, Default)]
pub enum Public {
    /// That of the connection.
    #[default]
    Own,
    Fixed(Ipv4Addr),
    Named(String),
}

impl Default for Site {
    fn default() -> Self {
        Self::new(Config::default(), None, Logs::default(), &mut Vec::new())
    }
}

impl Site {
    /// Opens the directories of the accounts.
    pub fn new(config: Config, tls: Option<ServerTls>, logs: Logs, problems: &mut Vec<Problem>) -> Self {
        let mut opener = Opener { problems, needs_authorities: authorities_are_missing(&config) };
        let default = opener.members("", config.anonymous.as_ref(), &config.account);
        let mut hosts = VirtualHosts::new(default);
        for host in config.host.iter().map(Spanned::get_ref) {
            let Host { name, anonymous, account } = host;
            hosts = hosts
                .host(name.get_ref().as_str(), opener.members(name.get_ref(), anonymous.as_ref(), account));
        }
        let session = session(&config);
        let public = match &config.passive.address {
            None => Public::Own,
            Some(name) => name.parse().map_or_else(|_| Public::Named(name.clone()), Public::Fixed),
        };
        Self { has_hosts: !config.host.is_empty(), hosts, session, public, logs, tls, config }
    }

    /// Adapts the settings of a session that begins. The kind of TLS belongs to the server.
    pub fn suit(&self, session: &mut SessionConfig) {
        let (tls, found) = (session.security.tls, session.passive_address);
        *session = self.session.clone();
        session.security.tls = tls;
        session.passive_address = match self.public {
            Public::Own => None,
            Public::Fixed(address) => Some(address),
            Public::Named(_) => found,
        };
    }

    /// Returns the time that running transfers have at the end.
    pub fn grace(&self) -> Duration {
        self.config.grace.map_or(Duration::from_secs(30), |grace| grace.0)
    }
}

/// Sets the limits of all sessions.
pub fn set_limits(limits: &SessionLimits, config: &Limits) {
    let sessions = config.sessions.unwrap_or(1000);
    limits.set_max_sessions(sessions);
    limits.set_max_sessions_per_address(config.sessions_per_address.unwrap_or(sessions.div_ceil(2)));
    limits.set_max_rate(config.rate.map(|rate| rate.0));
    limits.set_max_total_rate(config.total_rate.map(|rate| rate.0));
}

fn session(config: &Config) -> SessionConfig {
    let mut session = SessionConfig::default();
    if let Some(ports) = &config.passive.ports {
        session.passive_ports = ports.0.clone();
    }
    session.foreign_addresses = config.foreign_addresses;
    if let Some(banner) = &config.banner {
        session.greeting = greeting(&banner.0);
    }
    if let Some(tls) = config.tls.as_ref().map(Spanned::get_ref) {
        let policy = |what| if tls.require.contains(&what) { Policy::Require } else { Policy::Prefer };
        (session.security.control, session.security.data) =
            (policy(Protected::Login), policy(Protected::Data));
        session.security.session_binding = tls.session_binding.into();
    }
    let Limits { login_attempts, login_time, idle_time, stall_time, upload_size, .. } = &config.limits;
    session.limits.login_attempts = login_attempts.unwrap_or(session.limits.login_attempts);
    session.limits.upload_size = upload_size.map(|size| size.0);
    for (to, time) in [
        (&mut session.timeouts.login, login_time),
        (&mut session.timeouts.idle, idle_time),
        (&mut session.timeouts.stall, stall_time),
    ] {
        *to = time.map_or(*to, |time| time.0);
    }
    session
}

/// Returns a text that lives as long as the process, which the greeting has to. Each text is kept
/// once, however often the configuration is read.
fn greeting(text: &str) -> Text<'static> {
    static KNOWN: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut known = lock(&KNOWN);
    let kept = known.iter().copied().find(|kept| *kept == text).unwrap_or_else(|| {
        let kept: &'static str = Box::leak(text.into());
        known.push(kept);
        kept
    });
    Text::new(kept.as_bytes()).unwrap_or_default()
}

fn authorities_are_missing(config: &Config) -> bool {
    config.tls.as_ref().is_none_or(|tls| tls.get_ref().client_authorities.is_none())
}

/// Opens accounts, and collects what is wrong with them.
struct Opener<'a> {
    problems: &'a mut Vec<Problem>,
    needs_authorities: bool,
}

impl Opener<'_> {
    fn members(
        &mut self,
        host: &str,
        anonymous: Option<&Spanned<Anonymous>>,
        accounts: &[Spanned<Account>],
    ) -> Members {
        let mut members = Members {
            users: Users::new().verifier(Argon2::default()).verifier(Pbkdf2::SHA256),
            ..Members::default()
        };
        let mut users = std::mem::take(&mut members.users);
        if let Some(anonymous) = anonymous.map(Spanned::get_ref) {
            if let Some(member) = self.member(host, "anonymous", anonymous) {
                users = users.anonymous(Arc::clone(&member.home.files));
                members.anonymous = Some(member);
            }
        }
        let mut names = HashSet::new();
        for account in accounts {
            let Account { name: place, password, plain, certificate, .. } = account.get_ref();
            let name = place.get_ref();
            if !names.insert(name) {
                self.problems.push(Problem::new(format!("a second account {name:?}")).at(place));
            }
            if anonymous.is_some() && is_anonymous_name(name.as_bytes()) {
                self.problems
                    .push(Problem::new(format!("{name:?} is the name of the anonymous user")).at(place));
            }
            if password.is_none() && plain.is_none() && certificate.is_none() {
                self.problems.push(Problem::new(format!("account {name:?} has no password")).at(place));
            }
            let certificate = certificate.as_ref().and_then(|path| self.certificate(path));
            let Some(mut member) = self.member(host, name, &account.get_ref().files()) else { continue };
            member.certificate = certificate;
            let files = Arc::clone(&member.home.files);
            users = match (password, plain) {
                (Some(hash), _) => match users.user_with_hash(name.as_str(), &hash.0, files) {
                    Ok(users) => users,
                    // The algorithm is a known one, but its parameters are not.
                    Err(error) => {
                        self.problems.push(Problem::new(format!("account {name:?}: {error}")).at(place));
                        return members;
                    }
                },
                (None, Some(plain)) => users.user(name.as_str(), plain.as_str(), files),
                (None, None) => users,
            };
            members.named.insert(name.clone().into_bytes(), member);
        }
        Members { users, ..members }
    }

    fn certificate(&mut self, path: &Spanned<PathBuf>) -> Option<Vec<u8>> {
        if self.needs_authorities {
            let text = "certificates of accounts need tls.client-authorities";
            self.problems.push(Problem::new(text).at(path));
        }
        match tls::certificates(path) {
            Ok(chain) => chain.first().map(|own| own.to_vec()),
            Err(problem) => {
                self.problems.push(problem);
                None
            }
        }
    }

    /// Checks that this process may do in the root what the account may. Opening it does not need that.
    #[cfg(unix)]
    fn access(&mut self, account: &Anonymous, rules: &Rules) {
        use rustix::fs::Access;
        let root = account.root.get_ref();
        let rights = rules.root();
        let needed =
            if rights.has(Rights::LIST) { Access::READ_OK | Access::EXEC_OK } else { Access::EXEC_OK };
        if let Err(error) = rustix::fs::access(root, needed) {
            let error = std::io::Error::from(error);
            self.problems.push(Problem::new(format!("{}: {error}", root.display())).at(&account.root));
        } else if rights.has_any(Rights::WRITE.with(Rights::DELETE)) {
            if let Err(error) = rustix::fs::access(root, Access::WRITE_OK) {
                let error = std::io::Error::from(error);
                let text = format!("nothing can be written to {}: {error}", root.display());
                self.problems.push(Problem::new(text).at(&account.root).warning());
            }
        }
    }

    /// Checks nothing: this system has no such question.
    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "there is nothing to report")]
    fn access(&mut self, _: &Anonymous, _: &Rules) {}

    /// Opens the files of an account. Returns `None` if its root cannot be opened.
    fn member(&mut self, host: &str, name: &str, account: &Anonymous) -> Option<Member> {
        let default = if name == "anonymous" { Rights::READ_ONLY } else { Rights::FULL };
        let mut rules = Rules::new(account.access.unwrap_or(default));
        let mut paths = HashSet::new();
        for directory in account.directory.iter().map(Spanned::get_ref) {
            let path = &directory.path.get_ref().0;
            if !paths.insert(path) {
                self.problems.push(Problem::new(format!("a second rule for {path:?}")).at(&directory.path));
            }
            if cfg!(target_vendor = "apple") && !path.is_ascii() {
                // The system takes several spellings of other letters for the same name.
                let text = "a path with a rule has to be ASCII on this system";
                self.problems.push(Problem::new(text).at(&directory.path));
            }
            rules.add(path, directory.access);
        }
        let root = account.root.get_ref();
        let files = match Directory::open(root) {
            Ok(files) => files.atomic_uploads(account.atomic_uploads),
            Err(error) => {
                self.problems.push(Problem::new(format!("{}: {error}", root.display())).at(&account.root));
                return None;
            }
        };
        self.access(account, &rules);
        let files = Arc::new(if rules.change_anything() { files.writable() } else { files });
        for directory in account.directory.iter().map(Spanned::get_ref) {
            let path = &directory.path.get_ref().0;
            let is_there =
                VirtualPath::parse(path.as_bytes()).is_ok_and(|path| files.entry(path, true).is_ok());
            if !is_there {
                let text = format!("{}{path}: no such directory", root.display());
                self.problems.push(Problem::new(text).at(&directory.path).warning());
            }
        }
        let quota = account.quota.map(|limit| Quota { ledger: ledger(root), limit: limit.0.get() });
        let seats = account.sessions.map(|most| (Seats::of(host, name), most));
        let rules = Arc::new(rules);
        let home = Arc::new(Home { files, rules, quota, atomic: account.atomic_uploads, _seat: None });
        Some(Member { home, seats, certificate: None })
    }
}

/// Returns the count of the bytes below a root, which accounts with the same root share.
fn ledger(root: &std::path::Path) -> Arc<Ledger> {
    static KNOWN: LazyLock<Registry<PathBuf, Ledger>> = LazyLock::new(Registry::default);
    KNOWN.get(root.canonicalize().unwrap_or_else(|_| root.to_owned()))
}

/// Checks what needs no file to be opened.
pub fn survey(config: &Config, from_file: bool, problems: &mut Vec<Problem>) {
    let nobody = |anonymous: &Option<Spanned<Anonymous>>, accounts: &[Spanned<Account>]| {
        anonymous.is_none() && accounts.is_empty()
    };
    if nobody(&config.anonymous, &config.account) && config.host.is_empty() {
        problems.push(Problem::new("nobody can log in: there is neither [anonymous] nor an [[account]]"));
    }
    let mut names = HashSet::new();
    for host in &config.host {
        let Host { name, anonymous, account } = host.get_ref();
        if !names.insert(name.get_ref().to_lowercase()) {
            problems.push(Problem::new(format!("a second host {:?}", name.get_ref())).at(name));
        }
        if nobody(anonymous, account) {
            problems.push(Problem::new(format!("nobody can log in at {:?}", name.get_ref())).at(name));
        }
    }
    let Limits { login_time, idle_time, stall_time, .. } = &config.limits;
    for (key, time) in [("login-time", login_time), ("idle-time", idle_time), ("stall-time", stall_time)] {
        if time.is_some_and(|time| time.0.is_zero()) {
            problems.push(Problem::new(format!("limits.{key} is zero: nobody could do anything")));
        }
    }
    if config.doors().is_empty() {
        problems.push(Problem::new("listen has no address"));
    }
    if !from_file {
        return;
    }
    let is_protected =
        config.tls.as_ref().is_some_and(|tls| tls.get_ref().require.contains(&Protected::Login));
    let open = config.doors().into_iter().find(|(address, tls)| !tls && !address.ip().is_loopback());
    if let (Some((address, _)), false) = (open, is_protected) {
        let text = format!("passwords may come to {address} in the clear, unless tls.require has \"login\"");
        problems.push(Problem::new(text).warning());
    }
    if config.user.is_none() && Identity::is_root() {
        problems.push(Problem::new("the server runs as root, unless there is a user").warning());
    }
}
