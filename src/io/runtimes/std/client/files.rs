//! Methods for files and directories that move no data.

use super::{Client, block_on};
use crate::client::{Expected, Verified};
use crate::codec::{ByteRange, Digest, HashAlgorithm, HashReply, Timestamp};
use crate::io::Error;
use crate::listing::{Modified, OwnedEntry};

impl Client {
    /// Asks for the facts of `path` itself with MLST (RFC 3659 7).
    ///
    /// # Errors
    /// Those of [`io::Client::facts`](crate::io::Client::facts).
    pub fn facts(&mut self, path: impl AsRef<[u8]>) -> Result<OwnedEntry, Error> {
        block_on(self.0.facts(path))
    }

    /// Asks for the size of `path` in bytes (SIZE, RFC 3659 4).
    ///
    /// # Errors
    /// Those of [`io::Client::size`](crate::io::Client::size).
    pub fn size(&mut self, path: impl AsRef<[u8]>) -> Result<u64, Error> {
        block_on(self.0.size(path))
    }

    /// Asks for the time of the last modification of `path`, in UTC (MDTM, RFC 3659 3).
    ///
    /// # Errors
    /// Those of [`io::Client::modification_time`](crate::io::Client::modification_time).
    pub fn modification_time(&mut self, path: impl AsRef<[u8]>) -> Result<Timestamp, Error> {
        block_on(self.0.modification_time(path))
    }

    /// Finds the time zone in which the server writes listings, in seconds east of UTC, by
    /// comparing the time that [`list`](Self::list) gave for a file with the server's MDTM of the
    /// same file at `path`.
    ///
    /// # Errors
    /// Those of [`io::Client::zone_offset`](crate::io::Client::zone_offset).
    pub fn zone_offset(&mut self, path: impl AsRef<[u8]>, listed: &Modified) -> Result<Option<i32>, Error> {
        block_on(self.0.zone_offset(path, listed))
    }

