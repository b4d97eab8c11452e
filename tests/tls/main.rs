//! FTPS over real sockets (RFC 4217): our client against our server, and our server against a
//! misbehaving client. Tests that apply to every runtime are among those of the adapters.

mod binding;
#[path = "../support/certificates.rs"]
#[allow(dead_code, reason = "each test program uses its part")]
mod certificates;
#[allow(dead_code, reason = "other test programs use it too")]
mod raw;
mod segments;
#[path = "../support/served.rs"]
mod served;
mod sparing;
mod support;
mod unread;

use certificates::{certificate, trusting};
use ftp_proto::client::{self, Config as ClientConfig};
use ftp_proto::error::PeerError;
use ftp_proto::io::Error;
use ftp_proto::io::tls::{ClientTls, ServerTls};
use ftp_proto::security::{Policy, SessionBinding, TlsMode};
use ftp_proto::server;
use raw::RawClient;
use rustls::SupportedProtocolVersion;
use served::bytes;
use sparing::{Seen, Sparing};
use std::error::Error as _;
use std::fs;
use std::io::{Read, Write};
use std::sync::Arc;
use support::Served;

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

/// ProFTPD's data connections have to resume a session, and its uploads bring no ticket for the next. Where any
/// connection will do, that is seen once.
#[test]
fn tickets_that_are_used_up_are_renewed_by_a_connection_that_moves_nothing() {
    for (takes_any, listings, fresh) in [(false, 4, 0), (true, 1, 6)] {
        let (address, server) = Sparing::start(takes_any);
        let tls = trusting().build().unwrap();
        let builder = ftp_proto::io::std::Client::builder().implicit_tls(tls, "localhost").unwrap();
        let mut client = builder.connect(address).unwrap();
        client.login("me", "secret").unwrap();
        for number in 0..10 {
            let mut store = client.store("f").unwrap();
            store.write_all(&bytes(1000 * number)).unwrap();
            store.finish().unwrap_or_else(|error| panic!("{takes_any} {number}: {error}"));
        }
        client.quit().unwrap();
        assert_eq!(server.join().unwrap(), Seen { uploads: 10, listings, fresh });
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
fn a_pinned_certificate_is_accepted_whoever_signed_it_and_no_other() {
    let sha256 = rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256.tls13().unwrap();
    for mode in MODES {
        let (chain, key) = certificate();
        let pin: [u8; 32] = sha256.common.hash_provider.hash(&chain[0]).as_ref().try_into().unwrap();
        let served = Served::with(mode, config(|_| {}), ServerTls::builder(chain, key).build().unwrap());
        for (pins, is_accepted) in [
            (vec![pin], true),
            (vec![[0; 32], pin], true),
            (vec![[0; 32]], false),
            (vec![[0; 32], [1; 32]], false),
        ] {
            for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
                let versions: &[_] = Box::leak(Box::new([version]));
                let builder = ClientTls::builder().versions(versions);
                let builder = pins.iter().fold(builder, |builder, pin| builder.pinned_certificate(*pin));
                match served.builder(builder.build().unwrap()).connect(served.address) {
                    Ok(client) => {
                        assert!(is_accepted, "{pins:?}");
                        client.quit().unwrap();
                    }
                    Err(Error::Peer(PeerError::Handshake, Some(_))) => assert!(!is_accepted, "{pins:?}"),
                    Err(error) => panic!("{error}"),
                }
            }
        }
    }
}

#[test]
fn a_client_shows_its_certificate_where_one_is_required() {
    let (chain, key) = certificate();
    let (own_chain, own_key) = certificate();
    let tls = ServerTls::builder(chain, key).client_roots(certificates::roots(), true).build().unwrap();
    let served = Served::with(TlsMode::Explicit, config(|_| {}), tls);
    let known = trusting().certificate(own_chain, own_key).build().unwrap();
    served.client(known).quit().unwrap();
    let unknown = trusting().build().unwrap();
    let result = served.builder(unknown).connect(served.address).and_then(|mut client| client.noop());
    assert!(matches!(result, Err(Error::Peer(..))), "{result:?}");
}

#[test]
fn a_configuration_of_rustls_is_taken_by_value_or_shared() {
    let server = || {
        let (chain, key) = certificate();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        builder.with_no_client_auth().with_single_cert(chain, key).unwrap()
    };
    let client = raw::client_config();
    let clients = [ClientTls::from(rustls::ClientConfig::clone(&client)), ClientTls::from(client)];
    let servers = [ServerTls::from(server()), ServerTls::from(Arc::new(server()))];
    for (server, client) in servers.into_iter().zip(clients) {
        let served = Served::with(TlsMode::Explicit, config(|_| {}), server);
        let mut client = served.client(client);
        assert_eq!(client.list("").unwrap().count(), 0);
        client.quit().unwrap();
    }
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

#[test]
fn nothing_secret_is_sent_before_the_connection_is_secured() {
    let mut config = ClientConfig::default();
    config.security = client::Security::explicit();
    let served = Served::start(TlsMode::Explicit, self::config(|_| {}));
    // No TLS configuration: the handshake cannot be made, so nothing goes on.
    let error = ftp_proto::io::std::Client::builder().config(config).connect(served.address).unwrap_err();
    let reason = error.source().unwrap().to_string();
    assert!(reason.contains("no TLS configuration"), "{error}: {reason}");
}

#[test]
fn a_data_connection_with_a_fresh_or_a_foreign_session_gets_522() {
    let binding = SessionBinding::Connection;
    let served = Served::start(TlsMode::Explicit, config(|config| config.security.session_binding = binding));
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
fn whoever_wants_another_protocol_is_refused() {
    // CVE-2021-3618: one protocol's bytes sent to another's server, behind the same certificate.
    let served = Served::start(TlsMode::Explicit, config(|_| {}));
    assert!(raw::shakes_hands(served.address, "ftp"));
    assert!(!raw::shakes_hands(served.address, "http/1.1"));
}
