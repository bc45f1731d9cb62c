"""Tests of the choice of an emulator, and of the checks of the machine. Run by `make lint`. They start no emulator."""

import contextlib
import importlib.util
import io
import os
import socket
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import emulators
import instance
import machine
import tools
from network import any_free_port

STACK = [sys.executable, str(tools.HERE / "stack.py")]


class Emulators(unittest.TestCase):
    def run_stack(self, *arguments, **environment):
        own = ("AWS_", "DYNAMODB_LOCAL", "SANDBOX_HOST")
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(own)}
        return subprocess.run([*STACK, *arguments], env=inherited | environment, capture_output=True, text=True, check=False)

    def test_an_unknown_emulator_is_rejected_with_a_list_of_the_known_ones(self):
        done = self.run_stack("--emulator", "moto", "up")
        self.assertNotEqual(done.returncode, 0)
        for name in ("ministack", "localstack", "external"):
            self.assertIn(name, done.stderr)

    def test_missing_programs_are_reported_before_anything_is_installed(self):
        with mock.patch.object(tools, "python_3_13", return_value=None), mock.patch.object(tools, "install") as installed:
            emulator = emulators.LocalStack(Path("."))
            self.assertIn("Python 3.13", emulator.missing()[-1])
            stack = instance.Instance("test-of-choice", "localstack")
            with self.assertRaisesRegex(instance.Failure, "Python 3.13"):
                stack.install()
        installed.assert_not_called()

    def test_programs_that_are_missing_or_too_old_are_listed(self):
        good = {"rustc": "rustc 1.95.0 (f2d3ce0bd 2026-03-21)", "cargo": "", "cc": "", "strip": "", "node": "v20.0.0", "npm": ""}
        changes = [
            ({}, []),
            ({"rustc": "rustc 1.94.1"}, ["Rust 1.95 or later (found: 1.94)"]),
            ({"rustc": None}, ["Rust 1.95 or later"]),
            ({"cargo": None}, ["cargo"]),
            ({"cc": None}, ["a C compiler (cc)"]),
            ({"strip": None}, ["binutils (strip)"]),
            ({"node": "v18.20.4"}, ["Node.js 20 or later (found: 18.20)"]),
            # A version manager's script for a version that is not installed.
            ({"node": "exit 1"}, ["Node.js 20 or later"]),
            ({"npm": None}, ["npm"]),
        ]
        for change, expected in changes:
            with self.subTest(change), tempfile.TemporaryDirectory() as folder:
                for name, output in (good | change).items():
                    if output is not None:
                        (Path(folder) / name).write_text(f"#!/bin/sh\n{output if output == 'exit 1' else f'echo {output!r}'}\n", encoding="ascii")
                        (Path(folder) / name).chmod(0o755)
                with mock.patch.dict(os.environ, {"PATH": folder}), mock.patch.object(machine, "rust_min", return_value=(1, 95)):
                    self.assertEqual(machine.missing(), expected)
        with mock.patch.object(importlib.util, "find_spec", side_effect=lambda name: None if name == "ensurepip" else name):
            self.assertEqual(machine.missing(), [f"Python's modules venv and ensurepip for {sys.executable}"])

    def test_can_run_says_that_moto_replaces_dynamodb_local_without_java(self):
        done = self.run_stack("--emulator", "localstack", "can-run", PATH="/nowhere")
        self.assertIn("Java 17 or later is missing, so moto inside LocalStack provides DynamoDB", done.stdout)

    def test_the_java_that_is_started_is_the_one_of_java_home(self):
        with mock.patch.object(machine, "output_of", return_value='    java.home = /opt/java 21\nopenjdk version "21.0.2" 2024-01-16'):
            self.assertEqual(machine.find_java(), (21, "/opt/java 21/bin/java"))
        with mock.patch.object(machine, "output_of", return_value=""):
            self.assertEqual(machine.find_java(), (0, None))

    def test_the_least_versions_are_those_of_the_readme(self):
        readme = (tools.ROOT / "README.md").read_text(encoding="utf-8")
        least = {"Rust": machine.rust_min(), "Node.js": machine.NODE_MIN, "Python": machine.PYTHON_MIN}
        for name, version in least.items():
            self.assertIn(f"{name} {machine.dotted(version)} or later", readme)

    def test_source_packages_are_built_with_the_pinned_setuptools(self):
        requirements = tools.HERE / "requirements-localstack.txt"
        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch.multiple(tools, ROOT=Path("/"), TOOLS=Path(folder)),
            contextlib.redirect_stdout(io.StringIO()),
            mock.patch.object(tools, "run_logged", side_effect=lambda command, _: Path(folder, "localstack").mkdir(exist_ok=True)) as run,
        ):
            tools.install_environment("localstack", requirements, sys.executable, sources=True)
            first, second = (call.args[0] for call in run.call_args_list[1:])
            pinned = Path(first[-1]).read_text(encoding="utf-8")
        self.assertRegex(pinned, r"\Asetuptools==[0-9.]+( \\\n    --hash=sha256:[0-9a-f]{64})+\n\Z")
        self.assertIn("--only-binary :all: --requirement", " ".join(first))
        self.assertIn("--no-build-isolation", second)
        self.assertEqual(second[-1], str(requirements))
        for command in (first, second):
            self.assertIn("--require-hashes", command)

    def test_dynamodb_local_is_not_used_if_the_variable_is_off_or_java_is_missing_or_old(self):
        for java, setting, provider in [(17, "on", "v2"), (21, "on", "v2"), (11, "on", "moto"), (0, "on", "moto"), (17, "off", "moto")]:
            with mock.patch.object(machine, "find_java", return_value=(java, "java")), mock.patch.dict(os.environ, {"DYNAMODB_LOCAL": setting}):
                emulator = emulators.LocalStack(Path("."))
                self.assertEqual(emulator.dynamodb_provider(), provider, (java, setting))
                self.assertEqual(bool(emulator.notes()), (provider, setting) == ("moto", "on"))
                self.assertEqual("localstack-dynamodb-local" in emulator.not_on(), provider == "v2", (java, setting))
        with mock.patch.dict(os.environ, {"DYNAMODB_LOCAL": "no"}), self.assertRaisesRegex(instance.Failure, "on or off"):
            emulators.LocalStack(Path(".")).missing()

    def test_the_documented_settings_of_localstack_are_those_with_which_it_is_started(self):
        document = (tools.ROOT / "docs" / "emulators.md").read_text(encoding="utf-8")
        [command] = [block for block in document.split("```")[1::2] if "localstack.runtime.main" in block]
        documented = dict(word.split("=", 1) for word in command.partition("\nenv ")[2].split() if "=" in word)
        with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"DYNAMODB_LOCAL": "off"}), contextlib.redirect_stdout(io.StringIO()):
            emulator = emulators.LocalStack(Path(folder))
            with mock.patch.object(emulator, "daemon") as daemon:
                emulator.start(4570, {"emulator": "http://127.0.0.1:4570", "sandbox": "http://127.0.0.1:4600"}, {})
        command_line, started = daemon.start.call_args.args
        # An emulator that was started by hand gets the sandbox's URL from the template's parameter SandboxUrl.
        own = {"PATH", "HOME", "TMPDIR", "PYTHONDONTWRITEBYTECODE", "LAMBDA_NATIVE_ENV_AWS_ENDPOINT_URL_SNS", "LAMBDA_NATIVE_ENV_AWS_ENDPOINT_URL_SESV2"}
        expected = {name: value for name, value in started.items() if name not in own}
        self.assertEqual(documented, expected | {"PYTHONPATH": str(emulators.PLUGIN.relative_to(tools.ROOT))})
        self.assertTrue(command.strip().endswith(" ".join([str(tools.LOCALSTACK.relative_to(tools.ROOT)), *command_line[1:]])))

    def test_the_environment_of_a_stack_names_existing_lists_of_tests_that_cannot_pass(self):
        with mock.patch.object(machine, "find_java", return_value=(17, "java")):
            for emulator in ("ministack", "localstack"):
                stack = instance.Instance("test-of-choice", emulator)
                stack.state = {"ports": {"emulator": 4566, "sandbox": 4600}}
                with tempfile.TemporaryDirectory() as folder:
                    stack.env_file = Path(folder) / "env"
                    stack.write_env({})
                    lists = stack.env()["NOT_ON"].split(",")
                self.assertEqual(lists[0], emulator)
                for name in lists:
                    self.assertTrue((tools.ROOT / "tests" / "not_on" / f"{name}.txt").is_file(), name)

    def test_an_external_emulator_needs_an_endpoint_that_is_not_an_aws_account(self):
        for endpoint, is_accepted in [
            ("http://127.0.0.1:4570", True),
            ("http://localhost:4566/", True),
            ("http://127.0.0.1", True),
            ("", False),
            ("127.0.0.1:4570", False),
            ("https://127.0.0.1:4570", False),
            ("http://172.17.0.2:4566", False),
            ("http://localstack.internal:4566/", False),
            ("http://127.0.0.1:4570/path", False),
            ("http://127.0.0.1:4570?query", False),
            ("http://127.0.0.1:4570#fragment", False),
            ("http://user:password@127.0.0.1:4570", False),
            ("http://127.0.0.1:0", False),
            ("http://127.0.0.1:65536", False),
            ("http://127.0.0.1:port", False),
            ("http://[::1", False),
            (f"http://{'a' * 64}.localhost:4570", False),
            ("https://dynamodb.eu-south-1.amazonaws.com", False),
            ("http://sts.amazonaws.com", False),
            ("http://s3.cn-north-1.amazonaws.com.cn", False),
        ]:
            with mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL": endpoint}), mock.patch.object(emulators.DIRECT, "open"):
                self.assertEqual(not emulators.External(Path(".")).missing(), is_accepted, endpoint)
        # Python's own functions raise various exceptions for these.
        for endpoint in ("http://[::1", f"http://{'a' * 64}.localhost:4570", "http://127.0.0.1:port"):
            with self.subTest(endpoint):
                done = self.run_stack("--emulator", "external", "up", AWS_ENDPOINT_URL=endpoint)
                self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
                self.assertEqual(self.run_stack("--emulator", "external", "status", AWS_ENDPOINT_URL=endpoint).returncode, 0, endpoint)
        done = self.run_stack("--emulator", "external", "can-run")
        self.assertEqual(done.returncode, 3)
        self.assertIn("AWS_ENDPOINT_URL", done.stdout)

    def test_an_external_emulator_that_does_not_respond_is_an_error_in_one_line(self):
        endpoint = f"http://127.0.0.1:{any_free_port()}"
        with mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL": endpoint}):
            emulator = emulators.External(Path("."))
            self.assertFalse(emulator.is_running())
            self.assertIn(f"an emulator that responds at {endpoint}", emulator.missing())
            with self.assertRaisesRegex(instance.Failure, f"no emulator responds at {endpoint}"):
                emulator.start(None, {}, {})

    def test_an_external_emulator_gets_the_sandbox_url_as_a_template_parameter_with_the_host_of_sandbox_host(self):
        settings = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "SANDBOX_HOST": "172.17.0.1"}
        with mock.patch.dict(os.environ, settings):
            stack = instance.Instance("test-of-choice", "external")
            stack.state = {"ports": {"sandbox": 4600}}
            parameters = stack.parameters()
        self.assertEqual((parameters["SandboxUrl"], parameters["PublicOrigin"]), ("http://172.17.0.1:4600", "http://myphoto.localhost:4566"))
        self.assertNotIn("TaxisnetUrl", parameters)

    def test_the_sandbox_gets_a_port_that_is_free_at_sandbox_host(self):
        port = any_free_port("127.0.0.2")
        stack = instance.Instance("test-of-choice")
        stack.state = {"ports": {"sandbox": port}}
        with mock.patch.dict(os.environ, {"SANDBOX_HOST": "127.0.0.2"}), socket.create_server(("127.0.0.2", port)):
            self.assertNotEqual(stack.choose_port("sandbox", free_ports=False), port)

    def test_a_sandbox_host_that_is_no_address_of_this_machine_is_an_error_in_one_line(self):
        # 192.0.2.1 is reserved for documentation.
        for host in ("192.0.2.1", "no-such-host.invalid", "::1", "a" * 64 + ".localhost"):
            for verb in ("can-run", "up"):
                done = self.run_stack(verb, SANDBOX_HOST=host)
                self.assertEqual((done.returncode, done.stderr.count("\n")), (1, 1), done.stderr)
                self.assertIn("SANDBOX_HOST must be an IPv4 address of this machine", done.stderr)

    def test_the_origin_omits_the_port_80_as_browsers_do(self):
        for endpoint in ("http://127.0.0.1", "http://127.0.0.1:80"):
            with mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL": endpoint}):
                self.assertEqual(instance.Instance("test-of-choice", "external").origin(), "http://myphoto.localhost")

    def test_tools_keep_the_exceptions_of_the_callers_proxy_and_call_the_stack_directly(self):
        for given, expected in [
            ({}, "127.0.0.1,localhost,.localhost"),
            ({"NO_PROXY": "example.org, 10.0.0.0/8"}, "example.org,10.0.0.0/8,127.0.0.1,localhost,.localhost"),
            ({"no_proxy": "localhost", "SANDBOX_HOST": "172.17.0.1"}, "localhost,127.0.0.1,.localhost,172.17.0.1"),
            ({"no_proxy": "*"}, "*"),
        ]:
            without = {name: value for name, value in os.environ.items() if name.lower() != "no_proxy"}
            with mock.patch.dict(os.environ, without | given, clear=True):
                stack = instance.Instance("test-of-choice")
                environment = stack.tool_environment()
                self.assertEqual((environment["NO_PROXY"], environment["no_proxy"]), (expected, expected))


if __name__ == "__main__":
    unittest.main()
