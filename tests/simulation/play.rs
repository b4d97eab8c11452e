//! What a client does in a session, as the seed says: any operation, or some of it, and what has to hold after each.

use super::Tally;
use super::host::digest;
use super::network::Plan;
use super::support::client::Outcome;
use super::support::{secret, t};
use super::world::{CLIENT, Harm, SERVER, World};
use ftp_proto::client::{self, AbortPolicy, DataConnection, Open, Operation, Profile, Sequence, TransferId};
use ftp_proto::codec::{ByteRange, HashAlgorithm, RepresentationType, SiteCommand, Text, Verb};
use ftp_proto::server;
use ftp_proto::testing::Random;
use std::fmt::Debug;
use std::time::Duration;

const FILES: [&str; 6] = ["/a", "/b", "/dir/c", "/dir/d", "/none", "/dir"];

/// What a session begins with.
const UMASK: u16 = 0o022;

/// A session that a seed determines.
pub struct Play {
    world: World,
    random: Random,
    /// The connection is lost.
    over: bool,
    /// SITE UMASK's, where it is known.
    umask: Option<u16>,
    pub tally: Tally,
}

/// Bytes that a transfer of text has to be careful with.
fn content(random: &mut Random) -> Vec<u8> {
    let most = [1, 20, 300, 3000][random.below(4)];
    let length = random.below(most + 1);
    let number = random.next();
    let bytes = (0..length).map(|_| match random.below(6) {
        0 => b'\r',
        1 => b'\n',
        2 => 0xff,
        _ => random.below(256) as u8,
    });
    bytes.chain(number.to_be_bytes()).collect()
}

fn configs(random: &mut Random, six: bool) -> (client::Config, server::Config, Profile) {
    let (mut client, mut server) = (client::Config::default(), server::Config::default());
    use DataConnection::*;
    client.data_connection = [Passive, Passive, Active, PassiveThenActive][random.below(4)];
    use AbortPolicy::*;
    client.abort = [AborUploads, CloseData, Abor, AborWithSynch][random.below(4)];
    client.keepalive = [None, None, Some(Duration::from_secs(7))][random.below(3)];
    client.pipelining = random.below(3) != 0;
    // A server that gives a transfer up has the time to say so.
    client.timeouts.final_reply = Duration::from_secs(150);
    if random.below(8) == 0 {
        client.timeouts.reply = Duration::from_secs(400);
    }
    if random.below(4) == 0 {
        server.limits.minimum_rate = 1;
    }
    let mut profile = Profile::empty();
    if !six {
        match random.below(5) {
            0 => server.commands = server.commands.without(Verb::Epsv),
            1 => server.commands = server.commands.without(Verb::Eprt),
            2 => profile = Profile::NO_EPSV | Profile::NO_EPRT,
            _ => {}
        }
    }
    if random.below(6) == 0 {
        server.commands = server.commands.without(Verb::Mlsd);
    }
    server.hashes = &[HashAlgorithm::Crc32];
    (client, server, profile)
}

impl Play {
    pub fn new(seed: u64, plan: Plan) -> Self {
        let mut random = Random::new(seed ^ 0x005e_551a_0000);
        let six = random.below(4) == 0;
        let (client, server, profile) = configs(&mut random, six);
        let mut world = World::new(seed, plan, six, client, server);
        world.client.set_profile(profile);
        world.host.tree.put_file("/a", content(&mut random));
        world.host.tree.put_file("/dir/c", content(&mut random));
        Self { world, random, over: false, umask: Some(UMASK), tally: Tally::default() }
    }

