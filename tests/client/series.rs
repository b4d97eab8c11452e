//! Series of transfers: the address of the next data connection is requested behind the command of a
//! transfer. The servers here take their commands in order, and wait for nobody, unless said otherwise.

use super::passive::pipelining;
use super::*;

const PROMPT: [Act; 3] = [Say("150 here"), Data(b"abc"), Say("226 sent")];

fn rig(config: Config) -> Rig {
    Rig::with(config, PEER).greet().on("RETR", PROMPT)
}

fn in_order() -> Rig {
    rig(pipelining()).profile(Profile::IN_ORDER)
}

/// Downloads files in a series, with these paths.
fn series(rig: &mut Rig, paths: &[&str]) -> Vec<Outcome<u64>> {
    let last = paths.len() - 1;
    let outcome = |(index, path): (usize, &&str)| {
        let path = Text::new(path.as_bytes()).unwrap();
        transfer(rig, client::retrieve(path, IMAGE, 0).in_series(index < last))
    };
    paths.iter().enumerate().map(outcome).collect()
}

#[track_caller]
fn four(rig: &mut Rig) -> Vec<Outcome<u64>> {
    series(rig, &["a", "b", "c", "d"])
}

fn done(count: usize) -> Vec<Outcome<u64>> {
    vec![Outcome::Done(3); count]
}

fn is_refusal(outcome: &Outcome<u64>, wanted: u16) -> bool {
    matches!(outcome, Outcome::Refused { code, .. } if *code == wanted)
}

#[test]
fn a_file_of_a_series_costs_one_round_trip() {
    let mut rig = in_order();
    assert_eq!(four(&mut rig), done(4));
    let commands = ["TYPE I", "EPSV", "RETR a", "EPSV", "RETR b", "EPSV", "RETR c", "EPSV", "RETR d"];
    assert_eq!(rig.commands(), commands);
    assert_eq!(rig.transcript()[4..6], ["C: RETR a", "C: EPSV"], "{:#?}", rig.transcript());
    // One for TYPE and EPSV, and one for each file.
    assert_eq!(rig.round_trips(), 5, "{:#?}", rig.transcript());
    assert_eq!(rig.received(), b"abcabcabcabc");
    in_step(&mut rig);
}

#[test]
fn what_is_sent_ahead_goes_into_the_segment_of_the_command_before_it() {
    for (profile, wanted) in [
        (Profile::empty(), "RETR a\r\nSYST\r\n"),
        (Profile::IN_ORDER, "RETR a\r\nEPSV\r\n"),
        (Profile::IN_ORDER | Profile::NO_EPSV, "RETR a\r\nPASV\r\n"),
    ] {
        let queued = |polls| {
            let mut rig = rig(pipelining()).profile(profile);
            let mut open = client::retrieve(t("a"), IMAGE, 0).in_series(true);
            assert_eq!(rig.run_for(&mut open, polls, |_| ()), None);
            drop(rig.poll(&mut open).unwrap());
            Some(rig.tx().pending().to_vec()).filter(|pending| pending.starts_with(b"RETR"))
        };
        let pending = (0..30).find_map(queued).unwrap();
        assert_eq!(String::from_utf8(pending).unwrap(), wanted);
    }
}

#[test]
fn a_thousand_files_cost_a_thousand_round_trips_and_a_few() {
    let mut rig = rig(pipelining());
    for index in 0..1000 {
        let open = client::retrieve(t("f"), IMAGE, 0).in_series(index < 999);
        assert_eq!(transfer(&mut rig, open), Outcome::Done(3));
    }
    let (trips, sent) = (rig.round_trips(), rig.commands().len());
    assert!((1000..=1003).contains(&trips), "{trips}");
    // TYPE, RETR and EPSV of each file, and SYST.
    assert_eq!(sent, 2002);
}

#[test]
fn the_first_command_sent_ahead_is_syst() {
    let mut rig = rig(pipelining());
    assert_eq!(four(&mut rig), done(4));
    let commands = ["TYPE I", "EPSV", "RETR a", "SYST", "EPSV", "RETR b", "EPSV", "RETR c", "EPSV", "RETR d"];
    assert_eq!(rig.commands(), commands);
    assert!(rig.client().profile().contains(Profile::IN_ORDER));
    assert_eq!(rig.round_trips(), 6);
}

