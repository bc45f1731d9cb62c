"""Prints a JSON object that maps each operation to the environment variables of its function on the running stack. Runs with
the Python of the AWS tools (.tools/aws)."""

import json
import sys
from pathlib import Path

import boto3

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "infra" / "local"))

from instance import variable  # noqa: E402


def operation(function):
    """Returns the name of a function's operation: `submit_code` for the function `STACK-SubmitCode-SUFFIX`."""
    return variable(function.split("-")[-2]).lower()


if __name__ == "__main__":
    pages = boto3.client("lambda").get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    json.dump({operation(one["FunctionName"]): one.get("Environment", {}).get("Variables", {}) for one in functions}, sys.stdout)
