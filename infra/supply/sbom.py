"""Lists the third-party components of this project: a CycloneDX document of crates, npm packages, Python tools and built-in data, read from the lock files.

The same lock files give the same document, byte for byte. With --check the script writes nothing. Instead it checks that every npm package that is shipped to
browsers has a licence from deny.toml's list or from OTHER_LICENCES. cargo-deny checks the licences of crates.
"""

import argparse
import base64
import json
import re
import subprocess
import sys
import tomllib
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The names of the sets of Python tools.
PYTHON_TOOLS = sorted(path.stem.removeprefix("requirements-") for path in (ROOT / "infra/local").glob("requirements-*.txt"))

# What a component is used for: it is shipped with the service, or needed only to build the service, or used only by tests and tools.
SHIPS, BUILDS, TESTS = "ships", "builds", "tests"

# Licences that are permitted for components shipped to browsers, in addition to those of deny.toml, with the reason.
OTHER_LICENCES = {
    "OFL-1.1": "a font licence that permits bundling with any program",
    "CC0-1.0": "no conditions",
}

# Third-party data in the repository itself.
BUILT_IN = [
    {"name": "Noto Sans", "licence": "OFL-1.1", "path": "shared/messages/fonts"},
    {"name": "MediaPipe face detector and face landmarks (2023-05-03)", "licence": "Apache-2.0", "path": "shared/pictures/model"},
    {"name": "Amazon Trust Services root certificates", "licence": "CDLA-Permissive-2.0", "path": "shared/aws/roots"},
]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", nargs="?", type=Path, help="file to write")
    parser.add_argument("--check", action="store_true", help="check the licences of components shipped to browsers, and write nothing")
    arguments = parser.parse_args()
    if arguments.check:
        return check_licences(npm_packages())
    crates, depends = rust_crates()
    components = [*crates, *npm_packages(), *python_packages(), *map(built_in, BUILT_IN)]
    # The same npm package may be installed in several folders. The document lists it once.
    unique = {component["bom-ref"]: component for component in sorted(components, key=lambda one: (one["bom-ref"], one["scope"]), reverse=True)}
    components = [unique[reference] for reference in sorted(unique)]
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(document(components, depends), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for use in (SHIPS, BUILDS, TESTS):
        print(f"{sum(use == one['properties'][0]['value'] for one in components):5} {use}")
    print(f"{arguments.output}: {len(components)} components")
    return 0


def document(components, depends):
    cargo = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["package"]
    root = {
        "type": "application",
        "bom-ref": "myphoto",
        "name": "myphoto",
        "version": cargo["version"],
        "licenses": [{"license": {"id": cargo["license"]}}],
    }
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root},
        "components": components,
        "dependencies": depends,
    }


def component(purl, name, version, licence, use, hashes=(), kind="library"):
    result = {"type": kind, "bom-ref": purl, "name": name}
    if version:
        result["version"] = version
    # In CycloneDX, components that are not part of the product have the scope "excluded".
    result["scope"] = "required" if use == SHIPS else "excluded"
    if hashes:
        result["hashes"] = [{"alg": algorithm, "content": content} for algorithm, content in hashes]
    if licence:
        result["licenses"] = [{"expression": licence}]
    if purl.startswith("pkg:"):
        result["purl"] = purl
    result["properties"] = [{"name": "myphoto:use", "value": use}]
    return result


def built_in(entry):
    return component(entry["path"], entry["name"], None, entry["licence"], SHIPS, kind="data")


def rust_crates():
    command = ["cargo", "metadata", "--format-version", "1", "--locked", "--filter-platform", "x86_64-unknown-linux-gnu"]
    metadata = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    ours = set(metadata["workspace_members"])
    functions = [member for member in ours if Path(packages[member]["manifest_path"]).is_relative_to(ROOT / "functions")]
    ships = reached(nodes, functions, packages, follow_builds=False)
    builds = reached(nodes, functions, packages, follow_builds=True)
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text(encoding="utf-8"))
    checksums = {(package["name"], package["version"]): package.get("checksum") for package in lock["package"]}

    def purl(identity):
        return f"pkg:cargo/{packages[identity]['name']}@{packages[identity]['version']}"

    crates = []
    for identity in nodes.keys() - ours:
        package = packages[identity]
        use = SHIPS if identity in ships else BUILDS if identity in builds else TESTS
        # Older crates use a slash instead of the SPDX operator OR.
        licence = (package["license"] or "").replace("/", " OR ")
        hashes = [("SHA-256", checksums[package["name"], package["version"]])]
        crates.append(component(purl(identity), package["name"], package["version"], licence, use, hashes))
    depends = [
        {"ref": purl(identity), "dependsOn": sorted({purl(dependency) for dependency in nodes[identity]["dependencies"]})}
        for identity in sorted(nodes.keys() - ours, key=purl)
    ]
    direct = {purl(dependency) for member in ours for dependency in nodes[member]["dependencies"] if dependency not in ours}
    return crates, [{"ref": "myphoto", "dependsOn": sorted(direct)}, *depends]


