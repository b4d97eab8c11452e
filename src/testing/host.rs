//! The host of a session under test.

use alloc::vec::Vec;

use crate::buffer::Tx;
use crate::codec::Text;
use crate::server::{Request, Session, Ticket};

/// The host of a session under test. It answers requests and provides the bytes of the open file.
///
/// [`MemoryHost`](super::MemoryHost) implements this trait; a test that needs a different answer to
/// one request wraps that host:
///
/// ```
/// use ftp_proto::buffer::Tx;
/// use ftp_proto::codec::Text;
/// use ftp_proto::server::{Answer, Config, Refusal, Request, Session, Ticket};
/// use ftp_proto::testing::{MemoryHost, ScriptedClient, SessionHost};
///
/// struct Busy(MemoryHost);
///
/// impl SessionHost for Busy {
///     fn request(
///         &mut self,
///         session: &mut Session<Vec<u8>>,
///         ticket: Ticket,
///         request: &Request<Text<'_>>,
///         tx: &mut Tx<'_>,
///     ) -> Option<Ticket> {
///         match request {
///             Request::Delete => {
///                 let refusal = Answer::Refused(Refusal::Busy);
///                 session.answer(ticket, refusal, tx).err().map(|(_, ticket)| ticket)
///             }
///             _ => self.0.request(session, ticket, request, tx),
///         }
///     }
///
///     fn read(&mut self, out: &mut [u8]) -> usize {
///         self.0.read(out)
///     }
///
///     fn write(&mut self, bytes: &[u8]) {
///         self.0.write(bytes);
///     }
/// }
///
/// let mut client = ScriptedClient::new(Config::default(), Busy(MemoryHost::new()));
/// client.send("USER me\r\nPASS any\r\nDELE f\r\n");
/// assert_eq!(client.codes(), [220, 331, 230, 450]);
/// ```
pub trait SessionHost {
    /// Takes a request and [answers](Session::answer) it, or returns its ticket to answer it later.
    fn request(
        &mut self,
        session: &mut Session<Vec<u8>>,
        ticket: Ticket,
        request: &Request<Text<'_>>,
        tx: &mut Tx<'_>,
    ) -> Option<Ticket>;

    /// Continues with an unanswered request. Called whenever the client may have made room or time
    /// has passed. Returns the ticket while the request is still unanswered.
    fn resume(&mut self, session: &mut Session<Vec<u8>>, ticket: Ticket, tx: &mut Tx<'_>) -> Option<Ticket> {
        let _ = (session, tx);
        Some(ticket)
    }

    /// Called when the client has aborted the unanswered request
    /// ([`Event::Abort`](crate::server::Event::Abort)).
    fn abort(&mut self) {}

    /// Reads the next bytes of the file or listing that was last opened for reading. Returns their
    /// number, which is 0 at the end.
    fn read(&mut self, out: &mut [u8]) -> usize;

    /// Writes to the file that was last opened for writing.
    fn write(&mut self, bytes: &[u8]);
}
