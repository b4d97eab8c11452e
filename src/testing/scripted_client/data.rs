//! The server's end of the data connection, and the client at the other end.

use alloc::vec::Vec;
use core::net::{IpAddr, SocketAddr};

use super::ScriptedClient;
use crate::action::{DataEvent, DataFailure, DataId, DataOp};
use crate::testing::pipe::{decode, encode, finish};
use crate::testing::{Attempt, SessionHost};
use crate::transfer::{Decoder, Encoder, TransferError};

/// The state of a session's data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataState {
    /// There is no data connection.
    None,
    /// The session listens for the client.
    Listening,
    /// The client has connected, and has been neither admitted nor rejected.
    Arrived,
    /// The connection is open, and no data is transferred.
    Open,
    /// The session sends.
    Sending,
    /// The session receives.
    Receiving,
}

#[derive(Debug)]
enum End {
    None,
    Listening(DataId),
    Arrived(DataId),
    Open(DataId),
    /// The session sends. Holds the number of bytes of the file that may still be sent.
    Sending(DataId, Encoder, u64),
    Receiving(DataId, Decoder),
}

/// The server's end of the data connection, and the results of its operations.
#[derive(Debug)]
pub(super) struct SessionData {
    address: IpAddr,
    listens: Attempt,
    connects: Attempt,
    handshakes: Attempt,
    /// Set if handshakes resume a session.
    resumes: bool,
    end: End,
}

impl SessionData {
    pub(super) const fn new(address: IpAddr) -> Self {
        Self {
            address,
            listens: Attempt::Succeeds,
            connects: Attempt::Succeeds,
            handshakes: Attempt::Succeeds,
            resumes: true,
            end: End::None,
        }
    }

    const fn state(&self) -> DataState {
        match self.end {
            End::None => DataState::None,
            End::Listening(_) => DataState::Listening,
            End::Arrived(_) => DataState::Arrived,
            End::Open(_) => DataState::Open,
            End::Sending(..) => DataState::Sending,
            End::Receiving(..) => DataState::Receiving,
        }
    }

    const fn id(&self) -> Option<DataId> {
        match self.end {
            End::None => None,
            End::Listening(id)
            | End::Arrived(id)
            | End::Open(id)
            | End::Sending(id, ..)
            | End::Receiving(id, _) => Some(id),
        }
    }

    /// Performs an operation. Returns the event with its result, if there is one immediately.
    fn operate(&mut self, id: DataId, op: DataOp) -> Option<DataEvent> {
        match (op, &self.end) {
            (DataOp::Listen { .. }, _) => match self.listens {
                Attempt::Succeeds => {
                    self.end = End::Listening(id);
                    Some(DataEvent::Listening(SocketAddr::new(self.address, 5000)))
                }
                attempt => self.fail(attempt),
            },
            (DataOp::Connect(to), _) => {
                assert!(to.port() >= 1024, "the session connects to {to}, a service and no client");
                match self.connects {
                    Attempt::Succeeds => {
                        self.end = End::Open(id);
                        Some(DataEvent::Connected)
                    }
                    attempt => self.fail(attempt),
                }
            }
            (DataOp::StartTls, End::Open(open)) if *open == id => match self.handshakes {
                Attempt::Succeeds => Some(DataEvent::Secured { resumed: self.resumes }),
                Attempt::Hangs => None,
                attempt @ Attempt::Fails(_) => self.fail(attempt),
            },
            (DataOp::Admit, End::Arrived(open)) if *open == id => self.become_now(End::Open(id)),
            (DataOp::Reject, End::Arrived(open)) if *open == id => self.become_now(End::Listening(id)),
            (DataOp::Receive(parameters), End::Open(open)) if *open == id => {
                let Some(decoder) = parameters.decoder() else {
                    panic!("the session accepted {:?}: {parameters:?}", parameters.coding.obstacle())
                };
                self.become_now(End::Receiving(id, decoder))
            }
            (DataOp::Send(parameters), End::Open(open)) if *open == id => {
                let Some(encoder) = parameters.encoder() else {
                    panic!("the session accepted {:?}: {parameters:?}", parameters.coding.obstacle())
                };
                let limit = parameters.limit.map_or(u64::MAX, u64::from);
                self.become_now(End::Sending(id, encoder, limit))
            }
            (DataOp::SendTickets, End::Open(open)) if *open == id => None,
            (DataOp::Close | DataOp::Abort, _) => self.become_now(End::None),
            (op, _) => panic!("the session asked for {op:?}, and its data connection is {:?}", self.state()),
        }
    }

    fn become_now(&mut self, end: End) -> Option<DataEvent> {
        self.end = end;
        None
    }

    fn fail(&mut self, attempt: Attempt) -> Option<DataEvent> {
        self.end = End::None;
        match attempt {
            Attempt::Fails(failure) => Some(DataEvent::Failed(failure)),
            Attempt::Succeeds | Attempt::Hangs => None,
        }
    }

    /// Updates the state of the connection after an event.
    fn note(&mut self, id: DataId, event: &DataEvent) {
        match event {
            DataEvent::Failed(_) => self.end = End::None,
            DataEvent::Flushed | DataEvent::Eof { .. } => self.end = End::Open(id),
            DataEvent::Arrived(_) => self.end = End::Arrived(id),
            _ => {}
        }
    }
}

