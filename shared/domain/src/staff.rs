//! Staff of photographers: employees whom the owner of a business has authorised by their AFM.

use serde::{Deserialize, Serialize};

use crate::secret::redacted_text;

/// Maximum number of employees that one business may have authorised at a time.
pub const STAFF_MAX: usize = 100;
/// Maximum number of characters in the owner's label for an employee.
pub const LABEL_CHARACTERS_MAX: usize = 60;
/// Maximum number of employers that a sign-in looks up, beginning with the most recent authorization. The limit keeps the sign-in fast for
/// people whom many businesses have authorised.
pub const EMPLOYERS_MAX: usize = 20;
/// Number of employers that a sign-in looks up in the registers concurrently.
pub const EMPLOYER_LOOKUPS_CONCURRENCY: usize = 5;

/// ID of an employee in the items that store staff authorizations: a keyed hash of the AFM. It is the same for all businesses, so that a
/// sign-in finds all employers of a person. It appears in no other items.
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

/// ID of an owner or employee in the records of one business: a keyed hash of the AFM and the business. A person has a different ID at each
/// business, and none of these IDs is related to the person's ID as a citizen.
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

/// The owner's label for an employee. It may identify the employee, so it must not be logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StaffLabel(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a label has 1 to {LABEL_CHARACTERS_MAX} characters on one line")]
pub struct InvalidLabel;

impl StaffLabel {
    pub fn parse(text: &str) -> Result<Self, InvalidLabel> {
        let text = text.trim();
        let is_valid = (1..=LABEL_CHARACTERS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidLabel) }
    }

    /// Returns the label, which only the owner may see. Must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted_text!(StaffLabel, InvalidLabel);

/// Capacity in which a person acts for a business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Capacity {
    Owner,
    Staff,
}

impl Capacity {
    /// Returns `Staff` for a person who acts as an employee, and `Owner` if `employee` is `None`.
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
        assert_eq!(StaffLabel::parse(&"ώ".repeat(LABEL_CHARACTERS_MAX)).unwrap().expose().chars().count(), LABEL_CHARACTERS_MAX);
        for text in ["", "  ", "two\nlines", "a\tb", "bell\u{7}", &"ώ".repeat(LABEL_CHARACTERS_MAX + 1)] {
            assert_eq!(StaffLabel::parse(text), Err(InvalidLabel), "{text:?}");
        }
        assert_eq!(format!("{:?}", StaffLabel::parse("Νίκη").unwrap()), "StaffLabel([redacted])");
    }
}
