use super::entry::KINDS;
use super::*;
use crate::codec::{Text, Timestamp};
use arrayvec::ArrayVec;
use proptest::prelude::*;
use std::vec::Vec;

fn encoded(encode: impl FnOnce(&mut ArrayVec<u8, 512>) -> Result<(), Full>) -> Vec<u8> {
    let mut out = ArrayVec::<u8, 512>::new();
    encode(&mut out).unwrap();
    out.to_vec()
}

fn time(text: &str) -> Option<Timestamp> {
    Some(Timestamp::parse(text.as_bytes()).unwrap())
}

fn value(text: &str) -> Option<FactValue<'_>> {
    Some(FactValue::new(text.as_bytes()).unwrap())
}

fn perm(letters: &str) -> Option<Permissions> {
    Some(Permissions::parse(letters.as_bytes()).unwrap())
}

const NONE: FactValues<'static> = FactValues {
    kind: None,
    size: None,
    modify: None,
    create: None,
    perm: None,
    unique: None,
    lang: None,
    media_type: None,
    charset: None,
    unix_mode: None,
    unix_uid: None,
    unix_gid: None,
    unix_owner: None,
    unix_group: None,
    unix_ownername: None,
    unix_groupname: None,
};
const FILE: FactValues<'static> = FactValues { kind: Some(Kind::File), ..NONE };
const DIR: FactValues<'static> = FactValues { kind: Some(Kind::Directory), ..NONE };

