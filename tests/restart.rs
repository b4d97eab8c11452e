//! Where a transfer begins and ends (RFC 959 3.5, RFC 3659 5, draft-bryan-ftp-range): restart markers, offsets
//! in every type and mode, and ranges; and how hard it is compressed.

mod support;

use ftp_proto::action::{DataEvent, DataFailure, DataOp};
use ftp_proto::client::{self, Open, Operation};
use ftp_proto::codec::{ByteRange, FileStructure, RepresentationType, TransferMode};
use ftp_proto::error::LocalError;
use ftp_proto::server;
use ftp_proto::transfer::{Coding, Encoder, Marker, Parameters};
use std::num::NonZeroU32;
use support::client::{Act, Outcome};
use support::pair::Pair;
use support::random::Random;
use support::server::{DataEnd, Rig};
use support::tree::{Handle, Node};
use support::{secret, t};

const IMAGE: RepresentationType = RepresentationType::Image;
const ASCII: RepresentationType = RepresentationType::ASCII;
const EBCDIC: RepresentationType = RepresentationType::Ebcdic(ftp_proto::codec::FormatControl::NonPrint);

/// A client that is logged in, with markers each way.
fn pair(seed: u64) -> Pair {
    let (mut client, mut server) = (client::Config::default(), server::Config::default());
    client.marker_interval = NonZeroU32::new(50);
    server.marker_interval = NonZeroU32::new(50);
    let mut pair = Pair::with(seed, client, server);
    pair.run(&mut client::greeting(), |_| ()).done();
    pair.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
    pair
}

fn agree(pair: &mut Pair, structure: FileStructure, mode: TransferMode) {
    pair.run(&mut client::structure(structure), |_| ()).done();
    pair.run(&mut client::mode(mode), |_| ()).done();
}

/// Text, with what means something somewhere.
fn text(length: usize) -> Vec<u8> {
    let mut random = Random::new(length as u64);
    let words: [&[u8]; 6] = [b"etaoin", b"\n", b"\r\n", b"      ", b"\r", b"\x10"];
    let mut text = Vec::new();
    while text.len() < length {
        text.extend_from_slice(words[random.below(words.len())]);
    }
    text.truncate(length);
    text
}

#[track_caller]
fn go_through(pair: &mut Pair, open: &mut Operation<Open<'_>>) {
    let transfer = pair.run(open, |opened| opened.transfer).done();
    pair.run(&mut client::complete(transfer), |_| ()).done();
}

#[track_caller]
fn download(pair: &mut Pair, open: &mut Operation<Open<'_>>) -> Vec<u8> {
    pair.download.clear();
    go_through(pair, open);
    std::mem::take(&mut pair.download)
}

/// Goes on with a transfer for so long and breaks it: the last marker that is known then. None when it was over
/// before, or there was none.
fn break_off(pair: &mut Pair, open: &mut Operation<Open<'_>>, polls: usize) -> Option<Marker> {
    let transfer = pair.run(open, |opened| opened.transfer).done();
    let mut completion = client::complete(transfer);
    if pair.run_for(&mut completion, polls, |_| ()).is_some() {
        return None;
    }
    pair.break_data();
    match pair.run(&mut completion, |_| ()) {
        Outcome::Failed(_) | Outcome::Refused { code: 426, .. } => pair.client.last_marker(),
        Outcome::Done(()) => None,
        outcome => panic!("{outcome:?}"),
    }
}

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
            pair.host.tree.put("/f", Node::File(file.clone()));
            agree(&mut pair, coding.structure, coding.mode);
            let mut open = client::retrieve(t("/f"), coding.representation, 0);
            let Some(marker) = break_off(&mut pair, &mut open, polls) else { continue };
            let position = marker.position() as usize;
            assert_eq!(marker.text().as_bytes(), position.to_string().as_bytes());
            let mut whole = std::mem::take(&mut pair.download);
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
            pair.upload.clone_from(&file);
            let mut open = client::store(t("/f"), coding.representation, 0);
            let Some(marker) = break_off(&mut pair, &mut open, polls) else { continue };
            let Some(Handle::Writing { bytes, .. }) = pair.host.open.take() else { panic!("not begun") };
            let position = marker.position() as usize;
            assert!(bytes.len() >= position && bytes[..position] == file[..position], "{coding:?}");
            pair.host.tree.put("/f", Node::File(bytes));
            pair.upload = file[position..].to_vec();
            go_through(&mut pair, &mut client::store(t("/f"), coding.representation, 0).restart_at(&marker));
            assert_eq!(pair.host.tree.file("/f"), Some(&file[..]), "{coding:?} at {position}");
            restarted += 1;
        }
    }
    assert!(restarted > 20, "{restarted}");
}

