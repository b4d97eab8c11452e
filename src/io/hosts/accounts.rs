//! A list of users, which may include the anonymous user (RFC 1635).

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
use crate::io::host::{Accounts, AsyncAccounts, AsyncFilesystem, Filesystem, Refusal, Visitor};
use crate::io::hosts::guarded::Guarded;
use crate::io::hosts::shared::IntoShared;
use crate::server::is_anonymous_name;

/// An in-memory list of users, for the few accounts of a tool or a test. A host with its own
/// account database implements [`Accounts`].
///
/// An empty list refuses everybody. The duration of a login does not depend on whether the user or
/// the password is wrong, nor on how much of the password is right (RFC 2577 6): every account is
/// compared in full.
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
    /// `Some` once a user with a hash, or a verifier, has been added.
    hashes: Option<Hashes>,
}

struct User<F> {
    name: Vec<u8>,
    secret: Secret,
    filesystem: Arc<Guarded<F>>,
}

/// The stored form of a password.
enum Secret {
    /// The password in plain text.
    Plain(Vec<u8>),
    #[cfg_attr(not(feature = "password-hash"), expect(dead_code, reason = "there are none"))]
    Hashed(Arc<Hash>),
}

/// The result of a login, as far as it can be decided without verifying a hash.
struct Candidate<F> {
    /// The file system if nothing is verified, or if verification fails.
    found: Option<Arc<Guarded<F>>>,
    /// A hash to verify before the answer, and the file system if the password is right.
    verification: Option<(Verification, Option<Arc<Guarded<F>>>)>,
}

impl<F> Candidate<F> {
    /// Combines this result with that of the verification.
    fn decide(
        found: Option<Arc<Guarded<F>>>,
        verified: Option<Arc<Guarded<F>>>,
    ) -> Result<Arc<Guarded<F>>, Refusal> {
        verified.or(found).ok_or(Refusal::Denied)
    }
}

impl<F> Users<F> {
    /// Creates an empty user list.
    #[must_use]
    pub const fn new() -> Self {
        Self { users: Vec::new(), anonymous: None, hashes: None }
    }

    /// Admits `anonymous` and `ftp` with any password, with read access to `filesystem` even if it
    /// allows writing. These names, in upper or lower case, are then reserved.
    #[must_use]
    pub fn anonymous<Kind>(mut self, filesystem: impl IntoShared<Kind, Filesystem = F>) -> Self {
        self.anonymous = Some(Arc::new(Guarded::read_only(filesystem)));
        self
    }

    /// Adds a user with all the access that `filesystem` allows. Names are compared byte by byte.
    /// Adding the same name again replaces the user.
    #[must_use]
    pub fn user<Kind>(
        self,
        name: impl Into<Vec<u8>>,
        password: impl Into<Vec<u8>>,
        filesystem: impl IntoShared<Kind, Filesystem = F>,
    ) -> Self {
        self.with(name.into(), Secret::Plain(password.into()), Guarded::full(filesystem))
    }

