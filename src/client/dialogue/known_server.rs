//! The client's knowledge of the server: from the caller, from its replies, and from FEAT.

use crate::client::{Offers, Profile};
use crate::codec::{EndRule, Quoted, ReplyCode, ReplyLine, Verb};

/// The client's knowledge of the server.
#[derive(Debug, Default)]
pub(super) struct KnownServer {
    profile: Profile,
    /// Part of the profile that the caller gave.
    given: Profile,
    /// Features that FEAT has listed, once it was answered.
    offers: Option<Offers>,
    /// Features that the current answer to FEAT has listed so far.
    naming: Offers,
}

impl KnownServer {
    /// Sets what the caller knows about the server.
    pub(super) const fn given(&mut self, profile: Profile) {
        (self.profile, self.given) = (profile, profile);
    }

    pub(super) const fn profile(&self) -> Profile {
        self.profile
    }

    pub(super) const fn offers(&self) -> Option<Offers> {
        self.offers
    }

    pub(super) const fn is(&self, property: Profile) -> bool {
        self.profile.contains(property)
    }

    /// Remembers this property of the server.
    pub(super) fn learn(&mut self, property: Profile) {
        self.profile |= property;
    }

    /// Forgets this property of the server.
    pub(super) fn unlearn(&mut self, property: Profile) {
        self.profile.remove(property);
    }

    /// Forgets what was learnt in the clear, because TLS has begun: it could have come from anyone.
    pub(super) const fn secured(&mut self) {
        self.profile = self.given;
    }

    /// Takes a line of a reply to `verb`.
    pub(super) fn line(&mut self, verb: Option<Verb>, line: &ReplyLine<'_>) {
        if verb == Some(Verb::Feat) {
            self.naming.take(line);
        }
    }

    /// Records a final reply to `verb`. A granted AUTH or REIN voids the features that the server
    /// listed before it (RFC 4217 4); 334 also grants AUTH.
    pub(super) fn answered(&mut self, verb: Option<Verb>, code: ReplyCode) {
        match verb {
            Some(Verb::Feat) if code.is_success() => self.offers = Some(self.naming),
            Some(Verb::Auth | Verb::Rein) if code.is_success() || code.is_intermediate() => {
                self.offers = None;
            }
            _ => {}
        }
    }

    /// Learns from the answer to PWD how the server writes paths.
    pub(super) fn learn_paths(&mut self, verb: Option<Verb>, line: &ReplyLine<'_>) {
        let is_path = line.code == ReplyCode::PATHNAME && line.is_final();
        if !matches!(verb, Some(Verb::Pwd | Verb::Xpwd)) || !is_path {
            return;
        }
        if let Some(first) = Quoted::parse(line.text).ok().and_then(|path| path.bytes().next()) {
            self.profile.set(Profile::NO_DOT_PATHS, first != b'/');
        }
    }

    /// Returns whether the server understands `./` as a path.
    pub(super) const fn has_dot_paths(&self) -> bool {
        !self.is(Profile::NO_DOT_PATHS)
    }

    /// Returns the rule that ends a multi-line reply; `configured` is the caller's.
    pub(super) const fn end_of_reply(&self, configured: EndRule) -> EndRule {
        match self.is(Profile::ANY_CODE_ENDS) {
            true => EndRule::AnyCode,
            false => configured,
        }
    }
}
