//! A client that blocks.

use ::std::fmt;
use ::std::fs::File;
use ::std::io::{self, Read, Write};
use ::std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use ::std::task::{Context, Poll};
use ::std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::reactor::{Blocking, block_on};
use crate::client::{self, Config, DataConnection, FactsAnswer, Operation, Profile};
use crate::codec::pathname::for_listing;
use crate::codec::{
    ByteRange, Command, Digest, Features, FileStructure, HashAlgorithm, HashReply, MffArgument, Redacted,
    ReplyLine, RepresentationType, Secret, SiteCommand, Timestamp, TransferMode,
};
use crate::error::PeerError;
use crate::io::client::{Connection, OnLine, Outcome, Reply, Transfer, text};
use crate::io::control::{Direction, Trace};
use crate::io::data::CHUNK;
use crate::io::error::Error;
use crate::listing::{BadLine, Clock, ListingParser, OwnedEntry};
use crate::transfer::Coding;

/// How a client is set up before it connects.
#[must_use = "a builder does nothing until it connects"]
pub struct ClientBuilder {
    config: Config,
    profile: Profile,
    connect_timeout: Duration,
    trace: Option<Trace>,
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { config, profile, connect_timeout, .. } = self;
        f.debug_struct("ClientBuilder")
            .field("config", config)
            .field("profile", profile)
            .field("connect_timeout", connect_timeout)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// The limits, timeouts and policies of the machine.
    pub fn config(mut self, config: Config) -> Self {
        self.config = config;
        self
    }

    /// Lets the server open data connections, as [`Config::data_connection`] does: for servers behind
    /// firewalls that let nothing in.
    pub fn active(mut self, active: bool) -> Self {
        self.config.data_connection = match active {
            true => DataConnection::Active,
            false => DataConnection::Passive,
        };
        self
    }

    /// What is known of the server from an earlier connection.
    pub fn profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// How long the control connection may take to stand, for each address of the server. 20 s by
    /// default.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Shows each line of the dialogue to `show`, secrets hidden.
    pub fn trace(mut self, show: impl FnMut(Direction, Redacted<'_>) + Send + 'static) -> Self {
        self.trace = Some(Box::new(show));
        self
    }

    /// Connects to the first of the server's addresses that can be reached, and reads its greeting.
    ///
    /// # Errors
    /// When none can be reached, or what answers is no FTP server, or refuses.
    pub fn connect(self, server: impl ToSocketAddrs) -> Result<Client, Error> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in server.to_socket_addrs().map_err(Error::Connect)? {
            match TcpStream::connect_timeout(&address, self.connect_timeout) {
                Ok(stream) => return self.begin(stream, address),
                Err(error) => last = error,
            }
        }
        Err(Error::Connect(last))
    }

    fn begin(self, stream: TcpStream, peer: SocketAddr) -> Result<Client, Error> {
        let runtime = Blocking::new();
        let local = stream.local_addr().map_err(Error::Connect)?.ip();
        let socket = runtime.adopt(stream).map_err(Error::Connect)?;
        let mut connection = Connection::new(runtime, socket, local, peer, self.config);
        connection.set_profile(self.profile);
        connection.set_trace(self.trace);
        let mut client = Client { connection };
        client.run(client::greeting())?;
        Ok(client)
    }
}

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
    /// Connects with the defaults.
    ///
    /// # Errors
    /// As [`ClientBuilder::connect`].
    pub fn connect(server: impl ToSocketAddrs) -> Result<Self, Error> {
        Self::builder().connect(server)
    }

    /// A client to be set up.
    pub fn builder() -> ClientBuilder {
        ClientBuilder {
            config: Config::default(),
            profile: Profile::default(),
            connect_timeout: Duration::from_secs(20),
            trace: None,
        }
    }

    /// What was learnt of the server.
    #[must_use]
    pub const fn profile(&self) -> Profile {
        self.connection.profile()
    }

    fn block<O>(
        &mut self,
        turn: impl FnMut(&mut Connection<Blocking>, &mut Context<'_>) -> Poll<Result<O, Error>>,
    ) -> Result<O, Error> {
        block_on(&mut self.connection, |connection| &mut connection.runtime, turn)
            .unwrap_or_else(|error| Err(Error::Connect(error)))
    }

    fn run<S: Outcome>(&mut self, operation: Operation<S>) -> Result<S::Owned, Error> {
        self.run_with(operation, &mut |_| {})
    }

    fn run_with<S: Outcome>(
        &mut self,
        mut operation: Operation<S>,
        on_line: OnLine<'_>,
    ) -> Result<S::Owned, Error> {
        self.block(|connection, cx| connection.poll_run(&mut operation, on_line, cx))
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
        Ok(Retrieve { client: self, transfer })
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
        Ok(Store { client: self, transfer })
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
        Ok(Retrieve { client: self, transfer })
    }

    fn listing(&mut self, operation: Operation<client::Open<'_>>) -> Result<Entries<'_>, Error> {
        let transfer = self.run(operation)?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let clock = i64::try_from(now).map_or(Clock::UNKNOWN, Clock::at);
        let parser = ListingParser::new(vec![0; LONGEST_LINE], transfer.formats, clock);
        let data = Retrieve { client: self, transfer };
        Ok(Entries { data, parser, buffer: vec![0; LISTING_CHUNK], start: 0, end: 0, ended: false })
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

/// The longest line of a listing.
const LONGEST_LINE: usize = 8 * 1024;
/// How much of a listing is read at a time.
const LISTING_CHUNK: usize = 32 * 1024;

fn optional(path: &[u8]) -> Result<Option<crate::codec::Text<'_>>, Error> {
    Ok(Some(text(path)?).filter(|path| !path.is_empty()))
}

fn abort(client: &mut Client, mut transfer: Transfer) -> Result<(), Error> {
    let mut aborting = None;
    client.block(|connection, cx| connection.poll_abort(&mut transfer, &mut aborting, cx))
}

/// A download: the bytes of a file.
///
/// The end (a read of 0 bytes) comes only once the server has confirmed that all was sent: whatever is
/// cut short is an error. Dropped before that, the transfer is given up, and the client goes on.
#[derive(Debug)]
pub struct Retrieve<'c> {
    client: &'c mut Client,
    transfer: Transfer,
}

impl Retrieve<'_> {
    /// The byte of the file that the first byte read is.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.transfer.offset
    }

    /// What the server hints the size to be.
    #[must_use]
    pub const fn size_hint(&self) -> Option<u64> {
        self.transfer.size_hint
    }

    /// Receives all that is left into `file`, at its position: how many bytes that were.
    ///
    /// # Errors
    /// When the file cannot be written, or the transfer fails.
    pub fn receive_into(mut self, mut file: &File) -> io::Result<u64> {
        let mut total = 0;
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = self.receive(&mut buffer)?;
            if count == 0 {
                return Ok(total);
            }
            file.write_all(&buffer[..count])?;
            total += count as u64;
        }
    }

    /// Gives the download up by ABOR, and hears all that the server says to that. To drop it does as well;
    /// this tells at once when the connection does not survive it.
    ///
    /// # Errors
    /// When the connection is gone, or the server answers nothing.
    pub fn abort(self) -> Result<(), Error> {
        abort(self.client, self.transfer)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let Self { client, transfer } = self;
        client.block(|connection, cx| connection.poll_read(transfer, buffer, cx))
    }
}

