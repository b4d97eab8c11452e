//! What a session does when time goes by: the host's time, the delay after a failed login, the minimum
//! rate; and what it says of its end. Also what is told over the control connection piece by piece.

mod support;

use ftp_proto::action::{DataEvent, DataOp};
use ftp_proto::buffer::SendBuf;
use ftp_proto::codec::{ReplyCode, Text, Verb};
use ftp_proto::error::{Awaited, LocalError, PeerError, Protocol};
use ftp_proto::server::{Answer, Config, Refusal};
use proptest::prelude::*;
use std::num::NonZeroU64;
use std::time::Duration;
use support::server::{DataState, End, LOCAL, PEER, Rig, Slow, prompt};
use support::{seconds, t};

// ---- The host's time ----

#[test]
fn a_request_that_nobody_answers_is_451_in_the_end_and_a_late_answer_does_no_harm() {
    for line in [
        "CWD dir",
        "MKD x",
        "RMD dir",
        "DELE file",
        "RNFR file",
        "TYPE I\r\nSIZE file",
        "MDTM file",
        "MLST",
        "STAT /",
        "RETR file",
        "STOR x",
        "STOU",
        "LIST",
        "MFMT 20240229123456 file",
        "HASH file",
        "AVBL",
        "SITE CHMOD 600 file",
        "SITE SYMLINK a b",
        "SITE OTHER",
    ] {
        let mut config = prompt();
        config.hashes = &[ftp_proto::codec::HashAlgorithm::Md5];
        let mut rig = Rig::with(config).login();
        rig.passive();
        rig.slow(Slow::Everything);
        let before = rig.say(line);
        rig.pass(seconds(299));
        assert_eq!(rig.codes(), [], "{line}, after {before:?}");
        assert!(rig.wait().application);
        rig.pass(seconds(2));
        assert_eq!(rig.codes(), [451], "{line}");
        assert_eq!(rig.answer(Answer::Done), Err(LocalError::Ended), "{line}");
        rig.slow(Slow::Never);
        assert_eq!(rig.say("NOOP\r\nPWD"), [200, 257], "{line}");
        let verb = Verb::split_from(line.rsplit("\r\n").next().unwrap().as_bytes()).unwrap().0;
        assert!(verb.allows(ReplyCode::LOCAL_ERROR));
    }
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_requests() {
    let mut rig = Rig::logged_in();
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("DELE file"), []);
    let late = rig.take_ticket().unwrap();
    rig.pass(seconds(301));
    assert_eq!(rig.say("MKD x"), [451]);
    let (error, _) = rig.give(late, Answer::Done).unwrap_err();
    assert_eq!(error, LocalError::Ended);
    rig.answer(Answer::Done).unwrap();
    assert_eq!(rig.codes(), [257]);
}

#[test]
fn a_commit_that_nobody_answers_is_451() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR x"), [150]);
    rig.slow(Slow::Everything);
    rig.upload(b"x");
    rig.pass(seconds(301));
    assert_eq!(rig.codes(), [451]);
}

#[test]
fn a_client_whom_nobody_admits_is_told_421_and_a_login_that_nobody_answers_is_none() {
    let mut rig = Rig::silent(prompt(), LOCAL, PEER);
    rig.slow(Slow::Everything);
    rig.settle();
    rig.pass(seconds(301));
    assert_eq!(rig.codes(), [421]);
    assert_eq!(rig.end(), Some(End::Close));

    let mut rig = Rig::new();
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("USER me\r\nPASS secret"), [331]);
    rig.pass(seconds(301));
    let codes = rig.codes();
    assert_eq!(codes[0], 451);
    assert_eq!(rig.answer(Answer::Done), Err(LocalError::Ended));
    assert!(!rig.session().is_logged_in());
}

#[test]
fn noop_during_a_digest_gives_the_host_no_more_time() {
    let mut config = prompt();
    config.hashes = &[ftp_proto::codec::HashAlgorithm::Md5];
    let mut rig = Rig::with(config).login();
    rig.slow(Slow::Digests);
    assert_eq!(rig.say("HASH file"), []);
    for _ in 0..2 {
        rig.pass(seconds(140));
        assert_eq!(rig.say("NOOP"), [200]);
    }
    assert_eq!(rig.say("ABOR"), []);
    rig.pass(seconds(30));
    assert_eq!(rig.codes(), [451, 226]);
}

