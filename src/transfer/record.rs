//! STRU R: a file of records (RFC 959 3.1.2.2), as it is stored here. This layer converts between
//! the bytes of the file and the data and ends of records, for which every mode has its own codes.
//!
//! ```text
//! file   = *record [rest]            ; `rest` is data without an end of record after it
//! record = *(byte / quoted) LF       ; the LF ends the record
//! quoted = DLE LF                    ; an LF that is data of the record
//! ```
//!
//! Records are lines, so a text file has the expected form in either structure, and any file can be
//! sent as records. A record may contain an LF, especially in image data; that LF is stored as DLE
//! LF, and DLEs before an LF or an end of record that they do not quote are doubled. This gives a
//! bijection between files and sequences of records, for any bytes. A file that was stored or
//! retrieved in records can therefore be restored unchanged, as the RFC asks (3.1.2), and neither
//! side has to examine the whole file to see whether the file has the right form. A framing with
//! lengths (such as record descriptor words) would refuse most files; one record per file would
//! lose the ends of records.
//!
//! Records "are explicit, including the final one" (3.4): what follows the last LF of a file is
//! sent as data without an end of record, and is received without an LF, since nothing else would
//! restore the same file.

use super::Progress;
use crate::codec::slices;

const DLE: u8 = 0x10;
const LF: u8 = b'\n';

/// One piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// This input holds nothing more.
    Nothing,
    /// These bytes of the input, to be [taken](Splitter::took).
    Run(&'a [u8]),
    /// This byte, repeated, to be [taken](Splitter::took). The input that the byte comes from was
    /// read already.
    Repeat(u8, u64),
    /// A record ends. Nothing is to be taken.
    EndOfRecord,
}

/// Splits a file into records.
#[derive(Clone, Debug, Default)]
pub(super) struct Splitter {
    /// Number of DLEs that were read and whose meaning depends on what follows.
    quotes: u64,
    /// Number of DLEs that are data.
    release: u64,
    then: Then,
}

/// Piece that follows the DLEs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Then {
    #[default]
    Nothing,
    Lf,
    EndOfRecord,
}

impl Splitter {
    /// Returns the next piece, and how many bytes of the input were read to find it.
    pub(super) fn next<'a>(&mut self, input: &'a [u8]) -> (usize, Piece<'a>) {
        let mut read = 0;
        loop {
            match self.then {
                _ if self.release > 0 => return (read, Piece::Repeat(DLE, self.release)),
                Then::Lf => return (read, Piece::Repeat(LF, 1)),
                Then::EndOfRecord => {
                    self.then = Then::Nothing;
                    return (read, Piece::EndOfRecord);
                }
                Then::Nothing => {}
            }
            let rest = slices::part(input, read..);
            match rest.first() {
                None => return (read, Piece::Nothing),
                Some(&DLE) => {
                    let count = rest.iter().take_while(|byte| **byte == DLE).count();
                    self.quotes += count as u64;
                    read += count;
                }
                Some(&LF) => {
                    read += 1;
                    self.then = if self.quotes % 2 == 0 { Then::EndOfRecord } else { Then::Lf };
                    self.release = self.quotes / 2;
                    self.quotes = 0;
                }
                Some(_) if self.quotes > 0 => self.finish(),
                Some(_) => {
                    let run = memchr::memchr2(DLE, LF, rest).unwrap_or(rest.len());
                    return (read, Piece::Run(slices::part(rest, ..run)));
                }
            }
        }
    }

    /// Marks `count` bytes of the piece as used. Those of a run count as read from the input.
    pub(super) fn took(&mut self, count: usize) {
        if self.release > 0 {
            self.release = self.release.saturating_sub(count as u64);
        } else if count > 0 {
            self.then = Then::Nothing;
        }
    }

    /// Ends the input, which makes the DLEs held back data.
    pub(super) fn finish(&mut self) {
        self.release += core::mem::take(&mut self.quotes);
    }

    /// Returns whether a transfer may restart between `last` and what follows: nothing is held back
    /// here, and nothing would be held back after a restart.
    pub(super) fn is_divisible_after(&self, last: u8) -> bool {
        self.is_clear() && last != DLE
    }

    /// Returns whether everything read has been passed on.
    pub(super) fn is_clear(&self) -> bool {
        self.quotes == 0 && self.release == 0 && self.then == Then::Nothing
    }
}

/// Joins records into a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Joiner {
    /// Number of DLEs of the record that are not written yet; what follows decides whether they are
    /// doubled.
    quotes: u64,
    /// Number of DLEs to write.
    release: u64,
    /// Set while an LF is to be written after those DLEs.
    lf: bool,
}

