//! The session, and the machine under it, against what RFC 959 5.4 and the other documents say: a client
//! that is the test itself, a host in memory, virtual time.

mod support;

use ftp_proto::action::{Action, DataEvent, DataFailure, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::codec::{HashAlgorithm, ReplyCode, RepresentationType, Text, Verb, VerbSet};
use ftp_proto::error::{Error, LocalError, PeerError};
use ftp_proto::security::{Policy, TlsMode};
use ftp_proto::server::{Answer, Config, Event, Refusal, Request, Session};
use ftp_proto::time::Instant;
use ftp_proto::transfer::Coding;
use proptest::prelude::*;
use support::chunks::Chunks;
use support::seconds;
use support::server::{DataEnd, End, LOCAL, PEER, PEER_DATA, Rig, STRANGER, Slow, prompt};
use support::tree::Node;

// ---- Conformance: every command, in every state, with every kind of argument (RFC 959 5.4) ----

#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Connected,
    Named,
    LoggedIn,
    AfterRnfr,
    AfterRest,
    Passive,
    Active,
    Transfer,
    AfterEpsvAll,
    Digesting,
    Secured,
    SecuredAndLoggedIn,
    Private,
}

const STATES: [State; 13] = [
    State::Connected,
    State::Named,
    State::LoggedIn,
    State::AfterRnfr,
    State::AfterRest,
    State::Passive,
    State::Active,
    State::Transfer,
    State::AfterEpsvAll,
    State::Digesting,
    State::Secured,
    State::SecuredAndLoggedIn,
    State::Private,
];

