//! Hashes that a server computes by itself: what a client verifies by, and what ABOR ends.
#![cfg(all(feature = "hash", feature = "std", feature = "disk"))]

#[path = "support/served.rs"]
mod served;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use ftp_proto::client::{Expected, Mismatch, Verified};
use ftp_proto::codec::{ByteRange, Digest, HashAlgorithm};
use ftp_proto::io::std::Client;
use ftp_proto::io::{Error, HASHES, Users};
use ftp_proto::server::Config;
use served::Served;

fn served() -> Served {
    let mut config = Config::default();
    config.hashes = HASHES;
    // Whoever may only read may have hashes too.
    let users = |directory| Users::new().reader("me", "secret", directory);
    Served::to(users, "127.0.0.1:0", |server| server.with_config(config))
}

fn client(served: &Served) -> Client {
    let mut client = Client::connect(served.address).unwrap();
    client.login("me", "secret").unwrap();
    client
}

#[test]
fn a_file_is_verified_by_its_hash() {
    let served = served();
    fs::write(served.root.join("file"), "abc").unwrap();
    let mut client = client(&served);
    assert!(client.setup().unwrap().digest().is_some());
    for (algorithm, digits) in [
        (HashAlgorithm::Crc32, "352441c2"),
        (HashAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
        (HashAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (HashAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ] {
        let digest = Some(Digest::parse(digits.as_bytes(), algorithm).unwrap());
        let verified = client.verify("file", Expected { size: Some(3), digest });
        assert_eq!(verified.unwrap(), Verified::Digest(algorithm));
        let wrong = Some(Digest::parse("0".repeat(digits.len()).as_bytes(), algorithm).unwrap());
        let verified = client.verify("file", Expected { size: Some(3), digest: wrong });
        assert!(matches!(verified, Err(Error::Mismatch(Mismatch::Digest(_)))), "{verified:?}");
    }
    assert!(client.hash("none", None, None).unwrap_err().refused().is_some());
}

#[test]
fn a_part_of_a_file_has_a_hash_of_its_own() {
    let served = served();
    fs::write(served.root.join("file"), "xabcx").unwrap();
    let mut client = client(&served);
    let hash = |client: &mut Client, start, end| {
        let range = Some(ByteRange::new(start, end).unwrap());
        client.hash("file", Some(HashAlgorithm::Crc32), range).map(|reply| reply.digest.to_string())
    };
    assert_eq!(hash(&mut client, 1, 3).unwrap(), "352441c2");
    assert_eq!(hash(&mut client, 5, 9).unwrap(), "00000000", "there is nothing at the end");
    assert!(hash(&mut client, 6, 9).is_err(), "nor behind it");
}

#[test]
fn abor_ends_a_hash_in_its_middle_and_noop_is_answered_beside_it() {
    let served = served();
    // Hours of work.
    fs::File::create(served.root.join("file")).unwrap().set_len(1 << 42).unwrap();
    let mut control = TcpStream::connect(served.address).unwrap();
    control.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut replies = BufReader::new(control.try_clone().unwrap()).lines();
    let mut next = || replies.next().unwrap().unwrap()[..3].to_owned();
    let start = Instant::now();
    control.write_all(b"USER me\r\nPASS secret\r\nHASH file\r\n").unwrap();
    assert_eq!([next(), next(), next()], ["220", "331", "230"]);
    control.write_all(b"NOOP\r\n").unwrap();
    assert_eq!(next(), "200");
    control.write_all(b"ABOR\r\n").unwrap();
    assert_eq!([next(), next()], ["450", "226"]);
    control.write_all(b"PWD\r\n").unwrap();
    assert_eq!(next(), "257");
    assert!(start.elapsed() < Duration::from_secs(20));
}
