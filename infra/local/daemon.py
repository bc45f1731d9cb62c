"""A background process that outlives the command which started it, and can be found and ended safely later."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from console import Failure, say, tail


class Daemon:
    """Its process holds a lock on a file for as long as it lives: a process id found there is never somebody else's."""

    def __init__(self, folder, name):
        self.name = name
        self.folder = folder
        self.lock = folder / f"{name}.pid"
        self.log = folder / "logs" / f"{name}.log"

    def pid(self):
        """The process id while the process runs, else None."""
        if not self.lock.exists():
            return None
        with self.lock.open("r+", encoding="ascii") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return int(file.read())
        return None

    def start(self, command, environment):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.lock.open("w", encoding="ascii") as lock, self.log.open("ab") as log:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[lock.fileno()],
            )
            lock.write(str(process.pid))

    def await_answer(self, url, seconds=60, any_status=False):
        """Waits until the URL answers; with `any_status`, also with an error."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(url, timeout=5):
                    return
            except (urllib.error.URLError, OSError) as error:
                if any_status and isinstance(error, urllib.error.HTTPError):
                    return
                if self.pid() is None:
                    break
                time.sleep(0.1)
        raise Failure(f"{self.name} does not answer at {url}; its log {self.log} ends with:\n{tail(self.log)}")

    def stop(self, seconds=60):
        """Ends the process, then what it started. After `seconds` it ends them by force."""
        if (pid := self.pid()) is not None:
            # Sent once, because a second signal would end it while it still writes its state.
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + seconds
            while self.pid() is not None:
                if time.monotonic() > deadline:
                    say(f"- {self.name} did not stop in {seconds} s and is killed")
                    os.kill(pid, signal.SIGKILL)
                    deadline += seconds
                time.sleep(0.05)
        for member in self.left_behind():
            with contextlib.suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)

    def left_behind(self):
        """Returns the processes that the daemon started and that run although it has ended. They are in its session, and have this folder in
        their environment: the number of a session that is over may be somebody else's by now."""
        if not self.lock.exists() or self.pid() is not None or not (last := self.lock.read_text(encoding="ascii")):
            return []
        return [member for member in session_members(int(last)) if str(self.folder).encode() in environment_of(member)]


def session_members(session):
    """Returns the processes of a session. Those that a daemon started stay in its session after it has ended."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # PID (NAME) STATE PPID PGRP SESSION ...; a name may hold spaces and brackets.
            fields = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(status.parent.name))
    return found


def environment_of(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""


def is_free(port):
    with socket.socket() as probe:
        # Connections of an earlier run that still linger do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
