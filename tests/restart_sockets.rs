//! Restart markers, ranges and levels over real sockets, against our own server of a directory.
#![cfg(feature = "disk")]

#[path = "support/served.rs"]
mod served;

use ftp_proto::client;
use ftp_proto::codec::{ByteRange, RepresentationType, TransferMode};
use ftp_proto::io::std::Client;
use ftp_proto::server;
use ftp_proto::transfer::Coding;
use served::{Served, bytes};
use std::fs;
use std::io::{Read, Write};
use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

const IMAGE: RepresentationType = RepresentationType::Image;
const LENGTH: usize = 3_000_000;

/// Runs `talk` with clients of a server over a directory of its own, which both set markers.
fn served(talk: impl Fn(&dyn Fn() -> Client, &Path)) {
    let mut config = server::Config::default();
    config.marker_interval = NonZeroU32::new(10_000);
    let served = Served::at("127.0.0.1:0", |server| server.with_config(config));
    let connect = || {
        let mut config = client::Config::default();
        config.marker_interval = NonZeroU32::new(10_000);
        let mut client = Client::builder().config(config).connect(served.address).unwrap();
        client.login("me", "secret").unwrap();
        client
    };
    talk(&connect, &served.root);
}

#[test]
fn a_download_goes_on_over_another_connection() {
    served(|connect, root| {
        let content = bytes(LENGTH);
        fs::write(root.join("f"), &content).unwrap();
        for mode in [TransferMode::Block, TransferMode::Compressed] {
            let mut client = connect();
            client.set_mode(mode).unwrap();
            let mut whole = vec![0; 1_234_567];
            let mut retrieve = client.retrieve("f").unwrap();
            retrieve.read_exact(&mut whole).unwrap();
            let marker = retrieve.last_marker().unwrap();
            drop(retrieve);
            assert_eq!(client.last_marker(), Some(marker));
            drop(client);
            let position = marker.position() as usize;
            assert!((1_000_000..=whole.len()).contains(&position), "{mode}: {position}");
            whole.truncate(position);
            let mut client = connect();
            client.set_mode(mode).unwrap();
            let mut retrieve = client.retrieve_at("f", IMAGE, &marker).unwrap();
            assert_eq!(retrieve.offset(), marker.position());
            retrieve.read_to_end(&mut whole).unwrap();
            assert!(whole == content, "{mode}");
        }
    });
}

#[test]
fn an_upload_goes_on_where_the_server_has_it() {
    served(|connect, root| {
        let content = bytes(LENGTH);
        for mode in [TransferMode::Block, TransferMode::Compressed] {
            let mut client = connect();
            client.set_mode(mode).unwrap();
            let mut store = client.store("f").unwrap();
            store.write_all(&content[..2_000_000]).unwrap();
            // The control connection is looked at when the data connection is full, and at the end.
            let until = Instant::now() + Duration::from_secs(20);
            let mut written = 2_000_000;
            while store.last_marker().is_none() && written < LENGTH && Instant::now() < until {
                let count = store.write(&content[written..LENGTH.min(written + 1000)]).unwrap();
                written += count;
            }
            store.abort().unwrap();
            let marker = client.last_marker().expect("the server has told one");
            let position = marker.position() as usize;
            assert!(fs::read(root.join("f")).unwrap()[..position] == content[..position], "{mode}");
            client.noop().unwrap();
            let mut store = client.store_at("f", IMAGE, &marker).unwrap();
            store.write_all(&content[position..]).unwrap();
            store.finish().unwrap();
            assert!(fs::read(root.join("f")).unwrap() == content, "{mode}");
            fs::remove_file(root.join("f")).unwrap();
        }
    });
}

#[test]
fn a_range_comes_and_no_more_in_every_mode() {
    served(|connect, root| {
        let content = bytes(LENGTH);
        fs::write(root.join("f"), &content).unwrap();
        let mut client = connect();
        for mode in TransferMode::ALL {
            if !(Coding { mode: *mode, ..Coding::IDENTITY }).is_supported() {
                continue;
            }
            client.set_mode(*mode).unwrap();
            for (first, last) in [(0, 0), (1000, 1_500_000), (2_000_000, 5_000_000), (5, 5)] {
                let mut part = Vec::new();
                let range = ByteRange::new(first as u64, last as u64).unwrap();
                let mut retrieve = client.retrieve_range("f", range).unwrap();
                assert_eq!(retrieve.offset(), first as u64);
                retrieve.read_to_end(&mut part).unwrap();
                let expected = &content[first..LENGTH.min(last + 1)];
                let differs = part.iter().zip(expected).position(|(a, b)| a != b);
                assert_eq!((part.len(), differs), (expected.len(), None), "{mode} {first} to {last}");
            }
            let mut whole = Vec::new();
            client.retrieve("f").unwrap().read_to_end(&mut whole).unwrap();
            assert!(whole == content, "{mode}");
        }
    });
}

#[cfg(feature = "deflate")]
#[test]
fn the_server_takes_a_level() {
    served(|connect, root| {
        let content = bytes(LENGTH);
        fs::write(root.join("f"), &content).unwrap();
        let mut client = connect();
        client.set_mode(TransferMode::Deflate).unwrap();
        for level in [Some(1), Some(9), None] {
            client.set_deflate_level(level).unwrap();
            let mut whole = Vec::new();
            client.retrieve("f").unwrap().read_to_end(&mut whole).unwrap();
            assert!(whole == content, "{level:?}");
        }
    });
}
