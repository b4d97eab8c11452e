//! Sessions and transfers as `tracing` spans. Of the text that clients and servers send, these
//! contain only user names and paths, and no secrets.

use ::std::fmt;
use ::std::net::SocketAddr;
use ::std::time::Instant;

use tracing::field::{Empty, debug, display};
use tracing::{Span, info_span};

use crate::codec::{Direction, Escaped};

/// The span of a session in either role.
pub(in crate::io) struct SessionSpan(Span);

impl SessionSpan {
    pub(in crate::io) fn client(peer: SocketAddr) -> Self {
        Self(info_span!("ftp_client", %peer))
    }

    pub(in crate::io) fn server(peer: SocketAddr, session: u64) -> Self {
        Self(info_span!("ftp_session", %peer, session, user = Empty))
    }

    pub(in crate::io) fn user(&self, name: &[u8]) {
        self.0.record("user", debug(Escaped(name)));
    }

    /// Records an event without a duration.
    pub(in crate::io) fn event(&self, what: &dyn fmt::Debug) {
        tracing::info!(parent: &self.0, what = ?what);
    }

    /// Begins the span of a transfer, with its path if that is known.
    pub(in crate::io) fn transfer(&self, path: Option<&[u8]>) -> TransferSpan {
        let span = info_span!(
            parent: &self.0,
            "ftp_transfer",
            path = Empty,
            direction = Empty,
            bytes = Empty,
            duration_us = Empty,
            outcome = Empty
        );
        if let Some(path) = path {
            span.record("path", debug(Escaped(path)));
        }
        TransferSpan { span, begun: Instant::now(), bytes: 0, ended: false }
    }
}

/// The span of a transfer. A drop before its end means that the transfer was abandoned.
pub(in crate::io) struct TransferSpan {
    span: Span,
    begun: Instant,
    bytes: u64,
    ended: bool,
}

impl TransferSpan {
    /// Counts more bytes of the file that were moved.
    pub(in crate::io) fn moved(&mut self, count: usize, direction: Direction) {
        if self.bytes == 0 {
            self.direction(direction);
        }
        self.bytes += count as u64;
    }

    pub(in crate::io) fn direction(&self, direction: Direction) {
        let direction = match direction {
            Direction::FromServer => "from server",
            Direction::ToServer => "to server",
        };
        self.span.record("direction", direction);
    }

    pub(in crate::io) fn set_bytes(&mut self, bytes: u64) {
        self.bytes = bytes;
    }

    /// Ends the transfer with this outcome.
    pub(in crate::io) fn end(&mut self, outcome: &dyn fmt::Display) {
        if !::std::mem::replace(&mut self.ended, true) {
            let micros = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.span
                .record("bytes", self.bytes)
                .record("duration_us", micros)
                .record("outcome", display(outcome));
        }
    }
}

impl Drop for TransferSpan {
    fn drop(&mut self) {
        self.end(&"given up");
    }
}

impl fmt::Debug for TransferSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.span.fmt(f)
    }
}
