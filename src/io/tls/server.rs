//! The server's part of TLS: its certificate, the clients it admits, and the sessions of one
//! control connection.

use ::std::fmt;
use ::std::net::IpAddr;
use ::std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoClientAuth, ServerConnection, WebPkiClientVerifier};
use rustls::{ServerConfig, SupportedProtocolVersion};

use super::sessions::{Keeper, OF_CONTROL, Pool, Role, Share};
use super::{ALPN, provider, store};

/// A server's TLS configuration: its certificate and the clients it admits.
///
/// From the files of a certificate with those that signed it, and of its key, in PEM:
///
/// ```
/// # #[cfg(all(feature = "ring", feature = "disk"))]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ftp_proto::io::std::Server;
/// use ftp_proto::io::tls::ServerTls;
/// use ftp_proto::io::tls::rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
/// use ftp_proto::io::{Directory, Users};
///
/// # let place = std::env::temp_dir().join(format!("ftp-proto-server-tls-{}", std::process::id()));
/// # std::fs::create_dir_all(&place)?;
/// # let own = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
/// # std::fs::write(place.join("cert.pem"), own.cert.pem())?;
/// # std::fs::write(place.join("key.pem"), own.signing_key.serialize_pem())?;
/// # std::env::set_current_dir(&place)?;
/// let chain = CertificateDer::pem_file_iter("cert.pem")?.collect::<Result<Vec<_>, _>>()?;
/// let key = PrivateKeyDer::from_pem_file("key.pem")?;
/// let users = Users::new().user("alice", "correct horse", Directory::open(".")?);
/// let server = Server::bind("127.0.0.1:0", users)?.with_explicit_tls(ServerTls::new(chain, key)?);
/// # std::fs::remove_dir_all(&place)?;
/// # Ok(())
/// # }
/// # #[cfg(not(all(feature = "ring", feature = "disk")))]
/// # fn main() {}
/// ```
///
/// The TLS sessions of different control connections are kept apart, so that a resumed session
/// identifies the owner of a data connection. The session that a data connection has to resume is
/// set by [`Security::session_binding`](crate::server::Security::session_binding). By default, this
/// may be a session of its own control connection, or of another control connection with the same
/// user, virtual host and address, for programs that use one session store for several connections.
/// For anonymous users it has to be one of its own control connection. Sessions can be resumed any
/// number of times: in TLS 1.2 by identifier or ticket, in TLS 1.3 by ticket. A new control
/// connection resumes none. Sessions end with their control connection, but while other connections
/// of the user are open, its last eight are kept.
///
/// The stores are bounded: 8 sessions of each control connection itself, 32 of its data
/// connections, and 32 of ended connections for each user and address with an open connection. Each
/// store holds at most 128 KiB; a session takes about 200 bytes and the client's certificates.
///
/// With TLS 1.3, a control connection sends eight tickets. A data connection that receives a file
/// sends its own tickets only after the client has ended TLS, since a client that closes with
/// unread tickets resets the connection and truncates its file. If the client starts the handshake
/// before it sends its command, the tickets are sent at once: curl does this, and needs a ticket
/// from each upload for the next one.
#[derive(Clone)]
pub struct ServerTls {
    /// The configuration of new control connections, shared by all clones.
    config: Arc<RwLock<Arc<ServerConfig>>>,
    pool: Arc<Pool>,
}

impl fmt::Debug for ServerTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerTls").finish_non_exhaustive()
    }
}

/// Uses an existing configuration. Its session store and ticketer are replaced by those of each
/// control connection, and its ALPN protocols by `ftp`.
impl From<Arc<ServerConfig>> for ServerTls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self { config: Arc::new(RwLock::new(config)), pool: Arc::default() }
    }
}

/// Same as the conversion from an [`Arc`].
impl From<ServerConfig> for ServerTls {
    fn from(config: ServerConfig) -> Self {
        Arc::new(config).into()
    }
}

impl ServerTls {
    /// Creates the configuration of a server with this certificate. The chain starts with the
    /// certificate itself, followed by those that signed it.
    ///
    /// # Errors
    /// See [`ServerTlsBuilder::build`].
    pub fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, rustls::Error> {
        Self::builder(chain, key).build()
    }

