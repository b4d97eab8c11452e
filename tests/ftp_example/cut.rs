//! Connections that break, and a program that goes on by itself.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::thread;
use std::time::Instant;

use super::*;

/// A relay in front of a server that cuts the first connections.
struct Relay {
    port: u16,
    connections: Arc<AtomicUsize>,
}

impl Relay {
    /// Cuts `times` connections so long after a command that begins with `verb`.
    fn new(server: SocketAddr, verb: &'static str, after: Duration, times: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        thread::spawn(move || {
            for client in listener.incoming().take(50).flatten() {
                count.fetch_add(1, Ordering::Relaxed);
                let number = count.load(Ordering::Relaxed);
                let server = TcpStream::connect(server).unwrap();
                let (mut back, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                thread::spawn(move || {
                    let _ = std::io::copy(&mut back, &mut to_client);
                    let _ = to_client.shutdown(Shutdown::Both);
                });
                thread::spawn(move || relay(&client, &server, verb, after, number <= times));
            }
        });
        Self { port, connections }
    }

    fn url(&self, path: &str) -> String {
        format!("ftp://me:secret@127.0.0.1:{}/{path}", self.port)
    }
}

fn relay(client: &TcpStream, mut server: &TcpStream, verb: &str, after: Duration, is_cut: bool) {
    let mut lines = BufReader::new(client);
    let mut line = Vec::new();
    while let Ok(1..) = lines.read_until(b'\n', &mut line) {
        if server.write_all(&line).is_err() {
            break;
        }
        if is_cut && line.starts_with(verb.as_bytes()) {
            thread::sleep(after);
            break;
        }
        line.clear();
    }
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

fn slow_server() -> Served {
    Served::at("127.0.0.1:0", |server| server.with_max_rate(std::num::NonZeroU64::new(2_000_000).unwrap()))
}

const SOON: Duration = Duration::from_millis(400);

#[test]
fn a_transfer_that_is_cut_off_continues_where_it_stopped() {
    let content = served::bytes(2_500_000);
    for (verb, is_mirror) in [("RETR", false), ("STOR", false), ("RETR", true), ("STOR", true)] {
        // Otherwise all of it would be in the buffers of the network before the cut.
        let (served, scratch) = (slow_server(), Scratch::new());
        let (local, there) = (scratch.path("local"), served.root.join("there"));
        let is_up = verb == "STOR";
        let (source, target) = if is_up { (&local, &there) } else { (&there, &local) };
        write(&source.join("file"), &content, LONG_AGO);
        fs::create_dir_all(target).unwrap();
        let relay = Relay::new(served.address, verb, SOON, 2);
        let name = if is_mirror { "" } else { "/file" };
        let (local, there) = (scratch.arg(&format!("local{name}")), relay.url(&format!("there{name}")));
        let what = match (is_mirror, is_up) {
            (true, true) => ["mirror", &local, &there],
            (true, false) => ["mirror", &there, &local],
            (false, true) => ["put", &local, &there],
            (false, false) => ["get", &there, &local],
        };
        let outcome = ftp(&[&["--json"], &what[..]].concat()).succeeds();
        assert!(fs::read(target.join("file")).unwrap() == content, "{outcome}");
        assert_eq!(names(target), ["file"]);
        assert_eq!(relay.connections.load(Ordering::Relaxed), 3, "{outcome}");
        let events = events(&outcome);
        assert_eq!(events.iter().filter(|event| event["event"] == "retry").count(), 2, "{outcome}");
        let transfer = events.iter().find(|event| event["event"] == "transfer").unwrap();
        assert!(transfer["resumed_at"].as_u64() > Some(100_000), "{transfer}");
        assert!(error(&outcome).contains("trying again in"), "{outcome}");
    }
}

#[test]
fn a_listing_and_a_printed_file_survive_a_cut() {
    let served = slow_server();
    let content = served::bytes(1_500_000);
    write(&served.root.join("file"), &content, LONG_AGO);
    let relay = Relay::new(served.address, "MLSD", Duration::ZERO, 1);
    assert!(ftp(&["ls", &relay.url("")]).succeeds().text().contains("1500000"));
    assert_eq!(relay.connections.load(Ordering::Relaxed), 2);
    let relay = Relay::new(served.address, "RETR", SOON, 1);
    let outcome = ftp(&["cat", &relay.url("file")]).succeeds();
    assert!(outcome.stdout == content, "{}", outcome.stdout.len());
}

#[test]
fn there_are_only_so_many_retries_and_none_after_a_refusal() {
    let (served, scratch) = (server(), Scratch::new());
    write(&served.root.join("file"), b"x", LONG_AGO);
    let got = scratch.arg("got");
    for (retries, connections) in [("0", 1), ("2", 3)] {
        let relay = Relay::new(served.address, "RETR", Duration::ZERO, 100);
        // Cut before the server hears of it.
        let relay = Relay { port: cut_before(relay.port), ..relay };
        let outcome = ftp(&["--retries", retries, "get", &relay.url("file"), &got]).ends_with(3);
        assert_eq!(relay.connections.load(Ordering::Relaxed), connections, "{outcome}");
        assert!(!scratch.path("got").exists());
    }
    for (url, code) in [
        (url(&served, "missing"), 1),
        (url(&served, "file").replace("secret", "wrong"), 1),
        ("ftp://127.0.0.1:1/file".to_owned(), 3),
    ] {
        let begun = Instant::now();
        let outcome = ftp(&["--retry-wait", "30", "get", &url, &got]).ends_with(code);
        assert!(begun.elapsed() < Duration::from_secs(20) && !error(&outcome).contains("again"), "{outcome}");
    }
}

/// Puts a relay before another one that passes nothing on from RETR on.
fn cut_before(port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let before = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for client in listener.incoming().take(50).flatten() {
            let server = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let (mut back, mut to_client) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            thread::spawn(move || {
                let _ = std::io::copy(&mut back, &mut to_client);
            });
            thread::spawn(move || {
                let (mut client, mut server) = (client, server);
                let mut piece = [0; 4096];
                while let Ok(count @ 1..) = client.read(&mut piece) {
                    if piece.starts_with(b"RETR") || server.write_all(&piece[..count]).is_err() {
                        break;
                    }
                }
                let _ = client.shutdown(Shutdown::Both);
                let _ = server.shutdown(Shutdown::Both);
            });
        }
    });
    before
}

#[test]
fn a_limited_rate_is_not_exceeded() {
    let (served, scratch) = (server(), Scratch::new());
    write(&served.root.join("file"), &served::bytes(300_000), LONG_AGO);
    let begun = Instant::now();
    ftp(&["--limit-rate", "200k", "get", &url(&served, "file"), &scratch.arg("got")]).succeeds();
    assert!(begun.elapsed() > Duration::from_secs(1));
}
