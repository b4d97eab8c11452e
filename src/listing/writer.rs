//! Writes entries as the lines of a listing, as a server sends them for LIST, NLST and MLSD.

use super::{Clock, Entry, Fields, mlsd, nlst, unix_writer};
use crate::codec::facts::FactSet;
use crate::codec::{Full, Sink};

/// Writes a listing in one format, one line per entry.
///
/// The lines are read back as the same entries, as far as the format can carry them. An entry with
/// an empty name produces no line in LIST and NLST, where nothing would be left to read, but does
/// in MLSD (RFC 3659 7.3.1). A name cannot forge a line, since no name can hold a line end.
///
/// ```
/// use ftp_proto::codec::{FactSet, Text};
/// use ftp_proto::listing::{Clock, Entry, Kind, ListingWriter};
///
/// let mut entry = Entry::new(Text::literal("file"), Kind::File);
/// entry.size = Some(1234);
/// let written = |writer: ListingWriter| {
///     let mut sink = Vec::new();
///     writer.write(&entry, &mut sink).map(|()| sink)
/// };
/// assert_eq!(written(ListingWriter::nlst())?, b"file\r\n");
/// assert_eq!(written(ListingWriter::mlsd(FactSet::TYPE | FactSet::SIZE))?, b"type=file;size=1234; file\r\n");
/// assert!(written(ListingWriter::list(Clock::UNKNOWN))?.ends_with(b" file\r\n"));
/// # Ok::<(), ftp_proto::codec::Full>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ListingWriter {
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    List(Clock),
    Nlst,
    Mlsd(FactSet),
    Mlst(FactSet),
}

impl ListingWriter {
    /// Creates a writer for LIST, in the columns of `ls -l`. The clock decides which dates are
    /// recent enough to show the time instead of the year, and in which zone dates are shown (in
    /// their own if the clock has none).
    #[must_use]
    pub const fn list(clock: Clock) -> Self {
        Self { form: Form::List(clock) }
    }

    /// Creates a writer for NLST, which writes only the names.
    #[must_use]
    pub const fn nlst() -> Self {
        Self { form: Form::Nlst }
    }

    /// Creates a writer for MLSD, which writes the facts of `selected` that are known, and the
    /// name.
    ///
    /// If the type is not among these facts, the current and the parent directory are left out,
    /// since nothing would distinguish them from the entries of the directory (RFC 3659 7.5.1.2).
    #[must_use]
    pub const fn mlsd(selected: FactSet) -> Self {
        Self { form: Form::Mlsd(selected) }
    }

    /// Creates a writer for the line of MLST on the control connection: a space, then the line of
    /// MLSD.
    #[must_use]
    pub const fn mlst(selected: FactSet) -> Self {
        Self { form: Form::Mlst(selected) }
    }

    /// Returns the fields of an [`Entry`] that the lines show, besides its name. The lines are the
    /// same if the other fields are left unset, so a server need not look those up.
    #[must_use]
    pub fn fields(&self) -> Fields {
        match &self.form {
            Form::List(_) => unix_writer::FIELDS,
            Form::Nlst => Fields::empty(),
            Form::Mlsd(selected) | Form::Mlst(selected) => mlsd::fields_of(*selected),
        }
    }

