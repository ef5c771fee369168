"""Messages that Alertmanager could not deliver."""

from __future__ import annotations

from tests.mixin.alert_cases.case import Case, of

ALERTMANAGER = 'job="alertmanager", instance="alertmanager:9093"'
REFUSED_MESSAGES = of(
    "alertmanager_notifications_failed_total",
    'integration="slack", reason="clientError"',
    ALERTMANAGER,
)


def refused_by(receiver: str) -> str:
    """Messages that a receiver refused, where Alertmanager counts by receiver."""
    own = f'integration="slack", reason="clientError", receiver_name="{receiver}"'
    return of("alertmanager_notifications_failed_total", own, ALERTMANAGER)


FIRED = 'alertstate="firing", severity="critical", org="acme"'
DELIVERY = [
    Case(
        "StoreAlertsUndelivered",
        "messages that Slack refused are told with what fired meanwhile, as soon as it takes one",
        {
            REFUSED_MESSAGES: "0x4 1x20",
            of("ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""): "_x4 1x3",
        },
        "12m",
        "slack refused messages of alertmanager:9093 (1 in the last quarter of an hour). "
        "In the last two hours there fired StoreDown tea.example (acme), over.",
        base=f'{ALERTMANAGER}, integration="slack"',
    ),
    Case(
        "StoreAlertsUndelivered",
        "the receivers that refused are named where Alertmanager counts by receiver",
        {
            refused_by("org-acme/1"): "0x4 1x20",
            refused_by("platform"): "0x4 3x20",
            refused_by("org-globex"): "7x40",
            of("ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""): "_x4 1x30",
            of(
                "ALERTS", f'{FIRED}, alertname="StoreDegraded", domain="tea.example"', ""
            ): "_x2 1x3",
        },
        "12m",
        "slack refused messages of alertmanager:9093 to platform, org-acme/1 (4 in the last "
        "quarter of an hour). In the last two hours there fired StoreDegraded tea.example (acme), "
        "over; StoreDown tea.example (acme).",
        base=f'{ALERTMANAGER}, integration="slack"',
    ),
    Case(
        "StoreAlertsUndelivered",
        "messages that all arrive are nothing to tell of",
        {REFUSED_MESSAGES: "3x40"},
        "30m",
        base=f'{ALERTMANAGER}, integration="slack"',
    ),
    Case(
        "StoreAlertsMissed",
        "an org hears of what ended while its own receiver refused, and of nobody else's alerts",
        {
            refused_by("org-acme/2"): "0x4 1x20",
            refused_by("org-globex"): "0x4 1x20",
            of(
                "ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""
            ): "_x4 1x3 stale",
            of(
                "ALERTS",
                'alertstate="firing", org="globex", alertname="StoreDown", domain="x.example"',
                "",
            ): "_x4 1x30",
        },
        "12m",
        "slack refused messages to acme. What fired and ended in the last two hours: StoreDown "
        "tea.example.",
        base='org="acme", integration="slack"',
        labels={"audience": "org"},
    ),
    Case(
        "StoreAlertsMissed",
        "an alert that goes on has messages of its own",
        {
            refused_by("org-acme"): "0x4 1x20",
            of("ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""): "_x4 1x30",
        },
        "12m",
        base='org="acme", integration="slack"',
    ),
    Case(
        "StoreAlertsMissed",
        "what the platform's receiver refused no org hears of",
        {
            refused_by("platform"): "0x4 1x20",
            of(
                "ALERTS", f'{FIRED}, alertname="StoreDown", domain="tea.example"', ""
            ): "_x4 1x3 stale",
        },
        "12m",
        base='org="acme", integration="slack"',
    ),
]
