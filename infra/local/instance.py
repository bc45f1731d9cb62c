"""One local stack: the emulator and the sandbox, their ports, their data, and what is deployed. All of it under .local/<name>.

For tests of faults, a proxy stands between the functions and each of the two (`up(faulty=True)`)."""

import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess

import tools
from console import Failure, run_logged, say, step
from daemon import Daemon, any_free_port, is_free

REGION = "eu-south-1"
DOMAIN = "myphoto.localhost"
USUAL_PORTS = {"emulator": 4566, "sandbox": 4600}
CLIENT_ID = "myphoto-local"
BUILT = tools.ROOT / "target" / "lambda"
SANDBOX = tools.ROOT / "target" / "debug" / "sandbox"
SEED = tools.ROOT / "infra" / "sandbox" / "people.toml"


class Instance:
    def __init__(self, name):
        self.name = name
        self.folder = tools.ROOT / ".local" / name
        self.env_file = self.folder / "env"
        self.emulator = Daemon(self.folder, "emulator")
        self.sandbox = Daemon(self.folder, "sandbox")
        self.proxies = {of: Daemon(self.folder, f"{of}_proxy") for of in ("emulator", "sandbox")}
        self.remembered = self.folder / "stack.json"
        # Ports, and the secrets between service and sandbox: they stay the same from run to run.
        self.memory = {"ports": {}}
        if self.remembered.exists():
            self.memory = json.loads(self.remembered.read_text(encoding="utf-8"))

    # -- addresses

    def url(self, daemon):
        return f"http://127.0.0.1:{self.memory['ports'][daemon]}"

    def origin(self):
        return f"http://{DOMAIN}:{self.memory['ports']['emulator']}"

    # -- up

    def up(self, free_ports=False, faulty=False):
        """`faulty`: what functions ask of AWS goes through proxies, which fail as they are told. Deployed things stay as they are."""
        if faulty:
            tools.install(["faults"])
        self.folder.mkdir(parents=True, exist_ok=True)
        self.memory.setdefault("client_secret", secrets.token_hex(16))
        self.memory.setdefault("registers_token", secrets.token_hex(16))
        for daemon in (self.emulator, self.sandbox):
            if daemon.pid() is None:
                self.memory["ports"][daemon.name] = self.choose_port(daemon.name, free_ports)
        self.remembered.write_text(json.dumps(self.memory, indent=2), encoding="utf-8")
        self.start_sandbox()
        self.start_proxies(faulty)
        self.start_emulator()
        self.write_env(self.deploy())

    def choose_port(self, daemon, free_ports):
        if free_ports:
            return any_free_port()
        wanted = self.memory["ports"].get(daemon, USUAL_PORTS[daemon])
        if is_free(wanted):
            return wanted
        other = any_free_port()
        say(f"- port {wanted} is taken: the {daemon} uses {other}")
        return other

    def start_sandbox(self):
        # The program and its seed as they are now: a running one of an older build gives way.
        build = hashlib.sha256(read(SANDBOX) + read(SEED)).hexdigest()
        if self.sandbox.pid() is not None and self.memory.get("sandbox_build") != build:
            self.sandbox.stop()
        if self.sandbox.pid() is None:
            state = self.folder / "sandbox"
            state.mkdir(exist_ok=True)
            with step(f"starting the sandbox at {self.url('sandbox')}"):
                self.sandbox.start(
                    [
                        str(SANDBOX),
                        *("--listen", f"127.0.0.1:{self.memory['ports']['sandbox']}"),
                        *("--seed", str(SEED)),
                        *("--state", str(state)),
                        *("--client-id", CLIENT_ID),
                        *("--client-secret", self.memory["client_secret"]),
                        *("--registers-token", self.memory["registers_token"]),
                    ],
                    {"PATH": os.defpath, "HOME": str(state)},
                )
                self.sandbox.await_answer(f"{self.url('sandbox')}/people.json")
        self.memory["sandbox_build"] = build
        self.remembered.write_text(json.dumps(self.memory, indent=2), encoding="utf-8")

    def start_proxies(self, faulty):
        for of, proxy in self.proxies.items():
            if not faulty:
                proxy.stop()
            elif proxy.pid() is None:
                port = self.memory["ports"][proxy.name] = any_free_port()
                command = [str(tools.FAULTS / "python"), str(tools.ROOT / "tests" / "faults" / "proxy.py"), "--host", "127.0.0.1", "--port", str(port)]
                with step(f"starting the proxy at {self.url(proxy.name)}"):
                    recorded = {name: os.environ[name] for name in ("MYPHOTO_RECORD",) if name in os.environ}
                    proxy.start([*command, "--upstream", self.url(of), "--no-resign"], {"PATH": os.defpath, "HOME": str(self.folder)} | recorded)
                    proxy.await_answer(f"{self.url(proxy.name)}/_microburst/health")

    def as_functions_see(self, daemon):
        proxy = self.proxies[daemon]
        return self.url(daemon if proxy.pid() is None else proxy.name)

    def start_emulator(self):
        wanted = [self.as_functions_see("emulator"), self.as_functions_see("sandbox")]
        if self.emulator.pid() is not None and self.memory.get("seen_by_functions") != wanted:
            # It hands these addresses to the functions from its own environment.
            self.emulator.stop()
        if self.emulator.pid() is not None:
            return
        data = self.folder / "emulator"
        for part in ("tmp", "s3", "state"):
            (data / part).mkdir(parents=True, exist_ok=True)
        forget_stream_positions(data / "state" / "lambda.json")
        with step(f"starting the emulator at {self.url('emulator')}"):
            # A clean environment: functions inherit all of it.
            self.emulator.start(
                [str(tools.EMULATOR / "python"), "-m", "ministack"],
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
                    "GATEWAY_PORT": str(self.memory["ports"]["emulator"]),
                    "MINISTACK_REGION": REGION,
                    "IOT_MTLS_ENABLED": "0",
                    "SFTP_ENABLED": "0",
                    "AWS_ENDPOINT_URL": wanted[0],
                    "AWS_ENDPOINT_URL_SNS": wanted[1],
                    "AWS_ENDPOINT_URL_SESV2": wanted[1],
                },
            )
            self.emulator.await_answer(f"{self.url('emulator')}/_ministack/ready")
        self.memory["seen_by_functions"] = wanted
        self.remembered.write_text(json.dumps(self.memory, indent=2), encoding="utf-8")

    # -- deploy

    def parameters(self):
        return {
            "DomainName": DOMAIN,
            "PublicOrigin": self.origin(),
            "TaxisnetUrl": self.url("sandbox"),
            "RegistersUrl": f"{self.url('sandbox')}/registers",
            "EmailSender": f"no-reply@{DOMAIN}",
            # With the machine itself, for apps under development and the example of docs/mobile.md.
            "MobileRedirects": "gr.gov.myphoto:/signed-in,http://127.0.0.1/signed-in,http://[::1]/signed-in",
            # Where the emulator's bucket is, as browsers reach it.
            "UploadsOrigin": self.url("emulator"),
            "Production": "false",
        }

    def deploy(self):
        """Deploys where anything that goes into the stack has changed; answers the stack's outputs."""
        parameters = [f"{name}={value}" for name, value in self.parameters().items()]
        wanted = hash_of_inputs(parameters)
        state = json.loads(self.account("state"))
        if state["deployed"] == wanted:
            say("- nothing changed since the last deploy")
            return state["outputs"]
        self.account(
            "prepare",
            given={
                "myphoto/taxisnet": {"client_id": CLIENT_ID, "client_secret": self.memory["client_secret"]},
                "myphoto/registers": {"token": self.memory["registers_token"]},
            },
        )
        for binary in built_functions():
            # See AutoPublishAlias in template.yaml.
            (binary.parent / "deployment").write_text(wanted, encoding="ascii")
        with step("deploying template.yaml with the SAM CLI"):
            run_logged(
                [str(tools.AWS / "sam"), "deploy", "--config-env", "local", "--parameter-overrides", *parameters],
                self.folder / "logs" / "deploy.log",
                cwd=tools.ROOT,
                env=self.tool_environment(),
                stdin=subprocess.DEVNULL,
            )
        with step("applying the settings that the emulator's CloudFormation drops"):
            return json.loads(self.account("finish", str(tools.ROOT), wanted))["outputs"]

    def tool_environment(self):
        """For tools that speak to the emulator: nothing of the caller's AWS settings, so that no real account is ever meant."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
        return kept | self.aws_settings() | {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS": "1",
            "SAM_CLI_TELEMETRY": "0",
            "__SAM_CLI_APP_DIR": str(tools.TOOLS / "sam"),
        }

    def aws_settings(self):
        # The key "test" is the emulator's root; it looks at no secret.
        return {
            "AWS_ENDPOINT_URL": self.url("emulator"),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def account(self, *arguments, given=None):
        done = subprocess.run(
            [str(tools.AWS / "python"), str(tools.HERE / "account.py"), *arguments],
            env=self.tool_environment(),
            input=json.dumps(given),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Failure(f"account.py {arguments[0]} failed:\n{done.stderr}")
        return done.stdout

    # -- what others read

    def write_env(self, outputs):
        """Names for tests and tools, in shell syntax."""
        values = self.aws_settings() | {
            "MYPHOTO_URL": self.origin(),
            "SANDBOX_URL": self.url("sandbox"),
            "STACK_FOLDER": str(self.folder),
            **{f"{of.upper()}_PROXY": self.url(proxy.name) for of, proxy in self.proxies.items() if proxy.pid() is not None},
            **{variable(name): value for name, value in outputs.items()},
        }
        self.env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")

    def env(self):
        pairs = (line.split("=", 1) for line in self.env_file.read_text(encoding="utf-8").splitlines())
        return dict(pairs)

    # -- down

    def is_up(self):
        return self.emulator.pid() is not None and self.sandbox.pid() is not None

    def down(self):
        for daemon in (self.emulator, self.sandbox, *self.proxies.values()):
            daemon.stop()

    def forget(self):
        """Its data too; the logs stay until the next start, for whoever looks into a failure."""
        self.down()
        for entry in (self.folder.iterdir() if self.folder.exists() else ()):
            if entry.name == "logs":
                continue
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        self.memory = {"ports": {}}


def variable(output):
    """The variable of an output: SessionsTable becomes SESSIONS_TABLE."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output).upper()


def read(path):
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(f"{path.relative_to(tools.ROOT)} is missing ({error.strerror}): run `make build`") from error


def built_functions():
    binaries = sorted(BUILT.glob("*/bootstrap"))
    if not binaries:
        raise Failure("no function is built: run `make build`")
    return binaries


def hash_of_inputs(parameters):
    """One value for all that goes into a deployed stack."""
    infra = tools.ROOT / "infra"
    sources = [tools.ROOT / "template.yaml", infra / "watch.yaml", infra / "openapi.yaml", tools.ROOT / "samconfig.toml", *sorted(tools.HERE.glob("*.py"))]
    total = hashlib.sha256(json.dumps(parameters).encode())
    for path in [*sources, *built_functions()]:
        total.update(str(path.relative_to(tools.ROOT)).encode() + b"\0" + hashlib.sha256(read(path)).digest())
    return total.hexdigest()


def forget_stream_positions(saved):
    """The emulator saves how far a function has read a stream, but not the stream: it would pass over as many new records after a restart."""
    if saved.exists():
        state = json.loads(saved.read_text(encoding="utf-8"))
        state["payload"].pop("dynamodb_stream_positions", None)
        saved.write_text(json.dumps(state), encoding="utf-8")
