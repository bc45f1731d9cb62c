"""Copies a deployed function, changes environment variables of the copy, invokes the copy and prints its response. Runs with the Python of
the AWS tools (.tools/aws).

The arguments are the function's logical ID in template.yaml, a JSON object with the values of variables to change, and the event. The copy
has the code of the version that the alias `live` points to. SETTINGS lists the settings that are copied from this version. The copy is
deleted afterwards, and the deployed function does not change."""

import json
import sys
import urllib.request
import uuid
from pathlib import Path

import boto3

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "infra" / "local"))

from account import STACK  # noqa: E402

SETTINGS = ("Runtime", "Handler", "Role", "Architectures", "Timeout", "MemorySize", "LoggingConfig")


def create_copy(functions, deployed, changes):
    """Creates a copy of the deployed function with the changed variables and returns its name."""
    settings = deployed["Configuration"]
    variables = settings["Environment"]["Variables"]
    if unknown := sorted(changes.keys() - variables.keys()):
        sys.exit(f"{settings['FunctionName']} has no variable {', '.join(unknown)}")
    with urllib.request.urlopen(deployed["Code"]["Location"], timeout=60) as response:
        code = response.read()
    name = f"{STACK}-copy-{uuid.uuid4().hex}"
    created = functions.create_function(
        FunctionName=name,
        Code={"ZipFile": code},
        Environment={"Variables": variables | changes},
        **{setting: settings[setting] for setting in SETTINGS},
    )
    if created["CodeSha256"] != settings["CodeSha256"]:
        functions.delete_function(FunctionName=name)
        sys.exit(f"the code at the function's URL is not that of {settings['FunctionName']}")
    return name


def invoke_copy(logical_id, changes, event):
    """Returns the copy's response and whether the copy reported an error."""
    resource = boto3.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)
    functions = boto3.client("lambda")
    deployed = functions.get_function(FunctionName=resource["StackResourceDetail"]["PhysicalResourceId"], Qualifier="live")
    name = create_copy(functions, deployed, changes)
    try:
        functions.get_waiter("function_active_v2").wait(FunctionName=name)
        response = functions.invoke(FunctionName=name, Payload=event.encode())
        return response["Payload"].read().decode(), "FunctionError" in response
    finally:
        functions.delete_function(FunctionName=name)


if __name__ == "__main__":
    payload, has_failed = invoke_copy(sys.argv[1], json.loads(sys.argv[2]), sys.argv[3])
    print(payload)
    if has_failed:
        sys.exit(payload)
