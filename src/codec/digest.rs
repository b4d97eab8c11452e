//! Hashes in replies: those of HASH (draft-bryan-ftpext-hash 3), and those of XCRC, XMD5, XSHA1 and
//! similar commands, which are in common use but in no document.

use core::fmt;

use nom::bytes::complete::take_till1;
use nom::character::complete::{char, u64 as decimal};
use nom::combinator::map_res;
use nom::sequence::{separated_pair, terminated};
use nom::{IResult, Parser};

use super::{HashAlgorithm, Invalid};

/// The bytes of a hash, displayed as lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest {
    algorithm: HashAlgorithm,
    bytes: [u8; 64],
}

impl Digest {
    // digest = 2*128HEXDIG      ; two for each byte; some servers omit leading zeros of a CRC32
    /// Parses the hash from its hexadecimal digits, ignoring case.
    ///
    /// # Errors
    /// Fails when a byte is not a hexadecimal digit, or when a hash of `algorithm` has another
    /// number of digits.
    pub fn parse(digits: &[u8], algorithm: HashAlgorithm) -> Result<Self, Invalid> {
        const EXPECTED: Invalid = Invalid::new("a hash in hexadecimal digits");
        let length = algorithm.digest_len();
        let missing = (2 * length).checked_sub(digits.len()).ok_or(EXPECTED)?;
        if missing > 0 && (algorithm != HashAlgorithm::Crc32 || digits.is_empty()) {
            return Err(EXPECTED);
        }
        let mut bytes = [0; 64];
        let mut nibbles =
            core::iter::repeat_n(Ok(0), missing).chain(digits.iter().map(|digit| nibble(*digit)));
        for byte in bytes.iter_mut().take(length) {
            let (high, low) =
                (nibbles.next().unwrap_or(Err(EXPECTED))?, nibbles.next().unwrap_or(Err(EXPECTED))?);
            *byte = high << 4 | low;
        }
        Ok(Self { algorithm, bytes })
    }

    /// Finds the hash in the text of a reply to XCRC, XMD5 or a similar command: the last word that
    /// can be a hash of `algorithm`.
    ///
    /// # Errors
    /// Fails when there is no such word.
    pub fn find(text: &[u8], algorithm: HashAlgorithm) -> Result<Self, Invalid> {
        text.rsplit(|byte| !byte.is_ascii_alphanumeric())
            .find_map(|word| Self::parse(word, algorithm).ok())
            .ok_or(Invalid::new("a reply with a hash"))
    }

    /// Creates a hash from its bytes, of which there are as many as the algorithm has.
    #[cfg(feature = "hash")]
    pub(crate) fn of_bytes(algorithm: HashAlgorithm, hash: &[u8]) -> Self {
        debug_assert_eq!(hash.len(), algorithm.digest_len());
        let mut bytes = [0; 64];
        bytes.iter_mut().zip(hash).for_each(|(byte, hashed)| *byte = *hashed);
        Self { algorithm, bytes }
    }

    /// Returns the algorithm that computed the hash.
    #[must_use]
    pub const fn algorithm(&self) -> HashAlgorithm {
        self.algorithm
    }

    /// Returns the bytes of the hash, the most significant first.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.algorithm.digest_len()).unwrap_or_default()
    }
}

fn nibble(digit: u8) -> Result<u8, Invalid> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        b'A'..=b'F' => Ok(digit - b'A' + 10),
        _ => Err(Invalid::new("a hexadecimal digit")),
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({} {self})", self.algorithm.as_str())
    }
}

/// A server's answer to HASH.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HashReply {
    /// The position of the first byte of the hashed part of the file.
    pub start: u64,
    /// The end of that part as the server counts it: some servers give the position of the last
    /// byte, others the position after it.
    pub end: u64,
    /// The hash.
    pub digest: Digest,
}

