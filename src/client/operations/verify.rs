//! Checks that a file on the server has the expected content: by its hash if the server computes
//! one (draft-bryan-ftpext-hash, XCRC and the like), and otherwise by its size (RFC 3659 4).

use crate::client::offers::DigestCommand;
use crate::client::{Advance, Context, Operation, ReplyTo, Sequence, Verdict};
use crate::codec::{
    Command, Digest, HashAlgorithm, HashReply, OptsArgument, ReplyCode, ReplyLine, RepresentationType, Text,
    Verb, reply,
};
use crate::error::LocalError;

/// The expected properties of a file. They apply to a file that is transferred in TYPE I from byte
/// 0 on: the bytes of any other file on the server may differ from those transferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Size of the file, in bytes.
    pub size: Option<u64>,
    /// Hash of the file, preferably by the algorithm that
    /// [`Offers::digest`](crate::client::Offers::digest) names. This crate's core computes no
    /// hashes: compute the hash as the bytes pass by.
    pub digest: Option<Digest>,
}

/// The evidence that a file is as expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verified {
    /// The server computed the same hash, by this algorithm.
    Digest(HashAlgorithm),
    /// The file has the expected size, which rules out truncation and nothing else.
    Size,
    /// The server can report none of the expected properties.
    Unverifiable,
}

/// The difference between a file and what was expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// The file has this hash instead of the expected one.
    Digest(Digest),
    /// The file has this size, in bytes, instead of the expected one.
    Size(u64),
}

impl core::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("the file on the server is not the one expected: ")?;
        match self {
            Self::Digest(found) => write!(f, "its {} is {found}", found.algorithm().as_str()),
            Self::Size(found) => write!(f, "it has {found} bytes"),
        }
    }
}

impl core::error::Error for Mismatch {}

/// Compares the file at `path` with what is expected of it, after its transfer: by HASH if the
/// server offers it, otherwise by XCRC and the like, and by SIZE if the server has neither or
/// refuses them.
///
/// The client learns what the server offers from [`setup`](crate::client::setup()) or
/// [`features`](crate::client::features()). The server computes a hash on request, which takes as
/// long as reading the file: see [`Timeouts::digest`](crate::client::Timeouts::digest). The
/// operation is refused if the file does not exist.
pub fn verify(path: Text<'_>, expected: Expected) -> Operation<Verify<'_>> {
    Operation::new(Verify {
        path,
        expected,
        stage: Stage::New,
        next: None,
        result: Ok(Verified::Unverifiable),
    })
}

/// The operation of [`verify`].
#[derive(Debug)]
pub struct Verify<'a> {
    path: Text<'a>,
    expected: Expected,
    stage: Stage,
    /// Command of the stage, until it is sent.
    next: Option<Command<'a>>,
    result: Result<Verified, Mismatch>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    New,
    /// OPTS HASH selects the algorithm.
    Choose(Digest),
    Hash(Digest),
    /// XCRC and the like.
    Own(Digest),
    Size(u64),
    Done,
}

impl<'a> Verify<'a> {
    /// Returns the next best stage. `digest` is set while hashes are left to try, and
    /// `without_hash` once HASH was tried.
    fn fall_back(&self, cx: &Context<'_, '_>, digest: Option<Digest>, without_hash: bool) -> Stage {
        let offers = cx.client().offers().unwrap_or_default();
        let digest_command = digest
            .and_then(|digest| Some((digest, offers.digest_command(digest.algorithm(), without_hash)?)));
        match (digest_command, self.expected.size) {
            (Some((digest, DigestCommand::Hash)), _) => Stage::Choose(digest),
            (Some((digest, DigestCommand::Own)), _) => Stage::Own(digest),
            (None, Some(size)) => Stage::Size(size),
            (None, None) => Stage::Done,
        }
    }

    fn command(&self) -> Option<Command<'a>> {
        Some(match self.stage {
            Stage::New | Stage::Done => return None,
            Stage::Choose(digest) => Command::Opts(OptsArgument::Hash(Some(digest.algorithm()))),
            Stage::Hash(_) => Command::Hash(self.path),
            Stage::Own(digest) => super::extensions::checksum_command(self.path, digest.algorithm()),
            Stage::Size(_) => Command::Size(self.path),
        })
    }

    fn go_on_with(&mut self, stage: Stage) {
        self.stage = stage;
        self.next = self.command();
    }

    fn compare(&mut self, expected: Digest, found: Digest) -> Stage {
        self.result = match expected == found {
            true => Ok(Verified::Digest(found.algorithm())),
            false => Err(Mismatch::Digest(found)),
        };
        Stage::Done
    }

    /// Returns the next stage after a final reply; `None` if the reply refuses the whole operation.
    fn answer(&mut self, cx: &Context<'_, '_>, line: &ReplyLine<'_>) -> Option<Stage> {
        let granted = line.code.is_success();
        Some(match self.stage {
            Stage::Choose(digest) if granted => Stage::Hash(digest),
            Stage::Hash(digest) if granted => match HashReply::parse(line.text) {
                Ok(reply) if reply.digest.algorithm() == digest.algorithm() => {
                    self.compare(digest, reply.digest)
                }
                _ => self.without_hash(cx, digest),
            },
            Stage::Choose(digest) | Stage::Hash(digest) => self.without_hash(cx, digest),
            Stage::Own(digest) => match Digest::find(line.text, digest.algorithm()) {
                Ok(found) if granted => self.compare(digest, found),
                _ => self.fall_back(cx, None, true),
            },
            Stage::Size(expected) if granted => {
                if let Ok(found) = reply::size(line.text) {
                    self.result = match found == expected {
                        true => Ok(Verified::Size),
                        false => Err(Mismatch::Size(found)),
                    };
                }
                Stage::Done
            }
            Stage::Size(_) if is_unknown(line.code) => Stage::Done,
            Stage::New | Stage::Done | Stage::Size(_) => return None,
        })
    }

    fn without_hash(&self, cx: &Context<'_, '_>, digest: Digest) -> Stage {
        self.fall_back(cx, Some(digest), true)
    }
}

/// Returns whether a refusal concerns the command rather than the file (RFC 959 4.2.1: x0z).
fn is_unknown(code: ReplyCode) -> bool {
    matches!(code.get(), 500..=504)
}

impl Sequence for Verify<'_> {
    type Output<'b> = Result<Verified, Mismatch>;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        if self.stage == Stage::New {
            self.go_on_with(self.fall_back(cx, self.expected.digest, false));
        }
        if self.stage == Stage::Done {
            return Ok(Advance::Done);
        }
        if let Some(command) = self.next {
            if cx.set_type(RepresentationType::Image)? && cx.send(&command)? {
                self.next = None;
            }
        }
        Ok(Advance::Continue)
    }

    fn reply(&mut self, cx: &mut Context<'_, '_>, to: ReplyTo, line: &ReplyLine<'_>) -> Verdict {
        if !line.is_final() {
            return Verdict::Continue;
        }
        if to.verb() == Some(Verb::Type) {
            // In another type the bytes of the file would differ, and retrying would never end.
            return if line.code.is_success() { Verdict::Continue } else { Verdict::Refused };
        }
        let Some(stage) = self.answer(cx, line) else { return Verdict::Refused };
        self.go_on_with(stage);
        Verdict::Continue
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) -> Result<Verified, Mismatch> {
        self.result
    }
}
