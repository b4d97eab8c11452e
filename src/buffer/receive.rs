//! The receive window: bytes in, lines out, Telnet's commands taken from between them (RFC 854, RFC 855).

use core::ops::Range;

use super::telnet::{DONT, IAC, SB, SE, WILL};

const LF: u8 = b'\n';
const CR: u8 = b'\r';
const NUL: u8 = 0;

/// Where some bytes of the receive window lie. Layers pass spans on and the outermost resolves them
/// with [`Rx::bytes`]; a span is good until [`RecvBuf::spare`] is called.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: usize,
    end: usize,
}

impl Span {
    /// Its length in bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        self.end - self.start
    }

    /// Whether it spans nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Its first `count` bytes, or all of it.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        Self { end: self.end.min(self.start.saturating_add(count)), ..self }
    }

    /// The part of it that lies `skip` bytes on.
    #[must_use]
    pub fn after(self, skip: usize) -> Self {
        Self { start: self.end.min(self.start.saturating_add(skip)), ..self }
    }

    /// It as a line, which has at most `limit` bytes.
    #[inline]
    fn within(self, limit: usize) -> Frame {
        if self.len() > limit { Frame::TooLong(self.first(limit)) } else { Frame::Line(self) }
    }

    const fn range(self) -> Range<usize> {
        self.start..self.end
    }
}

/// What the window holds at its front.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole line, without its CRLF or bare LF.
    Line(Span),
    /// A line of more bytes than the limit: its first `limit` bytes. It is told once and the rest is
    /// skipped up to its LF.
    TooLong(Span),
    /// A line with a NUL that no CR precedes: binary, never a command or a reply.
    Binary,
    /// No whole line yet: read more.
    Partial,
    /// The peer sends no more. `cut` when bytes of an unfinished line were left.
    End {
        /// Whether the stream ended inside a line.
        cut: bool,
    },
}

/// Where a Telnet sequence stands at the scan position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Telnet {
    #[default]
    Text,
    Command,
    Option,
    Subnegotiation,
    SubnegotiationCommand,
}

/// The state of a receive window: `[0, start)` is done with, `[start, kept)` is what is known of the
/// current line, `[kept, scan)` was Telnet's and is dead, `[scan, filled)` has not been looked at.
#[derive(Clone, Debug, Default)]
struct Window {
    start: usize,
    kept: usize,
    scan: usize,
    filled: usize,
    telnet: Telnet,
    /// The line is too long, and its rest is not kept.
    skipping: bool,
    /// A NUL was in the line.
    binary: bool,
    /// The last byte kept is a CR that a NUL followed, so no part of a line's end.
    bare_cr: bool,
    /// `[start, kept)` is a line that was put back.
    held: bool,
    eof: bool,
}

impl Window {
    /// Whether the current line is, so far, bytes to be kept where they are.
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

/// A receive window over storage of the caller's.
///
/// The caller reads from the transport into [`spare`](Self::spare) and says how much with
/// [`filled`](Self::filled), or that the end came with [`eof`](Self::eof). A machine takes lines out.
#[derive(Clone, Debug)]
pub struct RecvBuf<B> {
    storage: B,
    window: Window,
}

impl<B: AsRef<[u8]> + AsMut<[u8]>> RecvBuf<B> {
    /// An empty window over `storage`.
    pub fn new(storage: B) -> Self {
        Self { storage, window: Window::default() }
    }

    /// The free room, to read into. Whatever was lent before is dropped, and the rest moved to the
    /// front, so every [`Span`] taken until now is void. Empty when the window is full: the machine
    /// has to take lines first.
    pub fn spare(&mut self) -> &mut [u8] {
        let (storage, w) = (self.storage.as_mut(), &mut self.window);
        if w.is_empty() {
            (w.start, w.kept, w.scan, w.filled) = (0, 0, 0, 0);
        } else if w.start > 0 || w.kept < w.scan {
            storage.copy_within(w.start..w.kept, 0);
            let kept = w.kept - w.start;
            storage.copy_within(w.scan..w.filled, kept);
            (w.start, w.kept, w.filled, w.scan) = (0, kept, kept + w.filled - w.scan, kept);
        }
        &mut storage[w.filled..]
    }

    /// Says that `count` bytes were written to the front of [`spare`](Self::spare). More than it
    /// held counts as all of it.
    pub fn filled(&mut self, count: usize) {
        let room = self.storage.as_ref().len() - self.window.filled;
        self.window.filled += count.min(room);
    }

