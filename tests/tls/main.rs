//! FTPS over real sockets (RFC 4217): our client against our server, and against peers that misbehave.

mod raw;
mod support;

use ftp_proto::client::{self, Config as ClientConfig};
use ftp_proto::error::PeerError;
use ftp_proto::io::Error;
use ftp_proto::io::tls::ClientTls;
use ftp_proto::security::{Policy, TlsMode};
use ftp_proto::server;
use raw::RawClient;
use rustls::SupportedProtocolVersion;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;
use std::{fs, thread};
use support::{Served, bytes, certificate, trusting};

static TLS12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
static TLS13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

const MODES: [TlsMode; 2] = [TlsMode::Explicit, TlsMode::Implicit];

fn config(change: impl FnOnce(&mut server::Config)) -> server::Config {
    let mut config = server::Config::default();
    config.security.control = Policy::Require;
    config.security.data = Policy::Require;
    change(&mut config);
    config
}

#[test]
fn files_go_both_ways_under_tls_of_either_kind_and_version() {
    for mode in MODES {
        let served = Served::start(mode, config(|_| {}));
        for versions in [TLS12, TLS13] {
            for active in [false, true] {
                let tls = trusting().versions(versions).build().unwrap();
                let mut client = served.builder(tls).active(active).connect(served.address).unwrap();
                client.login("me", "secret").unwrap();
                for size in [0, 1, 100_000, 3_000_000] {
                    let content = bytes(size);
                    let mut store = client.store("f").unwrap();
                    store.write_all(&content).unwrap();
                    store.finish().unwrap();
                    let mut back = Vec::new();
                    client.retrieve("f").unwrap().read_to_end(&mut back).unwrap();
                    assert_eq!(back, content);
                }
                assert_eq!(client.list("").unwrap().count(), 1);
                client.quit().unwrap();
            }
        }
    }
}

#[test]
fn a_hundred_transfers_resume_the_session_of_their_control_connection() {
    for versions in [TLS12, TLS13] {
        let served = Served::start(TlsMode::Explicit, config(|_| {}));
        let tls = trusting().versions(versions).build().unwrap();
        // Two dialogues of one configuration do not mix their sessions.
        let mut clients: Vec<_> = (0..2).map(|_| served.client(tls.clone())).collect();
        for n in 0..100u32 {
            let client = &mut clients[n as usize % 2];
            let name = format!("f{}", n % 3);
            let mut store = client.store(&name).unwrap();
            store.write_all(&n.to_be_bytes()).unwrap();
            store.finish().unwrap_or_else(|error| panic!("{n}: {error}"));
            let mut back = Vec::new();
            client.retrieve(&name).unwrap().read_to_end(&mut back).unwrap();
            assert_eq!(back, n.to_be_bytes());
        }
    }
}

#[test]
fn a_transfer_given_up_under_tls_leaves_the_connection_usable() {
    let served = Served::start(TlsMode::Explicit, config(|_| {}));
    fs::write(served.root.join("big"), bytes(20_000_000)).unwrap();
    let mut client = served.client(trusting().build().unwrap());
    for count in [0, 1, 70_000, 5_000_000] {
        let mut retrieve = client.retrieve("big").unwrap();
        let mut piece = vec![0; count];
        retrieve.read_exact(&mut piece).unwrap();
        retrieve.abort().unwrap();
        let mut store = client.store("f").unwrap();
        store.write_all(&piece).unwrap();
        drop(store);
        let mut store = client.store("g").unwrap();
        store.write_all(b"whole").unwrap();
        store.finish().unwrap();
        assert_eq!(fs::read(served.root.join("g")).unwrap(), b"whole");
    }
}

#[test]
fn a_server_that_nobody_vouches_for_is_refused_before_anything_is_said() {
    for mode in MODES {
        let served = Served::start(mode, config(|_| {}));
        let stranger = ClientTls::builder().roots([]).build().unwrap();
        let refused = served.builder(stranger).connect(served.address).unwrap_err();
        assert!(matches!(refused, Error::Peer(PeerError::Handshake, Some(_))), "{refused}");
        let anybody = ClientTls::builder().dangerously_trust_anybody().build().unwrap();
        served.client(anybody).quit().unwrap();
    }
}

#[test]
fn a_client_shows_its_certificate_where_one_is_required() {
    let (chain, key) = certificate();
    let (own_chain, own_key) = certificate();
    let tls = ftp_proto::io::tls::ServerTls::builder(chain, key)
        .client_roots(support::roots(), true)
        .build()
        .unwrap();
    let served = Served::with(TlsMode::Explicit, config(|_| {}), tls);
    let known = trusting().certificate(own_chain, own_key).build().unwrap();
    served.client(known).quit().unwrap();
    let unknown = trusting().build().unwrap();
    let result = served.builder(unknown).connect(served.address).and_then(|mut client| client.noop());
    assert!(matches!(result, Err(Error::Peer(..))), "{result:?}");
}

#[test]
fn the_dialogue_goes_on_in_the_clear_after_ccc_and_data_stays_protected() {
    let served =
        Served::start(TlsMode::Explicit, config(|config| config.security.clear_command_channel = true));
    let mut client = served.client(trusting().build().unwrap());
    client.clear_command_channel().unwrap();
    client.noop().unwrap();
    let mut store = client.store("f").unwrap();
    store.write_all(b"protected").unwrap();
    store.finish().unwrap();
    assert_eq!(client.size("f").unwrap(), 9);
    client.quit().unwrap();
}

