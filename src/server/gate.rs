//! The gate: the commands that a session serves in its present state, decided by the table of verbs.

use super::config::Config;
use super::login::Login;
use super::protection::Protection;
use crate::codec::{ReplyCode as Code, Verb};
use crate::security::{Policy, TlsMode};

/// The side that answers a command that may be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// The session, which may ask the host for what it needs.
    Session,
    /// The host, which gets the command as it is.
    Host,
}

/// The reason why a command is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// The client has to log in first. A client that sends many such commands is a bad one.
    Login,
    /// This reply says why. A client that gets it is no bad one: it may well ask for every file of a directory.
    Reply(Code, &'static str),
}

/// Decides about a command, whatever its argument. `verb` is `None` for what is no command of the table, and `during` says that
/// a transfer is running or the host is at work: the command is answered at once then, and the host, which is asked
/// one thing at a time, is not asked.
pub(super) fn admit(
    verb: Option<Verb>,
    during: bool,
    login: &Login,
    protection: &Protection,
    config: &Config,
) -> Result<Server, Denial> {
    // Before a login nothing is told of what this server can do.
    if !login.is_in() && !verb.is_some_and(Verb::is_allowed_before_login) {
        return Err(Denial::Login);
    }
    let Some(verb) = verb else { return Ok(Server::Session) };
    // These get the answer that comes before a security mechanism was chosen, served or not.
    let protected = matches!(verb, Verb::Adat | Verb::Mic | Verb::Conf | Verb::Enc);
    if !config.serves(verb) && !protected {
        return Err(Denial::Reply(Code::NOT_IMPLEMENTED, "Not implemented here."));
    }
    let required = |policy| policy == Policy::Require && config.security.tls != TlsMode::None;
    if matches!(verb, Verb::User | Verb::Pass | Verb::Acct)
        && required(config.security.control)
        && !protection.is_secured()
    {
        // 534 is USER's alone; the others come out of order anyway.
        let code = if verb == Verb::User { Code::DENIED_BY_POLICY } else { Code::BAD_SEQUENCE };
        return Err(Denial::Reply(code, "Protect this connection by AUTH TLS first."));
    }
    if verb.opens_data_connection() && required(config.security.data) && !protection.covers_data() {
        let text = "Protect data connections by PROT P first.";
        return Err(Denial::Reply(Code::DATA_PROTECTION_REFUSED, text));
    }
    Ok(if !during && config.overrides(verb) { Server::Host } else { Server::Session })
}