/// What is configured: the states are gone through with each.
fn configurations() -> [(&'static str, Config); 5] {
    const HASHES: &[HashAlgorithm] = &[HashAlgorithm::Sha256, HashAlgorithm::Crc32, HashAlgorithm::Md5];
    let (mut hashing, mut overriding) = (prompt(), prompt());
    hashing.hashes = HASHES;
    hashing.long_addresses = true;
    hashing.combines = true;
    overriding.hashes = HASHES;
    overriding.overridden = VerbSet::of(Verb::ALL);
    let (mut offering, mut requiring) = (prompt(), prompt());
    offering.security.tls = TlsMode::Explicit;
    offering.security.clear_command_channel = true;
    requiring.security.tls = TlsMode::Explicit;
    (requiring.security.control, requiring.security.data) = (Policy::Require, Policy::Require);
    [
        ("as it comes", prompt()),
        ("with hashes", hashing),
        ("with overridden commands", overriding),
        ("with TLS", offering),
        ("with TLS required", requiring),
    ]
}

fn rig_in(state: State, config: &Config) -> Rig {
    let mut rig = Rig::with(config.clone());
    if state == State::Connected {
        return rig;
    }
    if matches!(state, State::Secured | State::SecuredAndLoggedIn | State::Private) {
        assert_eq!(rig.say("AUTH TLS"), [234]);
    }
    if state == State::Secured {
        return rig;
    }
    assert_eq!(rig.say("USER me"), [331]);
    if state == State::Named {
        return rig;
    }
    assert_eq!(rig.say("PASS secret"), [230]);
    match state {
        State::AfterRnfr => assert_eq!(rig.say("RNFR /file"), [350]),
        State::AfterRest => assert_eq!(rig.say("TYPE I\r\nREST 3"), [200, 350]),
        State::Passive => rig.passive(),
        State::Active => assert_eq!(rig.say("PORT 192,0,2,2,156,65"), [200]),
        State::Transfer => {
            rig.passive();
            assert_eq!(rig.say("RETR /file"), [150]);
        }
        State::AfterEpsvAll => assert_eq!(rig.say("EPSV ALL"), [200]),
        State::Digesting => {
            rig.slow = Slow::Digests;
            assert_eq!(rig.say("HASH /file"), []);
        }
        State::Private => {
            assert_eq!(rig.say("PBSZ 0\r\nPROT P"), [200, 200]);
            rig.passive();
        }
        _ => {}
    }
    rig
}

/// Whether a state can be had.
fn exists(state: State, config: &Config) -> bool {
    // What the host answers itself brings the session into no state.
    let overridden = config.overridden != VerbSet::EMPTY && !matches!(state, State::Connected | State::Named);
    let offered = config.security.tls != TlsMode::None;
    match state {
        State::Secured | State::SecuredAndLoggedIn | State::Private => offered,
        State::Connected => !overridden,
        // There is no login in the clear.
        _ if config.security.control == Policy::Require => false,
        State::LoggedIn => true,
        State::Digesting => !overridden && !config.hashes.is_empty(),
        _ => !overridden,
    }
}

/// Arguments that the command takes, and one that it cannot do anything with.
fn arguments(verb: Verb) -> (&'static str, &'static str) {
    match verb {
        Verb::User => ("me", "\u{1}"),
        Verb::Pass => ("secret", "wrong"),
        Verb::Port => ("192,0,2,2,156,65", "1,2,3"),
        Verb::Type => ("I", "Q"),
        Verb::Stru => ("F", "Q"),
        Verb::Mode => ("S", "Q"),
        Verb::Retr | Verb::Size | Verb::Mdtm | Verb::Rnfr | Verb::Dele => ("/file", "/none"),
        Verb::Stor | Verb::Appe | Verb::Stou => ("/new", "/dir"),
        Verb::Mkd | Verb::Xmkd => ("/new", "/dir"),
        Verb::Rnto => ("/new", "/"),
        Verb::Allo => ("10", "ten"),
        Verb::Rest => ("3", "-3"),
        Verb::Site => ("HELP", "EXEC rm"),
        Verb::Help => ("RETR", "NONE"),
        Verb::Eprt => ("|1|192.0.2.2|40001|", "|1|192.0.2.2|"),
        Verb::Epsv => ("1", "9"),
        Verb::Opts => ("UTF8 ON", "NONE"),
        Verb::Feat | Verb::Noop | Verb::Syst | Verb::Quit | Verb::Rein | Verb::Abor => ("", "what"),
        Verb::Mfmt | Verb::Mfct => ("20240229123456 /file", "20240230123456 /file"),
        Verb::Mff => ("Modify=20240229123456; /file", "Size=3; /file"),
        Verb::Hash | Verb::Xcrc | Verb::Xmd5 | Verb::Xsha1 | Verb::Xsha256 | Verb::Xsha512 => {
            ("/file", "/none")
        }
        Verb::Rang => ("0 3", "3 0"),
        Verb::Auth => ("TLS", "KERBEROS_V4"),
        Verb::Pbsz => ("0", "none"),
        Verb::Prot => ("P", "Q"),
        Verb::Ccc => ("", "what"),
        Verb::Adat | Verb::Mic | Verb::Conf | Verb::Enc => ("c2VjcmV0", "\u{1}"),
        Verb::Comb => ("/new /file", "/new \"/file"),
        Verb::Host => ("example.org", "example.net"),
        Verb::Lang => ("en-GB", "xx"),
        Verb::Lprt => ("4,4,192,0,2,2,2,156,65", "5,1,1,1,1"),
        Verb::Lpsv => ("", "what"),
        Verb::Pasv | Verb::Pwd | Verb::Xpwd | Verb::Cdup | Verb::Xcup => ("", "what"),
        _ => ("/dir", "/none"),
    }
}

fn lines(verb: Verb) -> Vec<String> {
    let (good, bad) = arguments(verb);
    let long = "x".repeat(2000);
    let mut lines =
        vec![verb.to_string(), format!("{verb} "), format!("{} {bad}", verb.as_str().to_lowercase())];
    lines.push(format!("{verb} {long}"));
    if !good.is_empty() {
        lines.push(format!("{verb} {good}"));
    }
    lines
}

/// Sees a transfer through, if the command began one.
fn finish_transfer(rig: &mut Rig) {
    if matches!(rig.data, DataEnd::Listening(_)) && rig.session.is_transferring() {
        assert!(rig.arrive(PEER_DATA));
    }
    match rig.data {
        DataEnd::Sending(_) => drop(rig.download()),
        DataEnd::Receiving(_) => rig.upload(b"uploaded"),
        _ => {}
    }
}

#[test]
fn every_command_gets_the_replies_that_it_may_get_and_one_final_one() {
    for (name, config) in configurations() {
        for state in STATES.into_iter().filter(|state| exists(*state, &config)) {
            println!("{state:?} {name}");
            every_command_in(state, &config);
        }
    }
}

fn every_command_in(state: State, config: &Config) {
    {
        for &verb in Verb::ALL {
            for line in lines(verb) {
                let mut rig = rig_in(state, config);
                let mut codes = rig.say(&line);
                let short = &line[..line.len().min(30)];
                if state == State::Digesting {
                    assert!(codes.len() <= usize::from(verb.answers_during_transfer()), "{short}: {codes:?}");
                    let aborted = rig.aborts == 1;
                    assert_eq!(
                        aborted,
                        verb == Verb::Abor && !line.contains("what") && !line.contains('x'),
                        "{short}"
                    );
                    let answer = match aborted {
                        true => Answer::Refused(Refusal::Aborted),
                        false => Answer::Digest { digest: &[1], range: (0, 7) },
                    };
                    rig.slow = Slow::Never;
                    rig.answer(answer).unwrap();
                    let early = codes.len();
                    codes.extend(rig.codes());
                    assert_eq!(codes.remove(early), if aborted { 450 } else { 213 }, "{short}");
                }
                if state == State::Transfer {
                    let answered = if verb == Verb::Abor && codes.len() == 2 {
                        assert_eq!(codes.remove(0), 426, "{short}");
                        true
                    } else {
                        verb.answers_during_transfer()
                    };
                    assert_eq!(codes.len(), usize::from(answered), "{short}: {codes:?}");
                    if rig.session.is_transferring() {
                        rig.download();
                        codes.extend(rig.codes());
                        let ended = codes.remove(usize::from(answered));
                        assert_eq!(ended, 226, "{short}");
                    }
                }
                finish_transfer(&mut rig);
                codes.extend(rig.codes());
                let finals = codes.iter().filter(|code| **code >= 200).count();
                assert_eq!(finals, 1, "{short} in {state:?}: {codes:?}");
                assert!(codes.len() <= 2 && codes[codes.len() - 1] >= 200, "{short}: {codes:?}");
                for code in &codes {
                    let allowed = verb.allows(ReplyCode::new(*code).unwrap());
                    assert!(allowed, "{short} in {state:?} is not answered {code}");
                }
                let stranger = matches!(state, State::Connected | State::Named | State::Secured);
                if stranger && !verb.is_allowed_before_login() {
                    assert_eq!(codes, [530], "{short} in {state:?}");
                }
                if verb == Verb::Quit && codes == [221] {
                    assert_eq!(rig.end, Some(End::Close));
                } else {
                    assert_eq!(rig.end, None, "{short} in {state:?}: {codes:?}");
                    let next = rig.say("NOOP");
                    assert_eq!(next, [200], "after {short} in {state:?}");
                }
            }
        }
    }
}

#[test]
fn without_a_mechanism_its_data_and_its_commands_are_out_of_order_and_tls_has_none() {
    let mut config = prompt();
    config.security.tls = TlsMode::Explicit;
    for (command, clear, secured) in
        [("ADAT", 503, 503), ("MIC", 503, 537), ("CONF", 503, 537), ("ENC", 503, 537)]
    {
        let line = format!("{command} c2VjcmV0");
        assert_eq!(Rig::new().say(&line), [clear], "{command} where there is no TLS");
        assert_eq!(Rig::logged_in().say(&line), [clear], "{command} where there is no TLS, after the login");
        let mut rig = Rig::with(config.clone());
        assert_eq!(rig.say(&line), [clear], "{command} before AUTH");
        assert_eq!(rig.say("AUTH TLS"), [234]);
        assert_eq!(rig.say(&line), [secured], "{command} under TLS");
        assert_eq!(rig.say(command), [501]);
    }
}

#[test]
fn a_good_command_is_done() {
    for (line, expected) in [
        ("CWD dir", &[250][..]),
        ("CDUP", &[250]),
        ("PWD", &[257]),
        ("MKD new", &[257]),
        ("RMD dir", &[250]),
        ("DELE file", &[250]),
        ("RNFR file\r\nRNTO new", &[350, 250]),
        ("TYPE A", &[200]),
        ("TYPE A N", &[200]),
        ("TYPE L 8", &[200]),
        ("STRU F\r\nMODE S", &[200, 200]),
        ("STRU R\r\nMODE B", &[200, 200]),
        ("TYPE L 36", &[504]),
        ("TYPE E T\r\nSTRU R\r\nMODE C", &[200, 200, 200]),
        ("TYPE I\r\nSIZE file", &[200, 213]),
        ("TYPE I\r\nMODE B\r\nSIZE file", &[200, 200, 213]),
        ("MDTM file", &[213]),
        ("MLST file", &[250]),
        ("STAT", &[211]),
        ("STAT file", &[213]),
        ("STAT dir", &[212]),
        ("STAT /", &[212]),
        ("SYST", &[215]),
        ("HELP", &[214]),
        ("HELP RETR", &[214]),
        ("FEAT", &[211]),
        ("OPTS MLST type;size;", &[200]),
        ("OPTS UTF8 ON", &[200]),
        ("ALLO 5", &[202]),
        ("PASS again", &[202]),
        ("ACCT mine", &[202]),
        ("USER other", &[530]),
        ("REIN", &[220]),
        ("XPWD\r\nXMKD a\r\nXRMD a\r\nXCWD dir\r\nXCUP", &[257, 257, 250, 250, 250]),
    ] {
        assert_eq!(Rig::logged_in().say(line), expected, "{line}");
    }
}

// ---- Login and the gate ----

#[test]
fn an_unknown_command_is_not_told_from_a_known_one_before_the_login() {
    let mut rig = Rig::new();
    let [unknown, known] = ["NONE", "RETR x"].map(|line| rig.ask(line));
    assert_eq!(unknown, known);
    assert_eq!(rig.ask("\u{1}"), known);
}

#[test]
fn the_right_password_logs_in_and_a_wrong_one_begins_anew() {
    let mut rig = Rig::new();
    assert_eq!(rig.say("PASS secret"), [503]);
    assert_eq!(rig.say("USER me\r\nPASS wrong"), [331, 530]);
    assert_eq!(rig.say("PASS secret"), [503], "a failed login forgets the user");
    assert_eq!(rig.say("USER me\r\nPASS\r\nUSER me\r\nPASS secret"), [331, 530, 331, 230]);
    assert!(rig.session.is_logged_in());
}

#[test]
fn a_login_may_need_an_account_too() {
    let mut rig = Rig::new();
    rig.slow = Slow::Everything;
    let ask_for_account = |rig: &mut Rig| {
        assert_eq!(rig.say("USER me\r\nPASS secret"), [331]);
        rig.answer(Answer::Refused(Refusal::NeedsAccount)).unwrap();
        assert_eq!(rig.codes(), [332]);
        assert_eq!(rig.session.user(), b"me", "the host is to know whose account it is");
    };
    ask_for_account(&mut rig);
    assert_eq!(rig.say("PWD\r\nPASS secret\r\nACCT wrong"), [530, 503]);
    rig.answer(Answer::Refused(Refusal::Denied)).unwrap();
    assert_eq!(rig.say("ACCT books"), [530, 503], "a failed login begins anew");
    assert_eq!(rig.session.failed_logins(), 1);

    ask_for_account(&mut rig);
    assert_eq!(rig.say("ACCT books"), []);
    rig.answer(Answer::Done).unwrap();
    assert_eq!(rig.codes(), [230]);
    assert!(rig.session.is_logged_in());
}

#[test]
fn an_account_may_be_given_later_to_do_more() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("ACCT books\r\nACCT none"), [230, 202]);
    rig.slow = Slow::Everything;
    assert_eq!(rig.say("ACCT wrong"), []);
    rig.answer(Answer::Refused(Refusal::Denied)).unwrap();
    assert_eq!(rig.codes(), [530]);
    assert!(rig.session.is_logged_in());
    for (command, code) in [("STOR /new", 532), ("MKD /new", 550)] {
        if code == 532 {
            rig.passive();
        }
        assert_eq!(rig.say(command), []);
        rig.answer(Answer::Refused(Refusal::NeedsAccount)).unwrap();
        assert_eq!(rig.codes(), [code]);
    }
}

