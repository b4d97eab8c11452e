//! The certificates of the server and of its clients.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ftp_proto::io::tls::ServerTls;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, RootCertStore};
use toml::Spanned;

use crate::config::{ClientCertificates, Tls};
use crate::report::Problem;

/// Time before the end of a certificate from which on there is a warning.
const SOON: Duration = Duration::from_secs(14 * 86_400);

/// Reads the files of the section. Returns `None` if there are problems other than warnings.
pub fn load(section: &Spanned<Tls>, problems: &mut Vec<Problem>) -> Option<ServerTls> {
    let tls = section.get_ref();
    let chain = keep(certificates(&tls.certificate), problems);
    if let Some(chain) = &chain {
        problems.extend(dates(chain, UnixTime::now()).map(|problem| problem.at(&tls.certificate)));
    }
    let key = keep(private_key(&tls.key), problems);
    let roots = match &tls.client_authorities {
        Some(path) => keep(certificates(path), problems).map(Some),
        None => Some(None),
    };
    let mut builder = ServerTls::builder(chain?, key?);
    if let Some(roots) = roots? {
        builder = builder.client_roots(roots, tls.client_certificates == ClientCertificates::Required);
    }
    let built = builder.build().map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            let text =
                format!("the key does not belong to the certificate {}", tls.certificate.get_ref().display());
            Problem::new(text).at(&tls.key)
        }
        error => Problem::new(error.to_string()).at(section),
    });
    keep(built, problems)
}

/// Returns the value, or adds the problem to the others.
fn keep<T>(result: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

/// Reads the certificates of a file in PEM.
pub fn certificates(path: &Spanned<std::path::PathBuf>) -> Result<Vec<CertificateDer<'static>>, Problem> {
    let read = CertificateDer::pem_file_iter(path.get_ref()).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(chain) if chain.is_empty() => {
            Err(Problem::new(format!("{}: no certificate in PEM", path.get_ref().display())).at(path))
        }
        read => read.map_err(|error| unreadable(path.get_ref(), &error).at(path)),
    }
}

fn private_key(path: &Spanned<std::path::PathBuf>) -> Result<PrivateKeyDer<'static>, Problem> {
    PrivateKeyDer::from_pem_file(path.get_ref()).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            Problem::new(format!("{}: no private key in PEM", path.get_ref().display())).at(path)
        }
        error => unreadable(path.get_ref(), &error).at(path),
    })
}

fn unreadable(path: &Path, error: &pem::Error) -> Problem {
    match error {
        pem::Error::Io(error) => Problem::new(format!("{}: {error}", path.display())),
        error => Problem::new(format!("{}: {error}", path.display())),
    }
}

/// Returns what is wrong with the dates of a certificate and those that signed it.
fn dates(chain: &[CertificateDer<'static>], now: UnixTime) -> Option<Problem> {
    const DAY: u64 = 86_400;
    match date_error(chain, now)? {
        Ok(()) => {
            let later = UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs()) + SOON);
            let end = match date_error(chain, later)? {
                Err(CertificateError::ExpiredContext { not_after, .. }) => not_after,
                _ => return None,
            };
            let days = end.as_secs().saturating_sub(now.as_secs()) / DAY;
            Some(Problem::new(format!("the certificate expires in {days} days")).warning())
        }
        Err(CertificateError::ExpiredContext { not_after, .. }) => {
            let days = now.as_secs().saturating_sub(not_after.as_secs()) / DAY;
            Some(Problem::new(format!("the certificate expired {days} days ago")))
        }
        Err(CertificateError::NotValidYetContext { not_before, .. }) => {
            let days = not_before.as_secs().saturating_sub(now.as_secs()).div_ceil(DAY);
            Some(Problem::new(format!("the certificate is valid only in {days} days")))
        }
        Err(_) => None,
    }
}

/// Verifies a chain as if its last certificate were trusted. Returns the error if it is about dates,
/// and `None` if nothing can be verified. The name is that of no server, so that there is always an
/// error: only dates count, which are verified first.
fn date_error(chain: &[CertificateDer<'static>], now: UnixTime) -> Option<Result<(), CertificateError>> {
    let (own, others) = chain.split_first()?;
    let mut roots = RootCertStore::empty();
    roots.add(chain.last()?.clone()).ok()?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().ok()?;
    let name = ServerName::try_from("invalid.invalid").ok()?;
    match verifier.verify_server_cert(own, others, &name, &[], now) {
        Err(rustls::Error::InvalidCertificate(error)) => match error {
            CertificateError::ExpiredContext { .. } | CertificateError::NotValidYetContext { .. } => {
                Some(Err(error))
            }
            _ => Some(Ok(())),
        },
        _ => Some(Ok(())),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn the_dates_of_a_certificate_are_read() {
        let mut params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(2026, 12, 31);
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let chain = [certificate.der().clone()];
        // Days from 1 January 2026 on.
        for (day, expected) in [
            (-10i64, Some("the certificate is valid only in 10 days")),
            (100, None),
            (349, None),
            (360, Some("the certificate expires in 4 days")),
            (369, Some("the certificate expired 5 days ago")),
        ] {
            let seconds = 1_767_225_600 + day * 86_400;
            let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds.try_into().unwrap()));
            let problem = dates(&chain, now);
            let source = crate::report::Source { path: None, text: "" };
            let shown = problem.map(|problem| problem.shown(&source).to_string());
            assert_eq!(
                shown.as_deref().map(|text| text.trim_start_matches("warning: ")),
                expected,
                "day {day}"
            );
        }
    }
}
