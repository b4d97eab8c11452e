//! The calls of a client and of its transfers, on any runtime.

use std::io::{self, Read, Write};
use std::rc::Rc;
use std::time::Duration;

use ::tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ftp_proto::client::{Expected, ExpectedSize, Offers, Profile, Verified};
use ftp_proto::codec::{Features, Timestamp};
use ftp_proto::io::{Error, Listed, ListingLimits, Removal, Removed, Walker};
use ftp_proto::listing::{Entry, Modified, OwnedEntry};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Client, On, Retrieve, Store};

impl Client {
    pub fn login(&mut self, user: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Result<(), Error> {
        wait!(self, client => client.login(user, password))
    }

    pub fn login_with_account(
        &mut self,
        user: impl AsRef<[u8]>,
        password: impl AsRef<[u8]>,
        account: impl AsRef<[u8]>,
    ) -> Result<(), Error> {
        wait!(self, client => client.login_with_account(user, password, account))
    }

    pub fn setup(&mut self) -> Result<Offers, Error> {
        wait!(self, client => client.setup())
    }

    pub fn offers(&self) -> Option<Offers> {
        known!(self, client => client.offers())
    }

    pub fn profile(&self) -> Profile {
        known!(self, client => client.profile())
    }

    pub fn retrieve_from(&mut self, path: &[u8], offset: u64) -> Result<Retrieve<'_>, Error> {
        opened!(self, client => client.retrieve_from(path, offset))
    }

    pub fn retrieve_expecting(
        &mut self,
        path: &[u8],
        offset: u64,
        size: Option<ExpectedSize>,
    ) -> Result<Retrieve<'_>, Error> {
        match size {
            Some(size) => opened!(self, client => client.retrieve_expecting(path, offset, size)),
            None => self.retrieve_from(path, offset),
        }
    }

    pub fn store_from(&mut self, path: &[u8], offset: u64) -> Result<Store<'_>, Error> {
        opened!(self, client => client.store_from(path, offset))
    }

    pub fn append(&mut self, path: &[u8]) -> Result<Store<'_>, Error> {
        opened!(self, client => client.append(path))
    }

    pub fn list(&mut self, path: &[u8], limits: &ListingLimits) -> Result<Listed, Error> {
        wait!(self, client => client.list_all(path, limits))
    }

    pub fn names(&mut self, path: &[u8], limits: &ListingLimits) -> Result<Listed, Error> {
        wait!(self, client => client.names_all(path, limits))
    }

    pub fn remove_all(&mut self, removal: &mut Removal) -> Result<Option<Removed>, Error> {
        wait!(self, client => client.remove_all(removal))
    }

    pub fn home_directory(&mut self, user: &[u8]) -> Result<Vec<u8>, Error> {
        wait!(self, client => client.home_directory(user))
    }

    pub fn walk(
        &mut self,
        walker: &mut Walker,
        enter: impl FnMut(&[u8], &Entry<'_>) -> bool,
    ) -> Result<Option<Listed>, Error> {
        wait!(self, client => client.walk(walker, enter))
    }

    pub fn facts(&mut self, path: &[u8]) -> Result<OwnedEntry, Error> {
        wait!(self, client => client.facts(path))
    }

    pub fn size(&mut self, path: &[u8]) -> Result<u64, Error> {
        wait!(self, client => client.size(path))
    }

    pub fn modification_time(&mut self, path: &[u8]) -> Result<Timestamp, Error> {
        wait!(self, client => client.modification_time(path))
    }

    pub fn zone_offset(&mut self, path: &[u8], listed: &Modified) -> Result<Option<i32>, Error> {
        wait!(self, client => client.zone_offset(path, listed))
    }

    pub fn set_modification_time(&mut self, path: &[u8], time: Timestamp) -> Result<(), Error> {
        wait!(self, client => client.set_modification_time(path, time)).map(drop)
    }

    pub fn verify(&mut self, path: &[u8], expected: Expected) -> Result<Verified, Error> {
        wait!(self, client => client.verify(path, expected))
    }

    pub fn working_directory(&mut self) -> Result<Vec<u8>, Error> {
        wait!(self, client => client.working_directory())
    }

    pub fn change_directory(&mut self, path: &[u8]) -> Result<(), Error> {
        wait!(self, client => client.change_directory(path))
    }

    pub fn make_directory(&mut self, path: &[u8]) -> Result<(), Error> {
        wait!(self, client => client.make_directory(path))
    }

    pub fn remove_directory(&mut self, path: &[u8]) -> Result<(), Error> {
        wait!(self, client => client.remove_directory(path))
    }

    pub fn delete(&mut self, path: &[u8]) -> Result<(), Error> {
        wait!(self, client => client.delete(path))
    }

    pub fn rename(&mut self, from: &[u8], to: impl AsRef<[u8]>) -> Result<(), Error> {
        wait!(self, client => client.rename(from, to))
    }

    pub fn system(&mut self) -> Result<Vec<u8>, Error> {
        wait!(self, client => client.system())
    }

    pub fn features(&mut self) -> Result<Features, Error> {
        wait!(self, client => client.features())
    }

    pub fn set_operation_timeout(&mut self, timeout: Option<Duration>) {
        known!(self, client => client.set_operation_timeout(timeout));
    }

    pub fn quit(self) -> Result<(), Error> {
        wait!(self, client => client.quit())
    }
}

impl Retrieve<'_> {
    pub fn offset(&self) -> u64 {
        known!(self, retrieve => retrieve.offset())
    }

    pub fn size_hint(&self) -> Option<u64> {
        known!(self, retrieve => retrieve.size_hint())
    }
}

impl Read for Retrieve<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        wait!(self, retrieve => retrieve.read(buffer))
    }
}

impl Store<'_> {
    pub fn finish(self) -> Result<(), Error> {
        wait!(self, store => store.finish()).map(drop)
    }
}

impl Write for Store<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        wait!(self, store => store.write(bytes))
    }

    /// Does nothing, since an upload is stored only when it ends.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
