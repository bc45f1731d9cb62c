//! API Gateway and the firewall in front of it: routes, rate limits, logs.

use std::collections::BTreeMap;

use domain::{delivery, otp, photo::PHOTO_BYTES_MAX, quota::SUBMISSIONS_PER_DAY};
use serde_json::{Value, json};

use crate::{
    project::{functions, logical_id, routes, template, yaml},
    support::{gateway, lambdas, of_type, resource_text},
};

#[test]
fn every_route_calls_the_function_of_its_name_and_the_gateway_may_call_it() {
    let (lambdas, functions) = (lambdas(), functions());
    let (template, gateway) = (template(), gateway());
    let given = template["Resources"]["GatewayRights"]["Properties"]["Parameters"].as_object().expect("parameters");
    let mut permissions = of_type("AWS::Lambda::Permission");
    let mut operations = Vec::new();
    for route in routes() {
        assert!(lambdas.contains_key(&route.function), "missing in template.yaml: the function of {route:?}");
        match &route.operation {
            Some(operation) => {
                assert_eq!(logical_id(operation), route.function, "{route:?}");
                assert!(functions.contains_key(operation), "{operation} is not a function in functions/*/Cargo.toml");
                assert!(!operations.contains(operation), "infra/openapi.yaml has the operationId {operation} twice");
                operations.push(operation.clone());
            }
            None if route.method == "ANY" => assert_eq!(route.function, "UnknownRoute", "{route:?}"),
            // ServeWeb serves pages and files on all paths outside the API. It has several routes, but an operationId must be unique, so
            // only one of these routes has the operationId `serve_web`.
            None => {
                assert_eq!(route.function, "ServeWeb", "{route:?}");
                assert!(matches!(route.path.as_str(), "/" | "/{proxy+}") && matches!(route.method.as_str(), "GET" | "HEAD"), "{route:?}");
            }
        }
        let permission = &gateway["Resources"][format!("{}Invoke", route.function)];
        assert_eq!(permission["Type"], "AWS::Lambda::Permission", "missing in infra/gateway.yaml: {}Invoke", route.function);
        let properties = &permission["Properties"];
        assert_eq!(properties["Action"], "lambda:InvokeFunction");
        assert_eq!(properties["FunctionName"], json!({ "Ref": route.function }));
        assert_eq!(
            given[&route.function],
            json!({ "Ref": format!("{}Aliaslive", route.function) }),
            "template.yaml, parameters of GatewayRights"
        );
        assert_eq!(properties["Principal"], "apigateway.amazonaws.com");
        assert!(resource_text(&properties["SourceArn"]).ends_with(":${Api}/*"), "{properties}");
        permissions.remove(&format!("{}Invoke", route.function));
    }
    let without_route: Vec<_> = permissions.keys().collect();
    assert!(without_route.is_empty(), "infra/gateway.yaml allows the gateway to call functions without a route: {without_route:?}");
}

#[test]
fn every_path_sends_other_methods_to_unknown_route() {
    let routes = routes();
    for path in routes.iter().map(|route| &route.path) {
        let other = routes.iter().find(|route| route.path == *path && route.method == "ANY");
        let other = other.unwrap_or_else(|| panic!("missing in infra/openapi.yaml: x-amazon-apigateway-any-method of {path}"));
        assert_eq!(other.function, "UnknownRoute", "{path}");
    }
}

