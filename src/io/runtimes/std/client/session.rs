//! Methods for the session itself.

use super::{Client, block_on};
use crate::client::{Offers, Protected};
use crate::codec::{Features, ReplyLine};
use crate::io::{Error, Reply};

impl Client {
    /// Secures the connection with TLS again, in the way set in
    /// [`ClientBuilder`](super::ClientBuilder).
    ///
    /// # Errors
    /// Those of [`io::Client::secure`](crate::io::Client::secure).
    pub fn secure(&mut self) -> Result<Protected, Error> {
        block_on(self.0.secure())
    }

    /// Uses TLS on data connections from now on (PROT P, RFC 4217 9).
    ///
    /// # Errors
    /// Those of [`io::Client::protect_data`](crate::io::Client::protect_data).
    pub fn protect_data(&mut self) -> Result<Protected, Error> {
        block_on(self.0.protect_data())
    }

    /// Uses no TLS on data connections from now on (PROT C, RFC 4217 9).
    ///
    /// # Errors
    /// Those of [`io::Client::unprotect_data`](crate::io::Client::unprotect_data).
    pub fn unprotect_data(&mut self) -> Result<Protected, Error> {
        block_on(self.0.unprotect_data())
    }

    /// Ends TLS on the control connection and keeps it on data connections (CCC), for firewalls
    /// that read the dialogue.
    ///
    /// # Errors
    /// Those of [`io::Client::clear_command_channel`](crate::io::Client::clear_command_channel).
    pub fn clear_command_channel(&mut self) -> Result<(), Error> {
        block_on(self.0.clear_command_channel())
    }

    /// Logs in.
    ///
    /// # Errors
    /// Those of [`io::Client::login`](crate::io::Client::login).
    pub fn login(&mut self, user: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.login(user, password))
    }

    /// Logs in to a server that also asks for an account (ACCT).
    ///
    /// # Errors
    /// Those of [`io::Client::login_with_account`](crate::io::Client::login_with_account).
    pub fn login_with_account(
        &mut self,
        user: impl AsRef<[u8]>,
        password: impl AsRef<[u8]>,
        account: impl AsRef<[u8]>,
    ) -> Result<(), Error> {
        block_on(self.0.login_with_account(user, password, account))
    }

    /// Asks for the state of the session, or, if `path` is given, for the listing of `path` over
    /// the control connection (STAT).
    ///
    /// # Errors
    /// Those of [`io::Client::status`](crate::io::Client::status).
    pub fn status(
        &mut self,
        path: impl AsRef<[u8]>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        block_on(self.0.status(path, on_line))
    }

    /// Asks for help with the server's commands, or with the command that `about` names.
    ///
    /// # Errors
    /// Those of [`io::Client::help`](crate::io::Client::help).
    pub fn help(
        &mut self,
        about: impl AsRef<[u8]>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        block_on(self.0.help(about, on_line))
    }

    /// Sends one of the server's own commands: `command` is what follows `SITE`. `on_line` is
    /// called with each line of the reply except the last.
    ///
    /// # Errors
    /// Those of [`io::Client::site`](crate::io::Client::site).
    pub fn site(
        &mut self,
        command: impl AsRef<[u8]>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        block_on(self.0.site(command, on_line))
    }

    /// Tells the server the name of the client program (CLNT).
    ///
    /// # Errors
    /// Those of [`io::Client::client_name`](crate::io::Client::client_name).
    pub fn client_name(&mut self, name: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.client_name(name))
    }

    /// Chooses the language of the texts in replies (LANG, RFC 2640).
    ///
    /// # Errors
    /// Those of [`io::Client::language`](crate::io::Client::language).
    pub fn language(&mut self, tag: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.language(tag))
    }

    /// Names the virtual host, before the login (HOST, RFC 7151).
    ///
    /// # Errors
    /// Those of [`io::Client::host`](crate::io::Client::host).
    pub fn host(&mut self, name: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.host(name))
    }

    /// Asks what the server supports, and requests UTF-8 pathnames if the server lists that
    /// feature.
    ///
    /// # Errors
    /// Those of [`io::Client::setup`](crate::io::Client::setup).
    pub fn setup(&mut self) -> Result<Offers, Error> {
        block_on(self.0.setup())
    }

    /// Turns UTF-8 pathnames on or off (OPTS UTF8).
    ///
    /// # Errors
    /// Those of [`io::Client::utf8`](crate::io::Client::utf8).
    pub fn utf8(&mut self, on: bool) -> Result<(), Error> {
        block_on(self.0.utf8(on))
    }

    /// Sets an option of a command: `argument` is what follows `OPTS`, such as `MLST type;size;`
    /// (RFC 2389 4).
    ///
    /// # Errors
    /// Those of [`io::Client::options`](crate::io::Client::options).
    pub fn options(&mut self, argument: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.options(argument))
    }

    /// Announces the size of the next upload in bytes (ALLO).
    ///
    /// # Errors
    /// Those of [`io::Client::allocate`](crate::io::Client::allocate).
    pub fn allocate(&mut self, bytes: u64) -> Result<(), Error> {
        block_on(self.0.allocate(bytes))
    }

    /// Sends the account that a server asks for after the login (ACCT).
    ///
    /// # Errors
    /// Those of [`io::Client::account`](crate::io::Client::account).
    pub fn account(&mut self, account: impl AsRef<[u8]>) -> Result<(), Error> {
        block_on(self.0.account(account))
    }

    /// Returns the session to its state after the greeting (REIN).
    ///
    /// # Errors
    /// Those of [`io::Client::reinitialize`](crate::io::Client::reinitialize).
    pub fn reinitialize(&mut self) -> Result<(), Error> {
        block_on(self.0.reinitialize())
    }

    /// Asks what the server supports (FEAT, RFC 2389 3).
    ///
    /// # Errors
    /// Those of [`io::Client::features`](crate::io::Client::features).
    pub fn features(&mut self) -> Result<Features, Error> {
        block_on(self.0.features())
    }

    /// Asks for the server's type of operating system (SYST).
    ///
    /// # Errors
    /// Those of [`io::Client::system`](crate::io::Client::system).
    pub fn system(&mut self) -> Result<Vec<u8>, Error> {
        block_on(self.0.system())
    }

    /// Sends NOOP, to which any server replies.
    ///
    /// # Errors
    /// Those of [`io::Client::noop`](crate::io::Client::noop).
    pub fn noop(&mut self) -> Result<(), Error> {
        block_on(self.0.noop())
    }

    /// Sends a line unchanged, even if no specification has such a command: `NOOP 1`, `SITE`.
    /// `on_line` is called with each line of the reply except the last.
    ///
    /// # Errors
    /// Those of [`io::Client::raw`](crate::io::Client::raw).
    pub fn raw(
        &mut self,
        line: impl AsRef<[u8]>,
        on_line: impl FnMut(&ReplyLine<'_>),
    ) -> Result<Reply, Error> {
        block_on(self.0.raw(line, on_line))
    }

    /// Ends the session and closes the connection (QUIT).
    ///
    /// # Errors
    /// Those of [`io::Client::quit`](crate::io::Client::quit).
    pub fn quit(self) -> Result<(), Error> {
        block_on(self.0.quit())
    }
}
