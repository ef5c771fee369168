"""The figures and lists inside the written pages on alerts, messages and objectives."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from ... import markdown
from ..alerts import alerts, groups
from ..messages.inhibition import causes
from ..model import Alert, Cause
from ..names import AUDIENCE, ORG_ONLY, AlertName
from ..objectives import DEFAULT, Objective, ObjectiveKind
from ..policy import BURN_RATES, MESSAGES, SEASONAL, SLO_WINDOW
from ..promql import seconds
from . import runbook


def alerting() -> dict[str, str]:
    """The sections of docs/alerting.md."""
    return {
        "alerts": every_alert(),
        "severities": severities(),
        "inhibition": inhibition(),
        "normal": seasonal_alerts(),
    }


def objectives() -> dict[str, str]:
    """The sections of docs/slo.md that no key of the file is about."""
    return {
        "defaults": markdown.table(
            ("name", "kind", "target", "what is good"),
            (
                (f"`{each.name}`", each.kind, f"{100 * each.target:g} %", good_event(each))
                for each in DEFAULT
            ),
        ),
        "burn-rates": burn_rates(),
    }


def severities() -> str:
    """Who hears of what, and when."""
    often, seldom = (duration_text(each) for each in (MESSAGES.repeat_critical, MESSAGES.repeat))
    table = markdown.table(
        ("severity", "meaning", "the platform", "the org", "repeated every"),
        (
            ("critical", "pages somebody", "yes", "yes", often),
            ("warning", "work queue", "yes", "yes", seldom),
            (
                "info",
                "context",
                "only for orgs without receivers",
                "in business hours",
                seldom,
            ),
        ),
    )
    return markdown.page(
        (
            table,
            (
                "Alerts of one name share one message, however many stores they are about. The "
                f"first alert waits {duration_text(MESSAGES.group_wait)} for others; changes wait "
                f"{duration_text(MESSAGES.group_interval_critical)} if they are critical and "
                f"{duration_text(MESSAGES.group_interval)} if not. A message lists at most "
                f"{MESSAGES.listed} alerts and counts the rest. `{AlertName.WATCHDOG}` always "
                "fires and goes to the heartbeat monitor, which notifies you when it stops."
            ),
        )
    )


def every_alert() -> str:
    """Each alert: what it means, after how long, to whom, and what holds it back."""
    rows = []
    for alert in sorted(alerts(), key=lambda each: each.name):
        causes_of = ", ".join(dict.fromkeys(cause.alert for cause in alert.inhibited_by))
        row = (
            runbook.link(alert.name, "runbooks/") + label_selector(alert.labels),
            alert.summary,
            alert.severity,
            duration_text(alert.hold) if alert.hold else "at once",
            recipients(alert),
            causes_of or "nothing",
        )
        rows.append(row)
    table = markdown.table(
        ("alert", "what it says", "severity", "after", "to whom", "held back by"), rows
    )
    return markdown.page((table, evaluations()))


def evaluations() -> str:
    """How often alerts are evaluated whose groups have an interval of their own."""
    timed = [(group.interval, rule) for group in groups() if group.interval for rule in group.rules]
    intervals, found = defaultdict[str, set[float]](set), defaultdict[float, set[str]](set)
    for interval, rule in timed:
        intervals[rule.name].add(interval)
    for interval, rule in timed:
        window = f" over {rule.labels['window']}" if len(intervals[rule.name]) > 1 else ""
        found[interval].add(rule.name + window)
    lists = (
        f"Evaluated every {duration_text(interval).removeprefix('1 ')}: {', '.join(sorted(names))}."
        for interval, names in sorted(found.items())
    )
    return (
        "Prometheus evaluates alerts at its configured interval, here every 15 seconds. The "
        "following alerts have a longer interval, and may fire and end up to that interval "
        f"later. {' '.join(lists)}"
    )


def recipients(alert: Alert) -> str:
    """Who hears of an alert."""
    if alert.severity == "none":
        return "the heartbeat monitor"
    if alert.labels.get(AUDIENCE) == ORG_ONLY:
        return "the org"
    if "org" not in alert.by:
        return "the platform"
    return "the org" if alert.severity == "info" else "the platform, the org"


def inhibition() -> str:
    """What is held back by what."""
    every = alerts()
    rows = [
        (
            runbook.link(cause.alert, "runbooks/") + label_selector(cause.labels),
            ", ".join(inhibited(cause, every)) + runbook.store(cause.same),
        )
        for cause in causes(every)
    ]
    rows.append(("a critical alert", "the warning of the same name, store and objective"))
    return markdown.table(("while this fires", "these stay silent"), rows)


def inhibited(cause: Cause, every: list[Alert]) -> Iterable[str]:
    """What a cause holds back; which rules, where it is another rule of the same alert."""
    return dict.fromkeys(
        runbook.link(alert.name, "runbooks/")
        + label_selector(alert.labels if alert.name == cause.alert else {})
        for alert in every
        if cause in alert.inhibited_by
    )


def label_selector(labels: Mapping[str, str]) -> str:
    """Labels as a selector shows them."""
    return "".join(f' `{label}="{value}"`' for label, value in labels.items())


def seasonal_alerts() -> str:
    """Which alerts compare with the past."""
    learning = ", ".join(
        runbook.link(name, "runbooks/")
        for name in (
            AlertName.STORE_ORDER_DROUGHT,
            AlertName.STORE_LATENCY_REGRESSION,
            AlertName.STORE_REFUND_SURGE,
            AlertName.STORE_ABANDONED_CARTS_SURGE,
        )
    )
    return (
        f"These alerts compare with the past, in PromQL alone: {learning}. They take the median "
        f"of the same weekday and hour of the last {SEASONAL.weeks} weeks. They stay silent while "
        f"fewer than {SEASONAL.history} of these weeks have figures, or if the volume is too low "
        "for the figures to mean anything."
    )


def good_event(objective: Objective) -> str:
    """What counts as good."""
    if objective.kind is ObjectiveKind.LATENCY:
        return f"an operation that took at most {objective.threshold:g} s"
    if objective.kind is ObjectiveKind.UPTIME:
        return "time in which neither the liveness probe nor another critical probe fails"
    faults = "the store, the configuration or the application"
    return f"an operation that did not fail by a fault of {faults}"


def burn_rates() -> str:
    """The pairs of windows, and how much of the budget is gone when they agree."""
    period = seconds(SLO_WINDOW)
    head = ("severity", "times too fast", "long window", "short window")
    return markdown.table(
        (*head, f"budget of {window_text(SLO_WINDOW)} spent by then"),
        (
            (
                rate.severity,
                f"{rate.factor:g}",
                window_text(rate.long),
                window_text(rate.short),
                f"{100 * rate.factor * seconds(rate.long) / period:.0f} %",
            )
            for rate in BURN_RATES
        ),
    )


def window_text(window: str) -> str:
    """A window as people write it."""
    return f"{window[:-1]} {window[-1]}"


def duration_text(duration: float) -> str:
    """A duration in words."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if duration % size == 0:
            count = int(duration // size)
            return f"{count} {unit}{'s' * (count > 1)}"
    return f"{duration:g} seconds"
