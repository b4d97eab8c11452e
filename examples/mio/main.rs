//! Runs the client and the server on a runtime that this crate does not know, in one thread:
//! `cargo run --example mio`.
//!
//! `runtime.rs` is the runtime. A server of a temporary directory runs on it, and a client as a task
//! beside it, which uploads a file under TLS, lists the directory, and downloads the file again.

mod runtime;

use std::error::Error;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, process};

use ftp_proto::io::tls::{ClientTls, ServerTls};
use ftp_proto::io::{Client, ClientBuilder, Direction, Directory, Retrieve, Server, Store, Users};
use rcgen::CertifiedKey;

use runtime::Mio;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const USER: &str = "alice";
const PASSWORD: &str = "correct horse battery staple";

fn main() -> Result<()> {
    let directory = env::temp_dir().join(format!("ftp-proto-mio-{}", process::id()));
    fs::create_dir(&directory)?;
    let result = run(&directory);
    fs::remove_dir_all(&directory)?;
    result?;
    println!("Success: what came back is what was sent.");
    Ok(())
}

/// Runs the server for as long as the client needs it.
fn run(directory: &Path) -> Result<()> {
    let CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let key = signing_key.serialize_der().try_into()?;
    let client_tls = ClientTls::builder().roots([cert.der().clone()]).build()?;

    let mio = Mio::new()?;
    let users = Users::new().user(USER, PASSWORD, Directory::open(directory)?.writable());
    let address: SocketAddr = "127.0.0.1:0".parse()?;
    let server = Server::listen(mio.clone(), &[address], users)?
        .with_explicit_tls(ServerTls::new(vec![cert.der().clone()], key)?);
    let (address, shutdown) = (server.local_addr(), server.shutdown_handle());
    println!("A server for {} listens on {address}.", directory.display());

    let builder =
        ClientBuilder::new(mio.clone()).explicit_tls(client_tls, "localhost")?.trace(|direction, line| {
            match direction {
                Direction::Sent => println!("  client ---> {line}"),
                Direction::Received => println!("  server <--- {line}"),
            }
        });
    let (done, result) = mpsc::channel();
    mio.spawn(async move {
        let _ = done.send(talk(builder, address).await);
        shutdown.shut_down(Duration::from_secs(5));
    });
    mio.run(server.serve_with(|session| mio.spawn(session)))?;
    println!("The server has shut down.");
    result.recv()?
}

async fn talk(builder: ClientBuilder<Mio>, address: SocketAddr) -> Result<()> {
    let mut client = Client::open(builder, &[address]).await?;
    client.login(USER, PASSWORD).await?;
    println!("It uploads 8 MiB.");
    let content: Vec<u8> = (0..8 << 20).map(|n: u32| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut upload = client.store("noise.bin").await?;
    write_all(&mut upload, &content).await?;
    upload.finish().await?;

    println!("It lists the directory.");
    let mut entries = client.list("").await?;
    while let Some(line) = entries.next().await {
        let entry = line?.into_entry().ok_or("a line that was not understood")?;
        let entry = entry.entry();
        println!("              {}, {} bytes", entry.name, entry.size.ok_or("a file without a size")?);
    }
    drop(entries);

    println!("It downloads the file.");
    let received = read_to_end(client.retrieve("noise.bin").await?).await?;
    if received != content {
        return Err("the file came back changed".into());
    }
    client.quit().await?;
    Ok(())
}

async fn write_all(upload: &mut Store<'_, Mio>, mut bytes: &[u8]) -> Result<()> {
    while !bytes.is_empty() {
        let count = poll_fn(|cx| upload.poll_write(cx, bytes)).await?;
        bytes = &bytes[count..];
    }
    Ok(())
}

async fn read_to_end(mut download: Retrieve<'_, Mio>) -> Result<Vec<u8>> {
    let (mut received, mut buffer) = (Vec::new(), vec![0; 64 << 10]);
    loop {
        match poll_fn(|cx| download.poll_read(cx, &mut buffer)).await? {
            0 => return Ok(received),
            count => received.extend_from_slice(&buffer[..count]),
        }
    }
}
