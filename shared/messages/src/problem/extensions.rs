//! Extension members of a problem document (RFC 9457, section 3.2). They give programs the values that the text contains, such as a limit.

use domain::{MalformedCode, application::SignatureFault, code_number::CODE_LENGTH, photo::PictureFault};
use serde_json::{Value, json};

use super::{FieldReason, Problem};
use crate::picture_report;

impl Problem {
    /// Returns the extension members. A member of the same name has the same meaning and type in every problem.
    pub fn extensions(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::BodyTooLarge { limit }
            | Self::StaffExhausted { limit }
            | Self::TooManyMinors { limit }
            | Self::AuthorizationsExhausted { limit }
            | Self::ResendExhausted { limit } => vec![("limit", json!(limit))],
            Self::ResendUndeliverable { reason } => vec![("reason", json!(reason.name()))],
            Self::AssociationExists { associated_at, expires_at } => {
                vec![("associated_at", json!(associated_at.rfc3339())), ("expires_at", json!(expires_at.rfc3339()))]
            }
            Self::ReminderTooLate { expires_at } => vec![("expires_at", json!(expires_at.rfc3339()))],
            Self::ApplicationUnknown { application } => vec![("application", json!(application))],
            Self::ProfileMismatch { application, needed, profile } => {
                vec![("application", json!(application)), ("needed", json!(needed.name())), ("profile", json!(profile.name()))]
            }
            Self::RangeRequired { total } | Self::RangeNotSatisfiable { total } => vec![("total", json!(total))],
            Self::SignatureRefused { fault } => {
                let mut members = vec![("reason", json!(fault.name()))];
                if let SignatureFault::Claims { claim } = fault {
                    members.push(("field", json!(claim)));
                }
                members
            }
            Self::ImageNotAllowed { kind } => vec![("image", json!(kind.name()))],
            Self::InvalidField { field, reason } => {
                let mut members = vec![("field", json!(field)), ("reason", json!(reason.name()))];
                if let FieldReason::InvalidText { limit } | FieldReason::TooLong { limit } = reason {
                    members.push(("limit", json!(limit)));
                }
                members
            }
            Self::OtpWrong { left } => vec![("left", json!(left))],
            Self::OtpDailyLimit { renews_at }
            | Self::OtpMessagesDailyLimit { renews_at }
            | Self::SubmissionsExhausted { renews_at }
            | Self::CaseLimit { renews_at }
            | Self::CodeLimitReached { renews_at, .. } => vec![("renews_at", json!(renews_at.rfc3339()))],
            Self::CodeMalformed(malformed) => match malformed {
                MalformedCode::Length(measured) => {
                    vec![("rule", json!("length")), ("measured", json!(measured)), ("limit", json!(CODE_LENGTH))]
                }
                MalformedCode::Character | MalformedCode::GreekLetter => vec![("rule", json!("character"))],
                MalformedCode::LastCharacter => vec![("rule", json!("last_character"))],
                MalformedCode::Several => vec![("rule", json!("several_codes"))],
            },
            Self::UploadIncomplete { kind } | Self::UploadAltered { kind } => vec![("image", json!(kind.name()))],
            Self::BadPicture { kind, fault } => {
                let mut members = vec![("image", json!(kind.name())), ("rule", json!(fault.rule().name()))];
                members.extend(measurements(fault));
                members
            }
            Self::NotFound
            | Self::MethodNotAllowed { .. }
            | Self::NoSession
            | Self::SessionExpired
            | Self::OtpNotVerified
            | Self::RoleNotChosen
            | Self::ConsentRequired
            | Self::WrongRole
            | Self::ForeignOrigin
            | Self::UnsupportedMediaType { .. }
            | Self::MalformedJson
            | Self::MissingConsent
            | Self::ConsentVersionOld
            | Self::SignInState
            | Self::SignInRefused
            | Self::ExchangeRefused
            | Self::TaxisnetUnavailable
            | Self::RegistersUnavailable
            | Self::RegistersMismatch
            | Self::PersonUnknown
            | Self::NoConfirmedMobile
            | Self::OtpMalformed
            | Self::OtpExpired
            | Self::OtpExhausted
            | Self::OtpResendsExhausted
            | Self::OtpNotSent
            | Self::NotAwaitingOtp
            | Self::RoleNotYours
            | Self::StaffWithdrawn
            | Self::NotOwner
            | Self::StaffIsOwner
            | Self::CaseOver
            | Self::CaseOpen
            | Self::CasePersonUnknown
            | Self::NoMobileAtKep
            | Self::OwnCase
            | Self::PresenceNotProven
            | Self::NotAtKep
            | Self::SubjectUnknown
            | Self::CustodyNotConfirmed
            | Self::MinorIsAdult
            | Self::MinorAfmRequired
            | Self::MinorNumbersDiffer
            | Self::CodeNotActive
            | Self::CodeTaken
            | Self::CodeAlreadyYours
            | Self::NoSubmission
            | Self::SubmissionNotConfirmed
            | Self::NothingAssociated
            | Self::AssociationRaced
            | Self::ImageAbsent
            | Self::FaceAbsent
            | Self::RequestUnsigned
            | Self::PullRefused
            | Self::PullUnknown
            | Self::PicturesMissing
            | Self::UploadUnknown
            | Self::UploadIssued
            | Self::UploadRefused
            | Self::IssuanceConflict
            | Self::WithoutFaceTooEarly
            | Self::ResendAssociated
            | Self::ResendTooLate
            | Self::ResendInProgress
            | Self::Conflict
            | Self::Throttled
            | Self::Internal
            | Self::ReminderWhenAdult
            | Self::Timeout => Vec::new(),
        }
    }
}

/// Returns the measured values of a rejected picture and their limits.
fn measurements(fault: &PictureFault) -> Vec<(&'static str, Value)> {
    match *fault {
        PictureFault::NotJpeg | PictureFault::Damaged | PictureFault::ColourProfile => Vec::new(),
        PictureFault::Unsupported(reason) => vec![("jpeg", json!(reason.name()))],
        PictureFault::TooManyBytes { measured, limit } | PictureFault::TooManyPixels { measured, limit } => {
            vec![("measured", json!(measured)), ("limit", json!(limit))]
        }
        PictureFault::TooSmall { width, height, min_width, min_height } => {
            vec![("width", json!(width)), ("height", json!(height)), ("min_width", json!(min_width)), ("min_height", json!(min_height))]
        }
        PictureFault::TooLarge { width, height, edge_max } => {
            vec![("width", json!(width)), ("height", json!(height)), ("limit", json!(edge_max))]
        }
        PictureFault::Proportion { width, height, expected: (across, up) } => {
            vec![("width", json!(width)), ("height", json!(height)), ("proportion", json!(format!("{across}:{up}")))]
        }
        PictureFault::Turned { orientation } => vec![("orientation", json!(orientation))],
        PictureFault::Shown(finding) => {
            let number = |value: Option<f64>| value.map(|value| picture_report::number(&finding, value));
            let members = [
                ("measured", number(finding.measured)),
                ("limit", number(finding.crossed())),
                ("unit", finding.rule.unit().map(Value::from)),
            ];
            members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
        }
    }
}
