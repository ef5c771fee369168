"""A row of the merchant's page: sales by hour, and obstacles to them."""

from __future__ import annotations

from functools import partial

from ....metrics.catalogue import business
from ....metrics.catalogue.values import PaymentResult, PriceChange
from ... import promql, series, wide
from ...names import AlertName, Dashboards
from ...policy import THRESHOLDS
from ...promql import each, equal, select
from ...rules import surges
from ..panels import Panel, PanelKind, Query, Row, graph
from ..scales import PAYMENT_METHODS, PAYMENTS, PRICES, REVENUE_CHOSEN, over_time
from ..values import Nothing
from ..variables import CURRENCY_MATCH, STORE_MATCH

M = STORE_MATCH
CHOSEN = (*M, *CURRENCY_MATCH)
HEIGHT = 10
"""Of panels whose legends name some methods of payment."""

_amount = partial(graph, width=8, nothing=Nothing.NONE_OR_UNREAD)
MONEY = (
    _amount(
        "Revenue per hour ($currency)",
        "Gross totals of the orders first paid within the past hour, in this currency.",
        Query(
            f"sum({REVENUE_CHOSEN})",
            "$currency",
            empty="there may be no order in this currency",
        ),
        links=(Dashboards.TRENDS,),
    ),
    _amount(
        "Abandoned value ($currency)",
        "Total value of the checkouts counted as abandoned, in this currency.",
        Query(
            f"sum({select(surges.ABANDONED, *CHOSEN)})",
            "$currency",
            empty="there may be no abandoned checkout",
        ),
    ),
    _amount(
        "Refunds per day ($currency)",
        "Amounts refunded within the past day, and amounts removed by edits and deletions.",
        (
            Query(
                f"sum({select(surges.REFUNDS, *CHOSEN)})",
                "$currency",
                empty="there may be no refund",
            ),
            Query(
                f"sum({select(surges.CORRECTIONS, *CHOSEN)})",
                "$currency, corrections",
                empty="there may be no correction",
            ),
        ),
        links=(AlertName.STORE_REFUND_SURGE,),
    ),
)
_share = partial(graph, unit="percentunit", height=HEIGHT, high=1, lines=True)


def share(failed: str, paid: str) -> str:
    """The share of orders that failed; either number may be missing."""
    failed, paid = promql.or_zero(failed, paid), promql.or_zero(paid, failed)
    return f"{failed} / ({failed} + {paid} > 0)"


_SOME_ORDERS = "nobody may have ordered in that time"
FAILED_PAYMENTS = (
    _share(
        "Failed payments",
        "Share of the past hour's orders whose payment failed. A rise means that the payment "
        "provider fails, or that somebody tests stolen cards.",
        Query(
            share(over_time((), wide.ORDERS_FAILED), over_time((), wide.ORDERS)),
            "share",
            empty=_SOME_ORDERS,
        ),
        steps=PAYMENTS,
        links=(AlertName.STORE_PAYMENTS_FAILING,),
        nothing=Nothing.NO_ORDERS,
    ),
    _share(
        "Failed payments by method",
        "Share of each payment method's orders of the past two hours whose payment failed. One "
        "that rises alone points to that method's provider or settings. There is no alert on "
        f"fewer than {THRESHOLDS.method_minimum:g} orders, whose payments may fail by chance.",
        Query(
            share(
                over_time(
                    ("payment_method",), wide.PAYMENTS, equal("result", PaymentResult.FAILED)
                ),
                over_time(("payment_method",), wide.PAYMENTS, equal("result", PaymentResult.PAID)),
            ),
            "{{payment_method}}",
            empty=_SOME_ORDERS,
        ),
        steps=PAYMENT_METHODS,
        links=(AlertName.STORE_PAYMENT_METHOD_FAILING,),
        nothing=Nothing.NO_PAYMENTS,
    ),
)

STATUSES = Panel(
    PanelKind.BARS,
    "Orders by status",
    "How many orders are in each status now. Many waiting orders (on hold, pending) "
    "need somebody's attention.",
    Query(
        f"sort_desc(sum by (status) ({each(business.ORDERS_CURRENT, *M)}))",
        "{{status}}",
        empty="not every platform has this figure",
    ),
    width=12,
    height=HEIGHT,
    decimals=0,
    nothing=Nothing.NOT_COLLECTED,
)

_SOLD, _OTHER, _LOWER = (
    over_time((), wide.SOLD, *matchers)
    for matchers in ((), (surges.OTHER_PRICE,), (equal("price", PriceChange.LOWER),))
)
_EMPTY = "not every platform has this figure"
OTHER_PRICES = _share(
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
    steps=PRICES,
    links=(AlertName.STORE_PRICES_CHANGED,),
    nothing=Nothing.NOT_COLLECTED,
)

SALES = Row("Sales", (*MONEY, *FAILED_PAYMENTS, STATUSES, OTHER_PRICES))
