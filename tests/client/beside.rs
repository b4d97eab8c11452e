//! Commands during a transfer: STAT and NOOP, and the effects of a missing 1yz.

use super::*;

fn kept_alive() -> Rig {
    let mut config = Config::default();
    config.keepalive = Some(seconds(20));
    Rig::with(config, PEER).greet()
}

#[test]
fn noop_keeps_the_control_connection_alive_whenever_it_is_answered() {
    for attentive in [false, true] {
        let acts = [Say("150 go"), Delay(seconds(50)), Data(b"abc"), AfterData, Say("226 done")];
        let mut rig = kept_alive().on("RETR", acts);
        rig.set_attentive(attentive);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{:#?}", rig.transcript());
        assert_eq!(rig.commands()[3..], ["NOOP", "NOOP"]);
        in_step(&mut rig);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
        in_step(&mut rig);
    }
}

#[test]
fn noop_answered_at_once_belongs_to_no_transfer() {
    for noop in ["200 okay", "500 busy", "502 no", "503 not now"] {
        let mut rig = kept_alive().says("NOOP", noop).on("RETR", [Say("150 go"), AfterData, Say("226 done")]);
        rig.set_attentive(true);
        let start = rig.now();
        let outcome = retrieve(&mut rig);
        assert_eq!(outcome.refused(), 426, "it stalled, {noop} or not");
        assert_eq!(rig.now().since(start), seconds(60), "NOOP is no data");
        assert!(rig.commands().contains(&"NOOP"));
        in_step(&mut rig);
    }
}

#[test]
fn a_server_that_answers_no_noop_is_not_flooded() {
    let mut config = Config::default();
    config.keepalive = Some(seconds(1));
    config.timeouts.data_idle = seconds(500);
    let acts = [Say("150 go"), Delay(seconds(400)), Data(b"abc"), AfterData, Say("226 done")];
    let mut rig = Rig::with(config, PEER).greet().on("RETR", acts);
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert!(rig.commands().len() <= 3 + 6, "{:?}", rig.commands());
    in_step(&mut rig);
}

#[test]
fn stat_tells_how_far_a_transfer_is_at_once_or_after_it() {
    for attentive in [false, true] {
        let acts = [Say("150 go"), Delay(seconds(5)), Data(b"abc"), AfterData, Say("226 done")];
        let mut rig = Rig::greeted().on("RETR", acts);
        rig.set_attentive(attentive);
        let (id, ..) = rig.run(&mut client::retrieve(t("f"), IMAGE, 0), opened).done();
        let mut complete = client::complete(id);
        complete.ask_status();
        assert_eq!(rig.run(&mut complete, |done| done.transferred), Outcome::Done(3));
        assert_eq!(rig.commands()[3..], ["STAT"]);
        if attentive {
            assert_eq!(rig.lines(), ["211 so far", "211  3 bytes", "211 end"]);
        }
        in_step(&mut rig);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    }
    let mut rig = Rig::greeted().says("STAT", "500 what");
    rig.set_attentive(true);
    let (id, ..) = rig.run(&mut client::retrieve(t("f"), IMAGE, 0), opened).done();
    let mut complete = client::complete(id);
    complete.ask_status();
    assert_eq!(rig.run(&mut complete, |done| done.transferred), Outcome::Done(3));
    in_step(&mut rig);
}

#[test]
fn a_transfer_with_noops_unanswered_can_be_aborted_and_dropped() {
    for drop in [false, true] {
        let mut rig = kept_alive().on("RETR big", [Say("150 go"), AfterData, Say("226 done")]);
        let (id, ..) = rig.run(&mut client::retrieve(t("big"), IMAGE, 0), opened).done();
        let mut complete = client::complete(id);
        while !rig.commands().contains(&"NOOP") {
            assert!(rig.run_for(&mut complete, 1, |_| ()).is_none());
        }
        if !drop {
            rig.run(&mut client::abort(complete.into_transfer()), |_| ()).done();
        }
        in_step(&mut rig);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{:#?}", rig.transcript());
    }
}

#[test]
fn data_is_read_although_no_150_comes() {
    for acts in [
        &[Data(b"abc"), AfterData, Say("226 done")][..],
        &[Delay(seconds(12)), Say("150 go"), Data(b"abc"), AfterData, Say("226 done")],
        &[Data(b"abc"), AfterData, Delay(seconds(50)), Say("150 late"), Say("226 done")],
    ] {
        let mut rig = Rig::greeted().on("RETR", acts);
        let start = rig.now();
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{acts:?} {:#?}", rig.transcript());
        assert!(rig.now().since(start) >= seconds(10));
        in_step(&mut rig);
    }
    let mut rig = Rig::greeted().on("RETR", [Delay(seconds(12)), Say("550 none")]);
    assert_eq!(retrieve(&mut rig).refused(), 550);
    in_step(&mut rig);
}

#[test]
fn nothing_is_sent_before_the_server_says_150() {
    let mut rig = Rig::greeted().on("STOR", [Delay(seconds(50)), Say("550 no")]);
    assert_eq!(transfer(&mut rig, client::store(t("f"), IMAGE, 0)).refused(), 550);
    assert!(!rig.data_operations().iter().any(|op| matches!(op, DataOp::Send(_))));
    in_step(&mut rig);
}
