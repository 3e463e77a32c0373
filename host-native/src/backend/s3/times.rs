//! Times as servers and rclone write them.

use bisync_engine::entry::Instant;
use jiff::Timestamp;

const NANOSECONDS: u32 = 1_000_000_000;

/// Reads a time of a listing: `2026-11-23T13:14:36.043Z`.
pub fn read_date(text: &str) -> Option<Instant> {
    let total = text.parse::<Timestamp>().ok()?.as_nanosecond();
    let second = i128::from(NANOSECONDS);
    let nanoseconds = u32::try_from(total.rem_euclid(second)).ok()?;
    Some(Instant { seconds: i64::try_from(total.div_euclid(second)).ok()?, nanoseconds })
}

/// Reads a time as rclone writes it: seconds, with up to nine digits after the point; negative before 1970.
pub fn read_time(text: &str) -> Option<Instant> {
    let (is_negative, digits) = text.strip_prefix('-').map_or((false, text), |digits| (true, digits));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let seconds: i64 = whole.parse().ok()?;
    let nanoseconds: u32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
    Some(match (is_negative, nanoseconds) {
        (false, _) => Instant { seconds, nanoseconds },
        (true, 0) => Instant { seconds: -seconds, nanoseconds },
        (true, _) => Instant { seconds: -seconds - 1, nanoseconds: NANOSECONDS - nanoseconds },
    })
}

/// Writes a time as rclone does.
pub fn write_time(time: Instant) -> String {
    let seconds = time.seconds.unsigned_abs();
    let (sign, seconds, nanoseconds) = match (time.seconds < 0, time.nanoseconds) {
        (false, nanoseconds) => ("", seconds, nanoseconds),
        (true, 0) => ("-", seconds, 0),
        (true, nanoseconds) => ("-", seconds - 1, NANOSECONDS - nanoseconds),
    };
    match nanoseconds {
        0 => format!("{sign}{seconds}"),
        _ => format!("{sign}{seconds}.{nanoseconds:09}").trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_they_are_read() {
        let check = |text: &str, seconds: i64, nanoseconds: u32| {
            let time = Instant { seconds, nanoseconds };
            assert_eq!(read_time(text), Some(time), "{text}");
            assert_eq!(write_time(time), text);
        };
        check("1700000001.123456789", 1_700_000_001, 123_456_789);
        check("1700000000", 1_700_000_000, 0);
        check("1700000000.05", 1_700_000_000, 50_000_000);
        check("0", 0, 0);
        check("-1", -1, 0);
        check("-0.5", -1, 500_000_000);
        check("-1.25", -2, 750_000_000);
        assert_eq!(read_time("1.1234567899"), Some(Instant { seconds: 1, nanoseconds: 123_456_789 }));
        for text in ["", ".", "x", "1.x", "--1", "1e5", "99999999999999999999"] {
            assert_eq!(read_time(text), None, "{text}");
        }
    }

    #[test]
    fn dates_are_read() {
        let check = |text: &str, expected: Option<(i64, u32)>| {
            assert_eq!(read_date(text).map(|time| (time.seconds, time.nanoseconds)), expected, "{text}");
        };
        check("2026-11-23T13:14:36.043Z", Some((1_795_439_676, 43_000_000)));
        check("1970-01-01T00:00:01Z", Some((1, 0)));
        check("1969-12-31T23:59:59.5Z", Some((-1, 500_000_000)));
        check("yesterday", None);
    }
}
