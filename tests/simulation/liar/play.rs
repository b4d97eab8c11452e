//! What a client does in a session, as the seed says, and what has to be true of each thing that it calls done.

use super::super::choices::Choices;
use super::super::network::{Plan, SECOND};
use super::super::support::client::Outcome;
use super::super::support::{secret, t};
use super::super::world::{CLIENT, Side, World};
use super::dialogue::Misleading;
use super::faults::Fault;
use super::server::{Executed, Node};
use super::{Liar, Tally};
use ftp_proto::client::{self, AbortPolicy, Config, DataConnection, ExpectedSize, Open, Operation};
use ftp_proto::codec::{Quoted, RepresentationType, Text, Verb};
use ftp_proto::error::{Error, LocalError};
use ftp_proto::listing::Formats;
use ftp_proto::security::{Policy, TlsMode};
use std::fmt::Debug;
use std::ops::Range;
use std::time::Duration;

const IMAGE: RepresentationType = RepresentationType::Image;

const PATHS: [&str; 12] =
    ["/a", "/b", "/dir/c", "/dir/d", "/none", "/dir", "/empty", "/new", "/dir/new", "a", "c", "./new"];

/// What a path is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    File,
    Directory,
    Nothing,
}

/// Something that was called done, to be held against what the server did.
struct Claim {
    commands: Range<usize>,
    verb: Verb,
    /// How the path ends.
    path: Vec<u8>,
    /// What was stored, and behind how many bytes where that was said.
    content: Option<(Option<usize>, Vec<u8>)>,
}

pub struct Play {
    pub world: World,
    choices: Choices,
    tls: bool,
    /// The number of the first command of the operation, and whether a stray had come before it.
    first: usize,
    claims: Vec<Claim>,
    over: bool,
    pub tally: Tally,
}

/// The longest that an operation may take, whatever the server does. A limit that runs out ends an operation, apart
/// from those after which it goes on in another way: the end of the transfer before (2 minutes), two attempts at a
/// data connection (20 s each), the 1yz (10 s). The last limit is at most 2 minutes again, and the server is slow.
pub const LONGEST: u64 = 300 * SECOND;

/// How often an operation may be polled.
const POLLS: usize = 20_000;

fn config(choices: &Choices) -> Config {
    let mut config = Config::default();
    use DataConnection::*;
    config.data_connection = choices.one(&[Passive, Passive, Active, PassiveThenActive]);
    use AbortPolicy::*;
    config.abort = choices.one(&[Abor, AborUploads, CloseData, AborWithSynch]);
    config.keepalive = choices.one(&[None, None, Some(Duration::from_secs(7))]);
    config.pipelining = choices.below(3) == 2;
    config
}

impl Play {
    pub fn new(choices: &Choices) -> Self {
        let mut config = config(choices);
        let delay = choices.one(&[0, 1000, 50_000, SECOND]);
        let (piece, window) = (1 + choices.one(&[4000, 400, 40]), 200 + choices.below(6000));
        let plan = Plan { delay, piece, window, ..Plan::default() };
        let mut liar = Liar::new(choices);
        let tls = choices.below(4) == 3;
        if tls {
            config.security.tls = TlsMode::Explicit;
            config.security.data = Policy::Never;
            liar.tls = true;
        }
        let server = "192.0.2.1:21".parse().unwrap();
        let client = Side::client(config, "192.0.2.2", server, choices);
        let mut world = World::new(choices, plan, vec![client, Side::liar(liar)]);
        world.patience = LONGEST;
        let choices = choices.clone();
        Self { world, choices, tls, first: 0, claims: Vec::new(), over: false, tally: Tally::default() }
    }

