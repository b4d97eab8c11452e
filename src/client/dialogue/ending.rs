//! The end of a control connection.

use crate::codec::Verb;
use crate::error::PeerError;

/// The state of a control connection with regard to its end.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ending {
    /// Nothing speaks of an end.
    Open,
    /// 421 arrived; the confirmed transfer is finished first.
    Leaving,
    /// QUIT was sent, and nothing after it.
    Quitting,
    /// The connection is no longer usable.
    Failed(PeerError),
}

impl Ending {
    /// A command was sent.
    pub(super) fn sent(&mut self, verb: Option<Verb>) {
        match (&self, verb) {
            (Self::Open, Some(Verb::Quit)) => *self = Self::Quitting,
            (Self::Quitting, verb) if verb != Some(Verb::Quit) => *self = Self::Open,
            _ => {}
        }
    }

    /// 421 arrived during a confirmed transfer.
    pub(super) const fn leave(&mut self) {
        *self = Self::Leaving;
    }

    /// The connection failed. After 421 that is no more than what the server had said.
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

    /// The error that ended it.
    pub(super) const fn failure(&self) -> Option<PeerError> {
        match self {
            Self::Failed(error) => Some(*error),
            _ => None,
        }
    }
}
