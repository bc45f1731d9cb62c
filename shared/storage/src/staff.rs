//! The table `Staff`: the employees that a business has authorised. The sort key is a keyed hash of the employee's AFM. Data that
//! identifies the employee is sealed.
//!
//! In addition each business has one item, the roster, with the set of its employees' IDs. A condition on the size of the set limits the
//! number of employees.

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
/// Sort key of the roster. It sorts before all employee IDs, which consist of letters, digits, `-` and `_`.
const ROSTER: &str = "#roster";
const EMPLOYEES: &str = "employees";

/// The data of an authorization that is stored sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffFacts {
    pub afm: Afm,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<StaffLabel>,
    pub business_afm: Afm,
    /// The AFM of the owner who authorised the employee. Whenever the employee signs in, the service asks the registers whether the
    /// business still belongs to this owner.
    pub owner_afm: Afm,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StaffItem {
    pub business: BusinessId,
    pub employee: EmployeeId,
    #[serde(with = "serde_bytes")]
    sealed: Vec<u8>,
    pub authorized_at: Moment,
    /// The owner. Items written by an older version have the owner's citizen ID here.
    pub authorized_by: MemberId,
}

impl StaffItem {
    /// Seals a new authorization.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
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

    /// Returns a copy of the authorization with new facts, which the owner `by` has given.
    ///
    /// # Errors
    /// If the operating system provides no random bytes.
    pub fn with(&self, key: &SealingKey, facts: &StaffFacts, by: MemberId) -> Result<Self, StorageError> {
        Ok(Self { sealed: sealed(key, &self.business, &self.employee, facts)?, authorized_by: by, ..self.clone() })
    }

    /// Opens the sealed facts.
    ///
    /// # Errors
    /// [`StorageError::Corrupt`] if they were sealed with another key, or for another business or employee.
    pub fn open(&self, key: &SealingKey) -> Result<StaffFacts, StorageError> {
        let plain = Zeroizing::new(key.open(&context(&self.business, &self.employee), &self.sealed)?);
        serde_json::from_slice(&plain).map_err(|_| StorageError::Corrupt("an authorization of staff has another shape"))
    }
}

fn sealed(key: &SealingKey, business: &BusinessId, employee: &EmployeeId, facts: &StaffFacts) -> Result<Vec<u8>, StorageError> {
    let plain = Zeroizing::new(serde_json::to_vec(facts).map_err(|_| StorageError::Corrupt("staff cannot be serialized"))?);
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

    /// Returns whether the business authorises this employee now. Uses a consistent read, because guards rely on the result.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn has(&self, business: &BusinessId, employee: &EmployeeId, now: Moment) -> Result<bool, StorageError> {
        Ok(self.find(business, employee, now).await?.is_some())
    }

    /// Reads the authorization of an employee.
    ///
    /// # Errors
    /// Storage errors.
    pub async fn find(&self, business: &BusinessId, employee: &EmployeeId, now: Moment) -> Result<Option<StaffItem>, StorageError> {
        self.0.get(key2(KEY, business.as_str(), RANGE, employee.as_str()), now).await
    }

    /// Builds the write that stores a new employee. The transaction fails if the employee is already stored.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn put_write(&self, item: &StaffItem) -> Result<TransactWrite, StorageError> {
        self.0.put_new_write(to_item(item)?, RANGE)
    }

    /// Builds the write that adds an employee to the roster, for the same transaction as [`Self::put_write`]. The transaction fails if the
    /// business already has the maximum number of employees.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn add_to_roster_write(&self, business: &BusinessId, employee: &EmployeeId) -> Result<TransactWrite, StorageError> {
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

    /// Builds the write that replaces an authorization. The transaction fails if the authorization has changed since it was read.
    ///
    /// # Errors
    /// If the item cannot be serialized.
    pub fn replace_write(&self, previous: &StaffItem, item: &StaffItem) -> Result<TransactWrite, StorageError> {
        let put = Put::builder()
            .set_item(Some(to_item(item)?))
            .condition_expression("#sealed = :read")
            .expression_attribute_names("#sealed", "sealed")
            .expression_attribute_values(":read", AttributeValue::B(previous.sealed.clone().into()));
        self.0.put_builder_write(put)
    }

    /// Builds the write that ends an employee's authorization. It is not an error if there is no authorization.
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn delete_write(&self, business: &BusinessId, employee: &EmployeeId) -> Result<TransactWrite, StorageError> {
        self.0.delete_write(Delete::builder().set_key(Some(key2(KEY, business.as_str(), RANGE, employee.as_str()))))
    }

    /// Builds the write that removes an employee from the roster, for the same transaction as [`Self::delete_write`].
    ///
    /// # Errors
    /// If the request cannot be built.
    pub fn remove_from_roster_write(&self, business: &BusinessId, employee: &EmployeeId) -> Result<TransactWrite, StorageError> {
        let update = Update::builder()
            .set_key(Some(key2(KEY, business.as_str(), RANGE, ROSTER)))
            .update_expression("DELETE #employees :employee")
            .expression_attribute_names("#employees", EMPLOYEES)
            .expression_attribute_values(":employee", AttributeValue::Ss(vec![employee.as_str().to_owned()]));
        self.0.update_write(update)
    }

    /// Reads all employees of a business. They fit into one response of DynamoDB, because there are at most a hundred items of some hundred
    /// bytes.
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

    /// Returns the latest authorizations of an employee, at most [`EMPLOYERS_MAX`]. All authorizations of the employee are read before the
    /// latest are chosen, so that none of the latest is missed. An employee has few, because each business authorises an employee once.
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
    fn the_sealed_facts_open_only_for_their_own_business_and_employee() {
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
    fn the_roster_sorts_before_all_employee_ids() {
        for first in [b'-', b'0', b'A', b'_', b'a'] {
            assert!(ROSTER.as_bytes()[0] < first);
        }
    }
}
