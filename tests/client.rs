//! The client against servers as they are: a server that answers from a table, virtual time.

mod support;

#[path = "client/abort.rs"]
mod abort;
#[path = "client/active.rs"]
mod active;
#[path = "client/beside.rs"]
mod beside;
#[path = "client/extensions.rs"]
mod extensions;

use ftp_proto::action::{Action, DataFailure, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{
    self, Client, Config, FactsAnswer, Opened, Operation, PassiveAddress, Profile, Sequence, TransferId,
};
use ftp_proto::codec::{Command, EndRule, Features, RepresentationType, Text, Verb};
use ftp_proto::error::{Awaited, Error, LocalError, PeerError};
use proptest::prelude::*;
use support::chunks::Chunks;
use support::client::Act::{self, AfterData, Break, Data, Delay, Hangup, Raw, Say};
use support::client::{Outcome, PEER, PEER_V6, Rig};
use support::{seconds, secret, t};

const IMAGE: RepresentationType = RepresentationType::Image;
const ASCII: RepresentationType = RepresentationType::ASCII;

fn login() -> Operation<client::Login<'static>> {
    client::login(t("me"), secret("secret"), Some(secret("books")))
}

fn opened(opened: Opened<'_>) -> (TransferId, u64, Option<u64>, Option<Vec<u8>>) {
    (opened.transfer, opened.offset, opened.size_hint, opened.unique_name.map(<[u8]>::to_vec))
}

/// Opens a transfer and sees it through: how many bytes it moved.
#[track_caller]
fn transfer(rig: &mut Rig, mut open: Operation<client::Open<'_>>) -> Outcome<u64> {
    match rig.run(&mut open, opened) {
        Outcome::Done((id, ..)) => rig.run(&mut client::complete(id), |completed| completed.transferred),
        Outcome::Refused { verb, code, text, transient } => Outcome::Refused { verb, code, text, transient },
        Outcome::Failed(failure) => Outcome::Failed(failure),
        Outcome::Close => Outcome::Close,
        Outcome::Error(error) => Outcome::Error(error),
    }
}

fn retrieve(rig: &mut Rig) -> Outcome<u64> {
    transfer(rig, client::retrieve(t("f"), IMAGE, 0))
}

/// A server that is asked a no-operation next: the dialogue is in step when it is answered.
#[track_caller]
fn in_step(rig: &mut Rig) {
    let reply = rig.run(&mut client::system(), |line| line.text.to_vec());
    assert_eq!(reply, Outcome::Done(b"UNIX Type: L8".to_vec()), "{:#?}", rig.transcript);
}

fn peer_error<T>(error: PeerError) -> Outcome<T> {
    Outcome::Error(Error::Peer(error))
}

// ---- Reply framing ----

#[test]
fn a_reply_of_many_lines_ends_with_its_own_code() {
    for (reply, shown) in [
        ("215-one\r\n215 UNIX", vec!["215 one"]),
        ("215-one\r\n215-two\r\n215 UNIX", vec!["215 one", "215 two"]),
        ("215-one\r\n 215 indented\r\n215 UNIX", vec!["215 one", "215  215 indented"]),
        ("215-one\r\n\r\nbare\r\n215 UNIX", vec!["215 one", "215 ", "215 bare"]),
        ("215-one\r\n550 inside\r\n215 UNIX", vec!["215 one", "215 550 inside"]),
        ("215-one\n215 UNIX", vec!["215 one"]),
    ] {
        let mut rig = Rig::greeted().says("SYST", reply);
        assert_eq!(
            rig.run(&mut client::system(), |line| line.text.to_vec()),
            Outcome::Done(b"UNIX".to_vec())
        );
        assert_eq!(rig.shown, shown, "{reply:?}");
    }
}

#[test]
fn a_lenient_client_ends_a_reply_with_any_code() {
    let mut config = Config::default();
    config.end_of_reply = EndRule::AnyCode;
    let mut rig =
        Rig::with(config, PEER).greet().says("SYST", "553-one\r\n150 two").says("SYST", "215 UNIX Type: L8");
    assert_eq!(rig.run(&mut client::system(), |_| ()).refused(), 553);
    in_step(&mut rig);
}

#[test]
fn a_reply_without_text_is_complete() {
    for reply in [&b"200\r\n"[..], b"200 \r\n", b"200\n", b"\r\n\r\n200\r\n"] {
        let mut rig = Rig::greeted().on("NOOP", [Raw(reply.to_vec())]);
        rig.run(&mut client::noop(), |_| ()).done();
    }
}

#[test]
fn telnet_is_taken_out_of_replies() {
    let raw = b"\xff\xfb\x0121\xff\xfd\x035 a\xff\xffb\xff\xf1\r\0c\r\n".to_vec();
    let mut rig = Rig::greeted().on("SYST", [Raw(raw)]);
    let text = rig.run(&mut client::system(), |line| line.text.to_vec()).done();
    assert_eq!(text, b"a\xffb\rc");
}

#[test]
fn what_is_no_reply_is_an_error_that_stays() {
    for raw in [&b"nonsense\r\n"[..], b"20 short\r\n", b"2000 long\r\n", b"099 low\r\n", b"200 nul\0nul\r\n"]
    {
        let mut rig = Rig::greeted().on("NOOP", [Raw(raw.to_vec())]);
        for _ in 0..3 {
            assert_eq!(
                rig.run(&mut client::noop(), |_| ()),
                peer_error(PeerError::MalformedReply),
                "{raw:?}"
            );
        }
    }
}

#[test]
fn a_greeting_that_is_not_ftp_is_told() {
    for raw in [&b"HTTP/1.1 400 Bad Request\r\n"[..], b"SSH-2.0-OpenSSH_9.7\r\n", b"\0\0\0\x18ftypmp42\r\n"] {
        let mut rig = Rig::new().opening([Raw(raw.to_vec())]);
        assert_eq!(rig.run(&mut client::greeting(), |_| ()), peer_error(PeerError::NotFtp), "{raw:?}");
    }
}

#[test]
fn a_line_over_the_limit_is_cut_and_the_dialogue_goes_on() {
    let mut long = b"215 ".to_vec();
    long.resize(10_000, b'x');
    long.extend(b"\r\n");
    for sizes in [&[usize::MAX][..], &[1], &[2048, 1]] {
        let mut rig = Rig::greeted().on("SYST", [Raw(long.clone())]).says("SYST", "215 UNIX Type: L8");
        rig.chunks = Chunks::of(sizes);
        let length = rig.run(&mut client::system(), |line| line.text.len()).done();
        assert_eq!(length, 2046 - 4);
        in_step(&mut rig);
    }
}

