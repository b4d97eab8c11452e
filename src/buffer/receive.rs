//! The receive window: takes bytes, removes Telnet commands and yields lines (RFC 854, RFC 855).

use core::ops::Range;

use super::telnet::{DONT, IAC, SB, SE, WILL};
use crate::codec::slices;

const LF: u8 = b'\n';
const CR: u8 = b'\r';
const NUL: u8 = 0;

/// A range of bytes in the receive window. Layers pass spans on and the outermost one resolves them
/// with [`Rx::bytes`]. A span is valid until [`RecvBuf::spare`] is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// Returns the length in bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Returns whether the span is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns the first `count` bytes of the span, or the whole span if it is shorter.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        Self { end: self.end.min(self.start.saturating_add(count)), ..self }
    }

    /// Returns the span without its first `skip` bytes.
    #[must_use]
    pub fn after(self, skip: usize) -> Self {
        Self { start: self.end.min(self.start.saturating_add(skip)), ..self }
    }

    /// Returns the span as a line of at most `limit` bytes.
    #[inline]
    fn within(self, limit: usize) -> Frame {
        if self.len() > limit { Frame::TooLong(self.first(limit)) } else { Frame::Line(self) }
    }

    const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// The result of looking for a line at the front of the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole line, without its CRLF or bare LF.
    Line(Span),
    /// The first `limit` bytes of a line that is longer than the limit. The line is reported once,
    /// and its rest is skipped up to the LF.
    TooLong(Span),
    /// A line with a NUL that does not follow a CR: binary data, never a command or a reply.
    Binary,
    /// No whole line yet. Read more.
    Partial,
    /// The peer will send nothing more.
    End {
        /// `true` if the stream ended inside a line.
        cut: bool,
    },
}

/// The state of a Telnet sequence at the scan position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Telnet {
    #[default]
    Text,
    Command,
    Option,
    Subnegotiation,
    SubnegotiationCommand,
}

/// The state of a receive window: `[0, start)` has been consumed, `[start, kept)` belongs to the
/// current line, `[kept, scan)` held Telnet commands and is dead, `[scan, filled)` has not been
/// examined.
#[derive(Clone, Debug, Default)]
struct Window {
    start: usize,
    kept: usize,
    scan: usize,
    filled: usize,
    telnet: Telnet,
    /// Set while the rest of a line that is too long is discarded.
    skipping: bool,
    /// Set once the line contains a NUL.
    binary: bool,
    /// Set while the last byte kept is a CR that was followed by a NUL, so that the CR is not part
    /// of a line end.
    bare_cr: bool,
    /// Set while `[start, kept)` is a line that was put back.
    held: bool,
    eof: bool,
}

impl Window {
    /// Returns whether every byte of the current line so far is to be kept where it is.
    #[inline]
    fn is_plain(&self) -> bool {
        self.kept == self.scan
            && self.telnet == Telnet::Text
            && !(self.skipping || self.binary || self.bare_cr || self.held)
    }

    fn is_empty(&self) -> bool {
        self.scan == self.filled && self.kept == self.start && !self.held
    }
}

