//! A server of one session: a tree, and what it does about each command. What it says is true but for the faults
//! that it was told to make, and it remembers what it really did.

use super::super::choices::Choices;
use super::super::network::{Net, SECOND, Socket};
use super::super::world::SERVER;
use super::dialogue::Dialogue;
use super::faults::{FOREIGN, Fault, Faults, GARBAGE, Kind, REFUSALS};
use super::script::{Reply, Step};
use ftp_proto::codec::{Escaped, Verb};
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    Directory,
    File(Vec<u8>),
}

/// What the server really did about a command.
#[derive(Clone, Debug)]
pub struct Executed {
    pub number: usize,
    pub verb: Option<Verb>,
    pub path: Vec<u8>,
    /// It was carried out.
    pub done: bool,
    /// What was stored, or the whole of a listing or a file.
    pub content: Vec<u8>,
    /// How much of the content an upload found there and kept.
    pub base: usize,
    /// What the reply told.
    pub value: Vec<u8>,
    /// The size that the 1yz named.
    pub hint: Option<u64>,
    /// The transfer has a 1yz.
    pub announced: bool,
    /// It has no final reply of its own.
    pub unanswered: bool,
}

#[derive(Debug)]
pub struct Server {
    pub dialogue: Dialogue,
    pub tree: BTreeMap<Vec<u8>, Node>,
    pub faults: Faults,
    pub log: Vec<Executed>,
    /// Of what was executed, the command of the moment.
    pub(super) script: VecDeque<Step>,
    pub(super) ready_at: u64,
    pub(super) deadline: Option<u64>,
    pub(super) link: Option<Socket>,
    /// A passive port is open.
    pub(super) listens: bool,
    pub(super) got: Vec<u8>,
    pub(super) active: Option<u16>,
    /// Replies that come at some time, whatever else is said.
    pub(super) later: Vec<(u64, Reply)>,
    pub(super) leaves_at: Option<u64>,
    /// An upload is called complete before it is: then it will be.
    pub(super) promised: bool,
    pub(super) lines: VecDeque<(usize, Vec<u8>)>,
    pub(super) input: Vec<u8>,
    pub(super) received: usize,
    pub(super) client_gone: bool,
    pub(super) closed: bool,
    /// The server has TLS, and the client sends neither name nor password without it.
    pub tls: bool,
    pub(super) secure: bool,
    /// What goes wrong with the handshake that is to come.
    pub(super) handshake: Option<Fault>,
    /// How long it may think about a command, in microseconds.
    pub(super) thinks: u64,
    cwd: Vec<u8>,
    logged_in: bool,
    pub(super) rest: u64,
    pub(super) rest_ignored: bool,
    rnfr: Option<Vec<u8>>,
    pub(super) knows_mlsd: bool,
    next_port: u16,
}

/// Names that a careless client takes for something else.
const HOSTILE: [&[u8]; 14] = [
    b"-rf",
    b" lead",
    b"a b",
    b"~",
    b"x*y",
    b"{a,b}",
    b"[a] b",
    b"back\\slash",
    b"\"quoted\"",
    b"226 done",
    b"%41#",
    b"\xc3\xa4\xe2\x82\xac",
    b"\xfe\x80",
    b"trail ",
];

pub fn content(choices: &Choices) -> Vec<u8> {
    let most = choices.one(&[1, 20, 300, 3000]);
    choices.content(most)
}

