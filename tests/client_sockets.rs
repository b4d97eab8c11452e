//! The client's less used ways over real sockets: active mode, transfers given up, extensions; against our
//! own server.
#![cfg(feature = "disk")]

#[path = "support/served.rs"]
mod served;

use ftp_proto::client::{AbortPolicy, Config, DataConnection, Profile};
use ftp_proto::codec::{FileStructure, RepresentationType, Timestamp, TransferMode, Verb};
use ftp_proto::io::std::Client;
use ftp_proto::transfer::Coding;
use served::{Served, bytes};
use std::fs;
use std::io::{Read, Write};
use std::path::Path;

/// Runs `talk` with clients of a server over a directory of its own, on both protocols.
fn served(talk: impl Fn(&dyn Fn(Config) -> Client, &Path)) {
    for address in ["127.0.0.1:0", "[::1]:0"] {
        let served = Served::at(address, |server| server);
        let connect = |config: Config| {
            let mut client = Client::builder().config(config).connect(served.address).unwrap();
            client.login("me", "secret").unwrap();
            client
        };
        talk(&connect, &served.root);
    }
}

fn round_trip(client: &mut Client) {
    let content = bytes(100_000);
    let mut store = client.store("f").unwrap();
    store.write_all(&content).unwrap();
    store.finish().unwrap();
    let mut back = Vec::new();
    client.retrieve("f").unwrap().read_to_end(&mut back).unwrap();
    assert_eq!(back, content);
    assert!(client.list("").unwrap().count() > 0);
}

#[test]
fn the_server_connects_in_active_mode() {
    served(|connect, _| {
        let mut config = Config::default();
        config.data_connection = DataConnection::Active;
        round_trip(&mut connect(config));
    });
}

#[test]
fn a_transfer_given_up_anywhere_leaves_the_connection_usable() {
    served(|connect, root| {
        fs::write(root.join("big"), bytes(20_000_000)).unwrap();
        for data_connection in [DataConnection::Passive, DataConnection::Active] {
            for policy in [
                AbortPolicy::AborUploads,
                AbortPolicy::CloseData,
                AbortPolicy::Abor,
                AbortPolicy::AborWithSynch,
            ] {
                let mut config = Config::default();
                config.abort = policy;
                config.data_connection = data_connection;
                let mut client = connect(config);
                for count in [0, 1, 70_000, 5_000_000] {
                    for abort in [false, true] {
                        let mut retrieve = client.retrieve("big").unwrap();
                        let mut taken = (&mut retrieve).take(count);
                        std::io::copy(&mut taken, &mut std::io::sink()).unwrap();
                        if abort {
                            retrieve.abort().unwrap();
                        }
                        let mut store = client.store("half").unwrap();
                        store.write_all(&bytes(count as usize)).unwrap();
                        if abort {
                            store.abort().unwrap();
                        }
                        client.noop().unwrap();
                    }
                }
                round_trip(&mut client);
                client.quit().unwrap();
            }
        }
    });
}

#[test]
fn extensions_do_what_they_say() {
    served(|connect, _| {
        let mut client = connect(Config::default());
        round_trip(&mut client);
        let time = Timestamp::parse(b"20240229123456").unwrap();
        client.set_modification_time("f", time).unwrap();
        assert_eq!(client.modification_time("f").unwrap(), time);
        client.utf8(true).unwrap();
        client.client_name("test").unwrap();
        let mut lines = 0;
        client.help("", |_| lines += 1).unwrap();
        assert!(lines > 0);
        client.status("", |_| lines += 1).unwrap();
        client.allocate(5).unwrap();
        client.noop().unwrap();
    });
}

