//! A server on libunftp, for the comparison: serves a directory to the account of
//! tests/peers/server.sh.
//!
//! All settings are libunftp's own, except that sessions may be idle for an hour, that TLS 1.3 is on
//! beside TLS 1.2 (libunftp leaves it off), and that TLS is demanded where there is a certificate.

use std::error::Error;
use std::sync::Arc;
use std::{env, path::Path};

use async_trait::async_trait;
use libunftp::ServerBuilder;
use libunftp::options::{FtpsRequired, TlsFlags};
use unftp_core::auth::{AuthenticationError, Authenticator, Credentials, Principal};
use unftp_sbe_fs::Filesystem;

/// The account, as the other servers have it.
const USER: &str = "ftptest";
const PASSWORD: &str = "ftppass";

/// Knows the one account.
#[derive(Debug)]
struct Account;

#[async_trait]
impl Authenticator for Account {
    async fn authenticate(&self, user: &str, given: &Credentials) -> Result<Principal, AuthenticationError> {
        if user != USER {
            return Err(AuthenticationError::BadUser);
        }
        if given.password.as_deref() != Some(PASSWORD) {
            return Err(AuthenticationError::BadPassword);
        }
        Ok(Principal { username: user.to_owned() })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (address, root, tls) = match &arguments[..] {
        [address, root] => (address, root, None),
        [address, root, certificates] => (address, root, Some(Path::new(certificates))),
        _ => return Err("usage: libunftp-server ADDRESS:PORT ROOT [CERTIFICATES]".into()),
    };
    // Fails here rather than in the first session.
    Filesystem::new(root)?;
    let root = root.clone();
    let files = Box::new(move || Filesystem::new(&root).expect("the directory was there a moment ago"));
    let mut builder = ServerBuilder::with_authenticator(files, Arc::new(Account)).idle_session_timeout(3600);
    if let Some(directory) = tls {
        let flags = TlsFlags::LATEST_VERSIONS | TlsFlags::RESUMPTION_SESS_ID | TlsFlags::RESUMPTION_TICKETS;
        builder = builder
            .ftps(directory.join("server.pem"), directory.join("server.key"))
            .ftps_tls_flags(flags)
            .ftps_required(FtpsRequired::All, FtpsRequired::All);
    }
    Ok(builder.build()?.listen(address).await?)
}
