"""Changes at stores: one source for annotations and tables of dashboards, and for messages."""

from __future__ import annotations

from collections.abc import Iterable

from ..metrics.catalogue import Metric, health
from . import promql
from .promql import select

BY = ("org", "domain", "kind", "component", "before", "after")
"""The labels that identify an event, whichever process reports it."""


def of(variables: Iterable[str], window: str = "") -> str:
    """The time of each event of the chosen stores, and of each event of all stores of their orgs.

    Args:
        variables: of the dashboard, among org, domain and platform.
        window: all that were series within it, which may be a day older; those of now without it.
    """
    chosen = promql.variables(*variables)

    def found(metric: Metric, *matchers: str, within: str = window) -> str:
        selector = select(metric, *matchers)
        return f"last_over_time({promql.over(selector, within)})" if window else selector

    if not chosen:
        return promql.aggregate("max", BY, found(health.EVENT))
    own = found(health.EVENT, *chosen)
    of_all = found(health.EVENT, *chosen[:1], 'domain=""')
    watched = found(health.UP, *chosen, within="1d")
    return promql.aggregate("max", BY, f"{own} or {of_all} and on (org) {watched}")
