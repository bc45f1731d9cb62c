"""Runs Lambda functions of the runtimes `provided.*` as processes of this machine, without Docker.

LocalStack uses the executor that LAMBDA_RUNTIME_EXECUTOR names. The default one needs Docker and downloads images. The variables in LocalStack's environment
whose names begin with LAMBDA_NATIVE_ENV_ are passed to every function. This prefix is removed from the names.
"""

import contextlib
import logging
import os
import queue
import signal
import subprocess
import tempfile
import threading
import time

from localstack import config
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from .runtime_api import HOST, Kind, Report, RuntimeApi, error_payload

LOG = logging.getLogger(__name__)

ENV_PREFIX = "LAMBDA_NATIVE_ENV_"
# LocalStack's variables with these prefixes are for its own process in a container. They do not exist on Lambda, so functions do not get them.
NOT_IN_LAMBDA = ("LOCALSTACK_", "EDGE_PORT", "AWS_LAMBDA_FUNCTION_TIMEOUT")
# Maximum seconds to wait for the next poll after a response. A process may write log lines after it has responded, and polls only when it
# has written them. So the log is read after this wait.
POLL_AFTER_RESPONSE_SECONDS = 1
# Maximum seconds from the start of a process to its first poll, as on Lambda.
INIT_SECONDS = 10


class StartFailed(Exception):
    """A process did not start. `payload` is the error for the caller of the function, and `output` is what the process wrote."""

    def __init__(self, payload, output=""):
        super().__init__(payload)
        self.payload, self.output = payload, output


def exit_message(status):
    """Returns Lambda's message for the end of a process. `status` is negative if a signal ended the process, as in `subprocess`."""
    return f"Error: Runtime exited with error: {f'exit status {status}' if status >= 0 else f'signal: {signal.strsignal(-status).lower()}'}"