#[test]
fn the_firewall_protects_the_api_and_stores_no_samples_of_requests() {
    let template = template();
    let firewall = &template["Resources"]["Firewall"]["Properties"];
    assert_eq!(firewall["Scope"], "REGIONAL");
    assert_eq!(template["Resources"]["FirewallOfApi"]["Properties"]["WebACLArn"], json!({ "Fn::GetAtt": ["Firewall", "Arn"] }));
    let rules = firewall["Rules"].as_array().expect("rules").iter();
    // A conditional entry (`Fn::If`) contains two alternative rules, and both are checked.
    let rules: Vec<&Value> =
        rules.flat_map(|rule| rule["Fn::If"].as_array().map_or_else(|| vec![rule], |parts| parts[1..].iter().collect())).collect();
    for part in rules.iter().copied().chain([firewall]) {
        // Samples of requests would contain their headers, including session cookies.
        assert_eq!(part["VisibilityConfig"]["SampledRequestsEnabled"], false, "{part}");
    }
    let sign_ins = rules.iter().find(|rule| rule["Name"] == "SignInsPerAddress").expect("the rule SignInsPerAddress");
    let pattern = &sign_ins["Statement"]["RateBasedStatement"]["ScopeDownStatement"]["RegexMatchStatement"]["RegexString"];
    let paths = pattern.as_str().and_then(|regex| regex.strip_prefix("^/v1/(")?.strip_suffix(')')).expect("a list of paths");
    for path in paths.split('|') {
        let path = format!("/v1/{}", path.trim_end_matches("/*$").replace("[^/]+", "{subject}"));
        assert!(
            routes().iter().any(|route| route.path.replace("{case}", "{subject}") == path),
            "SignInsPerAddress has {path}, which is no path in infra/openapi.yaml"
        );
    }
}

#[test]
fn every_method_setting_is_for_a_route_and_turns_no_request_logs_on() {
    let template = template();
    for setting in template["Resources"]["Api"]["Properties"]["MethodSettings"].as_array().expect("settings") {
        // `ResourcePath` is a plain slash and then the path, in which CloudFormation encodes each slash as `~1`.
        let path = setting["ResourcePath"].as_str().expect("a path").replace("~1", "/");
        let path = path.strip_prefix('/').expect("a slash before the encoded one");
        let is_route = routes().iter().any(|route| route.path == path && setting["HttpMethod"] == route.method);
        assert!(is_route, "template.yaml has a setting for {path}, which is no route in infra/openapi.yaml");
        // All other keys are rejected, because some of them log requests or their bodies.
        let allowed = ["ResourcePath", "HttpMethod", "ThrottlingRateLimit", "ThrottlingBurstLimit", "MetricsEnabled"];
        assert!(setting.as_object().expect("a setting").keys().all(|key| allowed.contains(&key.as_str())), "{setting}");
    }
}

#[test]
fn the_gateway_neither_logs_nor_traces_requests() {
    let template = template();
    let api = &template["Resources"]["Api"]["Properties"];
    for setting in ["TracingEnabled", "AccessLogSetting"] {
        assert!(api[setting].is_null(), "{setting} would store callers' IP addresses, and the codes in redirects from TAXISnet");
    }
    assert_eq!(template["Parameters"]["Traces"]["Default"], "Disabled");
}

/// Returns all values of `maximum` in the schemas. The key of each value is `Schema.property`.
fn maxima(schemas: &Value) -> BTreeMap<String, u64> {
    let schemas = schemas.as_object().expect("schemas");
    let properties = schemas.iter().flat_map(|(schema, value)| {
        value["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(move |(name, property)| (format!("{schema}.{name}"), &property["maximum"]))
    });
    properties.filter_map(|(name, maximum)| Some((name, maximum.as_u64()?))).collect()
}

#[test]
fn every_maximum_in_the_schemas_is_the_limit_of_its_rule() {
    let expected = [
        ("Session.submissions_left", u64::from(SUBMISSIONS_PER_DAY)),
        ("Case.submissions_left", u64::from(SUBMISSIONS_PER_DAY)),
        ("Submission.submissions_left", u64::from(SUBMISSIONS_PER_DAY)),
        ("OtpAwaited.tries_left", u64::from(otp::WRONG_OTPS_MAX)),
        ("OtpAwaited.resends_left", u64::from(otp::RESENDS_MAX)),
        ("Resends.left", delivery::RESENDS_MAX as u64),
        ("DeclaredFile.bytes", PHOTO_BYTES_MAX),
    ];
    let expected = expected.into_iter().map(|(name, limit)| (name.to_owned(), limit)).collect();
    assert_eq!(maxima(&yaml("infra/openapi.yaml")["components"]["schemas"]), expected);
}
