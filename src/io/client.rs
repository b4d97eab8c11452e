//! The client's driver, over any runtime: it does what an operation asks until that is over.

use ::std::borrow::Cow;
use ::std::fs::File;
use ::std::future::poll_fn;
use ::std::io;
use ::std::net::{IpAddr, SocketAddr};
use ::std::sync::Arc;
use ::std::task::{Context, Poll, ready};

use super::control::{Changed, Control, Trace};
use super::data::{Data, is_unsupported};
use super::error::{Error, Refused};
use super::names::{self, Names};
use super::runtime::{Runtime, Turns};
use super::spans::{SessionSpan, TransferSpan};
use super::tls::Endpoint;
use crate::action::{DataEvent, DataFailure, DataId, DataOp, Wait};
use crate::client::{
    Abort, Answer, AvailableAnswer, ChangeToHome, ChecksumAnswer, ClearCommandChannel, Client, Complete,
    Config, Exchange, FactsAnswer, FeaturesAnswer, Greeting, Hash, Login, ModificationTimeAnswer, Offers,
    Open, Operation, OperationStep, Party, PathAnswer, PlainAnswer, Profile, Protected, RawAnswer, Refusal,
    Rename, Secure, Sequence, SetModificationTime, Setup, SizeAnswer, TimeSetAnswer, TransferFailure,
    TransferId, Verified, Verify, abort, change_directory, complete,
};
use crate::codec::{
    Digest, Direction, Escaped, Features, HashReply, Invalid, ReplyCode, ReplyLine, Timestamp,
};
use crate::error::{Error as CoreError, PeerError};
use crate::listing::Formats;
use crate::security::{Downgrade, Upgrade};
use crate::transfer::Marker;

/// A client's connection: the machine, the sockets, the buffers. Nothing is ever held outside of it
/// across a wait, so that a call may be given up at any point.
pub(super) struct Connection<R: Runtime> {
    pub(super) runtime: R,
    machine: Client,
    control: Control<R::Stream>,
    data: Data<R>,
    turns: Turns,
    local: IpAddr,
    endpoint: Option<Endpoint>,
    /// The server may bring new tickets when they are used up.
    may_renew: bool,
    span: SessionSpan,
    /// The caller's working directory, while the session is in another one.
    away: Option<Vec<u8>>,
    /// Counts the operations of the caller: whoever went somewhere else may not be there any more.
    visits: u64,
    names: Option<Arc<Names>>,
}

impl<R: Runtime> Connection<R> {
    pub(super) fn new(
        runtime: R,
        stream: R::Stream,
        local: IpAddr,
        peer: SocketAddr,
        config: Config,
        endpoint: Option<Endpoint>,
    ) -> Self {
        let control = Control::new(stream, config.limits.line);
        let span = SessionSpan::client(peer);
        let (machine, data, turns) = (Client::new(config, peer), Data::new(), Turns::default());
        Self {
            runtime,
            machine,
            control,
            data,
            turns,
            local,
            endpoint,
            may_renew: true,
            span,
            away: None,
            visits: 0,
            names: None,
        }
    }

    pub(super) fn set_trace(&mut self, trace: Option<Trace>) {
        self.control.set_trace(trace);
    }

    pub(super) fn set_names(&mut self, names: Option<Arc<Names>>) {
        self.names = names;
    }

    pub(super) fn names(&self) -> Option<&Names> {
        self.names.as_deref()
    }

    /// The same, for as long as the connection is lent.
    pub(super) fn shared_names(&self) -> Option<Arc<Names>> {
        self.names.clone()
    }

