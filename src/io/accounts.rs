//! A list of users, and the anonymous one (RFC 1635).

#[cfg(feature = "password-hash")]
mod hashes;
#[cfg(not(feature = "password-hash"))]
#[path = "accounts/no_hashes.rs"]
mod hashes;

use ::std::fmt;
use ::std::hint::black_box;
use ::std::sync::Arc;
use ::std::vec::Vec;

use self::hashes::{Hash, Hashes, Verification};
use super::guarded::Guarded;
use super::host::{
    Accounts, AsyncAccounts, AsyncFilesystem, Filesystem, Refusal, Visitor, is_anonymous_name,
};
use super::shared::IntoShared;

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
    /// Once there are any.
    hashes: Option<Hashes>,
}

struct User<F> {
    name: Vec<u8>,
    secret: Secret,
    filesystem: Arc<Guarded<F>>,
}

/// What is kept of a password.
enum Secret {
    /// The password itself.
    Plain(Vec<u8>),
    #[cfg_attr(not(feature = "password-hash"), expect(dead_code, reason = "there are none"))]
    Hashed(Arc<Hash>),
}

/// How far a login was decided by what is in memory.
struct Candidate<F> {
    /// What it comes to, but for the verification.
    found: Option<Arc<Guarded<F>>>,
    /// What is to be verified before the answer, and what it comes to when the password is right.
    verification: Option<(Verification, Option<Arc<Guarded<F>>>)>,
}

impl<F> Candidate<F> {
    /// What it comes to, the verification having come out so.
    fn decide(
        found: Option<Arc<Guarded<F>>>,
        verified: Option<Arc<Guarded<F>>>,
    ) -> Result<Arc<Guarded<F>>, Refusal> {
        verified.or(found).ok_or(Refusal::Denied)
    }
}

impl<F> Users<F> {
    /// Nobody.
    #[must_use]
    pub const fn new() -> Self {
        Self { users: Vec::new(), anonymous: None, hashes: None }
    }

    /// Lets `anonymous` and `ftp` in with any password, to read `filesystem`, whatever it would let others
    /// do. From then on these names, in upper or lower case, are nobody else's.
    #[must_use]
    pub fn anonymous<Kind>(mut self, filesystem: impl IntoShared<Kind, Filesystem = F>) -> Self {
        self.anonymous = Some(Arc::new(Guarded::read_only(filesystem)));
        self
    }

    /// Lets a user in, to do all that `filesystem` allows. Names are compared byte by byte. A second user
    /// of the same name takes the place of the first.
    #[must_use]
    pub fn user<Kind>(
        self,
        name: impl Into<Vec<u8>>,
        password: impl Into<Vec<u8>>,
        filesystem: impl IntoShared<Kind, Filesystem = F>,
    ) -> Self {
        self.with(name.into(), Secret::Plain(password.into()), Guarded::full(filesystem))
    }

    /// Lets a user in, of whose password a `hash` is kept, in the [PHC string format]. Else as [`user`](Self::user).
    ///
    ///
    /// One of the [verifiers](Self::verifier) has to know its algorithm, or nobody comes in with it. A hash takes long
    /// to verify: that is done where it stalls no other session, as many at once as there are processors, and a wrong
    /// name takes as long as a wrong password. As long as the first user's hash takes, that is: of different
    /// algorithms and costs they can be told apart.
    ///
    /// [PHC string format]: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
    ///
    /// # Errors
    /// When it is no such hash.
    #[cfg(feature = "password-hash")]
    pub fn user_with_hash<Kind>(
        mut self,
        name: impl Into<Vec<u8>>,
        hash: &str,
        filesystem: impl IntoShared<Kind, Filesystem = F>,
    ) -> Result<Self, crate::codec::Invalid> {
        self.hashes.get_or_insert_default();
        Ok(self.with(name.into(), Secret::Hashed(hashes::parse(hash)?), Guarded::full(filesystem)))
    }

