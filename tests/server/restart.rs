//! RNFR and RNTO, REST.

use crate::support::server::Rig;

#[test]
fn rnto_comes_right_after_rnfr_or_not_at_all() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("RNTO x"), [503]);
    for between in ["SYST", "NONE", "NOOP x", "CWD none", "TYPE Q", "RNTO", "PWD", "\u{1}"] {
        let code = rig.say(&format!("RNFR file\r\n{between}\r\nRNTO x"));
        assert_eq!(code.len(), 3, "{between}");
        assert_eq!((code[0], code[2]), (350, 503), "{between}");
    }
    assert_eq!(rig.say("RNFR none"), [550]);
    assert_eq!(rig.say("RNTO x"), [503]);
    assert_eq!(rig.say("RNFR file\r\nRNFR dir\r\nRNTO moved"), [350, 350, 250]);
    assert!(rig.host().contains(&b"/moved"[..]));
    assert!(rig.host().file("/file").is_some());
    assert_eq!(rig.say("RNTO again"), [503]);
}

#[test]
fn noop_and_stat_may_come_between_rnfr_and_rnto() {
    let mut rig = Rig::logged_in();
    rig.host_mut().put_directory("/dir/inner");
    for (between, code) in [
        ("NOOP", 200),
        ("STAT", 211),
        ("STAT dir", 212),
        ("STAT dir/inner", 212),
        ("STAT none", 550),
        ("noop ", 200),
    ] {
        let mut codes = rig.say(&format!("RNFR file\r\n{between}"));
        codes.extend(rig.say("NOOP\r\nRNTO x"));
        assert_eq!(codes, [350, code, 200, 250], "{between}");
        assert_eq!(rig.host().file("/x"), Some(&b"content"[..]), "{between}");
        assert_eq!(rig.say("RNFR x\r\nRNTO file"), [350, 250]);
    }
}

#[test]
fn a_download_restarts_where_rest_says_once() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("TYPE I\r\nREST 3"), [200, 350]);
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
    assert_eq!(rig.download(), b"tent");
    assert_eq!(rig.codes(), [226]);
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
    assert_eq!(rig.download(), b"content");
}

#[test]
fn an_upload_restarts_where_rest_says() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("TYPE I\r\nREST 3"), [200, 350]);
    rig.passive();
    assert_eq!(rig.say("STOR /file"), [150]);
    rig.upload(b"cert");
    assert_eq!(rig.codes(), [226]);
    assert_eq!(rig.host().file("/file").unwrap(), b"concert");
}

#[test]
fn a_restart_that_cannot_be_is_refused() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("TYPE I\r\nREST 8\r\nRETR /file"), [200, 350, 554]);
    rig.passive();
    assert_eq!(rig.say("TYPE I\r\nREST 3\r\nAPPE /file"), [200, 350, 450]);
    assert_eq!(rig.say("REST 18446744073709551615\r\nREST 18446744073709551616"), [350, 501]);
}

#[test]
fn an_upload_begins_only_where_the_offset_names_a_byte_of_the_stored_file_and_goes_to_its_end() {
    for (setup, transfer, hint) in [
        ("TYPE A\r\nREST 3", "STOR", "TYPE I or MODE B"),
        ("TYPE A T\r\nREST 3", "STOR", "TYPE I or MODE B"),
        ("TYPE I\r\nSTRU R\r\nREST 3", "STOR", "STRU F or MODE B"),
        ("TYPE I\r\nRANG 1 2", "STOR", "RANG is not supported for STOR; use REST"),
        ("TYPE I\r\nRANG 1 2", "APPE", "RETR and HASH only"),
        ("TYPE I\r\nRANG 1 2", "STOU", "RETR and HASH only"),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        let before = rig.host().file("/file").map(<[u8]>::to_vec);
        rig.say(setup);
        let replies = rig.ask(&format!("{transfer} /file"));
        assert!(replies[0].starts_with("504 ") && replies[0].contains(hint), "{setup}: {replies:?}");
        assert_eq!(rig.host().file("/file").map(<[u8]>::to_vec), before, "{setup}");
        // It is forgotten with the command: the whole file is next.
        rig.say("TYPE I\r\nSTRU F");
        assert_eq!(rig.say("STOR /file"), [150], "{setup}");
        rig.upload(b"whole");
        assert_eq!(rig.codes(), [226]);
        assert_eq!(rig.host().file("/file").unwrap(), b"whole", "{setup}");
    }
}

#[test]
fn a_restart_of_text_is_refused_where_no_line_end_could_bring_the_stream_that_far() {
    // Seven bytes, which are fourteen as text at most.
    for (offset, code) in [(0, 150), (7, 150), (14, 150), (15, 554), (u64::MAX, 554)] {
        let mut rig = Rig::logged_in();
        rig.passive();
        assert_eq!(rig.say(&format!("TYPE A\r\nREST {offset}\r\nRETR /file")), [200, 350, code], "{offset}");
        assert_eq!(rig.session().is_transferring(), code == 150, "{offset}");
    }
}
