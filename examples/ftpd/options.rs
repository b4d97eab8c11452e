//! The command line, and the configuration that it stands for.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use toml::Spanned;

use crate::config::{
    Account, Anonymous, Binding, ClientCertificates, Config, Limits, Log, Passive, Protected, Runtime, Tls,
};
use crate::values::{Ports, Time, ports};

/// The flags that stand for a configuration, and exclude a file.
const FLAGS: [&str; 21] = [
    "listen",
    "users",
    "no_anonymous",
    "passive_ports",
    "shared_passive_ports",
    "public_address",
    "foreign_addresses",
    "runtime",
    "max_sessions",
    "max_sessions_per_address",
    "no_address_limits",
    "xferlog",
    "atomic_uploads",
    "grace",
    "directory",
    "cert",
    "key",
    "begin",
    "require_tls",
    "client_ca",
    "session_binding",
];

/// Serves directories over FTP: one with the flags below, or several with a configuration file.
/// Without a file, anonymous users may read, and users with a password may write too.
#[derive(Debug, Parser)]
#[command(name = "ftpd", version)]
pub struct Options {
    /// Read the configuration from this file, and again on SIGHUP.
    #[arg(long, value_name = "FILE", conflicts_with_all = FLAGS)]
    pub config: Option<PathBuf>,
    /// Check the configuration and the files that it names, report all that is wrong, and exit with 0
    /// if nothing is, else with 1.
    #[arg(long, requires = "config")]
    pub check: bool,
    /// Read a password, and print its hash for the configuration.
    #[arg(long, exclusive = true)]
    pub hash_password: bool,
    /// Write a line for each event of a session to the standard error.
    #[arg(long, short)]
    pub verbose: bool,
    #[command(flatten)]
    pub flags: Flags,
}

#[derive(Debug, Args)]
pub struct Flags {
    /// The address to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:2121")]
    listen: SocketAddr,
    /// A user who may read and write. Can be given more than once.
    #[arg(long = "user", value_name = "NAME:PASSWORD", value_parser = user)]
    users: Vec<User>,
    /// Admit nobody without a password.
    #[arg(long, requires = "users")]
    no_anonymous: bool,
    /// The ports for passive data connections, if a firewall admits only some [default: any]
    #[arg(long, value_name = "LOW-HIGH", value_parser = ports)]
    passive_ports: Option<Ports>,
    /// Let users at different addresses share a passive port, so that a few ports are enough for
    /// many users.
    #[arg(long)]
    shared_passive_ports: bool,
    /// The address that clients see, if it is not this machine's own, or a name for it, which is
    /// looked up again every five minutes.
    #[arg(long, alias = "passive-address", value_name = "NAME|ADDRESS")]
    public_address: Option<String>,
    /// Let users have data sent to and fetched from hosts other than their own. Transfers between
    /// two servers need this, and so do attacks on other hosts.
    #[arg(long)]
    foreign_addresses: bool,
    #[command(flatten)]
    tls: TlsFlags,
    /// The runtime of the sessions: a thread for each, or tasks of an asynchronous runtime.
    #[arg(long, value_enum, default_value_t)]
    runtime: Runtime,
    /// The maximum number of sessions at once.
    #[arg(long, value_name = "NUMBER", default_value = "1000")]
    max_sessions: usize,
    /// The maximum number of them from one address, or from one IPv6 network of 64 bits [default:
    /// half]
    #[arg(long, value_name = "NUMBER")]
    max_sessions_per_address: Option<usize>,
    /// Treat each connection by itself: let one address have all sessions, and do not delay the
    /// logins of an address with many failed ones. For servers that see all clients under one
    /// address.
    #[arg(long, conflicts_with = "max_sessions_per_address")]
    no_address_limits: bool,
    /// The file to append a line to for each completed or attempted transfer [default: none]
    #[arg(long, value_name = "FILE")]
    xferlog: Option<PathBuf>,
    /// Show an upload only once it is complete: an existing file stays until then, and an upload
    /// that is cut off leaves nothing to resume. A crash leaves files called .ftp-proto-upload-*
    #[arg(long)]
    atomic_uploads: bool,
    /// The time that running transfers have after SIGTERM.
    #[arg(long, value_name = "SECONDS", default_value = "30")]
    grace: u64,
    /// The directory to serve.
    #[arg(default_value = ".")]
    directory: PathBuf,
}

