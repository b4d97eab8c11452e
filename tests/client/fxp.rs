//! Transfers from one server to another: two scripted servers, one operation.

use super::*;
use ftp_proto::client::{Fxp, FxpError, Side};
use ftp_proto::security::{Policy, TlsMode};
use support::client::Act::Cut;
use support::client::fxp::{FxpOutcome, run_fxp};

const SOURCE: &str = "192.0.2.1:21";
const TARGET: &str = "192.0.2.9:21";

/// Two servers that accept each other's connections.
fn rigs() -> [Rig; 2] {
    let moving = [Say("150 go"), Delay(seconds(300)), Say("226 done")];
    let aborted = [Say("426 gone"), Say("226 closed"), Cut];
    let rig = |peer| {
        let rig = Rig::with(Config::default(), peer).greet();
        rig.on("RETR", moving.clone()).on("STOR", moving.clone()).on("ABOR", aborted.clone())
    };
    let mut rigs = [rig(SOURCE), rig(TARGET)];
    for rig in &mut rigs {
        rig.set_attentive(true);
    }
    rigs
}

fn plain(peer: &str) -> Rig {
    let mut config = Config::default();
    // Some servers notice ABOR only when the transfer is over.
    config.timeouts.abort = seconds(400);
    Rig::with(config, peer).greet()
}

fn from_f_to_g() -> Fxp<'static> {
    client::fxp(t("f"), t("g"), IMAGE, 0)
}

#[track_caller]
fn run(rigs: &mut [Rig; 2]) -> FxpOutcome {
    run_fxp(&mut from_f_to_g(), rigs, usize::MAX).unwrap()
}

#[track_caller]
fn both_in_step(rigs: &mut [Rig; 2]) {
    for rig in rigs {
        in_step(rig);
        // A listing of its own is the next that is asked of each.
        assert_eq!(transfer(rig, client::list(None)), Outcome::Done(3), "{:#?}", rig.transcript());
    }
}

#[test]
fn a_file_goes_from_one_server_to_the_other() {
    let mut rigs = rigs();
    assert_eq!(run(&mut rigs), FxpOutcome::Done);
    assert_eq!(rigs[0].commands(), ["TYPE I", "EPRT |1|192.0.2.9|5000|", "RETR f"]);
    assert_eq!(rigs[1].commands(), ["TYPE I", "EPSV", "STOR g"]);
    assert!(rigs.iter().all(|rig| rig.data_operations().is_empty()), "no data comes by here");
    both_in_step(&mut rigs);
}

#[test]
fn nothing_is_stored_that_the_source_refuses() {
    for refusal in ["550 no such file", "425 cannot connect", "530 not you"] {
        let [_, target] = rigs();
        let mut rigs = [Rig::with(Config::default(), SOURCE).greet().says("RETR", refusal), target];
        let code: u16 = refusal[..3].parse().unwrap();
        assert_eq!(run(&mut rigs), FxpOutcome::Refused(Side::Source, code));
        assert!(!rigs[1].commands().contains(&"STOR g"));
        both_in_step(&mut rigs);
    }
}

#[test]
fn a_target_that_refuses_has_the_source_abort() {
    let [source, _] = rigs();
    let target = plain(TARGET).says("STOR", "553 not this name");
    let mut rigs = [source, target];
    assert_eq!(run(&mut rigs), FxpOutcome::Refused(Side::Target, 553));
    assert_eq!(rigs[0].commands().last(), Some(&"ABOR"));
    both_in_step(&mut rigs);
}

#[test]
fn a_failure_on_either_side_on_the_way_ends_both() {
    for (failing, side) in [(0, Side::Source), (1, Side::Target)] {
        let mut rigs = rigs();
        let failing_acts = [Say("150 go"), Delay(seconds(3)), Say("426 broken")];
        let peer = [SOURCE, TARGET][failing];
        rigs[failing] = Rig::with(Config::default(), peer)
            .greet()
            .on("RETR", failing_acts.clone())
            .on("STOR", failing_acts);
        assert_eq!(run(&mut rigs), FxpOutcome::Refused(side, 426));
        assert_eq!(rigs[1 - failing].commands().last(), Some(&"ABOR"));
        both_in_step(&mut rigs);
    }
}

