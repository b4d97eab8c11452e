//! A server's part: what it shows, whom it lets in, and the sessions of one control connection.

use ::std::collections::VecDeque;
use ::std::fmt;
use ::std::sync::{Arc, Mutex, PoisonError};

use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{
    NoClientAuth, ProducesTickets, ServerConnection, StoresServerSessions, WebPkiClientVerifier,
};
use rustls::{ServerConfig, SupportedProtocolVersion};

use super::{ALPN, provider, store};

/// How many sessions of the control connection itself are kept, for clients that resume that one again and
/// again, and how many of its data connections, for those that resume the last one.
const FIRST: usize = 8;
const LATEST: usize = 32;

/// How a server does TLS: what it shows, and whom it lets in.
#[derive(Clone)]
pub struct ServerTls {
    config: Arc<ServerConfig>,
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
        Self { config }
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
        let mut config = ServerConfig::clone(&self.config);
        config.session_storage = Arc::new(Store::default());
        config.ticketer = Arc::new(NoTickets);
        config.alpn_protocols = vec![ALPN.to_vec()];
        ServerSessions(Arc::new(config))
    }
}

/// The TLS sessions of one control connection and its data connections, of a server: none but these are resumed,
/// so that a [`HandshakeKind::Resumed`](rustls::HandshakeKind) on a data connection says whose it is. A clone has
/// the same sessions.
///
/// For drivers of your own, which move the bytes of rustls's connections as they see fit. See the
/// [module](super) for an example.
#[derive(Clone)]
pub struct ServerSessions(Arc<ServerConfig>);

impl fmt::Debug for ServerSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerSessions").finish_non_exhaustive()
    }
}

impl ServerSessions {
    /// A connection that has yet to shake hands: the control connection itself, at
    /// [`Action::UpgradeControl`](crate::action::Action::UpgradeControl), or one of its data connections, at
    /// [`DataOp::StartTls`](crate::action::DataOp::StartTls).
    ///
    /// # Errors
    /// When the configuration allows no connection.
    pub fn accept(&self) -> Result<ServerConnection, rustls::Error> {
        ServerConnection::new(Arc::clone(&self.0))
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

/// The sessions that a control connection and its data connections have agreed on.
///
/// A session is not used up by being resumed: clients offer one twice, for two data connections or for
/// every one. The first ones stay, the later ones replace each other.
#[derive(Default)]
struct Store {
    sessions: Mutex<VecDeque<(Vec<u8>, Vec<u8>)>>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Store")
    }
}

impl StoresServerSessions for Store {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|(other, _)| *other != key);
        if sessions.len() == FIRST + LATEST {
            sessions.remove(FIRST);
        }
        sessions.push_back((key, value));
        true
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.iter().find(|(other, _)| other == key).map(|(_, value)| value.clone())
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.get(key)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

/// Tickets would be good for every control connection of the server: sessions are kept here instead.
#[derive(Debug)]
struct NoTickets;

impl ProducesTickets for NoTickets {
    fn enabled(&self) -> bool {
        false
    }

    fn lifetime(&self) -> u32 {
        0
    }

    fn encrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }

    fn decrypt(&self, _: &[u8]) -> Option<Vec<u8>> {
        None
    }
}
