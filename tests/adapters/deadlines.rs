//! A call may take so much time as a whole, whatever the server does meanwhile. For every runtime.

use super::{Client, Entries, Retrieve, Store, open, read, run, settings, write_all};
use crate::peers;
use crate::slow::{Slow, slow};
use crate::world::{Wiring, World, bytes};
use ftp_proto::client::{Config, Timeouts};
use ftp_proto::io::{Error, Walker};
use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::time::Duration;

/// The time of a call. The servers need a multiple of it.
const TIME: Option<Duration> = Some(Duration::from_millis(400));

/// More than a call has to send before it has to wait.
const BIG: usize = 30_000_000;

async fn connect(at: Slow) -> Client {
    let mut client = wait!(open(settings(), slow(at))).unwrap();
    if at != Slow::Login {
        wait!(client.login("me", "secret")).unwrap();
    }
    client.set_operation_timeout(TIME);
    client
}

/// Holds that a call has failed for the lack of time, and that the session goes on.
async fn is_late(name: &str, client: &mut Client, result: Result<(), Error>) {
    let error = result.expect_err(name);
    assert!(matches!(error, Error::Deadline), "{name}: {error:?}");
    assert!(!error.is_fatal(), "{name}");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::TimedOut, "{name}");
    client.set_operation_timeout(None);
    assert_eq!(wait!(client.system()).unwrap_or_else(|error| panic!("{name}: {error:?}")), b"UNIX", "{name}");
    client.set_operation_timeout(TIME);
}

async fn retrieved(retrieve: Result<Retrieve<'_>, Error>) -> Result<(), Error> {
    let (mut retrieve, mut buffer) = (retrieve?, vec![0; 100]);
    while wait!(read(&mut retrieve, &mut buffer)).map_err(from_io)? > 0 {}
    Ok(())
}

async fn stored(store: Result<Store<'_>, Error>, content: &[u8]) -> Result<(), Error> {
    let mut store = store?;
    wait!(write_all(&mut store, content)).map_err(from_io)?;
    wait!(store.finish()).map(drop)
}

// Only blocking ones are iterators.
#[allow(clippy::while_let_on_iterator)]
async fn listed(entries: Result<Entries<'_>, Error>) -> Result<(), Error> {
    let mut entries = entries?;
    while let Some(entry) = wait!(entries.next()) {
        entry?.into_entry().unwrap();
    }
    Ok(())
}

/// The error of an operation, which was made one of its reader or writer.
fn from_io(error: io::Error) -> Error {
    *error.into_inner().unwrap().downcast().unwrap()
}

#[test]
fn a_login_that_trickles_in_has_its_time() {
    run(async {
        let mut client = connect(Slow::Login).await;
        let result = wait!(client.login("me", "secret"));
        is_late("login", &mut client, result).await;
    });
}

#[test]
fn transfers_that_trickle_have_their_time_from_the_opening_to_the_confirmed_end() {
    let content = bytes(BIG);
    let mut file = tempfile("deadlines");
    file.write_all(&content).unwrap();
    for at in [Slow::Data, Slow::End] {
        run(async {
            let mut client = connect(at).await;
            let result = listed(wait!(client.list(""))).await;
            is_late("list", &mut client, result).await;
            let result = retrieved(wait!(client.retrieve("f"))).await;
            is_late("retrieve", &mut client, result).await;
            let result = stored(wait!(client.store("f")), &content).await;
            is_late("store", &mut client, result).await;
            let result = stored(wait!(client.store("f")), b"").await;
            if at == Slow::End {
                is_late("store, at its end", &mut client, result).await;
            }
            let result = wait!(client.walk(&mut Walker::new("").unwrap(), |_, _| true)).map(drop);
            is_late("walk", &mut client, result).await;
            let into = tempfile("deadlines-into");
            let result = match wait!(client.retrieve("f")) {
                Ok(retrieve) => wait!(retrieve.receive_into(&into)).map(drop).map_err(from_io),
                Err(error) => Err(error),
            };
            is_late("receive_into", &mut client, result).await;
            file.rewind().unwrap();
            let result = match wait!(client.store("f")) {
                Ok(mut store) => match wait!(store.send_file(&file)) {
                    Ok(_) => wait!(store.finish()).map(drop),
                    Err(error) => Err(from_io(error)),
                },
                Err(error) => Err(error),
            };
            is_late("send_file", &mut client, result).await;
        });
    }
}

#[test]
fn a_transfer_that_has_used_up_its_time_stays_so_and_can_be_aborted() {
    run(async {
        let mut client = connect(Slow::Data).await;
        let mut retrieve = wait!(client.retrieve("f")).unwrap();
        let mut buffer = [0; 100];
        let error = loop {
            match wait!(read(&mut retrieve, &mut buffer)) {
                Ok(count) => assert!(count > 0, "an end that was not the end"),
                Err(error) => break error,
            }
        };
        assert!(matches!(from_io(error), Error::Deadline));
        let again = wait!(read(&mut retrieve, &mut buffer)).unwrap_err();
        assert!(matches!(from_io(again), Error::Deadline));
        wait!(retrieve.abort()).unwrap();
        assert_eq!(wait!(client.system()).unwrap(), b"UNIX");
    });
}

