//! What happened to a person's photos, as they read it.

use std::collections::HashMap;

use domain::{ImageKind, Language, Moment, application::Purpose, authorization::PullRefusal, verdict::Verdict};
use messages::applications;
use serde::Serialize;
use storage::{
    applications::Application,
    history::{Event, GivenVerdict, Record},
};

/// Names of all applications, also of those no longer in service.
#[derive(Debug)]
pub struct ApplicationNames<'a>(HashMap<&'a str, &'a Application>);

impl<'a> ApplicationNames<'a> {
    pub fn of(known: &'a [Application]) -> Self {
        Self(known.iter().map(|application| (application.application.as_str(), application)).collect())
    }

    fn reference(&self, id: &str) -> ApplicationReference {
        let name = self.0.get(id).map(|known| NameView { el: known.name_el.clone(), en: known.name_en.clone() });
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

/// What an application is for.
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

/// The listed reason of a refusal, in words.
pub const fn reason_text(verdict: Verdict, language: Language) -> Option<&'static str> {
    match verdict {
        Verdict::Accepted => None,
        Verdict::Refused(reason) => Some(applications::refusal_reason(reason, language)),
    }
}

/// An authorization, from its beginning to its end.
#[derive(Debug, Serialize)]
pub struct AuthorizationRecordView {
    pub id: String,
    pub application: ApplicationReference,
    pub purpose: PurposeView,
    pub started_at: String,
    /// When it ended; absent while it is in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    /// While in force: when it ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<String>,
    /// False where whoever had custody gave it.
    pub given_by_subject: bool,
}

impl AuthorizationRecordView {
    pub fn of(record: &Record, names: &ApplicationNames<'_>, language: Language, now: Moment) -> Option<Self> {
        let Event::Authorized { application, purpose, by, until, ended_at } = &record.what else { return None };
        // Ended by hand, or by itself meanwhile.
        let ended = ended_at.or(now.has_reached(*until).then_some(*until));
        Some(Self {
            id: record.id().to_owned(),
            application: names.reference(application.as_str()),
            purpose: PurposeView::of(*purpose, language),
            started_at: record.at.rfc3339(),
            ended_at: ended.map(Moment::rfc3339),
            ends_at: ended.is_none().then(|| until.rfc3339()),
            given_by_subject: *by == record.subject_id,
        })
    }
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Given,
    Refused,
}

/// An application asked for an image.
#[derive(Debug, Serialize)]
pub struct AccessView {
    pub id: String,
    pub at: String,
    pub application: ApplicationReference,
    pub purpose: PurposeView,
    pub image: ImageKind,
    /// The application's own reference.
    pub case: String,
    pub outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<PullRefusal>,
    /// Why it was refused, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal_text: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<VerdictView>,
}

/// What the public body said of it.
#[derive(Debug, Serialize)]
pub struct VerdictView {
    #[serde(flatten)]
    pub verdict: Verdict,
    /// The listed reason, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_text: Option<&'static str>,
    /// The clerk's words.
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

/// An association began or ended.
#[derive(Debug, Serialize)]
pub struct AssociationEventView {
    pub what: AssociationStep,
    pub at: String,
    /// False where whoever had custody did it, or the first subject.
    pub by_subject: bool,
    /// The first subject of the photos erased them, while they were associated for this one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_first_subject: bool,
    pub kept_until: String,
}

impl AssociationEventView {
    pub fn of(record: &Record) -> Option<Self> {
        let (what, by) = match &record.what {
            Event::Associated { by, .. } => (AssociationStep::Associated, by),
            Event::Dissociated { by, .. } => (AssociationStep::Dissociated, by),
            Event::Erased { by, .. } => (AssociationStep::Erased, by),
            Event::Authorized { .. } | Event::Pulled { .. } => return None,
        };
        let by_first_subject = matches!(record.what, Event::Erased { by_first_subject: true, .. });
        let (at, kept_until) = (record.at.rfc3339(), record.expires_at.rfc3339());
        Some(Self { what, at, by_subject: *by == record.subject_id, by_first_subject, kept_until })
    }
}
