"""Compares the emulators by the duration of start, deployment, main journey and GET /v1/session, and by memory. Each emulator runs a new,
separate stack.

The measurements of the emulators alternate, so that a change of the machine's load affects all of them. Figures of different runs are not comparable. The exit
status is 1 if LocalStack's median for GET /v1/session is more than twice that of ministack.
"""

import json
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import tools
from console import Failure, say
from daemon import session_members
from instance import BUILT, Instance, require_built
from interruptions import exit_on_interruption, ignore_interruptions
from network import DIRECT
from stack import can_run_on

COMPARED = ("ministack", "localstack")
ROUNDS = 5
REQUESTS = 100
MEDIAN_RATIO_MAX = 2
# Number of requests that are sent before the measurement begins, so that the function's processes have already started.
WARM_UP = 20
JOURNEY = tools.ROOT / "target" / "debug" / "main_journey"
APPLICATIONS = BUILT / "applications" / "bootstrap"


class Measurement:
    def __init__(self, emulator):
        self.instance = Instance(f"compare-{emulator}", emulator)
        self.figures = {}
        self.milliseconds = []

    def set_up(self):
        self.instance.remove()
        started = time.monotonic()
        steps = StepTimes()
        with steps:
            self.instance.up(free_ports=True)
        self.figures |= {"up": time.monotonic() - started, **steps.seconds()}
        subprocess.run([str(APPLICATIONS), "seed", "infra/sandbox/applications.toml"], **self.options())
        self.figures["journey"] = timed(lambda: subprocess.run([str(JOURNEY)], **self.options()))
        for _ in range(WARM_UP):
            self.session()

    def options(self):
        return {"env": os.environ | self.instance.env(), "cwd": tools.ROOT, "check": True, "stdout": subprocess.DEVNULL}

    def session(self):
        """Requests the session without being signed in. The request passes the gateway and a function, is rejected, and causes no call to AWS."""
        port = self.instance.origin().rpartition(":")[2]
        request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/session", headers={"Host": self.instance.origin().removeprefix("http://")})
        try:
            DIRECT.open(request, timeout=30).read()
        except urllib.error.HTTPError as response:
            if response.code != 401:
                raise
            response.read()

    def measure(self):
        self.milliseconds += [timed(self.session) * 1000 for _ in range(REQUESTS)]

    def memory(self):
        """Returns the megabytes of memory that the emulator's processes and the functions use. Shared memory is counted once."""
        pids = {pid for daemon in (self.instance.emulator.daemon, self.instance.emulator.dynamodb) if (leader := daemon.pid()) for pid in session_members(leader)}
        return sum(proportional_kilobytes(pid) for pid in pids) / 1000

    def row(self):
        quartiles = statistics.quantiles(self.milliseconds, n=100)
        return self.figures | {"p50": quartiles[49], "p99": quartiles[98], "memory": self.memory()}


class StepTimes:
    """A context manager that captures the durations of steps from the lines that are printed inside it."""

    def __enter__(self):
        self.lines, self.write = [], sys.stdout.write
        sys.stdout.write = lambda text: (self.lines.append(text), self.write(text))[1]

    def __exit__(self, *_):
        sys.stdout.write = self.write

    def seconds(self):
        found, title = {}, ""
        for line in "".join(self.lines).splitlines():
            title = line if line.startswith("- ") else title
            if done := re.fullmatch(r"  done in ([0-9.]+) s", line):
                if KNOWN_STEP.match(title):
                    found[KNOWN_STEP.match(title)[1]] = float(done[1])
        return found


KNOWN_STEP = re.compile(r"- (?:(?=starting (?:ministack|LocalStack))|(?=deploying))(starting|deploying)")


def proportional_kilobytes(pid):
    try:
        return int(re.search(r"^Pss: +([0-9]+)", Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii"), re.MULTILINE)[1])
    except OSError:
        return 0


def timed(call):
    started = time.monotonic()
    call()
    return time.monotonic() - started


def main():
    measured = {name: Measurement(name) for name in COMPARED}
    if any([can_run_on(one.instance.emulator) for one in measured.values()]):
        return 1
    require_built(JOURNEY, APPLICATIONS)
    exit_on_interruption()
    try:
        for one in measured.values():
            one.set_up()
        for _ in range(ROUNDS):
            for one in measured.values():
                one.measure()
        rows = {name: one.row() for name, one in measured.items()}
    finally:
        ignore_interruptions()
        for one in measured.values():
            one.instance.remove()
    say(f"\n{'':<12} {'start s':>8} {'deploy s':>9} {'journey s':>10} {'session p50 ms':>15} {'p99 ms':>8} {'memory MB':>10}")
    for name, row in rows.items():
        say(
            f"{name:<12} {row['starting']:8.1f} {row['deploying']:9.1f} {row['journey']:10.1f} "
            f"{row['p50']:15.1f} {row['p99']:8.1f} {row['memory']:10.0f}"
        )
    first, second = rows.values()
    ratios = {figure: second[figure] / first[figure] for figure in first}
    say(
        f"{'ratio':<12} {ratios['starting']:8.1f} {ratios['deploying']:9.1f} {ratios['journey']:10.1f} "
        f"{ratios['p50']:15.2f} {ratios['p99']:8.2f} {ratios['memory']:10.1f}"
    )
    (tools.ROOT / "target" / "emulators.json").write_text(json.dumps(rows, indent=2), encoding="utf-8")
    return 0 if ratios["p50"] <= MEDIAN_RATIO_MAX else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failure as failure:
        sys.exit(f"error: {failure}")
