//! The commands in docs/operating work: each test types them as they are written there, in the emulated account.
//!
//! A program of its own: some of it takes away what others need.

#![expect(clippy::expect_used, reason = "what fails here fails the test that calls it")]

mod aws;
#[path = "aws/items.rs"]
mod items;
#[path = "aws/objects.rs"]
mod objects;
#[path = "aws/outbox.rs"]
mod outbox;

use std::time::Duration;

use aws_sdk_dynamodb::types::{AttributeValue, BillingMode, KeyType, SseSpecification, SseType, TableDescription};
use domain::{
    CodeNumber, ImageKind, Language, Moment,
    application::Purpose,
    delivery::{AfterFailure, after_failure},
};
use futures_util::FutureExt;
use items::items_where;
use journeys::{
    application::{self, Application, now},
    citizen::own,
    docs::{self, Shell},
    inbox,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, face_only, issue_by_sms},
    stack,
};
use serde_json::{Value, json};
use storage::sealing::code_id;

/// Held for writing by whoever takes away what others need.
static ALONE: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());

/// The sweep comes each minute; a message wakes its sender at once.
const BY_THE_NEXT_SWEEP: Duration = Duration::from_secs(120);

/// Returns the only code block that contains this text, in this section of a page of docs/operating.
fn block(page: &str, heading: &str, text: &str) -> String {
    let page = docs::page(&format!("operating/{page}"));
    let found: Vec<String> = docs::blocks(docs::section(&page, heading), "").into_iter().filter(|block| block.contains(text)).collect();
    assert_eq!(found.len(), 1, "{heading}: {text}");
    found.into_iter().next().expect("one")
}

/// An operator's shell, with AWS's command where there is none yet.
fn operator() -> Shell {
    let tools = docs::root().join(".tools/awscli/bin");
    assert!(tools.join("aws").exists(), "AWS's command is missing: `python3 infra/local/stack.py tools awscli`");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").expect("a path"));
    Shell::start(&[("PATH", &path), ("AWS_PAGER", ""), ("AWS_EC2_METADATA_DISABLED", "true")])
}

/// Lines of two words, as `--output text` has them.
fn pairs(said: &str) -> Vec<(String, String)> {
    let pair = |line: &str| line.split_once('\t').map(|(one, other)| (one.to_owned(), other.trim().to_owned()));
    said.lines().filter_map(pair).collect()
}

struct Associated {
    visit: Visit,
    code: String,
    set: String,
}

async fn associated(studio: &Visit) -> Associated {
    let visit = fresh_citizen().await;
    let code = issue_by_sms(studio, visit.person.mobile()).await.code;
    own(&visit).take(&code).await;
    let code_id = code_id(&CodeNumber::parse(&code).expect("a code"));
    let found = item("CODES_TABLE", "code_id", &code_id).await.expect("its item");
    Associated { visit, code, set: found["set_id"].as_s().expect("its set").clone() }
}

async fn item(table: &str, key: &str, value: &str) -> Option<std::collections::HashMap<String, AttributeValue>> {
    let get = aws::dynamodb(&aws::config().await).get_item().table_name(stack::variable(table));
    get.key(key, AttributeValue::S(value.to_owned())).send().await.expect("the account's owner may").item
}

async fn objects_of(set: &str) -> usize {
    let s3 = objects::s3(&aws::config().await);
    let mut count = 0;
    for shelf in ["associated", "pending"] {
        let list = s3.list_objects_v2().bucket(stack::variable("PHOTOS_BUCKET")).prefix(format!("{shelf}/{set}/"));
        count += list.send().await.expect("the account's owner may").contents().len();
    }
    count
}

