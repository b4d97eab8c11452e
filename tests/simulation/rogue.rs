//! A session against a client that misbehaves. It sends odd commands, half lines, lines that are too long, and many
//! commands at once; it does not read replies, does not connect, connects and does nothing, breaks off in the middle,
//! aborts at any moment, spoils the TLS handshake, is silent for minutes, or leaves.
//!
//! The rules are those of [`super::world`], and these: the session ends, within [`LONGEST`] after the client has done
//! its last and the host was asked its last; and the tree is then as the replies said, but for what the session was at.

use super::choices::Choices;
use super::network::{Net, Plan, SECOND, Socket};
use super::shrink::Kind;
use super::world::{CLIENT, CLIENT_HELLO, SERVER, Side, Step, World};
use ftp_proto::codec::{Escaped, HashAlgorithm};
use ftp_proto::security::TlsMode;
use ftp_proto::server;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::num::NonZeroU64;
use std::time::Duration;

/// The longest that a session lasts once its client has done its last, and its host was asked its last: that thinks as long as it may, then a
/// transfer stalls, and then nothing comes any more.
pub const LONGEST: u64 = 1300 * SECOND;

const FILES: [&str; 8] = ["/a", "/b", "/dir/c", "new", "/none/x", "/dir", "/dir/../a", "//dir//./c"];

/// Commands without a data connection, and what resembles them.
const LINES: &str = "\
NOOP&PWD&CWD /dir&CWD ..&CDUP&MKD /m&MKD m&RMD /m&RMD m&DELE /a&DELE /b&DELE none&RNFR /a&RNFR /b&\
RNTO /b&RNTO /dir/c&SIZE /a&MDTM /a&MLST /a&MLST&STAT&STAT /&STAT -a /dir&HELP&HELP RETR&SITE HELP&\
SITE CHMOD 644 /a&SITE UMASK&SITE WHO&SYST&FEAT&OPTS UTF8 ON&OPTS MLST size;&TYPE I&TYPE A N&TYPE Q&\
STRU F&STRU X&MODE S&MODE X&ALLO 10&USER me&USER you&PASS secret&PASS wrong&REIN&LANG&LANG xx&ACCT x&\
HOST here&CLNT me&AVBL&MFMT 20200101000000 /a&ABOR&PBSZ 0&PROT X&XYZZY&FOO bar&RETR&STOR&PORT 1,2,3&\
PORT 192,0,2,2,0,25&PORT 10,0,0,1,99,99&EPRT |9|x|y|&EPRT |1|192.0.2.2|99999|&EPSV 9&EPSV&PASV&CWD&LPSV&\
REST x&noop&Quit&QUIT&STOU&LIST&RETR /a&STOR /b&  NOOP&CWD \"quoted\"&CWD /dir/&MKD a b&DELE a b";

#[derive(Clone, Debug)]
enum Act {
    /// Sends a line, and waits for a reply for some time.
    Line(Vec<u8>),
    /// Sends bytes, and waits for nothing.
    Raw(Vec<u8>),
    Connect(Job),
    Pause(u64),
    /// Does not read replies for some time.
    Deaf(u64),
    /// Closes the data connection; resets it.
    CloseData(bool),
    HangUp,
}

/// What it does with a data connection.
#[derive(Clone, Debug)]
enum Job {
    /// Reads all that comes.
    Read,
    /// Sends this, and how it ends.
    Send(Vec<u8>, Ending),
    Nothing,
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Orderly,
    Reset,
    /// Never.
    Stall,
    /// With a FIN, but without the end of TLS.
    Cut,
}

