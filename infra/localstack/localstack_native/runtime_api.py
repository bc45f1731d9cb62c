"""Lambda's Runtime API for one process: the process polls for its next event, and posts its response or its error.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import base64
import contextlib
import enum
import json
import queue
import socket
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"
PREFIX = "/2018-06-01/runtime"
# The largest payload of a synchronous response that Lambda accepts.
MAX_RESPONSE_BYTES = 6_291_556


def error_payload(error_type, message):
    """Returns an error in the format in which Lambda returns it to callers."""
    return json.dumps({"errorType": error_type, "errorMessage": message}).encode()


def _trailer_payload(error_type, trailers):
    """Returns the error of a streamed response that the function reports after a part of the response. Its payload is in a trailer, in base64."""
    with contextlib.suppress(ValueError):
        if payload := base64.b64decode(trailers.get("lambda-runtime-function-error-body", ""), validate=True):
            return payload
    return error_payload(error_type, "the response ended with an error")


class Kind(enum.Enum):
    READY = "ready"
    RESPONSE = "response"
    ERROR = "error"
    INIT_ERROR = "init_error"
    EXIT = "exit"


@dataclass(frozen=True)
class Report:
    """A report about the process. `request_id` is set for the response or error of an invocation. `body` is the payload or the exit status."""

    kind: Kind
    request_id: str | None = None
    body: bytes = b""


class RuntimeApi(ThreadingHTTPServer):
    """Serves one process. Puts the process's reports into the queue `reports`. Responds to a poll with the next item of the queue `events`. If that item is
    None, closes the connection."""

    daemon_threads = True

    def __init__(self):
        super().__init__((HOST, 0), _Handler)
        self.events = queue.SimpleQueue()
        self.reports = queue.SimpleQueue()
        threading.Thread(target=self._accept, name=f"lambda-runtime-api-{self.server_port}", daemon=True).start()

    def _accept(self):
        # Replaces serve_forever, which would wake up twice a second for each process.
        while True:
            try:
                self.process_request(*self.socket.accept())
            except OSError:
                return

    def close(self):
        self.events.put(None)
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()

    def handle_error(self, request, client_address):
        """Ignores broken connections, because the executor notices the end of the process by its exit status."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self):
        if self.path != f"{PREFIX}/invocation/next":
            self._respond(404)
            return
        self.server.reports.put(Report(Kind.READY))
        event = self.server.events.get()
        if event is None:
            self.close_connection = True
        else:
            self._respond(200, event["payload"].encode(), event["headers"])

    def do_POST(self):
        body, trailers = self._body()
        match self.path.removeprefix(PREFIX).strip("/").split("/"):
            case ["init", "error"]:
                report = Report(Kind.INIT_ERROR, None, body)
            case ["invocation", request_id, "response"] if error_type := trailers.get("lambda-runtime-function-error-type"):
                report = Report(Kind.ERROR, request_id, _trailer_payload(error_type, trailers))
            case ["invocation", request_id, "response"] if len(body) > MAX_RESPONSE_BYTES:
                message = f"Response payload size exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes)."
                self.server.reports.put(Report(Kind.ERROR, request_id, error_payload("Function.ResponseSizeTooLarge", message)))
                self._respond(413, error_payload("RequestEntityTooLarge", message))
                return
            case ["invocation", request_id, ("response" | "error") as kind]:
                report = Report(Kind(kind), request_id, body)
            case _:
                self._respond(404)
                return
        self.server.reports.put(report)
        self._respond(202, b'{"status":"OK"}')

    def _body(self):
        """Returns the body and the trailers of the request. The names of the trailers are in lower case. Raises ConnectionError if the request is
        incomplete, so that a process that ends while it sends a response has no response."""
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self._read(int(self.headers.get("Content-Length") or 0)), {}
        whole, trailers = bytearray(), {}
        while size := int(self._line().split(b";")[0], 16):
            whole += self._read(size)
            self._line()
        while line := self._line().strip():
            name, _, value = line.decode("latin-1").partition(":")
            trailers[name.lower()] = value.strip()
        return bytes(whole), trailers

    def _read(self, size):
        read = self.rfile.read(size)
        if len(read) < size:
            raise ConnectionError(f"the connection ended after {len(read)} of {size} bytes")
        return read

    def _line(self):
        line = self.rfile.readline()
        if not line.endswith(b"\n"):
            raise ConnectionError("the connection ended within a line")
        return line

    def _respond(self, status, body=b"", headers=None):
        self.send_response_only(status)
        for name, value in {**(headers or {}), "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, *_):
        """Logs nothing, because LocalStack's log would get a line for each poll."""
