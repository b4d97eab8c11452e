//! What a client does in a session, as the choices say: any operation, or some of it, and what has to hold after each.

use super::Tally;
use super::choices::Choices;
use super::host::digest;
use super::network::{Harm, Plan};
use super::support::client::Outcome;
use super::support::{secret, t};
use super::world::{CLIENT, SERVER, World};
use ftp_proto::client::{self, AbortPolicy, DataConnection, Open, Operation, Profile, Sequence, TransferId};
use ftp_proto::codec::{ByteRange, HashAlgorithm, RepresentationType, SiteCommand, Text, Verb};
use ftp_proto::security::TlsMode;
use ftp_proto::server;
use std::fmt::Debug;
use std::num::NonZeroU64;
use std::time::Duration;

const FILES: [&str; 6] = ["/a", "/b", "/dir/c", "/dir/d", "/none", "/dir"];

/// What a session begins with.
const UMASK: u16 = 0o022;

/// A session.
pub struct Play {
    world: World,
    choices: Choices,
    /// The connection is to be secured.
    tls: bool,
    /// The most that may be stored in a file.
    quota: Option<usize>,
    /// The connection is lost.
    over: bool,
    /// SITE UMASK's, where it is known.
    umask: Option<u16>,
    pub tally: Tally,
}

fn content(choices: &Choices) -> Vec<u8> {
    choices.content(choices.one(&[20, 1, 300, 3000]))
}

fn configs(choices: &Choices, six: bool) -> (client::Config, server::Config, Profile) {
    let (mut client, mut server) = (client::Config::default(), server::Config::default());
    use DataConnection::*;
    client.data_connection = choices.one(&[Passive, Passive, Active, PassiveThenActive]);
    use AbortPolicy::*;
    client.abort = choices.one(&[AborUploads, CloseData, Abor, AborWithSynch]);
    client.keepalive = choices.one(&[None, None, Some(Duration::from_secs(7))]);
    client.pipelining = choices.below(3) != 0;
    // A server that gives a transfer up has the time to say so.
    client.timeouts.final_reply = Duration::from_secs(150);
    if choices.below(8) == 7 {
        client.timeouts.reply = Duration::from_secs(400);
    }
    if choices.below(4) == 3 {
        server.limits.minimum_rate = 1;
    }
    let mut profile = Profile::empty();
    if !six {
        match choices.below(5) {
            4 => server.commands = server.commands.without(Verb::Epsv),
            3 => server.commands = server.commands.without(Verb::Eprt),
            2 => profile = Profile::NO_EPSV | Profile::NO_EPRT,
            _ => {}
        }
    }
    if choices.below(6) == 5 {
        server.commands = server.commands.without(Verb::Mlsd);
    }
    server.hashes = &[HashAlgorithm::Crc32];
    if choices.below(4) == 3 {
        server.limits.upload_size = NonZeroU64::new(1 + choices.below(1000) as u64);
    }
    if choices.below(3) == 2 {
        client.security = client::Security::explicit();
        server.security.tls = TlsMode::Explicit;
        server.security.clear_command_channel = true;
    }
    (client, server, profile)
}

/// Says that an operation is dropped after so many polls.
fn within(polls: usize) -> String {
    if polls == usize::MAX { String::new() } else { format!(", dropped after {polls} polls") }
}

impl Play {
    pub fn new(choices: &Choices) -> Self {
        let plan = Plan::draw(choices);
        let six = choices.below(4) == 3;
        let (client, server, profile) = configs(choices, six);
        let tls = server.security.tls != TlsMode::None;
        let quota = server.limits.upload_size.map(|size| u64::from(size) as usize);
        let mut world = World::pair(choices, plan, six, client, server);
        world.client().set_profile(profile);
        world.put_file("/a", &content(choices));
        world.put_file("/dir/c", &content(choices));
        let (choices, umask, tally) = (choices.clone(), Some(UMASK), Tally::default());
        Self { world, choices, tls, quota, over: false, umask, tally }
    }

    /// Returns what has gone wrong until now.
    fn before(&mut self) -> (Harm, usize) {
        (self.world.net.harm, self.world.served().host.refused())
    }

    /// Returns a file of the host.
    fn file(&mut self, path: &str) -> Option<Vec<u8>> {
        self.world.served().model.file(path.as_bytes()).map(<[u8]>::to_vec)
    }

