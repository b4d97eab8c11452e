//! The capabilities of a server beyond RFC 959: the lines of FEAT and the argument of OPTS (RFC
//! 2389).
//!
//! Each feature is one flag, with its rows in a table from which lines are both parsed and written.

use core::fmt;

use bitflags::bitflags;

use super::facts::{FactSet, NameCase};
use super::parameters::{HashAlgorithm, deflate_level};
use super::{Escaped, Full, Invalid, Sink, Text};

bitflags! {
    /// A set of known features. A client combines those of all lines of FEAT.
    ///
    /// The server's answer is only a hint: some servers list features that they refuse, and many
    /// support features that they do not list.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Features: u64 {
        /// Pathnames in UTF-8 (RFC 2640).
        const UTF8 = 1;
        /// MLST, which implies MLSD (RFC 3659 section 7).
        const MLST = 1 << 1;
        /// MLSD. A line for MLST implies it.
        const MLSD = 1 << 2;
        /// SIZE (RFC 3659 section 4).
        const SIZE = 1 << 3;
        /// MDTM (RFC 3659 section 3).
        const MDTM = 1 << 4;
        /// REST with an offset in stream mode (RFC 3659 section 5).
        const REST_STREAM = 1 << 5;
        /// The virtual file store: `/` between names (RFC 3659 section 6).
        const TVFS = 1 << 6;
        /// EPRT (RFC 2428).
        const EPRT = 1 << 7;
        /// EPSV (RFC 2428).
        const EPSV = 1 << 8;
        /// LPRT (RFC 1639).
        const LPRT = 1 << 9;
        /// LPSV (RFC 1639).
        const LPSV = 1 << 10;
        /// LANG (RFC 2640).
        const LANG = 1 << 11;
        /// HOST (RFC 7151).
        const HOST = 1 << 12;
        /// TLS with `AUTH TLS` (RFC 4217).
        const AUTH_TLS = 1 << 13;
        /// TLS with `AUTH SSL`, older than RFC 4217.
        const AUTH_SSL = 1 << 14;
        /// GSSAPI with `AUTH GSSAPI` (RFC 2228).
        const AUTH_GSSAPI = 1 << 15;
        /// PBSZ (RFC 2228).
        const PBSZ = 1 << 16;
        /// PROT (RFC 2228).
        const PROT = 1 << 17;
        /// CCC (RFC 2228).
        const CCC = 1 << 18;
        /// MODE Z (draft-preston-ftpext-deflate).
        const MODE_Z = 1 << 19;
        /// MFMT (draft-somers-ftp-mfxx).
        const MFMT = 1 << 20;
        /// MFCT (draft-somers-ftp-mfxx).
        const MFCT = 1 << 21;
        /// MFF (draft-somers-ftp-mfxx).
        const MFF = 1 << 22;
        /// HASH (draft-bryan-ftpext-hash).
        const HASH = 1 << 23;
        /// RANG (draft-bryan-ftp-range).
        const RANG = 1 << 24;
        /// XCRC, which reports the CRC-32 of a file.
        const XCRC = 1 << 25;
        /// XMD5, which reports the MD5 hash of a file.
        const XMD5 = 1 << 26;
        /// XSHA1, which some servers call XSHA.
        const XSHA1 = 1 << 27;
        /// XSHA256, which reports the SHA-256 hash of a file.
        const XSHA256 = 1 << 28;
        /// XSHA512, which reports the SHA-512 hash of a file.
        const XSHA512 = 1 << 29;
        /// COMB, which joins the parts of a file.
        const COMB = 1 << 30;
        /// AVBL (draft-peterson-streamlined-ftp-command-extensions).
        const AVBL = 1 << 31;
        /// DSIZ (the same draft as AVBL).
        const DSIZ = 1 << 32;
        /// RMDA (the same draft as AVBL).
        const RMDA = 1 << 33;
        /// THMB (the same draft as AVBL).
        const THMB = 1 << 34;
        /// CSID (the same draft as AVBL).
        const CSID = 1 << 35;
        /// CLNT, which names the client program.
        const CLNT = 1 << 36;
        /// PRET, which distributed servers require before PASV.
        const PRET = 1 << 37;
        /// PASV. Some servers list it, although every server has it.
        const PASV = 1 << 38;
        /// SSCN, which makes a server the TLS client on a data connection to another server.
        const SSCN = 1 << 39;
    }
}

/// The directions in which a line of the table is used.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// The line is parsed, and written for its flag.
    Both,
    /// The line is only parsed: it is an alternative form of another line.
    Read,
}

use Use::{Both, Read};

