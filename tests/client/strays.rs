//! Replies that answer nothing: each reply is checked against the command that it would answer (RFC
//! 1123 4.1.2.11).

use super::*;

/// Returns the outcome of an upload to `f`, with the server's answers to these commands.
fn stored(answers: &[(&str, &[Act])]) -> (Rig, Outcome<u64>) {
    let mut rig = server(answers);
    let outcome = transfer(&mut rig, client::store(t("f"), IMAGE, 0));
    (rig, outcome)
}

fn server(answers: &[(&str, &[Act])]) -> Rig {
    answers.iter().fold(Rig::greeted(), |rig, (command, acts)| rig.on(command, *acts))
}

fn unexpected(code: u16) -> Outcome<u64> {
    let code = ftp_proto::codec::ReplyCode::parse(code.to_string().as_bytes()).unwrap();
    peer_error(PeerError::UnexpectedReply(code))
}

const TYPE_TWICE: &[Act] = &[Say("200 OK"), Say("200 Type set to I")];

#[test]
fn a_reply_too_many_makes_no_refused_transfer_a_success() {
    for verb in ["TYPE", "EPSV"] {
        let twice: &[Act] = match verb {
            "TYPE" => TYPE_TWICE,
            _ => &[Say("229 go (|||5000|)"), Say("229 go (|||5000|)")],
        };
        let (_, outcome) = stored(&[(verb, twice), ("STOR", &[Say("550 Permission denied")])]);
        assert_eq!(outcome.refused(), 550, "{verb}");
        let mut rig = server(&[(verb, twice), ("RETR", &[Say("550 No such file")])]);
        assert_eq!(retrieve(&mut rig).refused(), 550, "{verb}");
        let mut rig = server(&[(verb, twice), ("MLSD", &[Say("550 No such directory")])]);
        assert_eq!(transfer(&mut rig, client::entries(Some(t("d")))).refused(), 550, "{verb}");
    }
}

#[test]
fn doubled_replies_are_right_in_the_end_in_one_packet_and_late() {
    for (command, reply) in [
        ("TYPE", "200 okay"),
        ("EPSV", "229 go (|||5000|)"),
        ("PASV", "227 go (192,0,2,1,19,136)"),
        ("EPRT", "200 okay"),
        ("CWD", "250 done"),
        ("NOOP", "200 okay"),
        ("PWD", "257 \"/here\""),
        ("SIZE", "213 3"),
        ("REST", "350 go on"),
        ("RNFR", "350 go on"),
        ("DELE", "250 done"),
    ] {
        for delay in [None, Some(seconds(0)), Some(seconds(3))] {
            let mut acts = vec![Say(reply)];
            acts.extend(delay.map(Delay));
            acts.push(Say(reply));
            let mut config = Config::default();
            if command == "EPRT" {
                config.data_connection = client::DataConnection::Active;
            }
            let mut rig = Rig::with(config, PEER).greet().on(command, acts);
            if command == "PASV" {
                rig = rig.profile(Profile::NO_EPSV);
            }
            let context = format!("{command} twice, {delay:?}");
            for _ in 0..2 {
                rig.set_upload(&[3]);
                rig.run(&mut client::change_directory(t("d")), |_| ()).done();
                rig.run(&mut client::noop(), |_| ()).done();
                let path = rig.run(&mut client::working_directory(), |path| path.unwrap().to_vec());
                assert_eq!(path, Outcome::Done(b"/here".to_vec()), "{context}");
                assert_eq!(
                    transfer(&mut rig, client::store(t("f"), IMAGE, 0)),
                    Outcome::Done(3),
                    "{context}"
                );
                assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{context}");
                let part = client::retrieve(t("f"), IMAGE, 5).expect_size(client::ExpectedSize::Size(8));
                assert_eq!(transfer(&mut rig, part), Outcome::Done(3), "{context}");
                assert_eq!(rig.run(&mut client::size(t("f")), |size| size.ok()), Outcome::Done(Some(3)));
                rig.run(&mut client::rename(t("a"), t("b")), |()| ()).done();
                rig.run(&mut client::delete(t("f")), |_| ()).done();
                in_step(&mut rig);
            }
            assert!(rig.client().profile().contains(Profile::NO_PIPELINING), "{context}");
        }
    }
}

