//! Buffers that are full, and too small.

use crate::during::transferring;
use crate::support::server::{End, Rig};
use crate::support::{seconds, t};
use ftp_proto::action::Action;
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::codec::ReplyCode;
use ftp_proto::error::{Error, LocalError};
use ftp_proto::server::{CommandEvent, Server, Ticket};

#[test]
fn a_client_that_takes_no_replies_is_not_read() {
    let mut rig = Rig::logged_in();
    rig.deaf = true;
    for _ in 0..10_000 {
        rig.send(b"HELP\r\n");
    }
    assert!(rig.unread() > 50_000);
    assert!(!rig.wait.readable && rig.wait.writable);
    rig.deaf = false;
    rig.pump();
    assert_eq!(rig.codes(), [214; 10_000]);
}

#[test]
fn a_client_that_takes_no_replies_is_sent_away_in_the_end() {
    for transfer in [false, true] {
        let mut rig = if transfer { transferring() } else { Rig::logged_in() };
        rig.deaf = true;
        for _ in 0..1000 {
            rig.send(b"STAT\r\n");
        }
        for _ in 0..20 {
            rig.pass(seconds(100));
        }
        assert_eq!(rig.end, Some(End::Close), "transfer: {transfer}");
    }
}

#[test]
fn buffers_that_are_too_small_are_misuse_and_change_nothing() {
    let mut rig = transferring();
    let now = rig.now;
    let (mut small, mut fine) = (RecvBuf::new([0; 100]), SendBuf::new([0; Server::SEND_ROOM]));
    let error = rig.session.poll(now, &mut small, &mut fine).unwrap_err();
    assert_eq!(error, Error::Local(LocalError::RecvBufTooSmall { needed: 2048 }));
    let (mut fine, mut small) = (RecvBuf::new([0; 2048]), SendBuf::new([0; 100]));
    let error = rig.session.poll(now, &mut fine, &mut small).unwrap_err();
    assert_eq!(error, Error::Local(LocalError::SendBufTooSmall { needed: Server::SEND_ROOM }));
    rig.pump();
    assert_eq!(rig.download(), b"content");
    assert_eq!(rig.codes(), [226]);
}

#[test]
fn a_reply_goes_into_a_buffer_or_into_the_view_of_one() {
    fn ticket_of(polled: Result<Action<CommandEvent<'_>>, Error>) -> Ticket {
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
