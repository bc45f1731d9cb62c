"""One local stack: an emulator and the sandbox, their ports, their data, and what is deployed. All of it under .local/<name>.

For tests of faults, a proxy stands between the functions and each of the two (`up(faulty=True)`)."""

import hashlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
from urllib.parse import urlsplit

import emulators
import tools
from console import Failure, run_logged, say, step
from daemon import Daemon, any_free_port, is_free
from emulators import REGION

DOMAIN = "myphoto.localhost"
USUAL_PORTS = {"emulator": 4566, "sandbox": 4600}
CLIENT_ID = "myphoto-local"
BUILT = tools.ROOT / "target" / "lambda"
SANDBOX = tools.ROOT / "target" / "debug" / "sandbox"
SEED = tools.ROOT / "infra" / "sandbox" / "people.toml"


class Instance:
    def __init__(self, name, emulator=emulators.Ministack.name):
        self.name = name
        self.folder = tools.ROOT / ".local" / name
        self.env_file = self.folder / "env"
        self.emulator = emulators.KNOWN[emulator](self.folder)
        self.sandbox = Daemon(self.folder, "sandbox")
        self.proxies = {of: Daemon(self.folder, f"{of}_proxy") for of in ("emulator", "sandbox")}
        self.remembered = self.folder / "stack.json"
        # Ports, and the secrets between service and sandbox, stay the same from run to run.
        self.memory = {"ports": {}}
        if self.remembered.exists():
            self.memory = json.loads(self.remembered.read_text(encoding="utf-8"))

    # -- addresses

    def url(self, daemon):
        port = self.memory["ports"].get(daemon)
        if daemon == "emulator":
            return self.emulator.url(port)
        return f"http://{sandbox_host() if daemon == 'sandbox' else '127.0.0.1'}:{port}"

    def origin(self):
        return f"http://{DOMAIN}:{urlsplit(self.url('emulator')).port or 80}"

    # -- up

    def up(self, free_ports=False, faulty=False):
        """Starts what does not run and deploys what has changed. With `faulty`, the functions reach the emulator and the sandbox through
        proxies, which fail as they are told. An interrupted start ends what it has started."""
        self.install()
        if faulty:
            tools.install(["faults"])
        self.folder.mkdir(parents=True, exist_ok=True)
        running = {daemon.name: daemon.pid() for daemon in self.daemons()}
        try:
            self.start(free_ports, faulty)
        except (KeyboardInterrupt, SystemExit):
            for daemon in self.daemons():
                if daemon.pid() != running[daemon.name]:
                    daemon.stop(seconds=5)
            raise

    def install(self):
        """Installs the emulator's tools, after it has named whatever the machine lacks for them."""
        if lacking := self.emulator.missing():
            raise Failure(self.emulator.needs(lacking))
        self.emulator.install()

    def start(self, free_ports, faulty):
        self.memory.setdefault("client_secret", secrets.token_hex(16))
        self.memory.setdefault("registers_token", secrets.token_hex(16))
        previous = self.memory.get("emulator", self.emulator.name)
        if previous != self.emulator.name:
            say(f"- stopping {previous}, which ran until now")
            emulators.KNOWN[previous](self.folder).stop()
        self.memory["emulator"] = self.emulator.name
        if not self.emulator.is_running():
            self.memory["ports"]["emulator"] = self.choose_port("emulator", free_ports)
        if self.sandbox.pid() is None:
            self.memory["ports"]["sandbox"] = self.choose_port("sandbox", free_ports)
        self.remember()
        self.start_sandbox()
        self.start_proxies(faulty)
        self.start_emulator()
        self.write_env(self.deploy())

    def remember(self):
        self.remembered.write_text(json.dumps(self.memory, indent=2), encoding="utf-8")

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
        # A running one of an older build, or at another address, is replaced.
        build = hashlib.sha256(read(SANDBOX) + read(SEED) + sandbox_host().encode()).hexdigest()
        if self.sandbox.pid() is not None and self.memory.get("sandbox_build") != build:
            self.sandbox.stop()
        if self.sandbox.pid() is None:
            state = self.folder / "sandbox"
            state.mkdir(exist_ok=True)
            with step(f"starting the sandbox at {self.url('sandbox')}"):
                self.sandbox.start(
                    [
                        str(SANDBOX),
                        *("--listen", f"{socket.gethostbyname(sandbox_host())}:{self.memory['ports']['sandbox']}"),
                        *(["--private-address"] if "SANDBOX_HOST" in os.environ else []),
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
        self.remember()

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
        endpoints = {daemon: self.as_functions_see(daemon) for daemon in ("emulator", "sandbox")}
        # The emulator hands these to the functions from its own environment.
        wanted = [*endpoints.values(), self.emulator.build()]
        if self.emulator.is_running() and self.memory.get("started_with") != wanted and self.emulator.name != emulators.External.name:
            self.emulator.stop()
        if self.emulator.is_running():
            return
        # One that crashed has left the functions' processes.
        self.emulator.stop()
        with step(f"starting {self.emulator.title} at {self.url('emulator')}"):
            self.emulator.start(self.memory["ports"]["emulator"], endpoints)
        self.memory["started_with"] = wanted
        self.remember()

    # -- deploy

    def parameters(self):
        return self.outside_world() | {
            "DomainName": DOMAIN,
            "PublicOrigin": self.origin(),
            "EmailSender": f"no-reply@{DOMAIN}",
            # Loopback addresses too, for apps under development and the example of docs/mobile.md.
            "MobileRedirects": "gr.gov.myphoto:/signed-in,http://127.0.0.1/signed-in,http://[::1]/signed-in",
            # Where browsers reach the emulator's bucket.
            "UploadsOrigin": self.url("emulator"),
            "Production": "false",
        }

    def outside_world(self):
        """Returns the parameters that lead the functions to the sandbox."""
        if self.emulator.name == emulators.External.name:
            # The others give the functions the sandbox's URL for SNS and SES in their environment.
            return {"SandboxUrl": self.url("sandbox"), "RegistersUrl": "https://registers.invalid"}
        return {"TaxisnetUrl": self.url("sandbox"), "RegistersUrl": f"{self.url('sandbox')}/registers"}

    def deploy(self):
        """Deploys where anything that goes into the stack has changed. Returns the stack's outputs."""
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
        # The key "test" is the emulator's root. Its secret is not checked.
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

    def daemons(self):
        return (self.emulator.daemon, self.emulator.dynamodb, self.sandbox, *self.proxies.values())

    def is_up(self):
        return self.emulator.is_running() and self.sandbox.pid() is not None

    def down(self):
        """Ends whatever runs, whichever emulator it is."""
        emulators.KNOWN[self.memory.get("emulator", self.emulator.name)](self.folder).stop()
        for daemon in (self.sandbox, *self.proxies.values()):
            daemon.stop()

    def forget(self):
        """Ends it and removes its data. The logs stay until the next start, for whoever looks into a failure."""
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


def sandbox_host():
    """Returns the host at which the sandbox listens and is reached: SANDBOX_HOST, for an emulator that runs functions in containers."""
    return os.environ.get("SANDBOX_HOST", "127.0.0.1")
