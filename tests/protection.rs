//! TLS as the machines see it (RFC 4217): what is asked, granted and refused, and what never goes in the
//! clear. The handshakes are told, not made; tests/tls makes them.

mod support;

use ftp_proto::action::{DataEvent, DataFailure, DataOp};
use ftp_proto::client::{self, Config as ClientConfig};
use ftp_proto::codec::Command;
use ftp_proto::codec::RepresentationType::Image;
use ftp_proto::error::{Awaited, Error, LocalError, PeerError};
use ftp_proto::security::{Policy, TlsMode};
use ftp_proto::server::Config;
use std::time::Duration;
use support::client::{Act, Outcome, Rig as ClientRig};
use support::server::{End, LOCAL, PEER, PEER_DATA, Rig};
use support::{seconds, secret, t};

// ---- The server ----

fn explicit(change: impl FnOnce(&mut Config)) -> Rig {
    let mut config = support::server::prompt();
    config.security.tls = TlsMode::Explicit;
    change(&mut config);
    Rig::with(config)
}

/// A session under TLS, its data connections too.
fn secured(change: impl FnOnce(&mut Config)) -> Rig {
    let mut rig = explicit(change);
    assert_eq!(rig.say("AUTH TLS"), [234]);
    let mut rig = rig.login();
    assert_eq!(rig.say("PBSZ 0"), [200]);
    assert_eq!(rig.say("PROT P"), [200]);
    rig
}

#[test]
fn auth_is_granted_for_tls_and_begins_the_session_anew() {
    for (line, code) in [
        ("AUTH TLS", 234),
        ("auth tls", 234),
        ("AUTH TLS-C", 234),
        ("AUTH SSL", 234),
        ("AUTH GSSAPI", 504),
        ("AUTH", 501),
    ] {
        let mut rig = explicit(|_| {}).login();
        assert_eq!(rig.say(line), [code], "{line}");
        let granted = code == 234;
        assert_eq!(rig.session.is_secured(), granted, "{line}");
        assert_eq!(rig.changes, (usize::from(granted), 0), "{line}");
        // RFC 4217 4: whoever was logged in has to log in again.
        assert_eq!(rig.say("PWD"), [if granted { 530 } else { 257 }], "{line}");
    }
    let mut rig = secured(|_| {});
    assert_eq!(rig.say("AUTH TLS"), [503]);
    let mut rig = explicit(|config| config.security.control = Policy::Never);
    assert_eq!(rig.say("AUTH TLS"), [534]);
    let mut rig = Rig::new();
    assert_eq!(rig.say("AUTH TLS"), [502]);
}

#[test]
fn what_follows_auth_in_the_clear_ends_the_session() {
    for line in [&b"AUTH TLS\r\nUSER me\r\n"[..], b"AUTH TLS\r\nU", b"AUTH TLS\r\n\x16\x03\x01"] {
        let mut rig = explicit(|_| {});
        rig.send(line);
        assert_eq!(rig.codes(), [421]);
        assert_eq!(rig.session.ended_by(), Some(PeerError::Injected));
        assert_eq!(rig.changes, (0, 0));
    }
}

#[test]
fn nobody_logs_in_in_the_clear_where_tls_is_required() {
    let mut rig = explicit(|config| config.security.control = Policy::Require);
    for line in ["USER me", "PASS secret", "ACCT x"] {
        assert!(matches!(rig.say(line)[..], [503 | 534]), "{line}");
    }
    assert_eq!(rig.say("FEAT"), [211]);
    assert_eq!(rig.say("AUTH TLS"), [234]);
    rig.login();
}