    /// Checks that an operation ended for a reason.
    #[track_caller]
    fn judge<O: Debug>(&mut self, before: (Harm, usize), outcome: Outcome<O>) -> Option<O> {
        let now = (self.world.harm, self.world.host.refused());
        match &outcome {
            Outcome::Refused { .. } => self.tally.refused += 1,
            Outcome::Failed(_) => self.tally.failed += 1,
            Outcome::Close | Outcome::Error(_) => self.tally.lost += 1,
            Outcome::Done(_) => {}
        }
        match outcome {
            Outcome::Done(output) => {
                self.tally.done += 1;
                return Some(output);
            }
            Outcome::Refused { code: 421, .. } => {
                assert!(self.world.harm.fatal > 0);
                self.over = true;
            }
            // What the session knows by itself: MLSD is not served here, and a directory has no size.
            Outcome::Refused { verb: Some(Verb::Mlsd), code: 502, .. } => {}
            Outcome::Refused { verb: Some(Verb::Size), code: 550, .. } => {}
            // The host knows no SITE command of its own.
            Outcome::Refused { verb: Some(Verb::Site), code: 504, .. } => {}
            Outcome::Refused { .. } => assert!(now != before, "refused for nothing: {outcome:?}"),
            Outcome::Failed(_) => assert!(now.0 != before.0, "failed for nothing: {outcome:?}"),
            Outcome::Close | Outcome::Error(_) => self.over = true,
        }
        None
    }

