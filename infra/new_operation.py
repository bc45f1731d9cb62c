"""Writes the skeleton of a new operation from an existing one. Called by `make operation NAME=show_limits LIKE=list_applications`.

    new_operation.py NAME LIKE [PATH]

Choose as LIKE an operation with the same caller and the same HTTP method. PATH is the path of the new route. If PATH is omitted, the path is made from NAME
without its verb.
ARCHITECTURE.md ("Add an operation") names the steps that follow.
"""

import json
import re
import sys
import tomllib
from pathlib import Path

from operations import logical_id

ROOT = Path(__file__).resolve().parents[1]
PREFIXES = {"photographer": "/v1/photographer/", "kep": "/v1/kep/cases/{case}/", "citizen": "/v1/subjects/{subject}/"}
VISITORS = {"photographer": "fresh_photographer", "citizen": "fresh_citizen"}
# Fields that a person must fill in. The checks report an operation in which one of these fields is empty.
EMPTY = {"summary", "if_taken_over", "when_failing"}


class Files:
    """The new contents of files. `save` writes all of them at the end, so that no file is changed if the script fails earlier."""

    def __init__(self):
        self.texts = {}

    def read(self, path):
        return self.texts.get(path) or (ROOT / path).read_text(encoding="utf-8")

    def write(self, path, text):
        self.texts[path] = text

    def replace(self, path, old, new):
        text = self.read(path)
        if text.count(old) != 1:
            sys.exit(f"{path}: {old!r} occurs {text.count(old)} times, expected once")
        self.write(path, text.replace(old, new))

    def save(self):
        for path, text in self.texts.items():
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(text, encoding="utf-8")
            print(path)


def folder_of(like):
    for manifest in sorted((ROOT / "functions").glob("*/Cargo.toml")):
        if any(binary["name"] == like for binary in tomllib.loads(manifest.read_text(encoding="utf-8"))["bin"]):
            return manifest.parent.name
    sys.exit(f"{like} is no operation")


def block(text, start, indent, what):
    """Returns the block of lines that begins at the match of `start`. It ends before the next line that is indented by at most `indent`
    spaces."""
    found = re.search(start, text, re.MULTILINE)
    if not found:
        sys.exit(f"{what} has no {start}")
    end = re.compile(rf"^ {{0,{indent}}}\S", re.MULTILINE).search(text, found.end())
    return text[found.start() : end.start() if end else len(text)]


def with_parameters_of(path, lines):
    """Returns the lines without the definitions of path parameters that do not occur in the path."""
    lines = re.sub(r"^ +- \{name: (\w+), in: path,.*\n", lambda found: found[0] if f"{{{found[1]}" in path else "", lines, flags=re.MULTILINE)
    return re.sub(r"^( +)parameters:\n(?!\1 +- )", "", lines, flags=re.MULTILINE)


def add_route(files, name, like, path):
    """Adds the route to infra/openapi.yaml. Returns the path of LIKE, and the HTTP method, which is the same for LIKE and the new operation."""
    file = "infra/openapi.yaml"
    text = files.read(file)
    at = text.index(f"      operationId: {like}\n")
    like_path = re.findall(r"^  (/\S*):$", text[:at], re.MULTILINE)[-1]
    method = re.findall(r"^    (\w+):$", text[:at], re.MULTILINE)[-1]
    whole = block(text, rf"^  {re.escape(like_path)}:$", 2, file)
    own = block(whole, rf"^    {method}:$", 4, file)
    others = block(whole, r"^    x-amazon-apigateway-any-method:$", 4, file)
    own = own.replace(f"operationId: {like}", f"operationId: {name}").replace(f"${{{logical_id(like)}.Alias}}", f"${{{logical_id(name)}.Alias}}")
    # The operation's summary and the description of its success response are left empty. check_openapi.py rejects the operation until a
    # person writes both.
    own = re.sub(r"^      summary: .*$", '      summary: ""', own, count=1, flags=re.MULTILINE)
    own = re.sub(r"""^(        "2\d\d": \{description: )("[^"]*"|[^,}]*)""", r'\1""', own, flags=re.MULTILINE)
    files.replace(file, whole, whole + f"  {path}:\n" + with_parameters_of(path, own + others))
    return like_path, method