#[test]
fn a_transfer_behind_which_nothing_was_sent_does_not_show_in_what_order_a_server_answers() {
    let mut rig = rig(pipelining());
    assert_eq!(series(&mut rig, &["a"]), done(1));
    assert!(!rig.client().profile().contains(Profile::IN_ORDER));
}

#[test]
fn a_transfer_without_data_does_not_show_in_what_order_a_server_answers() {
    for acts in [
        vec![Say("150 here"), Data(b""), Say("226 sent")],
        vec![Say("226 empty"), Data(b"")],
        vec![Say("550 no such file")],
    ] {
        let mut rig = rig(pipelining()).on("RETR a", acts);
        let outcomes = four(&mut rig);
        assert_eq!(outcomes[1..], done(3));
        let commands = [
            "TYPE I", "EPSV", "RETR a", "SYST", "EPSV", "RETR b", "SYST", "EPSV", "RETR c", "EPSV", "RETR d",
        ];
        assert_eq!(rig.commands(), commands);
        in_step(&mut rig);
    }
}

#[test]
fn nothing_is_sent_ahead_unless_it_is_asked_for_and_possible() {
    let mut active = pipelining();
    active.data_connection = client::DataConnection::Active;
    let known = |flag| rig(pipelining()).profile(flag);
    let arriving = [Say("150 here"), Act::Arrive("192.0.2.1:20"), Data(b"abc"), AfterData, Say("226 sent")];
    for mut rig in [
        rig(Config::default()),
        rig(Config::default()).profile(Profile::IN_ORDER),
        known(Profile::IN_ORDER | Profile::NO_PIPELINING),
        known(Profile::OUT_OF_ORDER),
        known(Profile::IN_ORDER | Profile::NEEDS_PRET),
        Rig::with(active, PEER).greet().profile(Profile::IN_ORDER).on("RETR", arriving),
    ] {
        assert_eq!(four(&mut rig), done(4), "{:#?}", rig.transcript());
        let commands = rig.commands();
        for (index, command) in commands.iter().enumerate() {
            let last = command.starts_with("RETR").then(|| commands.get(index + 1)).flatten();
            assert!(last.is_none_or(|next| !["SYST", "PASV"].contains(next)), "{commands:?}");
        }
        for pair in rig.transcript().windows(2) {
            let ahead = pair[0].starts_with("C: RETR") && pair[1].starts_with("C: ");
            assert!(!ahead, "{:#?}", rig.transcript());
        }
    }
}

#[test]
fn pasv_is_sent_ahead_where_epsv_is_refused() {
    let mut rig = rig(pipelining()).profile(Profile::IN_ORDER | Profile::NO_EPSV);
    assert_eq!(four(&mut rig), done(4));
    assert_eq!(rig.commands()[..5], ["TYPE I", "PASV", "RETR a", "PASV", "RETR b"]);
    assert_eq!(rig.round_trips(), 5);
}

#[test]
fn each_address_is_used_once_and_by_the_next_transfer() {
    let mut rig = in_order();
    for port in ["229 (|||5001|)", "229 (|||5002|)", "229 (|||5003|)", "229 (|||5004|)"] {
        rig = rig.says("EPSV", port);
    }
    assert_eq!(four(&mut rig), done(4));
    let ports: Vec<u16> = rig.connected_to().iter().map(std::net::SocketAddr::port).collect();
    assert_eq!(ports, [5001, 5002, 5003, 5004]);
}

#[test]
fn a_refused_file_leaves_the_others_as_they_are() {
    for reply in ["550 no such file", "553 bad name", "450 busy", "500 what", "502 not here"] {
        let mut rig = in_order().says("RETR b", reply);
        let outcomes = four(&mut rig);
        assert!(is_refusal(&outcomes[1], reply[..3].parse().unwrap()), "{reply}: {outcomes:?}");
        for index in [0, 2, 3] {
            assert_eq!(outcomes[index], Outcome::Done(3), "{reply} {index}: {:#?}", rig.transcript());
        }
        assert_eq!(rig.commands().iter().filter(|command| **command == "EPSV").count(), 4, "{reply}");
        assert_eq!(rig.round_trips(), 5, "{reply}");
        in_step(&mut rig);
    }
}

