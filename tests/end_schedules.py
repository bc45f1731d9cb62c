"""Disables every schedule of a local stack, for good, so that only tests call what runs by one. Runs in the environment of the AWS tools."""

import os

import boto3

if __name__ == "__main__":
    if not os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://127.0.0.1:"):
        raise SystemExit("on a local stack only")
    events = boto3.client("events")
    rules = [rule["Name"] for page in events.get_paginator("list_rules").paginate() for rule in page["Rules"] if "ScheduleExpression" in rule]
    if not rules:
        raise SystemExit("no rule with a schedule")
    for name in rules:
        events.disable_rule(Name=name)
