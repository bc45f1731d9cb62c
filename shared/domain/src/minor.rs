//! Minors: when a person comes of age, and whether a signed-in person may act for a minor.

use std::fmt;

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::time::{AthensDay, Moment};

/// Age in years from which people act for themselves.
const ADULT_AGE_YEARS: i64 = 18;

/// Maximum number of minors in one session.
pub const MINORS_PER_SESSION_MAX: usize = 20;

/// A birth date from the registers. Personal data, so `Debug` prints it redacted.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BirthDate(Date);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date YYYY-MM-DD")]
pub struct InvalidDate;

impl BirthDate {
    /// Parses a date in the form YYYY-MM-DD.
    pub fn parse(text: &str) -> Result<Self, InvalidDate> {
        if text.len() == 10 { text.parse().map(Self).map_err(|_| InvalidDate) } else { Err(InvalidDate) }
    }

    /// Returns the day on which the person turns 18. For people born on 29 February it is 28 February if that year has no 29 February
    /// (Civil Code, article 243).
    pub fn turns_adult_on(self) -> AthensDay {
        AthensDay::from_date(self.0.saturating_add(ADULT_AGE_YEARS.years()))
    }

    /// Returns midnight in Athens at the start of the person's 18th birthday. From then on the person acts for themselves.
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

/// Facts from the registers about a minor for whom a person wants to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts from different registers")]
pub struct MinorFacts {
    /// The registers know the minor, and the person has custody of the minor today.
    pub custody: bool,
    /// The registers have an AFM for the minor.
    pub has_afm: bool,
    /// The person gave an AFM for the minor.
    pub afm_given: bool,
    /// The person gave an AFM, and it is the minor's.
    pub afm_matches: bool,
    pub is_minor: bool,
}

/// Decision on whether a person may act for a minor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Custody {
    Confirmed,
    /// The minor is unknown or not in this person's custody. Both cases give the same result, so that the result does not reveal which
    /// numbers exist.
    NotConfirmed,
    /// The minor has turned 18 and acts for themselves.
    Adult,
    /// The registers have an AFM for the minor, so the person must also give this AFM.
    AfmRequired,
    /// The given numbers belong to different people.
    NumbersDiffer,
}

/// Decides whether a person may act for a minor. Custody is checked first, so that without custody the result reveals nothing about the
/// minor.
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
    fn only_dates_in_the_form_yyyy_mm_dd_are_accepted() {
        for text in ["", "2008-2-29", "2007-02-29", "20080229", "2008-02-29T00:00:00", "29/02/2008"] {
            assert!(BirthDate::parse(text).is_err(), "{text}");
        }
        assert_eq!(format!("{:?}", born("2008-02-29")), "BirthDate([redacted])");
    }

    #[test]
    fn each_unmet_condition_has_its_own_result() {
        let confirmed = MinorFacts { custody: true, has_afm: true, afm_given: true, afm_matches: true, is_minor: true };
        assert_eq!(decide(confirmed), Custody::Confirmed);
        let without_afm = MinorFacts { has_afm: false, afm_given: false, afm_matches: false, ..confirmed };
        assert_eq!(decide(without_afm), Custody::Confirmed);
        assert_eq!(decide(MinorFacts { afm_given: false, ..confirmed }), Custody::AfmRequired);
        assert_eq!(decide(MinorFacts { afm_matches: false, ..confirmed }), Custody::NumbersDiffer);
        assert_eq!(decide(MinorFacts { is_minor: false, ..confirmed }), Custody::Adult);
    }

    proptest! {
        #[test]
        fn without_custody_the_result_is_always_the_same(has_afm: bool, afm_given: bool, afm_matches: bool, is_minor: bool) {
            let facts = MinorFacts { custody: false, has_afm, afm_given, afm_matches, is_minor };
            prop_assert_eq!(decide(facts), Custody::NotConfirmed);
        }

        #[test]
        fn only_a_minor_in_custody_with_matching_numbers_is_confirmed(custody: bool, has_afm: bool, afm_given: bool, afm_matches: bool, is_minor: bool) {
            let facts = MinorFacts { custody, has_afm, afm_given, afm_matches, is_minor };
            let allowed = custody && is_minor && (!afm_given || afm_matches) && (!has_afm || afm_given);
            prop_assert_eq!(decide(facts) == Custody::Confirmed, allowed);
        }
    }
}
