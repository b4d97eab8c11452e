//! What a client does on every runtime and in every wiring.

use super::{
    Client, ClientBuilder, Entries, HOSTS, Retrieve, Store, Wiring, open, read, run, settings, write_all,
};
use crate::peers;
use crate::world::{Security, World, bytes, client_tls};
use ftp_proto::client::{Config, Expected, Mismatch, Side, Verified};
use ftp_proto::codec::{
    ByteRange, Features, FileStructure, HashAlgorithm, RepresentationType, Timestamp, TransferMode,
};
use ftp_proto::io::{Direction, Error, Walker};
use ftp_proto::listing::{Clock, Entry, Modified, Precision};
use ftp_proto::security::Policy;
use ftp_proto::server;
use ftp_proto::transfer::Coding;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

#[path = "protection.rs"]
mod protection;

/// Runs `talk` with a client that is logged in, once for each wiring.
fn everywhere(talk: impl AsyncFn(&mut Client, &World)) {
    for wiring in Wiring::all(HOSTS) {
        let world = World::new(wiring);
        run(async {
            let mut client = connect(&world, wiring).await;
            talk(&mut client, &world).await;
            wait!(client.quit()).unwrap();
        });
    }
}

async fn connect(world: &World, wiring: Wiring) -> Client {
    connect_with(world, wiring, wiring.config()).await
}

async fn connect_with(world: &World, wiring: Wiring, config: Config) -> Client {
    let mut client = wait!(open(builder(wiring).config(config), world.address)).unwrap();
    wait!(client.login("me", "secret")).unwrap();
    client
}

fn builder(wiring: Wiring) -> ClientBuilder {
    let builder = settings();
    match wiring.security {
        Security::Plain => builder,
        Security::Explicit => builder.explicit_tls(client_tls(), "localhost").unwrap(),
        Security::Implicit => builder.implicit_tls(client_tls(), "localhost").unwrap(),
    }
}

async fn all_of(mut retrieve: Retrieve<'_>) -> Vec<u8> {
    let (mut all, mut buffer) = (Vec::new(), vec![0; 70_000]);
    loop {
        match wait!(read(&mut retrieve, &mut buffer)).unwrap() {
            0 => return all,
            count => all.extend_from_slice(&buffer[..count]),
        }
    }
}

async fn put(mut store: Store<'_>, content: &[u8]) {
    wait!(write_all(&mut store, content)).unwrap();
    wait!(store.finish()).unwrap();
}

// Only blocking ones are iterators.
#[allow(clippy::while_let_on_iterator)]
async fn names_of(mut entries: Entries<'_>) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(entry) = wait!(entries.next()) {
        let entry = entry.unwrap().into_entry().unwrap();
        names.push(String::from_utf8(entry.entry().name.as_bytes().to_vec()).unwrap());
    }
    names.sort();
    names
}

/// It was granted or refused: which is the host's matter.
fn answered<T>(result: Result<T, Error>) {
    if let Err(error) = result {
        assert!(error.refused().is_some(), "{error}");
    }
}

#[test]
fn what_is_stored_is_retrieved() {
    everywhere(async |client, world| {
        for size in [0, 1, 70_000, 3_000_000] {
            let content = bytes(size);
            put(wait!(client.store("f")).unwrap(), &content).await;
            assert_eq!(fs::read(world.path("f")).unwrap(), content);
            assert_eq!(wait!(client.size("f")).unwrap(), size as u64);
            assert_eq!(all_of(wait!(client.retrieve("f")).unwrap()).await, content);
        }
    });
}

#[test]
fn a_transfer_goes_on_where_it_is_told_to() {
    everywhere(async |client, world| {
        let content = bytes(300_000);
        put(wait!(client.store("f")).unwrap(), &content[..100_000]).await;
        put(wait!(client.store_from("f", 100_000)).unwrap(), &content[100_000..200_000]).await;
        put(wait!(client.append("f")).unwrap(), &content[200_000..]).await;
        assert_eq!(fs::read(world.path("f")).unwrap(), content);
        let retrieve = wait!(client.retrieve_from("f", 250_000)).unwrap();
        assert_eq!(retrieve.offset(), 250_000);
        assert_eq!(all_of(retrieve).await, content[250_000..]);
    });
}

#[test]
fn a_range_is_all_that_comes_of_a_file() {
    everywhere(async |client, world| {
        let content = bytes(300_000);
        fs::write(world.path("f"), &content).unwrap();
        for (first, last) in [(0, 0), (1000, 200_000), (299_999, 299_999)] {
            let range = ByteRange::new(first as u64, last as u64).unwrap();
            let retrieve = wait!(client.retrieve_range("f", range)).unwrap();
            assert_eq!(all_of(retrieve).await, content[first..=last]);
        }
        assert_eq!(all_of(wait!(client.retrieve("f")).unwrap()).await, content);
    });
}

