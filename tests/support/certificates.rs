//! Certificates signed by one authority.

use ftp_proto::io::tls::{ClientTls, ClientTlsBuilder};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::sync::LazyLock;

struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| {
    let mut params = CertificateParams::new([]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let own = params.self_signed(&key).unwrap();
    let (certificate, pem) = (own.der().clone(), own.pem());
    Authority { certificate, pem, issuer: Issuer::new(params, key) }
});

/// Creates a certificate for localhost, signed by the authority.
pub fn certificate() -> (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &AUTHORITY.issuer).unwrap();
    (vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
}

/// Creates a certificate like [`certificate`]. Returns it, and in PEM the chain and the key.
pub fn certificate_pem() -> (CertificateDer<'static>, String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &AUTHORITY.issuer).unwrap();
    (certificate.der().clone(), certificate.pem(), key.serialize_pem())
}

/// Returns the authority's own certificate in PEM.
pub fn authority_pem() -> &'static str {
    &AUTHORITY.pem
}

pub fn roots() -> [CertificateDer<'static>; 1] {
    [AUTHORITY.certificate.clone()]
}

/// Returns the settings of a client that trusts the authority.
pub fn trusting() -> ClientTlsBuilder {
    ClientTls::builder().roots(roots())
}
