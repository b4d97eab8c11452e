//! Starts the server, and gives it a new configuration on SIGHUP.

use std::fmt;
use std::future::{Future, poll_fn};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::mpsc;
use std::task::Poll;
use std::{fs, thread};

use ftp_proto::io::tls::ServerTls;
use ftp_proto::io::{Proxies, PublicAddress, Server, SessionLimits};
use ftp_proto::io::{smol as io_smol, std as io_std, tokio as io_tokio};
use futures_lite::future::block_on;
use toml::Spanned;

use crate::accounts::Current;
use crate::config::{Account, Anonymous, Config, Door, Protected, Runtime};
use crate::log::Logs;
use crate::options::Options;
use crate::privileges::Identity;
use crate::report::{Problem, Source};
use crate::rights::Rights;
use crate::site::{Public, Site, set_limits, survey};
use crate::values::Proxy;
use crate::{signals, tls};

/// The server cannot run. The reason was written to the standard error.
#[derive(Debug)]
pub struct Failed;

/// The configuration file, if there is one, and what it was read from.
struct Loaded {
    path: Option<PathBuf>,
    /// `None` if the file cannot be read.
    text: Option<String>,
    config: Config,
    problems: Vec<Problem>,
}

impl Loaded {
    fn new(options: &Options) -> Self {
        let Some(path) = &options.config else {
            let config = options.flags.configuration();
            return Self { path: None, text: None, config, problems: Vec::new() };
        };
        Self::from_file(path)
    }

    fn from_file(path: &Path) -> Self {
        let (text, config, problems) = match fs::read_to_string(path) {
            Ok(text) => {
                let (mut config, problems) = Config::parse(&text);
                config.resolve(path.parent().unwrap_or(Path::new("")));
                (Some(text), config, problems)
            }
            Err(error) => (None, Config::default(), vec![Problem::new(error.to_string())]),
        };
        Self { path: Some(path.to_owned()), text, config, problems }
    }

    /// Warns of files that have to be read again on SIGHUP, and cannot be by the new user.
    fn unreadable_as(&mut self, identity: &Identity) {
        let key = self.config.tls.as_ref().map(|tls| &tls.get_ref().key);
        let mut files: Vec<_> =
            key.into_iter().map(|key| (key.get_ref().clone(), Some(key.clone()))).collect();
        files.extend(self.path.clone().map(|path| (path, None)));
        for (path, place) in files {
            let Err(error) = fs::File::open(&path) else { continue };
            let text = format!("{} cannot read {} again on SIGHUP: {error}", identity.name(), path.display());
            let problem = Problem::new(text).warning();
            self.problems.push(place.map_or(problem.clone(), |place| problem.at(&place)));
        }
    }

    /// Writes the problems that are new to the standard error. Fails if any is more than a warning.
    fn report(&mut self) -> Result<(), Failed> {
        let source = Source { path: self.path.as_deref(), text: self.text.as_deref().unwrap_or_default() };
        let mut result = Ok(());
        self.problems.sort_by_key(Problem::position);
        for problem in self.problems.drain(..) {
            complain(problem.shown(&source));
            if !problem.is_warning {
                result = Err(Failed);
            }
        }
        result
    }
}

/// Writes a line to the standard error.
pub fn complain(what: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "ftpd: {what}");
}

/// Writes a line to the standard output, which may be closed already.
fn say(what: impl fmt::Display) {
    let _ = writeln!(io::stdout(), "{what}");
}

/// Checks the configuration without serving anybody.
pub fn check(options: &Options) -> Result<(), Failed> {
    let mut loaded = Loaded::new(options);
    if loaded.text.is_none() {
        return loaded.report();
    }
    let Loaded { config, problems, .. } = &mut loaded;
    // A setting that could not be read is not missing.
    if problems.is_empty() {
        survey(config, true, problems);
    }
    let identity = Identity::find(config.user.as_ref(), config.group.as_ref(), problems);
    let tls = config.tls.as_ref().and_then(|tls| tls::load(tls, problems));
    Logs::check(&config.log, problems);
    if let Some(identity) = &identity {
        // Roots are opened by the user who will open them.
        if let Err(text) = identity.become_it() {
            problems.push(
                Problem::new(format!("{text}: its files were checked as those of this user")).warning(),
            );
        }
    }
    let site = Site::new(config.clone(), tls, Logs::default(), problems);
    loaded.report()?;
    if let Some(path) = &loaded.path {
        say(format_args!("{}: no errors", path.display()));
    }
    summary(&site.config).into_iter().for_each(say);
    Ok(())
}

