//! Lines of the control connection, and the values in them.

use ftp_proto::codec::{Argument, ReplyCode, Verb};

use crate::{Seeds, add};

/// Returns an argument that the command accepts, or an empty one.
pub fn argument(verb: Verb) -> &'static str {
    match verb {
        Verb::Port => "192,0,2,2,156,64",
        Verb::Eprt => "|1|192.0.2.2|40000|",
        Verb::Lprt => "4,4,192,0,2,2,2,156,64",
        Verb::Epsv => "1",
        Verb::Type => "A N",
        Verb::Stru => "R",
        Verb::Mode => "B",
        Verb::Allo => "1024 R 80",
        Verb::Rest => "100",
        Verb::Rang => "10 19",
        Verb::Auth => "TLS",
        Verb::Pbsz => "0",
        Verb::Prot => "P",
        Verb::Adat | Verb::Mic | Verb::Conf | Verb::Enc => "bm90aGluZw==",
        Verb::Opts => "MLST Type;Size;Modify;",
        Verb::Lang => "en-GB",
        Verb::Mdtm | Verb::Mfmt | Verb::Mfct => "20240131235959 dir/file",
        Verb::Mff => "Modify=20240131235959;UNIX.mode=0644; dir/file",
        Verb::Site => "CHMOD 644 dir/file",
        Verb::Host => "ftp.example.com",
        Verb::Help => "RETR",
        _ => match verb.info().argument {
            Argument::None => "",
            _ => "dir/file",
        },
    }
}

/// Returns a line without its end.
pub fn line(verb: Verb, argument: &str) -> String {
    if argument.is_empty() { verb.as_str().to_owned() } else { format!("{} {argument}", verb.as_str()) }
}

pub fn commands(seeds: &mut Seeds) {
    for verb in Verb::ALL {
        seeds.add("command", verb.as_str(), line(*verb, argument(*verb)).into_bytes());
    }
    for (name, line) in [
        ("telnet", &b"\xFF\xF4\xFF\xF2ABOR"[..]),
        ("lower-case", b"retr name with  spaces "),
        ("bytes", b"STOR \x80\xFF\xC3\xA4"),
        ("unknown", b"XYZZY 1 2"),
        ("site-utime", b"SITE UTIME 20240131235959 name"),
        ("site-utime-three", b"SITE UTIME name 20240131235959 20240131235959 20240131235959 UTC"),
        ("epsv-all", b"EPSV ALL"),
        ("eprt-6", b"EPRT |2|2001:db8::1|40000|"),
        ("opts-utf8", b"OPTS UTF8 ON"),
        ("opts-hash", b"OPTS HASH SHA-256"),
        ("opts-mode-z", b"OPTS MODE Z LEVEL 9"),
        ("list-options", b"LIST -la dir"),
        ("opts-none", b"OPTS HASH"),
        ("epsv-none", b"EPSV"),
        ("sscn-on", b"SSCN ON"),
        ("sscn-off", b"SSCN OFF"),
        ("type-ebcdic", b"TYPE E C"),
        ("eprt-other", b"EPRT |3|x|1|"),
        ("comb-parts", b"COMB whole \"part 1\" part"),
        ("mfmt-no-path", b"MFMT 20240131235959 "),
        ("argument-missing", b"RETR"),
        ("argument-surplus", b"NOOP x"),
        ("site-pswd", b"SITE PSWD old new"),
        ("nothing", b""),
    ] {
        seeds.add("command", name, line.to_vec());
    }
}

