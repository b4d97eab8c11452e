//! Replies (RFC 959 4.2), line by line as they arrive, or whole.

use nom::Parser;

use super::{Full, Invalid, ReplyCode, Sink, Text, Timestamp, slices};

/// The position of a line in its reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// `226 text`: the whole reply.
    Single,
    /// `226-text`: more lines follow.
    First,
    /// A line within a reply. Its text is the whole line, or the part after the `226-` that some
    /// servers put in front of every line.
    Middle,
    /// `226 text` after [`First`](Self::First): the reply is complete.
    Last,
}

impl Position {
    /// Returns whether the reply is complete with this line.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Single | Self::Last)
    }
}

/// The rule that decides which line ends a multi-line reply.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EndRule {
    /// The line that begins with the same code and a space, as RFC 959 4.2 requires.
    #[default]
    SameCode,
    /// The line that begins with any code and a space, for servers that end `553-` with `150 `. A
    /// failure does not end a reply that began as anything else: it may be the reply to the next
    /// command, and the reply that has no end would be taken for a success of that command.
    AnyCode,
}

impl EndRule {
    /// Returns whether a line with the code `found` and a space ends a reply that began with `code`.
    const fn ends(self, code: ReplyCode, found: ReplyCode) -> bool {
        match self {
            Self::SameCode => found.get() == code.get(),
            Self::AnyCode => found.get() == code.get() || code.is_failure() || !found.is_failure(),
        }
    }
}

/// One line of a reply. The text borrows from the bytes that were parsed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct ReplyLine<'a> {
    /// The code of the reply. A middle line has the code of the first line.
    pub code: ReplyCode,
    /// The position of the line.
    pub position: Position,
    /// The text, without the code and the separator after it. It may contain any bytes but LF and
    /// NUL.
    pub text: &'a [u8],
}

impl core::fmt::Debug for ReplyLine<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("ReplyLine")
            .field("code", &self.code)
            .field("position", &self.position)
            .field("text", &super::Escaped(self.text))
            .finish()
    }
}

// reply      = single / (first *middle last)
// single     = code [SP text] EOL
// first      = code "-" text EOL
// middle     = text EOL              ; not of the form of last
// last       = code [SP text] EOL    ; the code of first
// code       = ("1" / ... / "6") 2DIGIT
//   also in use, in replies to FEAT: first = "211" SP "211-" text EOL; middle of the same form
#[inline]
fn code(line: &[u8]) -> Option<(ReplyCode, &[u8])> {
    let (digits, rest) = line.split_first_chunk::<3>()?;
    Some((ReplyCode::from_digits(digits)?, rest))
}

impl<'a> ReplyLine<'a> {
    /// A placeholder for a reply that was not received.
    pub(crate) const EMPTY: ReplyLine<'static> =
        ReplyLine { code: ReplyCode::COMMAND_OKAY, position: Position::Single, text: b"" };

    /// Parses one line, without its line end. `within` is the code of the reply that an earlier
    /// line began, if any.
    ///
    /// # Errors
    /// Fails when a line that begins a reply does not begin with a reply code. Within a reply every
    /// line is valid.
    #[inline]
    pub fn parse(line: &'a [u8], within: Option<ReplyCode>, rule: EndRule) -> Result<Self, Invalid> {
        // The code, whether the reply ends here, and the text, if the line begins with a code.
        let numbered = match code(line) {
            Some((code, [])) => Some((code, true, &[][..])),
            Some((code @ ReplyCode::SYSTEM_STATUS, [b' ', b'2', b'1', b'1', b'-', text @ ..])) => {
                Some((code, false, text))
            }
            Some((code, [b' ', text @ ..])) => Some((code, true, text)),
            Some((code, [b'-', text @ ..])) => Some((code, false, text)),
            _ => None,
        };
        match (within, numbered) {
            (None, Some((code, true, text))) => Ok(Self { code, position: Position::Single, text }),
            (None, Some((code, false, text))) => Ok(Self { code, position: Position::First, text }),
            (None, None) => Err(Invalid::new("a reply: three digits, then a space or a hyphen")),
            (Some(code), Some((found, true, text))) if rule.ends(code, found) => {
                Ok(Self { code, position: Position::Last, text })
            }
            (Some(code), Some((found, false, text))) if found == code => {
                Ok(Self { code, position: Position::Middle, text })
            }
            (Some(code), _) => Ok(Self { code, position: Position::Middle, text: line }),
        }
    }