#[test]
fn a_ticket_is_of_no_use_once_the_session_was_closed() {
    let mut rig = Rig::logged_in();
    rig.slow(Slow::Everything);
    assert_eq!(rig.say("MKD x"), []);
    rig.close_session("Enough.");
    rig.settle();
    assert_eq!(rig.codes(), [421]);
    assert_eq!(rig.answer(Answer::Done), Err(LocalError::Ended));
    assert_eq!(rig.output(), b"");
}

// ---- Failed logins ----

#[test]
fn the_delay_of_a_failed_login_doubles_up_to_the_most() {
    let mut config = Config::default();
    config.timeouts.login = seconds(600);
    config.timeouts.login_delay_most = seconds(5);
    let mut rig = Rig::with(config);
    for (delay, code) in [(1, 530), (2, 530), (4, 530), (5, 530), (5, 421)] {
        assert_eq!(rig.say("USER me\r\nPASS wrong"), [331]);
        assert!(!rig.wait().application);
        assert_eq!(rig.wait().deadline, Some(rig.now().after(seconds(delay))));
        rig.pass(Duration::from_micros(delay * 1_000_000 - 1));
        assert_eq!(rig.codes(), []);
        rig.pass(Duration::from_micros(1));
        assert_eq!(rig.codes(), [code], "after {delay} s");
    }
    assert_eq!(rig.session().ended_by(), Some(PeerError::TooManyLogins));
}

#[test]
fn how_long_the_host_took_to_refuse_does_not_show() {
    for (took, told) in [(0, 1000), (1, 1000), (999, 1000), (1000, 1000), (1001, 2000), (2500, 3000)] {
        let mut rig = Rig::with(Config::default());
        rig.slow(Slow::Everything);
        assert_eq!(rig.say("USER me\r\nPASS wrong"), [331]);
        let asked = rig.now();
        rig.pass(Duration::from_millis(took));
        rig.answer(Answer::Refused(Refusal::Denied)).unwrap();
        let deadline = rig.wait().deadline;
        if rig.codes().is_empty() {
            assert_eq!(deadline, Some(asked.after(Duration::from_millis(told))), "{took} ms");
        } else {
            assert_eq!(took, told);
        }
    }
}

#[test]
fn the_delay_of_a_failed_login_ends_with_the_time_to_log_in() {
    let mut config = prompt();
    config.timeouts.login = seconds(3);
    config.timeouts.login_delay = seconds(2);
    let mut rig = Rig::with(config);
    rig.say("USER me\r\nPASS wrong");
    rig.pass(seconds(2));
    assert_eq!(rig.codes(), [530]);
    rig.say("USER me\r\nPASS wrong");
    rig.pass(Duration::from_micros(999_999));
    assert_eq!(rig.codes(), []);
    rig.pass(Duration::from_micros(1));
    assert_eq!(rig.codes(), [530, 421]);
    assert_eq!(rig.session().ended_by(), Some(PeerError::TimedOut(Awaited::Login)));
}

#[test]
fn nothing_is_read_into_the_delay_and_what_came_is_answered_after_it() {
    let mut rig = Rig::with(Config::default());
    assert_eq!(rig.say("USER me\r\nPASS wrong\r\nUSER me\r\nPASS secret\r\nNOOP"), [331]);
    rig.pass(seconds(1));
    assert_eq!(rig.codes(), [530, 331, 230, 200]);
}

#[test]
fn the_host_is_told_how_many_logins_have_failed() {
    let mut rig = Rig::new();
    for failed in 0..3 {
        assert_eq!(rig.session().failed_logins(), failed);
        assert_eq!(rig.say("USER me\r\nPASS wrong"), [331, 530]);
    }
    rig = rig.login();
    assert_eq!(rig.say("REIN\r\nUSER me\r\nPASS wrong"), [220, 331, 530]);
    assert_eq!(rig.session().failed_logins(), 4, "a login that succeeds does not make up for it");
}

// ---- The minimum rate ----

