"""Receivers of messages: Slack, e-mail and others, with every secret in a file; and routes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from . import chat, links, mail, slack


@dataclass(frozen=True, slots=True)
class Slack:
    """A Slack incoming webhook. Exactly one of `url_file` and `url` is given.

    Attributes:
        channel: `#channel`, or empty for the webhook's own.
        url_file: file that holds the address, which is a secret.
        url: the address itself, for receivers on loopback, whose address is not secret.
    """

    channel: str = ""
    url_file: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail receiver and the server that sends its messages."""

    to: str
    sender: str
    smarthost: str
    username: str = ""
    password_file: str = ""
    require_tls: bool = True


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver of Alertmanager's own JSON. One of `url_file` and `url` is given."""

    url_file: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Teams:
    """A webhook of a Microsoft Teams workflow. One of `url_file` and `url` is given."""

    url_file: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Telegram:
    """A chat of a Telegram bot; `api` replaces Telegram's own server."""

    chat: int
    token_file: str
    api: str = ""


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """A service of PagerDuty, by its Events API v2; `api` replaces PagerDuty's own server."""

    key_file: str
    api: str = ""


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
        severity: critical, warning or info.
        to: fields of `Receivers`.
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
        slack, email, webhook, teams, telegram, pagerduty: the receivers.
        links: links that the messages may have.
        routes: which receivers get which severity, and when. Without routes all get everything,
            and info waits for business hours.
        hours: business hours, if they differ from the platform's.
    """

    slack: Sequence[Slack] = ()
    email: Sequence[Email] = ()
    webhook: Sequence[Webhook] = ()
    teams: Sequence[Teams] = ()
    telegram: Sequence[Telegram] = ()
    pagerduty: Sequence[PagerDuty] = ()
    links: links.ReceiverLinks = links.NOWHERE
    routes: Sequence[AlertRoute] = ()
    hours: BusinessHours | None = None

    def __bool__(self) -> bool:
        return any(getattr(self, name) for name in KINDS)

    def only(self, names: Sequence[str]) -> Receivers:
        """Return a copy with only these receivers."""
        left: dict[str, Any] = {name: () for name in KINDS if name not in names}
        return replace(self, **left)


KINDS = ("slack", "email", "webhook", "teams", "telegram", "pagerduty")
"""The fields of `Receivers` that are receivers."""


def receiver(name: str, to: Receivers) -> dict[str, Any]:
    """One named receiver with all its integrations."""
    result: dict[str, Any] = {"name": name}
    if to.slack:
        result["slack_configs"] = [
            slack.config(channel=each.channel, url=each.url, url_file=each.url_file, to=to.links)
            for each in to.slack
        ]
    if to.email:
        result["email_configs"] = [email(each, to.links) for each in to.email]
    if to.webhook:
        result["webhook_configs"] = [
            {"send_resolved": True, **address("url", each.url, each.url_file)}
            for each in to.webhook
        ]
    if to.teams:
        result["msteamsv2_configs"] = [
            {**address("webhook_url", each.url, each.url_file), **chat.teams()} for each in to.teams
        ]
    if to.telegram:
        result["telegram_configs"] = [
            {
                "bot_token_file": each.token_file,
                "chat_id": each.chat,
                **({"api_url": each.api} if each.api else {}),
                **chat.telegram(),
            }
            for each in to.telegram
        ]
    if to.pagerduty:
        result["pagerduty_configs"] = [
            {
                "routing_key_file": each.key_file,
                **({"url": each.api} if each.api else {}),
                **chat.pagerduty(),
            }
            for each in to.pagerduty
        ]
    return result


def email(to: Email, leading: links.ReceiverLinks) -> dict[str, Any]:
    """One e-mail integration."""
    config: dict[str, Any] = {
        "to": to.to,
        "from": to.sender,
        "smarthost": to.smarthost,
        "require_tls": to.require_tls,
        "send_resolved": True,
        **mail.config(leading),
    }
    if to.username:
        config["auth_username"] = to.username
    if to.password_file:
        config["auth_password_file"] = to.password_file
    return config


def address(key: str, value: str, file: str) -> dict[str, str]:
    """The setting for an address, or for the file that holds it."""
    return {f"{key}_file": file} if file else {key: value}
