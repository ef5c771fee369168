"""Weeks of figures of every metric in the catalogue, as blocks that a real Prometheus reads.

Counters are straight lines in absolute time, so that what a panel must show can be computed; all
windows between now and some weeks ago in which dashboards look are filled, and nothing else.
"""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import MappingProxyType

from store_exporter.metrics.catalogue import (
    CATALOGUE,
    Kind,
    Metric,
    business,
    exporter,
    health,
    lists,
    operations,
)
from store_exporter.mixin import series, wide
from store_exporter.mixin.model import Record
from store_exporter.mixin.rules import recording, slo
from tests import servers

STORES = (
    ("acme", "books.example", "woocommerce"),
    ("acme", "toys.example", "woocommerce"),
    ("globex", "tea.example", "shopify"),
)
DOWN = "toys.example"
"""The store that is down."""
PAGED = "tea.example"
"""The store that is up, and has a critical alert."""
OPERATIONS = ("search_products", "add_to_cart", "get_cart")
ERRORS = (
    ("timeout", "store"),
    ("out_of_stock", "customer"),
    ("unauthorized", "config"),
    ("exception", "app"),
)
VALUES: dict[str, Sequence[str]] = {
    "operation": OPERATIONS,
    "status": ("processing", "completed", "failed"),
    "currency": ("EUR",),
    "stock": ("in", "low", "out"),
    "list": lists.LISTS,
    "cart": ("1007", "1012"),
    "product_id": ("51",),
    "product": ("Oak desk",),
    "sku": ("OAK-1",),
    "probe": ("liveness", "cart"),
    "phase": ("connect", "processing", "transfer"),
    "collector": ("orders", "stock"),
    "source": ("liveness", "orders"),
    "kind": ("requested", "actual"),
    "stage": ("labels",),
    "limit": ("org",),
    "result": ("paid", "failed"),
    "payment_method": ("stripe", "paypal"),
    "price": ("usual", "lower", "higher"),
    "reason": ("overlap", "budget"),
    "outcome": ("counted", "refused", "duplicate"),
    "state": ("disabled", "overdue"),
    "job": ("store-exporter",),
    "instance": ("exporter:10847",),
    "component": ("WooCommerce",),
    "before": ("9.3",),
    "after": ("9.4",),
    "version": ("1.0",),
    "python": ("3.11",),
    "timezone": ("Europe/Berlin",),
    "order_storage": ("hpos",),
    "quantile": ("0.5", "0.95", "0.99"),
    "le": (*map(str, operations.LATENCY_BUCKETS), "+Inf"),
    "slo": ("availability", "latency"),
}
STATES = {
    health.HEALTH.name: ("healthy", "degraded", "critical"),
    business.WEBHOOKS.name: ("active", "disabled"),
    exporter.OTLP_PUSHES.name: ("success", "failure"),
    business.SCHEDULED_ACTIONS.name: ("pending", "overdue", "failed"),
    **dict.fromkeys((wide.SCARCE.of_orgs, wide.SCARCE.of_all), ("low", "out")),
}
PROCESS = (("job", "store-exporter"), ("instance", "exporter:10847"))
PROCESSES = ("exporter:10847", "standby:10847")
OTHER = (("job", "node"), ("instance", "node:9100"))
"""A process of somebody else's, which is down."""
HOUR, WEEK = 3600, 7 * 86400
LEVELS = (
    "error_type",
    "org",
    "domain",
    "platform",
    "operation",
    "fault",
    "currency",
    "slo",
    "probe",
    "phase",
    "state",
    "stock",
    "job",
    "instance",
    "source",
    "collector",
    "payment_method",
    "result",
    "price",
)
"""Labels of recorded series, which stand in their names."""

