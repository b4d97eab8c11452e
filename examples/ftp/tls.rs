//! The TLS options of the command line: the servers to trust, the certificate to present, and the
//! version.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use ftp_proto::io::tls::ClientTls;
use rustls::SupportedProtocolVersion;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::failure::Failure;
use crate::url::Url;

/// The TLS options. Without `--tls`, only `ftps://` URLs use TLS.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "TLS of all commands")]
pub struct TlsOptions {
    /// Protect the dialogue and the data with TLS (AUTH TLS), or stop. An ftps:// URL begins with
    /// TLS.
    #[arg(long, global = true)]
    tls: bool,
    /// Trust only servers with certificates signed by those in this PEM file [default: those that
    /// the system trusts]
    #[arg(long, global = true, value_name = "FILE")]
    cacert: Option<PathBuf>,
    /// Present this certificate to the server, a PEM file.
    #[arg(long, global = true, value_name = "FILE", requires = "key")]
    cert: Option<PathBuf>,
    /// The key of --cert, a PEM file.
    #[arg(long, global = true, value_name = "FILE", requires = "cert")]
    key: Option<PathBuf>,
    /// Trust any server. For tests: anyone on the network path can read and change everything.
    #[arg(long, global = true, conflicts_with = "cacert")]
    insecure: bool,
    /// Speak only this version of TLS.
    #[arg(long, global = true, value_name = "VERSION")]
    tls_version: Option<Version>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Version {
    #[value(name = "1.2")]
    Tls12,
    #[value(name = "1.3")]
    Tls13,
}

static TLS12: &[&SupportedProtocolVersion] = &[&rustls::version::TLS12];
static TLS13: &[&SupportedProtocolVersion] = &[&rustls::version::TLS13];

impl TlsOptions {
    /// Returns the configuration for the server of this URL, if TLS is used, and whether TLS begins
    /// at once.
    pub fn of(&self, url: &Url) -> Result<Option<(ClientTls, bool)>, Failure> {
        match self.tls || url.is_secure {
            true => Ok(Some((self.configuration()?, url.is_secure))),
            false => Ok(None),
        }
    }

    fn configuration(&self) -> Result<ClientTls, Failure> {
        let mut builder = ClientTls::builder();
        builder = match &self.cacert {
            _ if self.insecure => builder.dangerously_trust_anybody(),
            Some(path) => builder.roots(certificates(path)?),
            None => builder.platform_roots(),
        };
        if let (Some(cert), Some(key)) = (&self.cert, &self.key) {
            let private = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
            builder = builder.certificate(certificates(cert)?, private);
        }
        match self.tls_version {
            Some(Version::Tls12) => builder = builder.versions(TLS12),
            Some(Version::Tls13) => builder = builder.versions(TLS13),
            None => {}
        }
        builder.build().map_err(|error| Failure::usage(format!("TLS: {error}")))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(unreadable(path))
}

fn unreadable(path: &Path) -> impl FnOnce(rustls::pki_types::pem::Error) -> Failure {
    move |error| Failure::usage(format!("{}: {error}", path.display()))
}
