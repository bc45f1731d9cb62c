"""Prepares a deployment without executing it, and prints what it would change.

    rehearse.py SECTION [--config-file FILE]

`sam deploy --no-execute-changeset` uploads the code and creates a change set: AWS applies all transforms, checks the parameters, and compares the result with
the stack. This script reads the change set and deletes it, together with the empty stack that a change set for a new stack leaves behind. The exit status is 1 if a
resource with data would be replaced or removed. Called by `make rehearse`; runs in the virtual environment of the AWS tools.
"""

import collections
import subprocess
import sys

import yaml

from deploy import PARAMETER, ROOT, Failure, arguments, parameters_of, phases, protection_notice, say_at_once, status_of

RESOURCES_MAX = 500
NAMES_PER_LINE_MAX = 8
NESTED = "AWS::CloudFormation::Stack"
# What the service loses if a resource of this type is removed or replaced.
LOSSES = {
    "AWS::DynamoDB::Table": "its items",
    "AWS::S3::Bucket": "its objects",
    "AWS::KMS::Key": "the key of everything that it encrypted",
    "AWS::SecretsManager::Secret": "its value",
    "AWS::ApiGateway::DomainName": "the name that the DNS record points to",
}


class AnyTag(yaml.SafeLoader):
    """Reads the structure of a template, and ignores the tags of CloudFormation's short forms such as `!Ref`."""


AnyTag.add_multi_constructor("!", lambda loader, suffix, node: suffix)


def change_sets(client, stack):
    """Returns the names of the stack's change sets, or an empty set if the stack does not exist."""
    if status_of(client, stack) is None:
        return set()
    pages = client.get_paginator("list_change_sets").paginate(StackName=stack)
    return {summary["ChangeSetName"] for page in pages for summary in page["Summaries"]}


def describe_change_set(client, stack, name):
    """Returns the change set's parameters by name, and all of its resource changes."""
    pages = list(client.get_paginator("describe_change_set").paginate(StackName=stack, ChangeSetName=name))
    parameters = {item["ParameterKey"]: item.get("ParameterValue") for item in pages[0].get("Parameters", [])}
    return parameters, [change["ResourceChange"] for page in pages for change in page["Changes"] if change["Type"] == "Resource"]


def resources_after_transforms(client, stack, name):
    """Returns the number of resources that the stack would have, from the template that AWS has transformed."""
    body = client.get_template(StackName=stack, ChangeSetName=name, TemplateStage="Processed")["TemplateBody"]
    # boto3 returns a template in JSON as a dictionary, and a template in YAML as text.
    template = body if isinstance(body, dict) else yaml.load(body, Loader=AnyTag)
    return len(template["Resources"])


def kind_of(change):
    """Returns what would happen to the resource, in one or two words."""
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
            # Any other action. An example is `Dynamic`: CloudFormation chooses the actual action only during the execution.
            return f"unknown ({other})"


def dangers(changes):
    """Yields a line for each resource of a type in LOSSES that would, or might, be removed or replaced."""
    for change in changes:
        kind, loss = kind_of(change), LOSSES.get(change["ResourceType"])
        if loss and kind not in ("added", "modified", "imported"):
            policy = f", policy {change['PolicyAction']}" if "PolicyAction" in change else ""
            name = change.get("PhysicalResourceId", "no name yet")
            yield f"{kind.upper()}: {change['LogicalResourceId']} ({change['ResourceType']}, {name}{policy}): the service would lose {loss}"


def changed_parameters(before, after):
    """Yields a line for each parameter of an existing stack whose value the change set would change."""
    for name in sorted(after.keys() | before.keys()):
        old, new = before.get(name), after.get(name)
        if old != new:
            yield f"parameter {name}: {'new' if old is None else repr(old)} -> {'removed' if new is None else repr(new)}"


def summary(stack, status, parameters, changes, resources):
    """Yields the lines that summarize a change set for the operator."""
    yield f"{stack} ({status or 'does not exist yet'}): {len(changes)} changes, {resources} resources after the transforms, of {RESOURCES_MAX}"
    groups = collections.defaultdict(list)
    for change in changes:
        groups[kind_of(change), change["ResourceType"]].append(change["LogicalResourceId"])
    for (kind, of_type), names in sorted(groups.items()):
        listed = ", ".join(sorted(names)[:NAMES_PER_LINE_MAX]) + (", ..." if len(names) > NAMES_PER_LINE_MAX else "")
        yield f"  {kind:16} {len(names):4} {of_type}: {listed}"
    for change in changes:
        if change["ResourceType"] == NESTED:
            yield f"{change['LogicalResourceId']} is a nested stack: the change set does not list the changes inside it"
    shift = parameters.get("TrafficShift", "none")
    aliases = sum(1 for change in changes if change["ResourceType"] == "AWS::Lambda::Alias" and change["Action"] == "Modify")
    if shift != "none" and aliases:
        yield f"traffic: {aliases} concurrent deployments by CodeDeploy (TrafficShift={shift})"
    if parameters.get(PARAMETER) != "true" and status is not None:
        yield f"WARNING: the stack exists, and its tables would NOT be protected from deletion ({PARAMETER}={parameters.get(PARAMETER)})"


def clean_up(client, stack, status, names):
    for name in names:
        client.delete_change_set(StackName=stack, ChangeSetName=name)
    # Creating a change set for a new stack also created a stack without resources, which is deleted here.
    if status is None and status_of(client, stack) == "REVIEW_IN_PROGRESS":
        client.delete_stack(StackName=stack)


def rehearse(settings, client, run=subprocess.run, say=say_at_once):
    """Returns the exit code. `run` starts a command as `subprocess.run` does."""
    status = status_of(client, settings.stack)
    overrides = phases(status, settings.overrides)[0]
    say(f"- {settings.stack}: {protection_notice(status, settings.overrides)}")
    before = change_sets(client, settings.stack)
    made = set()
    try:
        code = run(settings.sam(overrides, "--no-execute-changeset", "--no-confirm-changeset"), check=False).returncode
        made = change_sets(client, settings.stack) - before
        if code != 0:
            return code
        # If nothing would change, there is either no change set or a failed one without changes.
        parameters, changes = describe_change_set(client, settings.stack, *made) if made else ({}, [])
        if not changes:
            say(f"{settings.stack}: nothing would change")
            return 0
        [name] = made
        for line in changed_parameters(parameters_of(client, settings.stack), parameters) if status is not None else ():
            say(line)
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
