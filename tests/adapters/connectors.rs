//! Clients whose connections somebody else makes.

use super::{Client, ClientBuilder, HOSTS, read, run, settings, write_all};
use crate::proxied::example;
use crate::socks::Proxy;
use crate::world::{Security, Wiring, World, client_tls};
use ftp_proto::client::{Config, DataConnection};
use ftp_proto::io::{Error, Purpose, Transport};
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Mutex};

fn builder(security: Security) -> ClientBuilder {
    match security {
        Security::Plain => settings(),
        Security::Explicit => settings().explicit_tls(client_tls(), "localhost").unwrap(),
        Security::Implicit => settings().implicit_tls(client_tls(), "localhost").unwrap(),
    }
}

fn through(proxy: SocketAddr, builder: ClientBuilder) -> ClientBuilder {
    builder.connector(move |to| async move { example::connect(proxy, &to.host, to.port).map(Transport::Tcp) })
}

/// Uploads a file, downloads it and lists it, and says goodbye.
async fn use_it(mut client: Client, world: &World) {
    let content: Vec<u8> = (0..500_000_u32).map(|at| (at / 3) as u8).collect();
    wait!(client.login("me", "secret")).unwrap();
    let mut store = wait!(client.store("file")).unwrap();
    wait!(write_all(&mut store, &content)).unwrap();
    wait!(store.finish()).unwrap();
    assert!(fs::read(world.root.join("file")).unwrap() == content);
    let mut retrieve = wait!(client.retrieve("file")).unwrap();
    let (mut all, mut buffer) = (Vec::new(), vec![0; 10_000]);
    loop {
        match wait!(read(&mut retrieve, &mut buffer)).unwrap() {
            0 => break,
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
    drop(retrieve);
    assert!(all == content);
    let listed = wait!(client.list_all("", &Default::default())).unwrap();
    assert_eq!(listed.entries.len(), 1);
    wait!(client.quit()).unwrap();
}

#[test]
fn everything_goes_through_a_socks_proxy_by_name_or_by_address() {
    let proxy = Proxy::start();
    for security in Security::ALL {
        for host in HOSTS {
            let world = World::new(Wiring { host, security, ..Wiring::PLAIN });
            let port = world.address.port();
            for by_name in [true, false] {
                proxy.asked.lock().unwrap().clear();
                run(async {
                    let builder = through(proxy.address, builder(security));
                    let client = match by_name {
                        true => wait!(Client::open_host(builder, "ftp.example", port)).unwrap(),
                        false => wait!(Client::open(builder, &[world.address])).unwrap(),
                    };
                    use_it(client, &world).await;
                });
                let asked = proxy.asked.lock().unwrap();
                let name = if by_name { "ftp.example" } else { "127.0.0.1" };
                assert!(asked.iter().all(|(host, _)| host == name), "{asked:?}");
                // The dialogue, and three transfers.
                assert_eq!((asked.len(), asked[0].1), (4, port), "{asked:?}");
            }
        }
    }
}

#[test]
fn a_connection_of_the_callers_is_used_as_it_is() {
    for data_connection in [DataConnection::Passive, DataConnection::Active] {
        let world = World::new(Wiring::PLAIN);
        let mut config = Config::default();
        config.data_connection = data_connection;
        run(async {
            let stream = Transport::Tcp(TcpStream::connect(world.address).unwrap());
            let builder = settings().config(config);
            use_it(wait!(Client::from_stream(builder, stream)).unwrap(), &world).await;
        });
    }
}

#[test]
fn a_connector_makes_the_data_connections_of_a_stream_that_was_given() {
    let world = World::new(Wiring::PLAIN);
    let asked = Arc::new(Mutex::new(Vec::new()));
    run(async {
        let stream = Transport::Tcp(TcpStream::connect(world.address).unwrap());
        let (address, record) = (world.address.ip(), Arc::clone(&asked));
        let builder = settings().connector(move |to| {
            record.lock().unwrap().push((to.host, to.purpose));
            async move { TcpStream::connect((address, to.port)).map(Transport::Tcp) }
        });
        use_it(wait!(Client::from_stream(builder, stream)).unwrap(), &world).await;
    });
    let data = (String::new(), Purpose::Data);
    assert_eq!(*asked.lock().unwrap(), [data.clone(), data.clone(), data]);
}

#[test]
fn active_data_connections_are_refused_where_a_connector_would_have_to_listen() {
    let world = World::new(Wiring::PLAIN);
    let mut config = Config::default();
    config.data_connection = DataConnection::Active;
    run(async {
        let builder = through(world.address, settings().config(config.clone()));
        let error = wait!(Client::open_host(builder, "ftp.example", 21)).unwrap_err();
        assert!(matches!(error, Error::Argument(_)), "{error:?}");
        assert!(error.to_string().contains("passive"), "{error}");
    });
}

#[test]
fn a_name_without_a_connector_is_an_error_that_says_so() {
    run(async {
        let error = wait!(Client::open_host(settings(), "ftp.example", 21)).unwrap_err();
        let Error::Connect(reason) = error else { panic!("{error:?}") };
        assert!(reason.to_string().contains("connector"), "{reason}");
    });
}

#[test]
fn a_connector_that_fails_fails_the_transfer_and_the_session_goes_on() {
    let world = World::new(Wiring::PLAIN);
    let address = world.address;
    run(async {
        let builder = settings().connector(move |to| async move {
            match to.purpose {
                Purpose::Control => TcpStream::connect(address).map(Transport::Tcp),
                Purpose::Data => Err(io::Error::other("no tunnel today")),
            }
        });
        let mut client = wait!(Client::open_host(builder, "ftp.example", 21)).unwrap();
        wait!(client.login("me", "secret")).unwrap();
        let error = wait!(client.retrieve("file")).unwrap_err();
        assert!(matches!(&error, Error::Data(_, Some(_))), "{error:?}");
        wait!(client.noop()).unwrap();
        wait!(client.quit()).unwrap();
    });
}
