//! A TCP connection, with or without TLS. The bytes of rustls's connections are moved here, as the
//! documentation of [`ftp_proto::io::tls`] leaves it to drivers.

use std::future::poll_fn;
use std::io::{self, ErrorKind, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use rustls::{Connection, ProtocolVersion};
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio::time;

/// The time that a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(20);

pub struct Stream {
    tcp: TcpStream,
    tls: Option<Box<Connection>>,
    /// `true` while dropping the stream has to reset the connection, since an end in order would
    /// make a truncated file look complete.
    resets: bool,
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.resets {
            let _ = socket2::SockRef::from(&self.tcp).set_linger(Some(Duration::ZERO));
        }
    }
}

/// The socket as rustls wants it: an error of the kind `WouldBlock` where it would have to wait.
struct Socket<'a>(&'a TcpStream);

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn would_block<T>(result: &io::Result<T>) -> bool {
    matches!(result, Err(error) if error.kind() == ErrorKind::WouldBlock)
}

fn invalid(error: rustls::Error) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, error)
}

impl Stream {
    pub fn new(tcp: TcpStream) -> Self {
        // Lines are short, and each is waited for.
        let _ = tcp.set_nodelay(true);
        Self { tcp, tls: None, resets: false }
    }

    pub const fn tcp(&self) -> &TcpStream {
        &self.tcp
    }

    pub const fn is_secure(&self) -> bool {
        self.tls.is_some()
    }

    /// Makes the end of the connection a reset until it [ends](Self::end) in order.
    pub const fn reset_unless_ended(&mut self) {
        self.resets = true;
    }

    /// Starts TLS. A server holds back its TLS 1.3 tickets if `holds_tickets`: a client that only
    /// sends may close without reading them, which resets the connection.
    pub async fn start_tls(&mut self, connection: Connection, holds_tickets: bool) -> io::Result<()> {
        self.tls = Some(Box::new(connection));
        let handshake = async {
            while self.tls.as_ref().is_some_and(|tls| tls.is_handshaking()) {
                poll_fn(|cx| self.poll_send_tls(cx)).await?;
                if self.tls.as_ref().is_some_and(|tls| tls.is_handshaking())
                    && poll_fn(|cx| self.poll_receive_tls(cx)).await? == 0
                {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
            }
            let has_tickets = self.tls.as_ref().is_some_and(|tls| {
                matches!(**tls, Connection::Server(_))
                    && tls.protocol_version() == Some(ProtocolVersion::TLSv1_3)
            });
            match holds_tickets && has_tickets {
                true => Ok(()),
                false => poll_fn(|cx| self.poll_send_tls(cx)).await,
            }
        };
        within(HANDSHAKE, handshake).await
    }

    /// Reads records from the socket. Returns 0 at the end of the connection.
    fn poll_receive_tls(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let Some(tls) = &mut self.tls else { return Poll::Ready(Ok(0)) };
        loop {
            ready!(self.tcp.poll_read_ready(cx))?;
            let read = tls.read_tls(&mut Socket(&self.tcp));
            if would_block(&read) {
                continue;
            }
            let count = read?;
            if let Err(error) = tls.process_new_packets() {
                // The alert that says why.
                let _ = tls.write_tls(&mut Socket(&self.tcp));
                return Poll::Ready(Err(invalid(error)));
            }
            return Poll::Ready(Ok(count));
        }
    }

    /// Sends the records that wait to be sent.
    fn poll_send_tls(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(tls) = &mut self.tls else { return Poll::Ready(Ok(())) };
        while tls.wants_write() {
            ready!(self.tcp.poll_write_ready(cx))?;
            let written = tls.write_tls(&mut Socket(&self.tcp));
            if !would_block(&written) && written? == 0 {
                return Poll::Ready(Err(ErrorKind::WriteZero.into()));
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Reads into `buffer`. Returns 0 at the end, which under TLS is close_notify: without that, the
    /// end is an error.
    pub fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        loop {
            match &mut self.tls {
                Some(tls) => {
                    let read = tls.reader().read(buffer);
                    if !would_block(&read) {
                        return Poll::Ready(read);
                    }
                    ready!(self.poll_receive_tls(cx))?;
                }
                None => {
                    ready!(self.tcp.poll_read_ready(cx))?;
                    let read = self.tcp.try_read(buffer);
                    if !would_block(&read) {
                        return Poll::Ready(read);
                    }
                }
            }
        }
    }

    fn poll_write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        // Earlier records first, so that what rustls keeps is bounded.
        ready!(self.poll_send_tls(cx))?;
        if let Some(tls) = &mut self.tls {
            return Poll::Ready(tls.writer().write(bytes));
        }
        loop {
            ready!(self.tcp.poll_write_ready(cx))?;
            let written = self.tcp.try_write(bytes);
            if !would_block(&written) {
                return Poll::Ready(written);
            }
        }
    }

    /// Reads into `buffer`, for at most `limit`.
    pub async fn read(&mut self, buffer: &mut [u8], limit: Duration) -> io::Result<usize> {
        within(limit, poll_fn(|cx| self.poll_read(cx, buffer))).await
    }

    /// Writes all of `bytes`, of which each part may take `limit`.
    pub async fn write_all(&mut self, mut bytes: &[u8], limit: Duration) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = within(limit, poll_fn(|cx| self.poll_write(cx, bytes))).await?;
            if count == 0 {
                return Err(ErrorKind::WriteZero.into());
            }
            bytes = bytes.get(count..).unwrap_or_default();
        }
        within(limit, poll_fn(|cx| self.poll_send_tls(cx))).await
    }

    /// Ends the sending side: close_notify if there is TLS, and FIN.
    pub async fn end(&mut self, limit: Duration) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        let end = async {
            poll_fn(|cx| self.poll_send_tls(cx)).await?;
            poll_fn(|cx| Pin::new(&mut self.tcp).poll_shutdown(cx)).await
        };
        within(limit, end).await?;
        self.resets = false;
        Ok(())
    }

    /// Reads until the peer ends too, for at most `limit`: a socket that is closed with unread bytes
    /// resets the connection, and what was sent last may be lost.
    pub async fn drain(mut self, limit: Duration) {
        let mut buffer = [0; 4096];
        let read = async {
            for _ in 0..1_000 {
                if poll_fn(|cx| self.poll_read(cx, &mut buffer)).await? == 0 {
                    break;
                }
            }
            Ok(())
        };
        let _ = within(limit, read).await;
    }
}

/// Runs `future` for at most `limit`.
pub async fn within<T>(limit: Duration, future: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    time::timeout(limit, future).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}
