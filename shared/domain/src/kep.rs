//! Assisted service at a KEP (Citizens' Service Centre): a clerk acts for the person at the counter, in a case.
//!
//! Source: joint ministerial decision 18636/2024 (ΦΕΚ Β' 3073). The decision lets authorised clerks carry out the citizen's operations, but
//! only if the person applies for it and is present. The limits are rules of this service.

use serde::{Deserialize, Serialize};

use crate::{
    SubjectId,
    application::ApplicationId,
    secret::redacted_text,
    time::{Moment, Span},
};

/// Time after which a case ends if the clerk has not closed it.
pub const CASE_VALID: Span = Span::minutes(20);
/// Maximum number of cases that a clerk may open per Athens day. A number that the registers do not know counts as a case, so that a clerk
/// cannot search for people.
pub const CASES_PER_DAY: u32 = 60;
/// Maximum number of actions ([`Act`]) in one case, so that the record of a case has a bounded size.
pub const ACTS_PER_CASE_MAX: usize = 200;
/// Time after the end of a case during which a request that began before the end may still record its action. No function that API Gateway
/// calls runs longer.
pub const ACT_TIME_MAX: Span = Span::seconds(30);
/// Time after which a run of `send_reminders` sends no further messages about cases. The next run, which begins a minute after this one,
/// sends them.
pub const MESSAGE_RUN_TIME_MAX: Span = Span::seconds(40);
/// Maximum number of characters in the ID of an office, and in its name.
const OFFICE_ID_CHARACTERS_MAX: usize = 40;
const OFFICE_NAME_CHARACTERS_MAX: usize = 120;
/// Maximum number of characters in an [`ApplicationNumber`].
pub const APPLICATION_NUMBER_CHARACTERS_MAX: usize = 40;

/// A text from the registers or the clerk does not have the required form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the text has another form")]
pub struct InvalidText;

/// ID of a KEP office in the registers: letters, digits and hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OfficeId(String);

impl OfficeId {
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let is_valid =
            (1..=OFFICE_ID_CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidText) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OfficeId {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        Self::parse(&text)
    }
}

impl From<OfficeId> for String {
    fn from(id: OfficeId) -> Self {
        id.0
    }
}

/// Name of a KEP office in the registers, on one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OfficeName(String);

