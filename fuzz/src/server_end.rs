//! A session with a host that answers as the fuzzer decides, and data connections that end as it
//! decides, each at once or later.

use std::net::SocketAddr;
use std::time::Duration;

use ftp_proto::action::{Action, DataEvent, DataId, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::codec::{Direction, EndRule, Reply, Text};
use ftp_proto::error::{Error, LocalError};
use ftp_proto::security::TlsMode;
use ftp_proto::server::{
    Config, Endpoints, Event, EventKind, Refusal, Request, Session, Ticket, VirtualPath, is_anonymous_name,
};
use ftp_proto::time::Instant;
use ftp_proto::transfer::Marker;

use crate::host::{self, Given};
use crate::{CLIENT, Choices, FAILURES, SERVER};

/// Size of the output buffer in bytes. It is small, so that it fills up.
const STORAGE: usize = 2048;
/// Number of bytes that the session may have received and not yet taken.
const WINDOW: usize = 300;

pub struct ServerEnd<'a> {
    session: Session<Vec<u8>>,
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
    peer: SocketAddr,
    /// Set if data connections may go anywhere.
    foreign: bool,
    /// Set if no request is to be refused, and neither a data connection nor a handshake is to
    /// fail.
    pub kind: bool,
    /// Set if the client reads its replies only while it is silent.
    pub slow: bool,
    /// The listener that the client connects to, once it knows the address.
    arriving: Option<DataId>,
    /// Set if a stranger has connected. The client comes next.
    stranger: bool,
    /// The answer that the host gives later.
    late: Option<(Ticket, Given)>,
    /// The data operation that is carried out later.
    held: Option<(DataId, DataOp)>,
    /// Set once something that was put off had to happen, or time to pass, because the session had no
    /// room to read. How the bytes arrive makes a difference then.
    pub hurried: bool,
    /// All bytes that the session sent.
    pub sent: Vec<u8>,
    /// Set once the session has ended.
    pub ended: bool,
    at_end: bool,
    fed: usize,
    told: usize,
}

