//! The gate: decides whether a session serves a command in its current state, according to the verb
//! table.

use super::config::Config;
use super::login::Login;
use super::protection::Protection;
use crate::codec::{ReplyCode as Code, Verb};
use crate::security::{Policy, TlsMode};

/// The side that answers an admitted command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Server {
    /// The session, which may send requests to the host.
    Session,
    /// The host, which gets the command unchanged.
    Host,
}

/// The reason why a command is not served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Denial {
    /// The client has to log in first. Counts as a bad command.
    Login,
    /// The command is refused with this reply. Does not count as a bad command: a client may get
    /// this reply for every file of a directory.
    Reply(Code, &'static str),
}

/// Decides whether to serve a command, regardless of its argument. `verb` is `None` for a command
/// that is not in the table. `during` is set while a transfer is running or the host is working;
/// the session then answers the command at once without the host, which handles one request at a
/// time.
pub(super) fn admit(
    verb: Option<Verb>,
    during: bool,
    login: &Login,
    protection: &Protection,
    config: &Config,
) -> Result<Server, Denial> {
    // Before a login, do not reveal which commands are supported.
    if !login.is_in() && !verb.is_some_and(Verb::is_allowed_before_login) {
        return Err(Denial::Login);
    }
    let Some(verb) = verb else { return Ok(Server::Session) };
    // These commands get the answer for a missing security exchange, whether or not they are
    // served.
    let protected = matches!(verb, Verb::Adat | Verb::Mic | Verb::Conf | Verb::Enc);
    if !config.serves(verb) && !protected {
        return Err(Denial::Reply(Code::NOT_IMPLEMENTED, "Command not implemented."));
    }
    // A server that is told to require TLS and has none serves nobody, rather than in the clear.
    let security = &config.security;
    let is_offered = security.tls != TlsMode::None;
    if matches!(verb, Verb::User | Verb::Pass | Verb::Acct)
        && security.control == Policy::Require
        && !protection.is_secured()
    {
        // Only USER may be answered with 534; the others are out of sequence anyway.
        let code = if verb == Verb::User { Code::DENIED_BY_POLICY } else { Code::BAD_SEQUENCE };
        return Err(Denial::Reply(
            code,
            match is_offered {
                true => "TLS is required; send AUTH TLS first.",
                false => "TLS is required, and this server does not offer it.",
            },
        ));
    }
    if verb.opens_data_connection() && security.data == Policy::Require && !protection.covers_data() {
        return Err(Denial::Reply(
            Code::DATA_PROTECTION_REFUSED,
            match is_offered {
                true => "Protected data connections are required; send PROT P first.",
                false => "Protected data connections are required, and this server does not offer them.",
            },
        ));
    }
    Ok(if !during && config.overrides(verb) { Server::Host } else { Server::Session })
}