#[test]
fn data_needs_prot_p_where_that_is_required_and_prot_needs_pbsz() {
    let mut rig = explicit(|config| config.security.data = Policy::Require);
    assert_eq!(rig.say("PBSZ 0"), [503]);
    assert_eq!(rig.say("PROT P"), [503]);
    assert_eq!(rig.say("AUTH TLS"), [234]);
    assert_eq!(rig.say("PROT P"), [503]);
    let mut rig = rig.login();
    assert_eq!(rig.say("EPSV"), [229]);
    for line in ["RETR file", "STOR x", "LIST", "NLST", "MLSD", "STOU", "APPE x"] {
        assert_eq!(rig.say(line), [521], "{line}");
    }
    assert_eq!(rig.ask("PBSZ 4096"), ["200 PBSZ=0"]);
    for (line, code) in [("PROT C", 534), ("PROT S", 536), ("PROT E", 536), ("PROT X", 501), ("PROT P", 200)]
    {
        assert_eq!(rig.say(line), [code], "{line}");
    }
    let mut rig = secured(|config| config.security.data = Policy::Prefer);
    assert_eq!(rig.say("PROT C"), [200]);
    let mut rig = explicit(|config| config.security.data = Policy::Never);
    assert_eq!(rig.say("AUTH TLS"), [234]);
    assert_eq!(rig.say("PBSZ 0"), [200]);
    assert_eq!(rig.say("PROT P"), [534]);
}

#[test]
fn data_is_secured_as_soon_as_the_connection_stands_and_moves_once_it_is() {
    for early in [false, true] {
        let mut rig = secured(|_| {});
        rig.resumes = None;
        assert_eq!(rig.say("EPSV"), [229]);
        if !early {
            assert_eq!(rig.say("RETR file"), [150]);
        }
        assert!(rig.arrive(PEER_DATA));
        let id = rig.data_id();
        assert_eq!(rig.ops.last(), Some(&DataOp::StartTls));
        if early {
            assert_eq!(rig.say("RETR file"), [150]);
        }
        assert!(!rig.ops.iter().any(|op| matches!(op, DataOp::Send(..))));
        rig.tell(id, DataEvent::Secured { resumed: true });
        rig.download();
        assert_eq!(rig.codes(), [226]);
    }
}

/// Then the tickets that follow the handshake are there before the file is. That the client has begun it is no
/// promise to go on before it sees the 150. No other transfer waits, nor one that needs no tickets.
#[test]
fn the_150_to_an_upload_waits_for_a_handshake_that_the_client_has_begun() {
    let begin = |bound: bool, ahead: bool, line: &str| {
        let mut rig = secured(|config| config.security.bound_sessions = bound);
        rig.resumes = None;
        assert_eq!(rig.say("EPSV"), [229]);
        assert!(rig.arrive(PEER_DATA));
        let id = rig.data_id();
        if ahead {
            rig.tell(id, DataEvent::Securing);
        }
        let waits = bound && ahead && !matches!(line, "RETR file" | "LIST");
        assert_eq!(rig.say(line), if waits { &[][..] } else { &[150] }, "{line}");
        (rig, id)
    };
    for line in ["STOR new", "STOU", "APPE new"] {
        let (mut rig, id) = begin(true, true, line);
        rig.tell(id, DataEvent::Secured { resumed: true });
        assert_eq!(rig.codes(), [150], "{line}");
        assert!(matches!(rig.ops.last(), Some(DataOp::Receive(_))), "{line}");
    }
    for (bound, ahead, line) in [
        (true, true, "RETR file"),
        (true, true, "LIST"),
        (false, true, "STOR new"),
        (true, false, "STOR new"),
    ] {
        let (mut rig, id) = begin(bound, ahead, line);
        // What comes after the 150 was sent does not bring it back.
        rig.tell(id, DataEvent::Securing);
        assert_eq!(rig.codes(), []);
        rig.tell(id, DataEvent::Secured { resumed: true });
        assert!(matches!(rig.ops.last(), Some(DataOp::Send(_) | DataOp::Receive(_))), "{line}");
    }
    let (mut rig, id) = begin(true, true, "STOR new");
    rig.tell(id, DataEvent::Secured { resumed: false });
    assert_eq!(rig.codes(), [150, 522]);
    let (mut rig, id) = begin(true, true, "STOR new");
    rig.tell(id, DataEvent::Failed(DataFailure::Handshake));
    assert_eq!(rig.codes(), [150, 522]);
    let (mut rig, _) = begin(true, true, "STOR new");
    assert_eq!(rig.say("ABOR"), [150, 426, 226]);
    let (mut rig, id) = begin(true, true, "STOR new");
    rig.pass(Duration::from_millis(1900));
    assert_eq!(rig.codes(), []);
    rig.pass(Duration::from_millis(200));
    assert_eq!(rig.codes(), [150]);
    rig.tell(id, DataEvent::Secured { resumed: true });
    assert!(matches!(rig.ops.last(), Some(DataOp::Receive(_))));
}

