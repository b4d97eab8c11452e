//! Sessions of a server with a client that says anything.

use ftp_proto::codec::Verb;
use ftp_proto_fuzz::input::Line;
use ftp_proto_fuzz::settings;

use crate::lines::{argument, line};
use crate::{Seeds, add};

pub fn servers(seeds: &mut Seeds) {
    let mut session = |name: &str, logged_in, eof, lines: &[&str], choices: &[u8]| {
        let lines: Vec<_> = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let lines = lines.iter().map(|line| Line::Raw(line.as_bytes())).collect();
        add!(
            seeds,
            "server",
            name,
            Server { config: 0, v6: false, slow: false, bare: true, logged_in, eof, cut: 2, lines, choices }
        );
    };
    for verb in Verb::ALL {
        let line = line(*verb, argument(*verb));
        // Some commands need one before them, and those of transfers need a data connection.
        let before: &[&str] = match verb {
            Verb::Rnto => &["RNFR old"],
            Verb::Pass => &["REIN", "USER me"],
            Verb::Ccc => &["AUTH TLS", "USER me", "PASS x"],
            Verb::Prot => &["AUTH TLS", "PBSZ 0"],
            Verb::Rang => &["TYPE I"],
            _ if verb.info().data.is_some() => &["EPSV"],
            _ => &[],
        };
        let lines: Vec<_> = before.iter().copied().chain([&line[..]]).collect();
        session(verb.as_str(), true, false, &lines, b"\x01");
        session(&format!("{}-refused", verb.as_str()), true, true, &lines, b"\x01\x01\x01\x81\x82\x83");
    }
    for (name, lines) in [
        (
            "session-active",
            &["TYPE I", "PORT 192,0,2,2,156,64", "STOR a", "EPRT |1|192.0.2.2|40000|", "RETR a"][..],
        ),
        ("session-passive", &["PASV", "LIST -la", "EPSV", "MLSD", "LPSV", "NLST"]),
        (
            "session-modes",
            &["MODE B", "STRU R", "EPSV", "RETR a", "MODE C", "EPSV", "STOR b", "MODE Z", "EPSV", "RETR a"],
        ),
        (
            "session-restart",
            &["TYPE I", "EPSV", "REST 5", "RETR a", "EPSV", "REST 2", "STOR a", "RANG 1 3", "EPSV", "RETR a"],
        ),
        ("session-abort", &["EPSV", "RETR a", "ABOR", "STAT", "EPSV", "ABOR", "NOOP"]),
        (
            "session-features",
            &[
                "FEAT",
                "OPTS MLST Type;",
                "OPTS UTF8 ON",
                "OPTS HASH MD5",
                "HASH a",
                "LANG",
                "HELP",
                "SITE HELP",
                "STAT a",
            ],
        ),
        (
            "session-tls",
            &[
                "AUTH TLS", "USER me", "PASS x", "PBSZ 0", "PROT P", "EPSV", "LIST", "PROT C", "CCC", "NOOP",
                "QUIT",
            ],
        ),
        (
            "session-errors",
            &[
                "",
                "X",
                "TYPE Q",
                "RETR",
                "PORT 1,2",
                "PORT 198,51,100,1,1,1",
                "RNTO b",
                "RNFR a",
                "NOOP",
                "RNTO b",
            ],
        ),
        ("session-quit-during", &["EPSV", "RETR a", "QUIT", "NOOP"]),
    ] {
        session(name, true, true, lines, b"\x00\x02");
        session(&format!("{name}-odd"), true, false, lines, b"\x01\x77\x33\x55\x02");
    }
    session(
        "session-login",
        false,
        true,
        &["USER me", "PASS x", "ACCT y", "REIN", "HOST a", "USER me", "PASS x", "PWD"],
        b"\x01",
    );
    session(
        "session-login-refused",
        false,
        true,
        &["PASS x", "USER me", "PASS x", "USER me", "PASS y", "LIST"],
        b"\x01\x80",
    );
    let text = |lines: &[&str]| -> Vec<Vec<u8>> {
        lines.iter().map(|line| format!("{line}\r\n").into_bytes()).collect()
    };
    // Each setting, with much of what it may concern.
    let sessions: [(&str, &[&str]); 8] = [
        (
            "active",
            &[
                "TYPE I",
                "PORT 192,0,2,2,156,64",
                "STOR a",
                "EPRT |1|192.0.2.2|40000|",
                "RETR a",
                "EPRT |2|2001:db8::2|40000|",
                "LIST",
            ],
        ),
        (
            "passive",
            &[
                "PASV",
                "LIST -laR",
                "EPSV",
                "MLSD",
                "LPSV",
                "NLST *.x",
                "EPSV ALL",
                "PASV",
                "EPSV 2",
                "EPSV 1",
            ],
        ),
        (
            "lists",
            &[
                "EPSV",
                "LIST -a *",
                "EPSV",
                "NLST dir/[m]*",
                "STAT",
                "STAT dir",
                "STAT -la .",
                "MLST dir",
                "EPSV",
                "LIST -R dir",
            ],
        ),
        (
            "tls",
            &[
                "AUTH TLS", "USER me", "PASS x", "PBSZ 0", "PROT P", "EPSV", "STOR a", "EPSV", "RETR a",
                "PROT C", "CCC", "REIN", "USER me",
            ],
        ),
        (
            "files",
            &[
                "SIZE a",
                "MDTM a",
                "MDTM 20240131235959 a",
                "MFMT 20240131235959 a",
                "MFF Modify=20240131235959;UNIX.mode=0644; a",
                "SITE CHMOD 644 a",
                "SITE UTIME 20240131235959 a",
                "SITE SYMLINK there here",
                "HASH a",
                "XCRC a",
                "XSHA256 a",
                "COMB a b \"c d\"",
                "AVBL",
                "RNFR a",
                "NOOP",
                "RNTO b",
                "MKD d",
                "RMD d",
                "DELE a",
            ],
        ),
        (
            "odd",
            &[
                "ACCT x",
                "HELP",
                "HELP RETR",
                "HELP SITE",
                "HELP XX",
                "SITE UMASK 077",
                "SITE UMASK 1000",
                "SITE UMASK",
                "SITE IDLE 60",
                "SITE IDLE",
                "SITE HELP",
                "SITE WHO",
                "ALLO 100",
                "EPSV",
                "STOU",
                "EPSV",
                "APPE a",
                "CLNT me",
                "CSID me",
                "OPTS HASH SHA-1",
                "OPTS UTF8 OFF",
                "OPTS MODE Z LEVEL 3",
                "LANG xx",
                "GET / HTTP/1.1",
            ],
        ),
        (
            "mix",
            &[
                "TYPE A",
                "STRU R",
                "MODE B",
                "REST 5",
                "EPSV",
                "RETR a",
                "MODE Z",
                "REST marker",
                "TYPE I",
                "STRU F",
                "REST 5",
                "EPSV",
                "STOR a",
                "RANG 2 5",
                "EPSV",
                "RETR a",
                "RANG 1 0",
                "TYPE L 36",
                "STRU P",
            ],
        ),
        (
            "bad",
            &[
                "X",
                "",
                "RETR",
                "NOOP x",
                "PORT 1,2",
                "LPRT 6,16,0",
                "LPRT 9,1,0,2,0,0",
                "PROT X",
                "TYPE Q",
                "USER",
                "PASS",
                "QUIT",
            ],
        ),
    ];
    for (name, lines) in sessions {
        let lines = text(lines);
        for bit in 0..=settings::SERVER_BITS {
            let config = if bit == 0 { 0 } else { 1 << (bit - 1) };
            let choices: &[u8] =
                [&b"\x02"[..], b"\x00\x0A\x48\x13", b"\x6A\x24\x07", b"\x56\x03\x68"][bit as usize % 4];
            let mut lines: Vec<_> = lines.iter().flat_map(|line| [Line::Raw(line), Line::Pause]).collect();
            lines.push(Line::Owner(3));
            add!(
                seeds,
                "server",
                &format!("set-{bit}-{name}"),
                Server {
                    config,
                    v6: bit == 3,
                    slow: bit == 5,
                    bare: bit == 0,
                    logged_in: true,
                    eof: bit % 2 == 0,
                    cut: 2,
                    lines,
                    choices
                }
            );
        }
    }
    // A transfer that goes on, and a host that thinks, while other things happen.
    let (passive, store, retrieve, abort, status, quit) = (
        &b"EPSV\r\n"[..],
        &b"STOR a\r\n"[..],
        &b"RETR a\r\n"[..],
        &b"ABOR\r\n"[..],
        &b"STAT\r\n"[..],
        &b"QUIT\r\n"[..],
    );
    for (transfer, command) in [
        ("store", store),
        ("retrieve", retrieve),
        ("list", b"LIST\r\n"),
        ("stat", b"STAT dir\r\n"),
        ("hash", b"HASH a\r\n"),
        ("unique", b"STOU\r\n"),
    ] {
        for (name, then) in [
            ("abort", &[Line::Raw(abort), Line::Pause][..]),
            ("status", &[Line::Raw(status), Line::Pause, Line::Pause]),
            ("stalls", &[Line::Silence(0), Line::Silence(0), Line::Silence(0)]),
            ("slow", &[Line::Silence(20), Line::Pause, Line::Silence(20), Line::Pause, Line::Silence(30)]),
            ("quit", &[Line::Raw(quit)]),
            ("binary", &[Line::Raw(b"X\0\r\n"), Line::Pause]),
            ("long", &[Line::Raw(&[b'x'; 400]), Line::Raw(b"\r\n"), Line::Pause]),
            ("synch", &[Line::Raw(b"\xFF\xF4\xFF\xF2ABOR\r\n"), Line::Pause]),
            ("drained", &[Line::Owner(0), Line::Pause]),
            ("closed", &[Line::Owner(1), Line::Pause]),
            ("moved", &[Line::Owner(0xFE), Line::Owner(2), Line::Owner(3), Line::Pause]),
            ("ended", &[]),
        ] {
            for (form, config, slow, choices) in [
                ("host", 0, false, &b"\x50\x02"[..]),
                ("data", 0, false, b"\x02\x66\x63"),
                ("rate", 1 << 19, true, b"\x02\x60\x00\x71"),
            ] {
                let lines: Vec<_> =
                    [passive, command].into_iter().flat_map(|line| [Line::Raw(line), Line::Pause]).collect();
                let lines = lines.into_iter().take(3).chain(then.iter().cloned()).collect();
                add!(
                    seeds,
                    "server",
                    &format!("during-{transfer}-{name}-{form}"),
                    Server {
                        config,
                        v6: false,
                        slow,
                        bare: false,
                        logged_in: true,
                        eof: true,
                        cut: 2,
                        lines,
                        choices
                    }
                );
            }
        }
    }
    // Each refusal, of anything that a logged-in client may ask for, and of a login.
    for refusal in 0..15_u8 {
        let answer = (0x80..0xFF).find(|answer| answer % 15 == refusal).unwrap();
        for (name, lines) in
            sessions.iter().filter(|(name, _)| matches!(*name, "passive" | "lists" | "files" | "odd"))
        {
            let lines = text(lines);
            let lines = lines.iter().flat_map(|line| [Line::Raw(line), Line::Pause]).collect();
            let choices: Vec<_> = [2, 2].into_iter().chain([answer; 60]).collect();
            add!(
                seeds,
                "server",
                &format!("refused-{refusal}-{name}"),
                Server {
                    config: 0,
                    v6: false,
                    slow: false,
                    bare: false,
                    logged_in: true,
                    eof: true,
                    cut: 2,
                    lines,
                    choices: &choices
                }
            );
        }
        let login = text(&[
            "HOST a",
            "USER ftp",
            "PASS x",
            "ACCT y",
            "USER Anonymous",
            "PASS x",
            "USER x",
            "PASS z",
            "ACCT w",
            "PWD",
        ]);
        let lines: Vec<_> = login.iter().flat_map(|line| [Line::Raw(line), Line::Silence(1)]).collect();
        for (form, config) in [("", 0), ("-delayed", 1 << 9), ("-few", 1 << 20)] {
            let (lines, choices) = (lines.clone(), &[2, answer, answer, 0x8E, answer, 2][..]);
            add!(
                seeds,
                "server",
                &format!("refused-{refusal}-login{form}"),
                Server {
                    config,
                    v6: false,
                    slow: false,
                    bare: false,
                    logged_in: false,
                    eof: true,
                    cut: 2,
                    lines,
                    choices
                }
            );
        }
    }
    // Ways in which TLS and the data connection end.
    let (_, tls) = sessions[3];
    for outcome in (0x70..=0x78).chain([0x33, 0x44, 0x0E, 0x0A, 0x0C, 0x55, 0x62, 0x6E]) {
        for (form, lines, choices) in [
            ("tls", text(&tls[3..]), vec![2, outcome]),
            ("tls-later", text(&tls[3..]), vec![2, 2, outcome, 2]),
            ("certificate", text(tls), vec![0x78, 2, outcome]),
            ("active", text(sessions[0].1), vec![outcome, 2]),
            ("passive", text(sessions[1].1), vec![2, 2, outcome]),
        ] {
            let first = [&b"AUTH TLS\r\n"[..], b"USER me\r\n", b"PASS x\r\n"].map(Line::Raw);
            let lines = first.into_iter().take(if form == "tls" { 3 } else { 0 }).chain(
                lines.iter().flat_map(|line| {
                    [
                        Line::Raw(line),
                        Line::Pause,
                        if form == "passive" { Line::Silence(1) } else { Line::Pause },
                    ]
                }),
            );
            let (lines, v6) = (lines.collect(), form == "passive" && outcome == 0x33);
            add!(
                seeds,
                "server",
                &format!("outcome-{outcome}-{form}"),
                Server {
                    config: 0,
                    v6,
                    slow: false,
                    bare: false,
                    logged_in: false,
                    eof: true,
                    cut: 2,
                    lines,
                    choices: &choices
                }
            );
        }
    }
    // Arguments that are too long for their storage, and those that few clients send.
    let long = "x".repeat(240);
    let quotes = "\"".repeat(240);
    let lines = |command: &str, name: &str| format!("{command} {name}\r\n").into_bytes();
    let deep = ["CWD", "CWD", "CWD", "MKD", "MLST", "STAT", "STOU", "PWD"];
    for (name, argument) in [("long", &long), ("quotes", &quotes)] {
        let deep: Vec<_> = deep.iter().map(|command| lines(command, argument)).collect();
        let lines = deep.iter().map(|line| Line::Raw(line)).collect();
        add!(
            seeds,
            "server",
            &format!("deep-{name}"),
            Server {
                config: 0,
                v6: false,
                slow: false,
                bare: true,
                logged_in: true,
                eof: true,
                cut: 99,
                lines,
                choices: b"\x02"
            }
        );
    }
    let user = lines("USER", &long);
    let lines = vec![Line::Owner(2), Line::Raw(&user), Line::Raw(b"PASS x\r\n"), Line::Raw(b"ACCT y\r\n")];
    add!(
        seeds,
        "server",
        "deep-user",
        Server {
            config: 0,
            v6: false,
            slow: false,
            bare: false,
            logged_in: false,
            eof: true,
            cut: 99,
            lines,
            choices: b"\x02"
        }
    );
    let rare = text(&[
        "XCRC \"a b\" 0 10",
        "XMD5 \"a\" 5",
        "XSHA1 a",
        "XSHA512 \"a\" 5 x",
        "MFF Type=file; a",
        "MFF Modify=x; a",
        "MFF a",
        "COMB a",
        "STAT -R",
        "MLSD",
        "EPSV",
        "MLSD a",
        "SITE UTIME x",
        "RNFR a",
        "STAT a",
        "RNTO b",
        "RNFR a",
        "CWD b",
        "RNTO b",
        "REST 9",
        "EPSV",
        "RETR a",
        "RANG 5 9",
        "EPSV",
        "RETR a",
        "EPSV",
        "STAT x",
        "EPRT |2|::1|5|",
        "ABOR",
        "MIC x",
        "ENC x",
        "ADAT x",
        "AUTH SSL",
        "LPRT 4,4,192,0,2,2,2,156,64",
    ]);
    for (number, choices) in [&b"\x02"[..], b"\x00", b"\x0C\x05"].into_iter().enumerate() {
        for v6 in [false, true] {
            let lines = rare.iter().map(|line| Line::Raw(line)).collect();
            add!(
                seeds,
                "server",
                &format!("rare-{number}-{v6}"),
                Server {
                    config: 1 << 11,
                    v6,
                    slow: false,
                    bare: true,
                    logged_in: true,
                    eof: true,
                    cut: 2,
                    lines,
                    choices
                }
            );
        }
    }
}
