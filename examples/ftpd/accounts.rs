//! Accounts: passwords and certificates, and the files of each account.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};

use ftp_proto::io::{Accounts, Directory, Refusal, Users, VirtualHosts, Visitor};

use crate::home::Home;
use crate::quota::{Registry, lock};
use crate::site::Site;

/// One account.
#[derive(Debug)]
pub struct Member {
    pub home: Arc<Home<Directory>>,
    /// The sessions of the account, and how many of them there may be.
    pub seats: Option<(Arc<Seats>, usize)>,
    /// The certificate that admits the account without a password, in DER.
    pub certificate: Option<Vec<u8>>,
}

impl Member {
    /// Returns the files of the account for a session.
    fn enter(&self) -> Result<Arc<Home<Directory>>, Refusal> {
        let Some((seats, most)) = &self.seats else { return Ok(Arc::clone(&self.home)) };
        // Counted until the last use of the file system has ended.
        let seat = Seats::take(seats, *most).ok_or(Refusal::Busy)?;
        Ok(Arc::new(self.home.counted(seat)))
    }
}

/// The number of sessions of an account.
#[derive(Debug, Default)]
pub struct Seats(Mutex<usize>);

impl Seats {
    /// Returns the sessions of an account of a host, which the next configuration counts on.
    pub fn of(host: &str, account: &str) -> Arc<Self> {
        static KNOWN: LazyLock<Registry<(String, String), Seats>> = LazyLock::new(Registry::default);
        KNOWN.get((host.to_lowercase(), account.to_owned()))
    }

    fn take(seats: &Arc<Self>, most: usize) -> Option<Seat> {
        let mut taken = lock(&seats.0);
        (*taken < most).then(|| {
            *taken += 1;
            Seat(Arc::clone(seats))
        })
    }
}

/// A session of an account, which is counted until this is dropped.
#[derive(Debug)]
pub struct Seat(Arc<Seats>);

impl Drop for Seat {
    fn drop(&mut self) {
        *lock(&self.0.0) -= 1;
    }
}

/// The accounts of one host.
#[derive(Debug, Default)]
pub struct Members {
    /// Verifies the passwords. The file systems are those of the accounts, without their rights.
    pub users: Users<Directory>,
    pub anonymous: Option<Member>,
    pub named: HashMap<Vec<u8>, Member>,
}

impl Members {
    fn member(&self, visitor: &Visitor) -> Result<&Member, Refusal> {
        let found = match Accounts::is_anonymous(&self.users, visitor) {
            true => self.anonymous.as_ref(),
            false => self.named.get(&visitor.user),
        };
        found.ok_or(Refusal::Denied)
    }
}

impl Accounts for Members {
    type Filesystem = Home<Directory>;

    fn blocks(&self) -> bool {
        Accounts::blocks(&self.users)
    }

    fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Self::Filesystem>, Refusal> {
        Accounts::login(&self.users, visitor, password)?;
        self.member(visitor)?.enter()
    }

    fn login_by_certificate(&self, visitor: &Visitor) -> Result<Arc<Self::Filesystem>, Refusal> {
        let member = self.named.get(&visitor.user).ok_or(Refusal::Denied)?;
        match (&member.certificate, visitor.certificate()) {
            (Some(wanted), Some(shown)) if wanted == shown => member.enter(),
            _ => Err(Refusal::Denied),
        }
    }

    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        Accounts::is_anonymous(&self.users, visitor)
    }
}

/// The accounts of the current configuration. A session keeps the files that it has logged in to.
#[derive(Clone, Debug, Default)]
pub struct Current(Arc<RwLock<Arc<Site>>>);

impl Current {
    pub fn site(&self) -> Arc<Site> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub fn set(&self, site: Site) {
        let site = Arc::new(site);
        let before = std::mem::replace(&mut *self.0.write().unwrap_or_else(PoisonError::into_inner), site);
        // Not while others wait for the lock.
        drop(before);
    }
}

impl Accounts for Current {
    type Filesystem = Home<Directory>;

    fn blocks(&self) -> bool {
        self.site().hosts.blocks()
    }

    fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Self::Filesystem>, Refusal> {
        self.site().hosts.login(visitor, password)
    }

    fn login_by_certificate(&self, visitor: &Visitor) -> Result<Arc<Self::Filesystem>, Refusal> {
        self.site().hosts.login_by_certificate(visitor)
    }

    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        self.site().hosts.is_anonymous(visitor)
    }

    fn host(&self, visitor: &Visitor, name: &[u8]) -> Result<(), Refusal> {
        let site = self.site();
        if site.has_hosts { Accounts::host(&site.hosts, visitor, name) } else { Err(Refusal::Unsupported) }
    }
}

/// The hosts of a site.
pub type Hosts = VirtualHosts<Members>;
