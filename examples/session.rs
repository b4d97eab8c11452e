//! A first look, with nothing to set up: `cargo run --release --features disk --example session`.
//!
//! Starts a server for a temporary directory in this process, and is its client too: uploads a
//! file, lists the directory, downloads the file and compares it. The dialogue is printed as it
//! takes place. The bytes of files and listings are sent over connections of their own, one for
//! each transfer.

use std::error::Error;
use std::io::{Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, process, thread};

use ftp_proto::io::std::{Client, Server};
use ftp_proto::io::{Direction, Directory, Users};
use ftp_proto::listing::ListingLine;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const USER: &str = "alice";
const PASSWORD: &str = "correct horse battery staple";
const SIZE: usize = 64 << 20;

fn main() -> Result<()> {
    let directory = env::temp_dir().join(format!("ftp-proto-session-{}", process::id()));
    fs::create_dir(&directory)?;
    let result = run(&directory);
    fs::remove_dir_all(&directory)?;
    result?;
    println!("\nSuccess: what came back is what was sent.");
    Ok(())
}

/// Runs the server in a thread for as long as the client needs it.
fn run(directory: &Path) -> Result<()> {
    let users = Users::new().user(USER, PASSWORD, Directory::open(directory)?.writable());
    // Port 0 picks any free port.
    let server = Server::bind("127.0.0.1:0", users)?;
    let (address, shutdown) = (server.local_addr(), server.shutdown_handle());
    println!("A server for {} listens on {address}.", directory.display());
    let server = thread::spawn(|| server.serve());

    let result = talk(&address.to_string());
    shutdown.shut_down(Duration::from_secs(5));
    server.join().map_err(|_| "the server panicked")??;
    result
}

fn talk(address: &str) -> Result<()> {
    explain("The client connects and logs in. The dialogue hides the password; the network does not.");
    let mut client = Client::builder()
        .trace(|direction, line| match direction {
            Direction::Sent => println!("  client ---> {line}"),
            Direction::Received => println!("  server <--- {line}"),
        })
        .connect(address)?;
    client.login(USER, PASSWORD)?;

    explain("It makes a directory and uploads a file of 64 MiB to it.");
    let content: Vec<u8> = (0..SIZE as u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    client.make_directory("pub")?;
    let start = Instant::now();
    let mut upload = client.store("pub/noise.bin")?;
    upload.write_all(&content)?;
    // Until here the file might still be truncated: only now has the server confirmed that it has
    // everything.
    upload.finish()?;
    rate("sent", start);

    explain("It lists the directory, in the format that is made for programs.");
    for line in client.list("pub")? {
        match line? {
            ListingLine::Entry(entry) => {
                let entry = entry.entry();
                let size = entry.size.ok_or("a file without a size")?;
                println!("              {} ({}), {size} bytes", entry.name, entry.kind);
            }
            ListingLine::Unparsed(line) => {
                return Err(format!("not understood: {}", String::from_utf8_lossy(&line)).into());
            }
        }
    }

    explain("It downloads the file again.");
    let start = Instant::now();
    let mut received = Vec::with_capacity(SIZE);
    client.retrieve("pub/noise.bin")?.read_to_end(&mut received)?;
    rate("received", start);
    if received != content {
        return Err("the file came back changed".into());
    }

    explain("A missing file is refused, and the session goes on.");
    if let Err(error) = client.retrieve("pub/nothing") {
        println!("              {error}");
    }
    client.delete("pub/noise.bin")?;
    client.quit()?;
    Ok(())
}

fn explain(text: &str) {
    println!("\n{text}");
}

fn rate(what: &str, start: Instant) {
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "              {what} {SIZE} bytes in {:.0} ms: {:.0} MB/s",
        seconds * 1e3,
        SIZE as f64 / seconds / 1e6
    );
}
