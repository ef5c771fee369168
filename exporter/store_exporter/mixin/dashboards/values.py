"""The display of values: colours, thresholds, and texts in place of values or missing ones."""

from __future__ import annotations

from enum import StrEnum

from ..promql import labelled

GREEN, YELLOW, ORANGE, RED, BLUE = "green", "dark-yellow", "orange", "red", "blue"
"""Yellow is dark, because on white the usual one can hardly be read."""

Steps = tuple[tuple[float | None, str], ...]
"""Threshold steps: the lower bound (None for the first) and the colour."""
Mapping = tuple[float, str, str]
"""A value, the text shown in its place, and its colour."""

GREY = "#808080"
"""The colour of past, normal or unknown values; never that of good or bad ones."""
UP_DOWN: tuple[Mapping, ...] = ((0, "Down", RED), (1, "Up", GREEN))
OK_FAILED: tuple[Mapping, ...] = ((0, "Failed", RED), (1, "OK", GREEN))
NEUTRAL: Steps = ((None, BLUE),)


class Nothing(StrEnum):
    """Texts that a panel shows in place of missing figures, so that they are not taken for zero."""

    UNKNOWN = "No data"
    """Nothing is known; Grafana's own words."""
    NONE = "None"
    """Nothing happened, which is good."""
    NO_STORE = "No store watched"
    """Such as after an installation, or while no exporter runs."""
    NO_RULES = "No store watched, or no recording rules loaded"
    NOT_YET = "No sample yet"
    """The first sample is newer than the last point that is drawn."""
    NONE_OR_UNREAD = "None, or not read"
    """There is no counter of what has not happened yet, and none that was not read."""
    NOT_COLLECTED = "Not collected now"
    """Never collected, or withdrawn because it was too old, such as while the store is down."""
    NOT_NOW = "Choose a time up to now"
    NOT_READ = "Not read since midnight"
    NOT_SO_LONG = "Not watched for so long"
    NO_HTTPS = "No store is read over https"
    NO_API_VERSION = "No platform here ends its API versions"
    NO_BACKLOG = "No collector counts its backlog"
    NOT_REPORTED = "No application reports by HTTP"
    NO_OTLP = "OTLP is switched off"
    NO_CALLS = "No calls seen"
    NO_HOUR = "No calls recorded yet"
    """Calls are recorded once an hour."""
    NO_ORDERS = "No orders in that time"
    NO_PAYMENTS = "No payments seen in that time"
    STEADY = "Too few points, or nothing varied"


def words(label: str, nothing: Nothing) -> str:
    """PromQL of one series whose label is a text.

    Grafana shows no text in a timeline without series, and none for a figure that is a name.
    """
    return labelled("vector(-1)", label, nothing)


def in_words(label: str, nothing: Nothing, known: str) -> str:
    """The same, if the expression `known` finds nothing."""
    return f"{words(label, nothing)} unless on () ({known})"


IN_WORDS: Mapping = (-1, Nothing.UNKNOWN, GREY)
"""The mapping of that series' value."""

NO_CELL = "-"
"""Shown in a table in place of a single figure that is missing."""
NO_FIGURE: Mapping = (-1e300, NO_CELL, GREY)
"""The mapping of the value beside words in place of a table's rows. VictoriaMetrics returns no NaN,
and so no row that has nothing else."""