#[test]
fn two_greetings_do_not_shift_what_follows() {
    for acts in [
        vec![Say("220 one\r\n220 two")],
        vec![Say("220 one"), Say("220 two")],
        vec![Say("220 one"), Delay(seconds(2)), Say("220 two")],
    ] {
        let mut rig = Rig::new().opening(acts).on("PASS", [Say("530 no")]);
        rig.run(&mut client::greeting(), |_| ()).done();
        assert_eq!(rig.run(&mut login(), |_| ()).refused(), 530, "{:#?}", rig.transcript());
        in_step(&mut rig);
    }
}

#[test]
fn a_success_of_another_command_is_none_of_an_upload() {
    for code in [200, 202, 211, 213, 214, 215, 220, 221, 225, 227, 229, 230, 234, 257, 331, 332, 334, 350] {
        let reply: &'static str = Box::leak(format!("{code} fine").into_boxed_str());
        let (rig, outcome) = stored(&[("STOR", &[Say(reply)])]);
        assert_eq!(outcome, unexpected(code));
        assert_eq!(rig.client().last_stray().map(|(_, text)| text), Some(&b"fine"[..]));
    }
}

#[test]
fn only_its_own_success_answers_what_opens_data_or_asks_for_a_value() {
    let lone = |verb: &str, reply: &'static str| server(&[(verb, &[Say(reply)])]);
    for (verb, replies) in [
        ("SIZE", &["200 51", "250 51", "226 51", "257 51"][..]),
        ("MDTM", &["200 20240229123456", "250 20240229123456"]),
        ("MLST", &["200 type=file; f", "213 type=file; f"]),
        ("FEAT", &["200 none", "250 none"]),
        ("HASH", &["200 SHA-256 0-49 00 f", "250 x"]),
        ("SYST", &["200 okay", "250 okay"]),
        ("MLSD", &["227 go (192,0,2,1,19,136)", "200 okay", "250-x\r\n257 \"/\""]),
        ("RETR", &["200 okay", "227 go (192,0,2,1,19,136)", "257 \"/\""]),
        ("EPSV", &["200 okay", "250 okay", "226 done"]),
    ] {
        for reply in replies {
            if reply.contains('\n') {
                continue;
            }
            let mut rig = lone(verb, reply);
            let outcome = match verb {
                "SIZE" => unit(rig.run(&mut client::size(t("f")), |_| ())),
                "MDTM" => unit(rig.run(&mut client::modification_time(t("f")), |_| ())),
                "MLST" => unit(rig.run(&mut client::facts(None), |()| ())),
                "FEAT" => unit(rig.run(&mut client::features(), |_| ())),
                "HASH" => unit(rig.run(&mut client::hash(t("f"), None, None), |_| ())),
                "SYST" => unit(rig.run(&mut client::system(), |_| ())),
                "MLSD" => unit(transfer(&mut rig, client::entries(None))),
                _ => unit(retrieve(&mut rig)),
            };
            let stray = matches!(outcome, Outcome::Error(Error::Peer(PeerError::UnexpectedReply(_))));
            assert!(stray, "{verb} {reply}: {outcome:?}");
            assert!(rig.client().is_closed(), "the connection is not used again");
        }
    }
}

#[test]
fn after_a_stray_the_right_reply_has_ten_seconds() {
    for (delay, wait, good) in [(9, 10, true), (11, 10, false), (11, 12, true)] {
        let mut config = Config::default();
        config.timeouts.stray = seconds(wait);
        let acts = [Say("227 x"), Delay(seconds(delay)), Say("257 \"/here\"")];
        let mut rig = Rig::with(config, PEER).greet().on("PWD", acts);
        let start = rig.now();
        let outcome = rig.run(&mut client::working_directory(), |path| path.is_ok());
        match good {
            true => assert_eq!(outcome, Outcome::Done(true)),
            false => {
                assert_eq!(unit(outcome), unit(unexpected(227)));
                assert_eq!(rig.now().since(start), seconds(wait));
            }
        }
    }
    // Many strays give no more time than one.
    let acts: Vec<Act> = (0..30).flat_map(|_| [Say("227 x"), Delay(seconds(1))]).collect();
    let mut rig = Rig::greeted().on("PWD", acts);
    let start = rig.now();
    assert_eq!(unit(rig.run(&mut client::working_directory(), |_| ())), unit(unexpected(227)));
    assert_eq!(rig.now().since(start), seconds(10));
}

