//! Stand-ins for the TLS types in a build without TLS. They have no values.

use ::std::io;
use ::std::task::{Context, Poll};

use super::login::Login;
use super::runtime::Stream;

#[derive(Clone, Debug)]
pub(super) enum Endpoint {}

impl Endpoint {
    pub(super) fn has_spent_its_tickets(&self) -> bool {
        match *self {}
    }

    pub(super) fn is_server(&self) -> bool {
        match *self {}
    }

    pub(super) fn tell_login(&self, _: Login<'_>) {
        match *self {}
    }

    pub(super) fn data_session(&self, _: usize) -> io::Result<Session> {
        match *self {}
    }

    pub(super) fn session(&self, _: usize) -> io::Result<Session> {
        match *self {}
    }
}

#[derive(Debug)]
pub(super) enum Session {}

impl Session {
    pub(super) fn has_heard(&self) -> bool {
        match *self {}
    }

    pub(super) fn peer_certificates(&self) -> Vec<Vec<u8>> {
        match *self {}
    }

    pub(super) fn may_bring_tickets(&self) -> bool {
        match *self {}
    }

    pub(super) fn poll_ticket<S: Stream>(
        &mut self,
        _: &mut S,
        _: &mut Context<'_>,
        _: impl Fn() -> bool,
    ) -> Poll<()> {
        match *self {}
    }

    pub(super) fn poll_resumed(&self, _: &Context<'_>) -> Poll<bool> {
        match *self {}
    }

    pub(super) fn poll_ahead<S: Stream>(&mut self, _: &mut S, _: &mut Context<'_>) -> Poll<()> {
        match *self {}
    }

    pub(super) fn release_tickets(&mut self) {
        match *self {}
    }

    pub(super) fn poll_handshake<S: Stream>(
        &mut self,
        _: &mut S,
        _: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        match *self {}
    }

    pub(super) fn poll_read<S: Stream>(
        &mut self,
        _: &mut S,
        _: &mut Context<'_>,
        _: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match *self {}
    }

    pub(super) fn poll_write<S: Stream>(
        &mut self,
        _: &mut S,
        _: &mut Context<'_>,
        _: &[u8],
    ) -> Poll<io::Result<usize>> {
        match *self {}
    }

    pub(super) fn poll_flush<S: Stream>(&mut self, _: &mut S, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }

    pub(super) fn end(&mut self) {
        match *self {}
    }

    pub(super) fn poll_end<S: Stream>(&mut self, _: &mut S, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match *self {}
    }

    pub(super) fn remainder(&self) -> &[u8] {
        match *self {}
    }
}
