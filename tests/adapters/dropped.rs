//! The future of any operation is dropped at each of its awaits in turn, and the client goes on. For the
//! runtimes with futures.

use super::{Client, Entries, Retrieve, Store, open, read, run, settings, write_all};
use crate::certificates::trusting;
use crate::dribble::dribbling;
use crate::world::{Security, Wiring, World, bytes};
use ftp_proto::client::{Config, DataConnection, Expected, Timeouts};
use ftp_proto::codec::{
    ByteRange, FileStructure, HashAlgorithm, RepresentationType, Timestamp, TransferMode,
};
use ftp_proto::io::{Error, ListingLimits, Removal, Walker};
use ftp_proto::listing::{Modified, Precision};
use ftp_proto::security::Policy;
use ftp_proto::server;
use std::fs::{self, File};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

/// What the futures are of: a server behind a connection on which the dialogue comes in little pieces, so that
/// there are many awaits.
struct Stage {
    world: World,
    address: SocketAddr,
    wiring: Wiring,
    versions: &'static [&'static rustls::SupportedProtocolVersion],
}

const BIG: usize = 1_000_000;

impl Stage {
    /// In the clear, and under each version of TLS.
    fn all() -> impl Iterator<Item = Self> {
        static TLS12: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS12];
        static TLS13: &[&rustls::SupportedProtocolVersion] = &[&rustls::version::TLS13];
        [
            (Security::Plain, TLS13, DataConnection::Passive),
            (Security::Explicit, TLS12, DataConnection::Passive),
            (Security::Explicit, TLS13, DataConnection::Passive),
            (Security::Implicit, TLS13, DataConnection::Active),
        ]
        .into_iter()
        .map(|(security, versions, data_connection)| {
            let wiring = Wiring { security, data_connection, ..Wiring::PLAIN };
            let mut config = server::Config::default();
            config.security.clear_command_channel = true;
            if security != Security::Plain {
                (config.security.control, config.security.data) = (Policy::Require, Policy::Require);
            }
            let world = World::with(wiring, config);
            fs::write(world.path("known"), b"seven !").unwrap();
            fs::write(world.path("big"), bytes(BIG)).unwrap();
            fs::create_dir_all(world.path("d/e")).unwrap();
            let piece = if security == Security::Plain { 5 } else { 24 };
            let address = dribbling(world.address, piece);
            Self { world, address, wiring, versions }
        })
    }

    async fn connect(&self) -> Result<Client, Error> {
        self.connect_with(self.wiring.config()).await
    }

    async fn connect_with(&self, mut config: Config) -> Result<Client, Error> {
        // Whoever waits in vain is told so soon.
        config.timeouts = Timeouts::all(Duration::from_secs(5));
        let builder = settings().config(config);
        let tls = trusting().versions(self.versions).build().unwrap();
        let builder = match self.wiring.security {
            Security::Plain => builder,
            Security::Explicit => builder.explicit_tls(tls, "localhost").unwrap(),
            Security::Implicit => builder.implicit_tls(tls, "localhost").unwrap(),
        };
        open(builder, self.address).await
    }

    async fn client(&self) -> Client {
        let mut client = self.connect().await.unwrap();
        client.login("me", "secret").await.unwrap();
        client
    }
}

