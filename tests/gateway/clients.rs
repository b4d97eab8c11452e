//! Clients that break the rules, or ask for more than one thing at a time.

use std::io::{BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};
use std::{fs, thread};

use ftp_proto::io::std::Client;

use crate::peer::{Peer, logged_in, pieces, port};
use crate::served::bytes;
use crate::support::{Gateway, PATIENCE, arguments, client_tls, plain_server, tls_for_clients};

#[test]
fn what_could_not_be_followed_is_refused() {
    let served = plain_server();
    let gateway = Gateway::to(served.address, &[]);
    let mut peer = logged_in(&gateway);
    for (line, code) in [
        ("PORT 192,0,2,1,200,1", "504"),
        ("EPRT |1|127.0.0.1|80|", "504"),
        ("EPRT |9|x|8000|", "522"),
        ("EPSV 2", "522 Network protocol not supported, use (1)"),
        ("RETR nothing", "425"),
        ("LPSV", "502"),
        ("REIN", "502"),
        ("CCC", "502"),
        ("FROB x", "502"),
        ("MODE B", "504"),
        ("AUTH TLS", "502"),
        ("PBSZ 0", "503"),
        ("TYPE Q", "501"),
        ("", "500"),
        ("EPSV ALL", "200"),
        ("PASV", "501"),
        ("PWD", "257"),
    ] {
        peer.says(line, code);
    }
    peer.says(&"x".repeat(10_000), "500");
    peer.says("NOOP", "200");
}

#[test]
fn a_flood_of_nonsense_ends() {
    let served = plain_server();
    let gateway = Gateway::to(served.address, &[]);
    let mut peer = logged_in(&gateway);
    for _ in 0..101 {
        peer.says("FROB", "502");
    }
    peer.hears("421");
    peer.ends();
    gateway.client(Client::builder()).quit().unwrap();
}

#[test]
fn unencrypted_bytes_behind_auth_end_the_session() {
    let served = plain_server();
    let gateway = Gateway::to(served.address, &tls_for_clients());
    let mut peer = logged_in(&gateway);
    peer.send("AUTH TLS\r\nDELE kept");
    peer.hears("421");
    peer.ends();
    assert!(!gateway.log().contains("DELE"), "{}", gateway.log());
}

#[test]
fn commands_during_a_transfer_are_answered_or_wait() {
    let served = plain_server();
    // More than sockets buffer.
    fs::write(served.root.join("big"), bytes(30_000_000)).unwrap();
    let gateway = Gateway::to(served.address, &[]);
    let mut peer = logged_in(&gateway);
    peer.says("TYPE I", "200");
    let data = (gateway.address.ip(), port(&peer.says("EPSV", "229")));
    let mut data = TcpStream::connect(data).unwrap();
    data.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.says("RETR big", "150");
    peer.says("NOOP", "200");
    peer.send("PWD");
    peer.send("CWD nowhere");
    let mut fetched = Vec::new();
    data.read_to_end(&mut fetched).unwrap();
    assert_eq!(fetched.len(), 30_000_000);
    for code in ["226", "257", "550"] {
        peer.hears(code);
    }
    // And given up.
    let data = (gateway.address.ip(), port(&peer.says("EPSV", "229")));
    let mut data = TcpStream::connect(data).unwrap();
    data.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.says("RETR big", "150");
    data.read_exact(&mut [0; 1000]).unwrap();
    peer.says("ABOR", "426");
    // 225 if the server saw the end of the data connection before it saw ABOR.
    peer.hears("22");
    peer.says("NOOP", "200");
}

#[test]
fn a_client_that_breaks_an_upload_leaves_no_whole_file_behind() {
    let served = plain_server();
    let gateway = Gateway::to(served.address, &[]);
    let mut peer = logged_in(&gateway);
    let data = (gateway.address.ip(), port(&peer.says("EPSV", "229")));
    let mut data = TcpStream::connect(data).unwrap();
    peer.says("STOR part", "150");
    data.write_all(b"the beginning").unwrap();
    gateway.logs("client <--- 150");
    thread::sleep(Duration::from_millis(300));
    socket2::SockRef::from(&data).set_linger(Some(Duration::ZERO)).unwrap();
    drop(data);
    peer.hears("426");
    peer.says("NOOP", "200");
}

