//! Dialogues of a client with a server that says anything.

use ftp_proto::codec::ReplyCode;
use ftp_proto_fuzz::answers::KNOWN;
use ftp_proto_fuzz::asks::{Ask, OTHERS};
use ftp_proto_fuzz::input::Said;
use ftp_proto_fuzz::settings;

use crate::{Seeds, add};

/// Returns each operation, with a name.
pub fn asks() -> Vec<(String, Ask<'static>)> {
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

pub const LOGIN: Ask<'static> = Ask::Login(b"me", b"secret", false);

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
                    config: 0,
                    profile: 0,
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
                config: 0,
                profile: 0,
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
                config: 0,
                profile: 0,
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
    let main = [
        ("retrieve", Ask::Retrieve(b"file", false, 0)),
        ("offset", Ask::Retrieve(b"file", false, 5)),
        ("store", Ask::Store(b"file", false, 0)),
        ("list", Ask::List(b"")),
        ("machine-list", Ask::MachineList(b"")),
        ("series", Ask::Other(41, b"file", b"")),
        ("abort", Ask::Other(37, b"file", b"")),
        ("abort-store", Ask::Other(43, b"file", b"")),
        ("size", Ask::Size(b"file")),
        ("rename", Ask::Rename(b"a", b"b")),
        ("secure", Ask::Secure),
        ("protect", Ask::ProtectData(true)),
        ("range", Ask::RetrieveRange(b"file", 2, 7)),
        ("unique", Ask::StoreUnique(b"")),
        ("time", Ask::Other(6, b"file", b"\x02\x0a")),
        ("hash", Ask::Other(27, b"file", b"\x02\x0a")),
    ];
    // Each setting, and each thing that may be known of a server, with what it may concern.
    for (place, (name, ask)) in main.iter().enumerate() {
        let settings = (0..settings::CLIENT_BITS).map(|bit| (1 << bit, 0));
        let known = (0..15).map(|bit| (0, 1 << bit));
        // The half of all pairs are enough.
        for (number, (config, profile)) in settings.chain(known).enumerate().skip(place % 2).step_by(2) {
            add!(
                seeds,
                "client",
                &format!("set-{number}-{name}"),
                Client {
                    config,
                    profile,
                    lenient: false,
                    surplus: false,
                    patience: None,
                    cut: 4,
                    greeted: true,
                    asks: vec![LOGIN, ask.clone(), ask.clone(), Ask::Quit],
                    replies: fine(30),
                    choices: b"\x02\x30\x11",
                }
            );
        }
    }
    // Each answer that servers are known for, at each of a few places.
    for row in 0..KNOWN.len() as u8 {
        for (number, (_, ask)) in main.iter().enumerate().skip(usize::from(row) % 4).step_by(4) {
            let place = 2 + (usize::from(row) + number) % 5;
            let mut replies = fine(place);
            replies.extend([Said::Known(row), Said::Fine, Said::Known(row)]);
            replies.extend(fine(12));
            // Half of them with TLS, a few with settings that go together.
            let asks = vec![LOGIN, ask.clone(), ask.clone(), Ask::Other(4, b"", b""), ask.clone()];
            let config = [0, 1 << 6, 1 << 8 | 1 << 10, 1 << 10][number / 4 % 4];
            add!(
                seeds,
                "client",
                &format!("known-{row}-{number}"),
                Client {
                    config,
                    profile: 0,
                    lenient: row % 7 == 0,
                    surplus: row % 3 == 0,
                    patience: None,
                    cut: 4,
                    greeted: row % 11 != 0,
                    asks,
                    replies,
                    choices: b"\x02\x30\x11\x61",
                }
            );
        }
    }
    // Ways in which a data connection or a handshake ends.
    for outcome in (0x70..=0x78).chain([0x00, 0x05, 0x33, 0x44, 0x45, 0x51, 0x60, 0x63]) {
        for (number, (name, ask)) in main.iter().enumerate() {
            for (form, first) in [("clear", Ask::Noop), ("secure", Ask::Secure)] {
                if (form == "clear") == ((number + usize::from(outcome)) % 2 == 0) {
                    continue;
                }
                let choices = if number % 3 == 0 { vec![outcome] } else { vec![0x02, 0x02, outcome] };
                let asks = vec![first, LOGIN, ask.clone(), ask.clone(), Ask::Noop];
                // Passive, active, or what the number has it.
                let config = [0, 1 << 6, 1 << 7][outcome as usize % 3] | u32::from(outcome == 0x45) << 8;
                add!(
                    seeds,
                    "client",
                    &format!("outcome-{outcome}-{name}-{form}"),
                    Client {
                        config,
                        profile: 0,
                        lenient: false,
                        surplus: false,
                        patience: (outcome == 0x60).then_some(12),
                        cut: 4,
                        greeted: true,
                        asks,
                        replies: fine(24),
                        choices: &choices,
                    }
                );
            }
        }
    }
    // Verification by each means that a server may offer.
    let sha1: &[u8] = b"da39a3ee5e6b4b0d3255bfef95601890afd80709";
    for (name, digest) in [
        ("sha1", sha1),
        ("md5", b"d41d8cd98f00b204e9800998ecf8427e"),
        ("crc32", b"00000000"),
        ("sha256", b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("size", b"\0\x14"),
        ("other-size", b"\0\x16"),
    ] {
        for (row, answer) in KNOWN.iter().enumerate().filter(|(_, answer)| answer.starts_with("211")) {
            for (number, last) in
                [Said::Fine, Said::Line(unknown, b"No"), Said::Line(unavailable, b"No")].iter().enumerate()
            {
                let mut replies = fine(2);
                replies.extend([Said::Known(row as u8), Said::Fine, last.clone(), last.clone(), Said::Fine]);
                replies.extend(fine(6));
                let asks =
                    vec![LOGIN, Ask::Features, Ask::Other(29, b"file", digest), Ask::Other(9, b"file", b"")];
                let greeted = !answer.is_empty();
                add!(
                    seeds,
                    "client",
                    &format!("verified-{name}-{row}-{number}"),
                    Client {
                        config: 0,
                        profile: 0,
                        lenient: false,
                        surplus: false,
                        patience: None,
                        cut: 4,
                        greeted,
                        asks,
                        replies,
                        choices: b"\x02",
                    }
                );
            }
        }
    }
}
