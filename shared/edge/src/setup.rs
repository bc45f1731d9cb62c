//! Start-up of a function. Reads the environment variables once and creates tables and clients from them. All missing variables are
//! reported in one log line.

use std::cell::RefCell;

use aws::SdkConfig;
use domain::Secret;
use lambda_http::Error;
use registers::{HttpClient, NationalRegisters, Taxisnet};
use sending::{Email, ReportedEmail, Sms};
use serde_json::json;
use storage::{
    Transaction,
    applications::Applications,
    associations::Associations,
    case_closing::CaseClosing,
    code_limits::{CodeLimits, Limits},
    codes::Codes,
    consents::Consents,
    history::History,
    issuances::Issuances,
    keys::Keys,
    kms::KmsKey,
    nonces::Nonces,
    outbox::Outbox,
    quotas::Quotas,
    reminders::Reminders,
    sealing::{IdentifierHasher, PullIds, RecipientHasher},
    sessions::Sessions,
    staff::Staff,
    subjects::Subjects,
    vault::Vault,
};

use crate::log::{self, LogCode};

/// Environment variables are missing.
#[derive(Debug, thiserror::Error)]
#[error("missing variables: {}", .0.join(", "))]
pub struct StartError(Vec<&'static str>);

/// The environment variables of a function (docs/operating/settings.md lists them). Functions that call AWS use [`Setup`] instead.
#[derive(Debug, Default)]
pub struct Variables {
    missing: RefCell<Vec<&'static str>>,
}

impl Variables {
    /// Returns the public origin, which every function needs, or an error that names all missing variables.
    pub(crate) fn finish(self, operation: &str) -> Result<String, Error> {
        let origin = self.text("PUBLIC_ORIGIN");
        let missing = self.missing.into_inner();
        if missing.is_empty() {
            return Ok(origin);
        }
        log::line(operation, LogCode::NotStarted, &[("missing", json!(missing))]);
        Err(StartError(missing).into())
    }

    /// Returns a variable that must be set and not be empty. Otherwise returns an empty text and records the variable as missing.
    pub fn text(&self, name: &'static str) -> String {
        let value = std::env::var(name).unwrap_or_default();
        if value.is_empty() {
            self.missing.borrow_mut().push(name);
        }
        value
    }

    /// Returns a variable that must be a whole number. Otherwise returns 0 and records the variable as missing.
    fn number(&self, name: &'static str) -> u32 {
        self.text(name).parse().unwrap_or_else(|_| {
            let mut missing = self.missing.borrow_mut();
            if !missing.contains(&name) {
                missing.push(name);
            }
            0
        })
    }
}

impl From<Setup> for Variables {
    fn from(setup: Setup) -> Self {
        setup.variables
    }
}

/// Creates the tables and clients of a function from its environment variables.
#[derive(Debug)]
pub struct Setup {
    sdk: SdkConfig,
    dynamodb: storage::DynamoDb,
    variables: Variables,
}

impl Setup {
    pub fn from_environment() -> Self {
        let sdk = aws::of_function();
        Self { dynamodb: storage::dynamodb(&sdk), sdk, variables: Variables::default() }
    }

    /// Returns a variable that must be set and not be empty. Otherwise returns an empty text and records the variable as missing.
    pub fn text(&self, name: &'static str) -> String {
        self.variables.text(name)
    }

    /// Returns a variable that may be empty or absent. An absent variable is returned as an empty text.
    pub fn text_or_empty(&self, name: &'static str) -> String {
        std::env::var(name).unwrap_or_default()
    }

    pub fn secret(&self, name: &'static str) -> Secret {
        Secret::new(self.text(name))
    }

    pub fn sessions(&self) -> Sessions {
        Sessions::new(self.dynamodb.clone(), self.text("SESSIONS_TABLE"))
    }

    pub fn subjects(&self) -> Subjects {
        Subjects::new(self.dynamodb.clone(), self.text("SUBJECTS_TABLE"), self.identifier_hasher())
    }

    pub fn identifier_hasher(&self) -> IdentifierHasher {
        IdentifierHasher::new(self.secret("IDENTIFIER_SECRET").expose())
    }

    pub fn recipient_hasher(&self) -> RecipientHasher {
        RecipientHasher::new(self.secret("RECIPIENT_SECRET").expose())
    }

    pub fn issuance_key(&self) -> storage::sealing::SealingKey {
        storage::sealing::issuance_key(self.secret("ISSUANCE_SECRET").expose())
    }

    pub fn code_limits(&self) -> CodeLimits {
        let limits =
            Limits { codes_per_business: self.variables.number("CODES_PER_BUSINESS"), sms: self.variables.number("CODE_SMS_PER_DAY") };
        CodeLimits::new(self.dynamodb.clone(), self.text("QUOTAS_TABLE"), limits, self.recipient_hasher())
    }

    pub fn staff(&self) -> Staff {
        Staff::new(self.dynamodb.clone(), self.text("STAFF_TABLE"))
    }

    pub fn staff_key(&self) -> storage::sealing::SealingKey {
        storage::sealing::staff_key(self.secret("IDENTIFIER_SECRET").expose())
    }

    pub fn kep_key(&self) -> storage::sealing::SealingKey {
        storage::sealing::kep_key(self.secret("KEP_SECRET").expose())
    }

    pub fn pull_ids(&self) -> PullIds {
        PullIds::new(self.secret("IDENTIFIER_SECRET").expose())
    }

    pub fn nonces(&self) -> Nonces {
        Nonces::new(self.dynamodb.clone(), self.text("NONCES_TABLE"))
    }

    pub fn quotas(&self) -> Quotas {
        Quotas::new(self.dynamodb.clone(), self.text("QUOTAS_TABLE"))
    }

    pub fn codes(&self) -> Codes {
        Codes::new(self.dynamodb.clone(), self.text("CODES_TABLE"))
    }

    pub fn applications(&self) -> Applications {
        Applications::new(self.dynamodb.clone(), self.text("APPLICATIONS_TABLE"))
    }

    pub fn associations(&self) -> Associations {
        Associations::new(self.dynamodb.clone(), self.text("ASSOCIATIONS_TABLE"))
    }

    pub fn keys(&self) -> Keys {
        Keys::new(self.dynamodb.clone(), self.text("KEYS_TABLE"))
    }

    pub fn history(&self) -> History {
        History::new(self.dynamodb.clone(), self.text("HISTORY_TABLE"))
    }

    pub fn issuances(&self) -> Issuances {
        Issuances::new(self.dynamodb.clone(), self.text("ISSUANCES_TABLE"))
    }

    pub fn consents(&self) -> Consents {
        Consents::new(self.dynamodb.clone(), self.text("CONSENTS_TABLE"))
    }

    pub fn outbox(&self) -> Outbox {
        Outbox::new(self.dynamodb.clone(), self.text("OUTBOX_TABLE"))
    }

    pub fn reminders(&self) -> Reminders {
        Reminders::new(self.dynamodb.clone(), self.text("REMINDERS_TABLE"))
    }

    pub fn case_closing(&self) -> CaseClosing {
        CaseClosing {
            sessions: self.sessions(),
            history: self.history(),
            reminders: self.reminders(),
            quotas: self.quotas(),
            transaction: self.transaction(),
        }
    }

    /// Returns an empty transaction. Handlers clone it for each call and add their writes.
    pub fn transaction(&self) -> Transaction {
        Transaction::new(self.dynamodb.clone())
    }

    pub fn vault(&self) -> Vault {
        Vault::new(&self.sdk, self.text("PHOTOS_BUCKET"))
    }

    pub fn outbox_key(&self) -> KmsKey {
        KmsKey::new(&self.sdk, self.text("OUTBOX_KEY"))
    }

    pub fn reminders_key(&self) -> KmsKey {
        KmsKey::new(&self.sdk, self.text("REMINDERS_KEY"))
    }

    pub fn associations_key(&self) -> KmsKey {
        KmsKey::new(&self.sdk, self.text("ASSOCIATIONS_KEY"))
    }

    pub fn sms(&self) -> Sms {
        Sms::new(&self.sdk, self.text("SMS_SENDER"))
    }

    pub fn email(&self) -> Email {
        Email::new(&self.sdk, self.text("EMAIL_SENDER"))
    }

    pub fn reported_email(&self) -> ReportedEmail {
        ReportedEmail::new(self.email(), self.text("EMAIL_CONFIGURATION_SET"))
    }

    pub fn taxisnet(&self, client: &HttpClient) -> Taxisnet {
        Taxisnet::new(
            client.clone(),
            self.text("TAXISNET_URL"),
            self.text("TAXISNET_SERVER"),
            self.text("TAXISNET_CLIENT_ID"),
            self.secret("TAXISNET_CLIENT_SECRET"),
        )
    }

    pub fn national_registers(&self, client: &HttpClient) -> NationalRegisters {
        NationalRegisters::new(client.clone(), self.text("REGISTERS_URL"), self.secret("REGISTERS_TOKEN"))
    }
}
