//! What holds between the functions of values.

use std::collections::HashSet;
use std::fmt::{Debug, Display};

use ftp_proto::client::{Location, zone_offset};
use ftp_proto::codec::{
    Digest, Escaped, FactSet, Facts, FeatureLine, Features, Full, Group, HashAlgorithm, HashReply, NameList,
    NetworkProtocol, Quoted, ReplyCode, Sensitive, Severity, Sink, SliceSink, Text, Timestamp, Verb, VerbSet,
    address, pathname,
};
use ftp_proto::listing::{Modified, Pattern, Precision};
use ftp_proto_fuzz::encoded;

/// Checks that what an error shows is one line that says something.
pub fn explains(error: &(impl Display + Debug)) {
    let (shown, debugged) = (error.to_string(), format!("{error:?}"));
    assert!(!shown.is_empty() && !shown.contains(['\r', '\n']), "{shown:?}");
    assert!(!debugged.is_empty());
}

pub fn facts(facts: &Facts<'_>) {
    let _ = format!("{facts:?}");
    let present = facts.values.present();
    for (name, value) in facts.iter() {
        if let Ok(name) = std::str::from_utf8(name) {
            assert!(facts.get(name).is_some(), "{name:?}");
        }
        assert!(!value.as_bytes().contains(&b';') && format!("{value:?}").starts_with('"'));
    }
    if let Some(kind) = facts.values.kind {
        assert!(present.contains(FactSet::TYPE));
        assert!(kind.link_target().is_none_or(|target| kind.as_bytes().ends_with(target)));
    }
    assert_eq!(present.is_empty(), facts.values == Default::default());
}

pub fn features(bytes: &[u8]) {
    let line = FeatureLine::new(bytes);
    assert_eq!(line.features(), Features::from_line(bytes));
    assert!(!format!("{line:?}").is_empty());
    for (feature, written) in Features::from_line(bytes).lines() {
        assert!(Features::from_line(written.as_bytes()).intersects(feature), "{written}");
    }
    if let Err(error) = HashAlgorithm::parse(bytes) {
        explains(&error);
    }
}

/// Checks all forms of the path in a 257.
pub fn quoted(bytes: &[u8]) {
    let Ok(path) = Quoted::parse(bytes) else { return };
    let whole = path.to_vec();
    assert_eq!(path.bytes().collect::<Vec<_>>(), whole);
    assert_eq!(path.pieces().collect::<Vec<_>>().concat(), whole);
    assert!(path.as_plain().is_none_or(|plain| plain == whole));
    let mut room = vec![0; whole.len()];
    assert_eq!(path.copy_to(&mut room), Ok(whole.len()));
    assert_eq!(room, whole);
    assert!(whole.is_empty() || path.copy_to(&mut room[1..]) == Err(Full));
    let written = encoded(|out| path.encode(out));
    assert_eq!(Quoted::parse(&written).map(|again| again.raw()), Ok(path.raw()));
}

pub fn safe_name(bytes: &[u8]) {
    let on_unix = pathname::safe_name_on_unix(bytes);
    match pathname::safe_name(bytes) {
        Ok(name) => {
            assert_eq!(name, bytes);
            assert_eq!(on_unix, Ok(bytes));
            assert!(!name.is_empty() && name != b"." && name != b"..");
            assert!(!name.iter().any(|byte| matches!(byte, b'/' | b'\\' | 0)));
        }
        Err(fault) => {
            explains(&fault);
            assert_eq!(fault.only_on_windows(), on_unix.is_ok());
        }
    }
    let joined = pathname::join(b"", bytes);
    assert_eq!(joined[..], *pathname::for_listing(bytes));
    assert!(joined.ends_with(bytes) && !pathname::needs_dot_path(&joined));
    for directory in [&b"/"[..], b"dir"] {
        let joined = pathname::join(directory, bytes);
        assert!(joined.starts_with(directory) && joined.ends_with(bytes));
        if on_unix.is_ok() {
            assert_eq!(pathname::file_name(&joined), Some(bytes));
            assert_eq!(
                pathname::must_be_entered(&joined),
                pathname::must_be_entered(bytes) && !is_dashed(bytes)
            );
        }
    }
}

