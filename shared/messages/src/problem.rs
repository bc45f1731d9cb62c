//! Every error response of the API (RFC 9457): its stable code, and its title and detail in Greek and English.
//!
//! To add a problem: add the variant and its code here, its texts in `problem/el.rs` and `problem/en.rs`, its extension members in
//! `problem/extensions.rs`, and its HTTP status in `shared/edge/src/failure.rs`.

mod el;
mod en;
mod extensions;

use domain::{
    FileProfile, ImageKind, Language, MalformedCode, Moment, application::SignatureFault, code_limit::CodeLimit,
    delivery_failure::FailureReason, photo::PictureFault, typed::TypedError,
};
#[derive(Debug, Clone, PartialEq)]
pub enum Problem {
    NotFound,
    MethodNotAllowed {
        /// The methods that the URL accepts, for the header `Allow`.
        allow: &'static str,
    },

    NoSession,
    /// The token of the request is invalid or no longer valid. Has the same texts as [`Self::NoSession`], which means that the request has
    /// no token. Clients can distinguish the two by their codes.
    SessionExpired,
    OtpNotVerified,
    RoleNotChosen,
    ConsentRequired,
    WrongRole,

    ForeignOrigin,
    UnsupportedMediaType {
        /// The type that the operation accepts.
        accepted: BodyType,
    },
    BodyTooLarge {
        /// In bytes.
        limit: usize,
    },
    MalformedJson,
    InvalidField {
        /// A path such as `recipient.value`. It contains names of known fields or names that the caller sent, and never values.
        field: String,
        reason: FieldReason,
    },

    /// The field `agree` is not `true`.
    MissingConsent,
    ConsentVersionOld,

    /// The `state` that TAXISnet returned is unknown, already used or expired.
    SignInState,
    /// The person cancelled the sign-in at TAXISnet.
    SignInRefused,
    /// An app's exchange code is unknown, already used or expired, or the app is not the one that started the sign-in. In all of these
    /// cases the response is the same, so that a caller cannot tell them apart.
    ExchangeRefused,
    TaxisnetUnavailable,
    RegistersUnavailable,
    /// The response of a register may be about another person: it lacks the requested identity number, or states another birth year than
    /// TAXISnet.
    RegistersMismatch,
    /// TAXISnet authenticated the person, but the registers have no record of them.
    PersonUnknown,
    NoConfirmedMobile,

    OtpMalformed,
    OtpWrong {
        left: u32,
    },
    OtpExpired,
    /// Too many wrong one-time passwords, so the sign-in has ended.
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
    /// The call is allowed for the owner of the business only.
    NotOwner,
    /// The AFM of the employee to authorise is the owner's own.
    StaffIsOwner,
    StaffExhausted {
        limit: usize,
    },

    /// The case at a KEP is unknown, closed or expired, or belongs to another session. In all of these cases the response is the same.
    CaseOver,
    /// The clerk already has a case open.
    CaseOpen,
    /// The clerk has opened the maximum number of cases of the day.
    CaseLimit {
        renews_at: Moment,
    },
    /// The registers know no adult with the AFM, AMKA or PAAYPA that the clerk entered.
    CasePersonUnknown,
    /// The person at the counter has no confirmed mobile number, and a setting forbids that the clerk declares the person's presence
    /// instead.
    NoMobileAtKep,
    /// The AFM, AMKA or PAAYPA that the clerk entered is the clerk's own.
    OwnCase,
    /// The presence of the person at the counter is not proven yet.
    PresenceNotProven,
    /// Clerks may not call the operation. Only the person may call it, in their own session.
    NotAtKep,

    SubjectUnknown,
    /// The minor does not exist, or is not in this person's custody. In both cases the response is the same, so that nobody can find out
    /// which AFM, AMKA or PAAYPA numbers exist.
    CustodyNotConfirmed,
    MinorIsAdult,
    /// The registers have an AFM for the minor, and the request did not contain it.
    MinorAfmRequired,
    MinorNumbersDiffer,
    TooManyMinors {
        limit: usize,
    },
    CodeMalformed(MalformedCode),
    /// The code number is unknown or has expired. In both cases the response is the same.
    CodeNotActive,
    CodeTaken,
    CodeAlreadyYours,
    SubmissionsExhausted {
        renews_at: Moment,
    },
    /// A daily limit of codes, or of messages with codes, is reached.
    CodeLimitReached {
        limit: CodeLimit,
        renews_at: Moment,
    },
    NoSubmission,
    SubmissionNotConfirmed,
    /// The person already has associated photos. The fields are about these photos.
    AssociationExists {
        associated_at: Moment,
        expires_at: Moment,
    },
    NothingAssociated,
    /// Another person associated the same code a moment earlier.
    AssociationRaced,
    /// The day on which the reminder would be sent is today or in the past.
    ReminderTooLate {
        expires_at: Moment,
    },
    /// A guardian's reminder would be sent on or after the minor's 18th birthday.
    ReminderWhenAdult,
    ImageAbsent,
    /// The application is unknown or no longer in service.
    ApplicationUnknown {
        application: String,
    },
    /// The application needs photos of another file profile.
    ProfileMismatch {
        application: String,
        needed: FileProfile,
        profile: FileProfile,
    },
    /// The associated photos have no face photo, which every application needs.
    FaceAbsent,
    AuthorizationsExhausted {
        limit: usize,
    },
    /// The file is too large for one response, so the client has to request it in ranges.
    RangeRequired {
        /// In bytes.
        total: usize,
    },
    RangeNotSatisfiable {
        /// In bytes.
        total: usize,
    },

