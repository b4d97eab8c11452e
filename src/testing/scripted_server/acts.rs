//! The steps of the server.

use alloc::borrow::ToOwned;
use alloc::format;

use super::{Control, ScriptedServer};
use crate::codec::Escaped;
use crate::testing::script::Act;
use crate::testing::script_error::Fault;

impl ScriptedServer {
    /// Runs the server until it has to wait. Returns whether it did anything.
    pub(super) fn serve(&mut self) -> Result<bool, Fault> {
        self.acts.extend(self.script.open());
        let mut progress = false;
        while self.control == Control::Open || !self.acts.is_empty() {
            let Some(act) = self.acts.pop_front() else {
                if !self.answer_next()? {
                    break;
                }
                progress = true;
                continue;
            };
            if self.attentive && self.is_blocked_by(&act) {
                self.acts.push_front(act);
                if self.answer_next()? {
                    progress = true;
                    continue;
                }
                let Some(act) = self.acts.pop_front() else { break };
                if !self.perform(act) {
                    break;
                }
            } else if !self.perform(act) {
                break;
            }
            progress = true;
        }
        Ok(progress)
    }

    /// Puts the answer to the next command before all other steps. Returns whether there is one.
    fn answer_next(&mut self) -> Result<bool, Fault> {
        let Some(line) = self.commands.pop_front() else { return Ok(false) };
        let answer = self.script.answer(&line, self.data.is_listening())?;
        answer.into_iter().rev().for_each(|act| self.acts.push_front(act));
        Ok(true)
    }

    fn is_blocked_by(&self, act: &Act) -> bool {
        match act {
            Act::AfterData => self.data.is_under_way(),
            Act::Silence(_) => self.until.is_some_and(|until| self.now < until),
            _ => false,
        }
    }

    /// Performs a step. If the server has to wait, puts the step back and returns `false`.
    fn perform(&mut self, act: Act) -> bool {
        match act {
            Act::Reply(lines) => {
                self.to_client.extend(lines.as_bytes());
                self.to_client.extend(b"\r\n");
                self.records.transcript.push(format!("S: {lines}"));
            }
            Act::Bytes(bytes) => {
                self.records.transcript.push(format!("S: {}", Escaped(&bytes)));
                self.to_client.extend(bytes);
            }
            Act::Connect(from) => self.data.arrive(from),
            Act::Data(bytes) => self.data.serve(bytes),
            Act::Break(failure) => self.data.break_with(failure),
            Act::CloseData => self.data.close_by_server(),
            Act::AfterData if self.data.take_abort() => {
                self.acts.clear();
                self.acts.push_back(Act::Reply("426 aborted".to_owned()));
            }
            Act::AfterData if self.data.is_under_way() => {
                self.acts.push_front(act);
                return false;
            }
            Act::AfterData => {}
            Act::DropRest => {
                self.acts.clear();
                self.until = None;
            }
            Act::Close => self.control = Control::Closing,
            Act::Silence(time) => {
                let until = *self.until.get_or_insert_with(|| self.now.after(time));
                if self.now < until {
                    self.acts.push_front(act);
                    return false;
                }
                self.until = None;
            }
        }
        true
    }
}