/// Returns whether the start of a name is all that is wrong with it.
fn is_dashed(name: &[u8]) -> bool {
    name.first() == Some(&b'-') && !pathname::must_be_entered(&[b"x", name].concat())
}

/// Checks the parts of an absolute path that is normal.
pub fn path(path: &[u8]) {
    let parent = pathname::parent(path);
    match pathname::file_name(path) {
        Some(name) => assert_eq!(pathname::join(parent, name), path),
        None => assert_eq!((path, parent), (&b"/"[..], &b"/"[..])),
    }
}

pub fn pattern(bytes: &[u8], name: &[u8]) {
    let pattern = Pattern::new(bytes);
    assert_eq!(pattern.as_bytes(), bytes);
    assert_eq!(format!("{pattern:?}"), format!("\"{}\"", Escaped(bytes)));
    let matches = pattern.matches(name);
    if !pattern.has_wildcards() {
        assert_eq!(matches, bytes == name, "{pattern:?}");
    }
    if matches {
        assert_eq!(name.starts_with(b"."), name.starts_with(b".") && bytes.starts_with(b"."));
        // Slashes match themselves alone.
        let slashes = |text: &[u8]| text.iter().filter(|byte| **byte == b'/').count();
        assert!(slashes(name) <= slashes(bytes), "{pattern:?}");
    }
    if !name.contains(&b'/') && !name.starts_with(b".") {
        assert!(Pattern::new(b"*").matches(name));
        assert_eq!(Pattern::new(b"?").matches(name), name.len() == 1);
    }
}

pub fn names(bytes: &[u8]) {
    let Ok(text) = Text::new(bytes) else { return };
    let names = match NameList::parse(text) {
        Ok(names) => names,
        Err(error) => return explains(&error),
    };
    let all: Vec<_> = names.iter().map(|name| name.to_vec()).collect();
    assert!(!all.is_empty() && all.iter().all(|name| !name.is_empty()));
    let (mut rest, mut split) = (Some(names), Vec::new());
    while let Some(names) = rest {
        let (first, others) = names.split_first().expect("a list has a name");
        split.push(first.to_vec());
        rest = others;
    }
    assert_eq!(split, all);
    let written: Vec<_> = names.iter().map(|name| encoded(|out| name.encode(out))).collect();
    let written = written.join(&b' ');
    let again = NameList::parse(Text::new(&written).unwrap()).unwrap();
    assert!(again.iter().map(|name| name.to_vec()).eq(all));
}

/// Checks that a directory confirms the path of what is below it, and no other.
pub fn location(base: &[u8], other: &[u8]) {
    let location = Location::new(base);
    let names: Vec<_> = other.split(|byte| *byte == b'/').take(3).collect();
    for count in 0..=names.len() {
        let names = &names[..count];
        let mut reply = Vec::new();
        let path = location.path(names);
        if let Some(path) = &path {
            assert!(
                location.is_above(names, path) || path.is_empty(),
                "{:?}",
                path.escape_ascii().to_string()
            );
            assert!(location.contains(path) || base.ends_with(b"]") || base.ends_with(b"'"));
            if let Ok(text) = Text::new(path) {
                pathname::encode_quoted(text, &mut reply).unwrap();
                let read = Quoted::parse(&reply).is_ok();
                assert!(!read || path.is_empty() || location.is_confirmed_by(names, &reply));
            }
        }
        for text in [&reply[..], other, base] {
            assert!(!(location.is_confirmed_by(names, text) && location.is_contradicted_by(names, text)));
        }
        assert!(!location.is_above(names, b""));
    }
    assert!(location.contains(base));
}

