//! The paths of a session, in storage that the host provided: the working directory, a path kept
//! for a later command (that of RNFR; before login, the user name), an argument that may have to be
//! read in another way, and the target of the current request.

use core::ops::Range;

use crate::codec::pathname::resolve;
use crate::codec::slices;
use crate::codec::{Quoted, ResolveError};

/// Stores `[working directory][waiting][argument][target][name]` contiguously. The argument is kept
/// as it was sent, for commands that can read it in more than one way. The name is the one that was
/// generated for STOU.
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

/// The meaning of the waiting path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    /// No path is waiting, or it is no longer usable.
    Nothing,
    /// The name of the user who is logging in.
    User,
    /// The source of a rename (RNFR), usable by the next command.
    Source,
    /// The source of a rename, usable by the current command.
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

    /// Returns the number of bytes that the paths take.
    pub(super) const fn in_use(&self) -> usize {
        self.target_start() + self.target + self.name
    }

    /// Moves the paths to other storage, unless it is too small for them.
    pub(super) fn replace_storage(&mut self, mut storage: P) -> Result<P, P> {
        let used = self.storage.as_ref().get(..self.in_use()).unwrap_or_default();
        match storage.as_mut().get_mut(..used.len()) {
            Some(room) => room.copy_from_slice(used),
            None => return Err(storage),
        }
        Ok(core::mem::replace(&mut self.storage, storage))
    }

    /// Returns to the root and drops the waiting path.
    pub(super) fn reset(&mut self) {
        if let Some(first) = self.storage.as_mut().first_mut() {
            *first = b'/';
        }
        self.working = 1.min(self.storage.as_ref().len());
        self.forget_waiting();
    }

    pub(super) fn working(&self) -> &[u8] {
        slices::part(self.storage.as_ref(), ..self.working)
    }

    pub(super) fn waiting(&self) -> &[u8] {
        slices::part(self.storage.as_ref(), self.working..self.working + self.waiting)
    }

    /// Returns the kept argument, without the part that
    /// [`drop_from_argument`](Self::drop_from_argument) removed.
    pub(super) fn argument(&self) -> &[u8] {
        let start = self.working + self.waiting;
        slices::part(self.storage.as_ref(), start..start + self.argument)
    }

    pub(super) fn target(&self) -> &[u8] {
        let start = self.target_start();
        slices::part(self.storage.as_ref(), start..start + self.target)
    }

    pub(super) fn name(&self) -> &[u8] {
        let start = self.target_start() + self.target;
        slices::part(self.storage.as_ref(), start..start + self.name)
    }

    /// Keeps the name that was generated for STOU, if there is room for it.
    pub(super) fn name_with(&mut self, bytes: &[u8]) {
        let start = self.target_start() + self.target;
        self.name = 0;
        if let Some(room) = self.storage.as_mut().get_mut(start..start + bytes.len()) {
            room.copy_from_slice(bytes);
            self.name = bytes.len();
        }
    }

    /// Sets the target to the path that `argument` names, relative to the working directory.
    pub(super) fn aim(&mut self, argument: &[u8]) -> Result<(), ResolveError> {
        self.clear_request();
        let (used, free) = slices::split_mut(self.storage.as_mut(), self.working + self.waiting);
        self.target = resolve(slices::part(used, ..self.working), argument, free)?;
        Ok(())
    }

    /// Like [`aim`](Self::aim), with a name from a list, which may be quoted.
    pub(super) fn aim_at_name(&mut self, name: Quoted<'_>) -> Result<(), ResolveError> {
        self.clear_request();
        let (used, free) = slices::split_mut(self.storage.as_mut(), self.working + self.waiting);
        self.target = resolve_name(slices::part(used, ..self.working), name, free)?;
        Ok(())
    }

    /// Keeps `argument` and sets the target to the path that it names.
    pub(super) fn keep_argument(&mut self, argument: &[u8]) -> Result<(), ResolveError> {
        self.clear_request();
        let start = self.working + self.waiting;
        let room = self.storage.as_mut().get_mut(start..start + argument.len());
        room.ok_or(ResolveError::TooLong)?.copy_from_slice(argument);
        self.argument = argument.len();
        self.aim_at_argument(0..argument.len())
    }

    /// Drops the first `count` bytes of the kept argument.
    pub(super) fn drop_from_argument(&mut self, count: usize) {
        let start = self.working + self.waiting;
        let count = count.min(self.argument);
        slices::copy_within(self.storage.as_mut(), start + count..start + self.argument, start);
        (self.argument, self.target, self.name) = (self.argument - count, 0, 0);
    }

    /// Sets the target to the path that this part of the kept argument names.
    pub(super) fn aim_at_argument(&mut self, part: Range<usize>) -> Result<(), ResolveError> {
        (self.target, self.name) = (0, 0);
        let (start, end) = (self.working + self.waiting, self.target_start());
        let (used, free) = slices::split_mut(self.storage.as_mut(), end);
        let argument = slices::part(used, start..).get(part).unwrap_or_default();
        self.target = resolve(slices::part(used, ..self.working), argument, free)?;
        Ok(())
    }

    const fn target_start(&self) -> usize {
        self.working + self.waiting + self.argument
    }

    /// Clears the argument, target and name of the last request.
    fn clear_request(&mut self) {
        (self.argument, self.target, self.name) = (0, 0, 0);
    }

    /// Keeps the target as the source of a rename (RNFR).
    pub(super) fn keep_source(&mut self) {
        let start = self.target_start();
        let target = start..start + self.target;
        slices::copy_within(self.storage.as_mut(), target, self.working);
        (self.waiting, self.purpose) = (self.target, Purpose::Source);
        self.clear_request();
    }

    /// Moves on to the next command, the only one that may use the source of a rename. Returns
    /// whether there is a source.
    pub(super) fn next_command(&mut self) -> bool {
        let waits = self.purpose == Purpose::Source;
        self.purpose = match self.purpose {
            Purpose::Source => Purpose::SourceOfThis,
            Purpose::SourceOfThis => Purpose::Nothing,
            purpose => purpose,
        };
        waits
    }

    /// Returns whether the current command may use the source of a rename.
    pub(super) fn has_source(&self) -> bool {
        self.purpose == Purpose::SourceOfThis
    }

    /// Keeps the name of the user who is logging in. Returns whether there was room for it.
    pub(super) fn keep_user(&mut self, bytes: &[u8]) -> bool {
        self.forget_waiting();
        let Some(room) = self.storage.as_mut().get_mut(self.working..self.working + bytes.len()) else {
            return false;
        };
        room.copy_from_slice(bytes);
        (self.waiting, self.purpose) = (bytes.len(), Purpose::User);
        true
    }

    /// Drops the waiting path, and clears the last request.
    pub(super) fn forget_waiting(&mut self) {
        (self.waiting, self.purpose) = (0, Purpose::Nothing);
        self.clear_request();
    }

    /// Makes the target the working directory.
    pub(super) fn enter(&mut self) {
        let start = self.target_start();
        let target = start..start + self.target;
        slices::copy_within(self.storage.as_mut(), target, 0);
        self.working = self.target;
        self.forget_waiting();
    }
}

/// Like [`resolve`], with a name that may contain quotes.
pub(super) fn resolve_name(base: &[u8], name: Quoted<'_>, out: &mut [u8]) -> Result<usize, ResolveError> {
    if let Some(plain) = name.as_plain() {
        return resolve(base, plain, out);
    }
    // Decode the name at the far end of `out`, where it fits because each doubled quote becomes
    // one.
    let start = out.len().checked_sub(name.raw().len()).ok_or(ResolveError::TooLong)?;
    let (room, scratch) = slices::split_mut(out, start);
    let length = name.copy_to(scratch).map_err(|_| ResolveError::TooLong)?;
    resolve(base, scratch.get(..length).unwrap_or_default(), room)
}
