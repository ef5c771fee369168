"""Rows of the fleet's page: its history, and upkeep."""

from __future__ import annotations

from ....metrics.catalogue import business, health
from ... import series, wide
from ...names import AlertName, Dashboards
from ...policy import DAY, THRESHOLDS
from ...promql import STORE, each, on
from ...rules import recording
from ..panels import Panel, PanelKind, Query, Row, graph, number, store_table, table
from ..scales import (
    CERTIFICATE,
    NO_ERROR,
    STALE,
    SUCCESS,
    SUCCESS_RATE,
    TROUBLE,
    intervals_ago,
    latest,
    of_each,
    over_time,
    per_hour,
)
from ..values import GREY, IN_WORDS, NO_CELL, UP_DOWN, Nothing, in_words
from ..variables import STORE_MATCH

LISTED = 50
SHOWN = 15
"""The most stores whose state is drawn: more lines could not be distinguished."""

# A timeline keeps the order of its queries, but not the order of the series of one query.
_KNOWN = latest(TROUBLE)
_WORST = f"topk({SHOWN}, {_KNOWN})"
_UP = of_each(series.STORE_UP, series.UP_SAMPLED)
_DEGREES = (
    f">= {recording.DOWN}",
    f">= {recording.PAGED} < {recording.DOWN}",
    f"< {recording.PAGED}",
)
STATES = Panel(
    PanelKind.TIMELINE,
    f"State of the {SHOWN} stores in most trouble",
    "When each store was down; the stores in most trouble now come first. Bars that begin "
    "together point to a common cause: a hosting company, a network, a release. Over more "
    "than six hours, one sample is shown every four minutes.",
    (
        *(
            Query(
                f"{_UP} and {on(*STORE)} ({_WORST} {degree})",
                "{{domain}}",
                empty="there may be no store in so much trouble, or in so little",
            )
            for degree in _DEGREES
        ),
        Query(in_words("domain", Nothing.NO_STORE, _KNOWN), "{{domain}}", empty="there are stores"),
    ),
    # Grafana gives names 40 % of the width; a long domain needs all of it.
    width=24,
    height=11,
    mappings=(*UP_DOWN, IN_WORDS),
    links=(Dashboards.SHOP,),
)

GRAPHS = (
    per_hour(
        "Errors per hour by who must act",
        "Errors per hour by fault: store, config, app and customer. Customer errors are "
        "shoppers' mistakes, not failures; a rise of them alone is not an outage.",
        "fault",
        over_time(("fault",), wide.ERRORS),
        empty=NO_ERROR,
        height=11,
        links=(Dashboards.ERRORS,),
    ),
    per_hour(
        "Calls per hour",
        "Operations per hour by platform. A sudden fall to zero means that applications "
        "do not report, or do not run.",
        "platform",
        over_time(("platform",), wide.RATE),
        height=11,
        links=(Dashboards.OPERATIONS,),
        nothing=Nothing.UNKNOWN,
    ),
    graph(
        "Worst store's success by platform",
        "Share of operations that did not fail, shoppers' mistakes left out. The lowest "
        "store counts, because a mean over many stores hides one that is broken.",
        Query(f"min by (platform) ({SUCCESS_RATE})", "{{platform}}"),
        unit="percentunit",
        steps=SUCCESS,
        high=1,
        least_first=True,
        links=(Dashboards.OPERATIONS,),
        low=None,
    ),
    graph(
        "Orders in the past hour",
        "Orders first paid within the past hour, one line for each platform. Compare with the "
        "trends dashboard before you worry about a dip at night.",
        Query(over_time(("platform",), wide.ORDERS), "{{platform}}"),
        decimals=0,
        links=(Dashboards.TRENDS,),
    ),
)

COURSE = Row("Over time", (STATES, *GRAPHS))
_EXPIRY = f"{each(health.TLS_EXPIRY, *STORE_MATCH)} - time()"
CERTIFICATES = store_table(
    "Certificates that expire next",
    "Time left of the ten certificates that expire first. Less than "
    f"{THRESHOLDS.certificate_warning / DAY:g} days means that renewal is broken.",
    Query(
        f"bottomk(10, {_EXPIRY})",
        "Left",
        unit="s",
        decimals=1,
        width=100,
        steps=CERTIFICATE,
        empty="stores served over plain http have no certificate",
    ),
    sort="+Left",
    links=(Dashboards.SHOP, AlertName.STORE_CERTIFICATE_EXPIRING),
    nothing=Nothing.NO_HTTPS,
)

STALEST = store_table(
    "Stalest figures",
    "Stores whose figures are furthest behind, with the age of the stalest figure in its "
    f"collector's intervals: up to 1 when it is on time. From {THRESHOLDS.stale_intervals:g} "
    "on, the figures are withdrawn.",
    Query(f"topk(10, {intervals_ago()})", "Intervals ago", decimals=1, width=125, steps=STALE),
    sort="Intervals ago",
    links=(Dashboards.SHOP, AlertName.STORE_FIGURES_STALE),
)

_OF_WORST = f"and {on(*STORE)} topk({LISTED}, {TROUBLE})"
_FACTS = each(health.INFO, *STORE_MATCH)
_CUSTOMERS = each(business.CUSTOMERS, *STORE_MATCH)
WHAT_RUNS_THEM = table(
    f"About the {LISTED} stores in most trouble",
    "Each store's version, currency, time zone, order storage and number of customers. A "
    "fault in stores of one version only comes from that version.",
    number(
        f"(({_CUSTOMERS} {_OF_WORST}) * {on(*STORE)} group_right () {_FACTS})"
        f" or (-1 * {_FACTS} {_OF_WORST})",
        "Customers",
        width=112,
        mappings=((-1, NO_CELL, GREY),),
        empty="the collector of these facts may be switched off",
    ),
    columns=("domain", "version", "currency", "timezone", "order_storage", "org"),
    sort="Customers",
    links=(Dashboards.SHOP,),
)

UPKEEP = Row("Upkeep", (CERTIFICATES, STALEST, WHAT_RUNS_THEM))
