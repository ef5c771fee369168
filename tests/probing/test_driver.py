"""Plans as monitoring runs them: each request once, signed, within what the run may do."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from store_exporter.contract import Resolve, Response, Run
from store_exporter.errors import StoreError
from store_exporter.net.plans import Pause, Plan, Request, TransportError, once
from store_exporter.platforms.woocommerce.api import V3
from store_exporter.probing.access import Access
from store_exporter.probing.driver import Driver
from store_exporter.probing.http import StoreHttp
from store_exporter.probing.state.cursor import RunCursor
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Secret, Store
from tests.fakes.bad_server import Connection, serving
from tests.fakes.clock import Clock
from tests.probing.conftest import StoreFactory
from tests.probing.scripted import always

URL = "https://shop.example.com"


class Answering:
    """An `Http` that answers from a function and remembers what it was sent."""

    def __init__(self, answer: Callable[[Request], Response]) -> None:
        self.answer = answer
        self.sent: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.sent.append(request)
        return self.answer(request)


def status(code: int) -> Callable[[Request], Response]:
    return lambda request: Response(code, {"retry-after": "1"}, b"{}", request.url)


async def drive(store: Store, check: Any, http: Answering, clock: Clock | None = None) -> Any:
    clock = clock or Clock()
    connection = Access(store).connection(store)
    driver = Driver(http, connection, pause=lambda one: clock.asleep(one.seconds))
    return await driver.run(check, Run(store, {}, RunCursor(), clock.now))


@pytest.mark.parametrize("code", [429, 500, 503])
async def test_a_request_is_sent_once_whatever_the_response(store: StoreFactory, code: int) -> None:
    def check(api: Any, _: Run) -> Plan[int]:
        response: Response = yield from api.send("GET", f"{V3}/orders")
        return response.status

    http = Answering(status(code))
    assert await drive(store(URL), check, http) == code
    assert len(http.sent) == 1


async def test_a_broken_connection_is_reported_to_the_plan_and_not_tried_again(
    store: StoreFactory,
) -> None:
    def broken(_: Request) -> Response:
        raise TransportError("connection", "broken off", sent=False)

    def check(api: Any, _: Run) -> Plan[str]:
        try:
            yield from api.get(f"{V3}/orders")
        except StoreError as error:
            return error.error_type
        return ""

    http = Answering(broken)
    assert await drive(store(URL), check, http) == "connection"
    assert len(http.sent) == 1


@pytest.mark.parametrize(
    ("method", "served", "heads"), [("GET", 1, 3), ("GET", 0, 1), ("POST", 1, 2)]
)
async def test_only_what_a_kept_connection_lost_is_requested_again_and_signed_anew(
    store: StoreFactory, method: str, served: int, heads: int
) -> None:
    """The server answers so many requests and then closes each connection without a word."""

    async def drop(connection: Connection) -> None:
        if len(server.heads) <= served or len(server.heads) == served + 2:
            await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        else:
            connection.writer.close()

    def check(api: Any, _: Run) -> Plan[str]:
        for each in ["GET"] * served + [method]:
            try:
                yield from api.send(each, f"{V3}/orders")
            except StoreError as error:
                return error.error_type
        return ""

    async with serving(drop) as server:
        transport = Transport()
        shop = store(server.url)
        http = StoreHttp(shop, transport, access := Access(shop))
        try:
            found = await Driver(http, access.connection(shop), pause=http.pause).run(
                check, Run(shop, {}, RunCursor(), time.time)
            )
        finally:
            await transport.close()
    assert found == ("" if heads == 3 else "connection")
    assert len(server.heads) == heads
    nonces = [re.findall(r"oauth_nonce=(\w+)", head) for head in server.heads]
    assert len({nonce for (nonce,) in nonces}) == heads


async def test_requests_are_signed_where_the_platform_wants_it(store: StoreFactory) -> None:
    def check(api: Any, run: Run) -> Plan[None]:
        yield from api.send("GET", f"{V3}/orders")
        yield from once(Request("GET", f"{run.store.url}/"))

    http = Answering(status(200))
    await drive(store(URL), check, http)
    assert ["Authorization" in request.headers for request in http.sent] == [True, False]


async def test_a_pause_takes_as_long_as_the_plan_says(store: StoreFactory) -> None:
    def check(_: Any, __: Run) -> Plan[str]:
        yield Pause(2.5)
        yield Pause(300)
        return "rested"

    clock = Clock()
    assert await drive(store(URL), check, Answering(status(200)), clock) == "rested"
    assert clock.slept == [2.5, 300]


async def test_a_name_is_looked_up_without_a_request(store: StoreFactory) -> None:
    def check(_: Any, __: Run) -> Any:
        found = yield Resolve("localhost", 80)
        try:
            yield Resolve("no-such-shop.invalid", 443)
        except StoreError as error:
            return found, error.error_type, error.message

    http = Answering(status(200))
    addresses, error_type, message = await drive(store(URL), check, http)
    assert set(addresses) <= {"127.0.0.1", "::1"}
    assert error_type == "dns"
    # In the words of the C library, which differ from system to system.
    assert re.fullmatch(r"the name no-such-shop\.invalid does not resolve \(.+\)", message)
    assert http.sent == []


async def test_a_plan_that_is_interrupted_can_clean_up(store: StoreFactory) -> None:
    cleaned = []

    def check(_: Any, __: Run) -> Plan[None]:
        try:
            yield Pause(3600)
        finally:
            cleaned.append(True)

    access = Access(store(URL))
    http = StoreHttp(store(URL), always(), access)
    driver = Driver(http, access.connection(store(URL)), pause=http.pause)
    run = Run(store(URL), {}, RunCursor(), Clock().now)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await driver.run(check, run)
    assert cleaned == [True]


def test_a_stores_connection_is_kept_until_its_requests_differ(
    store: StoreFactory,
) -> None:
    one = store(URL)
    access = Access(one)
    known = access.connection(one)
    assert access.connection(replace(one, requests_per_hour=50)) is known
    other = {**one.credentials, "consumer_key": Secret("ck_another00000000")}
    assert access.connection(replace(one, credentials=other)) is not known
