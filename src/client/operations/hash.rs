//! Hashes that the server computes (draft-bryan-ftpext-hash, draft-bryan-ftp-range).

use crate::client::{Advance, Context, Operation, ReplyTo, Sequence, Verdict};
use crate::codec::{
    ByteRange, Command, HashAlgorithm, HashReply, Invalid, OptsArgument, ReplyLine, RepresentationType, Text,
    Verb,
};
use crate::error::LocalError;

/// HASH: asks for the hash of `path` in TYPE I, which is set first. If given, `algorithm` is chosen
/// with `OPTS HASH`, which stays in force, and `range` with RANG.
///
/// The server computes the hash on request, which takes as long as reading the file: see
/// [`Timeouts::digest`](crate::client::Timeouts::digest).
pub fn hash(
    path: Text<'_>,
    algorithm: Option<HashAlgorithm>,
    range: Option<ByteRange>,
) -> Operation<Hash<'_>> {
    Operation::new(Hash { path, algorithm, range, due: Some(Step::Algorithm) })
}

/// The operation of [`hash`]. Its output is a [`HashReply`], if the answer can be parsed.
#[derive(Debug)]
pub struct Hash<'a> {
    path: Text<'a>,
    algorithm: Option<HashAlgorithm>,
    range: Option<ByteRange>,
    /// Step that is due; `None` while a command is unanswered.
    due: Option<Step>,
}

/// A step, in the order of the dialogue.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// OPTS HASH, if an algorithm was asked for.
    Algorithm,
    /// RANG, if a range was asked for or a range of an earlier operation is in force.
    Range,
    /// HASH itself.
    Hash,
}

impl<'a> Hash<'a> {
    /// Returns the command of a step or, as an error, the next step if this one needs no command.
    fn command(&self, step: Step, cx: &Context<'_, '_>) -> Result<Command<'a>, Step> {
        match step {
            Step::Algorithm if self.algorithm.is_some() => {
                Ok(Command::Opts(OptsArgument::Hash(self.algorithm)))
            }
            Step::Algorithm => Err(Step::Range),
            Step::Range => match self.range {
                Some(range) => Ok(Command::Rang(range)),
                None if cx.client().settings().keeps_range() => Ok(Command::Rang(ByteRange::WHOLE)),
                None => Err(Step::Hash),
            },
            Step::Hash => Ok(Command::Hash(self.path)),
        }
    }
}

impl Sequence for Hash<'_> {
    type Output<'b> = Result<HashReply, Invalid>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        while let Some(step) = self.due {
            if !cx.set_type(RepresentationType::Image)? {
                break;
            }
            self.due = match self.command(step, cx) {
                Err(next) => Some(next),
                Ok(command) if cx.send(&command)? => None,
                Ok(_) => break,
            };
        }
        Ok(Advance::Continue)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            return Verdict::Show;
        }
        self.due = Some(match to.verb() {
            Some(Verb::Type) if line.code.is_success() => return Verdict::Continue,
            Some(Verb::Opts) if line.code.is_success() => Step::Range,
            Some(Verb::Rang) if line.code.is_success() || line.code.is_intermediate() => Step::Hash,
            // A server without RANG has no range in force.
            Some(Verb::Rang) if self.range.is_none() && !cx.client().settings().keeps_range() => Step::Hash,
            Some(Verb::Hash) if line.code.is_success() => return Verdict::Done,
            _ => return Verdict::Refused,
        });
        Verdict::Continue
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Self::Output<'b> {
        HashReply::parse(last.map(|line| line.text).unwrap_or_default())
    }
}
