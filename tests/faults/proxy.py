"""Runs the proxy microburst, patched so that it forwards the headers Host and Content-Length unchanged. A request's signature covers both
headers, and the emulator checks the signature.

Runs in the environment of .tools/faults, with microburst's own arguments. If MYPHOTO_RECORD is the path of a file, writes each call and its cost to
the file (record.py)."""

import os
import sys
from pathlib import Path

import record
from microburst import forward
from microburst.cli import main
from microburst.core import pipeline
from microburst.forward import Upstream

without_host = Upstream._outbound_headers
relay, to_client = Upstream.relay, forward._stream_to_client


def headers_with_host(self, request):
    return without_host(self, request) | {"host": request.headers["Host"]}


async def relay_with_body(self, request, body, mutator=None, data=None):
    request["body"] = body
    return await relay(self, request, body, mutator, data)


async def to_client_recorded(request, status, headers, mutator, chunks):
    response_body = bytearray()

    async def recorded_chunks():
        async for chunk in chunks:
            response_body.extend(chunk)
            yield chunk

    sent = await to_client(request, status, headers, mutator, recorded_chunks())
    RECORDER.record(request.headers, request.method, request.path, request.get("body"), status, bytes(response_body))
    return sent


if __name__ == "__main__":
    Upstream._outbound_headers = headers_with_host
    # Reads the whole request, so that it is forwarded with a Content-Length and not in chunks.
    pipeline.should_buffer = lambda *_: True
    if os.environ.get("MYPHOTO_RECORD"):
        RECORDER = record.Recorder(Path(os.environ["MYPHOTO_RECORD"]))
        Upstream.relay, forward._stream_to_client = relay_with_body, to_client_recorded
    sys.exit(main())
