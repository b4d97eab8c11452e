//! The events that an operation reports to its caller.
//!
//! The types are generic over `B`, the text of a reply: [`Operation::step`](super::Operation::step)
//! yields its [`Span`] in the receive window, and [`Operation::poll`](super::Operation::poll) the
//! bytes themselves.

use core::fmt;

use super::failure::TransferFailure;
use super::reply_to::{Generation, ReplyTo};
use crate::buffer::Span;
use crate::codec::slices;
use crate::codec::{Escaped, Position, ReplyCode, ReplyLine, Verb};

/// An event of an operation. Its bytes borrow from the receive window, which the next poll
/// overwrites.
#[non_exhaustive]
pub enum Event<B, T> {
    /// A line of a reply meant for people, or one entry of many. More events follow.
    Line(ReceivedLine<B>),
    /// The operation is done.
    Done(T),
    /// The server refused. The connection can be used for other operations.
    Refused(Refusal<B>),
    /// The transfer failed without a refusal. The connection can be used for other operations.
    Failed(TransferFailure),
}

/// A line of a reply, and the command that the reply answers.
#[derive(Clone, Copy)]
pub struct ReceivedLine<B> {
    /// Command that the reply answers.
    pub to: ReplyTo,
    /// Code of the reply.
    pub code: ReplyCode,
    /// Position of the line in its reply.
    pub position: Position,
    /// Text of the line, without the code.
    pub text: B,
    generation: Generation,
}

impl<B> ReceivedLine<B> {
    pub(super) const fn new(
        to: ReplyTo,
        code: ReplyCode,
        position: Position,
        text: B,
        generation: Generation,
    ) -> Self {
        Self { to, code, position, text, generation }
    }

    /// Returns whether the reply is owed to this operation.
    pub(super) const fn belongs_to(&self, generation: Generation) -> bool {
        self.generation == generation
    }

    /// Returns whether the reply is complete and not a preliminary one.
    #[must_use]
    pub fn is_final(&self) -> bool {
        self.position.is_end() && !self.code.is_preliminary()
    }

    pub(super) fn map<C>(self, text: impl FnOnce(B) -> C) -> ReceivedLine<C> {
        let Self { to, code, position, generation, .. } = self;
        ReceivedLine { to, code, position, text: text(self.text), generation }
    }

    /// Converts the last line of a reply into a refusal.
    pub(super) fn into_refusal(self) -> Refusal<B> {
        Refusal { to: self.to, code: self.code, text: self.text }
    }
}

impl ReceivedLine<Span> {
    /// Returns the line, borrowed from the window that it was received in.
    #[must_use]
    pub fn resolve<'b>(&self, bytes: impl FnOnce(Span) -> &'b [u8]) -> ReplyLine<'b> {
        self.map(bytes).line()
    }
}

impl<'b> ReceivedLine<&'b [u8]> {
    /// Returns the line without the command that its reply answers.
    #[must_use]
    pub const fn line(&self) -> ReplyLine<'b> {
        ReplyLine { code: self.code, position: self.position, text: self.text }
    }
}

/// A refusal by the server: the last line of its reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refusal<B> {
    /// Command that was refused, or the connection itself.
    pub to: ReplyTo,
    /// Code of the reply.
    pub code: ReplyCode,
    /// Text of the reply's last line.
    pub text: B,
}

impl<B> Refusal<B> {
    /// Returns whether the server closes the connection with this refusal, whatever the command
    /// (421, RFC 959 4.2.2).
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        self.code == ReplyCode::SERVICE_NOT_AVAILABLE
    }

    /// Returns whether the session was refused, and not a request within it: at the greeting, at a
    /// step of the login, or by closing the connection. Besides wrong credentials, the reason may
    /// be that the server has enough sessions, which servers report by 421 or 530.
    #[must_use]
    pub fn is_of_session(&self) -> bool {
        let login = [Verb::User, Verb::Pass, Verb::Acct];
        let at_login = self.to.verb().is_some_and(|verb| login.contains(&verb));
        at_login || self.to == ReplyTo::Greeting || self.is_fatal()
    }

    /// Converts the text: the counterpart of [`resolve`](ReceivedLine::resolve) for a refusal.
    pub fn map<C>(self, text: impl FnOnce(B) -> C) -> Refusal<C> {
        Refusal { to: self.to, code: self.code, text: text(self.text) }
    }
}

impl<B: AsRef<[u8]>> Refusal<B> {
    /// Returns whether the same request may succeed later (4yz, RFC 959 4.2.1), even if the server
    /// says so only in its text, as in 530 `too many connections`.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        const HINTS: [&[u8]; 5] = [b"too many", b"try again", b"maximum", b"limit", b"later"];
        self.code.is_transient() || (self.code == ReplyCode::NOT_LOGGED_IN && self.says_any(&HINTS))
    }

    /// Returns whether the server requires data connections to resume the TLS session of the
    /// control connection, and did not see it resumed (522, 425 or 450: RFC 4217 10.2).
    #[must_use]
    pub fn wants_session_reuse(&self) -> bool {
        const HINTS: [&[u8]; 3] = [b"reuse", b"resum", b"TLS negotiation failed"];
        matches!(self.code.get(), 425 | 450 | 522) && self.says_any(&HINTS)
    }

    fn says_any(&self, hints: &[&[u8]]) -> bool {
        hints.iter().any(|hint| slices::contains(self.text.as_ref(), hint))
    }
}

