//! Several pathnames in one argument, as in COMB. The format is in common use, but no document
//! specifies it.

use super::{Quoted, is_control, up_to_lone_quote};
use crate::codec::{Invalid, Text};

// names = name *(1*SP name)
// name  = 1*(%x21 / %x23-7E / %x80-FF) / DQUOTE 1*(%x20-21 / %x23-7E / %x80-FF / 2DQUOTE) DQUOTE
/// A list of pathnames separated by spaces, borrowed from the argument. A name that contains a
/// space or a quote is quoted as in 257. Every name is valid, and there is at least one.
///
/// ```
/// use ftp_proto::codec::{NameList, Text};
///
/// let names = NameList::parse(Text::literal("whole \"part 1\" \"part 2\"")).unwrap();
/// assert_eq!(names.iter().map(|name| name.raw()).collect::<Vec<_>>(), [&b"whole"[..], b"part 1", b"part 2"]);
/// ```
///
/// `T` is the text of the list, or the position of that text in a buffer; in either case, the names
/// have been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameList<T>(T);

impl<T> NameList<T> {
    /// Converts the text of the list to another form of the same text.
    pub(crate) fn map<U>(self, convert: impl FnOnce(T) -> U) -> NameList<U> {
        NameList(convert(self.0))
    }
}

impl<'a> NameList<Text<'a>> {
    /// Parses an argument.
    ///
    /// # Errors
    /// Fails when there is no name, a name is empty or contains a control byte or a misplaced
    /// quote, or the last quote is missing.
    pub fn parse(argument: Text<'a>) -> Result<Self, Invalid> {
        let mut rest = argument.as_bytes();
        let mut any = false;
        while let Some((_, after)) = next_name(rest)? {
            (rest, any) = (after, true);
        }
        if any { Ok(Self(argument)) } else { Err(EXPECTED) }
    }

    /// Yields the names in order.
    pub fn iter(&self) -> impl Iterator<Item = Quoted<'a>> + use<'a> {
        let mut rest = self.0.as_bytes();
        core::iter::from_fn(move || {
            let (name, after) = next_name(rest).ok().flatten()?;
            rest = after;
            Some(name)
        })
    }

    /// Returns the first name and the list of the others, if there are any.
    #[must_use]
    pub fn split_first(&self) -> Option<(Quoted<'a>, Option<Self>)> {
        let (name, after) = next_name(self.0.as_bytes()).ok().flatten()?;
        let others = Text::new(after).ok().and_then(|after| Self::parse(after).ok());
        Some((name, others))
    }
}

const EXPECTED: Invalid = Invalid::new("names with spaces between them, in quotes where need be");

/// Returns the next name and the text after it, or `None` at the end.
fn next_name(argument: &[u8]) -> Result<Option<(Quoted<'_>, &[u8])>, Invalid> {
    let argument = argument.trim_ascii_start();
    let (raw, after) = match argument.strip_prefix(b"\"") {
        _ if argument.is_empty() => return Ok(None),
        Some(opened) => {
            let raw = up_to_lone_quote(opened).ok_or(EXPECTED)?;
            let closed = opened.get(raw.len()..).unwrap_or_default();
            (raw, closed.strip_prefix(b"\"").ok_or(EXPECTED)?)
        }
        None => {
            let end = memchr::memchr(b' ', argument).unwrap_or(argument.len());
            let (raw, after) = argument.split_at_checked(end).ok_or(EXPECTED)?;
            if raw.contains(&b'"') {
                return Err(EXPECTED);
            }
            (raw, after)
        }
    };
    let apart = after.is_empty() || after.starts_with(b" ");
    if raw.is_empty() || !apart || raw.iter().copied().any(is_control) {
        return Err(EXPECTED);
    }
    Ok(Some((Quoted { raw }, after)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names(argument: &[u8]) -> Option<Vec<Vec<u8>>> {
        let list = NameList::parse(Text::new(argument).ok()?).ok()?;
        Some(list.iter().map(|name| name.bytes().collect()).collect())
    }

    #[test]
    fn names_are_words_or_stand_in_quotes() {
        for (argument, expected) in [
            ("a", Some(&["a"][..])),
            ("a b  c ", Some(&["a", "b", "c"])),
            ("\"a b\" c", Some(&["a b", "c"])),
            ("\"a \"\"b\"\"\" c", Some(&["a \"b\"", "c"])),
            ("", None),
            (" ", None),
            ("\"\"", None),
            ("\"a", None),
            ("\"a\"b", None),
            ("a\"b\"", None),
            ("a \"", None),
            ("a \u{1}", None),
        ] {
            let expected =
                expected.map(|names| names.iter().map(|name| name.as_bytes().to_vec()).collect::<Vec<_>>());
            assert_eq!(names(argument.as_bytes()), expected, "{argument}");
        }
    }

    #[test]
    fn the_first_name_is_apart_from_the_others() {
        let list = NameList::parse(Text::literal("\"a b\" c \"d\"")).unwrap();
        let (first, others) = list.split_first().unwrap();
        let others: Vec<_> = others.unwrap().iter().map(|name| name.raw()).collect();
        assert_eq!((first.raw(), &others[..]), (&b"a b"[..], &[&b"c"[..], b"d"][..]));
        assert!(NameList::parse(Text::literal("a")).unwrap().split_first().unwrap().1.is_none());
    }

    proptest! {
        #[test]
        fn names_in_quotes_are_read_as_they_were(
            wanted in proptest::collection::vec("[ -~\u{e4}]{1,9}", 1..5)
        ) {
            let mut argument = Vec::new();
            for name in &wanted {
                crate::codec::pathname::encode_quoted(Text::new(name.as_bytes()).unwrap(), &mut argument).unwrap();
                argument.push(b' ');
            }
            let wanted: Vec<_> = wanted.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(names(&argument), Some(wanted));
        }

        #[test]
        fn no_argument_is_too_odd(argument in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = names(&argument);
        }
    }
}
