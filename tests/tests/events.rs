//! Checks that every function has a folder of sample events, and that the samples have the format in which AWS sends events. If a function
//! has a route of the gateway, its samples must also match this route.

#![expect(clippy::expect_used, reason = "what fails here fails the test")]

mod project;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use aws_lambda_events::{cloudwatch_events::CloudWatchEvent, dynamodb};
use lambda_http::{Body, RequestExt, request::RequestContext};
use project::{functions, logical_id, read, root, routes, template};

/// Returns the path and the content of each sample event of a function.
fn events_of(function: &str) -> Vec<(String, String)> {
    let folder = format!("events/{function}");
    let entries = fs::read_dir(root().join(&folder)).unwrap_or_else(|error| panic!("missing in events/: {function}: {error}"));
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
    let files: Vec<_> = names.map(|name| (format!("{folder}/{name}"), read(&format!("{folder}/{name}")))).collect();
    assert!(!files.is_empty(), "missing in {folder}: a sample event");
    files
}

#[test]
fn every_event_of_a_route_is_read_by_the_runtime_and_names_that_route() {
    let routes = routes();
    let mut seen = BTreeSet::new();
    for function in functions().into_keys() {
        let own: Vec<_> = routes.iter().filter(|route| route.operation.as_deref() == Some(&function)).collect();
        for (file, text) in events_of(&function).into_iter().filter(|_| !own.is_empty()) {
            let raw: serde_json::Value = serde_json::from_str(&text).expect(&file);
            let request = lambda_http::request::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
            let RequestContext::ApiGatewayV1(context) = request.request_context() else { panic!("{file} is not an event of a REST API") };
            let (method, resource) = (request.method().as_str(), context.resource_path.as_deref().expect("a resource"));
            let matching = own.iter().find(|route| route.path == resource && (route.method == method || route.method == "ANY"));
            let route = matching.unwrap_or_else(|| panic!("{file}: {method} {resource} is not a route of {function}"));
            assert_eq!(route.function, logical_id(&function), "{file}");
            assert_eq!((raw["resource"].as_str(), raw["httpMethod"].as_str()), (Some(resource), Some(method)), "{file}");
            assert_eq!(
                (raw["requestContext"]["path"].as_str(), raw["path"].as_str()),
                (Some(request.raw_http_path()), Some(request.raw_http_path()))
            );
            let parameters = request.path_parameters();
            let filled = parameters.iter().fold(resource.to_owned(), |path, (name, value)| {
                path.replace(&format!("{{{name}}}"), value).replace(&format!("{{{name}+}}"), value)
            });
            assert_eq!(filled, request.raw_http_path(), "{file}: path and parameters agree");
            match request.body() {
                // Signed requests have no body, because they send all data in the `Authorization` header.
                Body::Empty => {
                    assert!(matches!(method, "GET" | "DELETE") || request.headers().contains_key("authorization"), "{file}: no body");
                }
                Body::Binary(bytes) if request.headers()["content-type"] == "image/jpeg" => {
                    image::load_from_memory_with_format(bytes, image::ImageFormat::Jpeg).unwrap_or_else(|error| panic!("{file}: {error}"));
                }
                Body::Binary(bytes) => {
                    serde_json::from_slice::<serde_json::Map<_, _>>(bytes).unwrap_or_else(|error| panic!("{file}: {error}"));
                }
                other @ (Body::Text(_) | _) => panic!("{file}: the gateway sends bodies as base64, not {other:?}"),
            }
            seen.insert(function.clone());
        }
    }
    let without_event: Vec<_> =
        routes.into_iter().filter_map(|route| route.operation).filter(|operation| !seen.contains(operation)).collect();
    assert!(without_event.is_empty(), "infra/openapi.yaml has operations without a sample event: {without_event:?}");
}

#[test]
fn events_of_functions_without_a_route_match_their_stream_or_schedule() {
    let template = template();
    for function in functions().into_keys() {
        let Some(sources) = template["Resources"][logical_id(&function)]["Properties"]["Events"].as_object() else { continue };
        for (source, (file, text)) in sources.values().flat_map(|source| events_of(&function).into_iter().map(move |event| (source, event)))
        {
            match source["Type"].as_str() {
                Some("DynamoDB") => {
                    let event: dynamodb::Event = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
                    assert!(!event.records.is_empty(), "{file}");
                    let filter = source["Properties"]["FilterCriteria"]["Filters"][0]["Pattern"].as_str().expect("a filter");
                    let view = &template["Resources"]["Outbox"]["Properties"]["StreamSpecification"]["StreamViewType"];
                    let key = &template["Resources"]["Outbox"]["Properties"]["KeySchema"][0]["AttributeName"];
                    for record in event.records {
                        assert!(filter.contains(&format!("[\"{}\"]", record.event_name)), "{file}: {} passes {filter}", record.event_name);
                        assert_eq!(serde_json::to_value(record.change.stream_view_type).expect("a view"), *view, "{file}");
                        let named = record.change.keys.into_inner();
                        assert_eq!(named.keys().collect::<Vec<_>>(), [key.as_str().expect("a key")], "{file}");
                        assert!(
                            record.change.sequence_number.is_some(),
                            "{file}: Lambda identifies a failed record by its sequence number"
                        );
                    }
                }
                Some("Schedule") => {
                    // If a schedule has an `Input`, EventBridge sends the input instead of the usual event of a schedule.
                    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).expect(&file);
                    let inputs: Vec<_> = sources.values().filter_map(|source| source["Properties"]["Input"].as_str()).map(json).collect();
                    let samples: Vec<_> = events_of(&function).into_iter().map(|(_, text)| json(&text)).collect();
                    assert!(inputs.iter().all(|input| samples.contains(input)), "missing in events/{function}: the input of a schedule");
                    if inputs.contains(&json(&text)) {
                        continue;
                    }
                    let event: CloudWatchEvent = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
                    assert_eq!(
                        (event.source.as_deref(), event.detail_type.as_deref()),
                        (Some("aws.events"), Some("Scheduled Event")),
                        "{file}"
                    );
                }
                // The function does not receive the event itself, but the output of the rule's `InputTransformer`.
                // infra/local/test_ses_report.py tests the transformer.
                Some("EventBridgeRule") => {
                    let report: sending::Report = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
                    assert!(storage::is_time_ordered_id(report.message_id()), "{file}");
                    let sample: BTreeMap<String, serde_json::Value> = serde_json::from_str(&text).expect(&file);
                    let transformer = &source["Properties"]["InputTransformer"];
                    let paths = transformer["InputPathsMap"].as_object().expect("paths");
                    assert_eq!(sample.keys().collect::<BTreeSet<_>>(), paths.keys().collect(), "{file}: the fields of the transformer");
                    let input = transformer["InputTemplate"].as_str().expect("a template");
                    assert!(paths.keys().all(|name| input.contains(&format!("\"{name}\": "))), "{input}");
                }
                other => panic!("{function} has an event source of type {other:?}"),
            }
        }
    }
}
