//! A pool of sessions that are opened in the same way.

mod slots;

use ::std::fmt;
use ::std::future::Future;
use ::std::ops::{Deref, DerefMut};
use ::std::pin::Pin;
use ::std::sync::Arc;
use ::std::time::Duration;

use super::Client;
use crate::io::error::Error;
use crate::io::net::runtime::Runtime;
pub(in crate::io) use slots::{Slots, Turn};

/// A session of longer idleness is asked whether it is still there before it is used.
pub(in crate::io) const FRESH: Duration = Duration::from_secs(5);

/// A client, as far as a pool has to know it.
pub trait Pooling {
    /// Returns whether the session is over.
    #[doc(hidden)]
    fn is_over(&self) -> bool;

    /// Returns a number that is the same as long as the session is as it was.
    #[doc(hidden)]
    fn alterations(&self) -> u32;
}

impl<R: Runtime> Pooling for Client<R> {
    fn is_over(&self) -> bool {
        self.connection.is_over()
    }

    fn alterations(&self) -> u32 {
        self.connection.alterations()
    }
}

type Opening<C> = Pin<Box<dyn Future<Output = Result<C, Error>> + Send>>;

/// A pool of sessions, for programs that make requests from several tasks or now and then.
///
/// A function opens the sessions: it connects, logs in and sets whatever each session needs.
/// [`get`](Self::get) returns a session that is free, or opens another one, or waits while
/// [`limit`](Self::limit) sessions are in use. With a limit of 1 the pool is a session that
/// reconnects whenever the last one has ended.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use ftp_proto::io::{Pool, tokio::Client};
///
/// let pool = Pool::new(|| async {
///     let mut client = Client::connect("ftp.example.org:21").await?;
///     client.login("alice", "correct horse").await?;
///     client.setup().await?;
///     Ok(client)
/// })
/// .limit(3);
///
/// let mut client = pool.get().await?;
/// client.rename("/in/order", "/in/order.done").await?;
/// # Ok(())
/// # }
/// ```
///
/// A session returns to the pool when it is dropped, unless it has ended or is no longer as the
/// function left it ([`client::Client::alterations`](crate::client::Client::alterations)): one that
/// was moved to another directory or set to another mode is closed, so that nobody else inherits
/// that. Name files by absolute paths, and make settings in the function.
///
/// **Limits of the server.** If the server refuses a further session, at the greeting or at the
/// login, while others of the pool are logged in, then the refusal is taken for the server's own
/// limit, whatever it says: servers report it by 421, or by the 530 that they also use for a wrong
/// password. The pool then waits for one of its sessions instead, and tries no further one for half
/// a minute. A refusal of the only session is an error.
///
/// A pool has no task of its own: a session that has been idle for
/// [`idle_timeout`](Self::idle_timeout) is closed by the next call of `get`. A session that was
/// idle for more than 5 s is first asked whether it is still there (NOOP). A task that holds a
/// session and waits for another one may wait forever, as with any pool.
pub struct Pool<C: Pooling> {
    slots: Arc<Slots<C>>,
    open: Arc<dyn Fn() -> Opening<C> + Send + Sync>,
}

impl<C: Pooling> Pool<C> {
    /// Sets the number of sessions that the pool has at most, in use or idle: 4 by default, and at
    /// least 1.
    #[must_use]
    pub fn limit(self, sessions: usize) -> Self {
        self.slots.set_limit(sessions.max(1));
        self
    }

    /// Sets the time after which an idle session is not used again: 60 s by default. Servers close
    /// idle sessions, often after 5 minutes, and address translators forget them sooner.
    #[must_use]
    pub fn idle_timeout(self, timeout: Duration) -> Self {
        self.slots.set_idle_timeout(timeout);
        self
    }

    /// Closes all idle sessions, without QUIT. Sessions in use are not affected.
    pub fn close_idle(&self) {
        self.slots.close_idle();
    }

    pub(in crate::io) fn slots(&self) -> &Arc<Slots<C>> {
        &self.slots
    }

    pub(in crate::io) fn opening(&self) -> Opening<C> {
        (self.open)()
    }

    /// Creates a pool whose sessions are opened by this function.
    pub(in crate::io) fn opened_by(open: impl Fn() -> Opening<C> + Send + Sync + 'static) -> Self {
        Self { slots: Arc::new(Slots::new()), open: Arc::new(open) }
    }
}

impl<R: Runtime> Pool<Client<R>> {
    /// Creates a pool whose sessions are opened by `open`: connected, logged in and set up.
    pub fn new<F>(open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Client<R>, Error>> + Send + 'static,
    {
        Self::opened_by(move || Box::pin(open()))
    }

    /// Returns a session that is idle or newly opened. Waits while the pool has as many sessions as
    /// it may have and all of them are in use; those who wait longest are served first.
    ///
    /// # Errors
    /// The error of the function that opens sessions.
    pub async fn get(&self) -> Result<Pooled<Client<R>>, Error> {
        loop {
            let opened = match self.slots.turn().await {
                Turn::Idle(mut client, idle) => {
                    if idle <= FRESH || client.noop().await.is_ok() {
                        return Ok(client);
                    }
                    continue;
                }
                Turn::Open(opening) => opening.opened(self.opening().await),
            };
            if let Some(opened) = opened.transpose() {
                return opened;
            }
        }
    }
}

/// The pool is shared: a clone has the same sessions.
impl<C: Pooling> Clone for Pool<C> {
    fn clone(&self) -> Self {
        Self { slots: Arc::clone(&self.slots), open: Arc::clone(&self.open) }
    }
}

impl<C: Pooling> fmt::Debug for Pool<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pool").field(&self.slots).finish()
    }
}

/// A session of a [`Pool`], to which it returns when it is dropped.
pub struct Pooled<C: Pooling> {
    /// `None` only while the value is dropped.
    client: Option<C>,
    /// Number of the client's alterations when it was opened.
    alterations: u32,
    slots: Arc<Slots<C>>,
}

impl<C: Pooling> Pooled<C> {
    /// Takes the session out of the pool, which may then open another one.
    ///
    /// # Panics
    /// Never: the client is there until the value is dropped.
    #[must_use]
    pub fn into_inner(mut self) -> C {
        self.client.take().expect("the client is there until the value is dropped")
    }
}

impl<C: Pooling> Deref for Pooled<C> {
    type Target = C;

    fn deref(&self) -> &C {
        self.client.as_ref().expect("the client is there until the value is dropped")
    }
}

impl<C: Pooling> DerefMut for Pooled<C> {
    fn deref_mut(&mut self) -> &mut C {
        self.client.as_mut().expect("the client is there until the value is dropped")
    }
}

impl<C: Pooling> Drop for Pooled<C> {
    fn drop(&mut self) {
        let client = self.client.take();
        let kept = client.filter(|client| !client.is_over() && client.alterations() == self.alterations);
        self.slots.returned(kept, self.alterations);
    }
}

impl<C: Pooling + fmt::Debug> fmt::Debug for Pooled<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pooled").field(&self.client).finish()
    }
}
