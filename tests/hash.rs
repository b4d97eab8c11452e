//! Hashes that a server computes by itself: what a client verifies by, and what ABOR ends.
#![cfg(all(feature = "hash", feature = "std", feature = "disk"))]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{env, fs, process};

use ftp_proto::client::{Expected, Mismatch, Verified};
use ftp_proto::codec::{ByteRange, Digest, HashAlgorithm};
use ftp_proto::io::std::{Client, Server, Shutdown};
use ftp_proto::io::{Directory, Error, HASHES, Users};
use ftp_proto::server::Config;

struct Site {
    directory: PathBuf,
    address: SocketAddr,
    shutdown: Shutdown,
    serving: Option<JoinHandle<()>>,
}

impl Site {
    fn new(name: &str) -> Self {
        let directory = env::temp_dir().join(format!("ftp-proto-hash-{name}-{}", process::id()));
        fs::create_dir(&directory).unwrap();
        // Whoever may only read may have hashes too.
        let users = Users::new().reader("me", "secret", Directory::open(&directory).unwrap());
        let mut config = Config::default();
        config.hashes = HASHES;
        let server = Server::bind("127.0.0.1:0", users).unwrap().with_config(config);
        let (address, shutdown) = (server.local_addr(), server.shutdown_handle());
        let serving = Some(thread::spawn(move || server.serve().unwrap()));
        Self { directory, address, shutdown, serving }
    }

    fn client(&self) -> Client {
        let mut client = Client::connect(self.address).unwrap();
        client.login("me", "secret").unwrap();
        client
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shutdown.shut_down(Duration::ZERO);
        let _ = self.serving.take().map(JoinHandle::join);
        let _ = fs::remove_dir_all(&self.directory);
    }
}

#[test]
fn a_file_is_verified_by_its_hash() {
    let site = Site::new("verify");
    fs::write(site.directory.join("file"), "abc").unwrap();
    let mut client = site.client();
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
    let site = Site::new("range");
    fs::write(site.directory.join("file"), "xabcx").unwrap();
    let mut client = site.client();
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
    let site = Site::new("abort");
    // Hours of work.
    fs::File::create(site.directory.join("file")).unwrap().set_len(1 << 42).unwrap();
    let mut control = TcpStream::connect(site.address).unwrap();
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