    /// Returns the code of the reply if it continues on the next line; that line is then parsed
    /// with this code as `within`. Returns `None` if this line is the last.
    #[must_use]
    pub fn going_on(&self) -> Option<ReplyCode> {
        (!self.position.is_end()).then_some(self.code)
    }

    /// Returns whether this is the last line of a command's final reply. A preliminary reply (1yz)
    /// is not final, since another reply follows it.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.position.is_end() && !self.code.is_preliminary()
    }

    /// Appends a line to `sink`, including its CRLF. A middle line that could be mistaken for the
    /// last is prefixed with the code and a hyphen.
    ///
    /// [`parse`](Self::parse) returns the same line, with one exception: in a
    /// [`Single`](Position::Single) or [`Last`](Position::Last) line with the code 211, a text that
    /// begins with `211-` gets a space before it. Some servers begin the reply to FEAT with `211
    /// 211-`, so without the space the reply would seem to continue.
    ///
    /// ```
    /// use ftp_proto::codec::{EndRule, Position, ReplyCode, ReplyLine, Text};
    ///
    /// let mut line = Vec::new();
    /// ReplyLine::encode(ReplyCode::SYSTEM_STATUS, Position::Single, Text::literal("211-x"), &mut line)?;
    /// assert_eq!(line, b"211  211-x\r\n");
    /// let read = ReplyLine::parse(b"211  211-x", None, EndRule::SameCode).unwrap();
    /// assert_eq!((read.position, read.text), (Position::Single, &b" 211-x"[..]));
    /// # Ok::<(), ftp_proto::codec::Full>(())
    /// ```
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(
        code: ReplyCode,
        position: Position,
        text: Text<'_>,
        sink: &mut S,
    ) -> Result<(), Full> {
        let digits = code.as_digits();
        let separator: Option<&[u8]> = match position {
            Position::Single | Position::Last if text.is_empty() => Some(b""),
            Position::Single | Position::Last if continues(code, text.as_bytes()) => Some(b"  "),
            Position::Single | Position::Last => Some(b" "),
            Position::First => Some(b"-"),
            Position::Middle if self::code(text.as_bytes()).is_some() => Some(b"-"),
            Position::Middle => None,
        };
        if let Some(separator) = separator {
            sink.put(&digits)?;
            sink.put(separator)?;
        }
        sink.put(text.as_bytes())?;
        sink.put(b"\r\n")
    }
}

/// Returns whether a line with this code, a space and this text would not end its reply: some
/// servers begin the lines of a reply to FEAT so.
fn continues(code: ReplyCode, text: &[u8]) -> bool {
    code == ReplyCode::SYSTEM_STATUS && text.starts_with(b"211-")
}

/// A whole reply, which borrows from the parsed bytes, for inspectors and tests. A session instead
/// reads line by line, so that a reply of any length needs only the memory of one line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reply<'a> {
    code: ReplyCode,
    bytes: &'a [u8],
    rule: EndRule,
}

impl<'a> Reply<'a> {
    /// Splits one reply off the front of `input`. Returns the reply and the bytes after it, or
    /// `None` while the reply is incomplete. Telnet sequences are not removed; a
    /// [`RecvBuf`](crate::buffer::RecvBuf) does that.
    ///
    /// # Errors
    /// Fails when the first line is not a reply line.
    pub fn parse(input: &'a [u8], rule: EndRule) -> Result<Option<(Self, &'a [u8])>, Invalid> {
        let mut rest = input;
        let mut within = None;
        while let Some((line, after)) = split_line(rest) {
            let line = ReplyLine::parse(line, within, rule)?;
            rest = after;
            if line.position.is_end() {
                let bytes = &input[..input.len() - rest.len()];
                return Ok(Some((Self { code: line.code, bytes, rule }, rest)));
            }
            within = line.going_on();
        }
        Ok(None)
    }

    /// Returns the code.
    #[must_use]
    pub const fn code(&self) -> ReplyCode {
        self.code
    }

    /// Returns the bytes as they were received, including line ends.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Yields the lines of the reply.
    pub fn lines(&self) -> impl Iterator<Item = ReplyLine<'a>> + use<'a> {
        let Self { code, mut bytes, rule } = *self;
        let mut within = None;
        core::iter::from_fn(move || {
            let (line, rest) = split_line(bytes)?;
            bytes = rest;
            let line = ReplyLine::parse(line, within, rule).ok();
            within = Some(code);
            line
        })
    }
}

impl core::fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_list().entries(self.lines()).finish()
    }
}

