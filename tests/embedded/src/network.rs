//! A network stack in memory with one server on it, and an executor whose time is virtual.
//!
//! The server and the wires are those of `tests/bare_metal`: a session with one file, and 256 bytes on their way in each
//! direction.

use std::cell::{Cell, RefCell};
use std::future::{Future, poll_fn};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use ftp_proto::embedded::Timer;
use ftp_proto::embedded::embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use ftp_proto::embedded::embedded_nal_async::TcpConnect;
use ftp_proto::time::Instant;

use crate::data_end::File;
use crate::server_end::ServerEnd;
use crate::wire::{CLIENT, Network, SERVER, Wire};

/// Number of polls after which a future is considered endless.
const ENDLESS: usize = 200_000;

pub struct Stack {
    network: RefCell<Network>,
    server: RefCell<ServerEnd>,
    now: Cell<Instant>,
    /// Holds back what the server sends on data connections.
    pub holds_data: Cell<bool>,
    /// Number of attempts to connect.
    pub attempts: Cell<usize>,
    /// Everything that the client sent on control connections.
    pub commands: RefCell<Vec<u8>>,
    /// Everything that it received there.
    pub replies: RefCell<Vec<u8>>,
}

impl Stack {
    pub fn new() -> Self {
        Self {
            network: RefCell::default(),
            server: RefCell::new(ServerEnd::new()),
            now: Cell::default(),
            holds_data: Cell::new(false),
            attempts: Cell::new(0),
            commands: RefCell::default(),
            replies: RefCell::default(),
        }
    }

    /// Has the server send something that it would not send by itself.
    pub fn inject(&self, bytes: &[u8]) {
        self.network.borrow_mut().control.to_client.bytes.try_extend_from_slice(bytes).unwrap();
    }

    /// Answers what the client has sent, which the server does not get to see.
    pub fn answer(&self, reply: &[u8]) {
        self.network.borrow_mut().control.to_server.bytes.clear();
        self.inject(reply);
    }

    /// What was uploaded to the server.
    pub fn file(&self) -> File {
        self.server.borrow().file().clone()
    }

    /// Lets the server go on, and time pass.
    fn turn(&self) {
        let network = &mut *self.network.borrow_mut();
        self.now.set(self.server.borrow_mut().turn(network));
        if network.data.to_server.ended {
            // The client's end is closed, and takes nothing more.
            network.data.to_client.bytes.clear();
        }
    }

    /// Runs a future to its end.
    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.run_for(ENDLESS, future).expect("it has no end")
    }

    /// Polls a future once, while the server does nothing.
    pub fn poll_once<T>(&self, future: Pin<&mut impl Future<Output = T>>) -> Option<T> {
        match future.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    /// Polls a future so many times at most, and drops it then.
    pub fn run_for<T>(&self, polls: usize, future: impl Future<Output = T>) -> Option<T> {
        let mut future = pin!(future);
        for _ in 0..polls {
            if let Some(output) = self.poll_once(future.as_mut()) {
                return Some(output);
            }
            self.turn();
        }
        None
    }
}

impl Timer for Stack {
    fn now(&self) -> Instant {
        self.now.get()
    }

    async fn wait_until(&self, deadline: Instant) {
        poll_fn(|_| if self.now.get() >= deadline { Poll::Ready(()) } else { Poll::Pending }).await;
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Control,
    Data,
}

/// A connection. Its reads and writes are cancel-safe: they move bytes in the poll that is ready.
pub struct Connection<'s> {
    stack: &'s Stack,
    kind: Kind,
}

impl Connection<'_> {
    fn wires<T>(&self, on: impl FnOnce(&mut Wire, &mut Wire) -> T) -> T {
        let network = &mut *self.stack.network.borrow_mut();
        let connection = match self.kind {
            Kind::Control => &mut network.control,
            Kind::Data => &mut network.data,
        };
        on(&mut connection.to_client, &mut connection.to_server)
    }
}

impl TcpConnect for Stack {
    type Error = ErrorKind;
    type Connection<'s> = Connection<'s>;

    async fn connect<'s>(&'s self, remote: SocketAddr) -> Result<Connection<'s>, ErrorKind> {
        self.attempts.set(self.attempts.get() + 1);
        // It takes a while, in which bytes arrive that are no reply: Telnet's NOP (RFC 854).
        let mut left = 3;
        poll_fn(|_| {
            left -= 1;
            if left == 0 {
                return Poll::Ready(());
            }
            self.inject(b"\xff\xf1");
            Poll::Pending
        })
        .await;
        let kind = match remote.port() {
            21 => Kind::Control,
            5000 => {
                self.network.borrow_mut().data = Default::default();
                self.server.borrow_mut().arrives(CLIENT);
                Kind::Data
            }
            _ => return Err(ErrorKind::ConnectionRefused),
        };
        assert_eq!(remote.ip(), SERVER.ip());
        Ok(Connection { stack: self, kind })
    }
}

impl ErrorType for Connection<'_> {
    type Error = ErrorKind;
}

impl Read for Connection<'_> {
    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
        poll_fn(|_| {
            if self.kind == Kind::Data && self.stack.holds_data.get() {
                return Poll::Pending;
            }
            self.wires(|wire, _| {
                let count = wire.bytes.len().min(buffer.len());
                if count == 0 && !wire.ended {
                    return Poll::Pending;
                }
                buffer[..count].copy_from_slice(&wire.bytes[..count]);
                wire.bytes.drain(..count);
                if self.kind == Kind::Control {
                    self.stack.replies.borrow_mut().extend_from_slice(&buffer[..count]);
                }
                Poll::Ready(Ok(count))
            })
        })
        .await
    }
}

impl Write for Connection<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        poll_fn(|_| {
            self.wires(|_, wire| {
                let count = wire.bytes.remaining_capacity().min(bytes.len());
                if count == 0 {
                    return Poll::Pending;
                }
                wire.bytes.extend(bytes[..count].iter().copied());
                if self.kind == Kind::Control {
                    self.stack.commands.borrow_mut().extend_from_slice(&bytes[..count]);
                }
                Poll::Ready(Ok(count))
            })
        })
        .await
    }

    /// Waits until the peer has taken everything, as embassy-net does.
    async fn flush(&mut self) -> Result<(), ErrorKind> {
        poll_fn(|_| {
            self.wires(|_, wire| if wire.bytes.is_empty() { Poll::Ready(Ok(())) } else { Poll::Pending })
        })
        .await
    }
}

impl Drop for Connection<'_> {
    fn drop(&mut self) {
        self.wires(|_, wire| wire.ended = true);
    }
}
