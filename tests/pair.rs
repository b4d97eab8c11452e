//! The client against the session: every operation end to end in memory, with what goes over the wires
//! cut, delayed and reordered as a seed says.

mod support;

use ftp_proto::action::DataFailure;
use ftp_proto::client::{self, Completed, Opened, Operation, TransferId};
use ftp_proto::codec::{Features, RepresentationType, Text};
use ftp_proto::testing::Random;
use proptest::prelude::*;
use support::client::Outcome;
use support::pair::Pair;
use support::{secret, t};

const IMAGE: RepresentationType = RepresentationType::Image;
const ASCII: RepresentationType = RepresentationType::ASCII;

fn logged_in(seed: u64) -> Pair {
    let mut pair = support::pair::pair(seed);
    pair.run(&mut client::greeting(), |_| ()).done();
    pair.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
    pair
}

fn id(opened: Opened<'_>) -> TransferId {
    opened.transfer
}

fn transferred(completed: Completed<'_>) -> u64 {
    completed.transferred
}

#[track_caller]
fn retrieve(pair: &mut Pair, path: &str, representation: RepresentationType, offset: u64) -> Vec<u8> {
    pair.take_received();
    let path = Text::new(path.as_bytes()).unwrap();
    let id = pair.run(&mut client::retrieve(path, representation, offset), id).done();
    pair.run(&mut client::complete(id), transferred).done();
    pair.take_received()
}

#[track_caller]
fn send(pair: &mut Pair, mut open: Operation<client::Open<'_>>, bytes: &[u8]) -> Option<Vec<u8>> {
    pair.upload(bytes.to_vec());
    let (id, name) =
        pair.run(&mut open, |opened| (opened.transfer, opened.unique_name.map(<[u8]>::to_vec))).done();
    pair.run(&mut client::complete(id), transferred).done();
    name
}

#[track_caller]
fn directory(pair: &mut Pair) -> Vec<u8> {
    pair.run(&mut client::working_directory(), |path| path.unwrap().bytes().collect()).done()
}

/// Bytes that a transfer of text has to be careful with.
fn content(random: &mut Random, length: usize) -> Vec<u8> {
    (0..length)
        .map(|_| match random.below(6) {
            0 => b'\r',
            1 => b'\n',
            2 => 0xff,
            3 => 0,
            _ => random.below(256) as u8,
        })
        .collect()
}

/// Everything that a client can ask for, one after the other.
fn everything(seed: u64) {
    let mut random = Random::new(seed ^ 0xf00d);
    let length = random.below(2000);
    let bytes = content(&mut random, length);
    let representation = [IMAGE, ASCII][random.below(2)];
    let mut pair = support::pair::pair(seed);
    let pair = &mut pair;
    assert_eq!(pair.run(&mut client::greeting(), |line| line.is_some()), Outcome::Done(true));
    let wrong = pair.run(&mut client::login(t("me"), secret("wrong"), None), |_| ());
    assert_eq!(wrong.refused(), 530);
    pair.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
    let features = pair.run(&mut client::features(), |features| features).done();
    assert!(features.contains(Features::MLST | Features::SIZE | Features::REST_STREAM), "{features:?}");
    let system = pair.run(&mut client::system(), |line| line.text.to_vec()).done();
    assert_eq!(system, b"UNIX Type: L8");

    let made = pair.run(&mut client::make_directory(t("a \"b\"")), |path| path.unwrap().bytes().collect());
    assert_eq!(made, Outcome::Done(b"/a \"b\"".to_vec()));
    pair.run(&mut client::change_directory(t("a \"b\"")), |_| ()).done();
    assert_eq!(directory(pair), b"/a \"b\"");

    assert_eq!(send(pair, client::store(t("up"), representation, 0), &bytes), None);
    assert_eq!(pair.host().file("/a \"b\"/up").unwrap(), bytes, "stored");
    assert!(retrieve(pair, "up", representation, 0) == bytes, "retrieved");
    let size = pair.run(&mut client::size(t("up")), |size| size.unwrap()).done();
    assert_eq!(size, bytes.len() as u64);
    pair.run(&mut client::modification_time(t("up")), |time| time.unwrap().year()).done();
    pair.run(&mut client::facts(Some(t("up"))), |()| ()).done();

    let half = bytes.len() / 2;
    assert!(retrieve(pair, "up", IMAGE, half as u64) == bytes[half..], "from the middle");
    send(pair, client::store(t("up"), IMAGE, half as u64), b"tail");
    let expected = [&bytes[..half], b"tail"].concat();
    assert_eq!(pair.host().file("/a \"b\"/up").unwrap(), expected, "to the middle");
    send(pair, client::append(t("up"), representation), &bytes);
    let expected = [&expected[..], &bytes].concat();
    assert_eq!(pair.host().file("/a \"b\"/up").unwrap(), expected, "appended");
    let name = send(pair, client::store_unique(Some(t("up")), IMAGE), &bytes);
    assert_eq!(name.as_deref(), Some(&b"/a \"b\"/up.1"[..]));

    for (mut open, lines) in [
        (client::list(None), 2),
        (client::names(None), 2),
        (client::machine_list(None), 2),
        (client::list(Some(t("/dir"))), 0),
    ] {
        pair.take_received();
        let id = pair.run(&mut open, id).done();
        pair.run(&mut client::complete(id), transferred).done();
        assert_eq!(pair.take_received().iter().filter(|byte| **byte == b'\n').count(), lines);
    }

    let mut missing = client::retrieve(t("none"), representation, 0);
    assert_eq!(pair.run(&mut missing, id).refused(), 550);
    let mut beyond = client::retrieve(t("up"), IMAGE, 1 << 40);
    assert_eq!(pair.run(&mut beyond, id).refused(), 554);

    pair.run(&mut client::rename(t("up"), t("../down")), |()| ()).done();
    pair.run(&mut client::delete(t("up.1")), |_| ()).done();
    pair.run(&mut client::change_to_parent(), |_| ()).done();
    assert_eq!(directory(pair), b"/");
    pair.run(&mut client::remove_directory(t("a \"b\"")), |_| ()).done();
    assert_eq!(pair.host().file("/down").unwrap(), expected);
    assert_eq!(pair.run(&mut client::remove_directory(t("none")), |_| ()).refused(), 550);
    pair.run(&mut client::noop(), |_| ()).done();
    pair.run(&mut client::quit(), |line| line.code.get()).done();
}

