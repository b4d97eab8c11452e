//! Comparing what is known about a file's size with what arrived (RFC 3659 4 and 7.5.7).

use super::*;
use ftp_proto::client::ExpectedSize;

/// A server that sends three bytes of `f` with these replies. It has no MLST.
fn server(says_150: &'static str, size: &'static str) -> Rig {
    sized(says_150, size, "502 no")
}

fn sized(says_150: &'static str, size: &'static str, mlst: &'static str) -> Rig {
    let acts = [Say(says_150), Data(b"abc"), AfterData, Say("226 done")];
    Rig::greeted().on("RETR", acts).says("SIZE", size).says("MLST", mlst)
}

/// Runs a download whose size is compared, with or without the file's path.
fn compared(rig: &mut Rig, open: Operation<client::Open<'_>>, path: &'static str) -> Outcome<u64> {
    let mut open = open;
    rig.run(&mut open, opened).and_then(|(id, ..)| {
        let mut complete = client::complete(id).confirm_size(path);
        rig.run(&mut complete, |completed| completed.transferred)
    })
}

fn get(offset: u64) -> Operation<client::Open<'static>> {
    client::retrieve(t("f"), IMAGE, offset)
}

fn short(received: u64, expected: u64) -> Outcome<u64> {
    Outcome::Failed(TransferFailure::Short { received, expected })
}

const HINT: &str = "150 Opening BINARY mode data connection for f (100 bytes).";

#[test]
fn fewer_bytes_than_any_source_says_make_the_client_ask_and_size_decides() {
    let sources = [
        (HINT, None),
        ("150 here", Some(ExpectedSize::Size(100))),
        ("150 here", Some(ExpectedSize::Fact(100))),
        (HINT, Some(ExpectedSize::Fact(100))),
    ];
    for (says, expected) in sources {
        for (size, wanted) in [
            ("213 100", short(3, 100)),
            ("213 4", short(3, 4)),
            ("213 3", Outcome::Done(3)),
            ("213 2", Outcome::Done(3)),
        ] {
            let mut rig = server(says, size);
            let open = expected.into_iter().fold(get(0), Operation::expect_size);
            assert_eq!(compared(&mut rig, open, "f"), wanted, "{says} {expected:?} {size}");
            assert_eq!(rig.commands().last(), Some(&"SIZE f"));
            in_step(&mut rig);
        }
    }
}

#[test]
fn only_the_last_line_of_the_reply_says_the_size() {
    let mut rig = server("150 here", "213-is it 9?\r\n213 3");
    assert_eq!(compared(&mut rig, get(0).expect_size(ExpectedSize::Fact(9)), "f"), Outcome::Done(3));
}

#[test]
fn where_size_is_refused_the_fact_decides_and_then_the_hint() {
    for refusal in ["550 no", "550 no, error 5", "500 what", "213 what"] {
        let mut rig = server(HINT, refusal);
        assert_eq!(compared(&mut rig, get(0).expect_size(ExpectedSize::Fact(3)), "f"), Outcome::Done(3));
        let mut rig = server("150 here", refusal);
        assert_eq!(compared(&mut rig, get(0).expect_size(ExpectedSize::Fact(9)), "f"), short(3, 9));
        let mut rig = server(HINT, refusal);
        assert_eq!(compared(&mut rig, get(0), "f"), short(3, 100));
        // MLST is sent if the server has it.
        for feat in [None, Some("211-x\r\n MLST size*;type*;\r\n211 end")] {
            for (size, wanted) in [(3, Outcome::Done(3)), (9, short(3, 9))] {
                let facts = format!("250-f\r\n type=file;size={size}; f\r\n250 end");
                let mut rig = sized(HINT, refusal, Box::leak(facts.into_boxed_str()));
                if let Some(feat) = feat {
                    rig = rig.says("FEAT", feat);
                    rig.run(&mut client::setup(), |_| ()).done();
                }
                assert_eq!(compared(&mut rig, get(0), "f"), wanted);
                assert_eq!(rig.commands()[rig.commands().len() - 2..], ["SIZE f", "MLST f"]);
                in_step(&mut rig);
            }
        }
        // MLST is not sent if the server's features are known and do not include it.
        let mut rig = sized(HINT, refusal, "250-f\r\n type=file;size=3; f\r\n250 end");
        rig.run(&mut client::setup(), |_| ()).done();
        assert_eq!(compared(&mut rig, get(0), "f"), short(3, 100));
    }
}

#[test]
fn a_hint_counts_in_a_1yz_that_comes_after_the_final_reply_too() {
    let acts = [Say("226 done"), Say(HINT), Data(b"abc"), AfterData, Say("226 done")];
    let mut rig = Rig::greeted().on("RETR", acts).says("SIZE", "550 no").says("MLST", "502 no");
    assert_eq!(compared(&mut rig, get(0), "f"), short(3, 100), "{:#?}", rig.transcript());
}

