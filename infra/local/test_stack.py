"""Tests of the local stack's daemons and of its TLS front. Run by `make lint`. They start no emulator."""

import fcntl
import os
import re
import signal
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

import instance
import tools
from daemon import Daemon, session_members, stop_all
from network import any_free_port, is_free

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
        daemon.stop(seconds=1)
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

    def test_a_daemon_keeps_its_lock_if_the_standard_input_is_closed(self):
        script = f"""
import os, sys
sys.path.insert(0, {str(tools.HERE)!r})
os.close(0)
from pathlib import Path
from daemon import Daemon
Daemon(Path(sys.argv[1]), "d").start([sys.executable, "-c", "import time; time.sleep(60)"], {{}})
"""
        daemon = Daemon(self.folder, "d")
        self.addCleanup(daemon.stop, 0)
        subprocess.run([sys.executable, "-c", script, str(self.folder)], check=True)
        self.assertTrue(is_alive(daemon.pid()))

    def test_an_interruption_while_a_daemon_starts_is_delayed_until_its_pid_is_stored(self):
        script = f"""
import os, signal, subprocess, sys
sys.path.insert(0, {str(tools.HERE)!r})
import daemon, interruptions
from pathlib import Path
class Interrupted(subprocess.Popen):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        os.kill(os.getpid(), signal.SIGTERM)
daemon.subprocess.Popen = Interrupted
interruptions.exit_on_interruption()
daemon.Daemon(Path(sys.argv[1]), "d").start([sys.executable, "-c", "import time; time.sleep(60)"], {{}})
"""
        daemon = Daemon(self.folder, "d")
        self.addCleanup(daemon.stop, 0)
        done = subprocess.run([sys.executable, "-c", script, str(self.folder)], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 143, done.stderr)
        self.assertTrue(is_alive(daemon.pid()))
        ignored = re.search(r"^SigIgn:\s*(\w+)", Path(f"/proc/{daemon.pid()}/status").read_text(encoding="ascii"), re.MULTILINE)[1]
        blocked = re.search(r"^SigBlk:\s*(\w+)", Path(f"/proc/{daemon.pid()}/status").read_text(encoding="ascii"), re.MULTILINE)[1]
        self.assertEqual((int(ignored, 16) >> signal.SIGTERM - 1) & 1 | int(blocked, 16), 0)

    def test_a_second_start_of_a_running_daemon_fails_and_its_pid_stays_stored(self):
        daemon, _ = self.start_daemon()
        leader, second = daemon.pid(), Daemon(self.folder, "d")
        with mock.patch("daemon.SECONDS_TO_LOCK", 0), self.assertRaisesRegex(instance.Failure, "another command has started d"):
            second.start([sys.executable, "-c", ""], {})
        self.assertEqual(daemon.pid(), leader)
        self.assertEqual((daemon.was_started_here(), second.was_started_here()), (True, False))

    def test_a_command_waits_for_the_pid_of_a_daemon_that_another_command_starts(self):
        daemon = Daemon(self.folder, "d")
        with daemon.lock.open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with mock.patch("daemon.SECONDS_TO_WRITE_PID", 0.2), self.assertRaisesRegex(instance.Failure, "its PID was not written"):
                daemon.pid()
            writer = threading.Timer(0.3, lambda: daemon.lock.write_text("4711", encoding="ascii"))
            writer.start()
            self.assertEqual(daemon.pid(), 4711)
            writer.join()

    def test_two_commands_can_look_for_an_ended_daemon_at_the_same_time(self):
        daemon = Daemon(self.folder, "d")
        daemon.lock.write_text("4711", encoding="ascii")
        with daemon.lock.open(encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            self.assertIsNone(daemon.pid())

    def test_the_processes_that_a_daemon_has_started_are_killed_if_they_hold_its_lock(self):
        daemon = Daemon(self.folder, "d")
        self.addCleanup(daemon.stop, 0)
        # The leader ends at once. Its child ignores SIGTERM and has inherited the locked file.
        daemon.start(["bash", "-c", f"trap '' TERM; while :; do sleep 0.1; done & : {self.folder}"], {"PATH": os.defpath, "HOME": str(self.folder)})
        leader = daemon.pid()
        until = time.monotonic() + 10
        while is_alive(leader) and time.monotonic() < until:
            time.sleep(0.05)
        daemon.stop(seconds=0.5)
        self.assertIsNone(daemon.pid())
        self.assertEqual(session_members(leader), [])

    def test_a_daemon_whose_pid_is_unknown_is_reported_after_the_others_were_stopped(self):
        daemon, _ = self.start_daemon()
        unknown = Daemon(self.folder, "unknown")
        with unknown.lock.open("w", encoding="ascii") as lock, mock.patch("daemon.SECONDS_TO_WRITE_PID", 0):
            fcntl.flock(lock, fcntl.LOCK_EX)
            with self.assertRaisesRegex(instance.Failure, "unknown runs, but its PID was not written"):
                stop_all([unknown, daemon], 0)
        self.assertIsNone(daemon.pid())

    def test_a_port_in_use_is_not_free(self):
        port = any_free_port()
        self.assertTrue(is_free(port))
        with socket.create_server(("127.0.0.1", port)):
            self.assertFalse(is_free(port))
            self.assertTrue(is_free(port, "127.0.0.2"))
        with socket.create_server(("127.0.0.2", port)):
            self.assertFalse(is_free(port, "127.0.0.2"))


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


if __name__ == "__main__":
    unittest.main()
