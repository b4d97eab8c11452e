//! The client against servers as they are in use: a server that answers from a table, in virtual time.
//!
//! The behaviour of servers that a client has to cope with, and the tests for it:
//!
//! | | a server | file | test |
//! |---|---|---|---|
//! | replies | ends `553-` with `150 `, or has `550 ` within `250-` | framing | `a_reply_of_many_lines_ends_with_its_own_code`, `a_lenient_client_..`, `a_reply_that_ends_with_another_code_..`, `a_reply_that_pauses_..` |
//! | | `226` alone; bare, blank, indented and numbered lines within | framing | `a_reply_without_text_is_complete`, `a_reply_of_many_lines_..` |
//! | | bare LF, CR NUL, other NULs, blank lines between | framing | `a_reply_of_many_lines_..`, `telnet_is_taken_out_..`, `what_is_no_reply_..`, `a_reply_without_text_..` |
//! | | Telnet options, `IAC IAC` | framing | `telnet_is_taken_out_of_replies` |
//! | | replies of any size | framing | `replies_are_streamed_..`, `a_reply_over_the_limits_..`, `a_line_over_the_limit_..` |
//! | | other codes, other protocols | framing | `codes_are_100_to_599_..`, `what_is_no_reply_..`, `a_greeting_that_is_not_ftp_is_told` |
//! | | greets by 120, 230, 421 | login | `the_greeting_is_waited_for`, `a_greeting_of_230_..` |
//! | | 421 at any moment; the end after QUIT or a final reply | ending, transfer | `a_421_..`, `an_end_after_quit_is_no_error`, `transfers_end_well_..` |
//! | | says 226 twice, or anything while idle | framing | `a_second_226_is_ignored`, `a_reply_to_nothing_..` |
//! | | replies twice, too late, out of step, to another command | strays | `doubled_replies_..`, `two_greetings_..`, `a_success_of_another_command_..`, `only_its_own_success_..`, `after_a_stray_..`, `what_was_there_before_..`, `a_late_copy_..` |
//! | | says 1yz for ever | strays | `preliminary_replies_are_bounded_..` |
//! | login | 2yz to USER, 202 to PASS, 332 to either | login | `a_login_gives_what_the_server_asks_for` |
//! | | 530 "too many" | login | `a_refusal_for_now_is_told_from_one_for_good` |
//! | | refuses FEAT before the login; wants OPTS UTF8 ON | login | `feat_refused_before_..`, `opts_utf8_..` |
//! | data | 227 with and without parentheses, over 255 | passive | `a_227_leads_to_..`, `a_227_that_cannot_be_read_..` |
//! | | 227 with any address | passive | `a_227_leads_to_the_control_peer_..`, `the_address_of_a_227_..` |
//! | | 229 in any form, port 0; 227 to EPSV | passive | `any_form_of_a_229_is_read`, `an_epsv_that_does_not_work_..`, `a_227_in_answer_to_epsv_is_good` |
//! | | refuses EPSV, or its port is dead; refuses EPRT; IPv6 | passive, active | `an_epsv_..`, `a_2yz_of_no_other_command_to_eprt_..`, `ipv6_has_no_pasv` |
//! | | any 2yz to PORT; zones; strangers at the port | active | `a_2yz_of_no_other_command_to_eprt_..`, `the_address_told_..`, `strangers_are_turned_away_..` |
//! | | 425, 421 while connecting; 425, 426 after it | passive, active, transfer | `a_421_while_connecting_..`, `while_waiting_for_the_server_..`, `data_that_was_refused_..` |
//! | transfer | 125, any 1yz, none; 150 and 226 at once; 226 before or long after | transfer, active | `transfers_end_well_in_any_order_of_events`, `the_data_connection_may_come_before_..` |
//! | | no 1yz though data flows; no final reply | beside, time | `data_is_read_although_no_150_comes`, `each_wait_has_its_deadline` |
//! | | 2yz before the 150; a final reply and nothing else | strays | `a_2yz_before_the_150_..`, `a_failure_behind_..`, `an_upload_without_a_1yz_..`, `a_download_or_listing_..` |
//! | | fewer bytes than SIZE, MLST, MLSD or the 150 say; REST ignored | sizes | `fewer_bytes_..`, `where_size_is_refused_..`, `a_restart_is_checked_..` |
//! | | wants PRET; takes one command a read | passive | `a_transfer_is_announced_by_pret_..`, `a_command_goes_when_the_one_before_it_is_answered` |
//! | | 4yz, 5yz after all the data; 426 to our early close | transfer | `a_transfer_that_the_server_calls_failed_..`, `a_426_after_an_early_close_..` |
//! | | ABOR answered in any way, or not at all | abort | `every_answer_to_abor_..`, `no_answer_to_abor_..`, `abor_is_sent_before_..`, `a_server_that_closes_at_the_sight_of_synch_..` |
//! | | REST: other codes, refused, kept for the next transfer | transfer | `a_download_that_cannot_restart_..`, `an_upload_that_restarts_..`, `an_offset_that_no_transfer_used_..` |
//! | | the size in 150's text | transfer | `the_server_tells_sizes_and_names_at_the_start` |
//! | answers | SIZE refused in ASCII; numbers among words | answers | `a_size_refused_in_ascii_..`, `a_size_is_asked_for_in_type_i`, `sizes_are_read_..` |
//! | | MDTM with fractions, `19100..`, in words | answers | `times_are_read_and_not_guessed` |
//! | | 257 in any form, other names; cut | answers | `directories_are_read_as_servers_write_them`, `a_257_that_is_cut_..`, `an_answer_on_a_line_that_the_limit_..` |
//! | | MKD without a path, any 2yz | answers | `directories_are_read_..`, `a_2yz_of_no_other_command_grants_..` |
//! | | FEAT in any form; lies | answers | `features_are_read_..`, `what_feat_names_and_the_server_refuses_..` |
//! | | MFMT, MDTM with a time, SITE UTIME, none of them | times | `a_time_is_set_by_the_first_way_..` |
//! | | MLST indented or not, split, on one line; MLSD announced and refused | answers, transfer | `facts_..`, `of_several_entries_..`, `an_mlsd_that_is_..` |
//! | | an empty directory in four ways; `LIST -a` as a name | transfer, answers | `an_empty_directory_..`, `a_server_that_takes_an_option_..` |
//! | | STOU names in three ways | transfer | `the_server_tells_sizes_and_names_at_the_start` |
//! | names | CR, LF, NUL; 0xFF | names, framing | `what_ends_a_line_is_no_name`, `a_byte_255_..` |
//! | | leading spaces lost; patterns | names | `a_name_that_begins_with_a_space_..`, `a_name_that_a_server_may_take_for_a_pattern_..` |
//! | | expands `~`, reads `-` as options; has no paths with slashes | names | `no_command_lets_a_name_be_an_option_..`, `a_home_directory_is_meant_..`, `a_dot_path_is_not_sent_..` |
//! | | hands arguments to `ls` | names | `what_ls_or_a_matcher_of_patterns_could_take_apart_..` |
//! | | NLST with directories in front; names that are paths | names | `names_of_nlst_..`, `a_name_of_a_listing_is_a_local_one_..` |
//!
//! The other files are about what the client does by itself: [`beside`] a transfer (NOOP, STAT), [`cancelling`],
//! [`buffers`], [`splits`], [`time`]; [`extensions`], [`fxp`], [`verify`], [`walk`].

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
#[path = "client/doubt.rs"]
mod doubt;
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
#[path = "client/series.rs"]
mod series;
#[path = "client/sizes.rs"]
mod sizes;
#[path = "client/splits.rs"]
mod splits;
#[path = "client/strays.rs"]
mod strays;
#[path = "client/time.rs"]
mod time;
#[path = "client/times.rs"]
mod times;
#[path = "client/transfer.rs"]
mod transfer;
#[path = "client/verify.rs"]
mod verify;
#[path = "client/walk.rs"]
mod walk;

