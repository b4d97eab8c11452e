//! Sockets in memory, and a clock that is set by hand.

use ::std::collections::VecDeque;
use ::std::fs::File;
use ::std::future::{Pending, pending};
use ::std::io;
use ::std::net::SocketAddr;
use ::std::ops::RangeInclusive;
use ::std::sync::atomic::{AtomicU64, Ordering};
use ::std::sync::{Arc, Mutex};
use ::std::task::{Context, Poll};
use ::std::time::{Duration, Instant as Moment};

use crate::io::net::pool::Sharing;
use crate::io::net::runtime::{Network, Stream};
use crate::io::net::socket::Keepalive;

#[derive(Clone, Default)]
pub(super) struct Pipe(pub(super) Arc<Mutex<Ends>>);

#[derive(Default)]
pub(super) struct Ends {
    pub(super) received: VecDeque<u8>,
    pub(super) ended: bool,
    pub(super) broken: bool,
    pub(super) sent: Vec<u8>,
    /// The writes that make up `sent`.
    pub(super) writes: Vec<Vec<u8>>,
    /// Maximum number of bytes of a write, if limited. The call after each write is then pending.
    pub(super) room: Option<usize>,
    pub(super) full: bool,
    pub(super) shut: bool,
}

impl Pipe {
    pub(super) fn send(&self, bytes: &[u8]) {
        self.0.lock().unwrap().received.extend(bytes);
    }

    pub(super) fn end(&self) {
        self.0.lock().unwrap().ended = true;
    }

    pub(super) fn take(&self) -> Vec<u8> {
        ::std::mem::take(&mut self.0.lock().unwrap().sent)
    }
}

impl Stream for Pipe {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn poll_connected(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_read(&mut self, _: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut ends = self.0.lock().unwrap();
        match ends.received.len().min(buffer.len()) {
            0 if ends.broken => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            // The peer closes its side once it has everything.
            0 if ends.ended || ends.shut => Poll::Ready(Ok(0)),
            0 => Poll::Pending,
            count => {
                buffer.iter_mut().zip(ends.received.drain(..count)).for_each(|(to, byte)| *to = byte);
                Poll::Ready(Ok(count))
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let mut ends = self.0.lock().unwrap();
        let count = ends.room.map_or(bytes.len(), |room| room.min(bytes.len()));
        if ends.room.is_some() {
            ends.full = !ends.full;
            if !ends.full {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
        }
        ends.sent.extend_from_slice(&bytes[..count]);
        ends.writes.push(bytes[..count].to_vec());
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let bytes: Vec<u8> = pieces.iter().flat_map(|piece| piece.iter().copied()).collect();
        self.poll_write(cx, &bytes)
    }

    fn poll_write_urgent(&mut self, cx: &mut Context<'_>, byte: u8) -> Poll<io::Result<usize>> {
        self.poll_write(cx, &[byte])
    }

    fn read_urgent_in_line(&mut self) {}

    fn keep_alive(&mut self, _: Keepalive) {}

    fn poll_send_file(&mut self, _: &mut Context<'_>, _: &File, _: usize) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
    }

    fn poll_shut_down(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.0.lock().unwrap().shut = true;
        Poll::Ready(Ok(()))
    }

    fn reset_on_drop(&mut self) {}
}

/// Connects to the client alone, over one pipe.
pub(super) struct Memory {
    data: Pipe,
    clock: Arc<AtomicU64>,
    start: Moment,
}

impl Memory {
    pub(super) fn new(data: Pipe, clock: Arc<AtomicU64>) -> Self {
        Self { data, clock, start: Moment::now() }
    }
}

impl Network for Memory {
    type Stream = Pipe;
    type Listener = ();
    type Timer = Pending<()>;

    fn now(&self) -> Moment {
        self.start + Duration::from_micros(self.clock.load(Ordering::SeqCst))
    }

    fn timer(&self, _: Moment) -> Pending<()> {
        pending()
    }

    fn connect(&self, _: SocketAddr) -> io::Result<Pipe> {
        Ok(self.data.clone())
    }

    fn listen(
        &self,
        at: SocketAddr,
        _: RangeInclusive<u16>,
        _: Option<&Sharing>,
    ) -> io::Result<((), SocketAddr)> {
        Ok(((), at))
    }

    fn poll_accept(&self, _: &(), _: &mut Context<'_>) -> Poll<io::Result<(Pipe, SocketAddr)>> {
        Poll::Pending
    }
}
