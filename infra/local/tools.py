"""The pinned tools, each set in a virtual environment inside the checkout: .tools/aws, .tools/emulator, and others where they are asked for."""

import fcntl
import hashlib
import platform
import shutil
import sys
from pathlib import Path

from console import Failure, run_logged, say, step

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOOLS = ROOT / ".tools"
AWS = TOOLS / "aws" / "bin"
EMULATOR = TOOLS / "emulator" / "bin"
FAULTS = TOOLS / "faults" / "bin"

# What building, testing and deploying need.
USUAL = ("emulator", "aws")


def install(names=USUAL):
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Failure("the functions run as native processes: Linux on x86_64 is needed")
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w", encoding="ascii") as lock:
        # Two calls at once: the second waits, then finds it all there.
        fcntl.flock(lock, fcntl.LOCK_EX)
        for name in names:
            install_environment(name, HERE / f"requirements-{name}.txt")


def install_environment(name, requirements, python=sys.executable, sources=False):
    environment = TOOLS / name
    stamp = environment / "installed"
    version = sys.version if python == sys.executable else python
    wanted = hashlib.sha256(requirements.read_bytes() + version.encode() + str(environment).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    log = TOOLS / f"{name}.log"
    with step(f"installing the tools of {requirements.relative_to(ROOT)} into {environment.relative_to(ROOT)} (a few minutes, once)"):
        shutil.rmtree(environment, ignore_errors=True)
        run_logged([python, "-m", "venv", str(environment)], log)
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--no-compile"]
        # A source package runs its own code here, and fetches what builds it without a hash.
        kinds = [] if sources else ["--only-binary", ":all:"]
        run_logged([*pip, "--require-hashes", *kinds, "--requirement", str(requirements)], log)
        stamp.write_text(wanted, encoding="utf-8")
    say(f"  tools: {environment.relative_to(ROOT)}")
