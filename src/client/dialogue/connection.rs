//! One data connection, as the client sees it (RFC 959 3.2).
//!
//! ```text
//!   Connecting ──────────────┐
//!                            ├─► Connected ──► Securing ──► Connected ──► Moving ──► Ended
//!   Opening ──► Listening ───┘        (PROT P only)                         │          ▲
//!                                                                           └► Closing ┘   an unannounced upload
//! ```
//!
//! Data moves once the connection is open and the server has allowed it by 1yz, by a final reply,
//! or by staying silent for long enough.

use core::net::{IpAddr, SocketAddr};
use core::time::Duration;

use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::client::config::Timeouts;
use crate::client::failure::TransferFailure;
use crate::client::file_size::{KnownSize, Received};
use crate::codec::{Direction, ReplyCode};
use crate::error::{Awaited, LocalError};
use crate::transfer::{Marker, Parameters};

/// The data that a connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Content {
    /// A listing.
    Listing,
    /// Bytes of a file, whose number says nothing about the file's size.
    File,
    /// All bytes of a file from the position on, as they are in the file: TYPE I, STRU F, no range.
    CountableFile,
}

/// The purpose of a data connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Purpose {
    direction: Direction,
    content: Content,
    parameters: Parameters,
    known_size: KnownSize,
}

impl Purpose {
    pub(in crate::client) const fn new(
        direction: Direction,
        content: Content,
        parameters: Parameters,
        known_size: KnownSize,
    ) -> Self {
        Self { direction, content, parameters, known_size }
    }

    fn receives(&self) -> bool {
        self.direction == Direction::FromServer
    }

    fn lists(&self) -> bool {
        self.content == Content::Listing
    }
}

/// The phase of a data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Phase {
    /// The client is connecting.
    Connecting,
    /// The listener is being opened.
    Opening,
    /// The listener is open.
    Listening(SocketAddr),
    /// The connection is open.
    Connected,
    /// The TLS handshake is in progress.
    Securing,
    /// Data moves.
    Moving,
    /// Everything was sent. The server has to close its side too, which is the only sign that it
    /// has taken the data.
    Closing,
    /// The data ended cleanly.
    Ended,
    /// The connection failed.
    Failed(DataFailure),
    /// The server did not close its side cleanly: nothing shows that it has taken an upload.
    NotTaken,
}

impl Phase {
    /// Returns whether the connection is over, so that further events on it no longer matter.
    pub(super) const fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::Failed(_) | Self::NotTaken)
    }

    /// Completes the sentence "the data connection is ...".
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "being established",
            Self::Opening => "waiting for its listener",
            Self::Listening(_) => "waiting for the server to connect",
            Self::Connected => "open, but may not carry data yet",
            Self::Securing => "in its TLS handshake",
            Self::Moving => "carrying data",
            Self::Closing => "waiting for the server to close it",
            Self::Ended | Self::Failed(_) | Self::NotTaken => "over",
        }
    }
}

/// The last action of the server on the connection itself. Any of them shows that the server takes
/// part in an upload, which a final reply alone does not show, because it may answer another
/// command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Contact {
    None,
    /// The server connected to the client.
    Arrived,
    /// The TLS handshake is done.
    Secured,
    /// The server closed its side cleanly, after the client.
    Closed,
}

/// The reason why data may move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// Data may not move, unless the final reply has arrived.
    Awaited,
    /// The server has said nothing in time, and data is taken without its reply.
    Assumed,
    /// The server has sent 1yz.
    Announced,
}

/// The verdict of the server's final replies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Owed,
    /// A final reply has said that the directory could not be listed, but is not complete, or was
    /// not the last one.
    NotListed,
    /// A good final reply has arrived.
    Good,
    /// A good final reply has arrived, but it says that the directory could not be listed.
    GoodNotListed,
}

/// The progress of a transfer between this server and another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum ServerToServer {
    /// The command was sent.
    Moving,
    /// The other server has reported the end of the transfer.
    Ending,
}

