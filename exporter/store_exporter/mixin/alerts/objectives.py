"""Alerts on objectives: an error budget is spent too fast over two windows at once."""

from __future__ import annotations

from ...errors import Fault
from .. import promql
from ..model import Alert, Cause, Group
from ..names import AlertName, Dashboards
from ..policy import BURN_RATES, SELDOM, SLO_WINDOW, BurnRate
from ..rules import slo
from .causes import UNUSABLE
from .texts import ANY_ERROR, CHANGED, FAILING, WHO

RUNBOOK = f"""
An objective allows a small share of operations to fail (availability) or to be slow (latency), or a
store to have failing critical probes for a small share of the time (uptime), within {SLO_WINDOW}.
This share is the error budget. It is being spent too fast over two windows at once: the long one
shows that it matters, the short one that it continues. Shoppers' mistakes are not counted, and
there is no alert below the objective's minimum of operations. An outage that had its own alert
causes no second one about the budget. A critical alert fires until the burn rate over the short
window has been low for twice that window.

- For latency, look at the operations dashboard: which operation of this store is slow? Otherwise at
  the errors dashboard: which error type, in which operations?
- One operation points to a plugin or to the caller; all of them point to the shop.
- The objectives dashboard shows the budget that is left and the burn rate over each window.

- Act on the error type, as the table below says.
- A warning can wait for working hours; a critical alert cannot: at that pace the budget of a month
  is gone within two to five days.
- If the shop can never reach the objective, change it in the objectives file and generate the rules
  again.
"""


def _firing(*rates: BurnRate) -> str:
    return promql.firing(
        promql.equal("alertname", AlertName.STORE_ERROR_BUDGET_BURN),
        promql.one_of("window", [rate.long for rate in rates]),
    )


def _goes_on(rate: BurnRate) -> str:
    """The short window's condition; for a page that fires already, it covers twice that window.

    Otherwise a store that fails for one minute in ten would page and recover many times in the
    same incident.
    """
    burns = f"{slo.burn_rate(rate.short)} > {rate.factor:g}"
    if rate.severity != "critical":
        return burns
    calm = promql.duration(2 * promql.seconds(rate.short))
    recent = f"max_over_time({promql.over(slo.burn_rate(rate.short), calm)}) > {rate.factor:g}"
    return f"({burns}) or ({recent} and {promql.on(*slo.SLO)} {_firing(rate)})"


FASTER = Cause(
    AlertName.STORE_ERROR_BUDGET_BURN, {"window": BURN_RATES[0].long}, ("org", "domain", "slo")
)
"""The page over the shortest windows: during a long outage both fire, and one is enough."""


def _unless_told(rate: BurnRate) -> str:
    """Leave out failures that an alert over shorter windows reported; longer windows have them too.

    An alert that fires already continues: its end would be wrong.
    """
    quicker = BURN_RATES[: BURN_RATES.index(rate)]
    if not quicker:
        return ""
    same = promql.on(*slo.SLO)
    recent = f"last_over_time({promql.over(_firing(*quicker), rate.short)})"
    return f" unless {same} ({recent} unless {same} {_firing(rate)})"


def burning(rate: BurnRate) -> Alert:
    """The budget is spent `rate.factor` times as fast as allowed over both windows."""
    return Alert(
        AlertName.STORE_ERROR_BUDGET_BURN,
        f"({slo.burn_rate(rate.long)} > {rate.factor:g})"
        f" and ({_goes_on(rate)})"
        f" and ({slo.events_in(rate.long)} >= {slo.MINIMUM})"
        f" unless {promql.on(*slo.SLO)} max_over_time({slo.TOLD}[{rate.short}])"
        f"{_unless_told(rate)}",
        rate.hold,
        rate.severity,
        "A store spends its error budget too fast.",
        "A store spent its error budget too fast.",
        f"{WHO} spends its {{{{ $labels.slo }}}} error budget "
        f'{{{{ $value | printf "%.1f" }}}} times as fast as allowed over the last {rate.long}.',
        RUNBOOK,
        dashboard=Dashboards.SLO,
        labels={"window": rate.long},
        inhibited_by=(*UNUSABLE, *([FASTER] if rate is BURN_RATES[1] else [])),
        faults=(Fault.STORE, Fault.CONFIG, Fault.APP),
        facts={"error": ANY_ERROR, "failing": FAILING, "changed": CHANGED},
    )


_QUICKEST, *_OTHERS = map(burning, BURN_RATES)
GROUPS = [
    Group("store-exporter.alerts.objectives", [_QUICKEST], interval=slo.BASE),
    Group("store-exporter.alerts.objectives.long", _OTHERS, interval=SELDOM),
]
