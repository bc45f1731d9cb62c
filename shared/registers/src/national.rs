//! Client of the national registers: citizens' registry, National Communications Register (EMEp), tax registry and register of KEP clerks.

use domain::{
    Afm, GreekMobile, Identifier, Secret,
    identity::{Amka, Paaypa},
    kep::Office,
    minor::BirthDate,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{RegisterError, unavailable};

/// Client of the national registers.
#[derive(Debug, Clone)]
pub struct NationalRegisters {
    client: reqwest::Client,
    base_url: String,
    token: Secret,
}

/// A person in the citizens' registry.
#[derive(Debug, Clone, Deserialize)]
pub struct RegisteredPerson {
    pub afm: Option<Afm>,
    pub amka: Option<Amka>,
    pub paaypa: Option<Paaypa>,
    pub first_name: String,
    pub last_name: String,
    /// In the form YYYY-MM-DD.
    pub birth_date: String,
}

impl RegisteredPerson {
    /// Returns all identity numbers of the person. The AFM is last.
    pub fn identifiers(&self) -> Vec<Identifier> {
        let amka = self.amka.clone().map(Identifier::Amka);
        let paaypa = self.paaypa.clone().map(Identifier::Paaypa);
        let afm = self.afm.clone().map(Identifier::Afm);
        amka.into_iter().chain(paaypa).chain(afm).collect()
    }

    /// Parses the birth date.
    ///
    /// # Errors
    /// [`RegisterError::Unexpected`] if it is not a date.
    pub fn birth_date(&self) -> Result<BirthDate, RegisterError> {
        BirthDate::parse(&self.birth_date).map_err(|_| RegisterError::Unexpected("a birth date breaks the contract"))
    }
}

/// A business that a person owns according to the tax registry.
#[derive(Debug, Clone, Deserialize)]
pub struct OwnedBusiness {
    pub afm: Afm,
    pub name: String,
    /// Activity codes, such as `74.20.22`.
    pub activities: Vec<String>,
}

/// Response of the citizens' registry about a minor and a possible custodian.
#[derive(Debug, Clone, Deserialize)]
pub struct CustodyResponse {
    pub custodian_afm: Afm,
    pub minor: RegisteredPerson,
    /// Whether the custodian has custody of the minor today.
    pub custody: bool,
}

#[derive(Serialize)]
struct CustodyRequest<'a> {
    custodian_afm: &'a str,
    minor: IdentifierRequest<'a>,
}

#[derive(Serialize)]
struct NumberRequest<'a> {
    number: IdentifierRequest<'a>,
}

#[derive(Serialize)]
struct IdentifierRequest<'a> {
    kind: &'a str,
    value: &'a str,
}

impl<'a> IdentifierRequest<'a> {
    fn of(identifier: &'a Identifier) -> Self {
        Self { kind: identifier.kind(), value: identifier.expose() }
    }
}

#[derive(Serialize)]
struct AfmRequest<'a> {
    afm: &'a str,
}

