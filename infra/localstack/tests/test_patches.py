"""Tests of the patches. Each test also shows LocalStack's original behaviour, so that it fails if a patch is no longer needed."""

import asyncio
import contextlib
import socket
import unittest
from types import SimpleNamespace
from unittest import mock

from localstack import constants
from localstack.utils import threads

from localstack_native import language_extensions, patches


class Patches(unittest.TestCase):
    def patched(self, owner, name, patch):
        """Returns LocalStack's original function and the patched one. Restores the original after the test."""
        original = vars(owner).get(name) or getattr(owner, name)
        self.addCleanup(*((setattr, owner, name, original) if name in vars(owner) else (delattr, owner, name)))
        patch()
        self.assertIsNot(vars(owner)[name], original)
        return original, getattr(owner, name)

    def test_other_versions_of_localstack_are_rejected(self):
        patches.check_version(constants.VERSION)
        for other in ("4.13.0", "4.14.1", "2026.3.0"):
            with self.assertRaises(patches.UnknownLocalStack):
                patches.check_version(other)

    def test_another_version_stops_localstack(self):
        with mock.patch.object(constants, "VERSION", "4.15.0"), mock.patch("os._exit") as ended, self.assertLogs(level="CRITICAL"):
            patches.apply_all.fn() if hasattr(patches.apply_all, "fn") else patches.apply_all()
        ended.assert_called_once_with(1)

    def test_patching_a_function_that_does_not_exist_is_an_error(self):
        with self.assertRaises(AttributeError):
            patches.replace(SimpleNamespace(), "gone", lambda original: original)

    def test_dynamodb_local_is_neither_downloaded_nor_started(self):
        from localstack.services.dynamodb.server import DynamodbServer

        for name in ("do_start_thread", "stop_dynamodb"):
            self.addCleanup(setattr, DynamodbServer, name, vars(DynamodbServer)[name])
        original = DynamodbServer.do_start_thread
        patches.forward_to_running_dynamodb_local({})
        self.assertIs(DynamodbServer.do_start_thread, original, "without a running DynamoDB Local, LocalStack behaves as usual")
        patches.forward_to_running_dynamodb_local({"DYNAMODB_LOCAL_PORT": "1"})
        with mock.patch("localstack.services.dynamodb.server.ShellCommandThread") as started:
            server = DynamodbServer(port=1)
            self.assertTrue(server.start())
            self.assertTrue(server.is_running())
        started.assert_not_called()

    def test_logs_are_written_to_the_configured_log_group(self):
        from localstack.services.lambda_.invocation.execution_environment import ExecutionEnvironment

        def environment(logging_config):
            config = SimpleNamespace(logging_config=logging_config)
            return SimpleNamespace(function_version=SimpleNamespace(config=config, id=SimpleNamespace(function_name="f")))

        original, patched = self.patched(ExecutionEnvironment, "get_log_group_name", patches.honour_log_groups)
        named = environment({"LogGroup": "ours"})
        self.assertEqual((original(named), patched(named)), ("/aws/lambda/f", "ours"))
        for nothing in ({}, None):
            self.assertEqual(patched(environment(nothing)), "/aws/lambda/f")

    def test_loops_of_outputs_are_expanded(self):
        from localstack.services.cloudformation.engine import template_preparer

        _, patched = self.patched(template_preparer, "parse_template", patches.expand_language_extensions)
        text = '{"Outputs": {"Fn::ForEach::Tables": ["T", ["A", "B"], {"${T}Table": {"Value": {"Ref": {"Fn::Sub": "${T}"}}}}]}}'
        self.assertEqual(patched(text), {"Outputs": {"ATable": {"Value": {"Ref": "A"}}, "BTable": {"Value": {"Ref": "B"}}}})

    def test_every_media_type_is_binary_if_the_api_lists_all_types(self):
        from localstack.services.apigateway.next_gen.execute_api.integrations import aws

        original, patched = self.patched(aws, "mime_type_matches_binary_media_types", patches.return_bytes_for_binary_media_types_of_all_types)
        arguments = {"mime_type": "image/jpeg", "binary_media_types": ["*/*"]}
        self.assertEqual((original(**arguments), patched(**arguments)), (False, True))
        self.assertFalse(patched(mime_type="image/jpeg", binary_media_types=["image/png"]))
        self.assertFalse(patched(mime_type="image/jpeg", binary_media_types=None))

    def test_headers_of_a_cors_rule_may_contain_a_wildcard(self):
        from localstack.services.s3.cors import S3CorsHandler

        rule = {"AllowedOrigins": ["http://here"], "AllowedMethods": ["PUT"], "AllowedHeaders": ["content-type", "x-amz-*"]}

        def preflight(names):
            return {"Origin": "http://here", "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": names}

        original, patched = self.patched(S3CorsHandler, "_match_rule", patches.match_header_patterns_of_cors)
        good = preflight("Content-Type, X-Amz-Checksum-Sha256")
        self.assertIsNone(original.__func__(rule, "OPTIONS", good))
        self.assertEqual(patched(rule, "OPTIONS", good), rule)
        for bad in ("x-amzn-trace-id", "authorization", "content-type,x-amzn-trace-id"):
            self.assertFalse(patched(rule, "OPTIONS", preflight(bad)), bad)
        self.assertFalse(patched(rule, "OPTIONS", good | {"Origin": "http://elsewhere"}))

    def test_a_connection_is_accepted_without_a_thread(self):
        from localstack.http import duplex_socket

        async def started_by_connections(run_sync):
            # `run_sync` is all that LocalStack does with a new connection before it gives the connection to the server.
            before = threads.counter
            for _ in range(100):
                one, other = socket.socketpair()
                with one, other:
                    other.sendall(b"GET / HTTP/1.1")
                    self.assertIs(await run_sync(duplex_socket.DuplexSocket.is_ssl_socket, one), False)
            return threads.counter - before

        original, patched = self.patched(duplex_socket, "run_sync", patches.serve_http_only)
        self.assertGreater(asyncio.run(started_by_connections(original)), 50)
        self.assertEqual(asyncio.run(started_by_connections(patched)), 0)

    def test_a_file_is_included_without_resolving_references(self):
        from localstack.services.cloudformation.engine.v2.change_set_model_transform import ChangeSetModelTransform

        _, execute = self.patched(ChangeSetModelTransform, "_execute_local_transforms", patches.include_without_following_references)
        # The function and the alarm refer to each other, as they do in template.yaml because of DeploymentPreference.
        template = {
            "Function": {"Alarms": [{"Ref": "Alarm"}]},
            "Alarm": {"Of": {"Ref": "Function"}},
            "Api": {"Body": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "s3://b/k"}}, "own": 1}},
        }
        transform = SimpleNamespace(_before_template=template, _after_template=template)
        transform._compute_fn_transform = lambda macro, siblings, allow_string: siblings | {"included": macro["Parameters"]["Location"]}
        execute(transform)
        self.assertEqual(transform._after_template, template | {"Api": {"Body": {"own": 1, "included": "s3://b/k"}}})

    def test_a_custom_domain_name_is_routed_to_its_api_and_stage(self):
        from localstack.services.apigateway.next_gen.execute_api import router
        from localstack.services.apigateway.next_gen.provider import ApigatewayNextGenProvider
        from localstack.services.edge import ROUTER

        requests = []
        with (
            mock.patch.object(router, "ApiGatewayEndpoint", return_value=lambda request, **target: requests.append((request.environ["RAW_URI"], target))),
            mock.patch.object(ROUTER, "add") as added,
        ):
            original, patched = self.patched(ApigatewayNextGenProvider, "create_base_path_mapping", patches.route_custom_domain_names)
            self.assertEqual(vars(patched), vars(original), "LocalStack still finds the operation")
            with contextlib.suppress(Exception):
                # After adding the routes, the patched function calls LocalStack's original function, which needs a real provider and fails
                # here.
                patched(mock.Mock(), mock.Mock(), "photos.example", "api1", stage="live")
            hosts = {call.kwargs["host"] for call in added.call_args_list}
            self.assertEqual(len(hosts), 1)
            self.assertTrue(hosts.pop().startswith("photos.example"))
            endpoint = added.call_args_list[0].kwargs["endpoint"]
            endpoint(SimpleNamespace(environ={"RAW_URI": "/v1/a%20b?c=d"}, path="/v1/a b"), domain="photos.example")
        self.assertEqual(requests, [("/live/v1/a%20b?c=d", {"api_id": "api1", "stage": "live"})])