impl<B: AsRef<[u8]>> fmt::Display for Refusal<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            ReplyTo::Command(verb) => write!(f, "{verb} refused: ")?,
            ReplyTo::Greeting => f.write_str("the server refused the connection: ")?,
            ReplyTo::Other => f.write_str("the server refused the command: ")?,
        }
        write!(f, "{} {}", self.code, Escaped(self.text.as_ref()))
    }
}

// `Debug` shows bytes escaped, but a span as it is: no single derive does both.

impl<B, T> fmt::Debug for Event<B, T>
where
    ReceivedLine<B>: fmt::Debug,
    Refusal<B>: fmt::Debug,
    T: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => f.debug_tuple("Line").field(line).finish(),
            Self::Done(output) => f.debug_tuple("Done").field(output).finish(),
            Self::Refused(refusal) => f.debug_tuple("Refused").field(refusal).finish(),
            Self::Failed(failure) => f.debug_tuple("Failed").field(failure).finish(),
        }
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for ReceivedLine<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(&Escaped(self.text.as_ref()), f)
    }
}

impl fmt::Debug for ReceivedLine<Span> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(&self.text, f)
    }
}

impl<B: AsRef<[u8]>> fmt::Debug for Refusal<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(&Escaped(self.text.as_ref()), f)
    }
}

impl fmt::Debug for Refusal<Span> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.show(&self.text, f)
    }
}

impl<B> ReceivedLine<B> {
    fn show(&self, text: &dyn fmt::Debug, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReceivedLine")
            .field("to", &self.to)
            .field("code", &self.code)
            .field("position", &self.position)
            .field("text", text)
            .finish()
    }
}

impl<B> Refusal<B> {
    fn show(&self, text: &dyn fmt::Debug, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Refusal").field("to", &self.to).field("code", &self.code).field("text", text).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::string::ToString;

    fn refusal(to: ReplyTo, code: u16, text: &str) -> Refusal<&[u8]> {
        Refusal { to, code: ReplyCode::new(code).unwrap(), text: text.as_bytes() }
    }

    #[test]
    fn a_refused_greeting_a_refused_login_and_421_are_refusals_of_the_session() {
        for (to, code, of_session) in [
            (ReplyTo::Greeting, 554, true),
            (ReplyTo::Command(Verb::User), 530, true),
            (ReplyTo::Command(Verb::Pass), 530, true),
            (ReplyTo::Command(Verb::Acct), 532, true),
            (ReplyTo::Command(Verb::Retr), 421, true),
            (ReplyTo::Other, 421, true),
            (ReplyTo::Command(Verb::Retr), 530, false),
            (ReplyTo::Command(Verb::Feat), 500, false),
            (ReplyTo::Other, 530, false),
        ] {
            assert_eq!(refusal(to, code, "").is_of_session(), of_session, "{to:?} {code}");
        }
    }

    #[test]
    fn a_refusal_is_transient_by_its_code_or_by_the_text_of_530() {
        for (code, text, transient) in [
            (450, "", true),
            (421, "", true),
            (530, "Sorry, too many users.", true),
            (530, "The maximum number of users are logged in", true),
            (530, "Please try again", true),
            (530, "Login incorrect.", false),
            (550, "too many users", false),
            (350, "", false),
        ] {
            let refusal = refusal(ReplyTo::Command(Verb::Pass), code, text);
            assert_eq!(refusal.is_transient(), transient, "{code} {text}");
        }
    }

    #[test]
    fn a_refusal_wants_the_session_reused_if_its_code_may_mean_it_and_its_text_says_it() {
        for (code, text, wanted) in [
            (522, "SSL connection failed: session reuse required", true),
            (425, "Unable to build data connection: TLS session of data connection not resumed.", true),
            (450, "TLS negotiation failed", true),
            (522, "", false),
            (425, "Cannot open data connection.", false),
            (550, "session reuse required", false),
        ] {
            let refusal = refusal(ReplyTo::Command(Verb::Retr), code, text);
            assert_eq!(refusal.wants_session_reuse(), wanted, "{code} {text}");
        }
    }

    #[test]
    fn a_refusal_says_what_was_refused_and_escapes_what_the_server_said() {
        for (to, shown) in [
            (ReplyTo::Greeting, r"the server refused the connection: 550 no\u{7}"),
            (ReplyTo::Command(Verb::Retr), r"RETR refused: 550 no\u{7}"),
            (ReplyTo::Other, r"the server refused the command: 550 no\u{7}"),
        ] {
            assert_eq!(refusal(to, 550, "no\x07").to_string(), shown);
        }
    }

    #[test]
    fn debug_shows_the_text_escaped_and_a_span_as_it_is() {
        let refused = refusal(ReplyTo::Greeting, 421, "no\x07");
        let event = format!("{:?}", Event::<_, ()>::Refused(refused));
        assert!(event.starts_with("Refused(Refusal { to: Greeting, code: 421"), "{event}");
        assert!(event.ends_with(r#"text: "no\u{7}" })"#), "{event}");
        let event = format!("{:?}", Event::<_, ()>::Refused(refused.map(|_| Span::default())));
        assert!(event.ends_with("text: Span { start: 0, end: 0 } })"), "{event}");
        assert_eq!(format!("{:?}", Event::<&[u8], _>::Done(7)), "Done(7)");
        let failed = Event::<&[u8], ()>::Failed(TransferFailure::NotListed);
        assert_eq!(format!("{failed:?}"), "Failed(NotListed)");
    }
}
