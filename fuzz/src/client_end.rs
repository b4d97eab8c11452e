//! A client that runs one operation after the other, and records the result of each.

use std::fmt::Debug;
use std::time::Duration;

use ftp_proto::action::{Action, DataEvent, DataId, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{
    self, Client, Event, FactsReader, Operation, PassiveAddress, Profile, Sequence, TransferId,
};
use ftp_proto::error::{Error, LocalError};
use ftp_proto::time::Instant;
use ftp_proto::transfer::Marker;

use crate::{CLIENT, Choices, FAILURES, SERVER, settings};

/// The server, as the client sees it.
pub trait Peer {
    /// Takes the bytes that the client sent.
    fn take(&mut self, bytes: &[u8]);

    /// Puts the server's next bytes into `rx`. Returns `false` if it has nothing more to say for
    /// now.
    fn say(&mut self, rx: &mut RecvBuf<Vec<u8>>) -> bool;
}

pub struct ClientEnd<'a, P> {
    client: Client,
    rx: RecvBuf<Vec<u8>>,
    tx: SendBuf<Vec<u8>>,
    now: Instant,
    pub peer: P,
    choices: Choices<'a>,
    /// Set if neither a data connection nor a handshake is to fail.
    pub kind: bool,
    /// A record of everything that happened, in order.
    pub trace: Vec<String>,
    pub failed: Option<Error>,
    steps: usize,
    said: usize,
    /// Number of actions after which an operation is dropped, if limited.
    patience: Option<u8>,
    /// The listener that the server has yet to connect to.
    listening: Option<DataId>,
    /// Set if a stranger was the last to connect. The server comes next.
    visited: bool,
    /// Set if it connects before it says anything.
    hasty: bool,
    /// Set if data connections may go anywhere.
    foreign: bool,
}

impl<'a, P: Peer> ClientEnd<'a, P> {
    /// Creates a client with this configuration, as [`settings::client`] reads it.
    pub fn new(
        peer: P,
        config: u32,
        lenient: bool,
        profile: u16,
        choices: &'a [u8],
        patience: Option<u8>,
    ) -> Self {
        let room = settings::client_room(config);
        let config = settings::client(config, lenient);
        let foreign = config.passive_address == PassiveAddress::AsNamed;
        let mut client = Client::new(config, SERVER);
        client.set_profile(Profile::from_bits_truncate(profile));
        Self {
            client,
            rx: RecvBuf::new(vec![0; 300]),
            tx: SendBuf::new(vec![0; room]),
            now: Instant::default(),
            peer,
            choices: Choices::new(choices),
            kind: false,
            trace: Vec::new(),
            failed: None,
            steps: 0,
            said: 0,
            patience,
            listening: None,
            visited: false,
            hasty: false,
            foreign,
        }
    }

    /// Opens a transfer, and aborts it.
    pub(crate) fn aborted(&mut self, operation: Operation<client::Open<'_>>) {
        if let Some(transfer) = self.opened(operation) {
            self.run(client::abort(transfer));
        }
    }

    /// Opens a transfer, and forgets it.
    pub(crate) fn dropped(&mut self, operation: Operation<client::Open<'_>>) {
        self.opened(operation);
        self.run(client::noop());
    }

    fn opened<S>(&mut self, operation: Operation<S>) -> Option<TransferId>
    where
        S: for<'b> Sequence<Output<'b> = client::Opened<'b>>,
    {
        let mut opened = None;
        self.drive(operation, |done| {
            let told = format!("{done:?}");
            opened = Some(done.transfer);
            told
        });
        opened
    }

