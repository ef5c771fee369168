"""Recording rules: series that wide panels, objectives and alerts read instead of raw ones."""

from __future__ import annotations

from typing import Any

from ...errors import REFUSALS
from ...metrics.catalogue import business, health, operations
from ...metrics.catalogue.values import CostKind
from .. import promql, series, wide
from ..model import Group, Record, as_document
from ..policy import LIVENESS_PROBE, MINUTE, SELDOM, STALE_SAMPLES, THRESHOLDS
from ..policy import RATE_WINDOW as W
from ..promql import OPERATION, STORE, one_of, total
from . import costs, longterm, payments, seasonal, surges

CHECKOUT = tuple(
    name for name in operations.OPERATION_NAMES if "cart" in name or "checkout" in name
)
"""Operations that lead shoppers from a product to the payment."""

RATES = MINUTE
"""Seconds between evaluations of rates over `RATE_WINDOW`. A rate over five minutes changes little
in less time, and evaluating every series of operations costs in proportion to how often it is
done."""


def operation_rules() -> Group:
    """Rates and failures per operation and per store."""
    errors = promql.rate(operations.OPERATION_ERRORS, W)
    of_stores = series.STORE_RATE, series.STORE_ERROR_RATE
    rules = [
        Record(series.OPERATION_RATE, total(OPERATION, promql.rate(operations.OPERATIONS, W))),
        Record(series.OPERATION_ERROR_RATE, total(series.OPERATION_ERROR, errors)),
        Record(series.STORE_RATE, total(STORE, series.OPERATION_RATE)),
        Record(series.STORE_ERROR_RATE, total(series.STORE_ERROR, series.OPERATION_ERROR_RATE)),
        Record(series.STORE_MEASURED, series.measured(STORE, *of_stores)),
        Record(series.STORE_FAILED, series.failed(STORE, *of_stores)),
        Record(
            series.STORE_SUCCESS, f"1 - {series.ratio(series.STORE_FAILED, series.STORE_MEASURED)}"
        ),
    ]
    return Group("store-exporter.operations", rules, interval=RATES)


def checkout_rules() -> Group:
    """Rates and failures of carts and checkouts, as often as the alert that reads them."""
    checkout = one_of("operation", CHECKOUT)
    rules = [
        Record(series.CHECKOUT_MEASURED, series.of_operations(series.measured, STORE, checkout)),
        Record(series.CHECKOUT_FAILED, series.of_operations(series.failed, STORE, checkout)),
    ]
    return Group("store-exporter.checkouts", rules, interval=SELDOM)


def quantile_rules() -> Group:
    """Rates of histograms, native or classic, whichever are scraped, and their p95.

    The rates are nearly the whole cost, so they are recorded once for every reader of quantiles of
    stores. Quantiles of operations are computed where they are shown.
    """
    p95 = promql.quantile_of(0.95, series.STORE_HISTOGRAM, series.STORE_BUCKETS)
    rules = [
        Record(series.STORE_HISTOGRAM, total(STORE, series.histograms())),
        Record(series.STORE_BUCKETS, total((*STORE, *promql.BUCKET), series.buckets())),
        Record(series.STORE_QUANTILE, p95, {"quantile": "0.95"}),
    ]
    return Group("store-exporter.quantiles", rules, interval=SELDOM)


def sampled_rules() -> Group:
    """Figures that are read for weeks and for all stores: with few samples, or few labels."""
    probes = promql.quantile(0.95, health.PROBE_DURATION, W, (*STORE, "probe"))
    store_error = (*STORE, "error_type")
    available, maintained = (
        f"avg_over_time({promql.over(name, promql.duration(SELDOM))})"
        for name in (series.AVAILABLE, series.MAINTENANCE)
    )
    return Group(
        "store-exporter.sampled",
        [
            Record(series.UP_SAMPLED, series.STORE_UP),
            Record(series.AVAILABLE_SAMPLED, available),
            Record(series.MAINTENANCE_SAMPLED, maintained),
            Record(series.SLOWEST_PROBE, promql.aggregate("max", STORE, probes)),
            *(
                Record(name, total(store_error, series.counted(metric, W, function="rate")))
                for name, metric in (
                    (series.PROBE_ERROR_RATE, health.PROBE_FAILURES),
                    (series.COLLECTOR_ERROR_RATE, business.COLLECTOR_FAILURES),
                )
            ),
            *(rule for each in wide.EVERY for rule in each.rules()),
            *process_rules(),
        ],
        interval=SELDOM,
    )


def process_rules() -> list[Record]:
    """Each exporter's requests to all its stores, and whether it keeps up."""
    source, platform, collector = (
        ("job", "instance", label) for label in ("source", "platform", "collector")
    )
    points = promql.rate(health.API_COST, W, promql.equal("kind", CostKind.ACTUAL))
    age = f"time() - {business.COLLECTOR_LAST_SUCCESS.name}"
    missed = f"({age}) / {business.COLLECTOR_INTERVAL.name}"
    longest = promql.select(business.COLLECTOR_DURATION)
    return [
        Record(series.REQUESTS, total(source, promql.rate(health.API_REQUESTS, W))),
        Record(series.THROTTLED, total(platform, promql.rate(health.API_THROTTLED, W))),
        Record(series.POINTS, total(platform, points)),
        Record(series.MISSED, promql.aggregate("max", collector, missed)),
        Record(series.BACKLOG, total(collector, business.COLLECTOR_BACKLOG.name)),
        Record(series.LONGEST_RUN, promql.aggregate("max", collector, longest)),
    ]


