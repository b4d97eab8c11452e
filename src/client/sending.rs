//! Commands on their way out: when one may go, and what is to be kept in mind of it.

use super::replies::Owed;
use super::{Client, Profile, path_quirks};
use crate::buffer::Tx;
use crate::codec::{ByteRange, Command, Full, ProtectionLevel, Sink, SiteCommand, Text, Verb};
use crate::error::LocalError;

impl Client {
    /// Whether a command may be sent while replies are owed.
    pub(super) fn may_pipeline(&self) -> bool {
        !self.config.one_command_at_a_time && !self.profile.contains(Profile::NO_PIPELINING)
    }

    /// Queues a command, or says that there is no room for it yet.
    pub(super) fn send(&mut self, tx: &mut Tx<'_>, command: &Command<'_>) -> Result<bool, LocalError> {
        if self.is_denied(command.known_verb()) {
            return Err(LocalError::Unprotected);
        }
        if self.owed.is_full() || (self.is_owed() && !self.may_pipeline()) {
            return Ok(false);
        }
        let dots = self.has_dot_paths();
        let queued = self.queue(tx, command.known_verb(), |tx| path_quirks::encode(command, dots, tx))?;
        if !queued {
            return Ok(false);
        }
        match command {
            Command::Type(representation) => self.representation = Some(*representation),
            // A new login begins with the defaults, and not every server's are RFC 959's.
            Command::Rein | Command::User(_) => self.representation = None,
            Command::Stru(structure) => self.asked.structure = *structure,
            Command::Mode(mode) => self.asked.mode = *mode,
            Command::Prot(level) => self.shield.asked = *level == ProtectionLevel::Private,
            Command::Rang(range) => self.range_asked = *range != ByteRange::WHOLE,
            Command::Sscn(Some(on)) => self.sscn_asked = *on,
            Command::Rest(marker) => self.offset_kept = marker.offset() != Some(0),
            Command::Retr(_) | Command::Stor(_) | Command::Appe(_) | Command::Stou(_) => {
                self.offset_kept = false;
            }
            _ => {}
        }
        self.quitting = command.known_verb() == Some(Verb::Quit);
        Ok(true)
    }

    /// As [`send`](Self::send), for a SITE command.
    pub(super) fn send_site(
        &mut self,
        tx: &mut Tx<'_>,
        command: &SiteCommand<'_>,
    ) -> Result<bool, LocalError> {
        if self.owed.is_full() || (self.is_owed() && !self.may_pipeline()) {
            return Ok(false);
        }
        let dots = self.has_dot_paths();
        self.queue(tx, Some(Verb::Site), |tx| path_quirks::encode_site(command, dots, tx))
    }

    /// As [`send`](Self::send), for CWD to a home directory, whose tilde is no part of a name.
    pub(super) fn send_home(&mut self, tx: &mut Tx<'_>, user: Text<'_>) -> Result<bool, LocalError> {
        if self.is_denied(Some(Verb::Cwd)) {
            return Err(LocalError::Unprotected);
        }
        if self.owed.is_full() || (self.is_owed() && !self.may_pipeline()) {
            return Ok(false);
        }
        self.queue(tx, Some(Verb::Cwd), |tx| {
            tx.put(b"CWD ~")?;
            user.encode(tx)
        })
    }

    fn queue(
        &mut self,
        tx: &mut Tx<'_>,
        verb: Option<Verb>,
        encode: impl FnOnce(&mut Tx<'_>) -> Result<(), Full>,
    ) -> Result<bool, LocalError> {
        let was_empty = tx.is_empty();
        let queued = tx.append(|tx| {
            encode(tx)?;
            tx.put(b"\r\n")
        });
        if queued.is_err() {
            return match was_empty {
                true => Err(LocalError::CommandTooLong),
                false => Ok(false),
            };
        }
        self.owed.push(Owed { verb, generation: self.generation, transferring: false, beside: false });
        self.clock = None;
        Ok(true)
    }

    /// Sends a command while a transfer is running, whether or not the server takes commands together
    /// otherwise: RFC 959 has such for this (ABOR, STAT).
    pub(super) fn send_beside(&mut self, tx: &mut Tx<'_>, command: &Command<'_>) -> bool {
        let clock = self.clock;
        let (verb, dots) = (command.known_verb(), self.has_dot_paths());
        let encode = |tx: &mut Tx<'_>| path_quirks::encode(command, dots, tx);
        if self.owed.is_full() || !self.queue(tx, verb, encode).unwrap_or(false) {
            return false;
        }
        if let Some(owed) = self.owed.last_mut() {
            owed.beside = true;
        }
        // The data does not move for it.
        self.clock = clock;
        true
    }
}
