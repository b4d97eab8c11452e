//! Owned results of operations.

use alloc::format;
use alloc::string::{String, ToString};
use core::fmt::Debug;

use crate::action::{Action, DataId, DataOp, Wait};
use crate::client::{Event, TransferFailure};
use crate::codec::{Escaped, Verb};
use crate::error::Error;
use crate::security::{Downgrade, Upgrade};

/// The result of an operation.
///
/// ```
/// use ftp_proto::client;
/// use ftp_proto::codec::Text;
/// use ftp_proto::testing::ScriptedServer;
///
/// let mut server = ScriptedServer::new().reply("220 ready").expect("DELE f").reply("550 no such file");
/// server.run(&mut client::greeting(), |_| ()).done();
/// let outcome = server.run(&mut client::delete(Text::literal("f")), |_| ());
/// assert_eq!(outcome.refused(), 550);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<T> {
    /// The operation succeeded.
    Done(T),
    /// The server refused the operation.
    Refused {
        /// The command that was refused; `None` for the connection itself.
        verb: Option<Verb>,
        /// The reply code.
        code: u16,
        /// The text of the last line, escaped.
        text: String,
        /// `true` if a later attempt may succeed.
        transient: bool,
    },
    /// The transfer failed without a refusal.
    Failed(TransferFailure),
    /// The connection is to be closed.
    Close,
    /// The server violated the protocol, or the client was misused.
    Error(Error),
}

impl<T> Outcome<T> {
    /// Returns the result of the operation.
    ///
    /// # Panics
    /// Panics if the operation did not succeed.
    #[track_caller]
    pub fn done(self) -> T
    where
        T: Debug,
    {
        match self {
            Self::Done(output) => output,
            other => panic!("not done: {other:?}"),
        }
    }

    /// Calls `next` with the result of an operation that succeeded.
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
    ///
    /// # Panics
    /// Panics if the operation was not refused.
    #[track_caller]
    pub fn refused(self) -> u16
    where
        T: Debug,
    {
        match self {
            Self::Refused { code, .. } => code,
            other => panic!("not refused: {other:?}"),
        }
    }
}

/// An owned action of an operation, for tests with their own driver.
///
/// ```
/// use ftp_proto::buffer::{RecvBuf, SendBuf};
/// use ftp_proto::client::{self, Client, Config};
/// use ftp_proto::testing::Turn;
/// use ftp_proto::time::Instant;
///
/// let mut client = Client::new(Config::default(), "192.0.2.1:21".parse().unwrap());
/// let (mut rx, mut tx) = (RecvBuf::new(vec![0; 4096]), SendBuf::new(vec![0; 512]));
/// let mut greeting = client::greeting();
/// let action = greeting.poll(&mut client, Instant::default(), &mut rx, &mut tx);
/// let Turn::Wait(wait) = Turn::of(action, &|_| ()) else { panic!("the server has said nothing") };
/// assert!(wait.readable);
/// ```
#[derive(Debug)]
pub enum Turn<O> {
    /// The operation has ended.
    Over(Outcome<O>),
    /// A reply line to show: its code and its escaped text.
    Line(String),
    /// An operation on a data connection.
    Data(DataId, DataOp),
    /// TLS is to be started on the control connection.
    Upgrade(Upgrade),
    /// TLS is to be removed from the control connection.
    Downgrade(Downgrade),
    /// There is nothing to do until one of these conditions holds.
    Wait(Wait),
}

impl<O> Turn<O> {
    /// Converts the result of polling an operation. `own` converts its output to an owned value.
    pub fn of<T>(action: Result<Action<Event<&[u8], T>>, Error>, own: impl FnOnce(T) -> O) -> Self {
        match action {
            Err(error) => Self::Over(Outcome::Error(error)),
            Ok(Action::Data(id, op)) => Self::Data(id, op),
            Ok(Action::UpgradeControl(token)) => Self::Upgrade(token),
            Ok(Action::DowngradeControl(token)) => Self::Downgrade(token),
            Ok(Action::Wait(wait)) => Self::Wait(wait),
            Ok(Action::Close) => Self::Over(Outcome::Close),
            Ok(Action::Event(Event::Line(line))) => {
                Self::Line(format!("{} {}", line.code, Escaped(line.text)))
            }
            Ok(Action::Event(Event::Done(output))) => Self::Over(Outcome::Done(own(output))),
            Ok(Action::Event(Event::Failed(failure))) => Self::Over(Outcome::Failed(failure)),
            Ok(Action::Event(Event::Refused(refusal))) => Self::Over(Outcome::Refused {
                verb: refusal.to.verb(),
                code: refusal.code.get(),
                text: Escaped(refusal.text).to_string(),
                transient: refusal.is_transient(),
            }),
        }
    }
}
