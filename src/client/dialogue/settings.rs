//! The settings negotiated with the server: those in force, and those that commands in flight ask
//! for (RFC 959 3.1 and 3.4, RFC 3659 5, RFC 4217 9).
//!
//! A command that changes a setting carries its [`Change`] until it is answered, so that changes
//! sent together cannot be mixed up.

use crate::codec::{
    ByteRange, Command, FileStructure, ProtectionLevel, ReplyCode, RepresentationType, TransferMode, Verb,
};
use crate::transfer::Coding;

/// The setting that one command changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// TYPE sets the representation type.
    Representation(RepresentationType),
    /// STRU sets the file structure.
    Structure(FileStructure),
    /// MODE sets the transfer mode.
    Mode(TransferMode),
    /// PROT sets the protection level of data connections.
    Protection(ProtectionLevel),
    /// RANG sets the extent of the next transfer.
    Range(Extent),
    /// SSCN sets the server's TLS role on data connections.
    TlsRole(TlsRole),
    /// PBSZ sets the protection buffer size.
    ProtectionBuffer,
    /// OPTS UTF8 ON requests pathnames in UTF-8.
    Utf8,
    /// REST sets an offset. The field holds the state before REST.
    Offset(Offset),
    /// REST 0 revokes the offset.
    NoOffset,
}

/// The extent of a file that the next transfer moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Extent {
    /// The whole file.
    #[default]
    Whole,
    /// The part that RANG has chosen.
    Part,
}

/// The server's role on data connections that are protected by TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::client) enum TlsRole {
    /// The TLS server (RFC 4217 7).
    #[default]
    Server,
    /// The TLS client: SSCN ON.
    Client,
}

/// The offset that a server keeps for the next transfer. A transfer has used it once the server has
/// begun or completed that transfer (1yz or 2yz), since a server that refuses a transfer may keep
/// the offset. ABOR changes nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Offset {
    /// The server keeps no offset.
    #[default]
    None,
    /// A transfer has used the offset. Some servers keep it for the next transfer all the same.
    Used,
    /// No transfer has used the offset: the next transfer would begin there.
    Unused,
    /// No transfer has used the offset, but a transfer has used the one before it.
    UnusedAfterUsed,
}

impl Offset {
    /// Returns the state after REST with an offset was sent.
    const fn set(self) -> Self {
        match self {
            Self::None | Self::Unused => Self::Unused,
            Self::Used | Self::UnusedAfterUsed => Self::UnusedAfterUsed,
        }
    }

    /// Returns the state after a transfer has begun.
    const fn used(self) -> Self {
        match self {
            Self::None => Self::None,
            Self::Used | Self::Unused | Self::UnusedAfterUsed => Self::Used,
        }
    }

    /// Returns the state after a server that does not know REST refused the last offset, which was
    /// sent in the state `before`.
    const fn unset(self, before: Self) -> Self {
        match (before.is_unused(), self) {
            (true, Self::None | Self::Unused) => Self::Unused,
            (true, Self::Used | Self::UnusedAfterUsed) => Self::UnusedAfterUsed,
            (false, Self::None | Self::Unused) => Self::None,
            (false, Self::Used | Self::UnusedAfterUsed) => Self::Used,
        }
    }

    /// Returns whether no transfer has used the offset.
    const fn is_unused(self) -> bool {
        matches!(self, Self::Unused | Self::UnusedAfterUsed)
    }
}

/// The settings of a session.
#[derive(Debug, Default)]
pub(in crate::client) struct Settings {
    /// Type in force; `None` if it is not known.
    representation: Option<RepresentationType>,
    /// Type that was last requested with TYPE.
    requested: Option<RepresentationType>,
    structure: FileStructure,
    mode: TransferMode,
    /// Level that PROT was granted for; `None` before that, which means the same as C (RFC 4217 9).
    protection: Option<ProtectionLevel>,
    offset: Offset,
    extent: Extent,
    tls_role: TlsRole,
    /// `true` if PBSZ was granted.
    has_protection_buffer: bool,
    /// Set once OPTS UTF8 ON was answered.
    asked_for_utf8: bool,
}

impl Settings {
    /// Records a command that is sent. Returns the setting that it changes once it is granted.
    pub(super) fn sent(&mut self, command: &Command<'_>) -> Option<Change> {
        Some(match command {
            Command::Type(representation) => {
                self.requested = Some(*representation);
                Change::Representation(*representation)
            }
            // A new login begins with the defaults, which are not RFC 959's on every server.
            Command::Rein | Command::User(_) => {
                (self.representation, self.requested) = (None, None);
                return None;
            }
            Command::Stru(structure) => Change::Structure(*structure),
            Command::Mode(mode) => Change::Mode(*mode),
            Command::Prot(level) => Change::Protection(*level),
            Command::Pbsz(_) => Change::ProtectionBuffer,
            Command::Rang(range) if *range == ByteRange::WHOLE => Change::Range(Extent::Whole),
            Command::Rang(_) => Change::Range(Extent::Part),
            Command::Sscn(Some(true)) => Change::TlsRole(TlsRole::Client),
            Command::Sscn(Some(false)) => Change::TlsRole(TlsRole::Server),
            Command::Opts(crate::codec::OptsArgument::Utf8(true)) => Change::Utf8,
            Command::Rest(marker) if marker.offset() == Some(0) => Change::NoOffset,
            // Servers keep the offset for the next transfer, whatever they answer, unless they do
            // not know REST.
            Command::Rest(_) => {
                let before = self.offset;
                self.offset = before.set();
                Change::Offset(before)
            }
            _ => return None,
        })
    }