/// The TLS options. A certificate turns TLS on.
#[derive(Debug, Args)]
struct TlsFlags {
    /// The server's certificate, followed by those that signed it, in a PEM file: offers TLS.
    #[arg(long, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The key of --cert, in a PEM file.
    #[arg(long, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// The start of TLS: when the client asks for it (AUTH TLS), or at once, as on port 990.
    #[arg(long = "tls", value_name = "HOW", requires = "cert", default_value = "explicit")]
    begin: Begin,
    /// Refuse logins and data transfers without TLS.
    #[arg(long, requires = "cert")]
    require_tls: bool,
    /// Serve only clients with a certificate signed by those in this PEM file.
    #[arg(long, value_name = "FILE", requires = "cert")]
    client_ca: Option<PathBuf>,
    /// The TLS session that a data connection has to resume: that of any control connection of the
    /// same user and address (for anonymous users as `connection`), that of its own control
    /// connection, or none. Some clients cannot resume any; but with `off`, whoever connects first
    /// gets the data.
    #[arg(long, value_name = "WHOSE", requires = "cert", default_value = "user")]
    session_binding: Binding,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Begin {
    Explicit,
    Implicit,
}

#[derive(Clone)]
struct User {
    name: String,
    password: String,
}

/// Shows the name, but not the password.
impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.name.fmt(f)
    }
}

fn user(argument: &str) -> Result<User, &'static str> {
    match argument.split_once(':') {
        Some((name, password)) if !name.is_empty() => {
            Ok(User { name: name.into(), password: password.into() })
        }
        _ => Err("a name and a password, separated by a colon"),
    }
}

/// Returns a value without a place in a file.
fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

impl Flags {
    /// Returns the configuration that the flags stand for.
    pub fn configuration(&self) -> Config {
        let files = Anonymous {
            root: spanned(self.directory.clone()),
            access: None,
            directory: Vec::new(),
            quota: None,
            sessions: None,
            atomic_uploads: self.atomic_uploads,
        };
        let account = |user: &User| Account {
            name: spanned(user.name.clone()),
            password: None,
            plain: Some(user.password.clone()),
            certificate: None,
            root: files.root.clone(),
            access: None,
            directory: Vec::new(),
            quota: None,
            sessions: None,
            atomic_uploads: self.atomic_uploads,
        };
        // The last one of a name counts.
        let mut users: Vec<&User> = Vec::new();
        for user in &self.users {
            users.retain(|known| known.name != user.name);
            users.push(user);
        }
        let mut config = Config {
            listen: Some(vec![self.listen]),
            runtime: self.runtime,
            grace: Some(Time(Duration::from_secs(self.grace))),
            foreign_addresses: self.foreign_addresses,
            limits: Limits {
                sessions: Some(self.max_sessions),
                sessions_per_address: match self.no_address_limits {
                    true => Some(usize::MAX),
                    false => self.max_sessions_per_address,
                },
                login_delays: Some(!self.no_address_limits),
                ..Limits::default()
            },
            passive: Passive {
                ports: self.passive_ports.clone(),
                shared: self.shared_passive_ports,
                address: self.public_address.clone(),
            },
            log: Log { transfers: self.xferlog.clone().map(spanned), events: None },
            anonymous: (!self.no_anonymous).then(|| spanned(files.clone())),
            account: users.into_iter().map(account).map(spanned).collect(),
            ..Config::default()
        };
        self.tls.configure(&mut config);
        config
    }

    /// Returns the name of the user for whom a command to try the server is shown.
    pub fn user(&self) -> Option<&str> {
        self.users.first().filter(|_| self.no_anonymous).map(|user| &*user.name)
    }
}

impl TlsFlags {
    fn configure(&self, config: &mut Config) {
        let (Some(cert), Some(key)) = (&self.cert, &self.key) else { return };
        let implicit = match self.begin {
            Begin::Explicit => Vec::new(),
            Begin::Implicit => config.listen.take().unwrap_or_default(),
        };
        let require = if self.require_tls { vec![Protected::Login, Protected::Data] } else { Vec::new() };
        config.tls = Some(spanned(Tls {
            certificate: spanned(cert.clone()),
            key: spanned(key.clone()),
            implicit,
            require,
            client_authorities: self.client_ca.clone().map(spanned),
            client_certificates: ClientCertificates::Required,
            session_binding: self.session_binding,
        }));
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn flags_and_a_file_exclude_each_other() {
        let command = Options::command();
        command.clone().debug_assert();
        for argument in command.get_arguments().map(|argument| argument.get_id().as_str()) {
            let is_common = ["config", "check", "hash_password", "verbose"].contains(&argument);
            assert!(is_common || FLAGS.contains(&argument), "{argument}");
        }
        for (arguments, is_right) in [
            (&["--config", "x"][..], true),
            (&["--config", "x", "--check", "-v"], true),
            (&["--check"], false),
            (&["--config", "x", "--listen", "127.0.0.1:1"], false),
            (&["--config", "x", "--user", "a:b"], false),
            (&["--config", "x", "--tls", "implicit"], false),
            (&["--config", "x", "directory"], false),
            (&["--hash-password"], true),
            (&["--hash-password", "-v"], false),
            (&["-v", "--user", "a:b", "--no-anonymous", "directory"], true),
            (&["--no-anonymous"], false),
        ] {
            let parsed = Options::try_parse_from(["ftpd"].iter().chain(arguments));
            assert_eq!(parsed.is_ok(), is_right, "{arguments:?}");
        }
    }
}
