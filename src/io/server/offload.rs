//! Offers a blocking host to a server that must not block: the calls are made in threads that may
//! block.

use ::std::collections::HashMap;
use ::std::fmt;
use ::std::hash::Hash;
use ::std::io;
use ::std::marker::PhantomData;
use ::std::net::SocketAddr;
use ::std::ops::Range;
use ::std::sync::{Arc, Mutex, PoisonError, Weak};
use ::std::task::Poll;
use ::std::time::{Duration, Instant};
use ::std::vec::Vec;

use super::listed::LISTING_CHUNK;
use crate::codec::Command;
use crate::io::host::{
    Access, Accounts, AsyncAccounts, AsyncEntries, AsyncFile, AsyncFilesystem, ByteRange, Changes, Digest,
    DirectoryEntries, File, Filesystem, HashAlgorithm, HostReply, Opened, OwnedCommand, OwnedPath, Refusal,
    VirtualPath, Visitor, Wishes,
};
use crate::io::net::lane::{Calls, Lane};
use crate::io::net::runtime::Unblock;
use crate::listing::{Entry, Fields, OwnedEntry};
use crate::server::Lister;

/// Number of entries read per call: enough that the cost of switching threads is negligible, and so
/// few that a page takes about 100 KiB.
const PAGE: usize = 512;

/// Time after which a call that writes lines returns with those that it has, so that the client
/// receives something of a directory that is read slowly, and commands are handled.
const PATIENCE: Duration = Duration::from_millis(20);

/// Makes the calls of one session in the threads of a lane, and limits how many are in progress.
struct Caller<U> {
    lane: Lane,
    calls: Arc<Calls>,
    unblock: PhantomData<fn() -> U>,
}

impl<U> Clone for Caller<U> {
    fn clone(&self) -> Self {
        Self { lane: self.lane.clone(), calls: Arc::clone(&self.calls), unblock: PhantomData }
    }
}

impl<U> fmt::Debug for Caller<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller").finish_non_exhaustive()
    }
}

impl<U: Unblock> Caller<U> {
    const fn new(lane: Lane, calls: Arc<Calls>) -> Self {
        Self { lane, calls, unblock: PhantomData }
    }

    /// Makes a call. Returns `None` if the session has too many calls in progress, or no thread is
    /// available.
    async fn call<T: Send + 'static>(&self, call: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let begun = self.calls.begin()?;
        U::unblock_in(&self.lane, move || {
            let _begun = begun;
            call()
        })
        .await
    }

    /// Drops a value in a place where dropping it may take long.
    fn drop<T: Send + 'static>(&self, what: T) {
        // The future is not awaited; the value is dropped anyway.
        ::std::mem::drop(U::unblock_in(&self.lane, move || ::std::mem::drop(what)));
    }
}