    /// Adds a user like [`user`](Self::user), with a `hash` of the password in the [PHC string
    /// format].
    ///
    /// One of the [verifiers](Self::verifier) that were added before has to support the algorithm
    /// and the parameters of the hash. To find out, the first hash of each algorithm and cost is
    /// verified once, here. Verification is slow: for a login it runs where it blocks no other
    /// session, and at most once per processor at a time. A login with an unknown name verifies the
    /// first user's hash, so that it takes as long as one with a wrong password if all hashes have
    /// the same algorithm and cost.
    ///
    /// Hashes of crypt(3), as in `/etc/shadow`, are not PHC strings, even though they begin with
    /// `$` too: those of bcrypt (`$2y$`), SHA-256 (`$5$`), SHA-512 (`$6$`) and yescrypt (`$y$`) are
    /// refused. For accounts that have such hashes, implement [`Accounts`].
    ///
    /// With argon2 0.6, which implements the traits of password-hash 0.6:
    ///
    /// ```
    /// # #[cfg(all(feature = "disk", feature = "password-hash"))]
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use argon2::{Argon2, password_hash::PasswordHasher};
    /// use ftp_proto::io::std::{Client, Server};
    /// use ftp_proto::io::{Directory, Users};
    ///
    /// # let salt = b"hidden: 16 bytes";
    /// // Once, for the account. The salt is random: `hash_password`, a default feature of argon2,
    /// // draws one.
    /// let hash = Argon2::default().hash_password_with_salt(b"correct horse", salt)?.to_string();
    /// assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    ///
    /// // Whenever the server starts.
    /// let users = Users::new()
    ///     .verifier(Argon2::default())
    ///     .user_with_hash("alice", &hash, Directory::open(".")?)?;
    /// let server = Server::bind("127.0.0.1:0", users)?;
    /// # let address = server.local_addr();
    /// # std::thread::spawn(|| server.serve());
    /// # let mut client = Client::connect(address)?;
    /// client.login("alice", "correct horse")?;
    ///
    /// // No password would be right.
    /// let crypt = "$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy";
    /// let refused = Users::new().verifier(Argon2::default()).user_with_hash("bob", crypt, Directory::open(".")?);
    /// assert_eq!(refused.unwrap_err().to_string(), "expected a password hash in the PHC string format");
    /// # Ok(())
    /// # }
    /// # #[cfg(not(all(feature = "disk", feature = "password-hash")))]
    /// # fn main() {}
    /// ```
    ///
    /// [PHC string format]: https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md
    ///
    /// # Errors
    /// Fails if `hash` is not in this format, if it lacks the salt or the output, or if no verifier
    /// supports it, since no password would then be right. [`Invalid::expected`] tells these apart.
    ///
    /// [`Invalid::expected`]: crate::codec::Invalid::expected
    #[cfg(feature = "password-hash")]
    pub fn user_with_hash<Kind>(
        mut self,
        name: impl Into<Vec<u8>>,
        hash: &str,
        filesystem: impl IntoShared<Kind, Filesystem = F>,
    ) -> Result<Self, crate::codec::Invalid> {
        let hash = self.hashes.get_or_insert_default().parse(hash)?;
        Ok(self.with(name.into(), Secret::Hashed(hash), Guarded::full(filesystem)))
    }

    /// Adds a user like [`user_with_hash`](Self::user_with_hash), with read access only.
    ///
    /// # Errors
    /// Those of [`user_with_hash`](Self::user_with_hash).
    #[cfg(feature = "password-hash")]
    pub fn reader_with_hash<Kind>(
        mut self,
        name: impl Into<Vec<u8>>,
        hash: &str,
        filesystem: impl IntoShared<Kind, Filesystem = F>,
    ) -> Result<Self, crate::codec::Invalid> {
        let hash = self.hashes.get_or_insert_default().parse(hash)?;
        Ok(self.with(name.into(), Secret::Hashed(hash), Guarded::read_only(filesystem)))
    }

    /// Adds an algorithm for verifying the hashes of users that are added later, such as
    /// `argon2::Argon2::default()`. One that verifies no hash has to say so by another error than
    /// [`PasswordInvalid`](password_hash::Error::PasswordInvalid), usually
    /// [`Algorithm`](password_hash::Error::Algorithm).
    #[cfg(feature = "password-hash")]
    #[must_use]
    pub fn verifier(
        mut self,
        verifier: impl password_hash::PasswordVerifier<password_hash::phc::PasswordHash> + Send + Sync + 'static,
    ) -> Self {
        self.hashes.get_or_insert_default().add_verifier(verifier);
        self
    }

    /// Adds a user like [`user`](Self::user), with read access only, even if `filesystem` allows
    /// more.
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

/// Omits passwords.
impl<F> fmt::Debug for Users<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users")
            .field("users", &self.users.len())
            .field("anonymous", &self.anonymous.is_some())
            .finish_non_exhaustive()
    }
}

impl<F> Users<F> {
    /// Returns the anonymous file system if `user` is an anonymous name.
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
        // Each login verifies one hash if there are any. If the user has none, another user's hash
        // is verified and the result ignored.
        let (hash, right) = hashed.map_or((first, None), |(hash, filesystem)| (Some(hash), Some(filesystem)));
        let verification = hash.zip(self.hashes.as_ref());
        let verification = verification.map(|(hash, hashes)| (hashes.verification(hash, password), right));
        Candidate { found, verification }
    }

    /// Returns whether there are hashes, which are slow to verify.
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
        // A hash is verified even if the login is bound to fail, so that the time is the same.
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

/// Compares two byte strings in a time that depends only on the length of `sent`, which the sender
/// knows anyway.
fn same(kept: &[u8], sent: &[u8]) -> bool {
    let mut differences = u8::from(kept.len() != sent.len());
    for (index, byte) in sent.iter().enumerate() {
        // Past the end of `kept` the lengths already differ, but a byte is read anyway.
        let other = kept.get(index % kept.len().max(1)).copied().unwrap_or(0);
        // Without `black_box` the compiler might notice that the rest makes no difference.
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
