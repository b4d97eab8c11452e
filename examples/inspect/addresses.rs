//! Judges the addresses of data connections.

use std::net::{IpAddr, SocketAddr};

/// Returns the reason why an address is of no use to a peer elsewhere on the internet.
fn unreachable(ip: IpAddr) -> Option<&'static str> {
    match ip.to_canonical() {
        IpAddr::V4(ip) if ip.is_unspecified() => Some("unspecified"),
        IpAddr::V4(ip) if ip.is_loopback() => Some("of the machine itself"),
        IpAddr::V4(ip) if ip.is_private() => Some("private"),
        IpAddr::V4(ip) if ip.is_link_local() => Some("link-local"),
        // Shared by a provider's customers (RFC 6598).
        IpAddr::V4(ip) if ip.octets()[0] == 100 && ip.octets()[1] & 0xc0 == 64 => {
            Some("of a provider's own network")
        }
        IpAddr::V4(ip) if ip.is_multicast() || ip.is_broadcast() => Some("not of one machine"),
        IpAddr::V6(ip) if ip.is_unspecified() => Some("unspecified"),
        IpAddr::V6(ip) if ip.is_loopback() => Some("of the machine itself"),
        IpAddr::V6(ip) if ip.segments()[0] & 0xfe00 == 0xfc00 => Some("private"),
        IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfe80 => Some("link-local"),
        IpAddr::V6(ip) if ip.is_multicast() => Some("not of one machine"),
        _ => None,
    }
}

/// Returns what is wrong with the address that a server listens at.
pub fn passive(address: IpAddr, server: Option<IpAddr>) -> Option<String> {
    let own = server.map(|server| server.to_canonical());
    match (unreachable(address), own) {
        (_, Some(server)) if server == address.to_canonical() => None,
        (Some(kind), Some(server)) => Some(format!(
            "the address {address} is {kind}, and not the server's, {server}: the server does not know \
             its public address. A client that connects to it as told does not arrive; most use the \
             server's own address instead, or EPSV"
        )),
        (None, Some(server)) => Some(format!(
            "the address {address} is not the server's, {server}: clients refuse or ignore it, since \
             it may lead anywhere (RFC 2577 3)"
        )),
        (Some(kind), None) => Some(format!(
            "the address {address} is {kind}: it works only if the server was reached at it. Otherwise \
             the server does not know its public address"
        )),
        (None, None) => None,
    }
}

/// Returns what is wrong with the address that a client listens at.
pub fn active(address: SocketAddr, server: Option<IpAddr>) -> Vec<String> {
    let mut found = Vec::new();
    let ip = address.ip();
    if let Some(kind) = unreachable(ip) {
        // Behind the same router, both are private.
        if server.is_some_and(|server| unreachable(server).is_none()) {
            found.push(format!(
                "the client's address {ip} is {kind} and the server's is not: the server cannot \
                 connect to it. Use passive mode"
            ));
        }
    }
    if address.port() < 1024 {
        found.push(format!(
            "port {}: servers refuse ports below 1024 (RFC 2577 3) and answer 504",
            address.port()
        ));
    }
    found
}
