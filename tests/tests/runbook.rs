//! Runs the commands of docs/operating in the emulated account, exactly as an operator would copy them from the pages, and checks their
//! effect.
//!
//! These tests are a separate program, because some of them delete tables that other tests need.

#![expect(clippy::expect_used, reason = "what fails here fails the test that calls it")]

mod aws;
#[path = "aws/items.rs"]
mod items;
#[path = "aws/objects.rs"]
mod objects;
#[path = "aws/outbox.rs"]
mod outbox;
#[path = "runbook/restoring.rs"]
mod restoring;

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::{
    CodeNumber, ImageKind, Language, Moment,
    application::Purpose,
    delivery::{AfterFailure, after_failure},
};
use items::items_where;
use journeys::{
    application::{self, now},
    citizen::own,
    docs::{self, Shell},
    inbox,
    people::{self, Visit, fresh_citizen, fresh_photographer},
    photographer::{self, To, face_only, issue_by_sms},
    stack,
};
use serde_json::{Value, json};
use storage::sealing::code_id;

/// A lock that tests take for writing if they delete data that other tests need, and for reading otherwise.
static ALONE: tokio::sync::RwLock<()> = tokio::sync::RwLock::const_new(());

/// Maximum time to wait until a message that is due again is sent or given up. The sweep wakes the sender for such messages, and runs each
/// minute.
const NEXT_SWEEP_TIMEOUT: Duration = Duration::from_secs(120);

/// Returns the code block that contains `text`, from the section `heading` of a page of docs/operating. Panics unless exactly one block of
/// the section contains the text.
fn block(page: &str, heading: &str, text: &str) -> String {
    let page = docs::page(&format!("operating/{page}"));
    let found: Vec<String> = docs::blocks(docs::section(&page, heading), "").into_iter().filter(|block| block.contains(text)).collect();
    assert_eq!(found.len(), 1, "{heading}: {text}");
    found.into_iter().next().expect("one block")
}

/// Starts an operator's shell with the AWS CLI in its `PATH`.
fn operator_shell() -> Shell {
    let tools = docs::root().join(".tools/awscli/bin");
    assert!(tools.join("aws").exists(), "the AWS CLI is missing: run `python3 infra/local/stack.py tools awscli`");
    let path = format!("{}:{}", tools.display(), std::env::var("PATH").expect("a path"));
    Shell::start(&[("PATH", &path), ("AWS_PAGER", ""), ("AWS_EC2_METADATA_DISABLED", "true")])
}

/// Parses the two columns that the AWS CLI prints with `--output text`. Ignores lines with only one column.
fn pairs(output: &str) -> Vec<(String, String)> {
    let pair = |line: &str| line.split_once('\t').map(|(one, other)| (one.to_owned(), other.trim().to_owned()));
    output.lines().filter_map(pair).collect()
}

/// A citizen with associated photos.
struct Associated {
    visit: Visit,
    code: String,
    /// Id of the photo set.
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
    get.key(key, AttributeValue::S(value.to_owned())).send().await.expect("the account's owner may read").item
}

/// Returns the number of stored objects of a photo set.
async fn objects_of(set: &str) -> usize {
    let s3 = objects::s3(&aws::config().await);
    let mut count = 0;
    for prefix in ["associated", "pending"] {
        let list = s3.list_objects_v2().bucket(stack::variable("PHOTOS_BUCKET")).prefix(format!("{prefix}/{set}/"));
        count += list.send().await.expect("the account's owner may list").contents().len();
    }
    count
}

#[tokio::test]
async fn failed_messages_are_all_sent_by_one_command() {
    let _shared = ALONE.read().await;
    let (studio, to) = (fresh_photographer().await, To::Mobile(people::fresh("citizen").await.mobile().to_owned()));
    inbox::fail(to.address(), &json!("always"), "internal_error").await;
    let upload_id = photographer::upload(&studio, domain::FileProfile::Standard, &face_only()).await;
    photographer::issue_code(&studio, &upload_id, &to, Language::El).await.expect(201);
    let tried = |item: &Value| item["delivery"]["attempts"] == 1;
    photographer::wait_until_listed(&studio, &upload_id, tried, inbox::PATIENCE).await;
    // Makes the last attempt due now. Without this change, the test would have to wait for hours.
    let (at, far) = (Moment::from_epoch_seconds(0), Moment::from_epoch_seconds(i64::from(u32::MAX)));
    let last = (1_u32..).find(|attempts| after_failure(*attempts, at, far) == AfterFailure::GiveUp).expect("a last attempt");
    outbox::set(&outbox::messages_of(&upload_id).await[0], &[("attempts", i64::from(last) - 1), ("next_at", now())]).await;
    // Invokes the sweep instead of waiting for its schedule.
    stack::invoke("SWEEP_OUTBOX_FUNCTION").await.expect("a sweep");
    let in_state = |state: &'static str| move |item: &Value| item["delivery"]["state"] == state;
    photographer::wait_until_listed(&studio, &upload_id, in_state("failed"), NEXT_SWEEP_TIMEOUT).await;

    inbox::fail(to.address(), &json!(0), "internal_error").await;
    operator_shell().run(&block("messages.md", "## Send given-up messages again", "update-item"));
    stack::invoke("SWEEP_OUTBOX_FUNCTION").await.expect("a sweep");
    photographer::wait_until_listed(&studio, &upload_id, in_state("sent"), NEXT_SWEEP_TIMEOUT).await;
    assert_eq!(inbox::codes(to.address()).await.len(), 1);
}