#[test]
fn an_upload_that_is_cut_off_under_tls_is_not_passed_on_as_whole() {
    let served = plain_server();
    let gateway = Gateway::to(served.address, &tls_for_clients());
    let sessions = client_tls().sessions("localhost".try_into().unwrap());
    let stream = TcpStream::connect(gateway.address).unwrap();
    let mut peer = Peer::new(stream.try_clone().unwrap());
    peer.hears("220");
    peer.says("AUTH TLS", "234");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let control = rustls::StreamOwned::new(sessions.connect().unwrap(), stream);
    let mut peer = Peer(BufReader::new(Box::new(control)));
    for (line, code) in
        [("USER me", "331"), ("PASS secret", "230"), ("PBSZ 0", "200"), ("PROT P", "200"), ("TYPE I", "200")]
    {
        peer.says(line, code);
    }
    for is_cut in [true, false] {
        let port = port(&peer.says("EPSV", "229"));
        let data = TcpStream::connect((gateway.address.ip(), port)).unwrap();
        peer.says("STOR part", "150");
        let mut data = rustls::StreamOwned::new(sessions.connect().unwrap(), data);
        data.write_all(b"the beginning").unwrap();
        data.flush().unwrap();
        if !is_cut {
            data.conn.send_close_notify();
            data.flush().unwrap();
        }
        data.sock.shutdown(Shutdown::Write).unwrap();
        peer.hears(if is_cut { "426" } else { "226" });
    }
    assert_eq!(fs::read(served.root.join("part")).unwrap(), b"the beginning");
}

#[test]
fn more_clients_than_allowed_are_turned_away() {
    let served = plain_server();
    let gateway = Gateway::to(served.address, &arguments("--max-clients 1"));
    let first = logged_in(&gateway);
    Peer::to(&gateway).hears("421");
    drop(first);
    // The place is free again once the gateway has noticed.
    let end = Instant::now() + PATIENCE;
    while !Peer::to(&gateway).line().starts_with("220") {
        assert!(Instant::now() < end, "no place becomes free");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn an_idle_client_is_disconnected() {
    let served = plain_server();
    let gateway = Gateway::to(served.address, &arguments("--idle-timeout 3"));
    let mut peer = logged_in(&gateway);
    peer.hears("421");
    peer.ends();
}

#[test]
fn nothing_that_a_client_sends_breaks_the_gateway() {
    const WORDS: [&[u8]; 26] = [
        b"\r\n",
        b"\r\n",
        b"\n",
        b"\r",
        b"\0",
        b" ",
        b"\xff",
        b"\xff\xf4\xff\xf2",
        b"EPSV",
        b"PASV",
        b"PORT ",
        b"127,0,0,1,200,1",
        b"EPRT |1|127.0.0.1|8000|",
        b"LIST",
        b"RETR x",
        b"STOR x",
        b"ABOR",
        b"AUTH TLS",
        b"PROT P",
        b"FEAT",
        b"STAT",
        b"NOOP",
        b"REST 5",
        b"QUIT",
        b"MODE Z",
        b"USER me\r\nPASS secret",
    ];
    let served = plain_server();
    let mut options = tls_for_clients();
    options.extend(arguments("--timeout 1"));
    let gateway = Gateway::to(served.address, &options);
    for seed in 0..20 {
        let mut stream = TcpStream::connect(gateway.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut text = b"USER me\r\nPASS secret\r\n".to_vec();
        text.extend(pieces(&WORDS, 60, seed));
        // A gateway that has ended the session reads no more.
        let _ = stream.write_all(&text).and_then(|()| stream.shutdown(Shutdown::Write));
        let _ = stream.read_to_end(&mut Vec::new());
    }
    gateway.client(Client::builder()).quit().unwrap();
}