def add_sample_events(files, name, like, like_path, path):
    for event in sorted((ROOT / "events" / like).iterdir()):
        text = event.read_text(encoding="utf-8")
        sample = json.loads(text)
        if "resource" in sample:
            filled = path
            for parameter, value in (sample.get("pathParameters") or {}).items():
                filled = filled.replace(f"{{{parameter}}}", value)
            text = text.replace(json.dumps(sample["path"]), json.dumps(filled)).replace(json.dumps(like_path), json.dumps(path))
        files.write(f"events/{name}/{event.name}", text)


def add_facts(files, name, like):
    file = "infra/operations.toml"
    text = files.read(file)
    section = re.search(rf"^\[{like}\]\n(?:(?!^\[\w+\]$).*\n?)*", text, re.MULTILINE)[0]
    new = re.sub(r"^when_failing = '''.*?'''$", 'when_failing = ""', section, flags=re.DOTALL | re.MULTILINE)
    new = re.sub(rf'^({"|".join(EMPTY)}) = ".*"$', r'\1 = ""', new, flags=re.MULTILINE)
    files.replace(file, section, section.rstrip("\n") + "\n\n" + new.replace(f"[{like}]", f"[{name}]", 1).rstrip("\n") + "\n\n")


def add_test(files, name, like_path, folder, method, path):
    """Appends a test to the journeys file in which the path of LIKE occurs most often."""
    start = like_path.split("{")[0]
    journeys = sorted((ROOT / "tests" / "tests" / "journeys").rglob("*.rs"))
    file = max(journeys, key=lambda journey: journey.read_text(encoding="utf-8").count(start))
    path = path.replace("{subject}", "self")
    call = f'.get("{path}")' if method == "get" else f'.post("{path}", &serde_json::json!({{}}))'
    visitor = VISITORS.get(folder, "fresh_citizen")
    files.write(
        str(file.relative_to(ROOT)),
        file.read_text(encoding="utf-8")
        + f"""
#[tokio::test]
async fn {name}_keeps_its_promise() {{
    let visit = journeys::people::{visitor}().await;
    visit.browser{call}.await.expect(200);
    todo!("name the promise, assert it, and move the test to the file of its subject");
}}
""",
    )


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: make operation NAME=show_limits LIKE=list_applications [ROUTE=/v1/limits]")
    name, like = sys.argv[1:3]
    if not re.fullmatch(r"[a-z]+(_[a-z]+)+", name):
        sys.exit(f"{name}: a name is a verb and nouns in snake_case, such as show_limits")
    folder, files = folder_of(like), Files()
    if (ROOT / f"functions/{folder}/{name}.rs").exists():
        sys.exit(f"functions/{folder}/{name}.rs is there already")
    path = sys.argv[3] if len(sys.argv) == 4 else PREFIXES.get(folder, "/v1/") + "-".join(name.split("_")[1:])
    own, other = logical_id(name), logical_id(like)

    handler = files.read(f"functions/{folder}/{like}.rs")
    like_path, method = add_route(files, name, like, path)
    first, rest = handler.split("\n", 1)
    files.write(f"functions/{folder}/{name}.rs", f"//! {method.upper()} {path}: TODO\n{rest}")
    manifest = f"functions/{folder}/Cargo.toml"
    binary = re.search(rf'\[\[bin\]\]\nname = "{like}"\n(?:.+\n)*\n', files.read(manifest))[0]
    files.replace(manifest, binary, binary + binary.replace(like, name))
    template = files.read("template.yaml")
    resource = block(template, rf"^  {other}:$", 2, "template.yaml")
    files.replace("template.yaml", resource, resource + re.sub(rf"\b{other}(?=\b|Errors|Log)", own, resource).replace(f"target/lambda/{like}", f"target/lambda/{name}"))
    listed = re.search(rf"&routed\n\s+\[[^\]]*\b{other}\b", files.read("template.yaml"))[0]
    files.replace("template.yaml", listed, f"{listed}, {own}")
    for nested in ("infra/watch.yaml", "infra/gateway.yaml", "infra/logs.yaml"):
        for line in re.findall(rf"^  {other}(?:Slow|Invoke|Log)?: .*\n", files.read(nested), re.MULTILINE):
            files.replace(nested, line, line + re.sub(rf"\b{other}(?=\b|Slow|Invoke|Log)", own, line))
    add_sample_events(files, name, like, like_path, path)
    add_facts(files, name, like)
    add_test(files, name, like_path, folder, method, path)
    files.save()
    print(f'\n{method.upper()} {path}. Next: the steps under "Add an operation" in ARCHITECTURE.md.')


if __name__ == "__main__":
    main()
