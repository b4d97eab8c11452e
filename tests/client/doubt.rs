//! Checks that a client makes before it reports success, because the server's replies are in doubt.

use super::*;
use support::client::Turn;

type Step = fn(&mut Rig) -> Outcome<()>;

/// All operations that change something on the server, with the command that decides.
const CHANGES: [(&str, Step); 7] = [
    ("DELE", |rig| rig.run(&mut client::delete(t("f")), |_| ())),
    ("RMD", |rig| rig.run(&mut client::remove_directory(t("d")), |_| ())),
    ("MKD", |rig| rig.run(&mut client::make_directory(t("d")), |_| ())),
    ("CWD", |rig| rig.run(&mut client::change_directory(t("d")), |_| ())),
    ("RNTO", |rig| rig.run(&mut client::rename(t("a"), t("b")), |()| ())),
    ("STOR", |rig| transfer(rig, client::store(t("f"), IMAGE, 0)).and_then(|_| Outcome::Done(()))),
    ("APPE", |rig| transfer(rig, client::append(t("f"), IMAGE)).and_then(|_| Outcome::Done(()))),
];

/// Returns the success that each command has of its own.
fn own(verb: &str) -> &'static str {
    match verb {
        "MKD" => "257 \"/d\" made",
        "STOR" | "APPE" => "226 stored",
        _ => "250 done",
    }
}

/// Returns the acts of a server that answers a command like this, after the data if there is any.
fn acts(verb: &str, says: &[Act]) -> Vec<Act> {
    let mut acts = match verb {
        "STOR" | "APPE" => vec![Say("150 here"), AfterData],
        _ => Vec::new(),
    };
    acts.extend_from_slice(says);
    acts
}

/// Returns a client that has seen one reply too many.
fn doubting(rig: Rig) -> Rig {
    let mut rig = rig.on("NOOP", [Say("200 ok"), Say("200 ok")]).on("NOOP", [Say("200 ok")]);
    rig.run(&mut client::noop(), |_| ()).done();
    rig.run(&mut client::noop(), |_| ()).done();
    assert!(rig.client().last_stray().is_some());
    rig.clear_records();
    rig
}

#[test]
fn a_copy_that_comes_before_a_refusal_is_no_success_once_there_is_doubt() {
    for (verb, step) in CHANGES {
        for (late, refusal) in [(0, "550 no"), (1, "550 no"), (3, "451 no"), (1, "530 who are you?")] {
            let says = acts(verb, &[Say(own(verb)), Delay(seconds(late)), Say(refusal)]);
            let mut rig = doubting(Rig::greeted().on(verb, says));
            let code = refusal[..3].parse::<u16>().unwrap();
            assert_eq!(step(&mut rig).refused(), code, "{verb} {late}: {:#?}", rig.transcript());
            in_step(&mut rig);
        }
    }
}

#[test]
fn a_success_in_doubt_is_reported_once_a_probe_is_answered() {
    for (verb, step) in CHANGES {
        for syst in ["215 UNIX Type: L8", "500 what", "502 not here"] {
            let mut rig = doubting(Rig::greeted().on(verb, acts(verb, &[Say(own(verb))])).says("SYST", syst));
            step(&mut rig).done();
            let probe = if syst.starts_with('2') { "SYST" } else { "PWD" };
            assert_eq!(rig.commands().last(), Some(&probe), "{verb}");
        }
        // A success of its own that is sent twice is a success.
        for late in [0, 1] {
            let says = acts(verb, &[Say(own(verb)), Delay(seconds(late)), Say(own(verb))]);
            let mut rig = doubting(Rig::greeted().on(verb, says));
            step(&mut rig).done();
            in_step(&mut rig);
        }
        // Without any doubt there is no additional round trip.
        let mut rig = Rig::greeted().on(verb, acts(verb, &[Say(own(verb))]));
        step(&mut rig).done();
        assert!(!rig.commands().contains(&"SYST"), "{verb}");
    }
}

#[test]
fn a_code_that_is_not_in_the_row_is_confirmed_and_then_is_no_reason_for_doubt() {
    for (verb, code) in [("DELE", "200 ok"), ("RMD", "202 ok"), ("MKD", "250 ok"), ("CWD", "200 ok")] {
        let (_, step) = CHANGES.iter().find(|(other, _)| *other == verb).unwrap();
        let mut rig = Rig::greeted().on(verb, [Say(code), Delay(seconds(1)), Say("550 no")]);
        assert_eq!(step(&mut rig).refused(), 550, "{verb}");
        in_step(&mut rig);
        let mut rig = Rig::greeted().says(verb, code);
        step(&mut rig).done();
        assert_eq!(rig.commands().last(), Some(&"SYST"), "{verb}");
        rig.clear_records();
        rig.run(&mut client::rename(t("a"), t("b")), |()| ()).done();
        assert_eq!(rig.commands(), ["RNFR a", "RNTO b"]);
    }
}

#[test]
fn what_comes_right_behind_a_success_is_read_before_it_is_reported() {
    for (verb, step) in CHANGES {
        let mut rig = Rig::greeted().on(verb, acts(verb, &[Say(own(verb)), Say("550 no")]));
        assert_eq!(step(&mut rig).refused(), 550, "{verb}");
        in_step(&mut rig);
        let mut rig = Rig::greeted().on(verb, acts(verb, &[Say(own(verb)), Say(own(verb))]));
        step(&mut rig).done();
        in_step(&mut rig);
        // A 421 says nothing about it.
        let mut rig = Rig::greeted().on(verb, acts(verb, &[Say(own(verb)), Say("421 bye")]));
        step(&mut rig).done();
    }
}

