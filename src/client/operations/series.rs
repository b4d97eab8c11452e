//! The state of a transfer of a series, for [`Open`](super::Open).

/// The place of a transfer in a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Series {
    /// The transfer belongs to no series.
    Alone,
    /// Another transfer follows.
    Goes,
    /// The transfer is the last one.
    Ends,
}

/// The use of an address that was requested ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Haste {
    /// No such address is used.
    None,
    /// The command does not wait for the data connection.
    Hasty,
    /// The server has announced the transfer, with this size of the file in its text, if any,
    /// before the data connection was open.
    Announced(Option<u64>),
    /// The address did not work.
    InVain,
}
