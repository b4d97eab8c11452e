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
    ] {
        let mut rig = Rig::greeted().says("SIZE", reply);
        let read = rig.run(&mut client::size(t("f")), |size| size.ok()).done();
        assert_eq!(read, size, "{reply}");
        assert_eq!(rig.commands(), ["TYPE I", "SIZE f"]);
        assert_eq!(rig.round_trips, 2);
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
        ("213 191000229123456", true),
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
fn a_2yz_of_no_other_command_grants_a_simple_command() {
    for code in ["200 x", "202 x", "250 x"] {
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

/// Polls MLST by a driver of its own, for the lines are what counts: the entry as a listing shows it.
fn entry_of(reply: &'static str, room: usize) -> Option<Result<(String, Option<u64>), ()>> {
    let mut rig = Rig::greeted();
    let mut operation = client::facts(Some(t("f")));
    let mut reader = FactsReader::new(vec![0; room]);
    let mut found = None;
    loop {
        match operation.poll(&mut rig.client, rig.now, &mut rig.rx, &mut rig.tx).unwrap() {
            Action::Event(client::Event::Line(line)) => {
                let entry = reader.line(&line);
                assert!(entry.is_none() || found.is_none(), "one entry");
                found = found.or(entry
                    .map(|entry| entry.map(|entry| (entry.name.to_string(), entry.size)).map_err(|_| ())));
            }
            Action::Event(client::Event::Done(())) => return found,
            // Before the command goes, there is nothing to answer.
            Action::Wait(wait) if !wait.writable => {}
            Action::Wait(_) => {
                rig.tx.sent(100);
                rig.rx.extend(reply.as_bytes());
                rig.rx.extend(b"\r\n");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn facts_stand_on_the_middle_line_indented_or_not() {
    for reply in [
        "250-f\r\n type=file;size=3; f\r\n250 end",
        "250-f\r\ntype=file;size=3; f\r\n250 end",
        "250-f\r\n    type=file;size=3; f\r\n250 end",
        "250-f\r\n250-type=file;size=3; f\r\n250 end",
        "250-f\r\n\r\n type=file;size=3; f\r\n250 end",
    ] {
        assert_eq!(entry_of(reply, 0), Some(Ok(("f".to_owned(), Some(3)))), "{reply:?}");
    }
    assert_eq!(entry_of("250-f\r\n250 end", 0), None);
    assert_eq!(entry_of("250 end", 0), None);
    assert_eq!(entry_of("250-f\r\nnonsense\r\n250 end", 0), Some(Err(())));
}

#[test]
fn facts_may_be_split_over_lines() {
    for reply in [
        "250-f\r\n type=file;\r\n size=3; a f\r\n250 end",
        "250-f\r\n type=file; \r\n size=3; a f\r\n250 end",
        "250-f\r\n type=file;\r\n modify=20240101120000;\r\n size=3;\r\n a f\r\n250 end",
        "250-f\r\n250-type=file;size=3;\r\n250- a f\r\n250 end",
        "250-f\r\ntype=file;size=3;\r\na f\r\n250 end",
    ] {
        assert_eq!(entry_of(reply, 100), Some(Ok(("a f".to_owned(), Some(3)))), "{reply:?}");
        assert_eq!(entry_of(reply, 12), Some(Err(())), "{reply:?}: storage that does not hold them");
    }
}

#[test]
fn of_several_entries_the_first_is_that_of_the_path() {
    let reply = "250-d\r\n type=cdir;size=1; /d\r\n type=file;size=2; /d/a\r\n250 end";
    assert_eq!(entry_of(reply, 100), Some(Ok(("/d".to_owned(), Some(1)))));
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
        let command = Command::unknown(t(verb), Some(t("x y"))).unwrap();
        let mut operation = client::raw(command);
        assert_eq!(rig.run(&mut operation, |line| line.code.get()), Outcome::Done(code));
    }
    assert_eq!(rig.commands(), ["FROB x y", "ASK x y"]);
}

#[test]
fn a_raw_command_that_no_table_knows_is_no_greeting() {
    let mut rig = Rig::greeted().on("FROB", []);
    let mut operation = client::raw(Command::unknown(t("FROB"), None).unwrap());
    assert_eq!(rig.run(&mut operation, |_| ()), peer_error(PeerError::TimedOut(Awaited::Reply)));
    let mut rig = Rig::greeted().says("FROB", "nonsense");
    let mut operation = client::raw(Command::unknown(t("FROB"), None).unwrap());
    assert_eq!(rig.run(&mut operation, |_| ()), peer_error(PeerError::MalformedReply));
}

#[test]
fn a_size_is_asked_for_in_type_i() {
    let mut rig = Rig::greeted();
    assert_eq!(transfer(&mut rig, client::list(None)), Outcome::Done(3));
    rig.reset_counts();
    rig.run(&mut client::size(t("f")), |_| ()).done();
    assert_eq!(rig.commands(), ["TYPE I", "SIZE f"]);
}

#[test]
fn a_size_refused_in_ascii_is_asked_for_again_after_type_i() {
    // The server has forgotten the type, or never had it.
    let mut rig = Rig::greeted().says("SIZE", "550 SIZE not allowed in ASCII mode.").says("SIZE", "213 51");
    assert_eq!(rig.run(&mut client::size(t("f")), |size| size.ok()), Outcome::Done(Some(51)));
    assert_eq!(rig.commands(), ["TYPE I", "SIZE f", "TYPE I", "SIZE f"]);
    in_step(&mut rig);
    let mut rig = Rig::greeted().says("SIZE", "550 not in ascii");
    assert_eq!(rig.run(&mut client::size(t("f")), |_| ()).refused(), 550, "once");
    assert_eq!(rig.commands().len(), 4);
    let mut rig = Rig::greeted().says("SIZE", "550 no such file");
    assert_eq!(rig.run(&mut client::size(t("f")), |_| ()).refused(), 550);
    assert_eq!(rig.commands(), ["TYPE I", "SIZE f"]);
}

#[test]
fn a_refused_type_refuses_what_depends_on_it_and_is_asked_for_once() {
    let expected = client::Expected { size: Some(3), digest: None };
    for refusal in ["421 no", "451 no", "500 no", "501 no", "502 no", "504 no", "530 no", "550 no"] {
        let refusing = || Rig::greeted().says("TYPE", refusal);
        for (name, outcome, commands) in [
            refused(refusing(), "SIZE", |rig| rig.run(&mut client::size(t("f")), |_| ())),
            refused(refusing(), "HASH", |rig| rig.run(&mut client::hash(t("f"), None, None), |_| ())),
            refused(refusing(), "verify", |rig| rig.run(&mut client::verify(t("f"), expected), |_| ())),
            refused(refusing(), "RETR", |rig| {
                transfer(rig, client::retrieve(t("f"), IMAGE, 0)).and_then(unit)
            }),
            refused(refusing(), "STOR", |rig| transfer(rig, client::store(t("f"), IMAGE, 0)).and_then(unit)),
        ] {
            assert_eq!(outcome.refused().to_string(), refusal[..3], "{name}");
            assert_eq!(commands, ["TYPE I"], "{name} {refusal}");
        }
    }
}

fn unit<T>(_: T) -> Outcome<()> {
    Outcome::Done(())
}

/// What came of an operation, and the commands that were sent for it.
fn refused(
    mut rig: Rig,
    name: &'static str,
    run: impl FnOnce(&mut Rig) -> Outcome<()>,
) -> (&'static str, Outcome<()>, Vec<String>) {
    let outcome = run(&mut rig);
    let commands = rig.commands().into_iter().map(str::to_owned).collect();
    (name, outcome, commands)
}

#[test]
fn an_mlsd_that_is_announced_and_refused_is_followed_by_list_and_remembered() {
    for refusal in ["500 what", "502 no"] {
        let mut rig = Rig::greeted().says("MLSD", refusal);
        let mut open = client::entries(Some(t("d")));
        let (id, formats) = rig.run(&mut open, |opened| (opened.transfer, opened.formats)).done();
        assert_eq!(formats, ftp_proto::listing::Formats::LIST);
        rig.run(&mut client::complete(id), |_| ()).done();
        assert_eq!(rig.commands(), ["EPSV", "MLSD d", "EPSV", "LIST d"]);
        rig.reset_counts();
        assert_eq!(transfer(&mut rig, client::entries(None)), Outcome::Done(3));
        assert_eq!(rig.commands(), ["EPSV", "LIST"]);
        in_step(&mut rig);
    }
    let mut rig = Rig::greeted().says("MLSD", "550 no such directory");
    assert_eq!(transfer(&mut rig, client::entries(Some(t("d")))).refused(), 550);
    let mut config = Config::default();
    config.data_connection = client::DataConnection::Active;
    let mut rig = Rig::with(config, PEER).greet().says("MLSD", "500 what");
    assert_eq!(transfer(&mut rig, client::entries(None)), Outcome::Done(3), "{:#?}", rig.transcript);
}

#[test]
fn what_feat_names_and_the_server_refuses_is_no_more_than_a_refusal() {
    let feat = "211-x\r\n MLST\r\n MDTM\r\n SIZE\r\n211 end";
    let mut rig = Rig::greeted().says("FEAT", feat);
    for verb in ["MLSD", "MDTM", "SIZE"] {
        rig = rig.says(verb, "502 no");
    }
    rig.run(&mut client::setup(), |_| ()).done();
    assert_eq!(transfer(&mut rig, client::entries(None)), Outcome::Done(3));
    assert_eq!(rig.run(&mut client::modification_time(t("f")), |_| ()).refused(), 502);
    assert_eq!(rig.run(&mut client::size(t("f")), |_| ()).refused(), 502);
    in_step(&mut rig);
}

#[test]
fn a_server_that_takes_an_option_of_list_for_a_name_does_no_harm() {
    for acts in [
        &[Say("550 -a: no such file")][..],
        &[Say("450 -a: no such file")],
        &[Say("150 go"), Data(b""), AfterData, Say("226 done")],
    ] {
        let mut rig = Rig::greeted().on("LIST -a", acts);
        transfer(&mut rig, client::list(Some(t("-a"))));
        in_step(&mut rig);
        // No operation sends an option by itself.
        rig.reset_counts();
        assert_eq!(transfer(&mut rig, client::list(None)), Outcome::Done(3));
        assert_eq!(rig.commands(), ["EPSV", "LIST"]);
    }
    assert_eq!(*for_listing(b"-a"), *b"./-a", "nor is a name sent as one");
}

#[test]
fn a_2yz_of_no_other_command_grants_type_and_mkd_too() {
    for code in ["200 x", "202 x", "250 x"] {
        let mut rig = Rig::greeted().says("TYPE", code).says("MKD", code);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
        rig.run(&mut client::make_directory(t("d")), |_| ()).done();
    }
}
