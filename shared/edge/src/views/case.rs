//! Response bodies about a case at a KEP.

use domain::{
    Language,
    consent::PERSONAL_DATA_VERSION,
    kep::{Act, ActKind, CaseStage, PresenceProof},
    otp::{RESENDS_MAX, WRONG_OTPS_MAX},
};
use serde::Serialize;
use storage::{
    applications::Application,
    sessions::{Case, Minor, Session},
};

use super::{ConsentView, MinorView, OfficeView, OtpView, SubmissionView};

/// A case, as the clerk sees it. Contains no identity number of the person.
#[derive(Debug, Serialize)]
pub struct CaseView {
    pub handle: String,
    pub stage: CaseStage,
    /// The way in which the person's presence is to be proven, or was proven.
    pub presence: PresenceProof,
    pub office: OfficeView,
    pub application_number: String,
    /// The language of the SMS to the person.
    pub language: Language,
    pub person: CasePersonView,
    /// The last four digits of the mobile number to which the one-time password was sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_hint: Option<String>,
    /// State of the one-time password that was sent. Present until the password is verified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp: Option<OtpView>,
    /// The text on personal data. Absent until it is proven that the person is at the counter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentView>,
    pub opened_at: String,
    pub expires_at: String,
    /// Number of codes that can still be submitted for the person today. Absent until the person has agreed to the text on personal data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submissions_left: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submission: Option<SubmissionView>,
    /// Minors for whom custody was confirmed in this case.
    pub minors: Vec<MinorView>,
    pub done: Vec<ActView>,
}

/// Data of the person, which the clerk compares with the identity document.
#[derive(Debug, Serialize)]
pub struct CasePersonView {
    pub first_name: String,
    pub last_name: String,
    pub birth_date: String,
}

/// Something that the clerk did in the case.
#[derive(Debug, Clone, Serialize)]
pub struct ActView {
    pub what: ActKind,
    pub at: String,
    /// For an act that concerns an application, the application's name. For another act, the first name of the minor for whom it was done.
    /// Absent if the act concerns neither an application nor a minor, or if the name is not known in this session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl ActView {
    pub fn of(act: &Act, applications: &[Application], minors: &[Minor], language: Language) -> Self {
        Self { what: act.what, at: act.at.rfc3339(), label: label(act, applications, minors, language) }
    }
}

/// Returns the name of the application that the act concerns. For an act without an application, returns the first name of the minor for
/// whom it was done.
pub fn label(act: &Act, applications: &[Application], minors: &[Minor], language: Language) -> Option<String> {
    let Some(id) = &act.application else {
        return minors.iter().find(|minor| act.minor.as_ref() == Some(&minor.subject_id)).map(|minor| minor.first_name.clone());
    };
    let application = applications.iter().find(|known| known.application == *id)?;
    Some(match language {
        Language::El => application.name_el.clone(),
        Language::En => application.name_en.clone(),
    })
}

impl CaseView {
    pub fn of(session: &Session, case: &Case, submissions_left: Option<u32>, done: Vec<ActView>, language: Language) -> Self {
        let stage = case.stage();
        let is_proven = stage != CaseStage::Presence;
        let mobile_ending = case.person.mobile.as_ref().map(|mobile| mobile.last_four().to_owned());
        let tries = u32::try_from(session.case_tries).unwrap_or(u32::MAX);
        let otp = case.otp.as_ref().filter(|_| !is_proven).map(|otp| OtpView {
            mobile_ending: mobile_ending.clone().unwrap_or_default(),
            expires_at: otp.expires_at.rfc3339(),
            tries_left: WRONG_OTPS_MAX.saturating_sub(tries),
            resends_left: RESENDS_MAX.saturating_sub(otp.resends),
        });
        Self {
            handle: case.handle.as_str().to_owned(),
            stage,
            presence: case.proof,
            office: OfficeView::of(&case.office),
            application_number: case.application_number.expose().to_owned(),
            language: case.language,
            person: CasePersonView {
                first_name: case.person.first_name.clone(),
                last_name: case.person.last_name.clone(),
                birth_date: case.person.birth_date.clone(),
            },
            mobile_hint: mobile_ending.map(|ending| format!("..{ending}")),
            otp,
            consent: is_proven.then(|| ConsentView {
                given: case.consent.as_deref() == Some(PERSONAL_DATA_VERSION),
                text: messages::consent::personal_data(language),
            }),
            opened_at: case.opened_at.rfc3339(),
            expires_at: case.expires_at.rfc3339(),
            submissions_left: submissions_left.filter(|_| stage == CaseStage::Ready),
            submission: session.submission.as_ref().map(|submission| SubmissionView::of(submission, language)),
            minors: session.minors.iter().map(MinorView::of).collect(),
            done,
        }
    }
}
