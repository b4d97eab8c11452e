//! Data connections.

use crate::support::server::{Attempt, DataState, PEER_DATA, Rig, STRANGER};
use ftp_proto::action::{DataEvent, DataFailure, DataOp};
use ftp_proto::codec::RepresentationType;
use ftp_proto::error::LocalError;
use ftp_proto::server::Config;
use ftp_proto::transfer::Coding;

#[test]
fn pasv_and_epsv_say_where_the_listener_is() {
    for (line, code, address) in [("EPSV", "229", "(|||5000|)"), ("PASV", "227", "(192,0,2,1,19,136)")] {
        let reply = Rig::logged_in().ask(line).remove(0);
        assert!(reply.starts_with(code) && reply.contains(address), "{reply}");
    }
}

#[test]
fn pasv_names_the_address_that_the_configuration_says() {
    let mut config = Config::default();
    config.passive_address = Some([198, 51, 100, 7].into());
    let mut rig = Rig::with(config).login();
    assert!(rig.ask("PASV")[0].contains("(198,51,100,7,19,136)"));
}

#[test]
fn without_a_port_to_listen_at_the_answer_is_425() {
    let mut rig = Rig::logged_in();
    rig.on_listen(Attempt::Fails(DataFailure::Unreachable));
    assert_eq!(rig.say("PASV\r\nEPSV\r\nNOOP"), [425, 425, 200]);
    assert_eq!(rig.say("RETR /file"), [425]);
}

#[test]
fn a_transfer_without_a_data_connection_is_425() {
    let mut rig = Rig::logged_in();
    for line in ["RETR /file", "STOR /new", "APPE /new", "STOU", "LIST", "NLST", "MLSD"] {
        assert_eq!(rig.say(line), [425], "{line}");
    }
}

#[test]
fn port_and_eprt_lead_to_the_clients_own_host_and_no_privileged_port() {
    for (line, code) in [
        ("PORT 192,0,2,2,156,65", 200),
        ("PORT 192,0,2,2,4,0", 200),
        ("PORT 192,0,2,2,3,255", 504),
        ("PORT 192,0,2,2,0,25", 504),
        ("PORT 192,0,2,3,156,65", 504),
        ("PORT 127,0,0,1,156,65", 504),
        ("PORT 192,0,2,2,156", 501),
        ("PORT 192,0,2,2,156,256", 501),
        ("EPRT |1|192.0.2.2|40001|", 200),
        ("EPRT |1|192.0.2.2|25|", 504),
        ("EPRT |1|192.0.2.3|40001|", 504),
        ("EPRT |2|::1|40001|", 504),
        ("EPRT |2|::ffff:192.0.2.2|40001|", 200),
        ("EPRT |3|what|40001|", 522),
        ("EPRT nonsense", 501),
    ] {
        let mut rig = Rig::logged_in();
        assert_eq!(rig.say(line), [code], "{line}");
        assert!(rig.data_operations().is_empty(), "nothing is dialled before a transfer needs it");
        let retrieved = rig.say("RETR /file");
        assert_eq!(retrieved, [if code == 200 { 150 } else { 425 }], "{line}");
        if code == 200 {
            assert_eq!(rig.download(), b"content", "{line}");
            assert_eq!(rig.codes(), [226]);
        }
    }
}

#[test]
fn the_family_of_a_522_is_one_that_works() {
    let mut rig = Rig::logged_in();
    let reply = rig.ask("EPRT |3|what|40001|").remove(0);
    let mut families = ftp_proto::codec::address::parse_protocols_reply(&reply.as_bytes()[4..]);
    assert_eq!(families.next(), Some(ftp_proto::codec::NetworkProtocol::IPV4));
    assert_eq!(rig.say("EPSV 2\r\nEPSV 1"), [522, 229]);

    let mut rig = Rig::between(Config::default(), "[2001:db8::1]:21", "[2001:db8::2]:40000").login();
    assert_eq!(rig.say("EPSV 1\r\nPASV\r\nEPSV 2\r\nEPSV"), [522, 425, 229, 229]);
    assert_eq!(rig.say("EPRT |2|2001:db8::2|40001|"), [200]);
}

