//! Completes a transfer: waits for its data and its final reply, in either order (RFC 959 5.4), and
//! compares the size of a download.
//!
//! An upload is done when the server has sent 1yz, everything was flushed, and a final reply in the
//! command's row has arrived. Without the 1yz it counts only if the server connected to the client,
//! if the TLS handshake on the data connection succeeded, or if the server closed its side cleanly
//! after the client. A download or listing is done when its data has ended cleanly and a final
//! reply has arrived. A listing whose final reply came first is empty if its data connection was
//! never used.

use super::opened::TransferId;
use crate::action::{DataFailure, DataId, DataOp};
use crate::client::dialogue::{Standing, TransferUpdate};
use crate::client::file_size::{Comparison, ExpectedSize, KnownSize, Received};
use crate::client::{Advance, Context, Inherits, Operation, ReplyTo, Sequence, TransferFailure, Verdict};
use crate::codec::{Command, Features, ReplyCode, ReplyLine, Text, Verb, reply};
use crate::error::LocalError;
use crate::listing::{Clock, Format, Kind};

/// Completes the transfer. Replies about restart markers during the transfer (110, RFC 959 3.5) are
/// shown as [`Event::Line`](crate::client::Event::Line), and the last marker is kept as
/// [`Client::last_marker`](crate::client::Client::last_marker).
///
/// A download in TYPE I and STRU F that received fewer bytes than the file is known to have (from
/// the text of the 150, or from [`Operation::expect_size`]) fails with [`TransferFailure::Short`].
/// Set the file's path with [`Operation::confirm_size`] to make the client ask the server once more
/// before the operation fails.
pub fn complete(transfer: TransferId) -> Operation<Complete> {
    Operation::new(Complete::new(transfer.id(), []))
}

/// The result of a completed transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completed<'b> {
    /// Bytes transferred over the wire.
    pub transferred: u64,
    /// `true` if a listing is presumed empty only because the server reported it complete: the
    /// server did not announce the listing (1yz), and nothing arrived over the data connection. Do
    /// not delete anything on that evidence.
    pub presumed_empty: bool,
    /// Server's final reply, if it came last. Its text is empty after a success that had to be
    /// confirmed.
    pub reply: Option<ReplyLine<'b>>,
}

/// The operation of [`complete`]. Its output is [`Completed`]. `P` is the path of the file, or
/// empty.
#[derive(Debug)]
pub struct Complete<P = [u8; 0]> {
    id: DataId,
    transferred: u64,
    presumed_empty: bool,
    /// Set while STAT is to be sent.
    asks_status: bool,
    path: P,
    size: SizeCheck,
}

/// The progress of comparing a download's size.
#[derive(Clone, Copy, Debug)]
enum SizeCheck {
    /// The transfer is not over.
    Pending,
    /// SIZE is to be sent.
    Due(KnownSize, Received),
    /// SIZE was sent.
    Asked(KnownSize, Received),
    /// SIZE was refused, and MLST is to be sent.
    FactsDue(KnownSize, Received),
    /// MLST was sent.
    FactsAsked(KnownSize, Received),
    /// The comparison is over.
    Decided(Result<(), TransferFailure>),
}

impl Operation<Complete> {
    /// Sets the path of a download's file, so that the client can send SIZE if fewer bytes arrived
    /// than expected or a restart has to be checked; the server's answer then decides. If SIZE is
    /// refused, the `size` fact of MLSD or MLST decides (RFC 3659 7.5.7).
    ///
    /// Listings and uploads are not affected.
    pub fn confirm_size<P: AsRef<[u8]>>(self, path: P) -> Operation<Complete<P>> {
        Operation::new(Complete::new(self.sequence().id, path))
    }
}

impl<P> Operation<Complete<P>> {
    /// Asks the server about the progress of the transfer (STAT, RFC 959 4.1.3). Each line of the
    /// answer is shown as [`Event::Line`](crate::client::Event::Line), unless the server answers
    /// only after the transfer, as some do. Nothing is sent once the server has reported the end.
    pub fn ask_status(&mut self)
    where
        P: AsRef<[u8]>,
    {
        self.sequence_mut().asks_status = true;
    }

    /// Returns the transfer, to be given up by [`abort`](crate::client::abort()).
    pub fn into_transfer(self) -> TransferId
    where
        P: AsRef<[u8]>,
    {
        TransferId::new(self.sequence().id)
    }
}

impl<P: AsRef<[u8]>> Complete<P> {
    const fn new(id: DataId, path: P) -> Self {
        Self { id, transferred: 0, presumed_empty: false, asks_status: false, path, size: SizeCheck::Pending }
    }

