//! A session with a host that answers as the fuzzer decides, and data connections that end as it
//! decides.

use std::time::Duration;

use ftp_proto::action::{Action, DataEvent, DataFailure, DataId, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::codec::{EndRule, HashAlgorithm, Reply, ReplyCode, Text};
use ftp_proto::listing::{Entry, Kind};
use ftp_proto::security::TlsMode;
use ftp_proto::server::{Access, Answer, Config, Endpoints, Event, Refusal, Request, Session, VirtualPath};
use ftp_proto::time::Instant;
use ftp_proto::transfer::Marker;

use crate::{CLIENT, Choices, SERVER};

const REFUSALS: [Refusal; 13] = [
    Refusal::NotFound,
    Refusal::Denied,
    Refusal::Exists,
    Refusal::NotADirectory,
    Refusal::IsADirectory,
    Refusal::NotEmpty,
    Refusal::BadName,
    Refusal::BadOffset,
    Refusal::QuotaExceeded,
    Refusal::StorageFull,
    Refusal::Busy,
    Refusal::Unsupported,
    Refusal::Failed,
];

/// Size of the output buffer in bytes. It is small, so that it fills up.
const STORAGE: usize = 2048;

pub struct ServerEnd<'a> {
    session: Session<[u8; 512]>,
    rx: RecvBuf<Vec<u8>>,
    tx: SendBuf<Vec<u8>>,
    now: Instant,
    /// The deadline of the last wait.
    deadline: Option<Instant>,
    /// The answers of the host, the outcomes of data operations, and the peers that connect. Each
    /// has a sequence of its own, which does not depend on how the commands arrived.
    answers: Choices<'a>,
    outcomes: Choices<'a>,
    arrivals: Choices<'a>,
    /// Set if no request is to be refused, and neither a data connection nor a handshake is to
    /// fail.
    pub kind: bool,
    /// The listener that the client connects to, once it knows the address.
    arriving: Option<DataId>,
    /// Set if a stranger has connected. The client comes next.
    stranger: bool,
    /// All bytes that the session sent.
    pub sent: Vec<u8>,
    /// Set once the session has ended.
    pub ended: bool,
    at_end: bool,
    fed: usize,
    told: usize,
}

impl<'a> ServerEnd<'a> {
    pub fn new(choices: &'a [u8]) -> Self {
        let mut config = Config::default();
        config.limits.line = 256;
        // The clock does not advance until the end.
        config.timeouts.login_delay = Duration::ZERO;
        config.hashes = HashAlgorithm::ALL;
        config.long_addresses = true;
        config.security.tls = TlsMode::Explicit;
        config.security.clear_command_channel = true;
        Self {
            session: Session::new(config, Endpoints { local: SERVER, peer: CLIENT }, [0; 512]),
            rx: RecvBuf::new(vec![0; 300]),
            tx: SendBuf::new(vec![0; STORAGE]),
            now: Instant::default(),
            deadline: None,
            answers: Choices::new(choices),
            outcomes: Choices::new(choices),
            arrivals: Choices::new(choices),
            kind: false,
            arriving: None,
            stranger: false,
            sent: Vec::new(),
            ended: false,
            at_end: false,
            fed: 0,
            told: 0,
        }
    }