#[test]
fn a_transfer_below_the_minimum_rate_is_given_up() {
    for (rate, moves, ends) in [(0, 1, false), (100, 3000, false), (100, 2999, true), (100, 1, true)] {
        let mut config = prompt();
        config.limits.minimum_rate = rate;
        let mut rig = Rig::with(config).login();
        rig.passive();
        assert_eq!(rig.say("RETR file"), [150]);
        let id = rig.data_id();
        for _ in 0..5 {
            rig.pass(seconds(15));
            if rig.end().is_none() && rig.session().is_transferring() {
                rig.tell(id, DataEvent::Moved(moves));
                rig.pass(seconds(15));
            }
        }
        assert_eq!(!rig.session().is_transferring(), ends, "{moves} bytes in 30 s at {rate}");
        if ends {
            assert_eq!(rig.codes(), [426]);
            assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort));
            assert_eq!(rig.say("NOOP"), [200]);
        }
    }
}

// ---- The end ----

#[test]
fn a_session_tells_what_has_ended_it() {
    let ended = |act: fn(&mut Rig)| {
        let mut rig = Rig::logged_in();
        assert_eq!(rig.session().ended_by(), None);
        act(&mut rig);
        assert!(rig.end().is_some());
        rig.session().ended_by()
    };
    assert_eq!(ended(|rig| drop(rig.say("QUIT"))), None);
    assert_eq!(ended(|rig| rig.close()), Some(PeerError::Closed));
    assert_eq!(ended(|rig| rig.pass(seconds(301))), Some(PeerError::TimedOut(Awaited::Command)));
    assert_eq!(ended(|rig| drop(rig.say("GET / HTTP/1.1"))), Some(PeerError::OtherProtocol(Protocol::Http)));
    assert_eq!(ended(|rig| (0..20).for_each(|_| drop(rig.say("NONE")))), Some(PeerError::TooManyBadCommands));
    let closed = |rig: &mut Rig| {
        rig.close_session("Enough.");
        rig.settle();
    };
    assert_eq!(ended(closed), None);
}

// ---- STOU, ALLO ----

#[test]
fn stou_says_the_name_before_and_after() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.ask("STOU file"), ["150 FILE: /file.1"]);
    rig.upload(b"x");
    assert_eq!(rig.replies(), ["226 Transfer complete. FILE: /file.1"]);
    rig.passive();
    assert_eq!(rig.say("STOR other"), [150]);
    rig.upload(b"x");
    assert_eq!(rig.replies(), ["226 Transfer complete."]);
}

#[test]
fn allo_is_a_hint_for_the_next_upload() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.session().size_hint(), None);
    assert_eq!(rig.say("ALLO 1000"), [202]);
    assert_eq!(rig.session().size_hint(), Some(1000));
    rig.passive();
    assert_eq!(rig.say("STOR x"), [150]);
    assert_eq!(rig.session().size_hint(), None);
    rig.upload(b"");
    assert_eq!(rig.say("ALLO 1000\r\nREIN"), [226, 202, 220]);
    assert_eq!(rig.session().size_hint(), None);
}

// ---- STAT of a directory ----

#[test]
fn stat_of_a_directory_tells_what_is_in_it() {
    let mut rig = Rig::logged_in();
    rig.host_mut().put_directory("/.hidden");
    for (line, expected) in [
        ("STAT /", &["dir", "file"][..]),
        ("STAT -a /", &[".hidden", "dir", "file"]),
        ("STAT -l", &["dir", "file"]),
        ("STAT dir", &[]),
    ] {
        let reply = rig.ask(line).remove(0);
        let lines: Vec<_> = reply.lines().collect();
        assert_eq!((lines[0], *lines.last().unwrap()), ("212-Status:", "212 End."), "{line}");
        let names = lines[1..lines.len() - 1].iter().map(|line| line.rsplit(' ').next().unwrap());
        assert!(names.eq(expected.iter().copied()), "{line}: {reply}");
    }
    let reply = rig.ask("STAT file").remove(0);
    assert!(reply.starts_with("213-") && reply.contains("/file\n213 "), "{reply}");
    assert_eq!(rig.say("STAT none"), [550]);
}

