//! The end of a session.

/// The way from an open session to a closed one, which only ever leads onward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ending {
    /// Commands are taken.
    #[default]
    Open,
    /// The session ends with the transfer that is running, or at once if none is.
    Draining,
    /// The last reply was queued: the control connection is to be closed.
    Closing,
}

impl Ending {
    /// Lets the session end with the running transfer.
    pub(super) fn drain(&mut self) {
        if *self == Self::Open {
            *self = Self::Draining;
        }
    }

    /// Ends the session.
    pub(super) const fn close(&mut self) {
        *self = Self::Closing;
    }
}
