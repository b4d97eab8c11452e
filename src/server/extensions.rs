//! The commands that came after RFC 959: options, languages, facts to set, hashes, SITE.

use core::num::NonZeroU32;

use super::commands::{Outcome, asked};
use super::config::hash_of;
use super::machine::Ticket;
use super::pending::Pending;
use super::request::Changes;
use super::session::{SERVED_FACTS, Session};
use crate::buffer::{Span, Tx};
use crate::codec::{
    ByteRange, FactChoice, Features, HashAlgorithm, MffArgument, NameCase, NameList, OptsArgument, Position,
    Quoted, ReplyCode as Code, ReplyLine, Sink, SiteCommand, Text, Verb,
};

/// The one language of the replies (RFC 2640 4.1).
const LANGUAGE: &[u8] = b"en";

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// FEAT (RFC 2389 3): of the features that are configured, those whose commands are served.
    pub(super) fn features(&mut self, ticket: Ticket, tx: &mut Tx<'_>) {
        let (hash, facts) = (self.hash_in_force(), self.facts);
        let Self { pi, config, .. } = self;
        let served = |line: &str| {
            let word = line.split(' ').next().unwrap_or_default();
            Verb::from_bytes(word.as_bytes()).is_none_or(|verb| config.serves(verb))
        };
        if !config.features.lines().any(|(_, line)| served(line)) {
            return self.reply(ticket, Code::SYSTEM_STATUS, Text::literal("No extensions."), tx);
        }
        let sent = pi.reply_with(ticket, &mut *tx, |tx| {
            ReplyLine::encode(
                Code::SYSTEM_STATUS,
                Position::First,
                Text::literal("Extensions supported:"),
                tx,
            )?;
            for (feature, line) in config.features.lines().filter(|(_, line)| served(line)) {
                tx.put_fmt(format_args!(" {line}"))?;
                if feature.contains(Features::MLST) {
                    tx.put(b" ")?;
                    FactChoice { available: SERVED_FACTS, selected: facts }.encode(NameCase::Lower, tx)?;
                } else if feature == Features::HASH {
                    for (n, algorithm) in config.hashes.iter().enumerate() {
                        let separator = if n == 0 { " " } else { ";" };
                        let mark = if Some(*algorithm) == hash { "*" } else { "" };
                        tx.put_fmt(format_args!("{separator}{algorithm}{mark}"))?;
                    }
                } else if feature == Features::LANG {
                    tx.put(b" EN*")?;
                }
                tx.put(b"\r\n")?;
            }
            ReplyLine::encode(Code::SYSTEM_STATUS, Position::Last, Text::literal("End."), tx)
        });
        self.or_too_long(sent, tx);
    }

    /// OPTS (RFC 2389 4).
    pub(super) fn option(&mut self, ticket: Ticket, option: OptsArgument<'_>, tx: &mut Tx<'_>) -> Outcome {
        match option {
            OptsArgument::Utf8(true) => self.answer_now(ticket, Code::COMMAND_OKAY, "Names are UTF-8.", tx),
            OptsArgument::Utf8(false) => {
                self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "Names are UTF-8, always.", tx)
            }
            OptsArgument::Mlst(facts) => {
                self.facts = facts & SERVED_FACTS;
                self.facts_reply(ticket, tx);
                None
            }
            OptsArgument::Hash(Some(algorithm)) if !self.config.hashes.contains(&algorithm) => {
                self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "No such hash here.", tx)
            }
            OptsArgument::Hash(algorithm) if !self.config.hashes.is_empty() => {
                self.hash = algorithm.or(self.hash);
                match self.hash_in_force() {
                    Some(hash) => self.answer_now(ticket, Code::COMMAND_OKAY, hash.as_str(), tx),
                    None => None,
                }
            }
            OptsArgument::Deflate(level) if cfg!(feature = "deflate") => {
                self.level = level.or(self.config.deflate_level);
                let Some(level) = self.level else {
                    return self.answer_now(ticket, Code::COMMAND_OKAY, "MODE Z LEVEL is the default.", tx);
                };
                self.reply_many(ticket, tx, |tx| {
                    tx.put_fmt(format_args!("200 MODE Z LEVEL set to {level}.\r\n"))
                });
                None
            }
            _ => self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "No such option.", tx),
        }
    }

    /// LANG (RFC 2640 4.1): there is one language, and it is in force.
    pub(super) fn language(&mut self, ticket: Ticket, tag: Option<Text<'_>>, tx: &mut Tx<'_>) -> Outcome {
        let primary =
            tag.and_then(|tag| tag.as_bytes().split(|byte| *byte == b'-').next()).unwrap_or(LANGUAGE);
        match primary.eq_ignore_ascii_case(LANGUAGE) {
            true => self.answer_now(ticket, Code::COMMAND_OKAY, "The replies are in English.", tx),
            false => self.answer_now(
                ticket,
                Code::PARAMETER_NOT_IMPLEMENTED,
                "The replies are in English only.",
                tx,
            ),
        }
    }

    /// MFF (draft-somers-ftp-mfxx 5): facts that can be set, and no other.
    pub(super) fn change_facts(
        &mut self,
        ticket: Ticket,
        argument: MffArgument<'_>,
        tx: &mut Tx<'_>,
    ) -> Outcome {
        let Ok(facts) = argument.facts() else {
            return self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "The argument cannot be read.", tx);
        };
        let values = &facts.values;
        let changes = Changes { modified: values.modify, created: values.create, mode: values.unix_mode };
        let settable = [changes.modified.is_some(), changes.created.is_some(), changes.mode.is_some()];
        let settable = settable.into_iter().filter(|set| *set).count();
        if settable == 0 || facts.iter().count() != settable {
            return self.answer_now(
                ticket,
                Code::PARAMETER_NOT_IMPLEMENTED,
                "Not all of these can be set.",
                tx,
            );
        }
        self.ask_about(ticket, facts.name, Pending::Change(changes), tx)
    }

    /// What was changed, told in the facts' own form (draft-somers-ftp-mfxx 3.1).
    pub(super) fn changed(&mut self, ticket: Ticket, changes: Changes, tx: &mut Tx<'_>) {
        if self.verb == Verb::Site {
            return self.reply(ticket, Code::COMMAND_OKAY, Text::literal("Changed."), tx);
        }
        let Self { pi, paths, .. } = self;
        let sent = pi.reply_with(ticket, &mut *tx, |tx| {
            tx.put(b"213 ")?;
            for (name, time) in [("Modify=", changes.modified), ("Create=", changes.created)] {
                if let Some(time) = time {
                    tx.put(name.as_bytes())?;
                    time.encode(tx)?;
                    tx.put(b";")?;
                }
            }
            if let Some(mode) = changes.mode {
                tx.put_fmt(format_args!("UNIX.mode={mode:04o};"))?;
            }
            tx.put(b" ")?;
            tx.put(paths.target())?;
            tx.put(b"\r\n")
        });
        self.or_too_long(sent, tx);
    }

    fn hash_in_force(&self) -> Option<HashAlgorithm> {
        self.hash.or(self.config.hashes.first().copied())
    }

    /// HASH and the older commands of one hash each, which take a range after a path in quotes.
    pub(super) fn digest(
        &mut self,
        ticket: Ticket,
        argument: Text<'_>,
        algorithm: Option<HashAlgorithm>,
        tx: &mut Tx<'_>,
    ) -> Outcome {
        let (path, range) = match algorithm {
            Some(_) => quoted_range(argument).unwrap_or((argument, ByteRange::WHOLE)),
            None => (argument, core::mem::replace(&mut self.range, ByteRange::WHOLE)),
        };
        let Some(algorithm) = algorithm.or(self.hash_in_force()) else {
            return self.answer_now(ticket, Code::NOT_IMPLEMENTED, "Not implemented here.", tx);
        };
        self.ask_about(ticket, path, Pending::Digest { algorithm, range }, tx)
    }

    /// `213 SHA-256 0-49 hex path` for HASH; the hash alone for the others.
    pub(super) fn digest_reply(
        &mut self,
        ticket: Ticket,
        algorithm: HashAlgorithm,
        digest: &[u8],
        range: (u64, u64),
        tx: &mut Tx<'_>,
    ) {
        let Self { pi, paths, verb, .. } = self;
        let sent = pi.reply_with(ticket, &mut *tx, |tx| {
            match hash_of(*verb) {
                None => tx.put_fmt(format_args!("213 {algorithm} {}-{} ", range.0, range.1))?,
                Some(_) => tx.put(b"250 ")?,
            }
            for byte in digest {
                tx.put_fmt(format_args!("{byte:02x}"))?;
            }
            if hash_of(*verb).is_none() {
                tx.put(b" ")?;
                tx.put(paths.target())?;
            }
            tx.put(b"\r\n")
        });
        self.or_too_long(sent, tx);
    }

    /// COMB: a name to put together under, and the parts.
    pub(super) fn combine(
        &mut self,
        ticket: Ticket,
        argument: Text<'_>,
        span: Span,
        tx: &mut Tx<'_>,
    ) -> Outcome {
        let names = NameList::parse(argument).ok().and_then(|names| names.split_first());
        let Some((target, parts)) = names.filter(|(_, parts)| NameList::parse(*parts).is_ok()) else {
            let text = "A name and those of its parts are needed.";
            return self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, text, tx);
        };
        match self.paths.aim_at_name(target) {
            Ok(()) => Some((ticket, asked(Pending::Combine, span.after(span.len() - parts.len())))),
            Err(_) => self.answer_now(ticket, Code::FILE_UNAVAILABLE, "The path is too long.", tx),
        }
    }

    /// SITE (RFC 959 4.1.3). What it does not know is the host's.
    pub(super) fn site(
        &mut self,
        ticket: Ticket,
        argument: Text<'_>,
        span: Span,
        tx: &mut Tx<'_>,
    ) -> Outcome {
        let Ok(command) = SiteCommand::parse(argument) else {
            return self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "The argument cannot be read.", tx);
        };
        match command {
            SiteCommand::Chmod { mode, path } => {
                let changes = Changes { mode: Some(mode), ..Changes::default() };
                self.ask_about(ticket, path, Pending::Change(changes), tx)
            }
            SiteCommand::Utime { modified, path } => {
                let changes = Changes { modified: Some(modified), ..Changes::default() };
                self.ask_about(ticket, path, Pending::Change(changes), tx)
            }
            SiteCommand::Symlink { target, link } => {
                let outcome = self.ask_about(ticket, link, Pending::Symlink, tx);
                let start = argument.len() - link.len() - 1 - target.len();
                let target = span.after(start).first(target.len());
                outcome.map(|(ticket, _)| (ticket, asked(Pending::Symlink, target)))
            }
            SiteCommand::Umask(Some(mask)) if mask > 0o777 => {
                self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "A mask is of nine bits.", tx)
            }
            SiteCommand::Umask(mask) => {
                self.umask = mask.or(self.umask);
                let mask = self.umask.unwrap_or(0o022);
                self.reply_many(ticket, tx, |tx| tx.put_fmt(format_args!("200 UMASK {mask:03o}\r\n")));
                None
            }
            SiteCommand::Idle(seconds) => {
                let most = self.config.timeouts.idle;
                if let Some(seconds) = seconds {
                    self.idle = NonZeroU32::new(seconds.max(1));
                }
                let (idle, most) = (self.idle().as_secs(), most.as_secs());
                self.reply_many(ticket, tx, |tx| {
                    tx.put_fmt(format_args!("200 IDLE {idle}, at most {most}\r\n"))
                });
                None
            }
            SiteCommand::Help(_) => {
                self.answer_now(ticket, Code::HELP_MESSAGE, "CHMOD UMASK IDLE UTIME SYMLINK HELP", tx)
            }
            SiteCommand::Other(_) => Some((ticket, asked(Pending::Site, span))),
        }
    }
}

/// `"path" [start [end]]`: the older hash commands' way to name a part of a file; the end is one past the
/// last byte.
fn quoted_range(argument: Text<'_>) -> Option<(Text<'_>, ByteRange)> {
    let bytes = argument.as_bytes();
    let close = memchr::memrchr(b'"', bytes).filter(|close| *close > 0 && bytes.starts_with(b"\""))?;
    let path = Quoted::parse(&bytes[..=close]).ok()?.as_plain()?;
    let mut numbers = bytes[close + 1..].split(|byte| *byte == b' ').filter(|word| !word.is_empty());
    let mut number = || -> Option<Option<u64>> {
        match numbers.next() {
            None => Some(None),
            Some(word) => core::str::from_utf8(word).ok()?.parse().ok().map(Some),
        }
    };
    let (start, end) = (number()?, number()?);
    let range = match (start, end) {
        (None, _) => ByteRange::WHOLE,
        (Some(start), end) => {
            ByteRange::new(start, end.map_or(u64::MAX, |end| end.saturating_sub(1))).ok()?
        }
    };
    Some((Text::new(path).ok()?, range))
}
