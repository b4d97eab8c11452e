//! The parameters of the next transfer, and the other settings of a client that REIN resets (RFC
//! 959 4.1.1).

use core::num::NonZeroU32;

use crate::codec::{ByteRange, FactSet, HashAlgorithm};
use crate::transfer::{Coding, Parameters};

/// Facts that MLST and MLSD can send, if the host knows them (RFC 3659 7.5).
pub(super) const SERVED_FACTS: FactSet = FactSet::TYPE
    .union(FactSet::SIZE)
    .union(FactSet::MODIFY)
    .union(FactSet::PERM)
    .union(FactSet::UNIQUE)
    .union(FactSet::UNIX_MODE)
    .union(FactSet::UNIX_OWNER)
    .union(FactSet::UNIX_GROUP);

/// The part of the file that the next command applies to. REST and RANG both set it, and the later
/// of the two applies.
///
/// Every command that opens a data connection consumes it, whatever the outcome: even a RETR that
/// is refused or aborted. After an aborted transfer the next one therefore begins at the start of
/// the file, unless the client sends REST again. ABOR itself consumes nothing, so a REST that no
/// transfer has followed yet survives an ABOR. RFC 959 4.1.3 requires the transfer immediately
/// after REST, but many clients set up the data connection in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// The whole file.
    #[default]
    Whole,
    /// The file from this offset on (REST).
    From(u64),
    /// These bytes (RANG).
    Range(ByteRange),
}

impl Part {
    /// Returns the offset of REST, or 0 if none was sent.
    pub(super) const fn offset(self) -> u64 {
        match self {
            Self::From(offset) => offset,
            Self::Whole | Self::Range(_) => 0,
        }
    }

    /// Returns the range of RANG, or the whole file if none was sent.
    pub(super) const fn range(self) -> ByteRange {
        match self {
            Self::Range(range) => range,
            Self::Whole | Self::From(_) => ByteRange::WHOLE,
        }
    }
}

/// The data-connection commands that the client may still use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Addressing {
    #[default]
    Any,
    /// EPSV ALL was sent (RFC 2428 4).
    ExtendedPassive,
}

/// The settings of a client. The default applies to a new connection and after REIN.
#[derive(Debug)]
pub(super) struct NextTransfer {
    coding: Coding,
    part: Part,
    addressing: Addressing,
    facts: FactSet,
    level: Option<u8>,
    hash: Option<HashAlgorithm>,
    size_hint: Option<u64>,
    umask: Option<u16>,
    idle: Option<NonZeroU32>,
    /// Parameters of the transfer that the host is opening, or of the running or latest one.
    opened: Parameters,
}

impl Default for NextTransfer {
    fn default() -> Self {
        Self {
            coding: Coding::default(),
            part: Part::default(),
            addressing: Addressing::default(),
            facts: SERVED_FACTS,
            level: None,
            hash: None,
            size_hint: None,
            umask: None,
            idle: None,
            opened: Parameters::new(Coding::default()),
        }
    }
}

impl NextTransfer {
    /// Returns TYPE, STRU and MODE.
    pub(super) const fn coding(&self) -> Coding {
        self.coding
    }

    /// Sets TYPE, STRU or MODE, if the combination is supported. Returns whether it is.
    pub(super) fn set_coding(&mut self, coding: Coding) -> bool {
        let supported = coding.is_supported();
        if supported {
            self.coding = coding;
        }
        supported
    }

    /// Sets the parameters of a transfer that the host is asked to open. They stay as they are if
    /// the client changes its settings during the transfer.
    pub(super) const fn open(&mut self, parameters: Parameters) {
        self.opened = parameters;
    }

    /// Returns the parameters of the transfer that the host is opening, or of the running or latest
    /// one.
    pub(super) const fn opened(&self) -> Parameters {
        self.opened
    }

    /// Records REST or RANG.
    pub(super) const fn set_part(&mut self, part: Part) {
        self.part = part;
    }

    /// Takes the part that REST or RANG selected.
    pub(super) fn take_part(&mut self) -> Part {
        core::mem::take(&mut self.part)
    }

    /// Takes the range that RANG selected. Leaves an offset of REST in place.
    pub(super) fn take_range(&mut self) -> ByteRange {
        let range = self.part.range();
        if matches!(self.part, Part::Range(_)) {
            self.part = Part::Whole;
        }
        range
    }

    /// Records EPSV ALL.
    pub(super) const fn only_extended(&mut self) {
        self.addressing = Addressing::ExtendedPassive;
    }

    /// Returns whether EPSV ALL was sent.
    pub(super) fn is_only_extended(&self) -> bool {
        self.addressing == Addressing::ExtendedPassive
    }

    /// Returns the facts that MLST and MLSD send.
    pub(super) const fn facts(&self) -> FactSet {
        self.facts
    }

    /// Sets the facts that the client selected (OPTS MLST), restricted to the served ones.
    pub(super) fn set_facts(&mut self, facts: FactSet) {
        self.facts = facts & SERVED_FACTS;
    }

    /// Returns the compression level of MODE Z, if the client selected one (OPTS MODE Z LEVEL).
    pub(super) const fn level(&self) -> Option<u8> {
        self.level
    }

    /// Sets the compression level of MODE Z, or returns to the default.
    pub(super) const fn set_level(&mut self, level: Option<u8>) {
        self.level = level;
    }

    /// Returns the hash that HASH computes, if the client selected one (OPTS HASH).
    pub(super) const fn hash(&self) -> Option<HashAlgorithm> {
        self.hash
    }

    /// Sets the hash that HASH computes.
    pub(super) const fn set_hash(&mut self, hash: HashAlgorithm) {
        self.hash = Some(hash);
    }

    /// Returns the size of the next upload in bytes, if the client announced it (ALLO).
    pub(super) const fn size_hint(&self) -> Option<u64> {
        self.size_hint
    }

    /// Records the announced size of the next upload.
    pub(super) const fn set_size_hint(&mut self, size: u64) {
        self.size_hint = Some(size);
    }

    /// Drops the announced size: its transfer has begun, or was refused.
    pub(super) const fn forget_size_hint(&mut self) {
        self.size_hint = None;
    }

    /// Returns the permission bits to clear on new files (SITE UMASK).
    pub(super) const fn umask(&self) -> Option<u16> {
        self.umask
    }

    /// Sets the permission bits to clear on new files.
    pub(super) const fn set_umask(&mut self, mask: u16) {
        self.umask = Some(mask);
    }

    /// Returns the idle time in seconds that the client requested (SITE IDLE).
    pub(super) const fn idle(&self) -> Option<NonZeroU32> {
        self.idle
    }

    /// Sets the requested idle time in seconds, at least one.
    pub(super) fn set_idle(&mut self, seconds: u32) {
        self.idle = NonZeroU32::new(seconds.max(1));
    }
}