    /// Copies as much of `bytes` as there is room for, and says how much that was.
    pub fn extend(&mut self, bytes: &[u8]) -> usize {
        let spare = self.spare();
        let count = bytes.len().min(spare.len());
        spare[..count].copy_from_slice(&bytes[..count]);
        self.filled(count);
        count
    }

    /// Says that the peer will send nothing more.
    pub fn eof(&mut self) {
        self.window.eof = true;
    }

    /// Swaps the storage, so that an idle connection can give it up (to an empty one) and take it
    /// back when bytes arrive.
    ///
    /// # Errors
    /// Gives `storage` back while the window holds bytes.
    pub fn replace_storage(&mut self, storage: B) -> Result<B, B> {
        let w = &mut self.window;
        if !w.is_empty() {
            return Err(storage);
        }
        (w.start, w.kept, w.scan, w.filled) = (0, 0, 0, 0);
        Ok(core::mem::replace(&mut self.storage, storage))
    }

    /// The window as machines see it.
    pub fn view(&mut self) -> Rx<'_> {
        Rx { storage: self.storage.as_mut(), window: &mut self.window }
    }

    /// The bytes of a span, borrowed from this window.
    #[must_use]
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.storage.as_ref().get(span.range()).unwrap_or_default()
    }
}

/// A receive window as machines see it: lines to take.
#[derive(Debug)]
pub struct Rx<'a> {
    storage: &'a mut [u8],
    window: &'a mut Window,
}

impl Rx<'_> {
    /// How many bytes the storage holds.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.storage.len()
    }

    /// Whether bytes wait that no line was made of yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.window.is_empty()
    }

    /// The bytes that were not looked at.
    pub(crate) fn unread(&self) -> &[u8] {
        self.storage.get(self.window.scan..self.window.filled).unwrap_or_default()
    }

    /// How many bytes wait that no line was made of yet.
    #[must_use]
    pub fn pending(&self) -> usize {
        let w = &*self.window;
        w.kept - w.start + w.filled - w.scan
    }

    /// Whether there is room to read more, once what was lent is dropped.
    #[must_use]
    pub fn has_room(&self) -> bool {
        let w = &*self.window;
        w.kept - w.start + w.filled - w.scan < self.storage.len()
    }

    /// Whether the peer has ended its stream, lines that wait apart.
    #[must_use]
    pub fn is_eof(&self) -> bool {
        self.window.eof
    }

    /// The bytes of a span.
    #[must_use]
    pub fn bytes(&self, span: Span) -> &[u8] {
        self.storage.get(span.range()).unwrap_or_default()
    }

    /// Takes the next line of at most `limit` bytes, its end not counted.
    ///
    /// Each byte is looked at once, however the input is split. The storage must hold `limit + 2`
    /// bytes, or a line of that length never fits and is called too long.
    // Always: a fifth of the time of a line is that of the call.
    #[inline(always)]
    pub fn next_line(&mut self, limit: usize) -> Frame {
        let w = &mut *self.window;
        // Nearly every line comes whole and has nothing of Telnet in it.
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

    /// As [`next_line`](Self::next_line), for all that may be in its way.
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

    /// Whether the last byte kept of the line is a CR that an LF, or a NUL, may follow.
    fn ends_in_cr(&self) -> bool {
        let w = &*self.window;
        !w.bare_cr && self.storage.get(w.start..w.kept).is_some_and(|line| line.last() == Some(&CR))
    }

    /// Puts the line that was just taken back: [`next_line`](Self::next_line) gives it again, and
    /// nothing behind it is looked at until then.
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

    /// Moves `count` bytes at the scan position into the line, unless that is being skipped.
    fn keep(&mut self, count: usize) {
        let w = &mut *self.window;
        let from = w.scan;
        w.scan += count;
        if w.skipping {
            (w.start, w.kept) = (w.scan, w.scan);
        } else if count > 0 {
            if w.kept != from {
                self.storage.copy_within(from..w.scan, w.kept);
            }
            w.kept += count;
            w.bare_cr = false;
        }
    }

    /// One byte of a Telnet sequence, IAC being behind (RFC 854; subnegotiation RFC 855).
    fn telnet(&mut self, byte: u8) {
        self.window.telnet = match (self.window.telnet, byte) {
            (Telnet::Command, IAC) => {
                self.window.telnet = Telnet::Text;
                return self.keep(1);
            }
            (Telnet::Command, WILL..=DONT) => Telnet::Option,
            (Telnet::Command, SB) => Telnet::Subnegotiation,
            // A command of one byte, or IAC before an ordinary one, which stays (quirk of old clients).
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

    /// The line has no end yet: is it still allowed to grow?
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