#[test]
fn a_transfer_that_broke_goes_on_at_its_marker() {
    for wiring in Wiring::all(HOSTS) {
        let mut config = server::Config::default();
        config.marker_interval = NonZeroU32::new(10_000);
        let world = World::with(wiring, config);
        let content = bytes(500_000);
        fs::write(world.path("f"), &content).unwrap();
        run(async {
            let mut config = wiring.config();
            config.marker_interval = NonZeroU32::new(10_000);
            let mut client = connect_with(&world, wiring, config).await;
            wait!(client.set_mode(TransferMode::Block)).unwrap();
            let mut buffer = vec![0; 300_000];
            let mut retrieve = wait!(client.retrieve("f")).unwrap();
            let mut count = 0;
            while count < 200_000 {
                count += wait!(read(&mut retrieve, &mut buffer[count..])).unwrap();
            }
            drop(retrieve);
            let marker = client.last_marker().unwrap();
            let image = RepresentationType::Image;
            let retrieve = wait!(client.retrieve_at("f", image, &marker)).unwrap();
            let from = usize::try_from(retrieve.offset()).unwrap();
            assert_eq!(all_of(retrieve).await, content[from..]);

            let mut store = wait!(client.store("g")).unwrap();
            wait!(write_all(&mut store, &content)).unwrap();
            wait!(store.finish()).unwrap();
            let marker = client.last_marker().unwrap();
            let from = usize::try_from(marker.position()).unwrap();
            let store = wait!(client.store_at("g", image, &marker)).unwrap();
            put(store, &content[from..]).await;
            assert_eq!(fs::read(world.path("g")).unwrap(), content);
            wait!(client.quit()).unwrap();
        });
    }
}

#[test]
fn the_server_names_a_file_that_is_to_be_unique() {
    everywhere(async |client, world| {
        let store = wait!(client.store_unique()).unwrap();
        let name = String::from_utf8(store.unique_name().unwrap().to_vec()).unwrap();
        put(store, b"unique").await;
        assert_eq!(fs::read(world.path(name)).unwrap(), b"unique");
    });
}

#[test]
fn files_are_sent_and_received_from_where_they_stand() {
    everywhere(async |client, world| {
        let content = bytes(2_500_000);
        fs::write(world.path("here"), &content).unwrap();
        for (mode, representation) in [
            (TransferMode::Stream, RepresentationType::Image),
            // The kernel does not convert.
            (TransferMode::Block, RepresentationType::Image),
            (TransferMode::Stream, RepresentationType::ASCII),
        ] {
            wait!(client.set_mode(mode)).unwrap();
            let mut file = File::open(world.path("here")).unwrap();
            file.seek(SeekFrom::Start(500_000)).unwrap();
            let mut store = wait!(client.store_as("there", representation)).unwrap();
            assert_eq!(wait!(store.send_file(&file)).unwrap(), 2_000_000);
            wait!(store.finish()).unwrap();
            assert_eq!(fs::read(world.path("there")).unwrap(), content[500_000..]);

            let file = File::create(world.path("back")).unwrap();
            let retrieve = wait!(client.retrieve_as("there", 0, representation)).unwrap();
            assert_eq!(wait!(retrieve.receive_into(&file)).unwrap(), 2_000_000);
            assert_eq!(fs::read(world.path("back")).unwrap(), content[500_000..]);
        }
    });
}

#[test]
fn files_come_back_in_every_structure_and_mode() {
    everywhere(async |client, world| {
        // Pages are 128 bytes: the last is filled up.
        let content = bytes(100_000 / 128 * 128);
        for structure in FileStructure::ALL {
            for mode in TransferMode::ALL {
                if !(Coding { structure: *structure, mode: *mode, ..Coding::IDENTITY }).is_supported() {
                    continue;
                }
                wait!(client.set_structure(*structure)).unwrap();
                wait!(client.set_mode(*mode)).unwrap();
                for representation in [RepresentationType::Image, RepresentationType::ASCII] {
                    put(wait!(client.store_as("coded", representation)).unwrap(), &content).await;
                    assert_eq!(fs::read(world.path("coded")).unwrap(), content, "{structure} {mode}");
                    let retrieve = wait!(client.retrieve_as("coded", 0, representation)).unwrap();
                    assert_eq!(all_of(retrieve).await, content, "{structure} {mode}");
                }
                assert_eq!(names_of(wait!(client.list("")).unwrap()).await, ["coded"]);
            }
        }
    });
}