#[test]
fn there_are_no_markers_by_default_and_none_is_left_of_an_earlier_transfer() {
    let mut pair = pair(1);
    agree(&mut pair, FileStructure::File, TransferMode::Block);
    pair.host.tree.put("/f", Node::File(text(500)));
    download(&mut pair, &mut client::retrieve(t("/f"), IMAGE, 0));
    assert_eq!(pair.client.last_marker().map(|marker| marker.position()), Some(450));
    download(&mut pair, &mut client::retrieve(t("/file"), IMAGE, 0));
    assert_eq!(pair.client.last_marker(), None);
    for markers in [client::Config::default().marker_interval, server::Config::default().marker_interval] {
        assert_eq!(markers, None);
    }
}

/// A session in block mode that receives.
fn receiving(command: &str) -> (Rig, ftp_proto::action::DataId) {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say(&format!("TYPE I\r\nMODE B\r\n{command}")), [200, 200, 150]);
    let DataEnd::Receiving(id) = rig.data else { panic!("{:?}", rig.data) };
    (rig, id)
}

fn marker(text: &str, position: u64) -> DataEvent {
    DataEvent::Marker(Marker::new(text.as_bytes(), position).unwrap())
}

#[test]
fn the_server_tells_the_markers_of_an_upload_exactly_as_rfc_959_has_it() {
    let (mut rig, id) = receiving("STOR /new");
    rig.host.write(b"0123456789");
    rig.tell(id, marker("A.7", 10));
    assert_eq!(rig.replies(), ["110 MARK A.7 = 10"]);
    rig.tell(id, marker("B", 20));
    assert_eq!(rig.replies(), ["110 MARK B = 20"]);
    rig.upload(b"0123456789");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn a_client_that_does_not_listen_is_told_of_the_last_marker_only() {
    let (mut rig, id) = receiving("STOR /new");
    rig.deaf = true;
    for position in 1..1000 {
        rig.tell(id, marker("M", position));
    }
    rig.break_data(DataFailure::Broken);
    rig.deaf = false;
    rig.pump();
    rig.flush();
    assert_eq!(rig.replies(), ["110 MARK M = 1", "110 MARK M = 999", "426 The data connection broke."]);
}

#[test]
fn what_is_appended_has_no_place_to_go_on_at() {
    let (mut rig, id) = receiving("APPE /file");
    rig.tell(id, marker("M", 1));
    assert_eq!(rig.codes(), []);
    rig.upload(b"more");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn markers_come_in_uploads_only() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("MODE B\r\nRETR /file"), [200, 150]);
    let id = rig.data_id();
    let unexpected = LocalError::UnexpectedDataEvent { event: "Marker", state: "sending" };
    assert_eq!(rig.session.data_event(id, marker("M", 1)), Err(unexpected));
    rig.download();
    assert_eq!(rig.session.data_event(id, marker("M", 1)), Ok(()));
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
        let mut rig = support::client::Rig::greeted()
            .on("STOR", [Act::Say("150 go"), Act::Say(line), Act::AfterData, Act::Say("226 got it")]);
        rig.upload = vec![3];
        let transfer = rig.run(&mut client::store(t("f"), IMAGE, 0), |opened| opened.transfer).done();
        rig.run(&mut client::complete(transfer), |_| ()).done();
        let kept = rig
            .client
            .last_marker()
            .map(|marker| (String::from_utf8(marker.text().as_bytes().to_vec()).unwrap(), marker.position()));
        assert_eq!(kept, expected.map(|(text, position)| (text.to_owned(), position)), "{line}");
        assert_eq!(rig.shown, line.split("\r\n").collect::<Vec<_>>());
    }
}

