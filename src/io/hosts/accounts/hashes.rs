//! Password hashes in the PHC string format.

use ::std::future::Future;
use ::std::num::NonZeroUsize;
use ::std::sync::{Arc, Condvar, Mutex, PoisonError};
use ::std::thread;
use ::std::vec::Vec;

pub(super) use password_hash::phc::PasswordHash as Hash;
use password_hash::{Error, PasswordVerifier};

use crate::codec::Invalid;
use crate::io::net::lane::Lane;

/// An algorithm for verifying hashes.
type Verifier = Arc<dyn PasswordVerifier<Hash> + Send + Sync>;

/// The algorithms for verifying hashes, and the threads that run them.
#[derive(Default)]
pub(super) struct Hashes {
    verifiers: Vec<Verifier>,
    /// Hashes that a verifier supports, one of each kind.
    supported: Vec<Arc<Hash>>,
    gate: Arc<Gate>,
    lane: Lane,
}

/// Admits as many verifications at a time as there are processors. More would not finish sooner,
/// and each needs much memory by design.
#[derive(Default)]
struct Gate {
    inside: Mutex<usize>,
    left: Condvar,
}

/// Permission to run one verification, returned on drop.
struct Pass<'a>(&'a Gate);

impl Gate {
    fn enter(&self) -> Pass<'_> {
        let most = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let inside = self.left.wait_while(inside, |inside| *inside >= most);
        *inside.unwrap_or_else(PoisonError::into_inner) += 1;
        Pass(self)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        *self.0.inside.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.left.notify_one();
    }
}

/// A password and the hash to verify it against.
pub(super) struct Verification {
    hash: Arc<Hash>,
    password: Vec<u8>,
    verifiers: Vec<Verifier>,
    gate: Arc<Gate>,
    lane: Lane,
}

/// Returns whether a verifier that supports one of the hashes supports the other too, and takes as
/// long for it.
fn are_alike(one: &Hash, other: &Hash) -> bool {
    let length =
        |hash: &Hash| (hash.salt.as_ref().map(|salt| salt.len()), hash.hash.as_ref().map(|own| own.len()));
    one.algorithm == other.algorithm
        && one.version == other.version
        && one.params == other.params
        && length(one) == length(other)
}

impl Hashes {
    pub(super) fn add_verifier(&mut self, verifier: impl PasswordVerifier<Hash> + Send + Sync + 'static) {
        self.verifiers.push(Arc::new(verifier));
    }

    /// Parses a hash, which one of the verifiers has to support. The only question that they answer
    /// is whether a password is right, so the first hash of each kind is verified once.
    pub(super) fn parse(&mut self, text: &str) -> Result<Arc<Hash>, Invalid> {
        let hash = Hash::new(text).map_err(|_| Invalid::new("a password hash in the PHC string format"))?;
        if hash.salt.is_none() || hash.hash.is_none() {
            return Err(Invalid::new("a password hash with its salt and its output"));
        }
        let hash = Arc::new(hash);
        if !self.supported.iter().any(|known| are_alike(known, &hash)) {
            // Any other error concerns the hash, and would come with the right password too.
            let is_supported = |verifier: &Verifier| {
                matches!(verifier.verify_password(b"", &hash), Ok(()) | Err(Error::PasswordInvalid))
            };
            if !self.verifiers.iter().any(is_supported) {
                return Err(Invalid::new("a password hash that a verifier supports, which is added first"));
            }
            self.supported.push(Arc::clone(&hash));
        }
        Ok(hash)
    }

    pub(super) fn verification(&self, hash: &Arc<Hash>, password: &[u8]) -> Verification {
        Verification {
            hash: Arc::clone(hash),
            password: password.to_vec(),
            verifiers: self.verifiers.clone(),
            gate: Arc::clone(&self.gate),
            lane: self.lane.clone(),
        }
    }
}

impl Verification {
    /// Returns whether the password matches the hash. Slow by design.
    pub(super) fn verify(&self) -> bool {
        let _pass = self.gate.enter();
        // An algorithm that does not support the hash returns an error at once.
        self.verifiers.iter().any(|verifier| verifier.verify_password(&self.password, &self.hash).is_ok())
    }

    /// Runs [`verify`](Self::verify) in a separate thread. Returns `None` if no thread is
    /// available.
    pub(super) fn verify_elsewhere(self) -> impl Future<Output = Option<bool>> + Send {
        let lane = self.lane.clone();
        lane.call(move || self.verify())
    }
}
