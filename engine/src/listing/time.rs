//! Times as listings hold them: `2006-01-02T15:04:05.000000000-0700`.

use crate::calendar::{DAY_SECONDS, Date};
use crate::entry::Instant;

use super::number::push_number;

/// The first second of the year 1, which stands for an unknown time.
const UNKNOWN: Instant = Instant { seconds: -62_135_596_800, nanoseconds: 0 };

/// Reads a time with any offset from UTC; the outer `None` means that the text is no time.
pub(crate) fn parse(text: &str) -> Option<Option<Instant>> {
    let rest = text.as_bytes();
    let (year, rest) = number::<4>(rest)?;
    let (month, rest) = number::<2>(rest.strip_prefix(b"-")?)?;
    let (day, rest) = number::<2>(rest.strip_prefix(b"-")?)?;
    let (hour, rest) = number::<2>(rest.strip_prefix(b"T")?)?;
    let (minute, rest) = number::<2>(rest.strip_prefix(b":")?)?;
    let (second, rest) = number::<2>(rest.strip_prefix(b":")?)?;
    let (nanoseconds, rest) = number::<9>(rest.strip_prefix(b".")?)?;
    let (sign, rest) = rest.split_first()?;
    let (offset_hours, rest) = number::<2>(rest)?;
    let (offset_minutes, rest) = number::<2>(rest)?;
    let direction = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let date = Date { year: i64::from(year), month, day };
    // rclone takes offsets of up to 24 hours and 60 minutes.
    let in_range = hour < 24 && minute < 60 && second < 60 && offset_hours <= 24 && offset_minutes <= 60;
    if !rest.is_empty() || !in_range || !date.exists() {
        return None;
    }
    let clock = i64::from(hour * 3600 + minute * 60 + second);
    let offset = direction * i64::from(offset_hours * 3600 + offset_minutes * 60);
    let instant = Instant { seconds: date.days() * DAY_SECONDS + clock - offset, nanoseconds };
    Some((instant != UNKNOWN).then_some(instant))
}

fn number<const DIGITS: usize>(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<DIGITS>()?;
    let value = digits.iter().try_fold(0, |value, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then(|| value * 10 + u32::from(digit))
    })?;
    Some((value, rest))
}

/// Writes a time in UTC.
///
/// A time outside the years 0 to 9999 does not fit the format and is written as unknown.
pub(crate) fn write(out: &mut Vec<u8>, time: Option<Instant>) {
    let instant = time.unwrap_or(UNKNOWN);
    let date = Date::from_days(instant.seconds.div_euclid(DAY_SECONDS));
    let Ok(year @ 0..=9999) = u64::try_from(date.year) else {
        return write(out, None);
    };
    let second = instant.seconds.rem_euclid(DAY_SECONDS) as u64;
    let parts = [
        (year, 4, b'-'),
        (u64::from(date.month), 2, b'-'),
        (u64::from(date.day), 2, b'T'),
        (second / 3600, 2, b':'),
        (second / 60 % 60, 2, b':'),
        (second % 60, 2, b'.'),
        (u64::from(instant.nanoseconds), 9, b'+'),
    ];
    for (value, width, end) in parts {
        push_number(out, value, width, b'0');
        out.push(end);
    }
    out.extend_from_slice(b"0000");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: Option<Option<(i64, u32)>>) {
        let expected = expected.map(|time| time.map(|(seconds, nanoseconds)| Instant { seconds, nanoseconds }));
        assert_eq!(parse(text), expected, "{text}");
        if let (Some(time), true) = (expected, text.ends_with("+0000")) {
            let mut written = Vec::new();
            write(&mut written, time);
            assert_eq!(String::from_utf8(written).unwrap(), text);
        }
    }

    #[test]
    fn times_are_read_and_written() {
        check("1970-01-01T00:00:00.000000000+0000", Some(Some((0, 0))));
        check("2038-01-19T03:14:08.000000001+0000", Some(Some((1 << 31, 1))));
        check("1960-02-29T23:59:59.999999999+0000", Some(Some((-310_435_201, 999_999_999))));
        check("0000-01-01T00:00:00.000000000+0000", Some(Some((-62_167_219_200, 0))));
        check("9999-12-31T23:59:59.999999999+0000", Some(Some((253_402_300_799, 999_999_999))));
        check("0001-01-01T00:00:00.000000000+0000", Some(None));
        check("0001-01-01T00:00:00.000000001+0000", Some(Some((-62_135_596_800, 1))));
    }

    #[test]
    fn offsets_are_taken_off() {
        check("2006-01-02T15:04:05.000000000-0700", Some(Some((1_136_239_445, 0))));
        check("2006-01-03T03:34:05.000000000+0530", Some(Some((1_136_239_445, 0))));
        check("2006-01-02T22:04:05.000000000-0000", Some(Some((1_136_239_445, 0))));
        check("0001-01-01T01:00:00.000000000+0100", Some(None));
    }

    #[test]
    fn anything_else_is_no_time() {
        check("", None);
        check("2006-01-02T15:04:05.000000000", None);
        check("2006-01-02T15:04:05.000000000Z", None);
        check("2006-01-02T15:04:05.00000000+0000", None);
        check("2006-01-02T15:04:05.000000000+0000 ", None);
        check("2006-01-02 15:04:05.000000000+0000", None);
        check("2006-13-02T15:04:05.000000000+0000", None);
        check("2006-02-29T15:04:05.000000000+0000", None);
        check("2006-01-02T24:00:00.000000000+0000", None);
        check("2006-01-02T15:04:60.000000000+0000", None);
        check("2006-01-02T15:04:05.000000000+2500", None);
        check("2006-01-0xT15:04:05.000000000+0000", None);
    }

    #[test]
    fn years_that_do_not_fit_are_unknown() {
        for seconds in [253_402_300_800, -62_167_219_201, i64::MAX, i64::MIN] {
            let mut written = Vec::new();
            write(&mut written, Some(Instant { seconds, nanoseconds: 0 }));
            assert_eq!(written, b"0001-01-01T00:00:00.000000000+0000");
        }
    }
}
