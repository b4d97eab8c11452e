//! Hashes that a server computes itself, and a client of what it transfers, piece by piece.

use ::std::fmt;

use sha2::Digest as _;

use crate::codec::{Digest, HashAlgorithm};

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

/// The hash of the bytes so far, in any of the algorithms of [`HASHES`].
///
/// A client hashes a file while it transfers it, and has the result compared with the server's:
///
/// ```no_run
/// use std::io::Read;
///
/// use ftp_proto::client::{Expected, Verified};
/// use ftp_proto::io::Hasher;
/// use ftp_proto::io::std::Client;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut client = Client::connect("ftp.example.org:21")?;
/// client.login("anonymous", "guest@example.org")?;
/// let offers = client.setup()?;
/// let mut hasher = offers.digest().and_then(Hasher::new);
/// let mut content = Vec::new();
/// client.retrieve("pub/file")?.read_to_end(&mut content)?;
/// if let Some(hasher) = &mut hasher {
///     hasher.update(&content);
/// }
/// let mut expected = Expected::default();
/// expected.size = Some(content.len() as u64);
/// expected.digest = hasher.map(Hasher::finish);
/// match client.verify("pub/file", expected)? {
///     Verified::Digest(algorithm) => println!("the server's {algorithm} is the same"),
///     _ => println!("the server computes no hashes"),
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Hasher(State);

/// The state of each algorithm. A large state is boxed.
#[derive(Clone)]
enum State {
    Crc32(crc32fast::Hasher),
    Md5(md5::Md5),
    Sha1(sha1::Sha1),
    Sha256(sha2::Sha256),
    Sha512(Box<sha2::Sha512>),
}

impl Hasher {
    /// Creates the hash of no bytes. Returns `None` if the algorithm is not one of [`HASHES`].
    #[must_use]
    pub fn new(algorithm: HashAlgorithm) -> Option<Self> {
        Some(Self(match algorithm {
            HashAlgorithm::Crc32 => State::Crc32(crc32fast::Hasher::new()),
            HashAlgorithm::Md5 => State::Md5(md5::Md5::new()),
            HashAlgorithm::Sha1 => State::Sha1(sha1::Sha1::new()),
            HashAlgorithm::Sha256 => State::Sha256(sha2::Sha256::new()),
            HashAlgorithm::Sha512 => State::Sha512(Box::default()),
            #[allow(unreachable_patterns)]
            _ => return None,
        }))
    }

    /// Adds bytes at the end.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            State::Crc32(hasher) => hasher.update(bytes),
            State::Md5(hasher) => hasher.update(bytes),
            State::Sha1(hasher) => hasher.update(bytes),
            State::Sha256(hasher) => hasher.update(bytes),
            State::Sha512(hasher) => hasher.update(bytes),
        }
    }

    /// Returns the algorithm.
    #[must_use]
    pub const fn algorithm(&self) -> HashAlgorithm {
        match self.0 {
            State::Crc32(_) => HashAlgorithm::Crc32,
            State::Md5(_) => HashAlgorithm::Md5,
            State::Sha1(_) => HashAlgorithm::Sha1,
            State::Sha256(_) => HashAlgorithm::Sha256,
            State::Sha512(_) => HashAlgorithm::Sha512,
        }
    }

    /// Returns the hash of all bytes.
    #[must_use]
    pub fn finish(self) -> Digest {
        let algorithm = self.algorithm();
        match self.0 {
            State::Crc32(hasher) => Digest::of_bytes(algorithm, &hasher.finalize().to_be_bytes()),
            State::Md5(hasher) => Digest::of_bytes(algorithm, &hasher.finalize()),
            State::Sha1(hasher) => Digest::of_bytes(algorithm, &hasher.finalize()),
            State::Sha256(hasher) => Digest::of_bytes(algorithm, &hasher.finalize()),
            State::Sha512(hasher) => Digest::of_bytes(algorithm, &hasher.finalize()),
        }
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hasher").field(&self.algorithm()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                let hash = hasher.finish();
                assert_eq!((hash.algorithm(), hash.to_string()), (algorithm, expected.to_owned()));
            }
        }
    }
}
