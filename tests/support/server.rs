//! A session and its host in memory. The test itself is the client: [`ScriptedClient`], with the
//! addresses and helpers of these tests.

use super::tree::Host;
pub use super::tree::Slow;
use ftp_proto::action::{DataEvent, DataId};
use ftp_proto::codec::Text;
use ftp_proto::error::LocalError;
use ftp_proto::listing::Entry;
use ftp_proto::server::{Answer, Config, Endpoints, Ticket};
use ftp_proto::testing::ScriptedClient;
pub use ftp_proto::testing::{Attempt, DataState, SessionEnd as End};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

pub const LOCAL: &str = "192.0.2.1:21";
pub const PEER: &str = "192.0.2.2:40000";
/// Address of the client's end of a data connection.
pub const PEER_DATA: &str = "192.0.2.2:40001";
pub const STRANGER: &str = "192.0.2.66:40001";

/// Returns the configuration of a server that reports a failed login at once.
pub fn prompt() -> Config {
    let mut config = Config::default();
    config.timeouts.login_delay = Duration::ZERO;
    config
}

pub struct Rig(ScriptedClient<Host>);

impl Deref for Rig {
    type Target = ScriptedClient<Host>;

    fn deref(&self) -> &ScriptedClient<Host> {
        &self.0
    }
}

impl DerefMut for Rig {
    fn deref_mut(&mut self) -> &mut ScriptedClient<Host> {
        &mut self.0
    }
}

impl Rig {
    /// Creates a client that has connected and received the greeting.
    pub fn new() -> Self {
        Self::with(prompt())
    }

    pub fn with(config: Config) -> Self {
        Self::between(config, LOCAL, PEER)
    }

    pub fn between(config: Config, local: &str, peer: &str) -> Self {
        let mut rig = Self::silent(config, local, peer);
        rig.settle();
        assert_eq!(rig.codes(), [220]);
        rig
    }

    /// Creates a session that has not been polled.
    pub fn silent(config: Config, local: &str, peer: &str) -> Self {
        let endpoints = Endpoints { local: local.parse().unwrap(), peer: peer.parse().unwrap() };
        Self(ScriptedClient::silent(config, endpoints, Host::new()))
    }

    /// Creates a client that is logged in.
    pub fn logged_in() -> Self {
        Self::new().login()
    }

    pub fn login(mut self) -> Self {
        assert_eq!(self.say("USER me"), [331]);
        assert_eq!(self.say("PASS secret"), [230]);
        self.host_mut().clear_requests();
        self
    }

    /// Sends a line and returns the codes of the replies.
    pub fn say(&mut self, line: &str) -> Vec<u16> {
        self.send(format!("{line}\r\n"));
        self.codes()
    }

    /// Sends a line and returns the replies, each whole, with line feeds between its lines.
    pub fn ask(&mut self, line: &str) -> Vec<String> {
        self.command(line)
    }

    /// Sets the requests that the host does not answer at once.
    pub fn slow(&mut self, slow: Slow) {
        self.host_mut().slow = slow;
    }

    /// Answers a request whose ticket the test holds.
    pub fn give(&mut self, ticket: Ticket, answer: Answer<'_>) -> Result<(), (LocalError, Ticket)> {
        let (session, _, tx) = self.parts();
        session.answer(ticket, answer, tx)
    }

    pub fn send_entry(&mut self, ticket: &Ticket, entry: &Entry<'_>) -> Result<(), LocalError> {
        let (session, _, tx) = self.parts();
        session.send_entry(ticket, entry, tx)
    }

    pub fn close_session(&mut self, text: &'static str) {
        let (session, _, tx) = self.parts();
        session.close(Text::literal(text), tx);
    }

    /// Connects to the passive listener. Returns whether the connection was admitted.
    #[track_caller]
    pub fn arrive(&mut self, from: &str) -> bool {
        self.connect_data(from.parse().unwrap())
    }

    /// Reports an event of this data connection, which may be an earlier one.
    #[track_caller]
    pub fn tell(&mut self, id: DataId, event: DataEvent) {
        if self.0.data_id() == Some(id) {
            return self.data_event(event);
        }
        self.parts().0.data_event(id, event).unwrap();
        self.settle();
    }

    /// Sends EPSV and connects to the port of the reply.
    #[track_caller]
    pub fn passive(&mut self) {
        assert_eq!(self.say("EPSV"), [229]);
        assert!(self.arrive(PEER_DATA));
    }

    pub fn data(&self) -> (DataState, Option<DataId>) {
        (self.data_state(), self.0.data_id())
    }

    #[track_caller]
    pub fn data_id(&self) -> DataId {
        self.0.data_id().expect("no data connection")
    }
}
