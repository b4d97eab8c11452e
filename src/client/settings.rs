//! What is negotiated with the server: what is in force, and what the commands on their way ask for
//! (RFC 959 3.1 and 3.4, RFC 3659 5, RFC 4217 9).
//!
//! A command that changes a setting carries its [`Change`] until it is answered, so that changes that travel
//! together cannot be mixed up.

use crate::codec::{
    ByteRange, Command, FileStructure, ProtectionLevel, ReplyCode, RepresentationType, TransferMode, Verb,
};
use crate::transfer::Coding;

/// What one command changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// TYPE.
    Representation(RepresentationType),
    /// STRU.
    Structure(FileStructure),
    /// MODE.
    Mode(TransferMode),
    /// PROT: whether data connections are protected.
    Protection(bool),
    /// RANG: whether a part is chosen.
    Range(bool),
    /// SSCN: whether the server is the TLS client on data connections.
    TlsClient(bool),
    /// PBSZ.
    ProtectionBuffer,
    /// OPTS UTF8 ON.
    Utf8,
    /// REST with an offset, and whether the server kept one before it.
    Offset { kept_before: bool },
    /// REST 0.
    NoOffset,
}

/// The settings.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// `None` while it is not known.
    representation: Option<RepresentationType>,
    /// The type that TYPE was last sent for.
    requested: Option<RepresentationType>,
    structure: FileStructure,
    mode: TransferMode,
    data_protected: bool,
    buffer_set: bool,
    offset_kept: bool,
    /// A transfer has used the offset. Some servers keep it for the next one all the same.
    offset_used: bool,
    range_kept: bool,
    tls_client: bool,
    utf8: bool,
}

impl Settings {
    /// Takes note of a command that goes out. Returns what it changes when it is granted.
    pub(super) fn sent(&mut self, command: &Command<'_>) -> Option<Change> {
        Some(match command {
            Command::Type(representation) => {
                self.requested = Some(*representation);
                Change::Representation(*representation)
            }
            // A new login begins with the defaults, and not every server's are RFC 959's.
            Command::Rein | Command::User(_) => {
                (self.representation, self.requested) = (None, None);
                return None;
            }
            Command::Stru(structure) => Change::Structure(*structure),
            Command::Mode(mode) => Change::Mode(*mode),
            Command::Prot(level) => Change::Protection(*level == ProtectionLevel::Private),
            Command::Pbsz(_) => Change::ProtectionBuffer,
            Command::Rang(range) => Change::Range(*range != ByteRange::WHOLE),
            Command::Sscn(Some(on)) => Change::TlsClient(*on),
            Command::Opts(crate::codec::OptsArgument::Utf8(true)) => Change::Utf8,
            Command::Rest(marker) if marker.offset() == Some(0) => Change::NoOffset,
            // Servers keep the offset for the next transfer, whatever they answer, unless they do not know REST.
            Command::Rest(_) => {
                Change::Offset { kept_before: core::mem::replace(&mut self.offset_kept, true) }
            }
            _ => return None,
        })
    }

    /// Takes note of a final reply to `verb`, which was sent with `change`.
    pub(super) fn answered(&mut self, verb: Option<Verb>, change: Option<Change>, code: ReplyCode) {
        let success = code.is_success();
        let unknown = code.is_unknown_command();
        match change {
            Some(Change::Representation(representation)) => {
                self.representation = success.then_some(representation);
                if !success {
                    self.requested = None;
                }
            }
            Some(Change::Structure(structure)) if success => self.structure = structure,
            Some(Change::Mode(mode)) if success => self.mode = mode,
            Some(Change::Protection(protected)) if success => self.data_protected = protected,
            Some(Change::ProtectionBuffer) => self.buffer_set = success,
            Some(Change::Utf8) => self.utf8 = true,
            Some(Change::Range(narrowed)) if success || code.is_intermediate() => self.range_kept = narrowed,
            Some(Change::Range(_)) => self.range_kept &= !unknown,
            Some(Change::TlsClient(on)) if success => self.tls_client = on,
            Some(Change::TlsClient(_)) => self.tls_client &= !unknown,
            Some(Change::Offset { kept_before }) if unknown => self.offset_kept = kept_before,
            Some(Change::NoOffset) => {
                self.offset_used = false;
                self.offset_kept &= !(success || code.is_intermediate());
            }
            _ => {}
        }
        match verb {
            Some(Verb::Hash) if success => self.range_kept = false,
            Some(Verb::Rein) if success => *self = Self::default(),
            _ => {}
        }
    }

    /// A transfer of a file has begun, or has ended well: it has used up the offset and the range. A server that
    /// refuses the transfer may keep them for the next.
    pub(super) fn restart_used(&mut self) {
        self.offset_used |= self.offset_kept;
        (self.offset_kept, self.range_kept) = (false, false);
    }

    /// The type that is in force is not what was believed.
    pub(super) fn forget_type(&mut self) {
        (self.representation, self.requested) = (None, None);
    }

    /// TLS has begun: a new session begins with the defaults (RFC 4217 4).
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Whether the type is in force, or asked for by a command on its way.
    pub(super) fn has_type(&self, representation: RepresentationType) -> bool {
        self.requested == Some(representation)
    }

    /// The type that is in force, where it is known.
    pub(super) const fn representation(&self) -> Option<RepresentationType> {
        self.representation
    }

    /// How data travels, in files of this type.
    pub(super) const fn coding(&self, representation: RepresentationType) -> Coding {
        Coding { representation, structure: self.structure, mode: self.mode }
    }

    /// Whether data connections are protected (PROT P).
    pub(super) const fn protects_data(&self) -> bool {
        self.data_protected
    }

    /// Whether PBSZ was granted.
    pub(super) const fn has_protection_buffer(&self) -> bool {
        self.buffer_set
    }

    /// Whether the server may keep an offset for the next transfer (REST).
    pub(super) const fn keeps_offset(&self) -> bool {
        self.offset_kept || self.offset_used
    }

    /// Whether no transfer has used the offset that the server keeps: the next would begin there.
    pub(super) const fn has_unused_offset(&self) -> bool {
        self.offset_kept
    }

    /// Whether the server keeps a range for the next transfer (RANG).
    pub(super) const fn keeps_range(&self) -> bool {
        self.range_kept
    }

    /// Whether the server is the TLS client on data connections (SSCN).
    pub(super) const fn server_is_tls_client(&self) -> bool {
        self.tls_client
    }

    /// Whether OPTS UTF8 ON was sent, and answered in any way.
    pub(super) const fn asked_for_utf8(&self) -> bool {
        self.utf8
    }
}
