//! The SITE commands that many servers share (RFC 959 4.1.3 leaves their definition to the site).

use nom::branch::alt;
use nom::bytes::complete::{tag_no_case, take_while_m_n};
use nom::character::complete::{char, u32 as decimal};
use nom::combinator::{all_consuming, map, map_res, opt, rest, value, verify};
use nom::sequence::{preceded, separated_pair};
use nom::{IResult, Parser};

use super::{Full, Invalid, Sink, Text, Timestamp, scan};

/// A command after `SITE`, borrowed from the argument it was parsed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SiteCommand<'a> {
    /// `CHMOD mode path`: sets the permissions, twelve bits in octal.
    Chmod {
        /// The permission bits.
        mode: u16,
        /// Path of the file to change.
        path: Text<'a>,
    },
    /// `UMASK [mask]`: sets the permissions that new files lack, in octal. `None` asks for the
    /// current mask.
    Umask(Option<u16>),
    /// `IDLE [seconds]`: sets how long the session may be idle. `None` asks for the current limit.
    Idle(Option<u32>),
    /// `UTIME time path`, or `UTIME path accessed modified created UTC`: sets the modification
    /// time. The second form is written, with the same time thrice, only for a path that ends in
    /// ` UTC` itself.
    Utime {
        /// The modification time, in UTC.
        modified: Timestamp,
        /// Path of the file to change.
        path: Text<'a>,
    },
    /// `SYMLINK target link`: creates a symbolic link. The target ends at the first space.
    Symlink {
        /// Path that the link points to.
        target: Text<'a>,
        /// Path of the link.
        link: Text<'a>,
    },
    /// `HELP [command]`: asks for help.
    Help(Option<Text<'a>>),
    /// Any other command, as it was sent.
    Other(Text<'a>),
}

// site    = "CHMOD" SP octal SP path / "UMASK" [SP octal] / "IDLE" [SP number]
//         / "UTIME" SP time SP path / "UTIME" SP path SP time SP time SP time SP "UTC"
//         / "SYMLINK" SP target SP path / "HELP" [SP text]
// octal   = 1*5("0" / ... / "7")          ; at most 7777
// time    = 12DIGIT / 14DIGIT             ; YYYYMMDDhhmm[ss]
fn octal(input: &[u8]) -> IResult<&[u8], u16> {
    let digits = take_while_m_n(1, 5, |byte: u8| (b'0'..=b'7').contains(&byte));
    let number =
        map(digits, |digits: &[u8]| digits.iter().fold(0, |n, digit| n * 8 + u16::from(digit - b'0')));
    verify(number, |mode| *mode <= 0o7777).parse_complete(input)
}

fn text(input: &[u8]) -> IResult<&[u8], Text<'_>> {
    map_res(verify(rest, |rest: &[u8]| !rest.is_empty()), Text::new).parse_complete(input)
}

fn word(input: &[u8]) -> IResult<&[u8], Text<'_>> {
    map_res(nom::bytes::complete::take_till1(|byte| byte == b' '), Text::new).parse_complete(input)
}

fn time(bytes: &[u8]) -> Option<Timestamp> {
    match bytes.len() {
        12 => {
            let mut whole = *b"00000000000000";
            whole[..12].copy_from_slice(bytes);
            Timestamp::parse(&whole).ok()
        }
        14 => Timestamp::parse(bytes).ok(),
        _ => None,
    }
}

/// Returns `bytes` without the zone that ends the longer form of UTIME.
fn without_zone(bytes: &[u8]) -> Option<&[u8]> {
    bytes.strip_suffix(b" UTC").or_else(|| bytes.strip_suffix(b" utc"))
}

/// Parses either form of UTIME. The longer form is the one that ends in three times and `UTC`.
fn utime(bytes: &[u8]) -> Option<SiteCommand<'_>> {
    let long = || {
        let mut words = without_zone(bytes)?.rsplitn(4, |byte| *byte == b' ');
        let (_created, modified, _accessed) =
            (time(words.next()?)?, time(words.next()?)?, time(words.next()?)?);
        Some((modified, words.next()?))
    };
    let short = || scan::split(bytes, b' ').and_then(|(modified, path)| Some((time(modified)?, path)));
    let (modified, path) = long().or_else(short)?;
    let path = Text::new(path).ok().filter(|path| !path.is_empty())?;
    Some(SiteCommand::Utime { modified, path })
}

