//! The end of a control connection.

use crate::codec::Verb;
use crate::error::PeerError;

/// The state of a control connection: open, about to end, or failed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// The connection is open.
    Open,
    /// 421 arrived; the confirmed transfer is finished first.
    Leaving,
    /// QUIT was sent, and nothing after it.
    Quitting,
    /// The connection is no longer usable.
    Failed(PeerError),
}

impl Ending {
    /// Records that a command was sent.
    pub(super) fn sent(&mut self, verb: Option<Verb>) {
        match (&self, verb) {
            (Self::Open, Some(Verb::Quit)) => *self = Self::Quitting,
            (Self::Quitting, verb) if verb != Some(Verb::Quit) => *self = Self::Open,
            _ => {}
        }
    }

    /// Records that 421 arrived during a confirmed transfer.
    pub(super) const fn leave(&mut self) {
        *self = Self::Leaving;
    }

    /// Records that the connection failed. After a 421, the error is always
    /// [`PeerError::ServiceClosing`], as the server announced.
    pub(super) const fn fail(&mut self, error: PeerError) {
        *self = Self::Failed(match self {
            Self::Leaving => PeerError::ServiceClosing,
            _ => error,
        });
    }

    pub(super) const fn is_quitting(&self) -> bool {
        matches!(self, Self::Quitting)
    }

    pub(super) const fn is_leaving(&self) -> bool {
        matches!(self, Self::Leaving)
    }

    /// Returns the error that ended the connection.
    pub(super) const fn failure(&self) -> Option<PeerError> {
        match self {
            Self::Failed(error) => Some(*error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_421_every_failure_is_that_the_service_closes() {
        let mut ending = Ending::Open;
        ending.leave();
        ending.sent(Some(Verb::Quit));
        assert!(ending.is_leaving());
        ending.fail(PeerError::Closed);
        assert_eq!(ending.failure(), Some(PeerError::ServiceClosing));
    }

    #[test]
    fn a_command_behind_quit_takes_the_farewell_back() {
        let mut ending = Ending::Open;
        for (verb, quitting) in
            [(Verb::Noop, false), (Verb::Quit, true), (Verb::Quit, true), (Verb::Noop, false)]
        {
            ending.sent(Some(verb));
            assert_eq!(ending.is_quitting(), quitting, "{verb}");
        }
    }
}