class LanguageExtensions(unittest.TestCase):
    def test_a_loop_is_expanded_with_its_items_in_keys_and_values(self):
        loop = {"Fn::ForEach::L": ["F", ["One", "Two"], {"${F}Log": {"Name": {"Fn::Sub": "${AWS::StackName}-${F}"}, "Of": {"Ref": {"Fn::Sub": "${F}"}}}}]}
        expanded = language_extensions.expand({"Resources": loop | {"Kept": 1}})
        for name in ("One", "Two"):
            self.assertEqual(expanded["Resources"][f"{name}Log"], {"Name": {"Fn::Sub": "${AWS::StackName}-" + name}, "Of": {"Ref": name}})
        self.assertEqual((len(expanded["Resources"]), expanded["Resources"]["Kept"]), (3, 1))

    def test_a_loop_over_a_parameter_is_an_error(self):
        with self.assertRaises(ValueError):
            language_extensions.expand({"Outputs": {"Fn::ForEach::L": ["F", {"Ref": "Names"}, {}]}})

    def test_a_lookup_without_an_entry_returns_the_default(self):
        mappings = {"Slow": {"Issue": {"After": 15}}}

        def looked_up(name):
            lookup = {"Fn::FindInMap": ["Slow", name, "After", {"DefaultValue": 5}]}
            return language_extensions.expand({"Mappings": mappings, "Resources": {"R": lookup}})["Resources"]["R"]

        self.assertEqual((looked_up("Issue"), looked_up("Other")), (15, 5))

    def test_the_rest_of_the_template_is_unchanged(self):
        template = {"Mappings": {"M": {"a": {"b": 1}}}, "Resources": {"R": {"Fn::FindInMap": ["M", "a", "b"]}, "S": [{"Fn::Sub": "${X}"}, None, 1.5, True]}}
        self.assertEqual(language_extensions.expand(template), template)
