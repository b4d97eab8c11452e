//! What a server does on every runtime, whoever its client is.

use crate::world::{Host, Security, Wiring, World};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

#[test]
fn bytes_behind_auth_fail_the_connection() {
    // CVE-2011-0411.
    for host in Host::ALL {
        let world = World::new(Wiring { host, security: Security::Explicit, ..Wiring::PLAIN });
        let mut stream = TcpStream::connect(world.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut greeting = String::new();
        reader.read_line(&mut greeting).unwrap();
        stream.write_all(b"AUTH TLS\r\nUSER me\r\n").unwrap();
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert!(rest.starts_with("421 "), "{host:?}: {rest}");
    }
}
