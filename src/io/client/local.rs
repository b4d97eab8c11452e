//! Conversion of a server's file names to local ones.
//!
//! A server may call a file `../.profile`, and many clients have written it to that place
//! (CVE-2014-4877, CVE-2018-10916, CVE-2019-6110). A name is accepted as a local name only if it is
//! a single, ordinary component.

use ::std::ffi::OsString;
use ::std::path::{Path, PathBuf};

use crate::codec::UnsafeName;
use crate::io::client::Listed;
use crate::listing::Entry;

/// Returns the local name of a file on the server: always one component of a path. On Unix its
/// bytes are the same; elsewhere, bytes that are not UTF-8 are replaced, so that two names may
/// become one.
///
/// ```
/// use ftp_proto::codec::UnsafeName;
/// use ftp_proto::io::local_name;
///
/// assert_eq!(local_name(b"notes.txt")?, "notes.txt");
/// assert_eq!(local_name(b".."), Err(UnsafeName::Directory));
/// assert_eq!(local_name(b"/etc/passwd"), Err(UnsafeName::Separator));
/// # Ok::<(), UnsafeName>(())
/// ```
///
/// # Errors
/// Those of [`safe_name`](crate::codec::safe_name), but on Unix a name that is harmless there is
/// accepted. To write to a Windows file system from Unix, use
/// [`safe_name`](crate::codec::safe_name) itself.
pub fn local_name(name: impl AsRef<[u8]>) -> Result<OsString, UnsafeName> {
    #[cfg(unix)]
    {
        use ::std::os::unix::ffi::OsStringExt;
        crate::codec::pathname::safe_name_on_unix(name.as_ref()).map(|name| OsString::from_vec(name.to_vec()))
    }
    #[cfg(not(unix))]
    {
        crate::codec::safe_name(name.as_ref()).map(|name| String::from_utf8_lossy(name).into_owned().into())
    }
}

impl Listed {
    /// Returns the local path of this directory below `root`, the local directory that corresponds
    /// to the root of the walk. Each name along the path is checked by [`local_name`].
    ///
    /// Only names are checked: a link that already exists below `root` is not noticed.
    ///
    /// # Errors
    /// Returns the reason why a name along the path is unsafe.
    pub fn local_path(&self, root: impl AsRef<Path>) -> Result<PathBuf, UnsafeName> {
        let mut path = root.as_ref().to_owned();
        for name in self.below_root.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            path.push(local_name(name)?);
        }
        Ok(path)
    }

    /// Returns the local path of an entry of the directory, like [`local_path`](Self::local_path).
    /// If the server lists whole paths, only the last component is used ([`Entry::file_name`]).
    ///
    /// # Errors
    /// Those of [`local_path`](Self::local_path), which also apply to the name of the entry.
    pub fn local_path_of(&self, root: impl AsRef<Path>, entry: &Entry<'_>) -> Result<PathBuf, UnsafeName> {
        let mut path = self.local_path(root)?;
        path.push(local_name(entry.file_name().as_bytes())?);
        Ok(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::{Clock, Format};

    #[test]
    fn what_a_server_lists_comes_to_lie_below_the_root_or_nowhere() {
        let root = Path::new("mirror");
        for (below_root, name, expected) in [
            ("", "a", Ok("mirror/a")),
            ("d/e", "a b", Ok("mirror/d/e/a b")),
            ("/d//e/", "a", Ok("mirror/d/e/a")),
            ("", "..", Err(UnsafeName::Directory)),
            // Some servers list whole paths.
            ("", "/etc/passwd", Ok("mirror/passwd")),
            ("", "/etc/..", Err(UnsafeName::Directory)),
            ("", "a\x1b", Err(UnsafeName::Control)),
            ("d/../..", "a", Err(UnsafeName::Directory)),
            ("d/.", "a", Err(UnsafeName::Directory)),
        ] {
            let listed = Listed { below_root: below_root.into(), ..Listed::default() };
            let line = format!("type=file; {name}");
            let entry = Format::Mlsd.parse_line(line.as_bytes(), &Clock::UNKNOWN).unwrap().unwrap();
            assert_eq!(
                listed.local_path_of(root, &entry),
                expected.map(PathBuf::from),
                "{below_root} {name}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_name_keeps_its_bytes() {
        use ::std::os::unix::ffi::OsStrExt;
        for name in [&b"gr\xfc\xdfe"[..], b"aux.c", b"12:30.log", b" ", b"a\\b", b"..\\x", b"\x83\x5c"] {
            assert_eq!(local_name(name).unwrap().as_bytes(), name);
        }
        for name in [&b"a\x1b"[..], b"a\x7f", b"a\tb", b".", b"..", b"", b"a/b"] {
            assert!(local_name(name).is_err());
        }
    }
}
