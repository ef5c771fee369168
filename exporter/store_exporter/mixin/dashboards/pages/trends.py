"""Trends: this week beside last week, and beside normal values for this weekday and hour."""

from __future__ import annotations

from ... import promql, series
from ...names import AlertName, Dashboards
from ...policy import DAY, HOUR, SEASONAL
from ...promql import STORE, on, one_of, over, select
from ...rules import longterm
from ..panels import DashboardPage, Panel, PanelKind, Query, Row
from ..scales import ORDERS, P95, REVENUE_CHOSEN, SUCCESS, SUCCESS_RATE
from ..values import GREEN, RED, YELLOW, Nothing, Steps
from ..variables import CURRENCY, STORE_MATCH, STORES
from .trends_orgs import CHANGE, orgs

M = STORE_MATCH
WEEK_AGO = "needs a week of history"
RATE = select(series.STORE_RATE, *M)
ERRORS = select(series.STORE_FAILED, *M)
SLOWER: Steps = (
    (None, GREEN),
    ((SEASONAL.latency_factor - 1) / 2, YELLOW),
    (SEASONAL.latency_factor - 1, RED),
)
"""Thresholds of a rise above normal: half of the alert's, and the alert's."""


def page() -> DashboardPage:
    """The dashboard."""
    return DashboardPage(
        Dashboards.TRENDS,
        "Stores / Trends",
        "This week compared with the same weekday and hour of last week, because a shop's sales "
        "depend on the day and the hour.",
        (*STORES, CURRENCY),
        (week_beside_week(), beside_normal(), largest_changes(), orgs(), year()),
        since="now-7d",
        refresh="5m",
        marks=False,
    )


def compared(
    title: str, text: str, expression: str, unit: str, *, of: str = "sum", factor: str = ""
) -> Panel:
    """The graph of a figure now and a week earlier."""
    return Panel(
        PanelKind.GRAPH,
        title,
        f"{text} The dashed line is the same time a week earlier.",
        (
            Query(f"{factor}{of}({expression})", "this week"),
            Query(
                f"{factor}{of}({expression} offset 1w)", "a week earlier", past=True, empty=WEEK_AGO
            ),
        ),
        unit=unit,
        low=0,
        width=12,
    )


def week_beside_week() -> Row:
    """Graphs of this week beside last week."""
    return Row(
        "This week and last week",
        (
            compared("Orders in an hour", "Orders first paid within an hour.", ORDERS, "short"),
            compared(
                "Revenue in an hour ($currency)",
                "Gross totals of the orders first paid within an hour, in this currency.",
                REVENUE_CHOSEN,
                "short",
            ),
            compared("Calls per hour", "Operations per hour.", RATE, "short", factor="3600 * "),
            compared(
                "Failures per hour",
                "Failed operations per hour, without shoppers' mistakes.",
                ERRORS,
                "short",
                factor="3600 * ",
            ),
            compared(
                "Latency (p95)",
                "Mean over the chosen stores of their p95 latency.",
                P95,
                "s",
                of="avg",
            ),
            compared(
                "Success rate of the worst store",
                "Lowest share of operations that did not fail.",
                SUCCESS_RATE,
                "percentunit",
                of="min",
            ),
        ),
    )


def beside_normal() -> Row:
    """Graphs of now beside the same weekday and hour of past weeks."""
    orders, normal = (
        f"sum({select(name, *M)})" for name in (series.orders_in("2h"), series.orders_normal("2h"))
    )
    slow, usual_latency = (
        select(name, *M) for name in (series.LATENCY_HOURLY, series.LATENCY_NORMAL)
    )
    history = f"needs {SEASONAL.history} weeks of history"
    return Row(
        "Beside what is normal",
        (
            Panel(
                PanelKind.GRAPH,
                "Orders in two hours, and what is normal",
                f"Normal is the median of the same weekday and hour of the last {SEASONAL.weeks} "
                "weeks. If orders are zero while normal is far above zero, an alert fires.",
                (Query(orders, "now"), Query(normal, "normal", past=True, empty=history)),
                low=0,
                width=12,
                links=(AlertName.STORE_ORDER_DROUGHT,),
            ),
            Panel(
                PanelKind.GRAPH,
                "Latency (p95), and what is normal",
                "p95 latency of an hour, as the mean over the chosen stores; hours with few "
                f"operations are left out. Above {SEASONAL.latency_factor:g} times normal, an "
                "alert fires.",
                (
                    Query(f"avg({slow})", "now", empty="hours with few operations are left out"),
                    Query(f"avg({usual_latency})", "normal", past=True, empty=history),
                ),
                unit="s",
                low=0,
                width=12,
                links=(AlertName.STORE_LATENCY_REGRESSION,),
            ),
        ),
    )


