"""The links of panels: to another dashboard with its variables filled, or to a runbook."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ... import policy
from ..panels import Panel, PanelKind

CARRIED = ("org", "domain", "platform", "operation", "job", "instance")
"""Labels that are variables of dashboards, so links can pass them on."""
CALLS = ("domain", "operation", "error_type")
"""Labels by which recent calls can be filtered."""


def of(
    panel: Panel, variables: Iterable[str], links: policy.Links, *, one_org: bool = False
) -> list[tuple[str, str]]:
    """Return the title and address of each link of a panel."""
    known = labels(panel) - ({"org"} if one_org else set())
    field = "__data.fields" if panel.kind is PanelKind.TABLE else "__field.labels"
    own = (
        [("What to do", f"{links.runbooks}/${{{field}.alertname}}")] if "alertname" in known else []
    )
    if panel.calls and not one_org:
        # An org cannot reach the exporter's pages, which show all orgs.
        chosen = "&".join(f"{name}=${{{field}.{name}}}" for name in CALLS)
        own.append(("Recent calls", f"{links.calls}?{chosen}"))
    return own + [
        (f"Runbook {to}", f"{links.runbooks}/{to}")
        if isinstance(to, str)
        else (to.link, address(known, field, to.uid, tuple(variables)))
        for to in panel.links
    ]


def address(known: set[str], field: str, uid: str, variables: tuple[str, ...]) -> str:
    """A dashboard's address with the time, and the clicked series' labels or the chosen values."""
    parts = ["${datasource:queryparam}"]
    for name in CARRIED:
        if name in known:
            parts.append(f"var-{name}=${{{field}.{name}}}")
        elif name in variables:
            parts.append(f"${{{name}:queryparam}}")
    return f"/d/{uid}?" + "&".join((*parts, "${__url_time_range}"))


def labels(panel: Panel) -> set[str]:
    """The labels that every series of a panel has: those in all legends, or a table's columns."""
    if panel.kind is PanelKind.TABLE:
        return set(panel.columns)
    found = [set(re.findall(r"\{\{(\w+)\}\}", query.legend)) for query in panel.queries]
    return set.intersection(*found) if found else set()
