"""Rows of the exporter's page: its requests to the stores, and what it costs."""

from __future__ import annotations

from functools import partial

from ....metrics.catalogue import exporter, health
from ... import promql, series
from ...names import AlertName, Dashboards
from ...policy import DAY, THRESHOLDS
from ...promql import STORE, hourly, increase, on, rate, select
from ..panels import Query, Row, graph, share, store_table
from ..scales import API_VERSION, BUDGET, NOTHING_HAPPENED, per_hour
from ..values import Nothing
from ..variables import PROCESS_MATCH, of_ours

M = PROCESS_MATCH
_graph = partial(graph, height=10)
_stores = partial(store_table, height=10)
NOT_EVERYWHERE = "not every platform has this figure"
_REQUESTS = select(series.REQUESTS, *M)
REQUESTS_BY_SOURCE = _graph(
    "Requests per hour by source",
    "Requests per hour to all stores, by the probe or collector that sends them, shown "
    "every four minutes.",
    Query(hourly(f"topk(10, sum by (source) ({_REQUESTS}))"), "{{source}}"),
    stacked=True,
)

# Both are for an hour: the requests sent in the past hour, and the most allowed in any hour.
_LIMIT = f"{select(health.API_BUDGET_LIMIT, *M)} > 0"
_LEFT = (
    f"clamp_min(1 - {promql.total(STORE, increase(health.API_REQUESTS, '1h', *M))}"
    f" / {on(*STORE)} {promql.aggregate('max', STORE, _LIMIT)}, 0)"
)
_BUCKET = (
    f"{select(health.API_BUCKET_AVAILABLE, *M)} / ({select(health.API_BUCKET_MAXIMUM, *M)} > 0)"
)
LEAST_BUDGET = _stores(
    "Least request budget left",
    "Share of the hourly request budget that the past hour left, and share of the "
    "platform's own query budget that is left now, if it has one. At zero, collectors wait.",
    (
        share(
            f"bottomk(20, {_LEFT})",
            "Requests",
            decimals=0,
            width=101,
            steps=BUDGET,
            otherwise=Nothing.NO_STORE,
        ),
        share(
            f"({_BUCKET}) and {on(*STORE)} bottomk(20, {_LEFT})",
            "Points",
            decimals=0,
            width=74,
            steps=BUDGET,
            empty=NOT_EVERYWHERE,
        ),
    ),
    sort="+Requests",
    links=(Dashboards.SHOP, AlertName.STORE_API_BUDGET_LOW),
)

_THROTTLED, _POINTS = (select(name, *M) for name in (series.THROTTLED, series.POINTS))
THROTTLING = _graph(
    "Throttling and query cost per hour",
    "Responses per hour that required the exporter to slow down, and query cost points per "
    "hour if the platform counts them, shown every four minutes.",
    (
        Query(
            hourly(f"sum by (platform) ({_THROTTLED})"),
            "throttled {{platform}}",
            empty=NOTHING_HAPPENED,
        ),
        Query(
            hourly(f"sum by (platform) ({_POINTS})"),
            "points {{platform}}",
            right=True,
            empty=NOT_EVERYWHERE,
        ),
    ),
)

_EXPIRY = f"{select(health.API_VERSION_EXPIRY, *M)} - time()"
ENDING_VERSIONS = _stores(
    "API versions that end next",
    "Time until the platform ends the API version in use. Below "
    f"{THRESHOLDS.api_version_warning / DAY:g} days there is an alert.",
    Query(
        f"bottomk(20, {_EXPIRY})",
        "Left",
        unit="s",
        decimals=1,
        width=100,
        steps=API_VERSION,
        empty=NOT_EVERYWHERE,
    ),
    sort="+Left",
    links=(Dashboards.SHOP, AlertName.STORE_API_VERSION_EXPIRING),
    nothing=Nothing.NO_API_VERSION,
)

STORE_REQUESTS = Row(
    "Requests to the stores", (REQUESTS_BY_SOURCE, LEAST_BUDGET, THROTTLING, ENDING_VERSIONS)
)

SCRAPES = _graph(
    "Scrapes",
    "How long a scrape takes, measured by Prometheus and by the process itself. It must "
    "stay well below the scrape's timeout.",
    (
        Query(f"max by (job) ({of_ours('scrape_duration_seconds')})", "{{job}}: scrape"),
        Query(f"max by (job) ({select(exporter.SCRAPE_DURATION, *M)})", "{{job}}: rendering"),
    ),
    unit="s",
)

SAMPLES = _graph(
    "Samples",
    "Samples in a scrape, and label sets of operations that processes hold. They "
    "decide what Prometheus needs.",
    (
        Query(f"sum by (job) ({of_ours('scrape_samples_scraped')})", "{{job}}: samples"),
        Query(f"sum by (job) ({select(exporter.SERIES, *M)})", "{{job}}: label sets"),
    ),
    decimals=0,
    links=(AlertName.STORE_SERIES_DROPPED,),
)

_PUSHES = rate(exporter.OTLP_PUSHES, "$__rate_interval", *M)
PUSHES_BY_OTLP = per_hour(
    "Pushes by OTLP per hour",
    "Pushes per hour by result. Counters catch up by themselves when the endpoint is back.",
    "result",
    _PUSHES,
    empty="OTLP may be switched off",
    links=(AlertName.STORE_OTLP_PUSHES_FAILING,),
    nothing=Nothing.NO_OTLP,
)

_REPORTED = rate(exporter.INGESTED, "$__rate_interval", *M)
REPORTED_OPERATIONS = per_hour(
    "Reported operations per hour",
    "Operations per hour that applications reported by HTTP. Refused ones are not counted; "
    "the response told the application why.",
    "outcome",
    _REPORTED,
    empty="no application may report by HTTP",
    nothing=Nothing.NOT_REPORTED,
)

COST = Row("What it costs", (SCRAPES, SAMPLES, PUSHES_BY_OTLP, REPORTED_OPERATIONS))
