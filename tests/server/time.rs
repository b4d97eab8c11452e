//! Deadlines, in virtual time.

use crate::during::transferring;
use crate::support::seconds;
use crate::support::server::{End, Rig, STRANGER};
use ftp_proto::action::{DataEvent, DataOp};

#[test]
fn a_client_that_does_not_log_in_is_sent_away() {
    let mut rig = Rig::new();
    for _ in 0..5 {
        rig.pass(seconds(11));
        assert_eq!(rig.say("NOOP"), [200]);
    }
    rig.pass(seconds(6));
    assert_eq!(rig.codes(), [421]);
    assert_eq!(rig.end(), Some(End::Close));
}

#[test]
fn a_client_that_says_nothing_is_sent_away() {
    let mut rig = Rig::logged_in();
    for _ in 0..3 {
        rig.pass(seconds(299));
        assert_eq!(rig.say("NOOP"), [200]);
    }
    assert_eq!(rig.wait().deadline, Some(rig.now().after(seconds(300))));
    rig.pass(seconds(301));
    assert_eq!(rig.codes(), [421]);
}

#[test]
fn a_data_connection_that_does_not_come_is_425() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV\r\nRETR /file"), [229, 150]);
    rig.pass(seconds(29));
    assert_eq!(rig.codes(), []);
    assert!(!rig.arrive(STRANGER));
    rig.pass(seconds(2));
    assert_eq!(rig.codes(), [425]);
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort));
    assert_eq!(rig.say("NOOP"), [200]);
}

#[test]
fn a_transfer_that_stalls_is_426_whatever_is_said_meanwhile() {
    let mut rig = transferring();
    let id = rig.data_id();
    rig.pass(seconds(50));
    rig.tell(id, DataEvent::Moved(1));
    rig.pass(seconds(50));
    assert_eq!(rig.say("NOOP"), [200]);
    rig.pass(seconds(11));
    assert_eq!(rig.codes(), [426]);
    assert_eq!(rig.say("NOOP"), [200]);
}

#[test]
fn a_long_transfer_does_not_count_as_silence() {
    let mut rig = transferring();
    let id = rig.data_id();
    for _ in 0..20 {
        rig.pass(seconds(50));
        rig.tell(id, DataEvent::Moved(1));
    }
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
    rig.pass(seconds(299));
    assert_eq!(rig.end(), None);
}
