//! The client's part of TLS: the servers it trusts, its certificate, and the sessions of one
//! control connection.

use ::std::fmt;
use ::std::sync::Arc;
use ::std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rustls::client::{
    ClientConnection, ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
    Tls13ClientSessionValue,
};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, NamedGroup, SupportedProtocolVersion};

use super::unsigned::Unsigned;
use super::{ALPN, provider, store};

/// Number of TLS 1.3 tickets that a control connection keeps. Each data connection uses up one
/// ticket and brings one or two new ones.
const TICKETS: usize = 8;

/// A client's TLS configuration: the servers it trusts, and the certificate it presents.
///
/// ```no_run
/// # #[cfg(feature = "ring")]
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ftp_proto::io::std::Client;
/// use ftp_proto::io::tls::ClientTls;
/// use ftp_proto::io::tls::rustls::pki_types::{CertificateDer, pem::PemObject};
///
/// let roots = CertificateDer::pem_file_iter("roots.pem")?.collect::<Result<Vec<_>, _>>()?;
/// let tls = ClientTls::builder().roots(roots).build()?;
/// let mut client = Client::builder().explicit_tls(tls, "ftp.example.org")?.connect("ftp.example.org:21")?;
/// client.login("me", "sesame")?;
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "ring"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct ClientTls {
    config: Arc<ClientConfig>,
    tolerant: bool,
}

impl fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTls").field("tolerant", &self.tolerant).finish_non_exhaustive()
    }
}

/// Uses an existing configuration. Its session store is replaced by one for each control
/// connection, and its ALPN protocols by `ftp`.
impl From<Arc<ClientConfig>> for ClientTls {
    fn from(config: Arc<ClientConfig>) -> Self {
        Self { config, tolerant: false }
    }
}

/// Same as the conversion from an [`Arc`].
impl From<ClientConfig> for ClientTls {
    fn from(config: ClientConfig) -> Self {
        Arc::new(config).into()
    }
}

impl ClientTls {
    /// Starts to build a configuration.
    pub fn builder() -> ClientTlsBuilder {
        ClientTlsBuilder {
            provider: None,
            versions: rustls::ALL_VERSIONS,
            roots: Vec::new(),
            trust: Trust::Roots,
            identity: None,
            tolerant: false,
        }
    }

    /// Creates the store of TLS sessions of a new control connection to the server of this name.
    /// The adapters do this themselves. A driver of your own needs one for each of its control
    /// connections.
    #[must_use]
    pub fn sessions(&self, name: ServerName<'static>) -> ClientSessions {
        let store = Arc::new(Store {
            cache: ClientSessionMemoryCache::new(TICKETS),
            tickets: 0.into(),
            had_tickets: false.into(),
        });
        let mut config = ClientConfig::clone(&self.config);
        config.resumption = Resumption::store(Arc::clone(&store) as _);
        config.alpn_protocols = vec![ALPN.to_vec()];
        ClientSessions { config: Arc::new(config), store, name, tolerant: self.tolerant }
    }
}

/// The TLS sessions of one of a client's control connections and its data connections. The
/// handshakes on the data connections resume them. A clone has the same sessions.
///
/// This type is for drivers of your own, which move the bytes of rustls's connections themselves.
/// See the [module](super) for an example.
#[derive(Clone)]
pub struct ClientSessions {
    config: Arc<ClientConfig>,
    store: Arc<Store>,
    name: ServerName<'static>,
    tolerant: bool,
}

impl fmt::Debug for ClientSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSessions").field("name", &self.name).finish_non_exhaustive()
    }
}

impl ClientSessions {
    /// Creates the TLS connection for the control connection, at
    /// [`Action::UpgradeControl`](crate::action::Action::UpgradeControl), or for one of its data
    /// connections, at [`DataOp::StartTls`](crate::action::DataOp::StartTls). A data connection
    /// resumes a session if there is one.
    ///
    /// # Errors
    /// Fails if the configuration allows no connection to this name.
    pub fn connect(&self) -> Result<ClientConnection, rustls::Error> {
        ClientConnection::new(Arc::clone(&self.config), self.name.clone())
    }

    /// Returns whether there were TLS 1.3 tickets, each of which rustls uses only once, and none
    /// are left. The next data connection then resumes nothing, and a server may refuse it
    /// (ProFTPD, which sends no ticket with an upload). Run
    /// [`renew_session`](crate::client::renew_session) first.
    #[must_use]
    pub fn has_spent_its_tickets(&self) -> bool {
        let Store { had_tickets, tickets, .. } = &*self.store;
        had_tickets.load(Ordering::Relaxed) && tickets.load(Ordering::Relaxed) == 0
    }

    pub(super) const fn is_tolerant(&self) -> bool {
        self.tolerant
    }
}

/// rustls's own store, with a count of its tickets.
#[derive(Debug)]
struct Store {
    cache: ClientSessionMemoryCache,
    tickets: AtomicUsize,
    had_tickets: AtomicBool,
}

impl ClientSessionStore for Store {
    fn set_kx_hint(&self, name: ServerName<'static>, group: NamedGroup) {
        self.cache.set_kx_hint(name, group);
    }

