"""Alerts on a store that responds but is not well: probes fail, or calls are slower than normal."""

from __future__ import annotations

from ...errors import Fault
from ...metrics.catalogue import health
from ...metrics.catalogue.values import HealthState
from .. import promql, series
from ..model import Alert, Cause, Group
from ..names import AlertName, Dashboards
from ..policy import MINUTE, RESTART, SEASONAL, THRESHOLDS
from ..promql import STORE, equal
from .causes import UNUSABLE
from .outages import CALM, FAILED
from .texts import (
    ANY_ERROR,
    CHANGED,
    FAILING,
    FAILING_PROBES,
    PROBE_CAUSE,
    SHARE,
    SLOWEST,
    THROTTLED,
    WHO,
    error_type,
    unavailable,
)


def recurring(state: str, besides: str = "") -> str:
    """The share of the last hour that a store spent in a state, if that comes and goes.

    Args:
        state: value of the label `state`.
        besides: PromQL that subtracts a share that another alert reports.
    """
    recent = promql.over(promql.select(health.HEALTH, equal("state", state)), "1h")
    share = f"{promql.aggregate('max', STORE, f'avg_over_time({recent})')}{besides}"
    often = promql.aggregate("max", STORE, f"changes({recent})")
    found = (
        f"({share} > {THRESHOLDS.unstable_share:g}"
        f" and {promql.on(*STORE)} {often} >= {THRESHOLDS.unstable_changes:g})"
    )
    return f"({series.outside_maintenance(found, '1h')})"


def in_state(state: str) -> str:
    """Stores that are in a state now."""
    chosen = promql.select(health.HEALTH, equal("state", state))
    return f"{promql.aggregate('max', STORE, chosen)} == 1"


_UP = f"{promql.on(*STORE)} {series.STORE_UP} == 1"
_DOWN = f" - {promql.on(*STORE)} (1 - avg_over_time({series.STORE_UP}[1h]))"
VITAL_PROBE_FAILING = Alert(
    AlertName.STORE_VITAL_PROBE_FAILING,
    f"({in_state(HealthState.CRITICAL)} and {_UP}) or {recurring(HealthState.CRITICAL, _DOWN)}",
    3 * MINUTE,
    "critical",
    "A critical probe of a store fails.",
    "A store responded, but a critical probe failed.",
    f"{WHO} responds, but what it needs to sell does not work: a critical probe fails "
    f"({SHARE} of the time).{FAILING_PROBES}{PROBE_CAUSE}",
    """
    The liveness probe succeeds, but another critical probe has failed twice in a row, or keeps
    failing and recovering. A probe is critical by default or by `critical: true` in the
    configuration. Shoppers most likely cannot buy. A probe that fails for the first time runs again
    a minute later, whatever its interval, so a single failed run fires no alert.

    - The shop dashboard lists the probes and which of them fails.
    - `store-exporter probe DOMAIN` prints the reason in words.

    - Act on the failing probe: tell the merchant which part of the shop is broken.
    - If shoppers can do without it, set `critical: false` for the probe.
    """,
    inhibited_by=UNUSABLE,
    faults=(Fault.STORE, Fault.CONFIG),
    facts=unavailable(ANY_ERROR),
    keep=CALM,
    ended=FAILED,
)

STORE_DEGRADED = Alert(
    AlertName.STORE_DEGRADED,
    f"({in_state(HealthState.DEGRADED)}) or {recurring(HealthState.DEGRADED)}",
    15 * MINUTE,
    "warning",
    "A store is slow or partly failing.",
    "A store was slow or partly failing.",
    f"{WHO} has been degraded for more than a quarter of an hour, continuously or again and "
    "again: a probe that is not critical fails or reports a problem, such as a slow response."
    f"{FAILING_PROBES}{PROBE_CAUSE}{SLOWEST}{THROTTLED}",
    """
    The store is alive, but a probe that is not critical fails, or a probe reports a problem, such
    as a slow response. Part of the shop may not work for shoppers.

    - The shop dashboard lists the probes and which of them fails, and shows where a response's
      time goes.
    - `store-exporter probe DOMAIN` prints the reason in words.

    - Act on the failing probe: if the probe `cart` fails, shoppers cannot fill a cart; if the
      probe `storefront` fails, the shop's page is broken although the API works.
    - Pass it on to the merchant if the cause is in the shop.
    """,
    # One critical alert about the same fault is enough.
    inhibited_by=(
        *UNUSABLE,
        Cause(AlertName.STORE_UNSTABLE),
        Cause(AlertName.STORE_VITAL_PROBE_FAILING),
    ),
    faults=(Fault.STORE, Fault.CONFIG),
    facts={
        "error": ANY_ERROR,
        "error_type": error_type(health.PROBE_FAILURES, "10m"),
        "failing": FAILING,
        "changed": CHANGED,
    },
    keep=RESTART,
)

_NOW, _NORMAL = series.LATENCY_HOURLY, series.LATENCY_NORMAL
_P95 = promql.select(series.STORE_QUANTILE, equal("quantile", "0.95"))
_STILL = promql.aggregate("max", STORE, f"quantile_over_time(0.5, {_P95}[15m])")
_FACTOR = f"{SEASONAL.latency_factor:g} * {_NORMAL}"
LATENCY_REGRESSION = Alert(
    AlertName.STORE_LATENCY_REGRESSION,
    f"({_NOW} > {_FACTOR}) and ({_NOW} - {_NORMAL} > {SEASONAL.latency_floor:g})"
    f" and ({_STILL} > {_FACTOR})",
    15 * MINUTE,
    "warning",
    "A store is much slower than normal.",
    "A store was much slower than normal.",
    f"The p95 latency of {WHO} over the last hour is {{{{ $value | humanizeDuration }}}}, "
    f"more than {SEASONAL.latency_factor:g} times the normal value at this hour of the week.",
    f"""
    Over the last hour, the p95 latency of operations against this store was more than
    {SEASONAL.latency_factor:g} times the normal value at this weekday and hour, and at least
    {SEASONAL.latency_floor:g} s above it. It has not recovered. Normal is the median of the last
    {SEASONAL.weeks} weeks; there is no alert while fewer than {SEASONAL.history} of them are known,
    or in hours with fewer than {SEASONAL.latency_minimum:g} operations.

    - Look at the operations dashboard: are all operations slower, or is one?
    - The shop dashboard splits a probe's time into phases: resolve, connect and tls point to the
      network, processing to the shop.
    - Ask what changed: a plugin, a theme, a campaign, an import, the hosting plan.

    - Pass the figures and the time of the change to the merchant or hosting company.
    - If this latency stays, it becomes the normal value by itself within {SEASONAL.history} weeks;
      silence the alert until then.
    """,
    dashboard=Dashboards.TRENDS,
    inhibited_by=UNUSABLE,
    window="1h",
)

_FOUND = [VITAL_PROBE_FAILING, STORE_DEGRADED, LATENCY_REGRESSION]
GROUPS = [Group("store-exporter.alerts.health", _FOUND, interval=MINUTE)]