pub fn times(bytes: &[u8], other: &[u8]) {
    let number =
        |bytes: &[u8]| bytes.iter().take(8).fold(0_i64, |number, byte| number << 8 | i64::from(*byte));
    let (seconds, nanoseconds) = (number(bytes), number(other) as u32);
    match Timestamp::from_unix(seconds, nanoseconds) {
        Ok(time) => {
            assert_eq!(time.to_unix(), (seconds, nanoseconds));
            let plain = Timestamp::new(
                time.year(),
                time.month(),
                time.day(),
                time.hour(),
                time.minute(),
                time.second(),
            );
            let again =
                plain.and_then(|plain| plain.with_fraction(time.nanosecond(), time.fraction_digits()));
            assert_eq!(again, Ok(time));
            assert!(!time.to_string().is_empty());
            // A day later it is a day later.
            let later = Timestamp::from_unix(seconds.saturating_add(86_400), nanoseconds);
            assert!(later.is_err() || later.is_ok_and(|later| later > time));
        }
        Err(error) => explains(&error),
    }
    if let [a, b, c, d, e, f, g, h, ..] = *bytes {
        let time = Timestamp::new(u16::from_le_bytes([a, b]), c, d, e, f, g);
        if let Ok(time) = time.and_then(|time| time.with_fraction(nanoseconds, h)) {
            assert!(time.fraction_digits() <= 9 && time.nanosecond() < 1_000_000_000);
            assert_eq!(Timestamp::parse(&encoded(|out| time.encode(out))), Ok(time));
        }
    }
    if let (Ok(shown), Ok(utc)) = (Timestamp::parse(bytes), Timestamp::parse(other)) {
        for precision in [Precision::Day, Precision::Minute, Precision::Second, Precision::Fraction] {
            let listed = Modified::new(shown, precision, None);
            if let Some(offset) = zone_offset(&listed, utc) {
                assert!(offset % 900 == 0 && offset.abs() <= 54_000 && precision != Precision::Day);
                let (listed, _) = listed.in_zone(0).to_unix(0);
                assert!((listed - i64::from(offset) - utc.to_unix().0).abs() <= 300);
            }
            for zone in [0, -300, 345] {
                let placed = Modified::new(shown, precision, Some(zone));
                let moved = placed.in_zone(60);
                if moved.zone() == Some(60) {
                    assert_eq!(moved.to_unix(0), placed.to_unix(0), "{placed} {moved}");
                    assert_eq!(HashSet::from([moved, moved]).len(), 1);
                }
                assert!(placed.to_string().starts_with(&listed.to_string()) || precision == Precision::Day);
            }
        }
    }
}

pub fn code(bytes: &[u8], other: &[u8]) {
    let number = bytes.iter().take(2).fold(0, |number, byte| number << 8 | u16::from(*byte)) % 1000;
    let code = match ReplyCode::try_from(number) {
        Ok(code) => code,
        Err(error) => {
            assert_eq!(ReplyCode::new(number), None);
            return explains(&error);
        }
    };
    assert!(code == number && u16::from(code) == number && ReplyCode::literal(number) == code);
    assert_eq!(ReplyCode::from_digits(&code.as_digits()), Some(code));
    assert_eq!(code.source().is_some(), code.meaning().is_some());
    let tens = [
        Group::Syntax,
        Group::Information,
        Group::Connections,
        Group::Authentication,
        Group::Unspecified,
        Group::FileSystem,
    ];
    assert_eq!(code.group(), tens.get(usize::from(number / 10 % 10)).copied());
    assert_eq!(code.is_protected(), code.severity() == Severity::Protected);
    let classes = [
        code.is_preliminary(),
        code.is_success(),
        code.is_intermediate(),
        code.is_transient(),
        code.is_permanent(),
        code.is_protected(),
    ];
    assert_eq!(classes.iter().position(|is| *is), Some(usize::from(number / 100 - 1)));
    assert_eq!(classes.iter().filter(|is| **is).count(), 1);
    assert_eq!(code.is_failure(), code.is_transient() || code.is_permanent());

    let verbs: Vec<_> = other.iter().map(|row| Verb::ALL[usize::from(*row) % Verb::ALL.len()]).collect();
    let set = VerbSet::of(&verbs);
    for verb in Verb::ALL {
        assert_eq!(set.contains(*verb), verbs.contains(verb));
        assert!(!set.without(*verb).contains(*verb) && set.with(*verb).contains(*verb));
        assert_eq!(Verb::from_bytes(verb.to_string().as_bytes()), Some(*verb));
        let info = verb.info();
        assert!(verb.canonical().canonical() == verb.canonical() && !info.summary.is_empty());
        assert_eq!(info.argument.syntax().is_empty(), info.argument == ftp_proto::codec::Argument::None);
        assert!(!info.has_own(code) || verb.allows(code) || info.seen.contains(&code), "{verb} {code}");
        assert!(!info.is_answered_by(code) || !code.is_preliminary());
        assert_eq!(verb.opens_data_connection(), info.data.is_some());
        assert!(!verb.names_data_address() || !verb.opens_data_connection());
        assert!(!verb.answers_during_transfer() || !verb.opens_data_connection());
    }
    assert_eq!(set.iter().count(), verbs.iter().collect::<HashSet<_>>().len());
    assert!(set.iter().all(|verb| format!("{set:?}").contains(&format!("{verb:?}"))));
}

