"""Handles the signals that end a command (Ctrl-C, SIGTERM, a closed terminal), so that an interrupted command stops what it has started."""

import signal
import sys

INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def exit_on_interruption():
    """Turns the first interruption into SystemExit, so that `finally` and `except SystemExit` blocks run. Further interruptions are ignored, because they
    would end these blocks early."""

    def leave(number, _):
        ignore_interruptions()
        sys.exit(128 + number)

    for number in INTERRUPTIONS:
        signal.signal(number, leave)


def ignore_interruptions():
    """Ignores interruptions from now on. A clean-up calls this first, and must end by itself soon."""
    for number in INTERRUPTIONS:
        signal.signal(number, signal.SIG_IGN)
