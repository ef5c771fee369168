"""Alerts on Prometheus itself: a rule that fails is silent, and so is every alert that reads it."""

from __future__ import annotations

from .. import promql
from ..model import Alert, Group, Runbook
from ..names import AlertName, Dashboards
from ..policy import MINUTE
from .texts import PROCESS, queried

_OURS = 'rule_group=~".*;store-exporter[.].*"'
_FAILED = "prometheus_rule_evaluation_failures_total"
_MISSED = "prometheus_rule_group_iterations_missed_total"
_WINDOW = "15m"
_HOLD = 16 * MINUTE
"""Longer than the window, so that one failure is nothing to report. What is evaluated once an hour
fails alone only where it has a mistake, which `promtool` finds."""
_NAMED = 5
"""How many groups are named."""


def groups() -> list[Group]:
    """Every alert of this module."""
    return [Group("store-exporter.alerts.rules", [rules_failing()], interval=MINUTE)]


def _moved(metric: str, *matchers: str) -> str:
    return promql.increase(metric, _WINDOW, _OURS, *matchers)


def rules_failing() -> Alert:
    """Prometheus fails to evaluate our rules, or does so too late; names the groups."""
    of_process = [f"{label}=%q" for label in PROCESS]
    failed, missed = (
        promql.total(("rule_group",), _moved(metric, *of_process)) for metric in (_FAILED, _MISSED)
    )
    group = '{{ .Labels.rule_group | reReplaceAll ".*;" "" }}'
    named = queried(
        f"topk({_NAMED + 1}, ({failed} or {missed}) > 0)",
        " Groups:{{ range $i, $each := . }}"
        f"{{{{ if eq $i {_NAMED} }}}} and others{{{{ else }}}}{{{{ if $i }}}},{{{{ end }}}} "
        f"{group}{{{{ end }}}}{{{{ end }}}}.",
        *PROCESS,
        *PROCESS,
    )
    both = " or ".join(f"{promql.total(PROCESS, _moved(each))} > 0" for each in (_FAILED, _MISSED))
    return Alert(
        AlertName.STORE_RULES_FAILING,
        both,
        _HOLD,
        "warning",
        "Prometheus fails to evaluate rules.",
        "Prometheus failed to evaluate rules.",
        "{{ $labels.instance }} failed or was too late to evaluate rules of the exporter, "
        '{{ $value | printf "%.0f" }} times in the last quarter of an hour. Alerts that need them '
        f"may not fire.{named}",
        Dashboards.EXPORTER,
        Runbook(
            "For a quarter of an hour Prometheus has failed to evaluate rules, or has left "
            "evaluations out because the one before was not over. What a rule records is missing "
            "meanwhile, and an alert that fails does not fire, whatever happens.",
            (
                "In Prometheus, Status, Rule health: which rules fail, with which error?",
                (
                    "*query timed out* and *too many samples* come from a Prometheus that is too "
                    "busy or too small: see docs/scaling.md."
                ),
                (
                    "*many-to-many* and *same labelset* come from series that are there twice, as "
                    "from rules loaded twice or from two versions of them."
                ),
            ),
            (
                "Give Prometheus more processor or memory, or a longer `evaluation_interval`.",
                "Load the rules of one version alone: generate them again and reload.",
            ),
        ),
        by=PROCESS,
        keep=10 * MINUTE,
    )
