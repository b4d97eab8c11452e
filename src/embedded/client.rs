//! The driver: carries out the actions of an operation until the operation ends.

use core::fmt;
use core::future::{Future, pending, poll_fn};
use core::net::SocketAddr;
use core::pin::{Pin, pin};
use core::task::Poll;

use embedded_io_async::{Error as _, ErrorKind, Read, Write};
use embedded_nal_async::TcpConnect;

use super::data::{Data, Moved, Payload};
use super::transfer::{Retrieve, Store, Transfer};
use super::{Buffers, Error, Timer};
use crate::action::{Action, DataEvent, DataOp, Wait};
use crate::buffer::{RecvBuf, SendBuf};
use crate::client::{self, Config, DataConnection, Event, ListingRefusal, Open, Operation, Sequence};
use crate::codec::{ReplyLine, RepresentationType, Text};
use crate::error::{LocalError, PeerError};
use crate::listing::{BadLine, Clock, Entry, Formats, ListingParser};
use crate::security::TlsMode;

/// A client's connection: the machine, the connections and the buffers.
///
/// No call keeps state outside of the client across a wait, so the future of a call may be dropped
/// at any point: the next operation first reads the replies that are outstanding, and ends a
/// transfer that was begun.
pub struct Client<'n, N: TcpConnect + 'n, T, B> {
    network: &'n N,
    timer: T,
    machine: client::Client,
    control: N::Connection<'n>,
    rx: RecvBuf<B>,
    tx: SendBuf<B>,
    /// Set while bytes that were written may not have been sent.
    unflushed: bool,
    /// Set once the server has ended its side or reading has failed.
    ended: bool,
    /// The error that broke the control connection.
    error: Option<ErrorKind>,
    data: Data<N::Connection<'n>, B>,
}

/// A listing that has been received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Formats that the lines may have had.
    pub formats: Formats,
    /// `true` if the listing is only presumed to be empty: the server refused it with a text that
    /// servers use for empty directories, or reported it as complete without sending anything. Do
    /// not delete anything on that evidence.
    pub presumed_empty: bool,
}

/// The result of [`Client::drive`].
pub(super) enum Driven<T> {
    /// This many bytes were moved for the caller, and the operation continues.
    Moved(usize),
    /// The operation is done.
    Over(T),
}

/// The first event of a wait.
enum First<C> {
    Sent(Result<usize, ErrorKind>),
    Flushed(Result<(), ErrorKind>),
    Received(Result<usize, ErrorKind>),
    Connected(Result<C, ErrorKind>),
    Data(Moved),
    Deadline,
}

impl<'n, N: TcpConnect, T: Timer, B: AsRef<[u8]> + AsMut<[u8]>> Client<'n, N, T, B> {
    /// Connects to a server and waits for its greeting. Lowers the limit on the length of lines to
    /// what `buffers` can hold.
    ///
    /// # Errors
    /// Fails if the server cannot be reached or refuses, or if the configuration requires active
    /// data connections or TLS.
    pub async fn connect(
        network: &'n N,
        timer: T,
        server: SocketAddr,
        mut config: Config,
        buffers: Buffers<B>,
    ) -> Result<Self, Error> {
        if config.data_connection != DataConnection::Passive {
            return Err(Error::Unsupported("active data connections"));
        }
        if config.security.tls != TlsMode::None {
            return Err(Error::Unsupported("TLS"));
        }
        let room = buffers.received.as_ref().len().saturating_sub(2);
        config.limits.line = config.limits.line.min(room);
        let deadline = timer.now().after(config.timeouts.connect);
        let control = {
            let (mut connecting, mut late) =
                (pin!(network.connect(server)), pin!(timer.wait_until(deadline)));
            poll_fn(|cx| match connecting.as_mut().poll(cx) {
                Poll::Ready(connected) => Poll::Ready(connected.map_err(|error| error.kind())),
                Poll::Pending => late.as_mut().poll(cx).map(|()| Err(ErrorKind::TimedOut)),
            })
            .await
            .map_err(Error::Connect)?
        };
        let mut client = Self {
            network,
            timer,
            machine: client::Client::new(config, server),
            control,
            rx: RecvBuf::new(buffers.received),
            tx: SendBuf::new(buffers.sent),
            unflushed: false,
            ended: false,
            error: None,
            data: Data::new(buffers.encoded),
        };
        client.run(client::greeting(), |_| ()).await?;
        Ok(client)
    }

