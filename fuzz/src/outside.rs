//! What TAXISnet and the national registers answer.

use domain::{Identifier, Moment, business::is_photography, minor::BirthDate};
use registers::{CustodyAnswer, OwnedBusiness, RegisteredPerson, parse_userinfo};

use crate::text;

/// Whoever is read from XML is the same when written as XML again, whatever their names are made of.
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
    let again = parse_userinfo(&xml).expect("what was written");
    assert_eq!((again.afm, again.first_name, again.last_name), (person.afm, person.first_name, person.last_name), "{xml}");
}

/// By number, as no character then means anything.
fn escaped(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() { c.to_string() } else { format!("&#{};", u32::from(c)) }).collect()
}

/// What keeps the contract has valid numbers only, and is not printed.
pub(crate) fn registers(data: &[u8]) {
    if let Ok(person) = serde_json::from_slice::<RegisteredPerson>(data) {
        registered(&person);
    }
    if let Ok(answer) = serde_json::from_slice::<CustodyAnswer>(data) {
        registered(&answer.minor);
    }
    if let Ok(business) = serde_json::from_slice::<OwnedBusiness>(data) {
        assert_eq!(business.afm.expose().len(), 9);
        for activity in &business.activities {
            assert_eq!(is_photography(activity), activity.split('.').take(2).eq(["74", "20"]), "{activity}");
        }
    }
}

fn registered(person: &RegisteredPerson) {
    let identifiers = person.identifiers();
    let has = [person.amka.is_some(), person.paaypa.is_some(), person.afm.is_some()];
    assert_eq!(identifiers.len(), has.into_iter().filter(|&has| has).count());
    // The one had from birth decides who somebody is, and comes first.
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
