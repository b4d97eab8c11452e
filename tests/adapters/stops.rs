//! A call that blocks is stopped from another thread.

use super::{Client, ClientBuilder};
use crate::slow::{Slow, slow};
use crate::world::{Wiring, World, bytes};
use ftp_proto::io::Error;
use ftp_proto::io::std::StopHandle;
use socket2::{Domain, Socket, Type};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// How long a stopped call may take to return, at the very most: the servers would keep it for longer.
const BOUND: Duration = Duration::from_secs(10);

/// Runs a call in a thread, which is stopped once it has had the time to block.
fn is_stopped(name: &'static str, call: impl FnOnce(ClientBuilder) -> Result<(), Error> + Send + 'static) {
    let stop = StopHandle::new().unwrap();
    let builder = Client::builder().stop_handle(stop.clone());
    let (over, result) = mpsc::channel();
    thread::spawn(move || over.send(call(builder)));
    let early = result.recv_timeout(Duration::from_millis(300));
    assert!(early.is_err(), "{name} did not block: {early:?}");
    assert!(!stop.is_stopped());
    stop.stop();
    stop.stop();
    assert!(stop.is_stopped());
    let error = result.recv_timeout(BOUND).unwrap_or_else(|_| panic!("{name} goes on")).expect_err(name);
    assert!(matches!(error, Error::Stopped), "{name}: {error:?}");
    assert!(error.is_fatal());
}

fn logged_in(builder: ClientBuilder, at: Slow) -> Client {
    let mut client = builder.connect(slow(at)).unwrap();
    client.login("me", "secret").unwrap();
    client
}

/// The error of an operation, which was made one of its reader or writer.
fn from_io(error: io::Error) -> Error {
    assert_ne!(error.kind(), io::ErrorKind::Interrupted, "readers would try for ever");
    *error.into_inner().unwrap().downcast().unwrap()
}

/// Every call that comes after one that was stopped fails with the same.
fn later_calls_are_stopped_too(client: &mut Client) {
    assert!(matches!(client.noop(), Err(Error::Stopped)));
    assert!(matches!(client.retrieve("f"), Err(Error::Stopped)));
    assert!(matches!(client.list(""), Err(Error::Stopped)));
}

#[test]
fn a_connection_that_does_not_come_about_is_stopped() {
    let (_listener, address, _others) = deaf();
    is_stopped("connect", move |builder| builder.connect(address).map(drop));
}

#[test]
fn a_greeting_that_is_waited_for_is_stopped() {
    is_stopped("greeting", |builder| builder.connect(slow(Slow::Greeting)).map(drop));
}

#[test]
fn a_login_is_stopped() {
    is_stopped("login", |builder| builder.connect(slow(Slow::Login))?.login("me", "secret"));
}

#[test]
fn a_silent_server_is_left() {
    is_stopped("noop", |builder| {
        let mut client = logged_in(builder, Slow::Mute);
        let result = client.noop();
        later_calls_are_stopped_too(&mut client);
        result
    });
    is_stopped("list", |builder| logged_in(builder, Slow::Mute).list("").map(drop));
    is_stopped("retrieve", |builder| logged_in(builder, Slow::Mute).retrieve("f").map(drop));
    is_stopped("store", |builder| logged_in(builder, Slow::Mute).store("f").map(drop));
    is_stopped("quit", |builder| logged_in(builder, Slow::Mute).quit());
}

#[test]
fn transfers_are_stopped() {
    is_stopped("read", |builder| {
        let mut client = logged_in(builder, Slow::Data);
        let mut retrieve = client.retrieve("f")?;
        let error = retrieve.read_to_end(&mut Vec::new()).map(drop).map_err(from_io);
        assert!(matches!(from_io(retrieve.read(&mut [0; 8]).unwrap_err()), Error::Stopped));
        assert!(matches!(retrieve.abort(), Err(Error::Stopped)));
        later_calls_are_stopped_too(&mut client);
        error
    });
    is_stopped("entries", |builder| {
        let mut client = logged_in(builder, Slow::Data);
        client.list("")?.try_for_each(|entry| entry.map(drop))
    });
    is_stopped("write", |builder| {
        let mut client = logged_in(builder, Slow::Data);
        let mut store = client.store("f")?;
        let error = store.write_all(&bytes(30_000_000)).map_err(from_io);
        assert!(matches!(store.finish(), Err(Error::Stopped)));
        later_calls_are_stopped_too(&mut client);
        error
    });
    is_stopped("finish", |builder| logged_in(builder, Slow::End).store("f")?.finish().map(drop));
}

#[test]
fn a_data_connection_that_the_server_does_not_open_is_stopped() {
    is_stopped("accept", |builder| {
        let mut client = logged_in(builder.active(true), Slow::Opening);
        client.retrieve("f")?.read_to_end(&mut Vec::new()).map(drop).map_err(from_io)
    });
}

#[test]
fn a_transfer_between_two_servers_is_stopped_by_either_client() {
    for source_is_stopped in [true, false] {
        is_stopped("fxp", move |builder| {
            let (first, second) = match source_is_stopped {
                true => (builder, Client::builder()),
                false => (Client::builder(), builder),
            };
            let mut source = logged_in(first, Slow::Mute);
            let mut target = logged_in(second, Slow::Mute);
            source.transfer_to("f", &mut target, "g").map_err(|failed| failed.error)
        });
    }
}

#[test]
fn what_is_read_ahead_is_not_given_out_after_the_stop() {
    let world = World::new(Wiring::PLAIN);
    std::fs::write(world.path("f"), b"hello").unwrap();
    let mut client = Client::connect(world.address).unwrap();
    client.login("me", "secret").unwrap();
    let stop = client.stop_handle().unwrap();
    let mut retrieve = client.retrieve("f").unwrap();
    retrieve.read_exact(&mut [0]).unwrap();
    stop.stop();
    assert!(matches!(from_io(retrieve.read(&mut [0]).unwrap_err()), Error::Stopped));
    drop(retrieve);
    // There is one for a client, whenever it is asked for.
    assert!(client.stop_handle().unwrap().is_stopped());
}

#[test]
fn one_handle_stops_several_clients_and_one_that_is_stopped_already_connects_to_nothing() {
    let world = World::new(Wiring::PLAIN);
    let stop = StopHandle::new().unwrap();
    let connect = || Client::builder().stop_handle(stop.clone()).connect(world.address);
    let mut clients = [connect().unwrap(), connect().unwrap()];
    stop.stop();
    for client in &mut clients {
        later_calls_are_stopped_too(client);
    }
    assert!(matches!(connect(), Err(Error::Stopped)));
}

/// An address at which connections are begun and never come about: the queue is full.
fn deaf() -> (Socket, SocketAddr, Vec<TcpStream>) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let others = (0..8).map_while(|_| TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok());
    let others = others.collect();
    (listener, address, others)
}
