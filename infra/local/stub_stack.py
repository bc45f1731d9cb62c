"""A copy of the local stack's scripts in a temporary folder, with stub programs in place of emulators, sandbox and tools. For tests with real processes."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tools
from network import any_free_port

# Stands for every program. It serves HTTP if it gets a port, and otherwise ends at once. Files in the folder `stub` control it:
# with pause/NAME it writes reached/NAME and waits, with fail/NAME it fails, and with stubborn it ignores SIGTERM.
PROGRAM = """#!{python} -S
import http.server, os, pathlib, signal, sys, time
root, name = pathlib.Path({root!r}), {name!r}
arguments = sys.argv[1:]
name = {{"certificate.py": "certificate", "proxy.py": "proxy", "account.py": "account"}}.get(os.path.basename((arguments or [""])[0]), name)
if "-version" in arguments:
    print("    java.home = " + str(root / "jdk") + '\\nopenjdk version "17.0.1"')
    sys.exit()
if (root / "stub" / "stubborn").exists():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
if (root / "stub" / "fail" / name).exists():
    sys.exit("the stub of " + name + " fails")
if (root / "stub" / "pause" / name).exists():
    (root / "stub" / "reached" / name).touch()
    time.sleep(120)
(root / "stub" / "ran" / name).touch()
listen = os.environ.get("GATEWAY_PORT") or os.environ.get("GATEWAY_LISTEN")
for option in ("--listen", "-port", "--port"):
    if option in arguments:
        listen = arguments[arguments.index(option) + 1]
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
if name == "account":
    print('{{"deployed": null, "outputs": {{}}}}')
elif listen:
    http.server.ThreadingHTTPServer(("127.0.0.1", int(listen.rpartition(":")[2])), Handler).serve_forever()
"""
# Runs a script without the installation of tools and, if the first argument is empty, without the check of the machine.
START = """
import runpy, sys
sys.path.insert(0, {scripts!r})
import emulators, tools
tools.install = tools.install_dynamodb_local = lambda *_, **__: None
for emulator in emulators.KNOWN.values():
    emulator.missing = emulator.missing if sys.argv[1] else lambda self: []
sys.argv = sys.argv[2:]
runpy.run_path({scripts!r} + "/" + sys.argv[0], run_name="__main__")
"""
PROGRAMS = {
    "emulator": ".tools/emulator/bin/python",
    "localstack": ".tools/localstack/bin/python",
    "aws": ".tools/aws/bin/python",
    "sam": ".tools/aws/bin/sam",
    "faults": ".tools/faults/bin/python",
    "sandbox": "target/debug/sandbox",
    "main_journey": "target/debug/main_journey",
    "applications": "target/lambda/applications/bootstrap",
    "java": "jdk/bin/java",
}


class StubStack:
    def __init__(self, test):
        folder = tempfile.TemporaryDirectory(prefix="stub-stack-")
        test.addCleanup(folder.cleanup)
        test.addCleanup(self.kill_all)
        self.root = Path(folder.name)
        self.folder = self.root / ".local" / "dev"
        scripts = self.root / "infra" / "local"
        scripts.mkdir(parents=True)
        for source in [*tools.HERE.glob("*.py"), *tools.HERE.glob("requirements-*.txt")]:
            shutil.copy(source, scripts)
        for folder in ("ran", "reached", "pause", "fail"):
            (self.root / "stub" / folder).mkdir(parents=True)
        for name, path in PROGRAMS.items():
            self.add_program(path, PROGRAM.format(python=sys.executable, root=str(self.root), name=name))
        # Like a version manager's script, `java` in PATH works only with the caller's home directory.
        self.add_program("programs/java", f"""#!/bin/sh\n[ "$HOME" = '{os.environ.get("HOME", "")}' ] && exec {self.root}/{PROGRAMS["java"]} "$@"\n""")
        for path in ("infra/sandbox/people.toml", "template.yaml", "infra/watch.yaml", "infra/gateway.yaml", "infra/logs.yaml", "infra/openapi.yaml", "samconfig.toml"):
            self.add_file(path)
        shutil.copy(tools.ROOT / "Cargo.toml", self.root)
        # Free ports, because the usual ones may be used by a stack of this machine.
        self.add_file(".local/dev/stack.json", json.dumps({"ports": {daemon: any_free_port() for daemon in ("emulator", "sandbox", "tls")}}))
        self.start_script = START.format(scripts=str(scripts))

    def add_file(self, path, text=""):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def add_program(self, path, text):
        self.add_file(path, text)
        (self.root / path).chmod(0o755)

    def control(self, *paths):
        for path in paths:
            (self.root / "stub" / path).touch()

    def allow(self, *paths):
        for path in paths:
            (self.root / "stub" / path).unlink()

    def start(self, *arguments, script="stack.py", checks_machine=False, **options):
        """Starts a verb of stack.py, or another script, in a session of its own, because a signal to it must not reach the tests."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") and name not in ("DYNAMODB_LOCAL", "SANDBOX_HOST")}
        environment = inherited | {"PATH": f"{self.root}/programs:{os.environ['PATH']}"} | options.pop("env", {})
        command = [sys.executable, "-B", "-c", self.start_script, "checks" if checks_machine else "", script, *arguments]
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(command, cwd=self.root, env=environment, start_new_session=True, **(output | options))

    def run(self, *arguments, **options):
        """Runs a verb of stack.py. Returns its exit status and its output."""
        process = self.start(*arguments, **options)
        output, _ = process.communicate(timeout=120)
        return process.returncode, output

    def await_file(self, path, process=None):
        until = time.monotonic() + 60
        while not (self.root / "stub" / path).exists():
            if time.monotonic() > until or (process and process.poll() is not None):
                raise AssertionError(f"{path} was not reached: {process.communicate(timeout=5)[0] if process else ''}")
            time.sleep(0.02)

    def ports(self):
        return json.loads((self.folder / "stack.json").read_text(encoding="utf-8"))["ports"]

    def processes(self):
        """Returns the processes of this folder that still run, with their command lines."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                line = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if str(self.root).encode() in line and int(folder.name) != os.getpid():
                found[int(folder.name)] = line.replace(b"\0", b" ").decode(errors="replace")[-200:]
        return found

    def kill_all(self):
        for pid in self.processes():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