#[test]
fn listings_tell_what_is_there() {
    everywhere(async |client, world| {
        let mut expected: Vec<_> = (0..700).map(|n| format!("file {n}")).collect();
        expected.sort();
        fs::create_dir(world.path("d")).unwrap();
        for name in &expected {
            fs::write(world.path("d").join(name), b"12345").unwrap();
        }
        assert_eq!(names_of(wait!(client.list("d")).unwrap().with_clock(Clock::UNKNOWN)).await, expected);
        let names = names_of(wait!(client.names("d")).unwrap()).await;
        assert_eq!(names.iter().map(|name| name.trim_start_matches("d/")).collect::<Vec<_>>(), expected);
        let raw = String::from_utf8(all_of(wait!(client.list_raw("d")).unwrap()).await).unwrap();
        assert_eq!(raw.lines().filter(|line| line.contains("file ")).count(), 700);
        assert_eq!(wait!(client.facts("d/file 7")).unwrap().entry().size, Some(5));
        assert_eq!(names_of(wait!(client.list("")).unwrap()).await, ["d"]);
    });
}

#[test]
fn directories_and_files_are_made_renamed_and_removed() {
    everywhere(async |client, world| {
        wait!(client.make_directory("d")).unwrap();
        wait!(client.change_directory("d")).unwrap();
        assert_eq!(wait!(client.working_directory()).unwrap(), b"/d");
        put(wait!(client.store("f")).unwrap(), b"x").await;
        wait!(client.rename("f", "g")).unwrap();
        assert!(world.path("d/g").exists());
        wait!(client.delete("g")).unwrap();
        wait!(client.change_to_parent()).unwrap();
        wait!(client.remove_directory("d")).unwrap();
        assert!(!world.path("d").exists());
        let refused = wait!(client.delete("g")).unwrap_err();
        assert!(!refused.is_fatal() && refused.refused().is_some(), "{refused}");
    });
}

#[test]
fn what_is_known_of_a_file_is_told_and_set() {
    everywhere(async |client, world| {
        fs::write(world.path("f"), b"hello").unwrap();
        let time = Timestamp::parse(b"20240229123456").unwrap();
        wait!(client.set_modification_time("f", time)).unwrap();
        assert_eq!(wait!(client.modification_time("f")).unwrap(), time);
        let listed = |precision| Modified::new(Timestamp::parse(b"20240229140456").unwrap(), precision, None);
        assert_eq!(wait!(client.zone_offset("f", &listed(Precision::Minute))).unwrap(), Some(5400));
        assert_eq!(wait!(client.zone_offset("f", &listed(Precision::Day))).unwrap(), None);
        wait!(client.chmod("f", 0o640)).unwrap();
        wait!(client.set_facts("UNIX.mode=0600;", "f")).unwrap();
        // What this host does not have, it refuses.
        answered(wait!(client.symlink("f", "link")));
        answered(wait!(client.set_creation_time("f", time)));
        answered(wait!(client.hash("f", None, None)));
        answered(wait!(client.checksum("f", HashAlgorithm::Sha256)));
        answered(wait!(client.available("")));
    });
}

#[test]
fn the_server_tells_about_itself() {
    everywhere(async |client, _| {
        let protection = client.protection();
        let mut lines = 0;
        wait!(client.help("", |_| lines += 1)).unwrap();
        assert!(lines > 0);
        wait!(client.status("", |_| lines += 1)).unwrap();
        wait!(client.raw("NOOP", |_| lines += 1)).unwrap();
        answered(wait!(client.site("NO SUCH", |_| {})));
        assert!(!wait!(client.features()).unwrap().is_empty());
        wait!(client.system()).unwrap();
        wait!(client.noop()).unwrap();
        wait!(client.utf8(true)).unwrap();
        wait!(client.client_name("test")).unwrap();
        wait!(client.language("")).unwrap();
        wait!(client.allocate(5)).unwrap();
        answered(wait!(client.combine("whole part")));
        answered(wait!(client.structure_mount("x")));
        answered(wait!(client.account("x")));
        answered(wait!(client.host("here")));
        wait!(client.reinitialize()).unwrap();
        assert!(wait!(client.size("f")).is_err());
        // It ended a TLS that AUTH had begun.
        if protection.control {
            assert_eq!(wait!(client.secure()).unwrap(), protection);
        }
        wait!(client.login_with_account("me", "secret", "none")).unwrap();
        wait!(client.working_directory()).unwrap();
    });
}