/// Serves until a signal ends the server.
pub fn run(options: &Options) -> Result<(), Failed> {
    let mut loaded = Loaded::new(options);
    loaded.report()?;
    let Loaded { config, problems, .. } = &mut loaded;
    survey(config, options.config.is_some(), problems);
    let identity = Identity::find(config.user.as_ref(), config.group.as_ref(), problems);
    if let (Some(obstacle), Some(user)) = (identity.as_ref().and_then(Identity::obstacle), &config.user) {
        problems.push(Problem::new(obstacle).at(user));
    }
    let tls = config.tls.as_ref().and_then(|tls| tls::load(tls, problems));
    let logs = Logs::open(&config.log, options.verbose, identity.as_ref(), None, problems);
    loaded.report()?;
    let (doors, runtime) = (loaded.config.doors(), loaded.config.runtime);
    let current = Current::default();
    let accounts = || current.clone();
    let start = Start { options, loaded, identity, tls, logs, current: current.clone() };
    match runtime {
        Runtime::Std => {
            let servers = bind(&doors, |address| io_std::Server::bind(address, accounts()))?;
            serve_in_threads(start.begin(servers)?)
        }
        Runtime::Tokio => {
            let servers = bind(&doors, |address| block_on(io_tokio::Server::bind(address, accounts())))?;
            let servers = start.begin(servers)?;
            // Only now, since its threads have to be those of the new user.
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
            let runtime = runtime.map_err(|error| fail(format_args!("tokio: {error}")))?;
            runtime.block_on(all(servers.into_iter().map(|server| server.serve())))
        }
        Runtime::Smol => {
            let servers = bind(&doors, |address| block_on(io_smol::Server::bind(address, accounts())))?;
            block_on(all(start.begin(servers)?.into_iter().map(|server| server.serve())))
        }
    }
}

fn fail(what: impl fmt::Display) -> Failed {
    complain(what);
    Failed
}

/// Listens on all addresses.
fn bind<R>(
    doors: &[Door],
    bind: impl Fn(SocketAddr) -> io::Result<Server<R>>,
) -> Result<Vec<(Server<R>, bool)>, Failed> {
    let one = |(address, is_implicit): &Door| {
        let server = bind(*address).map_err(|error| fail(format_args!("{address}: {error}")))?;
        Ok((server, *is_implicit))
    };
    doors.iter().map(one).collect()
}

fn serve_in_threads(servers: Vec<io_std::Server>) -> Result<(), Failed> {
    let (ended, ends) = mpsc::channel();
    for server in servers {
        let ended = ended.clone();
        let spawned =
            thread::Builder::new().name("listener".into()).spawn(move || ended.send(server.serve()));
        spawned.map_err(|error| fail(format_args!("threads: {error}")))?;
    }
    drop(ended);
    ends.into_iter().collect::<io::Result<()>>().map_err(fail)
}

/// Runs servers until all have ended or one has failed.
async fn all<F: Future<Output = io::Result<()>>>(servers: impl Iterator<Item = F>) -> Result<(), Failed> {
    let mut running: Vec<Pin<Box<F>>> = servers.map(Box::pin).collect();
    let ended = poll_fn(|cx| {
        let mut result = Ok(());
        running.retain_mut(|server| match server.as_mut().poll(cx) {
            Poll::Pending => true,
            Poll::Ready(Ok(())) => false,
            Poll::Ready(error) => {
                result = error;
                false
            }
        });
        if result.is_err() || running.is_empty() { Poll::Ready(result) } else { Poll::Pending }
    });
    ended.await.map_err(fail)
}

/// All that is known before the server has become another user.
struct Start<'a> {
    options: &'a Options,
    loaded: Loaded,
    identity: Option<Identity>,
    tls: Option<ServerTls>,
    logs: Logs,
    current: Current,
}