    pub fn run(&mut self) {
        self.begin();
        let outcome = self.world.run(&mut client::greeting(), |_| ());
        if self.judge(outcome).is_none() {
            return;
        }
        if self.tls {
            self.begin();
            let outcome = self.world.run(&mut client::secure(), |_| ());
            if self.judge(outcome).is_none() {
                self.try_in_the_clear();
                return;
            }
            let secured = self.world.client().is_secured();
            assert!(secured, "it is secured, and is not");
            let injected = self.world.liar().faults.fired.contains(&Fault::Injected);
            assert!(!injected, "what was said in the clear counts under TLS");
        }
        self.begin();
        let outcome = self.world.run(&mut client::login(t("me"), secret("secret"), None), |_| ());
        if self.judge(outcome).is_none() {
            return;
        }
        if self.choices.below(2) == 1 {
            self.begin();
            let outcome = self.world.run(&mut client::setup(), |_| ());
            self.judge(outcome);
        }
        for _ in 0..3 + self.choices.below(12) {
            if self.over || self.world.client().is_closed() {
                break;
            }
            if self.choices.below(6) == 5 {
                let time = self.choices.below(6 * SECOND as usize) as u64;
                let until = self.world.net.now + time;
                self.world.idle_until(100_000, until);
            }
            self.begin();
            self.operation();
        }
        if !self.over && !self.world.client().is_closed() {
            self.begin();
            let _ = self.world.run(&mut client::quit(), |_| ());
        }
        let until = self.world.net.now + 700 * SECOND;
        self.world.idle_until(100_000, until);
        for claim in core::mem::take(&mut self.claims) {
            let kept = self.server_log(&claim.commands, claim.verb).is_some_and(|log| {
                log.done
                    && log.path.ends_with(&claim.path)
                    && claim.content.as_ref().is_none_or(|(base, bytes)| {
                        base.is_none_or(|base| base == log.base) && *bytes == log.content[log.base..]
                    })
            });
            self.assert(kept, &claim.commands, &format!("{:?}", claim.verb));
        }
        self.tally.longest = self.world.longest;
        self.tally.polls = self.world.polls;
        self.tally.faults = self.world.liar().faults.fired.len();
        self.tally.one_fault = usize::from(self.tally.faults == 1);
    }

    /// An application that goes on although TLS is refused: the server panics if it gets to know who the user is.
    fn try_in_the_clear(&mut self) {
        if self.over || self.world.client().is_closed() {
            return;
        }
        let outcome = self.world.run(&mut client::login(t("me"), secret("secret"), None), |_| ());
        let denied = matches!(outcome, Outcome::Error(Error::Local(LocalError::Unprotected)));
        let lost = matches!(outcome, Outcome::Error(Error::Peer(_)) | Outcome::Refused { code: 421, .. });
        assert!(denied || lost, "a login in the clear comes to {outcome:?}");
    }

    fn begin(&mut self) {
        self.first = self.world.liar().dialogue.commands.len();
    }

    fn commands(&self) -> Range<usize> {
        self.first..self.world.liar().dialogue.commands.len()
    }

    /// What the server did last about such a command of an operation.
    fn server_log(&self, commands: &Range<usize>, verb: Verb) -> Option<&Executed> {
        let mut log = self.world.liar().log.iter().rev();
        log.find(|log| log.verb == Some(verb) && commands.contains(&log.number))
    }

    /// A reply that can have misled the client about this operation, with nothing to set it apart.
    fn misleading(&self, commands: &Range<usize>) -> Option<Misleading> {
        let mut misleading = self.world.liar().dialogue.misleading.iter();
        let unanswered =
            |command| self.world.liar().log.iter().any(|log| log.number == command && log.unanswered);
        let undecidable = |reply: &Misleading| reply.is_undecidable() || unanswered(reply.command);
        misleading.find(|reply| commands.contains(&reply.command) && undecidable(reply)).copied()
    }

    /// Demands that what was called done is true.
    #[track_caller]
    fn assert(&mut self, is_true: bool, commands: &Range<usize>, what: &str) {
        if is_true {
            return;
        }
        match self.misleading(commands) {
            Some(reply) => {
                self.tally.misled += 1;
                self.world.net.note(|| format!("-- misled about {what} by {reply:?}"));
            }
            None => panic!("{what} was reported done, and was not"),
        }
    }

    /// Takes an outcome; the output if it is done.
    #[track_caller]
    fn judge<O: Debug>(&mut self, outcome: Outcome<O>) -> Option<O> {
        let commands = self.commands();
        let harmless = self.world.liar().faults.are_harmless();
        match &outcome {
            Outcome::Done(_) => self.tally.done += 1,
            Outcome::Refused { .. } => {
                self.tally.refused += 1;
                let mut log = self.world.liar().log.iter();
                let refused = log.any(|log| commands.contains(&log.number) && !log.done);
                assert!(refused || !harmless, "refused for nothing: {outcome:?}");
            }
            Outcome::Failed(_) => {
                self.tally.failed += 1;
                let misstated = self.world.liar().faults.may_misstate_sizes();
                assert!(!harmless || misstated, "failed for nothing: {outcome:?}");
            }
            Outcome::Close | Outcome::Error(_) => {
                self.tally.lost += 1;
                self.over = true;
                assert!(!harmless, "lost for nothing: {outcome:?}");
            }
        }
        match outcome {
            Outcome::Done(output) => Some(output),
            _ => None,
        }
    }

