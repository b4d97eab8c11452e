//! Threads.

use crate::world::{Host, Wiring};
use ftp_proto::io::Error;
pub(crate) use ftp_proto::io::std::{Client, ClientBuilder, Entries, Retrieve, Store};
use std::io::{self, Read, Write};
use std::net::SocketAddr;

/// The servers of the clients here.
const HOSTS: [Host; 3] = Host::ADAPTERS;

/// What blocks has been waited for.
macro_rules! wait {
    ($result:expr) => {
        $result
    };
}

pub(crate) fn run<O>(future: impl Future<Output = O>) -> O {
    futures_lite::future::block_on(future)
}

fn settings() -> ClientBuilder {
    Client::builder()
}

fn open(builder: ClientBuilder, address: SocketAddr) -> Result<Client, Error> {
    builder.connect(address)
}

fn read(retrieve: &mut Retrieve<'_>, buffer: &mut [u8]) -> io::Result<usize> {
    retrieve.read(buffer)
}

fn write_all(store: &mut Store<'_>, bytes: &[u8]) -> io::Result<()> {
    store.write_all(bytes)
}

#[path = "connectors.rs"]
mod connectors;
#[path = "deadlines.rs"]
mod deadlines;
#[path = "many.rs"]
mod many;
#[path = "owned.rs"]
mod owned;
#[path = "stops.rs"]
mod stops;
#[path = "suite.rs"]
mod suite;
