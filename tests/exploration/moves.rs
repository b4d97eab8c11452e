//! The steps of a history, and what limits the histories of a scenario.

use super::task::Ask;
use ftp_proto::client;
use std::net::SocketAddr;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

impl Side {
    pub const BOTH: [Self; 2] = [Self::Client, Self::Server];

    pub const fn other(self) -> Self {
        match self {
            Self::Client => Self::Server,
            Self::Server => Self::Client,
        }
    }

    pub fn address(self) -> SocketAddr {
        ["192.0.2.2:40000", "192.0.2.1:21"][self as usize].parse().unwrap()
    }
}

/// One step of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A machine is polled until it waits, orders something or is done.
    Poll(Side),
    /// Pending output goes on its way.
    Write(Side),
    /// The first line on its way to this side arrives.
    Line(Side),
    /// Everything on its way to this side arrives, or the end of the connection.
    Deliver(Side),
    /// The next event happens at this side's end of the data connection.
    Data(Side),
    /// The host does what it was asked to do.
    Answer,
    /// The application begins an operation.
    Begin(Ask),
    /// Time passes up to the next deadline.
    Time,
    /// Something happens that need not happen.
    Fault(Fault),
}

/// A step that need not be taken, of which a history has a limited number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Time passes although something else could happen.
    Early,
    /// The host refuses a request, or never answers it.
    Refuse,
    Silence,
    /// The side cannot listen or connect, or its connection comes to nothing and nobody is told.
    NoListener(Side),
    Unreachable(Side),
    Lost(Side),
    /// The side's file fails.
    File(Side),
    /// The data connection breaks, or nothing arrives over it any more.
    Break,
    Stall,
    /// The control connection ends, or nothing arrives over it any more.
    Cut,
    Mute,
    /// The application aborts a transfer, drops an operation, or asks how far a transfer is.
    Abort,
    Drop,
    Status,
}

/// The part of all histories that is explored together.
#[derive(Clone, Debug)]
pub struct Scenario {
    pub name: &'static str,
    /// Operations that the application may begin, and how many it begins before it leaves.
    pub asks: &'static [Ask],
    pub count: usize,
    /// Set if a history begins with the greeting, and not with a client that is logged in.
    pub anew: bool,
    /// An operation that has begun, and the number of moves of a fair schedule that it has made
    /// before a history begins.
    pub lead: Option<(Ask, usize)>,
    pub client: client::Config,
    /// Number of faults in a history.
    pub faults: usize,
}
