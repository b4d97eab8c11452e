//! The sequence of a transfer (RFC 959 5.4): all orders in which replies and data may come.

use super::*;

/// Runs RETR or STOR against what the server does, and checks the outcome.
#[test]
fn transfers_end_well_in_any_order_of_events() {
    for acts in [
        &[Say("150 go"), Data(b"abc"), AfterData, Say("226 done")][..],
        &[Say("125 go"), Data(b"abc"), AfterData, Say("250 done")],
        &[Say("150-go\r\n150 now"), Data(b"abc"), AfterData, Say("226-well\r\n226 done")],
        &[Say("150 go"), Data(b"abc"), Say("226 done")],
        &[Say("150 go\r\n226 done"), Delay(seconds(5)), Data(b"abc")],
        &[Say("150 go"), Say("226 done"), Delay(seconds(5)), Data(b"abc")],
        &[Say("150 go"), Data(b"abc"), AfterData, Delay(seconds(50)), Say("226 done")],
        &[Say("150 go"), Data(b"abc"), Say("226 done"), Hangup],
        &[Say("150 go"), Say("226 done"), Hangup, Delay(seconds(5)), Data(b"abc")],
        &[Data(b"abc"), Say("226 no 150")],
        &[Say("226 no 150"), Data(b"abc")],
        &[Say("150 go"), Say("150 really"), Data(b"abc"), AfterData, Say("226 done")],
    ] {
        for data_first in [false, true] {
            let mut rig = Rig::greeted().on("RETR", acts);
            rig.set_data_first(data_first);
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{acts:?}: {:#?}", rig.transcript());
            assert_eq!(
                rig.data_operations().last(),
                Some(&DataOp::Close),
                "the connection is closed before it is told"
            );
            if !acts.iter().any(|act| matches!(act, Hangup)) {
                in_step(&mut rig);
            }
        }
    }
}

#[test]
fn an_empty_directory_needs_no_data_connection() {
    for acts in [
        &[Say("226 empty"), Data(b"")][..],
        &[Say("226 empty"), Break(DataFailure::Broken)],
        &[Say("226 empty")],
        &[Say("150 go"), Data(b""), AfterData, Say("226 done")],
    ] {
        let mut rig = Rig::greeted().on("LIST", acts);
        assert_eq!(transfer(&mut rig, client::list(None)), Outcome::Done(0), "{acts:?}");
        in_step(&mut rig);
    }
    for reply in ["450 no files", "550 no files"] {
        let mut rig = Rig::greeted().says("LIST", reply);
        assert!(matches!(transfer(&mut rig, client::list(None)), Outcome::Refused { .. }));
        assert_eq!(
            rig.data_operations().last(),
            Some(&DataOp::Abort),
            "the connection is closed before it is told"
        );
        in_step(&mut rig);
    }
}

#[test]
fn a_transfer_that_the_server_calls_failed_is_refused() {
    for acts in [
        &[Say("150 go"), Data(b"abc"), AfterData, Say("451 disk")][..],
        &[Say("150 go"), Say("426 aborted")],
        &[Say("150 go"), Break(DataFailure::Broken), AfterData, Say("426 aborted")],
        &[Say("425 cannot")],
        &[Say("550 none")],
        &[Say("150 go"), Data(b"abc"), Say("552 quota")],
    ] {
        for data_first in [false, true] {
            let mut rig = Rig::greeted().on("RETR", acts);
            rig.set_data_first(data_first);
            assert!(
                matches!(retrieve(&mut rig), Outcome::Refused { verb: Some(Verb::Retr), .. }),
                "{acts:?}"
            );
            assert!(matches!(rig.data_operations().last(), Some(DataOp::Abort | DataOp::Close)));
            in_step(&mut rig);
        }
    }
}

#[test]
fn a_broken_connection_is_a_failure_whatever_the_server_says_of_it() {
    for acts in [
        &[Say("150 go"), Break(DataFailure::Broken), AfterData, Say("226 done")][..],
        &[Say("150 go"), Say("226 done"), Break(DataFailure::Broken)],
    ] {
        let mut rig = Rig::greeted().on("RETR", acts);
        assert_eq!(
            retrieve(&mut rig),
            Outcome::Failed(TransferFailure::Connection(DataFailure::Broken)),
            "{acts:?}"
        );
        in_step(&mut rig);
    }
}

#[test]
fn uploads_are_sent_and_confirmed() {
    for (open, command) in [
        (client::store(t("f"), IMAGE, 0), "STOR f"),
        (client::append(t("f"), IMAGE), "APPE f"),
        (client::store_unique(None, IMAGE), "STOU"),
        (client::store_unique(Some(t("f")), IMAGE), "STOU f"),
    ] {
        let mut rig = Rig::greeted();
        rig.set_upload(&[5, 10]);
        assert_eq!(transfer(&mut rig, open), Outcome::Done(15));
        assert_eq!(rig.commands(), ["TYPE I", "EPSV", command]);
        in_step(&mut rig);
    }
}

#[test]
fn an_upload_of_nothing_is_one() {
    let mut rig = Rig::greeted();
    rig.clear_upload();
    assert_eq!(transfer(&mut rig, client::store(t("f"), IMAGE, 0)), Outcome::Done(0));
}

#[test]
fn an_upload_that_restarts_sees_the_answer_to_rest_first() {
    let mut rig = Rig::greeted();
    assert_eq!(transfer(&mut rig, client::store(t("f"), IMAGE, 7)), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "REST 7", "STOR f"]);
    let rest = rig.transcript().iter().position(|line| line == "S: 350 go on").unwrap();
    assert_eq!(rig.transcript()[rest + 1], "C: STOR f");
    let mut rig = Rig::greeted().says("REST", "502 no");
    let outcome = transfer(&mut rig, client::store(t("f"), IMAGE, 7));
    assert!(matches!(outcome, Outcome::Refused { verb: Some(Verb::Rest), .. }));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "REST 7"], "nothing was overwritten");
    assert_eq!(
        rig.data_operations().last(),
        Some(&DataOp::Abort),
        "the connection is closed before it is told"
    );
    in_step(&mut rig);
}

