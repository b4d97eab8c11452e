//! How answers to questions are read.

use super::*;

#[test]
fn sizes_are_read_as_servers_write_them() {
    for (reply, size) in [
        ("213 51", Some(51)),
        ("213 file: 213, Size =51", Some(51)),
        ("213 5555, comment", Some(5555)),
        ("213 18446744073709551615", Some(u64::MAX)),
        ("213 18446744073709551616", None),
        ("213 none", None),
        ("250 51", Some(51)),
    ] {
        let mut rig = Rig::greeted().says("SIZE", reply);
        let read = rig.run(&mut client::size(t("f")), |size| size.ok()).done();
        assert_eq!(read, size, "{reply}");
        assert_eq!(rig.commands(), ["TYPE I", "SIZE f"]);
        assert_eq!(rig.round_trips, 1);
    }
    let mut rig = Rig::greeted().says("SIZE", "550 no");
    assert_eq!(rig.run(&mut client::size(t("f")), |_| ()).refused(), 550);
}

#[test]
fn times_are_read_and_not_guessed() {
    for (reply, good) in [
        ("213 20240229123456", true),
        ("213 20240229123456.789", true),
        ("213 191240229123456", true),
        ("213 19124022912345", false),
        ("213 Feb 29 2024", false),
    ] {
        let mut rig = Rig::greeted().says("MDTM", reply);
        let read = rig.run(&mut client::modification_time(t("f")), |time| time.is_ok()).done();
        assert_eq!(read, good, "{reply}");
    }
}

#[test]
fn directories_are_read_as_servers_write_them() {
    for (reply, directory) in [
        ("257 \"/a b\" is current", "/a b"),
        ("257 \"/a\"\"b\"", "/a\"b"),
        ("257 you are in \"/a\"", "/a"),
        ("257 \"/a", "/a"),
        ("257 /a", "/a"),
        ("250 \"/a\"", "/a"),
        ("257 \"DISK:[A.B]\"", "DISK:[A.B]"),
        ("257 \"C:\\\"", "C:\\"),
        ("257 \"'HLQ.'\"", "'HLQ.'"),
    ] {
        let mut rig = Rig::greeted().says("PWD", reply);
        let read = rig
            .run(&mut client::working_directory(), |path| path.map(|path| path.bytes().collect::<Vec<u8>>()));
        assert_eq!(read.done().unwrap(), directory.as_bytes(), "{reply}");
    }
    let mut rig = Rig::greeted().says("PWD", "257 \"/a\u{7}b\"");
    assert!(rig.run(&mut client::working_directory(), |path| path.is_err()).done());
    let mut rig = Rig::greeted().says("MKD", "257 made");
    rig.run(&mut client::make_directory(t("d")), |_| ()).done();
}

#[test]
fn any_2yz_grants_a_simple_command() {
    for code in ["200 x", "202 x", "213 x", "226 x", "250 x", "257 x"] {
        for mut operation in [
            client::change_directory(t("d")),
            client::change_to_parent(),
            client::remove_directory(t("d")),
            client::delete(t("d")),
            client::noop(),
        ] {
            let mut rig = Rig::greeted();
            for verb in ["CWD", "CDUP", "RMD", "DELE", "NOOP"] {
                rig = rig.says(verb, code);
            }
            rig.run(&mut operation, |_| ()).done();
        }
    }
}

#[test]
fn features_are_read_as_servers_write_them() {
    for (reply, features) in [
        ("211-x\r\n MDTM\r\n SIZE\r\n211 end", Features::MDTM | Features::SIZE),
        ("211-x\r\nmdtm\r\nSize\r\n211 end", Features::MDTM | Features::SIZE),
        ("211-x\r\n211-MDTM\r\n211-SIZE\r\n211 end", Features::MDTM | Features::SIZE),
        ("211 no features", Features::empty()),
    ] {
        let mut rig = Rig::greeted().says("FEAT", reply);
        assert_eq!(rig.run(&mut client::features(), |features| features), Outcome::Done(features), "{reply}");
    }
    for reply in ["500 what", "502 no", "530 later"] {
        let mut rig = Rig::greeted().says("FEAT", reply);
        assert!(matches!(rig.run(&mut client::features(), |_| ()), Outcome::Refused { .. }));
        in_step(&mut rig);
    }
}

#[test]
fn facts_stand_on_the_middle_line() {
    for reply in ["250-f\r\n type=file;size=3; f\r\n250 end", "250-f\r\ntype=file;size=3; f\r\n250 end"] {
        let mut rig = Rig::greeted().says("MLST", reply);
        let mut operation = client::facts(Some(t("f")));
        let mut found = None;
        loop {
            // A driver of its own: the lines are what counts here.
            let polled = operation.poll(&mut rig.client, rig.now, &mut rig.rx, &mut rig.tx).unwrap();
            match polled {
                Action::Event(client::Event::Line(line)) => {
                    found = found.or(FactsAnswer::parse(&line).map(|facts| facts.unwrap().size.is_some()));
                }
                Action::Event(client::Event::Done(())) => break,
                Action::Wait(_) => {
                    rig.tx.sent(100);
                    rig.rx.extend(reply.as_bytes());
                    rig.rx.extend(b"\r\n");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(found, Some(true), "{reply:?}");
    }
}

#[test]
fn a_rename_is_two_commands() {
    let mut rig = Rig::greeted();
    rig.run(&mut client::rename(t("a"), t("b")), |()| ()).done();
    assert_eq!(rig.commands(), ["RNFR a", "RNTO b"]);
    let mut rig = Rig::greeted().says("RNFR", "550 none");
    assert_eq!(rig.run(&mut client::rename(t("a"), t("b")), |()| ()).refused(), 550);
    assert_eq!(rig.commands(), ["RNFR a"]);
    let mut rig = Rig::greeted().says("RNTO", "553 no");
    assert_eq!(rig.run(&mut client::rename(t("a"), t("b")), |()| ()).refused(), 553);
    in_step(&mut rig);
}

#[test]
fn a_raw_command_is_sent_as_it_is() {
    let mut rig = Rig::greeted().says("FROB", "299 frobbed").says("ASK", "350 more");
    for (verb, code) in [("FROB", 299), ("ASK", 350)] {
        let command = Command::Unknown { verb: verb.as_bytes(), argument: Some(t("x y")) };
        let mut operation = client::raw(command);
        assert_eq!(rig.run(&mut operation, |line| line.code.get()), Outcome::Done(code));
    }
    assert_eq!(rig.commands(), ["FROB x y", "ASK x y"]);
}

#[test]
fn a_raw_command_that_no_table_knows_is_no_greeting() {
    let mut rig = Rig::greeted().on("FROB", []);
    let mut operation = client::raw(Command::Unknown { verb: b"FROB", argument: None });
    assert_eq!(rig.run(&mut operation, |_| ()), peer_error(PeerError::TimedOut(Awaited::Reply)));
    let mut rig = Rig::greeted().says("FROB", "nonsense");
    let mut operation = client::raw(Command::Unknown { verb: b"FROB", argument: None });
    assert_eq!(rig.run(&mut operation, |_| ()), peer_error(PeerError::MalformedReply));
}
