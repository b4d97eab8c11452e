//! Parameters of one transfer (RFC 959 3): its coding, and where in the file it begins and ends.

use core::num::{NonZeroU32, NonZeroU64};

use super::{Coding, Decoder, Encoder, LineEnds};

/// Everything that a machine tells its driver about sending or receiving one file
/// ([`DataOp::Send`](crate::action::DataOp::Send) and `Receive`).
///
/// ```
/// use ftp_proto::codec::TransferMode;
/// use ftp_proto::transfer::{Coding, Parameters};
///
/// let mut parameters = Parameters::new(Coding { mode: TransferMode::Block, ..Coding::IDENTITY });
/// parameters.position = 1000;
/// assert_eq!(parameters.decoder().ok_or("not supported")?.position(), 1000);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// Conversion between the bytes of the file and those of the wire.
    pub coding: Coding,
    /// Number of bytes of the file before the first one that is sent or received. Markers count
    /// these bytes too.
    pub position: u64,
    /// Number of bytes to leave out at the start of what is sent, counted after TYPE and before
    /// MODE. Used for a restart (RFC 3659 5.3) in a type whose bytes are not the file's. The
    /// [`encoder`](Self::encoder) leaves them out.
    pub skip: u64,
    /// Number of bytes of the file to send, even if the file continues after them (RANG). The
    /// driver treats that point as the end of the file. `None` sends the file to its end.
    ///
    /// For what a server receives, the number of decoded bytes that it accepts
    /// ([`Limits::upload_size`](crate::server::Limits::upload_size)): the driver reports
    /// [`DataFailure::QuotaExceeded`](crate::action::DataFailure::QuotaExceeded) as soon as more
    /// have arrived.
    pub limit: Option<NonZeroU64>,
    /// Interval in bytes of the file at which a restart marker is sent, if the mode
    /// [has markers](Coding::has_markers). `None` sends none.
    pub markers: Option<NonZeroU32>,
    /// Compression level of MODE Z, 0 through 9. `None` means 6, as in zlib.
    pub level: Option<u8>,
    /// Treatment in TYPE A of lines that already end in CRLF in the file being sent.
    pub line_ends: LineEnds,
}

impl Parameters {
    /// Creates the parameters for a whole file in this coding, without markers.
    #[must_use]
    pub const fn new(coding: Coding) -> Self {
        Self {
            coding,
            position: 0,
            skip: 0,
            limit: None,
            markers: None,
            level: None,
            line_ends: LineEnds::Kept,
        }
    }

    /// Returns the sender's transformer, or `None` if the coding
    /// [is not supported](Coding::is_supported). The driver has to apply the
    /// [`limit`](Self::limit).
    #[must_use]
    pub fn encoder(&self) -> Option<Encoder> {
        let mut encoder = Encoder::new(self.coding)?.skipping(self.skip).with_line_ends(self.line_ends);
        if let Some(level) = self.level {
            encoder = encoder.with_level(level);
        }
        if let Some(every) = self.markers {
            encoder = encoder.with_markers(every.into(), self.position);
        }
        Some(encoder)
    }

    /// Returns the receiver's transformer, or `None` if the coding
    /// [is not supported](Coding::is_supported).
    #[must_use]
    pub fn decoder(&self) -> Option<Decoder> {
        Some(Decoder::new(self.coding)?.starting_at(self.position))
    }
}

impl From<Coding> for Parameters {
    fn from(coding: Coding) -> Self {
        Self::new(coding)
    }
}
