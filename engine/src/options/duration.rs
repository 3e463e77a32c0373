//! Durations, ages and dates as rclone writes them.

use super::decimal::Decimal;
use crate::calendar::{DAY_SECONDS, Date};
use crate::entry::Instant;

const SECOND_NS: i128 = 1_000_000_000;

/// A length of time before now, or a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// No limit.
    Off,
    /// So many nanoseconds before now.
    Ago(i128),
    /// A point in time.
    At(Instant),
    /// A date and time in the local time zone, as the instant that it would be in UTC.
    Local(Instant),
}

impl Age {
    /// Returns the point in time that is meant; `None` for [`Age::Off`].
    pub fn instant(self, now: Instant, utc_offset_seconds: i32) -> Option<Instant> {
        match self {
            Self::Off => None,
            Self::Ago(age_ns) => {
                let now_ns = i128::from(now.seconds) * SECOND_NS + i128::from(now.nanoseconds);
                let moment_ns = now_ns.saturating_sub(age_ns);
                let seconds = i64::try_from(moment_ns.div_euclid(SECOND_NS)).unwrap_or(i64::MIN);
                Some(Instant {
                    seconds,
                    nanoseconds: u32::try_from(moment_ns.rem_euclid(SECOND_NS)).unwrap_or_default(),
                })
            }
            Self::At(instant) => Some(instant),
            Self::Local(local) => Some(Instant { seconds: local.seconds - i64::from(utc_offset_seconds), ..local }),
        }
    }
}

/// Reads an age. Lengths of time come before dates, as in rclone: `2020` is 2020 seconds.
pub(super) fn age(text: &str) -> Option<Age> {
    if text == "off" {
        return Some(Age::Off);
    }
    span_ns(text).map(Age::Ago).or_else(|| date(text))
}

/// Reads a duration of at least zero, in nanoseconds; `Some(None)` is `off`.
pub(super) fn duration_ns(text: &str) -> Option<Option<u64>> {
    if text == "off" {
        return Some(None);
    }
    u64::try_from(span_ns(text)?).ok().map(Some)
}

fn span_ns(text: &str) -> Option<i128> {
    compound_ns(text).or_else(|| single_ns(text))
}

/// Reads numbers with units one after the other: `1h30m`. The grammar of Go's `time.ParseDuration`.
fn compound_ns(text: &str) -> Option<i128> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut rest = unsigned;
    let mut total_ns = 0_i128;
    while !rest.is_empty() {
        let after_number = rest.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
        let number = Decimal::parse(rest.strip_suffix(after_number)?)?;
        rest = after_number.trim_start_matches(|character: char| !character.is_ascii_digit() && character != '.');
        let unit_ns = match after_number.strip_suffix(rest)? {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND_NS,
            "m" => 60 * SECOND_NS,
            "h" => 3_600 * SECOND_NS,
            _ => return None,
        };
        // Numbers beyond any calendar become the largest there is.
        total_ns = total_ns.saturating_add(number.of(unit_ns));
    }
    (!unsigned.is_empty()).then_some(if text.starts_with('-') { -total_ns } else { total_ns })
}

/// Reads one number with one of rclone's own units: days, weeks, months of 30 days, years of 365 days; seconds without.
fn single_ns(text: &str) -> Option<i128> {
    const DAY_NS: i128 = 86_400 * SECOND_NS;
    let units = [("d", DAY_NS), ("w", 7 * DAY_NS), ("M", 30 * DAY_NS), ("y", 365 * DAY_NS), ("", SECOND_NS)];
    let (number, unit_ns) = units.iter().find_map(|(unit, ns)| Some((text.strip_suffix(unit)?, ns)))?;
    Some(Decimal::parse(number)?.of(*unit_ns))
}

/// Reads a date, with a time of day if it has one, local unless it names its zone.
fn date(text: &str) -> Option<Age> {
    let mut reader = Reader { rest: text };
    let year = reader.digits(4)?;
    reader.expect("-")?;
    let month = u32::try_from(reader.digits(2)?).ok()?;
    reader.expect("-")?;
    let day = u32::try_from(reader.digits(2)?).ok()?;
    let date = Some(Date { year, month, day }).filter(|date| date.exists())?;
    let midnight = date.days() * DAY_SECONDS;
    if reader.rest.is_empty() {
        return Some(Age::Local(Instant { seconds: midnight, nanoseconds: 0 }));
    }
    let takes_zone = reader.rest.starts_with('T');
    reader.expect("T").or_else(|| reader.expect(" "))?;
    let (seconds, nanoseconds) = reader.time_of_day()?;
    let instant = Instant { seconds: midnight + seconds, nanoseconds };
    if reader.rest.is_empty() {
        return Some(Age::Local(instant));
    }
    let offset_seconds = reader.zone().filter(|_| takes_zone && reader.rest.is_empty())?;
    Some(Age::At(Instant { seconds: instant.seconds - offset_seconds, nanoseconds }))
}

