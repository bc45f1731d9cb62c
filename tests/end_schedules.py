"""Disables every schedule of the stack, so that only tests call what runs by one. Runs in the environment of the AWS tools."""

import boto3

if __name__ == "__main__":
    events = boto3.client("events")
    rules = [rule["Name"] for page in events.get_paginator("list_rules").paginate() for rule in page["Rules"] if "ScheduleExpression" in rule]
    if not rules:
        raise SystemExit("no rule with a schedule")
    for name in rules:
        events.disable_rule(Name=name)
