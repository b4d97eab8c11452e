//! The peer of a client: a server that follows a script.

mod acts;
mod data;
mod driver;
mod fxp;

use alloc::borrow::ToOwned;
use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use super::script::{Act, Script};
use super::script_error::Fault;
use super::{Attempt, Pieces, ScriptError};
use crate::action::{Action, DataFailure, DataOp};
use crate::buffer::{RecvBuf, SendBuf};
use crate::client::{Client, Config, Operation, Polled, Sequence};
use crate::error::Error;
use crate::time::Instant;
use data::ClientData;

/// The default address of the server.
const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), 21);

/// A server that follows a script, with the client under test.
///
/// The script is written in the order of the dialogue: [`expect`](Self::expect) names a command,
/// and the steps after it are the server's answer. The steps before the first command are the
/// greeting. A command that is not in the script results in a [`ScriptError`].
///
/// ```
/// use ftp_proto::client;
/// use ftp_proto::codec::{RepresentationType, Secret, Text};
/// use ftp_proto::testing::ScriptedServer;
///
/// let mut server = ScriptedServer::new()
///     .reply("220 ready")
///     .expect("USER me").reply("331 password?")
///     .expect("PASS sesame").reply("230-welcome\r\n230 in")
///     .expect("TYPE I").reply("200 okay")
///     .expect("EPSV").reply("229 go (|||5000|)")
///     .expect("RETR f").reply("150 here").data(b"content").after_data().reply("226 sent");
///
/// server.run(&mut client::greeting(), |_| ()).done();
/// let secret = Secret::new(Text::literal("sesame"));
/// server.run(&mut client::login(Text::literal("me"), secret, None), |_| ()).done();
/// let mut retrieve = client::retrieve(Text::literal("f"), RepresentationType::Image, 0);
/// let transfer = server.run(&mut retrieve, |opened| opened.transfer).done();
/// let moved = server.run(&mut client::complete(transfer), |done| done.transferred).done();
/// assert_eq!((moved, server.received()), (7, &b"content"[..]));
/// server.assert_finished();
/// ```
///
/// Where the answers matter and the order does not, [`whenever`](Self::whenever) adds answers to a
/// table, and [`with_default_replies`](Self::with_default_replies) answers everything else as RFC
/// 959 specifies.
#[derive(Debug)]
pub struct ScriptedServer {
    client: Client,
    rx: RecvBuf<Vec<u8>>,
    tx: SendBuf<Vec<u8>>,
    now: Instant,
    pieces: Pieces,
    data_first: bool,
    attentive: bool,
    upgrades: Attempt,
    script: Script,
    /// Steps still to be performed.
    acts: VecDeque<Act>,
    /// Commands that were received but not answered.
    commands: VecDeque<String>,
    /// The end of a silence.
    until: Option<Instant>,
    control: Control,
    to_server: Vec<u8>,
    to_client: VecDeque<u8>,
    data: ClientData,
    records: Records,
}

/// The server's end of the control connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    Open,
    /// The server has closed the connection, and the client has not seen that yet.
    Closing,
    Closed,
}

/// Records for tests to inspect.
#[derive(Clone, Debug, Default)]
struct Records {
    transcript: Vec<String>,
    lines: Vec<String>,
    ops: Vec<DataOp>,
    round_trips: usize,
    polls: usize,
}

impl Default for ScriptedServer {
    fn default() -> Self {
        Self::new()
    }
}

/// The script.
impl ScriptedServer {
    /// Creates a server with an empty script at 192.0.2.1, and a client with the default
    /// configuration that has connected to it.
    #[must_use]
    pub fn new() -> Self {
        Self::with(Config::default(), SERVER)
    }

    /// Creates a server with an empty script at an address, and a client with this configuration.
    #[must_use]
    pub fn with(config: Config, address: SocketAddr) -> Self {
        Self {
            rx: RecvBuf::new(vec![0; config.limits.line + 2]),
            tx: SendBuf::new(vec![0; 512]),
            client: Client::new(config, address),
            now: Instant::from_micros(1_000_000),
            pieces: Pieces::whole(),
            data_first: false,
            attentive: false,
            upgrades: Attempt::Succeeds,
            script: Script::default(),
            acts: VecDeque::new(),
            commands: VecDeque::new(),
            until: None,
            control: Control::Open,
            to_server: Vec::new(),
            to_client: VecDeque::new(),
            data: ClientData::default(),
            records: Records::default(),
        }
    }

    /// Answers commands that are not in the script like a server that has one file of three bytes
    /// and grants everything. Greets with 220 if the script has no greeting.
    #[must_use]
    pub fn with_default_replies(mut self) -> Self {
        self.script.use_defaults();
        self
    }

