//! The course of a transfer, right or wrong.

use super::super::network::{Net, SECOND};
use super::faults::Fault;
use super::script::{Reply, Step};
use super::server::Server;
use ftp_proto::codec::Verb;

impl Server {
    /// The course of a transfer.
    pub(super) fn transfer(
        &mut self,
        net: &mut Net,
        number: usize,
        verb: Verb,
        fault: Option<Fault>,
    ) -> Vec<Step> {
        let own = |code, text: &str| Step::Say(Reply::own(code, text, Some(number)));
        let path = self.log.last().map(|log| log.path.clone()).unwrap_or_default();
        let uploads = matches!(verb, Verb::Stor | Verb::Appe);
        let rest = match verb {
            Verb::Retr | Verb::Stor | Verb::Appe => core::mem::take(&mut self.rest),
            _ => 0,
        } as usize;
        let from = if core::mem::take(&mut self.rest_ignored) && !uploads { 0 } else { rest };
        let (mut body, mut hint) = (Vec::new(), None);
        match verb {
            Verb::Retr => {
                let Some(bytes) = self.file(&path) else { return vec![own(550, "No such file.")] };
                body = bytes.get(from..).unwrap_or_default().to_vec();
                hint = match net.choices.below(4) {
                    0 => Some(bytes.len() as u64),
                    1 => Some(body.len() as u64),
                    _ => None,
                };
                if fault == Some(Fault::HintWrong) {
                    hint = Some(net.choices.below(2 * bytes.len() + 20) as u64);
                }
            }
            Verb::Mlsd if !self.knows_mlsd => return vec![own(502, "Not here.")],
            Verb::List | Verb::Nlst | Verb::Mlsd => {
                if !self.directory(&path) {
                    return vec![own(550, "No such directory.")];
                }
                body = self.listing(verb, &path);
            }
            _ => {
                let parent = self.resolve(&[&path[..], b"/.."].concat());
                if !self.directory(&parent) || self.directory(&path) {
                    return vec![own(553, "Not there.")];
                }
            }
        }
        let base = match verb {
            Verb::Appe => self.file(&path).cloned().unwrap_or_default(),
            Verb::Stor if rest > 0 => {
                let mut base = self.file(&path).cloned().unwrap_or_default();
                base.resize(rest, 0);
                base
            }
            _ => Vec::new(),
        };
        let begins = match hint {
            Some(hint) => own(150, &format!("Here it comes ({hint} bytes).")),
            None => own(150, "Here it comes."),
        };
        let coin = || net.choices.below(2) == 0;
        let mut begins = vec![begins, Step::Accept];
        if coin() {
            begins.reverse();
        }
        if fault == Some(Fault::PreliminaryRepeated) {
            let mut late = None;
            for step in &mut begins {
                match step {
                    Step::Say(reply) if coin() => reply.copies = 2,
                    Step::Say(reply) => late = Some(reply.copy()),
                    _ => {}
                }
            }
            begins.extend(late.map(|copy| Step::Later(net.some_time(5 * SECOND), copy)));
        }
        let ends = match fault {
            Some(Fault::RefusedAfterData) => own(if uploads { 552 } else { 451 }, "It went wrong."),
            Some(Fault::DataReset) => own(426, "It broke."),
            _ => own(226, "Transfer complete."),
        };
        if let Some(log) = self.log.last_mut() {
            log.hint = hint;
            log.content.clone_from(&body);
            log.done = !uploads;
        }
        if let (Verb::Retr, Some(whole)) = (verb, self.file(&path).cloned()) {
            if let Some(log) = self.log.last_mut() {
                log.content = whole;
            }
        }
        if fault == Some(Fault::Cut) && !body.is_empty() {
            body.truncate(net.choices.below(body.len()));
        }
        let half = body[..net.choices.below(body.len() + 1)].to_vec();
        let coin = || net.choices.below(2) == 0;
        let mut data = match uploads {
            true => vec![Step::Read, Step::Commit(path, base), Step::CloseData],
            false => vec![Step::Send(body), Step::CloseData],
        };
        match fault {
            Some(Fault::NeverEnds) => data.truncate(1),
            Some(Fault::Hangs) => {
                data.truncate(1);
                data.push(Step::Hang);
            }
            Some(Fault::DataReset) => data = vec![Step::Send(half), Step::ResetData],
            Some(Fault::RefusedAfterData) => data.retain(|step| !matches!(step, Step::Commit(..))),
            Some(Fault::NeverAccepted) => {
                data.clear();
                // A server that says 1yz and 2yz and leaves the data in its receive buffer cannot be found out.
                let silent = uploads && self.active.is_none();
                begins.retain(|step| !matches!(step, Step::Accept));
                if silent || coin() {
                    begins.clear();
                }
            }
            Some(Fault::NoPreliminary) => begins.retain(|step| !matches!(step, Step::Say(_))),
            _ => {}
        }
        if let Some(log) = self.log.last_mut() {
            log.announced = begins.iter().any(|step| matches!(step, Step::Say(_)));
        }
        let pause = Step::Pause(if coin() { 0 } else { net.choices.below(2_000_000) as u64 });
        let first = match fault {
            Some(Fault::FinalFirst) => true,
            Some(Fault::NoPreliminary) => net.choices.below(2) == 0,
            _ => false,
        };
        self.promised = first && uploads;
        match first {
            true => [vec![ends, pause], begins, data].concat(),
            false => [begins, data, vec![pause, ends]].concat(),
        }
    }
}