/// The table: the features that a line implies, the line, and its use. An entry of two words
/// matches a line whose label is the first word and whose parameters include the second. An entry
/// of one word matches its label, whatever the parameters.
const LINES: &[(Features, &str, Use)] = &[
    (Features::AUTH_TLS, "AUTH TLS", Both),
    (Features::AUTH_TLS, "AUTH TLS-C", Read),
    (Features::AUTH_SSL, "AUTH SSL", Both),
    (Features::AUTH_GSSAPI, "AUTH GSSAPI", Both),
    (Features::AVBL, "AVBL", Both),
    (Features::CCC, "CCC", Both),
    (Features::CLNT, "CLNT", Both),
    (Features::COMB, "COMB", Both),
    (Features::CSID, "CSID", Both),
    (Features::DSIZ, "DSIZ", Both),
    (Features::EPRT, "EPRT", Both),
    (Features::EPSV, "EPSV", Both),
    (Features::HASH, "HASH", Both),
    (Features::HOST, "HOST", Both),
    (Features::LANG, "LANG", Both),
    (Features::LPRT, "LPRT", Both),
    (Features::LPSV, "LPSV", Both),
    (Features::MDTM, "MDTM", Both),
    (Features::MFCT, "MFCT", Both),
    (Features::MFF, "MFF", Both),
    (Features::MFMT, "MFMT", Both),
    (Features::MLST.union(Features::MLSD), "MLST", Both),
    (Features::MLSD, "MLSD", Read),
    (Features::MODE_Z, "MODE Z", Both),
    (Features::PASV, "PASV", Both),
    (Features::PBSZ, "PBSZ", Both),
    (Features::PRET, "PRET", Both),
    (Features::PROT, "PROT", Both),
    (Features::RANG, "RANG STREAM", Both),
    (Features::RANG, "RANG", Read),
    (Features::REST_STREAM, "REST STREAM", Both),
    (Features::RMDA, "RMDA", Both),
    (Features::SIZE, "SIZE", Both),
    (Features::SSCN, "SSCN", Both),
    (Features::THMB, "THMB", Both),
    (Features::TVFS, "TVFS", Both),
    (Features::UTF8, "UTF8", Both),
    (Features::UTF8, "UTF-8", Read),
    (Features::XCRC, "XCRC", Both),
    (Features::XMD5, "XMD5", Both),
    (Features::XSHA1, "XSHA1", Both),
    (Features::XSHA1, "XSHA", Read),
    (Features::XSHA256, "XSHA256", Both),
    (Features::XSHA512, "XSHA512", Both),
];

/// A line of FEAT's answer, split into a feature's name and its parameters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct FeatureLine<'a> {
    /// The first word; empty in a blank line.
    pub name: &'a [u8],
    /// The text after the following space, possibly empty: MLST's list of facts, HASH's algorithms,
    /// LANG's languages.
    pub parameters: &'a [u8],
}

impl fmt::Debug for FeatureLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FeatureLine")
            .field("name", &Escaped(self.name))
            .field("parameters", &Escaped(self.parameters))
            .finish()
    }
}

impl<'a> FeatureLine<'a> {
    // feature = SP feature-label [ SP feature-parms ]      ; RFC 2389 3.2
    // feature-label = 1*VCHAR
    // feature-parms = 1*TCHAR
    //   also seen: no leading space, or several; "211-" before the spaces, even twice; final dots
    /// Splits a line without its line end; every line is valid. The dots that some servers put at
    /// the end of their lines belong to neither part.
    #[must_use]
    pub fn new(line: &'a [u8]) -> Self {
        let mut line = line;
        while let Some(rest) = line.strip_prefix(b"211-").or(line.strip_prefix(b"211 ")) {
            line = rest;
        }
        line = line.trim_ascii();
        while let Some(rest) = line.strip_suffix(b".") {
            line = rest.trim_ascii_end();
        }
        match memchr::memchr2(b' ', b'\t', line).and_then(|at| line.split_at_checked(at)) {
            Some((name, parameters)) => Self { name, parameters: parameters.trim_ascii_start() },
            None => Self { name: line, parameters: b"" },
        }
    }

    /// Returns the features that the line implies: usually none for the lines that begin and end
    /// the answer.
    #[must_use]
    pub fn features(&self) -> Features {
        let meant = LINES.iter().filter(|row| {
            let (name, parameter) = row.1.split_once(' ').unwrap_or((row.1, ""));
            let listed = || {
                let mut words = self.parameters.split(|b| matches!(b, b' ' | b';' | b','));
                words.any(|word| word.eq_ignore_ascii_case(parameter.as_bytes()))
            };
            self.name.eq_ignore_ascii_case(name.as_bytes()) && (parameter.is_empty() || listed())
        });
        meant.map(|row| row.0).collect()
    }
}

impl Features {
    /// Returns the features that one line of FEAT's answer implies, with or without its `211-`:
    /// usually one, none for an unknown line, several for `AUTH TLS;SSL`.
    #[must_use]
    pub fn from_line(line: &[u8]) -> Self {
        FeatureLine::new(line).features()
    }

