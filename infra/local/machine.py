"""Finds the programs that the machine must provide (README), and reports those that are missing or too old. Installs nothing."""

import importlib.util
import re
import shutil
import subprocess
import sys
from pathlib import Path

import tools

NODE_MIN = (20,)
PYTHON_MIN = (3, 11)


def rust_min():
    """Returns the version of Rust that the workspace needs."""
    return parse_version(re.search(r'^rust-version = "(.*)"$', (tools.ROOT / "Cargo.toml").read_text(encoding="utf-8"), re.MULTILINE)[1])


def missing():
    """Returns the names of the programs that are missing or too old, with the version that was found."""
    return [
        *versioned("Rust", "rustc", rust_min()),
        *program("cargo", "cargo"),
        *program("a C compiler (cc)", "cc"),
        *program("binutils (strip)", "strip"),
        *versioned("Node.js", "node", NODE_MIN),
        *program("npm", "npm"),
        *([] if sys.version_info >= PYTHON_MIN else [f"Python {dotted(PYTHON_MIN)} or later (found: {dotted(sys.version_info[:2])})"]),
        # Debian has these modules in a package of their own, python3-venv.
        *([] if all(map(importlib.util.find_spec, ("venv", "ensurepip"))) else [f"Python's modules venv and ensurepip for {sys.executable}"]),
    ]


def program(title, name):
    return [] if shutil.which(name) else [title]


def versioned(title, name, least):
    # The program is run, because PATH may contain a script of a version manager for a version that is not installed.
    found = parse_version(output_of([name, "--version"], stderr=subprocess.DEVNULL))
    if found and found >= least:
        return []
    return [f"{title} {dotted(least)} or later{f' (found: {dotted(found)})' if found else ''}"]


def find_java():
    """Returns the major version of Java and the path of its program, or 0 and None if there is none.

    The path is that of Java itself, because `java` in PATH may be a script of a version manager. Such a script reads settings in the caller's home directory, and
    DynamoDB Local runs with another one.
    """
    output = output_of(["java", "-XshowSettings:properties", "-version"], stderr=subprocess.STDOUT)
    version, home = re.search(r'version "(\d+)', output), re.search(r"^\s*java\.home = (.+)$", output, re.MULTILINE)
    if not version or not home:
        return 0, None
    return int(version[1]), str(Path(home[1].strip()) / "bin" / "java")


def output_of(command, stderr):
    """Returns the output of a command, or nothing if it fails. `stderr` says where the command's errors go."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, cwd=tools.ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=stderr, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def parse_version(text):
    found = re.search(r"(\d+)\.(\d+)", text)
    return (int(found[1]), int(found[2])) if found else None


def dotted(version):
    return ".".join(map(str, version))