    /// Passes bytes to the session, and runs it until it comes to rest.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        self.run();
        while !bytes.is_empty() && !self.ended {
            let taken = self.rx.extend(bytes);
            self.fed += taken;
            bytes = &bytes[taken..];
            self.run();
            assert!(taken > 0 || self.ended, "at rest, and no room to read");
        }
    }

    pub fn eof(&mut self) {
        self.rx.eof();
        self.at_end = true;
        self.run();
    }

    /// Advances the clock to the end of a short wait, if the session is in one. It holds back a 150
    /// for up to two seconds to see whether the client continues without it.
    pub fn pass_a_moment(&mut self) {
        let short = |deadline: &Instant| deadline.since(self.now) <= Duration::from_secs(2);
        if let Some(deadline) = self.deadline.filter(short) {
            self.now = self.now.max(deadline);
            self.run();
        }
    }

    /// Advances the clock without further input until the session has ended.
    pub fn run_down(&mut self) {
        for _ in 0..16 {
            self.run();
            self.now = self.now.after(Duration::from_secs(301));
        }
        assert!(self.ended, "a session that nobody talks to goes on for ever");
    }

    /// Polls until there is nothing to do.
    fn run(&mut self) {
        // Each line takes a few steps at most, and so does each end of a data connection.
        let mut steps = 256 + 16 * STORAGE;
        while !self.ended {
            steps -= 1;
            assert!(steps > 0, "does not come to rest");
            let polled = self.session.poll(self.now, &mut self.rx, &mut self.tx);
            let mut waits = false;
            match polled {
                Ok(Action::Event(Event::Request(ticket, request))) => {
                    let (choice, kind) = (self.answers.draw(), self.kind);
                    check_path(self.session.path());
                    check_path(self.session.working_directory());
                    let name = Text::new(b"made up").unwrap();
                    let mut entry =
                        Entry::new(name, if choice & 2 == 0 { Kind::File } else { Kind::Directory });
                    entry.size = Some(u64::from(choice));
                    let lines = [name, name];
                    let answer = match request {
                        Request::Admit if choice != 0xFF || kind => Answer::Done,
                        Request::Login { .. } if choice & 0x80 == 0 || kind => Answer::Done,
                        _ if choice & 0x80 != 0 && !kind => {
                            Answer::Refused(REFUSALS[usize::from(choice) % REFUSALS.len()])
                        }
                        Request::Stat { .. } => Answer::Entry(&entry),
                        Request::Open(Access::Unique) => {
                            Answer::Opened { size: None, unique_name: Some(name) }
                        }
                        Request::Digest { algorithm, .. } => Answer::Digest {
                            digest: &[0xA5; 64][..algorithm.digest_len()],
                            range: (0, u64::from(choice)),
                        },
                        Request::Available => Answer::Count(u64::from(choice)),
                        Request::Site(_) => {
                            Answer::Reply(ReplyCode::COMMAND_OKAY, &lines[..usize::from(choice) % 3])
                        }
                        Request::Open(_) | Request::List(_) => {
                            Answer::Opened { size: Some(u64::from(choice)), unique_name: None }
                        }
                        _ => Answer::Done,
                    };
                    let answered = self.session.answer(ticket, answer, &mut self.tx);
                    assert!(answered.is_ok(), "{answered:?} to {answer:?}");
                }
                Ok(Action::Event(_)) => {}
                Ok(Action::Data(id, op)) => self.data(id, &op),
                Ok(Action::UpgradeControl(token)) => match !self.kind && self.outcomes.draw() == 0x77 {
                    true => self.session.upgrade_failed(token),
                    false => self.session.upgraded(token),
                },
                Ok(Action::DowngradeControl(token)) => self.session.downgraded(token),
                Ok(Action::Close) => self.ended = true,
                Ok(Action::Wait(wait)) => {
                    self.deadline = wait.deadline;
                    let nothing = !(wait.readable || wait.writable || wait.application || wait.data);
                    assert!(!nothing || wait.deadline.is_some(), "waits for nothing");
                    assert!(wait.deadline.is_none_or(|deadline| deadline > self.now), "waits for the past");
                    assert!(
                        wait.readable || wait.writable || self.at_end || self.rx.spare().is_empty(),
                        "reads no more"
                    );
                    waits = !wait.writable;
                }
                Err(_) => self.ended = true,
                Ok(_) => {}
            }
            self.sent.extend_from_slice(self.tx.pending());
            self.tx.sent(usize::MAX);
            if let (Some(id), false) = (self.arriving, self.ended) {
                if [b"227 ", b"228 ", b"229 "].iter().any(|start| self.told(*start)) {
                    self.arriving = None;
                    self.stranger = self.arrivals.draw() == 0x55 && !self.kind;
                    self.event(id, DataEvent::Arrived(if self.stranger { SERVER } else { CLIENT }));
                    waits = false;
                }
            }
            if waits {
                break;
            }
        }
        assert!(self.sent.len() <= 4096 + 2048 * self.fed, "says too much");
    }

    /// Returns whether a reply that begins with `start` was sent since the last call that returned
    /// `true`.
    fn told(&mut self, start: &[u8]) -> bool {
        let news = &self.sent[self.told..];
        let found = news.starts_with(start)
            || news.windows(start.len() + 1).any(|w| w[0] == b'\n' && &w[1..] == start);
        if found {
            self.told = self.sent.len();
        }
        found
    }

    fn event(&mut self, id: DataId, event: DataEvent) {
        let taken = self.session.data_event(id, event);
        assert!(taken.is_ok(), "{taken:?} to {event:?}");
    }

    fn data(&mut self, id: DataId, op: &DataOp) {
        let counts = matches!(
            op,
            DataOp::Connect(_)
                | DataOp::Listen { .. }
                | DataOp::StartTls
                | DataOp::Send(_)
                | DataOp::Receive(_)
        );
        let outcome = if counts { self.outcomes.draw() } else { 0 };
        let fails = !self.kind && outcome & 0xF0 == 0x70;
        match op {
            DataOp::Connect(_) | DataOp::Listen { .. } if fails => {
                self.event(id, DataEvent::Failed(DataFailure::Unreachable));
            }
            DataOp::StartTls if fails => self.event(id, DataEvent::Failed(DataFailure::Handshake)),
            DataOp::StartTls => {
                if outcome & 2 == 2 {
                    self.event(id, DataEvent::Securing);
                }
                self.event(id, DataEvent::Secured { resumed: outcome != 0x44 });
            }
            DataOp::Send(_) | DataOp::Receive(_) if fails => {
                self.event(id, DataEvent::Failed(DataFailure::Broken))
            }
            DataOp::Connect(address) => {
                assert_eq!(address.ip(), CLIENT.ip(), "connects to a stranger");
                self.event(id, DataEvent::Connected);
            }
            DataOp::Listen { .. } => {
                let mut address = SERVER;
                address.set_port(50000);
                (self.arriving, self.told) = (Some(id), self.sent.len());
                self.event(id, DataEvent::Listening(address));
            }
            DataOp::Reject if core::mem::take(&mut self.stranger) => {
                self.event(id, DataEvent::Arrived(CLIENT))
            }
            DataOp::Send(_) => {
                self.event(id, DataEvent::Moved(10));
                self.event(id, DataEvent::Flushed);
                // The clock does not advance here, so the client closes its end at once.
                self.event(id, DataEvent::Eof { clean: true });
            }
            DataOp::Receive(_) => {
                self.event(id, DataEvent::Moved(10));
                if outcome & 1 == 1 {
                    self.event(id, DataEvent::Marker(Marker::new(b"1", 10).unwrap()));
                }
                let clean = self.kind || outcome != 0x33;
                self.event(id, DataEvent::Eof { clean });
            }
            DataOp::Close | DataOp::Abort if self.arriving == Some(id) => self.arriving = None,
            _ => {}
        }
    }

    /// Checks that every byte sent belongs to a complete reply.
    pub fn check_replies(&self) {
        let mut rest = &self.sent[..];
        while !rest.is_empty() {
            let (reply, after) = Reply::parse(rest, EndRule::SameCode)
                .expect("replies are replies")
                .expect("replies are whole");
            assert!(reply.code().meaning().is_some(), "{reply:?}");
            rest = after;
        }
    }
}

fn check_path(path: VirtualPath<'_>) {
    // The path is empty before the first request, and absolute and normal from then on.
    assert!(path.as_bytes().is_empty() || VirtualPath::parse(path.as_bytes()) == Ok(path), "{path:?}");
}
