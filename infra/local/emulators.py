"""The AWS emulators that the stack can run on. Each class defines what its emulator needs on this machine, which tools it installs, and how it is started.

The functions and the template need only the emulator's endpoint. docs/emulators.md describes what each emulator checks.
"""

import functools
import hashlib
import http.client
import json
import os
import re
import shutil
import urllib.error

import machine
import tools
from console import Failure, say
from daemon import SECONDS_TO_STOP, Daemon, stop_all
from network import DIRECT, any_free_port

REGION = "eu-south-1"
PLUGIN = tools.ROOT / "infra" / "localstack"
# Java heap of DynamoDB Local. 200 concurrent transactions exhaust a heap of 256 MB.
DYNAMODB_LOCAL_HEAP = "2g"


class Emulator:
    """An emulator that the stack starts and stops. The emulator runs as the daemon `emulator` in the folder of its stack."""

    name = None
    title = None
    # Names of the sets of pinned Python packages that the emulator needs (tools.py).
    tool_sets = ()
    # How long the emulator may take to end before it is killed.
    seconds_to_stop = SECONDS_TO_STOP

    def __init__(self, folder):
        self.folder = folder
        self.daemon = Daemon(folder, "emulator", self.seconds_to_stop)
        # The daemon of DynamoDB Local, which only LocalStack starts. It is defined here so that `stop` also stops a DynamoDB Local of an
        # earlier run.
        self.dynamodb = Daemon(folder, "dynamodb")

    def missing(self):
        """Returns the names of the programs and settings that this machine lacks."""
        return machine.missing()

    def notes(self):
        """Returns what the user should know about this machine although the emulator runs on it."""
        return []

    def needs(self, lacking):
        return f"EMULATOR={self.name} needs {', and '.join(lacking)}"

    def install(self):
        tools.install([*self.tool_sets, "aws"])

    # Files that determine how the emulator runs. If one of them changes, a running emulator must be restarted.
    sources = ()

    def build(self):
        """Returns a value that changes when a running emulator must be restarted."""
        return hashlib.sha256(b"".join([self.name.encode(), *(path.read_bytes() for path in self.sources)])).hexdigest()

    def is_running(self):
        return self.daemon.pid() is not None

    def url(self, port):
        return f"http://127.0.0.1:{port}"

    def not_on(self):
        """Returns the names of the lists in tests/not_on that name the tests which cannot pass on this emulator."""
        return [self.name]

    def start(self, port, endpoints, environment):
        """Starts the emulator on the port. `endpoints` contains the URLs at which the functions call the emulator and the sandbox.
        `environment` contains additional environment variables for the functions."""
        raise NotImplementedError

    def daemons(self):
        return (self.daemon, self.dynamodb)

    def stop(self):
        stop_all(self.daemons())


class Ministack(Emulator):
    """The default emulator. It needs no other program, persists its data, and checks permissions (AUTH=true)."""

    name = "ministack"
    title = "ministack 1.5.33"
    tool_sets = ("emulator",)
    # ministack saves its data when it ends.
    seconds_to_stop = 60
    sources = (tools.HERE / "ministack_traced.py", tools.HERE / "requirements-emulator.txt")

    def start(self, port, endpoints, environment):
        data = self.folder / "emulator"
        for part in ("tmp", "s3", "state"):
            (data / part).mkdir(parents=True, exist_ok=True)
        forget_stream_positions(data / "state" / "lambda.json")
        # The emulator starts with a minimal environment, because its functions inherit all of it.
        self.daemon.start(
            [str(tools.EMULATOR / "python"), str(tools.HERE / "ministack_traced.py")],
            {
                "PATH": f"{tools.EMULATOR}:{os.defpath}",
                "HOME": str(data),
                "TMPDIR": str(data / "tmp"),
                "S3_DATA_DIR": str(data / "s3"),
                "STATE_DIR": str(data / "state"),
                "S3_PERSIST": "1",
                "PERSIST_STATE": "1",
                "AUTH": "true",
                "BIND_HOST": "127.0.0.1",
                "GATEWAY_PORT": str(port),
                "MINISTACK_REGION": REGION,
                "IOT_MTLS_ENABLED": "0",
                "SFTP_ENABLED": "0",
                "AWS_ENDPOINT_URL": endpoints["emulator"],
                "AWS_ENDPOINT_URL_SNS": endpoints["sandbox"],
                "AWS_ENDPOINT_URL_SESV2": endpoints["sandbox"],
                **environment,
            },
        )
        self.daemon.await_response(f"{self.url(port)}/_ministack/ready")


