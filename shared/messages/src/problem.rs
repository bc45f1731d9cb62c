//! Every refusal and failure that a caller can meet: its stable code, and what it says in Greek and English.
//!
//! Where a new one belongs: the variant and its code here, its texts in `el` and `en` beside this file, its status in the edge.

mod el;
mod en;

use domain::{
    FileProfile, ImageKind, Language, MalformedCode, Moment, application::SignatureFault, code_limit::CodeLimit, photo::PictureFault,
};
use serde_json::{Value, json};

use crate::picture_report;

#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    NotFound,
    MethodNotAllowed {
        /// The methods that the address has, for the header `Allow`.
        allow: &'static str,
    },

    NoSession,
    /// Says the same as [`Self::NoSession`]; the code tells a client that there was one.
    SessionExpired,
    OtpNotVerified,
    RoleNotChosen,
    ConsentRequired,
    WrongRole,

    ForeignOrigin,
    UnsupportedMediaType,
    /// `limit` in bytes.
    BodyTooLarge {
        limit: usize,
    },
    MalformedJson,
    /// `field` is a path such as `recipient.value`, made of names that we know or that the caller sent: never of values.
    InvalidField {
        field: String,
        reason: FieldReason,
    },

    /// `agree` must be true.
    MissingConsent,
    ConsentVersionOld,

    /// The state that came back from TAXISnet is unknown, used or expired.
    SignInState,
    /// The person said no at TAXISnet.
    SignInRefused,
    /// An app's code is unknown, used or expired, or the app is not the one that began: one answer for all.
    ExchangeRefused,
    TaxisnetUnavailable,
    RegistersUnavailable,
    /// A register's response was not about the number asked about.
    RegistersMismatch,
    /// TAXISnet knows the person, the registers do not.
    PersonUnknown,
    NoConfirmedMobile,

    OtpMalformed,
    OtpWrong {
        left: u32,
    },
    OtpExpired,
    /// Wrong too often: the sign-in has ended.
    OtpExhausted,
    OtpDailyLimit {
        renews_at: Moment,
    },
    OtpResendsExhausted,
    OtpMessagesDailyLimit {
        renews_at: Moment,
    },
    OtpNotSent,
    NotAwaitingOtp,
    RoleNotYours,
    /// The owner of the business has withdrawn the employee's authorization.
    StaffWithdrawn,
    /// For the owner of the business only.
    NotOwner,
    /// The owner is no employee.
    StaffIsOwner,
    StaffExhausted {
        limit: usize,
    },

    SubjectUnknown,
    /// No such minor, or none in this person's custody: one answer for both.
    CustodyNotConfirmed,
    MinorIsAdult,
    /// The registers know an AFM that was not given.
    MinorAfmRequired,
    MinorNumbersDiffer,
    TooManyMinors {
        limit: usize,
    },
    CodeMalformed(MalformedCode),
    /// Unknown or expired: one answer for both.
    CodeNotActive,
    CodeTaken,
    CodeAlreadyYours,
    SubmissionsExhausted {
        renews_at: Moment,
    },
    /// A day's limit of codes, or of messages with codes, is reached.
    CodeLimitReached {
        limit: CodeLimit,
        renews_at: Moment,
    },
    NoSubmission,
    SubmissionNotConfirmed,
    /// With what is in force.
    AssociationExists {
        associated_at: Moment,
        expires_at: Moment,
    },
    NothingAssociated,
    /// Somebody else was quicker with the same code.
    AssociationRaced,
    /// The day on which the reminder would go out has come.
    ReminderTooLate {
        expires_at: Moment,
    },
    /// A guardian's, due on or after the minor's 18th birthday.
    ReminderWhenAdult,
    ImageAbsent,
    /// Unknown, or no longer in service.
    ApplicationUnknown {
        application: String,
    },
    /// The application needs photos of another file profile.
    ProfileMismatch {
        application: String,
        needed: FileProfile,
        profile: FileProfile,
    },
    /// No application can use photos without a face.
    FaceAbsent,
    AuthorizationsExhausted {
        limit: usize,
    },
    /// The file is too large for one answer: to be asked for in parts. `total` in bytes.
    RangeRequired {
        total: usize,
    },
    /// `total` in bytes.
    RangeNotSatisfiable {
        total: usize,
    },

    /// A call for applications, without a signed request.
    RequestUnsigned,
    SignatureRefused {
        fault: SignatureFault,
    },
    /// Unknown person, nothing associated, not authorised: one answer for all.
    PullRefused,
    /// The application's purpose gives no right to it.
    ImageNotAllowed {
        kind: ImageKind,
    },
    /// Unknown, another application's, refused, or expired.
    PullUnknown,

    PicturesMissing,
    /// Unknown, expired or another business's.
    UploadUnknown,
    UploadIncomplete {
        kind: ImageKind,
    },
    UploadAltered {
        kind: ImageKind,
    },
    BadPicture {
        kind: ImageKind,
        fault: PictureFault,
    },
    /// An upload that became a code, to be checked: its originals are gone.
    UploadIssued,
    /// A refused upload, used again.
    UploadRefused,
    /// The same upload was issued with another recipient.
    IssuanceConflict,
    /// A code that was associated is not sent again.
    ResendAssociated,
    ResendTooLate,
    ResendExhausted {
        limit: usize,
    },
    /// The sender has the message in hand, or is about to for the first time.
    ResendInProgress,

    /// Two calls at once.
    Conflict,
    /// A service that we use is busy.
    Throttled,
    Internal,
    Timeout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldReason {
    Unknown,
    Missing,
    WrongType,
    /// Not one of the values that there are.
    NotAllowed,
    InvalidMobile,
    InvalidEmail,
    InvalidNumber,
    /// Empty, too long, or with control characters.
    InvalidText {
        limit: usize,
    },
}

