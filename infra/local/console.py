"""Functions with which the commands of the local stack print progress and report errors."""

import contextlib
import subprocess
import sys
import threading
import time


class Failure(Exception):
    """An error whose text is for the user. It is printed without a traceback."""


def say(text):
    """Prints a line. Ignores a closed terminal or pipe, so that a clean-up does not end early when it reports something."""
    with contextlib.suppress(OSError):
        print(text, flush=True)


@contextlib.contextmanager
def step(title):
    """Prints the title of a long step, its progress every ten seconds, and its duration."""
    started = time.monotonic()
    done = threading.Event()

    def tick():
        while not done.wait(10):
            say(f"  ... {title}: {time.monotonic() - started:.0f} s")

    say(f"- {title}")
    threading.Thread(target=tick, daemon=True).start()
    try:
        yield
        say(f"  done in {time.monotonic() - started:.1f} s")
    finally:
        done.set()


def tail(log, lines=30):
    try:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def run_logged(command, log, **options):
    """Runs a command with its output in a file. If it fails, prints the end of the file."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        code = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False, **options).returncode
    if code != 0:
        print(tail(log), file=sys.stderr)
        raise Failure(f"{command[0]} failed. Its whole output is in {log}")
