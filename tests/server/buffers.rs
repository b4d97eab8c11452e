//! Buffers that are full, and too small.

use crate::during::transferring;
use crate::support::server::{End, Rig};
use crate::support::{seconds, t};
use ftp_proto::action::Action;
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::codec::ReplyCode;
use ftp_proto::error::{Error, LocalError};
use ftp_proto::server::{CommandEvent, Config, Server, Ticket};

#[test]
fn a_client_that_takes_no_replies_is_not_read() {
    let mut rig = Rig::logged_in();
    rig.set_deaf(true);
    for _ in 0..10_000 {
        rig.send(b"HELP\r\n");
    }
    assert!(rig.unread() > 50_000);
    assert!(!rig.wait().readable && rig.wait().writable);
    rig.set_deaf(false);
    rig.settle();
    assert_eq!(rig.codes(), [214; 10_000]);
}

#[test]
fn a_client_that_takes_no_replies_is_sent_away_in_the_end() {
    for transfer in [false, true] {
        let mut rig = if transfer { transferring() } else { Rig::logged_in() };
        rig.set_deaf(true);
        for _ in 0..1000 {
            rig.send(b"STAT\r\n");
        }
        for _ in 0..20 {
            rig.pass(seconds(100));
        }
        assert_eq!(rig.end(), Some(End::Close), "transfer: {transfer}");
    }
}

#[test]
fn buffers_that_are_too_small_are_misuse_and_change_nothing() {
    let mut rig = transferring();
    let now = rig.now();
    let (mut small, mut fine) = (RecvBuf::new([0; 100]), SendBuf::new([0; Server::SEND_ROOM]));
    let error = rig.parts().0.poll(now, &mut small, &mut fine).unwrap_err();
    assert_eq!(error, Error::Local(LocalError::RecvBufTooSmall { needed: 2048 }));
    let (mut fine, mut small) = (RecvBuf::new([0; 2048]), SendBuf::new([0; 100]));
    let error = rig.parts().0.poll(now, &mut fine, &mut small).unwrap_err();
    assert_eq!(error, Error::Local(LocalError::SendBufTooSmall { needed: Server::SEND_ROOM }));
    rig.settle();
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn a_reply_goes_into_a_buffer_or_into_the_view_of_one() {
    fn ticket_of<C: std::fmt::Debug>(polled: Result<Action<CommandEvent<C>>, Error>) -> Ticket {
        match polled {
            Ok(Action::Event(CommandEvent::Connected(ticket) | CommandEvent::Command(ticket, _))) => ticket,
            other => panic!("{other:?}"),
        }
    }
    let (mut rx, mut tx) = (RecvBuf::new([0; 2048]), SendBuf::new([0; 2048]));
    let mut server = Server::new(ftp_proto::server::Limits::default());
    let ticket = ticket_of(server.poll(&mut rx, &mut tx));
    server.reply(ticket, ReplyCode::SERVICE_READY, t("Hello."), &mut tx).unwrap();
    rx.extend(b"NOOP\r\n");
    let ticket = ticket_of(server.poll(&mut rx, &mut tx));
    let mut view = tx.view();
    server.reply(ticket, ReplyCode::COMMAND_OKAY, t("Fine."), &mut view).unwrap();
    assert_eq!(tx.pending(), b"220 Hello.\r\n200 Fine.\r\n");
}

/// The replies as they are written: TYPE and its like come together with what is asked next, and a reply that
/// says where to connect to is in a write of its own all the same.
#[test]
fn a_reply_that_names_a_data_address_goes_in_a_write_of_its_own() {
    for (line, code) in [("PASV", "227 "), ("LPSV", "228 "), ("EPSV", "229 "), ("EPSV 1", "229 ")] {
        for (before, behind) in
            [("", ""), ("TYPE I\r\n", ""), ("", "NOOP"), ("CWD /\r\nTYPE I\r\n", "NOOP\r\nPWD")]
        {
            let mut config = Config::default();
            config.long_addresses = true;
            let mut rig = Rig::with(config).login();
            rig.clear_records();
            let said = rig.say(&format!("{before}{line}\r\n{behind}"));
            let lines = before.lines().count() + 1 + behind.lines().count();
            assert_eq!(said.len(), lines, "{before:?} {line} {behind:?}");
            let naming = |write: &&Vec<u8>| String::from_utf8_lossy(write).contains(code);
            let found: Vec<_> = rig.writes().iter().filter(naming).collect();
            let [write] = found[..] else { panic!("{found:?}") };
            assert!(write.starts_with(code.as_bytes()), "{write:?}");
            assert_eq!(write.iter().filter(|byte| **byte == b'\n').count(), 1, "{write:?}");
            // What came before it went before it, in one write.
            assert_eq!(rig.writes()[0].starts_with(code.as_bytes()), before.is_empty());
        }
    }
}

#[test]
fn several_replies_that_name_data_addresses_go_one_by_one() {
    let mut rig = Rig::logged_in();
    rig.clear_records();
    assert_eq!(rig.say("EPSV\r\nPASV\r\nNOOP\r\nEPSV\r\nNOOP"), [229, 227, 200, 229, 200]);
    let codes: Vec<_> =
        rig.writes().iter().map(|write| String::from_utf8_lossy(&write[..3]).into_owned()).collect();
    assert_eq!(codes, ["229", "227", "200", "229", "200"]);
}

#[test]
fn what_a_machine_without_a_session_replies_obeys_the_same_rule() {
    let (mut rx, mut tx) = (RecvBuf::new([0; 2048]), SendBuf::new([0; 2048]));
    let mut server = Server::new(ftp_proto::server::Limits::default());
    let Ok(Action::Event(CommandEvent::Connected(ticket))) = server.poll(&mut rx, &mut tx) else { panic!() };
    server.reply(ticket, ReplyCode::SERVICE_READY, t("Hello."), &mut tx).unwrap();
    rx.extend(b"PASV\r\nNOOP\r\n");
    let Ok(Action::Event(CommandEvent::Command(ticket, _))) = server.poll(&mut rx, &mut tx) else { panic!() };
    server.reply(ticket, ReplyCode::ENTERING_PASSIVE_MODE, t("(192,0,2,1,19,136)"), &mut tx).unwrap();
    // No command is taken until it has left.
    let Ok(Action::Wait(wait)) = server.poll(&mut rx, &mut tx) else { panic!() };
    assert!(wait.writable && !wait.readable, "{wait:?}");
    assert_eq!(tx.pending(), b"220 Hello.\r\n");
    tx.sent(tx.pending().len());
    assert_eq!(tx.pending(), b"227 (192,0,2,1,19,136)\r\n");
    tx.sent(tx.pending().len());
    let Ok(Action::Event(CommandEvent::Command(ticket, _))) = server.poll(&mut rx, &mut tx) else { panic!() };
    server.reply(ticket, ReplyCode::COMMAND_OKAY, t("Fine."), &mut tx).unwrap();
    assert_eq!(tx.pending(), b"200 Fine.\r\n");
}
