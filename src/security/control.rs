//! A control connection between clear and TLS, as both machines go through it.

use core::time::Duration;

use super::{Downgrade, TlsMode, Upgrade};
use crate::action::{Action, Wait};
use crate::buffer::Tx;
use crate::error::{Awaited, PeerError};
use crate::time::Instant;

/// What a control connection is, and what is to become of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Control {
    #[default]
    Plain,
    /// The driver is to be told: `true` to secure it, `false` to clear it.
    Due(bool),
    /// The driver was told then, and is at it.
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

    /// Whether nothing may be sent or parsed until the driver has changed it.
    pub(crate) const fn is_changing(self) -> bool {
        matches!(self, Self::Due(_) | Self::Changing { .. })
    }

    /// What the driver has to do before anything else goes on, or is at; none when nothing changes.
    ///
    /// # Errors
    /// When the driver has been at it for longer than `limit`: the connection is of no more use.
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