fn other(kind: &'static str) -> FactValues<'static> {
    FactValues { kind: value(kind).map(Kind::Other), perm: perm(""), ..NONE }
}

#[test]
fn the_examples_of_rfc_3659_are_read_and_written_back() {
    let at = |modify| FactValues { modify: time(modify), perm: perm("el"), ..NONE };
    let table: &[(&str, &str, FactValues<'_>)] = &[
        (
            "Type=file;Size=1024990;Perm=r; /tmp/cap60.pl198.tar.gz",
            "/tmp/cap60.pl198.tar.gz",
            FactValues { size: Some(1_024_990), perm: perm("r"), ..FILE },
        ),
        (
            "Type=dir;Modify=19981107085215;Perm=el; /tmp",
            "/tmp",
            FactValues { kind: Some(Kind::Directory), ..at("19981107085215") },
        ),
        (
            "Type=cdir;Modify=19981107085215;Perm=el; tmp",
            "tmp",
            FactValues { kind: Some(Kind::Current), ..at("19981107085215") },
        ),
        (
            "Type=pdir;Modify=19990112030508;Perm=el; ..",
            "..",
            FactValues { kind: Some(Kind::Parent), ..at("19990112030508") },
        ),
        (
            "Type=file;Size=25730;Modify=19940728095854;Perm=; capmux.tar.z",
            "capmux.tar.z",
            FactValues { size: Some(25_730), modify: time("19940728095854"), perm: perm(""), ..FILE },
        ),
        (
            "Type=OS.unix=slink:/foobar;Perm=;Unique=keVO1+4G4; foobar",
            "foobar",
            FactValues { unique: value("keVO1+4G4"), ..other("OS.unix=slink:/foobar") },
        ),
        (
            "Type=OS.unix=chr-13/29;Perm=;Unique=keVO1+5G4; device",
            "device",
            FactValues { unique: value("keVO1+5G4"), ..other("OS.unix=chr-13/29") },
        ),
        (
            "Type=dir;Perm=cdeflmp;Unique=keVO1+!s2; empty",
            "empty",
            FactValues { perm: perm("cpmdelf"), unique: value("keVO1+!s2"), ..DIR },
        ),
        (
            "Type=file;Perm=r;Unique=keVO1+IH4;  leading space",
            " leading space",
            FactValues { perm: perm("r"), unique: value("keVO1+IH4"), ..FILE },
        ),
        (
            "Type=file;Perm=adfrw;Unique=keVO1+LH4;    ",
            "   ",
            FactValues { perm: perm("awdrf"), unique: value("keVO1+LH4"), ..FILE },
        ),
        (
            "Type=file;Modify=19990929003355.237; file1",
            "file1",
            FactValues { modify: time("19990929003355.237"), ..FILE },
        ),
        (" a;b = c.txt", "a;b = c.txt", NONE),
        ("  two", " two", NONE),
        (" ", "", NONE),
        (
            "Type=file;UNIX.mode=0644;UNIX.uid=0;UNIX.gid=100;UNIX.owner=root;UNIX.groupname=J\u{fc}rgen; x",
            "x",
            FactValues {
                unix_mode: Some(0o644),
                unix_uid: Some(0),
                unix_gid: Some(100),
                unix_owner: value("root"),
                unix_groupname: value("J\u{fc}rgen"),
                ..FILE
            },
        ),
        (
            "Create=19961001124534;Lang=en-US;Media-Type=text/plain;CharSet=UTF-8;UNIX.group=0;UNIX.ownername=a; x",
            "x",
            FactValues {
                create: time("19961001124534"),
                lang: value("en-US"),
                media_type: value("text/plain"),
                charset: value("UTF-8"),
                unix_group: value("0"),
                unix_ownername: value("a"),
                ..NONE
            },
        ),
    ];
    for (line, name, values) in table {
        let facts = Facts::parse(line.as_bytes()).unwrap();
        assert_eq!(facts.values, *values, "{line}");
        assert_eq!(facts.name.as_bytes(), name.as_bytes());
        assert_eq!(encoded(|out| facts.encode(out)), line.as_bytes());
        let written = encoded(|out| values.encode(FactSet::all(), NameCase::Canonical, facts.name, out));
        assert_eq!(written, line.as_bytes());
        let lower = encoded(|out| values.encode(FactSet::all(), NameCase::Lower, facts.name, out));
        assert_eq!(Facts::parse(&lower).unwrap().values, *values, "{}", lower.escape_ascii());
    }
}

#[test]
fn names_and_kinds_of_facts_are_read_in_any_case_and_any_order() {
    let line = b"unix.MODE=0755;SIZE=4161;x.MyFact=foo,bar;tYpE=FiLe;mOdIfY=19970214165800;PERM=AwR; n";
    let facts = Facts::parse(line).unwrap();
    let expected = FactValues {
        size: Some(4161),
        modify: time("19970214165800"),
        perm: perm("arw"),
        unix_mode: Some(0o755),
        ..FILE
    };
    assert_eq!(facts.values, expected);
    assert_eq!(facts.get("X.myfact"), value("foo,bar"));
    assert_eq!(facts.iter().count(), 6);
    assert_eq!(facts.get("unique"), None);
}

#[test]
fn a_last_semicolon_may_be_missing() {
    let facts = Facts::parse(b"Type=dir;Perm=el;Unique=keVO1+ZF4 test").unwrap();
    assert_eq!(facts.values.unique, value("keVO1+ZF4"));
    assert_eq!(facts.name.as_bytes(), b"test");
    assert_eq!(encoded(|out| facts.encode(out)), b"Type=dir;Perm=el;Unique=keVO1+ZF4; test");
}

#[test]
fn a_line_that_is_no_facts_and_a_name_is_refused() {
    for bad in [
        "",
        "noname",
        "type=file;size=1;",
        "type; x",
        ";type; x",
        "; x",
        ";; x",
        "=file; x",
        "a*b=file; x",
        "type=file;size x",
        "type=file;my name",
        "type=file;=1 x",
        "type=file;size=1;\t",
        "\tx",
        "type=file; a\nb",
        "type=file; a\rb",
        "type=file; a\0b",
        "total 12",
        "-rw-r--r-- 1 owner group 1234 Nov 9 20:06 name",
    ] {
        assert!(Facts::parse(bad.as_bytes()).is_err(), "{bad:?}");
    }
}

#[test]
fn a_fact_that_cannot_be_read_is_named_and_costs_nothing_else() {
    const MODE: FactSet = FactSet::UNIX_MODE;
    for (odd, unreadable) in [
        ("size=;", FactSet::SIZE),
        ("size=-1;", FactSet::SIZE),
        ("size=1k;", FactSet::SIZE),
        ("size=18446744073709551616;", FactSet::SIZE),
        ("size=\x01;", FactSet::SIZE),
        ("size=1\t;", FactSet::SIZE),
        ("size;", FactSet::SIZE),
        ("sizd=x;", FactSet::SIZE),
        ("modify=;", FactSet::MODIFY),
        ("modify=0;", FactSet::MODIFY),
        ("modify=-20240101000000;", FactSet::MODIFY),
        ("modify=20230229000000;", FactSet::MODIFY),
        ("modify=202401010000;", FactSet::MODIFY),
        ("modify=20240101000000Z;", FactSet::MODIFY),
        ("create=2024;", FactSet::CREATE),
        ("perm=r-w;", FactSet::PERM),
        ("unique=\r;", FactSet::UNIQUE),
        ("UNIX.mode=0999;", MODE),
        ("UNIX.mode=200000;", MODE),
        ("UNIX.mode=;", MODE),
        ("UNIX.mode=rw-;", MODE),
        ("UNIX.uid=-2;UNIX.gid=4294967296;", FactSet::UNIX_UID.union(FactSet::UNIX_GID)),
        ("modify=x;size=x;perm=!;", FactSet::SIZE.union(FactSet::MODIFY).union(FactSet::PERM)),
        // These pieces hide no known fact.
        (";", FactSet::empty()),
        (";;", FactSet::empty()),
        ("frogs;", FactSet::empty()),
        ("x.y=\0;", FactSet::empty()),
        ("=1;", FactSet::empty()),
        ("si\x07ze=1;", FactSet::empty()),
    ] {
        let expected = FactValues { lang: value("de"), ..DIR };
        for line in [
            std::format!("type=dir;{odd}lang=de; a b"),
            std::format!("{odd}type=dir;lang=de; a b"),
            std::format!("type=dir;lang=de;{odd} a b"),
        ] {
            let facts = Facts::parse(line.as_bytes()).unwrap();
            assert_eq!((facts.values, facts.unreadable), (expected, unreadable), "{line:?}");
            assert_eq!(facts.name.as_bytes(), b"a b");
            assert!(Facts::parse_exact(line.as_bytes()).is_err(), "{line:?}");
            // The written entry is valid again, and its end is unambiguous.
            let written = encoded(|out| facts.encode(out));
            assert!(!written.iter().any(u8::is_ascii_control), "{}", written.escape_ascii());
            assert_eq!(Facts::parse(&written).unwrap().values, expected);
        }
    }
    let facts = Facts::parse(b"type=;size=1;UNIX.uid=-2; x").unwrap();
    assert_eq!(
        (facts.values, facts.unreadable),
        (FactValues { size: Some(1), ..NONE }, FactSet::TYPE | FactSet::UNIX_UID)
    );
    assert_eq!(facts.get("unix.uid"), value("-2"), "it is there as it was sent");
}

#[test]
fn facts_that_ask_for_something_are_read_whole_or_not_at_all() {
    for good in ["modify=20240101000000; x", "size=1;x.y=z x", " x", "UNIX.mode=0644;type=dir;  x"] {
        assert_eq!(Facts::parse_exact(good.as_bytes()), Facts::parse(good.as_bytes()), "{good}");
    }
}

#[test]
fn a_tab_may_end_the_facts() {
    let facts = Facts::parse(b"type=dir;size=1;\ta b").unwrap();
    assert_eq!((facts.values.size, facts.name.as_bytes()), (Some(1), &b"a b"[..]));
    assert_eq!(Facts::parse(b"type=dir; \ta").unwrap().name.as_bytes(), b"\ta", "the first of the two");
}

#[test]
fn a_mode_is_of_octal_digits() {
    for (text, mode) in [
        ("0", Some(0)),
        ("100644", Some(0o100_644)),
        ("177777", Some(u16::MAX)),
        ("200000", None),
        ("8", None),
        ("", None),
        ("rw-", None),
    ] {
        assert_eq!(scan::octal(text.as_bytes()), mode, "{text}");
    }
}

#[test]
fn the_first_of_two_counts_and_sizd_is_a_size() {
    let facts = Facts::parse(b"type=dir;sizd=4096;size=1;type=file; x").unwrap();
    assert_eq!((facts.values.kind, facts.values.size), (Some(Kind::Directory), Some(4096)));
}

#[test]
fn a_link_says_where_it_leads() {
    for (text, target) in [
        ("OS.unix=slink:/foobar", Some("/foobar")),
        ("OS.UNIX=slink:a:b", Some("a:b")),
        ("OS.unix=slink:", Some("")),
        ("OS.unix=symlink", Some("")),
        ("os.unix=slink", Some("")),
        ("OS.unix=chr-8/29", None),
        ("file", None),
    ] {
        let kind = Kind::from_value(value(text).unwrap());
        assert_eq!(kind.link_target(), target.map(str::as_bytes), "{text}");
        assert_eq!(kind.as_bytes(), text.as_bytes());
    }
}

#[test]
fn a_line_of_mlst_is_indented_by_one_space_more_or_less() {
    for (line, kind, name) in [
        (" type=file; x", Some(Kind::File), "x"),
        ("type=file; x", Some(Kind::File), "x"),
        ("   type=file; x", Some(Kind::File), "x"),
        (" type=file;  x", Some(Kind::File), " x"),
        ("  x", None, "x"),
        ("   x", None, " x"),
        ("  a b", None, "a b"),
        ("   a=b c", None, " a=b c"),
        ("  ", None, ""),
    ] {
        let facts = Facts::parse_indented(line.as_bytes()).unwrap();
        assert_eq!((facts.values.kind, facts.name.as_bytes()), (kind, name.as_bytes()), "{line:?}");
    }
    assert_eq!(Facts::parse_indented(b"   type=file;size=x; y").unwrap().unreadable, FactSet::SIZE);
    assert!(Facts::parse_indented(b"").is_err());
}

#[test]
fn only_what_is_selected_is_written() {
    let values = FactValues { size: Some(5), unix_mode: Some(0o4711), ..FILE };
    let written = |set| encoded(|out| values.encode(set, NameCase::Lower, Text::literal("x"), out));
    assert_eq!(written(FactSet::all()), b"type=file;size=5;UNIX.mode=4711; x");
    assert_eq!(written(FactSet::SIZE | FactSet::MODIFY), b"size=5; x");
    assert_eq!(written(FactSet::empty()), b" x");
}

#[test]
fn a_value_that_would_end_early_is_no_value() {
    for bad in ["a b", "a;b", "a\n", "\0", "\x7f", " "] {
        assert!(FactValue::new(bad.as_bytes()).is_err(), "{bad:?}");
    }
}

#[test]
fn opts_mlst_selects_what_is_known_of_its_list() {
    let (kind, size, perm) = (FactSet::TYPE, FactSet::SIZE, FactSet::PERM);
    let wordy = kind | FactSet::CREATE | FactSet::LANG | FactSet::CHARSET;
    for (list, set, canonical) in [
        ("Type;UNIX.mode;Perm;", kind | FactSet::UNIX_MODE | perm, "Type;Perm;UNIX.mode;"),
        ("lang;type;charset;create", wordy, "Type;Create;Lang;CharSet;"),
        ("size;frogs;", size, "Size;"),
        ("", FactSet::empty(), ""),
    ] {
        assert_eq!(FactSet::parse(list.as_bytes()), Ok(set), "{list}");
        assert_eq!(encoded(|out| set.encode(NameCase::Canonical, out)), canonical.as_bytes());
        assert_eq!(FactSet::parse(canonical.as_bytes()), Ok(set));
    }
    for bad in ["unique type;", ";", "type;;size;", "type*;", "type=file;", " ", "a\tb;"] {
        assert!(FactSet::parse(bad.as_bytes()).is_err(), "{bad:?}");
    }
}

#[test]
fn feat_tells_what_there_is_from_what_is_shown() {
    let list = b"Type*;Size*;Modify*;Perm;Unique;UNIX.mode*;UNIX.chgd;X.hidden*;";
    let choice = FactChoice::parse(list).unwrap();
    let selected = FactSet::TYPE | FactSet::SIZE | FactSet::MODIFY | FactSet::UNIX_MODE;
    assert_eq!(choice.selected, selected);
    assert_eq!(choice.available, selected | FactSet::PERM | FactSet::UNIQUE);
    let line = encoded(|out| choice.encode(NameCase::Lower, out));
    assert_eq!(line, b"type*;size*;modify*;perm;unique;UNIX.mode*;");
    assert_eq!(FactChoice::parse(&line), Ok(choice));
    assert_eq!(FactChoice::parse(b""), Ok(FactChoice::default()));
    assert!(FactChoice::parse(b"type**;").is_err());
}

#[test]
fn every_known_fact_has_a_name_and_every_permission_a_letter() {
    assert_eq!(TABLE.iter().map(|row| row.fact).collect::<FactSet>(), FactSet::all());
    assert_eq!(LETTERS.iter().map(|row| row.0).collect::<Permissions>(), Permissions::all());
    assert_eq!(encoded(|out| Permissions::all().encode(out)), b"acdeflmprw");
    assert_eq!(Permissions::parse(b"ACDEFLMPRWxyz"), Ok(Permissions::all()));
    let mut full = NONE;
    for row in TABLE {
        let text = match row.fact {
            FactSet::MODIFY | FactSet::CREATE => "20240101000000",
            FactSet::PERM => "r",
            FactSet::UNIX_MODE => "0001",
            _ => "1",
        };
        assert!((row.read)(&mut full, value(text).unwrap()));
        assert!(full.present().contains(row.fact));
        assert_eq!(encoded(|out| (row.given)(&full).unwrap().encode(out)), text.as_bytes());
    }
    assert_eq!(full.present(), FactSet::all());
}

/// Values that [`Kind::Other`] may hold: an empty one, that of a kind with a name of its own, and
/// others.
const OTHER_KINDS: [&str; 4] = ["", "Dir", "OS.unix=slink:/t", "OS.unix=blk-8/1"];

prop_compose! {
    fn any_values()(
        kind in prop::option::of(0..KINDS.len() + OTHER_KINDS.len()),
        size: Option<u64>,
        modify in prop::option::of(-62_135_596_800i64..253_402_300_800),
        nanos in 0u32..1_000_000_000,
        perm in prop::option::of(0u16..1024),
        mode: Option<u16>,
        uid: Option<u32>,
    ) -> FactValues<'static> {
        let other = |k: usize| Kind::Other(value(OTHER_KINDS[k - KINDS.len()]).unwrap());
        FactValues {
            kind: kind.map(|k| KINDS.get(k).map_or_else(|| other(k), |row| row.0)),
            size,
            modify: modify.map(|seconds| Timestamp::from_unix(seconds, nanos).unwrap()),
            perm: perm.map(Permissions::from_bits_truncate),
            unix_mode: mode,
            unix_uid: uid,
            unique: uid.map(|_| FactValue::new(b"!=\xff").unwrap()),
            ..NONE
        }
    }
}

/// Finds the fact with this name by a linear search.
fn named_slowly(name: &[u8]) -> Option<&'static table::Row> {
    let called = |row: &&table::Row| {
        row.name(NameCase::Canonical).as_bytes().eq_ignore_ascii_case(name)
            || (row.fact == FactSet::SIZE && name.eq_ignore_ascii_case(b"sizd"))
    };
    TABLE.iter().find(called)
}

