//! Responses of TAXISnet and of the national registers.

use domain::{Identifier, Moment, business::is_photography, minor::BirthDate};
use registers::{CustodyResponse, OwnedBusiness, RegisteredPerson, parse_userinfo};

use crate::text;

/// Asserts that a person read from XML is equal after writing and reading the XML again, whatever characters the names have.
pub(crate) fn userinfo(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let Ok(person) = parse_userinfo(text) else { return };
    assert!(person.first_name == person.first_name.trim() && person.last_name == person.last_name.trim());
    let xml = format!(
        r#"<root><userinfo taxid="{}" firstname="{}" lastname="{}"/></root>"#,
        person.afm.expose(),
        escaped(&person.first_name),
        escaped(&person.last_name)
    );
    let again = parse_userinfo(&xml).expect("the XML that was just written");
    assert_eq!((again.afm, again.first_name, again.last_name), (person.afm, person.first_name, person.last_name), "{xml}");
}

/// Escapes every character that is not alphanumeric as a numeric reference, so that none has a special meaning.
fn escaped(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) }).collect()
}

/// Asserts that an accepted response of the registers contains only valid identity numbers.
pub(crate) fn registers(data: &[u8]) {
    if let Ok(person) = serde_json::from_slice::<RegisteredPerson>(data) {
        check_person(&person);
    }
    if let Ok(answer) = serde_json::from_slice::<CustodyResponse>(data) {
        check_person(&answer.minor);
    }
    if let Ok(business) = serde_json::from_slice::<OwnedBusiness>(data) {
        assert_eq!(business.afm.expose().len(), 9);
        for activity in &business.activities {
            assert_eq!(is_photography(activity), activity.split('.').take(2).eq(["74", "20"]), "{activity}");
        }
    }
}

fn check_person(person: &RegisteredPerson) {
    let identifiers = person.identifiers();
    let present = [person.amka.is_some(), person.paaypa.is_some(), person.afm.is_some()];
    assert_eq!(identifiers.len(), present.into_iter().filter(|&present| present).count());
    // If the person has an AMKA, it is the first identifier, because `identifiers` lists it before the other numbers.
    assert!(identifiers.iter().skip(1).all(|identifier| !matches!(identifier, Identifier::Amka(_))));
    for identifier in &identifiers {
        let tagged = format!("{}:{}", identifier.kind(), identifier.expose());
        assert_eq!(Identifier::parse_tagged(&tagged), Some(Ok(identifier.clone())));
    }
    if let Ok(date) = BirthDate::parse(&person.birth_date) {
        let adult = date.adult_from();
        assert!(!date.is_minor(adult) && date.is_minor(Moment::from_epoch_seconds(adult.epoch_seconds() - 1)));
    }
}
