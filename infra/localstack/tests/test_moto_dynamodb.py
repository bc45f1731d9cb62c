"""Tests of the DynamoDB that LocalStack has without DynamoDB Local: moto behind our lock. The tests call the provider inside this process."""

import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from localstack.aws.forwarder import create_aws_request_context
from localstack.services.plugins import PLUGIN_NAMESPACE
from moto.dynamodb.models import table as moto_table
from plux import PluginManager

from localstack_native import moto_dynamodb

CALLS = 8


def slow_conditions(original):
    """Delays each write after the check of its condition. Without the lock, all concurrent calls would check before any of them writes."""

    def get(*arguments):
        condition = original(*arguments)

        def check(item):
            result = condition.expr(item)
            time.sleep(0.02)
            return result

        return mock.Mock(expr=check)

    return get


class Dynamodb(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = PluginManager(PLUGIN_NAMESPACE).load("dynamodb:moto").create_service()
        key = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
        cls.call("CreateTable", TableName="t", BillingMode="PAY_PER_REQUEST", **key)

    @classmethod
    def call(cls, operation, **parameters):
        response = cls.service.skeleton.invoke(create_aws_request_context("dynamodb", operation, parameters=parameters, region="eu-south-1"))
        return response.status_code, response.get_json(force=True)

    def at_once(self, operation, **parameters):
        """Makes several calls at once. Returns the bodies of the successful responses, and the number of failed conditions."""
        slow = [mock.patch(f"moto.dynamodb.models.{module}get_filter_expression", slow_conditions(moto_table.get_filter_expression)) for module in ("", "table.")]
        with slow[0], slow[1], ThreadPoolExecutor(CALLS) as threads:
            responses = [call.result() for call in [threads.submit(self.call, operation, TableName="t", **parameters) for _ in range(CALLS)]]
        failed = [body for status, body in responses if status == 400 and "ConditionalCheckFailedException" in body["__type"]]
        return [body for status, body in responses if status == 200], len(failed)

    def test_of_several_conditional_writes_at_once_one_succeeds(self):
        written, failed = self.at_once("PutItem", Item={"id": {"S": "put"}}, ConditionExpression="attribute_not_exists(id)")
        self.assertEqual((len(written), failed), (1, CALLS - 1))

    def test_of_several_conditional_deletes_at_once_one_succeeds_and_gets_the_item(self):
        item = {"id": {"S": "delete"}, "name": {"S": "n"}}
        self.call("PutItem", TableName="t", Item=item)
        deleted, failed = self.at_once("DeleteItem", Key={"id": item["id"]}, ConditionExpression="attribute_exists(id)", ReturnValues="ALL_OLD")
        self.assertEqual(([body["Attributes"] for body in deleted], failed), ([item], CALLS - 1))

    def test_of_several_deletes_without_a_condition_at_once_one_gets_the_item(self):
        item = {"id": {"S": "take"}, "name": {"S": "n"}}
        self.call("PutItem", TableName="t", Item=item)
        deleted, _ = self.at_once("DeleteItem", Key={"id": item["id"]}, ReturnValues="ALL_OLD")
        self.assertEqual([body["Attributes"] for body in deleted if "Attributes" in body], [item])
        self.assertEqual(len(deleted), CALLS)

    def test_the_provider_of_streams_is_loaded_and_its_calls_use_the_lock(self):
        streams = PluginManager(PLUGIN_NAMESPACE).load("dynamodbstreams:moto").create_service()
        context = create_aws_request_context("dynamodbstreams", "ListStreams", region="eu-south-1")
        with ThreadPoolExecutor(1) as thread:
            with moto_dynamodb.LOCK:
                call = thread.submit(streams.skeleton.invoke, context)
                with self.assertRaises(TimeoutError):
                    call.result(timeout=0.5)
            self.assertEqual(call.result(timeout=60).status_code, 200)

    def test_moto_repeats_a_transaction_with_the_same_token(self):
        # docs/emulators.md names this difference from DynamoDB.
        counter = {"TableName": "t", "Key": {"id": {"S": "counter"}}}
        add = counter | {"UpdateExpression": "ADD n :one", "ExpressionAttributeValues": {":one": {"N": "1"}}}
        for _ in range(2):
            self.assertEqual(self.call("TransactWriteItems", TransactItems=[{"Update": add}], ClientRequestToken="token")[0], 200)
        self.assertEqual(self.call("GetItem", **counter)[1]["Item"]["n"], {"N": "2"})


if __name__ == "__main__":
    unittest.main()
