//! The commands that change facts, compute hashes and combine files: MFMT, MFCT, MFF, HASH, XCRC
//! and the other commands for a single hash, and COMB. SITE has its own file.

use super::super::{ForHost, Session};
use super::Carried;
use crate::buffer::{Span, Tx};
use crate::codec::{
    ByteRange, Command, HashAlgorithm, MffArgument, NameList, Quoted, ReplyCode as Code, Sink, Text,
    TimedPath,
};
use crate::server::config::hash_of;
use crate::server::machine::Ticket;
use crate::server::request::{Changes, Request};

impl<P: AsRef<[u8]> + AsMut<[u8]>> Session<P> {
    /// Executes the commands of this group. `line` is the position of the command.
    pub(super) fn extension_command<'r>(
        &mut self,
        ticket: Ticket,
        command: Command<'r>,
        line: Span,
        tx: &mut Tx<'_>,
    ) -> Carried<'r> {
        Ok(match command {
            Command::Mfmt(TimedPath { time, path }) => {
                let changes = Changes { modified: Some(time), ..Changes::default() };
                self.ask_about(ticket, path, Request::Change(changes), tx)
            }
            Command::Mfct(TimedPath { time, path }) => {
                let changes = Changes { created: Some(time), ..Changes::default() };
                self.ask_about(ticket, path, Request::Change(changes), tx)
            }
            Command::Mff(argument) => self.change_facts(ticket, argument, tx),
            Command::Hash(path) => self.digest(ticket, path, None, tx),
            Command::Xcrc(path)
            | Command::Xmd5(path)
            | Command::Xsha1(path)
            | Command::Xsha256(path)
            | Command::Xsha512(path) => self.digest(ticket, path, hash_of(self.call.verb()), tx),
            Command::Comb(names) => self.combine(ticket, names, line, tx),
            Command::Site(site) => self.site(ticket, site, super::place(line, site), tx),
            command => return Err((ticket, command)),
        })
    }

    /// Executes MFF (draft-somers-ftp-mfxx 5). Refuses the command unless all of its facts can be
    /// set.
    fn change_facts(&mut self, ticket: Ticket, argument: MffArgument<'_>, tx: &mut Tx<'_>) -> ForHost {
        let Ok(facts) = argument.facts() else {
            return self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, "Invalid argument.", tx);
        };
        let values = &facts.values;
        let changes = Changes { modified: values.modify, created: values.create, mode: values.unix_mode };
        let settable = [changes.modified.is_some(), changes.created.is_some(), changes.mode.is_some()];
        let settable = settable.into_iter().filter(|set| *set).count();
        if settable == 0 || facts.iter().count() != settable {
            return self.answer_now(
                ticket,
                Code::PARAMETER_NOT_IMPLEMENTED,
                "Some of these facts cannot be set.",
                tx,
            );
        }
        self.ask_about(ticket, facts.name, Request::Change(changes), tx)
    }

    /// Replies with the changed facts in their own format (draft-somers-ftp-mfxx 3.1).
    pub(in crate::server::session) fn facts_changed(
        &mut self,
        ticket: Ticket,
        changes: Changes,
        tx: &mut Tx<'_>,
    ) {
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

    /// Returns the hash that HASH computes.
    pub(super) fn hash_in_force(&self) -> Option<HashAlgorithm> {
        self.next.hash().or(self.config.hashes.first().copied())
    }

    /// Executes HASH, or an older command for a single hash, which takes a range after a quoted
    /// path.
    fn digest(
        &mut self,
        ticket: Ticket,
        argument: Text<'_>,
        algorithm: Option<HashAlgorithm>,
        tx: &mut Tx<'_>,
    ) -> ForHost {
        let (path, range) = match algorithm {
            Some(_) => quoted_range(argument).unwrap_or((argument, ByteRange::WHOLE)),
            None => (argument, self.next.take_range()),
        };
        let Some(algorithm) = algorithm.or(self.hash_in_force()) else {
            return self.answer_now(ticket, Code::NOT_IMPLEMENTED, "Command not implemented.", tx);
        };
        self.ask_about(ticket, path, Request::Digest { algorithm, range }, tx)
    }

    /// Replies with `213 SHA-256 0-49 hex path` to HASH, and with only the hash to the other
    /// commands.
    pub(in crate::server::session) fn digest_reply(
        &mut self,
        ticket: Ticket,
        algorithm: HashAlgorithm,
        digest: &[u8],
        range: (u64, u64),
        tx: &mut Tx<'_>,
    ) {
        let verb = self.call.verb();
        let Self { pi, paths, .. } = self;
        let sent = pi.reply_with(ticket, &mut *tx, |tx| {
            match hash_of(verb) {
                None => tx.put_fmt(format_args!("213 {algorithm} {}-{} ", range.0, range.1))?,
                Some(_) => tx.put(b"250 ")?,
            }
            for byte in digest {
                tx.put_fmt(format_args!("{byte:02x}"))?;
            }
            if hash_of(verb).is_none() {
                tx.put(b" ")?;
                tx.put(paths.target())?;
            }
            tx.put(b"\r\n")
        });
        self.or_too_long(sent, tx);
    }

    /// Executes COMB. Its argument consists of the name of the target and the names of the parts.
    fn combine(&mut self, ticket: Ticket, argument: Text<'_>, line: Span, tx: &mut Tx<'_>) -> ForHost {
        let names = NameList::parse(argument).ok().and_then(|names| names.split_first());
        let Some((target, Some(parts))) = names else {
            let text = "COMB needs a target and its parts.";
            return self.answer_now(ticket, Code::ARGUMENT_SYNTAX_ERROR, text, tx);
        };
        let parts = parts.map(|parts| super::place(line, parts));
        let aimed = self.paths.aim_at_name(target);
        self.ask_aimed(ticket, aimed, Request::Combine { parts }, tx)
    }
}

/// Parses `"path" [start [end]]`, the argument of the older hash commands for a part of a file. The
/// end is one past the last byte.
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
        (Some(start), None) => ByteRange::new(start, u64::MAX).ok()?,
        (Some(start), Some(end)) => ByteRange::new(start, end.checked_sub(1)?).ok()?,
    };
    Some((Text::new(path).ok()?, range))
}
