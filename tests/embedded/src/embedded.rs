//! The embedded client against a session in memory: no std in the library, and an executor of a few lines.

#[path = "../../bare_metal/src/data_end.rs"]
mod data_end;
mod network;
#[path = "../../bare_metal/src/server_end.rs"]
#[allow(dead_code, reason = "the programs for bare metal use the rest")]
mod server_end;
#[path = "../../bare_metal/src/wire.rs"]
mod wire;

use std::time::Duration;

use data_end::File;
use ftp_proto::action::DataFailure;
use ftp_proto::client::{self, Config, DataConnection, Security, TransferFailure};
use ftp_proto::codec::{RepresentationType, Secret, Text, TransferMode};
use ftp_proto::embedded::embedded_io_async::{ErrorKind, ErrorType, Read, Write};
use ftp_proto::embedded::{Buffers, Client, Error};
use ftp_proto::listing::{Clock, Formats, Kind};
use network::Stack;

const USER: Text<'static> = Text::literal("sensor");
const PASSWORD: Secret<'static> = Secret::new(Text::literal("correct horse"));
const NAME: Text<'static> = Text::literal("samples.bin");
const MISSING: Text<'static> = Text::literal("missing");
const IMAGE: RepresentationType = RepresentationType::Image;

type Connected<'s> = Client<'s, Stack, &'s Stack, [u8; 512]>;

async fn connect_with(stack: &Stack, config: Config) -> Result<Connected<'_>, Error> {
    let buffers = Buffers { received: [0; 512], sent: [0; 512], encoded: [0; 512] };
    let mut client = Client::connect(stack, stack, wire::SERVER, config, buffers).await?;
    client.run(client::login(USER, PASSWORD, None), |_| ()).await?;
    Ok(client)
}

fn connect(stack: &Stack) -> Connected<'_> {
    stack.run(connect_with(stack, Config::default())).expect("no login")
}

fn samples() -> File {
    (0..1500_u32).map(|at| (at * at / 7) as u8).collect()
}

async fn upload(client: &mut Connected<'_>, mut bytes: &[u8]) -> Result<u64, Error> {
    client.store(NAME, IMAGE, 0).await?.write_all_from(&mut bytes, &mut [0; 100]).await
}

async fn download(client: &mut Connected<'_>, offset: u64) -> Result<Vec<u8>, Error> {
    let mut file = Vec::new();
    let retrieve = client.retrieve(NAME, IMAGE, offset).await?;
    assert_eq!(retrieve.offset(), offset);
    let count = retrieve.read_all(&mut [0; 100], |bytes| file.extend_from_slice(bytes)).await?;
    assert_eq!(count, file.len() as u64);
    Ok(file)
}

/// A client whose file is on the server.
fn with_samples(stack: &Stack) -> Connected<'_> {
    let mut client = connect(stack);
    assert_eq!(stack.run(upload(&mut client, &samples())), Ok(1500));
    assert_eq!(stack.file(), samples());
    client
}

fn is_usable(stack: &Stack, client: &mut Connected<'_>) {
    let size = stack.run(client.run(client::size(NAME), |size| size.ok()));
    assert_eq!(size, Ok(Some(stack.file().len() as u64)));
}

#[test]
fn files_go_up_and_down_in_every_mode() {
    let stack = Stack::new();
    let mut client = connect(&stack);
    for mode in [TransferMode::Stream, TransferMode::Block, TransferMode::Compressed] {
        stack.run(client.run(client::mode(mode), |_| ())).unwrap();
        // Zeros, which the compressed mode does compress, and an empty file.
        for file in [samples(), File::from([0; 2048]), File::new()] {
            assert_eq!(stack.run(upload(&mut client, &file)), Ok(file.len() as u64), "{mode:?}");
            assert_eq!(stack.file(), file, "{mode:?}");
            assert_eq!(stack.run(download(&mut client, 0)).as_deref(), Ok(&file[..]), "{mode:?}");
        }
        stack.run(upload(&mut client, &samples())).unwrap();
        assert_eq!(stack.run(download(&mut client, 1000)).as_deref(), Ok(&samples()[1000..]), "{mode:?}");
    }
    stack.run(client.run(client::quit(), |_| ())).unwrap();
}

