//! Issuing a code although no face was found in the face photo.
//!
//! The detector does not recognise every face. After pictures were rejected because no face was found, the photographer may issue a code
//! with a reason from a list. All other rules for pictures still apply.

use serde::{Deserialize, Serialize};

use crate::{
    business::BusinessId,
    picture_rule::{Finding, Rule},
    secret::redacted_text,
    time::{Moment, Span},
};

/// Number of uploads that must have been rejected because no face was found, before the photographer may issue a code without a recognised
/// face. The uploads must be of the same session and business. They may show different people.
pub const REJECTIONS_NEEDED: usize = 2;
/// Time for which a rejected upload counts towards [`REJECTIONS_NEEDED`].
pub const REJECTION_VALID: Span = Span::hours(2);
/// Maximum number of characters in the photographer's text.
pub const TEXT_CHARACTERS_MAX: usize = 200;

/// Reasons for which a photographer may issue a code without a recognised face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The face is visible, but the detector does not find it.
    FaceNotRecognised,
    FaceCoveredForMedicalReasons,
    ReligiousHeadCovering,
    /// Another reason, which the text explains.
    Other,
}

impl Reason {
    pub const ALL: [Self; 4] = [Self::FaceNotRecognised, Self::FaceCoveredForMedicalReasons, Self::ReligiousHeadCovering, Self::Other];

    pub const fn name(self) -> &'static str {
        match self {
            Self::FaceNotRecognised => "face_not_recognised",
            Self::FaceCoveredForMedicalReasons => "face_covered_for_medical_reasons",
            Self::ReligiousHeadCovering => "religious_head_covering",
            Self::Other => "other",
        }
    }
}

/// The photographer's text. It may describe the customer, so it must not be logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Explanation(String);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a text has 1 to {TEXT_CHARACTERS_MAX} characters on one line")]
pub struct InvalidExplanation;

impl Explanation {
    /// Parses a text, without the white space around it.
    ///
    /// # Errors
    /// [`InvalidExplanation`] if it is blank, too long, or has control characters such as line breaks.
    pub fn parse(text: &str) -> Result<Self, InvalidExplanation> {
        let text = text.trim();
        let is_valid = (1..=TEXT_CHARACTERS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidExplanation) }
    }

    /// Returns the text, which only the business may see. Must not be logged.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted_text!(Explanation, InvalidExplanation);

/// Reason for issuing a code without a recognised face. Stored sealed, because the reason may reveal something about the customer's health
/// or religion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WithoutFace {
    pub reason: Reason,
    /// Always present if the reason is [`Reason::Other`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Explanation>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWithoutFace {
    #[error("the reason needs a text")]
    TextMissing,
    #[error(transparent)]
    Text(#[from] InvalidExplanation),
}

impl WithoutFace {
    /// Parses a reason and its text.
    ///
    /// # Errors
    /// [`InvalidWithoutFace::TextMissing`] if the reason is [`Reason::Other`] and there is no text, [`InvalidWithoutFace::Text`] if the
    /// text is invalid.
    pub fn parse(reason: Reason, text: Option<&str>) -> Result<Self, InvalidWithoutFace> {
        match (reason, text) {
            (Reason::Other, None) => Err(InvalidWithoutFace::TextMissing),
            (_, text) => Ok(Self { reason, text: text.map(Explanation::parse).transpose()? }),
        }
    }
}

/// Returns whether a finding says that no face was found, which is the only finding that a [`WithoutFace`] waives.
pub fn is_no_face(finding: &Finding) -> bool {
    finding.rule == Rule::Faces && finding.blocks() && finding.is_below()
}

/// An upload that was rejected because no face was found, and for no other reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Rejection {
    business: BusinessId,
    upload_id: String,
    at: Moment,
}

/// The latest uploads of a session that were rejected because no face was found: at most [`REJECTIONS_NEEDED`], the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rejections(Vec<Rejection>);

