//! Lines of MLSD and MLST: facts about an entry, and its name (RFC 3659 section 7).
//!
//! ```text
//! line = [ facts ] SP pathname            ; the grammar is that of codec::facts
//! type = file / dir / cdir / pdir / OS.name=kind
//! ```
//! These types are used for Unix files. RFC 3659 7.7.4 shows two of them; the others come from
//! servers:
//!
//! ```text
//! OS.unix=slink:target / OS.unix=symlink
//! OS.unix=chr-major/minor / OS.unix=blk-major/minor       ; the numbers may be missing
//! OS.unix=pipe / OS.unix=fifo / OS.unix=socket
//! link / symlink                          ; also in use
//! ```

use super::context::Context;
use super::{Device, Entry, Fields, Format, Kind, Line, Modified, Precision};
use crate::codec::facts::{FactSet, FactValue, FactValues, Facts, Kind as TypeFact, NameCase};
use crate::codec::{Full, Invalid, Sink, Text, Timestamp};

const NAME: Invalid = Invalid::new("a name");

/// Parses one line of MLSD, without its line end. Only an empty line is not an entry.
///
/// # Errors
/// Fails when the line does not follow the grammar or has no name. An unreadable fact is not an
/// error.
pub(super) fn parse<'a>(line: &'a [u8], _: &mut Context) -> Result<Line<'a>, Invalid> {
    parse_facts(line)
}

/// Parses a line like [`parse`], without the context of other lines.
#[inline]
pub(super) fn parse_facts(line: &[u8]) -> Result<Line<'_>, Invalid> {
    if line.is_empty() {
        return Ok(Line::Noise);
    }
    let mut facts = Facts::default();
    facts.read(line)?;
    if facts.name.is_empty() {
        return Err(NAME);
    }
    Ok(Line::Entry(entry(&facts, Format::Mlsd, line)))
}

/// Parses a line of a listing that need not be MLSD. The line must contain a known fact, where a
/// type counts only if its value is known, and a `;` after the last fact. Both
/// `path=/pub no such directory` and `type=error; no such directory` are prose.
///
/// # Errors
/// Fails like [`parse`], and when one of these conditions is not met.
pub(super) fn parse_among_others<'a>(line: &'a [u8]) -> Result<Line<'a>, Invalid> {
    // Most lines of other formats have no `=` before the first space.
    let end = memchr::memchr2(b' ', b'=', line).filter(|&at| line.get(at) == Some(&b'='));
    if end.is_none() {
        return if line.is_empty() { Ok(Line::Noise) } else { Err(FACTS) };
    }
    let facts = Facts::parse(line)?;
    let known = facts.iter().any(|(name, _)| match FactSet::from_fact_name(name) {
        Some(FactSet::TYPE) => facts.values.kind.is_none_or(is_known),
        fact => fact.is_some(),
    });
    if !known || !facts.is_terminated() {
        return Err(FACTS);
    }
    if facts.name.is_empty() {
        return Err(NAME);
    }
    Ok(Line::Entry(entry(&facts, Format::Mlsd, line)))
}

const FACTS: Invalid = Invalid::new("facts that are known, and a name");

/// Parses the line of MLST, which is indented by one space, or from sloppy servers by none or
/// several.
///
/// # Errors
/// Fails like [`parse`].
pub(super) fn parse_indented<'a>(line: &'a [u8], _: &mut Context) -> Result<Line<'a>, Invalid> {
    if line.is_empty() {
        return Ok(Line::Noise);
    }
    let facts = Facts::parse_indented(line)?;
    Ok(Line::Entry(entry(&facts, Format::Mlst, line)))
}

