//! Methods of a client for the session itself: TLS, login, settings, and the commands that only
//! query the server.

use super::outcome::{Reply, optional, text};
use super::{Client, Error};
use crate::client::{self, Offers, Protected};
use crate::codec::{Features, OptsArgument, ReplyLine, Secret, SiteCommand};
use crate::error::PeerError;
use crate::io::net::runtime::Runtime;

impl<R: Runtime> Client<R> {
    /// Secures the connection with TLS again, in the way set in
    /// [`ClientBuilder`](super::ClientBuilder). This is needed after
    /// [`reinitialize`](Self::reinitialize), which ends TLS.
    ///
    /// # Errors
    /// Fails if the server refuses something that the [configuration](client::Security) requires,
    /// or the handshake fails.
    pub async fn secure(&mut self) -> Result<Protected, Error> {
        self.run(client::secure()).await
    }

    /// Uses TLS on data connections from now on (PROT P, RFC 4217 9).
    ///
    /// # Errors
    /// Fails if the server refuses, or the control connection is not under TLS.
    pub async fn protect_data(&mut self) -> Result<Protected, Error> {
        self.run(client::protect_data()).await
    }

    /// Uses no TLS on data connections from now on (PROT C, RFC 4217 9).
    ///
    /// # Errors
    /// Fails if the server refuses, or the control connection is not under TLS.
    pub async fn unprotect_data(&mut self) -> Result<Protected, Error> {
        self.run(client::unprotect_data()).await
    }

    /// Ends TLS on the control connection and keeps it on data connections (CCC), for firewalls
    /// that read the dialogue.
    ///
    /// # Errors
    /// Fails if the server refuses, as most do.
    pub async fn clear_command_channel(&mut self) -> Result<(), Error> {
        self.run(client::clear_command_channel()).await
    }

