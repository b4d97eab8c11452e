//! Uploads under TLS that fail to start or do not end in order. None of them changes a file.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use ftp_proto::io::tls::ServerTls;
use ftp_proto::io::{Directory, Users};

use crate::certificates::certificate;
use crate::hosts;
use crate::raw::{RawClient, client_config};
use crate::site::{Host, Runtime, Setup, Site, directory};

fn site(runtime: Runtime, atomic: bool) -> Site {
    let (chain, key) = certificate();
    let setup = Setup { tls: Some(ServerTls::new(chain, key).unwrap()), ..Setup::default() };
    let directory = directory();
    let files = Directory::open(&directory).unwrap().writable().atomic_uploads(atomic);
    let users = Users::new().user("me", "secret", files);
    Site::of(runtime, setup, directory, Host::<_, hosts::Slow>::Blocking(users))
}

/// The failure of a data connection before the upload begins.
#[derive(Clone, Copy, Debug)]
enum Fails {
    /// The client resumes no session of the control connection.
    NotBound,
    /// The client sends bytes that are not TLS.
    Handshake,
    /// The client closes the connection at once.
    Closed,
}

#[test]
fn an_upload_whose_data_connection_is_not_secured_makes_no_file() {
    for runtime in Runtime::ALL {
        let site = site(runtime, false);
        fs::write(site.path("old"), b"content").unwrap();
        let config = client_config();
        for fails in [Fails::NotBound, Fails::Handshake, Fails::Closed] {
            for command in ["STOR new", "APPE new", "STOU new", "STOR old"] {
                let mut client = RawClient::new(site.address, &config);
                let mut data = client.data(&client_config());
                assert_eq!(client.say(command), 150);
                match fails {
                    Fails::NotBound => drop(data.write_all(b"content").and_then(|()| data.flush())),
                    Fails::Handshake => data.sock.write_all(b"content in the clear\r\n").unwrap(),
                    Fails::Closed => {}
                }
                let kept = (!matches!(fails, Fails::Closed)).then_some(data);
                assert_eq!(client.reply(), 522, "{runtime:?} {fails:?} {command}");
                assert_eq!(client.say("NOOP"), 200);
                drop(kept);
                // The file is closed a moment later.
                let is_gone = (0..100).any(|_| {
                    thread::sleep(Duration::from_millis(20));
                    !site.path("new").exists()
                });
                assert!(is_gone, "{runtime:?} {fails:?} {command}");
                assert_eq!(fs::read(site.path("old")).unwrap(), b"content", "{runtime:?} {fails:?}");
            }
        }
    }
}

#[test]
fn an_upload_without_its_control_connection_counts_only_behind_close_notify() {
    for runtime in Runtime::ALL {
        for ends in [true, false] {
            let site = site(runtime, true);
            let config = client_config();
            let mut client = RawClient::new(site.address, &config);
            let mut data = client.data(&config);
            assert_eq!(client.say("STOR file"), 150);
            data.write_all(b"content").unwrap();
            data.flush().unwrap();
            drop(client);
            thread::sleep(Duration::from_millis(100));
            if ends {
                data.conn.send_close_notify();
                data.conn.complete_io(&mut data.sock).unwrap();
            }
            let mut socket: TcpStream = data.sock;
            socket.shutdown(std::net::Shutdown::Write).unwrap();
            let _ = socket.read_to_end(&mut Vec::new());
            let there = (0..50).any(|_| {
                thread::sleep(Duration::from_millis(20));
                site.path("file").exists()
            });
            assert_eq!(there, ends, "{runtime:?}");
            assert_eq!(fs::read_dir(&site.directory).unwrap().count(), usize::from(ends), "{runtime:?}");
        }
    }
}

#[test]
fn a_certificate_is_replaced_for_control_connections_that_begin_afterwards() {
    for runtime in Runtime::ALL {
        let [tls, next] = std::array::from_fn(|_| {
            let (chain, key) = certificate();
            (chain[0].clone(), ServerTls::new(chain, key).unwrap())
        });
        let setup = Setup { tls: Some(tls.1.clone()), ..Setup::default() };
        let directory = directory();
        let users = Users::new().user("me", "secret", Directory::open(&directory).unwrap().writable());
        let site = Site::of(runtime, setup, directory, Host::<_, hosts::Slow>::Blocking(users));
        let mut clients = Vec::new();
        for (certificate, _) in [&tls, &next] {
            let config = client_config();
            let client = RawClient::new(site.address, &config);
            assert!(client.certificate() == *certificate, "{runtime:?}");
            clients.push((client, config));
            tls.1.replace(&next.1);
        }
        // The data connections of either resume the sessions of their control connection.
        for (client, config) in &mut clients {
            let mut data = client.data(config);
            assert_eq!(client.say("STOR file"), 150);
            data.write_all(b"content").unwrap();
            data.conn.send_close_notify();
            data.flush().unwrap();
            drop(data);
            assert_eq!(client.reply(), 226, "{runtime:?}");
        }
    }
}
