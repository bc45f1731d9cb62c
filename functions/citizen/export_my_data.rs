//! GET /v1/subjects/{subject}/export: all data that is stored about a person, as JSON (GDPR, articles 15 and 20). It contains the URLs of
//! the images, not the images.
//!
//! There can be many accesses by applications, with long texts, so they are returned in pages. The first page also contains all other data.
//! A page ends at [`ACCESSES_PER_PAGE`] or at [`PAGE_BYTES`], whichever is reached first.

use domain::{Language, quota::Quota};
use edge::{
    Call, Failure, Reply, Setup,
    guard::{Citizen, Subject},
    page::{self, PAGE_BYTES, Page},
    records::{AccessView, ApplicationNames, AssociationEventView, AuthorizationRecordView, CaseRecordView, KepView},
    views::AssociationView,
};
use messages::rights;
use serde::Serialize;
use storage::{
    StorageError,
    applications::Applications,
    associations::Associations,
    consents::{Consent, Consents},
    history::{History, Kind, Record},
    quotas::Quotas,
    sealing::SealingKey,
    sessions::{Session, Sessions},
};

/// Maximum number of accesses in one response. Most accesses take about 400 bytes. If applications sent long texts, a page reaches
/// [`PAGE_BYTES`] with fewer accesses.
const ACCESSES_PER_PAGE: usize = 2_000;
/// Number of records of other kinds that are read at a time. The first page contains all of these records. There are only a few, because
/// people create them one by one, in their own session or through a clerk of a KEP. There can be many more accesses, because applications
/// create those.
const CHUNK: usize = 500;

struct Deps {
    sessions: Sessions,
    applications: Applications,
    associations: Associations,
    history: History,
    consents: Consents,
    quotas: Quotas,
    kep_key: SealingKey,
}

