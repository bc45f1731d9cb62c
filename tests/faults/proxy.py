"""microburst, which hands on Host and Content-Length as they came: signatures are of them too, and the emulator checks signatures.

Runs in the environment of .tools/faults, with microburst's own arguments. With MYPHOTO_RECORD=file it writes down what calls cost (record.py)."""

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


def as_signed(self, request):
    return without_host(self, request) | {"host": request.headers["Host"]}


async def relay_known(self, request, body, mutator=None, data=None):
    request["body"] = body
    return await relay(self, request, body, mutator, data)


async def to_client_recorded(request, status, headers, mutator, chunks):
    answered = bytearray()

    async def seen():
        async for chunk in chunks:
            answered.extend(chunk)
            yield chunk

    sent = await to_client(request, status, headers, mutator, seen())
    RECORDER.saw(request.headers, request.method, request.path, request.get("body"), status, bytes(answered))
    return sent


if __name__ == "__main__":
    Upstream._outbound_headers = as_signed
    # What is read whole goes on with its length, not in chunks.
    pipeline.should_buffer = lambda *_: True
    if os.environ.get("MYPHOTO_RECORD"):
        RECORDER = record.Recorder(Path(os.environ["MYPHOTO_RECORD"]))
        Upstream.relay, forward._stream_to_client = relay_known, to_client_recorded
    sys.exit(main())
