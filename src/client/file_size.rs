//! Compares the known size of a file with the bytes that a download received (RFC 3659 4 and
//! 7.5.7).
//!
//! A server can close a data connection cleanly and call the transfer complete although bytes are
//! missing. In stream mode, comparing sizes is the only defence. The sources differ in trust: SIZE
//! decides; the facts of MLST and MLSD may be approximate, and decide if SIZE is refused; the
//! number in the text of the 150 is a hint that makes the client ask, and decides only if nothing
//! else does.

use super::failure::TransferFailure;
use crate::listing::{Entry, Format, Kind};

/// A file's size as the caller knows it, for
/// [`Operation::expect_size`](super::Operation::expect_size).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExpectedSize {
    /// The size that SIZE reported.
    Size(u64),
    /// The `size` fact of MLST or MLSD. The sizes that LIST shows do not qualify, nor does the size
    /// of a link: see [`of`](Self::of).
    Fact(u64),
}

impl ExpectedSize {
    /// Returns the size of an entry of a listing, if a download may be compared with it: a file's
    /// `size` fact from MLST or MLSD.
    #[must_use]
    pub fn of(entry: &Entry<'_>) -> Option<Self> {
        let is_fact = entry.format() == Some(Format::Mlsd) && entry.kind == Kind::File;
        entry.size.filter(|_| is_fact).map(Self::Fact)
    }
}

/// The known size of one file, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct KnownSize {
    size: Option<u64>,
    fact: Option<u64>,
    hint: Option<u64>,
}

/// The part of a file that a download received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Received {
    /// Byte of the file at which the download began.
    offset: u64,
    /// Bytes of the file that were received.
    bytes: u64,
}

/// The result of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// Nothing contradicts the download.
    Whole,
    /// The server has to be asked.
    Doubtful,
}

impl KnownSize {
    pub(super) const fn expect(&mut self, expected: ExpectedSize) {
        match expected {
            ExpectedSize::Size(bytes) => self.size = Some(bytes),
            ExpectedSize::Fact(bytes) => self.fact = Some(bytes),
        }
    }

    /// Takes the size that the text of the 150 names, if any.
    pub(super) fn hint(&mut self, hint: Option<u64>) {
        self.hint = hint.or(self.hint);
    }

    /// Returns whether the `size` fact is known.
    pub(super) const fn has_fact(&self) -> bool {
        self.fact.is_some()
    }

    /// Compares the download with all that is known before the server is asked again.
    pub(super) fn compare(&self, received: Received) -> Comparison {
        let end = received.end();
        let known = [self.size, self.fact, self.hint];
        let short = known.into_iter().flatten().any(|known| end < known);
        // A server that ignores REST sends the file from its start, which only its length reveals.
        let beyond = received.offset > 0 && !known.contains(&Some(end));
        if short || beyond { Comparison::Doubtful } else { Comparison::Whole }
    }

    /// Decides by the size that the server reported when asked again.
    pub(super) fn decide(received: Received, size: u64) -> Result<(), TransferFailure> {
        let (received, restarted) = (received.end(), received.offset > 0);
        match received {
            _ if received < size => Err(TransferFailure::Short { received, expected: size }),
            _ if received > size && restarted => {
                Err(TransferFailure::RestartIgnored { received, expected: size })
            }
            _ => Ok(()),
        }
    }

    /// Decides after SIZE was refused: by the fact, or else by the hint.
    pub(super) fn decide_without_size(&self, received: Received) -> Result<(), TransferFailure> {
        let (received, restarted) = (received.end(), received.offset > 0);
        match self.fact.or(self.size).or(self.hint) {
            Some(expected) if received < expected => Err(TransferFailure::Short { received, expected }),
            // The hint does not count here: many servers report the number of bytes left.
            Some(expected) if received > expected && restarted && self.fact.or(self.size).is_some() => {
                Err(TransferFailure::RestartIgnored { received, expected })
            }
            _ => Ok(()),
        }
    }
}

impl Received {
    pub(super) const fn new(offset: u64, bytes: u64) -> Self {
        Self { offset, bytes }
    }

    /// Returns the byte of the file at which the download ended.
    const fn end(self) -> u64 {
        self.offset.saturating_add(self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(size: Option<u64>, fact: Option<u64>, hint: Option<u64>) -> KnownSize {
        KnownSize { size, fact, hint }
    }

    #[test]
    fn only_the_size_fact_of_a_file_is_expected() {
        let clock = crate::listing::Clock::UNKNOWN;
        for (format, line, expected) in [
            (Format::Mlsd, "type=file;size=7; x", Some(ExpectedSize::Fact(7))),
            (Format::Mlsd, "type=file; x", None),
            (Format::Mlsd, "type=dir;size=7; x", None),
            (Format::Mlsd, "type=OS.unix=slink:/y;size=7; x", None),
            (Format::Mlsd, "size=7; x", None),
            (Format::Unix, "-rw-r--r--   1 root  wheel  7 Nov  9 2001 x", None),
        ] {
            let entry = format.parse_line(line.as_bytes(), &clock).unwrap().unwrap();
            assert_eq!(ExpectedSize::of(&entry), expected, "{line}");
        }
    }

    #[test]
    fn only_what_contradicts_makes_the_server_be_asked() {
        let none = None;
        for (known, offset, bytes, wanted) in [
            (known(none, none, none), 0, 50, Comparison::Whole),
            (known(none, none, none), 10, 50, Comparison::Doubtful),
            (known(Some(60), none, none), 10, 50, Comparison::Whole),
            (known(Some(50), none, none), 10, 50, Comparison::Doubtful),
            (known(none, none, Some(60)), 10, 50, Comparison::Whole),
            (known(Some(100), none, none), 0, 50, Comparison::Doubtful),
            (known(none, Some(100), none), 0, 50, Comparison::Doubtful),
            (known(none, none, Some(100)), 0, 50, Comparison::Doubtful),
            (known(Some(50), none, Some(100)), 0, 50, Comparison::Doubtful),
            (known(Some(40), Some(40), Some(40)), 0, 50, Comparison::Whole),
        ] {
            assert_eq!(known.compare(Received { offset, bytes }), wanted, "{known:?} {offset} {bytes}");
        }
    }

    #[test]
    fn size_decides_and_where_it_is_refused_the_fact_does() {
        let received = |offset, bytes| Received { offset, bytes };
        let short = |received, expected| Err(TransferFailure::Short { received, expected });
        assert_eq!(KnownSize::decide(received(0, 50), 100), short(50, 100));
        assert_eq!(KnownSize::decide(received(0, 50), 50), Ok(()));
        assert_eq!(KnownSize::decide(received(0, 50), 40), Ok(()));
        let ignored = Err(TransferFailure::RestartIgnored { received: 110, expected: 100 });
        assert_eq!(KnownSize::decide(received(10, 100), 100), ignored);
        assert_eq!(known(None, Some(50), Some(100)).decide_without_size(received(0, 50)), Ok(()));
        assert_eq!(known(None, Some(60), None).decide_without_size(received(0, 50)), short(50, 60));
        assert_eq!(known(None, None, Some(60)).decide_without_size(received(0, 50)), short(50, 60));
        assert_eq!(known(None, None, None).decide_without_size(received(0, 50)), Ok(()));
        let ignored = Err(TransferFailure::RestartIgnored { received: 15, expected: 10 });
        assert_eq!(known(None, Some(10), None).decide_without_size(received(5, 10)), ignored);
        assert_eq!(known(None, None, Some(10)).decide_without_size(received(5, 10)), Ok(()));
    }
}
