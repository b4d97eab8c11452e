//! Negotiates right after the login (RFC 2389, RFC 2640): the features of the server, and UTF-8
//! names.

use crate::client::{Advance, Context, Offers, Operation, ReplyTo, Sequence, Verdict};
use crate::codec::{Command, Features, OptsArgument, ReplyLine};
use crate::error::LocalError;

/// Sets up a session after the [`login`](crate::client::login()): FEAT, unless it was answered
/// already, and `OPTS UTF8 ON` if FEAT lists UTF8, because some servers speak UTF-8 only to clients
/// that ask for it.
///
/// This is an operation of its own because it costs two round trips, which a client that fetches a
/// single file can save. FEAT may be sent before the login to decide about TLS or HOST, but many
/// servers refuse it at that point; a refusal does not count as an answer, so this operation sends
/// FEAT again. No reply here is a refusal but 421, with which the server closes: a server without
/// FEAT offers nothing, and a server that answers `OPTS UTF8 ON` with 202, 501 or 504 mostly speaks
/// UTF-8 anyway.
pub fn setup() -> Operation<Setup> {
    Operation::new(Setup { step: Step::Features, offers: Offers::default() })
}

/// The operation of [`setup`]. Its output is the features listed, which
/// [`Client::offers`](crate::client::Client::offers) keeps.
#[derive(Debug)]
pub struct Setup {
    step: Step,
    offers: Offers,
}

/// The next step, in the order of the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// FEAT, unless it was answered already.
    Features,
    /// OPTS, if the server lists UTF-8.
    Utf8,
    /// Only the reply to OPTS is missing.
    Answer,
}

impl Sequence for Setup {
    type Output<'b> = Offers;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Advance, LocalError> {
        if self.step == Step::Features && (cx.client().offers().is_some() || cx.send(&Command::Feat)?) {
            self.step = Step::Utf8;
        }
        if self.step == Step::Features || cx.client().is_owed() {
            return Ok(Advance::Continue);
        }
        let utf8 = cx.client().offers().is_some_and(|offers| offers.features().contains(Features::UTF8));
        if !utf8 || self.step == Step::Answer || cx.client().settings().asked_for_utf8() {
            self.offers = cx.client().offers().unwrap_or_default();
            return Ok(Advance::Done);
        }
        if cx.send(&Command::Opts(OptsArgument::Utf8(true)))? {
            self.step = Step::Answer;
        }
        Ok(Advance::Continue)
    }

    fn reply(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, _: &ReplyLine<'_>) -> Verdict {
        Verdict::Continue
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) -> Offers {
        self.offers
    }
}
