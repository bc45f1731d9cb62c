//! Runs the commands of docs/operating/restoring.md: for lost items, for a lost table, and for a lost table without a backup.

use aws_sdk_dynamodb::types::{AttributeValue, BillingMode, KeyType, SseSpecification, SseType, TableDescription};
use domain::{ImageKind, Language, application::Purpose};
use futures_util::FutureExt;
use journeys::{
    application::{self, Application},
    citizen::own,
    docs::Shell,
    people::{self, fresh_photographer},
    stack,
};

use crate::{ALONE, Associated, associated, aws, block, items::items_where, operator_shell};

/// Starts a shell and runs the initial commands of docs/operating/restoring.md in it, for the table of associations.
fn restoring_shell() -> Shell {
    let mut shell = operator_shell();
    shell.run(&block("restoring.md", "## Before you begin", "output AssociationsTable"));
    assert_eq!(shell.value("TABLE"), stack::variable("ASSOCIATIONS_TABLE"));
    shell
}

#[tokio::test]
async fn lost_items_are_restored_and_existing_items_are_unchanged() {
    let _alone = ALONE.write().await;
    let studio = fresh_photographer().await;
    let (lost, changed) = (associated(&studio).await, associated(&studio).await);
    let mut shell = restoring_shell();
    let step = |text: &str| block("restoring.md", "## Items of a table", text);
    // Deletes the table that a failed run of this test may have left.
    shell.run("aws dynamodb delete-table --table-name restored > /dev/null 2>&1 || true");
    // The emulator cannot restore the items of an earlier time. It always restores the items that exist when the command runs, so this test
    // restores the table before it deletes an item.
    assert!(shell.run(&step("restore-table-to-point-in-time")).contains("ENABLED"));
    own(&changed.visit).set_reminder("later@example.gr", Language::El).await.expect(200);
    let delete = aws::dynamodb(&aws::config().await).delete_item().table_name(stack::variable("ASSOCIATIONS_TABLE"));
    delete.key("subject_id", AttributeValue::S(subject_of(&lost.set).await)).send().await.expect("the account's owner may delete");
    own(&lost.visit).show_association().await.rejected(404, "nothing_associated");

    let output = shell.run(&step("attribute_not_exists"));
    assert!(output.starts_with("1 copied, "), "{output}");
    own(&lost.visit).show_photo(ImageKind::Face).await.expect(200);
    let view = own(&changed.visit).show_association().await.expect(200).json();
    assert!(view["reminder"].is_object(), "later changes remain: {view}");
    shell.run("aws dynamodb delete-table --table-name restored");
}

async fn subject_of(set: &str) -> String {
    let items = items_where("ASSOCIATIONS_TABLE", "set_id = :value", set).await;
    items[0]["subject_id"].as_s().expect("an id").clone()
}

/// Describes the settings that the template gives a table, for comparison.
async fn settings(table: &str) -> String {
    let client = aws::dynamodb(&aws::config().await);
    let described: TableDescription = client.describe_table().table_name(table).send().await.expect("a table").table.expect("a table");
    let keys: Vec<_> =
        described.key_schema().iter().map(|key| (key.attribute_name().to_owned(), *key.key_type() == KeyType::Hash)).collect();
    let ttl = client.describe_time_to_live().table_name(table).send().await.expect("its TTL").time_to_live_description;
    let recovery =
        client.describe_continuous_backups().table_name(table).send().await.expect("its recovery").continuous_backups_description;
    let recovery = recovery.and_then(|all| all.point_in_time_recovery_description).and_then(|one| one.point_in_time_recovery_status);
    let ttl = ttl.map(|ttl| (ttl.attribute_name, ttl.time_to_live_status));
    let indexes: Vec<_> = described.global_secondary_indexes().iter().map(|index| index.index_name().map(str::to_owned)).collect();
    let sse = described.sse_description().map(|sse| (sse.sse_type().cloned(), sse.kms_master_key_arn().map(str::to_owned)));
    format!("{keys:?} {ttl:?} {recovery:?} {indexes:?} {sse:?}")
}

/// Returns the status of a pull of a citizen's face photo.
async fn pull_status(body: &Application, one: &Associated) -> u16 {
    body.pull(&format!("afm:{}", one.visit.person.afm), ImageKind::Face).await.status
}

#[tokio::test]
async fn a_lost_table_is_restored_with_its_name_and_settings() {
    let _alone = ALONE.write().await;
    let (studio, body) = (fresh_photographer().await, application::fresh(Purpose::Passport).await);
    let one = associated(&studio).await;
    own(&one.visit).authorize(&[&body.id]).await.expect(200);
    let table = stack::variable("ASSOCIATIONS_TABLE");
    let before = settings(&table).await;
    let client = aws::dynamodb(&aws::config().await);
    // DynamoDB itself creates this backup when a table is deleted, but the emulator does not.
    let backup = client.create_backup().table_name(&table).backup_name("last").send().await.expect("a backup").backup_details;
    let backup = backup.expect("a backup").backup_arn;
    protect(&table, false).await;
    client.delete_table().table_name(&table).send().await.expect("the table is deleted");
    let restored = std::panic::AssertUnwindSafe(restore(&table, &one, &body, &before)).catch_unwind().await;
    if let Err(panic) = restored {
        // This test has failed. Restores the table nevertheless, because other tests use the same stack.
        let _ = client.restore_table_from_backup().target_table_name(&table).backup_arn(backup).send().await;
        std::panic::resume_unwind(panic);
    }
    protect(&table, false).await;
    own(&one.visit).dissociate().await.expect(204);
    assert_eq!(pull_status(&body, &one).await, 403);
}

