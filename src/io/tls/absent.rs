//! Stand-ins for the TLS types in a build without TLS. They have no values.

use ::std::io;
use ::std::task::{Context, Poll};

use crate::io::net::runtime::Stream;
use crate::io::server::login::Login;

#[derive(Clone, Debug)]
pub(in crate::io) enum Endpoint {}

/// Returns the error for a connection that should be secured.
pub(in crate::io) fn not_configured() -> io::Error {
    let text = "no TLS configuration was given: this build lacks the feature `rustls`";
    io::Error::new(io::ErrorKind::Unsupported, text)
}

impl Endpoint {
    pub(in crate::io) fn has_spent_its_tickets(&self) -> bool {
        match *self {}
    }

    pub(in crate::io) fn is_server(&self) -> bool {
        match *self {}
    }

    pub(in crate::io) fn tell_login(&self, _: Login<'_>) {
        match *self {}
    }

    pub(in crate::io) fn data_session(&self, _: usize) -> io::Result<Session> {
        match *self {}
    }

    pub(in crate::io) fn session(&self, _: usize) -> io::Result<Session> {
        match *self {}
    }
}

#[derive(Debug)]
pub(in crate::io) enum Session {}

impl Session {
    pub(in crate::io) fn has_heard(&self) -> bool {
        match *self {}
    }

    pub(in crate::io) fn peer_certificates(&self) -> Vec<Vec<u8>> {
        match *self {}
    }

    pub(in crate::io) fn may_bring_tickets(&self) -> bool {
        match *self {}
    }

    pub(in crate::io) fn poll_ticket<S: Stream>(
        &mut self,
        _: &mut S,
        _: &mut Context<'_>,
        _: impl Fn() -> bool,
    ) -> Poll<()> {
        match *self {}
    }

    pub(in crate::io) fn poll_resumed(&self, _: &Context<'_>) -> Poll<bool> {
        match *self {}
    }

    pub(in crate::io) fn poll_ahead<S: Stream>(&mut self, _: &mut S, _: &mut Context<'_>) -> Poll<()> {
        match *self {}
    }

    pub(in crate::io) fn release_tickets(&mut self) {
        match *self {}
    }

    pub(in crate::io) fn poll_handshake<S: Stream>(
        &mut self,
        _: &mut S,
        _: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match *self {}
    }

    pub(in crate::io) fn poll_read<S: Stream>(
        &mut self,
        _: &mut S,
        _: &mut Context<'_>,
        _: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match *self {}
    }

    pub(in crate::io) fn poll_write<S: Stream>(
        &mut self,
        _: &mut S,
        _: &mut Context<'_>,
        _: &[u8],
    ) -> Poll<io::Result<usize>> {
        match *self {}
    }

    pub(in crate::io) fn poll_flush<S: Stream>(
        &mut self,
        _: &mut S,
        _: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match *self {}
    }

    pub(in crate::io) fn end(&mut self) {
        match *self {}
    }

    pub(in crate::io) fn poll_end<S: Stream>(
        &mut self,
        _: &mut S,
        _: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match *self {}
    }

    pub(in crate::io) fn free_buffer(&mut self) {
        match *self {}
    }

    pub(in crate::io) fn remainder(&self) -> &[u8] {
        match *self {}
    }
}