impl Joiner {
    /// Writes data of a record.
    pub(super) fn put(&mut self, data: &[u8], output: &mut [u8]) -> Progress {
        let mut done = Progress::default();
        loop {
            let room = slices::part_mut(output, done.written..);
            if self.release > 0 {
                let count = room.len().min(usize::try_from(self.release).unwrap_or(usize::MAX));
                room[..count].fill(DLE);
                self.release -= count as u64;
                done.written += count;
                if self.release > 0 {
                    return done;
                }
                continue;
            }
            if self.lf {
                let Some(first) = room.first_mut() else { return done };
                *first = LF;
                self.lf = false;
                done.written += 1;
                continue;
            }
            let rest = slices::part(data, done.read..);
            match rest.first() {
                None => return done,
                Some(&DLE) => {
                    let count = rest.iter().take_while(|byte| **byte == DLE).count();
                    self.quotes += count as u64;
                    done.read += count;
                }
                Some(&LF) => {
                    done.read += 1;
                    self.release = self.quotes.saturating_mul(2).saturating_add(1);
                    self.quotes = 0;
                    self.lf = true;
                }
                Some(_) if self.quotes > 0 => self.finish(),
                Some(_) if room.is_empty() => return done,
                Some(_) => {
                    let fits = &rest[..rest.len().min(room.len())];
                    let run = memchr::memchr2(DLE, LF, fits).unwrap_or(fits.len());
                    room[..run].copy_from_slice(&fits[..run]);
                    done.read += run;
                    done.written += run;
                }
            }
        }
    }

    /// Ends the record. Call it only if [`is_released`](Self::is_released).
    pub(super) fn end_record(&mut self) {
        self.release = self.quotes.saturating_mul(2);
        self.quotes = 0;
        self.lf = true;
    }

    /// Ends the data, which releases the DLEs held back.
    pub(super) fn finish(&mut self) {
        self.release += core::mem::take(&mut self.quotes);
    }

    /// Returns whether DLEs are held back that [`finish`](Self::finish) would release.
    pub(super) const fn has_quotes(&self) -> bool {
        self.quotes > 0
    }

    /// Returns whether nothing is waiting for room.
    pub(super) const fn is_released(&self) -> bool {
        self.release == 0 && !self.lf
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    /// Records, and the rest after the last.
    type Records = (Vec<Vec<u8>>, Vec<u8>);

    fn split(file: &[u8], step: usize) -> Records {
        let mut splitter = Splitter::default();
        let (mut records, mut record) = (Vec::new(), Vec::new());
        let mut at = 0;
        loop {
            let (read, piece) = splitter.next(&file[at..file.len().min(at + step)]);
            at += read;
            match piece {
                Piece::Run(run) => {
                    record.extend_from_slice(run);
                    at += run.len();
                    splitter.took(run.len());
                }
                Piece::Repeat(byte, _) => {
                    record.push(byte);
                    splitter.took(1);
                }
                Piece::EndOfRecord => records.push(core::mem::take(&mut record)),
                Piece::Nothing if at < file.len() => {}
                Piece::Nothing if splitter.is_clear() => return (records, record),
                Piece::Nothing => splitter.finish(),
            }
        }
    }

    fn join((records, rest): &Records, room: usize) -> Vec<u8> {
        let mut joiner = Joiner::default();
        let mut file = Vec::new();
        let mut put = |joiner: &mut Joiner, mut data: &[u8]| {
            while !data.is_empty() || !joiner.is_released() {
                let mut output = std::vec![0; room];
                let done = joiner.put(data, &mut output);
                data = &data[done.read..];
                file.extend_from_slice(&output[..done.written]);
            }
        };
        for record in records {
            put(&mut joiner, record);
            joiner.end_record();
            put(&mut joiner, b"");
        }
        put(&mut joiner, rest);
        joiner.finish();
        put(&mut joiner, b"");
        file
    }

    #[test]
    fn records_are_lines() {
        for (file, records, rest) in [
            (&b""[..], &[][..], &b""[..]),
            (b"a\nbc\n", &[&b"a"[..], b"bc"], b""),
            (b"a\n\n", &[b"a", b""], b""),
            (b"a\nb", &[b"a"], b"b"),
            (b"a\r\n", &[b"a\r"], b""),
            (b"a\x10\nb\n", &[b"a\nb"], b""),
            (b"a\x10\x10\nb", &[b"a\x10"], b"b"),
            (b"a\x10\x10\x10\nb", &[], b"a\x10\nb"),
            (b"a\x10b\x10\x10", &[], b"a\x10b\x10\x10"),
        ] {
            let value = (records.iter().map(|r| r.to_vec()).collect(), rest.to_vec());
            assert_eq!(split(file, 100), value);
            assert_eq!(join(&value, 100), file);
        }
    }

    proptest! {
        #[test]
        fn any_file_comes_back(
            file in proptest::collection::vec(prop_oneof![Just(DLE), Just(LF), any::<u8>()], 0..100),
            step in 1usize..5, room in 1usize..5,
        ) {
            prop_assert_eq!(join(&split(&file, step), room), file);
        }

        #[test]
        fn any_records_come_back(
            records in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![Just(DLE), Just(LF), any::<u8>()], 0..10), 1..10),
            step in 1usize..5, room in 1usize..5,
        ) {
            let mut records = records;
            let rest = records.pop().unwrap_or_default();
            let value = (records, rest);
            prop_assert_eq!(split(&join(&value, room), step), value);
        }
    }
}