    /// Appends the line of `entry`, with its CRLF.
    ///
    /// # Errors
    /// Returns [`Full`] when `sink` has no room. The caller must then remove the part of the line
    /// that has been appended.
    pub fn write<S: Sink + ?Sized>(&self, entry: &Entry<'_>, sink: &mut S) -> Result<(), Full> {
        match &self.form {
            Form::List(clock) => unix_writer::encode(entry, clock, sink),
            Form::Nlst => nlst::encode(entry, sink),
            Form::Mlsd(selected) if entry.kind.is_dot() && !selected.contains(FactSet::TYPE) => Ok(()),
            Form::Mlsd(selected) => mlsd::encode(entry, *selected, sink),
            Form::Mlst(selected) => {
                sink.put(b" ")?;
                mlsd::encode(entry, *selected, sink)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::facts::Permissions;
    use crate::codec::{Text, Timestamp, slices};
    use crate::listing::{Device, Format, Formats, Kind, ListingParser, Modified, Precision};
    use proptest::option::of;
    use proptest::prelude::*;
    use std::string::String;
    use std::vec::Vec;

    /// 2024-11-10 12:00 UTC.
    const NOW: i64 = 1_731_240_000;

    fn clock() -> Clock {
        Clock::at(NOW).with_zone(0)
    }

    fn written(writer: ListingWriter, entry: &Entry<'_>) -> Vec<u8> {
        let mut line = arrayvec::ArrayVec::<u8, 4096>::new();
        writer.write(entry, &mut line).unwrap();
        line.to_vec()
    }

    /// Texts that a test's entry borrows.
    #[derive(Clone, Debug)]
    struct Texts {
        name: Vec<u8>,
        target: Option<Vec<u8>>,
        owner: Option<String>,
        group: Option<String>,
    }

    fn name() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![
            "[a-z.]{1,12}".prop_map(String::into_bytes),
            "[ -~\u{e4}\u{6f22}]{1,40}".prop_map(String::into_bytes),
            proptest::collection::vec(any::<u8>(), 1..60),
            Just(b"-rf".to_vec()),
            Just(b" \xff ".to_vec()),
            Just(b"Nov  9 20:06 x".to_vec()),
            Just(b"type=dir; x".to_vec()),
            Just(b"..".to_vec()),
        ]
        .prop_map(|mut name| {
            name.retain(|byte| !matches!(byte, b'\r' | b'\n' | 0));
            if name.is_empty() { b"x".to_vec() } else { name }
        })
    }

    fn texts() -> impl Strategy<Value = Texts> {
        let word = || of("[a-zA-Z][a-z0-9.\u{e4}-]{0,10}|[0-9]{1,9}");
        (name(), of("/?[!-:<-~]{1,20}"), word(), word()).prop_map(|(name, target, owner, group)| Texts {
            name,
            target: target.map(String::into_bytes),
            owner,
            group,
        })
    }

    /// Creates an entry from random texts and numbers. Each test decides which of them its format
    /// can carry.
    fn entry(texts: &Texts, kind: u8, numbers: (u64, u32, u16)) -> Entry<'_> {
        fn text(text: &String) -> Text<'_> {
            Text::new(text.as_bytes()).unwrap()
        }
        let (size, major, mode) = numbers;
        let device = Some(Device { major, minor: u32::from(mode) });
        let name = Text::new(&texts.name).unwrap();
        let kind = match kind {
            0 => Kind::Directory,
            1 => Kind::Link { target: texts.target.as_deref().map(|target| Text::new(target).unwrap()) },
            2 => Kind::BlockDevice(device),
            3 => Kind::CharacterDevice(device),
            4 => Kind::Pipe,
            5 => Kind::Socket,
            6 => Kind::Other(Text::literal("D")),
            7 => Kind::Unknown,
            _ => Kind::File,
        };
        let mut entry = Entry::new(name, kind);
        entry.size = Some(size);
        entry.mode = Some(mode & 0o7777);
        entry.owner = texts.owner.as_ref().map(text);
        entry.group = texts.group.as_ref().map(text);
        entry
    }

