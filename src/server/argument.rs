//! Arguments that can be read in more than one way. See the [parent module](super) for the rules.

use crate::codec::Verb;

/// The options of `ls` that have an effect here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Options {
    /// Set by `-a` and `-A`, which show names with a leading dot.
    all: bool,
    /// Set by `-R`, which lists subdirectories too.
    recursive: bool,
}

impl Options {
    /// Reads the options at the start of `argument`. Returns them and their length in bytes,
    /// including the spaces after them. An option is a hyphen followed by letters or digits.
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

    /// Returns whether names with a leading dot are to be shown.
    pub(super) const fn all(self) -> bool {
        self.all
    }

    /// Returns whether subdirectories are to be listed too.
    pub(super) const fn recursive(self) -> bool {
        self.recursive
    }
}

/// A way to read an argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// The argument is a name, including any text that looks like options or wildcards.
    #[default]
    Whole,
    /// The argument is a name, after these options were removed from it.
    WithoutOptions(Options),
    /// The argument is a directory and a pattern for the names in it, after these options were
    /// removed.
    Pattern(Options),
}

impl Reading {
    /// Returns the options that were removed from the argument.
    pub(super) const fn options(self) -> Options {
        match self {
            Self::Whole => Options { all: false, recursive: false },
            Self::WithoutOptions(options) | Self::Pattern(options) => options,
        }
    }
}

/// The reading of the current command's argument, and the command of the latest listing.
#[derive(Debug)]
pub(super) struct Argument {
    listing: Verb,
    reading: Reading,
}

impl Argument {
    pub(super) const fn new() -> Self {
        Self { listing: Verb::List, reading: Reading::Whole }
    }

    /// Returns the current reading of the argument.
    pub(super) const fn reading(&self) -> Reading {
        self.reading
    }

    /// Returns the command that requested the latest listing.
    pub(super) const fn listing(&self) -> Verb {
        self.listing
    }

    /// Records the command that requests a listing.
    pub(super) const fn list(&mut self, verb: Verb) {
        self.listing = verb;
    }

    /// Starts with the first reading of a new argument.
    pub(super) const fn begin(&mut self) {
        self.reading = Reading::Whole;
    }

    /// Switches to another reading of the argument.
    pub(super) const fn read(&mut self, reading: Reading) {
        self.reading = reading;
    }
}

/// Splits an argument after its last slash, ignoring trailing slashes.
pub(super) fn last_component(argument: &[u8]) -> (&[u8], &[u8]) {
    let end = argument.iter().rposition(|byte| *byte != b'/').map_or(0, |last| last + 1);
    let argument = argument.get(..end).unwrap_or_default();
    let start = memchr::memrchr(b'/', argument).map_or(0, |slash| slash + 1);
    argument.split_at_checked(start).unwrap_or_default()
}