class FunctionProcess:
    """A process that runs `bootstrap`. Each process has its own Runtime API, and its own file for output."""

    def __init__(self, code, env):
        self.api = RuntimeApi()
        self._output = tempfile.TemporaryFile("ab+")
        self._read = 0
        try:
            # The process stays in the session (setsid) of LocalStack, so that infra/local/daemon.py kills it together with LocalStack.
            self._child = subprocess.Popen(
                [str(code / "bootstrap")],
                cwd=code,
                env=env | {"AWS_LAMBDA_RUNTIME_API": f"{HOST}:{self.api.server_port}"},
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._output,
            )
        except OSError as error:
            self.api.close()
            self._output.close()
            raise StartFailed(error_payload("Runtime.InvalidEntrypoint", str(error))) from error
        threading.Thread(target=self._await_exit, name=f"lambda-process-{self._child.pid}", daemon=True).start()

    def _await_exit(self):
        status = self._child.wait()
        self.api.reports.put(Report(Kind.EXIT, None, str(status).encode()))
        self.api.close()

    def is_alive(self):
        return self._child.poll() is None

    def new_output(self):
        """Returns the output since the last call, with a newline at its end. The file only grows, so output that is written meanwhile is not lost."""
        if self._output.closed:
            return ""
        end = os.fstat(self._output.fileno()).st_size
        text = os.pread(self._output.fileno(), end - self._read, self._read)
        self._read += len(text)
        return text.decode("utf-8", "replace") + ("" if text.endswith(b"\n") or not text else "\n")

    def peak_memory_mb(self):
        with contextlib.suppress(OSError, StopIteration), open(f"/proc/{self._child.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))
        return 0

    def kill(self):
        """Kills the process and waits for its end, so that it does not get the next event."""
        self._child.kill()
        self._child.wait()

    def close(self):
        """Kills the process and closes its output file."""
        self.kill()
        self._output.close()


class NativeRuntimeExecutor(RuntimeExecutor):
    def __init__(self, id: str, function_version: FunctionVersion) -> None:
        super().__init__(id, function_version)
        self._process = None
        self._env = {}
        self._failure = None

    # -- start and stop

    def start(self, env_vars):
        self._env = self._environment(env_vars)
        try:
            self._start_process()
        except StartFailed as failure:
            # The first event gets the failure and the output. If this method raised the failure, LocalStack would not store the output.
            self._failure = failure

    def _environment(self, env_vars):
        """Returns the environment of a process: Lambda's variables, then the variables for all functions, then the function's own. A later
        variable overrides an earlier one of the same name."""
        code = str(self._code())
        lambdas = {name: str(value) for name, value in env_vars.items() if not name.startswith(NOT_IN_LAMBDA)}
        lambdas |= {"PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin", "LANG": "en_US.UTF-8", "LAMBDA_TASK_ROOT": code, "LAMBDA_RUNTIME_DIR": code}
        common = {name.removeprefix(ENV_PREFIX): value for name, value in os.environ.items() if name.startswith(ENV_PREFIX)}
        own = {name: str(value) for name, value in (self.function_version.config.environment or {}).items()}
        return lambdas | common | own

    def _code(self):
        return self.function_version.config.code.get_unzipped_code_location()

    def _start_process(self):
        """Stops the previous process, if any, starts a new one, and waits until it polls for its first event."""
        self.stop()
        self._process = process = FunctionProcess(self._code(), self._env)
        try:
            report = process.api.reports.get(timeout=INIT_SECONDS)
        except queue.Empty:
            message = f"Error: Task timed out after {INIT_SECONDS}.00 seconds of initialization"
            report = Report(Kind.INIT_ERROR, None, error_payload("Sandbox.Timedout", message))
        if report.kind is Kind.READY:
            return
        process.kill()
        output = process.new_output()
        LOG.warning("%s did not start (%s): %s", self.function_version.qualified_arn, report.kind.value, output[-2000:])
        if report.kind is Kind.INIT_ERROR:
            raise StartFailed(report.body, output)
        raise StartFailed(error_payload("Runtime.ExitError", exit_message(int(report.body))), output)

    def stop(self):
        if self._process:
            self._process.close()

    # -- events

    def invoke(self, payload):
        request_id, settings = payload["invoke-id"], self.function_version.config
        try:
            process = self._ready_process()
        except StartFailed as failure:
            return InvocationResult(request_id, failure.payload, is_error=True, logs=self._logs(request_id, failure.output))
        began = time.monotonic()
        process.api.events.put(
            {
                "payload": payload["payload"],
                "headers": {
                    "Lambda-Runtime-Aws-Request-Id": request_id,
                    "Lambda-Runtime-Deadline-Ms": str(int((time.time() + settings.timeout) * 1000)),
                    "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
                    "Lambda-Runtime-Trace-Id": payload["trace-id"],
                },
            }
        )
        report = self._outcome(process, request_id, settings.timeout)
        took_ms, peak_mb = (time.monotonic() - began) * 1000, process.peak_memory_mb()
        if process.is_alive():
            with contextlib.suppress(queue.Empty):
                process.api.reports.get(timeout=POLL_AFTER_RESPONSE_SECONDS)
        logs = self._logs(request_id, process.new_output(), took_ms, peak_mb)
        return InvocationResult(request_id, report.body, is_error=report.kind is not Kind.RESPONSE, logs=logs)

    def _ready_process(self):
        """Returns a process that waits for an event. Raises StartFailed if the process for this event did not start."""
        failure, self._failure = self._failure, None
        if failure:
            raise failure
        if not (self._process and self._process.is_alive()):
            # The process exited or was killed after its last event, or did not start. As on Lambda, another process handles the next event.
            self._start_process()
        return self._process

    def _logs(self, request_id, output, took_ms=0, peak_mb=0):
        """Returns the output of an event between the lines that Lambda writes."""
        return (
            f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}\n"
            f"{output}"
            f"END RequestId: {request_id}\n"
            f"REPORT RequestId: {request_id}\tDuration: {took_ms:.2f} ms\tBilled Duration: {int(took_ms) + 1} ms\t"
            f"Memory Size: {self.function_version.config.memory_size} MB\tMax Memory Used: {peak_mb} MB\n"
        )

    def _outcome(self, process, request_id, timeout):
        """Returns the report with the response or error to this event. If the process reaches the timeout or exits, returns Lambda's error for that."""
        deadline = time.monotonic() + timeout
        while True:
            try:
                report = process.api.reports.get(timeout=max(0, deadline - time.monotonic()))
            except queue.Empty:
                process.kill()
                return Report(Kind.ERROR, request_id, error_payload("Sandbox.Timedout", f"RequestId: {request_id} Error: Task timed out after {timeout:.2f} seconds"))
            if report.kind is Kind.EXIT:
                return Report(Kind.ERROR, request_id, error_payload("Runtime.ExitError", f"RequestId: {request_id} {exit_message(int(report.body))}"))
            # Skips polls, and late reports about earlier events.
            if report.request_id == request_id:
                return report

    def get_logs(self):
        return self._process.new_output() if self._process else ""

    # -- endpoints

    def get_address(self):
        return HOST

    def get_endpoint_from_executor(self):
        return HOST

    def get_runtime_endpoint(self):
        return f"http://{HOST}:{config.GATEWAY_LISTEN[0].port}"

    @classmethod
    def prepare_version(cls, function_version):
        if function_version.config.code:
            function_version.config.code.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version):
        """Does not delete the unpacked code, because infra/local/emulators.py clears LocalStack's folder at the next start."""


class NativeRuntimeExecutorPlugin(RuntimeExecutorPlugin):
    name = "native"

    def load(self, *args, **kwargs):
        return NativeRuntimeExecutor
