//! A listing that is open.

use ::std::fmt;
use ::std::future::poll_fn;
use ::std::sync::Arc;
use ::std::task::{Context, Poll, ready};

use super::retrieve::Retrieve;
use super::transfer::{Lent, Transfer};
use crate::io::error::Error;
use crate::io::names::{LineDecoder, Names};
use crate::io::net::runtime::Runtime;
use crate::listing::{Clock, Formats, ListingLine, ListingParser};

/// The longest line of a listing, in bytes.
const LONGEST_LINE: usize = 8 * 1024;
/// Number of bytes of a listing that are read at a time.
const LISTING_CHUNK: usize = 32 * 1024;

/// The entries of a listing, as they arrive.
///
/// A line that is not an entry in any format is returned as [`ListingLine::Unparsed`], and entries
/// may follow it. The end is reported only after the server has confirmed the transfer.
pub struct Entries<'c, R: Runtime> {
    data: Retrieve<'c, R>,
    parser: ListingParser<Vec<u8>>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    stage: Stage,
    names: Option<(Arc<Names>, LineDecoder)>,
    /// Lines that could not be decoded, last first.
    undecoded: Vec<Vec<u8>>,
}

#[derive(Debug, PartialEq)]
enum Stage {
    Receiving,
    /// All data has been received; some of it is still to be parsed.
    Ending,
    Ended,
    /// The last line may be incomplete.
    Failed,
}

impl<R: Runtime> Entries<'_, R> {
    /// Interprets dates with `clock`, which may know the server's time zone and the order of the
    /// numbers in its dates. The default is the system's clock, which knows neither. Call this
    /// before the first entry is read.
    #[must_use]
    pub const fn with_clock(mut self, clock: Clock) -> Self {
        self.parser.set_clock(clock);
        self
    }

    /// Returns the formats that the lines may have, which depend on the command that was sent:
    /// [`Formats::MLSD`], [`Formats::LIST`] (any format may come, and some facts are unknown), or
    /// [`Formats::NLST`] (only names). Each entry has the format of its line and the line itself.
    #[must_use]
    pub const fn formats(&self) -> Formats {
        self.data.transfer.formats
    }

    /// Returns whether the listing is only presumed to be empty: the server refused it with the
    /// words that it uses for empty directories, or reported it complete without using the data
    /// connection. Do not remove anything on that evidence.
    #[must_use]
    pub const fn is_presumed_empty(&self) -> bool {
        self.data.transfer.presumed_empty
    }

    /// Returns the next entry, or a line that is not an entry. Returns `None` after the last.
    pub async fn next(&mut self) -> Option<Result<ListingLine, Error>> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Returns the next entry, or a line that is not an entry. Returns `None` after an error, or
    /// after the last entry, once the server has confirmed the transfer.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<ListingLine, Error>>> {
        while matches!(self.stage, Stage::Receiving | Stage::Ending) {
            if let Err(stopped) = self.data.connection.check_stop() {
                self.stage = Stage::Failed;
                return Poll::Ready(Some(Err(stopped)));
            }
            let mut input = &self.buffer[self.start..self.end];
            let line = self.parser.next(&mut input).map(ListingLine::from);
            self.start = self.end - input.len();
            if let Some(line) = line {
                return Poll::Ready(Some(Ok(line)));
            }
            if let Some(line) = self.undecoded.pop() {
                return Poll::Ready(Some(Ok(ListingLine::Unparsed(line))));
            }
            if self.stage == Stage::Ending {
                self.stage = Stage::Ended;
                break;
            }
            let Retrieve { connection, transfer, .. } = &mut self.data;
            self.buffer.resize(LISTING_CHUNK, 0);
            let received = ready!(connection.poll_read(transfer, &mut self.buffer, cx));
            (self.start, self.end) = match received {
                Ok(count) => (0, count),
                Err(error) => {
                    self.stage = Stage::Failed;
                    return Poll::Ready(Some(Err(error)));
                }
            };
            if self.end == 0 {
                self.stage = Stage::Ending;
            }
            if let Some((names, decoder)) = &mut self.names {
                let decoded = decoder.decode(names, &self.buffer[..self.end], self.end == 0);
                (self.end, self.undecoded) = (decoded.bytes.len(), decoded.failed);
                self.undecoded.reverse();
                self.buffer = decoded.bytes;
            }
        }
        Poll::Ready(match self.stage {
            Stage::Failed => None,
            _ => self.parser.finish().map(|line| Ok(line.into())),
        })
    }
}

impl<'c, R: Runtime> Entries<'c, R> {
    pub(super) fn new(connection: Lent<'c, R>, transfer: Transfer) -> Self {
        let parser = ListingParser::new(vec![0; LONGEST_LINE], transfer.formats, Clock::now());
        let names = connection.shared_names().map(|names| (names, LineDecoder::default()));
        let data = Retrieve::new(connection, transfer);
        let (buffer, undecoded) = (vec![0; LISTING_CHUNK], Vec::new());
        Self { data, parser, buffer, start: 0, end: 0, stage: Stage::Receiving, names, undecoded }
    }
}

impl<R: Runtime> fmt::Debug for Entries<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries")
            .field("data", &self.data)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
