//! Measures front ends on one store, and prints a table for `docs/scale.md`. Run it alone, on a quiet machine:
//! `MOTO_SERVER=... cargo test --release -- --ignored --nocapture`.

use std::fs;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Scratch, Server, objects, s3};
use ftp_proto::io::std::Client;

const SECONDS: u64 = 4;
const LARGE: usize = 64 << 20;

fn login(address: SocketAddr) -> Client {
    let mut client = Client::connect(address).unwrap();
    client.login("me", "secret").unwrap();
    client
}

/// Downloads `file` in `sessions` threads that are spread over the servers. Returns downloads a second.
fn downloads(servers: &[Server], sessions: usize, file: &str) -> f64 {
    let (count, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let begin = Instant::now();
    thread::scope(|scope| {
        for n in 0..sessions {
            let (count, over, address) = (&count, &over, servers[n % servers.len()].address);
            scope.spawn(move || {
                let mut client = login(address);
                while !over.load(Ordering::Relaxed) {
                    io::copy(&mut client.retrieve(file).unwrap(), &mut io::sink()).unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(Duration::from_secs(SECONDS));
        over.store(true, Ordering::Relaxed);
    });
    count.into_inner() as f64 / begin.elapsed().as_secs_f64()
}

/// Opens sessions at a server, and returns the KiB that each takes while it is idle.
fn idle(server: &Server, sessions: usize) -> f64 {
    login(server.address).quit().unwrap();
    let before = server.memory();
    let clients: Vec<_> = (0..sessions).map(|_| login(server.address)).collect();
    let taken = server.memory().saturating_sub(before) as f64 / sessions as f64;
    drop(clients);
    taken
}

fn measure(name: &str, start: impl Fn() -> Server) {
    let first = start();
    let mut client = login(first.address);
    for (file, size) in [("small", 1024), ("large", LARGE)] {
        let mut store = client.store(file).unwrap();
        store.write_all(&vec![0x5a; size]).unwrap();
        store.finish().unwrap();
    }
    drop(client);
    drop(first);
    for front_ends in [1, 2, 4] {
        let servers: Vec<_> = (0..front_ends).map(|_| start()).collect();
        let files = downloads(&servers, 8, "small");
        let bytes = downloads(&servers, 4, "large") * LARGE as f64 / 1e6;
        let memory = idle(&servers[0], 200);
        println!("| {name} | {front_ends} | {files:.0} | {bytes:.0} | {memory:.1} |");
    }
}

#[test]
#[ignore = "measures; see the head of this file"]
fn front_ends_on_one_store() {
    println!("| store | front ends | 1 KiB files/s | MB/s | KiB an idle session |\n|---|--:|--:|--:|--:|");
    let scratch = Scratch::new("scale");
    let root = scratch.at("root");
    fs::create_dir_all(&root).unwrap();
    let parts = format!("atomic_write_dir={}", scratch.at("parts").display());
    measure("a directory", || {
        objects(&format!("fs://{}", root.display()), &["--option".to_owned(), parts.clone()])
    });
    let (_moto, endpoint) = s3("bucket");
    let options = [format!("endpoint={endpoint}"), "region=us-east-1".to_owned()];
    let options = options.map(|option| ["--option".to_owned(), option]).concat();
    measure("S3 (moto)", || objects("s3://bucket/files", &options));
}
