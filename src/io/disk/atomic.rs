//! Uploads that take the place of a file at their end, all at once.

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

/// How the names of temporary files begin: sixteen hexadecimal digits follow. Nothing of the name of the file is in
/// it, which may be as long as a name can be.
const PREFIX: &str = ".ftp-proto-upload-";
const DIGITS: usize = 16;

/// How much of the old file is copied by one call: little enough that a session which was given up ends soon.
const PIECE: u64 = 8 << 20;

/// Whether a name is that of a temporary file.
pub(super) fn is_temporary(name: &[u8]) -> bool {
    name.strip_prefix(PREFIX.as_bytes())
        .is_some_and(|digits| digits.len() == DIGITS && digits.iter().all(u8::is_ascii_hexdigit))
}

/// A temporary file, removed unless it takes its place.
#[derive(Debug)]
pub(super) struct Replacement {
    parent: Dir,
    temporary: String,
    target: OsString,
    /// What holds the target's name until then, of an upload under a unique name.
    placeholder: Option<Made>,
    /// The old file, and how many of its bytes are still to be copied.
    kept: Option<(fs::File, u64)>,
    placed: bool,
}

impl Replacement {
    /// Makes the file, in the directory of the one that it is to replace.
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

    /// Copies what is kept of the old file to the beginning of the new one, a piece at a time: `Interrupted` as long
    /// as there is more. The standard library has the kernel copy where it can.
    pub(super) fn copy_piece(&mut self, mut to: &fs::File) -> io::Result<()> {
        let Some((old, left)) = &mut self.kept else { return Ok(()) };
        if *left > 0 {
            let copied = io::copy(&mut (&*old).take(PIECE.min(*left)), &mut to)?;
            if copied == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the file has become shorter"));
            }
            *left -= copied.min(*left);
        }
        if *left > 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        self.kept = None;
        Ok(())
    }

    /// Takes the place of the old file.
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
    /// As `write_from`, to a temporary file.
    pub(super) fn replace_from(
        &self,
        path: &Path,
        offset: u64,
        wishes: &Wishes,
    ) -> Result<Opened<DiskFile>, Refusal> {
        // What may not be written in place is not replaced either.
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

    /// As [`replace_from`](Self::replace_from), in the place of an empty file that holds its name.
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

    /// A temporary file that is to be at `path`, and where that is: a link to a file stays, and what it leads to is
    /// replaced.
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

/// Who may do what with the file stays as it was.
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
