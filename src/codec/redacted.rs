//! Lines of a dialogue made fit to show: in a trace, in a log.

use core::fmt;

use super::{Escaped, Verb};

/// A line of a control connection, in either direction and without its line end, as it may be shown:
/// what PASS, ACCT and the like say is hidden, control bytes are escaped.
#[derive(Clone, Copy)]
pub struct Redacted<'a>(pub &'a [u8]);

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // However the line is malformed: blanks before the word and behind it, and controls.
        let line = self.0.trim_ascii_start();
        let end = line.iter().position(|byte| !byte.is_ascii_graphic()).unwrap_or(line.len());
        let (first, rest) = line.split_at(end);
        match Verb::from_bytes(first).is_some_and(Verb::has_secret) && !rest.is_empty() {
            true => write!(f, "{} ***", Escaped(first)),
            false => Escaped(self.0).fmt(f),
        }
    }
}

impl fmt::Debug for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn secrets_are_hidden_and_all_else_is_shown() {
        for (line, shown) in [
            (&b"pass hunter2"[..], "pass ***"),
            (b"ACCT x y", "ACCT ***"),
            (b"PASS\thunter2", "PASS ***"),
            (b"  PASS\0hunter2", "PASS ***"),
            (b"PASS", "PASS"),
            (b"USER me", "USER me"),
            (b"331 PASS please", "331 PASS please"),
            (b"RETR \x1b[2J", "RETR \\u{1b}[2J"),
        ] {
            assert_eq!(Redacted(line).to_string(), shown);
        }
    }
}
