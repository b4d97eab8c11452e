//! Transfers of a client that blocks: what is read and what is written.

use ::std::fmt;
use ::std::fs::File;
use ::std::io::{self, Read, Write};
use ::std::time::{SystemTime, UNIX_EPOCH};

use super::client::Client;
use crate::io::client::{Reply, Transfer};
use crate::io::data::CHUNK;
use crate::io::error::Error;
use crate::listing::{BadLine, Clock, Formats, ListingParser, OwnedEntry};
use crate::transfer::Marker;

/// How much is received at a time for a reader that asks for less.
const READ_AHEAD: usize = 64 * 1024;
/// The longest line of a listing.
const LONGEST_LINE: usize = 8 * 1024;
/// How much of a listing is read at a time.
const LISTING_CHUNK: usize = 32 * 1024;

fn abort(client: &mut Client, mut transfer: Transfer) -> Result<(), Error> {
    let mut aborting = None;
    client.block(|connection, cx| connection.poll_abort(&mut transfer, &mut aborting, cx))
}

/// A download: the bytes of a file.
///
/// The end (a read of 0 bytes) comes only once the server has confirmed that all was sent: whatever is
/// cut short is an error. Dropped before that, the transfer is given up, and the client goes on.
#[derive(Debug)]
pub struct Retrieve<'c> {
    client: &'c mut Client,
    transfer: Transfer,
    /// What was received for reads of a few bytes, which would cost a system call each.
    ahead: Vec<u8>,
    start: usize,
    end: usize,
}

impl<'c> Retrieve<'c> {
    pub(super) const fn new(client: &'c mut Client, transfer: Transfer) -> Self {
        Self { client, transfer, ahead: Vec::new(), start: 0, end: 0 }
    }

    /// The byte of the file that the first byte read is.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.transfer.offset
    }

    /// What the server hints the size to be.
    #[must_use]
    pub const fn size_hint(&self) -> Option<u64> {
        self.transfer.size_hint
    }

    /// The last restart marker that the server sent, in block or compressed mode, before which every byte was
    /// read: keep it with what was, to go on there by [`Client::retrieve_at`].
    #[must_use]
    pub const fn last_marker(&self) -> Option<Marker> {
        self.client.last_marker()
    }

    /// Receives all that is left into `file`, at its position: how many bytes that were.
    ///
    /// # Errors
    /// When the file cannot be written, or the transfer fails.
    pub fn receive_into(mut self, mut file: &File) -> io::Result<u64> {
        let mut total = 0;
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = self.read(&mut buffer)?;
            if count == 0 {
                return Ok(total);
            }
            file.write_all(&buffer[..count])?;
            total += count as u64;
        }
    }

    /// Gives the download up by ABOR, and hears all that the server says to that. To drop it does as well;
    /// this tells at once when the connection does not survive it.
    ///
    /// # Errors
    /// When the connection is gone, or the server answers nothing.
    pub fn abort(self) -> Result<(), Error> {
        abort(self.client, self.transfer)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let Self { client, transfer, .. } = self;
        client.block(|connection, cx| connection.poll_read(transfer, buffer, cx))
    }
}

impl Read for Retrieve<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.end {
            if buffer.len() >= READ_AHEAD {
                return Ok(self.receive(buffer)?);
            }
            let mut ahead = ::std::mem::take(&mut self.ahead);
            ahead.resize(READ_AHEAD, 0);
            let received = self.receive(&mut ahead);
            self.ahead = ahead;
            (self.start, self.end) = (0, received?);
        }
        let rest = &self.ahead[self.start..self.end];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.start += count;
        Ok(count)
    }
}

/// An upload.
///
/// It counts only once [`finish`](Self::finish) has returned. Dropped before that, the transfer is given
/// up, and the client goes on.
#[derive(Debug)]
#[must_use = "an upload that is not finished is aborted"]
pub struct Store<'c> {
    client: &'c mut Client,
    transfer: Transfer,
}

impl<'c> Store<'c> {
    pub(super) const fn new(client: &'c mut Client, transfer: Transfer) -> Self {
        Self { client, transfer }
    }

