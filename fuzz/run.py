"""Gives each property of fuzz/src input that libFuzzer makes up, for a while each. The first input that breaks one ends it, and is kept.

Builds on the stable compiler: RUSTC_BOOTSTRAP lets it watch memory (AddressSanitizer), for this build alone.
"""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TOOLS = ROOT / ".tools" / "aws" / "bin"

# What takes this long for one input, in seconds, or this much memory, in MB, is a finding too.
SLOW, MEMORY = 30, 2048


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="some of them; all where none is named")
    parser.add_argument("--seconds", type=int, default=60, help="for each")
    parser.add_argument("--folder", type=Path, default=ROOT / "target" / "fuzz", help="for what is built and found")
    arguments = parser.parse_args()
    program = build(arguments.folder)
    known = sorted(folder.name for folder in (HERE / "corpus").iterdir())
    unknown = set(arguments.targets) - set(known)
    if unknown:
        print(f"no such target: {', '.join(unknown)}; there are {', '.join(known)}", file=sys.stderr)
        return 2
    broken = [target for target in arguments.targets or known if not holds(target, program, arguments.folder, arguments.seconds)]
    return 1 if broken else 0


def build(folder):
    # cargo-fuzz itself would renew a lock file that no longer fits.
    subprocess.run(["cargo", "fetch", "-q", "--locked", "--manifest-path", "fuzz/libfuzzer/Cargo.toml"], cwd=ROOT, check=True)
    command = [TOOLS / "cargo-fuzz", "fuzz", "build", "--fuzz-dir", "fuzz/libfuzzer", "--target-dir", folder, "any"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "RUSTC_BOOTSTRAP": "1", "CARGO_INCREMENTAL": "0"}, check=True)
    return folder / "x86_64-unknown-linux-gnu" / "release" / "any"


def holds(target, program, folder, seconds):
    grown, broken = folder / "corpus" / target, folder / "broken" / target
    grown.mkdir(parents=True, exist_ok=True)
    broken.mkdir(parents=True, exist_ok=True)
    command = [
        program,
        grown,  # what is added goes to the first
        HERE / "corpus" / target,
        f"-artifact_prefix={broken}/",
        f"-max_total_time={seconds}",
        f"-timeout={SLOW}",
        f"-rss_limit_mb={MEMORY}",
        "-print_final_stats=1",
    ]
    log = folder / f"{target}.log"
    with log.open("wb") as output:
        environment = {**os.environ, "TARGET": target}
        code = subprocess.run(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
    text = log.read_text(encoding="utf-8", errors="replace")
    tries = re.findall(r"number_of_executed_units: *(\d+)", text)
    covered = re.findall(r"cov: (\d+)", text)
    print(f"{target:18} {tries[-1] if tries else '?':>9} tries, {covered[-1] if covered else '?':>6} places reached{'' if code == 0 else ', BROKEN'}", flush=True)
    if code != 0:
        written = re.findall(r"Test unit written to (\S+)", text)
        panics = re.findall(r"^(?:thread .* panicked at .*\n.*|==\d+==.*ERROR.*)", text, re.MULTILINE)
        print("\n".join(panics[:3]))
        print(f"  the input: {written[-1] if written else 'none was written'}\n  all it said: {log}")
        print(f"  again: TARGET={target} {program} {written[-1] if written else 'INPUT'}")
    return code == 0


if __name__ == "__main__":
    sys.exit(main())
