"""Deploys to AWS with the settings of a section of samconfig.toml, and protects the tables from deletion as soon as the stack exists.

    deploy.py SECTION [--config-file FILE]

If a first deployment fails, CloudFormation has to delete the tables that it created. It cannot delete protected tables, so the stack would
end in ROLLBACK_FAILED. Therefore the first deployment creates tables without protection, and a second deployment, directly after the first,
turns protection on. Every later deployment leaves it on. If the section sets DeletionProtection, there is a single deployment with that
value.

For an existing stack, SAM leaves a parameter that the section does not set at its previous value. This script passes the template's default
for it instead, so that a new default takes effect, and so does the removal of a line from the section.

Called by `make deploy`. Runs in the virtual environment of the AWS tools.
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
from samcli.cli.types import CfnParameterOverridesType
from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
SAM = ROOT / ".tools" / "aws" / "bin" / "sam"
PARAMETER = "DeletionProtection"
# Statuses of an intact stack, which can be updated.
STABLE = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
# Statuses before the first deployment: there is no stack, or only an empty one for a change set that was never executed.
NEW = {None, "REVIEW_IN_PROGRESS"}
RUNBOOK = "docs/operating/stuck-stack.md"
# The key policies and the dashboard need such a name (docs/operating/deploying.md).
STACK_NAME = re.compile("[A-Za-z][A-Za-z0-9]{0,28}")


class Failure(Exception):
    """An error whose text is for the operator. It is printed without a traceback."""


def say_at_once(text):
    """Prints and flushes, so that the line precedes the output of SAM."""
    print(text, flush=True)


@dataclass(frozen=True)
class Settings:
    """The settings of a section of samconfig.toml."""

    section: str
    config_file: str
    stack: str
    region: str | None
    profile: str | None
    overrides: list[str]

    def client(self):
        return boto3.Session(region_name=self.region, profile_name=self.profile).client("cloudformation")

    def sam(self, overrides, *options):
        """Returns the command that deploys. `overrides` must be complete, because SAM then ignores the overrides in the file."""
        command = [str(SAM), "deploy", "--config-env", self.section, "--config-file", self.config_file, *options]
        return [*command, "--parameter-overrides", *overrides] if overrides else command


def read_settings(section, config_file):
    config = tomllib.loads(Path(config_file).read_text(encoding="utf-8"))
    if "deploy" not in config.get(section, {}):
        raise Failure(f"{config_file} has no section [{section}.deploy.parameters]")
    found = config[section].get("global", {}).get("parameters", {}) | config[section]["deploy"]["parameters"]
    overrides = found.get("parameter_overrides", [])
    if isinstance(overrides, str):
        # The string can contain several overrides. SAM splits it.
        overrides = [overrides]
    elif isinstance(overrides, dict):
        overrides = [f"{name}={value}" for name, value in overrides.items()]
    if "stack_name" not in found:
        raise Failure(f"[{section}.deploy.parameters] in {config_file} has no stack_name")
    if not STACK_NAME.fullmatch(found["stack_name"]):
        raise Failure(f"the stack's name {found['stack_name']} must begin with a letter, and have letters and digits only, 29 at most")
    return Settings(section, str(config_file), found["stack_name"], found.get("region"), found.get("profile"), with_defaults(overrides, template_parameters()))


def template_parameters():
    """Returns the parameters of template.yaml by name."""
    return yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))["Parameters"]


def with_defaults(overrides, parameters):
    """Adds the default of each parameter that the overrides do not set, except DeletionProtection, which each deployment sets. Raises Failure
    if a parameter without a default is not set, or if the template has no parameter of a name that is set."""
    chosen = CfnParameterOverridesType().convert(tuple(overrides), None, None) if overrides else {}
    if unknown := sorted(chosen.keys() - parameters.keys()):
        raise Failure(f"template.yaml has no parameter {', '.join(unknown)}")
    unset = {name: parameter for name, parameter in parameters.items() if name not in chosen and name != PARAMETER}
    if missing := [name for name, parameter in unset.items() if "Default" not in parameter]:
        raise Failure(f"parameter_overrides must set {', '.join(missing)}")
    return [*overrides, *(f'{name}="{parameter["Default"]}"' for name, parameter in unset.items())]


def status_of(client, stack):
    """Returns the stack's status, or None if the stack does not exist."""
    try:
        return client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except ClientError as error:
        if "does not exist" in error.response["Error"]["Message"]:
            return None
        raise


def chosen_by_operator(overrides):
    """Returns the value of DeletionProtection that the section sets, or None if it sets none."""
    values = re.findall(rf'(?:^|\s){PARAMETER}="?(\w+)', "\n".join(overrides))
    return values[-1] if values else None


def phases(status, overrides):
    """Returns the overrides for each deployment to run, in order. A new stack needs two deployments, unless the section sets
    DeletionProtection. An existing stack needs one."""
    if status not in STABLE | NEW:
        raise Failure(f"the stack is {status} and cannot be deployed, see {RUNBOOK}")
    if chosen_by_operator(overrides) is not None:
        return [overrides]
    values = ["true"] if status in STABLE else ["false", "true"]
    return [[*overrides, f"{PARAMETER}={value}"] for value in values]


def protection_notice(status, overrides):
    """Returns the sentence about deletion protection that is printed before the deployment."""
    if (chosen := chosen_by_operator(overrides)) is not None:
        return f"samconfig.toml sets {PARAMETER}={chosen}: tables are {'' if chosen == 'true' else 'NOT '}protected from deletion"
    if status in STABLE:
        return "the stack exists: tables are protected from deletion"
    return "first deployment: tables are created without protection, so that it can be rolled back; a second deployment protects them"


def deploy(settings, client, run=subprocess.run, say=say_at_once):
    """Returns the exit code. `run` starts a command as `subprocess.run` does."""
    status = status_of(client, settings.stack)
    plan = phases(status, settings.overrides)
    say(f"- {settings.stack}: {protection_notice(status, settings.overrides)}")
    for number, overrides in enumerate(plan):
        if number > 0:
            say(f"- {settings.stack}: the first deployment succeeded; the second one protects the tables from deletion")
        code = run(settings.sam(overrides), check=False).returncode
        if code != 0:
            return code
        # If the operator declines SAM's confirmation, SAM exits with 0 without deploying. That is not an error.
        if status_of(client, settings.stack) not in STABLE:
            say(f"- {settings.stack}: nothing was deployed")
            return 0
    if chosen_by_operator(settings.overrides) is None and not is_protected(client, settings.stack):
        say(f"- {settings.stack}: the tables are NOT protected from deletion, because the second deployment was not executed. Run `make deploy` again")
        return 1
    return 0


def parameters_of(client, stack):
    """Returns the values of the stack's parameters by name."""
    parameters = client.describe_stacks(StackName=stack)["Stacks"][0].get("Parameters", [])
    return {one["ParameterKey"]: one.get("ParameterValue") for one in parameters}


def is_protected(client, stack):
    return parameters_of(client, stack).get(PARAMETER) == "true"


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("section", help="section of the configuration, such as `default` or `production`")
    parser.add_argument("--config-file", default=ROOT / "samconfig.toml", help="default: samconfig.toml")
    parsed = parser.parse_args()
    return read_settings(parsed.section, parsed.config_file)


if __name__ == "__main__":
    try:
        the_settings = arguments(__doc__)
        sys.exit(deploy(the_settings, the_settings.client(), run=lambda command, **options: subprocess.run(command, cwd=ROOT, **options)))
    except Failure as failure:
        sys.exit(f"error: {failure}")
