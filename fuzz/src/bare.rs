//! The machine below the session, with a server that answers each command with its first code.

use ftp_proto::action::Action;
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::codec::{EndRule, Reply, ReplyCode, Text, Verb};
use ftp_proto::server::{CommandEvent, Limits, Server, Ticket};

/// Runs the machine on `lines`, each in pieces of `piece` bytes. Checks that each event gets its
/// reply, and returns the replies.
pub fn replies(lines: &[&[u8]], piece: usize) -> Vec<u8> {
    let mut limits = Limits::default();
    limits.line = 256;
    let mut end = End {
        server: Server::new(limits),
        rx: RecvBuf::new(vec![0; 300]),
        tx: SendBuf::new(vec![0; 2048]),
        running: None,
        sent: Vec::new(),
        asked: 0,
        ended: false,
    };
    end.run();
    for mut bytes in lines.iter().flat_map(|line| line.chunks(piece)) {
        while !bytes.is_empty() && !end.ended {
            let taken = end.rx.extend(bytes);
            bytes = &bytes[taken..];
            end.run();
            if taken == 0 {
                // The commands that follow wait for the transfer.
                end.finish();
                end.run();
            }
        }
    }
    end.rx.eof();
    end.run();
    while end.running.is_some() && !end.ended {
        end.finish();
        end.run();
    }
    end.finish();
    assert!(end.ended, "it reads on after the end");
    let (mut rest, mut finals) = (&end.sent[..], 0);
    while let Ok(Some((reply, after))) = Reply::parse(rest, EndRule::SameCode) {
        finals += usize::from(!reply.code().is_preliminary());
        rest = after;
    }
    assert!(rest.is_empty());
    assert_eq!(finals, end.asked, "one final reply to each command");
    end.sent
}

struct End {
    server: Server,
    rx: RecvBuf<Vec<u8>>,
    tx: SendBuf<Vec<u8>>,
    /// The transfer that is running.
    running: Option<Ticket>,
    sent: Vec<u8>,
    asked: usize,
    ended: bool,
}

impl End {
    fn run(&mut self) {
        for step in 0.. {
            assert!(step < 1000, "does not come to rest");
            let (ticket, verb) = match self.server.poll(&mut self.rx, &mut self.tx) {
                Ok(Action::Event(CommandEvent::Connected(ticket))) => {
                    self.asked += 1;
                    self.reply(ticket, ReplyCode::SERVICE_READY);
                    continue;
                }
                Ok(Action::Event(CommandEvent::Command(ticket, command))) => match command {
                    Ok(command) => (ticket, command.known_verb()),
                    Err(error) => (ticket, error.verb().filter(|_| self.running.is_some())),
                },
                Ok(Action::Event(CommandEvent::BadLine(ticket, _))) => (ticket, None),
                Ok(Action::Wait(wait)) => {
                    assert!(!wait.application, "all was answered");
                    assert!(wait.readable || self.rx.view().is_eof() || self.rx.spare().is_empty());
                    return;
                }
                Ok(action) => panic!("{action:?}"),
                Err(_) => {
                    self.ended = true;
                    return;
                }
            };
            self.asked += 1;
            match verb {
                Some(verb) if verb.opens_data_connection() && self.running.is_none() => {
                    let code = ReplyCode::OPENING_DATA_CONNECTION;
                    self.server.preliminary(&ticket, code, Text::literal("Go"), &mut self.tx).unwrap();
                    self.running = Some(ticket);
                    self.drain();
                }
                Some(Verb::Abor) => {
                    self.finish();
                    self.reply(ticket, ReplyCode::CLOSING_DATA_CONNECTION);
                }
                Some(verb) => {
                    assert!(self.running.is_none() || verb.answers_during_transfer(), "{verb} in a transfer");
                    let code = verb.info().replies().find(|code| !code.is_preliminary());
                    self.reply(ticket, code.unwrap_or(ReplyCode::COMMAND_OKAY));
                }
                None => {
                    assert!(self.running.is_none(), "a bad line waits for the end of a transfer");
                    self.reply(ticket, ReplyCode::SYNTAX_ERROR);
                }
            }
        }
    }

    /// Ends the transfer that is running.
    fn finish(&mut self) {
        if let Some(ticket) = self.running.take() {
            self.reply(ticket, ReplyCode::TRANSFER_ABORTED);
        }
    }

    fn reply(&mut self, ticket: Ticket, code: ReplyCode) {
        // One that does not fit changes nothing.
        let full = self.server.reply_with(ticket, &mut self.tx, |_| Err(ftp_proto::codec::Full));
        let Err((_, ticket)) = full else { panic!("it was full") };
        self.server.reply(ticket, code, Text::literal("Done"), &mut self.tx).unwrap();
        self.drain();
    }

    fn drain(&mut self) {
        self.sent.extend_from_slice(self.tx.pending());
        self.tx.sent(usize::MAX);
    }
}
