"""Alerts on the evaluation of rules: a failing rule is silent, and so are alerts that read it."""

from __future__ import annotations

from dataclasses import dataclass

from .. import promql
from ..model import Alert, Group
from ..names import AlertName, Dashboards
from ..policy import HOUR, MINUTE
from ..rules import recording, slo
from .texts import PROCESS, enumerated, queried


@dataclass(frozen=True, slots=True)
class _Evaluator:
    """A program that evaluates rules, and its counters of each group of rules.

    Attributes:
        label: the label of its counters that names the group.
        before: regular expression of the text before the name in that label.
        counters: counters of failures, then those of missed evaluations. Counters of one tuple
            are read together; they differ in further labels.
    """

    label: str
    before: str
    counters: tuple[tuple[str, ...], ...]

    def read(self, names: tuple[str, ...], groups: str, *matchers: str) -> str:
        """Select counters of the groups whose names match a regular expression."""
        ours = f"{self.label}=~{promql.quote(self.before + groups)}"
        return promql.select("", promql.one_of("__name__", names), ours, *matchers)


_EVALUATORS = (
    _Evaluator(
        "rule_group",
        ".*;",
        (
            ("prometheus_rule_evaluation_failures_total",),
            ("prometheus_rule_group_iterations_missed_total",),
        ),
    ),
    # VictoriaMetrics' vmalert.
    _Evaluator(
        "group",
        "",
        (
            (
                "vmalert_alerting_rules_errors_total",
                "vmalert_recording_rules_errors_total",
                "vmalert_iteration_missed_total",
            ),
        ),
    ),
)

_LABELS = tuple(each.label for each in _EVALUATORS)
_OURS = "store-exporter[.].*"

_RARE = "|".join(
    group.name.replace(".", "[.]")
    for group in (*recording.groups(), *slo.groups())
    if (group.interval or 0) >= HOUR
)

_HOURLY = f"({_RARE})"
"""Groups that are evaluated once an hour."""
_WINDOW = "15m"
_HOLD = 16 * MINUTE
"""Longer than the window, so that a single failure is not reported."""
_HOURS = "65m"
"""Longer than an hour: a rule that fails every hour failed in this window and in the one before."""
_NAMED = 5
"""The most groups that a message names."""


def _moved(by: tuple[str, ...], *matchers: str) -> str:
    """Failed and missed evaluations by labels, and failures in two hours in a row.

    Prometheus has both counters for every group. The expression tries one after the other, so a
    counter that did not move hides none.
    """
    found: list[str] = []
    for each in _EVALUATORS:
        for names in each.counters:
            counter = each.read(names, _OURS, *matchers)
            found.append(f"{promql.total(by, f'increase({counter}[{_WINDOW}])')} > 0")
        hourly = each.read(each.counters[0], _HOURLY, *matchers)
        hour, before = (
            promql.total(by, f"increase({hourly}[{_HOURS}]{moved})")
            for moved in ("", f" offset {_HOURS}")
        )
        found.append(f"({hour} > 0 and {before} > 0)")
    return " or ".join(found)


def _named() -> str:
    """Template text that names the groups."""
    of_process = [f"{label}=%q" for label in PROCESS]
    group = (
        f'{{{{ or {" ".join(f".Labels.{each}" for each in _LABELS)} | reReplaceAll ".*;" "" }}}}'
    )
    moved = _moved(_LABELS, *of_process)
    return queried(
        f"topk({_NAMED + 1}, {moved})",
        f" Groups:{enumerated(f' {group}', ',', most=_NAMED)}.",
        *PROCESS * (moved.count("%q") // len(PROCESS)),
    )


RULES_FAILING = Alert(
    AlertName.STORE_RULES_FAILING,
    _moved(PROCESS),
    _HOLD,
    "warning",
    "Rules fail to be evaluated.",
    "Rules failed to be evaluated.",
    "{{ $labels.instance }} keeps failing to evaluate the exporter's rules, or evaluates them "
    'too late: {{ $value | printf "%.0f" }} times lately. Alerts that need them may not fire.'
    f"{_named()}",
    """
    For a quarter of an hour Prometheus, or vmalert, has failed to evaluate rules, or has skipped
    evaluations because the previous one had not ended; or rules that are evaluated once an hour
    failed twice in a row. Meanwhile the series of a failing recording rule are missing, and a
    failing alert does not fire, whatever happens.

    - In Prometheus, Status, Rule health, or on vmalert's own page, Groups: which rules fail, with
      which error?
    - *query timed out* and *too many samples* come from a Prometheus that is too busy or too small:
      see docs/scaling.md.
    - *many-to-many* and *same labelset* come from duplicate series, such as from rules that are
      loaded twice or in two versions.

    - Give Prometheus, or vmalert's database, more processor or memory, or a longer
      `evaluation_interval`.
    - Load the rules of one version only: generate them again and reload.
    """,
    # The exporter's dashboard has no panel with the job and instance of Prometheus itself.
    dashboard=Dashboards.FLEET,
    by=PROCESS,
    keep=10 * MINUTE,
)

GROUPS = [Group("store-exporter.alerts.rules", [RULES_FAILING], interval=MINUTE)]
