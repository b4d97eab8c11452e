//! The parameters of one transfer (RFC 959 3): its coding, and where in the file it begins and ends.

use core::num::{NonZeroU32, NonZeroU64};

use super::{Coding, Decoder, Encoder, LineEnds};

/// How one file is sent or received: all that a machine tells its driver of it
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
    /// What the bytes of the file become on the wire.
    pub coding: Coding,
    /// Bytes of the file that are before the first one that is taken or given: markers count them too.
    pub position: u64,
    /// Of what is sent, how many bytes are left out at the front, counted after TYPE and before MODE: a
    /// restart (RFC 3659 5.3) in a type whose bytes are not the file's. The [`encoder`](Self::encoder)
    /// does it.
    pub skip: u64,
    /// How many bytes of the file are sent, though it goes on behind them (RANG): there the driver takes
    /// the file to end. None: all there are.
    pub limit: Option<NonZeroU64>,
    /// After how many bytes of the file, each time, a restart marker is sent, where the mode [has
    /// markers](Coding::has_markers). None: never.
    pub markers: Option<NonZeroU32>,
    /// How hard MODE Z tries, 0 through 9. None: 6, as zlib does.
    pub level: Option<u8>,
    /// What becomes of a line that ends in CRLF in the file already, where it is sent in TYPE A.
    pub line_ends: LineEnds,
}

impl Parameters {
    /// A whole file in this coding, without markers.
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

    /// The transformer of the sender; none when the coding [is not supported](Coding::is_supported). The
    /// [`limit`](Self::limit) is the driver's to keep.
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

    /// The transformer of the receiver; none when the coding [is not supported](Coding::is_supported).
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