#[test]
fn a_download_that_cannot_restart_starts_at_0_and_says_so() {
    for refusal in ["502 no", "500 what", "504 not here"] {
        let mut rig = Rig::greeted().says("REST", refusal);
        let (id, offset, ..) = rig.run(&mut client::retrieve(t("f"), IMAGE, 7), opened).done();
        assert_eq!(offset, 0);
        rig.run(&mut client::complete(id), |_| ()).done();
        in_step(&mut rig);
    }
    for reply in ["350 yes", "200 yes", "300 yes"] {
        let mut rig = Rig::greeted().says("REST", reply);
        let (id, offset, ..) = rig.run(&mut client::retrieve(t("f"), IMAGE, 7), opened).done();
        assert_eq!(offset, 7, "{reply}");
        rig.run(&mut client::complete(id), |_| ()).done();
    }
}

#[test]
fn a_server_without_rest_is_not_asked_again_for_a_download() {
    let mut rig = Rig::greeted().says("REST", "502 no");
    assert_eq!(transfer(&mut rig, client::retrieve(t("f"), IMAGE, 7)), Outcome::Done(3));
    rig.clear_records();
    let (id, offset, ..) = rig.run(&mut client::retrieve(t("f"), IMAGE, 7), opened).done();
    assert_eq!(offset, 0);
    rig.run(&mut client::complete(id), |_| ()).done();
    assert_eq!(rig.commands(), ["EPSV", "RETR f"]);
}

#[test]
fn an_offset_that_no_transfer_used_is_taken_back() {
    // REST was answered, and STOR was never sent.
    let mut rig = Rig::greeted();
    let mut open = client::store(t("f"), IMAGE, 7);
    while !rig.transcript().iter().any(|line| line == "S: 350 go on") {
        assert!(rig.run_for(&mut open, 1, opened).is_none());
    }
    drop(open);
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    let commands = rig.commands();
    assert_eq!(commands[commands.len() - 2..], ["REST 0", "RETR f"]);
    rig.clear_records();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["EPSV", "RETR f"]);
}

#[test]
fn a_type_that_is_refused_ends_the_transfer_and_is_not_believed() {
    let mut rig = Rig::greeted().says("TYPE I", "504 no").says("TYPE I", "200 okay");
    assert!(matches!(retrieve(&mut rig), Outcome::Refused { verb: Some(Verb::Type), code: 504, .. }));
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "TYPE I", "EPSV", "RETR f"]);
    in_step(&mut rig);
}

#[test]
fn a_type_that_is_refused_to_a_cancelled_operation_is_not_believed() {
    let mut rig = Rig::greeted().says("TYPE I", "504 no").says("TYPE I", "200 okay");
    let mut open = client::retrieve(t("f"), IMAGE, 0);
    while rig.commands().is_empty() {
        assert!(rig.run_for(&mut open, 1, opened).is_none());
    }
    drop(open);
    in_step(&mut rig);
    rig.clear_records();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RETR f"]);
}

