"""The content of a message about alerts, for Slack and for mail: Go templates of Alertmanager.

A message about one alert describes it in full, with its meaning, cost and first remedy; a message
about several has a line for each. Text from labels and annotations is put on one line, cut to a
length, and escaped if Slack would read it as markup.

Templates by name, each after `PREFIX.`: `subject`, `heading` (one sentence), `alert` (one that
fires), `over` (one that ended), `meaning` and `advice` (of an error type).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ...errors import ERROR_TYPES, ErrorType
from ..go_templates import call, choice, define, each, given, value, when

COLORS = {"critical": "#d92d20", "warning": "#f79009", "info": "#2e90fa"}
RESOLVED_COLOR = "#12b76a"
OTHER_COLOR = "#98a2b3"

MAX_DESCRIPTION = 600
"""The most characters of the description of a single alert in a message."""
MAX_AMONG = 220
"""The most characters of each of several descriptions, so that ten of them fit on a screen."""
MAX_FACT = 300

SEVERAL = ("collector", "payment_method", "slo", "operation", "integration")
"""Labels that distinguish alerts with the same name about the same store, platform or process."""

FIRING, _ONE_FIRING = 'eq .Status "firing"', "eq (len .Alerts.Firing) 1"
RESOLVED = 'eq .Status "resolved"'
_ONE_LINE = 'reReplaceAll "\\\\s+" " "'
_WHOLE = ' | reReplaceAll "( 0[hms])+$" ""'
"""Shortens the duration `2h 0m 0s` to `2h`."""
SLACK_ESCAPE = ' | reReplaceAll "&" "&amp;" | reReplaceAll "<" "&lt;" | reReplaceAll ">" "&gt;"'

FACTS = (
    ("Stores", "stores"),
    ("Costs", "cost"),
    ("Fails", "failing"),
    ("Changed within a day", "changed"),
)
"""Lines about a single alert in a message: the first word, and the annotation that follows."""


@dataclass(frozen=True, slots=True)
class _MessageParts:
    """The parts of messages, as templates with a prefix; see `definitions`."""

    prefix: str
    escape: str
    bullet: str

    def shown(self, expression: str, limit: int = MAX_FACT, more: str = "") -> str:
        """A text on one line, cut to a length and escaped."""
        return value(f'{expression} | printf "%.{limit}s" | {_ONE_LINE}{more}{self.escape}')

    def store(self, labels: str) -> str:
        """The store that labels name, with its org."""
        domain = given(f"{labels}.domain", f" {self.shown('.', 120)}")
        return domain + given(f"{labels}.org", f" ({self.shown('.', 80)})")

    def subject(self) -> str:
        """How many alerts fire or ended, their name, and their subject."""
        count = when(FIRING, value("len .Alerts.Firing"), value("len .Alerts.Resolved"))
        status = f"[{value('.Status | toUpper')}:{count}]"
        name = self.shown(".CommonLabels.alertname", 80)
        name = when(".CommonLabels.alertname", name, "alerts")
        whose = when(
            f"and ({FIRING}) ({_ONE_FIRING})",
            each(".Alerts.Firing", self.store(".Labels")),
            self.store(".CommonLabels"),
        )
        return f"{status} {name}{whose}"

    def heading(self) -> str:
        """The summary that all alerts share, and the number of alerts."""
        ended = self.cases(".Alerts.Resolved")
        summary = given(".CommonAnnotations.summary", self.cases(".Alerts.Firing"))
        over = given(".CommonAnnotations.past", ended, given(".CommonAnnotations.summary", ended))
        return when(FIRING, summary, over)

    def cases(self, alerts: str) -> str:
        """The summary, which is about one alert, with the number of alerts."""
        cases = f'(len ${alerts} | printf ", in %d cases.")'
        several = self.shown(".", more=f' | reReplaceAll "[.]$" {cases}')
        return when(f"gt (len ${alerts}) 1", several, self.shown("."))

    def what(self, limit: int) -> str:
        """The description of an alert, or its labels if it has none."""
        pair = f"{self.shown('.Name', 80)}={self.shown('.Value', 120)}"
        labels = each("$i, $pair := .Labels.SortedPairs", f"{when('$i', ', ')}{pair}")
        description = self.shown(".Annotations.description", limit)
        return when(".Annotations.description", description, labels)

    def who(self) -> str:
        """The store, process or platform of an alert, and the labels that distinguish it."""
        here = self.shown(".")
        store = here + given("$.Labels.org", f" ({here})")
        other = given(".Labels.platform", here, self.shown(".Labels.alertname", 80))
        about = given(".Labels.domain", store, given(".Labels.instance", here, other))
        return about + "".join(given(f".Labels.{label}", f", {here}") for label in SEVERAL)

    def since(self) -> str:
        time = value('.StartsAt.UTC.Format "2006-01-02 15:04:05 UTC"')
        return f"since {given('.Annotations.since', self.shown('.'), time)}"

    def alone(self) -> str:
        here, since = self.shown("."), self.since()
        so_far = given(".Annotations.lasted", f", {self.shown('.', more=_WHOLE)} so far")
        meaning, advice = f"{self.prefix}.meaning", f"{self.prefix}.advice"
        return "".join(
            (
                f"{self.bullet}{self.what(MAX_DESCRIPTION)}\n",
                given(".Annotations.error", f"Error: {here}\n"),
                f"{since[0].upper()}{since[1:]}{so_far}\n",
                *(given(f".Annotations.{name}", f"{word}: {here}\n") for word, name in FACTS),
                given(".Annotations.error_type", f"Means: {call(meaning)}\n"),
                when(
                    ".Annotations.error_type",
                    f"First: {call(advice, '.Annotations.error_type')}\n",
                    given(".Annotations.first", f"First: {here}\n"),
                ),
            )
        )

    def among(self) -> str:
        """One of several firing alerts, on one line; the store's own words are on a second one."""
        error = given(".Annotations.error", f"Error: {self.shown('.', MAX_AMONG)}\n")
        return f"{self.bullet}{self.what(MAX_AMONG)} ({self.since()})\n{error}"

    def over(self) -> str:
        """An alert that ended, on one line."""
        here, whole = self.shown("."), self.shown(".", more=_WHOLE)
        ended = given(".Annotations.ended", f" {here}", ": over after")
        seconds = "((.EndsAt.Sub .StartsAt).Round 1000000000).Seconds"
        lasted = given(".Annotations.lasted", whole, value(f"{seconds} | humanizeDuration{_WHOLE}"))
        loss = given(".Annotations.loss", f"; it cost {here}")
        return f"{self.bullet}{self.who()}{ended} {lasted}, {self.since()}{loss}\n"


