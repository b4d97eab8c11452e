//! TYPE A: lines end in LF in the file and in CRLF on the wire (RFC 959 3.1.1.1).
//!
//! An LF of the file becomes CRLF. An LF with a CR before it already ends its line in CRLF and
//! stays unchanged, unless the [literal reading](LineEnds::Literal) is selected. On the wire, a CR
//! without an LF after it is a byte like any other.

use super::{LineEnds, Progress};
use crate::codec::slices;

const CR: u8 = b'\r';
const LF: u8 = b'\n';

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Encoder {
    line_ends: LineEnds,
    /// Set while the last byte written is the CR for an LF that may come next: either a CR inserted
    /// for the LF at the front of the input or, if existing CRLFs are kept, a CR of the file.
    cr_sent: bool,
}

/// Copies the bytes before `mark`, as many as `room` holds, and returns them.
#[inline]
fn copy_until<'a>(mark: u8, bytes: &'a [u8], room: &mut [u8]) -> &'a [u8] {
    let fits = bytes.get(..room.len()).unwrap_or(bytes);
    let run = memchr::memchr(mark, fits).and_then(|at| fits.get(..at)).unwrap_or(fits);
    slices::copy(run, room);
    run
}

impl Encoder {
    pub(super) const fn set_line_ends(&mut self, line_ends: LineEnds) {
        self.line_ends = line_ends;
    }

