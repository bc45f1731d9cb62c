"""Turns off one guard and one condition after the other, and looks which test notices. Called by `make mutants`; see tests/README.md.

    python3 tests/mutants/run.py [TEXT ...]     only sites whose names hold one of the texts; these with all tests that reach them
    MUTANTS_STACK=kept ...                      on the stack that an earlier run left up, and left up again
    MUTANTS_PACKAGE=pictures ...                only the sites of one package, with its own tests, on no stack

The sources are copied and rewritten (rewrite.py), built once, and deployed to a stack of their own. What each test reaches is recorded first;
a site is then tried with the tests that reach it, those that reach least first. Only what is red with the site off, and green again
with nothing off, counts. What was found stays in target/mutants/all/results.json: sites that were red are not tried again unless named."""

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
from sites import NOT_HELD  # noqa: E402

OUT = ROOT / "target" / "mutants"
SOURCE = OUT / "src"
CONTROL = OUT / "control"
REACHED = OUT / "control.reached"
PACKAGE = os.environ.get("MUTANTS_PACKAGE")
FOUND = OUT / (PACKAGE or "all")
RESULTS = FOUND / "results.json"
REACH = FOUND / "reach.json"
REPORT = FOUND / "report.md"
INSTANCE = "mutants"
# Tests of the project's files, which are other ones in the copy; and one that takes tables away.
LEFT_OUT = {"template", "events", "runbook"}
# Those that wait for the schedule, or look at all that is stored: after all others.
LAST = ("journeys::delivery::", "journeys::reminders::", "dump::", "logs::", "journeys::model::")
ONE_TEST = 150
# For one site, and longer only where it is named: many tests reach what every call goes through.
LONGEST = 90
KEPT = os.environ.get("MUTANTS_STACK") == "kept"
# Longer than READ_AGAIN in lib.rs.
READ_BY_ALL = 0.05
AT_ONCE = 4


def say(text):
    print(text, flush=True)


def environment():
    """Of the build: in a place of its own, and small, as nobody debugs these programs."""
    own = {"MUTANTS_CONTROL": CONTROL, "CARGO_TARGET_DIR": OUT / "build", "CARGO_PROFILE_DEV_DEBUG": 0, "CARGO_INCREMENTAL": 0}
    return os.environ | {name: str(value) for name, value in own.items()}


# -- building and deploying


def prepare():
    FOUND.mkdir(parents=True, exist_ok=True)
    (SOURCE / ".local").mkdir(parents=True, exist_ok=True)
    # Made by other tools, and not in git: `make mutants` has made them.
    for made in (".tools", "web/dist"):
        if not (SOURCE / made).exists():
            (SOURCE / made).symlink_to((ROOT / made).resolve())


def build_functions():
    say("- building the functions")
    cargo("build", "--workspace", "--bins")
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
    """Answers the test programs: name -> path."""
    say("- building the tests")
    tested = [path for path in SOURCE.glob("functions/*/*.rs") if path.name != "lib.rs" and "#[cfg(test)]" in path.read_text(encoding="utf-8")]
    bins = [argument for path in sorted(tested) for argument in ("--bin", path.stem)]
    chosen = ["--package", PACKAGE, "--lib"] if PACKAGE else ["--workspace", "--exclude", "sandbox", "--lib", *bins]
    programs = {}
    for line in cargo("test", *chosen, "--test", "*", "--no-run", "--message-format=json-render-diagnostics").splitlines():
        message = json.loads(line) if line.startswith("{") else {}
        if message.get("executable") and message.get("profile", {}).get("test"):
            package = Path(message["manifest_path"]).parent
            name, own = message["target"]["name"], "test" in message["target"]["kind"]
            if package != SOURCE / "tests":
                name = f"{package.name}/{name}"
            elif name in LEFT_OUT or not own:
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
        sys.exit(f"error: the stack did not go {verb}")


def fresh():
    """A stack without what earlier runs left: some tests look at all that is stored."""
    if (SOURCE / ".local" / INSTANCE).exists():
        stack("down")
        shutil.rmtree(SOURCE / ".local" / INSTANCE)
    stack("up")


def stack_environment():
    if PACKAGE:
        return {}
    lines = (SOURCE / ".local" / INSTANCE / "env").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


# -- running tests


