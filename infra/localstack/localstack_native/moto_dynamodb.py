"""Providers that run moto's DynamoDB and streams inside LocalStack, for machines without DynamoDB Local: PROVIDER_OVERRIDE_DYNAMODB=moto.

LocalStack's own providers forward to DynamoDB Local, which needs Java and is under Amazon's licence. In moto, checking a condition and writing the item are not
one atomic step, so a lock serializes all calls.
"""

import threading

from localstack.aws.api.dynamodb import DynamodbApi
from localstack.aws.api.dynamodbstreams import DynamodbstreamsApi
from localstack.services.moto import MotoFallbackDispatcher
from localstack.services.plugins import Service, aws_provider

LOCK = threading.Lock()


def _serialized(provider):
    """Returns moto's dispatch table for a provider, with one lock around every operation."""

    def under_lock(handler):
        def call(context, request):
            with LOCK:
                response = handler(context, request)
            # If there are no attributes to return, moto returns an empty item, and DynamoDB returns none.
            if response.get("Attributes") == {}:
                del response["Attributes"]
            return response

        return call

    return {operation: under_lock(handler) for operation, handler in MotoFallbackDispatcher(provider).items()}


class _DynamoDb(DynamodbApi):
    pass


class _Streams(DynamodbstreamsApi):
    pass


@aws_provider(api="dynamodb", name="moto")
def dynamodb_provider():
    return Service.for_provider(_DynamoDb(), dispatch_table_factory=_serialized)


@aws_provider(api="dynamodbstreams", name="moto")
def streams_provider():
    return Service.for_provider(_Streams(), dispatch_table_factory=_serialized)