#[inline]
fn entry<'a>(facts: &Facts<'a>, format: Format, line: &'a [u8]) -> Entry<'a> {
    let values = &facts.values;
    let mut entry = Entry::new(facts.name, values.kind.map_or(Kind::Unknown, kind));
    (entry.format, entry.raw) = (Some(format), line);
    entry.size = values.size;
    entry.modified = values.modify.map(Modified::from);
    // Some servers send the file type in the upper bits.
    entry.mode = values.unix_mode.map(|mode| mode & 0o7777);
    entry.permissions = values.perm;
    entry.unique = values.unique.map(Text::from);
    let number = |known: bool, name| if known { facts.get(name) } else { None };
    let owner = values.unix_ownername.or(values.unix_owner);
    entry.owner = owner.or_else(|| number(values.unix_uid.is_some(), "UNIX.uid")).map(Text::from);
    let group = values.unix_groupname.or(values.unix_group);
    entry.group = group.or_else(|| number(values.unix_gid.is_some(), "UNIX.gid")).map(Text::from);
    if facts.unreadable.is_empty() { entry } else { with_unreadable(entry, facts) }
}

/// Facts, and the field of an entry that each of them fills.
const FIELDS: [(FactSet, Fields); 8] = [
    (FactSet::TYPE, Fields::KIND),
    (FactSet::SIZE, Fields::SIZE),
    (FactSet::MODIFY, Fields::MODIFIED),
    (FactSet::PERM, Fields::PERMISSIONS),
    (FactSet::UNIQUE, Fields::UNIQUE),
    (FactSet::UNIX_MODE, Fields::MODE),
    (OWNER, Fields::OWNER),
    (GROUP, Fields::GROUP),
];
const OWNER: FactSet = FactSet::UNIX_UID.union(FactSet::UNIX_OWNER).union(FactSet::UNIX_OWNERNAME);
const GROUP: FactSet = FactSet::UNIX_GID.union(FactSet::UNIX_GROUP).union(FactSet::UNIX_GROUPNAME);

/// Returns the fields of an entry that a line with these facts shows. The kind is always among
/// these fields: it decides whether there is a line, and other facts depend on it.
pub(super) fn fields_of(selected: FactSet) -> Fields {
    let shown = FIELDS.iter().filter(|(facts, _)| selected.intersects(*facts));
    shown.fold(Fields::KIND, |fields, (_, field)| fields | *field)
}

/// Returns `entry` with the fields marked whose facts cannot be read, unless another fact gives the
/// same information.
#[cold]
fn with_unreadable<'a>(mut entry: Entry<'a>, facts: &Facts<'a>) -> Entry<'a> {
    if facts.unreadable.contains(FactSet::MODIFY) {
        entry.modified = facts.get("modify").and_then(|value| shortened(value.as_bytes()));
    }
    for (fact, field) in FIELDS {
        let told = match field {
            Fields::MODIFIED => entry.modified.is_some(),
            Fields::OWNER => entry.owner.is_some(),
            Fields::GROUP => entry.group.is_some(),
            _ => false,
        };
        if facts.unreadable.intersects(fact) && !told {
            entry.unreadable |= field;
        }
    }
    entry
}

// also in use, in no RFC: 8DIGIT / 12DIGIT; and "Z" after any time-val
/// Parses a UTC time that violates RFC 3659 2.3 but is unambiguous: one that ends with the day or
/// the minute, or one followed by a `Z`. Other lengths would require guessing.
fn shortened(value: &[u8]) -> Option<Modified> {
    let value = value.strip_suffix(b"Z").or(value.strip_suffix(b"z")).unwrap_or(value);
    let precision = match value.len() {
        8 => Precision::Day,
        12 => Precision::Minute,
        _ => Precision::Fraction,
    };
    let mut whole = [b'0'; 14];
    let shown = match precision {
        Precision::Fraction => Timestamp::parse(value),
        _ => {
            whole.get_mut(..value.len())?.copy_from_slice(value);
            Timestamp::parse(&whole)
        }
    };
    Some(Modified::new(shown.ok()?, precision, Some(0)))
}

