"""A Prometheus with the past of some stores: all that dashboards and rules read of them.

What is scraped and recorded every 15 seconds is there every 15 seconds, and so on, all with its
digits, because figures that do not change are quicker to read.
"""

from __future__ import annotations

import itertools
import math
import random
import re
import tempfile
import time
import zlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from store_exporter.metrics.catalogue import (
    CATALOGUE,
    Kind,
    Metric,
    business,
    exporter,
    health,
    lists,
)
from store_exporter.mixin import alerts, dashboards, objectives, policy, promql, series, wide
from store_exporter.mixin.dashboards import variables
from store_exporter.mixin.dashboards.panels import PanelKind
from store_exporter.mixin.model import Record
from store_exporter.mixin.rules import longterm, recording, slo
from store_exporter.platforms import base
from tests import servers
from tests.mixin import synthetic
from tests.servers import Server, eventually, remote_write

DAY, HOUR = 86_400, 3_600
SCRAPE = 15
OPERATIONS = (
    "search_products",
    "get_product_details",
    "check_stock",
    "check_order",
    "get_shipping_methods",
    "add_to_cart",
    "get_cart",
    "update_cart_quantity",
)
ERRORS = (("timeout", "store"), ("out_of_stock", "customer"), ("unauthorized", "config"))
BUCKETS = 24
"""Of a native histogram: latencies from a third to three times the usual one."""
SELECTOR = re.compile(r"(?=[a-zA-Z_:{])([a-zA-Z_:][\w:]*)?(?:\{([^{}]*)\})?(\[[^]]*\])?")
HOURS = (variables.DETAILED, variables.LEVELLED)
"""Matchers which of a long time of all stores find nothing that is known of each store."""
OF_STORES = re.compile(wide.OF_STORES)
RESTING = 0.02
"""The share of a processor that Prometheus takes while nobody asks, at most."""
GRAPHS = {PanelKind.GRAPH, PanelKind.HEATMAP, PanelKind.TIMELINE}
SELDOM = {health.API_REQUESTS, health.API_THROTTLED}
"""What uses up a budget, besides failures."""
QUIET = {
    exporter.STORES: 1,
    health.PROBE_SUCCESS: 1,
    **dict.fromkeys(
        (
            exporter.STORES_STANDBY,
            exporter.DISCOVERY_FAILING,
            exporter.DISCOVERY_REFUSED,
            exporter.LOOP_LAG,
            business.BEST_SELLERS_OUT,
        ),
        0,
    ),
}
"""Gauges whose plausible value is not that of a fleet that is well."""
NONE = {
    business.REFUNDS,
    exporter.INSTRUMENTATION_ERRORS,
    exporter.SERIES_DROPPED,
    exporter.STATE_ERRORS,
    exporter.STATE_LOSSES,
}
"""What did not happen lately."""
RARE = 90 * 60
"""Seconds from one of these, or one failure of a kind, to the next, of a store that is well."""
PHASES = 90
"""How many moments there are within this time at which one of them happens."""
LATEST = 2 * HOUR
"""How long what only figures of now read is there: their windows are an hour at most."""
OF_ORG = 10
"""Stores of each org."""
_PLATFORM = base.load("woocommerce")
SOURCES = {
    "probe": [*_PLATFORM.probes],
    "collector": [*_PLATFORM.collectors],
    "source": [*_PLATFORM.probes, *_PLATFORM.collectors],
    "slo": [objective.name for objective in objectives.DEFAULT],
}
"""What looks at each store. Few of them have ever failed."""
FAILING = {health.PROBE_FAILURE, health.PROBE_FAILING_SINCE}
"""What is there only while a probe fails, which is so of one store of each org."""
BACKLOG = business.COLLECTOR_BACKLOG.name
CURSORS = {"collector": ["orders"]}
"""What collectors with a cursor have."""
_TEN = [f"{number}" for number in range(lists.MOST)]
FULL = {"cart": _TEN, "product_id": _TEN, "stock": ["out"]}
"""What is in lists that are full."""

_RANDOM = random.Random(1)
FIGURES = [_RANDOM.random() for _ in range(5_000)]
"""What has all digits, as rates have."""
_FIGURES = remote_write.values(FIGURES)
_COUNTS = [[_RANDOM.random() for _ in range(BUCKETS)] for _ in range(500)]


@contextmanager
def history(stores: int, seconds: int, now: int, *, native: bool) -> Iterator[Server]:
    """A Prometheus with so many seconds up to now of so many stores.

    Args:
        stores: called `shop0.example` and so on.
        seconds: how long.
        now: their end, in Unix time.
        native: whether durations of operations are native histograms, or classic ones.
    """
    every = [*_families(Watched(stores), native=native)]
    with (
        tempfile.TemporaryDirectory(prefix="bench-dashboards-") as name,
        servers.prometheus("{}", Path(name), "--storage.tsdb.retention.time=90d") as server,
    ):
        send(server, every, seconds, now)
        yield server