#[test]
fn files_come_back_in_every_structure_and_mode() {
    served(|connect, root| {
        let mut client = connect(Config::default());
        for structure in FileStructure::ALL {
            for mode in TransferMode::ALL {
                if !(Coding { structure: *structure, mode: *mode, ..Coding::IDENTITY }).is_supported() {
                    continue;
                }
                client.set_structure(*structure).unwrap();
                client.set_mode(*mode).unwrap();
                // Pages are 128 bytes: the last is filled up.
                let content = bytes(100_000 / 128 * 128);
                for representation in [RepresentationType::Image, RepresentationType::ASCII] {
                    let mut store = client.store_as("coded", representation).unwrap();
                    store.write_all(&content).unwrap();
                    store.finish().unwrap();
                    assert_eq!(fs::read(root.join("coded")).unwrap(), content, "{structure} {mode}");
                    let mut back = Vec::new();
                    let mut retrieve = client.retrieve_as("coded", 0, representation).unwrap();
                    retrieve.read_to_end(&mut back).unwrap();
                    drop(retrieve);
                    assert_eq!(back, content, "{structure} {mode}");
                }
                assert_eq!(client.list("").unwrap().count(), 1, "{structure} {mode}");
            }
        }
    });
}

#[test]
fn a_transfer_restarts_in_every_mode() {
    served(|connect, root| {
        let content = bytes(300_000);
        let mut client = connect(Config::default());
        for mode in TransferMode::ALL {
            if !(Coding { mode: *mode, ..Coding::IDENTITY }).is_supported() {
                continue;
            }
            client.set_mode(*mode).unwrap();
            fs::write(root.join("f"), &content[..100_000]).unwrap();
            let mut store = client.store_from("f", 100_000).unwrap();
            store.write_all(&content[100_000..]).unwrap();
            store.finish().unwrap();
            assert_eq!(fs::read(root.join("f")).unwrap(), content, "{mode}");
            let mut rest = Vec::new();
            let mut retrieve = client.retrieve_from("f", 200_000).unwrap();
            assert_eq!(retrieve.offset(), 200_000, "{mode}");
            retrieve.read_to_end(&mut rest).unwrap();
            assert_eq!(rest, content[200_000..], "{mode}");
        }
    });
}

#[test]
fn a_time_is_set_by_what_the_server_has_for_it() {
    let mut config = ftp_proto::server::Config::default();
    config.commands = config.commands.without(Verb::Mfmt);
    let served = Served::at("127.0.0.1:0", |server| server.with_config(config));
    let mut client = Client::connect(served.address).unwrap();
    client.login("me", "secret").unwrap();
    fs::write(served.root.join("a f"), b"content").unwrap();
    for text in [b"20240229123456", b"19991231235959"] {
        let time = Timestamp::parse(text).unwrap();
        assert_eq!(client.set_modification_time("a f", time).unwrap(), None);
        assert_eq!(client.modification_time("a f").unwrap(), time);
        assert!(client.profile().contains(Profile::TIME_BY_UTIME));
    }
    let refused = client.set_modification_time("none", Timestamp::parse(b"20240229123456").unwrap());
    assert_eq!(refused.unwrap_err().refused().map(|refused| refused.code.get()), Some(550));
}

#[test]
fn text_that_ends_its_lines_in_crlf_has_no_other_lines_after_a_transfer() {
    served(|connect, root| {
        let mut client = connect(Config::default());
        let mut store = client.store_as("text", RepresentationType::ASCII).unwrap();
        for piece in [&b"one\r"[..], b"\ntwo\n", b"\r", b"\nthree\r\n"] {
            store.write_all(piece).unwrap();
        }
        store.finish().unwrap();
        assert_eq!(fs::read(root.join("text")).unwrap(), b"one\ntwo\n\nthree\n");
        fs::write(root.join("text"), b"one\r\ntwo\n\r\nthree\r\n").unwrap();
        let mut back = Vec::new();
        client.retrieve_as("text", 0, RepresentationType::ASCII).unwrap().read_to_end(&mut back).unwrap();
        assert_eq!(back, b"one\ntwo\n\nthree\n");
    });
}
