"""Alerts on Prometheus itself: a rule that fails is silent, and so is every alert that reads it."""

from __future__ import annotations

from .. import promql
from ..model import Alert, Group, Runbook
from ..names import AlertName, Dashboards
from ..policy import HOUR, MINUTE
from ..rules import recording, slo
from .texts import PROCESS, queried

_OURS = 'rule_group=~".*;store-exporter[.].*"'
_RARE = "|".join(
    group.name.replace(".", "[.]")
    for group in (*recording.groups(), *slo.groups())
    if (group.interval or 0) >= HOUR
)
_HOURLY = f'rule_group=~".*;({_RARE})"'
"""What is evaluated once an hour."""
_FAILED = "prometheus_rule_evaluation_failures_total"
_MISSED = "prometheus_rule_group_iterations_missed_total"
_WINDOW = "15m"
_HOLD = 16 * MINUTE
"""Longer than the window, so that one failure is nothing to report."""
_HOURS = "65m"
"""Longer than an hour: what fails in each hour has failed within this time, and within that before
it."""
_NAMED = 5
"""How many groups are named."""


def groups() -> list[Group]:
    """Every alert of this module."""
    return [Group("store-exporter.alerts.rules", [rules_failing()], interval=MINUTE)]


def _moved(by: tuple[str, ...], *matchers: str) -> str:
    """Failures and omissions by labels, and those failures of two hours in a row.

    Each group has both counters, so that one is looked at after the other and not in its place.
    """
    lately = (promql.increase(each, _WINDOW, _OURS, *matchers) for each in (_FAILED, _MISSED))
    hourly = promql.select(_FAILED, _HOURLY, *matchers)
    hour, before = (
        promql.total(by, f"increase({hourly}[{_HOURS}]{moved})")
        for moved in ("", f" offset {_HOURS}")
    )
    found = [f"{promql.total(by, each)} > 0" for each in lately]
    return " or ".join((*found, f"({hour} > 0 and {before} > 0)"))


def rules_failing() -> Alert:
    """Prometheus fails to evaluate our rules, or does so too late; names the groups."""
    of_process = [f"{label}=%q" for label in PROCESS]
    group = '{{ .Labels.rule_group | reReplaceAll ".*;" "" }}'
    named = queried(
        f"topk({_NAMED + 1}, {_moved(('rule_group',), *of_process)})",
        " Groups:{{ range $i, $each := . }}"
        f"{{{{ if eq $i {_NAMED} }}}} and others{{{{ else }}}}{{{{ if $i }}}},{{{{ end }}}} "
        f"{group}{{{{ end }}}}{{{{ end }}}}.",
        *PROCESS * 4,
    )
    return Alert(
        AlertName.STORE_RULES_FAILING,
        _moved(PROCESS),
        _HOLD,
        "warning",
        "Prometheus fails to evaluate rules.",
        "Prometheus failed to evaluate rules.",
        "{{ $labels.instance }} keeps failing to evaluate rules of the exporter, or is too late, "
        '{{ $value | printf "%.0f" }} times lately. Alerts that need them may not fire.'
        f"{named}",
        # That of the exporter has Prometheus' own job and instance in none of its panels.
        Dashboards.FLEET,
        Runbook(
            "For a quarter of an hour Prometheus has failed to evaluate rules, or has left "
            "evaluations out because the one before was not over; or rules that are evaluated once "
            "an hour failed twice in a row. What a rule records is missing "
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