class LocalStack(Emulator):
    """LocalStack's open core without Docker and without an account, with our plugin. It does not persist data and does not check permissions."""

    name = "localstack"
    title = "LocalStack 4.14.0"
    # LocalStack has no data to save. With 240 functions it was still running 50 s after SIGTERM.
    seconds_to_stop = SECONDS_TO_STOP
    services = (
        *("acm", "apigateway", "cloudformation", "cloudwatch", "dynamodb", "dynamodbstreams", "events", "iam", "kms", "lambda", "logs", "route53"),
        *("s3", "secretsmanager", "sns", "sqs", "ssm", "sts"),
    )

    @functools.cached_property
    def uses_dynamodb_local(self):
        """Whether DynamoDB Local provides DynamoDB. It is not determined in the constructor, because stopping a stack must not depend on settings."""
        return dynamodb_local_setting() == "on" and self.java[0] >= tools.DYNAMODB_LOCAL_JAVA

    @functools.cached_property
    def java(self):
        return machine.find_java()

    def missing(self):
        dynamodb_local_setting()
        python = [] if tools.python_3_13() else ["Python 3.13 with venv (LocalStack 4.14.0 runs on no other version)"]
        return [*super().missing(), *python]

    def notes(self):
        if dynamodb_local_setting() == "off" or self.uses_dynamodb_local:
            return []
        return [f"Java {tools.DYNAMODB_LOCAL_JAVA} or later is missing, so moto inside LocalStack provides DynamoDB instead of DynamoDB Local (docs/emulators.md)"]

    def is_running(self):
        return super().is_running() and (not self.uses_dynamodb_local or self.dynamodb.pid() is not None)

    def install(self):
        tools.install(["aws"])
        tools.install(["localstack"], python=tools.python_3_13(), sources=True)
        if self.uses_dynamodb_local:
            tools.install_dynamodb_local()

    def build(self):
        self.sources = [tools.HERE / "requirements-localstack.txt", *sorted(path for path in PLUGIN.rglob("*") if path.is_file() and path.suffix != ".pyc")]
        return f"{super().build()} {self.dynamodb_provider()}"

    def not_on(self):
        return [*super().not_on(), *(["localstack-dynamodb-local"] if self.uses_dynamodb_local else [])]

    def dynamodb_provider(self):
        return "v2" if self.uses_dynamodb_local else "moto"

    def start(self, port, endpoints, environment):
        data = self.folder / "localstack"
        # The folder is cleared, because LocalStack does not reuse its data and leaves 240 MB of code for each deployment.
        shutil.rmtree(data, ignore_errors=True)
        (data / "tmp").mkdir(parents=True)
        settings = {
            "PATH": os.defpath,
            "HOME": str(data),
            "TMPDIR": str(data / "tmp"),
            "PYTHONPATH": str(PLUGIN),
            "PYTHONDONTWRITEBYTECODE": "1",
            "GATEWAY_LISTEN": f"127.0.0.1:{port}",
            "LOCALSTACK_HOST": f"127.0.0.1:{port}",
            # Twisted, the default server, drops a cookie header of 20 KB.
            "GATEWAY_SERVER": "hypercorn",
            "SERVICES": ",".join(self.services),
            "STRICT_SERVICE_LOADING": "1",
            "PROVIDER_OVERRIDE_DYNAMODB": self.dynamodb_provider(),
            "PROVIDER_OVERRIDE_DYNAMODBSTREAMS": self.dynamodb_provider(),
            "LAMBDA_RUNTIME_EXECUTOR": "native",
            "LAMBDA_NATIVE_ENV_AWS_ENDPOINT_URL": endpoints["emulator"],
            "LAMBDA_NATIVE_ENV_AWS_ENDPOINT_URL_SNS": endpoints["sandbox"],
            "LAMBDA_NATIVE_ENV_AWS_ENDPOINT_URL_SESV2": endpoints["sandbox"],
            **{f"LAMBDA_NATIVE_ENV_{name}": value for name, value in environment.items()},
            # Checks signatures of presigned URLs, as S3 does. By default LocalStack does not.
            "S3_SKIP_SIGNATURE_VALIDATION": "0",
            # Ignores metric filters and dashboards, which LocalStack does not support.
            "CFN_IGNORE_UNSUPPORTED_RESOURCE_TYPES": "1",
            # Turns off LocalStack's handling of CORS, because the service and the bucket handle CORS themselves.
            "DISABLE_CORS_CHECKS": "1",
            "DISABLE_CORS_HEADERS": "1",
            "DISABLE_PREFLIGHT_PROCESSING": "1",
            # Prevents LocalStack from sending requests to other machines.
            "DISABLE_EVENTS": "1",
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "DNS_ADDRESS": "0",
        }
        if self.uses_dynamodb_local:
            settings["DYNAMODB_LOCAL_PORT"] = str(self.start_dynamodb_local(data))
        self.daemon.start([str(tools.LOCALSTACK), "-m", "localstack.runtime.main"], settings)
        self.daemon.await_response(f"{self.url(port)}/_localstack/health")
        say(f"  DynamoDB is {f'DynamoDB Local {tools.DYNAMODB_LOCAL_VERSION}' if self.uses_dynamodb_local else 'moto, inside LocalStack'}")

    def start_dynamodb_local(self, data):
        port, library = any_free_port(), tools.DYNAMODB_LOCAL / "DynamoDBLocal_lib"
        self.dynamodb.stop()
        self.dynamodb.start(
            [
                *(self.java[1], f"-Xmx{DYNAMODB_LOCAL_HEAP}", f"-Djava.library.path={library}", "-jar", str(tools.DYNAMODB_LOCAL / "DynamoDBLocal.jar")),
                *("-inMemory", "-port", str(port)),
            ],
            {"PATH": os.defpath, "HOME": str(data), "TMPDIR": str(data / "tmp"), "DDB_LOCAL_TELEMETRY": "0"},
        )
        # DynamoDB Local responds to an unsigned request with an error, so any status means that it has started.
        self.dynamodb.await_response(f"http://127.0.0.1:{port}/", any_status=True)
        return port