#[test]
fn a_session_that_is_not_the_control_connections_is_refused_with_522() {
    for early in [false, true] {
        let mut rig = secured(|_| {});
        rig.resumes = Some(false);
        assert_eq!(rig.say("EPSV"), [229]);
        if early {
            rig.arrive(PEER_DATA);
            assert_eq!(rig.say("RETR file"), [150, 522]);
        } else {
            assert_eq!(rig.say("RETR file"), [150]);
            rig.arrive(PEER_DATA);
            assert_eq!(rig.codes(), [522]);
        }
        assert_eq!(rig.ops.last(), Some(&DataOp::Abort));
        assert_eq!(rig.say("NOOP"), [200]);
    }
    let mut rig = secured(|config| config.security.bound_sessions = false);
    rig.resumes = Some(false);
    assert_eq!(rig.say("EPSV"), [229]);
    assert_eq!(rig.say("RETR file"), [150]);
    rig.arrive(PEER_DATA);
    rig.download();
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn a_handshake_that_fails_or_hangs_ends_the_transfer_and_not_the_session() {
    let mut rig = secured(|_| {});
    rig.resumes = None;
    assert_eq!(rig.say("EPSV"), [229]);
    assert_eq!(rig.say("STOR x"), [150]);
    rig.arrive(PEER_DATA);
    rig.tell(rig.data_id(), DataEvent::Failed(DataFailure::Handshake));
    assert_eq!(rig.codes(), [522]);
    assert_eq!(rig.say("EPSV"), [229]);
    assert_eq!(rig.say("STOR x"), [150]);
    rig.arrive(PEER_DATA);
    rig.pass(seconds(30));
    assert_eq!(rig.codes(), [425]);
    assert_eq!(rig.say("NOOP"), [200]);
}

#[test]
fn a_protected_upload_that_is_cut_short_is_not_kept() {
    let mut rig = secured(|_| {});
    assert_eq!(rig.say("EPSV"), [229]);
    assert_eq!(rig.say("STOR x"), [150]);
    rig.arrive(PEER_DATA);
    rig.tell(rig.data_id(), DataEvent::Moved(3));
    rig.tell(rig.data_id(), DataEvent::Eof { clean: false });
    assert_eq!(rig.codes(), [426]);
    assert!(!rig.host.requests.iter().any(|request| request.starts_with("Commit")));
}

#[test]
fn the_control_handshake_has_a_deadline_and_its_failure_ends_the_session() {
    let mut rig = explicit(|_| {});
    rig.handshakes = None;
    assert_eq!(rig.say("AUTH TLS"), [234]);
    rig.pass(seconds(20));
    assert_eq!(rig.end, Some(End::Error(Error::Peer(PeerError::TimedOut(Awaited::Handshake)))));
    let mut rig = explicit(|_| {});
    rig.handshakes = Some(false);
    assert_eq!(rig.say("AUTH TLS"), [234]);
    assert_eq!(rig.end, Some(End::Error(Error::Peer(PeerError::Handshake))));
}

#[test]
fn implicit_tls_comes_before_the_greeting() {
    let mut config = support::server::prompt();
    config.security.tls = TlsMode::Implicit;
    let mut rig = Rig::silent(config, LOCAL, PEER);
    rig.pump();
    assert_eq!((rig.changes, rig.codes()), ((1, 0), vec![220]));
    assert_eq!(rig.say("AUTH TLS"), [503]);
    let mut rig = rig.login();
    assert_eq!(rig.say("PBSZ 0"), [200]);
    assert_eq!(rig.say("PROT P"), [200]);
    // There is no plain FTP to go back to.
    assert_eq!(rig.say("REIN"), [220]);
    assert!(rig.session.is_secured() && !rig.session.protects_data());
}

#[test]
fn ccc_and_rein_end_tls_once_their_reply_is_out() {
    let mut rig = secured(|_| {});
    assert_eq!(rig.say("CCC"), [534]);
    let mut rig = explicit(|config| config.security.clear_command_channel = true);
    assert_eq!(rig.say("AUTH TLS"), [234]);
    let mut rig = rig.login();
    assert_eq!(rig.say("PBSZ 0"), [200]);
    assert_eq!(rig.say("PROT P"), [200]);
    assert_eq!(rig.say("CCC"), [200]);
    assert_eq!(rig.changes, (1, 1));
    assert_eq!(rig.say("CCC"), [533]);
    // RFC 4217 5: the level of the data stays as it is.
    assert_eq!(rig.say("PROT C"), [503]);
    assert!(rig.session.protects_data());
    let mut rig = secured(|_| {});
    assert_eq!(rig.say("REIN"), [220]);
    assert_eq!(rig.changes, (1, 1));
    assert!(!rig.session.protects_data());
    assert_eq!(rig.say("AUTH TLS"), [234]);
}

#[test]
fn feat_names_tls_where_there_is_tls() {
    let named = |rig: &mut Rig| rig.ask("FEAT").join("\n").contains("AUTH TLS");
    assert!(named(&mut explicit(|_| {})));
    assert!(!named(&mut Rig::new()));
}

// ---- The client ----

fn config(control: Policy, data: Policy) -> ClientConfig {
    let mut config = ClientConfig::default();
    config.security.tls = TlsMode::Explicit;
    (config.security.control, config.security.data) = (control, data);
    config
}

fn strict() -> ClientRig {
    ClientRig::with(config(Policy::Require, Policy::Require), support::client::PEER).greet()
}

fn secure(rig: &mut ClientRig) -> Outcome<client::Protected> {
    rig.run(&mut client::secure(), |protected| protected)
}

#[test]
fn secure_is_auth_the_handshake_pbsz_and_prot() {
    let mut rig = strict();
    let protected = secure(&mut rig).done();
    assert!(protected.control && protected.data);
    let said: Vec<_> = rig.transcript.iter().filter(|line| !line.starts_with("S: ")).collect();
    assert_eq!(said, ["C: AUTH TLS", "TLS", "C: PBSZ 0", "C: PROT P"]);
}

#[test]
fn the_grant_may_be_334_and_pbsz_may_be_refused() {
    let mut rig = strict().says("AUTH", "334 go on").says("PBSZ", "503 what");
    assert!(secure(&mut rig).done().data);
}

#[test]
fn what_is_required_and_refused_ends_it_and_what_is_preferred_does_not() {
    use Policy::{Never, Prefer, Require};
    for (control, data, auth, prot, expected) in [
        (Require, Require, "502 no", "200 yes", Err(502)),
        (Require, Require, "234 yes", "534 no", Err(534)),
        (Require, Prefer, "234 yes", "534 no", Ok((true, false))),
        (Prefer, Prefer, "502 no", "200 yes", Ok((false, false))),
        (Prefer, Prefer, "234 yes", "200 yes", Ok((true, true))),
        (Require, Never, "234 yes", "200 yes", Ok((true, false))),
        (Never, Never, "234 yes", "200 yes", Ok((false, false))),
    ] {
        let mut rig = ClientRig::with(config(control, data), support::client::PEER).greet();
        rig = rig.says("AUTH", auth).says("PROT", prot);
        let case = format!("{control:?} {data:?} {auth} {prot}");
        match (secure(&mut rig), expected) {
            (Outcome::Done(protected), Ok(expected)) => {
                assert_eq!((protected.control, protected.data), expected, "{case}");
            }
            (Outcome::Refused { code, .. }, Err(expected)) => assert_eq!(code, expected, "{case}"),
            (outcome, _) => panic!("{case}: {outcome:?}"),
        }
    }
}

#[test]
fn nothing_secret_and_no_file_goes_in_the_clear_where_tls_is_required() {
    let mut rig = strict();
    let unprotected = Outcome::Error(Error::Local(LocalError::Unprotected));
    let login = rig.run(&mut client::login(t("me"), secret("x"), None), |_| ());
    assert_eq!(login, unprotected);
    let open = rig.run(&mut client::retrieve(t("f"), Image, 0), |_| ());
    assert_eq!(open, unprotected);
    for line in ["USER me", "pass x", "ACCT x", "RETR f"] {
        let raw = rig.run(&mut client::raw(Command::parse(line.as_bytes()).unwrap()), |_| ());
        assert_eq!(raw, unprotected, "{line}");
    }
    assert!(rig.commands().is_empty(), "{:?}", rig.transcript);
    // A greeting that says `logged in` changes nothing (CVE-2021-22946).
    let mut rig = ClientRig::with(config(Policy::Require, Policy::Require), support::client::PEER);
    rig = rig.opening([Act::Say("230 come in")]);
    rig.run(&mut client::greeting(), |_| ()).done();
    assert_eq!(rig.run(&mut client::retrieve(t("f"), Image, 0), |_| ()), unprotected);
}

#[test]
fn a_reply_behind_the_grant_is_somebody_elses() {
    for injected in ["234 go\r\n200 okay\r\n", "234 go\r\n2", "234 go\r\n\r\n"] {
        let mut rig = strict().on("AUTH", [Act::Raw(injected.into())]);
        assert_eq!(secure(&mut rig), Outcome::Error(Error::Peer(PeerError::Injected)), "{injected}");
    }
}

#[test]
fn what_was_learnt_in_the_clear_is_forgotten() {
    let mut rig = strict().profile(client::Profile::NO_EPSV);
    // A reply to nothing, which marks the server as one that cannot pipeline.
    rig = rig.on("NOOP", [Act::Say("200 okay"), Act::Say("200 again")]);
    rig.run(&mut client::noop(), |_| ()).done();
    rig.run(&mut client::noop(), |_| ()).done();
    assert!(rig.client.profile().contains(client::Profile::NO_PIPELINING));
    secure(&mut rig).done();
    assert_eq!(rig.client.profile(), client::Profile::NO_EPSV);
}

#[test]
fn the_data_handshake_comes_after_the_150_and_not_at_all_after_a_550() {
    let mut rig = strict();
    secure(&mut rig).done();
    let opened = rig.run(&mut client::retrieve(t("f"), Image, 0), |opened| opened.transfer).done();
    rig.run(&mut client::complete(opened), |_| ()).done();
    let first = rig.ops.iter().position(|op| *op == DataOp::StartTls).expect("a handshake");
    assert!(matches!(rig.ops[first + 1], DataOp::Receive(..)), "{:?}", rig.ops);
    let mut rig = strict().says("RETR", "550 no such file");
    secure(&mut rig).done();
    assert_eq!(rig.run(&mut client::retrieve(t("f"), Image, 0), |_| ()).refused(), 550);
    assert!(!rig.ops.contains(&DataOp::StartTls), "{:?}", rig.ops);
}

#[test]
fn an_upload_of_nothing_shakes_hands_too() {
    let mut rig = strict();
    rig.upload = Vec::new();
    secure(&mut rig).done();
    let opened = rig.run(&mut client::store(t("f"), Image, 0), |opened| opened.transfer).done();
    rig.run(&mut client::complete(opened), |_| ()).done();
    assert!(rig.ops.contains(&DataOp::StartTls));
}

#[test]
fn after_a_failed_data_handshake_the_reply_is_read() {
    let mut rig = strict();
    rig.data_handshakes = Some(false);
    rig = rig.on("RETR", [Act::Say("150 here"), Act::AfterData, Act::Say("522 no session reuse")]);
    secure(&mut rig).done();
    let opened = rig.run(&mut client::retrieve(t("f"), Image, 0), |opened| opened.transfer).done();
    assert_eq!(rig.run(&mut client::complete(opened), |_| ()).refused(), 522);
    rig.run(&mut client::noop(), |_| ()).done();
}

#[test]
fn a_server_that_wants_data_protected_is_asked_again_with_it() {
    for code in ["521 no", "522 Data connections must be encrypted."] {
        let mut rig = ClientRig::with(config(Policy::Require, Policy::Prefer), support::client::PEER).greet();
        rig = rig.says("PROT", "431 later").says("PROT", "200 now");
        assert!(!secure(&mut rig).done().data);
        rig = rig.on("RETR", [Act::Say(if code.starts_with("521") { "521 no" } else { "522 no" })]);
        let refused = rig.run(&mut client::retrieve(t("f"), Image, 0), |_| ()).refused();
        assert_eq!(refused.to_string(), code[..3], "it is asked again once: {:?}", rig.transcript);
        let commands = rig.commands().join(" ");
        assert!(commands.contains("RETR f PBSZ 0 PROT P"), "{commands}");
        assert!(rig.client.protects_data());
    }
}

#[test]
fn a_demand_for_session_reuse_is_known() {
    for (reply, known) in [
        ("522 SSL connection failed; session reuse required: see require_ssl_reuse option", true),
        ("425 Unable to build data connection: TLS session of data connection not resumed.", true),
        ("450 TLS session of data connection has not resumed or the session does not match", true),
        ("425 Can't open data connection.", false),
        ("550 reuse", false),
    ] {
        let (code, text) = reply.split_at(3);
        let refusal = client::Refusal {
            verb: None,
            code: ftp_proto::codec::ReplyCode::new(code.parse().unwrap()).unwrap(),
            text: text.as_bytes(),
        };
        assert_eq!(refusal.wants_session_reuse(), known, "{reply}");
    }
}

#[test]
fn implicit_tls_begins_before_the_greeting_is_read() {
    let mut config = ClientConfig::default();
    config.security = client::Security::implicit();
    let mut rig = ClientRig::with(config, support::client::PEER);
    rig.run(&mut client::greeting(), |_| ()).done();
    secure(&mut rig).done();
    let said: Vec<_> = rig.transcript.iter().filter(|line| !line.starts_with("S: ")).collect();
    assert_eq!(said, ["TLS", "C: PBSZ 0", "C: PROT P"]);
}

#[test]
fn ccc_clears_the_dialogue_and_not_the_data() {
    let mut rig = strict();
    secure(&mut rig).done();
    rig.run(&mut client::clear_command_channel(), |()| ()).done();
    assert_eq!(rig.transcript.last().map(String::as_str), Some("clear"));
    assert!(!rig.client.is_secured() && rig.client.protects_data());
    let opened = rig.run(&mut client::retrieve(t("f"), Image, 0), |opened| opened.transfer).done();
    rig.run(&mut client::complete(opened), |_| ()).done();
    let mut rig = strict().says("CCC", "534 no");
    secure(&mut rig).done();
    assert_eq!(rig.run(&mut client::clear_command_channel(), |()| ()).refused(), 534);
    assert!(rig.client.is_secured());
}

#[test]
fn a_control_handshake_that_hangs_or_fails_ends_the_connection() {
    let mut rig = strict();
    rig.handshakes = Some(false);
    assert_eq!(secure(&mut rig), Outcome::Error(Error::Peer(PeerError::Handshake)));
    let mut rig = strict();
    rig.handshakes = None;
    assert_eq!(secure(&mut rig), Outcome::Error(Error::Peer(PeerError::TimedOut(Awaited::Handshake))));
}

#[test]
fn an_operation_dropped_during_the_handshake_leaves_it_to_the_next() {
    let mut polls = 0;
    loop {
        let mut rig = strict();
        let over = rig.run_for(&mut client::secure(), polls, |_| ()).is_some();
        let protected = secure(&mut rig).done();
        assert!(protected.control && protected.data, "after {polls} polls");
        if over {
            break;
        }
        polls += 1;
        assert!(polls < 100);
    }
}
