//! The TLS sessions that a server's connections may resume: their own, and those of their user's
//! other connections.
//!
//! The identifier or ticket that a client holds is a random number. The session itself is kept here
//! under that number, with either version of TLS. Resuming a session does not remove it, since
//! clients offer the same session for two data connections, or for all of them.

use ::std::collections::{HashMap, VecDeque};
use ::std::fmt;
use ::std::net::IpAddr;
use ::std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ::std::task::{Context, Poll, Waker};

use rustls::crypto::SecureRandom;
use rustls::server::{ProducesTickets, StoresServerSessions};

/// Maximum number of sessions retained that began on a control connection itself, for clients that
/// resume them again and again.
pub(super) const OF_CONTROL: usize = 8;
/// Maximum number of sessions retained that began on its data connections, for clients that resume
/// the last one.
const OF_DATA: usize = 32;
/// Maximum number of sessions retained from all of a user's connections that have ended, while
/// others are open.
const LEFT: usize = 32;
/// Maximum number of sessions retained from each of a user's connections that have ended.
const LEFT_OF_EACH: usize = 8;
/// Maximum size of each of these stores in bytes. A session includes the client's certificates.
const BYTES: usize = 128 * 1024;

/// Ticket lifetime in seconds: the maximum of TLS 1.3 (RFC 8446 4.6.1), since the tickets of a user
/// end with the last control connection.
const LIFETIME: u32 = 7 * 24 * 60 * 60;

/// A bounded store of sessions by the names that clients know them by, oldest first.
struct Shelf {
    most: usize,
    bytes: usize,
    kept: VecDeque<(Vec<u8>, Vec<u8>)>,
}

impl Shelf {
    const fn new(most: usize) -> Self {
        Self { most, bytes: 0, kept: VecDeque::new() }
    }

    fn put(&mut self, name: Vec<u8>, session: Vec<u8>) {
        self.bytes += name.len() + session.len();
        self.kept.push_back((name, session));
        while self.kept.len() > self.most || self.bytes > BYTES {
            let Some((name, session)) = self.kept.pop_front() else { return };
            self.bytes -= name.len() + session.len();
        }
    }

    fn get(&self, name: &[u8]) -> Option<&Vec<u8>> {
        self.kept.iter().find(|(known, _)| known == name).map(|(_, session)| session)
    }
}

/// The user that a control connection belongs to: a user of a virtual host at one address.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Owner {
    host: Option<Vec<u8>>,
    user: Vec<u8>,
    address: IpAddr,
}

/// The login state of a control connection.
#[derive(Clone, PartialEq, Eq)]
enum Standing {
    /// Nobody has logged in yet. Holds the client's address, if known.
    Newcomer(Option<IpAddr>),
    /// The connection shares its sessions with no other.
    Alone,
    /// The connection shares its sessions with the other connections of its user.
    Owned(Arc<Owner>),
}

/// A control connection, and the sessions from it and its data connections.
struct Member {
    standing: Standing,
    of_control: Shelf,
    of_data: Shelf,
    /// The login before REIN. `of_data` stays usable only if the same user logs in again.
    before: Option<Standing>,
    /// Tasks that wait for the login on this connection.
    waiting: Vec<Waker>,
}

impl Member {
    fn get(&self, name: &[u8]) -> Option<&Vec<u8>> {
        self.of_control.get(name).or_else(|| self.of_data.get(name))
    }

    /// Returns the last sessions, which the client is most likely to offer after the connection has
    /// ended.
    fn last_sessions(self) -> impl Iterator<Item = (Vec<u8>, Vec<u8>)> {
        let count = self.of_control.kept.len() + self.of_data.kept.len();
        let all = self.of_control.kept.into_iter().chain(self.of_data.kept);
        all.skip(count.saturating_sub(LEFT_OF_EACH))
    }
}

/// The control connections of one user.
struct Circle {
    members: Vec<u64>,
    /// The last sessions of connections that have ended.
    left: Shelf,
}

#[derive(Default)]
struct Inner {
    last: u64,
    members: HashMap<u64, Member>,
    circles: HashMap<Arc<Owner>, Circle>,
}

