//! Selects the part of a file that a transfer moves, with RANG and REST ahead of the transfer
//! command (RFC 3659 5, draft-bryan-ftp-range).
//!
//! ```text
//!   Old ──► Restart ──► Range ──► Ready
//!   RANG 1 0  REST        RANG
//! ```
//!
//! A range or an offset of an earlier operation stays in force until it is revoked, and a range can
//! even make the server refuse a listing. REST is sent after the old range is revoked and before
//! the new range, since on some servers an offset and a range replace each other.

use crate::client::{Context, Profile};
use crate::codec::{ByteRange, Command, ReplyCode, RestartMarker};
use crate::error::LocalError;

/// The part of a file that a transfer moves, and the progress of sending it to the server.
#[derive(Debug)]
pub(super) struct Narrowing<'a> {
    step: Step,
    restart: Option<RestartMarker<'a>>,
    range: Option<ByteRange>,
}

/// The next command, and the narrowing commands sent before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// RANG, to revoke the range of an earlier operation.
    Old,
    /// REST, if the transfer restarts or an offset is still in force.
    Restart(Sent),
    /// RANG, if the transfer has a range.
    Range(Sent),
    /// The transfer command itself.
    Ready(Sent),
}

/// The narrowing commands sent so far. `Range` covers REST too, since every transfer waits for the
/// reply to RANG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sent {
    Nothing,
    Restart,
    Range,
}

/// The result of one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    /// Nothing can be sent yet.
    Waits,
    /// A command was sent, or was not needed.
    Made,
    /// Everything was sent.
    Over,
}

impl<'a> Narrowing<'a> {
    pub(super) const fn new(restart: Option<RestartMarker<'a>>, range: Option<ByteRange>) -> Self {
        Self { step: Step::Old, restart, range }
    }

    pub(super) const fn restart(&self) -> Option<RestartMarker<'a>> {
        self.restart
    }

    pub(super) const fn range(&self) -> Option<ByteRange> {
        self.range
    }

    /// Starts at a restart marker.
    pub(super) const fn restart_at(&mut self, marker: RestartMarker<'a>) {
        self.restart = Some(marker);
    }

    /// Starts at the beginning of the file, because the server cannot restart.
    pub(super) const fn start_over(&mut self) {
        self.restart = None;
    }

    /// Starts over, because the transfer command is sent again.
    pub(super) const fn begin_again(&mut self) {
        self.step = Step::Old;
    }

    /// Returns whether the next step would send REST to a server that is known to refuse it.
    pub(super) fn is_restart_refused(&self, cx: &Context<'_, '_>) -> bool {
        matches!(self.step, Step::Restart(_))
            && self.restart.is_some()
            && cx.client().profile().contains(Profile::NO_RESTART)
    }

    /// Sends the next command, if one is needed. REST is for files, not for listings (RFC 3659
    /// 5.4).
    pub(super) fn advance(
        &mut self,
        cx: &mut Context<'_, '_>,
        moves_file: bool,
    ) -> Result<Progress, LocalError> {
        let settings = cx.client().settings();
        let (command, next) = match self.step {
            Step::Old => {
                let is_due = self.range.is_none() && settings.keeps_range();
                let command = is_due.then_some(Command::Rang(ByteRange::WHOLE));
                (command, Step::Restart(if is_due { Sent::Range } else { Sent::Nothing }))
            }
            Step::Restart(sent) => {
                let is_due = self.restart.is_some() || (moves_file && settings.keeps_offset());
                let marker = self.restart.unwrap_or(RestartMarker::Offset(0));
                let sent = if is_due && sent == Sent::Nothing { Sent::Restart } else { sent };
                (is_due.then_some(Command::Rest(marker)), Step::Range(sent))
            }
            Step::Range(sent) => match self.range {
                Some(range) => (Some(Command::Rang(range)), Step::Ready(Sent::Range)),
                None => (None, Step::Ready(sent)),
            },
            Step::Ready(_) => return Ok(Progress::Over),
        };
        if let Some(command) = command {
            if !cx.send(&command)? {
                return Ok(Progress::Waits);
            }
        }
        self.step = next;
        Ok(Progress::Made)
    }

    /// Returns whether the replies have to arrive before the transfer command is sent: an upload
    /// that starts at the wrong byte destroys the file, and the download of a whole file instead of
    /// a part may be huge.
    pub(super) fn waits_for_answers(&self, receives: bool) -> bool {
        match self.step {
            Step::Ready(Sent::Nothing) => false,
            Step::Ready(Sent::Restart) => !receives,
            _ => true,
        }
    }

    /// Takes the final reply to RANG; returns `false` if it refuses the transfer. A server without
    /// RANG has no range in force.
    pub(super) fn range_answered(&self, cx: &Context<'_, '_>, code: ReplyCode) -> bool {
        let granted = code.is_success() || code.is_intermediate();
        granted || (self.range.is_none() && !cx.client().settings().keeps_range())
    }
}
