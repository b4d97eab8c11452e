//! The parameters of the next transfer, and the other choices of a client that REIN takes back (RFC 959 4.1.1).

use core::num::NonZeroU32;

use crate::codec::{ByteRange, FactSet, HashAlgorithm};
use crate::transfer::Coding;

/// The facts that MLST and MLSD send, as far as the host knows them (RFC 3659 7.5).
pub(super) const SERVED_FACTS: FactSet = FactSet::TYPE
    .union(FactSet::SIZE)
    .union(FactSet::MODIFY)
    .union(FactSet::PERM)
    .union(FactSet::UNIQUE)
    .union(FactSet::UNIX_MODE)
    .union(FactSet::UNIX_OWNER)
    .union(FactSet::UNIX_GROUP);

/// The part of the file that the next transfer is of. REST and RANG both set it; the one sent last counts.
///
/// Every command that opens a data connection takes it, whatever becomes of that command: a refused RETR takes it,
/// and so does one that ABOR ends. After an aborted transfer the next one therefore begins at the start of the
/// file, unless the client sends REST again. ABOR itself takes nothing: a REST that no transfer has followed yet
/// outlives it. RFC 959 4.1.3 wants the transfer at once, but many clients set up the data connection in between.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Part {
    /// The whole file.
    #[default]
    Whole,
    /// From this offset on (REST).
    From(u64),
    /// These bytes (RANG).
    Range(ByteRange),
}

impl Part {
    /// Returns the offset of REST, which is 0 where none was sent.
    pub(super) const fn offset(self) -> u64 {
        match self {
            Self::From(offset) => offset,
            Self::Whole | Self::Range(_) => 0,
        }
    }

    /// Returns the range of RANG, which is the whole file where none was sent.
    pub(super) const fn range(self) -> ByteRange {
        match self {
            Self::Range(range) => range,
            Self::Whole | Self::From(_) => ByteRange::WHOLE,
        }
    }
}

/// The addresses of data connections that the client may still name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Addressing {
    #[default]
    Any,
    /// EPSV ALL was sent (RFC 2428 4).
    ExtendedPassive,
}

/// The choices of a client. The default is in force on a new connection and after REIN.
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

    /// The client has sent REST or RANG.
    pub(super) const fn set_part(&mut self, part: Part) {
        self.part = part;
    }

    /// Takes the part that REST or RANG has named.
    pub(super) fn take_part(&mut self) -> Part {
        core::mem::take(&mut self.part)
    }

    /// Takes the range that RANG has named, and leaves an offset of REST.
    pub(super) fn take_range(&mut self) -> ByteRange {
        let range = self.part.range();
        if matches!(self.part, Part::Range(_)) {
            self.part = Part::Whole;
        }
        range
    }

    /// The client has sent EPSV ALL.
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

    /// The client has chosen facts (OPTS MLST), of which those that are served count.
    pub(super) fn set_facts(&mut self, facts: FactSet) {
        self.facts = facts & SERVED_FACTS;
    }

    /// Returns the effort of MODE Z, if the client has chosen one (OPTS MODE Z LEVEL).
    pub(super) const fn level(&self) -> Option<u8> {
        self.level
    }

    /// The client has chosen the effort of MODE Z, or taken its choice back.
    pub(super) const fn set_level(&mut self, level: Option<u8>) {
        self.level = level;
    }

    /// Returns the hash that HASH computes, if the client has chosen one (OPTS HASH).
    pub(super) const fn hash(&self) -> Option<HashAlgorithm> {
        self.hash
    }

    /// The client has chosen a hash.
    pub(super) const fn set_hash(&mut self, hash: HashAlgorithm) {
        self.hash = Some(hash);
    }

    /// Returns how many bytes the next upload has, if the client has said so (ALLO).
    pub(super) const fn size_hint(&self) -> Option<u64> {
        self.size_hint
    }

    /// The client has announced the size of its next upload.
    pub(super) const fn set_size_hint(&mut self, size: u64) {
        self.size_hint = Some(size);
    }

    /// The transfer that the announcement was for has begun, or will not.
    pub(super) const fn forget_size_hint(&mut self) {
        self.size_hint = None;
    }

    /// Returns the bits that are to be taken from the permissions of new files (SITE UMASK).
    pub(super) const fn umask(&self) -> Option<u16> {
        self.umask
    }

    /// The client has chosen a mask.
    pub(super) const fn set_umask(&mut self, mask: u16) {
        self.umask = Some(mask);
    }

    /// Returns how many seconds the client wants to be let idle (SITE IDLE).
    pub(super) const fn idle(&self) -> Option<NonZeroU32> {
        self.idle
    }

    /// The client has said how many seconds it wants to be let idle: one at least.
    pub(super) fn set_idle(&mut self, seconds: u32) {
        self.idle = NonZeroU32::new(seconds.max(1));
    }
}
