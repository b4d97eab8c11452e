//! A session, a client that says anything, and a host that answers anything.

use core::hint::black_box;

use ftp_proto::action::{Action, DataId};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::codec::{ReplyCode, Text};
use ftp_proto::listing::{Clock, Entry, Kind};
use ftp_proto::server::{Answer, Config, Endpoints, Event, Refusal, Server, Session, Ticket};
use ftp_proto::time::Instant;

use crate::Input;
use crate::client_end::event;

pub(crate) fn run(input: &mut Input) {
    let mut config = Config::default();
    config.limits.line = 510;
    config.timeouts.login_delay = core::time::Duration::from_micros(input.number() >> 24);
    let endpoints = Endpoints { local: ([192, 0, 2, 1], 21).into(), peer: ([192, 0, 2, 2], 40_000).into() };
    let mut session = Session::new(config, endpoints, [0; 512]);
    let (mut rx, mut tx) = (RecvBuf::new([0; 512]), SendBuf::new([0; Server::SEND_ROOM]));
    let mut now = Instant::default();
    let (mut last, mut asked): (Option<DataId>, Option<Ticket>) = (None, None);
    while !input.is_over() {
        match session.poll(now, &mut rx, &mut tx) {
            Ok(Action::Event(Event::Request(ticket, request))) => {
                black_box(&request);
                asked = Some(ticket);
            }
            Ok(Action::Data(id, op)) => {
                black_box(&op);
                last = Some(id);
            }
            Ok(Action::UpgradeControl(token)) => match input.byte() % 3 {
                0 => session.upgraded(token),
                1 => session.upgraded_with_certificate(token),
                _ => session.upgrade_failed(token),
            },
            Ok(Action::DowngradeControl(token)) => session.downgraded(token),
            Ok(Action::Close) | Err(_) => return,
            Ok(_) => {}
        }
        black_box((session.path().file_name(), session.source_path().file_name(), session.user()));
        match input.byte() % 8 {
            0 => now = now.after(core::time::Duration::from_micros(input.number() >> 24)),
            1 => {
                rx.extend(input.some(200));
            }
            2 => tx.sent(usize::from(input.byte())),
            3 => rx.eof(),
            4 => {
                if let Some(id) = last {
                    let _ = session.data_event(id, event(input));
                }
            }
            5 => session.shut_down(),
            6 => session.close(Text::literal("over"), &mut tx),
            _ => {
                if let Some(ticket) = asked.take() {
                    answer(input, &mut session, ticket, &mut tx);
                }
            }
        }
        black_box(session.take_event());
    }
}

fn answer(
    input: &mut Input,
    session: &mut Session<[u8; 512]>,
    ticket: Ticket,
    tx: &mut SendBuf<[u8; Server::SEND_ROOM]>,
) {
    let mut entry = Entry::new(Text::literal("name"), Kind::File);
    entry.size = Some(input.number());
    let mut out = [0; 64];
    let mut sink = SendBuf::new(&mut out[..]);
    let _ = black_box(session.selection().write(
        &entry,
        Clock::at(input.number() as i64 >> 24),
        &mut sink.view(),
    ));
    #[cfg(feature = "alloc")]
    {
        let lister = session.lister(Clock::at(input.number() as i64 >> 24));
        let mut sink = SendBuf::new(&mut out[..]);
        let _ = black_box(lister.selection().write(&entry, Clock::UNKNOWN, &mut sink.view()));
        black_box(&lister);
    }
    let lines = [Text::literal("a"), Text::literal("b")];
    let answer = match input.byte() % 8 {
        0 => Answer::Done,
        1 => Answer::Refused(Refusal::NotFound),
        2 => Answer::Opened { size: Some(input.number()), unique_name: Some(Text::literal("u")) },
        3 => Answer::Entry(&entry),
        4 => Answer::Digest { digest: &[1, 2, 3, 4], range: (0, input.number()) },
        5 => Answer::Count(input.number()),
        6 => {
            let _ = session.send_entry(&ticket, &entry, tx);
            return;
        }
        _ => Answer::Reply(ReplyCode::COMMAND_OKAY, &lines),
    };
    let _ = session.answer(ticket, answer, tx);
}