/// The target refuses and closes the data connection on which the source has begun to send. The
/// network decides whose reply arrives first.
#[test]
fn the_side_that_is_named_is_the_one_that_refused_and_not_the_one_whose_connection_broke_for_it() {
    let late = [Say("150 go"), Delay(seconds(1)), Say("426 connection reset")];
    for (stor, named) in [
        // The refusal arrives after the 426.
        (&[Delay(seconds(2)), Say("553 not this name")][..], (Side::Target, 553)),
        (&[Delay(seconds(2)), Say("550 no such directory")], (Side::Target, 550)),
        (&[Say("150 go"), Delay(seconds(2)), Say("452 the disk is full")], (Side::Target, 452)),
        // Neither knows more than that the connection broke: the first one is named.
        (&[Delay(seconds(2)), Say("425 nobody came")], (Side::Source, 426)),
        (&[Say("150 go"), Delay(seconds(2)), Say("426 broken")], (Side::Source, 426)),
        (&[Say("150 go"), Delay(seconds(2)), Say("226 stored")], (Side::Source, 426)),
    ] {
        let mut rigs = [plain(SOURCE).on("RETR", late.clone()), plain(TARGET).on("STOR", stor.to_vec())];
        assert_eq!(run(&mut rigs), FxpOutcome::Refused(named.0, named.1), "{stor:?}");
        both_in_step(&mut rigs);
    }
    // The roles are swapped: the source cannot read the file that it has opened.
    for (retr, named) in [
        (&[Say("150 go"), Delay(seconds(2)), Say("451 cannot read it")][..], (Side::Source, 451)),
        (&[Say("150 go"), Delay(seconds(2)), Say("426 broken")], (Side::Target, 426)),
    ] {
        let stor = [Say("150 go"), Delay(seconds(1)), Say("426 connection reset")];
        let mut rigs = [plain(SOURCE).on("RETR", retr.to_vec()), plain(TARGET).on("STOR", stor)];
        assert_eq!(run(&mut rigs), FxpOutcome::Refused(named.0, named.1), "{retr:?}");
        both_in_step(&mut rigs);
    }
}

#[test]
fn given_up_by_the_caller_it_is_no_refusal_whatever_is_said_then() {
    let mut rigs = rigs_of(
        [Say("150 go"), Delay(seconds(9)), Say("426 gone")],
        [Delay(seconds(9)), Say("553 not this name")],
    );
    let mut fxp = from_f_to_g();
    let sent = |rigs: &[Rig; 2]| rigs[1].commands().contains(&"STOR g");
    for _ in 0..200 {
        assert_eq!(run_fxp(&mut fxp, &mut rigs, 1), None);
        if sent(&rigs) {
            break;
        }
    }
    assert!(sent(&rigs));
    fxp.abort();
    assert_eq!(run_fxp(&mut fxp, &mut rigs, usize::MAX), Some(FxpOutcome::Aborted));
    both_in_step(&mut rigs);
}

#[test]
fn the_servers_find_each_other_the_other_way_round_where_one_refuses() {
    // The source may not connect to other hosts; or the target cannot listen either.
    let foreign = plain(SOURCE).says("EPRT", "504 to yourself only").says("PORT", "504 to yourself only");
    let deaf = plain(TARGET).says("EPSV", "425 no port").says("PASV", "425 no port");
    let moving = [Say("150 go"), Delay(seconds(300)), Say("226 done")];
    for (refusing, asked) in [
        (foreign, [&["TYPE I", "EPRT |1|192.0.2.9|5000|", "PORT 192,0,2,9,19,136"][..], &["TYPE I", "EPSV"]]),
        (deaf, [&["TYPE I"], &["TYPE I", "EPSV", "PASV"]]),
    ] {
        let mut rigs = rigs();
        let side = usize::from(asked[0].len() == 1);
        rigs[side] = refusing.on("RETR", moving.clone()).on("STOR", moving.clone());
        assert_eq!(run(&mut rigs), FxpOutcome::Done);
        for ((rig, asked), then) in
            rigs.iter().zip(asked).zip([&["EPSV", "RETR f"][..], &["EPRT |1|192.0.2.1|5000|", "STOR g"]])
        {
            assert_eq!(rig.commands(), [asked, then].concat());
        }
    }
    // Neither way works.
    let mut rigs = rigs();
    for (rig, peer) in rigs.iter_mut().zip([SOURCE, TARGET]) {
        *rig = plain(peer).says("EPRT", "500 what").says("PORT", "504 to yourself only");
    }
    assert_eq!(run(&mut rigs), FxpOutcome::Refused(Side::Target, 504));
    both_in_step(&mut rigs);
}

