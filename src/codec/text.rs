//! Text that can be part of a command or a reply: bytes without CR, LF or NUL.
//!
//! RFC 959 5.3.2 builds every argument from `<char>`, which excludes CR and LF; RFC 1123 and RFC
//! 2640 allow any other byte. Encoders accept nothing but checked text, so the excluded bytes
//! cannot be injected.

use core::fmt;

use super::{Full, Invalid, Sink, scan};

/// Bytes without CR, LF or NUL, borrowed from the line that held them or from the caller.
///
/// Text is a pathname, a user name or the text of a reply. It is not necessarily UTF-8: a server
/// without RFC 2640 may send anything.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<'a>(&'a [u8]);

impl<'a> Text<'a> {
    /// Creates text from `bytes`, which may be empty.
    ///
    /// # Errors
    /// Fails when `bytes` contains a CR, LF or NUL.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Result<Self, Invalid> {
        // Names seldom contain control bytes, so the exact search seldom runs.
        if scan::has_controls(bytes) && memchr::memchr3(b'\r', b'\n', 0, bytes).is_some() {
            return Err(Invalid::new("text without CR, LF or NUL"));
        }
        Ok(Self(bytes))
    }

    /// Creates text from bytes that have passed a stricter check than [`new`](Self::new)'s.
    pub(crate) const fn checked(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Creates text known at compile time.
    ///
    /// # Panics
    /// Panics when `text` contains a CR, LF or NUL; in a `const`, that is a compile error.
    #[must_use]
    pub const fn literal(text: &'static str) -> Text<'static> {
        let bytes = text.as_bytes();
        let mut i = 0;
        while i < bytes.len() {
            assert!(!matches!(bytes[i], b'\r' | b'\n' | 0), "text holds CR, LF or NUL");
            i += 1;
        }
        Text(bytes)
    }

    /// Creates text from one of this crate's own strings, which contain no CR, LF or NUL. Unlike
    /// [`literal`](Self::literal), which checks a constant at compile time, this function leaves no
    /// panic in the program.
    pub(crate) fn fixed(text: &'static str) -> Text<'static> {
        let text = Text::new(text.as_bytes());
        debug_assert!(text.is_ok(), "text holds CR, LF or NUL");
        text.unwrap_or_default()
    }

    /// Returns the bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Returns the text as a string.
    ///
    /// # Errors
    /// Fails when the text is not UTF-8: a server without RFC 2640 may send any bytes.
    pub const fn to_str(&self) -> Result<&'a str, core::str::Utf8Error> {
        core::str::from_utf8(self.0)
    }

    /// Returns the text for display, with U+FFFD in place of invalid UTF-8. The result must not be
    /// used as a name: it may denote another file, or none.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_string_lossy(&self) -> alloc::borrow::Cow<'a, str> {
        alloc::string::String::from_utf8_lossy(self.0)
    }

    /// Returns whether the text is empty.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the length in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Appends the text unchanged.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        sink.put(self.0)
    }
}

impl<'a> TryFrom<&'a [u8]> for Text<'a> {
    type Error = Invalid;
    fn try_from(bytes: &'a [u8]) -> Result<Self, Invalid> {
        Self::new(bytes)
    }
}

impl<'a> TryFrom<&'a str> for Text<'a> {
    type Error = Invalid;
    fn try_from(text: &'a str) -> Result<Self, Invalid> {
        Self::new(text.as_bytes())
    }
}

impl AsRef<[u8]> for Text<'_> {
    fn as_ref(&self) -> &[u8] {
        self.0
    }
}

/// Prints the text with control bytes and invalid UTF-8 escaped.
impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Escaped(self.0).fmt(f)
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Text that must not be shown: the argument of PASS, ACCT, ADAT, MIC, CONF and ENC. It encodes
/// like any text and prints as `***`.
pub type Secret<'a> = Sensitive<Text<'a>>;

/// A value that must not be shown, or its position in a buffer. It prints as `***`.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Sensitive<T>(T);

impl<T: Copy> Sensitive<T> {
    /// Marks `value` as secret.
    #[must_use]
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// Returns the value itself, for the code that checks it.
    #[must_use]
    pub const fn reveal(&self) -> T {
        self.0
    }
}

impl<T> Sensitive<T> {
    /// Converts the value, which stays secret.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Sensitive<U> {
        Sensitive(convert(self.0))
    }
}

impl<T> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Bytes from a peer, made safe to print. UTF-8 is kept, except that control characters, including
/// those for the writing direction, are escaped, and so are all bytes that are not UTF-8. A file
/// name therefore cannot manipulate a terminal or a log.
#[derive(Clone, Copy)]
pub struct Escaped<'a>(pub &'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                if c.is_control() || is_bidi_control(c) {
                    write!(f, "{}", c.escape_default())?;
                } else {
                    f.write_char(c)?;
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}

/// Returns whether a character reorders those around it, so that one name can look like another
/// (CVE-2021-42574).
const fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

impl fmt::Debug for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn text_cannot_hold_what_ends_a_line() {
        for bad in [&b"a\rb"[..], b"a\n", b"\0"] {
            assert!(Text::new(bad).is_err(), "{bad:?}");
        }
        for good in [&b""[..], b" lead", b"\xff\xfe", b"tab\t"] {
            assert_eq!(Text::new(good).unwrap().as_bytes(), good);
        }
    }

    #[test]
    fn text_is_a_str_where_it_is_utf_8_and_can_be_shown_where_not() {
        let (good, bad) = (Text::literal("grün"), Text::new(b"gr\xfcn").unwrap());
        assert_eq!((good.to_str(), bad.to_str().is_err()), (Ok("grün"), true));
        #[cfg(feature = "alloc")]
        assert_eq!((good.to_string_lossy(), bad.to_string_lossy()), ("grün".into(), "gr\u{fffd}n".into()));
    }

    #[test]
    fn characters_that_turn_the_writing_direction_are_escaped() {
        for c in
            "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}"
                .chars()
        {
            let name = std::format!("a{c}txt.exe");
            let shown = Escaped(name.as_bytes()).to_string();
            assert_eq!(shown, std::format!("a\\u{{{:x}}}txt.exe", u32::from(c)));
        }
        assert_eq!(Escaped("\u{e9}\u{5d0}\u{200d}".as_bytes()).to_string(), "\u{e9}\u{5d0}\u{200d}");
    }

    #[test]
    fn secrets_do_not_print_and_names_print_escaped() {
        let secret = Secret::new(Text::literal("hunter2"));
        assert_eq!(std::format!("{secret:?}"), "***");
        let name = Text::new(b"\x1b[2Jgr\xc3\xbc\xff").unwrap();
        assert_eq!(name.to_string(), "\\u{1b}[2Jgrü\\xff");
    }
}
