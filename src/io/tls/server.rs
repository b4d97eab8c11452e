//! A server's part: what it shows, whom it lets in, and the sessions of one control connection.

use ::std::fmt;
use ::std::net::IpAddr;
use ::std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, ServerConnection, WebPkiClientVerifier};
use rustls::{ServerConfig, SupportedProtocolVersion};

use super::sessions::{Keeper, OF_CONTROL, Pool, Role, Share};
use super::{ALPN, provider, store};

/// How a server does TLS: what it shows, and whom it lets in.
///
/// The server keeps the TLS sessions of its control connections apart, so that a data connection that resumes one shows
/// whose it is. Which ones a data connection has to resume is set by
/// [`Security::session_binding`](crate::server::Security::session_binding): by default one of its control connection, or
/// of another control connection of the same user, virtual host and address, so that programs with one store of sessions
/// for several connections are served too; for anonymous users only its own. Sessions can be resumed any number of
/// times, in TLS 1.2 by identifier or by ticket, in TLS 1.3 by ticket; a new control connection resumes none. They end
/// with their control connection; where others of the user go on, its last eight stay until the last of those has ended.
///
/// No more is kept than 8 sessions of each control connection itself, 32 of its data connections, and 32 of ended
/// connections for each user and address that has one open: each of these come to 128 KiB at most (a session has some
/// 200 bytes, and the certificates that the client has shown).
///
/// By TLS 1.3 a control connection gets eight tickets. A data connection that receives gets its own only once its client
/// has ended TLS, for the close of a client that leaves them unread is a reset, and its file cut; unless the client has
/// begun the handshake before it sent its command, as curl does, which needs a ticket from each upload for the next.
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
    pool: Arc<Pool>,
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

/// A configuration made elsewhere. Its session store and its tickets are replaced by ones for each control
/// connection, and its ALPN protocols by `ftp`.
impl From<Arc<ServerConfig>> for ServerTls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self { config, pool: Arc::default() }
    }
}

/// As from an [`Arc`] of it.
impl From<ServerConfig> for ServerTls {
    fn from(config: ServerConfig) -> Self {
        Arc::new(config).into()
    }
}

impl ServerTls {
    /// The configuration of a server that shows this certificate: it first, then those that signed it.
    ///
    /// # Errors
    /// As [`ServerTlsBuilder::build`].
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, rustls::Error> {
        Self::builder(chain, key).build()
    }

    /// A configuration to be made.
    pub fn builder(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> ServerTlsBuilder {
        ServerTlsBuilder { provider: None, versions: rustls::ALL_VERSIONS, chain, key, clients: None }
    }

    /// The TLS sessions of a new control connection. The adapters make them themselves; a driver of your own needs
    /// one for each of its control connections.
    #[must_use]
    pub fn sessions(&self) -> ServerSessions {
        self.sessions_of(None)
    }

    /// As [`sessions`](Self::sessions), of a client from this address.
    pub(super) fn sessions_from(&self, address: IpAddr) -> ServerSessions {
        self.sessions_of(Some(address))
    }

    fn sessions_of(&self, address: Option<IpAddr>) -> ServerSessions {
        ServerSessions { config: Arc::clone(&self.config), share: Arc::new(Share::new(&self.pool, address)) }
    }
}

/// The TLS sessions of one control connection and its data connections, of a server: none but these are resumed, and
/// those of the [user](Self::belong_to)'s other control connections, so that a
/// [`HandshakeKind::Resumed`](rustls::HandshakeKind) on a data connection says whose it is. A clone has the same
/// sessions.
///
/// For drivers of your own, which move the bytes of rustls's connections as they see fit. See the
/// [module](super) for an example.
#[derive(Clone)]
pub struct ServerSessions {
    config: Arc<ServerConfig>,
    share: Arc<Share>,
}

impl fmt::Debug for ServerSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSessions").finish_non_exhaustive()
    }
}

impl ServerSessions {
    /// The control connection, which has yet to shake hands, at
    /// [`Action::UpgradeControl`](crate::action::Action::UpgradeControl). By TLS 1.3 its client gets eight tickets.
    ///
    /// # Errors
    /// When the configuration allows no connection.
    pub fn accept(&self) -> Result<ServerConnection, rustls::Error> {
        self.connection(Role::Control, false).map(|(connection, _)| connection)
    }

