"""`/metrics`: all series of this process, in the format that the scraper accepts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from aiohttp import web

from ..metrics.births import EVERYTHING, Look
from ..metrics.catalogue import Kind, Metric, exporter
from ..metrics.exposition import Exposition, render
from ..metrics.families import Family
from ..metrics.recorder import Recorder
from ..metrics.scrapers import Scraper
from ..mounts.aiohttp import send, who_asks

if TYPE_CHECKING:
    from prometheus_client import Metric as ForeignMetric
    from prometheus_client.registry import Collector

MAX_SCRAPES = 8
"""Maximum number of concurrent scrapes; one more gets 503, as in Prometheus' own exporters."""


MAX_READERS = 16
"""Maximum number of scrapes that are being received. Each holds the whole exposition, so those that
are received slowly would fill the memory; the oldest ends."""


class Scrape:
    """Serves scrapes of a recorder and of prometheus_client's process collectors."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._running = 0
        self._readers: dict[asyncio.Transport, None] = {}

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Respond to one request."""
        if self._running >= MAX_SCRAPES:
            return web.Response(status=503, text="too many scrapes at the same time\n")
        self._running += 1
        scraper = who_asks(request) if request.method == "GET" else None
        try:
            headers = request.headers
            rendered, look = await asyncio.to_thread(
                self.show, headers.get("Accept"), headers.get("Accept-Encoding"), scraper
            )
        finally:
            self._running -= 1
        response = web.StreamResponse(headers=rendered.headers)
        with self._receiving(request):
            if await send(request, response, rendered.chunks):
                look.complete()
        return response

    @contextmanager
    def _receiving(self, request: web.Request) -> Iterator[None]:
        """Until the block ends, count a client that receives a response, in place of the oldest."""
        transport = request.transport
        if transport is None:
            yield
            return
        if len(self._readers) >= MAX_READERS:
            oldest = next(iter(self._readers))
            del self._readers[oldest]
            oldest.abort()
        self._readers[transport] = None
        try:
            yield
        finally:
            self._readers.pop(transport, None)

    def show(
        self, accept: str | None, accept_encoding: str | None, scraper: Scraper | None
    ) -> tuple[Exposition, Look]:
        """Render every family for a scraper; also return the look, to be completed when it is sent.

        A collector that fails is left out, logged and counted.
        """
        started = time.perf_counter()
        recorder = self._recorder
        look = recorder.look(EVERYTHING) if scraper is None else recorder.scrape(scraper)
        rendered = render(
            chain(look.families, self._foreign()),
            accept,
            accept_encoding,
            classic=scraper is None or scraper.classic,
        )
        recorder.set(exporter.SCRAPE_DURATION, (), time.perf_counter() - started)
        return rendered, look

    def _foreign(self) -> Iterator[Family]:
        for collector in _process_collectors():
            try:
                families = [family(metric) for metric in collector.collect()]
            except Exception as error:  # noqa: BLE001 - counted and logged by the recorder
                self._recorder.broke("scrape", error)
                continue
            yield from families


def family(metric: ForeignMetric) -> Family:
    """Convert a counter, gauge or info metric of prometheus_client into a family."""
    kind = Kind(metric.type)
    name = metric.name + kind.suffix
    samples = [sample for sample in metric.samples if sample.name == name]
    labels = tuple(samples[0].labels) if samples else ()
    described = Metric(kind, name, metric.documentation, labels)
    return Family(described, [(tuple(s.labels.values()), s.value) for s in samples])


@cache
def _process_collectors() -> Iterable[Collector]:
    # Imported at the first scrape, because the import is a thirtieth of the start-up time.
    from prometheus_client import PlatformCollector, ProcessCollector

    return ProcessCollector(registry=None), PlatformCollector(registry=None)
