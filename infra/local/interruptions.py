"""Handles the signals that end a command (Ctrl-C, SIGTERM, a closed terminal), so that an interrupted command stops what it has started."""

import contextlib
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


@contextlib.contextmanager
def delayed_interruptions():
    """Delays interruptions until the end of the block.

    It replaces the handlers instead of blocking the signals. A blocked signal would reach another thread of this process, and child processes would inherit
    the mask.
    """
    received, previous = [], {}
    try:
        for number in INTERRUPTIONS:
            if signal.getsignal(number) != signal.SIG_IGN:
                previous[number] = signal.signal(number, lambda number, _: received.append(number))
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        if received:
            signal.raise_signal(received[0])
