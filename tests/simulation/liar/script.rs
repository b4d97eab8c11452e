//! What the server does about one command, step by step.

use super::super::network::{Net, SECOND, Socket};
use super::super::world::{CLIENT, SERVER};
use super::super::world::{CLIENT_HELLO, SERVER_HELLO};
use super::faults::Fault;
use super::server::{Node, Server};
use ftp_proto::codec::Escaped;

/// A reply, and the number of the command that it is meant for.
#[derive(Clone, Debug)]
pub struct Reply {
    pub code: u16,
    bytes: Vec<u8>,
    pub number: Option<usize>,
    pub copies: usize,
}

impl Reply {
    pub fn new(code: u16, bytes: Vec<u8>, number: Option<usize>) -> Self {
        Self { code, bytes, number, copies: 1 }
    }

    pub fn own(code: u16, text: &str, number: Option<usize>) -> Self {
        Self::new(code, format!("{code} {text}\r\n").into_bytes(), number)
    }

    /// Leaves out its end, so that it is none.
    pub fn cut(&mut self, length: usize) {
        self.bytes.truncate(length.min(self.bytes.len() - 1));
        (self.code, self.number) = (0, None);
    }

    /// The same once more, which answers nothing.
    pub fn copy(&self) -> Self {
        Self::new(self.code, self.bytes.clone(), None)
    }
}

#[derive(Clone, Debug)]
pub enum Step {
    Pause(u64),
    Say(Reply),
    /// Says it so much later, and goes on meanwhile.
    Later(u64, Reply),
    Accept,
    Send(Vec<u8>),
    Read,
    /// Stores what was read, behind these bytes.
    Commit(Vec<u8>, Vec<u8>),
    CloseData,
    ResetData,
    Hang,
    HangUp,
}

/// How long the server waits for a data connection, and for data on it.
const ACCEPTS: u64 = 30 * SECOND;
const READS: u64 = 300 * SECOND;

impl Server {
    fn say(&mut self, net: &mut Net, reply: &Reply) {
        let mut bytes = Vec::new();
        for copy in 0..reply.copies {
            let number = reply.number.filter(|_| copy == 0);
            self.dialogue.says(reply.bytes.len(), reply.code, number);
            bytes.extend_from_slice(&reply.bytes);
        }
        net.note(|| format!("S: {}", Escaped(&bytes)));
        // Cut anywhere, now and then.
        let whole = reply.copies > 1 || net.choices.below(3) < 2;
        let cut = if whole { bytes.len() } else { net.choices.below(bytes.len()) };
        net.say(CLIENT, &bytes[..cut]);
        net.say(CLIENT, &bytes[cut..]);
    }

    /// When something happens by itself.
    pub fn next(&self, now: u64) -> Option<u64> {
        let later = self.later.iter().map(|(at, _)| *at);
        let times = later.chain(self.deadline).chain(self.leaves_at).chain([self.ready_at]);
        times.filter(|at| *at > now && !self.closed).min()
    }