/// The parts of the result of [`Facts::parse`]: the values, the unreadable facts, all facts, and
/// the pathname.
type Read<'a> = (FactValues<'a>, FactSet, Vec<(&'a [u8], FactValue<'a>)>, &'a [u8]);

fn read_slowly(line: &[u8]) -> Option<Read<'_>> {
    let space = line.iter().position(|&byte| byte == b' ');
    let tab = line.windows(2).position(|two| two == b";\t").map(|at| at + 1);
    let tab = tab.filter(|&tab| tab < line.len() - 1 && space.is_none_or(|space| tab < space));
    let end = tab.or(space)?;
    let (list, name) = (&line[..end], &line[end + 1..]);
    let name = Text::new(name).ok()?.as_bytes();
    let (mut values, mut all, mut seen, mut unreadable) =
        (NONE, Vec::new(), FactSet::empty(), FactSet::empty());
    let mut pieces: Vec<_> = list.split(|&byte| byte == b';').collect();
    let open = pieces.pop().filter(|last| !last.is_empty());
    let (mut some, mut odd, mut pending) = (false, false, FactSet::empty());
    for (piece, ended) in
        pieces.into_iter().map(|piece| (piece, true)).chain(open.map(|piece| (piece, false)))
    {
        let equals = piece.iter().position(|&byte| byte == b'=');
        if equals.is_none() && !ended {
            return None;
        }
        let (label, text) = equals.map_or((piece, None), |at| (&piece[..at], Some(&piece[at + 1..])));
        let proper = !label.is_empty() && FactValue::new(label).is_ok() && !label.contains(&b'*');
        let row = named_slowly(label);
        let read = text.and_then(|text| FactValue::new(text).ok()).filter(|_| proper);
        all.extend(read.map(|read| (label, read)));
        match (row, read) {
            (Some(row), Some(read)) if !seen.contains(row.fact) => {
                seen |= row.fact;
                if !(row.read)(&mut values, read) {
                    unreadable |= row.fact;
                }
            }
            (Some(row), None) => pending |= row.fact,
            (None, None) if !ended => return None,
            _ => {}
        }
        some |= read.is_some() || row.is_some() && text.is_some();
        odd |= read.is_none();
    }
    unreadable |= pending - seen;
    (some || !odd).then_some((values, unreadable, all, name))
}

