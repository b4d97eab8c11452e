//! Stand-in for the hashes in builds without the `hash` feature, which compute none.

use ::std::vec::Vec;

use crate::codec::HashAlgorithm;

pub(super) enum Hasher {}

impl Hasher {
    pub(super) const fn new(_: HashAlgorithm) -> Option<Self> {
        None
    }

    pub(super) fn update(&mut self, _: &[u8]) {
        match *self {}
    }

    pub(super) fn finish(self) -> Vec<u8> {
        match self {}
    }
}