#[test]
fn a_server_without_the_newer_commands_is_asked_by_the_older() {
    let mut rigs = rigs();
    rigs = rigs.map(|rig| rig.says("EPSV", "500 what").says("EPRT", "500 what"));
    assert_eq!(run(&mut rigs), FxpOutcome::Done);
    assert_eq!(rigs[0].commands(), ["TYPE I", "EPRT |1|192.0.2.9|5000|", "PORT 192,0,2,9,19,136", "RETR f"]);
    assert_eq!(rigs[1].commands(), ["TYPE I", "EPSV", "PASV", "STOR g"]);
    assert!(rigs[0].client().profile().contains(Profile::NO_EPRT));
    assert!(rigs[1].client().profile().contains(Profile::NO_EPSV));
}

#[test]
fn the_address_is_that_of_the_listening_server_whatever_it_names() {
    let mut rigs = rigs().map(|rig| rig.profile(Profile::NO_EPSV).says("PASV", "227 (10,0,0,1,19,136)"));
    assert_eq!(run(&mut rigs), FxpOutcome::Done);
    assert!(rigs[0].commands().contains(&"EPRT |1|192.0.2.9|5000|"));
}

#[test]
fn an_offset_is_told_to_both_and_has_to_be_granted_by_both() {
    let mut rigs = rigs();
    assert_eq!(
        run_fxp(&mut client::fxp(t("f"), t("g"), IMAGE, 7), &mut rigs, usize::MAX),
        Some(FxpOutcome::Done)
    );
    assert_eq!(rigs[0].commands()[2..], ["REST 7", "RETR f"]);
    assert_eq!(rigs[1].commands()[2..], ["REST 7", "STOR g"]);
    let [source, target] = self::rigs();
    let mut rigs = [source, target.says("REST", "502 no")];
    assert_eq!(
        run_fxp(&mut client::fxp(t("f"), t("g"), IMAGE, 7), &mut rigs, usize::MAX),
        Some(FxpOutcome::Refused(Side::Target, 502))
    );
    assert!(!rigs[1].commands().contains(&"STOR g"));
    both_in_step(&mut rigs);
}

#[test]
fn a_range_that_an_earlier_operation_has_left_is_taken_back() {
    let range = ftp_proto::codec::ByteRange::new(2, 4).unwrap();
    let mut rigs = rigs().map(|rig| rig.says("RANG", "350 go on").says("HASH", "550 no"));
    for rig in &mut rigs {
        assert_eq!(rig.run(&mut client::hash(t("f"), None, Some(range)), |_| ()).refused(), 550);
        rig.clear_records();
    }
    assert_eq!(run(&mut rigs), FxpOutcome::Done);
    assert_eq!(rigs[0].commands()[1..], ["RANG 1 0", "RETR f"]);
    assert_eq!(rigs[1].commands()[1..], ["RANG 1 0", "STOR g"]);
}

#[test]
fn it_takes_as_long_as_it_takes_but_no_end_is_waited_for_for_ever() {
    let long = [Say("150 go"), Delay(seconds(40_000)), Say("226 done")];
    let mut rigs = [plain(SOURCE).on("RETR", long.clone()), plain(TARGET).on("STOR", long)];
    assert_eq!(run(&mut rigs), FxpOutcome::Done);
    let mut rigs = rigs_of([Say("150 go")], [Say("150 go"), Say("226 done")]);
    let start = rigs[0].now();
    let error = Error::Peer(PeerError::TimedOut(Awaited::FinalReply));
    assert_eq!(run(&mut rigs), FxpOutcome::Error(FxpError { side: Side::Source, error }));
    assert_eq!(rigs[0].now().since(start), seconds(120), "one of them has told its end");
    in_step(&mut rigs[1]);
}