/// Polls a future so many times, and drops it if it is not done by then.
async fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = times;
    poll_fn(|cx| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(cx) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// More than any operation has awaits.
const MOST: usize = 3000;

/// Drops what `operation` does at each await, and has `then` go on after each.
async fn at_every_await(
    name: &str,
    client: &mut Client,
    operation: impl AsyncFn(&mut Client) -> Result<(), Error>,
    then: impl AsyncFn(&mut Client, &str),
) {
    for times in 0..MOST {
        let done = polled(operation(client), times).await;
        let at = format!("{name}, dropped after {times} polls");
        then(client, &at).await;
        if let Some(result) = done {
            // What an earlier one has done cannot be done again.
            assert!(result.as_ref().err().is_none_or(|error| error.refused().is_some()), "{at}: {result:?}");
            return;
        }
    }
    panic!("{name} has no end");
}

/// Operations that get what was asked, and nothing of what was asked before.
async fn goes_on(client: &mut Client, at: &str) {
    let size = client.size("/known").await;
    assert!(matches!(size, Ok(7)), "{at}: {size:?}");
    let mut retrieve = client.retrieve("/known").await.unwrap_or_else(|error| panic!("{at}: {error:?}"));
    let (mut content, mut buffer) = (Vec::new(), [0; 64]);
    loop {
        match read(&mut retrieve, &mut buffer).await {
            Ok(0) => break,
            Ok(count) => content.extend_from_slice(&buffer[..count]),
            Err(error) => panic!("{at}: {error:?}"),
        }
    }
    assert_eq!(content, b"seven !", "{at}");
}

async fn stands(client: &mut Client, at: &str) {
    let directory = client.working_directory().await;
    assert!(matches!(directory.as_deref(), Ok(b"/")), "{at}: {directory:?}");
}

/// Logs in, unless the one that was dropped has done so.
async fn logs_in(client: &mut Client, at: &str) {
    let again = client.login("me", "secret").await;
    assert!(again.as_ref().err().is_none_or(|error| error.refused().is_some()), "{at}: {again:?}");
    goes_on(client, at).await;
}

async fn entries(client: &mut Client) -> Result<(), Error> {
    let mut entries: Entries<'_> = client.list("").await?;
    while let Some(entry) = entries.next().await {
        entry?.into_entry().unwrap();
    }
    Ok(())
}

async fn walk(client: &mut Client) -> Result<(), Error> {
    let mut walker = Walker::new("/d").unwrap();
    while client.walk(&mut walker, |_, _| true).await?.is_some() {}
    Ok(())
}

/// Writes, and ends what it wrote.
async fn stored(store: Result<Store<'_>, Error>, content: &[u8]) -> Result<(), Error> {
    let mut store = store?;
    write_all(&mut store, content).await.map_err(from_io)?;
    store.finish().await.map(drop)
}

async fn retrieved(retrieve: Result<Retrieve<'_>, Error>) -> Result<(), Error> {
    let (mut retrieve, mut buffer) = (retrieve?, vec![0; 70_000]);
    while read(&mut retrieve, &mut buffer).await.map_err(from_io)? > 0 {}
    Ok(())
}

/// The error of an operation, which was made one of its reader or writer.
fn from_io(error: io::Error) -> Error {
    *error.into_inner().unwrap().downcast().unwrap()
}

/// Drops every operation at every await on one connection: `$name: $operation` with `client` in it.
macro_rules! drop_each {
    ($connection:expr, $then:expr; $($name:literal: |$client:ident| $operation:expr;)*) => {$(
        at_every_await($name, $connection, async |$client| $operation, $then).await;
    )*};
}

#[test]
fn any_operation_may_be_dropped_at_any_await() {
    for stage in Stage::all() {
        run(async {
            let mut client = stage.client().await;
            let time = Timestamp::parse(b"20240229123456").unwrap();
            let size = Expected { size: Some(7), digest: None };
            drop_each! { &mut client, goes_on;
                "size": |client| client.size("/known").await.map(drop);
                "modification_time": |client| client.modification_time("/known").await.map(drop);
                "facts": |client| client.facts("/known").await.map(drop);
                "working_directory": |client| client.working_directory().await.map(drop);
                "change_directory": |client| client.change_directory("/d").await;
                "change_to_parent": |client| client.change_to_parent().await;
                "make_directory": |client| client.make_directory("/new").await;
                "remove_directory": |client| client.remove_directory("/new").await;
                "rename": |client| client.rename("/big", "/huge").await;
                "rename back": |client| client.rename("/huge", "/big").await;
                "set_modification_time": |client| client.set_modification_time("/big", time).await.map(drop);
                "set_creation_time": |client| client.set_creation_time("/big", time).await.map(drop);
                "set_facts": |client| client.set_facts("UNIX.mode=0600;", "/big").await;
                "chmod": |client| client.chmod("/big", 0o640).await;
                "symlink": |client| client.symlink("big", "/link").await;
                "hash": |client| client.hash("/big", None, None).await.map(drop);
                "checksum": |client| client.checksum("/big", HashAlgorithm::Sha256).await.map(drop);
                "available": |client| client.available("").await.map(drop);
                "status": |client| client.status("", |_| {}).await.map(drop);
                "status of a directory": |client| client.status("/d", |_| {}).await.map(drop);
                "help": |client| client.help("", |_| {}).await.map(drop);
                "site": |client| client.site("HELP", |_| {}).await.map(drop);
                "zone_offset": |client| {
                    client.zone_offset("/known", &Modified::new(time, Precision::Second, None)).await.map(drop)
                };
                "options": |client| client.options("MLST type;size;").await;
                "raw": |client| client.raw("NOOP", |_| {}).await.map(drop);
                "features": |client| client.features().await.map(drop);
                "system": |client| client.system().await.map(drop);
                "noop": |client| client.noop().await;
                "utf8": |client| client.utf8(true).await;
                "client_name": |client| client.client_name("test").await;
                "language": |client| client.language("").await;
                "allocate": |client| client.allocate(5).await;
                "setup": |client| client.setup().await.map(drop);
                "verify": |client| client.verify("/known", size).await.map(drop);
                "set_mode": |client| client.set_mode(TransferMode::Block).await;
                "set_mode back": |client| client.set_mode(TransferMode::Stream).await;
            }
            // The server tells no size of records.
            drop_each! { &mut client, stands;
                "set_structure": |client| client.set_structure(FileStructure::Record).await;
                "set_structure back": |client| client.set_structure(FileStructure::File).await;
            }
            goes_on(&mut client, "at the end").await;
            client.quit().await.unwrap();
        });
    }
}

#[test]
fn any_transfer_may_be_dropped_at_any_await() {
    for stage in Stage::all() {
        run(async {
            let mut client = stage.client().await;
            let content = bytes(BIG);
            let file = &File::open(stage.world.path("big")).unwrap();
            let back = &File::create(stage.world.path("back")).unwrap();
            let range = ByteRange::new(5, 500_000).unwrap();
            drop_each! { &mut client, goes_on;
                "retrieve": |client| retrieved(client.retrieve("/big").await).await;
                "retrieve_from": |client| retrieved(client.retrieve_from("/big", 999).await).await;
                "retrieve_range": |client| retrieved(client.retrieve_range("/big", range).await).await;
                "retrieve in ASCII": |client| {
                    retrieved(client.retrieve_as("/big", 0, RepresentationType::ASCII).await).await
                };
                "receive_into": |client| {
                    client.retrieve("/big").await?.receive_into(back).await.map(drop).map_err(from_io)
                };
                "retrieve and abort": |client| client.retrieve("/big").await?.abort().await;
                "store": |client| stored(client.store("/stored").await, &content).await;
                "append": |client| stored(client.append("/stored").await, &content[..999]).await;
                "store_from": |client| stored(client.store_from("/stored", 99).await, &content).await;
                "store in ASCII": |client| {
                    stored(client.store_as("/stored", RepresentationType::ASCII).await, &content).await
                };
                "store_unique": |client| stored(client.store_unique().await, b"unique").await;
                "send_file": |client| {
                    let mut store = client.store("/stored").await?;
                    store.send_file(file).await.map_err(from_io)?;
                    store.finish().await.map(drop)
                };
                "store and abort": |client| client.store("/stored").await?.abort().await;
                "list": |client| entries(client).await;
                "names": |client| client.names("/d").await.map(drop);
                "list_raw": |client| retrieved(client.list_raw("").await).await;
                "walk": |client| walk(client).await;
            }
            client.quit().await.unwrap();
        });
    }
}

/// Removes a directory, step by step.
async fn removed(client: &mut Client) -> Result<(), Error> {
    let mut removal = Removal::new("gone").unwrap();
    while client.remove_all(&mut removal).await?.is_some() {}
    assert!(removal.is_complete());
    Ok(())
}

#[test]
fn a_series_of_downloads_may_be_dropped_at_any_await() {
    for stage in Stage::all() {
        run(async {
            let mut config = stage.wiring.config();
            config.pipelining = true;
            let mut client = stage.connect_with(config).await.unwrap();
            client.login("me", "secret").await.unwrap();
            let series = async |client: &mut Client| {
                let mut downloads = client.retrieve_many(["/known", "/none", "/known", "/known"]);
                while let Some((_, download)) = downloads.next_file().await {
                    match download {
                        Err(error) if error.refused().is_some() => {}
                        download => retrieved(download).await?,
                    }
                }
                Ok(())
            };
            at_every_await("retrieve_many", &mut client, series, goes_on).await;
            client.quit().await.unwrap();
        });
    }
}

#[test]
fn the_client_is_where_it_was_although_an_operation_that_went_elsewhere_was_dropped() {
    for stage in Stage::all().take(1) {
        fs::create_dir_all(stage.world.path("a b/c")).unwrap();
        fs::create_dir_all(stage.world.path("gone/e f")).unwrap();
        fs::write(stage.world.path("gone/e f/g"), b"").unwrap();
        fs::write(stage.world.path("gone/h"), b"").unwrap();
        run(async {
            let mut client = stage.client().await;
            drop_each! { &mut client, stands;
                "list": |client| client.list("a b").await.map(drop);
                "names": |client| client.names("a b").await.map(drop);
                "list_all": |client| client.list_all("a b", &ListingLimits::default()).await.map(drop);
                "walk": |client| {
                    let mut walker = Walker::new("a b").unwrap();
                    while client.walk(&mut walker, |_, _| true).await?.is_some() {}
                    Ok(())
                };
                "home_directory": |client| client.home_directory("").await.map(drop);
                "remove_all": |client| removed(client).await;
            }
            assert!(stage.world.path("known").exists() && stage.world.path("d/e").exists());
            assert!(!stage.world.path("gone").exists());
            client.quit().await.unwrap();
        });
    }
}

#[test]
fn a_login_may_be_dropped_at_any_await() {
    for stage in Stage::all() {
        run(async {
            let mut client = stage.connect().await.unwrap();
            let login = async |client: &mut Client| client.login("me", "secret").await;
            at_every_await("login", &mut client, login, logs_in).await;
        });
    }
}

#[test]
fn a_session_that_begins_anew_may_be_dropped_at_any_await() {
    for stage in Stage::all() {
        run(async {
            let mut client = stage.client().await;
            let protection = client.protection();
            let begins = async |client: &mut Client| {
                client.reinitialize().await?;
                if protection.control {
                    client.secure().await?;
                }
                client.login("me", "secret").await
            };
            at_every_await("reinitialize", &mut client, begins, async |client, at| {
                if protection.control {
                    let secured = client.secure().await;
                    assert!(matches!(secured, Ok(now) if now == protection), "{at}: {secured:?}");
                }
                logs_in(client, at).await;
            })
            .await;
        });
    }
}

#[test]
fn the_end_of_tls_on_the_dialogue_may_be_dropped_at_any_await() {
    for stage in Stage::all().filter(|stage| stage.wiring.security == Security::Explicit) {
        run(async {
            for times in 0..MOST {
                let mut client = stage.client().await;
                let done = polled(client.clear_command_channel(), times).await;
                goes_on(&mut client, &format!("CCC, dropped after {times} polls")).await;
                if let Some(result) = done {
                    result.unwrap();
                    return;
                }
            }
            panic!("CCC has no end");
        });
    }
}

#[test]
fn a_connection_that_is_not_to_be_leaves_the_server_to_others() {
    for stage in Stage::all() {
        run(async {
            for times in 0..MOST {
                if let Some(connected) = polled(stage.connect(), times).await {
                    let mut client = connected.unwrap();
                    client.login("me", "secret").await.unwrap();
                    goes_on(&mut client, "connect").await;
                    return;
                }
            }
            panic!("connect has no end");
        });
    }
}

#[test]
fn a_transfer_between_servers_may_be_dropped_at_any_await() {
    let [from, to] = [(); 2].map(|()| Stage::all().next().unwrap());
    run(async {
        let (mut source, mut target) = (from.client().await, to.client().await);
        for times in 0..MOST {
            let done = polled(source.transfer_to("/big", &mut target, "/copy"), times).await;
            let at = format!("FXP, dropped after {times} polls");
            goes_on(&mut source, &at).await;
            goes_on(&mut target, &at).await;
            if let Some(result) = done {
                result.unwrap();
                return;
            }
        }
        panic!("FXP has no end");
    });
}

#[test]
fn many_drops_in_a_row_leave_the_client_usable() {
    for stage in Stage::all() {
        run(async {
            let mut client = stage.client().await;
            let mut random = 1_u32;
            let mut below = |most: u32| {
                random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (random >> 8) % most
            };
            for round in 0..25 {
                for _ in 0..4 {
                    let (which, times) = (below(6), below(40) as usize);
                    let client = &mut client;
                    match which {
                        0 => drop(polled(retrieved(client.retrieve("/big").await), times).await),
                        1 => drop(polled(client.retrieve("/big"), times).await),
                        2 => drop(polled(client.store("/stored"), times).await),
                        3 => drop(polled(entries(client), times).await),
                        4 => drop(polled(client.rename("/none", "/known"), times).await),
                        _ => drop(polled(walk(client), times).await),
                    }
                }
                goes_on(&mut client, &format!("round {round}")).await;
            }
        });
    }
}