def largest_changes() -> Row:
    """The stores that changed most."""
    return Row("What changed most", (fewest_orders(), slowest_of_late()))


def fewest_orders() -> Panel:
    """Whose orders fell most."""
    day = select(series.orders_in("1d"), *M)
    fewer = f"bottomk(20, {day} / ({day} offset 1w >= {SEASONAL.drought_minimum:g}) - 1)"
    return Panel(
        PanelKind.TABLE,
        "Orders against a week ago: largest falls",
        "The 20 shops whose orders of the last 24 hours fell most against the same hours a week "
        f"ago, of the shops that had at least {SEASONAL.drought_minimum:g} then. -100 % means "
        "that nothing was sold.",
        (
            Query(
                fewer,
                "Change",
                unit="percentunit",
                decimals=0,
                width=92,
                steps=CHANGE,
                empty=WEEK_AGO,
            ),
        ),
        width=12,
        columns=("domain", "org"),
        sort="+Change",
        links=(Dashboards.SHOP, AlertName.STORE_ORDER_DROUGHT),
        nothing=Nothing.NOT_SO_LONG,
    )


def slowest_of_late() -> Panel:
    """Whose latency rose most."""
    slow = select(series.LATENCY_HOURLY, *M)
    normal = select(series.LATENCY_NORMAL, *M)
    slower = f"topk(20, {slow} / {normal} - 1)"
    success = f"{SUCCESS_RATE} and {on(*STORE)} {slower}"
    return Panel(
        PanelKind.TABLE,
        "Latency against normal: largest rises",
        "The 20 shops whose p95 latency of the last hour rose most against the median of the "
        "same weekday and hour. +100 % means twice as slow.",
        (
            Query(
                slower,
                "Change",
                unit="percentunit",
                decimals=0,
                width=92,
                steps=SLOWER,
                empty=f"needs {SEASONAL.history} weeks of history",
                otherwise=Nothing.NOT_SO_LONG,
            ),
            Query(
                success,
                "Success",
                unit="percentunit",
                decimals=1,
                steps=SUCCESS,
                empty=f"needs {SEASONAL.history} weeks of history",
            ),
        ),
        width=12,
        columns=("domain", "org"),
        sort="Change",
        links=(Dashboards.SHOP, AlertName.STORE_LATENCY_REGRESSION),
    )


def year() -> Row:
    """Every day of a year, as far back as Prometheus keeps the hourly records."""
    counted = one_of("error_type", series.FAILED_TYPES)
    failures = select(longterm.HOURLY_ERRORS, *M, counted)
    return Row(
        "A year",
        (
            by_day("Calls by day", "Operations of each day", select(longterm.HOURLY_CALLS, *M)),
            by_day(
                "Failures by day",
                "Failed operations of each day, shoppers' mistakes left out",
                failures,
            ),
        ),
    )


def by_day(title: str, text: str, hourly: str) -> Panel:
    """The graph of hourly records, added up for each day of a year."""
    # Each bar is at the start of its day, so its expression looks ahead over that day. A record can
    # be at any minute of the hour, and its calls are from 67 to two minutes before it. So the
    # records of a day begin half an hour after midnight, without those of the evening before.
    ahead = promql.duration(-DAY - HOUR / 2)
    day = f"sum(sum_over_time({over(hourly, '1d', ahead)}))"
    return Panel(
        PanelKind.GRAPH,
        title,
        f"{text}, for the past year as far as Prometheus keeps them, or for each day of a chosen "
        "past time. A day begins and ends at midnight or up to 37 minutes from it, and today's "
        "bar ends up to 67 minutes ago. Up to six minutes before Prometheus was stopped are in no "
        "day.",
        (Query(day, title.partition(" ")[0].lower(), empty="needs an hour of history"),),
        decimals=0,
        width=12,
        low=0,
        bars=True,
        interval="1d",
        since="now-1y/d",
    )
