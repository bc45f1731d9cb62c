//! Cases at a KEP in responses to the person. They contain the office, the application number, the time and the acts, but nothing about the
//! clerk.

use domain::{
    Language, Moment,
    kep::{Act, ActKind, Document, DocumentKind, Presence},
};
use serde::Serialize;
use storage::{
    history::{AtKep, Event, Record},
    sealing::SealingKey,
    sessions::Minor,
};

use super::ApplicationNames;
use crate::log;

/// The case at a KEP in which a record was written.
#[derive(Debug, Serialize)]
pub struct KepView {
    /// Name of the office.
    pub office: String,
    /// Number that the office gave to the person's signed application.
    pub application_number: String,
}

impl KepView {
    /// Opens the sealed facts about the case in which a record was written. Returns `None` if the record was not written in a case, or if
    /// the facts cannot be opened, for example because `KEP_SECRET` was changed. The rest of the history can still be shown.
    pub fn open(at_kep: Option<&AtKep>, key: &SealingKey) -> Option<Self> {
        match at_kep?.open(key) {
            Ok(facts) => Some(Self {
                office: facts.office.name.as_str().to_owned(),
                application_number: facts.application_number.expose().to_owned(),
            }),
            Err(error) => {
                log::side_call("at_kep", Err(error));
                None
            }
        }
    }
}

/// Something that the clerk did in the case.
#[derive(Debug, Serialize)]
pub struct ActView {
    pub what: ActKind,
    pub at: String,
    /// For an act that concerns an application, the application's name. For another act, the first name of the minor for whom it was done,
    /// if the minor has been added in this session. Otherwise absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl ActView {
    pub fn of(act: &Act, names: &ApplicationNames<'_>, minors: &[Minor], language: Language) -> Self {
        let minor = || minors.iter().find(|minor| Some(&minor.subject_id) == act.minor.as_ref()).map(|minor| minor.first_name.clone());
        let application = act.application.as_ref().map(|id| names.name(id.as_str(), language));
        Self { what: act.what, at: act.at.rfc3339(), label: application.or_else(minor) }
    }
}

/// The identity document that the person showed.
#[derive(Debug, Serialize)]
pub struct DocumentView {
    pub kind: DocumentKind,
    pub last_four: String,
}

impl DocumentView {
    pub fn of(document: &Document) -> Self {
        Self { kind: document.kind, last_four: document.last_four.expose().to_owned() }
    }
}

/// A case, as shown to the person for whom it was opened.
#[derive(Debug, Serialize)]
pub struct CaseRecordView {
    /// Absent if the sealed facts cannot be opened ([`KepView::open`]).
    #[serde(flatten)]
    pub at: Option<KepView>,
    pub opened_at: String,
    /// Absent while the case is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<String>,
    pub presence: Presence,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentView>,
    pub done: Vec<ActView>,
}