    /// Adds a command to the script: a whole line that the client has to send next. Bytes that are
    /// not printable ASCII are written as `\xff`. The steps that follow make up the answer.
    #[must_use]
    pub fn expect(mut self, line: &str) -> Self {
        self.script.expect(line);
        self
    }

    /// Adds an answer that is sent whenever `command` arrives, which is a verb or a whole line. The
    /// steps that follow make up the answer. Several answers to one command are used in order, and
    /// the last one repeats.
    ///
    /// ```
    /// use ftp_proto::client;
    /// use ftp_proto::testing::{Outcome, ScriptedServer};
    ///
    /// let mut server = ScriptedServer::new()
    ///     .with_default_replies()
    ///     .whenever("NOOP").reply("200 once")
    ///     .whenever("NOOP").reply("500 and never again");
    /// server.run(&mut client::greeting(), |_| ()).done();
    /// server.run(&mut client::noop(), |_| ()).done();
    /// for _ in 0..2 {
    ///     assert_eq!(server.run(&mut client::noop(), |_| ()).refused(), 500);
    /// }
    /// ```
    #[must_use]
    pub fn whenever(mut self, command: &str) -> Self {
        self.script.whenever(command);
        self
    }

    fn act(mut self, act: Act) -> Self {
        self.script.add(act);
        self
    }

    /// Sends a complete reply, including its code. Separate the lines of a multi-line reply with
    /// CRLF.
    #[must_use]
    pub fn reply(self, lines: &str) -> Self {
        self.act(Act::Reply(lines.to_owned()))
    }

    /// Sends these bytes unchanged, for malformed replies.
    #[must_use]
    pub fn bytes(self, bytes: &[u8]) -> Self {
        self.act(Act::Bytes(bytes.to_vec()))
    }

    /// Sends bytes over the data connection, already encoded for the mode and type in force, and
    /// closes the connection.
    #[must_use]
    pub fn data(self, bytes: &[u8]) -> Self {
        self.act(Act::Data(bytes.to_vec()))
    }

    /// Waits until the client has finished the data connection. If the client has aborted it, 426
    /// replaces the rest of the answer.
    #[must_use]
    pub fn after_data(self) -> Self {
        self.act(Act::AfterData)
    }

    /// Connects from this address to the port that the client listens on.
    #[must_use]
    pub fn connect_from(self, address: SocketAddr) -> Self {
        self.act(Act::Connect(address))
    }

    /// Closes the server's side of the data connection cleanly, after an upload.
    #[must_use]
    pub fn close_data(self) -> Self {
        self.act(Act::CloseData)
    }

    /// Breaks the data connection with this failure.
    #[must_use]
    pub fn break_data(self, failure: DataFailure) -> Self {
        self.act(Act::Break(failure))
    }

    /// Stays silent for this long.
    ///
    /// ```
    /// use core::time::Duration;
    /// use ftp_proto::client;
    /// use ftp_proto::error::{Awaited, Error, PeerError};
    /// use ftp_proto::testing::{Outcome, ScriptedServer};
    ///
    /// let mut server = ScriptedServer::new()
    ///     .reply("220 ready")
    ///     .expect("NOOP").silence(Duration::from_secs(3600)).reply("200 at last");
    /// server.run(&mut client::greeting(), |_| ()).done();
    /// let timed_out = Error::Peer(PeerError::TimedOut(Awaited::Reply));
    /// assert_eq!(server.run(&mut client::noop(), |_| ()), Outcome::Error(timed_out));
    /// ```
    #[must_use]
    pub fn silence(self, time: Duration) -> Self {
        self.act(Act::Silence(time))
    }

    /// Drops the remaining steps of earlier answers.
    #[must_use]
    pub fn drop_rest(self) -> Self {
        self.act(Act::DropRest)
    }

    /// Closes the control connection.
    #[must_use]
    pub fn close(self) -> Self {
        self.act(Act::Close)
    }

    /// Sets whether commands that arrive during a transfer (NOOP, STAT, ABOR) or a silence are
    /// answered at once. By default the server reads them only after the transfer, as many servers
    /// do.
    pub const fn set_attentive(&mut self, attentive: bool) {
        self.attentive = attentive;
    }

    /// Sets the sizes of the pieces in which bytes arrive on the control connection, at both ends.
    pub fn set_pieces(&mut self, pieces: Pieces) {
        self.pieces = pieces;
    }

