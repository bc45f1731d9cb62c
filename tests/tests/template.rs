//! Tests of `template.yaml`, and of the files that must match it: routes, manifests, sources, runbook.

#![expect(clippy::expect_used, reason = "what fails here fails the test")]

#[path = "template/conditions.rs"]
mod conditions;
#[path = "template/deployment.rs"]
mod deployment;
mod documents;
#[path = "template/firewall.rs"]
mod firewall;
#[path = "template/functions.rs"]
mod functions;
#[path = "template/gateway.rs"]
mod gateway;
#[path = "template/monitoring.rs"]
mod monitoring;
#[path = "template/operations.rs"]
mod operations;
mod project;
#[path = "template/rights.rs"]
mod rights;
#[path = "template/session_attributes.rs"]
mod session_attributes;
#[path = "template/sources.rs"]
mod sources;
#[path = "template/support.rs"]
mod support;
#[path = "template/tables_and_bucket.rs"]
mod tables_and_bucket;
