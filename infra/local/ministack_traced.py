"""Starts ministack with a trace ID for each invocation. Runs in ministack's virtual environment.

Lambda's Runtime API sends a trace ID in every tracing mode, and the SDK then adds it as a header to its requests. ministack sends a trace ID only to functions
with active tracing, and its CloudFormation ignores the tracing mode. So without this script, functions on ministack would never send this header.
"""

import runpy
import sys
from importlib.metadata import version

from ministack.services import lambda_svc

VERSION = "1.5.33"

if version("ministack") != VERSION:
    sys.exit(f"{__file__} replaces a function of ministack {VERSION}, and {version('ministack')} is installed")

original = lambda_svc._xray_trace_id_for_invocation


def with_active_tracing(config, inbound_trace_header=None):
    return original(config | {"TracingConfig": {"Mode": "Active"}}, inbound_trace_header)


lambda_svc._xray_trace_id_for_invocation = with_active_tracing
runpy.run_module("ministack", run_name="__main__", alter_sys=True)
