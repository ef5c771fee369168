"""Objectives: their targets, the error budget that is left, and how fast it is spent."""

from __future__ import annotations

from ... import promql
from ...names import AlertName, Dashboards
from ...policy import BURN_RATES, SLO_WINDOW
from ...promql import select
from ...rules import slo
from ..panels import DashboardPage, Panel, PanelKind, Query, Row, Variable
from ..scales import latest, over_time
from ..values import Nothing, Steps
from ..variables import READ, STORE_MATCH, STORES

OBJECTIVE = Variable(
    "slo", "Objective", select(slo.TARGET, *promql.variables("org", "domain", "platform"))
)
M = (*STORE_MATCH, *promql.variables("slo"))
QUIET = "a store without operations in a window has no burn rate"
LEFT: Steps = ((None, "red"), (0, "yellow"), (0.25, "green"))
BURN: Steps = (
    (None, "green"),
    *(
        (rate.factor, "red" if rate.severity == "critical" else "yellow")
        for rate in BURN_RATES[::-1]
    ),
)


def page() -> DashboardPage:
    """The dashboard."""
    return DashboardPage(
        Dashboards.SLO,
        "Stores / Objectives",
        "The error budget is the small share of operations that an objective allows to fail or "
        f"to be slow within {SLO_WINDOW}. Objectives come from a file; see docs/slo.md.",
        (*STORES, OBJECTIVE, *READ),
        (key_figures(), course(), one_by_one()),
        since="now-7d",
    )


def key_figures() -> Row:
    """The chosen stores in single figures."""
    return Row("Now", (objective(), least_left(), missed(), burning()))


def objective() -> Panel:
    """The targets."""
    return Panel(
        PanelKind.STAT,
        "Objective",
        "Required share of good operations: the strictest objective of the chosen stores.",
        (Query(f"max by (slo) ({select(slo.TARGET, *M)})", "{{slo}}"),),
        unit="percentunit",
        decimals=2,
        width=6,
        height=5,
        named=True,
    )


def least_left() -> Panel:
    """How much of the error budget is left."""
    budget = select(slo.BUDGET, *M)
    return Panel(
        PanelKind.STAT,
        "Least budget left",
        f"Error budget of {SLO_WINDOW} that is left for the store with least. Below zero, the "
        "store misses the objective.",
        (Query(f"min by (slo) ({budget})", "{{slo}}"),),
        unit="percentunit",
        decimals=1,
        width=6,
        height=5,
        named=True,
        steps=LEFT,
    )


def missed() -> Panel:
    """The number of stores that miss the objective."""
    budget = select(slo.BUDGET, *M)
    return Panel(
        PanelKind.STAT,
        "Stores that miss it",
        "Stores that have spent their error budget and so miss the objective. The table names "
        "them.",
        (Query(f"sum by (slo) ({budget} < bool 0)", "{{slo}}"),),
        decimals=0,
        width=6,
        height=5,
        named=True,
        steps=((None, "green"), (1, "red")),
    )


def burning() -> Panel:
    """How many alerts of burning budgets fire."""
    budget = select(slo.BUDGET, *M)
    alerts = promql.firing(promql.equal("alertname", AlertName.STORE_ERROR_BUDGET_BURN), *M)
    return Panel(
        PanelKind.STAT,
        "Burn alerts",
        "Alerts that fire now because a store spends its error budget too fast.",
        (Query(f"count({alerts}) or 0 * count({budget})"),),
        decimals=0,
        width=6,
        height=5,
        steps=((None, "green"), (1, "red")),
        links=(AlertName.STORE_ERROR_BUDGET_BURN,),
    )


def course() -> Row:
    """Budgets and burn rates over time."""
    worst = f"bottomk(10, {latest(select(slo.BUDGET, *M))})"
    return Row(
        "Over time",
        (
            Panel(
                PanelKind.GRAPH,
                "Budget left: the ten stores with least",
                "A steady fall means a lasting fault, a step means an outage. The budget "
                f"recovers as old failures leave the {SLO_WINDOW}. Values below -100% are in the "
                "legend only, because one store that was down for days would flatten all others.",
                (
                    Query(
                        f"{select(slo.BUDGET, *M)} and on (org, domain, platform, slo) {worst}",
                        "{{domain}} {{slo}}",
                    ),
                ),
                unit="percentunit",
                low=-1,
                high=1,
                width=12,
                height=10,
                steps=LEFT,
                lines=True,
                least_first=True,
                links=(Dashboards.ERRORS,),
            ),
            Panel(
                PanelKind.GRAPH,
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
                low=0,
                width=12,
                height=10,
                steps=BURN,
                lines=True,
                links=(AlertName.STORE_ERROR_BUDGET_BURN,),
            ),
        ),
    )


def one_by_one() -> Row:
    """Every store's objective."""
    worst = f"bottomk(50, {select(slo.BUDGET, *M)})"
    by = "org, domain, platform, slo"

    def column(name: str) -> str:
        return f"{select(name, *M)} and on ({by}) {worst}"

    windows = list(dict.fromkeys(rate.long for rate in BURN_RATES))
    return Row(
        "One by one",
        (
            Panel(
                PanelKind.TABLE,
                "The 50 stores with least budget left",
                "The target, the budget left, the number of events counted (operations, or half "
                "minutes of uptime), and the burn rate over each window.",
                (
                    Query(
                        worst,
                        "Budget left",
                        unit="percentunit",
                        decimals=1,
                        steps=LEFT,
                        width=116,
                        otherwise=Nothing.UNKNOWN,
                    ),
                    *(
                        Query(
                            column(slo.burn_rate(window)),
                            f"Burn {window}",
                            decimals=1,
                            width=80,
                            steps=BURN,
                            empty=QUIET,
                        )
                        for window in windows
                    ),
                    Query(column(slo.TARGET), "Target", unit="percentunit", decimals=2, width=72),
                    Query(
                        column(slo.events_in(SLO_WINDOW)),
                        f"Events {SLO_WINDOW}",
                        decimals=0,
                        width=90,
                    ),
                ),
                width=24,
                height=12,
                columns=("domain", "slo", "org"),
                sort="+Budget left",
                links=(Dashboards.SHOP, Dashboards.ERRORS),
            ),
        ),
    )
