"""Rules, alerts and runbooks as plain data; `as_document` turns them into files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import Fault
from ..metrics.catalogue import health
from . import promql, series
from .go_templates import given, value
from .names import MANY, Dashboard, Dashboards
from .policy import MESSAGES


@dataclass(frozen=True, slots=True)
class Record:
    """A recording rule."""

    name: str
    expression: str
    labels: Mapping[str, str] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the rule in the form of Prometheus' rule files."""
        rule: dict[str, Any] = {"record": self.name, "expr": promql.lines(self.expression)}
        if self.labels:
            rule["labels"] = dict(self.labels)
        return rule


class Runbook:
    """What to do about an alert.

    Args:
        text: Markdown of a paragraph and two lists, with a blank line between them.

    Attributes:
        meaning: the paragraph: what is wrong, who is affected, and what follows from it.
        check: the first list: steps that distinguish the causes.
        action: the second list: steps that solve the problem.
    """

    def __init__(self, text: str) -> None:
        meaning, check, action = text.split("\n\n")
        self.meaning = " ".join(meaning.split())
        self.check, self.action = (
            [" ".join(step.split()) for step in re.split(r"^ *- ", steps, flags=re.MULTILINE)[1:]]
            for steps in (check, action)
        )


@dataclass(frozen=True, slots=True)
class Cause:
    """An alert that inhibits others while it fires, because they follow from it.

    Attributes:
        labels: further labels that it must carry.
        same: labels that must be equal on both alerts; by default those of a store.
    """

    alert: str
    labels: Mapping[str, str] = field(default_factory=dict)
    same: tuple[str, ...] = promql.SHOP


@dataclass(frozen=True, slots=True)
class Joined:
    """Labels that templates read and the alert itself does not carry.

    The rule's own query finds them for all of its alerts together. A query in a template would run
    for each alert at each evaluation, which takes seconds for a thousand alerts.

    Attributes:
        labels: the labels to add; empty if nothing is found.
        expression: PromQL, at most one series for each alert.
        on: the labels by which a series belongs to an alert.
        otherwise: PromQL with one series for every alert, even while a store has two alerts of one
            name, as it has for some minutes after it moved to another platform.
    """

    labels: tuple[str, ...]
    expression: str
    on: tuple[str, ...] = promql.SHOP
    otherwise: str = promql.aggregate("max", promql.SHOP, series.STORE_UP)

    def term(self) -> str:
        """The PromQL term that adds the labels to the expression before it; values stay."""
        same, added = promql.on(*self.on), ", ".join(self.labels)
        found = f"({self.expression}) or {same} {self.otherwise}"
        return f"+ {same} group_left ({added}) (0 * ({found}))"