#[test]
fn a_marker_of_another_server_goes_back_to_it_as_it_came() {
    let mut rig = support::client::Rig::greeted();
    let marker = Marker::new(b"007:rec=3", 300).unwrap();
    let opened = rig.run(&mut client::retrieve(t("f"), IMAGE, 0).restart_at(&marker), |opened| opened.offset);
    assert_eq!(opened, Outcome::Done(300));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "REST 007:rec=3", "RETR f"]);
    let Some(DataOp::Receive(parameters)) = rig.ops.last() else { panic!("{:?}", rig.ops) };
    assert_eq!(parameters.position, 300);

    let mut rig = support::client::Rig::greeted().says("REST", "502 what");
    let opened = rig.run(&mut client::retrieve(t("f"), IMAGE, 0).restart_at(&marker), |opened| opened.offset);
    assert_eq!(opened, Outcome::Done(0), "a download begins at its start");
    let Some(DataOp::Receive(parameters)) = rig.ops.last() else { panic!("{:?}", rig.ops) };
    assert_eq!(parameters.position, 0);
    let mut store = client::store(t("f"), IMAGE, 0).restart_at(&marker);
    assert_eq!(rig.run(&mut store, |_| ()).refused(), 502, "an upload does not");
}

#[test]
fn offsets_count_bytes_as_they_travel_in_stream_mode() {
    let file = text(200);
    for mode in TransferMode::ALL {
        for representation in [IMAGE, RepresentationType::LOCAL_8, EBCDIC, ASCII] {
            let coding = Coding { representation, mode: *mode, ..Coding::IDENTITY };
            // In the modes with markers, digits are a marker: bytes of the file.
            if !coding.is_supported() || (representation == ASCII && coding.has_markers()) {
                continue;
            }
            let stream = Coding { mode: TransferMode::Stream, ..coding };
            let mut wire = vec![0; 1000];
            let mut encoder = Encoder::new(stream).unwrap();
            let count = encoder.encode(&file, &mut wire).written;
            wire.truncate(count + encoder.finish(&mut []));
            let mut pair = pair(7);
            pair.host.tree.put("/f", Node::File(file.clone()));
            agree(&mut pair, FileStructure::File, *mode);
            for offset in [0, 1, 2, 37, 38, 39, 40, 41, 120, wire.len() - 1, wire.len()] {
                let mut decoder = Parameters::new(stream).decoder().unwrap();
                let mut rest = vec![0; 1000];
                let count = decoder.decode(&wire[offset..], &mut rest).unwrap().written;
                let end = decoder.finish(&mut rest[count..]).unwrap();
                rest.truncate(count + end);
                let mut open = client::retrieve(t("/f"), representation, offset as u64);
                assert_eq!(download(&mut pair, &mut open), rest, "{coding:?} from {offset}");
            }
        }
    }
}

#[test]
fn an_upload_begins_at_its_offset_in_every_mode() {
    let file = text(200);
    for mode in TransferMode::ALL {
        for representation in [IMAGE, EBCDIC] {
            if !(Coding { representation, mode: *mode, ..Coding::IDENTITY }).is_supported() {
                continue;
            }
            let mut pair = pair(8);
            agree(&mut pair, FileStructure::File, *mode);
            for offset in [0, 1, 50, 199, 200] {
                pair.host.tree.put("/f", Node::File(file[..offset].to_vec()));
                pair.upload = file[offset..].to_vec();
                go_through(&mut pair, &mut client::store(t("/f"), representation, offset as u64));
                assert_eq!(pair.host.tree.file("/f"), Some(&file[..]), "{mode:?} at {offset}");
            }
        }
    }
}

