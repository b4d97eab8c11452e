//! Stand-ins for the spans in builds without the feature `tracing`. They do nothing.

use ::std::fmt;
use ::std::net::SocketAddr;

use crate::codec::Direction;

pub(in crate::io) struct SessionSpan;

impl SessionSpan {
    pub(in crate::io) fn client(_: SocketAddr) -> Self {
        Self
    }

    pub(in crate::io) fn server(_: SocketAddr, _: u64) -> Self {
        Self
    }

    pub(in crate::io) fn user(&self, _: &[u8]) {}

    pub(in crate::io) fn event(&self, _: &dyn fmt::Debug) {}

    pub(in crate::io) fn transfer(&self, _: Option<&[u8]>) -> TransferSpan {
        TransferSpan
    }
}

#[derive(Debug)]
pub(in crate::io) struct TransferSpan;

impl TransferSpan {
    pub(in crate::io) fn moved(&mut self, _: usize, _: Direction) {}

    pub(in crate::io) fn direction(&self, _: Direction) {}

    pub(in crate::io) fn set_bytes(&mut self, _: u64) {}

    pub(in crate::io) fn end(&mut self, _: &dyn fmt::Display) {}
}
