//! Conversion of names between the server's encoding and the local one, with two functions.

use ::std::borrow::Cow;
use ::std::fmt;

use crate::io::error::Error;

/// A function that converts the bytes of a name, or returns `None` if that is impossible.
type Convert = Box<dyn Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync>;

/// The functions that convert between a server's names and local ones. Each conversion is reversed
/// and compared, so that a name that does not survive both ways is an error and never becomes the
/// name of another file.
pub(in crate::io) struct Names {
    decode: Convert,
    encode: Convert,
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Names")
    }
}

impl Names {
    pub(in crate::io) fn new(
        decode: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
        encode: impl Fn(&[u8]) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        Self { decode: Box::new(decode), encode: Box::new(encode) }
    }

    /// Converts the server's bytes to local ones.
    pub(in crate::io) fn decode(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        converted(bytes, &self.decode, &self.encode)
    }

    /// Converts local bytes to the server's.
    pub(in crate::io) fn encode(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        converted(bytes, &self.encode, &self.decode)
    }
}

fn converted(bytes: &[u8], forward: &Convert, back: &Convert) -> Option<Vec<u8>> {
    if bytes.is_ascii() && forward(bytes).as_deref() == Some(bytes) {
        return Some(bytes.to_vec());
    }
    let converted = forward(bytes)?;
    (back(&converted).as_deref() == Some(bytes)).then_some(converted)
}

/// Converts a local path to the server's encoding.
pub(in crate::io) fn to_wire<'p>(names: Option<&Names>, path: &'p [u8]) -> Result<Cow<'p, [u8]>, Error> {
    match names {
        None => Ok(path.into()),
        Some(names) => names.encode(path).map(Cow::Owned).ok_or_else(|| Error::Name(path.to_vec())),
    }
}

/// Converts a path that the server sent to the local encoding.
pub(in crate::io) fn from_wire(names: Option<&Names>, path: Vec<u8>) -> Result<Vec<u8>, Error> {
    match names {
        None => Ok(path),
        Some(names) => names.decode(&path).ok_or(Error::Name(path)),
    }
}

/// Decodes the lines of a listing as they arrive. No encoding in use has an LF byte inside a
/// character.
#[derive(Debug, Default)]
pub(in crate::io) struct LineDecoder {
    /// The current line, until its end arrives.
    pending: Vec<u8>,
}

/// Maximum length of an incomplete line that is buffered. A longer one is decoded without waiting
/// for its end.
const LONGEST_LINE: usize = 8 * 1024;

/// Lines that were decoded, concatenated with their line ends, and lines that could not be decoded.
#[derive(Debug, Default)]
pub(in crate::io) struct Decoded {
    pub(in crate::io) bytes: Vec<u8>,
    pub(in crate::io) failed: Vec<Vec<u8>>,
}

impl LineDecoder {
    /// Decodes what has arrived. If `end` is `true`, the listing is over and the last line needs no
    /// LF.
    pub(in crate::io) fn decode(&mut self, names: &Names, mut bytes: &[u8], end: bool) -> Decoded {
        let mut decoded = Decoded::default();
        while let Some(at) = memchr::memchr(b'\n', bytes) {
            let (line, rest) = bytes.split_at(at + 1);
            self.pending.extend_from_slice(line);
            self.end_line(names, &mut decoded);
            bytes = rest;
        }
        self.pending.extend_from_slice(bytes);
        // The parser has no room for a longer line either.
        if self.pending.len() > LONGEST_LINE || (end && !self.pending.is_empty()) {
            self.end_line(names, &mut decoded);
        }
        decoded
    }

    fn end_line(&mut self, names: &Names, decoded: &mut Decoded) {
        match names.decode(&self.pending) {
            Some(line) => decoded.bytes.extend_from_slice(&line),
            None => decoded.failed.push(self.pending.trim_ascii_end().to_vec()),
        }
        self.pending.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn latin1() -> Names {
        let decode =
            |bytes: &[u8]| Some(bytes.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes());
        let encode = |bytes: &[u8]| {
            let text = ::std::str::from_utf8(bytes).ok()?;
            text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
        };
        Names::new(decode, encode)
    }

    /// Returns functions that map two letters to one, so that the conversion cannot be reversed.
    fn folding() -> Names {
        Names::new(|bytes| Some(bytes.to_ascii_lowercase()), |bytes| Some(bytes.to_vec()))
    }

    #[test]
    fn a_name_is_converted_both_ways() {
        let names = latin1();
        assert_eq!(*to_wire(Some(&names), "grün".as_bytes()).unwrap(), *b"gr\xfcn");
        assert_eq!(from_wire(Some(&names), b"gr\xfcn".to_vec()).unwrap(), "grün".as_bytes());
        assert_eq!(*to_wire(None, b"gr\xfcn").unwrap(), *b"gr\xfcn");
    }

    #[test]
    fn a_name_that_does_not_come_back_is_an_error_that_names_it() {
        for (names, name) in [(latin1(), "日本".as_bytes()), (folding(), b"\xc4A")] {
            let error = to_wire(Some(&names), name).map(Cow::into_owned);
            let error = error.and_then(|wire| from_wire(Some(&names), wire)).unwrap_err();
            assert!(matches!(&error, Error::Name(named) if named == name), "{error}");
        }
        assert!(from_wire(Some(&folding()), b"A".to_vec()).is_err());
    }

    #[test]
    fn lines_are_decoded_however_they_arrive() {
        let input = b"a\xfc\r\nb\r\n\xe4 without an end";
        for size in 1..=input.len() {
            let (mut decoder, mut all) = (LineDecoder::default(), Vec::new());
            for chunk in input.chunks(size) {
                all.extend(decoder.decode(&latin1(), chunk, false).bytes);
            }
            all.extend(decoder.decode(&latin1(), b"", true).bytes);
            assert_eq!(all, "aü\r\nb\r\nä without an end".as_bytes());
        }
        let mut decoder = LineDecoder::default();
        let decoded = decoder.decode(&folding(), b"a\nB\nc\n", false);
        assert_eq!((decoded.bytes, decoded.failed), (b"a\nc\n".to_vec(), vec![b"B".to_vec()]));
        assert_eq!(decoder.decode(&latin1(), &[b'x'; 9000], false).bytes.len(), 9000);
    }
}