/// Yields once to the rest of the session, for calls that were made in its own thread.
async fn yield_once() {
    let mut waited = false;
    ::std::future::poll_fn(|cx| {
        if ::std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

fn too_many() -> io::Error {
    io::ErrorKind::ResourceBusy.into()
}

/// Blocking [`Accounts`] as [`AsyncAccounts`], with each call made in the threads of `U`.
pub(crate) struct Offload<A, U> {
    inner: Arc<A>,
    lane: Lane,
    /// The sessions' counts of calls, by the addresses of the client and the server.
    sessions: Registry<(SocketAddr, SocketAddr), Calls>,
    /// Lanes of the file systems in use, by the memory address of the file system.
    lanes: Registry<usize, LaneOf>,
    unblock: PhantomData<fn() -> U>,
}

/// The lane of a file system, which exists as long as a session uses the file system.
#[derive(Debug, Default)]
struct LaneOf(Lane);

/// Values that are shared by key. Each exists as long as one of its owners.
struct Registry<K, T>(Mutex<HashMap<K, Weak<T>>>);

impl<K: Eq + Hash, T: Default> Registry<K, T> {
    fn get(&self, key: K) -> Arc<T> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = known.get(&key).and_then(Weak::upgrade) {
            return found;
        }
        if known.len() == known.capacity() {
            known.retain(|_, one| one.strong_count() > 0);
        }
        let new = Arc::new(T::default());
        known.insert(key, Arc::downgrade(&new));
        new
    }
}

impl<A: Accounts, U: Unblock> Offload<A, U> {
    pub(crate) fn new(inner: impl Into<Arc<A>>) -> Self {
        Self {
            inner: inner.into(),
            lane: Lane::default(),
            sessions: Registry(Mutex::default()),
            lanes: Registry(Mutex::default()),
            unblock: PhantomData,
        }
    }

    async fn call<O: Send + 'static>(
        &self,
        visitor: &Visitor,
        call: impl FnOnce(&A, &Visitor) -> Result<O, Refusal> + Send + 'static,
    ) -> Result<O, Refusal> {
        if !self.inner.blocks() {
            return call(&self.inner, visitor);
        }
        let (inner, visitor) = (Arc::clone(&self.inner), visitor.clone());
        let caller = Caller::<U>::new(self.lane.clone(), self.calls(&visitor));
        caller.call(move || call(&inner, &visitor)).await.unwrap_or(Err(Refusal::Busy))
    }

    fn calls(&self, visitor: &Visitor) -> Arc<Calls> {
        self.sessions.get((visitor.peer, visitor.local))
    }

    fn offload(
        &self,
        visitor: &Visitor,
        filesystem: Arc<A::Filesystem>,
    ) -> Arc<OffloadFilesystem<A::Filesystem, U>> {
        let lane = self.lanes.get(Arc::as_ptr(&filesystem) as usize);
        let caller = Caller::new(lane.0.clone(), self.calls(visitor));
        Arc::new(OffloadFilesystem { inner: filesystem, caller, _lane: lane })
    }
}

impl<A: Accounts, U: Unblock> AsyncAccounts for Offload<A, U> {
    type Filesystem = OffloadFilesystem<A::Filesystem, U>;

    async fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Self::Filesystem>, Refusal> {
        let password = password.to_vec();
        let filesystem =
            self.call(visitor, move |accounts, visitor| accounts.login(visitor, &password)).await?;
        Ok(self.offload(visitor, filesystem))
    }

    async fn login_by_certificate(&self, visitor: &Visitor) -> Result<Arc<Self::Filesystem>, Refusal> {
        let filesystem = self.call(visitor, A::login_by_certificate).await?;
        Ok(self.offload(visitor, filesystem))
    }

    async fn account(&self, visitor: &Visitor, account: &[u8]) -> Result<Arc<Self::Filesystem>, Refusal> {
        let account = account.to_vec();
        let filesystem =
            self.call(visitor, move |accounts, visitor| accounts.account(visitor, &account)).await?;
        Ok(self.offload(visitor, filesystem))
    }

    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        self.inner.is_anonymous(visitor)
    }

    async fn host(&self, visitor: &Visitor, name: &[u8]) -> Result<(), Refusal> {
        let name = name.to_vec();
        self.call(visitor, move |accounts, visitor| accounts.host(visitor, &name)).await
    }

    async fn command(&self, visitor: &Visitor, command: &Command<'_>) -> Result<HostReply, Refusal> {
        let command = OwnedCommand::from(command);
        self.call(visitor, move |accounts, visitor| accounts.command(visitor, &command.lent()?)).await
    }
}

/// A blocking [`Filesystem`] as an [`AsyncFilesystem`], with each call made in the threads of `U`.
pub(crate) struct OffloadFilesystem<F, U> {
    inner: Arc<F>,
    caller: Caller<U>,
    _lane: Arc<LaneOf>,
}

impl<F: Send + Sync + 'static, U: Unblock> OffloadFilesystem<F, U> {
    async fn call<O: Send + 'static>(
        &self,
        call: impl FnOnce(&F) -> Result<O, Refusal> + Send + 'static,
    ) -> Result<O, Refusal> {
        let inner = Arc::clone(&self.inner);
        self.caller.call(move || call(&inner)).await.unwrap_or(Err(Refusal::Busy))
    }
}

impl<F: Filesystem, U: Unblock> AsyncFilesystem for OffloadFilesystem<F, U> {
    type File = OffloadFile<F::File, U>;
    type Entries = OffloadEntries<F::Entries, U>;

    async fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal> {
        let path = OwnedPath::from(path);
        self.call(move |inner| inner.entry(path.lent(), follow)).await
    }

    async fn entries(&self, path: VirtualPath<'_>, fields: Fields) -> Result<Self::Entries, Refusal> {
        let path = OwnedPath::from(path);
        let entries = self.call(move |inner| inner.entries(path.lent(), fields)).await?;
        Ok(OffloadEntries { inner: Some(Ok(entries)), caller: self.caller.clone() })
    }

    async fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> Result<Opened<Self::File>, Refusal> {
        let cached = match access {
            Access::Read { offset } => self.inner.open_cached(path, offset),
            _ => None,
        };
        let (path, wishes) = (OwnedPath::from(path), *wishes);
        let Opened { file, size, unique_name } = match cached {
            Some(opened) => opened,
            None => self.call(move |inner| inner.open(path.lent(), access, &wishes)).await?,
        };
        let closes_at_once = matches!(access, Access::Read { .. }) && file.as_file().is_some();
        let file = OffloadFile { inner: Some(file), closes_at_once, caller: self.caller.clone() };
        Ok(Opened { file, size, unique_name })
    }

