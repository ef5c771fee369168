"""Alertmanager's receivers and times from the exporter's configuration."""

from __future__ import annotations

from dataclasses import replace

from ..config import Config
from ..config.model.alerting import PlatformAlerts, Smtp
from ..config.model.hours import Hours
from ..config.model.receivers import OrgAlerts, OrgLinks, OrgReceivers
from ..mixin.messages import alertmanager
from ..mixin.messages.alertmanager import (
    AlertRoute,
    BusinessHours,
    Email,
    PagerDuty,
    Receivers,
    Routing,
    Slack,
    Teams,
    Telegram,
    Times,
    Webhook,
)
from ..mixin.messages.links import NOWHERE, ReceiverLinks


def routing(config: Config) -> Routing:
    """The routing of alerts that the configuration defines.

    A platform without receivers of its own gets the default one, so that no alert is lost.
    """
    alerts = config.alerts
    platform = receivers(alerts, alerts.smtp)
    watchdog = (Webhook(url_file=alerts.watchdog),) if alerts.watchdog else ()
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
        watchdog=Receivers(webhook=watchdog),
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
        slack=(Slack(channel=slack.channel, url_file=slack.webhook_url),) if slack else (),
        email=tuple(email(address, smtp) for address in alerts.email if smtp),
        webhook=(Webhook(url_file=alerts.webhook),) if alerts.webhook else (),
        teams=(Teams(url_file=alerts.teams),) if alerts.teams else (),
        telegram=(Telegram(telegram.chat, telegram.bot_token),) if telegram else (),
        pagerduty=(PagerDuty(alerts.pagerduty),) if alerts.pagerduty else (),
        routes=tuple(
            AlertRoute(route.severity, tuple(route.to), route.when) for route in alerts.routes
        ),
    )


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


def email(address: str, smtp: Smtp) -> Email:
    """A receiver of e-mail."""
    return Email(
        to=address,
        sender=smtp.key_from,
        smarthost=smtp.smarthost,
        username=smtp.username,
        password_file=smtp.password or "",
        require_tls=smtp.require_tls,
    )


def interval(hours: Hours) -> alertmanager.Interval:
    """A time interval in Alertmanager's form."""
    return alertmanager.Interval(hours.key_from, hours.to, hours.weekdays)
