"""Tests of the local stack's daemons and of the choice of an emulator. Run by `make lint`. They start no emulator."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path
from unittest import mock

import emulators
import instance
import tools
from daemon import Daemon, any_free_port, is_free, session_members

STACK = [sys.executable, str(tools.HERE / "stack.py")]
# Starts a child process and writes its PID. Both processes ignore SIGTERM.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
child = subprocess.Popen([sys.executable, "-c", "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"])
open(sys.argv[1], "w").write(str(child.pid))
time.sleep(60)
"""


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


class Daemons(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def start_daemon(self):
        daemon, child_pid = Daemon(self.folder, "d"), self.folder / "child"
        daemon.start([sys.executable, "-c", STUBBORN, str(child_pid)], {"PATH": os.defpath, "HOME": str(self.folder)})
        self.addCleanup(daemon.stop, 0)
        until = time.monotonic() + 20
        while not (child_pid.exists() and child_pid.read_text()) and time.monotonic() < until:
            time.sleep(0.05)
        return daemon, int(child_pid.read_text())

    def test_a_daemon_that_ignores_sigterm_is_killed_with_its_children(self):
        daemon, child = self.start_daemon()
        leader = daemon.pid()
        self.assertEqual(set(session_members(leader)), {leader, child})
        began = time.monotonic()
        daemon.stop(seconds=1)
        self.assertLess(time.monotonic() - began, 15)
        self.assertIsNone(daemon.pid())
        until = time.monotonic() + 5
        while is_alive(child) and time.monotonic() < until:
            time.sleep(0.05)
        self.assertFalse(is_alive(child))

    def test_a_child_is_killed_even_if_its_daemon_has_already_ended(self):
        daemon, child = self.start_daemon()
        leader = daemon.pid()
        os.kill(leader, 9)
        until = time.monotonic() + 5
        while daemon.pid() is not None and time.monotonic() < until:
            time.sleep(0.05)
        daemon.stop(seconds=1)
        until = time.monotonic() + 5
        while is_alive(child) and time.monotonic() < until:
            time.sleep(0.05)
        self.assertFalse(is_alive(child))

    def test_an_unrelated_session_with_the_same_number_is_not_killed(self):
        other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
        self.addCleanup(other.wait)
        self.addCleanup(other.kill)
        # As if the PID of an ended daemon had been reused for another process.
        (self.folder / "d.pid").write_text(str(other.pid), encoding="ascii")
        Daemon(self.folder, "d").stop(seconds=1)
        self.assertIsNone(other.poll())

    def test_a_port_in_use_is_not_free(self):
        port = any_free_port()
        self.assertTrue(is_free(port))
        with socket.create_server(("127.0.0.1", port)):
            self.assertFalse(is_free(port))


class Emulators(unittest.TestCase):
    def run_stack(self, *arguments, **environment):
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return subprocess.run([*STACK, *arguments], env=inherited | environment, capture_output=True, text=True, check=False)

    def test_an_unknown_emulator_is_rejected_with_a_list_of_the_known_ones(self):
        done = self.run_stack("--emulator", "moto", "up")
        self.assertNotEqual(done.returncode, 0)
        for name in ("ministack", "localstack", "external"):
            self.assertIn(name, done.stderr)

    def test_missing_programs_are_reported_before_anything_is_installed(self):
        with mock.patch.object(tools, "python_3_13", return_value=None), mock.patch.object(tools, "install") as installed:
            emulator = emulators.LocalStack(Path("."))
            self.assertIn("Python 3.13", emulator.missing()[0])
            stack = instance.Instance("test-of-choice", "localstack")
            with self.assertRaisesRegex(instance.Failure, "Python 3.13"):
                stack.install()
        installed.assert_not_called()

    def test_dynamodb_local_is_not_used_if_the_variable_is_off_or_java_is_missing_or_old(self):
        for java, setting, provider in [(17, "on", "v2"), (21, "on", "v2"), (11, "on", "moto"), (0, "on", "moto"), (17, "off", "moto")]:
            with mock.patch.object(emulators, "java_version", return_value=java), mock.patch.dict(os.environ, {"DYNAMODB_LOCAL": setting}):
                self.assertEqual(emulators.LocalStack(Path(".")).dynamodb_provider(), provider, (java, setting))
        with mock.patch.dict(os.environ, {"DYNAMODB_LOCAL": "no"}), self.assertRaisesRegex(instance.Failure, "on or off"):
            emulators.LocalStack(Path("."))

    def test_an_external_emulator_needs_an_endpoint_that_is_not_an_aws_account(self):
        for endpoint, is_accepted in [
            ("http://127.0.0.1:4570", True),
            ("http://localstack.internal:4566/", True),
            ("", False),
            ("127.0.0.1:4570", False),
            ("https://dynamodb.eu-south-1.amazonaws.com", False),
            ("http://sts.amazonaws.com", False),
            ("http://s3.cn-north-1.amazonaws.com.cn", False),
        ]:
            with mock.patch.dict(os.environ, {"AWS_ENDPOINT_URL": endpoint}), mock.patch.object(emulators.External, "is_running", return_value=True):
                self.assertEqual(not emulators.External(Path(".")).missing(), is_accepted, endpoint)
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
                emulator.start(None, {})

    def test_an_external_emulator_gets_the_sandbox_url_as_a_template_parameter_with_the_host_of_sandbox_host(self):
        settings = {"AWS_ENDPOINT_URL": "http://172.17.0.2:4566", "SANDBOX_HOST": "172.17.0.1"}
        with mock.patch.dict(os.environ, settings):
            stack = instance.Instance("test-of-choice", "external")
            stack.state = {"ports": {"sandbox": 4600}}
            parameters = stack.parameters()
        self.assertEqual((parameters["SandboxUrl"], parameters["PublicOrigin"]), ("http://172.17.0.1:4600", "http://myphoto.localhost:4566"))
        self.assertNotIn("TaxisnetUrl", parameters)

    def test_an_interrupted_start_stops_the_daemons_that_it_started_and_no_others(self):
        stack = instance.Instance("test-of-choice")
        # One daemon ran all the time, one was started, and one was restarted with another PID.
        running, started, restarted = mock.Mock(), mock.Mock(), mock.Mock()
        running.name, started.name, restarted.name = "sandbox", "dynamodb", "emulator"
        running.pid.return_value, started.pid.side_effect, restarted.pid.side_effect = 1, [None, 2], [3, 4]
        with (
            mock.patch.object(stack, "daemons", return_value=(started, running, restarted)),
            mock.patch.object(stack, "install"),
            mock.patch.object(stack, "start", side_effect=KeyboardInterrupt),
            mock.patch.object(stack, "folder", Path(tempfile.mkdtemp())),
            self.assertRaises(KeyboardInterrupt),
        ):
            stack.up()
        started.stop.assert_called_once()
        restarted.stop.assert_called_once()
        running.stop.assert_not_called()


if __name__ == "__main__":
    unittest.main()