#[test]
fn what_the_host_is_asked_for_after_rest_is_right_in_every_type_and_mode() {
    let skipping = |skip| (0, skip);
    for (setup, retrieve, store) in [
        ("TYPE I\r\nMODE S", Some((3, 0)), true),
        ("TYPE L 8\r\nMODE S", Some((3, 0)), true),
        ("TYPE E\r\nMODE S", Some((3, 0)), true),
        ("TYPE A\r\nMODE S", Some(skipping(3)), false),
        ("TYPE I\r\nMODE Z", Some((3, 0)), true),
        ("TYPE A\r\nMODE Z", Some(skipping(3)), false),
        ("TYPE A\r\nMODE B", Some((3, 0)), true),
        ("TYPE A\r\nMODE C", Some((3, 0)), true),
        ("STRU R\r\nMODE B", Some((3, 0)), true),
        ("STRU R\r\nMODE S", None, false),
        ("STRU P\r\nMODE Z", None, false),
    ] {
        if setup.ends_with('Z') && !cfg!(feature = "deflate") {
            continue;
        }
        let mut rig = Rig::logged_in();
        rig.passive();
        let codes = rig.say(&format!("{setup}\r\nREST 3\r\nRETR /file"));
        assert_eq!(codes.last(), Some(if retrieve.is_some() { &150 } else { &504 }), "{setup}");
        if let Some((position, skip)) = retrieve {
            assert_eq!(rig.host.requests, [format!("Open(Read {{ offset: {position} }}) /file")], "{setup}");
            let Some(DataOp::Send(parameters)) = rig.ops.last() else { panic!("{:?}", rig.ops) };
            assert_eq!((parameters.position, parameters.skip), (position, skip), "{setup}");
        }
        let mut rig = Rig::logged_in();
        rig.passive();
        let codes = rig.say(&format!("{setup}\r\nREST 3\r\nSTOR /file"));
        assert_eq!(codes.last(), Some(if store { &150 } else { &504 }), "{setup}");
        if store {
            assert_eq!(rig.host.requests, ["Open(Write { offset: 3 }) /file"], "{setup}");
            let Some(DataOp::Receive(parameters)) = rig.ops.last() else { panic!("{:?}", rig.ops) };
            assert_eq!(parameters.position, 3, "{setup}");
        }
    }
}

#[test]
fn a_range_is_sent_and_no_more() {
    let file = text(300);
    for mode in TransferMode::ALL {
        if !(Coding { mode: *mode, ..Coding::IDENTITY }).is_supported() {
            continue;
        }
        let mut pair = pair(9);
        pair.host.tree.put("/f", Node::File(file.clone()));
        agree(&mut pair, FileStructure::File, *mode);
        for (first, last) in [(0, 0), (0, 299), (10, 10), (10, 159), (299, 299), (290, 1000), (300, u64::MAX)]
        {
            let range = ByteRange::new(first, last).unwrap();
            let expected = &file[first as usize..file.len().min(last.saturating_add(1) as usize)];
            let got = download(&mut pair, &mut client::retrieve_range(t("/f"), range));
            assert_eq!(got, expected, "{mode:?} {first} to {last}");
        }
        let behind = ByteRange::new(301, 302).unwrap();
        assert_eq!(pair.run(&mut client::retrieve_range(t("/f"), behind), |_| ()).refused(), 554);
        assert_eq!(download(&mut pair, &mut client::retrieve(t("/f"), IMAGE, 0)), file, "the whole again");
        assert_eq!(download(&mut pair, &mut client::retrieve_range(t("/f"), ByteRange::WHOLE)), file);
    }
}