    fn kx_hint(&self, name: &ServerName<'_>) -> Option<NamedGroup> {
        self.cache.kx_hint(name)
    }

    fn set_tls12_session(&self, name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.cache.set_tls12_session(name, value);
    }

    fn tls12_session(&self, name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.cache.tls12_session(name)
    }

    fn remove_tls12_session(&self, name: &ServerName<'static>) {
        self.cache.remove_tls12_session(name);
    }

    fn insert_tls13_ticket(&self, name: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.cache.insert_tls13_ticket(name, value);
        self.had_tickets.store(true, Ordering::Relaxed);
        // A full cache drops its oldest ticket.
        let kept = |count: usize| Some((count + 1).min(TICKETS));
        let _ = self.tickets.fetch_update(Ordering::Relaxed, Ordering::Relaxed, kept);
    }

    fn take_tls13_ticket(&self, name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        let ticket = self.cache.take_tls13_ticket(name)?;
        self.tickets.fetch_sub(1, Ordering::Relaxed);
        Some(ticket)
    }
}

/// A builder of a [`ClientTls`].
#[must_use = "a builder does nothing until it builds"]
pub struct ClientTlsBuilder {
    provider: Option<Arc<CryptoProvider>>,
    versions: &'static [&'static SupportedProtocolVersion],
    roots: Vec<CertificateDer<'static>>,
    trust: Trust,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    tolerant: bool,
}

impl fmt::Debug for ClientTlsBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientTlsBuilder").field("trust", &self.trust).finish_non_exhaustive()
    }
}

#[derive(Clone, Debug)]
enum Trust {
    Roots,
    /// The certificates with these SHA-256 fingerprints.
    Pinned(Vec<[u8; 32]>),
    #[cfg(feature = "platform-verifier")]
    Platform,
    Anybody,
}

impl ClientTlsBuilder {
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

    /// Trusts servers with certificates signed by these roots.
    pub fn roots(mut self, roots: impl IntoIterator<Item = CertificateDer<'static>>) -> Self {
        self.roots.extend(roots);
        self
    }

    /// Also trusts the servers that the operating system trusts.
    #[cfg(feature = "platform-verifier")]
    pub fn platform_roots(mut self) -> Self {
        self.trust = Trust::Platform;
        self
    }

    /// Trusts only the server whose own certificate has this SHA-256 fingerprint, whoever signed
    /// the certificate and whatever its names and dates are: for self-signed certificates. Another
    /// call adds another fingerprint, such as that of the next certificate. This replaces other
    /// kinds of trust.
    ///
    /// `openssl x509 -in certificate.pem -noout -fingerprint -sha256` prints a certificate's
    /// fingerprint.
    pub fn pinned_certificate(mut self, fingerprint: [u8; 32]) -> Self {
        match &mut self.trust {
            Trust::Pinned(pins) => pins.push(fingerprint),
            trust => *trust = Trust::Pinned(vec![fingerprint]),
        }
        self
    }

    /// Trusts any server. Use this only for tests with certificates that no authority has signed:
    /// anyone on the network path can pose as the server, and read and change everything.
    pub fn dangerously_trust_anybody(mut self) -> Self {
        self.trust = Trust::Anybody;
        self
    }

    /// Presents this certificate to servers that ask for a certificate. The chain starts with the
    /// certificate itself, followed by those that signed it.
    pub fn certificate(mut self, chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        self.identity = Some((chain, key));
        self
    }

    /// Sets whether a data connection that ends without close_notify is accepted as a complete
    /// file, since some servers never send close_notify. Anyone on the network path can then
    /// truncate a file unnoticed.
    pub fn tolerate_truncation(mut self, tolerate: bool) -> Self {
        self.tolerant = tolerate;
        self
    }

    /// Builds the configuration.
    ///
    /// # Errors
    /// Fails if there is no crypto provider, if it supports none of the versions or has no SHA-256
    /// for a fingerprint, if a root is not a certificate, if the certificate does not match its
    /// key, or if the operating system's certificates are not available.
    pub fn build(self) -> Result<ClientTls, rustls::Error> {
        let provider = self.provider.map_or_else(provider, Ok)?;
        let algorithms = Arc::clone(&provider);
        let builder = ClientConfig::builder_with_provider(provider).with_protocol_versions(self.versions)?;
        let builder = match self.trust {
            Trust::Roots => builder.with_root_certificates(store(self.roots)?),
            #[cfg(feature = "platform-verifier")]
            Trust::Platform => {
                let verifier =
                    rustls_platform_verifier::Verifier::new_with_extra_roots(self.roots, algorithms)?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            Trust::Pinned(pins) => {
                let verifier = Unsigned::pinned(algorithms, pins)?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            Trust::Anybody => {
                let verifier = Unsigned::anybody(algorithms);
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
        };
        let config = match self.identity {
            Some((chain, key)) => builder.with_client_auth_cert(chain, key)?,
            None => builder.with_no_client_auth(),
        };
        Ok(ClientTls { config: Arc::new(config), tolerant: self.tolerant })
    }
}
