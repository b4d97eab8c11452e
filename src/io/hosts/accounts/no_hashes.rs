//! Stand-ins for the types of password hashes in builds without the `password-hash` feature.

use ::std::future::{Ready, ready};
use ::std::sync::Arc;

pub(super) enum Hash {}

pub(super) struct Hashes;

pub(super) struct Verification;

impl Hashes {
    #[expect(clippy::unused_self, reason = "there is nothing to look up")]
    pub(super) const fn verification(&self, _: &Arc<Hash>, _: &[u8]) -> Verification {
        Verification
    }
}

impl Verification {
    #[expect(clippy::unused_self, reason = "there is nothing to verify")]
    pub(super) const fn verify(&self) -> bool {
        false
    }

    pub(super) fn verify_elsewhere(self) -> Ready<Option<bool>> {
        ready(Some(self.verify()))
    }
}