#[test]
fn everything_works_for_the_first_seeds() {
    for seed in 0..40 {
        everything(seed);
    }
}

#[test]
fn an_operation_dropped_at_any_point_leaves_the_dialogue_in_step() {
    // Each leaves the tree as it was, or as it wanted it.
    let names = ["retrieve", "restart", "store", "restore", "rename", "list", "size", "directory", "login"];
    for (index, name) in names.iter().enumerate() {
        for polls in (0..90).chain([120, 200, 300]) {
            let mut pair = logged_in(polls as u64 * 31 + index as u64);
            pair.host_mut().put_file("/big", vec![b'x'; 500]);
            pair.upload(b"uploaded".to_vec());
            let pair = &mut pair;
            match *name {
                "retrieve" => drop(pair.run_for(&mut client::retrieve(t("big"), IMAGE, 0), polls, id)),
                "restart" => drop(pair.run_for(&mut client::retrieve(t("big"), IMAGE, 7), polls, id)),
                "store" => drop(pair.run_for(&mut client::store(t("new"), ASCII, 0), polls, id)),
                "restore" => drop(pair.run_for(&mut client::store(t("big"), IMAGE, 3), polls, id)),
                "rename" => drop(pair.run_for(&mut client::rename(t("big"), t("gib")), polls, |()| ())),
                "list" => drop(pair.run_for(&mut client::list(None), polls, id)),
                "size" => drop(pair.run_for(&mut client::size(t("big")), polls, |size| size.unwrap())),
                "directory" => drop(pair.run_for(&mut client::change_directory(t("dir")), polls, |_| ())),
                _ => {
                    let mut login = client::login(t("me"), secret("secret"), None);
                    drop(pair.run_for(&mut login, polls, |_| ()));
                }
            }
            let here = directory(pair);
            assert!(here == b"/" || (here == b"/dir" && *name == "directory"), "{name} {polls}");
            assert_eq!(retrieve(pair, "/file", IMAGE, 0), b"content", "{name} after {polls}");
            send(pair, client::store(t("/other"), IMAGE, 0), b"whole");
            assert_eq!(pair.host().file("/other"), Some(&b"whole"[..]), "{name} after {polls}");
            assert_eq!(directory(pair), here);
        }
    }
}

#[test]
fn a_transfer_dropped_at_any_point_leaves_the_dialogue_in_step() {
    for store in [false, true] {
        for polls in 0..60 {
            let mut pair = logged_in(polls as u64);
            pair.host_mut().put_file("/big", vec![b'x'; 1500]);
            pair.upload(vec![b'u'; 1500]);
            let pair = &mut pair;
            let mut open = match store {
                true => client::store(t("new"), IMAGE, 0),
                false => client::retrieve(t("big"), IMAGE, 0),
            };
            let id = pair.run(&mut open, id).done();
            drop(pair.run_for(&mut client::complete(id), polls, transferred));
            assert_eq!(directory(pair), b"/");
            let stored = pair.host().file("/new").map(<[u8]>::len);
            assert!(matches!(stored, None | Some(1500)), "half an upload was kept: {stored:?}");
            assert_eq!(retrieve(pair, "/file", IMAGE, 0), b"content");
        }
    }
}

#[test]
fn an_unreachable_server_port_is_a_failure_and_no_more() {
    let mut pair = logged_in(1);
    pair.set_unreachable(true);
    let outcome = pair.run(&mut client::retrieve(t("file"), IMAGE, 0), id);
    assert_eq!(
        outcome,
        Outcome::Failed(ftp_proto::client::TransferFailure::Connection(DataFailure::Unreachable))
    );
    pair.set_unreachable(false);
    assert_eq!(retrieve(&mut pair, "/file", IMAGE, 0), b"content");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn everything_works_however_the_wires_behave(seed in any::<u64>()) {
        everything(seed);
    }

    #[test]
    fn bytes_arrive_as_they_were_sent(
        bytes in prop::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), any::<u8>()], 0..3000),
        seed in any::<u64>(),
        text in any::<bool>(),
    ) {
        let representation = if text { ASCII } else { IMAGE };
        let mut pair = logged_in(seed);
        send(&mut pair, client::store(t("f"), representation, 0), &bytes);
        prop_assert_eq!(pair.host().file("/f").unwrap(), &bytes);
        prop_assert!(retrieve(&mut pair, "f", representation, 0) == bytes);
    }
}
