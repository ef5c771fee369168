"""Where a click leads: the next dashboard with its variables filled, or a runbook."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .. import policy
from .panels import Kind, Panel

CARRIED = ("org", "domain", "platform", "operation", "job", "instance")
"""Labels that are variables of dashboards, and so can be handed on."""


def of(panel: Panel, variables: Iterable[str], links: policy.Links) -> list[tuple[str, str]]:
    """Title and address of each of a panel's links."""
    variables = tuple(variables)
    return [
        (f"Runbook {to}", f"{links.runbooks}/{to}")
        if isinstance(to, str)
        else (to.link, address(panel, to.uid, variables))
        for to in panel.links
    ]


def address(panel: Panel, uid: str, variables: tuple[str, ...]) -> str:
    """A dashboard's address: the clicked series' labels, else the chosen values, and the time."""
    known = labels(panel)
    field = "__data.fields" if panel.kind is Kind.TABLE else "__field.labels"
    parts = ["${datasource:queryparam}"]
    for name in CARRIED:
        if name in known:
            parts.append(f"var-{name}=${{{field}.{name}}}")
        elif name in variables:
            parts.append(f"${{{name}:queryparam}}")
    return f"/d/{uid}?" + "&".join((*parts, "${__url_time_range}"))


def labels(panel: Panel) -> set[str]:
    """Labels that every series of a panel has: those in all its legends, or a table's columns."""
    if panel.kind is Kind.TABLE:
        return set(panel.columns)
    found = [set(re.findall(r"\{\{(\w+)\}\}", query.legend)) for query in panel.queries]
    return set.intersection(*found) if found else set()
