//! The library's blocking client with the servers that people run and with our own, for what the `ftp` program has no words for. Run by name, as
//! root, after tests/peers/install.sh: `cargo test --test interop_library`.

#[macro_use]
mod peers;

use ftp_proto::client::{AbortPolicy, Config, DataConnection, Profile};
use ftp_proto::codec::{Features, RepresentationType, Timestamp, TransferMode};
use ftp_proto::io::Direction;
use ftp_proto::io::std::{Client, ClientBuilder};
use peers::content::noise;
use peers::site::{IPV4, IPV6, PASSWORD, PROFTPD, PURE_FTPD, PYFTPDLIB, Site, USER, VSFTPD};
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

table! {
    site;
    moves_data_every_way:                  OURS VSFTPD PROFTPD PURE_FTPD;
    gives_transfers_up_anywhere:           OURS VSFTPD PROFTPD PURE_FTPD;
    gives_transfers_up_by_synch:           OURS VSFTPD PROFTPD;
    hears_the_mark_of_a_synch_at_once:     VSFTPD;
    knows_no_abor_behind_a_synch:          PURE_FTPD;
    converts_the_lines_of_text:            OURS VSFTPD PROFTPD PURE_FTPD;
    restarts_in_the_middle:                OURS VSFTPD PROFTPD PURE_FTPD;
    sets_the_time_where_that_is_offered:   OURS VSFTPD PROFTPD PURE_FTPD;
    moves_files_in_mode_z:                 OURS PROFTPD;
    downloads_many_files_of_a_series:      OURS VSFTPD PROFTPD PURE_FTPD PYFTPDLIB;
}

/// Ours is at an address of its own, which is another host's to the server at 127.0.0.1.
mod between_servers {
    use super::*;

    const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

    #[test]
    fn a_file_goes_there_and_back_where_both_allow_it() {
        let content = noise(3_000_000);
        for server in [OURS, VSFTPD, PROFTPD] {
            let ours = Site::ours_at(ELSEWHERE, &["--foreign-addresses"]);
            let other = match server {
                OURS => Site::ours(&["--foreign-addresses"]),
                theirs => Site::theirs_for_fxp(theirs),
            };
            ours.seed("file", &content);
            let (mut here, mut there) = (client(&ours, Config::default()), client(&other, Config::default()));
            for _ in 0..3 {
                here.transfer_to("file", &mut there, "copy").unwrap();
                other.root.holds("copy", &content);
                there.transfer_to("copy", &mut here, "back").unwrap();
                ours.root.holds("back", &content);
            }
            here.quit().unwrap();
            there.quit().unwrap();
        }
    }

    #[test]
    fn a_refusal_leaves_both_usable() {
        for server in [OURS, VSFTPD, PROFTPD] {
            let (ours, other) = (Site::ours_at(ELSEWHERE, &[]), self::site(server));
            ours.seed("file", b"x");
            let (mut here, mut there) = (client(&ours, Config::default()), client(&other, Config::default()));
            here.transfer_to("missing", &mut there, "copy").unwrap_err();
            assert!(!other.root.has("copy"), "{server}");
            put(&mut there, "mine", b"y");
            assert_eq!((got(&mut here, "file"), got(&mut there, "mine")), (b"x".to_vec(), b"y".to_vec()));
        }
    }
}

/// Our own server, to stand beside theirs.
const OURS: &str = "ours";

fn site(server: &str) -> Site {
    match server {
        OURS => Site::ours_at(Ipv6Addr::UNSPECIFIED.into(), &[]).at(IPV4),
        theirs => Site::theirs(theirs),
    }
}

fn client(site: &Site, config: Config) -> Client {
    log_in(Client::builder().config(config), site.address())
}

fn log_in(builder: ClientBuilder, address: SocketAddr) -> Client {
    let mut client = builder.connect(address).unwrap();
    client.login(USER, PASSWORD).unwrap();
    client
}

fn put(client: &mut Client, path: &str, content: &[u8]) {
    let mut store = client.store(path).unwrap();
    store.write_all(content).unwrap();
    store.finish().unwrap();
}

fn got(client: &mut Client, path: &str) -> Vec<u8> {
    let mut content = Vec::new();
    client.retrieve(path).unwrap().read_to_end(&mut content).unwrap();
    content
}

/// The verbs of each protocol, and what is known of a server where they are the ones.
const WAYS: [(IpAddr, DataConnection, Profile, &str); 6] = [
    (IPV4, DataConnection::Passive, Profile::empty(), "EPSV"),
    (IPV4, DataConnection::Passive, Profile::NO_EPSV, "PASV"),
    (IPV4, DataConnection::Active, Profile::empty(), "EPRT"),
    (IPV4, DataConnection::Active, Profile::NO_EPRT, "PORT"),
    (IPV6, DataConnection::Passive, Profile::empty(), "EPSV"),
    (IPV6, DataConnection::Active, Profile::empty(), "EPRT"),
];

/// Keeps the lines of one direction.
fn traced(builder: ClientBuilder, kept: Direction) -> (ClientBuilder, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&lines);
    let builder = builder.trace(move |direction, line| {
        if direction == kept {
            seen.lock().unwrap().push(line.to_string());
        }
    });
    (builder, lines)
}