    /// What the server is to be sent for a path of the caller's.
    pub(super) fn wire_name<'p>(&self, path: &'p [u8]) -> Result<Cow<'p, [u8]>, Error> {
        names::to_wire(self.names(), path)
    }

    /// As [`wire_name`](Self::wire_name), of a path that must not be left out.
    pub(super) fn wire_path<'p>(&self, path: &'p [u8]) -> Result<Cow<'p, [u8]>, Error> {
        match path.is_empty() {
            true => Err(Error::Argument(Invalid::new("a path that is not empty"))),
            false => self.wire_name(path),
        }
    }

    /// What the caller is to be told for a path of the server's.
    pub(super) fn local_name(&self, path: Vec<u8>) -> Result<Vec<u8>, Error> {
        names::from_wire(self.names(), path)
    }

    pub(super) fn set_profile(&mut self, profile: Profile) {
        self.machine.set_profile(profile);
    }

    pub(super) const fn offers(&self) -> Option<Offers> {
        self.machine.offers()
    }

    pub(super) const fn profile(&self) -> Profile {
        self.machine.profile()
    }

    pub(super) const fn last_marker(&self) -> Option<Marker> {
        self.machine.last_marker()
    }

    pub(super) fn protection(&self) -> Protected {
        self.machine.protection()
    }

    /// Does an operation. The future may be dropped at any point: the next operation ends what it began.
    pub(super) async fn run<S: Outcome>(&mut self, operation: Operation<S>) -> Result<S::Owned, Error> {
        self.run_with(operation, |_| {}).await
    }

    /// As [`run`](Self::run); `on_line` is shown each line of a reply that is no final one.
    pub(super) async fn run_with<S: Outcome>(
        &mut self,
        operation: Operation<S>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<S::Owned, Error> {
        self.go_home().await?;
        self.run_here(operation, on_line).await
    }

    /// Makes the caller's working directory that of the session again.
    pub(super) async fn go_home(&mut self) -> Result<(), Error> {
        self.visits += 1;
        let Some(home) = self.away.clone() else { return Ok(()) };
        self.run_here(change_directory(text(&home)?), |_| {}).await?;
        self.away = None;
        Ok(())
    }

    /// Says that the session goes elsewhere, and from where.
    pub(super) fn leave(&mut self, home: Vec<u8>) {
        self.away.get_or_insert(home);
    }

    /// Says that it did not.
    pub(super) fn stay(&mut self) {
        self.away = None;
    }

    /// Changes with every operation of the caller's.
    pub(super) const fn visits(&self) -> u64 {
        self.visits
    }

    /// Opens a transfer. Where the tickets of TLS 1.3 are used up, and the server brings none with what was moved
    /// last, it may refuse a data connection: one that moves nothing comes before it, for the sake of the tickets
    /// that follow its handshake.
    pub(super) async fn open(&mut self, operation: Operation<Open<'_>>) -> Result<Transfer, Error> {
        self.go_home().await?;
        self.open_here(operation).await
    }

    /// As [`open`](Self::open), wherever the session is.
    pub(super) async fn open_here(&mut self, operation: Operation<Open<'_>>) -> Result<Transfer, Error> {
        if self.may_renew && self.endpoint.as_ref().is_some_and(Endpoint::has_spent_its_tickets) {
            self.may_renew = self.renew_tickets().await?;
        }
        self.run_here(operation, |_| {}).await
    }

    /// Whether it helped.
    async fn renew_tickets(&mut self) -> Result<bool, Error> {
        let refused = match self.run_here(crate::client::renew_session(), |_| {}).await {
            Ok(mut transfer) => {
                let mut waste = [0; 512];
                poll_fn(|cx| self.poll_read(&mut transfer, &mut waste, cx)).await.map(drop)
            }
            Err(error) => Err(error),
        };
        match refused {
            Err(error @ (Error::Local(_) | Error::Peer(..))) => Err(error),
            // The server takes connections that resume nothing.
            Ok(()) => Ok(false),
            Err(_) => {
                // The refusal may be here before the tickets are.
                poll_fn(|cx| match self.data.poll_retired(&self.runtime, self.endpoint.as_ref(), cx) {
                    Some(until) => self.runtime.poll_deadline(until, cx),
                    None => Poll::Ready(()),
                })
                .await;
                Ok(!self.endpoint.as_ref().is_some_and(Endpoint::has_spent_its_tickets))
            }
        }
    }

    /// As [`run_with`](Self::run_with), wherever the session is.
    pub(super) async fn run_here<S: Outcome>(
        &mut self,
        mut operation: Operation<S>,
        mut on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<S::Owned, Error> {
        poll_fn(|cx| self.poll_run(&mut operation, &mut on_line, cx)).await
    }

    /// Goes on with an operation until it is over, and makes its outcome the caller's own.
    fn poll_run<S: Outcome>(
        &mut self,
        operation: &mut Operation<S>,
        on_line: &mut impl FnMut(&ReplyLine<'_>),
        cx: &mut Context<'_>,
    ) -> Poll<Result<S::Owned, Error>> {
        loop {
            let now = self.runtime.now();
            let (rx, tx) = (&mut self.control.rx, &mut self.control.tx);
            let step = match operation.step(&mut self.machine, now, &mut rx.view(), &mut tx.view()) {
                Ok(step) => step,
                Err(error) => return Poll::Ready(Err(self.broken(error))),
            };
            let line = |reply: crate::client::ReplySpan| reply.resolve(|span| rx.bytes(span));
            match step {
                OperationStep::Data(id, op) => self.act(id, op),
                OperationStep::Upgrade(token) => self.control.upgrade(token),
                OperationStep::Downgrade(token) => self.control.downgrade(token),
                OperationStep::Line(reply) => on_line(&line(reply)),
                OperationStep::Done(reply) => {
                    return Poll::Ready(S::own(operation.output(reply.map(line))));
                }
                OperationStep::Refused(reply) => {
                    let ReplyLine { code, text, .. } = line(reply);
                    let refused = Refused::from(Refusal { to: reply.to, code, text });
                    return Poll::Ready(Err(Error::Refused(refused)));
                }
                OperationStep::Failed(failure) => {
                    return Poll::Ready(Err(Error::Data(failure, self.data.error.take())));
                }
                OperationStep::Close => {
                    return Poll::Ready(Err(self.broken(PeerError::Closed.into())));
                }
                OperationStep::Wait(wait) => ready!(self.poll_wait(&wait, cx)),
            }
        }
    }

    /// Ready once something has come of a wait.
    pub(super) fn poll_wait(&mut self, wait: &Wait, cx: &mut Context<'_>) -> Poll<()> {
        if let Poll::Ready(changed) = self.control.poll_change(self.endpoint.as_ref(), cx) {
            match changed {
                Changed::Upgraded(token) => self.machine.upgraded(token),
                Changed::Failed(Some(token)) => self.machine.upgrade_failed(token),
                Changed::Downgraded(token) => self.machine.downgraded(token),
                Changed::Failed(None) => {}
            }
            return Poll::Ready(());
        }
        let changing = self.control.is_changing();
        let mut progress = !changing && self.control.flush(cx);
        progress |= !changing && self.control.fill(cx);
        let endpoint = self.endpoint.as_ref();
        if let (Some(id), Poll::Ready(event)) =
            (self.data.id(), self.data.poll_setup(&self.runtime, endpoint, cx))
        {
            self.tell(id, event);
            progress = true;
        }
        let retiring = self.data.poll_retired(&self.runtime, self.endpoint.as_ref(), cx);
        match [wait.deadline, retiring].into_iter().flatten().min() {
            _ if progress => self.turns.poll_next(cx),
            Some(deadline) => self.runtime.poll_deadline(deadline, cx),
            None => Poll::Pending,
        }
    }

    /// Begins what a machine wants of the control connection.
    pub(super) fn upgrade(&mut self, token: Upgrade) {
        self.control.upgrade(token);
    }

    pub(super) fn downgrade(&mut self, token: Downgrade) {
        self.control.downgrade(token);
    }

    /// The machine and its buffers, for an operation of two.
    pub(super) fn party(&mut self) -> Party<'_, Vec<u8>, Vec<u8>> {
        Party { client: &mut self.machine, rx: &mut self.control.rx, tx: &mut self.control.tx }
    }

    /// Reads bytes of a transfer into `out`; 0 once it is complete, its final reply included.
    pub(super) fn poll_read(
        &mut self,
        transfer: &mut Transfer,
        out: &mut [u8],
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, Error>> {
        if out.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let moved = self.poll_move(transfer, cx, |data, cx| {
            data.poll_receive(cx, out)
                .map(|received| (Some(received.bytes).filter(|bytes| *bytes > 0), received.event))
        });
        moved.map_ok(|moved| moved.bytes().unwrap_or_default())
    }

    /// Sends bytes of a transfer, at least one unless there are none.
    pub(super) fn poll_write(
        &mut self,
        transfer: &mut Transfer,
        bytes: &[u8],
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, Error>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let moved = self.poll_move(transfer, cx, |data, cx| {
            data.poll_send(cx, bytes).map(|(count, event)| (Some(count).filter(|count| *count > 0), event))
        });
        moved.map(|moved| moved?.bytes().ok_or(CUT_SHORT))
    }

    /// Sends a piece of `file` from its position on without looking at it; 0 at its end, and nothing
    /// where the bytes have to be looked at.
    pub(super) fn poll_send_file(
        &mut self,
        transfer: &mut Transfer,
        file: &File,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<usize>, Error>> {
        let mut unsupported = false;
        let moved = self.poll_move(transfer, cx, |data, cx| {
            data.poll_send_file(cx, file).map(|sent| match sent {
                Ok(count) => (Some(count), DataEvent::Moved(count as u64)),
                Err(error) if is_unsupported(&error) => {
                    unsupported = true;
                    (Some(0), DataEvent::Moved(0))
                }
                Err(error) => (None, data.fail(DataFailure::Broken, error)),
            })
        });
        moved.map(|moved| Ok(Some(moved?.bytes().ok_or(CUT_SHORT)?).filter(|_| !unsupported)))
    }

    /// Moves data by `attempt`, which says how much the caller is told of, if anything, and what the
    /// machine is; and hears what the server has to say when nothing moves, and now and then.
    fn poll_move(
        &mut self,
        transfer: &mut Transfer,
        cx: &mut Context<'_>,
        mut attempt: impl FnMut(&mut Data<R>, &mut Context<'_>) -> Poll<(Option<usize>, DataEvent)>,
    ) -> Poll<Result<Moved, Error>> {
        if transfer.span.is_none() && !transfer.is_over() {
            transfer.span = Some(self.span.transfer(None));
        }
        loop {
            let was_moving = self.data.is_moving();
            while let (Some(id), true) = (self.data.id(), self.data.is_moving() && !transfer.is_over()) {
                if self.turns.poll_next(cx).is_pending() {
                    break;
                }
                let Poll::Ready((count, event)) = attempt(&mut self.data, cx) else { break };
                self.tell(id, event);
                if let (Some(count), true) = (count, self.data.is_decoding()) {
                    self.tell(id, DataEvent::Decoded(count as u64));
                }
                if let Some(count) = count {
                    let sending = self.data.is_sending();
                    let direction = if sending { Direction::ToServer } else { Direction::FromServer };
                    if let Some(span) = &mut transfer.span {
                        span.moved(count, direction);
                    }
                    return Poll::Ready(Ok(Moved::Bytes(count)));
                }
            }
            match self.poll_complete(transfer, cx) {
                // The machine has just said that data may flow.
                Poll::Pending if !was_moving && self.data.is_moving() => {}
                over => return over.map_ok(Moved::Over),
            }
        }
    }

    /// Ends an upload: sends what is left, and hears what the server says to it.
    pub(super) fn poll_finish(
        &mut self,
        transfer: &mut Transfer,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Finished, Error>> {
        let moved = self.poll_move(transfer, cx, |data, cx| data.poll_finish(cx).map(|event| (None, event)));
        moved.map_ok(|moved| match moved {
            Moved::Over(finished) => finished,
            Moved::Bytes(_) => Finished::default(),
        })
    }

    /// Gives a transfer up, unless it is over, and hears what the server says to that.
    pub(super) async fn abort(&mut self, transfer: Transfer) -> Result<(), Error> {
        match transfer.completion {
            Some(completion) => self.run_here(abort(completion.into_transfer()), |_| {}).await.map(drop),
            None => Ok(()),
        }
    }

    fn poll_complete(
        &mut self,
        transfer: &mut Transfer,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Finished, Error>> {
        let Some(operation) = &mut transfer.completion else { return Poll::Ready(Ok(Finished::default())) };
        let result = ready!(self.poll_run(operation, &mut |_| {}, cx));
        transfer.completion = None;
        if let Ok(finished) = &result {
            transfer.reply.clone_from(&finished.reply);
        }
        if let Some(mut span) = transfer.span.take() {
            match &result {
                Ok(_) => span.end(&"complete"),
                Err(error) => span.end(error),
            }
        }
        Poll::Ready(result)
    }

    pub(super) fn act(&mut self, id: DataId, op: DataOp) {
        if let Some(event) = self.data.act(&self.runtime, self.local, self.endpoint.as_ref(), id, op) {
            self.tell(id, event);
        }
    }

    fn tell(&mut self, id: DataId, event: DataEvent) {
        let told = self.machine.data_event(id, event);
        debug_assert!(told.is_ok(), "{event:?}: {told:?}");
    }

    pub(super) fn broken(&mut self, error: CoreError) -> Error {
        match error {
            CoreError::Local(error) => Error::Local(error),
            CoreError::Peer(error @ PeerError::UnexpectedReply(_)) => {
                let text = self.machine.last_stray().map(|(_, text)| Escaped(text).to_string());
                Error::Peer(error, text.map(io::Error::other))
            }
            CoreError::Peer(error) => Error::Peer(error, self.control.error.take()),
        }
    }
}

/// What a turn of a transfer came to.
enum Moved {
    Bytes(usize),
    Over(Finished),
}

impl Moved {
    fn bytes(&self) -> Option<usize> {
        match self {
            Self::Bytes(count) => Some(*count),
            Self::Over(_) => None,
        }
    }
}

/// The server took its leave before it had all.
const CUT_SHORT: Error = Error::Data(TransferFailure::Connection(DataFailure::Broken), None);

/// A transfer that is open.
#[derive(Debug)]
pub(super) struct Transfer {
    completion: Option<Operation<Complete<Vec<u8>>>>,
    span: Option<TransferSpan>,
    pub(super) offset: u64,
    pub(super) size_hint: Option<u64>,
    pub(super) unique_name: Option<Vec<u8>>,
    pub(super) formats: Formats,
    /// The reply that ended it.
    pub(super) reply: Option<Reply>,
    /// It is no transfer: the server refused to list a directory as it does when that is empty.
    pub(super) presumed_empty: bool,
}

impl Transfer {
    /// The listing of a directory that is taken to be empty.
    pub(super) const fn presumed_empty() -> Self {
        Self {
            completion: None,
            span: None,
            offset: 0,
            size_hint: None,
            unique_name: None,
            formats: Formats::LIST,
            reply: None,
            presumed_empty: true,
        }
    }

    pub(super) const fn is_over(&self) -> bool {
        self.completion.is_none()
    }

    /// The same, of a file whose size the server can be asked for.
    pub(super) fn of_file(self, path: &[u8]) -> Self {
        let completion = self.completion.map(|operation| seen_through(operation.into_transfer(), path));
        Self { completion, ..self }
    }
}

fn seen_through(transfer: TransferId, path: &[u8]) -> Operation<Complete<Vec<u8>>> {
    complete(transfer).confirm_size(path.to_vec())
}

/// A transfer that is over.
#[derive(Debug, Default)]
pub(super) struct Finished {
    pub(super) reply: Option<Reply>,
}

/// A reply, kept.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its code.
    pub code: ReplyCode,
    /// The text of its last line.
    pub text: Vec<u8>,
}

impl ::std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.debug_struct("Reply").field("code", &self.code).field("text", &Escaped(&self.text)).finish()
    }
}

impl From<ReplyLine<'_>> for Reply {
    fn from(line: ReplyLine<'_>) -> Self {
        Self { code: line.code, text: line.text.to_vec() }
    }
}

/// A sequence whose outcome can be kept.
pub(super) trait Outcome: Sequence {
    type Owned;

    fn own(output: Self::Output<'_>) -> Result<Self::Owned, Error>;
}

/// An answer that can be kept.
pub(super) trait OwnedAnswer: Answer {
    type Owned;

    fn own(output: Self::Output<'_>) -> Result<Self::Owned, Error>;
}

impl<A: OwnedAnswer> Outcome for Exchange<'_, A> {
    type Owned = A::Owned;

    fn own(output: A::Output<'_>) -> Result<A::Owned, Error> {
        A::own(output)
    }
}

macro_rules! kept {
    ($($trait:ident for $name:ty: $owned:ty, |$output:ident| $own:expr;)*) => {$(
        impl $trait for $name {
            type Owned = $owned;

            fn own($output: Self::Output<'_>) -> Result<$owned, Error> {
                $own
            }
        }
    )*};
}

kept! {
    OwnedAnswer for PlainAnswer: Reply, |line| Ok(line.into());
    OwnedAnswer for RawAnswer: Reply, |line| Ok(line.into());
    OwnedAnswer for PathAnswer: Vec<u8>, |path| path.map(|path| path.to_vec()).map_err(Error::Unreadable);
    OwnedAnswer for SizeAnswer: u64, |size| size.map_err(Error::Unreadable);
    OwnedAnswer for ModificationTimeAnswer: Timestamp, |time| time.map_err(Error::Unreadable);
    OwnedAnswer for FeaturesAnswer: Features, |features| Ok(features);
    OwnedAnswer for FactsAnswer: (), |_none| Ok(());
    OwnedAnswer for TimeSetAnswer: Option<Timestamp>, |time| Ok(time);
    OwnedAnswer for ChecksumAnswer: Digest, |digest| digest.map_err(Error::Unreadable);
    OwnedAnswer for AvailableAnswer: u64, |bytes| bytes.map_err(Error::Unreadable);
    Outcome for Hash<'_>: HashReply, |reply| reply.map_err(Error::Unreadable);
    Outcome for Setup: Offers, |offers| Ok(offers);
    Outcome for SetModificationTime<'_>: Option<Timestamp>, |time| Ok(time);
    Outcome for Verify<'_>: Verified, |verified| verified.map_err(Error::Mismatch);
    Outcome for Abort: u64, |transferred| Ok(transferred);
    Outcome for Greeting: Option<Reply>, |line| Ok(line.map(Reply::from));
    Outcome for Login<'_>: Option<Reply>, |line| Ok(line.map(Reply::from));
    Outcome for ChangeToHome<'_>: (), |_none| Ok(());
    Outcome for Rename<'_>: (), |_none| Ok(());
    Outcome for Secure: Protected, |protected| Ok(protected);
    Outcome for ClearCommandChannel: (), |_none| Ok(());
    Outcome for Complete<Vec<u8>>: Finished, |completed| Ok(Finished { reply: completed.reply.map(Reply::from) });
    Outcome for Open<'_>: Transfer, |opened| Ok(Transfer {
        span: None,
        offset: opened.offset,
        size_hint: opened.size_hint,
        unique_name: opened.unique_name.map(<[u8]>::to_vec),
        formats: opened.formats,
        reply: None,
        presumed_empty: false,
        completion: Some(seen_through(opened.transfer, b"")),
    });
}

/// What a path is made of, checked before anything is sent.
pub(super) fn text(bytes: &[u8]) -> Result<crate::codec::Text<'_>, Error> {
    crate::codec::Text::new(bytes).map_err(Error::Argument)
}