#[test]
fn what_was_there_before_a_command_does_not_answer_it() {
    for chunk in [1, 3, 100] {
        let mut rig = Rig::greeted().on("NOOP", [Say("200 one\r\n550 two\r\n257 \"/three\"\r\n200 four")]);
        rig.set_pieces(Chunks::of(&[chunk]));
        for _ in 0..3 {
            rig.run(&mut client::noop(), |_| ()).done();
            let path = rig.run(&mut client::working_directory(), |path| path.unwrap().to_vec());
            assert_eq!(path, Outcome::Done(b"/here".to_vec()), "{chunk}: {:#?}", rig.transcript());
        }
    }
}

#[test]
fn what_follows_the_end_of_a_reply_is_skipped_even_if_it_is_no_reply() {
    let feat = "211-Extensions supported.\r\n SIZE.\r\n211 END.\r\n MDTM\r\n211 END\r\nwhat else";
    for chunk in [1, 7, 100] {
        let mut rig = Rig::greeted().says("FEAT", feat);
        rig.set_pieces(Chunks::of(&[chunk]));
        let features = rig.run(&mut client::features(), |features| features).done();
        assert_eq!(features, Features::SIZE);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{:#?}", rig.transcript());
        in_step(&mut rig);
    }
}

#[test]
fn a_line_that_began_before_the_command_does_not_answer_it() {
    let mut rig = Rig::greeted();
    assert_eq!(rig.rx().extend(b"257 \"/wr"), 8);
    let mut pwd = client::working_directory();
    assert!(rig.run_for(&mut pwd, 2, |_| ()).is_none());
    assert_eq!(rig.rx().extend(b"ong\"\r\n"), 6);
    assert_eq!(rig.run(&mut pwd, |path| path.unwrap().to_vec()), Outcome::Done(b"/here".to_vec()));
}

#[test]
fn a_2yz_before_the_150_is_no_end() {
    for stray in ["200 ok", "250 ok", "226 ok", "213 3"] {
        for (last, refused) in
            [("226 done", None), ("552 disk full", Some(552)), ("451 read error", Some(451))]
        {
            let acts = [Say(stray), Say("150 go"), Data(b"abc"), AfterData, Say(last)];
            for verb in ["STOR", "RETR"] {
                let mut rig = Rig::greeted().on(verb, acts.clone());
                let open = match verb {
                    "STOR" => client::store(t("f"), IMAGE, 0),
                    _ => client::retrieve(t("f"), IMAGE, 0),
                };
                let outcome = transfer(&mut rig, open);
                match refused {
                    None => assert_eq!(outcome, Outcome::Done(3), "{stray} {verb} {:#?}", rig.transcript()),
                    Some(code) => assert_eq!(outcome.refused(), code, "{stray} {verb}"),
                }
                in_step(&mut rig);
            }
        }
    }
}

#[test]
fn a_failure_behind_a_premature_success_counts() {
    for verb in ["STOR", "RETR"] {
        let mut rig = Rig::greeted().on(verb, [Say("226 done"), Say("552 full"), Data(b"abc")]);
        let open = match verb {
            "STOR" => client::store(t("f"), IMAGE, 0),
            _ => client::retrieve(t("f"), IMAGE, 0),
        };
        assert_eq!(transfer(&mut rig, open).refused(), 552, "{verb}");
    }
}

#[test]
fn an_upload_without_a_1yz_is_taken_only_where_the_server_shows_it() {
    // Passive and in the clear: the server has to close its side in order.
    let mut rig = Rig::greeted().says("STOR", "226 stored");
    let outcome = transfer(&mut rig, client::store(t("f"), IMAGE, 0));
    assert_eq!(outcome, Outcome::Failed(TransferFailure::NotTaken), "{:#?}", rig.transcript());
    in_step(&mut rig);
    let mut rig = Rig::greeted().on("STOR", [Say("226 stored"), AfterData, Act::CloseData]);
    assert_eq!(transfer(&mut rig, client::store(t("f"), IMAGE, 0)), Outcome::Done(3));
    assert!(rig.data_operations().contains(&DataOp::AwaitClose));
    in_step(&mut rig);
    // Active: the server has connected.
    let mut config = Config::default();
    config.data_connection = client::DataConnection::Active;
    let mut rig =
        Rig::with(config.clone(), PEER).greet().on("STOR", [Act::Arrive("192.0.2.1:20"), Say("226 stored")]);
    assert_eq!(transfer(&mut rig, client::store(t("f"), IMAGE, 0)), Outcome::Done(3));
    in_step(&mut rig);
    let mut rig = Rig::with(config, PEER).greet().says("STOR", "226 stored");
    let outcome = transfer(&mut rig, client::store(t("f"), IMAGE, 0));
    assert_eq!(outcome, Outcome::Failed(TransferFailure::Connection(DataFailure::Unreachable)));
}

#[test]
fn a_download_or_listing_ends_with_its_data_and_only_an_unused_listing_is_empty() {
    // A lone 226, and nothing on the data connection.
    let mut rig = Rig::greeted().says("RETR", "226 done");
    let start = rig.now();
    assert_eq!(retrieve(&mut rig), Outcome::Failed(TransferFailure::Connection(DataFailure::Stalled)));
    assert_eq!(rig.now().since(start), seconds(10), "not the idle limit");
    in_step(&mut rig);
    for reply in ["226 done", "250 done"] {
        let mut rig = Rig::greeted().says("LIST", reply);
        let start = rig.now();
        assert_eq!(transfer(&mut rig, client::list(None)), Outcome::Done(0));
        assert_eq!(rig.now().since(start), seconds(10));
        in_step(&mut rig);
    }
    // The server announced the listing, so data is due.
    let mut rig = Rig::greeted().on("LIST", [Say("150 here"), Say("226 done")]);
    let start = rig.now();
    assert_eq!(
        transfer(&mut rig, client::list(None)),
        Outcome::Failed(TransferFailure::Connection(DataFailure::Stalled))
    );
    assert_eq!(rig.now().since(start), seconds(10));
    in_step(&mut rig);
}

#[test]
fn preliminary_replies_are_bounded_in_number_and_give_no_time() {
    let many = |count: usize| vec![Say("150 still here"); count];
    for (count, good) in [(100, true), (101, false)] {
        let mut acts = many(count);
        acts.extend([Data(b"abc"), AfterData, Say("226 done")]);
        let mut rig = Rig::greeted().on("RETR", acts);
        let outcome = retrieve(&mut rig);
        match good {
            true => assert_eq!(outcome, Outcome::Done(3)),
            false => assert_eq!(outcome, peer_error(PeerError::TooManyPreliminaryReplies)),
        }
    }
    let acts: Vec<Act> = (0..50).flat_map(|_| [Say("150 wait"), Delay(seconds(9))]).collect();
    let mut rig = Rig::greeted().on("PWD", acts.clone());
    let start = rig.now();
    let outcome = rig.run(&mut client::working_directory(), |_| ());
    assert_eq!(outcome, peer_error(PeerError::TimedOut(Awaited::Reply)));
    assert_eq!(rig.now().since(start), seconds(60));
    // What reads a whole file has ten minutes.
    let mut acts = acts;
    acts.push(Say("213 SHA-256 0-2 00 f"));
    let mut rig = Rig::greeted().on("HASH", acts);
    let outcome = rig.run(&mut client::hash(t("f"), None, None), |_| ());
    assert_eq!(outcome, Outcome::Done(()));
}

#[test]
fn a_421_is_fatal_whichever_command_it_answers() {
    use ftp_proto::client::{Refusal, ReplyTo};
    for to in [ReplyTo::Greeting, ReplyTo::Command(Verb::Pwd), ReplyTo::Other] {
        for (code, fatal) in [("421", true), ("425", false), ("550", false)] {
            let code = ftp_proto::codec::ReplyCode::parse(code.as_bytes()).unwrap();
            assert_eq!(Refusal { to, code, text: b"Timeout!" }.is_fatal(), fatal);
        }
    }
    let mut rig = Rig::greeted().says("PWD", "421 Timeout!");
    assert_eq!(rig.run(&mut client::working_directory(), |_| ()).refused(), 421);
    assert!(rig.client().is_closed());
}

#[test]
fn after_a_stray_nothing_that_cannot_be_taken_back_is_sent_in_doubt() {
    let doubled = || Rig::greeted().on("NOOP", [Say("200 ok"), Say("200 ok")]);
    type Step = fn(&mut Rig);
    let steps: [(&str, Step); 4] = [
        ("DELE f", |rig| unit(rig.run(&mut client::delete(t("f")), |_| ())).done()),
        ("RMD d", |rig| unit(rig.run(&mut client::remove_directory(t("d")), |_| ())).done()),
        ("RNFR a", |rig| rig.run(&mut client::rename(t("a"), t("b")), |()| ()).done()),
        ("PROT P", |rig| drop(rig.run(&mut client::protect_data(), |_| ()))),
    ];
    for (command, step) in steps {
        for (syst, probes) in [("215 UNIX Type: L8", &["SYST"][..]), ("500 what", &["SYST", "PWD"])] {
            let mut rig = doubled();
            rig = rig.says("SYST", syst);
            rig.run(&mut client::noop(), |_| ()).done();
            // The surplus reply is read before the next command.
            rig.run(&mut client::noop(), |_| ()).done();
            rig.clear_records();
            step(&mut rig);
            let commands = rig.commands();
            let place = commands.iter().position(|sent| *sent == command).unwrap();
            assert!(commands[..place].ends_with(probes), "{commands:?}");
            // Without a stray there are no probes.
            let mut rig = Rig::greeted();
            step(&mut rig);
            assert!(!rig.commands().contains(&"SYST"));
        }
    }
    // The answer to EPSV is certainly its own: no probe is needed between it and STOR.
    let mut rig = doubled();
    rig.run(&mut client::noop(), |_| ()).done();
    rig.run(&mut client::noop(), |_| ()).done();
    rig.clear_records();
    assert_eq!(transfer(&mut rig, client::store(t("f"), IMAGE, 0)), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "STOR f", "SYST"]);
}