use ftp_proto::action::{Action, DataFailure, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{
    self, Client, Config, FactsReader, Opened, Operation, PassiveAddress, Profile, Sequence, Timeouts,
    TransferFailure, TransferId,
};
use ftp_proto::codec::pathname::{for_listing, join, must_be_entered, needs_dot_path};
use ftp_proto::codec::{
    Command, EndRule, Features, MffArgument, RepresentationType, Text, Timestamp, Verb, safe_name,
};
use ftp_proto::error::{Awaited, Error, LocalError, PeerError};
use ftp_proto::listing::{Clock, Formats, ListingParser};
use ftp_proto::testing::Pieces as Chunks;
use proptest::prelude::*;
use support::client::Act::{self, AfterData, Break, Data, Delay, Hangup, Raw, Say};
use support::client::{Outcome, PEER, PEER_V6, Rig, attempt};
use support::{seconds, secret, t};

const IMAGE: RepresentationType = RepresentationType::Image;
const ASCII: RepresentationType = RepresentationType::ASCII;

fn login() -> Operation<client::Login<'static>> {
    client::login(t("me"), secret("secret"), Some(secret("books")))
}

fn opened(opened: Opened<'_>) -> (TransferId, u64, Option<u64>, Option<Vec<u8>>) {
    (opened.transfer, opened.offset, opened.size_hint, opened.unique_name.map(<[u8]>::to_vec))
}

