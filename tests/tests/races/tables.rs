//! Reads the service's tables with the credentials of the account's owner, and checks that they agree with each other.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{CodeNumber, Moment, SubjectId};
use journeys::{application::now, stack};
use storage::{
    associations::{Association, Associations},
    codes::{CodeItem, Codes},
    history::{Event, History, Kind, Record},
};

use crate::aws;

pub(crate) struct Tables {
    pub(crate) client: aws_sdk_dynamodb::Client,
    codes: Codes,
    associations: Associations,
    history: History,
}

/// The association of a subject and the authorizations in force.
pub(crate) struct InForce {
    pub(crate) association: Option<Association>,
    /// Maps the id of an authorization's history record to the application that may pull because of this authorization.
    pub(crate) open: BTreeMap<String, String>,
}

impl Tables {
    pub(crate) async fn new() -> Self {
        let client = aws::dynamodb(&aws::config().await);
        Self {
            codes: Codes::new(client.clone(), stack::variable("CODES_TABLE")),
            associations: Associations::new(client.clone(), stack::variable("ASSOCIATIONS_TABLE")),
            history: History::new(client.clone(), stack::variable("HISTORY_TABLE")),
            client,
        }
    }

    pub(crate) async fn code(&self, code: &str) -> CodeItem {
        let code = CodeNumber::parse(code).unwrap();
        self.codes.find(&code, Moment::from_epoch_seconds(now())).await.unwrap().unwrap()
    }

    /// Returns the id of the photo set whose key the table `Keys` contains for this subject.
    async fn key(&self, subject: &SubjectId) -> Option<String> {
        let key = AttributeValue::S(subject.as_str().to_owned());
        let get = self.client.get_item().table_name(stack::variable("KEYS_TABLE")).key("subject_id", key).consistent_read(true);
        get.send().await.unwrap().item.map(|item| item["set_id"].as_s().unwrap().clone())
    }

    async fn records(&self, subject: &SubjectId, kind: Kind) -> Vec<Record> {
        self.history.list(subject, kind, None, 1_000, Moment::from_epoch_seconds(now())).await.unwrap().records
    }

    /// Asserts that associations, keys and history agree. Returns the association, and the authorizations in force.
    pub(crate) async fn in_force(&self, subject: &SubjectId) -> InForce {
        let association = self.associations.of(subject, Moment::from_epoch_seconds(now())).await.unwrap();
        let set = association.as_ref().map(|association| association.set_id.clone());
        assert_eq!(self.key(subject).await, set, "an association has its key, and there is no other key");
        let applications = association.iter().flat_map(|association| &association.applications);
        let in_association: BTreeMap<String, String> =
            applications.map(|(application, authorization)| (authorization.record.clone(), application.as_str().to_owned())).collect();
        let mut open = BTreeMap::new();
        for record in self.records(subject, Kind::Authorizations).await {
            if let Event::Authorized { application, ended_at: None, .. } = record.what {
                open.insert(record.event, application.as_str().to_owned());
            }
        }
        assert_eq!(
            open, in_association,
            "each authorization in force has an open record in the history, and there is no other open record"
        );
        InForce { association, open }
    }

    /// Returns how many associations and dissociations the subject's history contains.
    pub(crate) async fn changes(&self, subject: &SubjectId) -> (usize, usize) {
        let records = self.records(subject, Kind::Associations).await;
        let associated = records.iter().filter(|record| matches!(record.what, Event::Associated { .. })).count();
        (associated, records.len() - associated)
    }
}
