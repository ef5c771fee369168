"""What exporters of many stores show, on pages that a real Prometheus scrapes.

A page is made anew for each scrape, with counters that have grown, in the protobuf format, which
has native histograms. It is made of prepared labels with values in between, which takes a fiftieth
of what the exporter takes for it: this is about what scraping costs Prometheus, not about that.
"""

from __future__ import annotations

import struct
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from store_exporter.metrics.catalogue import Kind
from tests.servers.remote_write import (
    SCHEMA,
    message,
    pairs,
    span,
    total_and_deltas,
    varint,
    zigzag,
)

from . import past
from .past import Family

CONTENT_TYPE = (
    "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
)
_COUNTER, _GAUGE, _HISTOGRAM = b"\x18\x00", b"\x18\x01", b"\x18\x04"
"""The field with the type of a family."""
_GIVEN = {"job", "instance"}


class Page:
    """The page of one exporter."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = [_Lines(family) for family in families]

    def at(self, now: int) -> bytes:
        """The page at some time."""
        return b"".join(family.at(now) for family in self._families)


class _Lines:
    """The series of a family, by what they show."""

    def __init__(self, family: Family) -> None:
        self._family = family
        groups = defaultdict[tuple[float, ...], list[dict[str, str]]](list)
        # Those that show the same now and at any other time.
        now = int(time.time())
        times = range(now, now + past.RARE, past.RARE // past.PHASES)
        for labels in family.labels:
            found = past.steady(family.well, labels, times) if family.well else None
            groups[tuple(found or ())].append(labels)
        self._groups = [(each[0], [*map(_own, each)]) for each in groups.values()]

    def at(self, now: int) -> bytes:
        """The family as a message."""
        family = self._family
        kind = _HISTOGRAM if family.native else _COUNTER if self._counts else _GAUGE
        named = message(1, family.name.encode()) + kind
        parts = [_metrics(labels, self._value(one, now)) for one, labels in self._groups]
        return b"".join([varint(len(named) + sum(map(len, parts))), named, *parts])

    @property
    def _counts(self) -> bool:
        well = self._family.well
        return self._family.grows or (well is not None and well.kind is Kind.COUNTER)

    def _value(self, labels: dict[str, str], now: int) -> bytes:
        """What a series with these labels shows, as a part of its message."""
        if self._family.native:
            return _histogram(now)
        well = self._family.well
        found = past.steady(well, labels, [now]) if well else None
        (value,) = past.grown([now]) if found is None else found
        return message(3 if self._counts else 2, b"\x09" + struct.pack("<d", value))


def _own(labels: dict[str, str]) -> bytes:
    """The labels but for those that Prometheus gives to all of a page."""
    return pairs({name: value for name, value in labels.items() if name not in _GIVEN})


def _metrics(labels: Sequence[bytes], value: bytes) -> bytes:
    """Metrics with these labels, all of which have the same value."""
    heads = (b"\x22" + varint(len(each) + len(value)) + each for each in labels)
    return value.join(heads) + value


def _histogram(now: int) -> bytes:
    counts = [past.observed(now)] * past.BUCKETS
    number, deltas = total_and_deltas(counts)
    return message(
        7,
        b"\x08"
        + varint(number)
        + b"\x11"
        + struct.pack("<d", 0.2 * number)
        + b"\x28"
        + varint(zigzag(SCHEMA))
        + message(12, span(len(counts)))
        + message(13, deltas),
    )


@contextmanager
def served(pages: Sequence[Page]) -> Iterator[str]:
    """Serve pages at `/0`, `/1` and so on; yields host and port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = pages[int(self.path[1:].partition("?")[0])].at(int(time.time()))
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
