//! Retention, encryption and recovery of the deployed tables and bucket, compared with the rules of shared/domain.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{PointInTimeRecoveryStatus, SseStatus, SseType, TimeToLiveStatus};
use aws_sdk_s3::types::{ExpirationStatus, ServerSideEncryption};
use journeys::stack;

use crate::{aws, objects};

/// Tables without point-in-time recovery, because their deleted items must not come back from a backup.
const WITHOUT_RECOVERY: [&str; 3] = ["KEYS_TABLE", "OUTBOX_TABLE", "REMINDERS_TABLE"];

#[tokio::test]
async fn the_bucket_deletes_each_prefix_after_its_retention_period_and_has_no_other_rule() {
    let client = objects::s3(&aws::config().await);
    let rules = client.get_bucket_lifecycle_configuration().bucket(stack::variable("PHOTOS_BUCKET")).send().await.expect("lifecycle rules");
    let deployed: BTreeSet<(String, i64)> = rules
        .rules()
        .iter()
        .map(|rule| {
            assert_eq!(rule.status(), &ExpirationStatus::Enabled);
            let prefix = rule.filter().and_then(|filter| filter.prefix()).expect("a prefix");
            let days = rule.expiration().and_then(|expiration| expiration.days()).expect("days");
            (prefix.to_owned(), i64::from(days))
        })
        .collect();
    let expected = domain::retention::LIFECYCLE.map(|(prefix, days)| (prefix.to_owned(), days));
    assert_eq!(expected, [("incoming/".to_owned(), 1), ("pending/".to_owned(), 14), ("associated/".to_owned(), 365)]);
    assert_eq!(deployed, BTreeSet::from(expected));
}

#[tokio::test]
async fn the_bucket_is_encrypted_with_our_key_private_and_unversioned() {
    let (client, bucket) = (objects::s3(&aws::config().await), stack::variable("PHOTOS_BUCKET"));
    let encryption = client.get_bucket_encryption().bucket(&bucket).send().await.expect("an encryption");
    let rules = encryption.server_side_encryption_configuration().expect("its rules").rules();
    let by_default = rules[0].apply_server_side_encryption_by_default().expect("a default");
    assert_eq!(by_default.sse_algorithm(), &ServerSideEncryption::AwsKms);
    assert_eq!(by_default.kms_master_key_id(), Some(stack::variable("DATA_KEY").as_str()));
    let access = client.get_public_access_block().bucket(&bucket).send().await.expect("a public access block");
    let access = access.public_access_block_configuration().expect("its settings");
    let blocked = [access.block_public_acls(), access.block_public_policy(), access.ignore_public_acls(), access.restrict_public_buckets()];
    assert_eq!(blocked, [Some(true); 4]);
    let versioning = client.get_bucket_versioning().bucket(&bucket).send().await.expect("versioning");
    assert_eq!(versioning.status(), None);
}

#[tokio::test]
async fn every_table_uses_the_same_ttl_attribute() {
    let client = aws::dynamodb(&aws::config().await);
    let tables = stack::resources("_TABLE");
    assert_eq!(tables.len(), 14);
    for (variable, table) in tables {
        let ttl = client.describe_time_to_live().table_name(&table).send().await.expect(&variable);
        let ttl = ttl.time_to_live_description().expect("a TTL");
        assert_eq!(ttl.time_to_live_status(), Some(&TimeToLiveStatus::Enabled), "{variable}");
        assert_eq!(ttl.attribute_name(), Some(storage::TTL_ATTRIBUTE), "{variable}");
    }
}

#[tokio::test]
async fn every_table_is_encrypted_with_our_key_and_all_but_keys_outbox_and_reminders_can_be_recovered() {
    let client = aws::dynamodb(&aws::config().await);
    for (variable, table) in stack::resources("_TABLE") {
        let described = client.describe_table().table_name(&table).send().await.expect(&variable);
        let encryption = described.table().and_then(|table| table.sse_description()).expect(&variable);
        assert_eq!((encryption.status(), encryption.sse_type()), (Some(&SseStatus::Enabled), Some(&SseType::Kms)), "{variable}");
        assert_eq!(encryption.kms_master_key_arn(), Some(stack::variable("DATA_KEY").as_str()), "{variable}");
        let backups = client.describe_continuous_backups().table_name(&table).send().await.expect(&variable);
        let recovery = backups.continuous_backups_description().and_then(|backups| backups.point_in_time_recovery_description());
        let status = recovery.and_then(|recovery| recovery.point_in_time_recovery_status());
        let expected = !WITHOUT_RECOVERY.contains(&variable.as_str());
        assert_eq!(status == Some(&PointInTimeRecoveryStatus::Enabled), expected, "{variable}: {status:?}");
    }
}
