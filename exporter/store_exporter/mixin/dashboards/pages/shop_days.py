"""A shop's sales today and on other days."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ....metrics.catalogue import Metric, business
from ... import promql, series
from ...names import AlertName, Dashboards
from ...policy import HOUR, MINUTE, ORDERS_COLLECTOR
from ...promql import STORE, aggregate, labelled, over, select, total
from ...series import counted
from ..panels import Query, Row, graph, stat
from ..scales import NOT_COLLECTED
from ..values import IN_WORDS, Nothing, in_words, words
from ..variables import CURRENCY_MATCH, STORE_MATCH

M = STORE_MATCH


def sold(grown: Callable[[Metric], str]) -> tuple[Query, Query]:
    """Revenue and orders, as the growth of their counters."""
    revenue = total(("currency",), grown(business.REVENUE))
    orders = total((), grown(business.ORDERS_PAID))
    return (
        Query(revenue, "{{currency}}", empty=NOT_COLLECTED),
        Query(orders, "orders", empty=NOT_COLLECTED),
    )


def of_day(metric: Metric, *matchers: str, day: str, began: str, ended: str = "") -> str:
    """The growth of a counter on a day, to the unit, as far as it was scraped on that day.

    Growth while Prometheus was down around midnight belongs to the day of the next scrape;
    otherwise no day would have it.

    Args:
        metric: the counter.
        matchers: select among the metric's series.
        day: the length of the day so far.
        began: how long ago the day began.
        ended: how long ago it ended.
    """
    read, samples, increments = (
        select(name, *matchers)
        for name in (metric.name, series.sampled(metric), series.increment(metric))
    )

    def since_sample(offset: str) -> str:
        return f"clamp_min({promql.at(read, offset)} - {promql.at(samples, offset)}, 0)"

    # A new counter has no sample yet.
    earlier = promql.duration(promql.seconds(ended or "0s") + 6 * MINUTE)
    new = f"0 * ({promql.at(read, ended)} unless {promql.at(read, earlier)})"
    # The increments of the day, plus the growth after its last sample, minus the growth before
    # midnight in its first increment.
    parts = " or ".join(
        (
            f"sum_over_time({over(increments, day, ended)})",
            labelled(f"({since_sample(ended)} or {new})", "part", "after"),
            labelled(f"-1 * {since_sample(began)}", "part", "before"),
        )
    )
    grown = f"clamp_min(sum without (part) ({parts}), 0)"
    return counted(metric, day, *matchers, offset=ended, grown=grown)


def since_midnight(earlier: str) -> tuple[Query, ...]:
    """Revenue and orders of a day up to now, or a text if they cannot be shown.

    Grafana keeps a panel's own range only while the page's range ends now. For another range, such
    as after zooming into a graph, the panel would show all of that range. The expression recognizes
    a day up to now by its start and end: midnight of any time zone is at a quarter of an hour, and
    no later samples exist. A whole day of the past begins so too, but later samples exist.

    If no shop's orders could be read since midnight, the sales are unknown, not zero; they are
    counted once the orders are read. If only some shops' orders were read, their number is shown.

    Args:
        earlier: how much earlier than now the panel's range ends, such as `1d`.
    """
    # An earlier day on which clocks changed may be an hour longer.
    until = (promql.seconds(earlier) + HOUR if earlier else 0) + HOUR + 10 * MINUTE
    known = over(select(series.UP_SAMPLED, *M), "1h", f"-{promql.duration(until)}")
    day = (
        f"vector($__range_s) <= {25 * HOUR} and vector($__from % {1000 * HOUR // 4}) == 0"
        f" unless on () present_over_time({known})"
    )
    orders = promql.equal("collector", ORDERS_COLLECTOR), *M
    shops, shops_read = (
        f"count({aggregate('max', STORE, found)})"
        for found in (
            select(business.COLLECTOR_SUCCESS, *orders),
            f"1000 * {select(business.COLLECTOR_LAST_SUCCESS, *orders)} >= $__from",
        )
    )
    unread = f"{shops} unless on () {shops_read}"
    not_read = f"{words('currency', Nothing.NOT_READ)} and on () ({day}) and on () ({unread})"
    not_now = in_words("currency", Nothing.NOT_NOW, day)
    figures = sold(lambda metric: of_day(metric, *M, day="$__range", began="$__range"))
    # The name contains the number of all shops.
    named = (
        f'label_replace(count_values("currency", {shops}), '
        '"currency", "shops read, of $1", "currency", "(.+)")'
    )
    some = f"{named} * on () group_left () ({shops_read} < {shops}) and on () ({day})"
    return (
        *(
            replace(
                query, expression=f"{query.expression} and on () ({day}) unless on () ({unread})"
            )
            for query in figures
        ),
        Query(
            f"{not_read} or {not_now} or {some}",
            "{{currency}}",
            empty="all orders of the day were read",
        ),
    )


# The day begins at midnight in the dashboard's time zone.
_TEXT = (
    "Revenue by currency, and orders. An order counts when it is first paid, with tax and "
    "shipping, before refunds."
)
_DAYS = (
    ("Today", "Since midnight.", ""),
    ("Yesterday by this time", "From midnight of yesterday to this hour.", "1d"),
    ("Last week by this time", "The same weekday a week ago, to this hour.", "7d"),
)
_WEEK = "Last seven days", "The last seven times 24 hours.", ""
_SPANS = (
    *((*day, since_midnight(day[-1]), "now/d") for day in _DAYS),
    (*_WEEK, sold(lambda metric: of_day(metric, *M, day="7d", began="7d")), ""),
)
TODAY = Row(
    "Sold",
    [
        stat(
            title,
            f"{span} {_TEXT}",
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
        for title, span, earlier, queries, since in _SPANS
    ],
)

# Each bar is at the start of its day, so its expression looks ahead over that day.
_CHOSEN = *M, *CURRENCY_MATCH
_REVENUE = of_day(business.REVENUE, *_CHOSEN, day="1d", began="", ended="-1d")
_BARS = graph(
    "Revenue by day ($currency)",
    "Gross totals of the orders first paid on each of the last seven days, or on each day of a "
    "chosen past time, in the currency chosen above. Today's bar ends up to five minutes ago.",
    Query(f"sum({_REVENUE})", "$currency", empty=NOT_COLLECTED),
    unit="locale",
    decimals=0,
    bars=True,
    interval="1d",
    since="now-6d/d",
    links=(Dashboards.TRENDS,),
    nothing=Nothing.NONE_OR_UNREAD,
)
_NOW, _NORMAL = (
    f"sum({select(name, *M)}) / 2" for name in (series.orders_in("2h"), series.orders_normal("2h"))
)
_ORDERS = graph(
    "Orders per hour, and what is normal",
    "Orders first paid per hour, as the mean of the past two hours, beside the median of "
    "the same weekday and hour in the last weeks.",
    (Query(_NOW, "now"), Query(_NORMAL, "normal", past=True, empty="needs three weeks of history")),
    links=(AlertName.STORE_ORDER_DROUGHT, Dashboards.TRENDS),
)
WEEK_AND_DAY = Row("The week and the day", (_BARS, _ORDERS))
