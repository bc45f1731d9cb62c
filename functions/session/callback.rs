//! GET /v1/sign-in/callback: the browser returns from TAXISnet. Identifies the person, begins a session and sends the one-time password.
//!
//! A browser receives its session as a cookie. A browser that an app opened receives no cookie, and is redirected to the app with a code
//! that the app exchanges for the session. Problems are shown on a page of the web application, or reported to the app.

use std::time::Duration;

use domain::{Afm, Language, Secret, business::is_photography, native_app::AppSignIn, staff::EMPLOYER_LOOKUPS_CONCURRENCY};
use edge::{Call, Failure, Reply, SIGN_IN_COOKIE, Setup, log};
use futures_util::future::join_all;
use messages::problem::Problem;
use registers::{NationalRegisters, OwnedBusiness, RegisteredPerson, Taxisnet, TaxisnetPerson};
use sending::Sms;
use storage::{
    case_closing::CaseClosing,
    consents::Consents,
    nonces::{Nonces, SignIn},
    quotas::Quotas,
    sealing::{ExchangeCode, IdentifierHasher, SealingKey, SessionToken, equal, sha256_base64url},
    sessions::{Business, ClerkOffice, Person, Session},
    staff::{Staff, StaffItem},
    subjects::Subjects,
};
use tokio::time::{Instant, timeout_at};

/// Name of the TAXISnet server that verifies a one-time password itself. If this server is set, the service sends no one-time password.
const SERVER_WITH_OTP: &str = "oauth2serverotp";
/// Time limit for looking up all employers and, concurrently, the KEP offices. The function times out after 10 s, and the sign-in itself
/// needs the remaining time.
const OPTIONAL_ROLES_TIMEOUT: Duration = Duration::from_secs(4);

