//! Active mode: the server connects (RFC 959 3.2).

use super::*;
use ftp_proto::client::DataConnection::{self, Active, PassiveThenActive};
use support::client::Act::Arrive;

fn config(data_connection: DataConnection) -> Config {
    let mut config = Config::default();
    config.data_connection = data_connection;
    config
}

fn active() -> Rig {
    Rig::with(config(Active), PEER).greet()
}

const SERVER: &str = "192.0.2.1:20";

#[test]
fn the_server_is_told_where_to_connect_to() {
    let mut rig = active();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPRT |1|192.0.2.77|1025|", "RETR f"]);
    assert_eq!(rig.transcript()[..2], ["C: TYPE I", "S: 200 okay"], "one at a time");
    assert_eq!(rig.round_trips(), 4);
    assert_eq!(rig.data_operations()[0], DataOp::Listen { address: None, ports: 0..=0 });
    assert_eq!(rig.data_operations()[1], DataOp::Admit);
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Close));
    assert_eq!(transfer(&mut rig, client::store(t("f"), IMAGE, 0)), Outcome::Done(3));
    assert_eq!(transfer(&mut rig, client::retrieve(t("f"), IMAGE, 9)), Outcome::Done(3));
    in_step(&mut rig);
}

#[test]
fn a_2yz_of_no_other_command_to_eprt_and_port_is_success_and_eprt_refused_is_followed_by_port() {
    for reply in ["200 x", "202 x", "250 x"] {
        for profile in [Profile::empty(), Profile::NO_EPRT] {
            let mut rig = active().profile(profile).says("EPRT", reply).says("PORT", reply);
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{reply}");
        }
    }
    for reply in ["500 x", "501 x", "502 x", "522 x", "530 x", "425 x"] {
        let mut rig = active().says("EPRT", reply);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{reply}");
        let commands = ["TYPE I", "EPRT |1|192.0.2.77|1025|", "PORT 192,0,2,77,4,1", "RETR f"];
        assert_eq!(rig.commands(), commands);
        assert!(rig.client().profile().contains(Profile::NO_EPRT));
        rig.clear_records();
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
        assert_eq!(rig.commands(), ["PORT 192,0,2,77,4,1", "RETR f"], "it is remembered");
    }
    let mut rig = active().says("EPRT", "500 x").says("PORT", "500 x");
    assert!(matches!(retrieve(&mut rig), Outcome::Refused { verb: Some(Verb::Port), .. }));
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort), "the listener is closed");
    in_step(&mut rig);
}

#[test]
fn the_address_told_is_one_that_the_server_can_use() {
    for (peer, listens_at, address, eprt) in [
        (PEER_V6, "[2001:db8::77%3]:1025", None, "|2|2001:db8::77|1025|"),
        (PEER_V6, "[fe80::77%3]:1025", None, "|2|fe80::77|1025|"),
        (PEER, "[::ffff:192.0.2.77]:1025", None, "|1|192.0.2.77|1025|"),
        (PEER, "10.0.0.7:1025", Some("198.51.100.7"), "|1|198.51.100.7|1025|"),
    ] {
        let mut config = config(Active);
        config.active.address = address.map(|address: &str| address.parse().unwrap());
        let mut rig = Rig::with(config, peer).greet();
        rig.set_listener(Some(listens_at.parse().unwrap()));
        let _ = rig.run_for(&mut client::retrieve(t("f"), IMAGE, 0), 12, |_| ());
        assert_eq!(rig.commands()[1], format!("EPRT {eprt}"));
    }
}

#[test]
fn an_ipv6_address_has_no_port_command() {
    let mut rig = Rig::with(config(Active), PEER_V6).greet().says("EPRT", "500 what");
    rig.set_listener(Some("[2001:db8::77]:1025".parse().unwrap()));
    assert_eq!(retrieve(&mut rig).refused(), 500);
    in_step(&mut rig);
}

#[test]
fn the_listener_has_the_ports_that_the_caller_allows() {
    let mut config = config(Active);
    config.active.ports = 3000..=3010;
    let mut rig = Rig::with(config, PEER).greet();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.data_operations()[0], DataOp::Listen { address: None, ports: 3000..=3010 });
}

