use std::collections::HashSet;

use domain::{
    photo::UnsupportedJpeg,
    picture_report::{Finding, Limit, Rule, Severity},
};

use serde_json::json;

use super::*;
use crate::testing::{expiry, has_greek};

/// Returns the variant after this one. The match is exhaustive, so a new variant has to be added here.
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
        P::ForeignOrigin => P::UnsupportedMediaType { accepted: BodyType::Json },
        P::UnsupportedMediaType { .. } => P::BodyTooLarge { limit: 65_536 },
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
        P::StaffExhausted { .. } => P::CaseOver,
        P::CaseOver => P::CaseOpen,
        P::CaseOpen => P::CaseLimit { renews_at: expiry() },
        P::CaseLimit { .. } => P::CasePersonUnknown,
        P::CasePersonUnknown => P::NoMobileAtKep,
        P::NoMobileAtKep => P::OwnCase,
        P::OwnCase => P::PresenceNotProven,
        P::PresenceNotProven => P::NotAtKep,
        P::NotAtKep => P::SubjectUnknown,
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
        P::CodeLimitReached { limit: CodeLimit::Business, .. } => P::CodeLimitReached { limit: CodeLimit::Recipient, renews_at: expiry() },
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
        P::IssuanceConflict => P::WithoutFaceTooEarly,
        P::WithoutFaceTooEarly => P::ResendAssociated,
        P::ResendAssociated => P::ResendTooLate,
        P::ResendTooLate => P::ResendExhausted { limit: 3 },
        P::ResendExhausted { .. } => P::ResendInProgress,
        P::ResendInProgress => P::ResendUndeliverable { reason: FailureReason::AddressUnknown },
        P::ResendUndeliverable { .. } => P::Conflict,
        P::Conflict => P::Throttled,
        P::Throttled => P::Internal,
        P::Internal => P::Timeout,
        P::Timeout => return None,
    })
}