def control(phase="", site=""):
    """What functions and tests read at every check."""
    new = CONTROL.with_suffix(".new")
    new.write_text(f"{phase}\n{site}\n", encoding="utf-8")
    new.replace(CONTROL)
    time.sleep(READ_BY_ALL)


class Tests:
    """Every test by `program::name`; those beside the code by their program alone, as it takes no time to run all of one."""

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

    def call(self, program, arguments, limit):
        command = [program["path"], *arguments]
        with subprocess.Popen(
            command, cwd=program["folder"], env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        ) as process:
            try:
                said, _ = process.communicate(timeout=limit)
                return process.returncode, said
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                return None, "no end\n" + (process.communicate()[0] or "")

    def run(self, names):
        """The red ones of these tests of one program: name -> first line of the panic."""
        program, _, _ = names[0].partition("::")
        arguments = [f"--test-threads={AT_ONCE}"]
        if self.programs[program]["each"]:
            arguments += ["--exact", *(name.partition("::")[2] for name in names)]
        code, said = self.call(self.programs[program], arguments, ONE_TEST + 20 * len(names))
        if code == 0:
            return {}
        red = {}
        for test in re.findall(r"^test (\S+) \.\.\. FAILED$", said, re.MULTILINE):
            panic = re.search(rf"^thread '{re.escape(test)}'[^\n]*panicked at ([^\n]*)\n(.*?)(?:\nnote:|\nstack backtrace|\n\n|\Z)", said, re.MULTILINE | re.DOTALL)
            red[f"{program}::{test}"] = " ".join(f"{panic[1]} {panic[2]}".split())[:300] if panic else "?"
        return red or {names[0]: f"ended with {code}: {said.strip().splitlines()[-1][:200] if said.strip() else ''}"}


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).digest()


def last(name):
    return name.startswith(LAST)


# -- what each test reaches


def record(tests):
    """For each test the sites that it reaches, and for each condition its terms. A test that is red with nothing off is of no use."""
    known = json.loads(REACH.read_text(encoding="utf-8")) if REACH.exists() else {}
    shutil.rmtree(REACHED, ignore_errors=True)
    REACHED.mkdir(parents=True)
    reach = {}
    deployed = hashlib.sha256(b"".join(digest(path) for path in sorted((SOURCE / "target" / "lambda").glob("*/bootstrap")))).hexdigest()
    stamps = {name: f"{digest(program['path']).hex()} {deployed}" for name, program in tests.programs.items()}
    # Those that mostly wait do so together: each of them is taken to reach what all of its part do.
    groups = [[name] for name in sorted(tests.names) if not last(name)]
    groups += [[name for name in tests.names if name.startswith(part)] for part in LAST]
    for number, names in enumerate(filter(None, groups)):
        # Of unchanged programs it is known already.
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
            said = red.get(name) or (next(iter(red.values()), None) if "::" not in name else None)
            reach[name] = {"stamp": stamp, "seconds": round(time.monotonic() - started, 1), "sites": sites, "red": said}
            if said:
                say(f"  red with nothing off: {name}: {said}")
        REACH.write_text(json.dumps({k: v for k, v in known.items() if k not in reach} | reach, indent=1), encoding="utf-8")
    REACH.write_text(json.dumps(reach, indent=1), encoding="utf-8")
    return reach


# -- one site


def attempt(tests, site, candidates):
    """The first test that is red with the site off, and what it said."""
    control("", site)
    try:
        left, started = list(candidates), time.monotonic()
        # Those that reach least are the likeliest: alone first, then by files.
        while left and (sys.argv[1:] or time.monotonic() - started < LONGEST):
            program = left[0].partition("::")[0]
            size = 1 if len(candidates) - len(left) < 2 else 12
            batch = [name for name in left if name.partition("::")[0] == program][:size]
            left = [name for name in left if name not in batch]
            control("", site)
            red = tests.run(batch)
            if not red:
                continue
            control()
            for test, said in sorted(red.items(), key=lambda item: suspicious(item[1])):
                whole = test.partition("::")[0] if not tests.programs[test.partition("::")[0]]["each"] else test
                if not tests.run([whole]):
                    return {"by": test, "said": said, "look": suspicious(said)}
                say(f"  {test} is red with nothing off, too: passed over")
        return {"unreached": not candidates, "tried": len(candidates) - len(left), "of": len(candidates)}
    finally:
        control()


