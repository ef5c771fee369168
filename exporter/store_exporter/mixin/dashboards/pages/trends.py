"""Trends: this week beside last week, and beside normal values for this weekday and hour."""

from __future__ import annotations

from ... import promql, series
from ...names import AlertName, Dashboards
from ...policy import DAY, HOUR, SEASONAL
from ...promql import STORE, aggregate, labelled, on, one_of, over, select
from ...rules import longterm, surges
from ..panels import DashboardPage, Panel, Query, Row, graph, number, share, store_table, table
from ..scales import ORDERS, P95, REVENUE_CHOSEN, SUCCESS, SUCCESS_RATE
from ..values import GREEN, RED, YELLOW, Nothing, Steps
from ..variables import CURRENCY, CURRENCY_MATCH, STORE_MATCH, STORES

M = STORE_MATCH
WEEK_AGO = "needs a week of history"
RATE = select(series.STORE_RATE, *M)
ERRORS = select(series.STORE_FAILED, *M)
CHANGE: Steps = ((None, RED), (-0.5, YELLOW), (-0.2, GREEN))
"""Thresholds of a change of orders."""
SLOWER: Steps = (
    (None, GREEN),
    ((SEASONAL.latency_factor - 1) / 2, YELLOW),
    (SEASONAL.latency_factor - 1, RED),
)
"""Thresholds of a rise above normal: half of the alert's, and the alert's."""


def compared(
    title: str,
    text: str,
    expression: str,
    *,
    unit: str = "short",
    of: str = "sum",
    factor: str = "",
    decimals: int | None = None,
) -> Panel:
    """The graph of a figure now and a week earlier."""
    return graph(
        title,
        f"{text} The dashed line is the same time a week earlier.",
        (
            Query(f"{factor}{of}({expression})", "this week"),
            Query(
                f"{factor}{of}({expression} offset 1w)", "a week earlier", past=True, empty=WEEK_AGO
            ),
        ),
        unit=unit,
        decimals=decimals,
    )


WEEK_BESIDE_WEEK = Row(
    "This week and last week",
    (
        compared("Orders in an hour", "Orders first paid within an hour.", ORDERS, decimals=0),
        compared(
            "Revenue in an hour ($currency)",
            "Gross totals of the orders first paid within an hour, in this currency.",
            REVENUE_CHOSEN,
        ),
        compared("Calls per hour", "Operations per hour.", RATE, factor="3600 * "),
        compared(
            "Failures per hour",
            "Failed operations per hour, without shoppers' mistakes.",
            ERRORS,
            factor="3600 * ",
        ),
        compared(
            "Latency (p95)",
            "Mean over the chosen stores of their p95 latency.",
            P95,
            unit="s",
            of="avg",
        ),
        compared(
            "Success rate of the worst store",
            "Lowest share of operations that did not fail.",
            SUCCESS_RATE,
            unit="percentunit",
            of="min",
        ),
    ),
)

_ORDERS, _USUAL_ORDERS, _LATENCY, _USUAL_LATENCY = (
    select(name, *M)
    for name in (
        series.orders_in("2h"),
        series.orders_normal("2h"),
        series.LATENCY_HOURLY,
        series.LATENCY_NORMAL,
    )
)
_HISTORY = f"needs {SEASONAL.history} weeks of history"
BESIDE_NORMAL = Row(
    "Beside what is normal",
    (
        graph(
            "Orders in two hours, and what is normal",
            f"Normal is the median of the same weekday and hour of the last {SEASONAL.weeks} "
            "weeks. If orders are zero while normal is far above zero, an alert fires.",
            (
                Query(f"sum({_ORDERS})", "now"),
                Query(f"sum({_USUAL_ORDERS})", "normal", past=True, empty=_HISTORY),
            ),
            decimals=0,
            links=(AlertName.STORE_ORDER_DROUGHT,),
        ),
        graph(
            "Latency (p95), and what is normal",
            "p95 latency of an hour, as the mean over the chosen stores; hours with few operations "
            f"are left out. Above {SEASONAL.latency_factor:g} times normal, an alert fires.",
            (
                Query(f"avg({_LATENCY})", "now", empty="hours with few operations are left out"),
                Query(f"avg({_USUAL_LATENCY})", "normal", past=True, empty=_HISTORY),
            ),
            unit="s",
            links=(AlertName.STORE_LATENCY_REGRESSION,),
        ),
    ),
)

_DAY = select(series.orders_in("1d"), *M)
_FEWER = f"bottomk(20, {_DAY} / ({_DAY} offset 1w >= {SEASONAL.drought_minimum:g}) - 1)"
FEWEST_ORDERS = store_table(
    "Orders against a week ago: largest falls",
    "The 20 shops whose orders of the last 24 hours fell most against the same hours a week "
    f"ago, of the shops that had at least {SEASONAL.drought_minimum:g} then. -100 % means "
    "that nothing was sold.",
    share(_FEWER, "Change", decimals=0, width=92, steps=CHANGE, empty=WEEK_AGO),
    sort="+Change",
    links=(Dashboards.SHOP, AlertName.STORE_ORDER_DROUGHT),
    nothing=Nothing.NOT_SO_LONG,
)