/// The effect of an event on the connection.
#[derive(Clone, Copy, Debug)]
pub(super) enum Effect {
    /// The event changes nothing.
    Nothing,
    /// The connection has changed, and its next phase may begin.
    Change,
    /// Another host has connected to the listener.
    StrangerCame,
    /// The server has connected to the listener.
    ServerCame,
    /// A restart marker arrived.
    Marked(Marker),
}

/// A change to the state of a transfer that its data connection does not report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum TransferUpdate {
    /// The server has sent 1yz, which names this size of the file, if any.
    Announced(Option<u64>),
    /// The server has not sent 1yz in time: data moves without it.
    AssumedBegun,
    /// A good final reply has arrived, which names this size of the file, if any.
    Confirmed(Option<u64>),
    /// A line of the final reply says that the directory could not be listed.
    NotListed,
    /// The final reply was not the last one: 1yz or a failure came after it.
    Reopened(ReplyCode),
    /// The server begins at the start of the file after all.
    StartsOver,
    /// The data moves between the server and another.
    ServerToServer(ServerToServer),
}

/// One data connection.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) struct Connection {
    id: DataId,
    phase: Phase,
    /// Bytes transferred over the wire.
    moved: u64,
    /// Bytes of the file that were decoded, if the coding makes them differ from those on the wire.
    decoded: Option<u64>,
    purpose: Purpose,
    contact: Contact,
    start: Start,
    verdict: Verdict,
}

/// The state of a transfer, as its data connection and its replies show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::client) enum Standing {
    /// The transfer is not over.
    Running,
    /// The transfer is done.
    Done,
    /// The transfer failed.
    Failed(TransferFailure),
}

impl Connection {
    pub(super) const fn new(id: DataId, phase: Phase, purpose: Purpose) -> Self {
        Self {
            id,
            phase,
            moved: 0,
            decoded: None,
            purpose,
            contact: Contact::None,
            start: Start::Awaited,
            verdict: Verdict::Owed,
        }
    }

    pub(super) const fn id(&self) -> DataId {
        self.id
    }

    pub(super) const fn phase(&self) -> Phase {
        self.phase
    }

    pub(super) const fn direction(&self) -> Direction {
        self.purpose.direction
    }

    /// Returns the bytes transferred over the wire.
    pub(in crate::client) const fn moved(&self) -> u64 {
        self.moved
    }

    /// Returns what is known about the size of the file.
    pub(in crate::client) const fn known_size(&self) -> KnownSize {
        self.purpose.known_size
    }

    /// Returns whether the transfer is over, and how it ended. `owed` says whether the server has
    /// yet to report the end.
    pub(in crate::client) fn standing(&self, owed: bool) -> Standing {
        match self.phase {
            Phase::Ended | Phase::Failed(_) if self.verdict == Verdict::GoodNotListed => {
                Standing::Failed(TransferFailure::NotListed)
            }
            Phase::Ended if self.is_confirmed() && self.is_taken() => Standing::Done,
            Phase::Failed(_) if self.is_unused_listing() => Standing::Done,
            // The reply of the server takes precedence, whatever it says.
            Phase::Failed(failure) if !owed => Standing::Failed(failure.into()),
            Phase::NotTaken if !owed => Standing::Failed(TransferFailure::NotTaken),
            _ => Standing::Running,
        }
    }

    /// Returns whether the connection belongs to a listing that was confirmed without a 1yz and has
    /// moved no data.
    pub(in crate::client) fn is_unused_listing(&self) -> bool {
        self.purpose.lists() && self.is_confirmed() && self.start != Start::Announced && self.moved == 0
    }

    /// Returns the part of a file that was received, if its size can be compared.
    pub(in crate::client) fn received(&self) -> Option<Received> {
        let Purpose { direction, content, parameters, .. } = self.purpose;
        if direction != Direction::FromServer || content != Content::CountableFile {
            return None;
        }
        let bytes = match parameters.coding.is_identity() {
            true => self.moved,
            false => self.decoded?,
        };
        Some(Received::new(parameters.position, bytes))
    }

    pub(super) const fn is_confirmed(&self) -> bool {
        matches!(self.verdict, Verdict::Good | Verdict::GoodNotListed)
    }

    /// Returns whether data may flow, as far as the server's replies are concerned.
    fn may_move(&self) -> bool {
        self.start != Start::Awaited || self.is_confirmed()
    }