    /// Checks that an operation ended for a reason.
    #[track_caller]
    fn judge<O: Debug>(&mut self, before: (Harm, usize), outcome: Outcome<O>) -> Option<O> {
        let now = self.before();
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
                assert!(self.world.net.harm.fatal > 0);
                self.over = true;
            }
            // What the session knows by itself: MLSD is not served here, and a directory has no size.
            Outcome::Refused { verb: Some(Verb::Mlsd), code: 502, .. } => {}
            Outcome::Refused { verb: Some(Verb::Size), code: 550, .. } => {}
            // The host knows no SITE command of its own.
            Outcome::Refused { verb: Some(Verb::Site), code: 504, .. } => {}
            // More was sent than may be stored.
            Outcome::Refused { code: 552, .. }
                if self.quota.is_some_and(|quota| self.world.files().upload.len() + 3000 > quota) => {}
            // What was cleared cannot be cleared again.
            Outcome::Refused { verb: Some(Verb::Ccc), code: 533, .. }
                if !self.world.client().is_secured() => {}
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
        let before = self.before();
        let polls = if self.choices.below(5) == 4 { self.choices.below(60) } else { usize::MAX };
        self.world.net.note(|| format!("-- {name}{}", within(polls)));
        let outcome = self.world.run_for(&mut operation, polls, own);
        drop(operation);
        self.tally.dropped += usize::from(outcome.is_none());
        // Who drops what changes TLS leaves the server waiting.
        if outcome.is_none() && self.tls && matches!(name, "CCC" | "REIN") {
            self.world.net.harm.fatal += 1;
        }
        let output = outcome.and_then(|outcome| self.judge(before, outcome));
        if self.choices.below(4) == 3 && !self.over {
            self.world.idle(self.choices.below(1000));
        }
        output
    }

    fn path(&mut self) -> (&'static str, Text<'static>) {
        let path = FILES[self.choices.below(FILES.len())];
        (path, t(path))
    }

    /// Opens a transfer and does with it what may be done. Says whether it is complete.
    fn transfer(&mut self, name: &str, open: Operation<Open<'_>>) -> Option<Option<Vec<u8>>> {
        let harm = self.world.net.harm;
        let own = |opened: client::Opened<'_>| (opened.transfer, opened.unique_name.map(<[u8]>::to_vec));
        let (id, unique) = self.ask(name, open, own)?;
        let before = (harm, self.world.served().host.refused());
        if self.over {
            return None;
        }
        match self.choices.below(8) {
            7 => return None,
            6 => {
                self.abort(id);
                return None;
            }
            5 => {
                let mut complete = client::complete(id);
                let polls = self.choices.below(100);
                self.world.net.note(|| format!("-- complete, for {polls}, then abort"));
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
            4 => {
                let mut complete = client::complete(id);
                for _ in 0..1 + self.choices.below(3) {
                    let polls = self.choices.below(60);
                    self.world.net.note(|| format!("-- complete, for {polls}, then STAT"));
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
                let polls = if self.choices.below(6) == 5 { self.choices.below(100) } else { usize::MAX };
                self.world.net.note(|| format!("-- complete{}", within(polls)));
                let outcome = self.world.run_for(&mut client::complete(id), polls, |_| ())?;
                self.judge(before, outcome)?;
            }
        }
        self.tally.moved += 1;
        Some(unique)
    }

    fn abort(&mut self, id: TransferId) {
        let before = self.before();
        self.world.net.note(|| "-- abort".to_owned());
        let outcome = self.world.run(&mut client::abort(id), |_| ());
        let done = self.judge(before, outcome);
        if done.is_some() {
            self.tally.aborted += 1;
            assert!(!self.world.has_end(CLIENT), "a data connection outlives its abort");
        }
    }

    fn representation(&mut self) -> RepresentationType {
        self.choices.one(&[RepresentationType::Image, RepresentationType::ASCII])
    }

    /// One file, or a series.
    fn retrieve(&mut self) {
        if self.choices.below(2) == 0 {
            return self.retrieve_one(|open| open);
        }
        for left in (0..1 + self.choices.below(4)).rev() {
            if !self.over {
                self.retrieve_one(|open| open.in_series(left > 0));
            }
        }
    }

    fn retrieve_one(&mut self, series: impl Fn(Operation<Open<'static>>) -> Operation<Open<'static>>) {
        let (name, path) = self.path();
        let size = self.file(name).map_or(0, |file| file.len());
        let offset = if self.choices.below(3) == 2 { self.choices.below(size + 2) } else { 0 };
        let representation = if offset > 0 { RepresentationType::Image } else { self.representation() };
        let open = series(client::retrieve(path, representation, offset as u64));
        if self.transfer(&format!("RETR {name} from {offset}"), open).is_some() {
            let file = self.file(name).expect("a file that is not there was retrieved");
            assert!(self.world.files().download == file[offset..], "retrieved something else");
        }
    }

    fn store(&mut self) {
        let (name, path) = self.path();
        let bytes = content(&self.choices);
        self.world.files().upload.clone_from(&bytes);
        let size = self.file(name).map_or(0, |file| file.len());
        let representation = self.representation();
        match self.choices.below(4) {
            3 => {
                let unique = self.transfer("STOU", client::store_unique(Some(path), representation));
                if let Some(Some(unique)) = unique {
                    let unique = String::from_utf8(unique).unwrap();
                    assert!(self.file(&unique) == Some(bytes), "stored something else");
                    self.world.remove(unique.as_bytes());
                }
            }
            1 => {
                if self.transfer(&format!("APPE {name}"), client::append(path, representation)).is_some() {
                    let expected = [&self.world.served().host.kept[..], &bytes].concat();
                    assert!(self.file(name) == Some(expected), "appended something else");
                }
            }
            2 => {
                let offset = self.choices.below(size + 2);
                let open = client::store(path, RepresentationType::Image, offset as u64);
                if self.transfer(&format!("STOR {name} from {offset}"), open).is_some() {
                    let kept = self.world.served().host.kept.clone();
                    assert_eq!(kept.len(), offset);
                    let expected = [&kept[..], &bytes].concat();
                    assert!(self.file(name) == Some(expected), "stored something else");
                }
            }
            _ => {
                let open = client::store(path, representation, 0);
                if self.transfer(&format!("STOR {name}"), open).is_some() {
                    assert!(self.file(name) == Some(bytes), "stored something else");
                }
            }
        }
    }

    fn list(&mut self) {
        let path = self.choices.one(&[None, Some(t("/dir")), Some(t("/a"))]);
        let open = match self.choices.below(4) {
            0 => client::list(path),
            1 => client::names(path),
            2 => client::machine_list(path),
            _ => client::entries(path),
        };
        if self.transfer("a listing", open).is_some() {
            let lines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count();
            let sent = lines(&self.world.served().host.served);
            let received = lines(&self.world.files().download);
            assert_eq!(received, sent, "lines of a listing are lost");
        }
    }

    fn hash(&mut self) {
        let (name, path) = self.path();
        let size = self.file(name).map_or(0, |file| file.len());
        let (first, length) = (self.choices.below(size + 2), self.choices.below(size + 2));
        let bounds = (self.choices.below(2) == 1).then_some((first, first + length));
        let range = bounds.and_then(|(first, last)| ByteRange::new(first as u64, last as u64).ok());
        let algorithm = self.choices.one(&[None, Some(HashAlgorithm::Crc32)]);
        let reply =
            self.ask(&format!("HASH {name} {bounds:?}"), client::hash(path, algorithm, range), |reply| {
                reply.expect("what HASH is answered can be read")
            });
        if let Some(reply) = reply {
            let file = self.file(name).expect("the hash of nothing");
            // An upload that was left alone may have come to its end before.
            let size = file.len();
            let (start, end) = bounds.map_or((0, size), |(first, last)| (first, size.min(last + 1)));
            assert_eq!((reply.start, reply.end), (start as u64, end as u64));
            assert_eq!(reply.digest.as_bytes(), digest(&file[start..end]), "the hash of something else");
        }
    }

    fn site(&mut self) {
        let (name, path) = self.path();
        let mode = self.choices.below(0o1000) as u16;
        match self.choices.below(4) {
            0 => {
                if self.ask(&format!("CHMOD {mode:o} {name}"), client::chmod(path, mode), |_| ()).is_some() {
                    let (path, changes) = &self.world.served().host.changed;
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
            assert!(!self.world.served().session.is_logged_in());
            assert!(!self.world.has_end(CLIENT), "a data connection outlives the login");
        } else if !self.over {
            // What becomes of one that was given up is known once the next command is answered.
            let outcome = self.world.run(&mut client::noop(), |_| ());
            self.over = !matches!(outcome, Outcome::Done(_));
            assert!(!self.over || self.world.net.harm.fatal > 0, "{outcome:?}");
        }
        if self.over || self.world.served().session.is_logged_in() {
            return;
        }
        self.log_in();
        if !self.over {
            assert_eq!(self.world.served().session.working_directory().as_bytes(), b"/");
            self.umask = Some(UMASK);
            self.tally.begun_anew += 1;
        }
    }

    fn log_in(&mut self) {
        for _ in 0..6 {
            if self.over || self.world.served().session.is_logged_in() {
                break;
            }
            let before = self.before();
            if self.tls && !self.world.client().is_secured() {
                let outcome = self.world.run(&mut client::secure(), |_| ());
                if self.judge(before, outcome).is_none() {
                    continue;
                }
            }
            let outcome = self.world.run(&mut client::login(t("me"), secret("secret"), None), |_| ());
            if let Outcome::Refused { .. } | Outcome::Error(_) = outcome {
                // Five failures are the end, whoever is to blame.
                self.world.net.harm.fatal += usize::from(self.world.served().session.failed_logins() >= 5);
            }
            self.judge(before, outcome);
        }
        // The host did not want it.
        self.over |= !self.world.served().session.is_logged_in();
    }

    fn step(&mut self) {
        let (name, path) = self.path();
        match self.choices.below(24 + usize::from(self.tls)) {
            0 => {
                let here =
                    self.ask("PWD", client::working_directory(), |path| path.unwrap().bytes().collect());
                let here: Option<Vec<u8>> = here;
                if let Some(here) = here {
                    assert_eq!(here, self.world.served().session.working_directory().as_bytes());
                }
            }
            1 => {
                let path = self.choices.one(&[t("/dir"), t("/"), t("nowhere"), t("/a")]);
                if self.ask("CWD", client::change_directory(path), |_| ()).is_some() {
                    assert_eq!(self.world.served().session.working_directory().as_bytes(), path.as_bytes());
                }
            }
            2 => drop(self.ask("CDUP", client::change_to_parent(), |_| ())),
            3 => {
                if let Some(size) = self.ask("SIZE", client::size(path), |size| size.unwrap()) {
                    let file = self.file(name).expect("the size of nothing");
                    assert_eq!(size, file.len() as u64);
                }
            }
            4 => drop(self.ask("MLST", client::facts(Some(path)), |()| ())),
            5 => drop(self.ask("FEAT", client::features(), |features| features)),
            6 => {
                let path = self.choices.one(&[None, Some(t("/")), Some(t("/dir")), Some(path)]);
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
            23 => self.begin_anew(),
            _ => drop(self.ask("CCC", client::clear_command_channel(), |()| ())),
        }
    }

    /// Nothing goes wrong any more: whatever has happened, all works.
    fn end_well(&mut self) {
        let calm = Plan { no_resets: self.world.net.plan.no_resets, ..Plan::calm() };
        self.world.net.plan = calm;
        self.world.net.note(|| "-- calm".to_owned());
        self.world.put_file("/calm", b"calm\r\n\xff");
        let own = |line: Option<Vec<u8>>| line;
        let here = self
            .world
            .run(&mut client::working_directory(), |path| own(path.ok().map(|path| path.bytes().collect())));
        if self.world.net.harm.fatal > 0 && !matches!(here, Outcome::Done(_)) {
            self.over = true;
            return;
        }
        assert_eq!(here.done().unwrap(), self.world.served().session.working_directory().as_bytes());
        self.assert_settled();
        let mut open = client::retrieve(t("/calm"), RepresentationType::Image, 0);
        let opened = self.world.run(&mut open, |opened| opened.transfer);
        if self.world.net.harm.fatal > 0 && !matches!(opened, Outcome::Done(_)) {
            self.over = true;
            return;
        }
        self.world.run(&mut client::complete(opened.done()), |_| ()).done();
        assert_eq!(self.world.files().download, b"calm\r\n\xff");
        self.world.run(&mut client::quit(), |line| line.code.get()).done();
        self.assert_settled();
    }

    fn assert_settled(&mut self) {
        let dialogue = &self.world.served().dialogue;
        assert!(dialogue.is_settled(), "{dialogue:?}");
    }

    pub fn run(&mut self) {
        let before = self.before();
        let outcome = self.world.run(&mut client::greeting(), |_| ());
        self.judge(before, outcome);
        self.log_in();
        for _ in 0..3 + self.choices.below(20) {
            if self.over {
                break;
            }
            self.step();
        }
        if !self.over {
            self.end_well();
        }
        self.world.hang_up();
        assert!(!self.world.has_end(SERVER), "data connections outlive the session");
    }
}
