//! A SOCKS5 proxy (RFC 1928) without authentication.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A proxy that runs until the process ends.
pub struct Proxy {
    pub address: SocketAddr,
    /// The hosts and ports that were asked for.
    pub asked: Arc<Mutex<Vec<(String, u16)>>>,
}

impl Proxy {
    /// Starts a proxy that takes every name for 127.0.0.1.
    pub fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::default());
        let requests: Arc<Mutex<Vec<(String, u16)>>> = Arc::clone(&asked);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let requests = Arc::clone(&requests);
                thread::spawn(move || serve(client, &requests));
            }
        });
        Self { address, asked }
    }
}

fn serve(mut client: TcpStream, requests: &Mutex<Vec<(String, u16)>>) -> io::Result<()> {
    let mut greeting = [0; 2];
    client.read_exact(&mut greeting)?;
    client.read_exact(&mut vec![0; usize::from(greeting[1])])?;
    client.write_all(&[5, 0])?;
    // Version, CONNECT, reserved, and the type of the host: an IPv4 address, or a name.
    let mut request = [0; 4];
    client.read_exact(&mut request)?;
    assert_eq!(request[..3], [5, 1, 0]);
    let host = match request[3] {
        1 => {
            let mut address = [0; 4];
            client.read_exact(&mut address)?;
            Ipv4Addr::from(address).to_string()
        }
        kind => {
            assert_eq!(kind, 3);
            let mut length = [0];
            client.read_exact(&mut length)?;
            let mut name = vec![0; usize::from(length[0])];
            client.read_exact(&mut name)?;
            String::from_utf8(name).unwrap()
        }
    };
    let mut port = [0; 2];
    client.read_exact(&mut port)?;
    let port = u16::from_be_bytes(port);
    requests.lock().unwrap().push((host, port));
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    let status = u8::from(server.is_err());
    client.write_all(&[5, status, 0, 1, 0, 0, 0, 0, 0, 0])?;
    let server = server?;
    let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
    let upwards = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        to.shutdown(Shutdown::Write)
    });
    let _ = io::copy(&mut &server, &mut client);
    let _ = client.shutdown(Shutdown::Write);
    let _ = upwards.join();
    Ok(())
}
