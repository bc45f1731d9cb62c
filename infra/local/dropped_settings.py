"""Applies settings of template.yaml and infra/openapi.yaml that the emulator's CloudFormation drops.

CloudFormation on AWS makes the same API calls. So tests that read these settings from the emulator find what the files contain.
"""

import boto3
from samcli.yamlhelper import yaml_parse

ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"


class Stack:
    """The deployed stack: physical IDs and types of the resources by logical ID."""

    def __init__(self, name):
        cloudformation = boto3.client("cloudformation")
        self.region = cloudformation.meta.region_name
        self.account = boto3.client("sts").get_caller_identity()["Account"]
        self.ids, self.types = {}, {}
        for page in cloudformation.get_paginator("list_stack_resources").paginate(StackName=name):
            for resource in page["StackResourceSummaries"]:
                self.ids[resource["LogicalResourceId"]] = resource["PhysicalResourceId"]
                self.types[resource["LogicalResourceId"]] = resource["ResourceType"]

    def value(self, node):
        """Returns a property's value. Resolves Fn::GetAtt of a key's ARN, which is the only intrinsic that the settings below use."""
        if isinstance(node, list):
            return [self.value(item) for item in node]
        if not isinstance(node, dict):
            return node
        if "Fn::GetAtt" in node:
            logical, attribute = node["Fn::GetAtt"]
            if (self.types[logical], attribute) == ("AWS::KMS::Key", "Arn"):
                return f"arn:aws:kms:{self.region}:{self.account}:key/{self.ids[logical]}"
        if any(key == "Ref" or key.startswith("Fn::") for key in node):
            raise ValueError(f"{node} occurs in a setting that the emulator drops, and dropped_settings.py cannot resolve it")
        return {key: self.value(item) for key, item in node.items()}


def apply_table(dynamodb, name, setting):
    ttl = setting("TimeToLiveSpecification")
    # Turning on TTL fails if TTL is already on, as on AWS. So the status is read first.
    if ttl and dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED":
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    if recovery := setting("PointInTimeRecoverySpecification"):
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
    if encryption := setting("SSESpecification"):
        encryption["Enabled"] = encryption.pop("SSEEnabled")
        dynamodb.update_table(TableName=name, SSESpecification=encryption)


def apply_bucket(s3, name, setting):
    if encryption := setting("BucketEncryption"):
        rules = encryption["ServerSideEncryptionConfiguration"]
        for rule in rules:
            rule["ApplyServerSideEncryptionByDefault"] = rule.pop("ServerSideEncryptionByDefault")
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    if lifecycle := setting("LifecycleConfiguration"):
        rules = [
            {"ID": rule["Id"], "Filter": {"Prefix": rule["Prefix"]}, "Status": rule["Status"], "Expiration": {"Days": rule["ExpirationInDays"]}}
            for rule in lifecycle["Rules"]
        ]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    if ownership := setting("OwnershipControls"):
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=ownership)


def apply_api(gateway, stack, definition):
    """Adds the ANY methods, which the emulator's import ignores, and the gateway's own responses."""
    api = stack.ids["Api"]
    pages = gateway.get_paginator("get_resources").paginate(restApiId=api, embed=["methods"])
    resources = {item["path"]: item for page in pages for item in page["items"]}
    for path, item in definition["paths"].items():
        if ANY_METHOD not in item or "ANY" in resources[path].get("resourceMethods", {}):
            continue
        before, rest = item[ANY_METHOD][INTEGRATION]["uri"]["Fn::Sub"].rsplit("${", 1)
        function, after = rest.split(".Alias}")
        uri = before.replace("${AWS::Partition}", "aws").replace("${AWS::Region}", stack.region) + stack.ids[f"{function}Aliaslive"] + after
        method = {"restApiId": api, "resourceId": resources[path]["id"], "httpMethod": "ANY"}
        gateway.put_method(**method, authorizationType="NONE")
        gateway.put_integration(**method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    for kind, response in definition[GATEWAY_RESPONSES].items():
        gateway.put_gateway_response(restApiId=api, responseType=kind, **response)
    # Deploys the stage again, because changes of the API take effect only with the next deployment of the stage.
    gateway.create_deployment(restApiId=api, stageName=stack.ids["ApiliveStage"])


def apply(repository, stack_name):
    template = yaml_parse((repository / "template.yaml").read_text(encoding="utf-8"))
    definition = yaml_parse((repository / "infra" / "openapi.yaml").read_text(encoding="utf-8"))
    stack = Stack(stack_name)
    appliers = {
        "AWS::DynamoDB::Table": (apply_table, boto3.client("dynamodb")),
        "AWS::S3::Bucket": (apply_bucket, boto3.client("s3")),
    }
    for logical, resource in template["Resources"].items():
        # A loop (Fn::ForEach) is a list and not a resource. Loops are skipped, because none of them creates a table or a bucket.
        if isinstance(resource, dict) and resource["Type"] in appliers:
            function, client = appliers[resource["Type"]]
            function(client, stack.ids[logical], lambda name, properties=resource["Properties"]: stack.value(properties.get(name)))
    apply_api(boto3.client("apigateway"), stack, definition)
