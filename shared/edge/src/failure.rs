//! Maps errors of the inner layers to problems, and problems to HTTP status codes.

use lambda_http::http::StatusCode;
use messages::{RenderError, problem::Problem};
use registers::RegisterError;
use storage::{StorageError, TransactionError};

/// The error type of handlers.
#[derive(Debug)]
pub enum Failure {
    /// The request is rejected because of its content or the current state. The caller receives the problem. No underlying error needs to
    /// be logged.
    Refused(Problem),
    /// The service, AWS, TAXISnet or a register failed. The cause is logged once and never sent to the caller.
    Failed { problem: Problem, cause: String },
}

impl Failure {
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Failed { problem: Problem::Internal, cause: cause.to_string() }
    }

    /// Returns the text for a log line: the cause, or the problem's code if there is no cause.
    pub fn cause(&self) -> &str {
        match self {
            Self::Refused(problem) => problem.code(),
            Self::Failed { cause, .. } => cause,
        }
    }

    pub const fn problem(&self) -> &Problem {
        match self {
            Self::Refused(problem) | Self::Failed { problem, .. } => problem,
        }
    }
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        let problem = match &error {
            StorageError::Conflict(_) => Problem::Conflict,
            StorageError::Throttled(_) => Problem::Throttled,
            StorageError::Unavailable(_) | StorageError::Denied | StorageError::Corrupt(_) | StorageError::NoRandom(_) => Problem::Internal,
        };
        Self::Failed { problem, cause: error.to_string() }
    }
}

impl From<aws::NoRandom> for Failure {
    fn from(error: aws::NoRandom) -> Self {
        Self::internal(error)
    }
}

impl From<TransactionError> for Failure {
    /// Maps every failed condition to [`Problem::Conflict`], because a condition normally fails only if another request wrote first.
    /// Handlers that need to know which condition failed match the error themselves.
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Refused(_) | TransactionError::Conflict => Self::Refused(Problem::Conflict),
            TransactionError::Storage(error) => error.into(),
        }
    }
}

impl From<RegisterError> for Failure {
    fn from(error: RegisterError) -> Self {
        let problem = match &error {
            RegisterError::PersonUnknown => return Self::Refused(Problem::PersonUnknown),
            RegisterError::CodeRefused => return Self::Refused(Problem::SignInState),
            RegisterError::Unavailable(_) | RegisterError::Unexpected(_) => Problem::RegistersUnavailable,
            RegisterError::AnotherPerson(_) => Problem::RegistersMismatch,
        };
        Self::Failed { problem, cause: error.to_string() }
    }
}

impl From<RenderError> for Failure {
    fn from(error: RenderError) -> Self {
        Self::internal(error)
    }
}

/// Returns the HTTP status of a problem (RFC 9110).
pub const fn status(problem: &Problem) -> StatusCode {
    match problem {
        Problem::MalformedJson | Problem::SignInState | Problem::ExchangeRefused => StatusCode::BAD_REQUEST,

        Problem::NoSession | Problem::SessionExpired | Problem::RequestUnsigned | Problem::SignatureRefused { .. } => {
            StatusCode::UNAUTHORIZED
        }

        Problem::OtpNotVerified
        | Problem::RoleNotChosen
        | Problem::ConsentRequired
        | Problem::WrongRole
        | Problem::ForeignOrigin
        | Problem::SignInRefused
        | Problem::PersonUnknown
        | Problem::NoConfirmedMobile
        | Problem::OtpExhausted
        | Problem::RoleNotYours
        | Problem::StaffWithdrawn
        | Problem::NotOwner
        | Problem::PresenceNotProven
        | Problem::NotAtKep
        | Problem::CustodyNotConfirmed
        | Problem::MinorIsAdult
        | Problem::PullRefused
        | Problem::ImageNotAllowed { .. }
        | Problem::CodeTaken => StatusCode::FORBIDDEN,

        Problem::NotFound
        | Problem::CasePersonUnknown
        | Problem::SubjectUnknown
        | Problem::CodeNotActive
        | Problem::NothingAssociated
        | Problem::ImageAbsent
        | Problem::ApplicationUnknown { .. }
        | Problem::PullUnknown
        | Problem::UploadUnknown
        | Problem::NoSubmission => StatusCode::NOT_FOUND,

        Problem::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,

        Problem::CaseOver
        | Problem::CaseOpen
        | Problem::NoMobileAtKep
        | Problem::OwnCase
        | Problem::NotAwaitingOtp
        | Problem::CodeAlreadyYours
        | Problem::SubmissionNotConfirmed
        | Problem::AssociationExists { .. }
        | Problem::TooManyMinors { .. }
        | Problem::ProfileMismatch { .. }
        | Problem::FaceAbsent
        | Problem::AuthorizationsExhausted { .. }
        | Problem::AssociationRaced
        | Problem::ReminderTooLate { .. }
        | Problem::ReminderWhenAdult
        | Problem::UploadIncomplete { .. }
        | Problem::UploadIssued
        | Problem::UploadRefused
        | Problem::IssuanceConflict
        | Problem::WithoutFaceTooEarly
        | Problem::ResendAssociated
        | Problem::ResendTooLate
        | Problem::ResendExhausted { .. }
        | Problem::ResendInProgress
        | Problem::ResendUndeliverable { .. }
        | Problem::StaffExhausted { .. }
        | Problem::ConsentVersionOld
        | Problem::RangeRequired { .. }
        | Problem::Conflict => StatusCode::CONFLICT,

        Problem::BodyTooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        Problem::UnsupportedMediaType { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Problem::RangeNotSatisfiable { .. } => StatusCode::RANGE_NOT_SATISFIABLE,

        Problem::InvalidField { .. }
        | Problem::MissingConsent
        | Problem::OtpMalformed
        | Problem::OtpWrong { .. }
        | Problem::OtpExpired
        | Problem::StaffIsOwner
        | Problem::MinorAfmRequired
        | Problem::MinorNumbersDiffer
        | Problem::CodeMalformed(_)
        | Problem::PicturesMissing
        | Problem::UploadAltered { .. }
        | Problem::BadPicture { .. } => StatusCode::UNPROCESSABLE_ENTITY,

        Problem::CaseLimit { .. }
        | Problem::OtpDailyLimit { .. }
        | Problem::OtpResendsExhausted
        | Problem::OtpMessagesDailyLimit { .. }
        | Problem::CodeLimitReached { .. }
        | Problem::SubmissionsExhausted { .. } => StatusCode::TOO_MANY_REQUESTS,

        Problem::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        Problem::TaxisnetUnavailable | Problem::RegistersUnavailable | Problem::RegistersMismatch | Problem::OtpNotSent => {
            StatusCode::BAD_GATEWAY
        }
        Problem::Throttled => StatusCode::SERVICE_UNAVAILABLE,
        Problem::Timeout => StatusCode::GATEWAY_TIMEOUT,
    }
}
