//! Entries that outlive their lines.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::{Entry, Kind};
use crate::codec::Text;

/// An [`Entry`] that owns its texts. [`entry`](Self::entry) returns it as a borrowed [`Entry`].
#[derive(Clone)]
pub struct OwnedEntry {
    /// Entry without its texts, which are in `bytes` one after the other.
    fixed: Entry<'static>,
    /// Lengths of the raw line, name, text of the kind, owner, group and unique fact in `bytes`;
    /// `None` for a text that is absent.
    lengths: [Option<usize>; 6],
    bytes: Box<[u8]>,
}

impl Entry<'_> {
    /// Copies the entry, so that it no longer borrows from the line.
    #[must_use]
    pub fn to_owned(&self) -> OwnedEntry {
        let kind = match self.kind {
            Kind::Link { target } => target,
            Kind::Other(text) => Some(text),
            _ => None,
        };
        let text = |text: Option<Text<'_>>| text.map(|text| text.as_bytes().len());
        let lengths = [
            Some(self.raw.len()),
            text(Some(self.name)),
            text(kind),
            text(self.owner),
            text(self.group),
            text(self.unique),
        ];
        let mut bytes = Vec::with_capacity(lengths.iter().flatten().sum());
        bytes.extend_from_slice(self.raw);
        for text in [Some(self.name), kind, self.owner, self.group, self.unique].into_iter().flatten() {
            bytes.extend_from_slice(text.as_bytes());
        }
        let fixed = Entry {
            name: Text::default(),
            kind: match self.kind {
                Kind::Link { .. } => Kind::Link { target: None },
                Kind::Other(_) => Kind::Other(Text::default()),
                Kind::File => Kind::File,
                Kind::Directory => Kind::Directory,
                Kind::CurrentDirectory => Kind::CurrentDirectory,
                Kind::ParentDirectory => Kind::ParentDirectory,
                Kind::BlockDevice(device) => Kind::BlockDevice(device),
                Kind::CharacterDevice(device) => Kind::CharacterDevice(device),
                Kind::Pipe => Kind::Pipe,
                Kind::Socket => Kind::Socket,
                Kind::Unknown => Kind::Unknown,
            },
            owner: None,
            group: None,
            unique: None,
            raw: &[],
            ..*self
        };
        OwnedEntry { fixed, lengths, bytes: bytes.into_boxed_slice() }
    }
}

impl OwnedEntry {
    /// Returns the entry, borrowed from this copy.
    #[must_use]
    pub fn entry(&self) -> Entry<'_> {
        let mut rest = &*self.bytes;
        let [raw, name, kind, owner, group, unique] = self.lengths.map(|length| {
            let (bytes, after) = rest.split_at_checked(length?)?;
            rest = after;
            Some(bytes)
        });
        fn text(bytes: Option<&[u8]>) -> Option<Text<'_>> {
            bytes.and_then(|bytes| Text::new(bytes).ok())
        }
        Entry {
            name: text(name).unwrap_or_default(),
            kind: match self.fixed.kind {
                Kind::Link { .. } => Kind::Link { target: text(kind) },
                Kind::Other(_) => Kind::Other(text(kind).unwrap_or_default()),
                plain => plain,
            },
            owner: text(owner),
            group: text(group),
            unique: text(unique),
            raw: raw.unwrap_or_default(),
            ..self.fixed
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
