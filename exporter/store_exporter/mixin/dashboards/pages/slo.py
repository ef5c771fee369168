"""Objectives: their targets, the error budget that is left, and how fast it is spent."""

from __future__ import annotations

from functools import partial

from ... import promql
from ...names import AlertName, Dashboards
from ...policy import BURN_RATES, SLO_WINDOW
from ...promql import select
from ...rules import slo
from ..panels import DashboardPage, Query, Row, Variable, graph, number, share, stat, table
from ..scales import NONE_GOOD, latest, over_time
from ..values import GREEN, RED, YELLOW, Nothing, Steps
from ..variables import READ, STORE_MATCH, STORES

OBJECTIVE = Variable(
    "slo", "Objective", select(slo.TARGET, *promql.variables("org", "domain", "platform"))
)

M = (*STORE_MATCH, *promql.variables("slo"))
QUIET = "a store without operations in a window has no burn rate"
LEFT: Steps = ((None, RED), (0, YELLOW), (0.25, GREEN))

BURN: Steps = (
    (None, GREEN),
    *((rate.factor, RED if rate.severity == "critical" else YELLOW) for rate in BURN_RATES[::-1]),
)

_figure = partial(stat, width=6, height=5)

TARGETS = _figure(
    "Objective",
    "Required share of good operations: the strictest objective of the chosen stores.",
    Query(f"max by (slo) ({select(slo.TARGET, *M)})", "{{slo}}"),
    unit="percentunit",
    decimals=2,
    named=True,
)

_BUDGET = select(slo.BUDGET, *M)
LEAST_LEFT = _figure(
    "Least budget left",
    f"Error budget of {SLO_WINDOW} that is left for the store with least. Below zero, the "
    "store misses the objective. A store with fewer events than the objective's minimum counts as "
    "if the missing ones were good.",
    Query(f"min by (slo) ({_BUDGET})", "{{slo}}"),
    unit="percentunit",
    decimals=1,
    steps=LEFT,
    named=True,
)

MISSED = _figure(
    "Stores that miss it",
    "Stores that have spent their error budget and so miss the objective. The table names them.",
    Query(f"sum by (slo) ({_BUDGET} < bool 0)", "{{slo}}"),
    decimals=0,
    steps=NONE_GOOD,
    named=True,
)

_ALERTS = promql.firing(promql.equal("alertname", AlertName.STORE_ERROR_BUDGET_BURN), *M)
BURNING = _figure(
    "Burn alerts",
    "Alerts that fire now because a store spends its error budget too fast.",
    Query(f"count({_ALERTS}) or 0 * count({_BUDGET})"),
    decimals=0,
    steps=NONE_GOOD,
    links=(AlertName.STORE_ERROR_BUDGET_BURN,),
)

KEY_FIGURES = Row("Now", (TARGETS, LEAST_LEFT, MISSED, BURNING))
_WORST = f"bottomk(10, {latest(select(slo.BUDGET, *M))})"
COURSE = Row(
    "Over time",
    (
        graph(
            "Budget left: the ten stores with least",
            "A steady fall means a lasting fault, a step means an outage. The budget "
            f"recovers as old failures leave the {SLO_WINDOW}. Values below -100% are in the "
            "legend only, because one store that was down for days would flatten all others.",
            Query(
                f"{select(slo.BUDGET, *M)} and on (org, domain, platform, slo) {_WORST}",
                "{{domain}} {{slo}}",
            ),
            unit="percentunit",
            low=-1,
            high=1,
            height=10,
            steps=LEFT,
            lines=True,
            least_first=True,
            links=(Dashboards.ERRORS,),
        ),
        graph(
            f"Burn rate over {' and '.join(slo.WORST)}: the worst store",
            "A burn rate of 1 spends the budget exactly within its period. Above a line an "
            "alert fires, if a shorter window agrees and there is enough traffic.",
            tuple(
                Query(
                    over_time(("slo",), figure, *promql.variables(OBJECTIVE.name)),
                    f"{{{{slo}}}} over {window}",
                    empty=QUIET,
                )
                for window, figure in slo.WORST.items()
            ),
            height=10,
            steps=BURN,
            lines=True,
            links=(AlertName.STORE_ERROR_BUDGET_BURN,),
        ),
    ),
)

_LEAST = f"bottomk(50, {_BUDGET})"


def _column(name: str) -> str:
    return f"{select(name, *M)} and on (org, domain, platform, slo) {_LEAST}"


ONE_BY_ONE = table(
    "The 50 stores with least budget left",
    "The target, the budget left, the number of events counted (operations, or half minutes of "
    "uptime), and the burn rate over each window.",
    (
        share(_LEAST, "Budget left", decimals=1, steps=LEFT, width=116, otherwise=Nothing.UNKNOWN),
        *(
            Query(
                _column(slo.burn_rate(window)),
                f"Burn {window}",
                decimals=1,
                width=80,
                steps=BURN,
                empty=QUIET,
            )
            for window in dict.fromkeys(rate.long for rate in BURN_RATES)
        ),
        share(_column(slo.TARGET), "Target", decimals=2, width=72),
        number(_column(slo.events_in(SLO_WINDOW)), f"Events {SLO_WINDOW}", width=90),
    ),
    height=12,
    columns=("domain", "slo", "org"),
    sort="+Budget left",
    links=(Dashboards.SHOP, Dashboards.ERRORS),
)

PAGE = DashboardPage(
    Dashboards.SLO,
    "Stores / Objectives",
    "The error budget is the small share of operations that an objective allows to fail or "
    f"to be slow within {SLO_WINDOW}. Objectives come from a file; see docs/slo.md.",
    (*STORES, OBJECTIVE, *READ),
    (KEY_FIGURES, COURSE, Row("One by one", (ONE_BY_ONE,))),
    since="now-7d",
)
