"""Prints all events of the log groups given as arguments, as a JSON list of [group, message]. Runs with the Python of the AWS tools
(.tools/aws).

`--between START END` prints only the events of a period, in milliseconds since 1970."""

import argparse
import json
import sys
import time

import boto3

# The emulator returns at most this many events for a period, and no token for a next page. If a response has this many events, each half of
# the period is requested separately.
EVENTS_MAX = 10_000


def events(client, group, start, end):
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start, endTime=end)
    found = [event["message"] for page in pages for event in page["events"]]
    if len(found) < EVENTS_MAX or start == end:
        return found
    middle = (start + end) // 2
    return events(client, group, start, middle) + events(client, group, middle + 1, end)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("groups", nargs="+")
    parser.add_argument("--between", nargs=2, type=int, default=[0, int(time.time() * 1000)])
    arguments = parser.parse_args()
    logs = boto3.client("logs")
    json.dump([[group, message] for group in arguments.groups for message in events(logs, group, *arguments.between)], sys.stdout)
