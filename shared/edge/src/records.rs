//! Responses about the history of a person's photos: associations, authorizations, pulls by applications, and cases at a KEP.

mod kep;

use std::collections::HashMap;

use domain::{ImageKind, Language, Moment, application::Purpose, authorization::PullRefusal, verdict::Verdict};
use messages::applications;
use serde::Serialize;
use storage::{
    applications::Application,
    history::{Event, GivenVerdict, Record},
    sealing::SealingKey,
};

pub use self::kep::{ActView, CaseRecordView, DocumentView, KepView};

/// The names of all applications, including applications that were withdrawn.
#[derive(Debug)]
pub struct ApplicationNames<'a>(HashMap<&'a str, &'a Application>);

impl<'a> ApplicationNames<'a> {
    pub fn of(applications: &'a [Application]) -> Self {
        Self(applications.iter().map(|application| (application.application.as_str(), application)).collect())
    }

    /// Returns the name of an application in one language, or its ID if the application no longer exists.
    fn name(&self, id: &str, language: Language) -> String {
        match (self.0.get(id), language) {
            (Some(application), Language::El) => application.name_el.clone(),
            (Some(application), Language::En) => application.name_en.clone(),
            (None, _) => id.to_owned(),
        }
    }

    fn reference(&self, id: &str) -> ApplicationReference {
        let name = self.0.get(id).map(|application| NameView { el: application.name_el.clone(), en: application.name_en.clone() });
        ApplicationReference { id: id.to_owned(), name }
    }
}

#[derive(Debug, Serialize)]
pub struct ApplicationReference {
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<NameView>,
}

#[derive(Debug, Serialize)]
pub struct NameView {
    pub el: String,
    pub en: String,
}

/// The purpose of an application: its code, and the text that explains it.
#[derive(Debug, Serialize)]
pub struct PurposeView {
    pub code: Purpose,
    pub text: &'static str,
}

impl PurposeView {
    pub const fn of(code: Purpose, language: Language) -> Self {
        Self { code, text: applications::purpose(code, language) }
    }
}

/// Returns the text for the reason of a refusal. Returns `None` if the image was accepted.
pub const fn reason_text(verdict: Verdict, language: Language) -> Option<&'static str> {
    match verdict {
        Verdict::Accepted => None,
        Verdict::Refused(reason) => Some(applications::refusal_reason(reason, language)),
    }
}

/// An authorization, in force or ended.
#[derive(Debug, Serialize)]
pub struct AuthorizationRecordView {
    pub id: String,
    pub application: ApplicationReference,
    pub purpose: PurposeView,
    pub started_at: String,
    /// Absent while the authorization is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// When the authorization will end unless it is revoked earlier. Absent if the authorization has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// False if a guardian gave the authorization.
    pub given_by_subject: bool,
    /// The case at a KEP in which the authorization was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_kep: Option<KepView>,
    /// The case at a KEP in which the authorization was ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at_kep: Option<KepView>,
}

impl AuthorizationRecordView {
    /// Creates the view of an authorization. Returns `None` for a record of another kind. `key` opens the sealed facts about cases at a
    /// KEP.
    pub fn of(record: &Record, names: &ApplicationNames<'_>, key: &SealingKey, language: Language, now: Moment) -> Option<Self> {
        let Event::Authorized { application, purpose, by, until, ended_at, ended_at_kep } = &record.what else { return None };
        // An authorization that was not revoked ends when it expires.
        let ended = ended_at.or(now.has_reached(*until).then_some(*until));
        Some(Self {
            id: record.id().to_owned(),
            application: names.reference(application.as_str()),
            purpose: PurposeView::of(*purpose, language),
            started_at: record.at.rfc3339(),
            ended_at: ended.map(Moment::rfc3339),
            ends_at: ended.is_none().then(|| until.rfc3339()),
            given_by_subject: *by == record.subject_id,
            at_kep: KepView::open(record.at_kep.as_ref(), key),
            ended_at_kep: KepView::open(ended_at_kep.as_ref(), key),
        })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Given,
    Refused,
}

/// A pull: the request of an application for an image.
#[derive(Debug, Serialize)]
pub struct AccessView {
    pub id: String,
    pub at: String,
    pub application: ApplicationReference,
    pub purpose: PurposeView,
    pub image: ImageKind,
    /// The public body's own reference of the case for which the image was requested.
    pub case: String,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<PullRefusal>,
    /// Text for the reason in `refusal`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal_text: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictView>,
}

/// The verdict of the public body about the image.
#[derive(Debug, Serialize)]
pub struct VerdictView {
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Text for the reason in `verdict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_text: Option<&'static str>,
    /// Free text that a clerk of the public body wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    pub at: String,
}

impl VerdictView {
    fn of(given: &GivenVerdict, language: Language) -> Self {
        Self { verdict: given.verdict, reason_text: reason_text(given.verdict, language), text: given.text.clone(), at: given.at.rfc3339() }
    }
}

impl AccessView {
    pub fn of(record: &Record, names: &ApplicationNames<'_>, language: Language) -> Option<Self> {
        let Event::Pulled { application, purpose, image, case, refusal, origin: _, verdict } = &record.what else { return None };
        Some(Self {
            id: record.id().to_owned(),
            at: record.at.rfc3339(),
            application: names.reference(application.as_str()),
            purpose: PurposeView::of(*purpose, language),
            image: *image,
            case: case.clone(),
            outcome: if refusal.is_some() { Outcome::Refused } else { Outcome::Given },
            refusal: *refusal,
            refusal_text: refusal.map(|refusal| applications::pull_refusal(refusal, language)),
            verdict: verdict.as_ref().map(|given| VerdictView::of(given, language)),
        })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AssociationStep {
    Associated,
    Dissociated,
    Erased,
}

/// The beginning or the end of an association.
#[derive(Debug, Serialize)]
pub struct AssociationEventView {
    pub what: AssociationStep,
    pub at: String,
    /// False if another person caused the event: a guardian, or the person for whom the photos were first associated.
    pub by_subject: bool,
    /// True if this person's association ended because the photos were erased by the person for whom they were first associated.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_first_subject: bool,
    pub kept_until: String,
    /// The case at a KEP in which the event was caused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_kep: Option<KepView>,
}

impl AssociationEventView {
    pub fn of(record: &Record, key: &SealingKey) -> Option<Self> {
        let (what, by) = match &record.what {
            Event::Associated { by, .. } => (AssociationStep::Associated, by),
            Event::Dissociated { by, .. } => (AssociationStep::Dissociated, by),
            Event::Erased { by, .. } => (AssociationStep::Erased, by),
            Event::Authorized { .. } | Event::Pulled { .. } | Event::Case(_) => return None,
        };
        let by_first_subject = matches!(record.what, Event::Erased { by_first_subject: true, .. });
        let (at, kept_until) = (record.at.rfc3339(), record.expires_at.rfc3339());
        let at_kep = KepView::open(record.at_kep.as_ref(), key);
        Some(Self { what, at, by_subject: *by == record.subject_id, by_first_subject, kept_until, at_kep })
    }
}
