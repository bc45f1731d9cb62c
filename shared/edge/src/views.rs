//! Response bodies that several operations share: session, submission, association, issuance and staff.

mod case;
mod issuance;

use domain::{
    FileProfile, ImageKind, Language, Moment, Secret,
    kep::Office,
    reminder::ReminderKind,
    session::{Role, Stage},
    staff::{Capacity, MemberId},
};
use messages::consent::ConsentText;
use serde::Serialize;
use storage::{
    associations::Association,
    codes::ImageFacts,
    sealing::IdentifierHasher,
    sessions::{Business, ClerkOffice, Minor, PendingSubmission, Session},
    staff::{StaffFacts, StaffItem},
};

pub use self::case::{ActView, CasePersonView, CaseView, label};
pub use self::issuance::{IssuanceView, WithoutFaceView};
use crate::guard::Subject;

#[derive(Debug, Serialize)]
pub struct SessionView {
    pub stage: Stage,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub otp: Option<OtpView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<RoleView>,
    pub roles: Vec<RoleView>,
    /// The KEP offices at which the person is an authorised clerk.
    pub offices: Vec<OfficeView>,
    /// The open case of a clerk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub case: Option<SessionCaseView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submissions_left: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub submission: Option<SubmissionView>,
    /// Minors for whom custody was confirmed in this session.
    pub minors: Vec<MinorView>,
    /// For a photographer: the key with which the page encrypts unsent pictures in the browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub draft_key: Option<Secret>,
    pub idle_expires_at: String,
    pub expires_at: String,
}

/// State of the one-time password that was sent for a sign-in or a case. Present until the password is verified. Before the password of a
/// sign-in is verified, the last digits of the mobile number are the only data about the person in the response.
#[derive(Debug, Serialize)]
pub struct OtpView {
    pub mobile_ending: String,
    pub expires_at: String,
    pub tries_left: u32,
    pub resends_left: u32,
}

#[derive(Debug, Serialize)]
pub struct PersonView {
    pub first_name: String,
    pub last_name: String,
    pub afm: String,
    pub birth_date: String,
}

#[derive(Debug, Serialize)]
pub struct MinorView {
    /// The value of `{subject}` in URLs, valid in this session.
    pub subject: String,
    pub first_name: String,
    pub last_name: String,
    pub birth_date: String,
    /// The 18th birthday. From this day on, a guardian can no longer act for the person.
    pub adult_on: String,
}

impl MinorView {
    pub fn of(minor: &Minor) -> Self {
        Self {
            subject: minor.handle.clone(),
            first_name: minor.first_name.clone(),
            last_name: minor.last_name.clone(),
            birth_date: String::from(minor.birth_date),
            adult_on: minor.birth_date.turns_adult_on().to_string(),
        }
    }
}

#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RoleView {
    Citizen,
    Photographer { business: BusinessView, capacity: Capacity },
    KepClerk { office: OfficeView },
}

#[derive(Debug, Serialize)]
pub struct OfficeView {
    pub id: String,
    pub name: String,
}

impl OfficeView {
    pub fn of(office: &Office) -> Self {
        Self { id: office.id.as_str().to_owned(), name: office.name.as_str().to_owned() }
    }
}

/// The open case of a clerk, as in the response about the session.
#[derive(Debug, Serialize)]
pub struct SessionCaseView {
    pub handle: String,
    pub expires_at: String,
}

#[derive(Debug, Serialize)]
pub struct BusinessView {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Serialize)]
pub struct ConsentView {
    pub given: bool,
    #[serde(flatten)]
    pub text: ConsentText,
}

impl SessionView {
    pub fn of(session: &Session, submissions_left: Option<u32>, language: Language, now: Moment) -> Self {
        let stage = session.stage();
        let is_verified = stage != Stage::Otp;
        let person = is_verified.then(|| PersonView {
            first_name: session.person.first_name.clone(),
            last_name: session.person.last_name.clone(),
            afm: session.person.afm.expose().to_owned(),
            birth_date: session.person.birth_date.clone(),
        });
        let photographer = |business: &Business| RoleView::Photographer {
            business: BusinessView { id: business.id.as_str().to_owned(), name: business.name.clone() },
            capacity: Capacity::of(business.staff.as_ref()),
        };
        let clerk = |own: &ClerkOffice| RoleView::KepClerk { office: OfficeView::of(&own.office) };
        let role = session.role.as_ref().filter(|_| is_verified).and_then(|role| match role {
            Role::Citizen => Some(RoleView::Citizen),
            Role::Photographer { business } => session.business(business).map(photographer),
            Role::KepClerk { office } => session.office(office).map(clerk),
        });
        let businesses = session.person.businesses.iter().map(photographer);
        let clerks = session.person.offices.iter().map(clerk);
        let offices = session.person.offices.iter().filter(|_| is_verified).map(|own| OfficeView::of(&own.office));
        let case = session.open_case(now).filter(|_| is_verified);
        let is_citizen = is_verified && session.role == Some(Role::Citizen);
        Self {
            stage,
            otp: session.otp.as_ref().map(|otp| OtpView::of(session, otp.expires_at, otp.resends)),
            person,
            role,
            roles: if is_verified { std::iter::once(RoleView::Citizen).chain(businesses).chain(clerks).collect() } else { Vec::new() },
            offices: offices.collect(),
            case: case.map(|case| SessionCaseView { handle: case.handle.as_str().to_owned(), expires_at: case.expires_at.rfc3339() }),
            consent: is_citizen.then(|| ConsentView { given: stage == Stage::Ready, text: messages::consent::personal_data(language) }),
            submissions_left: submissions_left.filter(|_| is_citizen),
            submission: session.submission.as_ref().filter(|_| is_citizen).map(|submission| SubmissionView::of(submission, language)),
            draft_key: session.role.as_ref().filter(|_| is_verified).and_then(|role| match role {
                Role::Citizen | Role::KepClerk { .. } => None,
                Role::Photographer { business } => Some(session.token.draft_key(&session.subject_id, business)),
            }),
            minors: session.minors.iter().filter(|_| is_citizen).map(MinorView::of).collect(),
            idle_expires_at: session.expires_at.rfc3339(),
            expires_at: session.hard_end.rfc3339(),
        }
    }
}

