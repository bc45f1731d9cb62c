//! GET /v1/sign-in/callback: back from TAXISnet. Who is it, may they go on, and the one-time password is sent.
//!
//! A browser gets its session as a cookie. A browser that an app opened gets none: it takes a code to the app, which exchanges it.

use domain::{Secret, business::is_photography, native_app::AppSignIn};
use edge::{Call, Failure, Reply, SIGN_IN_COOKIE, Setup};
use messages::problem::Problem;
use registers::{NationalRegisters, OwnedBusiness, RegisterError, RegisteredPerson, Taxisnet, TaxisnetPerson};
use sending::Sms;
use storage::{
    consents::Consents,
    nonces::{Nonces, SignIn},
    quotas::Quotas,
    sealing::{ExchangeCode, IdentifierHasher, SessionToken, digest_text, equal},
    sessions::{Business, Person, Session, Sessions},
    subjects::Subjects,
};

/// The server of GSIS that asks for a one-time password itself: ours is skipped.
const SERVER_WITH_OTP: &str = "oauth2serverotp";

struct Deps {
    nonces: Nonces,
    subjects: Subjects,
    sessions: Sessions,
    quotas: Quotas,
    consents: Consents,
    hasher: IdentifierHasher,
    taxisnet: Taxisnet,
    registers: NationalRegisters,
    sms: Sms,
    taxisnet_asks_otp: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let setup = Setup::new().await;
    let client = registers::http_client()?;
    let deps = Deps {
        nonces: setup.nonces(),
        subjects: setup.subjects(),
        sessions: setup.sessions(),
        quotas: setup.quotas(),
        consents: setup.consents(),
        hasher: setup.identifier_hasher(),
        taxisnet: setup.taxisnet(&client),
        registers: setup.national_registers(&client),
        sms: setup.sms(),
        taxisnet_asks_otp: setup.text("TAXISNET_SERVER") == SERVER_WITH_OTP,
    };
    edge::serve(env!("CARGO_BIN_NAME"), setup, deps, |deps, call| Box::pin(handle(deps, call))).await
}

async fn handle(deps: &Deps, call: &Call) -> Result<Reply, Failure> {
    let sign_in = take_sign_in(deps, call).await?;
    let Some(app) = &sign_in.app else {
        let session = begin_session(deps, call).await?;
        return Ok(Reply::see_other(&sign_in.return_to).set_session(&session.token));
    };
    call.tell_problems_to(app);
    let session = begin_session(deps, call).await?;
    hand_to_app(deps, call, app, &session).await
}

/// The sign-in that this browser began, once.
async fn take_sign_in(deps: &Deps, call: &Call) -> Result<SignIn, Failure> {
    let browser = call.cookie(SIGN_IN_COOKIE).ok_or(Problem::SignInState)?;
    let state = call.query("state").ok_or(Problem::SignInState)?;
    let sign_in = deps.nonces.take_sign_in(state, call.now).await?.ok_or(Problem::SignInState)?;
    let began_here = equal(sign_in.browser.as_bytes(), digest_text(browser).as_bytes());
    if began_here { Ok(sign_in) } else { Err(Problem::SignInState.into()) }
}

/// No cookie: the session is the app's alone, which proves with its verifier that it began.
async fn hand_to_app(deps: &Deps, call: &Call, app: &AppSignIn, session: &Session) -> Result<Reply, Failure> {
    let code = ExchangeCode::random()?;
    if !deps.nonces.begin_exchange(&code, app, &session.token, call.now).await? {
        return Err(Problem::Conflict.into());
    }
    Ok(Reply::see_other(&app.with_code(&code.expose())))
}

async fn begin_session(deps: &Deps, call: &Call) -> Result<Session, Failure> {
    let code = match (call.query("code"), call.query("error")) {
        (Some(code), None) => Secret::new(code),
        (_, Some("access_denied")) => return Err(Problem::SignInRefused.into()),
        (_, Some(_)) | (None, None) => return Err(Problem::SignInState.into()),
    };
    let taxisnet_person =
        deps.taxisnet.person(code.expose(), &session_functions::redirect_uri(call.public_origin())).await.map_err(taxisnet_failure)?;
    let afm = &taxisnet_person.afm;
    let (registered, mobile, businesses) =
        tokio::try_join!(deps.registers.person(afm), deps.registers.confirmed_mobile(afm), deps.registers.businesses(afm))?;
    if mobile.is_none() && !deps.taxisnet_asks_otp {
        return Err(Problem::NoConfirmedMobile.into());
    }
    let mut identifiers = registered.identifiers();
    if registered.afm.is_none() {
        identifiers.push(domain::Identifier::Afm(afm.clone()));
    }
    let subject_id = deps.subjects.resolve(&identifiers, call.now).await?;
    let person = person(deps, taxisnet_person, registered, mobile, businesses);
    let session = Session::begin(SessionToken::random()?, subject_id, person, call.now);
    if deps.taxisnet_asks_otp { without_otp(deps, call, session).await } else { with_otp(deps, call, session).await }
}

/// The usual way: count, send, and await the one-time password.
async fn with_otp(deps: &Deps, call: &Call, mut session: Session) -> Result<Session, Failure> {
    session_functions::count_otp_message(&deps.quotas, &session, &session.token.session_id(), call.now).await?;
    let (otp, awaited) = session_functions::draw_otp(&session, 0, call.now)?;
    session.otp = Some(awaited);
    // Stored first: a password that arrives must be one that can be entered.
    deps.sessions.start(&session, call.now).await?;
    session_functions::send_otp(&deps.sms, &session, &otp, call.language).await?;
    Ok(session)
}

async fn without_otp(deps: &Deps, call: &Call, mut session: Session) -> Result<Session, Failure> {
    let agreed = deps.consents.has_personal_data(&session.subject_id, call.now).await?;
    session.consent = agreed.then(|| domain::consent::PERSONAL_DATA_VERSION.to_owned());
    deps.sessions.start(&session, call.now).await?;
    Ok(session)
}

/// Names as the citizens' registry has them; TAXISnet's where it has none.
fn person(
    deps: &Deps,
    taxisnet: TaxisnetPerson,
    registered: RegisteredPerson,
    mobile: Option<domain::GreekMobile>,
    businesses: Vec<OwnedBusiness>,
) -> Person {
    let or = |name: String, other: String| if name.is_empty() { other } else { name };
    Person {
        first_name: or(registered.first_name, taxisnet.first_name),
        last_name: or(registered.last_name, taxisnet.last_name),
        afm: taxisnet.afm,
        birth_date: registered.birth_date,
        mobile,
        businesses: businesses
            .into_iter()
            .filter(|business| business.activities.iter().any(|activity| is_photography(activity)))
            .map(|business| Business { id: deps.hasher.business(&business.afm), name: business.name })
            .collect(),
    }
}

fn taxisnet_failure(error: RegisterError) -> Failure {
    match error {
        RegisterError::CodeRefused => Problem::SignInState.into(),
        RegisterError::PersonUnknown | RegisterError::Unavailable(_) | RegisterError::Unexpected(_) => {
            Failure::Failed { problem: Problem::TaxisnetUnavailable, cause: error.to_string() }
        }
    }
}
