//! The send queue: takes lines and yields bytes, with each 0xFF doubled as Telnet requires (RFC
//! 854).

use core::ops::Range;

use super::telnet::{DM, IAC, IP};
use crate::codec::slices;
use crate::codec::{Full, Sink};

/// The state of a send queue: `[head, tail)` is waiting to be sent.
#[derive(Clone, Debug)]
struct Queue {
    head: usize,
    tail: usize,
    /// The bytes that need a segment of their own, while any of them is unsent.
    segment: Option<Range<usize>>,
    double_iac: bool,
    /// The end of the urgent byte.
    urgent: Option<usize>,
}

impl Queue {
    /// Returns the end of the bytes that may be sent together with the first one: the edge of the
    /// segment, or the end of the queue.
    fn end(&self) -> usize {
        match &self.segment {
            Some(segment) if self.head < segment.start => segment.start,
            Some(segment) => segment.end,
            None => self.tail,
        }
    }

    /// Removes `count` bytes from the front.
    fn advance(&mut self, count: usize) {
        self.head = self.head.saturating_add(count).min(self.end());
        let head = self.head;
        self.urgent = self.urgent.filter(|end| *end > head);
        self.segment.take_if(|segment| segment.end <= head);
        if self.head == self.tail {
            (self.head, self.tail) = (0, 0);
        }
    }

    /// Moves every position back by `head`, after the bytes were moved to the front of the storage.
    fn rebase(&mut self) {
        let head = core::mem::take(&mut self.head);
        self.tail -= head;
        self.urgent = self.urgent.map(|end| end - head);
        // Part of the segment may have been sent already.
        self.segment =
            self.segment.take().map(|segment| segment.start.saturating_sub(head)..segment.end - head);
    }

    /// Drops everything appended after the first `length` bytes.
    fn truncate(&mut self, length: usize) {
        let tail = self.head + length;
        self.tail = tail;
        self.urgent = self.urgent.filter(|end| *end <= tail);
        self.segment.take_if(|segment| segment.end > tail);
    }
}

/// A send queue over caller-supplied storage.
///
/// A machine appends; the caller sends [`pending`](Self::pending) and reports the count with
/// [`sent`](Self::sent), repeatedly until the queue [is empty](Self::is_empty). `pending` does not
/// always return everything that is queued, since some lines need a TCP segment of their own
/// ([`Tx::append_segment`]).
///
/// Each write of `pending` should reach the network by itself, so set TCP_NODELAY on the control
/// connection.
///
/// ```
/// use ftp_proto::buffer::SendBuf;
/// use ftp_proto::codec::Sink;
///
/// let mut tx = SendBuf::new([0; 64]);
/// tx.view().put(b"NOOP\r\n")?;
/// tx.sent(4); // as many as the socket took
/// assert_eq!(tx.pending(), b"\r\n");
/// tx.sent(2);
/// assert!(tx.is_empty());
/// # Ok::<(), ftp_proto::codec::Full>(())
/// ```
#[derive(Clone, Debug)]
pub struct SendBuf<B> {
    storage: B,
    queue: Queue,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> SendBuf<B> {
    /// Creates an empty queue over `storage` that doubles 0xFF as Telnet requires.
    pub fn new(storage: B) -> Self {
        Self { storage, queue: Queue { head: 0, tail: 0, segment: None, double_iac: true, urgent: None } }
    }

    /// Sets whether a 0xFF byte is sent as `IAC IAC` (RFC 854; the default) or unchanged, for peers
    /// without Telnet.
    #[must_use]
    pub fn with_doubled_iac(mut self, double: bool) -> Self {
        self.queue.double_iac = double;
        self
    }

    /// Returns the bytes to be sent next, in one write if the transport takes them all.
    ///
    /// These are all queued bytes, or those up to the edge of a separate segment
    /// ([`Tx::append_segment`]). The bytes after the edge follow once [`sent`](Self::sent) has
    /// covered everything before it. Empty only if the queue is.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        slices::part(self.storage.as_ref(), self.queue.head..self.queue.end())
    }