    /// One of its data connections, which has yet to shake hands, at
    /// [`DataOp::StartTls`](crate::action::DataOp::StartTls).
    ///
    /// By TLS 1.3 rustls has tickets to send behind the handshake. Keep them back until other bytes are to be sent, or
    /// the client has ended TLS ([`IoState::peer_has_closed`](rustls::IoState::peer_has_closed)), or
    /// [`DataOp::SendTickets`](crate::action::DataOp::SendTickets) comes: the close of a client that has left them
    /// unread, because it only sends, is a reset, and the end of its file may be lost.
    ///
    /// # Errors
    /// When the configuration allows no connection.
    pub fn accept_data(&self) -> Result<ServerConnection, rustls::Error> {
        self.connection(Role::Data, false).map(|(connection, _)| connection)
    }

    /// As [`accept_data`](Self::accept_data), with what tells whether the session that it has resumed is its client's.
    pub(super) fn accept_data_to_check(&self) -> Result<(ServerConnection, Arc<Keeper>), rustls::Error> {
        self.connection(Role::Data, true)
    }

    fn connection(&self, role: Role, checks: bool) -> Result<(ServerConnection, Arc<Keeper>), rustls::Error> {
        let random = self.config.crypto_provider().secure_random;
        let keeper = Arc::new(Keeper::new(Arc::clone(&self.share), role, random, checks));
        let mut config = ServerConfig::clone(&self.config);
        config.session_storage = Arc::clone(&keeper) as _;
        config.ticketer = Arc::clone(&keeper) as _;
        config.alpn_protocols = vec![ALPN.to_vec()];
        if role == Role::Control {
            // Clients that use each ticket once, and read nothing while they upload, have these.
            config.send_tls13_tickets = OF_CONTROL;
        }
        Ok((ServerConnection::new(Arc::new(config))?, keeper))
    }

    /// The client has logged in as this user, of this virtual host if it has chosen one, from this address: its data
    /// connections may resume the sessions of all control connections of which that was said. Say it only where a
    /// [`Session`](crate::server::Session::shares_tls_sessions) does so, and of nobody who is anonymous.
    pub fn belong_to(&self, host: Option<&[u8]>, user: &[u8], address: IpAddr) {
        self.share.belong_to(host, user, address);
    }

    /// The client has logged in, and shares its sessions with nobody.
    pub fn stay_alone(&self) {
        self.share.stay_alone();
    }

    /// Nobody is logged in any more.
    pub fn belong_to_nobody(&self) {
        self.share.belong_to_nobody();
    }
}

/// Makes a [`ServerTls`].
#[must_use = "a builder does nothing until it builds"]
pub struct ServerTlsBuilder {
    provider: Option<Arc<CryptoProvider>>,
    versions: &'static [&'static SupportedProtocolVersion],
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    clients: Option<(Vec<CertificateDer<'static>>, bool)>,
}

impl fmt::Debug for ServerTlsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTlsBuilder").finish_non_exhaustive()
    }
}

impl ServerTlsBuilder {
    /// The cryptography, where it is not to be the process's own or that of a feature.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// The versions to speak: all that rustls has by default.
    pub fn versions(mut self, versions: &'static [&'static SupportedProtocolVersion]) -> Self {
        self.versions = versions;
        self
    }

    /// Asks clients for a certificate that one of these has signed, and `require`s it or not.
    pub fn client_roots(
        mut self,
        roots: impl IntoIterator<Item = CertificateDer<'static>>,
        require: bool,
    ) -> Self {
        self.clients = Some((roots.into_iter().collect(), require));
        self
    }

    /// The configuration.
    ///
    /// # Errors
    /// When there is no crypto provider, or it has none of the versions, or the certificate does not fit its
    /// key, or a root is no certificate, or no client could ever be let in.
    pub fn build(self) -> Result<ServerTls, rustls::Error> {
        let provider = self.provider.map_or_else(provider, Ok)?;
        let clients: Arc<dyn ClientCertVerifier> = match self.clients {
            None => Arc::new(NoClientAuth),
            Some((roots, require)) => {
                let roots = store(roots)?;
                let builder =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
                let builder = if require { builder } else { builder.allow_unauthenticated() };
                builder.build().map_err(|error| rustls::Error::General(error.to_string()))?
            }
        };
        let config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(self.versions)?
            .with_client_cert_verifier(clients)
            .with_single_cert(self.chain, self.key)?;
        Ok(Arc::new(config).into())
    }
}