#[test]
fn a_range_is_for_one_download_and_replaces_rest_as_rest_replaces_it() {
    for (lines, codes, request, limit) in [
        ("RANG 2 4\r\nRETR /file", &[350, 150][..], Some(2), Some(3)),
        ("REST 5\r\nRANG 2 4\r\nRETR /file", &[350, 350, 150], Some(2), Some(3)),
        ("RANG 2 4\r\nREST 5\r\nRETR /file", &[350, 350, 150], Some(5), None),
        ("RANG 2 4\r\nRANG 1 0\r\nRETR /file", &[350, 350, 150], Some(0), None),
        ("RANG 0 18446744073709551615\r\nRETR /file", &[350, 150], Some(0), None),
        ("RANG 2 4\r\nNLST", &[350, 504], None, None),
        ("RANG 2 4\r\nSTOR /file", &[350, 504], None, None),
        ("RANG 2 4\r\nSTOR /file\r\nRETR /file", &[350, 504, 150], Some(0), None),
        ("RANG 2 4\r\nRETR /none\r\nEPSV", &[350, 550, 229], None, None),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        rig.say("TYPE I");
        assert_eq!(rig.say(lines), codes, "{lines}");
        let Some(offset) = request else { continue };
        assert_eq!(rig.host.requests, [format!("Open(Read {{ offset: {offset} }}) /file")], "{lines}");
        let Some(DataOp::Send(parameters)) = rig.ops.last() else { panic!("{:?}", rig.ops) };
        assert_eq!(parameters.limit.map(u64::from), limit, "{lines}");
    }
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("TYPE A\r\nRANG 2 4\r\nRETR /file"), [200, 350, 504]);
    rig.say("TYPE I\r\nRANG 2 4");
    let replies = rig.ask("RETR /file");
    assert!(replies[0].contains("(3 bytes)"), "{replies:?}");
}

#[test]
fn a_range_that_was_not_used_up_is_taken_back_before_the_next_file() {
    let range = ByteRange::new(2, 4).unwrap();
    let mut rig = support::client::Rig::greeted()
        .says("RANG", "350 go on")
        .says("HASH", "550 no")
        .says("HASH", "213 SHA-1 0-3 00 f");
    assert_eq!(rig.run(&mut client::hash(t("f"), None, Some(range)), |_| ()).refused(), 550);
    rig.reset_counts();
    rig.run(&mut client::retrieve(t("f"), IMAGE, 7), |_| ()).done();
    assert_eq!(rig.commands(), ["EPSV", "RANG 1 0", "REST 7", "RETR f"]);

    let mut rig = support::client::Rig::greeted().says("RANG", "350 go on").says("HASH", "550 no");
    assert_eq!(rig.run(&mut client::hash(t("f"), None, Some(range)), |_| ()).refused(), 550);
    rig.reset_counts();
    assert_eq!(rig.run(&mut client::hash(t("f"), None, None), |_| ()).refused(), 550);
    assert_eq!(rig.commands(), ["RANG 1 0", "HASH f"]);
    rig.reset_counts();
    assert_eq!(rig.run(&mut client::hash(t("f"), None, None), |_| ()).refused(), 550);
    assert_eq!(rig.commands(), ["HASH f"], "it is taken back once");
}

#[test]
fn a_ranged_operation_dropped_anywhere_leaves_no_range() {
    let file = text(300);
    let range = ByteRange::new(2, 4).unwrap();
    for polls in 0..60 {
        for hashes in [false, true] {
            let mut server = server::Config::default();
            server.hashes = &[ftp_proto::codec::HashAlgorithm::Sha1];
            let mut pair = Pair::with(polls as u64, client::Config::default(), server);
            pair.run(&mut client::greeting(), |_| ()).done();
            pair.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
            pair.host.tree.put("/f", Node::File(file.clone()));
            match hashes {
                true => drop(pair.run_for(&mut client::hash(t("/f"), None, Some(range)), polls, |_| ())),
                false => drop(pair.run_for(&mut client::retrieve_range(t("/f"), range), polls, |_| ())),
            }
            // What is still on its way of the one that was dropped comes in meanwhile.
            pair.run(&mut client::noop(), |_| ()).done();
            let mut open = client::retrieve(t("/f"), IMAGE, 0);
            assert_eq!(download(&mut pair, &mut open), file, "after {polls}");
        }
    }
}

