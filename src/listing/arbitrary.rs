//! Entries of listings for fuzzers and property tests, with the feature `arbitrary`. None of them was
//! read from a line.

use super::{DateOrder, Device, Entry, Fields, Format, Formats, Kind, Modified, OwnedEntry, Precision};
use crate::codec::arbitrary::values;

values! {
    Format, |u| *u.choose(&Self::ALL)?;
    Formats, |u| Self::from_bits_truncate(u.arbitrary()?);
    DateOrder, |u| *u.choose(&[Self::YearMonthDay, Self::MonthDayYear, Self::DayMonthYear])?;
    Fields, |u| Self::from_bits_truncate(u.arbitrary()?);
    Precision, |u| *u.choose(&[Self::Day, Self::Minute, Self::Second, Self::Fraction])?;
    // A zone is less than a day from Greenwich.
    Modified, |u| {
        let zone = if bool::arbitrary(u)? { Some(u.int_in_range(-1439..=1439)?) } else { None };
        Self::new(u.arbitrary()?, u.arbitrary()?, zone)
    };
    Device, |u| Self { major: u.arbitrary()?, minor: u.arbitrary()? };
    Kind<'a>, |u| match u.int_in_range(0..=10)? {
        0 => Self::File,
        1 => Self::Directory,
        2 => Self::CurrentDirectory,
        3 => Self::ParentDirectory,
        4 => Self::Link { target: u.arbitrary()? },
        5 => Self::BlockDevice(u.arbitrary()?),
        6 => Self::CharacterDevice(u.arbitrary()?),
        7 => Self::Pipe,
        8 => Self::Socket,
        9 => Self::Other(u.arbitrary()?),
        _ => Self::Unknown,
    };
    Entry<'a>, |u| {
        let mut entry = Self::new(u.arbitrary()?, u.arbitrary()?);
        entry.size = u.arbitrary()?;
        entry.modified = u.arbitrary()?;
        entry.mode = Option::<u16>::arbitrary(u)?.map(|mode| mode & 0o7777);
        entry.permissions = u.arbitrary()?;
        entry.owner = u.arbitrary()?;
        entry.group = u.arbitrary()?;
        entry.links = u.arbitrary()?;
        entry.unique = u.arbitrary()?;
        // What cannot be read has no value.
        for (field, absent) in [
            (Fields::SIZE, entry.size.is_none()),
            (Fields::MODIFIED, entry.modified.is_none()),
            (Fields::MODE, entry.mode.is_none()),
            (Fields::PERMISSIONS, entry.permissions.is_none()),
            (Fields::OWNER, entry.owner.is_none()),
            (Fields::GROUP, entry.group.is_none()),
            (Fields::LINKS, entry.links.is_none()),
            (Fields::UNIQUE, entry.unique.is_none()),
        ] {
            entry.unreadable.set(field, absent && bool::arbitrary(u)?);
        }
        entry
    };
    OwnedEntry, |u| Entry::arbitrary(u)?.to_owned();
}
