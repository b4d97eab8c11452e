//! Whole sessions, for one end or for both.

use ftp_proto::codec::{ReplyCode, Verb};
use ftp_proto_fuzz::client_end::{Ask, OTHERS};
use ftp_proto_fuzz::input::{Line, Said};

use crate::lines::{argument, line};
use crate::{Seeds, add};

/// Returns each operation, with a name.
fn asks() -> Vec<(String, Ask<'static>)> {
    [
        ("login-account", Ask::Login(b"me", b"secret", true)),
        ("retrieve", Ask::Retrieve(b"file", false, 0)),
        ("retrieve-ascii", Ask::Retrieve(b"file", true, 0)),
        ("retrieve-offset", Ask::Retrieve(b"file", false, 5)),
        ("retrieve-range", Ask::RetrieveRange(b"file", 2, 7)),
        ("restart-at", Ask::RestartAt(b"file", b"5", 5)),
        ("store", Ask::Store(b"file", false, 0)),
        ("store-ascii", Ask::Store(b"file", true, 0)),
        ("store-offset", Ask::Store(b"file", false, 5)),
        ("append", Ask::Append(b"file")),
        ("store-unique", Ask::StoreUnique(b"")),
        ("store-unique-name", Ask::StoreUnique(b"file")),
        ("list", Ask::List(b"")),
        ("list-path", Ask::List(b"dir")),
        ("names", Ask::Names(b"")),
        ("machine-list", Ask::MachineList(b"")),
        ("facts", Ask::Facts(b"file")),
        ("size", Ask::Size(b"file")),
        ("modification-time", Ask::ModificationTime(b"file")),
        ("working-directory", Ask::WorkingDirectory),
        ("features", Ask::Features),
        ("system", Ask::System),
        ("change-directory", Ask::ChangeDirectory(b"dir")),
        ("make-directory", Ask::MakeDirectory(b"dir")),
        ("remove-directory", Ask::RemoveDirectory(b"dir")),
        ("delete", Ask::Delete(b"file")),
        ("rename", Ask::Rename(b"file", b"other")),
        ("noop", Ask::Noop),
        ("raw", Ask::Raw(b"SITE HELP")),
        ("quit", Ask::Quit),
        ("secure", Ask::Secure),
        ("protect-data", Ask::ProtectData(true)),
        ("unprotect-data", Ask::ProtectData(false)),
        ("clear-command-channel", Ask::ClearCommandChannel),
    ]
    .into_iter()
    .map(|(name, ask)| (name.to_owned(), ask))
    .chain((0..OTHERS).map(|row| {
        // A path, or what the argument of that operation looks like.
        let one: &[u8] = match row {
            8 => b"UNIX.mode=0644; file",
            13 => b"CHMOD 644 file",
            21 => b"UTF8 ON",
            32 => b"LIST -la",
            33 => b"STOR file",
            _ => b"file",
        };
        let two: &[u8] =
            if (29..=31).contains(&row) { b"da39a3ee5e6b4b0d3255bfef95601890afd80709" } else { b"\x02\x0a" };
        (format!("other-{row}"), Ask::Other(row, one, two))
    }))
    .collect()
}

pub fn transfers_between_servers(seeds: &mut Seeds) {
    let fine = || vec![Said::Fine; 24];
    let row = |code| ReplyCode::ALL.iter().position(|it| *it == code).unwrap() as u8;
    let refused = Said::Line(row(ReplyCode::FILE_UNAVAILABLE), b"No");
    // How many commands each server grants before it refuses all that follow.
    for (name, source, target) in [("granted", 24, 24), ("source", 5, 24), ("target", 24, 5), ("both", 4, 6)]
    {
        for (form, secure, patience) in
            [("", false, None), ("-secure", true, None), ("-aborted", false, Some(30))]
        {
            let replies = |granted: usize| {
                let mut replies = fine();
                replies.truncate(granted);
                replies.resize(24, refused.clone());
                replies
            };
            add!(
                seeds,
                "fxp",
                &format!("{name}{form}"),
                Fxp {
                    cut: 30,
                    secure,
                    drops: false,
                    patience,
                    source: replies(source),
                    target: replies(target),
                    choices: b"\x02"
                }
            );
        }
    }
}

pub fn walks(seeds: &mut Seeds) {
    for (name, listings) in [
        ("unix", &b"drwxr-xr-x 2 me me 0 Jan 1 2024 a\n-rw-r--r-- 1 me me 5 Jan 1 2024 f\n\ndrwxr-xr-x 2 me me 0 Jan 1 2024 b\n\n"[..]),
        ("mlsd", b"Type=cdir; .\r\nType=dir; a\r\nType=dir; ../b\r\nType=file; f\r\n\n\n"),
        ("names", b"a/\n./b/\nroot/c/\n../d/\n"),
    ] {
        for (form, room, depth, directories) in [("", 1024, 8, 100), ("-narrow", 12, 8, 100), ("-flat", 1024, 1, 3)] {
            for root in [&b"root"[..], b"", b"/"] {
                let at = String::from_utf8_lossy(root).replace('/', "slash");
                add!(
                    seeds,
                    "walk",
                    &format!("{name}{form}-{at}"),
                    Walk { room, depth, directories, formats: u32::MAX, root, listings }
                );
            }
        }
    }
}

const LOGIN: Ask<'static> = Ask::Login(b"me", b"secret", false);

