"""Connections under httpx are watched: what is no HTTP is refused at once, drips come to an end."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import httpcore
import httpx
import pytest

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net import reach
from store_exporter.net.plans import Plan, Request, TransportError
from store_exporter.platforms.kit.client.drivers import AsyncDriver, SyncDriver
from tests.fakes import bad_server
from tests.fakes.bad_server import Behaviour, Connection, serving

TIMEOUT = 20.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def twice(url: str, seconds: float) -> Plan[tuple[Response, ...]]:
    """Ask two times, over one connection where the server keeps it."""
    answers = []
    for _ in range(2):
        answer = yield Request("GET", url, timeout=seconds)
        assert answer is not None
        answers.append(answer)
    return tuple(answers)


class Resetting(httpcore.SyncBackend):
    """Makes connections that the other side has reset when they are handed over."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener

    def connect_tcp(self, *args: Any, **options: Any) -> httpcore.NetworkStream:
        stream = super().connect_tcp(*args, **options)
        reset(self._listener)
        return stream


class AsyncResetting(httpcore.AnyIOBackend):
    """The same without blocking."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore.AsyncNetworkStream:
        stream = await super().connect_tcp(*args, **options)
        reset(self._listener)
        return stream


def reset(listener: socket.socket) -> None:
    """Reset the next connection that was made to a socket."""
    connection, _ = listener.accept()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


async def ask(
    kind: str,
    url: str,
    seconds: float = TIMEOUT,
    *,
    proxy: str | None = None,
    resets: socket.socket | None = None,
) -> tuple[Response, ...]:
    plan = twice(url, seconds)
    proxied = proxy is not None
    if kind == "blocking":
        transport = httpx.HTTPTransport(proxy=proxy)
        if resets is not None:
            transport._pool._network_backend = Resetting(resets)
        driver = SyncDriver(
            transport,
            sign=lambda r: r,
            max_body_bytes=1000,
            proxied=proxied,
        )
        try:
            return await asyncio.to_thread(driver.run, plan)
        finally:
            driver.close()
    async_transport = httpx.AsyncHTTPTransport(proxy=proxy)
    if resets is not None:
        async_transport._pool._network_backend = AsyncResetting(resets)
    asynchronous = AsyncDriver(
        async_transport,
        sign=lambda r: r,
        max_body_bytes=1000,
        proxied=proxied,
    )
    try:
        return await asynchronous.run(plan)
    finally:
        await asynchronous.aclose()


@pytest.mark.parametrize("kind", ["blocking", "asynchronous"])
async def test_nothing_is_sent_to_an_address_that_is_not_permitted(kind: str) -> None:
    async with serving(saying(OK)) as server:
        reach.permitted.set(reach.address_filter(("127.0.0.2/32",)))
        with pytest.raises(StoreError, match=r"127\.0\.0\.1, which is not public") as raised:
            await ask(kind, server.url)
        assert (raised.value.error_type, server.heads) == ("dns", [])
        reach.permitted.set(reach.address_filter(("127.0.0.1/32",)))
        assert len(await ask(kind, server.url)) == 2


@pytest.mark.parametrize("kind", ["blocking", "asynchronous"])
async def test_a_connection_that_is_reset_before_its_address_is_known_has_failed(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        reach.permitted.set(reach.address_filter(("127.0.0.1/32",)))
        with pytest.raises(TransportError, match=r"127\.0\.0\.1 reset the connection") as raised:
            await ask(kind, f"http://127.0.0.1:{listener.getsockname()[1]}", resets=listener)
    assert (raised.value.error_type, raised.value.sent) == ("connection", False)


def saying(data: bytes) -> Behaviour:
    """Send bytes, and keep the connection."""

    async def behave(connection: Connection) -> None:
        await connection.send(data)

    return behave


def piecewise(data: bytes) -> Behaviour:
    """Send a byte at a time, and keep the connection."""

    async def behave(connection: Connection) -> None:
        for place in range(len(data)):
            await connection.send(data[place : place + 1])
            await asyncio.sleep(0)

    return behave


@pytest.fixture(params=["blocking", "asyncio"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


async def test_a_greeting_of_another_protocol_is_refused_without_waiting_for_more(
    kind: str,
) -> None:
    async with serving(saying(b"SSH-2.0-OpenSSH_9.2\r\n")) as server:
        began = time.monotonic()
        with pytest.raises(TransportError) as caught:
            await ask(kind, server.url)
    assert caught.value.error_type == "invalid_response"
    assert time.monotonic() - began < TIMEOUT


@pytest.mark.parametrize("behave", [saying, piecewise])
async def test_a_response_is_read_however_it_is_cut_and_the_connection_used_again(
    kind: str, behave: Callable[[bytes], Behaviour]
) -> None:
    async with serving(behave(OK)) as server:
        first, second = await ask(kind, server.url)
    assert first.body == second.body == b"{}"
    assert server.connections == 1


async def test_empty_lines_before_a_response_are_passed_over(kind: str) -> None:
    async with serving(piecewise(b"\r\n\r\n" + OK)) as server:
        first, second = await ask(kind, server.url)
    assert first.body == second.body == b"{}"


async def test_a_length_in_the_body_is_not_taken_for_one_of_the_head(kind: str) -> None:
    body = b"\r\nContent-Length: 1\r\nContent-Length: 2\r\n"
    async with serving(bad_server.answer(body)) as server:
        first, _ = await ask(kind, server.url)
    assert first.body == body


@pytest.mark.parametrize("behaviour", [bad_server.drip, bad_server.drip_head])
async def test_a_response_that_comes_in_drips_ends_in_time(kind: str, behaviour: Behaviour) -> None:
    async with serving(behaviour) as server:
        with pytest.raises(TransportError) as caught:
            await ask(kind, server.url, 0.2)
    assert caught.value.error_type == "timeout"


@pytest.mark.parametrize(
    ("answer", "error_type", "words"),
    [
        (b"HTTP/1.1 402 Payment Required\r\nContent-Length: 0\r\n\r\n", "local_failure", "402 Pay"),
        (b"HTTP/1.1 407 Log in\r\nContent-Length: 0\r\n\r\n", "local_failure", "407 Log in"),
        (b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", "connection", "could not reach it: 502"),
        (b"HTTP/1.1 504 Late\r\nContent-Length: 0\r\n\r\n", "timeout", "could not reach it: 504"),
        (b"", "local_failure", "it ends the connection"),
        (b"HTTP/1.1 20", "local_failure", "it ends the connection"),
        (
            b"\x16\x03\x01 no proxy\r\n",
            "local_failure",
            "it does not respond as an HTTP proxy does",
        ),
    ],
)
async def test_a_proxy_that_makes_no_tunnel_is_named_and_is_not_the_store(
    kind: str, answer: bytes, error_type: str, words: str
) -> None:
    async with serving(bad_server.raw(answer) if answer else bad_server.reset) as server:
        with pytest.raises(TransportError) as caught:
            await ask(kind, "https://shop.example.com/", proxy=server.url)
    assert caught.value.error_type == error_type
    assert caught.value.message.startswith("the proxy for shop.example.com ")
    assert words in caught.value.message
    assert not caught.value.sent