#[test]
fn a_reply_of_the_hosts_own_may_have_any_number_of_lines() {
    let mut rig = Rig::logged_in();
    rig.slow = Slow::Everything;
    let line = |text: &'static str| Text::literal(text);
    for (lines, sent) in [
        (&[][..], "200"),
        (&[line("One.")], "200 One."),
        (&[line("One"), line("Two.")], "200-One\n200 Two."),
        (&[line("One"), line(""), line("200 no end"), line("Two.")], "200-One\n\n200-200 no end\n200 Two."),
    ] {
        assert_eq!(rig.ask("SITE QUOTA"), [""; 0]);
        rig.answer(Answer::Reply(ReplyCode::COMMAND_OKAY, lines)).unwrap();
        assert_eq!(rig.replies(), [sent]);
    }
}

#[test]
fn rein_logs_out_and_forgets_everything() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("CWD dir\r\nTYPE I\r\nEPSV ALL\r\nRNFR /file\r\nREIN"), [250, 200, 200, 350, 220]);
    assert!(!rig.session.is_logged_in());
    assert_eq!(rig.say("PWD"), [530]);
    rig = rig.login();
    assert_eq!(rig.ask("PWD"), ["257 \"/\""]);
    assert_eq!(rig.say("RNTO x"), [503]);
    assert_eq!(rig.say("PASV"), [227]);
    assert_eq!(rig.say("SIZE /file"), [550], "TYPE is A again");
}

#[test]
fn rein_starts_the_time_for_a_login_anew() {
    let mut rig = Rig::logged_in();
    rig.pass(seconds(200));
    assert_eq!(rig.say("REIN"), [220]);
    rig.pass(seconds(59));
    assert_eq!(rig.end, None);
    rig.pass(seconds(2));
    assert_eq!(rig.codes(), [421]);
}

#[test]
fn rein_before_the_login_wins_no_time() {
    let mut rig = Rig::new();
    rig.pass(seconds(40));
    assert_eq!(rig.say("REIN"), [220]);
    rig.pass(seconds(40));
    assert_eq!(rig.codes(), [421]);
}

#[test]
fn too_many_failed_logins_end_the_session() {
    let mut rig = Rig::new();
    for _ in 0..4 {
        assert_eq!(rig.say("USER me\r\nPASS wrong"), [331, 530]);
    }
    assert_eq!(rig.say("USER me\r\nPASS wrong\r\nNOOP"), [331, 421]);
    assert_eq!(rig.end, Some(End::Close));
}

#[test]
fn a_client_that_is_not_admitted_is_told_421() {
    let mut rig = Rig::silent(Config::default(), LOCAL, PEER);
    rig.host.admits = false;
    rig.send(b"USER me\r\n");
    assert_eq!(rig.codes(), [421]);
    assert_eq!(rig.end, Some(End::Close));
}

// ---- Paths ----

#[test]
fn paths_are_resolved_before_the_host_sees_them() {
    let mut rig = Rig::logged_in();
    rig.host.tree.put("/dir/sub", Node::Directory);
    for (line, directory) in [
        ("CWD dir", "/dir"),
        ("CWD sub", "/dir/sub"),
        ("CWD ..", "/dir"),
        ("CDUP", "/"),
        ("CDUP", "/"),
        ("CWD /dir/sub/../sub/.", "/dir/sub"),
        ("CWD ../../../..", "/"),
        ("CWD //dir//sub/", "/dir/sub"),
        ("CWD /", "/"),
    ] {
        assert_eq!(rig.say(line), [250], "{line}");
        assert_eq!(rig.ask("PWD"), [format!("257 \"{directory}\"")], "{line}");
    }
    assert_eq!(rig.say("CWD none"), [550]);
    assert_eq!(rig.say("CWD file"), [550]);
    assert_eq!(rig.ask("PWD"), ["257 \"/\""]);
}

#[test]
fn a_quote_in_a_path_is_doubled() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.ask("MKD say \"hi\""), ["257 \"/say \"\"hi\"\"\""]);
    assert_eq!(rig.say("CWD say \"hi\""), [250]);
    assert_eq!(rig.ask("PWD"), ["257 \"/say \"\"hi\"\"\""]);
}

#[test]
fn names_may_hold_any_byte_but_those_that_end_lines() {
    let mut rig = Rig::logged_in();
    rig.send(b"MKD  lead \xff\xff tail \xe4\r\nPWD\r\n");
    assert_eq!(rig.output(), b"257 \"/ lead \xff\xff tail \xe4\"\r\n257 \"/\"\r\n");
    assert!(rig.host.tree.0.contains_key(&b"/ lead \xff tail \xe4"[..]));
}

