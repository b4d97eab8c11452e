//! A directory of a test's own, and what is asked of it again and again.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use ftp_proto::io::{Access, Directory, DirectoryEntries, File, Opened, Refusal, VirtualPath};
use ftp_proto::listing::{Entry, OwnedEntry};

pub(crate) const READ: Access = Access::Read { offset: 0 };
pub(crate) const WRITE: Access = Access::Write { offset: 0 };

/// A directory of this test alone, removed after it. The root is one level down, so that there is an
/// outside too.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("ftp-proto-disk-{}-{number}", std::process::id()));
        fs::create_dir_all(path.join("root")).unwrap();
        fs::write(path.join("secret"), "outside").unwrap();
        Self(path)
    }

    pub(crate) fn outside(&self) -> &Path {
        &self.0
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.join("root").join(name)
    }

    pub(crate) fn file(&self, name: &str, content: &str) -> &Self {
        fs::write(self.at(name), content).unwrap();
        self
    }

    pub(crate) fn directory(&self, name: &str) -> &Self {
        fs::create_dir(self.at(name)).unwrap();
        self
    }

    pub(crate) fn link(&self, name: &str, target: impl AsRef<Path>) -> &Self {
        symlink(target, self.at(name)).unwrap();
        self
    }

    pub(crate) fn content(&self, name: &str) -> String {
        fs::read_to_string(self.at(name)).unwrap()
    }

    pub(crate) fn read_only(&self) -> Directory {
        Directory::open(self.0.join("root")).unwrap()
    }

    pub(crate) fn writable(&self) -> Directory {
        self.read_only().writable()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn path(text: &(impl AsRef<[u8]> + ?Sized)) -> VirtualPath<'_> {
    VirtualPath::parse(text.as_ref()).unwrap()
}

pub(crate) fn refused<T>(result: Result<T, Refusal>) -> Option<Refusal> {
    result.err()
}

pub(crate) fn read_all(mut opened: Opened<impl File>) -> Vec<u8> {
    let (mut content, mut buffer) = (Vec::new(), [0; 7]);
    loop {
        match opened.file.read(&mut buffer).unwrap() {
            0 => return content,
            read => content.extend_from_slice(&buffer[..read]),
        }
    }
}

pub(crate) fn write_all(mut opened: Opened<impl File>, mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let written = opened.file.write(bytes).unwrap();
        bytes = &bytes[written..];
    }
    opened.file.finish().unwrap();
}

pub(crate) fn whole(mut entries: impl DirectoryEntries) -> Vec<OwnedEntry> {
    let mut all = Vec::new();
    for _ in 0..10_000 {
        if !entries.next_entries(&mut |entry| all.push(Entry::to_owned(entry))).unwrap() {
            return all;
        }
    }
    panic!("more calls than any directory here needs");
}

pub(crate) fn names(entries: impl DirectoryEntries) -> Vec<Vec<u8>> {
    let mut names: Vec<_> =
        whole(entries).iter().map(|entry| entry.entry().name.as_bytes().to_vec()).collect();
    names.sort();
    names
}
