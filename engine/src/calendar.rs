//! Days and dates of the Gregorian calendar, without time zones, continued into the past before it was introduced.

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// The year; 0 is the year before year 1.
    pub year: i64,
    /// The month, from 1 to 12.
    pub month: u32,
    /// The day of the month, from 1.
    pub day: u32,
}

/// The seconds of a day.
pub const DAY_SECONDS: i64 = 86_400;
/// The days from 0000-03-01 to 1970-01-01. Years are counted from March here, so that a leap day is the last of its year.
const MARCH_TO_EPOCH: i64 = 719_468;
/// The days of 400 years, after which the calendar repeats itself.
const ERA_DAYS: i64 = 146_097;

impl Date {
    /// Returns the day so many days after 1970-01-01, before it when negative.
    pub fn from_days(days: i64) -> Self {
        let days = days + MARCH_TO_EPOCH;
        let day_of_era = days.rem_euclid(ERA_DAYS);
        let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let (month, next_year) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
        Self { year: days.div_euclid(ERA_DAYS) * 400 + year_of_era + next_year, month: month as u32, day: day as u32 }
    }

    /// Returns the days from 1970-01-01 to this day.
    pub fn days(self) -> i64 {
        let (year, month) = if self.month > 2 { (self.year, self.month - 3) } else { (self.year - 1, self.month + 9) };
        let day_of_year = i64::from((153 * month + 2) / 5 + self.day) - 1;
        let year_of_era = year.rem_euclid(400);
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        year.div_euclid(400) * ERA_DAYS + day_of_era - MARCH_TO_EPOCH
    }

    /// Returns true when the calendar has such a day.
    pub fn exists(self) -> bool {
        let leap = self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0);
        let length = match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        (1..=length).contains(&self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(days: i64, year: i64, month: u32, day: u32) {
        let date = Date { year, month, day };
        assert_eq!(Date::from_days(days), date);
        assert_eq!(date.days(), days, "{date:?}");
        assert!(date.exists());
    }

    #[test]
    fn days_are_dates() {
        check(0, 1970, 1, 1);
        check(-1, 1969, 12, 31);
        check(11_016, 2000, 2, 29);
        check(11_017, 2000, 3, 1);
        check(19_782, 2024, 2, 29);
        check(47_540, 2100, 2, 28);
        check(47_541, 2100, 3, 1);
        check(-719_162, 1, 1, 1);
        check(-719_528, 0, 1, 1);
        check(2_932_896, 9999, 12, 31);
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = Date::from_days(-800_000);
        for days in -799_999..3_000_000 {
            let date = Date::from_days(days);
            let follows = (date.year, date.month, date.day) > (before.year, before.month, before.day);
            assert!(follows && date.exists() && date.days() == days, "{date:?} after {before:?}");
            before = date;
        }
    }

    #[test]
    fn some_days_do_not_exist() {
        for (year, month, day) in
            [(2023, 2, 29), (1900, 2, 29), (2024, 4, 31), (2024, 0, 1), (2024, 13, 1), (2024, 1, 0)]
        {
            assert!(!Date { year, month, day }.exists());
        }
    }
}
