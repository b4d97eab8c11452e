//! The reply that ends a download does not come with the one that begins it.

use crate::support::server::{End, Rig};
use ftp_proto::action::{DataEvent, DataFailure, DataOp};
use ftp_proto::server::{EventKind, TransferOutcome};
use std::time::Duration;

const APART: Duration = Duration::from_millis(5);

/// A download of which all was sent, after so long.
fn sent_after(pause: Duration) -> Rig {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
    rig.pass(pause);
    let id = rig.data_id();
    rig.tell(id, DataEvent::Moved(7));
    rig.tell(id, DataEvent::Flushed);
    rig
}

fn outcome(rig: &Rig) -> Option<TransferOutcome> {
    rig.notes().iter().rev().find_map(|note| match note {
        EventKind::Transferred(end) => Some(end.outcome),
        _ => None,
    })
}

#[test]
fn the_226_follows_the_150_by_five_milliseconds_where_the_client_has_not_closed_its_end() {
    for millis in [0, 1, 4] {
        let passed = Duration::from_millis(millis);
        let mut rig = sent_after(passed);
        assert_eq!(rig.codes(), [], "{millis}");
        assert_eq!(rig.wait().deadline, Some(rig.now().after(APART - passed)), "{millis}");
        assert_eq!(rig.say("NOOP"), [200]);
        rig.pass(APART - passed - Duration::from_micros(1));
        assert_eq!(rig.codes(), [], "{millis}");
        rig.pass(Duration::from_micros(1));
        assert_eq!(rig.codes(), [226], "{millis}");
        assert_eq!(rig.data_operations().last(), Some(&DataOp::Close));
    }
}

#[test]
fn nothing_waits_once_the_client_has_closed_its_end_or_the_time_is_over() {
    assert_eq!(sent_after(APART).codes(), [226]);
    for event in [
        DataEvent::Eof { clean: true },
        DataEvent::Eof { clean: false },
        DataEvent::Failed(DataFailure::Broken),
    ] {
        let mut rig = sent_after(Duration::ZERO);
        let id = rig.data_id();
        rig.tell(id, event);
        assert_eq!((rig.codes(), outcome(&rig)), (vec![226], Some(TransferOutcome::Complete)), "{event:?}");
    }
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    rig.upload(b"an upload has the client's end already");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn a_download_that_was_sent_is_whole_whatever_comes_while_its_reply_waits() {
    let mut rig = sent_after(Duration::ZERO);
    assert_eq!(rig.say("ABOR"), [226, 225]);
    assert_eq!(outcome(&rig), Some(TransferOutcome::Complete));

    let mut rig = sent_after(Duration::ZERO);
    assert_eq!(rig.say("PWD"), []);
    rig.pass(APART);
    assert_eq!(rig.codes(), [226, 257]);

    let mut rig = sent_after(Duration::ZERO);
    rig.close();
    assert!(matches!(rig.end(), Some(End::Error(_))));
    // No reset takes the last bytes away.
    assert_eq!(
        (rig.data_operations().last(), outcome(&rig)),
        (Some(&DataOp::Close), Some(TransferOutcome::Complete))
    );
}

#[test]
fn the_end_of_a_connection_that_is_still_sent_to_is_misuse() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
    let id = rig.data_id();
    assert!(rig.parts().0.data_event(id, DataEvent::Eof { clean: true }).is_err());
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
}
