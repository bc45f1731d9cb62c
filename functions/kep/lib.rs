//! Code that the functions for cases at a KEP share.

use domain::{
    GreekMobile, Identifier, Language,
    kep::{APPLICATION_NUMBER_CHARACTERS_MAX, ApplicationNumber, Document, DocumentKind, LastFour},
    otp::Otp,
    typed::{self, TypedError},
};
use edge::{Call, otp::Unsent};
use messages::problem::{FieldReason, Problem};
use sending::Sms;
use serde::Deserialize;
use storage::sessions::Case;

/// The data that a clerk enters to open a case.
pub struct CaseRequest {
    /// The AFM, AMKA or PAAYPA of the person at the counter.
    pub number: Identifier,
    pub document: Document,
    pub application_number: ApplicationNumber,
    /// The language of the SMS to the person.
    pub language: Language,
}

impl CaseRequest {
    /// Parses the body of the request.
    ///
    /// # Errors
    /// [`Problem::MalformedJson`], [`Problem::InvalidField`].
    pub fn of(call: &Call) -> Result<Self, Problem> {
        let body: Body = call.json()?;
        Ok(Self {
            number: identifier(&body.person)?,
            document: document(&body.document)?,
            application_number: application_number(&body.application_number)?,
            language: body.language,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    person: IdentifierBody,
    document: DocumentBody,
    application_number: String,
    /// Greek, unless the clerk chooses another.
    #[serde(default)]
    language: Language,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentifierBody {
    kind: Kind,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Afm,
    Amka,
    Paaypa,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DocumentBody {
    kind: DocumentKind,
    last_four: String,
}

fn identifier(body: &IdentifierBody) -> Result<Identifier, Problem> {
    let invalid = |error: TypedError| Problem::InvalidField {
        field: "person.value".to_owned(),
        reason: FieldReason::InvalidNumber.unless_several(error),
    };
    match body.kind {
        Kind::Afm => typed::afm(&body.value).map(|typed| Identifier::Afm(typed.value)),
        Kind::Amka => typed::amka(&body.value).map(|typed| Identifier::Amka(typed.value)),
        Kind::Paaypa => typed::paaypa(&body.value).map(|typed| Identifier::Paaypa(typed.value)),
    }
    .map_err(invalid)
}

fn document(body: &DocumentBody) -> Result<Document, Problem> {
    let last_four = LastFour::parse(&body.last_four).map_err(|_| invalid_text("document.last_four", 4))?;
    Ok(Document { kind: body.kind, last_four })
}

fn application_number(text: &str) -> Result<ApplicationNumber, Problem> {
    ApplicationNumber::parse(text).map_err(|_| invalid_text("application_number", APPLICATION_NUMBER_CHARACTERS_MAX))
}

fn invalid_text(field: &str, limit: usize) -> Problem {
    Problem::InvalidField { field: field.to_owned(), reason: FieldReason::InvalidText { limit } }
}

/// Sends the one-time password that proves the presence of the person at the counter, in the language of the case.
///
/// # Errors
/// [`Problem::OtpNotSent`].
pub async fn send_otp(sms: &Sms, mobile: &GreekMobile, otp: &Otp, case: &Case) -> Result<(), Unsent> {
    edge::otp::send(sms, mobile, &messages::sms::presence_otp(otp, &case.office.name, case.language)).await
}
