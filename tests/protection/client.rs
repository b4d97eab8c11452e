//! The client's part.

use crate::support;
use crate::support::client::{Act, Outcome, Rig as ClientRig};
use crate::support::{secret, t};
use ftp_proto::action::{DataFailure, DataOp};
use ftp_proto::client::{self, Config as ClientConfig, DataConnection};
use ftp_proto::codec::Command;
use ftp_proto::codec::RepresentationType::Image;
use ftp_proto::error::{Awaited, Error, LocalError, PeerError};
use ftp_proto::security::{Policy, TlsMode};
use ftp_proto::testing::Attempt;

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
    let said: Vec<_> = rig.transcript().iter().filter(|line| !line.starts_with("S: ")).collect();
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
        let raw = rig.run(
            &mut client::Exchange::<client::RawAnswer>::new(Command::parse(line.as_bytes()).unwrap()),
            |_| (),
        );
        assert_eq!(raw, unprotected, "{line}");
    }
    assert!(rig.commands().is_empty(), "{:?}", rig.transcript());
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
    assert!(rig.client().profile().contains(client::Profile::NO_PIPELINING));
    secure(&mut rig).done();
    assert_eq!(rig.client().profile(), client::Profile::NO_EPSV);
}

#[test]
fn the_data_handshake_comes_after_the_150_and_not_at_all_after_a_550() {
    let mut rig = strict();
    secure(&mut rig).done();
    let opened = rig.run(&mut client::retrieve(t("f"), Image, 0), |opened| opened.transfer).done();
    rig.run(&mut client::complete(opened), |_| ()).done();
    let first = rig.data_operations().iter().position(|op| *op == DataOp::StartTls).expect("a handshake");
    assert!(matches!(rig.data_operations()[first + 1], DataOp::Receive(..)), "{:?}", rig.data_operations());
    let mut rig = strict().says("RETR", "550 no such file");
    secure(&mut rig).done();
    assert_eq!(rig.run(&mut client::retrieve(t("f"), Image, 0), |_| ()).refused(), 550);
    assert!(!rig.data_operations().contains(&DataOp::StartTls), "{:?}", rig.data_operations());
}

#[test]
fn an_upload_of_nothing_shakes_hands_too() {
    let mut rig = strict();
    rig.clear_upload();
    secure(&mut rig).done();
    let opened = rig.run(&mut client::store(t("f"), Image, 0), |opened| opened.transfer).done();
    rig.run(&mut client::complete(opened), |_| ()).done();
    assert!(rig.data_operations().contains(&DataOp::StartTls));
}

/// vsftpd ends the session for a handshake that breaks off. A server that never comes is not waited for for ever.
#[test]
fn abor_waits_for_the_data_handshake_though_the_server_is_yet_to_connect() {
    for comes in [true, false] {
        let mut config = config(Policy::Require, Policy::Require);
        config.data_connection = DataConnection::Active;
        let mut rig = ClientRig::with(config, support::client::PEER).greet();
        rig.set_attentive(true);
        rig = rig.on("RETR", [Act::Say("150 here")]).on("ABOR", [Act::Say("426 aborted\r\n226 done")]);
        secure(&mut rig).done();
        let opened = rig.run(&mut client::retrieve(t("f"), Image, 0), |opened| opened.transfer).done();
        let count = rig.data_operations().len();
        if comes {
            rig.arrive(support::client::PEER.parse().unwrap());
        }
        let began = rig.now();
        rig.run(&mut client::abort(opened), |_| ()).done();
        let wanted = [DataOp::Admit, DataOp::StartTls, DataOp::Abort];
        assert_eq!(&rig.data_operations()[count..], if comes { &wanted[..] } else { &wanted[2..] });
        assert_eq!(rig.now().since(began).as_secs(), if comes { 0 } else { 20 });
        rig.run(&mut client::noop(), |_| ()).done();
    }
}

