//! A download in progress: it is written to a part file next to its target, which replaces the
//! target at the end.
//!
//! Until then an existing file stays as it was, and the bytes of an interrupted transfer cannot be
//! mistaken for the whole file.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::failure::Failure;

/// The suffix of the names of incomplete files.
const SUFFIX: &str = ".part";

/// Maximum length of a name in bytes on common file systems.
const LONGEST_NAME: usize = 255;

/// The destination of a download.
#[derive(Debug)]
pub struct Target {
    /// The file itself.
    path: PathBuf,
    /// The part file; `None` if the target can only be written to, such as a device.
    part: Option<PathBuf>,
}

/// An open part file of a download.
#[derive(Debug)]
pub struct Part<'t> {
    target: &'t Target,
    pub file: File,
    offset: u64,
}

impl Target {
    pub fn new(local: &Path) -> Self {
        // A link is kept, and the file that it points to is replaced.
        let path = fs::canonicalize(local).unwrap_or_else(|_| local.to_owned());
        let is_replaced = fs::metadata(&path).is_ok_and(|found| found.is_file()) || !path.exists();
        let part = is_replaced.then(|| path.with_file_name(part_name(path.file_name().unwrap_or_default())));
        Self { path, part }
    }

    /// Returns the number of bytes to resume from: the size of the part file, or else of the file
    /// itself.
    pub fn resumable(&self) -> Option<u64> {
        let part = self.part.as_ref().and_then(|part| fs::metadata(part).ok());
        let found = part.or_else(|| fs::metadata(&self.path).ok());
        found.filter(fs::Metadata::is_file).map(|found| found.len())
    }

    /// Returns whether the file itself has this size and no part file exists.
    pub fn is_whole(&self, size: u64) -> bool {
        let part = self.part.as_ref().is_some_and(|part| part.exists());
        !part && fs::metadata(&self.path).is_ok_and(|found| found.len() == size)
    }

    /// Opens the part file at byte `offset`, which is at most [`resumable`](Self::resumable). Call
    /// this only once the server has something to send.
    pub fn open(&self, offset: u64) -> Result<Part<'_>, Failure> {
        let path = self.part.as_ref().unwrap_or(&self.path);
        // An earlier transfer may have left an incomplete file under its own name; it becomes the
        // part file.
        if offset > 0 && !path.exists() {
            fs::rename(&self.path, path).map_err(Failure::local(path))?;
        }
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(offset == 0);
        let mut file = options.open(path).map_err(Failure::local(path))?;
        if offset > 0 {
            file.seek(SeekFrom::Start(offset)).map_err(Failure::local(path))?;
        }
        Ok(Part { target: self, file, offset })
    }
}

/// Returns the name of the part file for a file of this name. It contains a hash of the whole name,
/// so that no other file is mistaken for it: a server may well have both `file` and `file.part`.
fn part_name(name: &OsStr) -> OsString {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let suffix = format!(".{:016x}{SUFFIX}", hasher.finish());
    let mut part = name.to_owned();
    if name.len() + suffix.len() > LONGEST_NAME {
        part = name.to_string_lossy().chars().take(40).collect::<String>().into();
    }
    part.push(suffix);
    part
}

impl Part<'_> {
    /// Replaces the target with the complete file.
    pub fn finish(self, modified: Option<SystemTime>) -> Result<(), Failure> {
        let Self { target: Target { path, part }, file, .. } = self;
        if let Some(modified) = modified {
            file.set_modified(modified).map_err(Failure::local(path))?;
        }
        let Some(part) = part else { return Ok(()) };
        if let Ok(before) = fs::metadata(path) {
            fs::set_permissions(part, before.permissions()).map_err(Failure::local(part))?;
        }
        fs::rename(part, path).map_err(Failure::local(path))
    }

    /// Drops the bytes received this time, since they do not continue the earlier ones.
    pub fn take_back(self) -> io::Result<()> {
        self.file.set_len(self.offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_file_has_a_name_of_its_own_that_is_not_too_long() {
        let part = part_name("file".as_ref()).into_string().unwrap();
        assert!(part.starts_with("file.") && part.ends_with(".part") && part.len() == 26, "{part}");
        let long = |last: char| format!("{}{last}", "n".repeat(254));
        let [one, other] = ['a', 'b'].map(|last| part_name(long(last).as_ref()));
        assert_ne!(one, other);
        for name in [one, other, part_name("ü".repeat(127).as_ref())] {
            assert!(name.len() <= LONGEST_NAME, "{name:?}");
        }
    }
}
