use super::*;
use arrayvec::ArrayVec;
use proptest::prelude::*;
use std::vec::Vec;

#[test]
fn a_feature_is_known_however_its_line_is_written() {
    let table: &[(&str, Features)] = &[
        (" UTF8", Features::UTF8),
        ("UTF8", Features::UTF8),
        ("   utf8  ", Features::UTF8),
        ("211-UTF8", Features::UTF8),
        ("211- UTF8", Features::UTF8),
        ("211 UTF8", Features::UTF8),
        (" UTF-8", Features::UTF8),
        (" MLST Type*;Size*;Modify*;Perm*;", Features::MLST.union(Features::MLSD)),
        (" mlst", Features::MLST.union(Features::MLSD)),
        (" MLSD", Features::MLSD),
        (" REST STREAM", Features::REST_STREAM),
        (" rest stream", Features::REST_STREAM),
        (" REST", Features::empty()),
        (" AUTH TLS", Features::AUTH_TLS),
        (" AUTH TLS;SSL", Features::AUTH_TLS.union(Features::AUTH_SSL)),
        (" AUTH SSL;TLS;", Features::AUTH_TLS.union(Features::AUTH_SSL)),
        (" AUTH TLS;TLS-C;SSL;TLS-P;", Features::AUTH_TLS.union(Features::AUTH_SSL)),
        (" auth  tls", Features::AUTH_TLS),
        (" AUTH TLS-C", Features::AUTH_TLS),
        (" AUTH GSSAPI", Features::AUTH_GSSAPI),
        (" AUTH KERBEROS_V4", Features::empty()),
        (" AUTH", Features::empty()),
        (" AUTH TLSX", Features::empty()),
        (" MODE Z", Features::MODE_Z),
        (" MODE B", Features::empty()),
        (" LANG EN*;FR", Features::LANG),
        (" HASH SHA-256*;SHA-1;MD5", Features::HASH),
        (" RANG STREAM", Features::RANG),
        (" XCRC filename;start;end", Features::XCRC),
        (" XSHA", Features::XSHA1),
        (" COMB target;source_list", Features::COMB),
        (" MDTM YYYYMMDDHHMMSS[+-TZ];filename", Features::MDTM),
        (" PROT C;P;", Features::PROT),
        (" SSCN", Features::SSCN),
        (" SIZE.", Features::SIZE),
        (" SIZE...", Features::SIZE),
        ("size .", Features::SIZE),
        (" REST STREAM.", Features::REST_STREAM),
        (" AUTH TLS;SSL.", Features::AUTH_TLS.union(Features::AUTH_SSL)),
        (" MLST type*;size*;.", Features::MLST.union(Features::MLSD)),
        ("211-MDTM.", Features::MDTM),
        ("211 211-MDTM", Features::MDTM),
        ("211-211-MDTM", Features::MDTM),
        ("\tMDTM", Features::MDTM),
        (" REST\tSTREAM", Features::REST_STREAM),
        ("211-Extensions supported.", Features::empty()),
        ("211 211-Extensions supported", Features::empty()),
        ("211 END.", Features::empty()),
        (".", Features::empty()),
        (" S.IZE", Features::empty()),
        ("no features", Features::empty()),
        ("211 no features", Features::empty()),
        ("211-Features:", Features::empty()),
        ("211-Extensions supported:", Features::empty()),
        ("211 End", Features::empty()),
        (" SIZEX", Features::empty()),
        ("", Features::empty()),
        ("    ", Features::empty()),
        ("211-", Features::empty()),
    ];
    for (line, features) in table {
        assert_eq!(Features::from_line(line.as_bytes()), *features, "{line:?}");
    }
}

#[test]
fn the_parameters_of_a_line_are_kept() {
    let line = FeatureLine::new(b" MLST type*;size*;modify; ");
    assert_eq!((line.name, line.parameters), (&b"MLST"[..], &b"type*;size*;modify;"[..]));
    assert_eq!(FeatureLine::new(b" SIZE").parameters, b"");
    let line = FeatureLine::new(b" LANG EN*;FR.");
    assert_eq!((line.name, line.parameters), (&b"LANG"[..], &b"EN*;FR"[..]));
}

#[test]
fn every_feature_has_one_line_which_is_read_as_it() {
    let written: Features = LINES.iter().filter(|row| row.2 == Both).map(|row| row.0).collect();
    assert_eq!(written, Features::all(), "a flag without a line");
    for (features, line, _) in LINES {
        assert_eq!(Features::from_line(line.as_bytes()), *features, "{line}");
    }
    let lines: Vec<_> = Features::all().lines().map(|(_, line)| line).collect();
    assert!(lines.len() == Features::all().iter().count() - 1, "MLST and MLSD share one");
    assert!(lines.is_sorted_by_key(|line| line.split(' ').next()));
    assert_eq!(Features::empty().lines().count(), 0);
}

