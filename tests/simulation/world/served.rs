//! A session and its host: what is asked, when it is answered, and what has to be true whenever a reply has left.

use super::super::host::{Host, Kept, Told};
use super::super::model::Model;
use super::super::network::{Net, SECOND, Socket};
use super::super::wire::Dialogue;
use super::{Layer, Machine, Side, World, measured};
use ftp_proto::action::Action;
use ftp_proto::server::{self, Endpoints, Refusal, Session, Ticket};
use ftp_proto::time::Instant;
use std::net::SocketAddr;

pub struct Served {
    pub session: Session<Vec<u8>>,
    pub host: Host,
    pub dialogue: Dialogue,
    pub model: Model,
    /// What the host was asked last.
    asked: Option<Asked>,
    /// The time at which it was asked that.
    pub asked_at: u64,
    /// What it was asked before, and will answer too late.
    late: Vec<Asked>,
}

/// A request that the host has not answered, and when it will.
type Asked = (u64, Ticket, Kept);

impl Served {
    pub fn new(config: server::Config, local: SocketAddr, peer: SocketAddr) -> Self {
        let model = Model::new(config.limits.upload_size.map(u64::from));
        let endpoints = Endpoints { local, peer };
        let mut served = Self {
            session: Session::new(config, endpoints, vec![0; 1000]),
            host: Host::new(),
            dialogue: Dialogue::new(),
            model,
            asked: None,
            asked_at: 0,
            late: Vec::new(),
        };
        served.model.take(&served.host.tree);
        served
    }

    /// Takes in what the session has queued since the last time: the replies are legal, and what they say is so.
    fn observe(&mut self, net: &Net, pending: &[u8], seen: &mut usize, last: Option<Socket>) {
        let news = &pending[*seen..];
        *seen = pending.len();
        if news.is_empty() {
            return;
        }
        let Self { dialogue, model, host, session, .. } = self;
        let links = &net.links;
        let carried = |inward: bool| {
            last.map_or(&[][..], |last| {
                &links[last.link].said[if inward { last.which } else { 1 - last.which }]
            })
        };
        let given_up = last.is_some_and(|last| links[last.link].pipes[last.which].is_forged());
        let cut = given_up && session.protects_data();
        dialogue.replies(news, |line, code, text| model.answered(line, code, text, carried, cut));
        if given_up && !cut {
            // Without TLS an upload that is given up without a reset is a file, which may end within a line end.
            model.take(&host.tree);
        }
        if dialogue.is_settled() && !dialogue.has_ended() {
            model.check(&host.tree);
            if session.is_logged_in() {
                let here = session.working_directory().as_bytes();
                assert_eq!(model.directory(), here, "the working directory is another");
            }
        }
    }

    pub fn next(&self) -> Option<u64> {
        self.asked.iter().chain(&self.late).map(|(at, ..)| *at).min()
    }
}

impl World {
    /// Takes in what a session has queued, before it goes.
    pub(super) fn observe(&mut self, index: usize) {
        let Side { machine, tx, seen, last, .. } = &mut self.sides[index];
        if let Machine::Served(served) = machine {
            served.observe(&self.net, tx.pending(), seen, *last);
        }
    }

