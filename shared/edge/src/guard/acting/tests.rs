use std::collections::HashMap;

use domain::{Afm, Moment, consent::PERSONAL_DATA_VERSION, minor::BirthDate, time::Span};
use lambda_http::{Body, Request, RequestExt};
use serde_json::json;
use storage::{
    sealing::SessionToken,
    sessions::{Minor, Person},
};

use super::*;

const NOW: Moment = Moment::from_epoch_seconds(1_800_000_000);

fn call(subject: &str) -> Call {
    let path = HashMap::from([("subject".to_owned(), vec![subject.to_owned()])]);
    Call::new(Request::new(Body::Empty).with_path_parameters(path), "https://myphoto.example", NOW)
}

fn session() -> Session {
    let person = Person {
        first_name: String::new(),
        last_name: String::new(),
        afm: Afm::parse("068933130").unwrap(),
        birth_date: String::new(),
        mobile: None,
        businesses: Vec::new(),
        offices: Vec::new(),
    };
    Session::begin(SessionToken::random().unwrap(), SubjectId::from_random([1; 16]), person, NOW)
}

fn person_at_the_counter() -> SubjectId {
    SubjectId::from_random([9; 16])
}

fn case(handle: &str) -> Case {
    serde_json::from_value(json!({
        "handle": handle, "record": "case#1", "office": { "id": "k1", "name": "ΚΕΠ" }, "application_number": "1", "proof": "otp",
        "document": { "kind": "passport", "last_four": "1234" }, "at_kep": { "seal": "s", "sealed": "s" },
        "opened_at": NOW, "expires_at": NOW.plus(Span::minutes(20)), "proven_at": NOW, "consent": PERSONAL_DATA_VERSION,
        "person": { "subject_id": person_at_the_counter(), "first_name": "", "last_name": "", "birth_date": "1990-05-17" },
    }))
    .unwrap()
}

fn minor(handle: &str) -> Minor {
    Minor {
        handle: handle.to_owned(),
        subject_id: SubjectId::from_random([2; 16]),
        first_name: String::new(),
        last_name: String::new(),
        birth_date: BirthDate::parse("2026-01-01").unwrap(),
        afm: None,
        amka: None,
        paaypa: None,
        case: None,
    }
}

#[test]
fn a_clerk_acts_only_for_the_person_of_the_case_and_the_minors_added_in_it() {
    let mut session = session();
    session.minors = vec![minor("m")];
    let clerk = Acting { session, case: Some(case("h")) };
    assert_eq!(clerk.subject(&call("h")).unwrap().id, person_at_the_counter());
    assert_eq!(clerk.subject(&call("m")).unwrap().id, SubjectId::from_random([2; 16]));
    // A clerk cannot act for `self`. The other names are no handle of this case, so each may be the handle of an earlier case.
    for other in [SELF, "earlier", "", "1"] {
        assert_eq!(clerk.subject(&call(other)).unwrap_err(), Problem::CaseOver, "{other}");
    }
    assert_eq!(clerk.person(), &person_at_the_counter());
    assert_eq!(clerk.managed(&call("h")), [person_at_the_counter(), SubjectId::from_random([2; 16])]);
    assert!(clerk.is_case_over(&TransactionError::Refused(vec![0, 2])) && !clerk.is_case_over(&TransactionError::Refused(vec![1])));
    assert!(clerk.channel().is_some() && clerk.consent() == Some(PERSONAL_DATA_VERSION));
}

#[test]
fn a_citizen_acts_for_themselves_and_no_handle_of_a_case_names_them() {
    let citizen = Acting { session: session(), case: None };
    assert_eq!(citizen.subject(&call(SELF)).unwrap().id, SubjectId::from_random([1; 16]));
    assert_eq!(citizen.subject(&call("h")).unwrap_err(), Problem::SubjectUnknown);
    assert_eq!(citizen.person(), &SubjectId::from_random([1; 16]));
    assert!(citizen.channel().is_none());
    // A citizen has no case, so a failed condition in a citizen's transaction never means that a case is over.
    assert!(!citizen.is_case_over(&TransactionError::Refused(vec![0])));
}

/// Returns a case in which the presence of the person is not proven yet.
fn awaiting(handle: &str) -> Case {
    Case { proven_at: None, consent: None, ..case(handle) }
}

#[test]
fn a_body_names_the_open_case_of_a_clerk_and_no_case_of_a_citizen() {
    let mut agreed = session();
    agreed.consent = Some(PERSONAL_DATA_VERSION.to_owned());
    let citizen = || CaseInBody(Acting { session: agreed.clone(), case: None });
    let clerk = |case| CaseInBody(Acting { session: session(), case: Some(case) });
    let invalid = |reason| Some(Problem::InvalidField { field: "case".to_owned(), reason });
    assert!(citizen().named(None).is_ok());
    assert_eq!(citizen().named(Some("h")).err(), invalid(FieldReason::Unknown));
    assert!(clerk(case("h")).named(Some("h")).is_ok());
    assert_eq!(clerk(case("h")).named(None).err(), invalid(FieldReason::Missing));
    assert_eq!(clerk(case("h")).named(Some("earlier")).err(), Some(Problem::CaseOver));
    // A missing agreement is an error only in operations that require the agreement.
    let without = Case { consent: None, ..case("h") };
    assert_eq!(clerk(without.clone()).named(Some("h")).err(), Some(Problem::ConsentRequired));
    assert!(clerk(without).named_before_consent(Some("h")).is_ok());
    assert_eq!(CaseInBody(Acting { session: session(), case: None }).named(None).err(), Some(Problem::ConsentRequired));
}

#[test]
fn an_earlier_case_is_over_also_while_the_current_one_awaits_its_password() {
    let mut session = session();
    session.minors = vec![minor("m")];
    let clerk = || Acting { session: session.clone(), case: Some(awaiting("h")) };
    assert_eq!(clerk().check_subject(&call("earlier")), Err(Problem::CaseOver));
    for own in ["h", "m"] {
        assert_eq!(clerk().check_subject(&call(own)), Ok(()), "{own}");
    }
    assert_eq!(clerk().present().err(), Some(Problem::PresenceNotProven));
    for named in [CaseInBody::named, CaseInBody::named_before_consent] {
        assert_eq!(named(CaseInBody(clerk()), Some("earlier")).err(), Some(Problem::CaseOver));
        assert_eq!(named(CaseInBody(clerk()), Some("h")).err(), Some(Problem::PresenceNotProven));
    }
}
