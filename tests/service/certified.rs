//! Client certificates, as accounts see them.

use std::sync::Arc;
use std::time::Duration;

use ftp_proto::io::std::Client;
use ftp_proto::io::tls::{ClientTls, ServerTls};
use ftp_proto::io::{Accounts, AsyncAccounts, Directory, Guarded, Refusal, Users, VirtualHosts, Visitor};

use crate::certificates::{certificate, roots, trusting};
use crate::hosts::Slow;
use crate::site::{Host, Runtime, Setup, Site, directory};

/// Admits `certain` by this certificate alone, `both` by it and a password, `me` by a password.
struct Certified {
    certificate: Vec<u8>,
    users: Users<Directory>,
}

impl Certified {
    fn is_shown(&self, visitor: &Visitor) -> bool {
        assert_eq!(visitor.certificate(), visitor.certificate_chain().first().map(Vec::as_slice));
        visitor.certificate() == Some(&*self.certificate)
    }
}

impl Accounts for Certified {
    type Filesystem = Guarded<Directory>;

    fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Guarded<Directory>>, Refusal> {
        if visitor.user == b"both" && !self.is_shown(visitor) {
            return Err(Refusal::Denied);
        }
        Accounts::login(&self.users, visitor, password)
    }

    fn login_by_certificate(&self, visitor: &Visitor) -> Result<Arc<Guarded<Directory>>, Refusal> {
        assert!(visitor.secured);
        match &*visitor.user {
            b"certain" if self.is_shown(visitor) => Accounts::login(&self.users, visitor, b"never sent"),
            _ => Err(Refusal::Denied),
        }
    }
}

/// The asynchronous form of `Certified`.
struct Asynchronous;

impl AsyncAccounts for Asynchronous {
    type Filesystem = Slow;

    async fn login(&self, _: &Visitor, _: &[u8]) -> Result<Arc<Slow>, Refusal> {
        Err(Refusal::Denied)
    }

    async fn login_by_certificate(&self, visitor: &Visitor) -> Result<Arc<Slow>, Refusal> {
        assert_eq!(visitor.certificate_chain().len(), 1);
        if visitor.user == b"certain" { Ok(Arc::default()) } else { Err(Refusal::Unsupported) }
    }
}

/// Creates a server configuration that accepts clients with and without a certificate, and those of
/// two clients with one each.
fn tls() -> (ServerTls, [(ClientTls, Vec<u8>); 2]) {
    let (chain, key) = certificate();
    let server = ServerTls::builder(chain, key).client_roots(roots(), false).build().unwrap();
    let clients = [certificate(), certificate()].map(|(chain, key)| {
        let der = chain[0].to_vec();
        (trusting().certificate(chain, key).build().unwrap(), der)
    });
    (server, clients)
}

fn connect(site: &Site, tls: &ClientTls) -> Client {
    Client::builder().explicit_tls(tls.clone(), "localhost").unwrap().connect(site.address).unwrap()
}

#[test]
fn a_certificate_is_shown_to_the_accounts_and_may_be_enough_or_one_condition_more() {
    let (server, [(known, shown), (other, _)]) = tls();
    let nobody = trusting().build().unwrap();
    for runtime in Runtime::ALL {
        let root = directory();
        let open = || Directory::open(&root).unwrap().writable();
        let users = Users::new().user("me", "secret", open()).user("both", "secret", open()).user(
            "certain",
            "never sent",
            open(),
        );
        let accounts = VirtualHosts::new(Certified { certificate: shown.clone(), users });
        let mut setup = Setup { tls: Some(server.clone()), login_delays: Some(false), ..Setup::default() };
        setup.config.timeouts.login_delay = Duration::ZERO;
        let site = Site::of(runtime, setup, root, Host::<_, Slow>::Blocking(accounts));
        let cases = [
            (&known, "me", "secret", true),
            (&known, "me", "wrong", false),
            (&known, "certain", "wrong", true),
            (&known, "both", "secret", true),
            (&known, "both", "wrong", false),
            (&other, "certain", "wrong", false),
            (&other, "both", "secret", false),
            (&other, "me", "secret", true),
            (&nobody, "certain", "wrong", false),
            (&nobody, "both", "secret", false),
            (&nobody, "me", "secret", true),
        ];
        for (tls, user, password, right) in cases {
            let mut client = connect(&site, tls);
            let login = client.login(user, password);
            assert_eq!(login.is_ok(), right, "{runtime:?} {user} {password}: {login:?}");
            if right {
                assert_eq!(client.list("").unwrap().count(), 0);
                client.quit().unwrap();
            }
        }
        // A connection without TLS has no certificate.
        let mut client = Client::connect(site.address).unwrap();
        assert!(client.login("both", "secret").is_err());
        client.login("me", "secret").unwrap();
    }
}

#[test]
fn asynchronous_accounts_see_the_certificate_too() {
    let (server, [(known, _), _]) = tls();
    for runtime in Runtime::ALL {
        let setup = Setup { tls: Some(server.clone()), ..Setup::default() };
        let host = Host::<Users<Directory>, _>::Async(Asynchronous);
        let site = Site::of(runtime, setup, directory(), host);
        let mut client = connect(&site, &known);
        assert!(client.login("me", "secret").is_err());
        client.login("certain", "").unwrap();
        client.quit().unwrap();
    }
}
