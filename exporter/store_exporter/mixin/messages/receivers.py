"""Receivers of messages: Slack, e-mail and others; and what is sent to which of them when."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from . import chat, links, mail, slack

Integration = Mapping[str, Any]
"""Where one integration sends, by Alertmanager's own keys; secrets are in files that it reads."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A time of day, `HH:MM`, on some days of the week; without days, on all of them."""

    start: str
    end: str
    weekdays: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class BusinessHours:
    """Working hours: an interval and its time zone."""

    location: str
    interval: Interval


@dataclass(frozen=True, slots=True)
class AlertRoute:
    """Which receivers get alerts of a severity, and when.

    Attributes:
        to: kinds of integrations.
        when: always, business_hours or outside_business_hours. An alert that fires at another time
            waits, and is sent if it still fires.
    """

    severity: str
    to: tuple[str, ...]
    when: str = "always"


@dataclass(frozen=True, slots=True)
class Receivers:
    """The receivers of the platform or of one org, and the links in their messages.

    Attributes:
        integrations: by kind, which is a key of `KINDS`.
        links: links that the messages may have.
        routes: which kinds get which severity, and when. Without routes all get everything, and
            info waits for business hours.
        hours: business hours, if they differ from the platform's.
    """

    integrations: Mapping[str, Sequence[Integration]] = field(default_factory=dict)
    links: links.ReceiverLinks = links.NOWHERE
    routes: Sequence[AlertRoute] = ()
    hours: BusinessHours | None = None

    def __bool__(self) -> bool:
        return any(self.integrations.values())

    def only(self, kinds: Sequence[str]) -> Receivers:
        """Return a copy with only these kinds."""
        return replace(self, integrations={kind: self.integrations.get(kind, ()) for kind in kinds})


KINDS: Mapping[str, tuple[str, Callable[[links.ReceiverLinks], Mapping[str, Any]]]] = {
    "slack": ("slack_configs", slack.message),
    "email": ("email_configs", mail.message),
    "webhook": ("webhook_configs", lambda _: {}),
    "teams": ("msteamsv2_configs", lambda _: chat.teams()),
    "telegram": ("telegram_configs", lambda _: chat.telegram()),
    "pagerduty": ("pagerduty_configs", lambda _: chat.pagerduty()),
}
"""Alertmanager's key of each kind of integration, and the settings of its messages."""


def receiver(name: str, to: Receivers) -> dict[str, Any]:
    """One named receiver with all its integrations."""
    result: dict[str, Any] = {"name": name}
    for kind, (key, message) in KINDS.items():
        if places := to.integrations.get(kind):
            settings = {"send_resolved": True, **message(to.links)}
            result[key] = [{**place, **settings} for place in places]
    return result
