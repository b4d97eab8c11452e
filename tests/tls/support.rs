//! A server under TLS, over a directory of its own.

use crate::certificates::certificate;
use crate::served;
use ftp_proto::io::std::{Client, ClientBuilder};
use ftp_proto::io::tls::{ClientTls, ServerTls};
use ftp_proto::io::{Directory, Users};
use ftp_proto::security::TlsMode;
use ftp_proto::server::Config;
use std::ops::Deref;
use std::sync::Arc;

/// A server that runs until it is dropped.
pub struct Served {
    mode: TlsMode,
    server: served::Served,
}

impl Served {
    pub fn start(mode: TlsMode, config: Config) -> Self {
        let (chain, key) = certificate();
        Self::with(mode, config, ServerTls::new(chain, key).unwrap())
    }

    pub fn with(mode: TlsMode, config: Config, tls: ServerTls) -> Self {
        let server = served::Served::at("127.0.0.1:0", |server| {
            let server = server.with_config(config);
            match mode {
                TlsMode::None => server,
                TlsMode::Explicit => server.with_explicit_tls(tls),
                TlsMode::Implicit => server.with_implicit_tls(tls),
            }
        });
        Self { mode, server }
    }

    /// Starts a server that also gives `you` full access and anonymous users read access.
    pub fn with_others(config: Config) -> Self {
        let (chain, key) = certificate();
        let tls = ServerTls::new(chain, key).unwrap();
        let users = |directory: Directory| {
            let directory = Arc::new(directory.writable());
            let users = Users::new().user("me", "secret", Arc::clone(&directory));
            users.user("you", "secret", Arc::clone(&directory)).anonymous(directory)
        };
        let server = served::Served::to(users, "127.0.0.1:0", |server| {
            server.with_config(config).with_explicit_tls(tls)
        });
        Self { mode: TlsMode::Explicit, server }
    }

    pub fn builder(&self, tls: ClientTls) -> ClientBuilder {
        self.builder_for(self.mode, tls)
    }

    pub fn builder_for(&self, mode: TlsMode, tls: ClientTls) -> ClientBuilder {
        let builder = Client::builder();
        match mode {
            TlsMode::None => builder,
            TlsMode::Explicit => builder.explicit_tls(tls, "localhost").unwrap(),
            TlsMode::Implicit => builder.implicit_tls(tls, "localhost").unwrap(),
        }
    }

    pub fn client(&self, tls: ClientTls) -> Client {
        let mut client = self.builder(tls).connect(self.address).unwrap();
        client.login("me", "secret").unwrap();
        client
    }
}

impl Deref for Served {
    type Target = served::Served;

    fn deref(&self) -> &served::Served {
        &self.server
    }
}