def send(server: Server, families: Sequence[Family], seconds: int, now: int) -> None:
    """Hand over so many seconds of some families, and wait until Prometheus rests again."""
    # Prometheus takes no sample that is more than an hour older than its newest.
    for start in range(now - seconds, now, HOUR):
        times = range(start, min(start + HOUR, now), SCRAPE)
        remote_write.send(server, written(families, times, now - start))
    # It makes blocks of them meanwhile and afterwards.
    oldest = r"(?m)^prometheus_tsdb_head_min_time_seconds (\S+)"
    eventually(
        lambda: float(re.findall(oldest, server.get("/metrics").decode())[0]),
        lambda since: since > now - 4 * HOUR,
        timeout=600,
    )
    rest(server)


def rest(server: Server) -> None:
    """Wait until a server does no more than it always does."""
    eventually(lambda: _busy(server), lambda share: share < RESTING, timeout=600)


def _busy(server: Server) -> float:
    """The share of a processor that a server takes, over a second."""
    began = server.processor_seconds()
    time.sleep(1)
    return server.processor_seconds() - began


@dataclass(frozen=True)
class Watched:
    """Some stores, and the exporter that watches them.

    Attributes:
        number: how many there are.
        first: the number of the first one, of which the name of its domain is made.
        instance: the exporter, as Prometheus names it.
    """

    number: int
    first: int = 0
    instance: str = dict(synthetic.PROCESS)["instance"]


@dataclass(frozen=True)
class Family:
    """The series of one name: seconds between their samples, their labels, and what they are."""

    name: str
    interval: int
    labels: Sequence[dict[str, str]]
    grows: bool = False
    native: bool = False
    past: float = math.inf
    """How many seconds of it are read at most."""
    well: Metric | None = None
    """The metric, where its values are those of stores that are well."""


def _families(stores: Watched, *, native: bool) -> Iterator[Family]:
    """What dashboards read, for as long as they read it."""
    read = _read()
    for family in [*scraped(stores, native=native), *recorded(stores, native=native)]:
        if family.name in read:
            yield replace(family, past=min(family.past, read[family.name]))


def of_rules(stores: Watched, *, native: bool) -> Iterator[Family]:
    """What rules read of more than minutes, but for the same hours of past weeks."""
    read = defaultdict[str, float](float)
    for query in asked():
        for selector in SELECTOR.finditer(query):
            name, _, window = selector.groups(default="")
            if found := re.match(r"\[(\w+)", window):
                read[name] = max(read[name], promql.seconds(found[1]))
    for family in [*scraped(stores, native=native), *recorded(stores, native=native)]:
        if read[family.name] >= HOUR:
            yield replace(family, past=read[family.name])


def asked() -> Iterator[str]:
    """PromQL of all rules."""
    for group in [*recording.groups(), *slo.groups(), *alerts.groups()]:
        for rule in group.rules:
            yield rule.expression if isinstance(rule, Record) else rule.query


def _rules() -> Iterator[tuple[Record, int]]:
    """All rules that record, and seconds between their evaluations."""
    for group in [*recording.groups(), *slo.groups()]:
        for rule in group.rules:
            if isinstance(rule, Record):
                yield rule, int(group.interval or SCRAPE)


def _read() -> dict[str, float]:
    """How many seconds of each name are read of all stores."""
    found = defaultdict[str, float](float)
    for panel in (panel for page in dashboards.pages() for panel in page.panels):
        for asked in map(panel.expression, panel.queries):
            # What has a range of its own is not among what is measured.
            lasting = not panel.since and (panel.kind in GRAPHS or "[$__range:" in asked)
            for selector in SELECTOR.finditer(asked):
                name, matchers, window = selector.groups(default="")
                past = math.inf if lasting or window == "[$__range]" else LATEST
                for each in [name] if name else re.findall(r"[\w:]{5,}", matchers.split('"')[1]):
                    if variables.READ_ERRORS in matchers:
                        past = _of_errors(each)
                    elif any(when in matchers for when in HOURS) and OF_STORES.match(each):
                        past = policy.DETAIL_RANGE + HOUR
                    found[each] = max(found[each], past)
    return found


def _of_errors(name: str) -> float:
    """How many seconds of what counts errors are read at most."""
    read = (most for most, skipped in longterm.SKIPPED if not re.fullmatch(skipped, name))
    return max(read) + HOUR


def recorded(stores: Watched, *, native: bool) -> Iterator[Family]:
    """What rules record of so many stores."""
    for rule, interval in {each.name: every for each, every in _rules()}.items():
        made_of = synthetic.is_made_of(rule)
        other = series.STORE_BUCKETS if native else series.STORE_HISTOGRAM
        # No store is watched by two.
        if made_of != other and rule not in {series.WATCHERS, series.WATCHERS_SEEN}:
            labels = _sets(stores, synthetic.labels_of(rule), rule)
            yield Family(rule, interval, labels, native=made_of == series.STORE_HISTOGRAM)


