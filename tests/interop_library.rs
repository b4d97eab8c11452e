//! The library's blocking client with the servers that people run, for what the `ftp` program has no words for. Run by name, as
//! root, after tests/peers/install.sh: `cargo test --test interop_library`.

mod peers;

use ftp_proto::client::{AbortPolicy, Config, DataConnection};
use ftp_proto::codec::{Features, RepresentationType, Timestamp, TransferMode};
use ftp_proto::io::std::Client;
use peers::content::noise;
use peers::site::{PASSWORD, Site, USER};
use std::io::{Read, Write};

macro_rules! table {
    ($($operation:ident: $($server:ident)+;)+) => {
        $(mod $operation {
            $(#[test]
            #[allow(non_snake_case)]
            fn $server() {
                super::$operation(&super::Site::theirs(super::$server));
            })+
        })+
    };
}

const VSFTPD: &str = "vsftpd";
const PROFTPD: &str = "proftpd";
const PURE_FTPD: &str = "pure-ftpd";

table! {
    gives_transfers_up_anywhere:           VSFTPD PROFTPD PURE_FTPD;
    converts_the_lines_of_text:            VSFTPD PROFTPD PURE_FTPD;
    restarts_in_the_middle:                VSFTPD PROFTPD PURE_FTPD;
    sets_the_time_where_that_is_offered:   VSFTPD PROFTPD PURE_FTPD;
    moves_files_in_mode_z:                 PROFTPD;
}

fn client(site: &Site, config: Config) -> Client {
    let mut client = Client::builder().config(config).connect(("127.0.0.1", site.port)).unwrap();
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

/// Twenty points of a large transfer, by ABOR or by dropping it, up and down; then the connection still
/// moves files.
fn gives_transfers_up_anywhere(site: &Site) {
    let big = noise(8_000_000);
    site.seed("big", &big);
    for (policy, data_connection) in
        [(AbortPolicy::Abor, DataConnection::Passive), (AbortPolicy::Abor, DataConnection::Active)]
    {
        let mut config = Config::default();
        (config.abort, config.data_connection) = (policy, data_connection);
        let mut client = client(site, config);
        for point in 0..20u64 {
            let count = point * point * 17_011;
            let mut retrieve = client.retrieve("big").unwrap();
            let mut start = vec![0; usize::try_from(count).unwrap()];
            retrieve.read_exact(&mut start).unwrap();
            assert_eq!(start, big[..start.len()]);
            match point % 2 {
                0 => retrieve
                    .abort()
                    .unwrap_or_else(|error| panic!("{policy:?} {data_connection:?} {point}: {error}")),
                _ => drop(retrieve),
            }
            let mut store = client.store("up").unwrap();
            store.write_all(&big[..start.len()]).unwrap();
            match point % 2 {
                0 => store.abort().unwrap(),
                _ => drop(store),
            }
            let small = noise(1000 + start.len() % 1000);
            put(&mut client, "small", &small);
            assert_eq!(got(&mut client, "small"), small, "{policy:?} {data_connection:?} {point}");
        }
        client.quit().unwrap();
    }
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
    let names: Vec<_> = client.list("").unwrap().map(|line| line.unwrap().unwrap()).collect();
    assert_eq!(names.iter().filter(|entry| !entry.entry().kind.is_dot()).count(), 1);
    client.set_mode(TransferMode::Stream).unwrap();
    assert_eq!(got(&mut client, "file"), noise(1_000_000));
}