/// Late copies of replies are the worst case: even then, a removal is only confirmed by its own
/// reply.
#[test]
fn a_late_copy_does_not_confirm_a_removal() {
    for (delay, reply) in [(0, "250 done"), (1, "250 done"), (5, "250 done")] {
        let mut rig = Rig::greeted()
            .on("CWD", [Say(reply), Delay(seconds(delay)), Say(reply)])
            .on("DELE", [Delay(seconds(3)), Say("550 no")]);
        rig.run(&mut client::noop(), |_| ()).done();
        for _ in 0..2 {
            rig.run(&mut client::change_directory(t("d")), |_| ()).done();
            rig.run(&mut client::noop(), |_| ()).done();
        }
        let outcome = rig.run(&mut client::delete(t("f")), |_| ());
        assert!(matches!(outcome, Outcome::Refused { code: 550, .. }), "{delay}: {:#?}", rig.transcript());
    }
}

#[test]
fn the_greeting_and_an_unknown_command_are_told_apart() {
    use ftp_proto::client::{Refusal, ReplyTo};
    let refusal = |to| Refusal { to, code: ftp_proto::codec::ReplyCode::SYNTAX_ERROR, text: b"no" };
    let told: Vec<String> = [ReplyTo::Greeting, ReplyTo::Command(Verb::Retr), ReplyTo::Other]
        .map(|to| refusal(to).to_string())
        .into();
    assert_eq!(told.iter().collect::<std::collections::HashSet<_>>().len(), 3, "{told:?}");
}

