//! Pathnames, which are bytes: the quoted form in 257 (RFC 959 appendix II), the server's virtual
//! paths (TVFS, RFC 3659 section 6), and the checks that make a peer's name safe to use locally.

use core::fmt;

use super::{Full, Invalid, Sink, Text};

mod names;

pub use names::NameList;

/// A pathname as the text of 257 quotes it, borrowed from that text.
///
/// VMS's `DISK:[A.B]`, DOS's `C:\` and MVS's `'HLQ.'` are names like any other. The pathname may be
/// empty, as in `257 ""`, which names nothing and must not be mistaken for the root.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quoted<'a> {
    /// The bytes between the quotes, where each quote in the name is doubled.
    raw: &'a [u8],
}

impl<'a> Quoted<'a> {
    // text = [commentary] quoted [SP commentary]                  ; RFC 959 appendix II
    // quoted = DQUOTE *( pathchar / 2DQUOTE ) DQUOTE
    // pathchar = any byte but DQUOTE and controls
    //   also in use: no quotes; the pathname is then the first word
    /// Parses the text of 257, without the code.
    ///
    /// Text before the first quote is skipped. Without any quote, the path is the first word.
    ///
    /// # Errors
    /// Fails when the text is blank, the path contains a control byte (below 0x20, or 0x7F), or the
    /// closing quote is missing: such a text was truncated, and a truncated path would name another
    /// directory.
    pub fn parse(text: &'a [u8]) -> Result<Self, Invalid> {
        let raw = match memchr::memchr(b'"', text).and_then(|at| text.get(at + 1..)) {
            Some(opened) => {
                up_to_lone_quote(opened).ok_or(Invalid::new("a pathname with its closing quote"))?
            }
            None => first_word(text).ok_or(Invalid::new("a pathname in the text of 257"))?,
        };
        if raw.iter().copied().any(is_control) {
            return Err(Invalid::new("a pathname without control bytes"));
        }
        Ok(Self { raw })
    }

    /// Returns the pathname as it was sent, with each quote in it doubled.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Returns the pathname itself if it contains no quote and so can be borrowed.
    #[must_use]
    pub fn as_plain(&self) -> Option<&'a [u8]> {
        memchr::memchr(b'"', self.raw).is_none().then_some(self.raw)
    }

    /// Yields the pathname in pieces, which are slices of the text. Each quote in the pathname ends
    /// a piece.
    pub fn pieces(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.raw;
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            // The first quote of each pair ends its piece; the second is dropped.
            let end = memchr::memchr(b'"', rest).map_or(rest.len(), |at| at + 1);
            let (piece, after) = rest.split_at_checked(end)?;
            rest = after.get(1..).unwrap_or_default();
            Some(piece)
        })
    }

    /// Yields the bytes of the pathname.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.pieces().flatten().copied()
    }

    /// Copies the pathname to the start of `out` and returns its length, which never exceeds that
    /// of [`raw`](Self::raw).
    ///
    /// # Errors
    /// Fails with [`Full`] when the pathname does not fit.
    pub fn copy_to(&self, out: &mut [u8]) -> Result<usize, Full> {
        let mut path = Filled { out, len: 0 };
        self.pieces().try_for_each(|piece| path.push(piece)).map_err(|TooLong| Full)?;
        Ok(path.len)
    }

    /// Returns an owned copy of the pathname.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_vec(&self) -> alloc::vec::Vec<u8> {
        self.bytes().collect()
    }

    /// Appends the pathname with its quotes.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        sink.put(b"\"")?;
        sink.put(self.raw)?;
        sink.put(b"\"")
    }
}

/// Prints the pathname in quotes, with unprintable bytes escaped.
impl fmt::Debug for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", super::Escaped(self.raw))
    }
}

