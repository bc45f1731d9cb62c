//! The table `Applications`: the applications of public bodies, with their names, purpose, profile and public keys.
//!
//! The service only reads this table. Operators write it with the command in infra/operator. A change fails if the application has changed
//! since the command read it.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use domain::{
    FileProfile, Moment,
    application::{ApplicationId, Purpose, SigningAlgorithm},
};
use serde::{Deserialize, Serialize};

use crate::{
    error::{StorageError, failed},
    table::{Table, from_item, key, text, to_item},
};

const KEY: &str = "application";
const REVISION: &str = "revision";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Application {
    pub application: ApplicationId,
    pub name_el: String,
    pub name_en: String,
    pub purpose: Purpose,
    pub profile: FileProfile,
    /// Public keys by key ID (`kid`).
    pub keys: BTreeMap<String, PublicKey>,
    /// Time at which the application was taken out of service. Since then the application can neither pull images nor be authorised. The
    /// item is retained because people's histories show its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<Moment>,
    /// An ID that is replaced with every change, so that an update can fail if the application has changed since it was read.
    pub revision: String,
}

impl Application {
    pub const fn in_service(&self) -> bool {
        self.withdrawn_at.is_none()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicKey {
    /// The only algorithm accepted with this key. Requests that name another algorithm are rejected.
    pub algorithm: SigningAlgorithm,
    /// JSON Web Key (RFC 7517), public members only.
    pub jwk: String,
    pub added_at: Moment,
}

#[derive(Debug, Clone)]
pub struct Applications(Table);

impl Applications {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Reads an application, even if it is withdrawn.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn find(&self, application: &ApplicationId, now: Moment) -> Result<Option<Application>, StorageError> {
        self.0.get(key(KEY, application.as_str()), now).await
    }

    /// Stores a new application. Returns `false` if its ID is in use.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn add(&self, application: &Application, now: Moment) -> Result<bool, StorageError> {
        let added = self.0.put_new(to_item(application)?, KEY, now).await?;
        Ok(added || self.is_written(application, now).await?)
    }

    /// Replaces an application. Returns `false` if it has changed since it was read.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn replace(&self, previous: &Application, changed: &Application, now: Moment) -> Result<bool, StorageError> {
        let result = self
            .0
            .client
            .put_item()
            .table_name(&self.0.name)
            .set_item(Some(to_item(changed)?))
            .condition_expression("#revision = :read")
            .expression_attribute_names("#revision", REVISION)
            .expression_attribute_values(":read", text(&previous.revision))
            .send()
            .await;
        match result {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|e| e.is_conditional_check_failed_exception()) => {
                self.is_written(changed, now).await
            }
            Err(error) => Err(failed("PutItem")(error)),
        }
    }

    /// Returns whether this revision of `application` is stored although the condition of its write failed. This happens if the SDK repeats
    /// a write because it did not receive the response of the first one.
    async fn is_written(&self, application: &Application, now: Moment) -> Result<bool, StorageError> {
        let stored = self.find(&application.application, now).await?;
        Ok(stored.is_some_and(|stored| stored.revision == application.revision))
    }

    /// Reads all applications, including withdrawn ones, sorted by ID. There are a few dozen.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn all(&self) -> Result<Vec<Application>, StorageError> {
        let mut applications: Vec<Application> = Vec::new();
        let mut start = None;
        loop {
            let scan = self.0.client.scan().table_name(&self.0.name).consistent_read(true).set_exclusive_start_key(start.take());
            let output = scan.send().await.map_err(failed("Scan"))?;
            for item in output.items.unwrap_or_default() {
                applications.push(from_item(item)?);
            }
            start = output.last_evaluated_key.filter(|key| !key.is_empty());
            if start.is_none() {
                break;
            }
        }
        applications.sort_by(|a, b| a.application.cmp(&b.application));
        Ok(applications)
    }
}