#[test]
fn a_listing_is_parsed_in_borrowed_memory() {
    let stack = Stack::new();
    let mut client = with_samples(&stack);
    let mut found = Vec::new();
    let mut storage = [0; 256];
    let listed = stack.run(client.entries(None, &mut storage, Clock::UNKNOWN, |entry| {
        let entry = entry.expect("a line that is no entry");
        found.push((entry.name.as_bytes().to_vec(), entry.kind == Kind::File, entry.size));
    }));
    assert_eq!(found, [(NAME.as_bytes().to_vec(), true, Some(1500))]);
    let listed = listed.unwrap();
    assert_eq!((listed.formats, listed.presumed_empty), (Formats::MLSD, false));
    is_usable(&stack, &mut client);
}

#[test]
fn a_refusal_keeps_the_words_of_the_server() {
    let stack = Stack::new();
    let mut client = connect(&stack);
    let refused = stack.run(client.retrieve(MISSING, IMAGE, 0)).map(drop).unwrap_err();
    let Error::Refused(refusal) = &refused else { panic!("{refused:?}") };
    assert_eq!((refusal.code.get(), &refusal.text[..]), (550, &b"No such file or directory."[..]));
    assert_eq!(refused.to_string(), "RETR refused: 550 No such file or directory.");
    is_usable(&stack, &mut client);
}

#[test]
fn a_stall_ends_by_deadline() {
    let stack = Stack::new();
    let mut config = Config::default();
    config.timeouts.data_idle = Duration::from_secs(1);
    let mut client = stack.run(connect_with(&stack, config)).unwrap();
    stack.run(upload(&mut client, &samples())).unwrap();
    stack.holds_data.set(true);
    let stalled = Error::Data(TransferFailure::Connection(DataFailure::Stalled), None);
    assert_eq!(stack.run(download(&mut client, 0)), Err(stalled));
    stack.holds_data.set(false);
    is_usable(&stack, &mut client);
    assert_eq!(stack.run(download(&mut client, 0)).as_deref(), Ok(&samples()[..]));
}

#[test]
fn the_final_reply_may_come_before_the_data() {
    let stack = Stack::new();
    let mut client = connect(&stack);
    // Short enough for the wire, so that the server is done before anything is read.
    stack.run(upload(&mut client, &[7; 200])).unwrap();
    stack.replies.borrow_mut().clear();
    stack.holds_data.set(true);
    let mut received = Vec::new();
    let mut retrieve = stack.run(client.retrieve(NAME, IMAGE, 0)).unwrap();
    let mut piece = [0; 64];
    assert!(stack.run_for(500, retrieve.read(&mut piece)).is_none());
    let replies = String::from_utf8_lossy(&stack.replies.borrow()).into_owned();
    assert!(replies.contains("\r\n226 "), "the client has not read it: {replies}");
    stack.holds_data.set(false);
    loop {
        match stack.run(retrieve.read(&mut piece)).unwrap() {
            0 => break,
            count => received.extend_from_slice(&piece[..count]),
        }
    }
    assert_eq!(received, [7; 200]);
    assert_eq!(stack.run(retrieve.read(&mut piece)), Ok(0), "the end of a file stays its end");
    is_usable(&stack, &mut client);
}

#[test]
fn a_refusal_in_the_middle_of_the_data_ends_a_transfer_at_once() {
    let stack = Stack::new();
    let mut client = with_samples(&stack);
    let mut retrieve = stack.run(client.retrieve(NAME, IMAGE, 0)).unwrap();
    let mut piece = [0; 64];
    assert_eq!(stack.run(retrieve.read(&mut piece)), Ok(64));
    stack.holds_data.set(true);
    stack.inject(b"426 the disk broke\r\n");
    let failed = stack.run_for(10, retrieve.read(&mut piece)).expect("it waits for the data").unwrap_err();
    assert_eq!(failed.to_string(), "RETR refused: 426 the disk broke");
    assert_eq!(stack.run(retrieve.read(&mut piece)), Err(failed), "an error stays");
}

