"""Invokes the alias `live` of a function as its schedule would, and prints the response. The argument is the function's name. Runs in the environment of
the AWS tools."""

import sys

import boto3

if __name__ == "__main__":
    response = boto3.client("lambda").invoke(FunctionName=sys.argv[1] + ":live", Payload=b"{}")
    payload = response["Payload"].read().decode()
    print(payload)
    if "FunctionError" in response:
        sys.exit(payload)
