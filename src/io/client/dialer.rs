//! The network of a client: its runtime's network, unless a connector makes the connections.

use ::std::fs::File;
use ::std::io;
use ::std::net::{Ipv4Addr, SocketAddr};
use ::std::ops::RangeInclusive;
use ::std::task::{Context, Poll, ready};
use ::std::time::Instant as Moment;

use super::transport::{Attempt, ByteStream, Connector, Destination, Purpose, Transport};
use crate::io::net::intake::Intake;
use crate::io::net::pool::Sharing;
use crate::io::net::runtime::{Link, Network, Runtime, Stream, Watched};
use crate::io::net::socket::Keepalive;

/// The address that stands for a server whose address is not known.
pub(super) const UNKNOWN: SocketAddr = SocketAddr::new(::std::net::IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);

/// The network of a client.
#[derive(Clone)]
pub(super) struct Dialer<R> {
    pub(super) runtime: R,
    /// The function that makes all connections, if there is one.
    connector: Option<Connector>,
    /// The server's name for the connector, if the server's address is [unknown](UNKNOWN).
    host: Option<String>,
}

impl<R: Runtime> Dialer<R> {
    pub(super) const fn new(runtime: R, connector: Option<Connector>, host: Option<String>) -> Self {
        Self { runtime, connector, host }
    }

    /// Starts to open the control connection.
    pub(super) fn dial(&self, to: SocketAddr) -> io::Result<Line<R>> {
        self.start(to, Purpose::Control)
    }

    /// Watches a connection that the caller has made. Returns the connection with the server's
    /// address, which is [`UNKNOWN`] unless the connection is a TCP connection to the server
    /// itself.
    pub(super) fn adopt(&self, transport: Transport) -> io::Result<(Line<R>, SocketAddr)> {
        let peer = match &transport {
            Transport::Tcp(stream) if self.host.is_none() => stream.peer_addr()?,
            _ => UNKNOWN,
        };
        Ok((Line::open(&self.runtime, transport)?, peer))
    }

    fn start(&self, to: SocketAddr, purpose: Purpose) -> io::Result<Line<R>> {
        let unknown = self.host.as_ref().filter(|_| to.ip() == UNKNOWN.ip());
        let Some(connector) = &self.connector else {
            if unknown.is_some() {
                let text = "the address of the server is unknown, so a connector has to make the connection";
                return Err(io::Error::new(io::ErrorKind::AddrNotAvailable, text));
            }
            return Network::connect(&self.runtime, to).map(Line::Socket);
        };
        let host = unknown.cloned().unwrap_or_else(|| to.ip().to_string());
        let attempt = connector.connect(Destination { host, port: to.port(), purpose });
        Ok(Line::Dialing(self.runtime.clone(), attempt))
    }
}

impl<R: Runtime> Network for Dialer<R> {
    type Stream = Line<R>;
    type Listener = <R as Network>::Listener;
    type Timer = R::Timer;

    fn now(&self) -> Moment {
        Runtime::now(&self.runtime)
    }

    fn timer(&self, at: Moment) -> R::Timer {
        Runtime::timer(&self.runtime, at)
    }

    fn is_stopped(&self) -> bool {
        Runtime::is_stopped(&self.runtime)
    }

    fn poll_stopped(&self, cx: &mut Context<'_>) -> Poll<()> {
        Runtime::poll_stopped(&self.runtime, cx)
    }

    fn connect(&self, to: SocketAddr) -> io::Result<Line<R>> {
        self.start(to, Purpose::Data)
    }

    fn listen(
        &self,
        at: SocketAddr,
        ports: RangeInclusive<u16>,
        sharing: Option<&Sharing>,
    ) -> io::Result<(Self::Listener, SocketAddr)> {
        if self.connector.is_some() {
            let text =
                "a connector makes connections and accepts none, so data connections have to be passive";
            return Err(io::Error::new(io::ErrorKind::Unsupported, text));
        }
        Network::listen(&self.runtime, at, ports, sharing)
    }

    fn look_for_arrivals(&self, listener: &Self::Listener) {
        Network::look_for_arrivals(&self.runtime, listener);
    }

