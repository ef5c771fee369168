"""A row of the merchant's page: sales by hour, and obstacles to them."""

from __future__ import annotations

from ....metrics.catalogue import business
from ... import promql, series, wide
from ...names import AlertName, Dashboards
from ...policy import THRESHOLDS
from ...promql import each, equal, select
from ...rules import surges
from ..panels import Panel, PanelKind, Query, Row
from ..scales import PAYMENT_METHODS, PAYMENTS, PRICES, REVENUE_CHOSEN, over_time
from ..values import Nothing
from ..variables import CURRENCY_MATCH, STORE_MATCH

M = STORE_MATCH
CHOSEN = (*M, *CURRENCY_MATCH)
HEIGHT = 10
"""Of panels whose legends name some methods of payment."""

_AMOUNTS = (
    (
        "Revenue per hour ($currency)",
        "Gross totals of the orders first paid within the past hour, in this currency.",
        f"sum({REVENUE_CHOSEN})",
        "there may be no order in this currency",
        (Dashboards.TRENDS,),
    ),
    (
        "Abandoned value ($currency)",
        "Total value of the checkouts counted as abandoned, in this currency.",
        f"sum({select(surges.ABANDONED, *CHOSEN)})",
        "there may be no abandoned checkout",
        (),
    ),
    (
        "Refunds per day ($currency)",
        "Amounts refunded within the past day, and amounts removed by edits and deletions.",
        f"sum({select(surges.REFUNDS, *CHOSEN)})",
        "there may be no refund",
        (AlertName.STORE_REFUND_SURGE,),
    ),
)
_CORRECTIONS = Query(
    f"sum({select(surges.CORRECTIONS, *CHOSEN)})",
    "$currency, corrections",
    empty="there may be no correction",
)
MONEY = tuple(
    Panel(
        *(PanelKind.GRAPH, title, text),
        (
            Query(expression, "$currency", empty=reason),
            *((_CORRECTIONS,) if title.startswith("Refunds") else ()),
        ),
        low=0,
        links=links,
        nothing=Nothing.NONE_OR_UNREAD,
    )
    for title, text, expression, reason, links in _AMOUNTS
)


def share(failed: str, paid: str) -> str:
    """The share of orders that failed; either number may be missing."""
    failed, paid = promql.or_zero(failed, paid), promql.or_zero(paid, failed)
    return f"{failed} / ({failed} + {paid} > 0)"


_METHOD = "payment_method"
_SHARES = (
    (
        "Failed payments",
        (
            "Share of the past hour's orders whose payment failed. A rise means that the "
            "payment provider fails, or that somebody tests stolen cards."
        ),
        (over_time((), wide.ORDERS_FAILED), over_time((), wide.ORDERS)),
        "share",
        (PAYMENTS, AlertName.STORE_PAYMENTS_FAILING, Nothing.NO_ORDERS),
    ),
    (
        "Failed payments by method",
        (
            "Share of each payment method's orders of the past two hours whose payment failed. One "
            "that rises alone points to that method's provider or settings. There is no alert on "
            f"fewer than {THRESHOLDS.method_minimum:g} orders, whose payments may fail by chance."
        ),
        [
            over_time((_METHOD,), wide.PAYMENTS, equal("result", result))
            for result in ("failed", "paid")
        ],
        f"{{{{{_METHOD}}}}}",
        (PAYMENT_METHODS, AlertName.STORE_PAYMENT_METHOD_FAILING, Nothing.NO_PAYMENTS),
    ),
)
FAILED_PAYMENTS = tuple(
    Panel(
        *(PanelKind.GRAPH, title, text),
        (Query(share(failed, paid), legend, empty="nobody may have ordered in that time"),),
        unit="percentunit",
        width=12,
        height=HEIGHT,
        low=0,
        high=1,
        steps=steps,
        lines=True,
        links=(alert,),
        nothing=nothing,
    )
    for title, text, (failed, paid), legend, (steps, alert, nothing) in _SHARES
)

STATUSES = Panel(
    PanelKind.BARS,
    "Orders by status",
    "How many orders are in each status now. Many waiting orders (on hold, pending) "
    "need somebody's attention.",
    (
        Query(
            f"sort_desc(sum by (status) ({each(business.ORDERS_CURRENT, *M)}))",
            "{{status}}",
            empty="not every platform has this figure",
        ),
    ),
    width=12,
    height=HEIGHT,
    decimals=0,
    nothing=Nothing.NOT_COLLECTED,
)

_SOLD, _OTHER, _LOWER = (
    over_time((), wide.SOLD, *matchers)
    for matchers in ((), ('price!="usual"',), (equal("price", "lower"),))
)
_EMPTY = "not every platform has this figure"
OTHER_PRICES = Panel(
    PanelKind.GRAPH,
    "Sold for other prices",
    "Share of the products sold within the past day that were cheaper by more than a fifth or "
    "dearer by more than a quarter than in their earlier orders. A sudden rise is a planned "
    "sale, or an import or a setting that went wrong.",
    (
        Query(f"{_OTHER} / clamp_min({_SOLD}, 1)", "cheaper or dearer", empty=_EMPTY),
        Query(f"{_LOWER} / clamp_min({_SOLD}, 1)", "cheaper", empty=_EMPTY),
        Query(
            f"avg({series.latest(surges.REPRICED_NORMAL, *M)})",
            "normal",
            past=True,
            empty="needs a day of history",
        ),
    ),
    unit="percentunit",
    width=12,
    height=HEIGHT,
    low=0,
    high=1,
    steps=PRICES,
    lines=True,
    links=(AlertName.STORE_PRICES_CHANGED,),
    nothing=Nothing.NOT_COLLECTED,
)

SALES = Row("Sales", (*MONEY, *FAILED_PAYMENTS, STATUSES, OTHER_PRICES))