    /// Logs in. Public servers accept the user `anonymous` with a mail address as the password.
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn login(&mut self, user: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Result<(), Error> {
        let (user, password) = (text(user.as_ref())?, text(password.as_ref())?);
        self.run(client::login(user, Secret::new(password), None)).await.map(drop)
    }

    /// Logs in to a server that also asks for an account (ACCT).
    ///
    /// # Errors
    /// Fails if the server refuses.
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

    /// Asks for the state of the session, or, if `path` is given, for the listing of `path` over
    /// the control connection (STAT). `on_line` is called with each line of the reply except the
    /// last.
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn status(
        &mut self,
        path: impl AsRef<[u8]>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        let path = self.connection.wire_name(path.as_ref())?;
        self.run_with(client::status(optional(&path)?), on_line).await
    }

    /// Asks for help with the server's commands, or with the command that `about` names. `on_line`
    /// is called with each line of the reply except the last.
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn help(
        &mut self,
        about: impl AsRef<[u8]>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        let about = about.as_ref();
        self.run_with(client::help(optional(about)?), on_line).await
    }

    /// Sends one of the server's own commands: `command` is what follows `SITE`. `on_line` is
    /// called with each line of the reply except the last.
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn site(
        &mut self,
        command: impl AsRef<[u8]>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        let command = text(command.as_ref())?;
        self.run_with(client::site(SiteCommand::Other(command)), on_line).await
    }

    /// Tells the server the name of the client program (CLNT).
    ///
    /// # Errors
    /// Fails if the server refuses, which has no consequences.
    pub async fn client_name(&mut self, name: impl AsRef<[u8]>) -> Result<(), Error> {
        let name = name.as_ref();
        self.run(client::client_name(text(name)?)).await.map(drop)
    }

    /// Chooses the language of the texts in replies (LANG, RFC 2640). An empty `tag` chooses the
    /// server's default.
    ///
    /// # Errors
    /// Fails if the server refuses, or does not have the language.
    pub async fn language(&mut self, tag: impl AsRef<[u8]>) -> Result<(), Error> {
        let tag = tag.as_ref();
        self.run(client::language(optional(tag)?)).await.map(drop)
    }

    /// Names the virtual host, before the login (HOST, RFC 7151).
    ///
    /// # Errors
    /// Fails if the server refuses, or does not have the host.
    pub async fn host(&mut self, name: impl AsRef<[u8]>) -> Result<(), Error> {
        let name = name.as_ref();
        self.run(client::host(text(name)?)).await.map(drop)
    }

    /// Asks what the server supports, and requests UTF-8 pathnames if the server lists that
    /// feature. Call this after the login. A refusal of either is not an error.
    ///
    /// # Errors
    /// Fails if the connection is lost.
    pub async fn setup(&mut self) -> Result<Offers, Error> {
        self.run(client::setup()).await
    }

    /// Turns UTF-8 pathnames on or off (OPTS UTF8). A refusal does not mean that the server lacks
    /// UTF-8: servers that always use it refuse as well.
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn utf8(&mut self, on: bool) -> Result<(), Error> {
        self.run(client::utf8(on)).await.map(drop)
    }

    /// Sets an option of a command: `argument` is what follows `OPTS`, such as `MLST type;size;`
    /// (RFC 2389 4).
    ///
    /// # Errors
    /// Fails if `argument` does not match the grammar of the command's options, or the server
    /// refuses.
    pub async fn options(&mut self, argument: impl AsRef<[u8]>) -> Result<(), Error> {
        let argument = OptsArgument::parse(argument.as_ref()).map_err(Error::Argument)?;
        self.run(client::options(argument)).await.map(drop)
    }

    /// Announces the size of the next upload in bytes (ALLO).
    ///
    /// # Errors
    /// Fails if the server refuses, for example because it has no room.
    pub async fn allocate(&mut self, bytes: u64) -> Result<(), Error> {
        self.run(client::allocate(bytes)).await.map(drop)
    }

    /// Sends the account that a server asks for after the login (ACCT).
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn account(&mut self, account: impl AsRef<[u8]>) -> Result<(), Error> {
        let account = text(account.as_ref())?;
        self.run(client::account(Secret::new(account))).await.map(drop)
    }

    /// Returns the session to its state after the greeting (REIN). If TLS was started by AUTH, call
    /// [`secure`](Self::secure) next; then log in.
    ///
    /// # Errors
    /// Fails if the server refuses, or does not have REIN.
    pub async fn reinitialize(&mut self) -> Result<(), Error> {
        self.run(client::reinitialize()).await.map(drop)
    }

    /// Asks what the server supports (FEAT, RFC 2389 3).
    ///
    /// # Errors
    /// Fails if the server refuses, as old servers do.
    pub async fn features(&mut self) -> Result<Features, Error> {
        self.run(client::features()).await
    }

    /// Asks for the server's type of operating system (SYST).
    ///
    /// # Errors
    /// Fails if the server refuses.
    pub async fn system(&mut self) -> Result<Vec<u8>, Error> {
        self.run(client::system()).await.map(|reply| reply.text)
    }

    /// Sends NOOP, to which any server replies.
    ///
    /// # Errors
    /// Fails if the connection is lost.
    pub async fn noop(&mut self) -> Result<(), Error> {
        self.run(client::noop()).await.map(drop)
    }

    /// Sends a line unchanged, even if no specification has such a command: `NOOP 1`, `SITE`.
    /// `on_line` is called with each line of the reply except the last.
    ///
    /// # Errors
    /// [`Error::Raw`] if the line is blank, or if there is a method for its command, which the
    /// error then names: such commands change state that a client keeps track of, or open a data
    /// connection. [`Error::Argument`] if the line contains CR, LF or NUL. Also fails if the server
    /// refuses.
    pub async fn raw(
        &mut self,
        line: impl AsRef<[u8]>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        let line = line.as_ref();
        let operation = client::raw(text(line)?).map_err(Error::Raw)?;
        self.run_with(operation, on_line).await
    }

    /// Ends the session and closes the connection (QUIT).
    ///
    /// # Errors
    /// Fails if the server's reply is not a farewell.
    pub async fn quit(mut self) -> Result<(), Error> {
        self.connection.begin_call();
        match self.connection.run_here(client::quit(), |_| {}).await {
            // Some servers close the connection without a reply.
            Ok(_) | Err(Error::Peer(PeerError::Closed, _)) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