#[test]
fn nothing_is_asked_where_nothing_contradicts() {
    for (says, expected) in [
        ("150 here", None),
        ("150 here (3 bytes)", None),
        ("150 here (3 bytes)", Some(ExpectedSize::Size(3))),
        ("150 here", Some(ExpectedSize::Fact(3))),
        ("150 here", Some(ExpectedSize::Fact(2))),
    ] {
        let mut rig = server(says, "213 3");
        let open = expected.into_iter().fold(get(0), Operation::expect_size);
        assert_eq!(compared(&mut rig, open, "f"), Outcome::Done(3), "{says}");
        assert!(!rig.commands().contains(&"SIZE f"));
    }
}

#[test]
fn without_a_path_what_is_too_short_fails_unasked() {
    let mut rig = server(HINT, "213 3");
    assert_eq!(transfer(&mut rig, get(0)), short(3, 100));
    assert!(!rig.commands().contains(&"SIZE f"));
    in_step(&mut rig);
}

#[test]
fn text_and_other_structures_are_not_compared() {
    let mut rig = server(HINT, "213 100");
    assert_eq!(compared(&mut rig, client::retrieve(t("f"), ASCII, 0), "f"), Outcome::Done(3));
    // The end of the file is marked in its last two bytes (RFC 959 3.4.1).
    let acts = [Say(HINT), Data(b"a\xff\x02"), AfterData, Say("226 done")];
    let mut rig = Rig::greeted().on("RETR", acts).says("SIZE", "213 100").says("STRU", "200 okay");
    rig.run(&mut client::structure(ftp_proto::codec::FileStructure::Record), |_| ()).done();
    assert_eq!(compared(&mut rig, get(0), "f"), Outcome::Done(3));
    let range = ftp_proto::codec::ByteRange::new(0, 2).unwrap();
    let mut rig = server(HINT, "213 100").says("RANG", "350 go on");
    assert_eq!(compared(&mut rig, client::retrieve_range(t("f"), range), "f"), Outcome::Done(3));
}

#[test]
fn a_restart_is_checked_and_one_that_was_ignored_is_an_error() {
    // 5 bytes were there before, 3 arrive.
    for (says, size, wanted) in [
        ("150 here", "213 8", Outcome::Done(3)),
        ("150 here (8 bytes)", "213 8", Outcome::Done(3)),
        ("150 here (3 bytes)", "213 8", Outcome::Done(3)),
        ("150 here", "213 9", short(8, 9)),
        ("150 here", "550 no", Outcome::Done(3)),
        ("150 here", "213 3", Outcome::Failed(TransferFailure::RestartIgnored { received: 8, expected: 3 })),
        (
            "150 here (3 bytes)",
            "213 3",
            Outcome::Failed(TransferFailure::RestartIgnored { received: 8, expected: 3 }),
        ),
    ] {
        let mut rig = server(says, size);
        assert_eq!(compared(&mut rig, get(5), "f"), wanted, "{says} {size}");
        in_step(&mut rig);
    }
    // If SIZE is refused, the fact decides.
    let facts = "250-f\r\n type=file;size=3; f\r\n250 end";
    let ignored = Outcome::Failed(TransferFailure::RestartIgnored { received: 8, expected: 3 });
    assert_eq!(compared(&mut sized("150 here", "500 what", facts), get(5), "f"), ignored);
    // If REST is refused, the download begins at the start, and there is nothing to check.
    let mut rig = server("150 here", "213 3").says("REST", "502 no");
    assert_eq!(compared(&mut rig, get(5), "f"), Outcome::Done(3));
    assert!(!rig.commands().contains(&"SIZE f"));
}

#[test]
fn an_upload_and_a_listing_have_no_size_to_compare() {
    let mut rig = Rig::greeted().on("STOR", [Say(HINT), AfterData, Say("226 done")]);
    assert_eq!(compared(&mut rig, client::store(t("f"), IMAGE, 0), "f"), Outcome::Done(3));
    let mut rig = Rig::greeted().on("LIST", [Say(HINT), Data(b"abc"), AfterData, Say("226 done")]);
    assert_eq!(compared(&mut rig, client::list(None), ""), Outcome::Done(3));
}

#[test]
fn a_server_that_refuses_type_refuses_size() {
    for pipelining in [false, true] {
        let mut config = Config::default();
        config.pipelining = pipelining;
        let rig = Rig::with(config, PEER).greet();
        let mut rig = rig.says("TYPE", "530 log in first").says("SIZE", "530 log in first");
        assert_eq!(rig.run(&mut client::size(t("f")), |_| ()).refused(), 530);
        assert!(rig.commands().len() <= 2, "{:?}", rig.commands());
        in_step(&mut rig);
    }
}
