"""Alertmanager's inhibition: which alerts need no message while their cause has one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..alerts import alerts
from ..model import Alert, Cause
from ..promql import equal, one_of


def inhibit_rules() -> list[dict[str, Any]]:
    """Alerts that need no message while their cause has one."""
    every = alerts()
    return [
        *(inhibition(cause, every) for cause in causes(every)),
        {
            # A critical alert replaces the warning about the same subject.
            "source_matchers": [equal("severity", "critical")],
            "target_matchers": [equal("severity", "warning")],
            "equal": ["alertname", "org", "domain", "slo"],
        },
    ]


def causes(every: Sequence[Alert]) -> list[Cause]:
    """Every cause that inhibits alerts, each once."""
    found: list[Cause] = []
    for alert in every:
        found += [cause for cause in alert.inhibited_by if cause not in found]
    return found


def inhibition(cause: Cause, every: Sequence[Alert]) -> dict[str, Any]:
    """The rule by which a cause inhibits the alerts that follow from it."""
    held = [alert for alert in every if cause in alert.inhibited_by]
    names = list(dict.fromkeys(alert.name for alert in held))
    targets = [one_of("alertname", names)]
    if any(alert.name in names for alert in every if alert not in held):
        # Only some rules of these alerts follow from the cause; their labels distinguish them.
        labels = dict.fromkeys(label for alert in held for label in alert.labels)
        targets += [
            one_of(label, dict.fromkeys(alert.labels[label] for alert in held)) for label in labels
        ]
    labelled = [equal(label, value) for label, value in cause.labels.items()]
    rule: dict[str, Any] = {
        "source_matchers": [equal("alertname", cause.alert), *labelled],
        "target_matchers": targets,
    }
    return {**rule, "equal": list(cause.same)} if cause.same else rule
