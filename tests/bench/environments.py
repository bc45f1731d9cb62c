"""Prints the variables of all functions of the stack that runs, as JSON, by operation. Runs in the environment of the AWS tools."""

import json
import re
import sys

import boto3


def operation(function):
    """`STACK-SubmitCode-SUFFIX`: submit_code."""
    logical = function.split("-")[-2]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", logical).lower()


if __name__ == "__main__":
    pages = boto3.client("lambda").get_paginator("list_functions").paginate()
    functions = [function for page in pages for function in page["Functions"]]
    json.dump({operation(one["FunctionName"]): one.get("Environment", {}).get("Variables", {}) for one in functions}, sys.stdout)
