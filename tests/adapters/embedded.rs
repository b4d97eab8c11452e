//! Clients and servers inside programs that are generic over the runtime.

use crate::runtime::Mio;
use crate::world::{Wiring, World, sendable};
use ftp_proto::io::smol::Smol;
use ftp_proto::io::tokio::Tokio;
use ftp_proto::io::{Accounts, Client, ClientBuilder, Directory, Error, Runtime, Server, Users};
use std::fs;
use std::net::SocketAddr;

/// A program's own type, which has a client on any runtime.
struct Mirror<R: Runtime> {
    client: Client<R>,
    copies: usize,
}

/// A runtime whose futures can move between threads, for code that requires it in general.
trait Portable: Runtime<Stream: Send + Sync, Listener: Send + Sync, Timer: Send> + Send + Sync {}

impl Portable for Tokio {}
impl Portable for Smol {}
impl Portable for Mio {}

/// Stores a copy of each file of the working directory.
async fn mirror<R: Runtime>(client: &mut Client<R>) -> Result<usize, Error> {
    let listing = client.list_all("", &Default::default()).await?;
    for line in &listing.entries {
        let name = line.entry().name.as_bytes();
        let mut content = Vec::new();
        let mut retrieve = client.retrieve(name).await?;
        loop {
            let mut buffer = [0; 100];
            match std::future::poll_fn(|cx| retrieve.poll_read(cx, &mut buffer)).await? {
                0 => break,
                count => content.extend_from_slice(&buffer[..count]),
            }
        }
        drop(retrieve);
        let mut store = client.store([name, b".copy"].concat()).await?;
        let mut sent = 0;
        while sent < content.len() {
            sent += std::future::poll_fn(|cx| store.poll_write(cx, &content[sent..])).await?;
        }
        store.finish().await?;
    }
    Ok(listing.entries.len())
}

impl<R: Portable> Mirror<R> {
    async fn connect(runtime: R, address: SocketAddr) -> Result<Self, Error> {
        let mut client = Client::open(ClientBuilder::new(runtime), &[address]).await?;
        client.login("me", "secret").await?;
        Ok(Self { client, copies: 0 })
    }

    /// Returns a future that is `Send` for every runtime whose types are, not only for known ones.
    #[allow(clippy::manual_async_fn, reason = "an async function would not say that it is Send")]
    fn run(&mut self) -> impl Future<Output = Result<(), Error>> + Send {
        async {
            self.copies = mirror(&mut self.client).await?;
            Ok(())
        }
    }
}

/// Returns the future of a server, which can be a task of its own.
fn serving<R: Portable>(runtime: R) -> impl Future<Output = std::io::Result<()>> + Send {
    let server = Server::listen(runtime, &["127.0.0.1:0".parse().unwrap()], users()).unwrap();
    server.serve_with(drop)
}

fn users() -> impl Accounts {
    Users::new().anonymous(Directory::open(std::env::temp_dir()).unwrap())
}

/// Has a mirror work, as a task that `run` runs.
fn works<R: Portable>(runtime: R, run: impl FnOnce(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>)) {
    let world = World::new(Wiring::PLAIN);
    fs::write(world.path("file"), b"content").unwrap();
    let address = world.address;
    run(Box::pin(async move {
        let mut mirror = sendable(Mirror::connect(runtime, address)).await.unwrap();
        mirror.run().await.unwrap();
        assert_eq!(mirror.copies, 1);
        sendable(mirror.client.quit()).await.unwrap();
    }));
    assert_eq!(fs::read(world.path("file.copy")).unwrap(), b"content");
}

#[test]
fn a_program_that_is_generic_over_the_runtime_can_be_a_task() {
    let tokio = ::tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    works(Tokio, |task| tokio.block_on(async { ::tokio::spawn(task).await.unwrap() }));
    works(Smol, futures_lite::future::block_on);
    let mio = Mio::new().unwrap();
    works(mio.clone(), |task| mio.run(task));
}

#[test]
fn a_server_can_be_a_task() {
    let tokio = ::tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    tokio.block_on(async {
        let server = ftp_proto::io::tokio::Server::bind("127.0.0.1:0", users()).await.unwrap();
        let shutdown = server.shutdown_handle();
        let served = ::tokio::spawn(server.serve());
        shutdown.shut_down(std::time::Duration::ZERO);
        served.await.unwrap().unwrap();
        drop(serving(Tokio));
    });
    let smol = ftp_proto::io::smol::Server::bind("127.0.0.1:0", users());
    let smol = futures_lite::future::block_on(smol).unwrap();
    drop(sendable(smol.serve()));
    drop(serving(Mio::new().unwrap()));
}

#[test]
fn the_runtime_of_the_example_has_as_many_lines_as_it_says() {
    let text = include_str!("../../examples/mio/runtime.rs");
    let count = |text: &str| {
        let code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
        text.lines().filter(code).count()
    };
    let (_, runtime) = text.split_once("impl Runtime for").unwrap();
    let says = format!("in {} lines of code", count(text));
    assert!(text.contains(&says), "{says}");
    let says = format!("{} of the lines implement", count(runtime));
    assert!(text.contains(&says), "{says}");
}
