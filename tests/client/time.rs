//! Deadlines.

use ftp_proto::action::DataEvent;
use ftp_proto::client::Event;
use ftp_proto::time::Instant;

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
        DataEvent::Connected,
        DataEvent::Moved(4),
        DataEvent::Eof { clean: true },
        DataEvent::Failed(DataFailure::Broken),
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

#[test]
fn work_that_moves_no_byte_does_not_put_the_deadline_off() {
    let mut config = Config::default();
    config.timeouts.data_idle = seconds(40);
    let mut client = Client::new(config, "192.0.2.1:21".parse().unwrap());
    let (mut rx, mut tx) = (RecvBuf::new(vec![0; 4096]), SendBuf::new(vec![0; 4096]));
    rx.extend(b"220 hello\r\n");
    let (mut greeting, mut open) = (client::greeting(), client::retrieve(t("f"), IMAGE, 0));
    let (mut greeted, mut transfer, mut moving, mut now) = (false, None, None, Instant::default());
    for _ in 0..200 {
        let action = match (greeted, &mut transfer) {
            (false, _) => match greeting.poll(&mut client, now, &mut rx, &mut tx).unwrap() {
                Action::Event(Event::Done(_)) => {
                    greeted = true;
                    continue;
                }
                action => action.map(|_| ()),
            },
            (true, None) => match open.poll(&mut client, now, &mut rx, &mut tx).unwrap() {
                Action::Event(Event::Done(opened)) => {
                    transfer = Some(client::complete(opened.transfer));
                    continue;
                }
                action => action.map(|_| ()),
            },
            (true, Some(complete)) => complete.poll(&mut client, now, &mut rx, &mut tx).unwrap().map(|_| ()),
        };
        match action {
            Action::Data(id, DataOp::Connect(_)) => client.data_event(id, DataEvent::Connected).unwrap(),
            Action::Data(id, DataOp::Receive(_)) => moving = Some((id, now)),
            Action::Data(_, DataOp::Abort | DataOp::Close) => {
                let (_, since) = moving.expect("the transfer has begun");
                assert_eq!(now.since(since), seconds(40));
                return;
            }
            Action::Wait(wait) if wait.writable => {
                let reply: &[u8] = match tx.pending() {
                    [b'E', b'P', b'S', b'V', ..] => b"229 here (|||2000|)\r\n",
                    [b'R', b'E', b'T', b'R', ..] => b"150 go\r\n",
                    _ => b"200 so\r\n",
                };
                rx.extend(reply);
                let sent = tx.pending().len();
                tx.sent(sent);
            }
            Action::Wait(wait) => {
                let Some((id, _)) = moving else {
                    now = wait.deadline.unwrap();
                    continue;
                };
                client.data_event(id, DataEvent::Moved(0)).unwrap();
                client.data_event(id, DataEvent::Decoded(1 << 20)).unwrap();
                now = now.after(seconds(1));
            }
            _ => {}
        }
    }
    panic!("the transfer goes on without a byte");
}
