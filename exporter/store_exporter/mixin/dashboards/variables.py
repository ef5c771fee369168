"""The variables of dashboards, and the matchers that use them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ...metrics.catalogue import business, exporter, health, operations
from .. import policy, promql, wide
from ..rules import longterm
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
_PRICED = promql.one_of("__name__", (business.REVENUE.name, business.CART_ABANDONED_VALUE.name))
CURRENCY = Variable(
    "currency",
    "Currency",
    f"{{{', '.join((_PRICED, *promql.variables('org', 'domain', 'platform')))}}}",
    multi=False,
)
"""Of orders, or of carts before the first order. One at a time: amounts of several currencies have
no axis in common."""
JOB = Variable("job", "Job", exporter.BUILD_INFO.name)
INSTANCE = Variable(
    "instance", "Instance", promql.select(exporter.BUILD_INFO, *promql.variables("job"))
)


def _read_whole(longest: float) -> str:
    """Whether the chosen time is read in every detail, which it is up to so many seconds.

    What was there before the rules recorded samples of it, such as an imported past, is read so
    however long the time is.
    """
    chosen = promql.variables(ORG.name)
    before = promql.select(operations.OPERATIONS, *chosen)
    recorded = promql.select(wide.RATE.of_orgs, *chosen)
    # At its start, or at its end where it starts before anything that was imported. What was
    # recorded may be some minutes older than what it was recorded of.
    unrecorded = " or on () ".join(
        f"(count(last_over_time({promql.over(before, '1h', offset)}))"
        f" unless on () count(last_over_time({promql.over(recorded, '70m', offset)})))"
        for offset in ("$__range", "")
    )
    # The start of the chosen time may be some milliseconds off.
    short = f"vector($__range_s) <= {longest + policy.MINUTE}"
    return f"({short}) or on () ({unrecorded})"


def _said(label: str, *cases: tuple[str, str]) -> str:
    """One series whose label has the value of the first case that finds something."""
    return " or on () ".join(
        f'label_replace({expression}, "{label}", "{value}", "", "")' for expression, value in cases
    )


def _hidden(label: str, title: str, *cases: tuple[str, str]) -> Variable:
    """A variable that follows from the others: the value of the first case that finds something."""
    ranked = _said(label, *cases)
    name = operations.OPERATIONS.name
    return Variable(label, title, name, multi=False, ranked=ranked, hidden=True)


DETAIL = _hidden(
    "detail", "Detail", (_read_whole(policy.DETAIL_RANGE), ".+"), ("vector(0)", "none")
)
"""Whether series are read in every detail or from samples, by the length of the chosen time."""
DETAILED = f'__name__=~"${DETAIL.name}"'
SAMPLED = f'__name__!~"${DETAIL.name}"'
"""Matchers of a selector that finds nothing when samples are to be read, or every detail."""


def _all_of(variable: Variable) -> str:
    """Match if all of a variable's values are chosen.

    The value for all, `.+`, matches the name of the metric itself, and no value is called so.
    """
    return f'__name__=~"${variable.name}"'


def _level() -> tuple[tuple[str, str], ...]:
    """Of which names sums of stores are made.

    Where weeks of all stores are chosen, these are what is recorded of all together, if the
    datasource shows it, or of each org. Of some stores they are what is known of each.
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
"""What sums of stores are made of; see `wide`."""
LEVELLED = f'__name__=~"${LEVEL.name}"'
"""A matcher of a selector that finds nothing unless its level is the one to be read."""


def _skipped() -> Iterator[tuple[str, str]]:
    """Which names are not read of errors, by the length of the chosen time."""
    (short, recorded), *longer = longterm.SKIPPED
    yield _read_whole(short), recorded
    for longest, names in longer:
        yield "vector(0)" if longest == math.inf else f"vector($__range_s) <= {longest}", names


SKIPPED = _hidden("skipped", "Not read", *_skipped())
READ_ERRORS, UNREAD_ERRORS = (f'__name__{sign}"${SKIPPED.name}"' for sign in ("!~", "=~"))
"""Matchers of a selector of errors that finds nothing unless its name is to be read, or is not."""

STORES = (ORG, DOMAIN, PLATFORM)
OPERATIONS = (*STORES, OPERATION)
READ = (DETAIL, LEVEL)
"""What follows from the others; a page has them last."""
PROCESSES = (JOB, INSTANCE)

STORE_MATCH = promql.variables(*(each.name for each in STORES))
OPERATION_MATCH = promql.variables(*(each.name for each in OPERATIONS))
OPERATION_ONLY = promql.variables(OPERATION.name)
ALL_OPERATIONS = _all_of(OPERATION)
SOME_OPERATIONS = f'__name__!~"${OPERATION.name}"'
"""Matchers of a selector that finds nothing unless all operations are chosen, or some of them."""
CURRENCY_MATCH = promql.variables(CURRENCY.name)
PROCESS_MATCH = promql.variables(*(each.name for each in PROCESSES))


def of_ours(name: str) -> str:
    """What Prometheus itself notes of a scrape, such as `up`, of the chosen processes.

    All jobs would be all that Prometheus scrapes, so a process counts that told its build within
    the last day; one that is down now tells nothing.
    """
    known = promql.over(promql.select(exporter.BUILD_INFO, *PROCESS_MATCH), "1d")
    return f"{promql.select(name, *PROCESS_MATCH)} and on (job, instance) last_over_time({known})"
