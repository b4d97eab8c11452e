//! A list of users, and the anonymous one (RFC 1635).

use ::std::fmt;
use ::std::hint::black_box;
use ::std::sync::Arc;
use ::std::vec::Vec;

use super::guarded::Guarded;
use super::host::{
    Accounts, AsyncAccounts, AsyncFilesystem, Filesystem, Refusal, Visitor, is_anonymous_name,
};

/// Who may log in, kept in memory: for the few accounts of a tool or a test. A host with an account book
/// of its own implements [`Accounts`].
///
/// Nobody may, until somebody is added. A login takes the same time whether the user or the password is
/// wrong, and however much of them is right (RFC 2577 6): every account is compared, to its end.
///
/// ```
/// # #[cfg(feature = "disk")] fn example() -> std::io::Result<()> {
/// use ftp_proto::io::Users;
/// use ftp_proto::io::Directory;
///
/// let users = Users::new()
///     .anonymous(Directory::open("/srv/ftp/pub")?)
///     .user("alice", "correct horse", Directory::open("/srv/ftp/alice")?.writable());
/// # let _ = users; Ok(()) }
/// ```
pub struct Users<F> {
    users: Vec<User<F>>,
    anonymous: Option<Arc<Guarded<F>>>,
}

struct User<F> {
    name: Vec<u8>,
    password: Vec<u8>,
    filesystem: Arc<Guarded<F>>,
}

impl<F> Users<F> {
    /// Nobody.
    #[must_use]
    pub const fn new() -> Self {
        Self { users: Vec::new(), anonymous: None }
    }

    /// Lets `anonymous` and `ftp` in with any password, to read `filesystem`, whatever it would let others
    /// do. From then on these names, in upper or lower case, are nobody else's.
    #[must_use]
    pub fn anonymous(mut self, filesystem: impl Into<Arc<F>>) -> Self {
        self.anonymous = Some(Arc::new(Guarded::read_only(filesystem)));
        self
    }

    /// Lets a user in, to do all that `filesystem` allows. Names are compared byte by byte. A second user
    /// of the same name takes the place of the first.
    #[must_use]
    pub fn user(
        self,
        name: impl Into<Vec<u8>>,
        password: impl Into<Vec<u8>>,
        filesystem: impl Into<Arc<F>>,
    ) -> Self {
        self.with(name.into(), password.into(), Guarded::full(filesystem))
    }

    /// Lets a user in to read, whatever `filesystem` would let others do. Else as [`user`](Self::user).
    #[must_use]
    pub fn reader(
        self,
        name: impl Into<Vec<u8>>,
        password: impl Into<Vec<u8>>,
        filesystem: impl Into<Arc<F>>,
    ) -> Self {
        self.with(name.into(), password.into(), Guarded::read_only(filesystem))
    }

    fn with(mut self, name: Vec<u8>, password: Vec<u8>, filesystem: Guarded<F>) -> Self {
        self.users.retain(|user| user.name != name);
        self.users.push(User { name, password, filesystem: Arc::new(filesystem) });
        self
    }
}

impl<F> Default for Users<F> {
    fn default() -> Self {
        Self::new()
    }
}

/// No passwords.
impl<F> fmt::Debug for Users<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users")
            .field("users", &self.users.len())
            .field("anonymous", &self.anonymous.is_some())
            .finish_non_exhaustive()
    }
}

impl<F> Users<F> {
    /// What a user sees who is anybody.
    fn anonymous_view(&self, user: &[u8]) -> Option<&Arc<Guarded<F>>> {
        self.anonymous.as_ref().filter(|_| is_anonymous_name(user))
    }

    fn find(&self, user: &[u8], password: &[u8]) -> Result<Arc<Guarded<F>>, Refusal> {
        if let Some(anonymous) = self.anonymous_view(user) {
            return Ok(Arc::clone(anonymous));
        }
        let mut found = None;
        for known in &self.users {
            // Not `&&`: the password is compared for every name.
            if same(&known.name, user) & same(&known.password, password) {
                found = Some(&known.filesystem);
            }
        }
        found.map(Arc::clone).ok_or(Refusal::Denied)
    }
}

impl<F: Filesystem> Accounts for Users<F> {
    type Filesystem = Guarded<F>;

    fn blocks(&self) -> bool {
        false
    }

    fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Guarded<F>>, Refusal> {
        self.find(&visitor.user, password)
    }

    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        self.anonymous_view(&visitor.user).is_some()
    }
}

impl<F: AsyncFilesystem> AsyncAccounts for Users<F> {
    type Filesystem = Guarded<F>;

    async fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Guarded<F>>, Refusal> {
        self.find(&visitor.user, password)
    }

    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        self.anonymous_view(&visitor.user).is_some()
    }
}

/// Whether they are the same, in a time that depends on the length of `sent` alone, which whoever sent it
/// knows.
fn same(kept: &[u8], sent: &[u8]) -> bool {
    let mut differences = u8::from(kept.len() != sent.len());
    for (index, byte) in sent.iter().enumerate() {
        // Past the end of what is kept the lengths differ already; something is read all the same.
        let other = kept.get(index % kept.len().max(1)).copied().unwrap_or(0);
        // Or the compiler might see that the rest does not count.
        differences |= black_box(byte ^ other);
    }
    black_box(differences) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_equal_bytes_are_the_same() {
        for (kept, sent, expected) in [
            ("", "", true),
            ("", "a", false),
            ("a", "", false),
            ("a", "a", true),
            ("a", "b", false),
            ("ab", "abab", false),
            ("abab", "ab", false),
            ("secret", "Secret", false),
            ("secret", "secreT", false),
        ] {
            assert_eq!(same(kept.as_bytes(), sent.as_bytes()), expected, "{kept} {sent}");
        }
    }
}