#[test]
fn a_refusal_of_the_probe_that_was_none_is_an_error() {
    // The 502 was DELE's, as the answer to SYST behind it shows.
    let mut rig = doubting(Rig::greeted().on("DELE", [Say("250 done"), Delay(seconds(1)), Say("502 no")]));
    let outcome = rig.run(&mut client::delete(t("f")), |_| ());
    assert!(matches!(outcome, Outcome::Error(Error::Peer(PeerError::UnexpectedReply(_)))), "{outcome:?}");
}

#[test]
fn a_command_is_not_probed_for_ever() {
    for pwd in ["257 \"/\"", "250 \"/\"", "550 no", "530 no", "500 what"] {
        for (_, step) in CHANGES {
            let mut rig = doubting(Rig::greeted().says("SYST", "502 no").says("PWD", pwd));
            let _ = step(&mut rig);
            let _ = rig.run(&mut client::working_directory(), |_| ());
            let _ = rig.run(&mut client::size(t("f")), |_| ());
            let _ = rig.run(&mut client::system(), |_| ());
            assert!(rig.commands().len() < 20, "{pwd}: {:?}", rig.commands());
        }
    }
}

#[test]
fn what_tells_something_is_probed_before_once_there_is_doubt() {
    let mut rig = doubting(Rig::greeted());
    rig.run(&mut client::size(t("f")), |_| ()).done();
    rig.run(&mut client::size(t("f")), |_| ()).done();
    rig.run(&mut client::working_directory(), |_| ()).done();
    // A 213 can answer SIZE again, but never PWD.
    assert_eq!(rig.commands(), ["TYPE I", "SYST", "SIZE f", "SYST", "SIZE f", "PWD"]);
}

#[test]
fn a_reply_that_begins_before_the_end_of_its_command_was_sent_is_a_stray() {
    let copy = b"250 done\r\n";
    for cut in 1..=copy.len() {
        let mut rig = Rig::greeted();
        let mut operation = client::delete(t("f"));
        let mut poll = |rig: &mut Rig| {
            let action = rig.poll(&mut operation);
            Turn::of(action, |_| ())
        };
        while rig.tx().is_empty() {
            assert!(matches!(poll(&mut rig), Turn::Wait(_)));
        }
        rig.tx().sent(3);
        rig.rx().extend(&copy[..cut]);
        assert!(matches!(poll(&mut rig), Turn::Wait(_)));
        let rest = rig.tx().pending().len();
        rig.tx().sent(rest);
        rig.rx().extend(&copy[cut..]);
        rig.rx().extend(b"550 no\r\n");
        let Turn::Over(outcome) = poll(&mut rig) else { panic!("not over: {cut}") };
        assert_eq!(outcome.refused(), 550, "{cut}");
        assert!(rig.client().last_stray().is_some());
    }
}

#[test]
fn the_rest_of_a_stray_of_many_lines_takes_no_reply_with_it() {
    let copy = b"211-Features\r\n MLST\r\n211 end\r\n";
    for cut in 0..copy.len() {
        let (first, rest) = copy.split_at(cut);
        let mut rig = Rig::greeted().on("DELE", [Act::Raw(rest.to_vec()), Say("250 done")]);
        rig.run(&mut client::features(), |_| ()).done();
        rig.rx().extend(first);
        rig.run(&mut client::delete(t("f")), |_| ()).done();
        in_step(&mut rig);
    }
}

#[test]
fn an_offset_stays_until_a_transfer_has_used_it() {
    // A server that refuses RETR may begin the next transfer at the offset meant for it.
    let refusing = || Rig::greeted().on("RETR", [Say("550 no")]);
    let get = || client::retrieve(t("f"), IMAGE, 7);
    let put = || client::store(t("f"), IMAGE, 0);
    let mut rig = refusing();
    assert_eq!(transfer(&mut rig, get()).refused(), 550);
    assert_eq!(transfer(&mut rig, put()), Outcome::Done(3));
    assert_eq!(rig.commands()[rig.commands().len() - 2..], ["REST 0", "STOR f"]);
    // If the offset cannot be revoked, nothing is stored or fetched from there.
    for again in [put(), client::retrieve(t("g"), IMAGE, 0)] {
        let mut rig = refusing().says("REST 0", "451 no");
        assert_eq!(transfer(&mut rig, get()).refused(), 550);
        rig.clear_records();
        assert_eq!(transfer(&mut rig, again).refused(), 451);
        assert_eq!(rig.commands().last(), Some(&"REST 0"));
        in_step(&mut rig);
    }
    // A server that does not know REST keeps no offset.
    for unknown in ["500 what", "502 no"] {
        let mut rig = refusing().says("REST", unknown);
        assert_eq!(transfer(&mut rig, get()).refused(), 550);
        assert_eq!(transfer(&mut rig, put()), Outcome::Done(3));
        assert!(!rig.commands().contains(&"REST 0"));
    }
}

#[test]
fn a_listener_is_closed_when_the_connection_ends_before_the_next_command() {
    let mut config = Config::default();
    config.data_connection = client::DataConnection::Active;
    let end = "421 bye\r\n";
    let acts = [
        Act::Arrive("192.0.2.1:20"),
        Say("150 here"),
        Data(b"abc"),
        AfterData,
        Say("226 done"),
        Act::Raw(end.as_bytes().to_vec()),
    ];
    let mut rig = Rig::with(config.clone(), PEER).greet().on("RETR", acts);
    rig.set_pieces(Chunks::of(&[1]));
    assert_eq!(retrieve(&mut rig), Outcome::Done(3));
    rig.clear_records();
    rig.set_data_first(true);
    let mut open = client::retrieve(t("f"), IMAGE, 0);
    let outcome = rig.run(&mut open, opened);
    assert!(matches!(outcome, Outcome::Error(_)), "{outcome:?}");
    assert_eq!(rig.data_operations().last(), Some(&DataOp::Abort));
}
