//! Sets of commands, such as those that a server supports or that a host overrides.

use core::fmt;

use super::Verb;

/// A set of commands.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct VerbSet(u128);

const _: () = assert!(Verb::ALL.len() <= 128, "a wider set is needed");

impl VerbSet {
    /// The empty set.
    pub const EMPTY: Self = Self(0);

    /// Creates the set of these commands.
    #[must_use]
    pub const fn of(verbs: &[Verb]) -> Self {
        let mut set = Self::EMPTY;
        let mut i = 0;
        while i < verbs.len() {
            set = set.with(verbs[i]);
            i += 1;
        }
        set
    }

    /// Returns the set with `verb` added.
    #[must_use]
    pub const fn with(self, verb: Verb) -> Self {
        Self(self.0 | 1 << verb as u8)
    }

    /// Returns the set with `verb` removed.
    #[must_use]
    pub const fn without(self, verb: Verb) -> Self {
        Self(self.0 & !(1 << verb as u8))
    }

    /// Returns whether the set contains `verb`.
    #[must_use]
    pub const fn contains(self, verb: Verb) -> bool {
        self.0 >> verb as u8 & 1 == 1
    }

    /// Yields the commands of the set, in the order of the table.
    pub fn iter(self) -> impl Iterator<Item = Verb> {
        Verb::ALL.iter().copied().filter(move |verb| self.contains(*verb))
    }
}

impl fmt::Debug for VerbSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_no_more() {
        for verb in Verb::ALL {
            let set = VerbSet::EMPTY.with(*verb);
            assert!(Verb::ALL.iter().all(|other| set.contains(*other) == (other == verb)));
            assert_eq!(set.without(*verb), VerbSet::EMPTY);
        }
        assert!(VerbSet::of(Verb::ALL).iter().eq(Verb::ALL.iter().copied()));
    }
}