@dataclass(frozen=True, slots=True)
class Alert:
    """An alerting rule and its runbook.

    Attributes:
        name: alert name; the runbook's page and address are named after it.
        expression: PromQL; its value is what the description quotes.
        hold: seconds that the condition must hold before the alert fires.
        severity: critical pages somebody, warning is a work queue, info is context, none is for
            machines.
        past: the summary of a resolved alert.
        description: what is wrong with which figure; Go template.
        runbook: what to do about it, in the form that `Runbook` reads.
        dashboard: the page that shows more.
        by: the labels of its result; they fill the dashboard's variables.
        inhibited_by: the alerts that it follows from; while they fire, it sends no message.
        faults: the faults whose error types its message may name; the runbook explains them.
        facts: further annotations by name, templates that come out empty when nothing is known.
        probe: the probe whose first failure in a row is the beginning of the alert. Without one,
            the alert begins when its condition first holds.
        window: how far back its expression looks, where that is more than a few minutes, so that
            it is not judged by what happened in maintenance.
        keep: seconds that it continues to fire after its condition ended, so that one that comes
            and goes is reported once.
        ended: for a resolved alert, the beginning of the sentence about its duration.
        joined: labels for its templates that are not its own.
    """

    name: str
    expression: str
    hold: float
    severity: str
    summary: str
    past: str
    description: str
    runbook: str
    dashboard: Dashboard = Dashboards.SHOP
    by: tuple[str, ...] = promql.STORE
    labels: Mapping[str, str] = field(default_factory=dict)
    inhibited_by: tuple[Cause, ...] = ()
    faults: tuple[Fault, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    probe: str = ""
    window: str = ""
    keep: float = 0
    ended: str = ""
    joined: tuple[Joined, ...] = ()

    @property
    def steps(self) -> Runbook:
        """What to do about it."""
        return Runbook(self.runbook)

    @property
    def condition(self) -> str:
        """PromQL: its expression, without stores that are in maintenance."""
        if "domain" not in self.by:
            return self.expression
        return series.outside_maintenance(f"({self.expression})", self.window)

    @property
    def read(self) -> tuple[Joined, ...]:
        """All labels for its templates.

        While many alerts of this name are active, they have the label `many`. Templates then leave
        out everything that would take a query for each alert.
        """
        joined = (*(self._began() if self.probe else ()), *self.joined)
        templates = (self.description, *self.facts.values())
        if "domain" not in self.by or not any(f"$labels.{MANY}" in text for text in templates):
            return joined
        # Where it is cheap, so that not even the first evaluation of an outage queries each.
        counted = self.condition if self.probe else promql.select("ALERTS", *self._own())
        many = promql.labelled(f"count({counted}) > {MESSAGES.detailed}", MANY, "yes")
        return (*joined, Joined((MANY,), many, on=(), otherwise="vector(0)"))

    @property
    def query(self) -> str:
        """PromQL of the rule: its condition, with the labels for its templates."""
        condition = promql.lines(self.condition)
        terms = [joined.term() for joined in self.read]
        return "\n".join([f"({condition})", *terms]) if terms else condition

    def since(self) -> str:
        """Template text: the time at which the problem began, which is before the alert fires."""
        form = '"2006-01-02 15:04:05 UTC"'
        return self._active("since", "%s", f"(. | toTime).UTC.Format {form}")

    def lasted(self) -> str:
        """Template text: how long it has lasted, up to the latest evaluation of its condition.

        Prometheus keeps the annotations of that evaluation when the alert is over.
        """
        return self._active("lasted", "round(time() - %s)", ". | humanizeDuration")

    def _active(self, label: str, query: str, shown: str) -> str:
        if self.probe:
            return given(f"$labels.{label}", value(shown))
        began = promql.select("ALERTS_FOR_STATE", *self._own(), *(f"{name}=%q" for name in self.by))
        quoted = promql.quote(query.replace("%s", began))
        values = "".join(f" $labels.{name}" for name in self.by)
        found = shown.replace(".", "(. | first | value)", 1)
        return given(f"printf {quoted}{values} | query", value(found))

    def _own(self) -> list[str]:
        """Match the alerts of this rule."""
        constant = {"alertname": self.name, "severity": self.severity, **self.labels}
        return [promql.equal(label, value) for label, value in constant.items()]

    def _began(self) -> tuple[Joined, ...]:
        """The labels `since` and `lasted` of an alert that begins with a failed probe.

        Prometheus itself records when each alert became active. The exporter knows the failed probe
        before that, unless it was restarted meanwhile; so the earlier of the two counts.
        """
        failing = promql.select(health.PROBE_FAILING_SINCE, promql.equal("probe", self.probe))
        active = promql.select("ALERTS_FOR_STATE", *self._own())
        began = f"min by (org, domain) ({failing} or {active})"
        return tuple(
            Joined((label,), f'count_values by (org, domain) ("{label}", {value})')
            for label, value in (("since", began), ("lasted", f"round(time() - {began})"))
        )

    def document(self, grafana: str, runbooks: str, pace: float = 1.0) -> dict[str, Any]:
        """Return the alert in the form of Prometheus' rule files."""
        chosen = [f"var-{label}={{{{ $labels.{label} | urlquery }}}}" for label in self.by]
        query = "&".join(chosen)
        facts = {"since": self.since(), "lasted": self.lasted(), **self.facts}
        if self.ended:
            facts["ended"] = self.ended
        dropped = [label for joined in self.read for label in joined.labels]
        return {
            "alert": self.name,
            "expr": self.query,
            "for": promql.duration(self.hold * pace),
            **({"keep_firing_for": promql.duration(self.keep * pace)} if self.keep else {}),
            # Prometheus leaves out a label that comes out empty.
            "labels": {"severity": self.severity, **self.labels, **dict.fromkeys(dropped, "")},
            "annotations": {
                "summary": self.summary,
                "past": self.past,
                "description": self.description,
                **(facts if self.hold else {}),
                **({"first": self.steps.check[0]} if self.severity != "none" else {}),
                "runbook_url": f"{runbooks}/{self.name}",
                "dashboard_url": f"{grafana}/d/{self.dashboard.uid}{'?' if query else ''}{query}",
            },
        }


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated one after the other."""

    name: str
    rules: Sequence[Record | Alert]
    interval: float | None = None
    """Seconds between evaluations; the server's default when None."""
    meet: bool = False
    """Whether one window begins where the one before ends: no pace may change the interval then."""


def as_document(
    groups: Iterable[Group], *, grafana: str = "", runbooks: str = "", pace: float = 1.0
) -> dict[str, Any]:
    """Return a rule file's content."""
    result: list[dict[str, Any]] = []
    for group in groups:
        document: dict[str, Any] = {"name": group.name}
        if group.interval:
            document["interval"] = promql.duration(group.interval * (1 if group.meet else pace))
        document["rules"] = [
            rule.document() if isinstance(rule, Record) else rule.document(grafana, runbooks, pace)
            for rule in group.rules
        ]
        result.append(document)
    return {"groups": result}
