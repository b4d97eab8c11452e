//! What comes during a transfer.

use crate::support::server::{End, Rig};
use ftp_proto::action::{DataEvent, DataOp};
use ftp_proto::error::{Error, PeerError};

pub(crate) fn transferring() -> Rig {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
    rig
}

#[test]
fn abor_ends_a_transfer_and_gets_its_own_reply() {
    let mut rig = transferring();
    assert_eq!(rig.say("ABOR"), [426, 226]);
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort));
    assert_eq!(rig.say("ABOR"), [225]);
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    rig.send(b"\xff\xf4\xff\xf2ABOR\r\n");
    assert_eq!(rig.codes(), [426, 226]);
    assert!(rig.host().file("/new").is_none());
}

#[test]
fn abor_ends_a_transfer_whose_connection_never_came() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV\r\nRETR /file\r\nABOR"), [229, 150, 426, 226]);
}

#[test]
fn noop_and_stat_are_answered_during_a_transfer() {
    let mut rig = transferring();
    assert_eq!(rig.say("NOOP\r\nSTAT"), [200, 211]);
    let id = rig.data_id();
    rig.tell(id, DataEvent::Moved(1234));
    assert!(rig.ask("STAT")[0].contains("1234 bytes"));
    assert_eq!(rig.say("STAT /file"), [450]);
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn everything_else_waits_for_the_end_of_the_transfer() {
    let mut rig = transferring();
    assert_eq!(rig.say("PWD\r\nNOOP\r\nSYST"), []);
    rig.download();
    assert_eq!(rig.codes(), [226, 257, 200, 215]);
}

#[test]
fn abor_ends_the_transfer_before_what_waits_and_is_answered_behind_it() {
    for (sent, codes) in [
        (&b"PWD\r\nSYST\r\nABOR\r\n"[..], &[426, 257, 215, 225][..]),
        (b"PWD\r\nNOOP\r\nabor\r\nSYST\r\n", &[426, 257, 200, 225, 215]),
        (b"PWD\r\n\xff\xf4\xff\xf2ABOR\r\n", &[426, 257, 225]),
        // The Data Mark travels apart as urgent data, or is all that came.
        (b"PWD\r\n\xff\xf4\xffABOR\r\n", &[426, 257, 225]),
        (b"PWD\r\n\xff\xf2ABOR\n", &[426, 257, 225]),
        (b"nonsense\r\nABOR\r\n", &[426, 500, 225]),
        // Not ABOR, or not all of it.
        (b"PWD\r\nXABOR\r\n", &[]),
        (b"PWD\r\nABOR", &[]),
        (b"PWD\r\n\xff\xf4\xff\xf2\r\n", &[]),
        // It is for another transfer.
        (b"RETR /other\r\nABOR\r\n", &[]),
        (b"PWD\r\nLIST\r\nABOR\r\n", &[]),
    ] {
        let mut rig = transferring();
        rig.send(sent);
        assert_eq!(rig.codes(), codes, "{sent:?}");
        assert_eq!(rig.data_operations().last() == Some(&DataOp::Abort), !codes.is_empty(), "{sent:?}");
    }
}

#[test]
fn abor_behind_another_command_ends_the_wait_for_a_client_that_does_not_close() {
    let mut rig = transferring();
    let id = rig.data_id();
    rig.tell(id, DataEvent::Moved(7));
    rig.tell(id, DataEvent::Flushed);
    assert_eq!(rig.codes(), []);
    assert_eq!(rig.say("PWD\r\nABOR"), [226, 257, 225]);
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Close));
}

#[test]
fn quit_waits_for_the_end_of_the_transfer() {
    let mut rig = transferring();
    assert_eq!(rig.say("QUIT"), []);
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226, 221]);
    assert_eq!(rig.end(), Some(End::Close));
}

#[test]
fn what_is_no_command_waits_for_the_end_of_the_transfer_too() {
    for bad in [&b"nul\0nul\r\n"[..], &[b'x'; 5000], b"NONE\r\n"] {
        let mut rig = transferring();
        rig.send(bad);
        rig.send(b"\r\nNOOP\r\n");
        assert_eq!(rig.codes(), [], "{:?}", &bad[..4]);
        rig.download();
        assert_eq!(rig.codes(), [226, 500, 200]);
    }
}

#[test]
fn a_command_behind_one_that_waits_waits_too() {
    let mut rig = transferring();
    assert_eq!(rig.say("PWD"), []);
    assert_eq!(rig.say("NOOP"), []);
    rig.download();
    assert_eq!(rig.codes(), [226, 257, 200]);
}

#[test]
fn an_upload_lasts_once_the_host_says_so() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    rig.upload(b"fresh");
    assert_eq!(rig.codes(), [226]);
    assert_eq!(rig.host().file("/new").unwrap(), b"fresh");
    assert!(rig.host().requests().last().unwrap().ends_with("Commit /new"));
}

#[test]
fn the_path_of_an_upload_is_the_same_when_it_is_committed() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR /new\r\nSTAT\r\nNOOP\r\nSTAT /file"), [150, 211, 200, 450]);
    rig.upload(b"x");
    assert!(rig.host().requests().last().unwrap().ends_with("Commit /new"), "{:?}", rig.host().requests());
}

#[test]
fn a_client_that_leaves_during_a_transfer_ends_it() {
    let mut rig = transferring();
    rig.close();
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort));
    assert_eq!(rig.end(), Some(End::Error(Error::Peer(PeerError::Closed))));
}

#[test]
fn while_a_command_waits_for_the_end_of_a_transfer_so_does_the_driver() {
    let mut rig = transferring();
    assert_eq!(rig.say("DELE file"), [0; 0]);
    assert!(rig.wait().data && !rig.wait().application);
}

#[test]
fn a_session_that_is_shut_down_ends_at_once_or_after_its_transfer() {
    let mut rig = Rig::logged_in();
    rig.parts().0.shut_down();
    rig.settle();
    assert_eq!(rig.replies(), ["421 The server is shutting down."]);
    assert_eq!(rig.end(), Some(End::Close));

    let mut rig = transferring();
    rig.parts().0.shut_down();
    rig.settle();
    assert_eq!((rig.codes(), rig.end()), (vec![], None));
    rig.download();
    assert_eq!(rig.codes(), [226, 421]);
    assert_eq!(rig.end(), Some(End::Close));
}
