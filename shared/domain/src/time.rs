//! Instants, durations and calendar days in Athens.

use std::fmt;

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};

/// Time-zone data built into the binary, so that no files are read at start-up.
static ATHENS: TimeZone = jiff::tz::get!("Europe/Athens");

/// An instant in whole seconds since 1970-01-01T00:00:00Z. Data that expires at a moment is invalid from this second on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Moment(i64);

impl Moment {
    pub const fn from_epoch_seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    pub const fn epoch_seconds(self) -> i64 {
        self.0
    }

    pub const fn plus(self, span: Span) -> Self {
        Self(self.0 + span.0)
    }

    /// Returns whether this moment is at or after `expires_at`.
    pub const fn has_reached(self, expires_at: Self) -> bool {
        self.0 >= expires_at.0
    }

    /// Formats the moment as RFC 3339 in UTC, such as `2026-11-21T22:18:02Z`.
    pub fn rfc3339(self) -> String {
        Timestamp::from_second(self.0).map(|instant| instant.to_string()).unwrap_or_default()
    }

    /// Returns the local date and time in Athens.
    pub fn athens_clock(self) -> AthensClock {
        let zoned = Timestamp::from_second(self.0).unwrap_or_default().to_zoned(ATHENS.clone());
        AthensClock { year: zoned.year(), month: zoned.month(), day: zoned.day(), hour: zoned.hour(), minute: zoned.minute() }
    }
}

/// Local date and time in Athens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AthensClock {
    pub year: i16,
    pub month: i8,
    pub day: i8,
    pub hour: i8,
    pub minute: i8,
}

/// A duration in whole seconds. May be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

impl Span {
    pub const fn seconds(seconds: i64) -> Self {
        Self(seconds)
    }

    pub const fn minutes(minutes: i64) -> Self {
        Self(minutes * 60)
    }

    pub const fn hours(hours: i64) -> Self {
        Self(hours * 3_600)
    }

    /// Returns `days` times 24 hours, regardless of clock changes.
    pub const fn days(days: i64) -> Self {
        Self(days * 86_400)
    }

    pub const fn as_seconds(self) -> i64 {
        self.0
    }
}

/// A calendar day in Athens, from midnight to midnight. It has 23, 24 or 25 hours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AthensDay(Date);

impl AthensDay {
    /// Returns the day in which a moment lies.
    pub fn of(now: Moment) -> Self {
        Self(Timestamp::from_second(now.0).unwrap_or_default().to_zoned(ATHENS.clone()).date())
    }

    pub(crate) const fn from_date(date: Date) -> Self {
        Self(date)
    }

    /// Parses a day in the form `YYYY-MM-DD`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == 10 { text.parse().ok().map(Self) } else { None }
    }

    /// Returns the day that is `days` days earlier.
    #[must_use]
    pub fn minus(self, days: i64) -> Self {
        Self(self.0.saturating_sub(days.days()))
    }

    /// Returns the midnight at which the day begins.
    pub fn start(self) -> Moment {
        Moment(self.0.to_zoned(ATHENS.clone()).map(|zoned| zoned.timestamp().as_second()).unwrap_or_default())
    }

    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.tomorrow().unwrap_or(self.0))
    }
}

impl fmt::Display for AthensDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl fmt::Debug for AthensDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A calendar month in Athens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AthensMonth {
    first: Date,
}

impl AthensMonth {
    /// Returns the month in which a day lies.
    pub fn of(day: AthensDay) -> Self {
        Self { first: day.0.first_of_month() }
    }

    /// Parses a month in the form `YYYY-MM`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() == 7 { AthensDay::parse(&format!("{text}-01")).map(Self::of) } else { None }
    }

    pub const fn first_day(self) -> AthensDay {
        AthensDay(self.first)
    }

    pub fn last_day(self) -> AthensDay {
        AthensDay(self.first.last_of_month())
    }
}

impl fmt::Display for AthensMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.first.strftime("%Y-%m"))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{AthensDay, AthensMonth, Moment};

    fn at(rfc3339: &str) -> Moment {
        Moment::from_epoch_seconds(rfc3339.parse::<jiff::Timestamp>().unwrap().as_second())
    }

    #[test]
    fn a_month_has_its_first_and_last_day_and_is_parsed_from_year_and_month_only() {
        for (text, first, last) in
            [("2026-11", "2026-11-01", "2026-11-30"), ("2028-02", "2028-02-01", "2028-02-29"), ("9999-12", "9999-12-01", "9999-12-31")]
        {
            let month = AthensMonth::parse(text).unwrap();
            assert_eq!(
                (month.first_day().to_string(), month.last_day().to_string(), month.to_string()),
                (first.into(), last.into(), text.into())
            );
            assert_eq!((AthensMonth::of(month.first_day()), AthensMonth::of(month.last_day())), (month, month));
        }
        for text in ["", "2026", "2026-1", "2026-13", "2026-00", "2026-11-01", "26-11-0", "2026/11", " 2026-1", "+026-11", "2026-1\u{0665}"]
        {
            assert_eq!(AthensMonth::parse(text), None, "{text}");
        }
        assert_ne!(AthensMonth::of(AthensDay::of(at("2026-11-30T21:59:59Z"))), AthensMonth::of(AthensDay::of(at("2026-11-30T22:00:00Z"))));
    }

    #[test]
    fn the_day_changes_at_midnight_in_athens_winter_and_summer() {
        assert_eq!(AthensDay::of(at("2026-01-10T21:59:59Z")).to_string(), "2026-01-10");
        assert_eq!(AthensDay::of(at("2026-01-10T22:00:00Z")).to_string(), "2026-01-11");
        assert_eq!(AthensDay::of(at("2026-07-10T20:59:59Z")).to_string(), "2026-07-10");
        assert_eq!(AthensDay::of(at("2026-07-10T21:00:00Z")).to_string(), "2026-07-11");
    }

    #[test]
    fn the_days_on_which_the_clocks_change_have_23_and_25_hours() {
        for (day_before, hours) in [("2026-03-28T12:00:00Z", 23), ("2026-10-24T12:00:00Z", 25), ("2026-11-20T12:00:00Z", 24)] {
            let day = AthensDay::of(at(day_before)).next();
            assert_eq!(day.next().start().epoch_seconds() - day.start().epoch_seconds(), hours * 3600, "{day}");
        }
    }

    proptest! {
        #[test]
        fn every_second_lies_in_its_own_day(seconds in 0_i64..4_102_444_800) {
            let now = Moment::from_epoch_seconds(seconds);
            let day = AthensDay::of(now);
            prop_assert!(day.start() <= now && now < day.next().start());
        }
    }
}
