//! Invents people for tests, with valid and unique numbers.

use jiff::ToSpan;
use jiff::civil::date;
use serde::Deserialize;

use super::{Business, Note, Office, Person, Registers};
use crate::{identifiers, today};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    Citizen,
    Photographer,
    NoMobile,
    KepClerk,
}

const WOMEN: [&str; 4] = ["ΑΓΓΕΛΙΚΗ", "ΔΕΣΠΟΙΝΑ", "ΖΩΗ", "ΚΑΛΛΙΟΠΗ"];
const MEN: [&str; 4] = ["ΑΝΔΡΕΑΣ", "ΗΛΙΑΣ", "ΛΕΩΝΙΔΑΣ", "ΣΠΥΡΙΔΩΝ"];

/// Letters of the three syllables with which last names begin. The third syllable has one of `LAST_VOWELS`, so that the names have usual
/// endings, such as `-ΑΔΗΣ` and `-ΙΔΟΥ`.
const CONSONANTS: [char; 12] = ['Β', 'Δ', 'Ζ', 'Θ', 'Κ', 'Λ', 'Ν', 'Π', 'Ρ', 'Σ', 'Τ', 'Φ'];
const VOWELS: [char; 4] = ['Α', 'Ε', 'Ι', 'Ο'];
const LAST_VOWELS: [char; 2] = ['Α', 'Ι'];
/// Number of different last names, not counting the endings of women and men.
const LAST_NAMES: u64 = 12 * 4 * 12 * 4 * 12 * 2;

/// Number of different birth dates, from 1950 to 1999.
const BIRTH_DATES: u64 = 18_000;

/// Invents the last name of the person with this serial number, such as `ΛΕΝΟΡΙΔΗΣ`. 55,296 successive people have different names. All
/// names have nine letters, so no name contains another.
fn last_name(serial: u64, is_woman: bool) -> Option<String> {
    // 20,011 and 55,296 have no common divisor, so 55,296 successive products have different remainders.
    let mut rest = usize::try_from(serial * 20_011 % LAST_NAMES).ok()?;
    let syllables: [&[char]; 6] = [&CONSONANTS, &VOWELS, &CONSONANTS, &VOWELS, &CONSONANTS, &LAST_VOWELS];
    let mut name = String::new();
    for letters in syllables {
        name.push(letters[rest % letters.len()]);
        rest /= letters.len();
    }
    Some(name + if is_woman { "ΔΟΥ" } else { "ΔΗΣ" })
}

/// Invents the person with this serial number. The same serial number always gives the same person, whose numbers differ from those of all
/// other people. The numbers are from ranges that the seed file does not use. Returns `None` if the ranges are used up.
pub(super) fn invent(serial: u64, kind: Kind) -> Option<Person> {
    // 37 and 18,000 have no common divisor, so 18,000 successive people have different birth dates.
    let day = i64::try_from(serial * 37 % BIRTH_DATES).ok()?;
    let birth_date = date(1950, 1, 1).checked_add(day.days()).ok()?;
    // As in real AMKA, the serial is odd for men and even for women. It increases when the birth dates repeat.
    let amka_serial = 9_000 + serial / BIRTH_DATES * 2 + serial % 2;
    let is_woman = serial.is_multiple_of(2);
    let first_names = if is_woman { WOMEN } else { MEN };
    let first_name = first_names[usize::try_from(serial / 2).ok()? % first_names.len()];
    let last_name = last_name(serial, is_woman)?;
    let afm = identifiers::afm(&format!("6{serial:07}"))?;
    let (prefix, en, el) = match kind {
        Kind::Citizen => ("citizen", "Citizen created for a test", "Πολίτης για δοκιμή"),
        Kind::Photographer => ("photographer", "Photographer created for a test", "Φωτογράφος για δοκιμή"),
        Kind::NoMobile => {
            ("no-mobile", "Person without a confirmed mobile number, created for a test", "Χωρίς επιβεβαιωμένο κινητό, για δοκιμή")
        }
        Kind::KepClerk => ("kep-clerk", "KEP clerk created for a test", "Υπάλληλος ΚΕΠ για δοκιμή"),
    };
    let name = format!("ΦΩΤΟΓΡΑΦΕΙΟ {last_name} {serial}");
    let business = Business { afm: afm.clone(), name, activities: vec!["74.20.21".to_owned()] };
    // Each clerk has a separate office, so that tests do not share one.
    let office = || Office { id: format!("KEP-{serial}"), name: format!("ΚΕΠ Δήμου Δοκιμών {serial}"), until: None };
    Some(Person {
        key: format!("{prefix}-{serial}"),
        note: Note { en: en.to_owned(), el: el.to_owned() },
        first_name: first_name.to_owned(),
        last_name,
        father_name: "ΙΩΑΝΝΗΣ".to_owned(),
        mother_name: "ΑΙΚΑΤΕΡΙΝΗ".to_owned(),
        birth_date,
        amka: Some(identifiers::amka(birth_date, &amka_serial.to_string())?),
        paaypa: None,
        mobile: (kind != Kind::NoMobile).then(|| format!("+30699{serial:07}")),
        taxisnet: true,
        registers: Registers::Answer,
        businesses: (kind == Kind::Photographer).then_some(business).into_iter().collect(),
        offices: (kind == Kind::KepClerk).then(office).into_iter().collect(),
        clerk_register: Registers::Answer,
        contact_register: Registers::Answer,
        tax_register: Registers::Answer,
        afm: Some(afm),
        created: true,
    })
}