/// Appends `path` in quotes, with each quote in it doubled, as at the start of 257's text (RFC 959
/// appendix II). A careful client refuses such a path if it contains control bytes.
///
/// # Errors
/// Fails with [`Full`] when `sink` has no room.
pub fn encode_quoted<S: Sink + ?Sized>(path: Text<'_>, sink: &mut S) -> Result<(), Full> {
    sink.put(b"\"")?;
    let mut rest = path.as_bytes();
    while let Some((piece, after)) = memchr::memchr(b'"', rest).and_then(|at| rest.split_at_checked(at + 1)) {
        sink.put(piece)?;
        sink.put(b"\"")?;
        rest = after;
    }
    sink.put(rest)?;
    sink.put(b"\"")
}

/// Returns `opened` up to the first quote that is not doubled, or `None` when there is none.
fn up_to_lone_quote(opened: &[u8]) -> Option<&[u8]> {
    let mut quotes = memchr::memchr_iter(b'"', opened);
    while let Some(at) = quotes.next() {
        if opened.get(at + 1) != Some(&b'"') {
            return opened.get(..at);
        }
        quotes.next();
    }
    None
}

fn first_word(text: &[u8]) -> Option<&[u8]> {
    text.split(|&b| b == b' ').find(|word| !word.is_empty())
}

const fn is_control(byte: u8) -> bool {
    byte < 0x20 || byte == 0x7f
}

/// Returns whether servers may mistake the start of `path` for something other than a name: a
/// hyphen for options of `ls`, a tilde for a home directory, a space for part of the command. A
/// leading `./` prevents this.
#[must_use]
pub const fn needs_dot_path(path: &[u8]) -> bool {
    matches!(path.first(), Some(b'-' | b' ' | b'~'))
}

/// Returns a path that begins with a name, in the form that LIST and NLST need: with a leading `./`
/// where [`needs_dot_path`] says so.
#[cfg(feature = "alloc")]
#[must_use]
pub fn for_listing(path: &[u8]) -> alloc::borrow::Cow<'_, [u8]> {
    match needs_dot_path(path) {
        true => [b"./", path].concat().into(),
        false => path.into(),
    }
}

/// Returns the path of `name`, which was listed in `directory`, in a form that cannot denote
/// anything else. An empty `directory` is the working directory; a name in it gets a leading `./`
/// where [`needs_dot_path`] says so.
#[cfg(feature = "alloc")]
#[must_use]
pub fn join(directory: &[u8], name: &[u8]) -> alloc::vec::Vec<u8> {
    match directory {
        b"" => for_listing(name).into_owned(),
        _ if directory.ends_with(b"/") => [directory, name].concat(),
        _ => [directory, b"/", name].concat(),
    }
}

/// Returns whether `path` must not be the argument of LIST, NLST, MLSD or STAT, because a server
/// may pass it to `ls`, to a shell, or to a pattern matcher: GNU ftpd splits it at spaces and
/// expands patterns, and Pure-FTPd expands patterns. Instead, make such a directory the working
/// directory, and list that.
///
/// Only letters, digits, bytes above 127 and `/ . _ + , = : @ % ^` are safe everywhere, as is a
/// hyphen that does not begin the path.
#[must_use]
pub fn must_be_entered(path: &[u8]) -> bool {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"/._-+,=:@%^".contains(byte);
    needs_dot_path(path) || !path.iter().all(safe)
}

/// The reason why a virtual path could not be resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// The path contains a CR, LF or NUL. A server answers 501, or 553 where a name is to be
    /// created.
    Forbidden,
    /// The storage for the path is too short. A server answers 550, or 553 where a name is to be
    /// created.
    TooLong,
}

impl fmt::Display for ResolveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Forbidden => "a pathname with CR, LF or NUL in it",
            Self::TooLong => "a pathname longer than the storage for it",
        })
    }
}

impl core::error::Error for ResolveError {}

