//! `peers handshake`: the CPU time that a TLS handshake costs a server, by itself and without
//! sockets.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use rustix::time::{ClockId, clock_gettime};
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, aws_lc_rs, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject as _};
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, HandshakeKind, NamedGroup, RootCertStore, ServerConfig,
    ServerConnection, SupportedProtocolVersion, version,
};
use serde::{Deserialize, Serialize};

use crate::report::{heading, median, number, row};

/// Number of handshakes of each kind.
const COUNT: usize = 500;
/// Number of turns in which they are made, so that a disturbance does not hit one kind alone.
const TURNS: usize = 5;
/// The only key exchange, the one that the comparison's client offers first.
const GROUP: NamedGroup = NamedGroup::X25519;
/// The only cipher suites, those of the comparison's client for a server with an ECDSA key.
const SUITES: [CipherSuite; 2] =
    [CipherSuite::TLS13_AES_256_GCM_SHA384, CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384];

/// The cost of one kind of handshake.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Cost {
    /// The version of TLS, in words.
    pub version: String,
    /// Continues an earlier session.
    pub resumed: bool,
    /// The library of cryptography below rustls.
    pub provider: String,
    /// CPU time of the server in microseconds, a median.
    pub server: f64,
}

/// Measures handshakes of rustls with itself: full and resumed, of each version, with each library
/// of cryptography, and with the certificates in `directory`.
pub fn measure(directory: &Path) -> Result<Vec<Cost>> {
    let mut all = Vec::new();
    for (version, title) in [(&version::TLS13, "TLS 1.3"), (&version::TLS12, "TLS 1.2")] {
        for resumed in [false, true] {
            for (provider, name) in
                [(ring::default_provider(), "ring"), (aws_lc_rs::default_provider(), "aws-lc-rs")]
            {
                let pair = Pair::new(directory, provider, version, resumed)?;
                let cost =
                    Cost { version: title.to_owned(), resumed, provider: name.to_owned(), server: f64::NAN };
                all.push((cost, pair, Vec::new()));
            }
        }
    }
    for _ in 0..TURNS {
        for (cost, pair, times) in &mut all {
            // The first one is full in any case, and warms the caches.
            pair.handshake()?;
            for _ in 0..COUNT / TURNS {
                let (time, kind) = pair.handshake()?;
                let is_resumed = kind == HandshakeKind::Resumed;
                ensure!(is_resumed == cost.resumed, "{cost:?}: the handshake is {kind:?}");
                times.push(time.as_secs_f64() * 1e6);
            }
        }
    }
    Ok(all.into_iter().map(|(cost, _, times)| Cost { server: median(&times), ..cost }).collect())
}

/// A client and a server that shake hands in memory.
struct Pair {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
}

impl Pair {
    fn new(
        directory: &Path,
        mut provider: CryptoProvider,
        version: &'static SupportedProtocolVersion,
        resumed: bool,
    ) -> Result<Pair> {
        provider.kx_groups.retain(|group| group.name() == GROUP);
        provider.cipher_suites.retain(|suite| SUITES.contains(&suite.suite()));
        let provider = Arc::new(provider);
        let chain = CertificateDer::pem_file_iter(directory.join("server.pem"))?.collect::<Result<_, _>>()?;
        let key = PrivateKeyDer::from_pem_file(directory.join("server.key"))?;
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[version])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(directory.join("authority.pem"))?)?;
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])?
            .with_root_certificates(roots)
            .with_no_client_auth();
        client.resumption = if resumed { Resumption::in_memory_sessions(8) } else { Resumption::disabled() };
        Ok(Pair { client: Arc::new(client), server: Arc::new(server) })
    }

    /// Makes a handshake, tickets included, and returns the server's CPU time.
    fn handshake(&self) -> Result<(Duration, HandshakeKind)> {
        let name = ServerName::try_from("localhost")?;
        let mut client = ClientConnection::new(Arc::clone(&self.client), name)?;
        let mut time = Duration::ZERO;
        let mut server = timed(&mut time, || Ok(ServerConnection::new(Arc::clone(&self.server))?))?;
        // TLS 1.2 takes two exchanges, and the tickets of TLS 1.3 follow its last message.
        for _ in 0..8 {
            let (mut there, mut back) = (Vec::new(), Vec::new());
            while client.wants_write() {
                client.write_tls(&mut there)?;
            }
            timed(&mut time, || {
                let mut there = &there[..];
                while !there.is_empty() {
                    server.read_tls(&mut there)?;
                    server.process_new_packets()?;
                }
                while server.wants_write() {
                    server.write_tls(&mut back)?;
                }
                Ok(())
            })?;
            if there.is_empty() && back.is_empty() {
                break;
            }
            let mut back = &back[..];
            while !back.is_empty() {
                client.read_tls(&mut back)?;
                client.process_new_packets()?;
            }
        }
        ensure!(!client.is_handshaking() && !server.is_handshaking(), "the handshake has no end");
        Ok((time, server.handshake_kind().context("no kind of handshake")?))
    }
}

/// Adds the CPU time of `work` to `sum`.
fn timed<T>(sum: &mut Duration, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let now = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime));
    let start = now()?;
    let result = work();
    *sum += now()?.saturating_sub(start);
    result
}

/// Writes a row for each kind of handshake.
pub fn markdown(costs: &[Cost]) -> String {
    let mut out = String::new();
    let mut providers: Vec<String> = Vec::new();
    for cost in costs {
        if !providers.contains(&cost.provider) {
            providers.push(cost.provider.clone());
        }
    }
    heading(&mut out, "TLS handshake alone, CPU time of the server in µs", &providers);
    let mut kinds: Vec<(&str, bool)> = costs.iter().map(|cost| (&*cost.version, cost.resumed)).collect();
    kinds.dedup();
    for (version, resumed) in kinds {
        let cells = providers.iter().map(|provider| {
            let cost = costs.iter().find(|cost| {
                cost.version == version && cost.resumed == resumed && cost.provider == *provider
            });
            cost.map_or("-".into(), |cost| number(cost.server))
        });
        row(&mut out, &format!("{version}, {}", if resumed { "resumed" } else { "full" }), cells);
    }
    out
}

/// Writes a sentence with the costs in the version that nearly all servers speak.
pub fn sentence(costs: &[Cost]) -> String {
    let of = |resumed| {
        let costs = costs.iter().filter(move |cost| cost.resumed == resumed && cost.version == "TLS 1.3");
        let costs: Vec<_> =
            costs.map(|cost| format!("{} µs with {}", number(cost.server), cost.provider)).collect();
        costs.join(" and ")
    };
    let mut out = String::new();
    if !costs.is_empty() {
        _ = writeln!(
            out,
            "\nIn CPU time, a handshake of TLS 1.3 alone, between rustls and rustls in memory, costs the server \
             {}; one that resumes a session costs {}.",
            of(false),
            of(true)
        );
    }
    out
}
