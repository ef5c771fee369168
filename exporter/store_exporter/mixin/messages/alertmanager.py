"""Alertmanager's configuration: a route for each org, the platform's copy, inhibition, times.

root                      everything that no other route takes: the platform
├── the watchdog          the dead-man's switch
├── critical, warning     the platform's copy; the only route that continues
├── org="…"               the org's own receivers, one route for each org that has any, and below
│                         it one for each of its `routes`
└── audience="org"        alerts only for an org that has no receivers: nobody

Alerts are grouped only by name, so a receiver never gets more messages at once than there are
alerts, however many stores fail. Slack accepts one message per second and webhook and refuses the
rest with HTTP 429; Alertmanager repeats those only at the group's next interval (its notify/slack
and notify/util.go, 0.33: only 5xx is repeated at once).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..names import AUDIENCE, ORG_ONLY, ORG_RECEIVER, AlertName
from ..policy import MESSAGES
from ..promql import duration, equal, one_of
from .inhibition import inhibit_rules
from .links import PLATFORM
from .receivers import AlertRoute, Interval, Receivers, receiver

GROUP_BY = ["alertname"]
NOBODY = "nobody"

WORKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


OFFICE = Interval("08:00", "18:00", WORKDAYS)


@dataclass(frozen=True)
class Times:
    """Times in which messages wait.

    Attributes:
        location: time zone of the intervals, such as `Europe/Berlin`.
        business: business hours; alerts of severity info wait for them.
        maintenance: times in which only the watchdog is sent.
    """

    location: str = "UTC"
    business: Interval = OFFICE
    maintenance: Sequence[Interval] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """Everything the configuration is made from.

    Attributes:
        platform: the platform's own receivers.
        orgs: receivers by org.
        watchdog: the dead-man's switch outside this system.
        times: business hours and maintenance.
    """

    platform: Receivers
    orgs: dict[str, Receivers] = field(default_factory=dict)
    watchdog: Receivers = field(default_factory=Receivers)
    times: Times = field(default_factory=Times)


_WEBHOOK = "/etc/alertmanager/secrets/slack_webhook_url"
DEFAULT = Routing(platform=Receivers({"slack": [{"api_url_file": _WEBHOOK}]}))
"""The committed configuration: one Slack webhook for the platform, no orgs of their own."""


def build(routing: Routing = DEFAULT, *, pace: float = 1.0) -> dict[str, Any]:
    """Return Alertmanager's configuration.

    Args:
        routing: receivers and times.
        pace: factor on every wait; a demonstration uses less than 1.
    """
    orgs = {org: (f"{ORG_RECEIVER}{org}", to) for org, to in routing.orgs.items() if to}
    platform = ("platform", replace(routing.platform, links=PLATFORM))
    receivers = [
        *named(*platform),
        heartbeat(routing.watchdog),
        *(one for name, to in orgs.values() for one in named(name, to)),
        {"name": NOBODY},
    ]
    return {
        "route": root_route(platform[1], orgs, pace),
        "inhibit_rules": inhibit_rules(),
        "time_intervals": time_intervals(routing.times, [platform, *orgs.values()]),
        "receivers": receivers,
        "templates": ["templates/*.tmpl"],
    }


def named(name: str, to: Receivers) -> list[dict[str, Any]]:
    """Receivers as Alertmanager defines them: one with all integrations, and one for each route."""
    parts = [receiver(part, to.only(route.to)) for part, route in routed(name, to)]
    return [receiver(name, to), *parts]


def routed(name: str, to: Receivers) -> list[tuple[str, AlertRoute]]:
    """The routes by the names of their receivers; the slash in them is in no org's name."""
    return [(f"{name}/{number}", route) for number, route in enumerate(to.routes, 1)]


def heartbeat(to: Receivers) -> dict[str, Any]:
    """The dead-man's switch, which gets no message when the watchdog ends.

    The watchdog ends minutes after Prometheus died, and the switch would take any message for a
    sign of life.
    """
    switch = receiver("watchdog", to)
    for webhook in switch.get("webhook_configs", ()):
        webhook["send_resolved"] = False
    return switch