fn rigs_of<const N: usize, const M: usize>(retr: [Act; N], stor: [Act; M]) -> [Rig; 2] {
    [plain(SOURCE).on("RETR", retr), plain(TARGET).on("STOR", stor)]
}

#[test]
fn a_1yz_may_be_missing() {
    let mut rigs = rigs_of([Say("226 sent")], [Say("226 stored")]);
    assert_eq!(run(&mut rigs), FxpOutcome::Done);
    both_in_step(&mut rigs);
}

#[test]
fn the_control_connections_are_kept_alive_where_that_is_wanted() {
    let mut config = Config::default();
    config.keepalive = Some(seconds(100));
    let moving = [Say("150 go"), Delay(seconds(350)), Say("226 done")];
    let mut rigs = [SOURCE, TARGET].map(|peer| {
        let mut rig =
            Rig::with(config.clone(), peer).greet().on("RETR", moving.clone()).on("STOR", moving.clone());
        rig.set_attentive(true);
        rig
    });
    assert_eq!(run(&mut rigs), FxpOutcome::Done);
    for rig in &rigs {
        assert_eq!(rig.commands()[3..], ["NOOP"; 3]);
    }
    both_in_step(&mut rigs);
}

#[test]
fn given_up_at_any_point_both_clients_go_on() {
    for explicit in [false, true] {
        for polls in 0..40 {
            let mut rigs = rigs();
            let mut fxp = from_f_to_g();
            let over = run_fxp(&mut fxp, &mut rigs, polls).is_some();
            if explicit && !over {
                fxp.abort();
                assert_eq!(
                    run_fxp(&mut fxp, &mut rigs, usize::MAX),
                    Some(FxpOutcome::Aborted),
                    "after {polls}"
                );
            }
            let start = rigs[0].now();
            both_in_step(&mut rigs);
            assert!(rigs[0].now().since(start) < seconds(30), "ABOR was sent: {:#?}", rigs[0].transcript());
        }
    }
}

#[test]
fn a_connection_that_breaks_leaves_the_other_client_usable() {
    for (broken, side) in [(0, Side::Source), (1, Side::Target)] {
        let mut rigs = rigs();
        let acts = [Say("150 go"), Delay(seconds(1)), Hangup];
        rigs[broken] = plain([SOURCE, TARGET][broken]).on("RETR", acts.clone()).on("STOR", acts);
        let error = Error::Peer(PeerError::Closed);
        assert_eq!(run(&mut rigs), FxpOutcome::Error(FxpError { side, error }));
        in_step(&mut rigs[1 - broken]);
        assert!(rigs[1 - broken].commands().contains(&"ABOR"));
    }
}

#[test]
fn one_server_alone_cannot_protect_the_data() {
    for (protected, side) in [(0, Side::Source), (1, Side::Target)] {
        let mut rigs = rigs().map(|rig| rig.says("PROT", "200 okay"));
        rigs[protected]
            .run(&mut client::Exchange::<client::RawAnswer>::new(Command::parse(b"PROT P").unwrap()), |_| ())
            .done();
        let error = Error::Local(LocalError::DataProtected);
        rigs[protected].clear_records();
        assert_eq!(run(&mut rigs), FxpOutcome::Error(FxpError { side, error }));
        assert!(rigs.iter().all(|rig| rig.commands().is_empty()), "it is known before anything is sent");
        rigs.iter_mut().for_each(in_step);
    }
}

/// Both under PROT P, but only in the dialogue: the rigs have no TLS.
fn protected(rigs: [Rig; 2]) -> [Rig; 2] {
    rigs.map(|rig| {
        let mut rig = rig.says("PROT", "200 okay");
        rig.run(&mut client::Exchange::<client::RawAnswer>::new(Command::parse(b"PROT P").unwrap()), |_| ())
            .done();
        rig.clear_records();
        rig
    })
}