impl Inner {
    /// Finds a session that connection `number` may resume. If it comes from a connection on which
    /// nobody has logged in yet, returns that connection's number too.
    fn get(&self, number: u64, name: &[u8]) -> Option<(Vec<u8>, Option<u64>)> {
        let own = self.members.get(&number)?;
        if let Some(session) = own.get(name) {
            return Some((session.clone(), None));
        }
        let Standing::Owned(owner) = &own.standing else { return None };
        let circle = self.circles.get(owner)?;
        let mut others = circle.members.iter().filter_map(|other| self.members.get(other)?.get(name));
        if let Some(session) = others.next().or_else(|| circle.left.get(name)) {
            return Some((session.clone(), None));
        }
        // A client with several connections may offer a session of one that it has only just
        // opened.
        let here = Standing::Newcomer(Some(owner.address));
        let mut newcomers = self.members.iter().filter(|(_, member)| member.standing == here);
        newcomers.find_map(|(other, member)| Some((member.of_control.get(name)?.clone(), Some(*other))))
    }

    /// Changes the login state of a connection, and returns the tasks to wake. Sessions from its
    /// earlier data connections are kept only if the same user logs in again.
    fn stand(&mut self, number: u64, standing: Standing) -> Vec<Waker> {
        if self.members.get(&number).is_none_or(|member| member.standing == standing) {
            return Vec::new();
        }
        self.leave_circle(number, None);
        if let Standing::Owned(owner) = &standing {
            let circle = self.circles.entry(Arc::clone(owner));
            let none = || Circle { members: Vec::new(), left: Shelf::new(LEFT) };
            circle.or_insert_with(none).members.push(number);
        }
        let Some(member) = self.members.get_mut(&number) else { return Vec::new() };
        let before = ::std::mem::replace(&mut member.standing, standing);
        let before = match before {
            Standing::Newcomer(_) => member.before.take(),
            before => Some(before),
        };
        if matches!(member.standing, Standing::Newcomer(_)) {
            member.before = before;
        } else if before.is_some_and(|before| before != member.standing) {
            member.of_data = Shelf::new(OF_DATA);
        }
        ::std::mem::take(&mut member.waiting)
    }

    /// Removes a connection. Keeps its last sessions if its user has other connections, and returns
    /// the tasks to wake.
    fn end(&mut self, number: u64) -> Vec<Waker> {
        let Some(mut member) = self.members.remove(&number) else { return Vec::new() };
        let waiting = ::std::mem::take(&mut member.waiting);
        self.leave_circle(number, Some(member));
        waiting
    }

    fn leave_circle(&mut self, number: u64, gone: Option<Member>) {
        let standing = gone.as_ref().or_else(|| self.members.get(&number)).map(|member| &member.standing);
        let Some(Standing::Owned(owner)) = standing.cloned() else { return };
        let Some(circle) = self.circles.get_mut(&owner) else { return };
        circle.members.retain(|member| *member != number);
        if circle.members.is_empty() {
            self.circles.remove(&owner);
        } else if let Some(gone) = gone {
            gone.last_sessions().for_each(|(name, session)| circle.left.put(name, session));
        }
    }
}

/// The sessions of all control connections of a server.
#[derive(Default)]
pub(super) struct Pool(Mutex<Inner>);

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A control connection's membership in the pool, which ends on drop.
pub(super) struct Share {
    pool: Arc<Pool>,
    number: u64,
    address: Option<IpAddr>,
}

impl Share {
    /// Adds a new connection from this address.
    pub(super) fn new(pool: &Arc<Pool>, address: Option<IpAddr>) -> Self {
        let address = address.map(|address| address.to_canonical());
        let mut inner = pool.lock();
        inner.last += 1;
        let number = inner.last;
        let member = Member {
            standing: Standing::Newcomer(address),
            of_control: Shelf::new(OF_CONTROL),
            of_data: Shelf::new(OF_DATA),
            before: None,
            waiting: Vec::new(),
        };
        inner.members.insert(number, member);
        drop(inner);
        Self { pool: Arc::clone(pool), number, address }
    }

