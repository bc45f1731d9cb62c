"""Tests of deploy.py with a fake CloudFormation, which has only a status, and a fake SAM, which only changes the protection. Run by `make lint`."""

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
parameter_overrides = ["DomainName=myphoto.example.gr", "PublicOrigin=https://myphoto.example.gr", "RegistersUrl=https://r.example.gr", "EmailSender=a@example.gr", "TrafficShift=none"]
[text.deploy.parameters]
stack_name = "myphoto"
parameter_overrides = 'DomainName=myphoto.example.gr PublicOrigin=https://myphoto.example.gr RegistersUrl=https://r.example.gr EmailSender=a@example.gr SmsSender="my Photo"'
[incomplete.deploy.parameters]
stack_name = "myphoto"
parameter_overrides = ["DomainName=myphoto.example.gr"]
[misspelt.deploy.parameters]
stack_name = "myphoto"
parameter_overrides = ["DomainNam=myphoto.example.gr"]
[hyphen.deploy.parameters]
stack_name = "myphoto-rehearsal"
[long.deploy.parameters]
stack_name = "myphotomyphotomyphotomyphotomyp"
[nameless.deploy.parameters]
region = "eu-south-1"
"""


class CloudFormation:
    """A fake client. Each call of describe_stacks returns the next of `statuses`; the last one is repeated."""

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


def run_deploy(client, overrides, codes=(0, 0), declined=()):
    """Returns the exit code, the values of DeletionProtection that each run of SAM received, and the output. `declined` contains the
    numbers of the runs that the operator declines."""
    received, output = [], []
    codes = iter(codes)

    def run(command, **_):
        received.append([part.partition("=")[2] for part in command if part.startswith("DeletionProtection=")])
        if len(received) not in declined:
            client.protection = received[-1][0]
        return SimpleNamespace(returncode=next(codes))

    section = settings()
    changed = deploy.Settings(section.section, section.config_file, section.stack, None, None, overrides)
    return deploy.deploy(changed, client, run=run, say=output.append), received, "\n".join(output)


class Deploy(unittest.TestCase):
    def test_a_first_deployment_creates_unprotected_tables_and_a_second_one_protects_them_at_once(self):
        code, received, output = run_deploy(CloudFormation(None, "CREATE_COMPLETE"), ["DomainName=a"])
        self.assertEqual((code, received), (0, [["false"], ["true"]]))
        self.assertIn("first deployment", output)

    def test_every_later_deployment_leaves_protection_on(self):
        for status in deploy.STABLE:
            code, received, output = run_deploy(CloudFormation(status), ["DomainName=a"])
            self.assertEqual((code, received), (0, [["true"]]), status)
            self.assertIn("protected from deletion", output)

    def test_no_second_deployment_follows_a_first_one_that_failed_or_was_declined(self):
        failed = run_deploy(CloudFormation(None, "ROLLBACK_COMPLETE"), [], codes=[1])
        self.assertEqual(failed[:2], (1, [["false"]]))
        declined = run_deploy(CloudFormation(None, "REVIEW_IN_PROGRESS"), [])
        self.assertEqual(declined[:2], (0, [["false"]]))
        self.assertIn("nothing was deployed", declined[2])

    def test_the_exit_code_is_1_if_the_tables_remain_unprotected(self):
        code, received, output = run_deploy(CloudFormation(None, "CREATE_COMPLETE"), [], declined=[2])
        self.assertEqual((code, received), (1, [["false"], ["true"]]))
        self.assertIn("NOT protected", output)

    def test_a_value_in_the_section_is_used_instead(self):
        self.assertEqual(deploy.chosen_by_operator(['DomainName=a DeletionProtection="true"']), "true")
        self.assertIsNone(deploy.chosen_by_operator(["NoDeletionProtection=true"]))
        for status in (None, "UPDATE_COMPLETE"):
            code, received, output = run_deploy(CloudFormation(status, "UPDATE_COMPLETE"), ["DeletionProtection=false"])
            self.assertEqual((code, received), (0, [["false"]]))
            self.assertIn("NOT protected", output)

    def test_a_stuck_stack_is_not_deployed(self):
        for status in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "UPDATE_ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_IN_PROGRESS"):
            with self.assertRaisesRegex(deploy.Failure, f"{status}.*docs/operating/stuck-stack.md"):
                run_deploy(CloudFormation(status), [])

    def test_other_errors_of_cloudformation_are_not_treated_as_a_missing_stack(self):
        class Denied(CloudFormation):
            def describe_stacks(self, StackName):
                raise ClientError({"Error": {"Code": "AccessDenied", "Message": "not authorized"}}, "DescribeStacks")

        with self.assertRaises(ClientError):
            run_deploy(Denied(None), [])


class SettingsOfSections(unittest.TestCase):
    def test_sections_are_read_as_sam_reads_them(self):
        found = settings()
        self.assertEqual((found.stack, found.region), ("myphoto", "eu-south-1"))
        self.assertEqual(found.overrides[0], "DomainName=myphoto.example.gr")
        self.assertTrue(settings("text").overrides[0].endswith('SmsSender="my Photo"'))

    def test_parameters_that_the_section_does_not_set_get_their_default(self):
        parameters = deploy.template_parameters()
        for section, chosen in (("production", {"TrafficShift": "none"}), ("text", {"SmsSender": "my Photo"})):
            passed = deploy.CfnParameterOverridesType().convert(tuple(settings(section).overrides), None, None)
            self.assertEqual(passed.keys(), parameters.keys() - {"DeletionProtection"})
            for name, parameter in parameters.items():
                if "Default" in parameter and name != "DeletionProtection":
                    self.assertEqual(passed[name], chosen.get(name, str(parameter["Default"])), name)

    def test_a_missing_or_misspelt_parameter_and_an_unsuitable_name_of_the_stack_are_errors(self):
        faults = (
            ("incomplete", "must set PublicOrigin, RegistersUrl, EmailSender"),
            ("misspelt", "no parameter DomainNam$"),
            ("hyphen", "myphoto-rehearsal must"),
            ("long", "29 at most"),
        )
        for section, text in faults:
            with self.assertRaisesRegex(deploy.Failure, text):
                settings(section)

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