    /// Concludes the transfer if it is over, and begins to compare its size.
    fn conclude(&mut self, cx: &mut Context<'_, '_>) -> Advance {
        let Some(connection) = cx.client().data().named(self.id).copied() else {
            return Advance::Failed(DataFailure::Broken.into());
        };
        let standing = connection.standing(cx.client().awaits_transfer());
        if standing == Standing::Running {
            return Advance::Continue;
        }
        self.transferred = connection.moved();
        self.presumed_empty = connection.is_unused_listing();
        cx.client_mut().close_data(Some(DataOp::Close));
        if let Standing::Failed(failure) = standing {
            return Advance::Failed(failure);
        }
        let known = connection.known_size();
        match connection.received() {
            Some(received) if known.compare(received) == Comparison::Doubtful => {
                self.size = match self.path().is_some() {
                    true => SizeCheck::Due(known, received),
                    false => SizeCheck::Decided(known.decide_without_size(received)),
                };
            }
            _ => self.size = SizeCheck::Decided(Ok(())),
        }
        self.decision()
    }

    fn path(&self) -> Option<Text<'_>> {
        Text::new(self.path.as_ref()).ok().filter(|path| !path.as_bytes().is_empty())
    }

    fn decision(&self) -> Advance {
        match self.size {
            SizeCheck::Decided(Ok(())) => Advance::Done,
            SizeCheck::Decided(Err(failure)) => Advance::Failed(failure),
            _ => Advance::Continue,
        }
    }

    /// Sends the next command that asks for the size.
    fn ask_size(&mut self, cx: &mut Context<'_, '_>) -> Result<(), LocalError> {
        let Some(path) = self.path() else { return Ok(()) };
        self.size = match self.size {
            SizeCheck::Due(known, received) if cx.send(&Command::Size(path))? => {
                SizeCheck::Asked(known, received)
            }
            SizeCheck::FactsDue(known, received) if cx.send(&Command::Mlst(Some(path)))? => {
                SizeCheck::FactsAsked(known, received)
            }
            size => size,
        };
        Ok(())
    }

    /// Takes a line of a reply about the size.
    fn size_reply(&mut self, cx: &Context<'_, '_>, line: &ReplyLine<'_>) {
        let granted = line.code.is_success();
        match &mut self.size {
            SizeCheck::Asked(known, received) if line.is_final() => {
                let (known, received) = (*known, *received);
                let offers = cx.client().offers();
                // A server whose features were not asked for may have MLST.
                let has_facts = offers.is_none_or(|offers| offers.features().contains(Features::MLST));
                self.size = match reply::size(line.text) {
                    Ok(size) if granted => SizeCheck::Decided(KnownSize::decide(received, size)),
                    _ if has_facts && !known.has_fact() => SizeCheck::FactsDue(known, received),
                    _ => SizeCheck::Decided(known.decide_without_size(received)),
                };
            }
            SizeCheck::FactsAsked(known, received) => {
                let entry = Format::Mlst.parse_line(line.text, &Clock::UNKNOWN).ok().flatten();
                let size = entry.filter(|entry| entry.kind == Kind::File).and_then(|entry| entry.size);
                if let (Some(size), false) = (size, known.has_fact()) {
                    known.expect(ExpectedSize::Fact(size));
                }
                if line.is_final() {
                    self.size = SizeCheck::Decided(known.decide_without_size(*received));
                }
            }
            _ => {}
        }
    }
}

impl<P: AsRef<[u8]>> Sequence for Complete<P> {
    type Output<'b> = Completed<'b>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        if self.asks_status && cx.client().awaits_transfer() {
            self.asks_status = !cx.send_during_transfer(&Command::Stat(None));
        }
        if let SizeCheck::Pending = self.size {
            return Ok(self.conclude(cx));
        }
        self.ask_size(cx)?;
        Ok(self.decision())
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        match to.verb() {
            Some(Verb::Stat) => Verdict::Show,
            Some(Verb::Noop) => Verdict::Continue,
            Some(Verb::Size | Verb::Mlst) => {
                self.size_reply(cx, line);
                Verdict::Continue
            }
            _ if line.code == ReplyCode::RESTART_MARKER => Verdict::Show,
            _ if line.is_final() && line.code.is_success() => {
                cx.client_mut().update_transfer(TransferUpdate::Confirmed(None));
                self.conclude(cx).into()
            }
            _ if line.is_final() => {
                cx.client_mut().close_data(Some(DataOp::Abort));
                Verdict::Refused
            }
            // The transfer was confirmed before its 1yz, which arrives only now.
            _ if line.position.is_end() => {
                let is_file = to.verb() == Some(Verb::Retr);
                cx.client_mut().update_transfer(TransferUpdate::Announced(
                    reply::size_hint(line.text).filter(|_| is_file),
                ));
                Verdict::Continue
            }
            _ => Verdict::Continue,
        }
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Completed<'b> {
        Completed { transferred: self.transferred, presumed_empty: self.presumed_empty, reply: last }
    }

    fn inherits(&self) -> Inherits {
        Inherits::Transfer(self.id)
    }
}
