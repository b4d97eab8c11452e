//! A connection to a server, which is made again if it is lost.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use encoding_rs::Encoding;
use ftp_proto::client::{Config, DataConnection, Profile, Timeouts};
use ftp_proto::io::tls::ClientTls;
use ftp_proto::io::{Listed, ListingLimits, Walker};
use ftp_proto::listing::{Entry, OwnedEntry};
use serde_json::json;

use crate::client::{Client, Runtime, Setup};
use crate::failure::{Failure, Shown};
use crate::netrc::{self, Login};
use crate::rate::Rate;
use crate::report::Report;
use crate::tls::TlsOptions;
use crate::url::{Url, join};

/// The time limit for the answer to QUIT.
const GOODBYE: Duration = Duration::from_secs(5);
/// The longest wait before a retry.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The settings of a session.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Set to show the dialogue.
    pub trace: bool,
    /// Set to let the server open data connections.
    pub active: bool,
    /// The time limit for anything that the server does. By default the library's limits apply, of
    /// about a minute.
    pub timeout: Option<Duration>,
    /// The number of retries in a row.
    pub retries: u32,
    /// The wait before the first retry.
    pub retry_wait: Duration,
    /// Set to look for logins in the `.netrc` file.
    pub netrc: bool,
    /// The runtime that moves the bytes.
    pub runtime: Runtime,
    /// The maximum number of entries to keep from one listing.
    pub limits: Limits,
    /// The encoding of the server's names, if it differs from the local one.
    pub encoding: Option<&'static Encoding>,
}

/// The maximum number of entries to keep. By default the library's limit applies.
#[derive(Clone, Copy, Debug, Default)]
pub struct Limits(pub Option<usize>);

impl Limits {
    pub fn of_listings(self) -> ListingLimits {
        let mut limits = ListingLimits::default();
        limits.entries = self.0.unwrap_or(limits.entries);
        limits
    }
}

/// The parts that all sessions with a server share.
pub struct Shared {
    pub manner: Manner,
    pub report: Arc<Report>,
    pub rate: Rate,
    host: String,
    port: u16,
    /// The TLS configuration, and whether TLS begins at once.
    tls: Option<(ClientTls, bool)>,
    login: Login,
}

impl Shared {
    pub fn new(
        url: &Url,
        manner: Manner,
        tls: &TlsOptions,
        report: Arc<Report>,
        rate: Rate,
    ) -> Result<Self, Failure> {
        let login = login(url, manner.netrc, |warning| report.warn(warning));
        let tls = tls.of(url)?;
        Ok(Self { manner, report, rate, host: url.host.clone(), port: url.port, tls, login })
    }

    fn connect(&self) -> Result<Client, Failure> {
        let manner = self.manner;
        let mut config = Config::default();
        config.data_connection = if manner.active { DataConnection::Active } else { DataConnection::Passive };
        if let Some(timeout) = manner.timeout {
            config.timeouts = Timeouts::all(timeout);
        }
        let setup = Setup {
            config,
            timeout: manner.timeout,
            trace: manner.trace,
            encoding: manner.encoding,
            tls: self.tls.clone(),
            host: &self.host,
            port: self.port,
        };
        let failed = || Failure::remote(self.host.as_bytes());
        let mut client = Client::connect(manner.runtime, setup).map_err(failed())?;
        let user = self.login.user.as_deref().unwrap_or_default();
        let password = self.login.password.as_deref().unwrap_or_default();
        match &self.login.account {
            Some(account) => client.login_with_account(user, password, account),
            None => client.login(user, password),
        }
        .map_err(failed())?;
        Ok(client)
    }
}

/// Returns the login for this URL. A password that is not in the URL comes from `$FTP_PASSWORD`,
/// where neither `ps` nor the shell's history shows it, or from the `.netrc` file.
fn login(url: &Url, netrc: bool, warn: impl Fn(String)) -> Login {
    let user = url.user.clone();
    let variable = || std::env::var_os("FTP_PASSWORD").map(std::ffi::OsString::into_encoded_bytes);
    if let (Some(_), Some(password)) = (&user, url.password.clone().or_else(variable)) {
        return Login { user, password: Some(password), account: None };
    }
    let path = netrc.then(netrc::path).flatten();
    let found = path.and_then(|path| netrc::login(&path, &url.host, user.as_deref(), warn));
    match (user, found) {
        (user @ Some(_), found) => Login { user, ..found.unwrap_or_default() },
        (None, Some(login)) => login,
        (None, None) => {
            let [user, password] = [&b"anonymous"[..], b"anonymous@"].map(|word| Some(word.to_vec()));
            Login { user, password, account: None }
        }
    }
}

/// A client that is logged in.
pub struct Session {
    pub client: Client,
    pub shared: Arc<Shared>,
    /// Set if the server was asked what it supports.
    is_set_up: bool,
}

/// The retries that are left.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    used: u32,
}

impl Patience {
    pub const fn new() -> Self {
        Self { used: 0 }
    }

    /// Begins to count anew, because there was progress.
    pub fn renew(&mut self) {
        self.used = 0;
    }
}

impl Session {
    /// Connects and logs in.
    pub fn open(shared: &Arc<Shared>) -> Result<Self, Failure> {
        Ok(Self { client: shared.connect()?, shared: Arc::clone(shared), is_set_up: false })
    }

    /// Asks the server what it supports, and for names in UTF-8.
    pub fn set_up(&mut self) -> Result<(), Failure> {
        self.client.setup().map_err(Failure::remote(b""))?;
        self.is_set_up = true;
        Ok(())
    }

