//! A way to a server on which the dialogue comes in little pieces.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// Where clients connect instead of to `server`. What it says comes to them in pieces of so many bytes.
pub(crate) fn dribbling(server: SocketAddr, piece: usize) -> SocketAddr {
    let listener = TcpListener::bind((server.ip(), 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(server)) = (client, TcpStream::connect(server)) else { return };
            let (mut from_client, mut to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || pass(&mut from_client, &mut to_server, usize::MAX));
            let (mut from_server, mut to_client) = (server, client);
            thread::spawn(move || pass(&mut from_server, &mut to_client, piece));
        }
    });
    address
}

/// Passes on what comes, `most` bytes at a time, until either side has left.
fn pass(from: &mut TcpStream, to: &mut TcpStream, most: usize) {
    to.set_nodelay(true).unwrap();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        for piece in buffer[..count].chunks(most) {
            if to.write_all(piece).is_err() {
                let _ = from.shutdown(Shutdown::Both);
                return;
            }
            if most < count {
                // Long enough for the client to have seen it.
                thread::sleep(Duration::from_micros(50));
            }
        }
    }
    let _ = to.shutdown(Shutdown::Write);
}