    /// As [`user_with_hash`](Self::user_with_hash), to read alone.
    ///
    /// # Errors
    /// When it is no such hash.
    #[cfg(feature = "password-hash")]
    pub fn reader_with_hash<Kind>(
        mut self,
        name: impl Into<Vec<u8>>,
        hash: &str,
        filesystem: impl IntoShared<Kind, Filesystem = F>,
    ) -> Result<Self, crate::codec::Invalid> {
        self.hashes.get_or_insert_default();
        Ok(self.with(name.into(), Secret::Hashed(hashes::parse(hash)?), Guarded::read_only(filesystem)))
    }

    /// Has hashes of passwords verified by this algorithm, too: `argon2::Argon2::default()`, say.
    #[cfg(feature = "password-hash")]
    #[must_use]
    pub fn verifier(
        mut self,
        verifier: impl password_hash::PasswordVerifier<password_hash::phc::PasswordHash> + Send + Sync + 'static,
    ) -> Self {
        self.hashes.get_or_insert_default().add_verifier(verifier);
        self
    }

    /// Lets a user in to read, whatever `filesystem` would let others do. Else as [`user`](Self::user).
    #[must_use]
    pub fn reader<Kind>(
        self,
        name: impl Into<Vec<u8>>,
        password: impl Into<Vec<u8>>,
        filesystem: impl IntoShared<Kind, Filesystem = F>,
    ) -> Self {
        self.with(name.into(), Secret::Plain(password.into()), Guarded::read_only(filesystem))
    }

    fn with(mut self, name: Vec<u8>, secret: Secret, filesystem: Guarded<F>) -> Self {
        self.users.retain(|user| user.name != name);
        self.users.push(User { name, secret, filesystem: Arc::new(filesystem) });
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

    fn find(&self, user: &[u8], password: &[u8]) -> Candidate<F> {
        if let Some(anonymous) = self.anonymous_view(user) {
            return Candidate { found: Some(Arc::clone(anonymous)), verification: None };
        }
        let (mut found, mut hashed, mut first) = (None, None, None);
        for known in &self.users {
            let named = same(&known.name, user);
            match &known.secret {
                // Not `&&`: the password is compared for every name.
                Secret::Plain(kept) if same(kept, password) & named => {
                    found = Some(Arc::clone(&known.filesystem));
                }
                Secret::Plain(_) => {}
                Secret::Hashed(hash) => {
                    first = first.or(Some(hash));
                    if named {
                        hashed = Some((hash, Arc::clone(&known.filesystem)));
                    }
                }
            }
        }
        // Each login verifies one hash, where there are any: another user's for want of its own, and for nothing.
        let (hash, right) = hashed.map_or((first, None), |(hash, filesystem)| (Some(hash), Some(filesystem)));
        let verification = hash.zip(self.hashes.as_ref());
        let verification = verification.map(|(hash, hashes)| (hashes.verification(hash, password), right));
        Candidate { found, verification }
    }

    /// Whether there are hashes to verify, which takes long.
    fn has_hashes(&self) -> bool {
        self.users.iter().any(|user| matches!(user.secret, Secret::Hashed(_)))
    }
}

impl<F: Filesystem> Accounts for Users<F> {
    type Filesystem = Guarded<F>;

    fn blocks(&self) -> bool {
        self.has_hashes()
    }

    fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Guarded<F>>, Refusal> {
        let Candidate { found, verification } = self.find(&visitor.user, password);
        // Whether or not it can be right: that takes the same time.
        let verified = verification.and_then(|(verification, right)| {
            let is_right = verification.verify();
            right.filter(|_| is_right)
        });
        Candidate::decide(found, verified)
    }

    fn is_anonymous(&self, visitor: &Visitor) -> bool {
        self.anonymous_view(&visitor.user).is_some()
    }
}

impl<F: AsyncFilesystem> AsyncAccounts for Users<F> {
    type Filesystem = Guarded<F>;

    async fn login(&self, visitor: &Visitor, password: &[u8]) -> Result<Arc<Guarded<F>>, Refusal> {
        let Candidate { found, verification } = self.find(&visitor.user, password);
        let Some((verification, right)) = verification else { return Candidate::decide(found, None) };
        let is_right = verification.verify_elsewhere().await.ok_or(Refusal::Busy)?;
        Candidate::decide(found, right.filter(|_| is_right))
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
