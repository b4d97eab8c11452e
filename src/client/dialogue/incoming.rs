//! The reply that is being received (RFC 959 4.2): which one it is, how much of it has come, and whether it may have
//! come to its end.

use core::time::Duration;

use crate::client::config::{Limits, Timeouts};
use crate::codec::{EndRule, Invalid, Position, ReplyCode, ReplyLine, RestartMarker, reply};
use crate::error::{Awaited, PeerError};
use crate::transfer::Marker;

/// The progress of the reply that is being received.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Incoming {
    /// No reply has begun.
    #[default]
    Between,
    /// A line has come, and it was not the last.
    Within {
        /// The code that the reply began with.
        code: ReplyCode,
        /// The place of the reply among those that are owed; `None` for a stray.
        place: Option<u8>,
        /// Lines that have come.
        lines: u32,
        /// Bytes that have come.
        bytes: u32,
        /// The meaning of the last line.
        last: LastLine,
    },
}

/// The meaning of the last line of an unfinished reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LastLine {
    /// One of many.
    Middle,
    /// The end of the reply, but for the code.
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

    /// Reads a line.
    ///
    /// # Errors
    /// When it is no line of a reply.
    pub(super) fn parse<'b>(self, bytes: &'b [u8], rule: EndRule) -> Result<ReplyLine<'b>, Invalid> {
        ReplyLine::parse(bytes, self.code(), rule)
    }

    /// Returns the end of a reply that has ended with the line before: a line without text.
    pub(super) fn end(self) -> Option<ReplyLine<'static>> {
        self.code().map(|code| ReplyLine { code, position: Position::Last, text: b"" })
    }

    /// Returns the place of the reply among those that are owed, `find`ing it out at its first line.
    pub(super) fn place(self, find: impl FnOnce() -> Option<usize>) -> Option<usize> {
        match self {
            Self::Between => find(),
            Self::Within { place, .. } => place.map(usize::from),
        }
    }

    /// Takes a line that was [read](Self::parse) from `raw`, of the reply at `place`.
    ///
    /// # Errors
    /// When the reply is longer than the limits allow.
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
        let (lines, bytes) = match *self {
            Self::Between => (0, 0),
            Self::Within { lines, bytes, .. } => (lines, bytes),
        };
        let may_end = line.position == Position::Middle
            && ReplyLine::parse(raw, Some(code), EndRule::AnyCode).is_ok_and(|line| line.position.is_end());
        let lines = lines.saturating_add(1);
        let bytes = bytes.saturating_add(u32::try_from(raw.len()).unwrap_or(u32::MAX));
        let last = if may_end { LastLine::End } else { LastLine::Middle };
        // A client has only so many commands on their way.
        let place = place.and_then(|place| u8::try_from(place).ok());
        *self = Self::Within { code, place, lines, bytes, last };
        match lines <= limits.reply_lines && bytes <= limits.reply_bytes {
            true => Ok(()),
            false => Err(PeerError::ReplyTooLong),
        }
    }

    /// Returns how long the next line may take, if the reply may have ended with the last.
    pub(super) fn awaited(self, timeouts: &Timeouts) -> Option<(Awaited, Duration)> {
        match self {
            Self::Within { last: LastLine::End, .. } => {
                Some((Awaited::EndOfReply, timeouts.end_of_reply.min(timeouts.reply)))
            }
            _ => None,
        }
    }
}

/// Returns the marker that 110 names: the server's text for the place, at the position that ours says.
pub(super) fn named_marker(text: &[u8]) -> Option<Marker> {
    let (ours, servers) = reply::restart_markers(text)?;
    let position = RestartMarker::parse(ours.as_bytes()).ok()?.offset()?;
    Marker::new(servers.as_bytes(), position)
}
