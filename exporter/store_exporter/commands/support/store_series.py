"""Estimates the number of Prometheus series of one store, for `doctor`, `sizing` and the docs.

The estimate is computed from the labels of the catalogue and from the probes and collectors of the
store, for one currency and without failures. No platform has all of it, so the estimate is a little
too high. Operations are not included.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from ...metrics.catalogue import SECTIONS, Kind, business, health, lists, metrics_of
from ...platforms import base
from ...probing.jobs import COLLECTOR, PROBE, jobs_of
from ...stores.model import Store

LISTED = 3 + 6 * lists.MOST
"""Series of full lists of carts and products: the number of entries of each list, and two figures
of each entry. The maximum is `MOST_LISTED`."""
MOST_LISTED = LISTED + 2 * (lists.MOST_ROWS - lists.MOST)
"""The same with several currencies: a best seller then has an entry for each."""

# The number of values of a label of a store's series, if it is not `_FEW`. Those of probes and
# collectors are counted.
_FEW = 3
_LABEL_VALUES = {
    "phase": 5,
    "status": 9,
    "result": 2,
    "kind": 2,
    **dict.fromkeys(("currency", "version", "timezone", "order_storage", "network"), 1),
    **dict.fromkeys(("error_type", "fault", "reason"), 1),
    # Few things change within a day.
    **dict.fromkeys(("component", "before", "after"), 1),
}
# Metrics that a store has only while something fails or a collector lags behind.
_UNUSUAL = (
    health.PROBE_FAILURES,
    health.PROBE_FAILING_SINCE,
    health.PROBE_FAILURE,
    business.COLLECTOR_FAILURES,
    business.COLLECTOR_BACKLOG,
)


class StoreSeries(NamedTuple):
    """Series of one store.

    Attributes:
        own: series of its probes and collectors; a histogram counts as one.
        buckets: additional series if classic buckets are scraped instead of native histograms.
        listed: additional series of lists by name.
    """

    own: int
    buckets: int
    listed: int


def label_values(store: Store) -> Mapping[str, int]:
    """Return how many values each label has that distinguishes the series of a store."""
    jobs = list(jobs_of(store))
    kinds = Counter(job.kind for job in jobs)
    counted = {"probe": kinds[PROBE], "collector": kinds[COLLECTOR], "source": len(jobs)}
    return defaultdict(lambda: _FEW, _LABEL_VALUES | counted)


def store_series(store: Store) -> StoreSeries:
    """Return the estimated number of a store's series."""
    values = label_values(store)
    own = buckets = 0
    for metric in (*SECTIONS["health"], *SECTIONS["business"]):
        if metric in _UNUSUAL or metric in metrics_of(lists):
            continue
        names = metric.labels[len(health.STORE_LABELS) :]
        count = math.prod(values[name] for name in names)
        own += count
        if metric.kind is Kind.HISTOGRAM:
            # Instead of one series: each bucket including +Inf, the sum and the count.
            buckets += count * (len(metric.buckets) + 2)
    return StoreSeries(own, buckets, LISTED if store.lists else 0)


@cache
def usual_store() -> Store:
    """Return a store without its own configuration, on the platform with the most series."""
    stores = (Store("org", "shop", name, "https://shop") for name in base.names())
    return max(stores, key=lambda store: store_series(store).own)