#[tokio::test]
async fn messages_that_were_given_up_are_all_sent_by_one_command() {
    let _beside = ALONE.read().await;
    let (studio, to) = (fresh_photographer().await, To::Mobile(people::fresh("citizen").await.mobile().to_owned()));
    inbox::fail(to.address(), &json!("always"), "internal_error").await;
    let upload_id = photographer::upload(&studio, domain::FileProfile::Standard, &face_only()).await;
    photographer::issue_code(&studio, &upload_id, &to, Language::El).await.expect(201);
    let tried = |item: &Value| item["delivery"]["attempts"] == 1;
    photographer::wait_until_listed(&studio, &upload_id, tried, inbox::PATIENCE).await;
    // The hours between the attempts are over, and one is left.
    let (at, far) = (Moment::from_epoch_seconds(0), Moment::from_epoch_seconds(i64::from(u32::MAX)));
    let last = (1_u32..).find(|attempts| after_failure(*attempts, at, far) == AfterFailure::GiveUp).expect("an end");
    outbox::set(&outbox::messages_of(&upload_id).await[0], &[("attempts", i64::from(last) - 1), ("next_at", now())]).await;
    // Nobody waits for the minute to be over.
    stack::invoke("SWEEP_OUTBOX_FUNCTION").await.expect("a sweep");
    let in_state = |state: &'static str| move |item: &Value| item["delivery"]["state"] == state;
    photographer::wait_until_listed(&studio, &upload_id, in_state("failed"), BY_THE_NEXT_SWEEP).await;

    inbox::fail(to.address(), &json!(0), "internal_error").await;
    operator().run(&block("messages.md", "## Send given-up messages again", "update-item"));
    stack::invoke("SWEEP_OUTBOX_FUNCTION").await.expect("a sweep");
    photographer::wait_until_listed(&studio, &upload_id, in_state("sent"), BY_THE_NEXT_SWEEP).await;
    assert_eq!(inbox::codes(to.address()).await.len(), 1);
}

#[tokio::test]
async fn a_person_is_found_shown_and_erased_as_it_is_written() {
    let _beside = ALONE.read().await;
    let (studio, body) = (fresh_photographer().await, application::fresh(Purpose::Passport).await);
    let (erased, other) = (associated(&studio).await, associated(&studio).await);
    let subject = format!("afm:{}", erased.visit.person.afm);
    let citizen = own(&erased.visit);
    citizen.authorize(&[&body.id]).await.expect(200);
    citizen.set_reminder("left@example.gr", Language::El).await.expect(200);
    body.pull(&subject, ImageKind::Face).await.expect(200);

    let mut shell = operator();
    // By either number it is the same person, and by a number that was never here nobody.
    let amka = erased.visit.person.amka.clone().expect("a citizen has one");
    let mut ids = Vec::new();
    for typed in [format!("afm#{}", erased.visit.person.afm), format!("amka#{amka}"), "afm#000000000".to_owned()] {
        shell.answer(&block("peoples-requests.md", "## Find a person", "getpass"), &typed);
        ids.push(shell.value("PERSON"));
    }
    assert_eq!((ids[0].len(), &ids[0], ids[2].as_str()), (32, &ids[1], "None"), "{ids:?}");
    shell.set("PERSON", &ids[0]);

    let shown = shell.run(&block("peoples-requests.md", "## A request for data", "get-item"));
    for expected in [erased.set.as_str(), body.id.as_str(), "access#", "authorization#", domain::consent::PERSONAL_DATA_VERSION] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
    let hidden = [&erased.code, &erased.visit.person.afm, &amka];
    assert!(hidden.iter().all(|one| !shown.contains(one.as_str())), "neither code nor numbers");

    let erasing = |text: &str| block("peoples-requests.md", "## Erasing a person", text);
    let sets = pairs(&shell.run(&erasing("begins_with(event")));
    assert!(!sets.is_empty() && sets.iter().all(|(set, _)| *set == erased.set), "{sets:?}");
    shell.run(&erasing("KeysTable"));
    body.pull(&subject, ImageKind::Face).await.refused(403, "pull_refused");
    // A set that is somebody else's now stays, with its objects.
    let not_theirs = code_id(&CodeNumber::parse(&other.code).expect("a code"));
    let script = format!("SET={} CODE={not_theirs}\n({}) || echo refused", other.set, erasing("s3 rm"));
    assert!(shell.run(&script).ends_with("refused"));
    assert!(objects_of(&other.set).await > 0);
    shell.set("SET", &sets[0].0);
    shell.set("CODE", &sets[0].1);
    shell.run(&erasing("s3 rm"));
    shell.run(&erasing("RemindersTable"));

    citizen.show_association().await.refused(404, "nothing_associated");
    citizen.submit(&erased.code).await.refused(404, "code_not_active");
    assert_eq!(objects_of(&erased.set).await, 0);
    assert!(items_where("REMINDERS_TABLE", "about = :value", &format!("association#{}", ids[0])).await.is_empty());
    // What the law has us keep is there, and whoever else had photos has them.
    assert!(shell.run(&block("peoples-requests.md", "## A request for data", "get-item")).contains("access#"));
    own(&other.visit).show_photo(ImageKind::Face).await.expect(200);
    assert!(objects_of(&other.set).await > 0);
}

