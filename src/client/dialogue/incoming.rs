//! The reply being received (RFC 959 4.2): which one it is, how much of it has arrived, and whether
//! it may have ended.

use core::time::Duration;

use crate::client::config::{Limits, Timeouts};
use crate::codec::{EndRule, Invalid, Position, ReplyCode, ReplyLine, RestartMarker, reply};
use crate::error::{Awaited, PeerError};
use crate::transfer::Marker;

/// The progress of the reply being received.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Incoming {
    /// No reply has begun.
    #[default]
    Between,
    /// A line has arrived that was not the last.
    Within {
        /// Code that the reply began with.
        code: ReplyCode,
        /// Place of the reply among those that are owed; `None` for a stray.
        place: Option<u8>,
        /// Lines received.
        lines: u32,
        /// Bytes received.
        bytes: u32,
        /// Meaning of the last line.
        last: LastLine,
        /// Set if a line in a reply that is no failure looks like a failure of its own. It may be
        /// the real reply, behind one without an end: only the code that it began with ends the
        /// reply then.
        holds_failure: bool,
    },
}

/// The meaning of the last line of an unfinished reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastLine {
    /// The line does not end the reply.
    Middle,
    /// The line would end the reply if it had the right code.
    End,
}

impl Incoming {
    /// Returns whether the next line belongs to the reply that has begun.
    pub(super) const fn is_within(self) -> bool {
        matches!(self, Self::Within { .. })
    }

    const fn code(self) -> Option<ReplyCode> {
        match self {
            Self::Between => None,
            Self::Within { code, .. } => Some(code),
        }
    }

    /// Parses a line.
    ///
    /// # Errors
    /// If it is not a line of a reply.
    pub(super) fn parse<'b>(self, bytes: &'b [u8], rule: EndRule) -> Result<ReplyLine<'b>, Invalid> {
        match self {
            Self::Within { holds_failure: true, .. } => {
                ReplyLine::parse(bytes, self.code(), EndRule::SameCode)
            }
            _ => ReplyLine::parse(bytes, self.code(), rule),
        }
    }

    /// Returns a last line without text, for a reply that ended with the line before.
    pub(super) fn end(self) -> Option<ReplyLine<'static>> {
        self.code().map(|code| ReplyLine { code, position: Position::Last, text: b"" })
    }

    /// Returns the place of the reply among those that are owed; at the first line, calls `find` to
    /// determine it.
    pub(super) fn place(self, find: impl FnOnce() -> Option<usize>) -> Option<usize> {
        match self {
            Self::Between => find(),
            Self::Within { place, .. } => place.map(usize::from),
        }
    }

    /// Takes a line of the reply at `place`, [parsed](Self::parse) from `raw`.
    ///
    /// # Errors
    /// If the reply is longer than the limits allow.
    pub(super) fn take(
        &mut self,
        line: &ReplyLine<'_>,
        raw: &[u8],
        place: Option<usize>,
        limits: &Limits,
    ) -> Result<(), PeerError> {
        if line.position.is_end() {
            *self = Self::Between;
            return Ok(());
        }
        let code = line.code;
        let (lines, bytes, held_failure) = match *self {
            Self::Between => (0, 0, false),
            Self::Within { lines, bytes, holds_failure, .. } => (lines, bytes, holds_failure),
        };
        let is_failure = |line: ReplyLine<'_>| line.position == Position::Single && line.code.is_failure();
        let holds_failure = held_failure
            || line.position == Position::Middle
                && !code.is_failure()
                && ReplyLine::parse(raw, None, EndRule::SameCode).is_ok_and(is_failure);
        let may_end = line.position == Position::Middle
            && !holds_failure
            && ReplyLine::parse(raw, Some(code), EndRule::AnyCode).is_ok_and(|line| line.position.is_end());
        let lines = lines.saturating_add(1);
        let bytes = bytes.saturating_add(u32::try_from(raw.len()).unwrap_or(u32::MAX));
        let last = if may_end { LastLine::End } else { LastLine::Middle };
        // The number of commands in flight fits into a `u8`.
        let place = place.and_then(|place| u8::try_from(place).ok());
        *self = Self::Within { code, place, lines, bytes, last, holds_failure };
        match lines <= limits.reply_lines && bytes <= limits.reply_bytes {
            true => Ok(()),
            false => Err(PeerError::ReplyTooLong),
        }
    }

    /// Returns how long the next line may take, if the reply may have ended with the previous one.
    pub(super) fn awaited(self, timeouts: &Timeouts) -> Option<(Awaited, Duration)> {
        match self {
            Self::Within { last: LastLine::End, .. } => {
                Some((Awaited::EndOfReply, timeouts.end_of_reply.min(timeouts.reply)))
            }
            _ => None,
        }
    }
}

/// Returns the marker that a 110 names: the server's text, at the position that our own text gives.
pub(super) fn named_marker(text: &[u8]) -> Option<Marker> {
    let (ours, servers) = reply::restart_markers(text)?;
    let position = RestartMarker::parse(ours.as_bytes()).ok()?.offset()?;
    Marker::new(servers.as_bytes(), position)
}
