//! A connection to a server, and the messages shown while it is used.

use std::fmt;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use encoding_rs::Encoding;
use ftp_proto::client::{Config, DataConnection, Profile, Timeouts};
use ftp_proto::io::{Listed, ListingLimits};
use ftp_proto::listing::OwnedEntry;
use indicatif::{ProgressBar, ProgressStyle};

use crate::client::{Client, Runtime, Setup};
use crate::failure::{Failure, Shown};
use crate::tls::TlsOptions;
use crate::url::{Url, join};

/// The time limit for the answer to QUIT.
const GOODBYE: Duration = Duration::from_secs(5);

/// The settings of a session.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Set to show the dialogue.
    pub trace: bool,
    /// Set to show only errors.
    pub quiet: bool,
    /// Set to let the server open data connections.
    pub active: bool,
    /// The time limit for anything that the server does. By default the library's limits apply, of
    /// about a minute.
    pub timeout: Option<Duration>,
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

impl Manner {
    /// Shows a message that is not an error.
    pub fn note(&self, note: impl fmt::Display) {
        if !self.quiet {
            eprintln!("ftp: {note}");
        }
    }

    /// Creates a progress bar for a transfer, with its rate and the time left. Only a terminal
    /// shows it.
    pub fn progress(&self, name: &[u8], size: Option<u64>, offset: u64) -> ProgressBar {
        if self.quiet || self.trace || !stderr().is_terminal() {
            return ProgressBar::hidden();
        }
        let (bar, template) = match size {
            Some(size) => (
                ProgressBar::new(size),
                "{prefix} {wide_bar} {percent:>3}% {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
            ),
            None => (ProgressBar::no_length(), "{prefix} {spinner} {bytes} {bytes_per_sec} {elapsed}"),
        };
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style);
        bar.set_prefix(Shown(name).to_string());
        // Bytes from an earlier transfer do not count towards the rate.
        bar.set_position(offset);
        bar.reset_eta();
        bar
    }
}

/// A client that is logged in.
#[derive(Debug)]
pub struct Session {
    pub client: Client,
    pub manner: Manner,
    /// The exit code of the first failure that did not end everything.
    exit_code: u8,
}

impl Session {
    /// Connects and logs in according to the URL. If it contains no password, that is taken from
    /// `$FTP_PASSWORD`, where neither `ps` nor the shell's history shows it.
    pub fn open(url: &Url, manner: Manner, tls: &TlsOptions) -> Result<Self, Failure> {
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
            tls: tls.of(url)?,
            host: &url.host,
            port: url.port,
        };
        let mut client =
            Client::connect(manner.runtime, setup).map_err(Failure::remote(url.host.as_bytes()))?;
        let anonymous = (b"anonymous".to_vec(), b"anonymous@".to_vec());
        let (user, password) = match &url.user {
            None => anonymous,
            Some(user) => {
                let kept = || std::env::var_os("FTP_PASSWORD").map(|password| password.into_encoded_bytes());
                (user.clone(), url.password.clone().or_else(kept).unwrap_or_default())
            }
        };
        client.login(user, password).map_err(Failure::remote(url.host.as_bytes()))?;
        Ok(Self { client, manner, exit_code: 0 })
    }

    /// Says goodbye to the server. Returns the exit code of the first failure on the way.
    pub fn close(mut self) -> u8 {
        // Everything is done, so a server that does not answer changes nothing and is soon left.
        self.client.set_operation_timeout(Some(GOODBYE));
        let _ = self.client.quit();
        self.exit_code
    }

    /// Returns the entries of a directory, sorted by name.
    pub fn entries(&mut self, directory: &[u8]) -> Result<Vec<OwnedEntry>, Failure> {
        let limits = self.manner.limits.of_listings();
        let listed = self.client.list(directory, &limits).map_err(Failure::remote(directory))?;
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
                eprintln!("ftp: {failure}");
                if self.exit_code == 0 {
                    self.exit_code = failure.exit_code();
                }
                Ok(())
            }
            result => result,
        }
    }
}