async fn protect(table: &str, protected: bool) {
    let update = aws::dynamodb(&aws::config().await).update_table().table_name(table).deletion_protection_enabled(protected);
    update.send().await.expect("a table");
}

async fn restore(table: &str, one: &Associated, body: &Application, before: &str) {
    own(&one.visit).show_association().await.rejected(500, "internal");
    assert_eq!(pull_status(body, one).await, 500);

    let mut shell = restoring_shell();
    let step = |text: &str| block("restoring.md", "## A lost table", text);
    shell.run(&step("restore-table-from-backup"));
    shell.run(&step("update-time-to-live"));
    let client = aws::dynamodb(&aws::config().await);
    // Unlike DynamoDB, the emulator ignores the encryption key when it restores a table, so the test sets the key afterwards.
    let key = SseSpecification::builder().enabled(true).sse_type(SseType::Kms).kms_master_key_id(stack::variable("DATA_KEY")).build();
    client.update_table().table_name(table).sse_specification(key).send().await.expect("the key");
    assert_eq!(settings(table).await, before);
    let described = client.describe_table().table_name(table).send().await.expect("a table").table.expect("a table");
    assert_eq!(described.deletion_protection_enabled, Some(true));
    let tags = client.list_tags_of_resource().resource_arn(described.table_arn.expect("its ARN")).send().await.expect("its tags");
    let mut tags: Vec<_> = tags.tags().iter().map(|tag| format!("{}={}", tag.key(), tag.value())).collect();
    tags.sort();
    assert_eq!(tags, ["environment=production", "service=myphoto"]);
    own(&one.visit).show_photo(ImageKind::Face).await.expect(200);
    assert_eq!(pull_status(body, one).await, 200);
}

/// Deletes a table and runs `recover`, which must create it again. If `recover` panics, creates the table anyway, because other tests use
/// the same stack.
async fn lose_table(table: &str, recover: impl Future<Output = ()>) {
    let client = aws::dynamodb(&aws::config().await);
    let described: TableDescription = client.describe_table().table_name(table).send().await.expect("a table").table.expect("a table");
    protect(table, false).await;
    client.delete_table().table_name(table).send().await.expect("the table is deleted");
    if let Err(panic) = std::panic::AssertUnwindSafe(recover).catch_unwind().await {
        let again = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
        let again = again.set_key_schema(described.key_schema).set_attribute_definitions(described.attribute_definitions);
        // Ignores an error, because `recover` may have created the table before it panicked.
        let _ = again.send().await;
        std::panic::resume_unwind(panic);
    }
    protect(table, false).await;
}

/// Runs the commands that create a lost table again without a backup, and compares its settings with those before the loss.
async fn recreate(shell: &mut Shell, table: &str, output: &str, before: &str) {
    let step = |text: &str| block("restoring.md", "## A table without a backup", text);
    shell.run(&step("remake()"));
    shell.run(&step(&format!("remake \"$(output {output})\"")));
    assert_eq!(settings(table).await, before);
}

#[tokio::test]
async fn after_keys_are_lost_codes_entered_again_open_the_same_photos() {
    let _alone = ALONE.write().await;
    let (studio, body) = (fresh_photographer().await, application::fresh(Purpose::Passport).await);
    let one = associated(&studio).await;
    own(&one.visit).dissociate().await.expect(204);
    let elsewhere = people::citizen(one.visit.person.clone(), Language::El).await;
    let version = own(&elsewhere).submit_and_confirm(&one.code).await;
    own(&one.visit).take(&one.code).await;
    own(&one.visit).authorize(&[&body.id]).await.expect(200);
    let table = stack::variable("KEYS_TABLE");
    let before = settings(&table).await;
    lose_table(&table, async {
        own(&one.visit).show_photo(ImageKind::Face).await.rejected(500, "internal");
        let mut shell = restoring_shell();
        recreate(&mut shell, &table, "KeysTable", &before).await;
        // Photos that are associated after the loss have a key, so the commands must not dissociate them.
        let other = associated(&studio).await;
        own(&one.visit).show_photo(ImageKind::Face).await.rejected(500, "internal");
        assert_eq!(pull_status(&body, &one).await, 500);
        let output = shell.run(&block("restoring.md", "## Associations without their key", "KeysTable"));
        assert!(output.ends_with(" 1 open"), "{output}");
        own(&one.visit).show_association().await.rejected(404, "nothing_associated");
        assert_eq!(pull_status(&body, &one).await, 403);
        own(&other.visit).show_photo(ImageKind::Face).await.expect(200);
        // The commands dissociated the photos, so a code that was submitted before the dissociation must be submitted again.
        own(&elsewhere).associate(&version).await.rejected(404, "no_submission");
        own(&one.visit).take(&one.code).await;
        own(&one.visit).show_photo(ImageKind::Face).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn after_reminders_are_lost_people_can_set_one_again() {
    let _alone = ALONE.write().await;
    let one = associated(&fresh_photographer().await).await;
    let citizen = own(&one.visit);
    citizen.set_reminder("lost@example.gr", Language::El).await.expect(200);
    let table = stack::variable("REMINDERS_TABLE");
    let before = settings(&table).await;
    lose_table(&table, async {
        let mut shell = restoring_shell();
        recreate(&mut shell, &table, "RemindersTable", &before).await;
        let output = shell.run(&block("restoring.md", "## A table without a backup", "attribute_exists(reminder)"));
        assert!(output.ends_with(" 0 changed meanwhile"), "{output}");
        assert!(citizen.show_association().await.expect(200).json()["reminder"].is_null());
        citizen.set_reminder("again@example.gr", Language::El).await.expect(200);
    })
    .await;
}
