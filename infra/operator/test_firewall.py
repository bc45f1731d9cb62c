"""Tests of the firewall's custom rules in template.yaml, with the sample requests of events/. Run by `make lint`.

The emulators do not apply the firewall, so these tests evaluate the rules themselves, in the way that AWS documents. tests/tests/template/firewall.rs tests the
managed rules.
"""

import functools
import ipaddress
import json
import posixpath
import re
import unittest
from pathlib import Path
from urllib.parse import unquote

import yaml


def normalized(path):
    """Returns the path without repeated slashes and without the segments `.` and `..`, as NORMALIZE_PATH does."""
    end = "/" if path.endswith("/") and path.strip("/") else ""
    return posixpath.normpath(re.sub("/+", "/", path)) + end


ROOT = Path(__file__).resolve().parents[2]
TRANSFORMS = {"NONE": str, "LOWERCASE": str.lower, "URL_DECODE": unquote, "NORMALIZE_PATH": normalized}
FROM_A_PUBLIC_BODY, FROM_ELSEWHERE = "198.51.100.9", "203.0.113.7"


class Template(yaml.SafeLoader):
    """Reads CloudFormation's short forms, such as `!Ref`, as {name: value}."""


def short_form(loader, suffix, node):
    if isinstance(node, yaml.SequenceNode):
        return {suffix: loader.construct_sequence(node, deep=True)}
    return {suffix: loader.construct_mapping(node, deep=True) if isinstance(node, yaml.MappingNode) else node.value}


Template.add_multi_constructor("!", short_form)


@functools.cache
def yaml_of(path):
    return yaml.load((ROOT / path).read_text(encoding="utf-8"), Template)


def rules(restricts_pulls=False):
    """Returns the custom rules in order of priority."""
    firewall = yaml_of("template.yaml")["Resources"]["Firewall"]["Properties"]
    chosen = [rule["If"][1 if restricts_pulls else 2] if "If" in rule else rule for rule in firewall["Rules"]]
    assert [rule["Priority"] for rule in chosen] == list(range(len(chosen)))
    return [rule for rule in chosen if "ManagedRuleGroupStatement" not in rule["Statement"]]


def field(request, match):
    [(kind, what)] = match["FieldToMatch"].items()
    value = {"UriPath": request["path"], "Method": request["method"]}.get(kind)
    if kind == "SingleHeader":
        value = request["headers"].get(what["Name"], "")
    for transform in match["TextTransformations"]:
        value = TRANSFORMS[transform["Type"]](value)
    return value


def matches(statement, request):
    [(kind, inner)] = statement.items()
    match kind:
        case "AndStatement":
            return all(matches(one, request) for one in inner["Statements"])
        case "NotStatement":
            return not matches(inner["Statement"], request)
        case "RegexMatchStatement":
            return re.search(inner["RegexString"], field(request, inner)) is not None
        case "ByteMatchStatement":
            value, text = field(request, inner), inner["SearchString"]
            return {"EXACTLY": value == text, "CONTAINS": text in value, "STARTS_WITH": value.startswith(text)}[inner["PositionalConstraint"]]
        case "IPSetReferenceStatement":
            return ipaddress.ip_address(request["from"]) in ipaddress.ip_network("198.51.100.0/24")
        case "RateBasedStatement":
            return matches(inner["ScopeDownStatement"], request)
    raise AssertionError(f"this test does not support {kind}")


def operations():
    """Returns the operations that have a route, and whether each needs a session."""
    found = {}
    for path in yaml_of("infra/openapi.yaml")["paths"].values():
        for route in path.values():
            if isinstance(route, dict) and "operationId" in route:
                found[route["operationId"]] = "no_session" in str(route["responses"].get("401", ""))
    return found


def sample(operation, without=(), **changes):
    event = json.loads((ROOT / "events" / operation / "request.json").read_text(encoding="utf-8"))
    headers = {name.lower(): value for name, value in event["headers"].items() if name.lower() not in without}
    return {"method": event["httpMethod"], "path": event["path"], "headers": headers, "from": FROM_ELSEWHERE} | changes


def matching_rules(request, restricts_pulls=False):
    return {rule["Name"] for rule in rules(restricts_pulls) if matches(rule["Statement"], request)}