/// Data connections.
impl<H: SessionHost> ScriptedClient<H> {
    /// Sets whether the session can listen for data connections.
    pub const fn on_listen(&mut self, attempt: Attempt) {
        self.data.listens = attempt;
    }

    /// Sets the result of the session's attempts to connect to the client.
    pub const fn on_connect(&mut self, attempt: Attempt) {
        self.data.connects = attempt;
    }

    /// Sets the result of TLS handshakes on data connections. A handshake that hangs ends with the
    /// [`data_event`](Self::data_event) that the test reports.
    pub const fn on_data_handshake(&mut self, attempt: Attempt) {
        self.data.handshakes = attempt;
    }

    /// Sets whether TLS handshakes on data connections resume a session of the control connection.
    pub const fn set_resumes(&mut self, resumes: bool) {
        self.data.resumes = resumes;
    }

    /// Returns the state of the data connection.
    #[must_use]
    pub const fn data_state(&self) -> DataState {
        self.data.state()
    }

    /// Returns the identifier of the data connection, if there is one.
    #[must_use]
    pub const fn data_id(&self) -> Option<DataId> {
        self.data.id()
    }

    #[track_caller]
    fn open_id(&self) -> DataId {
        match self.data.id() {
            Some(id) => id,
            None => panic!("there is no data connection"),
        }
    }

    /// Connects from this address to the port that the session listens on. Returns whether the
    /// session admitted the connection.
    ///
    /// # Panics
    /// Panics if the session does not listen.
    #[track_caller]
    pub fn connect_data(&mut self, from: SocketAddr) -> bool {
        let state = self.data.state();
        assert!(
            state == DataState::Listening,
            "the session does not listen: its data connection is {state:?}"
        );
        self.data_event(DataEvent::Arrived(from));
        !matches!(self.data.state(), DataState::Arrived | DataState::Listening)
    }

    /// Reports an event of the data connection to the session.
    ///
    /// # Panics
    /// Panics if there is no data connection, or if the session does not accept the event.
    #[track_caller]
    pub fn data_event(&mut self, event: DataEvent) {
        let id = self.open_id();
        self.report(id, event);
        self.settle();
    }

    #[track_caller]
    fn report(&mut self, id: DataId, event: DataEvent) {
        self.data.note(id, &event);
        if let Err(error) = self.session.data_event(id, event) {
            panic!("the session did not take {event:?}: {error}");
        }
    }

    pub(super) fn operate(&mut self, id: DataId, op: DataOp) {
        self.records.ops.push(op.clone());
        if let Some(event) = self.data.operate(id, op) {
            self.report(id, event);
        }
    }

    /// Receives everything that the session sends, as encoded on the wire, and closes the
    /// connection.
    ///
    /// # Panics
    /// Panics if the session does not send.
    #[track_caller]
    pub fn download(&mut self) -> Vec<u8> {
        let id = self.data.id();
        let state = self.data.state();
        let End::Sending(_, encoder, left) = &mut self.data.end else {
            panic!("the session does not send: its data connection is {state:?}");
        };
        let (mut wire, mut piece) = (Vec::new(), [0; 1024]);
        loop {
            let allowed = piece.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
            let count = self.host.read(piece.get_mut(..allowed).unwrap_or_default());
            if count == 0 {
                break;
            }
            *left -= count as u64;
            encode(encoder, piece.get(..count).unwrap_or_default(), &mut wire);
        }
        finish(encoder, &mut wire);
        for event in [DataEvent::Moved(wire.len() as u64), DataEvent::Flushed, DataEvent::Eof { clean: true }]
        {
            // The session may have closed the connection once it was flushed, and opened the next.
            if id.is_some() && self.data.id() == id {
                self.data_event(event);
            }
        }
        wire
    }

    /// Sends bytes as encoded on the wire, and ends the file.
    ///
    /// # Panics
    /// Panics if the session does not receive.
    #[track_caller]
    pub fn upload(&mut self, bytes: &[u8]) {
        let id = self.data.id();
        self.upload_part(bytes);
        let is_same = self.data.id() == id;
        let End::Receiving(_, decoder) = &mut self.data.end else { return };
        if !is_same {
            return;
        }
        let clean = decoder.finish(&mut [0; 64]) != Err(TransferError::Truncated);
        self.data_event(DataEvent::Eof { clean });
    }

    /// Sends bytes as encoded on the wire, without ending the file.
    ///
    /// # Panics
    /// Panics if the session does not receive.
    #[track_caller]
    pub fn upload_part(&mut self, bytes: &[u8]) {
        let state = self.data.state();
        let End::Receiving(_, decoder) = &mut self.data.end else {
            panic!("the session does not receive: its data connection is {state:?}");
        };
        let mut file = Vec::new();
        let Ok(events) = decode(decoder, bytes, &mut file) else {
            return self.data_event(DataEvent::Failed(DataFailure::Malformed));
        };
        self.host.write(&file);
        self.data_event(DataEvent::Moved(bytes.len() as u64));
        for event in events {
            self.data_event(event);
        }
    }

    /// Breaks the data connection with this failure.
    ///
    /// # Panics
    /// Panics if there is no data connection.
    #[track_caller]
    pub fn break_data(&mut self, failure: DataFailure) {
        self.data_event(DataEvent::Failed(failure));
    }
}
