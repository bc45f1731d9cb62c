"""Checks infra/openapi.yaml: valid OpenAPI, in the part of it that API Gateway imports, and with the integrations in their places.

The gateway would refuse the rest only at a deployment to AWS, or silently do something else. Runs in the environment of the AWS tools.
"""

import re
import sys
from pathlib import Path

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator

FILE = Path(__file__).resolve().parents[1] / "openapi.yaml"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")
ANY_METHOD = "x-amazon-apigateway-any-method"
INTEGRATION = "x-amazon-apigateway-integration"
URI = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${%s.Alias}/invocations"
# All methods of these that are no ANY are one operation, named where it does most: the gateway has no other way to say "any path".
WEB = ("/", "/{proxy+}")
WEB_OPERATION = "serve_web"
# Models of the gateway are JSON Schema draft 4, and not all of that.
NOT_IN_SCHEMAS = {
    *("oneOf", "anyOf", "allOf", "not", "discriminator", "additionalProperties", "nullable", "example", "readOnly", "writeOnly"),
    *("xml", "externalDocs", "exclusiveMinimum", "exclusiveMaximum", "deprecated"),
}


def schema_problems(schema, where):
    for keyword in sorted(NOT_IN_SCHEMAS & set(schema)):
        yield f"{where}: API Gateway does not import {keyword}"
    for name, inner in schema.get("properties", {}).items():
        yield from schema_problems(inner, f"{where}.{name}")
    if "items" in schema:
        yield from schema_problems(schema["items"], f"{where}[]")


def operation_problems(operation, where, function):
    integration = operation.get(INTEGRATION, {})
    wanted = {"type": "aws_proxy", "httpMethod": "POST", "uri": {"Fn::Sub": URI % function}}
    if integration != wanted:
        yield f"{where}: its integration is not the one with function {function}"
    for status, response in operation.get("responses", {}).items():
        for kind, body in response.get("content", {}).items():
            if (int(status) >= 400) != (kind == "application/problem+json"):
                yield f"{where}: {status} as {kind}"
            yield from schema_problems(body["schema"], f"{where} {status}")
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield from schema_problems(body["schema"], f"{where} {kind}")


def gateway_problems(answers):
    """What the gateway answers by itself has the same headers, whatever it is."""
    wanted = answers["DEFAULT_5XX"]["responseParameters"]
    for name, answer in answers.items():
        if answer["responseParameters"] != wanted:
            yield f"gateway's own {name}: other headers than DEFAULT_5XX"


def problems(document):
    yield from gateway_problems(document["x-amazon-apigateway-gateway-responses"])
    # The + of a greedy parameter is the gateway's own.
    plain = document | {"paths": {path.replace("+}", "}"): item for path, item in document["paths"].items()}}
    for error in OpenAPIV30SpecValidator(plain).iter_errors():
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
    for name, schema in document["components"]["schemas"].items():
        if not re.fullmatch("[A-Za-z0-9]+", name):
            yield f"schema {name}: API Gateway takes letters and digits only"
        yield from schema_problems(schema, name)
    seen = set()
    for path, item in document["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            is_named = path not in WEB or (method, path) == ("get", "/{proxy+}")
            if not is_named:
                yield from operation_problems(item[method], f"{method} {path}", "ServeWeb")
                if "operationId" in item[method]:
                    yield f"{method} {path}: {WEB_OPERATION} is named at get /{{proxy+}}"
                continue
            name = item[method].get("operationId", "")
            if not re.fullmatch("[a-z]+(_[a-z]+)*", name) or name in seen:
                yield f"{method} {path}: operationId {name!r} is not a name of its own in snake_case"
            seen.add(name)
            yield from operation_problems(item[method], f"{method} {path}", "".join(part.capitalize() for part in name.split("_")))
        if ANY_METHOD not in item:
            yield f"{path}: methods that it does not have are not sent to unknown_route"
        else:
            yield from operation_problems(item[ANY_METHOD], f"any {path}", "UnknownRoute")


def main():
    found = list(problems(yaml.safe_load(FILE.read_text(encoding="utf-8"))))
    for problem in found:
        print(f"infra/openapi.yaml: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