#[test]
fn a_reply_over_the_limits_is_an_error() {
    let mut config = Config::default();
    config.limits.reply_lines = 10;
    let lines = |count| Raw([b"215-a\r\n".repeat(count), b"215 end\r\n".to_vec()].concat());
    let mut rig = Rig::with(config.clone(), PEER).greet().on("SYST", [lines(10)]);
    rig.run(&mut client::system(), |_| ()).done();
    let mut rig = Rig::with(config.clone(), PEER).greet().on("SYST", [lines(11)]);
    assert_eq!(rig.run(&mut client::system(), |_| ()), peer_error(PeerError::ReplyTooLong));
    config.limits.reply_lines = 1000;
    config.limits.reply_bytes = 100;
    let mut rig = Rig::with(config, PEER).greet().on("SYST", [lines(30)]);
    assert_eq!(rig.run(&mut client::system(), |_| ()), peer_error(PeerError::ReplyTooLong));
}

#[test]
fn a_reply_to_nothing_is_ignored_and_ends_pipelining() {
    let mut rig = Rig::greeted().on("NOOP", [Say("200 okay"), Say("200 okay")]);
    rig.run(&mut client::noop(), |_| ()).done();
    in_step(&mut rig);
    assert!(rig.client.profile().contains(Profile::NO_PIPELINING));
}

#[test]
fn a_second_226_is_ignored() {
    let mut rig = Rig::greeted().on("RETR", [Say("150 go"), Data(b"abc"), Say("226 one"), Say("226 two")]);
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    in_step(&mut rig);
}

// ---- Greeting and login ----

#[test]
fn the_greeting_is_waited_for() {
    let text = |line: Option<ftp_proto::codec::ReplyLine<'_>>| line.map(|line| line.code.get());
    let mut rig = Rig::new();
    assert_eq!(rig.run(&mut client::greeting(), text), Outcome::Done(Some(220)));
    let mut rig = Rig::new().opening([Say("120 soon"), Delay(seconds(50)), Say("220 now")]);
    assert_eq!(rig.run(&mut client::greeting(), text), Outcome::Done(Some(220)));
    let mut rig = Rig::new().opening([Say("220-welcome\r\nto\r\n220 here")]);
    assert_eq!(rig.run(&mut client::greeting(), text), Outcome::Done(Some(220)));
    assert_eq!(rig.shown, ["220 welcome", "220 to"]);
    let mut rig = Rig::new().opening([Say("230 you are in")]);
    assert_eq!(rig.run(&mut client::greeting(), text), Outcome::Done(Some(230)));
    let mut rig = Rig::new().opening([Say("421 go away")]);
    assert_eq!(rig.run(&mut client::greeting(), text).refused(), 421);
    assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::ServiceClosing));
    let mut rig = Rig::new().opening([Say("554 no")]);
    assert_eq!(rig.run(&mut client::greeting(), text).refused(), 554);
}

#[test]
fn an_operation_without_a_greeting_waits_for_the_greeting_first() {
    let mut rig = Rig::new().opening([Delay(seconds(1)), Say("120 soon"), Say("220 now")]);
    rig.run(&mut login(), |_| ()).done();
    assert_eq!(rig.commands(), ["USER me", "PASS secret"]);
    in_step(&mut rig);
    let mut rig = Rig::new();
    rig.run(&mut client::rename(t("a"), t("b")), |()| ()).done();
    assert_eq!(rig.transcript[0], "S: 220 ready");
}

#[test]
fn a_greeting_that_was_given_up_can_be_waited_for_again() {
    let mut rig = Rig::new();
    assert!(rig.run_for(&mut client::greeting(), 1, |_| ()).is_none());
    rig.run(&mut client::greeting(), |_| ()).done();
    in_step(&mut rig);
    // A third time there is nothing to wait for.
    assert_eq!(rig.run(&mut client::greeting(), |line| line.is_some()), Outcome::Done(false));
}

#[test]
fn a_login_gives_what_the_server_asks_for() {
    for (answers, commands) in [
        (&[("USER", "230 in")][..], &["USER me"][..]),
        (&[("USER", "232 by certificate")], &["USER me"]),
        (&[], &["USER me", "PASS secret"]),
        (&[("PASS", "202 superfluous")], &["USER me", "PASS secret"]),
        (&[("PASS", "332 account")], &["USER me", "PASS secret", "ACCT books"]),
        (&[("USER", "332 account")], &["USER me", "ACCT books"]),
        (&[("USER", "332 account"), ("ACCT", "331 password")], &["USER me", "ACCT books", "PASS secret"]),
    ] {
        let mut rig = Rig::greeted();
        for (command, reply) in answers {
            rig = rig.says(command, reply);
        }
        rig.run(&mut login(), |_| ()).done();
        assert_eq!(rig.commands(), commands);
    }
}

#[test]
fn a_login_that_goes_in_circles_is_refused() {
    for (pass, acct) in [("331 again", ""), ("332 account", "332 again"), ("332 account", "331 again")] {
        let mut rig = Rig::greeted().says("PASS", pass).says("ACCT", acct);
        assert!(matches!(rig.run(&mut login(), |_| ()), Outcome::Refused { .. }));
        in_step(&mut rig);
    }
}

#[test]
fn a_login_without_the_account_that_is_wanted_is_refused() {
    let mut rig = Rig::greeted().says("PASS", "332 account");
    assert_eq!(rig.run(&mut client::login(t("me"), secret("x"), None), |_| ()).refused(), 332);
}

#[test]
fn a_refusal_for_now_is_told_from_one_for_good() {
    for (reply, expected) in [
        ("530 Login incorrect.", false),
        ("530 Sorry, the maximum number of clients is connected", true),
        ("530 Too many users, try again later", true),
        ("430 not now", true),
    ] {
        let mut rig = Rig::greeted().says("PASS", reply);
        match rig.run(&mut login(), |_| ()) {
            Outcome::Refused { transient, verb, .. } => {
                assert_eq!((transient, verb), (expected, Some(Verb::Pass)), "{reply}")
            }
            other => panic!("{other:?}"),
        }
    }
}

// ---- Data connections ----

#[test]
fn type_and_epsv_go_together() {
    let mut rig = Rig::greeted();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RETR f"]);
    assert_eq!(rig.transcript[..4], ["C: TYPE I", "C: EPSV", "S: 200 okay", "S: 229 go (|||5000|)"]);
    assert_eq!(rig.dialled, ["192.0.2.1:5000".parse().unwrap()]);
    // One for TYPE and EPSV, one for RETR; the last reply comes when the data has.
    assert_eq!(rig.round_trips, 3, "{:#?}", rig.transcript);
    rig.reset_counts();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["EPSV", "RETR f"], "the type is in force already");
}