#[test]
fn a_transfer_given_up_leaves_the_client_usable() {
    everywhere(async |client, world| {
        fs::write(world.path("big"), bytes(5_000_000)).unwrap();
        let mut buffer = vec![0; 100_000];
        for count in [0, 1, 100_000] {
            for abort in [false, true] {
                let mut retrieve = wait!(client.retrieve("big")).unwrap();
                wait!(read(&mut retrieve, &mut buffer[..count])).unwrap();
                if abort {
                    wait!(retrieve.abort()).unwrap();
                }
                let mut store = wait!(client.store("half")).unwrap();
                wait!(write_all(&mut store, &buffer[..count])).unwrap();
                if abort {
                    wait!(store.abort()).unwrap();
                }
                let mut entries = wait!(client.list("")).unwrap();
                wait!(entries.next()).unwrap().unwrap().into_entry().unwrap();
            }
        }
        assert_eq!(wait!(client.size("big")).unwrap(), 5_000_000);
    });
}

#[test]
fn what_was_transferred_can_be_verified() {
    everywhere(async |client, world| {
        let offers = wait!(client.setup()).unwrap();
        assert!(offers.features().contains(Features::SIZE));
        assert_eq!(client.offers(), Some(offers));
        put(wait!(client.store("f")).unwrap(), b"content").await;
        let expected = |size| Expected { size: Some(size), digest: None };
        assert_eq!(wait!(client.verify("f", expected(7))).unwrap(), Verified::Size);
        let found = wait!(client.verify("f", expected(8)));
        assert!(matches!(found, Err(Error::Mismatch(Mismatch::Size(7)))), "{found:?}");
        if let Some(algorithm) = offers.digest() {
            let digest = wait!(client.hash("f", Some(algorithm), None)).unwrap().digest;
            let expected = Expected { digest: Some(digest), ..expected(8) };
            assert_eq!(wait!(client.verify("f", expected)).unwrap(), Verified::Digest(algorithm));
        }
        assert!(wait!(client.verify("none", expected(7))).unwrap_err().refused().is_some());
        assert!(fs::exists(world.path("f")).unwrap());
    });
}

#[test]
fn a_tree_is_walked_and_its_links_are_not() {
    everywhere(async |client, world| {
        for directory in ["t/a b/c", "t/-d", "t/skipped/e"] {
            fs::create_dir_all(world.path(directory)).unwrap();
        }
        fs::write(world.path("t/a b/f"), b"").unwrap();
        // Only administrators make links on Windows.
        #[cfg(unix)]
        std::os::unix::fs::symlink("..", world.path("t/a b/up")).unwrap();
        #[cfg(not(unix))]
        fs::write(world.path("t/a b/up"), b"").unwrap();
        for root in ["t", "/t", "t/"] {
            let mut walker = Walker::new(root).unwrap();
            let (mut below, mut names) = (Vec::new(), Vec::new());
            let mut entered = Vec::new();
            let mut enter = |path: &[u8], entry: &Entry<'_>| {
                entered.push(String::from_utf8(path.to_vec()).unwrap());
                entry.name.as_bytes() != b"skipped"
            };
            while let Some(listed) = wait!(client.walk(&mut walker, &mut enter)).unwrap() {
                assert!(listed.is_whole());
                below.push(String::from_utf8(listed.below_root).unwrap());
                names.extend(listed.entries.iter().map(|entry| entry.entry().name.to_string()));
                // The client is free in between.
                wait!(client.noop()).unwrap();
            }
            below.sort();
            names.sort();
            entered.sort();
            assert_eq!(entered, ["-d", "a b", "a b/c", "skipped"]);
            assert_eq!(below, ["", "-d", "a b", "a b/c"]);
            assert_eq!(names, ["-d", "a b", "c", "f", "skipped", "up"]);
        }
        let mut walker = Walker::new("none").unwrap();
        for _ in 0..3 {
            assert!(wait!(client.walk(&mut walker, |_, _| true)).is_err());
            walker.retry();
        }
        fs::create_dir_all(world.path("none/sub")).unwrap();
        assert_eq!(wait!(client.walk(&mut walker, |_, _| true)).unwrap().unwrap().entries.len(), 1);
        fs::remove_dir(world.path("none/sub")).unwrap();
        assert!(wait!(client.walk(&mut walker, |_, _| true)).is_err());
        assert!(wait!(client.walk(&mut walker, |_, _| true)).unwrap().is_none());
    });
}

