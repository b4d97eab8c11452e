//! Answers to the requests of a session.

use alloc::vec::Vec;

use super::{Handle, MemoryHost};
use crate::buffer::Tx;
use crate::codec::Text;
use crate::error::LocalError;
use crate::server::{Access, Answer, Refusal, Request, Session, Ticket};
use crate::testing::SessionHost;

/// Returns the ticket of an answer that the session did not accept.
fn kept(answered: Result<(), (LocalError, Ticket)>) -> Option<Ticket> {
    match answered {
        Ok(()) | Err((LocalError::Ended, _)) => None,
        Err((_, ticket)) => Some(ticket),
    }
}

impl SessionHost for MemoryHost {
    fn request(
        &mut self,
        session: &mut Session<Vec<u8>>,
        ticket: Ticket,
        request: &Request<Text<'_>>,
        tx: &mut Tx<'_>,
    ) -> Option<Ticket> {
        self.note_request(session, request);
        let path = session.path().as_bytes().to_vec();
        let done = match request {
            Request::Admit if self.admits => Ok(()),
            Request::Admit | Request::Identify => Err(Refusal::Denied),
            Request::Login { password } => {
                let given = password.reveal();
                match self.password.as_deref().is_none_or(|password| password == given.as_bytes()) {
                    true => Ok(()),
                    false => Err(Refusal::Denied),
                }
            }
            Request::ChangeDirectory => self.enter(&path),
            Request::Stat { .. } => match self.tree.entry(&path) {
                Some(entry) => return kept(session.answer(ticket, Answer::Entry(&entry), tx)),
                None => Err(Refusal::NotFound),
            },
            Request::Open(Access::Read { offset }) => match self.open_to_read(&path, *offset) {
                Ok(size) => {
                    let opened = Answer::Opened { size: Some(size), unique_name: None };
                    return kept(session.answer(ticket, opened, tx));
                }
                Err(refusal) => Err(refusal),
            },
            Request::Open(access) => match self.open_to_write(&path, *access) {
                Ok(name) => {
                    let name = Text::new(&name).ok().filter(|_| *access == Access::Unique);
                    let opened = Answer::Opened { size: None, unique_name: name };
                    return kept(session.answer(ticket, opened, tx));
                }
                Err(refusal) => Err(refusal),
            },
            Request::List(_) => match self.list(&path, &session.selection()) {
                Ok(()) => {
                    let opened = Answer::Opened { size: None, unique_name: None };
                    return kept(session.answer(ticket, opened, tx));
                }
                Err(refusal) => Err(refusal),
            },
            Request::Entries { .. } => {
                self.unsent = Some(self.tree.names(&path).map(<[u8]>::to_vec).collect());
                return self.resume(session, ticket, tx);
            }
            Request::Commit => self.commit(),
            Request::Available => match self.free {
                Some(free) => return kept(session.answer(ticket, Answer::Count(free), tx)),
                None => Err(Refusal::Unsupported),
            },
            Request::MakeDirectory
            | Request::RemoveDirectory
            | Request::Delete
            | Request::Rename
            | Request::Change(_)
            | Request::Combine { .. }
                if !self.writable =>
            {
                Err(Refusal::Denied)
            }
            Request::MakeDirectory => self.make_directory(&path),
            Request::RemoveDirectory => self.remove_directory(&path),
            Request::Delete => self.delete(&path),
            Request::Rename => self.rename(session.source_path().as_bytes(), &path),
            Request::Change(changes) => self.change(&path, changes),
            Request::Combine { parts } => self.combine(&path, parts, session),
            Request::Account { .. }
            | Request::Digest { .. }
            | Request::Symlink { .. }
            | Request::Host(_)
            | Request::Site(_)
            | Request::Command(_) => Err(Refusal::Unsupported),
        };
        self.refusals += usize::from(done.is_err());
        kept(session.answer(ticket, done.map_or_else(Answer::Refused, |()| Answer::Done), tx))
    }

    /// Sends as many entries of a directory as there is room for.
    fn resume(&mut self, session: &mut Session<Vec<u8>>, ticket: Ticket, tx: &mut Tx<'_>) -> Option<Ticket> {
        let Some(unsent) = &mut self.unsent else { return Some(ticket) };
        let path = session.path().as_bytes().to_vec();
        while let Some(name) = unsent.front() {
            let told = match self.tree.entry_in(&path, name) {
                Some(entry) => session.send_entry(&ticket, &entry, &mut *tx),
                None => Ok(()),
            };
            match told {
                Ok(()) => drop(unsent.pop_front()),
                Err(LocalError::NoRoom) => return Some(ticket),
                Err(_) => {
                    self.unsent = None;
                    return None;
                }
            }
        }
        self.unsent = None;
        kept(session.answer(ticket, Answer::Done, tx))
    }

    fn read(&mut self, out: &mut [u8]) -> usize {
        let Some(Handle::Reading { bytes, at }) = &mut self.open else { return 0 };
        let rest = bytes.get(*at..).unwrap_or_default();
        let count = rest.len().min(out.len());
        out.iter_mut().zip(rest).for_each(|(to, from)| *to = *from);
        *at += count;
        count
    }

    fn write(&mut self, more: &[u8]) {
        if let Some(Handle::Writing { bytes, .. }) = &mut self.open {
            bytes.extend_from_slice(more);
        }
    }
}
