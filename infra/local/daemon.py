"""Background processes that outlive the command that started them, and that later commands can find and stop safely."""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import time
import urllib.error
from pathlib import Path

from console import Failure, say, tail
from interruptions import delayed_interruptions
from network import DIRECT

# How long a command waits until another command has written the PID of the process that it starts.
SECONDS_TO_WRITE_PID = 5
# How long a command waits for others that only read the PID.
SECONDS_TO_LOCK = 1

# How long daemons may take to end if they have nothing to save.
SECONDS_TO_STOP = 5
# How long a killed process may take to end. A process that waits for a device, for example, ends later or never.
SECONDS_AFTER_KILL = 10


class Daemon:
    """A background process with a PID file.

    The process holds a lock on the file as long as it runs. So a PID in a locked file never belongs to an unrelated process that got the same number.
    """

    def __init__(self, folder, name, seconds_to_stop=SECONDS_TO_STOP):
        # How long the process may take to end after SIGTERM, before it is killed.
        self.seconds_to_stop = seconds_to_stop
        self.name = name
        self.folder = folder
        self.lock = folder / f"{name}.pid"
        self.log = folder / "logs" / f"{name}.log"
        # The PID of the process that this object has started.
        self.started = None

    def pid(self):
        """Returns the process ID, or None if the process does not run."""
        if not self.lock.exists():
            return None
        deadline = time.monotonic() + SECONDS_TO_WRITE_PID
        while True:
            with self.lock.open(encoding="ascii") as file:
                try:
                    # The lock is shared, so that two commands can read the file at the same time.
                    fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                    return None
                except BlockingIOError:
                    # The file is empty for a moment when another command starts the process.
                    if pid := file.read():
                        return int(pid)
            if time.monotonic() > deadline:
                raise Failure(f"{self.name} runs, but its PID was not written to {self.lock}. `fuser {self.lock}` shows the process. End it, and try again")
            time.sleep(0.05)

    def start(self, command, environment):
        open_standard_streams()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        # An interruption between the start of the process and the writing of its PID would leave a process that no command can stop.
        with delayed_interruptions(), self.lock.open("a", encoding="ascii") as lock, self.log.open("ab") as log:
            self.acquire(lock)
            lock.truncate(0)
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
            self.started = process.pid

    def was_started_here(self):
        """Returns whether the process runs and was started by this command, not by another one."""
        return self.started is not None and self.pid() == self.started

    def acquire(self, lock):
        """Locks the PID file. Waits a moment first, because another command that reads the file holds a shared lock."""
        deadline = time.monotonic() + SECONDS_TO_LOCK
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise Failure(f"another command has started {self.name} at the same time ({self.lock})") from error
            time.sleep(0.01)

    def await_response(self, url, seconds=60, any_status=False):
        """Waits until the URL responds with success or, with `any_status`, with any status."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                with DIRECT.open(url, timeout=5):
                    return
            except (urllib.error.URLError, OSError) as error:
                if any_status and isinstance(error, urllib.error.HTTPError):
                    return
                if self.pid() is None:
                    break
                time.sleep(0.1)
        raise Failure(f"{self.name} does not respond at {url}. Its log {self.log} ends with:\n{tail(self.log)}")

    def await_connection(self, port, seconds=60):
        """Waits until the process accepts connections at a port of 127.0.0.1."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self.pid() is not None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
                return
            time.sleep(0.05)
        raise Failure(f"{self.name} does not accept connections at port {port}. Its log {self.log} ends with:\n{tail(self.log)}")

    def stop(self, seconds=None):
        """Stops the process as `stop_all` does."""
        stop_all([self], seconds)

    def orphans(self):
        """Returns the processes that the daemon started and that still run after it has ended.

        They are in the daemon's session. The number of an ended session may have been reused for unrelated processes. So a process counts only
        if its environment also contains the path of the daemon's folder.
        """
        if not self.lock.exists() or self.pid() is not None or not (last := self.lock.read_text(encoding="ascii")):
            return []
        return [member for member in session_members(int(last)) if str(self.folder).encode() in environment_of(member)]


def stop_all(daemons, seconds=None):
    """Stops processes with SIGTERM, all at the same time. Kills those that still run after their time, or after `seconds`. Then kills the processes that they
    have started."""
    pids, failures = {}, []
    for daemon in daemons:
        try:
            pids[daemon] = daemon.pid()
            if (pid := pids[daemon]) is not None:
                # The signal is sent once, because a second one would end the process while it still writes its state.
                send(pid, signal.SIGTERM)
        except Failure as failure:
            # The other daemons are stopped nevertheless.
            failures.append(failure)
    began, killed = time.monotonic(), set()
    while running := {daemon: pid for daemon, pid in pids.items() if pid is not None and daemon.pid() is not None}:
        for daemon, pid in running.items():
            allowed = daemon.seconds_to_stop if seconds is None else seconds
            if time.monotonic() - began > allowed + SECONDS_AFTER_KILL:
                failures.append(Failure(f"{daemon.name} (process {pid}) cannot be ended"))
                pids[daemon] = None
            elif time.monotonic() - began > allowed:
                if daemon not in killed:
                    say(f"- {daemon.name} did not stop within {allowed} s and is killed")
                    killed.add(daemon)
                for member in {pid, *session_members(pid)}:
                    send(member, signal.SIGKILL)
        time.sleep(0.05)
    for daemon in pids:
        for member in daemon.orphans():
            send(member, signal.SIGKILL)
    if failures:
        raise failures[0]


def open_standard_streams():
    """Opens those of the descriptors 0, 1 and 2 that are closed. Otherwise the next file that is opened would get such a descriptor, and child processes would use the
    file as their standard input or output."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


def send(pid, number):
    """Sends a signal to a process, unless the process has already ended or belongs to another user."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)


def session_members(session):
    """Returns the processes of a session. Child processes of a daemon stay in the daemon's session after the daemon has ended."""
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            # The file contains: PID (NAME) STATE PPID PGRP SESSION ... The name may contain spaces and parentheses.
            fields = status.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if int(fields[3]) == session and fields[0] != "Z":
                found.append(int(status.parent.name))
    return found


def end_session(session, seconds):
    """Ends all processes of a session with SIGTERM, and kills those that still run after `seconds`."""
    number, deadline = signal.SIGTERM, time.monotonic() + seconds
    signalled = set()
    while members := session_members(session):
        if number == signal.SIGTERM and time.monotonic() > deadline:
            number, signalled = signal.SIGKILL, set()
        for member in members:
            # Each process gets a signal once. Processes that start in the meantime get it too.
            if member not in signalled:
                send(member, number)
        signalled.update(members)
        if time.monotonic() > deadline + SECONDS_AFTER_KILL:
            say(f"- these processes cannot be ended: {', '.join(map(str, members))}")
            return
        time.sleep(0.05)


def environment_of(pid):
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