#[test]
fn a_file_that_breaks_off_fails_alone() {
    for reply in ["426 broke", "451 disk", "425 none", "552 full"] {
        let broken = [Say("150 here"), Break(DataFailure::Broken), Say(reply)];
        let ended = [Say("150 here"), Data(b"ab"), Say(reply)];
        for acts in [broken, ended] {
            let mut rig = in_order().on("RETR b", acts);
            let outcomes = four(&mut rig);
            assert!(is_refusal(&outcomes[1], reply[..3].parse().unwrap()), "{outcomes:?}");
            for index in [0, 2, 3] {
                assert_eq!(outcomes[index], Outcome::Done(3), "{reply} {index}: {:#?}", rig.transcript());
            }
            in_step(&mut rig);
        }
    }
    // The reply alone completes nothing.
    let mut rig = in_order().on("RETR b", [Say("150 here"), Break(DataFailure::Broken), Say("226 sent")]);
    let outcomes = four(&mut rig);
    assert_eq!(outcomes[1], Outcome::Failed(TransferFailure::Connection(DataFailure::Broken)));
    assert_eq!([outcomes[0].clone(), outcomes[3].clone()], [Outcome::Done(3), Outcome::Done(3)]);
    in_step(&mut rig);
}

#[test]
fn a_truncated_file_is_short_whatever_comes_behind_it() {
    let mut rig = in_order()
        .on("RETR b", [Say("150 here (5 bytes)"), Data(b"abc"), Say("226 sent")])
        .says("SIZE", "213 5");
    let outcomes = four(&mut rig);
    let short = TransferFailure::Short { received: 3, expected: 5 };
    assert_eq!(outcomes, [Outcome::Done(3), Outcome::Failed(short), Outcome::Done(3), Outcome::Done(3)]);
}

#[test]
fn a_server_that_answers_syst_during_a_transfer_gets_one_command_at_a_time() {
    for acts in [
        vec![Say("150 here"), Say("215 at once"), Data(b"abc"), Say("226 sent")],
        vec![Say("215 at once"), Say("150 here"), Data(b"abc"), Say("226 sent")],
        vec![Say("150 here"), Say("500 not now"), Data(b"abc"), Say("226 sent")],
        vec![Say("150 here"), Say("450 SYST: data transfer in progress"), Data(b"abc"), Say("226 sent")],
    ] {
        let mut rig = rig(pipelining()).on("RETR a", acts).on("SYST", []);
        assert_eq!(four(&mut rig), done(4), "{:#?}", rig.transcript());
        let commands = rig.commands();
        let wanted =
            ["TYPE I", "EPSV", "RETR a", "SYST", "EPSV", "RETR b", "EPSV", "RETR c", "EPSV", "RETR d"];
        assert_eq!(commands, wanted);
        assert!(rig.client().profile().contains(Profile::OUT_OF_ORDER));
        assert_eq!(rig.round_trips(), 2 + 2 * 3, "{:#?}", rig.transcript());
    }
}

#[test]
fn a_server_that_drops_what_was_sent_ahead_is_found_out_and_no_file_is_lost() {
    // It takes one command from each read.
    let mut rig = rig(pipelining()).on("SYST", []).says("SYST", "215 UNIX Type: L8");
    let before = rig.now();
    assert_eq!(four(&mut rig), done(4), "{:#?}", rig.transcript());
    assert!(rig.client().profile().contains(Profile::NO_PIPELINING));
    let stray = client::Timeouts::default().stray;
    assert_eq!(rig.now(), before.after(stray), "once only");
    assert_eq!(rig.commands()[..6], ["TYPE I", "EPSV", "RETR a", "SYST", "PWD", "EPSV"]);
    in_step(&mut rig);

    // It discards its input when a transfer ends.
    let mut rig = in_order().says("EPSV", "229 (|||5000|)").on("EPSV", []).says("EPSV", "229 (|||5000|)");
    assert_eq!(four(&mut rig), done(4), "{:#?}", rig.transcript());
    assert!(rig.client().profile().contains(Profile::NO_PIPELINING));
    assert_eq!(rig.commands()[3..7], ["EPSV", "PWD", "EPSV", "RETR b"]);
    in_step(&mut rig);
}

