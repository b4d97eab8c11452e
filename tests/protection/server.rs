//! The server's part.

use crate::support;
use crate::support::seconds;
use crate::support::server::{Attempt, End, LOCAL, PEER, PEER_DATA, Rig};
use ftp_proto::action::{Action, DataEvent, DataFailure, DataOp};
use ftp_proto::error::{Awaited, Error, PeerError};
use ftp_proto::security::{Policy, SessionBinding, TlsMode};
use ftp_proto::server::Config;
use std::time::Duration;

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
        assert_eq!(rig.session().is_secured(), granted, "{line}");
        assert_eq!(rig.protection_changes(), (usize::from(granted), 0), "{line}");
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
fn auth_ssl_protects_data_from_the_start_and_auth_tls_does_not() {
    for (line, protects) in [
        ("AUTH TLS", false),
        ("AUTH TLS-C", false),
        ("AUTH SSL", true),
        ("AUTH ssl ", true),
        ("AUTH TLS-P", true),
    ] {
        let mut rig = explicit(|_| {});
        assert_eq!(rig.say(line), [234], "{line}");
        let mut rig = rig.login();
        assert_eq!(rig.session().protects_data(), protects, "{line}");
        assert_eq!(rig.say("PROT C"), [503], "PBSZ still comes first");
        assert_eq!(rig.say("PBSZ 0\r\nPROT C"), [200, 200]);
        assert!(!rig.session().protects_data(), "{line}");
        assert_eq!(rig.say("REIN"), [220]);
        assert!(!rig.session().protects_data(), "{line}");
    }
    // What it implies may be what is not granted, or what is demanded.
    let mut rig = explicit(|config| config.security.data = Policy::Never);
    assert_eq!(rig.say("AUTH SSL\r\nAUTH TLS-P"), [534, 534]);
    assert_eq!(rig.say("AUTH TLS"), [234]);
    let mut rig = explicit(|config| config.security.data = Policy::Require);
    assert_eq!(rig.say("AUTH SSL"), [234]);
    let mut rig = rig.login();
    assert_eq!(rig.say("EPSV"), [229]);
    assert!(rig.arrive(PEER_DATA));
    assert_eq!(rig.say("RETR /file"), [150]);
}

