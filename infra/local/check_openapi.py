"""Checks that infra/openapi.yaml is valid OpenAPI, uses only what API Gateway imports, and has the right integration for each operation.

Without this check, an error would appear only in a deployment to AWS. API Gateway would reject the file, or behave differently without an
error message. Runs in the virtual environment of the AWS tools.
"""

import json
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
# The paths of the web application. API Gateway needs both, because `/{proxy+}` matches every path except `/`. All methods of these paths except ANY belong to
# the operation serve_web. An operationId must be unique, so only GET of the second path has this operationId.
WEB = ("/", "/{proxy+}")
WEB_OPERATION = "serve_web"
# Keywords that API Gateway's models do not support. The models support a subset of JSON Schema draft 4.
NOT_IN_SCHEMAS = {
    *("oneOf", "anyOf", "allOf", "not", "discriminator", "additionalProperties", "nullable", "example", "readOnly", "writeOnly"),
    *("xml", "externalDocs", "exclusiveMinimum", "exclusiveMaximum", "deprecated"),
}
# The gateway's own responses by type, with the status that AWS gives each (API Gateway developer guide, "Gateway response types").
GATEWAY_STATUSES = {
    "ACCESS_DENIED": 403,
    "API_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_CONFIGURATION_ERROR": 500,
    "AUTHORIZER_FAILURE": 500,
    "BAD_REQUEST_BODY": 400,
    "BAD_REQUEST_PARAMETERS": 400,
    "EXPIRED_TOKEN": 403,
    "INTEGRATION_FAILURE": 504,
    "INTEGRATION_TIMEOUT": 504,
    "INVALID_API_KEY": 403,
    "INVALID_SIGNATURE": 403,
    "MISSING_AUTHENTICATION_TOKEN": 403,
    "QUOTA_EXCEEDED": 429,
    "REQUEST_TOO_LARGE": 413,
    "RESOURCE_NOT_FOUND": 404,
    "THROTTLED": 429,
    "UNAUTHORIZED": 401,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "WAF_FILTERED": 403,
}
# Types of gateway responses for which infra/openapi.yaml changes the status. An unknown path or method gets 404 instead of 403, and a
# crashed function causes 502 instead of 504.
GATEWAY_STATUSES_CHANGED = {"MISSING_AUTHENTICATION_TOKEN": 404, "INTEGRATION_FAILURE": 502}
GATEWAY_DEFAULTS = {"DEFAULT_4XX", "DEFAULT_5XX"}


def schema_problems(schema, where):
    for keyword in sorted(NOT_IN_SCHEMAS & set(schema)):
        yield f"{where}: API Gateway does not import {keyword}"
    for name, inner in schema.get("properties", {}).items():
        yield from schema_problems(inner, f"{where}.{name}")
    if "items" in schema:
        yield from schema_problems(schema["items"], f"{where}[]")


def operation_problems(operation, where, function):
    integration = operation.get(INTEGRATION, {})
    expected = {"type": "aws_proxy", "httpMethod": "POST", "uri": {"Fn::Sub": URI % function}}
    if integration != expected:
        yield f"{where}: the integration does not invoke {function} in the usual way"
    for status, response in operation.get("responses", {}).items():
        for kind, body in response.get("content", {}).items():
            if (int(status) >= 400) != (kind == "application/problem+json"):
                yield f"{where}: {status} has the content type {kind}"
            yield from schema_problems(body["schema"], f"{where} {status}")
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield from schema_problems(body["schema"], f"{where} {kind}")


def gateway_problems(responses):
    """Yields problems of the gateway's own responses: wrong types, statuses, bodies or headers."""
    expected = responses["DEFAULT_5XX"]["responseParameters"]
    for name, response in responses.items():
        where = f"gateway response {name}"
        if response["responseParameters"] != expected:
            yield f"{where}: the headers differ from those of DEFAULT_5XX"
        body = json.loads(response["responseTemplates"]["application/json"])
        if name in GATEWAY_DEFAULTS:
            if "statusCode" in response or "status" in body:
                yield f"{where}: must not have a status, because it would replace the status of every type that is not listed"
            continue
        status = GATEWAY_STATUSES_CHANGED.get(name, GATEWAY_STATUSES.get(name))
        if status is None:
            yield f"{where}: API Gateway has no response of this type"
        elif (response.get("statusCode"), body.get("status")) != (str(status), status):
            yield f"{where}: statusCode and the body's status must be {status}"
    for name in sorted(GATEWAY_DEFAULTS - set(responses)):
        yield f"gateway response {name} is missing"


def problems(document):
    yield from gateway_problems(document["x-amazon-apigateway-gateway-responses"])
    # API Gateway writes `{name+}` for a path parameter that matches several path segments. OpenAPI does not have the `+`, so it is removed
    # before the check.
    plain = document | {"paths": {path.replace("+}", "}"): item for path, item in document["paths"].items()}}
    for error in OpenAPIV30SpecValidator(plain).iter_errors():
        yield f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
    for name, schema in document["components"]["schemas"].items():
        if not re.fullmatch("[A-Za-z0-9]+", name):
            yield f"schema {name}: API Gateway accepts only letters and digits in names"
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
                    yield f"{method} {path}: must have no operationId, because {WEB_OPERATION} has its own at get /{{proxy+}}"
                continue
            name = item[method].get("operationId", "")
            if not re.fullmatch("[a-z]+(_[a-z]+)*", name) or name in seen:
                yield f"{method} {path}: operationId {name!r} is not a unique name in snake_case"
            seen.add(name)
            if not item[method].get("summary"):
                yield f"missing: summary of {name}"
            empty = [status for status, response in item[method]["responses"].items() if not response.get("description")]
            yield from (f"missing: description of response {status} of {name}" for status in empty)
            yield from operation_problems(item[method], f"{method} {path}", "".join(part.capitalize() for part in name.split("_")))
        if ANY_METHOD not in item:
            yield f"{path}: has no {ANY_METHOD} that routes other methods to unknown_route"
        else:
            yield from operation_problems(item[ANY_METHOD], f"any {path}", "UnknownRoute")


def main():
    found = list(problems(yaml.safe_load(FILE.read_text(encoding="utf-8"))))
    for problem in found:
        print(f"infra/openapi.yaml: {problem}", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
