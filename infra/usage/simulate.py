"""The cost model: the cost of a year, and the load on AWS in the busiest second, for Greece and for a hundred times the usage of Greece.

model.py computes the usage, and limits.toml has AWS's limits and prices.

    simulate.py           prints all tables, and writes those of docs/usage.md into that page
    simulate.py --check   exits with 1 if a setting in template.yaml cannot handle twice the busiest second of Greece, if an operation is missing in
                          infra/operations.toml, or if a figure in docs/usage.md is off by more than 5%
"""

import argparse
import heapq
import random
import re
import sys
import tomllib
from collections import Counter

from model import DELETES, EMAILS, GETS, KMS, PUTS, READ_UNIT_KB, ROOT, SMS, Template, Usage, Year, functions, read, requests_of

SCALES = (1, 100)
# A setting must be able to handle the load of the busiest second, multiplied by this factor.
RESERVE = 2.0
# A daily limit must be able to handle the load of the busiest day, multiplied by this factor. The factor is lower than RESERVE, because
# the load of a day varies less than the load of a second.
RESERVE_OF_DAY = 1.5

# The paths for which template.yaml sets a rate limit, and the function that handles each.
THROTTLED = {
    "/v1/photographer/uploads/{upload}/check": "check_photos",
    "/v1/photographer/face": "locate_face",
    "/v1/photographer/issuances": "issue_code",
    "/v1/sign-in/callback": "callback",
    "/v1/session/otp/resend": "resend_otp",
    "/v1/kep/cases": "open_case",
    "/v1/kep/cases/{case}/presence/resend": "resend_presence",
    "/v1/pulls": "pull_photo",
}
# The paths with a rate limit that a flood of requests could use up. Each path has the name of the template parameter that limits the
# requests of one IP address, and whether the firewall blocks requests without a session.
FLOODED = {
    "/v1/photographer/uploads/{upload}/check": ("IssuingPerAddress", True),
    "/v1/photographer/face": ("IssuingPerAddress", True),
    "/v1/photographer/issuances": ("IssuingPerAddress", True),
    "/v1/sign-in/callback": ("SignInsPerAddress", False),
    "/v1/session/otp/resend": ("SignInsPerAddress", True),
    "/v1/kep/cases": ("SignInsPerAddress", True),
    "/v1/kep/cases/{case}/presence/resend": ("SignInsPerAddress", True),
    "/v1/pulls": ("PullsPerAddress", False),
}
# The settings before 30 November 2026, for comparison: the firewall's limit for one IP address in five minutes, and the gateway's rate limit per second. Paths that
# did not exist then are missing.
BEFORE = {
    "/v1/photographer/uploads/{upload}/check": (3000, 20),
    "/v1/photographer/issuances": (3000, 20),
    "/v1/sign-in/callback": (300, 20),
    "/v1/session/otp/resend": (300, 10),
    "/v1/pulls": (3000, 50),
}
WINDOW = 300
HOSTS = (10, 1_000)
# If `min(HOSTS)` hosts flood a path in the busiest second, the gateway must still admit at least this share of the other callers' requests.
ADMITTED_MIN = 0.99
# The maximum number of messages that sweep_outbox handles in its one run per minute, and the number of reminders that send_reminders handles concurrently.
SWEEP_MESSAGES, REMINDERS_CONCURRENCY = (
    int(re.search(rf"const {name}: \w+ = (\d+);", (ROOT / file).read_text(encoding="utf-8"))[1])
    for name, file in (("SWEEP_MESSAGES_MAX", "shared/domain/src/delivery.rs"), ("CONCURRENCY", "functions/system/send_reminders.rs"))
)


KINDS = ("API Gateway", "Lambda", "DynamoDB", "S3", "KMS", "SMS", "email")


