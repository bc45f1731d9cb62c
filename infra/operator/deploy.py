"""Deploys to AWS by a section of samconfig.toml, and protects the tables from deletion from the moment that the stack exists.

    deploy.py SECTION [--config-file FILE]

A first deployment that fails has to delete the tables that it made, and a protected table refuses that: the stack would end in ROLLBACK_FAILED. So the
first deployment makes tables without protection, and as soon as it has succeeded a second one turns protection on. Every later deployment leaves it on.
Whoever sets DeletionProtection in the section decides alone. Called by `make deploy`; runs in the environment of the AWS tools.
"""

import argparse
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

ROOT = Path(__file__).resolve().parents[2]
SAM = ROOT / ".tools" / "aws" / "bin" / "sam"
PARAMETER = "DeletionProtection"
# The stack works, and can be updated.
STABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
# There is no stack, or one of a change set that nobody has executed.
NEW = {None, "REVIEW_IN_PROGRESS"}
RUNBOOK = "docs/operating/stuck-stack.md"


class Failure(Exception):
    """Something that the operator should read; printed without a traceback."""


def say_at_once(text):
    """Prints before SAM does, which writes to the same output."""
    print(text, flush=True)


@dataclass(frozen=True)
class Settings:
    """What a section of samconfig.toml says."""

    section: str
    config_file: str
    stack: str
    region: str | None
    profile: str | None
    overrides: list[str]

    def client(self):
        return boto3.Session(region_name=self.region, profile_name=self.profile).client("cloudformation")

    def sam(self, overrides, *options):
        """The command that deploys. Options of the command line replace those of the file, so the overrides are complete."""
        command = [str(SAM), "deploy", "--config-env", self.section, "--config-file", self.config_file, *options]
        return [*command, "--parameter-overrides", *overrides] if overrides else command


def read_settings(section, config_file):
    config = tomllib.loads(Path(config_file).read_text(encoding="utf-8"))
    if "deploy" not in config.get(section, {}):
        raise Failure(f"{config_file} has no section [{section}.deploy.parameters]")
    found = config[section].get("global", {}).get("parameters", {}) | config[section]["deploy"]["parameters"]
    overrides = found.get("parameter_overrides", [])
    if isinstance(overrides, str):
        # SAM takes several in one text.
        overrides = [overrides]
    elif isinstance(overrides, dict):
        overrides = [f"{name}={value}" for name, value in overrides.items()]
    if "stack_name" not in found:
        raise Failure(f"[{section}.deploy.parameters] in {config_file} has no stack_name")
    return Settings(section, str(config_file), found["stack_name"], found.get("region"), found.get("profile"), overrides)


def status_of(client, stack):
    """The stack's status; None where there is no such stack."""
    try:
        return client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise


def chosen_by_operator(overrides):
    """The value that the section itself gives the parameter; None where it leaves it to this script."""
    values = re.findall(rf'(?:^|\s){PARAMETER}="?(\w+)', "\n".join(overrides))
    return values[-1] if values else None


def phases(status, overrides):
    """The overrides of each deployment to be made, one after the other, for a stack of this status."""
    if status not in STABLE | NEW:
        raise Failure(f"the stack is {status}, and cannot be deployed: {RUNBOOK}")
    if chosen_by_operator(overrides) is not None:
        return [overrides]
    values = ["true"] if status in STABLE else ["false", "true"]
    return [[*overrides, f"{PARAMETER}={value}"] for value in values]


def says(status, overrides):
    """What the operator is told of protection before the deployment."""
    if (chosen := chosen_by_operator(overrides)) is not None:
        return f"samconfig.toml sets {PARAMETER}={chosen}: tables are {'' if chosen == 'true' else 'NOT '}protected from deletion"
    if status in STABLE:
        return "the stack exists: tables are protected from deletion"
    return "first deployment: tables are made without protection, so that it can be rolled back; a second deployment protects them"


def deploy(settings, client, run=subprocess.run, say=say_at_once):
    """Returns the exit code. `run` starts a command as `subprocess.run` does."""
    status = status_of(client, settings.stack)
    plan = phases(status, settings.overrides)
    say(f"- {settings.stack}: {says(status, settings.overrides)}")
    for number, overrides in enumerate(plan):
        if number > 0:
            say(f"- {settings.stack}: the first deployment is done; this one protects the tables from deletion")
        code = run(settings.sam(overrides), check=False).returncode
        if code != 0:
            return code
        # Answering no to SAM's question is no failure.
        if status_of(client, settings.stack) not in STABLE:
            say(f"- {settings.stack}: nothing was deployed")
            return 0
    if chosen_by_operator(settings.overrides) is None and not is_protected(client, settings.stack):
        say(f"- {settings.stack}: the tables are NOT protected from deletion, because the deployment that protects them was not made: run `make deploy` again")
        return 1
    return 0


def is_protected(client, stack):
    parameters = client.describe_stacks(StackName=stack)["Stacks"][0].get("Parameters", [])
    return {"ParameterKey": PARAMETER, "ParameterValue": "true"} in [{key: one.get(key) for key in ("ParameterKey", "ParameterValue")} for one in parameters]


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("section", help="section of the configuration, such as `default` or `production`")
    parser.add_argument("--config-file", default=ROOT / "samconfig.toml", help="default: samconfig.toml")
    given = parser.parse_args()
    return read_settings(given.section, given.config_file)


if __name__ == "__main__":
    try:
        the_settings = arguments(__doc__)
        sys.exit(deploy(the_settings, the_settings.client(), run=lambda command, **options: subprocess.run(command, cwd=ROOT, **options)))
    except Failure as failure:
        sys.exit(f"error: {failure}")
