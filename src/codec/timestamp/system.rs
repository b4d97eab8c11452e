//! Conversions between timestamps and the system clock.

use std::time::{Duration, SystemTime};

use super::{NANOS_PER_SECOND, RANGE, Timestamp};
use crate::codec::Invalid;

impl Timestamp {
    /// Converts to a system time, as for [`File::set_modified`](std::fs::File::set_modified).
    /// Returns `None` if the system cannot represent the time: on Windows, one before 1601.
    #[must_use]
    pub fn to_system_time(&self) -> Option<SystemTime> {
        let (seconds, nanoseconds) = self.to_unix();
        system_time(seconds, nanoseconds)
    }

    /// Converts a system time to a timestamp.
    ///
    /// # Errors
    /// Fails when the time is outside the years 1 to 9999.
    pub fn from_system_time(time: SystemTime) -> Result<Self, Invalid> {
        let whole = |since: Duration| i64::try_from(since.as_secs()).map_err(|_| RANGE);
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => Self::from_unix(whole(after)?, after.subsec_nanos()),
            Err(before) => match (whole(before.duration())?, before.duration().subsec_nanos()) {
                (seconds, 0) => Self::from_unix(-seconds, 0),
                (seconds, nanoseconds) => Self::from_unix(-seconds - 1, NANOS_PER_SECOND - nanoseconds),
            },
        }
    }
}

/// Converts seconds since 1970, and nanoseconds to add, to a system time.
pub(crate) fn system_time(seconds: i64, nanoseconds: u32) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let second = match seconds {
        0.. => SystemTime::UNIX_EPOCH.checked_add(whole),
        _ => SystemTime::UNIX_EPOCH.checked_sub(whole),
    };
    second?.checked_add(Duration::from_nanos(nanoseconds.into()))
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn a_moment_is_the_same_on_the_systems_clock_and_the_way_back() {
        let (epoch, half) = (SystemTime::UNIX_EPOCH, Duration::from_millis(500));
        let second = Duration::from_secs(1);
        for (time, shown) in [
            (epoch, "1970-01-01T00:00:00Z"),
            (epoch + half, "1970-01-01T00:00:00.5Z"),
            (epoch - half, "1969-12-31T23:59:59.5Z"),
            (epoch - second, "1969-12-31T23:59:59Z"),
            (epoch - second - half, "1969-12-31T23:59:58.5Z"),
            (epoch + Duration::from_secs(253_402_300_799), "9999-12-31T23:59:59Z"),
        ] {
            let timestamp = Timestamp::from_system_time(time).unwrap();
            assert_eq!(timestamp.to_string(), shown);
            assert_eq!(timestamp.to_system_time(), Some(time));
        }
    }

    #[test]
    fn a_moment_beyond_the_year_9999_is_no_timestamp() {
        let beyond = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_800);
        assert!(Timestamp::from_system_time(beyond).is_err());
    }
}
