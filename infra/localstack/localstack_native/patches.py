"""Patches of LocalStack 4.14.0. Each replaces one behaviour that differs from AWS, or that needs Docker or a download.

The docstring of a patch describes the behaviour that it replaces. A patch replaces a function inside LocalStack, so the patches work only with
this version.
"""

import fnmatch
import logging
import os
import threading

from localstack import constants
from localstack.runtime import hooks

LOG = logging.getLogger(__name__)

LOCALSTACK_VERSION = "4.14.0"


class UnknownLocalStack(Exception):
    """The installed LocalStack is not the version that the patches were written for."""


def check_version(version):
    if version != LOCALSTACK_VERSION:
        raise UnknownLocalStack(
            f"the patches are for LocalStack {LOCALSTACK_VERSION}, and {version} is installed. Test each patch (infra/localstack/tests), then change LOCALSTACK_VERSION"
        )


@hooks.on_infra_start()
def apply_all():
    try:
        check_version(constants.VERSION)
        forward_to_running_dynamodb_local(os.environ)
        for patch in PATCHES:
            patch()
    except Exception:
        # Ends the process, because LocalStack would log the hook's exception and continue without the patches.
        LOG.critical("LocalStack cannot run this stack", exc_info=True)
        os._exit(1)


def replace(owner, name, wrap):
    """Replaces `owner.name` by the result of `wrap(original)`. Raises AttributeError if `owner.name` does not exist, which can happen with another
    version of LocalStack."""
    setattr(owner, name, wrap(getattr(owner, name)))


def forward_to_running_dynamodb_local(environment):
    """LocalStack downloads DynamoDB Local and Java, and starts them. The local stack has already started DynamoDB Local, on DYNAMODB_LOCAL_PORT."""
    if "DYNAMODB_LOCAL_PORT" not in environment:
        return
    from localstack.services.dynamodb.server import DynamodbServer
    from localstack.utils.threads import start_thread

    def placeholder(_):
        # LocalStack considers DynamoDB Local running as long as this thread runs.
        return lambda self: start_thread(lambda *_: threading.Event().wait(), name="dynamodb-local-elsewhere")

    replace(DynamodbServer, "do_start_thread", placeholder)
    replace(DynamodbServer, "stop_dynamodb", lambda _: lambda self: None)


def honour_log_groups():
    """LocalStack stores LoggingConfig.LogGroup, but writes to /aws/lambda/FUNCTION anyway."""
    from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment

    def configured(original):
        return lambda self: (self.function_version.config.logging_config or {}).get("LogGroup") or original(self)

    replace(ExecutionEnvironment, "get_log_group_name", configured)


def expand_language_extensions():
    """LocalStack expands Fn::ForEach only in Resources, and does not support DefaultValue of Fn::FindInMap."""
    from localstack.services.cloudformation.engine import template_preparer

    from . import language_extensions

    replace(template_preparer, "parse_template", lambda original: lambda template: language_extensions.expand(original(template)))


def include_without_following_references():
    """LocalStack follows references while it searches for AWS::Include. A function with a DeploymentPreference and its alarm refer to each
    other until SAM's transform has run, so CreateChangeSet would never end."""
    from localstack.services.cloudformation.engine.v2.change_set_model import is_nothing
    from localstack.services.cloudformation.engine.v2.change_set_model_transform import ChangeSetModelTransform

    def included(self, node):
        if isinstance(node, list):
            return [included(self, item) for item in node]
        if not isinstance(node, dict):
            return node
        macro = node.get("Fn::Transform")
        if isinstance(macro, dict):
            siblings = {key: value for key, value in node.items() if key != "Fn::Transform"}
            return self._compute_fn_transform(macro, siblings, allow_string=False)
        return {key: included(self, value) for key, value in node.items()}

    def execute(self):
        for name in ("_before_template", "_after_template"):
            template = getattr(self, name)
            if not is_nothing(template):
                setattr(self, name, included(self, template))

    replace(ChangeSetModelTransform, "_execute_local_transforms", lambda _: execute)


def route_custom_domain_names():
    """LocalStack stores a custom domain name and its mapping, but does not route requests by them."""
    from localstack.services.apigateway.next_gen.execute_api.router import ApiGatewayEndpoint
    from localstack.services.apigateway.next_gen.provider import ApigatewayNextGenProvider
    from localstack.services.edge import ROUTER

    endpoint = ApiGatewayEndpoint()
    stages = {}

    def respond(request, domain, **_):
        api, stage = stages[domain]
        # The stage's name is put in front of the path, because LocalStack's endpoint removes it.
        request.environ["RAW_URI"] = f"/{stage}{request.environ.get('RAW_URI') or request.path}"
        return endpoint(request, api_id=api, stage=stage)

    def with_routes(original):
        def create(self, context, domain_name, rest_api_id, domain_name_id=None, base_path=None, stage=None, **rest):
            if domain_name not in stages:
                for path in ("/", "/<path:greedy_path>"):
                    host = f"{domain_name}<regex('(:[0-9]+)?'):port>"
                    ROUTER.add(path=path, host=host, endpoint=respond, defaults={"domain": domain_name}, strict_slashes=True)
            stages[domain_name] = (rest_api_id, stage)
            return original(self, context, domain_name, rest_api_id, domain_name_id=domain_name_id, base_path=base_path, stage=stage, **rest)

        # LocalStack recognises the handler of an operation by the handler's name and attributes, so the replacement gets the name and
        # attributes of the original.
        create.__name__ = original.__name__
        vars(create).update(vars(original))
        return create

    replace(ApigatewayNextGenProvider, "create_base_path_mapping", with_routes)


def return_bytes_for_binary_media_types_of_all_types():
    """LocalStack does not know that `*/*` in binaryMediaTypes matches every type. So it returns a function's response as base64 text, without decoding it."""
    from localstack.services.apigateway.next_gen.execute_api.integrations import aws

    def every_type(original):
        def matches(mime_type, binary_media_types):
            return "*/*" in (binary_media_types or ()) or original(mime_type=mime_type, binary_media_types=binary_media_types)

        return matches

    replace(aws, "mime_type_matches_binary_media_types", every_type)


def match_header_patterns_of_cors():
    """LocalStack compares AllowedHeaders of a bucket's CORS rule as whole names. On S3 a name may contain one `*`, as in `x-amz-*`."""
    from localstack.services.s3.cors import S3CorsHandler

    def with_patterns(original):
        def match(rule, method, headers):
            requested = [name.strip().lower() for name in headers.get("Access-Control-Request-Headers", "").split(",") if name.strip()]
            patterns = [pattern.lower() for pattern in rule.get("AllowedHeaders") or ()]
            matched = [name for name in requested if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)]
            return original(rule | {"AllowedHeaders": [*patterns, *matched]}, method, headers) and rule

        return staticmethod(match)

    replace(S3CorsHandler, "_match_rule", with_patterns)


def serve_http_only():
    """LocalStack serves HTTP and HTTPS at one port, and starts a thread for each connection to find out which of the two it is."""
    from localstack.http import duplex_socket

    def without_thread(_):
        async def is_not_https(*_):
            return False

        return is_not_https

    replace(duplex_socket, "run_sync", without_thread)


PATCHES = (
    honour_log_groups,
    expand_language_extensions,
    include_without_following_references,
    route_custom_domain_names,
    return_bytes_for_binary_media_types_of_all_types,
    match_header_patterns_of_cors,
    serve_http_only,
)