    /// Returns whether anything besides a final reply shows that the server takes part in an
    /// upload.
    fn is_taken(&self) -> bool {
        self.purpose.receives() || self.start == Start::Announced || self.contact != Contact::None
    }

    /// Returns whether data is due from the server, but no byte has arrived yet.
    pub(super) fn awaits_first_byte(&self) -> bool {
        self.purpose.receives() && self.moved == 0
    }

    /// Returns whether its TLS handshake is in progress, or begins as soon as the server has
    /// connected.
    pub(super) fn is_to_be_secured(&self) -> bool {
        match self.phase {
            Phase::Listening(_) => self.start == Start::Announced,
            Phase::Securing => true,
            _ => false,
        }
    }

    /// Returns the order that begins the next phase, if it can begin. Data flows once the
    /// connection is open and the server has allowed it. TLS begins after the 1yz and not before: a
    /// server that refuses the command does not want the handshake either (RFC 4217 10.2). An
    /// upload confirmed only by a final reply counts as taken once the server closes its side
    /// cleanly.
    pub(super) fn go_on(&mut self, protects: bool) -> Option<DataOp> {
        let parameters = self.purpose.parameters;
        let (phase, op) = match self.phase {
            Phase::Ended if self.is_confirmed() && !self.is_taken() => (Phase::Closing, DataOp::AwaitClose),
            Phase::Connected if !self.may_move() => return None,
            Phase::Connected if protects && self.contact != Contact::Secured => {
                (Phase::Securing, DataOp::StartTls)
            }
            Phase::Connected if self.purpose.receives() => (Phase::Moving, DataOp::Receive(parameters)),
            Phase::Connected => (Phase::Moving, DataOp::Send(parameters)),
            _ => return None,
        };
        self.phase = phase;
        Some(op)
    }

    /// Returns what the server has to do next on the connection, and how long it may take.
    pub(super) fn awaited(&self, timeouts: &Timeouts) -> Option<(Awaited, Duration)> {
        let first_byte = |usual: Duration| match self.is_confirmed() {
            true => usual.min(timeouts.first_byte),
            false => usual,
        };
        Some(match self.phase {
            Phase::Connecting | Phase::Opening => (Awaited::DataConnection, timeouts.connect),
            Phase::Listening(_) if self.may_move() => (Awaited::DataConnection, first_byte(timeouts.accept)),
            Phase::Securing => (Awaited::Handshake, first_byte(timeouts.handshake)),
            Phase::Moving if self.awaits_first_byte() => (Awaited::Data, first_byte(timeouts.data_idle)),
            Phase::Moving => (Awaited::Data, timeouts.data_idle),
            Phase::Closing => (Awaited::DataClose, timeouts.first_byte),
            _ => return None,
        })
    }

    /// Returns whether a reply with this code shows that the final reply was not the last one on
    /// the transfer: as long as its data has not ended, the server can still announce it or report
    /// its failure.
    pub(super) fn may_be_reopened(&self, code: ReplyCode) -> bool {
        let is_news = (code.is_preliminary() && self.start != Start::Announced)
            || (code.is_failure() && code != ReplyCode::SERVICE_NOT_AVAILABLE);
        self.is_confirmed() && is_news
    }

    /// Takes an update of the transfer.
    pub(super) fn update(&mut self, update: TransferUpdate) {
        if let TransferUpdate::Announced(hint) | TransferUpdate::Confirmed(hint) = update {
            self.purpose.known_size.hint(hint);
        }
        match update {
            TransferUpdate::Announced(_) => self.start = Start::Announced,
            TransferUpdate::AssumedBegun if self.start == Start::Awaited => self.start = Start::Assumed,
            TransferUpdate::AssumedBegun | TransferUpdate::ServerToServer(_) => {}
            TransferUpdate::Confirmed(_) => {
                self.verdict = match self.verdict {
                    Verdict::Owed | Verdict::Good => Verdict::Good,
                    Verdict::NotListed | Verdict::GoodNotListed => Verdict::GoodNotListed,
                };
            }
            TransferUpdate::NotListed if !self.purpose.lists() => {}
            TransferUpdate::NotListed if self.is_confirmed() => self.verdict = Verdict::GoodNotListed,
            TransferUpdate::NotListed => self.verdict = Verdict::NotListed,
            TransferUpdate::Reopened(code) => {
                self.verdict = match self.verdict {
                    Verdict::Owed | Verdict::Good => Verdict::Owed,
                    Verdict::NotListed | Verdict::GoodNotListed => Verdict::NotListed,
                };
                if code.is_preliminary() {
                    self.start = Start::Announced;
                }
                if self.phase == Phase::Closing {
                    self.phase = Phase::Ended;
                }
            }
            TransferUpdate::StartsOver => self.purpose.parameters.position = 0,
        }
    }

