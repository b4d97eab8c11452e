//! The peers and hosts for tests: what they say when a dialogue is not the expected one, and how they treat
//! what the crate's other tests do not need.

use ftp_proto::action::{DataFailure, DataOp};
use ftp_proto::client::{self, Config, TransferFailure, TransferId};
use ftp_proto::codec::{RepresentationType, Secret, Text, TransferMode};
use ftp_proto::error::{Error, PeerError};
use ftp_proto::server;
use ftp_proto::testing::{
    Attempt, DataState, MemoryHost, Outcome, Pair, Pieces, ScriptedClient, ScriptedServer,
};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

const IMAGE: RepresentationType = RepresentationType::Image;

fn t(text: &'static str) -> Text<'static> {
    Text::literal(text)
}

fn greeted(server: ScriptedServer) -> ScriptedServer {
    let mut server = server;
    server.run(&mut client::greeting(), |_| ()).done();
    server
}

/// Returns the message that a call panics with.
fn panic_of(call: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(call)).expect_err("it does not panic");
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => (*payload.downcast::<&str>().unwrap()).to_owned(),
    }
}

fn retrieved(server: &mut ScriptedServer) -> Outcome<u64> {
    let open = &mut client::retrieve(t("f"), IMAGE, 0);
    let opened: Outcome<TransferId> = server.run(open, |opened| opened.transfer);
    opened.and_then(|id| server.run(&mut client::complete(id), |done| done.transferred))
}

#[test]
fn a_dialogue_that_is_not_the_scripts_panics_with_what_was_expected_what_came_and_the_dialogue() {
    let mut server = greeted(ScriptedServer::new().reply("220 ready").expect("CWD d").reply("250 done"));
    let message = panic_of(|| drop(server.run(&mut client::delete(t("f")), |_| ())));
    for part in ["`CWD d`", "`DELE f`", "S: 220 ready", "C: DELE f"] {
        assert!(message.contains(part), "{part}: {message}");
    }
    let mut server = greeted(ScriptedServer::new().reply("220 ready"));
    let message = panic_of(|| drop(server.run(&mut client::noop(), |_| ())));
    assert!(message.contains("no more commands") && message.contains("`NOOP`"), "{message}");
}

#[test]
fn commands_that_never_come_are_found() {
    let mut server = greeted(ScriptedServer::new().reply("220 ready").expect("NOOP").reply("200 okay"));
    let message = panic_of(|| server.assert_finished());
    assert!(message.contains("`NOOP`"), "{message}");
    server.run(&mut client::noop(), |_| ()).done();
    server.assert_finished();
}

#[test]
fn a_script_is_the_same_in_any_pieces() {
    for sizes in [&[][..], &[1], &[2, 7], &[0]] {
        let mut server = ScriptedServer::new().reply("220-one\r\n220 two").expect("SYST").reply("215 UNIX");
        server.set_pieces(Pieces::of(sizes));
        let mut server = greeted(server);
        server.run(&mut client::system(), |_| ()).done();
        assert_eq!(server.transcript(), ["S: 220-one\r\n220 two", "C: SYST", "S: 215 UNIX"]);
    }
}

#[test]
fn closes_and_resets_come_where_the_script_has_them() {
    let closing = ScriptedServer::new().reply("220 ready").expect("NOOP").close();
    let outcome = greeted(closing).run(&mut client::noop(), |_| ());
    assert_eq!(outcome, Outcome::Error(Error::Peer(PeerError::Closed)));

    let cut = ScriptedServer::new().reply("220 ready").expect("NOOP").bytes(b"200 ok").close();
    let outcome = greeted(cut).run(&mut client::noop(), |_| ());
    assert_eq!(outcome, Outcome::Error(Error::Peer(PeerError::ClosedInside)));

    let mut broken = greeted(
        ScriptedServer::new()
            .with_default_replies()
            .whenever("RETR")
            .reply("150 here")
            .break_data(DataFailure::Broken)
            .after_data()
            .reply("426 broken"),
    );
    assert_eq!(retrieved(&mut broken).refused(), 426);
}

