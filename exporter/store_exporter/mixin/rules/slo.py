"""Recording rules of the objectives: events, bad events, burn rates and the budget left.

The first rules of an objective depend on its kind. After those, one set of rules serves all
objectives, which the label `slo` distinguishes. Counts over hours are sums of recorded rates;
counts over days are sums of counts recorded once an hour. So no rule reads raw series or many
samples over a long window.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...metrics.catalogue import health
from ...metrics.catalogue.values import HealthState
from .. import promql, series
from ..model import Group, Record, as_document
from ..names import AlertName
from ..objectives import DEFAULT, Objective, ObjectiveKind
from ..policy import BURN_RATES, HOUR, RATE_WINDOW, SELDOM, SLO_WINDOW
from ..promql import STORE, select, total
from ..wide import Wide

BASE = 60
"""Seconds between evaluations of the first rules, as for other rates of operations. Multiplied by
it, sums of rates become counts."""
EVENT = 30
"""Seconds of known health that are one event of uptime."""
SLO = (*STORE, "slo")

EVENTS = series.recorded(SLO, "store_slo_events", f"rate{RATE_WINDOW}")
BAD = series.recorded(SLO, "store_slo_bad_events", f"rate{RATE_WINDOW}")
MAINTAINED = series.recorded(STORE, health.MAINTENANCE, f"recent{RATE_WINDOW}")
"""Stores that were in maintenance within the window of rates, and no others."""
TARGET = series.recorded(SLO, "store_slo_objective", "ratio")
MINIMUM = series.recorded(SLO, "store_slo_minimum_operations", "count")
TOLD = series.recorded(SLO, "store_slo_outage_told", "current")
BUDGET = series.recorded(SLO, "store_slo_budget_remaining", f"ratio{SLO_WINDOW}")

_PAIRS = [(rate.short, rate.long) for rate in BURN_RATES]
WINDOWS = sorted({window for pair in _PAIRS for window in pair} | {SLO_WINDOW}, key=promql.seconds)
SHORT = [window for window in WINDOWS if promql.seconds(window) < promql.seconds("1d")]
DAYS = [window for window in WINDOWS if window not in SHORT]
QUICKEST = _PAIRS[0]
"""The windows of the fastest alert. Those of the other alerts, which wait a quarter of an hour or
longer, are evaluated less often."""
KNOWN = {SLO_WINDOW, *(long for _, long in _PAIRS)}
"""Windows whose number of events is read, by alerts and dashboards."""
_HOUR = "1h"
EVENTS_OF_HOUR = series.recorded(SLO, "store_slo_events", "hour")
BAD_OF_HOUR = series.recorded(SLO, "store_slo_bad_events", "hour")


def events_in(window: str) -> str:
    """Name of the recorded number of events within a window."""
    return series.recorded(SLO, "store_slo_events", f"increase{window}")


def bad_in(window: str) -> str:
    """Name of the recorded number of bad events within a window."""
    return series.recorded(SLO, "store_slo_bad_events", f"increase{window}")


def burn_rate(window: str) -> str:
    """Name of the recorded burn rate: 1 spends the budget exactly within its period."""
    return series.recorded(SLO, "store_slo_burn", f"rate{window}")


WORST = {
    rate.long: Wide.of(burn_rate(rate.long), "slo", function="max")
    for rate in (BURN_RATES[0], BURN_RATES[-1])
}
"""Burn rates of the worst of several stores, by window: those of the fastest and slowest alert."""


def groups(objectives: tuple[Objective, ...] = DEFAULT, *, pace: float = 1.0) -> list[Group]:
    """The rules of these objectives.

    Args:
        objectives: as read from a file, or the default ones.
        pace: factor on the groups' intervals, with which sums of rates become counts.
    """
    recent = f"max_over_time({series.MAINTENANCE}[{RATE_WINDOW}]) == 1"
    first = [Record(MAINTAINED, recent)]
    first.extend(rule for objective in objectives for rule in base(objective))
    long = [window for window in WINDOWS if window not in QUICKEST]
    quick = [rule for window in QUICKEST for rule in over(window, BASE * pace)]
    rest = [rule for objective in objectives for rule in limits(objective)]
    rest.extend(rule for window in long for rule in over(window, BASE * pace))
    return [
        Group("store-exporter.slo", [*first, *quick], interval=BASE),
        Group("store-exporter.slo.hours", hours(BASE * pace), interval=HOUR, meet=True),
        Group("store-exporter.slo.long", rest, interval=SELDOM),
    ]


def hours(every: float) -> list[Record]:
    """Counts of each hour, and of the days up to it."""
    return [
        Record(EVENTS_OF_HOUR, count(EVENTS, events_in, _HOUR, every)),
        Record(BAD_OF_HOUR, count(BAD, bad_in, _HOUR, every)),
        *(
            Record(up_to_hour(count), f"sum_over_time({hour}[{window}])")
            for window in DAYS
            for count, hour in ((events_in(window), EVENTS_OF_HOUR), (bad_in(window), BAD_OF_HOUR))
        ),
    ]


def up_to_hour(count: str) -> str:
    """Name of the series that records a count once an hour."""
    return f"{count}_hourly"


def limits(objective: Objective) -> list[Record]:
    """Target and traffic floor of one objective, which change only with its configuration."""
    label = {"slo": objective.name}
    return [
        Record(TARGET, per_store(objective, "target"), label),
        Record(MINIMUM, per_store(objective, "minimum_operations"), label),
    ]


def base(objective: Objective) -> list[Record]:
    """Events and bad events of one objective, and outages that have their own alert."""
    label = {"slo": objective.name}
    chosen = matchers(objective)
    if objective.kind is ObjectiveKind.UPTIME:
        events, bad = critical_time(chosen)
    elif objective.kind is ObjectiveKind.AVAILABILITY:
        events, bad = (
            (
                series.of_operations(each, STORE, *chosen)
                for each in (series.measured, series.failed)
            )
            if objective.by_operation
            else (select(each, *chosen) for each in (series.STORE_MEASURED, series.STORE_FAILED))
        )
    else:
        rate, native, classic = (
            (series.OPERATION_RATE, series.histograms, series.buckets)
            # The series recorded by store are far fewer than those by operation.
            if objective.by_operation
            else (
                series.STORE_RATE,
                partial(select, series.STORE_HISTOGRAM),
                partial(select, series.STORE_BUCKETS),
            )
        )
        events = total(STORE, select(rate, *chosen))
        quick = promql.share_within(
            objective.threshold, STORE, native(*chosen), partial(classic, *chosen)
        )
        # Without calls the share is NaN, which would spread to every sum; none of them was slow.
        bad = f"clamp_min({events} * (1 - ({quick})), 0) >= 0 or {events} == 0"
    events, bad = (outside_maintenance(each) for each in (events, bad))
    return [
        Record(EVENTS, events, label),
        Record(BAD, bad, label),
        Record(TOLD, paged(objective.kind), label),
    ]


def critical_time(chosen: tuple[str, ...]) -> tuple[str, str]:
    """One event for each `EVENT` seconds in which a store's health is known, as a rate.

    Those in which the liveness probe or another critical probe failed are bad.
    """
    # Each state is a separate series; one of them is enough to know the health.
    critical = select(health.HEALTH, promql.equal("state", HealthState.CRITICAL), *chosen)
    within = promql.over(critical, RATE_WINDOW)
    known = promql.aggregate("group", STORE, f"present_over_time({within})")
    failed = promql.aggregate("max", STORE, f"avg_over_time({within})")
    return f"{known} / {EVENT}", f"{failed} / {EVENT}"


def paged(kind: ObjectiveKind) -> str:
    """Stores whose outage has its own alert, so an alert about the budget is not needed.

    A failing critical probe does not explain every operation that fails meanwhile. An unstable
    store does not explain operations that fail while it is up for longer.
    """
    outages = [AlertName.STORE_DOWN, AlertName.STORE_CREDENTIALS_REJECTED]
    unstable = promql.firing(promql.equal("alertname", AlertName.STORE_UNSTABLE))
    if kind is ObjectiveKind.UPTIME:
        outages.append(AlertName.STORE_VITAL_PROBE_FAILING)
    else:
        failed = f"min_over_time({promql.over(series.STORE_UP, '10m')}) == 0"
        unstable = f"({unstable} and {promql.on(*STORE)} {failed})"
    firing = promql.firing(
        promql.equal("severity", "critical"), promql.one_of("alertname", outages)
    )
    return f"group by ({', '.join(STORE)}) ({firing} or {unstable})"


def outside_maintenance(rate: str) -> str:
    """Leave out rates whose window overlaps with maintenance."""
    return f"({rate}) unless {promql.on(*STORE)} {MAINTAINED}"


def matchers(objective: Objective) -> tuple[str, ...]:
    """Label matchers that select the stores and operations of an objective."""
    return tuple(promql.one_of(label, values) for label, values in objective.match)


def per_store(objective: Objective, attribute: str) -> str:
    """A figure of an objective as a series for each store; the most specific override applies."""
    here = promql.equal("slo", objective.name)
    parts = []
    for override in sorted(objective.overrides, key=lambda each: each.domain is None):
        value = getattr(override, attribute)
        if value is None:
            continue
        chosen = [promql.equal("org", override.org), here]
        if override.domain is not None:
            chosen.insert(1, promql.equal("domain", override.domain))
        parts.append(f"{value:g} * group by ({', '.join(STORE)}) ({select(EVENTS, *chosen)})")
    default = f"{getattr(objective, attribute):g}"
    parts.append(f"{default} * group by ({', '.join(STORE)}) ({select(EVENTS, here)})")
    return " or ".join(parts)


def over(window: str, every: float) -> list[Record]:
    """What the events and bad events of all objectives over one window amount to.

    Only what something else reads is recorded: each count is a series for every objective of every
    store.
    """
    if window == RATE_WINDOW:
        return [Record(burn_rate(window), burn(BAD, EVENTS))]
    events, bad = (
        count(rate, within, window, every) for rate, within in ((EVENTS, events_in), (BAD, bad_in))
    )
    rules = list[Record]()
    if window in KNOWN:
        rules.append(Record(events_in(window), events))
        events = events_in(window)
    if window == SHORT[-1]:
        rules.append(Record(bad_in(window), bad))
        bad = bad_in(window)
    if window == SLO_WINDOW:
        # One of four calls that failed says little of a month. Those that are missing were good.
        least = f"({events} >= {MINIMUM} or {MINIMUM} and {events} > 0)"
        return [*rules, Record(BUDGET, f"1 - {burn(bad, least)}")]
    worst = WORST[window].rules() if window in WORST else ()
    return [*rules, Record(burn_rate(window), burn(bad, events)), *worst]


def burn(bad: str, events: str) -> str:
    """The share of bad events, as a multiple of the share that is allowed."""
    return f"(({bad}) / ({events} > 0)) / (1 - {TARGET})"


def count(rate: str, within: Callable[[str], str], window: str, every: float) -> str:
    """The number of events within a window, from rates recorded every `every` seconds.

    Days are sums of full hours up to the last one. Before its first full hour, a store has only the
    count of the longest window of hours.
    """
    if window in SHORT:
        return f"sum_over_time({rate}[{window}]) * {every:g}"
    return f"{series.latest(up_to_hour(within(window)))} or {within(SHORT[-1])}"


def document(objectives: tuple[Objective, ...] = DEFAULT, *, pace: float = 1.0) -> dict[str, Any]:
    """Return the rule file's content."""
    return as_document(groups(objectives, pace=pace), pace=pace)
