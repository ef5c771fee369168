"""The first screen of the merchant's page: today's sales, the week's, and whether all is well."""

from __future__ import annotations

from dataclasses import replace

from ....metrics.catalogue import business
from ... import promql, series
from ...names import AlertName, Dashboards
from ...policy import HOUR, MINUTE, ORDERS_COLLECTOR
from ...promql import each, one_of, select, total
from ...series import counted
from ..panels import Panel, PanelKind, Query, Row
from ..scales import FEW_GOOD, SUCCESS, UP, success
from ..values import GREEN, GREY, IN_WORDS, RED, Nothing, in_words, words
from ..variables import CURRENCY_MATCH, STORE_MATCH

M = STORE_MATCH
NOT_COLLECTED = "a shop without this collector, or before its first order, has no such figure"


def today() -> Row:
    """What was sold today, beside other days up to the same hour.

    The day begins at midnight of the time zone that the dashboard is shown in.
    """
    text = (
        "Revenue by currency and orders, counted when an order is first paid; tax and shipping "
        "included, refunds not taken off."
    )
    days = (
        ("Today", "Since midnight.", ""),
        ("Yesterday by this time", "From midnight of yesterday to this hour.", "1d"),
        ("Last week by this time", "The same weekday a week ago, to this hour.", "7d"),
    )
    week = "Last seven days", "The last seven times 24 hours.", ""
    spans = (
        *((*day, sold_since_midnight(day[-1]), "now/d") for day in days),
        (*week, sold("7d"), ""),
    )
    return Row(
        "Sold",
        [
            Panel(
                PanelKind.STAT,
                title,
                f"{span} {text}",
                queries,
                unit="locale",
                width=6,
                height=6,
                decimals=0,
                mappings=(IN_WORDS,),
                since=since,
                earlier=earlier,
                named=True,
                links=(Dashboards.TRENDS,),
                nothing=Nothing.NOT_SO_LONG if earlier else Nothing.NOT_COLLECTED,
            )
            for title, span, earlier, queries, since in spans
        ],
    )


def sold(window: str) -> tuple[Query, Query]:
    """Revenue and orders of a window."""
    revenue = f"sum by (currency) ({counted(business.REVENUE, window, *M)})"
    orders = total((), counted(business.ORDERS_PAID, window, *M))
    return (
        Query(revenue, "{{currency}}", empty=NOT_COLLECTED),
        Query(orders, "orders", empty=NOT_COLLECTED),
    )


def sold_since_midnight(earlier: str) -> tuple[Query, ...]:
    """Revenue and orders of a day up to now, where Grafana does read these.

    It leaves a panel its own range only while that of the page ends now. Of another one, as after
    zooming into a graph, the panel reads all. Midnight of any time zone is at a quarter of an hour.
    A whole day of the past begins there as well; but of what came after it something is known.

    Nor is nothing sold since a midnight after which no shop's orders could be read: how much was is
    unknown, and counted when they are.

    Args:
        earlier: how much earlier than now the panel's range ends, such as `1d`.
    """
    # An earlier day that clocks changed on is an hour longer.
    until = (promql.seconds(earlier) + HOUR if earlier else 0) + HOUR + 10 * MINUTE
    known = promql.over(select(series.UP_SAMPLED, *M), "1h", f"-{promql.duration(until)}")
    day = (
        f"vector($__range_s) <= {25 * HOUR} and vector($__from % {1000 * HOUR // 4}) == 0"
        f" unless on () present_over_time({known})"
    )
    read = select(business.COLLECTOR_LAST_SUCCESS, promql.equal("collector", ORDERS_COLLECTOR), *M)
    unread = f"1000 * max({read}) < $__from"
    not_read = f"{words('currency', Nothing.NOT_READ)} and on () ({day}) and on () ({unread})"
    not_now = in_words("currency", Nothing.NOT_NOW, day)
    return (
        *(
            replace(
                query, expression=f"{query.expression} and on () ({day}) unless on () ({unread})"
            )
            for query in sold("$__range")
        ),
        Query(f"{not_read} or {not_now}", "{{currency}}", empty="orders of the day were read"),
    )


def week_and_day() -> Row:
    """The week in bars, and the day in hours."""
    revenue = counted(business.REVENUE, "1d", *M, *CURRENCY_MATCH, offset="-1d")
    bars = Panel(
        PanelKind.GRAPH,
        "Revenue by day ($currency)",
        "Gross totals of the orders first paid on each of the last seven days, in the currency "
        "chosen above. The last bar is today so far.",
        # Each bar stands at the beginning of its day, so it looks ahead over that day.
        (Query(f"sum({revenue})", "$currency", empty=NOT_COLLECTED),),
        unit="locale",
        width=12,
        decimals=0,
        low=0,
        bars=True,
        interval="1d",
        since="now-6d/d",
        links=(Dashboards.TRENDS,),
    )
    now, normal = (
        f"sum({select(name, *M)}) / 2"
        for name in (series.orders_in("2h"), series.orders_normal("2h"))
    )
    orders = Panel(
        PanelKind.GRAPH,
        "Orders per hour, and what is normal",
        "Orders first paid, per hour as the mean of the past two hours, beside the median of the "
        "same weekday and hour of the last weeks.",
        (
            Query(now, "now"),
            Query(normal, "normal", past=True, empty="needs three weeks of history"),
        ),
        width=12,
        low=0,
        links=(AlertName.STORE_ORDER_DROUGHT, Dashboards.TRENDS),
    )
    return Row("The week and the day", (bars, orders))


