//! A host that blocks, for a server that must not: its calls are made where they may block.

use ::std::io;
use ::std::marker::PhantomData;
use ::std::ops::Range;
use ::std::sync::Arc;
use ::std::vec::Vec;

use super::{
    Access, Accounts, AsyncAccounts, AsyncEntries, AsyncFile, AsyncFilesystem, ByteRange, Changes, Digest,
    File, Filesystem, HashAlgorithm, HostReply, Opened, OwnedCommand, OwnedPath, Refusal, VirtualPath,
    Visitor, Wishes,
};
use crate::codec::Command;
use crate::io::runtime::Unblock;
use crate::listing::OwnedEntry;

/// How many entries are read at a time: enough that a change of threads does not count.
const PAGE: usize = 128;

/// Accounts or a file system, each of whose calls is made where `U` says.
#[derive(Debug)]
pub(crate) struct Offload<T, U> {
    inner: Arc<T>,
    unblock: PhantomData<fn() -> U>,
}

impl<T: Send + Sync + 'static, U: Unblock> Offload<T, U> {
    pub(crate) fn new(inner: impl Into<Arc<T>>) -> Self {
        Self { inner: inner.into(), unblock: PhantomData }
    }

    async fn call<O: Send + 'static>(&self, call: impl FnOnce(&T) -> O + Send + 'static) -> O {
        let inner = Arc::clone(&self.inner);
        U::unblock(move || call(&inner)).await
    }
}

impl<A: Accounts, U: Unblock> AsyncAccounts for Offload<A, U> {
    type Filesystem = Offload<A::Filesystem, U>;

    async fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Self::Filesystem>, Refusal> {
        let (visitor, password) = (visitor.clone(), password.to_vec());
        let filesystem = self.call(move |accounts| accounts.login(&visitor, &password)).await?;
        Ok(Arc::new(Offload::new(filesystem)))
    }

    async fn account(&self, visitor: &Visitor, account: &[u8]) -> Result<Arc<Self::Filesystem>, Refusal> {
        let (visitor, account) = (visitor.clone(), account.to_vec());
        let filesystem = self.call(move |accounts| accounts.account(&visitor, &account)).await?;
        Ok(Arc::new(Offload::new(filesystem)))
    }

    async fn host(&self, visitor: &Visitor, name: &[u8]) -> Result<(), Refusal> {
        let (visitor, name) = (visitor.clone(), name.to_vec());
        self.call(move |accounts| accounts.host(&visitor, &name)).await
    }

    async fn command(&self, visitor: &Visitor, command: &Command<'_>) -> Result<HostReply, Refusal> {
        let (visitor, command) = (visitor.clone(), OwnedCommand::from(command));
        self.call(move |accounts| accounts.command(&visitor, &command.lent()?)).await
    }
}

impl<F: Filesystem, U: Unblock> AsyncFilesystem for Offload<F, U> {
    type File = OffloadFile<F::File, U>;
    type Entries = OffloadEntries<F::Entries, U>;

    async fn entry(&self, path: VirtualPath<'_>, follow: bool) -> Result<OwnedEntry, Refusal> {
        let path = OwnedPath::from(path);
        self.call(move |inner| inner.entry(path.lent(), follow)).await
    }

    async fn entries(&self, path: VirtualPath<'_>) -> Result<Self::Entries, Refusal> {
        let path = OwnedPath::from(path);
        let entries = self.call(move |inner| inner.entries(path.lent())).await?;
        Ok(OffloadEntries { inner: Some(entries), failed: None, unblock: PhantomData })
    }

    async fn open(
        &self,
        path: VirtualPath<'_>,
        access: Access,
        wishes: &Wishes,
    ) -> Result<Opened<Self::File>, Refusal> {
        let (path, wishes) = (OwnedPath::from(path), *wishes);
        let Opened { file, size, unique_name } =
            self.call(move |inner| inner.open(path.lent(), access, &wishes)).await?;
        Ok(Opened { file: OffloadFile { inner: Some(file), unblock: PhantomData }, size, unique_name })
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
    /// `None` while they are away, and after their end.
    inner: Option<I>,
    /// What went wrong behind the last page.
    failed: Option<io::Error>,
    unblock: PhantomData<fn() -> U>,
}

impl<I, U> AsyncEntries for OffloadEntries<I, U>
where
    I: Iterator<Item = io::Result<OwnedEntry>> + Send + 'static,
    U: Unblock,
{
    async fn next_page(&mut self) -> io::Result<Vec<OwnedEntry>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let Some(mut inner) = self.inner.take() else { return Ok(Vec::new()) };
        let (inner, page, failed) = U::unblock(move || {
            let mut page = Vec::new();
            while page.len() < PAGE {
                match inner.next() {
                    Some(Ok(entry)) => page.push(entry),
                    Some(Err(error)) => return (None, page, Some(error)),
                    None => return (None, page, None),
                }
            }
            (Some(inner), page, None)
        })
        .await;
        (self.inner, self.failed) = (inner, failed);
        match self.failed.take_if(|_| page.is_empty()) {
            Some(error) => Err(error),
            None => Ok(page),
        }
    }
}

/// A file of an [`Offload`].
#[derive(Debug)]
pub(crate) struct OffloadFile<F, U> {
    /// `None` while it is away, and when it never came back.
    inner: Option<F>,
    unblock: PhantomData<fn() -> U>,
}

impl<F: File + 'static, U: Unblock> OffloadFile<F, U> {
    /// Makes a call on the file, with a buffer that is lent to it.
    async fn call<T: Send + 'static>(
        &mut self,
        mut buffer: Vec<u8>,
        call: impl FnOnce(&mut F, &mut [u8]) -> io::Result<T> + Send + 'static,
    ) -> (Vec<u8>, io::Result<T>) {
        let Some(mut file) = self.inner.take() else {
            return (buffer, Err(io::Error::other("a call on the file was given up")));
        };
        let (file, buffer, result) = U::unblock(move || {
            let result = call(&mut file, &mut buffer);
            (file, buffer, result)
        })
        .await;
        self.inner = Some(file);
        (buffer, result)
    }
}

impl<F: File + 'static, U: Unblock> AsyncFile for OffloadFile<F, U> {
    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (bytes, read) = self.call(vec![0; buffer.len()], |file, buffer| file.read(buffer)).await;
        buffer.copy_from_slice(&bytes);
        read
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.call(bytes.to_vec(), |file, bytes| file.write(bytes)).await.1
    }

    async fn finish(self) -> Result<(), Refusal> {
        match self.inner {
            Some(file) => U::unblock(move || file.finish()).await,
            None => Err(Refusal::Failed),
        }
    }

    fn as_file(&self) -> Option<&::std::fs::File> {
        self.inner.as_ref().and_then(File::as_file)
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
