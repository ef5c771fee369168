"""After a standstill no scraper is taken for several, and nothing it has falls back to zero."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http.client import HTTPResponse

from aiohttp import web

from store_exporter.metrics.catalogue import operations
from store_exporter.metrics.recorder import Recorder
from store_exporter.mounts import add_metrics_route
from tests.mounts.running import serving

PATIENCE = 20


class Connection:
    """A connection of a scraper, which may give up on what it asked."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)

    def ask(self) -> None:
        self.socket.sendall(
            b"GET /metrics HTTP/1.1\r\nHost: a\r\nX-Prometheus-Scrape-Timeout-Seconds: 1\r\n\r\n"
        )

    def total(self) -> float:
        response = HTTPResponse(self.socket)
        response.begin()
        text = response.read().decode()
        name = operations.OPERATIONS.name
        [line] = [line for line in text.splitlines() if line.startswith(f"{name}{{")]
        return float(line.rpartition(" ")[2])

    def give_up(self) -> None:
        self.socket.close()


def stand_still(port: int, stop: Callable[[], None], go_on: Callable[[], None]) -> list[float]:
    """Scrape twice, once a second while the server stands still, and once more."""
    kept, shown = Connection(port), []
    for _ in range(2):
        kept.ask()
        shown.append(kept.total())
    stop()
    for _ in range(5):
        kept.ask()
        kept.give_up()
        kept = Connection(port)
    kept.ask()
    go_on()
    shown.append(kept.total())
    kept.give_up()
    return shown


def one_call() -> Recorder:
    recorder = Recorder()
    handle = recorder.operation("acme", "shop.example.com", "woocommerce", "get_cart")
    handle.start()
    handle.finish(0.1)
    return recorder


def test_an_event_loop_that_stood_still_shows_a_scraper_what_it_had_before() -> None:
    standing, goes_on = threading.Event(), threading.Event()

    async def stand(request: web.Request) -> web.Response:
        del request
        standing.set()
        goes_on.wait(PATIENCE)
        return web.Response()

    app = web.Application()
    add_metrics_route(app, source=one_call())
    app.router.add_get("/stand", stand)
    with serving(app) as port, socket.create_connection(("127.0.0.1", port)) as somebody:

        def stop() -> None:
            somebody.sendall(b"GET /stand HTTP/1.1\r\nHost: a\r\n\r\n")
            assert standing.wait(PATIENCE)

        assert stand_still(port, stop, goes_on.set) == [0, 1, 1]
