"""The table with which a page begins: what fires, where, since when, and what to do."""

from __future__ import annotations

from .. import promql
from ..names import Dashboard
from .panels import BLUE, RED, YELLOW, Mapping, Nothing, Panel, PanelKind, Query

RANKS: tuple[Mapping, ...] = ((1, "critical", RED), (2, "warning", YELLOW), (3, "info", BLUE))
"""Severities by their rank, which the label `rank` holds and the table is sorted by."""


def table(*labels: str, links: tuple[Dashboard, ...], matchers: tuple[str, ...]) -> Panel:
    """The alerts that fire for what is chosen.

    One query has it all: of several that find nothing Grafana shows the headings, and not that
    there is nothing.

    Args:
        labels: of the alerts, that say what each is about.
        links: dashboards that show more.
        matchers: the choice.
    """
    by = ", ".join((*labels, "alertname"))
    ranked = " or ".join(
        labelled(
            f"max by ({by}) ({promql.firing_since(promql.equal('severity', name), *matchers)})",
            f'"rank", "{number:g}", "", ""',
        )
        for number, name, _ in RANKS
    )
    # From this label the table makes the sentence that says what is wrong.
    rows = labelled(ranked, '"what", "$1", "alertname", "(.*)"')
    return Panel(
        PanelKind.TABLE,
        "Firing alerts",
        "What is wrong now, the worst first, and since when it has been. Click a line for what to "
        "do about it, and for the page that shows more.",
        (Query(rows, "Since", unit="dateTimeFromNow", width=140, empty="nothing may fire"),),
        width=24,
        height=8,
        columns=("what", *labels[:1], "rank", "alertname", *labels[1:]),
        sort="+Severity",
        links=links,
        nothing=Nothing.NONE,
    )


def labelled(expression: str, replacement: str) -> str:
    """Add a label to all series of an expression."""
    return f"label_replace({expression}, {replacement})"
