//! Staff: whom a business has authorised. The key is a keyed hash of the employee's AFM; what says who it is lies sealed.
//!
//! Beside its employees a business has one item with the set of their ids: the condition that bounds their number.

use aws_sdk_dynamodb::{
    Client,
    types::{AttributeValue, Delete, Put, Update},
};
use domain::{
    Afm, Moment,
    business::BusinessId,
    staff::{EMPLOYERS_MAX, EmployeeId, MemberId, STAFF_MAX, StaffLabel},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    error::{StorageError, failed},
    sealing::SealingKey,
    table::{Item, Table, from_item, key2, number, text, to_item},
    transaction::TransactWrite,
};

const KEY: &str = "business";
const RANGE: &str = "employee";
const BY_EMPLOYEE_INDEX: &str = "by_employee";
/// Stands before every id, which are letters, digits, `-` and `_`.
const ROSTER: &str = "#roster";
const EMPLOYEES: &str = "employees";

/// What is sealed of an authorization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffFacts {
    pub afm: Afm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<StaffLabel>,
    pub business_afm: Afm,
    /// Of whoever authorised: whether the business is still theirs is asked whenever the employee signs in.
    pub owner_afm: Afm,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StaffItem {
    pub business: BusinessId,
    pub employee: EmployeeId,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
    pub authorized_at: Moment,
    /// A row of an older version has the citizen's ID here.
    pub authorized_by: MemberId,
}

impl StaffItem {
    /// # Errors
    /// Where there is no randomness.
    pub fn seal(
        key: &SealingKey,
        business: BusinessId,
        employee: EmployeeId,
        facts: &StaffFacts,
        by: MemberId,
        now: Moment,
    ) -> Result<Self, StorageError> {
        let sealed = sealed(key, &business, &employee, facts)?;
        Ok(Self { business, employee, sealed, authorized_at: now, authorized_by: by })
    }

    /// The same authorization with other facts, by the owner who gave them.
    ///
    /// # Errors
    /// Where there is no randomness.
    pub fn with(&self, key: &SealingKey, facts: &StaffFacts, by: MemberId) -> Result<Self, StorageError> {
        Ok(Self { sealed: sealed(key, &self.business, &self.employee, facts)?, authorized_by: by, ..self.clone() })
    }

    /// # Errors
    /// [`StorageError::Corrupt`] where it was sealed for another place.
    pub fn open(&self, key: &SealingKey) -> Result<StaffFacts, StorageError> {
        let plain = Zeroizing::new(key.open(&context(&self.business, &self.employee), &self.sealed)?);
        serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("an authorization of staff has another shape"))
    }
}

fn sealed(key: &SealingKey, business: &BusinessId, employee: &EmployeeId, facts: &StaffFacts) -> Result<Vec<u8>, StorageError> {
    let plain = Zeroizing::new(serde_json::to_vec(facts).map_err(|_| StorageError::Corrupt("staff cannot be written"))?);
    key.seal(&context(business, employee), &plain)
}

fn context(business: &BusinessId, employee: &EmployeeId) -> String {
    format!("staff {} {}", business.as_str(), employee.as_str())
}

#[derive(Debug, Clone)]
pub struct Staff(Table);

impl Staff {
    pub const fn new(client: Client, table: String) -> Self {
        Self(Table::new(client, table))
    }