    /// Returns the machine, which holds everything that was learnt about the server.
    #[must_use]
    pub const fn machine(&self) -> &client::Client {
        &self.machine
    }

    /// Runs an operation to its end. `own` converts its output, which borrows from the reply.
    ///
    /// Pass an operation that opens a transfer to [`download`](Self::download) or
    /// [`upload`](Self::upload) instead: the values that they return move the data.
    ///
    /// # Errors
    /// Fails if the server refuses, or if the connection is lost.
    pub async fn run<S: Sequence, O>(
        &mut self,
        operation: Operation<S>,
        own: impl FnOnce(S::Output<'_>) -> O,
    ) -> Result<O, Error> {
        self.run_with(operation, |_| {}, own).await
    }

    /// Runs an operation like [`run`](Self::run), and calls `on_line` with each line that the
    /// operation shows: a line of a reply meant for people, or one entry of many.
    ///
    /// # Errors
    /// Fails as [`run`](Self::run) does.
    pub async fn run_with<S: Sequence, O>(
        &mut self,
        mut operation: Operation<S>,
        mut on_line: impl FnMut(&ReplyLine<'_>),
        own: impl FnOnce(S::Output<'_>) -> O,
    ) -> Result<O, Error> {
        match self.drive(&mut operation, Payload::None, &mut on_line, own).await? {
            Driven::Over(output) => Ok(output),
            // Without a payload no data moves.
            Driven::Moved(_) => Err(Error::Local(LocalError::OperationOver)),
        }
    }

    /// Downloads `path` from byte `offset` on. Check [`Retrieve::offset`]: a server that cannot
    /// restart begins at 0.
    ///
    /// # Errors
    /// Fails if the server refuses, or if the data connection cannot be opened.
    pub async fn retrieve<'c, 'p>(
        &'c mut self,
        path: Text<'p>,
        representation: RepresentationType,
        offset: u64,
    ) -> Result<Retrieve<'c, 'n, 'p, N, T, B>, Error> {
        let transfer = self.open(client::retrieve(path, representation, offset), path.as_bytes()).await?;
        Ok(Retrieve { client: self, transfer })
    }

    /// Opens any transfer from the server, such as
    /// [`retrieve_range`](crate::client::retrieve_range) or [`names`](crate::client::names).
    ///
    /// # Errors
    /// Fails as [`retrieve`](Self::retrieve) does.
    pub async fn download<'c>(
        &'c mut self,
        open: Operation<Open<'_>>,
    ) -> Result<Retrieve<'c, 'n, 'static, N, T, B>, Error> {
        let transfer = self.open(open, b"").await?;
        Ok(Retrieve { client: self, transfer })
    }

