"""What the service costs in a year, and what its busiest second asks of AWS: for Greece, and for a hundred times that.

Takes what each operation asks from requests.json (`make growth` measures it), who does what how often from country.toml, and limits and prices
from limits.toml. Ends with 1 where a setting of template.yaml would not bear the busiest second of Greece.
"""

import argparse
import heapq
import json
import random
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCALES = (1, 100)

SECONDS_IN_A_YEAR = 365 * 86_400
# A pair of photos with its previews, in MB: a year of the associated ones lies in the bucket.
PAIR = 3.5
IMAGE = 1.5
# A log line of a call with Lambda's own, in KB.
LOGGED = 0.9
# Calls of pages that no function of AWS' is asked for: the files of one visit.
FILES_A_VISIT = 12


def read(name):
    return tomllib.loads((HERE / name).read_text(encoding="utf-8"))


class Template:
    """The settings that bear load."""

    def __init__(self):
        text = (ROOT / "template.yaml").read_text(encoding="utf-8")
        of_all = re.search(r"^    MemorySize: (\d+)", text, re.MULTILINE)
        self.memory_of_all = int(of_all[1])
        self.memory = {}
        for resource in re.split(r"^  (?=\w+:$)", text, flags=re.MULTILINE):
            function, memory = (re.search(pattern, resource) for pattern in (r"CodeUri: target/lambda/(\w+)", r"MemorySize: (\d+)"))
            if function and memory:
                self.memory[function[1]] = int(memory[1])
        self.throttles = {
            path.replace("~1", "/"): (int(rate), int(burst))
            for path, rate, burst in re.findall(r'ResourcePath: "/([^"]+)".*ThrottlingRateLimit: (\d+), ThrottlingBurstLimit: (\d+)', text)
        }
        parallel = re.search(r"ParallelizationFactor: (\d+)", text)
        self.parallel = int(parallel[1]) if parallel else 1

    def memory_of(self, function):
        return self.memory.get(function, self.memory_of_all)


# The paths that template.yaml throttles, and the operation that each one is.
THROTTLED = {
    "/v1/photographer/uploads/{upload}/check": "check_photos",
    "/v1/photographer/issuances": "issue_code",
    "/v1/sign-in/callback": "callback",
    "/v1/session/otp/resend": "resend_otp",
    "/v1/pulls": "pull_photo",
}
CALLED_BY_NOBODY = {"deliver_code", "sweep_outbox", "send_reminders"}
TWICE = 2.0


class Year:
    def __init__(self, country, requests, rounds, template, scale):
        self.country, self.requests, self.rounds, self.template = country, requests, rounds, template
        amounts = {name: count * scale for name, count in country["a_year"].items()}
        amounts["claimed"] = amounts["pairs"] * country["shares"]["claimed"]
        self.amounts = amounts
        self.calls = Counter()
        for of, calls in country["calls"].items():
            for operation, times in calls.items():
                self.calls[operation] += amounts[of] * times
        self.visits = amounts["claimed"] * 2.2 + amounts["photographer_days"]
        self.scheduled = dict(country["schedules"])

    def all_calls(self):
        return self.calls + Counter(self.scheduled)

    def function(self, operation):
        return self.requests[operation]["function"]

    def seconds(self, operation):
        """How long a call takes."""
        takes, function, asks = self.country["takes"], self.function(operation), self.requests[operation]["calls"]
        # A processor's part comes with memory.
        slower = max(1.0, 1769 / self.template.memory_of(function))
        own = takes["own_of"].get(function, takes["own"]) * slower
        waits = takes["round"] * self.rounds.get(function, len(asks))
        waits += takes["sns"] * ("sns POST" in asks) + takes["ses"] * ("ses POST" in asks)
        waits += takes["registers"] * (function in takes["registers_of"])
        return (own + waits) / 1_000

    def total(self, of):
        return sum(count * of(self.requests[operation]) for operation, count in self.all_calls().items())

    def sms_parts(self, operation):
        return SMS(self.requests[operation]) * self.country["sms_parts"].get(self.function(operation), 1)

    def busiest(self, calls):
        """Of calls a year: in the busiest second."""
        peak = self.country["peak"]
        return calls / 365 * peak["day"] * peak["hour"] / 3_600 * peak["second"]

    def peak(self, of):
        return self.busiest(sum(count * of(operation) for operation, count in self.calls.items()))

    def calls_of(self, function):
        return sum(count for operation, count in self.calls.items() if self.function(operation) == function)


def asked(*kinds):
    return lambda requests: sum(count for kind, count in requests["calls"].items() if kind in kinds)


KMS = asked("kms Encrypt", "kms Decrypt", "kms GenerateDataKey")
WRITES, READS = asked("s3 PUT", "s3 DELETE"), asked("s3 GET", "s3 HEAD")
PUTS = asked("s3 PUT")
SMS, EMAILS = asked("sns POST"), asked("ses POST")


