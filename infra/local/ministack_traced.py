"""Starts ministack with a trace ID for each invocation. Runs in ministack's environment.

Lambda's Runtime API hands out a trace ID whatever the tracing mode is. ministack does so only for functions with active tracing, and its
CloudFormation sets none. Without it, what the SDK adds to requests because of a trace ID would never be seen on this emulator.
"""

import runpy
import sys
from importlib.metadata import version

from ministack.services import lambda_svc

VERSION = "1.5.33"

if version("ministack") != VERSION:
    sys.exit(f"{__file__} replaces a function of ministack {VERSION}, and this is {version('ministack')}")

usual = lambda_svc._xray_trace_id_for_invocation


def always(config, inbound_trace_header=None):
    return usual(config | {"TracingConfig": {"Mode": "Active"}}, inbound_trace_header)


lambda_svc._xray_trace_id_for_invocation = always
runpy.run_module("ministack", run_name="__main__", alter_sys=True)
