"""Alertmanager's receivers and times from the exporter's configuration."""

from __future__ import annotations

from dataclasses import replace

from ..config import Config
from ..config.model.alerting import PlatformAlerts, Smtp
from ..config.model.hours import Hours
from ..config.model.receivers import OrgAlerts, OrgLinks, OrgReceivers
from ..mixin.messages import alertmanager
from ..mixin.messages.alertmanager import Routing, Times
from ..mixin.messages.links import NOWHERE, ReceiverLinks
from ..mixin.messages.receivers import AlertRoute, BusinessHours, Integration, Interval, Receivers


def routing(config: Config) -> Routing:
    """The routing of alerts that the configuration defines.

    A platform without receivers of its own gets the default one, so that no alert is lost.
    """
    alerts = config.alerts
    platform = receivers(alerts, alerts.smtp)
    return Routing(
        platform=platform or alertmanager.DEFAULT.platform,
        orgs={
            name: replace(
                receivers(org.alerts, alerts.smtp),
                links=links(org.alerts.links),
                hours=hours(org.alerts, alerts),
            )
            for name, org in config.orgs.items()
        },
        watchdog=Receivers({"webhook": _of_file("url_file", alerts.watchdog)}),
        times=Times(
            location=alerts.timezone,
            business=interval(alerts.business_hours) if alerts.business_hours else Times.business,
            maintenance=tuple(interval(hours) for hours in alerts.maintenance),
        ),
    )


def receivers(alerts: OrgAlerts, smtp: Smtp | None) -> Receivers:
    """The receivers of the platform or of one org."""
    slack, telegram = alerts.slack, alerts.telegram
    return Receivers(
        {
            "slack": [{"api_url_file": slack.webhook_url, "channel": slack.channel}]
            if slack
            else [],
            "email": [email(address, smtp) for address in alerts.email if smtp],
            "webhook": _of_file("url_file", alerts.webhook),
            "teams": _of_file("webhook_url_file", alerts.teams),
            "telegram": [{"bot_token_file": telegram.bot_token, "chat_id": telegram.chat}]
            if telegram
            else [],
            "pagerduty": _of_file("routing_key_file", alerts.pagerduty),
        },
        routes=tuple(
            AlertRoute(route.severity, tuple(route.to), route.when) for route in alerts.routes
        ),
    )


def _of_file(key: str, file: str | None) -> list[Integration]:
    """An integration that needs only one file, if there is one."""
    return [{key: file}] if file else []


def hours(org: OrgReceivers, platform: PlatformAlerts) -> BusinessHours | None:
    """An org's business hours, if it has its own time zone or hours."""
    if org.timezone is None and org.business_hours is None:
        return None
    chosen = org.business_hours or platform.business_hours
    return BusinessHours(
        org.timezone or platform.timezone, interval(chosen) if chosen else Times.business
    )


def links(configured: OrgLinks | None) -> ReceiverLinks:
    """The links that an org's messages may contain."""
    if configured is None:
        return NOWHERE
    return ReceiverLinks(
        (configured.grafana or "").rstrip("/"), (configured.runbooks or "").rstrip("/")
    )


def email(address: str, smtp: Smtp) -> Integration:
    """A receiver of e-mail."""
    found = {"to": address, "from": smtp.key_from, "smarthost": smtp.smarthost}
    login = {"auth_username": smtp.username, "auth_password_file": smtp.password}
    given = {key: value for key, value in login.items() if value}
    return {**found, "require_tls": smtp.require_tls, **given}


def interval(hours: Hours) -> Interval:
    """A time interval in Alertmanager's form."""
    return Interval(hours.key_from, hours.to, hours.weekdays)