pub fn replies(seeds: &mut Seeds) {
    for code in ReplyCode::ALL {
        let meaning = code.meaning().unwrap_or_default();
        for (form, bytes) in [
            ("line", format!("{code} {meaning}\r\n")),
            ("lines", format!("{code}-{meaning}\r\n and more\r\n{code}-of it\r\n{code} End\r\n")),
        ] {
            add!(
                seeds,
                "reply",
                &format!("{code}-{form}"),
                Reply { within: 0, lenient: false, bytes: bytes.as_bytes() }
            );
        }
    }
    for (name, within, lenient, bytes) in [
        ("pasv", 0, false, &b"227 Entering Passive Mode (192,0,2,1,195,80).\r\n"[..]),
        ("pasv-bare", 0, false, b"227 192,0,2,1,195,80\r\n"),
        ("epsv", 0, false, b"229 Entering Extended Passive Mode (|||50000|)\r\n"),
        ("epsv-other-delimiter", 0, false, b"229 Go (!!!50000!)\r\n"),
        ("lpsv", 0, false, b"228 Entering Long Passive Mode (4,4,192,0,2,1,2,195,80)\r\n"),
        ("protocols", 0, false, b"522 Network protocol not supported, use (1,2)\r\n"),
        ("opening", 0, false, b"150 Opening BINARY mode data connection for name (1234 bytes)\r\n"),
        ("unique", 0, false, b"150 FILE: name.1\r\n226 Done\r\n"),
        ("unique-in-words", 0, false, b"150 Opening (unique file name: name.1).\r\n"),
        ("marker", 0, false, b"110 MARK 12 = 34\r\n"),
        ("time", 0, false, b"213 Modify=20240131235959; name\r\n"),
        ("mlst-parts", 0, false, b"250-Facts\r\nType=file;Size=10;\r\nModify=20240131235959;\r\n name\r\n250 End\r\n"),
        ("mlst-inline", 0, false, b"250 Type=file;Size=10; name\r\n"),
        ("size", 0, false, b"213 1234\r\n"),
        ("directory", 0, false, b"257 \"/a \"\"quoted\"\" name\" is current\r\n"),
        ("mlst", 0, false, b"250-Listing name\r\n Type=file;Size=10;Modify=20240131235959;Perm=adfr; /name\r\n250 End\r\n"),
        ("feat", 0, false, b"211-Features:\r\n MDTM\r\n MLST Type*;Size*;Modify;Perm;UNIX.mode;\r\n SIZE\r\n REST STREAM\r\n UTF8\r\n EPSV\r\n AUTH TLS\r\n PBSZ\r\n PROT\r\n TVFS\r\n HASH SHA-256*;SHA-512;MD5\r\n LANG EN*;FR\r\n MODE Z\r\n RANG STREAM\r\n211 End\r\n"),
        ("hash", 0, false, b"213 SHA-256 0-10 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 name\r\n"),
        ("stat", 0, false, b"213-Status of dir:\r\n-rw-r--r-- 1 a b 10 Jan 31 23:59 213 name\r\n213 End\r\n"),
        ("middle", 211, false, b" in the middle\r\n211 End\r\n"),
        ("other-end", 0, true, b"230-Hello\r\n220 Other end\r\n"),
        ("no-text", 0, false, b"200\r\n"),
        ("no-end", 0, false, b"211-Cut off\r\n mid"),
        ("line-feed", 0, false, b"220-a\n220 b\n"),
    ] {
        add!(seeds, "reply", name, Reply { within, lenient, bytes });
    }
}