#[test]
fn a_path_too_long_for_its_storage_is_refused_and_the_session_goes_on() {
    for storage in [0, 1, 2, 3, 7, 40] {
        let mut rig = Rig::logged_in();
        let endpoints =
            ftp_proto::server::Endpoints { local: LOCAL.parse().unwrap(), peer: PEER.parse().unwrap() };
        rig.session = Session::new(prompt(), endpoints, vec![0; storage]);
        rig.pump();
        assert_eq!(rig.codes(), [220]);
        for &verb in Verb::ALL {
            if verb == Verb::Quit {
                continue;
            }
            for line in lines(verb) {
                for code in rig.say(&line) {
                    assert!(verb.allows(ReplyCode::new(code).unwrap()), "{line}: {code}");
                }
                rig.say("USER u\r\nPASS secret");
            }
        }
    }
}

// ---- RNFR and RNTO, REST ----

#[test]
fn rnto_comes_right_after_rnfr_or_not_at_all() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("RNTO x"), [503]);
    for between in ["NOOP", "NONE", "TYPE Q", "RNTO", "PWD", "\u{1}"] {
        let code = rig.say(&format!("RNFR file\r\n{between}\r\nRNTO x"));
        assert_eq!(code.len(), 3, "{between}");
        assert_eq!((code[0], code[2]), (350, 503), "{between}");
    }
    assert_eq!(rig.say("RNFR none"), [550]);
    assert_eq!(rig.say("RNTO x"), [503]);
    assert_eq!(rig.say("RNFR file\r\nRNFR dir\r\nRNTO moved"), [350, 350, 250]);
    assert!(rig.host.tree.0.contains_key(&b"/moved"[..]));
    assert!(rig.host.tree.file("/file").is_some());
    assert_eq!(rig.say("RNTO again"), [503]);
}

#[test]
fn a_download_restarts_where_rest_says_once() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("TYPE I\r\nREST 3"), [200, 350]);
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
    assert_eq!(rig.download(), b"tent");
    assert_eq!(rig.codes(), [226]);
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
    assert_eq!(rig.download(), b"content");
}

#[test]
fn an_upload_restarts_where_rest_says() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("TYPE I\r\nREST 3"), [200, 350]);
    rig.passive();
    assert_eq!(rig.say("STOR /file"), [150]);
    rig.upload(b"cert");
    assert_eq!(rig.codes(), [226]);
    assert_eq!(rig.host.tree.file("/file").unwrap(), b"concert");
}

#[test]
fn a_restart_that_cannot_be_is_refused() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("TYPE I\r\nREST 8\r\nRETR /file"), [200, 350, 554]);
    rig.passive();
    assert_eq!(rig.say("TYPE A\r\nREST 3\r\nSTOR /file"), [200, 350, 504]);
    rig.passive();
    assert_eq!(rig.say("TYPE I\r\nREST 3\r\nAPPE /file"), [200, 350, 450]);
    assert_eq!(rig.say("REST 18446744073709551615\r\nREST 18446744073709551616"), [350, 501]);
}

// ---- Data connections ----

#[test]
fn pasv_and_epsv_say_where_the_listener_is() {
    for (line, code, address) in [("EPSV", "229", "(|||5000|)"), ("PASV", "227", "(192,0,2,1,19,136)")] {
        let reply = Rig::logged_in().ask(line).remove(0);
        assert!(reply.starts_with(code) && reply.contains(address), "{reply}");
    }
}

#[test]
fn pasv_names_the_address_that_the_configuration_says() {
    let mut config = Config::default();
    config.passive_address = Some([198, 51, 100, 7].into());
    let mut rig = Rig::with(config).login();
    assert!(rig.ask("PASV")[0].contains("(198,51,100,7,19,136)"));
}

#[test]
fn without_a_port_to_listen_at_the_answer_is_425() {
    let mut rig = Rig::logged_in();
    rig.ports = false;
    assert_eq!(rig.say("PASV\r\nEPSV\r\nNOOP"), [425, 425, 200]);
    assert_eq!(rig.say("RETR /file"), [425]);
}

#[test]
fn a_transfer_without_a_data_connection_is_425() {
    let mut rig = Rig::logged_in();
    for line in ["RETR /file", "STOR /new", "APPE /new", "STOU", "LIST", "NLST", "MLSD"] {
        assert_eq!(rig.say(line), [425], "{line}");
    }
}

#[test]
fn port_and_eprt_lead_to_the_clients_own_host_and_no_privileged_port() {
    for (line, code) in [
        ("PORT 192,0,2,2,156,65", 200),
        ("PORT 192,0,2,2,4,0", 200),
        ("PORT 192,0,2,2,3,255", 504),
        ("PORT 192,0,2,2,0,25", 504),
        ("PORT 192,0,2,3,156,65", 504),
        ("PORT 127,0,0,1,156,65", 504),
        ("PORT 192,0,2,2,156", 501),
        ("PORT 192,0,2,2,156,256", 501),
        ("EPRT |1|192.0.2.2|40001|", 200),
        ("EPRT |1|192.0.2.2|25|", 504),
        ("EPRT |1|192.0.2.3|40001|", 504),
        ("EPRT |2|::1|40001|", 504),
        ("EPRT |2|::ffff:192.0.2.2|40001|", 200),
        ("EPRT |3|what|40001|", 522),
        ("EPRT nonsense", 501),
    ] {
        let mut rig = Rig::logged_in();
        assert_eq!(rig.say(line), [code], "{line}");
        assert!(rig.ops.is_empty(), "nothing is dialled before a transfer needs it");
        let retrieved = rig.say("RETR /file");
        assert_eq!(retrieved, [if code == 200 { 150 } else { 425 }], "{line}");
        if code == 200 {
            assert_eq!(rig.download(), b"content", "{line}");
            assert_eq!(rig.codes(), [226]);
        }
    }
}

#[test]
fn the_family_of_a_522_is_one_that_works() {
    let mut rig = Rig::logged_in();
    let reply = rig.ask("EPRT |3|what|40001|").remove(0);
    let mut families = ftp_proto::codec::address::parse_protocols_reply(&reply.as_bytes()[4..]);
    assert_eq!(families.next(), Some(ftp_proto::codec::NetworkProtocol::IPV4));
    assert_eq!(rig.say("EPSV 2\r\nEPSV 1"), [522, 229]);

    let mut rig = Rig::between(Config::default(), "[2001:db8::1]:21", "[2001:db8::2]:40000").login();
    assert_eq!(rig.say("EPSV 1\r\nPASV\r\nEPSV 2\r\nEPSV"), [522, 425, 229, 229]);
    assert_eq!(rig.say("EPRT |2|2001:db8::2|40001|"), [200]);
}

#[test]
fn after_epsv_all_nothing_but_epsv_will_do() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV ALL"), [200]);
    assert_eq!(rig.say("PASV\r\nPORT 192,0,2,2,156,65\r\nEPRT |1|192.0.2.2|40001|"), [501, 501, 501]);
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
}

#[test]
fn active_connections_can_be_switched_off() {
    let mut config = Config::default();
    config.active = false;
    let mut rig = Rig::with(config).login();
    assert_eq!(rig.say("PORT 192,0,2,2,156,65\r\nEPRT |1|192.0.2.2|40001|"), [504, 504]);
}

