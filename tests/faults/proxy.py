"""microburst, which hands on Host and Content-Length as they came: signatures are of them too, and the emulator checks signatures.

Runs in the environment of .tools/faults, with microburst's own arguments."""

import sys

from microburst.cli import main
from microburst.core import pipeline
from microburst.forward import Upstream

without_host = Upstream._outbound_headers


def as_signed(self, request):
    return without_host(self, request) | {"host": request.headers["Host"]}


if __name__ == "__main__":
    Upstream._outbound_headers = as_signed
    # What is read whole goes on with its length, not in chunks.
    pipeline.should_buffer = lambda *_: True
    sys.exit(main())