    /// A path that most likely is a file, is a directory, or is free.
    fn path(&mut self, wanted: Wanted) -> Vec<u8> {
        let tree = &self.world.liar().tree;
        let is_wanted = |node: &Node| (*node == Node::Directory) == (wanted == Wanted::Directory);
        let names = tree.iter().filter(|(_, node)| is_wanted(node)).map(|(path, _)| path);
        let names: Vec<Vec<u8>> = names.cloned().collect();
        match self.choices.below(4) {
            3 => self.choices.one(&PATHS).as_bytes().to_vec(),
            _ if wanted == Wanted::Nothing => format!("/new{}", self.choices.below(1000)).into_bytes(),
            _ if names.is_empty() => b"/none".to_vec(),
            _ => names[self.choices.below(names.len())].clone(),
        }
    }

    fn claim(&mut self, verb: Verb, path: &[u8], content: Option<(Option<usize>, Vec<u8>)>) {
        let name = path.strip_prefix(b".").unwrap_or(path).to_vec();
        let commands = self.commands();
        self.claims.push(Claim { commands, verb, path: name, content });
    }

    /// One operation.
    fn operation(&mut self) {
        let which = self.choices.below(24);
        let path = self.path(match which {
            7 | 8 | 13 | 17 => Wanted::Directory,
            14 => Wanted::Nothing,
            _ => Wanted::File,
        });
        let text = Text::new(&path).unwrap();
        match which {
            0..=2 | 20..=23 => self.retrieve(&path),
            3..=5 => self.store(&path),
            6 => self.append(&path),
            7 | 8 => self.list(&path),
            9 => {
                let size = self.brief(&mut client::size(text), |size| size.ok());
                if let Some(Some(size)) = size {
                    self.value(Verb::Size, size.to_string().as_bytes());
                }
            }
            10 => {
                let to = self.path(Wanted::Nothing);
                let done = self.brief(&mut client::rename(text, Text::new(&to).unwrap()), |()| ());
                if done.is_some() {
                    self.claim(Verb::Rnto, &to, None);
                    self.claim(Verb::Rnfr, &path, None);
                }
            }
            11 | 12 => {
                if self.brief(&mut client::delete(text), |_| ()).is_some() {
                    self.claim(Verb::Dele, &path, None);
                }
            }
            13 => {
                if self.brief(&mut client::remove_directory(text), |_| ()).is_some() {
                    self.claim(Verb::Rmd, &path, None);
                }
            }
            14 => {
                let own = |path: Result<Quoted<'_>, _>| path.ok().map(|path| path.to_vec());
                if let Some(made) = self.brief(&mut client::make_directory(text), own) {
                    self.claim(Verb::Mkd, &path, None);
                    if let Some(made) = made {
                        self.value(Verb::Mkd, &made);
                    }
                }
            }
            15 => {
                let own = |path: Result<Quoted<'_>, _>| path.ok().map(|path| path.to_vec());
                if let Some(Some(path)) = self.brief(&mut client::working_directory(), own) {
                    self.value(Verb::Pwd, &path);
                }
            }
            16 => {
                let system = self.brief(&mut client::system(), |reply| reply.text.to_vec());
                if let Some(system) = system {
                    let commands = self.commands();
                    self.assert(system == b"UNIX Type: L8", &commands, "SYST");
                }
            }
            17 => {
                if self.brief(&mut client::change_directory(text), |_| ()).is_some() {
                    self.claim(Verb::Cwd, &path, None);
                }
            }
            18 => {
                if self.brief(&mut client::facts(Some(text)), |_| ()).is_some() {
                    let commands = self.commands();
                    let value = self.server_log(&commands, Verb::Mlst).map(|log| log.value.clone());
                    let facts = String::from_utf8(value.unwrap_or_default()).unwrap();
                    // Without a line there is no entry, and the caller sees that.
                    let mut shown = self.world.shown.iter().filter(|line| line.contains("type="));
                    let is_true = shown.all(|line| !facts.is_empty() && line.contains(&facts));
                    self.assert(is_true, &commands, "MLST");
                }
            }
            _ => drop(self.brief(&mut client::noop(), |_| ())),
        }
    }

