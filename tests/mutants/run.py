"""Mutation testing: turns off each guard and condition, one at a time, and checks that a test fails. Called by `make mutants`; see tests/README.md.

    python3 tests/mutants/run.py [TEXT ...]     tries only sites whose names contain one of the texts, with all tests that reach them
    MUTANTS_TESTS="issue code_limits" ...       runs only tests whose names contain one of the texts, to try a few sites in minutes
    MUTANTS_STACK=kept ...                      uses the stack that an earlier run left running, and leaves it running

The sources are copied and rewritten (rewrite.py), built once, and deployed to a separate stack. The sites that each test reaches are recorded
first. Each site is then tried with the tests that reach it, beginning with quick tests that reach few sites. A site counts as tested if a
test fails with the site off and passes with no site off. Results are stored in target/mutants/all/results.json. Sites for which a test
failed are not tried again unless they are named."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "infra" / "local")]

import rewrite  # noqa: E402
from sites import UNDETECTABLE  # noqa: E402

OUT = ROOT / "target" / "mutants"
SOURCE = OUT / "src"
CONTROL = OUT / "control"
REACHED = OUT / "control.reached"
RESULT_FOLDER = OUT / "all"
RESULTS = RESULT_FOLDER / "results.json"
REACH = RESULT_FOLDER / "reach.json"
REPORT = RESULT_FOLDER / "report.md"
INSTANCE = "mutants"
# Test programs that are not run. Some test the project's own files, which differ in the rewritten copy. Others delete tables, which later tests need.
EXCLUDED = {"template", "events", "runbook"}
# Tests that wait for a schedule or examine all stored data. They run after all others.
LAST = ("journeys::delivery::", "journeys::reminders::", "dump::", "logs::", "journeys::model::")
# Time limit of a test program in seconds, to which 20 seconds are added for each of its tests. It is longer than the five minutes for which
# a test may wait for midnight.
TEST_PROGRAM_TIMEOUT = 450
# Time limit of one site in seconds. It does not apply if sites are named on the command line. Without this limit, a site in code that every
# call runs would be tried with all tests.
SITE_TIMEOUT = 90
TESTS = os.environ.get("MUTANTS_TESTS", "").split()
KEEP_STACK = os.environ.get("MUTANTS_STACK") == "kept"
# Seconds after which every process has read a changed control file. Longer than READ_AGAIN in lib.rs.
CONTROL_DELAY = 0.05
TEST_THREADS = 4


def say(text):
    print(text, flush=True)


def environment():
    """Returns the environment variables of the build, which set a separate target folder and turn debug information off."""
    own = {"MUTANTS_CONTROL": CONTROL, "CARGO_TARGET_DIR": OUT / "build", "CARGO_PROFILE_DEV_DEBUG": 0, "CARGO_INCREMENTAL": 0}
    return os.environ | {name: str(value) for name, value in own.items()}


# -- building and deploying


def prepare():
    RESULT_FOLDER.mkdir(parents=True, exist_ok=True)
    (SOURCE / ".local").mkdir(parents=True, exist_ok=True)
    # Folders that are not in git. `make mutants` has created them in the original tree.
    for folder in (".tools", "web/dist"):
        if not (SOURCE / folder).exists():
            (SOURCE / folder).symlink_to((ROOT / folder).resolve())


def build_functions():
    say("- building the functions")
    # Builds the functions and the tests in one call of cargo. In a second call, cargo would select other features of the crates, and would
    # build the crates again.
    cargo("build", "--workspace", "--bins", "--test", "journeys")
    target = OUT / "build" / "debug"
    for manifest in sorted(SOURCE.glob("functions/*/Cargo.toml")):
        for name in re.findall(r'\[\[bin\]\]\s+name = "(\w+)"', manifest.read_text(encoding="utf-8")):
            bootstrap = SOURCE / "target" / "lambda" / name / "bootstrap"
            if not bootstrap.exists() or bootstrap.stat().st_mtime < (target / name).stat().st_mtime:
                bootstrap.parent.mkdir(parents=True, exist_ok=True)
                subprocess.run(["strip", "-o", str(bootstrap), str(target / name)], check=True)
    for name in ("sandbox", "applications", "main_journey"):
        own = SOURCE / "target" / "debug" / name
        own.parent.mkdir(parents=True, exist_ok=True)
        if not own.exists() or own.stat().st_mtime < (target / name).stat().st_mtime:
            shutil.copy2(target / name, own)


def build_tests():
    """Builds the tests and returns the test programs by name."""
    say("- building the tests")
    tested = [path for path in SOURCE.glob("functions/*/*.rs") if path.name != "lib.rs" and "#[cfg(test)]" in path.read_text(encoding="utf-8")]
    bins = [argument for path in sorted(tested) for argument in ("--bin", path.stem)]
    programs = {}
    for line in cargo("test", "--workspace", "--exclude", "sandbox", "--lib", *bins, "--test", "*", "--no-run", "--message-format=json-render-diagnostics").splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("executable") and message.get("profile", {}).get("test"):
            package = Path(message["manifest_path"]).parent
            name, own = message["target"]["name"], "test" in message["target"]["kind"]
            if package != SOURCE / "tests":
                name = f"{package.name}/{name}"
            elif name in EXCLUDED or not own:
                continue
            programs[name] = {"path": message["executable"], "folder": str(package), "each": own}
    return programs


def cargo(*arguments):
    done = subprocess.run(["cargo", *arguments], cwd=SOURCE, env=environment(), stdout=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.exit(f"error: cargo {arguments[0]} failed in {SOURCE.relative_to(ROOT)}")
    return done.stdout.decode()


def stack(verb):
    if subprocess.run([sys.executable, "infra/local/stack.py", "--instance", INSTANCE, verb], cwd=SOURCE, check=False).returncode != 0:
        sys.exit(f"error: `stack.py {verb}` failed")


def start_fresh_stack():
    """Starts an empty stack, because some tests examine all stored data."""
    if (SOURCE / ".local" / INSTANCE).exists():
        stack("down")
        shutil.rmtree(SOURCE / ".local" / INSTANCE)
    stack("up")


def stack_environment():
    lines = (SOURCE / ".local" / INSTANCE / "env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


# -- running tests


def control(phase="", site=""):
    """Writes the control file (lib.rs) that functions and tests read."""
    new = CONTROL.with_suffix(".new")
    new.write_text(f"{phase}\n{site}\n", encoding="utf-8")
    new.replace(CONTROL)
    time.sleep(CONTROL_DELAY)


class Tests:
    """All tests, named `program::name`. Programs of unit tests are treated as one test each, because they run quickly."""

    def __init__(self, programs):
        self.programs = programs
        self.variables = os.environ | stack_environment()
        self.names = []
        for name, program in sorted(programs.items()):
            if program["each"]:
                listed = self.call(program, ["--list", "--format", "terse"], 60)[1]
                self.names += [f"{name}::{line.removesuffix(': test')}" for line in listed.splitlines() if line.endswith(": test")]
            else:
                self.names.append(name)
        if TESTS:
            self.names = [name for name in self.names if any(text in name for text in TESTS)]

    def call(self, program, arguments, limit):
        command = [program["path"], *arguments]
        with subprocess.Popen(
            command, cwd=program["folder"], env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        ) as process:
            try:
                output, _ = process.communicate(timeout=limit)
                return process.returncode, output
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                return None, "timeout\n" + (process.communicate()[0] or "")

    def run(self, names):
        """Runs tests of one program and returns those that failed: name -> message of the panic."""
        program, _, _ = names[0].partition("::")
        arguments = [f"--test-threads={TEST_THREADS}"]
        if self.programs[program]["each"]:
            arguments += ["--exact", *(name.partition("::")[2] for name in names)]
        code, output = self.call(self.programs[program], arguments, TEST_PROGRAM_TIMEOUT + 20 * len(names))
        if code == 0:
            return {}
        red = {}
        for test in re.findall(r"^test (\S+) \.\.\. FAILED$", output, re.MULTILINE):
            panic = re.search(rf"^thread '{re.escape(test)}'[^\n]*panicked at ([^\n]*)\n(.*?)(?:\nnote:|\nstack backtrace|\n\n|\Z)", output, re.MULTILINE | re.DOTALL)
            red[f"{program}::{test}"] = " ".join(f"{panic[1]} {panic[2]}".split())[:300] if panic else "?"
        return red or {names[0]: f"exited with {code}: {output.strip().splitlines()[-1][:200] if output.strip() else ''}"}


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).digest()


def last(name):
    return name.startswith(LAST)


# -- the sites that each test reaches


def record(tests):
    """Returns for each test the sites that it reaches, with the condition or term of each site. A test that fails although no site is off is
    marked as red, and it is not used for any site."""
    known = json.loads(REACH.read_text(encoding="utf-8")) if REACH.exists() else {}
    shutil.rmtree(REACHED, ignore_errors=True)
    REACHED.mkdir(parents=True)
    reach = {}
    deployed = hashlib.sha256(b"".join(digest(path) for path in sorted((SOURCE / "target" / "lambda").glob("*/bootstrap")))).hexdigest()
    stamps = {name: f"{digest(program['path']).hex()} {deployed}" for name, program in tests.programs.items()}
    # Tests in LAST spend most of their time waiting. To save time, tests with the same prefix run together as a group, and each test is recorded
    # as reaching all sites that its group reaches.
    groups = [[name] for name in sorted(tests.names) if not last(name)]
    groups += [[name for name in tests.names if name.startswith(part)] for part in LAST]
    for number, names in enumerate(filter(None, groups)):
        # Reuses the results of an earlier run if the test program and the functions have not changed since.
        stamp = stamps[names[0].partition("::")[0]]
        if all(known.get(name, {}).get("stamp") == stamp for name in names):
            reach.update({name: known[name] for name in names})
            continue
        started = time.monotonic()
        control(f"{number}")
        red = tests.run(names)
        control()
        file = REACHED / str(number)
        lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
        sites = dict(sorted(line.split("\t", 1) for line in lines))
        for name in names:
            failure = red.get(name) or (next(iter(red.values()), None) if "::" not in name else None)
            reach[name] = {"stamp": stamp, "seconds": round(time.monotonic() - started, 1), "sites": sites, "red": failure}
            if failure:
                say(f"  fails with nothing off: {name}: {failure}")
        REACH.write_text(json.dumps({k: v for k, v in known.items() if k not in reach} | reach, indent=1), encoding="utf-8")
    if not TESTS:
        REACH.write_text(json.dumps(reach, indent=1), encoding="utf-8")
    return reach


# -- one site


def attempt(tests, site, candidates):
    """Returns the first test that fails if the site is off and passes if no site is off, with its message."""
    control("", site)
    try:
        remaining, started = list(candidates), time.monotonic()
        # The candidates begin with quick tests that reach few sites. The first two candidates run one by one. After them, up to 12 tests
        # of one program run together.
        while remaining and (sys.argv[1:] or time.monotonic() - started < SITE_TIMEOUT):
            program = remaining[0].partition("::")[0]
            size = 1 if len(candidates) - len(remaining) < 2 else 12
            batch = [name for name in remaining if name.partition("::")[0] == program][:size]
            remaining = [name for name in remaining if name not in batch]
            control("", site)
            red = tests.run(batch)
            if not red:
                continue
            control()
            for test, message in sorted(red.items(), key=lambda item: suspicious(item[1])):
                whole = test.partition("::")[0] if not tests.programs[test.partition("::")[0]]["each"] else test
                if not tests.run([whole]):
                    return {"by": test, "said": message, "look": suspicious(message)}
                say(f"  {test} fails with nothing off, too, and is skipped")
        return {"unreached": not candidates, "tried": len(candidates) - len(remaining), "of": len(candidates)}
    finally:
        control()


def suspicious(message):
    """Returns whether the test may have failed for another reason than the site that is off, such as a timeout."""
    return bool(re.search(r"timeout|\b50[0-9]\b|internal|timed out|unavailable|Corrupt|Unavailable", message))


def report(sites, results):
    rows = []
    for name, site in sites.items():
        result = results.get(name)
        if result is None:
            outcome = "not tried"
        elif result.get("by"):
            outcome = f"fails: {result['by']}: {result['said']}"
        elif name in UNDETECTABLE:
            outcome = f"undetectable: {UNDETECTABLE[name]}"
        else:
            outcome = "**not reached**" if result["unreached"] else f"**survived** {result['tried']} of {result['of']} tests"
        text = site.text.replace("|", "\\|")
        rows.append(f"| {name} | {site.path}:{site.line} | `{text}` | {outcome.replace('|', chr(92) + '|')} |")
    table = "\n".join(["| site | line | text | with the site off |", "| --- | --- | --- | --- |", *rows])
    REPORT.write_text(table + "\n", encoding="utf-8")


def main():
    sites = rewrite.copy(ROOT, SOURCE)
    say(f"{len(sites)} sites")
    prepare()
    control()
    build_functions()
    programs = build_tests()
    if not KEEP_STACK or not (SOURCE / ".local" / INSTANCE / "env").exists():
        start_fresh_stack()
    try:
        return try_all(sites, programs)
    finally:
        control()
        if not KEEP_STACK:
            stack("down")


def try_all(sites, programs):
    selected = sys.argv[1:]
    tests = Tests(programs)
    say(f"- recording the sites that {len(tests.names)} tests and programs of unit tests reach")
    reach = record(tests)
    terms = {}
    for one in reach.values():
        for name, text in one["sites"].items():
            terms.setdefault(name, text)
    # Each term of a condition becomes a separate site. The terms are known only from the recorded calls.
    for name, text in terms.items():
        base = name.rpartition("/")[0]
        if name not in sites and base in sites:
            sites[name] = rewrite.Site(name, sites[base].path, sites[base].line, text)
    sites = dict(sorted(sites.items()))
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results = {name: result for name, result in results.items() if name in sites}
    chosen = [name for name in sites if (any(text in name for text in selected) if selected else not results.get(name, {}).get("by"))]
    say(f"- {len(sites)} sites including the terms of conditions; trying {len(chosen)}")
    for number, name in enumerate(chosen, 1):
        # Tests that reach the site and pass if no site is off.
        candidates = [test for test, one in reach.items() if name in one["sites"] and not one["red"]]
        reaches = {test: len(reach[test]["sites"]) for test in candidates}
        unit = lambda test: "::" not in test  # noqa: E731
        candidates.sort(key=lambda test: (not unit(test), last(test), reaches[test] * (1 + reach[test]["seconds"])))
        started = time.monotonic()
        results[name] = result = attempt(tests, name, candidates)
        RESULTS.write_text(json.dumps(results, indent=1), encoding="utf-8")
        if result.get("by"):
            outcome = f"fails {result['by']}{' (check the reason)' if result['look'] else ''}"
        else:
            outcome = f"SURVIVED {result['tried']} of {result['of']} tests" if candidates else "NOT REACHED"
        say(f"  {number}/{len(chosen)} {name}: {outcome} ({time.monotonic() - started:.0f} s)")
    report(sites, results)
    detected = [name for name, result in results.items() if result.get("by")]
    survived = [name for name in sites if name in results and name not in detected]
    unexplained = [name for name in survived if name not in UNDETECTABLE]
    gone = [name for name in UNDETECTABLE if name not in sites]
    say(
        f"{len(sites)} sites; detected by a test: {len(detected)}; undetectable, with a reason in sites.py: {len(survived) - len(unexplained)}; "
        f"survived: {len(unexplained)}"
    )
    for name in unexplained:
        say(f"  {name}: {sites[name].path}:{sites[name].line}: {sites[name].text}")
    for name in [*gone, *(name for name in UNDETECTABLE if name in detected)]:
        say(f"  remove from UNDETECTABLE in sites.py, because a test detects it or it no longer exists: {name}")
    say(f"full report: {REPORT.relative_to(ROOT)}")
    return 1 if unexplained or gone else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except rewrite.Failure as failure:
        sys.exit(f"error: {failure}")