def cost_per_million(year, operation, prices):
    """Returns the cost of a million calls in US dollars, by kind."""
    one, function = year.requests[operation], year.function(operation)
    processor = year.seconds(operation) * year.template.memory_of(function) / 1_024
    return dict(
        zip(
            KINDS,
            (
                prices["million API requests"] * year.is_over_http(operation),
                prices["million Lambda requests"] + processor * prices["million GB-seconds of Lambda"],
                one["read_units"] * prices["million DynamoDB read units"] + one["write_units"] * prices["million DynamoDB write units"],
                PUTS(one) * prices["million S3 writes"] + GETS(one) * prices["million S3 reads"],
                KMS(one) * prices["million KMS requests"],
                year.sms_parts(operation) * prices["part of an SMS to Greece"] * 1e6,
                EMAILS(one) * prices["thousand emails"] * 1e3,
            ),
            strict=True,
        )
    )


def costs(year, prices):
    sizes, sums = year.country["sizes"], Counter()
    calls = year.calls + Counter(year.usage.fixed)
    for operation, count in calls.items():
        for kind, dollars in cost_per_million(year, operation, prices).items():
            sums[kind] += dollars * count / 1e6
    of_file = year.seconds_of_file() * year.template.memory_of("serve_web") / 1_024 * prices["million GB-seconds of Lambda"]
    sums["API Gateway"] += year.files / 1e6 * prices["million API requests"]
    sums["Lambda"] += year.files / 1e6 * (prices["million Lambda requests"] + of_file)
    # Photographers' browsers upload pictures directly to S3. These writes are not among the functions' requests, so they are added here.
    # Associated photos are stored for a year.
    sums["S3"] += year.uploads / 1e6 * prices["million S3 writes"]
    sums["S3"] += year.amounts["claimed"] * sizes["pair_mb"] / 1e3 * 12 * prices["GB of S3 a month"]
    images = year.calls["show_photo"] + year.calls["pull_photo"] + 2 * year.calls["download_photos"]
    sums["answers with images"] = images * sizes["image_mb"] / 1e3 * prices["GB of answers"]
    sums["logs"] = (sum(calls.values()) + year.files) * sizes["log_kb"] / 1e6 * prices["GB of logs"]
    sums["watching"] = 12 * prices["a month of watching"]
    return sums


def seconds_per_message(year):
    """Returns the mean number of seconds that deliver_code takes for a message."""
    by_email = year.country["parts"]["by_email"]["part"]
    return (1 - by_email) * year.seconds("deliver_code by SMS") + by_email * year.seconds("deliver_code by email")


def sender_rate(year):
    """Returns the number of messages per second that deliver_code can send from one shard of the outbox's stream."""
    return year.template.parallel / seconds_per_message(year)


def loads(year):
    """Returns the loads of the busiest second. Each is a tuple: the name of AWS's limit, the load, and what to do if the load comes near the limit."""

    def units(kind):
        return year.peak(lambda operation: year.requests[operation][kind])

    pairs = year.busiest(year.amounts["pairs"])
    scans = year.peak(lambda operation: year.requests[operation]["calls"].get("dynamodb Scan", 0)) * year.country["sizes"]["applications_kb"] / READ_UNIT_KB
    reminders = REMINDERS_CONCURRENCY / year.seconds("send_reminders of an association, by email")
    ended = year.calls_of("sweep_outbox") / 365 * year.country["peak"]["day"] * year.hour() / 60
    return [
        ("API Gateway: requests per second", year.peak(year.is_over_http) + year.busiest(year.files), "ask for more; page files can come from CloudFront"),
        ("Lambda: concurrent executions", year.peak(year.seconds) + year.busiest(year.files) * year.seconds_of_file(), "ask for more"),
        ("DynamoDB: write units per second in one table", units("write_units"), "set a warm throughput for Sessions, Codes and Associations (the figure is the sum of all tables)"),
        ("DynamoDB: read units per second in one table", units("read_units"), "the same as for write units"),
        # Each message causes six writes to the index: one when it is stored, two when it is claimed, two when it is marked as sent, and one
        # when it is deleted.
        ("DynamoDB: write units per second for one key", pairs * 6, "divide the one key of the index `due` into several, by the message's ID"),
        ("DynamoDB: read units per second for one key", scans, "cache Applications in memory for some seconds, because lists read the whole table"),
        ("KMS: cryptographic requests per second", year.peak_of(KMS), "ask for more"),
        ("S3: writes per second under one prefix", year.peak_of(PUTS) + year.peak_of(DELETES) + year.busiest(year.uploads), "nothing, because names of sets are random, and S3 divides prefixes by itself"),
        ("S3: reads per second under one prefix", year.peak_of(GETS), "nothing, as for writes"),
        ("SNS: SMS per second", year.peak_of(SMS), "ask AWS End User Messaging for a higher rate"),
        ("SES: emails per second", year.peak_of(EMAILS) + reminders, "ask for a higher rate"),
        ("Outbox: messages per second for one shard", pairs, "nothing at first, because DynamoDB divides a table by its load and each part has a shard; otherwise raise `ParallelizationFactor`"),
        ("Outbox: messages per minute whose 24 hours end", ended, "let a run of `sweep_outbox` process more messages, or run it more often"),
    ]


