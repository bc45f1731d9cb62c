"""Reports to a local stack that an email with a code came back, as SES and EventBridge would. Called by `make bounce TO=address KIND=unknown`, and by tests.

No emulator publishes events of SES, and no caller may send EventBridge an event whose source is `aws.ses`. So this script builds the event and
does what EventBridge would do: it checks the event against the pattern of the rule in template.yaml, applies the rule's input transformer, and invokes the
function with the result.

    ses_report.py KIND --to ADDRESS   reports on the last email with a code that the sandbox's inbox has for this address
    ses_report.py KIND --email JSON   reports on this email, which is an entry of the inbox in JSON

Runs in the environment of the AWS tools, with the variables of the stack (.local/dev/env).
"""

import argparse
import json
import os
import re
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]


def bounce(kind, subtype, status=None, text="failed"):
    return "Bounce", {"bounceType": kind, "bounceSubType": subtype}, {"action": "failed", "status": status, "diagnosticCode": f"smtp; 550 {status} <{{to}}>: {text}"} if status else {}


# What SES can report, by the names on the command line. Each value is a tuple: the event type; the fields of the event's `bounce`,
# `complaint`, `reject` or `deliveryDelay` object except the list of recipients; and the fields of a recipient except the address.
KINDS = {
    "unknown": bounce("Permanent", "General", "5.1.1", "user unknown"),
    "permanent": bounce("Permanent", "General"),
    "blocked": bounce("Permanent", "General", "5.7.1", "message refused"),
    "suppressed": bounce("Permanent", "OnAccountSuppressionList", "5.1.1", "on the suppression list"),
    "full": bounce("Transient", "MailboxFull", "5.2.2", "mailbox full"),
    "unreachable": bounce("Transient", "General", "4.4.7", "message expired"),
    "undetermined": bounce("Undetermined", "Undetermined"),
    "complaint": ("Complaint", {"complaintSubType": None, "complaintFeedbackType": "abuse"}, {}),
    "not-spam": ("Complaint", {"complaintSubType": None, "complaintFeedbackType": "not-spam"}, {}),
    "reject": ("Reject", {"reason": "Bad content"}, {}),
    "delay": ("DeliveryDelay", {"delayType": "MailboxFull"}, {"status": "4.2.2", "diagnosticCode": "smtp; 452 4.2.2 <{to}>: mailbox full"}),
}
OBJECTS = {"Bounce": "bounce", "Complaint": "complaint", "Reject": "reject", "DeliveryDelay": "deliveryDelay"}
RECIPIENTS = {"Bounce": "bouncedRecipients", "Complaint": "complainedRecipients", "DeliveryDelay": "delayedRecipients"}
DETAIL_TYPES = {"Bounce": "Email Bounced", "Complaint": "Email Complaint Received", "Reject": "Email Rejected", "DeliveryDelay": "Email Delivery Delayed"}


def event_about(kind, email):
    """Returns the event that EventBridge receives from SES. `email` is an entry of the sandbox's inbox."""
    event_type, members, of_recipient = KINDS[kind]
    to, ses = email["to"], email["ses"]
    about = dict(members)
    if event_type in RECIPIENTS:
        about[RECIPIENTS[event_type]] = [{"emailAddress": to, **{name: text.format(to=to) for name, text in of_recipient.items()}}]
    tags = {**ses["tags"], "ses:configuration-set": [ses["configuration_set"]], "ses:source-ip": ["192.0.2.1"]}
    mail = {
        "timestamp": "2026-11-30T10:00:00.000Z",
        "messageId": ses["message_id"],
        "destination": [to],
        "headers": [{"name": "To", "value": to}],
        "commonHeaders": {"to": [to]},
        "tags": tags,
    }
    detail = {"eventType": event_type, OBJECTS[event_type]: about, "mail": mail}
    return {"version": "0", "source": "aws.ses", "detail-type": DETAIL_TYPES[event_type], "detail": detail}


def resolved(node, references):
    """Returns a value of the template, in which each `Ref` is replaced by its value from `references`."""
    if isinstance(node, list):
        return [resolved(item, references) for item in node]
    if isinstance(node, dict):
        return references[node["Ref"]] if set(node) == {"Ref"} else {key: resolved(item, references) for key, item in node.items()}
    return node


def rule(references):
    """Returns the pattern and the input transformer of the EventBridge rule for reports of SES."""
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    properties = template["Resources"]["RecordBounce"]["Properties"]["Events"]["Report"]["Properties"]
    return resolved(properties["Pattern"], references), properties["InputTransformer"]


def matches(pattern, value):
    """Returns whether a part of an event matches a part of a pattern. Supports only the filters that the rule uses: equal strings, and `exists`."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(matches(inner, value.get(key)) for key, inner in pattern.items())
    values = value if isinstance(value, list) else [value]
    return any(value is not None if wanted == {"exists": True} else wanted in values for wanted in pattern)


def at(path, event):
    """Returns the value at a JSON path such as `$.detail.list[0].name`, or None if there is none."""
    value = event
    for part in re.findall(r"[^.\[\]]+", path.removeprefix("$")):
        try:
            value = value[int(part)] if isinstance(value, list) else value.get(part)
        except (AttributeError, IndexError, ValueError):
            return None
    return value


def transformed(transformer, event):
    """Returns the input that the transformer makes of an event. A variable without a value becomes an empty string if it is in quotes in
    the transformer's template, otherwise null."""
    values = {name: at(path, event) for name, path in transformer["InputPathsMap"].items()}
    in_quotes = re.sub(r'"<(\w+)>"', lambda found: json.dumps(values[found[1]] or ""), transformer["InputTemplate"])
    return json.loads(re.sub(r"<(\w+)>", lambda found: json.dumps(values[found[1]]), in_quotes))


def payload(kind, email, configuration_set):
    """Returns the input with which the function is invoked about an email, or None if the event does not match the rule."""
    pattern, transformer = rule({"CodeEmails": configuration_set})
    event = event_about(kind, email)
    return transformed(transformer, event) if matches(pattern, event) else None


def last_email_with_code(to):
    url = f"{os.environ['SANDBOX_URL']}/inbox.json?{urllib.parse.urlencode({'to': to})}"
    with urllib.request.urlopen(url, timeout=10) as response:
        found = [email for email in json.load(response) if (email.get("ses") or {}).get("configuration_set")]
    if not found:
        sys.exit(f"the inbox has no email with a code to {to}")
    return found[-1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=KINDS)
    about = parser.add_mutually_exclusive_group(required=True)
    about.add_argument("--to")
    about.add_argument("--email", type=json.loads)
    arguments = parser.parse_args()
    import boto3

    email = arguments.email or last_email_with_code(arguments.to)
    report = payload(arguments.kind, email, os.environ["CODE_EMAILS"])
    if report is None:
        print("the rule does not match, so the function is not invoked")
        return
    response = boto3.client("lambda").invoke(FunctionName=os.environ["RECORD_BOUNCE_FUNCTION"] + ":live", Payload=json.dumps(report).encode())
    body = response["Payload"].read().decode()
    if "FunctionError" in response:
        sys.exit(body)
    print(f"record_bounce received {json.dumps(report)}")


if __name__ == "__main__":
    main()