    fn stand(&self, standing: Standing) {
        let waiting = self.pool.lock().stand(self.number, standing);
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Assigns the connection to a user who has logged in.
    pub(super) fn belong_to(&self, host: Option<&[u8]>, user: &[u8], address: IpAddr) {
        let (host, user) = (host.map(<[u8]>::to_vec), user.to_vec());
        self.stand(Standing::Owned(Arc::new(Owner { host, user, address: address.to_canonical() })));
    }

    /// Keeps the connection's sessions to itself, for a login that should not share them.
    pub(super) fn stay_alone(&self) {
        self.stand(Standing::Alone);
    }

    /// Puts the connection back into its state before login.
    pub(super) fn belong_to_nobody(&self) {
        self.stand(Standing::Newcomer(self.address));
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let waiting = self.pool.lock().end(self.number);
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// The kind of connection that a handshake runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Control,
    Data,
}

/// The sessions that one handshake may resume, and the store for those it creates.
pub(super) struct Keeper {
    share: Arc<Share>,
    role: Role,
    random: &'static dyn SecureRandom,
    /// The connection whose session was resumed, if nobody had logged in on it.
    lender: Mutex<Option<u64>>,
    /// `true` if sessions of connections without a login may be resumed.
    trusts: bool,
}

impl Keeper {
    /// Creates a keeper. Set `trusts` only if the caller checks [`poll_bound`](Self::poll_bound)
    /// after the handshake.
    pub(super) fn new(
        share: Arc<Share>,
        role: Role,
        random: &'static dyn SecureRandom,
        trusts: bool,
    ) -> Self {
        Self { share, role, random, lender: Mutex::default(), trusts }
    }

    /// Returns whether the session that was resumed belongs to this connection's user. Waits for
    /// the login on the connection that the session came from.
    pub(super) fn poll_bound(&self, cx: &Context<'_>) -> Poll<bool> {
        let lender = *self.lender.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lender) = lender else { return Poll::Ready(true) };
        let mut inner = self.share.pool.lock();
        let own = inner.members.get(&self.share.number).map(|own| own.standing.clone());
        let Some(other) = inner.members.get_mut(&lender) else { return Poll::Ready(false) };
        if let Standing::Newcomer(_) = other.standing {
            if !other.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
                other.waiting.push(cx.waker().clone());
            }
            return Poll::Pending;
        }
        Poll::Ready(matches!(&other.standing, Standing::Owned(_)) && own.as_ref() == Some(&other.standing))
    }

    fn keep(&self, name: Vec<u8>, session: Vec<u8>) {
        let mut inner = self.share.pool.lock();
        if let Some(member) = inner.members.get_mut(&self.share.number) {
            match self.role {
                Role::Control => member.of_control.put(name, session),
                Role::Data => member.of_data.put(name, session),
            }
        }
    }

    fn find(&self, name: &[u8]) -> Option<Vec<u8>> {
        let found = self.share.pool.lock().get(self.share.number, name);
        let (session, lender) = found.filter(|(_, lender)| self.trusts || lender.is_none())?;
        *self.lender.lock().unwrap_or_else(PoisonError::into_inner) = lender;
        Some(session)
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("role", &self.role).finish_non_exhaustive()
    }
}

/// TLS 1.2 sessions, resumed by identifier.
impl StoresServerSessions for Keeper {
    fn put(&self, name: Vec<u8>, session: Vec<u8>) -> bool {
        self.keep(name, session);
        true
    }

    fn get(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.find(name)
    }

    fn take(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.find(name)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

/// Tickets of either version, which hold only the name of a session.
impl ProducesTickets for Keeper {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        LIFETIME
    }

    fn encrypt(&self, session: &[u8]) -> Option<Vec<u8>> {
        let mut name = [0; 32];
        self.random.fill(&mut name).ok()?;
        self.keep(name.to_vec(), session.to_vec());
        Some(name.to_vec())
    }

    fn decrypt(&self, name: &[u8]) -> Option<Vec<u8>> {
        self.find(name)
    }
}
