//! Opens files of a directory on disk for uploads.

use ::std::fs;
use ::std::io::{self, Seek, SeekFrom};
use ::std::path::Path;
use ::std::sync::Arc;
use ::std::vec::Vec;

use cap_std::fs::OpenOptions;

use super::{DEFAULT_UNIQUE_NAME, Directory, DiskFile, Made, local, new_file, refusal, unique_endings};
use crate::io::host::{Opened, Refusal, VirtualPath, Wishes};

impl Directory {
    pub(super) fn write_from(
        &self,
        path: VirtualPath<'_>,
        offset: u64,
        wishes: &Wishes,
    ) -> Result<Opened<DiskFile>, Refusal> {
        let path = self.uploaded(path)?;
        if self.atomic_uploads {
            return self.replace_from(path, offset, wishes);
        }
        let mut options = new_file(wishes);
        options.write(true);
        let (mut file, length, made) = self.open_upload(path, options, offset == 0)?;
        if offset > length {
            return Err(Refusal::BadOffset);
        }
        if offset > 0 {
            file.seek(SeekFrom::Start(offset)).map_err(|error| refusal(&error))?;
        }
        // The file is not opened with `truncate`: its content stays until the upload begins.
        let length = Some(offset).filter(|offset| *offset < length);
        self.upload(DiskFile::writing(file, length, made), path)
    }

    pub(super) fn append(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<Opened<DiskFile>, Refusal> {
        let path = self.uploaded(path)?;
        let mut options = new_file(wishes);
        options.append(true);
        let (file, _, made) = self.open_upload(path, options, true)?;
        self.upload(DiskFile::appending(file, made), path)
    }

    /// Opens a regular file for writing. If there is none and `create` is `true`, creates it.
    pub(super) fn open_upload(
        &self,
        path: &Path,
        mut options: OpenOptions,
        create: bool,
    ) -> Result<(fs::File, u64, Option<Made>), Refusal> {
        match self.open_regular(path, options.clone()) {
            Err(Refusal::NotFound) if create => {}
            opened => return opened.map(|(file, length)| (file, length, None)),
        }
        match self.root.open_with(path, options.clone().create_new(true)) {
            Ok(file) => {
                let made = self.made(path, &file)?;
                Ok((file.into_std(), 0, Some(made)))
            }
            // The path is a dangling link, or another process was faster.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                options.create(true);
                self.open_regular(path, options).map(|(file, length)| (file, length, None))
            }
            Err(error) => Err(refusal(&error)),
        }
    }

    /// Describes a file that has just been created.
    pub(super) fn made(&self, path: &Path, file: &cap_std::fs::File) -> Result<Made, Refusal> {
        let what = file.metadata().map_err(|error| refusal(&error))?;
        Ok(Made { root: Arc::clone(&self.root), path: path.to_owned(), what, begun: false })
    }

    pub(super) fn write_unique(
        &self,
        path: VirtualPath<'_>,
        wishes: &Wishes,
    ) -> Result<Opened<DiskFile>, Refusal> {
        if !self.writable {
            return Err(Refusal::Denied);
        }
        let is_directory = self.root.metadata(local(path.as_bytes())?).is_ok_and(|found| found.is_dir());
        let requested = path.file_name().filter(|_| !is_directory);
        let name = requested.unwrap_or(DEFAULT_UNIQUE_NAME);
        // Part of the path before the name: either all of it, or all but its last component.
        let before = path.as_bytes().len() - requested.map_or(0, <[u8]>::len);
        let mut candidate = Vec::from(&path.as_bytes()[..before]);
        if !candidate.ends_with(b"/") {
            candidate.push(b'/');
        }
        let start = candidate.len();
        for ending in unique_endings() {
            candidate.truncate(start);
            candidate.extend_from_slice(name);
            candidate.extend_from_slice(ending.as_bytes());
            let path = local(&candidate)?;
            let mut options = new_file(wishes);
            options.write(true).create_new(true);
            match self.root.open_with(path, &options) {
                Ok(file) => {
                    let made = self.made(path, &file)?;
                    let mut opened = if self.atomic_uploads {
                        self.replace_made(path, made, wishes)?
                    } else {
                        self.upload(DiskFile::writing(file.into_std(), None, Some(made)), path)?
                    };
                    opened.unique_name = Some(candidate.split_off(start));
                    return Ok(opened);
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(refusal(&error)),
            }
        }
        Err(Refusal::Exists)
    }

    /// Returns the path of a file to be written. Reports the root as a directory, unless the
    /// directory is read-only.
    pub(super) fn uploaded<'a>(&self, path: VirtualPath<'a>) -> Result<&'a Path, Refusal> {
        match path.file_name() {
            None if self.writable => Err(Refusal::IsADirectory),
            _ => self.changed(path),
        }
    }

    pub(super) fn upload(&self, file: DiskFile, path: &Path) -> Result<Opened<DiskFile>, Refusal> {
        let file = if self.sync_on_finish {
            // The parent is opened now, since it may be renamed before the upload is over.
            let parent = if cfg!(unix) { Some(self.open_parent(path)?) } else { None };
            file.synced(parent)
        } else {
            file
        };
        Ok(Opened { file, size: None, unique_name: None })
    }

    pub(super) fn open_parent(&self, path: &Path) -> Result<fs::File, Refusal> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let opened = self.root.open(parent.unwrap_or(Path::new(".")));
        opened.map(cap_std::fs::File::into_std).map_err(|error| refusal(&error))
    }
}
