//! A client that runs one operation after the other, and records the result of each.

use std::fmt::Debug;
use std::time::Duration;

use arbitrary::Arbitrary;
use ftp_proto::action::{Action, DataEvent, DataFailure, DataId, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{self, Client, Config, Event, Operation, Sequence, TransferId};
use ftp_proto::codec::{
    ByteRange, Digest, EndRule, FileStructure, HashAlgorithm, MffArgument, OptsArgument, RepresentationType,
    Secret, SiteCommand, Text, Timestamp, TransferMode,
};
use ftp_proto::error::Error;
use ftp_proto::security::{Policy, TlsMode};
use ftp_proto::time::Instant;
use ftp_proto::transfer::Marker;

use crate::{Choices, SERVER};

/// An operation to run.
#[derive(Arbitrary, Clone, Debug)]
pub enum Ask<'a> {
    Greeting,
    Login(&'a [u8], &'a [u8], bool),
    Retrieve(&'a [u8], bool, u16),
    RetrieveRange(&'a [u8], u16, u16),
    RestartAt(&'a [u8], &'a [u8], u16),
    Store(&'a [u8], bool, u16),
    Append(&'a [u8]),
    StoreUnique(&'a [u8]),
    List(&'a [u8]),
    Names(&'a [u8]),
    MachineList(&'a [u8]),
    Facts(&'a [u8]),
    Size(&'a [u8]),
    ModificationTime(&'a [u8]),
    WorkingDirectory,
    Features,
    System,
    ChangeDirectory(&'a [u8]),
    MakeDirectory(&'a [u8]),
    RemoveDirectory(&'a [u8]),
    Delete(&'a [u8]),
    Rename(&'a [u8], &'a [u8]),
    Noop,
    Raw(&'a [u8]),
    Quit,
    Secure,
    ProtectData(bool),
    ClearCommandChannel,
    /// One of the other operations, by its row in [`ClientEnd::other`].
    Other(u8, &'a [u8], &'a [u8]),
}

/// Number of operations in [`ClientEnd::other`].
pub const OTHERS: u8 = 38;

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
}

impl<'a, P: Peer> ClientEnd<'a, P> {
    pub fn new(peer: P, choices: &'a [u8], lenient: bool, patience: Option<u8>) -> Self {
        let mut config = Config::default();
        config.limits.line = 256;
        config.limits.reply_lines = 64;
        config.security.tls = TlsMode::Explicit;
        (config.security.control, config.security.data) = (Policy::Prefer, Policy::Prefer);
        config.end_of_reply = if lenient { EndRule::AnyCode } else { EndRule::SameCode };
        Self {
            client: Client::new(config, SERVER),
            rx: RecvBuf::new(vec![0; 300]),
            tx: SendBuf::new(vec![0; 1024]),
            now: Instant::default(),
            peer,
            choices: Choices::new(choices),
            kind: false,
            trace: Vec::new(),
            failed: None,
            steps: 0,
            said: 0,
            patience,
        }
    }

    pub fn ask(&mut self, ask: &Ask<'_>) {
        let image = RepresentationType::Image;
        let coding = |ascii: bool| if ascii { RepresentationType::ASCII } else { image };
        let text = |bytes| Text::new(bytes).ok();
        let path = |bytes| text(bytes).filter(|path| !path.is_empty()).unwrap_or(Text::literal("x"));
        let maybe = |bytes| text(bytes).filter(|path| !path.is_empty());
        match *ask {
            Ask::Greeting => self.run(client::greeting()),
            Ask::Login(user, password, account) => {
                let account = account.then(|| Secret::new(path(password)));
                self.run(client::login(path(user), Secret::new(path(password)), account));
            }
            Ask::Retrieve(name, ascii, offset) => {
                self.transfer(client::retrieve(path(name), coding(ascii), offset.into()));
            }
            Ask::RetrieveRange(name, first, last) => {
                let range = ByteRange::new(first.into(), last.into()).unwrap_or(ByteRange::WHOLE);
                self.transfer(client::retrieve_range(path(name), range));
            }
            Ask::RestartAt(name, marker, position) => {
                if let Some(marker) = Marker::new(marker, position.into()) {
                    self.transfer(client::retrieve(path(name), image, 0).restart_at(&marker));
                }
            }
            Ask::Store(name, ascii, offset) => {
                self.transfer(client::store(path(name), coding(ascii), offset.into()))
            }
            Ask::Append(name) => self.transfer(client::append(path(name), image)),
            Ask::StoreUnique(name) => self.transfer(client::store_unique(maybe(name), image)),
            Ask::List(name) => self.transfer(client::list(maybe(name))),
            Ask::Names(name) => self.transfer(client::names(maybe(name))),
            Ask::MachineList(name) => self.transfer(client::machine_list(maybe(name))),
            Ask::Facts(name) => self.run(client::facts(maybe(name))),
            Ask::Size(name) => self.run(client::size(path(name))),
            Ask::ModificationTime(name) => self.run(client::modification_time(path(name))),
            Ask::WorkingDirectory => self.run(client::working_directory()),
            Ask::Features => self.run(client::features()),
            Ask::System => self.run(client::system()),
            Ask::ChangeDirectory(name) => self.run(client::change_directory(path(name))),
            Ask::MakeDirectory(name) => self.run(client::make_directory(path(name))),
            Ask::RemoveDirectory(name) => self.run(client::remove_directory(path(name))),
            Ask::Delete(name) => self.run(client::delete(path(name))),
            Ask::Rename(from, to) => self.run(client::rename(path(from), path(to))),
            Ask::Noop => self.run(client::noop()),
            Ask::Secure => self.run(client::secure()),
            Ask::ProtectData(true) => self.run(client::protect_data()),
            Ask::ProtectData(false) => self.run(client::unprotect_data()),
            Ask::ClearCommandChannel => self.run(client::clear_command_channel()),
            Ask::Raw(line) => {
                if let Ok(Ok(operation)) = Text::new(line).map(client::raw) {
                    self.run(operation);
                }
            }
            Ask::Quit => self.run(client::quit()),
            Ask::Other(row, one, two) => self.other(row % OTHERS, one, two),
        }
    }

    /// Runs one of the operations that take a path or a value of another kind.
    fn other(&mut self, row: u8, one: &[u8], two: &[u8]) {
        let text = |bytes| Text::new(bytes).unwrap_or(Text::literal("x"));
        let path =
            |bytes| Text::new(bytes).ok().filter(|path| !path.is_empty()).unwrap_or(Text::literal("x"));
        let maybe = |bytes| Text::new(bytes).ok().filter(|path| !path.is_empty());
        let number = two.iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        let algorithm = HashAlgorithm::ALL[number as usize % HashAlgorithm::ALL.len()];
        let time = Timestamp::from_unix(i64::from(number as u32), 0).unwrap();
        let representation = (number & 1 == 0).then_some(RepresentationType::ASCII);
        match row {
            0 => self.run(client::setup()),
            1 => self.run(client::structure(
                [FileStructure::File, FileStructure::Record, FileStructure::Page][number as usize % 3],
            )),
            2 => {
                let modes = [
                    TransferMode::Stream,
                    TransferMode::Block,
                    TransferMode::Compressed,
                    TransferMode::Deflate,
                ];
                self.run(client::mode(modes[number as usize % 4]));
            }
            3 => self.run(client::change_to_parent()),
            4 => self.run(client::whereabouts()),
            5 => self.run(client::set_creation_time(path(one), time)),
            6 | 7 => self.run(client::set_modification_time(path(one), time)),
            8 => {
                if let Ok(facts) = MffArgument::parse(one) {
                    self.run(client::set_facts(facts));
                }
            }
            9 => self.run(client::checksum(path(one), algorithm)),
            10 => self.run(client::available(maybe(one))),
            11 => self.run(client::status(maybe(one))),
            12 => self.run(client::help(maybe(one))),
            13 => {
                if let Ok(command) = SiteCommand::parse(path(one)) {
                    self.run(client::site(command));
                }
            }
            14 => self.run(client::chmod(path(one), number as u16 & 0o7777)),
            15 => self.run(client::symlink(path(one), path(two))),
            16 => self.run(client::client_name(path(one))),
            17 => self.run(client::language(maybe(one))),
            18 => self.run(client::host(path(one))),
            19 => self.run(client::utf8(number & 1 == 0)),
            20 => self.run(client::deflate_level((number & 1 == 0).then_some(number as u8 % 10))),
            21 => {
                if let Ok(argument) = OptsArgument::parse(one) {
                    self.run(client::options(argument));
                }
            }
            22 => self.run(client::structure_mount(path(one))),
            23 => self.run(client::combine(path(one))),
            24 => self.run(client::reinitialize()),
            25 => self.run(client::allocate(number)),
            26 => self.run(client::account(Secret::new(text(one)))),
            27 => {
                let range = ByteRange::new(number & 0xFF, number & 0xFFFF).ok();
                self.run(client::hash(path(one), (number & 1 == 0).then_some(algorithm), range));
            }
            28 => self.run(client::change_to_home(text(one))),
            29..=31 => {
                let digest = Digest::parse(two, algorithm).ok();
                let size = (number & 1 == 0).then_some(number >> 1);
                self.run(client::verify(path(one), client::Expected { size, digest }));
            }
            32 => {
                if let Ok(operation) = client::receive_raw(path(one), representation) {
                    self.transfer(operation);
                }
            }
            33 => {
                if let Ok(operation) = client::send_raw(path(one), representation) {
                    self.transfer(operation);
                }
            }
            34 => self.transfer(client::renew_session()),
            35 => self.transfer(client::entries(maybe(one))),
            36 => self.transfer(
                client::retrieve(path(one), RepresentationType::Image, 0)
                    .expect_size(client::ExpectedSize::Size(number)),
            ),
            _ => self.aborted(client::retrieve(path(one), RepresentationType::Image, 0)),
        }
    }

    /// Opens a transfer, and aborts it.
    fn aborted(&mut self, operation: Operation<client::Open<'_>>) {
        let mut opened: Option<TransferId> = None;
        self.drive(operation, |done| {
            let told = format!("{done:?}");
            opened = Some(done.transfer);
            told
        });
        if let Some(transfer) = opened {
            self.run(client::abort(transfer));
        }
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

    fn transfer<S>(&mut self, operation: Operation<S>)
    where
        S: for<'b> Sequence<Output<'b> = client::Opened<'b>>,
    {
        let mut opened: Option<TransferId> = None;
        self.drive(operation, |done| {
            let told = format!("{done:?}");
            opened = Some(done.transfer);
            told
        });
        if let (Some(transfer), true) = (opened, self.kind || self.choices.draw() != 0x44) {
            self.run(client::complete(transfer));
        }
    }

    fn run<S: Sequence>(&mut self, operation: Operation<S>)
    where
        for<'b> S::Output<'b>: Debug,
    {
        self.drive(operation, |done| format!("{done:?}"));
    }

    /// Polls the operation until it is over or given up.
    fn drive<S: Sequence>(
        &mut self,
        mut operation: Operation<S>,
        mut tell: impl FnMut(S::Output<'_>) -> String,
    ) {
        let mut patience = self.patience.map_or(usize::MAX, usize::from);
        while self.failed.is_none() && patience > 0 {
            self.steps += 1;
            assert!(self.steps <= 4096 + 64 * self.said, "does not come to rest");
            let (mut data, mut wait, mut over, mut told) = (None, None, false, None);
            patience -= 1;
            match operation.poll(&mut self.client, self.now, &mut self.rx, &mut self.tx) {
                Ok(Action::Event(Event::Line(line))) => told = Some(format!("{line:?}")),
                Ok(Action::Event(Event::Done(output))) => {
                    told = Some(format!("done: {}", tell(output)));
                    over = true;
                }
                Ok(Action::Event(Event::Refused(refusal))) => {
                    told = Some(format!("{refusal}"));
                    over = true;
                }
                Ok(Action::Event(Event::Failed(failure))) => {
                    told = Some(format!("{failure}"));
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
                Err(error) => {
                    told = Some(format!("{error:?}"));
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
                return;
            }
            if let Some(waits) = wait {
                if self.peer.say(&mut self.rx) {
                    self.said += 1;
                } else if let Some(deadline) = waits.deadline {
                    self.now = deadline.after(Duration::from_micros(1));
                } else {
                    self.rx.eof();
                }
            }
        }
    }

    fn event(&mut self, id: DataId, event: DataEvent) {
        let taken = self.client.data_event(id, event);
        assert!(taken.is_ok(), "{taken:?} to {event:?}");
    }

    /// Carries out an order on a data connection.
    pub fn data(&mut self, id: DataId, op: &DataOp) {
        let fails = !self.kind && self.choices.draw() & 0xF0 == 0x70;
        match op {
            DataOp::Connect(_) if fails => self.event(id, DataEvent::Failed(DataFailure::Unreachable)),
            DataOp::Connect(address) => {
                assert_eq!(address.ip(), SERVER.ip(), "connects to a stranger");
                self.event(id, DataEvent::Connected);
            }
            DataOp::StartTls if fails => self.event(id, DataEvent::Failed(DataFailure::Handshake)),
            DataOp::StartTls => self.event(id, DataEvent::Secured { resumed: true }),
            DataOp::Send(_) | DataOp::Receive(_) if fails => {
                self.event(id, DataEvent::Failed(DataFailure::Broken))
            }
            DataOp::Send(_) => {
                self.event(id, DataEvent::Moved(10));
                self.event(id, DataEvent::Flushed);
            }
            DataOp::Receive(_) => {
                self.event(id, DataEvent::Moved(10));
                if self.choices.draw() & 1 == 1 {
                    self.event(id, DataEvent::Marker(Marker::new(b"1", 10).unwrap()));
                }
                let clean = self.kind || self.choices.draw() != 0x33;
                self.event(id, DataEvent::Eof { clean });
            }
            _ => {}
        }
    }
}
