"""Alerts on messages that receivers refuse: Alertmanager never tells of what ended meanwhile.

It sends a refused message again while its alert fires, at its group's interval. An alert that
began and ended between two messages that arrived is in none of them (Alertmanager 0.33,
notify/dedup_stage.go). These alerts name what fired, and are refused like the others, which keeps
them firing until one gets through.
"""

from __future__ import annotations

from .. import promql
from ..model import Alert, Group, Runbook
from ..names import AUDIENCE, ORG_ONLY, ORG_RECEIVER, AlertName, Dashboards
from ..policy import MESSAGES, MINUTE
from .texts import PROCESS

_REFUSED = "alertmanager_notifications_failed_total"
_WINDOW = "15m"
_LOOK_BACK = "2h"
_KEEP = 10 * MINUTE
_NAMED = 5
"""How many receivers are named."""


def groups() -> list[Group]:
    """Every alert of this module."""
    return [Group("store-exporter.alerts.delivery", [undelivered(), missed()])]


def fired(*matchers: str) -> str:
    """PromQL for the alerts that fired lately: 1 while they do, and 0 for those that are over."""
    own = (AlertName.STORE_ALERTS_UNDELIVERED, AlertName.STORE_ALERTS_MISSED)
    chosen = promql.firing(promql.one_of("alertname", own, negate=True), *matchers)
    lately = f"0 * last_over_time({promql.over(chosen, _LOOK_BACK)})"
    return f"sort(max by (alertname, org, domain) ({chosen} or {lately}))"


def listed(query: str, who: str = "") -> str:
    """Template text that lists what a query of `fired` finds, beginning with what is over.

    Args:
        query: template expression.
        who: template text about each, after its domain.
    """
    each = (
        "{{ if $i }};{{ end }} {{ .Labels.alertname }}"
        f"{{{{ with .Labels.domain }}}} {{{{ . }}}}{{{{ end }}}}{who}"
        "{{ if eq .Value 0.0 }}, over{{ end }}"
    )
    return (
        f" In the last two hours there fired{{{{ range $i, $each := query {query} }}}}"
        f"{{{{ if lt $i {MESSAGES.listed} }}}}{each}"
        f"{{{{ else if eq $i {MESSAGES.listed} }}}}; and more{{{{ end }}}}"
        "{{ else }} nothing{{ end }}."
    )


def undelivered() -> Alert:
    """Alertmanager could not hand over messages; says to whom, and what fired meanwhile."""
    labels = (*PROCESS, "integration")
    refused = promql.increase(
        _REFUSED, _WINDOW, *(f"{label}=%q" for label in labels), 'receiver_name!=""'
    )
    receivers = promql.quote(f"topk({_NAMED + 1}, sum by (receiver_name) ({refused}) > 0)")
    values = "".join(f" $labels.{label}" for label in labels)
    named = f"{{{{ if eq $i {_NAMED} }}}}others{{{{ else }}}}{{{{ .Labels.receiver_name }}}}"
    told = listed(
        promql.quote(fired(promql.one_of("severity", ("critical", "warning")))),
        "{{ with .Labels.org }} ({{ . }}){{ end }}",
    )
    return Alert(
        AlertName.STORE_ALERTS_UNDELIVERED,
        f"{promql.total(labels, promql.increase(_REFUSED, _WINDOW))} > 0",
        2 * MINUTE,
        "critical",
        "Messages about alerts were refused.",
        "Messages about alerts were refused.",
        "{{ $labels.integration }} refused messages of {{ $labels.instance }}"
        f"{{{{ range $i, $each := query (printf {receivers}{values}) }}}}"
        "{{ if $i }},{{ else }} to{{ end }} "
        f"{named}{{{{ end }}}}"
        '{{ end }} ({{ $value | printf "%.0f" }} in the last quarter of an hour).'
        f"{told}",
        Dashboards.FLEET,
        Runbook(
            "A receiver of alerts refused messages or did not answer. Alertmanager sends a message "
            "again while its alert fires, at its group's interval, but never tells of one that "
            "began and ended meanwhile; this message names what fired, so that nothing is lost. "
            "It names the receivers where Alertmanager runs with "
            "`--enable-feature=receiver-name-in-metrics`; orgs whose own receivers refused are "
            f"told by {AlertName.STORE_ALERTS_MISSED}.",
            (
                (
                    "Alertmanager's log has the receiver's answer: `429` is Slack's limit of one "
                    "message a second for each webhook, `403` and `404` a webhook that was removed."
                ),
                "The fleet dashboard marks when each alert fired and ended.",
            ),
            (
                "For a webhook that is gone: make a new one and put its address into the file.",
                "For a limit: give orgs a webhook of their own, so that they do not share one.",
            ),
        ),
        by=labels,
        keep=_KEEP,
    )


def missed() -> Alert:
    """The same for an org, about its own receivers and its own alerts."""
    labels = ("org", "integration")
    ours = f'receiver_name=~"{ORG_RECEIVER}.+"'
    refused = promql.total(
        ("receiver_name", "integration"), promql.increase(_REFUSED, _WINDOW, ours)
    )
    by_org = f'label_replace({refused}, "org", "$1", "receiver_name", "{ORG_RECEIVER}([^/]+).*")'
    return Alert(
        AlertName.STORE_ALERTS_MISSED,
        f"{promql.total(labels, by_org)} > 0",
        2 * MINUTE,
        "critical",
        "Messages about your stores did not arrive.",
        "Messages about your stores did not arrive.",
        "{{ $labels.integration }} refused messages to {{ $labels.org }} "
        '({{ $value | printf "%.0f" }} in the last quarter of an hour).'
        + listed(f"(printf {promql.quote(fired('org=%q'))} $labels.org $labels.org)"),
        Dashboards.FLEET,
        Runbook(
            "The channel, mailbox or other receiver of an org refused messages about its alerts, "
            "or did not answer. What still goes on is told by a message of its own as soon as one "
            "gets through; what began and ended meanwhile is not, and is named here. Only the org "
            f"is told; the platform has {AlertName.STORE_ALERTS_UNDELIVERED}. It needs an "
            "Alertmanager that runs with `--enable-feature=receiver-name-in-metrics`.",
            (
                "Look at the stores that the message names: are they well now?",
                "Does the channel, webhook or mailbox that messages go to still exist?",
            ),
            (
                "If the receiver is gone, have whoever runs the platform enter another one.",
                "If Slack itself refused, nothing has to be done; it takes messages again.",
            ),
        ),
        by=labels,
        labels={AUDIENCE: ORG_ONLY},
        keep=_KEEP,
    )