#[test]
fn rest_and_retr_go_together() {
    let mut rig = Rig::greeted();
    assert_eq!(transfer(&mut rig, client::retrieve(t("f"), IMAGE, 7)), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "REST 7", "RETR f"]);
    assert_eq!(rig.round_trips, 3);
}

#[test]
fn one_command_at_a_time_where_the_server_needs_it() {
    let mut config = Config::default();
    config.one_command_at_a_time = true;
    let by_config = Rig::with(config, PEER).greet();
    let by_profile = Rig::greeted().profile(Profile::NO_PIPELINING);
    for mut rig in [by_config, by_profile] {
        assert_eq!(transfer(&mut rig, client::retrieve(t("f"), IMAGE, 7)), Outcome::Done(3));
        let letters: String = rig.transcript.iter().map(|line| &line[..1]).collect();
        assert_eq!(letters, "CSCSCSCSS", "{:#?}", rig.transcript);
    }
}

#[test]
fn any_form_of_a_229_is_read() {
    for reply in
        ["229 (|||5000|)", "229 Entering (!!!5000!)", "229 (|1|10.9.8.7|5000|)", "229 x (|||5000|) y"]
    {
        let mut rig = Rig::greeted().says("EPSV", reply);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{reply}");
        assert_eq!(rig.dialled, ["192.0.2.1:5000".parse().unwrap()], "{reply}");
    }
}

#[test]
fn an_epsv_that_does_not_work_is_followed_by_pasv_and_remembered() {
    for reply in [
        "500 what",
        "502 no",
        "522 no",
        "425 no port",
        "229 (|||0|)",
        "229 (|||65536|)",
        "229 nothing here",
        "200 okay",
    ] {
        let mut rig = Rig::greeted().says("EPSV", reply);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{reply}");
        assert_eq!(rig.commands(), ["TYPE I", "EPSV", "PASV", "RETR f"], "{reply}");
        assert_eq!(rig.dialled, ["192.0.2.1:5000".parse().unwrap()]);
        assert!(rig.client.profile().contains(Profile::NO_EPSV));
        rig.reset_counts();
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
        assert_eq!(rig.commands(), ["PASV", "RETR f"]);
    }
}

#[test]
fn a_227_in_answer_to_epsv_is_good() {
    let mut rig = Rig::greeted().says("EPSV", "227 (192,0,2,1,19,137)");
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.dialled, ["192.0.2.1:5001".parse().unwrap()]);
}

#[test]
fn an_epsv_port_that_cannot_be_reached_is_followed_by_pasv() {
    for connects in [None, Some(Err(DataFailure::Unreachable))] {
        let mut rig = Rig::greeted();
        rig.connects = connects;
        let mut open = client::retrieve(t("f"), IMAGE, 0);
        assert_eq!(rig.run(&mut open, opened), Outcome::Failed(DataFailure::Unreachable));
        assert_eq!(rig.commands(), ["TYPE I", "EPSV", "PASV"]);
        assert_eq!(rig.dialled.len(), 2);
        rig.connects = Some(Ok(()));
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    }
}

#[test]
fn ipv6_has_no_pasv() {
    let mut rig = Rig::with(Config::default(), PEER_V6).greet();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.dialled, ["[2001:db8::1]:5000".parse().unwrap()]);
    let mut rig = Rig::with(Config::default(), PEER_V6).greet().says("EPSV", "500 what");
    assert_eq!(retrieve(&mut rig).refused(), 500);
    let mut rig = Rig::with(Config::default(), PEER_V6).greet().profile(Profile::NO_EPSV);
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RETR f"]);
}

#[test]
fn a_227_leads_to_the_control_peer_whatever_it_names() {
    for reply in [
        "227 (10,0,0,1,19,136)",
        "227 Entering Passive Mode (127,0,0,1,19,136).",
        "227 =0,0,0,0,19,136",
        "227 8,8,8,8,19,136",
        "227 Entering Passive Mode. 192,168,0,1,19,136",
    ] {
        let mut rig = Rig::greeted().profile(Profile::NO_EPSV).says("PASV", reply);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{reply}");
        assert_eq!(rig.dialled, ["192.0.2.1:5000".parse().unwrap()], "{reply}");
    }
}

#[test]
fn the_address_of_a_227_counts_for_who_wants_it() {
    for (reply, address) in [
        ("227 (10,0,0,1,19,136)", "10.0.0.1:5000"),
        // This names no host at all.
        ("227 (0,0,0,0,19,136)", "192.0.2.1:5000"),
    ] {
        let mut config = Config::default();
        config.passive_address = PassiveAddress::AsNamed;
        let mut rig = Rig::with(config, PEER).greet().profile(Profile::NO_EPSV).says("PASV", reply);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
        assert_eq!(rig.dialled, [address.parse().unwrap()]);
    }
}

#[test]
fn a_227_that_cannot_be_read_is_a_refusal() {
    for reply in ["227 nothing", "227 (300,0,0,1,19,136)", "227 (1,2,3,4,5)", "200 okay", "425 no"] {
        let mut rig = Rig::greeted().profile(Profile::NO_EPSV).says("PASV", reply);
        assert!(matches!(retrieve(&mut rig), Outcome::Refused { verb: Some(Verb::Pasv), .. }), "{reply}");
        assert!(rig.dialled.is_empty());
        in_step(&mut rig);
    }
}

#[test]
fn a_421_while_connecting_ends_it() {
    let mut rig =
        Rig::greeted().on("EPSV", [Say("229 (|||5000|)"), Delay(seconds(1)), Say("421 bye"), Hangup]);
    rig.connects = None;
    assert_eq!(retrieve(&mut rig), peer_error(PeerError::ServiceClosing));
}

// ---- The sequence of a transfer ----