    pub(super) fn encode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let keeps = matches!(self.line_ends, LineEnds::Kept);
        let mut done = Progress::default();
        loop {
            let (rest, room) = (slices::part(input, done.read..), slices::part_mut(output, done.written..));
            match (rest, room) {
                ([], _) | (_, []) => break,
                ([LF, ..], [first, second, ..]) if !self.cr_sent => {
                    (*first, *second) = (CR, LF);
                    done.read += 1;
                    done.written += 2;
                }
                ([LF, ..], [first, ..]) => {
                    *first = if self.cr_sent { LF } else { CR };
                    done.read += usize::from(self.cr_sent);
                    done.written += 1;
                    self.cr_sent = !self.cr_sent;
                }
                (rest, room) => {
                    let run = copy_until(LF, rest, room);
                    self.cr_sent = keeps && run.last() == Some(&CR);
                    done.read += run.len();
                    done.written += run.len();
                }
            }
        }
        done
    }

    /// Returns whether the bytes written end at a byte boundary of the file and do not affect the
    /// encoding of the next byte.
    pub(super) const fn is_clear(&self) -> bool {
        !self.cr_sent
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decoder {
    /// Set while a CR was taken and the byte after it is not known yet.
    cr_held: bool,
}

impl Decoder {
    pub(super) fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let mut done = Progress::default();
        loop {
            let (rest, room) = (slices::part(input, done.read..), slices::part_mut(output, done.written..));
            match (rest, room) {
                ([], _) | (_, []) => break,
                ([next, ..], [first, ..]) if self.cr_held => {
                    self.cr_held = false;
                    *first = if *next == LF { LF } else { CR };
                    done.read += usize::from(*next == LF);
                    done.written += 1;
                }
                ([CR, LF, ..], [first, ..]) => {
                    *first = LF;
                    done.read += 2;
                    done.written += 1;
                }
                ([CR, ..], _) => {
                    self.cr_held = true;
                    done.read += 1;
                }
                (rest, room) => {
                    let run = copy_until(CR, rest, room);
                    done.read += run.len();
                    done.written += run.len();
                }
            }
        }
        done
    }

    pub(super) fn finish(&mut self, output: &mut [u8]) -> usize {
        match output.first_mut() {
            Some(first) if core::mem::take(&mut self.cr_held) => {
                *first = CR;
                1
            }
            _ => 0,
        }
    }

    /// Returns whether no CR is held back.
    pub(super) const fn is_clear(&self) -> bool {
        !self.cr_held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn encode(line_ends: LineEnds, input: &[u8], steps: &[(usize, usize)]) -> Vec<u8> {
        let mut encoder = Encoder { line_ends, ..Encoder::default() };
        let mut steps = steps.iter().copied().cycle();
        let (mut out, mut at) = (Vec::new(), 0);
        while at < input.len() {
            let (read, room) = steps.next().unwrap_or((7, 7));
            let mut output = std::vec![0; room];
            let done = encoder.encode(&input[at..input.len().min(at + read)], &mut output);
            at += done.read;
            out.extend_from_slice(&output[..done.written]);
        }
        out
    }

    fn decode(input: &[u8], steps: &[(usize, usize)]) -> Vec<u8> {
        let mut decoder = Decoder::default();
        let mut steps = steps.iter().copied().cycle();
        let (mut out, mut at) = (Vec::new(), 0);
        while at < input.len() {
            let (read, room) = steps.next().unwrap_or((7, 7));
            let mut output = std::vec![0; room];
            let done = decoder.decode(&input[at..input.len().min(at + read)], &mut output);
            at += done.read;
            out.extend_from_slice(&output[..done.written]);
        }
        let mut last = [0];
        let count = decoder.finish(&mut last);
        out.extend_from_slice(&last[..count]);
        out
    }

    const WHOLE: &[(usize, usize)] = &[(64, 64)];

    #[test]
    fn line_ends_are_converted() {
        for (file, wire) in
            [(&b""[..], &b""[..]), (b"a\nb", b"a\r\nb"), (b"\n\n", b"\r\n\r\n"), (b"a\rb\r", b"a\rb\r")]
        {
            for line_ends in [LineEnds::Kept, LineEnds::Literal] {
                assert_eq!(encode(line_ends, file, WHOLE), wire);
            }
            assert_eq!(decode(wire, WHOLE), file);
        }
    }

    #[test]
    fn a_crlf_that_is_there_already_stays_one_unless_the_literal_reading_is_asked_for() {
        for (file, kept, literal) in [
            (&b"\r\n"[..], &b"\r\n"[..], &b"\r\r\n"[..]),
            (b"a\r\nb\nc\r\n", b"a\r\nb\r\nc\r\n", b"a\r\r\nb\r\nc\r\r\n"),
            (b"a\r\n\n", b"a\r\n\r\n", b"a\r\r\n\r\n"),
            (b"a\n\r\n", b"a\r\n\r\n", b"a\r\n\r\r\n"),
            (b"a\r\r\n", b"a\r\r\n", b"a\r\r\r\n"),
            (b"a\rb\n", b"a\rb\r\n", b"a\rb\r\n"),
            (b"\n\r", b"\r\n\r", b"\r\n\r"),
        ] {
            for (line_ends, wire) in [(LineEnds::Kept, kept), (LineEnds::Literal, literal)] {
                for step in 1..=file.len() {
                    for room in 1..=wire.len() {
                        assert_eq!(encode(line_ends, file, &[(step, room)]), wire, "{line_ends:?} {file:?}");
                    }
                }
            }
        }
    }

    /// Encodes by the simplest form of the rule, one byte at a time.
    fn kept(file: &[u8]) -> Vec<u8> {
        let mut wire = Vec::new();
        let mut before = 0;
        for byte in file {
            if *byte == LF && before != CR {
                wire.push(CR);
            }
            wire.push(*byte);
            before = *byte;
        }
        wire
    }

    fn files() -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(prop_oneof![Just(CR), Just(LF), any::<u8>()], 0..200)
    }

    fn steps() -> impl Strategy<Value = Vec<(usize, usize)>> {
        proptest::collection::vec((1usize..9, 1usize..9), 1..6)
    }

    proptest! {
        #[test]
        fn any_file_comes_back_from_the_literal_reading_however_the_bytes_are_split(
            file in files(), steps in steps(),
        ) {
            let wire = encode(LineEnds::Literal, &file, &[(1000, 1000)]);
            prop_assert_eq!(&encode(LineEnds::Literal, &file, &steps), &wire);
            prop_assert_eq!(decode(&wire, &steps), file);
        }

        #[test]
        fn a_kept_crlf_is_kept_however_the_bytes_are_split(file in files(), steps in steps()) {
            let wire = kept(&file);
            prop_assert_eq!(&encode(LineEnds::Kept, &file, &steps), &wire);
            prop_assert_eq!(&encode(LineEnds::Kept, &wire, &steps), &wire, "it is text with CRLF now");
        }
    }
}
