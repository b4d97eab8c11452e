//! A client and a session that talk to each other. A seed splits and delays their bytes.

use super::tree::Host;
use ftp_proto::{client, server, testing};

pub type Pair = testing::Pair<Host>;

pub fn pair(seed: u64) -> Pair {
    Pair::new(seed, Host::new())
}

pub fn pair_with(seed: u64, client_config: client::Config, server_config: server::Config) -> Pair {
    Pair::with(seed, client_config, server_config, Host::new())
}
