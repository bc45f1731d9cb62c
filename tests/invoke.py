"""Invokes the function named as argument by its alias live, as its schedule would, and prints what it answered. Runs in the environment of the AWS tools."""

import sys

import boto3

if __name__ == "__main__":
    answer = boto3.client("lambda").invoke(FunctionName=sys.argv[1] + ":live", Payload=b"{}")
    payload = answer["Payload"].read().decode()
    print(payload)
    if "FunctionError" in answer:
        sys.exit(payload)
