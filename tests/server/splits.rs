//! Every split of a dialogue is the same one, and noise does no harm.

use crate::conformance::{arguments, configurations};
use crate::support::seconds;
use crate::support::server::{DataState, End, LOCAL, PEER, PEER_DATA, Rig, STRANGER};
use ftp_proto::action::{DataFailure, DataOp};
use ftp_proto::codec::Verb;
use ftp_proto::server::Config;
use ftp_proto::testing::Pieces as Chunks;
use ftp_proto::time::Instant;
use proptest::prelude::*;

/// A dialogue of many kinds of lines, that ends in QUIT.
const DIALOGUE: &[u8] = b"PWD\r\nUSER me\r\nPASS secret\r\n\r\nSYST\nFEAT\r\nPWD\r\nCWD dir\r\nCWD ..\r\nMKD a \"b\"\r\n\
RNFR file\r\nRNTO a\xff\xffb\r\nTYPE I\r\nSIZE a\xff\xffb\r\n\xff\xfb\x01MDTM a\xff\xffb\r\nMLST\r\nbad\0line\r\n\
STAT dir\r\nHELP\r\nEPSV ALL\r\nEPSV\r\nRETR none\r\nREST 5\r\nEPSV\r\nLIST\r\nNOOP\r\nSTAT\r\nABOR\r\nNONE\r\nQUIT\r\n";

fn answers(input: &[u8], chunks: Chunks) -> (Vec<u8>, Vec<String>, Vec<DataOp>, Option<End>) {
    let mut rig = Rig::new();
    rig.set_pieces(chunks);
    rig.send(input);
    (rig.output(), rig.host().requests().to_vec(), rig.data_operations().to_vec(), rig.end())
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
        rig.set_pieces(Chunks::of(&sizes));
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
        rig.set_pieces(Chunks::of(&sizes));
        let mut expected = 0;
        for (verb, argument, step) in words {
            let verb = Verb::ALL[verb];
            let (good, bad) = arguments(verb);
            let argument =
                ["", good, good, good, bad, "/file", "/dir", "..", "\"", "/new", "0", "ALL"][argument];
            let before = rig.end();
            match step {
                0 if (rig.data_state() == DataState::Listening) => { rig.arrive(PEER_DATA); }
                1 if (rig.data_state() == DataState::Listening) => { rig.arrive(STRANGER); }
                2..=5 if (rig.data_state() == DataState::Sending) => { rig.download(); }
                2..=5 if (rig.data_state() == DataState::Receiving) => rig.upload(b"some"),
                6 if rig.data_state() != DataState::None => rig.break_data(DataFailure::Broken),
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
            if rig.session().is_transferring() && rig.end().is_none() {
                rig.pass(seconds(61));
            }
        }
        let finals = rig.codes().iter().filter(|code| **code >= 200).count();
        if rig.end().is_none() {
            prop_assert_eq!(finals, expected);
        }
    }
}

#[test]
fn time_may_stand_still_at_the_origin() {
    let mut rig = Rig::silent(Config::default(), LOCAL, PEER);
    rig.set_now(Instant::default());
    rig.settle();
    assert_eq!(rig.codes(), [220]);
}
