"""One broken answer is one error type, whoever met it: probe, client, or an application's library.

Real servers, real sockets, and the libraries as they are installed.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from store_exporter import Recorder, track
from store_exporter.errors import ERROR_TYPES, StoreError
from store_exporter.net import documents
from store_exporter.net.plans import Plan, Request
from store_exporter.platforms.kit.client.drivers import AsyncDriver, SyncDriver
from store_exporter.probing.http import StoreHttp
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Store
from tests.fakes.bad_server import Authority, raw, serving
from tests.net.broken_answers import (
    ACCEPTED,
    BROKEN,
    UNTRIED,
    Broken,
    hang_up_in_handshake,
    whole,
)
from tests.net.http_libraries import LIBRARIES, PATIENCE, TIMEOUT
from tests.operations.shop import SHOP, counted

LIMIT = 100_000
OURS = ("probe", "blocking client", "asyncio client")
APPLICATIONS = ("httpx", "aiohttp", "requests")


class Callers:
    """Everybody who asks, each as a function from an address to an error type."""

    def __init__(self, ca_file: str) -> None:
        self._ca_file = ca_file
        self._tls = ssl.create_default_context(cafile=ca_file)
        self.timeout = PATIENCE

    async def probe(self, url: str) -> None:
        store = Store(
            "acme",
            "shop.example.com",
            "woocommerce",
            url,
            requests_per_hour=100_000,
            max_body_bytes=LIMIT,
            ca_file=self._ca_file,
        )
        transport = Transport()
        try:
            response = await StoreHttp(store, transport, timeout=self.timeout).send(
                Request("GET", "/x")
            )
        finally:
            await transport.close()
        documents.document(response)

    def blocking(self, url: str) -> None:
        transport = httpx.HTTPTransport(verify=self._tls, trust_env=False)
        with closing(SyncDriver(transport, sign=lambda r: r, max_body_bytes=LIMIT)) as driver:
            driver.run(self._read(url))

    async def asynchronous(self, url: str) -> None:
        transport = httpx.AsyncHTTPTransport(verify=self._tls, trust_env=False)
        driver = AsyncDriver(transport, sign=lambda r: r, max_body_bytes=LIMIT)
        try:
            await driver.run(self._read(url))
        finally:
            await driver.aclose()

    def application(self, library: str, url: str) -> str:
        """Return what `track` counts of a call of the application's own."""
        recorder = Recorder()
        with suppress(Exception), track("get_cart", **SHOP, recorder=recorder):
            LIBRARIES[library](f"{url}/x", self._tls, self._ca_file, self.timeout)
        _, _, errors = counted(recorder)
        return next(iter(errors)) if errors else ACCEPTED

    def _read(self, url: str) -> Plan[Any]:
        response = yield Request("GET", f"{url}/x", timeout=self.timeout)
        assert response is not None
        return documents.document(response)


async def _raised(call: Awaitable[None]) -> str:
    """Return the type of the error that one of our own drivers raises: a StoreError or none."""
    try:
        await call
    except StoreError as error:
        return error.error_type
    return ACCEPTED


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def callers(authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Callers:
    path: Path = tmp_path_factory.mktemp("authority") / "ca.pem"
    return Callers(authority.write(path))


@pytest.mark.parametrize(
    "line",
    [
        b"X-Options[0]: 1",
        b"X-Echo Agent: curl/8",
        b"cache/forum.php: not supported",
        b"X-XSS-Protection=1;",
        b"Pragma: no-cache\r",
        b"X-" + b"long" * 20 + b" : 1",
        b"Authorization Basic Y2tfMDEyMzQ1Njc4OTphYmNkZWY=",
    ],
)
async def test_what_no_header_is_is_left_out(callers: Callers, line: bytes) -> None:
    async with serving(whole(line)) as server:
        await callers.probe(server.url)
        await asyncio.to_thread(callers.blocking, server.url)
        await callers.asynchronous(server.url)


async def test_a_header_that_cannot_be_read_is_named(callers: Callers) -> None:
    """Behind an interim response, whose head is the first one."""
    hints = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nX Name: x\r\nContent-Length: 2\r\n\r\n{}"
    async with serving(raw(hints + head)) as server:
        found = await asyncio.gather(
            callers.probe(server.url),
            asyncio.to_thread(callers.blocking, server.url),
            callers.asynchronous(server.url),
            return_exceptions=True,
        )
    expected = (
        "the response of 127.0.0.1 is not HTTP: its header 'X Name' is invalid, though browsers "
        "may ignore that"
    )
    assert [getattr(error, "message", None) for error in found] == [expected] * 3


async def test_whoever_ended_a_handshake_is_named(callers: Callers) -> None:
    async with serving(hang_up_in_handshake, scheme="https", on_connect=True) as server:
        found = await asyncio.gather(
            callers.probe(server.url),
            asyncio.to_thread(callers.blocking, server.url),
            callers.asynchronous(server.url),
            return_exceptions=True,
        )
    for error in found:
        assert isinstance(error, StoreError)
        assert error.message.startswith("the TLS handshake with 127.0.0.1 failed: ")
        assert "the server ended it" in error.message


@pytest.mark.parametrize("row", BROKEN, ids=[row.name for row in BROKEN])
async def test_a_broken_response_is_the_same_for_everybody(
    row: Broken, callers: Callers, authority: Authority
) -> None:
    callers.timeout = TIMEOUT if row.error_type == "timeout" else PATIENCE
    tls = row.tls(authority) if row.tls else None
    async with serving(
        row.behaviour, tls=tls, scheme=row.scheme, on_connect=row.on_connect
    ) as server:
        calls: dict[str, Callable[[], Awaitable[str]]] = {
            "probe": lambda: _raised(callers.probe(server.url)),
            "blocking client": lambda: _raised(asyncio.to_thread(callers.blocking, server.url)),
            "asyncio client": lambda: _raised(callers.asynchronous(server.url)),
        }
        expected = dict.fromkeys(OURS, row.error_type)
        for name in APPLICATIONS:
            expected[name] = row.differing.get(name, (row.error_type, ""))[0]
            if expected[name] != UNTRIED:
                calls[name] = lambda name=name: asyncio.to_thread(  # type: ignore[misc]
                    callers.application, name, server.url
                )
        found = dict.fromkeys(expected, UNTRIED)
        found |= dict(zip(calls, await asyncio.gather(*(c() for c in calls.values())), strict=True))
    assert found == expected


def test_the_table_is_large_and_every_exception_in_it_is_one_and_has_a_reason() -> None:
    assert len(BROKEN) >= 30
    assert Counter(row.name for row in BROKEN).most_common(1)[0][1] == 1
    for row in BROKEN:
        for library, (error_type, reason) in row.differing.items():
            assert library in APPLICATIONS, "our own two drivers and the probe never differ"
            assert error_type != row.error_type, f"{row.name} is no exception for {library}"
            assert error_type in (ACCEPTED, UNTRIED) or error_type in ERROR_TYPES
            assert len(reason) > 10
