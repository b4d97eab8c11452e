//! Hashes that a server computes itself, piece by piece.

use ::std::vec::Vec;

use sha2::Digest;

use crate::codec::HashAlgorithm;

/// Hashes that a server can compute for the files of any file system by reading them. Intended for
/// [`Config::hashes`](crate::server::Config::hashes). The first one is the default for HASH.
///
/// ```
/// let mut config = ftp_proto::server::Config::default();
/// config.hashes = ftp_proto::io::HASHES;
/// ```
pub const HASHES: &[HashAlgorithm] = &[
    HashAlgorithm::Sha256,
    HashAlgorithm::Sha512,
    HashAlgorithm::Sha1,
    HashAlgorithm::Md5,
    HashAlgorithm::Crc32,
];

/// A hash of the bytes so far. A large state is boxed.
pub(in crate::io) enum Hasher {
    Crc32(crc32fast::Hasher),
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(Box<sha2::Sha512>),
}

impl Hasher {
    pub(in crate::io) fn new(algorithm: HashAlgorithm) -> Option<Self> {
        Some(match algorithm {
            HashAlgorithm::Crc32 => Self::Crc32(crc32fast::Hasher::new()),
            HashAlgorithm::Md5 => Self::Md5(md5::Md5::new()),
            HashAlgorithm::Sha1 => Self::Sha1(sha1::Sha1::new()),
            HashAlgorithm::Sha256 => Self::Sha256(sha2::Sha256::new()),
            HashAlgorithm::Sha512 => Self::Sha512(Box::default()),
            #[allow(unreachable_patterns)]
            _ => return None,
        })
    }

    pub(in crate::io) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Crc32(hasher) => hasher.update(bytes),
            Self::Md5(hasher) => hasher.update(bytes),
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// Returns the hash, most significant byte first.
    pub(in crate::io) fn finish(self) -> Vec<u8> {
        match self {
            Self::Crc32(hasher) => hasher.finalize().to_be_bytes().to_vec(),
            Self::Md5(hasher) => hasher.finalize().to_vec(),
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::std::string::String;

    /// Hashes of "abc" from FIPS 180, RFC 1321 and zlib.
    #[test]
    fn known_hashes_come_out_however_the_bytes_come_in() {
        for (algorithm, expected) in [
            (HashAlgorithm::Crc32, "352441c2"),
            (HashAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (HashAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (HashAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                HashAlgorithm::Sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ] {
            assert!(HASHES.contains(&algorithm));
            for pieces in [&["abc"][..], &["a", "", "bc"]] {
                let mut hasher = Hasher::new(algorithm).unwrap();
                pieces.iter().for_each(|piece| hasher.update(piece.as_bytes()));
                let hash: String = hasher.finish().iter().map(|byte| ::std::format!("{byte:02x}")).collect();
                assert_eq!(hash, expected, "{algorithm}");
            }
        }
    }
}