/// Opens a transfer and completes it; returns how many bytes it moved.
#[track_caller]
fn transfer(rig: &mut Rig, mut open: Operation<client::Open<'_>>) -> Outcome<u64> {
    rig.run(&mut open, opened)
        .and_then(|(id, ..)| rig.run(&mut client::complete(id), |completed| completed.transferred))
}

/// Returns a transfer of ten pieces that has begun.
fn transferring(store: bool) -> (Rig, TransferId) {
    let mut rig = Rig::greeted();
    rig.set_upload(&[1; 10]);
    let mut open = match store {
        true => client::store(t("g"), IMAGE, 0),
        false => client::retrieve(t("g"), IMAGE, 0),
    };
    let (id, ..) = rig.run(&mut open, opened).done();
    (rig, id)
}

fn retrieve(rig: &mut Rig) -> Outcome<u64> {
    transfer(rig, client::retrieve(t("f"), IMAGE, 0))
}

/// Sends SYST to the server: the dialogue is in step if the reply is that of SYST.
#[track_caller]
fn in_step(rig: &mut Rig) {
    let reply = rig.run(&mut client::system(), |line| line.text.to_vec());
    assert_eq!(reply, Outcome::Done(b"UNIX Type: L8".to_vec()), "{:#?}", rig.transcript());
}

fn peer_error<T>(error: PeerError) -> Outcome<T> {
    Outcome::Error(Error::Peer(error))
}

type AnyOperation = fn(&mut Rig) -> Outcome<()>;

fn unit<T>(outcome: Outcome<T>) -> Outcome<()> {
    outcome.and_then(|_| Outcome::Done(()))
}

/// All kinds of operations, with the commands that they send.
const OPERATIONS: [(&str, AnyOperation); 14] = [
    ("USER PASS", |rig| unit(rig.run(&mut login(), |_| ()))),
    ("TYPE EPSV RETR", |rig| unit(retrieve(rig))),
    ("TYPE EPSV REST RETR", |rig| unit(transfer(rig, client::retrieve(t("f"), IMAGE, 5)))),
    ("TYPE EPSV REST STOR", |rig| unit(transfer(rig, client::store(t("f"), IMAGE, 5)))),
    ("TYPE EPSV APPE", |rig| unit(transfer(rig, client::append(t("f"), ASCII)))),
    ("EPSV LIST", |rig| unit(transfer(rig, client::list(None)))),
    ("EPSV MLSD", |rig| unit(transfer(rig, client::machine_list(None)))),
    ("TYPE SIZE", |rig| unit(rig.run(&mut client::size(t("f")), |_| ()))),
    ("PWD", |rig| unit(rig.run(&mut client::working_directory(), |_| ()))),
    ("FEAT", |rig| unit(rig.run(&mut client::features(), |_| ()))),
    ("RNFR RNTO", |rig| unit(rig.run(&mut client::rename(t("a"), t("b")), |()| ()))),
    ("MLST", |rig| unit(rig.run(&mut client::facts(None), |()| ()))),
    ("FEAT", |rig| unit(rig.run(&mut client::setup(), |_| ()))),
    ("TYPE SIZE", |rig| {
        let expected = client::Expected { size: Some(3), digest: None };
        unit(rig.run(&mut client::verify(t("f"), expected), |_| ()))
    }),
];

fn cancelled<S: Sequence>(mut make: impl FnMut() -> Operation<S>, rig: impl Fn() -> Rig) {
    for polls in 0.. {
        for chunks in [Chunks::whole(), Chunks::of(&[1]), Chunks::of(&[7])] {
            let mut rig = rig();
            rig.set_pieces(chunks);
            let mut operation = make();
            let over = rig.run_for(&mut operation, polls, |_| ()).is_some();
            drop(operation);
            in_step(&mut rig);
            assert_eq!(rig.run(&mut client::noop(), |line| line.code.get()), Outcome::Done(200));
            assert_eq!(retrieve(&mut rig), Outcome::Done(3), "after {polls} polls: {:#?}", rig.transcript());
            in_step(&mut rig);
            if over && rig.polls() > 400 {
                return;
            }
        }
        if polls > 150 {
            return;
        }
    }
}
