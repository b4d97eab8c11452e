//! Compares where a session is with where it should be, so that a recursive operation never acts on another directory.

/// A directory as PWD named it, and the names of those below it.
///
/// The paths of what is below are made in the server's own separator, as far as the directory's path shows it: `/`,
/// `\`, VMS's `DISK:[A.B]` or MVS's `'HLQ.'`.
///
/// ```
/// use ftp_proto::client::Location;
///
/// let base = Location::new(b"/pub");
/// assert!(base.is_above(&[b"docs", b"2024"], b"/pub/docs/2024"));
/// assert!(!base.is_above(&[b"docs"], b"/home/me"), "the server went somewhere else");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Location<'a> {
    base: &'a [u8],
}

/// How the names below a directory are written: behind `stem`, each behind `separator`, and then `end`.
struct Form<'a> {
    stem: &'a [u8],
    separator: u8,
    end: &'static [u8],
}

impl<'a> Location<'a> {
    /// The directory that PWD calls `base`.
    #[must_use]
    pub const fn new(base: &'a [u8]) -> Self {
        Self { base }
    }

    fn form(&self) -> Option<Form<'a>> {
        let base = self.base;
        let (stem, separator, end) = if let Some(stem) = base.strip_suffix(b"]") {
            (stem, b'.', &b"]"[..])
        } else if let (b"'", Some(stem)) = (base.get(..1)?, base.strip_suffix(b".'")) {
            (stem, b'.', &b".'"[..])
        } else {
            let separator = memchr::memchr(b'/', base).map(|_| b'/');
            let separator = separator.or_else(|| memchr::memchr(b'\\', base).map(|_| b'\\'))?;
            (base.strip_suffix(&[separator]).unwrap_or(base), separator, &b""[..])
        };
        Some(Form { stem, separator, end })
    }

    /// Returns whether `path` is that of the directory which lies below this one behind `names`. Where it cannot be
    /// told, since a name holds the separator or the server's paths are of an unknown form, it is not.
    #[must_use]
    pub fn is_above(&self, names: &[&[u8]], path: &[u8]) -> bool {
        if names.is_empty() {
            return !path.is_empty() && path == self.base;
        }
        let Some(Form { stem, separator, end }) = self.form() else { return false };
        let below = names.iter().try_fold(path.strip_prefix(stem), |rest, name| {
            let plain = !name.is_empty() && memchr::memchr(separator, name).is_none();
            let rest = rest.and_then(|rest| rest.strip_prefix(&[separator])?.strip_prefix(*name));
            plain.then_some(rest)
        });
        below.flatten() == Some(end)
    }

    /// Returns the path of the directory behind `names`; nothing where [`is_above`](Self::is_above) could not confirm
    /// it.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn path(&self, names: &[&[u8]]) -> Option<alloc::vec::Vec<u8>> {
        if names.is_empty() {
            return Some(self.base.to_vec());
        }
        let Form { stem, separator, end } = self.form()?;
        let mut path = stem.to_vec();
        for name in names {
            path.push(separator);
            path.extend_from_slice(name);
        }
        path.extend_from_slice(end);
        self.is_above(names, &path).then_some(path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_below_is_the_base_and_the_names_in_the_servers_separator() {
        for (base, names, path, expected) in [
            ("/", &["a"][..], "/a", true),
            ("/pub", &["a", "b c"], "/pub/a/b c", true),
            ("/pub/", &["a"], "/pub/a", true),
            ("/pub", &[], "/pub", true),
            ("/pub", &[], "/", false),
            ("", &[], "", false),
            ("/pub", &["~"], "/home/me", false),
            ("/home/me", &["~"], "/home/me", false),
            ("/home/me", &["~"], "/home/me/~", true),
            ("/pub", &["a"], "/public/a", false),
            ("/pub", &["a"], "/puba", false),
            ("/pub", &["a "], "/pub/a", false),
            ("/pub", &["a"], "/pub/a/", false),
            ("/pub", &["a"], "/pub/a/b", false),
            ("/pub", &["a/b"], "/pub/a/b", false),
            ("/pub", &[""], "/pub/", false),
            ("C:\\", &["a"], "C:\\a", true),
            ("C:\\x", &["a", "b"], "C:\\x\\a\\b", true),
            ("C:\\x", &["a\\b"], "C:\\x\\a\\b", false),
            ("/x", &["a\\b"], "/x/a\\b", true),
            ("DISK:[A]", &["B"], "DISK:[A.B]", true),
            ("DISK:[A]", &["B.C"], "DISK:[A.B.C]", false),
            ("DISK:[A]", &["B"], "DISK:[B]", false),
            ("'HLQ.'", &["B"], "'HLQ.B.'", true),
            ("nonsense", &["B"], "nonsense/B", false),
        ] {
            let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
            let location = Location::new(base.as_bytes());
            assert_eq!(location.is_above(&names, path.as_bytes()), expected, "{base} {names:?} {path}");
            if expected && !base.ends_with("b/") {
                assert_eq!(location.path(&names).as_deref(), Some(path.as_bytes()));
            }
        }
    }
}
