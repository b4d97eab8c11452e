//! What becomes of a transfer whose control connection ends.

use crate::support::seconds;
use crate::support::server::{DataState, End, PEER_DATA, Rig, Slow, prompt};
use ftp_proto::action::{DataEvent, DataFailure, DataOp};
use ftp_proto::error::{Error, PeerError};
use ftp_proto::server::{Answer, EventKind, Refusal, TransferOutcome};
use std::time::Duration;

const GONE: Option<End> = Some(End::Error(Error::Peer(PeerError::Closed)));

fn storing() -> Rig {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    rig
}

fn outcome(rig: &Rig) -> Option<TransferOutcome> {
    rig.notes().iter().rev().find_map(|note| match note {
        EventKind::Transferred(end) => Some(end.outcome),
        _ => None,
    })
}

#[test]
fn an_upload_that_ends_in_order_after_the_control_connection_is_kept() {
    for (pause, kept) in [(0, true), (1_999_999, true), (2_000_000, false)] {
        let mut rig = storing();
        rig.close();
        assert_eq!(rig.end(), None);
        assert_eq!(rig.wait().deadline, Some(rig.now().after(seconds(2))));
        assert!(rig.wait().data && !rig.wait().readable);
        rig.pass(Duration::from_micros(pause));
        if kept {
            rig.upload(b"all of it");
        }
        assert_eq!(rig.end(), GONE, "{pause}");
        assert_eq!(rig.host().file("/new").is_some(), kept, "{pause}");
        assert_eq!(
            outcome(&rig),
            Some(if kept { TransferOutcome::Complete } else { TransferOutcome::Cut }),
            "{pause}"
        );
    }
}

#[test]
fn progress_does_not_put_the_end_of_an_orphaned_upload_off() {
    let mut rig = storing();
    rig.close();
    for _ in 0..3 {
        rig.pass(Duration::from_millis(600));
        let id = rig.data_id();
        rig.tell(id, DataEvent::Moved(1));
        assert_eq!(rig.end(), None);
    }
    rig.pass(Duration::from_millis(200));
    assert_eq!((rig.end(), rig.data_operations().last()), (GONE, Some(&DataOp::Abort)));
    assert!(rig.host().file("/new").is_none());
}

#[test]
fn an_orphaned_upload_that_does_not_end_in_order_is_given_up() {
    for event in [
        DataEvent::Eof { clean: false },
        DataEvent::Failed(DataFailure::Broken),
        DataEvent::Failed(DataFailure::Malformed),
    ] {
        let mut rig = storing();
        rig.close();
        let id = rig.data_id();
        rig.tell(id, event);
        assert_eq!(rig.end(), GONE, "{event:?}");
        assert!(rig.host().file("/new").is_none(), "{event:?}");
        assert!(matches!(outcome(&rig), Some(TransferOutcome::Failed(_))), "{event:?}");
    }
}

#[test]
fn an_upload_may_lose_its_control_connection_at_any_moment_from_its_command_on() {
    // Before the host has opened it.
    let mut rig = Rig::logged_in();
    rig.passive();
    rig.slow(Slow::Everything);
    rig.say("STOR /new");
    rig.close();
    assert_eq!(rig.end(), None);
    rig.answer(Answer::Opened { size: None, unique_name: None }).unwrap();
    assert!((rig.data_state() == DataState::Receiving));
    // Before the host has kept it.
    let id = rig.data_id();
    rig.tell(id, DataEvent::Eof { clean: true });
    rig.pass(seconds(299));
    assert_eq!(rig.end(), None);
    rig.answer(Answer::Done).unwrap();
    assert_eq!((rig.end(), outcome(&rig)), (GONE, Some(TransferOutcome::Complete)));
    // Before the data connection stands.
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV\r\nSTOR /new"), [229, 150]);
    rig.close();
    assert!(rig.arrive(PEER_DATA));
    rig.upload(b"all of it");
    assert_eq!((rig.end(), rig.host().file("/new")), (GONE, Some(&b"all of it"[..])));
}

#[test]
fn a_host_that_does_not_open_or_keep_an_orphaned_upload_ends_its_session() {
    for (answers_open, patience, outcome_then) in [(false, 2, None), (true, 300, Some(TransferOutcome::Cut))]
    {
        let mut rig = Rig::logged_in();
        rig.passive();
        rig.slow(Slow::Everything);
        rig.say("STOR /new");
        if answers_open {
            rig.answer(Answer::Opened { size: None, unique_name: None }).unwrap();
            let id = rig.data_id();
            rig.tell(id, DataEvent::Eof { clean: true });
        }
        rig.close();
        rig.pass(seconds(patience) - Duration::from_micros(1));
        assert_eq!(rig.end(), None);
        rig.pass(Duration::from_micros(1));
        assert_eq!((rig.end(), outcome(&rig)), (GONE, outcome_then));
    }
    let mut rig = Rig::logged_in();
    rig.passive();
    rig.slow(Slow::Everything);
    rig.say("STOR /new");
    rig.close();
    rig.answer(Answer::Refused(Refusal::Denied)).unwrap();
    assert_eq!(rig.end(), GONE);
}

#[test]
fn whatever_is_no_upload_ends_with_the_control_connection() {
    for command in ["RETR /file", "LIST", "NLST", "MLSD"] {
        let mut rig = Rig::logged_in();
        rig.passive();
        assert_eq!(rig.say(command), [150]);
        rig.close();
        assert_eq!((rig.end(), rig.data_operations().last()), (GONE, Some(&DataOp::Abort)), "{command}");
        let mut rig = Rig::logged_in();
        rig.passive();
        rig.slow(Slow::Everything);
        rig.say(command);
        rig.close();
        assert_eq!(rig.end(), GONE, "{command}");
    }
    let mut rig = storing();
    assert_eq!(rig.say("ABOR"), [426, 226]);
    rig.close();
    assert_eq!(rig.end(), GONE);
    assert!(rig.host().file("/new").is_none());
}

#[test]
fn an_orphaned_upload_is_given_up_at_once_where_the_timeout_says_so_or_the_server_closes() {
    let mut config = prompt();
    config.timeouts.orphaned_upload = Duration::ZERO;
    let mut rig = Rig::with(config).login();
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    rig.close();
    assert_eq!((rig.end(), outcome(&rig)), (GONE, Some(TransferOutcome::Cut)));

    let mut rig = storing();
    rig.close();
    rig.parts().0.shut_down();
    rig.settle();
    assert_eq!(rig.end(), None);
    rig.close_session("Bye.");
    rig.settle();
    assert_eq!((rig.end(), outcome(&rig)), (Some(End::Close), Some(TransferOutcome::Cut)));
}
