//! Limits of the bytes that an account may store.
//!
//! The files below a root are counted when the first upload begins, and counted again every ten
//! minutes, since other programs may change them too. In between, uploads and removals are added
//! and subtracted.

use std::collections::HashMap;
use std::hash::Hash;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use ftp_proto::io::{DirectoryEntries, Filesystem, Refusal, VirtualPath};
use ftp_proto::listing::{Entry, Fields, Kind};

/// Age at which files are counted again.
const RECOUNT: Duration = Duration::from_secs(600);

/// Values by key, each of which exists as long as something uses it: what one configuration has
/// begun to count, the next one counts on.
#[derive(Debug)]
pub struct Registry<K, T>(Mutex<HashMap<K, Weak<T>>>);

impl<K, T> Default for Registry<K, T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, T: Default> Registry<K, T> {
    pub fn get(&self, key: K) -> Arc<T> {
        let mut known = lock(&self.0);
        known.retain(|_, one| one.strong_count() > 0);
        if let Some(found) = known.get(&key).and_then(Weak::upgrade) {
            return found;
        }
        let new = Arc::new(T::default());
        known.insert(key, Arc::downgrade(&new));
        new
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The bytes that are stored below one root.
#[derive(Debug, Default)]
pub struct Ledger(Mutex<Book>);

#[derive(Debug, Default)]
struct Book {
    used: u64,
    /// Time of the last count. `None` before the first one.
    counted: Option<Instant>,
    /// Number of open uploads. Nothing is counted during these, since they are in the book already.
    open: usize,
}

impl Ledger {
    /// Counts the files if that is due, and returns the number of bytes in use.
    pub fn used<F: Filesystem>(&self, files: &F) -> u64 {
        let mut book = lock(&self.0);
        book.count(files);
        book.used
    }

    /// Begins an upload.
    pub fn open<F: Filesystem>(&self, files: &F) {
        let mut book = lock(&self.0);
        book.count(files);
        book.open += 1;
    }

    /// Ends an upload.
    pub fn close(&self) {
        let mut book = lock(&self.0);
        book.open = book.open.saturating_sub(1);
    }

    /// Adds bytes, unless that would be more than `limit`.
    pub fn charge(&self, bytes: u64, limit: u64) -> io::Result<()> {
        let mut book = lock(&self.0);
        match book.used.checked_add(bytes).filter(|used| *used <= limit) {
            Some(used) => {
                book.used = used;
                Ok(())
            }
            None => Err(io::ErrorKind::QuotaExceeded.into()),
        }
    }

    /// Subtracts bytes.
    pub fn release(&self, bytes: u64) {
        let mut book = lock(&self.0);
        book.used = book.used.saturating_sub(bytes);
    }
}

impl Book {
    fn count<F: Filesystem>(&mut self, files: &F) {
        let is_recent = self.counted.is_some_and(|counted| counted.elapsed() < RECOUNT);
        if !is_recent && (self.open == 0 || self.counted.is_none()) {
            self.used = count(files);
            self.counted = Some(Instant::now());
        }
    }
}

/// Returns the sum of the sizes of all files. Directories that cannot be read count as empty.
fn count<F: Filesystem>(files: &F) -> u64 {
    let (mut sum, mut left) = (0u64, vec![b"/".to_vec()]);
    while let Some(directory) = left.pop() {
        let Ok(path) = VirtualPath::parse(&directory) else { continue };
        let Ok(mut entries) = files.entries(path, Fields::KIND | Fields::SIZE) else { continue };
        let mut add = |entry: &Entry<'_>| match entry.kind {
            Kind::File => sum = sum.saturating_add(entry.size.unwrap_or(0)),
            Kind::Directory => left.push(joined(&directory, entry.name.as_bytes())),
            _ => {}
        };
        while let Ok(true) = entries.next_entries(&mut add) {}
    }
    sum
}

/// Returns the path of a name in a directory.
pub fn joined(directory: &[u8], name: &[u8]) -> Vec<u8> {
    let separator: &[u8] = if directory.ends_with(b"/") { b"" } else { b"/" };
    [directory, separator, name].concat()
}

/// A limit, and what counts towards it.
#[derive(Clone, Debug)]
pub struct Quota {
    pub ledger: Arc<Ledger>,
    pub limit: u64,
}

impl Quota {
    /// Returns the number of bytes that may still be stored.
    pub fn left<F: Filesystem>(&self, files: &F) -> u64 {
        self.limit.saturating_sub(self.ledger.used(files))
    }
}

/// The account of one upload, from its opening to its end.
#[derive(Debug)]
pub struct Meter<F: Filesystem> {
    quota: Quota,
    files: Arc<F>,
    path: Vec<u8>,
    way: Way,
    begun: bool,
    /// Number of bytes that were charged.
    charged: u64,
    /// Set once the upload was larger than the quota allows.
    exceeded: bool,
    finished: bool,
}

/// The way in which an upload changes its file.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// Continues the file at this offset, and cuts off `rest` bytes behind it.
    From { offset: u64, rest: u64 },
    /// Appends to the file.
    Append,
    /// Replaces the file of this size at the end of the upload. Begins with its first `offset` bytes.
    Replace { offset: u64, size: u64 },
}

