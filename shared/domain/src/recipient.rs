//! Recipients of code numbers: Greek mobile numbers and email addresses.

use serde::{Deserialize, Serialize};

use crate::secret::redacted_text;

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecipient {
    #[error("not a Greek mobile number")]
    Mobile,
    #[error("not an email address")]
    Email,
}

/// A Greek mobile number, +30 69XXXXXXXX, stored in E.164 format.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GreekMobile(String);

/// An email address without quoted local part, address literal or comments.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress(String);

impl GreekMobile {
    /// Parses a number with or without +30 or 0030. Ignores white space, dots, hyphens and brackets.
    pub fn parse(text: &str) -> Result<Self, InvalidRecipient> {
        let compact: String = text.chars().filter(|c| !c.is_whitespace() && !"-.()".contains(*c)).collect();
        let national = compact.strip_prefix("+30").or_else(|| compact.strip_prefix("0030")).unwrap_or(&compact);
        if national.len() == 10 && national.starts_with("69") && national.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Self(format!("+30{national}")))
        } else {
            Err(InvalidRecipient::Mobile)
        }
    }

    /// Returns the number in E.164 format, such as `+306912345678`. Must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns the last four digits, which the sign-in page shows so that people know which telephone receives the password.
    pub fn last_four(&self) -> &str {
        &self.0[self.0.len() - 4..]
    }

    /// Returns a masked form, such as `69••••••78`.
    pub fn masked(&self) -> String {
        format!("69••••••{}", &self.0[self.0.len() - 2..])
    }
}

impl EmailAddress {
    /// Parses an ASCII address in the dot-atom form of RFC 5321, with a domain of at least two labels and at most 254 characters in all.
    pub fn parse(text: &str) -> Result<Self, InvalidRecipient> {
        let text = text.trim();
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidRecipient::Email)?;
        let is_local_valid = local.len() <= 64
            && local
                .split('.')
                .all(|atom| !atom.is_empty() && atom.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b)));
        let labels: Vec<&str> = domain.split('.').collect();
        let is_domain_valid = labels.len() >= 2
            && labels.iter().all(|label| {
                (1..=63).contains(&label.len())
                    && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                    && !label.starts_with('-')
                    && !label.ends_with('-')
            })
            && labels.last().is_some_and(|last| last.len() >= 2 && last.bytes().any(|b| b.is_ascii_alphabetic()));
        if text.len() <= 254 && is_local_valid && is_domain_valid { Ok(Self(text.to_owned())) } else { Err(InvalidRecipient::Email) }
    }

    /// Returns the address. Must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Returns a masked form, such as `m•••@example.gr`.
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.rsplit_once('@').unwrap_or(("", ""));
        format!("{}•••@{domain}", &local[..local.len().min(1)])
    }
}

redacted_text!(GreekMobile, InvalidRecipient);
redacted_text!(EmailAddress, InvalidRecipient);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "lowercase")]
pub enum Recipient {
    Mobile(GreekMobile),
    Email(EmailAddress),
}

impl Recipient {
    pub const fn kind(&self) -> RecipientKind {
        match self {
            Self::Mobile(_) => RecipientKind::Mobile,
            Self::Email(_) => RecipientKind::Email,
        }
    }

    /// Returns the number or address. Must not be logged.
    pub fn expose(&self) -> &str {
        match self {
            Self::Mobile(mobile) => mobile.expose(),
            Self::Email(email) => email.expose(),
        }
    }

    /// Returns whether both recipients are the same mobile number or the same email address. Ignores case in email addresses.
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Mobile(one), Self::Mobile(another)) => one == another,
            (Self::Email(one), Self::Email(another)) => one.0.eq_ignore_ascii_case(&another.0),
            (Self::Mobile(_), Self::Email(_)) | (Self::Email(_), Self::Mobile(_)) => false,
        }
    }

    pub fn masked(&self) -> String {
        match self {
            Self::Mobile(mobile) => mobile.masked(),
            Self::Email(email) => email.masked(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RecipientKind {
    Mobile,
    Email,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{EmailAddress, GreekMobile, Recipient};

    #[test]
    fn greek_mobile_numbers_are_accepted_in_every_usual_form() {
        for text in ["6912345678", "+306912345678", "00306912345678", "+30 691 234 5678", "691-234.5678", "(+30) 6912345678"] {
            assert_eq!(GreekMobile::parse(text).unwrap().expose(), "+306912345678", "{text}");
        }
        for text in ["2101234567", "+447912345678", "691234567", "69123456789", "+30 90 1234567", "9012345678", "69123x5678", ""] {
            assert!(GreekMobile::parse(text).is_err(), "{text}");
        }
        let mobile = GreekMobile::parse("6912345678").unwrap();
        assert_eq!((mobile.masked().as_str(), mobile.last_four()), ("69••••••78", "5678"));
    }

    #[test]
    fn ordinary_email_addresses_are_accepted_and_header_injection_is_rejected() {
        for text in ["maria@example.gr", "m.p+photos@mail.example.com", "x@xn--jxalpdlp.gr"] {
            assert_eq!(EmailAddress::parse(text).unwrap().expose(), text);
        }
        for text in [
            "",
            "maria",
            "@example.gr",
            "maria@",
            "a@b",
            "a..b@example.gr",
            "a@-b.gr",
            "a@b.1",
            "a@b-.gr",
            "a@localhost",
            "a@b_c.gr",
            "a b@example.gr",
            "a@example.gr\r\nBcc: x@y.gr",
            "\"a\"@example.gr",
            "a@[127.0.0.1]",
            "a,b@example.gr",
            "Μαρία@example.gr",
        ] {
            assert!(EmailAddress::parse(text).is_err(), "{text:?}");
        }
        // RFC 5321, 4.5.3.1: at most 64 characters before the @, and 254 in all.
        let of =
            |local: usize, label: usize| format!("{}@{}.{}.{}.gr", "a".repeat(local), "b".repeat(63), "c".repeat(63), "d".repeat(label));
        assert!(EmailAddress::parse(&of(60, 62)).is_ok());
        for too_long in [of(61, 62), of(65, 1), of(1, 64)] {
            assert!(EmailAddress::parse(&too_long).is_err(), "{too_long}");
        }
        assert_eq!(EmailAddress::parse("maria@example.gr").unwrap().masked(), "m•••@example.gr");
    }

    #[test]
    fn an_email_address_in_other_case_is_the_same_recipient() {
        let email = |text| Recipient::Email(EmailAddress::parse(text).unwrap());
        let mobile = |text| Recipient::Mobile(GreekMobile::parse(text).unwrap());
        assert!(email("maria@example.gr").is_same_as(&email("Maria@Example.GR")));
        assert!(mobile("6912345678").is_same_as(&mobile("+30 691 234 5678")));
        assert!(!email("maria@example.gr").is_same_as(&email("maria@example.com")));
        assert!(!email("maria+a@example.gr").is_same_as(&email("maria@example.gr")));
        assert!(!mobile("6912345678").is_same_as(&mobile("6912345679")));
        assert!(!mobile("6912345678").is_same_as(&email("maria@example.gr")));
    }

    proptest! {
        #[test]
        fn accepted_recipients_contain_no_character_that_could_end_a_header(text in "\\PC{0,60}") {
            if let Ok(email) = EmailAddress::parse(&text) {
                prop_assert!(email.expose().bytes().all(|b| b.is_ascii_graphic() && !b"<>()[]:;,\"\\".contains(&b)));
            }
            if let Ok(mobile) = GreekMobile::parse(&text) {
                prop_assert_eq!(mobile.expose().len(), 13);
            }
        }
    }
}
