//! Owned results of the client's operations. The core's answers borrow from the receive window,
//! which callers cannot do.

use super::transfer::{Finished, Transfer, seen_through};
use crate::client::{
    Abort, Answer, AvailableAnswer, ChangeToHome, ChecksumAnswer, ClearCommandChannel, Complete, Exchange,
    FactsAnswer, FeaturesAnswer, Greeting, Hash, Login, ModificationTimeAnswer, Offers, Open, PathAnswer,
    PlainAnswer, Protected, RawAnswer, Rename, Secure, Sequence, SetModificationTime, Setup, SizeAnswer,
    TimeSetAnswer, Verified, Verify,
};
use crate::codec::{Digest, Escaped, Features, HashReply, ReplyCode, ReplyLine, Timestamp};
use crate::io::error::Error;

/// An owned reply.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// Code of the reply.
    pub code: ReplyCode,
    /// Text of the last line.
    pub text: Vec<u8>,
}

impl ::std::fmt::Debug for Reply {
    fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
        f.debug_struct("Reply").field("code", &self.code).field("text", &Escaped(&self.text)).finish()
    }
}

impl From<ReplyLine<'_>> for Reply {
    fn from(line: ReplyLine<'_>) -> Self {
        Self { code: line.code, text: line.text.to_vec() }
    }
}

/// A sequence whose outcome has an owned form.
pub(super) trait Outcome: Sequence {
    type Owned;

    fn own(output: Self::Output<'_>) -> Result<Self::Owned, Error>;
}

/// An answer that has an owned form.
pub(super) trait OwnedAnswer: Answer {
    type Owned;

    fn own(output: Self::Output<'_>) -> Result<Self::Owned, Error>;
}

impl<A: OwnedAnswer> Outcome for Exchange<'_, A> {
    type Owned = A::Owned;

    fn own(output: A::Output<'_>) -> Result<A::Owned, Error> {
        A::own(output)
    }
}

macro_rules! kept {
    ($($trait:ident for $name:ty: $owned:ty, |$output:ident| $own:expr;)*) => {$(
        impl $trait for $name {
            type Owned = $owned;

            fn own($output: Self::Output<'_>) -> Result<$owned, Error> {
                $own
            }
        }
    )*};
}

kept! {
    OwnedAnswer for PlainAnswer: Reply, |line| Ok(line.into());
    OwnedAnswer for RawAnswer: Reply, |line| Ok(line.into());
    OwnedAnswer for PathAnswer: Vec<u8>, |path| path.map(|path| path.to_vec()).map_err(Error::Unreadable);
    OwnedAnswer for SizeAnswer: u64, |size| size.map_err(Error::Unreadable);
    OwnedAnswer for ModificationTimeAnswer: Timestamp, |time| time.map_err(Error::Unreadable);
    OwnedAnswer for FeaturesAnswer: Features, |features| Ok(features);
    OwnedAnswer for FactsAnswer: (), |_none| Ok(());
    OwnedAnswer for TimeSetAnswer: Option<Timestamp>, |time| Ok(time);
    OwnedAnswer for ChecksumAnswer: Digest, |digest| digest.map_err(Error::Unreadable);
    OwnedAnswer for AvailableAnswer: u64, |bytes| bytes.map_err(Error::Unreadable);
    Outcome for Hash<'_>: HashReply, |reply| reply.map_err(Error::Unreadable);
    Outcome for Setup: Offers, |offers| Ok(offers);
    Outcome for Verify<'_>: Verified, |verified| verified.map_err(Error::Mismatch);
    Outcome for Abort: u64, |transferred| Ok(transferred);
    Outcome for Greeting: Option<Reply>, |line| Ok(line.map(Reply::from));
    Outcome for Login<'_>: Option<Reply>, |line| Ok(line.map(Reply::from));
    Outcome for SetModificationTime<'_>: Option<Timestamp>, |time| Ok(time);
    Outcome for ChangeToHome<'_>: (), |_none| Ok(());
    Outcome for Rename<'_>: (), |_none| Ok(());
    Outcome for Secure: Protected, |protected| Ok(protected);
    Outcome for ClearCommandChannel: (), |_none| Ok(());
    Outcome for Complete<Vec<u8>>: Finished, |completed| Ok(Finished { reply: completed.reply.map(Reply::from), presumed_empty: completed.presumed_empty });
    Outcome for Open<'_>: Transfer, |opened| Ok(Transfer {
        span: None,
        offset: opened.offset,
        size_hint: opened.size_hint,
        unique_name: opened.unique_name.map(<[u8]>::to_vec),
        formats: opened.formats,
        presumed_empty: false,
        completion: Some(seen_through(opened.transfer, b"")),
        deadline: None,
        failure: None,
    });
}

/// Checks the bytes of a path before anything is sent.
pub(super) fn text(bytes: &[u8]) -> Result<crate::codec::Text<'_>, Error> {
    crate::codec::Text::new(bytes).map_err(Error::Argument)
}

/// Checks an optional path. An empty path means none.
pub(super) fn optional(path: &[u8]) -> Result<Option<crate::codec::Text<'_>>, Error> {
    Ok(Some(text(path)?).filter(|path| !path.is_empty()))
}
