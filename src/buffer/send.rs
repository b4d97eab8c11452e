//! The send queue: lines in, bytes out, each 0xFF doubled as Telnet wants it (RFC 854).

use super::telnet::{DM, IAC, IP};
use crate::codec::{Full, Sink};

/// The state of a send queue: `[head, tail)` waits to be sent.
#[derive(Clone, Debug)]
struct Queue {
    head: usize,
    tail: usize,
    double_iac: bool,
    /// Where the urgent byte ends.
    urgent: Option<usize>,
}

/// A send queue over storage of the caller's.
///
/// A machine appends, the caller sends [`pending`](Self::pending) and says how much left with
/// [`sent`](Self::sent).
#[derive(Clone, Debug)]
pub struct SendBuf<B> {
    storage: B,
    queue: Queue,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> SendBuf<B> {
    /// An empty queue over `storage`, which doubles 0xFF as Telnet wants it.
    pub fn new(storage: B) -> Self {
        Self { storage, queue: Queue { head: 0, tail: 0, double_iac: true, urgent: None } }
    }

    /// Whether a byte 0xFF is sent as `IAC IAC` (RFC 854; the default) or as it is, for peers that
    /// know nothing of Telnet.
    #[must_use]
    pub fn with_doubled_iac(mut self, double: bool) -> Self {
        self.queue.double_iac = double;
        self
    }

    /// What waits to be sent.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.storage.as_ref()[self.queue.head..self.queue.tail]
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.head == self.queue.tail
    }

    /// Says that the transport took `count` bytes off the front.
    pub fn sent(&mut self, count: usize) {
        let q = &mut self.queue;
        q.head = (q.head + count).min(q.tail);
        q.urgent = q.urgent.filter(|end| *end > q.head);
        if q.head == q.tail {
            (q.head, q.tail) = (0, 0);
        }
    }

    /// How many of the [`pending`](Self::pending) bytes end with one that is urgent (RFC 854, "Synch"):
    /// a transport that has urgent data may send so many that way. Sent like any others they do as well.
    #[must_use]
    pub fn urgent(&self) -> Option<usize> {
        self.queue.urgent.map(|end| end - self.queue.head)
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
        encode(self).inspect_err(|Full| {
            let q = &mut *self.queue;
            q.tail = q.head + length;
            q.urgent = q.urgent.filter(|end| *end <= q.tail);
        })
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
            q.urgent = q.urgent.map(|end| end - q.head);
            (q.head, q.tail) = (0, q.tail - q.head);
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