fn knows_sscn(rig: Rig) -> Rig {
    rig.says("SSCN", "200 so be it")
}

const EPRT: [&str; 2] = ["EPRT |1|192.0.2.1|5000|", "EPRT |1|192.0.2.9|5000|"];

#[test]
fn of_servers_that_protect_their_data_the_target_is_the_tls_client() {
    let mut rigs = protected(rigs().map(knows_sscn));
    for told in [&["TYPE I", "SSCN ON"][..], &[]] {
        assert_eq!(run(&mut rigs), FxpOutcome::Done);
        assert_eq!(rigs[0].commands()[told.len() / 2..], [EPRT[1], "RETR f"]);
        // The role is remembered, and sent once.
        assert_eq!(rigs[1].commands(), [told, &["EPSV", "STOR g"]].concat());
        rigs.iter_mut().for_each(|rig| rig.clear_records());
    }
}

#[test]
fn a_target_that_has_no_sscn_leaves_the_part_of_the_tls_client_to_the_source() {
    for refusal in ["500 what", "502 what", "503 not you", "504 not this"] {
        let [source, target] = rigs();
        let mut rigs = protected([knows_sscn(source), target.says("SSCN", refusal)]);
        assert_eq!(run(&mut rigs), FxpOutcome::Done);
        assert_eq!(rigs[0].commands(), ["TYPE I", "SSCN ON", EPRT[1], "RETR f"]);
        assert_eq!(rigs[1].commands(), ["TYPE I", "SSCN ON", "EPSV", "STOR g"]);
    }
}

#[test]
fn a_target_that_names_no_sscn_is_asked_last() {
    for (knows, asked) in [
        (true, ["TYPE I", "EPSV", "STOR g"].as_slice()),
        (
            false,
            &[
                // The role that the source refuses is requested of it all the same, and its port
                // again after that.
                "TYPE I", "EPSV", "SSCN ON", "EPSV", "STOR g",
            ],
        ),
    ] {
        let [source, target] = rigs();
        let source = if knows { knows_sscn(source) } else { source };
        let mut rigs = protected([source, knows_sscn(target)]);
        rigs[1].run(&mut client::features(), |_| ()).done();
        rigs[1].clear_records();
        assert_eq!(run(&mut rigs), FxpOutcome::Done);
        assert_eq!(rigs[0].commands(), ["TYPE I", "SSCN ON", EPRT[1], "RETR f"]);
        assert_eq!(rigs[1].commands(), asked);
    }
}

#[test]
fn servers_that_protect_their_data_and_have_no_sscn_cannot_do_it_with_each_other() {
    let mut rigs = protected(rigs());
    for _ in 0..2 {
        let error = Error::Local(LocalError::DataProtected);
        assert_eq!(run(&mut rigs), FxpOutcome::Error(FxpError { side: Side::Source, error }));
        for rig in &mut rigs {
            assert!(!rig.commands().iter().any(|line| line.starts_with("RETR") || line.starts_with("STOR")));
            in_step(rig);
            rig.clear_records();
        }
    }
}

#[test]
fn two_tls_clients_of_earlier_transfers_become_one() {
    let mut rigs = protected(rigs().map(knows_sscn));
    for rig in &mut rigs {
        rig.run(&mut client::Exchange::<client::RawAnswer>::new(Command::parse(b"SSCN ON").unwrap()), |_| ())
            .done();
        rig.clear_records();
    }
    assert_eq!(run(&mut rigs), FxpOutcome::Done);
    assert_eq!(rigs[0].commands(), ["TYPE I", "SSCN OFF", EPRT[1], "RETR f"]);
    assert_eq!(rigs[1].commands(), ["TYPE I", "EPSV", "STOR g"]);
}