    /// Yields each feature of the set with its line, in alphabetical order, without the space that
    /// a server puts before it.
    ///
    /// MLST's line continues with a space and a [`FactChoice`](super::facts::FactChoice), HASH's
    /// with its algorithms, LANG's with its languages. MLSD has no line without MLST.
    pub fn lines(self) -> impl Iterator<Item = (Self, &'static str)> {
        LINES
            .iter()
            .filter(move |row| row.2 == Both && self.intersects(row.0.difference(Self::MLSD)))
            .map(|row| (row.0, row.1))
    }
}

/// OPTS's argument, which sets how a command behaves from now on (RFC 2389 section 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OptsArgument<'a> {
    /// `UTF8 ON` or `OFF`: pathnames in UTF-8.
    Utf8(bool),
    /// `MLST`: the facts to show. Unknown ones are ignored (RFC 3659 section 7.9).
    Mlst(FactSet),
    /// `HASH`: the algorithm to use; `None` asks for the current one.
    Hash(Option<HashAlgorithm>),
    /// `MODE Z`: the level of compression, 0 to 9; `None` leaves it to the server.
    Deflate(Option<u8>),
    /// Options of any other command.
    Other {
        /// The name of the command.
        name: Text<'a>,
        /// The text after the following space.
        parameters: Option<Text<'a>>,
    },
}

impl<'a> OptsArgument<'a> {
    // opts-argument = command-name [ SP command-options ]   ; RFC 2389 4
    // utf8-opts = "UTF8" [ SP ( "ON" / "OFF" ) ]            ; in common use, in no RFC; or "UTF-8"
    // mlst-opts = "MLST" [ SP 1*( factname ";" ) ]          ; RFC 3659 7.9
    // hash-opts = "HASH" [ SP hash-name ]                   ; draft-bryan-ftpext-hash
    // mode-opts = "MODE" SP "Z" [ SP "LEVEL" SP 1*DIGIT ]   ; draft-preston-ftpext-deflate
    /// Parses OPTS's argument. Ignores the case of commands and options.
    ///
    /// # Errors
    /// Fails when there is no command, or the options violate the grammar of the command: 501.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Invalid> {
        let text = Text::new(bytes)?;
        let (name, options) =
            match memchr::memchr(b' ', text.as_bytes()).and_then(|at| bytes.split_at_checked(at)) {
                Some((name, options)) => (name, Some(options.get(1..).unwrap_or_default())),
                None => (bytes, None),
            };
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        let given = options.unwrap_or_default();
        if name.is_empty() {
            Err(Invalid::new("a command to set options for"))
        } else if is("UTF8") || is("UTF-8") {
            on_or_off(given).map(Self::Utf8)
        } else if is("MLST") {
            FactSet::parse(given).map(Self::Mlst)
        } else if is("HASH") {
            let algorithm = options.map(HashAlgorithm::parse).transpose();
            algorithm.map(Self::Hash)
        } else if let Some(level) =
            given.strip_prefix(b"Z").or(given.strip_prefix(b"z")).filter(|_| is("MODE"))
        {
            deflate_level(level).map(Self::Deflate)
        } else {
            Ok(Self::Other { name: Text::new(name)?, parameters: options.map(Text::new).transpose()? })
        }
    }

    /// Appends OPTS's argument.
    ///
    /// # Errors
    /// Fails with [`Full`] when `sink` has no room.
    pub fn encode<S: Sink + ?Sized>(&self, sink: &mut S) -> Result<(), Full> {
        match self {
            Self::Utf8(true) => sink.put(b"UTF8 ON"),
            Self::Utf8(false) => sink.put(b"UTF8 OFF"),
            Self::Mlst(facts) if facts.is_empty() => sink.put(b"MLST"),
            Self::Mlst(facts) => {
                sink.put(b"MLST ")?;
                facts.encode(NameCase::Canonical, sink)
            }
            Self::Hash(None) => sink.put(b"HASH"),
            Self::Hash(Some(algorithm)) => sink.put_fmt(format_args!("HASH {algorithm}")),
            Self::Deflate(None) => sink.put(b"MODE Z"),
            Self::Deflate(Some(level)) => sink.put_fmt(format_args!("MODE Z LEVEL {level}")),
            Self::Other { name, parameters } => {
                name.encode(sink)?;
                let Some(parameters) = parameters else { return Ok(()) };
                sink.put(b" ")?;
                parameters.encode(sink)
            }
        }
    }
}

pub(super) fn on_or_off(option: &[u8]) -> Result<bool, Invalid> {
    // Some clients give the option without a value to turn it on.
    let words: [(&[u8], bool); 3] = [(b"", true), (b"ON", true), (b"OFF", false)];
    let word = words.iter().find(|row| row.0.eq_ignore_ascii_case(option));
    word.map(|row| row.1).ok_or(Invalid::new("ON or OFF"))
}

#[cfg(test)]
mod tests;
