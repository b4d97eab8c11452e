//! Downloads of many files, with and without pipelining.

use super::{Client, HOSTS, Retrieve, open, read, run, settings};
use crate::world::{Security, Wiring, World, bytes, client_tls};
use ftp_proto::client::{Config, DataConnection, Profile};
use std::collections::HashMap;
use std::fs;
use std::io;

const FILES: usize = 40;

/// No such file, at the beginning, in the middle, twice in a row and at the end.
const MISSING: [usize; 5] = [0, 7, 20, 21, FILES - 1];

async fn connect(world: &World, wiring: Wiring, config: Config) -> Client {
    let builder = settings().config(config);
    let builder = match wiring.security {
        Security::Plain => builder,
        Security::Explicit => builder.explicit_tls(client_tls(), "localhost").unwrap(),
        Security::Implicit => builder.implicit_tls(client_tls(), "localhost").unwrap(),
    };
    let mut client = wait!(open(builder, world.address)).unwrap();
    wait!(client.login("me", "secret")).unwrap();
    client
}

/// One command at a time is the way of the other tests, so here it is tried with one server only.
fn wirings() -> impl Iterator<Item = (Wiring, bool)> {
    let pipelined = Wiring::all(HOSTS).map(|wiring| (wiring, true));
    let others = Security::ALL.map(|security| (Wiring { security, ..Wiring::PLAIN }, false));
    pipelined.chain(others)
}

fn config(wiring: Wiring, pipelining: bool) -> Config {
    let mut config = wiring.config();
    config.pipelining = pipelining;
    config
}

/// Files of no byte, of a few, and one that fills every buffer.
fn fill(world: &World) -> HashMap<String, Vec<u8>> {
    let mut files = HashMap::new();
    for index in (0..FILES).filter(|index| !MISSING.contains(index)) {
        let size = match index {
            3 => 0,
            11 => 400_000,
            _ => 100 * index,
        };
        let content: Vec<u8> = bytes(size).iter().map(|byte| byte ^ index as u8).collect();
        fs::write(world.path(format!("file {index}")), &content).unwrap();
        files.insert(format!("file {index}"), content);
    }
    files
}

fn names() -> impl Iterator<Item = String> {
    (0..FILES).map(|index| format!("file {index}"))
}

async fn content(mut retrieve: Retrieve<'_>) -> io::Result<Vec<u8>> {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 70_000]);
    loop {
        match wait!(read(&mut retrieve, &mut buffer))? {
            0 => return Ok(all),
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

#[test]
fn each_of_many_files_has_its_own_outcome() {
    for (wiring, pipelining) in wirings() {
        let world = World::new(wiring);
        let files = fill(&world);
        run(async {
            let mut client = connect(&world, wiring, config(wiring, pipelining)).await;
            for _ in 0..2 {
                let mut downloads = client.retrieve_many(names());
                let mut seen = Vec::new();
                while let Some((name, download)) = wait!(downloads.next_file()) {
                    match files.get(&name) {
                        Some(expected) => assert!(content(download.unwrap()).await.unwrap() == *expected),
                        None => assert!(download.unwrap_err().refused().is_some(), "{name}"),
                    }
                    seen.push(name);
                }
                assert!(wait!(downloads.next_file()).is_none());
                assert!(seen.into_iter().eq(names()));
            }
            let is_passive = wiring.data_connection == DataConnection::Passive;
            let in_order = client.profile().contains(Profile::IN_ORDER);
            assert_eq!(in_order, pipelining && is_passive, "{wiring:?}");
            assert!(!client.profile().intersects(Profile::NO_PIPELINING | Profile::OUT_OF_ORDER));
            wait!(client.quit()).unwrap();
        });
    }
}

#[test]
fn downloads_may_be_dropped_at_any_file_and_in_any() {
    let wirings = Security::ALL.map(|security| Wiring { security, ..Wiring::PLAIN });
    for wiring in wirings {
        let world = World::new(wiring);
        let files = fill(&world);
        run(async {
            let mut client = connect(&world, wiring, config(wiring, true)).await;
            for last in [1, 2, 5, 11, 12, 22, 30] {
                let mut downloads = client.retrieve_many(names().take(last + 3));
                let mut index = 0;
                while let Some((name, download)) = wait!(downloads.next_file()) {
                    match (download, index % 3) {
                        (Ok(mut download), 0) => {
                            let count = wait!(read(&mut download, &mut [0; 10])).unwrap();
                            assert_eq!(count, files[&name].len().min(10), "{name}");
                        }
                        (Ok(download), 1) => assert!(content(download).await.unwrap() == files[&name]),
                        (Ok(_), _) => {}
                        (Err(error), _) => assert!(error.refused().is_some(), "{name}: {error}"),
                    }
                    index += 1;
                    if index > last {
                        break;
                    }
                }
                assert_eq!(wait!(client.size("file 11")).unwrap(), 400_000);
                let whole = content(wait!(client.retrieve("file 11")).unwrap()).await.unwrap();
                assert!(whole == files["file 11"]);
            }
            wait!(client.quit()).unwrap();
        });
    }
}

#[test]
fn a_name_that_cannot_be_sent_is_an_error_of_this_file() {
    for wiring in HOSTS.map(|host| Wiring { host, ..Wiring::PLAIN }) {
        let world = World::new(wiring);
        let files = fill(&world);
        run(async {
            let mut client = connect(&world, wiring, config(wiring, true)).await;
            let names = ["file 4", "two\r\nlines", "", "file 5", "file 6"];
            let mut downloads = client.retrieve_many(names);
            for expected in names {
                let (name, download) = wait!(downloads.next_file()).unwrap();
                assert_eq!(name, expected);
                match files.get(name) {
                    Some(expected) => assert!(content(download.unwrap()).await.unwrap() == *expected),
                    None => assert!(!download.unwrap_err().is_fatal(), "{name:?}"),
                }
            }
            wait!(client.quit()).unwrap();
        });
    }
}
