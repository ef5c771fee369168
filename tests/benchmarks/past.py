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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from store_exporter.metrics.catalogue import CATALOGUE, Kind, Metric, health, operations
from store_exporter.mixin import dashboards, policy, series
from store_exporter.mixin.model import Record
from store_exporter.mixin.rules import recording, slo
from tests import servers
from tests.mixin import synthetic
from tests.servers import Server, eventually, remote_write

DAY, HOUR = 86_400, 3_600
SCRAPE = 15
OPERATIONS = tuple(f"operation_{number}" for number in range(8))
ERRORS = (("timeout", "store"), ("out_of_stock", "customer"), ("unauthorized", "config"))
BUCKETS = 24
"""Of a native histogram: latencies from a third to three times the usual one."""
RECORDED_NATIVE = (series.OPERATION_HISTOGRAM, series.STORE_HISTOGRAM)
RECORDED_CLASSIC = (series.OPERATION_BUCKETS, series.STORE_BUCKETS)

_RANDOM = random.Random(1)
_FIGURES = remote_write.values(_RANDOM.random() for _ in range(5_000))
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
    every = [*_families(stores, native=native)]
    with (
        tempfile.TemporaryDirectory(prefix="bench-dashboards-") as name,
        servers.prometheus("{}", Path(name), "--storage.tsdb.retention.time=90d") as server,
    ):
        # Prometheus takes no sample that is more than an hour older than its newest.
        for start in range(now - seconds, now, HOUR):
            times = range(start, min(start + HOUR, now), SCRAPE)
            remote_write.send(server, written(every, times, now - start))
        # It makes blocks of them meanwhile and afterwards.
        oldest = r"(?m)^prometheus_tsdb_head_min_time_seconds (\S+)"
        eventually(
            lambda: float(re.findall(oldest, server.get("/metrics").decode())[0]),
            lambda since: since > now - 4 * HOUR,
            timeout=600,
        )
        yield server


@dataclass(frozen=True)
class _Family:
    """The series of one name: seconds between their samples, their labels, and what they are."""

    name: str
    interval: int
    labels: Sequence[dict[str, str]]
    grows: bool = False
    native: bool = False
    past: float = math.inf
    """How many seconds of it are read at most."""


def _families(stores: int, *, native: bool) -> Iterator[_Family]:
    """What dashboards and rules read."""
    groups = [*recording.groups(), *slo.groups()]
    rules = [
        (rule, int(group.interval or SCRAPE))
        for group in groups
        for rule in group.rules
        if isinstance(rule, Record)
    ]
    asked = [
        panel.expression(query)
        for page in dashboards.pages()
        for panel in page.panels
        for query in panel.queries
    ]
    text = " ".join([*asked, *(rule.expression for rule, _ in rules)])
    read = set(re.findall(r"[a-zA-Z_:][\w:]*", text))
    yield from (family for family in scraped(stores, native=native) if family.name in read)
    for rule, interval in {each.name: every for each, every in rules}.items():
        is_native = rule.removesuffix("_sampled") in RECORDED_NATIVE
        is_classic = rule.removesuffix("_sampled") in RECORDED_CLASSIC
        if rule in read and not (is_classic if native else is_native):
            labels = _sets(stores, synthetic.labels_of(rule), rule)
            yield _Family(rule, interval, labels, native=is_native, past=_past(rule, interval))


def scraped(stores: int, *, native: bool) -> Iterator[_Family]:
    """All that is scraped of so many stores."""
    for metric in CATALOGUE.values():
        found = _sets(stores, metric.labels, metric.name)
        labels = [{**each, **dict(synthetic.PROCESS)} for each in found]
        yield from _scraped(metric, labels, native=native)


def _sets(stores: int, labels: Sequence[str], name: str) -> list[dict[str, str]]:
    domains = [("org", f"shop{number}.example", "woocommerce") for number in range(stores)]
    found = synthetic.label_sets(labels, name, stores=domains, operations=OPERATIONS, errors=ERRORS)
    return [dict(each) for each in found]


def _past(name: str, interval: int) -> float:
    """How long a series is read: hours, if it is of each operation or there are samples of it."""
    is_of_operations = "_operation" in name.partition(":")[0]
    detailed = interval < recording.SAMPLED and (is_of_operations or name in series.SAMPLED)
    return policy.DETAIL_RANGE + HOUR if detailed else math.inf


def _scraped(metric: Metric, labels: list[dict[str, str]], *, native: bool) -> Iterator[_Family]:
    """One metric as it is scraped."""
    if metric.kind is not Kind.HISTOGRAM:
        # An event is shown for a day.
        shown = DAY if metric is health.EVENT else math.inf
        past = min(shown, _past("_".join(metric.labels), SCRAPE))
        yield _Family(metric.name, SCRAPE, labels, grows=metric.kind is Kind.COUNTER, past=past)
    elif native and metric is operations.OPERATION_DURATION:
        yield _Family(metric.name, SCRAPE, labels, grows=True, native=True, past=HOUR)
    else:
        bounds = [*map(str, metric.buckets), "+Inf"]
        buckets = [{**each, "le": bound} for each in labels for bound in bounds]
        yield _Family(f"{metric.name}_bucket", SCRAPE, buckets, grows=True, past=HOUR)
        for suffix in ("_count", "_sum"):
            yield _Family(f"{metric.name}{suffix}", SCRAPE, labels, grows=True)


def written(families: Iterable[_Family], times: range, ago: float = 0) -> Iterator[bytes]:
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
        # Each is at least as large as the one before.
        grown = remote_write.values(3 * (each // SCRAPE) + 7 * (each // SCRAPE) % 4 for each in at)
        for labels in family.labels:
            named = {"__name__": family.name, **labels}
            first = _RANDOM.randrange(len(_COUNTS))
            if family.native:
                counts: Iterable[Sequence[float]] = itertools.islice(
                    itertools.cycle(_COUNTS), first, first + len(at)
                )
                if family.grows:
                    counts = ([3.0 * (each // SCRAPE)] * BUCKETS for each in at)
                yield remote_write.histograms(named, counts, at, grows=family.grows)
            else:
                figures = itertools.islice(itertools.cycle(_FIGURES), first, first + len(at))
                yield remote_write.one(named, grown if family.grows else figures, ends)