#[test]
fn a_server_without_tls_is_left_where_it_is_required_and_used_where_it_is_preferred() {
    let served = Served::start(TlsMode::None, server::Config::default());
    let tls = trusting().build().unwrap();
    let refused = served.builder_for(TlsMode::Explicit, tls.clone()).connect(served.address).unwrap_err();
    assert!(refused.refused().is_some(), "{refused}");
    let mut config = ClientConfig::default();
    (config.security.control, config.security.data) = (Policy::Prefer, Policy::Prefer);
    let builder = ftp_proto::io::std::Client::builder().config(config);
    let mut client = builder.explicit_tls(tls, "localhost").unwrap().connect(served.address).unwrap();
    client.login("me", "secret").unwrap();
    assert!(!client.protection().control);
    assert_eq!(client.list("").unwrap().count(), 0);
}

/// A peer made of lines: what each command is answered.
fn scripted(answers: &'static [(&'static str, &'static [u8])]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(b"220 ready\r\n").unwrap();
        let mut lines = BufReader::new(stream.try_clone().unwrap()).split(b'\n');
        while let Some(Ok(line)) = lines.next() {
            let line = String::from_utf8_lossy(&line).into_owned();
            match answers.iter().find(|(command, _)| line.starts_with(command)) {
                Some((_, answer)) => stream.write_all(answer).unwrap(),
                None => return,
            }
        }
    });
    address
}

#[test]
fn bytes_behind_the_grant_of_auth_fail_the_connection() {
    // CVE-2021-22947: a reply that somebody put behind the grant would be believed as a protected one.
    let address = scripted(&[("AUTH", b"234 go\r\n200 injected\r\n200 injected\r\n")]);
    let tls = trusting().build().unwrap();
    let builder = ftp_proto::io::std::Client::builder().explicit_tls(tls, "localhost").unwrap();
    let error = builder.connect(address).unwrap_err();
    assert!(matches!(error, Error::Peer(PeerError::Injected, _)), "{error}");
}

#[test]
fn bytes_behind_auth_fail_the_connection() {
    // CVE-2011-0411.
    let served = Served::start(TlsMode::Explicit, config(|_| {}));
    let mut stream = TcpStream::connect(served.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut greeting = String::new();
    reader.read_line(&mut greeting).unwrap();
    stream.write_all(b"AUTH TLS\r\nUSER me\r\n").unwrap();
    let mut rest = String::new();
    reader.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("421 "), "{rest}");
}

#[test]
fn nothing_secret_is_sent_before_the_connection_is_secured() {
    let mut config = ClientConfig::default();
    config.security = client::Security::explicit();
    let served = Served::start(TlsMode::Explicit, self::config(|_| {}));
    // No TLS configuration: the handshake cannot be made, so nothing goes on.
    let error = ftp_proto::io::std::Client::builder().config(config).connect(served.address).unwrap_err();
    assert!(error.to_string().contains("no TLS configuration"), "{error}");
}

#[test]
fn a_data_connection_with_a_fresh_or_a_foreign_session_gets_522() {
    let served = Served::start(TlsMode::Explicit, config(|_| {}));
    let (own, fresh, foreign) = (raw::client_config(), raw::client_config(), raw::client_config());
    let mut client = RawClient::new(served.address, &own);
    let mut other = RawClient::new(served.address, &foreign);
    assert_eq!(other.say("NOOP"), 200);
    for (config, code) in [(&own, 226), (&fresh, 522), (&foreign, 522), (&own, 226)] {
        let mut data = client.data(config);
        assert_eq!(client.say("STOR f"), 150);
        let sent = data.write_all(b"abc").and_then(|()| data.flush());
        data.conn.send_close_notify();
        let _ = data.flush();
        assert_eq!(client.reply(), code, "{sent:?}");
    }
    assert_eq!(client.say("NOOP"), 200);
}

#[test]
fn a_client_may_shake_hands_before_its_command_or_after_the_150() {
    let served = Served::start(TlsMode::Explicit, config(|_| {}));
    fs::write(served.root.join("f"), b"content").unwrap();
    let own = raw::client_config();
    let mut client = RawClient::new(served.address, &own);
    for early in [true, false] {
        let mut data = client.data(&own);
        if early {
            data.flush().unwrap();
        }
        assert_eq!(client.say("RETR f"), 150);
        let mut content = Vec::new();
        data.read_to_end(&mut content).unwrap();
        assert_eq!(content, b"content");
        assert_eq!(client.reply(), 226);
    }
}

#[test]
fn an_upload_that_is_cut_short_is_told_so() {
    let served = Served::start(TlsMode::Explicit, config(|_| {}));
    let own = raw::client_config();
    let mut client = RawClient::new(served.address, &own);
    let mut data = client.data(&own);
    assert_eq!(client.say("STOR f"), 150);
    data.write_all(b"half of i").unwrap();
    data.flush().unwrap();
    // TCP ends in order, TLS does not: somebody on the way can do that.
    data.sock.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(client.reply(), 426);
    assert_eq!(client.say("NOOP"), 200);
}

#[test]
fn a_download_that_is_cut_short_is_an_error_unless_that_is_tolerated() {
    for tolerate in [false, true] {
        let address = raw::truncating_server(b"half of i");
        let tls = trusting().tolerate_truncation(tolerate).build().unwrap();
        let builder = ftp_proto::io::std::Client::builder().explicit_tls(tls, "localhost").unwrap();
        let mut client = builder.connect(address).unwrap();
        client.login("me", "secret").unwrap();
        let mut content = Vec::new();
        let result = client.retrieve("f").unwrap().read_to_end(&mut content);
        assert_eq!(content, b"half of i");
        assert_eq!(result.is_ok(), tolerate, "{result:?}");
        client.noop().unwrap();
    }
}
