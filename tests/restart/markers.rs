//! Restart markers (RFC 959 3.5): where they come, and going on at them.

use ftp_proto::action::{DataEvent, DataFailure, DataOp};
use ftp_proto::client;
use ftp_proto::codec::{FileStructure, TransferMode};
use ftp_proto::error::LocalError;
use ftp_proto::server;
use ftp_proto::transfer::{Coding, Marker};

use crate::support::client::{Act, Outcome, Rig as ClientRig};
use crate::support::server::{DataState, Rig};
use crate::support::t;
use ftp_proto::testing::SessionHost;

use crate::{ASCII, EBCDIC, IMAGE, agree, break_off, download, go_through, pair, text};

fn codings_with_markers() -> Vec<Coding> {
    let mut codings = Vec::new();
    for representation in [IMAGE, ASCII, EBCDIC] {
        for structure in [FileStructure::File, FileStructure::Record, FileStructure::Page] {
            for mode in [TransferMode::Block, TransferMode::Compressed] {
                codings.push(Coding { representation, structure, mode });
            }
        }
    }
    codings
}

#[test]
fn a_download_goes_on_at_the_last_marker_in_every_coding_that_has_markers() {
    let file = text(2000);
    let mut restarted = 0;
    for (seed, coding) in codings_with_markers().into_iter().enumerate() {
        for polls in [5, 40, 90] {
            let mut pair = pair(seed as u64);
            pair.host_mut().put_file("/f", file.clone());
            agree(&mut pair, coding.structure, coding.mode);
            let mut open = client::retrieve(t("/f"), coding.representation, 0);
            let Some(marker) = break_off(&mut pair, &mut open, polls) else { continue };
            let position = marker.position() as usize;
            assert_eq!(marker.text().as_bytes(), position.to_string().as_bytes());
            let mut whole = pair.take_received();
            assert!(whole.len() >= position, "{coding:?}");
            whole.truncate(position);
            let mut open = client::retrieve(t("/f"), coding.representation, 0).restart_at(&marker);
            whole.extend(download(&mut pair, &mut open));
            assert_eq!(whole, file, "{coding:?} at {position}");
            restarted += 1;
        }
    }
    assert!(restarted > 20, "{restarted}");
}

#[test]
fn an_upload_goes_on_at_the_last_marker_that_the_server_told() {
    let file = text(2000);
    let mut restarted = 0;
    for (seed, coding) in codings_with_markers().into_iter().enumerate() {
        for polls in [20, 60, 120] {
            let mut pair = pair(seed as u64);
            agree(&mut pair, coding.structure, coding.mode);
            pair.upload(file.clone());
            let mut open = client::store(t("/f"), coding.representation, 0);
            let Some(marker) = break_off(&mut pair, &mut open, polls) else { continue };
            let bytes = pair.host().uncommitted().expect("not begun").to_vec();
            let position = marker.position() as usize;
            assert!(bytes.len() >= position && bytes[..position] == file[..position], "{coding:?}");
            pair.host_mut().put_file("/f", bytes);
            pair.upload(file[position..].to_vec());
            go_through(&mut pair, &mut client::store(t("/f"), coding.representation, 0).restart_at(&marker));
            assert_eq!(pair.host().file("/f"), Some(&file[..]), "{coding:?} at {position}");
            restarted += 1;
        }
    }
    assert!(restarted > 20, "{restarted}");
}

#[test]
fn there_are_no_markers_by_default_and_none_is_left_of_an_earlier_transfer() {
    let mut pair = pair(1);
    agree(&mut pair, FileStructure::File, TransferMode::Block);
    pair.host_mut().put_file("/f", text(500));
    download(&mut pair, &mut client::retrieve(t("/f"), IMAGE, 0));
    assert_eq!(pair.client().last_marker().map(|marker| marker.position()), Some(450));
    download(&mut pair, &mut client::retrieve(t("/file"), IMAGE, 0));
    assert_eq!(pair.client().last_marker(), None);
    for markers in [client::Config::default().marker_interval, server::Config::default().marker_interval] {
        assert_eq!(markers, None);
    }
}

/// A session in block mode that receives.
fn receiving(command: &str) -> (Rig, ftp_proto::action::DataId) {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say(&format!("TYPE I\r\nMODE B\r\n{command}")), [200, 200, 150]);
    assert_eq!(rig.data_state(), DataState::Receiving);
    let id = rig.data_id();
    (rig, id)
}

