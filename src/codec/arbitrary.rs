//! Values for fuzzers and property tests, with the feature `arbitrary`. Every value comes from the
//! constructor of its type, so that it is one that a caller could have made. The table of features in
//! `lib.rs` lists the types.

use core::num::NonZeroU8;

use arbitrary::{Arbitrary, Error, Result, Unstructured};

use super::{
    Allocation, ByteRange, Digest, EndRule, EpsvArgument, FactChoice, FactSet, FactValue, FactValues,
    FileStructure, FormatControl, HashAlgorithm, Kind, NameCase, NetworkProtocol, Permissions, Position,
    ProtectionBufferSize, ProtectionLevel, ReplyCode, RepresentationType, RestartMarker, Text, Timestamp,
    TransferMode, Verb, VerbSet,
};

/// Implements `Arbitrary` for each type, by an expression of the source of bytes.
macro_rules! values {
    ($($type:ty, |$u:ident| $value:expr;)+) => {$(
        impl<'a> ::arbitrary::Arbitrary<'a> for $type {
            fn arbitrary($u: &mut ::arbitrary::Unstructured<'a>) -> ::arbitrary::Result<Self> {
                Ok($value)
            }
        }
    )+};
}
pub(crate) use values;

values! {
    Verb, |u| *u.choose(Self::ALL)?;
    VerbSet, |u| {
        let bits = u128::arbitrary(u)?;
        Verb::ALL.iter().filter(|verb| bits >> **verb as u8 & 1 == 1).fold(Self::EMPTY, |set, verb| set.with(*verb))
    };
    // Mostly a code of some document, since those have rules of their own.
    ReplyCode, |u| match u.ratio(7, 8)? {
        true => *u.choose(Self::ALL)?,
        false => Self::new(u.int_in_range(100..=699)?).unwrap_or(Self::COMMAND_OKAY),
    };
    Position, |u| *u.choose(&[Self::Single, Self::First, Self::Middle, Self::Last])?;
    EndRule, |u| if bool::arbitrary(u)? { Self::AnyCode } else { Self::SameCode };
    NameCase, |u| if bool::arbitrary(u)? { Self::Lower } else { Self::Canonical };
    FormatControl, |u| *u.choose(Self::ALL)?;
    FileStructure, |u| *u.choose(Self::ALL)?;
    TransferMode, |u| *u.choose(Self::ALL)?;
    ProtectionLevel, |u| *u.choose(Self::ALL)?;
    HashAlgorithm, |u| *u.choose(Self::ALL)?;
    RepresentationType, |u| match u.int_in_range(0..=3)? {
        0 => Self::Ascii(u.arbitrary()?),
        1 => Self::Ebcdic(u.arbitrary()?),
        2 => Self::Image,
        _ => Self::Local(NonZeroU8::arbitrary(u)?),
    };
    ProtectionBufferSize, |u| Self(u.arbitrary()?);
    Allocation, |u| Self { bytes: u.arbitrary()?, record: u.arbitrary()? };
    ByteRange, |u| {
        let (one, other) = <(u64, u64)>::arbitrary(u)?;
        if u.ratio(1, 8)? { Self::WHOLE } else { Self::new(one.min(other), one.max(other)).unwrap_or(Self::WHOLE) }
    };
    NetworkProtocol, |u| Self::new(u.arbitrary()?);
    EpsvArgument, |u| match u.int_in_range(0..=2)? {
        0 => Self::Unspecified,
        1 => Self::All,
        _ => Self::Protocol(u.arbitrary()?),
    };
    Timestamp, |u| {
        let (year, month) = (u.int_in_range(1..=9999)?, u.int_in_range(1..=12)?);
        let (day, hour) = (u.int_in_range(1..=31)?, u.int_in_range(0..=23)?);
        let (minute, second) = (u.int_in_range(0..=59)?, u.int_in_range(0..=60)?);
        // The months that have no such day have the 28th.
        let whole = Self::new(year, month, day, hour, minute, second)
            .or_else(|_| Self::new(year, month, day.min(28), hour, minute, second))
            .map_err(|_| Error::IncorrectFormat)?;
        let digits = u.int_in_range(0..=9)?;
        whole.with_fraction(u.int_in_range(0..=999_999_999)?, digits).unwrap_or(whole)
    };
    FactSet, |u| Self::from_bits_truncate(u.arbitrary()?);
    FactChoice, |u| {
        let available = FactSet::arbitrary(u)?;
        // No fact is selected that is not available.
        Self { available, selected: available & FactSet::arbitrary(u)? }
    };
    Permissions, |u| Self::from_bits_truncate(u.arbitrary()?);
    Digest, |u| {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let algorithm = HashAlgorithm::arbitrary(u)?;
        let mut digits = [0; 128];
        for digit in &mut digits {
            *digit = *u.choose(DIGITS)?;
        }
        let length = 2 * algorithm.digest_len();
        Self::parse(digits.get(..length).unwrap_or_default(), algorithm).map_err(|_| Error::IncorrectFormat)?
    };
    Text<'a>, |u| Self::new(start(u, |byte| Text::new(byte).is_ok())?).unwrap_or_default();
    FactValue<'a>, |u| Self::new(start(u, |byte| FactValue::new(byte).is_ok())?).unwrap_or_default();
    RestartMarker<'a>, |u| match bool::arbitrary(u)? {
        true => Self::Offset(u.arbitrary()?),
        // No marker is empty.
        false => Self::parse(start(u, |byte| RestartMarker::parse(byte).is_ok())?).unwrap_or(Self::Offset(0)),
    };
    Kind<'a>, |u| match u.int_in_range(0..=4)? {
        0 => Self::File,
        1 => Self::Directory,
        2 => Self::Current,
        3 => Self::Parent,
        // An empty value names no kind.
        _ => Some(FactValue::arbitrary(u)?).filter(|value| !value.as_bytes().is_empty()).map_or(Self::File, Self::from_value),
    };
    FactValues<'a>, |u| Self {
        kind: u.arbitrary()?,
        size: u.arbitrary()?,
        modify: u.arbitrary()?,
        create: u.arbitrary()?,
        perm: u.arbitrary()?,
        unique: u.arbitrary()?,
        lang: u.arbitrary()?,
        media_type: u.arbitrary()?,
        charset: u.arbitrary()?,
        unix_mode: u.arbitrary()?,
        unix_uid: u.arbitrary()?,
        unix_gid: u.arbitrary()?,
        unix_owner: u.arbitrary()?,
        unix_group: u.arbitrary()?,
        unix_ownername: u.arbitrary()?,
        unix_groupname: u.arbitrary()?,
    };
}

/// Returns some bytes, up to the first one that `fits` refuses.
fn start<'a>(u: &mut Unstructured<'a>, fits: impl Fn(&[u8]) -> bool) -> Result<&'a [u8]> {
    let bytes = <&[u8]>::arbitrary(u)?;
    let length = bytes.chunks(1).take_while(|byte| fits(byte)).count();
    Ok(bytes.get(..length).unwrap_or_default())
}
