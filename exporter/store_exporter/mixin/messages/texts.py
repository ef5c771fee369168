"""The content of a message about alerts, for Slack and for mail: Go templates of Alertmanager.

One alert is described in full, with what it means, what it costs and what to do first; several are
in a line each. Text from labels and annotations is one line, cut to a length, and escaped where
Slack would read it as markup.

Templates by name, `PREFIX.` before each: `subject`, `heading` (one sentence), `alert` (one that
fires), `over` (one that ended), `meaning` and `advice` (of an error type).
"""

from __future__ import annotations

from collections.abc import Callable

from ...errors import ERROR_TYPES, ErrorType

MAX_DESCRIPTION = 600
"""Characters of the description of an alert that has a message of its own."""
MAX_AMONG = 220
"""Characters of one among several, so that ten of them are a screen."""
MAX_FACT = 300

SEVERAL = ("collector", "payment_method", "slo", "operation", "integration")
"""Labels that distinguish alerts of one name about one store, platform or process."""

_ONE_LINE = 'reReplaceAll "\\\\s+" " "'
_WHOLE = ' | reReplaceAll "( 0[hms])+$" ""'
"""Makes `2h` of the duration `2h 0m 0s`."""
SLACK_ESCAPE = ' | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;"'

FACTS = (
    ("Stores", "stores"),
    ("Costs", "cost"),
    ("Fails", "failing"),
    ("Changed within a day", "changed"),
)
"""Lines of an alert with a message of its own: their first word, and the annotation they show."""


def definitions(prefix: str, escape: str, bullet: str) -> str:
    """The templates under a prefix.

    Args:
        prefix: before each name.
        escape: template functions that every text goes through, each after a `|`.
        bullet: before each alert.
    """

    def shown(value: str, limit: int, more: str = "") -> str:
        return f'{{{{ {value} | printf "%.{limit}s" | {_ONE_LINE}{more}{escape} }}}}'

    def whose(labels: str) -> str:
        return (
            f"{{{{ with {labels}.domain }}}} {shown('.', 120)}{{{{ end }}}}"
            f"{{{{ with {labels}.org }}}} ({shown('.', 80)}){{{{ end }}}}"
        )

    here, whole = shown(".", MAX_FACT), shown(".", MAX_FACT, _WHOLE)
    who = (
        f"{{{{ with .Labels.domain }}}}{here}{{{{ with $.Labels.org }}}} ({here}){{{{ end }}}}"
        f"{{{{ else }}}}{{{{ with .Labels.instance }}}}{here}{{{{ else }}}}"
        f"{{{{ with .Labels.platform }}}}{here}{{{{ else }}}}{shown('.Labels.alertname', 80)}"
        "{{ end }}{{ end }}{{ end }}"
    ) + "".join(f"{{{{ with .Labels.{label} }}}}, {here}{{{{ end }}}}" for label in SEVERAL)
    labels = (
        "{{ range $i, $pair := .Labels.SortedPairs }}{{ if $i }}, {{ end }}"
        f"{shown('.Name', 80)}={shown('.Value', 120)}{{{{ end }}}}"
    )
    facts = "".join(
        f"{{{{ with .Annotations.{name} }}}}{word}: {here}\n{{{{ end }}}}" for word, name in FACTS
    )
    since = (
        f"since {{{{ with .Annotations.since }}}}{here}{{{{ else }}}}"
        '{{ .StartsAt.UTC.Format "2006-01-02 15:04:05 UTC" }}{{ end }}'
    )
    lasted = (
        f"{{{{ with .Annotations.lasted }}}}{whole}{{{{ else }}}}"
        f"{{{{ ((.EndsAt.Sub .StartsAt).Round 1000000000).Seconds | humanizeDuration{_WHOLE} }}}}"
        "{{ end }}"
    )
    ended = f"{{{{ with .Annotations.ended }}}} {here}{{{{ else }}}}: over after{{{{ end }}}}"
    common = shown(".CommonLabels.alertname", 80)
    subject = (
        '[{{ .Status | toUpper }}:{{ if eq .Status "firing" }}{{ len .Alerts.Firing }}'
        "{{ else }}{{ len .Alerts.Resolved }}{{ end }}] "
        f"{{{{ if .CommonLabels.alertname }}}}{common}{{{{ else }}}}alerts{{{{ end }}}}"
        '{{ if and (eq .Status "firing") (eq (len .Alerts.Firing) 1) }}'
        f"{{{{ range .Alerts.Firing }}}}{whose('.Labels')}{{{{ end }}}}"
        f"{{{{ else }}}}{whose('.CommonLabels')}{{{{ end }}}}"
    )
    heading = (
        '{{ if eq .Status "firing" }}'
        f"{{{{ with .CommonAnnotations.summary }}}}{here}{{{{ end }}}}"
        f"{{{{ else }}}}{{{{ with .CommonAnnotations.past }}}}{here}{{{{ else }}}}"
        f"{{{{ with .CommonAnnotations.summary }}}}{here}{{{{ end }}}}{{{{ end }}}}{{{{ end }}}}"
    )

    def what(limit: int) -> str:
        description = shown(".Annotations.description", limit)
        return (
            f"{{{{ if .Annotations.description }}}}{description}{{{{ else }}}}{labels}{{{{ end }}}}"
        )

    said = {
        "subject": subject,
        "heading": heading,
        "meaning": _by_error_type(lambda entry: entry.meaning),
        "advice": _by_error_type(lambda entry: entry.advice),
        "alone": (
            f"{bullet}{what(MAX_DESCRIPTION)}\n"
            f"{{{{ with .Annotations.error }}}}Error: {here}\n{{{{ end }}}}"
            f"{since[0].upper()}{since[1:]}"
            f"{{{{ with .Annotations.lasted }}}}, {whole} so far{{{{ end }}}}\n"
            f'{{{{ with .Annotations.error_type }}}}Means: {{{{ template "{prefix}.meaning" . }}}}'
            f"\n{{{{ end }}}}{facts}"
            f'{{{{ if .Annotations.error_type }}}}First: {{{{ template "{prefix}.advice" '
            f".Annotations.error_type }}}}\n{{{{ else }}}}{{{{ with .Annotations.first }}}}"
            f"First: {here}\n{{{{ end }}}}{{{{ end }}}}"
        ),
        "among": f"{bullet}{what(MAX_AMONG)} ({since})\n",
        "over": f"{bullet}{who}{ended} {lasted}, {since}"
        f"{{{{ with .Annotations.loss }}}}; it cost {here}{{{{ end }}}}\n",
    }
    return "".join(
        f'{{{{ define "{prefix}.{name}" }}}}{text}{{{{ end }}}}\n' for name, text in said.items()
    )