    /// Returns the client and its buffers, for an operation on two connections.
    pub fn party(&mut self) -> client::Party<'_, Vec<u8>, Vec<u8>> {
        client::Party { client: &mut self.client, rx: &mut self.rx, tx: &mut self.tx }
    }

    /// Passes what is to be sent to the peer, and then takes what the peer says. Returns whether
    /// there was any of either.
    pub fn exchange(&mut self) -> bool {
        let pending = self.tx.pending();
        let sent = !pending.is_empty();
        if sent {
            assert!(pending.ends_with(b"\r\n"), "half a command");
            self.peer.take(pending);
            self.tx.sent(usize::MAX);
        }
        self.peer.say(&mut self.rx) || sent
    }

    /// Sets the client's time, or has the server close the connection if there is none to set.
    pub fn pass(&mut self, until: Option<Instant>) {
        match until {
            Some(until) => self.now = until.max(self.now),
            None => self.rx.eof(),
        }
    }

    pub const fn now(&self) -> Instant {
        self.now
    }

    pub(crate) fn transfer<S>(&mut self, operation: Operation<S>)
    where
        S: for<'b> Sequence<Output<'b> = client::Opened<'b>>,
    {
        let Some(transfer) = self.opened(operation) else { return };
        let how = self.choices.draw();
        match how {
            0x44 if !self.kind => return,
            0x45 if !self.kind => return self.run(client::abort(transfer)),
            _ => {}
        }
        let mut complete = client::complete(transfer);
        if how & 0x20 != 0 {
            complete.ask_status();
        }
        match how & 0x10 {
            0 => self.run(complete),
            _ => self.run(complete.confirm_size("file")),
        }
    }

    pub(crate) fn run<S: Sequence>(&mut self, operation: Operation<S>)
    where
        for<'b> S::Output<'b>: Debug,
    {
        self.drive(operation, |done| format!("{done:?}"));
    }

    /// Polls the operation until it is over or given up.
    pub(crate) fn drive<S: Sequence>(
        &mut self,
        mut operation: Operation<S>,
        mut tell: impl FnMut(S::Output<'_>) -> String,
    ) {
        let mut patience = self.patience.map_or(usize::MAX, usize::from);
        let mut facts = FactsReader::new([0; 64]);
        while self.failed.is_none() && patience > 0 {
            self.steps += 1;
            assert!(self.steps <= 4096 + 64 * self.said, "does not come to rest");
            let (mut data, mut wait, mut over, mut told) = (None, None, false, None);
            patience -= 1;
            match operation.poll(&mut self.client, self.now, &mut self.rx, &mut self.tx) {
                Ok(Action::Event(Event::Line(line))) => {
                    let read = facts.line(&line.line());
                    told = Some(format!("{:?} {read:?}", Event::<_, ()>::Line(line)));
                }
                Ok(Action::Event(Event::Done(output))) => {
                    told = Some(format!("done: {}", tell(output)));
                    over = true;
                }
                Ok(Action::Event(Event::Refused(refusal))) => {
                    assert!(!refusal.is_fatal() || refusal.is_of_session());
                    let kinds = (refusal.is_transient(), refusal.wants_session_reuse(), refusal.of_listing());
                    told = Some(format!("{refusal} {:?} {kinds:?}", Event::<_, ()>::Refused(refusal)));
                    over = true;
                }
                Ok(Action::Event(Event::Failed(failure))) => {
                    told = Some(format!("{failure} {:?}", Event::<&[u8], ()>::Failed(failure)));
                    over = true;
                }
                Ok(Action::Event(_)) => {}
                Ok(Action::Data(id, op)) => {
                    told = Some(format!("{op:?}"));
                    data = Some((id, op));
                }
                Ok(Action::UpgradeControl(token)) => match !self.kind && self.choices.draw() == 0x77 {
                    true => self.client.upgrade_failed(token),
                    false => self.client.upgraded(token),
                },
                Ok(Action::DowngradeControl(token)) => self.client.downgraded(token),
                Ok(Action::Close) => over = true,
                Ok(Action::Wait(waits)) => {
                    assert!(waits.readable || waits.writable || waits.application || waits.data);
                    assert!(waits.deadline.is_none_or(|deadline| deadline >= self.now), "waits for the past");
                    // Before a command is sent, pending input is read. Mostly there is none.
                    let listens = waits.deadline == Some(self.now);
                    if !listens || self.choices.draw() & 7 == 0 {
                        // Only what happens counts, and not the number of polls.
                        patience += 1;
                        wait = Some(waits);
                    }
                }
                // Nothing was sent, and the next operation may be a better one.
                Err(error @ Error::Local(_)) => {
                    told = Some(format!("{error}"));
                    over = true;
                }
                Err(error) => {
                    assert!(self.client.is_closed());
                    told = Some(format!("{error}"));
                    self.failed = Some(error);
                }
                Ok(_) => {}
            };
            // Commands are queued before replies are read.
            let pending = self.tx.pending();
            if !pending.is_empty() {
                self.trace.push(format!("> {}", pending.escape_ascii()));
                assert!(pending.ends_with(b"\r\n"), "half a command");
                self.peer.take(pending);
                self.tx.sent(usize::MAX);
                wait = None;
            }
            self.trace.extend(told);
            if let Some((id, op)) = data {
                self.data(id, &op);
            }
            if over {
                break;
            }
            if let Some(waits) = wait {
                // The server connects at once, or when it has said what it had to.
                if !self.hasty && self.peer.say(&mut self.rx) {
                    self.said += 1;
                } else if let Some(id) = self.listening.take() {
                    self.arrive(id);
                } else if let Some(deadline) = waits.deadline {
                    self.now = deadline.after(Duration::from_micros(1));
                } else {
                    self.rx.eof();
                }
            }
        }
        self.trace.push(format!(
            "{} {:?} {} {:?} {:?}",
            self.client.alterations(),
            self.client.protection(),
            self.client.transferred(),
            self.client.last_marker(),
            self.client.last_stray(),
        ));
    }

    /// The server connects, perhaps after a stranger.
    fn arrive(&mut self, id: DataId) {
        self.hasty = false;
        let stranger = self.choices.draw() & 0xF0 == 0x50 && !self.kind && !self.visited;
        self.visited = stranger;
        if stranger {
            self.listening = Some(id);
            return self.event(id, DataEvent::Arrived(CLIENT));
        }
        self.event(id, DataEvent::Arrived(SERVER));
    }

    fn event(&mut self, id: DataId, event: DataEvent) {
        let taken = self.client.data_event(id, event);
        assert!(taken.is_ok(), "{taken:?} to {event:?}");
    }

    /// Carries out an order on a data connection, in part or not at all if the fuzzer decides so.
    pub fn data(&mut self, id: DataId, op: &DataOp) {
        let outcome = match op {
            DataOp::Close | DataOp::Abort => {
                if self.listening.take_if(|listening| *listening == id).is_some() {
                    self.hasty = false;
                }
                return;
            }
            _ if self.kind => self.choices.draw() & 0x0F,
            _ => self.choices.draw(),
        };
        // An event that cannot happen now is refused, and changes nothing.
        let wrong = if matches!(op, DataOp::Listen { .. }) {
            DataEvent::Flushed
        } else {
            DataEvent::Listening(CLIENT)
        };
        if let Err(error) = self.client.data_event(id, wrong) {
            assert!(matches!(error, LocalError::UnexpectedDataEvent { .. }), "{error:?}");
            assert!(error.to_string().contains("the data connection is"), "{error}");
        }
        if outcome & 0xF0 == 0x70 && !matches!(op, DataOp::Admit | DataOp::Reject) {
            return self.event(id, DataEvent::Failed(FAILURES[usize::from(outcome & 0xF) % FAILURES.len()]));
        }
        if outcome & 0xF0 == 0x60 {
            if matches!(op, DataOp::Send(_) | DataOp::Receive(_)) {
                self.event(id, DataEvent::Moved((outcome & 7).into()));
            }
            return;
        }
        match op {
            DataOp::Connect(address) => {
                assert!(self.foreign || address.ip() == SERVER.ip(), "connects to a stranger");
                self.event(id, DataEvent::Connected);
            }
            DataOp::Listen { .. } => {
                (self.listening, self.hasty) = (Some(id), outcome & 1 == 1);
                self.event(id, DataEvent::Listening(CLIENT));
            }
            DataOp::StartTls => {
                if outcome & 2 == 2 {
                    self.event(id, DataEvent::Securing);
                }
                self.event(id, DataEvent::Secured { resumed: true });
            }
            DataOp::Send(_) => {
                self.event(id, DataEvent::Moved(10));
                self.event(id, DataEvent::Flushed);
            }
            DataOp::Receive(_) => {
                if outcome & 2 == 2 {
                    self.event(id, DataEvent::Decoded(10));
                }
                if outcome & 4 == 0 {
                    self.event(id, DataEvent::Moved(10));
                }
                if outcome & 1 == 1 {
                    self.event(id, DataEvent::Marker(Marker::new(b"1", 10).unwrap()));
                }
                self.event(id, DataEvent::Eof { clean: outcome != 0x33 });
            }
            DataOp::AwaitClose => self.event(id, DataEvent::Eof { clean: outcome != 0x33 }),
            _ => {}
        }
    }
}