/// A receive window over caller-supplied storage.
///
/// The caller reads from the transport into [`spare`](Self::spare) and reports the count with
/// [`filled`](Self::filled), or the end of the stream with [`eof`](Self::eof). A machine takes
/// lines out.
///
/// ```
/// use ftp_proto::buffer::{Frame, RecvBuf};
///
/// let mut rx = RecvBuf::new([0; 64]);
/// for part in [&b"220 rea"[..], b"dy\r\n331 "] {
///     let spare = rx.spare();
///     spare[..part.len()].copy_from_slice(part); // usually a read from a socket
///     rx.filled(part.len());
/// }
/// let Frame::Line(line) = rx.view().next_line(62) else { panic!("there is a line") };
/// assert_eq!(rx.bytes(line), b"220 ready");
/// assert_eq!(rx.view().next_line(62), Frame::Partial);
/// ```
#[derive(Clone, Debug)]
pub struct RecvBuf<B> {
    storage: B,
    window: Window,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> RecvBuf<B> {
    /// Creates an empty window over `storage`.
    pub fn new(storage: B) -> Self {
        Self { storage, window: Window::default() }
    }

    /// Returns the free space, to read into. Drops all lines that were lent before and moves the
    /// rest to the front, which invalidates every earlier [`Span`]. The slice is empty when the
    /// window is full: the machine has to take lines first.
    pub fn spare(&mut self) -> &mut [u8] {
        let (storage, w) = (self.storage.as_mut(), &mut self.window);
        if w.is_empty() {
            (w.start, w.kept, w.scan, w.filled) = (0, 0, 0, 0);
        } else if w.start > 0 || w.kept < w.scan {
            slices::copy_within(storage, w.start..w.kept, 0);
            let kept = w.kept - w.start;
            slices::copy_within(storage, w.scan..w.filled, kept);
            (w.start, w.kept, w.filled, w.scan) = (0, kept, kept + w.filled - w.scan, kept);
        }
        slices::part_mut(storage, w.filled..)
    }

    /// Records that `count` bytes were written to the front of [`spare`](Self::spare). A count
    /// beyond the length of that slice is treated as its length.
    pub fn filled(&mut self, count: usize) {
        let room = self.storage.as_ref().len() - self.window.filled;
        self.window.filled += count.min(room);
    }

    /// Copies as much of `bytes` as fits, and returns the number of bytes copied.
    pub fn extend(&mut self, bytes: &[u8]) -> usize {
        let spare = self.spare();
        let count = bytes.len().min(spare.len());
        spare[..count].copy_from_slice(&bytes[..count]);
        self.filled(count);
        count
    }

    /// Takes the bytes behind the last line as they arrived, so that a gateway can pass them on
    /// when the connection ceases to be lines of text, as after AUTH (RFC 4217 4). The window is
    /// empty afterwards.
    ///
    /// `None` if [`Rx::next_line`] has examined any of these bytes, or a line is
    /// [held](Rx::hold): Telnet commands may have been removed from them. Call this before asking
    /// for a further line.
    ///
    /// ```
    /// use ftp_proto::buffer::{Frame, RecvBuf};
    ///
    /// let mut rx = RecvBuf::new([0; 64]);
    /// rx.extend(b"234 Go\r\n\x16\x03\x03\xff\xff");
    /// assert!(matches!(rx.view().next_line(62), Frame::Line(_)));
    /// assert_eq!(rx.take_unframed(), Some(&b"\x16\x03\x03\xff\xff"[..]));
    /// assert!(rx.view().is_empty());
    /// ```
    pub fn take_unframed(&mut self) -> Option<&[u8]> {
        let w = &mut self.window;
        if !w.is_plain() || w.kept != w.start {
            return None;
        }
        let rest = w.scan..w.filled;
        (w.start, w.kept, w.scan) = (w.filled, w.filled, w.filled);
        self.storage.as_ref().get(rest)
    }

    /// Records that the peer will send nothing more.
    pub fn eof(&mut self) {
        self.window.eof = true;
    }

    /// Swaps the storage, so that an idle connection can give up its storage (for an empty one) and
    /// take storage back when bytes arrive.
    ///
    /// # Errors
    /// Returns `storage` while the window holds bytes.
    pub fn replace_storage(&mut self, storage: B) -> Result<B, B> {
        let w = &mut self.window;
        if !w.is_empty() {
            return Err(storage);
        }
        (w.start, w.kept, w.scan, w.filled) = (0, 0, 0, 0);
        Ok(core::mem::replace(&mut self.storage, storage))
    }

    /// Returns the window as machines see it.
    pub fn view(&mut self) -> Rx<'_> {
        Rx { storage: self.storage.as_mut(), window: &mut self.window }
    }

    /// Returns the bytes of a span, borrowed from this window, or an empty slice if the span does
    /// not lie in the window.
    #[must_use]
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.storage.as_ref().get(span.range()).unwrap_or_default()
    }
}

/// A receive window as machines see it, to take lines from.
#[derive(Debug)]
pub struct Rx<'a> {
    storage: &'a mut [u8],
    window: &'a mut Window,
}

