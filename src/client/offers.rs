//! The features that operations act on, as a server lists them in its answer to FEAT (RFC 2389 3).

use crate::codec::{FeatureLine, Features, HashAlgorithm, Position, ReplyLine};

/// The features that FEAT listed. They are a hint: some servers list features that they refuse, and
/// many support features that they do not list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Offers {
    /// Features listed, of those that this crate knows.
    features: Features,
    /// Algorithms that the HASH line lists, as bits in the order of [`HashAlgorithm::ALL`].
    listed: u8,
}

/// The command that makes a server compute a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DigestCommand {
    /// HASH, with the algorithm chosen with OPTS.
    Hash,
    /// The algorithm's own command.
    Own,
}

impl Offers {
    /// Algorithms in order of preference: those that detect tampering come before those that detect
    /// only accidents, and the one that processors have instructions for comes first.
    const CHOICE: [HashAlgorithm; 5] = [
        HashAlgorithm::Sha256,
        HashAlgorithm::Sha512,
        HashAlgorithm::Sha1,
        HashAlgorithm::Md5,
        HashAlgorithm::Crc32,
    ];

    // feature-parms of HASH = hashname ["*"] *( ";" hashname ["*"] )     ; draft-bryan-ftpext-hash
    // 5
    /// Takes a line of the answer; the first line discards what an earlier answer listed.
    pub(super) fn take(&mut self, line: &ReplyLine<'_>) {
        if matches!(line.position, Position::Single | Position::First) {
            *self = Self::default();
        }
        let line = FeatureLine::new(line.text);
        let features = line.features();
        self.features |= features;
        if features.contains(Features::HASH) {
            let words = line.parameters.split(|byte| matches!(byte, b';' | b' ' | b'*'));
            self.listed =
                words.filter_map(|word| HashAlgorithm::parse(word).ok()).fold(0, |bits, one| bits | bit(one));
        }
    }

    /// Returns the features listed, of those that this crate knows.
    #[must_use]
    pub const fn features(&self) -> Features {
        self.features
    }

    /// Returns the algorithm to hash a file with while it is transferred, so that
    /// [`verify`](super::verify()) can compare the result with the server's; `None` if the server
    /// computes no hashes.
    #[must_use]
    pub fn digest(&self) -> Option<HashAlgorithm> {
        Self::CHOICE.into_iter().find(|algorithm| self.digest_command(*algorithm, false).is_some())
    }

    /// Returns the command that makes the server compute a hash by `algorithm`, if it has one.
    /// `without_hash` is set once HASH was refused.
    pub(super) fn digest_command(
        &self,
        algorithm: HashAlgorithm,
        without_hash: bool,
    ) -> Option<DigestCommand> {
        let own = match algorithm {
            HashAlgorithm::Crc32 => Features::XCRC,
            HashAlgorithm::Md5 => Features::XMD5,
            HashAlgorithm::Sha1 => Features::XSHA1,
            HashAlgorithm::Sha256 => Features::XSHA256,
            HashAlgorithm::Sha512 => Features::XSHA512,
        };
        // A server that lists no algorithm may have any of them.
        let listed = self.listed == 0 || self.listed & bit(algorithm) != 0;
        if self.features.contains(Features::HASH) && listed && !without_hash {
            return Some(DigestCommand::Hash);
        }
        self.features.contains(own).then_some(DigestCommand::Own)
    }
}

fn bit(algorithm: HashAlgorithm) -> u8 {
    HashAlgorithm::ALL.iter().zip(0..).find(|(one, _)| **one == algorithm).map_or(0, |(_, place)| 1 << place)
}