pub fn values(seeds: &mut Seeds) {
    // `which` is a row of the match in targets/values.rs.
    for (which, name, bytes) in [
        (0, "host-port", &b"192,0,2,2,156,64"[..]),
        (1, "extended-4", b"|1|192.0.2.2|40000|"),
        (1, "extended-6", b"|2|2001:db8::1|40000|"),
        (2, "long-4", b"4,4,192,0,2,2,2,156,64"),
        (2, "long-6", b"6,16,32,1,13,184,0,0,0,0,0,0,0,0,0,0,0,1,2,156,64"),
        (3, "epsv-2", b"2"),
        (3, "epsv-all", b"ALL"),
        (4, "epsv-reply", b"ok (|||50000|)"),
        (5, "pasv-reply", b"ok (192,0,2,1,195,80)"),
        (6, "time", b"20240229235960"),
        (6, "time-fraction", b"19991231235959.123456789"),
        (7, "type-ascii", b"A T"),
        (7, "type-local", b"L 36"),
        (8, "structure", b"P"),
        (9, "mode", b"Z"),
        (10, "allo", b"1024"),
        (10, "allo-record", b"1024 R 80"),
        (11, "range", b"0 18446744073709551615"),
        (12, "marker", b"12345"),
        (13, "pbsz", b"4294967295"),
        (14, "prot", b"E"),
        (15, "opts-mlst", b"MLST Type;Size;"),
        (15, "opts-hash", b"HASH SHA-512"),
        (15, "opts-utf8", b"UTF8 ON"),
        (16, "timed-path", b"20240131235959 a name"),
        (17, "mff", b"Create=20240131235959;Modify=20240131235959;UNIX.mode=0755; name"),
        (
            18,
            "facts",
            b"Type=OS.unix=slink:/x;Size=10;Modify=20240131235959.5;Perm=adfrw;Unique=8U1; a; name",
        ),
        (18, "facts-directory", b"type=cdir;Perm=cdeflmp;UNIX.mode=0755;UNIX.owner=root;UNIX.group=0; /"),
        (19, "fact-set", b"Type;Size;Modify;Perm;Unique;"),
        (20, "fact-choice", b"Type*;Size*;Modify;Perm;"),
        (21, "code", b"226"),
        (21, "feature", b" REST STREAM"),
        (22, "name", b"a \"name\""),
        (23, "path", b"../a/./b//c/.."),
        (22, "name-quoted", b"a \"quoted \"\" path\" in a text"),
        (22, "name-drive", b"c:x"),
        (22, "name-device", b"com1.txt"),
        (22, "name-dash", b"-x"),
        (26, "site-chmod", b"CHMOD 644 dir/file"),
        (26, "site-umask", b"UMASK 077"),
        (26, "site-umask-asked", b"UMASK"),
        (26, "site-idle", b"IDLE 60"),
        (26, "site-idle-asked", b"IDLE"),
        (26, "site-help", b"HELP CHMOD"),
        (26, "site-help-alone", b"HELP"),
        (26, "site-symlink", b"SYMLINK there here"),
        (26, "site-utime", b"UTIME 20240131235959 name"),
        (26, "site-utime-minutes", b"UTIME 202401312359 name"),
        (26, "site-utime-three", b"UTIME name 20240131235959 20240131235959 20240131235959 UTC"),
        (26, "site-other", b"WHO"),
    ] {
        add!(seeds, "values", name, Values { which, bytes, other: b"/base/dir" });
    }
    for (which, name, bytes, other) in [
        (24, "pattern", &b"*.[a-c]?"[..], &b"name.bx"[..]),
        (24, "pattern-not", b"[!a^]*", b"b"),
        (24, "pattern-plain", b"name", b"name"),
        (24, "pattern-dot", b".*", b".profile"),
        (24, "pattern-open", b"a[b", b"a[b"),
        (24, "pattern-slow", b"*a*a*a*a*a*b", b"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
        (24, "pattern-slash", b"*/[/]", b"a/b"),
        (25, "names", b"whole \"part 1\" \"part \"\"2\"\"\"", b""),
        (25, "names-open", b"\"part", b""),
        (27, "location", b"/pub", b"docs/2024"),
        (27, "location-root", b"/", b"docs"),
        (27, "location-quotes", b"/a \"b\"", b"c \"d\""),
        (27, "location-windows", b"C:\\pub\\", b"docs"),
        (27, "location-vms", b"DISK:[A.B]", b"C/D"),
        (27, "location-mvs", b"'HLQ.'", b"A/B"),
        (27, "location-none", b"HLQ", b"A"),
        (27, "location-told", b"/pub", b"\"/pub/\"\"docs\"\"\" is it"),
        (28, "times-unix", b"\0\0\0\0\x67\x30\x9d\x40", b"\x1d\xcd\x65\x00"),
        (28, "times-new", b"\xE8\x07\x02\x1D\x0C\x22\x38\x03", b"\x1d\xcd\x65\x00"),
        (28, "times-zone", b"20240229143400", b"20240229123456"),
        (28, "times-fraction", b"20240229143400.5", b"20240229143400.5"),
        (29, "code-226", b"\0\xE2", b"\x01\x08\x30"),
        (29, "code-631", b"\x02\x77", b""),
        (29, "code-none", b"\0\x09", b"\x05"),
        (30, "digest-crc32", b"352441c2", b"CRC32 0-10 352441c2 name"),
        (
            30,
            "digest-md5",
            b"d41d8cd98f00b204e9800998ecf8427e",
            b"SHA-1 0-9 da39a3ee5e6b4b0d3255bfef95601890afd80709 x",
        ),
        (30, "digest-short", b"41c2", b"250 41C2"),
        (31, "text", "gr\u{fc}n".as_bytes(), b"0123456789"),
        (31, "text-hidden", "a\u{202e}b\u{1}\u{7f}".as_bytes(), b"01"),
        (31, "text-secret", b"ADAT c2VjcmV0", b""),
        (31, "text-operation", b"RETR name", b""),
        (31, "text-data", b"LIST -la", b""),
        (31, "text-blank", b" ", b""),
    ] {
        add!(seeds, "values", name, Values { which, bytes, other });
    }
}
