//! A download in progress: it is written to a part file next to its target, which replaces the
//! target at the end.
//!
//! Until then an existing file stays as it was, and the bytes of an interrupted transfer cannot be
//! mistaken for the whole file.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File, OpenOptions};
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

    /// Creates the destination of a file with a part file that belongs to exactly this content,
    /// which `key` identifies. A link is replaced, and not followed.
    pub fn keyed(local: &Path, key: Key) -> Self {
        let name = local.file_name().unwrap_or_default();
        Self { path: local.to_owned(), part: Some(local.with_file_name(key.name_for(name))) }
    }

    /// Returns the length of the part file, if there is one.
    pub fn part_len(&self) -> Option<u64> {
        let part = self.part.as_ref().and_then(|part| fs::symlink_metadata(part).ok());
        part.filter(fs::Metadata::is_file).map(|found| found.len())
    }

    /// Returns the file to write to.
    pub fn part_path(&self) -> &Path {
        self.part.as_ref().unwrap_or(&self.path)
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
    suffixed(name, &format!(".{:016x}{SUFFIX}", hash(&[name.as_encoded_bytes()])))
}

/// Appends a suffix to a name, which is shortened if both are too long.
fn suffixed(name: &OsStr, suffix: &str) -> OsString {
    let mut part = name.to_owned();
    if name.len() + suffix.len() > LONGEST_NAME {
        part = name.to_string_lossy().chars().take(40).collect::<String>().into();
    }
    part.push(suffix);
    part
}

/// Computes the FNV-1a hash of these pieces and of their lengths, which is the same everywhere and
/// forever.
fn hash(pieces: &[&[u8]]) -> u64 {
    let lengths = pieces.iter().map(|piece| piece.len() as u64).flat_map(u64::to_le_bytes);
    let bytes = pieces.iter().flat_map(|piece| piece.iter().copied());
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    bytes.chain(lengths).fold(0xcbf2_9ce4_8422_2325, step)
}

/// Identifies the content of a file by its name, size and time, so that a part file is continued
/// only with the same content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key(u64);

impl Key {
    /// The suffix of the names of part files with a key.
    const SUFFIX: &str = ".ftp-part";
    /// Creates the key of a file with this path, size in bytes and time in seconds.
    pub fn new(path: &[u8], size: u64, seconds: i64) -> Self {
        Self(hash(&[path, &size.to_le_bytes(), &seconds.to_le_bytes()]))
    }

    /// Returns the name of the part file of a file of this name.
    pub fn name_for(self, name: &OsStr) -> OsString {
        suffixed(name, &format!(".{:016x}{}", self.0, Self::SUFFIX))
    }

    /// Like [`name_for`](Self::name_for), for the last name of a path on a server.
    pub fn path_for(self, path: &[u8]) -> Vec<u8> {
        let at = path.iter().rposition(|byte| *byte == b'/').map_or(0, |slash| slash + 1);
        let (directory, name) = path.split_at(at);
        let suffix = format!(".{:016x}{}", self.0, Self::SUFFIX);
        match name.len() + suffix.len() > LONGEST_NAME {
            true => [directory, b"long-name", suffix.as_bytes()].concat(),
            false => [path, suffix.as_bytes()].concat(),
        }
    }

    /// Returns the path of the file that a part file is of, unless its name was shortened.
    pub fn file_of(part: &[u8]) -> &[u8] {
        &part[..part.len().saturating_sub(17 + Self::SUFFIX.len())]
    }

    /// Returns whether this is the name of such a part file.
    pub fn is_part(name: &[u8]) -> bool {
        let hash = name.strip_suffix(Self::SUFFIX.as_bytes()).and_then(|name| name.last_chunk::<17>());
        let digit = |byte: &u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte);
        hash.is_some_and(|hash| hash[0] == b'.' && hash[1..].iter().all(digit))
    }
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

    #[test]
    fn a_part_belongs_to_a_path_a_size_and_a_time() {
        let key = Key::new(b"d/file", 1, 2);
        for other in [Key::new(b"d/fil", 1, 2), Key::new(b"d/file", 2, 2), Key::new(b"d/file", 1, 1)] {
            assert_ne!(key, other);
        }
        // Later versions have to find the files of this one.
        assert_eq!(key.name_for("file".as_ref()), "file.55c47744ffee9487.ftp-part");
        assert_eq!(key.path_for(b"d/file"), b"d/file.55c47744ffee9487.ftp-part");
        let long = [b"d/", &[b'n'; 255][..]].concat();
        for part in [key.path_for(b"d/file"), key.path_for(b"file"), key.path_for(&long)] {
            let name = part.rsplit(|byte| *byte == b'/').next().unwrap();
            assert!(Key::is_part(name) && name.len() <= LONGEST_NAME);
        }
        assert_eq!(Key::file_of(&key.path_for(b"d/file")), b"d/file");
        for name in ["file", ".ftp-part", "0123456789abcdef.ftp-part", ".0123456789abcdeF.ftp-part"] {
            assert!(!Key::is_part(name.as_bytes()), "{name}");
        }
    }
}
