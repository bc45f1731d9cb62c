"""Tests of the scripts that run the tests. Run by `make lint`, with Python's `unittest`. Small files replace the tests, and a stub replaces cargo."""

import os
import resource
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# A stub of cargo. It stores its arguments, prints the next output of the folder OUTPUTS and returns the status in the output's name.
# Variables that change what the scripts do.
READ_BY_SCRIPTS = {"RERUN", "NOT_ON", "OUTPUTS", "EMULATOR", "TESTS", "TLS", "BUILD", "ENGINES", "SHOTS", "FORCE_COLOR", "NODE_OPTIONS", "RUSTFLAGS"}
CARGO = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$OUTPUTS/calls"
output=$(ls "$OUTPUTS"/*.out | head -n 1)
cat "$output"
status=${output##*-}
rm "$output"
exit "${status%.out}"
"""


def program(name, *lines, passed=0, failed=0):
    """Returns what cargo prints for a test program that ends with its result."""
    result = f"test result: {'FAILED' if failed else 'ok'}. {passed} passed; {failed} failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s"
    return "\n".join([f"     Running tests/{name}.rs (target/debug/deps/{name}-01ab)", "", *lines, "", result, ""])


class Scripts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_script(self, script, *arguments, **environment):
        # `node` may be a script of a version manager that reads variables, so the caller's variables are kept, except those that the scripts read.
        inherited = {name: value for name, value in os.environ.items() if name not in READ_BY_SCRIPTS and not name.startswith("MAKE")}
        usual = {"PATH": f"{self.folder}:{os.environ['PATH']}", "TMPDIR": str(self.folder)}
        # Programs that abort on purpose must not write core files.
        def without_core():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

        return subprocess.run([script, *arguments], env=inherited | usual | environment, capture_output=True, text=True, check=False, preexec_fn=without_core)


class RustTests(Scripts):
    """tests/on_emulator.sh."""

    def run_tests(self, *outputs, suites=("races",), emulator="ministack", **environment):
        cargo = self.folder / "cargo"
        cargo.write_text(CARGO, encoding="utf-8")
        cargo.chmod(0o700)
        for number, (text, status) in enumerate(outputs):
            (self.folder / f"{number}-{status}.out").write_text(text, encoding="utf-8")
        return self.run_script(str(ROOT / "tests" / "on_emulator.sh"), emulator, *suites, OUTPUTS=str(self.folder), RERUN="5", **environment)

    def calls(self):
        calls = self.folder / "calls"
        return calls.read_text(encoding="utf-8").splitlines() if calls.exists() else []

    FAILED_ONCE = program("races", "test ok ... ok", "test quick ... FAILED", passed=1, failed=1)

    def test_a_failed_test_runs_a_second_time_alone_and_must_pass(self):
        again = program("races", "test quick ... ok", passed=1) + program("other")
        done = self.run_tests((self.FAILED_ONCE, 101), (again, 0))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(self.calls()[1].endswith("--test-threads=1 --exact quick"), self.calls())
        self.assertIn("FAILED AT FIRST, passed in the second run: quick", done.stdout)
        done = self.run_tests((self.FAILED_ONCE, 101), (self.FAILED_ONCE, 101))
        self.assertNotEqual(done.returncode, 0)

    def test_there_is_no_second_run_if_a_program_crashed(self):
        begun = "     Running tests/logs.rs (target/debug/deps/logs-01ab)\n\nrunning 2 tests\ntest first ... ok\n"
        killed = "error: test failed, to rerun pass `--test logs`\n\nCaused by:\n  process didn't exit successfully: `logs` (signal: 6, SIGABRT: process abort signal)\n"
        after_its_result = program("logs", "test first ... ok", passed=1) + killed
        several_results = program("doc", "test first ... ok", passed=1) + program("doc", passed=1).partition("\n")[2]
        for name, text in [
            ("the last program", self.FAILED_ONCE + begun + killed),
            ("a program before another", begun + killed + self.FAILED_ONCE),
            ("a program that exits without a result", begun + self.FAILED_ONCE),
            ("a program that crashed after its result", self.FAILED_ONCE + after_its_result),
            ("doc tests with two results", begun + several_results + self.FAILED_ONCE),
        ]:
            with self.subTest(name):
                (self.folder / "calls").unlink(missing_ok=True)
                done = self.run_tests((text, 101))
                self.assertEqual((done.returncode, len(self.calls())), (1, 1), done.stdout)
                self.assertIn("a test program crashed", done.stderr)

    def test_there_is_no_second_run_if_the_output_does_not_name_every_failed_test(self):
        text = program("races", "test quick ... FAILED", "test slow ... output of another process", "FAILED", failed=2)
        done = self.run_tests((text, 101))
        self.assertEqual((done.returncode, len(self.calls())), (1, 1))
        self.assertIn("2 tests failed, but the output names 1", done.stderr)

    def test_a_second_run_without_the_failed_tests_is_a_failure(self):
        done = self.run_tests((self.FAILED_ONCE, 101), (program("races"), 0))
        self.assertEqual(done.returncode, 1)
        self.assertIn("only 0 of 1 tests ran a second time: quick", done.stderr)

    def test_more_failures_than_rerun_allows_are_a_failure(self):
        text = program("races", *(f"test t{number} ... FAILED" for number in range(6)), failed=6)
        done = self.run_tests((text, 101))
        self.assertEqual((done.returncode, len(self.calls())), (1, 1))


    def test_the_lists_of_the_stack_select_the_tests_that_are_skipped(self):
        passed = (program("races", passed=1), 0)
        for lists, is_skipped in [({"NOT_ON": "localstack"}, False), ({"NOT_ON": "localstack,localstack-dynamodb-local"}, True), ({}, False)]:
            done = self.run_tests(passed, emulator="localstack", **lists)
            self.assertEqual(done.returncode, 0, done.stderr)
            call = self.calls()[-1]
            self.assertIn("--skip the_documented_commands_explain_and_delete_a_stuck_stack", call)
            self.assertEqual("--skip rejections::mobile::an_exchange_code_works_once" in call, is_skipped, lists)
            self.assertEqual("because DynamoDB Local returns" in done.stdout, is_skipped, lists)
        self.assertNotEqual(self.run_tests(passed, NOT_ON="unknown").returncode, 0)

    def test_a_call_without_a_suite_runs_nothing(self):
        done = self.run_tests(suites=())
        self.assertEqual((done.returncode, self.calls()), (2, []))
        self.assertIn("at least one suite", done.stderr)


class BrowserTests(Scripts):
    """tests/browser/run.sh, with test files whose first run fails."""

    def run_tests(self, **files):
        # A file with the name of a test shows that the test has run before. The script changes its folder, so it gets absolute paths.
        paths = []
        for name, source in files.items():
            path = self.folder / f"{name}.test.mjs"
            begin = f"import {{ describe, test }} from 'node:test'; import {{ existsSync, writeFileSync }} from 'node:fs'; const seen = '{self.folder}/{name}';\n"
            path.write_text(f"{begin}const first = !existsSync(seen); writeFileSync(seen, '');\n{source}", encoding="utf-8")
            paths.append(str(path))
        return self.run_script(str(ROOT / "tests" / "browser" / "run.sh"), *paths, RERUN="5")

    def test_a_failed_test_runs_a_second_time_and_must_pass(self):
        inside = "describe('pages', () => { test('a (slow) page', () => { if (first) throw new Error('slow'); }); test('other', () => {}); });"
        done = self.run_tests(pages=inside)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("FAILED AT FIRST, passed in the second run: 1 browser tests", done.stdout)
        self.assertNotEqual(self.run_tests(broken="test('never', () => { throw new Error('always'); });").returncode, 0)

    def test_a_file_that_crashed_runs_again_as_a_whole(self):
        for name, crash in [("abort", "test('dies', () => { if (CRASH) process.abort(); });"), ("import", "if (CRASH) throw new Error('at import');")]:
            with self.subTest(name):
                source = f"test('before', () => {{}});\n{crash}\ntest('after', () => {{}});"
                done = self.run_tests(**{f"{name}_always": source.replace("CRASH", "true")})
                self.assertNotEqual(done.returncode, 0, done.stdout)
                done = self.run_tests(**{f"{name}_once": source.replace("CRASH", "first")})
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                self.assertIn("✔ after", done.stdout.partition("FAILED AT FIRST, running again")[2])

    def test_a_second_run_without_the_failed_test_is_a_failure(self):
        done = self.run_tests(renamed="test(first ? 'a name' : 'another name', () => { if (first) throw new Error('slow'); });")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("did not run a second time: a name", done.stderr)


class Targets(Scripts):
    """The Makefile. `make -n` prints the commands of a target and runs none of them."""

    def make(self, *arguments):
        return self.run_script("make", "--no-print-directory", "-C", str(ROOT), "-n", *arguments)

    def test_only_one_known_value_is_accepted(self):
        for variable, known in {"EMULATOR": "ministack localstack external", "TLS": "on off", "BUILD": "dev release"}.items():
            first = known.split()[0]
            for value in ["foo", "%", "", f"{first} ", f"foo {first}", f"{first} foo", known, f"{first[:-1]}%", f"a |{first}| b"]:
                with self.subTest(f"{variable}={value}"):
                    done = self.make("stop", f"{variable}={value}")
                    self.assertEqual(done.returncode, 2, done.stdout)
                    self.assertIn(f"{variable}={value} is unknown. Use one of: {known}", done.stderr)
            for value in known.split():
                self.assertEqual(self.make("stop", f"{variable}={value}").returncode, 0, f"{variable}={value}")
        self.assertIn("ENGINES=% is unknown", self.make("stop", "ENGINES=%").stderr)

    def test_the_plugin_is_tested_without_a_stack(self):
        done = self.make("test", "EMULATOR=localstack", "TESTS=plugin")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("infra/localstack/tests", done.stdout)
        self.assertNotIn("on_emulator.sh", done.stdout)
        self.assertIn("tests/on_emulator.sh localstack races\n", self.make("test", "EMULATOR=localstack", "TESTS=plugin races").stdout)
        self.assertIn("TESTS is empty", self.make("test", "EMULATOR=localstack", "TESTS=").stderr)


if __name__ == "__main__":
    unittest.main()