def scraped(stores: Watched, *, native: bool) -> Iterator[Family]:
    """All that is scraped of so many stores."""
    for metric in CATALOGUE.values():
        failing = replace(stores, number=-(-stores.number // OF_ORG))
        found = _sets(failing if metric in FAILING else stores, metric.labels, metric.name)
        process = {**dict(synthetic.PROCESS), "instance": stores.instance}
        labels = [{**each, **process} for each in found]
        yield from _scraped(metric, labels, native=native)


def _sets(stores: Watched, labels: Sequence[str], name: str) -> list[dict[str, str]]:
    domains = [
        (f"org{number // OF_ORG}", f"shop{number}.example", "woocommerce")
        for number in range(stores.first, stores.first + stores.number)
    ]
    values = {} if "error_type" in labels else CURSORS if name == BACKLOG else SOURCES
    if name.startswith(lists.LISTED.name):
        values = FULL
    found = synthetic.label_sets(
        labels,
        name,
        stores=domains,
        operations=OPERATIONS,
        errors=ERRORS,
        values={**values, "instance": [stores.instance]},
    )
    return [dict(each) for each in found]


def well(families: Iterable[Family]) -> Iterator[Family]:
    """The same of stores that are well, so that alerts about few of them are active."""
    for family in families:
        yield replace(family, well=CATALOGUE.get(family.name))


def steady(metric: Metric, labels: dict[str, str], times: Sequence[int]) -> list[float] | None:
    """What a metric shows of a store that is well; nothing where that is any figure."""
    if metric in SELDOM or (metric.kind is Kind.COUNTER and "error_type" in metric.labels):
        # The same whenever it is asked for, or the counter would seem to fall.
        first = zlib.crc32(repr(labels).encode()) % PHASES * (RARE // PHASES)
        return [(each + first) // RARE for each in times]
    if metric.kind is Kind.INFO or metric in NONE:
        return [1] * len(times)
    if metric.kind is not Kind.GAUGE:
        return None
    value = QUIET.get(metric, synthetic.gauge(metric, labels, times[-1]))
    if "state" in labels and metric is not health.HEALTH:
        value = 0
    return [each - 60 if value is None else value for each in times]


def grown(times: Iterable[int]) -> list[float]:
    """What a counter shows that always grows; each is at least as large as the one before."""
    return [3 * (each // SCRAPE) + 7 * (each // SCRAPE) % 4 for each in times]


def observed(time: int) -> int:
    """How much each bucket of a native histogram has counted."""
    return 3 * (time // SCRAPE)


def _scraped(metric: Metric, labels: list[dict[str, str]], *, native: bool) -> Iterator[Family]:
    """One metric as it is scraped."""
    if metric.kind is not Kind.HISTOGRAM:
        # An event is shown for a day.
        shown = DAY if metric is health.EVENT else math.inf
        yield Family(metric.name, SCRAPE, labels, grows=metric.kind is Kind.COUNTER, past=shown)
    elif native:
        yield Family(metric.name, SCRAPE, labels, grows=True, native=True)
    else:
        bounds = [*map(str, metric.buckets), "+Inf"]
        buckets = [{**each, "le": bound} for each in labels for bound in bounds]
        yield Family(f"{metric.name}_bucket", SCRAPE, buckets, grows=True)
        for suffix in ("_count", "_sum"):
            yield Family(f"{metric.name}{suffix}", SCRAPE, labels, grows=True)


def written(families: Iterable[Family], times: range, ago: float = 0) -> Iterator[bytes]:
    """The samples of some time, which began so many seconds before the end of all."""
    for family in families:
        if family.past < ago:
            continue
        at = range(
            -(-times.start // family.interval) * family.interval, times.stop, family.interval
        )
        if not at:
            continue
        ends = remote_write.ends(at)
        counter = remote_write.values(grown(at))
        for labels in family.labels:
            named = {"__name__": family.name, **labels}
            first = _RANDOM.randrange(len(_COUNTS))
            if family.native:
                counts: Iterable[Sequence[float]] = itertools.islice(
                    itertools.cycle(_COUNTS), first, first + len(at)
                )
                if family.grows:
                    counts = ([observed(each)] * BUCKETS for each in at)
                yield remote_write.histograms(named, counts, at, grows=family.grows)
            else:
                well = steady(family.well, labels, at) if family.well else None
                figures = itertools.islice(itertools.cycle(_FIGURES), first, first + len(at))
                usual = counter if family.grows else figures
                yield remote_write.one(named, remote_write.values(well) if well else usual, ends)
