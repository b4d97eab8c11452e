//! Form in which serde stores and transmits owned entries.
//!
//! ```json
//! {"name": "a", "kind": {"link": "b"}, "size": null, "mode": 420, "owner": null, ...
//!  "format": "unix", "unreadable": ["size"],
//!  "modified": {"shown": "20241109200600", "precision": "minute", "zone": 60, "inferred": 17}}
//! ```
//! A text is a string if the serializer is human-readable and the text is UTF-8; otherwise it is
//! bytes.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use core::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Device, Entry, Fields, Format, Inferred, Kind, Modified, OwnedEntry, Precision};
use crate::codec::facts::Permissions;
use crate::codec::{Full, Invalid, Text, Timestamp};

impl Serialize for OwnedEntry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Stored::from(self.entry()).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OwnedEntry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = Stored::deserialize(deserializer)?;
        stored.entry().map(|entry| entry.to_owned()).map_err(D::Error::custom)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Entry")]
struct Stored<'a> {
    name: Bytes<'a>,
    kind: StoredKind<'a>,
    size: Option<u64>,
    modified: Option<StoredModified<'a>>,
    mode: Option<u16>,
    /// The letters of RFC 3659 7.5.5.
    permissions: Option<Bytes<'a>>,
    owner: Option<Bytes<'a>>,
    group: Option<Bytes<'a>>,
    links: Option<u64>,
    unique: Option<Bytes<'a>>,
    /// Missing in data from versions that did not have this field.
    #[serde(default)]
    unreadable: Vec<StoredField>,
    format: Option<Format>,
    raw: Bytes<'a>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename = "Kind", rename_all = "kebab-case")]
enum StoredKind<'a> {
    File,
    Directory,
    CurrentDirectory,
    ParentDirectory,
    Link(Option<Bytes<'a>>),
    BlockDevice(Option<Device>),
    CharacterDevice(Option<Device>),
    Pipe,
    Socket,
    Other(Bytes<'a>),
    Unknown,
}

/// A member of [`Fields`].
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename = "Field", rename_all = "kebab-case")]
enum StoredField {
    Kind,
    Size,
    Modified,
    Mode,
    Permissions,
    Owner,
    Group,
    Links,
    Unique,
}

const FIELDS: [(StoredField, Fields); 9] = [
    (StoredField::Kind, Fields::KIND),
    (StoredField::Size, Fields::SIZE),
    (StoredField::Modified, Fields::MODIFIED),
    (StoredField::Mode, Fields::MODE),
    (StoredField::Permissions, Fields::PERMISSIONS),
    (StoredField::Owner, Fields::OWNER),
    (StoredField::Group, Fields::GROUP),
    (StoredField::Links, Fields::LINKS),
    (StoredField::Unique, Fields::UNIQUE),
];

#[derive(Serialize, Deserialize)]
#[serde(rename = "Modified")]
struct StoredModified<'a> {
    /// A time-val of RFC 3659 2.3.
    shown: Bytes<'a>,
    precision: Precision,
    zone: Option<i16>,
    /// The bits of [`Inferred`]. Missing in data from versions that did not have this field.
    #[serde(default)]
    inferred: u8,
}

impl<'a> From<Entry<'a>> for Stored<'a> {
    fn from(entry: Entry<'a>) -> Self {
        Self {
            name: entry.name.into(),
            kind: match entry.kind {
                Kind::File => StoredKind::File,
                Kind::Directory => StoredKind::Directory,
                Kind::CurrentDirectory => StoredKind::CurrentDirectory,
                Kind::ParentDirectory => StoredKind::ParentDirectory,
                Kind::Link { target } => StoredKind::Link(target.map(Bytes::from)),
                Kind::BlockDevice(device) => StoredKind::BlockDevice(device),
                Kind::CharacterDevice(device) => StoredKind::CharacterDevice(device),
                Kind::Pipe => StoredKind::Pipe,
                Kind::Socket => StoredKind::Socket,
                Kind::Other(text) => StoredKind::Other(text.into()),
                Kind::Unknown => StoredKind::Unknown,
            },
            size: entry.size,
            modified: entry.modified.map(|modified| StoredModified {
                shown: Bytes::encoded(|bytes| modified.shown().encode(bytes)),
                precision: modified.precision(),
                zone: modified.zone(),
                inferred: modified.inferred().bits(),
            }),
            mode: entry.mode,
            permissions: entry.permissions.map(|letters| Bytes::encoded(|bytes| letters.encode(bytes))),
            owner: entry.owner.map(Bytes::from),
            group: entry.group.map(Bytes::from),
            links: entry.links,
            unique: entry.unique.map(Bytes::from),
            unreadable: FIELDS
                .iter()
                .filter(|row| entry.unreadable.contains(row.1))
                .map(|row| row.0)
                .collect(),
            format: entry.format(),
            raw: Bytes(Cow::Borrowed(entry.raw())),
        }
    }
}

impl StoredField {
    fn field(self) -> Fields {
        FIELDS.get(self as usize).map_or(Fields::empty(), |row| row.1)
    }
}

