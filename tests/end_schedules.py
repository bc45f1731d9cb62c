"""Disables all schedules of a local stack permanently, so that only tests invoke the scheduled functions. Runs with the
Python of the AWS tools (.tools/aws)."""

import os

import boto3

if __name__ == "__main__":
    if not os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://127.0.0.1:"):
        raise SystemExit("AWS_ENDPOINT_URL is not that of a local stack")
    events = boto3.client("events")
    rules = [rule["Name"] for page in events.get_paginator("list_rules").paginate() for rule in page["Rules"] if "ScheduleExpression" in rule]
    if not rules:
        raise SystemExit("the stack has no rule with a schedule")
    for name in rules:
        events.disable_rule(Name=name)
