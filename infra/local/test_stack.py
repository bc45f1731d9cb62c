"""Tests of the local stack's daemons and of the choice of an emulator. Run by `make lint`. They start no emulator."""

import contextlib
import io
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
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
        # Simulates that the PID of an ended daemon is reused for another process.
        (self.folder / "d.pid").write_text(str(other.pid), encoding="ascii")
        Daemon(self.folder, "d").stop(seconds=1)
        self.assertIsNone(other.poll())

    def test_a_port_in_use_is_not_free(self):
        port = any_free_port()
        self.assertTrue(is_free(port))
        with socket.create_server(("127.0.0.1", port)):
            self.assertFalse(is_free(port))


class Tls(unittest.TestCase):
    HOSTS = (instance.DOMAIN, "localhost", "127.0.0.1")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def create_certificate(self, *hosts, script="certificate.main()"):
        """Imports certificate.py and runs `script`. A test can pass a script that changes the module before it calls `main`."""
        code = f"import sys; sys.path.insert(0, {str(tools.HERE)!r}); import certificate; {script}"
        subprocess.run([str(tools.AWS / "python"), "-c", code, str(self.folder), *(hosts or self.HOSTS)], check=True)
        return (self.folder / "ca.pem").read_bytes(), (self.folder / "server.pem").read_bytes()

    def days_left(self, name):
        dates = subprocess.run(["openssl", "x509", "-in", str(self.folder / name), "-noout", "-enddate"], capture_output=True, text=True, check=True)
        return (ssl.cert_time_to_seconds(dates.stdout.strip().removeprefix("notAfter=")) - time.time()) / 86_400

    def test_a_certificate_is_valid_for_90_days_for_its_hosts_and_is_not_replaced_before_its_renewal(self):
        files = self.create_certificate()
        for name in ("ca.pem", "server.pem"):
            self.assertAlmostEqual(self.days_left(name), 90, delta=0.1)
        self.assertEqual(self.create_certificate(), files)
        self.assertNotEqual(self.create_certificate("other.localhost"), files)

    def test_only_the_user_can_read_the_servers_key_and_no_key_of_the_ca_is_stored(self):
        ca, server = self.create_certificate()
        self.assertEqual((self.folder / "server.pem").stat().st_mode & 0o777, 0o600)
        self.assertNotIn(b"PRIVATE", ca)
        self.assertEqual(server.count(b"PRIVATE KEY-----"), 2)
        self.assertEqual({entry.name for entry in self.folder.iterdir()}, {"ca.pem", "server.pem"})

    def test_a_certificate_near_its_end_or_from_another_ca_or_damaged_is_replaced(self):
        short = "import datetime; certificate.VALIDITY = datetime.timedelta(days=13); certificate.main()"
        ending = self.create_certificate(script=short)
        renewed = self.create_certificate()
        self.assertNotEqual(renewed, ending)
        self.assertGreater(self.days_left("server.pem"), 89)
        (self.folder / "ca.pem").write_bytes(ending[0])
        of_another_ca = self.create_certificate()
        self.assertNotIn(of_another_ca[0], (ending[0], renewed[0]))
        (self.folder / "server.pem").write_bytes(of_another_ca[1][:400])
        repaired = self.create_certificate()
        self.assertIn(b"END CERTIFICATE", repaired[1])
        (self.folder / "server.pem").write_bytes(of_another_ca[1].partition(b"-----BEGIN CERT")[0] + repaired[1].partition(b"-----END PRIVATE KEY-----\n")[2])
        self.assertNotEqual(self.create_certificate()[0], repaired[0], "the key was another one's")

    def start_front(self, upstream):
        self.create_certificate()
        front, port = Daemon(self.folder / "daemons", "tls"), any_free_port()
        command = [sys.executable, str(tools.HERE / "tls_front.py"), "--listen", f"127.0.0.1:{port}", "--forward", f"127.0.0.1:{upstream}"]
        front.start([*command, "--certificate", str(self.folder / "server.pem")], {"PATH": os.defpath})
        self.addCleanup(front.stop)
        front.await_connection(port)
        return front, port

    def connect(self, port, host=instance.DOMAIN):
        context = ssl.create_default_context(cafile=str(self.folder / "ca.pem"))
        connection = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=20), server_hostname=host)
        self.addCleanup(connection.close)
        return connection

    def test_the_front_forwards_bytes_in_both_directions_for_each_host_of_the_certificate_only(self):
        body = os.urandom(3_000_000)
        received = []

        def respond(server):
            for _ in self.HOSTS:
                connection, _ = server.accept()
                with connection:
                    received.append(connection.recv(len(body), socket.MSG_WAITALL))
                    connection.sendall(body[::-1])

        with socket.create_server(("127.0.0.1", 0)) as server:
            thread = threading.Thread(target=respond, args=(server,), daemon=True)
            thread.start()
            _, port = self.start_front(server.getsockname()[1])
            for host in self.HOSTS:
                connection = self.connect(port, host)
                connection.sendall(body)
                with connection.makefile("rb") as response:
                    self.assertEqual(response.read(), body[::-1])
            thread.join(20)
            self.assertEqual(received, [body] * len(self.HOSTS))
            with self.assertRaises(ssl.SSLCertVerificationError):
                self.connect(port, "example.org")

    def test_the_front_survives_clients_that_speak_no_tls_and_an_emulator_that_does_not_run_and_ends_with_stop(self):
        front, port = self.start_front(any_free_port())
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(b"GET / HTTP/1.1\r\n\r\n")
            connection.recv(100)
        with self.connect(port) as connection:
            self.assertEqual(connection.recv(100), b"")
        self.assertIsNotNone(front.pid())
        front.stop(seconds=10)
        self.assertIsNone(front.pid())
        self.assertTrue(is_free(port))

    def test_with_tls_the_service_and_the_bucket_have_https_and_functions_trust_the_ca(self):
        stack = instance.Instance("test-of-tls")
        stack.state = {"ports": {"emulator": 4566, "sandbox": 4600, "tls": 4443}}
        with mock.patch.object(stack.tls, "pid", return_value=1):
            parameters, environment = stack.parameters(), stack.tls_for_functions()
            self.assertIn(stack.tls, stack.daemons())
        self.assertEqual((parameters["PublicOrigin"], parameters["UploadsOrigin"]), ("https://myphoto.localhost:4443", "https://127.0.0.1:4443"))
        self.assertEqual(environment, {"AWS_ENDPOINT_URL_S3": "https://127.0.0.1:4443", "SSL_CERT_FILE": str(stack.folder / "certificates" / "ca.pem")})
        parameters = stack.parameters()
        self.assertEqual((parameters["PublicOrigin"], parameters["UploadsOrigin"]), ("http://myphoto.localhost:4566", "http://127.0.0.1:4566"))
        self.assertEqual(stack.tls_for_functions(), {})

    def test_a_start_without_tls_stops_the_front_of_an_earlier_start(self):
        stack = instance.Instance("test-of-tls")
        with mock.patch.object(stack, "tls") as front:
            stack.start_tls(free_ports=False, tls=False)
        front.stop.assert_called_once()

    def test_tls_is_rejected_with_an_external_emulator_and_with_faults_before_anything_starts(self):
        for emulator, faulty in [("external", False), ("ministack", True)]:
            stack = instance.Instance("test-of-tls", emulator)
            with mock.patch.object(stack, "install") as installed, mock.patch.object(stack, "start") as started:
                with self.assertRaises(instance.Failure):
                    stack.up(faulty=faulty, tls=True)
            installed.assert_not_called()
            started.assert_not_called()


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
            with mock.patch.object(emulators, "java_version", return_value=java), mock.patch.dict(os.environ, {"DYNAMODB_LOCAL": setting}):
                emulator = emulators.LocalStack(Path("."))
                self.assertEqual(emulator.dynamodb_provider(), provider, (java, setting))
                self.assertEqual("localstack-dynamodb-local" in emulator.not_on(), provider == "v2", (java, setting))
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
                emulator.start(None, {}, {})

    def test_an_external_emulator_gets_the_sandbox_url_as_a_template_parameter_with_the_host_of_sandbox_host(self):
        settings = {"AWS_ENDPOINT_URL": "http://172.17.0.2:4566", "SANDBOX_HOST": "172.17.0.1"}
        with mock.patch.dict(os.environ, settings):
            stack = instance.Instance("test-of-choice", "external")
            stack.state = {"ports": {"sandbox": 4600}}
            parameters = stack.parameters()
        self.assertEqual((parameters["SandboxUrl"], parameters["PublicOrigin"]), ("http://172.17.0.1:4600", "http://myphoto.localhost:4566"))
        self.assertNotIn("TaxisnetUrl", parameters)

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
        with mock.patch.object(emulators, "java_version", return_value=17):
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

    def test_an_interrupted_start_stops_the_daemons_that_it_started_and_no_others(self):
        stack = instance.Instance("test-of-choice")
        # The daemon `running` ran all the time, `started` was started, and `restarted` was restarted with another PID.
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
