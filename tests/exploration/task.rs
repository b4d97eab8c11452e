//! The operations that the application of the client asks for.

use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{self, Abort, Client, Complete, Exchange, Greeting, Login, Open, Operation};
use ftp_proto::client::{PlainAnswer, TransferId};
use ftp_proto::codec::{RepresentationType, Secret, Text};
use ftp_proto::testing::Turn;
use ftp_proto::time::Instant;

use super::storage::Storage;

/// An operation that the application may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    Greeting,
    Login,
    Retrieve,
    /// A download after which another one of a series follows.
    Series,
    Store,
    List,
    /// Changes the directory, for which the host is asked.
    Enter,
    Noop,
    Quit,
}

/// An operation in progress.
#[derive(Debug)]
pub enum Task {
    Greeting(Operation<Greeting>),
    Login(Operation<Login<'static>>),
    Open(Operation<Open<'static>>),
    Complete(Operation<Complete>),
    Abort(Operation<Abort>),
    Enter(Operation<Exchange<'static, PlainAnswer>>),
    Plain(Operation<Exchange<'static, PlainAnswer>>),
}

impl Task {
    pub fn new(ask: Ask) -> Self {
        let (file, image) = (Text::literal("f"), RepresentationType::Image);
        match ask {
            Ask::Greeting => Self::Greeting(client::greeting()),
            Ask::Login => Self::Login(client::login(Text::literal("me"), Secret::new(file), None)),
            Ask::Retrieve => Self::Open(client::retrieve(file, image, 0)),
            Ask::Series => Self::Open(client::retrieve(file, image, 0).in_series(true)),
            Ask::Store => Self::Open(client::store(file, image, 0)),
            Ask::List => Self::Open(client::list(None)),
            Ask::Enter => Self::Enter(client::change_directory(file)),
            Ask::Noop => Self::Plain(client::noop()),
            Ask::Quit => Self::Plain(client::quit()),
        }
    }

    /// Polls the operation. Its output is the transfer that it has opened, if it opens one.
    pub fn poll(
        &mut self,
        client: &mut Client,
        now: Instant,
        rx: &mut RecvBuf<Storage>,
        tx: &mut SendBuf<Storage>,
    ) -> Turn<Option<TransferId>> {
        match self {
            Self::Greeting(task) => Turn::of(task.poll(client, now, rx, tx), |_| None),
            Self::Login(task) => Turn::of(task.poll(client, now, rx, tx), |_| None),
            Self::Open(task) => Turn::of(task.poll(client, now, rx, tx), |opened| Some(opened.transfer)),
            Self::Complete(task) => Turn::of(task.poll(client, now, rx, tx), |_| None),
            Self::Abort(task) => Turn::of(task.poll(client, now, rx, tx), |_| None),
            Self::Enter(task) => Turn::of(task.poll(client, now, rx, tx), |_| None),
            Self::Plain(task) => Turn::of(task.poll(client, now, rx, tx), |_| None),
        }
    }
}
