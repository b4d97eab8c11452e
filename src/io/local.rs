//! What a server calls its files, as names of files here.
//!
//! A server may call a file `../.profile`, and many clients have written it there (CVE-2014-4877, CVE-2018-10916,
//! CVE-2019-6110). A name becomes a local one only if it is a single, plain component.

use ::std::ffi::OsString;
use ::std::path::{Path, PathBuf};

use super::client::Listed;
use crate::codec::UnsafeName;
use crate::listing::Entry;

/// What a file of a server's may be called on this system: one component of a path, never more. On Unix the same
/// bytes; elsewhere bytes that are not UTF-8 are replaced, so that two names may become one.
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
/// As [`safe_name`](crate::codec::safe_name); what is harmless on Unix is let pass there. Whoever writes to a file
/// system of Windows' from Unix wants [`safe_name`](crate::codec::safe_name) itself.
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
    /// Where this directory of the server's belongs below `root`, a directory here to which the root of the walk
    /// corresponds. Each name on the way is held against [`local_name`].
    ///
    /// Only names are looked at: a link that stands below `root` already is not seen.
    ///
    /// # Errors
    /// Why a name on the way is none to use here.
    pub fn local_path(&self, root: impl AsRef<Path>) -> Result<PathBuf, UnsafeName> {
        let mut path = root.as_ref().to_owned();
        for name in self.below_root.split(|byte| *byte == b'/').filter(|name| !name.is_empty()) {
            path.push(local_name(name)?);
        }
        Ok(path)
    }

    /// As [`local_path`](Self::local_path), for one of the directory's entries: for the last name in it, where
    /// the server lists whole paths ([`Entry::file_name`]).
    ///
    /// # Errors
    /// As [`local_path`](Self::local_path), of the entry's name too.
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
            // Some list whole paths.
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
