"""The side of the local stack that speaks to the emulated account. Runs in the environment of the AWS tools, for boto3:

    python account.py state
    python account.py prepare < secrets.json
    python account.py finish REPOSITORY DEPLOYED

`state` and `finish` print JSON: what is deployed (a hash of all that went into it), and the stack's outputs.
"""

import contextlib
import json
import sys
from pathlib import Path

import boto3
from botocore.exceptions import ClientError

import dropped_settings

STACK = "myphoto"
ARTIFACTS = "myphoto-artifacts"
# Kept in the account itself, so that it is lost together with what it tells of.
DEPLOYED = "/myphoto/deployed"


def state():
    try:
        deployed = boto3.client("ssm").get_parameter(Name=DEPLOYED)["Parameter"]["Value"]
        stack = boto3.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError:
        return {"deployed": None, "outputs": {}}
    return {"deployed": deployed, "outputs": {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}}


def prepare(secrets):
    """What an account has before the first deploy: a bucket for the code, and the secrets that others gave us."""
    s3 = boto3.client("s3")
    with contextlib.suppress(s3.exceptions.BucketAlreadyOwnedByYou):
        s3.create_bucket(Bucket=ARTIFACTS, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
    manager = boto3.client("secretsmanager")
    for name, value in secrets.items():
        try:
            manager.create_secret(Name=name, SecretString=json.dumps(value))
        except manager.exceptions.ResourceExistsException:
            manager.put_secret_value(SecretId=name, SecretString=json.dumps(value))


def remove_artifacts():
    """The zip files of a deployment, some 80 MB: the functions have their code by now."""
    for item in boto3.resource("s3").Bucket(ARTIFACTS).objects.all():
        item.delete()


def finish(repository, deployed):
    dropped_settings.apply(repository, STACK)
    remove_artifacts()
    boto3.client("ssm").put_parameter(Name=DEPLOYED, Value=deployed, Type="String", Overwrite=True)


def main(verb, *arguments):
    if verb == "prepare":
        prepare(json.load(sys.stdin))
        return
    if verb == "finish":
        finish(Path(arguments[0]), arguments[1])
    json.dump(state(), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