impl Read for Retrieve<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        Ok(self.receive(buffer)?)
    }
}

/// An upload.
///
/// It counts only once [`finish`](Self::finish) has returned. Dropped before that, the transfer is given
/// up, and the client goes on.
#[derive(Debug)]
#[must_use = "an upload that is not finished is aborted"]
pub struct Store<'c> {
    client: &'c mut Client,
    transfer: Transfer,
}

impl Store<'_> {
    /// The byte of the file that the first byte written is.
    #[must_use]
    pub const fn offset(&self) -> u64 {
        self.transfer.offset
    }

    /// The name that the server chose, where it was asked to and says so at the start.
    #[must_use]
    pub fn unique_name(&self) -> Option<&[u8]> {
        self.transfer.unique_name.as_deref()
    }

    /// Sends the rest of `file`, from its position on: how many bytes that were. Where nothing has to be
    /// converted the kernel moves them, and none of them passes through this process.
    ///
    /// # Errors
    /// When the file cannot be read, or the server does not take it.
    pub fn send_file(&mut self, mut file: &File) -> io::Result<u64> {
        let mut total = 0;
        loop {
            let Self { client, transfer } = self;
            match client.block(|connection, cx| connection.poll_send_file(transfer, file, cx))? {
                Some(0) => return Ok(total),
                Some(count) => total += count as u64,
                None => break,
            }
        }
        let mut buffer = vec![0; CHUNK];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(total),
                Ok(count) => {
                    self.write_all(&buffer[..count])?;
                    total += count as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Gives the upload up by ABOR, and hears all that the server says to that. What it keeps of the file is
    /// its own matter.
    ///
    /// # Errors
    /// When the connection is gone, or the server answers nothing.
    pub fn abort(self) -> Result<(), Error> {
        abort(self.client, self.transfer)
    }

    /// Ends the upload and waits for the server to confirm it.
    ///
    /// # Errors
    /// When it does not.
    pub fn finish(self) -> Result<Option<Reply>, Error> {
        let Self { client, mut transfer } = self;
        client
            .block(|connection, cx| connection.poll_finish(&mut transfer, cx))
            .map(|finished| finished.reply)
    }
}

impl Write for Store<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let Self { client, transfer } = self;
        Ok(client.block(|connection, cx| connection.poll_write(transfer, bytes, cx))?)
    }

    /// Does nothing: only the end of an upload makes it one.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The entries of a listing, as they arrive.
///
/// Lines that are no entry in any format are told as such and are no end: go on. The end comes only
/// once the server has confirmed the transfer.
pub struct Entries<'c> {
    data: Retrieve<'c>,
    parser: ListingParser<Vec<u8>>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
}

impl fmt::Debug for Entries<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// An entry, or the line that is none.
type Line = Result<OwnedEntry, Vec<u8>>;

impl Entries<'_> {
    fn parsed(line: Result<crate::listing::Entry<'_>, BadLine<'_>>) -> Line {
        line.map(|entry| entry.to_owned()).map_err(|bad| bad.raw.to_vec())
    }
}

impl Iterator for Entries<'_> {
    type Item = Result<Line, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            let mut input = &self.buffer[self.start..self.end];
            let line = self.parser.next(&mut input).map(Self::parsed);
            self.start = self.end - input.len();
            if let Some(line) = line {
                return Some(Ok(line));
            }
            match self.data.receive(&mut self.buffer) {
                Ok(0) => {
                    self.ended = true;
                    return self.parser.finish().map(Self::parsed).map(Ok);
                }
                Ok(count) => (self.start, self.end) = (0, count),
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}
