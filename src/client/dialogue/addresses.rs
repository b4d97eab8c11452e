//! Chooses the addresses for data connections (RFC 959 3.2, RFC 2428).

use core::net::{IpAddr, SocketAddr};

use super::machine::Client;
use crate::client::{PassiveAddress, Profile};
use crate::codec::{Command, EpsvArgument};

impl Client {
    pub(in crate::client) fn peer_is_ipv6(&self) -> bool {
        match self.peer() {
            SocketAddr::V4(_) => false,
            SocketAddr::V6(peer) => peer.ip().to_ipv4_mapped().is_none(),
        }
    }

    /// Returns the address at which the server listens: `port` at the control peer's address, or at
    /// the address that the server named if the policy says so.
    pub(in crate::client) fn passive_target(&self, named: Option<IpAddr>, port: u16) -> SocketAddr {
        let mut target = self.peer();
        target.set_port(port);
        // 0.0.0.0 names no host; it means that the server does not know its own address.
        let named = named.filter(|address| !address.is_unspecified());
        if let (Some(address), PassiveAddress::AsNamed) = (named, self.config().passive_address) {
            target.set_ip(address);
        }
        target
    }

    /// Returns the command that asks the server to listen. Only EPSV works with IPv6.
    pub(in crate::client) fn passive_command(&self) -> Command<'static> {
        match self.profile().contains(Profile::NO_EPSV) && !self.peer_is_ipv6() {
            true => Command::Pasv,
            false => Command::Epsv(EpsvArgument::Unspecified),
        }
    }

    /// Returns the command that announces this address to the server. PORT cannot express IPv6
    /// addresses. EPRT has no field for a zone (RFC 2428 2), which means nothing to other hosts.
    pub(in crate::client) fn active_command(&self, at: SocketAddr) -> Command<'static> {
        match SocketAddr::new(at.ip().to_canonical(), at.port()) {
            SocketAddr::V4(at) if self.profile().contains(Profile::NO_EPRT) => Command::Port(at),
            at => Command::Eprt(at),
        }
    }

    /// Returns the address to announce for a listener at `at`.
    pub(in crate::client) fn announced_address(&self, at: SocketAddr) -> SocketAddr {
        let ip = self.config().active.address.unwrap_or(at.ip()).to_canonical();
        SocketAddr::new(ip, at.port())
    }
}
