//! The national registers: citizens' registry, National Communications Register (EMEp), tax registry.

use domain::{
    Afm, GreekMobile, Identifier, Secret,
    identity::{Amka, Paaypa},
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{RegisterError, unavailable};

#[derive(Debug, Clone)]
pub struct NationalRegisters {
    client: reqwest::Client,
    base: String,
    token: Secret,
}

/// A person as the citizens' registry has them.
#[derive(Debug, Clone, Deserialize)]
pub struct RegisteredPerson {
    pub afm: Option<Afm>,
    pub amka: Option<Amka>,
    pub paaypa: Option<Paaypa>,
    pub first_name: String,
    pub last_name: String,
    /// YYYY-MM-DD
    pub birth_date: String,
}

impl RegisteredPerson {
    /// All numbers of the person, the deciding one (AMKA or PAAYPA: had from birth) first.
    pub fn identifiers(&self) -> Vec<Identifier> {
        let amka = self.amka.clone().map(Identifier::Amka);
        let paaypa = self.paaypa.clone().map(Identifier::Paaypa);
        let afm = self.afm.clone().map(Identifier::Afm);
        amka.into_iter().chain(paaypa).chain(afm).collect()
    }
}

/// A business that a person owns, by the tax registry.
#[derive(Debug, Clone, Deserialize)]
pub struct OwnedBusiness {
    pub afm: Afm,
    pub name: String,
    /// Activity codes, such as `74.20.22`.
    pub activities: Vec<String>,
}

/// What the citizens' registry says of a minor and a person.
#[derive(Debug, Clone, Deserialize)]
pub struct CustodyAnswer {
    pub custodian_afm: Afm,
    pub minor: RegisteredPerson,
    /// In force today.
    pub custody: bool,
}

#[derive(Serialize)]
struct AskCustody<'a> {
    custodian_afm: &'a str,
    minor: AskIdentifier<'a>,
}

#[derive(Serialize)]
struct AskIdentifier<'a> {
    kind: &'a str,
    value: &'a str,
}

#[derive(Serialize)]
struct Ask<'a> {
    afm: &'a str,
}

/// Returns an error unless the response holds the number that was asked about.
fn matching(is_asked: bool, path: &'static str) -> Result<(), RegisterError> {
    if is_asked { Ok(()) } else { Err(RegisterError::AnotherPerson(path)) }
}

#[derive(Deserialize)]
struct Contact {
    afm: Afm,
    mobile: Option<String>,
}

#[derive(Deserialize)]
struct Businesses {
    afm: Afm,
    businesses: Vec<OwnedBusiness>,
}

impl NationalRegisters {
    pub const fn new(client: reqwest::Client, base: String, token: Secret) -> Self {
        Self { client, base, token }
    }

    /// # Errors
    /// [`RegisterError::PersonUnknown`], and [`RegisterError::AnotherPerson`] where the response does not hold this AFM, among others.
    pub async fn person(&self, afm: &Afm) -> Result<RegisteredPerson, RegisterError> {
        const PATH: &str = "v1/person";
        let person: RegisteredPerson = self.ask(PATH, &Ask { afm: afm.expose() }).await?;
        matching(person.afm.as_ref() == Some(afm), PATH)?;
        Ok(person)
    }

    /// The mobile number that the person has confirmed in the National Communications Register. One that is not Greek
    /// counts as none: we send to no other.
    ///
    /// # Errors
    /// [`RegisterError::PersonUnknown`], and [`RegisterError::AnotherPerson`] where the response does not hold this AFM, among others.
    pub async fn confirmed_mobile(&self, afm: &Afm) -> Result<Option<GreekMobile>, RegisterError> {
        const PATH: &str = "v1/contact";
        let contact: Contact = self.ask(PATH, &Ask { afm: afm.expose() }).await?;
        matching(contact.afm == *afm, PATH)?;
        Ok(contact.mobile.and_then(|mobile| GreekMobile::parse(&mobile).ok()))
    }

    /// # Errors
    /// [`RegisterError::PersonUnknown`], and [`RegisterError::AnotherPerson`] where the response does not hold this AFM, among others.
    pub async fn businesses(&self, afm: &Afm) -> Result<Vec<OwnedBusiness>, RegisterError> {
        const PATH: &str = "v1/businesses";
        let answer: Businesses = self.ask(PATH, &Ask { afm: afm.expose() }).await?;
        matching(answer.afm == *afm, PATH)?;
        Ok(answer.businesses)
    }

    /// A minor by one number, and whether a person has custody of them today.
    ///
    /// # Errors
    /// [`RegisterError::PersonUnknown`] for either of them, and [`RegisterError::AnotherPerson`] where the response does not hold both numbers, among
    /// others.
    pub async fn custody(&self, custodian: &Afm, minor: &Identifier) -> Result<CustodyAnswer, RegisterError> {
        const PATH: &str = "v1/custody";
        let asked = AskIdentifier { kind: minor.kind(), value: minor.expose() };
        let answer: CustodyAnswer = self.ask(PATH, &AskCustody { custodian_afm: custodian.expose(), minor: asked }).await?;
        matching(answer.custodian_afm == *custodian && answer.minor.identifiers().contains(minor), PATH)?;
        Ok(answer)
    }

    /// Numbers go in the body, where no access log sees them.
    async fn ask<T: DeserializeOwned>(&self, path: &str, question: &(impl Serialize + Sync)) -> Result<T, RegisterError> {
        let answer = self
            .client
            .post(format!("{}/{path}", self.base.trim_end_matches('/')))
            .bearer_auth(self.token.expose())
            .json(question)
            .send()
            .await
            .map_err(unavailable)?;
        match answer.status().as_u16() {
            200 => answer.json().await.map_err(|_| RegisterError::Unexpected("a register's answer breaks the contract")),
            404 => Err(RegisterError::PersonUnknown),
            status => Err(RegisterError::Unavailable(format!("{path}: status {status}"))),
        }
    }
}