def longest_wait(year, parallel):
    """Simulates the busiest day message by message, with one shard of the outbox's stream. Returns the longest time in seconds that a message waited."""
    rng, free = random.Random(1), [0.0] * parallel
    hours, peak = year.country["peak"]["hours"], year.country["peak"]
    takes = seconds_per_message(year)
    day, longest = year.amounts["pairs"] / 365 * peak["day"], 0.0
    # In every tenth minute, messages arrive at the rate of the busiest second. In the other minutes they arrive more slowly, so that the
    # mean rate of the hour stays as country.toml defines it.
    quiet = (10 - peak["second"]) / 9
    for hour, part in enumerate(hours):
        now, end = hour * 3_600.0, (hour + 1) * 3_600.0
        while part:
            times = peak["second"] if int(now / 60) % 10 == 0 else quiet
            now += rng.expovariate(day * part / sum(hours) / 3_600 * times)
            if now >= end:
                break
            begins = max(now, heapq.heappop(free))
            longest = max(longest, begins - now)
            heapq.heappush(free, begins + takes)
    return longest


def admitted_share(own, flood, rate):
    """Returns the share of requests that the gateway admits during a flood, if it admits `rate` requests per second of all callers
    together. `own` and `flood` are the requests per second of the other callers and of the flood."""
    return min(1.0, rate / (own + flood))


def floods(year):
    """Returns the effect of a flood on the other callers, as a tuple for each path and number of flooding hosts.

    A tuple contains the path, the number of hosts, the number of the other callers' requests in the busiest second, and three shares of
    these requests that are admitted during the flood:

    - with the settings in BEFORE, or None if the path did not exist then
    - with the present settings, if the requests of the flood have no session
    - with the present settings, if the requests of the flood have invented sessions
    """
    found = []
    for path, (parameter, needs_session) in FLOODED.items():
        own, rate = year.busiest(year.calls_of(THROTTLED[path])), year.template.throttles[path]
        limit_before, rate_before = BEFORE.get(path, (None, None))
        for hosts in HOSTS:
            before = admitted_share(own, hosts * limit_before / WINDOW, rate_before) if path in BEFORE else None
            # If the path needs a session, the firewall blocks requests without one. The firewall cannot recognise an invented session. So it does
            # not block requests with invented sessions, but limits their number per IP address.
            now = admitted_share(own, hosts * year.template.parameters[parameter] / WINDOW, rate)
            found.append((path, hosts, own, before, 1.0 if needs_session else now, now))
    return found


def studio_calls(year):
    """Returns the largest number of calls of one operation that a photographer's business makes in five minutes. The business issues as
    many codes a day as its limit permits."""
    a_pair = max(year.usage.times(name, "pairs") for name in ("request_upload", "check_photos", "locate_face"))
    return year.template.parameters["CodesPerBusiness"] * year.hour() / 3_600 * WINDOW * year.country["peak"]["second"] * a_pair


def code_sms(year):
    """Returns the number of SMS with codes on the busiest day, including resends."""
    resends = sum(times for name, per, times in year.usage.per if per == "pairs" and name.startswith("resend_code "))
    return year.amounts["by_sms"] * (1 + resends) / 365 * year.country["peak"]["day"]


