//! One side of a control connection: lines in and out, framed by the crate.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use ftp_proto::buffer::{Frame, RecvBuf, SendBuf};
use ftp_proto::codec::{Command, EndRule, Full, Position, Redacted, ReplyCode, ReplyLine, Sink, Text};

use super::stream::{Stream, within};

/// The longest line, in either direction and without its end.
pub const LONGEST_LINE: usize = 4096;
/// The most lines of a reply.
const MOST_LINES: usize = 20_000;

/// The result of reading a line.
#[derive(Debug)]
pub enum Heard {
    Line(Vec<u8>),
    /// A line that is too long, or binary data.
    Unreadable,
    End,
}

/// A line of a reply, with the code that a multi-line reply has as a whole.
#[derive(Debug)]
pub struct Said {
    pub code: ReplyCode,
    pub position: Position,
    pub line: Vec<u8>,
}

impl Said {
    /// Returns the text behind the code.
    pub fn text(&self) -> &[u8] {
        self.line.get(4..).unwrap_or_default()
    }
}

pub struct Wire {
    pub stream: Stream,
    rx: RecvBuf<Vec<u8>>,
    tx: SendBuf<Vec<u8>>,
    /// The code of the reply that is not complete.
    within: Option<ReplyCode>,
    lines: usize,
    /// The addresses of this side and of the peer.
    pub local: SocketAddr,
    pub peer: SocketAddr,
    /// The time that the peer may take to accept a line, and to send the next line of a reply.
    limit: Duration,
    /// The prefix of this side's lines in the log; `None` without a log.
    log: Option<String>,
}

impl Wire {
    pub fn new(stream: Stream, limit: Duration, log: Option<String>) -> io::Result<Self> {
        let tcp = stream.tcp();
        let canonical = |address: SocketAddr| SocketAddr::new(address.ip().to_canonical(), address.port());
        let (local, peer) = (canonical(tcp.local_addr()?), canonical(tcp.peer_addr()?));
        // Room for the line and its end, and for a line in which each byte is doubled.
        let (rx, tx) =
            (RecvBuf::new(vec![0; LONGEST_LINE + 2]), SendBuf::new(vec![0; 2 * LONGEST_LINE + 16]));
        Ok(Self { stream, rx, tx, within: None, lines: 0, local, peer, limit, log })
    }

    pub fn ip(&self) -> IpAddr {
        self.peer.ip()
    }

    /// Writes a line to the log, without its secrets.
    fn log(&self, arrow: &str, line: &[u8]) {
        if let Some(prefix) = &self.log {
            eprintln!("{prefix} {arrow} {}", Redacted(line));
        }
    }

    /// Returns the next line. A future that is dropped loses nothing.
    pub fn poll_line(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Heard>> {
        loop {
            match self.rx.view().next_line(LONGEST_LINE) {
                Frame::Line(span) => {
                    let line = self.rx.bytes(span).to_vec();
                    self.log("--->", &line);
                    return Poll::Ready(Ok(Heard::Line(line)));
                }
                Frame::TooLong(_) | Frame::Binary => return Poll::Ready(Ok(Heard::Unreadable)),
                Frame::End { .. } => return Poll::Ready(Ok(Heard::End)),
                Frame::Partial => {}
            }
            match ready!(self.stream.poll_read(cx, self.rx.spare())) {
                Ok(0) => self.rx.eof(),
                Ok(count) => self.rx.filled(count),
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => self.rx.eof(),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Returns the next line of a reply.
    pub fn poll_said(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Said>> {
        let line = match ready!(self.poll_line(cx))? {
            Heard::Line(line) => line,
            Heard::Unreadable => return Poll::Ready(Err(io::Error::other("a reply cannot be read"))),
            Heard::End => return Poll::Ready(Err(ErrorKind::UnexpectedEof.into())),
        };
        let reply = ReplyLine::parse(&line, self.within, EndRule::SameCode).map_err(io::Error::other)?;
        let (code, position) = (reply.code, reply.position);
        self.within = reply.going_on();
        self.lines = if position.is_end() { 0 } else { self.lines + 1 };
        if self.lines > MOST_LINES {
            return Poll::Ready(Err(io::Error::other("a reply does not end")));
        }
        Poll::Ready(Ok(Said { code, position, line }))
    }

    /// Returns the next line of a reply, within the time limit.
    pub async fn said(&mut self) -> io::Result<Said> {
        within(self.limit, poll_fn(|cx| self.poll_said(cx))).await
    }

    /// Sends a command and returns the last line of its final reply.
    pub async fn ask(&mut self, command: &Command<'_>) -> io::Result<Said> {
        self.put(|tx| {
            command.encode(tx)?;
            tx.put(b"\r\n")
        })
        .await?;
        self.answer().await
    }

    /// Returns the last line of the next final reply.
    pub async fn answer(&mut self) -> io::Result<Said> {
        // A reply has a limited number of lines, and only so many may come before the final one.
        for _ in 0..2 * MOST_LINES {
            let said = self.said().await?;
            if said.position.is_end() && !said.code.is_preliminary() {
                return Ok(said);
            }
        }
        Err(io::Error::other("a reply does not end"))
    }

    /// Sends a line as it is.
    pub async fn pass_on(&mut self, line: &[u8]) -> io::Result<()> {
        self.put(|tx| {
            tx.put(line)?;
            tx.put(b"\r\n")
        })
        .await
    }

    /// Sends a reply of the gateway's own.
    pub async fn reply(&mut self, code: ReplyCode, text: &str) -> io::Result<()> {
        let text = Text::new(text.as_bytes()).unwrap_or_default();
        self.put(|tx| ReplyLine::encode(code, Position::Single, text, tx)).await
    }

    /// Sends what `encode` writes, which is one line.
    pub async fn put(&mut self, encode: impl FnOnce(&mut dyn Sink) -> Result<(), Full>) -> io::Result<()> {
        self.tx.view().append(|tx| encode(tx)).map_err(|Full| io::Error::other("the line is too long"))?;
        let line = self.tx.pending();
        self.log("<---", line.strip_suffix(b"\r\n").unwrap_or(line));
        let result = self.stream.write_all(line, self.limit).await;
        let count = line.len();
        self.tx.sent(count);
        result
    }

    /// Returns whether bytes have arrived behind the last line.
    pub fn has_more(&mut self) -> bool {
        self.rx.view().pending() > 0
    }

    /// Takes the bytes behind the last line, for a connection that is not made of lines any more.
    pub fn take_unframed(&mut self) -> Option<Vec<u8>> {
        self.rx.take_unframed().map(<[u8]>::to_vec)
    }
}