#[test]
fn a_server_that_refuses_epsv_during_a_transfer_loses_no_file() {
    for reply in ["450 EPSV: data transfer in progress", "500 not now", "503 busy", "502 EPSV what"] {
        let mut rig = in_order()
            .on("RETR a", [Say("150 here"), Say(reply), Data(b"abc"), Say("226 sent")])
            .says("EPSV", "229 (|||5000|)")
            .on("EPSV", [])
            .says("EPSV", "229 (|||5000|)");
        assert_eq!(four(&mut rig), done(4), "{reply}: {:#?}", rig.transcript());
        assert!(rig.client().profile().contains(Profile::OUT_OF_ORDER), "{reply}");
        in_step(&mut rig);
    }
}

#[test]
fn a_server_that_ends_the_transfer_at_epsv_gets_one_command_at_a_time() {
    // As pyftpdlib does. The profile says that it does not, so nothing was tried before.
    for failure in [None, Some(DataFailure::Broken)] {
        let end = failure.map_or(Data(b"a"), Break);
        let mut rig = in_order()
            .on("RETR a", [Say("150 here"), Say("229 (|||5001|)"), end])
            .says("EPSV", "229 (|||5000|)")
            .on("EPSV", [])
            .says("EPSV", "229 (|||5002|)")
            .on("RETR b", [Say("150 here"), Data(b"abc"), AfterData, Say("226 sent")]);
        let outcomes = four(&mut rig);
        let broken = Outcome::Failed(TransferFailure::Connection(DataFailure::Broken));
        assert_eq!(outcomes[0], broken, "{:#?}", rig.transcript());
        assert_eq!(outcomes[1..], done(3));
        in_step(&mut rig);
    }
}

#[test]
fn an_epsv_refused_after_the_transfer_is_asked_again_in_its_turn() {
    for reply in ["500 what", "425 no port", "522 no", "229 nothing here"] {
        let mut rig =
            in_order().says("EPSV", "229 (|||5000|)").says("EPSV", reply).says("EPSV", "229 (|||5000|)");
        assert_eq!(four(&mut rig), done(4), "{reply}: {:#?}", rig.transcript());
        in_step(&mut rig);
    }
}

#[test]
fn a_port_that_cannot_be_reached_is_not_used_ahead_again() {
    for replies in [
        vec![Say("425 nobody came")],
        vec![Say("150 wait"), Say("425 nobody came")],
        vec![Say("150 wait"), Say("426 nobody came")],
    ] {
        let mut rig = in_order().on("RETR b", replies).on("RETR b", PROMPT);
        let mut outcomes = series(&mut rig, &["a", "x"]);
        let mut first = client::retrieve(t("b"), IMAGE, 0).in_series(true);
        // The address was given up with the last transfer of that series; this series has one again.
        outcomes.push(transfer(&mut rig, client::retrieve(t("a"), IMAGE, 0).in_series(true)));
        rig.on_connect(ftp_proto::testing::Attempt::Fails(DataFailure::Unreachable));
        assert_eq!(rig.run_for(&mut first, 6, |_| ()), None);
        rig.on_connect(ftp_proto::testing::Attempt::Succeeds);
        let id = rig.run(&mut first, opened).done().0;
        outcomes.push(rig.run(&mut client::complete(id), |completed| completed.transferred));
        assert_eq!(outcomes, done(4), "{:#?}", rig.transcript());
        assert!(rig.client().profile().contains(Profile::OUT_OF_ORDER));
        in_step(&mut rig);
    }
}

#[test]
fn a_421_ends_the_series_and_what_was_confirmed_before_stands() {
    let mut rig = in_order().says("EPSV", "229 (|||5000|)").on("EPSV", [Say("421 enough"), Act::Hangup]);
    let outcomes = four(&mut rig);
    assert_eq!(outcomes[0], Outcome::Done(3));
    assert!(outcomes[1..].iter().all(|outcome| *outcome == peer_error(PeerError::ServiceClosing)));
    let mut rig = in_order().on("RETR b", [Say("421 enough"), Act::Hangup]);
    let outcomes = four(&mut rig);
    assert_eq!(outcomes[0], Outcome::Done(3));
    assert!(outcomes.iter().skip(1).all(|outcome| !matches!(outcome, Outcome::Done(_))));
}