#[test]
fn a_stranger_is_turned_away_and_the_client_still_gets_in() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("PASV"), [227]);
    assert!(!rig.arrive(STRANGER));
    assert_eq!(rig.say("RETR /file"), [150]);
    assert!(!rig.arrive(STRANGER));
    assert!(rig.arrive(PEER_DATA));
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn the_client_may_connect_before_or_after_its_command() {
    for early in [true, false] {
        let mut rig = Rig::logged_in();
        assert_eq!(rig.say("EPSV"), [229]);
        if early {
            assert!(rig.arrive(PEER_DATA));
        }
        assert_eq!(rig.say("RETR /file"), [150]);
        if !early {
            assert!(rig.arrive(PEER_DATA));
        }
        assert_eq!(rig.download(), b"content");
        assert_eq!(rig.codes(), [226]);
    }
}

#[test]
fn a_client_of_a_mapped_address_is_the_same_client() {
    let mut rig =
        Rig::between(Config::default(), "[::ffff:192.0.2.1]:21", "[::ffff:192.0.2.2]:40000").login();
    let reply = rig.ask("PASV").remove(0);
    assert!(reply.contains("(192,0,2,1,19,136)"), "{reply}");
    assert!(rig.arrive(PEER_DATA));
    assert_eq!(rig.say("PORT 192,0,2,2,156,65"), [200]);
}

#[test]
fn a_new_data_connection_takes_the_place_of_the_last() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("PASV\r\nEPSV\r\nPORT 192,0,2,2,156,65\r\nPASV"), [227, 229, 200, 227]);
    assert!(rig.arrive(PEER_DATA));
    assert_eq!(rig.say("RETR /file"), [150]);
    assert_eq!(rig.download(), b"content");
}

#[test]
fn a_data_connection_that_cannot_be_opened_is_425() {
    let mut rig = Rig::logged_in();
    rig.connects = false;
    assert_eq!(rig.say("PORT 192,0,2,2,156,65\r\nRETR /file\r\nNOOP"), [200, 150, 425, 200]);
    assert_eq!(rig.say("EPSV"), [229]);
    assert_eq!(rig.say("RETR /file"), [150]);
    rig.break_data(DataFailure::Unreachable);
    assert_eq!(rig.codes(), [425]);
}

#[test]
fn a_listener_that_fails_before_the_transfer_leaves_no_data_connection() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV"), [229]);
    rig.break_data(DataFailure::Broken);
    assert_eq!(rig.say("RETR /file"), [425]);
}

#[test]
fn a_failed_transfer_says_why() {
    for (failure, code) in [
        (DataFailure::Broken, 426),
        (DataFailure::Stalled, 426),
        (DataFailure::Malformed, 426),
        (DataFailure::Local, 451),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        assert_eq!(rig.say("STOR /new"), [150]);
        rig.break_data(failure);
        assert_eq!(rig.codes(), [code]);
        assert!(rig.host.tree.file("/new").is_none());
        assert_eq!(rig.say("NOOP"), [200]);
    }
}

#[test]
fn an_end_that_is_not_clean_is_no_upload() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    let id = rig.data_id();
    rig.tell(id, DataEvent::Eof { clean: false });
    assert_eq!(rig.codes(), [426]);
    assert!(rig.host.tree.file("/new").is_none());
}

#[test]
fn what_happens_to_a_connection_after_its_last_byte_changes_nothing() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
    let id = rig.data_id();
    rig.session.data_event(id, DataEvent::Flushed).unwrap();
    rig.session.data_event(id, DataEvent::Failed(DataFailure::Broken)).unwrap();
    rig.data = DataEnd::None;
    rig.pump();
    assert_eq!(rig.codes(), [226]);
    rig.session.data_event(id, DataEvent::Moved(3)).unwrap();
    rig.pump();
}

#[test]
fn events_of_no_connection_are_misuse() {
    let mut rig = Rig::logged_in();
    rig.passive();
    let id = rig.data_id();
    for event in
        [DataEvent::Connected, DataEvent::Flushed, DataEvent::Moved(1), DataEvent::Eof { clean: true }]
    {
        assert_eq!(rig.session.data_event(id, event), Err(LocalError::UnexpectedDataEvent), "{event:?}");
    }
    let mut fresh = Rig::logged_in();
    assert_eq!(fresh.session.data_event(id, DataEvent::Connected), Err(LocalError::UnknownData));
    fresh.pump();
    assert_eq!(fresh.say("NOOP"), [200]);
    assert_eq!(rig.say("RETR /file"), [150]);
}

#[test]
fn listings_are_sent_as_they_are_and_files_as_type_says() {
    let text = Coding { representation: RepresentationType::ASCII, ..Coding::default() };
    for (line, coding) in [
        ("TYPE A\r\nRETR /file", DataOp::Send(text.into())),
        ("TYPE I\r\nRETR /file", DataOp::Send(Coding::IDENTITY.into())),
        ("TYPE A\r\nLIST", DataOp::Send(Coding::IDENTITY.into())),
        ("TYPE A\r\nMLSD", DataOp::Send(Coding::IDENTITY.into())),
        ("TYPE A\r\nSTOR /new", DataOp::Receive(text.into())),
        ("TYPE I\r\nSTOR /new", DataOp::Receive(Coding::IDENTITY.into())),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        assert_eq!(rig.say(line), [200, 150], "{line}");
        assert_eq!(rig.ops.last(), Some(&coding), "{line}");
    }
}

#[test]
fn listings_name_what_is_there() {
    for (line, expected) in [
        ("NLST", "dir\r\nfile\r\n"),
        ("NLST -a", "dir\r\nfile\r\n"),
        ("NLST dir", ""),
        ("MLSD", "type=dir;modify=20240229123456; dir\r\ntype=file;size=7;modify=20240229123456; file\r\n"),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        assert_eq!(rig.say(line), [150], "{line}");
        let listing = String::from_utf8(rig.download()).unwrap().to_lowercase();
        assert_eq!(listing, expected, "{line}");
        assert_eq!(rig.codes(), [226]);
    }
}

#[test]
fn a_leading_hyphen_is_an_option_only_if_it_looks_like_one() {
    let mut rig = Rig::logged_in();
    rig.host.tree.put("/-my name", Node::Directory);
    for (line, path) in [
        ("LIST -la", "/"),
        ("LIST -la dir", "/dir"),
        ("LIST -my name", "/-my name"),
        ("LIST -l -a dir", "/dir"),
    ] {
        rig.passive();
        assert_eq!(rig.say(line), [150], "{line}");
        let request = rig.host.requests.last().unwrap();
        assert!(request.ends_with(&format!(" {path}")), "{line}: {request}");
        rig.download();
        assert_eq!(rig.codes(), [226]);
    }
}

#[test]
fn stou_says_the_name_as_rfc_1123_wants_it() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.ask("STOU file"), ["150 FILE: /file.1"]);
    rig.upload(b"new");
    assert_eq!(rig.codes(), [226]);
    assert_eq!(rig.host.tree.file("/file.1").unwrap(), b"new");
}

// ---- During a transfer ----

fn transferring() -> Rig {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("RETR /file"), [150]);
    rig
}

#[test]
fn abor_ends_a_transfer_and_gets_its_own_reply() {
    let mut rig = transferring();
    assert_eq!(rig.say("ABOR"), [426, 226]);
    assert_eq!(rig.ops.last(), Some(&DataOp::Abort));
    assert_eq!(rig.say("ABOR"), [225]);
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    rig.send(b"\xff\xf4\xff\xf2ABOR\r\n");
    assert_eq!(rig.codes(), [426, 226]);
    assert!(rig.host.tree.file("/new").is_none());
}

