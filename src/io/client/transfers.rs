//! Methods of a client that open a data connection, or set how data is sent on it.

use super::collect::Lists;
use super::connection::Connection;
use super::outcome::text;
use super::{
    Client, Downloads, Entries, Error, FxpError, Listed, ListingLimits, Removal, Removed, Retrieve, Store,
    Walker, fxp, remove, walk,
};
use crate::client::{self, Open, Operation};
use crate::codec::{ByteRange, FileStructure, Invalid, RepresentationType, TransferMode};
use crate::io::net::runtime::Runtime;
use crate::listing::Entry;
use crate::transfer::{Coding, Marker};

impl<R: Runtime> Client<R> {
    /// Downloads `path`. The end of the data is reported only after the server has confirmed it.
    ///
    /// # Errors
    /// Fails if the server refuses, or the data connection cannot be opened.
    pub async fn retrieve(&mut self, path: impl AsRef<[u8]>) -> Result<Retrieve<'_, R>, Error> {
        self.retrieve_as(path, 0, RepresentationType::Image).await
    }

    /// Downloads `path` from byte `offset` on. Check [`Retrieve::offset`]: a server that cannot
    /// restart begins at 0.
    ///
    /// # Errors
    /// Those of [`retrieve`](Self::retrieve).
    pub async fn retrieve_from(
        &mut self,
        path: impl AsRef<[u8]>,
        offset: u64,
    ) -> Result<Retrieve<'_, R>, Error> {
        self.retrieve_as(path, offset, RepresentationType::Image).await
    }

    /// Downloads `path` from byte `offset` on in the given representation type. The line ends of
    /// text in TYPE A are converted to LF.
    ///
    /// # Errors
    /// Those of [`retrieve`](Self::retrieve).
    pub async fn retrieve_as(
        &mut self,
        path: impl AsRef<[u8]>,
        offset: u64,
        representation: RepresentationType,
    ) -> Result<Retrieve<'_, R>, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.download(client::retrieve(text(&path)?, representation, offset), &path).await
    }

    /// Downloads `path`, whose size is known, from byte `offset` on. A download that ends early is
    /// an error ([`TransferFailure::Short`](client::TransferFailure::Short)), unless the server's
    /// SIZE, which is then requested, says that the file is no larger. A longer one is not: the file
    /// may have grown since. Compare the number of bytes received to find out. A file that changes
    /// while it is transferred, and keeps its length, cannot be told by its size.
    ///
    /// # Errors
    /// Those of [`retrieve`](Self::retrieve).
    pub async fn retrieve_expecting(
        &mut self,
        path: impl AsRef<[u8]>,
        offset: u64,
        size: client::ExpectedSize,
    ) -> Result<Retrieve<'_, R>, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        let operation = client::retrieve(text(&path)?, RepresentationType::Image, offset);
        self.download(operation.expect_size(size), &path).await
    }

    /// Downloads a range of the bytes of `path` (RANG).
    ///
    /// # Errors
    /// Those of [`retrieve`](Self::retrieve). Also fails if the server does not have RANG.
    pub async fn retrieve_range(
        &mut self,
        path: impl AsRef<[u8]>,
        range: ByteRange,
    ) -> Result<Retrieve<'_, R>, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.download(client::retrieve_range(text(&path)?, range), &path).await
    }

    /// Continues a broken download at `marker`, in the same representation type, structure and mode
    /// (RFC 959 3.5). The server sends the bytes from [`Marker::position`] on, however many were
    /// read after the marker. Check [`Retrieve::offset`]: a server that cannot restart begins at 0.
    ///
    /// # Errors
    /// Those of [`retrieve`](Self::retrieve).
    pub async fn retrieve_at(
        &mut self,
        path: impl AsRef<[u8]>,
        representation: RepresentationType,
        marker: &Marker,
    ) -> Result<Retrieve<'_, R>, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        let operation = client::retrieve(text(&path)?, representation, 0).restart_at(marker);
        self.download(operation, &path).await
    }

    /// Downloads `path` from byte `offset` on, with a transfer that owns the client: for types that
    /// store a transfer, such as an open file of a virtual file system. [`Retrieve::into_client`]
    /// returns the client.
    ///
    /// # Errors
    /// Those of [`retrieve`](Self::retrieve). The client is returned along with the error.
    pub async fn retrieve_owned(
        mut self,
        path: impl AsRef<[u8]>,
        offset: u64,
    ) -> Result<Retrieve<'static, R>, (Self, Error)> {
        let opened = match self.connection.wire_path(path.as_ref()) {
            Ok(path) => self.connection.open_file(&path, offset).await,
            Err(error) => Err(error),
        };
        match opened {
            Ok(transfer) => Ok(Retrieve::new(self.connection.into(), transfer)),
            Err(error) => Err((self, error)),
        }
    }

    /// Downloads many files, one after the other. Each has its own outcome. See
    /// [`Downloads::next_file`].
    ///
    /// With [`Config::pipelining`](client::Config::pipelining), a file costs the control connection
    /// one round trip instead of two: the address for the data of the next file is requested with
    /// each file, and data connections are opened while their commands are on their way. This works
    /// in passive mode and with servers that take commands in order. Other servers are recognized,
    /// and get one command at a time; see [`Operation::in_series`].
    ///
    /// ```
    /// use ::std::fs::File;
    /// use ftp_proto::io::{Client, Runtime};
    ///
    /// /// Downloads these files to the working directory. Returns the errors.
    /// async fn fetch<R: Runtime>(client: &mut Client<R>, names: &[&str]) -> Vec<::std::io::Error> {
    ///     let mut errors = Vec::new();
    ///     let mut downloads = client.retrieve_many(names);
    ///     while let Some((name, download)) = downloads.next_file().await {
    ///         let fetched = async { download?.receive_into(&File::create(name)?).await };
    ///         errors.extend(fetched.await.err());
    ///     }
    ///     errors
    /// }
    /// ```
    pub fn retrieve_many<I>(&mut self, paths: I) -> Downloads<'_, R, I::IntoIter>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        Downloads::new(&mut self.connection, paths.into_iter())
    }

    /// Uploads to `path`, replacing an existing file. Write the data, then call [`Store::finish`].
    ///
    /// # Errors
    /// Fails if the server refuses, or the data connection cannot be opened.
    pub async fn store(&mut self, path: impl AsRef<[u8]>) -> Result<Store<'_, R>, Error> {
        self.store_as(path, RepresentationType::Image).await
    }

    /// Uploads to `path`, writing from byte `offset` of the existing file onwards.
    ///
    /// # Errors
    /// Those of [`store`](Self::store). Also fails if the server cannot restart.
    pub async fn store_from(&mut self, path: impl AsRef<[u8]>, offset: u64) -> Result<Store<'_, R>, Error> {
        let path = self.connection.wire_new(path.as_ref()).await?;
        self.upload(client::store(text(&path)?, RepresentationType::Image, offset)).await
    }

    /// Uploads to `path` in the given representation type. The line ends of text in TYPE A are sent
    /// as CRLF.
    ///
    /// # Errors
    /// Those of [`store`](Self::store).
    pub async fn store_as(
        &mut self,
        path: impl AsRef<[u8]>,
        representation: RepresentationType,
    ) -> Result<Store<'_, R>, Error> {
        let path = self.connection.wire_new(path.as_ref()).await?;
        self.upload(client::store(text(&path)?, representation, 0)).await
    }

    /// Continues a broken upload at `marker`, in the same representation type, structure and mode
    /// (RFC 959 3.5). Write the bytes of the file from [`Marker::position`] on.
    ///
    /// # Errors
    /// Those of [`store`](Self::store), and if the server cannot restart.
    pub async fn store_at(
        &mut self,
        path: impl AsRef<[u8]>,
        representation: RepresentationType,
        marker: &Marker,
    ) -> Result<Store<'_, R>, Error> {
        let path = self.connection.wire_new(path.as_ref()).await?;
        self.upload(client::store(text(&path)?, representation, 0).restart_at(marker)).await
    }

    /// Uploads to the end of `path`.
    ///
    /// # Errors
    /// Those of [`store`](Self::store).
    pub async fn append(&mut self, path: impl AsRef<[u8]>) -> Result<Store<'_, R>, Error> {
        let path = self.connection.wire_new(path.as_ref()).await?;
        self.upload(client::append(text(&path)?, RepresentationType::Image)).await
    }

    /// Uploads under a name that the server chooses (STOU). The name is in [`Store::unique_name`]
    /// or in the final reply.
    ///
    /// # Errors
    /// Those of [`store`](Self::store).
    pub async fn store_unique(&mut self) -> Result<Store<'_, R>, Error> {
        self.upload(client::store_unique(None, RepresentationType::Image)).await
    }

    /// Uploads to `path`, writing from byte `offset` of the existing file onwards, with a transfer
    /// that owns the client; see [`retrieve_owned`](Self::retrieve_owned). [`Store::finish_owned`]
    /// returns the client.
    ///
    /// # Errors
    /// Those of [`store_from`](Self::store_from). The client is returned along with the error.
    pub async fn store_owned(
        mut self,
        path: impl AsRef<[u8]>,
        offset: u64,
    ) -> Result<Store<'static, R>, (Self, Error)> {
        match self.connection.open_new_file(path.as_ref(), offset).await {
            Ok(transfer) => Ok(Store::new(self.connection.into(), transfer)),
            Err(error) => Err((self, error)),
        }
    }

    /// Lists the directory `path`, with MLSD if the server has it, otherwise with LIST. An empty
    /// path is the working directory.
    ///
    /// # Errors
    /// Fails if the server refuses, or the data connection cannot be opened.
    pub async fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Entries<'_, R>, Error> {
        self.listing(path.as_ref(), client::entries).await
    }

    /// Lists the names in the directory `path` (NLST). Some servers prefix them with a directory.
    ///
    /// # Errors
    /// Fails if the server refuses, as some do for an empty directory.
    pub async fn names(&mut self, path: impl AsRef<[u8]>) -> Result<Entries<'_, R>, Error> {
        self.listing(path.as_ref(), client::names).await
    }

    /// Lists the whole directory `path` into memory, as [`list`](Self::list) does entry by entry.
    ///
    /// # Errors
    /// Those of [`list`](Self::list). Also fails if the directory has more than `limits` allow.
    pub async fn list_all(
        &mut self,
        path: impl AsRef<[u8]>,
        limits: &ListingLimits,
    ) -> Result<Listed, Error> {
        walk::list(&mut self.connection, path.as_ref(), client::entries, limits).await
    }

    /// Lists all names in the directory `path` into memory, as [`names`](Self::names) does one by
    /// one.
    ///
    /// # Errors
    /// Those of [`names`](Self::names). Also fails if the directory has more than `limits` allow.
    pub async fn names_all(
        &mut self,
        path: impl AsRef<[u8]>,
        limits: &ListingLimits,
    ) -> Result<Listed, Error> {
        walk::list(&mut self.connection, path.as_ref(), client::names, limits).await
    }

    /// Takes the next step of a removal: lists a directory, or removes one file or directory.
    /// Returns `None` after the last step.
    ///
    /// # Errors
    /// Fails if the server refuses the step; [`Removal::path`] returns the path that it was about.
    /// The next call continues with the rest.
    pub async fn remove_all(&mut self, removal: &mut Removal) -> Result<Option<Removed>, Error> {
        remove::step(&mut self.connection, removal).await
    }

    /// Lists the next directory of a walk. Returns `None` after the last. `enter` is called with
    /// each subdirectory, and its path below the root of the walk; those for which it returns
    /// `false` are not walked.
    ///
    /// # Errors
    /// Fails if the server refuses to list the directory, whose path is [`Walker::path`], or if the
    /// listing breaks off. The next call continues with the next directory, unless
    /// [`Walker::retry`] is called before.
    pub async fn walk(
        &mut self,
        walker: &mut Walker,
        enter: impl FnMut(&[u8], &Entry<'_>) -> bool,
    ) -> Result<Option<Listed>, Error> {
        walk::walk(&mut self.connection, walker, enter).await
    }

    /// Downloads the raw bytes of a LIST, for people to read.
    ///
    /// # Errors
    /// Those of [`list`](Self::list).
    pub async fn list_raw(&mut self, path: impl AsRef<[u8]>) -> Result<Retrieve<'_, R>, Error> {
        let path = self.connection.wire_name(path.as_ref())?;
        let transfer = self.connection.open_listing(&path, client::list).await?;
        Ok(Retrieve::new((&mut *self.connection).into(), transfer))
    }

    /// Downloads the data sent by a command of your own, such as `XDAT report` or `LIST -la`. The
    /// line is sent unchanged, in the representation type that is in force.
    ///
    /// # Errors
    /// Fails if the line cannot be sent or its command sends no data. Also fails like
    /// [`retrieve`](Self::retrieve).
    pub async fn receive_raw(&mut self, line: impl AsRef<[u8]>) -> Result<Retrieve<'_, R>, Error> {
        let line = line.as_ref();
        self.download(client::receive_raw(text(line)?, None).map_err(Error::Raw)?, b"").await
    }

    /// Uploads data with a command of your own; the counterpart of
    /// [`receive_raw`](Self::receive_raw).
    ///
    /// # Errors
    /// Fails if the line cannot be sent or its command takes no data. Also fails like
    /// [`store`](Self::store).
    pub async fn send_raw(&mut self, line: impl AsRef<[u8]>) -> Result<Store<'_, R>, Error> {
        let line = line.as_ref();
        self.upload(client::send_raw(text(line)?, None).map_err(Error::Raw)?).await
    }

    /// Sets the transfer mode from now on (RFC 959 3.4). [`TransferMode::Deflate`] saves bytes on
    /// slow networks; it needs the feature `deflate` and a server that has MODE Z.
    ///
    /// # Errors
    /// Fails if the server refuses, or this build does not have the mode.
    pub async fn set_mode(&mut self, mode: TransferMode) -> Result<(), Error> {
        if !(Coding { mode, ..Coding::IDENTITY }).is_supported() {
            let expected = "a transfer mode that this build has (MODE Z needs the feature `deflate`)";
            return Err(Error::Argument(Invalid::new(expected)));
        }
        self.run(client::mode(mode)).await.map(drop)
    }

    /// Sets the level at which the server compresses in [`TransferMode::Deflate`], 0 to 9, or
    /// `None` for its default. [`Config::deflate_level`](client::Config::deflate_level) sets the
    /// level of uploads.
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn set_deflate_level(&mut self, level: Option<u8>) -> Result<(), Error> {
        self.run(client::deflate_level(level)).await.map(drop)
    }

    /// Sets the structure of files from now on (RFC 959 3.1.2).
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn set_structure(&mut self, structure: FileStructure) -> Result<(), Error> {
        self.run(client::structure(structure)).await.map(drop)
    }

    /// Has this client's server send the file `from` to the server of `target`, which stores it as
    /// `to`. No byte of the file passes through this program. Both clients have to be logged in,
    /// and both remain usable afterwards. Most servers refuse this, and protecting the data between
    /// them requires a server with SSCN; see [`fxp`](client::fxp()).
    ///
    /// # Errors
    /// Fails if either server refuses, or its connection breaks.
    pub async fn transfer_to(
        &mut self,
        from: impl AsRef<[u8]>,
        target: &mut Self,
        to: impl AsRef<[u8]>,
    ) -> Result<(), FxpError> {
        let source = |error| FxpError { side: client::Side::Source, error };
        let target_side = |error| FxpError { side: client::Side::Target, error };
        let from = self.connection.wire_path(from.as_ref()).map_err(source)?;
        let to = target.connection.wire_path(to.as_ref()).map_err(target_side)?;
        let (from, to) = (text(&from).map_err(source)?, text(&to).map_err(target_side)?);
        self.connection.go_home().await.map_err(source)?;
        target.connection.go_home().await.map_err(target_side)?;
        let fxp = client::fxp(from, to, RepresentationType::Image, 0);
        fxp::run(&mut self.connection, &mut target.connection, fxp).await
    }

    async fn download(
        &mut self,
        operation: Operation<Open<'_>>,
        path: &[u8],
    ) -> Result<Retrieve<'_, R>, Error> {
        let transfer = self.connection.open(operation).await?.of_file(path);
        Ok(Retrieve::new((&mut *self.connection).into(), transfer))
    }

    async fn upload(&mut self, operation: Operation<Open<'_>>) -> Result<Store<'_, R>, Error> {
        let transfer = self.connection.open(operation).await?;
        Ok(Store::new((&mut *self.connection).into(), transfer))
    }

    async fn listing(&mut self, path: &[u8], lists: Lists) -> Result<Entries<'_, R>, Error> {
        let path = self.connection.wire_name(path)?;
        let transfer = self.connection.open_listing(&path, lists).await?;
        Ok(Entries::new((&mut *self.connection).into(), transfer))
    }
}

impl<R: Runtime> Connection<R> {
    async fn open_file(&mut self, path: &[u8], offset: u64) -> Result<super::transfer::Transfer, Error> {
        let operation = client::retrieve(text(path)?, RepresentationType::Image, offset);
        Ok(self.open(operation).await?.of_file(path))
    }

    async fn open_new_file(&mut self, path: &[u8], offset: u64) -> Result<super::transfer::Transfer, Error> {
        let path = self.wire_new(path).await?;
        self.open(client::store(text(&path)?, RepresentationType::Image, offset)).await
    }
}