    /// The byte of the file that the first byte written is.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.transfer.offset
    }

    /// The name that the server chose, where it was asked to and says so at the start.
    #[must_use]
    pub fn unique_name(&self) -> Option<&[u8]> {
        self.transfer.unique_name.as_deref()
    }

    /// The last restart marker that the server has told so far, in block or compressed mode and with
    /// [`marker_interval`](crate::client::Config::marker_interval): keep it, to go on there by
    /// [`Client::store_at`].
    #[must_use]
    pub const fn last_marker(&self) -> Option<Marker> {
        self.client.last_marker()
    }

    /// Sends the rest of `file`, from its position on: how many bytes that were. Where nothing has to be
    /// converted the kernel moves them, and none of them passes through this process.
    ///
    /// # Errors
    /// When the file cannot be read, or the server does not take it.
    pub fn send_file(&mut self, mut file: &File) -> io::Result<u64> {
        let mut total = 0;
        loop {
            let Self { client, transfer } = self;
            match client.block(|connection, cx| connection.poll_send_file(transfer, file, cx))? {
                Some(0) => return Ok(total),
                Some(count) => total += count as u64,
                None => break,
            }
        }
        let mut buffer = vec![0; CHUNK];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(total),
                Ok(count) => {
                    self.write_all(&buffer[..count])?;
                    total += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives the upload up by ABOR, and hears all that the server says to that. What it keeps of the file is
    /// its own matter.
    ///
    /// # Errors
    /// When the connection is gone, or the server answers nothing.
    pub fn abort(self) -> Result<(), Error> {
        abort(self.client, self.transfer)
    }

    /// Ends the upload and waits for the server to confirm it.
    ///
    /// # Errors
    /// When it does not.
    pub fn finish(self) -> Result<Option<Reply>, Error> {
        let Self { client, mut transfer } = self;
        client
            .block(|connection, cx| connection.poll_finish(&mut transfer, cx))
            .map(|finished| finished.reply)
    }
}

impl Write for Store<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Self { client, transfer } = self;
        Ok(client.block(|connection, cx| connection.poll_write(transfer, bytes, cx))?)
    }

    /// Does nothing: only the end of an upload makes it one.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The entries of a listing, as they arrive.
///
/// Lines that are no entry in any format are told as such and are no end: go on. The end comes only
/// once the server has confirmed the transfer.
pub struct Entries<'c> {
    data: Retrieve<'c>,
    formats: Formats,
    parser: ListingParser<Vec<u8>>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    stage: Stage,
}

#[derive(Debug, PartialEq)]
enum Stage {
    Receiving,
    Ended,
    /// The last line may be half a line.
    Failed,
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("stage", &self.stage).finish_non_exhaustive()
    }
}

/// An entry, or the line that is none.
type Line = Result<OwnedEntry, Vec<u8>>;

impl<'c> Entries<'c> {
    pub(super) fn new(client: &'c mut Client, transfer: Transfer) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let clock = i64::try_from(now).map_or(Clock::UNKNOWN, Clock::at);
        let formats = transfer.formats;
        let parser = ListingParser::new(vec![0; LONGEST_LINE], formats, clock);
        let data = Retrieve::new(client, transfer);
        Self {
            data,
            formats,
            parser,
            buffer: vec![0; LISTING_CHUNK],
            start: 0,
            end: 0,
            stage: Stage::Receiving,
        }
    }

    /// The formats that its lines may have, which tells what the server was asked: [`Formats::MLSD`], where it
    /// knows that; [`Formats::LIST`], where anything may come and not all of it be told; [`Formats::NLST`], where
    /// only names were wanted. Which of them a line has, and the line itself, are the entry's to say.
    #[must_use]
    pub const fn formats(&self) -> Formats {
        self.formats
    }

    fn parsed(line: Result<crate::listing::Entry<'_>, BadLine<'_>>) -> Line {
        line.map(|entry| entry.to_owned()).map_err(|bad| bad.raw.to_vec())
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Line, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.stage == Stage::Receiving {
            let mut input = &self.buffer[self.start..self.end];
            let line = self.parser.next(&mut input).map(Self::parsed);
            self.start = self.end - input.len();
            if let Some(line) = line {
                return Some(Ok(line));
            }
            match self.data.receive(&mut self.buffer) {
                Ok(0) => self.stage = Stage::Ended,
                Ok(count) => (self.start, self.end) = (0, count),
                Err(error) => {
                    self.stage = Stage::Failed;
                    return Some(Err(error));
                }
            }
        }
        match self.stage {
            Stage::Failed => None,
            _ => self.parser.finish().map(Self::parsed).map(Ok),
        }
    }
}
