"""Tests of rehearse.py with change sets in CloudFormation's format. Run by `make lint`."""

import unittest
from types import SimpleNamespace

from botocore.exceptions import ClientError

import deploy
import rehearse


def change(action, logical, of_type, replacement=None, **more):
    described = {"Action": action, "LogicalResourceId": logical, "ResourceType": of_type, "Scope": [], "Details": [], **more}
    if replacement is not None:
        described["Replacement"] = replacement
    if action != "Add":
        described.setdefault("PhysicalResourceId", f"myphoto-{logical}-1A2B3C")
    return described


TABLE, ALIAS, ALARM = "AWS::DynamoDB::Table", "AWS::Lambda::Alias", "AWS::CloudWatch::Alarm"


class Summary(unittest.TestCase):
    def lines(self, changes, status="UPDATE_COMPLETE", parameters=None):
        parameters = {"TrafficShift": "Canary10Percent5Minutes", "DeletionProtection": "true"} if parameters is None else parameters
        return list(rehearse.summary("myphoto", status, parameters, changes, 371))

    def test_changes_are_counted_by_action_and_by_type(self):
        changes = [
            change("Add", "NewLog", "AWS::Logs::LogGroup"),
            *(change("Modify", f"F{number}Aliaslive", ALIAS, "False") for number in range(10, 22)),
            change("Modify", "Keys", TABLE, "False"),
            change("Remove", "OldErrors", ALARM),
            change("Modify", "Watch", "AWS::CloudFormation::Stack", "False"),
        ]
        lines = self.lines(changes)
        self.assertEqual(lines[0], "myphoto (UPDATE_COMPLETE): 16 changes, 371 resources after the transforms, of 500")
        text = "\n".join(" ".join(line.split()) for line in lines)
        self.assertIn("added 1 AWS::Logs::LogGroup: NewLog", text)
        self.assertIn("modified 12 AWS::Lambda::Alias: F10Aliaslive, F11Aliaslive,", text)
        self.assertIn("F17Aliaslive, ...", text)
        self.assertIn("removed 1 AWS::CloudWatch::Alarm: OldErrors", text)
        self.assertIn("Watch is a nested stack", text)
        self.assertIn("traffic: 12 concurrent deployments by CodeDeploy (TrafficShift=Canary10Percent5Minutes)", text)
        self.assertNotIn("WARNING", text)

    def test_parameters_that_change_are_listed(self):
        lines = rehearse.changed_parameters({"Traces": "Active", "SmsSender": "myPhoto"}, {"Traces": "Disabled", "SmsSender": "myPhoto"})
        self.assertEqual(list(lines), ["parameter Traces: 'Active' -> 'Disabled'"])

    def test_a_warning_is_printed_for_an_existing_stack_without_protection(self):
        unprotected = {"TrafficShift": "none", "DeletionProtection": "false"}
        self.assertIn("WARNING", self.lines([], parameters=unprotected)[-1])
        # The first deployment is without protection on purpose, so it causes no warning.
        self.assertEqual(len(self.lines([], status=None, parameters=unprotected)), 1)

    def test_replacing_or_removing_a_resource_with_data_is_reported(self):
        safe = [
            change("Add", "More", TABLE),
            change("Modify", "Codes", TABLE, "False"),
            change("Modify", "SignInErrors", ALARM, "True"),
            change("Remove", "SignInSlow", ALARM),
        ]
        self.assertEqual(list(rehearse.dangers(safe)), [])
        for action, replacement, word in (("Modify", "True", "REPLACED"), ("Modify", "Conditional", "PERHAPS REPLACED"), ("Remove", None, "REMOVED"), ("Dynamic", None, "UNKNOWN")):
            for of_type in rehearse.LOSSES:
                [line] = rehearse.dangers([*safe, change(action, "Held", of_type, replacement, PolicyAction="Retain")])
                self.assertTrue(line.startswith(word) and "Held" in line and "myphoto-Held-1A2B3C" in line and "policy Retain" in line, line)


class Pages:
    def __init__(self, pages):
        self.pages = pages

    def paginate(self, **_):
        return self.pages


