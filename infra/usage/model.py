"""The usage of the service in a year: the calls of each operation, their AWS requests and durations, and their number in the busiest second.

The sources are requests.json (measured by `make usage`), infra/operations.toml, country.toml, and the settings in template.yaml. simulate.py computes cost and
load from this usage.
"""

import json
import re
import tomllib
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
# Functions that have no route, and therefore no rate limit.
EVENT_DRIVEN = {"deliver_code", "record_bounce", "sweep_outbox", "send_reminders"}
# The number of queries with which a run of send_reminders finds the reminders that are due. A run makes them once, but requests.json counts them for each
# reminder.
QUERIES_OF_A_RUN = 16
READ_UNIT_KB = 4


def read(name):
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


class Template:
    """The settings of template.yaml that limit the load."""

    def __init__(self):
        text = (ROOT / "template.yaml").read_text(encoding="utf-8")
        self.memory, self.memory_of_all = {}, int(re.search(r"^    MemorySize: (\d+)", text, re.MULTILINE)[1])
        for resource in re.split(r"^  (?=\w+:$)", text, flags=re.MULTILINE):
            function, memory = (re.search(pattern, resource) for pattern in (r"CodeUri: target/lambda/(\w+)", r"MemorySize: (\d+)"))
            if function and memory:
                self.memory[function[1]] = int(memory[1])
        rates = re.findall(r'ResourcePath: "/([^"]+)".*ThrottlingRateLimit: (\d+)', text)
        self.throttles = {path.replace("~1", "/"): int(rate) for path, rate in rates}
        self.parameters = {name: int(value) for name, value in re.findall(r"^  (\w+): \{Type: Number, Default: (\d+)", text, re.MULTILINE)}
        self.parallel = int((re.search(r"ParallelizationFactor: (\d+)", text) or [0, 1])[1])

    def memory_of(self, function):
        return self.memory.get(function, self.memory_of_all)


def counter_of(*kinds):
    """Returns a function that counts the AWS requests of these kinds in an entry of requests.json."""
    return lambda one: sum(count for kind, count in one["calls"].items() if kind in kinds)


KMS = counter_of("kms Encrypt", "kms Decrypt", "kms GenerateDataKey")
PUTS, GETS, DELETES = counter_of("s3 PUT"), counter_of("s3 GET", "s3 HEAD"), counter_of("s3 DELETE")
SMS, EMAILS = counter_of("sns POST"), counter_of("ses POST")


def functions():
    """Returns the names of all functions, from their manifests."""
    manifests = (tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "functions").glob("*/Cargo.toml")))
    return [binary["name"] for manifest in manifests for binary in manifest["bin"]]


class Usage:
    """The number of calls of each case of each operation, from infra/operations.toml."""

    def __init__(self, operations):
        self.per, self.fixed = [], {}
        for function, facts in operations.items():
            for row in facts.get("usage", []):
                case = f"{function} {row['case']}" if "case" in row else function
                if row["per"] == "fixed":
                    self.fixed[case] = row["times"]
                else:
                    self.per.append((case, row["per"], row["times"]))
        self.cases = {case for case, _, _ in self.per} | set(self.fixed)

    def times(self, case, per):
        return next(times for one, of, times in self.per if (one, of) == (case, per))


def requests_of(country, operations, usage):
    """Returns the AWS requests of each case.

    Two measured figures are corrected. The queries that send_reminders makes once in a run are subtracted from the requests for one
    reminder. A scan of the table of applications was measured on a small table, so its read units are computed for the size
    that the table is expected to have.

    A case that has not been measured yet is estimated from the operation's budget of calls, as if each call read one unit.
    """
    requests = json.loads((HERE / "requests.json").read_text(encoding="utf-8"))
    for case in sorted(usage.cases - set(requests)):
        function = case.split(" ")[0]
        calls = operations[function].get("calls", 0)
        requests[case] = {"function": function, "calls": {"dynamodb GetItem": calls}, "read_units": calls, "write_units": 0, "is_estimated": True}
    for operation, one in requests.items():
        if one["function"] == "send_reminders" and one["calls"].get("dynamodb Query", 0) >= QUERIES_OF_A_RUN and operation not in usage.fixed:
            one["read_units"] -= QUERIES_OF_A_RUN
            one["calls"]["dynamodb Query"] -= QUERIES_OF_A_RUN
        # A scan reads the whole table with strong consistency. The measurement counted only one read unit for it, because the table was
        # nearly empty. The difference from the expected size is added here.
        one["read_units"] += one["calls"].get("dynamodb Scan", 0) * (country["sizes"]["applications_kb"] / READ_UNIT_KB - 1)
    return requests


class Year:
    def __init__(self, country, usage, requests, rounds, template, scale):
        self.country, self.usage, self.requests, self.rounds, self.template = country, usage, requests, rounds, template
        self.amounts = {name: count * scale for name, count in country["a_year"].items()}
        for name, part in country["parts"].items():
            self.amounts[name] = self.amounts[part["of"]] * part["part"]
        self.calls = Counter()
        for operation, per, times in usage.per:
            self.calls[operation] += self.amounts[per] * times
        self.files = self.calls["sign_in"] * country["sizes"]["files_a_visit"]
        self.uploads = self.amounts["pairs"] * country["sizes"]["uploads_a_pair"]

    def function(self, operation):
        return self.requests[operation]["function"]

    def is_over_http(self, operation):
        return self.function(operation) not in EVENT_DRIVEN

    def seconds(self, operation):
        """Returns the duration of a call."""
        takes, function, one = self.country["takes"], self.function(operation), self.requests[operation]
        # Lambda assigns CPU in proportion to memory, and a whole CPU to 1,769 MB.
        slower = max(1.0, 1769 / self.template.memory_of(function))
        own = takes["own_of"].get(function, takes["own"]) * slower
        waits = takes["round"] * self.rounds.get(function, sum(one["calls"].values()))
        waits += takes["sns"] * SMS(one) + takes["ses"] * EMAILS(one) + takes["registers"] * (function in takes["registers_of"])
        return (own + waits) / 1_000

    def seconds_of_file(self):
        return self.country["takes"]["own"] * 1769 / self.template.memory_of("serve_web") / 1_000

    def sms_parts(self, operation):
        return SMS(self.requests[operation]) * self.country["sms_parts"].get(self.function(operation), 1)

    def hour(self):
        """Returns the busiest hour's share of a day's calls."""
        hours = self.country["peak"]["hours"]
        return max(hours) / sum(hours)

    def busiest(self, calls):
        """Returns the number of calls in the busiest second, from the number of calls in a year."""
        peak = self.country["peak"]
        return calls / 365 * peak["day"] * self.hour() / 3_600 * peak["second"]

    def peak(self, of):
        return self.busiest(sum(count * of(operation) for operation, count in self.calls.items()))

    def peak_of(self, kinds):
        return self.peak(lambda operation: kinds(self.requests[operation]))

    def calls_of(self, function):
        return sum(count for operation, count in self.calls.items() if self.function(operation) == function)
