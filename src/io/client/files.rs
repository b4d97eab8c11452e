//! Methods of a client for files and directories that move no data.

use super::outcome::{optional, text};
use super::{Client, Error};
use crate::client::{self, Expected, FactsReader, Verified};
use crate::codec::{
    ByteRange, Digest, HashAlgorithm, HashReply, Invalid, MffArgument, NameList, ReplyLine, Timestamp,
};
use crate::io::names;
use crate::io::net::runtime::Runtime;
use crate::listing::{Modified, OwnedEntry};

impl<R: Runtime> Client<R> {
    /// Asks for the facts of `path` itself with MLST (RFC 3659 7). An empty path is the working
    /// directory.
    ///
    /// # Errors
    /// Fails if the server refuses, or does not have MLST.
    pub async fn facts(&mut self, path: impl AsRef<[u8]>) -> Result<OwnedEntry, Error> {
        let path = self.connection.wire_name(path.as_ref())?;
        let mut entry = None;
        let mut reader = FactsReader::new(vec![0; 8192]);
        let names = self.connection.shared_names();
        let mut undecoded = None;
        let keep = |line: &ReplyLine<'_>| {
            let text = names::from_wire(names.as_deref(), line.text.to_vec());
            let line = match &text {
                Ok(text) => ReplyLine { text, ..*line },
                Err(_) => {
                    undecoded = Some(line.text.to_vec());
                    return;
                }
            };
            if let Some(read) = reader.line(&line) {
                entry = Some(read.map(|entry| entry.to_owned()));
            }
        };
        self.run_with(client::facts(optional(&path)?), keep).await?;
        if let (None, Some(line)) = (&entry, undecoded) {
            return Err(Error::Name(line));
        }
        entry.unwrap_or(Err(Invalid::new("a line of facts"))).map_err(Error::Unreadable)
    }

    /// Asks for the size of `path` in bytes (SIZE, RFC 3659 4).
    ///
    /// # Errors
    /// Fails if the server refuses: directories have no size, and old servers have no SIZE.
    pub async fn size(&mut self, path: impl AsRef<[u8]>) -> Result<u64, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::size(text(&path)?)).await
    }

    /// Asks for the time of the last modification of `path`, in UTC (MDTM, RFC 3659 3).
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn modification_time(&mut self, path: impl AsRef<[u8]>) -> Result<Timestamp, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::modification_time(text(&path)?)).await
    }

    /// Finds the time zone in which the server writes listings, in seconds east of UTC, by
    /// comparing the time that [`list`](Self::list) gave for a file with the server's MDTM of the
    /// same file at `path`. Returns `None` if the zone cannot be derived from the two; see
    /// [`client::zone_offset`].
    ///
    /// # Errors
    /// Fails if the server refuses, or its reply cannot be read.
    pub async fn zone_offset(
        &mut self,
        path: impl AsRef<[u8]>,
        listed: &Modified,
    ) -> Result<Option<i32>, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        let utc = self.run(client::modification_time(text(&path)?)).await?;
        Ok(client::zone_offset(listed, utc))
    }

    /// Makes `path` the working directory (CWD).
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn change_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::change_directory(text(&path)?)).await.map(drop)
    }

    /// Returns the home directory of `user`, or of the logged-in user if `user` is empty, as the
    /// server resolves `~user`. In all other methods a tilde is an ordinary byte of a name.
    ///
    /// # Errors
    /// Fails if the server refuses, or does not report where the directory is.
    pub async fn home_directory(&mut self, user: impl AsRef<[u8]>) -> Result<Vec<u8>, Error> {
        let user = self.connection.wire_name(user.as_ref())?;
        let user = text(&user)?;
        self.connection.go_home().await?;
        let here = self.connection.run_here(client::working_directory(), |_| {}).await?;
        self.connection.leave(here);
        match self.connection.run_here(client::change_to_home(user), |_| {}).await {
            Ok(()) => {}
            Err(refused @ Error::Refused(_)) => {
                self.connection.stay();
                return Err(refused);
            }
            Err(error) => return Err(error),
        }
        let home = self.connection.run_here(client::working_directory(), |_| {}).await?;
        self.connection.go_home().await?;
        self.connection.local_name(home)
    }

    /// Makes the parent of the working directory the working directory (CDUP).
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn change_to_parent(&mut self) -> Result<(), Error> {
        self.run(client::change_to_parent()).await.map(drop)
    }

    /// Asks for the working directory (PWD).
    ///
    /// # Errors
    /// Fails if the server refuses, or its reply cannot be read.
    pub async fn working_directory(&mut self) -> Result<Vec<u8>, Error> {
        let path = self.run(client::working_directory()).await?;
        self.connection.local_name(path)
    }

    /// Creates a directory (MKD).
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn make_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = self.connection.wire_new(path.as_ref()).await?;
        match self.run(client::make_directory(text(&path)?)).await {
            // The directory was created, regardless of the name in the server's reply.
            Ok(_) | Err(Error::Unreadable(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes an empty directory (RMD).
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn remove_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::remove_directory(text(&path)?)).await.map(drop)
    }

    /// Removes a file (DELE).
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn delete(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::delete(text(&path)?)).await.map(drop)
    }

    /// Renames `from` to `to` (RNFR and RNTO).
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn rename(&mut self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Result<(), Error> {
        let from = self.connection.wire_path(from.as_ref())?;
        let to = self.connection.wire_new(to.as_ref()).await?;
        self.run(client::rename(text(&from)?, text(&to)?)).await
    }

    /// Sets the modification time of `path`, in UTC, and returns the time that the server then
    /// reports, if it reports one. Uses MFMT, the setting form of MDTM, or SITE UTIME, whichever
    /// the server has; see [`client::set_modification_time`].
    ///
    /// # Errors
    /// Fails if the server refuses, or has none of these commands.
    pub async fn set_modification_time(
        &mut self,
        path: impl AsRef<[u8]>,
        time: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::set_modification_time(text(&path)?, time)).await
    }

    /// Sets the creation time of `path`, in UTC, and returns the time that the server then reports,
    /// if it reports one (MFCT).
    ///
    /// # Errors
    /// Fails if the server refuses, or does not have MFCT.
    pub async fn set_creation_time(
        &mut self,
        path: impl AsRef<[u8]>,
        time: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::set_creation_time(text(&path)?, time)).await
    }

    /// Sets facts of `path`, written like `UNIX.mode=0644;` (MFF).
    ///
    /// # Errors
    /// Fails if the facts are malformed, if the server refuses, or if it does not have MFF.
    pub async fn set_facts(&mut self, facts: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        let argument = [facts.as_ref(), b" ", &path].concat();
        let argument = MffArgument::parse(&argument).map_err(Error::Argument)?;
        self.run(client::set_facts(argument)).await.map(drop)
    }

    /// Sets the permission bits of `path`, as `chmod` does (SITE CHMOD).
    ///
    /// # Errors
    /// Fails if the server refuses, or does not have SITE CHMOD.
    pub async fn chmod(&mut self, path: impl AsRef<[u8]>, mode: u16) -> Result<(), Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::chmod(text(&path)?, mode)).await.map(drop)
    }

    /// Creates the symbolic link `link` to `target`, which must not contain spaces (SITE SYMLINK).
    ///
    /// # Errors
    /// Fails if the server refuses, or does not have SITE SYMLINK.
    pub async fn symlink(&mut self, target: impl AsRef<[u8]>, link: impl AsRef<[u8]>) -> Result<(), Error> {
        let target = self.connection.wire_path(target.as_ref())?;
        let link = self.connection.wire_path(link.as_ref())?;
        let (target, link) = (text(&target)?, text(&link)?);
        if target.as_bytes().contains(&b' ') {
            return Err(Error::Argument(Invalid::new("a target without spaces")));
        }
        self.run(client::symlink(target, link)).await.map(drop)
    }

    /// Has the server compute a hash of `path` (HASH), with `algorithm` or the one that the server
    /// prefers, and over `range` or the whole file. This may take a long time; see
    /// [`Timeouts::digest`](client::Timeouts::digest).
    ///
    /// # Errors
    /// Fails if the server refuses, or does not have HASH; in that case try
    /// [`checksum`](Self::checksum).
    pub async fn hash(
        &mut self,
        path: impl AsRef<[u8]>,
        algorithm: Option<HashAlgorithm>,
        range: Option<ByteRange>,
    ) -> Result<HashReply, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::hash(text(&path)?, algorithm, range)).await
    }

    /// Has the server compute a hash of `path` with one of the older commands, such as XCRC or
    /// XMD5.
    ///
    /// # Errors
    /// Fails if the server refuses, or does not have the command.
    pub async fn checksum(
        &mut self,
        path: impl AsRef<[u8]>,
        algorithm: HashAlgorithm,
    ) -> Result<Digest, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::checksum(text(&path)?, algorithm)).await
    }

    /// Asks for the number of bytes that can still be stored in the directory `path` (AVBL). An
    /// empty path is the working directory.
    ///
    /// # Errors
    /// Fails if the server refuses, or does not have AVBL.
    pub async fn available(&mut self, path: impl AsRef<[u8]>) -> Result<u64, Error> {
        let path = self.connection.wire_name(path.as_ref())?;
        self.run(client::available(optional(&path)?)).await
    }

    /// Compares `path` with what is expected after a transfer: by a hash if the server computes
    /// one, otherwise by its size. [`Offers::digest`](client::Offers::digest) returns the hash to
    /// compute during the transfer; offers are known after [`setup`](Self::setup).
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the file differs. Also fails if there is no such file.
    pub async fn verify(&mut self, path: impl AsRef<[u8]>, expected: Expected) -> Result<Verified, Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::verify(text(&path)?, expected)).await
    }

    /// Appends parts to a file, in order (COMB). `names` is the file followed by its parts, each in
    /// quotes if it contains a space.
    ///
    /// # Errors
    /// Fails if `names` is not such a list, if the server refuses, or if it does not have COMB.
    pub async fn combine(&mut self, names: impl AsRef<[u8]>) -> Result<(), Error> {
        let names = self.connection.wire_path(names.as_ref())?;
        let names = text(&names)?;
        NameList::parse(names).map_err(Error::Argument)?;
        self.run(client::combine(names)).await.map(drop)
    }

    /// Mounts another file system (SMNT).
    ///
    /// # Errors
    /// Fails if the server refuses, as nearly all do.
    pub async fn structure_mount(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = self.connection.wire_path(path.as_ref())?;
        self.run(client::structure_mount(text(&path)?)).await.map(drop)
    }
}
