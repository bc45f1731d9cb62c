"""Addresses, ports and proxies of the local stack."""

import os
import re
import socket
import urllib.request

from console import Failure

# Opens URLs without a proxy, because a proxy of the environment (http_proxy) cannot reach this machine's loopback addresses.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_free(port, host="127.0.0.1"):
    with socket.socket() as probe:
        # Ignores connections of an earlier run that are still in the state TIME_WAIT.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def any_free_port(host="127.0.0.1"):
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


def sandbox_host():
    """Returns the host on which the sandbox listens: loopback, or SANDBOX_HOST for an emulator that runs functions in containers."""
    return os.environ.get("SANDBOX_HOST", "127.0.0.1")


def sandbox_address():
    """Returns the IP address of `sandbox_host`. Fails unless it is an address of this machine."""
    try:
        address = socket.gethostbyname(sandbox_host())
        any_free_port(address)
    except (OSError, UnicodeError) as error:
        raise Failure(f"SANDBOX_HOST must be an IPv4 address of this machine, or a name of one, and is {sandbox_host()!r} ({error})") from error
    return address


def proxy_settings():
    """Returns the environment variables that make tools call the stack without the proxy of the caller's environment (http_proxy). The caller's exceptions stay."""
    given = re.split(r"[\s,]+", os.environ.get("no_proxy") or os.environ.get("NO_PROXY", ""))
    exceptions = "*" if "*" in given else ",".join(dict.fromkeys([*filter(None, given), "127.0.0.1", "localhost", ".localhost", sandbox_host()]))
    return {"NO_PROXY": exceptions, "no_proxy": exceptions}
