use super::*;
use arrayvec::ArrayVec;
use proptest::prelude::*;
use std::vec::Vec;

fn quote(path: &[u8]) -> Vec<u8> {
    let mut out = ArrayVec::<u8, 256>::new();
    encode_quoted(Text::new(path).unwrap(), &mut out).unwrap();
    out.to_vec()
}

fn path_in(text: &[u8]) -> Result<Vec<u8>, Invalid> {
    Quoted::parse(text).map(|quoted| quoted.bytes().collect())
}

#[test]
fn what_is_quoted_in_257_is_the_path() {
    let table: &[(&[u8], &[u8])] = &[
        (br#""/usr/dm/pathname" directory created"#, b"/usr/dm/pathname"),
        (br#""/usr/dm/foo""bar" directory created"#, br#"/usr/dm/foo"bar"#),
        (br#""/""" "#, br#"/""#),
        (br#""""" is it"#, br#"""#),
        (br#""""a""""#, br#""a""#),
        (br#""""#, b""),
        (br#""" is the current directory"#, b""),
        (br#"Current directory is "/home" now, not "/""#, b"/home"),
        (b"/home is the current directory", b"/home"),
        (b"  /home", b"/home"),
        (b"DISK:[A.B]", b"DISK:[A.B]"),
        (br#""DISK:[A.B]" is current"#, b"DISK:[A.B]"),
        (br#""C:\dir with space\" is current"#, br"C:\dir with space\"),
        (br#""'HLQ.'" is the working directory name prefix."#, b"'HLQ.'"),
        (b"\"/gr\xc3\xbc\xff\xfe\" ok", b"/gr\xc3\xbc\xff\xfe"),
        (b"\"/ lead and trail \"", b"/ lead and trail "),
    ];
    for &(text, path) in table {
        assert_eq!(path_in(text).as_deref(), Ok(path), "{}", text.escape_ascii());
        assert_eq!(path_in(&quote(path)).as_deref(), Ok(path), "the inverse");
        let quoted = Quoted::parse(text).unwrap();
        let mut again = ArrayVec::<u8, 256>::new();
        quoted.encode(&mut again).unwrap();
        assert_eq!(again.as_slice(), quote(path));
        assert_eq!(quoted.as_plain(), (!path.contains(&b'"')).then_some(path));
    }
    assert_eq!(quote(br#"/usr/dm/foo"bar"#), br#""/usr/dm/foo""bar""#);
}

#[test]
fn a_257_cut_anywhere_inside_its_quotes_is_refused() {
    for text in [&br#""/pub/photos" is current"#[..], br#"is "/a""b""c" now"#, br#""""#, br#""/pub""""""#] {
        let opening = text.iter().position(|byte| *byte == b'"').unwrap();
        let path = path_in(text).unwrap();
        let closing = opening + quote(&path).len() - 1;
        for end in opening + 1..=closing {
            // Truncated between two quotes, the path looks whole; only the length of its line shows
            // that it is not.
            if text[..end].last() == Some(&b'"') && end > opening + 1 && text[end] == b'"' {
                continue;
            }
            assert!(path_in(&text[..end]).is_err(), "{}", text[..end].escape_ascii());
        }
        assert_eq!(path_in(&text[..=closing]).as_ref(), Ok(&path));
    }
}

#[test]
fn control_bytes_in_a_257_path_and_blank_texts_are_refused() {
    for bad in [&b""[..], b"   ", b"\"/a\x1b[2J\"", b"\"/a\tb\"", b"\"\x7f\"", b"/a\0", b"\"/a\r\n\""] {
        assert!(path_in(bad).is_err(), "{}", bad.escape_ascii());
    }
    assert!(path_in(b"\x1b[2J \"/a\" \x07").is_ok(), "outside of the path they are only text");
}

#[test]
fn a_quoted_path_is_copied_where_it_fits() {
    let quoted = Quoted::parse(br#""/a""b""#).unwrap();
    let mut out = [0; 4];
    assert_eq!(quoted.copy_to(&mut out), Ok(4));
    assert_eq!(&out, br#"/a"b"#);
    assert_eq!(quoted.copy_to(&mut [0; 3]), Err(Full));
    #[cfg(feature = "alloc")]
    assert_eq!(quoted.to_vec(), br#"/a"b"#);
}

fn resolved(base: &[u8], argument: &[u8]) -> Result<Vec<u8>, ResolveError> {
    let mut out = [0; 64];
    resolve(base, argument, &mut out).map(|len| out[..len].to_vec())
}

#[test]
fn every_path_resolves_to_one_beneath_the_root() {
    let table: &[(&str, &str, &str)] = &[
        ("/", "", "/"),
        ("/", "/", "/"),
        ("/", ".", "/"),
        ("/", "..", "/"),
        ("/", "../../..", "/"),
        ("/", "../../etc/passwd", "/etc/passwd"),
        ("/a/b", "", "/a/b"),
        ("/a/b", "c", "/a/b/c"),
        ("/a/b", "c/", "/a/b/c"),
        ("/a/b", "./c//d/.", "/a/b/c/d"),
        ("/a/b", "..", "/a"),
        ("/a/b", "../..", "/"),
        ("/a/b", "../../../../x", "/x"),
        ("/a/b", "/", "/"),
        ("/a/b", "/x/../y", "/y"),
        ("/a/b", "//x///y//", "/x/y"),
        ("/a/b", "/../x", "/x"),
        ("/a", "...", "/a/..."),
        ("/a", "..b", "/a/..b"),
        ("/a", ".. ", "/a/.. "),
        ("/a", " ", "/a/ "),
        ("/a", "..\\..\\x", "/a/..\\..\\x"),
        ("/a", "~root", "/a/~root"),
        ("a/../b/", "c", "/b/c"),
        ("", "", "/"),
        ("../..", "..", "/"),
    ];
    for &(base, argument, path) in table {
        let result = resolved(base.as_bytes(), argument.as_bytes());
        assert_eq!(result.as_deref(), Ok(path.as_bytes()), "{base} + {argument}");
    }
    assert_eq!(resolved(b"/", b"\xff\xfe").as_deref(), Ok(&b"/\xff\xfe"[..]));
}

#[test]
fn what_ends_a_line_or_overflows_the_storage_does_not_resolve() {
    for bad in [&b"a\nb"[..], b"a\rb", b"\0", b"/x\n/../y"] {
        assert_eq!(resolved(b"/", bad), Err(ResolveError::Forbidden));
    }
    assert_eq!(resolve(b"/", b"abc", &mut [0; 3]), Err(ResolveError::TooLong));
    assert_eq!(resolve(b"/", b"abc", &mut [0; 4]), Ok(4));
    assert_eq!(resolve(b"/", b"", &mut []), Err(ResolveError::TooLong));
    assert_eq!(resolve(b"/full", b"../x", &mut [0; 5]), Ok(2));
}

#[test]
fn a_path_has_a_parent_and_a_name() {
    for (path, up, name) in [("/", "/", None), ("/a", "/", Some("a")), ("/a/b", "/a", Some("b"))] {
        assert_eq!(parent(path.as_bytes()), up.as_bytes());
        assert_eq!(file_name(path.as_bytes()), name.map(str::as_bytes));
    }
    assert_eq!((parent(b""), file_name(b"")), (&b"/"[..], None));
    assert_eq!(file_name(b"plain"), Some(&b"plain"[..]));
}

#[test]
fn only_a_plain_name_is_a_safe_name() {
    use UnsafeName::*;
    let table: &[(&[u8], UnsafeName)] = &[
        (b"", Empty),
        (b".", Directory),
        (b"..", Directory),
        (b"../x", Separator),
        (b"/etc/passwd", Separator),
        (b"a/b", Separator),
        (b"..\\x", Backslash),
        (b"\\\\host\\share", Backslash),
        (b"c:\\x", Backslash),
        (b"a\0b", Control),
        (b"a\nb", Control),
        (b"\x1b]0;x\x07", Control),
        (b"a\x7f", Control),
        (b"c:", Drive),
        (b"C:x", Drive),
        (b"x.txt:hidden", Stream),
        (b"12:30.log", Stream),
        (b"1:x", Stream),
        (b"CON", Device),
        (b"nul", Device),
        (b"Nul.tar.gz", Device),
        (b"aux.c", Device),
        (b"PRN ", Device),
        (b"con .txt", Device),
        (b"COM1", Device),
        (b"com9.x", Device),
        (b"LPT\xc2\xb9", Device),
        (b"nul:", Device),
        (b"CONOUT$", Device),
        (b"x.", Trailing),
        (b"x ", Trailing),
        (b"...", Trailing),
        (b" ", Trailing),
    ];
    for &(name, reason) in table {
        assert_eq!(safe_name(name), Err(reason), "{}", name.escape_ascii());
        let on_unix = if reason.only_on_windows() { Ok(name) } else { Err(reason) };
        assert_eq!(safe_name_on_unix(name), on_unix, "{}", name.escape_ascii());
    }
    for good in [
        &b"x"[..],
        b".bashrc",
        b"-rf",
        b"..x",
        b"a b",
        b" lead",
        b"console",
        b"COM",
        b"COM10",
        b"LPT",
        b"xcon",
        b"nulls.txt",
        b"gr\xc3\xbc",
        b"\xff",
        b"a\"b",
        b"x.con",
    ] {
        assert_eq!(safe_name(good), Ok(good), "{}", good.escape_ascii());
    }
}

proptest! {
    #[test]
    fn a_quoted_path_is_read_back(path in r#"["a/\\ \u{e9}]{0,40}"#, before in "[a-z ]{0,5}") {
        let mut text = before.into_bytes();
        text.extend_from_slice(&quote(path.as_bytes()));
        text.extend_from_slice(b" is \"it\"");
        prop_assert_eq!(path_in(&text), Ok(path.into_bytes()));
    }

    #[test]
    fn a_resolved_path_is_normal_and_stays_as_it_is(base in "[./a\u{ff}]{0,24}", argument in "[./b\\\\]{0,24}") {
        let path = resolved(base.as_bytes(), argument.as_bytes()).unwrap();
        prop_assert!(path.starts_with(b"/"));
        prop_assert!(path.len() == 1 || !path.ends_with(b"/"));
        if path.len() > 1 {
            prop_assert!(path[1..].split(|&b| b == b'/').all(|name| !matches!(name, b"" | b"." | b"..")));
        }
        prop_assert_eq!(resolved(b"/", &path), Ok(path.clone()));
        prop_assert_eq!(resolved(&path, b""), Ok(path.clone()));
        prop_assert_eq!(resolved(&path, b".."), Ok(parent(&path).to_vec()));
        if let Some(name) = file_name(&path) {
            prop_assert_eq!(resolved(parent(&path), name), Ok(path.clone()));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(a in proptest::collection::vec(any::<u8>(), 0..40), b: Vec<u8>, room in 0usize..40) {
        let mut out = std::vec![0; room];
        if let Ok(quoted) = Quoted::parse(&a) {
            let _ = quoted.copy_to(&mut out);
            prop_assert!(quoted.bytes().count() <= quoted.raw().len());
        }
        let _ = resolve(&a, &b, &mut out);
        let _ = (parent(&a), file_name(&a));
        if let Ok(name) = safe_name(&a) {
            prop_assert_eq!(resolved(b"/", name).map(|p| p[1..].to_vec()), Ok(name.to_vec()));
        }
    }
}
