//! Accepting connections. No failure of a single connection ends the listener.

use ::std::io;
use ::std::net::{SocketAddr, TcpStream};
use ::std::sync::Arc;

use socket2::{Domain, Socket, Type};

use crate::io::net::socket::{self, AcceptError, accept_error};

/// The action to take before the next attempt, after accept has failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Remedy {
    /// The error concerned only one connection: the next one may be fine.
    Retry,
    /// The system has no resources for another connection, or the cause is unknown.
    Wait,
    /// The listener has failed.
    GiveUp,
}

/// Distinguishes errors of one connection, which systems report at the listener, from those of the
/// listener itself.
pub(super) fn remedy(error: &io::Error) -> Remedy {
    match accept_error(error) {
        AcceptError::Connection => Remedy::Retry,
        AcceptError::Descriptors | AcceptError::Other => Remedy::Wait,
        AcceptError::Listener => Remedy::GiveUp,
    }
}

/// The address family of a socket that needs no network.
const FAMILY: Domain = if cfg!(windows) { Domain::IPV4 } else { Domain::UNIX };

/// A spare descriptor for when no others are left. It allows a client to be accepted and told to
/// come back later; otherwise the client would wait for its greeting.
#[derive(Debug)]
pub(super) struct Reserve(Option<Socket>);

impl Reserve {
    pub(super) fn new() -> Self {
        let mut reserve = Self(None);
        reserve.refill();
        reserve
    }

    fn refill(&mut self) {
        if self.0.is_none() {
            self.0 = Socket::new(FAMILY, Type::STREAM, None).ok();
        }
    }

    /// Accepts a connection by calling `accept`. If no descriptor is left, uses the reserve to send
    /// `farewell`, and returns `None`.
    pub(super) fn accept(
        &mut self,
        farewell: &[u8],
        mut accept: impl FnMut() -> io::Result<(TcpStream, SocketAddr)>,
    ) -> io::Result<Option<(TcpStream, SocketAddr)>> {
        self.refill();
        let lacking = match accept() {
            Err(error) if accept_error(&error) == AcceptError::Descriptors => error,
            accepted => return accepted.map(Some),
        };
        // Systems report the shortage before they check whether a connection is waiting.
        let Some(reserved) = self.0.take() else { return Err(lacking) };
        drop(reserved);
        let accepted = accept();
        if let Ok((stream, _)) = &accepted {
            socket::turn_away(stream, farewell);
        }
        let accepted = accepted.map(drop);
        self.refill();
        accepted.map(|()| None)
    }
}

/// A client that has been accepted and has no session yet. Dropping it sends the farewell.
pub(super) struct Guest {
    stream: Option<TcpStream>,
    farewell: Arc<[u8]>,
}

impl Guest {
    pub(super) const fn new(stream: TcpStream, farewell: Arc<[u8]>) -> Self {
        Self { stream: Some(stream), farewell }
    }

    /// Returns the connection for a session that is about to begin.
    pub(super) fn enter(mut self) -> Option<TcpStream> {
        self.stream.take()
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        if let Some(stream) = &self.stream {
            socket::turn_away(stream, &self.farewell);
        }
    }
}

/// Number of descriptors that are reserved for the rest of the process.
#[cfg(unix)]
const OTHERS: u64 = 32;

/// Returns the number of sessions, at most `sessions`, for which the system has enough descriptors
/// if each session needs `each` of them. Raises the soft limit of the process as far as allowed, if
/// needed.
#[cfg(unix)]
pub(super) fn fitting(sessions: usize, each: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = u64::try_from(sessions.saturating_mul(each)).unwrap_or(u64::MAX).saturating_add(OTHERS);
    let limit = getrlimit(Resource::Nofile);
    let Some(current) = limit.current.filter(|current| *current < wanted) else { return sessions };
    let most = limit.maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(most), ..limit });
    share(if raised.is_ok() { most } else { current }, sessions, each)
}

/// Returns `sessions`: only memory limits the system's handles.
#[cfg(not(unix))]
pub(super) const fn fitting(sessions: usize, _: usize) -> usize {
    sessions
}

/// Returns the number of sessions for which this many descriptors suffice. Leaves [`OTHERS`]
/// descriptors to the rest of the process, but at most half of them.
#[cfg(unix)]
fn share(descriptors: u64, sessions: usize, each: usize) -> usize {
    let left = descriptors.saturating_sub(OTHERS.min(descriptors / 2));
    let fit = usize::try_from(left).unwrap_or(usize::MAX) / each.max(1);
    sessions.min(fit.max(1))
}

#[cfg(all(test, unix))]
mod tests {
    use rustix::io::Errno;
    use socket2::SockRef;

    use super::*;

    #[test]
    fn only_a_listener_that_is_gone_is_given_up() {
        for (errors, expected) in [
            (
                &[
                    Errno::CONNABORTED,
                    Errno::CONNRESET,
                    Errno::PROTO,
                    Errno::PERM,
                    Errno::NETDOWN,
                    Errno::NETUNREACH,
                    Errno::NOPROTOOPT,
                    Errno::HOSTDOWN,
                    Errno::HOSTUNREACH,
                    Errno::OPNOTSUPP,
                    Errno::TIMEDOUT,
                    Errno::INTR,
                ][..],
                Remedy::Retry,
            ),
            (
                &[Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM, Errno::NOSPC, Errno::IO],
                Remedy::Wait,
            ),
            (&[Errno::BADF, Errno::NOTSOCK, Errno::INVAL], Remedy::GiveUp),
        ] {
            for error in errors {
                assert_eq!(remedy(&io::Error::from(*error)), expected, "{error:?}");
            }
        }
        assert_eq!(remedy(&io::Error::other("the runtime is gone")), Remedy::GiveUp);
    }

    #[test]
    fn sessions_fit_the_descriptors_that_there_are() {
        for (descriptors, sessions, each, expected) in [
            (20_000, 1000, 5, 1000),
            (1024, 1000, 3, 330),
            (1024, 1000, 5, 198),
            (1024, 10, 5, 10),
            (40, 1000, 3, 6),
            (4, 1000, 3, 1),
            (0, 1000, 3, 1),
        ] {
            assert_eq!(share(descriptors, sessions, each), expected, "{descriptors} {sessions} {each}");
        }
    }

    #[test]
    fn the_reserve_is_for_one_who_is_turned_away_and_is_taken_back() {
        let listener = ::std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let client = TcpStream::connect(at).unwrap();
        let mut reserve = Reserve::new();
        let mut calls = 0;
        let accepted = reserve.accept(b"farewell", || {
            calls += 1;
            match calls {
                1 => Err(io::Error::from(Errno::MFILE)),
                _ => socket::accept(&SockRef::from(&listener)),
            }
        });
        assert!(matches!(accepted, Ok(None)), "{accepted:?}");
        let mut told = String::new();
        io::Read::read_to_string(&mut &client, &mut told).unwrap();
        assert_eq!(told, "farewell");
        assert!(reserve.0.is_some());
        // No client is waiting, so the shortage has no effect.
        let mut calls = 0;
        let accepted = reserve.accept(b"", || {
            calls += 1;
            match calls {
                1 => Err(io::Error::from(Errno::MFILE)),
                _ => Err(io::Error::from(Errno::WOULDBLOCK)),
            }
        });
        assert_eq!(accepted.unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(reserve.0.is_some());
    }
}