    pub(super) fn poll_session(&mut self, index: usize) -> bool {
        let now = Instant::from_micros(self.net.now);
        let side = &mut self.sides[index];
        if side.wait.is_some() || side.gone {
            return false;
        }
        let Machine::Served(served) = &mut side.machine else { return false };
        let Side { rx, tx, seen, last, .. } = side;
        let session = &mut served.session;
        let action = measured(|| session.poll(now, rx, tx));
        served.observe(&self.net, tx.pending(), seen, *last);
        match action {
            Ok(Action::Wait(wait)) => self.check_wait(index, wait),
            Ok(Action::Data(id, op)) => self.order(index, id, op),
            Ok(Action::UpgradeControl(token)) => side.layer = Layer::upgrade(token),
            Ok(Action::DowngradeControl(token)) => side.layer = Layer::downgrade(token),
            Ok(Action::Event(server::Event::Request(ticket, request))) => {
                let kept = Kept::of(&request);
                served.asked_at = self.net.now;
                let path = served.session.path();
                self.net.note(|| format!("host: {kept:?} {path:?}"));
                let at = self.net.now + self.net.choices.below(self.net.plan.host_delay as usize + 1) as u64;
                let at = match self.net.choices.chance(self.net.plan.silence, 1000) {
                    false => at,
                    true => {
                        (self.net.harm.fatal, self.net.harm.mild) =
                            (self.net.harm.fatal + 1, self.net.harm.mild + 1);
                        // Never, or long after anybody waits for it.
                        let late = self.net.choices.below(2) == 1;
                        self.net.note(|| format!("host: {}", if late { "is late" } else { "never answers" }));
                        if late { self.net.now + 320 * SECOND } else { u64::MAX }
                    }
                };
                if let Some(asked) = served.asked.replace((at, ticket, kept)) {
                    assert!(!served.session.awaits(&asked.1), "two requests at once");
                    served.late.push(asked);
                }
            }
            Ok(Action::Event(server::Event::Abort)) => {
                self.net.note(|| "host: is to give up".to_owned());
                if self.net.choices.below(2) == 0 {
                    if let Some((_, ticket, kept)) = served.asked.take() {
                        self.tell(index, ticket, kept, Some(Refusal::Aborted));
                    }
                }
            }
            Ok(Action::Close) => {
                self.net.note(|| "S: closes".to_owned());
                while !self.sides[index].tx.is_empty() {
                    let rest = self.sides[index].tx.pending().len();
                    self.pass_on(index, rest);
                }
                self.leave(index);
            }
            Err(error) => {
                self.net.note(|| format!("S: {error:?}"));
                assert!(matches!(error, ftp_proto::error::Error::Peer(_)), "misuse: {error:?}");
                self.leave(index);
            }
            Ok(other) => panic!("unknown: {other:?}"),
        }
        true
    }

    /// A session has ended.
    fn leave(&mut self, index: usize) {
        assert!(self.sides[index].end.is_none(), "a data connection outlives the session");
        let side = &mut self.sides[index];
        side.gone = true;
        side.wait = None;
        let said = side.last.map(|last| self.net.links[last.link].said[last.which].clone());
        let given_up = side.last.is_some_and(|last| self.net.inward(last).is_forged());
        let Machine::Served(served) = &mut side.machine else { return };
        (served.asked, served.late) = (None, Vec::new());
        if given_up && !served.session.protects_data() {
            served.model.take(&served.host.tree);
        }
        let open = served.dialogue.first_open();
        served.model.end(open.as_deref(), &said.unwrap_or_default(), &served.host.tree);
        self.net.hang_up(index ^ 1);
    }

    pub(super) fn answer(&mut self, index: usize) -> bool {
        let now = self.net.now;
        let Machine::Served(served) = &mut self.sides[index].machine else { return false };
        let is_due = |(at, ..): &Asked| *at <= now;
        if let Some(late) = served.late.iter().position(is_due) {
            let (_, ticket, kept) = served.late.swap_remove(late);
            self.tell(index, ticket, kept, None);
            return true;
        }
        let Some((_, ticket, kept)) = served.asked.take_if(|asked| is_due(asked)) else { return false };
        let refuses = !matches!(kept, Kept::Admit) && self.net.goes_wrong(self.net.plan.refusals);
        let refusal = refuses.then(|| super::super::host::refusal(&self.net.choices));
        self.tell(index, ticket, kept, refusal);
        true
    }

    fn tell(&mut self, index: usize, ticket: Ticket, kept: Kept, refusal: Option<Refusal>) {
        if let Some(refusal) = &refusal {
            self.net.harm.mild += 1;
            self.net.note(|| format!("host: {refusal:?}"));
        }
        let gives_up = refusal == Some(Refusal::Aborted);
        let side = &mut self.sides[index];
        let Machine::Served(served) = &mut side.machine else { return };
        let before = served.host.refused();
        let told = served.host.answer(&mut served.session, ticket, &kept, refusal, &mut side.tx.view());
        served.observe(&self.net, side.tx.pending(), &mut side.seen, side.last);
        side.to_blame |= served.host.refused() > before && !gives_up;
        if let Told::More(ticket) = told {
            // What was refused stays so.
            let kept = if served.host.is_telling() { kept } else { Kept::Other };
            served.asked = Some((self.net.now + 1000, ticket, kept));
        }
        side.wake(|wait| wait.application);
    }
}