def concurrent_at_rate_limits(year):
    """Returns the number of concurrent executions if the gateway admits as many requests as its rate limits permit."""
    slowest = {path: max(year.seconds(one) for one in year.requests if year.function(one) == function) for path, function in THROTTLED.items()}
    return sum(rate * slowest[path] for path, rate in year.template.throttles.items())


def problems(year):
    found = [f"missing in infra/operations.toml: usage of {case}, which infra/usage/requests.json has" for case in sorted(set(year.requests) - year.usage.cases)]
    if found:
        return found
    if set(year.template.throttles) != set(THROTTLED):
        found.append(f"template.yaml has rate limits for {sorted(year.template.throttles)}, and simulate.py expects them for {sorted(THROTTLED)}")
        return found
    for path, rate in year.template.throttles.items():
        busiest = year.busiest(year.calls_of(THROTTLED[path]))
        if rate < busiest * RESERVE:
            found.append(f"template.yaml: the rate limit of {rate} a second for {path} is too low for the {busiest:.1f} requests of Greece's busiest second")
    for path, hosts, _, _, without, invented in floods(year):
        if hosts == min(HOSTS) and min(without, invented) < ADMITTED_MIN:
            found.append(f"template.yaml: if {hosts} hosts flood {path}, only {invented:.0%} of the other callers are admitted")
    if studio_calls(year) * RESERVE > year.template.parameters["IssuingPerAddress"]:
        found.append(f"template.yaml: IssuingPerAddress is too low for a studio that makes {studio_calls(year):.0f} calls in five minutes")
    if code_sms(year) * RESERVE_OF_DAY > year.template.parameters["CodeSmsPerDay"]:
        found.append(f"template.yaml: CodeSmsPerDay is too low for the {code_sms(year):,.0f} SMS with codes of Greece's busiest day")
    if concurrent_at_rate_limits(year) > read("limits.toml")["limits"]["Lambda: concurrent executions"] / 2:
        found.append(f"template.yaml: the rate limits permit {concurrent_at_rate_limits(year):.0f} concurrent executions, more than half of the account's limit")
    if sender_rate(year) < year.busiest(year.amounts["pairs"]) * RESERVE:
        found.append(f"template.yaml: deliver_code can send {sender_rate(year):.1f} messages a second, too few for Greece's busiest second")
    return found


def figure(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:,.1f}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return lines + ["| " + " | ".join(row) + " |" for row in rows]


def tables(years, limits):
    """Returns the tables of docs/usage.md by the names in their markers."""
    prices, scales, first = limits["prices"], [f"Greece x {scale}" for scale in SCALES], years[0]
    sums = [costs(year, prices) for year in years]
    rows = [[kind, *(f"{one[kind]:,.0f}" for one in sums)] for kind in sums[0]]
    rows.append(["**all**", *(f"**{sum(one.values()):,.0f}**" for one in sums)])
    found = {"a year": table(["US dollars", *scales], rows)}

    rows = []
    ours = {"Outbox: messages per second for one shard": sender_rate(first), "Outbox: messages per minute whose 24 hours end": SWEEP_MESSAGES}
    for loads_of_all in zip(*(loads(year) for year in years), strict=True):
        name, advice = loads_of_all[0][0], loads_of_all[0][2]
        limit = ours.get(name) or limits["limits"][name]
        values = [value for _, value, _ in loads_of_all]
        formatted = [f"**{figure(value)}**" if value > limit else figure(value) for value in values]
        rows.append([name, figure(limit), *formatted, advice if max(values) > limit / 2 else ""])
    found["the busiest second"] = table(["", "limit", *scales, "what to do from half of the limit on"], rows)

    rows = [
        [f"`{path}`", str(rate), *(figure(year.busiest(year.calls_of(THROTTLED[path]))) for year in years)]
        for path, rate in first.template.throttles.items()
    ]
    found["throttles"] = table(["path", "limit of all callers together", *scales], rows)

    rows = [
        [f"`{path}`", figure(own), f"{hosts:,}", "-" if before is None else f"{before:.0%}", f"{without:.0%}", f"{invented:.0%}"]
        for path, hosts, own, before, without, invented in floods(first)
    ]
    found["a flood"] = table(["path", "other callers, a second", "hosts", "before", "now: requests without a session", "now: with an invented session"], rows)
    return found