def definitions(prefix: str, escape: str, bullet: str) -> str:
    """The templates of messages.

    Args:
        prefix: comes before the name of each template.
        escape: template functions that are applied to every text, each after a `|`.
        bullet: comes before each alert.
    """
    parts = _MessageParts(prefix, escape, bullet)
    texts = {
        "subject": parts.subject(),
        "heading": parts.heading(),
        "meaning": _by_error_type(lambda entry: entry.meaning),
        "advice": _by_error_type(lambda entry: entry.advice),
        "alone": parts.alone(),
        "among": parts.among(),
        "over": parts.over(),
    }
    return "".join(define(f"{prefix}.{name}", text) for name, text in texts.items())


def body(prefix: str, listed: int) -> str:
    """The lines about the alerts of a message.

    Args:
        prefix: as in `definitions`.
        listed: the most alerts that are listed; the rest are counted.
    """

    def some(alerts: str, name: str) -> str:
        line = when(f"lt $i {listed}", call(f"{prefix}.{name}"))
        rest = f"… and more; {value(f'len {alerts}')} in all.\n"
        return each(f"$i, $alert := {alerts}", line) + when(f"gt (len {alerts}) {listed}", rest)

    alone = each(".Alerts.Firing", call(f"{prefix}.alone"))
    firing = when(_ONE_FIRING, alone, some(".Alerts.Firing", "among"))
    ended = given(".Alerts.Resolved", f"Over since the last message: {value('len .')}\n")
    return when(FIRING, firing + ended) + some(".Alerts.Resolved", "over")


def color() -> str:
    """The colour of a message, by its status and the alerts' severity."""
    severities = (
        (f'eq .CommonLabels.severity "{severity}"', shown) for severity, shown in COLORS.items()
    )
    return choice(((RESOLVED, RESOLVED_COLOR), *severities), OTHER_COLOR)


def _by_error_type(text: Callable[[ErrorType], str]) -> str:
    """A text for each error type, chosen by its name."""
    return choice((f'eq . "{entry.name}"', text(entry)) for entry in ERROR_TYPES.values())
