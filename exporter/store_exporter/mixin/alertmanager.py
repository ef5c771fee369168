"""Alertmanager's configuration: a route for each org, the platform's copy, inhibition, times.

root                      everything nobody else took: the platform
├── Watchdog              the dead-man's switch
├── critical, warning     the platform's copy; the only route that continues
└── org="…"               the org's own receivers, one route for each org that has any
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .policy import BURN_RATES, HOUR, MINUTE
from .promql import duration, equal, one_of
from .receivers import Email, Receivers, Slack, Webhook, receiver

__all__ = [
    "DEFAULT",
    "Email",
    "Interval",
    "Receivers",
    "Routing",
    "Slack",
    "Times",
    "Webhook",
    "build",
]

GROUP_BY = ["org", "domain", "alertname"]
BURN = "StoreErrorBudgetBurn"
STORE_BROKEN = (
    "StoreDegraded",
    BURN,
    "StoreLatencyRegression",
    "StoreFiguresStale",
    "StoreOrderDrought",
    "StorePaymentsFailing",
)
"""What follows from a store that is down, and needs no message of its own."""
BUSINESS = (
    "StoreOrderDrought",
    "StorePaymentsFailing",
    "StoreBestSellersOutOfStock",
    "StoreWebhooksDisabled",
    "StoreBackgroundJobsStuck",
    "StoreFiguresStale",
)


WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


@dataclass(frozen=True, slots=True)
class Interval:
    """A time of day, `HH:MM`, on some days of the week, or on all when none is named."""

    start: str
    end: str
    weekdays: Sequence[str] = ()


@dataclass(frozen=True)
class Times:
    """When messages may wait.

    Attributes:
        location: time zone of the intervals, such as `Europe/Berlin`.
        business: business hours; alerts of severity info wait for them.
        maintenance: when nothing but the watchdog is sent.
    """

    location: str = "UTC"
    business: Interval = Interval("08:00", "18:00", WORKDAYS)
    maintenance: Sequence[Interval] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """Everything the configuration is made from.

    Attributes:
        platform: the platform's own receivers.
        orgs: receivers by org.
        watchdog: the dead-man's switch outside this system.
        times: business hours and maintenance.
        templates: globs of the template files, as Alertmanager sees them.
    """

    platform: Receivers
    orgs: dict[str, Receivers] = field(default_factory=dict)
    watchdog: Receivers = field(default_factory=Receivers)
    times: Times = field(default_factory=Times)
    templates: Sequence[str] = ("templates/*.tmpl",)


DEFAULT = Routing(
    platform=Receivers(slack=(Slack(url_file="/etc/alertmanager/secrets/slack_webhook_url"),)),
)
"""The committed configuration: one Slack webhook for the platform, no orgs of their own."""


def build(routing: Routing = DEFAULT, *, pace: float = 1.0) -> dict[str, Any]:
    """Return Alertmanager's configuration.

    Args:
        routing: receivers, times and templates.
        pace: factor on every wait; a demonstration uses less than 1.
    """
    org_names = {org: f"org-{org}" for org, to in routing.orgs.items() if to}
    receivers = [
        receiver("platform", routing.platform),
        receiver("watchdog", routing.watchdog),
        *(receiver(name, routing.orgs[org]) for org, name in org_names.items()),
    ]
    return {
        "route": root_route(org_names, pace),
        "inhibit_rules": inhibit_rules(),
        "time_intervals": time_intervals(routing.times),
        "receivers": receivers,
        "templates": list(routing.templates),
    }


def root_route(org_names: dict[str, str], pace: float) -> dict[str, Any]:
    """The tree of routes; see the module's docstring."""

    def after(seconds: float) -> str:
        return duration(max(seconds * pace, 1))

    critical = {
        "matchers": [equal("severity", "critical")],
        "repeat_interval": after(HOUR),
    }
    info = {
        "matchers": [equal("severity", "info")],
        "active_time_intervals": ["business-hours"],
    }
    quiet = {"mute_time_intervals": ["maintenance"]}
    return {
        "receiver": "platform",
        "group_by": GROUP_BY,
        "group_wait": after(30),
        "group_interval": after(5 * MINUTE),
        "repeat_interval": after(4 * HOUR),
        "routes": [
            {
                "matchers": [equal("alertname", "Watchdog")],
                "receiver": "watchdog",
                "group_wait": "0s",
                "group_interval": after(MINUTE),
                "repeat_interval": after(5 * MINUTE),
            },
            {
                "matchers": [one_of("severity", ("critical", "warning"))],
                "receiver": "platform",
                "continue": True,
                **quiet,
                "routes": [{**critical, **quiet}],
            },
            *(
                {
                    "matchers": [equal("org", org)],
                    "receiver": name,
                    **quiet,
                    "routes": [{**critical, **quiet}, {**info, **quiet}],
                }
                for org, name in org_names.items()
            ),
        ],
    }


def inhibit_rules() -> list[dict[str, Any]]:
    """Alerts that need no message while their cause has one."""
    same_store = ["org", "domain"]
    return [
        {
            "source_matchers": [equal("alertname", "StoreDown")],
            "target_matchers": [one_of("alertname", STORE_BROKEN)],
            "equal": same_store,
        },
        {
            "source_matchers": [equal("alertname", "StoreCredentialsRejected")],
            "target_matchers": [one_of("alertname", ("StoreDown", *STORE_BROKEN))],
            "equal": same_store,
        },
        {
            "source_matchers": [equal("alertname", "StoreExporterDown")],
            "target_matchers": [one_of("alertname", BUSINESS)],
        },
        {
            # During a long outage both pages fire; one of them says it all.
            "source_matchers": [equal("alertname", BURN), equal("window", BURN_RATES[0].long)],
            "target_matchers": [equal("alertname", BURN), equal("window", BURN_RATES[1].long)],
            "equal": [*same_store, "slo"],
        },
        {
            # A page replaces the ticket about the same thing.
            "source_matchers": [equal("severity", "critical")],
            "target_matchers": [equal("severity", "warning")],
            "equal": ["alertname", "org", "domain", "slo"],
        },
    ]


def time_intervals(times: Times) -> list[dict[str, Any]]:
    """Business hours and maintenance windows."""

    def at(interval: Interval) -> dict[str, Any]:
        days = {"weekdays": list(interval.weekdays)} if interval.weekdays else {}
        clock = {"start_time": interval.start, "end_time": interval.end}
        return {**days, "times": [clock], "location": times.location}

    return [
        {"name": "business-hours", "time_intervals": [at(times.business)]},
        {"name": "maintenance", "time_intervals": [at(each) for each in times.maintenance]},
    ]
