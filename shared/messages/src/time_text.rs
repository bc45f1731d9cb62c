//! Instants as Athens local time, for people.

use domain::{Language, Moment};

const MONTHS_EL: [&str; 12] = [
    "Ιανουαρίου",
    "Φεβρουαρίου",
    "Μαρτίου",
    "Απριλίου",
    "Μαΐου",
    "Ιουνίου",
    "Ιουλίου",
    "Αυγούστου",
    "Σεπτεμβρίου",
    "Οκτωβρίου",
    "Νοεμβρίου",
    "Δεκεμβρίου",
];
const MONTHS_EN: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];

fn month(names: &[&'static str; 12], number: i8) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
}

/// Formats an instant as `5 Δεκεμβρίου 2026, 14:30 (ώρα Αθήνας)` or `5 December 2026, 14:30 (Athens time)`.
pub fn athens(moment: Moment, language: Language) -> String {
    let clock = moment.athens_clock();
    let (name, place) = match language {
        Language::El => (month(&MONTHS_EL, clock.month), "ώρα Αθήνας"),
        Language::En => (month(&MONTHS_EN, clock.month), "Athens time"),
    };
    format!("{} {name} {}, {:02}:{:02} ({place})", clock.day, clock.year, clock.hour, clock.minute)
}

/// Formats an instant for SMS, in the shortest form that is unambiguous in the language: `5/12/2026 14:30` or `5 Dec 2026 14:30`.
pub fn athens_short(moment: Moment, language: Language) -> String {
    let clock = moment.athens_clock();
    match language {
        Language::El => format!("{}/{}/{} {:02}:{:02}", clock.day, clock.month, clock.year, clock.hour, clock.minute),
        Language::En => {
            let name: String = month(&MONTHS_EN, clock.month).chars().take(3).collect();
            format!("{} {name} {} {:02}:{:02}", clock.day, clock.year, clock.hour, clock.minute)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, expiry};

    #[test]
    fn the_clock_is_that_of_athens_in_winter_and_summer() {
        assert_eq!(athens(expiry(), Language::El), "5 Δεκεμβρίου 2026, 14:30 (ώρα Αθήνας)");
        assert_eq!(athens(expiry(), Language::En), "5 December 2026, 14:30 (Athens time)");
        assert_eq!(athens(at("2027-05-31T21:05:59Z"), Language::El), "1 Ιουνίου 2027, 00:05 (ώρα Αθήνας)");
        assert_eq!(athens_short(expiry(), Language::El), "5/12/2026 14:30");
        assert_eq!(athens_short(expiry(), Language::En), "5 Dec 2026 14:30");
    }

    #[test]
    fn every_month_has_a_name() {
        for number in 1..=12 {
            let day = at(&format!("2026-{number:02}-10T10:00:00Z"));
            assert!(athens(day, Language::El).contains(MONTHS_EL[number - 1]));
            assert!(athens(day, Language::En).contains(MONTHS_EN[number - 1]));
        }
    }
}