def body(prefix: str, listed: int) -> str:
    """The lines about the alerts of a message.

    Args:
        prefix: that of `definitions`.
        listed: how many alerts are named; the rest are counted.
    """

    def each(alerts: str, name: str) -> str:
        return (
            f"{{{{ range $i, $alert := {alerts} }}}}{{{{ if lt $i {listed} }}}}"
            f'{{{{ template "{prefix}.{name}" . }}}}{{{{ end }}}}{{{{ end }}}}'
            f"{{{{ if gt (len {alerts}) {listed} }}}}… and more; {{{{ len {alerts} }}}} in all.\n"
            "{{ end }}"
        )

    return (
        '{{ if eq .Status "firing" }}{{ if eq (len .Alerts.Firing) 1 }}'
        f'{{{{ range .Alerts.Firing }}}}{{{{ template "{prefix}.alone" . }}}}{{{{ end }}}}'
        f"{{{{ else }}}}{each('.Alerts.Firing', 'among')}{{{{ end }}}}"
        "{{ with .Alerts.Resolved }}Over since the last message: {{ len . }}\n{{ end }}"
        f"{{{{ end }}}}{each('.Alerts.Resolved', 'over')}"
    )


def _by_error_type(text: Callable[[ErrorType], str]) -> str:
    """A text for each error type, chosen by its name."""
    cases = (f'eq . "{entry.name}" }}}}{text(entry)}' for entry in ERROR_TYPES.values())
    return "{{ if " + "{{ else if ".join(cases) + "{{ end }}"