/// What the server does at RETR or STOR, and what comes of it.
#[test]
fn transfers_end_well_in_any_order_of_events() {
    for acts in [
        &[Say("150 go"), Data(b"abc"), AfterData, Say("226 done")][..],
        &[Say("125 go"), Data(b"abc"), AfterData, Say("250 done")],
        &[Say("150-go\r\n150 now"), Data(b"abc"), AfterData, Say("226-well\r\n226 done")],
        &[Say("150 go"), Data(b"abc"), Say("226 done")],
        &[Say("150 go\r\n226 done"), Delay(seconds(5)), Data(b"abc")],
        &[Say("150 go"), Say("226 done"), Delay(seconds(5)), Data(b"abc")],
        &[Say("150 go"), Data(b"abc"), AfterData, Delay(seconds(50)), Say("226 done")],
        &[Say("150 go"), Data(b"abc"), Say("226 done"), Hangup],
        &[Say("150 go"), Say("226 done"), Hangup, Delay(seconds(5)), Data(b"abc")],
        &[Data(b"abc"), Say("226 no 150")],
        &[Say("226 no 150"), Data(b"abc")],
        &[Say("150 go"), Say("150 really"), Data(b"abc"), AfterData, Say("226 done")],
    ] {
        for data_first in [false, true] {
            let mut rig = Rig::greeted().on("RETR", acts);
            rig.data_first = data_first;
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{acts:?}: {:#?}", rig.transcript);
            assert_eq!(rig.ops.last(), Some(&DataOp::Close), "the connection is closed before it is told");
            if !acts.iter().any(|act| matches!(act, Hangup)) {
                in_step(&mut rig);
            }
        }
    }
}

#[test]
fn an_empty_directory_needs_no_data_connection() {
    for acts in [
        &[Say("226 empty"), Data(b"")][..],
        &[Say("226 empty"), Break(DataFailure::Broken)],
        &[Say("226 empty")],
        &[Say("150 go"), Data(b""), AfterData, Say("226 done")],
    ] {
        let mut rig = Rig::greeted().on("LIST", acts);
        assert_eq!(transfer(&mut rig, client::list(None, IMAGE)), Outcome::Done(0), "{acts:?}");
        in_step(&mut rig);
    }
    for reply in ["450 no files", "550 no files"] {
        let mut rig = Rig::greeted().says("LIST", reply);
        assert!(matches!(transfer(&mut rig, client::list(None, IMAGE)), Outcome::Refused { .. }));
        assert_eq!(rig.ops.last(), Some(&DataOp::Abort), "the connection is closed before it is told");
        in_step(&mut rig);
    }
}

#[test]
fn a_transfer_that_the_server_calls_failed_is_refused() {
    for acts in [
        &[Say("150 go"), Data(b"abc"), AfterData, Say("451 disk")][..],
        &[Say("150 go"), Say("426 aborted")],
        &[Say("150 go"), Break(DataFailure::Broken), AfterData, Say("426 aborted")],
        &[Say("425 cannot")],
        &[Say("550 none")],
        &[Say("150 go"), Data(b"abc"), Say("552 quota")],
    ] {
        for data_first in [false, true] {
            let mut rig = Rig::greeted().on("RETR", acts);
            rig.data_first = data_first;
            assert!(
                matches!(retrieve(&mut rig), Outcome::Refused { verb: Some(Verb::Retr), .. }),
                "{acts:?}"
            );
            assert!(matches!(rig.ops.last(), Some(DataOp::Abort | DataOp::Close)));
            in_step(&mut rig);
        }
    }
}

#[test]
fn a_broken_connection_is_a_failure_whatever_the_server_says_of_it() {
    for acts in [
        &[Say("150 go"), Break(DataFailure::Broken), AfterData, Say("226 done")][..],
        &[Say("150 go"), Say("226 done"), Break(DataFailure::Broken)],
    ] {
        let mut rig = Rig::greeted().on("RETR", acts);
        assert_eq!(retrieve(&mut rig), Outcome::Failed(DataFailure::Broken), "{acts:?}");
        in_step(&mut rig);
    }
}

#[test]
fn uploads_are_sent_and_confirmed() {
    for (open, command) in [
        (client::store(t("f"), IMAGE, 0), "STOR f"),
        (client::append(t("f"), IMAGE), "APPE f"),
        (client::store_unique(None, IMAGE), "STOU"),
        (client::store_unique(Some(t("f")), IMAGE), "STOU f"),
    ] {
        let mut rig = Rig::greeted();
        rig.upload = vec![5, 10];
        assert_eq!(transfer(&mut rig, open), Outcome::Done(15));
        assert_eq!(rig.commands(), ["TYPE I", "EPSV", command]);
        in_step(&mut rig);
    }
}

#[test]
fn an_upload_of_nothing_is_one() {
    let mut rig = Rig::greeted();
    rig.upload = Vec::new();
    assert_eq!(transfer(&mut rig, client::store(t("f"), IMAGE, 0)), Outcome::Done(0));
}

#[test]
fn an_upload_that_restarts_sees_the_answer_to_rest_first() {
    let mut rig = Rig::greeted();
    assert_eq!(transfer(&mut rig, client::store(t("f"), IMAGE, 7)), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "REST 7", "STOR f"]);
    let rest = rig.transcript.iter().position(|line| line == "S: 350 go on").unwrap();
    assert_eq!(rig.transcript[rest + 1], "C: STOR f");
    let mut rig = Rig::greeted().says("REST", "502 no");
    let outcome = transfer(&mut rig, client::store(t("f"), IMAGE, 7));
    assert!(matches!(outcome, Outcome::Refused { verb: Some(Verb::Rest), .. }));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "REST 7"], "nothing was overwritten");
    assert_eq!(rig.ops.last(), Some(&DataOp::Abort), "the connection is closed before it is told");
    in_step(&mut rig);
}

#[test]
fn a_download_that_cannot_restart_starts_at_0_and_says_so() {
    for refusal in ["502 no", "500 what", "504 not here"] {
        let mut rig = Rig::greeted().says("REST", refusal);
        let (id, offset, ..) = rig.run(&mut client::retrieve(t("f"), IMAGE, 7), opened).done();
        assert_eq!(offset, 0);
        rig.run(&mut client::complete(id), |_| ()).done();
        in_step(&mut rig);
    }
    for reply in ["350 yes", "200 yes", "300 yes"] {
        let mut rig = Rig::greeted().says("REST", reply);
        let (id, offset, ..) = rig.run(&mut client::retrieve(t("f"), IMAGE, 7), opened).done();
        assert_eq!(offset, 7, "{reply}");
        rig.run(&mut client::complete(id), |_| ()).done();
    }
}

#[test]
fn a_server_without_rest_is_not_asked_again_for_a_download() {
    let mut rig = Rig::greeted().says("REST", "502 no");
    assert_eq!(transfer(&mut rig, client::retrieve(t("f"), IMAGE, 7)), Outcome::Done(3));
    rig.reset_counts();
    let (id, offset, ..) = rig.run(&mut client::retrieve(t("f"), IMAGE, 7), opened).done();
    assert_eq!(offset, 0);
    rig.run(&mut client::complete(id), |_| ()).done();
    assert_eq!(rig.commands(), ["EPSV", "RETR f"]);
}

#[test]
fn an_offset_that_no_transfer_used_is_taken_back() {
    // REST was answered, and STOR never sent.
    let mut rig = Rig::greeted();
    let mut open = client::store(t("f"), IMAGE, 7);
    while !rig.transcript.iter().any(|line| line == "S: 350 go on") {
        assert!(rig.run_for(&mut open, 1, opened).is_none());
    }
    drop(open);
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    let commands = rig.commands();
    assert_eq!(commands[commands.len() - 2..], ["REST 0", "RETR f"]);
    rig.reset_counts();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["EPSV", "RETR f"]);
}

