"""Every threshold, window, label and address of dashboards and alerts, in one place.

A threshold is used by the alert and by the panel that shows it, so that the colour of a panel and
the message of an alert never disagree.
"""

from __future__ import annotations

from dataclasses import dataclass

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EXPORTER_JOB = "store-exporter"
"""The scrape job of the exporter in prometheus.yml."""

LIVENESS_PROBE = "liveness"
"""The probe, on every platform, that decides whether a store is up."""

ORDERS_COLLECTOR = "orders"
"""The collector, on every platform, behind the counters of orders and revenue."""

ORG_HEADER = "X-Store-Org"
"""The header in which Grafana's server sends the org of a datasource to prom-label-proxy."""

TAG = "store-exporter"
"""The tag that every dashboard carries; links between dashboards find them by it."""

RATE_WINDOW = "5m"
"""The window of recorded rates: at least four scrapes of the default interval of a minute."""

SELDOM = 4 * MINUTE
"""Seconds between evaluations of rules that are expensive or about hours and weeks, and of alerts
on the business of shops and on upkeep, all of which wait for at least twice as long. It is at most
the window of rates, and less than Prometheus looks back, so that a late sample leaves no gap."""

STALE_SAMPLES = "5m"
"""How long the last sample of a vanished series still counts: Prometheus' own look-back."""

RESTART = 5 * MINUTE
"""How long alerts on what a store's series show now outlast these series, so that a restart of the
exporter is not reported as their end."""


DETAIL_RANGE = 6 * HOUR
"""The longest range in seconds that dashboards read in full detail; longer ones use samples."""


@dataclass(frozen=True, slots=True)
class Links:
    """Where people reach the tools that alerts and dashboards point to, without a final slash."""

    grafana: str = "http://localhost:3000"
    runbooks: str = "http://localhost:10847/runbooks"
    calls: str = "http://localhost:10847/calls"
    """The exporter's page of recent calls, which shows those of all orgs."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The figures at which something is worth a message. Times are in seconds, shares 0 to 1."""

    certificate_warning: float = 14 * DAY
    certificate_critical: float = 3 * DAY
    api_version_warning: float = 30 * DAY
    budget_low: float = 0.1
    """Share of the hourly request budget, or of the platform's cost bucket, that is left."""
    stale_intervals: float = 3
    """Missed collector runs after which figures count as stale."""
    scheduled_actions: float = 25
    """Overdue or failed background jobs; a healthy shop has a handful."""
    payment_failure_share: float = 0.3
    payment_minimum: float = 10
    payment_factor: float = 1.5
    """The fewest paid and failed orders within the hour for which the share means something; and
    how many times as large as in the week before it is, if that week has as many orders."""
    payment_usual: float = 0.1
    payment_deviations: float = 5
    """The share of failed payments that counts as usual if fewer failed in the week before; and by
    how many standard deviations of chance a share must exceed the usual one. Of ten orders, six
    must fail, which happens by chance in one hour of 7,000."""
    method_failure_share: float = 0.5
    method_minimum: float = 8
    method_factor: float = 3
    """The share of one payment method's orders of two hours that fail; the fewest orders for which
    it means something; and how many times as large as in the week before it is. The method needs
    as many orders in that week."""
    checkout_failure_share: float = 0.1
    checkout_factor: float = 3
    checkout_minimum: float = 20
    """The share of cart and checkout calls of half an hour that fail after an update; how many
    times as large as the day before it is; and the fewest calls for which it means something."""
    best_seller_orders: float = 20
    """Orders a week below which nothing sells well enough to be missed."""
    surge_factor: float = 3
    surge_orders: float = 20
    """Orders a day, or abandoned carts, below which a multiple of normal means nothing."""
    refund_share: float = 0.2
    price_share: float = 0.3
    price_products: float = 8
    """The share of the products sold within a day whose price changed, and the fewest such
    products."""
    operation_bug_share: float = 0.2
    operation_bug_minimum: float = 20
    """Operations in ten minutes below which the share means nothing."""
    scheduler_lag: float = 5.0
    loop_lag: float = 0.5
    """The longest pause of the event loop; the shortest timeouts are a few seconds."""
    outage_stores: float = 5
    outage_share: float = 0.05
    outage_network_share: float = 0.5
    """How many stores of a platform, and what share of those watched, are one outage; or what share
    of those of one network, which is that of a host with a small part of a large fleet."""
    unstable_changes: float = 6
    unstable_share: float = 0.1
    """A store is unstable from this many changes between up and down within half an hour, and from
    this share of that time down."""
    restless_changes: float = 5
    """From this many changes within an hour, which are three outages, they are reported as one."""
    success_warning: float = 0.99
    success_critical: float = 0.95
    latency_warning: float = 1.0
    latency_critical: float = 2.5