// tvfs-path = "/" / ( ["/"] tvfs-name *( "/" tvfs-name ) ["/"] )   ; after RFC 3659 section 6
// tvfs-name = 1*( any byte but "/", CR, LF, NUL )                   ; ".": no change, "..": one up
/// Resolves `argument` in the directory `base` to an absolute path, writes it to the start of
/// `out`, and returns its length.
///
/// The result begins with `/` and contains no `.`, `..` or empty name; it does not end in `/`,
/// unless it is `/`. `..` in the root is the root, so that nothing above the root can be named.
/// Only `/` separates names: a backslash is part of a name. An empty argument names `base`; a
/// `base` that is not normalised is normalised first. Only names are examined; the filesystem must
/// check whether a link leads elsewhere.
///
/// `out` needs room for the longest intermediate path, at most `base.len() + argument.len() + 2`.
///
/// # Errors
/// Fails when either path contains a CR, LF or NUL, or `out` is too short; the contents of `out`
/// are then unspecified.
pub fn resolve(base: &[u8], argument: &[u8], out: &mut [u8]) -> Result<usize, ResolveError> {
    let base = if argument.starts_with(b"/") { &b""[..] } else { base };
    if [base, argument].iter().any(|path| memchr::memchr3(b'\r', b'\n', 0, path).is_some()) {
        return Err(ResolveError::Forbidden);
    }
    // Until the end, the root is the empty path, since every name brings its own slash.
    let mut path = Filled { out, len: 0 };
    for name in [base, argument].into_iter().flat_map(|path| path.split(|&b| b == b'/')) {
        match name {
            b"" | b"." => {}
            b".." => path.len = memchr::memrchr(b'/', path.written()).unwrap_or(0),
            name => {
                path.push(b"/").and_then(|()| path.push(name)).map_err(|TooLong| ResolveError::TooLong)?;
            }
        }
    }
    if path.len == 0 {
        path.push(b"/").map_err(|TooLong| ResolveError::TooLong)?;
    }
    Ok(path.len)
}

/// Returns the directory that contains a normalised absolute path. The root contains itself.
#[must_use]
pub fn parent(path: &[u8]) -> &[u8] {
    match memchr::memrchr(b'/', path) {
        Some(at) if at > 0 => path.get(..at).unwrap_or(b"/"),
        _ => b"/",
    }
}

/// Returns the last name of a normalised path, absolute or not, or `None` for the root.
#[must_use]
pub fn file_name(path: &[u8]) -> Option<&[u8]> {
    let name = match memchr::memrchr(b'/', path) {
        Some(at) => path.get(at + 1..)?,
        None => path,
    };
    (!name.is_empty()).then_some(name)
}

/// A slice, and the length of the part that has been written.
struct Filled<'o> {
    out: &'o mut [u8],
    len: usize,
}

struct TooLong;

impl Filled<'_> {
    fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        let room =
            self.out.get_mut(self.len..).and_then(|rest| rest.get_mut(..bytes.len())).ok_or(TooLong)?;
        room.copy_from_slice(bytes);
        self.len += bytes.len();
        Ok(())
    }

    fn written(&self) -> &[u8] {
        self.out.get(..self.len).unwrap_or_default()
    }
}

/// The reason why a name from a peer must not become the name of a local file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnsafeName {
    /// The name is empty.
    Empty,
    /// The name is `.` or `..`, which denote existing directories.
    Directory,
    /// The name contains a `/`, which makes it several names.
    Separator,
    /// The name contains a control byte, such as NUL.
    Control,
    /// The name contains a `\`, which separates names. On Windows only.
    Backslash,
    /// The name begins with a drive, such as `c:`. On Windows only.
    Drive,
    /// The name contains a colon elsewhere, which denotes a stream of another file. On Windows
    /// only.
    Stream,
    /// The name denotes a device, such as `NUL` or `com1.txt`. On Windows only.
    Device,
    /// The name ends in a dot or a space, which the system drops, so that the name denotes another
    /// file. On Windows only.
    Trailing,
}

