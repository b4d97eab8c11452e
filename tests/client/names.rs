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
    rig.clear_records();
    rig.run(&mut client::delete(t("/ a")), |_| ()).done();
    rig.run(&mut client::login(t(" me"), secret(" s"), None), |_| ()).done();
    assert_eq!(rig.commands(), ["DELE / a", "USER  me", "PASS  s"]);
}

/// All names that a server can misread because of how they begin.
const MISREAD: [&str; 7] = [" a", "  ", "-rf", "~", "~root", "~/x", "- b"];

#[test]
fn no_command_lets_a_name_be_an_option_a_home_or_a_part_of_the_command() {
    let time = Timestamp::parse(b"20240101000000").unwrap();
    for name in MISREAD {
        let mut rig = Rig::greeted();
        let path = t(name);
        let mff = format!("UNIX.mode=0644; {name}");
        let mff = MffArgument::parse(mff.as_bytes()).unwrap();
        let answered = |outcome: Outcome<()>| {
            assert!(!matches!(outcome, Outcome::Error(_)), "{outcome:?}");
        };
        answered(unit(rig.run(&mut client::delete(path), |_| ())));
        answered(unit(rig.run(&mut client::remove_directory(path), |_| ())));
        answered(unit(rig.run(&mut client::make_directory(path), |_| ())));
        answered(unit(rig.run(&mut client::change_directory(path), |_| ())));
        answered(unit(rig.run(&mut client::rename(path, path), |()| ())));
        answered(unit(rig.run(&mut client::size(path), |_| ())));
        answered(unit(rig.run(&mut client::modification_time(path), |_| ())));
        answered(unit(rig.run(&mut client::set_modification_time(path, time), |_| ())));
        answered(unit(rig.run(&mut client::set_facts(mff), |_| ())));
        answered(unit(rig.run(&mut client::facts(Some(path)), |()| ())));
        answered(unit(rig.run(&mut client::status(Some(path)), |_| ())));
        answered(unit(rig.run(&mut client::chmod(path, 0o644), |_| ())));
        answered(unit(transfer(&mut rig, client::retrieve(path, IMAGE, 0))));
        answered(unit(transfer(&mut rig, client::store(path, IMAGE, 0))));
        answered(unit(transfer(&mut rig, client::append(path, IMAGE))));
        answered(unit(transfer(&mut rig, client::list(Some(path)))));
        answered(unit(transfer(&mut rig, client::names(Some(path)))));
        answered(unit(transfer(&mut rig, client::machine_list(Some(path)))));
        let with_name: Vec<String> = {
            let commands = rig.commands();
            commands.iter().filter(|command| command.ends_with(name)).map(ToString::to_string).collect()
        };
        assert!(with_name.len() >= 15, "{with_name:?}");
        for command in with_name {
            assert!(command.ends_with(&format!(" ./{name}")), "{command}");
        }
    }
}

#[test]
fn a_dot_path_is_not_sent_where_no_pathname_is_meant() {
    for argument in ["-x", "~x"] {
        let mut rig = Rig::greeted().says("HELP", "214 text").says("LANG", "200 done");
        rig.run(&mut client::help(Some(t(argument))), |_| ()).done();
        rig.run(&mut client::language(Some(t(argument))), |_| ()).done();
        assert_eq!(rig.commands(), [format!("HELP {argument}"), format!("LANG {argument}")]);
    }
}

#[test]
fn a_home_directory_is_meant_where_it_is_asked_for_and_nowhere_else() {
    for (user, command) in [("", "CWD ~"), ("bob", "CWD ~bob"), ("/docs", "CWD ~/docs")] {
        let mut rig = Rig::greeted();
        rig.run(&mut client::change_to_home(t(user)), |()| ()).done();
        assert_eq!(rig.commands(), [command]);
    }
    let mut rig = Rig::greeted().says("CWD", "550 no such user");
    rig.run(&mut client::change_to_home(t("bob")), |()| ()).refused();
}

#[test]
fn a_dot_path_is_not_sent_to_a_server_whose_paths_have_no_slashes() {
    for (pwd, sent) in [
        ("257 \"/\"", "DELE ./~x"),
        ("257 \"/home/me\" is here", "DELE ./~x"),
        ("257 \"DISK:[ME]\"", "DELE ~x"),
        ("257 \"'HLQ.'\" is the working directory", "DELE ~x"),
        ("550 no", "DELE ./~x"),
    ] {
        let mut rig = Rig::greeted().says("PWD", pwd);
        let _ = rig.run(&mut client::working_directory(), |_| ());
        rig.run(&mut client::delete(t("~x")), |_| ()).done();
        assert_eq!(rig.commands(), ["PWD", sent], "{pwd}");
    }
}

#[test]
fn what_ls_or_a_matcher_of_patterns_could_take_apart_is_entered_and_not_an_argument() {
    for safe in ["", "a", "/pub/a-b.c_d", "a/-b", "gr\u{fc}n", "a+b,c=d:e@f%20^"] {
        assert!(!must_be_entered(safe.as_bytes()), "{safe}");
    }
    for unsafe_path in [
        "a b", " a", "-a", "~", "~a", "a*", "a?", "[a", "{a,b}", "a$b", "a`b", "a;b", "a&b", "a|b", "a<b",
        "a>b", "a(b", "a'b", "a\"b", "a\\b", "a!b", "a#b", "/x/a b", "a~b", "a\tb",
    ] {
        assert!(must_be_entered(unsafe_path.as_bytes()), "{unsafe_path}");
    }
}

proptest! {
    #[test]
    fn the_path_of_a_listed_name_is_never_misread(directory in "(|/|a|/a b|a/|\\./-x)", name in "[-~ a*.]{1,6}") {
        let path = join(directory.as_bytes(), name.as_bytes());
        prop_assert!(!needs_dot_path(&path));
        prop_assert!(path.ends_with(name.as_bytes()));
        // The path in front is the directory, and never another one.
        let front = &path[..path.len() - name.len()];
        prop_assert!(front.starts_with(directory.as_bytes()));
        prop_assert!([&b""[..], b"/", b"./"].contains(&&front[directory.len()..]));
    }
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
