"""Where messages go: Slack, e-mail and webhooks, with every secret in a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from . import links, mail, slack


@dataclass(frozen=True, slots=True)
class Slack:
    """A Slack incoming webhook. Exactly one of `url_file` and `url` is given.

    Attributes:
        channel: `#channel`, or empty for the webhook's own.
        url_file: file with the address, which is a secret.
        url: the address itself; for receivers on loopback whose address is no secret.
    """

    channel: str = ""
    url_file: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Email:
    """An e-mail receiver and the server that takes its messages."""

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
class Receivers:
    """Where the messages for the platform, or for one org, go, and where they lead."""

    slack: Sequence[Slack] = ()
    email: Sequence[Email] = ()
    webhook: Sequence[Webhook] = ()
    links: links.ReceiverLinks = links.NOWHERE

    def __bool__(self) -> bool:
        return bool(self.slack or self.email or self.webhook)


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
    """An address given as such, or as the file that holds it."""
    return {f"{key}_file": file} if file else {key: value}