# Operations a second of one store and operation, and the share of them with each error.
RATE, ERROR_SHARE = 0.5, 0.002
ORDERS_PER_HOUR = 24.0


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time with a sample every `step` seconds."""

    start: int
    end: int
    step: int

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.start, self.end + 1, self.step))


def raw_windows(now: int) -> list[Window]:
    """The last hours, and the same hours of the last weeks.

    Prometheus appends nothing that is older than a block's end, so none may reach past now.
    """
    past = [Window(now - k * WEEK - 3 * HOUR, now - k * WEEK + 600, 120) for k in range(4, 0, -1)]
    return [*past, Window(now - 3 * HOUR, now, 60)]


def recorded_windows(now: int) -> list[Window]:
    """The same, up to now, from where Prometheus evaluates the rules itself."""
    past = [Window(now - k * WEEK - HOUR, now - k * WEEK + 600, 120) for k in range(4, 0, -1)]
    return [*past, Window(now - 3 * HOUR, now - 30, 60)]


def label_sets(
    names: Sequence[str],
    family: str,
    *,
    stores: Sequence[tuple[str, str, str]] = STORES,
    operations: Sequence[str] = OPERATIONS,
    errors: Sequence[tuple[str, str]] = ERRORS,
    values: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Iterator[tuple[tuple[str, str], ...]]:
    """Every combination of label values that belongs together."""
    values = {**VALUES, **values, "operation": operations}
    store = [n for n in names if n in ("org", "domain", "platform")]
    error = [n for n in names if n in ("error_type", "fault")]
    rest = [n for n in names if n not in store and n not in error]
    choices: list[list[tuple[tuple[str, str], ...]]] = []
    if store:
        every = (dict(zip(("org", "domain", "platform"), each, strict=True)) for each in stores)
        choices.append(list(dict.fromkeys(tuple((n, s[n]) for n in store) for s in every)))
    choices += [[((n, v),) for v in STATES.get(family, values.get(n, ()))] for n in rest]
    if error == ["error_type", "fault"]:
        choices.append([(("error_type", t), ("fault", f)) for t, f in errors])
    elif error == ["error_type"]:
        choices.append([(("error_type", t),) for t, _ in errors])
    elif error == ["fault"]:
        choices.append([(("fault", f),) for _, f in errors])
    for parts in product(*choices):
        yield tuple(pair for part in parts for pair in part)


def gauge(metric: Metric, labels: dict[str, str], now: int) -> float | None:
    """A plausible value; None for the time of something that was a minute ago at any time."""
    constants = {
        health.UP: float(labels.get("domain") != DOWN),
        health.HEALTH: float(labels.get("state") == "healthy"),
        health.PROBE_SUCCESS: float(labels.get("probe") == "liveness"),
        health.PROBE_STATUS: 200.0,
        health.MAINTENANCE: 0.0,
        health.API_BUDGET_LIMIT: 600.0,
        health.API_BUDGET_REMAINING: 300.0,
        health.API_BUCKET_MAXIMUM: 1000.0,
        health.API_BUCKET_AVAILABLE: 900.0,
        health.TLS_EXPIRY: now + 60 * 86400.0,
        health.API_VERSION_EXPIRY: now + 200 * 86400.0,
        business.COLLECTOR_SUCCESS: 1.0,
        business.COLLECTOR_INTERVAL: 300.0,
    }
    if metric in constants:
        return constants[metric]
    if metric.name.endswith("_timestamp_seconds"):
        return None
    return 5.0


def counter_slope(metric: Metric) -> float:
    """By how much a counter grows in a second."""
    return {
        operations.OPERATIONS: RATE,
        operations.OPERATION_ERRORS: RATE * ERROR_SHARE,
        business.ORDERS_PAID: ORDERS_PER_HOUR / HOUR,
        business.REVENUE: 50 * ORDERS_PER_HOUR / HOUR,
    }.get(metric, 0.01)


def begun(now: int) -> int:
    """When all counters were zero."""
    return now - 5 * WEEK


_OF_STORES = [
    metric
    for metric in CATALOGUE.values()
    if metric.kind is Kind.COUNTER and "org" in metric.labels and "operation" not in metric.labels
]
SAMPLES, INCREMENTS = (
    {name(metric): counter_slope(metric) for metric in _OF_STORES}
    for name in (series.sampled, series.increment)
)
"""By how much these grow in a second, or have in each second that is between two of them."""


def histogram_share(metric: Metric, bound: float) -> float:
    """The share of observations up to a bound: an exponential distribution of mean 0.2 s."""
    return 1 - math.exp(-bound / 0.2)


def lines(
    metric: Metric,
    now: int,
    windows: Sequence[Window] = (),
    process: Sequence[tuple[str, str]] = PROCESS,
) -> Iterator[str]:
    """One metric in OpenMetrics' text, all its samples in order of series and time.

    Without windows of their own the samples are in those that dashboards look at.
    """
    family = metric.name.removesuffix("_total") if metric.kind is Kind.COUNTER else metric.name
    kind = metric.kind.value if metric.kind is not Kind.INFO else "gauge"
    yield f"# TYPE {family} {kind}"
    times = [t for window in windows or raw_windows(now) for t in window]
    for pairs in label_sets(metric.labels, metric.name):
        labels = {**dict(pairs), **dict(process)}
        text = ",".join(f'{k}="{v}"' for k, v in labels.items())
        if metric.kind is Kind.COUNTER:
            yield from counted(f"{metric.name}{{{text}}}", counter_slope(metric), times, now)
        elif metric.kind is Kind.HISTOGRAM:
            yield from observed(metric, text, times, now)
        else:
            yield from shown(metric, text, labels, times, now)


def counted(name: str, slope: float, times: Sequence[int], now: int) -> Iterator[str]:
    """The samples of a counter's series."""
    for t in times:
        yield f"{name} {slope * (t - begun(now))} {t}"


