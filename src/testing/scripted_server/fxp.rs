//! The scripted server as one side of a transfer between two servers.

use alloc::vec::Vec;

use super::ScriptedServer;
use crate::action::{DataId, DataOp, Wait};
use crate::client::Party;
use crate::testing::ScriptError;
use crate::testing::script_error::Fault;
use crate::time::Instant;

impl ScriptedServer {
    pub(in crate::testing) const fn party(&mut self) -> Party<'_, Vec<u8>, Vec<u8>> {
        let Self { client, rx, tx, .. } = self;
        Party { client, rx, tx }
    }

    pub(in crate::testing) fn set_now(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    pub(in crate::testing) fn perform_data(&mut self, id: DataId, op: DataOp) -> Result<(), Fault> {
        self.operate(id, op)
    }

    /// Moves bytes and lets the server answer. Returns whether anything happened.
    pub(in crate::testing) fn exchange(&mut self, wait: &Wait) -> Result<bool, Fault> {
        let moved = self.flush()? || (wait.readable && self.deliver()?);
        Ok(moved || self.serve()?)
    }

    /// Returns the time at which the server continues by itself.
    pub(in crate::testing) const fn goes_on_at(&self) -> Option<Instant> {
        self.until
    }

    pub(in crate::testing) fn fails(&self, fault: Fault) -> ScriptError {
        self.error(fault)
    }
}