class CloudFormation:
    """A fake stack with its change sets, and a fake SAM that adds a change set."""

    def __init__(self, status, changes, body="Resources: {A: {Type: X, Properties: {B: !Ref C}}}"):
        self.status, self.changes, self.body = status, changes, body
        self.sets, self.commands, self.deleted = {"of-somebody-else"} if status else set(), [], []

    def run(self, command, **_):
        self.commands.append(command)
        if self.changes is not None:
            self.sets.add("samcli-deploy1")
            self.status = self.status or "REVIEW_IN_PROGRESS"
        return SimpleNamespace(returncode=0)

    def describe_stacks(self, StackName):
        if self.status is None:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": f"Stack with id {StackName} does not exist"}}, "DescribeStacks")
        return {"Stacks": [{"StackStatus": self.status, "Parameters": [{"ParameterKey": "KepWithoutMobile", "ParameterValue": "true"}]}]}

    def get_paginator(self, operation):
        if operation == "list_change_sets":
            return Pages([{"Summaries": [{"ChangeSetName": name} for name in sorted(self.sets)]}])
        half = len(self.changes) // 2
        parts = [self.changes[:half], self.changes[half:]]
        parameters = [{"ParameterKey": "DeletionProtection", "ParameterValue": "true"}]
        return Pages([{"Parameters": parameters, "Changes": [{"Type": "Resource", "ResourceChange": one} for one in part]} for part in parts])

    def get_template(self, StackName, ChangeSetName, TemplateStage):
        assert TemplateStage == "Processed"
        return {"TemplateBody": self.body}

    def delete_change_set(self, StackName, ChangeSetName):
        self.deleted.append(ChangeSetName)

    def delete_stack(self, StackName):
        self.deleted.append(StackName)


class Rehearsal(unittest.TestCase):
    def run_rehearsal(self, client):
        output = []
        settings = deploy.Settings("production", "samconfig.toml", "myphoto", None, None, ["DomainName=a"])
        return rehearse.rehearse(settings, client, run=client.run, say=output.append), "\n".join(output)

    def test_nothing_is_executed_and_only_its_own_change_set_is_deleted(self):
        client = CloudFormation("UPDATE_COMPLETE", [change("Modify", "Codes", TABLE, "False"), change("Add", "NewLog", "AWS::Logs::LogGroup")])
        code, output = self.run_rehearsal(client)
        self.assertEqual(code, 0)
        [command] = client.commands
        self.assertIn("--no-execute-changeset", command)
        self.assertEqual(command[-2:], ["DomainName=a", "DeletionProtection=true"])
        self.assertEqual(client.deleted, ["samcli-deploy1"])
        self.assertIn("2 changes, 1 resources", output)
        self.assertIn("parameter KepWithoutMobile: 'true' -> removed", output)
        self.assertIn("parameter DeletionProtection: new -> 'true'", output)

    def test_the_empty_stack_of_a_first_rehearsal_is_deleted_too(self):
        client = CloudFormation(None, [change("Add", "Codes", TABLE)], body={"Resources": {"A": {}, "B": {}}})
        code, output = self.run_rehearsal(client)
        self.assertEqual((code, client.deleted), (0, ["samcli-deploy1", "myphoto"]))
        self.assertIn("DeletionProtection=false", client.commands[0])
        self.assertIn("2 resources", output)
        self.assertNotIn("parameter ", output)

    def test_the_exit_code_is_1_if_a_table_would_be_replaced(self):
        client = CloudFormation("UPDATE_COMPLETE", [change("Modify", "Codes", TABLE, "True")])
        code, output = self.run_rehearsal(client)
        self.assertEqual((code, client.deleted), (1, ["samcli-deploy1"]))
        self.assertIn("REPLACED: Codes", output)

    def test_a_deployment_without_changes_is_reported(self):
        client = CloudFormation("UPDATE_COMPLETE", None)
        code, output = self.run_rehearsal(client)
        self.assertEqual((code, client.deleted), (0, []))
        self.assertIn("nothing would change", output)
        empty = CloudFormation("UPDATE_COMPLETE", [])
        code, output = self.run_rehearsal(empty)
        self.assertEqual((code, empty.deleted), (0, ["samcli-deploy1"]))
        self.assertIn("nothing would change", output)


if __name__ == "__main__":
    unittest.main()