#[test]
fn stat_of_a_great_directory_goes_through_a_small_buffer() {
    let mut rig = Rig::logged_in();
    *rig.parts().2 = SendBuf::new(vec![0; 1024]);
    for n in 0..5000 {
        rig.host_mut().put_directory(format!("/dir/{n:04}"));
    }
    rig.send(b"STAT dir\r\nNOOP\r\n");
    let replies = rig.replies();
    assert_eq!(replies.len(), 2);
    assert_eq!(replies[0].lines().count(), 5002);
    for (n, line) in replies[0].lines().skip(1).take(5000).enumerate() {
        assert!(line.ends_with(&format!(" {n:04}")), "{line}");
    }
    assert!(replies[1].starts_with("200"));
}

#[test]
fn a_client_that_does_not_take_what_stat_tells_is_sent_away_in_order() {
    let mut rig = Rig::logged_in();
    for n in 0..500 {
        rig.host_mut().put_directory(format!("/dir/{n:04}"));
    }
    rig.set_deaf(true);
    assert_eq!(rig.say("STAT dir"), []);
    rig.pass(seconds(301));
    rig.set_deaf(false);
    rig.settle();
    let codes = rig.codes();
    assert_eq!(codes[0], 212, "the reply that has begun is ended");
    assert!(codes[1..].iter().all(|code| *code == 421), "{codes:?}");
}

#[test]
fn a_directory_that_cannot_be_told_is_refused_or_ended() {
    let mut rig = Rig::logged_in();
    rig.slow(Slow::Everything);
    let entry = |name| ftp_proto::listing::Entry::new(t(name), ftp_proto::listing::Kind::Directory);
    for told in [0, 2] {
        assert_eq!(rig.say("STAT dir"), []);
        rig.answer(Answer::Entry(&entry("dir"))).unwrap();
        let ticket = rig.take_ticket().unwrap();
        for _ in 0..told {
            rig.send_entry(&ticket, &entry("x")).unwrap();
        }
        rig.put_ticket(ticket);
        rig.answer(Answer::Refused(Refusal::Denied)).unwrap();
        assert_eq!(rig.codes(), [if told == 0 { 550 } else { 212 }]);
    }
    assert_eq!(rig.say("DELE x"), []);
    let ticket = rig.take_ticket().unwrap();
    let error = rig.send_entry(&ticket, &entry("x"));
    assert_eq!(error, Err(LocalError::WrongAnswer));
}

// ---- Everything at once ----

/// What a host may say to anything, fitting or not.
fn some_answer(choice: u8) -> Answer<'static> {
    match choice % 7 {
        0 => Answer::Done,
        1 => Answer::Refused(Refusal::Aborted),
        2 => Answer::Refused(Refusal::NotFound),
        3 => Answer::Opened { size: Some(7), unique_name: Some(t("made up")) },
        4 => Answer::Digest { digest: &[1, 2], range: (0, 7) },
        5 => Answer::Count(7),
        _ => Answer::Reply(ReplyCode::PARAMETER_NOT_IMPLEMENTED, const { &[Text::literal("No.")] }),
    }
}

proptest! {
    #[test]
    fn a_host_that_answers_late_wrongly_or_never_leaves_every_command_its_one_reply(
        steps in prop::collection::vec((0..Verb::ALL.len(), 0usize..6, 0u8..12, any::<u8>()), 0..60),
    ) {
        let mut config = prompt();
        config.hashes = &[ftp_proto::codec::HashAlgorithm::Crc32, ftp_proto::codec::HashAlgorithm::Md5];
        config.timeouts.idle = seconds(100_000);
        let mut rig = Rig::with(config).login();
        rig.slow(Slow::Everything);
        let (mut expected, mut late) = (0, None);
        for (verb, argument, step, choice) in steps {
            match step {
                0..=2 => {
                    if let Some(ticket) = rig.take_ticket() {
                        let told = rig.give(ticket, some_answer(choice));
                        if let Err((error, ticket)) = told {
                            prop_assert!(matches!(error, LocalError::WrongAnswer | LocalError::Ended));
                            if error == LocalError::WrongAnswer {
                                rig.put_ticket(ticket);
                            }
                        }
                        rig.settle();
                    }
                }
                3 => {
                    late = rig.take_ticket();
                    rig.pass(seconds(301));
                }
                4 => if let Some(ticket) = late.take() {
                    let told = rig.give(ticket, some_answer(choice));
                    prop_assert_eq!(told.map_err(|(error, _)| error), Err(LocalError::Ended));
                },
                5 => rig.pass(seconds(31)),
                _ => {
                    let verb = Verb::ALL[verb];
                    if verb == Verb::Quit {
                        continue;
                    }
                    let argument = ["", "file", "/dir", "I", "20240229123456 file", "0 5"][argument];
                    expected += usize::from(rig.end().is_none());
                    rig.send(format!("{verb} {argument}\r\n").as_bytes());
                }
            }
        }
        // What is still open is answered in the end, by the clock if by nobody else.
        for _ in 0..200 {
            rig.take_ticket();
            rig.pass(seconds(301));
        }
        let finals = rig.codes().iter().filter(|code| **code >= 200).count();
        if rig.end().is_none() {
            prop_assert_eq!(finals, expected);
        }
    }
}