    /// Returns whether the queue is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.head == self.queue.tail
    }

    /// Records that the transport took `count` of the [`pending`](Self::pending) bytes. A greater
    /// count means all of those bytes, and none after them.
    pub fn sent(&mut self, count: usize) {
        self.queue.advance(count);
    }

    /// Returns the number of [`pending`](Self::pending) bytes up to and including the urgent one
    /// (RFC 854, "Synch"). A transport with urgent data may send these bytes as such; sending them
    /// like any other bytes works too.
    #[must_use]
    pub fn urgent(&self) -> Option<usize> {
        self.queue.urgent.filter(|end| *end <= self.queue.end()).map(|end| end - self.queue.head)
    }

    /// Swaps the storage, as [`RecvBuf::replace_storage`](super::RecvBuf::replace_storage) does.
    ///
    /// # Errors
    /// Returns `storage` while the queue is not empty.
    pub fn replace_storage(&mut self, storage: B) -> Result<B, B> {
        if !self.is_empty() {
            return Err(storage);
        }
        Ok(core::mem::replace(&mut self.storage, storage))
    }

    /// Returns the queue as machines see it.
    pub fn view(&mut self) -> Tx<'_> {
        Tx { storage: self.storage.as_mut(), queue: &mut self.queue }
    }
}

/// A send queue as machines see it, to append to.
#[derive(Debug)]
pub struct Tx<'a> {
    storage: &'a mut [u8],
    queue: &'a mut Queue,
}

/// Lets methods of machines take `&mut SendBuf`, as polling does.
impl<'a, B: AsRef<[u8]> + AsMut<[u8]>> From<&'a mut SendBuf<B>> for Tx<'a> {
    fn from(buf: &'a mut SendBuf<B>) -> Self {
        buf.view()
    }
}

/// Lets layers pass on the queue that they were lent.
impl<'a> From<&'a mut Tx<'_>> for Tx<'a> {
    fn from(tx: &'a mut Tx<'_>) -> Self {
        Tx { storage: &mut *tx.storage, queue: &mut *tx.queue }
    }
}

impl Tx<'_> {
    /// Returns the size of the storage in bytes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.storage.len()
    }

    /// Returns the number of bytes that can be appended now.
    #[must_use]
    pub fn free(&self) -> usize {
        self.storage.len() - (self.queue.tail - self.queue.head)
    }

    /// Returns whether the queue is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.head == self.queue.tail
    }

    /// Returns the number of queued lines whose end has not been sent.
    pub(crate) fn unsent_lines(&self) -> usize {
        memchr::memchr_iter(b'\n', slices::part(self.storage, self.queue.head..self.queue.tail)).count()
    }

    /// Appends the output of `encode`, all of it or nothing.
    ///
    /// # Errors
    /// Fails with [`Full`] when the output does not fit. The queue is then unchanged.
    pub fn append(&mut self, encode: impl FnOnce(&mut Self) -> Result<(), Full>) -> Result<(), Full> {
        let length = self.queue.tail - self.queue.head;
        encode(self).inspect_err(|Full| self.queue.truncate(length))
    }

    /// Appends the output of `encode`, all of it or nothing, to be sent in a TCP segment of its
    /// own: [`SendBuf::pending`] returns the output alone, once the transport has taken everything
    /// queued before it, and returns nothing appended later until the transport has taken all of
    /// the output.
    ///
    /// Lines that announce the address of a data connection need this: PORT and EPRT, PASV and
    /// EPSV, and the replies 227, 228 and 229. Firewalls and address translators open the data
    /// connection's port when they read such a line, and Linux's (nf_conntrack_ftp) looks for it
    /// only at the start of a packet.
    ///
    /// # Errors
    /// Fails with [`Full`] when the output does not fit, or while an earlier such segment [is
    /// unsent](Self::has_segment): a queue holds one at a time. The queue is then unchanged.
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

    /// Returns whether any byte queued by [`append_segment`](Self::append_segment) is unsent.
    #[must_use]
    pub fn has_segment(&self) -> bool {
        self.queue.segment.is_some()
    }

    /// Appends Telnet's Interrupt Process and Synch, whose last byte is urgent (RFC 959 4.1.3,
    /// ABOR).
    ///
    /// # Errors
    /// Fails with [`Full`] when the sequence does not fit. The queue is then unchanged.
    pub fn put_synch(&mut self) -> Result<(), Full> {
        self.put_raw(&[IAC, IP, IAC, DM])?;
        self.queue.urgent = Some(self.queue.tail);
        Ok(())
    }

    fn put_raw(&mut self, bytes: &[u8]) -> Result<(), Full> {
        let q = &mut *self.queue;
        if self.storage.len() - q.tail < bytes.len() && q.head > 0 {
            slices::copy_within(self.storage, q.head..q.tail, 0);
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