impl Stored<'_> {
    fn entry(&self) -> Result<Entry<'_>, Invalid> {
        fn text<'t>(bytes: &'t Option<Bytes<'_>>) -> Result<Option<Text<'t>>, Invalid> {
            bytes.as_ref().map(Bytes::text).transpose()
        }
        let kind = match &self.kind {
            StoredKind::File => Kind::File,
            StoredKind::Directory => Kind::Directory,
            StoredKind::CurrentDirectory => Kind::CurrentDirectory,
            StoredKind::ParentDirectory => Kind::ParentDirectory,
            StoredKind::Link(target) => Kind::Link { target: target.as_ref().map(Bytes::text).transpose()? },
            StoredKind::BlockDevice(device) => Kind::BlockDevice(*device),
            StoredKind::CharacterDevice(device) => Kind::CharacterDevice(*device),
            StoredKind::Pipe => Kind::Pipe,
            StoredKind::Socket => Kind::Socket,
            StoredKind::Other(name) => Kind::Other(name.text()?),
            StoredKind::Unknown => Kind::Unknown,
        };
        let modified = |it: &StoredModified<'_>| {
            Timestamp::parse(&it.shown.0).map(|shown| {
                let inferred = Inferred::from_bits_truncate(it.inferred);
                Modified::new(shown, it.precision, it.zone).with_inferred(inferred)
            })
        };
        Ok(Entry {
            size: self.size,
            modified: self.modified.as_ref().map(modified).transpose()?,
            mode: self.mode,
            permissions: self.permissions.as_ref().map(|it| Permissions::parse(&it.0)).transpose()?,
            owner: text(&self.owner)?,
            group: text(&self.group)?,
            links: self.links,
            unique: text(&self.unique)?,
            unreadable: self.unreadable.iter().map(|&stored| StoredField::field(stored)).collect(),
            format: self.format,
            raw: &self.raw.0,
            ..Entry::new(self.name.text()?, kind)
        })
    }
}

/// Bytes that are mostly text.
struct Bytes<'a>(Cow<'a, [u8]>);

impl Bytes<'_> {
    fn encoded(encode: impl FnOnce(&mut Vec<u8>) -> Result<(), Full>) -> Self {
        let mut bytes = Vec::new();
        // A `Vec` is never full.
        let _ = encode(&mut bytes);
        Self(Cow::Owned(bytes))
    }

    fn text(&self) -> Result<Text<'_>, Invalid> {
        Text::new(&self.0)
    }
}

impl<'a> From<Text<'a>> for Bytes<'a> {
    fn from(text: Text<'a>) -> Self {
        Self(Cow::Borrowed(text.as_bytes()))
    }
}

impl Serialize for Bytes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match core::str::from_utf8(&self.0) {
            Ok(text) if serializer.is_human_readable() => serializer.serialize_str(text),
            _ => serializer.serialize_bytes(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for Bytes<'_> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.is_human_readable() {
            true => deserializer.deserialize_any(Owned),
            false => deserializer.deserialize_byte_buf(Owned),
        }
        .map(|bytes| Self(Cow::Owned(bytes)))
    }
}

struct Owned;

