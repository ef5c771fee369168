"""About how many series Prometheus holds of one store. `doctor`, `sizing` and docs use it.

Computed of the catalogue's labels and of what runs for the store, while nothing fails, in one
currency. No platform has everything, so it is rather a few too many. Operations are not included.
"""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from typing import NamedTuple

from ...metrics.catalogue import SECTIONS, Kind, business, health, lists, metrics_of
from ...platforms import base
from ...probing.jobs import COLLECTOR, PROBE, jobs_of
from ...stores.model import Store

LISTED = 3 + 6 * lists.MOST
"""What the lists of carts and products add while they are full: how many things each has, and two
figures of each thing. The most is `MOST_LISTED`."""
MOST_LISTED = LISTED + 2 * (lists.MOST_ROWS - lists.MOST)
"""The same in several currencies, in which a best seller has a row each."""

# How many values a label of a store's series has where it is not a few; probes and collectors are
# counted.
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
# Those of a store at which nothing fails and nothing is left to be read.
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
        own: of its probes and collectors; a histogram is one of them.
        buckets: what is added where classic buckets are scraped in place of native histograms.
        listed: what is added by lists by name.
    """

    own: int
    buckets: int
    listed: int


def store_series(store: Store) -> StoreSeries:
    """Return about how many series there are of a store."""
    jobs = list(jobs_of(store))
    kinds = Counter(job.kind for job in jobs)
    values = {
        **_LABEL_VALUES,
        "probe": kinds[PROBE],
        "collector": kinds[COLLECTOR],
        "source": len(jobs),
    }
    own = buckets = 0
    for metric in (*SECTIONS["health"], *SECTIONS["business"]):
        if metric in _UNUSUAL or metric in metrics_of(lists):
            continue
        names = metric.labels[len(health.STORE_LABELS) :]
        count = math.prod(values.get(name, _FEW) for name in names)
        own += count
        if metric.kind is Kind.HISTOGRAM:
            # One for each bucket, +Inf among them, the sum and the count, in place of one.
            buckets += count * (len(metric.buckets) + 2)
    return StoreSeries(own, buckets, LISTED if store.lists else 0)


@cache
def usual_store() -> Store:
    """Return a store as it is unless configured, on the platform that has most series."""
    stores = (Store("org", "shop", name, "https://shop") for name in base.names())
    return max(stores, key=lambda store: store_series(store).own)