#[test]
fn the_type_is_known_whoever_set_it() {
    let mut rig = Rig::greeted();
    assert_eq!(transfer(&mut rig, client::list(None)), Outcome::Done(3));
    rig.run(&mut client::Exchange::<client::RawAnswer>::new(Command::Type(IMAGE)), |_| ()).done();
    rig.clear_records();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["EPSV", "RETR f"]);
    rig.run(&mut client::Exchange::<client::RawAnswer>::new(Command::Type(ASCII)), |_| ()).done();
    rig.clear_records();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RETR f"]);
    rig = rig.says("REIN", "220 anew");
    rig.run(&mut client::Exchange::<client::RawAnswer>::new(Command::Rein), |_| ()).done();
    rig.run(&mut login(), |_| ()).done();
    rig.clear_records();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RETR f"], "a new login begins with the defaults");
}

#[test]
fn the_server_tells_sizes_and_names_at_the_start() {
    let acts = [Say("150 Opening f (1234 bytes)"), Data(b"abc"), AfterData, Say("226 done")];
    let mut rig = Rig::greeted().on("RETR", acts);
    let (_, _, hint, _) = rig.run(&mut client::retrieve(t("f"), IMAGE, 0), opened).done();
    assert_eq!(hint, Some(1234));
    let mut rig = Rig::greeted().on("STOU", [Say("150 f.\x1b"), AfterData, Say("226 done")]);
    let printed = rig.run(&mut client::store_unique(None, IMAGE), |opened| format!("{opened:?}")).done();
    assert!(printed.contains(r#"unique_name: Some("f.\u{1b}")"#), "{printed}");
    for reply in ["150 FILE: f.1", "150 (unique file name: f.1)", "150 f.1"] {
        let mut rig = Rig::greeted().on("STOU", [Say(reply), AfterData, Say("226 done")]);
        let (_, _, _, name) = rig.run(&mut client::store_unique(None, IMAGE), opened).done();
        assert_eq!(name.as_deref(), Some(&b"f.1"[..]), "{reply}");
    }
}

#[test]
fn an_mlsd_that_is_unknown_is_remembered() {
    let mut rig = Rig::greeted().says("MLSD", "500 what");
    assert_eq!(transfer(&mut rig, client::machine_list(None)).refused(), 500);
    assert!(rig.client().profile().contains(Profile::NO_MLSD));
    let mut rig = Rig::greeted().says("MLSD", "550 no such directory");
    assert_eq!(transfer(&mut rig, client::machine_list(Some(t("x")))).refused(), 550);
    assert!(!rig.client().profile().contains(Profile::NO_MLSD));
}

#[test]
fn a_426_after_an_early_close_of_ours_is_expected() {
    let mut config = Config::default();
    config.abort = client::AbortPolicy::CloseData;
    let acts = [Say("150 go"), Data(b"abc"), AfterData, Say("226 done")];
    let mut rig = Rig::with(config, PEER).greet().on("RETR", acts);
    let _ = rig.run(&mut client::retrieve(t("f"), IMAGE, 0), opened).done();
    rig.clear_records();
    in_step(&mut rig);
    assert_eq!(rig.transcript(), ["S: 426 aborted", "C: SYST", "S: 215 UNIX Type: L8"]);
}

#[test]
fn data_that_was_refused_leaves_its_reply_to_the_transfer() {
    // The client gives up both data connections; the server sends a reply about each.
    for reply in ["425 nobody came", "426 gone"] {
        let mut rig = Rig::greeted()
            .on("RETR", [Say("150 go"), Break(DataFailure::Broken), Delay(seconds(3)), Say(reply)]);
        assert!(matches!(retrieve(&mut rig), Outcome::Refused { verb: Some(Verb::Retr), .. }), "{reply}");
        in_step(&mut rig);
    }
}

#[test]
fn a_command_of_ones_own_has_a_data_connection() {
    let receive = |line: &'static str| client::receive_raw(t(line), None).unwrap();
    let send = |line: &'static str| client::send_raw(t(line), Some(IMAGE)).unwrap();
    let download = [Say("150 here"), Data(b"abc"), AfterData, Say("226 sent")];
    let upload = [Say("150 go"), AfterData, Say("226 got it")];
    let mut rig = Rig::greeted().on("XDAT", download.clone()).on("xput", upload).on("LIST", download);
    assert_eq!(transfer(&mut rig, receive("XDAT  report 1")), Outcome::Done(3));
    assert_eq!(transfer(&mut rig, receive("LIST -la")), Outcome::Done(3));
    assert_eq!(transfer(&mut rig, send("xput it")), Outcome::Done(3));
    assert_eq!(rig.commands(), ["EPSV", "XDAT  report 1", "EPSV", "LIST -la", "TYPE I", "EPSV", "xput it"]);
    in_step(&mut rig);
    // Its replies are checked against those that a transfer may get.
    for (reply, code) in [("200 okay", 200), ("213 3", 213)] {
        let mut rig = Rig::greeted().says("XDAT", reply);
        let stray = |outcome| matches!(outcome, Outcome::Error(Error::Peer(PeerError::UnexpectedReply(_))));
        assert!(stray(transfer(&mut rig, receive("XDAT"))), "{code}");
    }
    let mut rig = Rig::greeted().says("XDAT", "550 no");
    assert_eq!(transfer(&mut rig, receive("XDAT")).refused(), 550);
    for (line, receives) in [("NOOP", true), ("STOR f", true), ("RETR f", false), (" ", true)] {
        let refused = match receives {
            true => client::receive_raw(t(line), None).is_err(),
            false => client::send_raw(t(line), None).is_err(),
        };
        assert!(refused, "{line}");
    }
    // Nothing is transferred in the clear if that is not allowed.
    let mut config = Config::default();
    config.security = client::Security::explicit();
    let mut rig = Rig::with(config, PEER).greet();
    let outcome = transfer(&mut rig, receive("XDAT"));
    assert_eq!(outcome, Outcome::Error(Error::Local(LocalError::Unprotected)));
    assert!(rig.commands().is_empty());
}

#[test]
fn a_name_of_stou_that_the_limit_may_have_cut_is_none() {
    for (padding, told) in [(10, true), (100, false)] {
        let mut config = Config::default();
        config.limits.line = 64;
        let line = format!("150 FILE: {}", "n".repeat(padding)).into_bytes();
        let acts = [Raw([&line[..], b"\r\n"].concat()), AfterData, Say("226 done")];
        let mut rig = Rig::with(config, PEER).greet().on("STOU", acts);
        let mut open = client::store_unique(None, IMAGE);
        let (_, _, _, name) = rig.run(&mut open, opened).done();
        assert_eq!(name.is_some(), told, "{padding}");
    }
}

#[test]
fn a_listing_whose_final_reply_says_that_there_is_none_fails_in_any_order() {
    let not_listed = Outcome::Failed(TransferFailure::NotListed);
    for text in [
        "226 Transfer done (but failed to open directory).",
        "226 Directory could not be opened",
        "226 Error opening directory",
        "226 Access denied",
        "226-Failed to open directory\r\n226 Done",
        "250 /pub: permission denied",
    ] {
        for acts in [
            &[Say("150 here"), Data(b""), AfterData, Say(text)][..],
            &[Say("150 here"), Say(text), Data(b"")],
            &[Say("150 here"), Say(text), Delay(seconds(3)), Data(b"")],
            &[Say(text), Data(b"")],
            &[Say(text)],
            &[Say(text), Break(DataFailure::Broken)],
        ] {
            for (verb, open) in [
                ("LIST", client::list(None)),
                ("NLST", client::names(None)),
                ("MLSD", client::machine_list(None)),
            ] {
                let mut rig = Rig::greeted().on(verb, acts);
                assert_eq!(transfer(&mut rig, open), not_listed, "{text} {acts:?}");
                in_step(&mut rig);
            }
        }
    }
    for text in
        ["226 Directory send OK.", "226 Listing completed with no errors", "226 Options: -l, 3 matches"]
    {
        let mut rig = Rig::greeted().on("LIST", [Say("150 here"), Data(b"abc"), AfterData, Say(text)]);
        assert_eq!(transfer(&mut rig, client::list(None)), Outcome::Done(3), "{text}");
    }
    // The name of a file may contain anything.
    let acts = [Say("150 here"), Data(b"abc"), AfterData, Say("226 cannot open.txt sent")];
    let mut rig = Rig::greeted().on("RETR", acts);
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
}

#[test]
fn a_listing_that_is_only_called_complete_is_presumed_to_be_empty() {
    for (acts, presumed) in [
        (&[Say("226 empty")][..], true),
        (&[Say("226 empty"), Break(DataFailure::Broken)], true),
        (&[Say("150 here"), Data(b""), AfterData, Say("226 done")], false),
        (&[Say("150 here"), Data(b"abc"), AfterData, Say("226 done")], false),
    ] {
        let mut rig = Rig::greeted().on("LIST", acts);
        let (id, ..) = rig.run(&mut client::list(None), opened).done();
        let told = rig.run(&mut client::complete(id), |completed| completed.presumed_empty);
        assert_eq!(told, Outcome::Done(presumed), "{acts:?}");
    }
}

#[test]
fn an_offset_that_was_used_is_taken_back_once_before_the_next_file() {
    for reply in ["350 go on", "501 what", "502 no"] {
        let mut rig = Rig::greeted().says("REST 0", reply);
        assert_eq!(transfer(&mut rig, client::retrieve(t("a"), IMAGE, 3)), Outcome::Done(3));
        rig.clear_records();
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{reply}");
        assert_eq!(rig.commands(), ["EPSV", "REST 0", "RETR f"], "{reply}");
        rig.clear_records();
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{reply}");
        assert_eq!(rig.commands(), ["EPSV", "RETR f"], "{reply}");
    }
}