#[test]
fn a_type_that_is_refused_ends_the_transfer_and_is_not_believed() {
    let mut rig = Rig::greeted().says("TYPE I", "504 no").says("TYPE I", "200 okay");
    assert!(matches!(retrieve(&mut rig), Outcome::Refused { verb: Some(Verb::Type), code: 504, .. }));
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "TYPE I", "EPSV", "RETR f"]);
    in_step(&mut rig);
}

#[test]
fn a_type_that_is_refused_to_a_cancelled_operation_is_not_believed() {
    let mut rig = Rig::greeted().says("TYPE I", "504 no").says("TYPE I", "200 okay");
    let mut open = client::retrieve(t("f"), IMAGE, 0);
    while rig.commands().is_empty() {
        assert!(rig.run_for(&mut open, 1, opened).is_none());
    }
    drop(open);
    in_step(&mut rig);
    rig.reset_counts();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RETR f"]);
}

#[test]
fn the_type_is_known_whoever_set_it() {
    let mut rig = Rig::greeted();
    assert_eq!(transfer(&mut rig, client::list(None, ASCII)), Outcome::Done(3));
    rig.run(&mut client::raw(Command::Type(IMAGE)), |_| ()).done();
    rig.reset_counts();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["EPSV", "RETR f"]);
    rig.run(&mut client::raw(Command::Type(ASCII)), |_| ()).done();
    rig.reset_counts();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RETR f"]);
    rig = rig.says("REIN", "220 anew");
    rig.run(&mut client::raw(Command::Rein), |_| ()).done();
    rig.run(&mut login(), |_| ()).done();
    rig.reset_counts();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RETR f"], "a new login begins with the defaults");
}

#[test]
fn the_server_tells_sizes_and_names_at_the_start() {
    let acts = [Say("150 Opening f (1234 bytes)"), Data(b"abc"), AfterData, Say("226 done")];
    let mut rig = Rig::greeted().on("RETR", acts);
    let (_, _, hint, _) = rig.run(&mut client::retrieve(t("f"), IMAGE, 0), opened).done();
    assert_eq!(hint, Some(1234));
    for reply in ["150 FILE: f.1", "150 (unique file name: f.1)", "150 f.1"] {
        let mut rig = Rig::greeted().on("STOU", [Say(reply), AfterData, Say("226 done")]);
        let (_, _, _, name) = rig.run(&mut client::store_unique(None, IMAGE), opened).done();
        assert_eq!(name.as_deref(), Some(&b"f.1"[..]), "{reply}");
    }
}

#[test]
fn an_mlsd_that_is_unknown_is_remembered() {
    let mut rig = Rig::greeted().says("MLSD", "500 what");
    assert_eq!(transfer(&mut rig, client::machine_list(None)).refused(), 500);
    assert!(rig.client.profile().contains(Profile::NO_MLSD));
    let mut rig = Rig::greeted().says("MLSD", "550 no such directory");
    assert_eq!(transfer(&mut rig, client::machine_list(Some(t("x")))).refused(), 550);
    assert!(!rig.client.profile().contains(Profile::NO_MLSD));
}

// ---- Answers to questions ----

#[test]
fn sizes_are_read_as_servers_write_them() {
    for (reply, size) in [
        ("213 51", Some(51)),
        ("213 file: 213, Size =51", Some(51)),
        ("213 5555, comment", Some(5555)),
        ("213 18446744073709551615", Some(u64::MAX)),
        ("213 18446744073709551616", None),
        ("213 none", None),
        ("250 51", Some(51)),
    ] {
        let mut rig = Rig::greeted().says("SIZE", reply);
        let read = rig.run(&mut client::size(t("f")), |size| size.ok()).done();
        assert_eq!(read, size, "{reply}");
        assert_eq!(rig.commands(), ["TYPE I", "SIZE f"]);
        assert_eq!(rig.round_trips, 1);
    }
    let mut rig = Rig::greeted().says("SIZE", "550 no");
    assert_eq!(rig.run(&mut client::size(t("f")), |_| ()).refused(), 550);
}

#[test]
fn times_are_read_and_not_guessed() {
    for (reply, good) in [
        ("213 20240229123456", true),
        ("213 20240229123456.789", true),
        ("213 191240229123456", true),
        ("213 19124022912345", false),
        ("213 Feb 29 2024", false),
    ] {
        let mut rig = Rig::greeted().says("MDTM", reply);
        let read = rig.run(&mut client::modification_time(t("f")), |time| time.is_ok()).done();
        assert_eq!(read, good, "{reply}");
    }
}

#[test]
fn directories_are_read_as_servers_write_them() {
    for (reply, directory) in [
        ("257 \"/a b\" is current", "/a b"),
        ("257 \"/a\"\"b\"", "/a\"b"),
        ("257 you are in \"/a\"", "/a"),
        ("257 \"/a", "/a"),
        ("257 /a", "/a"),
        ("250 \"/a\"", "/a"),
        ("257 \"DISK:[A.B]\"", "DISK:[A.B]"),
        ("257 \"C:\\\"", "C:\\"),
        ("257 \"'HLQ.'\"", "'HLQ.'"),
    ] {
        let mut rig = Rig::greeted().says("PWD", reply);
        let read = rig
            .run(&mut client::working_directory(), |path| path.map(|path| path.bytes().collect::<Vec<u8>>()));
        assert_eq!(read.done().unwrap(), directory.as_bytes(), "{reply}");
    }
    let mut rig = Rig::greeted().says("PWD", "257 \"/a\u{7}b\"");
    assert!(rig.run(&mut client::working_directory(), |path| path.is_err()).done());
    let mut rig = Rig::greeted().says("MKD", "257 made");
    rig.run(&mut client::make_directory(t("d")), |_| ()).done();
}

#[test]
fn any_2yz_grants_a_simple_command() {
    for code in ["200 x", "202 x", "213 x", "226 x", "250 x", "257 x"] {
        for mut operation in [
            client::change_directory(t("d")),
            client::change_to_parent(),
            client::remove_directory(t("d")),
            client::delete(t("d")),
            client::noop(),
        ] {
            let mut rig = Rig::greeted();
            for verb in ["CWD", "CDUP", "RMD", "DELE", "NOOP"] {
                rig = rig.says(verb, code);
            }
            rig.run(&mut operation, |_| ()).done();
        }
    }
}

