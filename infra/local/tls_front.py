"""Terminates TLS in front of the emulator, and forwards the decrypted bytes unchanged.

    tls_front.py --listen 127.0.0.1:4443 --forward 127.0.0.1:4566 --certificate FOLDER/server.pem
"""

import argparse
import asyncio
import contextlib
import ssl
import sys

# Time limit of a TLS handshake in seconds.
HANDSHAKE_TIMEOUT = 10
CHUNK = 65_536


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--listen", required=True, type=address, metavar="HOST:PORT")
    parser.add_argument("--forward", required=True, type=address, metavar="HOST:PORT", help="the endpoint without TLS")
    parser.add_argument("--certificate", required=True, help="file with the server's key and its certificate, as PEM")
    arguments = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(arguments.listen, arguments.forward, arguments.certificate))


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


async def serve(listen, upstream, certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    # The TLS front does not interpret HTTP, so it offers only HTTP/1.1, the version that the emulator supports.
    context.set_alpn_protocols(["http/1.1"])

    async def forward(reader, writer):
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection(*upstream)
        except OSError as error:
            print(f"{upstream[0]}:{upstream[1]}: {error}", file=sys.stderr, flush=True)
            writer.close()
            return
        try:
            await both(copy(reader, upstream_writer), copy(upstream_reader, writer))
        finally:
            for one in (writer, upstream_writer):
                one.close()

    server = await asyncio.start_server(forward, *listen, ssl=context, ssl_handshake_timeout=HANDSHAKE_TIMEOUT)
    async with server:
        await server.serve_forever()


async def both(*directions):
    """Copies in both directions until one of them ends. The other direction is then of no use, because neither HTTP clients nor the emulator use
    half-closed connections."""
    tasks = [asyncio.create_task(direction) for direction in directions]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def copy(reader, writer):
    """Copies bytes until the connection ends or breaks."""
    with contextlib.suppress(OSError, ssl.SSLError):
        while content := await reader.read(CHUNK):
            writer.write(content)
            await writer.drain()


if __name__ == "__main__":
    main()
