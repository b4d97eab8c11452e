//! A client, and a server that answers from a table: [`ScriptedServer`], with its answers as data.

pub mod fxp;

pub use super::outcome::{Outcome, Turn};
use ftp_proto::action::DataFailure;
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{Client, Config, Profile};
use ftp_proto::testing::{Attempt, ScriptedServer};
use std::ops::{Deref, DerefMut};
use std::time::Duration;

/// Telnet's Interrupt Process and Synch, as the transcript shows them.
pub const SYNCH: &str = "\\xff\\xf4\\xff\\xf2";

pub const PEER: &str = "192.0.2.1:21";
pub const PEER_V6: &str = "[2001:db8::1]:21";

/// One step of the server's answer to a command; see the methods of [`ScriptedServer`].
#[derive(Clone, Debug)]
pub enum Act {
    /// Sends these lines, each with its CRLF.
    Say(&'static str),
    /// Sends these bytes as they are.
    Raw(Vec<u8>),
    /// Sends this over the data connection and closes it.
    Data(&'static [u8]),
    /// Connects to the client's listener from this address.
    Arrive(&'static str),
    /// Breaks the data connection.
    Break(DataFailure),
    /// Closes the server's side of the data connection cleanly.
    CloseData,
    /// Waits until the client has finished the data connection. If the client aborted it, 426
    /// replaces all that would follow.
    AfterData,
    /// Drops all further steps.
    Cut,
    /// Closes the control connection.
    Hangup,
    /// Stays silent for this long.
    Delay(Duration),
}

impl Act {
    fn add_to(self, server: ScriptedServer) -> ScriptedServer {
        match self {
            Self::Say(lines) => server.reply(lines),
            Self::Raw(bytes) => server.bytes(&bytes),
            Self::Data(bytes) => server.data(bytes),
            Self::Arrive(from) => server.connect_from(from.parse().unwrap()),
            Self::Break(failure) => server.break_data(failure),
            Self::CloseData => server.close_data(),
            Self::AfterData => server.after_data(),
            Self::Cut => server.drop_rest(),
            Self::Hangup => server.close(),
            Self::Delay(time) => server.silence(time),
        }
    }
}

/// A client of a server that follows RFC 959 throughout, except where the test says otherwise.
pub struct Rig(ScriptedServer);

impl Deref for Rig {
    type Target = ScriptedServer;

    fn deref(&self) -> &ScriptedServer {
        &self.0
    }
}

impl DerefMut for Rig {
    fn deref_mut(&mut self) -> &mut ScriptedServer {
        &mut self.0
    }
}

impl Rig {
    /// Creates a client that has not received the greeting yet.
    pub fn new() -> Self {
        Self::with(Config::default(), PEER)
    }

    pub fn with(config: Config, peer: &str) -> Self {
        let mut server = ScriptedServer::with(config, peer.parse().unwrap()).with_default_replies();
        server.upload(b"abc");
        Self(server)
    }

    /// Creates a client that has received the greeting.
    pub fn greeted() -> Self {
        Self::new().greet()
    }

    pub fn greet(mut self) -> Self {
        self.run(&mut ftp_proto::client::greeting(), |_| ()).done();
        self.clear_records();
        self
    }

    pub fn profile(mut self, profile: Profile) -> Self {
        self.parts().0.set_profile(profile);
        self
    }

    /// Sets the server's first steps, instead of its greeting. Without steps it stays silent.
    pub fn opening(self, acts: impl Into<Vec<Act>>) -> Self {
        let acts: Vec<Act> = acts.into();
        let server = if acts.is_empty() { self.0.drop_rest() } else { self.0 };
        Self(acts.into_iter().fold(server, |server, act| act.add_to(server)))
    }

    /// Adds the server's answer to a command, which is given by its verb or as a whole line.
    /// Answers to the same command are used in order, and the last one repeats for ever.
    pub fn on(self, command: &str, acts: impl Into<Vec<Act>>) -> Self {
        let acts: Vec<Act> = acts.into();
        Self(acts.into_iter().fold(self.0.whenever(command), |server, act| act.add_to(server)))
    }

    /// Adds a reply as the whole answer to a command, like [`on`](Self::on).
    pub fn says(self, command: &str, reply: &'static str) -> Self {
        self.on(command, [Act::Say(reply)])
    }

    /// Sets the sizes of the pieces that the next upload is sent in, last first.
    pub fn set_upload(&mut self, sizes: &[usize]) {
        self.clear_upload();
        sizes.iter().rev().for_each(|size| self.upload(&vec![b'x'; *size]));
    }

    pub fn client_mut(&mut self) -> &mut Client {
        self.parts().0
    }

    pub fn rx(&mut self) -> &mut RecvBuf<Vec<u8>> {
        self.parts().1
    }

    pub fn tx(&mut self) -> &mut SendBuf<Vec<u8>> {
        self.parts().2
    }
}

/// Returns the attempt with this result, or one that hangs for `None`.
pub fn attempt(result: Option<Result<(), DataFailure>>) -> Attempt {
    match result {
        None => Attempt::Hangs,
        Some(Ok(())) => Attempt::Succeeds,
        Some(Err(failure)) => Attempt::Fails(failure),
    }
}
