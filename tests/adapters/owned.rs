//! Transfers that own their client.

use super::{Client, HOSTS, open, read, run, settings, write_all};
use crate::world::{Security, Wiring, World, client_tls};
use ftp_proto::io::Error;
use std::fs;

async fn connect(world: &World, wiring: Wiring) -> Client {
    let builder = settings();
    let builder = match wiring.security {
        Security::Plain => builder,
        Security::Explicit => builder.explicit_tls(client_tls(), "localhost").unwrap(),
        Security::Implicit => builder.implicit_tls(client_tls(), "localhost").unwrap(),
    };
    let mut client = wait!(open(builder, world.address)).unwrap();
    wait!(client.login("me", "secret")).unwrap();
    client
}

fn wirings() -> impl Iterator<Item = Wiring> {
    let security = Security::ALL.into_iter();
    security.flat_map(|security| HOSTS.map(move |host| Wiring { host, security, ..Wiring::PLAIN }))
}

#[test]
fn an_owned_download_gives_its_client_back_at_any_point() {
    let content: Vec<u8> = (0..3_000_000_u32).map(|at| (at / 7) as u8).collect();
    for wiring in wirings() {
        let world = World::new(wiring);
        fs::write(world.root.join("file"), &content).unwrap();
        // The number of bytes that are read before the client is taken back.
        for (offset, count) in
            [(0_usize, 0_usize), (0, 1), (5, 200_000), (7, content.len() - 7), (0, usize::MAX)]
        {
            run(async {
                let client = connect(&world, wiring).await;
                let mut retrieve = wait!(client.retrieve_owned("file", offset as u64)).unwrap();
                assert_eq!(retrieve.offset(), offset as u64);
                let (mut all, mut buffer) = (Vec::new(), vec![0; 70_000]);
                while all.len() < count {
                    let wanted = buffer.len().min(count - all.len());
                    match wait!(read(&mut retrieve, &mut buffer[..wanted])).unwrap() {
                        0 => break,
                        read => all.extend_from_slice(&buffer[..read]),
                    }
                }
                assert!(all == content[offset..(offset.saturating_add(count)).min(content.len())]);
                let mut client = retrieve.into_client().expect("the transfer owned it");
                assert_eq!(wait!(client.size("file")).unwrap(), content.len() as u64);
                wait!(client.quit()).unwrap();
            });
        }
    }
}

#[test]
fn an_owned_upload_gives_its_client_back_finished_or_not() {
    for wiring in wirings() {
        let world = World::new(wiring);
        run(async {
            let client = connect(&world, wiring).await;
            let mut store = wait!(client.store_owned("whole", 0)).unwrap();
            wait!(write_all(&mut store, &[b'x'; 300_000])).unwrap();
            let (client, finished) = wait!(store.finish_owned());
            finished.unwrap();
            assert_eq!(fs::read(world.root.join("whole")).unwrap(), [b'x'; 300_000]);
            let mut store = wait!(client.unwrap().store_owned("part", 0)).unwrap();
            wait!(write_all(&mut store, &[b'x'; 300_000])).unwrap();
            let mut client = store.into_client().expect("the transfer owned it");
            assert_eq!(wait!(client.size("whole")).unwrap(), 300_000);
            wait!(client.quit()).unwrap();
        });
    }
}

#[test]
fn a_refused_owned_transfer_gives_its_client_back() {
    for wiring in wirings() {
        let world = World::new(wiring);
        run(async {
            let client = connect(&world, wiring).await;
            let (client, error) = wait!(client.retrieve_owned("missing", 0)).unwrap_err();
            assert!(matches!(error, Error::Refused(_)), "{error:?}");
            let (client, error) = wait!(client.store_owned("missing/file", 0)).unwrap_err();
            assert!(matches!(error, Error::Refused(_)), "{error:?}");
            let (mut client, error) = wait!(client.retrieve_owned("a\nb", 0)).unwrap_err();
            assert!(matches!(error, Error::Argument(_)), "{error:?}");
            wait!(client.noop()).unwrap();
        });
    }
}

#[test]
fn a_transfer_that_borrows_its_client_has_none_to_give_back() {
    let world = World::new(Wiring::PLAIN);
    fs::write(world.root.join("file"), b"content").unwrap();
    run(async {
        let client = Box::leak(Box::new(connect(&world, Wiring::PLAIN).await));
        assert!(wait!(client.retrieve("file")).unwrap().into_client().is_none());
    });
}