#[test]
fn the_data_connection_may_come_before_the_150_or_after_it_or_after_the_226() {
    for acts in [
        &[Arrive(SERVER), Say("150 go"), Data(b"abc"), AfterData, Say("226 done")][..],
        &[Arrive(SERVER), Delay(seconds(1)), Say("150 go"), Data(b"abc"), AfterData, Say("226 done")],
        &[Say("150 go"), Arrive(SERVER), Data(b"abc"), AfterData, Say("226 done")],
        &[Say("150 go"), Delay(seconds(9)), Arrive(SERVER), Data(b"abc"), AfterData, Say("226 done")],
        &[Say("150 go\r\n226 done"), Delay(seconds(1)), Arrive(SERVER), Data(b"abc")],
        &[Say("226 done"), Arrive(SERVER), Data(b"abc")],
        &[Say("226 done"), Delay(seconds(1)), Arrive(SERVER), Data(b"abc")],
        // Ports other than 20, and strangers.
        &[Say("150 go"), Arrive("192.0.2.1:44444"), Data(b"abc"), AfterData, Say("226 done")],
        &[Say("150 go"), Arrive("[::ffff:192.0.2.1]:20"), Data(b"abc"), AfterData, Say("226 done")],
        &[Arrive("10.9.8.7:20"), Say("150 go"), Arrive(SERVER), Data(b"abc"), AfterData, Say("226 done")],
    ] {
        for data_first in [false, true] {
            let mut rig = active().on("RETR", acts);
            rig.set_data_first(data_first);
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{acts:?}: {:#?}", rig.transcript());
            assert_eq!(rig.data_operations().last(), Some(&DataOp::Close));
            in_step(&mut rig);
        }
    }
}

#[test]
fn strangers_are_turned_away_and_gain_no_time() {
    let mut acts = vec![Say("150 go")];
    for _ in 0..20 {
        acts.extend([Delay(seconds(9)), Arrive("203.0.113.5:20")]);
    }
    acts.push(Say("425 cannot connect"));
    let mut rig = active().on("RETR", acts);
    let start = rig.now();
    let mut open = client::retrieve(t("f"), IMAGE, 0);
    let (id, ..) = rig.run(&mut open, opened).done();
    let mut complete = client::complete(id);
    while !rig.data_operations().contains(&DataOp::Abort) {
        assert!(rig.run_for(&mut complete, 1, |_| ()).is_none());
    }
    assert_eq!(rig.now().since(start), seconds(60));
    assert_eq!(rig.data_operations().iter().filter(|op| **op == DataOp::Reject).count(), 6);
    assert!(!rig.data_operations().contains(&DataOp::Admit));
}

#[test]
fn while_waiting_for_the_server_to_connect_its_refusal_is_heard() {
    for (acts, code) in [
        (&[Say("150 go"), Delay(seconds(2)), Say("425 cannot connect")][..], 425),
        (&[Delay(seconds(2)), Say("425 cannot connect")], 425),
        (&[Say("150 go"), Say("426 gone")], 426),
        (&[Say("550 none")], 550),
    ] {
        let mut rig = active().on("RETR", acts);
        assert_eq!(retrieve(&mut rig).refused(), code);
        assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort), "the listener is closed");
        in_step(&mut rig);
    }
    let mut rig = active().on("RETR", [Say("150 go"), Delay(seconds(2)), Say("421 bye"), Hangup]);
    assert_eq!(retrieve(&mut rig).refused(), 421);
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort));
}

#[test]
fn a_server_that_never_connects_is_not_waited_for_for_ever() {
    let mut rig = active().on("RETR", [Say("150 go"), Delay(seconds(70)), Say("425 cannot connect")]);
    assert_eq!(retrieve(&mut rig).refused(), 425);
    in_step(&mut rig);
    let mut rig = active().on("RETR", [Say("150 go"), Say("226 done")]);
    let start = rig.now();
    assert_eq!(retrieve(&mut rig), Outcome::Failed(TransferFailure::Connection(DataFailure::Unreachable)));
    assert_eq!(rig.now().since(start), seconds(10));
    in_step(&mut rig);
    // Some servers say this for an empty directory.
    let mut rig = active().on("LIST", [Say("226 empty")]);
    assert_eq!(transfer(&mut rig, client::list(None)), Outcome::Done(0));
}

#[test]
fn a_listener_that_cannot_be_had_is_a_failure() {
    let mut rig = active();
    rig.set_listener(None);
    assert_eq!(retrieve(&mut rig), Outcome::Failed(TransferFailure::Connection(DataFailure::Unreachable)));
    in_step(&mut rig);
}

#[test]
fn active_mode_comes_last_where_passive_mode_does_not_work_and_is_remembered() {
    let by_refusal =
        || Rig::with(config(PassiveThenActive), PEER).greet().says("EPSV", "500").says("PASV", "500");
    let mut rig = by_refusal();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "PASV", "EPRT |1|192.0.2.77|1025|", "RETR f"]);
    assert!(rig.client().profile().contains(Profile::NO_EPSV | Profile::NO_PASSIVE));
    rig.clear_records();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["EPRT |1|192.0.2.77|1025|", "RETR f"]);
    let mut rig = Rig::with(config(PassiveThenActive), PEER).greet();
    rig.on_connect(attempt(Some(Err(DataFailure::Unreachable))));
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "PASV", "EPRT |1|192.0.2.77|1025|", "RETR f"]);
    let mut rig = Rig::with(config(PassiveThenActive), PEER_V6).greet().says("EPSV", "500");
    rig.set_listener(Some("[2001:db8::77]:1025".parse().unwrap()));
    let acts = [Say("150 go"), Arrive("[2001:db8::1]:20"), Data(b"abc"), AfterData, Say("226 done")];
    rig = rig.on("RETR", acts);
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    let mut rig = Rig::with(config(PassiveThenActive), PEER).greet();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RETR f"]);
}

#[test]
fn a_transfer_in_active_mode_may_be_dropped_at_any_point() {
    cancelled(|| client::retrieve(t("g"), IMAGE, 9), active);
    cancelled(|| client::store(t("g"), IMAGE, 0), active);
    cancelled(|| client::retrieve(t("g"), IMAGE, 0), || active().says("EPRT", "500 what"));
    let acts = [Say("150 go"), Delay(seconds(1)), Arrive(SERVER), Data(b"abc"), AfterData, Say("226 done")];
    for polls in 0..20 {
        let mut rig = active().on("RETR x", acts.clone());
        let (id, ..) = rig.run(&mut client::retrieve(t("x"), IMAGE, 0), opened).done();
        let _ = rig.run_for(&mut client::complete(id), polls, |_| ());
        in_step(&mut rig);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{:#?}", rig.transcript());
    }
}
