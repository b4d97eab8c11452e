//! Where a transfer begins and ends (RFC 959 3.5, RFC 3659 5, draft-bryan-ftp-range): restart markers, offsets
//! in every type and mode, and ranges; and how hard it is compressed.

#[cfg(feature = "deflate")]
mod level;
mod markers;
mod offsets;
mod ranges;
#[path = "../support/mod.rs"]
mod support;

use ftp_proto::client::{self, Open, Operation};
use ftp_proto::codec::{FileStructure, RepresentationType, TransferMode};
use ftp_proto::server;
use ftp_proto::transfer::Marker;
use std::num::NonZeroU32;

use ftp_proto::testing::Random;
use support::client::Outcome;
use support::pair::Pair;
use support::{secret, t};

const IMAGE: RepresentationType = RepresentationType::Image;
const ASCII: RepresentationType = RepresentationType::ASCII;
const EBCDIC: RepresentationType = RepresentationType::Ebcdic(ftp_proto::codec::FormatControl::NonPrint);

/// A client that is logged in, with markers each way.
fn pair(seed: u64) -> Pair {
    let (mut client, mut server) = (client::Config::default(), server::Config::default());
    client.marker_interval = NonZeroU32::new(50);
    server.marker_interval = NonZeroU32::new(50);
    let mut pair = support::pair::pair_with(seed, client, server);
    pair.run(&mut client::greeting(), |_| ()).done();
    pair.run(&mut client::login(t("me"), secret("secret"), None), |_| ()).done();
    pair
}

fn agree(pair: &mut Pair, structure: FileStructure, mode: TransferMode) {
    pair.run(&mut client::structure(structure), |_| ()).done();
    pair.run(&mut client::mode(mode), |_| ()).done();
}

/// Text, with what means something somewhere.
fn text(length: usize) -> Vec<u8> {
    let mut random = Random::new(length as u64);
    let words: [&[u8]; 6] = [b"etaoin", b"\n", b"\r\n", b"      ", b"\r", b"\x10"];
    let mut text = Vec::new();
    while text.len() < length {
        text.extend_from_slice(words[random.below(words.len())]);
    }
    text.truncate(length);
    text
}

#[track_caller]
fn go_through(pair: &mut Pair, open: &mut Operation<Open<'_>>) {
    let transfer = pair.run(open, |opened| opened.transfer).done();
    pair.run(&mut client::complete(transfer), |_| ()).done();
}

#[track_caller]
fn download(pair: &mut Pair, open: &mut Operation<Open<'_>>) -> Vec<u8> {
    pair.take_received();
    go_through(pair, open);
    pair.take_received()
}

/// Goes on with a transfer for so long and breaks it: the last marker that is known then. None when it was over
/// before, or there was none.
fn break_off(pair: &mut Pair, open: &mut Operation<Open<'_>>, polls: usize) -> Option<Marker> {
    let transfer = pair.run(open, |opened| opened.transfer).done();
    let mut completion = client::complete(transfer);
    if pair.run_for(&mut completion, polls, |_| ()).is_some() {
        return None;
    }
    pair.break_data();
    match pair.run(&mut completion, |_| ()) {
        Outcome::Failed(_) | Outcome::Refused { code: 426, .. } => pair.client().last_marker(),
        Outcome::Done(()) => None,
        outcome => panic!("{outcome:?}"),
    }
}