    /// Sets whether events of the data connection are reported before bytes of the control
    /// connection if both are available.
    pub const fn set_data_first(&mut self, data_first: bool) {
        self.data_first = data_first;
    }

    /// Sets the result of TLS handshakes on the control connection.
    pub const fn on_upgrade(&mut self, attempt: Attempt) {
        self.upgrades = attempt;
    }

    /// Sets the result of connecting to the server's data ports.
    pub const fn on_connect(&mut self, attempt: Attempt) {
        self.data.connects = attempt;
    }

    /// Sets the result of TLS handshakes on data connections.
    pub const fn on_data_handshake(&mut self, attempt: Attempt) {
        self.data.handshakes = attempt;
    }

    /// Sets the address of the client's listeners; `None` if none can be opened.
    pub const fn set_listener(&mut self, address: Option<SocketAddr>) {
        self.data.listens_at = address;
    }

    /// Connects to the client's listener from this address the next time the client waits.
    pub fn arrive(&mut self, from: SocketAddr) {
        self.data.arrive(from);
    }

    /// Adds bytes to the file that the client sends next. The bytes of one call are sent as one
    /// piece.
    pub fn upload(&mut self, bytes: &[u8]) {
        self.data.upload(bytes);
    }

    /// Drops the bytes of [`upload`](Self::upload) that have not been sent.
    pub fn clear_upload(&mut self) {
        self.data.clear_upload();
    }
}

/// The client under test, and records of it.
impl ScriptedServer {
    /// Returns the client.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the client and its buffers, for tests that poll the client themselves.
    pub const fn parts(&mut self) -> (&mut Client, &mut RecvBuf<Vec<u8>>, &mut SendBuf<Vec<u8>>) {
        (&mut self.client, &mut self.rx, &mut self.tx)
    }

    /// Polls an operation once, for tests that drive it themselves.
    ///
    /// # Errors
    /// Fails as [`Operation::poll`] does.
    pub fn poll<'b, S: Sequence>(
        &'b mut self,
        operation: &mut Operation<S>,
    ) -> Result<Action<Polled<'b, S>>, Error> {
        operation.poll(&mut self.client, self.now, &mut self.rx, &mut self.tx)
    }

    /// Returns the virtual time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Advances the virtual time.
    pub fn pass(&mut self, time: Duration) {
        self.now = self.now.after(time);
    }

    /// Returns everything sent over the control connection, each item prefixed with `C: ` or `S: `.
    #[must_use]
    pub fn transcript(&self) -> &[String] {
        &self.records.transcript
    }

    /// Returns the commands that the server received.
    #[must_use]
    pub fn commands(&self) -> Vec<&str> {
        self.records.transcript.iter().filter_map(|line| line.strip_prefix("C: ")).collect()
    }

    /// Returns the reply lines that operations showed.
    #[must_use]
    pub fn lines(&self) -> &[String] {
        &self.records.lines
    }

    /// Returns the data operations that the client requested.
    #[must_use]
    pub fn data_operations(&self) -> &[DataOp] {
        &self.records.ops
    }

    /// Returns the addresses that the client connected to for data.
    #[must_use]
    pub fn connected_to(&self) -> Vec<SocketAddr> {
        let connects = |op: &DataOp| match op {
            DataOp::Connect(to) => Some(*to),
            _ => None,
        };
        self.records.ops.iter().filter_map(connects).collect()
    }

    /// Returns the bytes that the client received over data connections, decoded.
    #[must_use]
    pub fn received(&self) -> &[u8] {
        self.data.received()
    }

    /// Returns the bytes that the client sent over data connections, as encoded on the wire.
    #[must_use]
    pub fn sent(&self) -> &[u8] {
        self.data.sent()
    }

    /// Returns the number of times that the client waited for the server with nothing in transit.
    #[must_use]
    pub const fn round_trips(&self) -> usize {
        self.records.round_trips
    }

    /// Returns the number of polls.
    #[must_use]
    pub const fn polls(&self) -> usize {
        self.records.polls
    }

    /// Clears the records: the transcript, lines, data operations, received and sent bytes and the
    /// two counts.
    pub fn clear_records(&mut self) {
        self.records = Records::default();
        self.data.clear_records();
    }

    /// Checks that the client has sent every command of the script.
    ///
    /// # Panics
    /// Panics if a command of the script is left.
    #[track_caller]
    pub fn assert_finished(&self) {
        if let Some(expected) = self.script.awaited() {
            panic!("{}", self.error(Fault::Unmet { expected: expected.to_owned() }));
        }
    }

    fn error(&self, fault: Fault) -> ScriptError {
        ScriptError::new(fault, &self.records.transcript)
    }
}
