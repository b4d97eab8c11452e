//! A host that answers later, or oddly.

use crate::during::transferring;
use crate::support::server::{DataState, End, Rig, Slow};
use crate::support::{seconds, t};
use ftp_proto::action::{Action, DataOp};
use ftp_proto::codec::{FactSet, Text};
use ftp_proto::error::{Error, LocalError, PeerError};
use ftp_proto::listing::{Entry, Fields, Kind};
use ftp_proto::server::{Answer, Event, Listing, Refusal, Request};

#[test]
fn an_answer_may_come_later_and_commands_wait_for_it() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.parts().1.extend(b"MKD slow\r\nNOOP\r\n"), 16);
    let Ok(Action::Event(Event::Request(ticket, Request::MakeDirectory))) = rig.poll() else {
        panic!("no request");
    };
    rig.settle();
    rig.pass(seconds(299));
    assert_eq!(rig.codes(), []);
    assert!(rig.wait().application);
    let (error, ticket) = rig.give(ticket, Answer::Opened { size: None, unique_name: None }).unwrap_err();
    assert_eq!(error, LocalError::WrongAnswer);
    rig.give(ticket, Answer::Done).unwrap();
    rig.settle();
    assert_eq!(rig.replies()[0], "257 \"/slow\"");
    rig.pass(seconds(1));
    assert_eq!(rig.end(), None, "the host's time is not the client's");
}

#[test]
fn abor_has_the_host_give_up_what_may_take_it_long_and_is_answered_behind_it() {
    for (command, given_up) in [
        ("RETR /file", "450 Operation aborted."),
        ("STOR /new", "450 Operation aborted."),
        ("LIST /dir", "450 Operation aborted."),
        ("MLSD", "450 Operation aborted."),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        rig.slow(Slow::Everything);
        assert_eq!(rig.ask(command), [""; 0]);
        assert_eq!(rig.ask("NOOP\r\nABOR"), [""; 0], "what came before ABOR is answered before it");
        assert_eq!(rig.aborts(), 0);
        rig.answer(Answer::Refused(Refusal::NotFound)).unwrap();
        assert_eq!(rig.codes(), [550, 200, 225]);

        rig.passive();
        assert_eq!(rig.ask(&format!("{command}\r\nABOR\r\nNOOP")), [""; 0]);
        assert_eq!(rig.aborts(), 1, "{command}");
        rig.answer(Answer::Refused(Refusal::Aborted)).unwrap();
        assert_eq!(rig.replies(), [given_up, "226 Abort successful.", "200 OK."]);
        assert_eq!(rig.data_state(), DataState::None);
    }
}

#[test]
fn what_was_opened_although_it_was_to_be_given_up_is_closed_again() {
    let mut rig = Rig::logged_in();
    rig.passive();
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("RETR /file\r\nABOR"), [0; 0]);
    rig.answer(Answer::Opened { size: None, unique_name: None }).unwrap();
    assert_eq!(rig.codes(), [150, 426, 226]);
    assert_eq!(rig.data_state(), DataState::None);
    assert!(!rig.session().is_transferring());
}

#[test]
fn abor_leaves_alone_what_is_done_in_a_moment() {
    let mut rig = Rig::logged_in();
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("MKD /new\r\nABOR"), [0; 0]);
    assert_eq!(rig.aborts(), 0);
    rig.answer(Answer::Done).unwrap();
    assert_eq!(rig.codes(), [257, 225]);
}

#[test]
fn abor_takes_back_an_upload_that_the_host_has_not_kept_yet() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    rig.slow(Slow::Everything);
    rig.upload(b"content");
    assert_eq!(rig.say("ABOR"), [0; 0]);
    assert_eq!(rig.aborts(), 1);
    rig.answer(Answer::Refused(Refusal::Aborted)).unwrap();
    assert_eq!(rig.codes(), [450, 226]);
}

#[test]
fn the_entry_of_a_path_may_have_no_name() {
    // A host that has no name for its root.
    let mut rig = Rig::logged_in();
    for line in ["STAT /", "MLST /"] {
        rig.parts().1.extend(format!("{line}\r\n").as_bytes());
        let Ok(Action::Event(Event::Request(ticket, Request::Stat { .. }))) = rig.poll() else {
            panic!("no request");
        };
        let entry = Entry::new(t(""), Kind::Directory);
        rig.give(ticket, Answer::Entry(&entry)).unwrap();
        rig.settle();
        assert_eq!(rig.codes(), [if line.starts_with('S') { 212 } else { 250 }]);
    }
}

#[test]
fn closing_tells_421_once() {
    let mut rig = transferring();
    rig.close_session("Maintenance.");
    rig.settle();
    assert_eq!(rig.replies(), ["421 Maintenance."]);
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort));
    assert_eq!(rig.end(), Some(End::Close));
}

#[test]
fn the_end_of_the_stream_is_told_and_half_a_line_too() {
    let mut rig = Rig::logged_in();
    rig.send(b"NOOP\r\n");
    rig.close();
    assert_eq!(rig.codes(), [200]);
    assert_eq!(rig.end(), Some(End::Error(Error::Peer(PeerError::Closed))));

    let mut rig = Rig::logged_in();
    rig.send(b"NOOP\r\nDELE /fi");
    rig.close();
    assert_eq!(rig.codes(), [200]);
    assert_eq!(rig.end(), Some(End::Error(Error::Peer(PeerError::ClosedInside))));
}

#[test]
fn a_request_to_list_says_which_fields_are_shown() {
    let shown_by_list = Fields::KIND
        | Fields::SIZE
        | Fields::MODIFIED
        | Fields::MODE
        | Fields::OWNER
        | Fields::GROUP
        | Fields::LINKS;
    let list = Listing::Unix { all: false, recursive: false };
    for (request, fields) in [
        (Request::<Text<'_>>::List(list), shown_by_list),
        (Request::Entries { all: true }, shown_by_list),
        (Request::List(Listing::Names { all: true }), Fields::empty()),
        (Request::List(Listing::Machine(FactSet::SIZE)), Fields::KIND | Fields::SIZE),
        (Request::List(Listing::Machine(FactSet::TYPE | FactSet::MODIFY)), Fields::KIND | Fields::MODIFIED),
        (Request::Stat { follow: true }, Fields::all()),
        (Request::Delete, Fields::all()),
    ] {
        assert_eq!(request.fields(), fields, "{request:?}");
    }
}

#[test]
fn an_entry_that_the_send_storage_can_never_hold_is_left_out() {
    let mut rig = Rig::logged_in();
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("STAT dir"), [0; 0]);
    let entry = |name| Entry::new(name, Kind::Directory);
    rig.answer(Answer::Entry(&entry(t("dir")))).unwrap();
    let ticket = rig.take_ticket().unwrap();
    let long = "x".repeat(rig.parts().2.view().capacity());
    rig.send_entry(&ticket, &entry(Text::new(long.as_bytes()).unwrap())).unwrap();
    rig.send_entry(&ticket, &entry(t("short"))).unwrap();
    rig.put_ticket(ticket);
    rig.answer(Answer::Done).unwrap();
    let reply = rig.replies().remove(0);
    assert!(reply.contains("short") && !reply.contains("xxx"), "{reply}");
}
