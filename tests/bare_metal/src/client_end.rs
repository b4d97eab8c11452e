//! The client and its driver.

use core::fmt::Write;

use ftp_proto::action::{Action, DataEvent, DataOp};
use ftp_proto::buffer::{RecvBuf, SendBuf};
use ftp_proto::client::{self, Client, Config, Event, Open, Operation, Sequence};

use crate::Sentence;
use crate::data_end::{DataEnd, File};
use crate::server_end::ServerEnd;
use crate::wire::{CLIENT, Network, SERVER};

pub struct ClientEnd {
    client: Client,
    rx: RecvBuf<[u8; 512]>,
    tx: SendBuf<[u8; 256]>,
    data: DataEnd,
    /// What is uploaded, or was downloaded.
    pub file: File,
}

impl ClientEnd {
    pub fn new() -> Self {
        let mut config = Config::default();
        config.limits.line = 510;
        Self {
            client: Client::new(config, SERVER),
            rx: RecvBuf::new([0; 512]),
            tx: SendBuf::new([0; 256]),
            data: DataEnd::Idle,
            file: File::new(),
        }
    }

    /// Opens a transfer and sees it through: how many bytes went over the wire.
    pub fn transfer(
        &mut self,
        open: Operation<Open<'_>>,
        network: &mut Network,
        server: &mut ServerEnd,
    ) -> Result<u64, Sentence> {
        let transfer = self.run(open, network, server, |opened| opened.transfer)?;
        self.run(client::complete(transfer), network, server, |completed| completed.transferred)
    }

    /// Runs an operation to its end: what `keep` makes of what it came to, or the server's refusal.
    pub fn run<S: Sequence, O>(
        &mut self,
        mut operation: Operation<S>,
        network: &mut Network,
        server: &mut ServerEnd,
        keep: impl FnOnce(S::Output<'_>) -> O,
    ) -> Result<O, Sentence> {
        for _ in 0..100_000 {
            let now = server.turn(network);
            let wait = match operation
                .poll(&mut self.client, now, &mut self.rx, &mut self.tx)
                .expect("the dialogue broke")
            {
                Action::Event(Event::Done(output)) => return Ok(keep(output)),
                Action::Event(Event::Refused(refusal)) => {
                    let mut sentence = Sentence::new();
                    let _ = write!(sentence, "{refusal}");
                    return Err(sentence);
                }
                Action::Event(Event::Line(_)) => continue,
                Action::Data(id, op) => {
                    let event = match op {
                        // The server's end of the wires accepts whoever comes.
                        DataOp::Connect(_) => {
                            network.data = Default::default();
                            server.arrives(CLIENT);
                            Some(DataEvent::Connected)
                        }
                        DataOp::Send(parameters) => {
                            self.data = DataEnd::sending(id, parameters);
                            None
                        }
                        DataOp::Receive(parameters) => {
                            self.data = DataEnd::receiving(id, parameters);
                            None
                        }
                        DataOp::Close | DataOp::Abort => {
                            self.data = DataEnd::Idle;
                            network.data.to_server.ended = true;
                            None
                        }
                        other => panic!("a passive client does not {other:?}"),
                    };
                    if let Some(event) = event {
                        self.client.data_event(id, event).expect("what it asked for");
                    }
                    continue;
                }
                Action::Wait(wait) => wait,
                _ => panic!("the data connection failed, or the server hung up"),
            };
            network.control.to_server.send(&mut self.tx);
            if wait.readable {
                network.control.to_client.receive(&mut self.rx);
            }
            let wires = &mut network.data;
            let event = self.data.turn(&mut self.file, &mut wires.to_client, &mut wires.to_server);
            if let Some((id, event)) = event {
                self.client.data_event(id, event).expect("it waits for this");
            }
        }
        panic!("it has no end");
    }
}
