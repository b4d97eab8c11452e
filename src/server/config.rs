//! What a server allows its clients, and what it says of itself.

use core::net::Ipv4Addr;
use core::ops::RangeInclusive;
use core::time::Duration;

use crate::codec::{Features, Text};

/// How a session behaves. The defaults are safe.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How much a client may send and try.
    pub limits: Limits,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// The text of the greeting.
    pub greeting: Text<'static>,
    /// The answer to SYST (RFC 959 4.1.3): programs look for `UNIX Type: L8` to choose a listing format.
    pub system: Text<'static>,
    /// What FEAT names. Taking one out does not switch the command off.
    pub features: Features,
    /// The ports to listen at for passive data connections; 0..=0 leaves the choice to the system.
    pub passive_ports: RangeInclusive<u16>,
    /// The address that 227 names, where clients see the server under another one than it has.
    pub passive_address: Option<Ipv4Addr>,
    /// Whether the server connects to where PORT and EPRT say (only ever to the client's own host and
    /// an unprivileged port: RFC 2577 3 and 8).
    pub active: bool,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            timeouts: Timeouts::default(),
            greeting: Text::literal("Service ready."),
            system: Text::literal("UNIX Type: L8"),
            features: Features::UTF8
                | Features::SIZE
                | Features::MDTM
                | Features::MLST
                | Features::REST_STREAM
                | Features::TVFS
                | Features::EPSV
                | Features::EPRT,
            passive_ports: 0..=0,
            passive_address: None,
            active: true,
        }
    }
}

/// How much a client may send and try.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes in a command line, its end not counted. Receive storage has to hold two more. 2,046 by
    /// default.
    pub line: usize,
    /// Lines that are no commands, in a row, until the session ends. 20 by default.
    pub bad_commands: u16,
    /// Failed logins until the session ends. 5 by default.
    pub login_attempts: u16,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 2046, bad_commands: 20, login_attempts: 5 }
    }
}

/// How long a client may take.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// To log in, from the start. 60 s by default.
    pub login: Duration,
    /// Between commands. 5 minutes by default.
    pub idle: Duration,
    /// To open the data connection, once a transfer was asked for. 30 s by default.
    pub accept: Duration,
    /// Without a byte on the data connection. 60 s by default.
    pub stall: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            login: Duration::from_secs(60),
            idle: Duration::from_secs(300),
            accept: Duration::from_secs(30),
            stall: Duration::from_secs(60),
        }
    }
}
