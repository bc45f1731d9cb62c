//! Input that people type: code numbers, identity numbers, mobile numbers and email addresses.

use std::fmt::Debug;

use domain::{
    Afm, Amka, CodeNumber, EmailAddress, GreekMobile, Identifier, MalformedCode, Paaypa, code_number::CODE_LENGTH, identity::InvalidNumber,
    minor::BirthDate,
};
use serde::{Serialize, de::DeserializeOwned};

use crate::text;

/// Asserts that different texts parse to the same code only if they differ in nothing but white space and the base64 alphabet (`+/` or
/// `-_`).
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

/// Asserts that storage returns the same value that it has stored.
pub(crate) fn assert_round_trip<T: PartialEq + Debug + Serialize + DeserializeOwned>(value: &T) {
    let json = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), value);
}