impl Server {
    pub fn new(choices: &Choices) -> Self {
        let mut tree = BTreeMap::new();
        for directory in ["/", "/dir", "/dir/deep", "/h", "/empty"] {
            tree.insert(directory.as_bytes().to_vec(), Node::Directory);
        }
        for file in ["/a", "/b", "/dir/c", "/dir/d"] {
            tree.insert(file.as_bytes().to_vec(), Node::File(content(choices)));
        }
        for name in HOSTILE {
            let directory = choices.below(3) == 2;
            let node = if directory { Node::Directory } else { Node::File(content(choices)) };
            tree.insert([b"/h/", name].concat(), node);
        }
        let later = (choices.below(3) == 2).then(|| choices.below(5_000_000) as u64);
        let greeting = Reply::own(220, "ready", None);
        let mut script: VecDeque<Step> = [Step::Say(greeting.clone())].into();
        let mut faults = Faults::draw(choices);
        // The greeting can come twice.
        if let (Some(later), Some(_)) = (later, faults.next(choices, Kind::Plain)) {
            faults.fired.pop();
            faults.fired.push(Fault::DoubledLate);
            script.push_back(Step::Later(later, greeting));
        }
        Self {
            dialogue: Dialogue::default(),
            tree,
            faults,
            log: Vec::new(),
            script,
            ready_at: 0,
            deadline: None,
            link: None,
            listens: false,
            got: Vec::new(),
            active: None,
            later: Vec::new(),
            leaves_at: None,
            promised: false,
            lines: VecDeque::new(),
            input: Vec::new(),
            received: 0,
            client_gone: false,
            closed: false,
            tls: false,
            secure: false,
            handshake: None,
            thinks: [0, 1000, 200_000, 3_000_000][choices.below(4)],
            cwd: b"/".to_vec(),
            logged_in: false,
            rest: 0,
            rest_ignored: false,
            rnfr: None,
            knows_mlsd: choices.below(5) != 4,
            next_port: 5000,
        }
    }

    pub fn file(&self, path: &[u8]) -> Option<&Vec<u8>> {
        match self.tree.get(path) {
            Some(Node::File(bytes)) => Some(bytes),
            _ => None,
        }
    }

    pub fn directory(&self, path: &[u8]) -> bool {
        self.tree.get(path) == Some(&Node::Directory)
    }