/// Returns an error unless the response contains the identity number that the request is about.
fn require_match(matches: bool, path: &'static str) -> Result<(), RegisterError> {
    if matches { Ok(()) } else { Err(RegisterError::AnotherPerson(path)) }
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

#[derive(Deserialize)]
struct KepOffices {
    afm: Afm,
    offices: Vec<Office>,
}

impl NationalRegisters {
    pub const fn new(client: reqwest::Client, base_url: String, token: Secret) -> Self {
        Self { client, base_url, token }
    }

    /// Returns a person from the citizens' registry.
    ///
    /// # Errors
    /// Among others [`RegisterError::PersonUnknown`], and [`RegisterError::AnotherPerson`] if the response does not contain this AFM.
    pub async fn person(&self, afm: &Afm) -> Result<RegisteredPerson, RegisterError> {
        const PATH: &str = "v1/person";
        let person: RegisteredPerson = self.post(PATH, &AfmRequest { afm: afm.expose() }).await?;
        require_match(person.afm.as_ref() == Some(afm), PATH)?;
        Ok(person)
    }

    /// Returns the person with this identity number from the citizens' registry.
    ///
    /// # Errors
    /// Among others [`RegisterError::PersonUnknown`], and [`RegisterError::AnotherPerson`] if the response does not contain this number.
    pub async fn person_by_number(&self, number: &Identifier) -> Result<RegisteredPerson, RegisterError> {
        const PATH: &str = "v1/person-by-number";
        let person: RegisteredPerson = self.post(PATH, &NumberRequest { number: IdentifierRequest::of(number) }).await?;
        require_match(person.identifiers().contains(number), PATH)?;
        Ok(person)
    }

    /// Returns the mobile number that the person has confirmed in the National Communications Register. Returns `None` if there is none, if
    /// it is not Greek, or if the register does not know the person. The service sends SMS to Greek numbers only.
    ///
    /// # Errors
    /// Among others [`RegisterError::AnotherPerson`] if the response does not contain this AFM.
    pub async fn confirmed_mobile(&self, afm: &Afm) -> Result<Option<GreekMobile>, RegisterError> {
        const PATH: &str = "v1/contact";
        let request = AfmRequest { afm: afm.expose() };
        let Some(contact) = self.post_if_known::<Contact>(PATH, &request).await? else { return Ok(None) };
        require_match(contact.afm == *afm, PATH)?;
        Ok(contact.mobile.and_then(|mobile| GreekMobile::parse(&mobile).ok()))
    }

    /// Returns the active businesses that the person owns according to the tax registry. A person whom the registry does not know owns
    /// none.
    ///
    /// # Errors
    /// Among others [`RegisterError::AnotherPerson`] if the response does not contain this AFM.
    pub async fn businesses(&self, afm: &Afm) -> Result<Vec<OwnedBusiness>, RegisterError> {
        const PATH: &str = "v1/businesses";
        let request = AfmRequest { afm: afm.expose() };
        let Some(response) = self.post_if_known::<Businesses>(PATH, &request).await? else { return Ok(Vec::new()) };
        require_match(response.afm == *afm, PATH)?;
        Ok(response.businesses)
    }

    /// Returns the KEP offices at which the person is an authorised clerk today. A person whom the register of clerks does not know is not
    /// a clerk.
    ///
    /// # Errors
    /// Among others [`RegisterError::AnotherPerson`] if the response does not contain this AFM.
    pub async fn kep_offices(&self, afm: &Afm) -> Result<Vec<Office>, RegisterError> {
        const PATH: &str = "v1/kep-offices";
        let request = AfmRequest { afm: afm.expose() };
        let Some(response) = self.post_if_known::<KepOffices>(PATH, &request).await? else { return Ok(Vec::new()) };
        require_match(response.afm == *afm, PATH)?;
        Ok(response.offices)
    }

    /// Returns the minor with this identity number, and whether the custodian has custody of the minor today.
    ///
    /// # Errors
    /// Among others [`RegisterError::PersonUnknown`] if the custodian or the minor is unknown, and [`RegisterError::AnotherPerson`] if the
    /// response does not contain the numbers of both.
    pub async fn custody(&self, custodian: &Afm, minor: &Identifier) -> Result<CustodyResponse, RegisterError> {
        const PATH: &str = "v1/custody";
        let requested = CustodyRequest { custodian_afm: custodian.expose(), minor: IdentifierRequest::of(minor) };
        let response: CustodyResponse = self.post(PATH, &requested).await?;
        require_match(response.custodian_afm == *custodian && response.minor.identifiers().contains(minor), PATH)?;
        Ok(response)
    }

    /// Sends a request about a person whom the register must know.
    async fn post<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<T, RegisterError> {
        self.post_if_known(path, body).await?.ok_or(RegisterError::PersonUnknown)
    }

    /// Sends a request. Returns `None` if the register does not know the person. Identity numbers are in the body, so that they do not
    /// appear in access logs.
    async fn post_if_known<T: DeserializeOwned>(&self, path: &str, body: &(impl Serialize + Sync)) -> Result<Option<T>, RegisterError> {
        let response = self
            .client
            .post(format!("{}/{path}", self.base_url.trim_end_matches('/')))
            .bearer_auth(self.token.expose())
            .json(body)
            .send()
            .await
            .map_err(unavailable)?;
        match response.status().as_u16() {
            200 => {
                let parsed = response.json().await.map_err(|_| RegisterError::Unexpected("a register's response breaks the contract"))?;
                Ok(Some(parsed))
            }
            404 => Ok(None),
            status => Err(RegisterError::Unavailable(format!("{path}: status {status}"))),
        }
    }
}
