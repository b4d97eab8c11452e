//! What a client allows its server, and what it remembers of it.

use core::time::Duration;

use bitflags::bitflags;

use crate::codec::EndRule;

/// How a client behaves. The defaults are safe and work with the servers that are in use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Config {
    /// How much a server may send.
    pub limits: Limits,
    /// How long it may take.
    pub timeouts: Timeouts,
    /// Which line ends a reply of many lines.
    pub end_of_reply: EndRule,
    /// Where to connect to when PASV names an address.
    pub passive_address: PassiveAddress,
    /// Wait for each reply before the next command is sent, as though the server could not take
    /// commands together. It is found out by itself too, for some servers.
    pub one_command_at_a_time: bool,
}

/// How much a server may send.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes in a line, its end not counted; the text of a longer one is cut. Receive storage has to
    /// hold two more. 2,046 by default.
    pub line: usize,
    /// Lines in a reply. 10,000 by default.
    pub reply_lines: u32,
    /// Bytes in a reply. 1 MiB by default.
    pub reply_bytes: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self { line: 2046, reply_lines: 10_000, reply_bytes: 1 << 20 }
    }
}

/// How long a server may take. Each clock runs only while the client is polled and waits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For its greeting. 60 s by default.
    pub greeting: Duration,
    /// For the next line of a reply. 60 s by default.
    pub reply: Duration,
    /// For a data connection to stand. 20 s by default.
    pub connect: Duration,
    /// Without a byte on the data connection. 60 s by default.
    pub data_idle: Duration,
    /// For the reply that ends a transfer, once its data has ended. 60 s by default: a server may
    /// have much to flush.
    pub final_reply: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minute = Duration::from_secs(60);
        Self {
            greeting: minute,
            reply: minute,
            connect: Duration::from_secs(20),
            data_idle: minute,
            final_reply: minute,
        }
    }
}

/// Where to connect to when PASV names an address (CVE-2020-8284: a hostile server makes its clients
/// scan other hosts' ports).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PassiveAddress {
    /// To the host that the control connection goes to; only the port counts. Right behind address
    /// translation too, where the named address is a private one.
    #[default]
    ControlPeer,
    /// To the address named, whichever that is.
    AsNamed,
}

bitflags! {
    /// What was learnt of a server. Small enough to keep a database of.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Profile: u16 {
        /// EPSV is refused, or its ports cannot be reached: PASV is used.
        const NO_EPSV = 1;
        /// Commands sent together confuse it: one at a time.
        const NO_PIPELINING = 1 << 1;
        /// MLSD is refused, whatever FEAT says.
        const NO_MLSD = 1 << 2;
        /// REST is refused.
        const NO_RESTART = 1 << 3;
    }
}
