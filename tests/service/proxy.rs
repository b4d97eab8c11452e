//! Servers behind proxies.

use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use std::{fs, thread};

use ftp_proto::io::Proxies;

use crate::site::{Runtime, Setup, Site};

const V1: &[u8] = b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 21\r\n";
const V1_OF_IPV6: &[u8] = b"PROXY TCP6 2001:db8::7 2001:db8::1 40000 21\r\n";
const UNKNOWN: &[u8] = b"PROXY UNKNOWN ffff:: ffff:: 1 2\r\n";
const LOCAL: &[u8] = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";
/// From 192.0.2.7, with an extension (PP2_TYPE_NOOP) behind the addresses.
const V2: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x11\xc0\x00\x02\x07\xc6\x33\x64\x01\x9c\x40\x00\x15\x04\x00\x02..";

fn site(runtime: Runtime, proxies: Proxies) -> Site {
    Site::with(runtime, Setup { proxies: Some(proxies), ..Setup::default() })
}

/// A client at the other side of a proxy: what it says, and what is answered.
struct Peer {
    lines: BufReader<TcpStream>,
}

impl Peer {
    fn new(site: &Site, header: &[&[u8]]) -> Self {
        let mut stream = TcpStream::connect(site.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        for piece in header {
            stream.write_all(piece).unwrap();
            thread::sleep(Duration::from_millis(5));
        }
        Self { lines: BufReader::new(stream) }
    }

    /// The last line of the next reply.
    fn reply(&mut self) -> String {
        for _ in 0..100 {
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            if line.as_bytes().get(3) == Some(&b' ') && !line.starts_with(' ') {
                return line;
            }
        }
        panic!("no reply");
    }

    #[track_caller]
    fn says(&mut self, line: &str, code: &str) -> String {
        self.lines.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
        let reply = self.reply();
        assert!(reply.starts_with(code), "{line}: {reply}");
        reply
    }

    #[track_caller]
    fn log_in(&mut self) {
        let greeting = self.reply();
        assert!(greeting.starts_with("220"), "{greeting}");
        self.says("USER me", "331");
        self.says("PASS secret", "230");
    }

    /// Where the server sees it.
    fn address(&mut self) -> String {
        self.lines.get_mut().write_all(b"STAT\r\n").unwrap();
        for _ in 0..20 {
            let mut line = String::new();
            self.lines.read_line(&mut line).unwrap();
            if let Some((_, address)) = line.trim_end().split_once("Connected from ") {
                let address = address.to_owned();
                self.reply();
                return address;
            }
        }
        panic!("no address");
    }

    /// Connects to a passive port, from here: the proxy's side.
    fn passive(&mut self) -> TcpStream {
        let reply = self.says("EPSV", "229");
        let port = reply.split('|').nth(3).unwrap().parse().unwrap();
        let here: IpAddr = self.lines.get_ref().peer_addr().unwrap().ip();
        TcpStream::connect(SocketAddr::new(here, port)).unwrap()
    }
}

#[test]
fn the_client_is_who_the_header_names() {
    for runtime in Runtime::ALL {
        let site = site(runtime, Proxies::any());
        let (v1, v2): (Vec<_>, Vec<_>) = (V1.chunks(1).collect(), V2.chunks(5).collect());
        let cases: [(&[&[u8]], &str); 7] = [
            (&[V1], "192.0.2.7"),
            (&[V1_OF_IPV6], "2001:db8::7"),
            (&v1, "192.0.2.7"),
            (&[V2], "192.0.2.7"),
            (&v2, "192.0.2.7"),
            (&[UNKNOWN], "127.0.0.1"),
            (&[LOCAL], "127.0.0.1"),
        ];
        for (header, address) in cases {
            let mut peer = Peer::new(&site, header);
            peer.log_in();
            assert_eq!(peer.address(), address);
            peer.says("QUIT", "221");
        }
    }
}

#[test]
fn what_follows_the_header_is_the_clients() {
    for runtime in Runtime::ALL {
        let site = site(runtime, Proxies::any());
        for header in [V1, V2] {
            let mut peer = Peer::new(&site, &[&[header, b"USER me\r\n"].concat()]);
            assert!(peer.reply().starts_with("220"));
            assert!(peer.reply().starts_with("331"));
        }
    }
}

#[test]
fn data_comes_through_the_proxy_and_goes_to_the_client_alone() {
    for runtime in Runtime::ALL {
        let site = site(runtime, Proxies::any());
        fs::write(site.path("file"), b"content").unwrap();
        let mut peer = Peer::new(&site, &[V1]);
        peer.log_in();
        let mut data = peer.passive();
        peer.says("RETR file", "150");
        let mut received = Vec::new();
        data.read_to_end(&mut received).unwrap();
        assert_eq!(received, b"content");
        assert!(peer.reply().starts_with("226"));
        // The proxy's own address is none of the client's.
        peer.says("PORT 127,0,0,1,200,1", "5");
        peer.says("PORT 192,0,2,7,200,1", "200");
    }
}

#[test]
fn whoever_says_no_header_gets_no_word() {
    let too_long = [b"\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff".as_slice(), &[0; 9000]].concat();
    let cases: [&[u8]; 6] = [
        b"USER me\r\nPASS secret\r\n",
        b"PROXY TCP4 192.0.2.7 nonsense 40000 21\r\n",
        b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 21 and so on and so on and so on and so on and so on and so on and so on",
        b"PROPFIND / HTTP/1.1\r\n\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x31\x11\x00\x0c\xc0\x00\x02\x07\xc6\x33\x64\x01\x9c\x40\x00\x15",
        &too_long,
    ];
    for runtime in Runtime::ALL {
        let site = site(runtime, Proxies::any());
        for garbage in cases {
            let mut stream = TcpStream::connect(site.address).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
            let _ = stream.write_all(garbage);
            closed_untold(&mut stream);
        }
    }
}

#[track_caller]
fn closed_untold(stream: &mut TcpStream) {
    match stream.read(&mut [0; 100]) {
        Ok(count) => assert_eq!(count, 0),
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
}

#[test]
fn a_header_has_its_time() {
    for runtime in Runtime::ALL {
        let site = site(runtime, Proxies::any().with_timeout(Duration::from_millis(300)));
        let start = Instant::now();
        let mut stream = TcpStream::connect(site.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        // A byte now and then makes no difference.
        for byte in &V1[..10] {
            let _ = stream.write_all(&[*byte]);
            thread::sleep(Duration::from_millis(50));
        }
        closed_untold(&mut stream);
        assert!(start.elapsed() < Duration::from_secs(3));
    }
}

#[test]
fn no_header_is_waited_for_when_the_server_ends() {
    for runtime in Runtime::ALL {
        let site = site(runtime, Proxies::any().with_timeout(Duration::from_secs(60)));
        let mut waiting: Vec<_> = [&b""[..], &V1[..10], &V2[..20]]
            .into_iter()
            .map(|begun| {
                let mut stream = TcpStream::connect(site.address).unwrap();
                stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
                stream.write_all(begun).unwrap();
                stream
            })
            .collect();
        let mut peer = Peer::new(&site, &[V1]);
        peer.log_in();
        thread::sleep(Duration::from_millis(100));
        let start = Instant::now();
        site.shutdown.shut_down(Duration::from_secs(60));
        waiting.iter_mut().for_each(closed_untold);
        assert!(peer.reply().starts_with("421"), "who is in is told");
        drop(peer);
        site.ends();
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}

#[test]
fn only_the_proxies_are_believed() {
    for runtime in Runtime::ALL {
        let site = site(runtime, Proxies::at(["192.0.2.99".parse().unwrap()]));
        let mut stream = TcpStream::connect(site.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
        let _ = stream.write_all(V1);
        closed_untold(&mut stream);
        let here = ["::ffff:127.0.0.1".parse().unwrap()];
        let site = self::site(runtime, Proxies::at(here));
        Peer::new(&site, &[V1]).log_in();
    }
}

#[test]
fn clients_are_counted_not_their_proxy() {
    for runtime in Runtime::ALL {
        let proxies = Some(Proxies::any());
        let site = Site::with(runtime, Setup { proxies, per_address: Some(1), ..Setup::default() });
        let mut first = Peer::new(&site, &[V1]);
        first.log_in();
        let mut second = Peer::new(&site, &[V1]);
        let mut third = Peer::new(&site, &[V1_OF_IPV6]);
        assert!(second.reply().starts_with("421"));
        third.log_in();
    }
}

#[test]
fn failed_logins_count_for_the_client_and_not_for_its_proxy() {
    for runtime in Runtime::ALL {
        let mut setup = Setup { proxies: Some(Proxies::any()), ..Setup::default() };
        setup.config.timeouts.login_delay = Duration::ZERO;
        let site = Site::with(runtime, setup);
        // Five logins are not delayed; the sixth waits half a second and the seventh a second.
        for _ in 0..7 {
            let mut guesser = Peer::new(&site, &[V1]);
            assert!(guesser.reply().starts_with("220"));
            guesser.says("USER me", "331");
            guesser.says("PASS guess", "530");
        }
        let login_takes = |header| {
            let mut peer = Peer::new(&site, &[header]);
            let start = Instant::now();
            peer.log_in();
            start.elapsed()
        };
        // Other clients of the same proxy, and the proxy itself, are not slowed down.
        for header in [V1_OF_IPV6, LOCAL] {
            let time = login_takes(header);
            assert!(time < Duration::from_secs(1), "{runtime:?}: {time:?}");
        }
        for header in [V1, V2] {
            let time = login_takes(header);
            assert!(time > Duration::from_millis(1500), "{runtime:?}: {time:?}");
        }
    }
}
