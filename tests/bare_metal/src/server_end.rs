//! The session, its driver, and its host.

use core::net::SocketAddr;
use core::time::Duration;

use ftp_proto::action::{Action, DataEvent, DataId, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::codec::{Secret, Text};
use ftp_proto::listing::{Clock, Entry, Kind};
use ftp_proto::server::{
    Access, Answer, Config, Endpoints, Event, Refusal, Request, Server, Session, Ticket,
};
use ftp_proto::time::Instant;

use crate::data_end::{DataEnd, File};
use crate::wire::{CLIENT, Network, SERVER};

pub const USER: Text<'static> = Text::literal("sensor");
pub const PASSWORD: Secret<'static> = Secret::new(Text::literal("correct horse"));
/// The one file.
pub const NAME: Text<'static> = Text::literal("samples.bin");

/// The longest command that it takes, in bytes.
const LINE: usize = 510;

pub struct ServerEnd {
    session: Session<[u8; 512]>,
    rx: RecvBuf<[u8; LINE + 2]>,
    tx: SendBuf<[u8; Server::SEND_ROOM]>,
    now: Instant,
    data: DataEnd,
    listener: Option<DataId>,
    host: Host,
    closed: bool,
}

/// One user, one file. Apart from the session: what is asked borrows from the receive buffer.
#[derive(Default)]
struct Host {
    file: File,
    /// What is sent or received: the file, or a listing.
    moving: File,
}

impl ServerEnd {
    pub fn new() -> Self {
        let mut config = Config::default();
        config.limits.line = LINE;
        let endpoints = Endpoints { local: SERVER, peer: CLIENT };
        Self {
            session: Session::new(config, endpoints, [0; 512]),
            rx: RecvBuf::new([0; LINE + 2]),
            tx: SendBuf::new([0; Server::SEND_ROOM]),
            now: Instant::default(),
            data: DataEnd::Idle,
            listener: None,
            host: Host::default(),
            closed: false,
        }
    }

    /// A client comes to the port that was told.
    pub fn arrives(&mut self, from: SocketAddr) {
        assert!(self.is_met(from), "nobody listens");
    }

    /// A client comes to the port that was told, if one was.
    pub fn is_met(&mut self, from: SocketAddr) -> bool {
        let Some(id) = self.listener else { return false };
        self.session.data_event(id, DataEvent::Arrived(from)).is_ok()
    }

    /// Whether the session is over.
    pub const fn is_closed(&self) -> bool {
        self.closed
    }

    /// Goes on until it waits, and moves what is to be moved. Gives the time, which passes.
    pub fn turn(&mut self, network: &mut Network) -> Instant {
        self.now = self.now.after(Duration::from_micros(100));
        for _ in 0..100 {
            if self.closed {
                break;
            }
            match self.session.poll(self.now, &mut self.rx, &mut self.tx).expect("the dialogue broke") {
                Action::Event(Event::Request(ticket, request)) => {
                    self.host.answer(&mut self.session, ticket, &request, &mut self.tx);
                }
                Action::Data(id, op) => self.data(id, op, network),
                Action::Wait(wait) => {
                    network.control.to_client.send(&mut self.tx);
                    if wait.readable {
                        network.control.to_server.receive(&mut self.rx);
                    }
                    let wires = &mut network.data;
                    let event =
                        self.data.turn(&mut self.host.moving, &mut wires.to_server, &mut wires.to_client);
                    if let Some((id, event)) = event {
                        self.session.data_event(id, event).expect("it waits for this");
                    }
                    return self.now;
                }
                Action::Close => self.closed = true,
                other => panic!("not expected here: {other:?}"),
            }
        }
        network.control.to_client.send(&mut self.tx);
        network.control.to_client.ended = self.tx.is_empty();
        self.now
    }

    fn data(&mut self, id: DataId, op: DataOp, network: &mut Network) {
        match op {
            DataOp::Listen { .. } => {
                self.listener = Some(id);
                let at = SocketAddr::new(SERVER.ip(), 5000);
                self.session.data_event(id, DataEvent::Listening(at)).expect("it asked for this");
            }
            DataOp::Connect(_) => {
                self.session.data_event(id, DataEvent::Connected).expect("it asked for this")
            }
            DataOp::Admit => self.listener = None,
            DataOp::Send(parameters) => self.data = DataEnd::sending(id, parameters),
            DataOp::Receive(parameters) => self.data = DataEnd::receiving(id, parameters),
            DataOp::Close | DataOp::Abort => {
                (self.data, self.listener) = (DataEnd::Idle, None);
                network.data.to_client.ended = true;
            }
            other => panic!("not expected here: {other:?}"),
        }
    }

    /// What was uploaded.
    pub fn file(&self) -> &File {
        &self.host.file
    }
}

impl Host {
    /// Whoever knows the password may read and replace the one file that there is.
    fn answer(
        &mut self,
        session: &mut Session<[u8; 512]>,
        ticket: Ticket,
        request: &Request<Text<'_>>,
        tx: &mut SendBuf<[u8; Server::SEND_ROOM]>,
    ) {
        let named = session.path().file_name() == Some(NAME.as_bytes());
        let mut entry = Entry::new(NAME, Kind::File);
        entry.size = Some(self.file.len() as u64);
        let answer = match request {
            Request::Admit => Answer::Done,
            Request::Login { password } => {
                let known = session.user() == USER.as_bytes() && *password == PASSWORD;
                if known { Answer::Done } else { Answer::Refused(Refusal::Denied) }
            }
            Request::List(listing) => {
                self.moving.clear();
                match listing.writer(Clock::UNKNOWN).write(&entry, &mut self.moving) {
                    Ok(()) => Answer::Opened { size: None, unique_name: None },
                    Err(_) => Answer::Refused(Refusal::Failed),
                }
            }
            Request::ChangeDirectory => Answer::Done,
            _ if !named => Answer::Refused(Refusal::NotFound),
            Request::Stat { .. } => Answer::Entry(&entry),
            Request::Open(Access::Read { .. }) => {
                self.moving.clear();
                self.moving.extend(self.file.iter().copied());
                Answer::Opened { size: entry.size, unique_name: None }
            }
            Request::Open(Access::Write { offset: 0 }) => {
                self.moving.clear();
                Answer::Opened { size: None, unique_name: None }
            }
            Request::Commit => {
                self.file.clear();
                self.file.extend(self.moving.iter().copied());
                Answer::Done
            }
            _ => Answer::Refused(Refusal::Unsupported),
        };
        session.answer(ticket, answer, tx).expect("it waits for this answer");
    }
}