#[derive(Debug)]
pub struct Rogue {
    acts: VecDeque<Act>,
    /// How many acts are yet to be drawn.
    left: usize,
    ready_at: u64,
    /// Until when it waits for a reply.
    waits_until: Option<u64>,
    deaf_until: u64,
    /// What it has read of a line.
    line: Vec<u8>,
    passive: Option<SocketAddr>,
    data: Option<(Socket, Job)>,
    /// What it does with whoever comes to its listener.
    listening: Option<Job>,
    /// It has sent PROT P and waits; the server has granted it.
    asks_protection: bool,
    protects: bool,
    /// The server has closed the connection, or this client has.
    pub over: bool,
    /// When it did its last.
    pub last_act: u64,
}

impl Rogue {
    pub fn new(choices: &Choices, tls: bool) -> Self {
        let line = |line: &str| Act::Line(line.into());
        let mut acts = VecDeque::new();
        if tls && choices.below(4) < 3 {
            acts.push_back(line("AUTH TLS"));
            acts.push_back(match choices.below(8) {
                7 => Act::HangUp,
                6 => Act::Raw(b"\x16 garbage".to_vec()),
                5 => Act::Pause(40 * SECOND),
                _ => Act::Raw(CLIENT_HELLO.to_vec()),
            });
            acts.push_back(Act::Pause(SECOND));
            acts.extend([line("PBSZ 0"), line("PROT P")]);
        }
        if choices.below(12) < 11 {
            acts.extend([line("USER me"), line("PASS secret")]);
        }
        Self {
            acts,
            left: 3 + choices.below(20),
            ready_at: 0,
            waits_until: Some(60 * SECOND),
            deaf_until: 0,
            line: Vec::new(),
            passive: None,
            data: None,
            listening: None,
            asks_protection: false,
            protects: false,
            over: false,
            last_act: 0,
        }
    }

    pub fn next(&self) -> Option<u64> {
        [self.ready_at, self.deaf_until].into_iter().chain(self.waits_until).filter(|_| !self.over).max()
    }

    pub fn step(&mut self, net: &mut Net) -> bool {
        self.hear(net) || self.move_data(net) || self.act(net)
    }

