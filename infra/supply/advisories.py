"""Lists known vulnerabilities of the components in the lock files: crates from RustSec, npm packages from the registry, Python tools from PyPI.

Each database is queried over the network. If a database cannot be reached, the audit counts as failed.
"""

import subprocess
import sys
from pathlib import Path

from sbom import PYTHON_TOOLS

ROOT = Path(__file__).resolve().parents[2]

AUDITS = [
    ("crates", ".", [".tools/aws/bin/cargo-deny", "--locked", "check", "advisories"]),
    ("crates of fuzz/libfuzzer", ".", [".tools/aws/bin/cargo-deny", "--manifest-path", "fuzz/libfuzzer/Cargo.toml", "--config", "deny.toml", "--locked", "check", "advisories", "sources"]),
    ("crates of tests/load", ".", [".tools/aws/bin/cargo-deny", "--manifest-path", "tests/load/Cargo.toml", "--config", "deny.toml", "--locked", "check", "advisories", "sources"]),
    ("npm packages of web", "web", ["npm", "audit"]),
    ("npm packages of tests/browser", "tests/browser", ["npm", "audit"]),
    ("npm packages of tests/bench/peers", "tests/bench/peers", ["npm", "audit"]),
    ("npm packages of infra/docs", "infra/docs", ["npm", "audit"]),
]
# Without --strict, pip-audit skips packages that it cannot look up.
PIP_AUDIT = [".tools/upkeep/bin/pip-audit", "--strict", "--disable-pip", "--require-hashes", "--progress-spinner", "off", "--requirement"]
AUDITS += [(f"Python tools of {tools}", ".", [*PIP_AUDIT, f"infra/local/requirements-{tools}.txt"]) for tools in PYTHON_TOOLS]


def main():
    failed = []
    for name, folder, command in AUDITS:
        print(f"- {name}", flush=True)
        if subprocess.run(command, cwd=ROOT / folder, check=False).returncode != 0:
            failed.append(name)
    for name in failed:
        print(f"vulnerable, or the audit failed: {name}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
