//! The agreements made right after the login (RFC 2389, RFC 2640): what the server can do, and UTF-8 names.

use crate::client::{Context, Next, Offers, Operation, ReplyTo, Sequence};
use crate::codec::{Command, Features, OptsArgument, ReplyLine};
use crate::error::LocalError;

/// Sets a session up, after the [`login`](crate::client::login()): FEAT, unless it was answered already, and `OPTS UTF8
/// ON` where that names UTF8, for some servers speak UTF-8 only to those who ask.
///
/// An operation of its own and no part of the login, since it costs two round trips that who fetches one file
/// can spare. FEAT before the login, which many servers refuse, may decide about TLS or HOST; a refusal then is
/// no answer, and this asks again. Nothing that the server says here is a refusal: one without FEAT offers
/// nothing, and one that refuses `OPTS UTF8 ON` (202, 501, 504) mostly speaks UTF-8 in any case.
pub fn setup() -> Operation<Setup> {
    Operation::new(Setup { step: Step::Features, offers: Offers::default() })
}

/// See [`setup`]. Comes to what the server offers; [`Client::offers`](crate::client::Client::offers) keeps it.
#[derive(Debug)]
pub struct Setup {
    step: Step,
    offers: Offers,
}

/// The step that is next, in the order of the dialogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// FEAT, unless it was answered already.
    Features,
    /// OPTS, where the server offers UTF-8.
    Utf8,
    /// Nothing but the answer.
    Answer,
}

impl Sequence for Setup {
    type Output<'b> = Offers;

    fn advance(&mut self, cx: &mut Context<'_, '_>) -> Result<Next, LocalError> {
        if self.step == Step::Features && (cx.client().offers().is_some() || cx.send(&Command::Feat)?) {
            self.step = Step::Utf8;
        }
        if self.step == Step::Features || cx.client().is_owed() {
            return Ok(Next::Continue);
        }
        let utf8 = cx.client().offers().is_some_and(|offers| offers.features().contains(Features::UTF8));
        if !utf8 || self.step == Step::Answer || cx.client().settings().asked_for_utf8() {
            self.offers = cx.client().offers().unwrap_or_default();
            return Ok(Next::Done);
        }
        if cx.send(&Command::Opts(OptsArgument::Utf8(true)))? {
            self.step = Step::Answer;
        }
        Ok(Next::Continue)
    }

    fn reply(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, _: &ReplyLine<'_>) -> Next {
        Next::Continue
    }

    fn finished(&mut self, _: &mut Context<'_, '_>, _: ReplyTo, _: &ReplyLine<'_>) -> Next {
        Next::Continue
    }

    fn output<'b>(&mut self, _: Option<ReplyLine<'b>>) -> Offers {
        self.offers
    }
}
