//! The send queue: lines in, bytes out, each 0xFF doubled as Telnet wants it (RFC 854).

use core::ops::Range;

use super::telnet::{DM, IAC, IP};
use crate::codec::{Full, Sink};

/// The state of a send queue: `[head, tail)` waits to be sent.
#[derive(Clone, Debug)]
struct Queue {
    head: usize,
    tail: usize,
    /// The bytes that go in a segment of their own, while any of them waits.
    segment: Option<Range<usize>>,
    double_iac: bool,
    /// Where the urgent byte ends.
    urgent: Option<usize>,
}

impl Queue {
    /// Returns where the bytes end that may be sent together with the first one: at the edge of the
    /// segment, or at the end of the queue.
    fn end(&self) -> usize {
        match &self.segment {
            Some(segment) if self.head < segment.start => segment.start,
            Some(segment) => segment.end,
            None => self.tail,
        }
    }

    /// Takes `count` bytes off the front.
    fn advance(&mut self, count: usize) {
        self.head = self.head.saturating_add(count).min(self.end());
        let head = self.head;
        self.urgent = self.urgent.filter(|end| *end > head);
        self.segment.take_if(|segment| segment.end <= head);
        if self.head == self.tail {
            (self.head, self.tail) = (0, 0);
        }
    }

    /// Moves every position back by `head`, as the bytes were moved to the front of the storage.
    fn rebase(&mut self) {
        let head = core::mem::take(&mut self.head);
        self.tail -= head;
        self.urgent = self.urgent.map(|end| end - head);
        // Part of the segment may have left already.
        self.segment =
            self.segment.take().map(|segment| segment.start.saturating_sub(head)..segment.end - head);
    }

    /// Drops what was appended behind the first `length` bytes.
    fn truncate(&mut self, length: usize) {
        let tail = self.head + length;
        self.tail = tail;
        self.urgent = self.urgent.filter(|end| *end <= tail);
        self.segment.take_if(|segment| segment.end > tail);
    }
}

/// A send queue over storage of the caller's.
///
/// A machine appends, the caller sends [`pending`](Self::pending) and says how much left with
/// [`sent`](Self::sent), again and again until the queue [is empty](Self::is_empty): `pending` does not
/// always show all that waits, since some lines have to go out in a TCP segment of their own
/// ([`Tx::append_segment`]).
///
/// Each write of `pending` should reach the network by itself, so set TCP_NODELAY on the control
/// connection.
#[derive(Clone, Debug)]
pub struct SendBuf<B> {
    storage: B,
    queue: Queue,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> SendBuf<B> {
    /// An empty queue over `storage`, which doubles 0xFF as Telnet wants it.
    pub fn new(storage: B) -> Self {
        Self { storage, queue: Queue { head: 0, tail: 0, segment: None, double_iac: true, urgent: None } }
    }

    /// Whether a byte 0xFF is sent as `IAC IAC` (RFC 854; the default) or as it is, for peers that
    /// know nothing of Telnet.
    #[must_use]
    pub fn with_doubled_iac(mut self, double: bool) -> Self {
        self.queue.double_iac = double;
        self
    }

    /// Returns the bytes to be sent next, in one write if the transport takes them all.
    ///
    /// These are all that wait, or those up to the edge of a segment that goes alone
    /// ([`Tx::append_segment`]): what is behind the edge shows once [`sent`](Self::sent) was told of
    /// everything before it. Empty only if the queue is.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.storage.as_ref()[self.queue.head..self.queue.end()]
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.head == self.queue.tail
    }

    /// Says that the transport took `count` of the [`pending`](Self::pending) bytes. A greater count
    /// means all of those, and nothing behind them.
    pub fn sent(&mut self, count: usize) {
        self.queue.advance(count);
    }

    /// How many of the [`pending`](Self::pending) bytes end with one that is urgent (RFC 854, "Synch"):
    /// a transport that has urgent data may send so many that way. Sent like any others they do as well.
    #[must_use]
    pub fn urgent(&self) -> Option<usize> {
        self.queue.urgent.filter(|end| *end <= self.queue.end()).map(|end| end - self.queue.head)
    }

    /// Swaps the storage, as [`RecvBuf::replace_storage`](super::RecvBuf::replace_storage) does.
    ///
    /// # Errors
    /// Gives `storage` back while something waits to be sent.
    pub fn replace_storage(&mut self, storage: B) -> Result<B, B> {
        if !self.is_empty() {
            return Err(storage);
        }
        Ok(core::mem::replace(&mut self.storage, storage))
    }