    /// Reads replies.
    fn hear(&mut self, net: &mut Net) -> bool {
        let pipe = &mut net.control[CLIENT];
        if self.over || self.deaf_until > net.now {
            return false;
        }
        let arrived = pipe.arrived(net.now).to_vec();
        pipe.take(arrived.len());
        if arrived.is_empty() {
            self.over = pipe.is_over(net.now);
            return self.over;
        }
        self.line.extend_from_slice(&arrived);
        while let Some(end) = self.line.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.line.drain(..=end).collect();
            self.reply(&String::from_utf8_lossy(&line));
        }
        true
    }

    fn reply(&mut self, line: &str) {
        let Some(code) = line.get(..4).and_then(|code| code.strip_suffix(' ')?.parse::<u16>().ok()) else {
            return;
        };
        let numbers: Vec<u16> =
            line[4..].split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
        let port = match (code, &numbers[..]) {
            (229, [.., port]) => Some(*port),
            (227, [.., high, low]) => Some(high * 256 + low),
            _ => None,
        };
        if let Some(port) = port {
            self.passive = Some(SocketAddr::new("192.0.2.1".parse().unwrap(), port));
        }
        if code >= 200 {
            self.waits_until = None;
            self.protects |= core::mem::take(&mut self.asks_protection) && code == 200;
        }
    }

    fn move_data(&mut self, net: &mut Net) -> bool {
        if self.listening.is_some() {
            if let Some(arrival) = net.arrived(CLIENT) {
                let job = self.listening.take().expect("it listens");
                net.stop_listening(CLIENT);
                self.open(net, arrival.link.map(|link| Socket { link, which: 1 }), job);
                return true;
            }
        }
        let Some((socket, job)) = &mut self.data else { return false };
        let (socket, now) = (*socket, net.now);
        if net.inward(socket).is_reset(now) {
            self.data = None;
            return true;
        }
        match job {
            Job::Nothing => false,
            Job::Read => {
                let pipe = net.inward(socket);
                let arrived = pipe.arrived(now).len();
                pipe.take(arrived);
                let over = pipe.is_over(now);
                if over {
                    net.close(socket, false);
                    self.data = None;
                }
                over || arrived > 0
            }
            Job::Send(bytes, ending) => {
                if net.outward(socket).unread() >= net.plan.window {
                    return false;
                }
                if !bytes.is_empty() {
                    let piece = bytes.len().min(net.plan.piece);
                    let piece: Vec<u8> = bytes.drain(..piece).collect();
                    net.send(socket, &piece, &piece);
                    return true;
                }
                match ending {
                    Ending::Orderly => net.end(socket),
                    Ending::Cut if self.protects => net.outward(socket).cut(now, 0),
                    Ending::Reset | Ending::Cut => net.reset(socket),
                    Ending::Stall => {}
                }
                self.data = match ending {
                    Ending::Orderly => Some((socket, Job::Read)),
                    Ending::Stall => Some((socket, Job::Nothing)),
                    _ => None,
                };
                true
            }
        }
    }

    fn open(&mut self, net: &mut Net, socket: Option<Socket>, job: Job) {
        let Some(socket) = socket else { return };
        net.note(|| format!("C: opens a data connection, to {job:?}"));
        if self.protects {
            net.send(socket, b"\x16", b"");
        }
        if let Some((old, _)) = self.data.replace((socket, job)) {
            net.close(old, true);
        }
    }

    fn act(&mut self, net: &mut Net) -> bool {
        if self.over || self.ready_at > net.now || self.waits_until.is_some_and(|until| until > net.now) {
            return false;
        }
        self.waits_until = None;
        if self.acts.is_empty() {
            if self.left == 0 {
                return false;
            }
            self.left -= 1;
            self.draw(net);
        }
        let Some(act) = self.acts.pop_front() else { return true };
        self.last_act = net.now;
        match act {
            Act::Line(line) => {
                self.asks_protection = line == b"PROT P";
                self.send(net, &[&line[..], b"\r\n"].concat());
                self.waits_until = Some(net.now + 20 * SECOND);
            }
            Act::Raw(bytes) => self.send(net, &bytes),
            Act::Connect(job) => {
                let delay = net.delay();
                let from = "192.0.2.2:41000".parse().unwrap();
                let socket = self.passive.and_then(|to| net.connect(from, to, delay));
                self.open(net, socket, job);
            }
            Act::Pause(time) => self.ready_at = net.now + time,
            Act::Deaf(time) => {
                net.note(|| format!("C: reads nothing for {} s", time / SECOND));
                self.deaf_until = net.now + time;
            }
            Act::CloseData(resets) => {
                if let Some((socket, _)) = self.data.take() {
                    net.note(|| "C: closes the data connection".to_owned());
                    net.close(socket, resets);
                }
            }
            Act::HangUp => {
                net.note(|| "C: hangs up".to_owned());
                net.hang_up(SERVER);
                self.over = true;
            }
        }
        true
    }

    fn send(&self, net: &mut Net, bytes: &[u8]) {
        net.note(|| format!("C: {}", Escaped(&bytes[..bytes.len().min(200)])));
        let cut = net.choices.piece(bytes.len());
        net.say(SERVER, &bytes[..cut]);
        net.say(SERVER, &bytes[cut..]);
    }

    fn command(&self, choices: &Choices) -> Vec<u8> {
        let line = LINES.split('&').nth(choices.below(LINES.split('&').count())).unwrap_or_default();
        // What protects data is to be known.
        let unsettles = ["REIN", "USER"].iter().any(|verb| line.starts_with(verb));
        if self.protects && unsettles { b"NOOP".to_vec() } else { line.into() }
    }

    /// Draws what it does next.
    fn draw(&mut self, net: &mut Net) {
        let choices = net.choices.clone();
        let choices = &choices;
        match choices.below(20) {
            0..=3 => self.acts.push_back(Act::Line(self.command(choices))),
            4..=11 => self.transfer(net),
            12 => {
                let line = [&self.command(choices)[..], b"\r\n"].concat();
                let (first, rest) = line.split_at(choices.below(line.len()));
                self.acts.push_back(Act::Raw(first.to_vec()));
                self.acts.push_back(Act::Pause(net.some_time(400 * SECOND)));
                if choices.below(4) < 3 {
                    self.acts.push_back(Act::Raw(rest.to_vec()));
                }
            }
            13 => {
                let mut line = b"CWD ".to_vec();
                line.resize(choices.one(&[2046, 2047, 2500, 100, 9000]), b'x');
                if choices.below(4) < 3 {
                    line.extend(b"\r\n");
                }
                self.acts.push_back(Act::Raw(line));
            }
            14 => {
                let garbage: &[&[u8]] = &[
                    b"\r\n",
                    b"\n\n",
                    b"\0\0\r\n",
                    b"\xff\xfe\xfd",
                    b"NOOP\n",
                    b"NO\0OP\r\n",
                    b"\xff\r\n",
                    b"\x80\x81\r\n",
                ];
                self.acts.push_back(Act::Raw(choices.one(garbage).to_vec()));
            }
            15 => {
                let abort: &[u8] = choices.one(&[b"ABOR\r\n", b"\xff\xf4\xff\xf2ABOR\r\n"]);
                self.acts.push_back(Act::Pause(net.some_time(2 * SECOND)));
                self.acts.push_back(Act::Raw(abort.to_vec()));
            }
            16 => match choices.below(3) {
                0 => self.acts.push_back(Act::Deaf(net.some_time(400 * SECOND))),
                1 => self.acts.push_back(Act::Pause(net.some_time(400 * SECOND))),
                _ => self.acts.push_back(Act::CloseData(choices.below(2) == 1)),
            },
            17 | 18 => {
                for _ in 0..2 + choices.below(12) {
                    let line = [&self.command(choices)[..], b"\r\n"].concat();
                    self.acts.push_back(Act::Raw(line));
                }
            }
            _ if choices.below(3) == 2 => self.acts.push_back(Act::HangUp),
            _ => {}
        }
    }

    /// Draws a transfer, right or wrong.
    fn transfer(&mut self, net: &mut Net) {
        let choices = net.choices.clone();
        let line = |line: String| Act::Line(line.into_bytes());
        let path = choices.one(&FILES);
        let verb = choices.one(&["RETR", "STOR", "LIST", "APPE", "MLSD", "NLST", "STOU", "STOR"]);
        let uploads = matches!(verb, "STOR" | "APPE" | "STOU");
        let job = match choices.below(8) {
            7 => Job::Nothing,
            _ if !uploads => Job::Read,
            kind => {
                let length = choices.one(&[20, 0, 1, 700, 3000]);
                let text = format!("upload {} ", choices.below(1 << 20));
                let bytes = text.bytes().cycle().take(length).collect();
                let endings = [Ending::Reset, Ending::Cut, Ending::Stall];
                Job::Send(bytes, if kind < 4 { Ending::Orderly } else { endings[kind % 3] })
            }
        };
        let connects = choices.below(6);
        match choices.below(6) {
            5 => {
                // Here the server connects, or cannot.
                net.stop_listening(CLIENT);
                let mut port = 2000;
                if connects < 5 {
                    port = net.listen(CLIENT, "192.0.2.2".parse().unwrap(), None).port();
                    self.listening = Some(job.clone());
                }
                self.acts.push_back(line(format!("EPRT |1|192.0.2.2|{port}|")));
            }
            4 => self.acts.push_back(line("PASV".to_owned())),
            _ => self.acts.push_back(line("EPSV".to_owned())),
        }
        if choices.below(4) == 3 && verb != "STOU" {
            self.acts.push_back(line("TYPE I".to_owned()));
            self.acts.push_back(line(format!("REST {}", choices.below(30))));
        }
        if connects < 3 {
            self.acts.push_back(Act::Connect(job.clone()));
        }
        let command = if verb == "STOU" { "STOU".to_owned() } else { format!("{verb} {path}") };
        match choices.below(4) {
            3 => self.acts.push_back(Act::Raw(format!("{command}\r\n").into_bytes())),
            // Waiting would only delay what comes behind the command.
            _ if matches!(connects, 3 | 4) => {
                self.acts.push_back(Act::Raw(format!("{command}\r\n").into_bytes()));
            }
            _ => self.acts.push_back(line(command)),
        }
        if matches!(connects, 3 | 4) {
            self.acts.push_back(Act::Pause(net.some_time(40 * SECOND)));
            self.acts.push_back(Act::Connect(job));
        }
        if choices.below(8) == 7 {
            self.acts.push_back(Act::Pause(net.some_time(SECOND)));
            self.acts.push_back(Act::Raw(b"ABOR\r\n".to_vec()));
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    commands: usize,
    stored: usize,
    sent: usize,
    /// Sessions whose end the server had to bring about.
    timed_out: usize,
    longest: u64,
}

impl std::ops::AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.commands += other.commands;
        self.stored += other.stored;
        self.sent += other.sent;
        self.timed_out += other.timed_out;
        self.longest = self.longest.max(other.longest);
    }
}