    async fn make_directory(&self, path: VirtualPath<'_>, wishes: &Wishes) -> Result<(), Refusal> {
        let (path, wishes) = (OwnedPath::from(path), *wishes);
        self.call(move |inner| inner.make_directory(path.lent(), &wishes)).await
    }

    async fn remove_directory(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        let path = OwnedPath::from(path);
        self.call(move |inner| inner.remove_directory(path.lent())).await
    }

    async fn remove_file(&self, path: VirtualPath<'_>) -> Result<(), Refusal> {
        let path = OwnedPath::from(path);
        self.call(move |inner| inner.remove_file(path.lent())).await
    }

    async fn rename(&self, from: VirtualPath<'_>, to: VirtualPath<'_>) -> Result<(), Refusal> {
        let (from, to) = (OwnedPath::from(from), OwnedPath::from(to));
        self.call(move |inner| inner.rename(from.lent(), to.lent())).await
    }

    async fn change(&self, path: VirtualPath<'_>, changes: &Changes) -> Result<(), Refusal> {
        let (path, changes) = (OwnedPath::from(path), *changes);
        self.call(move |inner| inner.change(path.lent(), &changes)).await
    }

    async fn symlink(&self, path: VirtualPath<'_>, target: &[u8]) -> Result<(), Refusal> {
        let (path, target) = (OwnedPath::from(path), target.to_vec());
        self.call(move |inner| inner.symlink(path.lent(), &target)).await
    }

    async fn combine(&self, path: VirtualPath<'_>, parts: &[VirtualPath<'_>]) -> Result<(), Refusal> {
        let path = OwnedPath::from(path);
        let parts: Vec<_> = parts.iter().copied().map(OwnedPath::from).collect();
        self.call(move |inner| {
            let parts: Vec<_> = parts.iter().map(OwnedPath::lent).collect();
            inner.combine(path.lent(), &parts)
        })
        .await
    }

    async fn available(&self, path: VirtualPath<'_>) -> Result<u64, Refusal> {
        let path = OwnedPath::from(path);
        self.call(move |inner| inner.available(path.lent())).await
    }

    async fn digest(
        &self,
        path: VirtualPath<'_>,
        algorithm: HashAlgorithm,
        range: ByteRange,
    ) -> Result<Digest, Refusal> {
        let path = OwnedPath::from(path);
        self.call(move |inner| inner.digest(path.lent(), algorithm, range)).await
    }

    async fn site(&self, directory: VirtualPath<'_>, line: &[u8]) -> Result<HostReply, Refusal> {
        let (directory, line) = (OwnedPath::from(directory), line.to_vec());
        self.call(move |inner| inner.site(directory.lent(), &line)).await
    }

    async fn command(&self, directory: VirtualPath<'_>, command: &Command<'_>) -> Result<HostReply, Refusal> {
        let (directory, command) = (OwnedPath::from(directory), OwnedCommand::from(command));
        self.call(move |inner| inner.command(directory.lent(), &command.lent()?)).await
    }
}

/// The entries of a directory of an [`Offload`].
#[derive(Debug)]
pub(crate) struct OffloadEntries<I, U> {
    /// The entries that are still to be read, or the error that follows those that were read.
    /// `None` while a call holds them, and at the end.
    inner: Option<io::Result<I>>,
    caller: Caller<U>,
}

impl<I: DirectoryEntries + 'static, U: Unblock> OffloadEntries<I, U> {
    /// Calls `read`, which adds the next entries to `to` and returns whether there are more. The
    /// next call returns its error, since entries may precede that.
    async fn read<T: Send + 'static>(
        &mut self,
        mut to: T,
        read: impl FnOnce(&mut I, &mut T) -> io::Result<bool> + Send + 'static,
    ) -> io::Result<T> {
        let Some(mut inner) = self.inner.take().transpose()? else { return Ok(to) };
        let called = self.caller.call(move || {
            let more = read(&mut inner, &mut to);
            (more.map(|more| more.then_some(inner)).transpose(), to)
        });
        let (inner, to) = called.await.ok_or_else(too_many)?;
        self.inner = inner;
        Ok(to)
    }
}