#[test]
fn after_epsv_all_nothing_but_epsv_will_do() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV ALL"), [200]);
    assert_eq!(rig.say("PASV\r\nPORT 192,0,2,2,156,65\r\nEPRT |1|192.0.2.2|40001|"), [501, 501, 501]);
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
}

#[test]
fn active_connections_can_be_switched_off() {
    let mut config = Config::default();
    config.active = false;
    let mut rig = Rig::with(config).login();
    assert_eq!(rig.say("PORT 192,0,2,2,156,65\r\nEPRT |1|192.0.2.2|40001|"), [504, 504]);
}

#[test]
fn a_stranger_is_turned_away_and_the_client_still_gets_in() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("PASV"), [227]);
    assert!(!rig.arrive(STRANGER));
    assert_eq!(rig.say("RETR /file"), [150]);
    assert!(!rig.arrive(STRANGER));
    assert!(rig.arrive(PEER_DATA));
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn the_client_may_connect_before_or_after_its_command() {
    for early in [true, false] {
        let mut rig = Rig::logged_in();
        assert_eq!(rig.say("EPSV"), [229]);
        if early {
            assert!(rig.arrive(PEER_DATA));
        }
        assert_eq!(rig.say("RETR /file"), [150]);
        if !early {
            assert!(rig.arrive(PEER_DATA));
        }
        assert_eq!(rig.download(), b"content");
        assert_eq!(rig.codes(), [226]);
    }
}

#[test]
fn a_client_of_a_mapped_address_is_the_same_client() {
    let mut rig =
        Rig::between(Config::default(), "[::ffff:192.0.2.1]:21", "[::ffff:192.0.2.2]:40000").login();
    let reply = rig.ask("PASV").remove(0);
    assert!(reply.contains("(192,0,2,1,19,136)"), "{reply}");
    assert!(rig.arrive(PEER_DATA));
    assert_eq!(rig.say("PORT 192,0,2,2,156,65"), [200]);
}

#[test]
fn a_new_data_connection_takes_the_place_of_the_last() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("PASV\r\nEPSV\r\nPORT 192,0,2,2,156,65\r\nPASV"), [227, 229, 200, 227]);
    assert!(rig.arrive(PEER_DATA));
    assert_eq!(rig.say("RETR /file"), [150]);
    assert_eq!(rig.download(), b"content");
}

#[test]
fn a_data_connection_that_cannot_be_opened_is_425() {
    let mut rig = Rig::logged_in();
    rig.on_connect(Attempt::Fails(DataFailure::Unreachable));
    assert_eq!(rig.say("PORT 192,0,2,2,156,65\r\nRETR /file\r\nNOOP"), [200, 150, 425, 200]);
    assert_eq!(rig.say("EPSV"), [229]);
    assert_eq!(rig.say("RETR /file"), [150]);
    rig.break_data(DataFailure::Unreachable);
    assert_eq!(rig.codes(), [425]);
}

#[test]
fn a_listener_that_fails_before_the_transfer_leaves_no_data_connection() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV"), [229]);
    rig.break_data(DataFailure::Broken);
    assert_eq!(rig.say("RETR /file"), [425]);
}

#[test]
fn a_failed_transfer_says_why() {
    for (failure, code) in [
        (DataFailure::Broken, 426),
        (DataFailure::Stalled, 426),
        (DataFailure::Malformed, 426),
        (DataFailure::Local, 451),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        assert_eq!(rig.say("STOR /new"), [150]);
        rig.break_data(failure);
        assert_eq!(rig.codes(), [code]);
        assert!(rig.host().file("/new").is_none());
        assert_eq!(rig.say("NOOP"), [200]);
    }
}

