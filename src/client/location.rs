//! Checks that a session is in the expected directory, so that a recursive operation never acts on
//! another one.

use crate::codec::Quoted;

/// A directory as PWD reported it, for comparison with the paths below it.
///
/// Paths below it are written with the server's own separator, as far as the directory's path shows
/// it: `/`, `\`, VMS's `DISK:[A.B]` or MVS's `'HLQ.'`.
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

/// The form of paths below a directory: `stem`, then each name after a `separator`, then `end`.
struct Form<'a> {
    stem: &'a [u8],
    separator: u8,
    end: &'static [u8],
}

impl<'a> Location<'a> {
    /// Creates the location of the directory that PWD reports as `base`.
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

    /// Returns whether `path` is the path of the directory reached from this one by `names`.
    /// Returns `false` if that cannot be determined, because a name contains the separator or the
    /// server's paths have an unknown form.
    #[must_use]
    pub fn is_above(&self, names: &[&[u8]], path: &[u8]) -> bool {
        !path.is_empty() && self.strip(names, path).is_some_and(<[u8]>::is_empty)
    }

    /// Returns whether the text of PWD's 257 names the directory reached from this one by `names`.
    ///
    /// Servers double quotes in a path (RFC 959 appendix II) or leave them single (GNU ftpd): both
    /// are accepted, since the path is known beforehand.
    #[must_use]
    pub fn is_confirmed_by(&self, names: &[&[u8]], text: &[u8]) -> bool {
        let quoted = Quoted::parse(text).is_ok_and(|quoted| match quoted.as_plain() {
            Some(path) => self.is_above(names, path),
            None => self.is_spelled_by(names, quoted),
        });
        let opened = memchr::memchr(b'"', text).and_then(|at| text.get(at + 1..));
        let closed = opened.and_then(|opened| self.strip(names, opened)?.strip_prefix(b"\""));
        quoted || closed.is_some_and(|after| after.first() != Some(&b'"'))
    }

