"""Figures of many stores together, recorded so that dashboards can draw weeks of all of them.

The series of each store grow with the number of stores: a week of a thousand stores has millions of
samples, and every series has a chunk for each two hours. So the sums that graphs show are recorded
every few minutes: for all stores of an org, and from these for all orgs. The latter have no org, so
who may see one org only does not see them, and reads the sums of that org.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from ..metrics.catalogue import Metric, business, health, operations
from ..metrics.catalogue.values import ActionState, StockState, WebhookState
from . import series
from .model import Record
from .policy import LIVENESS_PROBE
from .promql import BUCKET, aggregate, equal, named, one_of

OF_STORES, OF_ORGS, OF_ALL = "(org_domain|store)_.+", "org_platform.+", "platform.+"
"""Patterns of the names of series of each store, of each org, and of all orgs."""

ORGS, ALL = ("org", "platform"), ("platform",)


@dataclass(frozen=True, slots=True)
class Wide:
    """A figure of several stores together.

    Attributes:
        what: the end of its names, after the labels.
        labels: the labels to keep besides org and platform.
        of_stores: PromQL of the figure of each store that the given matchers select.
        function: the function that combines the figures of several stores.
    """

    what: str
    labels: tuple[str, ...]
    of_stores: Callable[..., str]
    function: str = "sum"

    @classmethod
    def of(cls, name: str, *labels: str, function: str = "sum") -> Wide:
        """The figure that combines the series that is recorded of each store under a name."""
        return cls(name.partition(":")[2], labels, partial(selected, name), function)

    @property
    def of_orgs(self) -> str:
        """Name of the series of each org."""
        return self._named(ORGS)

    @property
    def of_all(self) -> str:
        """Name of the series of all orgs together."""
        return self._named(ALL)

    def _named(self, level: tuple[str, ...]) -> str:
        # The ranges of VictoriaMetrics' buckets are in no name; see `series`.
        shown = (label for label in self.labels if label != BUCKET[1])
        return f"{'_'.join((*level, *shown))}:{self.what}"

    def rules(self) -> tuple[Record, Record]:
        """The rules that record it."""
        return (
            Record(self.of_orgs, self.together((*ORGS, *self.labels), self.of_stores())),
            Record(self.of_all, self.together((*ALL, *self.labels), self.of_orgs)),
        )

    def together(self, labels: Iterable[str], expression: str) -> str:
        """Combine the results of an expression, by labels."""
        return aggregate(self.function, labels, expression)


def selected(name: str, *matchers: str) -> str:
    """Select series with matchers, which may match the name as well."""
    return named(name, *matchers) if matchers else name


def _each(metric: Metric, *matchers: str) -> str:
    """A gauge of stores without the label of its process."""
    return aggregate("max", metric.labels, selected(metric.name, *matchers))


RATE = Wide.of(series.OPERATION_RATE, "operation")
OPERATION_ERRORS = Wide.of(series.OPERATION_ERROR_RATE, "operation", "fault")
ERRORS = Wide.of(series.STORE_ERROR_RATE, "error_type", "fault")
HISTOGRAM = Wide.of(series.STORE_HISTOGRAM)
BUCKETS = Wide.of(series.STORE_BUCKETS, *BUCKET)
OPERATION_HISTOGRAM = Wide(HISTOGRAM.what, ("operation",), series.histograms)
OPERATION_BUCKETS = Wide(BUCKETS.what, ("operation", *BUCKET), series.buckets)
PROBE_ERRORS = Wide.of(series.PROBE_ERROR_RATE, "error_type")
COLLECTOR_ERRORS = Wide.of(series.COLLECTOR_ERROR_RATE, "error_type")
ORDERS = Wide.of(series.ORDERS_HOURLY)
ORDERS_FAILED = Wide.of(series.FAILED_HOURLY)
PAYMENTS = Wide.of(series.PAYMENTS_RECENT, "payment_method", "result")


_p95 = partial(selected, series.STORE_QUANTILE, equal("quantile", "0.95"))
_P95 = f"{operations.OPERATION_DURATION.name}:p95_{series.RATE}"
LATENCIES = Wide(f"{_P95}_sum", (), _p95)
MEASURED = Wide(f"{_P95}_count", (), lambda *matchers: f"({_p95(*matchers)} >= bool 0)")
"""The p95 of stores, and how many have one: their mean is made of both."""


def _lateness(*matchers: str) -> str:
    """Disabled webhooks and background jobs that are overdue, of any process.

    No state belongs to both.
    """
    names = one_of("__name__", (business.WEBHOOKS.name, business.SCHEDULED_ACTIONS.name))
    states = one_of("state", (WebhookState.DISABLED, ActionState.OVERDUE))
    late = f"{{{', '.join((names, states, *matchers))}}}"
    return aggregate("max", business.WEBHOOKS.labels, late)


LATE = Wide("store_background_late:current", ("state",), _lateness)
SCARCE = Wide(
    f"{business.PRODUCTS.name}:current",
    ("stock",),
    partial(_each, business.PRODUCTS, one_of("stock", (StockState.LOW, StockState.OUT))),
)
SOLD = Wide(
    f"{business.PRODUCTS_SOLD.name}:current", ("price",), partial(_each, business.PRODUCTS_SOLD)
)
PROBES = Wide(
    f"{health.PROBE_SUCCESS.name}:min",
    ("probe",),
    partial(selected, health.PROBE_SUCCESS.name),
    "min",
)
PHASES = Wide(
    f"{health.PROBE_PHASE.name}:liveness",
    ("phase",),
    partial(_each, health.PROBE_PHASE, equal("probe", LIVENESS_PROBE)),
)

EVERY = (
    RATE,
    OPERATION_ERRORS,
    ERRORS,
    OPERATION_HISTOGRAM,
    OPERATION_BUCKETS,
    HISTOGRAM,
    BUCKETS,
    PROBE_ERRORS,
    COLLECTOR_ERRORS,
    ORDERS,
    ORDERS_FAILED,
    PAYMENTS,
    LATENCIES,
    MEASURED,
    LATE,
    SCARCE,
    SOLD,
    PROBES,
    PHASES,
)
"""All of them."""