fn session(choices: Choices) -> Tally {
    let mut config = server::Config::default();
    config.hashes = &[HashAlgorithm::Crc32];
    let tls = choices.below(4) == 3;
    if tls {
        config.security.tls = TlsMode::Explicit;
    }
    if choices.below(4) == 3 {
        config.limits.upload_size = NonZeroU64::new(1 + choices.below(1000) as u64);
    }
    if choices.below(4) == 3 {
        config.limits.minimum_rate = 1;
    }
    if choices.below(4) == 3 {
        config.timeouts.orphaned_upload = Duration::ZERO;
    }
    let mut plan = if choices.below(3) == 2 {
        Plan::draw(&choices)
    } else {
        Plan { piece: 4000, window: 4000, ..Plan::calm() }
    };
    // The client does enough.
    (plan.control_resets, plan.control_stalls, plan.no_resets) = (0, 0, false);
    let rogue = Side::rogue(Rogue::new(&choices, tls));
    let peer = "192.0.2.2:40000".parse().unwrap();
    let served = Side::session(config, "192.0.2.1:21".parse().unwrap(), peer, &choices);
    let mut world = World::new(&choices, plan, vec![rogue, served]);
    world.put_file("/a", &choices.content(300));
    world.put_file("/dir/c", &choices.content(3000));
    let mut steps = 0..400_000;
    while !world.sides[SERVER].gone {
        assert!(steps.next().is_some(), "it goes on and on");
        // Each of the commands that came together may keep the host busy.
        let last = world.rogue().last_act.max(world.served().asked_at);
        let quiet = world.net.now - last.min(world.net.now);
        assert!(quiet <= LONGEST, "the session lasts {} s longer than its client", quiet / SECOND);
        assert_ne!(world.step(), Step::Rest, "the session does not end: {:?}", world.waits());
    }
    let timed_out = usize::from(!world.rogue().over);
    let (now, last) = (world.net.now, world.rogue().last_act);
    let served = world.served();
    let (stored, sent) = served.model.moved;
    Tally { commands: served.dialogue.commands, stored, sent, timed_out, longest: now - last.min(now) }
}

#[test]
fn whatever_a_misbehaving_client_does_the_tree_is_what_the_replies_say_and_the_session_ends() {
    let Some((sessions, tally)) = Kind { test: "whatever_a_misbehaving_client", session }.run(2500) else {
        return;
    };
    let Tally { commands, stored, sent, timed_out, .. } = tally;
    for count in [commands / 10, stored, sent, timed_out] {
        assert!(count as u64 > sessions / 10, "no longer everything is simulated: {tally:?}");
    }
}
