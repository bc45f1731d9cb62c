"""Drives the deployed stack with requests that Schemathesis makes from infra/openapi.yaml, as several callers, and looks that no answer is a failure of
ours and each is as the file says: status, content type, headers, body. Runs in the environment of .tools/schemathesis, with the stack's settings:

    python run.py PROGRAM_FOR_CALLERS [CALLER ...]

EXAMPLES (100) is how many requests are made for an operation and caller at most, beside those that cover its schema; SEED (1) which. What each operation answered
is shown: where a caller meets refusals alone, nothing else was tried.
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
# They meet one refusal for nearly all, or what others have met: a fifth of the requests.
FEWER = ["nobody", "guardian"]
PEOPLE = ["session", "citizen", "photographer"]
# What ends a session or an association, or leaves its role, on its own: or all others would meet nothing but refusals.
ENDING = {
    "leaving_citizen": ["choose_role", "dissociate", "erase_my_data"],
    "leaving_photographer": ["choose_role", "sign_out"],
    "refusing_citizen": ["give_consent"],
}
# The tags of what the others call.
CALLING = {
    "nobody": [*PEOPLE, "application"],
    "citizen": ["session", "citizen"],
    "guardian": ["citizen"],
    "photographer": ["session", "photographer"],
    "application": ["application"],
}


def config(folder, parameters):
    """Where a path names something, it names what is there: made-up names are all refused alike, and `nobody` sends those."""
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
        # The name goes into the header alone: not every resolver knows *.localhost.
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
    began = time.monotonic()
    code = subprocess.run(command, env=environment, cwd=folder, check=False).returncode
    print(f"  {name}: {'as described' if code == 0 else 'NOT as described'}, {time.monotonic() - began:.0f} s", flush=True)
    counts = json.loads(seen.read_text(encoding="utf-8"))
    for operation, answers in sorted(counts.items()):
        print(f"    {operation}: {', '.join(f'{status} x {count}' for status, count in sorted(answers.items()))}")
    return code == 0


def main(program, *wanted):
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        key = Ed25519PrivateKey.generate()
        public = folder / "public.pem"
        public.write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        made = subprocess.run([program, str(public)], capture_output=True, text=True, check=False)
        if made.returncode != 0:
            sys.exit(f"no callers:\n{made.stderr}")
        callers = json.loads(made.stdout)
        callers["nobody"] = {}
        callers["application"]["key"] = key.private_bytes_raw().hex()
        callers = {name: callers[name] for name in wanted or [*CALLING, *ENDING]}
        results = [run(name, callers[name], folder) for name in callers]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main(*sys.argv[1:])