#[test]
fn abor_ends_a_transfer_whose_connection_never_came() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV\r\nRETR /file\r\nABOR"), [229, 150, 426, 226]);
}

#[test]
fn noop_and_stat_are_answered_during_a_transfer() {
    let mut rig = transferring();
    assert_eq!(rig.say("NOOP\r\nSTAT"), [200, 211]);
    let id = rig.data_id();
    rig.tell(id, DataEvent::Moved(1234));
    assert!(rig.ask("STAT")[0].contains("1234 bytes"));
    assert_eq!(rig.say("STAT /file"), [450]);
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn everything_else_waits_for_the_end_of_the_transfer() {
    let mut rig = transferring();
    assert_eq!(rig.say("PWD\r\nNOOP\r\nABOR\r\nSYST"), []);
    rig.download();
    assert_eq!(rig.codes(), [226, 257, 200, 225, 215]);
}

#[test]
fn quit_waits_for_the_end_of_the_transfer() {
    let mut rig = transferring();
    assert_eq!(rig.say("QUIT"), []);
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226, 221]);
    assert_eq!(rig.end, Some(End::Close));
}

#[test]
fn what_is_no_command_waits_for_the_end_of_the_transfer_too() {
    for bad in [&b"nul\0nul\r\n"[..], &[b'x'; 5000], b"NONE\r\n"] {
        let mut rig = transferring();
        rig.send(bad);
        rig.send(b"\r\nNOOP\r\n");
        assert_eq!(rig.codes(), [], "{:?}", &bad[..4]);
        rig.download();
        assert_eq!(rig.codes(), [226, 500, 200]);
    }
}

#[test]
fn a_command_behind_one_that_waits_waits_too() {
    let mut rig = transferring();
    assert_eq!(rig.say("PWD"), []);
    assert_eq!(rig.say("ABOR"), []);
    rig.download();
    assert_eq!(rig.codes(), [226, 257, 225]);
}

#[test]
fn an_upload_lasts_once_the_host_says_so() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    rig.upload(b"fresh");
    assert_eq!(rig.codes(), [226]);
    assert_eq!(rig.host.tree.file("/new").unwrap(), b"fresh");
    assert!(rig.host.requests.last().unwrap().ends_with("Commit /new"));
}

#[test]
fn the_path_of_an_upload_is_the_same_when_it_is_committed() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR /new\r\nSTAT\r\nNOOP\r\nSTAT /file"), [150, 211, 200, 450]);
    rig.upload(b"x");
    assert!(rig.host.requests.last().unwrap().ends_with("Commit /new"), "{:?}", rig.host.requests);
}

#[test]
fn a_client_that_leaves_during_a_transfer_ends_it() {
    let mut rig = transferring();
    rig.hang_up();
    assert_eq!(rig.ops.last(), Some(&DataOp::Abort));
    assert_eq!(rig.end, Some(End::Error(Error::Peer(PeerError::Closed))));
}

// ---- Lines ----

#[test]
fn commands_in_one_packet_are_answered_in_order() {
    let mut rig = Rig::new();
    assert_eq!(
        rig.say("USER me\r\nPASS secret\r\nPWD\r\nNONE\r\nTYPE I\r\nSIZE file\r\nQUIT\r\nNOOP"),
        [331, 230, 257, 500, 200, 213, 221]
    );
    assert_eq!(rig.end, Some(End::Close));
}

#[test]
fn a_blank_line_gets_no_reply() {
    let mut rig = Rig::logged_in();
    rig.send(b"\r\n\n\r\nNOOP\n");
    assert_eq!(rig.codes(), [200]);
}

#[test]
fn any_number_of_blank_lines_is_skipped() {
    let mut config = Config::default();
    config.limits.line = 4_000_000;
    let mut rig = Rig::with(config).login();
    let mut lines = vec![b'\n'; 4_000_002];
    lines.extend(b"NOOP\r\n");
    rig.send(&lines);
    assert_eq!(rig.codes(), [200]);
}

#[test]
fn a_window_full_of_blank_lines_does_not_stop_the_reading() {
    let mut rig = Rig::logged_in();
    let mut lines = vec![b'\n'; 2048 - 3];
    lines.extend(b"NOOP\r\n");
    rig.send(&lines);
    assert_eq!(rig.codes(), [200]);
}

#[test]
fn an_over_long_line_gets_one_500_and_its_tail_is_never_parsed() {
    for split in [&[usize::MAX][..], &[1], &[2047, 1], &[2048], &[3, 500]] {
        let mut rig = Rig::logged_in();
        rig.chunks = Chunks::of(split);
        let mut line = b"STOR ".to_vec();
        for _ in 0..700 {
            line.extend(b"DELE /file ");
        }
        line.extend(b"\rDELE /file\r\nNOOP\r\n");
        rig.send(&line);
        assert_eq!(rig.codes(), [500, 200], "{split:?}");
        assert!(rig.host.requests.is_empty());
    }
}

#[test]
fn a_line_of_the_greatest_length_is_one() {
    let mut rig = Rig::logged_in();
    let name = "n".repeat(2046 - 4);
    assert_eq!(rig.say(&format!("MKD {name}")), [257]);
    assert_eq!(rig.say(&format!("MKD {name}n")), [500]);
}

#[test]
fn a_nul_makes_a_line_no_command() {
    let mut rig = Rig::logged_in();
    rig.send(b"DELE /file\0.txt\r\n\0\0\r\nNOOP\r\n");
    assert_eq!(rig.codes(), [500, 500, 200]);
    assert!(rig.host.requests.is_empty());
}

#[test]
fn another_protocol_is_shown_the_door() {
    for request in ["GET / HTTP/1.1", "POST /x HTTP/1.0", "EHLO mail.example", "CONNECT a:1 HTTP/1.1"] {
        for login in [true, false] {
            let mut rig = if login { Rig::logged_in() } else { Rig::new() };
            assert_eq!(rig.say(&format!("{request}\r\nUSER me\r\nDELE /file")), [421], "{request}");
            assert_eq!(rig.end, Some(End::Close));
        }
    }
}

#[test]
fn too_many_bad_commands_in_a_row_end_the_session() {
    let mut rig = Rig::logged_in();
    for _ in 0..19 {
        assert_eq!(rig.say("NONE"), [500]);
    }
    assert_eq!(rig.say("NOOP"), [200]);
    for _ in 0..19 {
        assert_eq!(rig.say("NONE"), [500]);
    }
    assert_eq!(rig.say("NONE\r\nNOOP"), [421]);
    assert_eq!(rig.end, Some(End::Close));
}

#[test]
fn a_command_that_is_known_is_no_bad_command() {
    let mut rig = Rig::logged_in();
    for _ in 0..50 {
        assert_eq!(rig.say("XCRC file"), [502]);
    }
}

#[test]
fn input_is_not_echoed() {
    let mut rig = Rig::logged_in();
    for line in ["EVIL x", "RETR evil", "SITE evil", "HELP evil", "TYPE evil", "OPTS evil", "USER evil"] {
        let reply = rig.ask(line).join("\n").to_lowercase();
        assert!(!reply.contains("evil"), "{reply}");
    }
}

