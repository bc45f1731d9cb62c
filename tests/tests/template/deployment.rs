//! Tests the parts of the template that depend on the deployment: rollbacks, the sandbox, conditional resources, tags, and the steps of a
//! first deployment.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::{
    project::{read, template},
    support::{assert_no_faults, differences, lambdas, list, recipe, statements},
};

#[test]
fn deployments_of_each_function_roll_back_by_its_alarm_and_the_gateway_alarm() {
    let template = template();
    let common = &template["Globals"]["Function"]["DeploymentPreference"];
    assert_eq!(common["Alarms"], json!([{ "Ref": "GatewayFailures" }]));
    assert_eq!(common["Type"], json!({ "Ref": "TrafficShift" }));
    assert_eq!(common["Enabled"], json!({ "Fn::FindInMap": ["TrafficShift", { "Ref": "TrafficShift" }, "IsOn"] }));
    // Only `none`, the value for the emulator, turns gradual deployments off.
    for choice in template["Parameters"]["TrafficShift"]["AllowedValues"].as_array().expect("choices") {
        let choice = choice.as_str().expect("a choice");
        assert_eq!(template["Mappings"]["TrafficShift"][choice]["IsOn"], if choice == "none" { "false" } else { "true" }, "{choice}");
    }
    assert!(read("samconfig.toml").contains("TrafficShift=Canary10Percent5Minutes"));
    for (id, function) in lambdas() {
        let own = &function["Properties"]["DeploymentPreference"];
        assert_eq!(own["Alarms"], json!([{ "Ref": format!("{id}Errors") }]), "{id}");
        // A page works only with files of the same version, so ServeWeb moves to a new version all at once.
        assert_eq!(own["Type"], if id == "ServeWeb" { json!("AllAtOnce") } else { Value::Null }, "{id}");
    }
}

#[test]
fn neither_the_sandbox_nor_the_certificate_of_the_emulator_is_used_in_production() {
    let template = template();
    let rule = &template["Rules"]["NothingOfTheEmulatorInProduction"];
    assert_eq!(rule["RuleCondition"], json!({ "Fn::Equals": [{ "Ref": "Production" }, "true"] }));
    assert_eq!(rule["Assertions"][0]["Assert"], json!({ "Fn::Equals": [{ "Ref": "SandboxUrl" }, ""] }));
    let certificate = json!({ "Fn::Equals": [{ "Ref": "CertificateArn" }, template["Parameters"]["CertificateArn"]["Default"]] });
    assert_eq!(rule["Assertions"][1]["Assert"], json!({ "Fn::Not": [certificate] }));
    // The condition `UsesSandbox` repeats the first assertion of the rule, because an emulator of CloudFormation may ignore rules.
    let uses_sandbox = json!({ "Fn::And": [
        { "Fn::Equals": [{ "Ref": "Production" }, "false"] },
        { "Fn::Not": [{ "Fn::Equals": [{ "Ref": "SandboxUrl" }, ""] }] },
    ] });
    assert_eq!(template["Conditions"]["UsesSandbox"], uses_sandbox);
    for (id, function) in lambdas() {
        for (variable, value) in function["Properties"]["Environment"]["Variables"].as_object().into_iter().flatten() {
            if value.to_string().contains("SandboxUrl") {
                let [condition, sandbox, otherwise] = value["Fn::If"].as_array().expect("a condition").as_slice() else {
                    panic!("{value}")
                };
                assert!(condition == "UsesSandbox" && !otherwise.to_string().contains("SandboxUrl"), "{id}: {variable}: {sandbox}");
            }
        }
        let publishes = statements(&function).iter().any(|statement| statement["Action"] == json!(["sns:Publish"]));
        let has_endpoint = !function["Properties"]["Environment"]["Variables"]["AWS_ENDPOINT_URL_SNS"].is_null();
        assert_eq!(publishes, has_endpoint, "{id}: exactly the functions that send SMS have the sandbox's endpoint of SNS");
        let emails = statements(&function).iter().any(|statement| list(&statement["Action"]).contains(&&json!("ses:SendEmail")));
        let has_endpoint = !function["Properties"]["Environment"]["Variables"]["AWS_ENDPOINT_URL_SESV2"].is_null();
        assert_eq!(emails, has_endpoint, "{id}: exactly the functions that send email have the sandbox's endpoint of SES");
    }
}

#[test]
fn only_resources_that_the_emulator_does_not_support_are_conditional() {
    let unsupported = BTreeSet::from(["Firewall", "FirewallOfApi", "PhotosOverTlsOnly", "PullAddressRanges"].map(str::to_owned));
    let template = template();
    let resources = template["Resources"].as_object().expect("resources").iter();
    let conditional = resources.filter(|(_, resource)| !resource["Condition"].is_null()).map(|(id, _)| id.clone()).collect();
    let place = "template.yaml, resources with a Condition";
    assert_no_faults(&differences(place, &conditional, &unsupported, "which the emulator supports"));
}

#[test]
fn every_deployment_sets_the_tags_for_cost_allocation() {
    let config: toml::Table = read("samconfig.toml").parse().expect("TOML");
    for (name, section) in config.iter().filter(|(name, _)| *name != "version") {
        let tags: Vec<_> = section["deploy"]["parameters"]["tags"].as_array().unwrap_or_else(|| panic!("{name}")).iter().collect();
        for key in ["service=", "environment="] {
            assert!(
                tags.iter().any(|tag| tag.as_str().is_some_and(|tag| tag.starts_with(key))),
                "missing in samconfig.toml: {key} of {name}"
            );
        }
    }
}

#[test]
fn a_failed_first_deployment_can_delete_its_tables_and_later_ones_protect_them() {
    let template = template();
    // By default the tables are not protected. The stack of a failed first deployment could not delete protected tables and would end in
    // ROLLBACK_FAILED.
    assert_eq!(template["Parameters"]["DeletionProtection"]["Default"], "false");
    assert_eq!(template["Conditions"]["ProtectsTables"], json!({ "Fn::Equals": [{ "Ref": "DeletionProtection" }, "true"] }));
    // deploy.py sets the parameter `DeletionProtection`, after asking CloudFormation whether the stack exists.
    assert!(!read("samconfig.toml").contains("DeletionProtection="));
    assert!(recipe("deploy").contains("infra/operator/deploy.py"));
}

#[test]
fn the_rehearsal_makes_the_same_change_as_the_deployment_and_precedes_it_in_the_runbook() {
    for target in ["rehearse", "deploy"] {
        // `make rehearse` and `make deploy` package the functions in the same way, so both create a new version of every function.
        let (recipe, script) = (recipe(target), format!("infra/operator/{target}.py"));
        assert!(recipe.contains(&script) && recipe.contains("for folder in target/lambda/*/"), "{recipe}");
    }
    for (page, heading, before, after) in [
        ("deploying.md", "## The first deployment", "1. `make rehearse", "2. `make deploy"),
        ("upgrading.md", "# Upgrading", "`make rehearse", "`make deploy"),
    ] {
        let page = read(&format!("docs/operating/{page}"));
        let (_, section) = page.split_once(heading).unwrap_or_else(|| panic!("{heading}"));
        let position = |text: &str| section.find(text).unwrap_or_else(|| panic!("{heading}: {text}"));
        assert!(position(before) < position(after), "{heading}");
    }
}