def is_all_well() -> Row:
    """Whether the shop works, in single figures."""
    panels = (
        responding(),
        freshness(),
        paid(),
        succeeding(),
        abandoned(),
        abandoned_value(),
        scarce(),
        sellers_out(),
    )
    return Row("Is all well?", [replace(panel, width=6, height=4) for panel in panels])


def responding() -> Panel:
    """Whether the shop responds."""
    return Panel(
        PanelKind.STAT,
        "Does it answer?",
        "Whether the last liveness probe succeeded, of every chosen shop. While a shop does "
        "not answer, nothing else matters.",
        (Query(f"min({UP})"),),
        mappings=((0, "No", RED), (1, "Yes", GREEN)),
        steps=((None, RED), (1, GREEN)),
        links=(AlertName.STORE_DOWN,),
    )


def freshness() -> Panel:
    """How fresh the figures are."""
    collected = select(business.COLLECTOR_LAST_SUCCESS, *M)
    return Panel(
        PanelKind.STAT,
        "Figures read",
        "When the stalest figures on this page were read. Figures that are too old are "
        "withdrawn rather than shown.",
        (Query(f"1000 * min({collected})", empty=NOT_COLLECTED),),
        unit="dateTimeFromNow",
        links=(AlertName.STORE_FIGURES_STALE,),
        nothing=Nothing.NOT_COLLECTED,
    )


def paid() -> Panel:
    """How many orders get paid."""
    return Panel(
        PanelKind.STAT,
        "Orders that get paid",
        "Orders first paid, among those that were paid, failed or were cancelled, all within "
        "the last seven days; those of the last hour count in part. Carts that never became an "
        "order are not among them.",
        (Query(paid_share("7d"), empty=NOT_COLLECTED),),
        unit="percentunit",
        decimals=1,
        links=(AlertName.STORE_PAYMENTS_FAILING, AlertName.STORE_PAYMENT_METHOD_FAILING),
        nothing=Nothing.NO_ORDERS,
    )


def succeeding() -> Panel:
    """How many calls succeed."""
    return Panel(
        PanelKind.STAT,
        "Calls that succeed",
        "Share of the operations of the last minutes that did not fail; what shoppers did "
        "wrong is left out. Operations are the calls that applications make for shoppers.",
        (Query(success(matchers=M)),),
        unit="percentunit",
        decimals=1,
        steps=SUCCESS,
        links=(Dashboards.OPERATIONS, AlertName.STORE_CHECKOUT_ERRORS_AFTER_UPDATE),
    )


def abandoned() -> Panel:
    """How many carts were left."""
    return Panel(
        PanelKind.STAT,
        "Abandoned carts",
        "Checkouts begun, not paid and left alone for an hour to a week. A rise while orders "
        "fall means that something in the checkout stops shoppers.",
        (Query(f"sum({each(business.CARTS_ABANDONED, *M)})", empty=NOT_COLLECTED),),
        decimals=0,
        steps=FEW_GOOD,
        nothing=Nothing.NOT_COLLECTED,
    )


def abandoned_value() -> Panel:
    """What these carts are worth."""
    return Panel(
        PanelKind.STAT,
        "Their value",
        "Total value of the checkouts counted as abandoned now, by currency.",
        (
            Query(
                f"sum by (currency) ({each(business.CART_ABANDONED_VALUE, *M)})"
                f" or on () 0 * sum({each(business.CARTS_ABANDONED, *M)})",
                "{{currency}}",
                empty=NOT_COLLECTED,
            ),
        ),
        unit="locale",
        decimals=0,
        mappings=((0, Nothing.NONE, GREY),),
        named=True,
        nothing=Nothing.NOT_COLLECTED,
    )


def scarce() -> Panel:
    """How much has to be restocked."""
    return Panel(
        PanelKind.STAT,
        "Low or out of stock",
        "Products and variations at or below their threshold, or empty. Restock them.",
        (
            Query(
                f"sum({each(business.PRODUCTS, one_of('stock', ('low', 'out')), *M)})",
                empty=NOT_COLLECTED,
            ),
        ),
        decimals=0,
        steps=FEW_GOOD,
        nothing=Nothing.NOT_COLLECTED,
    )


def sellers_out() -> Panel:
    """How many of the best sellers cannot be bought."""
    return Panel(
        PanelKind.STAT,
        "Best sellers out",
        "How many of the best-selling products of the last 30 days are out of stock.",
        (Query(f"sum({each(business.BEST_SELLERS_OUT, *M)})", empty=NOT_COLLECTED),),
        decimals=0,
        steps=FEW_GOOD,
        links=(AlertName.STORE_BEST_SELLERS_OUT_OF_STOCK,),
        nothing=Nothing.NOT_COLLECTED,
    )


def paid_share(window: str) -> str:
    """Share of paid orders among those that came to an end within a window, one way or other.

    Each order is in as many of the recorded hours as every other, but for those of the last hour.
    """
    lost, paid = (
        total((), f"sum_over_time({promql.over(select(name, *M), window)})")
        for name in (series.LOST_HOURLY, series.ORDERS_HOURLY)
    )
    return f"{paid} / ({paid} + {promql.or_zero(lost, paid)} > 0)"