// ---- Time ----

#[test]
fn a_client_that_does_not_log_in_is_sent_away() {
    let mut rig = Rig::new();
    for _ in 0..5 {
        rig.pass(seconds(11));
        assert_eq!(rig.say("NOOP"), [200]);
    }
    rig.pass(seconds(6));
    assert_eq!(rig.codes(), [421]);
    assert_eq!(rig.end, Some(End::Close));
}

#[test]
fn a_client_that_says_nothing_is_sent_away() {
    let mut rig = Rig::logged_in();
    for _ in 0..3 {
        rig.pass(seconds(299));
        assert_eq!(rig.say("NOOP"), [200]);
    }
    assert_eq!(rig.wait.deadline, Some(rig.now.after(seconds(300))));
    rig.pass(seconds(301));
    assert_eq!(rig.codes(), [421]);
}

#[test]
fn a_data_connection_that_does_not_come_is_425() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.say("EPSV\r\nRETR /file"), [229, 150]);
    rig.pass(seconds(29));
    assert_eq!(rig.codes(), []);
    assert!(!rig.arrive(STRANGER));
    rig.pass(seconds(2));
    assert_eq!(rig.codes(), [425]);
    assert_eq!(rig.ops.last(), Some(&DataOp::Abort));
    assert_eq!(rig.say("NOOP"), [200]);
}

#[test]
fn a_transfer_that_stalls_is_426_whatever_is_said_meanwhile() {
    let mut rig = transferring();
    let id = rig.data_id();
    rig.pass(seconds(50));
    rig.tell(id, DataEvent::Moved(1));
    rig.pass(seconds(50));
    assert_eq!(rig.say("NOOP"), [200]);
    rig.pass(seconds(11));
    assert_eq!(rig.codes(), [426]);
    assert_eq!(rig.say("NOOP"), [200]);
}

#[test]
fn a_long_transfer_does_not_count_as_silence() {
    let mut rig = transferring();
    let id = rig.data_id();
    for _ in 0..20 {
        rig.pass(seconds(50));
        rig.tell(id, DataEvent::Moved(1));
    }
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
    rig.pass(seconds(299));
    assert_eq!(rig.end, None);
}

// ---- Buffers ----

#[test]
fn a_client_that_takes_no_replies_is_not_read() {
    let mut rig = Rig::logged_in();
    rig.deaf = true;
    for _ in 0..10_000 {
        rig.send(b"HELP\r\n");
    }
    assert!(rig.unread() > 50_000);
    assert!(!rig.wait.readable && rig.wait.writable);
    rig.deaf = false;
    rig.pump();
    assert_eq!(rig.codes(), [214; 10_000]);
}

#[test]
fn a_client_that_takes_no_replies_is_sent_away_in_the_end() {
    for transfer in [false, true] {
        let mut rig = if transfer { transferring() } else { Rig::logged_in() };
        rig.deaf = true;
        for _ in 0..1000 {
            rig.send(b"STAT\r\n");
        }
        for _ in 0..20 {
            rig.pass(seconds(100));
        }
        assert_eq!(rig.end, Some(End::Close), "transfer: {transfer}");
    }
}

#[test]
fn buffers_that_are_too_small_are_misuse_and_change_nothing() {
    let mut rig = transferring();
    let now = rig.now;
    let (mut small, mut fine) = (RecvBuf::new([0; 100]), SendBuf::new([0; 1024]));
    let error = rig.session.poll(now, &mut small, &mut fine).unwrap_err();
    assert_eq!(error, Error::Local(LocalError::RecvBufTooSmall { needed: 2048 }));
    let (mut fine, mut small) = (RecvBuf::new([0; 2048]), SendBuf::new([0; 100]));
    let error = rig.session.poll(now, &mut fine, &mut small).unwrap_err();
    assert_eq!(error, Error::Local(LocalError::SendBufTooSmall { needed: 1024 }));
    rig.pump();
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
}

// ---- The host ----

#[test]
fn an_answer_may_come_later_and_commands_wait_for_it() {
    let mut rig = Rig::logged_in();
    assert_eq!(rig.rx.extend(b"MKD slow\r\nNOOP\r\n"), 16);
    let Ok(Action::Event(Event::Request(ticket, Request::MakeDirectory))) =
        rig.session.poll(rig.now, &mut rig.rx, &mut rig.tx)
    else {
        panic!("no request");
    };
    rig.pump();
    rig.pass(seconds(299));
    assert_eq!(rig.codes(), []);
    assert!(rig.wait.application);
    let (error, ticket) = rig
        .session
        .answer(ticket, Answer::Opened { size: None, unique_name: None }, &mut rig.tx.view())
        .unwrap_err();
    assert_eq!(error, LocalError::WrongAnswer);
    rig.session.answer(ticket, Answer::Done, &mut rig.tx.view()).unwrap();
    rig.pump();
    assert_eq!(rig.replies()[0], "257 \"/slow\"");
    rig.pass(seconds(1));
    assert_eq!(rig.end, None, "the host's time is not the client's");
}

#[test]
fn abor_has_the_host_give_up_what_may_take_it_long_and_is_answered_behind_it() {
    for (command, given_up) in [
        ("RETR /file", "450 Given up."),
        ("STOR /new", "450 Given up."),
        ("LIST /dir", "450 Given up."),
        ("MLSD", "450 Given up."),
    ] {
        let mut rig = Rig::logged_in();
        rig.passive();
        rig.slow = Slow::Everything;
        assert_eq!(rig.ask(command), [""; 0]);
        assert_eq!(rig.ask("NOOP\r\nABOR"), [""; 0], "what came before ABOR is answered before it");
        assert_eq!(rig.aborts, 0);
        rig.answer(Answer::Refused(Refusal::NotFound)).unwrap();
        assert_eq!(rig.codes(), [550, 200, 225]);

        rig.passive();
        assert_eq!(rig.ask(&format!("{command}\r\nABOR\r\nNOOP")), [""; 0]);
        assert_eq!(rig.aborts, 1, "{command}");
        rig.answer(Answer::Refused(Refusal::Aborted)).unwrap();
        assert_eq!(rig.replies(), [given_up, "226 Abort done.", "200 Okay."]);
        assert_eq!(rig.data, DataEnd::None);
    }
}

#[test]
fn what_was_opened_although_it_was_to_be_given_up_is_closed_again() {
    let mut rig = Rig::logged_in();
    rig.passive();
    rig.slow = Slow::Everything;
    assert_eq!(rig.say("RETR /file\r\nABOR"), [0; 0]);
    rig.answer(Answer::Opened { size: None, unique_name: None }).unwrap();
    assert_eq!(rig.codes(), [150, 426, 226]);
    assert_eq!(rig.data, DataEnd::None);
    assert!(!rig.session.is_transferring());
}

#[test]
fn abor_leaves_alone_what_is_done_in_a_moment() {
    let mut rig = Rig::logged_in();
    rig.slow = Slow::Everything;
    assert_eq!(rig.say("MKD /new\r\nABOR"), [0; 0]);
    assert_eq!(rig.aborts, 0);
    rig.answer(Answer::Done).unwrap();
    assert_eq!(rig.codes(), [257, 225]);
}

