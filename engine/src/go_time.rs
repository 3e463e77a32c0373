//! Dates and times written by a layout of Go's `time` package: the layout shows how 2006-01-02 15:04:05 would look.

use crate::calendar::{DAY_SECONDS, Date};
use crate::entry::Instant;

/// Returns the layout that Go's `time` package has under this name.
pub fn named_layout(name: &str) -> Option<&'static str> {
    Some(match name {
        "Layout" => "01/02 03:04:05PM '06 -0700",
        "ANSIC" => "Mon Jan _2 15:04:05 2006",
        "UnixDate" => "Mon Jan _2 15:04:05 MST 2006",
        "RubyDate" => "Mon Jan 02 15:04:05 -0700 2006",
        "RFC822" => "02 Jan 06 15:04 MST",
        "RFC822Z" => "02 Jan 06 15:04 -0700",
        "RFC850" => "Monday, 02-Jan-06 15:04:05 MST",
        "RFC1123" => "Mon, 02 Jan 2006 15:04:05 MST",
        "RFC1123Z" => "Mon, 02 Jan 2006 15:04:05 -0700",
        "RFC3339" => "2006-01-02T15:04:05Z07:00",
        "RFC3339Nano" => "2006-01-02T15:04:05.999999999Z07:00",
        "Kitchen" => "3:04PM",
        "Stamp" => "Jan _2 15:04:05",
        "StampMilli" => "Jan _2 15:04:05.000",
        "StampMicro" => "Jan _2 15:04:05.000000",
        "StampNano" => "Jan _2 15:04:05.000000000",
        "DateTime" => "2006-01-02 15:04:05",
        "DateOnly" => "2006-01-02",
        "TimeOnly" => "15:04:05",
        _ => return None,
    })
}

/// A part of a layout that stands for a part of the time.
#[derive(Debug, Clone, Copy)]
enum Element {
    LongYear,
    Year,
    LongMonth,
    Month,
    ZeroMonth,
    PlainMonth,
    LongWeekday,
    Weekday,
    PlainDay,
    SpaceDay,
    ZeroDay,
    SpaceYearDay,
    ZeroYearDay,
    Hour,
    PlainHour12,
    ZeroHour12,
    PlainMinute,
    ZeroMinute,
    PlainSecond,
    ZeroSecond,
    UpperHalf,
    LowerHalf,
    Zone,
    Offset,
}

