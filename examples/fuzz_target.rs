//! A server for fuzzers of servers, such as AFLNet: one thread, one client at a time, nothing on
//! disk, and no clock, so that the same bytes are always answered by the same bytes.
//!
//!     cargo run --release --example fuzz_target -- 2121      # on 127.0.0.1:2121, data on port 5000
//!     cargo run --release --example fuzz_target < dialogue   # a dialogue from standard input
//!
//! The server is the crate's own session over a file system in memory, both from `testing`, which
//! panic where a session contradicts itself. Each client begins with the same files. Everyone may
//! log in. There is no TLS. In active mode, and for a dialogue from standard input, data is sent to
//! nobody and an upload is empty.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use clap::Parser;
use ftp_proto::server::{Config, Endpoints};
use ftp_proto::testing::{DataState, MemoryHost, ScriptedClient};

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
/// The passive port that `testing` reports.
const DATA_PORT: u16 = 5000;
/// Pause when nothing has arrived.
const PAUSE: Duration = Duration::from_micros(100);

#[derive(Parser)]
#[command(about = "A deterministic FTP server for fuzzers")]
struct Options {
    /// Port on 127.0.0.1 to serve, one client after the other. Without it, a dialogue is read from
    /// standard input, and the replies are written to standard output
    port: Option<u16>,
}

fn main() -> io::Result<()> {
    let Some(port) = Options::parse().port else {
        let mut dialogue = Vec::new();
        io::stdin().read_to_end(&mut dialogue)?;
        return io::stdout().write_all(&answer(&dialogue));
    };
    let control = TcpListener::bind((LOOPBACK, port))?;
    let data = TcpListener::bind((LOOPBACK, DATA_PORT))?;
    data.set_nonblocking(true)?;
    loop {
        // A client that breaks its connection is nothing new to a fuzzer.
        let _ = serve(control.accept()?.0, &data);
    }
}

/// Begins a session with a client at this address.
fn begin(local: SocketAddr, peer: SocketAddr) -> ScriptedClient<MemoryHost> {
    let host = MemoryHost::new()
        .with_file("/hello", "hello, world\r\n")
        .with_file("/pub/binary", (0..=255).cycle().take(10_000).collect::<Vec<u8>>())
        .with_directory("/incoming");
    let mut client = ScriptedClient::silent(Config::default(), Endpoints { local, peer }, host);
    client.settle();
    client
}

/// Answers a whole dialogue. The client connects wherever the session listens.
pub fn answer(dialogue: &[u8]) -> Vec<u8> {
    let (local, peer) = (SocketAddr::new(LOOPBACK, 2121), SocketAddr::new(LOOPBACK, 40_000));
    let mut client = begin(local, peer);
    let mut replies = client.output();
    // Line by line, as a client does that waits for each reply.
    for line in dialogue.split_inclusive(|byte| *byte == b'\n') {
        if client.end().is_some() {
            break;
        }
        client.send(line);
        match client.data_state() {
            DataState::Listening => {
                client.connect_data(SocketAddr::new(LOOPBACK, 40_001));
            }
            DataState::Sending => drop(client.download()),
            DataState::Receiving => client.upload(b""),
            _ => {}
        }
        replies.extend(client.output());
    }
    client.close();
    replies.extend(client.output());
    replies
}

/// Serves one client until its session is over.
pub fn serve(mut control: TcpStream, listener: &TcpListener) -> io::Result<()> {
    let mut client = begin(control.local_addr()?, control.peer_addr()?);
    let mut data: Option<TcpStream> = None;
    let mut buffer = [0; 4096];
    let mut closed = false;
    loop {
        send(&mut control, &client.output())?;
        if client.end().is_some() {
            return Ok(());
        }
        let moved = move_data(&mut client, &mut data, listener, &mut buffer)?;
        let heard = if closed { None } else { receive(&mut control, &mut buffer)? };
        match heard {
            Some(0) => {
                closed = true;
                client.close();
            }
            Some(count) => client.send(&buffer[..count]),
            // Whoever has left is waited for no longer than the session likes.
            None if closed => client.pass(Duration::from_secs(1)),
            None if !moved => thread::sleep(PAUSE),
            None => {}
        }
    }
}

/// Accepts the data connection, or moves bytes over it. Returns whether it did.
fn move_data(
    client: &mut ScriptedClient<MemoryHost>,
    data: &mut Option<TcpStream>,
    listener: &TcpListener,
    buffer: &mut [u8],
) -> io::Result<bool> {
    match client.data_state() {
        DataState::None => *data = None,
        DataState::Listening => {
            let Some((stream, from)) = unless_blocked(listener.accept())? else { return Ok(false) };
            *data = client.connect_data(from).then_some(stream);
            return Ok(true);
        }
        DataState::Sending => {
            let bytes = client.download();
            if let Some(mut stream) = data.take() {
                // A client may close its end before it has everything.
                let _ = send(&mut stream, &bytes);
            }
            return Ok(true);
        }
        DataState::Receiving => {
            let received = data.as_mut().map_or(Ok(Some(0)), |stream| receive(stream, buffer));
            // A connection that breaks ends the file as well, so that the dialogue goes on.
            match received.unwrap_or(Some(0)) {
                Some(0) => client.upload(b""),
                Some(count) => client.upload_part(&buffer[..count]),
                None => return Ok(false),
            }
            return Ok(true);
        }
        _ => {}
    }
    Ok(false)
}

/// Reads what has arrived, if anything has.
fn receive(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<Option<usize>> {
    stream.set_nonblocking(true)?;
    unless_blocked(stream.read(buffer))
}

/// Sends all bytes.
fn send(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.write_all(bytes)
}

fn unless_blocked<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(error),
    }
}
