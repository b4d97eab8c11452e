//! Pathnames, which are bytes: the quoted form of 257 (RFC 959 appendix II), the server's virtual paths
//! (TVFS, RFC 3659 section 6), and what makes a peer's name safe to use here.

use core::fmt;

use super::{Full, Invalid, Sink, Text};

mod names;

pub use names::NameList;

/// A pathname as the text of 257 quotes it, borrowed from that text.
///
/// VMS's `DISK:[A.B]`, DOS's `C:\` and MVS's `'HLQ.'` are names like any other. It may be empty, as from
/// `257 ""`: that names nothing, and is not to be taken for the root.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Quoted<'a> {
    /// Between the quotes: every quote in it is one of two.
    raw: &'a [u8],
}

impl<'a> Quoted<'a> {
    // text = [commentary] quoted [SP commentary]                  ; RFC 959 appendix II
    // quoted = DQUOTE *( pathchar / 2DQUOTE ) DQUOTE              ; pathchar: any byte but DQUOTE and controls
    //   in use too: no quotes, then the first word
    /// Reads the text of 257, without the code.
    ///
    /// What stands before the first quote is skipped. Without any quote the path is the first word.
    ///
    /// # Errors
    /// When the text is blank, the path holds a control byte (below 0x20, or 0x7F), or the closing quote is
    /// missing: then the text was cut on its way, and what is left of the path would name another directory.
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

    /// As it was sent: a quote in the name is still two.
    #[must_use]
    pub const fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The pathname itself, where it holds no quote and so can be borrowed.
    #[must_use]
    pub fn as_plain(&self) -> Option<&'a [u8]> {
        memchr::memchr(b'"', self.raw).is_none().then_some(self.raw)
    }

    /// The pathname in order, in pieces of the text: one, and one more for each quote in it.
    pub fn pieces(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.raw;
        core::iter::from_fn(move || {
            if rest.is_empty() {
                return None;
            }
            // The first quote of each pair ends its piece, the second is dropped.
            let end = memchr::memchr(b'"', rest).map_or(rest.len(), |at| at + 1);
            let (piece, after) = rest.split_at_checked(end)?;
            rest = after.get(1..).unwrap_or_default();
            Some(piece)
        })
    }

    /// The bytes of the pathname.
    pub fn bytes(&self) -> impl Iterator<Item = u8> + use<'a> {
        self.pieces().flatten().copied()
    }

    /// Copies the pathname to the start of `out` and says how long it is; never longer than
    /// [`raw`](Self::raw).
    ///
    /// # Errors
    /// [`Full`] when it does not fit.
    pub fn copy_to(&self, out: &mut [u8]) -> Result<usize, Full> {
        let mut path = Filled { out, len: 0 };
        self.pieces().try_for_each(|piece| path.push(piece)).map_err(|TooLong| Full)?;
        Ok(path.len)
    }

    /// The pathname, in storage of its own.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_vec(&self) -> alloc::vec::Vec<u8> {
        self.bytes().collect()
    }

    /// Appends it with its quotes.
    ///
    /// # Errors
    /// [`Full`] when `sink` is.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        sink.put(b"\"")?;
        sink.put(self.raw)?;
        sink.put(b"\"")
    }
}

/// Printable, and in quotes.
impl fmt::Debug for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", super::Escaped(self.raw))
    }
}

/// Appends `path` in quotes, each quote in it doubled, as 257 begins (RFC 959 appendix II). A client
/// that is careful refuses such a path if it holds control bytes.
///
/// # Errors
/// [`Full`] when `sink` is.
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

/// `opened` up to the quote that is not one of two; nothing when there is none.
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

/// Returns whether servers may read the start of `path` as something else than a name: a hyphen as the options of
/// `ls`, a tilde as a home directory, a space as a part of the command. With `./` in front they cannot.
#[must_use]
pub const fn needs_dot_path(path: &[u8]) -> bool {
    matches!(path.first(), Some(b'-' | b' ' | b'~'))
}

/// A path that begins with a name, as LIST and NLST should be given it: with `./` in front where
/// [`needs_dot_path`] says so.
#[cfg(feature = "alloc")]
#[must_use]
pub fn for_listing(path: &[u8]) -> alloc::borrow::Cow<'_, [u8]> {
    match needs_dot_path(path) {
        true => [b"./", path].concat().into(),
        false => path.into(),
    }
}

/// Returns the path of `name`, which was listed in `directory`, so that it means nothing but that name. The empty
/// directory is the working directory: a name in it that [`needs_dot_path`] gets `./` in front.
#[cfg(feature = "alloc")]
#[must_use]
pub fn join(directory: &[u8], name: &[u8]) -> alloc::vec::Vec<u8> {
    match directory {
        b"" => for_listing(name).into_owned(),
        _ if directory.ends_with(b"/") => [directory, name].concat(),
        _ => [directory, b"/", name].concat(),
    }
}