fn moves_data_every_way(site: &Site) {
    let content = noise(300_000);
    for (host, data_connection, profile, verb) in WAYS {
        let mut config = Config::default();
        config.data_connection = data_connection;
        let builder = Client::builder().config(config).profile(profile);
        let (builder, lines) = traced(builder, Direction::Sent);
        let mut client = log_in(builder, SocketAddr::new(host, site.port));
        put(&mut client, "file", &content);
        assert_eq!(got(&mut client, "file"), content);
        let names = client.names("").unwrap().map(|line| line.unwrap().into_entry().unwrap());
        assert!(names.filter(|entry| entry.entry().name.as_bytes().ends_with(b"file")).count() == 1);
        client.quit().unwrap();
        let lines = lines.lock().unwrap();
        let verbs = lines.iter().filter_map(|line| line.split(' ').next());
        let ways: Vec<&str> = verbs.filter(|verb| ["EPSV", "PASV", "EPRT", "PORT"].contains(verb)).collect();
        assert_eq!(ways, [verb; 3], "{host}: {lines:?}");
    }
}

fn gives_transfers_up_anywhere(site: &Site) {
    give_up(site, AbortPolicy::Abor);
}

/// By ABOR behind Telnet's Synch, whose mark is urgent data.
fn gives_transfers_up_by_synch(site: &Site) {
    give_up(site, AbortPolicy::AborWithSynch);
}

/// Twenty points of a large transfer, by asking for it or by dropping it, down and up; then the connection still moves files.
fn give_up(site: &Site, policy: AbortPolicy) {
    const POINTS: usize = 20;
    let big = noise(8_000_000);
    site.seed("big", &big);
    for data_connection in [DataConnection::Passive, DataConnection::Active] {
        let mut config = Config::default();
        (config.abort, config.data_connection) = (policy, data_connection);
        let mut client = client(site, config);
        for (point, random) in noise(2 * POINTS).chunks(2).enumerate() {
            // At the start of all, and anywhere.
            let count = if point == 0 { 0 } else { usize::from(random[0]) << 14 | usize::from(random[1]) };
            let which = format!("{policy:?} {data_connection:?} {point}: {count}");
            for drops in [false, true] {
                let mut retrieve = client.retrieve("big").unwrap();
                let mut start = vec![0; count];
                retrieve.read_exact(&mut start).unwrap();
                assert!(start == big[..count], "{which}");
                match drops {
                    true => drop(retrieve),
                    false => retrieve.abort().unwrap_or_else(|error| panic!("{which}: {error}")),
                }
                let small = noise(1000 + count % 1000);
                put(&mut client, "small", &small);
                assert!(got(&mut client, "small") == small, "{which}");
                let mut store = client.store("up").unwrap();
                store.write_all(&start).unwrap();
                match drops {
                    true => drop(store),
                    false => store.abort().unwrap_or_else(|error| panic!("{which}: {error}")),
                }
                put(&mut client, "small", &small);
                assert!(got(&mut client, "small") == small, "{which}");
            }
        }
        assert!(!client.profile().contains(Profile::NO_SYNCH));
        client.quit().unwrap();
    }
}

/// vsftpd looks at its control connection during a transfer only if urgent data interrupts it; else ABOR comes too late.
fn hears_the_mark_of_a_synch_at_once(site: &Site) {
    site.seed("big", &noise(8_000_000));
    for (policy, answer) in [(AbortPolicy::Abor, "225"), (AbortPolicy::AborWithSynch, "226")] {
        let mut config = Config::default();
        config.abort = policy;
        let (builder, replies) = traced(Client::builder().config(config), Direction::Received);
        let mut client = log_in(builder, site.address());
        let mut retrieve = client.retrieve("big").unwrap();
        retrieve.read_exact(&mut [0; 1000]).unwrap();
        retrieve.abort().unwrap();
        let replies = replies.lock().unwrap();
        assert!(replies.last().unwrap().starts_with(answer), "{policy:?}: {replies:?}");
    }
}

/// Pure-FTPd often says nothing at all then: that connection cannot be saved, but the next is. Where it does answer, the
/// connection goes on.
fn knows_no_abor_behind_a_synch(site: &Site) {
    let big = noise(8_000_000);
    site.seed("big", &big);
    let mut config = Config::default();
    (config.abort, config.timeouts.abort) = (AbortPolicy::AborWithSynch, Duration::from_secs(1));
    let mut first = client(site, config.clone());
    let mut retrieve = first.retrieve("big").unwrap();
    retrieve.read_exact(&mut [0; 1000]).unwrap();
    if retrieve.abort().is_ok() {
        return assert!(got(&mut first, "big") == big);
    }
    let profile = first.profile();
    assert!(profile.contains(Profile::NO_SYNCH));
    let mut next = log_in(Client::builder().config(config).profile(profile), site.address());
    let mut retrieve = next.retrieve("big").unwrap();
    retrieve.read_exact(&mut [0; 1000]).unwrap();
    retrieve.abort().unwrap();
    assert!(got(&mut next, "big") == big);
}