#[test]
fn a_rate_measured_for_no_time_is_none() {
    let mut config = prompt();
    config.limits.minimum_rate = 1000;
    config.timeouts.rate = Duration::ZERO;
    let mut rig = Rig::with(config).login();
    rig.passive();
    assert_eq!(rig.say("RETR file"), [150]);
    rig.pass(seconds(59));
    assert!(rig.session().is_transferring());
}

// ---- Work without bytes ----

#[test]
fn work_that_moves_no_byte_does_not_put_the_deadline_off() {
    let mut rig = Rig::with(prompt()).login();
    rig.passive();
    assert_eq!(rig.say("RETR file"), [150]);
    let id = rig.data_id();
    for second in 0..60 {
        assert_eq!(rig.codes(), [], "{second}");
        rig.tell(id, DataEvent::Moved(0));
        rig.tell(id, DataEvent::Decoded(1 << 20));
        rig.pass(seconds(1));
    }
    assert_eq!(rig.codes(), [426]);
}

// ---- Listeners ----

#[test]
fn a_passive_listener_has_its_time_from_the_listening_on_whatever_is_said_meanwhile() {
    for (command, line) in [("EPSV", "NOOP"), ("PASV", "PWD"), ("EPSV", "STAT")] {
        let mut rig = Rig::with(prompt()).login();
        rig.say(command);
        for second in 0..30 {
            assert!((rig.data_state() == DataState::Listening), "{command}, {second} s");
            rig.pass(seconds(1));
            rig.say(line);
        }
        assert_eq!(rig.data_state(), DataState::None, "{command}");
        assert_eq!(rig.say("RETR file"), [425]);
        assert_eq!(rig.say("NOOP"), [200]);
        rig.passive();
        assert_eq!(rig.say("RETR file"), [150]);
    }
}

#[test]
fn a_transfer_that_is_asked_for_at_a_listener_has_the_time_of_a_transfer() {
    let mut rig = Rig::with(prompt()).login();
    rig.say("EPSV");
    rig.pass(seconds(29));
    assert_eq!(rig.say("RETR file"), [150]);
    rig.pass(seconds(29));
    assert_eq!(rig.codes(), []);
    rig.pass(seconds(1));
    assert_eq!(rig.codes(), [425]);
}

// ---- The size of uploads ----

#[test]
fn an_upload_that_is_known_to_be_too_large_is_refused_and_what_may_come_is_told_the_driver() {
    let mut config = prompt();
    config.limits.upload_size = NonZeroU64::new(10);
    for (before, command, code, most) in [
        ("NOOP", "STOR new", 150, Some(10)),
        ("ALLO 10", "STOR new", 150, Some(10)),
        ("ALLO 11", "STOR new", 552, None),
        ("REST 7", "STOR file", 150, Some(3)),
        ("REST 10", "STOR file", 552, None),
        ("REST 11", "STOR file", 552, None),
        ("NOOP", "APPE file", 150, Some(10)),
        ("NOOP", "STOU", 150, Some(10)),
    ] {
        let mut rig = Rig::with(config.clone()).login();
        rig.say("TYPE I");
        rig.passive();
        rig.say(before);
        assert_eq!(rig.say(command), [code], "{before}, {command}");
        let told = rig.data_operations().iter().find_map(|op| match op {
            DataOp::Receive(parameters) => parameters.limit.map(|limit| limit.get()),
            _ => None,
        });
        assert_eq!(told, most, "{before}, {command}");
    }
}