_SLOWER = f"topk(20, {_LATENCY} / {_USUAL_LATENCY} - 1)"
_SUCCESS = f"{SUCCESS_RATE} and {on(*STORE)} {_SLOWER}"
SLOWEST_OF_LATE = store_table(
    "Latency against normal: largest rises",
    "The 20 shops whose p95 latency of the last hour rose most against the median of the "
    "same weekday and hour. +100 % means twice as slow.",
    (
        share(
            _SLOWER,
            "Change",
            decimals=0,
            width=92,
            steps=SLOWER,
            empty=_HISTORY,
            otherwise=Nothing.NOT_SO_LONG,
        ),
        share(_SUCCESS, "Success", decimals=1, steps=SUCCESS, empty=_HISTORY),
    ),
    sort="Change",
    links=(Dashboards.SHOP, AlertName.STORE_LATENCY_REGRESSION),
)

LARGEST_CHANGES = Row("What changed most", (FEWEST_ORDERS, SLOWEST_OF_LATE))


def of_day(hourly: str) -> str:
    """Hourly records, added up for the day that begins then."""
    # Each bar is at the start of its day, so its expression looks ahead over that day. A record can
    # be at any minute of the hour, and its calls are from 67 to two minutes before it. So the
    # records of a day begin half an hour after midnight, without those of the evening before.
    ahead = promql.duration(-DAY - HOUR / 2)
    return f"sum(sum_over_time({over(hourly, '1d', ahead)}))"


def by_day(title: str, text: str, day: str) -> Panel:
    """The graph of a figure of each day of a year."""
    return graph(
        title,
        f"{text}, for the past year as far as Prometheus keeps them, or for each day of a chosen "
        "past time. A day begins and ends at midnight or up to 37 minutes from it, and today's bar "
        "ends up to 67 minutes ago. Up to six minutes before Prometheus was stopped are in no day.",
        Query(day, title.partition(" ")[0].lower(), empty="needs an hour of history"),
        decimals=0,
        bars=True,
        interval="1d",
        since="now-1y/d",
        nothing=Nothing.NO_HOUR,
    )


_COUNTED = one_of("error_type", series.FAILED_TYPES)
_FAILURES = select(longterm.HOURLY_ERRORS, *M, _COUNTED)
_CALLS_OF_DAY = of_day(select(longterm.HOURLY_CALLS, *M))
YEAR = Row(
    "A year",
    (
        by_day("Calls by day", "Operations of each day", _CALLS_OF_DAY),
        by_day(
            "Failures by day",
            "Failed operations of each day, shoppers' mistakes left out",
            # There is no record of failures before the first.
            promql.or_zero(of_day(_FAILURES), _CALLS_OF_DAY),
        ),
    ),
)


def _seven_days(daily: str, first: int = 0) -> str:
    """A figure of seven days of each store, of which the latest ended so many days ago.

    Prometheus may have been down at this hour of a day.
    """
    days = (
        f"last_over_time({over(daily, '1h', f'{day}d' * bool(day))})"
        for day in range(first, first + 7)
    )
    return " or ".join(labelled(each, "day", f"{n}") for n, each in enumerate(days))


_DAILY_ORDERS = select(series.orders_in("1d"), *M)
_REVENUE = select(surges.REVENUE, *M, *CURRENCY_MATCH)
_WEEK, _BEFORE = (f"sum by (org) ({_seven_days(_DAILY_ORDERS, first)})" for first in (0, 7))
_SHOPS = f"count by (org) ({aggregate('group', STORE, select(series.STORE_UP, *M))})"
ORG_BY_ORG = Row(
    "Org by org",
    (
        table(
            "Seven days of each org ($currency)",
            "Orders first paid in the last seven times 24 hours, their change against the "
            f"seven before, of orgs that had at least {SEASONAL.drought_minimum:g} then, and "
            "their gross totals in the currency chosen above. Click an org for its stores.",
            (
                share(
                    f"{_WEEK} / ({_BEFORE} >= {SEASONAL.drought_minimum:g}) - 1",
                    "Change",
                    decimals=0,
                    width=92,
                    steps=CHANGE,
                    empty="needs two weeks of history",
                ),
                number(_WEEK, "Orders", width=86, otherwise=Nothing.NOT_COLLECTED),
                Query(
                    f"sum by (org) ({_seven_days(_REVENUE)})",
                    "Revenue",
                    unit="locale",
                    decimals=0,
                    width=100,
                    empty="there may be no order in this currency",
                ),
                number(_SHOPS, "Stores", empty="orders may be of stores of the past"),
            ),
            columns=("org",),
            after=(),
            # Few weeks after the first shop most orgs have no change, and would come first.
            sort="Orders",
            links=(Dashboards.FLEET, Dashboards.TRENDS),
        ),
    ),
)

PAGE = DashboardPage(
    Dashboards.TRENDS,
    "Stores / Trends",
    "This week compared with the same weekday and hour of last week, because a shop's sales "
    "depend on the day and the hour.",
    (*STORES, CURRENCY),
    (WEEK_BESIDE_WEEK, BESIDE_NORMAL, LARGEST_CHANGES, ORG_BY_ORG, YEAR),
    since="now-7d",
    refresh="5m",
    marks=False,
)