#[test]
fn a_server_that_answers_nothing_is_given_up_by_the_timeouts_of_single_steps() {
    run(async {
        let mut config = Config::default();
        config.timeouts = Timeouts::all(Duration::from_secs(2));
        let builder = settings().config(config).operation_timeout(TIME);
        let mut client = wait!(open(builder, slow(Slow::Mute))).unwrap();
        wait!(client.login("me", "secret")).unwrap();
        let mut late = 0;
        let error = loop {
            match wait!(client.noop()).unwrap_err() {
                Error::Deadline if late < 20 => late += 1,
                error => break error,
            }
        };
        assert!(late > 0);
        assert!(error.is_fatal(), "{error:?}");
        assert!(matches!(error, Error::Peer(..)), "{error:?}");
    });
}

#[test]
fn a_transfer_between_two_servers_has_the_shorter_time_of_the_two() {
    run(async {
        let mut quick = connect(Slow::Data).await;
        let mut mute = connect(Slow::Mute).await;
        mute.set_operation_timeout(None);
        let failed = wait!(quick.transfer_to("f", &mut mute, "g")).unwrap_err();
        assert!(matches!(failed.error, Error::Deadline), "{failed:?}");
        quick.set_operation_timeout(None);
        assert_eq!(wait!(quick.system()).unwrap(), b"UNIX");
    });
}

#[test]
fn an_upload_whose_server_talks_back_without_end_has_its_time() {
    let (address, has_left) = peers::talking_back();
    run(async {
        let mut client = wait!(open(settings(), address)).unwrap();
        wait!(client.login("me", "secret")).unwrap();
        client.set_operation_timeout(TIME);
        let result = stored(wait!(client.store("f")), b"content").await;
        assert!(matches!(result, Err(Error::Deadline)), "{result:?}");
        // The next call gives it up.
        client.set_operation_timeout(None);
        let _ = wait!(client.noop());
    });
    assert!(has_left.recv().unwrap(), "the client was kept busy");
}

#[test]
fn connecting_has_the_time_of_a_call() {
    run(async {
        let builder = settings().operation_timeout(TIME);
        let error = wait!(open(builder, slow(Slow::Greeting))).unwrap_err();
        assert!(error.is_fatal());
        match error {
            Error::Connect(error) => assert_eq!(error.kind(), io::ErrorKind::TimedOut),
            error => panic!("{error:?}"),
        }
    });
}

#[test]
fn no_time_at_all_sends_nothing_and_harms_nothing() {
    let world = World::new(Wiring::PLAIN);
    fs::write(world.path("f"), b"hello").unwrap();
    run(async {
        let mut client = wait!(open(settings(), world.address)).unwrap();
        wait!(client.login("me", "secret")).unwrap();
        client.set_operation_timeout(Some(Duration::ZERO));
        for _ in 0..3 {
            assert!(matches!(wait!(client.delete("f")), Err(Error::Deadline)));
        }
        client.set_operation_timeout(Some(Duration::MAX));
        assert_eq!(wait!(client.size("f")).unwrap(), 5);
        retrieved(wait!(client.retrieve("f"))).await.unwrap();
        wait!(client.quit()).unwrap();
    });
}

#[test]
fn an_upload_that_has_failed_does_not_end_well_afterwards() {
    run(async {
        let mut client = wait!(open(settings(), peers::full())).unwrap();
        wait!(client.login("me", "secret")).unwrap();
        let mut store = wait!(client.store("f")).unwrap();
        let failed = wait!(write_all(&mut store, &bytes(BIG))).unwrap_err();
        let failed = from_io(failed);
        let finished = wait!(store.finish()).unwrap_err();
        assert_eq!(format!("{finished}"), format!("{failed}"));
        wait!(client.noop()).unwrap();
    });
}

#[test]
fn what_came_before_a_command_does_not_answer_it() {
    run(async {
        // Each end of a listing leaves the runtime with other knowledge of the control connection.
        let mut client = wait!(open(settings(), peers::chattering())).unwrap();
        wait!(client.login("me", "secret")).unwrap();
        for _ in 0..5 {
            listed(wait!(client.list(""))).await.unwrap();
            // No runtime is told of anything meanwhile.
            std::thread::sleep(Duration::from_millis(300));
            assert_eq!(wait!(client.system()).unwrap(), b"UNIX");
        }
    });
}

/// A file that has no name any more.
fn tempfile(name: &str) -> File {
    let unique = format!("ftp-proto-{name}-{}-{:?}", std::process::id(), std::thread::current().id());
    let path = std::env::temp_dir().join(unique);
    let file = File::options().read(true).write(true).create(true).truncate(true).open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    file
}
