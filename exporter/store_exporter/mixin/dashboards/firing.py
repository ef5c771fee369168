"""The table with which a page begins: what fires, where, since when, and what to do."""

from __future__ import annotations

from .. import promql
from ..names import Dashboard
from .panels import BLUE, RED, YELLOW, Kind, Panel, Query

RANKS = (("critical", 3, RED), ("warning", 2, YELLOW), ("info", 1, BLUE))
"""Severities, the worst first; the number is what the table is sorted by."""


def table(*labels: str, links: tuple[Dashboard, ...], matchers: tuple[str, ...]) -> Panel:
    """The alerts that fire for what is chosen.

    Args:
        labels: of the alerts, that say what each is about.
        links: dashboards that show more.
        matchers: the choice.
    """
    columns = ("what", *labels[:1], "alertname", *labels[1:])
    by = ", ".join((*labels, "alertname"))
    rank = " or ".join(
        f"{number} * max by ({by}) ({promql.firing(promql.equal('severity', name), *matchers)})"
        for name, number, _ in RANKS
    )
    told = promql.one_of("severity", [name for name, _, _ in RANKS])
    since = f"max by ({by}) ({promql.firing_since(told, *matchers)})"
    return Panel(
        Kind.TABLE,
        "Firing alerts",
        "What is wrong now, the worst first, and since when it has been. Click a line for what to "
        "do about it, and for the page that shows more.",
        (
            Query(
                explained(rank),
                "Severity",
                width=95,
                empty="nothing may fire",
                mappings=tuple((number, name, colour) for name, number, colour in RANKS),
            ),
            Query(
                explained(since),
                "Since",
                unit="dateTimeFromNow",
                width=140,
                empty="nothing may fire",
            ),
        ),
        width=24,
        height=7,
        columns=columns,
        sort="Severity",
        links=links,
        none=True,
    )


def explained(expression: str) -> str:
    """Add a label from which the table makes the sentence that explains the alert."""
    return f'label_replace({expression}, "what", "$1", "alertname", "(.*)")'
