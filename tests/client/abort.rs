//! Aborting transfers (RFC 959 4.1.3, ABOR).

use super::*;
use ftp_proto::client::AbortPolicy;
use ftp_proto::client::Profile;
use ftp_proto::codec::Sink;
use support::client::{SYNCH, Turn};

fn with(policy: AbortPolicy) -> Rig {
    let mut config = Config::default();
    config.abort = policy;
    Rig::with(config, PEER).greet()
}

/// A download that has begun and does not end.
fn begun(mut rig: Rig, rest: &[Act]) -> (Rig, TransferId) {
    let mut acts = vec![Say("150 go")];
    acts.extend_from_slice(rest);
    rig = rig.on("RETR big", acts);
    let (id, ..) = rig.run(&mut client::retrieve(t("big"), IMAGE, 0), opened).done();
    (rig, id)
}

#[test]
fn every_answer_to_abor_leaves_the_connection_usable() {
    for (to_transfer, to_abort) in [
        (&[Say("426 aborted")][..], &[Say("226 closed")][..]),
        (&[Say("226 done")], &[Say("226 closed")]),
        (&[Say("226 done")], &[Say("225 nothing to abort")]),
        (&[Say("426 aborted")], &[Say("225 nothing to abort")]),
        (&[Say("426 aborted")], &[Say("500 what")]),
        (&[Say("426 aborted")], &[Say("502 no")]),
        (&[Say("451 failed")], &[Delay(seconds(5)), Say("226 closed")]),
        (&[Say("426 aborted")], &[]),
        (&[Say("226 done")], &[]),
        (&[], &[Say("225 open")]),
        (&[], &[Say("226 closed")]),
        (&[], &[Say("226 closed\r\n426 aborted")]),
        (&[], &[Say("225 open"), Delay(seconds(1)), Say("426 aborted")]),
        (&[], &[Say("426 aborted\r\n226 closed")]),
        (&[Say("426-aborted\r\n426 really")], &[Say("226-closed\r\n226 really")]),
    ] {
        for chunks in [Chunks::whole(), Chunks::of(&[1])] {
            let (mut rig, id) = begun(Rig::greeted().on("ABOR", to_abort), to_transfer);
            rig.set_pieces(chunks);
            rig.run(&mut client::abort(id), |_| ()).done();
            assert!(rig.data_operations().contains(&DataOp::Abort), "the data connection is closed");
            in_step(&mut rig);
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{to_transfer:?} {to_abort:?}");
            in_step(&mut rig);
        }
    }
}

#[test]
fn abor_is_sent_before_the_data_connection_is_closed_and_that_before_an_answer() {
    let (mut rig, id) = begun(Rig::greeted(), &[Data(b"abc"), AfterData, Say("226 done")]);
    rig.clear_records();
    let mut operation = client::abort(id);
    while rig.data_operations().is_empty() {
        assert!(rig.run_for(&mut operation, 1, |_| ()).is_none());
    }
    assert_eq!(rig.transcript(), ["C: ABOR"]);
    rig.run(&mut operation, |_| ()).done();
    assert_eq!(rig.transcript(), ["C: ABOR", "S: 426 aborted", "S: 226 closed"]);
    in_step(&mut rig);
}

#[test]
fn no_answer_to_abor_ends_the_connection_after_a_while() {
    let (mut rig, id) = begun(Rig::greeted().on("ABOR", []), &[]);
    let start = rig.now();
    assert_eq!(rig.run(&mut client::abort(id), |_| ()), peer_error(PeerError::TimedOut(Awaited::Abort)));
    assert_eq!(rig.now().since(start), seconds(10));
    assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::TimedOut(Awaited::Abort)));
}

