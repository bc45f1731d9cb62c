//! The rights of the functions' roles, and the policies of the KMS keys.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::{
    project::{logical_id, template},
    support::{assert_no_faults, differences, lambdas, list, of_type, resource_text, statements},
};

/// Returns the policy statement that allows a role to send SMS through AWS End User Messaging, but only in calls that SNS makes on the
/// role's behalf. The managed policy `AmazonSNSFullAccess` contains the same condition.
fn right_to_send_sms_through_sns() -> Value {
    json!({
        "Effect": "Allow",
        "Action": ["sms-voice:SendTextMessage"],
        "Resource": "*",
        "Condition": { "StringEquals": { "aws:CalledViaLast": "sns.amazonaws.com" } },
    })
}

#[test]
fn only_roles_that_publish_sms_may_send_them_through_sns() {
    let mut publishers = 0;
    for (id, function) in lambdas() {
        let statements = statements(&function);
        let publishes = statements.iter().any(|s| s["Effect"] == "Allow" && list(&s["Action"]).contains(&&json!("sns:Publish")));
        let sms: Vec<&Value> = statements
            .iter()
            .filter(|s| list(&s["Action"]).into_iter().filter_map(Value::as_str).any(|action| action.starts_with("sms-voice:")))
            .collect();
        let right = right_to_send_sms_through_sns();
        assert_eq!(sms, if publishes { vec![&right] } else { Vec::new() }, "{id}");
        publishers += usize::from(publishes);
    }
    assert_eq!(publishers, 6);
}

#[test]
fn no_role_allows_wildcard_actions_or_all_resources() {
    let sms_through_sns = right_to_send_sms_through_sns();
    let mut faults = Vec::new();
    let mut fault_unless = |holds: bool, fault: String| {
        if !holds {
            faults.push(fault);
        }
    };
    for (id, function) in lambdas() {
        fault_unless(function["Properties"]["Role"].is_null(), format!("{id} has a role that SAM did not create for it"));
        let statements = statements(&function);
        let denies_topics = statements.iter().any(|statement| {
            statement["Effect"] == "Deny"
                && statement["Action"] == json!(["sns:Publish"])
                && resource_text(&statement["Resource"]) == "arn:${AWS::Partition}:sns:*:*:*"
                && statement["Condition"].is_null()
        });
        for statement in statements.iter().filter(|statement| statement["Effect"] != "Deny") {
            fault_unless(
                statement["Effect"] == "Allow",
                format!("{id} has a statement whose effect is neither Allow nor Deny: {statement}"),
            );
            let is_negated = !statement["NotAction"].is_null() || !statement["NotResource"].is_null();
            fault_unless(!is_negated, format!("{id} has a statement with NotAction or NotResource: {statement}"));
            for action in list(&statement["Action"]) {
                let action = action.as_str().expect("an action");
                fault_unless(
                    action.contains(':') && !action.contains('*'),
                    format!("{id} may do {action}, which is not one single action"),
                );
            }
            for resource in list(&statement["Resource"]).into_iter().map(resource_text) {
                // Phone numbers have no ARN, so sending SMS needs two rights to the resource `*`. One is `sns:Publish`, which another
                // statement denies for all topics. The other is `sms-voice:SendTextMessage`, which is limited to calls that SNS makes.
                let is_sms = resource == "*" && statement["Action"] == json!(["sns:Publish"]) && denies_topics;
                let is_sms = is_sms || *statement == sms_through_sns;
                let is_prefix = resource.strip_prefix("${Photos.Arn}/").and_then(|rest| rest.strip_suffix("/*"));
                let is_prefix = is_prefix.is_some_and(|prefix| ["incoming", "pending", "associated"].contains(&prefix));
                fault_unless(!resource.contains('*') || is_sms || is_prefix, format!("{id} has a right to {resource}, which is too much"));
            }
        }
    }
    assert_no_faults(&faults);
}

#[test]
fn a_key_policy_for_any_principal_is_limited_to_one_account_and_one_service() {
    for (id, key) in of_type("AWS::KMS::Key") {
        assert_eq!(key["Properties"]["EnableKeyRotation"], true, "{id}");
        for statement in key["Properties"]["KeyPolicy"]["Statement"].as_array().expect("statements") {
            if statement["Principal"]["AWS"] == "*" || statement["Principal"] == "*" {
                let condition = &statement["Condition"]["StringEquals"];
                assert!(!condition["kms:CallerAccount"].is_null() && !condition["kms:ViaService"].is_null(), "{id}: {statement}");
            }
        }
    }
}