    /// Whether the business has this employee now: a consistent read, for a guard.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn has(&self, business: &BusinessId, employee: &EmployeeId, now: Moment) -> Result<bool, StorageError> {
        Ok(self.find(business, employee, now).await?.is_some())
    }

    /// # Errors
    /// Storage errors.
    pub async fn find(&self, business: &BusinessId, employee: &EmployeeId, now: Moment) -> Result<Option<StaffItem>, StorageError> {
        self.0.get(key2(KEY, business.as_str(), RANGE, employee.as_str()), now).await
    }

    /// For a transaction: a new employee.
    ///
    /// # Errors
    /// Where the item cannot be written.
    pub fn put_write(&self, item: &StaffItem) -> Result<TransactWrite, StorageError> {
        self.0.put_new_write(to_item(item)?, RANGE)
    }

    /// For a transaction, beside [`Self::put_write`]: the business has no more employees than it may have.
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn enter_write(&self, business: &BusinessId, employee: &EmployeeId) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, ROSTER)))
            .update_expression("ADD #employees :employee")
            .condition_expression("attribute_not_exists(#employees) OR size(#employees) < :limit OR contains(#employees, :id)")
            .expression_attribute_names("#employees", EMPLOYEES)
            .expression_attribute_values(":employee", AttributeValue::Ss(vec![employee.as_str().to_owned()]))
            .expression_attribute_values(":id", text(employee.as_str()))
            .expression_attribute_values(":limit", number(STAFF_MAX));
        self.0.update_write(update)
    }

    /// For a transaction: other facts in the place of those that were read.
    ///
    /// # Errors
    /// Where the item cannot be written.
    pub fn replace_write(&self, read: &StaffItem, item: &StaffItem) -> Result<TransactWrite, StorageError> {
        let put = Put::builder()
            .set_item(Some(to_item(item)?))
            .condition_expression("#sealed = :read")
            .expression_attribute_names("#sealed", "sealed")
            .expression_attribute_values(":read", AttributeValue::B(read.sealed.clone().into()));
        self.0.part(put)
    }

    /// For a transaction: the employee's authorization ends. Where there is none, it has ended.
    ///
    /// # Errors
    /// Where the delete cannot be written.
    pub fn delete_write(&self, business: &BusinessId, employee: &EmployeeId) -> Result<TransactWrite, StorageError> {
        self.0.delete_write(Delete::builder().set_key(Some(key2(KEY, business.as_str(), RANGE, employee.as_str()))))
    }

    /// For a transaction, beside [`Self::delete_write`].
    ///
    /// # Errors
    /// Where the update cannot be written.
    pub fn leave_write(&self, business: &BusinessId, employee: &EmployeeId) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, ROSTER)))
            .update_expression("DELETE #employees :employee")
            .expression_attribute_names("#employees", EMPLOYEES)
            .expression_attribute_values(":employee", AttributeValue::Ss(vec![employee.as_str().to_owned()]));
        self.0.update_write(update)
    }

    /// Everybody whom the business has authorised. All fit into one answer of DynamoDB: a hundred of some hundred bytes.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn of_business(&self, business: &BusinessId) -> Result<Vec<StaffItem>, StorageError> {
        let query = self.0.client.query().table_name(&self.0.name).consistent_read(true);
        let output = query
            .key_condition_expression("#business = :business AND #employee > :roster")
            .expression_attribute_names("#business", KEY)
            .expression_attribute_names("#employee", RANGE)
            .expression_attribute_values(":business", text(business.as_str()))
            .expression_attribute_values(":roster", text(ROSTER))
            .send()
            .await
            .map_err(failed("Query"))?;
        output.items.unwrap_or_default().into_iter().map(from_item).collect()
    }

    /// The authorizations that an employee has, of whatever business: the latest, as many as signing in looks at. All are read to find
    /// them: each is another business's, so that they are few, and none can be pushed out by older ones.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn of_employee(&self, employee: &EmployeeId) -> Result<Vec<StaffItem>, StorageError> {
        let query = self.0.client.query().table_name(&self.0.name).index_name(BY_EMPLOYEE_INDEX);
        let items = query
            .key_condition_expression("#employee = :employee")
            .expression_attribute_names("#employee", RANGE)
            .expression_attribute_values(":employee", text(employee.as_str()))
            .into_paginator()
            .items()
            .send()
            .collect::<Result<Vec<Item>, _>>()
            .await
            .map_err(failed("Query"))?;
        let mut items = items.into_iter().map(from_item).collect::<Result<Vec<StaffItem>, _>>()?;
        items.sort_by_key(|item| std::cmp::Reverse(item.authorized_at));
        items.truncate(EMPLOYERS_MAX);
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_of_an_employee_opens_at_its_place_only() {
        let key = crate::sealing::staff_key("secret");
        let afm = || Afm::parse("068933130").unwrap();
        let facts = StaffFacts { afm: afm(), label: StaffLabel::parse("Νίκη").ok(), business_afm: afm(), owner_afm: afm() };
        let business = |name: &str| BusinessId::from_hash(name.to_owned());
        let employee = EmployeeId::from_hash("e".to_owned());
        let by = MemberId::from_hash("m".to_owned());
        let item = StaffItem::seal(&key, business("b"), employee, &facts, by, Moment::from_epoch_seconds(1)).unwrap();
        assert_eq!(item.open(&key).unwrap(), facts);
        assert!(item.open(&crate::sealing::staff_key("other")).is_err());
        assert!(StaffItem { business: business("c"), ..item.clone() }.open(&key).is_err());
        assert!(StaffItem { employee: EmployeeId::from_hash("f".to_owned()), ..item.clone() }.open(&key).is_err());
        let unlabelled = StaffFacts { label: None, ..facts };
        assert_eq!(item.with(&key, &unlabelled, item.authorized_by.clone()).unwrap().open(&key).unwrap(), unlabelled);
    }

    #[test]
    fn the_set_of_ids_stands_before_every_id() {
        for first in [b'-', b'0', b'A', b'_', b'a'] {
            assert!(ROSTER.as_bytes()[0] < first);
        }
    }
}
