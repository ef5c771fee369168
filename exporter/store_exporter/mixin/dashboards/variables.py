"""The variables of dashboards, and the matchers that use them."""

from __future__ import annotations

from ...metrics.catalogue import business, exporter, health, operations
from .. import policy, promql, series
from .panels import Variable

# Applications may report operations of stores that no exporter probes, and the other way round.
_ANY = promql.one_of("__name__", (health.UP.name, operations.OPERATIONS.name))


def _among(*chosen: str) -> str:
    return "{" + ", ".join((_ANY, *promql.variables(*chosen))) + "}"


ORG = Variable("org", "Org", _among())
DOMAIN = Variable("domain", "Domain", _among("org"))
PLATFORM = Variable("platform", "Platform", _among("org", "domain"))
OPERATION = Variable(
    "operation",
    "Operation",
    promql.select(operations.OPERATIONS, *promql.variables("org", "domain", "platform")),
)
CURRENCY = Variable(
    "currency",
    "Currency",
    promql.select(business.REVENUE, *promql.variables("org", "domain", "platform")),
    multi=False,
)
"""One at a time: amounts of several currencies have no axis in common."""
JOB = Variable("job", "Job", exporter.BUILD_INFO.name)
INSTANCE = Variable(
    "instance", "Instance", promql.select(exporter.BUILD_INFO, *promql.variables("job"))
)


def _detail() -> str:
    """One series, whose label says how the chosen time is read.

    What was there before the rules recorded samples of it, such as an imported past, is read in
    every detail however long the time is.
    """
    chosen = promql.variables(ORG.name)
    before = promql.select(operations.OPERATIONS, *chosen)
    recorded = promql.select(series.sampled(series.OPERATION_RATE), *chosen)
    unrecorded = (
        f"count(last_over_time({promql.over(before, '1h', '$__range')}))"
        f" unless on () count({recorded} offset $__range)"
    )
    # The start of six hours may be some milliseconds off.
    short = f"vector($__range_s) <= {policy.DETAIL_RANGE + policy.MINUTE}"

    def said(expression: str, value: str) -> str:
        return f'label_replace({expression}, "{_DETAIL}", "{value}", "", "")'

    detailed = said(f"({short}) or on () ({unrecorded})", ".+")
    return f"{detailed} or on () {said('vector(0)', 'none')}"


_DETAIL = "detail"
DETAIL = Variable(
    _DETAIL, "Detail", operations.OPERATIONS.name, multi=False, ranked=_detail(), hidden=True
)
"""Whether series are read in every detail or from samples, by the length of the chosen time."""

STORES = (ORG, DOMAIN, PLATFORM)
OPERATIONS = (*STORES, OPERATION)
PROCESSES = (JOB, INSTANCE)

STORE_MATCH = promql.variables(*(each.name for each in STORES))
OPERATION_MATCH = promql.variables(*(each.name for each in OPERATIONS))
ALL_OPERATIONS = f'__name__=~"${OPERATION.name}"'
SOME_OPERATIONS = f'__name__!~"${OPERATION.name}"'
"""Matchers of a selector that finds nothing unless all operations are chosen, or some of them.

What stands for all, `.+`, matches the name of the metric itself, and no operation is called so.
"""
DETAILED = f'__name__=~"${DETAIL.name}"'
SAMPLED = f'__name__!~"${DETAIL.name}"'
"""Matchers of a selector that finds nothing when samples are to be read, or every detail."""
CURRENCY_MATCH = promql.variables(CURRENCY.name)
PROCESS_MATCH = promql.variables(*(each.name for each in PROCESSES))


def of_ours(name: str) -> str:
    """What Prometheus itself notes of a scrape, such as `up`, of the chosen processes.

    All jobs would be all that Prometheus scrapes, so a process counts that told its build within
    the last day; one that is down now tells nothing.
    """
    known = promql.over(promql.select(exporter.BUILD_INFO, *PROCESS_MATCH), "1d")
    return f"{promql.select(name, *PROCESS_MATCH)} and on (job, instance) last_over_time({known})"