#[test]
fn an_argument_of_opts_names_a_command_and_its_options() {
    use OptsArgument::*;
    let table = [
        ("UTF8 ON", "UTF8 ON", Utf8(true)),
        ("utf8 on", "UTF8 ON", Utf8(true)),
        ("UTF-8 OFF", "UTF8 OFF", Utf8(false)),
        ("UTF8", "UTF8 ON", Utf8(true)),
        ("MLST", "MLST", Mlst(FactSet::empty())),
        ("mlst size;TYPE;frogs;", "MLST Type;Size;", Mlst(FactSet::TYPE | FactSet::SIZE)),
        ("HASH", "HASH", Hash(None)),
        ("HASH sha-256", "HASH SHA-256", Hash(Some(HashAlgorithm::Sha256))),
        ("MODE Z", "MODE Z", Deflate(None)),
        ("mode z level 9", "MODE Z LEVEL 9", Deflate(Some(9))),
        ("NLST", "NLST", Other { name: Text::literal("NLST"), parameters: None }),
        (
            "x.y a b ",
            "x.y a b ",
            Other { name: Text::literal("x.y"), parameters: Some(Text::literal("a b ")) },
        ),
        ("MODE S", "MODE S", Other { name: Text::literal("MODE"), parameters: Some(Text::literal("S")) }),
    ];
    for (text, canonical, argument) in table {
        assert_eq!(OptsArgument::parse(text.as_bytes()), Ok(argument), "{text}");
        let mut out = ArrayVec::<u8, 64>::new();
        argument.encode(&mut out).unwrap();
        assert_eq!(out.as_slice(), canonical.as_bytes());
        assert_eq!(OptsArgument::parse(&out), Ok(argument));
    }
    for bad in [
        "",
        " ",
        " UTF8",
        "UTF8 MAYBE",
        "UTF8 ON ",
        "MLST unique type;",
        "HASH ",
        "HASH SHA-0",
        "MODE Z LEVEL",
        "MODE Z LEVEL 10",
        "MODE Z LEVEL x",
        "MODE ZLEVEL 1",
        "MODE Z LEVEL 1 2",
        "a\nb",
        "a b\0",
    ] {
        assert!(OptsArgument::parse(bad.as_bytes()).is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn a_feature_is_the_same_with_dots_prefixes_and_in_any_case(
        row in (0..LINES.len()).prop_map(|at| (LINES[at].0, LINES[at].1)),
        before in proptest::sample::select(&["", " ", "   ", "\t", "211-", "211- ", "211 ", "211 211-", "211-211-"][..]),
        after in "[.]{0,3} {0,2}[.]{0,2}",
        upper in any::<u32>(),
    ) {
        let case = |(at, letter): (usize, char)| match upper >> (at % 32) & 1 {
            0 => letter.to_ascii_lowercase(),
            _ => letter.to_ascii_uppercase(),
        };
        let name: std::string::String = row.1.chars().enumerate().map(case).collect();
        let line = [before, &name, &after].concat();
        prop_assert_eq!(Features::from_line(line.as_bytes()), row.0, "{:?}", line);
    }

    #[test]
    fn features_survive_their_lines(bits: u64, before in "(211-)?( )?", upper: bool) {
        let mut features = Features::from_bits_truncate(bits);
        features.set(Features::MLSD, features.contains(Features::MLST));
        let line = |(_, line): (_, &str)| {
            let text = before.clone() + line;
            Features::from_line(if upper { text } else { text.to_lowercase() }.as_bytes())
        };
        prop_assert_eq!(features.lines().map(line).collect::<Features>(), features);
    }

    #[test]
    fn no_bytes_make_it_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..40),
        near in "(UTF8|MLST|HASH|MODE|X)( |;|Z|ON|LEVEL|size|[0-9]){0,6}",
    ) {
        for input in [&bytes[..], near.as_bytes()] {
            let _ = Features::from_line(input);
            if let Ok(argument) = OptsArgument::parse(input) {
                let mut out = ArrayVec::<u8, 256>::new();
                argument.encode(&mut out).unwrap();
                prop_assert_eq!(OptsArgument::parse(&out), Ok(argument));
            }
        }
    }
}

#[test]
fn a_line_prints_as_text() {
    let line = FeatureLine::new(b" MLST \x1bSize*;");
    assert_eq!(std::format!("{line:?}"), r#"FeatureLine { name: "MLST", parameters: "\u{1b}Size*;" }"#);
}
