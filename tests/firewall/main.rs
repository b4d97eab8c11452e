//! Transfers behind a firewall with Linux's FTP helper (nf_conntrack_ftp), which opens the ports of data connections as it reads of
//! them in the dialogue, and reads only what is at the start of a packet. Each test has a network namespace of its own. Run by
//! name, as root, after tests/peers/install.sh: `cargo test --test firewall`. Where the kernel has no such helper the tests say so and
//! pass, unless `FTP_PROTO_NEEDS_CONNTRACK=1`.

#[path = "../peers/mod.rs"]
#[allow(unused_macros)]
mod peers;

mod inside;

use ftp_proto::client::{Config, Profile};
use ftp_proto::io::Direction;
use ftp_proto::io::std::Client as FtpClient;
use inside::{close, inside};
use peers::clients::{CURL, Client, IPV6_WAYS, LFTP, Request, Way, lftp_does};
use peers::content::bytes;
use peers::site::{IPV4, IPV6, PASSWORD, PROFTPD, PURE_FTPD, Site, USER, VSFTPD};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// Our own server.
const OURS: &str = "ours";

/// Longer than any transfer here takes, and shorter than it takes to find out that a port is closed.
const SOON: Duration = Duration::from_secs(8);

/// The namespace's address of IPv6 that is no loopback's: from that one lftp sends `EPRT |2|::|`.
const GLOBAL: IpAddr = IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1));

/// As the table of the interoperability tests: a test for each peer of a rule's row, in a namespace of its own.
macro_rules! behind_a_firewall {
    ($($rule:ident: $($peer:ident)+;)+) => {
        $(mod $rule {
            $(#[test]
            #[allow(non_snake_case)]
            fn $peer() {
                let name = concat!(stringify!($rule), "::", stringify!($peer));
                crate::inside(name, || crate::$rule(&crate::$peer));
            })+
        })+
    };
}

behind_a_firewall! {
    our_client_is_in_passive_mode:   OURS VSFTPD PROFTPD PURE_FTPD;
    our_client_is_in_active_mode:    OURS VSFTPD PROFTPD PURE_FTPD;
    our_client_sends_commands_together: OURS VSFTPD PROFTPD PURE_FTPD;
    our_server_has_a_client:         CURL LFTP;
    our_server_has_a_client_that_sends_commands_together: LFTP;
}

/// A server of that kind at both addresses, and the firewall around it.
fn closed(server: &str) -> Site {
    let site = match server {
        OURS => Site::ours_at(Ipv6Addr::UNSPECIFIED.into(), &[]).at(IPV4),
        theirs => Site::theirs(theirs),
    };
    site.seed("file", &bytes());
    close(site.port);
    site
}

/// Moves data both ways, `active` or not, over a connection to `host` for which that is known of the server: data
/// connections come about by `way` at the first attempt.
#[track_caller]
fn moves_data(site: &Site, host: IpAddr, active: bool, profile: Profile, way: &str) {
    moves_data_with(Config::default(), site, host, active, profile, way);
}

#[track_caller]
fn moves_data_with(mut config: Config, site: &Site, host: IpAddr, active: bool, profile: Profile, way: &str) {
    let log = Arc::new(Mutex::new(Vec::new()));
    let trace = Arc::clone(&log);
    let show = move |direction, line: ftp_proto::codec::Redacted<'_>| {
        if direction == Direction::Sent {
            trace.lock().unwrap().push(line.to_string());
        }
    };
    let start = Instant::now();
    config.timeouts.reply = SOON;
    let builder = FtpClient::builder().config(config).active(active).profile(profile).trace(show);
    let mut client = builder.connect(SocketAddr::new(host, site.port)).unwrap();
    client.login(USER, PASSWORD).unwrap();
    let mut store = client.store("new").unwrap();
    store.write_all(&bytes()).unwrap();
    store.finish().unwrap();
    site.root.holds("new", &bytes());
    assert!(client.list("").unwrap().filter(|entry| entry.is_ok()).count() >= 2);
    for _ in 0..2 {
        let mut back = Vec::new();
        client.retrieve("file").unwrap().read_to_end(&mut back).unwrap();
        assert!(back == bytes());
    }
    client.delete("new").unwrap();
    let log = log.lock().unwrap();
    let verbs = log.iter().filter_map(|line| line.split(' ').next());
    let ways: Vec<_> = verbs.filter(|verb| ["EPSV", "PASV", "EPRT", "PORT"].contains(verb)).collect();
    // One each, and another for LIST where MLSD was refused.
    assert!(ways.len() >= 4 && ways.iter().all(|verb| *verb == way), "{host}, {way}: {log:#?}");
    assert!(start.elapsed() < SOON, "{host}, {way}: {:?}: {log:#?}", start.elapsed());
}

fn our_client_is_in_passive_mode(server: &str) {
    let site = closed(server);
    for host in [IPV4, IPV6] {
        moves_data(&site, host, false, Profile::empty(), "EPSV");
    }
    moves_data(&site, IPV4, false, Profile::NO_EPSV, "PASV");
}

fn our_client_is_in_active_mode(server: &str) {
    let site = closed(server);
    for host in [IPV4, IPV6] {
        moves_data(&site, host, true, Profile::empty(), "EPRT");
    }
    moves_data(&site, IPV4, true, Profile::NO_EPRT, "PORT");
}

/// What says where data goes has a packet of its own all the same.
fn our_client_sends_commands_together(server: &str) {
    let site = closed(server);
    let mut config = Config::default();
    config.pipelining = true;
    for (active, profile, way) in [
        (false, Profile::empty(), "EPSV"),
        (false, Profile::NO_EPSV, "PASV"),
        (true, Profile::empty(), "EPRT"),
        (true, Profile::NO_EPRT, "PORT"),
    ] {
        moves_data_with(config.clone(), &site, IPV4, active, profile, way);
    }
}

