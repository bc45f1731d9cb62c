"""Tests of deploy.py, with a CloudFormation that only has a status and a SAM that only changes it. Run by `make lint`."""

import tempfile
import unittest
from pathlib import Path
from types import SimpleNamespace

from botocore.exceptions import ClientError

import deploy

SAMCONFIG = """
version = 0.1
[production.global.parameters]
region = "eu-south-1"
[production.deploy.parameters]
stack_name = "myphoto"
parameter_overrides = ["DomainName=myphoto.example.gr", "TrafficShift=none"]
[text.deploy.parameters]
stack_name = "myphoto"
parameter_overrides = 'DomainName=myphoto.example.gr SmsSender="my Photo"'
[nameless.deploy.parameters]
region = "eu-south-1"
"""


class CloudFormation:
    """`statuses` are those that the stack goes through, one for each question; the last one stays."""

    def __init__(self, *statuses):
        self.statuses = list(statuses)
        self.protection = "false"

    def describe_stacks(self, StackName):
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        if status is None:
            message = f"Stack with id {StackName} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": status, "Parameters": [{"ParameterKey": "DeletionProtection", "ParameterValue": self.protection}]}]}


def settings(section="production"):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "samconfig.toml"
        file.write_text(SAMCONFIG, encoding="utf-8")
        return deploy.read_settings(section, file)


def deployed(client, overrides, codes=(0, 0), declined=()):
    """Exit code, what each run of SAM was given for the parameter, and what was said. The operator answers no in the runs `declined`."""
    given, said = [], []
    codes = iter(codes)

    def run(command, **_):
        given.append([part.partition("=")[2] for part in command if part.startswith("DeletionProtection=")])
        if len(given) not in declined:
            client.protection = given[-1][0]
        return SimpleNamespace(returncode=next(codes))

    of_section = settings()
    changed = deploy.Settings(of_section.section, of_section.config_file, of_section.stack, None, None, overrides)
    return deploy.deploy(changed, client, run=run, say=said.append), given, "\n".join(said)


class Deploy(unittest.TestCase):
    def test_a_first_deployment_creates_unprotected_tables_and_a_second_one_protects_them_at_once(self):
        code, given, said = deployed(CloudFormation(None, "CREATE_COMPLETE"), ["DomainName=a"])
        self.assertEqual((code, given), (0, [["false"], ["true"]]))
        self.assertIn("first deployment", said)

    def test_every_later_deployment_leaves_protection_on(self):
        for status in deploy.STABLE:
            code, given, said = deployed(CloudFormation(status), ["DomainName=a"])
            self.assertEqual((code, given), (0, [["true"]]), status)
            self.assertIn("protected from deletion", said)

    def test_no_second_deployment_follows_a_first_one_that_failed_or_was_declined(self):
        failed = deployed(CloudFormation(None, "ROLLBACK_COMPLETE"), [], codes=[1])
        self.assertEqual(failed[:2], (1, [["false"]]))
        declined = deployed(CloudFormation(None, "REVIEW_IN_PROGRESS"), [])
        self.assertEqual(declined[:2], (0, [["false"]]))
        self.assertIn("nothing was deployed", declined[2])

    def test_the_exit_code_is_1_if_the_tables_remain_unprotected(self):
        code, given, said = deployed(CloudFormation(None, "CREATE_COMPLETE"), [], declined=[2])
        self.assertEqual((code, given), (1, [["false"], ["true"]]))
        self.assertIn("NOT protected", said)

    def test_a_value_in_the_section_is_used_instead(self):
        self.assertEqual(deploy.chosen_by_operator(['DomainName=a DeletionProtection="true"']), "true")
        self.assertIsNone(deploy.chosen_by_operator(["NoDeletionProtection=true"]))
        for status in (None, "UPDATE_COMPLETE"):
            code, given, said = deployed(CloudFormation(status, "UPDATE_COMPLETE"), ["DeletionProtection=false"])
            self.assertEqual((code, given), (0, [["false"]]))
            self.assertIn("NOT protected", said)

    def test_a_stuck_stack_is_not_deployed(self):
        for status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_IN_PROGRESS"):
            with self.assertRaisesRegex(deploy.Failure, f"{status}.*docs/operating/stuck-stack.md"):
                deployed(CloudFormation(status), [])

    def test_other_errors_of_cloudformation_are_not_treated_as_a_missing_stack(self):
        class Denied(CloudFormation):
            def describe_stacks(self, StackName):
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "DescribeStacks")

        with self.assertRaises(ClientError):
            deployed(Denied(None), [])


class SettingsOfSections(unittest.TestCase):
    def test_sections_are_read_as_sam_reads_them(self):
        found = settings()
        self.assertEqual((found.stack, found.region), ("myphoto", "eu-south-1"))
        self.assertEqual(found.overrides, ["DomainName=myphoto.example.gr", "TrafficShift=none"])
        self.assertEqual(settings("text").overrides, ['DomainName=myphoto.example.gr SmsSender="my Photo"'])

    def test_the_command_has_all_overrides(self):
        command = settings().sam(["DomainName=a", "DeletionProtection=true"])
        self.assertEqual(command[1:4], ["deploy", "--config-env", "production"])
        self.assertEqual(command[-3:], ["--parameter-overrides", "DomainName=a", "DeletionProtection=true"])

    def test_a_missing_section_or_stack_name_is_an_error(self):
        for section, text in (("nowhere", r"\[nowhere.deploy.parameters\]"), ("nameless", "no stack_name")):
            with self.assertRaisesRegex(deploy.Failure, text):
                settings(section)


if __name__ == "__main__":
    unittest.main()