#[test]
fn what_follows_auth_in_the_clear_ends_the_session() {
    for line in [&b"AUTH TLS\r\nUSER me\r\n"[..], b"AUTH TLS\r\nU", b"AUTH TLS\r\n\x16\x03\x01"] {
        let mut rig = explicit(|_| {});
        rig.send(line);
        assert_eq!(rig.codes(), [421]);
        assert_eq!(rig.session().ended_by(), Some(PeerError::Injected));
        assert_eq!(rig.protection_changes(), (0, 0));
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
fn a_server_that_requires_tls_and_has_none_serves_nobody_in_the_clear() {
    let mut config = Config::default();
    config.security.control = Policy::Require;
    let mut rig = Rig::with(config);
    assert_eq!(rig.say("USER me\r\nPASS secret\r\nAUTH TLS\r\nLIST"), [534, 503, 502, 530]);
    let mut config = Config::default();
    config.security.data = Policy::Require;
    let mut rig = Rig::with(config).login();
    assert_eq!(rig.say("EPSV\r\nRETR /file\r\nSTOR /new\r\nMLSD"), [229, 521, 521, 521]);
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
    for (line, code) in [("PROT C", 534), ("PROT S", 536), ("PROT E", 536), ("PROT X", 504), ("PROT P", 200)]
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
        rig.on_data_handshake(Attempt::Hangs);
        assert_eq!(rig.say("EPSV"), [229]);
        if !early {
            assert_eq!(rig.say("RETR file"), [150]);
        }
        assert!(rig.arrive(PEER_DATA));
        let id = rig.data_id();
        assert_eq!(rig.data_operations().last(), Some(&DataOp::StartTls));
        if early {
            assert_eq!(rig.say("RETR file"), [150]);
        }
        assert!(!rig.data_operations().iter().any(|op| matches!(op, DataOp::Send(..))));
        rig.tell(id, DataEvent::Secured { resumed: true });
        rig.download();
        assert_eq!(rig.codes(), [226]);
    }
}

/// What a client does with the connection of its first upload before it has the 150, which waits to see it; whether it
/// gets tickets then; and how long the 150 of this upload and of the next one may wait.
#[test]
fn tickets_come_before_the_150_to_clients_that_shake_hands_and_send_nothing_without_it() {
    #[derive(Clone, Copy, Debug, PartialEq)]
    enum Without {
        Nothing,
        Begins,
        ShakesHands,
        Sends,
        SendsAheadOfItsCommand,
        /// By TLS 1.2, where no tickets follow.
        ShakesHandsOfOld,
    }
    use Without::*;
    let upload = |rig: &mut Rig, does: Without, line: &str| {
        assert_eq!(rig.say("EPSV"), [229]);
        assert!(rig.arrive(PEER_DATA));
        let id = rig.data_id();
        if does == SendsAheadOfItsCommand {
            rig.tell(id, DataEvent::Securing);
            rig.tell(id, DataEvent::Secured { resumed: true });
            rig.tell(id, DataEvent::Ahead);
        }
        rig.send(format!("{line}\r\n").as_bytes());
        if matches!(does, Begins | ShakesHands | Sends) {
            rig.tell(id, DataEvent::Securing);
        }
        if matches!(does, ShakesHands | Sends | ShakesHandsOfOld) {
            rig.tell(id, DataEvent::Secured { resumed: true });
        }
        if does == Sends {
            rig.tell(id, DataEvent::Ahead);
        }
        let mut waited = 0;
        let mut codes = rig.codes();
        while codes.is_empty() && waited < 3000 {
            rig.pass(Duration::from_millis(10));
            waited += 10;
            codes = rig.codes();
        }
        assert_eq!(codes, [150], "{does:?} {line}");
        if matches!(does, Nothing | Begins | ShakesHandsOfOld)
            && rig.data_operations().last() == Some(&DataOp::StartTls)
        {
            rig.tell(id, DataEvent::Secured { resumed: true });
        }
        let tickets = rig.data_operations().iter().filter(|op| **op == DataOp::SendTickets).count();
        rig.clear_records();
        if !matches!(line, "RETR file" | "LIST") {
            rig.tell(id, DataEvent::Eof { clean: true });
        } else {
            rig.download();
        }
        assert_eq!(rig.codes(), [226], "{does:?} {line}");
        (tickets, waited)
    };
    for (binding, does, line, first, second) in [
        (SessionBinding::User, Nothing, "STOR new", (0, 50), (0, 0)),
        (SessionBinding::User, Begins, "STOR new", (0, 2000), (0, 0)),
        (SessionBinding::User, ShakesHands, "STOR new", (1, 250), (1, 0)),
        (SessionBinding::Connection, ShakesHands, "STOU", (1, 250), (1, 0)),
        (SessionBinding::User, ShakesHands, "APPE new", (1, 250), (1, 0)),
        (SessionBinding::User, Sends, "STOR new", (0, 0), (0, 0)),
        (SessionBinding::User, SendsAheadOfItsCommand, "STOR new", (0, 0), (0, 0)),
        (SessionBinding::User, ShakesHandsOfOld, "STOR new", (0, 0), (0, 0)),
        (SessionBinding::Off, Nothing, "STOR new", (0, 0), (0, 0)),
        (SessionBinding::Off, ShakesHands, "STOR new", (0, 0), (0, 0)),
        (SessionBinding::User, Nothing, "RETR file", (0, 0), (0, 0)),
        (SessionBinding::User, ShakesHands, "RETR file", (0, 0), (0, 0)),
        (SessionBinding::User, ShakesHands, "LIST", (0, 0), (0, 0)),
    ] {
        let mut rig = secured(|config| config.security.session_binding = binding);
        rig.on_data_handshake(Attempt::Hangs);
        assert_eq!(upload(&mut rig, does, line), first, "{does:?} {line}");
        assert_eq!(upload(&mut rig, does, line), second, "{does:?} {line}, again");
    }
}

/// That the client has begun it is no promise to go on before it sees the 150.
#[test]
fn the_150_to_an_upload_waits_for_a_handshake_that_the_client_has_begun() {
    let begin = |bound: bool, ahead: bool, line: &str| {
        let binding = if bound { SessionBinding::User } else { SessionBinding::Off };
        let mut rig = secured(|config| config.security.session_binding = binding);
        rig.on_data_handshake(Attempt::Hangs);
        assert_eq!(rig.say("EPSV"), [229]);
        assert!(rig.arrive(PEER_DATA));
        let id = rig.data_id();
        if ahead {
            rig.tell(id, DataEvent::Securing);
        }
        let waits = bound && !matches!(line, "RETR file" | "LIST");
        assert_eq!(rig.say(line), if waits { &[][..] } else { &[150] }, "{line}");
        (rig, id)
    };
    for line in ["STOR new", "STOU", "APPE new"] {
        let (mut rig, id) = begin(true, true, line);
        rig.tell(id, DataEvent::Secured { resumed: true });
        rig.pass(Duration::from_millis(250));
        assert_eq!(rig.codes(), [150], "{line}");
        assert!(matches!(rig.data_operations().last(), Some(DataOp::Receive(_))), "{line}");
    }
    for (bound, ahead, line) in [(true, true, "RETR file"), (true, true, "LIST"), (false, true, "STOR new")] {
        let (mut rig, id) = begin(bound, ahead, line);
        // What comes after the 150 was sent does not bring it back.
        rig.tell(id, DataEvent::Securing);
        assert_eq!(rig.codes(), []);
        rig.tell(id, DataEvent::Secured { resumed: true });
        assert!(matches!(rig.data_operations().last(), Some(DataOp::Send(_) | DataOp::Receive(_))), "{line}");
    }
    let (mut rig, id) = begin(true, false, "STOR new");
    rig.pass(Duration::from_millis(50));
    assert_eq!(rig.codes(), [150]);
    rig.tell(id, DataEvent::Securing);
    assert_eq!(rig.codes(), []);
    rig.tell(id, DataEvent::Secured { resumed: true });
    assert!(matches!(rig.data_operations().last(), Some(DataOp::Receive(_))));
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
    assert!(matches!(rig.data_operations().last(), Some(DataOp::Receive(_))));
}

#[test]
fn a_session_that_is_not_the_control_connections_is_refused_with_522() {
    for early in [false, true] {
        let mut rig = secured(|_| {});
        rig.set_resumes(false);
        assert_eq!(rig.say("EPSV"), [229]);
        if early {
            rig.arrive(PEER_DATA);
            assert_eq!(rig.say("RETR file"), [150, 522]);
        } else {
            assert_eq!(rig.say("RETR file"), [150]);
            rig.arrive(PEER_DATA);
            assert_eq!(rig.codes(), [522]);
        }
        // In order: a reset could keep the client from reading the reply.
        assert_eq!(rig.data_operations().last(), Some(&DataOp::Close));
        assert_eq!(rig.say("NOOP"), [200]);
    }
    let mut rig = secured(|config| config.security.session_binding = SessionBinding::Off);
    rig.set_resumes(false);
    assert_eq!(rig.say("EPSV"), [229]);
    assert_eq!(rig.say("RETR file"), [150]);
    rig.arrive(PEER_DATA);
    rig.download();
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn a_handshake_that_fails_or_hangs_ends_the_transfer_and_not_the_session() {
    let mut rig = secured(|_| {});
    rig.on_data_handshake(Attempt::Hangs);
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
    assert!(!rig.host().requests().iter().any(|request| request.starts_with("Commit")));
}

#[test]
fn the_control_handshake_has_a_deadline_and_its_failure_ends_the_session() {
    let mut rig = explicit(|_| {});
    rig.on_upgrade(Attempt::Hangs);
    assert_eq!(rig.say("AUTH TLS"), [234]);
    rig.pass(seconds(20));
    assert_eq!(rig.end(), Some(End::Error(Error::Peer(PeerError::TimedOut(Awaited::Handshake)))));
    let mut rig = explicit(|_| {});
    rig.on_upgrade(Attempt::Fails(DataFailure::Handshake));
    assert_eq!(rig.say("AUTH TLS"), [234]);
    assert_eq!(rig.end(), Some(End::Error(Error::Peer(PeerError::Handshake))));
}

#[test]
fn implicit_tls_comes_before_the_greeting() {
    let mut config = support::server::prompt();
    config.security.tls = TlsMode::Implicit;
    let mut rig = Rig::silent(config, LOCAL, PEER);
    rig.settle();
    assert_eq!((rig.protection_changes(), rig.codes()), ((1, 0), vec![220]));
    assert_eq!(rig.say("AUTH TLS"), [503]);
    let mut rig = rig.login();
    assert_eq!(rig.say("PBSZ 0"), [200]);
    assert_eq!(rig.say("PROT P"), [200]);
    // There is no plain FTP to go back to.
    assert_eq!(rig.say("REIN"), [220]);
    assert!(rig.session().is_secured() && !rig.session().protects_data());
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
    assert_eq!(rig.protection_changes(), (1, 1));
    assert_eq!(rig.say("CCC"), [533]);
    // RFC 4217 5: the level of the data stays as it is.
    assert_eq!(rig.say("PROT C"), [503]);
    assert!(rig.session().protects_data());
    let mut rig = secured(|_| {});
    assert_eq!(rig.say("REIN"), [220]);
    assert_eq!(rig.protection_changes(), (1, 1));
    assert!(!rig.session().protects_data());
    assert_eq!(rig.say("AUTH TLS"), [234]);
}

#[test]
fn feat_names_tls_where_there_is_tls() {
    let named = |rig: &mut Rig| rig.ask("FEAT").join("\n").contains("AUTH TLS");
    assert!(named(&mut explicit(|_| {})));
    assert!(!named(&mut Rig::new()));
}

#[test]
fn a_session_whose_client_does_not_end_tls_leaves_no_listener_behind() {
    let mut rig = secured(|config| config.security.clear_command_channel = true);
    assert_eq!(rig.say("EPSV"), [229]);
    let now = rig.now();
    let (session, rx, tx) = rig.parts();
    rx.extend(b"CCC\r\n");
    let asked = session.poll(now, rx, tx).unwrap();
    assert!(matches!(asked, Action::DowngradeControl(_)), "{asked:?}");
    // The token is never returned: no close_notify has come.
    let later = now.after(seconds(20));
    let closes = session.poll(later, rx, tx).unwrap();
    assert!(matches!(closes, Action::Data(_, DataOp::Abort)), "{closes:?}");
    let error = session.poll(later, rx, tx).unwrap_err();
    assert_eq!(error, Error::Peer(PeerError::TimedOut(Awaited::Handshake)));
}