fn converts_the_lines_of_text(site: &Site) {
    let mut client = client(site, Config::default());
    let text = b"one\ntwo\n\nthree, without an end".repeat(1000);
    let mut store = client.store_as("text", RepresentationType::ASCII).unwrap();
    store.write_all(&text).unwrap();
    store.finish().unwrap();
    site.root.holds("text", &text);
    let mut back = Vec::new();
    let mut retrieve = client.retrieve_as("text", 0, RepresentationType::ASCII).unwrap();
    retrieve.read_to_end(&mut back).unwrap();
    assert_eq!(back, text);
}

fn restarts_in_the_middle(site: &Site) {
    let mut client = client(site, Config::default());
    let content = noise(1_000_000);
    site.seed("file", &content[..400_000]);
    let mut store = client.store_from("file", 400_000).unwrap();
    store.write_all(&content[400_000..]).unwrap();
    store.finish().unwrap();
    site.root.holds("file", &content);
    let mut rest = Vec::new();
    let mut retrieve = client.retrieve_from("file", 600_000).unwrap();
    assert_eq!(retrieve.offset(), 600_000);
    retrieve.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, content[600_000..]);
    assert_eq!(got(&mut client, "file"), content, "the offset held for one transfer");
}

fn sets_the_time_where_that_is_offered(site: &Site) {
    let mut client = client(site, Config::default());
    put(&mut client, "file", b"content");
    let features = client.features().unwrap();
    if features.contains(Features::MFMT) {
        let time = Timestamp::new(2001, 2, 3, 4, 5, 6).unwrap();
        client.set_modification_time("file", time).unwrap();
        assert_eq!(client.modification_time("file").unwrap(), time);
    }
    assert_eq!(client.size("file").unwrap(), 7);
    client.noop().unwrap();
}

fn moves_files_in_mode_z(site: &Site) {
    let mut client = client(site, Config::default());
    assert!(client.features().unwrap().contains(Features::MODE_Z));
    client.set_mode(TransferMode::Deflate).unwrap();
    // ProFTPD cannot inflate what was deflated to a thousandth, whoever sends it: hence no long repetition.
    let text: Vec<u8> = (0..50_000).flat_map(|n: u32| format!("line {n}\n").into_bytes()).collect();
    for content in [Vec::new(), text, noise(1_000_000)] {
        put(&mut client, "file", &content);
        site.root.holds("file", &content);
        assert_eq!(got(&mut client, "file"), content);
    }
    let names: Vec<_> = client.list("").unwrap().map(|line| line.unwrap().into_entry().unwrap()).collect();
    assert_eq!(names.iter().filter(|entry| !entry.entry().kind.is_dot()).count(), 1);
    client.set_mode(TransferMode::Stream).unwrap();
    assert_eq!(got(&mut client, "file"), noise(1_000_000));
}

/// With pipelining and without, files that are missing among them, and one that is larger than any buffer.
fn downloads_many_files_of_a_series(site: &Site) {
    let names: Vec<String> = (0..150).map(|index| format!("file {index}")).collect();
    let content = |index: usize| match index {
        0..150 if index % 10 == 7 => None,
        40 => Some(noise(3_000_000)),
        index => Some(noise(index * 30)),
    };
    for (index, name) in names.iter().enumerate() {
        content(index).inspect(|content| site.seed(name, content));
    }
    for (host, data_connection, profile, verb) in WAYS {
        for pipelining in [false, true] {
            let mut config = Config::default();
            (config.data_connection, config.pipelining) = (data_connection, pipelining);
            let (builder, sent) = traced(Client::builder().config(config).profile(profile), Direction::Sent);
            let mut client = log_in(builder, SocketAddr::new(host, site.port));
            let mut downloads = client.retrieve_many(&names);
            let mut count = 0;
            while let Some((name, download)) = downloads.next_file() {
                assert_eq!(*name, names[count]);
                match content(count) {
                    None => assert!(download.unwrap_err().refused().is_some(), "{name}"),
                    Some(content) => {
                        let mut got = Vec::new();
                        download.unwrap().read_to_end(&mut got).unwrap();
                        assert!(got == content, "{name} by {verb}, pipelining: {pipelining}");
                    }
                }
                count += 1;
            }
            assert_eq!(count, names.len());
            client.noop().unwrap();
            let profile = client.profile();
            client.quit().unwrap();
            // pyftpdlib carries out commands during a transfer; the others take them in order.
            let tried = pipelining && data_connection == DataConnection::Passive;
            let order = match site.name() {
                PYFTPDLIB => Profile::OUT_OF_ORDER,
                _ => Profile::IN_ORDER,
            };
            let known = profile & (Profile::IN_ORDER | Profile::OUT_OF_ORDER | Profile::NO_PIPELINING);
            assert_eq!(known, if tried { order } else { Profile::empty() });
            let sent = sent.lock().unwrap();
            let addresses = sent.iter().filter(|line| line.starts_with(verb)).count();
            assert_eq!(addresses, names.len(), "{verb}: one address a file");
        }
    }
}
