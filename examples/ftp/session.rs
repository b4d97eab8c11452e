//! A connection to a server, and what is shown while it is used.

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

/// The time that the server has to answer QUIT.
const GOODBYE: Duration = Duration::from_secs(5);

/// How it is to be used.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Show the dialogue.
    pub trace: bool,
    /// Show errors only.
    pub quiet: bool,
    /// Let the server open data connections.
    pub active: bool,
    /// How long to wait for anything; by default the library's limits, of about a minute.
    pub timeout: Option<Duration>,
    /// What moves the bytes.
    pub runtime: Runtime,
    /// The limit on the entries that are kept of one listing.
    pub limits: Limits,
    /// The encoding of the server's names, if it is not the one here.
    pub encoding: Option<&'static Encoding>,
}

/// How many entries are kept; by default as many as the library keeps.
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
    /// Tells a person something that is no error.
    pub fn note(&self, note: impl fmt::Display) {
        if !self.quiet {
            eprintln!("ftp: {note}");
        }
    }

    /// A bar for a transfer, with its rate and the time left; on a terminal only.
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
        // What was there before says nothing of the rate.
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
    /// Of the first thing that failed without ending it all.
    exit_code: u8,
}

impl Session {
    /// Connects and logs in as the URL says. A password that the URL does not hold is taken from
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

    /// Says goodbye. The exit code is that of the first failure on the way.
    pub fn close(mut self) -> u8 {
        // All is done: a server that says nothing to this changes nothing, and is not waited for.
        self.client.set_operation_timeout(Some(GOODBYE));
        let _ = self.client.quit();
        self.exit_code
    }

    /// The members of a directory, by name.
    pub fn entries(&mut self, directory: &[u8]) -> Result<Vec<OwnedEntry>, Failure> {
        let limits = self.manner.limits.of_listings();
        let listed = self.client.list(directory, &limits).map_err(Failure::remote(directory))?;
        self.sorted(listed)
    }

    /// What the listing of a directory has come to, by name. Lines that are no entries are told, and make it a
    /// failure that does not end everything.
    pub fn sorted(&mut self, listed: Listed) -> Result<Vec<OwnedEntry>, Failure> {
        let Listed { path, mut entries, unread, .. } = listed;
        let directory = &path[..];
        for line in unread {
            let (directory, line) = (Shown(directory), Shown(&line));
            let what = format!("{directory}: a line of the listing that cannot be read: {line}");
            self.attempt(Err(Failure::unseen(what)))?;
        }
        // Many servers answer LIST of a directory that is not there with an empty list.
        if entries.is_empty() && self.client.profile().contains(Profile::NO_MLSD) {
            self.visit(directory)?;
        }
        entries.sort_by(|a, b| a.entry().name.as_bytes().cmp(b.entry().name.as_bytes()));
        Ok(entries)
    }

    /// What a path that was typed and is only read means: one that begins with a tilde is the name of something
    /// that is there, or else below a home directory, as `~user/docs`.
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

    /// Goes into a directory and back, to see that it is one.
    pub fn visit(&mut self, directory: &[u8]) -> Result<(), Failure> {
        if directory.is_empty() {
            return Ok(());
        }
        let home = self.client.working_directory().map_err(Failure::remote(b""))?;
        self.client.change_directory(directory).map_err(Failure::remote(directory))?;
        self.client.change_directory(&home).map_err(Failure::remote(&home))
    }

    /// Lets one of many things fail: says so and goes on, unless nothing more can be had from the server.
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
