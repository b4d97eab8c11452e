//! The client on any runtime, for a program that waits for each operation. On tokio and smol each
//! call is a future that runs to its end in this thread. The three clients have the same methods,
//! so that each call is written only once, in [`calls`].

use std::rc::Rc;
use std::time::Duration;

use ::tokio::runtime;
use clap::ValueEnum;
use encoding_rs::Encoding;
use ftp_proto::client::Config;
use ftp_proto::io::tls::ClientTls;
use ftp_proto::io::{Direction, Error, smol, std as blocking, tokio};
use futures_lite::future::block_on;

/// The runtime that moves the bytes.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum Runtime {
    #[default]
    Std,
    Tokio,
    Smol,
}

/// A type of the library that exists for each runtime.
#[derive(Debug)]
pub enum On<S, T, M> {
    Std(S),
    Tokio(Rc<runtime::Runtime>, T),
    Smol(M),
}

pub type Client = On<blocking::Client, tokio::Client, smol::Client>;
pub type Retrieve<'c> = On<blocking::Retrieve<'c>, tokio::Retrieve<'c>, smol::Retrieve<'c>>;
pub type Store<'c> = On<blocking::Store<'c>, tokio::Store<'c>, smol::Store<'c>>;

/// Returns the result of a call on any runtime.
macro_rules! wait {
    ($on:expr, $it:ident => $call:expr) => {
        match $on {
            On::Std($it) => $call,
            On::Tokio(runtime, $it) => runtime.block_on(async { $call.await }),
            On::Smol($it) => block_on($call),
        }
    };
}

/// Like `wait`, for a call whose result belongs to the same runtime.
macro_rules! opened {
    ($on:expr, $it:ident => $call:expr) => {
        match $on {
            On::Std($it) => $call.map(On::Std),
            On::Tokio(runtime, $it) => {
                runtime.block_on(async { $call.await }).map(|opened| On::Tokio(Rc::clone(runtime), opened))
            }
            On::Smol($it) => block_on($call).map(On::Smol),
        }
    };
}

/// Like `wait`, for a call that does not have to wait.
macro_rules! known {
    ($on:expr, $it:ident => $call:expr) => {
        match $on {
            On::Std($it) => $call,
            On::Tokio(_, $it) => $call,
            On::Smol($it) => $call,
        }
    };
}

mod calls;

/// The settings of a client.
pub struct Setup<'a> {
    pub config: Config,
    /// The time limit for connecting, instead of the default.
    pub timeout: Option<Duration>,
    /// Set to show the dialogue.
    pub trace: bool,
    /// The encoding of the server's names, if it differs from the local one.
    pub encoding: Option<&'static Encoding>,
    /// The TLS configuration, and whether TLS begins at once.
    pub tls: Option<(ClientTls, bool)>,
    pub host: &'a str,
    pub port: u16,
}

impl Client {
    pub fn connect(on: Runtime, setup: Setup<'_>) -> Result<Self, Error> {
        let Setup { config, timeout, trace, encoding, tls, host, port } = setup;
        macro_rules! connect {
            ($builder:expr) => {{
                let mut builder = $builder.config(config);
                if let Some(timeout) = timeout {
                    builder = builder.connect_timeout(timeout);
                }
                if trace {
                    builder = builder.trace(|direction, line| match direction {
                        Direction::Sent => eprintln!("> {line}"),
                        Direction::Received => eprintln!("< {line}"),
                    });
                }
                if let Some(encoding) = encoding {
                    builder = builder.names(
                        |bytes| {
                            let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
                            Some(text.into_owned().into_bytes())
                        },
                        |bytes| {
                            let (bytes, _, failed) = encoding.encode(std::str::from_utf8(bytes).ok()?);
                            (!failed).then(|| bytes.into_owned())
                        },
                    );
                }
                builder = match tls {
                    None => builder,
                    Some((tls, true)) => builder.implicit_tls(tls, host)?,
                    Some((tls, false)) => builder.explicit_tls(tls, host)?,
                };
                builder.connect((host, port))
            }};
        }
        Ok(match on {
            Runtime::Std => On::Std(connect!(blocking::Client::builder())?),
            Runtime::Smol => On::Smol(block_on(connect!(smol::Client::builder()))?),
            Runtime::Tokio => {
                let runtime = runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.map_err(Error::Connect)?;
                let client = runtime.block_on(async { connect!(tokio::Client::builder()).await })?;
                On::Tokio(Rc::new(runtime), client)
            }
        })
    }
}