    /// An operation without data, or the start of one.
    #[track_caller]
    fn brief<S: client::Sequence, O: Debug>(
        &mut self,
        operation: &mut Operation<S>,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Option<O> {
        let polls = if self.choices.below(12) == 11 { self.choices.below(30) } else { POLLS };
        let outcome = match polls {
            POLLS => {
                self.world.run_for(operation, POLLS, own).unwrap_or_else(|| panic!("polled {POLLS} times"))
            }
            polls => match self.world.run_for(operation, polls, own) {
                Some(outcome) => outcome,
                None => {
                    self.tally.dropped += 1;
                    return None;
                }
            },
        };
        self.judge(outcome)
    }

    /// What a reply told is what the server said.
    #[track_caller]
    fn value(&mut self, verb: Verb, told: &[u8]) {
        let commands = self.commands();
        let is_true = self.server_log(&commands, verb).is_some_and(|log| log.value == told);
        self.assert(is_true, &commands, &format!("{verb}'s value"));
    }

    /// A whole transfer, or some of it. Comes to the offset that it began at.
    #[track_caller]
    fn transfer(&mut self, mut open: Operation<Open<'_>>, confirm: &[u8]) -> Option<(u64, Formats)> {
        let own = |opened: client::Opened<'_>| (opened.transfer, opened.offset, opened.formats);
        let (id, offset, formats) = self.brief(&mut open, own)?;
        match self.choices.below(24) {
            23 => {
                self.abort(id);
                return None;
            }
            // The next operation gives it up.
            22 => {
                self.tally.dropped += 1;
                return None;
            }
            _ => {}
        }
        let mut complete = client::complete(id).confirm_size(confirm);
        if self.choices.below(12) == 11 {
            complete.ask_status();
        }
        let outcome = match self.choices.below(10) {
            9 => {
                let polls = self.choices.below(60);
                match self.world.run_for(&mut complete, polls, |_| ()) {
                    Some(outcome) => outcome,
                    None if self.choices.below(2) == 0 => {
                        self.abort(complete.into_transfer());
                        return None;
                    }
                    None => {
                        self.tally.dropped += 1;
                        return None;
                    }
                }
            }
            _ => self.world.run(&mut complete, |_| ()),
        };
        self.judge(outcome)?;
        self.tally.moved += 1;
        Some((offset, formats))
    }

    fn abort(&mut self, id: client::TransferId) {
        self.tally.aborted += 1;
        match self.world.run(&mut client::abort(id), |_| ()) {
            Outcome::Done(()) | Outcome::Refused { code: 421, .. } => {}
            Outcome::Error(_) => self.over = true,
            outcome => panic!("an abort that comes to {outcome:?}"),
        }
    }

    /// One file, or a series.
    fn retrieve(&mut self, path: &[u8]) {
        if self.choices.below(2) == 0 {
            return self.retrieve_one(path, None);
        }
        for left in (0..1 + self.choices.below(4)).rev() {
            if !self.over && !self.world.client().is_closed() {
                self.begin();
                self.retrieve_one(path, Some(left > 0));
            }
        }
    }

    fn retrieve_one(&mut self, path: &[u8], series: Option<bool>) {
        let whole = self.world.liar().file(&self.world.liar().resolve(path)).cloned();
        let length = whole.as_ref().map_or(100, Vec::len);
        let offset = if self.choices.below(2) == 1 { self.choices.below(length + 1) as u64 } else { 0 };
        let mut open = client::retrieve(Text::new(path).unwrap(), IMAGE, offset);
        if let Some(more) = series {
            open = open.in_series(more);
        }
        let mut expected = None;
        if let (Some(whole), 0..=2) = (&whole, self.choices.below(5)) {
            let size = whole.len() as u64;
            expected = Some(size);
            open = open.expect_size(match self.choices.below(2) {
                0 => ExpectedSize::Size(size),
                _ => ExpectedSize::Fact(size),
            });
        }
        let confirm = if self.choices.below(4) == 3 { b"" } else { path };
        let Some((offset, _)) = self.transfer(open, confirm) else { return };
        let commands = self.commands();
        let got = self.world.files().download.clone();
        let Some(log) = self.server_log(&commands, Verb::Retr).filter(|log| log.done).cloned() else {
            return self.assert(false, &commands, "a download of nothing");
        };
        let wanted = log.content.get(offset as usize..).unwrap_or_default();
        if got == wanted {
            self.tally.whole += 1;
            return;
        }
        // Before RETR, what the operation before this one has asked may be answered.
        let questions = log.number..commands.end;
        let sources = Sources {
            offset,
            end: offset + got.len() as u64,
            expected,
            hint: log.hint,
            confirms: !confirm.is_empty(),
            size: self.server_log(&questions, Verb::Size).and_then(|log| {
                let told = String::from_utf8_lossy(&log.value).parse().ok();
                log.done.then_some(told).flatten()
            }),
            asked: self.server_log(&questions, Verb::Size).is_some(),
            fact: self
                .server_log(&questions, Verb::Mlst)
                .filter(|log| log.done)
                .map(|_| log.content.len() as u64),
        };
        match sources.can_tell() {
            false => self.tally.unknowable += 1,
            true => self.assert(false, &commands, &format!("a download: {sources:?}")),
        }
    }

    fn store(&mut self, path: &[u8]) {
        let resolved = self.world.liar().resolve(path);
        let old = self.world.liar().file(&resolved).cloned().unwrap_or_default();
        let offset = if self.choices.below(4) == 3 { self.choices.below(old.len() + 1) } else { 0 };
        self.world.files().upload = super::server::content(&self.choices);
        let open = client::store(Text::new(path).unwrap(), IMAGE, offset as u64);
        if self.transfer(open, b"").is_some() {
            let upload = self.world.files().upload.clone();
            self.claim(Verb::Stor, path, Some((Some(offset), upload)));
        }
    }

    fn append(&mut self, path: &[u8]) {
        self.world.files().upload = super::server::content(&self.choices);
        let open = client::append(Text::new(path).unwrap(), IMAGE);
        if self.transfer(open, b"").is_some() {
            let upload = self.world.files().upload.clone();
            self.claim(Verb::Appe, path, Some((None, upload)));
        }
    }

    fn list(&mut self, path: &[u8]) {
        let text = Some(Text::new(path).unwrap());
        let open = match self.choices.below(4) {
            0 => client::list(text),
            1 => client::names(text),
            2 => client::machine_list(text),
            _ => client::entries(text),
        };
        let Some((_, formats)) = self.transfer(open, b"") else { return };
        let commands = self.commands();
        let verb = match formats {
            Formats::MLSD => Verb::Mlsd,
            Formats::LIST => Verb::List,
            _ => Verb::Nlst,
        };
        let log = self.server_log(&commands, verb).filter(|log| log.done);
        let unused =
            log.is_some_and(|log| !log.announced) && self.world.sides[CLIENT].files.download.is_empty();
        if unused {
            // A final reply alone, and nothing on the data connection: that is how servers say that there is nothing.
            self.tally.unknowable += 1;
            return;
        }
        let is_true = log.is_some_and(|log| log.content == self.world.sides[CLIENT].files.download);
        self.assert(is_true, &commands, "a listing");
    }
}

/// All that a client can know of the size of a download that ended at `end` in the file.
#[derive(Debug)]
struct Sources {
    offset: u64,
    end: u64,
    /// What the caller knew.
    expected: Option<u64>,
    hint: Option<u64>,
    /// MLST's, where it was asked.
    fact: Option<u64>,
    /// The path is at hand, to ask SIZE.
    confirms: bool,
    asked: bool,
    /// What SIZE said.
    size: Option<u64>,
}

impl Sources {
    /// Whether a wrong download can be told from a right one.
    fn can_tell(&self) -> bool {
        let restarted = self.offset > 0;
        let contradicts = |size: u64| self.end < size;
        // SIZE decides where it answers, and then what was asked or given before; bytes beyond a size count only
        // against SIZE, and only after a restart.
        if let Some(size) = self.size {
            return contradicts(size) || (restarted && self.end > size);
        }
        let known = self.fact.or(self.expected).or(self.hint);
        if self.asked || !self.confirms {
            return known.is_some_and(contradicts);
        }
        // Nothing made the client ask: nothing known may contradict, and a restart must have met its size.
        let all = [self.expected, self.hint];
        all.into_iter().flatten().any(contradicts) || (restarted && !all.contains(&Some(self.end)))
    }
}