#[test]
fn features_are_read_as_servers_write_them() {
    for (reply, features) in [
        ("211-x\r\n MDTM\r\n SIZE\r\n211 end", Features::MDTM | Features::SIZE),
        ("211-x\r\nmdtm\r\nSize\r\n211 end", Features::MDTM | Features::SIZE),
        ("211-x\r\n211-MDTM\r\n211-SIZE\r\n211 end", Features::MDTM | Features::SIZE),
        ("211 no features", Features::empty()),
    ] {
        let mut rig = Rig::greeted().says("FEAT", reply);
        assert_eq!(rig.run(&mut client::features(), |features| features), Outcome::Done(features), "{reply}");
    }
    for reply in ["500 what", "502 no", "530 later"] {
        let mut rig = Rig::greeted().says("FEAT", reply);
        assert!(matches!(rig.run(&mut client::features(), |_| ()), Outcome::Refused { .. }));
        in_step(&mut rig);
    }
}

#[test]
fn facts_stand_on_the_middle_line() {
    for reply in ["250-f\r\n type=file;size=3; f\r\n250 end", "250-f\r\ntype=file;size=3; f\r\n250 end"] {
        let mut rig = Rig::greeted().says("MLST", reply);
        let mut operation = client::facts(Some(t("f")));
        let mut found = None;
        loop {
            // A driver of its own: the lines are what counts here.
            let polled = operation.poll(&mut rig.client, rig.now, &mut rig.rx, &mut rig.tx).unwrap();
            match polled {
                Action::Event(client::Event::Line(line)) => {
                    found = found.or(FactsAnswer::parse(&line).map(|facts| facts.unwrap().size.is_some()));
                }
                Action::Event(client::Event::Done(())) => break,
                Action::Wait(_) => {
                    rig.tx.sent(100);
                    rig.rx.extend(reply.as_bytes());
                    rig.rx.extend(b"\r\n");
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(found, Some(true), "{reply:?}");
    }
}

#[test]
fn a_rename_is_two_commands() {
    let mut rig = Rig::greeted();
    rig.run(&mut client::rename(t("a"), t("b")), |()| ()).done();
    assert_eq!(rig.commands(), ["RNFR a", "RNTO b"]);
    let mut rig = Rig::greeted().says("RNFR", "550 none");
    assert_eq!(rig.run(&mut client::rename(t("a"), t("b")), |()| ()).refused(), 550);
    assert_eq!(rig.commands(), ["RNFR a"]);
    let mut rig = Rig::greeted().says("RNTO", "553 no");
    assert_eq!(rig.run(&mut client::rename(t("a"), t("b")), |()| ()).refused(), 553);
    in_step(&mut rig);
}

#[test]
fn a_raw_command_is_sent_as_it_is() {
    let mut rig = Rig::greeted().says("FROB", "299 frobbed").says("ASK", "350 more");
    for (verb, code) in [("FROB", 299), ("ASK", 350)] {
        let command = Command::Unknown { verb: verb.as_bytes(), argument: Some(t("x y")) };
        let mut operation = client::raw(command);
        assert_eq!(rig.run(&mut operation, |line| line.code.get()), Outcome::Done(code));
    }
    assert_eq!(rig.commands(), ["FROB x y", "ASK x y"]);
}

#[test]
fn a_raw_command_that_no_table_knows_is_no_greeting() {
    let mut rig = Rig::greeted().on("FROB", []);
    let mut operation = client::raw(Command::Unknown { verb: b"FROB", argument: None });
    assert_eq!(rig.run(&mut operation, |_| ()), peer_error(PeerError::TimedOut(Awaited::Reply)));
    let mut rig = Rig::greeted().says("FROB", "nonsense");
    let mut operation = client::raw(Command::Unknown { verb: b"FROB", argument: None });
    assert_eq!(rig.run(&mut operation, |_| ()), peer_error(PeerError::MalformedReply));
}

// ---- Names ----

#[test]
fn a_byte_255_in_a_name_is_doubled() {
    let mut rig = Rig::greeted();
    let name = [b'a', 0xff, b'b'];
    let mut operation = client::delete(Text::new(&name).unwrap());
    assert!(rig.run_for(&mut operation, 1, |_| ()).is_none());
    rig.run(&mut operation, |_| ()).done();
    assert_eq!(rig.commands(), ["DELE a\\xff\\xffb"]);
}

#[test]
fn what_ends_a_line_is_no_name() {
    for bad in ["a\r\nDELE b", "a\nb", "a\rb", "a\0b"] {
        assert!(Text::new(bad.as_bytes()).is_err());
    }
}

// ---- The end of the connection ----

type AnyOperation = fn(&mut Rig) -> Outcome<()>;

fn unit<T>(outcome: Outcome<T>) -> Outcome<()> {
    match outcome {
        Outcome::Done(_) => Outcome::Done(()),
        Outcome::Refused { verb, code, text, transient } => Outcome::Refused { verb, code, text, transient },
        Outcome::Failed(failure) => Outcome::Failed(failure),
        Outcome::Close => Outcome::Close,
        Outcome::Error(error) => Outcome::Error(error),
    }
}

/// Every kind of operation, with the commands that it sends.
const OPERATIONS: [(&str, AnyOperation); 12] = [
    ("USER PASS", |rig| unit(rig.run(&mut login(), |_| ()))),
    ("TYPE EPSV RETR", |rig| unit(retrieve(rig))),
    ("TYPE EPSV REST RETR", |rig| unit(transfer(rig, client::retrieve(t("f"), IMAGE, 5)))),
    ("TYPE EPSV REST STOR", |rig| unit(transfer(rig, client::store(t("f"), IMAGE, 5)))),
    ("TYPE EPSV APPE", |rig| unit(transfer(rig, client::append(t("f"), ASCII)))),
    ("TYPE EPSV LIST", |rig| unit(transfer(rig, client::list(None, ASCII)))),
    ("TYPE EPSV MLSD", |rig| unit(transfer(rig, client::machine_list(None)))),
    ("TYPE SIZE", |rig| unit(rig.run(&mut client::size(t("f")), |_| ()))),
    ("PWD", |rig| unit(rig.run(&mut client::working_directory(), |_| ()))),
    ("FEAT", |rig| unit(rig.run(&mut client::features(), |_| ()))),
    ("RNFR RNTO", |rig| unit(rig.run(&mut client::rename(t("a"), t("b")), |()| ()))),
    ("MLST", |rig| unit(rig.run(&mut client::facts(None), |()| ()))),
];

#[test]
fn a_421_in_answer_to_anything_ends_the_connection() {
    for (commands, operation) in OPERATIONS {
        for command in commands.split(' ') {
            let mut rig = Rig::greeted().on(command, [Say("421 closing"), Hangup]);
            let outcome = operation(&mut rig);
            let told = matches!(outcome, Outcome::Refused { code: 421, .. })
                || outcome == peer_error(PeerError::ServiceClosing);
            assert!(told, "{command}: {outcome:?}");
            let closed = matches!(rig.ops.last(), None | Some(DataOp::Abort | DataOp::Close));
            assert!(closed, "{command}: {:?}", rig.ops);
            assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::ServiceClosing));
        }
    }
}

#[test]
fn a_421_in_the_middle_of_a_transfer_ends_the_connection() {
    let mut rig = Rig::greeted().on("RETR", [Say("150 go"), Delay(seconds(1)), Say("421 closing"), Hangup]);
    assert_eq!(retrieve(&mut rig).refused(), 421);
    assert_eq!(rig.ops.last(), Some(&DataOp::Abort));
    assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::ServiceClosing));
}