fn our_server_has_a_client(client: &Client) {
    let mut site = closed(OURS);
    for (host, ways) in [(IPV4, client.ipv4_ways), (GLOBAL, IPV6_WAYS)] {
        site = site.at(host);
        let (got, mine) = (site.local.path("got"), site.local.write("mine", &bytes()));
        for &way in ways {
            let by = |request| {
                let start = Instant::now();
                let outcome = client.tries_by(way, &site, request).succeeds();
                assert_eq!(outcome.ways(), [way.verb()], "{outcome}");
                assert!(start.elapsed() < SOON, "{way:?}: {:?}: {outcome}", start.elapsed());
                outcome
            };
            assert_eq!(client.names(&by(Request::Names(""))), ["file"]);
            by(Request::Get("file", &got));
            site.local.holds("got", &bytes());
            fs::remove_file(&got).unwrap();
            by(Request::Put(&mine, "theirs"));
            site.root.holds("theirs", &bytes());
            fs::remove_file(site.root.path("theirs")).unwrap();
        }
    }
}

/// In passive mode: by its own PORT such a client locks itself out.
fn our_server_has_a_client_that_sends_commands_together(_: &Client) {
    let site = closed(OURS);
    for (prefer, way) in [("yes", Way::Epsv), ("no", Way::Pasv)] {
        let start = Instant::now();
        let settings = format!("set cmd:fail-exit yes\nset ftp:sync-mode off\nset ftp:prefer-epsv {prefer}");
        let got = site.local.path("got");
        let outcome = lftp_does(&site, &settings, &format!("get ./file -o {}", got.display())).succeeds();
        site.local.holds("got", &bytes());
        fs::remove_file(&got).unwrap();
        assert_eq!(outcome.ways(), [way.verb()], "{outcome}");
        assert!(start.elapsed() < SOON, "{way:?}: {:?}: {outcome}", start.elapsed());
    }
}

/// Writes `lines` at once, and reads as many lines.
fn exchange(control: &mut BufReader<TcpStream>, lines: &str) -> Vec<String> {
    control.get_mut().write_all(lines.as_bytes()).unwrap();
    lines.lines().map(|_| read_line(control)).collect()
}

fn read_line(control: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    control.read_line(&mut line).unwrap();
    line
}

fn dial(address: SocketAddr) -> BufReader<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, SOON).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.set_nodelay(true).unwrap();
    BufReader::new(stream)
}

/// The port that 227 or 229 names.
fn port(reply: &str) -> u16 {
    let (_, inside) = reply.split_once('(').unwrap();
    let numbers: Vec<u16> = inside.split(|c: char| !c.is_ascii_digit()).flat_map(str::parse).collect();
    match numbers[..] {
        [port] => port,
        [_, _, _, _, high, low] => high * 256 + low,
        _ => panic!("{reply}"),
    }
}

#[test]
fn our_server_answers_commands_that_came_together() {
    inside("our_server_answers_commands_that_came_together", || {
        let site = closed(OURS);
        for (before, line, behind) in [
            ("", "EPSV\r\n", ""),
            ("TYPE I\r\n", "EPSV\r\n", ""),
            ("TYPE I\r\n", "PASV\r\n", "NOOP\r\n"),
            ("NOOP\r\nTYPE A\r\nSIZE file\r\n", "EPSV\r\n", "NOOP\r\n"),
            ("", "PASV\r\n", "NOOP\r\nNOOP\r\n"),
        ] {
            let mut control = dial(site.address());
            assert!(read_line(&mut control).starts_with("220"));
            exchange(&mut control, &format!("USER {USER}\r\nPASS {PASSWORD}\r\n"));
            let replies = exchange(&mut control, &format!("{before}{line}{behind}"));
            let reply = &replies[before.lines().count()];
            let data = SocketAddr::new(IPV4, port(reply));
            let dialled = TcpStream::connect_timeout(&data, Duration::from_secs(3));
            assert!(dialled.is_ok(), "{dialled:?} after {replies:?}");
        }
    });
}

/// That the firewall is one, and what its helper overlooks: without this the other tests would say nothing.
#[test]
fn the_helper_reads_nothing_but_the_start_of_a_packet() {
    inside("the_helper_reads_nothing_but_the_start_of_a_packet", || {
        let listener = TcpListener::bind((IPV4, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let waiting = TcpListener::bind((IPV4, 0)).unwrap();
        let data = waiting.local_addr().unwrap();
        close(address.port());
        let reply = format!("229 (|||{}|)\r\n", data.port());
        let packets = [
            vec!["200 .\r\n200 .\r\n".to_owned()],
            vec![format!("200 .\r\n{reply}")],
            vec!["200 .\r\n".to_owned(), reply],
        ];
        thread::spawn(move || {
            for (stream, packets) in listener.incoming().zip(packets) {
                let mut stream = stream.unwrap();
                stream.set_nodelay(true).unwrap();
                for packet in packets {
                    stream.write_all(packet.as_bytes()).unwrap();
                }
                let _ = stream.read_to_end(&mut Vec::new());
            }
        });
        for opens in [false, false, true] {
            let mut control = dial(address);
            control.get_mut().write_all(b"EPSV\r\n").unwrap();
            let lines = [read_line(&mut control), read_line(&mut control)];
            let dialled = TcpStream::connect_timeout(&data, Duration::from_millis(1500));
            assert_eq!(dialled.is_ok(), opens, "{dialled:?} after {lines:?}");
        }
    });
}