impl CaseRecordView {
    pub fn of(
        record: &Record,
        names: &ApplicationNames<'_>,
        minors: &[Minor],
        key: &SealingKey,
        language: Language,
        now: Moment,
    ) -> Option<Self> {
        let Event::Case(case) = &record.what else { return None };
        let document = record.at_kep.as_ref().and_then(|at_kep| match at_kep.open_document(key, &case.document) {
            Ok(document) => Some(DocumentView::of(&document)),
            Err(error) => {
                log::side_call("document", Err(error));
                None
            }
        });
        Some(Self {
            at: KepView::open(record.at_kep.as_ref(), key),
            opened_at: record.at.rfc3339(),
            ended_at: case.ended_at(now).map(Moment::rfc3339),
            presence: case.presence,
            document,
            done: case.acts().into_iter().map(|act| ActView::of(act, names, minors, language)).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::{
        SubjectId,
        application::{ApplicationId, Purpose},
        kep::{ApplicationNumber, ClerkId, LastFour, Office, OfficeId, OfficeName},
        minor::BirthDate,
        time::Span,
    };
    use serde_json::{Value, json};
    use storage::{applications::Application, history::KepFacts, sealing::kep_key};

    use super::*;
    use crate::records::AuthorizationRecordView;

    const NOW: Moment = Moment::from_epoch_seconds(1_800_000_000);

    fn at_kep(key: &SealingKey) -> AtKep {
        let office = Office {
            id: OfficeId::parse("KEP-0417").unwrap(), name: OfficeName::parse("ΚΕΠ Δήμου Ασπροχωρίου").unwrap()
        };
        let application_number = ApplicationNumber::parse("777/2026").unwrap();
        AtKep::seal(key, &KepFacts { office, application_number, clerk: ClerkId::from_hash("the-clerk".to_owned()) }).unwrap()
    }

    fn person() -> SubjectId {
        SubjectId::from_random([1; 16])
    }

    fn child() -> Minor {
        Minor {
            handle: "m".to_owned(),
            subject_id: SubjectId::from_random([2; 16]),
            first_name: "ΔΑΦΝΗ".to_owned(),
            last_name: String::new(),
            birth_date: BirthDate::parse("2020-01-01").unwrap(),
            afm: None,
            amka: None,
            paaypa: None,
            case: None,
        }
    }

    fn case(key: &SealingKey) -> Record {
        let at_kep = at_kep(key);
        let document = Document { kind: DocumentKind::Passport, last_four: LastFour::parse("ab12").unwrap() };
        let sealed = at_kep.seal_document(key, &document).unwrap();
        let mut record = Record::of_case(&person(), &at_kep, sealed, NOW, NOW.plus(Span::minutes(20)));
        let Event::Case(case) = &mut record.what else { panic!("another event") };
        let act = |what, seconds, application: Option<&str>, minor: Option<SubjectId>| Act {
            what,
            at: NOW.plus(Span::seconds(seconds)),
            application: application.map(|id| ApplicationId::parse(id).unwrap()),
            minor,
        };
        // The IDs of these acts are not in chronological order, so the view must sort the acts by time.
        case.done.insert("a".to_owned(), act(ActKind::Authorized, 9, Some("passport"), None));
        case.done.insert("b".to_owned(), act(ActKind::MinorAdded, 5, None, Some(child().subject_id)));
        case.done.insert("c".to_owned(), act(ActKind::Consented, 1, None, None));
        record
    }

    fn shown(record: &Record, minors: &[Minor], key: &SealingKey, now: Moment) -> Value {
        let applications: Vec<Application> = Vec::new();
        let names = ApplicationNames::of(&applications);
        serde_json::to_value(CaseRecordView::of(record, &names, minors, key, Language::El, now).unwrap()).unwrap()
    }

    #[test]
    fn a_case_shows_where_when_and_what_in_order_and_nothing_about_the_clerk() {
        let key = kep_key("secret");
        let record = case(&key);
        let expected = json!({
            "office": "ΚΕΠ Δήμου Ασπροχωρίου", "application_number": "777/2026", "opened_at": NOW.rfc3339(), "presence": "not_proven",
            "document": { "kind": "passport", "last_four": "AB12" },
            "done": [
                { "what": "consented", "at": NOW.plus(Span::seconds(1)).rfc3339() },
                { "what": "minor_added", "at": NOW.plus(Span::seconds(5)).rfc3339(), "label": "ΔΑΦΝΗ" },
                // The name of an application that no longer exists is unknown, so its ID is shown.
                { "what": "authorized", "at": NOW.plus(Span::seconds(9)).rfc3339(), "label": "passport" },
            ],
        });
        assert_eq!(shown(&record, &[child()], &key, NOW), expected);
        // The name of a minor is shown only in a session in which the registers have confirmed the custody.
        assert_eq!(shown(&record, &[], &key, NOW)["done"][1]["label"], Value::Null);
        let end = NOW.plus(Span::minutes(20));
        assert_eq!(shown(&record, &[], &key, end)["ended_at"], json!(end.rfc3339()));
    }

    #[test]
    fn a_case_whose_facts_do_not_open_is_still_shown() {
        let shown = shown(&case(&kep_key("old secret")), &[], &kep_key("secret"), NOW);
        assert_eq!((&shown["office"], &shown["document"]), (&Value::Null, &Value::Null));
        assert_eq!((&shown["presence"], shown["done"].as_array().unwrap().len()), (&json!("not_proven"), 3));
    }

    #[test]
    fn an_authorization_shows_the_cases_in_which_it_was_given_and_ended() {
        let key = kep_key("secret");
        let what = Event::Authorized {
            application: ApplicationId::parse("passport").unwrap(),
            purpose: Purpose::Passport,
            by: person(),
            until: NOW.plus(Span::days(9)),
            ended_at: Some(NOW),
            ended_at_kep: Some(at_kep(&key)),
        };
        let given = Record::new(&person(), what, NOW, NOW).at_kep(Some(&at_kep(&key)));
        let applications: Vec<Application> = Vec::new();
        let view = AuthorizationRecordView::of(&given, &ApplicationNames::of(&applications), &key, Language::El, NOW).unwrap();
        let shown = serde_json::to_value(view).unwrap();
        let at = json!({ "office": "ΚΕΠ Δήμου Ασπροχωρίου", "application_number": "777/2026" });
        assert_eq!((&shown["at_kep"], &shown["ended_at_kep"]), (&at, &at));
        assert!(!shown.to_string().contains("the-clerk"), "{shown}");
    }
}