    /// Takes in what has come over the control connection.
    pub fn receive(&mut self, net: &mut Net) -> bool {
        if self.closed || self.client_gone {
            return false;
        }
        let pipe = &mut net.control[SERVER];
        let arrived = pipe.arrived(net.now).to_vec();
        if arrived.is_empty() {
            self.client_gone = pipe.is_over(net.now);
            return self.client_gone;
        }
        pipe.take(arrived.len());
        if arrived == CLIENT_HELLO {
            self.shake_hands(net);
            return true;
        }
        self.input.extend_from_slice(&arrived);
        while let Some(end) = self.input.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.input.drain(..=end).collect();
            let line = line.strip_prefix(b"\xff\xf4\xff\xf2").unwrap_or(&line);
            let line = line.strip_suffix(b"\r\n").expect("a command ends in CRLF");
            self.lines.push_back((self.received, line.to_vec()));
            self.received += 1;
        }
        true
    }

    /// Does one thing, where there is one to do.
    pub fn step(&mut self, net: &mut Net) -> bool {
        if self.closed {
            return false;
        }
        if let Some(due) = self.later.iter().position(|(at, _)| *at <= net.now) {
            let (_, reply) = self.later.swap_remove(due);
            self.say(net, &reply);
            return true;
        }
        if self.leaves_at.is_some_and(|at| at <= net.now) && !self.promised {
            self.say(net, &Reply::own(421, "Timeout.", None));
            self.hang_up(net);
            return true;
        }
        if self.answer_meanwhile(net) {
            return true;
        }
        if net.now < self.ready_at {
            return false;
        }
        let Some(step) = self.script.pop_front() else {
            self.promised = false;
            return match self.lines.pop_front() {
                Some((number, line)) => {
                    self.execute(net, number, &line);
                    true
                }
                None if self.client_gone => {
                    self.hang_up(net);
                    true
                }
                None => false,
            };
        };
        self.run(net, step)
    }

    /// ABOR, NOOP and STAT while a transfer runs.
    fn answer_meanwhile(&mut self, net: &mut Net) -> bool {
        let transfers = |step: &Step| {
            matches!(step, Step::Accept | Step::Send(_) | Step::Read | Step::Hang | Step::CloseData)
        };
        let Some((number, line)) = self.lines.front().cloned() else { return false };
        if !self.script.iter().any(transfers) {
            return false;
        }
        let owner = self.log.last().map(|log| log.number);
        match &line[..] {
            b"NOOP" => self.say(net, &Reply::own(200, "NOOP okay.", Some(number))),
            b"STAT" => self.say(net, &Reply::own(211, "It moves.", Some(number))),
            b"ABOR" => {
                self.script.clear();
                self.promised = false;
                self.close_data(net, true);
                self.say(net, &Reply::own(426, "Given up.", owner));
                self.say(net, &Reply::own(226, "ABOR done.", Some(number)));
            }
            _ => return false,
        }
        self.lines.pop_front();
        true
    }

    /// The client has begun a TLS handshake.
    fn shake_hands(&mut self, net: &mut Net) {
        let answer = self.handshake.take();
        net.note(|| format!("-- the handshake: {answer:?}"));
        match answer {
            None => {
                self.secure = true;
                net.say(CLIENT, SERVER_HELLO);
            }
            Some(Fault::HandshakeFails) => net.say(CLIENT, b"\x15?"),
            Some(Fault::HandshakeCloses) => self.hang_up(net),
            Some(_) => {}
        }
    }

    fn close_data(&mut self, net: &mut Net, resets: bool) {
        match self.link.take() {
            Some(socket) if resets => net.reset(socket),
            Some(socket) => net.end(socket),
            None => {}
        }
    }

    fn hang_up(&mut self, net: &mut Net) {
        net.note(|| "S: closes the connection".to_owned());
        self.close_data(net, true);
        net.hang_up(CLIENT);
        net.stop_listening(SERVER);
        self.closed = true;
    }

    /// The data connection came to nothing.
    fn broken(&mut self, net: &mut Net, code: u16) {
        let owner = self.log.last().map(|log| log.number);
        self.deadline = None;
        self.script = [Step::Say(Reply::own(code, "No data connection.", owner))].into();
        self.close_data(net, true);
    }

    /// Puts a step back that is not over; says whether its time is.
    fn wait(&mut self, net: &mut Net, step: Step, limit: u64, code: u16) -> bool {
        let deadline = *self.deadline.get_or_insert(net.now + limit);
        if deadline <= net.now {
            self.broken(net, code);
            return true;
        }
        self.script.push_front(step);
        false
    }

    fn run(&mut self, net: &mut Net, step: Step) -> bool {
        let now = net.now;
        match step {
            Step::Pause(time) => self.ready_at = now + time,
            Step::Say(reply) => self.say(net, &reply),
            Step::Later(time, reply) => self.later.push((now + time, reply)),
            Step::Accept => return self.accept(net),
            Step::Send(bytes) => {
                let piece = net.plan.piece - net.choices.below(net.plan.piece);
                let Some(link) = self.link else { return true };
                if net.inward(link).is_reset(now) || net.inward(link).is_over(now) {
                    self.broken(net, 426);
                    return true;
                }
                if net.outward(link).unread() >= net.plan.window {
                    return self.wait(net, Step::Send(bytes), READS, 426);
                }
                self.deadline = None;
                let piece = piece.min(bytes.len());
                net.send(link, &bytes[..piece], &bytes[..piece]);
                if piece < bytes.len() {
                    self.script.push_front(Step::Send(bytes[piece..].to_vec()));
                }
            }
            Step::Read => {
                let Some(link) = self.link else { return true };
                let pipe = net.inward(link);
                if pipe.is_reset(now) {
                    self.broken(net, 426);
                } else if pipe.is_over(now) {
                    self.deadline = None;
                } else {
                    let arrived = pipe.arrived(now).to_vec();
                    pipe.take(arrived.len());
                    if arrived.is_empty() {
                        return self.wait(net, Step::Read, READS, 426);
                    }
                    self.deadline = None;
                    self.got.extend_from_slice(&arrived);
                    self.script.push_front(Step::Read);
                }
            }
            Step::Commit(path, base) => {
                let kept = base.len();
                let bytes = [base, core::mem::take(&mut self.got)].concat();
                net.note(|| format!("-- {} bytes are stored as {}", bytes.len(), Escaped(&path)));
                if let Some(log) = self.log.last_mut() {
                    (log.done, log.base) = (true, kept);
                    log.content.clone_from(&bytes);
                }
                self.tree.insert(path, Node::File(bytes));
            }
            Step::CloseData => self.close_data(net, false),
            Step::ResetData => self.close_data(net, true),
            Step::Hang => {
                if self.client_gone {
                    return true;
                }
                self.script.push_front(Step::Hang);
                return false;
            }
            Step::HangUp => self.hang_up(net),
        }
        true
    }

    fn accept(&mut self, net: &mut Net) -> bool {
        self.got.clear();
        if let Some(port) = self.active.take() {
            let [from, to] = [("192.0.2.1", 20), ("192.0.2.2", port)]
                .map(|(ip, port)| std::net::SocketAddr::new(ip.parse().unwrap(), port));
            let delay = net.delay();
            self.link = net.connect(from, to, delay);
            if self.link.is_none() {
                self.broken(net, 425);
            }
            return true;
        }
        if !self.listens {
            self.broken(net, 425);
            return true;
        }
        match net.arrived(SERVER) {
            Some(arrival) => {
                self.link = arrival.link.map(|link| Socket { link, which: 1 });
                net.stop_listening(SERVER);
                (self.listens, self.deadline) = (false, None);
                true
            }
            None => self.wait(net, Step::Accept, ACCEPTS, 425),
        }
    }
}
