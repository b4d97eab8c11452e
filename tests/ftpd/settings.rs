//! Settings that the crate carries out, each seen to arrive there.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use ftp_proto::io::std::Client;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;

use crate::certificates::{authority_pem, certificate_pem, trusting};
use crate::daemon::{Daemon, becomes, directory};
use crate::peer::Peer;

const ACCOUNT: &str = "[[account]]\nname = \"me\"\npassword = \"HASH\"\nroot = \"root\"\n";

#[test]
fn a_certificate_admits_its_account_without_a_password() {
    let directory = directory();
    let (alice, alice_pem, alice_key) = certificate_pem();
    let (other, _, other_key) = certificate_pem();
    let (_, chain, key) = certificate_pem();
    for (name, content) in [
        ("alice.pem", &*alice_pem),
        ("chain.pem", &chain),
        ("key.pem", &key),
        ("authority.pem", authority_pem()),
    ] {
        fs::write(directory.join(name), content).unwrap();
    }
    let config = "[tls]\ncertificate = \"chain.pem\"\nkey = \"key.pem\"\n\
                  client-authorities = \"authority.pem\"\nclient-certificates = \"optional\"\n\
                  [[account]]\nname = \"alice\"\ncertificate = \"alice.pem\"\nroot = \"root\"\n";
    let daemon = Daemon::within(directory, &format!("{config}{ACCOUNT}"));
    let identity = |chain, key: &str| {
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        trusting().certificate(vec![chain], key).build().unwrap()
    };
    let tls = [trusting().build().unwrap(), identity(alice, &alice_key), identity(other, &other_key)];
    for (user, password, expected) in [
        ("alice", "secret", [false, true, false]),
        ("me", "secret", [true, true, true]),
        ("me", "wrong", [false, false, false]),
    ] {
        for (tls, expected) in tls.iter().zip(expected) {
            let builder = Client::builder().explicit_tls(tls.clone(), "localhost").unwrap();
            let mut client = builder.connect(daemon.address()).unwrap();
            assert_eq!(client.login(user, password).is_ok(), expected, "{user} {password}");
        }
    }
}

#[test]
fn the_header_of_a_proxy_says_who_the_client_is() {
    let daemon = Daemon::new(&format!("proxy = \"127.0.0.1, 127.0.0.2\"\n{ACCOUNT}"));
    let mut stream = TcpStream::connect(daemon.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.write_all(b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 21\r\nQUIT\r\n").unwrap();
    let lines: Vec<_> = BufReader::new(stream).lines().map_while(Result::ok).collect();
    assert!(lines.len() == 2 && lines[0].starts_with("220") && lines[1].starts_with("221"), "{lines:?}");
    assert!(becomes(|| daemon.stderr().contains(" 192.0.2.7: left")), "{}", daemon.stderr());
}

#[test]
fn passive_connections_have_the_ports_and_the_address_of_the_file() {
    let config = |address: &str, ports: &str| {
        format!(
            "banner = \"At {address}.\"\n[passive]\nports = \"{ports}\"\naddress = \"{address}\"\n{ACCOUNT}"
        )
    };
    let daemon = Daemon::new(&config("192.0.2.7", "42210-42219"));
    let passive = |expected: &str| {
        let reply = Peer::new(daemon.address()).says("PASV", "227");
        let numbers: Vec<u16> = reply
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .skip(1)
            .collect();
        assert_eq!(format!("{}.{}.{}.{}", numbers[0], numbers[1], numbers[2], numbers[3]), expected);
        numbers[4] * 256 + numbers[5]
    };
    assert!((42_210..42_220).contains(&passive("192.0.2.7")));
    let said = daemon.reload(&config("192.0.2.8", "42220-42229"));
    assert!(said.contains("read again") && !said.contains("next start"), "{said}");
    assert!((42_220..42_230).contains(&passive("192.0.2.8")));
    let said = daemon.reload(&config("localhost", "42220-42229"));
    assert!(said.contains("warning: passive.address changes only at the next start"), "{said}");
    passive("192.0.2.8");
    // A name is looked up from the start on.
    let daemon = Daemon::new(&config("localhost", "42230-42239"));
    let reply = Peer::new(daemon.address()).says("PASV", "227");
    assert!(reply.contains("(127,0,0,1,"), "{reply}");
}

#[test]
fn limits_of_the_file_hold() {
    let daemon = Daemon::new(&format!(
        "[limits]\nsessions = 10\nlogin-attempts = 1\nidle-time = 3\nlogin-delays = false\nrate = \"1 MB\"\n{ACCOUNT}"
    ));
    let mut peer = Peer::greeted(daemon.address());
    peer.says("USER me", "331");
    peer.says("PASS wrong", "421");
    fs::write(daemon.path("root/file"), vec![7; 500_000]).unwrap();
    let begun = std::time::Instant::now();
    let mut peer = Peer::new(daemon.address());
    let mut data = peer.data();
    peer.says("RETR file", "150");
    std::io::copy(&mut data, &mut std::io::sink()).unwrap();
    peer.awaits("226");
    assert!(begun.elapsed() > Duration::from_millis(400), "{:?}", begun.elapsed());
    // The peer says nothing more.
    peer.awaits("421");
}
