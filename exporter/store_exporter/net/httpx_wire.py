"""Watches httpx's connections: data that is not HTTP is refused at its first bytes.

h11, which parses responses for httpx, waits for an empty line before it parses anything. So clients
would see an SSH or SMTP port as a timeout or a lost connection. Probes recognise it, because their
parser examines every byte. The parsers also disagree on empty lines before a response, which only
the raw bytes still show. This module also makes odd heads readable, as probes do, and ends a
response that arrives a byte at a time in blocking code.
"""

from __future__ import annotations

import math
import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from ..errors import StoreError
from . import reach, unconnected
from .odd_heads import HeadReader
from .plans import TransportError

_BEGINNING = b"HTTP/"


class _Head:
    """The head of the response that arrives over one connection, from the store or a proxy."""

    def __init__(self) -> None:
        self._reader = HeadReader()
        self._bytes: bytes | None = None
        self._tunnel = False

    def requested(self, request: bytes) -> None:
        """Record that a request is being sent: the next bytes begin a response."""
        self._reader.expect()
        self._bytes = b""
        # At the end of a request without a body, nothing is written.
        self._tunnel = request.startswith(b"CONNECT ") or (self._tunnel and not request)

    def received(self, data: bytes) -> bytes:
        """Return what can be parsed, without empty lines before the head; refuse other text."""
        if self._bytes is None:
            return data
        if not self._bytes:
            # They belong to the previous response, whose declared length was too small.
            data = data.lstrip(b"\r\n")
        start = (self._bytes + data)[: len(_BEGINNING)]
        if start != _BEGINNING[: len(start)]:
            if self._tunnel:
                raise httpcore.ProxyError("it does not respond as an HTTP proxy does")
            raise httpcore.RemoteProtocolError("the response does not begin as HTTP")
        found = self._reader.received(data)
        self._bytes = None if found else start
        return found

    def ended(self) -> None:
        """Record that the connection has ended, maybe by a proxy that was to open a tunnel."""
        if self._tunnel and self._bytes is not None:
            raise httpcore.ProxyError("it ends the connection")


class _Stream(httpcore.NetworkStream):
    """One connection of blocking code; only this class can end a response that arrives slowly.

    httpx's timeout applies to each read; here it applies to all reads after a request together.
    """

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream
        self._head = _Head()
        self._ends = math.inf

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            while data := self._stream.read(max_bytes, self._left(timeout)):
                if data := self._head.received(data):
                    return data
        except httpcore.ReadError:
            self._head.ended()
            raise
        self._head.ended()
        return b""

    def _left(self, timeout: float | None) -> float | None:
        if timeout is None:
            return None
        left = min(timeout, self._ends - time.monotonic())
        if left <= 0:
            raise httpcore.ReadTimeout("the response did not end in time")
        return left

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._head.requested(buffer)
        self._ends = time.monotonic() + (math.inf if timeout is None else timeout)
        self._stream.write(buffer, timeout)

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _AsyncStream(httpcore.AsyncNetworkStream):
    """One connection of asyncio, whose driver limits the time itself."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._head = _Head()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            while data := await self._stream.read(max_bytes, timeout):
                if data := self._head.received(data):
                    return data
        except httpcore.ReadError:
            self._head.ended()
            raise
        self._head.ended()
        return b""

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._head.requested(buffer)
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            secure = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except BaseException:
            # httpcore closes the connection after an exception, but not when the driver's time is
            # over.
            await self._stream.aclose()
            raise
        return _AsyncStream(secure)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _refusal(
    host: str, stream: httpcore.NetworkStream | httpcore.AsyncNetworkStream
) -> StoreError | None:
    """Return why nothing may be sent over a new connection, by its address; else None."""
    permits = reach.permitted.get()
    if permits is None:
        return None
    try:
        peer = stream.get_extra_info("server_addr")
    except OSError:
        peer = None
    if peer is None:
        # A connection that was reset meanwhile no longer has an address.
        return TransportError("connection", f"{host} reset the connection", sent=False)
    address = str(peer[0])
    return None if permits(address) else reach.refusal(host, address)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend, proxied: bool) -> None:
        self._backend = backend
        self._proxied = proxied

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        options, began = (timeout, local_address, socket_options), time.monotonic()
        try:
            stream = self._backend.connect_tcp(host, port, *options)
        except httpcore.ConnectError as error:
            if not self._proxied:
                seconds = unconnected.seconds_left(began, timeout)
                unconnected.examine_now(error, host, port, seconds)
            raise
        refused = None if self._proxied else _refusal(host, stream)
        if refused is not None:
            stream.close()
            raise refused
        return _Stream(stream)


class _AsyncBackend(httpcore.AsyncNetworkBackend):
    def __init__(self, backend: httpcore.AsyncNetworkBackend, proxied: bool) -> None:
        self._backend = backend
        self._proxied = proxied

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        options, began = (timeout, local_address, socket_options), time.monotonic()
        try:
            stream = await self._backend.connect_tcp(host, port, *options)
        except httpcore.ConnectError as error:
            if not self._proxied:
                seconds = unconnected.seconds_left(began, timeout)
                await unconnected.examine(error, host, port, seconds)
            raise
        refused = None if self._proxied else _refusal(host, stream)
        if refused is not None:
            await stream.aclose()
            raise refused
        return _AsyncStream(stream)


def watch(
    transport: httpx.BaseTransport | httpx.AsyncBaseTransport, *, proxied: bool = False
) -> None:
    """Watch a transport's connections; a transport without connections, as in tests, is unchanged.

    Args:
        transport: a transport of httpx.
        proxied: whether it connects to a proxy, whose failures are all problems of this side.

    httpx 0.28 has no public way to pass a network backend to httpcore, which defines that
    interface.
    """
    if isinstance(transport, httpx.HTTPTransport):
        pool: Any = transport._pool  # noqa: SLF001
        pool._network_backend = _Backend(pool._network_backend, proxied)  # noqa: SLF001
    elif isinstance(transport, httpx.AsyncHTTPTransport):
        pool = transport._pool  # noqa: SLF001
        pool._network_backend = _AsyncBackend(pool._network_backend, proxied)  # noqa: SLF001