#[test]
fn a_421_while_nothing_is_asked_ends_the_connection() {
    let mut rig = Rig::greeted().on("NOOP", [Say("200 okay"), Say("421 idle for too long"), Hangup]);
    rig.run(&mut client::noop(), |_| ()).done();
    assert_eq!(rig.run(&mut client::system(), |_| ()), peer_error(PeerError::ServiceClosing));
}

#[test]
fn an_end_in_the_middle_is_told() {
    for (commands, operation) in OPERATIONS {
        for command in commands.split(' ') {
            for (acts, error) in [
                (vec![Hangup], PeerError::Closed),
                (vec![Raw(b"250 hal".to_vec()), Hangup], PeerError::ClosedInside),
                (vec![Raw(b"250-half\r\n".to_vec()), Hangup], PeerError::ClosedInside),
            ] {
                let mut rig = Rig::greeted().on(command, acts);
                assert_eq!(operation(&mut rig), peer_error(error), "{command}");
                let closed = matches!(rig.ops.last(), None | Some(DataOp::Abort | DataOp::Close));
                assert!(closed, "{command}: {:?}", rig.ops);
            }
        }
    }
}

#[test]
fn an_end_after_quit_is_no_error() {
    let mut rig = Rig::greeted().on("QUIT", [Say("221 bye"), Hangup]);
    rig.run(&mut client::quit(), |_| ()).done();
    let mut rig = Rig::greeted().on("QUIT", [Hangup]);
    assert_eq!(rig.run(&mut client::quit(), |_| ()), Outcome::Close);
    let mut rig = Rig::greeted().on("QUIT", [Raw(b"221 by".to_vec()), Hangup]);
    assert_eq!(rig.run(&mut client::quit(), |_| ()), peer_error(PeerError::ClosedInside));
}

// ---- Time ----

#[test]
fn each_wait_has_its_deadline() {
    let mut config = Config::default();
    config.timeouts.greeting = seconds(10);
    config.timeouts.reply = seconds(20);
    config.timeouts.connect = seconds(30);
    config.timeouts.data_idle = seconds(40);
    config.timeouts.final_reply = seconds(50);

    let mut rig = Rig::with(config.clone(), PEER).opening([]);
    let start = rig.now;
    assert_eq!(rig.run(&mut client::greeting(), |_| ()), peer_error(PeerError::TimedOut(Awaited::Greeting)));
    assert_eq!(rig.now.since(start), seconds(10));

    let mut rig = Rig::with(config.clone(), PEER).greet().on("NOOP", []);
    assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::TimedOut(Awaited::Reply)));
    assert_eq!(rig.now.since(start), seconds(20));

    let mut rig = Rig::with(config.clone(), PEER).greet();
    rig.connects = None;
    assert_eq!(retrieve(&mut rig), Outcome::Failed(DataFailure::Unreachable));
    assert_eq!(rig.now.since(start), seconds(60), "EPSV's port, then PASV's");
    in_step(&mut rig);

    let mut rig =
        Rig::with(config.clone(), PEER).greet().on("RETR", [Say("150 go"), AfterData, Say("226 x")]);
    assert_eq!(retrieve(&mut rig).refused(), 426);
    assert_eq!(rig.now.since(start), seconds(40));
    assert_eq!(rig.ops.last(), Some(&DataOp::Abort));
    in_step(&mut rig);

    let mut rig = Rig::with(config, PEER).greet().on("RETR", [Say("150 go"), Data(b"abc")]);
    assert_eq!(retrieve(&mut rig), peer_error(PeerError::TimedOut(Awaited::FinalReply)));
    assert_eq!(rig.now.since(start), seconds(50));
}

#[test]
fn blank_lines_are_no_answer() {
    let mut acts = Vec::new();
    for _ in 0..10 {
        acts.extend([Delay(seconds(20)), Raw(b"\r\n".to_vec())]);
    }
    let mut rig = Rig::greeted().on("NOOP", acts);
    let start = rig.now;
    assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(PeerError::TimedOut(Awaited::Reply)));
    assert_eq!(rig.now.since(start), seconds(60));
}

#[test]
fn a_data_event_that_comes_too_late_is_ignored() {
    let mut rig = Rig::greeted();
    rig.connects = None;
    let mut operation = client::retrieve(t("f"), IMAGE, 0);
    while rig.dialled.is_empty() {
        assert!(rig.run_for(&mut operation, 1, opened).is_none());
    }
    assert!(rig.run_for(&mut operation, 1, opened).is_none());
    // The connection attempt has timed out; the driver did not know yet, and says that it stands.
    rig.now = rig.now.after(seconds(100));
    let id = match operation.poll(&mut rig.client, rig.now, &mut rig.rx, &mut rig.tx).unwrap() {
        Action::Data(id, DataOp::Abort) => id,
        other => panic!("{other:?}"),
    };
    for event in [
        ftp_proto::action::DataEvent::Connected,
        ftp_proto::action::DataEvent::Moved(4),
        ftp_proto::action::DataEvent::Eof { clean: true },
        ftp_proto::action::DataEvent::Failed(DataFailure::Broken),
    ] {
        assert_eq!(rig.client.data_event(id, event), Ok(()));
    }
}

// ---- Cancelling ----

fn cancelled<S: Sequence>(mut make: impl FnMut() -> Operation<S>, rig: impl Fn() -> Rig) {
    for polls in 0.. {
        for chunks in [Chunks::whole(), Chunks::of(&[1]), Chunks::of(&[7])] {
            let mut rig = rig();
            rig.chunks = chunks;
            let mut operation = make();
            let over = rig.run_for(&mut operation, polls, |_| ()).is_some();
            drop(operation);
            in_step(&mut rig);
            assert_eq!(rig.run(&mut client::noop(), |line| line.code.get()), Outcome::Done(200));
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "after {polls} polls: {:#?}", rig.transcript);
            in_step(&mut rig);
            if over && rig.polls > 400 {
                return;
            }
        }
        if polls > 150 {
            return;
        }
    }
}

