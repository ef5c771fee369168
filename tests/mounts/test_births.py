"""Every mount knows who scrapes it, and counts what was sent whole as seen and nothing else."""

from __future__ import annotations

import asyncio
import socket
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from urllib.parse import urlsplit

import pytest
import uvicorn
from aiohttp import web

from store_exporter.metrics.births import Look
from store_exporter.metrics.catalogue import operations
from store_exporter.metrics.families import Family
from store_exporter.metrics.recorder import Recorder
from store_exporter.metrics.scrapers import Scraper
from store_exporter.mounts import add_metrics_route, last_look, make_asgi_app
from tests.mounts.running import MOUNTS
from tests.servers import eventually

SHOP = ("acme", "shop.example.com", "woocommerce")
TIMEOUT = "X-Prometheus-Scrape-Timeout-Seconds"


class Watched:
    """A source of more than fits into the buffers of a connection, and what became of its looks."""

    def __init__(self) -> None:
        self.scrapers: list[Scraper] = []
        self.completed = 0

    def families(self) -> Iterator[Family]:
        labels = ((*SHOP, f"{number}{'x' * 200}") for number in range(20_000))
        yield Family(operations.OPERATIONS, ((label, 1.0) for label in labels))

    def scrape(self, scraper: Scraper) -> Look:
        self.scrapers.append(scraper)
        return Look(0, 0, self.families(), self._complete)

    def last_look(self, timeout: float) -> bool:
        return timeout == self.completed

    def _complete(self) -> None:
        self.completed += 1


@pytest.fixture
def source() -> Watched:
    return Watched()


@pytest.fixture(params=MOUNTS)
def url(request: pytest.FixtureRequest, source: Watched) -> Iterator[str]:
    with MOUNTS[request.param](source) as url:
        yield url


def get(url: str, method: str = "GET", **headers: str) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, method=method, headers=named)
    with urllib.request.urlopen(request, timeout=60) as response:
        body: bytes = response.read()
        return body


def test_the_request_shows_who_scrapes(url: str, source: Watched) -> None:
    get(f"{url}?scraper=a", User_Agent="Prometheus/3.5.3", **{TIMEOUT: "20"})
    [scraper] = source.scrapers
    assert (scraper.name, scraper.address, scraper.timeout) == ("a", "127.0.0.1", 20)
    assert scraper.agent == "Prometheus/3.5.3"
    eventually(lambda: source.completed == 1)


def test_who_closes_the_connection_when_it_has_everything_has_seen_it(
    url: str, source: Watched
) -> None:
    for _ in range(10):
        get(url, Connection="close", **{TIMEOUT: "20"})
    eventually(lambda: source.completed == 10)


def test_neither_a_browser_nor_a_head_request_is_a_scraper(url: str, source: Watched) -> None:
    get(url)
    get(url, "HEAD", **{TIMEOUT: "20"})
    assert source.scrapers == []


def test_who_goes_away_half_way_has_not_seen_it(url: str, source: Watched) -> None:
    where = urlsplit(url)
    for _ in range(2):
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect((where.hostname, where.port))
            connection.sendall(
                f"GET {where.path} HTTP/1.1\r\nHost: x\r\n{TIMEOUT}: 20\r\n\r\n".encode()
            )
            assert connection.recv(1000).startswith(b"HTTP/1.")
    get(url, **{TIMEOUT: "20"})
    eventually(lambda: source.completed == 1)
    assert len(source.scrapers) == 3


@asynccontextmanager
async def aiohttp_here(source: Watched) -> AsyncIterator[int]:
    app = web.Application()
    add_metrics_route(app, source=source)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@asynccontextmanager
async def asgi_here(source: Watched) -> AsyncIterator[int]:
    app = make_asgi_app(source)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    server.capture_signals = nullcontext  # type: ignore[assignment,method-assign]
    serving = asyncio.create_task(server.serve())
    try:
        await asyncio.to_thread(eventually, lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


@pytest.mark.parametrize("serving", [aiohttp_here, asgi_here])
async def test_who_gave_up_while_the_process_stood_still_is_no_scraper(
    serving: Callable[[Watched], AbstractAsyncContextManager[int]], source: Watched
) -> None:
    head = f"GET /metrics HTTP/1.1\r\nHost: x\r\n{TIMEOUT}: 20\r\n\r\n"
    async with serving(source) as port:
        for _ in range(3):
            # The server runs in this loop, which stands still meanwhile.
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(head.encode())
        await asyncio.to_thread(get, f"http://127.0.0.1:{port}/metrics", **{TIMEOUT: "20"})
        assert len(source.scrapers) == 1
        await asyncio.to_thread(eventually, lambda: source.completed == 1)


class Slow(Recorder):
    """Takes its time, in which a client may lose patience."""

    def scrape(self, scraper: Scraper) -> Look:
        time.sleep(0.3)
        return super().scrape(scraper)


# WSGI does not tell.
@pytest.mark.parametrize("mount", sorted(MOUNTS.keys() - {"wsgi"}))
def test_who_gave_up_before_a_short_response_has_not_seen_it(mount: str) -> None:
    recorder = Slow()
    handle = recorder.operation(*SHOP, "get_cart")
    handle.start()
    handle.finish(0.1)
    with MOUNTS[mount](recorder) as url:
        where = urlsplit(url)
        with socket.create_connection((where.hostname or "", where.port or 0)) as connection:
            head = f"GET {where.path}?scraper=a HTTP/1.1\r\nHost: x\r\n{TIMEOUT}: 20\r\n\r\n"
            connection.sendall(head.encode())
        time.sleep(0.6)
        body = get(f"{url}?scraper=a", **{TIMEOUT: "20"})
        assert b'operation="get_cart"} 0\n' in body


@pytest.mark.parametrize("mount", MOUNTS)
def test_a_recorder_shows_a_birth_at_zero_and_then_its_value(mount: str) -> None:
    recorder = Recorder()
    handle = recorder.operation(*SHOP, "get_cart")
    handle.start()
    handle.finish(0.1)

    def total(url: str) -> bytes:
        body = get(f"{url}?scraper=a")
        [line] = [one for one in body.splitlines() if one.startswith(b"store_operations_total{")]
        return line.split()[-1]

    with MOUNTS[mount](recorder) as url:
        assert total(url) == b"0"
        eventually(lambda: total(url) == b"1")


def test_the_last_look_is_the_sources(source: Watched) -> None:
    assert last_look(0, source=source)
    assert not last_look(1, source=source)