/// All elements but the fractions of a second. Where two begin alike, the longer comes first.
const ELEMENTS: [(&str, Element); 33] = [
    ("January", Element::LongMonth),
    ("Jan", Element::Month),
    ("Monday", Element::LongWeekday),
    ("Mon", Element::Weekday),
    ("MST", Element::Zone),
    ("01", Element::ZeroMonth),
    ("02", Element::ZeroDay),
    ("03", Element::ZeroHour12),
    ("04", Element::ZeroMinute),
    ("05", Element::ZeroSecond),
    ("06", Element::Year),
    ("002", Element::ZeroYearDay),
    ("15", Element::Hour),
    ("1", Element::PlainMonth),
    ("2006", Element::LongYear),
    ("2", Element::PlainDay),
    ("__2", Element::SpaceYearDay),
    ("_2", Element::SpaceDay),
    ("3", Element::PlainHour12),
    ("4", Element::PlainMinute),
    ("5", Element::PlainSecond),
    ("PM", Element::UpperHalf),
    ("pm", Element::LowerHalf),
    ("-07:00:00", Element::Offset),
    ("-070000", Element::Offset),
    ("-07:00", Element::Offset),
    ("-0700", Element::Offset),
    ("-07", Element::Offset),
    ("Z07:00:00", Element::Offset),
    ("Z070000", Element::Offset),
    ("Z07:00", Element::Offset),
    ("Z0700", Element::Offset),
    ("Z07", Element::Offset),
];

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Writes the local time by a layout; whatever is no element of a layout is copied.
///
/// The name of the time zone is not known here: `MST` gives `UTC` without an offset, and otherwise the offset, as in Go
/// for a zone that has no name.
pub fn format(layout: &str, now: Instant, utc_offset_seconds: i32) -> String {
    let local = now.seconds.saturating_add(i64::from(utc_offset_seconds));
    let clock = Clock {
        days: local.div_euclid(DAY_SECONDS),
        second: local.rem_euclid(DAY_SECONDS),
        offset_seconds: utc_offset_seconds,
    };
    let mut out = String::new();
    let mut rest = layout;
    while let Some(first) = rest.chars().next() {
        let length = if let Some((text, element)) = element_at(rest) {
            out.push_str(&clock.show(element, text));
            text.len()
        } else if let Some(fraction) = fraction_at(rest) {
            out.push_str(&show_fraction(fraction, now.nanoseconds));
            fraction.len()
        } else {
            out.push(first);
            first.len_utf8()
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

fn element_at(layout: &str) -> Option<(&'static str, Element)> {
    ELEMENTS.into_iter().find(|(text, element)| {
        let Some(rest) = layout.strip_prefix(text) else { return false };
        match element {
            // `Month` and `Janet` are words, not elements.
            Element::Month | Element::Weekday => !rest.starts_with(|next: char| next.is_ascii_lowercase()),
            // `_2006` is an underscore and a year.
            Element::SpaceDay => !rest.starts_with("006"),
            Element::LongYear
            | Element::Year
            | Element::LongMonth
            | Element::ZeroMonth
            | Element::PlainMonth
            | Element::LongWeekday
            | Element::PlainDay
            | Element::ZeroDay
            | Element::SpaceYearDay
            | Element::ZeroYearDay
            | Element::Hour
            | Element::PlainHour12
            | Element::ZeroHour12
            | Element::PlainMinute
            | Element::ZeroMinute
            | Element::PlainSecond
            | Element::ZeroSecond
            | Element::UpperHalf
            | Element::LowerHalf
            | Element::Zone
            | Element::Offset => true,
        }
    })
}

/// Returns the fraction of a second that the layout begins with: a dot or a comma, and zeros or nines.
fn fraction_at(layout: &str) -> Option<&str> {
    let digits = layout.strip_prefix(['.', ','])?;
    let digit = digits.chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let rest = digits.trim_start_matches(digit);
    let fraction = layout.strip_suffix(rest)?;
    (!rest.starts_with(|next: char| next.is_ascii_digit())).then_some(fraction)
}

/// Zeros keep their places, nines are dropped where only zeros follow.
fn show_fraction(fraction: &str, nanoseconds: u32) -> String {
    let all = format!("{nanoseconds:09}");
    let places = all.get(..fraction.len() - 1).unwrap_or(&all);
    let shown = if fraction.ends_with('9') { places.trim_end_matches('0') } else { places };
    let mark = if shown.is_empty() { "" } else { fraction.get(..1).unwrap_or_default() };
    format!("{mark}{shown}")
}

/// A local time.
struct Clock {
    /// Days since 1970-01-01.
    days: i64,
    /// The second of the day.
    second: i64,
    /// The distance from UTC.
    offset_seconds: i32,
}

impl Clock {
    fn show(&self, element: Element, text: &str) -> String {
        let Date { year, month, day } = Date::from_days(self.days);
        let day_of_year = self.days - Date { year, month: 1, day: 1 }.days() + 1;
        let (hour, minute, second) = (self.second / 3600, self.second / 60 % 60, self.second % 60);
        let hour12 = (hour + 11) % 12 + 1;
        match element {
            Element::LongYear => format!("{year:04}"),
            Element::Year => format!("{:02}", year.abs() % 100),
            Element::LongMonth => month_name(month).to_owned(),
            Element::Month => abbreviated(month_name(month)),
            Element::ZeroMonth => format!("{month:02}"),
            Element::PlainMonth => format!("{month}"),
            Element::LongWeekday => self.weekday().to_owned(),
            Element::Weekday => abbreviated(self.weekday()),
            Element::PlainDay => format!("{day}"),
            Element::SpaceDay => format!("{day:2}"),
            Element::ZeroDay => format!("{day:02}"),
            Element::SpaceYearDay => format!("{day_of_year:3}"),
            Element::ZeroYearDay => format!("{day_of_year:03}"),
            Element::Hour => format!("{hour:02}"),
            Element::PlainHour12 => format!("{hour12}"),
            Element::ZeroHour12 => format!("{hour12:02}"),
            Element::PlainMinute => format!("{minute}"),
            Element::ZeroMinute => format!("{minute:02}"),
            Element::PlainSecond => format!("{second}"),
            Element::ZeroSecond => format!("{second:02}"),
            Element::UpperHalf => if hour < 12 { "AM" } else { "PM" }.to_owned(),
            Element::LowerHalf => if hour < 12 { "am" } else { "pm" }.to_owned(),
            Element::Zone if self.offset_seconds == 0 => "UTC".to_owned(),
            Element::Zone => self.offset("-0700"),
            Element::Offset => self.offset(text),
        }
    }

    fn weekday(&self) -> &'static str {
        // The first day of 1970 was a Thursday.
        WEEKDAYS.get((self.days + 4).rem_euclid(7) as usize).copied().unwrap_or_default()
    }

    /// Writes the offset as the layout shows it: with `Z` for none, with colons, with minutes, with seconds.
    fn offset(&self, layout: &str) -> String {
        if self.offset_seconds == 0 && layout.starts_with('Z') {
            return "Z".to_owned();
        }
        let sign = if self.offset_seconds <= -60 { '-' } else { '+' };
        let seconds = self.offset_seconds.unsigned_abs();
        let colon = if layout.contains(':') { ":" } else { "" };
        let mut out = format!("{sign}{:02}", seconds / 3600);
        let parts = [seconds / 60 % 60, seconds % 60];
        for part in parts.iter().take(layout.matches("00").count()) {
            out.push_str(&format!("{colon}{part:02}"));
        }
        out
    }
}

fn month_name(month: u32) -> &'static str {
    MONTHS.get(month as usize - 1).copied().unwrap_or_default()
}

fn abbreviated(name: &str) -> String {
    name.chars().take(3).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Friday 2024-02-09 00:07:05.120 at an offset of five and a half hours.
    const MORNING: Instant = Instant { seconds: 1_707_417_425, nanoseconds: 120_000_000 };
    /// Tuesday 2024-12-31 14:03:09 at the same offset.
    const AFTERNOON: Instant = Instant { seconds: 1_735_633_989, nanoseconds: 0 };

    fn check(layout: &str, morning: &str, afternoon: &str) {
        assert_eq!(format(layout, MORNING, 19_800), morning, "{layout}");
        assert_eq!(format(layout, AFTERNOON, 19_800), afternoon, "{layout}");
    }

    fn check_named(name: &str, morning: &str) {
        assert_eq!(format(named_layout(name).unwrap(), MORNING, 19_800), morning, "{name}");
    }

    fn check_offset(layout: &str, seconds: i32, expected: &str) {
        assert_eq!(format(layout, MORNING, seconds), expected, "{layout}");
    }

    #[test]
    fn every_element_is_known() {
        check("2006 06", "2024 24", "2024 24");
        check("January Jan 01 1", "February Feb 02 2", "December Dec 12 12");
        check("Monday Mon", "Friday Fri", "Tuesday Tue");
        check("2|_2|02", "9| 9|09", "31|31|31");
        check("__2|002", " 40|040", "366|366");
        check("15 3 03", "00 12 12", "14 2 02");
        check("4 04 5 05", "7 07 5 05", "3 03 9 09");
        check("PM pm", "AM am", "PM pm");
        check("05.000 05,00 05.0", "05.120 05,12 05.1", "09.000 09,00 09.0");
        check("05.999 05,9999", "05.12 05,12", "09 09");
        check("05.0000000000", "05.120000000", "09.000000000");
    }

    #[test]
    fn anything_else_is_copied() {
        check("Month Janet Mond", "Month Janet Mond", "Month Janet Mond");
        check("_2006 __2006", "_2024  40024", "_2024 366024");
        check(".998 ,é", ".998 ,é", ".998 ,é");
    }

    #[test]
    fn offsets_from_utc() {
        check_offset("-07 -0700 -07:00 -070000 -07:00:00", 19_800, "+05 +0530 +05:30 +053000 +05:30:00");
        check_offset("Z07 Z0700 Z07:00 Z070000 Z07:00:00", -12_600, "-03 -0330 -03:30 -033000 -03:30:00");
        check_offset("Z07 Z0700 Z07:00 Z070000 Z07:00:00", 0, "Z Z Z Z Z");
        check_offset("-07:00:00 MST", 0, "+00:00:00 UTC");
        check_offset("-07:00:00 MST", -1172, "-00:19:32 -0019");
    }

    #[test]
    fn named_layouts() {
        check_named("Layout", "02/09 12:07:05AM '24 +0530");
        check_named("ANSIC", "Fri Feb  9 00:07:05 2024");
        check_named("UnixDate", "Fri Feb  9 00:07:05 +0530 2024");
        check_named("RubyDate", "Fri Feb 09 00:07:05 +0530 2024");
        check_named("RFC822", "09 Feb 24 00:07 +0530");
        check_named("RFC822Z", "09 Feb 24 00:07 +0530");
        check_named("RFC850", "Friday, 09-Feb-24 00:07:05 +0530");
        check_named("RFC1123", "Fri, 09 Feb 2024 00:07:05 +0530");
        check_named("RFC1123Z", "Fri, 09 Feb 2024 00:07:05 +0530");
        check_named("RFC3339", "2024-02-09T00:07:05+05:30");
        check_named("RFC3339Nano", "2024-02-09T00:07:05.12+05:30");
        check_named("Kitchen", "12:07AM");
        check_named("Stamp", "Feb  9 00:07:05");
        check_named("StampMilli", "Feb  9 00:07:05.120");
        check_named("StampMicro", "Feb  9 00:07:05.120000");
        check_named("StampNano", "Feb  9 00:07:05.120000000");
        check_named("DateTime", "2024-02-09 00:07:05");
        check_named("DateOnly", "2024-02-09");
        check_named("TimeOnly", "00:07:05");
        assert_eq!(named_layout("dateonly"), None);
    }
}