#[test]
fn while_abor_waits_for_the_data_handshake_a_stranger_is_rejected() {
    let mut config = config(Policy::Require, Policy::Require);
    config.data_connection = DataConnection::Active;
    let mut rig = ClientRig::with(config, support::client::PEER).greet();
    rig.set_attentive(true);
    rig = rig.on("RETR", [Act::Say("150 here")]).on("ABOR", [Act::Say("426 aborted\r\n226 done")]);
    secure(&mut rig).done();
    let opened = rig.run(&mut client::retrieve(t("f"), Image, 0), |opened| opened.transfer).done();
    let count = rig.data_operations().len();
    for from in ["192.0.2.66:20", support::client::PEER] {
        rig.arrive(from.parse().unwrap());
    }
    rig.run(&mut client::abort(opened), |_| ()).done();
    let wanted = [DataOp::Reject, DataOp::Admit, DataOp::StartTls, DataOp::Abort];
    assert_eq!(rig.data_operations()[count..], wanted);
}

#[test]
fn abor_waits_for_no_data_handshake_that_is_over_or_that_no_150_has_announced() {
    let mut rig = strict().on("RETR", [Act::Say("150 here"), Act::Data(b"abc")]);
    rig = rig.on("ABOR", [Act::Say("426 aborted\r\n226 done")]);
    secure(&mut rig).done();
    let opened = rig.run(&mut client::retrieve(t("f"), Image, 0), |opened| opened.transfer).done();
    let mut complete = client::complete(opened);
    assert_eq!(rig.run_for(&mut complete, 5, |_| ()), None);
    assert!(matches!(rig.data_operations().last(), Some(DataOp::Receive(..))));
    let began = rig.now();
    rig.run(&mut client::abort(complete.into_transfer()), |_| ()).done();
    assert_eq!((rig.now(), rig.data_operations().last()), (began, Some(&DataOp::Abort)));

    let mut config = config(Policy::Require, Policy::Require);
    (config.data_connection, config.abort) = (DataConnection::Active, client::AbortPolicy::Abor);
    let mut rig = ClientRig::with(config, support::client::PEER).greet();
    rig = rig.on("RETR", []).on("ABOR", [Act::Say("426 aborted\r\n226 done")]);
    secure(&mut rig).done();
    let mut open = client::retrieve(t("f"), Image, 0);
    for _ in 0..40 {
        assert_eq!(rig.run_for(&mut open, 1, |_| ()), None);
        if rig.commands().contains(&"RETR f") {
            break;
        }
    }
    drop(open);
    let began = rig.now();
    rig.run(&mut client::noop(), |_| ()).done();
    assert!(rig.commands().contains(&"ABOR"), "{:?}", rig.commands());
    assert_eq!((rig.now(), rig.data_operations().last()), (began, Some(&DataOp::Abort)));
}

#[test]
fn after_a_failed_data_handshake_the_reply_is_read() {
    let mut rig = strict();
    rig.on_data_handshake(Attempt::Fails(DataFailure::Handshake));
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
        assert_eq!(refused.to_string(), code[..3], "it is asked again once: {:?}", rig.transcript());
        let commands = rig.commands().join(" ");
        assert!(commands.contains("RETR f PBSZ 0 PROT P"), "{commands}");
        assert!(rig.client().protects_data());
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
            to: ftp_proto::client::ReplyTo::Greeting,
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
    let said: Vec<_> = rig.transcript().iter().filter(|line| !line.starts_with("S: ")).collect();
    assert_eq!(said, ["TLS", "C: PBSZ 0", "C: PROT P"]);
}

#[test]
fn ccc_clears_the_dialogue_and_not_the_data() {
    let mut rig = strict();
    secure(&mut rig).done();
    rig.run(&mut client::clear_command_channel(), |()| ()).done();
    assert_eq!(rig.transcript().last().map(String::as_str), Some("clear"));
    assert!(!rig.client().is_secured() && rig.client().protects_data());
    let opened = rig.run(&mut client::retrieve(t("f"), Image, 0), |opened| opened.transfer).done();
    rig.run(&mut client::complete(opened), |_| ()).done();
    let mut rig = strict().says("CCC", "534 no");
    secure(&mut rig).done();
    assert_eq!(rig.run(&mut client::clear_command_channel(), |()| ()).refused(), 534);
    assert!(rig.client().is_secured());
}

