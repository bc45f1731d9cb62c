"""Prints the name that AWS gave to the table Applications of a stack. Runs in the virtual environment of the AWS tools."""

import sys

import boto3

outputs = boto3.client("cloudformation").describe_stacks(StackName=sys.argv[1])["Stacks"][0]["Outputs"]
print(next(output["OutputValue"] for output in outputs if output["OutputKey"] == "ApplicationsTable"))
