//! A command to be sent: its bytes, and the reply that the server will owe to it.

use super::expected_reply::{Accepts, ExpectedReply};
use super::path_quirks;
use crate::buffer::Tx;
use crate::client::reply_to::ReplyTo;
use crate::codec::{Command, Direction, EpsvArgument, Full, OptsArgument, Sink, SiteCommand, Text, Verb};

/// A command to be sent.
#[derive(Clone, Copy, Debug)]
pub(in crate::client) enum Outgoing<'c, 'a> {
    /// A command without a data connection.
    Command(&'c Command<'a>),
    /// A command with a data connection.
    Transfer(&'c Command<'a>, Direction),
    /// PRET: announces the command of a transfer.
    Announcement(&'c Command<'a>),
    /// A SITE command.
    Site(&'c SiteCommand<'a>),
    /// CWD to a home directory, whose tilde is not part of a name.
    Home(Text<'a>),
}

impl<'c, 'a> From<&'c Command<'a>> for Outgoing<'c, 'a> {
    fn from(command: &'c Command<'a>) -> Self {
        match command.known_verb().and_then(|verb| verb.info().data) {
            Some(direction) => Self::Transfer(command, direction),
            None => Self::Command(command),
        }
    }
}

impl<'a> Outgoing<'_, 'a> {
    /// Returns the command, if it is sent as it is.
    pub(super) const fn command(&self) -> Option<&Command<'a>> {
        match self {
            Self::Command(command) | Self::Transfer(command, _) => Some(command),
            Self::Announcement(_) | Self::Site(_) | Self::Home(_) => None,
        }
    }

    /// Returns the verb that is sent, if it is in the table.
    pub(super) const fn verb(&self) -> Option<Verb> {
        match self {
            Self::Command(command) | Self::Transfer(command, _) => command.known_verb(),
            Self::Announcement(_) => Some(Verb::Pret),
            Self::Site(_) => Some(Verb::Site),
            Self::Home(_) => Some(Verb::Cwd),
        }
    }

    pub(super) const fn is_transfer(&self) -> bool {
        matches!(self, Self::Transfer(..))
    }

    /// Returns whether later commands may have another effect once the server has granted this one:
    /// for another user, in another directory, or with another setting. The settings that every
    /// operation makes for itself do not count.
    pub(super) fn alters_session(&self) -> bool {
        match self {
            Self::Announcement(_) | Self::Transfer(..) => false,
            Self::Home(_) => true,
            Self::Site(command) => {
                matches!(
                    command,
                    SiteCommand::Umask(Some(_)) | SiteCommand::Idle(Some(_)) | SiteCommand::Other(_)
                )
            }
            // Each verification selects its algorithm.
            Self::Command(Command::Opts(OptsArgument::Hash(_))) => false,
            Self::Command(command) => command.known_verb().is_none_or(alters_session),
        }
    }

    fn to(&self) -> ReplyTo {
        self.verb().map_or(ReplyTo::Other, ReplyTo::Command)
    }

    /// Returns the reply that the server owes to the command.
    pub(super) fn expected(&self) -> ExpectedReply {
        let to = self.to();
        match self {
            Self::Transfer(_, direction) => {
                let accepts = if to == ReplyTo::Other { Accepts::Transfer } else { Accepts::Row };
                ExpectedReply::transfer(to, accepts, *direction)
            }
            Self::Command(Command::Epsv(EpsvArgument::All)) => ExpectedReply::new(to, Accepts::RowAndOkay),
            // The caller reads the reply, whatever it is.
            Self::Command(Command::Line(_)) | Self::Site(_) => ExpectedReply::new(to, Accepts::Any),
            Self::Command(_) | Self::Announcement(_) | Self::Home(_) => ExpectedReply::new(to, Accepts::Row),
        }
    }

    /// Returns the reply that the server owes to the command, if it is sent during a transfer.
    pub(super) fn expected_during_transfer(&self) -> ExpectedReply {
        ExpectedReply::during_transfer(self.to())
    }

    /// Queues the line. `dot_paths` says whether the server understands `./` as a path.
    pub(super) fn put(&self, dot_paths: bool, tx: &mut Tx<'_>) -> Result<(), Full> {
        let line = |tx: &mut Tx<'_>| self.encode(dot_paths, tx);
        // Firewalls that follow FTP look for a data address only at the start of a segment.
        match self.verb().is_some_and(Verb::names_data_address) {
            true => tx.append_segment(line),
            false => tx.append(line),
        }
    }

    /// Queues the line for the segment of the command before it. Pure-FTPd refuses a command that
    /// arrives by itself during a transfer, and takes one that it has read together with RETR.
    pub(super) fn put_behind(&self, dot_paths: bool, tx: &mut Tx<'_>) -> Result<(), Full> {
        tx.append(|tx| self.encode(dot_paths, tx))
    }

    fn encode(&self, dot_paths: bool, tx: &mut Tx<'_>) -> Result<(), Full> {
        match self {
            Self::Command(command) | Self::Transfer(command, _) => {
                path_quirks::encode(command, dot_paths, tx)?;
            }
            Self::Announcement(command) => {
                tx.put(b"PRET ")?;
                path_quirks::encode(command, dot_paths, tx)?;
            }
            Self::Site(command) => path_quirks::encode_site(command, dot_paths, tx)?,
            Self::Home(user) => {
                tx.put(b"CWD ~")?;
                user.encode(tx)?;
            }
        }
        tx.put(b"\r\n")
    }
}

/// Returns whether a granted command of this kind alters the session for the commands after it.
const fn alters_session(verb: Verb) -> bool {
    use Verb as V;
    let login = matches!(verb, V::Host | V::User | V::Pass | V::Acct | V::Smnt | V::Rein | V::Clnt | V::Lang);
    let protection = matches!(verb, V::Auth | V::Prot | V::Ccc);
    login || protection || matches!(verb, V::Cwd | V::Cdup | V::Mode | V::Stru | V::Opts)
}
