//! Opens files that the kernel finds without asking a disk or another machine.

use ::std::fs::File;
use ::std::path::Path;
use ::std::sync::atomic::{AtomicBool, Ordering};

use cap_std::fs::Dir;
use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, fstatfs, openat2};
use rustix::io::Errno;

/// The numbers of file systems (`statfs(2)`) that open a file without waiting once its path is in
/// the kernel's cache: ext2 to ext4, XFS, Btrfs, F2FS and tmpfs.
const LOCAL: [u32; 5] = [0xef53, 0x5846_5342, 0x9123_683e, 0xf2f5_2010, 0x0102_1994];

/// The kernel's cache of paths. `false` if it cannot be used alone.
#[derive(Debug)]
pub(super) struct Cache(AtomicBool);

impl Cache {
    /// Returns the cache for the paths below `root`.
    pub(super) fn of(root: &Dir) -> Self {
        // The width of the number depends on the system.
        #[allow(clippy::cast_sign_loss, clippy::cast_possible_truncation)]
        let is_local = fstatfs(root).is_ok_and(|found| LOCAL.contains(&(found.f_type as u32)));
        Self(AtomicBool::new(is_local))
    }

    /// Opens a regular file for reading, and returns it with its length. As in cap-std, the path
    /// does not lead out of `root`; it does not lead to another file system either.
    pub(super) fn open(&self, root: &Dir, path: &Path) -> Option<(File, u64)> {
        if !self.0.load(Ordering::Relaxed) {
            return None;
        }
        let resolve = ResolveFlags::BENEATH
            | ResolveFlags::NO_MAGICLINKS
            | ResolveFlags::NO_XDEV
            | ResolveFlags::CACHED;
        let open = |flags| openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve);
        // The kind is checked before the open and after it, as in `Directory::open_regular`.
        let found = match open(OFlags::PATH) {
            Ok(found) => File::from(found),
            Err(error) => {
                // This kernel is older, or forbids the call.
                if matches!(error, Errno::INVAL | Errno::NOSYS | Errno::PERM) {
                    self.0.store(false, Ordering::Relaxed);
                }
                return None;
            }
        };
        length(&found)?;
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::LARGEFILE;
        let file = File::from(open(flags).ok()?);
        let length = length(&file)?;
        Some((file, length))
    }
}

/// Returns the length of a regular file.
fn length(file: &File) -> Option<u64> {
    let found = fstat(file).ok()?;
    let is_regular = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
    u64::try_from(found.st_size).ok().filter(|_| is_regular)
}