#[test]
fn a_future_may_be_dropped_at_any_point() {
    let file = samples();
    for mode in [TransferMode::Stream, TransferMode::Block] {
        let (mut polls, mut dropped) = (0, true);
        while dropped {
            let stack = Stack::new();
            let mut client = with_samples(&stack);
            stack.run(client.run(client::mode(mode), |_| ())).unwrap();
            let of_download = stack.run_for(polls, download(&mut client, 0)).is_none();
            let received = stack.run(download(&mut client, 1000));
            assert_eq!(received.as_deref(), Ok(&file[1000..]), "{mode:?}, {polls} polls");

            let of_upload = stack.run_for(polls, upload(&mut client, &[7; 1000])).is_none();
            is_usable(&stack, &mut client);
            let stored = stack.file();
            // In stream mode the end of the connection is the end of the file (see the module's limits).
            let is_whole = stored == file || stored[..] == [7; 1000];
            assert!(is_whole || mode == TransferMode::Stream, "{polls} polls: {stored:?}");
            assert_eq!(stack.run(upload(&mut client, &file)), Ok(1500), "{mode:?}, {polls} polls");
            assert_eq!(stack.file(), file, "{mode:?}, {polls} polls");
            dropped = of_download || of_upload;
            polls += 1;
        }
        assert!(polls > 20, "{mode:?}: both ended within {polls} polls");
    }
}

#[test]
fn an_attempt_to_connect_goes_on_while_replies_arrive() {
    let stack = Stack::new();
    let mut client = with_samples(&stack);
    let before = stack.attempts.get();
    assert_eq!(stack.run(download(&mut client, 0)).as_deref(), Ok(&samples()[..]));
    assert_eq!(stack.attempts.get(), before + 1);
}

#[test]
fn an_aborted_transfer_leaves_a_usable_client() {
    let stack = Stack::new();
    let mut client = with_samples(&stack);
    let mut retrieve = stack.run(client.retrieve(NAME, IMAGE, 0)).unwrap();
    stack.run(retrieve.read(&mut [0; 10])).unwrap();
    stack.run(retrieve.abort()).unwrap();
    let mut store = stack.run(client.store(NAME, IMAGE, 0)).unwrap();
    stack.run(store.write_all(b"half a file")).unwrap();
    stack.run(store.abort()).unwrap();
    is_usable(&stack, &mut client);
}

#[test]
fn an_upload_whose_source_fails_is_aborted() {
    struct Sensor(usize);
    impl ErrorType for Sensor {
        type Error = ErrorKind;
    }
    impl Read for Sensor {
        async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, ErrorKind> {
            self.0 = self.0.checked_sub(1).ok_or(ErrorKind::NotConnected)?;
            Ok(buffer.len())
        }
    }
    let stack = Stack::new();
    let mut client = with_samples(&stack);
    stack.commands.borrow_mut().clear();
    let failed = stack.run(async {
        client.store(NAME, IMAGE, 0).await?.write_all_from(&mut Sensor(3), &mut [0; 100]).await
    });
    assert_eq!(failed, Err(Error::Source(ErrorKind::NotConnected)));
    let commands = String::from_utf8(stack.commands.borrow().clone()).unwrap();
    assert!(commands.ends_with("ABOR\r\n"), "{commands}");
    is_usable(&stack, &mut client);
}

#[test]
fn what_the_network_cannot_do_is_refused_before_it_connects() {
    let stack = Stack::new();
    let (mut active, mut secure) = (Config::default(), Config::default());
    active.data_connection = DataConnection::PassiveThenActive;
    secure.security = Security::explicit();
    for (config, feature) in [(active, "active data connections"), (secure, "TLS")] {
        assert_eq!(stack.run(connect_with(&stack, config)).map(drop), Err(Error::Unsupported(feature)));
    }
    assert!(stack.commands.borrow().is_empty());
}

/// The session of this build has no MODE Z either, so the test answers in its place.
#[test]
fn a_mode_that_is_not_in_the_build_is_refused_by_the_name_of_its_feature() {
    let stack = Stack::new();
    let mut client = with_samples(&stack);
    let mut set = Box::pin(client.run(client::mode(TransferMode::Deflate), |_| ()));
    // MODE is on its way, and the session has not seen it.
    while !stack.commands.borrow().ends_with(b"MODE Z\r\n") {
        assert!(stack.poll_once(set.as_mut()).is_none(), "it ended without MODE");
    }
    stack.answer(b"200 Mode set to Z.\r\n");
    assert_eq!(stack.poll_once(set.as_mut()), Some(Ok(())));
    drop(set);
    let failed = stack.run(download(&mut client, 0)).unwrap_err();
    assert!(failed.to_string().contains("the feature `deflate`"), "{failed}");
}