#[test]
fn an_operation_may_be_dropped_at_any_point() {
    cancelled(login, Rig::greeted);
    cancelled(|| client::retrieve(t("g"), ASCII, 0), Rig::greeted);
    cancelled(|| client::retrieve(t("g"), IMAGE, 9), Rig::greeted);
    cancelled(|| client::store(t("g"), IMAGE, 9), Rig::greeted);
    cancelled(|| client::store(t("g"), ASCII, 0), Rig::greeted);
    cancelled(|| client::rename(t("a"), t("b")), Rig::greeted);
    cancelled(|| client::size(t("a")), Rig::greeted);
    cancelled(client::features, Rig::greeted);
    cancelled(client::greeting, Rig::new);
    cancelled(login, Rig::new);
    cancelled(|| client::retrieve(t("g"), IMAGE, 0), || Rig::greeted().says("EPSV", "500 no"));
    cancelled(|| client::retrieve(t("g"), IMAGE, 0), || Rig::greeted().profile(Profile::NO_PIPELINING));
}

#[test]
fn a_transfer_may_be_dropped_at_any_point() {
    for store in [false, true] {
        for polls in 0..30 {
            let mut rig = Rig::greeted();
            rig.upload = vec![1; 10];
            let mut open = match store {
                true => client::store(t("g"), IMAGE, 0),
                false => client::retrieve(t("g"), IMAGE, 0),
            };
            let (id, ..) = rig.run(&mut open, opened).done();
            let _ = rig.run_for(&mut client::complete(id), polls, |_| ());
            in_step(&mut rig);
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{:#?}", rig.transcript);
            in_step(&mut rig);
        }
    }
}

#[test]
fn a_transfer_that_is_not_completed_is_aborted() {
    let mut rig = Rig::greeted();
    let _ = rig.run(&mut client::retrieve(t("f"), IMAGE, 0), opened).done();
    in_step(&mut rig);
    assert!(rig.ops.contains(&DataOp::Abort));
}

#[test]
fn an_operation_that_is_over_says_so() {
    let mut rig = Rig::greeted();
    let mut operation = client::noop();
    rig.run(&mut operation, |_| ()).done();
    assert_eq!(rig.run(&mut operation, |_| ()), Outcome::Error(Error::Local(LocalError::OperationOver)));
}

// ---- Buffers ----

#[test]
fn buffers_that_are_too_small_are_misuse() {
    let mut rig = Rig::greeted();
    let mut small = RecvBuf::new([0; 100]);
    let error = client::noop().poll(&mut rig.client, rig.now, &mut small, &mut rig.tx).unwrap_err();
    assert_eq!(error, Error::Local(LocalError::RecvBufTooSmall { needed: 2048 }));
    let mut small = SendBuf::new([0; 5]);
    let error = client::noop().poll(&mut rig.client, rig.now, &mut rig.rx, &mut small).unwrap_err();
    assert_eq!(error, Error::Local(LocalError::CommandTooLong));
    assert!(small.is_empty());
    in_step(&mut rig);
    let mut rig = Rig::greeted();
    let long = "x".repeat(1000);
    let mut operation = client::delete(Text::new(long.as_bytes()).unwrap());
    assert_eq!(rig.run(&mut operation, |_| ()), Outcome::Error(Error::Local(LocalError::CommandTooLong)));
    in_step(&mut rig);
    let mut open = client::retrieve(Text::new(long.as_bytes()).unwrap(), IMAGE, 0);
    assert_eq!(rig.run(&mut open, opened), Outcome::Error(Error::Local(LocalError::CommandTooLong)));
    in_step(&mut rig);
}

#[test]
fn a_send_queue_of_one_command_is_enough() {
    let mut rig = Rig::greeted();
    rig.tx = SendBuf::new(vec![0; 8]);
    assert_eq!(transfer(&mut rig, client::retrieve(t("f"), IMAGE, 7)), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "REST 7", "RETR f"]);
}

// ---- Every split, and noise ----

/// Everything that a long dialogue shows, however what the server sends is cut.
fn dialogue(chunks: Chunks) -> (Vec<Outcome<()>>, Vec<String>, Vec<String>) {
    let mut rig = Rig::new().says("PWD", "257-one\r\n\r\n 257 two\r\n257 \"/x\"");
    rig.chunks = chunks;
    let mut outcomes = vec![unit(rig.run(&mut client::greeting(), |_| ()))];
    for (_, operation) in OPERATIONS {
        outcomes.push(operation(&mut rig));
    }
    let commands = rig.commands().into_iter().map(str::to_owned).collect();
    (outcomes, rig.shown, commands)
}

#[test]
fn a_dialogue_byte_by_byte_is_the_same_dialogue() {
    let whole = dialogue(Chunks::whole());
    assert!(whole.0.iter().all(|outcome| *outcome == Outcome::Done(())), "{whole:#?}");
    assert_eq!(dialogue(Chunks::of(&[1])), whole);
}

proptest! {
    #[test]
    fn a_dialogue_cut_anywhere_is_the_same_dialogue(sizes in prop::collection::vec(1usize..40, 1..8)) {
        prop_assert_eq!(dialogue(Chunks::of(&sizes)), dialogue(Chunks::whole()));
    }

    #[test]
    fn noise_is_answered_by_an_error_or_ignored(
        noise in prop::collection::vec(prop_oneof![any::<u8>(), Just(b'\n'), Just(b'2'), Just(b' ')], 0..3000),
        sizes in prop::collection::vec(1usize..300, 1..5),
        operation in 0..OPERATIONS.len(),
        command in 0usize..4,
        greeting in any::<bool>(),
    ) {
        let (commands, run) = OPERATIONS[operation];
        let commands: Vec<&str> = commands.split(' ').collect();
        let acts = vec![Act::Raw(noise), Hangup];
        let mut rig = match greeting {
            true => Rig::new().opening(acts),
            false => Rig::greeted().on(commands[command % commands.len()], acts),
        };
        rig.chunks = Chunks::of(&sizes);
        run(&mut rig);
        run(&mut rig);
    }
}

#[test]
fn machines_and_operations_are_small() {
    fn check<T>(name: &str, bound: usize) {
        let size = std::mem::size_of::<T>();
        println!("{name}: {size} bytes");
        assert!(size <= bound, "{name}: {size}");
    }
    check::<Client>("Client", 816);
    check::<Operation<client::Greeting>>("Greeting", 96);
    check::<Operation<client::Login<'_>>>("Login", 384);
    check::<Operation<client::Open<'_>>>("Open", 384);
    check::<Operation<client::Complete>>("Complete", 96);
    check::<Operation<client::Rename<'_>>>("Rename", 384);
    check::<Operation<client::Exchange<'_, client::PlainAnswer>>>("Exchange", 384);
}