#[tokio::test]
async fn stolen_codes_of_some_hours_are_ended_and_those_in_use_are_not() {
    let _alone = ALONE.write().await;
    let studio = fresh_photographer().await;
    let from = now();
    let in_use = associated(&studio).await;
    let visit = fresh_citizen().await;
    let stolen = issue_by_sms(&studio, visit.person.mobile()).await.code;
    let to = now();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let later = issue_by_sms(&studio, visit.person.mobile()).await.code;

    let mut shell = operator();
    shell.set("FROM", &from.to_string());
    shell.set("TO", &to.to_string());
    shell.run(&block("stolen-codes.md", "## Many codes", "delete-item"));
    own(&visit).submit(&stolen).await.refused(404, "code_not_active");
    own(&in_use.visit).show_photo(ImageKind::Face).await.expect(200);
    own(&visit).take(&later).await;
}

/// What the page begins with: for the table of associations.
fn restoring() -> Shell {
    let mut shell = operator();
    shell.run(&block("restoring.md", "## Before you begin", "output AssociationsTable"));
    assert_eq!(shell.value("TABLE"), stack::variable("ASSOCIATIONS_TABLE"));
    shell
}

#[tokio::test]
async fn items_that_are_lost_come_back_and_what_is_there_stays_as_it_is() {
    let _alone = ALONE.write().await;
    let studio = fresh_photographer().await;
    let (lost, changed) = (associated(&studio).await, associated(&studio).await);
    let mut shell = restoring();
    let step = |text: &str| block("restoring.md", "## Items of a table", text);
    shell.run("aws dynamodb delete-table --table-name restored > /dev/null 2>&1 || true"); // of a run that failed
    // The emulator restores what is there now: before it is lost.
    assert!(shell.run(&step("restore-table-to-point-in-time")).contains("ENABLED"));
    own(&changed.visit).set_reminder("later@example.gr", Language::El).await.expect(200);
    let delete = aws::dynamodb(&aws::config().await).delete_item().table_name(stack::variable("ASSOCIATIONS_TABLE"));
    delete.key("subject_id", AttributeValue::S(subject_of(&lost.set).await)).send().await.expect("the account's owner may");
    own(&lost.visit).show_association().await.refused(404, "nothing_associated");

    let said = shell.run(&step("attribute_not_exists"));
    assert!(said.starts_with("1 copied, "), "{said}");
    own(&lost.visit).show_photo(ImageKind::Face).await.expect(200);
    let view = own(&changed.visit).show_association().await.expect(200).json();
    assert!(view["reminder"].is_object(), "what was written since stays: {view}");
    shell.run("aws dynamodb delete-table --table-name restored");
}

async fn subject_of(set: &str) -> String {
    let items = items_where("ASSOCIATIONS_TABLE", "set_id = :value", set).await;
    items[0]["subject_id"].as_s().expect("an id").clone()
}

/// What the template gives a table, apart from its items.
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

async fn pulls(body: &Application, one: &Associated) -> u16 {
    body.pull(&format!("afm:{}", one.visit.person.afm), ImageKind::Face).await.status
}

#[tokio::test]
async fn a_lost_table_comes_back_under_its_name_with_its_settings() {
    let _alone = ALONE.write().await;
    let (studio, body) = (fresh_photographer().await, application::fresh(Purpose::Passport).await);
    let one = associated(&studio).await;
    own(&one.visit).authorize(&[&body.id]).await.expect(200);
    let table = stack::variable("ASSOCIATIONS_TABLE");
    let before = settings(&table).await;
    let client = aws::dynamodb(&aws::config().await);
    // DynamoDB makes this one itself when a table is deleted; the emulator does not.
    let backup = client.create_backup().table_name(&table).backup_name("last").send().await.expect("a backup").backup_details;
    let backup = backup.expect("a backup").backup_arn;
    protect(&table, false).await;
    client.delete_table().table_name(&table).send().await.expect("gone");
    let restored = std::panic::AssertUnwindSafe(restore(&table, &one, &body, &before)).catch_unwind().await;
    if let Err(panic) = restored {
        // The stack is not only this test's.
        let _ = client.restore_table_from_backup().target_table_name(&table).backup_arn(backup).send().await;
        std::panic::resume_unwind(panic);
    }
    protect(&table, false).await;
    own(&one.visit).dissociate().await.expect(204);
    assert_eq!(pulls(&body, &one).await, 403);
}