    /// Records a final reply to `verb`, which was sent with `change`.
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
            Some(Change::Protection(level)) if success => self.protection = Some(level),
            Some(Change::ProtectionBuffer) => self.has_protection_buffer = success,
            Some(Change::Utf8) => self.asked_for_utf8 = true,
            Some(Change::Range(extent)) if success || code.is_intermediate() => self.extent = extent,
            // No range is in force on a server that does not know the command.
            Some(Change::Range(_)) if unknown => self.extent = Extent::Whole,
            Some(Change::TlsRole(role)) if success => self.tls_role = role,
            Some(Change::TlsRole(_)) if unknown => self.tls_role = TlsRole::Server,
            Some(Change::Offset(before)) if unknown => self.offset = self.offset.unset(before),
            Some(Change::NoOffset) if success || code.is_intermediate() => self.offset = Offset::None,
            Some(Change::NoOffset) if self.offset.is_unused() => self.offset = Offset::Unused,
            Some(Change::NoOffset) => self.offset = Offset::None,
            _ => {}
        }
        match verb {
            Some(Verb::Hash) if success => self.extent = Extent::Whole,
            Some(Verb::Rein) if success => *self = Self::default(),
            _ => {}
        }
    }

    /// Records that a transfer of a file has begun or has succeeded, which uses up the offset and
    /// the range. A server that refuses the transfer may keep them for the next transfer.
    pub(super) fn restart_used(&mut self) {
        (self.offset, self.extent) = (self.offset.used(), Extent::Whole);
    }

    /// Forgets the type, because the type in force is not the one that the client assumed.
    pub(super) fn forget_type(&mut self) {
        (self.representation, self.requested) = (None, None);
    }

    /// Resets all settings, because a new session begins with the defaults (RFC 4217 4).
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }

    /// Returns whether the type is in force, or requested by a command in flight.
    pub(in crate::client) fn has_type(&self, representation: RepresentationType) -> bool {
        self.requested == Some(representation)
    }

    /// Returns the type in force, if it is known.
    pub(in crate::client) const fn representation(&self) -> Option<RepresentationType> {
        self.representation
    }

    /// Returns the coding of files of this type.
    pub(in crate::client) const fn coding(&self, representation: RepresentationType) -> Coding {
        Coding { representation, structure: self.structure, mode: self.mode }
    }

    /// Returns whether data connections are protected (PROT P).
    pub(in crate::client) const fn protects_data(&self) -> bool {
        matches!(self.protection, Some(ProtectionLevel::Private))
    }

    /// Returns whether the mode has restart markers (RFC 959 3.5).
    pub(super) const fn expects_markers(&self) -> bool {
        matches!(self.mode, TransferMode::Block | TransferMode::Compressed)
    }

    /// Returns whether PBSZ was granted.
    pub(in crate::client) const fn has_protection_buffer(&self) -> bool {
        self.has_protection_buffer
    }

    /// Returns whether the server may keep an offset for the next transfer (REST).
    pub(in crate::client) const fn keeps_offset(&self) -> bool {
        !matches!(self.offset, Offset::None)
    }

    /// Returns whether no transfer has used the offset that the server keeps: the next transfer
    /// would begin there.
    pub(in crate::client) const fn has_unused_offset(&self) -> bool {
        self.offset.is_unused()
    }

    /// Returns whether the server keeps a range for the next transfer (RANG).
    pub(in crate::client) const fn keeps_range(&self) -> bool {
        matches!(self.extent, Extent::Part)
    }

    /// Returns the server's role in TLS on data connections (SSCN).
    pub(in crate::client) const fn tls_role(&self) -> TlsRole {
        self.tls_role
    }

    /// Returns whether the server is the TLS client on data connections (SSCN).
    pub(in crate::client) const fn server_is_tls_client(&self) -> bool {
        matches!(self.tls_role, TlsRole::Client)
    }

    /// Returns whether OPTS UTF8 ON was sent, and answered in any way.
    pub(in crate::client) const fn asked_for_utf8(&self) -> bool {
        self.asked_for_utf8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_offset_is_kept_and_used_as_two_flags_would_say() {
        let flags = |offset| match offset {
            Offset::None => (false, false),
            Offset::Used => (false, true),
            Offset::Unused => (true, false),
            Offset::UnusedAfterUsed => (true, true),
        };
        let all = [Offset::None, Offset::Used, Offset::Unused, Offset::UnusedAfterUsed];
        for offset in all {
            let (unused, used) = flags(offset);
            assert_eq!(flags(offset.set()), (true, used));
            assert_eq!(flags(offset.used()), (false, used || unused));
            assert_eq!(offset.is_unused(), unused);
            for before in all {
                assert_eq!(flags(offset.unset(before)), (flags(before).0, used));
            }
        }
    }
}