fn marker(text: &str, position: u64) -> DataEvent {
    DataEvent::Marker(Marker::new(text.as_bytes(), position).unwrap())
}

#[test]
fn the_server_tells_the_markers_of_an_upload_exactly_as_rfc_959_has_it() {
    let (mut rig, id) = receiving("STOR /new");
    rig.host_mut().write(b"0123456789");
    rig.tell(id, marker("A.7", 10));
    assert_eq!(rig.replies(), ["110 MARK A.7 = 10"]);
    rig.tell(id, marker("B", 20));
    assert_eq!(rig.replies(), ["110 MARK B = 20"]);
    rig.upload(b"\x40\0\x0a0123456789");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn a_client_that_does_not_listen_is_told_of_the_last_marker_only() {
    let (mut rig, id) = receiving("STOR /new");
    rig.set_deaf(true);
    for position in 1..1000 {
        rig.tell(id, marker("M", position));
    }
    rig.break_data(DataFailure::Broken);
    rig.set_deaf(false);
    rig.settle();
    assert_eq!(rig.replies(), ["110 MARK M = 1", "110 MARK M = 999", "426 Data connection lost."]);
}

#[test]
fn what_is_appended_has_no_place_to_go_on_at() {
    let (mut rig, id) = receiving("APPE /file");
    rig.tell(id, marker("M", 1));
    assert_eq!(rig.codes(), []);
    rig.upload(b"\x40\0\x04more");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn markers_come_in_uploads_only() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("MODE B\r\nRETR /file"), [200, 150]);
    let id = rig.data_id();
    let unexpected = LocalError::UnexpectedDataEvent { event: "Marker", state: "sending" };
    assert_eq!(rig.parts().0.data_event(id, marker("M", 1)), Err(unexpected));
    rig.download();
    assert_eq!(rig.parts().0.data_event(id, marker("M", 1)), Ok(()));
}

#[test]
fn a_client_shows_110_and_keeps_what_it_says() {
    for (line, expected) in [
        ("110 MARK 20 = x7", Some(("x7", 20))),
        ("110 mark 20 = 007", Some(("007", 20))),
        ("110 MARK 20 = x7\r\n110 MARK 40 = x9", Some(("x9", 40))),
        ("110 MARK 20 = x7\r\n110 nothing", Some(("x7", 20))),
        ("110 MARK mine = x7", None),
        ("110 MARK 20 = x 7", None),
        ("110 MARK 20 x7", None),
        ("110 MARK 18446744073709551616 = 1", None),
    ] {
        let mut rig = ClientRig::greeted()
            .on("STOR", [Act::Say("150 go"), Act::Say(line), Act::AfterData, Act::Say("226 got it")]);
        rig.set_upload(&[3]);
        let transfer = rig.run(&mut client::store(t("f"), IMAGE, 0), |opened| opened.transfer).done();
        rig.run(&mut client::complete(transfer), |_| ()).done();
        let kept = rig
            .client()
            .last_marker()
            .map(|marker| (String::from_utf8(marker.text().as_bytes().to_vec()).unwrap(), marker.position()));
        assert_eq!(kept, expected.map(|(text, position)| (text.to_owned(), position)), "{line}");
        assert_eq!(rig.lines(), line.split("\r\n").collect::<Vec<_>>());
    }
}

#[test]
fn a_marker_of_another_server_goes_back_to_it_as_it_came() {
    let mut rig = ClientRig::greeted();
    let marker = Marker::new(b"007:rec=3", 300).unwrap();
    let opened = rig.run(&mut client::retrieve(t("f"), IMAGE, 0).restart_at(&marker), |opened| opened.offset);
    assert_eq!(opened, Outcome::Done(300));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "REST 007:rec=3", "RETR f"]);
    let Some(DataOp::Receive(parameters)) = rig.data_operations().last() else {
        panic!("{:?}", rig.data_operations())
    };
    assert_eq!(parameters.position, 300);

    let mut rig = ClientRig::greeted().says("REST", "502 what");
    let opened = rig.run(&mut client::retrieve(t("f"), IMAGE, 0).restart_at(&marker), |opened| opened.offset);
    assert_eq!(opened, Outcome::Done(0), "a download begins at its start");
    let Some(DataOp::Receive(parameters)) = rig.data_operations().last() else {
        panic!("{:?}", rig.data_operations())
    };
    assert_eq!(parameters.position, 0);
    let mut store = client::store(t("f"), IMAGE, 0).restart_at(&marker);
    assert_eq!(rig.run(&mut store, |_| ()).refused(), 502, "an upload does not");
}