    /// Starts to build a configuration.
    pub fn builder(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> ServerTlsBuilder {
        ServerTlsBuilder { provider: None, versions: rustls::ALL_VERSIONS, chain, key, clients: None }
    }

    /// Creates the store of TLS sessions of a new control connection. The adapters do this
    /// themselves. A driver of your own needs one for each of its control connections.
    #[must_use]
    pub fn sessions(&self) -> ServerSessions {
        self.sessions_of(None)
    }

    /// Creates a store like [`sessions`](Self::sessions), for a client at this address.
    pub(super) fn sessions_from(&self, address: IpAddr) -> ServerSessions {
        self.sessions_of(Some(address))
    }

    /// Replaces the configuration by that of `other`, here and in all clones, for control
    /// connections that begin from now on: with a renewed certificate, for example, while the
    /// server runs. Existing control connections and their data connections keep the previous
    /// one.
    pub fn replace(&self, other: &Self) {
        let config = other.current();
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = config;
    }

    fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn sessions_of(&self, address: Option<IpAddr>) -> ServerSessions {
        ServerSessions { config: self.current(), share: Arc::new(Share::new(&self.pool, address)) }
    }
}

/// The TLS sessions of one of a server's control connections and its data connections. Only these
/// and the sessions of the [user](Self::belong_to)'s other control connections can be resumed, so
/// that [`HandshakeKind::Resumed`](rustls::HandshakeKind) on a data connection identifies the user.
/// A clone has the same sessions.
///
/// This type is for drivers of your own, which move the bytes of rustls's connections themselves.
/// See the [module](super) for an example.
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
    /// Creates the TLS connection for the control connection, at
    /// [`Action::UpgradeControl`](crate::action::Action::UpgradeControl). With TLS 1.3 the
    /// connection sends eight tickets.
    ///
    /// # Errors
    /// Fails if the configuration allows no connection.
    pub fn accept(&self) -> Result<ServerConnection, rustls::Error> {
        self.connection(Role::Control, false).map(|(connection, _)| connection)
    }

    /// Creates the TLS connection for a data connection, at
    /// [`DataOp::StartTls`](crate::action::DataOp::StartTls).
    ///
    /// With TLS 1.3 rustls has tickets to send after the handshake. Hold them back until you send
    /// other bytes, the client has ended TLS
    /// ([`IoState::peer_has_closed`](rustls::IoState::peer_has_closed)), or
    /// [`DataOp::SendTickets`](crate::action::DataOp::SendTickets) is requested. A client that only
    /// sends may close with unread tickets, which resets the connection and may lose the end of its
    /// file.
    ///
    /// # Errors
    /// Fails if the configuration allows no connection.
    pub fn accept_data(&self) -> Result<ServerConnection, rustls::Error> {
        self.connection(Role::Data, false).map(|(connection, _)| connection)
    }

    /// Creates a connection like [`accept_data`](Self::accept_data). The [`Keeper`] knows whether
    /// the resumed session belongs to the same user.
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
            // For clients that use each ticket once and read nothing during an upload.
            config.send_tls13_tickets = OF_CONTROL;
        }
        Ok((ServerConnection::new(Arc::new(config))?, keeper))
    }

    /// Assigns the connection to a user who has logged in, at a virtual host if one was chosen and
    /// from this address. Its data connections may then resume the sessions of all control
    /// connections with the same owner. Call this only if
    /// [`Session::shares_tls_sessions`](crate::server::Session::shares_tls_sessions) allows it, and
    /// never for anonymous users.
    pub fn belong_to(&self, host: Option<&[u8]>, user: &[u8], address: IpAddr) {
        self.share.belong_to(host, user, address);
    }

    /// Stops sharing, for a login whose connections do not share sessions.
    pub fn stay_alone(&self) {
        self.share.stay_alone();
    }

    /// Puts the connection back into its state before login.
    pub fn belong_to_nobody(&self) {
        self.share.belong_to_nobody();
    }
}

/// A builder of a [`ServerTls`].
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
    /// Sets the crypto provider. The default is the process-wide provider or, if there is none, the
    /// one that a feature of this crate provides.
    pub fn provider(mut self, provider: Arc<CryptoProvider>) -> Self {
        self.provider = Some(provider);
        self
    }

    /// Sets the TLS versions to use. By default these are all versions that rustls supports.
    pub fn versions(mut self, versions: &'static [&'static SupportedProtocolVersion]) -> Self {
        self.versions = versions;
        self
    }

    /// Asks clients for a certificate signed by one of these roots. If `require` is `true`, clients
    /// without such a certificate are refused.
    pub fn client_roots(
        mut self,
        roots: impl IntoIterator<Item = CertificateDer<'static>>,
        require: bool,
    ) -> Self {
        self.clients = Some((roots.into_iter().collect(), require));
        self
    }

    /// Builds the configuration.
    ///
    /// # Errors
    /// Fails if there is no crypto provider or it supports none of the versions, if the certificate
    /// does not match its key, if a root is not a certificate, or if no client could ever be
    /// admitted.
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
