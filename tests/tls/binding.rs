//! The TLS session that a data connection has to resume, and the refusal of connections without it.

use crate::raw::{RawClient, Stream, client_config_of, client_config_of_identifiers};
use crate::served::bytes;
use crate::support::Served;
use crate::{TLS12, TLS13, config};
use ftp_proto::security::{SessionBinding, TlsMode};
use rustls::ClientConfig;
use std::io::{self, Read, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{fs, thread};

/// Creates a client configuration with a session store of its own.
type Make = fn() -> Arc<ClientConfig>;

/// The ways to resume a session, and a client configuration for each.
const WAYS: [(&str, Make); 3] = [
    ("TLS 1.2 by identifier", client_config_of_identifiers),
    ("TLS 1.2 by ticket", || client_config_of(TLS12)),
    ("TLS 1.3", || client_config_of(TLS13)),
];

const HERE: Ipv4Addr = Ipv4Addr::LOCALHOST;
const ELSEWHERE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// Connects and logs in.
fn client(served: &Served, own: Ipv4Addr, user: &str, tls: &Arc<ClientConfig>) -> RawClient {
    let mut client = RawClient::secured(own, served.address, tls);
    client.log_in(user, "secret");
    client
}

/// Transfers a file on a new data connection that offers the sessions of `tls`. Returns the code of
/// the last reply.
fn moves(client: &mut RawClient, tls: &Arc<ClientConfig>, up: bool) -> u16 {
    let mut data = client.data(tls);
    assert_eq!(client.say(if up { "STOR up" } else { "RETR down" }), 150);
    let moved = if up { sends(&mut data, b"content") } else { data.read_to_end(&mut Vec::new()).map(drop) };
    drop(data);
    let code = client.reply();
    assert!(code != 226 || moved.is_ok(), "{moved:?}");
    code
}

fn sends(data: &mut Stream, content: &[u8]) -> io::Result<()> {
    data.write_all(content)?;
    data.conn.send_close_notify();
    data.flush()
}

#[test]
fn a_session_counts_if_it_is_the_users_from_the_same_address() {
    use SessionBinding::{Connection, Off, User};
    /// The owner of the session that is offered.
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Whose {
        Own,
        Nobodys,
        /// The control connection of a user at an address.
        Of(&'static str, Ipv4Addr),
    }
    use Whose::{Nobodys, Of, Own};
    for (user, whose, binding, bound) in [
        ("me", Own, User, true),
        ("me", Own, Connection, true),
        ("me", Own, Off, true),
        ("me", Nobodys, User, false),
        ("me", Nobodys, Connection, false),
        ("me", Nobodys, Off, true),
        ("me", Of("me", HERE), User, true),
        ("me", Of("me", HERE), Connection, false),
        ("me", Of("me", HERE), Off, true),
        ("me", Of("you", HERE), User, false),
        ("me", Of("you", HERE), Connection, false),
        ("me", Of("you", HERE), Off, true),
        ("me", Of("anonymous", HERE), User, false),
        ("me", Of("me", ELSEWHERE), User, false),
        ("me", Of("me", ELSEWHERE), Connection, false),
        ("me", Of("me", ELSEWHERE), Off, true),
        ("anonymous", Own, User, true),
        ("anonymous", Of("anonymous", HERE), User, false),
        ("anonymous", Of("ftp", HERE), User, false),
        ("anonymous", Of("me", HERE), User, false),
        ("anonymous", Of("anonymous", HERE), Off, true),
    ] {
        let served = Served::with_others(config(|config| config.security.session_binding = binding));
        fs::write(served.root.join("down"), b"content").unwrap();
        for (way, tls) in WAYS {
            for up in [false, true] {
                if up && user == "anonymous" {
                    continue;
                }
                let (own, others) = (tls(), tls());
                let mut client = client(&served, HERE, user, &own);
                let _other = match whose {
                    Of(user, address) => Some(self::client(&served, address, user, &others)),
                    Own | Nobodys => None,
                };
                let code = moves(&mut client, if whose == Own { &own } else { &others }, up);
                assert_eq!(code, if bound { 226 } else { 522 }, "{user} {whose:?} {binding:?} {way} {up}");
                assert_eq!(client.say("NOOP"), 200);
            }
        }
    }
}

/// A closed connection's sessions stay usable while the user has another connection, and no longer.
#[test]
fn a_session_ends_with_the_login_or_with_the_last_connection_of_its_user() {
    let served = Served::with_others(config(|_| {}));
    fs::write(served.root.join("down"), b"content").unwrap();
    for (way, tls) in WAYS {
        let (own, others) = (tls(), tls());
        let mut client = client(&served, HERE, "me", &own);
        let mut other = self::client(&served, HERE, "me", &others);
        assert_eq!(moves(&mut other, &others, false), 226);
        assert_eq!(other.say("QUIT"), 221);
        let _ = other.end_tls();
        drop(other);
        thread::sleep(Duration::from_millis(100));
        assert_eq!(moves(&mut client, &others, false), 226, "{way}");
        // The data connection created a session that belongs to this control connection.
        let last = others;
        drop(client);
        thread::sleep(Duration::from_millis(100));
        let mut next = self::client(&served, HERE, "me", &tls());
        assert_eq!(moves(&mut next, &last, false), 522, "{way}");
    }
}

/// Some programs open a connection, and offer its session at once on another of their connections.
#[test]
fn a_session_of_a_connection_that_has_yet_to_log_in_waits_for_that() {
    for (way, tls) in WAYS {
        for (user, code) in [(Some("me"), 226), (Some("you"), 522), (Some("anonymous"), 522), (None, 522)] {
            let served = Served::with_others(config(|_| {}));
            fs::write(served.root.join("down"), b"content").unwrap();
            let (own, others) = (tls(), tls());
            let mut client = client(&served, HERE, "me", &own);
            let mut newcomer = RawClient::secured(HERE, served.address, &others);
            let login = thread::spawn(move || {
                thread::sleep(Duration::from_millis(200));
                if let Some(user) = user {
                    newcomer.log_in(user, "secret");
                    thread::sleep(Duration::from_millis(500));
                }
            });
            let begun = Instant::now();
            assert_eq!(moves(&mut client, &others, false), code, "{way} {user:?}");
            assert!(begun.elapsed() >= Duration::from_millis(150), "{way} {user:?}");
            login.join().unwrap();
        }
    }
}

/// A reset might arrive before the reply is read, and clients would then not look for it.
#[test]
fn a_data_connection_that_is_refused_ends_in_order_and_the_522_is_there() {
    let served = Served::start(TlsMode::Explicit, config(|_| {}));
    fs::write(served.root.join("down"), b"content").unwrap();
    for (way, tls) in WAYS {
        let own = tls();
        let mut client = RawClient::new(served.address, &own);
        for up in [false, true] {
            let mut data = client.data(&tls());
            assert_eq!(client.say(if up { "STOR up" } else { "RETR down" }), 150);
            if up {
                sends(&mut data, &bytes(100_000)).unwrap();
            }
            // Both TLS and TCP end in order; without close_notify this read would fail.
            assert_eq!(data.read_to_end(&mut Vec::new()).unwrap(), 0, "{way} {up}");
            assert_eq!(data.sock.read(&mut [0; 1]).unwrap(), 0, "{way} {up}");
            assert_eq!(client.reply(), 522, "{way} {up}");
        }
        // Bytes that are not a handshake.
        let mut data = client.data(&own);
        assert_eq!(client.say("STOR up"), 150);
        data.sock.write_all(&vec![b'x'; 100_000]).unwrap();
        data.sock.read_to_end(&mut Vec::new()).unwrap();
        assert_eq!(client.reply(), 522, "{way}");
        assert_eq!(client.say("NOOP"), 200);
    }
}

#[test]
fn the_end_of_tls_is_answered() {
    let served = Served::start(TlsMode::Explicit, config(|_| {}));
    for (way, tls) in WAYS {
        let own = tls();
        let mut client = RawClient::new(served.address, &own);
        let mut data = client.data(&own);
        assert_eq!(client.say("STOR up"), 150);
        sends(&mut data, b"content").unwrap();
        assert_eq!(data.read_to_end(&mut Vec::new()).unwrap(), 0, "{way}");
        assert_eq!(client.reply(), 226);
        assert_eq!(client.end_tls().unwrap(), b"", "{way}");
        let mut client = RawClient::new(served.address, &own);
        assert_eq!(client.say("QUIT"), 221);
        assert_eq!(client.end_tls().unwrap(), b"", "{way}");
    }
}
