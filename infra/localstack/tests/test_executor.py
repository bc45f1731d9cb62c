"""Tests of the executor with real processes: responses, errors, crashes, timeouts, environment and logs are as on Lambda.

They run in LocalStack's virtual environment: `make test-plugin`.
"""

import base64
import contextlib
import datetime
import json
import os
import stat
import tempfile
import time
import unittest
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

from localstack.services.lambda_.invocation import execution_environment, version_manager
from localstack.services.lambda_.invocation.assignment import AssignmentService
from localstack.services.lambda_.invocation.lambda_models import InitializationType, Invocation

from localstack_native.executor import NativeRuntimeExecutor
from localstack_native.runtime_api import MAX_RESPONSE_BYTES

# A minimal runtime. `handle` is the code that processes an event; it can use `event`, `respond` and `error`.
BOOTSTRAP = """#!/usr/bin/env python3
import http.client, json, os, sys, time
api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
def call(method, path, body=None, **options):
    api.request(method, "/2018-06-01/runtime/" + path, body, **options)
    response = api.getresponse()
    return response.status, response.headers, response.read()
{init}
while True:
    _, headers, body = call("GET", "invocation/next")
    request = headers["Lambda-Runtime-Aws-Request-Id"]
    def respond(payload, **options):
        return call("POST", f"invocation/{{request}}/response", payload, **options)[0]
    def error(payload):
        return call("POST", f"invocation/{{request}}/error", payload)[0]
    event = json.loads(body)
    {handle}
"""

# Sends bytes on the connection to the Runtime API, for requests that http.client cannot make. `head` contains the request line and headers.
RAW = """
def send(head, body):
    api.sock.sendall(f"POST /2018-06-01/runtime/invocation/{request}/response HTTP/1.1\\r\\nHost: x\\r\\n{head}\\r\\n\\r\\n{body}".encode())
"""

# For tests of output that a process writes after its response. On a busy machine, the process may take longer than the usual second.
patient_for_output = mock.patch("localstack_native.executor.POLL_AFTER_RESPONSE_SECONDS", 10)


