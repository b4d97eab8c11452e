//! What TLS makes of it, on every runtime.

use super::super::{HOSTS, Wiring, open, read, run, settings};
use super::{all_of, connect, connect_with, put, unprotected};
use crate::certificates::trusting;
use crate::peers;
use crate::world::{Security, World, client_tls};
use ftp_proto::error::PeerError;
use ftp_proto::io::Error;
use ftp_proto::security::Policy;
use ftp_proto::server;

/// The wirings under TLS.
fn secured() -> impl Iterator<Item = Wiring> {
    Wiring::all(HOSTS).filter(|wiring| wiring.security != Security::Plain)
}

#[test]
fn data_goes_in_the_clear_and_protected_again_on_request() {
    for wiring in secured() {
        let world = World::with(wiring, server::Config::default());
        run(async {
            let mut client = connect_with(&world, wiring, unprotected(wiring)).await;
            for protect in [false, true, false] {
                let protection = match protect {
                    true => wait!(client.protect_data()).unwrap(),
                    false => wait!(client.unprotect_data()).unwrap(),
                };
                assert_eq!((protection.control, protection.data), (true, protect));
                put(wait!(client.store("f")).unwrap(), b"content").await;
                assert_eq!(all_of(wait!(client.retrieve("f")).unwrap()).await, b"content");
            }
            wait!(client.quit()).unwrap();
        });
    }
}

#[test]
fn the_dialogue_goes_on_in_the_clear_after_ccc_and_data_stays_protected() {
    for wiring in secured().filter(|wiring| wiring.security == Security::Explicit) {
        let mut config = server::Config::default();
        config.security.clear_command_channel = true;
        config.security.data = Policy::Require;
        let world = World::with(wiring, config);
        run(async {
            let mut client = connect(&world, wiring).await;
            wait!(client.clear_command_channel()).unwrap();
            let protection = client.protection();
            assert_eq!((protection.control, protection.data), (false, true));
            put(wait!(client.store("f")).unwrap(), b"protected").await;
            assert_eq!(all_of(wait!(client.retrieve("f")).unwrap()).await, b"protected");
            assert_eq!(wait!(client.size("f")).unwrap(), 9);
            wait!(client.quit()).unwrap();
        });
    }
}

#[test]
fn bytes_behind_the_grant_of_auth_fail_the_connection() {
    // CVE-2021-22947: a reply that somebody put behind the grant would be believed as a protected one.
    let address = peers::injecting();
    let builder = settings().explicit_tls(client_tls(), "localhost").unwrap();
    let connected = run(async { wait!(open(builder, address)).map(drop) });
    assert!(matches!(connected, Err(Error::Peer(PeerError::Injected, _))), "{connected:?}");
}

#[test]
fn a_download_that_is_cut_short_is_an_error_unless_that_is_tolerated() {
    for tolerate in [false, true] {
        let address = peers::truncating(b"half of i");
        let tls = trusting().tolerate_truncation(tolerate).build().unwrap();
        run(async {
            let builder = settings().explicit_tls(tls, "localhost").unwrap();
            let mut client = wait!(open(builder, address)).unwrap();
            wait!(client.login("me", "secret")).unwrap();
            let (mut retrieve, mut buffer) = (wait!(client.retrieve("f")).unwrap(), [0; 64]);
            assert_eq!(wait!(read(&mut retrieve, &mut buffer)).unwrap(), 9);
            assert_eq!(&buffer[..9], b"half of i");
            let end = wait!(read(&mut retrieve, &mut buffer));
            assert_eq!(end.is_ok(), tolerate, "{end:?}");
            drop(retrieve);
            wait!(client.noop()).unwrap();
        });
    }
}
