"""The variables of dashboards, and the matchers that use them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...metrics.catalogue import business, exporter, health, operations
from .. import policy, promql, wide
from ..rules import longterm
from .panels import Variable

# Applications may report operations of stores that no exporter probes, and vice versa.
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
_PRICED = promql.one_of("__name__", (business.REVENUE.name, business.CART_ABANDONED_VALUE.name))


def _currencies() -> str:
    """Currencies of orders, or of carts before the first order.

    Those in which most of the chosen shops keep their books come first.
    """
    chosen = promql.variables("org", "domain", "platform")
    priced = f"group by (currency) ({{{', '.join((_PRICED, *chosen))}}})"
    own = f"count by (currency) ({promql.each(health.INFO, *chosen)})"
    none = promql.labelled("vector(-1)", "currency", "none")
    return f"sort_desc({own} and {priced} or 0 * {priced} or on () {none})"


CURRENCY = Variable("currency", "Currency", "", multi=False, ranked=_currencies())
"""Only one can be chosen, because amounts of several currencies cannot share an axis."""
JOB = Variable("job", "Job", exporter.BUILD_INFO.name)
INSTANCE = Variable(
    "instance", "Instance", promql.select(exporter.BUILD_INFO, *promql.variables("job"))
)


def _read_whole(longest: float) -> str:
    """Whether the chosen time is read in full detail, which it is up to `longest` seconds.

    Data from before the rules recorded samples, such as an imported history, is read in full detail
    whatever the length of the time.
    """
    chosen = promql.variables(ORG.name)
    before = promql.select(operations.OPERATIONS, *chosen)
    recorded = promql.select(wide.RATE.of_orgs, *chosen)
    # Checked at its start, and at its end in case it starts before any imported data. Recorded
    # samples may be some minutes older than their source.
    unrecorded = " or on () ".join(
        f"(count(last_over_time({promql.over(before, '1h', offset)}))"
        f" unless on () count(last_over_time({promql.over(recorded, '70m', offset)})))"
        for offset in ("$__range", "")
    )
    # The start of the chosen time may be some milliseconds off.
    short = f"vector($__range_s) <= {longest + policy.MINUTE}"
    return f"({short}) or on () ({unrecorded})"


def _hidden(label: str, title: str, *cases: tuple[str, str]) -> Variable:
    """A variable derived from the others: the value of the first case that finds something."""
    ranked = " or on () ".join(
        promql.labelled(expression, label, value) for expression, value in cases
    )
    name = operations.OPERATIONS.name
    return Variable(label, title, name, multi=False, ranked=ranked, hidden=True)


DETAIL = _hidden(
    "detail", "Detail", (_read_whole(policy.DETAIL_RANGE), ".+"), ("vector(0)", "none")
)
"""Whether series are read in full detail or from samples, by the length of the chosen time."""
DETAILED = f'__name__=~"${DETAIL.name}"'
SAMPLED = f'__name__!~"${DETAIL.name}"'
"""Matchers for detailed and for sampled series; the one that does not apply selects nothing."""


def _all_of(variable: Variable) -> str:
    """A matcher that selects nothing unless all values of a variable are chosen.

    The value for all, `.+`, matches the metric's own name; no other value does.
    """
    return f'__name__=~"${variable.name}"'


def _level() -> tuple[tuple[str, str], ...]:
    """The names of the series from which sums of stores are made.

    For weeks of all stores they are the series recorded for all together, if the datasource shows
    them, or for each org. For some stores they are the series of each store.
    """
    stores = promql.variables("platform")
    together = promql.named(wide.RATE.of_all, SAMPLED, _all_of(ORG), _all_of(DOMAIN), *stores)
    orgs = promql.named(wide.RATE.of_orgs, SAMPLED, _all_of(DOMAIN), *promql.variables(*wide.ORGS))
    return (
        (f"count({together})", wide.OF_ALL),
        (f"count({orgs})", wide.OF_ORGS),
        ("vector(0)", wide.OF_STORES),
    )


LEVEL = _hidden("level", "Level", *_level())
"""The level of the series from which sums of stores are made; see `wide`."""
LEVELLED = f'__name__=~"${LEVEL.name}"'
"""A matcher that selects nothing unless a series' level is the one to read."""


def _skipped() -> Iterator[tuple[str, str]]:
    (short, recorded), *longer = longterm.SKIPPED
    yield _read_whole(short), recorded
    for longest, names in longer:
        yield "vector(0)" if longest == math.inf else f"vector($__range_s) <= {longest}", names


SKIPPED = _hidden("skipped", "Not read", *_skipped())
READ_ERRORS, UNREAD_ERRORS = (f'__name__{sign}"${SKIPPED.name}"' for sign in ("!~", "=~"))
"""Matchers for error series: those whose names are read, and those whose names are not."""

STORES = (ORG, DOMAIN, PLATFORM)
OPERATIONS = (*STORES, OPERATION)
READ = (DETAIL, LEVEL)
"""Variables that are derived from the others; a page lists them last."""
PROCESSES = (JOB, INSTANCE)

STORE_MATCH = promql.variables(*(each.name for each in STORES))
OPERATION_MATCH = promql.variables(*(each.name for each in OPERATIONS))
OPERATION_ONLY = promql.variables(OPERATION.name)
ALL_OPERATIONS = _all_of(OPERATION)
SOME_OPERATIONS = f'__name__!~"${OPERATION.name}"'
"""Matchers that select nothing unless all operations are chosen, or unless only some are."""
CURRENCY_MATCH = promql.variables(CURRENCY.name)
PROCESS_MATCH = promql.variables(*(each.name for each in PROCESSES))


def of_ours(name: str) -> str:
    """Prometheus' own metric about the scrapes of the chosen processes, such as `up`.

    All jobs would include everything that Prometheus scrapes. So a process counts if it reported
    its build within the last day, because one that is down reports nothing now.
    """
    known = promql.over(promql.select(exporter.BUILD_INFO, *PROCESS_MATCH), "1d")
    return f"{promql.select(name, *PROCESS_MATCH)} and on (job, instance) last_over_time({known})"