    /// Returns whether the text of PWD's 257 clearly names a directory other than the one reached
    /// from this one by `names`.
    ///
    /// Returns `false` if the path in the text cannot be read. If the form of the expected path
    /// cannot be determined, only the path of this directory itself counts as another one.
    #[must_use]
    pub fn is_contradicted_by(&self, names: &[&[u8]], text: &[u8]) -> bool {
        let Some(quoted) = Quoted::parse(text).ok().filter(|quoted| !quoted.raw().is_empty()) else {
            return false;
        };
        if self.is_confirmed_by(names, text) {
            return false;
        }
        let plain = |form: &Form<'_>| {
            names.iter().all(|name| !name.is_empty() && memchr::memchr(form.separator, name).is_none())
        };
        let can_be_told = names.is_empty() || self.form().is_some_and(|form| plain(&form));
        can_be_told || quoted.bytes().eq(self.base.iter().copied())
    }

    /// Returns whether `path` is this directory or something below it.
    #[must_use]
    pub fn contains(&self, path: &[u8]) -> bool {
        if path == self.base {
            return true;
        }
        let Some(Form { stem, separator, .. }) = self.form() else { return false };
        path.strip_prefix(stem).is_some_and(|rest| rest.first().is_none_or(|next| *next == separator))
    }

    /// Like [`is_above`](Self::is_above), for a path in which quotes are doubled.
    fn is_spelled_by(&self, names: &[&[u8]], quoted: Quoted<'_>) -> bool {
        if names.is_empty() {
            return quoted.bytes().eq(self.base.iter().copied());
        }
        let Some(Form { stem, separator, end }) = self.form() else { return false };
        let plain = |name: &&[u8]| !name.is_empty() && memchr::memchr(separator, name).is_none();
        let below = names.iter().flat_map(|name| core::iter::once(separator).chain(name.iter().copied()));
        let path = stem.iter().copied().chain(below).chain(end.iter().copied());
        names.iter().all(plain) && quoted.bytes().eq(path)
    }

    /// Returns the rest of `text` after the path of the directory reached by `names`, if `text`
    /// begins with that path.
    fn strip<'t>(&self, names: &[&[u8]], text: &'t [u8]) -> Option<&'t [u8]> {
        if names.is_empty() {
            return text.strip_prefix(self.base);
        }
        let Form { stem, separator, end } = self.form()?;
        let behind = names.iter().try_fold(text.strip_prefix(stem)?, |rest, name| {
            let plain = !name.is_empty() && memchr::memchr(separator, name).is_none();
            rest.strip_prefix(&[separator])?.strip_prefix(*name).filter(|_| plain)
        });
        behind?.strip_prefix(end)
    }

    /// Returns the path of the directory reached by `names`; `None` if [`is_above`](Self::is_above)
    /// could not confirm it.
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

    #[test]
    fn a_257_confirms_a_path_with_quotes_doubled_or_not() {
        for (names, text, expected) in [
            (&["a"][..], "\"/x/a\" is the current directory", true),
            (&["a"], "\"/x/a\"", true),
            (&["a"], "/x/a is it", true),
            (&["a"], "\"/x/a\"\"\"", false),
            (&["a\""], "\"/x/a\"\"\" is it", true),
            (&["a\""], "\"/x/a\"\" is it", true),
            (&["\"q\""], "\"/x/\"q\"\" is it", true),
            (&["\"q\""], "\"/x/\"\"q\"\"\" is it", true),
            (&["\"q\""], "\"/x/q\" is it", false),
            (&["a"], "\"/x/ab\" is it", false),
            (&["a"], "\"/x\" is \"/x/a\"", false),
            (&["a\"b"], "\"/x/a\" is the directory b", false),
            (&[], "\"/x\"", true),
            (&[], "\"/x/a\"", false),
            (&["a"], "", false),
        ] {
            let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
            let location = Location::new(b"/x");
            assert_eq!(location.is_confirmed_by(&names, text.as_bytes()), expected, "{names:?} {text}");
        }
    }

    #[test]
    fn a_257_confirms_the_directory_itself_whatever_the_form_of_its_path() {
        for base in ["/x", "/a \"b\"", "C:\\a \"b\"", "a \"b\"", "\"", "nonsense"] {
            let doubled = std::format!("\"{}\" is it", base.replace('"', "\"\""));
            let location = Location::new(base.as_bytes());
            assert!(location.is_confirmed_by(&[], doubled.as_bytes()), "{doubled}");
            assert!(!location.is_contradicted_by(&[], doubled.as_bytes()), "{doubled}");
        }
    }

    #[test]
    fn a_257_contradicts_only_where_it_is_clear_which_path_would_confirm() {
        for (base, names, text, expected) in [
            ("/x", &["a"][..], "\"/x/a\" is it", false),
            ("/x", &["a"], "\"/other\" is it", true),
            ("/x", &["a"], "\"/x\" is it", true),
            ("/x", &["a"], "/other", true),
            ("/x", &["a"], "\"\" is it", false),
            ("/x", &["a"], "\"/other", false),
            ("/x", &["a"], "", false),
            ("/x", &["a/b"], "\"/other\"", false),
            ("/x", &["a/b"], "\"/x\"", true),
            ("/x", &[], "\"/x/a\"", true),
            ("DISK:[A]", &["B.DIR"], "\"DISK:[A.B]\"", false),
            ("DISK:[A]", &["B"], "\"DISK:[C]\"", true),
            ("nonsense", &["B"], "\"nonsense:B\"", false),
            ("nonsense", &["B"], "\"nonsense\"", true),
        ] {
            let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
            let location = Location::new(base.as_bytes());
            assert_eq!(
                location.is_contradicted_by(&names, text.as_bytes()),
                expected,
                "{base} {names:?} {text}"
            );
        }
    }

    #[test]
    fn a_directory_contains_itself_and_what_is_below_it() {
        for (base, path, expected) in [
            ("/", "/home", true),
            ("/", "/", true),
            ("/home", "/home", true),
            ("/home", "/home/me", true),
            ("/home/", "/home/me", true),
            ("/home/", "/home", true),
            ("/home", "/home/", true),
            ("/home", "/homely", false),
            ("/home/me", "/home", false),
            ("C:\\x", "C:\\x\\y", true),
            ("C:\\x", "C:\\xy", false),
            ("DISK:[A]", "DISK:[A.B]", true),
            ("DISK:[A]", "DISK:[AB]", false),
            ("nonsense", "nonsense", true),
            ("nonsense", "nonsense/x", false),
        ] {
            assert_eq!(Location::new(base.as_bytes()).contains(path.as_bytes()), expected, "{base} {path}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_path_that_was_made_is_confirmed_and_no_other_is(
            base in "(|/x|/x y)/",
            names in proptest::collection::vec("[a \"~.]{1,4}", 1..4),
            other in proptest::collection::vec("[a \"~.]{1,4}", 1..4),
        ) {
            let location = Location::new(base.as_bytes());
            let names: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
            let other: Vec<&[u8]> = other.iter().map(|name| name.as_bytes()).collect();
            let path = location.path(&names).unwrap();
            proptest::prop_assert!(location.is_above(&names, &path));
            proptest::prop_assert_eq!(location.is_above(&other, &path), names == other);
            let text = crate::codec::Text::new(&path).unwrap();
            let mut said = arrayvec::ArrayVec::<u8, 256>::new();
            crate::codec::pathname::encode_quoted(text, &mut said).unwrap();
            proptest::prop_assert!(location.is_confirmed_by(&names, &said));
            let plain = [b"\"", &path[..], b"\" is here"].concat();
            proptest::prop_assert!(location.is_confirmed_by(&names, &plain));
        }
    }
}
