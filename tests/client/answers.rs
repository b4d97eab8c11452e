//! Reading the answers to questions.

use super::*;
use ftp_proto::codec::HashAlgorithm;

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
        assert_eq!(rig.round_trips(), 2);
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
fn a_257_that_is_cut_inside_its_quote_is_unreadable_and_no_shorter_path() {
    let read = |path: Result<ftp_proto::codec::Quoted<'_>, _>| {
        path.ok().map(|path| path.bytes().collect::<Vec<u8>>())
    };
    for reply in
        ["257 \"/pub/photo", "257 \"/pub/", "257 \"", "257 now in \"/a\"\"b", "257 \"/a\"\"", "250 \"/a"]
    {
        let mut rig = Rig::greeted().says("PWD", reply).says("MKD", reply);
        assert_eq!(rig.run(&mut client::working_directory(), read), Outcome::Done(None), "{reply}");
        assert_eq!(rig.run(&mut client::make_directory(t("d")), read), Outcome::Done(None), "{reply}");
        in_step(&mut rig);
    }
}

#[test]
fn an_answer_on_a_line_that_the_limit_may_have_cut_is_unreadable() {
    let limit = Config::default().limits.line;
    type Ask = fn(&mut Rig) -> bool;
    let table: [(&str, &str, &str, Ask); 7] = [
        // A line as long as the limit ends in something that looks whole and may be half of it.
        ("PWD", "257 \"/", "a\"\"b\" is it", |rig| {
            rig.run(&mut client::working_directory(), |path| path.is_ok()).done()
        }),
        ("PWD", "257 /", "a", |rig| rig.run(&mut client::working_directory(), |path| path.is_ok()).done()),
        ("MKD", "257 \"/", "\"", |rig| {
            rig.run(&mut client::make_directory(t("d")), |path| path.is_ok()).done()
        }),
        ("SIZE", "213 ", "1234", |rig| rig.run(&mut client::size(t("f")), |size| size.is_ok()).done()),
        ("AVBL", "213 ", "1234", |rig| rig.run(&mut client::available(None), |size| size.is_ok()).done()),
        ("XCRC", "250 ", " 12345678", |rig| {
            rig.run(&mut client::checksum(t("f"), HashAlgorithm::Crc32), |hash| hash.is_ok()).done()
        }),
        ("MDTM", "213 ", " 20240229123456", |rig| {
            rig.run(&mut client::modification_time(t("f")), |time| time.is_ok()).done()
        }),
    ];
    for (verb, front, back, ask) in table {
        let fill = if front.ends_with('/') { 'x' } else { ' ' };
        for over in 0..6 {
            // The line is as long as the limit from `over` == 3 on.
            let length = limit - 3 + over;
            let middle = fill.to_string().repeat(length - front.len() - back.len());
            let line = [front, &middle, back, "\r\n"].concat();
            let mut rig = Rig::greeted().on(verb, [Raw(line.into_bytes())]);
            assert_eq!(ask(&mut rig), over < 3, "{verb} {front}: {over}");
            in_step(&mut rig);
        }
    }
    // Text for people is shown as far as it arrived.
    let line = ["215 ", &"x".repeat(limit), "\r\n"].concat();
    let mut rig = Rig::greeted().on("SYST", [Raw(line.into_bytes())]);
    assert_eq!(rig.run(&mut client::system(), |line| line.text.len()).done(), limit - 4);
    // A name that was cut is not an entry's name either.
    let line = [" type=file; /", &"x".repeat(limit), "\r\n"].concat();
    for line in [format!("250-f\r\n{line}250 end\r\n"), format!("250{line}")] {
        let mut rig = Rig::greeted().on("MLST", [Raw(line.into_bytes())]);
        rig.run(&mut client::facts(Some(t("f"))), |()| ()).done();
        assert!(!rig.lines().iter().any(|line| line.contains("type=")), "{:?}", rig.lines().len());
    }
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
        ("211-Extensions supported.\r\n SIZE.\r\n MDTM.\r\n211 END.", Features::MDTM | Features::SIZE),
        ("211-Extensions supported.\r\nsize.\r\nMdtm. \r\n211 END.", Features::MDTM | Features::SIZE),
        ("211-x.\r\n REST STREAM.\r\n AUTH TLS.\r\n211 .", Features::REST_STREAM | Features::AUTH_TLS),
        ("211 211-Extensions supported:\r\n MDTM\r\n SIZE\r\n211 END", Features::MDTM | Features::SIZE),
        ("211 211-Ext\r\n211 211-MDTM\r\n211-SIZE.\r\n211 END.", Features::MDTM | Features::SIZE),
        ("211-x\r\n MDTM\r\n SIZE\r\n211 END\r\n211 END.", Features::MDTM | Features::SIZE),
        (
            "211-x\r\n MDTM\r\n SIZE\r\n211 END\r\n\r\n211-y\r\n UTF8\r\n211 END.",
            Features::MDTM | Features::SIZE,
        ),
        ("211-x\r\n211-\tMDTM\r\n211- SIZE\r\n211 MDTM, SIZE", Features::MDTM | Features::SIZE),
    ] {
        let mut rig = Rig::greeted().says("FEAT", reply);
        assert_eq!(rig.run(&mut client::features(), |features| features), Outcome::Done(features), "{reply}");
        assert_eq!(rig.client().offers().map(|offers| offers.features()), Some(features), "{reply}");
        in_step(&mut rig);
    }
    for reply in ["500 what", "502 no", "530 later"] {
        let mut rig = Rig::greeted().says("FEAT", reply);
        assert!(matches!(rig.run(&mut client::features(), |_| ()), Outcome::Refused { .. }));
        in_step(&mut rig);
    }
}

