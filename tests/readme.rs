//! The code of the README, compiled: what stands there stands here too, word for word.

#![allow(clippy::all, unused)]

use std::error::Error;

#[test]
fn the_code_of_the_readme_is_what_is_compiled_here() {
    let here = squeezed(include_str!("readme.rs"));
    let blocks: Vec<&str> = include_str!("../README.md").split("```rust\n").skip(1).collect();
    assert_eq!(blocks.len(), 5);
    for block in blocks {
        let block = block.split("```").next().unwrap();
        assert!(here.contains(&squeezed(block)), "not here: {block}");
    }
}

/// Without indentation, and without what parts the lines.
fn squeezed(code: &str) -> String {
    code.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

#[rustfmt::skip]
fn with_threads() -> Result<(), Box<dyn Error>> {
    use ftp_proto::io::std::Client;
    use std::fs::File;

    let mut client = Client::connect("ftp.example.org:21")?;
    client.login("anonymous", "guest@example.org")?;
    for line in client.list("/pub")? {
        if let Some(entry) = line?.into_entry() {
            println!("{} {:?}", entry.entry().name, entry.entry().size);
        }
    }
    client.retrieve("/pub/README")?.receive_into(&File::create("README")?)?;
    let mut store = client.store("/incoming/notes")?;
    store.send_file(&File::open("notes")?)?;
    store.finish()?; // an upload that is dropped before this is aborted
    client.quit()?;
    Ok(())
}

#[rustfmt::skip]
fn with_tls(roots: Vec<rustls::pki_types::CertificateDer<'static>>) -> Result<(), Box<dyn Error>> {
    use ftp_proto::io::std::Client;
    use ftp_proto::io::tls::ClientTls;

    let tls = ClientTls::builder().roots(roots).build()?;
    let mut client = Client::builder().explicit_tls(tls, "ftp.example.org")?.connect("ftp.example.org:21")?;
    Ok(())
}

#[rustfmt::skip]
fn a_server() -> Result<(), Box<dyn Error>> {
    use ftp_proto::io::{Directory, Users, std::Server};

    let users = Users::new()
        .anonymous(Directory::open("/srv/ftp")?)
        .user("alice", "correct horse", Directory::open("/srv/alice")?.writable());
    Server::bind("127.0.0.1:2121", users)?.serve()?;
    Ok(())
}

#[rustfmt::skip]
fn a_server_that_requires_tls(
    users: ftp_proto::io::Users<ftp_proto::io::Directory>,
    chain: Vec<rustls::pki_types::CertificateDer<'static>>,
    key: rustls::pki_types::PrivateKeyDer<'static>,
) -> Result<(), Box<dyn Error>> {
    use ftp_proto::io::std::Server;
    use ftp_proto::io::tls::ServerTls;
    use ftp_proto::{security::Policy, server::Config};

    let mut config = Config::default();
    config.security.control = Policy::Require;
    config.security.data = Policy::Require;
    let server = Server::bind("127.0.0.1:2121", users)?.with_config(config).with_explicit_tls(ServerTls::new(chain, key)?);
    Ok(())
}

mod own_runtime {
    //! What the README leaves to its reader.
    use std::io::{Read, Write};
    use std::net::SocketAddr;

    use ftp_proto::action::{Action, DataEvent, DataId, DataOp, Wait};
    use ftp_proto::buffer::{RecvBuf, SendBuf};
    use ftp_proto::client::{self, Client, Config, Event, Opened, ReceivedLine, TransferId};
    use ftp_proto::codec::{RepresentationType, Text};
    use ftp_proto::security::Upgrade;
    use ftp_proto::time::Instant;

    type Outcome = Result<TransferId, Box<dyn super::Error>>;

    enum Ready {
        Writable,
        Readable,
        Data(DataId, DataEvent),
        Deadline,
    }

    struct Given {
        now: fn() -> Instant,
        show: fn(ReceivedLine<&[u8]>),
        refused: fn(Event<&[u8], Opened<'_>>) -> Outcome,
        do_it: fn(DataId, DataOp),
        start_tls: fn(Upgrade),
        closed: fn() -> Outcome,
        wait_for: fn(Wait) -> Ready,
    }

    #[rustfmt::skip]
    fn retrieve(path: Text<'_>, server_address: SocketAddr, mut socket: impl Read + Write, given: Given) -> Outcome {
        let Given { now, show, refused, do_it, start_tls, closed, wait_for } = given;
        let transfer = {
            let mut client = Client::new(Config::default(), server_address);
            let (mut rx, mut tx) = (RecvBuf::new([0; 4096]), SendBuf::new([0; 4096]));
            let mut operation = client::retrieve(path, RepresentationType::Image, 0);
            loop {
                let wait = match operation.poll(&mut client, now(), &mut rx, &mut tx)? {
                    Action::Event(Event::Done(opened)) => break opened.transfer, // then: client::complete(transfer)
                    Action::Event(Event::Line(line)) => { show(line); continue }
                    Action::Event(other) => return refused(other),
                    Action::Data(id, op) => { do_it(id, op); continue }          // connect, receive, close ...
                    Action::UpgradeControl(token) => { start_tls(token); continue } // then: client.upgraded(token)
                    Action::Wait(wait) => wait,
                    _ => return closed(),
                };
                match wait_for(wait) {                                            // your select, poll, interrupt
                    Ready::Writable => { let n = socket.write(tx.pending())?; tx.sent(n) }
                    Ready::Readable => { let n = socket.read(rx.spare())?; if n == 0 { rx.eof() } else { rx.filled(n) } }
                    Ready::Data(id, event) => client.data_event(id, event)?,      // connected, moved, ended ...
                    Ready::Deadline => {}
                }
            }
        };
        Ok(transfer)
    }
}