#[test]
fn data_travels_as_the_mode_has_it_and_arrives_decoded() {
    // Two blocks, the second of which ends the file (RFC 959 3.4.2).
    let mut server = greeted(
        ScriptedServer::new()
            .with_default_replies()
            .whenever("MODE")
            .reply("200 okay")
            .whenever("RETR")
            .reply("150 here")
            .data(b"\0\0\x03con\x40\0\x04tent")
            .after_data()
            .reply("226 sent"),
    );
    server.run(&mut client::mode(TransferMode::Block), |_| ()).done();
    assert_eq!(retrieved(&mut server), Outcome::Done(13));
    assert_eq!(server.received(), b"content");

    server.upload(b"content");
    let id = server.run(&mut client::store(t("f"), IMAGE, 0), |opened| opened.transfer).done();
    server.run(&mut client::complete(id), |_| ()).done();
    assert!(server.sent().starts_with(b"\0\0\x07content"), "{:?}", server.sent());

    // A block is cut.
    let cut = ScriptedServer::new().with_default_replies().whenever("MODE").reply("200 okay");
    let cut = cut.whenever("RETR").reply("150 here").data(b"\0\0\x09con").after_data().reply("226 sent");
    let mut server = greeted(cut);
    server.run(&mut client::mode(TransferMode::Block), |_| ()).done();
    let malformed = TransferFailure::Connection(DataFailure::Malformed);
    assert_eq!(retrieved(&mut server), Outcome::Failed(malformed));
}

#[test]
fn a_session_sees_listeners_and_handshakes_fail_as_the_test_says() {
    let mut client = ScriptedClient::new(server::Config::default(), MemoryHost::new());
    client.command("USER me\r\nPASS any");
    client.on_listen(Attempt::Fails(DataFailure::Unreachable));
    assert_eq!(client.command("EPSV").len(), 1);
    assert_eq!(client.data_state(), DataState::None);
    client.on_listen(Attempt::Succeeds);
    assert_eq!(client.command("EPSV"), ["229 Entering Extended Passive Mode (|||5000|)"]);
    assert!(!client.connect_data("192.0.2.66:1".parse().unwrap()), "a stranger is turned away");
    assert_eq!(client.data_operations().last(), Some(&DataOp::Reject));
    let message = panic_of(|| drop(client.download()));
    assert!(message.contains("does not send") && message.contains("Listening"), "{message}");
}

#[test]
fn a_file_system_in_memory_refuses_what_a_real_one_does() {
    let host = MemoryHost::new().with_file("/d/f", "x").with_directory("/e");
    let mut client = ScriptedClient::new(server::Config::default(), host);
    client.command("USER me\r\nPASS any");
    for (line, code) in [
        ("CWD /d/f", 550),
        ("MKD /none/new", 550),
        ("RMD /d", 550),
        ("RMD /", 550),
        ("DELE /d", 550),
        ("DELE /d/none", 550),
        ("RNFR /d\r\nRNTO /d/inside", 553),
        ("RNFR /d/f\r\nRNTO /e", 550),
        ("RNFR /d/f\r\nRNTO /none/f", 550),
        ("RNFR /d\r\nRNTO /moved", 250),
        ("MFMT 20200101000000 /moved/f", 213),
    ] {
        client.send(format!("{line}\r\n"));
        assert_eq!(client.codes().last(), Some(&code), "{line}");
    }
    assert_eq!(client.host().file("/moved/f"), Some(&b"x"[..]));
    assert_eq!(client.command("MDTM /moved/f"), ["213 20200101000000"]);
    assert_eq!(client.host().paths().collect::<Vec<_>>(), [&b"/"[..], b"/e", b"/moved", b"/moved/f"]);
    client.host_mut().set_writable(false);
    for line in ["MKD /new", "DELE /moved/f", "RNFR /e\r\nRNTO /g"] {
        client.send(format!("{line}\r\n"));
        assert_eq!(client.codes().last(), Some(&550), "{line}");
    }
}

#[test]
fn the_same_seed_gives_the_same_dialogue_and_another_seed_another() {
    let dialogue = |seed| {
        let mut pair = Pair::new(seed, MemoryHost::new().with_password("sesame"));
        pair.run(&mut client::greeting(), |_| ()).done();
        let mut login = client::login(t("me"), Secret::new(t("sesame")), None);
        pair.run(&mut login, |_| ()).done();
        pair.transcript().to_vec()
    };
    assert_eq!(dialogue(1), dialogue(1));
    assert!((2..20).any(|seed| dialogue(seed) != dialogue(1)));
}

#[test]
fn hours_pass_in_no_time() {
    let mut config = Config::default();
    config.timeouts.reply = Duration::from_secs(24 * 3600);
    let mut server = ScriptedServer::with(config, "192.0.2.1:21".parse().unwrap())
        .reply("220 ready")
        .expect("NOOP")
        .silence(Duration::from_secs(23 * 3600))
        .reply("200 okay");
    server.run(&mut client::greeting(), |_| ()).done();
    let start = server.now();
    server.run(&mut client::noop(), |_| ()).done();
    assert_eq!(server.now().since(start), Duration::from_secs(23 * 3600));
}
