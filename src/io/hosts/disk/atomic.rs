//! Uploads to a temporary file, which replaces the target in one step when the upload is complete.

use ::std::ffi::{OsStr, OsString};
use ::std::format;
use ::std::fs;
use ::std::hash::{BuildHasher, Hasher, RandomState};
use ::std::io::{self, Read};
use ::std::path::{Path, PathBuf};
use ::std::string::String;

use cap_std::fs::{Dir, OpenOptions};

use super::file::{DiskFile, Made};
use super::refusal::refusal;
use super::{Directory, RANDOM_NAMES, new_file};
use crate::io::host::{Opened, Refusal, Wishes};

/// Prefix of the names of temporary files, followed by sixteen hexadecimal digits. The target's
/// name is not included, since it may already have the maximum length.
const PREFIX: &str = ".ftp-proto-upload-";
const DIGITS: usize = 16;

/// Number of bytes of the old file copied per call: few enough that an abandoned session ends soon.
const PIECE: u64 = 8 << 20;

/// Returns whether `name` is the name of a temporary file.
pub(super) fn is_temporary(name: &[u8]) -> bool {
    name.strip_prefix(PREFIX.as_bytes())
        .is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit))
}

/// A temporary file, removed on drop unless it has replaced its target.
#[derive(Debug)]
pub(super) struct Replacement {
    parent: Dir,
    temporary: String,
    target: OsString,
    /// The empty file that reserves the target's name, for an upload under a unique name.
    placeholder: Option<Made>,
    /// The old file, and the number of bytes still to be copied from it.
    kept: Option<(fs::File, u64)>,
    placed: bool,
}

impl Replacement {
    /// Creates the temporary file in the directory of its target.
    fn create(parent: Dir, target: &OsStr, wishes: &Wishes) -> io::Result<(Self, fs::File)> {
        let mut options: OpenOptions = new_file(wishes);
        options.write(true).create_new(true);
        let mut tries = 0..RANDOM_NAMES;
        loop {
            let temporary = format!("{PREFIX}{:0DIGITS$x}", RandomState::new().build_hasher().finish());
            match parent.open_with(&temporary, &options) {
                Ok(file) => {
                    let target = target.to_owned();
                    let made =
                        Self { parent, temporary, target, placeholder: None, kept: None, placed: false };
                    return Ok((made, file.into_std()));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries.next().is_some() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Copies the next piece of the old file's kept part to the new one. Fails with `Interrupted`
    /// while there is more. The standard library lets the kernel copy where it can.
    pub(super) fn copy_piece(&mut self, mut to: &fs::File) -> io::Result<()> {
        let Some((old, left)) = &mut self.kept else { return Ok(()) };
        if *left > 0 {
            let copied = io::copy(&mut (&*old).take(PIECE.min(*left)), &mut to)?;
            if copied == 0 {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the file shrank during the transfer",
                ));
            }
            *left -= copied.min(*left);
        }
        if *left > 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.kept = None;
        Ok(())
    }

    /// Renames the temporary file to its target.
    pub(super) fn place(mut self) -> io::Result<()> {
        self.parent.rename(&self.temporary, &self.parent, &self.target)?;
        self.placed = true;
        if let Some(placeholder) = &mut self.placeholder {
            placeholder.begun = true;
        }
        Ok(())
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.placed {
            let _ = self.parent.remove_file(&self.temporary);
        }
    }
}

impl Directory {
    /// Implements `write_from` with a temporary file.
    pub(super) fn replace_from(
        &self,
        path: &Path,
        offset: u64,
        wishes: &Wishes,
    ) -> Result<Opened<DiskFile>, Refusal> {
        // A file that may not be written in place may not be replaced either.
        let mut options = OpenOptions::new();
        options.read(offset > 0).write(true);
        let old = match self.open_regular(path, options) {
            Err(Refusal::NotFound) if offset == 0 => None,
            opened => Some(opened?),
        };
        if old.as_ref().is_some_and(|(_, length)| offset > *length) {
            return Err(Refusal::BadOffset);
        }
        let (mut replacement, file, at) = self.replacement(path, wishes)?;
        if let Some((old, _)) = old {
            like(&file, &old).map_err(|error| refusal(&error))?;
            replacement.kept = Some((old, offset));
        }
        self.upload(DiskFile::replacing(file, replacement), &at)
    }

    /// Like [`replace_from`](Self::replace_from), for a target reserved by an empty file.
    pub(super) fn replace_made(
        &self,
        path: &Path,
        made: Made,
        wishes: &Wishes,
    ) -> Result<Opened<DiskFile>, Refusal> {
        let (mut replacement, file, at) = self.replacement(path, wishes)?;
        replacement.placeholder = Some(made);
        self.upload(DiskFile::replacing(file, replacement), &at)
    }

    /// Creates a temporary file for `path`. Also returns the path of its target: if `path` is a
    /// symbolic link, the link stays and the file that it points to is replaced.
    fn replacement(&self, path: &Path, wishes: &Wishes) -> Result<(Replacement, fs::File, PathBuf), Refusal> {
        let is_link = self.root.symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        let followed = if is_link { self.root.canonicalize(path).ok() } else { None };
        let at = followed.unwrap_or_else(|| path.to_owned());
        let parent = at.parent().filter(|parent| !parent.as_os_str().is_empty());
        let name = at.file_name().ok_or(Refusal::BadName)?;
        let made = self
            .root
            .open_dir(parent.unwrap_or(Path::new(".")))
            .and_then(|parent| Replacement::create(parent, name, wishes));
        let (replacement, file) = made.map_err(|error| refusal(&error))?;
        Ok((replacement, file, at))
    }
}

/// Copies the permissions of the old file.
#[cfg(unix)]
fn like(file: &fs::File, old: &fs::File) -> io::Result<()> {
    use ::std::os::unix::fs::PermissionsExt;
    let mode = old.metadata()?.permissions().mode() & 0o777;
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn like(_: &fs::File, _: &fs::File) -> io::Result<()> {
    Ok(())
}
