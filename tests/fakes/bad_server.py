"""A server that misbehaves as told: over sockets, HTTP and TLS, in the test's own event loop.

    async with serving(hang) as server:
        ... server.port, server.url ...

A behaviour is an async function of a connection. It runs after a request's head has arrived,
except for those that begin earlier (`on_connect`).
"""

from __future__ import annotations

import asyncio
import functools
import json
import socket
import ssl
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import trustme


@dataclass(slots=True)
class Connection:
    """One connection from the misbehaving side.

    Attributes:
        head: the request's first line and headers.
        sent: bytes handed to the socket so far.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: str = ""
    sent: int = 0

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
        self.sent += len(data)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()


Behaviour = Callable[[Connection], Awaitable[None]]


@dataclass(slots=True)
class BadServer:
    """A running server.

    Attributes:
        port: where it listens on 127.0.0.1.
        scheme: http or https, as clients are meant to see it.
        heads: heads of the requests it received.
        connections: connections accepted, those without a request included.
        sent: bytes of answers that it could get rid of.
    """

    port: int
    scheme: str
    heads: list[str] = field(default_factory=list)
    connections: int = 0
    sent: int = 0

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(
    behaviour: Behaviour,
    *,
    tls: ssl.SSLContext | None = None,
    scheme: str | None = None,
    on_connect: bool = False,
    host: str = "127.0.0.1",
) -> AsyncIterator[BadServer]:
    """Serve until the block ends; what still runs then is interrupted."""
    tasks: set[asyncio.Task[None]] = set()
    made: list[BadServer] = []

    async def talk(connection: Connection) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                if not on_connect:
                    head = await connection.reader.readuntil(b"\r\n\r\n")
                    connection.head = head.decode("latin-1")
                    made[0].heads.append(connection.head)
                await behaviour(connection)
                made[0].sent = connection.sent
                if on_connect or connection.writer.is_closing():
                    return

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made[0].connections += 1
        task = asyncio.create_task(talk(Connection(reader, writer)))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(lambda _: writer.transport.abort())

    server = await asyncio.start_server(accept, host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    made.append(BadServer(port, scheme or ("https" if tls else "http")))
    try:
        yield made[0]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)


def head(status: int = 200, headers: Mapping[str, str] | None = None, reason: str = "OK") -> bytes:
    lines = [f"HTTP/1.1 {status} {reason}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(
    body: bytes = b"{}", status: int = 200, headers: Mapping[str, str] | None = None
) -> Behaviour:
    """Answer properly, and keep the connection."""
    sent = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}

    async def behave(connection: Connection) -> None:
        await connection.send(head(status, sent) + body)

    return behave


def document(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with JSON."""
    return answer(json.dumps(value).encode(), status, headers)


def page(text: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Behaviour:
    """Answer with HTML."""
    return answer(text.encode(), status, {"Content-Type": "text/html", **(headers or {})})


def raw(data: bytes) -> Behaviour:
    """Send bytes and close."""

    async def behave(connection: Connection) -> None:
        await connection.send(data)
        connection.writer.close()

    return behave


async def hang(connection: Connection) -> None:
    """Say nothing for ever."""
    await asyncio.Event().wait()


async def hang_in_body(connection: Connection) -> None:
    """Send half of the body, and nothing more for ever."""
    await connection.send(head(200, {"Content-Length": "1000"}) + b"[" * 500)
    await asyncio.Event().wait()


async def drip(connection: Connection) -> None:
    """Send a byte every hundredth of a second for ever, so that no read ever times out."""
    await connection.send(head(200, {"Transfer-Encoding": "chunked"}))
    while True:
        await connection.send(b"1\r\n \r\n")
        await asyncio.sleep(0.01)


async def drip_head(connection: Connection) -> None:
    """Send the head a byte at a time, for ever."""
    await connection.send(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    while True:
        await connection.send(b"x")
        await asyncio.sleep(0.01)


async def reset(connection: Connection) -> None:
    """Break the connection off instead of answering."""
    connection.reset()


async def reset_in_body(connection: Connection) -> None:
    """Break the connection off in the middle of the body."""
    await connection.send(head(200, {"Content-Length": "1000"}) + b"[" * 500)
    await asyncio.sleep(0.02)
    connection.reset()


async def close(connection: Connection) -> None:
    """Close the connection instead of answering."""
    connection.writer.close()


def endless(chunk: bytes = b"[" * 65536, *, declared: int | None = None) -> Behaviour:
    """Send a body that does not end, or is as long as declared."""

    async def behave(connection: Connection) -> None:
        if declared is None:
            await connection.send(head(200, {"Connection": "close"}))
        else:
            await connection.send(head(200, {"Content-Length": str(declared)}))
        left = declared or 2**40
        while left > 0:
            await connection.send(chunk[:left])
            left -= len(chunk)

    return behave


@functools.cache
def bomb(size: int = 100 * 2**20) -> bytes:
    """Return a small gzip file that decompresses to `size` bytes, whole MiB."""
    piece = b" " * 2**20
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    # What follows a full flush refers to nothing before it, so that the piece is packed once.
    packed = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    count, checksum = size // len(piece), 0
    for _ in range(count):
        checksum = zlib.crc32(piece, checksum)
    head = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff"
    end = packer.flush() + struct.pack("<II", checksum, size % 2**32)
    return head + packed * count + end


def compressed(data: bytes, coding: str = "gzip") -> Behaviour:
    """Answer with a body that is said to be compressed."""
    return answer(data, headers={"Content-Encoding": coding})


def redirecting(target: Callable[[str], str], status: int = 302) -> Behaviour:
    """Redirect to wherever `target` says for the path that was asked for."""

    async def behave(connection: Connection) -> None:
        path = connection.head.split(" ", 2)[1]
        headers = {"Location": target(path), "Content-Length": "0"}
        await connection.send(head(status, headers, "Found"))

    return behave


class Authority:
    """Makes certificates, good and bad ones. A client trusts it by `ca_file`."""

    def __init__(self) -> None:
        self.ca = trustme.CA()

    def context(self, *names: str, not_after: datetime | None = None) -> ssl.SSLContext:
        """Return a server's context with a certificate for these names, 127.0.0.1 by default."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        begins = datetime(2020, 1, 1) if not_after else None  # noqa: DTZ001 - as trustme wants it
        issued = self.ca.issue_cert(
            *(names or ("127.0.0.1",)), not_before=begins, not_after=not_after
        )
        issued.configure_cert(context)
        return context

    def write(self, path: Any) -> str:
        """Write the issuer's certificate to a file and return its name."""
        self.ca.cert_pem.write_to_path(str(path))
        return str(path)
