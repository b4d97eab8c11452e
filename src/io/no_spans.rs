//! Stand-ins for the spans without the feature `tracing`. They do nothing.

use ::std::fmt;
use ::std::net::SocketAddr;

use crate::codec::Direction;

pub(super) struct SessionSpan;

impl SessionSpan {
    pub(super) fn client(_: SocketAddr) -> Self {
        Self
    }

    pub(super) fn server(_: SocketAddr, _: u64) -> Self {
        Self
    }

    pub(super) fn user(&self, _: &[u8]) {}

    pub(super) fn event(&self, _: &dyn fmt::Debug) {}

    pub(super) fn transfer(&self, _: Option<&[u8]>) -> TransferSpan {
        TransferSpan
    }
}

#[derive(Debug)]
pub(super) struct TransferSpan;

impl TransferSpan {
    pub(super) fn moved(&mut self, _: usize, _: Direction) {}

    pub(super) fn direction(&self, _: Direction) {}

    pub(super) fn set_bytes(&mut self, _: u64) {}

    pub(super) fn end(&mut self, _: &dyn fmt::Display) {}
}