def reached(nodes, begin, packages, follow_builds):
    """Returns all crates that are compiled into `begin`. With `follow_builds`, includes those that only run during the build (build scripts, macros)."""
    seen, waiting = set(), list(begin)
    while waiting:
        identity = waiting.pop()
        is_macro = any("proc-macro" in target["kind"] for target in packages[identity]["targets"])
        if identity in seen or (is_macro and not follow_builds):
            continue
        seen.add(identity)
        for dependency in nodes[identity]["deps"]:
            kinds = {kind["kind"] for kind in dependency["dep_kinds"]}
            if None in kinds or (follow_builds and "build" in kinds):
                waiting.append(dependency["pkg"])
    return seen


def npm_packages():
    for folder in ("web", "tests/browser", "tests/bench/peers", "infra/docs"):
        lock = json.loads((ROOT / folder / "package-lock.json").read_text(encoding="utf-8"))
        for place, package in lock["packages"].items():
            if not place:
                continue
            name = package.get("name") or place.rpartition("node_modules/")[2]
            use = TESTS if folder != "web" else BUILDS if package.get("dev") else SHIPS
            algorithm, _, digest = package["integrity"].partition("-")
            hashes = [(algorithm.upper().replace("SHA", "SHA-"), base64.b64decode(digest).hex())]
            purl = f"pkg:npm/{name.replace('@', '%40')}@{package['version']}"
            yield component(purl, name, package["version"], package.get("license"), use, hashes)


def python_packages():
    for tools in PYTHON_TOOLS:
        text = (ROOT / "infra/local" / f"requirements-{tools}.txt").read_text(encoding="utf-8")
        licences = python_licences(ROOT / ".tools" / tools)
        for name, version in re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE):
            use = BUILDS if tools == "aws" else TESTS
            yield component(f"pkg:pypi/{name.lower()}@{version}", name, version, licences.get(plain(name)), use)


def python_licences(environment):
    """Returns the licences of installed packages: the SPDX expression in the field License-Expression, or a known SPDX identifier in the
    older field License."""
    licences = {}
    for metadata in environment.glob("lib/python*/site-packages/*.dist-info/METADATA"):
        headers = HeaderParser().parsestr(metadata.read_text(encoding="utf-8"))
        licence = headers["License-Expression"] or headers["License"] or ""
        if headers["License-Expression"] or licence in ("MIT", "Apache-2.0", "BSD-3-Clause", "BSD-2-Clause", "ISC", "MIT OR Apache-2.0"):
            licences[plain(headers["Name"])] = licence
    return licences


def plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def check_licences(packages):
    allowed = {*tomllib.loads((ROOT / "deny.toml").read_text(encoding="utf-8"))["licenses"]["allow"], *OTHER_LICENCES}
    rejected = [
        f"{package['bom-ref']}: {package.get('licenses', 'no licence')}"
        for package in packages
        if package["scope"] == "required" and not is_allowed(package.get("licenses", [{"expression": ""}])[0]["expression"], allowed)
    ]
    print("\n".join(rejected), file=sys.stderr, end="\n" if rejected else "")
    return 1 if rejected else 0


def is_allowed(expression, allowed):
    """Returns whether the licence expression is allowed. It must be one identifier, or several joined by AND or by OR. Any other expression is not
    allowed."""
    bare = expression.removeprefix("(").removesuffix(")")
    if " AND " in bare:
        return all(licence in allowed for licence in bare.split(" AND "))
    return any(licence in allowed for licence in bare.split(" OR "))


if __name__ == "__main__":
    sys.exit(main())