#[test]
fn a_server_without_ranges_sends_nothing_for_one() {
    let range = ByteRange::new(2, 4).unwrap();
    let mut rig = support::client::Rig::greeted();
    assert_eq!(rig.run(&mut client::retrieve_range(t("f"), range), |_| ()).refused(), 502);
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RANG 2 4"]);
    rig.run(&mut client::retrieve(t("f"), IMAGE, 0), |_| ()).done();
    assert_eq!(rig.commands()[3..], ["EPSV", "RETR f"]);
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

#[cfg(feature = "deflate")]
#[test]
fn the_level_of_mode_z_is_the_clients_choice_until_rein() {
    let mut rig = Rig::logged_in();
    for (line, reply) in [
        ("OPTS MODE Z LEVEL 9", "200 MODE Z LEVEL set to 9."),
        ("opts mode z level 0", "200 MODE Z LEVEL set to 0."),
        ("OPTS MODE Z", "200 MODE Z LEVEL is the default."),
        ("OPTS MODE Z LEVEL 1", "200 MODE Z LEVEL set to 1."),
    ] {
        assert_eq!(rig.ask(line), [reply]);
    }
    for line in ["OPTS MODE Z LEVEL 10", "OPTS MODE Z LEVEL", "OPTS MODE Z LEVEL x", "OPTS MODE B"] {
        assert_eq!(rig.say(line), [501], "{line}");
    }
    let level = |rig: &mut Rig| {
        rig.passive();
        assert_eq!(rig.say("MODE Z\r\nRETR /file"), [200, 150]);
        let Some(DataOp::Send(parameters)) = rig.ops.last() else { panic!("{:?}", rig.ops) };
        let level = parameters.level;
        rig.download();
        assert_eq!(rig.codes(), [226]);
        level
    };
    assert_eq!(level(&mut rig), Some(1));
    assert_eq!(rig.say("REIN"), [220]);
    assert_eq!(level(&mut rig.login()), None);
}

#[cfg(feature = "deflate")]
#[test]
fn a_higher_level_makes_less_of_a_file_each_way() {
    let file: Vec<u8> = (0..20_000u32).flat_map(|n| (n % 1000 * n / 7).to_be_bytes()).collect();
    let mut sizes = Vec::new();
    for level in [0, 1, 9] {
        let mut config = client::Config::default();
        config.deflate_level = Some(level);
        let mut pair = Pair::with(3, config, server::Config::default());
        pair.run(&mut client::greeting(), |_| ()).done();
        pair.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
        agree(&mut pair, FileStructure::File, TransferMode::Deflate);
        pair.run(&mut client::deflate_level(Some(level)), |_| ()).done();
        pair.upload.clone_from(&file);
        let mut moved = Vec::new();
        for mut open in [client::store(t("/f"), IMAGE, 0), client::retrieve(t("/f"), IMAGE, 0)] {
            let transfer = pair.run(&mut open, |opened| opened.transfer).done();
            moved.push(pair.run(&mut client::complete(transfer), |done| done.transferred).done());
        }
        assert_eq!(pair.host.tree.file("/f"), Some(&file[..]));
        assert!(pair.download == file);
        sizes.push(moved);
    }
    let [stored, fast, best] = &sizes[..] else { unreachable!() };
    for way in 0..2 {
        assert!(stored[way] > file.len() as u64 && fast[way] < stored[way] && best[way] < fast[way]);
    }
}
