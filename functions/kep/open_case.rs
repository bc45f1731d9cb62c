//! POST /v1/kep/cases: opens a case for the person at the counter, and sends the one-time password that proves the person's presence.

use domain::{
    Identifier, SubjectId,
    code_limit::Share,
    kep::{self, PresenceProof},
    otp::Otp,
    quota::{self, Quota},
};
use edge::{
    Call, Failure, Reply, Setup,
    guard::Clerk,
    log::{self, LogCode},
    views::CaseView,
};
use kep_functions::CaseRequest;
use messages::problem::Problem;
use registers::{NationalRegisters, RegisterError, RegisteredPerson};
use sending::Sms;
use serde_json::json;
use storage::{
    Transaction, TransactionError, case_closing,
    history::{AtKep, History, KepFacts, Record},
    quotas::{Quotas, Use},
    sealing::SealingKey,
    sessions::{Case, CaseHandle, CasePerson, LastCase, Session, Sessions},
    subjects::Subjects,
};

struct Deps {
    sessions: Sessions,
    history: History,
    quotas: Quotas,
    subjects: Subjects,
    transaction: Transaction,
    registers: NationalRegisters,
    sms: Sms,
    kep_key: SealingKey,
    allows_no_mobile: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let client = registers::http_client()?;
    let deps = Deps {
        sessions: setup.sessions(),
        history: setup.history(),
        quotas: setup.quotas(),
        subjects: setup.subjects(),
        transaction: setup.transaction(),
        registers: setup.national_registers(&client),
        sms: setup.sms(),
        kep_key: setup.kep_key(),
        allows_no_mobile: setup.text("KEP_WITHOUT_MOBILE") == "true",
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let clerk = Clerk::from(call, &deps.sessions).await?;
    let request = CaseRequest::of(call)?;
    // The clerk may have an open case in this session or in another one.
    if clerk.session.open_case(call.now).is_some() || deps.quotas.has_open_case(&clerk.session.subject_id, call.now).await? {
        return Err(Problem::CaseOpen.into());
    }
    if matches!(&request.number, Identifier::Afm(afm) if *afm == clerk.session.person.afm) {
        return Err(Problem::OwnCase.into());
    }
    // Counts the case before querying the registers, so that a number that the registers do not know counts too.
    count_case(deps, call, &clerk).await?;
    let registered = registered_adult(deps, call, &request.number).await?;
    if registered.afm.as_ref() == Some(&clerk.session.person.afm) {
        return Err(Problem::OwnCase.into());
    }
    let mobile = match &registered.afm {
        Some(afm) => deps.registers.confirmed_mobile(afm).await?,
        None => None,
    };
    let proof = kep::presence_proof(mobile.is_some(), deps.allows_no_mobile).ok_or(Problem::NoMobileAtKep)?;
    let subject_id = deps.subjects.resolve(&registered.identifiers(), call.now).await?;
    // If the clerk enters their own AMKA or PAAYPA, the registers may respond without the AFM. The subject ID then shows that the person is
    // the clerk.
    if subject_id == clerk.session.subject_id {
        return Err(Problem::OwnCase.into());
    }
    if mobile.is_some() {
        edge::otp::count_message(&deps.quotas, &subject_id, &call.request_id, call.now).await?;
    }
    let person = CasePerson {
        subject_id,
        first_name: registered.first_name,
        last_name: registered.last_name,
        birth_date: registered.birth_date,
        afm: registered.afm,
        mobile,
    };
    let (case, otp) = open(deps, call, &clerk, person, proof, request).await?;
    // The response describes the session as the transaction has stored it, without the data of the previous case.
    let mut session = clerk.session;
    (session.case_tries, session.submission, session.minors) = (0, None, Vec::new());
    if let (Some(mobile), Some(otp)) = (&case.person.mobile, &otp)
        && let Err(unsent) = kep_functions::send_otp(&deps.sms, mobile, otp, &case).await
    {
        close_unsent(deps, call, &session, &case).await;
        return Err(unsent.into());
    }
    Reply::json(201, &CaseView::of(&session, &case, None, Vec::new(), call.language))
}

/// Stores the case in the session, writes its record into the history of the person, and marks the clerk as having an open case. One
/// transaction does all three.
async fn open(
    deps: &Deps,
    call: &Call,
    clerk: &Clerk,
    person: CasePerson,
    proof: PresenceProof,
    request: CaseRequest,
) -> Result<(Case, Option<Otp>), Failure> {
    let CaseRequest { document, application_number, language, .. } = request;
    let office = clerk.office.office.clone();
    let facts = KepFacts { office: office.clone(), application_number: application_number.clone(), clerk: clerk.office.clerk.clone() };
    let at_kep = AtKep::seal(&deps.kep_key, &facts)?;
    let expires_at = kep::expires_at(call.now, clerk.session.hard_end);
    let sealed_document = at_kep.seal_document(&deps.kep_key, &document)?;
    let record = Record::of_case(&person.subject_id, &at_kep, sealed_document, call.now, expires_at);
    let (otp, awaited) = match proof {
        PresenceProof::Otp => edge::otp::draw(&clerk.session, 0, call.now).map(|(otp, awaited)| (Some(otp), Some(awaited)))?,
        PresenceProof::Declaration => (None, None),
    };
    let case = Case {
        handle: CaseHandle::random()?,
        record: record.event.clone(),
        office,
        application_number,
        document,
        language,
        person,
        proof,
        proven_at: None,
        otp: awaited,
        consent: None,
        at_kep,
        message: None,
        opened_at: call.now,
        expires_at,
    };
    let Deps { sessions, history, quotas, transaction, .. } = deps;
    let transaction = transaction
        .clone()
        .with(sessions.open_case_write(&clerk.session, case.clone(), call.now)?)
        .with(history.put_write(&record)?)
        .with(quotas.open_case_write(&clerk.session.subject_id, &case.handle, expires_at, call.now)?);
    match transaction.commit().await {
        Ok(()) => Ok((case, otp)),
        // Another tab or session opened a case at the same time, another tab changed the role, or the session has ended.
        Err(TransactionError::Refused(_) | TransactionError::Conflict) => {
            let session = sessions.load(&clerk.session.token, call.now).await?.filter(|session| session.successor.is_none());
            Err(match session {
                Some(session) if session.role == clerk.session.role => Problem::CaseOpen,
                Some(_) => Problem::Conflict,
                None => Problem::SessionExpired,
            }
            .into())
        }
        Err(TransactionError::Storage(error)) => Err(error.into()),
    }
}

/// Counts a case of the clerk. If at least half of the daily limit is used, logs whether half or all of it is used.
async fn count_case(deps: &Deps, call: &Call, clerk: &Clerk) -> Result<(), Failure> {
    let id: &SubjectId = &clerk.session.subject_id;
    let report = |share: Share| log::line(env!("CARGO_BIN_NAME"), LogCode::CaseLimit, &[("share", json!(share.name()))]);
    match deps.quotas.use_one(Quota::Cases, id, &call.request_id, call.now).await? {
        Use::WithinLimit { used } => {
            let share = Share::of(u32::try_from(used).unwrap_or(u32::MAX), Quota::Cases.limit());
            share.into_iter().for_each(report);
            Ok(())
        }
        Use::Exhausted => {
            report(Share::Whole);
            Err(Problem::CaseLimit { renews_at: quota::renews_at(call.now) }.into())
        }
    }
}

/// Returns the adult with this number. A minor's number counts as unknown, because only a person with custody acts for a minor.
async fn registered_adult(deps: &Deps, call: &Call, number: &Identifier) -> Result<RegisteredPerson, Failure> {
    let registered = match deps.registers.person_by_number(number).await {
        Ok(registered) => registered,
        Err(RegisterError::PersonUnknown) => return Err(Problem::CasePersonUnknown.into()),
        Err(
            error @ (RegisterError::CodeRefused
            | RegisterError::Unavailable(_)
            | RegisterError::Unexpected(_)
            | RegisterError::AnotherPerson(_)),
        ) => return Err(error.into()),
    };
    if registered.birth_date()?.is_minor(call.now) { Err(Problem::CasePersonUnknown.into()) } else { Ok(registered) }
}

/// Closes a case whose one-time password could not be sent, so that the clerk can open a new one. The case has no message to the person
/// yet. If closing fails, the case expires by itself.
async fn close_unsent(deps: &Deps, call: &Call, session: &Session, case: &Case) {
    let Deps { sessions, history, quotas, transaction, .. } = deps;
    let closing = async {
        let session = sessions.load(&session.token, call.now).await?;
        match session {
            Some(session) if session.case.as_ref().map(LastCase::handle) == Some(&case.handle) => {
                let transaction = transaction.clone().with(sessions.close_case_write(&session, &case.handle)?);
                case_closing::end_record(transaction, history, quotas, &session, case, call.now)?.commit().await
            }
            Some(_) | None => Ok(()),
        }
    };
    log::side_call(env!("CARGO_BIN_NAME"), closing.await);
}
