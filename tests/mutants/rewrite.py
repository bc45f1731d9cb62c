"""Copies the sources and puts a switch around each condition and each guard of the usual forms. Guards of other forms are listed in sites.py.

A place with a switch is called a site. It is named by file, function and number, so that edits elsewhere do not change its name."""

import re
import subprocess
from pathlib import Path

from sites import BY_HAND, NOT_GUARDS

REJECTIONS = re.compile(r"\bErr\(|\bNone\b|\bfalse\b|return answer|no_content|Outcome::|Set::|Seen::|Problem::|Pull::|Resend::|Submission::|Custody::|Self::")
FUNCTION = re.compile(r"^\s*(?:pub(?:\([a-z]+\))? )?((?:const )?)(?:async )?fn (\w+)")
SOURCES = ("functions/", "shared/edge/src/", "shared/storage/src/", "shared/domain/src/", "shared/pictures/src/", "infra/operator/src/")


class Failure(Exception):
    pass


class Site:
    def __init__(self, name, path, line, text):
        self.name, self.path, self.line, self.text = name, path, line, text


def copy(root, to):
    """Copies all tracked files, and untracked files that git does not ignore. Inserts the switches. Does not write a file if its copy is
    already up to date, so that a second build is quick. Returns the sites by name."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, capture_output=True, check=True)
    paths = [path for path in listed.stdout.decode().split("\0") if path and (root / path).is_file()]
    sites, texts, by_hand = {}, {}, dict(BY_HAND)
    for path in paths:
        content = (root / path).read_bytes()
        if path.endswith(".rs") and path.startswith(SOURCES) and not path.endswith(("tests.rs", "build.rs")):
            rewriter = Rewriter(path, content.decode())
            texts[path] = rewriter.rewritten(by_hand.pop(path, []))
            sites.update({site.name: site for site in rewriter.sites})
            continue
        if path.endswith("Cargo.toml") and path.count("/") >= 2 or path == "tests/Cargo.toml":
            content = with_dependency(path, content.decode()).encode()
        write(to / path, content)
    for path, text in without_const(texts).items():
        write(to / path, text.encode())
    if by_hand:
        raise Failure(f"sites.py names files that do not exist: {', '.join(by_hand)}")
    here = Path(__file__).resolve().parent
    write(to / "shared/mutants/src/lib.rs", (here / "lib.rs").read_bytes())
    write(to / "shared/mutants/Cargo.toml", b'[package]\nname = "mutants"\nversion = "0.1.0"\nedition = "2024"\n')
    copied = {to / path for path in paths} | {to / "shared/mutants/src/lib.rs", to / "shared/mutants/Cargo.toml"}
    for folder in ("functions", "shared", "infra", "tests"):
        for old in (to / folder).rglob("*"):
            if old.is_file() and old not in copied and "__pycache__" not in old.parts:
                old.unlink()
    return sites


def write(path, content):
    if not path.exists() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def with_dependency(path, text):
    up = "../" * path.count("/")
    return text.replace("[dependencies]\n", f'[dependencies]\nmutants = {{ path = "{up}shared/mutants" }}\n', 1)


def operands(text, operator):
    """Splits an expression at an operator outside all brackets and strings. Returns None if brackets or quotes are not balanced."""
    parts, depth, start, at, quoted = [], 0, 0, 0, False
    while at < len(text):
        char = text[at]
        if quoted:
            if char == "\\":
                at += 1
            elif char == '"':
                quoted = False
        elif char == "'" and (literal := re.match(r"'(\\.|[^\\'])'", text[at:])):
            at += literal.end() - 1
        elif char == '"':
            quoted = True
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
            if depth < 0:
                return None
        elif depth == 0 and text.startswith(f" {operator} ", at):
            parts.append(text[start:at])
            at += len(operator) + 2
            start = at
            continue
        at += 1
    if depth or quoted:
        return None
    return [*parts, text[start:]]


def balanced(text):
    return operands(text, "&&") is not None


class Rewriter:
    def __init__(self, path, text):
        self.path, self.text, self.sites, self.counts = path, text, [], {}
        self.short = path.replace("/src/", "/").removesuffix(".rs")

    def rewritten(self, by_hand):
        end = self.text.find("\n#[cfg(test)]")
        code, tests = (self.text, "") if end < 0 else (self.text[:end], self.text[end:])
        for name, search, replacement in by_hand:
            if code.count(search) != 1:
                raise Failure(f"{self.path}: the text of {name} in sites.py occurs {code.count(search)} times: {search}")
            line = code[: code.index(search)].count("\n") + 1
            site = f"{self.short} {name}"
            self.sites.append(Site(site, self.path, line, " ".join(search.split())))
            # The number of lines does not change, so that a site has the same line number as in the original.
            code = code.replace(search, replacement.replace("OFF", f'::mutants::off("{site}")'))
        self.lines = code.split("\n")
        self.function = ""
        for at in range(len(self.lines)):
            self.rewrite_line(at)
        return "\n".join(self.lines) + tests

    def site(self, at, text, suffix=""):
        number = self.counts.setdefault(self.function, 0) if suffix else self.counts.setdefault(self.function, 0) + 1
        if not suffix:
            self.counts[self.function] = number
        name = f"{self.short} {self.function} {number}{suffix}"
        self.sites.append(Site(name, self.path, at + 1, text.strip()))
        return name

    def off(self, at, text, suffix=""):
        return f'::mutants::off("{self.site(at, text, suffix)}")'

    def rewrite_line(self, at):
        line = self.lines[at]
        if line.strip().startswith("//") or "::mutants::" in line:
            return
        if match := FUNCTION.match(line):
            self.function = match[2]
        if any(pattern in line for pattern in NOT_GUARDS):
            return
        self.condition(at)
        self.filter(at)
        self.branch(at)
        self.choice(at)
        self.conjunction(at)

    # -- DynamoDB conditions

    def condition(self, at):
        line = self.lines[at]
        call = ".condition_expression("
        start = line.find(call)
        if start < 0 or line[:start].endswith("key_condition"):
            return
        # The argument may continue on further lines.
        whole, last = line[start + len(call) :], at
        while (length := closing(whole)) is None:
            last += 1
            whole += "\n" + self.lines[last]
        argument = whole[:length]
        name = self.site(at, " ".join(argument.split()).strip(", "))
        whole = f'{line[:start]}{call}::mutants::condition("{name}", {argument.strip().rstrip(",")}{whole[length:].replace(")", "))", 1)}'
        rest = whole.split("\n")
        missing = last - at + 1 - len(rest)
        self.lines[at : last + 1] = rest + [""] * missing

    # -- filters: `.filter(|item| is_live(item, now))`

    def filter(self, at):
        line = self.lines[at]
        for match in reversed(list(re.finditer(r"\.filter\((\|[^|]*\|) ", line))):
            length = closing(line[match.end() :])
            if length is None:
                continue
            body = line[match.end() : match.end() + length]
            off = self.off(at, f".filter({match[1]} {body})")
            line = f"{line[: match.end()]}({body}) || {off}{line[match.end() + length :]}"
        self.lines[at] = line

    # -- `if CONDITION {` before a rejection

    def branch(self, at):
        line = self.lines[at]
        match = re.match(r"^(\s*)((?:\} else )?if )(.*)$", line)
        if not match:
            return
        last, condition = at, match[3]
        while not condition.endswith("{"):
            last += 1
            if last > at + 12 or last + 1 == len(self.lines):
                return
            condition += "\n" + self.lines[last]
        condition = condition[:-1].strip()
        if not balanced(condition):
            return
        following = self.lines[last + 1].strip()
        is_value = re.match(r"^[A-Z]\w*::\w+$", following)
        if not ((following.startswith("return") and REJECTIONS.search(following)) or is_value):
            return
        off = self.off(at, f"if {' '.join(condition.split())}")
        alternatives = operands(" ".join(condition.split()) if "\n" in condition else condition, "||")
        if "let " in condition:
            changed = f"{condition} && !{off}"
        elif alternatives and len(alternatives) > 1:
            each = [f"(({part.strip()}) && !{self.off(at, part, f'/{number}')})" for number, part in enumerate(alternatives, 1)]
            changed = f"({' || '.join(each)}) && !{off}"
        else:
            changed = f"({condition}) && !{off}"
        text = f"{match[1]}{match[2]}{changed} {{"
        rest = text.split("\n")
        self.lines[at : last + 1] = rest + [""] * (last - at + 1 - len(rest))

    # -- `if CONDITION { Err(..) } else { Ok(..) }`

    def choice(self, at):
        line = self.lines[at]
        match = re.match(r"^(.*?\bif )(.*?) \{ (.*) \} else \{ (.*) \}(.*)$", line)
        if not match or not balanced(match[2]) or "let " in match[2]:
            return
        yes, no = (re.search(r"\bErr\(", part) is not None for part in (match[3], match[4]))
        if yes == no:
            return
        parts = operands(match[2], "&&" if no else "||")
        if len(parts) > 1:
            off = self.off(at, match[2])
            sign = "|| " if no else "&& !"
            each = [f"(({part}) {sign}{self.off(at, part, f'/{number}')})" for number, part in enumerate(parts, 1)]
            changed = f"({(' && ' if no else ' || ').join(each)}) {sign}{off}"
        else:
            changed = f"({match[2]}) || {self.off(at, match[2])}" if no else f"({match[2]}) && !{self.off(at, match[2])}"
        self.lines[at] = f"{match[1]}{changed} {{ {match[3]} }} else {{ {match[4]} }}{match[5]}"

    # -- `let fits = A && B;`, and the same expression as a function's value, also over several lines

    def conjunction(self, at):
        line = self.lines[at]
        if "::mutants::" in line or re.match(r"^\s*(\} else )?(if|while|return|match|&&|\|\||\.)\b", line):
            return
        start = re.match(r"^(\s*)((?:let [\w]+ = )?)(.*)$", line)
        indent, before, rest = start.groups()
        if not rest or rest[0] in "&|.}" or re.match(r"(if|match|async)\b", rest) or not (before or self.is_value(at)):
            return
        if rest.endswith(";") and not before:
            return
        last, whole = at, rest
        while last + 1 < len(self.lines) and re.match(rf"^{indent}    (&&|\|\|) ", self.lines[last + 1]) or (
            last > at and not balanced(whole.rstrip(";")) and last < at + 20
        ):
            last += 1
            whole += "\n" + self.lines[last]
        end = ";" if whole.endswith(";") else ""
        whole = whole.removesuffix(";")
        if before and not end or "=>" in whole or "\n" not in whole and not balanced(whole):
            return
        flat = re.sub(r"\n\s*(&&|\|\|) ", r" \1 ", whole)
        for operator, sign in (("&&", "|| "), ("||", "&& !")):
            parts = operands(flat, operator)
            if parts is None or len(parts) < 2 or any(re.match(r"^(async )?(move )?\|", part) for part in parts):
                continue
            self.site_number()
            each = [f"(({part}) {sign}{self.off(at, ' '.join(part.split()), f'/{number}')})" for number, part in enumerate(parts, 1)]
            text = f"{indent}{before}{f' {operator} '.join(each)}{end}".split("\n")
            self.lines[at : last + 1] = text + [""] * (last - at + 1 - len(text))
            return

    def site_number(self):
        self.counts[self.function] = self.counts.get(self.function, 0) + 1

    def is_value(self, at):
        """Returns whether the line begins the value of a block or closure."""
        before = self.lines[at - 1].rstrip() if at else ""
        return before.endswith(("{", ";"))


def closing(text):
    """Returns the position of the bracket that closes a bracket opened before the text, or None if the text does not close it."""
    depth, at, quoted = 0, 0, False
    while at < len(text):
        char = text[at]
        if quoted:
            if char == "\\":
                at += 1
            elif char == '"':
                quoted = False
        elif char == "'" and (literal := re.match(r"'(\\.|[^\\'])'", text[at:])):
            at += literal.end() - 1
        elif char == '"':
            quoted = True
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                return at
            depth -= 1
        at += 1
    return None


def without_const(texts):
    """Removes `const` from functions that contain a switch and from those that call them, because a switch cannot be evaluated at compile time."""
    bodies = {}
    for path, text in texts.items():
        name = ""
        for line in text.split("\n"):
            if match := FUNCTION.match(line):
                name = match[2]
                line = line.split("{", 1)[-1]
            if name:
                bodies[path, name] = bodies.get((path, name), "") + line + "\n"
    switched, found = set(), {place for place, body in bodies.items() if "::mutants::" in body}
    while not found <= switched:
        switched |= found
        calls = re.compile(r"\b(" + "|".join({re.escape(name) for _, name in switched}) + r")\(")
        found = {place for place, body in bodies.items() if calls.search(body)}

    def plain(path, line):
        match = FUNCTION.match(line)
        return line.replace("const ", "", 1) if match and match[1] and (path, match[2]) in switched else line

    return {path: "\n".join(plain(path, line) for line in text.split("\n")) for path, text in texts.items()}
