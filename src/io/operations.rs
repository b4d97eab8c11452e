//! The methods of a client, written once for all adapters: the session. Those that move files and list
//! directories are in [`moves`](super::moves), those about files where they stand in [`files`](super::files).

use super::error::Error;
use super::outcome::text;
use crate::codec::Text;

/// What is to be sent in the place of a path that may be left out.
pub(super) fn optional(path: &[u8]) -> Result<Option<Text<'_>>, Error> {
    Ok(Some(text(path)?).filter(|path| !path.is_empty()))
}

/// Makes the methods of the `Client` beside it, which runs on `$runtime`. `$expand` makes them what they
/// are there: [`blocking`](super::expand::blocking) or [`asynchronous`](super::expand::asynchronous).
///
/// Such a method cannot call another: what they share is in those at the end, which are asynchronous always.
macro_rules! operations {
    ($expand:ident, $runtime:ident) => {
        use ::std::fmt;
        use ::std::time::Duration;

        use $crate::client::{self, Offers, Operation, Profile, Protected};
        use $crate::codec::{ByteRange, Features, Invalid, OptsArgument, ReplyLine, Secret, SiteCommand};
        use $crate::error::PeerError;
        use $crate::io::builder::{Setup, within};
        use $crate::io::error::Error;
        use $crate::io::operations::optional;
        use $crate::io::outcome::{Outcome, Reply, text};
        use $crate::listing::OwnedEntry;
        use $crate::transfer::Marker;

        impl Client {
            /// A client to be set up.
            pub fn builder() -> ClientBuilder {
                ClientBuilder(Setup::default(), $runtime::new())
            }

            /// Sets how long one call may take as a whole from now on, as
            /// [`ClientBuilder::operation_timeout`] does.
            pub const fn set_operation_timeout(&mut self, timeout: Option<Duration>) {
                self.connection.set_operation_timeout(timeout);
            }

            /// What was learnt of the server.
            #[must_use]
            pub const fn profile(&self) -> Profile {
                self.connection.profile()
            }

            /// From where the last transfer in block or compressed mode can go on, if it broke:
            /// [`retrieve_at`](Self::retrieve_at), [`store_at`](Self::store_at). None where there was no
            /// restart marker in it.
            #[must_use]
            pub const fn last_marker(&self) -> Option<Marker> {
                self.connection.last_marker()
            }

            /// What of the connection is protected by TLS.
            #[must_use]
            pub fn protection(&self) -> Protected {
                self.connection.protection()
            }

            /// What the server said that it can do, when it was last asked and answered: see
            /// [`setup`](Self::setup).
            #[must_use]
            pub const fn offers(&self) -> Option<Offers> {
                self.connection.offers()
            }

            $expand! {
            /// Connects with the defaults.
            ///
            /// # Errors
            /// As [`ClientBuilder::connect`].
            pub async fn connect(server: impl ToSocketAddrs) -> Result<Self, Error> {
                Self::open(Setup::default(), $runtime::new(), server).await
            }

            /// Puts the connection under TLS again, as [`ClientBuilder`] was told to: after
            /// [`reinitialize`](Self::reinitialize), which ends what was agreed on.
            ///
            /// # Errors
            /// When the server refuses what the [configuration](client::Security) requires, or the handshake
            /// fails.
            pub async fn secure(&mut self) -> Result<Protected, Error> {
                self.run(client::secure()).await
            }

            /// Protects data connections from now on, or no more.
            ///
            /// # Errors
            /// When the server refuses, or the dialogue is not under TLS.
            pub async fn protect_data(&mut self, protect: bool) -> Result<Protected, Error> {
                self.run(client::protect_data(protect)).await
            }

            /// Takes TLS off the dialogue, and leaves it on the data: for firewalls that look into it.
            ///
            /// # Errors
            /// When the server refuses, which most do.
            pub async fn clear_command_channel(&mut self) -> Result<(), Error> {
                self.run(client::clear_command_channel()).await
            }

            /// Logs in; `anonymous` and a mail address get into public servers.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn login(
                &mut self,
                user: impl AsRef<[u8]>,
                password: impl AsRef<[u8]>,
            ) -> Result<(), Error> {
                let (user, password) = (text(user.as_ref())?, text(password.as_ref())?);
                self.run(client::login(user, Secret::new(password), None)).await.map(drop)
            }

            /// As [`login`](Self::login), for servers that ask for an account too.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn login_with_account(
                &mut self,
                user: impl AsRef<[u8]>,
                password: impl AsRef<[u8]>,
                account: impl AsRef<[u8]>,
            ) -> Result<(), Error> {
                let (user, password, account) =
                    (text(user.as_ref())?, text(password.as_ref())?, text(account.as_ref())?);
                let (password, account) = (Secret::new(password), Secret::new(account));
                self.run(client::login(user, password, Some(account))).await.map(drop)
            }

            /// The state of the session, or with a `path` its listing over the control connection. `on_line`
            /// sees the lines of the reply before its last.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn status(
                &mut self,
                path: impl AsRef<[u8]>,
                on_line: impl FnMut(&ReplyLine<'_>),
            ) -> Result<Reply, Error> {
                let path = self.connection.wire_name(path.as_ref())?;
                self.run_with(client::status(optional(&path)?), on_line).await
            }

            /// What the server says of its commands, or of one. `on_line` sees the lines before the last.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn help(
                &mut self,
                about: impl AsRef<[u8]>,
                on_line: impl FnMut(&ReplyLine<'_>),
            ) -> Result<Reply, Error> {
                let about = about.as_ref();
                self.run_with(client::help(optional(about)?), on_line).await
            }

            /// Sends one of the server's own commands, what follows `SITE`. `on_line` sees the lines before
            /// the last.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn site(
                &mut self,
                command: impl AsRef<[u8]>,
                on_line: impl FnMut(&ReplyLine<'_>),
            ) -> Result<Reply, Error> {
                let command = text(command.as_ref())?;
                self.run_with(client::site(SiteCommand::Other(command)), on_line).await
            }

            /// Says who this client is.
            ///
            /// # Errors
            /// When the server refuses, which does no harm.
            pub async fn client_name(&mut self, name: impl AsRef<[u8]>) -> Result<(), Error> {
                let name = name.as_ref();
                self.run(client::client_name(text(name)?)).await.map(drop)
            }

            /// Chooses the language of what the server tells people (`""` is its own one).
            ///
            /// # Errors
            /// When the server refuses, or does not speak it.
            pub async fn language(&mut self, tag: impl AsRef<[u8]>) -> Result<(), Error> {
                let tag = tag.as_ref();
                self.run(client::language(optional(tag)?)).await.map(drop)
            }

            /// Says which of the hosts at its address is meant, before the login.
            ///
            /// # Errors
            /// When the server refuses, or does not know it.
            pub async fn host(&mut self, name: impl AsRef<[u8]>) -> Result<(), Error> {
                let name = name.as_ref();
                self.run(client::host(text(name)?)).await.map(drop)
            }

            /// Asks, after the login, what the server can do, and for pathnames in UTF-8 where it names those.
            /// Nothing that it says to either is an error.
            ///
            /// # Errors
            /// When the connection is gone.
            pub async fn setup(&mut self) -> Result<Offers, Error> {
                self.run(client::setup()).await
            }

            /// Asks for pathnames in UTF-8, or not. A refusal says nothing: servers that always speak it
            /// refuse too.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn utf8(&mut self, on: bool) -> Result<(), Error> {
                self.run(client::utf8(on)).await.map(drop)
            }

            /// Sets how a command is to behave from now on: what follows `OPTS`, such as `MLST type;size;`.
            ///
            /// # Errors
            /// When that is not of the grammar of the command's options, or the server refuses.
            pub async fn options(&mut self, argument: impl AsRef<[u8]>) -> Result<(), Error> {
                let argument = OptsArgument::parse(argument.as_ref()).map_err(Error::Argument)?;
                self.run(client::options(argument)).await.map(drop)
            }

            /// Says how many bytes the next upload will have.
            ///
            /// # Errors
            /// When the server refuses: it may have no room.
            pub async fn allocate(&mut self, bytes: u64) -> Result<(), Error> {
                self.run(client::allocate(bytes)).await.map(drop)
            }

            /// Gives the account that a server asks for after the login.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn account(&mut self, account: impl AsRef<[u8]>) -> Result<(), Error> {
                let account = text(account.as_ref())?;
                self.run(client::account(Secret::new(account))).await.map(drop)
            }

            /// Begins the session anew: log in next, where TLS came by AUTH after [`secure`](Self::secure).
            ///
            /// # Errors
            /// When the server refuses, or has no REIN.
            pub async fn reinitialize(&mut self) -> Result<(), Error> {
                self.run(client::reinitialize()).await.map(drop)
            }

            /// What the server says that it can do.
            ///
            /// # Errors
            /// When the server refuses, which old ones do.
            pub async fn features(&mut self) -> Result<Features, Error> {
                self.run(client::features()).await
            }

            /// The server's kind of system.
            ///
            /// # Errors
            /// When the server refuses.
            pub async fn system(&mut self) -> Result<Vec<u8>, Error> {
                self.run(client::system()).await.map(|reply| reply.text)
            }

            /// Asks nothing of the server but an answer.
            ///
            /// # Errors
            /// When the connection is gone.
            pub async fn noop(&mut self) -> Result<(), Error> {
                self.run(client::noop()).await.map(drop)
            }

            /// Sends a line as it was written, whether or not any document has such a command: `NOOP 1`, `SITE`.
            /// `on_line` sees the lines of the reply before its last.
            ///
            /// # Errors
            /// [`Error::Raw`] when the line is blank, or has a command for which there is a method of its own,
            /// which is named: those that change what a client keeps track of, or that open a data connection.
            /// [`Error::Argument`] when it holds CR, LF or NUL. And when the server refuses.
            pub async fn raw(
                &mut self,
                line: impl AsRef<[u8]>,
                on_line: impl FnMut(&ReplyLine<'_>),
            ) -> Result<Reply, Error> {
                let line = line.as_ref();
                let operation = client::raw(text(line)?).map_err(Error::Raw)?;
                self.run_with(operation, on_line).await
            }

            /// Says goodbye and closes the connection.
            ///
            /// # Errors
            /// When the server says anything else.
            pub async fn quit(mut self) -> Result<(), Error> {
                self.connection.begin_call();
                match self.connection.run_here(client::quit(), |_| {}).await {
                    // It was asked to close, and some servers do so without a word.
                    Ok(_) | Err(Error::Peer(PeerError::Closed, _)) => Ok(()),
                    Err(error) => Err(error),
                }
            }
            }

            pub(super) async fn open(
                setup: Setup,
                runtime: $runtime,
                server: impl ToSocketAddrs,
            ) -> Result<Self, Error> {
                let mut runtime = $crate::io::runtime::Timed::new(runtime);
                let deadline = setup.deadline(&runtime);
                let addresses = within(&mut runtime, deadline, resolve(server)).await?;
                let connection = setup.connect(runtime, deadline, addresses).await?;
                Ok(Self { connection })
            }

            async fn run<S: Outcome>(&mut self, operation: Operation<S>) -> Result<S::Owned, Error> {
                self.connection.run(operation).await
            }

            async fn run_with<S: Outcome>(
                &mut self,
                operation: Operation<S>,
                on_line: impl FnMut(&ReplyLine<'_>),
            ) -> Result<S::Owned, Error> {
                self.connection.run_with(operation, on_line).await
            }
        }

        impl fmt::Debug for Client {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct("Client").field("profile", &self.profile()).finish_non_exhaustive()
            }
        }
    };
}
pub(super) use operations;
