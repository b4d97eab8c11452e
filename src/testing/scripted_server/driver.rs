//! The driver of the client.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::{Control, ScriptedServer};
use crate::action::Wait;
use crate::client::{Operation, Sequence};
use crate::codec::Escaped;
use crate::testing::script_error::Fault;
use crate::testing::{Attempt, Outcome, ScriptError, Turn};

/// Number of polls after which an operation is considered endless.
const ENDLESS: usize = 100_000;

impl ScriptedServer {
    /// Runs an operation to its end. `own` converts its output to an owned value.
    ///
    /// # Panics
    /// Panics with the [`ScriptError`] if the dialogue departs from the script.
    #[track_caller]
    pub fn run<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Outcome<O> {
        match self.try_run(operation, own) {
            Ok(outcome) => outcome,
            Err(error) => panic!("{error}"),
        }
    }

    /// Runs an operation to its end, as [`run`](Self::run) does.
    ///
    /// # Errors
    /// Fails if the dialogue departs from the script.
    pub fn try_run<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Result<Outcome<O>, ScriptError> {
        match self.drive(operation, usize::MAX, &own) {
            Ok(Some(outcome)) => Ok(outcome),
            Ok(None) => Err(self.error(Fault::Endless)),
            Err(fault) => Err(self.error(fault)),
        }
    }

    /// Runs an operation for `polls` polls. Returns `None` if the operation has not ended by then;
    /// drop the operation to test how the next one copes.
    ///
    /// # Panics
    /// Panics as [`run`](Self::run) does.
    #[track_caller]
    pub fn run_for<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        polls: usize,
        own: impl Fn(S::Output<'_>) -> O,
    ) -> Option<Outcome<O>> {
        match self.drive(operation, polls, &own) {
            Ok(outcome) => outcome,
            Err(fault) => panic!("{}", self.error(fault)),
        }
    }

    fn drive<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        polls: usize,
        own: &impl Fn(S::Output<'_>) -> O,
    ) -> Result<Option<Outcome<O>>, Fault> {
        for turn in 0..polls {
            if turn >= ENDLESS {
                return Err(Fault::Endless);
            }
            self.records.polls += 1;
            let action = operation.poll(&mut self.client, self.now, &mut self.rx, &mut self.tx);
            match Turn::of(action, own) {
                Turn::Over(outcome) => return Ok(Some(outcome)),
                Turn::Line(line) => self.records.lines.push(line),
                Turn::Data(id, op) => self.operate(id, op)?,
                Turn::Upgrade(token) => {
                    while self.flush()? {}
                    self.records.transcript.push("TLS".to_owned());
                    match self.upgrades {
                        Attempt::Succeeds => self.client.upgraded(token),
                        Attempt::Fails(_) => self.client.upgrade_failed(token),
                        Attempt::Hangs => {}
                    }
                }
                Turn::Downgrade(token) => {
                    while self.flush()? {}
                    self.records.transcript.push("clear".to_owned());
                    self.client.downgraded(token);
                }
                Turn::Wait(wait) => self.wait(wait)?,
            }
        }
        Ok(None)
    }

    /// Fulfils one of the conditions that the client waits for.
    fn wait(&mut self, wait: Wait) -> Result<(), Fault> {
        if !(wait.readable || wait.writable || wait.data || wait.deadline.is_some()) {
            return Err(Fault::Machine("the operation waits for nothing"));
        }
        if wait.writable == self.tx.is_empty() {
            return Err(Fault::Machine("the operation does not know whether bytes are to be sent"));
        }
        let moved = self.flush()?
            || (self.data_first && wait.data && self.data_event()?)
            || (wait.readable && self.deliver()?)
            || (wait.data && self.data_event()?);
        if moved {
            return Ok(());
        }
        if self.serve()? {
            self.records.round_trips += 1;
            return Ok(());
        }
        let next = [wait.deadline, self.until].into_iter().flatten().min();
        self.now = self.now.max(next.ok_or_else(|| self.stuck())?);
        Ok(())
    }

    /// Returns the reason why the dialogue cannot continue.
    fn stuck(&self) -> Fault {
        match self.script.awaited() {
            Some(expected) => Fault::Unmet { expected: expected.to_owned() },
            None => Fault::Deadlock,
        }
    }

    /// Sends a piece of the client's pending output. Returns whether there was any.
    pub(super) fn flush(&mut self) -> Result<bool, Fault> {
        let pending = self.tx.pending();
        if pending.is_empty() {
            return Ok(false);
        }
        let count = self.pieces.take(pending.len());
        self.to_server.extend(pending.iter().take(count));
        self.tx.sent(count);
        while let Some(end) = self.to_server.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.to_server.drain(..=end).collect();
            let Some(line) = line.strip_suffix(b"\r\n") else {
                return Err(Fault::Machine("the client ended a command without CRLF"));
            };
            let line = Escaped(line).to_string();
            self.records.transcript.push(format!("C: {line}"));
            self.commands.push_back(line);
        }
        Ok(true)
    }

    /// Delivers a piece of the server's output, or its end. Returns whether there was any.
    pub(super) fn deliver(&mut self) -> Result<bool, Fault> {
        if self.to_client.is_empty() {
            let closing = self.control == Control::Closing;
            if closing {
                self.control = Control::Closed;
                self.rx.eof();
            }
            return Ok(closing);
        }
        let available = self.to_client.make_contiguous();
        let room = self.rx.spare().len();
        if room == 0 {
            return Err(Fault::Machine("the client waits for bytes and has no room for any"));
        }
        let count = self.pieces.take(available.len()).min(room);
        let taken = self.rx.extend(available.get(..count).unwrap_or_default());
        self.to_client.drain(..taken);
        Ok(true)
    }
}
