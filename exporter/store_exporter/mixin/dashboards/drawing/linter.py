"""Exceptions of the dashboards from the rules of Grafana's dashboard-linter, in its own file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..panels import DashboardPage

VARIABLES = (
    "Figures belong to a store, no matter which process reported them; org, domain and platform "
    "select them."
)
MATCHERS = (
    "Several workers report parts of one figure and recorded series add them up, so they have no "
    "job or instance to match."
)
REASONS = {
    "template-job-rule": VARIABLES,
    "template-instance-rule": VARIABLES,
    "target-job-rule": MATCHERS,
    "target-instance-rule": MATCHERS,
}
"""The reason why a rule does not apply to the dashboards about stores, by rule."""


def exceptions(pages: Sequence[DashboardPage]) -> dict[str, Any]:
    """Return the linter's configuration; pages about processes have no exceptions."""
    titles = [
        page.title for page in pages if "job" not in {variable.name for variable in page.variables}
    ]
    entries = [{"dashboard": title} for title in sorted(titles)]
    return {
        "exclusions": {
            rule: {"reason": reason, "entries": entries} for rule, reason in REASONS.items()
        }
    }
