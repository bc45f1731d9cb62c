//! Input that people type: code numbers, identity numbers, mobile numbers and email addresses.

use std::fmt::Debug;

use domain::{
    Afm, Amka, CodeNumber, EmailAddress, GreekMobile, Identifier, MalformedCode, Paaypa,
    code_number::CODE_LENGTH,
    identity::InvalidNumber,
    minor::BirthDate,
    typed::{self, Typed, TypedError},
};
use serde::{Serialize, de::DeserializeOwned};

use crate::text;

/// Asserts that two texts parse to the same code only if they are equal apart from white space and the base64 alphabet (`+/` or `-_`).
pub(crate) fn code_number(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    match CodeNumber::parse(text) {
        Ok(code) => {
            let written = code.expose();
            assert_eq!(written, plain.replace('-', "+").replace('_', "/"));
            assert!(CodeNumber::parse(&written).unwrap() == code && CodeNumber::from_bytes(*code.bytes()) == code);
            assert!(!format!("{code:?}").contains(&written));
        }
        Err(MalformedCode::Length(length)) => assert!(length != CODE_LENGTH && length == plain.chars().count()),
        Err(MalformedCode::Character | MalformedCode::LastCharacter) => assert_eq!(plain.chars().count(), CODE_LENGTH),
        Err(MalformedCode::GreekLetter | MalformedCode::Several) => panic!("only typed texts have these faults"),
    }
}

/// Asserts that a value found in a typed text is equal after it is written and parsed again, and that the second parse drops no characters.
/// Also asserts that the standard notation of a value is never parsed as a different value.
pub(crate) fn typed_values(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(found) = typed::code_number(text) {
        let again = typed::code_number(&found.value.expose()).unwrap();
        assert!(again.value == found.value && again.dropped.is_empty());
    }
    if let (Ok(code), false) = (CodeNumber::parse(text), text.contains(char::is_whitespace)) {
        assert!(typed::code_number(text).unwrap().value == code);
    }
    if let Ok(found) = typed::otp(text) {
        let again = typed::otp(found.value.expose()).unwrap();
        assert!(again.value.expose() == found.value.expose() && again.dropped.is_empty());
    }
    read_again(typed::mobile, text, GreekMobile::expose);
    read_again(typed::afm, text, Afm::expose);
    read_again(typed::amka, text, Amka::expose);
    read_again(typed::paaypa, text, Paaypa::expose);
    read_again(typed::email, text, EmailAddress::expose);
    if let Ok(mobile) = GreekMobile::parse(text) {
        assert_eq!(typed::mobile(text).unwrap().value, mobile);
    }
    if let Some(suggested) = typed::suggestion(text) {
        assert!(suggested != text.trim() && EmailAddress::parse(&suggested).is_ok());
    }
}

fn read_again<T: PartialEq + Debug>(read: fn(&str) -> Result<Typed<T>, TypedError>, text: &str, expose: fn(&T) -> &str) {
    if let Ok(found) = read(text) {
        let again = read(expose(&found.value)).unwrap();
        assert!(again.value == found.value && again.dropped.is_empty());
    }
}

/// Asserts that an accepted number has exactly the expected digits, apart from surrounding white space, and is equal after writing and
/// reading it again.
pub(crate) fn identity_numbers(data: &[u8]) {
    let Some(text) = text(data) else { return };
    number(text, 9, &Afm::parse(text), Afm::expose);
    number(text, 11, &Amka::parse(text), Amka::expose);
    number(text, 11, &Paaypa::parse(text), Paaypa::expose);
    assert!(Amka::parse(text).is_err() || Paaypa::parse(text).is_ok());
    if let Some(Ok(identifier)) = Identifier::parse_tagged(text) {
        let written = format!("{}:{}", identifier.kind(), identifier.expose());
        assert_eq!(Identifier::parse_tagged(&written), Some(Ok(identifier.clone())));
        assert_round_trip(&identifier);
    }
    if let Ok(date) = BirthDate::parse(text) {
        assert_eq!(String::from(date), text, "a date has only one notation");
        let _ = date.adult_from();
    }
}

fn number<T: PartialEq + Debug + Serialize + DeserializeOwned>(
    text: &str,
    length: usize,
    read: &Result<T, InvalidNumber>,
    expose: fn(&T) -> &str,
) {
    let trimmed = text.trim();
    let digits = trimmed.len() == length && trimmed.bytes().all(|byte| byte.is_ascii_digit());
    match read {
        Ok(number) => {
            assert!(digits && expose(number) == trimmed);
            assert!(!format!("{number:?}").contains(trimmed));
            assert_round_trip(number);
        }
        Err(error) => assert_eq!(digits, *error == InvalidNumber::Check),
    }
}

/// Asserts that no accepted recipient contains a special character, because a mobile number goes to SNS, and an email address into a mail
/// header, without escaping.
pub(crate) fn recipients(data: &[u8]) {
    let Some(text) = text(data) else { return };
    if let Ok(mobile) = GreekMobile::parse(text) {
        let written = mobile.expose();
        assert!(written.len() == 13 && written.starts_with("+3069") && written[1..].bytes().all(|byte| byte.is_ascii_digit()));
        assert!(mobile.last_four() == &written[9..] && !mobile.masked().contains(&written[5..11]));
        assert_eq!(GreekMobile::parse(written).as_ref(), Ok(&mobile));
        assert!(!format!("{mobile:?}").contains(&written[3..]));
        assert_round_trip(&mobile);
    }
    if let Ok(email) = EmailAddress::parse(text) {
        let written = email.expose();
        assert!(written == text.trim() && written.len() <= 254);
        assert!(written.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>()[]:;,\"\\".contains(&byte)));
        let (local, domain) = written.split_once('@').expect("a part before the @");
        assert!(!domain.contains('@') && domain.contains('.'));
        assert_eq!(email.masked(), format!("{}•••@{domain}", &local[..1]));
        assert_eq!(EmailAddress::parse(written).as_ref(), Ok(&email));
        assert!(!format!("{email:?}").contains(written));
        assert_round_trip(&email);
    }
}

/// Asserts that a value is equal after it is serialized to JSON and parsed again.
pub(crate) fn assert_round_trip<T: PartialEq + Debug + Serialize + DeserializeOwned>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
}
