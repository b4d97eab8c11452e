//! Renaming: RNFR, then RNTO (RFC 959 4.1.3).

use crate::client::{Advance, Context, Operation, ReplyTo, Sequence, Verdict};
use crate::codec::{Command, ReplyLine, Text, Verb};
use crate::error::LocalError;

/// Renames `from` to `to`.
pub fn rename<'a>(from: Text<'a>, to: Text<'a>) -> Operation<Rename<'a>> {
    Operation::new(Rename { next: Some(Command::Rnfr(from)), to })
}

/// The operation of [`rename`].
#[derive(Debug)]
pub struct Rename<'a> {
    next: Option<Command<'a>>,
    to: Text<'a>,
}

impl Sequence for Rename<'_> {
    type Output<'b> = ();

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        if let Some(command) = &self.next {
            if cx.send(command)? {
                self.next = None;
            }
        }
        Ok(Advance::Continue)
    }

    fn reply(&mut self, _: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            return Verdict::Show;
        }
        match to.verb() {
            Some(Verb::Rnfr) if line.code.is_intermediate() => {
                self.next = Some(Command::Rnto(self.to));
                Verdict::Continue
            }
            Some(Verb::Rnto) if line.code.is_success() => Verdict::Done,
            _ => Verdict::Refused,
        }
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) {}
}