async fn protect(table: &str, protected: bool) {
    let update = aws::dynamodb(&aws::config().await).update_table().table_name(table).deletion_protection_enabled(protected);
    update.send().await.expect("a table");
}

async fn restore(table: &str, one: &Associated, body: &Application, before: &str) {
    own(&one.visit).show_association().await.refused(500, "internal");
    assert_eq!(pulls(body, one).await, 500);

    let mut shell = restoring();
    let step = |text: &str| block("restoring.md", "## A lost table", text);
    shell.run(&step("restore-table-from-backup"));
    shell.run(&step("update-time-to-live"));
    let client = aws::dynamodb(&aws::config().await);
    // The emulator takes the key at CreateTable and UpdateTable, not where a table is restored; DynamoDB does.
    let key = SseSpecification::builder().enabled(true).sse_type(SseType::Kms).kms_master_key_id(stack::variable("DATA_KEY")).build();
    client.update_table().table_name(table).sse_specification(key).send().await.expect("the key");
    assert_eq!(settings(table).await, before);
    let described = client.describe_table().table_name(table).send().await.expect("a table").table.expect("a table");
    assert_eq!(described.deletion_protection_enabled, Some(true));
    let tags = client.list_tags_of_resource().resource_arn(described.table_arn.expect("its name")).send().await.expect("its tags");
    let mut tags: Vec<_> = tags.tags().iter().map(|tag| format!("{}={}", tag.key(), tag.value())).collect();
    tags.sort();
    assert_eq!(tags, ["environment=production", "service=myphoto"]);
    own(&one.visit).show_photo(ImageKind::Face).await.expect(200);
    assert_eq!(pulls(body, one).await, 200);
}

/// Has a table lost until `mend` has made it again. The stack is not only this test's: there is one afterwards in any case.
async fn lost(table: &str, mend: impl Future<Output = ()>) {
    let client = aws::dynamodb(&aws::config().await);
    let described: TableDescription = client.describe_table().table_name(table).send().await.expect("a table").table.expect("a table");
    protect(table, false).await;
    client.delete_table().table_name(table).send().await.expect("gone");
    if let Err(panic) = std::panic::AssertUnwindSafe(mend).catch_unwind().await {
        let again = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
        let again = again.set_key_schema(described.key_schema).set_attribute_definitions(described.attribute_definitions);
        // It may be there.
        let _ = again.send().await;
        std::panic::resume_unwind(panic);
    }
    protect(table, false).await;
}

/// Types what makes this table again.
async fn make_again(shell: &mut Shell, table: &str, output: &str, before: &str) {
    let step = |text: &str| block("restoring.md", "## A table without a backup", text);
    shell.run(&step("remake()"));
    shell.run(&step(&format!("remake \"$(output {output})\"")));
    assert_eq!(settings(table).await, before);
}

#[tokio::test]
async fn where_keys_are_lost_codes_are_entered_again_and_open_the_same_photos() {
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
    lost(&table, async {
        own(&one.visit).show_photo(ImageKind::Face).await.refused(500, "internal");
        let mut shell = restoring();
        make_again(&mut shell, &table, "KeysTable", &before).await;
        // A new one has its key, and stays.
        let other = associated(&studio).await;
        own(&one.visit).show_photo(ImageKind::Face).await.refused(500, "internal");
        assert_eq!(pulls(&body, &one).await, 500);
        let said = shell.run(&block("restoring.md", "## Associations that do not open", "KeysTable"));
        assert!(said.ends_with(" 1 open"), "{said}");
        own(&one.visit).show_association().await.refused(404, "nothing_associated");
        assert_eq!(pulls(&body, &one).await, 403);
        own(&other.visit).show_photo(ImageKind::Face).await.expect(200);
        // As after any dissociation: what was entered before is entered again.
        own(&elsewhere).associate(&version).await.refused(404, "no_submission");
        own(&one.visit).take(&one.code).await;
        own(&one.visit).show_photo(ImageKind::Face).await.expect(200);
    })
    .await;
}

