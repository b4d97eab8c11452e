//! The orderly end of a session.

/// The progress towards the end of a session, which is never reversed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// Commands are accepted.
    #[default]
    Open,
    /// The session ends after the running transfer, or at once if there is none.
    Draining,
    /// The last reply was queued, and the control connection is to be closed.
    Closing,
}

impl Ending {
    /// Ends the session after the running transfer.
    pub(super) fn drain(&mut self) {
        if *self == Self::Open {
            *self = Self::Draining;
        }
    }

    /// Ends the session at once.
    pub(super) const fn close(&mut self) {
        *self = Self::Closing;
    }
}
