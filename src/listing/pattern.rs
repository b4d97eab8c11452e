//! Wildcards in the arguments of LIST and NLST: `*`, `?` and `[...]`, matched against one name.
//!
//! No RFC defines them. Clients send them nonetheless, as in `NLST *.txt` for `mget *.txt`, since
//! servers have always passed such arguments to a shell or to `ls`.
//!
//! ```text
//! pattern = *( "*" / "?" / class / literal )
//! class   = "[" ["!" / "^"] 1*( byte / byte "-" byte ) "]"   ; a "]" in front is one of the bytes
//! literal = any byte, and a "[" that no "]" closes
//! ```
//!
//! Names and patterns are bytes: `?` matches one byte, not one character of UTF-8. No wildcard
//! matches a slash, so a pattern never leaves the directory whose names are compared with it. A
//! name that begins with a dot matches only a pattern that begins with one.

use core::fmt;

use crate::codec::Escaped;

/// A pattern for names in one directory.
///
/// The matcher is iterative: on a mismatch only the last `*` is extended, which is sufficient,
/// because an earlier `*` that took more bytes could not help. The time for one name is therefore
/// proportional at worst to the product of the two lengths, and [`Pattern::BUDGET`] bounds that
/// product (CVE-2010-2632 describes the effect on servers that lack such a bound).
///
/// ```
/// use ftp_proto::listing::Pattern;
///
/// let pattern = Pattern::new(b"*.[ch]");
/// assert!(pattern.matches(b"main.c"));
/// assert!(!pattern.matches(b"main.rs"));
/// assert!(!pattern.matches(b".hidden.c"));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pattern<'a> {
    bytes: &'a [u8],
}

/// The latest `*` and the bytes that it has taken so far.
#[derive(Clone, Copy)]
struct Star {
    /// Index of the pattern element after the `*`.
    after: usize,
    /// Index of the first byte of the name that the `*` has not taken.
    rest: usize,
}

impl<'a> Pattern<'a> {
    /// Number of steps after which a comparison ends as a mismatch. A step examines one byte of the
    /// pattern. For a name of 255 bytes, the result is exact for every pattern of up to 64 bytes,
    /// and for longer patterns unless they are contrived to take long.
    pub const BUDGET: u32 = 1 << 14;

    /// Creates a pattern from `bytes`. Every sequence of bytes is valid.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// Returns the pattern as it was written.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns whether the pattern contains a wildcard. A pattern without wildcards matches only
    /// the name that it spells.
    #[must_use]
    pub fn has_wildcards(&self) -> bool {
        self.bytes.iter().enumerate().any(|(at, byte)| match byte {
            b'*' | b'?' => true,
            b'[' => self.bytes.get(at..).and_then(Class::parse).is_some(),
            _ => false,
        })
    }

    /// Returns whether `name` matches. A wildcard never matches a slash in the name.
    #[must_use]
    pub fn matches(&self, name: &[u8]) -> bool {
        if name.first() == Some(&b'.') && self.bytes.first() != Some(&b'.') {
            return false;
        }
        let (mut at, mut done) = (0, 0);
        let mut star: Option<Star> = None;
        let mut budget = Self::BUDGET;
        loop {
            let rest = self.bytes.get(at..).unwrap_or_default();
            let taken = match (rest.first(), name.get(done)) {
                (None, None) => return true,
                (Some(b'*'), _) => {
                    at += 1;
                    star = Some(Star { after: at, rest: done });
                    Some(1)
                }
                (Some(_), Some(byte)) => {
                    let element = Element::first_of(rest);
                    let taken = element.length();
                    if element.matches(*byte) {
                        (at, done) = (at + taken, done + 1);
                        Some(taken)
                    } else {
                        budget = budget.saturating_sub(steps(taken));
                        None
                    }
                }
                (Some(_), None) | (None, Some(_)) => None,
            };
            match (taken, &mut star) {
                (Some(taken), _) => budget = budget.saturating_sub(steps(taken)),
                // Extend the last `*` by one byte, and try the rest of the pattern again.
                (None, Some(star)) if name.get(star.rest).is_some_and(|byte| *byte != b'/') => {
                    star.rest += 1;
                    (at, done) = (star.after, star.rest);
                    budget = budget.saturating_sub(1);
                }
                (None, _) => return false,
            }
            if budget == 0 {
                return false;
            }
        }
    }
}

impl fmt::Debug for Pattern<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", Escaped(self.bytes))
    }
}

fn steps(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A part of a pattern that matches exactly one byte.
enum Element<'a> {
    Any,
    Class(Class<'a>),
    Literal(u8),
}

impl<'a> Element<'a> {
    /// Reads the element at the start of `pattern`, which is not empty and does not begin with `*`.
    fn first_of(pattern: &'a [u8]) -> Self {
        match pattern.first() {
            Some(b'?') => Self::Any,
            Some(b'[') => Class::parse(pattern).map_or(Self::Literal(b'['), Self::Class),
            Some(literal) => Self::Literal(*literal),
            None => Self::Any,
        }
    }

    /// Returns the length of the element in the pattern.
    const fn length(&self) -> usize {
        match self {
            Self::Class(class) => class.length,
            Self::Any | Self::Literal(_) => 1,
        }
    }

    fn matches(&self, byte: u8) -> bool {
        match self {
            Self::Any => byte != b'/',
            Self::Class(class) => byte != b'/' && class.holds(byte) != class.negated,
            Self::Literal(literal) => byte == *literal,
        }
    }
}

/// A class of bytes, such as `[a-z0-9_]` or `[!.]`.
struct Class<'a> {
    negated: bool,
    /// The bytes and ranges between the brackets.
    members: &'a [u8],
    /// Length of the class in the pattern, brackets included.
    length: usize,
}

impl<'a> Class<'a> {
    /// Reads the class at the start of `pattern`, which begins with `[`. Returns `None` if no `]`
    /// closes it.
    fn parse(pattern: &'a [u8]) -> Option<Self> {
        let negated = matches!(pattern.get(1), Some(b'!' | b'^'));
        let start = if negated { 2 } else { 1 };
        // The first byte is a member, even if it is a `]`.
        let close = memchr::memchr(b']', pattern.get(start + 1..)?)? + start + 1;
        Some(Self { negated, members: pattern.get(start..close)?, length: close + 1 })
    }

    fn holds(&self, byte: u8) -> bool {
        let mut rest = self.members;
        loop {
            rest = match rest {
                [] => return false,
                [first, b'-', last, ..] if (*first..=*last).contains(&byte) => return true,
                [_, b'-', _, rest @ ..] => rest,
                [member, ..] if *member == byte => return true,
                [_, rest @ ..] => rest,
            };
        }
    }
}

#[cfg(test)]
mod tests;