pub fn digest(bytes: &[u8], other: &[u8]) {
    for algorithm in HashAlgorithm::ALL {
        match Digest::parse(bytes, *algorithm) {
            Ok(digest) => {
                assert_eq!(
                    (digest.algorithm(), digest.as_bytes().len()),
                    (*algorithm, algorithm.digest_len())
                );
                assert_eq!(Digest::parse(digest.to_string().as_bytes(), *algorithm), Ok(digest));
                assert!(format!("{digest:?}").contains(&digest.to_string()));
                assert_eq!(Digest::find(&[b"is ", bytes].concat(), *algorithm), Ok(digest));
                let reply = format!("{} 0-10 {digest} name", algorithm.as_str());
                let reply = HashReply::parse(reply.as_bytes()).expect("it is one");
                assert_eq!((reply.start, reply.end, reply.digest), (0, 10, digest));
            }
            Err(error) => explains(&error),
        }
    }
    match HashReply::parse(other) {
        // Any word of a reply that is a hash is found there too.
        Ok(reply) => assert!(Digest::find(other, reply.digest.algorithm()).is_ok()),
        Err(error) => explains(&error),
    }
    let protocols: Vec<_> = bytes.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect();
    let protocols: Vec<_> = protocols.into_iter().map(NetworkProtocol::new).collect();
    let written = encoded(|out| address::encode_protocols_reply(&protocols, out));
    let read: Vec<_> = address::parse_protocols_reply(&written).collect();
    assert_eq!(read, protocols, "{:?}", String::from_utf8_lossy(&written));
    assert!(read.iter().all(|protocol| NetworkProtocol::new(protocol.number()) == *protocol));
}

/// Checks texts, and the sinks that they are written to.
pub fn texts(bytes: &[u8], other: &[u8]) {
    let text = match Text::try_from(bytes) {
        Ok(text) => text,
        Err(error) => return explains(&error),
    };
    assert_eq!(text.as_ref(), bytes);
    assert_eq!(text.to_str().ok(), std::str::from_utf8(bytes).ok());
    assert_eq!(text.to_string_lossy(), String::from_utf8_lossy(bytes));
    if let Ok(text) = text.to_str() {
        assert_eq!(Text::try_from(text).map(|text| text.as_bytes()), Ok(bytes));
    }
    assert!(!text.to_string().contains(|c: char| c.is_control()));
    assert_eq!(format!("{:?}", Sensitive::new(text)), "***");

    let mut memory = vec![0; other.len().min(64)];
    let room = memory.len();
    let mut sink = SliceSink::new(&mut memory);
    let fits = bytes.len() <= room;
    assert_eq!(text.encode(&mut &mut sink).is_ok(), fits);
    assert_eq!(sink.as_bytes(), if fits { bytes } else { b"" });
    assert_eq!(sink.put_fmt(format_args!("{:0>65}", 1)), Err(Full));
    sink.clear();
    assert!(sink.as_bytes().is_empty());
    assert_eq!(sink.put(bytes).is_ok(), fits);
    assert_eq!(sink.into_bytes(), if fits { bytes } else { b"" });
    explains(&Full);

    // A line that is sent as it is hides what its command hides.
    if let Ok(operation) = ftp_proto::client::raw(text) {
        let verb = Verb::split_from(bytes.trim_ascii_start()).map(|(verb, _)| verb);
        if let Some(verb) = verb.filter(|verb| verb.has_secret()) {
            assert!(format!("{operation:?}").contains(&format!("\"{verb} ...\"")));
        }
    }
    for refused in [
        ftp_proto::client::raw(text).err(),
        ftp_proto::client::receive_raw(text, None).err(),
        ftp_proto::client::send_raw(text, None).err(),
    ] {
        refused.iter().for_each(explains);
    }
}
