//! The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): a proxy says whose connection it hands on.

use ::std::future::poll_fn;
use ::std::io;
use ::std::net::{IpAddr, SocketAddr};
use ::std::task::Poll;
use ::std::time::Duration;

use proxy_header::{Error, ParseConfig, ProxyHeader};

use crate::io::runtime::{Link, Network, Stream, Timed};

/// The longest header that is read: one of version 1 has 107 bytes at most, one of version 2 more only with
/// extensions, of which a few hundred bytes are usual.
const LONGEST: usize = 4096;
/// What version 2 begins with, up to the length of the rest.
const FIXED: usize = 16;
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";

/// Which proxies stand before a server, each of whose connections begins with a header of the PROXY protocol,
/// version 1 or 2.
///
/// The header is demanded, as the protocol wants it: a connection without one is closed, and so is one from
/// anybody who is not among the proxies. The address that it names is then the client's everywhere: for limits,
/// for the host, and for data connections. Headers without one (`LOCAL`, `UNKNOWN`: the proxy's own checks of
/// health) leave the connection its own.
///
/// Data connections have no header. An active one goes to the client itself. A passive one may come from the
/// client or from the proxy that its control connection came from: a client that uses EPSV connects to the proxy,
/// which has to hand on the [passive ports](crate::server::Config::passive_ports), too. For PASV to name the proxy,
/// [`Config::passive_address`](crate::server::Config::passive_address) does.
#[derive(Clone, Debug)]
pub struct Proxies {
    /// Everybody where it is `None`.
    trusted: Option<Vec<IpAddr>>,
    timeout: Duration,
}

impl Proxies {
    /// Whoever connects is believed: for a port that nobody but proxies can reach.
    #[must_use]
    pub const fn any() -> Self {
        Self { trusted: None, timeout: Duration::from_secs(5) }
    }

    /// Proxies at these addresses; nobody else is let in.
    #[must_use]
    pub fn at(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        let trusted = addresses.into_iter().map(|address| address.to_canonical()).collect();
        Self { trusted: Some(trusted), ..Self::any() }
    }

    /// How long the header may take to come. 5 s by default.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Reads the header, and nothing behind it: whose connection this is.
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

/// How long a header is at least of which this is the beginning; `None` when it cannot be one. What comes behind it
/// is the client's, be it TLS or not, and stays where it is.
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
        // Text goes on to the end of the line, wherever that is.
        return Some(header.len() + 1).filter(|wanted| *wanted <= LONGEST_TEXT);
    };
    Some(wanted).filter(|wanted| (header.len() + 1..=LONGEST).contains(wanted))
}
