//! Sessions of both ends, transfers between servers, and walks.

use ftp_proto::codec::ReplyCode;
use ftp_proto_fuzz::answers::KNOWN;
use ftp_proto_fuzz::asks::Ask;
use ftp_proto_fuzz::input::Said;
use ftp_proto_fuzz::settings;

use crate::dialogues::{LOGIN, asks};
use crate::{Seeds, add};

pub fn pairs(seeds: &mut Seeds) {
    for (name, ask) in asks() {
        let asks = || vec![ask.clone(), Ask::Noop, ask.clone()];
        add!(
            seeds,
            "pair",
            &name,
            Pair { client: 0, server: 0, kind: true, cut: 20, asks: asks(), choices: b"\x02" }
        );
        let asks = [LOGIN].into_iter().chain(asks()).collect();
        add!(
            seeds,
            "pair",
            &format!("{name}-odd"),
            Pair { client: 0, server: 0, kind: false, cut: 3, asks, choices: b"\x02\x01\x82\x00" }
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
                Pair { client: 0, server: 0, kind: true, cut: 255, asks: asks(skip), choices: b"\x04\x02" }
            );
        }
    }
    // Each setting of either end.
    for (name, asks) in [
        (
            "files",
            vec![
                Ask::Retrieve(b"file", false, 0),
                Ask::Store(b"file", true, 0),
                Ask::List(b"-la"),
                Ask::Other(41, b"file", b""),
            ],
        ),
        (
            "secure",
            vec![
                Ask::Secure,
                LOGIN,
                Ask::ProtectData(true),
                Ask::Store(b"file", false, 0),
                Ask::Retrieve(b"file", false, 0),
            ],
        ),
        (
            "others",
            vec![
                Ask::Other(9, b"file", b""),
                Ask::Other(11, b"dir", b""),
                Ask::Other(37, b"file", b""),
                Ask::Size(b"file"),
            ],
        ),
    ] {
        for bit in 0..settings::CLIENT_BITS + settings::SERVER_BITS {
            let number = 1_u64 << bit;
            let (client, server) = (
                number as u32 & ((1 << settings::CLIENT_BITS) - 1),
                (number >> settings::CLIENT_BITS) as u32,
            );
            let (kind, asks) = (bit % 2 == 0, asks.clone());
            add!(
                seeds,
                "pair",
                &format!("set-{bit}-{name}"),
                Pair { client, server, kind, cut: 20, asks, choices: b"\x02\x08\x30" }
            );
        }
    }
}

pub fn transfers_between_servers(seeds: &mut Seeds) {
    let fine = || vec![Said::Fine; 24];
    let row = |code| ReplyCode::ALL.iter().position(|it| *it == code).unwrap() as u8;
    let refused = Said::Line(row(ReplyCode::FILE_UNAVAILABLE), b"No");
    // The number of commands that each server grants before it refuses all others.
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
                    config: 0,
                    cut: 30,
                    secure,
                    drops: false,
                    ascii: source != target,
                    offset: target as u16 % 5,
                    asks: vec![],
                    patience,
                    source: replies(source),
                    target: replies(target),
                    choices: b"\x02"
                }
            );
        }
    }
    // Each answer that servers are known for, at one place of either server, after something else.
    let before = [
        vec![],
        vec![Ask::Features, Ask::ProtectData(true)],
        vec![Ask::Other(45, b"file", b""), Ask::Other(2, b"", b"\x03")],
        vec![Ask::Features, Ask::ProtectData(true), Ask::Noop, Ask::ProtectData(false)],
    ];
    for row in 0..KNOWN.len() as u8 {
        for (number, asks) in before.iter().enumerate().skip(usize::from(row) / 2 % 2).step_by(2) {
            let secure = number % 2 == 1;
            let place = usize::from(row) % 6 + if secure { 7 } else { 3 };
            let known = || {
                let mut replies = fine();
                replies[place] = Said::Known(row);
                replies
            };
            let (source, target) = if row % 2 == 0 { (known(), fine()) } else { (fine(), known()) };
            add!(
                seeds,
                "fxp",
                &format!("known-{row}-{number}"),
                Fxp {
                    config: 0,
                    cut: 30,
                    secure,
                    drops: row % 5 == 0,
                    ascii: false,
                    offset: u16::from(row % 3),
                    asks: asks.clone(),
                    patience: (row % 4 == 0).then_some(4 + row / 4),
                    source,
                    target,
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