impl<'a> ServerEnd<'a> {
    pub fn new(config: Config, endpoints: Endpoints, choices: &'a [u8]) -> Self {
        let foreign = config.foreign_addresses;
        let mut away = Vec::new();
        config.turn_away(&mut away).unwrap();
        let turned_away = Reply::parse(&away, EndRule::SameCode).unwrap();
        assert_eq!(turned_away.is_some(), config.security.tls != TlsMode::Implicit);
        let mut session = Session::new(Config::default(), endpoints, vec![0; 512]);
        for (rx, tx) in [(100, STORAGE), (WINDOW, 100)] {
            let (mut rx, mut tx) = (RecvBuf::new(vec![0; rx]), SendBuf::new(vec![0; tx]));
            let polled = session.poll(Instant::default(), &mut rx, &mut tx);
            assert!(matches!(polled, Err(Error::Local(_))), "{polled:?}");
        }
        Self {
            foreign,
            session: Session::new(config, endpoints, vec![0; 512]),
            rx: RecvBuf::new(vec![0; WINDOW]),
            tx: SendBuf::new(vec![0; STORAGE]),
            now: Instant::default(),
            deadline: None,
            answers: Choices::new(choices),
            outcomes: Choices::new(choices),
            arrivals: Choices::new(choices),
            peer: endpoints.peer,
            kind: false,
            slow: false,
            arriving: None,
            stranger: false,
            late: None,
            held: None,
            hurried: false,
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
        let mut pauses = 0;
        while !bytes.is_empty() && !self.ended {
            let taken = self.rx.extend(bytes);
            self.fed += taken;
            bytes = &bytes[taken..];
            self.run();
            if taken == 0 {
                pauses += 1;
                assert!(pauses < 600 || self.ended, "at rest, and no room to read");
                self.hurried |= self.puts_off();
                self.pause();
                // Only time ends a transfer whose client does not.
                if pauses > 8 {
                    self.hurried = true;
                    self.pass(0);
                }
            }
        }
    }

    pub fn eof(&mut self) {
        self.rx.eof();
        self.at_end = true;
        self.run();
    }

    /// Returns whether anything is put off.
    pub fn puts_off(&self) -> bool {
        self.late.is_some() || self.held.is_some()
    }

    /// Lets happen what was put off: the client reads, the host answers, and data moves.
    pub fn pause(&mut self) {
        while !self.tx.is_empty() {
            self.drain();
            self.run();
        }
        if let Some((ticket, given)) = self.late.take() {
            self.give(ticket, given);
        }
        self.run();
        if let Some((id, op)) = self.held.take() {
            let outcome = self.outcomes.draw();
            if !self.ended && (self.kind || !self.goes_on(id, &op, outcome)) {
                self.carry_out(id, &op, outcome);
            }
            self.run();
        }
        while !self.tx.is_empty() {
            self.drain();
            self.run();
        }
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

    /// Advances the clock by so many seconds, or to the next deadline for 0.
    pub fn pass(&mut self, seconds: u8) {
        self.now = match seconds {
            0 => self.deadline.unwrap_or(self.now).max(self.now),
            seconds => self.now.after(Duration::from_secs(seconds.into())),
        };
        self.run();
        self.drain();
    }

    /// Does what the owner of a session may do at any time.
    pub fn intervene(&mut self, how: u8) {
        if self.ended {
            return;
        }
        match how % 4 {
            0 => self.session.shut_down(),
            1 => self.session.close(Text::literal("Enough."), &mut self.tx),
            2 => {
                let size = usize::from(how) * 4;
                let fits = size >= self.session.paths_in_use();
                assert_eq!(self.session.replace_paths(vec![0; size]).is_ok(), fits);
            }
            _ => {
                assert_eq!(self.session.ended_by(), None);
                assert!(!self.session.is_logged_in() || self.session.user().is_empty());
                assert!(self.session.umask().is_none_or(|mask| mask <= 0o777));
                assert!(self.session.failed_logins() <= 5);
                assert!(self.session.is_logged_in() || !self.session.shares_tls_sessions());
                assert!(!self.session.is_certified() || self.session.is_secured());
                assert!(self.session.size_hint().is_none() || self.session.is_logged_in());
                assert!(!self.session.is_transferring() || self.session.is_logged_in());
            }
        }
        self.run();
    }

    /// Advances the clock without further input until the session has ended.
    pub fn run_down(&mut self) {
        // The host may be late with each command that the window holds, and each has four bytes or more.
        for _ in 0..16 + WINDOW / 4 {
            self.pause();
            self.now = self.now.after(Duration::from_secs(301));
        }
        assert!(self.ended, "a session that nobody talks to goes on for ever");
        if let Some((ticket, given)) = self.late.take() {
            self.give(ticket, given);
        }
    }

    fn drain(&mut self) {
        self.sent.extend_from_slice(self.tx.pending());
        self.tx.sent(usize::MAX);
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
                    let choice = self.answers.draw();
                    check_path(self.session.path());
                    check_path(self.session.working_directory());
                    if request == Request::Rename {
                        check_path(self.session.source_path());
                    }
                    assert_eq!(request.map(|text| text), request);
                    if matches!(request, Request::Login { .. }) {
                        let user = self.session.user();
                        let anonymous =
                            [&b"ftp"[..], b"anonymous"].iter().any(|name| name.eq_ignore_ascii_case(user));
                        assert_eq!(is_anonymous_name(user), anonymous);
                    }
                    let hung = self.late.take_if(|(ticket, _)| !self.session.awaits(ticket));
                    assert!(self.session.awaits(&ticket) && self.late.is_none(), "one request at a time");
                    let given = host::answer(&self.session, &request, choice, self.kind);
                    let unfit = host::unfit(&request);
                    // The request before has waited too long for its answer, which comes now.
                    if let Some((ticket, given)) = hung {
                        self.give(ticket, given);
                    }
                    if choice & 0xF0 == 0x50 {
                        self.late = Some((ticket, given));
                    } else {
                        if choice & 0x48 == 0x48 {
                            let answered = self.session.answer(ticket, unfit, &mut self.tx);
                            let Err((LocalError::WrongAnswer, again)) = answered else {
                                panic!("{answered:?} to an answer that does not fit {given:?}")
                            };
                            self.give(again, given);
                        } else {
                            self.give(ticket, given);
                        }
                    }
                }
                Ok(Action::Event(Event::Abort)) => {
                    let (ticket, given) = self.late.take().expect("it aborts what it waits for");
                    let stops = self.answers.draw() & 1 == 0;
                    self.give(ticket, if stops { Given::Refused(Refusal::Aborted) } else { given });
                }
                Ok(Action::Data(id, op)) => self.data(id, &op),
                Ok(Action::UpgradeControl(token)) => match self.outcomes.draw() {
                    0x77 if !self.kind => self.session.upgrade_failed(token),
                    0x78 => self.session.upgraded_with_certificate(token),
                    _ => self.session.upgraded(token),
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
                    waits = !wait.writable || self.slow;
                }
                Err(_) => self.ended = true,
                Ok(_) => {}
            }
            self.events();
            if !self.slow || self.ended {
                self.drain();
            }
            if let (Some(id), false) = (self.arriving, self.ended) {
                if [b"227 ", b"228 ", b"229 "].iter().any(|start| self.told(*start)) {
                    self.arriving = None;
                    self.stranger = self.arrivals.draw() == 0x55 && !self.kind;
                    self.event(id, DataEvent::Arrived(if self.stranger { SERVER } else { self.peer }));
                    waits = false;
                }
            }
            if waits {
                break;
            }
        }
        assert!(self.sent.len() <= 8192 + 2048 * self.fed, "says too much");
    }

    /// Answers a request of the session, which takes the answer unless it waits no more.
    fn give(&mut self, ticket: Ticket, given: Given) {
        let awaited = self.session.awaits(&ticket);
        if let Given::Entries(count) = given {
            for number in 0..count {
                let entry = host::entry(number * 9);
                let mut sent = self.session.send_entry(&ticket, &entry, &mut self.tx);
                if sent == Err(LocalError::NoRoom) {
                    self.drain();
                    sent = self.session.send_entry(&ticket, &entry, &mut self.tx);
                }
                assert_eq!(sent.is_ok(), awaited, "{sent:?}");
            }
        }
        let answered = given.tell(|answer| self.session.answer(ticket, answer, &mut self.tx));
        match answered {
            Ok(()) => assert!(awaited),
            Err((error, _)) => assert!(error == LocalError::Ended && !awaited, "{error:?} to {given:?}"),
        }
        self.events();
    }

    /// Takes the events that are only to be known.
    fn events(&mut self) {
        while let Some(event) = self.session.take_event() {
            match event {
                EventKind::LoggedIn => assert!(self.session.is_logged_in()),
                EventKind::Secured => assert!(self.session.is_secured()),
                EventKind::Cleared => assert!(!self.session.is_secured()),
                EventKind::Transferred(end) => {
                    assert!(!end.listing || end.direction == Direction::FromServer, "{end:?}")
                }
                _ => {}
            }
        }
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
        // An event that cannot happen now is refused, and changes nothing.
        let wrong = if matches!(op, DataOp::Listen { .. }) {
            DataEvent::Connected
        } else {
            DataEvent::Listening(SERVER)
        };
        if let Err(error) = self.session.data_event(id, wrong) {
            assert!(matches!(error, LocalError::UnexpectedDataEvent { .. }), "{error:?}");
            assert!(error.to_string().contains("the data connection is"), "{error}");
        }
        match op {
            DataOp::Reject if core::mem::take(&mut self.stranger) => {
                self.event(id, DataEvent::Arrived(self.peer))
            }
            DataOp::Close | DataOp::Abort => {
                // What happens to it from now on is no news.
                self.event(id, DataEvent::Moved(1));
                self.arriving.take_if(|arriving| *arriving == id);
                self.held.take_if(|(held, _)| *held == id);
            }
            DataOp::Connect(_)
            | DataOp::Listen { .. }
            | DataOp::StartTls
            | DataOp::Send(_)
            | DataOp::Receive(_) => match self.outcomes.draw() {
                outcome if outcome & 0xF0 == 0x60 && !self.goes_on(id, op, outcome) => {
                    self.held = Some((id, op.clone()));
                }
                outcome if outcome & 0xF0 == 0x60 => {}
                outcome => self.carry_out(id, op, outcome),
            },
            _ => {}
        }
    }

    /// Carries out a part of an operation that goes on. Returns whether it does.
    fn goes_on(&mut self, id: DataId, op: &DataOp, outcome: u8) -> bool {
        let moves = matches!(op, DataOp::Send(_) | DataOp::Receive(_));
        if outcome & 0xF0 != 0x60 || !moves {
            return false;
        }
        self.event(id, DataEvent::Moved((outcome & 3).into()));
        if outcome & 4 == 4 {
            self.event(id, DataEvent::Decoded(1));
        }
        self.held = Some((id, op.clone()));
        true
    }

    fn carry_out(&mut self, id: DataId, op: &DataOp, outcome: u8) {
        if !self.kind && outcome & 0xF0 == 0x70 {
            return self.event(id, DataEvent::Failed(FAILURES[usize::from(outcome & 0xF) % FAILURES.len()]));
        }
        match op {
            DataOp::StartTls => {
                if outcome & 2 == 2 {
                    self.event(id, DataEvent::Securing);
                }
                self.event(id, DataEvent::Secured { resumed: outcome != 0x44 || self.kind });
                if outcome & 8 == 8 {
                    self.event(id, DataEvent::Ahead);
                }
            }
            DataOp::Connect(address) => {
                assert!(self.foreign || address.ip() == self.peer.ip(), "connects to a stranger");
                self.event(id, DataEvent::Connected);
            }
            DataOp::Listen { .. } => {
                let mut address = SERVER;
                address.set_port(50000);
                (self.arriving, self.told) = (Some(id), self.sent.len());
                self.event(id, DataEvent::Listening(address));
            }
            DataOp::Send(_) => {
                self.event(id, DataEvent::Moved(10));
                self.event(id, DataEvent::Flushed);
                // The clock does not advance here, so the client closes its end at once, unless it
                // is slow, or resets the connection.
                match outcome & 0x0C {
                    0x0C if !self.kind => {}
                    0x08 => self.event(id, DataEvent::Failed(FAILURES[1])),
                    _ => self.event(id, DataEvent::Eof { clean: true }),
                }
            }
            DataOp::Receive(_) => {
                self.event(id, DataEvent::Moved(10));
                if outcome & 1 == 1 {
                    self.event(id, DataEvent::Marker(Marker::new(b"1", 10).unwrap()));
                }
                let clean = self.kind || outcome != 0x33;
                self.event(id, DataEvent::Eof { clean });
            }
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

/// Returns the ends of a connection, over IPv6 if `v6` is set.
pub fn endpoints(v6: bool) -> Endpoints {
    let [local, peer] = [SERVER, CLIENT].map(|address| match address.ip() {
        std::net::IpAddr::V4(ip) if v6 => {
            let [_, _, _, last] = ip.octets();
            SocketAddr::from(([0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(last)], address.port()))
        }
        _ => address,
    });
    Endpoints { local, peer }
}

fn check_path(path: VirtualPath<'_>) {
    // The path is empty before the first request, and absolute and normal from then on.
    assert!(path.as_bytes().is_empty() || VirtualPath::parse(path.as_bytes()) == Ok(path), "{path:?}");
    assert_eq!(path.file_name(), path.components().last());
}
