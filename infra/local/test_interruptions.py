"""Tests of interrupted and failed commands of the local stack, with real processes (stub_stack.py). Run by `make lint`. They start no emulator."""

import json
import signal
import subprocess
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import instance
from daemon import Daemon
from network import any_free_port
from stub_stack import PROGRAMS, StubStack

# The programs of a start, in the order in which they are started: each with an emulator and options with which it is started.
PHASES = [
    ("sandbox", "ministack", []),
    ("proxy", "ministack", ["--faulty"]),
    ("certificate", "ministack", ["--tls"]),
    ("emulator", "ministack", []),
    ("java", "localstack", []),
    ("localstack", "localstack", []),
    ("account", "ministack", []),
    ("sam", "localstack", []),
]


class Interruptions(unittest.TestCase):
    def test_a_second_ctrl_c_during_the_clean_up_leaves_no_process_behind(self):
        stack = StubStack(self)
        # Each daemon ignores SIGTERM, so the clean-up is still waiting when the second signal arrives.
        stack.control("stubborn", "pause/account")
        process = stack.start("--emulator", "localstack", "up")
        stack.await_file("reached/account", process)
        process.send_signal(signal.SIGINT)
        time.sleep(1)
        self.assertIsNone(process.poll(), "the clean-up ended before the second signal")
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, output)
        self.assertEqual(stack.processes(), {})

    def test_an_interrupted_start_stops_the_daemons_that_it_started_and_no_others(self):
        stack = StubStack(self)
        self.assertEqual(stack.run("up")[0], 0)
        sandbox = Daemon(stack.folder, "sandbox").pid()
        # The changed script makes the next start stop the emulator and start it again.
        with (stack.root / "infra/local/ministack_traced.py").open("a", encoding="utf-8") as script:
            script.write("# changed\n")
        stack.control("pause/account")
        process = stack.start("up")
        stack.await_file("reached/account", process)
        process.terminate()
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 143, output)
        self.assertEqual(list(stack.processes()), [sandbox])

    def test_a_failed_write_of_the_state_leaves_the_stored_state_unchanged(self):
        stack = StubStack(self)
        stack.add_file(".local/dev/stack.json", '{"ports": {}}')
        kept = instance.Instance("dev")
        kept.state_file, kept.state = stack.folder / "stack.json", {"ports": {"emulator": 1}}
        with mock.patch.object(Path, "replace", side_effect=OSError), self.assertRaises(OSError):
            kept.save_state()
        self.assertEqual(kept.state_file.read_text(encoding="utf-8"), '{"ports": {}}')
        kept.save_state()
        self.assertEqual(json.loads(kept.state_file.read_text(encoding="utf-8")), kept.state)

    def test_localstack_that_runs_without_dynamodb_local_is_restarted_on_its_port(self):
        stack = StubStack(self)
        self.assertEqual(stack.run("--emulator", "localstack", "up", env={"DYNAMODB_LOCAL": "off"})[0], 0)
        emulator, dynamodb = Daemon(stack.folder, "emulator"), Daemon(stack.folder, "dynamodb")
        first, port = emulator.pid(), stack.ports()["emulator"]
        self.assertIsNone(dynamodb.pid())
        status, output = stack.run("--emulator", "localstack", "up")
        self.assertEqual(status, 0, output)
        self.assertNotIn("is in use", output)
        self.assertEqual(stack.ports()["emulator"], port)
        self.assertIsNotNone(dynamodb.pid())
        self.assertNotIn(emulator.pid(), (None, first))

    def test_an_interrupted_around_ends_all_processes_of_its_command(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number.name):
                stack = StubStack(self)
                # Stands for tests/on_emulator.sh: a shell that waits for a test program. The program ignores SIGTERM.
                program = stack.root / "test_program.py"
                program.write_text(
                    "import pathlib, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
                    f"pathlib.Path({str(stack.root)!r}, 'stub/reached/tests').touch(); time.sleep(120)",
                    encoding="utf-8",
                )
                process = stack.start("--instance", "test", "around", "bash", "-c", f"sleep 120 & {sys.executable} {program} & {sys.executable} {program}; true")
                stack.await_file("reached/tests", process)
                process.send_signal(number)
                output, _ = process.communicate(timeout=60)
                self.assertEqual(process.returncode, 128 + number, output)
                self.assertEqual(stack.processes(), {})

    def test_around_returns_the_status_of_its_command_and_ends_what_the_command_has_left_behind(self):
        stack = StubStack(self)
        # The command reads from its standard input. It must be empty, because the command cannot read from the terminal.
        status, output = stack.run("--instance", "test", "around", "bash", "-c", f"bash -c 'sleep 120; : {stack.root}' & cat; exit 7", stdin=subprocess.PIPE)
        self.assertEqual(status, 7, output)
        self.assertIn("the logs of stack test are in .local/test/logs", output)
        self.assertEqual(stack.processes(), {})
        self.assertEqual([entry.name for entry in (stack.root / ".local" / "test").iterdir()], ["logs"])

    def test_the_comparison_of_emulators_needs_its_programs_and_stops_both_stacks_after_a_second_ctrl_c(self):
        stack = StubStack(self)
        for program in ("main_journey", "applications"):
            path = stack.root / PROGRAMS[program]
            path.rename(path.with_suffix(".away"))
            status, output = stack.run(script="compare.py")
            self.assertEqual((status, output), (1, f"error: {PROGRAMS[program]} is missing: run `make build`\n"))
            path.with_suffix(".away").rename(path)
        # Nothing was started.
        self.assertEqual(list((stack.root / "stub" / "ran").iterdir()), [])
        stack.control("pause/main_journey")
        process = stack.start(script="compare.py")
        stack.await_file("reached/main_journey", process)
        self.assertTrue((stack.root / "stub" / "ran" / "applications").exists())
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, output)
        self.assertEqual(stack.processes(), {})

    def test_the_emulator_of_a_running_stack_is_not_accepted_as_an_external_one_and_keeps_running(self):
        stack = StubStack(self)
        self.assertEqual(stack.run("up")[0], 0)
        emulator = Daemon(stack.folder, "emulator").pid()
        # As after `set -a; . .local/dev/env`.
        endpoint = {"AWS_ENDPOINT_URL": f"http://127.0.0.1:{stack.ports()['emulator']}"}
        for name in ("dev", "other"):
            status, output = stack.run("--instance", name, "--emulator", "external", "up", env=endpoint, checks_machine=True)
            self.assertEqual(status, 1, output)
            self.assertIn("is the emulator of the running stack 'dev'", output)
        self.assertEqual(Daemon(stack.folder, "emulator").pid(), emulator)

    def test_no_process_is_left_behind_after_an_interruption_of_any_phase_of_the_start(self):
        def interrupt(phase, number):
            program, emulator, options = phase
            stack = StubStack(self)
            stack.control(f"pause/{program}")
            process = stack.start("--emulator", emulator, "up", *options)
            stack.await_file(f"reached/{program}", process)
            process.send_signal(number)
            output, _ = process.communicate(timeout=60)
            return process.returncode, stack.processes(), output

        runs = [(phase, number) for phase in PHASES for number in (signal.SIGINT, signal.SIGTERM)]
        with ThreadPoolExecutor(4) as pool:
            results = list(pool.map(lambda run: interrupt(*run), runs))
        for (phase, number), (status, processes, output) in zip(runs, results):
            with self.subTest(program=phase[0], signal=number.name):
                self.assertEqual((status, processes), (128 + number, {}), output)

    def test_a_failed_start_stops_the_daemons_that_it_started_and_no_others(self):
        def fail(phase):
            program, emulator, options = phase
            stack = StubStack(self)
            stack.control(f"fail/{program}")
            status, output = stack.run("--emulator", emulator, "up", *options)
            return status, stack.processes(), output

        with ThreadPoolExecutor(4) as pool:
            for phase, (status, processes, output) in zip(PHASES, pool.map(fail, PHASES)):
                with self.subTest(program=phase[0]):
                    self.assertEqual((status, processes), (1, {}), output)
                    self.assertIn(f"the stub of {phase[0]} fails", output)
        stack = StubStack(self)
        self.assertEqual(stack.run("up")[0], 0)
        before = stack.processes()
        stack.control("fail/sam")
        status, output = stack.run("up")
        self.assertEqual((status, stack.processes()), (1, before), output)

    def test_a_stack_of_daemons_that_ignore_sigterm_stops_within_15_seconds(self):
        def measure(emulator, *verb):
            stack = StubStack(self)
            stack.control("stubborn")
            if verb == ("down",):
                self.assertEqual(stack.run("--emulator", emulator, "up", "--faulty")[0], 0)
            began = time.monotonic()
            status, output = stack.run("--emulator", emulator, *verb)
            return status, stack.processes(), output, time.monotonic() - began

        with ThreadPoolExecutor(2) as pool:
            # `make test` on ministack need not save data.
            runs = [pool.submit(measure, "localstack", "down"), pool.submit(measure, "ministack", "around", "--faulty", "true")]
        for run in runs:
            status, processes, output, seconds = run.result()
            self.assertEqual((status, processes), (0, {}), output)
            self.assertIn("emulator did not stop within 5 s and is killed", output)
            # Includes the start of the stack, which takes some seconds. Daemons that were stopped one after the other would take at least 20 s.
            self.assertLess(seconds, 19)

    def test_each_daemon_has_5_seconds_to_stop_and_ministack_has_60_to_save_its_data(self):
        for name, seconds in [("localstack", 5), ("ministack", 60)]:
            stack = instance.Instance("test-of-stop", name)
            self.assertEqual([daemon.seconds_to_stop for daemon in stack.daemons()], [seconds, 5, 5, 5, 5, 5])

    def test_a_start_does_not_use_the_proxy_of_the_environment(self):
        stack = StubStack(self)
        proxy = f"http://127.0.0.1:{any_free_port()}"
        status, output = stack.run("up", env={"http_proxy": proxy, "HTTP_PROXY": proxy, "no_proxy": "", "NO_PROXY": ""})
        self.assertEqual(status, 0, output)
        self.assertIn("\nno_proxy=127.0.0.1,localhost,.localhost\n", (stack.folder / "env").read_text(encoding="utf-8"))

    def test_a_stack_can_be_stopped_with_a_wrong_setting_of_dynamodb_local(self):
        stack = StubStack(self)
        self.assertEqual(stack.run("--emulator", "localstack", "up")[0], 0)
        wrong = {"DYNAMODB_LOCAL": "no"}
        for verb in ("can-run", "up"):
            status, output = stack.run("--emulator", "localstack", verb, env=wrong, checks_machine=True)
            self.assertEqual((status, output), (1, "error: DYNAMODB_LOCAL must be on or off, and is 'no'\n"))
        self.assertEqual(stack.run("down", env=wrong)[0], 0)
        self.assertEqual(stack.processes(), {})


if __name__ == "__main__":
    unittest.main()