class Firewall(unittest.TestCase):
    def test_requests_without_a_session_are_blocked_if_they_need_one(self):
        known = operations()
        self.assertEqual(sum(known.values()), 39)
        for operation, needs_session in known.items():
            with self.subTest(operation):
                bare = sample(operation, without=("cookie", "authorization"))
                # Every page calls show_session to find out whether somebody is signed in.
                is_blocked = needs_session and operation != "show_session"
                self.assertEqual("NoSession" in matching_rules(bare), is_blocked)
                self.assertNotIn("NoSession", matching_rules(sample(operation)), "the sample has a session, or needs none")
                for headers in ({"cookie": "a=b; __Host-session=x"}, {"authorization": "Bearer x"}, {"authorization": "bearer x"}):
                    self.assertNotIn("NoSession", matching_rules(bare | {"headers": bare["headers"] | headers}))
                other = {"cookie": "__Host-sign-in=x; session=y", "authorization": "Basic x"}
                self.assertEqual("NoSession" in matching_rules(bare | {"headers": bare["headers"] | other}), is_blocked)

    def test_paths_without_a_route_pass_to_the_functions(self):
        bare = sample("show_session", without=("cookie",))
        for path in ("/", "/assets/app.js", "/v1/nothing", "/v1/sessions", "/v1/minors/x"):
            self.assertEqual(matching_rules(bare | {"path": path}), {"RequestsPerAddress"}, path)

    def test_a_path_in_another_notation_matches_the_same_rules(self):
        bare = sample("issue_code", without=("cookie",))
        for path in ("/v1/photographer/issuances/", "/v1//photographer/issuances", "/v1/photographer/%69ssuances", "/v1/x/../photographer/issuances"):
            self.assertEqual(matching_rules(bare | {"path": path}), {"NoSession", "RequestsPerAddress", "IssuesPerAddress"}, path)
        for path in ("/v1/pulls/", "/v1//pulls", "/v1/%70ulls", "/v1/./pulls"):
            self.assertEqual(matching_rules(sample("pull_photo") | {"path": path}), {"PullsPerAddress"}, path)
            self.assertEqual(matching_rules(sample("pull_photo") | {"path": path}, restricts_pulls=True), {"PullsFromElsewhere"}, path)

    def test_each_operation_is_counted_by_the_right_rate_limits(self):
        counted = {
            "request_upload": {"UploadsPerAddress"},
            "check_photos": {"ChecksPerAddress"},
            "locate_face": {"FacesPerAddress"},
            "issue_code": {"IssuesPerAddress"},
            "sign_in": {"SignInsPerAddress"},
            "callback": {"SignInsPerAddress"},
            "exchange_token": {"SignInsPerAddress"},
            "verify_otp": {"SignInsPerAddress"},
            "resend_otp": {"SignInsPerAddress"},
            "add_minor": {"SignInsPerAddress"},
            "submit_code": {"SignInsPerAddress"},
            "open_case": {"SignInsPerAddress"},
            "confirm_presence": {"SignInsPerAddress"},
            "resend_presence": {"SignInsPerAddress"},
        }
        for operation in operations():
            with self.subTest(operation):
                pulls = operation in ("pull_photo", "report_verdict")
                expected = {"PullsPerAddress"} if pulls else {"RequestsPerAddress"} | counted.get(operation, set())
                self.assertEqual(matching_rules(sample(operation)), expected)

    def test_pulls_from_other_addresses_are_blocked_if_the_ranges_of_public_bodies_are_set(self):
        for operation in ("pull_photo", "report_verdict"):
            self.assertEqual(matching_rules(sample(operation), restricts_pulls=True), {"PullsFromElsewhere"})
            self.assertEqual(matching_rules(sample(operation, **{"from": FROM_A_PUBLIC_BODY}), restricts_pulls=True), set())
        self.assertEqual(matching_rules(sample("show_session"), restricts_pulls=True), {"RequestsPerAddress"})

    def test_responses_of_the_firewall_are_in_both_languages(self):
        bodies = yaml_of("template.yaml")["Resources"]["Firewall"]["Properties"]["CustomResponseBodies"]
        for restricts_pulls in (False, True):
            for rule in rules(restricts_pulls):
                response = rule["Action"]["Block"]["CustomResponse"]
                body = json.loads(bodies[response["CustomResponseBodyKey"]]["Content"])
                self.assertEqual(body["status"], response["ResponseCode"], rule["Name"])
                for text in (body["title"], body["detail"]):
                    greek, english = text.split(" / ")
                    self.assertRegex(greek, "[α-ω]")
                    self.assertNotRegex(english, "[α-ω]")


if __name__ == "__main__":
    unittest.main()