fn picture_faults() -> Vec<PictureFault> {
    vec![
        PictureFault::NotJpeg,
        PictureFault::Damaged,
        PictureFault::Unsupported(UnsupportedJpeg::ArithmeticCoding),
        PictureFault::ColourProfile,
        PictureFault::TooManyBytes { measured: 3_100_000, limit: 3_000_000 },
        PictureFault::TooManyPixels { measured: 900_000_000, limit: 50_000_000 },
        PictureFault::TooSmall { width: 799, height: 1200, min_width: 800, min_height: 1200 },
        PictureFault::TooLarge { width: 1280, height: 853, edge_max: 640 },
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

/// Returns every problem, with each value of its fields that changes a text.
fn all() -> Vec<Problem> {
    let mut problems: Vec<Problem> = std::iter::successors(Some(Problem::NotFound), next).collect();
    problems.push(Problem::UnsupportedMediaType { accepted: BodyType::Jpeg });
    problems.extend([0, 1].map(|left| Problem::OtpWrong { left }));
    problems.extend(
        [MalformedCode::Character, MalformedCode::GreekLetter, MalformedCode::LastCharacter, MalformedCode::Several]
            .map(Problem::CodeMalformed),
    );
    for kind in ImageKind::ALL {
        problems.push(Problem::UploadIncomplete { kind });
        problems.push(Problem::UploadAltered { kind });
        problems.extend(picture_faults().into_iter().map(|fault| Problem::BadPicture { kind, fault }));
    }
    use SignatureFault as F;
    let claims = F::Claims { claim: "jti" };
    for fault in [F::Malformed, F::Algorithm, F::Expired, F::NotYetValid, F::Audience, claims, F::Replayed] {
        problems.push(Problem::SignatureRefused { fault });
    }
    problems.push(Problem::ImageNotAllowed { kind: ImageKind::Face });
    use FieldReason as R;
    let text = R::InvalidText { limit: 500 };
    let about_one_value = [R::Unknown, R::Missing, R::WrongType, R::NotAllowed, R::InvalidMobile, R::InvalidEmail, R::InvalidNumber];
    for reason in about_one_value.into_iter().chain([R::SeveralValues, R::TooLong { limit: 40 }, R::NeedsDayOrMonth, text]) {
        problems.push(Problem::InvalidField { field: "language".to_owned(), reason });
    }
    problems
}

#[test]
fn every_problem_has_texts_in_greek_and_english() {
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
fn no_greek_word_contains_a_latin_letter() {
    let mixed = |word: &str| has_greek(word) && word.chars().any(|c| c.is_ascii_alphabetic());
    for problem in all() {
        for text in [problem.title(Language::El), problem.detail(Language::El)] {
            let word = text.split(|c: char| !c.is_alphabetic()).find(|word| mixed(word));
            assert_eq!(word, None, "{text}");
        }
    }
}

#[test]
fn codes_are_unique_and_each_code_has_one_title() {
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
fn a_bad_picture_is_reported_with_image_rule_measured_value_and_limit() {
    let detail = |fault, language| Problem::BadPicture { kind: ImageKind::Face, fault }.detail(language);
    let [_, _, unsupported, _, bytes, pixels, small, large, proportion, turned, faces] = picture_faults().try_into().unwrap();
    for (fault, language, numbers) in [
        (bytes, Language::El, ["προσώπου", "3.100.000", "3.000.000"]),
        (bytes, Language::En, ["face", "3,100,000", "3,000,000"]),
        (pixels, Language::El, ["προσώπου", "900.000.000", "50.000.000"]),
        (small, Language::El, ["προσώπου", "799 × 1200", "800 × 1200"]),
        (small, Language::En, ["face", "799 × 1200", "800 × 1200"]),
        (large, Language::El, ["προσώπου", "1280 × 853", "640"]),
        (large, Language::En, ["face", "1280 × 853", "640"]),
        (proportion, Language::El, ["1280 × 1600", "2:3", "1%"]),
        (proportion, Language::En, ["1280 × 1600", "2:3", "1%"]),
        (turned, Language::En, ["face", "6", "1"]),
        (faces, Language::El, ["Πρόσωπα", "2", "ακριβώς 1"]),
    ] {
        let text = detail(fault, language);
        assert!(numbers.iter().all(|number| text.contains(number)), "{text}");
    }
    assert_eq!(
        Problem::BadPicture { kind: ImageKind::Face, fault: unsupported }.extensions(),
        [("image", json!("face")), ("rule", json!("file_kind")), ("jpeg", json!("arithmetic_coding"))]
    );
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
        Problem::BadPicture { kind: ImageKind::Face, fault: large }.extensions(),
        [("image", json!("face")), ("rule", json!("width")), ("width", json!(1280)), ("height", json!(853)), ("limit", json!(640))]
    );
    assert_eq!(
        Problem::BadPicture { kind: ImageKind::Face, fault: faces }.extensions(),
        [("image", json!("face")), ("rule", json!("faces")), ("measured", json!(2)), ("limit", json!(1)), ("unit", json!("faces"))]
    );
}

#[test]
fn a_limit_is_reported_with_the_athens_time_at_which_it_renews() {
    let problem = Problem::SubmissionsExhausted { renews_at: expiry() };
    assert!(problem.detail(Language::El).contains("5 Δεκεμβρίου 2026, 14:30 (ώρα Αθήνας)"));
    assert!(problem.detail(Language::En).contains("5 December 2026, 14:30 (Athens time)"));
    assert_eq!(problem.extensions(), [("renews_at", json!("2026-12-05T12:30:00Z"))]);
}

#[test]
fn what_a_citizen_and_a_clerk_can_both_get_does_not_take_one_for_the_other() {
    let renews_at = expiry();
    for problem in [
        Problem::OtpDailyLimit { renews_at },
        Problem::OtpMessagesDailyLimit { renews_at },
        Problem::NotAwaitingOtp,
        Problem::CustodyNotConfirmed,
        Problem::SubjectUnknown,
        Problem::PresenceNotProven,
    ] {
        let (el, en) = (problem.detail(Language::El), problem.detail(Language::En));
        for own in ["Σας", "σας στ", "Δώσατε", "ότι έχετε", "οποίου έχετε", "εαυτό σας", "απευθυνθείτε σε ΚΕΠ"]
        {
            assert!(!el.contains(own), "{own}: {el}");
        }
        for own in ["You entered", "sent you", "you have", "yourself", "your custody", "(KEP)"] {
            assert!(!en.contains(own), "{own}: {en}");
        }
    }
    // A person without a mobile number gets no password, so the clerk declares the presence.
    assert!(Problem::PresenceNotProven.detail(Language::En).contains("declaration"));
    assert!(Problem::PresenceNotProven.detail(Language::El).contains("δήλωσή"));
}