    /// Uploads to `path` from byte `offset` on. The file is complete once
    /// [`Store::finish`] has returned.
    ///
    /// # Errors
    /// Fails if the server refuses, or if the data connection cannot be opened.
    pub async fn store<'c>(
        &'c mut self,
        path: Text<'_>,
        representation: RepresentationType,
        offset: u64,
    ) -> Result<Store<'c, 'n, N, T, B>, Error> {
        self.upload(client::store(path, representation, offset)).await
    }

    /// Opens any transfer to the server, such as [`append`](crate::client::append).
    ///
    /// # Errors
    /// Fails as [`store`](Self::store) does.
    pub async fn upload<'c>(
        &'c mut self,
        open: Operation<Open<'_>>,
    ) -> Result<Store<'c, 'n, N, T, B>, Error> {
        let transfer = self.open(open, b"").await?;
        Ok(Store { client: self, transfer })
    }

    /// Lists the directory `path`, or the working directory, and calls `each` with every entry, and
    /// with every line that should be an entry and is not. A quarter of `storage` receives the
    /// data, and the rest holds the longest line: 1 KiB suffices for names of 255 bytes. `clock` is
    /// used to interpret dates.
    ///
    /// # Errors
    /// Fails if the server refuses, or if the listing does not arrive in full. Some entries may
    /// have been passed to `each` already.
    pub async fn entries(
        &mut self,
        path: Option<Text<'_>>,
        storage: &mut [u8],
        clock: Clock,
        mut each: impl FnMut(Result<Entry<'_>, BadLine<'_>>),
    ) -> Result<Listed, Error> {
        let mut listing = match self.download(client::entries(path)).await {
            Err(Error::Refused(refusal)) if refusal.of_listing() == ListingRefusal::Empty => {
                return Ok(Listed { formats: Formats::LIST, presumed_empty: true });
            }
            listing => listing?,
        };
        let formats = listing.transfer.formats;
        let (chunk, line) = storage.split_at_mut(storage.len() / 4);
        let mut parser = ListingParser::new(line, formats, clock);
        loop {
            let mut input = match listing.read(chunk).await? {
                0 => break,
                count => &chunk[..count],
            };
            while let Some(entry) = parser.next(&mut input) {
                each(entry);
            }
        }
        while let Some(entry) = parser.finish() {
            each(entry);
        }
        Ok(Listed { formats, presumed_empty: listing.transfer.presumed_empty })
    }

    async fn open<'p>(&mut self, open: Operation<Open<'_>>, path: &'p [u8]) -> Result<Transfer<'p>, Error> {
        self.run(open, |opened| Transfer::new(opened, path)).await
    }

    /// Runs an operation until it ends or bytes of `payload` were moved. Can then be called again,
    /// also after its future was dropped.
    pub(super) async fn drive<S: Sequence, O>(
        &mut self,
        operation: &mut Operation<S>,
        mut payload: Payload<'_>,
        on_line: &mut dyn FnMut(&ReplyLine<'_>),
        own: impl FnOnce(S::Output<'_>) -> O,
    ) -> Result<Driven<O>, Error> {
        let network = self.network;
        // Connecting may take several waits, and repeating a dropped attempt would open another
        // connection.
        let mut connecting = pin!(None);
        loop {
            let now = self.timer.now();
            let step = operation
                .step(&mut self.machine, now, &mut self.rx.view(), &mut self.tx.view())
                .map_err(|error| Error::of_machine(error, self.error))?;
            let bytes = |span| self.rx.bytes(span);
            let wait = match step {
                Action::Wait(wait) => wait,
                Action::Event(Event::Line(line)) => {
                    on_line(&line.resolve(bytes));
                    continue;
                }
                Action::Event(Event::Done(last)) => {
                    let output = operation.output(last.map(|line| line.resolve(bytes)));
                    return Ok(Driven::Over(own(output)));
                }
                Action::Event(Event::Refused(refusal)) => return Err(Error::refused(refusal.map(bytes))),
                Action::Event(Event::Failed(failure)) => return Err(Error::Data(failure, self.data.error)),
                Action::Data(id, DataOp::Connect(to)) => {
                    self.data.begin(id);
                    connecting.set(Some(network.connect(to)));
                    continue;
                }
                Action::Data(id, op) => {
                    if matches!(op, DataOp::Close | DataOp::Abort) {
                        connecting.set(None);
                    }
                    if let DataOp::Send(parameters) | DataOp::Receive(parameters) = &op {
                        if let Some(obstacle) = parameters.coding.obstacle() {
                            return Err(Error::Unsupported(obstacle));
                        }
                    }
                    if let Some(event) = self.data.act(id, op) {
                        self.tell(event);
                    }
                    continue;
                }
                Action::UpgradeControl(token) => {
                    self.machine.upgrade_failed(token);
                    return Err(Error::Unsupported("TLS"));
                }
                Action::DowngradeControl(_) => return Err(Error::Unsupported("TLS")),
                Action::Close => return Err(Error::Peer(PeerError::Closed, self.error)),
            };
            match self.wait(&wait, connecting.as_mut(), &mut payload).await {
                First::Sent(Ok(count @ 1..)) => {
                    self.tx.sent(count);
                    self.unflushed = true;
                }
                First::Sent(sent) => self.drop_output(sent.err().unwrap_or(ErrorKind::WriteZero)),
                First::Flushed(flushed) => {
                    self.unflushed = false;
                    self.error = self.error.or(flushed.err());
                }
                First::Received(Ok(count @ 1..)) => self.rx.filled(count),
                First::Received(end) => {
                    self.error = self.error.or(end.err());
                    self.ended = true;
                    self.rx.eof();
                }
                First::Connected(connection) => {
                    connecting.set(None);
                    let event = self.data.opened(connection);
                    self.tell(event);
                }
                First::Data((count, event)) => {
                    self.tell(event);
                    if let Some(count) = count {
                        if self.data.is_decoding() {
                            self.tell(DataEvent::Decoded(count as u64));
                        }
                        return Ok(Driven::Moved(count));
                    }
                }
                First::Deadline => {}
            }
        }
    }

    /// Waits for the first event on the control connection or the data connection, or for the
    /// deadline. Events that are available at once take precedence over a deadline that has passed.
    async fn wait(
        &mut self,
        wait: &Wait,
        mut connecting: Pin<&mut Option<impl Future<Output = Result<N::Connection<'n>, N::Error>>>>,
        payload: &mut Payload<'_>,
    ) -> First<N::Connection<'n>> {
        let Self { timer, control, rx, tx, data, .. } = self;
        let timer = &*timer;
        let (unflushed, listens) = (self.unflushed, !self.ended);
        let due = wait.deadline.is_some_and(|deadline| deadline <= timer.now());
        let mut control = pin!(async {
            // One connection cannot be read and written at the same time. Commands are short, so
            // they are sent before replies are read, unless the deadline has passed: in that case,
            // first read what has already arrived.
            if listens && (due || (tx.is_empty() && !unflushed)) {
                let spare = rx.spare();
                if !spare.is_empty() {
                    let mut reading = pin!(control.read(spare));
                    let received = poll_fn(|cx| match reading.as_mut().poll(cx) {
                        Poll::Ready(received) => Poll::Ready(Some(received)),
                        Poll::Pending if due => Poll::Ready(None),
                        Poll::Pending => Poll::Pending,
                    });
                    if let Some(received) = received.await {
                        return First::Received(received.map_err(|error| error.kind()));
                    }
                }
            }
            if !tx.is_empty() {
                return First::Sent(control.write(tx.pending()).await.map_err(|error| error.kind()));
            }
            if unflushed {
                return First::Flushed(control.flush().await.map_err(|error| error.kind()));
            }
            pending().await
        });
        let mut moving = pin!(data.advance(payload));
        let mut late = pin!(async {
            match wait.deadline {
                Some(deadline) if !due => timer.wait_until(deadline).await,
                Some(_) => {}
                None => pending().await,
            }
        });
        poll_fn(|cx| {
            if let Poll::Ready(first) = control.as_mut().poll(cx) {
                return Poll::Ready(first);
            }
            if let Some(connecting) = connecting.as_mut().as_pin_mut() {
                if let Poll::Ready(connection) = connecting.poll(cx) {
                    return Poll::Ready(First::Connected(connection.map_err(|error| error.kind())));
                }
            }
            match moving.as_mut().poll(cx) {
                Poll::Ready(moved) => Poll::Ready(First::Data(moved)),
                Poll::Pending => late.as_mut().poll(cx).map(|()| First::Deadline),
            }
        })
        .await
    }

    /// Drops output that cannot be sent. Reading continues, since the server may have sent a reply
    /// that explains the failure.
    fn drop_output(&mut self, error: ErrorKind) {
        self.error = self.error.or(Some(error));
        while !self.tx.is_empty() {
            let count = self.tx.pending().len();
            self.tx.sent(count);
        }
    }

    fn tell(&mut self, event: DataEvent) {
        if let Some(id) = self.data.id {
            let told = self.machine.data_event(id, event);
            debug_assert!(told.is_ok(), "{event:?}: {told:?}");
        }
    }
}

impl<N: TcpConnect, T, B> fmt::Debug for Client<'_, N, T, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("ended", &self.ended)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}
