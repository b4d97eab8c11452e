//! smol.

use crate::world::{Host, Wiring};
use ftp_proto::io::Error;
pub(crate) use ftp_proto::io::smol::{Client, ClientBuilder, Entries, Retrieve, Store};
use futures_lite::{AsyncReadExt, AsyncWriteExt};
use std::io;
use std::net::SocketAddr;

/// The servers of the clients here.
const HOSTS: [Host; 3] = Host::ADAPTERS;

macro_rules! wait {
    ($future:expr) => {
        crate::world::sendable($future).await
    };
}

pub(crate) fn run<O>(future: impl Future<Output = O>) -> O {
    futures_lite::future::block_on(future)
}

fn settings() -> ClientBuilder {
    Client::builder()
}

async fn open(builder: ClientBuilder, address: SocketAddr) -> Result<Client, Error> {
    builder.connect(address).await
}

async fn read(retrieve: &mut Retrieve<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    retrieve.read(buffer).await
}

async fn write_all(store: &mut Store<'_>, bytes: &[u8]) -> io::Result<()> {
    store.write_all(bytes).await
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
