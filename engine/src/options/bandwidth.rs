//! Limits of bandwidth that depend on the time of the week, as rclone writes them.

use super::quantity::size;

/// The minutes of a week.
pub const WEEK_MINUTES: u32 = 7 * DAY_MINUTES;
const DAY_MINUTES: u32 = 24 * 60;

/// How fast content may be copied, by the time of the week.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timetable {
    slots: Vec<Slot>,
}

/// A limit, and when it begins to hold; it holds until another one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slot {
    /// In minutes after the beginning of Sunday, local time.
    begins: u32,
    bandwidth: Bandwidth,
}

/// How fast content may be copied, in bytes a second; `None` for as fast as can be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bandwidth {
    /// From this machine to others.
    pub up: Option<u64>,
    /// From others to this machine.
    pub down: Option<u64>,
}

impl Timetable {
    /// Returns what holds so many minutes after the beginning of Sunday, local time.
    ///
    /// That is what began to hold last, even in the week before; of two that begin at the same time, the one that was named last.
    pub fn at(&self, minute_of_week: u32) -> Bandwidth {
        let age = |slot: &&Slot| (minute_of_week + WEEK_MINUTES - slot.begins) % WEEK_MINUTES;
        self.slots.iter().rev().min_by_key(age).map(|slot| slot.bandwidth).unwrap_or_default()
    }

    /// Returns whether there is never a limit.
    pub fn is_off(&self) -> bool {
        self.slots.iter().all(|slot| slot.bandwidth == Bandwidth::default())
    }
}

impl Bandwidth {
    /// Returns what holds between two folders of this machine, where content goes neither up nor down: the larger of both limits,
    /// and none where one of them is off, as in rclone.
    pub fn within_machine(self) -> Option<u64> {
        self.up.zip(self.down).map(|(up, down)| up.max(down))
    }
}

/// Reads a limit for all times, or a timetable: entries like `08:00,512k` or `Mon-08:00,10M:off`, with a space or `;` between.
pub(super) fn timetable(text: &str) -> Option<Timetable> {
    if !text.contains([' ', ',']) {
        let always = Slot { begins: 0, bandwidth: bandwidth(text)? };
        return Some(Timetable { slots: vec![always] });
    }
    let mut slots = Vec::new();
    for entry in text.split([' ', ';']).filter(|entry| !entry.is_empty()) {
        let (when, limit) = entry.split_once(',')?;
        let bandwidth = bandwidth(limit)?;
        let (days, time) = match when.split_once('-') {
            Some((day, time)) => {
                let day = weekday(day)?;
                (day..=day, time)
            }
            None => (0..=6, when),
        };
        let minute = minute_of_day(time)?;
        slots.extend(days.map(|day| Slot { begins: day * DAY_MINUTES + minute, bandwidth }));
    }
    (!slots.is_empty()).then_some(Timetable { slots })
}

/// Reads `10M`, `off`, or `10M:1M`, the first being for what goes up. Zero is no limit.
fn bandwidth(text: &str) -> Option<Bandwidth> {
    let limit = |text| size(text).map(|limit| limit.filter(|bytes| *bytes > 0));
    Some(match text.split_once(':') {
        Some((up, down)) => Bandwidth { up: limit(up)?, down: limit(down)? },
        None => Bandwidth { up: limit(text)?, down: limit(text)? },
    })
}

/// Reads the name of a day, whole or its first three letters: 0 is Sunday.
fn weekday(text: &str) -> Option<u32> {
    const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    let text = text.to_ascii_lowercase();
    let is_meant = |day: &&str| **day == text || day.get(..3) == Some(&*text);
    DAYS.iter().position(is_meant).and_then(|day| u32::try_from(day).ok())
}

/// Reads `08:30` as the minutes after midnight.
fn minute_of_day(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let below = |digits: &str, limit: u32| {
        let is_number = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<u32>().ok().filter(|value| is_number && *value < limit)
    };
    Some(below(hours, 24)? * 60 + below(minutes, 60)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn minute(day: u32, hours: u32, minutes: u32) -> u32 {
        day * DAY_MINUTES + hours * 60 + minutes
    }

    #[test]
    fn the_entry_that_began_last_holds() {
        let check = |text: &str, when: u32, up: Option<u64>, down: Option<u64>| {
            assert_eq!(timetable(text).unwrap().at(when), Bandwidth { up, down }, "{text:?} at {when}");
        };
        let kib = |count: u64| Some(count << 10);
        check("10M", 0, kib(10 << 10), kib(10 << 10));
        check("100", 5000, kib(100), kib(100));
        check("off", 0, None, None);
        check("0", 0, None, None);
        check("10M:100k", 0, kib(10 << 10), kib(100));
        check("10M:off", 0, kib(10 << 10), None);
        for working in
            ["08:00,512k 12:00,10M 23:00,off", "08:00,512k;12:00,10M;23:00,off", "23:00,off 12:00,10M  08:00,512k"]
        {
            for day in 0..7 {
                check(working, minute(day, 7, 59), None, None);
                check(working, minute(day, 8, 0), kib(512), kib(512));
                check(working, minute(day, 11, 59), kib(512), kib(512));
                check(working, minute(day, 12, 0), kib(10 << 10), kib(10 << 10));
                check(working, minute(day, 23, 30), None, None);
            }
        }
        let week = "Mon-00:00,512 friday-23:59,10M:1M SAT-10:00,1M Sun-20:00,off";
        check(week, minute(1, 0, 0), kib(512), kib(512));
        check(week, minute(5, 23, 58), kib(512), kib(512));
        check(week, minute(5, 23, 59), kib(10 << 10), kib(1 << 10));
        check(week, minute(6, 12, 0), kib(1 << 10), kib(1 << 10));
        check(week, minute(0, 19, 59), kib(1 << 10), kib(1 << 10));
        check(week, minute(0, 20, 0), None, None);
        check("10:00,1k 10:00,2k", minute(3, 10, 0), kib(2), kib(2));
        check("Tue-10:00,1k", minute(1, 0, 0), kib(1), kib(1));
    }

    #[test]
    fn what_is_no_timetable_is_refused() {
        for refused in [
            "",
            " ",
            ";",
            "fast",
            "-1",
            "10M:",
            ":10M",
            "10M:1M:1M",
            "8:00,1M",
            "24:00,1M",
            "12:60,1M",
            "12-00,1M",
            "Mo-08:00,1M",
            "Mon-08:00",
            "Mon-,1M",
            "08:00,1M,2M",
            "08:00,x",
            "10M 12:00,1M",
            "Mon-Tue-08:00,1M",
            "+8:00,1M",
        ] {
            assert_eq!(timetable(refused), None, "{refused:?}");
        }
    }

    #[test]
    fn within_a_machine_the_larger_limit_holds() {
        let check = |text, expected| assert_eq!(timetable(text).unwrap().at(0).within_machine(), expected, "{text:?}");
        check("1k", Some(1024));
        check("1k:2k", Some(2048));
        check("2k:1k", Some(2048));
        check("2k:off", None);
        check("off", None);
        let is_off = |text| timetable(text).unwrap().is_off();
        assert!(is_off("off") && !is_off("08:00,1k 12:00,off") && !is_off("1k:off"));
    }
}
