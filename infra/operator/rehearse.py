"""Has AWS prepare a deployment without carrying it out, and says what it would do.

    rehearse.py SECTION [--config-file FILE]

`sam deploy --no-execute-changeset` uploads the code and creates a change set: AWS applies all transforms, checks the parameters, and compares the result with
the stack. This script reads that change set and deletes it, and with it the empty stack that a change set for a new stack leaves behind. It ends with 1
where something that holds data would be replaced or removed. Called by `make rehearse`; runs in the environment of the AWS tools.
"""

import collections
import subprocess
import sys

import yaml

from deploy import PARAMETER, ROOT, Failure, arguments, phases, say_at_once, says, status_of

MOST_RESOURCES = 500
SHOWN = 8
NESTED = "AWS::CloudFormation::Stack"
# What a resource holds that its replacement does not have.
HOLDS = {
    "AWS::DynamoDB::Table": "its items",
    "AWS::S3::Bucket": "its objects",
    "AWS::KMS::Key": "the key of everything that it encrypted",
    "AWS::SecretsManager::Secret": "its value",
    "AWS::ApiGateway::DomainName": "the name that the DNS record points to",
}


class AnyTag(yaml.SafeLoader):
    """Reads a template for its structure alone, whatever short forms (`!Ref`) it has."""


AnyTag.add_multi_constructor("!", lambda loader, suffix, node: suffix)


def change_sets(client, stack):
    """The names of the stack's change sets; none where there is no stack."""
    if status_of(client, stack) is None:
        return set()
    pages = client.get_paginator("list_change_sets").paginate(StackName=stack)
    return {summary["ChangeSetName"] for page in pages for summary in page["Summaries"]}


def described(client, stack, name):
    """The change set's parameters by name, and all of its resource changes."""
    pages = list(client.get_paginator("describe_change_set").paginate(StackName=stack, ChangeSetName=name))
    parameters = {item["ParameterKey"]: item.get("ParameterValue") for item in pages[0].get("Parameters", [])}
    return parameters, [change["ResourceChange"] for page in pages for change in page["Changes"] if change["Type"] == "Resource"]


def resources_after_transforms(client, stack, name):
    """How many resources the stack would have, by AWS's own count."""
    body = client.get_template(StackName=stack, ChangeSetName=name, TemplateStage="Processed")["TemplateBody"]
    # boto3 parses what it takes for JSON.
    template = body if isinstance(body, dict) else yaml.load(body, Loader=AnyTag)
    return len(template["Resources"])


def kind_of(change):
    """What would happen to the resource, in one word."""
    match change["Action"], change.get("Replacement", "False"):
        case "Add", _:
            return "added"
        case "Remove", _:
            return "removed"
        case "Import", _:
            return "imported"
        case "Modify", "True":
            return "replaced"
        case "Modify", "Conditional":
            return "perhaps replaced"
        case "Modify", _:
            return "modified"
        case other, _:
            # `Dynamic`: what is done is known only when it is done.
            return f"unknown ({other})"


def dangers(changes):
    """A line for each resource that holds something and would be gone, or made anew."""
    for change in changes:
        kind, held = kind_of(change), HOLDS.get(change["ResourceType"])
        if held and kind not in ("added", "modified", "imported"):
            policy = f", policy {change['PolicyAction']}" if "PolicyAction" in change else ""
            name = change.get("PhysicalResourceId", "no name yet")
            yield f"{kind.upper()}: {change['LogicalResourceId']} ({change['ResourceType']}, {name}{policy}): the service would lose {held}"


def summary(stack, status, parameters, changes, resources):
    """What an operator should know of a change set, in lines."""
    yield f"{stack} ({status or 'does not exist yet'}): {len(changes)} changes, {resources} resources after the transforms, of {MOST_RESOURCES}"
    groups = collections.defaultdict(list)
    for change in changes:
        groups[kind_of(change), change["ResourceType"]].append(change["LogicalResourceId"])
    for (kind, of_type), names in sorted(groups.items()):
        listed = ", ".join(sorted(names)[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
        yield f"  {kind:16} {len(names):4} {of_type}: {listed}"
    for change in changes:
        if change["ResourceType"] == NESTED:
            yield f"{change['LogicalResourceId']} is a nested stack: the change set does not say what changes within"
    shift = parameters.get("TrafficShift", "none")
    aliases = sum(1 for change in changes if change["ResourceType"] == "AWS::Lambda::Alias" and change["Action"] == "Modify")
    if shift != "none" and aliases:
        yield f"traffic: {aliases} deployments of CodeDeploy at the same time (TrafficShift={shift})"
    if parameters.get(PARAMETER) != "true" and status is not None:
        yield f"WARNING: the stack exists, and its tables would NOT be protected from deletion ({PARAMETER}={parameters.get(PARAMETER)})"


def clean_up(client, stack, status, names):
    for name in names:
        client.delete_change_set(StackName=stack, ChangeSetName=name)
    # A change set for a new stack makes one without resources.
    if status is None and status_of(client, stack) == "REVIEW_IN_PROGRESS":
        client.delete_stack(StackName=stack)


def rehearse(settings, client, run=subprocess.run, say=say_at_once):
    """Returns the exit code. `run` starts a command as `subprocess.run` does."""
    status = status_of(client, settings.stack)
    overrides = phases(status, settings.overrides)[0]
    say(f"- {settings.stack}: {says(status, settings.overrides)}")
    before = change_sets(client, settings.stack)
    made = set()
    try:
        code = run(settings.sam(overrides, "--no-execute-changeset", "--no-confirm-changeset"), check=False).returncode
        made = change_sets(client, settings.stack) - before
        if code != 0:
            return code
        # Where nothing would change there is no change set, or a failed one without changes.
        parameters, changes = described(client, settings.stack, *made) if made else ({}, [])
        if not changes:
            say(f"{settings.stack}: nothing would change")
            return 0
        [name] = made
        resources = resources_after_transforms(client, settings.stack, name)
        for line in summary(settings.stack, status, parameters, changes, resources):
            say(line)
        found = list(dangers(changes))
        for line in found:
            say(line)
        return 1 if found else 0
    finally:
        clean_up(client, settings.stack, status, made)


if __name__ == "__main__":
    try:
        the_settings = arguments(__doc__)
        sys.exit(rehearse(the_settings, the_settings.client(), run=lambda command, **options: subprocess.run(command, cwd=ROOT, **options)))
    except Failure as failure:
        sys.exit(f"error: {failure}")
