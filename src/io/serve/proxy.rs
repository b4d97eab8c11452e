//! The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt), in which a proxy reports
//! the client of each connection that it forwards.

use ::std::future::poll_fn;
use ::std::io;
use ::std::net::{IpAddr, SocketAddr};
use ::std::task::Poll;
use ::std::time::Duration;

use proxy_header::{Error, ParseConfig, ProxyHeader};

use crate::io::net::runtime::{Link, Network, Stream, Timed};

/// Maximum length of a header. Version 1 has 107 bytes at most. Version 2 has more only with
/// extensions, which usually take a few hundred bytes.
const LONGEST: usize = 4096;
/// Length of the fixed part of version 2, which ends with the length of the rest.
const FIXED: usize = 16;
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// The proxies in front of a server. Each of their connections begins with a header of the PROXY
/// protocol, version 1 or 2.
///
/// The header is mandatory, as the protocol requires: a connection without a header is closed, and
/// so is a connection from an address that is not a proxy's. The address in the header then counts
/// as the client's everywhere: for limits, for the host, and for data connections. If the header
/// has no address (`LOCAL`, `UNKNOWN`: the proxy's own health checks), the connection's own address
/// counts.
///
/// Data connections have no header. An active one goes to the client itself. A passive one may come
/// from the client or from the proxy that its control connection came from: a client that uses EPSV
/// connects to the proxy, which has to forward the [passive
/// ports](crate::server::Config::passive_ports) too. For PASV to report the proxy's address, set
/// [`Config::passive_address`](crate::server::Config::passive_address).
#[derive(Clone, Debug)]
pub struct Proxies {
    /// `None` if every address is a proxy's.
    trusted: Option<Vec<IpAddr>>,
    timeout: Duration,
}

impl Proxies {
    /// Trusts the header of every connection. Use this only for a port that only proxies can reach.
    #[must_use]
    pub const fn any() -> Self {
        Self { trusted: None, timeout: Duration::from_secs(5) }
    }

    /// Admits proxies at these addresses, and nobody else.
    #[must_use]
    pub fn at(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let trusted = addresses.into_iter().map(|address| address.to_canonical()).collect();
        Self { trusted: Some(trusted), ..Self::any() }
    }

    /// Sets the time limit for the header. 5 s by default.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Reads the header and nothing after it. Returns the address of the client.
    pub(super) async fn client<N: Network>(
        &self,
        runtime: &mut Timed<N>,
        stream: &mut Link<N>,
        peer: SocketAddr,
    ) -> io::Result<SocketAddr> {
        let proxy = peer.ip().to_canonical();
        if self.trusted.as_ref().is_some_and(|trusted| !trusted.contains(&proxy)) {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let deadline = runtime.now().after(self.timeout);
        let mut header = Vec::with_capacity(FIXED);
        loop {
            let begin = header.len();
            header.resize(wanted(&header).ok_or(io::ErrorKind::InvalidData)?, 0);
            let read =
                poll_fn(|cx| match stream.poll_read(cx, header.get_mut(begin..).unwrap_or_default()) {
                    Poll::Pending => {
                        runtime.poll_deadline(deadline, cx).map(|()| Err(io::ErrorKind::TimedOut.into()))
                    }
                    read => read,
                })
                .await?;
            header.truncate(begin + read);
            if read == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let config = ParseConfig { include_tlvs: false, ..ParseConfig::default() };
            match ProxyHeader::parse(&header, config) {
                Ok((parsed, _)) => return Ok(parsed.proxied_address().map_or(peer, |named| named.source)),
                Err(Error::BufferTooShort) => {}
                Err(_) => return Err(io::ErrorKind::InvalidData.into()),
            }
        }
    }
}

/// Returns the minimum length of a header that begins with these bytes, or `None` if no header
/// does. The bytes after the header belong to the client, with or without TLS, and are not read.
fn wanted(header: &[u8]) -> Option<usize> {
    const SHORTEST: usize = "PROXY UNKNOWN\r\n".len();
    const LONGEST_TEXT: usize = 107;
    let wanted = if header.starts_with(SIGNATURE) {
        match header.get(FIXED - 2..FIXED) {
            Some(&[high, low]) => FIXED + usize::from(u16::from_be_bytes([high, low])),
            _ => FIXED,
        }
    } else if header.len() < SHORTEST {
        let begins = |with: &[u8]| with.iter().zip(header).all(|(wanted, byte)| wanted == byte);
        return (begins(SIGNATURE) || begins(b"PROXY ")).then_some(SHORTEST);
    } else {
        // A text header extends to the end of its line, which can be at any byte.
        return Some(header.len() + 1).filter(|wanted| *wanted <= LONGEST_TEXT);
    };
    Some(wanted).filter(|wanted| (header.len() + 1..=LONGEST).contains(wanted))
}
