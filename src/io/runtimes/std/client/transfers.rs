//! Methods that open a data connection, or set how data is sent on it.

use ::std::fs::File;
use ::std::io;

use super::{Client, Downloads, Entries, Retrieve, Store, block_on};
use crate::client::ExpectedSize;
use crate::codec::{ByteRange, Digest, FileStructure, RepresentationType, TransferMode};
use crate::io::{Error, FxpError, Listed, ListingLimits, Removal, Removed, Replaced, Walker};
use crate::listing::Entry;
use crate::transfer::Marker;

impl Client {
    /// Downloads `path`.
    ///
    /// # Errors
    /// Those of [`io::Client::retrieve`](crate::io::Client::retrieve).
    pub fn retrieve(&mut self, path: impl AsRef<[u8]>) -> Result<Retrieve<'_>, Error> {
        block_on(self.0.retrieve(path)).map(Retrieve)
    }

    /// Downloads `path` from byte `offset` on.
    ///
    /// # Errors
    /// Those of [`io::Client::retrieve_from`](crate::io::Client::retrieve_from).
    pub fn retrieve_from(&mut self, path: impl AsRef<[u8]>, offset: u64) -> Result<Retrieve<'_>, Error> {
        block_on(self.0.retrieve_from(path, offset)).map(Retrieve)
    }

    /// Downloads `path` from byte `offset` on in the given representation type.
    ///
    /// # Errors
    /// Those of [`io::Client::retrieve_as`](crate::io::Client::retrieve_as).
    pub fn retrieve_as(
        &mut self,
        path: impl AsRef<[u8]>,
        offset: u64,
        representation: RepresentationType,
    ) -> Result<Retrieve<'_>, Error> {
        block_on(self.0.retrieve_as(path, offset, representation)).map(Retrieve)
    }

    /// Downloads `path`, whose size is known, from byte `offset` on.
    ///
    /// # Errors
    /// Those of [`io::Client::retrieve_expecting`](crate::io::Client::retrieve_expecting).
    pub fn retrieve_expecting(
        &mut self,
        path: impl AsRef<[u8]>,
        offset: u64,
        size: ExpectedSize,
    ) -> Result<Retrieve<'_>, Error> {
        block_on(self.0.retrieve_expecting(path, offset, size)).map(Retrieve)
    }

    /// Downloads a range of the bytes of `path` (RANG).
    ///
    /// # Errors
    /// Those of [`io::Client::retrieve_range`](crate::io::Client::retrieve_range).
    pub fn retrieve_range(
        &mut self,
        path: impl AsRef<[u8]>,
        range: ByteRange,
    ) -> Result<Retrieve<'_>, Error> {
        block_on(self.0.retrieve_range(path, range)).map(Retrieve)
    }

    /// Continues a broken download at `marker`, in the same representation type, structure and mode
    /// (RFC 959 3.5).
    ///
    /// # Errors
    /// Those of [`io::Client::retrieve_at`](crate::io::Client::retrieve_at).
    pub fn retrieve_at(
        &mut self,
        path: impl AsRef<[u8]>,
        representation: RepresentationType,
        marker: &Marker,
    ) -> Result<Retrieve<'_>, Error> {
        block_on(self.0.retrieve_at(path, representation, marker)).map(Retrieve)
    }

    /// Downloads `path` from byte `offset` on, with a transfer that owns the client: for types that
    /// store a transfer, such as an open file of a virtual file system. [`Retrieve::into_client`]
    /// returns the client.
    ///
    /// # Errors
    /// Those of [`io::Client::retrieve_owned`](crate::io::Client::retrieve_owned).
    pub fn retrieve_owned(
        self,
        path: impl AsRef<[u8]>,
        offset: u64,
    ) -> Result<Retrieve<'static>, (Self, Error)> {
        block_on(self.0.retrieve_owned(path, offset))
            .map(Retrieve)
            .map_err(|(client, error)| (Self(client), error))
    }

    /// Downloads many files, one after the other; see
    /// [`io::Client::retrieve_many`](crate::io::Client::retrieve_many).
    ///
    /// ```no_run
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::fs::File;
    /// use ftp_proto::client::Config;
    /// use ftp_proto::io::std::Client;
    ///
    /// let mut config = Config::default();
    /// config.pipelining = true;
    /// let mut client = Client::builder().config(config).connect("ftp.example.org:21")?;
    /// client.login("anonymous", "guest@example.org")?;
    /// let mut downloads = client.retrieve_many(["one", "two", "three"]);
    /// while let Some((name, download)) = downloads.next_file() {
    ///     download?.receive_into(&File::create(name)?)?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn retrieve_many<I>(&mut self, paths: I) -> Downloads<'_, I::IntoIter>
    where
        I: IntoIterator<Item: AsRef<[u8]>>,
    {
        Downloads(self.0.retrieve_many(paths))
    }

    /// Uploads to `path`, replacing an existing file.
    ///
    /// # Errors
    /// Those of [`io::Client::store`](crate::io::Client::store).
    pub fn store(&mut self, path: impl AsRef<[u8]>) -> Result<Store<'_>, Error> {
        block_on(self.0.store(path)).map(Store)
    }

    /// Uploads to `path`, writing from byte `offset` of the existing file onwards.
    ///
    /// # Errors
    /// Those of [`io::Client::store_from`](crate::io::Client::store_from).
    pub fn store_from(&mut self, path: impl AsRef<[u8]>, offset: u64) -> Result<Store<'_>, Error> {
        block_on(self.0.store_from(path, offset)).map(Store)
    }

    /// Uploads to `path` in the given representation type.
    ///
    /// # Errors
    /// Those of [`io::Client::store_as`](crate::io::Client::store_as).
    pub fn store_as(
        &mut self,
        path: impl AsRef<[u8]>,
        representation: RepresentationType,
    ) -> Result<Store<'_>, Error> {
        block_on(self.0.store_as(path, representation)).map(Store)
    }

    /// Continues a broken upload at `marker`, in the same representation type, structure and mode
    /// (RFC 959 3.5).
    ///
    /// # Errors
    /// Those of [`io::Client::store_at`](crate::io::Client::store_at).
    pub fn store_at(
        &mut self,
        path: impl AsRef<[u8]>,
        representation: RepresentationType,
        marker: &Marker,
    ) -> Result<Store<'_>, Error> {
        block_on(self.0.store_at(path, representation, marker)).map(Store)
    }

    /// Uploads to the end of `path`.
    ///
    /// # Errors
    /// Those of [`io::Client::append`](crate::io::Client::append).
    pub fn append(&mut self, path: impl AsRef<[u8]>) -> Result<Store<'_>, Error> {
        block_on(self.0.append(path)).map(Store)
    }

    /// Uploads under a name that the server chooses (STOU).
    ///
    /// # Errors
    /// Those of [`io::Client::store_unique`](crate::io::Client::store_unique).
    pub fn store_unique(&mut self) -> Result<Store<'_>, Error> {
        block_on(self.0.store_unique()).map(Store)
    }

    /// Uploads to `path`, writing from byte `offset` of the existing file onwards, with a transfer
    /// that owns the client; see [`retrieve_owned`](Self::retrieve_owned). [`Store::finish_owned`]
    /// returns the client.
    ///
    /// # Errors
    /// Those of [`io::Client::store_owned`](crate::io::Client::store_owned).
    pub fn store_owned(self, path: impl AsRef<[u8]>, offset: u64) -> Result<Store<'static>, (Self, Error)> {
        block_on(self.0.store_owned(path, offset)).map(Store).map_err(|(client, error)| (Self(client), error))
    }

    /// Uploads `file` so that nobody ever sees a part of it at `path`: under another name first.
    ///
    /// # Errors
    /// Those of [`io::Client::store_atomic`](crate::io::Client::store_atomic).
    pub fn store_atomic(
        &mut self,
        path: impl AsRef<[u8]>,
        file: &File,
        digest: Option<Digest>,
    ) -> io::Result<Replaced> {
        block_on(self.0.store_atomic(path, file, digest))
    }

    /// Lists the directory `path`, with MLSD if the server has it, otherwise with LIST.
    ///
    /// # Errors
    /// Those of [`io::Client::list`](crate::io::Client::list).
    pub fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Entries<'_>, Error> {
        block_on(self.0.list(path)).map(Entries)
    }

    /// Lists the names in the directory `path` (NLST).
    ///
    /// # Errors
    /// Those of [`io::Client::names`](crate::io::Client::names).
    pub fn names(&mut self, path: impl AsRef<[u8]>) -> Result<Entries<'_>, Error> {
        block_on(self.0.names(path)).map(Entries)
    }

    /// Lists the whole directory `path` into memory, as [`list`](Self::list) does entry by entry.
    ///
    /// # Errors
    /// Those of [`io::Client::list_all`](crate::io::Client::list_all).
    pub fn list_all(&mut self, path: impl AsRef<[u8]>, limits: &ListingLimits) -> Result<Listed, Error> {
        block_on(self.0.list_all(path, limits))
    }

    /// Lists all names in the directory `path` into memory, as [`names`](Self::names) does one by
    /// one.
    ///
    /// # Errors
    /// Those of [`io::Client::names_all`](crate::io::Client::names_all).
    pub fn names_all(&mut self, path: impl AsRef<[u8]>, limits: &ListingLimits) -> Result<Listed, Error> {
        block_on(self.0.names_all(path, limits))
    }

    /// Takes the next step of a removal: lists a directory, or removes one file or directory.
    ///
    /// # Errors
    /// Those of [`io::Client::remove_all`](crate::io::Client::remove_all).
    pub fn remove_all(&mut self, removal: &mut Removal) -> Result<Option<Removed>, Error> {
        block_on(self.0.remove_all(removal))
    }

    /// Lists the next directory of a walk. Returns `None` after the last.
    ///
    /// # Errors
    /// Those of [`io::Client::walk`](crate::io::Client::walk).
    pub fn walk(
        &mut self,
        walker: &mut Walker,
        enter: impl FnMut(&[u8], &Entry<'_>) -> bool,
    ) -> Result<Option<Listed>, Error> {
        block_on(self.0.walk(walker, enter))
    }

    /// Downloads the raw bytes of a LIST, for people to read.
    ///
    /// # Errors
    /// Those of [`io::Client::list_raw`](crate::io::Client::list_raw).
    pub fn list_raw(&mut self, path: impl AsRef<[u8]>) -> Result<Retrieve<'_>, Error> {
        block_on(self.0.list_raw(path)).map(Retrieve)
    }

    /// Downloads the data sent by a command of your own, such as `XDAT report` or `LIST -la`.
    ///
    /// # Errors
    /// Those of [`io::Client::receive_raw`](crate::io::Client::receive_raw).
    pub fn receive_raw(&mut self, line: impl AsRef<[u8]>) -> Result<Retrieve<'_>, Error> {
        block_on(self.0.receive_raw(line)).map(Retrieve)
    }

    /// Uploads the data taken by a command of your own; the counterpart of
    /// [`receive_raw`](Self::receive_raw).
    ///
    /// # Errors
    /// Those of [`io::Client::send_raw`](crate::io::Client::send_raw).
    pub fn send_raw(&mut self, line: impl AsRef<[u8]>) -> Result<Store<'_>, Error> {
        block_on(self.0.send_raw(line)).map(Store)
    }

    /// Sets the transfer mode from now on (RFC 959 3.4). [`TransferMode::Deflate`] saves bytes on
    /// slow networks; it needs the feature `deflate` and a server that has MODE Z.
    ///
    /// # Errors
    /// Those of [`io::Client::set_mode`](crate::io::Client::set_mode).
    pub fn set_mode(&mut self, mode: TransferMode) -> Result<(), Error> {
        block_on(self.0.set_mode(mode))
    }

    /// Sets the level at which the server compresses in [`TransferMode::Deflate`], 0 to 9, or
    /// `None` for its default. [`Config::deflate_level`](crate::client::Config::deflate_level) sets
    /// the level of uploads.
    ///
    /// # Errors
    /// Those of [`io::Client::set_deflate_level`](crate::io::Client::set_deflate_level).
    pub fn set_deflate_level(&mut self, level: Option<u8>) -> Result<(), Error> {
        block_on(self.0.set_deflate_level(level))
    }

    /// Sets the structure of files from now on (RFC 959 3.1.2).
    ///
    /// # Errors
    /// Those of [`io::Client::set_structure`](crate::io::Client::set_structure).
    pub fn set_structure(&mut self, structure: FileStructure) -> Result<(), Error> {
        block_on(self.0.set_structure(structure))
    }

    /// Has this client's server send the file `from` to the server of `target`, which stores it as
    /// `to`.
    ///
    /// # Errors
    /// Those of [`io::Client::transfer_to`](crate::io::Client::transfer_to).
    pub fn transfer_to(
        &mut self,
        from: impl AsRef<[u8]>,
        target: &mut Self,
        to: impl AsRef<[u8]>,
    ) -> Result<(), FxpError> {
        block_on(self.0.transfer_to(from, &mut target.0, to))
    }
}