    /// The queue as machines see it.
    pub fn view(&mut self) -> Tx<'_> {
        Tx { storage: self.storage.as_mut(), queue: &mut self.queue }
    }
}

/// A send queue as machines see it: room to append to.
#[derive(Debug)]
pub struct Tx<'a> {
    storage: &'a mut [u8],
    queue: &'a mut Queue,
}

/// So that what machines are told takes `&mut SendBuf`, as polling does.
impl<'a, B: AsRef<[u8]> + AsMut<[u8]>> From<&'a mut SendBuf<B>> for Tx<'a> {
    fn from(buf: &'a mut SendBuf<B>) -> Self {
        buf.view()
    }
}

/// For layers, which have been lent one.
impl<'a> From<&'a mut Tx<'_>> for Tx<'a> {
    fn from(tx: &'a mut Tx<'_>) -> Self {
        Tx { storage: &mut *tx.storage, queue: &mut *tx.queue }
    }
}

impl Tx<'_> {
    /// How many bytes the storage holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.storage.len()
    }

    /// How many bytes can be appended now.
    #[must_use]
    pub fn free(&self) -> usize {
        self.storage.len() - (self.queue.tail - self.queue.head)
    }

    /// Whether nothing waits to be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.head == self.queue.tail
    }

    /// How many lines wait whose end was not sent.
    pub(crate) fn unsent_lines(&self) -> usize {
        memchr::memchr_iter(b'\n', &self.storage[self.queue.head..self.queue.tail]).count()
    }

    /// Appends what `encode` writes, all of it or nothing.
    ///
    /// # Errors
    /// [`Full`] when it did not fit; the queue is as it was.
    pub fn append(&mut self, encode: impl FnOnce(&mut Self) -> Result<(), Full>) -> Result<(), Full> {
        let length = self.queue.tail - self.queue.head;
        encode(self).inspect_err(|Full| self.queue.truncate(length))
    }

    /// Appends what `encode` writes, all of it or nothing, to be sent in a TCP segment of its own:
    /// [`SendBuf::pending`] yields it alone, after the transport took everything that was queued before it,
    /// and yields nothing appended later until the transport took all of it.
    ///
    /// The lines that say where a data connection goes need this: PORT and EPRT, PASV and EPSV, and the
    /// replies 227, 228 and 229. Firewalls and address translators open the data connection's port when they
    /// read such a line, and Linux's (nf_conntrack_ftp) looks for it at the start of a packet only.
    ///
    /// # Errors
    /// [`Full`] when it did not fit, or while an earlier such segment [waits](Self::has_segment): a
    /// queue holds one at a time. The queue is as it was.
    pub fn append_segment(&mut self, encode: impl FnOnce(&mut Self) -> Result<(), Full>) -> Result<(), Full> {
        if self.has_segment() {
            return Err(Full);
        }
        let length = self.queue.tail - self.queue.head;
        self.append(encode)?;
        let start = self.queue.head + length;
        self.queue.segment = Some(start..self.queue.tail).filter(|segment| !segment.is_empty());
        Ok(())
    }

    /// Returns whether any byte of an [`append_segment`](Self::append_segment) waits to be sent.
    #[must_use]
    pub fn has_segment(&self) -> bool {
        self.queue.segment.is_some()
    }

    /// Appends Telnet's Interrupt Process and Synch, whose last byte is urgent (RFC 959 4.1.3, ABOR).
    ///
    /// # Errors
    /// [`Full`] when it did not fit; the queue is as it was.
    pub fn put_synch(&mut self) -> Result<(), Full> {
        self.put_raw(&[IAC, IP, IAC, DM])?;
        self.queue.urgent = Some(self.queue.tail);
        Ok(())
    }

    fn put_raw(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let q = &mut *self.queue;
        if self.storage.len() - q.tail < bytes.len() && q.head > 0 {
            self.storage.copy_within(q.head..q.tail, 0);
            q.rebase();
        }
        let room = self.storage.get_mut(q.tail..q.tail + bytes.len()).ok_or(Full)?;
        room.copy_from_slice(bytes);
        q.tail += bytes.len();
        Ok(())
    }
}

impl Sink for Tx<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), Full> {
        if !self.queue.double_iac {
            return self.put_raw(bytes);
        }
        self.append(|this| {
            let mut rest = bytes;
            while let Some(at) = memchr::memchr(IAC, rest) {
                let (head, tail) = rest.split_at(at + 1);
                this.put_raw(head)?;
                this.put_raw(&[IAC])?;
                rest = tail;
            }
            this.put_raw(rest)
        })
    }
}

#[cfg(test)]
mod tests;
