//! Data connections: the halves towards the client and the server, and the bytes between them.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::task::Poll;
use std::time::Duration;

use ftp_proto::codec::Direction;
use rustls::Connection;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use super::stream::{Stream, within};

/// The time that a connection may take to be made.
const CONNECT: Duration = Duration::from_secs(20);
/// The time that a peer has to end a connection after its last byte.
pub const PARTING: Duration = Duration::from_secs(5);
/// The most connections from other addresses that are turned away while one is awaited.
const MOST_STRANGERS: usize = 16;

/// A task that ends when nobody wants its result any more.
pub struct Arrival(JoinHandle<io::Result<Stream>>);

impl Drop for Arrival {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// One half of a data connection that is to come.
pub enum Half {
    /// The client connects, and begins TLS when it likes.
    Arriving(Arrival),
    /// The peer with this address connects.
    Listening(TcpListener, IpAddr),
    /// The peer listens at this address. The gateway connects from the other.
    At(SocketAddr, IpAddr),
    Open(Stream),
}

/// Both halves.
pub struct Halves {
    pub client: Half,
    pub server: Half,
}

impl Half {
    /// Awaits the client in a task of its own: some clients begin TLS before they send the command.
    pub fn arriving(listener: TcpListener, peer: IpAddr, tls: Option<Connection>, limit: Duration) -> Self {
        Self::Arriving(Arrival(tokio::spawn(async move {
            let mut stream = within(limit, accept(&listener, peer)).await?;
            if let Some(tls) = tls {
                stream.start_tls(tls, true).await?;
            }
            Ok(stream)
        })))
    }

    /// Returns the connection, which may take `limit` to be made.
    pub async fn open(self, limit: Duration) -> io::Result<Stream> {
        let limit = limit.min(CONNECT);
        match self {
            Self::Arriving(mut task) => {
                within(limit, async { (&mut task.0).await.map_err(io::Error::other)? }).await
            }
            Self::Listening(listener, peer) => within(limit, accept(&listener, peer)).await,
            Self::At(address, local) => within(limit, connect(address, Some(local))).await,
            Self::Open(stream) => Ok(stream),
        }
    }
}

/// Accepts a connection from `peer`, and turns others away.
async fn accept(listener: &TcpListener, peer: IpAddr) -> io::Result<Stream> {
    for _ in 0..MOST_STRANGERS {
        let (tcp, address) = listener.accept().await?;
        if address.ip().to_canonical() == peer {
            return Ok(Stream::new(tcp));
        }
    }
    Err(ErrorKind::PermissionDenied.into())
}

pub async fn connect(address: SocketAddr, local: Option<IpAddr>) -> io::Result<Stream> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    if let Some(local) = local {
        socket.bind((local, 0).into())?;
    }
    within(CONNECT, socket.connect(address)).await.map(Stream::new)
}

/// Passes on a file or listing from one half to the other, after the server has begun the transfer.
/// Returns the number of bytes. TLS begins now, where it has not begun.
pub async fn relay(
    halves: Halves,
    direction: Direction,
    client_tls: Option<Connection>,
    server_tls: Option<Connection>,
    limit: Duration,
) -> io::Result<u64> {
    let mut server = halves.server.open(limit).await?;
    if direction == Direction::ToServer {
        server.reset_unless_ended();
    }
    if let Some(tls) = server_tls {
        server.start_tls(tls, true).await?;
    }
    let mut client = halves.client.open(limit).await?;
    if direction == Direction::FromServer {
        client.reset_unless_ended();
    }
    if let Some(tls) = client_tls.filter(|_| !client.is_secure()) {
        client.start_tls(tls, true).await?;
    }
    let (mut from, mut to) = match direction {
        Direction::FromServer => (server, client),
        Direction::ToServer => (client, server),
    };
    let mut buffer = vec![0; 64 << 10];
    let mut total = 0;
    // This lasts as long as the file does. Each step has its time limit.
    loop {
        let count = from.read(&mut buffer, limit).await?;
        if count == 0 {
            break;
        }
        to.write_all(buffer.get(..count).unwrap_or_default(), limit).await?;
        total += count as u64;
    }
    to.end(limit).await?;
    let _ = from.end(PARTING).await;
    tokio::spawn(to.drain(PARTING));
    Ok(total)
}

/// Passes on bytes in both directions until both have ended, and knows nothing of them.
pub async fn tunnel(mut one: Stream, mut other: Stream, limit: Duration) -> io::Result<()> {
    let (mut buffer_one, mut buffer_other) = (vec![0; 16 << 10], vec![0; 16 << 10]);
    let (mut one_ended, mut other_ended) = (false, false);
    while !(one_ended && other_ended) {
        // The side that has something, and the number of bytes.
        let (is_one, count) = within(
            limit,
            poll_fn(|cx| {
                for (is_one, ended, stream, buffer) in [
                    (true, one_ended, &mut one, &mut buffer_one),
                    (false, other_ended, &mut other, &mut buffer_other),
                ] {
                    if ended {
                        continue;
                    }
                    if let Poll::Ready(read) = stream.poll_read(cx, buffer) {
                        return Poll::Ready(read.map(|count| (is_one, count)));
                    }
                }
                Poll::Pending
            }),
        )
        .await?;
        let (buffer, to, ended) = match is_one {
            true => (&buffer_one, &mut other, &mut one_ended),
            false => (&buffer_other, &mut one, &mut other_ended),
        };
        match count {
            0 => {
                *ended = true;
                to.end(limit).await?;
            }
            count => to.write_all(buffer.get(..count).unwrap_or_default(), limit).await?,
        }
    }
    Ok(())
}
