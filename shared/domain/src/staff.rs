//! Staff of photographers: employees whom the owner of a business has authorised by AFM.

use serde::{Deserialize, Serialize};

use crate::secret::redacted_text;

/// Employees that one business has authorised at a time.
pub const STAFF_MAX: usize = 100;
/// Characters of the owner's note on an employee.
pub const LABEL_LENGTH: usize = 60;
/// Businesses of which one person is staff, as far as signing in looks: those that authorised them last. Whom many name does not wait
/// for it.
pub const EMPLOYERS_MAX: usize = 20;
/// Of how many of them the registers are asked at a time.
pub const EMPLOYER_LOOKUPS_CONCURRENCY: usize = 5;

/// An employee in the rows of authorizations: a keyed hash of the AFM, the same for all businesses, so that the employers of a person are found at
/// sign-in. No other row holds it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EmployeeId(String);

impl EmployeeId {
    pub const fn from_hash(hash: String) -> Self {
        Self(hash)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An owner or employee in the records of one business: a keyed hash of the AFM and the business. The same person has another one at each
/// business, and none of them is the citizen's ID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MemberId(String);

impl MemberId {
    pub const fn from_hash(hash: String) -> Self {
        Self(hash)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the owner calls an employee. May say who it is: never in a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StaffLabel(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a label has 1 to {LABEL_LENGTH} characters on one line")]
pub struct InvalidLabel;

impl StaffLabel {
    pub fn parse(text: &str) -> Result<Self, InvalidLabel> {
        let text = text.trim();
        let fits = (1..=LABEL_LENGTH).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidLabel) }
    }

    /// For the owner alone.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted_text!(StaffLabel, InvalidLabel);

/// How somebody acts for a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capacity {
    Owner,
    Staff,
}

impl Capacity {
    /// Of somebody who acts as this employee, if as any.
    pub const fn of(employee: Option<&EmployeeId>) -> Self {
        if employee.is_some() { Self::Staff } else { Self::Owner }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_short_line() {
        assert_eq!(StaffLabel::parse("  Νίκη, ταμείο ").unwrap().expose(), "Νίκη, ταμείο");
        assert_eq!(StaffLabel::parse(&"ώ".repeat(LABEL_LENGTH)).unwrap().expose().chars().count(), LABEL_LENGTH);
        for text in ["", "  ", "two\nlines", "a\tb", "bell\u{7}", &"ώ".repeat(LABEL_LENGTH + 1)] {
            assert_eq!(StaffLabel::parse(text), Err(InvalidLabel), "{text:?}");
        }
        assert_eq!(format!("{:?}", StaffLabel::parse("Νίκη").unwrap()), "StaffLabel([redacted])");
    }
}