    /// Takes an event on a connection that is not [over](Phase::is_over) yet, and returns its
    /// effect.
    ///
    /// # Errors
    /// If the event is not valid in the phase.
    pub(super) fn take(&mut self, event: DataEvent, peer: IpAddr) -> Result<Effect, LocalError> {
        match (event, self.phase) {
            // Only a server acts on this event.
            (DataEvent::Securing, _) => return Ok(Effect::Nothing),
            // Anyone else who connected would receive the file, or supply another file (RFC 2577
            // 4). The time for the server to connect keeps running.
            (DataEvent::Arrived(from), Phase::Listening(_)) if from.ip().to_canonical() != peer => {
                return Ok(Effect::StrangerCame);
            }
            (DataEvent::Arrived(_), Phase::Listening(_)) => {
                (self.phase, self.contact) = (Phase::Connected, Contact::Arrived);
                return Ok(Effect::ServerCame);
            }
            (DataEvent::Marker(marker), Phase::Moving) if self.purpose.receives() => {
                return Ok(Effect::Marked(marker));
            }
            // Neither event shows that the connection is alive: no bytes were sent or received.
            (DataEvent::Moved(0), _) => return Ok(Effect::Nothing),
            (DataEvent::Decoded(count), _) => {
                self.decoded = Some(self.decoded.unwrap_or(0).saturating_add(count));
                return Ok(Effect::Nothing);
            }
            (DataEvent::Moved(count), _) => self.moved = self.moved.saturating_add(count),
            (DataEvent::Connected, Phase::Connecting) => self.phase = Phase::Connected,
            (DataEvent::Secured { .. }, Phase::Securing) => {
                (self.phase, self.contact) = (Phase::Connected, Contact::Secured);
            }
            (DataEvent::Listening(at), Phase::Opening) => self.phase = Phase::Listening(at),
            (DataEvent::Flushed | DataEvent::Eof { clean: true }, Phase::Moving) => self.phase = Phase::Ended,
            (DataEvent::Eof { clean: true }, Phase::Closing) => {
                (self.phase, self.contact) = (Phase::Ended, Contact::Closed);
            }
            (DataEvent::Eof { clean: false } | DataEvent::Failed(_), Phase::Closing) => {
                self.phase = Phase::NotTaken;
            }
            (DataEvent::Eof { clean: false }, Phase::Moving) => {
                self.phase = Phase::Failed(DataFailure::Malformed);
            }
            (DataEvent::Failed(failure), _) => self.phase = Phase::Failed(failure),
            (event, phase) => {
                return Err(LocalError::UnexpectedDataEvent { event: event.name(), state: phase.as_str() });
            }
        }
        Ok(Effect::Change)
    }

    /// Makes the connection fail, because no reply to its transfer will come. Returns whether it
    /// was still open.
    pub(super) fn lost(&mut self) -> bool {
        let was_open = !self.phase.is_over();
        self.phase = Phase::Failed(DataFailure::Broken);
        was_open
    }

    /// Handles the timeout of `awaited`. Returns whether the timeout makes the connection fail.
    pub(super) const fn timed_out(&mut self, awaited: Awaited) -> bool {
        self.phase = match awaited {
            Awaited::DataConnection => Phase::Failed(DataFailure::Unreachable),
            Awaited::Data => Phase::Failed(DataFailure::Stalled),
            Awaited::Handshake => Phase::Failed(DataFailure::Handshake),
            Awaited::DataClose => Phase::NotTaken,
            _ => return false,
        };
        true
    }
}