    /// The operation is for applications of public bodies, and the call contains no signed request.
    RequestUnsigned,
    SignatureRefused {
        fault: SignatureFault,
    },
    /// The person is unknown, has nothing associated, or has not authorised the application. In all three cases the response is the same,
    /// so that an application cannot find out which people have photos.
    PullRefused,
    /// The application's purpose gives no right to this image.
    ImageNotAllowed {
        kind: ImageKind,
    },
    /// The pull is unknown, refused or expired, or belongs to another application.
    PullUnknown,

    PicturesMissing,
    /// The upload is unknown or expired, or belongs to another business.
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
    /// The photos of an upload cannot be checked any more, because a code has been issued for it and its original files are deleted.
    UploadIssued,
    /// The upload was rejected earlier and cannot be used again.
    UploadRefused,
    /// A code has already been issued for this upload, by a request with different values, such as another recipient.
    IssuanceConflict,
    /// The request gives a reason for issuing a code without a recognised face, but not enough uploads were rejected before.
    WithoutFaceTooEarly,
    /// The code is associated, and an associated code is not sent again.
    ResendAssociated,
    ResendTooLate,
    ResendExhausted {
        limit: usize,
    },
    /// `deliver_code` is sending the message now, or has not made its first attempt yet.
    ResendInProgress,
    /// An email to this recipient failed permanently. The code can only be sent to another recipient.
    ResendUndeliverable {
        reason: FailureReason,
    },

    /// Two concurrent calls changed the same data.
    Conflict,
    /// An AWS service throttled a request of ours.
    Throttled,
    Internal,
    Timeout,
}

/// The type of an operation's request body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyType {
    Json,
    Jpeg,
}

impl BodyType {
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Jpeg => "image/jpeg",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldReason {
    Unknown,
    Missing,
    WrongType,
    /// The value is not one of the allowed values.
    NotAllowed,
    InvalidMobile,
    InvalidEmail,
    InvalidNumber,
    /// The text has two or more different values of the expected kind.
    SeveralValues,
    /// The text is too long, even without invisible characters and extra white space.
    TooLong {
        /// In characters.
        limit: usize,
    },
    /// The search of the history names neither a day nor a month.
    NeedsDayOrMonth,
    /// The text is empty, too long, or has characters that the field does not allow.
    InvalidText {
        /// In characters.
        limit: usize,
    },
}

impl FieldReason {
    /// Returns this reason, or [`Self::SeveralValues`] if the typed text has several values.
    #[must_use]
    pub const fn unless_several(self, error: TypedError) -> Self {
        match error {
            TypedError::Invalid => self,
            TypedError::Several => Self::SeveralValues,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Missing => "missing",
            Self::WrongType => "wrong_type",
            Self::NotAllowed => "not_allowed",
            Self::InvalidMobile => "invalid_mobile",
            Self::InvalidEmail => "invalid_email",
            Self::InvalidNumber => "invalid_number",
            Self::SeveralValues => "several_values",
            Self::TooLong { .. } => "too_long",
            Self::NeedsDayOrMonth => "needs_day_or_month",
            Self::InvalidText { .. } => "invalid_text",
        }
    }
}

impl Problem {
    /// Returns the stable code, on which clients may act.
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
            Self::UnsupportedMediaType { .. } => "unsupported_media_type",
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
            Self::CaseOver => "case_over",
            Self::CaseOpen => "case_open",
            Self::CaseLimit { .. } => "case_limit",
            Self::CasePersonUnknown => "case_person_unknown",
            Self::NoMobileAtKep => "no_mobile_at_kep",
            Self::OwnCase => "own_case",
            Self::PresenceNotProven => "presence_not_proven",
            Self::NotAtKep => "not_at_kep",
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
            Self::WithoutFaceTooEarly => "without_face_too_early",
            Self::ResendAssociated => "resend_associated",
            Self::ResendTooLate => "resend_too_late",
            Self::ResendExhausted { .. } => "resend_exhausted",
            Self::ResendInProgress => "resend_in_progress",
            Self::ResendUndeliverable { .. } => "resend_undeliverable",
            Self::Conflict => "conflict",
            Self::Throttled => "throttled",
            Self::Internal => "internal",
            Self::Timeout => "timeout",
        }
    }

    /// Returns the title, which is the same for every occurrence of a code.
    pub fn title(&self, language: Language) -> String {
        match language {
            Language::El => el::title(self),
            Language::En => en::title(self),
        }
        .to_owned()
    }

    /// Returns the detail, which explains this occurrence and its remedy.
    pub fn detail(&self, language: Language) -> String {
        match language {
            Language::El => el::detail(self),
            Language::En => en::detail(self),
        }
    }
}

/// The allowed deviation from the proportion that a picture must have.
const TOLERANCE_PERCENT: u64 = domain::photo::PROPORTION_TOLERANCE / 10;

#[cfg(test)]
mod tests;
