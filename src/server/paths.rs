//! The paths of a session, in storage that the host gave: the working directory, the one that waits
//! (RNFR's; before login, the user's name), the argument that may have to be read in another way, and the one that
//! the current request is about.

use core::ops::Range;

use crate::codec::pathname::resolve;
use crate::codec::{Quoted, ResolveError};

/// `[working directory][waiting][argument][target][name]`, one behind the other. The argument is kept as it was
/// written, for commands that read it in more ways than one. The name is the one that STOU made up.
#[derive(Clone, Debug)]
pub(super) struct Paths<P> {
    storage: P,
    working: usize,
    waiting: usize,
    purpose: Purpose,
    argument: usize,
    target: usize,
    name: usize,
}

/// The meaning of the path that waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// None: nothing waits, or what waits is no longer usable.
    Nothing,
    /// The name of the user who logs in.
    User,
    /// The source of a rename (RNFR), for the next command.
    Source,
    /// The source of a rename, for the present command, which is RNTO.
    SourceOfThis,
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Paths<P> {
    pub(super) fn new(mut storage: P) -> Self {
        let working = match storage.as_mut().first_mut() {
            Some(first) => {
                *first = b'/';
                1
            }
            None => 0,
        };
        Self { storage, working, waiting: 0, purpose: Purpose::Nothing, argument: 0, target: 0, name: 0 }
    }

    /// Back to the root, with nothing waiting.
    pub(super) fn reset(&mut self) {
        if let Some(first) = self.storage.as_mut().first_mut() {
            *first = b'/';
        }
        self.working = 1.min(self.storage.as_ref().len());
        self.forget_waiting();
    }

    pub(super) fn working(&self) -> &[u8] {
        &self.storage.as_ref()[..self.working]
    }

    pub(super) fn waiting(&self) -> &[u8] {
        &self.storage.as_ref()[self.working..self.working + self.waiting]
    }

    /// The argument that [`keep_argument`](Self::keep_argument) was given, without what was dropped of it.
    pub(super) fn argument(&self) -> &[u8] {
        let start = self.working + self.waiting;
        &self.storage.as_ref()[start..start + self.argument]
    }

    pub(super) fn target(&self) -> &[u8] {
        let start = self.target_start();
        &self.storage.as_ref()[start..start + self.target]
    }

    pub(super) fn name(&self) -> &[u8] {
        let start = self.target_start() + self.target;
        &self.storage.as_ref()[start..start + self.name]
    }

    /// Keeps the name that was made up, if there is room for it.
    pub(super) fn name_with(&mut self, bytes: &[u8]) {
        let start = self.target_start() + self.target;
        self.name = 0;
        if let Some(room) = self.storage.as_mut().get_mut(start..start + bytes.len()) {
            room.copy_from_slice(bytes);
            self.name = bytes.len();
        }
    }

    /// Makes the path that `argument` names, seen from the working directory, the target.
    pub(super) fn aim(&mut self, argument: &[u8]) -> Result<(), ResolveError> {
        self.clear_request();
        let (used, free) = self.storage.as_mut().split_at_mut(self.working + self.waiting);
        self.target = resolve(&used[..self.working], argument, free)?;
        Ok(())
    }

    /// Like [`aim`](Self::aim), at a name of a list.
    pub(super) fn aim_at_name(&mut self, name: Quoted<'_>) -> Result<(), ResolveError> {
        self.clear_request();
        let (used, free) = self.storage.as_mut().split_at_mut(self.working + self.waiting);
        self.target = resolve_name(&used[..self.working], name, free)?;
        Ok(())
    }

    /// Keeps `argument` and makes the path that it names the target.
    pub(super) fn keep_argument(&mut self, argument: &[u8]) -> Result<(), ResolveError> {
        self.clear_request();
        let start = self.working + self.waiting;
        let room = self.storage.as_mut().get_mut(start..start + argument.len());
        room.ok_or(ResolveError::TooLong)?.copy_from_slice(argument);
        self.argument = argument.len();
        self.aim_at_argument(0..argument.len())
    }

    /// Drops the first `count` bytes of the argument that is kept.
    pub(super) fn drop_from_argument(&mut self, count: usize) {
        let start = self.working + self.waiting;
        let count = count.min(self.argument);
        self.storage.as_mut().copy_within(start + count..start + self.argument, start);
        (self.argument, self.target, self.name) = (self.argument - count, 0, 0);
    }

    /// Makes the path that this part of the argument names the target.
    pub(super) fn aim_at_argument(&mut self, part: Range<usize>) -> Result<(), ResolveError> {
        (self.target, self.name) = (0, 0);
        let (start, end) = (self.working + self.waiting, self.target_start());
        let (used, free) = self.storage.as_mut().split_at_mut(end);
        let argument = used[start..].get(part).unwrap_or_default();
        self.target = resolve(&used[..self.working], argument, free)?;
        Ok(())
    }

    fn target_start(&self) -> usize {
        self.working + self.waiting + self.argument
    }

    /// Forgets what the last request was about.
    fn clear_request(&mut self) {
        (self.argument, self.target, self.name) = (0, 0, 0);
    }

    /// Keeps the target as the source of a rename (RNFR).
    pub(super) fn keep_source(&mut self) {
        let start = self.target_start();
        let target = start..start + self.target;
        self.storage.as_mut().copy_within(target, self.working);
        (self.waiting, self.purpose) = (self.target, Purpose::Source);
        self.clear_request();
    }

    /// Moves on to the next command, which is the only one that may use the source of a rename. Returns whether there
    /// is a source.
    pub(super) fn next_command(&mut self) -> bool {
        let waits = self.purpose == Purpose::Source;
        self.purpose = match self.purpose {
            Purpose::Source => Purpose::SourceOfThis,
            Purpose::SourceOfThis => Purpose::Nothing,
            purpose => purpose,
        };
        waits
    }

    /// Returns whether the present command may use the source of a rename.
    pub(super) fn has_source(&self) -> bool {
        self.purpose == Purpose::SourceOfThis
    }

    /// Keeps the name of the user who logs in. Returns whether there is room for it.
    pub(super) fn keep_user(&mut self, bytes: &[u8]) -> bool {
        self.forget_waiting();
        let Some(room) = self.storage.as_mut().get_mut(self.working..self.working + bytes.len()) else {
            return false;
        };
        room.copy_from_slice(bytes);
        (self.waiting, self.purpose) = (bytes.len(), Purpose::User);
        true
    }

    /// Forgets the path that waits, and the target.
    pub(super) fn forget_waiting(&mut self) {
        (self.waiting, self.purpose) = (0, Purpose::Nothing);
        self.clear_request();
    }

    /// The target becomes the working directory.
    pub(super) fn enter(&mut self) {
        let start = self.target_start();
        let target = start..start + self.target;
        self.storage.as_mut().copy_within(target, 0);
        self.working = self.target;
        self.forget_waiting();
    }
}

/// Like [`resolve`], of a name that may hold quotes.
pub(super) fn resolve_name(base: &[u8], name: Quoted<'_>, out: &mut [u8]) -> Result<usize, ResolveError> {
    if let Some(plain) = name.as_plain() {
        return resolve(base, plain, out);
    }
    // Each quote is two there and one here: it is taken apart at the far end.
    let start = out.len().checked_sub(name.raw().len()).ok_or(ResolveError::TooLong)?;
    let (room, scratch) = out.split_at_mut(start);
    let length = name.copy_to(scratch).map_err(|_| ResolveError::TooLong)?;
    resolve(base, scratch.get(..length).unwrap_or_default(), room)
}
