"""The table with which a page begins: what fires, where, since when, and what to do."""

from __future__ import annotations

from .. import alerts, promql
from ..names import Dashboard
from .panels import Panel, PanelKind, Query
from .values import BLUE, RED, YELLOW, Mapping, Nothing

RANKS: tuple[Mapping, ...] = ((1, "critical", RED), (2, "warning", YELLOW), (3, "info", BLUE))
"""Severities by their rank, which the label `rank` holds and the table is sorted by."""


def general(label: str, *pages: Dashboard) -> tuple[str, ...]:
    """Names of the alerts that lead to one of these dashboards and are about nothing in it alone.

    Args:
        label: of what can be chosen there.
        pages: the dashboards.
    """
    found = (each for each in alerts.alerts() if each.dashboard in pages)
    names = (each.name for each in found if not {label, "domain"} & set(each.by))
    return tuple(dict.fromkeys(names))


def table(
    *labels: str,
    links: tuple[Dashboard, ...],
    matchers: tuple[str, ...],
    always: tuple[str, ...] = (),
) -> Panel:
    """The alerts that fire for what is chosen.

    One query has it all: of several that find nothing Grafana shows the headings, and not that
    there is nothing.

    Args:
        labels: of the alerts, that show what each is about.
        links: dashboards that show more.
        matchers: the choice.
        always: names of alerts that are shown whatever is chosen, as they are about all of it.
    """
    by = ", ".join((*labels, "alertname"))
    ranked = " or ".join(
        labelled(
            f"max by ({by}) ({_firing(name, matchers, always)})",
            f'"rank", "{number:g}", "", ""',
        )
        for number, name, _ in RANKS
    )
    # From this label the table makes the sentence that says what is wrong.
    rows = labelled(ranked, '"what", "$1", "alertname", "(.*)"')
    return Panel(
        PanelKind.TABLE,
        "Firing alerts",
        "The alerts that fire now, the worst first, and since when. Click a line for what to "
        "do, and for the page that shows more.",
        (Query(rows, "Since", unit="dateTimeFromNow", width=140, empty="nothing may fire"),),
        width=24,
        height=8,
        columns=("what", *labels[:1], "rank", "alertname", *labels[1:]),
        # Where something is wrong matters more than since when, to a phone that shows two.
        lead=2,
        sort="+Severity",
        links=links,
        nothing=Nothing.NONE,
    )


def _firing(severity: str, matchers: tuple[str, ...], always: tuple[str, ...]) -> str:
    rank = promql.equal("severity", severity)
    chosen = promql.firing_since(rank, *matchers)
    if not always:
        return chosen
    return f"{chosen} or {promql.firing_since(rank, promql.one_of('alertname', always))}"


def labelled(expression: str, replacement: str) -> str:
    """Add a label to all series of an expression."""
    return f"label_replace({expression}, {replacement})"
