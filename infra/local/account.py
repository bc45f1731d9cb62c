"""The steps of the local stack that call the emulated AWS account. They need boto3, so they run in the AWS tools' virtual environment:

    python account.py state
    python account.py prepare < secrets.json
    python account.py finish REPOSITORY DEPLOYED

`state` and `finish` print JSON: a hash of all inputs of the deployed stack, and the stack's outputs.
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
# The SSM parameter that stores the hash of the deployed stack's inputs. It is stored in the emulated account, so it disappears together
# with the stack.
DEPLOYED = "/myphoto/deployed"


def state():
    try:
        deployed = boto3.client("ssm").get_parameter(Name=DEPLOYED)["Parameter"]["Value"]
        stack = boto3.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    except ClientError:
        return {"deployed": None, "outputs": {}}
    return {"deployed": deployed, "outputs": {item["OutputKey"]: item["OutputValue"] for item in stack["Outputs"]}}


def prepare(secrets):
    """Creates what an account needs before the first deployment: a bucket for the code, and the secrets issued by TAXISnet and the registers."""
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
    """Deletes the zip files of a deployment, about 80 MB. The functions do not need them after the deployment."""
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
