//! LIST, NLST and MLSD: how their arguments are read, and which entries are shown.
//! The [module above](super) says what the rules are.

use super::config::DotFiles;
use super::pending::{Pending, Purpose};
use super::request::{Changes, Listing, Refusal};
use super::session::Session;
use crate::codec::{Full, Sink, TimedPath, Verb};
use crate::listing::{Clock, Entry, ListingWriter, Pattern};

/// The options of `ls` that mean something here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// `-a` and `-A`.
    pub(super) all: bool,
    /// `-R`.
    pub(super) recursive: bool,
}

impl Options {
    /// Reads the options at the start of `argument`, and returns how many bytes they take with the spaces behind
    /// them. An option is a hyphen and letters or digits.
    pub(super) fn parse(argument: &[u8]) -> (Self, usize) {
        let mut options = Self::default();
        let mut rest = argument;
        while let Some(option) = rest.strip_prefix(b"-") {
            let end = memchr::memchr(b' ', option).unwrap_or(option.len());
            let Some((letters, tail)) = option.split_at_checked(end) else { break };
            if letters.is_empty() || !letters.iter().all(u8::is_ascii_alphanumeric) {
                break;
            }
            options.all |= letters.iter().any(|letter| b"aA".contains(letter));
            options.recursive |= letters.contains(&b'R');
            rest = tail.strip_prefix(b" ").unwrap_or(tail);
        }
        (options, argument.len() - rest.len())
    }
}

/// How an argument is read at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// As a name, options and wildcards included.
    #[default]
    Whole,
    /// As a name, without its options.
    WithoutOptions(Options),
    /// As a directory and a pattern.
    Pattern(Options),
}

impl Reading {
    const fn options(self) -> Options {
        match self {
            Self::Whole => Options { all: false, recursive: false },
            Self::WithoutOptions(options) | Self::Pattern(options) => options,
        }
    }
}

/// Which entries a listing shows, and how it writes them. [`Session::selection`] makes it.
///
/// A host gives it every entry of the directory, and it leaves out those that are not to be seen. Where
/// [`needs_match`](Self::needs_match) says so, a listing that would show nothing is refused with
/// [`Refusal::NotFound`] instead of opened.
#[derive(Clone, Copy, Debug)]
pub struct Selection<'a> {
    pub(super) listing: Listing,
    pub(super) dot_files: bool,
    pub(super) pattern: Option<Pattern<'a>>,
    /// The argument up to its last slash, which NLST puts in front of the names that the argument names.
    pub(super) directory: &'a [u8],
    /// The argument without its options.
    pub(super) argument: &'a [u8],
}

impl<'a> Selection<'a> {
    /// The format of the listing.
    #[must_use]
    pub const fn listing(&self) -> Listing {
        self.listing
    }