#[tokio::test]
async fn where_reminders_are_lost_people_can_ask_for_one_again() {
    let _alone = ALONE.write().await;
    let one = associated(&fresh_photographer().await).await;
    let citizen = own(&one.visit);
    citizen.set_reminder("lost@example.gr", Language::El).await.expect(200);
    let table = stack::variable("REMINDERS_TABLE");
    let before = settings(&table).await;
    lost(&table, async {
        let mut shell = restoring();
        make_again(&mut shell, &table, "RemindersTable", &before).await;
        let said = shell.run(&block("restoring.md", "## A table without a backup", "attribute_exists(reminder)"));
        assert!(said.ends_with(" 0 changed meanwhile"), "{said}");
        assert!(citizen.show_association().await.expect(200).json()["reminder"].is_null());
        citizen.set_reminder("again@example.gr", Language::El).await.expect(200);
    })
    .await;
}

/// A stack of one protected table. `failing` adds a resource that cannot be made.
fn small_stack(failing: bool) -> String {
    let table = r#""Sessions": {"Type": "AWS::DynamoDB::Table", "DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain", "Properties": {
        "BillingMode": "PAY_PER_REQUEST", "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}], "DeletionProtectionEnabled": true}}"#;
    let nested = r#", "Absent": {"Type": "AWS::CloudFormation::Stack", "DependsOn": "Sessions", "Properties": {"TemplateURL": "https://s3.eu-south-1.amazonaws.com/myphoto-artifacts/absent"}}"#;
    format!("{{\"Resources\": {{{table}{}}}}}", if failing { nested } else { "" })
}

fn create_stack(shell: &mut Shell, name: &str, template: &str) {
    shell.set("STACK", name);
    shell.set("TEMPLATE", template);
    shell.run("aws cloudformation create-stack --stack-name \"$STACK\" --template-body \"$TEMPLATE\" --query StackId --output text");
    // `aws cloudformation wait` looks every 30 seconds.
    let status = "aws cloudformation describe-stacks --stack-name \"$STACK\" --query 'Stacks[0].StackStatus' --output text";
    shell.run(&format!("while [[ $({status}) == *_IN_PROGRESS ]]; do sleep 1; done"));
}

#[tokio::test]
async fn a_stack_that_is_stuck_tells_why_and_is_deleted() {
    let (mut shell, number) = (operator(), now());
    let stuck = |text: &str| block("stuck-stack.md", "## Find the cause", text);
    let delete = |text: &str| block("stuck-stack.md", "## Delete a stack that never served", text);

    // That of this test's own service has no failures, in its nested stack either.
    let said = shell.run(&stuck("failures() {"));
    assert!(said.starts_with("CREATE_COMPLETE") || said.starts_with("UPDATE_COMPLETE"), "{said}");
    assert_eq!(shell.run(&stuck("--logical-resource-id Watch")), "");

    create_stack(&mut shell, &format!("failed{number}"), &small_stack(true));
    let said = shell.run(&stuck("failures() {"));
    assert!(said.starts_with("ROLLBACK_COMPLETE") && said.contains("\tAbsent\tCREATE_FAILED\t"), "{said}");
    shell.run(&delete("tables() {"));
    shell.run(&delete("--no-deletion-protection-enabled"));

    // The emulator deletes protected tables with a stack that failed, so the protection is turned off in one that did not.
    let name = format!("protected{number}");
    create_stack(&mut shell, &name, &small_stack(false));
    let said = shell.run(&delete("tables() {"));
    assert!(said.starts_with(&format!("{name}-Sessions-")) && said.ends_with(" 0"), "{said}");
    let unprotected = shell.run(&delete("--no-deletion-protection-enabled"));
    assert!(unprotected.starts_with(&format!("{name}-Sessions-")), "{unprotected}");
    let left = shell.run(&delete("list-tables"));
    assert!(left.contains(&unprotected), "{left}");
    shell.run(&format!("aws dynamodb delete-table --table-name {unprotected} --query TableDescription.TableName"));
    assert!(!shell.run(&delete("list-tables")).contains(&unprotected));
}
