//! The readings of the arguments of LIST, NLST, STAT and MDTM. See the [server's
//! module](crate::server) for the rules.

use super::Session;
use crate::codec::{TimedPath, Verb};
#[cfg(feature = "alloc")]
use crate::listing::Clock;
use crate::listing::Pattern;
use crate::server::argument::{Options, Reading, last_component};
use crate::server::config::DotFiles;
#[cfg(feature = "alloc")]
use crate::server::lister::Lister;
use crate::server::request::{Changes, Listing, Refusal, Request};
use crate::server::selection::Selection;

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Returns the selection of entries to send for [`Request::List`]. Valid from the request until
    /// the transfer has ended.
    #[must_use]
    pub fn selection(&self) -> Selection<'_> {
        let argument = self.paths.argument();
        let (directory, name) = last_component(argument);
        let pattern = match self.argument.reading() {
            Reading::Pattern(_) => Some(Pattern::new(name)),
            Reading::Whole | Reading::WithoutOptions(_) => None,
        };
        let listing = self.listing_in_force();
        let dot_files = self.shows_dot_files(listing);
        Selection::new(listing, dot_files, pattern, directory, argument)
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

    /// Returns the requested format, with the options of the current reading.
    fn listing_in_force(&self) -> Listing {
        let options = self.argument.reading().options();
        let all = options.all();
        match self.argument.listing() {
            Verb::Nlst => Listing::Names { all },
            Verb::Mlsd => Listing::Machine(self.next.facts()),
            _ => Listing::Unix { all, recursive: options.recursive() && self.config.recursion.depth > 0 },
        }
    }

    /// Switches to the next reading of the argument after the current one was refused. Returns
    /// `false` if there is no other reading, if the refusal has another cause than the name, or if
    /// the client has sent ABOR meanwhile.
    pub(super) fn reads_on(&mut self, request: Request<()>, refusal: Refusal) -> bool {
        let missing = matches!(refusal, Refusal::NotFound | Refusal::BadName | Refusal::NotADirectory);
        // In a directory that is readable but not searchable, a host cannot tell whether a name
        // exists.
        let verb = self.call.verb();
        let unknown = refusal == Refusal::Denied && verb != Verb::Mdtm;
        if !(missing || unknown) || self.call.is_aborting() {
            return false;
        }
        match (request, verb) {
            (Request::List(Listing::Unix { .. } | Listing::Names { .. }), _) => {
                self.drops_options() || self.takes_pattern()
            }
            (Request::Stat { .. }, Verb::Stat) => self.drops_options(),
            (Request::Stat { .. }, Verb::Mdtm) => self.takes_time(),
            _ => false,
        }
    }

    fn drops_options(&mut self) -> bool {
        let (options, count) = Options::parse(self.paths.argument());
        if self.argument.reading() != Reading::Whole || count == 0 {
            return false;
        }
        self.argument.read(Reading::WithoutOptions(options));
        self.paths.drop_from_argument(count);
        self.paths.aim_at_argument(0..self.paths.argument().len()).is_ok()
    }

    fn takes_pattern(&mut self) -> bool {
        let (directory, name) = last_component(self.paths.argument());
        if matches!(self.argument.reading(), Reading::Pattern(_)) || !Pattern::new(name).has_wildcards() {
            return false;
        }
        let directory = 0..directory.len();
        self.argument.read(Reading::Pattern(self.argument.reading().options()));
        self.paths.aim_at_argument(directory).is_ok()
    }

    /// Reads the set form of MDTM, `MDTM 20240131235958 path`, which no document defines. It is
    /// equivalent to MFMT, and is supported only if the session serves MFMT itself.
    fn takes_time(&mut self) -> bool {
        let argument = self.paths.argument();
        let Ok(timed) = TimedPath::parse(argument) else { return false };
        if self.argument.reading() != Reading::Whole
            || self.config.overrides(Verb::Mfmt)
            || !self.config.serves(Verb::Mfmt)
        {
            return false;
        }
        let path = argument.len() - timed.path.len()..argument.len();
        self.argument.read(Reading::WithoutOptions(Options::default()));
        self.paths.aim_at_argument(path).is_ok()
    }

    /// Returns the request for the current reading of the argument.
    pub(super) fn as_read(&self) -> Request<()> {
        match self.call.verb() {
            Verb::Stat => Request::Stat { follow: false },
            Verb::Mdtm => {
                let modified = TimedPath::parse(self.paths.argument()).ok().map(|timed| timed.time);
                Request::Change(Changes { modified, ..Changes::default() })
            }
            _ => Request::List(self.listing_in_force()),
        }
    }

    /// Returns the request for the entries of the directory that STAT found.
    pub(super) fn entries_wanted(&self) -> Request<()> {
        let all = self.argument.reading().options().all();
        Request::Entries { all: self.shows_dot_files(Listing::Names { all }) }
    }

    /// Returns the writer for [`Request::List`]. `clock` determines which dates are recent.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn lister(&self, clock: Clock) -> Lister {
        let selection = self.selection();
        let recursive = matches!(selection.listing(), Listing::Unix { recursive: true, .. });
        Lister::new(&selection, clock)
            .with_descent(recursive && !selection.needs_directory(), self.config.recursion)
    }
}
