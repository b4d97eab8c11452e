//! Paths, before the host sees them.

use crate::conformance::lines;
use crate::support::server::{LOCAL, PEER, Rig, prompt};
use ftp_proto::codec::{ReplyCode, Verb};
use ftp_proto::server::{Session, VirtualPath};

#[test]
fn paths_are_resolved_before_the_host_sees_them() {
    let mut rig = Rig::logged_in();
    rig.host_mut().put_directory("/dir/sub");
    for (line, directory) in [
        ("CWD dir", "/dir"),
        ("CWD sub", "/dir/sub"),
        ("CWD ..", "/dir"),
        ("CDUP", "/"),
        ("CDUP", "/"),
        ("CWD /dir/sub/../sub/.", "/dir/sub"),
        ("CWD ../../../..", "/"),
        ("CWD //dir//sub/", "/dir/sub"),
        ("CWD /", "/"),
    ] {
        assert_eq!(rig.say(line), [250], "{line}");
        assert_eq!(rig.ask("PWD"), [format!("257 \"{directory}\"")], "{line}");
    }
    assert_eq!(rig.say("CWD none"), [550]);
    assert_eq!(rig.say("CWD file"), [550]);
    assert_eq!(rig.ask("PWD"), ["257 \"/\""]);
}

#[test]
fn a_quote_in_a_path_is_doubled() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.ask("MKD say \"hi\""), ["257 \"/say \"\"hi\"\"\""]);
    assert_eq!(rig.say("CWD say \"hi\""), [250]);
    assert_eq!(rig.ask("PWD"), ["257 \"/say \"\"hi\"\"\""]);
}

#[test]
fn names_may_hold_any_byte_but_those_that_end_lines() {
    let mut rig = Rig::logged_in();
    rig.send(b"MKD  lead \xff\xff tail \xe4\r\nPWD\r\n");
    assert_eq!(rig.output(), b"257 \"/ lead \xff\xff tail \xe4\"\r\n257 \"/\"\r\n");
    assert!(rig.host().contains(&b"/ lead \xff tail \xe4"[..]));
}

#[test]
fn a_path_too_long_for_its_storage_is_refused_and_the_session_goes_on() {
    for storage in [0, 1, 2, 3, 7, 40] {
        let mut rig = Rig::logged_in();
        let endpoints =
            ftp_proto::server::Endpoints { local: LOCAL.parse().unwrap(), peer: PEER.parse().unwrap() };
        *rig.parts().0 = Session::new(prompt(), endpoints, vec![0; storage]);
        rig.settle();
        assert_eq!(rig.codes(), [220]);
        for &verb in Verb::ALL {
            if verb == Verb::Quit {
                continue;
            }
            for line in lines(verb) {
                for code in rig.say(&line) {
                    assert!(verb.allows(ReplyCode::new(code).unwrap()), "{line}: {code}");
                }
                rig.say("USER u\r\nPASS secret");
            }
        }
    }
}

#[test]
fn a_name_too_long_for_a_new_file_is_553_whatever_the_command() {
    let long = "n".repeat(200);
    let mut rig = Rig::logged_in();
    let endpoints =
        ftp_proto::server::Endpoints { local: LOCAL.parse().unwrap(), peer: PEER.parse().unwrap() };
    let mut config = prompt();
    config.combines = true;
    *rig.parts().0 = Session::new(config, endpoints, vec![0; 100]);
    rig.settle();
    assert_eq!(rig.codes(), [220]);
    let mut rig = rig.login();
    for (line, codes) in [
        (format!("RNFR file\r\nRNTO {long}"), &[350, 553][..]),
        (format!("COMB {long} file"), &[553]),
        (format!("COMB \"{long}\" file"), &[553]),
    ] {
        assert_eq!(rig.say(&line), codes, "{line}");
    }
    rig.passive();
    assert_eq!(rig.ask(&format!("STOR {long}")), ["553 The path is too long."]);
}

#[test]
fn the_paths_of_a_session_move_to_other_storage_that_has_room_for_them() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.session().paths_in_use(), "/".len());
    rig.host_mut().put_directory("/dir/sub");
    assert_eq!(rig.say("CWD dir/sub"), [250]);
    assert_eq!(rig.session().paths_in_use(), "/dir/sub".len());
    assert_eq!(rig.say("RNFR ../../file"), [350]);
    let used = rig.session().paths_in_use();
    assert_eq!(used, "/dir/sub/file".len());

    let session = rig.parts().0;
    assert_eq!(session.replace_paths(vec![b'x'; used - 1]), Err(vec![b'x'; used - 1]), "too small");
    let before = session.replace_paths(vec![b'x'; used]).expect("there is room for all paths");
    assert!(before.starts_with(b"/dir/sub/file"));
    assert_eq!(rig.ask("PWD"), ["257 \"/dir/sub\""]);
    assert_eq!(rig.say("DELE a"), [550], "the new storage has no room for another path");

    rig.parts().0.replace_paths(vec![0; 100]).expect("there is room for all paths");
    assert_eq!(rig.say("RNFR /file\r\nRNTO b"), [350, 250]);
    assert!(rig.host().contains(b"/dir/sub/b"));
}

#[test]
fn a_virtual_path_has_components_and_the_last_is_its_file_name() {
    for (path, components, file_name) in [
        ("/", &[][..], None),
        ("/a", &["a"], Some("a")),
        ("/a/b c", &["a", "b c"], Some("b c")),
        ("/.../..a", &["...", "..a"], Some("..a")),
    ] {
        let path = VirtualPath::parse(path.as_bytes()).unwrap();
        assert!(path.components().eq(components.iter().map(|name| name.as_bytes())), "{path:?}");
        assert_eq!(path.file_name(), file_name.map(str::as_bytes), "{path:?}");
    }
    for path in ["", "a", "a/b", "//", "/a/", "/a//b", "/.", "/a/..", "/a/./b", "/a\n", "/a\0"] {
        assert!(VirtualPath::parse(path.as_bytes()).is_err(), "{path:?}");
    }
}