impl OtpView {
    pub fn of(session: &Session, expires_at: Moment, resends: u32) -> Self {
        let tries = u32::try_from(session.tries).unwrap_or(u32::MAX);
        Self {
            mobile_ending: session.person.mobile.as_ref().map(|mobile| mobile.last_four().to_owned()).unwrap_or_default(),
            expires_at: expires_at.rfc3339(),
            tries_left: domain::otp::WRONG_OTPS_MAX.saturating_sub(tries),
            resends_left: domain::otp::RESENDS_MAX.saturating_sub(resends),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct ImageView {
    pub kind: ImageKind,
    pub width: u32,
    pub height: u32,
    pub bytes: u64,
    /// A small JPEG as a `data:` URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preview: Option<String>,
}

impl ImageView {
    pub const fn of(facts: &ImageFacts, preview: Option<String>) -> Self {
        Self { kind: facts.kind, width: facts.width, height: facts.height, bytes: facts.bytes, preview }
    }
}

#[derive(Debug, Serialize)]
pub struct SubmissionView {
    pub subject: String,
    pub profile: FileProfile,
    pub images: Vec<ImageView>,
    pub issued_at: String,
    pub expires_at: String,
    pub confirmed: bool,
    /// The text that the person must agree to next. Present after the photos are confirmed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentText>,
}

impl SubmissionView {
    pub fn of(submission: &PendingSubmission, language: Language) -> Self {
        Self {
            subject: submission.subject.clone(),
            profile: submission.profile,
            images: submission.images.iter().map(|facts| ImageView::of(facts, None)).collect(),
            issued_at: submission.issued_at.rfc3339(),
            expires_at: submission.code_expires_at.rfc3339(),
            confirmed: submission.confirmed,
            consent: submission.confirmed.then(|| messages::consent::association(language)),
        }
    }
}

#[derive(Debug, Serialize)]
pub struct AssociationView {
    pub subject: String,
    pub profile: FileProfile,
    pub images: Vec<ImageView>,
    pub associated_at: String,
    pub expires_at: String,
    pub applications: Vec<AuthorizationView>,
    /// Present if a reminder is set and can still be sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reminder: Option<ReminderView>,
}

#[derive(Debug, Serialize)]
pub struct ReminderView {
    pub masked: String,
    pub language: Language,
    /// The day in Athens on which the reminder is sent.
    pub on: String,
}

#[derive(Debug, Serialize)]
pub struct AuthorizationView {
    pub application: String,
    pub since: String,
    /// The minor's 18th birthday. Present if a guardian gave the authorization and the photos expire after this birthday.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

impl AssociationView {
    pub fn of(association: &Association, subject: &Subject, now: Moment) -> Self {
        Self {
            subject: subject.handle.clone(),
            profile: association.profile,
            images: association.images.iter().map(|facts| ImageView::of(facts, None)).collect(),
            associated_at: association.associated_at.rfc3339(),
            expires_at: association.expires_at.rfc3339(),
            applications: association
                .applications
                .iter()
                .filter(|(_, authorization)| authorization.in_force(now))
                .map(|(application, authorization)| AuthorizationView {
                    application: application.to_string(),
                    since: authorization.since.rfc3339(),
                    until: authorization.until.map(Moment::rfc3339),
                })
                .collect(),
            reminder: association.pending_reminder(now).map(|reminder| ReminderView {
                masked: reminder.masked.clone(),
                language: reminder.language,
                on: ReminderKind::Association.due_on(association.expires_at).to_string(),
            }),
        }
    }
}

/// An employee, as shown to the owner.
#[derive(Debug, Serialize)]
pub struct StaffView {
    pub employee: MemberId,
    pub afm: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    pub since: String,
}

impl StaffView {
    pub fn of(hasher: &IdentifierHasher, item: &StaffItem, facts: &StaffFacts) -> Self {
        Self {
            employee: hasher.member(&item.business, &facts.afm),
            afm: facts.afm.expose().to_owned(),
            label: facts.label.as_ref().map(|label| label.expose().to_owned()),
            since: item.authorized_at.rfc3339(),
        }
    }
}