impl Start<'_> {
    /// Gives up privileges, opens the files of the accounts, and prepares the servers.
    fn begin<R>(self, servers: Vec<(Server<R>, bool)>) -> Result<Vec<Server<R>>, Failed> {
        let Self { options, mut loaded, identity, tls, logs, current } = self;
        let config = loaded.config.clone();
        set_umask(&config);
        if let Some(identity) = &identity {
            identity.become_it().map_err(fail)?;
            loaded.unreadable_as(identity);
        }
        current.set(Site::new(config.clone(), tls.clone(), logs, &mut loaded.problems));
        loaded.report()?;
        let limits = SessionLimits::new();
        set_limits(&limits, &config.limits);
        // A file may get a log later.
        let may_log = options.config.is_some() || options.verbose || config.log.transfers.is_some();
        let (mut addresses, mut ready) = (Vec::new(), Vec::new());
        for (server, is_implicit) in servers {
            addresses.push((server.local_addr(), is_implicit));
            let server = prepare(server, &config, &current, may_log).with_session_limits(limits.clone());
            ready.push(match &tls {
                None => server,
                Some(tls) if is_implicit => server.with_implicit_tls(tls.clone()),
                Some(tls) => server.with_explicit_tls(tls.clone()),
            });
        }
        let handles: Vec<_> = ready.iter().map(Server::shutdown_handle).collect();
        let grace = current.clone();
        let end = move || {
            let grace = grace.site().grace();
            handles.iter().for_each(|handle| handle.shut_down(grace));
        };
        let verbose = options.verbose;
        let reload = options.config.clone().map(|path| {
            let (current, tls, limits) = (current.clone(), tls.clone(), limits.clone());
            move || reload(&path, verbose, &current, tls.as_ref(), &limits)
        });
        signals::handle(end, reload).map_err(|error| fail(format_args!("signals: {error}")))?;
        for (address, _) in &addresses {
            say(format_args!("listening on {address}"));
        }
        if options.config.is_some() {
            summary(&config).into_iter().for_each(say);
            if let Some(identity) = &identity {
                say(format_args!("running as {}", identity.name()));
            }
        }
        if let Some(door) = addresses.first() {
            say(format_args!("try: {}", example(options, &config, *door)));
        }
        Ok(ready)
    }
}

/// Sets what every server has. What may change with the configuration is asked for by each session.
fn prepare<R>(server: Server<R>, config: &Config, current: &Current, may_log: bool) -> Server<R> {
    let (suits, logs, name) = (current.clone(), current.clone(), current.clone());
    let look = move || match &name.site().public {
        Public::Named(name) => {
            Ok((name.as_str(), 0).to_socket_addrs()?.map(|address| address.ip()).collect())
        }
        _ => Ok(Vec::new()),
    };
    let mut server = server
        .with_config_for(move |_, session| suits.site().suit(session))
        .with_login_delays(config.limits.login_delays.unwrap_or(true))
        .with_shared_passive_ports(config.passive.shared);
    if let Public::Named(_) = current.site().public {
        server = server.with_public_address(PublicAddress::by(look));
    }
    if may_log {
        server = server.on_event(move |event| logs.site().logs.write(event));
    }
    if let Some(proxy) = &config.proxy {
        server = server.with_proxy_protocol(match proxy {
            Proxy::Any => Proxies::any(),
            Proxy::At(addresses) => Proxies::at(addresses.iter().copied()),
        });
    }
    server
}

/// Reads the configuration again. Sessions that begin see the new one, unless it has errors.
fn reload(path: &Path, verbose: bool, current: &Current, tls: Option<&ServerTls>, limits: &SessionLimits) {
    let before = current.site();
    let mut loaded = Loaded::from_file(path);
    if loaded.report().is_err() {
        return complain("the previous configuration stays in force");
    }
    let Loaded { config, problems, .. } = &mut loaded;
    survey(config, true, problems);
    // The process has become its user already.
    let logs = Logs::open(&config.log, verbose, None, Some(&before.logs), problems);
    let renewed = match &config.tls {
        Some(section) if tls.is_some() => renew(section, &before, problems),
        _ => None,
    };
    let fixed = config.fixed().into_iter().zip(before.config.fixed());
    for ((key, _), _) in fixed.filter(|((_, new), (_, old))| new != old) {
        problems.push(Problem::new(format!("{key} changes only at the next start")).warning());
    }
    let in_force = keep_fixed(&before.config, config.clone());
    let site = Site::new(in_force, renewed.clone().or_else(|| before.tls.clone()), logs, problems);
    if loaded.report().is_err() {
        return complain("the previous configuration stays in force");
    }
    if let (Some(tls), Some(renewed)) = (tls, &renewed) {
        tls.replace(renewed);
    }
    set_limits(limits, &site.config.limits);
    current.set(site);
    complain(format_args!("{}: the configuration was read again", path.display()));
}

