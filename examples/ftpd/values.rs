//! Values of the configuration that are written as words: sizes, times, ports, access, hashes.

use std::fmt;
use std::marker::PhantomData;
use std::net::IpAddr;
use std::num::NonZeroU64;
use std::ops::RangeInclusive;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use ftp_proto::io::VirtualPath;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Unexpected, Visitor};

use crate::rights::Rights;

/// A value that is written as a string, and maybe as a number.
trait Word: Sized {
    /// Describes what may be written, after "expected".
    const EXPECTED: &'static str;
    /// `true` if an error may not repeat what is written.
    const SECRET: bool = false;

    fn parse(text: &str) -> Option<Self>;

    fn number(_: u64) -> Option<Self> {
        None
    }
}

/// Reads a [`Word`].
struct Reader<T>(PhantomData<T>);

impl<T: Word> Reader<T> {
    fn refused<E: Error>(&self, found: Unexpected<'_>) -> E {
        match T::SECRET {
            true => E::custom(format_args!("invalid value, expected {}", T::EXPECTED)),
            false => E::invalid_value(found, self),
        }
    }
}

impl<T: Word> Visitor<'_> for Reader<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::parse(text).ok_or_else(|| self.refused(Unexpected::Str(text)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<T, E> {
        let found = u64::try_from(number).ok().and_then(T::number);
        found.ok_or_else(|| self.refused(Unexpected::Signed(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<T, E> {
        T::number(number).ok_or_else(|| self.refused(Unexpected::Unsigned(number)))
    }
}

macro_rules! words {
    ($($type:ty),*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Reader(PhantomData))
            }
        }
    )*};
}
words!(Size, Time, Ports, Mode, Banner, Hash, Place, Proxy);

/// Splits a number from its unit: `10 MiB`.
fn with_unit(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = (text.get(..end)?, text.get(end..)?.trim());
    let factor = units.iter().find(|(name, _)| name.eq_ignore_ascii_case(unit))?.1;
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// A number of bytes, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size(pub NonZeroU64);

impl Word for Size {
    const EXPECTED: &'static str =
        "a number of bytes from 1 on, or one with a unit (kB, MB, GB, TB, KiB, MiB, GiB, TiB): \"10 GiB\"";

    fn parse(text: &str) -> Option<Self> {
        const UNITS: [(&str, u64); 9] = [
            ("", 1),
            ("kB", 1_000),
            ("MB", 1_000_000),
            ("GB", 1_000_000_000),
            ("TB", 1_000_000_000_000),
            ("KiB", 1 << 10),
            ("MiB", 1 << 20),
            ("GiB", 1 << 30),
            ("TiB", 1 << 40),
        ];
        with_unit(text, &UNITS).and_then(Self::number)
    }

    fn number(number: u64) -> Option<Self> {
        NonZeroU64::new(number).map(Self)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0.get();
        let units = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
        match units.into_iter().find(|(_, unit)| bytes % unit == 0) {
            Some((name, unit)) => write!(f, "{} {name}", bytes / unit),
            None => write!(f, "{bytes} bytes"),
        }
    }
}

/// A time in whole seconds, at most a year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time(pub Duration);

impl Word for Time {
    const EXPECTED: &'static str =
        "a number of seconds up to a year, or one with a unit (s, min, h, d): \"5 min\"";

    fn parse(text: &str) -> Option<Self> {
        with_unit(text, &[("", 1), ("s", 1), ("min", 60), ("h", 3_600), ("d", 86_400)]).and_then(Self::number)
    }

    fn number(number: u64) -> Option<Self> {
        (number <= 366 * 86_400).then(|| Self(Duration::from_secs(number)))
    }
}

/// A range of ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports(pub RangeInclusive<u16>);

impl Word for Ports {
    const EXPECTED: &'static str = "two numbers from 1 to 65535, the lower one first: \"50000-50100\"";

    fn parse(text: &str) -> Option<Self> {
        let (low, high) = text.split_once('-').unwrap_or((text, text));
        match (low.trim().parse().ok()?, high.trim().parse().ok()?) {
            (low, high) if 0 < low && low <= high => Some(Self(low..=high)),
            _ => None,
        }
    }
}

/// Reads ports of the command line.
pub fn ports(argument: &str) -> Result<Ports, &'static str> {
    Ports::parse(argument).ok_or("two numbers from 1 to 65535, the lower one first: 50000-50100")
}