#[test]
fn an_end_that_is_not_clean_is_no_upload() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    let id = rig.data_id();
    rig.tell(id, DataEvent::Eof { clean: false });
    assert_eq!(rig.codes(), [426]);
    assert!(rig.host().file("/new").is_none());
}

#[test]
fn what_happens_to_a_connection_after_its_last_byte_changes_nothing() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
    let id = rig.data_id();
    rig.parts().0.data_event(id, DataEvent::Flushed).unwrap();
    rig.parts().0.data_event(id, DataEvent::Failed(DataFailure::Broken)).unwrap();
    rig.settle();
    assert_eq!(rig.codes(), [226]);
    rig.parts().0.data_event(id, DataEvent::Moved(3)).unwrap();
    rig.settle();
}

#[test]
fn events_of_no_connection_are_misuse() {
    let mut rig = Rig::logged_in();
    rig.passive();
    let id = rig.data_id();
    for event in
        [DataEvent::Connected, DataEvent::Flushed, DataEvent::Moved(1), DataEvent::Eof { clean: true }]
    {
        let error = rig.parts().0.data_event(id, event).unwrap_err();
        assert!(
            matches!(error, LocalError::UnexpectedDataEvent { state: "open, without a transfer", .. }),
            "{event:?}: {error}"
        );
    }
    let mut fresh = Rig::logged_in();
    assert_eq!(fresh.parts().0.data_event(id, DataEvent::Connected), Err(LocalError::UnknownData));
    fresh.settle();
    assert_eq!(fresh.say("NOOP"), [200]);
    assert_eq!(rig.say("RETR /file"), [150]);
}

#[test]
fn listings_are_sent_as_they_are_and_files_as_type_says() {
    let text = Coding { representation: RepresentationType::ASCII, ..Coding::default() };
    for (line, coding) in [
        ("TYPE A\r\nRETR /file", DataOp::Send(text.into())),
        ("TYPE I\r\nRETR /file", DataOp::Send(Coding::IDENTITY.into())),
        ("TYPE A\r\nLIST", DataOp::Send(Coding::IDENTITY.into())),
        ("TYPE A\r\nMLSD", DataOp::Send(Coding::IDENTITY.into())),
        ("TYPE A\r\nSTOR /new", DataOp::Receive(text.into())),
        ("TYPE I\r\nSTOR /new", DataOp::Receive(Coding::IDENTITY.into())),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        assert_eq!(rig.say(line), [200, 150], "{line}");
        assert_eq!(rig.data_operations().last(), Some(&coding), "{line}");
    }
}

#[test]
fn listings_name_what_is_there() {
    for (line, expected) in [
        ("NLST", "dir\r\nfile\r\n"),
        ("NLST -a", "dir\r\nfile\r\n"),
        ("NLST dir", ""),
        ("MLSD", "type=dir;modify=20240229123456; dir\r\ntype=file;size=7;modify=20240229123456; file\r\n"),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        assert_eq!(rig.say(line), [150], "{line}");
        let listing = String::from_utf8(rig.download()).unwrap().to_lowercase();
        assert_eq!(listing, expected, "{line}");
        assert_eq!(rig.codes(), [226]);
    }
}

#[test]
fn a_leading_hyphen_is_an_option_only_if_it_looks_like_one() {
    let mut rig = Rig::logged_in();
    rig.host_mut().put_directory("/-my name");
    for (line, path) in [
        ("LIST -la", "/"),
        ("LIST -la dir", "/dir"),
        ("LIST -my name", "/-my name"),
        ("LIST -l -a dir", "/dir"),
    ] {
        rig.passive();
        assert_eq!(rig.say(line), [150], "{line}");
        let request = rig.host().requests().last().unwrap();
        assert!(request.ends_with(&format!(" {path}")), "{line}: {request}");
        rig.download();
        assert_eq!(rig.codes(), [226]);
    }
}

