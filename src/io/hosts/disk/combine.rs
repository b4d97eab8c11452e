//! Combines files (COMB).

use ::std::fs::File;
use ::std::io::{self, Seek, SeekFrom};
use ::std::path::Path;
use ::std::vec::Vec;

use cap_std::fs::OpenOptions;

use super::refusal::refusal;
use super::{Directory, new_file, same_name};
use crate::io::host::{Refusal, Wishes};

/// Appends `parts` to the file at `target`, and removes them.
pub(super) fn combine(directory: &Directory, target: &Path, parts: &[&Path]) -> Result<(), Refusal> {
    let has_duplicates =
        parts.iter().enumerate().any(|(n, part)| parts.iter().take(n).any(|other| same_name(other, part)));
    if has_duplicates || parts.iter().any(|part| same_name(part, target)) {
        return Err(Refusal::BadName);
    }
    let mut options = OpenOptions::new();
    options.read(true);
    let opened = parts.iter().map(|part| directory.open_regular(part, options.clone()));
    let opened = opened.collect::<Result<Vec<_>, _>>()?;
    let is_new = directory.root.symlink_metadata(target).is_err();
    let mut options = new_file(&Wishes::default());
    options.write(true).create(true);
    let (mut file, length) = directory.open_regular(target, options)?;
    // A part that is the target under another name would grow while it is read.
    if opened.iter().any(|(part, _)| is_same(part, &file)) {
        return Err(Refusal::BadName);
    }
    if let Err(error) = append(&mut file, opened) {
        let undone = if is_new { directory.root.remove_file(target) } else { file.set_len(length) };
        return Err(undone.err().map_or(refusal(&error), |error| refusal(&error)));
    }
    if directory.sync_on_finish {
        file.sync_all().map_err(|error| refusal(&error))?;
    }
    for part in parts {
        directory.root.remove_file(part).map_err(|error| refusal(&error))?;
    }
    Ok(())
}

/// Appends each part up to its length when it was opened, so that none is read forever.
fn append(file: &mut File, parts: Vec<(File, u64)>) -> io::Result<()> {
    use io::Read;
    file.seek(SeekFrom::End(0))?;
    for (part, length) in parts {
        if io::copy(&mut part.take(length), file)? < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(())
}

#[cfg(unix)]
fn is_same(a: &File, b: &File) -> bool {
    use ::std::os::unix::fs::MetadataExt;
    match (a.metadata(), b.metadata()) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => true,
    }
}

/// Returns `false`: only the names are known on these systems, and they have already been compared.
#[cfg(not(unix))]
fn is_same(_: &File, _: &File) -> bool {
    false
}