def costs(year, prices):
    million = 1e6
    over_http = sum(count for operation, count in year.calls.items() if year.function(operation) not in CALLED_BY_NOBODY)
    over_http += year.visits * FILES_A_VISIT
    runs = sum(year.all_calls().values()) + year.visits * FILES_A_VISIT
    gigabytes = sum(
        count * year.seconds(operation) * year.template.memory_of(year.function(operation)) / 1_024
        for operation, count in year.all_calls().items()
    )
    images = sum(year.calls[operation] for operation in ("show_photo", "pull_photo")) + 2 * year.calls["download_photos"]
    kept = year.amounts["claimed"] * PAIR / 1_000
    return {
        "API Gateway": over_http / million * prices["million API requests"],
        "Lambda": runs / million * prices["million Lambda requests"] + gigabytes / million * prices["million GB-seconds of Lambda"],
        "DynamoDB": year.total(lambda one: one["read_units"]) / million * prices["million DynamoDB read units"]
        + year.total(lambda one: one["write_units"]) / million * prices["million DynamoDB write units"],
        # Uploads themselves are writes too.
        "S3": (year.total(PUTS) + 2.2 * year.amounts["pairs"]) / million * prices["million S3 writes"]
        + year.total(READS) / million * prices["million S3 reads"]
        + kept * 12 * prices["GB of S3 a month"],
        "KMS": year.total(KMS) / million * prices["million KMS requests"],
        "SMS": sum(count * year.sms_parts(operation) for operation, count in year.calls.items()) * prices["part of an SMS to Greece"],
        "email": year.total(EMAILS) / 1_000 * prices["thousand emails"],
        "logs": runs * LOGGED / million * prices["GB of logs"],
        "answers": images * IMAGE / 1_000 * prices["GB of answers"],
    }


def per_million(year, prices):
    """Dollars of a million calls of each operation, by service."""
    for operation in sorted(year.requests):
        one, function = year.requests[operation], year.function(operation)
        over_http = function not in CALLED_BY_NOBODY
        memory = year.template.memory_of(function) / 1_024
        parts = [
            prices["million API requests"] * over_http + prices["million Lambda requests"],
            year.seconds(operation) * memory * prices["million GB-seconds of Lambda"],
            one["read_units"] * prices["million DynamoDB read units"] + one["write_units"] * prices["million DynamoDB write units"],
            PUTS(one) * prices["million S3 writes"] + READS(one) * prices["million S3 reads"] + KMS(one) * prices["million KMS requests"],
            year.sms_parts(operation) * prices["part of an SMS to Greece"] * 1e6 + EMAILS(one) * prices["thousand emails"] * 1e3,
        ]
        yield operation, one, parts


def loads(year):
    """The busiest second: what of it, against which limit, what to do where it is reached."""
    def units(kind):
        return year.peak(lambda operation: year.requests[operation][kind])

    def of(kinds):
        return year.peak(lambda operation: kinds(year.requests[operation]))

    concurrent = year.peak(year.seconds)
    gateway = year.peak(lambda operation: year.function(operation) not in CALLED_BY_NOBODY) + year.busiest(year.visits * FILES_A_VISIT)
    issued = year.busiest(year.amounts["pairs"])
    # An application that half of all pulls come from; its item is read with each, and that of all applications by lists.
    lists = sum(year.calls[one] for one in ("list_applications", "authorize_application", "authorization_history", "access_log"))
    return [
        ("API Gateway: requests a second", gateway, "ask for more; answers of page files can come from CloudFront"),
        ("Lambda: concurrent executions", concurrent, "ask for more"),
        ("DynamoDB: write units a second of one table", units("write_units"), "warm throughput of Sessions, Codes and Associations, before the day; here all tables together"),
        ("DynamoDB: read units a second of one table", units("read_units"), "the same"),
        ("DynamoDB: write units a second of one key", issued * 4, "the index `due` of Outbox has one key for all messages: several, by the message's id"),
        ("DynamoDB: read units a second of one key", year.busiest(lists + year.calls["pull_photo"]), "Applications is read whole by lists: kept in memory for some seconds"),
        ("KMS: cryptographic requests a second", of(KMS), "ask for more"),
        ("S3: writes a second of one prefix", of(WRITES), "nothing: the names of sets are random, and prefixes divide by themselves"),
        ("S3: reads a second of one prefix", of(READS), "the same"),
        ("SNS: SMS a second", of(SMS), "ask AWS End User Messaging for a higher rate"),
        ("SES: email a second", of(EMAILS), "ask for a higher rate"),
    ]


def sender(year):
    """Messages a second that deliver_code can send, one shard of the stream, and how many come."""
    template, by_email = year.template, year.country["shares"]["by_email"]
    each = (1 - by_email) * year.seconds("deliver_code by SMS") + by_email * year.seconds("deliver_code by email")
    return year.busiest(year.amounts["pairs"]), template.parallel / each


