//! DynamoDB tables, and the S3 bucket of photos.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::{
    project::read,
    support::{lambdas, list, of_type},
};

/// Tables without point-in-time recovery, because a backup would contain deleted keys, codes and addresses.
const TABLES_WITHOUT_RECOVERY: &[&str] = &["Keys", "Outbox", "Reminders"];

#[test]
fn every_table_is_on_demand_encrypted_protected_and_has_a_ttl() {
    for (id, table) in of_type("AWS::DynamoDB::Table") {
        let own = &table["Properties"];
        assert_eq!(own["BillingMode"], "PAY_PER_REQUEST", "{id}");
        assert_eq!(own["TimeToLiveSpecification"], json!({ "AttributeName": storage::TTL_ATTRIBUTE, "Enabled": true }), "{id}");
        let encryption = json!({ "SSEEnabled": true, "SSEType": "KMS", "KMSMasterKeyId": { "Fn::GetAtt": ["DataKey", "Arn"] } });
        assert_eq!(own["SSESpecification"], encryption, "{id}");
        assert_eq!(own["DeletionProtectionEnabled"], json!({ "Fn::If": ["ProtectsTables", true, false] }), "{id}");
        assert_eq!(table["DeletionPolicy"], "RetainExceptOnCreate", "{id}");
        let recovery = &own["PointInTimeRecoverySpecification"];
        if TABLES_WITHOUT_RECOVERY.contains(&id.as_str()) {
            assert!(recovery.is_null(), "{id}: backups would contain deleted keys, codes and addresses");
        } else {
            assert_eq!(recovery, &json!({ "PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": 7 }), "{id}");
        }
        assert!(own["TableName"].is_null(), "{id}: CloudFormation chooses the name, so that a table can be replaced");
        assert_eq!(table["UpdateReplacePolicy"], "Retain", "{id}");
    }
}

#[test]
fn the_runbook_recreates_tables_as_the_template_defines_them() {
    let page = read("docs/operating/restoring.md").replace("\\\n", " ");
    let command = |start: &str| {
        let found: Vec<&str> = page.lines().map(str::trim).filter(|line| line.starts_with(start)).collect();
        assert_eq!(found.len(), 1, "{start}");
        found[0].to_owned()
    };
    let schema = |keys: &Value| -> Vec<String> {
        let keys = list(keys).into_iter();
        keys.map(|key| {
            format!("AttributeName={},KeyType={}", key["AttributeName"].as_str().expect("a name"), key["KeyType"].as_str().expect("a type"))
        })
        .collect()
    };
    let tables = of_type("AWS::DynamoDB::Table");
    for name in TABLES_WITHOUT_RECOVERY {
        let (own, documented) = (&tables[*name]["Properties"], command(&format!("remake \"$(output {name}Table)\"")));
        let attributes = list(&own["AttributeDefinitions"]).into_iter().map(|attribute| {
            format!(
                "AttributeName={},AttributeType={}",
                attribute["AttributeName"].as_str().expect("a name"),
                attribute["AttributeType"].as_str().expect("a type")
            )
        });
        let mut expected: Vec<String> = attributes.chain(schema(&own["KeySchema"])).collect();
        for index in own["GlobalSecondaryIndexes"].as_array().into_iter().flatten() {
            let keys = schema(&index["KeySchema"]).into_iter().map(|key| format!("{{{key}}}")).collect::<Vec<_>>().join(",");
            let (name, kind) =
                (index["IndexName"].as_str().expect("a name"), index["Projection"]["ProjectionType"].as_str().expect("a type"));
            expected.push(format!("IndexName={name},KeySchema=[{keys}],Projection={{ProjectionType={kind}}}"));
        }
        if let Some(view) = own["StreamSpecification"]["StreamViewType"].as_str() {
            expected.push(format!("StreamEnabled=true,StreamViewType={view}"));
        }
        for part in &expected {
            assert!(documented.contains(part.as_str()), "missing in docs/operating/restoring.md: {part} of {name}: {documented}");
        }
        let count = |text: &str| documented.matches(text).count();
        let count_expected = |text: &str| expected.iter().map(|part| part.matches(text).count()).sum::<usize>();
        for text in ["AttributeName=", "IndexName="] {
            assert_eq!(count(text), count_expected(text), "{name}: the number of {text} in {documented}");
        }
    }
    // Compares the command in docs/operating/restoring.md with the event source of `DeliverCode` in the template. The command connects the
    // stream of a new table `Outbox` to this function.
    let documented = command("aws lambda create-event-source-mapping");
    let mut stream = lambdas()["DeliverCode"]["Properties"]["Events"]["Outbox"]["Properties"].take();
    let number = |key: &str| stream[key].as_u64().unwrap_or_else(|| panic!("{key}"));
    let mut expected = vec![
        format!("--batch-size {}", number("BatchSize")),
        format!("--parallelization-factor {}", number("ParallelizationFactor")),
        format!("--maximum-retry-attempts {}", number("MaximumRetryAttempts")),
        format!("--starting-position {}", stream["StartingPosition"].as_str().expect("a position")),
        format!("--function-response-types {}", stream["FunctionResponseTypes"][0].as_str().expect("a type")),
        "--bisect-batch-on-function-error".to_owned(),
    ];
    assert_eq!(
        (&stream["BisectBatchOnFunctionError"], stream.as_object().map(Map::len)),
        (&json!(true), Some(8)),
        "a new property of the event source has to be in the command, and then in this test"
    );
    let filter = stream["FilterCriteria"].take();
    expected.push(format!("--filter-criteria '{{\"Filters\": [{{\"Pattern\": {}}}]}}'", filter["Filters"][0]["Pattern"]));
    for part in expected {
        assert!(documented.contains(&part), "missing in docs/operating/restoring.md: {part}: {documented}");
    }
}

#[test]
fn the_bucket_is_private_and_encrypted_and_its_lifecycle_matches_the_domain() {
    let buckets = of_type("AWS::S3::Bucket");
    assert_eq!(buckets.len(), 1);
    let bucket = &buckets["Photos"]["Properties"];
    let rules = bucket["LifecycleConfiguration"]["Rules"].as_array().expect("rules").iter();
    let rules: BTreeSet<_> = rules
        .map(|rule| {
            assert_eq!(rule["Status"], "Enabled");
            (rule["Prefix"].as_str().expect("a prefix").to_owned(), rule["ExpirationInDays"].as_i64().expect("days"))
        })
        .collect();
    assert_eq!(rules, domain::retention::LIFECYCLE.map(|(prefix, days)| (prefix.to_owned(), days)).into());
    assert!(bucket["PublicAccessBlockConfiguration"].as_object().expect("a block").values().all(|blocked| blocked == true));
    assert!(bucket["VersioningConfiguration"].is_null(), "versions would keep deleted photos");
    let encryption = &bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]["ServerSideEncryptionByDefault"];
    assert_eq!(encryption, &json!({ "SSEAlgorithm": "aws:kms", "KMSMasterKeyID": { "Fn::GetAtt": ["DataKey", "Arn"] } }));
}
