//! Staff of businesses.

use aws_sdk_dynamodb::types::AttributeValue;
use domain::staff::{EmployeeId, STAFF_MAX};
use futures_util::future::join_all;
use journeys::stack;
use storage::{
    StorageError, TransactionError,
    sealing::staff_key,
    staff::{Staff, StaffFacts, StaffItem},
};

use crate::{NOW, business, commit, dynamodb, member, people::afm, rejected_writes};

#[tokio::test]
async fn a_business_has_a_hundred_employees_at_most() {
    let client = dynamodb().await;
    let (staff, key, shop) = (Staff::new(client.clone(), stack::variable("STAFF_TABLE")), staff_key("secret"), business());
    let facts = StaffFacts { afm: afm(), label: None, business_afm: afm(), owner_afm: afm() };
    let employee = |number: usize| EmployeeId::from_hash(format!("{number:043}"));
    let enter = async |number: usize| {
        let item = StaffItem::seal(&key, shop.clone(), employee(number), &facts, member(), NOW).unwrap();
        commit(&client, [staff.put_write(&item).unwrap(), staff.add_to_roster_write(&shop, &employee(number)).unwrap()]).await
    };
    enter(0).await.unwrap();
    // Fills the roster up to one free place by adding invented ids directly.
    let others = (2..STAFF_MAX).map(|number| employee(number).as_str().to_owned()).collect();
    let roster = client.update_item().table_name(stack::variable("STAFF_TABLE")).update_expression("ADD employees :others");
    let text = |value: &str| AttributeValue::S(value.to_owned());
    let roster = roster.key("business", text(shop.as_str())).key("employee", text("#roster"));
    roster.expression_attribute_values(":others", AttributeValue::Ss(others)).send().await.unwrap();
    enter(1).await.unwrap();
    assert_eq!(rejected_writes(enter(STAFF_MAX).await), [1]);
    assert!(!staff.has(&shop, &employee(STAFF_MAX), NOW).await.unwrap(), "no write of a rejected transaction is stored");
    assert_eq!(rejected_writes(enter(0).await), [0], "an employee who is on the roster is not added again");
    assert_eq!(staff.of_business(&shop).await.unwrap().len(), 2, "the list does not contain the roster item");
    let leave = || [staff.delete_write(&shop, &employee(0)).unwrap(), staff.remove_from_roster_write(&shop, &employee(0)).unwrap()];
    for _ in 0..2 {
        commit(&client, leave()).await.unwrap();
    }
    assert!(staff.find(&shop, &employee(0), NOW).await.unwrap().is_none());
    enter(STAFF_MAX).await.unwrap();
    assert!(staff.has(&shop, &employee(STAFF_MAX), NOW).await.unwrap());
}

/// The emulators lock items differently from DynamoDB, but in each case one transaction succeeds and all others fail with an error.
#[tokio::test]
async fn of_concurrent_transactions_exactly_one_is_written_completely() {
    let client = dynamodb().await;
    let (staff, key, shop) = (Staff::new(client.clone(), stack::variable("STAFF_TABLE")), staff_key("secret"), business());
    let facts = StaffFacts { afm: afm(), label: None, business_afm: afm(), owner_afm: afm() };
    let common = EmployeeId::from_hash("0".repeat(43));
    let own = |number: usize| EmployeeId::from_hash(format!("{number:043}"));
    let item = |employee| StaffItem::seal(&key, shop.clone(), employee, &facts, member(), NOW).unwrap();
    let results = join_all((1..=8).map(|number| {
        let writes = [staff.put_write(&item(own(number))).unwrap(), staff.put_write(&item(common.clone())).unwrap()];
        commit(&client, writes)
    }))
    .await;
    for result in &results {
        let is_expected = matches!(
            result,
            Ok(()) | Err(TransactionError::Refused(_) | TransactionError::Conflict | TransactionError::Storage(StorageError::Throttled(_)))
        );
        assert!(is_expected, "{result:?}");
    }
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert_eq!(staff.of_business(&shop).await.unwrap().len(), 2, "the common employee, and that of the successful transaction");
}