/// Returns the new configuration with those settings that hold since the start.
fn keep_fixed(before: &Config, new: Config) -> Config {
    let tls = match (&before.tls, new.tls) {
        (Some(before), Some(mut tls)) => {
            tls.get_mut().implicit.clone_from(&before.get_ref().implicit);
            Some(tls)
        }
        (before, _) => before.clone(),
    };
    let (mut limits, mut passive) = (new.limits, new.passive);
    limits.login_delays = before.limits.login_delays;
    passive.shared = before.passive.shared;
    if passive.is_named() != before.passive.is_named() {
        passive.address.clone_from(&before.passive.address);
    }
    Config {
        listen: before.listen.clone(),
        runtime: before.runtime,
        user: before.user.clone(),
        group: before.group.clone(),
        umask: before.umask,
        proxy: before.proxy.clone(),
        tls,
        limits,
        passive,
        ..new
    }
}

/// Reads the certificate and the key again. A key that only root may read cannot be read by a server
/// that no longer is root: the previous ones then stay, with a warning.
fn renew(
    section: &Spanned<crate::config::Tls>,
    before: &Site,
    problems: &mut Vec<Problem>,
) -> Option<ServerTls> {
    let key = &section.get_ref().key;
    let known = before.config.tls.as_ref().map(|tls| tls.get_ref().key.get_ref());
    let is_closed =
        fs::File::open(key.get_ref()).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    if is_closed && known == Some(key.get_ref()) {
        let text = format!(
            "{}: permission denied: the certificate and key stay as they were",
            key.get_ref().display()
        );
        problems.push(Problem::new(text).at(key).warning());
        return before.tls.clone();
    }
    tls::load(section, problems)
}

/// Sets the permissions that new files do not get.
#[cfg(unix)]
fn set_umask(config: &Config) {
    if let Some(umask) = config.umask {
        rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask.0.into()));
    }
}

/// This system has no umask.
#[cfg(not(unix))]
fn set_umask(config: &Config) {
    if config.umask.is_some() {
        complain("this system has no umask");
    }
}

/// Describes what is served, in a line for TLS and one for each account.
fn summary(config: &Config) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(tls) = config.tls.as_ref().map(Spanned::get_ref) {
        let mut line = String::from("TLS: ");
        line += match *tls.require {
            [] => "offered",
            [..] if tls.require.contains(&Protected::Login) && tls.require.contains(&Protected::Data) => {
                "required for login and data"
            }
            [Protected::Login, ..] => "required for login",
            [Protected::Data, ..] => "required for data",
        };
        for address in &tls.implicit {
            line += &format!(", from the start on {address}");
        }
        lines.push(line);
    }
    let mut host = |name: &str, anonymous: Option<&Spanned<Anonymous>>, accounts: &[Spanned<Account>]| {
        let at = if name.is_empty() { String::new() } else { format!("@{name}") };
        if let Some(anonymous) = anonymous {
            lines.push(format!("anonymous{at}: {}", files(anonymous.get_ref(), Rights::READ_ONLY)));
        }
        for account in accounts.iter().map(Spanned::get_ref) {
            lines.push(format!("{}{at}: {}", account.name.get_ref(), files(&account.files(), Rights::FULL)));
        }
    };
    host("", config.anonymous.as_ref(), &config.account);
    for named in config.host.iter().map(Spanned::get_ref) {
        host(named.name.get_ref(), named.anonymous.as_ref(), &named.account);
    }
    lines
}

/// Describes the files of an account.
fn files(account: &Anonymous, default: Rights) -> String {
    let mut line = format!("{} ({})", account.root.get_ref().display(), account.access.unwrap_or(default));
    for directory in account.directory.iter().map(Spanned::get_ref) {
        line += &format!(", {} ({})", directory.path.get_ref().0, directory.access);
    }
    if let Some(quota) = account.quota {
        line += &format!(", at most {quota}");
    }
    if let Some(sessions) = account.sessions {
        line += &format!(", {sessions} session{}", if sessions == 1 { "" } else { "s" });
    }
    line
}

/// Returns a command for a client to try the server with.
fn example(options: &Options, config: &Config, (address, is_implicit): Door) -> String {
    let shown = match address.ip().is_unspecified() {
        true => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        false => address,
    };
    let named = match options.config {
        None => options.flags.user(),
        Some(_) if config.anonymous.is_some() => None,
        Some(_) => config.account.first().map(|account| account.get_ref().name.get_ref().as_str()),
    };
    let user = named.map_or_else(String::new, |name| format!("--user {name} "));
    let (tls, scheme) = match (&config.tls, is_implicit) {
        (None, _) => ("", "ftp"),
        (Some(_), false) => ("--ssl-reqd ", "ftp"),
        (Some(_), true) => ("", "ftps"),
    };
    format!("curl {tls}{user}{scheme}://{shown}/")
}