/// Returns the functions that have a right to a key, by the right, such as `kms:Encrypt OutboxKey.Arn`.
fn users_of_keys() -> BTreeMap<String, BTreeSet<String>> {
    let mut users = BTreeMap::<String, BTreeSet<String>>::new();
    for (id, function) in lambdas() {
        for statement in statements(&function) {
            for action in list(&statement["Action"]).into_iter().filter_map(Value::as_str).filter(|action| action.starts_with("kms:")) {
                users.entry(format!("{action} {}", resource_text(&statement["Resource"]))).or_default().insert(id.clone());
            }
        }
    }
    users
}

#[test]
fn rights_to_encrypt_and_to_decrypt_belong_to_the_listed_functions_only() {
    let mut rights = users_of_keys();
    let listed: &[(&str, &[&str])] = &[
        ("kms:Encrypt OutboxKey.Arn", &["IssueCode", "ResendCode"]),
        // Only ResendCode may both encrypt and decrypt messages, because it creates a new message from an old one.
        ("kms:Decrypt OutboxKey.Arn", &["DeliverCode", "ResendCode"]),
        ("kms:Encrypt RemindersKey.Arn", &["ConfirmPresence", "IssueCode", "ResendCode", "SetReminder"]),
        ("kms:Decrypt RemindersKey.Arn", &["SendReminders"]),
        ("kms:Encrypt AssociationsKey.Arn", &["Associate"]),
        ("kms:Decrypt AssociationsKey.Arn", &["ShowPhoto", "DownloadPhotos", "ShowCode", "PullPhoto"]),
    ];
    let mut faults = Vec::new();
    for (right, ids) in listed {
        let found = rights.remove(*right).unwrap_or_default();
        let place = format!("template.yaml, functions with the right {right}");
        faults.extend(differences(&place, &found, &ids.iter().map(|id| (*id).to_owned()).collect(), "which this test does not list"));
    }
    faults.extend(
        rights.into_iter().map(|(right, ids)| format!("template.yaml has the right {right} of {ids:?}, which this test does not list")),
    );
    assert_no_faults(&faults);
}

/// The policy of a key names a role by two patterns: the ARN of the role, which AWS compares, and the ARN of the role's sessions, which the
/// emulator compares.
#[test]
fn the_policy_of_a_key_names_exactly_the_roles_that_may_use_it_in_both_forms() {
    let mut users = users_of_keys();
    for (key, resource) in of_type("AWS::KMS::Key").iter().filter(|(key, _)| *key != "DataKey") {
        for statement in list(&resource["Properties"]["KeyPolicy"]["Statement"]) {
            if statement["Sid"] == "Administration" {
                for action in list(&statement["Action"]).into_iter().map(|action| action.as_str().expect("an action")) {
                    let uses = ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt", "kms:Generate", "kms:Derive", "kms:CreateGrant"];
                    let pattern = action.strip_suffix('*').unwrap_or(action);
                    assert!(
                        pattern.len() > "kms:".len() && !uses.iter().any(|one| one.starts_with(pattern) || pattern.starts_with(one)),
                        "{key}: {action}"
                    );
                }
                continue;
            }
            let [action] = list(&statement["Action"]).try_into().unwrap_or_else(|_| panic!("{key}: {statement}"));
            let principals = list(&statement["Condition"]["ArnLike"]["aws:PrincipalArn"]).into_iter().map(resource_text);
            let principals: BTreeSet<String> = principals.collect();
            let used_by = users.remove(&format!("{} {key}.Arn", action.as_str().expect("an action"))).unwrap_or_default();
            let service_and_kind = [("iam", "role"), ("sts", "assumed-role")];
            let arn = |id: &String, (service, kind): (&str, &str)| {
                format!("arn:${{AWS::Partition}}:{service}::${{AWS::AccountId}}:{kind}/${{AWS::StackName}}-{id}Role-*")
            };
            let expected: BTreeSet<String> = used_by.iter().flat_map(|id| service_and_kind.map(|form| arn(id, form))).collect();
            assert_eq!(principals, expected, "{key}: {action}");
        }
    }
    assert!(users.keys().all(|right| right.ends_with(" DataKey.Arn")), "the policy of a key does not permit these actions: {users:?}");
}