#[test]
fn an_abor_that_cannot_be_sent_ends_the_connection_after_a_while() {
    let (mut rig, id) = begun(Rig::greeted(), &[]);
    let (start, mut operation) = (rig.now(), client::abort(id));
    let mut now = start;
    let (client, rx, tx) = rig.parts();
    // The transfer has its reply. That does not count for an ABOR that the server has yet to see.
    rx.extend(b"226 done\r\n");
    for _ in 0..10 {
        match Turn::of(operation.poll(client, now, rx, tx), |_| ()) {
            Turn::Wait(wait) => now = wait.deadline.expect("a limit"),
            Turn::Data(_, op) => assert_eq!(op, DataOp::Abort),
            Turn::Over(outcome) => {
                assert_eq!(outcome, peer_error(PeerError::TimedOut(Awaited::Abort)));
                assert_eq!(tx.pending(), b"ABOR\r\n");
                assert_eq!(now.since(start), seconds(10));
                return;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("does not end");
}

#[test]
fn one_answer_for_both_is_waited_out() {
    let mut config = Config::default();
    config.timeouts.abort = seconds(3);
    let (mut rig, id) = begun(Rig::with(config, PEER).greet().on("ABOR", []), &[Say("226 done")]);
    let start = rig.now();
    rig.run(&mut client::abort(id), |_| ()).done();
    assert_eq!(rig.now().since(start), seconds(3));
    assert_eq!(rig.client().profile(), Profile::empty(), "the one reply may be that of the transfer");
    in_step(&mut rig);
    // Pure-FTPd sends this for a download, and is recognised by it from then on.
    for (profile, waited) in [(Profile::empty(), 10), (Profile::ONE_ABORT_REPLY, 0)] {
        let rig = Rig::greeted().on("ABOR", []).profile(profile);
        let (mut rig, id) = begun(rig, &[Say("226 Since you see this ABOR must've succeeded")]);
        let start = rig.now();
        rig.run(&mut client::abort(id), |_| ()).done();
        assert_eq!(rig.now().since(start), seconds(waited));
        assert!(rig.client().profile().contains(Profile::ONE_ABORT_REPLY));
        in_step(&mut rig);
    }
}

#[test]
fn an_answer_to_abor_that_comes_too_late_is_taken_for_no_other() {
    for late in ["225 nothing to abort", "226 closed"] {
        let (rig, id) = begun(Rig::greeted().on("ABOR", []), &[Say("426 aborted")]);
        let mut rig = rig.on("SYST", [Say(late), Say("215 UNIX Type: L8")]).says("SITE NONE", "502 no");
        rig.run(&mut client::abort(id), |_| ()).done();
        let site = client::site(ftp_proto::codec::SiteCommand::Other(t("NONE")));
        assert_eq!(rig.run(&mut { site }, |_| ()).refused(), 502, "{late}");
        in_step(&mut rig);
    }
}

#[test]
fn once_abor_is_answered_nothing_is_left_of_it() {
    for (to_transfer, to_abort) in [
        (&[Say("426 aborted")][..], &[Say("226 closed")][..]),
        (&[], &[Say("226 closed\r\n426 aborted")]),
        (&[Say("226 done")], &[]),
        (&[Say("226 ABOR must have succeeded")], &[]),
    ] {
        let rig = Rig::greeted().on("ABOR", to_abort).on("NOOP", []);
        let (mut rig, id) = begun(rig, to_transfer);
        rig.run(&mut client::abort(id), |_| ()).done();
        let start = rig.now();
        assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::TimedOut(Awaited::Reply)));
        assert_eq!(rig.now().since(start), seconds(60), "{to_transfer:?} {to_abort:?}");
    }
}

#[test]
fn a_transfer_that_the_server_has_finished_needs_no_abor() {
    let mut rig = Rig::greeted().on("RETR", [Say("226 at once")]);
    let (id, ..) = rig.run(&mut client::retrieve(t("f"), IMAGE, 0), opened).done();
    rig.clear_records();
    assert_eq!(rig.run(&mut client::abort(id), |bytes| bytes), Outcome::Done(0));
    assert!(rig.commands().is_empty());
    assert_eq!(rig.data_operations(), [DataOp::Abort]);
    in_step(&mut rig);
}

#[test]
fn a_transfer_can_be_aborted_while_it_is_seen_through() {
    for store in [false, true] {
        for polls in 0..20 {
            let (mut rig, id) = transferring(store);
            let mut complete = client::complete(id);
            if rig.run_for(&mut complete, polls, |_| ()).is_some() {
                break;
            }
            rig.run(&mut client::abort(complete.into_transfer()), |_| ()).done();
            in_step(&mut rig);
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{:#?}", rig.transcript());
        }
    }
}

#[test]
fn an_abort_may_be_dropped_at_any_point() {
    for polls in 0..20 {
        let (mut rig, id) = begun(Rig::greeted(), &[Data(b"abc"), AfterData, Say("226 done")]);
        let _ = rig.run_for(&mut client::abort(id), polls, |_| ());
        in_step(&mut rig);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{:#?}", rig.transcript());
        in_step(&mut rig);
    }
}

#[test]
fn what_is_dropped_is_given_up_as_the_policy_says() {
    let synched = format!("{SYNCH}ABOR");
    for (policy, download, upload) in [
        (AbortPolicy::AborUploads, None, Some("ABOR")),
        (AbortPolicy::CloseData, None, None),
        (AbortPolicy::Abor, Some("ABOR"), Some("ABOR")),
        (AbortPolicy::AborWithSynch, Some(&*synched), Some(&*synched)),
    ] {
        for (open, expected) in
            [(client::retrieve(t("f"), IMAGE, 0), download), (client::store(t("f"), IMAGE, 0), upload)]
        {
            let mut rig = with(policy);
            let mut open = open;
            let _ = rig.run(&mut open, opened).done();
            rig.clear_records();
            in_step(&mut rig);
            let commands: Vec<&str> = expected.into_iter().chain(["SYST"]).collect();
            assert_eq!(rig.commands(), commands, "{policy:?}");
            assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort));
            assert_eq!(retrieve(&mut rig), Outcome::Done(3));
        }
    }
}

#[test]
fn a_server_that_closes_at_the_sight_of_synch_is_remembered() {
    let mut rig = with(AbortPolicy::AborWithSynch).on("ABOR", [Hangup]);
    let _ = rig.run(&mut client::store(t("f"), IMAGE, 0), opened).done();
    assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::Closed));
    assert_eq!(rig.client().profile(), Profile::NO_SYNCH);
    let mut rig = with(AbortPolicy::AborWithSynch).profile(Profile::NO_SYNCH);
    let _ = rig.run(&mut client::store(t("f"), IMAGE, 0), opened).done();
    rig.clear_records();
    in_step(&mut rig);
    assert_eq!(rig.commands(), ["ABOR", "SYST"]);
}