#[tokio::test]
async fn the_documented_commands_find_show_and_erase_a_person() {
    let _shared = ALONE.read().await;
    let (studio, body) = (fresh_photographer().await, application::fresh(Purpose::Passport).await);
    let (erased, other) = (associated(&studio).await, associated(&studio).await);
    let subject = format!("afm:{}", erased.visit.person.afm);
    let citizen = own(&erased.visit);
    citizen.authorize(&[&body.id]).await.expect(200);
    citizen.set_reminder("left@example.gr", Language::El).await.expect(200);
    body.pull(&subject, ImageKind::Face).await.expect(200);

    let mut shell = operator_shell();
    // The command finds the same person by AFM and by AMKA, and nobody by an unknown AFM.
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
    assert!(hidden.iter().all(|one| !shown.contains(one.as_str())), "neither the code nor the person's numbers are shown");

    let erasing = |text: &str| block("peoples-requests.md", "## Erasing a person", text);
    let sets = pairs(&shell.run(&erasing("begins_with(event")));
    assert!(!sets.is_empty() && sets.iter().all(|(set, _)| *set == erased.set), "{sets:?}");
    shell.run(&erasing("KeysTable"));
    body.pull(&subject, ImageKind::Face).await.rejected(403, "pull_refused");
    // The command refuses to delete a set that another person has associated.
    let code_of_other = code_id(&CodeNumber::parse(&other.code).expect("a code"));
    let script = format!("SET={} CODE={code_of_other}\n({}) || echo refused", other.set, erasing("s3 rm"));
    assert!(shell.run(&script).ends_with("refused"));
    assert!(objects_of(&other.set).await > 0);
    shell.set("SET", &sets[0].0);
    shell.set("CODE", &sets[0].1);
    shell.run(&erasing("s3 rm"));
    shell.run(&erasing("RemindersTable"));

    citizen.show_association().await.rejected(404, "nothing_associated");
    citizen.submit(&erased.code).await.rejected(404, "code_not_active");
    assert_eq!(objects_of(&erased.set).await, 0);
    assert!(items_where("REMINDERS_TABLE", "about = :value", &format!("association#{}", ids[0])).await.is_empty());
    // Records that the law requires us to retain, and other people's photos, are not erased.
    assert!(shell.run(&block("peoples-requests.md", "## A request for data", "get-item")).contains("access#"));
    own(&other.visit).show_photo(ImageKind::Face).await.expect(200);
    assert!(objects_of(&other.set).await > 0);
}

#[tokio::test]
async fn stolen_codes_of_a_period_are_deleted_and_associated_ones_are_not() {
    let _alone = ALONE.write().await;
    let studio = fresh_photographer().await;
    let from = now();
    let in_use = associated(&studio).await;
    let visit = fresh_citizen().await;
    let stolen = issue_by_sms(&studio, visit.person.mobile()).await.code;
    let to = now();
    tokio::time::sleep(Duration::from_secs(2)).await;
    let later = issue_by_sms(&studio, visit.person.mobile()).await.code;

    let mut shell = operator_shell();
    shell.set("FROM", &from.to_string());
    shell.set("TO", &to.to_string());
    shell.run(&block("stolen-codes.md", "## Many codes", "delete-item"));
    own(&visit).submit(&stolen).await.rejected(404, "code_not_active");
    own(&in_use.visit).show_photo(ImageKind::Face).await.expect(200);
    own(&visit).take(&later).await;
}

/// Returns a template with one table that is protected from deletion. If `failing` is true, the template also has a resource that cannot be
/// created.
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
    // Polls every second, because `aws cloudformation wait` polls only every 30 seconds.
    let status = "aws cloudformation describe-stacks --stack-name \"$STACK\" --query 'Stacks[0].StackStatus' --output text";
    shell.run(&format!("while [[ $({status}) == *_IN_PROGRESS ]]; do sleep 1; done"));
}

#[tokio::test]
async fn the_documented_commands_explain_and_delete_a_stuck_stack() {
    let (mut shell, number) = (operator_shell(), now());
    let stuck = |text: &str| block("stuck-stack.md", "## Find the cause", text);
    let delete = |text: &str| block("stuck-stack.md", "## Delete a stack that never served", text);

    // The commands find no failures in the stack of the service, and none in its nested stacks.
    let output = shell.run(&stuck("failures() {"));
    assert!(output.starts_with("CREATE_COMPLETE") || output.starts_with("UPDATE_COMPLETE"), "{output}");
    assert_eq!(shell.run(&stuck("for nested in")), "");

    create_stack(&mut shell, &format!("failed{number}"), &small_stack(true));
    let output = shell.run(&stuck("failures() {"));
    assert!(output.starts_with("ROLLBACK_COMPLETE") && output.contains("\tAbsent\tCREATE_FAILED\t"), "{output}");
    shell.run(&delete("tables() {"));
    shell.run(&delete("--no-deletion-protection-enabled"));

    // When a stack fails, the emulator deletes even its protected tables. The commands that turn protection off are therefore tested on a
    // stack that was created successfully.
    let name = format!("protected{number}");
    create_stack(&mut shell, &name, &small_stack(false));
    let output = shell.run(&delete("tables() {"));
    assert!(output.starts_with(&format!("{name}-Sessions-")) && output.ends_with(" 0"), "{output}");
    let unprotected = shell.run(&delete("--no-deletion-protection-enabled"));
    assert!(unprotected.starts_with(&format!("{name}-Sessions-")), "{unprotected}");
    let remaining = shell.run(&delete("list-tables"));
    assert!(remaining.contains(&unprotected), "{remaining}");
    shell.run(&format!("aws dynamodb delete-table --table-name {unprotected} --query TableDescription.TableName"));
    assert!(!shell.run(&delete("list-tables")).contains(&unprotected));
}
