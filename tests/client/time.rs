//! Deadlines.

use super::*;

#[test]
fn each_wait_has_its_deadline() {
    let mut config = Config::default();
    config.timeouts.greeting = seconds(10);
    config.timeouts.reply = seconds(20);
    config.timeouts.connect = seconds(30);
    config.timeouts.data_idle = seconds(40);
    config.timeouts.final_reply = seconds(50);

    let mut rig = Rig::with(config.clone(), PEER).opening([]);
    let start = rig.now();
    assert_eq!(rig.run(&mut client::greeting(), |_| ()), peer_error(PeerError::TimedOut(Awaited::Greeting)));
    assert_eq!(rig.now().since(start), seconds(10));

    let mut rig = Rig::with(config.clone(), PEER).greet().on("NOOP", []);
    assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::TimedOut(Awaited::Reply)));
    assert_eq!(rig.now().since(start), seconds(20));

    let mut rig = Rig::with(config.clone(), PEER).greet();
    rig.on_connect(attempt(None));
    assert_eq!(retrieve(&mut rig), Outcome::Failed(TransferFailure::Connection(DataFailure::Unreachable)));
    assert_eq!(rig.now().since(start), seconds(60), "EPSV's port, then PASV's");
    in_step(&mut rig);

    let mut rig =
        Rig::with(config.clone(), PEER).greet().on("RETR", [Say("150 go"), AfterData, Say("226 x")]);
    assert_eq!(retrieve(&mut rig).refused(), 426);
    assert_eq!(rig.now().since(start), seconds(40));
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort));
    in_step(&mut rig);

    let mut rig = Rig::with(config, PEER).greet().on("RETR", [Say("150 go"), Data(b"abc")]);
    assert_eq!(retrieve(&mut rig), peer_error(PeerError::TimedOut(Awaited::FinalReply)));
    assert_eq!(rig.now().since(start), seconds(50));
}

#[test]
fn blank_lines_are_no_answer() {
    let mut acts = Vec::new();
    for _ in 0..10 {
        acts.extend([Delay(seconds(20)), Raw(b"\r\n".to_vec())]);
    }
    let mut rig = Rig::greeted().on("NOOP", acts);
    let start = rig.now();
    assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::TimedOut(Awaited::Reply)));
    assert_eq!(rig.now().since(start), seconds(60));
}

#[test]
fn a_data_event_that_comes_too_late_is_ignored() {
    let mut rig = Rig::greeted();
    rig.on_connect(attempt(None));
    let mut operation = client::retrieve(t("f"), IMAGE, 0);
    while rig.connected_to().is_empty() {
        assert!(rig.run_for(&mut operation, 1, opened).is_none());
    }
    assert!(rig.run_for(&mut operation, 1, opened).is_none());
    // The connection attempt has timed out; the driver did not know yet, and says that it stands.
    rig.pass(seconds(100));
    let id = match rig.poll(&mut operation).unwrap() {
        Action::Data(id, DataOp::Abort) => id,
        other => panic!("{other:?}"),
    };
    for event in [
        ftp_proto::action::DataEvent::Connected,
        ftp_proto::action::DataEvent::Moved(4),
        ftp_proto::action::DataEvent::Eof { clean: true },
        ftp_proto::action::DataEvent::Failed(DataFailure::Broken),
    ] {
        assert_eq!(rig.client_mut().data_event(id, event), Ok(()));
    }
}

#[test]
fn one_time_for_all_is_what_failures_take_and_no_more_than_that() {
    let timeouts = Timeouts::all(seconds(5));
    let usual = Timeouts::default();
    for limit in [timeouts.greeting, timeouts.reply, timeouts.connect, timeouts.accept] {
        assert_eq!(limit, seconds(5));
    }
    for limit in [timeouts.data_idle, timeouts.final_reply] {
        assert_eq!(limit, seconds(5));
    }
    let patient = Timeouts::all(seconds(1000));
    assert_eq!((patient.reply, patient.final_reply), (seconds(1000), seconds(1000)));
    // After these the client goes on: patience with failures should not delay it there.
    assert_eq!((patient.preliminary, patient.abort), (usual.preliminary, usual.abort));
    assert_eq!(patient.end_of_reply, usual.end_of_reply);
}

#[test]
fn a_client_hears_the_end_of_an_upload_from_a_server_that_waits_for_its_lost_tail() {
    // The server gives up the transfer before its client gives up the server.
    let stall = ftp_proto::server::Timeouts::default().stall;
    assert!(Timeouts::default().final_reply > stall + seconds(30));
    let mut rig = Rig::greeted().on("STOR", [Say("150 go"), Delay(stall), Say("426 where is the rest?")]);
    assert_eq!(transfer(&mut rig, client::store(t("f"), IMAGE, 0)).refused(), 426);
    in_step(&mut rig);
}