    /// Makes `path` the working directory (CWD).
    ///
    /// # Errors
    /// Those of [`io::Client::change_directory`](crate::io::Client::change_directory).
    pub fn change_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.change_directory(path))
    }

    /// Returns the home directory of `user`, or of the logged-in user if `user` is empty, as the
    /// server resolves `~user`.
    ///
    /// # Errors
    /// Those of [`io::Client::home_directory`](crate::io::Client::home_directory).
    pub fn home_directory(&mut self, user: impl AsRef<[u8]>) -> Result<Vec<u8>, Error> {
        block_on(self.0.home_directory(user))
    }

    /// Makes the parent of the working directory the working directory (CDUP).
    ///
    /// # Errors
    /// Those of [`io::Client::change_to_parent`](crate::io::Client::change_to_parent).
    pub fn change_to_parent(&mut self) -> Result<(), Error> {
        block_on(self.0.change_to_parent())
    }

    /// Asks for the working directory (PWD).
    ///
    /// # Errors
    /// Those of [`io::Client::working_directory`](crate::io::Client::working_directory).
    pub fn working_directory(&mut self) -> Result<Vec<u8>, Error> {
        block_on(self.0.working_directory())
    }

    /// Creates a directory (MKD).
    ///
    /// # Errors
    /// Those of [`io::Client::make_directory`](crate::io::Client::make_directory).
    pub fn make_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.make_directory(path))
    }

    /// Removes an empty directory (RMD).
    ///
    /// # Errors
    /// Those of [`io::Client::remove_directory`](crate::io::Client::remove_directory).
    pub fn remove_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.remove_directory(path))
    }

    /// Removes a file (DELE).
    ///
    /// # Errors
    /// Those of [`io::Client::delete`](crate::io::Client::delete).
    pub fn delete(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.delete(path))
    }

    /// Renames `from` to `to` (RNFR and RNTO).
    ///
    /// # Errors
    /// Those of [`io::Client::rename`](crate::io::Client::rename).
    pub fn rename(&mut self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.rename(from, to))
    }

    /// Sets the modification time of `path`, in UTC, and returns the time that the server then
    /// reports, if it reports one.
    ///
    /// # Errors
    /// Those of [`io::Client::set_modification_time`](crate::io::Client::set_modification_time).
    pub fn set_modification_time(
        &mut self,
        path: impl AsRef<[u8]>,
        time: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        block_on(self.0.set_modification_time(path, time))
    }

    /// Sets the creation time of `path`, in UTC, and returns the time that the server then reports,
    /// if it reports one (MFCT).
    ///
    /// # Errors
    /// Those of [`io::Client::set_creation_time`](crate::io::Client::set_creation_time).
    pub fn set_creation_time(
        &mut self,
        path: impl AsRef<[u8]>,
        time: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        block_on(self.0.set_creation_time(path, time))
    }

    /// Sets facts of `path`, written like `UNIX.mode=0644;` (MFF).
    ///
    /// # Errors
    /// Those of [`io::Client::set_facts`](crate::io::Client::set_facts).
    pub fn set_facts(&mut self, facts: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.set_facts(facts, path))
    }

    /// Sets the permission bits of `path`, as `chmod` does (SITE CHMOD).
    ///
    /// # Errors
    /// Those of [`io::Client::chmod`](crate::io::Client::chmod).
    pub fn chmod(&mut self, path: impl AsRef<[u8]>, mode: u16) -> Result<(), Error> {
        block_on(self.0.chmod(path, mode))
    }

    /// Creates the symbolic link `link` to `target`, which must not contain spaces (SITE SYMLINK).
    ///
    /// # Errors
    /// Those of [`io::Client::symlink`](crate::io::Client::symlink).
    pub fn symlink(&mut self, target: impl AsRef<[u8]>, link: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.symlink(target, link))
    }

    /// Has the server compute a hash of `path` (HASH), with `algorithm` or the one that the server
    /// prefers, and over `range` or the whole file.
    ///
    /// # Errors
    /// Those of [`io::Client::hash`](crate::io::Client::hash).
    pub fn hash(
        &mut self,
        path: impl AsRef<[u8]>,
        algorithm: Option<HashAlgorithm>,
        range: Option<ByteRange>,
    ) -> Result<HashReply, Error> {
        block_on(self.0.hash(path, algorithm, range))
    }

    /// Has the server compute a hash of `path` with one of the older commands, such as XCRC or
    /// XMD5.
    ///
    /// # Errors
    /// Those of [`io::Client::checksum`](crate::io::Client::checksum).
    pub fn checksum(&mut self, path: impl AsRef<[u8]>, algorithm: HashAlgorithm) -> Result<Digest, Error> {
        block_on(self.0.checksum(path, algorithm))
    }

    /// Asks for the number of bytes that can still be stored in the directory `path` (AVBL).
    ///
    /// # Errors
    /// Those of [`io::Client::available`](crate::io::Client::available).
    pub fn available(&mut self, path: impl AsRef<[u8]>) -> Result<u64, Error> {
        block_on(self.0.available(path))
    }

    /// Compares `path` with what is expected after a transfer: by a hash if the server computes
    /// one, otherwise by its size. [`Offers::digest`](crate::client::Offers::digest) returns the
    /// hash to compute during the transfer; offers are known after [`setup`](Self::setup).
    ///
    /// # Errors
    /// Those of [`io::Client::verify`](crate::io::Client::verify).
    pub fn verify(&mut self, path: impl AsRef<[u8]>, expected: Expected) -> Result<Verified, Error> {
        block_on(self.0.verify(path, expected))
    }

    /// Appends parts to a file, in order (COMB).
    ///
    /// # Errors
    /// Those of [`io::Client::combine`](crate::io::Client::combine).
    pub fn combine(&mut self, names: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.combine(names))
    }

    /// Mounts another file system (SMNT).
    ///
    /// # Errors
    /// Those of [`io::Client::structure_mount`](crate::io::Client::structure_mount).
    pub fn structure_mount(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.structure_mount(path))
    }
}
