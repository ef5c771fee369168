"""`alerts:` of an org: its receivers, what each gets and when, and the links in its messages."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from .hours import Hours, TimeZone
from .section import Section, as_tuple
from .types import AlertmanagerFile, Url


class SlackAlerts(Section):
    """Where an org's Slack messages go."""

    channel: str = Field(pattern=r"^[#@]?[^\s#@]{1,80}$", description="The channel; quote the #.")
    webhook_url: AlertmanagerFile = Field(
        description="file:PATH of the incoming webhook's address, on Alertmanager's machine."
    )


class TelegramAlerts(Section):
    """Where Telegram messages go."""

    chat: int = Field(description="Number of the chat; negative for a group or channel.")
    bot_token: AlertmanagerFile = Field(
        description="file:PATH of the bot's token, on Alertmanager's machine."
    )


ReceiverKind = Literal["slack", "email", "webhook", "teams", "telegram", "pagerduty"]


class AlertRouteSection(Section):
    """Which receivers get alerts of a severity, and when."""

    severity: Literal["critical", "warning", "info"] = Field(description="The severity.")
    to: Annotated[list[ReceiverKind], Field(min_length=1, max_length=6)] = Field(
        description="Receivers; each is configured beside `routes`."
    )
    when: Literal["always", "business_hours", "outside_business_hours"] = Field(
        "always",
        description="When they get messages; alerts that fire at another time wait until then.",
    )


class OrgAlerts(Section):
    """Where an org's alerts go; `store-exporter generate` makes Alertmanager's routes from it."""

    slack: SlackAlerts | None = Field(None, description="Messages to a Slack channel.")
    email: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[^@\s,<>]{1,64}@[^@\s,<>]{1,253}$")], ...],
        BeforeValidator(as_tuple),
        Field(max_length=20),
    ] = Field((), description="Addresses to mail to.")
    webhook: AlertmanagerFile | None = Field(
        None, description="file:PATH of a webhook's address, on Alertmanager's machine."
    )
    teams: AlertmanagerFile | None = Field(
        None, description="file:PATH of the address of a Microsoft Teams workflow's webhook."
    )
    telegram: TelegramAlerts | None = Field(None, description="Messages of a Telegram bot.")
    pagerduty: AlertmanagerFile | None = Field(
        None, description="file:PATH of the integration key (Events API v2) of a PagerDuty service."
    )
    routes: Annotated[tuple[AlertRouteSection, ...], BeforeValidator(as_tuple)] = Field(
        (),
        max_length=20,
        description="Which receivers get which severity at which time; by default all receivers "
        "get everything, and info waits for business hours.",
    )


class OrgLinks(Section):
    """Links in an org's messages; without this section they have none."""

    grafana: Url | None = Field(None, description="Address of the org's own Grafana.")
    runbooks: Url | None = Field(
        None, description="Address under which the pages of docs/runbooks/ are public."
    )


class OrgReceivers(OrgAlerts):
    """An org's receivers, links and working hours."""

    links: OrgLinks | None = Field(None, description="Links in the messages; none by default.")
    timezone: TimeZone | None = Field(
        None, description="The time zone of its `business_hours`; default: the platform's."
    )
    business_hours: Hours | None = Field(
        None, description="Working hours of the org; default: the platform's."
    )
