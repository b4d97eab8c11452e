//! TYPE A: lines end in LF in the file and in CRLF on the wire (RFC 959 3.1.1.1).
//!
//! Every LF of the file becomes CRLF, one that a CR precedes too: so any file at all comes back as
//! it was. On the wire, a CR that no LF follows is a byte like any other.

use super::Progress;

const CR: u8 = b'\r';
const LF: u8 = b'\n';

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Encoder {
    /// The CR of the LF at the front of the input is out already.
    cr_sent: bool,
}

impl Encoder {
    pub(super) fn encode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let mut done = Progress::default();
        while let (rest, room @ [_, ..]) = (&input[done.read..], &mut output[done.written..]) {
            match rest.first() {
                None => break,
                Some(&LF) => {
                    room[0] = if self.cr_sent { LF } else { CR };
                    done.read += usize::from(self.cr_sent);
                    done.written += 1;
                    self.cr_sent = !self.cr_sent;
                }
                Some(_) => {
                    let fits = &rest[..rest.len().min(room.len())];
                    let run = memchr::memchr(LF, fits).unwrap_or(fits.len());
                    room[..run].copy_from_slice(&fits[..run]);
                    done.read += run;
                    done.written += run;
                }
            }
        }
        done
    }

    /// Whether what is on the wire ends where a byte of the file does.
    pub(super) const fn is_clear(&self) -> bool {
        !self.cr_sent
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Decoder {
    /// A CR was taken, and what follows it is not known yet.
    cr_held: bool,
}

impl Decoder {
    pub(super) fn decode(&mut self, input: &[u8], output: &mut [u8]) -> Progress {
        let mut done = Progress::default();
        while let (rest, room @ [_, ..]) = (&input[done.read..], &mut output[done.written..]) {
            let Some(&next) = rest.first() else { break };
            if self.cr_held {
                self.cr_held = false;
                room[0] = if next == LF { LF } else { CR };
                done.read += usize::from(next == LF);
                done.written += 1;
            } else if next == CR {
                self.cr_held = true;
                done.read += 1;
            } else {
                let fits = &rest[..rest.len().min(room.len())];
                let run = memchr::memchr(CR, fits).unwrap_or(fits.len());
                room[..run].copy_from_slice(&fits[..run]);
                done.read += run;
                done.written += run;
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

    /// Whether no CR is held.
    pub(super) const fn is_clear(&self) -> bool {
        !self.cr_held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn encode(input: &[u8], steps: &[(usize, usize)]) -> Vec<u8> {
        let mut encoder = Encoder::default();
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

    #[test]
    fn line_ends_are_converted() {
        const WHOLE: &[(usize, usize)] = &[(64, 64)];
        for (file, wire) in [
            (&b""[..], &b""[..]),
            (b"a\nb", b"a\r\nb"),
            (b"\n\n", b"\r\n\r\n"),
            (b"\r\n", b"\r\r\n"),
            (b"a\rb\r", b"a\rb\r"),
        ] {
            assert_eq!(encode(file, WHOLE), wire);
            assert_eq!(decode(wire, WHOLE), file);
        }
    }

    proptest! {
        #[test]
        fn any_file_comes_back_however_the_bytes_are_split(
            file in proptest::collection::vec(prop_oneof![Just(CR), Just(LF), any::<u8>()], 0..200),
            steps in proptest::collection::vec((1usize..9, 1usize..9), 1..6),
        ) {
            let wire = encode(&file, &[(1000, 1000)]);
            prop_assert_eq!(&encode(&file, &steps), &wire);
            prop_assert_eq!(decode(&wire, &steps), file);
        }
    }
}
