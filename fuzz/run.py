"""Runs libFuzzer on each property of fuzz/src for some time. The run of a property ends at the first input that breaks it, and this input is stored.

The build uses the stable compiler, with RUSTC_BOOTSTRAP for this build only, because AddressSanitizer needs an unstable option.
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

# Time limit in seconds and memory limit in MB for one input. An input that exceeds a limit counts as a finding.
SECONDS_PER_INPUT_MAX, MEMORY_MB_MAX = 30, 2048


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="names of targets; default: all")
    parser.add_argument("--seconds", type=int, default=60, help="duration of each target's run")
    parser.add_argument("--folder", type=Path, default=ROOT / "target" / "fuzz", help="folder for the build and the findings")
    arguments = parser.parse_args()
    program = build(arguments.folder)
    known = sorted(folder.name for folder in (HERE / "corpus").iterdir())
    unknown = set(arguments.targets) - set(known)
    if unknown:
        print(f"unknown targets: {', '.join(unknown)}; the targets are {', '.join(known)}", file=sys.stderr)
        return 2
    broken = [target for target in arguments.targets or known if not fuzz(target, program, arguments.folder, arguments.seconds)]
    return 1 if broken else 0


def build(folder):
    # Fails if the lock file is outdated, because cargo-fuzz would silently update it.
    subprocess.run(["cargo", "fetch", "-q", "--locked", "--manifest-path", "fuzz/libfuzzer/Cargo.toml"], cwd=ROOT, check=True)
    command = [TOOLS / "cargo-fuzz", "fuzz", "build", "--fuzz-dir", "fuzz/libfuzzer", "--target-dir", folder, "any"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "RUSTC_BOOTSTRAP": "1", "CARGO_INCREMENTAL": "0"}, check=True)
    return folder / "x86_64-unknown-linux-gnu" / "release" / "any"


def fuzz(target, program, folder, seconds):
    generated, broken = folder / "corpus" / target, folder / "broken" / target
    generated.mkdir(parents=True, exist_ok=True)
    broken.mkdir(parents=True, exist_ok=True)
    command = [
        program,
        generated,  # libFuzzer adds new inputs to the first folder
        HERE / "corpus" / target,
        f"-artifact_prefix={broken}/",
        f"-max_total_time={seconds}",
        f"-timeout={SECONDS_PER_INPUT_MAX}",
        f"-rss_limit_mb={MEMORY_MB_MAX}",
        "-print_final_stats=1",
    ]
    log = folder / f"{target}.log"
    with log.open("wb") as output:
        environment = {**os.environ, "TARGET": target}
        code = subprocess.run(command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False).returncode
    text = log.read_text(encoding="utf-8", errors="replace")
    runs = re.findall(r"number_of_executed_units: *(\d+)", text)
    covered = re.findall(r"cov: (\d+)", text)
    print(f"{target:18} {runs[-1] if runs else '?':>9} runs, {covered[-1] if covered else '?':>6} edges covered{'' if code == 0 else ', BROKEN'}", flush=True)
    if code != 0:
        written = re.findall(r"Test unit written to (\S+)", text)
        panics = re.findall(r"^(?:thread .* panicked at .*\n.*|==\d+==.*ERROR.*)", text, re.MULTILINE)
        print("\n".join(panics[:3]))
        print(f"  input: {written[-1] if written else 'not stored'}\n  full output: {log}")
        print(f"  run again: TARGET={target} {program} {written[-1] if written else 'INPUT'}")
    return code == 0


if __name__ == "__main__":
    sys.exit(main())