#[test]
fn a_file_goes_from_one_server_to_another() {
    for wiring in Wiring::all(HOSTS) {
        let [from, to] = [(); 2].map(|()| World::with(wiring, server::Config::default()));
        let content = bytes(3_000_000);
        fs::write(from.path("f"), &content).unwrap();
        run(async {
            let mut source = connect_with(&from, wiring, unprotected(wiring)).await;
            let mut target = connect_with(&to, wiring, unprotected(wiring)).await;
            if wiring.security != Security::Plain {
                // Neither server could tell who the other is.
                wait!(source.unprotect_data()).unwrap();
                wait!(target.unprotect_data()).unwrap();
            }
            wait!(source.transfer_to("f", &mut target, "g")).unwrap();
            assert!(fs::read(to.path("g")).unwrap() == content);
            let refused = wait!(source.transfer_to("none", &mut target, "g")).unwrap_err();
            assert_eq!(refused.side, Side::Source);
            assert!(refused.error.refused().is_some());
            assert!(fs::read(to.path("g")).unwrap() == content, "nothing was stored");
            let refused = wait!(source.transfer_to("f", &mut target, "no/such/directory")).unwrap_err();
            // It ends the data connection of the source, which may be heard first, and is not the cause.
            assert_eq!(refused.side, Side::Target, "{refused}");
            assert!(refused.error.refused().is_some(), "{refused}");
            // Both go on.
            wait!(target.transfer_to("g", &mut source, "back")).unwrap();
            assert!(fs::read(from.path("back")).unwrap() == content);
            wait!(source.quit()).unwrap();
            wait!(target.quit()).unwrap();
        });
    }
}

#[test]
fn what_cannot_be_sent_is_not() {
    everywhere(async |client, _| {
        assert!(matches!(wait!(client.size("a\r\nDELE b")), Err(Error::Argument(_))));
        assert!(matches!(wait!(client.retrieve("a\0b")).err(), Some(Error::Argument(_))));
        for (line, named) in [("rest 5", "retrieve_from"), ("MODE Z", "set_mode"), (" ", "blank")] {
            let error = wait!(client.raw(line, |_| {})).unwrap_err();
            assert!(matches!(error, Error::Raw(_)) && !error.is_fatal(), "{error}");
            assert!(error.to_string().contains(named), "{error}");
        }
        assert!(matches!(wait!(client.raw("NOOP\r\nQUIT", |_| {})), Err(Error::Argument(_))));
        assert_eq!(wait!(client.raw("noop", |_| {})).unwrap().code.get(), 200);
        // The server may refuse what a command does not take; that it went out is what counts.
        let answer = wait!(client.raw("NOOP 1", |_| {}));
        assert!(
            answer.is_ok() || answer.unwrap_err().refused().is_some_and(|refused| refused.code.get() == 501)
        );
        wait!(client.options("MLST type;size;")).unwrap();
        assert!(matches!(wait!(client.options("")), Err(Error::Argument(_))));
        wait!(client.noop()).unwrap();
    });
}

#[test]
fn nobody_there_is_an_error() {
    let world = World::new(Wiring::PLAIN);
    let address = world.address;
    drop(world);
    let connected = run(async { wait!(open(settings(), address)).map(drop) });
    assert!(matches!(connected, Err(Error::Connect(_))), "{connected:?}");
}

#[test]
fn a_server_that_says_nothing_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = Wiring::PLAIN.config();
    config.timeouts.reply = Duration::from_millis(80);
    config.timeouts.greeting = Duration::from_millis(80);
    let builder = settings().config(config);
    let connected = run(async { wait!(open(builder, silent.local_addr().unwrap())).map(drop) });
    assert!(matches!(connected, Err(Error::Peer(..))), "{connected:?}");
}

/// Data may go in the clear.
fn unprotected(wiring: Wiring) -> Config {
    let mut config = wiring.config();
    config.security.data = Policy::Prefer;
    config
}

#[test]
fn a_busy_data_connection_does_not_hide_the_control_connection() {
    let heard = Arc::new(AtomicBool::new(false));
    let (address, server) = peers::pumping(Arc::clone(&heard));
    run(async {
        let listening = Arc::clone(&heard);
        let builder = settings().trace(move |direction, line| {
            if direction == Direction::Received && line.to_string().starts_with("451") {
                listening.store(true, Ordering::SeqCst);
            }
        });
        let mut client = wait!(open(builder, address)).unwrap();
        wait!(client.login("me", "secret")).unwrap();
        let (mut retrieve, mut buffer) = (wait!(client.retrieve("f")).unwrap(), vec![0; 65536]);
        // Slower than the server: there is always something to read.
        while wait!(read(&mut retrieve, &mut buffer)).is_ok_and(|count| count > 0) {
            thread::sleep(Duration::from_micros(500));
        }
    });
    assert!(server.join().unwrap(), "it was heard only after all data had come");
}