#[test]
fn a_control_handshake_that_hangs_or_fails_ends_the_connection() {
    let mut rig = strict();
    rig.on_upgrade(Attempt::Fails(DataFailure::Handshake));
    assert_eq!(secure(&mut rig), Outcome::Error(Error::Peer(PeerError::Handshake)));
    let mut rig = strict();
    rig.on_upgrade(Attempt::Hangs);
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

#[test]
fn a_server_without_auth_tls_is_asked_for_auth_ssl() {
    for refusal in ["500 what", "502 no", "504 unknown mechanism"] {
        let mut rig = strict().says("AUTH TLS", refusal).says("AUTH SSL", "234 begin");
        assert!(secure(&mut rig).done().data, "{refusal}");
        assert_eq!(rig.commands(), ["AUTH TLS", "AUTH SSL", "PBSZ 0", "PROT P"]);
    }
    for refusal in ["530 not now", "534 no", "431 cannot"] {
        let mut rig = strict().says("AUTH TLS", refusal);
        assert!(matches!(secure(&mut rig), Outcome::Refused { .. }), "{refusal}");
        assert_eq!(rig.commands(), ["AUTH TLS"]);
    }
    // With neither, the policy decides.
    for (control, code) in [(Policy::Require, Some(504)), (Policy::Prefer, None)] {
        let rig = ClientRig::with(config(control, Policy::Prefer), support::client::PEER).greet();
        let mut rig = rig.says("AUTH", "504 no");
        match code {
            Some(code) => assert_eq!(secure(&mut rig).refused(), code),
            None => assert!(!secure(&mut rig).done().control),
        }
        assert!(!rig.transcript().contains(&"TLS".to_owned()));
    }
}

#[test]
fn nothing_but_234_and_334_grants_auth() {
    for reply in ["200 okay", "220 ready", "230 in", "250 done", "331 go on", "350 go on"] {
        let mut rig = strict().says("AUTH", reply);
        let outcome = secure(&mut rig);
        let unexpected = matches!(outcome, Outcome::Error(Error::Peer(PeerError::UnexpectedReply(_))));
        assert!(unexpected, "{reply}: {outcome:?}");
        assert!(!rig.transcript().contains(&"TLS".to_owned()), "{reply}");
    }
}

#[test]
fn protection_that_is_refused_before_the_login_is_asked_for_behind_it() {
    let login = || client::login(t("me"), secret("x"), None);
    for refusal in ["503 log in first", "530 not logged in"] {
        for tls in [TlsMode::Explicit, TlsMode::Implicit] {
            for data in [Policy::Require, Policy::Prefer] {
                for (second, granted) in [("200 okay", true), ("534 never", false)] {
                    let mut config = config(Policy::Require, data);
                    config.security.tls = tls;
                    let rig = ClientRig::with(config, support::client::PEER).greet();
                    let mut rig = rig.says("PBSZ", refusal).says("PROT", refusal).says("PROT", second);
                    let protected = secure(&mut rig).done();
                    assert!(protected.control && !protected.data);
                    if data == Policy::Require {
                        let open = rig.run(&mut client::retrieve(t("f"), Image, 0), |_| ());
                        assert_eq!(open, Outcome::Error(Error::Local(LocalError::Unprotected)));
                    }
                    rig.clear_records();
                    let outcome = rig.run(&mut login(), |_| ());
                    match granted || data == Policy::Prefer {
                        true => assert_eq!(outcome, Outcome::Done(())),
                        false => assert_eq!(outcome.refused(), 534),
                    }
                    assert_eq!(rig.commands(), ["USER me", "PASS x", "PBSZ 0", "PROT P"]);
                    assert_eq!(rig.client().protects_data(), granted);
                    // Once granted, it is not asked for again.
                    if granted {
                        rig.clear_records();
                        assert!(rig.run(&mut client::protect_data(), |it| it.data).done());
                        assert!(rig.commands().is_empty());
                    }
                    // Nor is it asked for again once it is refused for good.
                    if granted || data == Policy::Prefer {
                        rig.clear_records();
                        rig.run(&mut login(), |_| ()).done();
                        assert_eq!(rig.commands(), ["USER me", "PASS x"]);
                    }
                }
            }
        }
    }
}

#[test]
fn rein_is_over_once_tls_is() {
    let mut rig = strict().says("REIN", "220 anew");
    secure(&mut rig).done();
    rig.run(&mut client::reinitialize(), |line| assert_eq!(line.text, b"anew")).done();
    // The server waits for the end of TLS, however long the application is idle now.
    assert_eq!(rig.transcript().last().map(|line| &**line), Some("clear"));
}