impl OfficeName {
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        Ok(Self(one_line(text, OFFICE_NAME_CHARACTERS_MAX)?.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OfficeName {
    type Error = InvalidText;
    fn try_from(text: String) -> Result<Self, InvalidText> {
        Self::parse(&text)
    }
}

impl From<OfficeName> for String {
    fn from(name: OfficeName) -> Self {
        name.0
    }
}

/// A KEP office.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Office {
    pub id: OfficeId,
    pub name: OfficeName,
}

/// ID of a clerk in the records of one office: a keyed hash of the AFM and the office. It is not related to the clerk's ID as a citizen,
/// and people who read their history do not see this ID.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClerkId(String);

impl ClerkId {
    pub const fn from_hash(hash: String) -> Self {
        Self(hash)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Kind of the identity document that the person showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    IdentityCard,
    Passport,
    DrivingLicence,
    ResidencePermit,
    Other,
}

/// The last four letters or digits of an identity document, in upper case.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LastFour(String);

impl LastFour {
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let upper = text.trim().to_uppercase();
        if upper.chars().count() == 4 && upper.chars().all(char::is_alphanumeric) { Ok(Self(upper)) } else { Err(InvalidText) }
    }

    /// Returns the characters, which only the clerk and the person may see. Must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted_text!(LastFour, InvalidText);

/// The identity document that the person showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    pub kind: DocumentKind,
    pub last_four: LastFour,
}

/// Number that the office gave to the person's signed application: 1 to 40 Latin or Greek letters, digits, spaces, and `/`, `-`, `_`, `.`.
/// A letter must not follow a dot, because the number would then look like a link in the message to the person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApplicationNumber(String);

impl ApplicationNumber {
    pub fn parse(text: &str) -> Result<Self, InvalidText> {
        let number = one_line(text, APPLICATION_NUMBER_CHARACTERS_MAX)?;
        let has_link = number.chars().zip(number.chars().skip(1)).any(|(one, next)| one == '.' && next.is_alphabetic());
        if number.chars().all(may_be_in_a_number) && !has_link { Ok(Self(number.to_owned())) } else { Err(InvalidText) }
    }

    /// Returns the number, which only the office and the person may see. Must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted_text!(ApplicationNumber, InvalidText);

/// Returns whether a character may be in an [`ApplicationNumber`]. Other alphabets are rejected, because some of their characters look like
/// a dot or a slash.
fn may_be_in_a_number(character: char) -> bool {
    let is_greek = matches!(character, '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}') && character.is_alphabetic();
    is_greek || character.is_ascii_alphanumeric() || matches!(character, ' ' | '/' | '-' | '_' | '.')
}

/// Returns the text without white space around it, if it has 1 to `characters_max` characters and is one line.
fn one_line(text: &str, characters_max: usize) -> Result<&str, InvalidText> {
    let text = text.trim();
    let is_valid = (1..=characters_max).contains(&text.chars().count()) && !text.chars().any(is_not_printable);
    if is_valid { Ok(text) } else { Err(InvalidText) }
}

/// Returns whether a character must not be in a line of text. These are control characters, line and paragraph separators, and marks that
/// change the direction of the text around them.
fn is_not_printable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{2028}' | '\u{2029}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The way in which the person's presence must be proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PresenceProof {
    /// A one-time password sent to the person's confirmed mobile number.
    Otp,
    /// The clerk's declaration, for a person without a confirmed mobile number, if the operator allows it.
    Declaration,
}

/// The person's presence, as stated in the record of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    NotProven,
    Otp,
    Declared,
}

impl From<PresenceProof> for Presence {
    fn from(proof: PresenceProof) -> Self {
        match proof {
            PresenceProof::Otp => Self::Otp,
            PresenceProof::Declaration => Self::Declared,
        }
    }
}

/// Decides how the presence of a person must be proven. Returns `None` if the person cannot be served.
pub const fn presence_proof(has_confirmed_mobile: bool, without_mobile_allowed: bool) -> Option<PresenceProof> {
    match (has_confirmed_mobile, without_mobile_allowed) {
        (true, _) => Some(PresenceProof::Otp),
        (false, true) => Some(PresenceProof::Declaration),
        (false, false) => None,
    }
}

/// Stage of a case. The stages are in order, and each requires the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseStage {
    /// The person's presence is not proven yet.
    Presence,
    /// The person has not agreed to the text on personal data yet.
    Consent,
    Ready,
}

/// Returns the stage of a case.
pub const fn stage(is_proven: bool, agreed_to_current_text: bool) -> CaseStage {
    match (is_proven, agreed_to_current_text) {
        (false, _) => CaseStage::Presence,
        (true, false) => CaseStage::Consent,
        (true, true) => CaseStage::Ready,
    }
}

/// Returns when a case that is opened now ends by itself: after [`CASE_VALID`], and never later than the session of the clerk.
pub fn expires_at(opened_at: Moment, session_hard_end: Moment) -> Moment {
    opened_at.plus(CASE_VALID).min(session_hard_end)
}

/// Returns when the message about a case that ends by itself is due. The message must name every action, and a request that began before
/// the end may record its action until [`ACT_TIME_MAX`] after the end.
pub fn message_due_at(expires_at: Moment) -> Moment {
    expires_at.plus(ACT_TIME_MAX)
}

/// Kind of an action that a clerk took for the person. Viewing the previews of a submission is not recorded separately, because it is part
/// of submitting the code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActKind {
    Consented,
    MinorAdded,
    CodeSubmitted,
    /// A submitted code was not accepted, but it counts towards the person's daily limit.
    CodeNotAccepted,
    PhotosRejected,
    PhotosConfirmed,
    Associated,
    Authorized,
    Withdrawn,
    Dissociated,
    Downloaded,
    CodeShown,
    PhotoShown,
}

/// One action of the clerk in a case, as stored in the record of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    pub what: ActKind,
    pub at: Moment,
    /// The application that was authorised or whose authorization was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application: Option<ApplicationId>,
    /// The minor for whom the clerk acted. `None` if the clerk acted for the person at the counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minor: Option<SubjectId>,
}

