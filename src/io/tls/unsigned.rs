//! Verification of certificates that need not be signed by an authority.

use ::std::fmt;
use ::std::sync::Arc;
use ::std::vec::Vec;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::hash::{Hash, HashAlgorithm};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme, SupportedCipherSuite};

/// Accepts certificates with certain fingerprints, or all certificates. The server still has to
/// prove that it has the key.
pub(super) struct Unsigned {
    provider: Arc<CryptoProvider>,
    /// SHA-256, and the fingerprints of the certificates to accept. `None` to accept all
    /// certificates.
    pins: Option<(&'static dyn Hash, Vec<[u8; 32]>)>,
}

impl Unsigned {
    /// Creates a verifier that accepts every certificate.
    pub(super) const fn anybody(provider: Arc<CryptoProvider>) -> Self {
        Self { provider, pins: None }
    }

    /// Creates a verifier that accepts certificates with these SHA-256 fingerprints.
    pub(super) fn pinned(provider: Arc<CryptoProvider>, pins: Vec<[u8; 32]>) -> Result<Self, Error> {
        let hashes = provider.cipher_suites.iter().map(|suite| match suite {
            SupportedCipherSuite::Tls12(suite) => suite.common.hash_provider,
            SupportedCipherSuite::Tls13(suite) => suite.common.hash_provider,
        });
        let sha256 = hashes.into_iter().find(|hash| hash.algorithm() == HashAlgorithm::SHA256);
        let sha256 = sha256.ok_or_else(|| Error::General("the crypto provider has no SHA-256".into()))?;
        Ok(Self { pins: Some((sha256, pins)), provider })
    }
}

impl fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unsigned")
            .field("pins", &self.pins.as_ref().map(|(_, pins)| pins))
            .finish_non_exhaustive()
    }
}

impl ServerCertVerifier for Unsigned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if let Some((sha256, pins)) = &self.pins {
            let found = sha256.hash(certificate);
            if !pins.iter().any(|pin| pin == found.as_ref()) {
                return Err(CertificateError::ApplicationVerificationFailure.into());
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