/// Splits off the first line without its end. CRLF and bare LF both end a line.
fn split_line(input: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = memchr::memchr(b'\n', input)?;
    let (line, rest) = (&input[..at], &input[at + 1..]);
    Some((line.strip_suffix(b"\r").unwrap_or(line), rest))
}

/// Returns the size in the text of 150: the last `(n bytes)`. The size is only a hint, since
/// servers send it for people to read.
#[must_use]
pub fn size_hint(text: &[u8]) -> Option<u64> {
    memchr::memrchr_iter(b'(', text).find_map(|open| {
        let rest = text.get(open + 1..)?;
        let (rest, size) = nom::character::complete::u64::<_, nom::error::Error<&[u8]>>(rest).ok()?;
        rest.starts_with(b" byte").then_some(size)
    })
}

/// Parses the size in the text of 213 to SIZE: the number that ends the text, or else the number
/// that begins it (`213 file: 213, Size =51`, `213 5555, comment`).
///
/// # Errors
/// Fails when there is no such number, or it does not fit 64 bits.
pub fn size(text: &[u8]) -> Result<u64, Invalid> {
    let words = || text.split(|byte| !byte.is_ascii_digit() && *byte != b'-').filter(|word| !word.is_empty());
    let number = |word: &[u8]| {
        nom::combinator::all_consuming(nom::character::complete::u64::<_, nom::error::Error<&[u8]>>)
            .parse_complete(word)
            .map(|(_, number)| number)
            .map_err(|_| Invalid::new("a size in bytes of at most 64 bits"))
    };
    let trimmed = text.trim_ascii();
    let trailing = trimmed.last().is_some_and(u8::is_ascii_digit);
    let leading = trimmed.first().is_some_and(u8::is_ascii_digit);
    let word = match (trailing, leading) {
        (true, _) => words().next_back(),
        (false, true) => words().next(),
        (false, false) => None,
    };
    number(word.unwrap_or_default())
}

/// Returns the name that the server gave a file, from the text of 150 or 226 to STOU: `FILE: name`
/// (RFC 1123 4.1.2.9), `(unique file name:name).`, with or without a space, or a bare name. Borrows
/// from `text`.
#[must_use]
pub fn unique_name(text: &[u8]) -> Option<&[u8]> {
    let text = text.trim_ascii();
    let find = |needle: &[u8]| slices::find(text, needle).and_then(|at| text.get(at + needle.len()..));
    let name = if let Some(name) = find(b"FILE: ").or_else(|| find(b"FILE:")) {
        name
    } else if let Some(name) = find(b"unique file name:") {
        let name = name.strip_prefix(b" ").unwrap_or(name);
        let name = if name.ends_with(b").") { name.strip_suffix(b".").unwrap_or(name) } else { name };
        name.strip_suffix(b")").unwrap_or(name)
    } else if text.contains(&b' ') {
        return None;
    } else {
        text
    };
    (!name.is_empty()).then_some(name)
}

// restart-markers = "MARK" SP marker SP "=" SP marker                  ; RFC 959 4.2.2
/// Returns the two markers in the text of 110, `MARK yyyy = mmmm`: first that of the user-process,
/// which sends the data, then the server's. Borrows from `text`.
#[must_use]
pub fn restart_markers(text: &[u8]) -> Option<(Text<'_>, Text<'_>)> {
    let mut words = text.trim_ascii().split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let mut next = || words.next().filter(|word| word.iter().all(u8::is_ascii_graphic));
    let (mark, sent, equals, kept) = (next()?, next()?, next()?, next()?);
    let is_exact = mark.eq_ignore_ascii_case(b"MARK") && equals == b"=" && next().is_none();
    Some((Text::new(sent).ok()?, Text::new(kept).ok()?)).filter(|_| is_exact)
}

// time-fact = ("Modify" / "Create") "=" time-val *( ";" ) *OCTET ; draft-somers-ftp-mfxx 3.1, 4.1
/// Returns the time in the text of 213 to MFMT or MFCT: `Modify=20240229123456; name`. A server
/// that sends another text has set the time nonetheless.
#[must_use]
pub fn time_fact(text: &[u8]) -> Option<Timestamp> {
    let at = memchr::memchr(b'=', text)?;
    let (name, value) = (&text[..at], &text[at + 1..]);
    let known = [&b"modify"[..], b"create"].iter().any(|known| name.trim_ascii().eq_ignore_ascii_case(known));
    let end = value.iter().position(|byte| matches!(byte, b';' | b' ')).unwrap_or(value.len());
    Timestamp::parse(&value[..end]).ok().filter(|_| known)
}

#[cfg(test)]
mod tests;