impl FieldReason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Missing => "missing",
            Self::WrongType => "wrong_type",
            Self::NotAllowed => "not_allowed",
            Self::InvalidMobile => "invalid_mobile",
            Self::InvalidEmail => "invalid_email",
            Self::InvalidNumber => "invalid_number",
            Self::InvalidText { .. } => "invalid_text",
        }
    }
}

impl Problem {
    /// Stable: clients may act on it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "not_found",
            Self::MethodNotAllowed { .. } => "method_not_allowed",
            Self::NoSession => "no_session",
            Self::SessionExpired => "session_expired",
            Self::OtpNotVerified => "otp_not_verified",
            Self::RoleNotChosen => "role_not_chosen",
            Self::ConsentRequired => "consent_required",
            Self::WrongRole => "wrong_role",
            Self::ForeignOrigin => "foreign_origin",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::MalformedJson => "malformed_json",
            Self::InvalidField { .. } => "invalid_field",
            Self::MissingConsent => "missing_consent",
            Self::ConsentVersionOld => "consent_version_old",
            Self::SignInState => "sign_in_state",
            Self::SignInRefused => "sign_in_refused",
            Self::ExchangeRefused => "exchange_refused",
            Self::TaxisnetUnavailable => "taxisnet_unavailable",
            Self::RegistersUnavailable => "registers_unavailable",
            Self::RegistersMismatch => "registers_mismatch",
            Self::PersonUnknown => "person_unknown",
            Self::NoConfirmedMobile => "no_confirmed_mobile",
            Self::OtpMalformed => "otp_malformed",
            Self::OtpWrong { .. } => "otp_wrong",
            Self::OtpExpired => "otp_expired",
            Self::OtpExhausted => "otp_exhausted",
            Self::OtpDailyLimit { .. } => "otp_daily_limit",
            Self::OtpResendsExhausted => "otp_resends_exhausted",
            Self::OtpMessagesDailyLimit { .. } => "otp_messages_daily_limit",
            Self::OtpNotSent => "otp_not_sent",
            Self::NotAwaitingOtp => "not_awaiting_otp",
            Self::RoleNotYours => "role_not_yours",
            Self::StaffWithdrawn => "staff_withdrawn",
            Self::NotOwner => "not_owner",
            Self::StaffIsOwner => "staff_is_owner",
            Self::StaffExhausted { .. } => "staff_exhausted",
            Self::SubjectUnknown => "subject_unknown",
            Self::CustodyNotConfirmed => "custody_not_confirmed",
            Self::MinorIsAdult => "minor_is_adult",
            Self::MinorAfmRequired => "minor_afm_required",
            Self::MinorNumbersDiffer => "minor_numbers_differ",
            Self::TooManyMinors { .. } => "too_many_minors",
            Self::CodeMalformed(_) => "code_malformed",
            Self::CodeNotActive => "code_not_active",
            Self::CodeTaken => "code_taken",
            Self::CodeAlreadyYours => "code_already_yours",
            Self::SubmissionsExhausted { .. } => "submissions_exhausted",
            Self::CodeLimitReached { limit: CodeLimit::Business, .. } => "business_codes_exhausted",
            Self::CodeLimitReached { limit: CodeLimit::Recipient, .. } => "recipient_messages_exhausted",
            Self::CodeLimitReached { limit: CodeLimit::Sms, .. } => "code_sms_exhausted",
            Self::NoSubmission => "no_submission",
            Self::SubmissionNotConfirmed => "submission_not_confirmed",
            Self::AssociationExists { .. } => "association_exists",
            Self::NothingAssociated => "nothing_associated",
            Self::AssociationRaced => "association_raced",
            Self::ReminderTooLate { .. } => "reminder_too_late",
            Self::ReminderWhenAdult => "reminder_when_adult",
            Self::ImageAbsent => "image_absent",
            Self::ApplicationUnknown { .. } => "application_unknown",
            Self::ProfileMismatch { .. } => "profile_mismatch",
            Self::FaceAbsent => "face_absent",
            Self::AuthorizationsExhausted { .. } => "authorizations_exhausted",
            Self::RangeRequired { .. } => "range_required",
            Self::RangeNotSatisfiable { .. } => "range_not_satisfiable",
            Self::RequestUnsigned => "request_unsigned",
            Self::SignatureRefused { .. } => "signature_refused",
            Self::PullRefused => "pull_refused",
            Self::ImageNotAllowed { .. } => "image_not_allowed",
            Self::PullUnknown => "pull_unknown",
            Self::PicturesMissing => "pictures_missing",
            Self::UploadUnknown => "upload_unknown",
            Self::UploadIncomplete { .. } => "upload_incomplete",
            Self::UploadAltered { .. } => "upload_altered",
            Self::BadPicture { .. } => "bad_picture",
            Self::UploadIssued => "upload_issued",
            Self::UploadRefused => "upload_refused",
            Self::IssuanceConflict => "issuance_conflict",
            Self::ResendAssociated => "resend_associated",
            Self::ResendTooLate => "resend_too_late",
            Self::ResendExhausted { .. } => "resend_exhausted",
            Self::ResendInProgress => "resend_in_progress",
            Self::Conflict => "conflict",
            Self::Throttled => "throttled",
            Self::Internal => "internal",
            Self::Timeout => "timeout",
        }
    }

    /// The same for every occurrence of a code.
    pub fn title(&self, language: Language) -> String {
        match language {
            Language::El => el::title(self),
            Language::En => en::title(self),
        }
        .to_owned()
    }

    /// What happened this time, and what to do.
    pub fn detail(&self, language: Language) -> String {
        match language {
            Language::El => el::detail(self),
            Language::En => en::detail(self),
        }
    }

    /// Members of the problem document for programs: a name means the same, and has the same type, in every problem.
    pub fn extensions(&self) -> Vec<(&'static str, Value)> {
        match self {
            Self::BodyTooLarge { limit }
            | Self::StaffExhausted { limit }
            | Self::TooManyMinors { limit }
            | Self::AuthorizationsExhausted { limit }
            | Self::ResendExhausted { limit } => vec![("limit", json!(limit))],
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
                if let FieldReason::InvalidText { limit } = reason {
                    members.push(("limit", json!(limit)));
                }
                members
            }
            Self::OtpWrong { left } => vec![("left", json!(left))],
            Self::OtpDailyLimit { renews_at }
            | Self::OtpMessagesDailyLimit { renews_at }
            | Self::SubmissionsExhausted { renews_at }
            | Self::CodeLimitReached { renews_at, .. } => vec![("renews_at", json!(renews_at.rfc3339()))],
            Self::CodeMalformed(malformed) => match malformed {
                MalformedCode::Length(measured) => {
                    vec![("rule", json!("length")), ("measured", json!(measured)), ("limit", json!(domain::code_number::CODE_LENGTH))]
                }
                MalformedCode::Character => vec![("rule", json!("character"))],
                MalformedCode::LastCharacter => vec![("rule", json!("last_character"))],
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
            | Self::UnsupportedMediaType
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

fn measurements(fault: &PictureFault) -> Vec<(&'static str, Value)> {
    match *fault {
        PictureFault::NotJpeg | PictureFault::Damaged => Vec::new(),
        PictureFault::TooManyBytes { measured, limit } | PictureFault::TooManyPixels { measured, limit } => {
            vec![("measured", json!(measured)), ("limit", json!(limit))]
        }
        PictureFault::TooSmall { width, height, min_width, min_height } => {
            vec![("width", json!(width)), ("height", json!(height)), ("min_width", json!(min_width)), ("min_height", json!(min_height))]
        }
        PictureFault::Proportion { width, height, expected: (across, up) } => {
            vec![("width", json!(width)), ("height", json!(height)), ("proportion", json!(format!("{across}:{up}")))]
        }
        PictureFault::Turned { orientation } => vec![("orientation", json!(orientation))],
        PictureFault::Shown(finding) => {
            let number = |value: Option<f64>| value.map(|value| picture_report::number(finding.rule, value));
            let members = [
                ("measured", number(finding.measured)),
                ("limit", number(finding.crossed())),
                ("unit", finding.rule.unit().map(Value::from)),
            ];
            members.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
        }
    }
}

/// 3000000 -> `3.000.000` or `3,000,000`.
pub(crate) fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

/// How far a proportion may be off.
const TOLERANCE_PERCENT: u64 = domain::photo::PROPORTION_TOLERANCE / 10;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use domain::picture_report::{Finding, Limit, Rule, Severity};

    use super::*;
    use crate::testing::{expiry, has_greek};

    /// The variants in order: one that is missing here does not compile.
    fn next(problem: &Problem) -> Option<Problem> {
        use Problem as P;
        Some(match problem {
            P::NotFound => P::MethodNotAllowed { allow: "GET" },
            P::MethodNotAllowed { .. } => P::NoSession,
            P::NoSession => P::SessionExpired,
            P::SessionExpired => P::OtpNotVerified,
            P::OtpNotVerified => P::RoleNotChosen,
            P::RoleNotChosen => P::ConsentRequired,
            P::ConsentRequired => P::WrongRole,
            P::WrongRole => P::ForeignOrigin,
            P::ForeignOrigin => P::UnsupportedMediaType,
            P::UnsupportedMediaType => P::BodyTooLarge { limit: 65_536 },
            P::BodyTooLarge { .. } => P::MalformedJson,
            P::MalformedJson => P::InvalidField { field: "recipient.value".to_owned(), reason: FieldReason::InvalidMobile },
            P::InvalidField { .. } => P::MissingConsent,
            P::MissingConsent => P::ConsentVersionOld,
            P::ConsentVersionOld => P::SignInState,
            P::SignInState => P::SignInRefused,
            P::SignInRefused => P::ExchangeRefused,
            P::ExchangeRefused => P::TaxisnetUnavailable,
            P::TaxisnetUnavailable => P::RegistersUnavailable,
            P::RegistersUnavailable => P::RegistersMismatch,
            P::RegistersMismatch => P::PersonUnknown,
            P::PersonUnknown => P::NoConfirmedMobile,
            P::NoConfirmedMobile => P::OtpMalformed,
            P::OtpMalformed => P::OtpWrong { left: 2 },
            P::OtpWrong { .. } => P::OtpExpired,
            P::OtpExpired => P::OtpExhausted,
            P::OtpExhausted => P::OtpDailyLimit { renews_at: expiry() },
            P::OtpDailyLimit { .. } => P::OtpResendsExhausted,
            P::OtpResendsExhausted => P::OtpMessagesDailyLimit { renews_at: expiry() },
            P::OtpMessagesDailyLimit { .. } => P::OtpNotSent,
            P::OtpNotSent => P::NotAwaitingOtp,
            P::NotAwaitingOtp => P::RoleNotYours,
            P::RoleNotYours => P::StaffWithdrawn,
            P::StaffWithdrawn => P::NotOwner,
            P::NotOwner => P::StaffIsOwner,
            P::StaffIsOwner => P::StaffExhausted { limit: 100 },
            P::StaffExhausted { .. } => P::SubjectUnknown,
            P::SubjectUnknown => P::CustodyNotConfirmed,
            P::CustodyNotConfirmed => P::MinorIsAdult,
            P::MinorIsAdult => P::MinorAfmRequired,
            P::MinorAfmRequired => P::MinorNumbersDiffer,
            P::MinorNumbersDiffer => P::TooManyMinors { limit: 20 },
            P::TooManyMinors { .. } => P::CodeMalformed(MalformedCode::Length(21)),
            P::CodeMalformed(_) => P::CodeNotActive,
            P::CodeNotActive => P::CodeTaken,
            P::CodeTaken => P::CodeAlreadyYours,
            P::CodeAlreadyYours => P::SubmissionsExhausted { renews_at: expiry() },
            P::SubmissionsExhausted { .. } => P::CodeLimitReached { limit: CodeLimit::Business, renews_at: expiry() },
            P::CodeLimitReached { limit: CodeLimit::Business, .. } => {
                P::CodeLimitReached { limit: CodeLimit::Recipient, renews_at: expiry() }
            }
            P::CodeLimitReached { limit: CodeLimit::Recipient, .. } => P::CodeLimitReached { limit: CodeLimit::Sms, renews_at: expiry() },
            P::CodeLimitReached { limit: CodeLimit::Sms, .. } => P::NoSubmission,
            P::NoSubmission => P::SubmissionNotConfirmed,
            P::SubmissionNotConfirmed => P::AssociationExists { associated_at: expiry(), expires_at: expiry() },
            P::AssociationExists { .. } => P::NothingAssociated,
            P::NothingAssociated => P::AssociationRaced,
            P::AssociationRaced => P::ReminderTooLate { expires_at: expiry() },
            P::ReminderTooLate { .. } => P::ReminderWhenAdult,
            P::ReminderWhenAdult => P::ImageAbsent,
            P::ImageAbsent => P::ApplicationUnknown { application: "driving-licence".to_owned() },
            P::ApplicationUnknown { .. } => P::ProfileMismatch {
                application: "identity-card".to_owned(),
                needed: FileProfile::IdentityCard,
                profile: FileProfile::Standard,
            },
            P::ProfileMismatch { .. } => P::FaceAbsent,
            P::FaceAbsent => P::AuthorizationsExhausted { limit: 50 },
            P::AuthorizationsExhausted { .. } => P::RangeRequired { total: 5_000_000 },
            P::RangeRequired { .. } => P::RangeNotSatisfiable { total: 1000 },
            P::RangeNotSatisfiable { .. } => P::RequestUnsigned,
            P::RequestUnsigned => P::SignatureRefused { fault: SignatureFault::Signature },
            P::SignatureRefused { .. } => P::PullRefused,
            P::PullRefused => P::ImageNotAllowed { kind: ImageKind::Signature },
            P::ImageNotAllowed { .. } => P::PullUnknown,
            P::PullUnknown => P::PicturesMissing,
            P::PicturesMissing => P::UploadUnknown,
            P::UploadUnknown => P::UploadIncomplete { kind: ImageKind::Face },
            P::UploadIncomplete { .. } => P::UploadAltered { kind: ImageKind::Signature },
            P::UploadAltered { .. } => P::BadPicture { kind: ImageKind::Face, fault: PictureFault::NotJpeg },
            P::BadPicture { .. } => P::UploadIssued,
            P::UploadIssued => P::UploadRefused,
            P::UploadRefused => P::IssuanceConflict,
            P::IssuanceConflict => P::ResendAssociated,
            P::ResendAssociated => P::ResendTooLate,
            P::ResendTooLate => P::ResendExhausted { limit: 3 },
            P::ResendExhausted { .. } => P::ResendInProgress,
            P::ResendInProgress => P::Conflict,
            P::Conflict => P::Throttled,
            P::Throttled => P::Internal,
            P::Internal => P::Timeout,
            P::Timeout => return None,
        })
    }

    fn faults() -> Vec<PictureFault> {
        vec![
            PictureFault::NotJpeg,
            PictureFault::Damaged,
            PictureFault::TooManyBytes { measured: 3_100_000, limit: 3_000_000 },
            PictureFault::TooManyPixels { measured: 900_000_000, limit: 50_000_000 },
            PictureFault::TooSmall { width: 799, height: 1200, min_width: 800, min_height: 1200 },
            PictureFault::Proportion { width: 1280, height: 1600, expected: (2, 3) },
            PictureFault::Turned { orientation: 6 },
            PictureFault::Shown(Finding {
                rule: Rule::Faces,
                severity: Severity::Error,
                ok: false,
                measured: Some(2.0),
                limit: Limit { least: Some(1.0), most: Some(1.0) },
            }),
        ]
    }

    fn all() -> Vec<Problem> {
        let mut problems: Vec<Problem> = std::iter::successors(Some(Problem::NotFound), next).collect();
        problems.extend([0, 1].map(|left| Problem::OtpWrong { left }));
        problems.extend([MalformedCode::Character, MalformedCode::LastCharacter].map(Problem::CodeMalformed));
        for kind in ImageKind::ALL {
            problems.push(Problem::UploadIncomplete { kind });
            problems.push(Problem::UploadAltered { kind });
            problems.extend(faults().into_iter().map(|fault| Problem::BadPicture { kind, fault }));
        }
        use SignatureFault as F;
        let claims = F::Claims { claim: "jti" };
        for fault in [F::Malformed, F::Algorithm, F::Expired, F::NotYetValid, F::Audience, claims, F::Replayed] {
            problems.push(Problem::SignatureRefused { fault });
        }
        problems.push(Problem::ImageNotAllowed { kind: ImageKind::Face });
        use FieldReason as R;
        let text = R::InvalidText { limit: 500 };
        for reason in [R::Unknown, R::Missing, R::WrongType, R::NotAllowed, R::InvalidMobile, R::InvalidEmail, R::InvalidNumber, text] {
            problems.push(Problem::InvalidField { field: "language".to_owned(), reason });
        }
        problems
    }

    #[test]
    fn every_problem_speaks_greek_and_english() {
        for problem in all() {
            for (el, en) in
                [(problem.title(Language::El), problem.title(Language::En)), (problem.detail(Language::El), problem.detail(Language::En))]
            {
                assert!(has_greek(&el) && !has_greek(&en) && !en.is_empty(), "{problem:?}: {el} / {en}");
            }
            for language in [Language::El, Language::En] {
                let (title, detail) = (problem.title(language), problem.detail(language));
                assert!(!title.ends_with('.') && detail.ends_with('.') && !detail.contains("  "), "{problem:?}: {title} / {detail}");
            }
        }
    }

    #[test]
    fn no_greek_word_holds_a_latin_letter_that_looks_alike() {
        let mixed = |word: &str| has_greek(word) && word.chars().any(|c| c.is_ascii_alphabetic());
        for problem in all() {
            for text in [problem.title(Language::El), problem.detail(Language::El)] {
                let word = text.split(|c: char| !c.is_alphabetic()).find(|word| mixed(word));
                assert_eq!(word, None, "{text}");
            }
        }
    }

    #[test]
    fn codes_are_unique_and_titles_belong_to_codes() {
        let mut seen = HashSet::new();
        for problem in std::iter::successors(Some(Problem::NotFound), next) {
            assert!(seen.insert(problem.code()), "{problem:?}");
            assert!(problem.code().bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
        }
        for problem in all() {
            let same_code: HashSet<String> = all().iter().filter(|p| p.code() == problem.code()).map(|p| p.title(Language::En)).collect();
            assert_eq!(same_code.len(), 1, "{problem:?}");
        }
    }

    #[test]
    fn details_of_different_codes_differ_except_for_the_two_of_a_missing_session() {
        let codes_of = |text: &str| all().iter().filter(|p| p.detail(Language::En) == text).map(Problem::code).collect::<HashSet<_>>();
        for problem in all() {
            let codes = codes_of(&problem.detail(Language::En));
            assert!(codes.len() == 1 || codes == HashSet::from(["no_session", "session_expired"]), "{codes:?}");
        }
    }

    #[test]
    fn a_bad_picture_is_told_with_picture_rule_measured_value_and_limit() {
        let told = |fault, language| Problem::BadPicture { kind: ImageKind::Face, fault }.detail(language);
        let [_, _, bytes, pixels, small, proportion, turned, faces] = faults().try_into().unwrap();
        for (fault, language, numbers) in [
            (bytes, Language::El, ["προσώπου", "3.100.000", "3.000.000"]),
            (bytes, Language::En, ["face", "3,100,000", "3,000,000"]),
            (pixels, Language::El, ["προσώπου", "900.000.000", "50.000.000"]),
            (small, Language::El, ["προσώπου", "799 × 1200", "800 × 1200"]),
            (small, Language::En, ["face", "799 × 1200", "800 × 1200"]),
            (proportion, Language::El, ["1280 × 1600", "2:3", "1%"]),
            (proportion, Language::En, ["1280 × 1600", "2:3", "1%"]),
            (turned, Language::En, ["face", "6", "1"]),
            (faces, Language::El, ["Πρόσωπα", "2", "ακριβώς 1"]),
        ] {
            let text = told(fault, language);
            assert!(numbers.iter().all(|number| text.contains(number)), "{text}");
        }
        assert_eq!(
            Problem::BadPicture { kind: ImageKind::Signature, fault: proportion }.extensions(),
            [
                ("image", json!("signature")),
                ("rule", json!("proportion")),
                ("width", json!(1280)),
                ("height", json!(1600)),
                ("proportion", json!("2:3"))
            ]
        );
        assert_eq!(
            Problem::BadPicture { kind: ImageKind::Face, fault: faces }.extensions(),
            [("image", json!("face")), ("rule", json!("faces")), ("measured", json!(2)), ("limit", json!(1)), ("unit", json!("faces"))]
        );
    }

    #[test]
    fn a_limit_is_told_with_the_athens_time_at_which_it_renews() {
        let problem = Problem::SubmissionsExhausted { renews_at: expiry() };
        assert!(problem.detail(Language::El).contains("5 Δεκεμβρίου 2026, 14:30 (ώρα Αθήνας)"));
        assert!(problem.detail(Language::En).contains("5 December 2026, 14:30 (Athens time)"));
        assert_eq!(problem.extensions(), [("renews_at", json!("2026-12-05T12:30:00Z"))]);
    }

    #[test]
    fn digits_are_grouped_by_three() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1.000"), (50_000_000, "50.000.000"), (123_456, "123.456")] {
            assert_eq!(grouped(number, '.'), text);
        }
    }
}
