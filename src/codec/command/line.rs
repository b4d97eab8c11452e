//! A command line that is sent as it was written.

use core::fmt;

use crate::codec::{Escaped, Full, Invalid, Sink, Text, Verb};

/// A command line as a person typed it, with case and spaces unchanged, and with an argument that
/// need not be valid for the command. Only [`client::raw`](crate::client::raw) creates one; no
/// parser does.
///
/// `Debug` hides the argument of a command that takes a secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CommandLine<'a> {
    line: Text<'a>,
    verb: Option<Verb>,
}

impl<'a> CommandLine<'a> {
    /// Creates a command line and finds its verb as a lenient server would, skipping any blanks and
    /// control bytes in front of the verb.
    ///
    /// # Errors
    /// Fails when the line is blank.
    pub(crate) fn new(line: Text<'a>) -> Result<Self, Invalid> {
        let is_blank = |byte: &u8| *byte <= b' ' || *byte == 0x7F;
        let bytes = line.as_bytes();
        let start = bytes.iter().position(|byte| !is_blank(byte)).ok_or(Invalid::new("a command"))?;
        let verb = bytes.get(start..).and_then(Verb::split_from).map(|(verb, _)| verb);
        Ok(Self { line, verb })
    }

    /// Returns the command that the line begins with, or `None` for one that the verb table does
    /// not list.
    #[must_use]
    pub const fn verb(&self) -> Option<Verb> {
        self.verb
    }

    /// Returns the line, without its CRLF.
    #[must_use]
    pub const fn as_text(&self) -> Text<'a> {
        self.line
    }

    pub(super) fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        self.line.encode(sink)
    }
}

impl fmt::Debug for CommandLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verb {
            Some(verb) if verb.has_secret() => write!(f, "\"{verb} ...\""),
            _ => write!(f, "\"{}\"", Escaped(self.line.as_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verb_of_a_line_is_found_however_it_is_written() {
        for (line, verb) in [
            ("NOOP", Some(Verb::Noop)),
            ("noop 1", Some(Verb::Noop)),
            ("  PASS x", Some(Verb::Pass)),
            ("\t\u{b}\u{7f}pAsS\tx", Some(Verb::Pass)),
            ("NOOPS", None),
            ("FROB x", None),
            ("-", None),
        ] {
            let line = CommandLine::new(Text::literal(line)).unwrap();
            assert_eq!(line.verb(), verb, "{line:?}");
        }
        for blank in ["", " ", "\t \u{7f}"] {
            assert!(CommandLine::new(Text::literal(blank)).is_err(), "{blank:?}");
        }
    }

    #[test]
    fn a_secret_is_not_shown() {
        let line = CommandLine::new(Text::literal(" adat c2VjcmV0")).unwrap();
        assert_eq!(std::format!("{line:?}"), "\"ADAT ...\"");
        let line = CommandLine::new(Text::literal("noop \u{1b}1")).unwrap();
        assert_eq!(std::format!("{line:?}"), r#""noop \u{1b}1""#);
    }
}
