//! A client that blocks.

use ::std::fmt;
use ::std::net::ToSocketAddrs;
use ::std::task::{Context, Poll};

use super::builder::ClientBuilder;
use super::reactor::{Blocking, block_on};
use super::transfer::{Entries, Retrieve, Store};
use crate::client::{self, FactsAnswer, Operation, Profile};
use crate::codec::pathname::for_listing;
use crate::codec::{
    ByteRange, Command, Digest, Features, FileStructure, HashAlgorithm, HashReply, MffArgument, ReplyLine,
    RepresentationType, Secret, SiteCommand, Timestamp, TransferMode,
};
use crate::error::PeerError;
use crate::io::client::{Connection, OnLine, Outcome, Reply, text};
use crate::io::error::Error;
use crate::listing::OwnedEntry;
use crate::transfer::Coding;

/// A client of one server.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ftp_proto::io::std::Client;
///
/// let mut client = Client::connect("ftp.example.org:21")?;
/// client.login("anonymous", "guest@example.org")?;
/// let mut file = std::fs::File::create("README")?;
/// std::io::copy(&mut client.retrieve("/pub/README")?, &mut file)?;
/// client.quit()?;
/// # Ok(())
/// # }
/// ```
///
/// Paths are bytes (or UTF-8 strings) without CR, LF and NUL. After an error that is not
/// [fatal](Error::is_fatal) it can be used on.
pub struct Client {
    connection: Connection<Blocking>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("profile", &self.profile()).finish_non_exhaustive()
    }
}

impl Client {
    pub(super) const fn new(connection: Connection<Blocking>) -> Self {
        Self { connection }
    }

    /// Connects with the defaults.
    ///
    /// # Errors
    /// As [`ClientBuilder::connect`].
    pub fn connect(server: impl ToSocketAddrs) -> Result<Self, Error> {
        Self::builder().connect(server)
    }