def suspicious(said):
    """Whether a test may have been red for another reason than the rule."""
    return bool(re.search(r"no end|\b50[0-9]\b|internal|timed out|unavailable|Corrupt|Unavailable", said))


def report(sites, results):
    rows = []
    for name, site in sites.items():
        result = results.get(name)
        if result is None:
            end = "not tried"
        elif result.get("by"):
            end = f"red: {result['by']}: {result['said']}"
        elif name in NOT_HELD:
            end = f"not held: {NOT_HELD[name]}"
        else:
            end = "**not reached**" if result["unreached"] else f"**survived** {result['tried']} of {result['of']} tests"
        text = site.text.replace("|", "\\|")
        rows.append(f"| {name} | {site.path}:{site.line} | `{text}` | {end.replace('|', chr(92) + '|')} |")
    table = "\n".join(["| site | line | what | off, it is |", "| --- | --- | --- | --- |", *rows])
    REPORT.write_text(table + "\n", encoding="utf-8")


def main():
    sites = rewrite.copy(ROOT, SOURCE)
    if PACKAGE:
        sites = {name: site for name, site in sites.items() if name.startswith(f"shared/{PACKAGE}/")}
    if not sites:
        sys.exit(f"error: no site in shared/{PACKAGE}")
    say(f"{len(sites)} sites")
    prepare()
    control()
    if not PACKAGE:
        build_functions()
    programs = build_tests()
    if not PACKAGE and (not KEPT or not (SOURCE / ".local" / INSTANCE / "env").exists()):
        fresh()
    try:
        return try_all(sites, programs)
    finally:
        control()
        if not PACKAGE and not KEPT:
            stack("down")


def try_all(sites, programs):
    wanted = sys.argv[1:]
    tests = Tests(programs)
    say(f"- recording what {len(tests.names)} tests and programs of unit tests reach")
    reach = record(tests)
    terms = {}
    for one in reach.values():
        for name, said in one["sites"].items():
            terms.setdefault(name, said)
    # Terms of conditions, as they were met.
    for name, said in terms.items():
        base = name.rpartition("/")[0]
        if name not in sites and base in sites:
            sites[name] = rewrite.Site(name, sites[base].path, sites[base].line, said)
    sites = dict(sorted(sites.items()))
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    results = {name: result for name, result in results.items() if name in sites}
    chosen = [name for name in sites if (any(text in name for text in wanted) if wanted else not results.get(name, {}).get("by"))]
    say(f"- {len(sites)} sites with the terms of conditions; trying {len(chosen)}")
    for number, name in enumerate(chosen, 1):
        # A term is asked wherever the whole condition is.
        candidates = [test for test, one in reach.items() if name in one["sites"] and not one["red"]]
        reaches = {test: len(reach[test]["sites"]) for test in candidates}
        unit = lambda test: "::" not in test  # noqa: E731
        candidates.sort(key=lambda test: (not unit(test), last(test), reaches[test] * (1 + reach[test]["seconds"])))
        started = time.monotonic()
        results[name] = result = attempt(tests, name, candidates)
        RESULTS.write_text(json.dumps(results, indent=1), encoding="utf-8")
        if result.get("by"):
            end = f"red by {result['by']}{' (look)' if result['look'] else ''}"
        else:
            end = f"SURVIVED {result['tried']} of {result['of']} tests" if candidates else "NOT REACHED"
        say(f"  {number}/{len(chosen)} {name}: {end} ({time.monotonic() - started:.0f} s)")
    report(sites, results)
    red = [name for name, result in results.items() if result.get("by")]
    alive = [name for name in sites if name in results and name not in red]
    unknown = [name for name in alive if name not in NOT_HELD]
    not_held = [name for name in NOT_HELD if not PACKAGE or name.startswith(f"shared/{PACKAGE}/")]
    gone = [name for name in not_held if name not in sites]
    say(f"{len(sites)} sites; red without: {len(red)}; not held, with a reason in sites.py: {len(alive) - len(unknown)}; survived: {len(unknown)}")
    for name in unknown:
        say(f"  {name}: {sites[name].path}:{sites[name].line}: {sites[name].text}")
    for name in [*gone, *(name for name in not_held if name in red)]:
        say(f"  held after all, or not there any more: {name}")
    say(f"all of it: {REPORT.relative_to(ROOT)}")
    return 1 if unknown or gone else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except rewrite.Failure as failure:
        sys.exit(f"error: {failure}")