class External(Emulator):
    """An emulator at AWS_ENDPOINT_URL that the user started. The stack is deployed into it. This class never starts or stops it."""

    name = "external"

    def __init__(self, folder):
        super().__init__(folder)
        self.endpoint = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
        self.title = f"the emulator at {self.endpoint}"

    def missing(self):
        missing = super().missing()
        port = self.port()
        # Browsers and tests reach the service at http://myphoto.localhost:PORT, which is 127.0.0.1. The rule also prevents that
        # a typing error causes a deployment to a real account.
        if port is None:
            return [*missing, f"AWS_ENDPOINT_URL=http://127.0.0.1:PORT, the endpoint of an emulator on this machine, instead of {self.endpoint!r}"]
        if stack := self.stack_with_emulator_at(port):
            return [*missing, f"AWS_ENDPOINT_URL of another emulator, because {self.endpoint} is the emulator of the running stack {stack!r}"]
        return [*missing, *([] if self.is_running() else [f"an emulator that responds at {self.endpoint}"])]

    def port(self):
        """Returns the port of the endpoint, or None if the endpoint is not `http://127.0.0.1:PORT` or `http://localhost:PORT`. The port may be omitted if it is 80."""
        found = re.fullmatch(r"http://(?:127\.0\.0\.1|localhost)(?::([0-9]{1,5}))?", self.endpoint)
        port = int(found[1] or 80) if found else 0
        return port if 0 < port < 65_536 else None

    def stack_with_emulator_at(self, port):
        """Returns the name of the stack of this checkout whose emulator runs at the port, or None."""
        for state in self.folder.parent.glob("*/stack.json"):
            if json.loads(state.read_text(encoding="utf-8"))["ports"].get("emulator") == port and Daemon(state.parent, "emulator").pid() is not None:
                return state.parent.name
        return None

    def url(self, port):
        return self.endpoint

    def is_running(self):
        """Returns whether the endpoint responds, with any status."""
        if self.port() is None:
            return False
        try:
            with DIRECT.open(self.endpoint, timeout=10):
                return True
        except urllib.error.HTTPError:
            return True
        except (OSError, http.client.HTTPException):
            return False

    def start(self, port, endpoints, environment):
        raise Failure(f"no emulator responds at {self.endpoint}")


KNOWN = {emulator.name: emulator for emulator in (Ministack, LocalStack, External)}


def dynamodb_local_setting():
    setting = os.environ.get("DYNAMODB_LOCAL", "on")
    if setting not in ("on", "off"):
        raise Failure(f"DYNAMODB_LOCAL must be on or off, and is {setting!r}")
    return setting


def forget_stream_positions(saved):
    """Deletes from ministack's saved state the positions up to which functions have read streams.

    ministack saves the positions but not the streams. After a restart it would skip as many new records as functions had read before.
    """
    if saved.exists():
        state = json.loads(saved.read_text(encoding="utf-8"))
        state["payload"].pop("dynamodb_stream_positions", None)
        saved.write_text(json.dumps(state), encoding="utf-8")
