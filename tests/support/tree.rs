//! The host of the tests' sessions: [`MemoryHost`], and the requests that it does not handle.

use ftp_proto::buffer::Tx;
use ftp_proto::codec::{Command, ReplyCode, Text};
use ftp_proto::server::{Answer, Refusal, Request, Session, Ticket};
use ftp_proto::testing::{MemoryHost, SessionHost};
use std::ops::{Deref, DerefMut};

/// Requests that a host does not answer at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Slow {
    Never,
    Digests,
    Everything,
}

/// A host with a directory `/dir` and a file `/file` with `content`. Everyone's password is
/// `secret`.
pub struct Host {
    memory: MemoryHost,
    /// Requests whose tickets the host keeps instead of answering.
    pub slow: Slow,
}

impl Deref for Host {
    type Target = MemoryHost;

    fn deref(&self) -> &MemoryHost {
        &self.memory
    }
}

impl DerefMut for Host {
    fn deref_mut(&mut self) -> &mut MemoryHost {
        &mut self.memory
    }
}

impl Host {
    pub fn new() -> Self {
        let memory = MemoryHost::new().with_password("secret").with_free_space(1000);
        Self { memory: memory.with_directory("/dir").with_file("/file", "content"), slow: Slow::Never }
    }
}

impl SessionHost for Host {
    fn request(
        &mut self,
        session: &mut Session<Vec<u8>>,
        ticket: Ticket,
        request: &Request<Text<'_>>,
        tx: &mut Tx<'_>,
    ) -> Option<Ticket> {
        let slow = match self.slow {
            Slow::Never => false,
            Slow::Digests => matches!(request, Request::Digest { .. }),
            Slow::Everything => true,
        };
        if slow {
            self.memory.note_request(session, request);
            return Some(ticket);
        }
        let known = self.contains(session.path().as_bytes());
        let text = [Text::literal("The host did that.")];
        let unknown = [Text::literal("Not a SITE command here.")];
        let answer = match request {
            // The user `certain` needs no password.
            Request::Identify if session.user() == b"certain" => Answer::Done,
            Request::Login { .. } if session.user().is_empty() => Answer::Refused(Refusal::Denied),
            Request::Digest { range, .. } if known => {
                let (start, end) =
                    range.bounds().map_or((0, 5), |(start, end)| (start, end.saturating_add(1)));
                Answer::Digest { digest: &[0xca, 0xfe], range: (start, end) }
            }
            Request::Digest { .. } => Answer::Refused(Refusal::NotFound),
            Request::Available if !known => Answer::Refused(Refusal::NotFound),
            Request::Symlink { .. } if known => Answer::Refused(Refusal::Exists),
            Request::Symlink { .. } => {
                let path = session.path().as_bytes().to_vec();
                self.memory.put_file(path, "");
                Answer::Done
            }
            Request::Account { account } if account.reveal().as_bytes() == b"books" => Answer::Done,
            Request::Host(name) if name.as_bytes() == b"example.org" => Answer::Done,
            Request::Site(_) => Answer::Reply(ReplyCode::PARAMETER_NOT_IMPLEMENTED, &unknown),
            Request::Command(line) => {
                let command = Command::parse(line.reveal().as_bytes()).unwrap();
                let verb = command.known_verb();
                match verb.is_some_and(|verb| verb.allows(ReplyCode::COMMAND_OKAY)) {
                    true => Answer::Reply(ReplyCode::COMMAND_OKAY, &text),
                    false => Answer::Reply(ReplyCode::PARAMETER_NOT_IMPLEMENTED, &text),
                }
            }
            _ => return self.memory.request(session, ticket, request, tx),
        };
        self.memory.note_request(session, request);
        session.answer(ticket, answer, tx).unwrap();
        None
    }

    fn resume(&mut self, session: &mut Session<Vec<u8>>, ticket: Ticket, tx: &mut Tx<'_>) -> Option<Ticket> {
        self.memory.resume(session, ticket, tx)
    }

    fn read(&mut self, out: &mut [u8]) -> usize {
        self.memory.read(out)
    }

    fn write(&mut self, bytes: &[u8]) {
        self.memory.write(bytes);
    }
}