#[test]
fn surplus_replies_complete_no_file() {
    // A second 226 behind the first, before and behind the 229.
    let doubled = [Say("150 here"), Data(b"abc"), Say("226 sent"), Say("226 sent")];
    let mut rig = in_order().on("RETR a", doubled);
    assert_eq!(four(&mut rig), done(4), "{:#?}", rig.transcript());
    assert!(rig.client().profile().contains(Profile::NO_PIPELINING));
    in_step(&mut rig);
    let mut rig = in_order()
        .says("EPSV", "229 (|||5000|)")
        .on("EPSV", [Say("229 (|||5001|)"), Say("226 sent")])
        .says("EPSV", "229 (|||5002|)");
    assert_eq!(four(&mut rig), done(4), "{:#?}", rig.transcript());
    in_step(&mut rig);
    // A failure behind the 226, while the data still flows, is the transfer's.
    for late in [false, true] {
        let mut rig = in_order();
        rig.set_data_first(late);
        let mut rig = rig.on("RETR b", [Say("226 sent"), Say("150 here"), Data(b"ab"), Say("451 after all")]);
        let outcomes = four(&mut rig);
        assert!(is_refusal(&outcomes[1], 451), "{outcomes:?} {:#?}", rig.transcript());
        assert_eq!(outcomes[2..], done(2));
    }
}

#[test]
fn an_operation_outside_of_the_series_gives_the_address_up() {
    let mut rig = in_order();
    let open = client::retrieve(t("a"), IMAGE, 0).in_series(true);
    assert_eq!(transfer(&mut rig, open), Outcome::Done(3));
    in_step(&mut rig);
    rig.clear_records();
    assert_eq!(four(&mut rig), done(4));
    assert_eq!(rig.commands()[..2], ["EPSV", "RETR a"]);
    in_step(&mut rig);
}

#[test]
fn a_series_may_be_dropped_at_any_point() {
    for config in [AbortPolicyName::Close, AbortPolicyName::Abor] {
        for attentive in [false, true] {
            for polls in 0..60 {
                for chunks in [Chunks::whole(), Chunks::of(&[1]), Chunks::of(&[7])] {
                    let mut settings = pipelining();
                    settings.abort = config.policy();
                    let waiting = [Say("150 here"), Data(b"abc"), AfterData, Say("226 sent")];
                    let mut rig = rig(settings).profile(Profile::IN_ORDER).on("RETR big", waiting);
                    rig.set_pieces(chunks);
                    rig.set_attentive(attentive);
                    let mut open = client::retrieve(t("big"), IMAGE, 0).in_series(true);
                    if let Some(outcome) = rig.run_for(&mut open, polls, opened) {
                        let mut complete = client::complete(outcome.done().0);
                        drop(rig.run_for(&mut complete, polls / 2, |_| ()));
                    }
                    let outcomes = match polls % 3 {
                        0 => four(&mut rig),
                        1 => {
                            in_step(&mut rig);
                            four(&mut rig)
                        }
                        _ => vec![retrieve(&mut rig); 1],
                    };
                    let context = format!("{polls} {attentive}: {:#?}", rig.transcript());
                    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Done(3)), "{context}");
                    in_step(&mut rig);
                }
            }
        }
    }
}

enum AbortPolicyName {
    Close,
    Abor,
}

impl AbortPolicyName {
    const fn policy(&self) -> client::AbortPolicy {
        match self {
            Self::Close => client::AbortPolicy::CloseData,
            Self::Abor => client::AbortPolicy::Abor,
        }
    }
}

proptest! {
    /// Whatever the server answers, in whatever pieces: no hang, and a file is complete only if its
    /// data and a 226 of its own came.
    #[test]
    fn a_series_ends_well_however_it_is_cut(
        sizes in prop::collection::vec(1usize..40, 1..8),
        data_first in any::<bool>(),
        refused in 0usize..5,
        known in any::<bool>(),
    ) {
        let names = ["a", "b", "c", "d"];
        let mut rig = rig(pipelining());
        if known {
            rig = rig.profile(Profile::IN_ORDER);
        }
        if let Some(name) = names.get(refused) {
            rig = rig.says(&format!("RETR {name}"), "550 no such file");
        }
        rig.set_pieces(Chunks::of(&sizes));
        rig.set_data_first(data_first);
        let outcomes = four(&mut rig);
        for (index, outcome) in outcomes.iter().enumerate() {
            match index == refused {
                true => prop_assert!(is_refusal(outcome, 550)),
                false => prop_assert_eq!(outcome, &Outcome::Done(3)),
            }
        }
        in_step(&mut rig);
    }
}
