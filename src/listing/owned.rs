//! Entries that outlive their lines.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::{Entry, Fields, Format, Kind, Modified};
use crate::codec::Text;
use crate::codec::facts::Permissions;

/// An [`Entry`] that owns its texts. [`entry`](Self::entry) returns it as a borrowed [`Entry`].
///
/// One allocation holds all texts. A text of 4 GiB or more is left out.
#[derive(Clone)]
pub struct OwnedEntry {
    /// The raw line, name, text of the kind, owner, group and unique fact, one after the other.
    bytes: Box<[u8]>,
    /// The lengths of these texts, or [`ABSENT`].
    lengths: [u32; 6],
    kind: Kind<'static>,
    size: Option<u64>,
    modified: Option<Modified>,
    mode: Option<u16>,
    permissions: Option<Permissions>,
    links: Option<u64>,
    unreadable: Fields,
    format: Option<Format>,
}

/// The length of a text that is absent.
const ABSENT: u32 = u32::MAX;

impl Entry<'_> {
    /// Copies the entry, so that it no longer borrows from the line.
    #[must_use]
    pub fn to_owned(&self) -> OwnedEntry {
        // Destructured so that a new field cannot be forgotten.
        let Entry {
            name,
            kind,
            size,
            modified,
            mode,
            permissions,
            owner,
            group,
            links,
            unique,
            unreadable,
            format,
            raw,
        } = *self;
        let (kind, text) = match kind {
            Kind::Link { target } => (Kind::Link { target: None }, target),
            Kind::Other(text) => (Kind::Other(Text::default()), Some(text)),
            Kind::File => (Kind::File, None),
            Kind::Directory => (Kind::Directory, None),
            Kind::CurrentDirectory => (Kind::CurrentDirectory, None),
            Kind::ParentDirectory => (Kind::ParentDirectory, None),
            Kind::BlockDevice(device) => (Kind::BlockDevice(device), None),
            Kind::CharacterDevice(device) => (Kind::CharacterDevice(device), None),
            Kind::Pipe => (Kind::Pipe, None),
            Kind::Socket => (Kind::Socket, None),
            Kind::Unknown => (Kind::Unknown, None),
        };
        let texts = [
            Some(raw),
            Some(name.as_bytes()),
            text.map(|text| text.as_bytes()),
            owner.map(|text| text.as_bytes()),
            group.map(|text| text.as_bytes()),
            unique.map(|text| text.as_bytes()),
        ]
        .map(|text| text.filter(|text| text.len() < ABSENT as usize));
        let mut bytes = Vec::with_capacity(texts.iter().flatten().map(|text| text.len()).sum());
        let lengths = texts.map(|text| {
            bytes.extend_from_slice(text.unwrap_or_default());
            text.map_or(ABSENT, |text| text.len() as u32)
        });
        OwnedEntry {
            bytes: bytes.into_boxed_slice(),
            lengths,
            kind,
            size,
            modified,
            mode,
            permissions,
            links,
            unreadable,
            format,
        }
    }
}

impl OwnedEntry {
    /// Returns the entry, borrowed from this copy.
    #[must_use]
    pub fn entry(&self) -> Entry<'_> {
        let mut rest = &*self.bytes;
        let [raw, name, text, owner, group, unique] = self.lengths.map(|length| {
            let length = Some(length).filter(|length| *length != ABSENT)?;
            let (bytes, after) = rest.split_at_checked(length as usize)?;
            rest = after;
            Some(bytes)
        });
        // The entry from which these were copied had checked texts.
        let [name, text, owner, group, unique] =
            [name, text, owner, group, unique].map(|bytes| bytes.map(Text::checked));
        Entry {
            name: name.unwrap_or_default(),
            kind: match self.kind {
                Kind::Link { .. } => Kind::Link { target: text },
                Kind::Other(_) => Kind::Other(text.unwrap_or_default()),
                kind => kind,
            },
            size: self.size,
            modified: self.modified,
            mode: self.mode,
            permissions: self.permissions,
            owner,
            group,
            links: self.links,
            unique,
            unreadable: self.unreadable,
            format: self.format,
            raw: raw.unwrap_or_default(),
        }
    }
}

impl PartialEq for OwnedEntry {
    fn eq(&self, other: &Self) -> bool {
        self.entry() == other.entry()
    }
}

impl Eq for OwnedEntry {}

impl fmt::Debug for OwnedEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.entry().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Format;

    #[test]
    fn an_owned_copy_lends_back_all_of_the_entry() {
        let text = |text: &'static str| Text::literal(text);
        let mut entry = Entry::new(text("na me"), Kind::Link { target: Some(text("/t")) });
        entry.size = Some(5);
        entry.group = Some(text("wheel"));
        entry.unique = Some(text(""));
        let entry = entry.read_from(Format::Unix, b"raw\0line");
        let copy = Entry::to_owned(&entry);
        assert_eq!(copy.entry(), entry);
        assert_eq!((copy.entry().raw(), copy.entry().format()), (entry.raw(), entry.format()));
        for kind in [Kind::Link { target: None }, Kind::Other(text("OS.x=y")), Kind::Directory] {
            let entry = Entry::new(text(""), kind);
            assert_eq!(Entry::to_owned(&entry).entry(), entry);
        }
    }
}