impl<'de> Visitor<'de> for Owned {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or bytes")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<u8>, E> {
        Ok(text.as_bytes().to_vec())
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
        Ok(bytes)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Vec<u8>, A::Error> {
        let mut all = Vec::new();
        while let Some(byte) = bytes.next_element()? {
            all.push(byte);
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Clock;
    use std::string::ToString;

    #[test]
    fn an_entry_is_stored_and_comes_back() {
        let clock = Clock::at(1_731_240_000).with_zone(60);
        let lines: [(Format, &[u8]); 7] = [
            (Format::Mlsd, b"type=;size=x;modify=0;perm=!;UNIX.mode=9;UNIX.uid=-2;UNIX.gid=x;unique=\x01; n"),
            (Format::Unix, b"lrwsr-x--- 1 o g 5 Nov  9 20:06 a\xff -> b"),
            (Format::Unix, b"crw-rw-rw- 1 root sys 1, 3 Nov  9  2001 null"),
            (Format::Mlsd, b"type=file;modify=20240101120000.120;perm=adr;unique=x; n"),
            (Format::Mlsd, b"type=OS.vms=x; n"),
            (Format::Eplf, b"+/,\tn"),
            (Format::Nlst, b"n"),
        ];
        for (format, line) in lines {
            let entry = format.parse_line(line, &clock).unwrap().unwrap();
            let stored = serde_json::to_string(&Entry::to_owned(&entry)).unwrap();
            let back: OwnedEntry = serde_json::from_str(&stored).unwrap();
            assert_eq!(back.entry(), entry, "{stored}");
            assert_eq!((back.entry().raw(), back.entry().format()), (line, Some(format)));
        }
    }

    #[test]
    fn what_is_stored_can_be_read_by_a_person() {
        let line = b"-rw-r--r-- 1 o g 5 Nov  9 20:06 a";
        let entry = Format::Unix.parse_line(line, &Clock::at(1_731_240_000)).unwrap().unwrap();
        assert_eq!(
            serde_json::to_string(&Entry::to_owned(&entry)).unwrap(),
            r#"{"name":"a","kind":"file","size":5,"modified":{"shown":"20241109200600","precision":"minute","zone":null,"inferred":1},"mode":420,"permissions":null,"owner":"o","group":"g","links":1,"unique":null,"unreadable":[],"format":"unix","raw":"-rw-r--r-- 1 o g 5 Nov  9 20:06 a"}"#
        );
    }

    #[test]
    fn every_field_that_may_be_unreadable_is_stored_by_its_name() {
        assert_eq!(FIELDS.iter().map(|row| row.1).collect::<Fields>(), Fields::all());
        let mut entry = Entry::new(Text::literal("n"), Kind::Unknown);
        entry.unreadable = Fields::all();
        let stored = serde_json::to_string(&Entry::to_owned(&entry)).unwrap();
        let names = r#""unreadable":["kind","size","modified","mode","permissions","owner","group","links","unique"]"#;
        assert!(stored.contains(names), "{stored}");
        assert_eq!(serde_json::from_str::<OwnedEntry>(&stored).unwrap().entry(), entry);
        let before = r#"{"name":"n","kind":"unknown","raw":""}"#;
        assert_eq!(serde_json::from_str::<OwnedEntry>(before).unwrap().entry().unreadable, Fields::empty());
    }

    #[test]
    fn a_name_that_could_forge_a_line_is_not_read_back() {
        let stored = r#"{"name":"a\nb","kind":"file","raw":""}"#;
        let error = serde_json::from_str::<OwnedEntry>(stored).unwrap_err().to_string();
        assert!(error.contains("CR, LF or NUL"), "{error}");
    }

    type No = serde::ser::Impossible<&'static str, fmt::Error>;

    /// A format that is not for people. It takes a string or bytes, and says which of them it got.
    struct Binary;

    macro_rules! refused {
        ($($name:ident($($argument:ty),*) -> $ok:ty;)*) => {
            $(fn $name(self, $(_: $argument),*) -> Result<$ok, fmt::Error> { Err(fmt::Error) })*
        };
    }

    #[rustfmt::skip]
    impl Serializer for Binary {
        type Ok = &'static str;
        type Error = fmt::Error;
        type SerializeSeq = No;
        type SerializeTuple = No;
        type SerializeTupleStruct = No;
        type SerializeTupleVariant = No;
        type SerializeMap = No;
        type SerializeStruct = No;
        type SerializeStructVariant = No;

        fn is_human_readable(&self) -> bool { false }
        fn serialize_str(self, _: &str) -> Result<&'static str, fmt::Error> { Ok("string") }
        fn serialize_bytes(self, _: &[u8]) -> Result<&'static str, fmt::Error> { Ok("bytes") }

        refused! {
            serialize_bool(bool) -> Self::Ok; serialize_char(char) -> Self::Ok;
            serialize_i8(i8) -> Self::Ok; serialize_i16(i16) -> Self::Ok;
            serialize_i32(i32) -> Self::Ok; serialize_i64(i64) -> Self::Ok;
            serialize_u8(u8) -> Self::Ok; serialize_u16(u16) -> Self::Ok;
            serialize_u32(u32) -> Self::Ok; serialize_u64(u64) -> Self::Ok;
            serialize_f32(f32) -> Self::Ok; serialize_f64(f64) -> Self::Ok;
            serialize_none() -> Self::Ok; serialize_unit() -> Self::Ok;
            serialize_unit_struct(&'static str) -> Self::Ok;
            serialize_unit_variant(&'static str, u32, &'static str) -> Self::Ok;
            serialize_seq(Option<usize>) -> No; serialize_tuple(usize) -> No;
            serialize_tuple_struct(&'static str, usize) -> No;
            serialize_tuple_variant(&'static str, u32, &'static str, usize) -> No;
            serialize_map(Option<usize>) -> No; serialize_struct(&'static str, usize) -> No;
            serialize_struct_variant(&'static str, u32, &'static str, usize) -> No;
        }

        fn serialize_some<T: Serialize + ?Sized>(self, _: &T) -> Result<Self::Ok, fmt::Error> {
            Err(fmt::Error)
        }
        fn serialize_newtype_struct<T: Serialize + ?Sized>(
            self, _: &'static str, _: &T,
        ) -> Result<Self::Ok, fmt::Error> {
            Err(fmt::Error)
        }
        fn serialize_newtype_variant<T: Serialize + ?Sized>(
            self, _: &'static str, _: u32, _: &'static str, _: &T,
        ) -> Result<Self::Ok, fmt::Error> {
            Err(fmt::Error)
        }
    }

    #[test]
    fn a_text_is_a_string_where_people_read_it_and_bytes_elsewhere() {
        let text = Bytes::from(Text::literal("a"));
        assert_eq!(text.serialize(Binary), Ok("bytes"));
        assert_eq!(serde_json::to_string(&text).unwrap(), r#""a""#);
        let other = Bytes::from(Text::new(b"a\xff").unwrap());
        assert_eq!(other.serialize(Binary), Ok("bytes"));
        assert_eq!(serde_json::to_string(&other).unwrap(), "[97,255]");
    }
}