/// Returns whether `path` must not be the argument of LIST, NLST, MLSD or STAT, because a server may hand it to `ls`,
/// to a shell, or to a matcher of patterns: GNU ftpd splits it at spaces and expands patterns, Pure-FTPd expands
/// patterns. Make such a directory the working directory, and list that.
///
/// Letters, digits, bytes above 127 and `/ . _ + , = : @ % ^` alone are safe everywhere, as is a hyphen that begins
/// no path.
#[must_use]
pub fn must_be_entered(path: &[u8]) -> bool {
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"/._-+,=:@%^".contains(byte);
    needs_dot_path(path) || !path.iter().all(safe)
}

/// Why a virtual path could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResolveError {
    /// A CR, an LF or a NUL in it. A server answers 501, or 553 where a name is to be made.
    Forbidden,
    /// The storage lent for it is too short. A server answers 550, or 553 where a name is to be made.
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
// tvfs-name = 1*( any byte but "/", CR, LF, NUL )                   ; "." is here, ".." one up
/// Makes the absolute path that `argument` names to a session in the directory `base`, writes it to the
/// start of `out`, and says how long it is.
///
/// The result begins with `/` and has neither `.`, `..`, an empty name, nor a `/` at its end, unless it
/// is `/`. `..` in the root is the root, so that nothing above it can be named. `/` alone separates: a
/// backslash is a byte of a name. An empty argument names `base`; a `base` that is not normalised is made
/// so. Only names are looked at: whether a link leads elsewhere is the filesystem's to see.
///
/// `out` needs room for the longest path on the way, `base.len() + argument.len() + 2` at most.
///
/// # Errors
/// When a CR, LF or NUL is in either path, or `out` is too short; then `out` holds nothing of use.
pub fn resolve(base: &[u8], argument: &[u8], out: &mut [u8]) -> Result<usize, ResolveError> {
    let base = if argument.starts_with(b"/") { &b""[..] } else { base };
    if [base, argument].iter().any(|path| memchr::memchr3(b'\r', b'\n', 0, path).is_some()) {
        return Err(ResolveError::Forbidden);
    }
    // As long as it is written, the root is the empty path: every name brings its own slash.
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

/// The directory that a normalised absolute path is in; the root is in itself.
#[must_use]
pub fn parent(path: &[u8]) -> &[u8] {
    match memchr::memrchr(b'/', path) {
        Some(at) if at > 0 => path.get(..at).unwrap_or(b"/"),
        _ => b"/",
    }
}

/// The last name of a normalised path, absolute or not; the root has none.
#[must_use]
pub fn file_name(path: &[u8]) -> Option<&[u8]> {
    let name = match memchr::memrchr(b'/', path) {
        Some(at) => path.get(at + 1..)?,
        None => path,
    };
    (!name.is_empty()).then_some(name)
}

/// The part of a slice that has been written.
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

/// Why a name from a peer must not become the name of a local file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnsafeName {
    /// There is no name.
    Empty,
    /// `.` or `..`, which name directories that exist.
    Directory,
    /// A `/` in it: more than one name.
    Separator,
    /// A control byte in it, NUL included.
    Control,
    /// A `\` in it, which separates names. On Windows only.
    Backslash,
    /// A drive at its start, `c:`. On Windows only.
    Drive,
    /// A colon elsewhere, which names a stream of another file. On Windows only.
    Stream,
    /// The name of a device, `NUL` or `com1.txt`. On Windows only.
    Device,
    /// A dot or a space at its end, which the system drops, so that it names another file. On Windows only.
    Trailing,
}

impl UnsafeName {
    /// Whether the name is harmless on a system that is not Windows. True only of a name that has no other
    /// fault.
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
/// The devices with a number after the name.
const NUMBERED_DEVICES: [&str; 2] = ["COM", "LPT"];
/// What Windows takes for that number: a digit, or a superscript one (Latin-1 in UTF-8).
const DEVICE_NUMBERS: [&str; 13] =
    ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "\u{b9}", "\u{b2}", "\u{b3}"];

/// A name that a peer sent, in a listing or as the name of a stored file, when it can be the name of a local
/// file on any system: one component, which names nothing that is special. It is handed back as it is; a
/// leading dot or dash, and bytes that are not UTF-8, are no danger here.
///
/// # Errors
/// Why not. A reason of Windows alone comes only when there is no other.
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

/// The same for a program that will never write to a Windows filesystem, which can then keep `aux.c`,
/// `12:30.log` and `a\b`: a backslash is a byte like any other there, and the second one of many characters in
/// Shift-JIS and GBK.
///
/// # Errors
/// Why not, and never a reason of Windows alone.
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
