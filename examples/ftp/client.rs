//! The client on any runtime, for a program that waits for each operation. On tokio and smol each
//! call is a future that runs to its end in this thread. The three clients have the same methods,
//! so that each call is written only once here.

use std::io::{self, Read, Write};
use std::rc::Rc;
use std::time::Duration;

use ::tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use ::tokio::runtime;
use clap::ValueEnum;
use encoding_rs::Encoding;
use ftp_proto::client::{Config, ExpectedSize, Profile};
use ftp_proto::codec::{Features, Timestamp};
use ftp_proto::io::tls::ClientTls;
use ftp_proto::io::{
    Direction, Error, Listed, ListingLimits, Removal, Removed, Walker, smol, std as blocking, tokio,
};
use ftp_proto::listing::{Entry, OwnedEntry};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt as _, AsyncWriteExt as _};

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

    pub fn login(&mut self, user: impl AsRef<[u8]>, password: impl AsRef<[u8]>) -> Result<(), Error> {
        wait!(self, client => client.login(user, password))
    }

    pub fn profile(&self) -> Profile {
        known!(self, client => client.profile())
    }

    pub fn retrieve(&mut self, path: &[u8]) -> Result<Retrieve<'_>, Error> {
        self.retrieve_from(path, 0)
    }

    pub fn retrieve_from(&mut self, path: &[u8], offset: u64) -> Result<Retrieve<'_>, Error> {
        opened!(self, client => client.retrieve_from(path, offset))
    }

    pub fn retrieve_expecting(
        &mut self,
        path: &[u8],
        offset: u64,
        size: Option<ExpectedSize>,
    ) -> Result<Retrieve<'_>, Error> {
        match size {
            Some(size) => opened!(self, client => client.retrieve_expecting(path, offset, size)),
            None => self.retrieve_from(path, offset),
        }
    }

    pub fn store_from(&mut self, path: &[u8], offset: u64) -> Result<Store<'_>, Error> {
        opened!(self, client => client.store_from(path, offset))
    }

    pub fn append(&mut self, path: &[u8]) -> Result<Store<'_>, Error> {
        opened!(self, client => client.append(path))
    }

    pub fn list(&mut self, path: &[u8], limits: &ListingLimits) -> Result<Listed, Error> {
        wait!(self, client => client.list_all(path, limits))
    }

    pub fn names(&mut self, path: &[u8], limits: &ListingLimits) -> Result<Listed, Error> {
        wait!(self, client => client.names_all(path, limits))
    }

    pub fn remove_all(&mut self, removal: &mut Removal) -> Result<Option<Removed>, Error> {
        wait!(self, client => client.remove_all(removal))
    }

    pub fn home_directory(&mut self, user: &[u8]) -> Result<Vec<u8>, Error> {
        wait!(self, client => client.home_directory(user))
    }

    pub fn walk(
        &mut self,
        walker: &mut Walker,
        enter: impl FnMut(&Entry<'_>) -> bool,
    ) -> Result<Option<Listed>, Error> {
        wait!(self, client => client.walk(walker, enter))
    }

    pub fn facts(&mut self, path: &[u8]) -> Result<OwnedEntry, Error> {
        wait!(self, client => client.facts(path))
    }

    pub fn size(&mut self, path: &[u8]) -> Result<u64, Error> {
        wait!(self, client => client.size(path))
    }

    pub fn modification_time(&mut self, path: &[u8]) -> Result<Timestamp, Error> {
        wait!(self, client => client.modification_time(path))
    }

    pub fn working_directory(&mut self) -> Result<Vec<u8>, Error> {
        wait!(self, client => client.working_directory())
    }

    pub fn change_directory(&mut self, path: &[u8]) -> Result<(), Error> {
        wait!(self, client => client.change_directory(path))
    }

    pub fn make_directory(&mut self, path: &[u8]) -> Result<(), Error> {
        wait!(self, client => client.make_directory(path))
    }

    pub fn delete(&mut self, path: &[u8]) -> Result<(), Error> {
        wait!(self, client => client.delete(path))
    }

    pub fn rename(&mut self, from: &[u8], to: impl AsRef<[u8]>) -> Result<(), Error> {
        wait!(self, client => client.rename(from, to))
    }

    pub fn system(&mut self) -> Result<Vec<u8>, Error> {
        wait!(self, client => client.system())
    }

    pub fn features(&mut self) -> Result<Features, Error> {
        wait!(self, client => client.features())
    }

    pub fn set_operation_timeout(&mut self, timeout: Option<Duration>) {
        known!(self, client => client.set_operation_timeout(timeout));
    }

    pub fn quit(self) -> Result<(), Error> {
        wait!(self, client => client.quit())
    }
}

impl Retrieve<'_> {
    pub fn offset(&self) -> u64 {
        known!(self, retrieve => retrieve.offset())
    }

    pub fn size_hint(&self) -> Option<u64> {
        known!(self, retrieve => retrieve.size_hint())
    }
}

impl Read for Retrieve<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        wait!(self, retrieve => retrieve.read(buffer))
    }
}

impl Store<'_> {
    pub fn finish(self) -> Result<(), Error> {
        wait!(self, store => store.finish()).map(drop)
    }
}

impl Write for Store<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        wait!(self, store => store.write(bytes))
    }

    /// Does nothing, since an upload is stored only when it ends.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