def print_all(years, limits, found):
    first = years[0]
    for name, lines in found.items():
        print(f"\n{name[0].upper()}{name[1:]}\n")
        print("\n".join(lines))

    print("\nThe longest time that a message waits for the sender (`deliver_code`) on the busiest day of Greece\n")
    for parallel in sorted({1, first.template.parallel}):
        print(f"- with `ParallelizationFactor: {parallel}`: {figure(longest_wait(first, parallel))} s")
    print(
        f"\nThe firewall permits an IP address {first.template.parameters['IssuingPerAddress']} calls in five minutes to each of "
        "`request_upload`, `check_photos`, `locate_face` and `issue_code`. "
        f"The largest studio makes {figure(studio_calls(first))} calls in that time to the operation that it calls most."
    )
    print(f"The busiest day has {figure(code_sms(first))} SMS with codes. The limit is {first.template.parameters['CodeSmsPerDay']:,}.")
    print(f"If the gateway's rate limits were used up, there would be {figure(concurrent_at_rate_limits(first))} concurrent executions.")

    rows = []
    for operation in sorted(first.requests):
        one, parts = first.requests[operation], cost_per_million(first, operation, limits["prices"])
        name = f"{operation} (estimated: run `make usage`)" if one.get("is_estimated") else operation
        rows.append([name, f"{one['read_units']:g}", f"{one['write_units']:g}", *(f"{parts[kind]:,.2f}" for kind in KINDS)])
    print("\nA million calls of each operation, in US dollars\n")
    print("\n".join(table(["operation", "read units", "write units", *KINDS], rows)))


def table_pattern(name):
    """Returns a pattern that matches the table with this name in docs/usage.md."""
    return re.compile(rf"(?<=<!-- simulate: {re.escape(name)} -->\n\n)(?:\|.*\n)*")


def numbers(lines):
    return [float(text.replace(",", "")) for line in lines for text in re.findall(r"\d[\d,]*(?:\.\d+)?", line)]


def stale(page, found):
    """Yields a problem for each table of the page whose figures are off by more than 5%."""
    for name, lines in found.items():
        written = table_pattern(name).search(page)
        before, now = numbers(written[0].splitlines() if written else []), numbers(lines)
        is_near = len(before) == len(now) and all(abs(one - other) <= max(0.05 * abs(other), 0.5) for one, other in zip(before, now, strict=True))
        if not is_near:
            yield f"docs/usage.md: the table \"{name}\" is out of date. Run `make simulate`"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="print problems only, and write nothing")
    arguments = parser.parse_args()
    country, limits = read("country.toml"), read("limits.toml")
    operations = tomllib.loads((ROOT / "infra" / "operations.toml").read_text(encoding="utf-8"))
    missing = [f"missing in infra/operations.toml: {name}" for name in functions() if name not in operations]
    missing += [f"missing in infra/operations.toml: usage of {name}" for name, facts in operations.items() if "usage" not in facts]
    if missing:
        sys.exit("\n".join(missing))
    usage = Usage(operations)
    rounds = {name: facts["rounds"] for name, facts in operations.items() if "rounds" in facts}
    template, requests = Template(), requests_of(country, operations, usage)
    years = [Year(country, usage, requests, rounds, template, scale) for scale in SCALES]
    found = problems(years[0])
    if not found:
        page = ROOT / "docs" / "usage.md"
        text, made = page.read_text(encoding="utf-8"), tables(years, limits)
        if arguments.check:
            found += stale(text, made)
        else:
            print_all(years, limits, made)
            for name, lines in made.items():
                text = table_pattern(name).sub(lambda _, lines=lines: "\n".join(lines) + "\n", text)
            page.write_text(text, encoding="utf-8")
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
