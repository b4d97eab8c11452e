//! The round trips of many small files, counted by the time that passes.

use super::choices::Choices;
use super::network::{Latency, Plan};
use super::support::{secret, t};
use super::world::World;
use ftp_proto::client::{self, DataConnection, Profile};
use ftp_proto::codec::RepresentationType;
use ftp_proto::server;

/// Files with pipelining, and without.
const FILES: [u64; 2] = [1000, 100];

/// Half a round trip, in microseconds.
const ONE_WAY: u64 = 500_000;

/// What our server leaves between the 150 and the 226 of a file.
const APART: u64 = 5_000;

/// Downloads the files, and returns the round trips that all of them took.
fn round_trips(files: u64, pipelining: bool, handshake: bool) -> f64 {
    let mut config = client::Config::default();
    config.pipelining = pipelining;
    config.data_connection = DataConnection::Passive;
    let latency = Some(Latency { one_way: ONE_WAY, handshake });
    let plan = Plan { latency, piece: 4000, window: 4000, ..Plan::calm() };
    let choices = Choices::unrecorded(1);
    let mut world = World::pair(&choices, plan, false, config, server::Config::default());
    world.put_file("/small", &[b'x'; 1024]);
    world.run(&mut client::greeting(), |_| ()).done();
    world.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
    let begin = world.net.now;
    for index in 0..files {
        let open = client::retrieve(t("/small"), RepresentationType::Image, 0);
        let id = world.run(&mut open.in_series(index + 1 < files), |opened| opened.transfer).done();
        world.run(&mut client::complete(id), |_| ()).done();
        assert_eq!(world.files().download, [b'x'; 1024]);
    }
    let took = world.net.now - begin;
    assert_eq!(world.client().profile().contains(Profile::IN_ORDER), pipelining);
    took as f64 / (2 * ONE_WAY) as f64
}

#[test]
fn a_small_file_of_a_series_costs_one_round_trip_and_that_of_its_data_connection() {
    for (pipelining, handshake, each) in
        [(true, false, 1.0), (true, true, 2.0), (false, false, 2.0), (false, true, 3.0)]
    {
        let files = FILES[usize::from(!pipelining)];
        let trips = round_trips(files, pipelining, handshake);
        println!("pipelining: {pipelining}, handshakes: {handshake}: {trips} round trips for {files} files");
        // The beginning of a series, and the time that the server leaves between two replies.
        let more = 6.0 + (files * APART) as f64 / (2 * ONE_WAY) as f64;
        let least = files as f64 * each;
        assert!((least..=least + more).contains(&trips), "{pipelining} {handshake}: {trips}");
    }
}
