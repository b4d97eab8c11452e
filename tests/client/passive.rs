//! Passive data connections (RFC 959 4.1.2, RFC 2428); `active.rs` tests active ones.

use super::*;

pub(super) fn pipelining() -> Config {
    let mut config = Config::default();
    config.pipelining = true;
    config
}

#[test]
fn type_and_epsv_go_together_where_pipelining_is_asked_for() {
    let mut rig = Rig::with(pipelining(), PEER).greet();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "RETR f"]);
    assert_eq!(rig.transcript()[..4], ["C: TYPE I", "C: EPSV", "S: 200 okay", "S: 229 go (|||5000|)"]);
    assert_eq!(rig.connected_to(), ["192.0.2.1:5000".parse().unwrap()]);
    // One for TYPE and EPSV, one for RETR; the last reply comes when the data has.
    assert_eq!(rig.round_trips(), 3, "{:#?}", rig.transcript());
    rig.clear_records();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["EPSV", "RETR f"], "the type is in force already");
}

#[test]
fn rest_and_retr_go_together_where_pipelining_is_asked_for() {
    let mut rig = Rig::with(pipelining(), PEER).greet();
    assert_eq!(transfer(&mut rig, client::retrieve(t("f"), IMAGE, 7)), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "REST 7", "RETR f"]);
    assert_eq!(rig.round_trips(), 3);
}

#[test]
fn a_command_goes_when_the_one_before_it_is_answered() {
    let by_default = Rig::greeted();
    let by_profile = Rig::with(pipelining(), PEER).greet().profile(Profile::NO_PIPELINING);
    for mut rig in [by_default, by_profile] {
        assert_eq!(transfer(&mut rig, client::retrieve(t("f"), IMAGE, 7)), Outcome::Done(3));
        let letters: String = rig.transcript().iter().map(|line| &line[..1]).collect();
        assert_eq!(letters, "CSCSCSCSS", "{:#?}", rig.transcript());
    }
}

#[test]
fn any_form_of_a_229_is_read() {
    for reply in
        ["229 (|||5000|)", "229 Entering (!!!5000!)", "229 (|1|10.9.8.7|5000|)", "229 x (|||5000|) y"]
    {
        let mut rig = Rig::greeted().says("EPSV", reply);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{reply}");
        assert_eq!(rig.connected_to(), ["192.0.2.1:5000".parse().unwrap()], "{reply}");
    }
}

#[test]
fn an_epsv_that_does_not_work_is_followed_by_pasv_and_remembered() {
    for reply in
        ["500 what", "502 no", "522 no", "425 no port", "229 (|||0|)", "229 (|||65536|)", "229 nothing here"]
    {
        let mut rig = Rig::greeted().says("EPSV", reply);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3), "{reply}");
        assert_eq!(rig.commands(), ["TYPE I", "EPSV", "PASV", "RETR f"], "{reply}");
        assert_eq!(rig.connected_to(), ["192.0.2.1:5000".parse().unwrap()]);
        assert!(rig.client().profile().contains(Profile::NO_EPSV));
        rig.clear_records();
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
        assert_eq!(rig.commands(), ["PASV", "RETR f"]);
    }
}

#[test]
fn a_227_in_answer_to_epsv_is_good() {
    let mut rig = Rig::greeted().says("EPSV", "227 (192,0,2,1,19,137)");
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.connected_to(), ["192.0.2.1:5001".parse().unwrap()]);
}

#[test]
fn an_epsv_port_that_cannot_be_reached_is_followed_by_pasv() {
    for connects in [None, Some(Err(DataFailure::Unreachable))] {
        let mut rig = Rig::greeted();
        rig.on_connect(attempt(connects));
        let mut open = client::retrieve(t("f"), IMAGE, 0);
        assert_eq!(
            rig.run(&mut open, opened),
            Outcome::Failed(TransferFailure::Connection(DataFailure::Unreachable))
        );
        assert_eq!(rig.commands(), ["TYPE I", "EPSV", "PASV"]);
        assert_eq!(rig.connected_to().len(), 2);
        rig.on_connect(attempt(Some(Ok(()))));
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    }
}

#[test]
fn ipv6_has_no_pasv() {
    let mut rig = Rig::with(Config::default(), PEER_V6).greet();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.connected_to(), ["[2001:db8::1]:5000".parse().unwrap()]);
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
        assert_eq!(rig.connected_to(), ["192.0.2.1:5000".parse().unwrap()], "{reply}");
    }
}