#[test]
fn exactly_the_sender_of_codes_uses_the_configuration_set_on_which_ses_reports() {
    let set = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/${CodeEmails}";
    for (id, function) in lambdas() {
        let has_right = statements(&function).iter().any(|statement| {
            list(&statement["Resource"]).into_iter().any(|resource| resource_text(resource) == set)
                && statement["Action"] == json!(["ses:SendEmail", "ses:SendRawEmail"])
        });
        let variable = &function["Properties"]["Environment"]["Variables"]["EMAIL_CONFIGURATION_SET"];
        assert_eq!(has_right, id == "DeliverCode", "{id}");
        assert_eq!(*variable, if has_right { json!({ "Ref": "CodeEmails" }) } else { Value::Null }, "{id}");
    }
}

#[test]
fn reports_of_ses_reach_the_function_without_personal_data_and_are_stored_encrypted_for_a_day() {
    let template = template();
    let resources = &template["Resources"];
    let destination = &resources["CodeEmailReports"]["Properties"];
    assert_eq!(destination["ConfigurationSetName"], json!({ "Ref": "CodeEmails" }));
    assert_eq!(destination["EventDestination"]["Enabled"], true);
    // SES must not report delays, because they are not failures. It must not report deliveries and openings of messages either, because
    // these are personal data that nobody needs.
    assert_eq!(destination["EventDestination"]["MatchingEventTypes"], json!(["bounce", "complaint", "reject"]));
    let function = &resources["RecordBounce"]["Properties"];
    let rule = &function["Events"]["Report"]["Properties"];
    assert_eq!(rule["Pattern"]["source"], json!(["aws.ses"]));
    assert_eq!(rule["Pattern"]["detail"]["mail"]["tags"]["ses:configuration-set"], json!([{ "Ref": "CodeEmails" }]));
    let paths: BTreeSet<&str> =
        rule["InputTransformer"]["InputPathsMap"].as_object().expect("paths").values().filter_map(Value::as_str).collect();
    let without_personal_data = [
        "$.detail.eventType",
        "$.detail.bounce.bounceType",
        "$.detail.bounce.bounceSubType",
        "$.detail.bounce.bouncedRecipients[0].status",
        "$.detail.complaint.complaintSubType",
        "$.detail.complaint.complaintFeedbackType",
        "$.detail.mail.tags.message",
        "$.detail.mail.tags.sending",
    ];
    assert_eq!(paths, BTreeSet::from(without_personal_data));
    assert!(rule["Input"].is_null() && rule["InputPath"].is_null() && rule["DeadLetterConfig"].is_null());
    let on_failure = &function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"];
    assert_eq!(*on_failure, json!({ "Type": "SQS", "Destination": { "Fn::GetAtt": ["UnrecordedBounces", "Arn"] } }));
    let queue = &resources["UnrecordedBounces"]["Properties"];
    assert_eq!(queue["SqsManagedSseEnabled"], true);
    assert_eq!(queue["MessageRetentionPeriod"].as_i64(), Some(domain::retention::MESSAGE_RETENTION.as_seconds()));
}

#[test]
fn every_function_may_use_exactly_the_tables_that_its_variables_name() {
    let mut faults = Vec::new();
    for (id, function) in lambdas() {
        let resources: Vec<String> =
            statements(&function).iter().flat_map(|s| list(&s["Resource"]).into_iter().map(resource_text).collect::<Vec<_>>()).collect();
        for (variable, value) in function["Properties"]["Environment"]["Variables"].as_object().into_iter().flatten() {
            let Some(table) = variable.strip_suffix("_TABLE") else { continue };
            let table = logical_id(&table.to_lowercase());
            if value["Ref"] != *table {
                faults.push(format!("{id}: the value of {variable} is not !Ref {table}"));
            }
            if !resources.contains(&format!("{table}.Arn")) {
                faults.push(format!("{id} has the variable {variable}, but no right to {table}"));
            }
        }
        for table in resources.iter().filter_map(|resource| resource.strip_suffix(".Arn")).filter(|name| !name.ends_with("Key")) {
            let variable = format!("{}_TABLE", table.to_uppercase());
            if function["Properties"]["Environment"]["Variables"][&variable].is_null() {
                faults.push(format!("{id} has a right to {table}, but no variable {variable}"));
            }
        }
    }
    assert_no_faults(&faults);
}
