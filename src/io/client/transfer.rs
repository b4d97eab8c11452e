//! The state of a transfer that is open, and the connection that it uses.

use ::std::ops::{Deref, DerefMut};

use super::Client;
use super::connection::Connection;
use super::outcome::Reply;
use crate::action::DataFailure;
use crate::client::{Complete, Operation, TransferFailure, TransferId, complete};
use crate::io::driver::spans::TransferSpan;
use crate::io::error::Error;
use crate::io::net::runtime::Runtime;
use crate::listing::Formats;
use crate::time::Instant;

/// The connection of a transfer, which borrows or owns it.
pub(super) enum Lent<'c, R: Runtime> {
    Borrowed(&'c mut Connection<R>),
    Owned(Box<Connection<R>>),
}

impl<R: Runtime> Lent<'_, R> {
    /// Returns the client if the transfer owns it.
    pub(super) fn into_client(self) -> Option<Client<R>> {
        match self {
            Self::Borrowed(_) => None,
            Self::Owned(connection) => Some(Client { connection }),
        }
    }
}

impl<'c, R: Runtime> From<&'c mut Connection<R>> for Lent<'c, R> {
    fn from(connection: &'c mut Connection<R>) -> Self {
        Self::Borrowed(connection)
    }
}

impl<R: Runtime> From<Box<Connection<R>>> for Lent<'static, R> {
    fn from(connection: Box<Connection<R>>) -> Self {
        Self::Owned(connection)
    }
}

impl<R: Runtime> Deref for Lent<'_, R> {
    type Target = Connection<R>;

    fn deref(&self) -> &Connection<R> {
        match self {
            Self::Borrowed(connection) => connection,
            Self::Owned(connection) => connection,
        }
    }
}

impl<R: Runtime> DerefMut for Lent<'_, R> {
    fn deref_mut(&mut self) -> &mut Connection<R> {
        match self {
            Self::Borrowed(connection) => connection,
            Self::Owned(connection) => connection,
        }
    }
}

/// A transfer that is open.
#[derive(Debug)]
pub(super) struct Transfer {
    /// The operation that ends the transfer; `None` once it has ended.
    pub(super) completion: Option<Operation<Complete<Vec<u8>>>>,
    pub(super) span: Option<TransferSpan>,
    /// The deadline of the whole transfer.
    pub(super) deadline: Option<Instant>,
    /// The error with which the transfer failed, and with which every later call on it fails.
    pub(super) failure: Option<Error>,
    pub(super) offset: u64,
    pub(super) size_hint: Option<u64>,
    pub(super) unique_name: Option<Vec<u8>>,
    pub(super) formats: Formats,
    /// `true` if a listing is only presumed to be empty: the server refused it with the words that
    /// it uses for an empty directory, or reported it complete without using the data connection.
    pub(super) presumed_empty: bool,
}

impl Transfer {
    /// Returns the listing of a directory that is presumed to be empty.
    pub(super) const fn presumed_empty() -> Self {
        Self {
            completion: None,
            span: None,
            offset: 0,
            size_hint: None,
            unique_name: None,
            formats: Formats::LIST,
            presumed_empty: true,
            deadline: None,
            failure: None,
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.completion.is_none()
    }

    /// Returns whether the transfer has ended and did not fail.
    pub(super) const fn is_complete(&self) -> bool {
        self.is_over() && self.failure.is_none()
    }

    /// Keeps the error of a failure. A transfer that its caller has stopped waiting for still
    /// exists for the server, and can be aborted.
    pub(super) fn fail(&mut self, error: Error) -> Error {
        if !matches!(error, Error::Deadline | Error::Stopped) {
            self.completion = None;
        }
        if let Some(mut span) = self.span.take() {
            span.end(&error);
        }
        self.failure = Some(error.again());
        error
    }

    /// Fails an upload that the server ended before it had received everything, whatever its reply
    /// was.
    pub(super) fn cut_short(&mut self) -> Error {
        self.fail(Error::Data(TransferFailure::Connection(DataFailure::Broken), None))
    }

    /// Sets the path of the transferred file, so that the server can be asked for the file's size.
    pub(super) fn of_file(self, path: &[u8]) -> Self {
        let completion = self.completion.map(|operation| seen_through(operation.into_transfer(), path));
        Self { completion, ..self }
    }
}

pub(super) fn seen_through(transfer: TransferId, path: &[u8]) -> Operation<Complete<Vec<u8>>> {
    complete(transfer).confirm_size(path.to_vec())
}

/// The end of a transfer.
#[derive(Debug, Default)]
pub(super) struct Finished {
    pub(super) reply: Option<Reply>,
    pub(super) presumed_empty: bool,
}