impl Rejections {
    /// Returns a copy with the rejection of the upload `upload_id` added, and without the rejections that do not count for the business.
    /// Returns `None` if a rejection of this upload already counts.
    pub fn with(&self, business: &BusinessId, upload_id: &str, now: Moment) -> Option<Self> {
        let mut current: Vec<_> = self.0.iter().filter(|rejection| rejection.counts_for(business, now)).cloned().collect();
        if current.iter().any(|rejection| rejection.upload_id == upload_id) {
            return None;
        }
        current.push(Rejection { business: business.clone(), upload_id: upload_id.to_owned(), at: now });
        Some(Self(current.split_off(current.len().saturating_sub(REJECTIONS_NEEDED))))
    }

    /// Returns whether the business may issue a code without a recognised face now.
    pub fn permit(&self, business: &BusinessId, now: Moment) -> bool {
        self.0.iter().filter(|rejection| rejection.counts_for(business, now)).count() >= REJECTIONS_NEEDED
    }
}

impl Rejection {
    fn counts_for(&self, business: &BusinessId, now: Moment) -> bool {
        self.business == *business && !now.has_reached(self.at.plus(REJECTION_VALID))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde::de::{IntoDeserializer, value::Error};

    use super::*;
    use crate::{
        FileProfile,
        picture_report::{FaceMeasures, Faces, face_findings},
    };

    fn business(name: &str) -> BusinessId {
        BusinessId::from_hash(name.to_owned())
    }

    fn at(seconds: i64) -> Moment {
        Moment::from_epoch_seconds(1_800_000_000 + seconds)
    }

    /// Returns the rejections of uploads of business `b`. Each upload is given as its ID and the time of its rejection in seconds.
    fn rejected(uploads: &[(&str, i64)]) -> Rejections {
        uploads.iter().fold(Rejections::default(), |all, (upload, seconds)| all.with(&business("b"), upload, at(*seconds)).unwrap_or(all))
    }

    #[test]
    fn two_rejected_uploads_permit_a_code_and_one_does_not() {
        assert!(!Rejections::default().permit(&business("b"), at(0)));
        assert!(!rejected(&[("1", 0)]).permit(&business("b"), at(0)));
        assert!(rejected(&[("1", 0), ("2", 1)]).permit(&business("b"), at(1)));
    }

    #[test]
    fn a_repeated_check_of_the_same_upload_counts_once() {
        let one = rejected(&[("1", 0)]);
        assert_eq!(one.with(&business("b"), "1", at(5)), None);
        assert!(!rejected(&[("1", 0), ("1", 1), ("1", 2)]).permit(&business("b"), at(2)));
    }

    #[test]
    fn a_rejection_counts_for_less_than_two_hours() {
        let two = rejected(&[("1", 0), ("2", 600)]);
        assert!(two.permit(&business("b"), at(2 * 3_600 - 1)));
        assert!(!two.permit(&business("b"), at(2 * 3_600)));
        // After a rejection has ceased to count, another rejection of the same upload counts again.
        assert!(!rejected(&[("1", 0), ("2", 7_200)]).permit(&business("b"), at(7_200)));
        assert!(rejected(&[("1", 0), ("2", 7_200), ("1", 7_201)]).permit(&business("b"), at(7_201)));
    }

    #[test]
    fn rejections_for_another_business_do_not_count() {
        let other = rejected(&[("1", 0), ("2", 1)]).with(&business("other"), "3", at(2)).unwrap();
        assert!(!other.permit(&business("other"), at(2)) && !other.permit(&business("b"), at(2)));
        let other = other.with(&business("other"), "4", at(3)).unwrap();
        assert!(other.permit(&business("other"), at(3)));
    }

    #[test]
    fn only_the_error_that_no_face_was_found_is_waived() {
        let findings = |clear, doubtful, tones| {
            let measured = FaceMeasures { tones, colour: 90.0, faces: Faces { clear, doubtful }, face: None, background: None };
            face_findings(FileProfile::Standard, &measured)
        };
        let waived =
            |findings: &[Finding]| findings.iter().filter(|finding| is_no_face(finding)).map(|finding| finding.rule).collect::<Vec<_>>();
        assert_eq!(waived(&findings(0, 0, 200.0)), [Rule::Faces]);
        assert_eq!(waived(&findings(0, 0, 1.0)), [Rule::Faces], "the error about the single tone remains");
        for (clear, doubtful) in [(1, 0), (1, 1), (2, 0)] {
            assert_eq!(waived(&findings(clear, doubtful, 200.0)), []);
        }
    }

    #[test]
    fn the_reason_other_needs_a_text_and_the_others_do_not() {
        for reason in Reason::ALL {
            let without = WithoutFace::parse(reason, None);
            let expected =
                if reason == Reason::Other { Err(InvalidWithoutFace::TextMissing) } else { Ok(WithoutFace { reason, text: None }) };
            assert_eq!(without, expected);
            let with = WithoutFace::parse(reason, Some(" Επίδεσμος μετά από εγχείρηση. ")).unwrap();
            assert_eq!(with.text.as_ref().map(Explanation::expose), Some("Επίδεσμος μετά από εγχείρηση."));
            assert_eq!(WithoutFace::parse(reason, Some(" ")), Err(InvalidWithoutFace::Text(InvalidExplanation)));
            let named: Result<Reason, Error> = Reason::deserialize(reason.name().into_deserializer());
            assert_eq!(named, Ok(reason));
        }
    }

    #[test]
    fn a_text_is_one_line_of_at_most_200_characters_and_is_not_printed() {
        assert_eq!(Explanation::parse(&"ώ".repeat(200)).unwrap().expose().chars().count(), 200);
        for text in ["", "  ", "two\nlines", "a\tb", "bell\u{7}", &"ώ".repeat(201)] {
            assert_eq!(Explanation::parse(text), Err(InvalidExplanation), "{text:?}");
        }
        let without = WithoutFace::parse(Reason::Other, Some("hush")).unwrap();
        assert!(!format!("{without:?}").contains("hush"));
    }

    proptest! {
        #[test]
        fn a_code_is_permitted_only_if_two_different_uploads_were_rejected_within_two_hours(
            steps in proptest::collection::vec((0..4_u8, 0..5_000_i64), 0..12),
            wait in 0..9_000_i64,
        ) {
            let (mut all, mut now, mut last) = (Rejections::default(), 0, BTreeMap::new());
            for (upload, pause) in steps {
                now += pause;
                all = all.with(&business("b"), &upload.to_string(), at(now)).unwrap_or(all);
                last.insert(upload, now);
                prop_assert!(all.0.len() <= REJECTIONS_NEEDED);
            }
            now += wait;
            let recent = last.values().filter(|when| now - **when < 7_200).count();
            prop_assert!(recent >= REJECTIONS_NEEDED || !all.permit(&business("b"), at(now)));
        }

        #[test]
        fn two_new_uploads_that_are_rejected_permit_a_code_whatever_was_rejected_before(
            before in proptest::collection::vec((0..4_u8, 0..5_000_i64), 0..6),
            wait in 0..7_199_i64,
        ) {
            let (mut all, mut now) = (Rejections::default(), 0);
            for (upload, pause) in before {
                now += pause;
                all = all.with(&business("b"), &upload.to_string(), at(now)).unwrap_or(all);
            }
            for upload in ["new", "newer"] {
                all = all.with(&business("b"), upload, at(now)).unwrap_or(all);
            }
            prop_assert!(all.permit(&business("b"), at(now + wait)));
        }

        #[test]
        fn any_text_is_either_stored_whole_or_rejected(text: String) {
            if let Ok(parsed) = Explanation::parse(&text) {
                prop_assert_eq!(parsed.expose(), text.trim());
                prop_assert!(parsed.expose().chars().count() <= TEXT_CHARACTERS_MAX);
            }
        }
    }
}
