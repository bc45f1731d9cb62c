"""Invokes the alias `live` of a function and prints the response. The arguments are the function's name and its event. Without an event,
the function gets `{}`. Runs with the Python of the AWS tools (.tools/aws)."""

import sys

import boto3

if __name__ == "__main__":
    name, payload = [*sys.argv[1:], "{}"][:2]
    response = boto3.client("lambda").invoke(FunctionName=name + ":live", Payload=payload.encode())
    payload = response["Payload"].read().decode()
    print(payload)
    if "FunctionError" in response:
        sys.exit(payload)