QUIET = "maintenance"
HOURS = "business-hours"


def hours_of(name: str, to: Receivers) -> str:
    """The name of the business hours of an org's or the platform's receivers."""
    return f"{name}-{HOURS}" if to.hours else HOURS


def root_route(
    platform: Receivers, orgs: Mapping[str, tuple[str, Receivers]], pace: float
) -> dict[str, Any]:
    """The tree of routes; see the module's docstring."""
    return {
        "receiver": "platform",
        "group_by": GROUP_BY,
        "group_wait": wait_text(MESSAGES.group_wait, pace),
        "group_interval": wait_text(MESSAGES.group_interval, pace),
        "repeat_interval": wait_text(MESSAGES.repeat, pace),
        "routes": [
            {
                "matchers": [equal("alertname", AlertName.WATCHDOG)],
                "receiver": "watchdog",
                "group_wait": "0s",
                "group_interval": wait_text(MESSAGES.watchdog / 5, pace),
                "repeat_interval": wait_text(MESSAGES.watchdog, pace),
            },
            {
                "matchers": [
                    one_of("severity", ("critical", "warning")),
                    one_of(AUDIENCE, (ORG_ONLY,), negate=True),
                ],
                "receiver": "platform",
                "continue": True,
                "mute_time_intervals": [QUIET],
                "routes": branches("platform", platform, pace)
                if platform.routes
                else [critical_route(pace)],
            },
            *(
                {
                    "matchers": [equal("org", org)],
                    "receiver": NOBODY if to.routes else name,
                    "mute_time_intervals": [QUIET],
                    "routes": branches(name, to, pace),
                }
                for org, (name, to) in orgs.items()
            ),
            {"matchers": [equal(AUDIENCE, ORG_ONLY)], "receiver": NOBODY},
        ],
    }


def wait_text(seconds: float, pace: float) -> str:
    """A wait as a duration of at least a second."""
    return duration(max(seconds * pace, 1))


def critical_route(pace: float) -> dict[str, Any]:
    """Settings for critical alerts: changes are sent sooner, and repeats are more frequent."""
    return {
        "matchers": [equal("severity", "critical")],
        "group_interval": wait_text(MESSAGES.group_interval_critical, pace),
        "repeat_interval": wait_text(MESSAGES.repeat_critical, pace),
        "mute_time_intervals": [QUIET],
    }


def branches(name: str, to: Receivers, pace: float) -> list[dict[str, Any]]:
    """The routes below the platform's or an org's route, by severity and hour."""
    hours = hours_of(name, to)
    if not to.routes:
        info = {
            "matchers": [equal("severity", "info")],
            "active_time_intervals": [hours],
            "mute_time_intervals": [QUIET],
        }
        return [critical_route(pace), info]
    found = []
    for part, route in routed(name, to):
        branch: dict[str, Any] = {
            "matchers": [equal("severity", route.severity)],
            "mute_time_intervals": [QUIET],
            "receiver": part,
            "continue": True,
        }
        if route.severity == "critical":
            branch |= critical_route(pace)
        if route.when == "business_hours":
            branch["active_time_intervals"] = [hours]
        elif route.when == "outside_business_hours":
            branch["mute_time_intervals"] = [QUIET, hours]
        found.append(branch)
    return found


def time_intervals(
    times: Times, receivers: Iterable[tuple[str, Receivers]]
) -> list[dict[str, Any]]:
    """Business hours, those of orgs included, and maintenance windows."""

    def at(interval: Interval, location: str = times.location) -> dict[str, Any]:
        days = {"weekdays": list(interval.weekdays)} if interval.weekdays else {}
        clock = {"start_time": interval.start, "end_time": interval.end}
        return {**days, "times": [clock], "location": location}

    own = [
        {
            "name": hours_of(name, to),
            "time_intervals": [at(to.hours.interval, to.hours.location)],
        }
        for name, to in receivers
        if to.hours
    ]
    return [
        {"name": HOURS, "time_intervals": [at(times.business)]},
        *own,
        {"name": QUIET, "time_intervals": [at(each) for each in times.maintenance]},
    ]
