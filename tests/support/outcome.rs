//! Results of operations that borrow nothing.

use ftp_proto::action::{Action, DataId, DataOp, Wait};
use ftp_proto::client::{Event, TransferFailure};
use ftp_proto::codec::{Escaped, ReplyCode, Verb};
use ftp_proto::error::Error;
use ftp_proto::security::{Downgrade, Upgrade};

/// End of an operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<T> {
    Done(T),
    Refused { verb: Option<Verb>, code: u16, text: String, transient: bool },
    Failed(TransferFailure),
    Close,
    Error(Error),
}

impl<T> Outcome<T> {
    #[track_caller]
    pub fn done(self) -> T
    where
        T: std::fmt::Debug,
    {
        match self {
            Self::Done(output) => output,
            other => panic!("not done: {other:?}"),
        }
    }

    /// Continues from the result of a finished operation.
    pub fn and_then<U>(self, next: impl FnOnce(T) -> Outcome<U>) -> Outcome<U> {
        match self {
            Self::Done(output) => next(output),
            Self::Refused { verb, code, text, transient } => Outcome::Refused { verb, code, text, transient },
            Self::Failed(failure) => Outcome::Failed(failure),
            Self::Close => Outcome::Close,
            Self::Error(error) => Outcome::Error(error),
        }
    }

    /// Returns the code of a refusal.
    #[track_caller]
    pub fn refused(self) -> u16
    where
        T: std::fmt::Debug,
    {
        match self {
            Self::Refused { code, .. } => code,
            other => panic!("not refused: {other:?}"),
        }
    }
}

/// An action that borrows nothing.
pub enum Turn<O> {
    Over(Outcome<O>),
    Line(String),
    Data(DataId, DataOp),
    Upgrade(Upgrade),
    Downgrade(Downgrade),
    Wait(Wait),
}

pub fn digest<T, O>(action: Result<Action<Event<&[u8], T>>, Error>, own: &impl Fn(T) -> O) -> Turn<O> {
    match action {
        Err(error) => Turn::Over(Outcome::Error(error)),
        Ok(Action::Data(id, op)) => Turn::Data(id, op),
        Ok(Action::UpgradeControl(token)) => Turn::Upgrade(token),
        Ok(Action::DowngradeControl(token)) => Turn::Downgrade(token),
        Ok(Action::Wait(wait)) => Turn::Wait(wait),
        Ok(Action::Close) => Turn::Over(Outcome::Close),
        Ok(Action::Event(Event::Line(line))) => {
            Turn::Line(format!("{} {}", code(line.code), Escaped(line.text)))
        }
        Ok(Action::Event(Event::Done(output))) => Turn::Over(Outcome::Done(own(output))),
        Ok(Action::Event(Event::Failed(failure))) => Turn::Over(Outcome::Failed(failure)),
        Ok(Action::Event(Event::Refused(refusal))) => Turn::Over(Outcome::Refused {
            verb: refusal.to.verb(),
            code: code(refusal.code),
            text: Escaped(refusal.text).to_string(),
            transient: refusal.is_transient(),
        }),
        Ok(_) => panic!("an action that this driver does not know"),
    }
}

pub fn code(code: ReplyCode) -> u16 {
    code.to_string().parse().unwrap()
}
