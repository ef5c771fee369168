"""After a standstill no scraper is taken for several, and nothing it has falls back to zero."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable, Mapping
from http.client import HTTPResponse
from typing import Any

from aiohttp import web

from store_exporter.metrics.catalogue import operations
from store_exporter.metrics.recorder import Recorder
from store_exporter.mounts import add_metrics_route, make_wsgi_app
from tests.mounts.running import serving, serving_wsgi

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
        [total] = self.totals().values()
        return total

    def totals(self) -> Mapping[str, float]:
        """Return the total of each org."""
        response = HTTPResponse(self.socket)
        response.begin()
        text = response.read().decode()
        found = re.finditer(
            rf'^{operations.OPERATIONS.name}{{org="(\w+)".*}} (.*)$', text, re.MULTILINE
        )
        return {match[1]: float(match[2]) for match in found}

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


def one_call(recorder: Recorder | None = None, org: str = "acme") -> Recorder:
    recorder = recorder or Recorder()
    handle = recorder.operation(org, "shop.example.com", "woocommerce", "get_cart")
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


def test_a_wsgi_server_that_stood_still_takes_those_who_gave_up_for_no_scrapers() -> None:
    now, standing, goes_on = [1000.0], threading.Event(), threading.Event()
    goes_on.set()
    recorder = one_call(Recorder(monotonic=lambda: now[0]))
    metrics = make_wsgi_app(recorder)

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        standing.set()
        assert goes_on.wait(PATIENCE)
        return metrics(environ, start)

    def asking() -> Connection:
        now[0] += 1
        connection = Connection(port)
        connection.ask()
        return connection

    def shown(connection: Connection) -> Mapping[str, float]:
        found = connection.totals()
        connection.give_up()
        return found

    with serving_wsgi(app) as port:
        assert [shown(asking())["acme"] for _ in range(2)] == [0, 1]
        goes_on.clear()
        standing.clear()
        for place in range(4):
            connection = asking()
            if not place:
                assert standing.wait(PATIENCE)
            connection.give_up()
        last = asking()
        goes_on.set()
        assert shown(last) == {"acme": 1}
        one_call(recorder, "zen")
        assert [shown(asking())["zen"] for _ in range(3)] == [0, 1, 1]
