//! Parameters of transfers for fuzzers and property tests, with the feature `arbitrary`.

use arbitrary::Error;

use super::{Coding, LineEnds, Marker};
use crate::codec::arbitrary::values;

values! {
    // Any that can be agreed on, including those that no build supports.
    Coding, |u| Self { representation: u.arbitrary()?, structure: u.arbitrary()?, mode: u.arbitrary()? };
    LineEnds, |u| if bool::arbitrary(u)? { Self::Literal } else { Self::Kept };
    Marker, |u| {
        let (mut text, length) = ([0; 39], u.int_in_range(1..=39)?);
        for byte in &mut text {
            *byte = u.int_in_range(b'!'..=b'~')?;
        }
        Self::new(text.get(..length).unwrap_or_default(), u.arbitrary()?).ok_or(Error::IncorrectFormat)?
    };
}
