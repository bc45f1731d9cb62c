//! Reads `people.toml`. Rejects a file with an invalid or duplicate value, with an error that names the value.

use std::collections::HashSet;

use jiff::{Span, civil::Date};
use serde::{Deserialize, Serialize};

use crate::failures::Rule;
use crate::identifiers::{self, is_afm, is_amka_of, is_mobile, is_paaypa};
use crate::people::{Business, Note, Office, Person, Registers};

#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    #[error("not in the format that its first lines describe: {0}")]
    Form(#[from] toml::de::Error),
    #[error("{key}: {problem}")]
    Person { key: String, problem: String },
}

pub(crate) struct Seed {
    pub(crate) people: Vec<Person>,
    pub(crate) custody: Vec<Custody>,
    pub(crate) failures: Vec<Rule>,
}

/// Custody of a minor. `until` is its last day. Without `until`, the custody has no end.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Custody {
    pub(crate) custodian: String,
    pub(crate) minor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<Date>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    people: Vec<SeedPerson>,
    #[serde(default)]
    custody: Vec<Custody>,
    #[serde(default)]
    failures: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedPerson {
    key: String,
    note: Note,
    first_name: String,
    last_name: String,
    father_name: String,
    mother_name: String,
    birth_date: Option<Date>,
    age: Option<String>,
    afm: Option<String>,
    amka: Option<String>,
    amka_serial: Option<String>,
    paaypa: Option<String>,
    mobile: Option<String>,
    #[serde(default = "yes")]
    taxisnet: bool,
    #[serde(default)]
    registers: Registers,
    #[serde(default)]
    businesses: Vec<Business>,
    #[serde(default)]
    offices: Vec<Office>,
    #[serde(default)]
    clerk_register: Registers,
    #[serde(default)]
    contact_register: Registers,
    #[serde(default)]
    tax_register: Registers,
}

fn yes() -> bool {
    true
}

impl Seed {
    /// Parses and checks the file. Birth dates of people with an age are relative to `today`.
    pub(crate) fn parse(text: &str, today: Date) -> Result<Self, SeedError> {
        let file: File = toml::from_str(text)?;
        let people = file.people.into_iter().map(|person| to_person(person, today)).collect::<Result<Vec<_>, _>>()?;
        let mut taken = HashSet::new();
        for person in &people {
            check(person, &mut taken)?;
        }
        for custody in &file.custody {
            for key in [&custody.custodian, &custody.minor] {
                if !people.iter().any(|person| person.key == *key) {
                    return Err(invalid(key, "occurs under custody, but no person has this key"));
                }
            }
        }
        Ok(Self { people, custody: file.custody, failures: file.failures })
    }
}

/// Converts an entry of the file. Computes the birth date from an age, and the AMKA from its serial.
fn to_person(person: SeedPerson, today: Date) -> Result<Person, SeedError> {
    let key = person.key;
    let birth_date = match (person.birth_date, person.age) {
        (Some(date), None) => date,
        (None, Some(age)) => {
            age.parse::<Span>().and_then(|span| today.checked_sub(span)).map_err(|error| invalid(&key, &format!("age: {error}")))?
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(invalid(&key, "needs either birth_date or age"));
        }
    };
    let amka = match person.amka_serial {
        Some(serial) => Some(identifiers::amka(birth_date, &serial).ok_or_else(|| invalid(&key, "amka_serial must be four digits"))?),
        None => person.amka,
    };
    Ok(Person {
        key,
        note: person.note,
        first_name: person.first_name,
        last_name: person.last_name,
        father_name: person.father_name,
        mother_name: person.mother_name,
        birth_date,
        afm: person.afm,
        amka,
        paaypa: person.paaypa,
        mobile: person.mobile,
        taxisnet: person.taxisnet,
        registers: person.registers,
        businesses: person.businesses,
        offices: person.offices,
        clerk_register: person.clerk_register,
        contact_register: person.contact_register,
        tax_register: person.tax_register,
        created: false,
    })
}

