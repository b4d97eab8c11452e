//! The framing of replies (RFC 959 4.2), and lines that are not replies.

use super::*;

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
        assert_eq!(rig.lines(), shown, "{reply:?}");
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
fn a_success_without_end_that_holds_a_failure_is_never_called_done() {
    for rule in [EndRule::SameCode, EndRule::AnyCode] {
        let mut config = Config::default();
        config.end_of_reply = rule;
        for (reply, done) in [
            ("250-It never ends.\r\n550 No.", false),
            ("250-It never ends.\r\n550 No.\r\n215 UNIX", false),
            ("250-It never ends.\r\n 550 and\r\n426 No.\r\n215 UNIX\r\n220 x", false),
            ("250-It ends.\r\n550 in the text\r\n250 Done.", true),
            ("250-It ends.\r\n550 in the text\r\n215 too\r\n250 Done.", true),
            ("250-It ends otherwise.\r\n200 Done.", true),
        ] {
            let mut rig = Rig::with(config.clone(), PEER).greet().says("DELE", reply);
            let outcome = rig.run(&mut client::delete(t("f")), |_| ());
            assert_eq!(matches!(outcome, Outcome::Done(_)), done, "{rule:?} {reply:?}: {outcome:?}");
        }
    }
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
    for (raw, error) in [
        (&b"nonsense\r\n"[..], PeerError::MalformedReply),
        (b"20 short\r\n", PeerError::MalformedReply),
        (b"2000 long\r\n", PeerError::MalformedReply),
        (b"099 low\r\n", PeerError::MalformedReply),
        (b"200 nul\0nul\r\n", PeerError::NulInReply),
        (b"\x00200 nul\r\n", PeerError::NulInReply),
        (b"200 nul\0\r\n", PeerError::NulInReply),
        (b"200-first\r\nnul\0nul\r\n200 last\r\n", PeerError::NulInReply),
    ] {
        let mut rig = Rig::greeted().on("NOOP", [Raw(raw.to_vec())]);
        for _ in 0..3 {
            assert_eq!(rig.run(&mut client::noop(), |_| ()), peer_error(error), "{raw:?}");
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
        rig.set_pieces(Chunks::of(sizes));
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
    assert!(rig.client().profile().contains(Profile::NO_PIPELINING));
}

#[test]
fn a_second_226_is_ignored() {
    let mut rig = Rig::greeted().on("RETR", [Say("150 go"), Data(b"abc"), Say("226 one"), Say("226 two")]);
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    in_step(&mut rig);
}

#[test]
fn a_reply_that_ends_with_another_code_is_over_after_a_while_and_at_once_the_next_time() {
    let mut rig = Rig::greeted().says("SYST", "553-one\r\ntwo\r\n150 three").says("SYST", "215-a\r\n100 b");
    let start = rig.now();
    assert_eq!(rig.run(&mut client::system(), |_| ()).refused(), 553);
    assert_eq!(rig.now().since(start), seconds(20));
    assert_eq!(rig.lines(), ["553 one", "553 two", "553 150 three"]);
    assert!(rig.client().profile().contains(Profile::ANY_CODE_ENDS));
    assert_eq!(rig.run(&mut client::system(), |line| line.text.to_vec()), Outcome::Done(b"b".to_vec()));
    assert_eq!(rig.now().since(start), seconds(20));
    rig.run(&mut client::noop(), |_| ()).done();
}

#[test]
fn a_reply_that_pauses_is_not_over() {
    for acts in [
        // Even by the lenient rule this is not the end.
        vec![Say("215-one\r\ntwo"), Delay(seconds(50)), Say("215 UNIX")],
        // This might be the end, but the reply goes on in time.
        vec![
            Say("215-one\r\n150 two"),
            Delay(seconds(15)),
            Say("three"),
            Delay(seconds(50)),
            Say("215 UNIX"),
        ],
    ] {
        let mut rig = Rig::greeted().on("SYST", acts);
        assert_eq!(
            rig.run(&mut client::system(), |line| line.text.to_vec()),
            Outcome::Done(b"UNIX".to_vec())
        );
        assert!(rig.client().profile().is_empty());
    }
    let mut config = Config::default();
    config.timeouts.end_of_reply = seconds(3);
    let mut rig = Rig::with(config, PEER).greet().says("NOOP", "250-x\r\n150 y");
    let start = rig.now();
    rig.run(&mut client::noop(), |_| ()).done();
    assert_eq!(rig.now().since(start), seconds(3), "the knob");
}

#[test]
fn a_reply_that_began_as_a_success_does_not_end_as_a_failure() {
    // A stray reply without an end has swallowed the refusal of the command.
    for reply in ["250-x\r\n550 no such file", "250-x\r\n450 busy", "250-x\r\n530 log in"] {
        let mut rig = Rig::greeted().says("DELE", reply);
        let outcome = rig.run(&mut client::delete(t("f")), |_| ());
        assert_eq!(outcome, peer_error(PeerError::TimedOut(Awaited::Reply)), "{reply}");
    }
}

#[test]
fn replies_are_streamed_whatever_their_length() {
    let mut config = Config::default();
    config.limits.reply_lines = 50_000;
    let lines = [b"215-x\r\n".repeat(40_000), b"215 end\r\n".to_vec()].concat();
    let mut rig = Rig::with(config, PEER).greet().on("SYST", [Raw(lines)]);
    rig.run(&mut client::system(), |_| ()).done();
    assert_eq!(rig.lines().len(), 40_000, "in a window of one line");
}

#[test]
fn codes_are_100_to_599_and_the_6yz_of_rfc_2228() {
    for (reply, good) in
        [("100 x\r\n200 x", true), ("599 x", true), ("631 x", true), ("700 x", false), ("000 x", false)]
    {
        let mut rig = Rig::greeted().says("NOOP", reply);
        let outcome = rig.run(&mut client::noop(), |_| ());
        assert_eq!(outcome != peer_error(PeerError::MalformedReply), good, "{reply}: {outcome:?}");
    }
}