    /// A client to be set up.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::new()
    }

    /// What was learnt of the server.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.connection.profile()
    }

    pub(super) fn block<O>(
        &mut self,
        turn: impl FnMut(&mut Connection<Blocking>, &mut Context<'_>) -> Poll<Result<O, Error>>,
    ) -> Result<O, Error> {
        block_on(&mut self.connection, |connection| &mut connection.runtime, turn)
            .unwrap_or_else(|error| Err(Error::Connect(error)))
    }

    pub(super) fn run<S: Outcome>(&mut self, operation: Operation<S>) -> Result<S::Owned, Error> {
        self.run_with(operation, &mut |_| {})
    }

    fn run_with<S: Outcome>(
        &mut self,
        mut operation: Operation<S>,
        on_line: OnLine<'_>,
    ) -> Result<S::Owned, Error> {
        self.block(|connection, cx| connection.poll_run(&mut operation, on_line, cx))
    }

    /// What of the connection is protected by TLS.
    #[must_use]
    pub fn protection(&self) -> client::Protected {
        self.connection.protection()
    }

    /// Protects data connections from now on, or no more.
    ///
    /// # Errors
    /// When the server refuses, or the dialogue is not under TLS.
    pub fn protect_data(&mut self, protect: bool) -> Result<client::Protected, Error> {
        self.run(client::protect_data(protect))
    }

    /// Takes TLS off the dialogue, and leaves it on the data: for firewalls that look into it.
    ///
    /// # Errors
    /// When the server refuses, which most do.
    pub fn clear_command_channel(&mut self) -> Result<(), Error> {
        self.run(client::clear_command_channel())
    }

    /// Logs in; `anonymous` and a mail address get into public servers.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn login(&mut self, user: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Result<(), Error> {
        let (user, password) = (text(user.as_ref())?, text(password.as_ref())?);
        self.run(client::login(user, Secret::new(password), None)).map(drop)
    }

    /// As [`login`](Self::login), for servers that ask for an account too.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn login_with_account(
        &mut self,
        user: impl AsRef<[u8]>,
        password: impl AsRef<[u8]>,
        account: impl AsRef<[u8]>,
    ) -> Result<(), Error> {
        let (user, password, account) =
            (text(user.as_ref())?, text(password.as_ref())?, text(account.as_ref())?);
        self.run(client::login(user, Secret::new(password), Some(Secret::new(account)))).map(drop)
    }

    /// Downloads `path`: read it to its end, which is told only when the server has confirmed it.
    ///
    /// # Errors
    /// When the server refuses, or the data connection cannot be opened.
    pub fn retrieve(&mut self, path: impl AsRef<[u8]>) -> Result<Retrieve<'_>, Error> {
        self.retrieve_from(path, 0)
    }

    /// As [`retrieve`](Self::retrieve), from byte `offset` on. Look at [`Retrieve::offset`]: a server
    /// that cannot restart begins at 0.
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve).
    pub fn retrieve_from(&mut self, path: impl AsRef<[u8]>, offset: u64) -> Result<Retrieve<'_>, Error> {
        self.retrieve_as(path, offset, RepresentationType::Image)
    }

    /// As [`retrieve_from`](Self::retrieve_from), in another representation: text by TYPE A has its line
    /// ends converted to LF.
    ///
    /// # Errors
    /// As [`retrieve`](Self::retrieve).
    pub fn retrieve_as(
        &mut self,
        path: impl AsRef<[u8]>,
        offset: u64,
        representation: RepresentationType,
    ) -> Result<Retrieve<'_>, Error> {
        let path = path.as_ref();
        let transfer = self.run(client::retrieve(text(path)?, representation, offset))?;
        Ok(Retrieve::new(self, transfer))
    }

    /// Uploads to `path`, in the place of what is there: write it, then [`Store::finish`].
    ///
    /// # Errors
    /// When the server refuses, or the data connection cannot be opened.
    pub fn store(&mut self, path: impl AsRef<[u8]>) -> Result<Store<'_>, Error> {
        self.store_from(path, 0)
    }

    /// As [`store`](Self::store), from byte `offset` of the file there on.
    ///
    /// # Errors
    /// As [`store`](Self::store), and when the server cannot restart.
    pub fn store_from(&mut self, path: impl AsRef<[u8]>, offset: u64) -> Result<Store<'_>, Error> {
        let path = path.as_ref();
        self.upload(client::store(text(path)?, RepresentationType::Image, offset))
    }

    /// As [`store`](Self::store), in another representation: text by TYPE A has its line ends converted
    /// to CRLF on the wire.
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn store_as(
        &mut self,
        path: impl AsRef<[u8]>,
        representation: RepresentationType,
    ) -> Result<Store<'_>, Error> {
        let path = path.as_ref();
        self.upload(client::store(text(path)?, representation, 0))
    }

    /// Uploads to the end of `path`.
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn append(&mut self, path: impl AsRef<[u8]>) -> Result<Store<'_>, Error> {
        let path = path.as_ref();
        self.upload(client::append(text(path)?, RepresentationType::Image))
    }

    /// Uploads under a name that the server chooses: [`Store::unique_name`], or the final reply.
    ///
    /// # Errors
    /// As [`store`](Self::store).
    pub fn store_unique(&mut self) -> Result<Store<'_>, Error> {
        self.upload(client::store_unique(None, RepresentationType::Image))
    }

    fn upload(&mut self, operation: Operation<client::Open<'_>>) -> Result<Store<'_>, Error> {
        let transfer = self.run(operation)?;
        Ok(Store::new(self, transfer))
    }

    /// The entries of the directory `path` (`""` is the working directory): by MLSD, or by LIST where
    /// the server has no better.
    ///
    /// # Errors
    /// When the server refuses, or the data connection cannot be opened.
    pub fn list(&mut self, path: impl AsRef<[u8]>) -> Result<Entries<'_>, Error> {
        let path = for_listing(path.as_ref());
        self.listing(client::entries(optional(&path)?))
    }

    /// The names in the directory `path`, perhaps with a directory in front.
    ///
    /// # Errors
    /// When the server refuses, which some do for an empty directory.
    pub fn names(&mut self, path: impl AsRef<[u8]>) -> Result<Entries<'_>, Error> {
        let path = for_listing(path.as_ref());
        self.listing(client::names(optional(&path)?, RepresentationType::Image))
    }

    /// What LIST sends, as it is: for people.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub fn list_raw(&mut self, path: impl AsRef<[u8]>) -> Result<Retrieve<'_>, Error> {
        let path = for_listing(path.as_ref());
        let transfer = self.run(client::list(optional(&path)?, RepresentationType::Image))?;
        Ok(Retrieve::new(self, transfer))
    }

    fn listing(&mut self, operation: Operation<client::Open<'_>>) -> Result<Entries<'_>, Error> {
        let transfer = self.run(operation)?;
        Ok(Entries::new(self, transfer))
    }

    /// The facts of `path` itself (`""` is the working directory), by MLST.
    ///
    /// # Errors
    /// When the server refuses, or has no MLST.
    pub fn facts(&mut self, path: impl AsRef<[u8]>) -> Result<OwnedEntry, Error> {
        let path = path.as_ref();
        let mut entry = None;
        self.run_with(client::facts(optional(path)?), &mut |line| {
            entry =
                entry.take().or(FactsAnswer::parse(line).map(|entry| entry.map(|entry| entry.to_owned())));
        })?;
        entry.unwrap_or(Err(crate::codec::Invalid::new("a line of facts"))).map_err(Error::Unreadable)
    }

    /// How many bytes `path` has.
    ///
    /// # Errors
    /// When the server refuses: directories have none, old servers no SIZE.
    pub fn size(&mut self, path: impl AsRef<[u8]>) -> Result<u64, Error> {
        let path = path.as_ref();
        self.run(client::size(text(path)?))
    }

    /// When `path` was modified, in UTC.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn modification_time(&mut self, path: impl AsRef<[u8]>) -> Result<Timestamp, Error> {
        let path = path.as_ref();
        self.run(client::modification_time(text(path)?))
    }

    /// Sets how data is put on the wire from now on. [`TransferMode::Deflate`] saves bytes where the
    /// network is slow; it needs the feature `deflate`, and a server that has it.
    ///
    /// # Errors
    /// When the server refuses, or the mode is not one that this build has.
    pub fn set_mode(&mut self, mode: TransferMode) -> Result<(), Error> {
        if !(Coding { mode, ..Coding::IDENTITY }).is_supported() {
            return Err(Error::Argument(crate::codec::Invalid::new("a transfer mode that this build has")));
        }
        self.run(client::mode(mode)).map(drop)
    }

    /// Sets the structure of the files that are moved from now on.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn set_structure(&mut self, structure: FileStructure) -> Result<(), Error> {
        self.run(client::structure(structure)).map(drop)
    }

    /// Makes `path` the working directory.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn change_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = path.as_ref();
        self.run(client::change_directory(text(path)?)).map(drop)
    }

    /// Makes the parent the working directory.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn change_to_parent(&mut self) -> Result<(), Error> {
        self.run(client::change_to_parent()).map(drop)
    }

    /// The working directory.
    ///
    /// # Errors
    /// When the server refuses, or its answer cannot be read.
    pub fn working_directory(&mut self) -> Result<Vec<u8>, Error> {
        self.run(client::working_directory())
    }

    /// Makes a directory.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn make_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = path.as_ref();
        match self.run(client::make_directory(text(path)?)) {
            // It is made, whatever the server calls it.
            Ok(_) | Err(Error::Unreadable(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Removes an empty directory.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn remove_directory(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = path.as_ref();
        self.run(client::remove_directory(text(path)?)).map(drop)
    }

    /// Removes a file.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn delete(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = path.as_ref();
        self.run(client::delete(text(path)?)).map(drop)
    }

    /// Renames `from` to `to`.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn rename(&mut self, from: impl AsRef<[u8]>, to: impl AsRef<[u8]>) -> Result<(), Error> {
        let (from, to) = (from.as_ref(), to.as_ref());
        self.run(client::rename(text(from)?, text(to)?))
    }

    /// Sets when `path` was modified, in UTC: what the server says that it is then.
    ///
    /// # Errors
    /// When the server refuses, or has no MFMT.
    pub fn set_modification_time(
        &mut self,
        path: impl AsRef<[u8]>,
        time: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let path = path.as_ref();
        self.run(client::set_modification_time(text(path)?, time))
    }

    /// Sets when `path` was created, in UTC: what the server says that it is then.
    ///
    /// # Errors
    /// When the server refuses, or has no MFCT.
    pub fn set_creation_time(
        &mut self,
        path: impl AsRef<[u8]>,
        time: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let path = path.as_ref();
        self.run(client::set_creation_time(text(path)?, time))
    }

    /// Sets facts of `path`, written as in `UNIX.mode=0644;`.
    ///
    /// # Errors
    /// When they are not of that form, or the server refuses, or has no MFF.
    pub fn set_facts(&mut self, facts: impl AsRef<[u8]>, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let argument = [facts.as_ref(), b" ", path.as_ref()].concat();
        let argument = MffArgument::parse(&argument).map_err(Error::Argument)?;
        self.run(client::set_facts(argument)).map(drop)
    }

    /// Sets the permission bits of `path`, as `chmod` does.
    ///
    /// # Errors
    /// When the server refuses, or has no SITE CHMOD.
    pub fn chmod(&mut self, path: impl AsRef<[u8]>, mode: u16) -> Result<(), Error> {
        let path = path.as_ref();
        self.run(client::chmod(text(path)?, mode)).map(drop)
    }

    /// Makes the symbolic link `link` to `target`, which cannot hold spaces.
    ///
    /// # Errors
    /// When the server refuses, or has no SITE SYMLINK.
    pub fn symlink(&mut self, target: impl AsRef<[u8]>, link: impl AsRef<[u8]>) -> Result<(), Error> {
        let (target, link) = (text(target.as_ref())?, text(link.as_ref())?);
        if target.as_bytes().contains(&b' ') {
            return Err(Error::Argument(crate::codec::Invalid::new("a target without spaces")));
        }
        self.run(client::symlink(target, link)).map(drop)
    }

    /// The hash of `path`, computed by the server: by `algorithm`, or by the one that it prefers; of
    /// `range`, or of the whole. It may take long: see [`Timeouts::reply`](client::Timeouts::reply).
    ///
    /// # Errors
    /// When the server refuses, or has no HASH: try [`checksum`](Self::checksum).
    pub fn hash(
        &mut self,
        path: impl AsRef<[u8]>,
        algorithm: Option<HashAlgorithm>,
        range: Option<ByteRange>,
    ) -> Result<HashReply, Error> {
        let path = path.as_ref();
        self.run(client::hash(text(path)?, algorithm, range))
    }

    /// As [`hash`](Self::hash), by XCRC, XMD5 and their like.
    ///
    /// # Errors
    /// When the server refuses, or does not have the command.
    pub fn checksum(&mut self, path: impl AsRef<[u8]>, algorithm: HashAlgorithm) -> Result<Digest, Error> {
        let path = path.as_ref();
        self.run(client::checksum(text(path)?, algorithm))
    }

    /// How many bytes may still be stored in the directory `path` (`""` is the working directory).
    ///
    /// # Errors
    /// When the server refuses, or has no AVBL.
    pub fn available(&mut self, path: impl AsRef<[u8]>) -> Result<u64, Error> {
        let path = path.as_ref();
        self.run(client::available(optional(path)?))
    }

    /// The state of the session, or with a `path` its listing over the control connection. `on_line` sees
    /// the lines of the reply before its last.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn status(
        &mut self,
        path: impl AsRef<[u8]>,
        mut on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        let path = path.as_ref();
        self.run_with(client::status(optional(path)?), &mut on_line)
    }

    /// What the server says of its commands, or of one. `on_line` sees the lines before the last.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn help(
        &mut self,
        about: impl AsRef<[u8]>,
        mut on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        let about = about.as_ref();
        self.run_with(client::help(optional(about)?), &mut on_line)
    }

    /// Sends one of the server's own commands, what follows `SITE`. `on_line` sees the lines before the last.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn site(
        &mut self,
        command: impl AsRef<[u8]>,
        mut on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        let command = text(command.as_ref())?;
        self.run_with(client::site(SiteCommand::Other(command)), &mut on_line)
    }

    /// Says who this client is.
    ///
    /// # Errors
    /// When the server refuses, which does no harm.
    pub fn client_name(&mut self, name: impl AsRef<[u8]>) -> Result<(), Error> {
        let name = name.as_ref();
        self.run(client::client_name(text(name)?)).map(drop)
    }

    /// Chooses the language of what the server tells people (`""` is its own one).
    ///
    /// # Errors
    /// When the server refuses, or does not speak it.
    pub fn language(&mut self, tag: impl AsRef<[u8]>) -> Result<(), Error> {
        let tag = tag.as_ref();
        self.run(client::language(optional(tag)?)).map(drop)
    }

    /// Says which of the hosts at its address is meant, before the login.
    ///
    /// # Errors
    /// When the server refuses, or does not know it.
    pub fn host(&mut self, name: impl AsRef<[u8]>) -> Result<(), Error> {
        let name = name.as_ref();
        self.run(client::host(text(name)?)).map(drop)
    }

    /// Asks for pathnames in UTF-8, or not. A refusal says nothing: servers that always speak it refuse too.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn utf8(&mut self, on: bool) -> Result<(), Error> {
        self.run(client::utf8(on)).map(drop)
    }

    /// Mounts another file system (SMNT).
    ///
    /// # Errors
    /// When the server refuses, which nearly all do.
    pub fn structure_mount(&mut self, path: impl AsRef<[u8]>) -> Result<(), Error> {
        let path = path.as_ref();
        self.run(client::structure_mount(text(path)?)).map(drop)
    }

    /// Says how many bytes the next upload will have.
    ///
    /// # Errors
    /// When the server refuses: it may have no room.
    pub fn allocate(&mut self, bytes: u64) -> Result<(), Error> {
        self.run(client::allocate(bytes)).map(drop)
    }

    /// Gives the account that a server asks for after the login.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn account(&mut self, account: impl AsRef<[u8]>) -> Result<(), Error> {
        let account = text(account.as_ref())?;
        self.run(client::account(Secret::new(account))).map(drop)
    }

    /// Begins the session anew: log in next.
    ///
    /// # Errors
    /// When the server refuses, or has no REIN.
    pub fn reinitialize(&mut self) -> Result<(), Error> {
        self.run(client::reinitialize()).map(drop)
    }

    /// What the server says that it can do.
    ///
    /// # Errors
    /// When the server refuses, which old ones do.
    pub fn features(&mut self) -> Result<Features, Error> {
        self.run(client::features())
    }

    /// The server's kind of system.
    ///
    /// # Errors
    /// When the server refuses.
    pub fn system(&mut self) -> Result<Vec<u8>, Error> {
        self.run(client::system()).map(|reply| reply.text)
    }

    /// Asks nothing of the server but an answer.
    ///
    /// # Errors
    /// When the connection is gone.
    pub fn noop(&mut self) -> Result<(), Error> {
        self.run(client::noop()).map(drop)
    }

    /// Sends any command that opens no data connection. `on_line` sees the lines of the reply before
    /// its last.
    ///
    /// # Errors
    /// When the server refuses, or the line is no command.
    pub fn raw(
        &mut self,
        line: impl AsRef<[u8]>,
        mut on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        let line = line.as_ref();
        let command = Command::parse(line)
            .map_err(|_| Error::Argument(crate::codec::Invalid::new("a command with its argument")))?;
        self.run_with(client::raw(command), &mut on_line)
    }

    /// Says goodbye and closes the connection.
    ///
    /// # Errors
    /// When the server says anything else.
    pub fn quit(mut self) -> Result<(), Error> {
        match self.run(client::quit()) {
            // It was asked to close, and some servers do so without a word.
            Ok(_) | Err(Error::Peer(PeerError::Closed, _)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn optional(path: &[u8]) -> Result<Option<crate::codec::Text<'_>>, Error> {
    Ok(Some(text(path)?).filter(|path| !path.is_empty()))
}