#[test]
fn synch_and_abor_go_together_once_there_is_room_for_both() {
    let (mut rig, id) = begun(with(AbortPolicy::AborWithSynch), &[]);
    let (now, mut operation) = (rig.now(), client::abort(id));
    let (client, rx, _) = rig.parts();
    let mut tx = SendBuf::new([0; 14]);
    tx.view().append(|tx| tx.put(b"NOOP\r\n")).unwrap();
    for _ in 0..3 {
        let turn = operation.poll(client, now, rx, &mut tx);
        assert!(matches!(turn, Ok(Action::Wait(_))), "{turn:?}");
    }
    assert_eq!(tx.pending(), b"NOOP\r\n");
    tx.sent(6);
    let turn = operation.poll(client, now, rx, &mut tx);
    assert!(matches!(turn, Ok(Action::Wait(_))), "{turn:?}");
    assert_eq!(tx.pending(), b"\xff\xf4\xff\xf2ABOR\r\n");
}

#[test]
fn a_server_that_knows_no_abor_behind_synch_is_remembered() {
    let (mut rig, id) = begun(with(AbortPolicy::AborWithSynch).on("ABOR", []), &[]);
    assert_eq!(rig.run(&mut client::abort(id), |_| ()), peer_error(PeerError::TimedOut(Awaited::Abort)));
    assert_eq!(rig.client().profile(), Profile::NO_SYNCH);
}

#[test]
fn an_abort_byte_by_byte_is_the_same_abort() {
    for policy in [AbortPolicy::Abor, AbortPolicy::AborWithSynch] {
        for polls in 0..40 {
            let mut rig = with(policy);
            rig.set_pieces(Chunks::of(&[1]));
            let (mut rig, id) = begun(rig, &[Data(b"abc"), AfterData, Say("226 done")]);
            let mut operation = client::abort(id);
            let _ = rig.run_for(&mut operation, polls, |_| ());
            in_step(&mut rig);
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{:#?}", rig.transcript());
        }
    }
}

#[test]
fn an_answer_to_abor_that_stops_in_its_middle_ends_the_connection() {
    let half = Raw(b"226-half\r\n".to_vec());
    let (mut rig, id) = begun(Rig::greeted().on("ABOR", [half]), &[Say("426 aborted")]);
    assert_eq!(rig.run(&mut client::abort(id), |_| ()), peer_error(PeerError::TimedOut(Awaited::Abort)));
}