#[test]
fn the_servers_keep_their_parts_in_tls_when_they_find_each_other_the_other_way_round() {
    let [source, target] = rigs().map(knows_sscn);
    let foreign = source.says("EPRT", "504 to yourself only").says("PORT", "504 to yourself only");
    let mut rigs = protected([foreign, target]);
    assert_eq!(run(&mut rigs), FxpOutcome::Done);
    assert_eq!(rigs[0].commands(), ["TYPE I", EPRT[1], "PORT 192,0,2,9,19,136", "EPSV", "RETR f"]);
    assert_eq!(rigs[1].commands(), ["TYPE I", "SSCN ON", "EPSV", EPRT[0], "STOR g"]);
}

#[test]
fn a_transfer_of_the_clients_own_has_the_server_be_the_tls_server_again() {
    // The transfer has ended, or the next operation gives it up, at any point.
    for polls in (0..40).chain([usize::MAX]) {
        let mut rigs = protected(rigs().map(knows_sscn));
        let _ = run_fxp(&mut from_f_to_g(), &mut rigs, polls);
        for rig in &mut rigs {
            rig.run(&mut client::noop(), |_| ()).done();
            let told = rig.commands().contains(&"SSCN ON");
            rig.clear_records();
            for own in [true, false] {
                let _ = rig.run(&mut client::list(None), |_| ());
                let expected = own && told;
                assert_eq!(
                    rig.commands().contains(&"SSCN OFF"),
                    expected,
                    "{polls}: {:#?}",
                    rig.transcript()
                );
                rig.clear_records();
            }
        }
    }
}

#[test]
fn what_a_server_says_to_sscn_off_is_a_refusal_where_it_knows_that() {
    for (reply, refused) in [("502 what", false), ("500 what", false), ("503 no", true)] {
        let mut rig = knows_sscn(plain(SOURCE)).says("SSCN", reply);
        rig.run(&mut client::Exchange::<client::RawAnswer>::new(Command::parse(b"SSCN ON").unwrap()), |_| ())
            .done();
        rig.clear_records();
        let outcome = rig.run(&mut client::list(None), |_| ());
        assert_eq!(matches!(outcome, Outcome::Refused { code: 503, .. }), refused, "{:#?}", rig.transcript());
        assert_eq!(rig.commands()[0], "SSCN OFF");
        in_step(&mut rig);
    }
}

#[test]
fn servers_whose_data_has_to_be_protected_are_told_before_anything_is_sent() {
    for (required, side) in [(0, Side::Source), (1, Side::Target)] {
        let mut rigs = rigs();
        let mut config = Config::default();
        config.security.tls = TlsMode::Explicit;
        config.security.control = Policy::Prefer;
        rigs[required] = Rig::with(config, [SOURCE, TARGET][required]).greet();
        let error = Error::Local(LocalError::Unprotected);
        assert_eq!(run(&mut rigs), FxpOutcome::Error(FxpError { side, error }));
        assert!(rigs.iter().all(|rig| rig.commands().is_empty()));
        rigs.iter_mut().for_each(in_step);
    }
}

#[test]
fn servers_in_different_modes_are_misuse() {
    // A listing of the source is a block that ends it, without any bytes (RFC 959 3.4.2).
    let listing = [Say("150 here"), Data(b"\x40\0\0"), AfterData, Say("226 sent")];
    let [source, target] = rigs().map(|rig| rig.says("MODE", "200 okay"));
    let mut rigs = [source.on("LIST", listing), target];
    rigs[0].run(&mut client::mode(ftp_proto::codec::TransferMode::Block), |_| ()).done();
    let error = Error::Local(LocalError::CodingsDiffer);
    assert_eq!(run(&mut rigs), FxpOutcome::Error(FxpError { side: Side::Target, error }));
    both_in_step(&mut rigs);
    let mut fxp = from_f_to_g();
    let mut rigs = self::rigs();
    assert_eq!(run_fxp(&mut fxp, &mut rigs, usize::MAX), Some(FxpOutcome::Done));
    let error = Error::Local(LocalError::OperationOver);
    assert_eq!(
        run_fxp(&mut fxp, &mut rigs, 1),
        Some(FxpOutcome::Error(FxpError { side: Side::Source, error }))
    );
}
