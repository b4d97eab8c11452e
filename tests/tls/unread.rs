//! Uploads by clients that read nothing while they write and close right afterwards. Unread input
//! turns their close into a reset.

use crate::raw::{RawClient, client_config_of};
use crate::served::bytes;
use crate::support::Served;
use crate::{TLS12, TLS13, config};
use ftp_proto::security::{SessionBinding, TlsMode};
use rustls::SupportedProtocolVersion;
use std::fs;
use std::io::{Read, Write};

/// Uploads `count` files on one control connection, and returns the codes of the final replies.
/// With `drains`, reads each data connection to its end.
fn uploads(
    versions: &'static [&'static SupportedProtocolVersion],
    binding: SessionBinding,
    drains: bool,
    count: usize,
) -> Vec<u16> {
    let served = Served::start(TlsMode::Explicit, config(|config| config.security.session_binding = binding));
    let tls = client_config_of(versions);
    let mut client = RawClient::new(served.address, &tls);
    let content = bytes(300_000);
    let upload = |n: usize| {
        let mut data = client.data(&tls);
        assert_eq!(client.say(&format!("STOR f{n}")), 150);
        // The client reads up to the last record of the handshake, and no further.
        while data.conn.is_handshaking() {
            data.conn.complete_io(&mut data.sock).unwrap();
        }
        let written = data.write_all(&content);
        data.conn.send_close_notify();
        let written = written.and_then(|()| data.flush());
        if drains {
            let _ = data.read_to_end(&mut Vec::new());
        }
        drop(data);
        let code = client.reply();
        if code == 226 {
            written.unwrap();
            assert!(fs::read(served.root.join(format!("f{n}"))).unwrap() == content, "{n}");
        }
        code
    };
    (0..count).map(upload).collect()
}

#[test]
fn an_upload_of_a_client_that_never_reads_arrives_whole() {
    for versions in [TLS12, TLS13] {
        for drains in [false, true] {
            assert_eq!(uploads(versions, SessionBinding::Off, drains, 20), [226; 20], "{drains}");
        }
    }
}

/// rustls uses each TLS 1.3 ticket only once.
#[test]
fn a_client_that_never_reads_and_uses_tickets_once_has_eight_uploads_and_one_that_reads_has_any_number() {
    let codes = uploads(TLS13, SessionBinding::User, false, 10);
    assert_eq!(codes[..8], [226; 8]);
    assert_eq!(codes[8..], [522; 2]);
    assert_eq!(uploads(TLS13, SessionBinding::User, true, 20), [226; 20]);
    for drains in [false, true] {
        assert_eq!(uploads(TLS12, SessionBinding::User, drains, 20), [226; 20], "{drains}");
    }
}

/// Some clients start the handshake and send right after the command.
#[test]
fn an_upload_of_a_client_that_waits_for_no_150_and_never_reads_arrives_whole() {
    for versions in [TLS12, TLS13] {
        let served = Served::start(TlsMode::Explicit, config(|_| {}));
        let tls = client_config_of(versions);
        let mut client = RawClient::new(served.address, &tls);
        let content = bytes(3_000_000);
        for n in 0..8 {
            let mut data = client.data(&tls);
            client.send(&format!("STOR f{n}"));
            while data.conn.is_handshaking() {
                data.conn.complete_io(&mut data.sock).unwrap();
            }
            data.write_all(&content).unwrap();
            data.conn.send_close_notify();
            data.flush().unwrap();
            drop(data);
            assert_eq!([client.reply(), client.reply()], [150, 226], "{n}");
            assert!(fs::read(served.root.join(format!("f{n}"))).unwrap() == content, "{n}");
        }
    }
}