pub(super) fn invent_minor(serial: u64, with_afm: bool, with_paaypa: bool) -> Option<Person> {
    let birth_date = today().checked_sub(8.years().days(i64::try_from(serial % 300).ok()?)).ok()?;
    let number = identifiers::amka(birth_date, &(1_000 + serial % 8_000).to_string())?;
    let (first_name, last_name) =
        if serial.is_multiple_of(2) { ("ΔΑΦΝΗ", "ΜΙΚΡΟΥΤΣΙΚΟΥ") } else { ("ΟΡΕΣΤΗΣ", "ΠΑΙΔΑΚΗΣ") };
    Some(Person {
        key: format!("minor-{serial}"),
        note: Note { en: "Minor created for a test".to_owned(), el: "Ανήλικος για δοκιμή".to_owned() },
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        father_name: "ΙΩΑΝΝΗΣ".to_owned(),
        mother_name: "ΑΙΚΑΤΕΡΙΝΗ".to_owned(),
        birth_date,
        afm: if with_afm { Some(identifiers::afm(&format!("6{serial:07}"))?) } else { None },
        amka: (!with_paaypa).then(|| number.clone()),
        paaypa: with_paaypa.then_some(number),
        mobile: None,
        taxisnet: false,
        registers: Registers::Answer,
        businesses: Vec::new(),
        offices: Vec::new(),
        clerk_register: Registers::Answer,
        contact_register: Registers::Answer,
        tax_register: Registers::Answer,
        created: true,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::CREATED_PEOPLE_MAX;
    use super::*;
    use crate::identifiers::{is_afm, is_amka_of, is_mobile};

    #[test]
    fn invented_people_are_valid_unique_and_reproducible() {
        let mut taken = HashSet::new();
        for serial in (1..=20_000).chain(CREATED_PEOPLE_MAX - 10..=CREATED_PEOPLE_MAX) {
            let person = invent(serial, Kind::Photographer).unwrap();
            assert_eq!(Some(&person), invent(serial, Kind::Photographer).as_ref());
            let (afm, amka, mobile) = (person.afm.unwrap(), person.amka.unwrap(), person.mobile.unwrap());
            assert!(is_afm(&afm) && is_amka_of(&amka, person.birth_date) && is_mobile(&mobile), "{serial}");
            assert!(taken.insert(afm) && taken.insert(amka) && taken.insert(mobile), "{serial}");
            assert_eq!(person.last_name.chars().count(), 9, "{serial}");
            assert!(taken.insert(person.last_name), "{serial}");
        }
        assert_eq!(invent(1, Kind::NoMobile).unwrap().mobile, None);
        let citizen = invent(1, Kind::Citizen).unwrap();
        assert!(citizen.businesses.is_empty() && citizen.offices.is_empty());
        assert_eq!(invent(1, Kind::KepClerk).unwrap().roles(), ["citizen", "kep_clerk"]);
    }
}