#[test]
fn stou_says_the_name_as_rfc_1123_wants_it() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.ask("STOU file"), ["150 FILE: /file.1"]);
    rig.upload(b"new");
    assert_eq!(rig.codes(), [226]);
    assert_eq!(rig.host().file("/file.1").unwrap(), b"new");
}

#[test]
fn want_of_room_is_said_of_uploads_only() {
    for (command, failure, code) in [
        ("STOR /new", DataFailure::StorageFull, 452),
        ("STOR /new", DataFailure::QuotaExceeded, 552),
        ("STOR /new", DataFailure::Local, 451),
        ("RETR /file", DataFailure::StorageFull, 451),
        ("RETR /file", DataFailure::QuotaExceeded, 451),
        ("LIST", DataFailure::StorageFull, 451),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        assert_eq!(rig.say(command), [150]);
        rig.break_data(failure);
        assert_eq!(rig.codes(), [code], "{command} {failure:?}");
    }
}

#[test]
fn a_refused_transfer_keeps_the_port_and_closes_a_connection_that_was_made() {
    for refused in ["RETR /none", "STOR /dir", "LIST /none", "MLSD /none"] {
        let mut rig = Rig::logged_in();
        rig.say("EPSV");
        let code = rig.say(refused)[0];
        assert!((500..600).contains(&code), "{refused}: {code}");
        assert!((rig.data_state() == DataState::Listening), "{refused}");
        // The client comes now, and asks for what there is.
        rig.arrive(PEER_DATA);
        assert_eq!(rig.say("RETR /file"), [150], "{refused}");
        assert_eq!(rig.download(), b"content");
        assert_eq!(rig.codes(), [226]);

        // One that has come is closed, and may come again to the same port.
        let mut rig = Rig::logged_in();
        rig.say("EPSV");
        rig.arrive(PEER_DATA);
        let before = rig.data();
        rig.say(refused);
        assert_ne!(rig.data(), before, "{refused}");
        assert!(rig.data_state() == DataState::Listening, "{refused}");
        let listened = rig.data_operations().iter().rev().find_map(|op| match op {
            DataOp::Listen { ports, .. } => Some(ports.clone()),
            _ => None,
        });
        assert_eq!(listened, Some(5000..=5000), "{refused}");
        rig.arrive(PEER_DATA);
        assert_eq!(rig.say("RETR /file"), [150], "{refused}");

        // A port that is lost in between is missed by the next transfer.
        let mut rig = Rig::logged_in();
        rig.say("EPSV");
        rig.arrive(PEER_DATA);
        rig.on_listen(Attempt::Fails(DataFailure::Local));
        rig.say(refused);
        assert_eq!(rig.say("RETR /file"), [425]);

        for leaves in ["EPSV", "PORT 192,0,2,2,200,1", "REIN"] {
            let mut rig = Rig::logged_in();
            rig.say("EPSV");
            let before = rig.data();
            rig.say(refused);
            rig.say(leaves);
            assert_ne!(rig.data(), before, "{leaves}");
        }
    }
}

#[test]
fn an_event_that_is_not_expected_is_refused_with_the_state_of_the_connection() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV"), [229]);
    let id = rig.data_id();
    let error = rig.parts().0.data_event(id, DataEvent::Connected).unwrap_err();
    let state = "waiting for the client to connect";
    assert!(
        matches!(error, LocalError::UnexpectedDataEvent { state: known, .. } if known == state),
        "{error}"
    );
}

#[test]
fn operations_that_the_driver_has_not_taken_are_dropped_with_their_connection() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV"), [229]);
    let (id, before) = (rig.data_id(), rig.data_operations().len());
    rig.parts().0.data_event(id, DataEvent::Arrived(PEER_DATA.parse().unwrap())).unwrap();
    rig.close_session("Maintenance.");
    rig.settle();
    assert_eq!(rig.data_operations()[before..], [DataOp::Abort], "and nobody is admitted");
}