    /// Runs an operation, or some of it.
    #[track_caller]
    fn ask<S: Sequence, O: Debug>(
        &mut self,
        name: &str,
        mut operation: Operation<S>,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Option<O> {
        let before = (self.world.harm, self.world.host.refused());
        let polls = if self.random.below(5) == 0 { self.random.below(60) } else { usize::MAX };
        self.world.note(|| format!("-- {name}, for {polls}"));
        let outcome = self.world.run_for(&mut operation, polls, own);
        drop(operation);
        self.tally.dropped += usize::from(outcome.is_none());
        let output = outcome.and_then(|outcome| self.judge(before, outcome));
        if self.random.below(4) == 0 && !self.over {
            self.world.idle(self.random.below(200));
        }
        output
    }

    fn path(&mut self) -> (&'static str, Text<'static>) {
        let path = FILES[self.random.below(FILES.len())];
        (path, t(path))
    }

    /// Opens a transfer and does with it what may be done. Says whether it is complete.
    fn transfer(&mut self, name: &str, open: Operation<Open<'_>>) -> Option<Option<Vec<u8>>> {
        let harm = self.world.harm;
        let own = |opened: client::Opened<'_>| (opened.transfer, opened.unique_name.map(<[u8]>::to_vec));
        let (id, unique) = self.ask(name, open, own)?;
        let before = (harm, self.world.host.refused());
        if self.over {
            return None;
        }
        match self.random.below(8) {
            0 => return None,
            1 => {
                self.abort(id);
                return None;
            }
            2 => {
                let mut complete = client::complete(id);
                let polls = self.random.below(100);
                self.world.note(|| format!("-- complete, for {polls}, then abort"));
                match self.world.run_for(&mut complete, polls, |_| ()) {
                    Some(outcome) => {
                        self.judge(before, outcome)?;
                        return Some(unique);
                    }
                    None => {
                        self.abort(complete.into_transfer());
                        return None;
                    }
                }
            }
            3 => {
                let mut complete = client::complete(id);
                for _ in 0..1 + self.random.below(3) {
                    let polls = self.random.below(60);
                    self.world.note(|| format!("-- complete, for {polls}, then STAT"));
                    if let Some(outcome) = self.world.run_for(&mut complete, polls, |_| ()) {
                        self.judge(before, outcome)?;
                        return Some(unique);
                    }
                    complete.ask_status();
                }
                let outcome = self.world.run(&mut complete, |_| ());
                self.judge(before, outcome)?;
            }
            _ => {
                let polls = if self.random.below(6) == 0 { self.random.below(100) } else { usize::MAX };
                self.world.note(|| format!("-- complete, for {polls}"));
                let outcome = self.world.run_for(&mut client::complete(id), polls, |_| ())?;
                self.judge(before, outcome)?;
            }
        }
        self.tally.moved += 1;
        Some(unique)
    }

    fn abort(&mut self, id: TransferId) {
        let before = (self.world.harm, self.world.host.refused());
        self.world.note(|| "-- abort".to_owned());
        let outcome = self.world.run(&mut client::abort(id), |_| ());
        let done = self.judge(before, outcome);
        if done.is_some() {
            self.tally.aborted += 1;
            assert_eq!(self.world.ends(CLIENT), 0, "a data connection outlives its abort");
        }
    }

    fn representation(&mut self) -> RepresentationType {
        [RepresentationType::Image, RepresentationType::ASCII][self.random.below(2)]
    }

    /// One file, or a series.
    fn retrieve(&mut self) {
        if self.random.below(2) == 0 {
            return self.retrieve_one(|open| open);
        }
        for left in (0..1 + self.random.below(4)).rev() {
            if !self.over {
                self.retrieve_one(|open| open.in_series(left > 0));
            }
        }
    }

    fn retrieve_one(&mut self, series: impl Fn(Operation<Open<'static>>) -> Operation<Open<'static>>) {
        let (name, path) = self.path();
        let size = self.world.host.tree.file(name).map_or(0, <[u8]>::len);
        let offset = if self.random.below(3) == 0 { self.random.below(size + 2) } else { 0 };
        let representation = if offset > 0 { RepresentationType::Image } else { self.representation() };
        let open = series(client::retrieve(path, representation, offset as u64));
        if self.transfer(&format!("RETR {name} from {offset}"), open).is_some() {
            let file = self.world.host.tree.file(name).expect("a file that is not there was retrieved");
            assert!(self.world.download == file[offset..], "retrieved something else");
        }
    }

    fn store(&mut self) {
        let (name, path) = self.path();
        let bytes = content(&mut self.random);
        self.world.upload.clone_from(&bytes);
        self.world.host.sent.push(bytes.clone());
        let size = self.world.host.tree.file(name).map_or(0, <[u8]>::len);
        let representation = self.representation();
        match self.random.below(4) {
            0 => {
                let unique = self.transfer("STOU", client::store_unique(Some(path), representation));
                if let Some(Some(unique)) = unique {
                    let unique = String::from_utf8(unique).unwrap();
                    assert!(self.world.host.tree.file(&unique) == Some(&bytes), "stored something else");
                    self.world.host.tree.remove(unique.as_bytes());
                }
            }
            1 => {
                if self.transfer(&format!("APPE {name}"), client::append(path, representation)).is_some() {
                    let expected = [&self.world.host.kept[..], &bytes].concat();
                    assert!(self.world.host.tree.file(name) == Some(&expected), "appended something else");
                }
            }
            2 => {
                let offset = self.random.below(size + 2);
                let open = client::store(path, RepresentationType::Image, offset as u64);
                if self.transfer(&format!("STOR {name} from {offset}"), open).is_some() {
                    let kept = &self.world.host.kept;
                    assert_eq!(kept.len(), offset);
                    let expected = [&kept[..], &bytes].concat();
                    assert!(self.world.host.tree.file(name) == Some(&expected), "stored something else");
                }
            }
            _ => {
                let open = client::store(path, representation, 0);
                if self.transfer(&format!("STOR {name}"), open).is_some() {
                    assert!(self.world.host.tree.file(name) == Some(&bytes), "stored something else");
                }
            }
        }
    }

    fn list(&mut self) {
        let path = [None, Some(t("/dir")), Some(t("/a"))][self.random.below(3)];
        let open = match self.random.below(4) {
            0 => client::list(path),
            1 => client::names(path),
            2 => client::machine_list(path),
            _ => client::entries(path),
        };
        if self.transfer("a listing", open).is_some() {
            let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
            let [sent, received] = [&self.world.host.served, &self.world.download].map(|bytes| lines(bytes));
            assert_eq!(received, sent, "lines of a listing are lost");
        }
    }

    fn hash(&mut self) {
        let (name, path) = self.path();
        let size = self.world.host.tree.file(name).map_or(0, <[u8]>::len);
        let (first, length) = (self.random.below(size + 2), self.random.below(size + 2));
        let bounds = (self.random.below(2) == 0).then_some((first, first + length));
        let range = bounds.and_then(|(first, last)| ByteRange::new(first as u64, last as u64).ok());
        let algorithm = [None, Some(HashAlgorithm::Crc32)][self.random.below(2)];
        let reply =
            self.ask(&format!("HASH {name} {bounds:?}"), client::hash(path, algorithm, range), |reply| {
                reply.expect("what HASH is answered can be read")
            });
        if let Some(reply) = reply {
            let file = self.world.host.tree.file(name).expect("the hash of nothing");
            // An upload that was left alone may have come to its end before.
            let size = file.len();
            let (start, end) = bounds.map_or((0, size), |(first, last)| (first, size.min(last + 1)));
            assert_eq!((reply.start, reply.end), (start as u64, end as u64));
            assert_eq!(reply.digest.as_bytes(), digest(&file[start..end]), "the hash of something else");
        }
    }

    fn site(&mut self) {
        let (name, path) = self.path();
        let mode = self.random.below(0o1000) as u16;
        match self.random.below(4) {
            0 => {
                if self.ask(&format!("CHMOD {mode:o} {name}"), client::chmod(path, mode), |_| ()).is_some() {
                    let (path, changes) = &self.world.host.changed;
                    assert_eq!(
                        (&**path, changes.mode),
                        (name.as_bytes(), Some(mode)),
                        "changed something else"
                    );
                }
            }
            1 => {
                self.umask = None;
                let set = client::site(SiteCommand::Umask(Some(mode)));
                self.umask = self.ask("SITE UMASK", set, |_| ()).map(|()| mode);
            }
            2 => {
                let asked = client::site(SiteCommand::Umask(None));
                let told = self.ask("SITE UMASK", asked, |line| line.text.to_vec());
                if let (Some(told), Some(umask)) = (told, self.umask) {
                    assert_eq!(String::from_utf8_lossy(&told), format!("UMASK is {umask:03o}."));
                }
            }
            _ => {
                let other = client::site(SiteCommand::Other(t("NONE")));
                assert_eq!(self.ask("SITE NONE", other, |_| ()), None, "nobody knows it");
            }
        }
    }

    /// REIN and another login, after which all is as it was at the first.
    fn begin_anew(&mut self) {
        let granted = self.ask("REIN", client::reinitialize(), |_| ()).is_some();
        if granted {
            assert!(!self.world.session.is_logged_in());
            assert_eq!(self.world.ends(CLIENT), 0, "a data connection outlives the login");
        } else if !self.over {
            // What becomes of one that was given up is known once the next command is answered.
            let outcome = self.world.run(&mut client::noop(), |_| ());
            self.over = !matches!(outcome, Outcome::Done(_));
            assert!(!self.over || self.world.harm.fatal > 0, "{outcome:?}");
        }
        if self.over || self.world.session.is_logged_in() {
            return;
        }
        self.log_in();
        if !self.over {
            assert_eq!(self.world.session.working_directory().as_bytes(), b"/");
            self.umask = Some(UMASK);
            self.tally.begun_anew += 1;
        }
    }

    fn log_in(&mut self) {
        for _ in 0..6 {
            if self.over || self.world.session.is_logged_in() {
                break;
            }
            let before = (self.world.harm, self.world.host.refused());
            let outcome = self.world.run(&mut client::login(t("me"), secret("secret"), None), |_| ());
            if let Outcome::Refused { .. } | Outcome::Error(_) = outcome {
                // Five failures are the end, whoever is to blame.
                self.world.harm.fatal += usize::from(self.world.session.failed_logins() >= 5);
            }
            self.judge(before, outcome);
        }
    }

    fn step(&mut self) {
        let (name, path) = self.path();
        match self.random.below(24) {
            0 => {
                let here =
                    self.ask("PWD", client::working_directory(), |path| path.unwrap().bytes().collect());
                let here: Option<Vec<u8>> = here;
                if let Some(here) = here {
                    assert_eq!(here, self.world.session.working_directory().as_bytes());
                }
            }
            1 => {
                let path = [t("/dir"), t("/"), t("nowhere"), t("/a")][self.random.below(4)];
                if self.ask("CWD", client::change_directory(path), |_| ()).is_some() {
                    assert_eq!(self.world.session.working_directory().as_bytes(), path.as_bytes());
                }
            }
            2 => drop(self.ask("CDUP", client::change_to_parent(), |_| ())),
            3 => {
                if let Some(size) = self.ask("SIZE", client::size(path), |size| size.unwrap()) {
                    let file = self.world.host.tree.file(name).expect("the size of nothing");
                    assert_eq!(size, file.len() as u64);
                }
            }
            4 => drop(self.ask("MLST", client::facts(Some(path)), |()| ())),
            5 => drop(self.ask("FEAT", client::features(), |features| features)),
            6 => {
                let path = [None, Some(t("/")), Some(t("/dir")), Some(path)][self.random.below(4)];
                let _ = self.ask("STAT", client::status(path), |_| ());
            }
            7 => drop(self.ask("MKD", client::make_directory(t("/new")), |_| ())),
            8 => drop(self.ask("RMD", client::remove_directory(t("/new")), |_| ())),
            9 => {
                let (to, other) = self.path();
                let _ = self.ask(&format!("rename {name} {to}"), client::rename(path, other), |()| ());
            }
            10 => drop(self.ask("DELE", client::delete(path), |_| ())),
            11 => drop(self.ask("NOOP", client::noop(), |_| ())),
            12 | 13 => self.list(),
            14..=16 => self.retrieve(),
            17..=19 => self.store(),
            20 | 21 => self.hash(),
            22 => self.site(),
            _ => self.begin_anew(),
        }
    }

    /// Nothing goes wrong any more: whatever has happened, all works.
    fn end_well(&mut self) {
        let calm = Plan { no_resets: self.world.plan.no_resets, ..Plan::calm() };
        self.world.plan = calm;
        self.world.note(|| "-- calm".to_owned());
        self.world.host.tree.put_file("/calm", b"calm\r\n\xff".to_vec());
        let own = |line: Option<Vec<u8>>| line;
        let here = self
            .world
            .run(&mut client::working_directory(), |path| own(path.ok().map(|path| path.bytes().collect())));
        if self.world.harm.fatal > 0 && !matches!(here, Outcome::Done(_)) {
            self.over = true;
            return;
        }
        assert_eq!(here.done().unwrap(), self.world.session.working_directory().as_bytes());
        assert!(self.world.dialogue.is_settled(), "{:?}", self.world.dialogue);
        let mut open = client::retrieve(t("/calm"), RepresentationType::Image, 0);
        let opened = self.world.run(&mut open, |opened| opened.transfer);
        if self.world.harm.fatal > 0 && !matches!(opened, Outcome::Done(_)) {
            self.over = true;
            return;
        }
        self.world.run(&mut client::complete(opened.done()), |_| ()).done();
        assert_eq!(self.world.download, b"calm\r\n\xff");
        self.world.run(&mut client::quit(), |line| line.code.get()).done();
        assert!(self.world.dialogue.is_settled(), "{:?}", self.world.dialogue);
    }

    pub fn run(&mut self) {
        let before = (self.world.harm, self.world.host.refused());
        let outcome = self.world.run(&mut client::greeting(), |_| ());
        self.judge(before, outcome);
        self.log_in();
        for _ in 0..3 + self.random.below(20) {
            if self.over {
                break;
            }
            self.step();
        }
        if !self.over {
            self.end_well();
        }
        self.world.hang_up();
        assert_eq!(self.world.ends(SERVER), 0, "data connections outlive the session");
    }
}