#[test]
fn the_address_of_a_227_counts_for_who_wants_it() {
    for (reply, address) in [
        ("227 (10,0,0,1,19,136)", "10.0.0.1:5000"),
        // This address names no host at all.
        ("227 (0,0,0,0,19,136)", "192.0.2.1:5000"),
    ] {
        let mut config = Config::default();
        config.passive_address = PassiveAddress::AsNamed;
        let mut rig = Rig::with(config, PEER).greet().profile(Profile::NO_EPSV).says("PASV", reply);
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
        assert_eq!(rig.connected_to(), [address.parse().unwrap()]);
    }
}

#[test]
fn a_227_that_cannot_be_read_is_a_refusal() {
    for reply in ["227 nothing", "227 (300,0,0,1,19,136)", "227 (1,2,3,4,5)", "425 no"] {
        let mut rig = Rig::greeted().profile(Profile::NO_EPSV).says("PASV", reply);
        assert!(matches!(retrieve(&mut rig), Outcome::Refused { verb: Some(Verb::Pasv), .. }), "{reply}");
        assert!(rig.connected_to().is_empty());
        in_step(&mut rig);
    }
}

#[test]
fn a_421_while_connecting_ends_it() {
    let mut rig =
        Rig::greeted().on("EPSV", [Say("229 (|||5000|)"), Delay(seconds(1)), Say("421 bye"), Hangup]);
    rig.on_connect(attempt(None));
    assert_eq!(retrieve(&mut rig), peer_error(PeerError::ServiceClosing));
}

#[test]
fn round_trips_are_saved_where_it_is_safe() {
    let mut rig = Rig::greeted();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    // TYPE, EPSV and RETR; the confirmation arrives with the data.
    assert_eq!((rig.commands().len(), rig.commands()[0]), (3, "TYPE I"));
    for _ in 0..3 {
        rig.clear_records();
        assert_eq!(retrieve(&mut rig), Outcome::Done(3));
        assert_eq!(rig.commands(), ["EPSV", "RETR f"]);
    }
    rig.clear_records();
    rig.run(&mut client::facts(Some(t("f"))), |()| ()).done();
    assert_eq!((rig.commands(), rig.round_trips()), (vec!["MLST f"], 1));
    // Listings go without TYPE, even as the first thing that is done.
    for open in [client::list(None), client::names(None), client::entries(None)] {
        let mut rig = Rig::greeted();
        assert_eq!(transfer(&mut rig, open), Outcome::Done(3));
        assert_eq!(rig.commands().len(), 2, "{:?}", rig.commands());
    }
    // OPTS UTF8 is sent once a session.
    let mut rig = Rig::greeted().says("FEAT", "211-x\r\n UTF8\r\n211 end").says("OPTS", "200 okay");
    for _ in 0..2 {
        rig.run(&mut client::setup(), |_| ()).done();
    }
    assert_eq!(rig.commands(), ["FEAT", "OPTS UTF8 ON"]);
}

#[test]
fn a_transfer_is_announced_by_pret_where_the_server_wants_that() {
    let feat = "211-x\r\n PRET\r\n211 end";
    // The server lists PRET in FEAT.
    let mut rig = Rig::greeted().says("FEAT", feat).says("PRET", "200 planning");
    rig.run(&mut client::setup(), |_| ()).done();
    for (open, commands) in [
        (client::retrieve(t("f"), IMAGE, 0), &["TYPE I", "PRET RETR f", "EPSV", "RETR f"][..]),
        (client::store(t("g"), IMAGE, 0), &["PRET STOR g", "EPSV", "STOR g"]),
        (client::list(Some(t("d"))), &["PRET LIST d", "EPSV", "LIST d"]),
    ] {
        rig.clear_records();
        assert!(matches!(transfer(&mut rig, open), Outcome::Done(_)));
        assert_eq!(rig.commands(), commands);
    }
    // The client learns of PRET from the refusal.
    let refusal = "500 You need to use a client supporting PRET (PRE Transfer) to use PASV";
    let mut rig = Rig::greeted()
        .says("EPSV", "502 no")
        .says("PASV", refusal)
        .says("PASV", "227 go (192,0,2,1,19,136)")
        .says("PRET", "200 planning");
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["TYPE I", "EPSV", "PASV", "PRET RETR f", "PASV", "RETR f"]);
    assert!(rig.client().profile().contains(Profile::NEEDS_PRET));
    rig.clear_records();
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    assert_eq!(rig.commands(), ["PRET RETR f", "PASV", "RETR f"]);
    // A refusal of PRET is a refusal; a server that does not know PRET is asked without it.
    let mut rig = Rig::greeted().profile(Profile::NEEDS_PRET).says("PRET", "550 no such file");
    assert!(matches!(retrieve(&mut rig), Outcome::Refused { verb: Some(Verb::Pret), code: 550, .. }));
    let mut rig = Rig::greeted().profile(Profile::NEEDS_PRET).says("PRET", "502 what");
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
}
