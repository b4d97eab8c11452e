//! A transfer that was opened: the outcome of [`Open`](super::Open).

use core::fmt;

use crate::action::DataId;
use crate::codec::Escaped;
use crate::listing::Formats;

/// An open transfer, to be passed to [`complete`](crate::client::complete()). If this handle is
/// dropped, the next operation closes the data connection and reads the replies that the server
/// still owes.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "a transfer that is not completed is aborted by the next operation"]
pub struct TransferId(DataId);

impl TransferId {
    pub(super) const fn new(id: DataId) -> Self {
        Self(id)
    }

    /// Returns the data connection; `DataId::NONE` if the data does not pass through this client.
    pub(super) const fn id(&self) -> DataId {
        self.0
    }
}

/// A transfer that was opened.
#[derive(PartialEq, Eq)]
pub struct Opened<'b> {
    /// Handle of the transfer.
    pub transfer: TransferId,
    /// Byte of the file at which the transfer starts: 0 if the server refused to restart a
    /// download.
    pub offset: u64,
    /// Size of the whole file, as a hint in the server's text. The text is meant for people and may
    /// be wrong.
    pub size_hint: Option<u64>,
    /// Formats that the lines of a listing may have; empty for a file.
    pub formats: Formats,
    /// Name that the server gave an upload by STOU, if the server reports the name at the start.
    pub unique_name: Option<&'b [u8]>,
}

impl fmt::Debug for Opened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("transfer", &self.transfer)
            .field("offset", &self.offset)
            .field("size_hint", &self.size_hint)
            .field("formats", &self.formats)
            .field("unique_name", &self.unique_name.map(Escaped))
            .finish()
    }
}
