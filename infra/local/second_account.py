"""An account for the second opinion: what template.yaml says of tables, keys and the bucket, made by the public API calls on whatever the endpoints of
the environment are. Prints the names that were given, as the stack's env file has them. Runs in the environment of the AWS tools, for boto3:

    python second_account.py REPOSITORY
"""

import json
import sys
from pathlib import Path

import boto3
import dropped_settings
from instance import variable
from samcli.yamlhelper import yaml_parse


def of_type(template, kind):
    # A loop (Fn::ForEach) is a list; none makes any of these.
    found = {name: item["Properties"] for name, item in template["Resources"].items() if isinstance(item, dict) and item["Type"] == kind}
    if not found:
        raise ValueError(f"no {kind} in the template")
    return found


def create_table(dynamodb, name, properties):
    wanted = {key: properties[key] for key in ("AttributeDefinitions", "KeySchema", "BillingMode", "GlobalSecondaryIndexes") if key in properties}
    if stream := properties.get("StreamSpecification"):
        wanted["StreamSpecification"] = stream | {"StreamEnabled": True}
    dynamodb.create_table(TableName=name, **wanted)


def resolved(node, keys):
    """A setting's value: the ARN of a key is the only thing that these settings refer to; what the CORS rule allows does not matter here."""
    if isinstance(node, list):
        return [resolved(item, keys) for item in node]
    if not isinstance(node, dict):
        return node
    return keys[node["Fn::GetAtt"][0]] if "Fn::GetAtt" in node else {key: resolved(item, keys) for key, item in node.items()}


def main(repository):
    template = yaml_parse((Path(repository) / "template.yaml").read_text(encoding="utf-8"))
    kms, s3, dynamodb = (boto3.client(service) for service in ("kms", "s3", "dynamodb"))
    names = {}
    keys = {name: kms.create_key(Description=name)["KeyMetadata"]["Arn"] for name in of_type(template, "AWS::KMS::Key")}
    names.update({variable(name): arn for name, arn in keys.items()})
    for name, properties in of_type(template, "AWS::DynamoDB::Table").items():
        create_table(dynamodb, f"second-{name}", properties)
        names[variable(f"{name}Table")] = f"second-{name}"
    for name, properties in of_type(template, "AWS::S3::Bucket").items():
        bucket = f"second-{name.lower()}"
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": s3.meta.region_name})
        dropped_settings.apply_bucket(s3, bucket, lambda setting, properties=properties: resolved(properties.get(setting), keys))
        names[variable(f"{name}Bucket")] = bucket
    json.dump(names, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
