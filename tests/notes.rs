//! What a session tells its owner: the notes of the machine, each about the request before it.

mod support;

use ftp_proto::action::DataFailure;
use ftp_proto::codec::Direction::{self, FromServer, ToServer};
use ftp_proto::server::{Answer, EventKind, Refusal, TransferOutcome, TreeChange};
use support::server::{Attempt, Rig, Slow, prompt};

/// The transfers among the notes, and then none.
fn transfers(rig: &mut Rig) -> Vec<(Direction, bool, TransferOutcome)> {
    let ends = rig.notes().iter().filter_map(|note| match note {
        EventKind::Transferred(end) => Some((end.direction, end.listing, end.outcome)),
        _ => None,
    });
    let ends = ends.collect();
    rig.clear_records();
    ends
}

#[test]
fn what_the_host_has_done_is_noted_and_what_it_has_refused_is_not() {
    let mut config = prompt();
    config.combines = true;
    let mut rig = Rig::with(config);
    rig.host_mut().put_directory("/empty");
    for (line, notes) in [
        ("USER me\r\nPASS wrong", &[EventKind::LoginFailed][..]),
        ("USER me\r\nPASS secret", &[EventKind::LoggedIn]),
        ("MKD new", &[EventKind::Changed(TreeChange::DirectoryMade)]),
        ("MKD new", &[]),
        ("RMD new", &[EventKind::Changed(TreeChange::DirectoryRemoved)]),
        ("RMD new", &[]),
        ("RNFR file", &[]),
        ("SYST\r\nRNTO other", &[]),
        ("RNFR file\r\nRNTO other", &[EventKind::Changed(TreeChange::Renamed)]),
        ("SITE SYMLINK other link", &[EventKind::Changed(TreeChange::Linked)]),
        ("COMB whole other", &[EventKind::Changed(TreeChange::Combined)]),
        ("DELE whole", &[EventKind::Changed(TreeChange::FileRemoved)]),
        ("DELE whole", &[]),
        ("SITE CHMOD 640 file", &[]),
        ("SITE CHMOD 640 link", &[EventKind::Changed(TreeChange::FactsSet)]),
        ("SIZE file", &[]),
        ("REIN", &[EventKind::Reset]),
        ("QUIT", &[EventKind::Left]),
    ] {
        rig.clear_records();
        rig.say(line);
        assert_eq!(rig.notes(), notes, "{line}");
    }
}

#[test]
fn every_transfer_that_was_opened_is_noted_once_with_its_end() {
    type Row = (&'static str, fn(&mut Rig), &'static [(Direction, bool, TransferOutcome)]);
    let table: [Row; 9] = [
        ("RETR /file", |rig| drop(rig.download()), &[(FromServer, false, TransferOutcome::Complete)]),
        ("LIST /", |rig| drop(rig.download()), &[(FromServer, true, TransferOutcome::Complete)]),
        ("STOR /new", |rig| rig.upload(b"new"), &[(ToServer, false, TransferOutcome::Complete)]),
        ("STOR /new", |rig| drop(rig.say("ABOR")), &[(ToServer, false, TransferOutcome::Aborted)]),
        (
            "RETR /file",
            |rig| rig.break_data(DataFailure::Broken),
            &[(FromServer, false, TransferOutcome::Failed(DataFailure::Broken))],
        ),
        ("RETR /file", |rig| rig.close(), &[(FromServer, false, TransferOutcome::Cut)]),
        ("RETR /none", |_| {}, &[]),
        (
            "STOR /new",
            |rig| {
                rig.slow(Slow::Everything);
                rig.upload(b"new");
                rig.answer(Answer::Refused(Refusal::QuotaExceeded)).unwrap();
            },
            &[(ToServer, false, TransferOutcome::Refused(Refusal::QuotaExceeded))],
        ),
        (
            "STOR /new",
            |rig| {
                rig.slow(Slow::Everything);
                rig.upload(b"new");
                rig.close();
                // The host has its time to keep it.
                rig.pass(support::seconds(300));
            },
            &[(ToServer, false, TransferOutcome::Cut)],
        ),
    ];
    for (line, act, expected) in table {
        let mut rig = Rig::logged_in();
        rig.passive();
        rig.say(line);
        act(&mut rig);
        assert_eq!(transfers(&mut rig), expected, "{line}");
    }
}

#[test]
fn tls_is_noted_when_it_stands_and_when_it_is_gone() {
    let mut config = prompt();
    config.security.tls = ftp_proto::security::TlsMode::Explicit;
    config.security.clear_command_channel = true;
    let mut rig = Rig::with(config.clone());
    rig.say("AUTH TLS");
    assert_eq!(rig.notes(), [EventKind::Reset, EventKind::Secured]);
    rig = rig.login();
    rig.say("PBSZ 0\r\nPROT P");
    rig.passive();
    rig.say("RETR /file");
    rig.download();
    let protected = |note: &EventKind| matches!(note, EventKind::Transferred(end) if end.protected);
    assert!(rig.notes().last().is_some_and(protected), "{:?}", rig.notes());
    rig.say("CCC");
    assert_eq!(rig.notes().last(), Some(&EventKind::Cleared));
    let mut rig = Rig::with(config);
    rig.on_upgrade(Attempt::Fails(DataFailure::Handshake));
    rig.say("AUTH TLS");
    assert!(!rig.notes().contains(&EventKind::Secured));
}
