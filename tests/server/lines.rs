//! Lines, good and bad.

use crate::support::server::{End, Rig};
use ftp_proto::server::Config;
use ftp_proto::testing::Pieces as Chunks;

#[test]
fn commands_in_one_packet_are_answered_in_order() {
    let mut rig = Rig::new();
    assert_eq!(
        rig.say("USER me\r\nPASS secret\r\nPWD\r\nNONE\r\nTYPE I\r\nSIZE file\r\nQUIT\r\nNOOP"),
        [331, 230, 257, 500, 200, 213, 221]
    );
    assert_eq!(rig.end(), Some(End::Close));
}

#[test]
fn a_blank_line_gets_no_reply() {
    let mut rig = Rig::logged_in();
    rig.send(b"\r\n\n\r\nNOOP\n");
    assert_eq!(rig.codes(), [200]);
}

#[test]
fn any_number_of_blank_lines_is_skipped() {
    let mut config = Config::default();
    config.limits.line = 4_000_000;
    let mut rig = Rig::with(config).login();
    let mut lines = vec![b'\n'; 4_000_002];
    lines.extend(b"NOOP\r\n");
    rig.send(&lines);
    assert_eq!(rig.codes(), [200]);
}

#[test]
fn a_window_full_of_blank_lines_does_not_stop_the_reading() {
    let mut rig = Rig::logged_in();
    let mut lines = vec![b'\n'; 2048 - 3];
    lines.extend(b"NOOP\r\n");
    rig.send(&lines);
    assert_eq!(rig.codes(), [200]);
}

#[test]
fn an_over_long_line_gets_one_500_and_its_tail_is_never_parsed() {
    for split in [&[usize::MAX][..], &[1], &[2047, 1], &[2048], &[3, 500]] {
        let mut rig = Rig::logged_in();
        rig.set_pieces(Chunks::of(split));
        let mut line = b"STOR ".to_vec();
        for _ in 0..700 {
            line.extend(b"DELE /file ");
        }
        line.extend(b"\rDELE /file\r\nNOOP\r\n");
        rig.send(&line);
        assert_eq!(rig.codes(), [500, 200], "{split:?}");
        assert!(rig.host().requests().is_empty());
    }
}

#[test]
fn a_line_of_the_greatest_length_is_one() {
    let mut rig = Rig::logged_in();
    let name = "n".repeat(2046 - 4);
    assert_eq!(rig.say(&format!("MKD {name}")), [257]);
    assert_eq!(rig.say(&format!("MKD {name}n")), [500]);
}

#[test]
fn a_nul_makes_a_line_no_command() {
    let mut rig = Rig::logged_in();
    rig.send(b"DELE /file\0.txt\r\n\0\0\r\nNOOP\r\n");
    assert_eq!(rig.codes(), [500, 500, 200]);
    assert!(rig.host().requests().is_empty());
}

#[test]
fn another_protocol_is_shown_the_door() {
    for request in ["GET / HTTP/1.1", "POST /x HTTP/1.0", "EHLO mail.example", "CONNECT a:1 HTTP/1.1"] {
        for login in [true, false] {
            let mut rig = if login { Rig::logged_in() } else { Rig::new() };
            assert_eq!(rig.say(&format!("{request}\r\nUSER me\r\nDELE /file")), [421], "{request}");
            assert_eq!(rig.end(), Some(End::Close));
        }
    }
}

#[test]
fn too_many_bad_commands_in_a_row_end_the_session() {
    let mut rig = Rig::logged_in();
    for _ in 0..19 {
        assert_eq!(rig.say("NONE"), [500]);
    }
    assert_eq!(rig.say("NOOP"), [200]);
    for _ in 0..19 {
        assert_eq!(rig.say("NONE"), [500]);
    }
    assert_eq!(rig.say("NONE\r\nNOOP"), [421]);
    assert_eq!(rig.end(), Some(End::Close));
}

#[test]
fn a_command_that_is_known_is_no_bad_command() {
    let mut rig = Rig::logged_in();
    for _ in 0..50 {
        assert_eq!(rig.say("XCRC file"), [502]);
    }
}

#[test]
fn input_is_not_echoed() {
    let mut rig = Rig::logged_in();
    for line in ["EVIL x", "RETR evil", "SITE evil", "HELP evil", "TYPE evil", "OPTS evil", "USER evil"] {
        let reply = rig.ask(line).join("\n").to_lowercase();
        assert!(!reply.contains("evil"), "{reply}");
    }
}