#[test]
fn abor_takes_back_an_upload_that_the_host_has_not_kept_yet() {
    let mut rig = Rig::logged_in();
    rig.passive();
    assert_eq!(rig.say("STOR /new"), [150]);
    rig.slow = Slow::Everything;
    rig.upload(b"content");
    assert_eq!(rig.say("ABOR"), [0; 0]);
    assert_eq!(rig.aborts, 1);
    rig.answer(Answer::Refused(Refusal::Aborted)).unwrap();
    assert_eq!(rig.codes(), [450, 226]);
}

#[test]
fn the_entry_of_a_path_may_have_no_name() {
    // A host that has no name for its root.
    let mut rig = Rig::logged_in();
    for line in ["STAT /", "MLST /"] {
        rig.rx.extend(format!("{line}\r\n").as_bytes());
        let Ok(Action::Event(Event::Request(ticket, Request::Stat { .. }))) =
            rig.session.poll(rig.now, &mut rig.rx, &mut rig.tx)
        else {
            panic!("no request");
        };
        let entry = ftp_proto::listing::Entry::new(support::t(""), ftp_proto::listing::Kind::Directory);
        rig.session.answer(ticket, Answer::Entry(&entry), &mut rig.tx.view()).unwrap();
        rig.pump();
        assert_eq!(rig.codes(), [if line.starts_with('S') { 212 } else { 250 }]);
    }
}

#[test]
fn closing_tells_421_once() {
    let mut rig = transferring();
    rig.session.close(support::t("Maintenance."), &mut rig.tx.view());
    rig.pump();
    assert_eq!(rig.replies(), ["421 Maintenance."]);
    assert_eq!(rig.ops.last(), Some(&DataOp::Abort));
    assert_eq!(rig.end, Some(End::Close));
}

#[test]
fn the_end_of_the_stream_is_told_and_half_a_line_too() {
    let mut rig = Rig::logged_in();
    rig.send(b"NOOP\r\n");
    rig.hang_up();
    assert_eq!(rig.codes(), [200]);
    assert_eq!(rig.end, Some(End::Error(Error::Peer(PeerError::Closed))));

    let mut rig = Rig::logged_in();
    rig.send(b"NOOP\r\nDELE /fi");
    rig.hang_up();
    assert_eq!(rig.codes(), [200]);
    assert_eq!(rig.end, Some(End::Error(Error::Peer(PeerError::ClosedInside))));
}

#[test]
fn a_session_is_small() {
    let size = std::mem::size_of::<Session<[u8; 0]>>();
    println!("Session<[u8; 0]>: {size} bytes");
    assert!(size <= 1104, "{size}");
    let size = std::mem::size_of::<ftp_proto::server::Server>();
    println!("Server: {size} bytes");
    assert!(size <= 48, "{size}");
}

// ---- Every split, and noise ----

/// A dialogue of many kinds of lines, that ends in QUIT.
const DIALOGUE: &[u8] = b"PWD\r\nUSER me\r\nPASS secret\r\n\r\nSYST\nFEAT\r\nPWD\r\nCWD dir\r\nCWD ..\r\nMKD a \"b\"\r\n\
RNFR file\r\nRNTO a\xff\xffb\r\nTYPE I\r\nSIZE a\xff\xffb\r\n\xff\xfb\x01MDTM a\xff\xffb\r\nMLST\r\nbad\0line\r\n\
STAT dir\r\nHELP\r\nEPSV ALL\r\nEPSV\r\nRETR none\r\nREST 5\r\nEPSV\r\nLIST\r\nNOOP\r\nSTAT\r\nABOR\r\nNONE\r\nQUIT\r\n";

fn answers(input: &[u8], chunks: Chunks) -> (Vec<u8>, Vec<String>, Vec<DataOp>, Option<End>) {
    let mut rig = Rig::new();
    rig.chunks = chunks;
    rig.send(input);
    (rig.output(), rig.host.requests, rig.ops, rig.end)
}

#[test]
fn a_dialogue_byte_by_byte_is_the_same_dialogue() {
    let whole = answers(DIALOGUE, Chunks::whole());
    assert_eq!(whole.3, Some(End::Close));
    assert_eq!(answers(DIALOGUE, Chunks::of(&[1])), whole);
}

proptest! {
    #[test]
    fn a_dialogue_cut_anywhere_is_the_same_dialogue(sizes in prop::collection::vec(1usize..40, 1..8)) {
        prop_assert_eq!(answers(DIALOGUE, Chunks::of(&sizes)), answers(DIALOGUE, Chunks::whole()));
    }

    #[test]
    fn noise_is_answered_or_ends_the_session(
        noise in prop::collection::vec(any::<u8>(), 0..3000),
        sizes in prop::collection::vec(1usize..300, 1..5),
        login in any::<bool>(),
    ) {
        let mut rig = if login { Rig::logged_in() } else { Rig::new() };
        rig.chunks = Chunks::of(&sizes);
        rig.send(&noise);
        rig.replies();
    }

    #[test]
    fn words_in_any_order_never_break_a_session(
        words in prop::collection::vec((0..Verb::ALL.len(), 0usize..12, 0u8..20), 0..60),
        sizes in prop::collection::vec(1usize..60, 1..5),
    ) {
        let [_, (_, hashing), ..] = configurations();
        let mut rig = Rig::with(hashing).login();
        rig.chunks = Chunks::of(&sizes);
        let mut expected = 0;
        for (verb, argument, step) in words {
            let verb = Verb::ALL[verb];
            let (good, bad) = arguments(verb);
            let argument =
                ["", good, good, good, bad, "/file", "/dir", "..", "\"", "/new", "0", "ALL"][argument];
            let before = rig.end;
            match step {
                0 if matches!(rig.data, DataEnd::Listening(_)) => { rig.arrive(PEER_DATA); }
                1 if matches!(rig.data, DataEnd::Listening(_)) => { rig.arrive(STRANGER); }
                2..=5 if matches!(rig.data, DataEnd::Sending(_)) => { rig.download(); }
                2..=5 if matches!(rig.data, DataEnd::Receiving(_)) => rig.upload(b"some"),
                6 if rig.data != DataEnd::None => rig.break_data(DataFailure::Broken),
                7 => rig.pass(seconds(31)),
                _ if verb != Verb::Quit => {
                    rig.send(format!("{verb} {argument}\r\n").as_bytes());
                    expected += usize::from(before.is_none());
                }
                _ => {}
            }
        }
        // The last transfer may be open; whatever waits behind it is answered once it ends.
        for _ in 0..200 {
            if rig.session.is_transferring() && rig.end.is_none() {
                rig.pass(seconds(61));
            }
        }
        let finals = rig.codes().iter().filter(|code| **code >= 200).count();
        if rig.end.is_none() {
            prop_assert_eq!(finals, expected);
        }
    }
}

#[test]
fn time_may_stand_still_at_the_origin() {
    let mut rig = Rig::silent(Config::default(), LOCAL, PEER);
    rig.now = Instant::default();
    rig.pump();
    assert_eq!(rig.codes(), [220]);
}