@dataclass(frozen=True, slots=True)
class Seasonal:
    """How alerts learn from the past weeks.

    Attributes:
        weeks: how many past weeks are compared, at the same weekday and hour.
        history: how many of them must have figures; with fewer there is no alert.
        drought_windows: windows in which a shop that normally sells sold nothing.
        drought_minimum: the fewest orders that the window normally has. A shop that sells ten in
            such a window sells none by chance in one window of 22,000 (Poisson, e^-10).
        latency_factor: how many times slower than normal is a regression.
        latency_floor: a slowdown in seconds that nobody would notice.
        latency_minimum: operations an hour below which a quantile means nothing.
    """

    weeks: int = 4
    history: int = 3
    drought_windows: tuple[str, ...] = ("2h", "1d")
    drought_minimum: float = 10
    latency_factor: float = 2.0
    latency_floor: float = 0.25
    latency_minimum: float = 30


@dataclass(frozen=True, slots=True)
class BurnRate:
    """One pair of windows of a burn-rate alert.

    Attributes:
        severity: critical pages somebody, warning opens a ticket.
        factor: how many times faster than allowed the error budget is spent.
        long: the window that shows it is significant.
        short: the window that shows it is still going on.
        hold: seconds that it must last before the alert fires.
    """

    severity: str
    factor: float
    long: str
    short: str
    hold: float


@dataclass(frozen=True, slots=True)
class Messages:
    """When messages go out, in seconds, and how much they list.

    Attributes:
        group_wait: before the first message of a group, to wait for further alerts of it.
        group_interval: before a message about changes in a group.
        group_interval_critical: the same, in a group of critical alerts.
        repeat: between messages about alerts that still fire.
        repeat_critical: the same, about critical ones.
        watchdog: between signs of life.
        listed: alerts listed in one message; the rest are counted.
        detailed: active alerts of one name up to which facts are queried for each of them;
            Prometheus takes about a third of a millisecond for a fact, in each evaluation.
    """

    group_wait: float = 30
    group_interval: float = 5 * MINUTE
    group_interval_critical: float = MINUTE
    repeat: float = 4 * HOUR
    repeat_critical: float = HOUR
    watchdog: float = 5 * MINUTE
    listed: int = 10
    detailed: int = 100


# Google's SRE workbook, chapter 5: 2 % of a 30-day budget in an hour, 5 % in six hours page;
# 10 % in one or three days open a ticket.
BURN_RATES = (
    BurnRate("critical", 14.4, "1h", "5m", 2 * MINUTE),
    BurnRate("critical", 6.0, "6h", "30m", 15 * MINUTE),
    BurnRate("warning", 3.0, "1d", "2h", HOUR),
    BurnRate("warning", 1.0, "3d", "6h", 3 * HOUR),
)

SLO_WINDOW = "30d"
"""The period over which an error budget lasts."""

THRESHOLDS = Thresholds()
SEASONAL = Seasonal()
MESSAGES = Messages()
LINKS = Links()