pub fn clients(seeds: &mut Seeds) {
    let fine = |count| vec![Said::Fine; count];
    let row = |code| ReplyCode::ALL.iter().position(|it| *it == code).unwrap() as u8;
    let (unavailable, unknown) = (row(ReplyCode::FILE_UNAVAILABLE), row(ReplyCode::NOT_IMPLEMENTED));
    for (name, ask) in asks() {
        // The server does all that it is asked to, or refuses it, or knows nothing. The operation
        // is repeated, since the client remembers.
        for (form, last) in [
            ("", Said::Fine),
            ("-refused", Said::Line(unavailable, b"No such file")),
            ("-unknown", Said::Lines(unknown, b"Unknown", b"command")),
        ] {
            let (asks, mut replies) = (vec![LOGIN, ask.clone(), ask.clone()], fine(2));
            replies.extend(vec![last; 16]);
            add!(
                seeds,
                "client",
                &format!("{name}{form}"),
                Client {
                    lenient: false,
                    surplus: false,
                    patience: None,
                    cut: 4,
                    greeted: true,
                    asks,
                    replies,
                    choices: b"\x02",
                }
            );
        }
    }
    let retrieve = || vec![LOGIN, Ask::Retrieve(b"file", false, 0), Ask::Noop];
    for (name, asks, replies) in [
        (
            "session-pasv",
            retrieve(),
            &[
                &b"220-Welcome\r\n220 Ready\r\n"[..],
                b"331 Password\r\n",
                b"230-Hello\r\n230 In\r\n",
                b"200 Type set\r\n",
                b"500 EPSV unknown\r\n",
                b"227 Passive (192,0,2,1,195,80)\r\n",
                b"150 Opening (10 bytes)\r\n226 Done\r\n",
                b"200 ok\r\n",
            ][..],
        ),
        (
            "session-cut",
            retrieve(),
            &[
                b"220 Ready\r\n",
                b"331 Password\r\n",
                b"230 In\r\n",
                b"200 ok\r\n",
                b"229 ok (|||50000|)\r\n",
                b"150 Opening\r\n426 Aborted\r\n",
                b"421 Bye\r\n",
            ],
        ),
        ("session-busy", vec![LOGIN], &[b"120 Ready in 5 minutes\r\n", b"421 Too many\r\n"]),
        ("session-noise", vec![LOGIN], &[b"SSH-2.0-OpenSSH\r\n", b"\xFF\xFB\x01220 ok\r\n", b"999 what\r\n"]),
        (
            "session-tls",
            vec![Ask::Secure, LOGIN, Ask::ProtectData(true), Ask::List(b"")],
            &[
                b"220 Ready\r\n",
                b"234 Go\r\n",
                b"331 Password\r\n",
                b"232 In\r\n",
                b"200 PBSZ=0\r\n",
                b"200 Private\r\n",
                b"229 ok (|||50000|)\r\n",
                b"150 Opening\r\n226 Done\r\n",
            ],
        ),
    ] {
        let replies: Vec<_> = replies.iter().map(|reply| Said::Raw(reply)).collect();
        add!(
            seeds,
            "client",
            name,
            Client {
                lenient: false,
                surplus: false,
                patience: None,
                cut: 9,
                greeted: false,
                asks,
                replies,
                choices: b"\x02",
            }
        );
    }
    // Each operation is dropped after a few steps, and the next begins.
    let ask = |index: usize| asks()[index % asks().len()].1.clone();
    for patience in [1, 2, 3, 5, 8] {
        let asks = [LOGIN].into_iter().chain((0..20).map(|at| ask(at * usize::from(patience)))).collect();
        add!(
            seeds,
            "client",
            &format!("dropped-after-{patience}"),
            Client {
                lenient: false,
                surplus: true,
                patience: Some(patience),
                cut: 0,
                greeted: true,
                asks,
                replies: fine(60),
                choices: b"\x01\x44\x02",
            }
        );
    }
}

pub fn servers(seeds: &mut Seeds) {
    let mut session = |name: &str, logged_in, eof, lines: &[&str], choices: &[u8]| {
        let lines: Vec<_> = lines.iter().map(|line| format!("{line}\r\n")).collect();
        let lines = lines.iter().map(|line| Line::Raw(line.as_bytes())).collect();
        add!(seeds, "server", name, Server { logged_in, eof, cut: 2, lines, choices });
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
}

pub fn pairs(seeds: &mut Seeds) {
    for (name, ask) in asks() {
        let asks = || vec![ask.clone(), Ask::Noop, ask.clone()];
        add!(seeds, "pair", &name, Pair { kind: true, cut: 20, asks: asks(), choices: b"\x02" });
        let asks = [LOGIN].into_iter().chain(asks()).collect();
        add!(
            seeds,
            "pair",
            &format!("{name}-odd"),
            Pair { kind: false, cut: 3, asks, choices: b"\x02\x01\x82\x00" }
        );
    }
    for (name, first) in [("clear", Ask::Noop), ("secure", Ask::Secure)] {
        let all = [first, LOGIN, Ask::ProtectData(true)].into_iter();
        let asks =
            |skip| all.clone().chain(asks().into_iter().skip(skip).map(|(_, ask)| ask).take(19)).collect();
        for skip in [1, 15] {
            add!(
                seeds,
                "pair",
                &format!("session-{name}-{skip}"),
                Pair { kind: true, cut: 255, asks: asks(skip), choices: b"\x04\x02" }
            );
        }
    }
}
