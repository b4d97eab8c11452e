//! Ranges (draft-bryan-ftp-range).

use ftp_proto::action::DataOp;
use ftp_proto::client;
use ftp_proto::codec::{ByteRange, FileStructure, TransferMode};
use ftp_proto::server;
use ftp_proto::transfer::Coding;

use crate::support::client::Rig as ClientRig;
use crate::support::pair::pair_with;
use crate::support::server::Rig;
use crate::support::{secret, t};
use crate::{IMAGE, agree, download, pair, text};

#[test]
fn a_range_is_sent_and_no_more() {
    let file = text(300);
    for mode in TransferMode::ALL {
        if !(Coding { mode: *mode, ..Coding::IDENTITY }).is_supported() {
            continue;
        }
        let mut pair = pair(9);
        pair.host_mut().put_file("/f", file.clone());
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
        assert_eq!(rig.host().requests(), [format!("Open(Read {{ offset: {offset} }}) /file")], "{lines}");
        let Some(DataOp::Send(parameters)) = rig.data_operations().last() else {
            panic!("{:?}", rig.data_operations())
        };
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
    let mut rig = ClientRig::greeted()
        .says("RANG", "350 go on")
        .says("HASH", "550 no")
        .says("HASH", "213 SHA-1 0-3 00 f");
    assert_eq!(rig.run(&mut client::hash(t("f"), None, Some(range)), |_| ()).refused(), 550);
    rig.clear_records();
    rig.run(&mut client::retrieve(t("f"), IMAGE, 7), |_| ()).done();
    assert_eq!(rig.commands(), ["EPSV", "RANG 1 0", "REST 7", "RETR f"]);

    let mut rig = ClientRig::greeted().says("RANG", "350 go on").says("HASH", "550 no");
    assert_eq!(rig.run(&mut client::hash(t("f"), None, Some(range)), |_| ()).refused(), 550);
    rig.clear_records();
    rig.run(&mut client::names(None), |_| ()).done();
    assert_eq!(rig.commands(), ["EPSV", "RANG 1 0", "NLST"], "some refuse listings with one");

    let mut rig = ClientRig::greeted().says("RANG", "350 go on").says("HASH", "550 no");
    assert_eq!(rig.run(&mut client::hash(t("f"), None, Some(range)), |_| ()).refused(), 550);
    rig.clear_records();
    assert_eq!(rig.run(&mut client::hash(t("f"), None, None), |_| ()).refused(), 550);
    assert_eq!(rig.commands(), ["RANG 1 0", "HASH f"]);
    rig.clear_records();
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
            let mut pair = pair_with(polls as u64, client::Config::default(), server);
            pair.run(&mut client::greeting(), |_| ()).done();
            pair.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
            pair.host_mut().put_file("/f", file.clone());
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
    let mut rig = ClientRig::greeted();
    assert_eq!(rig.run(&mut client::retrieve_range(t("f"), range), |_| ()).refused(), 502);
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RANG 2 4"]);
    rig.run(&mut client::retrieve(t("f"), IMAGE, 0), |_| ()).done();
    assert_eq!(rig.commands()[3..], ["EPSV", "RETR f"]);
}