/// Takes a date apart from left to right.
struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn expect(&mut self, literal: &str) -> Option<()> {
        self.rest = self.rest.strip_prefix(literal)?;
        Some(())
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    }

    fn below(&mut self, limit: i64) -> Option<i64> {
        self.digits(2).filter(|value| *value < limit)
    }

    /// Reads `15:04:05` or `15:04:05.999`: seconds and nanoseconds.
    fn time_of_day(&mut self) -> Option<(i64, u32)> {
        let hours = self.below(24)?;
        self.expect(":")?;
        let minutes = self.below(60)?;
        self.expect(":")?;
        let seconds = hours * 3600 + minutes * 60 + self.below(60)?;
        if self.expect(".").is_none() {
            return Some((seconds, 0));
        }
        let rest = self.rest.trim_start_matches(|character: char| character.is_ascii_digit());
        let digits = self.rest.strip_suffix(rest).filter(|digits| !digits.is_empty())?;
        self.rest = rest;
        let nanoseconds = format!("{digits:0<9}").get(..9)?.parse().ok()?;
        Some((seconds, nanoseconds))
    }

    /// Reads `Z` or `+02:00`: seconds east of UTC.
    fn zone(&mut self) -> Option<i64> {
        if self.expect("Z").is_some() {
            return Some(0);
        }
        let sign = if self.expect("-").is_some() { -1 } else { self.expect("+").map(|()| 1)? };
        let hours = self.below(24)?;
        self.expect(":")?;
        Some(sign * (hours * 3600 + self.below(60)? * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant { seconds: 1_000_000_000, nanoseconds: 500 };

    /// Each sample was put to `rclone lsf --max-age` of rclone 1.75.2. It takes and refuses the same, but for the last two.
    #[test]
    fn ages() {
        let check = |text, expected| assert_eq!(age(text), expected, "{text:?}");
        let ago = |seconds: i128| Some(Age::Ago(seconds * SECOND_NS));
        check("off", Some(Age::Off));
        check("1h30m", ago(5400));
        check("100ms", Some(Age::Ago(100_000_000)));
        check("1us", Some(Age::Ago(1000)));
        check("1µs", Some(Age::Ago(1000)));
        check("2w", ago(1_209_600));
        check("1d", ago(86_400));
        check("1M", ago(2_592_000));
        check("1m", ago(60));
        check("1y", ago(31_536_000));
        check("300y", ago(9_460_800_000));
        check("90", ago(90));
        check("0", ago(0));
        check("1.5", Some(Age::Ago(1_500_000_000)));
        check(".5h", ago(1800));
        check("1.h", ago(3600));
        check("1e3", ago(1000));
        check("1e3d", ago(86_400_000));
        check("+1h", ago(3600));
        check("-1h", ago(-3600));
        let local = |seconds, nanoseconds| Some(Age::Local(Instant { seconds, nanoseconds }));
        let at = |seconds, nanoseconds| Some(Age::At(Instant { seconds, nanoseconds }));
        check("2020-01-02", local(1_577_923_200, 0));
        check("2020-01-02 03:04:05", local(1_577_934_245, 0));
        check("2020-01-02T03:04:05", local(1_577_934_245, 0));
        check("2020-01-02T03:04:05Z", at(1_577_934_245, 0));
        check("2020-01-02T03:04:05.5+02:00", at(1_577_927_045, 500_000_000));
        check("2020-02-29", local(1_582_934_400, 0));
        for refused in [
            "",
            "OFF",
            "s",
            "1x",
            "1d12h",
            ".",
            "1h-1m",
            "1H",
            "1D",
            "1 h",
            "2020-1-2",
            "2020-13-01",
            "2020-02-30",
            "2021-02-29",
            "2020-01-02T03:04",
            "2020-01-02T24:00:00",
            "2020-01-02T03:04:60Z",
            "2020-01-02 03:04:05Z",
            "+",
            "-",
            "--1h",
            "1..h",
        ] {
            check(refused, None);
        }
        for nonsense in ["inf", "nan"] {
            check(nonsense, None);
        }
    }

    #[test]
    fn ages_become_instants() {
        let check = |text, offset, expected: Option<(i64, u32)>| {
            let expected = expected.map(|(seconds, nanoseconds)| Instant { seconds, nanoseconds });
            assert_eq!(age(text).unwrap().instant(NOW, offset), expected, "{text} {offset}");
        };
        check("off", 0, None);
        check("1s", 3600, Some((999_999_999, 500)));
        check("1us", 0, Some((999_999_999, 999_999_500)));
        check("-1s", 0, Some((1_000_000_001, 500)));
        check("1970-01-02", 0, Some((86_400, 0)));
        check("1970-01-02", 3600, Some((82_800, 0)));
        check("1970-01-02T00:00:00Z", 3600, Some((86_400, 0)));
        check("1969-12-31T23:59:59Z", 0, Some((-1, 0)));
        check("0001-01-01T00:00:00Z", 0, Some((-62_135_596_800, 0)));
    }

    #[test]
    fn durations() {
        let check = |text, expected| assert_eq!(duration_ns(text), expected, "{text:?}");
        check("1s", Some(Some(1_000_000_000)));
        check("5", Some(Some(5_000_000_000)));
        check("0", Some(Some(0)));
        check("0s", Some(Some(0)));
        check("2d", Some(Some(172_800_000_000_000)));
        check("off", Some(None));
        check("-1s", None);
        check("2020-01-02", None);
    }
}
