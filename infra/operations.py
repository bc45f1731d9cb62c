"""Writes docs/operations.md from infra/operations.toml, infra/openapi.yaml and the manifests of the functions. Called by `make operations`.

    operations.py           writes the page
    operations.py --check   exits with 1 if the page is out of date, and names what is missing in infra/operations.toml

Runs in the environment of the AWS tools, which has a YAML parser.
"""

import sys
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "operations.md"
DATA = "infra/operations.toml"
CALLERS = {
    "session": "Session",
    "photographer": "Photographer",
    "citizen": "Citizen",
    "kep": "Clerk of a KEP",
    "application": "Application of a public body",
    "system": "System",
}
REQUIRED = ("summary", "usage", "who_may", "if_taken_over", "when_failing")
# The routes of these operations are patterns, which the table describes in words.
ROUTES = {"serve_web": "`GET` of every path outside `/v1`", "unknown_route": "every other path or method"}
INTRODUCTION = f"""\
<!-- Written by `make operations` from {DATA} and infra/openapi.yaml. Change these, not this page. -->

# Operations

Each operation is one Lambda function. Its file, its binary, its `operationId` in [infra/openapi.yaml](../infra/openapi.yaml), its sample events and its
log lines have the same name. In [template.yaml](../template.yaml) the name is in CamelCase. `{{subject}}` in a path is `self`, or
the handle of a minor that `add_minor` returned. A clerk of a KEP uses the handle of the open case instead of `self`.

"Calls" is the number of calls to AWS that one successful request makes. "Rounds" is the number of round trips to AWS that these calls take. Calls that run
concurrently take one round trip together ([benchmarks.md](benchmarks.md#round-trips)). A dash means that both numbers depend on the amount of work.
"""
TAKEN_OVER = """\
## If a function is taken over

This table says what each function could do at worst if an attacker controlled it. Points that apply to all functions are in
[security.md](security.md#a-function-that-is-taken-over).

| function | worst |
| --- | --- |
"""
WHEN_FAILING = """
## When a function fails

The alarm `FUNCTIONErrors` leads to a section below. The events that the alarm counts, and the steps for every function, are under
[general steps](operating/alarms/README.md#function-alarms). Each section adds the steps that apply only to its function.

Under **Check**, a section lists the tables, KMS keys and services that its function uses. Look at these first if `outcome` is `internal`. If there is no
**Action**, the general steps are enough.
"""


def logical_id(name):
    return "".join(word.capitalize() for word in name.split("_"))


def functions():
    """Returns the names of the functions by caller, in the order of the manifests."""
    manifests = {caller: tomllib.loads((ROOT / "functions" / caller / "Cargo.toml").read_text(encoding="utf-8")) for caller in CALLERS}
    return {caller: [binary["name"] for binary in manifest["bin"]] for caller, manifest in manifests.items()}


def routes():
    """Returns the route of each operation, such as `GET /v1/session`."""
    document = yaml.safe_load((ROOT / "infra" / "openapi.yaml").read_text(encoding="utf-8"))
    found = {
        operation["operationId"]: f"`{method.upper()} {path}`"
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if "operationId" in operation
    }
    return found | ROUTES


def problems(data, names):
    yield from (f"missing in {DATA}: {name}" for name in names if name not in data)
    yield from (f"{DATA} has {name}, which is no function" for name in data if name not in names)
    for name, facts in data.items():
        yield from (f"missing in {DATA}: {key} of {name}" for key in REQUIRED if facts.get(key) in (None, ""))
        if ("calls" in facts) != ("rounds" in facts):
            yield f"{DATA}: {name} has calls or rounds, but not both"


def page(data, by_caller):
    found, lines = routes(), [INTRODUCTION]
    for caller, names in by_caller.items():
        lines.append(f"## {CALLERS[caller]}\n\n| operation | route or trigger | what it does | calls | rounds |\n| --- | --- | --- | --- | --- |")
        for name in names:
            facts = data[name]
            trigger = found.get(name) or facts["trigger"]
            budget = [str(facts.get(key, "-")) for key in ("calls", "rounds")]
            lines.append(f"| [`{name}`](../functions/{caller}/{name}.rs) | {trigger} | {facts['summary']} | " + " | ".join(budget) + " |")
        lines.append("")
    lines.append(TAKEN_OVER + "\n".join(f"| `{name}` | {data[name]['if_taken_over']} |" for names in by_caller.values() for name in names))
    lines.append(WHEN_FAILING)
    lines.append("\n\n".join(f'<a id="{logical_id(name)}"></a>\n\n### {name}\n\n{data[name]["when_failing"]}' for names in by_caller.values() for name in names))
    return "\n".join(lines) + "\n"


def main():
    data = tomllib.loads((ROOT / DATA).read_text(encoding="utf-8"))
    by_caller = functions()
    found = list(problems(data, [name for names in by_caller.values() for name in names]))
    if not found:
        text = page(data, by_caller)
        if "--check" not in sys.argv[1:]:
            PAGE.write_text(text, encoding="utf-8")
        elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text:
            found.append("docs/operations.md is out of date: run `make operations`")
    sys.exit("\n".join(found) or None)


if __name__ == "__main__":
    main()
