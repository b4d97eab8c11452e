//! Transfers that are refused after their client has connected.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use crate::peer::Peer;
use crate::site::{Runtime, Setup, Site};

fn connect(port: u16) -> TcpStream {
    let data = TcpStream::connect(("127.0.0.1", port)).unwrap();
    data.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    data
}

#[test]
fn a_refused_transfer_keeps_its_port_also_where_the_client_had_connected() {
    for runtime in Runtime::ALL {
        for shared_ports in [false, true] {
            let site = Site::with(runtime, Setup { shared_ports, ..Setup::default() });
            fs::write(site.directory.join("file"), b"content").unwrap();
            let mut peer = Peer::new(site.address);
            for round in 0..20 {
                let reply = peer.says("EPSV", "229");
                let port = reply.split('|').nth(3).unwrap().parse().unwrap();
                for command in ["RETR missing", "STOR missing/file", "MLSD missing"] {
                    let mut data = connect(port);
                    peer.says(command, "55");
                    let read = data.read(&mut [0; 16]);
                    assert!(
                        !matches!(read, Ok(1..)),
                        "{runtime:?} {shared_ports} {round} {command}: {read:?}"
                    );
                }
                let mut data = connect(port);
                peer.says("RETR file", "150");
                let mut content = Vec::new();
                data.read_to_end(&mut content).unwrap();
                assert_eq!(content, b"content", "{runtime:?} {shared_ports} {round}");
                peer.awaits("226");
            }
            peer.says("QUIT", "221");
        }
    }
}