impl HashReply {
    // hash-reply = algorithm SP start "-" end SP hash SP pathname    ; draft-bryan-ftpext-hash 3.1
    /// Parses the text of a 213 to HASH.
    ///
    /// # Errors
    /// Fails when the text has another form or names an unknown algorithm.
    pub fn parse(text: &[u8]) -> Result<Self, Invalid> {
        fn word(input: &[u8]) -> IResult<&[u8], &[u8]> {
            take_till1(|byte| byte == b' ').parse_complete(input)
        }
        let algorithm = terminated(map_res(word, HashAlgorithm::parse), char(' '));
        let range = terminated(separated_pair(decimal, char('-'), decimal), char(' '));
        let (_, (algorithm, (start, end), digits)) = (algorithm, range, word)
            .parse_complete(text.trim_ascii())
            .map_err(|_| Invalid::new("a hash as HASH tells it"))?;
        Ok(Self { start, end, digest: Digest::parse(digits, algorithm)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::{String, ToString};

    #[test]
    fn a_hash_is_read_and_written_back() {
        for (algorithm, digits) in [
            (HashAlgorithm::Crc32, "352441c2"),
            (HashAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (HashAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (HashAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        ] {
            let digest = Digest::parse(digits.as_bytes(), algorithm).unwrap();
            assert_eq!(digest.to_string(), digits);
            assert_eq!(digest.as_bytes().len(), algorithm.digest_len());
            assert_eq!(Digest::parse(digits.to_uppercase().as_bytes(), algorithm), Ok(digest));
            assert!(Digest::parse(&digits.as_bytes()[1..digits.len() / 2], HashAlgorithm::Md5).is_err());
            assert!(Digest::parse([digits, "0"].concat().as_bytes(), algorithm).is_err());
            assert!(Digest::parse(digits.replace('2', "g").as_bytes(), algorithm).is_err());
        }
    }

    #[test]
    fn a_crc_may_lack_its_leading_zeros() {
        for (digits, bytes) in [("1", [0, 0, 0, 1]), ("abc", [0, 0, 0xa, 0xbc]), ("00000000", [0; 4])] {
            assert_eq!(Digest::parse(digits.as_bytes(), HashAlgorithm::Crc32).unwrap().as_bytes(), bytes);
        }
        assert!(Digest::parse(b"", HashAlgorithm::Crc32).is_err());
    }

    #[test]
    fn a_hash_is_found_as_servers_write_it() {
        for text in ["352441C2", "\"abc.txt\" 352441c2", "XCRC 352441C2", " 352441C2 ", "CRC32: 352441C2."] {
            let found = Digest::find(text.as_bytes(), HashAlgorithm::Crc32).map(|digest| digest.to_string());
            assert_eq!(found.as_deref(), Ok("352441c2"), "{text}");
        }
        for text in ["", "no such thing", "352441C2352441C2"] {
            assert!(Digest::find(text.as_bytes(), HashAlgorithm::Crc32).is_err(), "{text}");
        }
    }

    #[test]
    fn an_answer_to_hash_says_what_it_is_of() {
        let text = b"MD5 0-49 900150983cd24fb0d6963f7d28e17f72 a file";
        let reply = HashReply::parse(text).unwrap();
        assert_eq!((reply.start, reply.end, reply.digest.algorithm()), (0, 49, HashAlgorithm::Md5));
        for bad in [
            "",
            "MD5",
            "MD5 0-49",
            "MD5 0 49 900150983cd24fb0d6963f7d28e17f72 a",
            "ROT13 0-49 ab a",
            "MD5 0-49 ab a",
        ] {
            assert!(HashReply::parse(bad.as_bytes()).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), near in "[A-F0-9 -]{0,80}") {
            for input in [&bytes[..], near.as_bytes()] {
                let _ = HashReply::parse(input);
                for algorithm in HashAlgorithm::ALL {
                    if let Ok(digest) = Digest::find(input, *algorithm) {
                        let text: String = digest.to_string();
                        prop_assert_eq!(Digest::parse(text.as_bytes(), *algorithm), Ok(digest));
                    }
                }
            }
        }
    }
}
