//! What the server does about one command, step by step.

use super::net::{Link, Net, SECOND};
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
            net.dialogue.says(reply.bytes.len(), reply.code, number);
            bytes.extend_from_slice(&reply.bytes);
        }
        net.note(&format!("S: {}", Escaped(&bytes)));
        let delay = net.delay();
        // Cut anywhere, now and then.
        let whole = reply.copies > 1 || net.random.below(3) > 0;
        let cut = if !whole { net.random.below(bytes.len()) } else { bytes.len() };
        let (now, later) = (net.now, net.delay());
        net.to_client.send(now, delay, &bytes[..cut]);
        net.to_client.send(now, delay.max(later), &bytes[cut..]);
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
        let arrived = net.to_server.arrived(net.now).to_vec();
        if arrived.is_empty() {
            self.client_gone = net.to_server.is_over(net.now);
            return self.client_gone;
        }
        net.to_server.take(arrived.len());
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

    fn link<'n>(&self, net: &'n mut Net) -> Option<&'n mut Link> {
        net.links.get_mut(self.link?)
    }

    fn close_data(&mut self, net: &mut Net, resets: bool) {
        let (now, delay) = (net.now, net.delay());
        if let Some(link) = self.link(net) {
            match resets {
                true => link.to_client.reset(now, delay),
                false => link.to_client.end(now, delay),
            }
        }
        self.link = None;
    }

    fn hang_up(&mut self, net: &mut Net) {
        net.note("S: closes the connection");
        self.close_data(net, true);
        let (now, delay) = (net.now, net.delay());
        net.to_client.end(now, delay);
        net.passive = None;
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
                let (piece, window, delay) = (1 + net.random.below(net.piece), net.window, net.delay());
                let Some(link) = self.link(net) else { return true };
                if link.to_server.is_reset(now) || link.to_server.is_over(now) {
                    self.broken(net, 426);
                    return true;
                }
                if link.to_client.unread() >= window {
                    return self.wait(net, Step::Send(bytes), READS, 426);
                }
                self.deadline = None;
                let piece = piece.min(bytes.len());
                link.to_client.send(now, delay, &bytes[..piece]);
                if piece < bytes.len() {
                    self.script.push_front(Step::Send(bytes[piece..].to_vec()));
                }
            }
            Step::Read => {
                let Some(link) = self.link(net) else { return true };
                if link.to_server.is_reset(now) {
                    self.broken(net, 426);
                } else if link.to_server.is_over(now) {
                    self.deadline = None;
                } else {
                    let arrived = link.to_server.arrived(now).to_vec();
                    link.to_server.take(arrived.len());
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
                net.note(&format!("-- {} bytes are stored as {}", bytes.len(), Escaped(&path)));
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
        if let Some(port) = self.active {
            let at = net.now + net.delay();
            let link = net.links.len();
            match &mut net.active {
                Some((listens, arrivals)) if *listens == port => {
                    arrivals.push_back((at, link));
                    net.links.push(Link::default());
                    self.link = Some(link);
                }
                _ => self.broken(net, 425),
            }
            self.active = None;
            return true;
        }
        let Some(listener) = &mut net.passive else {
            self.broken(net, 425);
            return true;
        };
        match listener.link {
            Some((at, link)) if at <= net.now => {
                net.passive = None;
                self.link = Some(link);
                self.deadline = None;
                true
            }
            _ => self.wait(net, Step::Accept, ACCEPTS, 425),
        }
    }
}