impl UnsafeName {
    /// Returns whether the name is harmless on systems other than Windows. A fault that counts only
    /// on Windows is reported only for a name that has no other.
    #[must_use]
    pub const fn only_on_windows(self) -> bool {
        matches!(self, Self::Backslash | Self::Drive | Self::Stream | Self::Device | Self::Trailing)
    }
}

impl fmt::Display for UnsafeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty name",
            Self::Directory => "a name for the directory itself or the one above",
            Self::Separator => "a name with a slash in it",
            Self::Control => "a name with a control byte in it",
            Self::Backslash => "a name with a backslash in it",
            Self::Drive => "a name that begins with a drive",
            Self::Stream => "a name with a colon in it",
            Self::Device => "the name of a device",
            Self::Trailing => "a name that ends in a dot or a space",
        })
    }
}

impl core::error::Error for UnsafeName {}

/// The devices that Windows finds in every directory, whatever follows the first dot.
const DEVICES: [&str; 7] = ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"];
/// The devices whose name ends in a number.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];
/// The numbers that Windows accepts after these names: a digit, or a superscript digit of Latin-1
/// (here in UTF-8).
const DEVICE_NUMBERS: [&str; 13] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "\u{b9}", "\u{b2}", "\u{b3}"];

/// Returns `name`, which a peer sent in a listing or as the name of a stored file, unchanged if it
/// can be the name of a local file on any system: a single component without special meaning. A
/// leading dot or dash, and bytes that are not UTF-8, are safe here.
///
/// # Errors
/// Returns the reason why the name is unsafe. A Windows-only reason is returned only when there is
/// no other.
pub fn safe_name(name: &[u8]) -> Result<&[u8], UnsafeName> {
    safe_name_on_unix(name)?;
    let colon = memchr::memchr(b':', name);
    let drive = colon == Some(1) && name.first().is_some_and(u8::is_ascii_alphabetic);
    let faults = [
        (memchr::memchr(b'\\', name).is_some(), UnsafeName::Backslash),
        (drive, UnsafeName::Drive),
        (is_device(name), UnsafeName::Device),
        (colon.is_some(), UnsafeName::Stream),
        (name.ends_with(b".") || name.ends_with(b" "), UnsafeName::Trailing),
    ];
    faults.iter().find(|(found, _)| *found).map_or(Ok(name), |(_, fault)| Err(*fault))
}

/// Returns the name like [`safe_name`], but without the Windows checks, for a program that never
/// writes to a Windows filesystem. It can keep `aux.c`, `12:30.log` and `a\b`: on Unix a backslash
/// is an ordinary byte, and it is also the second byte of many characters in Shift-JIS and GBK.
///
/// # Errors
/// Returns the reason why the name is unsafe, never a Windows-only one.
pub fn safe_name_on_unix(name: &[u8]) -> Result<&[u8], UnsafeName> {
    match name {
        b"" => Err(UnsafeName::Empty),
        b"." | b".." => Err(UnsafeName::Directory),
        _ if memchr::memchr(b'/', name).is_some() => Err(UnsafeName::Separator),
        _ if name.iter().copied().any(is_control) => Err(UnsafeName::Control),
        _ => Ok(name),
    }
}

fn is_device(name: &[u8]) -> bool {
    let stem = name.split(|b| matches!(b, b'.' | b':')).next().unwrap_or(name).trim_ascii_end();
    let is = |device: &&str| stem.eq_ignore_ascii_case(device.as_bytes());
    let numbered = |device: &&str| {
        stem.split_at_checked(device.len()).is_some_and(|(word, number)| {
            word.eq_ignore_ascii_case(device.as_bytes())
                && DEVICE_NUMBERS.iter().any(|n| n.as_bytes() == number)
        })
    };
    DEVICES.iter().any(is) || NUMBERED_DEVICES.iter().any(numbered)
}

#[cfg(test)]
mod tests;