class Executors(unittest.TestCase):
    def executor(self, handle, init="", timeout=10, environment=None, started=True):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        bootstrap = Path(folder.name) / "bootstrap"
        bootstrap.write_text(BOOTSTRAP.format(init=init, handle=handle.replace("\n", "\n    ")), encoding="utf-8")
        bootstrap.chmod(stat.S_IRWXU)
        code = SimpleNamespace(get_unzipped_code_location=lambda: Path(folder.name))
        config = SimpleNamespace(
            code=code, timeout=timeout, memory_size=256, environment=environment or {}, logging_config={}, role="arn:role", capacity_provider_config=None
        )
        names = SimpleNamespace(qualifier="1", function_name="f", region="eu-south-1", account="000000000000")
        version = SimpleNamespace(config=config, qualified_arn="arn:function:1", id=names)
        executor = NativeRuntimeExecutor("id", version)
        self.addCleanup(executor.stop)
        if started:
            executor.start({"AWS_REGION": "eu-south-1", "AWS_LAMBDA_FUNCTION_NAME": "f", "LOCALSTACK_RUNTIME_ID": "x", "EDGE_PORT": "1"})
        return executor

    def invoke(self, executor, event=None, request_id="r-1"):
        payload = {"invoke-id": request_id, "payload": json.dumps(event or {}), "invoked-function-arn": "arn:function:live", "trace-id": "Root=1-5"}
        return executor.invoke(payload)

    def error_type(self, result):
        self.assertTrue(result.is_error)
        return json.loads(result.payload)["errorType"]

    def test_a_response_is_returned_unchanged(self):
        executor = self.executor("respond(json.dumps(event | {'seen': True}))")
        for number in range(3):
            result = self.invoke(executor, {"n": number}, f"r-{number}")
            self.assertEqual((json.loads(result.payload), result.is_error, result.request_id), ({"n": number, "seen": True}, False, f"r-{number}"))

    def test_the_chunks_of_a_chunked_response_are_joined(self):
        executor = self.executor("respond(iter([b'\"ab', b'c' * 70000, b'\"']), headers={'Transfer-Encoding': 'chunked'}, encode_chunked=True)")
        self.assertEqual(self.invoke(executor).payload, b'"ab' + b"c" * 70000 + b'"')

    def test_a_response_that_ends_too_early_is_no_response(self):
        for head, body in [
            ("Content-Length: 100", '{"half"'),
            ("Transfer-Encoding: chunked", '6\\r\\n{"half'),
            ("Transfer-Encoding: chunked", '6\\r\\n{"half\\r\\n'),
            ("Transfer-Encoding: chunked", '1\\r\\n1\\r\\n0\\r\\n'),
        ]:
            with self.subTest(body):
                # The connection ends before the process, so that an incomplete response could be reported before the end of the process.
                end = "api.sock.shutdown(2); time.sleep(0.5); os._exit(1)"
                result = self.invoke(self.executor(f"{RAW}send('{head}', '{body}')\n{end}"))
                self.assertEqual(self.error_type(result), "Runtime.ExitError")

    def test_a_streamed_response_with_an_error_in_its_trailers_is_an_error(self):
        error = {"errorType": "Ours", "errorMessage": "no"}
        encoded = base64.b64encode(json.dumps(error).encode()).decode()
        no_text = {"errorType": "Ours", "errorMessage": "the response ended with an error"}
        for trailer, expected in [(encoded, error), ("", no_text), ("not base64", no_text)]:
            with self.subTest(trailer):
                names = f"Lambda-Runtime-Function-Error-Type: Ours\\r\\nLambda-Runtime-Function-Error-Body: {trailer}\\r\\n\\r\\n"
                send = f"send('Transfer-Encoding: chunked', '6\\r\\n{{\"half\\r\\n0\\r\\n{names}') or api.sock.recv(1000)"
                executor = self.executor(f"{RAW}respond('1') if event.get('whole') else {send}")
                result = self.invoke(executor)
                self.assertEqual((result.is_error, json.loads(result.payload)), (True, expected))
                self.assertEqual(self.invoke(executor, {"whole": True}, "r-2").payload, b"1", "the process handles the next event")

    def test_an_event_has_the_headers_of_lambda(self):
        executor = self.executor("respond(json.dumps({name: headers[name] for name in headers if name.startswith('Lambda-')}))", timeout=70)
        before = time.time()
        seen = json.loads(self.invoke(executor).payload)
        after = time.time()
        self.assertEqual((seen["Lambda-Runtime-Aws-Request-Id"], seen["Lambda-Runtime-Trace-Id"]), ("r-1", "Root=1-5"))
        self.assertEqual(seen["Lambda-Runtime-Invoked-Function-Arn"], "arn:function:live")
        deadline_ms = int(seen["Lambda-Runtime-Deadline-Ms"])
        self.assertTrue(int((before + 70) * 1000) <= deadline_ms <= int((after + 70) * 1000), f"{deadline_ms} is 70 s after the event was sent")

    def test_an_error_of_the_function_is_returned_with_its_payload(self):
        result = self.invoke(self.executor("""error('{"errorType": "Ours", "errorMessage": "no"}')"""))
        self.assertEqual(self.error_type(result), "Ours")

    def test_if_a_process_exits_its_event_fails_and_another_process_handles_the_next(self):
        executor = self.executor("sys.exit(3) if event.get('end') else respond(str(os.getpid()))")
        first = self.invoke(executor).payload
        result = self.invoke(executor, {"end": True}, "r-2")
        self.assertEqual(self.error_type(result), "Runtime.ExitError")
        self.assertIn("exit status 3", json.loads(result.payload)["errorMessage"])
        after = self.invoke(executor, request_id="r-3")
        self.assertFalse(after.is_error)
        self.assertNotEqual(after.payload, first)

    def test_a_process_that_times_out_is_killed_and_its_late_response_is_ignored(self):
        executor = self.executor("time.sleep(event.get('sleep', 0)); respond(json.dumps(event))", timeout=1)
        result = self.invoke(executor, {"sleep": 30})
        self.assertEqual(self.error_type(result), "Sandbox.Timedout")
        self.assertIn("timed out after 1.00 seconds", json.loads(result.payload)["errorMessage"])
        # The next event must succeed, so it gets more time.
        executor.function_version.config.timeout = 60
        self.assertEqual(json.loads(self.invoke(executor, {"n": 2}, "r-2").payload), {"n": 2})

    def test_a_response_for_another_event_is_ignored(self):
        executor = self.executor("call('POST', 'invocation/another/response', '\"stray\"')\nrespond('\"own\"')")
        self.assertEqual(self.invoke(executor).payload, b'"own"')

    def test_a_function_that_fails_at_start_returns_its_error_and_its_output(self):
        for init, error_type in [
            ("call('POST', 'init/error', '{\"errorType\": \"NoTable\"}'); time.sleep(30)", "NoTable"),
            ("sys.exit(4)", "Runtime.ExitError"),
        ]:
            with self.subTest(init):
                # The process that is started for the second event succeeds.
                init = f"if not os.path.exists('again'):\n    open('again', 'w'); print('no table', flush=True); {init}"
                executor = self.executor("respond('1')", init=init)
                result = self.invoke(executor)
                self.assertEqual((self.error_type(result), result.request_id), (error_type, "r-1"))
                self.assertEqual(result.logs.splitlines()[:3], ["START RequestId: r-1 Version: 1", "no table", "END RequestId: r-1"])
                self.assertEqual(self.invoke(executor, request_id="r-2").payload, b"1")

    def test_a_process_that_fails_to_replace_another_returns_its_error_and_its_output(self):
        init = "if os.path.exists('again'):\n    print('no table', flush=True); sys.exit(4)\nopen('again', 'w')"
        executor = self.executor("sys.exit(1)", init=init)
        self.invoke(executor)
        result = self.invoke(executor, request_id="r-2")
        self.assertEqual(self.error_type(result), "Runtime.ExitError")
        self.assertIn("exit status 4", json.loads(result.payload)["errorMessage"])
        self.assertIn("no table\nEND RequestId: r-2\n", result.logs)

    def test_localstack_stores_the_output_of_a_function_that_fails_at_start(self):
        executor = self.executor("", init="print('no table', flush=True); sys.exit(4)", started=False)
        counting = mock.Mock()
        counting.get_invocation_lease.return_value = contextlib.nullcontext(InitializationType.on_demand)
        manager = version_manager.LambdaVersionManager("arn:function:1", executor.function_version, None, counting, AssignmentService())
        manager.log_handler = mock.Mock()
        event = Invocation(b"{}", "arn:function:live", None, "RequestResponse", datetime.datetime.now(), "r-1", {})
        with (
            mock.patch.object(execution_environment, "get_runtime_executor", return_value=lambda *_: executor),
            mock.patch.object(execution_environment.ExecutionEnvironment, "get_environment_variables", return_value={}),
            mock.patch.object(version_manager, "record_cw_metric_error"),
        ):
            self.assertTrue(manager.invoke(invocation=event).is_error)
        manager.assignment_service.stop_environments_for_version(manager.id)
        [stored] = [call.args[0] for call in manager.log_handler.add_logs.call_args_list]
        self.assertEqual(stored.log_group, "/aws/lambda/f")
        self.assertIn("no table\n", stored.logs)

    def test_a_function_that_never_polls_is_killed(self):
        # The short limit is only for the processes that never poll. The process that must start has the usual one.
        short_limit = mock.patch("localstack_native.executor.INIT_SECONDS", 1)
        with short_limit:
            result = self.invoke(self.executor("", init="time.sleep(60)"))
        self.assertEqual(self.error_type(result), "Sandbox.Timedout")
        # If a process exits and its replacement never polls, the replacement is killed too.
        executor = self.executor("sys.exit(1)", init="time.sleep(60 if os.path.exists('again') else 0); open('again', 'w')")
        self.invoke(executor)
        with short_limit:
            self.assertEqual(self.error_type(self.invoke(executor, request_id="r-2")), "Sandbox.Timedout")
        self.assertFalse(executor._process.is_alive())

    def test_a_bootstrap_that_cannot_be_executed_is_an_error(self):
        executor = self.executor("", started=False)
        (executor._code() / "bootstrap").chmod(stat.S_IRUSR)
        with mock.patch("subprocess.Popen", side_effect=PermissionError("not executable")):
            executor.start({})
        self.assertEqual(self.error_type(self.invoke(executor)), "Runtime.InvalidEntrypoint")

    @patient_for_output
    def test_a_response_of_more_than_six_megabytes_is_rejected(self):
        executor = self.executor("statuses = respond('\"' + 'a' * (event['bytes'] - 2) + '\"')\nprint('status', statuses, flush=True)")
        result = self.invoke(executor, {"bytes": MAX_RESPONSE_BYTES})
        self.assertEqual((len(result.payload), result.is_error), (MAX_RESPONSE_BYTES, False))
        result = self.invoke(executor, {"bytes": MAX_RESPONSE_BYTES + 1}, "r-2")
        self.assertEqual(self.error_type(result), "Function.ResponseSizeTooLarge")
        self.assertIn("status 413", result.logs)
        self.assertFalse(self.invoke(executor, {"bytes": 10}, "r-3").is_error, "the process handles the next event")

    def test_a_function_has_the_variables_of_lambda_and_none_of_localstack(self):
        given = {"LAMBDA_NATIVE_ENV_AWS_ENDPOINT_URL_SNS": "http://sandbox", "LAMBDA_NATIVE_ENV_SHARED": "common", "HOST_SECRET": "1"}
        with mock.patch.dict(os.environ, given):
            executor = self.executor("respond(json.dumps(dict(os.environ)))", environment={"TABLE": "t", "SHARED": "own"})
        seen = json.loads(self.invoke(executor).payload)
        self.assertEqual((seen["AWS_REGION"], seen["AWS_LAMBDA_FUNCTION_NAME"], seen["TABLE"]), ("eu-south-1", "f", "t"))
        self.assertEqual((seen["AWS_ENDPOINT_URL_SNS"], seen["SHARED"]), ("http://sandbox", "own"), "a function's own variable wins")
        self.assertEqual(seen["LAMBDA_TASK_ROOT"], str(executor._code()))
        for name in seen:
            self.assertFalse(name.startswith(("LOCALSTACK_", "EDGE_", "LAMBDA_NATIVE_", "HOST_SECRET")), name)

    @patient_for_output
    def test_logs_contain_the_output_of_an_event_between_lambdas_own_lines(self):
        executor = self.executor("print('working on', event['n'], flush=True)\nrespond('1')\nprint('after', event['n'], file=sys.stderr, flush=True)")
        for number in (1, 2):
            lines = self.invoke(executor, {"n": number}, f"r-{number}").logs.splitlines()
            self.assertEqual(lines[:4], [f"START RequestId: r-{number} Version: 1", f"working on {number}", f"after {number}", f"END RequestId: r-{number}"])
            self.assertRegex(lines[4], rf"^REPORT RequestId: r-{number}\tDuration: [0-9.]+ ms\tBilled Duration: [0-9]+ ms\tMemory Size: 256 MB\tMax Memory Used: [1-9][0-9]* MB$")

    def test_logs_of_a_crash_contain_its_last_output_as_a_line(self):
        result = self.invoke(self.executor("print('last words', end='', flush=True); os._exit(1)"))
        self.assertIn("last words\nEND RequestId: r-1\n", result.logs)

    def test_the_error_of_a_process_that_was_killed_names_the_signal(self):
        result = self.invoke(self.executor("os.kill(os.getpid(), 9)"))
        self.assertEqual(json.loads(result.payload)["errorMessage"], "RequestId: r-1 Error: Runtime exited with error: signal: killed")

    def test_stopping_an_executor_kills_its_process(self):
        executor = self.executor("respond('1')")
        child = executor._process._child
        executor.stop()
        child.wait(timeout=5)
        self.assertIsNotNone(child.returncode)