/// A umask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u16);

impl Word for Mode {
    const EXPECTED: &'static str = "three octal digits in quotes: \"027\"";

    fn parse(text: &str) -> Option<Self> {
        let is_octal = text.len() == 3 && text.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
        is_octal.then(|| u16::from_str_radix(text, 8).ok().map(Self))?
    }
}

/// The text of the greeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner(pub String);

impl Word for Banner {
    const EXPECTED: &'static str = "one line of at most 400 bytes, without control characters";

    fn parse(text: &str) -> Option<Self> {
        (text.len() <= 400 && !text.chars().any(char::is_control)).then(|| Self(text.to_owned()))
    }
}

/// The hash of a password, as a PHC string with an algorithm that this server can verify.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash(pub String);

/// Algorithms of which hashes can be verified.
const ALGORITHMS: [&str; 5] = ["argon2id", "argon2i", "argon2d", "pbkdf2-sha256", "pbkdf2-sha512"];

impl Word for Hash {
    const EXPECTED: &'static str =
        "the hash of a password with argon2 or pbkdf2, as `ftpd --hash-password` prints it";
    const SECRET: bool = true;

    fn parse(text: &str) -> Option<Self> {
        let hash = PasswordHash::new(text).ok()?;
        let is_known = ALGORITHMS.contains(&hash.algorithm.as_str());
        (is_known && hash.salt.is_some() && hash.hash.is_some()).then(|| Self(text.to_owned()))
    }
}

/// Omits the hash.
impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hash")
    }
}

/// The path of a directory within the root of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place(pub String);

impl Word for Place {
    const EXPECTED: &'static str = "a path from the root of the account, such as \"/incoming\"";

    fn parse(text: &str) -> Option<Self> {
        VirtualPath::parse(text.as_bytes()).ok().map(|_| Self(text.to_owned()))
    }
}

/// The proxies that this server is behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    Any,
    At(Vec<IpAddr>),
}

impl Word for Proxy {
    const EXPECTED: &'static str = "the addresses of the proxies, separated by commas, or \"any\"";

    fn parse(text: &str) -> Option<Self> {
        if text == "any" {
            return Some(Self::Any);
        }
        text.split(',').map(|address| address.trim().parse().ok()).collect::<Option<_>>().map(Self::At)
    }
}

impl<'de> Deserialize<'de> for Rights {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = Rights;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let quoted = |names: &[(&str, Rights)]| {
                    names.iter().map(|(name, _)| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
                };
                write!(f, "one of {}, or a list of {}", quoted(&Rights::SETS), quoted(&Rights::WORDS))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Rights, E> {
                let found = Rights::SETS.iter().find(|(name, _)| *name == text).map(|(_, rights)| *rights);
                found.ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut words: A) -> Result<Rights, A::Error> {
                let mut rights = Rights::NONE;
                while let Some(word) = words.next_element::<String>()? {
                    let found = Rights::WORDS.iter().find(|(name, _)| *name == word);
                    let found =
                        found.ok_or_else(|| A::Error::invalid_value(Unexpected::Str(&word), &self))?;
                    rights = rights.with(found.1);
                }
                Ok(rights)
            }
        }
        deserializer.deserialize_any(Words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_have_units() {
        for (text, expected) in [
            ("1", Some(1)),
            ("10 MB", Some(10_000_000)),
            ("10mib", Some(10 << 20)),
            ("2 TiB", Some(2 << 40)),
            ("0", None),
            ("", None),
            ("MiB", None),
            ("-1", None),
            ("1.5 GiB", None),
            ("10 XB", None),
            ("99999999999 TiB", None),
        ] {
            assert_eq!(Size::parse(text).map(|size| size.0.get()), expected, "{text:?}");
        }
        for (text, expected) in [("90", Some(90)), ("5 min", Some(300)), ("2h", Some(7_200)), ("400 d", None)]
        {
            assert_eq!(Time::parse(text).map(|time| time.0.as_secs()), expected, "{text:?}");
        }
        assert_eq!(Size::parse("2048 MiB").unwrap().to_string(), "2048 MiB".replace("2048 MiB", "2 GiB"));
    }
}
