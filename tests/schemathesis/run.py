"""Sends requests that Schemathesis generates from infra/openapi.yaml to the deployed stack, as several callers. Checks that no response is
a server error and that each response conforms to this file in status, content type, headers and body. Runs with the Python of
.tools/schemathesis and the stack's settings:

    python run.py PROGRAM_FOR_CALLERS [CALLER ...]

The environment variable EXAMPLES (default 100) is the maximum number of random requests that a caller sends to an operation, in addition
to the requests that cover the operation's schema. SEED (default 1) determines which requests are generated. For each caller and operation,
the response statuses are printed, which shows if the caller got only error responses.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HERE = Path(__file__).resolve().parent
DOCUMENT = HERE.parents[1] / "infra" / "openapi.yaml"
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
]
# Callers who nearly always get the same error response, or the same responses as another caller. Each makes only a fifth as many requests
# as any other caller.
FEWER = ["nobody", "guardian"]
PEOPLE = ["session", "citizen", "photographer"]
# Operations that end a session or an association, or change the role. They run with separate callers, because afterwards all other operations would
# be rejected.
ENDING = {
    "leaving_citizen": ["choose_role", "dissociate", "erase_my_data"],
    "leaving_photographer": ["choose_role", "sign_out"],
    "refusing_citizen": ["give_consent"],
}
# The other callers, with the tags of the operations that each of them calls. They do not call the operations of ENDING, except `nobody`, who has no session to
# end.
CALLING = {
    "nobody": [*PEOPLE, "application"],
    "citizen": ["session", "citizen"],
    "guardian": ["citizen"],
    "photographer": ["session", "photographer"],
    "application": ["application"],
}


def config(folder, parameters):
    """Writes a configuration that sets path parameters to identifiers that exist, because generated identifiers are all rejected in the same way.
    Only the caller `nobody` uses generated identifiers."""
    path = folder / "schemathesis.toml"
    lines = [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in parameters.items()]
    path.write_text("\n".join(["[parameters]", *lines, ""]), encoding="utf-8")
    return path


def run(name, caller, folder):
    service = urlsplit(os.environ["MYPHOTO_URL"])
    examples = int(os.environ.get("EXAMPLES", "100"))
    command = [
        str(Path(sys.executable).parent / "st"),
        *("--config-file", str(config(folder, caller.get("parameters", {})))),
        *("run", str(DOCUMENT)),
        # The host name is only in the Host header, because not every resolver knows *.localhost.
        *("--url", f"http://127.0.0.1:{service.port}", "--header", f"Host: {service.netloc}"),
        *("--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing"),
        *("--max-examples", str(max(1, examples // 5) if name in FEWER else examples), "--seed", os.environ.get("SEED", "1"), "--generation-database", "none"),
        *("--continue-on-failure", "--no-color", "--warnings", "off", "--suppress-health-check", "all", "--request-timeout", "30"),
    ]
    for operation in ENDING.get(name, []):
        command += ["--include-operation-id", operation]
    for tag in CALLING.get(name, []):
        command += ["--include-tag", tag]
    if name in CALLING and name != "nobody":
        for operation in sorted({operation for operations in ENDING.values() for operation in operations}):
            command += ["--exclude-operation-id", operation]
    if "token" in caller:
        command += ["--header", f"Authorization: Bearer {caller['token']}"]
    seen = folder / "seen.json"
    environment = os.environ | {"SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(HERE), "CALLER": json.dumps(caller), "SEEN": str(seen)}
    print(f"- {name}", flush=True)
    started = time.monotonic()
    code = subprocess.run(command, env=environment, cwd=folder, check=False).returncode
    print(f"  {name}: {'conforms' if code == 0 else 'DOES NOT CONFORM'}, {time.monotonic() - started:.0f} s", flush=True)
    counts = json.loads(seen.read_text(encoding="utf-8"))
    for operation, statuses in sorted(counts.items()):
        print(f"    {operation}: {', '.join(f'{status} x {count}' for status, count in sorted(statuses.items()))}")
    return code == 0


def main(program, *selected):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        key = Ed25519PrivateKey.generate()
        public = folder / "public.pem"
        public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        prepared = subprocess.run([program, str(public)], capture_output=True, text=True, check=False)
        if prepared.returncode != 0:
            sys.exit(f"preparing the callers failed:\n{prepared.stderr}")
        callers = json.loads(prepared.stdout)
        callers["nobody"] = {}
        callers["application"]["key"] = key.private_bytes_raw().hex()
        callers = {name: callers[name] for name in selected or [*CALLING, *ENDING]}
        results = [run(name, callers[name], folder) for name in callers]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
