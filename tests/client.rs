//! The client against servers as they are: a server that answers from a table, virtual time.

mod support;

#[path = "client/abort.rs"]
mod abort;
#[path = "client/active.rs"]
mod active;
#[path = "client/answers.rs"]
mod answers;
#[path = "client/beside.rs"]
mod beside;
#[path = "client/buffers.rs"]
mod buffers;
#[path = "client/cancelling.rs"]
mod cancelling;
#[path = "client/ending.rs"]
mod ending;
#[path = "client/extensions.rs"]
mod extensions;
#[path = "client/framing.rs"]
mod framing;
#[path = "client/fxp.rs"]
mod fxp;
#[path = "client/login.rs"]
mod login;
#[path = "client/names.rs"]
mod names;
#[path = "client/passive.rs"]
mod passive;
#[path = "client/splits.rs"]
mod splits;
#[path = "client/time.rs"]
mod time;
#[path = "client/transfer.rs"]
mod transfer;
#[path = "client/verify.rs"]
mod verify;
#[path = "client/walk.rs"]
mod walk;

use ftp_proto::action::{Action, DataFailure, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{
    self, Client, Config, FactsReader, Opened, Operation, PassiveAddress, Profile, Sequence, TransferId,
};
use ftp_proto::codec::pathname::for_listing;
use ftp_proto::codec::{Command, EndRule, Features, RepresentationType, Text, Verb, safe_name};
use ftp_proto::error::{Awaited, Error, LocalError, PeerError};
use ftp_proto::listing::{Clock, Formats, ListingParser};
use proptest::prelude::*;
use support::chunks::Chunks;
use support::client::Act::{self, AfterData, Break, Data, Delay, Hangup, Raw, Say};
use support::client::{Outcome, PEER, PEER_V6, Rig};
use support::{seconds, secret, t};

const IMAGE: RepresentationType = RepresentationType::Image;
const ASCII: RepresentationType = RepresentationType::ASCII;

fn login() -> Operation<client::Login<'static>> {
    client::login(t("me"), secret("secret"), Some(secret("books")))
}

fn opened(opened: Opened<'_>) -> (TransferId, u64, Option<u64>, Option<Vec<u8>>) {
    (opened.transfer, opened.offset, opened.size_hint, opened.unique_name.map(<[u8]>::to_vec))
}

/// Opens a transfer and sees it through: how many bytes it moved.
#[track_caller]
fn transfer(rig: &mut Rig, mut open: Operation<client::Open<'_>>) -> Outcome<u64> {
    match rig.run(&mut open, opened) {
        Outcome::Done((id, ..)) => rig.run(&mut client::complete(id), |completed| completed.transferred),
        Outcome::Refused { verb, code, text, transient } => Outcome::Refused { verb, code, text, transient },
        Outcome::Failed(failure) => Outcome::Failed(failure),
        Outcome::Close => Outcome::Close,
        Outcome::Error(error) => Outcome::Error(error),
    }
}

fn retrieve(rig: &mut Rig) -> Outcome<u64> {
    transfer(rig, client::retrieve(t("f"), IMAGE, 0))
}

/// A server that is asked a no-operation next: the dialogue is in step when it is answered.
#[track_caller]
fn in_step(rig: &mut Rig) {
    let reply = rig.run(&mut client::system(), |line| line.text.to_vec());
    assert_eq!(reply, Outcome::Done(b"UNIX Type: L8".to_vec()), "{:#?}", rig.transcript);
}

fn peer_error<T>(error: PeerError) -> Outcome<T> {
    Outcome::Error(Error::Peer(error))
}

type AnyOperation = fn(&mut Rig) -> Outcome<()>;

fn unit<T>(outcome: Outcome<T>) -> Outcome<()> {
    match outcome {
        Outcome::Done(_) => Outcome::Done(()),
        Outcome::Refused { verb, code, text, transient } => Outcome::Refused { verb, code, text, transient },
        Outcome::Failed(failure) => Outcome::Failed(failure),
        Outcome::Close => Outcome::Close,
        Outcome::Error(error) => Outcome::Error(error),
    }
}

/// Every kind of operation, with the commands that it sends.
const OPERATIONS: [(&str, AnyOperation); 12] = [
    ("USER PASS", |rig| unit(rig.run(&mut login(), |_| ()))),
    ("TYPE EPSV RETR", |rig| unit(retrieve(rig))),
    ("TYPE EPSV REST RETR", |rig| unit(transfer(rig, client::retrieve(t("f"), IMAGE, 5)))),
    ("TYPE EPSV REST STOR", |rig| unit(transfer(rig, client::store(t("f"), IMAGE, 5)))),
    ("TYPE EPSV APPE", |rig| unit(transfer(rig, client::append(t("f"), ASCII)))),
    ("TYPE EPSV LIST", |rig| unit(transfer(rig, client::list(None, ASCII)))),
    ("TYPE EPSV MLSD", |rig| unit(transfer(rig, client::machine_list(None)))),
    ("TYPE SIZE", |rig| unit(rig.run(&mut client::size(t("f")), |_| ()))),
    ("PWD", |rig| unit(rig.run(&mut client::working_directory(), |_| ()))),
    ("FEAT", |rig| unit(rig.run(&mut client::features(), |_| ()))),
    ("RNFR RNTO", |rig| unit(rig.run(&mut client::rename(t("a"), t("b")), |()| ()))),
    ("MLST", |rig| unit(rig.run(&mut client::facts(None), |()| ()))),
];

fn cancelled<S: Sequence>(mut make: impl FnMut() -> Operation<S>, rig: impl Fn() -> Rig) {
    for polls in 0.. {
        for chunks in [Chunks::whole(), Chunks::of(&[1]), Chunks::of(&[7])] {
            let mut rig = rig();
            rig.chunks = chunks;
            let mut operation = make();
            let over = rig.run_for(&mut operation, polls, |_| ()).is_some();
            drop(operation);
            in_step(&mut rig);
            assert_eq!(rig.run(&mut client::noop(), |line| line.code.get()), Outcome::Done(200));
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "after {polls} polls: {:#?}", rig.transcript);
            in_step(&mut rig);
            if over && rig.polls > 400 {
                return;
            }
        }
        if polls > 150 {
            return;
        }
    }
}

#[test]
fn machines_and_operations_are_small() {
    fn check<T>(name: &str, bound: usize) {
        let size = std::mem::size_of::<T>();
        println!("{name}: {size} bytes");
        assert!(size <= bound, "{name}: {size}");
    }
    check::<Client>("Client", 704);
    check::<client::Fxp<'_>>("Fxp", 1024);
    check::<Operation<client::Greeting>>("Greeting", 96);
    check::<Operation<client::Login<'_>>>("Login", 384);
    check::<Operation<client::Open<'_>>>("Open", 384);
    check::<Operation<client::Complete>>("Complete", 96);
    check::<Operation<client::Rename<'_>>>("Rename", 384);
    check::<Operation<client::Exchange<'_, client::PlainAnswer>>>("Exchange", 384);
}
