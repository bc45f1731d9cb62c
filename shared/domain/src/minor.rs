//! Minors: until when somebody is one, and whether a signed-in person may act for them.

use std::fmt;

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::time::{AthensDay, Moment};

/// Years after which a person acts alone.
const ADULT_AT: i64 = 18;

/// Minors that one session holds at most.
pub const IN_ONE_SESSION: usize = 20;

/// A day of birth, as the registers have it. Personal: never printed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BirthDate(Date);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date YYYY-MM-DD")]
pub struct InvalidDate;

impl BirthDate {
    pub fn parse(text: &str) -> Result<Self, InvalidDate> {
        if text.len() == 10 { text.parse().map(Self).map_err(|_| InvalidDate) } else { Err(InvalidDate) }
    }

    /// The day on which the person turns 18; for 29 February the 28th, where the year has no 29th (Civil Code, article 243).
    pub fn turns_adult_on(self) -> AthensDay {
        AthensDay::from_date(self.0.saturating_add(ADULT_AT.years()))
    }

    /// The instant from which the person acts alone: the midnight in Athens with which that day begins.
    pub fn adult_from(self) -> Moment {
        self.turns_adult_on().start()
    }

    pub fn is_minor(self, now: Moment) -> bool {
        !now.has_reached(self.adult_from())
    }
}

impl From<BirthDate> for String {
    fn from(date: BirthDate) -> Self {
        date.0.to_string()
    }
}

impl TryFrom<String> for BirthDate {
    type Error = InvalidDate;

    fn try_from(text: String) -> Result<Self, InvalidDate> {
        Self::parse(&text)
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate([redacted])")
    }
}

/// What the registers say of a minor whom somebody names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "facts of different registers, each true or not")]
pub struct MinorFacts {
    /// The registers know the minor, and the person who asks has custody of them today.
    pub custody: bool,
    /// The registers know an AFM of the minor.
    pub has_afm: bool,
    /// An AFM was given.
    pub afm_given: bool,
    /// The AFM that was given, if any, is the minor's.
    pub afm_matches: bool,
    pub is_minor: bool,
}

/// Whether somebody may act for a minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Custody {
    Confirmed,
    /// Unknown, or not in this person's custody: one answer for both, so that nobody learns whose number is real.
    NotConfirmed,
    /// From 18 the person acts alone.
    Adult,
    /// The registers know an AFM: then it is required.
    AfmRequired,
    /// The numbers are not of one person.
    NumbersDiffer,
}

/// Nothing is said of a person before custody is confirmed.
pub const fn decide(facts: MinorFacts) -> Custody {
    if !facts.custody {
        Custody::NotConfirmed
    } else if facts.afm_given && !facts.afm_matches {
        Custody::NumbersDiffer
    } else if !facts.is_minor {
        Custody::Adult
    } else if facts.has_afm && !facts.afm_given {
        Custody::AfmRequired
    } else {
        Custody::Confirmed
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::time::Span;

    fn born(text: &str) -> BirthDate {
        BirthDate::parse(text).unwrap()
    }

    #[test]
    fn a_person_is_a_minor_until_the_midnight_of_the_eighteenth_birthday_in_athens() {
        let date = born("2008-11-22");
        let birthday = Moment::from_epoch_seconds("2026-11-21T22:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second());
        assert_eq!(date.adult_from(), birthday);
        assert!(date.is_minor(birthday.plus(Span::seconds(-1))));
        assert!(!date.is_minor(birthday));
    }

    #[test]
    fn somebody_born_on_29_february_turns_18_on_the_28th() {
        assert_eq!(born("2008-02-29").turns_adult_on().to_string(), "2026-02-28");
    }

    #[test]
    fn dates_are_read_in_one_form_only() {
        for text in ["", "2008-2-29", "2007-02-29", "20080229", "2008-02-29T00:00:00", "29/02/2008"] {
            assert!(BirthDate::parse(text).is_err(), "{text}");
        }
        assert_eq!(format!("{:?}", born("2008-02-29")), "BirthDate([redacted])");
    }

    #[test]
    fn custody_is_said_first_and_everything_must_hold() {
        let good = MinorFacts { custody: true, has_afm: true, afm_given: true, afm_matches: true, is_minor: true };
        assert_eq!(decide(good), Custody::Confirmed);
        let without_afm = MinorFacts { has_afm: false, afm_given: false, afm_matches: false, ..good };
        assert_eq!(decide(without_afm), Custody::Confirmed);
        assert_eq!(decide(MinorFacts { afm_given: false, ..good }), Custody::AfmRequired);
        assert_eq!(decide(MinorFacts { afm_matches: false, ..good }), Custody::NumbersDiffer);
        assert_eq!(decide(MinorFacts { is_minor: false, ..good }), Custody::Adult);
    }

    proptest! {
        #[test]
        fn without_custody_nothing_is_learnt(has_afm: bool, afm_given: bool, afm_matches: bool, is_minor: bool) {
            let facts = MinorFacts { custody: false, has_afm, afm_given, afm_matches, is_minor };
            prop_assert_eq!(decide(facts), Custody::NotConfirmed);
        }

        #[test]
        fn confirmed_means_a_minor_in_custody_whose_numbers_belong_together(custody: bool, has_afm: bool, afm_given: bool, afm_matches: bool, is_minor: bool) {
            let facts = MinorFacts { custody, has_afm, afm_given, afm_matches, is_minor };
            let allowed = custody && is_minor && (!afm_given || afm_matches) && (!has_afm || afm_given);
            prop_assert_eq!(decide(facts) == Custody::Confirmed, allowed);
        }
    }
}
