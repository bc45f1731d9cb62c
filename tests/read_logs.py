"""Prints all events of the log groups named as arguments, as a JSON list of [group, message]. Runs in the environment of the AWS tools."""

import json
import sys

import boto3


def events(group):
    logs = boto3.client("logs")
    for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group):
        for event in page["events"]:
            yield group, event["message"]


if __name__ == "__main__":
    json.dump([event for group in sys.argv[1:] for event in events(group)], sys.stdout)
