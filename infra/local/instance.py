"""Manages one local stack, which consists of an emulator, the sandbox, their ports and data, and the deployed stack. All its files are
under .local/<name>.

For the fault tests (`up(faulty=True)`), there are two proxies. The functions reach the emulator through one, and the sandbox through the other.
"""

import hashlib
import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from urllib.parse import urlsplit

import emulators
import tools
from console import Failure, run_logged, say, step
from daemon import SECONDS_TO_STOP, Daemon, stop_all
from emulators import REGION
from interruptions import ignore_interruptions
from network import any_free_port, is_free, proxy_settings, sandbox_address, sandbox_host

DOMAIN = "myphoto.localhost"
USUAL_PORTS = {"emulator": 4566, "sandbox": 4600, "tls": 4443}
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
        # Terminates TLS in front of the emulator.
        self.tls = Daemon(self.folder, "tls")
        self.certificates = self.folder / "certificates"
        self.proxies = {of: Daemon(self.folder, f"{of}_proxy") for of in ("emulator", "sandbox")}
        self.state_file = self.folder / "stack.json"
        # The ports, and the secrets that service and sandbox share, are stored so that they are the same in every run.
        self.state = {"ports": {}}
        if self.state_file.exists():
            self.state = json.loads(self.state_file.read_text(encoding="utf-8"))

    # -- URLs

    def url(self, daemon):
        port = self.state["ports"].get(daemon)
        if daemon == "emulator":
            return self.emulator.url(port)
        return f"http://{sandbox_host() if daemon == 'sandbox' else '127.0.0.1'}:{port}"

    def origin(self):
        if self.uses_tls():
            return f"https://{DOMAIN}:{self.state['ports']['tls']}"
        # Browsers omit the port 80 in the header Origin, and the functions compare this header with the origin.
        port = urlsplit(self.url("emulator")).port or 80
        return f"http://{DOMAIN}" if port == 80 else f"http://{DOMAIN}:{port}"

    def uploads_origin(self):
        """Returns the origin at which browsers reach the emulator's bucket. If the pages use https, so does this origin, because WebKit would otherwise block
        the uploads, even to a loopback address."""
        return f"https://127.0.0.1:{self.state['ports']['tls']}" if self.uses_tls() else self.url("emulator")

    def uses_tls(self):
        return self.tls.pid() is not None

    # -- up

    def up(self, free_ports=False, faulty=False, tls=False):
        """Starts the daemons that are not running yet, and deploys the stack if it has changed.

        With `faulty`, the functions reach the emulator and the sandbox through proxies, which tests can instruct to fail. With `tls`, browsers reach the service with
        https. If the start fails or is interrupted, the daemons that it started are stopped.
        """
        if tls and faulty:
            raise Failure("--tls and --faulty exclude each other, because requests to the bucket pass either the TLS front or the proxy")
        if tls and self.emulator.name == emulators.External.name:
            raise Failure("TLS needs an emulator that stack.py starts, because the functions get the bucket's URL with https in their environment")
        self.install()
        if faulty:
            tools.install(["faults"])
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            self.start(free_ports, faulty, tls)
        except BaseException:
            ignore_interruptions()
            started = [daemon for daemon in self.daemons() if daemon.was_started_here()]
            if started:
                say(f"- stopping what this command has started: {', '.join(daemon.name for daemon in started)}")
            stop_all(started)
            raise

    def install(self):
        """Installs the emulator's tools. Fails before the installation if the machine lacks something that the emulator needs."""
        sandbox_address()
        if lacking := self.emulator.missing():
            raise Failure(self.emulator.needs(lacking))
        self.emulator.install()

    def start(self, free_ports, faulty, tls):
        self.state.setdefault("client_secret", secrets.token_hex(16))
        self.state.setdefault("registers_token", secrets.token_hex(16))
        previous = self.state.get("emulator", self.emulator.name)
        if previous != self.emulator.name:
            say(f"- stopping {previous}, the emulator of the previous run")
            emulators.KNOWN[previous](self.folder).stop()
        self.state["emulator"] = self.emulator.name
        if not self.emulator.is_running():
            # A part of the emulator may still run, such as LocalStack without DynamoDB Local, or processes of functions after a
            # crash. It is stopped first, because LocalStack would otherwise occupy the port that is to be chosen.
            self.emulator.stop()
            self.state["ports"]["emulator"] = self.choose_port("emulator", free_ports)
        if self.sandbox.pid() is None:
            self.state["ports"]["sandbox"] = self.choose_port("sandbox", free_ports)
        self.save_state()
        self.start_sandbox()
        self.start_proxies(faulty)
        self.start_tls(free_ports, tls)
        self.start_emulator()
        self.write_env(self.deploy())

    def save_state(self):
        # The file is replaced as a whole, so that an interrupted command cannot leave a part of it.
        new = self.state_file.with_suffix(".new")
        new.write_text(json.dumps(self.state, indent=2), encoding="utf-8")
        new.replace(self.state_file)

    def choose_port(self, daemon, free_ports):
        host = sandbox_address() if daemon == "sandbox" else "127.0.0.1"
        if free_ports:
            return any_free_port(host)
        preferred = self.state["ports"].get(daemon, USUAL_PORTS[daemon])
        if is_free(preferred, host):
            return preferred
        other = any_free_port(host)
        say(f"- port {preferred} is in use, so the {daemon} uses {other}")
        return other

    def start_sandbox(self):
        # A sandbox that already runs is restarted if its build or its host has changed.
        build = hashlib.sha256(read(SANDBOX) + read(SEED) + sandbox_host().encode()).hexdigest()
        if self.sandbox.pid() is not None and self.state.get("sandbox_build") != build:
            self.sandbox.stop()
        if self.sandbox.pid() is None:
            data = self.folder / "sandbox"
            data.mkdir(exist_ok=True)
            with step(f"starting the sandbox at {self.url('sandbox')}"):
                self.sandbox.start(
                    [
                        str(SANDBOX),
                        *("--listen", f"{sandbox_address()}:{self.state['ports']['sandbox']}"),
                        *(["--private-address"] if "SANDBOX_HOST" in os.environ else []),
                        *("--seed", str(SEED)),
                        *("--state", str(data)),
                        *("--client-id", CLIENT_ID),
                        *("--client-secret", self.state["client_secret"]),
                        *("--registers-token", self.state["registers_token"]),
                    ],
                    {"PATH": os.defpath, "HOME": str(data)},
                )
                self.sandbox.await_response(f"{self.url('sandbox')}/people.json")
        self.state["sandbox_build"] = build
        self.save_state()

    def start_proxies(self, faulty):
        for of, proxy in self.proxies.items():
            if not faulty:
                proxy.stop()
            elif proxy.pid() is None:
                port = self.state["ports"][proxy.name] = any_free_port()
                command = [str(tools.FAULTS / "python"), str(tools.ROOT / "tests" / "faults" / "proxy.py"), "--host", "127.0.0.1", "--port", str(port)]
                with step(f"starting the proxy at {self.url(proxy.name)}"):
                    recording = {name: os.environ[name] for name in ("MYPHOTO_RECORD",) if name in os.environ}
                    proxy.start([*command, "--upstream", self.url(of), "--no-resign"], {"PATH": os.defpath, "HOME": str(self.folder)} | recording)
                    proxy.await_response(f"{self.url(proxy.name)}/_microburst/health")

    def start_tls(self, free_ports, tls):
        """Starts the TLS front, or stops it if `tls` is false. A running TLS front is restarted if its certificate, its code or the
        emulator's port has changed."""
        if not tls:
            self.tls.stop()
            return
        server = self.certificates / "server.pem"
        run_logged(
            [str(tools.AWS / "python"), str(tools.HERE / "certificate.py"), str(self.certificates), DOMAIN, "localhost", "127.0.0.1"],
            self.folder / "logs" / "certificate.log",
        )
        upstream = urlsplit(self.url("emulator")).netloc
        build = hashlib.sha256(read(server) + read(tools.HERE / "tls_front.py") + upstream.encode()).hexdigest()
        if self.uses_tls() and self.state.get("tls_build") != build:
            self.tls.stop()
        if not self.uses_tls():
            port = self.state["ports"]["tls"] = self.choose_port("tls", free_ports)
            with step(f"starting the TLS front at https://{DOMAIN}:{port}"):
                self.tls.start(
                    [sys.executable, str(tools.HERE / "tls_front.py"), "--listen", f"127.0.0.1:{port}", "--forward", upstream, "--certificate", str(server)],
                    {"PATH": os.defpath, "HOME": str(self.folder)},
                )
                self.tls.await_connection(port)
        self.state["tls_build"] = build
        self.save_state()

    def tls_for_functions(self):
        """Returns the environment variables that make the functions call the bucket with https, and sign URLs that begin with https."""
        return {"AWS_ENDPOINT_URL_S3": self.uploads_origin(), "SSL_CERT_FILE": str(self.certificates / "ca.pem")} if self.uses_tls() else {}

    def url_for_functions(self, daemon):
        proxy = self.proxies[daemon]
        return self.url(daemon if proxy.pid() is None else proxy.name)

    def start_emulator(self):
        endpoints = {daemon: self.url_for_functions(daemon) for daemon in ("emulator", "sandbox")}
        # The emulator passes the endpoints to the functions from its own environment.
        tls = self.tls_for_functions()
        settings = [*endpoints.values(), *tls.values(), self.emulator.build()]
        if self.emulator.is_running() and self.state.get("started_with") != settings and self.emulator.name != emulators.External.name:
            self.emulator.stop()
        if self.emulator.is_running():
            return
        with step(f"starting {self.emulator.title} at {self.url('emulator')}"):
            self.emulator.start(self.state["ports"]["emulator"], endpoints, tls)
        self.state["started_with"] = settings
        self.save_state()

    # -- deploy

    def parameters(self):
        return self.external_services() | {
            "DomainName": DOMAIN,
            "PublicOrigin": self.origin(),
            "EmailSender": f"no-reply@{DOMAIN}",
            # Loopback redirect URIs are listed for apps under development and for the example in docs/mobile.md.
            "MobileRedirects": "gr.gov.myphoto:/signed-in,http://127.0.0.1/signed-in,http://[::1]/signed-in",
            "UploadsOrigin": self.uploads_origin(),
            "Production": "false",
        }

    def external_services(self):
        """Returns the template parameters that make the functions use the sandbox."""
        if self.emulator.name == emulators.External.name:
            # Only an external emulator needs SandboxUrl. The emulators that stack.py starts pass the sandbox's URL for SNS and SES to the functions as
            # environment variables.
            return {"SandboxUrl": self.url("sandbox"), "RegistersUrl": "https://registers.invalid"}
        return {"TaxisnetUrl": self.url("sandbox"), "RegistersUrl": f"{self.url('sandbox')}/registers"}

    def deploy(self):
        """Deploys the stack if any of its inputs has changed. Returns the stack's outputs."""
        parameters = [f"{name}={value}" for name, value in self.parameters().items()]
        inputs = hash_of_inputs(parameters)
        current = json.loads(self.account("state"))
        if current["deployed"] == inputs:
            say("- nothing changed since the last deployment")
            return current["outputs"]
        self.account(
            "prepare",
            stdin={
                "myphoto/taxisnet": {"client_id": CLIENT_ID, "client_secret": self.state["client_secret"]},
                "myphoto/registers": {"token": self.state["registers_token"]},
            },
        )
        for binary in built_functions():
            # The changed file makes SAM publish a new version of the function. template.yaml explains this at AutoPublishAlias.
            (binary.parent / "deployment").write_text(inputs, encoding="ascii")
        with step("deploying template.yaml with the SAM CLI"):
            run_logged(
                [str(tools.AWS / "sam"), "deploy", "--config-env", "local", "--parameter-overrides", *parameters],
                self.folder / "logs" / "deploy.log",
                cwd=tools.ROOT,
                env=self.tool_environment(),
                stdin=subprocess.DEVNULL,
            )
        with step("applying the settings that the emulator's CloudFormation drops"):
            return json.loads(self.account("finish", str(tools.ROOT), inputs))["outputs"]

    def tool_environment(self):
        """Returns the environment of tools that call the emulator. It has none of the caller's AWS settings, so that no tool can reach a real account."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
        return inherited | self.aws_settings() | proxy_settings() | {
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_ENABLE_LANGUAGE_EXTENSIONS": "1",
            "SAM_CLI_TELEMETRY": "0",
            "__SAM_CLI_APP_DIR": str(tools.TOOLS / "sam"),
        }

    def aws_settings(self):
        # The access key "test" is the emulator's root user. The emulator does not check the secret key.
        return {
            "AWS_ENDPOINT_URL": self.url("emulator"),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def account(self, *arguments, stdin=None):
        done = subprocess.run(
            [str(tools.AWS / "python"), str(tools.HERE / "account.py"), *arguments],
            env=self.tool_environment(),
            input=json.dumps(stdin),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise Failure(f"account.py {arguments[0]} failed:\n{done.stderr}")
        return done.stdout

    # -- settings for tests and tools

    def write_env(self, outputs):
        """Writes the URLs and names of the stack for tests and tools, in shell syntax."""
        values = self.aws_settings() | proxy_settings() | {
            "MYPHOTO_URL": self.origin(),
            "UPLOADS_URL": self.uploads_origin(),
            **({"MYPHOTO_CA": str(self.certificates / "ca.pem")} if self.uses_tls() else {}),
            "SANDBOX_URL": self.url("sandbox"),
            "STACK_FOLDER": str(self.folder),
            "NOT_ON": ",".join(self.emulator.not_on()),
            **{f"{of.upper()}_PROXY": self.url(proxy.name) for of, proxy in self.proxies.items() if proxy.pid() is not None},
            **{variable(name): value for name, value in outputs.items()},
        }
        self.env_file.write_text("".join(f"{name}={value}\n" for name, value in values.items()), encoding="utf-8")

    def env(self):
        pairs = (line.split("=", 1) for line in self.env_file.read_text(encoding="utf-8").splitlines())
        return dict(pairs)

    # -- down

    def daemons(self):
        return (*self.emulator.daemons(), self.sandbox, self.tls, *self.proxies.values())

    def is_up(self):
        return self.emulator.is_running() and self.sandbox.pid() is not None

    def down(self, seconds=None):
        """Stops all daemons. Each of them is killed after its own time, or after `seconds`. Stops the emulator that the stored state names, even if this object was
        created for another emulator."""
        emulator = emulators.KNOWN[self.state.get("emulator", self.emulator.name)](self.folder)
        stop_all([*emulator.daemons(), self.sandbox, self.tls, *self.proxies.values()], seconds)

    def remove(self):
        """Stops the stack and removes its data. The logs stay until the next start, so that failures can be investigated."""
        # The emulator need not save its data.
        self.down(SECONDS_TO_STOP)
        for entry in (self.folder.iterdir() if self.folder.exists() else ()):
            if entry.name == "logs":
                continue
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        self.state = {"ports": {}}


def variable(output):
    """Returns the name of the variable for an output of the stack, such as SESSIONS_TABLE for SessionsTable."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", output).upper()


def read(path):
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(f"{path.relative_to(tools.ROOT)} is missing ({error.strerror}): run `make build`") from error


def require_built(*programs):
    for program in programs:
        if not program.is_file():
            raise Failure(f"{program.relative_to(tools.ROOT)} is missing: run `make build`")


def built_functions():
    binaries = sorted(BUILT.glob("*/bootstrap"))
    if not binaries:
        raise Failure("no function is built: run `make build`")
    return binaries


def hash_of_inputs(parameters):
    """Returns a hash of all inputs of a deployment."""
    infra = tools.ROOT / "infra"
    sources = [tools.ROOT / "template.yaml", infra / "watch.yaml", infra / "gateway.yaml", infra / "logs.yaml", infra / "openapi.yaml", tools.ROOT / "samconfig.toml", *sorted(tools.HERE.glob("*.py"))]
    total = hashlib.sha256(json.dumps(parameters).encode())
    for path in [*sources, *built_functions()]:
        total.update(str(path.relative_to(tools.ROOT)).encode() + b"\0" + hashlib.sha256(read(path)).digest())
    return total.hexdigest()
