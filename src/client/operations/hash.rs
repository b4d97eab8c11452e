//! Hashes that the server computes (draft-bryan-ftpext-hash, draft-bryan-ftp-range).

use crate::client::{Context, Next, Operation, ReplyTo, Sequence};
use crate::codec::{
    ByteRange, Command, HashAlgorithm, HashReply, Invalid, OptsArgument, ReplyLine, RepresentationType, Text,
    Verb,
};
use crate::error::LocalError;

/// HASH: the hash of `path` in TYPE I, which is set first; by `algorithm`, where one is named (`OPTS HASH`,
/// which stays in force), and of `range`, where one is (RANG).
///
/// A server computes it now, which takes as long as reading the file does: see
/// [`Timeouts::digest`](crate::client::Timeouts::digest).
pub fn hash(
    path: Text<'_>,
    algorithm: Option<HashAlgorithm>,
    range: Option<ByteRange>,
) -> Operation<Hash<'_>> {
    Operation::new(Hash { path, algorithm, range, is_ranged: false, sent: false })
}

/// See [`hash`]. Comes to a [`HashReply`], if the answer can be read.
#[derive(Debug)]
pub struct Hash<'a> {
    path: Text<'a>,
    algorithm: Option<HashAlgorithm>,
    range: Option<ByteRange>,
    /// The range was granted.
    is_ranged: bool,
    /// What is due next was sent.
    sent: bool,
}

impl<'a> Hash<'a> {
    /// What is due next.
    fn due(&self, cx: &Context<'_, '_>) -> Command<'a> {
        match (self.algorithm, self.range) {
            (Some(algorithm), _) => Command::Opts(OptsArgument::Hash(Some(algorithm))),
            (None, Some(range)) => Command::Rang(range),
            // One that an earlier operation has left.
            (None, None) if cx.client().settings().keeps_range() && !self.is_ranged => {
                Command::Rang(ByteRange::WHOLE)
            }
            (None, None) => Command::Hash(self.path),
        }
    }
}

impl Sequence for Hash<'_> {
    type Output<'b> = Result<HashReply, Invalid>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        if !self.sent && cx.set_type(RepresentationType::Image)? {
            self.sent = cx.send(&self.due(cx))?;
        }
        Ok(Next::Continue)
    }

    fn finished(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Next {
        match to.verb() {
            Some(Verb::Type) if line.code.is_success() => return Next::Continue,
            Some(Verb::Opts) if line.code.is_success() => self.algorithm = None,
            Some(Verb::Rang) if line.code.is_success() || line.code.is_intermediate() => {
                self.is_ranged = self.range.take().is_some();
            }
            // It has none, so none is in force.
            Some(Verb::Rang) if self.range.is_none() && !cx.client().settings().keeps_range() => {}
            Some(Verb::Hash) if line.code.is_success() => return Next::Done,
            _ => return Next::Refused,
        }
        self.sent = false;
        Next::Continue
    }

    fn output<'b>(&mut self, last: Option<ReplyLine<'b>>) -> Self::Output<'b> {
        HashReply::parse(last.map(|line| line.text).unwrap_or_default())
    }
}
