//! Limits of sessions, which servers can share, and which can be changed while they serve.

use ::std::collections::HashMap;
use ::std::net::{IpAddr, Ipv6Addr};
use ::std::num::NonZeroU64;
use ::std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::door::fitting;
use super::throttle::{SharedPace, Throttle};

/// Limits on the number of sessions and on their rates.
///
/// Each server has limits of its own, which its builder sets. To change them while the server runs,
/// keep a handle from [`Server::session_limits`](crate::io::Server::session_limits). To have
/// several servers count their sessions together, such as one with explicit TLS and one with
/// implicit TLS, give the same limits to all of them with
/// [`Server::with_session_limits`](crate::io::Server::with_session_limits).
///
/// A clone is a handle to the same limits. A change applies to sessions that begin afterwards and
/// ends none: if there are more sessions than a new limit allows, no other is admitted until enough
/// of them have ended.
///
/// ```
/// # #[cfg(feature = "disk")] fn example() -> std::io::Result<()> {
/// use ftp_proto::io::{Directory, Users, std::Server};
///
/// let users = Users::new().anonymous(Directory::open("/srv/ftp")?);
/// let server = Server::bind("127.0.0.1:2121", users)?.with_max_sessions(100);
/// let limits = server.session_limits();
/// std::thread::spawn(|| server.serve());
/// limits.set_max_sessions(200);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Default)]
pub struct SessionLimits(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    total: usize,
    per_address: usize,
    rate: Option<NonZeroU64>,
    total_rate: Option<SharedPace>,
    /// Number of descriptors that each session needs. 0 before a server serves.
    descriptors: usize,
    /// Number of sessions, at most `total`, for which there are descriptors.
    fitting: usize,
    /// Number of admitted sessions in total.
    admitted: usize,
    /// Number of admitted sessions per network.
    networks: HashMap<IpAddr, usize>,
}

impl Default for Inner {
    fn default() -> Self {
        const SESSIONS: usize = 1000;
        Self {
            total: SESSIONS,
            per_address: usize::MAX,
            rate: None,
            total_rate: None,
            descriptors: 0,
            fitting: SESSIONS,
            admitted: 0,
            networks: HashMap::new(),
        }
    }
}

impl Inner {
    /// Determines for how many sessions there are descriptors, and raises the limit of the process
    /// for them.
    fn fit(&mut self) {
        self.fitting = match self.descriptors {
            0 => self.total,
            each => fitting(self.total, each),
        };
    }
}

impl SessionLimits {
    /// Creates limits with the defaults of a server: 1,000 sessions, any number of them from one
    /// address, and no limits of rates.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of sessions that may run at once, as
    /// [`Server::with_max_sessions`](crate::io::Server::with_max_sessions) does.
    pub fn set_max_sessions(&self, sessions: usize) {
        let mut inner = self.lock();
        inner.total = sessions;
        inner.fit();
    }

    /// Sets the number of sessions that each address may have at once, as
    /// [`Server::with_max_sessions_per_address`](crate::io::Server::with_max_sessions_per_address)
    /// does.
    pub fn set_max_sessions_per_address(&self, sessions: usize) {
        self.lock().per_address = sessions;
    }

    /// Sets the bytes per second that each session may move, as
    /// [`Server::with_max_rate`](crate::io::Server::with_max_rate) does. `None` removes the limit.
    pub fn set_max_rate(&self, rate: Option<NonZeroU64>) {
        self.lock().rate = rate;
    }

    /// Sets the bytes per second that all sessions together may move, as
    /// [`Server::with_max_total_rate`](crate::io::Server::with_max_total_rate) does. `None` removes
    /// the limit. Sessions that run already keep to the previous rate among themselves.
    pub fn set_max_total_rate(&self, rate: Option<NonZeroU64>) {
        self.lock().total_rate = rate.map(SharedPace::new);
    }

    /// Returns the number of sessions that run, without clients that were turned away.
    #[must_use]
    pub fn sessions(&self) -> usize {
        self.lock().admitted
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prepares for a server whose sessions need this many descriptors each.
    pub(super) fn prepare(&self, descriptors: usize) {
        let mut inner = self.lock();
        inner.descriptors = inner.descriptors.max(descriptors);
        inner.fit();
    }

    /// Returns the number of sessions that may run at once.
    pub(super) fn most(&self) -> usize {
        self.lock().fitting
    }

    /// Returns the throttle of a new session.
    pub(super) fn throttle(&self) -> Throttle {
        let inner = self.lock();
        Throttle::new(inner.rate, inner.total_rate.clone())
    }

    /// Counts a session of this client. Returns `None` if it is one too many.
    pub(super) fn admit(&self, peer: IpAddr) -> Option<Seat> {
        let network = network(peer);
        let mut inner = self.lock();
        let here = inner.networks.get(&network).copied().unwrap_or(0);
        if inner.admitted >= inner.fitting || here >= inner.per_address {
            return None;
        }
        inner.admitted += 1;
        inner.networks.insert(network, here + 1);
        Some(Seat { limits: self.clone(), network })
    }
}

/// A session that is counted until this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    limits: SessionLimits,
    /// The network that the session was admitted from.
    network: IpAddr,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut inner = self.limits.lock();
        inner.admitted -= 1;
        match inner.networks.get_mut(&self.network) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(inner.networks.remove(&self.network)),
        }
    }
}

/// Returns the network that an address belongs to for the purpose of limits: an IPv6 subscriber has
/// 2^64 addresses.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_are_counted_and_their_places_given_back() {
        let limits = SessionLimits::new();
        limits.set_max_sessions(2);
        limits.set_max_sessions_per_address(1);
        let admit = |address: &str| limits.admit(address.parse().unwrap());
        let first = admit("192.0.2.1").unwrap();
        assert!(admit("192.0.2.1").is_none());
        assert!(admit("::ffff:192.0.2.1").is_none());
        let second = admit("2001:db8::1").unwrap();
        drop(first);
        assert!(admit("2001:db8::2").is_none(), "the same network");
        let third = admit("2001:db8:0:1::1").unwrap();
        assert!(admit("192.0.2.1").is_none(), "no place at all");
        assert_eq!(limits.sessions(), 2);
        drop((second, third));
        assert!(admit("192.0.2.1").is_some());
        assert_eq!(limits.sessions(), 0);
        assert!(limits.lock().networks.is_empty());
    }

    #[test]
    fn a_lower_limit_ends_no_session_and_admits_none_until_enough_have_ended() {
        let limits = SessionLimits::new();
        let address = "192.0.2.1".parse().unwrap();
        let mut seats: Vec<_> = (0..3).map(|_| limits.admit(address).unwrap()).collect();
        limits.set_max_sessions(2);
        for _ in 0..2 {
            assert!(limits.admit(address).is_none());
            seats.pop();
        }
        let again = limits.admit(address).unwrap();
        limits.set_max_sessions_per_address(1);
        assert!(limits.admit(address).is_none());
        drop((seats, again));
        assert!(limits.admit(address).is_some());
    }
}
