//! The transition of a control connection between clear text and TLS, shared by both machines.

use core::time::Duration;

use super::{Downgrade, TlsMode, Upgrade};
use crate::action::{Action, Wait};
use crate::buffer::Tx;
use crate::error::{Awaited, PeerError};
use crate::time::Instant;

/// The security state of a control connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Control {
    #[default]
    Plain,
    /// A change that the driver has not been asked for yet: `true` adds TLS, `false` removes it.
    Due(bool),
    /// The driver was asked at `since` and has not finished.
    Changing {
        secure: bool,
        since: Instant,
    },
    Secured,
}

impl Control {
    pub(crate) const fn new(mode: TlsMode) -> Self {
        match mode {
            TlsMode::Implicit => Self::Due(true),
            TlsMode::None | TlsMode::Explicit => Self::Plain,
        }
    }

    /// Returns whether nothing may be sent or parsed until the driver has made the change.
    pub(crate) const fn is_changing(self) -> bool {
        matches!(self, Self::Due(_) | Self::Changing { .. })
    }

    /// Returns the pending change as an action once, then the wait for its end; `None` when no
    /// change is pending.
    ///
    /// # Errors
    /// Fails when the driver has taken longer than `limit`. The connection is then no longer
    /// usable.
    pub(crate) fn advance<E>(
        &mut self,
        now: Instant,
        limit: Duration,
        tx: &Tx<'_>,
    ) -> Result<Option<Action<E>>, PeerError> {
        match *self {
            Self::Plain | Self::Secured => Ok(None),
            Self::Due(secure) => {
                *self = Self::Changing { secure, since: now };
                Ok(Some(match secure {
                    true => Action::UpgradeControl(Upgrade(())),
                    false => Action::DowngradeControl(Downgrade(())),
                }))
            }
            Self::Changing { since, .. } if now >= since.after(limit) => {
                *self = Self::Plain;
                Err(PeerError::TimedOut(Awaited::Handshake))
            }
            Self::Changing { since, .. } => {
                let (writable, deadline) = (!tx.is_empty(), Some(since.after(limit)));
                Ok(Some(Action::Wait(Wait { application: true, writable, deadline, ..Wait::default() })))
            }
        }
    }
}
