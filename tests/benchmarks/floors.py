"""The least that a request over TLS takes: a few lines over what a probe is made with.

    python -m tests.benchmarks.floors CLIENT PORT CA_FILE    as `probes` does

CLIENT is `asyncio`, a protocol over asyncio's TLS, or `aiohttp`, a session's `get`. They send what
the liveness probe sends and read the answer, look no name up, and do nothing else.

    python -m tests.benchmarks.floors memory PORT CA_FILE    prints bytes

These are what a connection that is kept takes in OpenSSL, with its two buffers, and nothing else.
"""

from __future__ import annotations

import asyncio
import re
import resource
import socket
import ssl
import sys
from asyncio import sslproto
from collections.abc import Callable
from pathlib import Path

from .probes import Probe, in_rounds
from .serve import DOMAIN

_PATH = "/wp-json/wc/v3/settings/general/woocommerce_currency"
_AUTHORIZATION = "Basic " + "YTpi" * 29
"""As long as that of a key and a secret."""
_CONNECTIONS = 500


class _Client(asyncio.Protocol):
    """One connection, for one request after the other."""

    transport: asyncio.Transport
    answered: asyncio.Future[bytes]

    def __init__(self, host: str) -> None:
        lines = (f"GET {_PATH} HTTP/1.1", f"Host: {host}", f"Authorization: {_AUTHORIZATION}")
        self._request = "".join(f"{line}\r\n" for line in (*lines, "")).encode()
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    async def get(self) -> bytes:
        self.answered = asyncio.get_running_loop().create_future()
        self.transport.write(self._request)
        return await self.answered

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, _, body = self._received.partition(b"\r\n\r\n")
        length = re.search(rb"Content-Length: (\d+)", head)
        if length and len(body) == int(length[1]):
            self._received = b""
            self.answered.set_result(head)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.answered.done():
            self.answered.set_exception(error or ConnectionError())


def _by_asyncio(port: int, context: ssl.SSLContext) -> Probe:
    clients: dict[int, _Client] = {}

    async def get(number: int) -> bool:
        client = clients.get(number)
        if client is None or client.transport.is_closing():
            name = f"shop{number}{DOMAIN}"
            loop = asyncio.get_running_loop()
            _, client = await loop.create_connection(
                lambda: _Client(name), "127.0.0.1", port, ssl=context, server_hostname=name
            )
            clients[number] = client
        head = await client.get()
        if b"Connection: close" in head:
            client.transport.close()
        return head.startswith(b"HTTP/1.1 200")

    return get


def _by_aiohttp(port: int, context: ssl.SSLContext) -> Probe:
    import aiohttp

    connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=300.0)
    session = aiohttp.ClientSession(connector=connector)

    async def get(number: int) -> bool:
        # An address in the place of the name costs no look-up; the name is in the handshake.
        host = f"shop{number}{DOMAIN}"
        async with session.get(
            f"https://127.0.0.1:{port}{_PATH}",
            headers={"Host": host, "Authorization": _AUTHORIZATION},
            ssl=context,
            server_hostname=host,
        ) as response:
            await response.read()
            return response.status == 200

    return get


async def _serve(client: str, port: int, context: ssl.SSLContext) -> None:
    await in_rounds({"asyncio": _by_asyncio, "aiohttp": _by_aiohttp}[client](port, context))


def _memory(port: int, context: ssl.SSLContext) -> float:
    """Return the bytes that a connection takes after a request."""
    kept = [_connected(port, context) for _ in range(50)]
    before = _resident()
    kept += [_connected(port, context) for _ in range(_CONNECTIONS)]
    return (_resident() - before) / _CONNECTIONS


def _connected(port: int, context: ssl.SSLContext) -> tuple[object, ...]:
    """Ask a store as asyncio does, by an object between two buffers, and return what is kept."""
    host = f"shop1{DOMAIN}"
    plain = socket.create_connection(("127.0.0.1", port))
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    secured = context.wrap_bio(received, sent, server_hostname=host)

    def until_it_can(step: Callable[[], object]) -> object:
        while True:
            try:
                return step()
            except ssl.SSLWantReadError:
                plain.sendall(sent.read())
                received.write(plain.recv(16384))

    until_it_can(secured.do_handshake)
    secured.write(f"GET {_PATH} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    until_it_can(lambda: secured.read(16384))
    return plain, received, sent, secured


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def main(client: str, port: int, ca_file: str) -> None:
    sslproto.SSLProtocol.max_size = 4 * 1024  # as the exporter has it
    context = ssl.create_default_context(cafile=ca_file)
    context.set_alpn_protocols(["http/1.1"])
    if client == "memory":
        sys.stdout.write(f"{_memory(port, context)}\n")
    else:
        asyncio.run(_serve(client, port, context))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
