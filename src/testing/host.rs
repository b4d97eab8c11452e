//! The host of a session under test.

use alloc::vec::Vec;

use crate::buffer::Tx;
use crate::codec::Text;
use crate::server::{Request, Session, Ticket};

/// The host of a session under test: it answers requests, and has the bytes of the file that is open.
///
/// [`MemoryHost`](super::MemoryHost) is one; a test that wants one answer to be different wraps it:
///
/// ```
/// use ftp_proto::buffer::Tx;
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
    /// Takes a request and [answers](Session::answer) it, or returns its ticket to answer later.
    fn request(
        &mut self,
        session: &mut Session<Vec<u8>>,
        ticket: Ticket,
        request: &Request<Text<'_>>,
        tx: &mut Tx<'_>,
    ) -> Option<Ticket>;

    /// Goes on with a request that was not answered, whenever the client may have made room or time has
    /// passed. Returns the ticket while it is still not answered.
    fn resume(&mut self, session: &mut Session<Vec<u8>>, ticket: Ticket, tx: &mut Tx<'_>) -> Option<Ticket> {
        let _ = (session, tx);
        Some(ticket)
    }

    /// Learns that the client wants the unanswered request to be given up
    /// ([`Event::Abort`](crate::server::Event::Abort)).
    fn abort(&mut self) {}

    /// Reads on from the file or listing that was opened for reading last. Returns the number of bytes,
    /// which is 0 at its end.
    fn read(&mut self, out: &mut [u8]) -> usize;

    /// Writes to the file that was opened for writing last.
    fn write(&mut self, bytes: &[u8]);
}
