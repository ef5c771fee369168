"""What a visitor's browser does with a shop's answers, over real sockets."""

from __future__ import annotations

import pytest

from store_exporter.metrics.recorder import Recorder
from store_exporter.probing.jobs import jobs_of
from store_exporter.probing.results.result import Result
from store_exporter.probing.runner import Runner
from store_exporter.probing.transport import Transport
from tests.fakes.bad_server import Behaviour, Connection, serving
from tests.probing.conftest import StoreFactory

PAGE = b'<!DOCTYPE html><html><a href="/shop/">Shop</a></html>'


async def answer(connection: Connection, *lines: str, status: str = "200 OK") -> None:
    length = 0 if status.startswith("3") else len(PAGE)
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {length}", *lines])
    await connection.send(head.encode() + b"\r\n\r\n" + PAGE[:length])


async def visited(store: StoreFactory, transport: Transport, behaviour: Behaviour) -> Result:
    async with serving(behaviour) as server:
        shop = store(server.url)
        (job,) = (job for job in jobs_of(shop) if job.name == "storefront")
        return await Runner(Recorder(), transport).run_anyway(job)


async def test_a_redirect_to_itself_is_followed_with_the_cookie_that_it_sets(
    store: StoreFactory, transport: Transport
) -> None:
    async def behave(connection: Connection) -> None:
        if "Cookie: seen=1" in connection.head:
            await answer(connection)
        else:
            lines = ("Location: /", "Set-Cookie: seen=1; Path=/; HttpOnly")
            await answer(connection, *lines, status="307 Temporary Redirect")

    result = await visited(store, transport, behave)
    assert (result.ok, result.requests) == (True, 2)


async def test_a_redirect_that_no_cookie_ends_is_one(
    store: StoreFactory, transport: Transport
) -> None:
    async def behave(connection: Connection) -> None:
        await answer(connection, "Location: /", "Set-Cookie: x=1", status="302 Found")

    result = await visited(store, transport, behave)
    assert (result.error_type, result.requests) == ("redirect", 2)
    assert "in a circle" in result.message


async def test_a_page_is_requested_as_a_browser_does(
    store: StoreFactory, transport: Transport
) -> None:
    async def behave(connection: Connection) -> None:
        wants_page = "\r\nAccept: text/html," in connection.head
        await answer(connection, status="200 OK" if wants_page else "406 Not Acceptable")

    assert (await visited(store, transport, behave)).ok


async def test_a_header_that_leads_on_is_followed(
    store: StoreFactory, transport: Transport
) -> None:
    async def behave(connection: Connection) -> None:
        more = () if "GET /shop/" in connection.head else ("Refresh: 0; url=/shop/",)
        await answer(connection, *more)

    result = await visited(store, transport, behave)
    assert (result.ok, result.requests) == (True, 2)


@pytest.mark.parametrize("location", ["/wp-login.php?redirect_to=%2F", "/my-account/"])
async def test_a_shop_that_asks_every_visitor_to_log_in_is_degraded(
    store: StoreFactory, transport: Transport, location: str
) -> None:
    async def behave(connection: Connection) -> None:
        await answer(connection, f"Location: {location}", status="302 Found")

    result = await visited(store, transport, behave)
    assert result.ok
    assert "Visitors have to log in" in result.degraded[0]


async def test_a_kept_connection_that_was_closed_fails_no_page(
    store: StoreFactory, transport: Transport
) -> None:
    answered = 0

    async def behave(connection: Connection) -> None:
        nonlocal answered
        answered += 1
        if answered == 2:
            # The second request of a connection that the server had promised to keep.
            connection.reset()
        else:
            await answer(connection)

    async with serving(behave) as server:
        (job,) = (job for job in jobs_of(store(server.url)) if job.name == "storefront")
        runner = Runner(Recorder(), transport)
        assert [(await runner.run_anyway(job)).ok for _ in range(2)] == [True, True]