def observed(metric: Metric, text: str, times: Sequence[int], now: int) -> Iterator[str]:
    """The samples of a histogram's series, time by time."""
    parts = [
        (f'{metric.name}_bucket{{{text},le="{bound}"}}', histogram_share(metric, bound))
        for bound in metric.buckets
    ]
    parts.append((f'{metric.name}_bucket{{{text},le="+Inf"}}', 1.0))
    parts.append((f"{metric.name}_count{{{text}}}", 1.0))
    parts.append((f"{metric.name}_sum{{{text}}}", 0.2))
    for t in times:
        count = RATE * (t - begun(now))
        for name, share in parts:
            yield f"{name} {count * share} {t}"


def shown(
    metric: Metric, text: str, labels: dict[str, str], times: Sequence[int], now: int
) -> Iterator[str]:
    """The samples of a gauge's series."""
    name = f"{metric.name}{{{text}}}"
    value = 1.0 if metric.kind is Kind.INFO else gauge(metric, labels, now)
    for t in times:
        yield f"{name} {t - 60.0 if value is None else value} {t}"


def target_lines(now: int) -> Iterator[str]:
    """What Prometheus itself records of a scrape, of our process and of somebody else's."""
    for name, value, other in (
        ("up", 1.0, 0.0),
        ("scrape_duration_seconds", 0.02, 10.0),
        ("scrape_samples_scraped", 500.0, 0.0),
    ):
        yield f"# TYPE {name} gauge"
        for pairs, shown in ((PROCESS, value), (OTHER, other)):
            text = ",".join(f'{k}="{v}"' for k, v in pairs)
            yield from (f"{name}{{{text}}} {shown} {t}" for t in raw_windows(now)[-1])