def longest_wait(year):
    """Plays the busiest day, message by message: the longest that one waited for the sender with one shard of the stream, in seconds."""
    chance, free = random.Random(1), [0.0] * year.template.parallel
    hours, by_email = year.country["peak"]["hours"], year.country["shares"]["by_email"]
    takes = [year.seconds("deliver_code by SMS"), year.seconds("deliver_code by email")]
    day, longest = year.amounts["pairs"] / 365 * year.country["peak"]["day"], 0.0
    for hour, part in enumerate(hours):
        # Photographers upload one after the other: by chance, and in every tenth minute three times as many.
        now, end, mean = hour * 3_600.0, (hour + 1) * 3_600.0, day * part / sum(hours) / 3_600 / 1.2
        while part:
            now += chance.expovariate(mean * (3 if int(now / 60) % 10 == 0 else 1))
            if now >= end:
                break
            begins = max(now, heapq.heappop(free))
            longest = max(longest, begins - now)
            heapq.heappush(free, begins + takes[chance.random() < by_email])
    return longest


def figure(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:,.1f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="say nothing where the settings of template.yaml bear Greece")
    arguments = parser.parse_args()
    country, limits = read("country.toml"), read("limits.toml")
    requests = json.loads((HERE / "requests.json").read_text(encoding="utf-8"))
    budget = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    rounds = {name: int(count) for name, count in re.findall(r"^\| `(\w+)` \| \d+ \| (\d+) \|", budget, re.MULTILINE)}
    template = Template()
    years = [Year(country, requests, rounds, template, scale) for scale in SCALES]
    wrong = problems(years[0], country)
    if not arguments.check:
        tell(years, limits)
    for problem in wrong:
        print(problem, file=sys.stderr)
    return 1 if wrong else 0


def problems(year, country):
    unknown = [operation for calls in [*country["calls"].values(), country["schedules"]] for operation in calls if operation not in year.requests]
    found = [f"country.toml: requests.json knows no {operation}" for operation in unknown]
    missing = set(year.requests) - set(year.all_calls()) - {"sweep_outbox a message that was sent a day ago", "sweep_outbox a message that was never sent"}
    found += [f"country.toml: how often is {operation} called?" for operation in sorted(missing)]
    for path, (rate, burst) in year.template.throttles.items():
        busiest = year.busiest(year.calls_of(THROTTLED[path]))
        if rate < busiest * TWICE:
            found.append(f"template.yaml lets {rate} a second through to {path}: fewer than twice the {busiest:.1f} of Greece's busiest second")
    come, sent = sender(year)
    if sent < come * TWICE:
        found.append(f"template.yaml lets deliver_code send {sent:.1f} messages a second: fewer than twice the {come:.1f} of Greece's busiest second")
    return found


def tell(years, limits):
    prices = limits["prices"]
    print("A million calls, in US dollars\n")
    print("| operation | read units | write units | gateway | processor | DynamoDB | S3, KMS | messages |\n| --- | --- | --- | --- | --- | --- | --- | --- |")
    for operation, one, parts in per_million(years[0], prices):
        print(f"| {operation} | {one['read_units']:g} | {one['write_units']:g} | " + " | ".join(f"{part:,.2f}" for part in parts) + " |")
    print("\nA year, in US dollars\n")
    print("| | " + " | ".join(f"Greece x {scale}" for scale in SCALES) + " |\n| --- |" + " --- |" * len(SCALES))
    sums = [costs(year, prices) for year in years]
    for name in sums[0]:
        print(f"| {name} | " + " | ".join(f"{one[name]:,.0f}" for one in sums) + " |")
    print("| **all** | " + " | ".join(f"**{sum(one.values()):,.0f}**" for one in sums) + " |")
    print("\nThe busiest second\n")
    print("| | limit | " + " | ".join(f"Greece x {scale}" for scale in SCALES) + " | from half of the limit on |\n| --- | --- |" + " --- |" * (len(SCALES) + 1))
    for rows in zip(*(loads(year) for year in years), strict=True):
        name, limit = rows[0][0], limits["limits"][rows[0][0]]
        marked = [f"**{figure(value)}**" if value > limit else figure(value) for _, value, _ in rows]
        advice = rows[0][2] if any(value > limit / 2 for _, value, _ in rows) else ""
        print(f"| {name} | {limit:,} | " + " | ".join(marked) + f" | {advice} |")
    come = [sender(year) for year in years]
    shards = "as many shards of the stream as make up for it; DynamoDB divides a table by its load"
    print(f"| Outbox: messages a second for one shard | {figure(come[0][1])} | " + " | ".join(figure(one[0]) for one in come) + f" | {shards} |")
    print("\nThe busiest day, message by message: the longest wait for the sender\n")
    for parallel in sorted({1, years[0].template.parallel}):
        years[0].template.parallel = parallel
        print(f"- with `ParallelizationFactor: {parallel}`: {figure(longest_wait(years[0]))} s")
    print("\nWhat the gateway lets through of all callers, a second\n")
    print("| path | lets through | " + " | ".join(f"Greece x {scale}" for scale in SCALES) + " |\n| --- | --- |" + " --- |" * len(SCALES))
    for path, (rate, _) in years[0].template.throttles.items():
        print(f"| `{path}` | {rate} | " + " | ".join(figure(year.busiest(year.calls_of(THROTTLED[path]))) for year in years) + " |")


if __name__ == "__main__":
    sys.exit(main())