    /// Returns a copy of an entry that has only its name and these fields.
    fn only<'a>(entry: &Entry<'a>, fields: Fields) -> Entry<'a> {
        let mut lean = Entry::new(entry.name, Kind::Unknown);
        for field in fields.iter() {
            match field {
                Fields::KIND => lean.kind = entry.kind,
                Fields::SIZE => lean.size = entry.size,
                Fields::MODIFIED => lean.modified = entry.modified,
                Fields::MODE => lean.mode = entry.mode,
                Fields::PERMISSIONS => lean.permissions = entry.permissions,
                Fields::OWNER => lean.owner = entry.owner,
                Fields::GROUP => lean.group = entry.group,
                Fields::LINKS => lean.links = entry.links,
                Fields::UNIQUE => lean.unique = entry.unique,
                _ => unreachable!(),
            }
        }
        lean
    }

    proptest! {
        #[test]
        fn what_is_written_for_list_is_read_as_it_was(
            texts in texts(), kind in 0u8..12, numbers: (u64, u32, u16), links: u64, ago in -100_000_000i64..800_000_000, early in 0i64..7_000_000,
        ) {
            for ago in [ago, early] {
                let mut entry = entry(&texts, kind, numbers);
                entry.links = Some(links);
                // If the name of a link contains an arrow, the end of that name is ambiguous.
                if matches!(entry.kind, Kind::Link { .. }) && slices::find(&texts.name, b" -> ").is_some() {
                    continue;
                }
                if matches!(entry.kind, Kind::Link { .. }) && entry.name.as_bytes().ends_with(b" ->") {
                    continue;
                }
                let then = Timestamp::from_unix(NOW - ago, 0).unwrap();
                let recent = (0..15_778_476).contains(&ago);
                let precision = if recent { Precision::Minute } else { Precision::Day };
                entry.modified = Some(Modified::new(then, precision, Some(0)));
                if matches!(entry.kind, Kind::BlockDevice(_) | Kind::CharacterDevice(_)) {
                    entry.size = None;
                }
                match (entry.kind, &*texts.name) {
                    (Kind::Directory, b".") => entry.kind = Kind::CurrentDirectory,
                    (Kind::Directory, b"..") => entry.kind = Kind::ParentDirectory,
                    _ => {}
                }
                // The time as a file system has it, before truncation to the minute.
                let mut exact = entry;
                exact.modified = Some(then.into());
                let line = written(ListingWriter::list(clock()), &exact);
                let mut parser = ListingParser::new([0; 4096], Formats::LIST, clock());
                let read = parser.next(&mut &*line);
                prop_assert_eq!(read.map(|line| line.ok()), Some(Some(entry)), "{}", line.escape_ascii());
            }
        }

        #[test]
        fn what_is_written_for_mlsd_is_read_as_it_was(
            texts in texts(), kind in 0u8..14, numbers: (u64, u32, u16), seconds in -60_000_000_000i64..250_000_000_000, nanos in 0u32..1_000_000_000,
            permissions in of(0u16..1024), unique in of("[!-:<-~]{1,20}"), selected: u32,
        ) {
            let mut entry = entry(&texts, kind, numbers);
            match kind {
                12 => entry.kind = Kind::CurrentDirectory,
                13 => entry.kind = Kind::ParentDirectory,
                _ => {}
            }
            entry.modified = Some(Timestamp::from_unix(seconds, nanos).unwrap().into());
            entry.permissions = permissions.map(Permissions::from_bits_truncate);
            entry.unique = unique.as_ref().map(|it| Text::new(it.as_bytes()).unwrap());
            let line = written(ListingWriter::mlsd(FactSet::all()), &entry);
            let mut parser = ListingParser::new([0; 4096], Formats::MLSD, Clock::UNKNOWN);
            prop_assert_eq!(parser.next(&mut &*line).map(|line| line.ok()), Some(Some(entry)), "{}", line.escape_ascii());

            let line = written(ListingWriter::mlst(FactSet::all()), &entry);
            let line = line.strip_suffix(b"\r\n").unwrap();
            prop_assert_eq!(Format::Mlst.parse_line(line, &Clock::UNKNOWN), Ok(Some(entry)));

            // Any choice of facts gives a line with the name, except that `.` and `..` without a
            // type give none.
            let selected = FactSet::from_bits_truncate(selected);
            let line = written(ListingWriter::mlsd(selected), &entry);
            let mut parser = ListingParser::new([0; 4096], Formats::MLSD, Clock::UNKNOWN);
            let read = parser.next(&mut &*line).map(|line| line.unwrap().name);
            let hidden = entry.kind.is_dot() && !selected.contains(FactSet::TYPE);
            prop_assert_eq!(read, (!hidden).then_some(entry.name));
        }

        #[test]
        fn what_is_written_for_nlst_is_read_as_it_was(texts in texts()) {
            let line = written(ListingWriter::nlst(), &entry(&texts, 9, (1, 2, 3)));
            let expected = Entry::new(Text::new(&texts.name).unwrap(), Kind::Unknown);
            let mut parser = ListingParser::new([0; 4096], Formats::NLST, Clock::UNKNOWN);
            prop_assert_eq!(parser.next(&mut &*line).map(|line| line.ok()), Some(Some(expected)));
        }

        #[test]
        fn any_entry_is_written_as_one_line_or_none(
            texts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..20), 5), kind in 0u8..12, numbers: (u64, u32, u16),
        ) {
            let texts: Vec<_> = texts.iter().map(|text| Text::new(text).unwrap_or_default()).collect();
            let base = Texts { name: Vec::new(), target: None, owner: None, group: None };
            let mut entry = entry(&base, kind, numbers);
            entry.name = texts[0];
            entry.owner = Some(texts[1]);
            entry.group = Some(texts[2]);
            entry.unique = Some(texts[3]);
            if kind == 1 {
                entry.kind = Kind::Link { target: Some(texts[4]) };
            }
            if kind == 6 {
                entry.kind = Kind::Other(texts[4]);
            }
            let facts = FactSet::all();
            for writer in [ListingWriter::list(clock()), ListingWriter::nlst(), ListingWriter::mlsd(facts), ListingWriter::mlst(facts)] {
                let line = written(writer, &entry);
                let ends = line.iter().filter(|byte| matches!(byte, b'\r' | b'\n' | 0)).count();
                prop_assert!(line.is_empty() || (ends == 2 && line.ends_with(b"\r\n")));
                let lean = only(&entry, writer.fields());
                prop_assert_eq!(written(writer, &lean), line);
            }
        }
    }

    #[test]
    fn a_full_sink_says_so() {
        let entry = Entry::new(Text::literal("name"), Kind::File);
        let mut small = arrayvec::ArrayVec::<u8, 5>::new();
        assert_eq!(ListingWriter::nlst().write(&entry, &mut small), Err(Full));
    }
}
