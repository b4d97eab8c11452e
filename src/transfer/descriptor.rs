//! Descriptor codes of block mode (RFC 959 3.4.2), which compressed mode and the record structure
//! share.

bitflags::bitflags! {
    /// Codes for a block (RFC 959 3.4.2), or for a string of bytes in compressed mode (3.4.3).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(super) struct Descriptor: u8 {
        /// The end of the block is the end of a record.
        const EOR = 128;
        /// The end of the block is the end of the file.
        const EOF = 64;
        /// The data may be wrong.
        const SUSPECT = 32;
        /// The block is a restart marker.
        const MARKER = 16;
    }
}