/// Polls MLST with a driver of its own, because the lines matter: returns the entry as a listing
/// shows it.
fn entry_of(reply: &'static str, room: usize) -> Option<Result<(String, Option<u64>), ()>> {
    let mut rig = Rig::greeted();
    let mut operation = client::facts(Some(t("f")));
    let mut reader = FactsReader::new(vec![0; room]);
    let mut found = None;
    loop {
        match rig.poll(&mut operation).unwrap() {
            Action::Event(client::Event::Line(line)) => {
                let entry = reader.line(&line.line());
                assert!(entry.is_none() || found.is_none(), "one entry");
                found = found.or(entry
                    .map(|entry| entry.map(|entry| (entry.name.to_string(), entry.size)).map_err(|_| ())));
            }
            Action::Event(client::Event::Done(())) => return found,
            // Before the command is sent, there is nothing to answer.
            Action::Wait(wait) if !wait.writable => {}
            Action::Wait(_) => {
                rig.tx().sent(100);
                rig.rx().extend(reply.as_bytes());
                rig.rx().extend(b"\r\n");
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
fn facts_stand_on_a_line_with_a_code_where_there_is_no_middle_line() {
    for reply in [
        "250 type=file;size=3; /x f",
        "250  Type=file;Size=3; /x f",
        "250-type=file;size=3; /x f\r\n250 end",
        "250- type=file;size=3; /x f\r\n250 end",
        "250-listing\r\n250 type=file;size=3; /x f",
    ] {
        assert_eq!(entry_of(reply, 0), Some(Ok(("/x f".to_owned(), Some(3)))), "{reply:?}");
    }
    for prose in [
        "250 end",
        "250 f is a file; size=3; ok",
        "250 size=3 bytes; /x",
        "250 size=3;note=a b; /x",
        "250 frob=file;blob=3; /x",
        "250 type=file;size=3;",
        "250 type=file;size=3; ",
        "250 =file;size=3; /x",
        "250 ; /x",
        "250 type; /x",
    ] {
        assert_eq!(entry_of(prose, 0), None, "{prose:?}");
    }
    let reply = "250-type=file;size=3; f\r\n type=file;size=4; g\r\n250 type=dir; h";
    assert_eq!(entry_of(reply, 0), Some(Ok(("f".to_owned(), Some(3)))), "the first counts");
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
    let table = [
        ("FROB x y", "299 frobbed", Ok(299)),
        ("frob", "299 frobbed", Ok(299)),
        ("ASK x y ", "350 more", Ok(350)),
        ("NOOP 1", "200 fine", Ok(200)),
        ("NOOP ", "200 fine", Ok(200)),
        ("SITE", "214 help", Ok(214)),
        ("site  help", "214-help\r\n CHMOD\r\n214 end", Ok(214)),
        ("pwd", "257 \"/\"", Ok(257)),
        ("CWD", "501 where", Err(501)),
        ("CWD   a", "250 there", Ok(250)),
        ("Size", "501 of what", Err(501)),
        ("FEAT me", "211-x\r\n SIZE\r\n211 end", Ok(211)),
        ("RNFR a", "350 and now", Ok(350)),
        ("ALLO x", "202 no need", Ok(202)),
        ("STAT  -l", "213-x\r\n213 end", Ok(213)),
        ("MDTM 20240229123456 f", "213 set", Ok(213)),
        ("XYZZY \t\u{1}", "500 what", Err(500)),
        (" SYST", "215 UNIX", Ok(215)),
        ("NOOP \u{ff}", "451 later", Err(451)),
    ];
    for (line, reply, outcome) in table {
        let mut rig = Rig::greeted().says(line, reply);
        if let Some((verb, _)) = line.split_once(' ').filter(|(verb, _)| !verb.is_empty()) {
            rig = rig.says(verb, reply);
        }
        let mut operation = client::raw(t(line)).unwrap();
        match (rig.run(&mut operation, |line| line.code.get()), outcome) {
            (Outcome::Done(code), Ok(expected)) => assert_eq!(code, expected, "{line}"),
            (Outcome::Refused { code, .. }, Err(expected)) => assert_eq!(code, expected, "{line}"),
            (other, _) => panic!("{line}: {other:?}"),
        }
        let sent = ftp_proto::codec::Escaped(line.as_bytes()).to_string();
        assert_eq!(rig.commands(), [sent]);
        assert_eq!(rig.lines().len(), reply.lines().count() - 1);
        in_step(&mut rig);
    }
}

#[test]
fn a_raw_command_that_has_an_operation_is_refused_and_the_operation_named() {
    let refused = [
        "TYPE I",
        "MODE Z",
        "STRU R",
        "PROT P",
        "PBSZ 0",
        "AUTH TLS",
        "CCC",
        "REIN",
        "USER me",
        "PASS x",
        "ACCT x",
        "HOST h",
        "QUIT",
        "ABOR",
        "REST 5",
        "RANG 0 1",
        "SSCN ON",
        "OPTS UTF8 ON",
        "PORT 1,2,3,4,5,6",
        "EPRT |1|192.0.2.1|5|",
        "LPRT 4",
        "PASV",
        "EPSV",
        "LPSV",
        "PRET RETR f",
        "RETR f",
        "STOR f",
        "APPE f",
        "STOU",
        "LIST",
        "NLST",
        "MLSD",
        "THMB JPG 1 1 f",
    ];
    for line in refused {
        let verb = line.split(' ').next().unwrap();
        let ways = [
            line.to_owned(),
            line.to_lowercase(),
            verb.to_owned(),
            format!("  {line}"),
            format!("\t{line}"),
            format!("\u{1}\u{7f} {line}"),
            format!("{verb}\tx"),
        ];
        for way in &ways {
            let error = client::raw(Text::new(way.as_bytes()).unwrap()).map(drop).unwrap_err();
            assert!(error.to_string().starts_with(verb), "{way:?}: {error}");
            let named = matches!(error, client::RawError::HasOperation { .. });
            assert!(named || verb == "THMB", "{way:?}: {error}");
        }
    }
    for blank in ["", " ", "\t"] {
        assert_eq!(client::raw(t(blank)).map(drop), Err(client::RawError::Blank));
    }
}

#[test]
fn a_raw_command_gets_round_no_policy() {
    let mut config = Config::default();
    config.security = client::Security::explicit();
    let secrets = ["ADAT c2VjcmV0", "mic x", " CONF x", "ENC x"];
    for line in secrets {
        let mut rig = Rig::with(config.clone(), PEER).greet();
        let outcome = rig.run(&mut client::raw(t(line)).unwrap(), |_| ());
        assert_eq!(outcome, Outcome::Error(Error::Local(LocalError::Unprotected)), "{line}");
        assert!(rig.commands().is_empty(), "{line}");
    }
}

#[test]
fn a_raw_command_that_no_table_knows_is_no_greeting() {
    let mut rig = Rig::greeted().on("FROB", []);
    let mut operation = client::raw(t("FROB")).unwrap();
    assert_eq!(rig.run(&mut operation, |_| ()), peer_error(PeerError::TimedOut(Awaited::Reply)));
    let mut rig = Rig::greeted().says("FROB", "nonsense");
    let mut operation = client::raw(t("FROB")).unwrap();
    assert_eq!(rig.run(&mut operation, |_| ()), peer_error(PeerError::MalformedReply));
}

#[test]
fn a_size_is_asked_for_in_type_i() {
    let mut rig = Rig::greeted();
    assert_eq!(transfer(&mut rig, client::list(None)), Outcome::Done(3));
    rig.clear_records();
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

/// Returns the outcome of an operation, and the commands that were sent for it.
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
        rig.clear_records();
        assert_eq!(transfer(&mut rig, client::entries(None)), Outcome::Done(3));
        assert_eq!(rig.commands(), ["EPSV", "LIST"]);
        in_step(&mut rig);
    }
    let mut rig = Rig::greeted().says("MLSD", "550 no such directory");
    assert_eq!(transfer(&mut rig, client::entries(Some(t("d")))).refused(), 550);
    let mut config = Config::default();
    config.data_connection = client::DataConnection::Active;
    let mut rig = Rig::with(config, PEER).greet().says("MLSD", "500 what");
    assert_eq!(transfer(&mut rig, client::entries(None)), Outcome::Done(3), "{:#?}", rig.transcript());
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
        rig.clear_records();
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