impl<I: DirectoryEntries + 'static, U: Unblock> AsyncEntries for OffloadEntries<I, U> {
    async fn next_page(&mut self) -> io::Result<Vec<OwnedEntry>> {
        loop {
            let read = self.read(Vec::new(), |inner, page| {
                loop {
                    let more = inner.next_entries(&mut |entry| page.push(Entry::to_owned(entry)))?;
                    if !more || page.len() >= PAGE {
                        return Ok(more);
                    }
                }
            });
            let page = read.await?;
            // An empty page means the end, but an error may follow.
            if !page.is_empty() || self.inner.is_none() {
                return Ok(page);
            }
        }
    }

    async fn next_lines(
        mut self,
        lister: Lister,
        lines: Vec<u8>,
    ) -> io::Result<(Option<Self>, Lister, Vec<u8>)> {
        let read = self.read((lister, lines), |inner, (lister, lines)| {
            let begun = Instant::now();
            loop {
                let more = inner.next_entries(&mut |entry| {
                    // Writing to a vector does not fail.
                    let _ = lister.write(entry, lines);
                })?;
                if !more || lines.len() >= LISTING_CHUNK || begun.elapsed() >= PATIENCE {
                    return Ok(more);
                }
            }
        });
        let (lister, lines) = read.await?;
        Ok((self.inner.is_some().then_some(self), lister, lines))
    }
}

/// A file of an [`Offload`].
#[derive(Debug)]
pub(crate) struct OffloadFile<F: Send + 'static, U: Unblock> {
    /// `None` while a call holds the file, and after a call that did not return it.
    inner: Option<F>,
    /// Set for a file of the operating system that is only read: closing it takes less time than a
    /// call in another thread.
    closes_at_once: bool,
    caller: Caller<U>,
}

impl<F: Send + 'static, U: Unblock> Drop for OffloadFile<F, U> {
    fn drop(&mut self) {
        if let Some(file) = self.inner.take_if(|_| !self.closes_at_once) {
            self.caller.drop(file);
        }
    }
}

impl<F: File + 'static, U: Unblock> OffloadFile<F, U> {
    /// Makes a call on the file, passing it a buffer by value.
    async fn call<T: Send + 'static>(
        &mut self,
        mut buffer: Vec<u8>,
        call: impl FnOnce(&mut F, &mut [u8]) -> io::Result<T> + Send + 'static,
    ) -> (Vec<u8>, io::Result<T>) {
        let Some(mut file) = self.inner.take() else {
            return (buffer, Err(io::Error::other("an earlier call on the file was abandoned")));
        };
        let called = self.caller.call(move || {
            let result = call(&mut file, &mut buffer);
            (file, buffer, result)
        });
        let Some((file, buffer, result)) = called.await else { return (Vec::new(), Err(too_many())) };
        self.inner = Some(file);
        (buffer, result)
    }
}

impl<F: File + 'static, U: Unblock> AsyncFile for OffloadFile<F, U> {
    // A call that hangs is not awaited; the thread that made it drops the file.
    const ABORTS_IN_ORDER: bool = false;

    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (bytes, read) = self.call(vec![0; buffer.len()], |file, buffer| file.read(buffer)).await;
        if read.is_ok() {
            buffer.copy_from_slice(&bytes);
        }
        read
    }

    async fn begin(&mut self) -> io::Result<()> {
        loop {
            match self.call(Vec::new(), |file, _| file.begin()).await.1 {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => yield_once().await,
                begun => return begun,
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call(bytes.to_vec(), |file, bytes| file.write(bytes)).await.1
    }

    async fn finish(mut self) -> Result<(), Refusal> {
        match self.inner.take() {
            Some(file) => self.caller.call(move || file.finish()).await.unwrap_or(Err(Refusal::Busy)),
            None => Err(Refusal::Failed),
        }
    }

    fn as_file(&self) -> Option<&::std::fs::File> {
        self.inner.as_ref().and_then(File::as_file)
    }

    async fn with_file<T: Send + 'static>(
        mut self,
        call: impl FnOnce(&::std::fs::File) -> T + Send + 'static,
    ) -> (Self, io::Result<T>) {
        let called = self.call(Vec::new(), |file, _| match file.as_file() {
            Some(file) => Ok(call(file)),
            None => Err(io::ErrorKind::Unsupported.into()),
        });
        let (_, result) = called.await;
        (self, result)
    }

    async fn read_owned(mut self, buffer: Vec<u8>) -> (Self, Vec<u8>, io::Result<usize>) {
        let (buffer, read) = self.call(buffer, |file, buffer| file.read(buffer)).await;
        (self, buffer, read)
    }

    async fn write_owned(mut self, bytes: Vec<u8>, range: Range<usize>) -> (Self, Vec<u8>, io::Result<()>) {
        let (bytes, written) = self
            .call(bytes, move |file, bytes| {
                let mut rest = bytes.get(range).unwrap_or_default();
                while !rest.is_empty() {
                    match file.write(rest) {
                        Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                        Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Err(error) => return Err(error),
                    }
                }
                Ok(())
            })
            .await;
        (self, bytes, written)
    }
}
