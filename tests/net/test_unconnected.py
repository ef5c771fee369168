"""Connections of clients that were not made for a reason on this side, over both drivers."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from typing import Any

import httpx
import pytest

from store_exporter.contract import Response
from store_exporter.errors import StoreError
from store_exporter.net import name_servers
from store_exporter.net.plans import Plan, Request, TransportError
from store_exporter.platforms.kit.client.drivers import AsyncDriver, SyncDriver
from tests.net.no_names import unresolved

OPTIONS: dict[str, Any] = {"sign": lambda request: request, "max_body_bytes": 1000}
KINDS = pytest.mark.parametrize("kind", ["blocking", "async"])


def ask(timeout: float) -> Plan[Response]:
    answer = yield Request("GET", "http://shop.example.com:9/", timeout=timeout)
    assert answer is not None
    return answer


def run(kind: str, timeout: float) -> Response:
    if kind == "blocking":
        return SyncDriver(httpx.HTTPTransport(), **OPTIONS).run(ask(timeout))
    return asyncio.run(AsyncDriver(httpx.AsyncHTTPTransport(), **OPTIONS).run(ask(timeout)))


def failure(kind: str, timeout: float = 5) -> StoreError:
    with pytest.raises(StoreError) as caught:
        run(kind, timeout)
    return caught.value


@KINDS
@pytest.mark.parametrize(("dead", "error_type"), [(True, "local_failure"), (False, "dns")])
def test_a_store_is_blamed_for_its_name_only_where_others_would_be_found(
    dead: bool, error_type: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolve() -> bool:
        return not dead

    monkeypatch.setattr(name_servers, "resolve", resolve)
    monkeypatch.setattr(socket, "getaddrinfo", unresolved)
    error = failure(kind)
    assert error.error_type == error_type
    assert ("its own name servers do not respond" in error.message) is dead


@KINDS
@pytest.mark.parametrize(("address", "error_type"), [("::", "dns"), ("127.0.0.1", "connection")])
def test_a_name_that_leads_to_the_address_of_nothing_is_none_that_refuses(
    address: str, error_type: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def filtered(_: str, *others: Any, **options: Any) -> Any:
        return real(address, *others, **options)

    monkeypatch.setattr(socket, "getaddrinfo", filtered)
    error = failure(kind)
    assert error.error_type == error_type
    assert ("a DNS filter" in error.message) is (error_type == "dns")


@KINDS
def test_a_slow_look_up_afterwards_takes_no_longer_than_the_request_may(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, looked_up, over = socket.getaddrinfo, threading.Event(), threading.Event()

    def slow_from_the_second_on(_: str, *others: Any, **options: Any) -> Any:
        if looked_up.is_set():
            over.wait(60)
        looked_up.set()
        return real("127.0.0.1", *others, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow_from_the_second_on)
    try:
        # A busy machine may take longer than the shortest of them to be refused.
        for timeout in (0.2, 2.0, 20.0):
            looked_up.clear()
            began = time.monotonic()
            error = failure(kind, timeout=timeout)
            took = time.monotonic() - began
            if error.error_type != "timeout":
                break
    finally:
        over.set()
    assert isinstance(error, TransportError)
    assert (error.error_type, error.sent) == ("connection", False)
    assert took < 30
