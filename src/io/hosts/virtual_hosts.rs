//! Virtual hosts: several sites at one address, told apart by the name that the client asks for
//! (RFC 7151).

use ::std::sync::Arc;
use ::std::vec::Vec;

use crate::codec::Command;
use crate::io::host::{Accounts, AsyncAccounts, HostReply, Refusal, Visitor};

/// Accounts by host name. A client that has not named a host gets the default accounts.
///
/// ```
/// # #[cfg(feature = "disk")] fn example() -> std::io::Result<()> {
/// use ftp_proto::io::{Directory, Users, VirtualHosts};
///
/// let public = Users::new().anonymous(Directory::open("/srv/ftp")?);
/// let works = Users::new().user("alice", "correct horse", Directory::open("/srv/works")?.writable());
/// let sites = VirtualHosts::new(public).host("works.example.org", works);
/// # let _ = sites; Ok(()) }
/// ```
#[derive(Debug)]
pub struct VirtualHosts<A> {
    default: A,
    named: Vec<(Vec<u8>, A)>,
}

impl<A> VirtualHosts<A> {
    /// Creates a list with the default host, which has no name.
    pub const fn new(default: A) -> Self {
        Self { default, named: Vec::new() }
    }

    /// Adds a host with this name, which is compared without regard to ASCII case.
    #[must_use]
    pub fn host(mut self, name: impl Into<Vec<u8>>, accounts: A) -> Self {
        self.named.push((name.into(), accounts));
        self
    }

    fn named(&self, name: &[u8]) -> Option<&A> {
        self.named.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, accounts)| accounts)
    }

    /// Returns the accounts of the host that the client has chosen.
    fn chosen(&self, visitor: &Visitor) -> &A {
        visitor.host.as_deref().and_then(|name| self.named(name)).unwrap_or(&self.default)
    }

    fn find(&self, name: &[u8]) -> Result<(), Refusal> {
        self.named(name).map(drop).ok_or(Refusal::NotFound)
    }
}

impl<A: Accounts> Accounts for VirtualHosts<A> {
    type Filesystem = A::Filesystem;

    fn blocks(&self) -> bool {
        self.default.blocks() || self.named.iter().any(|(_, accounts)| accounts.blocks())
    }

    fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<A::Filesystem>, Refusal> {
        self.chosen(visitor).login(visitor, password)
    }

    fn login_by_certificate(&self, visitor: &Visitor) -> Result<Arc<A::Filesystem>, Refusal> {
        self.chosen(visitor).login_by_certificate(visitor)
    }

    fn account(&self, visitor: &Visitor, account: &[u8]) -> Result<Arc<A::Filesystem>, Refusal> {
        self.chosen(visitor).account(visitor, account)
    }

    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        self.chosen(visitor).is_anonymous(visitor)
    }

    fn host(&self, _: &Visitor, name: &[u8]) -> Result<(), Refusal> {
        self.find(name)
    }

    fn command(&self, visitor: &Visitor, command: &Command<'_>) -> Result<HostReply, Refusal> {
        self.chosen(visitor).command(visitor, command)
    }
}

impl<A: AsyncAccounts> AsyncAccounts for VirtualHosts<A> {
    type Filesystem = A::Filesystem;

    async fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<A::Filesystem>, Refusal> {
        self.chosen(visitor).login(visitor, password).await
    }

    async fn login_by_certificate(&self, visitor: &Visitor) -> Result<Arc<A::Filesystem>, Refusal> {
        self.chosen(visitor).login_by_certificate(visitor).await
    }

    async fn account(&self, visitor: &Visitor, account: &[u8]) -> Result<Arc<A::Filesystem>, Refusal> {
        self.chosen(visitor).account(visitor, account).await
    }

    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        self.chosen(visitor).is_anonymous(visitor)
    }

    async fn host(&self, _: &Visitor, name: &[u8]) -> Result<(), Refusal> {
        self.find(name)
    }

    async fn command(&self, visitor: &Visitor, command: &Command<'_>) -> Result<HostReply, Refusal> {
        self.chosen(visitor).command(visitor, command).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_found_by_its_name_in_any_case_and_who_names_none_is_at_the_first() {
        let hosts = VirtualHosts::new(0).host("one.example", 1).host("two.example", 2);
        let peer = "192.0.2.1:1".parse().unwrap();
        for (name, expected) in [
            (None, 0),
            (Some("one.example"), 1),
            (Some("TWO.Example"), 2),
            (Some("three.example"), 0),
            (Some(""), 0),
        ] {
            let mut visitor = Visitor::new("me", peer, peer);
            visitor.host = name.map(|name| name.as_bytes().to_vec());
            assert_eq!(*hosts.chosen(&visitor), expected, "{name:?}");
        }
        assert_eq!(hosts.find(b"One.Example"), Ok(()));
        assert_eq!(hosts.find(b"three.example"), Err(Refusal::NotFound));
    }
}