    /// Waits after a failure, and connects again if the connection is lost, so that the caller can
    /// try again. Returns the failure if that would be in vain, or has been tried often enough.
    pub fn retry(&mut self, patience: &mut Patience, mut failure: Failure) -> Result<(), Failure> {
        let Manner { retries, retry_wait, .. } = self.shared.manner;
        let mut is_lost = failure.is_fatal();
        while failure.may_pass() && patience.used < retries {
            let wait = retry_wait.saturating_mul(1 << patience.used.min(16)).min(LONGEST_WAIT);
            patience.used += 1;
            let report = &self.shared.report;
            let (tried, seconds) = (patience.used, wait.as_secs_f64());
            let fields = json!({ "message": failure.to_string(), "retry": tried, "wait": seconds });
            report.event("retry", b"", fields);
            report.note(format_args!("{failure}: trying again in {seconds} s ({tried} of {retries})"));
            thread::sleep(wait);
            if !is_lost {
                return Ok(());
            }
            failure = match self.connect_again() {
                Ok(()) => return Ok(()),
                Err(failure) => failure,
            };
            is_lost = true;
        }
        Err(failure)
    }

    fn connect_again(&mut self) -> Result<(), Failure> {
        self.client = self.shared.connect()?;
        match self.is_set_up {
            true => self.set_up(),
            false => Ok(()),
        }
    }

    /// Runs `attempt` until it succeeds or is not worth another try. For what does no harm if it is
    /// done twice.
    pub fn persist<T>(
        &mut self,
        mut attempt: impl FnMut(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let mut patience = Patience::new();
        loop {
            match attempt(self) {
                Err(failure) => self.retry(&mut patience, failure)?,
                done => return done,
            }
        }
    }

    /// Lists the next directory of a walk.
    pub fn walk(
        &mut self,
        walker: &mut Walker,
        mut enter: impl FnMut(&[u8], &Entry<'_>) -> bool,
    ) -> Result<Option<Listed>, Failure> {
        let mut is_first = true;
        self.persist(|session| {
            if !std::mem::take(&mut is_first) {
                walker.retry();
            }
            session.client.walk(walker, &mut enter).map_err(Failure::remote(walker.path()))
        })
    }

    /// Says goodbye to the server.
    pub fn close(mut self) {
        // Everything is done, so a server that does not answer changes nothing and is soon left.
        self.client.set_operation_timeout(Some(GOODBYE));
        let _ = self.client.quit();
    }

    /// Returns the limits of listings.
    pub fn limits(&self) -> ListingLimits {
        self.shared.manner.limits.of_listings()
    }

    /// Returns the entries of a directory, sorted by name.
    pub fn entries(&mut self, directory: &[u8]) -> Result<Vec<OwnedEntry>, Failure> {
        let limits = self.limits();
        let listed = self
            .persist(|session| session.client.list(directory, &limits).map_err(Failure::remote(directory)))?;
        self.sorted(listed)
    }

    /// Returns the entries of a listing, sorted by name. Lines that could not be parsed are
    /// reported, as a failure that does not end everything.
    pub fn sorted(&mut self, listed: Listed) -> Result<Vec<OwnedEntry>, Failure> {
        let Listed { path, mut entries, unread, .. } = listed;
        let directory = &path[..];
        for line in unread {
            let (directory, line) = (Shown(directory), Shown(&line));
            let what = format!("{directory}: a line of the listing that cannot be read: {line}");
            self.attempt(Err(Failure::unseen(what)))?;
        }
        // Many servers answer LIST of a missing directory with an empty list.
        if entries.is_empty() && self.client.profile().contains(Profile::NO_MLSD) {
            self.visit(directory)?;
        }
        entries.sort_by(|a, b| a.entry().name.as_bytes().cmp(b.entry().name.as_bytes()));
        Ok(entries)
    }

    /// Resolves a path from the command line that is only read. One that begins with a tilde is the
    /// name of something that exists, or otherwise a path below a home directory, such as
    /// `~user/docs`.
    pub fn read_path(&mut self, path: &[u8]) -> Result<Vec<u8>, Failure> {
        let Some(user) = path.strip_prefix(b"~") else { return Ok(path.to_vec()) };
        let is_there = self.client.facts(path).map(drop).or_else(|_| self.client.size(path).map(drop));
        if is_there.is_ok() || self.visit(path).is_ok() {
            return Ok(path.to_vec());
        }
        let (user, rest) = match user.iter().position(|byte| *byte == b'/') {
            Some(at) => (&user[..at], &user[at + 1..]),
            None => (user, &b""[..]),
        };
        match self.client.home_directory(user) {
            Ok(home) if rest.is_empty() => Ok(home),
            Ok(home) => Ok(join(&home, rest)),
            Err(error) if error.is_fatal() => Err(Failure::remote(path)(error)),
            Err(_) => Ok(path.to_vec()),
        }
    }

    /// Enters a directory and returns, to check that it is one.
    pub fn visit(&mut self, directory: &[u8]) -> Result<(), Failure> {
        if directory.is_empty() {
            return Ok(());
        }
        let home = self.client.working_directory().map_err(Failure::remote(b""))?;
        self.client.change_directory(directory).map_err(Failure::remote(directory))?;
        self.client.change_directory(&home).map_err(Failure::remote(&home))
    }

    /// Lets one of many things fail: reports the failure and goes on, unless the server can no
    /// longer be used.
    pub fn attempt(&mut self, result: Result<(), Failure>) -> Result<(), Failure> {
        match result {
            Err(failure) if !failure.is_fatal() && !failure.is_broken_pipe() => {
                self.shared.report.fail(&failure);
                Ok(())
            }
            result => result,
        }
    }
}