impl<F: Filesystem> Meter<F> {
    /// Begins to count. `announced` is the number of bytes that the client wants to send (ALLO), if it
    /// has said so.
    ///
    /// # Errors
    /// Fails if less than that is left, or nothing at all: many programs see no reply after their data
    /// connection was reset, and would try the same again and again.
    pub fn open(
        quota: &Quota,
        files: &Arc<F>,
        path: Vec<u8>,
        way: Way,
        announced: Option<u64>,
    ) -> Result<Self, Refusal> {
        quota.ledger.open(&**files);
        let meter = Self {
            quota: quota.clone(),
            files: Arc::clone(files),
            path,
            way,
            begun: false,
            charged: 0,
            exceeded: false,
            finished: false,
        };
        let freed = if let Way::From { rest, .. } = way { rest } else { 0 };
        let left = quota.left(&**files).saturating_add(freed);
        if left < announced.unwrap_or(0).max(1) { Err(Refusal::QuotaExceeded) } else { Ok(meter) }
    }

    /// Accounts for what happens when the upload begins.
    pub fn begin(&mut self) -> io::Result<()> {
        if std::mem::replace(&mut self.begun, true) {
            return Ok(());
        }
        match self.way {
            Way::From { rest, .. } => self.quota.ledger.release(rest),
            Way::Append => {}
            Way::Replace { offset, .. } => self.charge(offset)?,
        }
        Ok(())
    }

    /// Accounts for bytes that are about to be written.
    pub fn charge(&mut self, bytes: u64) -> io::Result<()> {
        match self.quota.ledger.charge(bytes, self.quota.limit) {
            Ok(()) => self.charged += bytes,
            Err(error) => {
                self.exceeded = true;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Takes back the charge for bytes that were not written.
    pub fn release(&mut self, bytes: u64) {
        self.charged = self.charged.saturating_sub(bytes);
        self.quota.ledger.release(bytes);
    }

    /// Ends an upload that was stored in full.
    pub fn finish(mut self) {
        self.finished = true;
        if let Way::Replace { size, .. } = self.way {
            self.quota.ledger.release(size);
        }
    }
}

impl<F: Filesystem> Drop for Meter<F> {
    /// Ends an upload that was cut off, or that was larger than the quota allows: of the latter no
    /// part is kept, so that the account is not full of it, unless it continued a file.
    fn drop(&mut self) {
        let is_gone = match self.way {
            _ if self.finished => false,
            Way::Replace { .. } => true,
            Way::From { offset: 0, .. } if self.exceeded => self.remove(),
            _ => false,
        };
        if is_gone {
            self.quota.ledger.release(self.charged);
        }
        self.quota.ledger.close();
    }
}

impl<F: Filesystem> Meter<F> {
    /// Removes the file if it is as this upload has left it. Returns whether it did.
    fn remove(&self) -> bool {
        let Ok(path) = VirtualPath::parse(&self.path) else { return false };
        let size = self.files.entry(path, false).ok().and_then(|entry| entry.entry().size);
        size == Some(self.charged) && self.files.remove_file(path).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_charged_beyond_the_limit_and_values_are_kept_while_they_are_used() {
        let registry = Registry::<&str, Ledger>::default();
        let ledger = registry.get("one");
        assert!(ledger.charge(6, 10).is_ok());
        assert!(ledger.charge(5, 10).is_err());
        assert!(registry.get("one").charge(4, 10).is_ok(), "the same");
        assert!(registry.get("other").charge(10, 10).is_ok(), "another");
        ledger.release(100);
        assert!(ledger.charge(10, 10).is_ok());
        assert!(ledger.charge(u64::MAX, u64::MAX).is_err());
        drop(ledger);
        assert!(registry.get("one").charge(10, 10).is_ok(), "a new one");
    }
}