impl<'a> SiteCommand<'a> {
    /// The names of all commands but [`Other`](Self::Other).
    pub(crate) const NAMES: [&'static str; 6] = ["CHMOD", "UMASK", "IDLE", "UTIME", "SYMLINK", "HELP"];

    /// Parses SITE's argument. An unknown command is [`Other`](Self::Other).
    ///
    /// # Errors
    /// Fails when a known command has an invalid argument.
    pub fn parse(argument: Text<'a>) -> Result<Self, Invalid> {
        let bytes = argument.as_bytes();
        let end = bytes.iter().position(|byte| *byte == b' ').unwrap_or(bytes.len());
        let (name, tail) = bytes.split_at(end);
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if !Self::NAMES.into_iter().any(is) {
            return Ok(Self::Other(argument));
        }
        if is("UTIME") {
            let tail = tail.strip_prefix(b" ").unwrap_or(tail);
            return utime(tail).ok_or(Invalid::new("a time and a path"));
        }
        let path = || preceded(char(' '), text);
        let chmod = preceded((tag_no_case("CHMOD"), char(' ')), separated_pair(octal, char(' '), text));
        let symlink = preceded((tag_no_case("SYMLINK"), char(' ')), separated_pair(word, char(' '), text));
        all_consuming(alt((
            map(chmod, |(mode, path)| Self::Chmod { mode, path }),
            map(preceded(tag_no_case("UMASK"), opt(preceded(char(' '), octal))), Self::Umask),
            map(preceded(tag_no_case("IDLE"), opt(preceded(char(' '), decimal))), Self::Idle),
            map(symlink, |(target, link)| Self::Symlink { target, link }),
            map(preceded(tag_no_case("HELP"), opt(path())), Self::Help),
            value(Self::Help(None), tag_no_case("HELP ")),
        )))
        .parse_complete(bytes)
        .map(|(_, command)| command)
        .map_err(|_: nom::Err<nom::error::Error<&[u8]>>| Invalid::new("the argument of this SITE command"))
    }

    /// Returns the path of the file that the command changes or creates. The encoded argument has
    /// this path as a piece.
    pub(crate) const fn path(&self) -> Option<Text<'a>> {
        match self {
            Self::Chmod { path, .. } | Self::Utime { path, .. } | Self::Symlink { link: path, .. } => {
                Some(*path)
            }
            Self::Umask(_) | Self::Idle(_) | Self::Help(_) | Self::Other(_) => None,
        }
    }

    /// Appends SITE's argument.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        match self {
            Self::Chmod { mode, path } => {
                sink.put_fmt(format_args!("CHMOD {mode:03o} "))?;
                path.encode(sink)
            }
            Self::Umask(None) => sink.put(b"UMASK"),
            Self::Umask(Some(mask)) => sink.put_fmt(format_args!("UMASK {mask:03o}")),
            Self::Idle(None) => sink.put(b"IDLE"),
            Self::Idle(Some(seconds)) => sink.put_fmt(format_args!("IDLE {seconds}")),
            // In the other form, such a path would be read as one in this form.
            Self::Utime { modified, path } if without_zone(path.as_bytes()).is_some() => {
                sink.put(b"UTIME ")?;
                path.encode(sink)?;
                for _ in 0..3 {
                    sink.put(b" ")?;
                    modified.encode(sink)?;
                }
                sink.put(b" UTC")
            }
            Self::Utime { modified, path } => {
                sink.put(b"UTIME ")?;
                modified.encode(sink)?;
                sink.put(b" ")?;
                path.encode(sink)
            }
            Self::Symlink { target, link } => {
                sink.put(b"SYMLINK ")?;
                target.encode(sink)?;
                sink.put(b" ")?;
                link.encode(sink)
            }
            Self::Help(None) => sink.put(b"HELP"),
            Self::Help(Some(topic)) => {
                sink.put(b"HELP ")?;
                topic.encode(sink)
            }
            Self::Other(text) => text.encode(sink),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn site_commands_are_read_and_written() {
        let text = |text: &'static str| Text::literal(text);
        let time = |time: &[u8]| Timestamp::parse(time).unwrap();
        let utime = |path| SiteCommand::Utime { modified: time(b"20240102030405"), path: text(path) };
        let written = |command: &SiteCommand<'_>| {
            let mut out = arrayvec::ArrayVec::<u8, 128>::new();
            command.encode(&mut out).unwrap();
            Vec::from(&out[..])
        };
        for (argument, command) in [
            ("CHMOD 755 a b", SiteCommand::Chmod { mode: 0o755, path: text("a b") }),
            ("chmod 4755 x", SiteCommand::Chmod { mode: 0o4755, path: text("x") }),
            ("UMASK", SiteCommand::Umask(None)),
            ("UMASK 022", SiteCommand::Umask(Some(0o22))),
            ("IDLE 600", SiteCommand::Idle(Some(600))),
            ("Idle", SiteCommand::Idle(None)),
            ("UTIME 20240102030405 f g", utime("f g")),
            (
                "UTIME 202401020304 f",
                SiteCommand::Utime { modified: time(b"20240102030400"), path: text("f") },
            ),
            ("UTIME f g 20200101000000 20240102030405 20200101000000 UTC", utime("f g")),
            ("UTIME a 1 2 3 UTC 20200101000000 20240102030405 20200101000000 UTC", utime("a 1 2 3 UTC")),
            ("UTIME 20240102030405 1 2 3 UTC", utime("1 2 3 UTC")),
            ("UTIME 20240102030405 UTC", utime("UTC")),
            (
                "UTIME a 20240102030405 20240102030405 20240102030405 utc 20240102030405 20240102030405 20240102030405 UTC",
                utime("a 20240102030405 20240102030405 20240102030405 utc"),
            ),
            ("SYMLINK a b c", SiteCommand::Symlink { target: text("a"), link: text("b c") }),
            ("HELP", SiteCommand::Help(None)),
            ("HELP CHMOD", SiteCommand::Help(Some(text("CHMOD")))),
            ("EXEC rm", SiteCommand::Other(text("EXEC rm"))),
        ] {
            let parsed = SiteCommand::parse(text(argument));
            assert_eq!(parsed, Ok(command), "{argument}");
            assert_eq!(SiteCommand::parse(Text::new(&written(&command)).unwrap()), Ok(command), "{argument}");
        }
        for bad in [
            "CHMOD",
            "CHMOD 999 a",
            "CHMOD 77777 a",
            "CHMOD 755",
            "UMASK x",
            "IDLE -1",
            "UTIME x",
            "UTIME 2024 f",
            "UTIME 20240102030405 ",
            "UTIME  20240102030405 20240102030405 20240102030405 UTC",
        ] {
            assert!(SiteCommand::parse(text(bad)).is_err(), "{bad}");
        }
    }
}