def recorded_lines(now: int, watchers: int = 1) -> Iterator[str]:
    """History of the recorded series; their names tell their labels.

    Histograms are classic ones, as those of the applications are here.

    Args:
        now: its end.
        watchers: how many exporters watch each store at the same time.
    """
    groups = [*recording.groups(), *slo.groups()]
    rules = dict.fromkeys(r.name for g in groups for r in g.rules if isinstance(r, Record))
    several = (series.WATCHERS, series.WATCHERS_SEEN)
    names = [
        name
        for name in rules
        if is_made_of(name) != series.STORE_HISTOGRAM and not (watchers == 1 and name in several)
    ]
    times = [(t, window.step) for window in recorded_windows(now) for t in window]
    for name in names:
        yield f"# TYPE {name} gauge"
        found = label_sets(labels_of(name), name, values={"instance": PROCESSES[:watchers]})
        numbers: dict[tuple[tuple[str, str], ...], int] = {}
        for pairs in found:
            # Two that watch a store tell the same.
            told = tuple(pair for pair in pairs if pair[0] != "instance")
            number = numbers.setdefault(told, len(numbers))
            text = ",".join(f'{k}="{v}"' for k, v in pairs)
            value_at = recorded_value(name, dict(pairs), number)
            for t, step in times:
                value = watchers if name in several else value_at(t)
                if name in SAMPLES:
                    value = SAMPLES[name] * (t - begun(now))
                elif name in INCREMENTS:
                    value = INCREMENTS[name] * step
                yield f"{name}{{{text}}} {value} {t}"


def is_made_of(recorded: str) -> str:
    """Which of the two rates of durations of operations it is, of whatever labels; else nothing."""
    ends = {each.partition(":")[2]: each for each in (series.STORE_HISTOGRAM, series.STORE_BUCKETS)}
    return ends.get(recorded.partition(":")[2], "")


def labels_of(recorded: str) -> list[str]:
    """The labels that stand in the name of a recorded series."""
    level = recorded.split(":", 1)[0]
    labels = [label for label in LEVELS if label in level]
    if "quantile" in recorded:
        labels.append("quantile")
    if level.endswith("_le"):
        labels.append("le")
    return labels


def recorded_value(name: str, labels: dict[str, str], number: int) -> Callable[[int], float]:
    """A value by time that varies over the day, in the range that such a series has."""
    if "le" in labels:
        share = RATE * histogram_share(operations.OPERATION_DURATION, float(labels["le"]))
        return lambda _: share
    typical = (
        (("objective",), (0.99, 0.0)),
        (("ratio", "success"), (0.95, 0.05)),
        (("up:max",), (1.0, 0.0)),
        (("bad_events", "failed"), (0.0, 0.002)),
        (("increase",), (20.0, 10.0)),
    )
    fitting = (range_ for words, range_ in typical if any(word in name for word in words))
    least, more = next(fitting, (0.0, 1.0))
    if "quantile" in labels:
        least = more = float(labels["quantile"])
    return lambda t: least + more * (0.5 + 0.4 * math.sin(t / 1800 + number))


def write_blocks(directory: Path, now: int) -> None:
    """Write the figures as blocks into Prometheus' data directory."""
    text = directory / "history.om"
    with text.open("w", encoding="utf-8") as file:
        for metric in CATALOGUE.values():
            file.writelines(f"{line}\n" for line in lines(metric, now))
        file.writelines(f"{line}\n" for line in target_lines(now))
        file.writelines(f"{line}\n" for line in recorded_lines(now))
        file.write("# EOF\n")
    as_blocks(text, directory)


def write_scraped(directory: Path, now: int, interval: int) -> None:
    """Write the last half hour as a Prometheus with such a scrape interval would have it."""
    text = directory / "scraped.om"
    with text.open("w", encoding="utf-8") as file:
        for metric in CATALOGUE.values():
            windows = [Window(now - 1800, now, interval)]
            file.writelines(f"{line}\n" for line in lines(metric, now, windows))
        file.write("# EOF\n")
    as_blocks(text, directory)


def as_blocks(text: Path, directory: Path, longest: str = "168h") -> None:
    """Write samples in OpenMetrics' text as blocks into Prometheus' data directory.

    It reads all of the text for each block that it writes: for a week that is seldom.
    """
    argv = [servers.tool("promtool"), "tsdb", "create-blocks-from", "openmetrics", "-q"]
    argv += [f"--max-block-duration={longest}", str(text), str(directory / "prometheus")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr or done.stdout