proptest! {
    /// Any reply may be sent twice, however late: success is only reported for what the server did.
    #[test]
    fn one_reply_too_many_never_turns_a_refusal_into_a_success(
        which in 0_usize..6,
        late in 0_u64..4,
        refused in 0_usize..4,
        size in 1_usize..40,
    ) {
        let (command, reply) = [
            ("TYPE", "200 okay"), ("EPSV", "229 go (|||5000|)"), ("CWD", "250 done"),
            ("NOOP", "200 okay"), ("PWD", "257 \"/here\""), ("SIZE", "213 3"),
        ][which];
        let verb = ["STOR", "RETR", "DELE", "RNTO"][refused];
        let mut rig = Rig::greeted()
            .on(command, [Say(reply), Delay(seconds(late)), Say(reply)])
            .on(verb, [Say("550 no")]);
        rig.set_pieces(Chunks::of(&[size]));
        for _ in 0..2 {
            let _ = rig.run(&mut client::change_directory(t("d")), |_| ());
            let _ = rig.run(&mut client::noop(), |_| ());
            let _ = rig.run(&mut client::working_directory(), |_| ());
            let _ = rig.run(&mut client::size(t("f")), |_| ());
            let done = match verb {
                "STOR" => matches!(transfer(&mut rig, client::store(t("f"), IMAGE, 0)), Outcome::Done(_)),
                "RETR" => matches!(retrieve(&mut rig), Outcome::Done(_)),
                "DELE" => matches!(rig.run(&mut client::delete(t("f")), |_| ()), Outcome::Done(())),
                _ => matches!(rig.run(&mut client::rename(t("a"), t("b")), |()| ()), Outcome::Done(())),
            };
            prop_assert!(!done, "{:#?}", rig.transcript());
        }
    }
}
