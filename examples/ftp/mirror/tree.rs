//! A directory with everything in it, as far as a mirror compares it.

use std::collections::{BTreeMap, BTreeSet};

/// A path below the root of a mirror, with slashes between its names.
pub type Path = Vec<u8>;

/// The time of the last change, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Seconds since 1970: the earliest time that it may be.
    pub seconds: i64,
    /// The number of seconds, one of which it is.
    pub span: u32,
    /// Set if the server's zone was inferred, which may be wrong by an hour in the other half of
    /// the year.
    pub is_zone_inferred: bool,
}

impl Moment {
    pub const fn exact(seconds: i64) -> Self {
        Self { seconds, span: 1, is_zone_inferred: false }
    }

    pub const fn is_exact(&self) -> bool {
        self.span == 1
    }

    const fn last(&self) -> i64 {
        self.seconds + self.span as i64 - 1
    }

    /// Returns whether both may be the same time, or differ by at most `window` seconds.
    pub fn may_equal(&self, other: &Self, window: i64) -> bool {
        let shifts: &[i64] = match self.is_zone_inferred || other.is_zone_inferred {
            true => &[0, -3600, 3600],
            false => &[0],
        };
        shifts.iter().any(|shift| {
            self.seconds + shift <= other.last() + window && other.seconds <= self.last() + shift + window
        })
    }

    /// Returns whether this is certainly later than the other by more than `window` seconds.
    pub const fn is_after(&self, other: &Self, window: i64) -> bool {
        let doubt = if self.is_zone_inferred || other.is_zone_inferred { 3600 } else { 0 };
        self.seconds > other.last() + window + doubt
    }
}

/// The facts about a file that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    pub size: Option<u64>,
    /// Set if the size is that of the content, and not what a listing for people shows.
    pub is_size_exact: bool,
    pub time: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    File(File),
    Directory,
    Link,
    /// A device, a pipe or the like.
    Other,
}

/// A directory with everything in it.
#[derive(Clone, Debug, Default)]
pub struct Tree {
    pub nodes: BTreeMap<Path, Kind>,
    /// Part files of mirrors that were interrupted, with their sizes.
    pub parts: BTreeMap<Path, u64>,
    /// Directories that hold something that is not in `nodes`, because it is excluded or could not
    /// be seen. They are not removed.
    pub kept: BTreeSet<Path>,
    /// Set if something could not be seen.
    pub is_partial: bool,
    /// Set if names that begin with a dot may exist although none is listed, as with LIST on many
    /// servers.
    pub hides_dots: bool,
}

/// Returns whether a name in this path begins with a dot.
pub fn is_dotted(path: &[u8]) -> bool {
    path.split(|byte| *byte == b'/').any(|name| name.starts_with(b"."))
}

/// Returns the path of the directory that a path is in; empty for the root.
pub fn directory_of(path: &[u8]) -> &[u8] {
    &path[..path.iter().rposition(|byte| *byte == b'/').unwrap_or(0)]
}

/// Returns the directories above a path, without the root.
pub fn ancestors(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at])
}
