//! Offsets (RFC 3659 5), in every type and mode.

use ftp_proto::action::DataOp;
use ftp_proto::client;
use ftp_proto::codec::{FileStructure, RepresentationType, TransferMode};
use ftp_proto::transfer::{Coding, Encoder, LineEnds, Parameters};

use crate::support::server::Rig;
use crate::support::t;
use crate::{ASCII, EBCDIC, IMAGE, agree, download, go_through, pair, text};

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
            let mut encoder = Encoder::new(stream).unwrap().with_line_ends(LineEnds::Literal);
            let count = encoder.encode(&file, &mut wire).written;
            wire.truncate(count + encoder.finish(&mut []));
            let mut pair = pair(7);
            pair.host_mut().put_file("/f", file.clone());
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
                pair.host_mut().put_file("/f", file[..offset].to_vec());
                pair.upload(file[offset..].to_vec());
                go_through(&mut pair, &mut client::store(t("/f"), representation, offset as u64));
                assert_eq!(pair.host().file("/f"), Some(&file[..]), "{mode:?} at {offset}");
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
            assert_eq!(
                rig.host().requests(),
                [format!("Open(Read {{ offset: {position} }}) /file")],
                "{setup}"
            );
            let Some(DataOp::Send(parameters)) = rig.data_operations().last() else {
                panic!("{:?}", rig.data_operations())
            };
            assert_eq!((parameters.position, parameters.skip), (position, skip), "{setup}");
        }
        let mut rig = Rig::logged_in();
        rig.passive();
        let codes = rig.say(&format!("{setup}\r\nREST 3\r\nSTOR /file"));
        assert_eq!(codes.last(), Some(if store { &150 } else { &504 }), "{setup}");
        if store {
            assert_eq!(rig.host().requests(), ["Open(Write { offset: 3 }) /file"], "{setup}");
            let Some(DataOp::Receive(parameters)) = rig.data_operations().last() else {
                panic!("{:?}", rig.data_operations())
            };
            assert_eq!(parameters.position, 3, "{setup}");
        }
    }
}

#[test]
fn a_crlf_of_a_file_is_sent_as_the_servers_configuration_reads_it() {
    for line_ends in [LineEnds::Kept, LineEnds::Literal] {
        let mut config = ftp_proto::server::Config::default();
        assert_eq!(config.line_ends, LineEnds::Kept, "the default");
        config.line_ends = line_ends;
        let mut rig = Rig::with(config).login();
        rig.passive();
        rig.say("TYPE A\r\nRETR /file");
        let Some(DataOp::Send(parameters)) = rig.data_operations().last() else {
            panic!("{:?}", rig.data_operations())
        };
        assert_eq!(parameters.line_ends, line_ends);
    }
}
