"""The first table of a page: which alerts fire, where, since when, and what to do."""

from __future__ import annotations

from .. import alerts, promql
from ..names import Dashboard
from .columns import COLUMNS
from .panels import Panel, PanelKind, ago
from .values import Nothing


def general(label: str, *pages: Dashboard) -> tuple[str, ...]:
    """Names of the alerts that link to one of these dashboards and concern all of its content."""
    found = (each for each in alerts.alerts() if each.dashboard in pages)
    names = (each.name for each in found if not {label, "domain"} & set(each.by))
    return tuple(dict.fromkeys(names))


def table(
    *labels: str,
    links: tuple[Dashboard, ...],
    matchers: tuple[str, ...],
    always: tuple[str, ...] = (),
) -> Panel:
    """The table of alerts that fire for the chosen values.

    It has a single query, because Grafana shows only headings if several queries find nothing, and
    no text that says so.

    Args:
        labels: labels that show what each alert is about.
        links: dashboards that show more.
        matchers: select the chosen values.
        always: names of alerts that are shown for any choice, because they concern everything.
    """
    by = ", ".join((*labels, "alertname"))
    ranked = " or ".join(
        promql.labelled(f"max by ({by}) ({_firing(name, matchers, always)})", "rank", number)
        for number, name, _ in COLUMNS["rank"].words
    )
    # The table shows the alert's summary in place of this label's value.
    rows = f'label_replace({ranked}, "what", "$1", "alertname", "(.*)")'
    return Panel(
        PanelKind.TABLE,
        "Firing alerts",
        "The alerts that fire now, the worst first, and since when. Click a line for its runbook "
        "and for the page that shows more.",
        ago(rows, "Since", empty="nothing may fire"),
        width=24,
        height=8,
        columns=("what", *labels[:1], "rank", "alertname", *labels[1:]),
        # A phone shows two columns: where something is wrong matters more than since when.
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