/// Returns how long after its due time a message about a case is sent again, if `attempts` attempts have failed. The time between attempts
/// doubles, so that sending to a number that cannot be reached is attempted some ten times before the message is deleted.
pub fn message_retry_after(attempts: u32) -> Span {
    Span::minutes((1_i64 << attempts.min(20)) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_between_attempts_to_send_the_message_about_a_case_doubles() {
        let minutes = [0, 1, 2, 3, 10].map(|attempts| message_retry_after(attempts).as_seconds() / 60);
        assert_eq!(minutes, [0, 1, 3, 7, 1023]);
        assert!(message_retry_after(u32::MAX) > Span::days(1));
    }

    #[test]
    fn a_case_ends_after_twenty_minutes_and_never_after_the_session() {
        let opened = Moment::from_epoch_seconds(1_000_000);
        assert_eq!(expires_at(opened, opened.plus(Span::hours(8))), opened.plus(Span::minutes(20)));
        assert_eq!(expires_at(opened, opened.plus(Span::minutes(5))), opened.plus(Span::minutes(5)));
    }

    #[test]
    fn presence_is_proven_by_a_password_and_by_declaration_only_where_the_operator_allows_it() {
        assert_eq!(presence_proof(true, false), Some(PresenceProof::Otp));
        assert_eq!(presence_proof(true, true), Some(PresenceProof::Otp));
        assert_eq!(presence_proof(false, true), Some(PresenceProof::Declaration));
        assert_eq!(presence_proof(false, false), None);
    }

    #[test]
    fn presence_comes_before_consent_and_consent_before_everything_else() {
        assert_eq!(stage(false, true), CaseStage::Presence);
        assert_eq!(stage(true, false), CaseStage::Consent);
        assert_eq!(stage(true, true), CaseStage::Ready);
    }

    #[test]
    fn the_end_of_a_document_number_has_four_letters_or_digits() {
        for (text, expected) in [("3456", "3456"), (" ab12 ", "AB12"), ("αχ12", "ΑΧ12")] {
            assert_eq!(LastFour::parse(text).unwrap().expose(), expected);
        }
        for text in ["", "123", "12345", "12 4", "12-4", "1\u{200b}23", "12\n4"] {
            assert_eq!(LastFour::parse(text), Err(InvalidText), "{text:?}");
        }
        assert_eq!(format!("{:?}", LastFour::parse("3456").unwrap()), "LastFour([redacted])");
    }

    #[test]
    fn an_application_number_is_one_short_line() {
        assert_eq!(ApplicationNumber::parse("  1234/30-11-2026 ").unwrap().expose(), "1234/30-11-2026");
        assert!(ApplicationNumber::parse(&"ω".repeat(APPLICATION_NUMBER_CHARACTERS_MAX)).is_ok());
        let long = "ω".repeat(APPLICATION_NUMBER_CHARACTERS_MAX + 1);
        for text in ["", " ", "1\n2", "1\u{2028}2", "1\u{202e}2", &long] {
            assert_eq!(ApplicationNumber::parse(text), Err(InvalidText), "{text:?}");
        }
        assert_eq!(format!("{:?}", ApplicationNumber::parse("12").unwrap()), "ApplicationNumber([redacted])");
    }

    #[test]
    fn an_application_number_cannot_look_like_a_link() {
        for text in ["777/2026", "ΑΠ-Ζήτα_44 71", "Αρ. 12/30.11.2026", "Kep.12", "12."] {
            assert!(ApplicationNumber::parse(text).is_ok(), "{text}");
        }
        for text in [
            "evil.example/x",
            "1 evil1.gr",
            "www.evil.example",
            "https://evil1",
            "a@evil",
            "evil\u{3002}gr",
            "evil\u{2024}gr",
            "χρυσός.ελ",
            "12\u{200b}3",
            "12, 13",
        ] {
            assert_eq!(ApplicationNumber::parse(text), Err(InvalidText), "{text}");
        }
    }

    #[test]
    fn the_message_about_a_case_is_due_when_no_act_can_be_in_flight() {
        let expires_at = Moment::from_epoch_seconds(1_000_000);
        assert_eq!(message_due_at(expires_at), expires_at.plus(ACT_TIME_MAX));
        assert!(ACT_TIME_MAX > Span::seconds(29), "API Gateway waits 29 seconds for a function");
    }

    #[test]
    fn an_office_has_an_id_that_is_safe_in_urls_and_a_name_on_one_line() {
        assert!(OfficeId::parse("kep-0123").is_ok());
        for text in ["", "a b", "a/b", "ΚΕΠ", &"a".repeat(OFFICE_ID_CHARACTERS_MAX + 1)] {
            assert!(OfficeId::parse(text).is_err(), "{text}");
        }
        assert_eq!(OfficeName::parse(" ΚΕΠ Δήμου Χανίων ").unwrap().as_str(), "ΚΕΠ Δήμου Χανίων");
        assert!(OfficeName::parse("ΚΕΠ\nΧανίων").is_err());
    }
}
