//! The buffers of a session, which it gives up while it waits for its client.

use ::std::collections::BTreeMap;
use ::std::sync::{Mutex, MutexGuard, PoisonError};
use ::std::vec::Vec;

use ::std::sync::Arc;

use super::Connection;
use crate::io::driver::control::{Storage, storage};
use crate::io::host::AsyncAccounts;
use crate::io::net::runtime::Network;

/// Size in bytes of a session's storage for paths.
pub(super) const PATHS: usize = 8 * 1024;
/// Number of spare buffers of each size that are kept, far above the number of sessions that are
/// active at the same moment.
const MOST: usize = 64;
/// Number of sizes of which buffers are kept. All sessions use the same size unless the server's
/// owner sets limits for single clients.
const SIZES: usize = 4;

/// The memory that a session needs while it is active.
pub(super) struct Buffers {
    pub(super) control: Storage,
    pub(super) paths: Vec<u8>,
}

/// Buffers that no session uses at the moment, by the maximum length of a line. The sessions of a
/// server share these.
#[derive(Default)]
pub(in crate::io) struct Spares(Mutex<BTreeMap<usize, Vec<Buffers>>>);

impl Spares {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Vec<Buffers>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns buffers for lines of `line` bytes.
    pub(super) fn take(&self, line: usize) -> Buffers {
        let spare = self.lock().get_mut(&line).and_then(Vec::pop);
        spare.unwrap_or_else(|| Buffers { control: storage(line), paths: vec![0; PATHS] })
    }

    /// Keeps buffers for the next session that needs them.
    pub(super) fn put(&self, line: usize, buffers: Buffers) {
        let mut spares = self.lock();
        if spares.len() < SIZES || spares.contains_key(&line) {
            let kept = spares.entry(line).or_default();
            if kept.len() < MOST {
                kept.push(buffers);
            }
        }
    }
}

impl<R: Network, A: AsyncAccounts> Connection<R, A> {
    /// Shares the memory for buffers with the other sessions of the server.
    pub(in crate::io) fn share_buffers(&mut self, spares: &Arc<Spares>) {
        self.spares = Arc::clone(spares);
    }

    /// Takes buffers if the session has none.
    pub(super) fn take_buffers(&mut self) {
        if !::std::mem::take(&mut self.idle) {
            return;
        }
        let Buffers { control, paths } = self.spares.take(self.line);
        // Neither call fails: the connection was idle, and its paths fit.
        let _ = self.control.replace_storage(control);
        let _ = self.session.replace_paths(paths);
    }

    /// Gives up the buffers if they are empty and the session is doing nothing.
    pub(super) fn give_up_buffers(&mut self) {
        let works = self.asked.is_some() || self.moving.is_some() || self.control.is_changing();
        if works || self.closing.is_some() {
            return;
        }
        let Some(control) = self.control.give_up_storage() else { return };
        let own = vec![0; self.session.paths_in_use()];
        let paths = self.session.replace_paths(own).unwrap_or_default();
        self.spares.put(self.line, Buffers { control, paths });
        self.idle = true;
    }
}