    /// A path as it is in the tree.
    pub fn resolve(&self, path: &[u8]) -> Vec<u8> {
        let mut all: Vec<&[u8]> = Vec::new();
        let base: &[u8] = if path.first() == Some(&b'/') { b"" } else { &self.cwd };
        for part in base.split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
            match part {
                b"" | b"." => {}
                b".." => drop(all.pop()),
                part => all.push(part),
            }
        }
        [b"/", &all.join(&b'/')[..]].concat()
    }

    fn children(&self, directory: &[u8]) -> Vec<(&[u8], &Node)> {
        let prefix = if directory == b"/" { b"/".to_vec() } else { [directory, b"/"].concat() };
        let name = |path: &'_ [u8]| path.strip_prefix(&prefix[..]).map(<[u8]>::len);
        let entries = self.tree.iter().filter_map(|(path, node)| {
            let length = name(path)?;
            let name = &path[path.len() - length..];
            (!name.is_empty() && !name.contains(&b'/')).then_some((name, node))
        });
        entries.collect()
    }

    pub(super) fn listing(&self, verb: Verb, directory: &[u8]) -> Vec<u8> {
        let mut lines = Vec::new();
        for (name, node) in self.children(directory) {
            let (kind, mode, size) = match node {
                Node::Directory => ("dir", "drwxr-xr-x", 0),
                Node::File(bytes) => ("file", "-rw-r--r--", bytes.len()),
            };
            let facts = match verb {
                Verb::Mlsd => format!("type={kind};size={size}; "),
                Verb::List => format!("{mode} 1 o g {size} Jan  1  2024 "),
                _ => String::new(),
            };
            lines.extend_from_slice(facts.as_bytes());
            lines.extend_from_slice(name);
            lines.extend_from_slice(b"\r\n");
        }
        lines
    }

    fn insert(&mut self, path: Vec<u8>, node: Node) -> bool {
        let parent = self.resolve(&[&path[..], b"/.."].concat());
        let free = self.directory(&parent) && !self.tree.contains_key(&path);
        if free {
            self.tree.insert(path, node);
        }
        free
    }

    /// Moves a file, or a directory with all that is in it.
    fn rename(&mut self, from: &[u8], to: &[u8]) -> bool {
        let Some(node) = self.tree.get(from).cloned() else { return false };
        let inside = [from, b"/"].concat();
        if to.starts_with(&inside) || !self.insert(to.to_vec(), node) {
            return false;
        }
        self.tree.remove(from);
        let below: Vec<_> = self.tree.keys().filter(|path| path.starts_with(&inside)).cloned().collect();
        for path in below {
            let node = self.tree.remove(&path).unwrap();
            self.tree.insert([to, &path[from.len()..]].concat(), node);
        }
        true
    }

    /// Carries a command out, or goes wrong with it: writes the script of what follows.
    pub(super) fn execute(&mut self, net: &mut Net, number: usize, line: &[u8]) {
        let (word, argument) = match line.iter().position(|byte| *byte == b' ') {
            Some(space) => (&line[..space], &line[space + 1..]),
            None => (line, &b""[..]),
        };
        let verb = Verb::from_bytes(word);
        let kind = match verb {
            Some(Verb::Retr) => Kind::Download,
            Some(Verb::Stor | Verb::Appe) => Kind::Upload,
            Some(Verb::List | Verb::Nlst | Verb::Mlsd) => Kind::Listing,
            Some(Verb::Size) => Kind::Size,
            Some(Verb::Rest) => Kind::Rest,
            Some(Verb::Epsv | Verb::Pasv) => Kind::Passive,
            Some(Verb::Auth) => Kind::Auth,
            Some(Verb::Quit | Verb::Abor) => Kind::Last,
            _ => Kind::Plain,
        };
        let fault = self.faults.next(&net.choices, kind);
        if let Some(fault) = fault {
            net.note(|| format!("-- {fault:?} with {}", Escaped(line)));
        }
        self.log.push(Executed {
            number,
            verb,
            path: self.resolve(argument),
            done: false,
            content: Vec::new(),
            base: 0,
            value: Vec::new(),
            hint: None,
            announced: false,
            unanswered: false,
        });
        let pause = Step::Pause(net.some_time(self.thinks));
        self.script = match fault {
            Some(Fault::Refused) => {
                let code = REFUSALS[net.choices.below(REFUSALS.len())];
                vec![pause, Step::Say(Reply::own(code, "No.", Some(number)))]
            }
            Some(Fault::Leaves) => {
                vec![pause, Step::Say(Reply::own(421, "Timeout.", Some(number))), Step::HangUp]
            }
            Some(Fault::HangsUp) => vec![pause, Step::HangUp],
            _ => {
                let mut script = vec![pause];
                script.extend(match (kind, verb) {
                    (Kind::Download | Kind::Upload | Kind::Listing, Some(verb)) if self.logged_in => {
                        self.transfer(net, number, verb, fault)
                    }
                    _ => self.answer(net, number, verb, argument, fault),
                });
                script
            }
        }
        .into();
        self.spoil(net, fault);
    }

    /// What can go wrong with any reply.
    fn spoil(&mut self, net: &mut Net, fault: Option<Fault>) {
        let last = self.script.iter().rposition(|step| matches!(step, Step::Say(reply) if reply.code >= 200));
        let (Some(last), Some(fault)) = (last, fault) else { return };
        let (code, text) = FOREIGN[net.choices.below(FOREIGN.len())];
        let foreign = Reply::own(code, text, None);
        match fault {
            // Twice in the clear, it is as if injected: are_harmless knows nothing of that.
            Fault::DoubledAtOnce if self.log.last().is_some_and(|log| log.verb == Some(Verb::Auth)) => {}
            Fault::DoubledAtOnce => {
                if let Step::Say(reply) = &mut self.script[last] {
                    reply.copies = 2;
                }
            }
            Fault::DoubledLate => {
                let Step::Say(reply) = self.script[last].clone() else { return };
                self.script.insert(last + 1, Step::Later(net.some_time(5 * SECOND), reply.copy()));
            }
            Fault::Missing => {
                self.script.remove(last);
                if let Some(log) = self.log.last_mut() {
                    log.unanswered = true;
                }
            }
            Fault::ForeignBefore => {
                let at = net.choices.below(last + 1);
                self.script.insert(at, Step::Pause(net.some_time(2 * SECOND)));
                self.script.insert(at, Step::Say(foreign));
            }
            Fault::ForeignAfter => {
                self.script.insert(last + 1, Step::Later(net.some_time(5 * SECOND), foreign));
            }
            Fault::HangsUpWithin => {
                let Step::Say(reply) = &mut self.script[last] else { return };
                reply.cut(net.choices.below(40));
                self.script.truncate(last + 1);
                self.script.push_back(Step::HangUp);
                if let Some(log) = self.log.last_mut() {
                    log.unanswered = true;
                }
            }
            Fault::Garbage => {
                let (code, bytes) = GARBAGE
                    .get(net.choices.below(GARBAGE.len() + 1))
                    .map_or((0, vec![b'x'; 9000]), |(code, bytes)| (*code, bytes.to_vec()));
                let at = net.choices.below(last + 1);
                self.script.insert(at, Step::Say(Reply::new(code, bytes, None)));
            }
            Fault::LeavesLater => self.leaves_at = Some(net.now + net.some_time(60 * SECOND)),
            _ => {}
        }
    }

    /// The answer to a command without data.
    fn answer(
        &mut self,
        net: &mut Net,
        number: usize,
        verb: Option<Verb>,
        argument: &[u8],
        fault: Option<Fault>,
    ) -> Vec<Step> {
        let path = self.resolve(argument);
        let own = |code, text: &str| vec![Step::Say(Reply::own(code, text, Some(number)))];
        let bytes = |code, text: Vec<u8>| vec![Step::Say(Reply::new(code, text, Some(number)))];
        let Some(verb) = verb else { return own(500, "What?") };
        let open = self.tls && !self.secure && matches!(verb, Verb::User | Verb::Pass);
        assert!(!open, "a name or a password is sent in the clear");
        match verb {
            Verb::Auth if self.tls => {
                let mut text = b"234 Go on.\r\n".to_vec();
                match fault {
                    Some(Fault::Injected) => text.extend_from_slice(b"230 You are in.\r\n"),
                    fault => self.handshake = fault.filter(|fault| fault.spoils_handshake()),
                }
                return self.done(bytes(234, text));
            }
            Verb::Pbsz | Verb::Prot => return self.done(own(200, "Okay.")),
            Verb::User => return self.done(own(331, "Password, please.")),
            Verb::Pass => {
                self.logged_in = true;
                return self.done(own(230, "Welcome."));
            }
            Verb::Quit => {
                let mut script = own(221, "Goodbye.");
                script.push(Step::HangUp);
                return self.done(script);
            }
            Verb::Noop => return self.done(own(200, "NOOP okay.")),
            Verb::Abor => return self.done(own(225, "Nothing to abort.")),
            Verb::Feat => {
                return self.done(bytes(211, b"211-Features:\r\n MLST size*;type*;\r\n211 End\r\n".to_vec()));
            }
            _ if !self.logged_in => return own(530, "Log in first."),
            _ => {}
        }
        let granted = match verb {
            Verb::Type | Verb::Stru | Verb::Mode | Verb::Opts => true,
            Verb::Cwd => {
                let found = self.directory(&path);
                if found {
                    self.cwd = path;
                }
                found
            }
            Verb::Dele => {
                let found = self.file(&path).is_some();
                if found {
                    self.tree.remove(&path);
                }
                found
            }
            Verb::Rmd => {
                let found = self.directory(&path) && self.children(&path).is_empty() && path != self.cwd;
                if found && path != b"/" {
                    self.tree.remove(&path);
                }
                found && path != b"/"
            }
            Verb::Mkd => self.insert(path.clone(), Node::Directory),
            Verb::Rnfr => {
                let found = self.tree.contains_key(&path) && path != b"/" && !self.cwd.starts_with(&path);
                self.rnfr = found.then(|| path.clone());
                found
            }
            Verb::Rnto => match self.rnfr.take() {
                Some(from) => {
                    if let Some(log) = self.log.last_mut() {
                        log.value.clone_from(&from);
                    }
                    self.rename(&from, &path)
                }
                None => return own(503, "RNFR first."),
            },
            Verb::Size | Verb::Mlst => self.tree.contains_key(&path),
            Verb::Pwd | Verb::Syst => true,
            Verb::Rest => {
                self.rest = String::from_utf8_lossy(argument).parse().unwrap_or(0);
                self.rest_ignored = fault == Some(Fault::RestIgnored) && self.rest > 0;
                true
            }
            Verb::Epsv | Verb::Pasv => {
                self.next_port += 1;
                net.stop_listening(SERVER);
                self.listens = fault != Some(Fault::Unreachable);
                if self.listens {
                    net.listen(SERVER, "192.0.2.1".parse().unwrap(), Some(self.next_port));
                }
                self.active = None;
                true
            }
            Verb::Eprt | Verb::Port => {
                let text = String::from_utf8_lossy(argument).into_owned();
                let parts: Vec<&str> = text.split(['|', ',']).filter(|part| !part.is_empty()).collect();
                let number = |index: usize| parts[index].parse::<u16>().unwrap();
                self.active = Some(match verb {
                    Verb::Eprt => number(2),
                    _ => number(4) * 256 + number(5),
                });
                net.stop_listening(SERVER);
                self.listens = false;
                true
            }
            _ => return own(502, "Not here."),
        };
        if !granted {
            return own(550, "No such thing, or not now.");
        }
        let port = self.next_port;
        let text = match verb {
            Verb::Rnfr | Verb::Rest => return self.done(own(350, "Go on.")),
            Verb::Cwd | Verb::Dele | Verb::Rmd | Verb::Rnto => return self.done(own(250, "Done.")),
            Verb::Mkd | Verb::Pwd => {
                let shown = if verb == Verb::Mkd { &self.resolve(argument) } else { &self.cwd };
                let doubled: Vec<u8> = shown
                    .iter()
                    .flat_map(|byte| if *byte == b'"' { vec![b'"', b'"'] } else { vec![*byte] })
                    .collect();
                if let Some(log) = self.log.last_mut() {
                    log.value.clone_from(shown);
                }
                let text = [b"257 \"", &doubled[..], b"\" it is.\r\n"].concat();
                return self.done(bytes(257, text));
            }
            Verb::Syst => return self.done(own(215, "UNIX Type: L8")),
            Verb::Epsv => return self.done(own(229, &format!("Go (|||{port}|)"))),
            Verb::Pasv => {
                return self.done(own(227, &format!("Go (192,0,2,1,{},{})", port / 256, port % 256)));
            }
            Verb::Size => {
                let Some(size) = self.file(&self.resolve(argument)).map(Vec::len) else {
                    return own(550, "Not a file.");
                };
                match fault {
                    Some(Fault::SizeWrong) => net.choices.below(2 * size + 10).to_string(),
                    _ => size.to_string(),
                }
            }
            Verb::Mlst => {
                let path = self.resolve(argument);
                let facts = match self.file(&path) {
                    Some(bytes) => format!("type=file;size={};", bytes.len()),
                    None => "type=dir;".to_owned(),
                };
                if let Some(log) = self.log.last_mut() {
                    log.value = facts.clone().into_bytes();
                }
                let text = [b"250-Facts\r\n ", facts.as_bytes(), b" ", &path, b"\r\n250 End\r\n"].concat();
                return self.done(bytes(250, text));
            }
            _ => return self.done(own(200, "Okay.")),
        };
        if let Some(log) = self.log.last_mut() {
            log.value = text.clone().into_bytes();
        }
        self.done(own(213, &text))
    }

    fn done(&mut self, script: Vec<Step>) -> Vec<Step> {
        if let Some(log) = self.log.last_mut() {
            log.done = true;
        }
        script
    }
}
