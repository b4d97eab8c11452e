//! Names, sent and received.

use super::*;

#[test]
fn a_byte_255_in_a_name_is_doubled() {
    let mut rig = Rig::greeted();
    let name = [b'a', 0xff, b'b'];
    let mut operation = client::delete(Text::new(&name).unwrap());
    assert!(rig.run_for(&mut operation, 1, |_| ()).is_none());
    rig.run(&mut operation, |_| ()).done();
    assert_eq!(rig.commands(), ["DELE a\\xff\\xffb"]);
}

#[test]
fn what_ends_a_line_is_no_name() {
    for bad in ["a\r\nDELE b", "a\nb", "a\rb", "a\0b"] {
        assert!(Text::new(bad.as_bytes()).is_err());
    }
}

#[test]
fn a_byte_255_in_an_answer_is_undoubled() {
    let mut rig = Rig::greeted().on("PWD", [Raw(b"257 \"/a\xff\xffb\"\r\n".to_vec())]);
    let path = rig.run(&mut client::working_directory(), |path| path.unwrap().bytes().collect::<Vec<u8>>());
    assert_eq!(path, Outcome::Done(b"/a\xffb".to_vec()));
}

#[test]
fn a_name_that_begins_with_a_space_has_a_path_in_front() {
    let mut rig = Rig::greeted();
    rig.run(&mut client::delete(t(" a b")), |_| ()).done();
    rig.run(&mut client::rename(t("  a"), t(" b")), |()| ()).done();
    rig.run(&mut client::facts(Some(t(" f"))), |()| ()).done();
    transfer(&mut rig, client::retrieve(t(" f"), IMAGE, 0));
    transfer(&mut rig, client::store(t(" "), IMAGE, 0));
    let names = [
        "DELE ./ a b",
        "RNFR ./  a",
        "RNTO ./ b",
        "MLST ./ f",
        "TYPE I",
        "EPSV",
        "RETR ./ f",
        "EPSV",
        "STOR ./ ",
    ];
    assert_eq!(rig.commands(), names);
    // Names with a path in front, and what is no name at all, are sent as they are.
    rig.reset_counts();
    rig.run(&mut client::delete(t("/ a")), |_| ()).done();
    rig.run(&mut client::login(t(" me"), secret(" s"), None), |_| ()).done();
    assert_eq!(rig.commands(), ["DELE / a", "USER  me", "PASS  s"]);
}

#[test]
fn a_name_that_a_server_may_take_for_a_pattern_is_never_asked_for_by_list() {
    for name in ["a[1]", "a*", "a?"] {
        let mut rig = Rig::greeted().says("MLST", "502 no").says("SIZE", "550 no").says("MDTM", "550 no");
        let name = t(name);
        rig.run(&mut client::facts(Some(name)), |()| ()).refused();
        rig.run(&mut client::size(name), |_| ()).refused();
        rig.run(&mut client::modification_time(name), |_| ()).refused();
        assert!(rig.commands().iter().all(|command| !command.contains("LIST") && !command.contains("NLST")));
    }
}

#[test]
fn names_of_nlst_may_have_the_directory_in_front() {
    let mut parser = ListingParser::new([0; 100], Formats::NLST, Clock::UNKNOWN);
    let mut input = &b"a\r\n./b\r\ndir/c\r\n/x/dir/d e\r\n"[..];
    let mut names = Vec::new();
    while let Some(entry) = parser.next(&mut input) {
        names.push(entry.unwrap().file_name().to_string());
    }
    assert_eq!(names, ["a", "b", "c", "d e"]);
}

#[test]
fn a_name_of_a_listing_is_a_local_one_only_when_it_is_safe() {
    for name in [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "",
        "a\\b",
        "C:x",
        "C:\\x",
        "aux",
        "nul.txt",
        "COM1",
        "a\0b",
        "a\rb",
    ] {
        assert!(safe_name(name.as_bytes()).is_err(), "{name:?}");
    }
    for name in ["a b", "-rf", ".profile", "\u{fc}", "a\u{3b1}"] {
        assert_eq!(safe_name(name.as_bytes()), Ok(name.as_bytes()));
    }
}