#[derive(Serialize)]
struct Export {
    made_at: String,
    /// Texts that explain which data the export contains, which data it leaves out, and why.
    notes: Vec<&'static str>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    first: Option<FirstPage>,
    accesses: Vec<AccessView>,
    /// The `cursor` of the next page of accesses. Absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The data that only the first page contains.
#[derive(Serialize)]
struct FirstPage {
    person: PersonData,
    /// Agreements of the signed-in person, not of a minor.
    agreements: Vec<Agreement>,
    code_numbers_submitted_today: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    association: Option<AssociationView>,
    images: Vec<ImageLink>,
    associations: Vec<AssociationEventView>,
    authorizations: Vec<AuthorizationRecordView>,
    /// Cases that clerks of a KEP opened for the person.
    cases: Vec<CaseRecordView>,
}

#[derive(Serialize)]
struct PersonData {
    first_name: String,
    last_name: String,
    birth_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    afm: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    amka: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paaypa: Option<String>,
    /// The confirmed mobile number from the communications register. The service stores it only for the duration of a session.
    #[serde(skip_serializing_if = "Option::is_none")]
    mobile: Option<String>,
    /// The service's own identifier of the person.
    subject_id: String,
}

#[derive(Serialize)]
struct Agreement {
    kind: &'static str,
    version: String,
    given_at: String,
    kept_until: String,
    /// The case at a KEP in which the person agreed on paper.
    #[serde(skip_serializing_if = "Option::is_none")]
    at_kep: Option<KepView>,
}

#[derive(Serialize)]
struct ImageLink {
    image: domain::ImageKind,
    href: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let deps = Deps {
        sessions: setup.sessions(),
        applications: setup.applications(),
        associations: setup.associations(),
        history: setup.history(),
        consents: setup.consents(),
        quotas: setup.quotas(),
        kep_key: setup.kep_key(),
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let citizen = Citizen::from(call, &deps.sessions).await?;
    let subject = citizen.subject(call)?;
    let after = call.page()?.after;
    let (applications, accesses) =
        tokio::try_join!(deps.applications.all(), deps.history.list(&subject.id, Kind::Accesses, after, ACCESSES_PER_PAGE, call.now))?;
    let names = ApplicationNames::of(&applications);
    let first = if after.is_none() { Some(first_page(deps, call, &citizen.session, &subject, &names).await?) } else { None };
    let entries =
        accesses.records.iter().filter_map(|record| Some((record.id().to_owned(), AccessView::of(record, &names, call.language)?)));
    let bytes_left = PAGE_BYTES.saturating_sub(page::size(&first)?);
    let Page { entries: accesses, next } = Page::within(bytes_left, entries, accesses.next)?;
    Reply::json(200, &Export { made_at: call.now.rfc3339(), notes: notes(call.language), first, accesses, next })
        .map(|reply| reply.attachment("myphoto-data.json"))
}

fn notes(language: Language) -> Vec<&'static str> {
    rights::export_notes(language).to_vec()
}

async fn first_page(
    deps: &Deps,
    call: &Call,
    session: &Session,
    subject: &Subject,
    names: &ApplicationNames<'_>,
) -> Result<FirstPage, Failure> {
    let (association, consents, submissions_left, events, authorizations, cases) = tokio::try_join!(
        deps.associations.of(&subject.id, call.now),
        deps.consents.of(&session.subject_id, call.now),
        deps.quotas.submissions_left(&session.subject_id, call.now),
        all_records(deps, subject, Kind::Associations, call),
        all_records(deps, subject, Kind::Authorizations, call),
        all_records(deps, subject, Kind::Cases, call)
    )?;
    let images = association.iter().flat_map(|association| &association.images).map(|image| ImageLink {
        image: image.kind,
        href: format!("/v1/subjects/{}/association/photos/{}", subject.handle, image.kind.name()),
    });
    Ok(FirstPage {
        person: person(session, subject),
        agreements: consents.iter().map(|consent| agreement(consent, &deps.kep_key)).collect(),
        code_numbers_submitted_today: Quota::Submissions.limit().saturating_sub(submissions_left),
        images: images.collect(),
        association: association.map(|association| AssociationView::of(&association, subject, call.now)),
        associations: events.iter().filter_map(|record| AssociationEventView::of(record, &deps.kep_key)).collect(),
        authorizations: authorizations
            .iter()
            .filter_map(|record| AuthorizationRecordView::of(record, names, &deps.kep_key, call.language, call.now))
            .collect(),
        cases: cases
            .iter()
            .filter_map(|record| CaseRecordView::of(record, names, &session.minors, &deps.kep_key, call.language, call.now))
            .collect(),
    })
}

async fn all_records(deps: &Deps, subject: &Subject, kind: Kind, call: &Call) -> Result<Vec<Record>, StorageError> {
    let mut records = Vec::new();
    let mut after = None;
    loop {
        let page = deps.history.list(&subject.id, kind, after.as_deref(), CHUNK, call.now).await?;
        records.extend(page.records);
        after = page.next;
        if after.is_none() {
            return Ok(records);
        }
    }
}

fn person(session: &Session, subject: &Subject) -> PersonData {
    let subject_id = subject.id.as_str().to_owned();
    match &subject.minor {
        None => PersonData {
            first_name: session.person.first_name.clone(),
            last_name: session.person.last_name.clone(),
            birth_date: session.person.birth_date.clone(),
            afm: Some(session.person.afm.expose().to_owned()),
            amka: None,
            paaypa: None,
            mobile: session.person.mobile.as_ref().map(|mobile| mobile.expose().to_owned()),
            subject_id,
        },
        Some(minor) => PersonData {
            first_name: minor.first_name.clone(),
            last_name: minor.last_name.clone(),
            birth_date: String::from(minor.birth_date),
            afm: minor.afm.as_ref().map(|afm| afm.expose().to_owned()),
            amka: minor.amka.as_ref().map(|amka| amka.expose().to_owned()),
            paaypa: minor.paaypa.as_ref().map(|paaypa| paaypa.expose().to_owned()),
            mobile: None,
            subject_id,
        },
    }
}

fn agreement(consent: &Consent, key: &SealingKey) -> Agreement {
    Agreement {
        kind: consent.kind.name(),
        version: consent.version.clone(),
        given_at: consent.given_at.rfc3339(),
        kept_until: consent.expires_at.rfc3339(),
        at_kep: KepView::open(consent.at_kep.as_ref(), key),
    }
}