/// The values of the type fact for Unix kinds other than file and directory. See also
/// [`TypeFact::link_target`].
const SPECIAL: [(&str, Kind<'static>); 7] = [
    ("link", Kind::Link { target: None }),
    ("symlink", Kind::Link { target: None }),
    ("OS.unix=blk", Kind::BlockDevice(None)),
    ("OS.unix=chr", Kind::CharacterDevice(None)),
    ("OS.unix=pipe", Kind::Pipe),
    ("OS.unix=fifo", Kind::Pipe),
    ("OS.unix=socket", Kind::Socket),
];

#[inline]
fn kind(fact: TypeFact<'_>) -> Kind<'_> {
    match fact {
        TypeFact::File => Kind::File,
        TypeFact::Directory => Kind::Directory,
        TypeFact::Current => Kind::CurrentDirectory,
        TypeFact::Parent => Kind::ParentDirectory,
        TypeFact::Other(value) => other_kind(fact, value),
    }
}

fn other_kind<'a>(fact: TypeFact<'a>, value: FactValue<'a>) -> Kind<'a> {
    if let Some(target) = fact.link_target() {
        let target = Text::new(target).ok().filter(|target| !target.is_empty());
        return Kind::Link { target };
    }
    let bytes = value.as_bytes();
    let special = SPECIAL.iter().find_map(|(name, kind)| {
        let (head, rest) = bytes.split_at_checked(name.len())?;
        head.eq_ignore_ascii_case(name.as_bytes()).then_some(())?;
        match (kind, rest) {
            (_, b"") => Some(*kind),
            (Kind::BlockDevice(_), _) => Some(Kind::BlockDevice(Some(device(rest)?))),
            (Kind::CharacterDevice(_), _) => Some(Kind::CharacterDevice(Some(device(rest)?))),
            _ => None,
        }
    });
    special.unwrap_or(Kind::Other(value.into()))
}

/// Returns whether the value of a type fact is in RFC 3659 7.5.1 or in common use. Any word may
/// appear there.
fn is_known(fact: TypeFact<'_>) -> bool {
    match fact {
        TypeFact::Other(value) => {
            let os = value.as_bytes().get(..3).is_some_and(|head| head.eq_ignore_ascii_case(b"OS."));
            os || !matches!(kind(fact), Kind::Other(_))
        }
        _ => true,
    }
}

/// Parses `-8/29`.
fn device(bytes: &[u8]) -> Option<Device> {
    let (major, minor) = core::str::from_utf8(bytes).ok()?.strip_prefix('-')?.split_once('/')?;
    // A sign would be lost when the number is written again.
    let number = |digits: &str| if digits.starts_with('+') { None } else { digits.parse().ok() };
    Some(Device { major: number(major)?, minor: number(minor)? })
}

/// Appends the facts of `selected` that are known, a space, the name and CRLF.
///
/// A fact whose value cannot be written (it has a space or a `;`) is left out. So is a time that
/// lacks seconds or whose zone is unknown, since the fact requires seconds and UTC. If the target
/// of a link has a space, only the target is left out. Owners and groups are written as each fact
/// requires: as a number, as a name, or unchanged.
pub(super) fn encode<S: Sink + ?Sized>(
    entry: &Entry<'_>,
    selected: FactSet,
    sink: &mut S,
) -> Result<(), Full> {
    if selected.contains(FactSet::TYPE) {
        encode_type(&entry.kind, sink)?;
    }
    let owner = entry.owner.and_then(|owner| Some((value(owner)?, number(owner))));
    let group = entry.group.and_then(|group| Some((value(group)?, number(group))));
    let modify = entry
        .modified
        .filter(|modified| modified.precision() >= Precision::Second)
        .map(|modified| modified.in_zone(0))
        .filter(|modified| modified.zone() == Some(0));
    let values = FactValues {
        size: entry.size,
        modify: modify.map(|modified| modified.shown()),
        perm: entry.permissions,
        unique: entry.unique.and_then(value),
        unix_mode: entry.mode.map(|mode| mode & 0o7777),
        unix_uid: owner.and_then(|(_, number)| number),
        unix_gid: group.and_then(|(_, number)| number),
        unix_owner: owner.map(|(text, _)| text),
        unix_group: group.map(|(text, _)| text),
        unix_ownername: owner.filter(|(_, number)| number.is_none()).map(|(text, _)| text),
        unix_groupname: group.filter(|(_, number)| number.is_none()).map(|(text, _)| text),
        ..FactValues::default()
    };
    values.encode(selected.difference(FactSet::TYPE), NameCase::Lower, entry.name, sink)?;
    sink.put(b"\r\n")
}

/// Returns `text` as the value of a fact, unless `text` is empty or cannot be such a value.
fn value(text: Text<'_>) -> Option<FactValue<'_>> {
    FactValue::new(text.as_bytes()).ok().filter(|_| !text.is_empty())
}

/// Parses `text` as a number, the form of Unix owners and groups.
fn number(text: Text<'_>) -> Option<u32> {
    let digits = text.as_bytes();
    let plain = digits.iter().all(u8::is_ascii_digit);
    if plain { core::str::from_utf8(digits).ok()?.parse().ok() } else { None }
}

/// Appends the type fact, which comes first. It is written separately from the other facts because
/// its value for a link consists of two texts.
fn encode_type<S: Sink + ?Sized>(kind: &Kind<'_>, sink: &mut S) -> Result<(), Full> {
    let (value, rest): (&[u8], &[u8]) = match kind {
        Kind::File => (b"file", b""),
        Kind::Directory => (b"dir", b""),
        Kind::CurrentDirectory => (b"cdir", b""),
        Kind::ParentDirectory => (b"pdir", b""),
        Kind::Link { target } => match target.and_then(value) {
            Some(target) => (b"OS.unix=slink:", target.as_bytes()),
            None => (b"OS.unix=symlink", b""),
        },
        Kind::BlockDevice(None) => (b"OS.unix=blk", b""),
        Kind::CharacterDevice(None) => (b"OS.unix=chr", b""),
        Kind::BlockDevice(Some(Device { major, minor })) => {
            return sink.put_fmt(format_args!("type=OS.unix=blk-{major}/{minor};"));
        }
        Kind::CharacterDevice(Some(Device { major, minor })) => {
            return sink.put_fmt(format_args!("type=OS.unix=chr-{major}/{minor};"));
        }
        Kind::Pipe => (b"OS.unix=pipe", b""),
        Kind::Socket => (b"OS.unix=socket", b""),
        Kind::Other(text) => match value(*text) {
            Some(value) => (value.as_bytes(), b""),
            None => return Ok(()),
        },
        Kind::Unknown => return Ok(()),
    };
    for part in [b"type=", value, rest, b";"] {
        sink.put(part)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::listing::Clock;
    use std::string::ToString;
    use std::vec::Vec;

    fn read(line: &str) -> Entry<'_> {
        Format::Mlsd.parse_line(line.as_bytes(), &Clock::UNKNOWN).unwrap().unwrap()
    }

    fn written(entry: &Entry<'_>, selected: FactSet) -> std::string::String {
        let mut line = arrayvec::ArrayVec::<u8, 4096>::new();
        encode(entry, selected, &mut line).unwrap();
        std::string::String::from_utf8(line.to_vec()).unwrap()
    }

    #[test]
    fn the_type_fact_is_the_kind_and_back() {
        let text = Text::literal;
        for (fact, kind, canonical) in [
            ("type=FILE;", Kind::File, "type=file;"),
            ("Type=dir;", Kind::Directory, "type=dir;"),
            ("type=cdir;", Kind::CurrentDirectory, "type=cdir;"),
            ("type=pdir;", Kind::ParentDirectory, "type=pdir;"),
            ("", Kind::Unknown, ""),
            ("type=OS.unix=slink:/t;", Kind::Link { target: Some(text("/t")) }, "type=OS.unix=slink:/t;"),
            ("type=OS.UNIX=slink:;", Kind::Link { target: None }, "type=OS.unix=symlink;"),
            ("type=OS.unix=symlink;", Kind::Link { target: None }, "type=OS.unix=symlink;"),
            (
                "type=OS.unix=chr-8/29;",
                Kind::CharacterDevice(Some(Device { major: 8, minor: 29 })),
                "type=OS.unix=chr-8/29;",
            ),
            ("type=OS.unix=blk;", Kind::BlockDevice(None), "type=OS.unix=blk;"),
            ("type=OS.unix=blk-x/1;", Kind::Other(text("OS.unix=blk-x/1")), "type=OS.unix=blk-x/1;"),
            ("type=OS.unix=blk-+1/1;", Kind::Other(text("OS.unix=blk-+1/1")), "type=OS.unix=blk-+1/1;"),
            ("type=link;", Kind::Link { target: None }, "type=OS.unix=symlink;"),
            ("type=SymLink;", Kind::Link { target: None }, "type=OS.unix=symlink;"),
            ("type=links;", Kind::Other(text("links")), "type=links;"),
            ("type=os.unix=FIFO;", Kind::Pipe, "type=OS.unix=pipe;"),
            ("type=OS.unix=socket;", Kind::Socket, "type=OS.unix=socket;"),
            ("type=OS.vms=x;", Kind::Other(text("OS.vms=x")), "type=OS.vms=x;"),
        ] {
            let line = std::format!("{fact} n");
            assert_eq!(read(&line).kind, kind, "{fact}");
            assert_eq!(written(&read(&line), FactSet::all()), std::format!("{canonical} n\r\n"));
        }
        let spaced = Entry::new(text("n"), Kind::Link { target: Some(text("a b")) });
        assert_eq!(written(&spaced, FactSet::all()), "type=OS.unix=symlink; n\r\n");
    }

    #[test]
    fn facts_fill_in_the_entry_and_the_rest_is_within_reach() {
        let line = "Type=file;Size=7;Modify=20240101120000.120;Perm=adr;Unique=AAD/A;UNIX.mode=0100644;UNIX.owner=0;\
            UNIX.ownername=root;UNIX.gid=12;X.note=!; a;b = c.txt ";
        let entry = read(line);
        assert_eq!(entry.name.as_bytes(), b"a;b = c.txt ");
        assert_eq!((entry.size, entry.mode), (Some(7), Some(0o644)));
        assert_eq!(entry.modified.unwrap().to_string(), "2024-01-01T12:00:00.120000000Z");
        assert_eq!(entry.owner, Some(Text::literal("root")));
        assert_eq!(entry.group, Some(Text::literal("12")));
        assert_eq!(entry.unique, Some(Text::literal("AAD/A")));
        assert_eq!(entry.facts().unwrap().get("x.note").unwrap().as_bytes(), b"!");
        assert_eq!(
            written(&entry, FactSet::TYPE | FactSet::MODIFY | FactSet::PERM | FactSet::UNIX_GROUP),
            "type=file;modify=20240101120000.120;perm=adr;UNIX.group=12; a;b = c.txt \r\n"
        );
        assert_eq!(written(&entry, FactSet::empty()), " a;b = c.txt \r\n");
    }

    #[test]
    fn lines_that_are_no_facts_and_a_name_are_errors() {
        for line in ["x", "total 12", "type=file;", "type=file;x y", "size; x", "-rw- 1 o"] {
            assert!(Format::Mlsd.parse_line(line.as_bytes(), &Clock::UNKNOWN).is_err(), "{line}");
        }
        for control in ["type=file; a\rb", "type=file; a\0b"] {
            assert!(Format::Mlsd.parse_line(control.as_bytes(), &Clock::UNKNOWN).is_err(), "{control:?}");
        }
        assert_eq!(Format::Mlsd.parse_line(b"", &Clock::UNKNOWN), Ok(None));
    }

    #[test]
    fn a_time_that_is_short_is_as_precise_as_it_is_and_no_other_is_guessed_at() {
        for (value, expected) in [
            ("20240229", Some("2024-02-29Z")),
            ("202402291206", Some("2024-02-29T12:06Z")),
            ("20240229120607Z", Some("2024-02-29T12:06:07Z")),
            ("20240229120607.5Z", Some("2024-02-29T12:06:07.500000000Z")),
            ("202402291206Z", Some("2024-02-29T12:06Z")),
            ("", None),
            ("0", None),
            ("00000000", None),
            ("00000000000000", None),
            ("-1", None),
            ("-20240229120607", None),
            ("20230229", None),
            ("2024022912", None),
            ("2024022912060", None),
            ("202402291260", None),
            ("20240229240000", None),
            ("2024-02-29", None),
            ("Z", None),
            ("1709208367", None),
            ("20240229\x01", None),
        ] {
            let line = std::format!("type=file;modify={value};size=5; n");
            let entry = read(&line);
            assert_eq!(entry.modified.map(|it| it.to_string()).as_deref(), expected, "{value}");
            let unreadable = if expected.is_none() { Fields::MODIFIED } else { Fields::empty() };
            assert_eq!((entry.unreadable, entry.size), (unreadable, Some(5)), "{value}");
        }
    }

    #[test]
    fn each_fact_that_cannot_be_read_marks_its_field() {
        for (facts, unreadable) in [
            ("type=;", Fields::KIND),
            ("size=-5;", Fields::SIZE),
            ("sizd=x;", Fields::SIZE),
            ("perm=xyz!;", Fields::PERMISSIONS),
            ("UNIX.mode=9;", Fields::MODE),
            ("UNIX.uid=-2;", Fields::OWNER),
            ("UNIX.gid=x;", Fields::GROUP),
            ("unique=a\x01b;", Fields::UNIQUE),
            ("UNIX.uid=-2;UNIX.ownername=nobody;", Fields::empty()),
            ("UNIX.group=staff;UNIX.gid=x;", Fields::empty()),
            ("create=x;;", Fields::empty()),
        ] {
            let line = std::format!("X.y=z;{facts} n");
            assert_eq!(read(&line).unreadable, unreadable, "{facts}");
        }
    }

    #[test]
    fn a_value_that_no_fact_can_hold_is_left_out() {
        let mut entry = Entry::new(Text::literal("n"), Kind::Other(Text::literal("a;b")));
        entry.owner = Some(Text::literal("Domain Users"));
        entry.group = Some(Text::literal(""));
        entry.unique = Some(Text::literal("x; type=dir"));
        assert_eq!(written(&entry, FactSet::all()), " n\r\n");
    }

    #[test]
    fn an_owner_that_is_a_number_is_written_as_one_and_any_other_as_a_name() {
        let mut entry = Entry::new(Text::literal("n"), Kind::Unknown);
        for (owner, group, expected) in [
            ("1000", "wheel", "UNIX.uid=1000;UNIX.owner=1000;UNIX.group=wheel;UNIX.groupname=wheel; n\r\n"),
            ("root", "0", "UNIX.gid=0;UNIX.owner=root;UNIX.group=0;UNIX.ownername=root; n\r\n"),
        ] {
            (entry.owner, entry.group) = (Some(Text::literal(owner)), Some(Text::literal(group)));
            assert_eq!(written(&entry, FactSet::all()), expected);
        }
    }

    #[test]
    fn a_time_is_written_in_utc_or_not_at_all() {
        let utc = read("modify=20240101013000; n").modified.unwrap();
        let mut entry = Entry::new(Text::literal("n"), Kind::Unknown);
        for (modified, expected) in [
            (utc, "modify=20240101013000; n\r\n"),
            (Modified::new(utc.shown(), Precision::Second, Some(120)), "modify=20231231233000; n\r\n"),
            (Modified::new(utc.shown(), Precision::Minute, Some(0)), " n\r\n"),
            (Modified::new(utc.shown(), Precision::Second, None), " n\r\n"),
        ] {
            entry.modified = Some(modified);
            assert_eq!(written(&entry, FactSet::all()), expected, "{modified}");
        }
    }

    #[test]
    fn the_line_of_mlst_may_be_indented_as_it_likes() {
        for line in ["type=dir;size=1; /a b", " type=dir;size=1; /a b", "   type=dir;size=1; /a b"] {
            let entry = Format::Mlst.parse_line(line.as_bytes(), &Clock::UNKNOWN).unwrap().unwrap();
            assert_eq!((entry.name.as_bytes(), entry.size), (&b"/a b"[..], Some(1)), "{line:?}");
            assert_eq!(entry.facts().unwrap().values.size, Some(1));
        }
        let names: Vec<_> = ["  x", " x"]
            .iter()
            .map(|line| Format::Mlst.parse_line(line.as_bytes(), &Clock::UNKNOWN).map(|e| e.unwrap().name))
            .collect();
        assert_eq!(names[0], Ok(Text::literal("x")));
    }
}