    /// The argument as the client wrote it, without options: `.` where it is empty. It heads a
    /// [recursive](Listing::Unix) listing.
    #[must_use]
    pub const fn label(&self) -> &'a [u8] {
        if self.argument.is_empty() { b"." } else { self.argument }
    }

    /// Returns whether the path has to be a directory: for MLSD (RFC 3659 7.2.1) and for patterns. Anything else
    /// there is refused with [`Refusal::NotADirectory`].
    #[must_use]
    pub const fn needs_directory(&self) -> bool {
        self.pattern.is_some() || matches!(self.listing, Listing::Machine(_))
    }

    /// Returns whether there has to be an entry that [`shows`](Self::shows).
    #[must_use]
    pub const fn needs_match(&self) -> bool {
        self.pattern.is_some()
    }

    /// Returns whether an entry of this name is listed.
    #[must_use]
    pub fn shows(&self, name: &[u8]) -> bool {
        match self.pattern {
            Some(pattern) => pattern.matches(name),
            None => self.dot_files || !name.starts_with(b"."),
        }
    }

    /// Appends the line of an entry of the directory, or nothing if it is not [shown](Self::shows). `clock` tells
    /// which dates are recent.
    ///
    /// # Errors
    /// [`Full`] when `sink` is; what it holds of the line has to be taken back.
    pub fn write<S: Sink + ?Sized>(&self, entry: &Entry<'_>, clock: Clock, sink: &mut S) -> Result<(), Full> {
        if !self.shows(entry.name.as_bytes()) {
            return Ok(());
        }
        match self.pattern {
            Some(_) => self.write_named(entry, clock, sink),
            None => self.writer(clock).write(entry, sink),
        }
    }

    /// As [`write`](Self::write), for what is at the path itself and no directory. It is always shown.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn write_itself<S: Sink + ?Sized>(
        &self,
        entry: &Entry<'_>,
        clock: Clock,
        sink: &mut S,
    ) -> Result<(), Full> {
        self.write_named(entry, clock, sink)
    }

    /// Writes the line of an entry that the client has named. NLST names it in the client's own words, so that
    /// RETR takes what it sends (RFC 1123 4.1.2.7).
    fn write_named<S: Sink + ?Sized>(
        &self,
        entry: &Entry<'_>,
        clock: Clock,
        sink: &mut S,
    ) -> Result<(), Full> {
        if matches!(self.listing, Listing::Names { .. }) && !entry.name.is_empty() {
            sink.put(self.directory)?;
        }
        self.writer(clock).write(entry, sink)
    }

    const fn writer(&self, clock: Clock) -> ListingWriter {
        self.listing.writer(clock)
    }
}

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Returns which entries are to be sent for [`Request::List`](super::Request::List), and how: from the request
    /// on until the transfer has ended.
    #[must_use]
    pub fn selection(&self) -> Selection<'_> {
        let argument = self.paths.argument();
        let (directory, name) = last_component(argument);
        let pattern = match self.reading {
            Reading::Pattern(_) => Some(Pattern::new(name)),
            Reading::Whole | Reading::WithoutOptions(_) => None,
        };
        let listing = self.listing_in_force();
        let dot_files = self.shows_dot_files(listing);
        Selection { listing, dot_files, pattern, directory, argument }
    }

    /// Returns whether a listing of this format shows names with a leading dot.
    pub(super) fn shows_dot_files(&self, listing: Listing) -> bool {
        match listing {
            Listing::Unix { all, .. } | Listing::Names { all } => {
                all || self.config.dot_files == DotFiles::Shown
            }
            Listing::Machine(_) => self.config.dot_files != DotFiles::Hidden,
        }
    }

    /// The format that was asked for, with the options that were read.
    fn listing_in_force(&self) -> Listing {
        let Options { all, recursive } = self.reading.options();
        match self.listing {
            Verb::Nlst => Listing::Names { all },
            Verb::Mlsd => Listing::Machine(self.facts),
            _ => Listing::Unix { all, recursive: recursive && self.config.recursion.depth > 0 },
        }
    }

    /// Reads the argument in the next way after nothing was found that has the name it was read as. Returns false
    /// when no way is left, or when the client has sent ABOR meanwhile.
    pub(super) fn reads_on(&mut self, pending: Pending, refusal: Refusal) -> bool {
        let missing = matches!(refusal, Refusal::NotFound | Refusal::BadName | Refusal::NotADirectory);
        // In a directory that may be read and not searched nobody can tell whether something has a name.
        let unknown =
            refusal == Refusal::Denied && !matches!(pending, Pending::Stat(Purpose::ModificationTime));
        if !(missing || unknown) || self.aborting.is_some() {
            return false;
        }
        match pending {
            Pending::List(Listing::Unix { .. } | Listing::Names { .. }) => {
                self.drops_options() || self.takes_pattern()
            }
            Pending::Stat(Purpose::Status { .. }) => self.drops_options(),
            Pending::Stat(Purpose::ModificationTime) => self.takes_time(),
            _ => false,
        }
    }

    fn drops_options(&mut self) -> bool {
        let (options, count) = Options::parse(self.paths.argument());
        if self.reading != Reading::Whole || count == 0 {
            return false;
        }
        self.reading = Reading::WithoutOptions(options);
        self.paths.drop_from_argument(count);
        self.paths.aim_at_argument(0..self.paths.argument().len()).is_ok()
    }

    fn takes_pattern(&mut self) -> bool {
        let (directory, name) = last_component(self.paths.argument());
        if matches!(self.reading, Reading::Pattern(_)) || !Pattern::new(name).has_wildcards() {
            return false;
        }
        let directory = 0..directory.len();
        self.reading = Reading::Pattern(self.reading.options());
        self.paths.aim_at_argument(directory).is_ok()
    }

    /// MDTM's set form, which no document defines: `MDTM 20240131235958 path`. It is MFMT under another name, and
    /// is carried out where MFMT is.
    fn takes_time(&mut self) -> bool {
        let argument = self.paths.argument();
        let Ok(timed) = TimedPath::parse(argument) else { return false };
        if self.reading != Reading::Whole
            || self.config.overrides(Verb::Mfmt)
            || !self.config.serves(Verb::Mfmt)
        {
            return false;
        }
        let path = argument.len() - timed.path.len()..argument.len();
        self.reading = Reading::WithoutOptions(Options::default());
        self.paths.aim_at_argument(path).is_ok()
    }

    /// The request that the present reading of the argument comes to.
    pub(super) fn as_read(&self) -> Pending {
        match self.verb {
            Verb::Stat => Pending::Stat(Purpose::Status { all: self.reading.options().all }),
            Verb::Mdtm => {
                let modified = TimedPath::parse(self.paths.argument()).ok().map(|timed| timed.time);
                Pending::Change(Changes { modified, ..Changes::default() })
            }
            _ => Pending::List(self.listing_in_force()),
        }
    }
}

/// Parts an argument behind its last slash; slashes at its end do not count.
fn last_component(argument: &[u8]) -> (&[u8], &[u8]) {
    let end = argument.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let argument = argument.get(..end).unwrap_or_default();
    let start = memchr::memrchr(b'/', argument).map_or(0, |slash| slash + 1);
    argument.split_at_checked(start).unwrap_or_default()
}
