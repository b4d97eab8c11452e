//! Servers that misbehave, or show what they were sent.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};

use crate::peer::{Peer, pieces, port, scripted};
use crate::served::bytes;
use crate::support::{Gateway, PATIENCE, arguments};

#[test]
fn a_download_that_does_not_arrive_is_no_success_whatever_the_server_says() {
    let (address, server) = scripted(|stream| {
        let data = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = data.local_addr().unwrap().port();
        let mut peer = Peer::new(stream);
        peer.send("220 Hi");
        assert_eq!(peer.line(), "EPSV");
        peer.send(&format!("229 Go (|||{port}|)"));
        assert_eq!(peer.line(), "RETR file");
        let (mut stream, _) = data.accept().unwrap();
        peer.send("150 Here");
        // More than sockets buffer, so that it cannot be through.
        let _ = stream.write_all(&bytes(30_000_000));
        drop(stream);
        peer.send("226 Sure");
        peer.ends();
    });
    let gateway = Gateway::to(address, &[]);
    let mut peer = Peer::to(&gateway);
    peer.hears("220");
    let mut data = TcpStream::connect((gateway.address.ip(), port(&peer.says("EPSV", "229")))).unwrap();
    peer.says("RETR file", "150");
    data.read_exact(&mut [0; 1000]).unwrap();
    drop(data);
    peer.hears("426");
    drop(peer);
    server.join().unwrap();
}

#[test]
fn the_server_learns_the_clients_address_by_the_proxy_protocol() {
    let (address, server) = scripted(|mut stream| {
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut header = [0; 28];
        stream.read_exact(&mut header).unwrap();
        assert_eq!(header[..16], *b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c");
        assert_eq!(header[16..24], [127, 0, 0, 1, 127, 0, 0, 1]);
        let ports = [header[24..26].to_vec(), header[26..28].to_vec()];
        let ports = ports.map(|port| u16::from_be_bytes([port[0], port[1]]));
        stream.write_all(format!("220 {} {}\r\n", ports[0], ports[1]).as_bytes()).unwrap();
    });
    let gateway = Gateway::to(address, &arguments("--proxy-protocol"));
    let stream = TcpStream::connect(gateway.address).unwrap();
    let own = stream.local_addr().unwrap().port();
    let mut peer = Peer::new(stream);
    assert_eq!(peer.line(), format!("220 {own} {}", gateway.address.port()));
    server.join().unwrap();
}

#[test]
fn the_address_in_a_passive_reply_is_not_believed() {
    let (address, server) = scripted(|stream| {
        let data = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = data.local_addr().unwrap().port();
        let mut peer = Peer::new(stream);
        peer.send("220-Hello\r\n220 there");
        assert_eq!(peer.line(), "EPSV");
        peer.send("500 What?");
        assert_eq!(peer.line(), "PASV");
        // A machine that is not there.
        peer.send(&format!("227 Try (192,0,2,1,{},{})", port >> 8, port & 255));
        assert_eq!(peer.line(), "LIST");
        let (mut stream, _) = data.accept().unwrap();
        peer.send("150 Here");
        stream.write_all(b"a listing\r\n").unwrap();
        drop(stream);
        peer.send("226-It is\r\n226 done");
        peer.ends();
    });
    let gateway = Gateway::to(address, &[]);
    let mut peer = Peer::to(&gateway);
    peer.hears("220-Hello");
    peer.hears("220 there");
    let reply = peer.says("PASV", "227 ");
    assert!(reply.contains("(127,0,0,1,"), "{reply}");
    let numbers: Vec<u16> =
        reply.split(['(', ')']).nth(1).unwrap().split(',').map(|n| n.parse().unwrap()).collect();
    let mut data = TcpStream::connect((gateway.address.ip(), numbers[4] << 8 | numbers[5])).unwrap();
    data.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.says("LIST", "150");
    let mut listing = String::new();
    data.read_to_string(&mut listing).unwrap();
    assert_eq!(listing, "a listing\r\n");
    peer.hears("226-It is");
    peer.hears("226 done");
    drop(peer);
    server.join().unwrap();
}

#[test]
fn servers_that_misbehave_end_the_session_with_421() {
    for greeting in ["", "hello\r\n", "220 hi\r\n", "220-endless\r\n"] {
        let (address, server) = scripted(move |mut stream| {
            stream.write_all(greeting.as_bytes()).unwrap();
            stream.shutdown(Shutdown::Write).unwrap();
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let gateway = Gateway::to(address, &[]);
        let mut peer = Peer::to(&gateway);
        let first = peer.line();
        if greeting.starts_with("220 ") {
            assert_eq!(first, "220 hi");
            peer.hears("421");
        } else {
            assert!(first.starts_with("421"), "{greeting:?}: {first}");
        }
        peer.ends();
        server.join().unwrap();
    }
    // Nobody listens.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    Peer::to(&Gateway::to(address, &[])).hears("421");
}

#[test]
fn nothing_that_a_server_sends_breaks_the_gateway() {
    const WORDS: [&[u8]; 20] = [
        b"\r\n",
        b"\r\n",
        b"\r\n",
        b"\n",
        b"\0",
        b"\xff",
        b"\xff\xf4",
        b"220 ",
        b"200 ",
        b"227 (127,0,0,1,200,1)",
        b"229 (|||1|)",
        b"229 (|||99999|)",
        b"227 ",
        b"211-",
        b"150 ",
        b"150-",
        b"226 ",
        b"426 ",
        b"110 MARK a = b",
        b"421 ",
    ];
    for seed in 0..15 {
        let (address, server) = scripted(move |mut stream| {
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut text = b"220 Hi\r\n".to_vec();
            text.extend(pieces(&WORDS, 60, seed));
            let _ = stream.write_all(&text).and_then(|()| stream.shutdown(Shutdown::Write));
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let gateway = Gateway::to(address, &arguments("--timeout 1"));
        let mut stream = TcpStream::connect(gateway.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let commands = b"FEAT\r\nEPSV\r\nLIST\r\nPASV\r\nRETR x\r\nABOR\r\nPWD\r\n";
        let _ = stream.write_all(commands).and_then(|()| stream.shutdown(Shutdown::Write));
        let _ = stream.read_to_end(&mut Vec::new());
        drop(stream);
        server.join().unwrap();
    }
}