struct Deps {
    nonces: Nonces,
    subjects: Subjects,
    closing: CaseClosing,
    quotas: Quotas,
    consents: Consents,
    staff: Staff,
    staff_key: SealingKey,
    hasher: IdentifierHasher,
    taxisnet: Taxisnet,
    registers: NationalRegisters,
    sms: Sms,
    taxisnet_verifies_otp: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::from_environment();
    let client = registers::http_client()?;
    let deps = Deps {
        nonces: setup.nonces(),
        subjects: setup.subjects(),
        closing: setup.case_closing(),
        quotas: setup.quotas(),
        consents: setup.consents(),
        staff: setup.staff(),
        staff_key: setup.staff_key(),
        hasher: setup.identifier_hasher(),
        taxisnet: setup.taxisnet(&client),
        registers: setup.national_registers(&client),
        sms: setup.sms(),
        taxisnet_verifies_otp: setup.text("TAXISNET_SERVER") == SERVER_WITH_OTP,
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    call.redirect_errors_to_page();
    let sign_in = take_sign_in(deps, call).await?;
    let language = sign_in.language.unwrap_or(call.language);
    let Some(app) = &sign_in.app else {
        call.set_return_path(&sign_in.return_to);
        let session = begin_session(deps, call, language).await?;
        end_previous_session(deps, call).await;
        return Ok(Reply::see_other(&sign_in.return_to).set_session(&session.token));
    };
    call.report_errors_to_app(app);
    let session = begin_session(deps, call, language).await?;
    redirect_to_app(deps, call, app, &session).await
}

/// Ends the session that the browser had, because the new cookie replaces the old one. Also closes a case that is open in the old session.
/// If this fails, the session or case ends when it expires.
async fn end_previous_session(deps: &Deps, call: &Call) {
    if let Ok(token) = call.session_token() {
        let closed = deps.closing.close_with_session(&token, call.now).await;
        if !matches!(closed, Ok(true)) {
            log::side_call(env!("CARGO_BIN_NAME"), deps.closing.sessions.end(&token).await);
        }
        log::side_call(env!("CARGO_BIN_NAME"), closed.map(drop));
    }
}

/// Returns the sign-in that this browser began, and removes it from storage, so that it cannot be used again.
async fn take_sign_in(deps: &Deps, call: &Call) -> Result<SignIn, Failure> {
    let browser = call.cookie(SIGN_IN_COOKIE).ok_or(Problem::SignInState)?;
    let state = call.query("state").ok_or(Problem::SignInState)?;
    let sign_in = deps.nonces.take_sign_in(state, call.now).await?.ok_or(Problem::SignInState)?;
    let began_here = equal(sign_in.browser.as_bytes(), sha256_base64url(browser).as_bytes());
    if began_here { Ok(sign_in) } else { Err(Problem::SignInState.into()) }
}

/// Redirects the browser to the app with a code for the session. Sets no cookie, because the session belongs to the app, which proves with
/// its code verifier that it began the sign-in.
async fn redirect_to_app(deps: &Deps, call: &Call, app: &AppSignIn, session: &Session) -> Result<Reply, Failure> {
    let code = ExchangeCode::random()?;
    deps.nonces.begin_exchange(&code, app, &session.token, call.now).await?;
    Ok(Reply::see_other(&app.with_code(&code.expose())))
}

/// Identifies the person through TAXISnet and the registers, and begins a session. `language` is that of the SMS.
async fn begin_session(deps: &Deps, call: &Call, language: Language) -> Result<Session, Failure> {
    let code = match (call.query("code"), call.query("error")) {
        (Some(code), None) => Secret::new(code),
        (_, Some("access_denied")) => return Err(Problem::SignInRefused.into()),
        (None, Some(error)) => return Err(session_functions::taxisnet_error(error)),
        (Some(_), Some(_)) | (None, None) => return Err(Problem::SignInState.into()),
    };
    let redirect_uri = session_functions::redirect_uri(call.public_origin());
    let taxisnet_person = deps.taxisnet.person(code.expose(), &redirect_uri).await.map_err(session_functions::taxisnet_failure)?;
    let afm = &taxisnet_person.afm;
    let (registered, employers, offices) =
        tokio::join!(session_functions::query_registers(&deps.registers, afm), employers(deps, afm), offices(deps, afm));
    let ((registered, mobile, owned), employers) = (registered?, employers?);
    taxisnet_person.matches(&registered)?;
    if mobile.is_none() && !deps.taxisnet_verifies_otp {
        return Err(Problem::NoConfirmedMobile.into());
    }
    let subject_id = deps.subjects.resolve(&registered.identifiers(), call.now).await?;
    let person = Person { offices, ..person(deps, taxisnet_person, registered, mobile, owned, employers) };
    let session = Session::begin(SessionToken::random()?, subject_id, person, call.now);
    if deps.taxisnet_verifies_otp {
        start_without_otp(deps, call, session).await
    } else {
        start_with_otp(deps, call, session, language).await
    }
}

/// Starts a session that awaits a one-time password, and sends the password.
async fn start_with_otp(deps: &Deps, call: &Call, mut session: Session, language: Language) -> Result<Session, Failure> {
    edge::otp::count_message(&deps.quotas, &session.subject_id, &session.token.session_id(), call.now).await?;
    let (otp, awaited) = edge::otp::draw(&session, 0, call.now)?;
    session.otp = Some(awaited);
    // The session is stored first, so that the password can be entered as soon as it arrives.
    deps.closing.sessions.start(&session, call.now).await?;
    session_functions::send_otp(&deps.sms, &session, &otp, call.public_origin(), language).await?;
    Ok(session)
}

/// Starts a session that needs no one-time password.
async fn start_without_otp(deps: &Deps, call: &Call, mut session: Session) -> Result<Session, Failure> {
    let agreed = deps.consents.has_agreed_to_personal_data(&session.subject_id, call.now).await?;
    session.consent = agreed.then(|| domain::consent::PERSONAL_DATA_VERSION.to_owned());
    deps.closing.sessions.start(&session, call.now).await?;
    Ok(session)
}

/// Builds the person of the session. Names are those of the citizens' registry, or those of TAXISnet if the registry has none.
fn person(
    deps: &Deps,
    taxisnet: TaxisnetPerson,
    registered: RegisteredPerson,
    mobile: Option<domain::GreekMobile>,
    owned: Vec<OwnedBusiness>,
    employers: Vec<Business>,
) -> Person {
    let or = |name: String, fallback: String| if name.is_empty() { fallback } else { name };
    let owned = owned.into_iter().filter(photographs).map(|business| {
        let id = deps.hasher.business(&business.afm);
        let member = Some(deps.hasher.member(&id, &taxisnet.afm));
        Business { id, name: business.name, afm: Some(business.afm), staff: None, member }
    });
    let mut businesses: Vec<Business> = owned.collect();
    // An owner of a business acts as its owner, even if another owner has authorised them as staff.
    let as_staff = employers.into_iter().filter(|employer| businesses.iter().all(|own| own.id != employer.id)).collect::<Vec<_>>();
    businesses.extend(as_staff);
    Person {
        first_name: or(registered.first_name, taxisnet.first_name),
        last_name: or(registered.last_name, taxisnet.last_name),
        afm: taxisnet.afm,
        birth_date: registered.birth_date,
        mobile,
        businesses,
        offices: Vec::new(),
    }
}

/// Returns whether the business is a photographer's.
fn photographs(business: &OwnedBusiness) -> bool {
    business.activities.iter().any(|activity| is_photography(activity))
}

/// Returns the KEP offices at which the person is an authorised clerk today.
///
/// If the registers return an error or take too long, returns no offices, and the sign-in continues. Otherwise a failure of the register of
/// clerks would block every citizen.
async fn offices(deps: &Deps, afm: &Afm) -> Vec<ClerkOffice> {
    let result = session_functions::kep_offices(&deps.registers, &deps.hasher, afm, OPTIONAL_ROLES_TIMEOUT).await;
    result.unwrap_or_else(|cause| {
        log::side_call(env!("CARGO_BIN_NAME"), Err(cause));
        Vec::new()
    })
}

/// Returns the businesses that have authorised this person as staff. Leaves out a business that no longer belongs to its owner or is no
/// longer a photographer's, so that staff cannot act for a closed business.
///
/// Also leaves out a business for which the registers return an error. If the lookups together take too long, leaves out the remaining
/// businesses. The sign-in continues in both cases. Otherwise an owner could block the sign-in of a person by authorising them.
async fn employers(deps: &Deps, afm: &Afm) -> Result<Vec<Business>, Failure> {
    let employee = deps.hasher.employee(afm);
    let mut businesses = Vec::new();
    let items = deps.staff.of_employee(&employee).await?;
    let deadline = Instant::now() + OPTIONAL_ROLES_TIMEOUT;
    for chunk in items.chunks(EMPLOYER_LOOKUPS_CONCURRENCY) {
        let lookups = join_all(chunk.iter().map(|item| employer(deps, item)));
        let Ok(results) = timeout_at(deadline, lookups).await else {
            log::side_call(env!("CARGO_BIN_NAME"), Err("looking up employers in the registers took too long"));
            break;
        };
        for result in results {
            match result {
                Ok(business) => businesses.extend(business),
                Err(failure) => log::side_call(env!("CARGO_BIN_NAME"), Err(failure.cause())),
            }
        }
    }
    Ok(businesses)
}

/// Returns the business that authorised an employee. Returns `None` if the business no longer belongs to its owner or is no longer a
/// photographer's.
async fn employer(deps: &Deps, item: &StaffItem) -> Result<Option<Business>, Failure> {
    let facts = item.open(&deps.staff_key)?;
    let owned = deps.registers.businesses(&facts.owner_afm).await?;
    let employer = owned.into_iter().find(|business| business.afm == facts.business_afm && photographs(business));
    let as_staff = |business: OwnedBusiness| Business {
        id: item.business.clone(),
        name: business.name,
        afm: None,
        staff: Some(item.employee.clone()),
        member: Some(deps.hasher.member(&item.business, &facts.afm)),
    };
    Ok(employer.map(as_staff))
}