def health_rules() -> Group:
    """Whether each store is up, or refuses our credentials for every request."""
    up = promql.select(health.UP)
    recent, maintained = (
        f"last_over_time({promql.over(promql.select(metric), STALE_SAMPLES)})"
        for metric in (health.UP, health.MAINTENANCE)
    )
    return Group(
        "store-exporter.health",
        [
            # A store's last state is kept for some minutes without an exporter, because a restart
            # of the exporter must not report every store that is down as recovered.
            Record(series.STORE_UP, promql.aggregate("max", STORE, recent)),
            Record(series.WATCHERS_SEEN, f"{promql.aggregate('count', STORE, up)} > 1"),
            Record(series.MAINTENANCE, promql.aggregate("max", STORE, maintained)),
            Record(series.AVAILABLE, series.outside_maintenance(series.STORE_UP)),
            Record(series.LIVENESS_REFUSED, liveness_refused()),
        ],
    )


def trouble_rules() -> list[Group]:
    """The trouble score of each store, and refused credentials, which look back over hours."""
    rejected = Record(series.CREDENTIALS_REJECTED, credentials_rejected())
    return [
        Group("store-exporter.trouble", [Record(series.TROUBLE, trouble())], interval=MINUTE),
        Group("store-exporter.credentials", [rejected], interval=2 * MINUTE),
    ]


def minute_rules() -> Group:
    """Stores that several exporters watch for a while, the cost of outages, and restless stores."""
    watchers = Record(series.WATCHERS, f"{watching('15s')} or {watching('1m')}")
    changes = f"changes({promql.over(series.STORE_UP, '1h')}) >= {THRESHOLDS.restless_changes:g}"
    rules = [watchers, costs.lost_revenue(), Record(series.RESTLESS, changes)]
    return Group("store-exporter.health.minute", rules, interval=MINUTE)


def watching(age: str) -> str:
    """The number of exporters that watch a store at the same time, not one after the other.

    The last sample of an exporter that ended is visible until its next scrape fails, up to two
    minutes later. That sample is older than the first sample of the exporter that took over. If
    two exporters watch together, each has a sample younger than the other's first one.

    Args:
        age: the highest age of the newest samples, and the lowest age of the first ones. Exporters
            are found if they are scraped more often than that.
    """
    up = promql.select(health.UP)
    young = f"timestamp({up}) > time() - {promql.seconds(age):g}"
    return f"{promql.aggregate('count', STORE, f'{promql.at(up, age)} and {young}')} > 1"


DOWN = 100
"""The score of a store that is down: more than alerts can add up to."""
PAGED = 10
"""The score of a critical alert: more than all warnings together, which count one each."""


def trouble() -> str:
    """The trouble score of each store, to list the worst first.

    A store that is down counts from its first failed probe, before any alert fires. Critical
    alerts come next, then warnings. Equal stores are ordered by their share of failures, which is
    at most one.
    """
    critical, warning = (
        promql.or_zero(
            promql.aggregate("count", STORE, promql.firing(promql.equal("severity", severity))),
            series.STORE_UP,
        )
        for severity in ("critical", "warning")
    )
    failing = promql.or_zero(f"(1 - {series.STORE_SUCCESS})", series.STORE_UP)
    alerts = f"{PAGED} * clamp_max({critical}, 8) + clamp_max({warning}, {PAGED - 1})"
    return f"{DOWN} * (1 - {series.STORE_UP}) + {alerts} + {failing}"


def credentials_rejected() -> str:
    """The number of probes and collectors of each store that were refused in their latest run."""
    rejected = one_of("error_type", REFUSALS)
    collector = (*STORE, "collector")
    refused = promql.total(collector, promql.moved(business.COLLECTOR_FAILURES, "6h", rejected))
    failing = f"{promql.on(*collector)} {promql.select(business.COLLECTOR_SUCCESS)} == 0"
    # Probes have this metric only while they fail, so stores that work cost nothing.
    probes = promql.select(health.PROBE_FAILURE, rejected)
    of_probes = promql.aggregate("max", (*STORE, "probe"), probes)
    return promql.aggregate("count", STORE, f"{of_probes} or ({refused} and {failing})")


def liveness_refused() -> str:
    """Stores whose liveness probe fails only because of our credentials.

    This is kept for some minutes without an exporter because their state is kept too: else they
    would be reported as down.
    """
    probe = promql.equal("probe", LIVENESS_PROBE)
    refused, otherwise = (
        f"last_over_time({promql.over(promql.select(health.PROBE_FAILURE, probe, which), kept)})"
        for which, kept in (
            (one_of("error_type", REFUSALS), STALE_SAMPLES),
            (one_of("error_type", REFUSALS, negate=True), "3m"),
        )
    )
    works = f"{promql.select(health.PROBE_SUCCESS, probe)} == 1"
    unless = f"unless {promql.on(*STORE)}"
    return f"{promql.aggregate('max', STORE, refused)} {unless} {otherwise} {unless} {works}"


def groups() -> list[Group]:
    """Every recording rule that does not depend on objectives."""
    return [
        health_rules(),
        minute_rules(),
        *trouble_rules(),
        operation_rules(),
        checkout_rules(),
        quantile_rules(),
        sampled_rules(),
        *seasonal.groups(),
        *payments.groups(),
        *costs.groups(),
        *surges.groups(),
        *longterm.groups(),
    ]


def document(*, pace: float = 1.0) -> dict[str, Any]:
    """Return the rule file's content.

    Args:
        pace: factor on the groups' own intervals; a demonstration uses less than 1.
    """
    return as_document(groups(), pace=pace)
