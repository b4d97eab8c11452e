//! Lines of a dialogue in a form that is safe to show in a trace or a log.

use core::fmt;
use core::iter::Peekable;

use arrayvec::ArrayVec;

use super::{Escaped, Verb};
use crate::buffer::telnet::Filter;

/// A line of a control connection, in either direction and without its line end, to be displayed.
/// The arguments of PASS, ACCT and similar commands are hidden, and control bytes are escaped.
#[derive(Clone, Copy)]
pub struct Redacted<'a>(pub &'a [u8]);

/// The SITE commands that take a secret: PSWD of IIS and Serv-U, and GPASS of wu-ftpd.
const SECRET_SITES: [&[u8]; 2] = [b"PSWD", b"GPASS"];

impl fmt::Display for Redacted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Secrets stay hidden however malformed the line is: blanks before and after a word,
        // control bytes, and Telnet commands anywhere.
        let mut telnet = Filter::default();
        let mut text = self.0.iter().filter_map(|byte| telnet.text(*byte)).peekable();
        let first = word(&mut text);
        let secret = match Verb::from_bytes(&first) {
            Some(Verb::Site) if text.peek().is_some() => {
                let second = word(&mut text);
                if SECRET_SITES.iter().any(|site| site.eq_ignore_ascii_case(&second)) && text.peek().is_some()
                {
                    return write!(f, "{} {} ***", Escaped(&first), Escaped(&second));
                }
                false
            }
            verb => verb.is_some_and(Verb::has_secret) && text.peek().is_some(),
        };
        match secret {
            true => write!(f, "{} ***", Escaped(&first)),
            false => Escaped(self.0).fmt(f),
        }
    }
}

/// Takes the next word. Returns only its first 16 bytes, which are enough to recognize a command.
fn word(text: &mut Peekable<impl Iterator<Item = u8>>) -> ArrayVec<u8, 16> {
    let mut word = ArrayVec::new();
    while text.next_if(|byte| !byte.is_ascii_graphic()).is_some() {}
    while let Some(byte) = text.next_if(u8::is_ascii_graphic) {
        let _ = word.try_push(byte);
    }
    word
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
            // IAC NOP, IAC DO x, IAC SB ... IAC SE, and IAC before an ordinary byte.
            (b"\xff\xf1PASS hunter2", "PASS ***"),
            (b"PA\xff\xf1SS hunter2", "PASS ***"),
            (b"P\xff\xfd\x06ASS\xff\xf1 hunter2", "PASS ***"),
            (b"PA\xff\xfa\x01x\xff\xf0SS hunter2", "PASS ***"),
            (b"P\xffASS hunter2", "PASS ***"),
            (b"\x01 PASS hunter2", "PASS ***"),
            (b"SITE PSWD old new", "SITE PSWD ***"),
            (b"site  p\xff\xf1swd old new", "site pswd ***"),
            (b"SITE CHMOD 600 f", "SITE CHMOD 600 f"),
            (b"331 PASS please", "331 PASS please"),
            (b"RETR \x1b[2J", "RETR \\u{1b}[2J"),
        ] {
            assert_eq!(Redacted(line).to_string(), shown);
        }
    }
}
