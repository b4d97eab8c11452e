//! Derives a server's time zone from the time of one file in two forms: LIST shows local time, MDTM
//! is in UTC (RFC 3659 2.3 and 3).

use crate::codec::Timestamp;
use crate::listing::{Modified, Precision};

/// Civil offsets are multiples of this many seconds.
const QUARTER: i64 = 15 * 60;
/// Maximum distance from a multiple, in seconds: a listing without seconds is up to one minute
/// behind, and some file systems round.
const TOLERANCE: i64 = 5 * 60;
/// Maximum offset, in seconds. The offsets in use are UTC-12:00 to UTC+14:00; daylight saving adds
/// to them.
const LARGEST: i64 = 15 * 60 * 60;

/// Returns the offset from UTC, in seconds east, of the clock that a server uses in its listings.
/// `listed` is a file's modification time from LIST, `utc` the one that
/// [`modification_time`](super::modification_time) reports for the same file. The result is a
/// multiple of 15 minutes within 15 hours; [`Clock::with_zone`](crate::listing::Clock::with_zone)
/// takes it in minutes.
///
/// Returns `None` if the offset cannot be determined: the listing shows days only, as `ls` does for
/// files older than half a year, or the two times are not of the same moment, because the file has
/// changed in between or its line omits the year. A server that observes daylight saving may list a
/// file from the other half of the year with another offset, so ask about a file that is a few days
/// old at most.
///
/// ```
/// use ftp_proto::client::zone_offset;
/// use ftp_proto::codec::Timestamp;
/// use ftp_proto::listing::{Modified, Precision};
///
/// let listed = Timestamp::parse(b"20240229143400")?;
/// let listed = Modified::new(listed, Precision::Minute, None);
/// assert_eq!(zone_offset(&listed, Timestamp::parse(b"20240229123456")?), Some(2 * 60 * 60));
/// # Ok::<(), ftp_proto::codec::Invalid>(())
/// ```
#[must_use]
pub fn zone_offset(listed: &Modified, utc: Timestamp) -> Option<i32> {
    if listed.precision() == Precision::Day {
        return None;
    }
    let ahead = listed.shown().to_unix().0 - utc.to_unix().0;
    let offset = (ahead + QUARTER / 2).div_euclid(QUARTER) * QUARTER;
    let is_sure = (ahead - offset).abs() <= TOLERANCE && offset.abs() <= LARGEST;
    i32::try_from(offset).ok().filter(|_| is_sure)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn time(text: &str) -> Timestamp {
        Timestamp::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn the_zone_is_the_difference_between_list_and_mdtm() {
        use Precision::{Day, Fraction, Minute, Second};
        for (listed, precision, utc, offset) in [
            ("20240229123400", Minute, "20240229123456", Some(0)),
            ("20240229143400", Minute, "20240229123456", Some(7200)),
            ("20240229123456", Second, "20240229123456", Some(0)),
            ("20240229123456", Fraction, "20240229123456.789", Some(0)),
            ("20240229020000", Minute, "20240229100059", Some(-28_800)),
            ("20240301000000", Minute, "20240229183000", Some(19_800)),
            ("20240229181500", Minute, "20240229123059", Some(20_700)),
            ("20240101020000", Minute, "20231231120000", Some(50_400)),
            ("20231231234500", Minute, "20240101114530", Some(-43_200)),
            // FAT stores times in units of two seconds.
            ("20240229123458", Second, "20240229123456", Some(0)),
            ("20240229123454", Second, "20240229123456", Some(0)),
            // The file changed between the two, or the quarter of an hour is ambiguous.
            ("20240229124156", Second, "20240229123456", None),
            // Another day, and a year other than the one guessed.
            ("20240301123400", Minute, "20240229123456", None),
            ("20230228123400", Minute, "20240229123456", None),
            ("20240229043400", Minute, "20240229203400", None),
            ("20240229000000", Day, "20240229000000", None),
            ("20240229000000", Day, "20240229120000", None),
        ] {
            let modified = Modified::new(time(listed), precision, None);
            assert_eq!(zone_offset(&modified, time(utc)), offset, "{listed} {utc}");
        }
        // A zone assumed for the line makes no difference.
        let modified = Modified::new(time("20240229143400"), Minute, Some(60));
        assert_eq!(zone_offset(&modified, time("20240229123400")), Some(7200));
    }

    proptest! {
        #[test]
        fn every_zone_is_found_again(
            seconds in 0i64..4_000_000_000, quarters in -48i64..=56, to_the_minute: bool,
        ) {
            let local = Timestamp::from_unix(seconds + quarters * QUARTER, 0).unwrap();
            let precision = if to_the_minute { Precision::Minute } else { Precision::Second };
            let listed = Modified::new(local, precision, None);
            let utc = Timestamp::from_unix(seconds, 0).unwrap();
            prop_assert_eq!(zone_offset(&listed, utc).map(i64::from), Some(quarters * QUARTER));
        }

        #[test]
        fn any_two_times_give_a_quarter_of_an_hour_within_15_hours_or_nothing(
            listed in -62_135_596_800i64..253_402_300_799, utc in -62_135_596_800i64..253_402_300_799, near: bool,
        ) {
            let utc = if near { listed.saturating_add(utc % 100_000).max(-62_135_596_800) } else { utc };
            let Ok(utc) = Timestamp::from_unix(utc, 0) else { return Ok(()) };
            let listed = Modified::new(Timestamp::from_unix(listed, 0).unwrap(), Precision::Second, None);
            if let Some(offset) = zone_offset(&listed, utc) {
                prop_assert!(offset % 900 == 0 && offset.abs() <= 54_000);
            }
        }
    }
}