    fn poll_accept(
        &self,
        listener: &Self::Listener,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(Line<R>, SocketAddr)>> {
        Network::poll_accept(&self.runtime, listener, cx)
            .map_ok(|(stream, peer)| (Line::Socket(stream), peer))
    }
}

/// A connection of a client.
pub(super) enum Line<R: Runtime> {
    /// A TCP connection.
    Socket(Link<R>),
    /// The connector is connecting.
    Dialing(R, Attempt),
    /// A stream of any other kind. `true` while the stream may have bytes in a buffer.
    Stream(Box<dyn ByteStream>, bool),
    /// The connector has failed.
    Failed,
}

impl<R: Runtime> Line<R> {
    fn open(runtime: &R, transport: Transport) -> io::Result<Self> {
        Ok(match transport {
            Transport::Tcp(stream) => {
                stream.set_nonblocking(true)?;
                stream.set_nodelay(true)?;
                Self::Socket(Watched::new(runtime.stream(stream)?))
            }
            Transport::Stream(stream) => Self::Stream(stream, false),
        })
    }
}

/// Sends the bytes in a stream's buffer, as far as possible without waiting.
fn flush(stream: &mut dyn ByteStream, unsent: &mut bool, cx: &mut Context<'_>) -> io::Result<()> {
    if *unsent {
        *unsent = match stream.poll_flush(cx) {
            Poll::Ready(flushed) => flushed.map(|()| false)?,
            Poll::Pending => true,
        };
    }
    Ok(())
}

impl<R: Runtime> Stream for Line<R> {
    fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Socket(socket) => socket.local_addr(),
            _ => Ok(UNKNOWN),
        }
    }

    fn poll_connected(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Socket(socket) => socket.poll_connected(cx),
            Self::Dialing(runtime, attempt) => {
                let opened = ready!(attempt.as_mut().poll(cx)).and_then(|open| Self::open(runtime, open));
                // A future that has ended must not be polled again.
                *self = Self::Failed;
                *self = opened?;
                Poll::Ready(Ok(()))
            }
            Self::Stream(..) => Poll::Ready(Ok(())),
            Self::Failed => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Socket(socket) => socket.poll_read(cx, buffer),
            Self::Stream(stream, unsent) => {
                flush(&mut **stream, unsent, cx)?;
                stream.poll_read(cx, buffer)
            }
            Self::Dialing(..) | Self::Failed => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self {
            Self::Socket(socket) => socket.poll_write(cx, bytes),
            Self::Stream(stream, unsent) => {
                let count = ready!(stream.poll_write(cx, bytes))?;
                *unsent = true;
                flush(&mut **stream, unsent, cx)?;
                Poll::Ready(Ok(count))
            }
            Self::Dialing(..) | Self::Failed => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn poll_write_urgent(&mut self, cx: &mut Context<'_>, byte: u8) -> Poll<io::Result<usize>> {
        match self {
            Self::Socket(socket) => socket.poll_write_urgent(cx, byte),
            _ => self.poll_write(cx, &[byte]),
        }
    }

    fn look_again(&self) {
        if let Self::Socket(socket) = self {
            socket.look_again();
        }
    }

    fn send_at_once(&mut self) {
        if let Self::Socket(socket) = self {
            socket.send_at_once();
        }
    }

    fn intake(&mut self) -> io::Result<Intake> {
        match self {
            Self::Socket(socket) => socket.intake(),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn poll_arrived(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        match self {
            Self::Socket(socket) => socket.poll_arrived(cx),
            _ => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
    }

    fn read_urgent_in_line(&mut self) {
        if let Self::Socket(socket) = self {
            socket.read_urgent_in_line();
        }
    }

    fn keep_alive(&mut self, keepalive: Keepalive) {
        if let Self::Socket(socket) = self {
            socket.keep_alive(keepalive);
        }
    }

    fn poll_write_vectored(
        &mut self,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self {
            Self::Socket(socket) => socket.poll_write_vectored(cx, pieces),
            _ => match pieces.iter().find(|piece| !piece.is_empty()) {
                Some(piece) => self.poll_write(cx, piece),
                None => Poll::Ready(Ok(0)),
            },
        }
    }

    fn poll_send_file(&mut self, cx: &mut Context<'_>, file: &File, count: usize) -> Poll<io::Result<usize>> {
        match self {
            Self::Socket(socket) => socket.poll_send_file(cx, file, count),
            _ => Poll::Ready(Err(io::ErrorKind::Unsupported.into())),
        }
    }

    fn poll_shut_down(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Socket(socket) => socket.poll_shut_down(cx),
            Self::Stream(stream, _) => {
                ready!(stream.poll_flush(cx))?;
                stream.poll_shutdown(cx)
            }
            Self::Dialing(..) | Self::Failed => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }

    fn reset_on_drop(&mut self) {
        match self {
            Self::Socket(socket) => socket.reset_on_drop(),
            Self::Stream(stream, _) => stream.abort(),
            Self::Dialing(..) | Self::Failed => {}
        }
    }
}
