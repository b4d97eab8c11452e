//! The runtime of the example `mio`, which this crate does not know.

use crate::runtime::Mio;
use crate::world::{Host, Wiring};
use ftp_proto::io::{self as adapters, Error};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;

pub(crate) type Client = adapters::Client<Mio>;
pub(crate) type ClientBuilder = adapters::ClientBuilder<Mio>;
pub(crate) type Entries<'c> = adapters::Entries<'c, Mio>;
pub(crate) type Retrieve<'c> = adapters::Retrieve<'c, Mio>;
pub(crate) type Store<'c> = adapters::Store<'c, Mio>;

/// The servers of the clients here. Those of the adapters are tested with their own clients.
const HOSTS: [Host; 1] = [Host::Mio];

thread_local! {
    static MIO: Mio = Mio::new().unwrap();
}

macro_rules! wait {
    ($future:expr) => {
        crate::world::sendable($future).await
    };
}

pub(crate) fn run<O>(future: impl Future<Output = O>) -> O {
    MIO.with(Mio::clone).run(future)
}

fn settings() -> ClientBuilder {
    ClientBuilder::new(MIO.with(Mio::clone))
}

async fn open(builder: ClientBuilder, address: SocketAddr) -> Result<Client, Error> {
    Client::open(builder, &[address]).await
}

async fn read(retrieve: &mut Retrieve<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(poll_fn(|cx| retrieve.poll_read(cx, buffer)).await?)
}

async fn write_all(store: &mut Store<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        let count = poll_fn(|cx| store.poll_write(cx, bytes)).await?;
        bytes = &bytes[count..];
    }
    Ok(())
}

#[path = "connectors.rs"]
mod connectors;
#[path = "deadlines.rs"]
mod deadlines;
#[path = "dropped.rs"]
mod dropped;
#[path = "many.rs"]
mod many;
#[path = "owned.rs"]
mod owned;
#[path = "suite.rs"]
mod suite;