proptest! {
    #[test]
    fn a_line_is_read_as_piece_by_piece(
        facts in proptest::collection::vec(
            "type=file|TYPE=OS.unix=slink:/t|Size=12|sizd=34|modify=20240101000000(\\.5)?|perm=Adr|UNIX.mode=0644|unix.gid=5\
             |(unique|unix.OWNER|x|[A-z.\u{80}]{1,20})=[!-:<-~\u{e9}]{0,70}\
             |([A-z.*=]{0,20}|size|create|perm)=(|1x|20240101000000)\
             ||size|x",
            0..9,
        ),
        last in "|;",
        mangled in prop::option::of(("[ ;=*\t\0\r\u{7f}\u{e9}]|;\t", any::<prop::sample::Index>())),
        name in "[ -~\u{e9}]{0,70}|a[\r\n\0\t]b",
    ) {
        let mut line = std::format!("{}{last} {name}", facts.join(";")).into_bytes();
        if let Some((bytes, place)) = mangled {
            let at = place.index(line.len());
            line.splice(at..=at, bytes.bytes()).for_each(drop);
        }
        let read = Facts::parse(&line).ok()
            .map(|facts| (facts.values, facts.unreadable, facts.iter().collect(), facts.name.as_bytes()));
        prop_assert_eq!(read, read_slowly(&line));
    }

    #[test]
    fn a_name_is_known_in_any_case_and_no_other_is(
        row in 0..TABLE.len() + 1,
        upper: [bool; 16],
        other in prop::option::of((0usize..16, any::<u8>())),
        cut in 0usize..40,
    ) {
        let name = TABLE.get(row).map_or("sizd", |row| row.name(NameCase::Lower));
        let mut name: Vec<u8> = name.bytes().zip(upper).map(|(byte, upper)| if upper { byte ^ 0x20 } else { byte }).collect();
        if let Some((at, byte)) = other.filter(|other| other.0 < name.len()) {
            name[at] = byte;
        }
        name.truncate(cut);
        let fact = |row: &'static table::Row| row.fact;
        prop_assert_eq!(table::named(&name).map(fact), named_slowly(&name).map(fact));
    }

    #[test]
    fn entries_are_read_as_they_were_written(
        values in any_values(),
        name in "[ a-z;=\u{e9}]{0,12}",
        bits: u32,
    ) {
        let name = Text::new(name.as_bytes()).unwrap();
        for case in [NameCase::Canonical, NameCase::Lower] {
            let line = encoded(|out| values.encode(FactSet::all(), case, name, out));
            let facts = Facts::parse(&line).unwrap();
            // An empty kind is none, and the value of a named kind is that kind.
            let kind = values.kind.map(|kind| kind.as_bytes()).filter(|kind| !kind.is_empty());
            let kind = kind.map(|kind| Kind::from_value(FactValue::new(kind).unwrap()));
            prop_assert_eq!(facts.values, FactValues { kind, ..values });
            prop_assert_eq!(facts.unreadable, FactSet::empty());
            prop_assert_eq!(facts.name, name);
            let set = FactSet::from_bits_truncate(bits);
            let some = encoded(|out| values.encode(set, case, name, out));
            prop_assert_eq!(Facts::parse(&some).unwrap().values.present(), values.present() & set);
            if values.present() != FactSet::empty() {
                let mut indented = std::vec![b' '];
                indented.extend_from_slice(&line);
                prop_assert_eq!(Facts::parse_indented(&indented).unwrap(), facts);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..60),
        near in "( |;|=|size|type|modify|file|12|x\\.y|\\*){0,12}",
    ) {
        for input in [&bytes[..], near.as_bytes()] {
            let _ = Facts::parse_indented(input);
            let _ = FactSet::parse(input);
            let _ = FactChoice::parse(input);
            let _ = Permissions::parse(input);
            if let Ok(facts) = Facts::parse(input) {
                let line = encoded(|out| facts.encode(out));
                let again = Facts::parse(&line).unwrap();
                prop_assert_eq!(again.values, facts.values);
                prop_assert_eq!(again.name, facts.name);
                prop_assert_eq!(again.iter().collect::<Vec<_>>(), facts.iter().collect::<Vec<_>>());
                let _ = std::format!("{facts:?}");
            }
        }
    }
}