impl Rx<'_> {
    /// Returns the size of the storage in bytes.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.storage.len()
    }

    /// Returns whether no bytes are left to be made into lines.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// Returns the bytes that have not been examined.
    pub(crate) fn unread(&self) -> &[u8] {
        self.storage.get(self.window.scan..self.window.filled).unwrap_or_default()
    }

    /// Returns the whole lines that have arrived, from the one that is [held](Self::hold) on; none
    /// if no line is held. Telnet commands at their starts are left out.
    pub(crate) fn waiting_lines(&self) -> impl Iterator<Item = &[u8]> {
        let w = &*self.window;
        let held = self.storage.get(w.start..w.kept).filter(|_| w.held);
        let mut behind = held.and(self.storage.get(w.scan..w.filled)).unwrap_or_default();
        let whole = core::iter::from_fn(move || {
            let (line, rest) = behind.split_at_checked(memchr::memchr(LF, behind)?)?;
            behind = rest.get(1..)?;
            let start = line.iter().position(|byte| *byte < SE).unwrap_or_default();
            line.get(start..).map(<[u8]>::trim_ascii_end)
        });
        held.into_iter().chain(whole)
    }

    /// Returns the number of bytes that have not been made into a line.
    #[must_use]
    pub fn pending(&self) -> usize {
        let w = &*self.window;
        w.kept - w.start + w.filled - w.scan
    }

    /// Returns whether more can be read once the lines lent so far are dropped.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let w = &*self.window;
        w.kept - w.start + w.filled - w.scan < self.storage.len()
    }

    /// Returns whether the peer has ended its stream. Lines may still be left in the window.
    #[must_use]
    pub fn is_eof(&self) -> bool {
        self.window.eof
    }

    /// Returns the bytes of a span, or an empty slice if the span does not lie in the window.
    #[must_use]
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.storage.get(span.range()).unwrap_or_default()
    }

    /// Takes the next line of at most `limit` bytes, not counting its line end.
    ///
    /// Each byte is examined once, however the input is split. The storage must hold `limit + 2`
    /// bytes; otherwise a line of that length never fits and is reported as too long.
    // `always`: the call would make up a fifth of the time that a line takes.
    #[inline(always)]
    pub fn next_line(&mut self, limit: usize) -> Frame {
        let w = &mut *self.window;
        // Nearly every line arrives whole and without Telnet commands.
        if let (true, Some(rest)) = (w.is_plain(), self.storage.get(w.scan..w.filled)) {
            let at = memchr::memchr3(LF, IAC, NUL, rest).unwrap_or(rest.len());
            let end = w.scan + at;
            match rest.get(at) {
                Some(&LF) => {
                    let ends_in_cr = end > w.start && self.storage.get(end - 1) == Some(&CR);
                    let line = Span { start: w.start, end: end - usize::from(ends_in_cr) };
                    (w.start, w.kept, w.scan) = (end + 1, end + 1, end + 1);
                    return line.within(limit);
                }
                found => {
                    (w.kept, w.scan) = (end, end);
                    if found.is_none() {
                        return self.out_of_bytes(limit);
                    }
                }
            }
        }
        self.next_odd_line(limit)
    }

    /// Does the work of [`next_line`](Self::next_line) for the remaining cases: Telnet, NUL, split,
    /// over-long and held lines.
    fn next_odd_line(&mut self, limit: usize) -> Frame {
        if let Some(line) = self.take_held() {
            return Frame::Line(line);
        }
        loop {
            let w = &*self.window;
            let rest = self.storage.get(w.scan..w.filled).unwrap_or_default();
            if w.telnet != Telnet::Text {
                match rest.first() {
                    Some(&byte) => self.telnet(byte),
                    None => return self.out_of_bytes(limit),
                }
                continue;
            }
            let at = memchr::memchr3(LF, IAC, NUL, rest).unwrap_or(rest.len());
            let found = rest.get(at).copied();
            self.keep(at);
            let Some(byte) = found else {
                return self.out_of_bytes(limit);
            };
            self.window.scan += 1;
            match byte {
                LF if core::mem::take(&mut self.window.skipping) => {
                    (self.window.binary, self.window.bare_cr) = (false, false);
                    (self.window.start, self.window.kept) = (self.window.scan, self.window.scan);
                }
                LF => {
                    let ends_in_cr = self.ends_in_cr();
                    let w = &mut *self.window;
                    let line = Span { start: w.start, end: w.kept - usize::from(ends_in_cr) };
                    (w.start, w.kept, w.bare_cr) = (w.scan, w.scan, false);
                    return match (core::mem::take(&mut w.binary), line.within(limit)) {
                        (true, Frame::Line(_)) => Frame::Binary,
                        (_, line) => line,
                    };
                }
                IAC => self.window.telnet = Telnet::Command,
                _ if self.ends_in_cr() => self.window.bare_cr = true,
                _ => self.window.binary = true,
            }
        }
    }

    /// Returns whether the last byte kept is a CR that an LF or a NUL may complete.
    fn ends_in_cr(&self) -> bool {
        let w = &*self.window;
        !w.bare_cr && self.storage.get(w.start..w.kept).is_some_and(|line| line.last() == Some(&CR))
    }

    /// Puts back the line that was just taken. [`next_line`](Self::next_line) returns it again, and
    /// examines nothing after it until then.
    pub fn hold(&mut self, line: Span) {
        let w = &mut *self.window;
        if line.end <= w.start && w.start == w.kept {
            (w.start, w.kept, w.held) = (line.start, line.end, true);
        }
    }

    /// Takes the line that is [held](Self::hold), if there is one.
    pub fn take_held(&mut self) -> Option<Span> {
        let w = &mut *self.window;
        core::mem::take(&mut w.held).then(|| {
            let line = Span { start: w.start, end: w.kept };
            (w.start, w.kept) = (w.scan, w.scan);
            line
        })
    }

    /// Moves `count` bytes at the scan position into the line, or discards them while the line is
    /// skipped.
    fn keep(&mut self, count: usize) {
        let w = &mut *self.window;
        let from = w.scan;
        w.scan += count;
        if w.skipping {
            (w.start, w.kept) = (w.scan, w.scan);
        } else if count > 0 {
            if w.kept != from {
                slices::copy_within(self.storage, from..w.scan, w.kept);
            }
            w.kept += count;
            w.bare_cr = false;
        }
    }

    /// Handles one byte of a Telnet sequence after its IAC (RFC 854; subnegotiation RFC 855).
    fn telnet(&mut self, byte: u8) {
        self.window.telnet = match (self.window.telnet, byte) {
            (Telnet::Command, IAC) => {
                self.window.telnet = Telnet::Text;
                return self.keep(1);
            }
            (Telnet::Command, WILL..=DONT) => Telnet::Option,
            (Telnet::Command, SB) => Telnet::Subnegotiation,
            // A command of one byte. IAC before an ordinary byte is dropped and the byte is kept (a
            // quirk of old clients).
            (Telnet::Command, SE..) => Telnet::Text,
            (Telnet::Command, _) => {
                self.window.telnet = Telnet::Text;
                return;
            }
            (Telnet::Subnegotiation, IAC) => Telnet::SubnegotiationCommand,
            (Telnet::SubnegotiationCommand, SE) => Telnet::Text,
            (Telnet::Subnegotiation | Telnet::SubnegotiationCommand, _) => Telnet::Subnegotiation,
            (Telnet::Option | Telnet::Text, _) => Telnet::Text,
        };
        self.window.scan += 1;
    }

    /// Decides what to report for a line without an end: too long, cut off, or still growing.
    fn out_of_bytes(&mut self, limit: usize) -> Frame {
        let (full, ends_in_cr) = (!self.has_room(), self.ends_in_cr());
        let w = &mut *self.window;
        let length = w.kept - w.start - usize::from(ends_in_cr);
        if length > limit || (full && !w.skipping) {
            let line = Span { start: w.start, end: w.start + length };
            w.skipping = true;
            (w.start, w.kept) = (w.scan, w.scan);
            return Frame::TooLong(line.first(limit));
        }
        if w.eof {
            return Frame::End { cut: w.skipping || w.kept > w.start || w.telnet != Telnet::Text };
        }
        Frame::Partial
    }
}

#[cfg(test)]
mod tests;
