//! Threads.

use crate::world::Wiring;
pub(crate) use ftp_proto::io::std::{Client, ClientBuilder, Entries, Retrieve, Store};
use std::io::{self, Read, Write};

/// What blocks has been waited for.
macro_rules! wait {
    ($result:expr) => {
        $result
    };
}

pub(crate) fn run<O>(future: impl Future<Output = O>) -> O {
    futures_lite::future::block_on(future)
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
#[path = "owned.rs"]
mod owned;
#[path = "stops.rs"]
mod stops;
#[path = "suite.rs"]
mod suite;