fn check(person: &Person, taken: &mut HashSet<String>) -> Result<(), SeedError> {
    let values = [
        ("AFM", person.afm.as_deref(), person.afm.as_deref().is_none_or(is_afm)),
        ("AMKA", person.amka.as_deref(), person.amka.as_deref().is_none_or(|amka| is_amka_of(amka, person.birth_date))),
        ("PAAYPA", person.paaypa.as_deref(), person.paaypa.as_deref().is_none_or(is_paaypa)),
        ("mobile", person.mobile.as_deref(), person.mobile.as_deref().is_none_or(is_mobile)),
        ("key", Some(person.key.as_str()), !person.key.is_empty()),
    ];
    for (name, value, valid) in values {
        if !valid {
            return Err(invalid(&person.key, &format!("{name} is not valid")));
        }
        if let Some(value) = value
            && !taken.insert(format!("{name} {value}"))
        {
            return Err(invalid(&person.key, &format!("{name} occurs twice")));
        }
    }
    if person.afm.as_deref().is_some_and(|afm| afm.starts_with('6'))
        || person.mobile.as_deref().is_some_and(|mobile| mobile.starts_with("+30699"))
        || person.amka.as_deref().and_then(|amka| amka.get(6..7)) == Some("9")
    {
        return Err(invalid(&person.key, "a number is in the range reserved for people created at run time"));
    }
    for business in &person.businesses {
        if !is_afm(&business.afm) {
            return Err(invalid(&person.key, "a business's AFM is not valid"));
        }
        if person.afm.as_ref() != Some(&business.afm) && !taken.insert(format!("AFM {}", business.afm)) {
            return Err(invalid(&person.key, "a business's AFM occurs twice"));
        }
    }
    for (position, office) in person.offices.iter().enumerate() {
        if !is_office_id(&office.id) || office.name.is_empty() {
            return Err(invalid(&person.key, "a KEP office needs an id of at most 40 letters, digits and hyphens, and a name"));
        }
        if person.offices[..position].iter().any(|other| other.id == office.id) {
            return Err(invalid(&person.key, "a KEP office occurs twice"));
        }
    }
    if person.taxisnet && person.afm.is_none() {
        return Err(invalid(&person.key, "a person without an AFM cannot have TAXISnet"));
    }
    Ok(())
}

/// Checks an office ID against the format that `infra/registers.yaml` defines.
fn is_office_id(id: &str) -> bool {
    (1..=40).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn invalid(key: &str, problem: &str) -> SeedError {
    SeedError::Person { key: key.to_owned(), problem: problem.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEOPLE: &str = include_str!("../people.toml");

    fn seed(text: &str) -> Result<Seed, SeedError> {
        Seed::parse(text, jiff::civil::date(2026, 11, 21))
    }

    #[test]
    fn all_people_of_the_file_have_valid_and_unique_numbers() {
        let seed = seed(PEOPLE).unwrap();
        assert!(seed.people.len() > 20);
        for person in &seed.people {
            assert!(person.afm.as_deref().is_none_or(is_afm), "{}", person.key);
            let amka = person.amka.as_deref();
            assert!(amka.is_none_or(|amka| is_amka_of(amka, person.birth_date)), "{}", person.key);
            assert!(person.paaypa.as_deref().is_none_or(is_paaypa), "{}", person.key);
            assert!(person.mobile.as_deref().is_none_or(is_mobile), "{}", person.key);
            assert!(person.amka.is_some() || person.paaypa.is_some(), "{}", person.key);
        }
    }

    #[test]
    fn ages_are_relative_to_the_start_of_the_sandbox() {
        let seed = seed(PEOPLE).unwrap();
        let christos = seed.people.iter().find(|person| person.key == "christos").unwrap();
        assert_eq!(christos.birth_date, jiff::civil::date(2008, 11, 21));
        assert!(is_amka_of(christos.amka.as_deref().unwrap(), christos.birth_date));
    }

    #[test]
    fn an_invalid_or_duplicate_number_is_rejected_by_name() {
        let error = seed(&PEOPLE.replace("454330124", "454330125")).err().unwrap();
        assert_eq!(error.to_string(), "maria: AFM is not valid");
        let error = seed(&PEOPLE.replace("+306944100002", "+306944100001")).err().unwrap();
        assert_eq!(error.to_string(), "nikos: mobile occurs twice");
        assert!(seed(&PEOPLE.replace("father_name", "fathername")).is_err());
        let error = seed(&PEOPLE.replace("KEP-0418", "KEP-0417")).err().unwrap();
        assert_eq!(error.to_string(), "thanos: a KEP office occurs twice");
        assert!(seed(&PEOPLE.replace("KEP-0418", "KEP 0418")).is_err());
    }
}
