"""Where the dashboards leave grafana's dashboard-linter's rules, in the file that it reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..panels import DashboardPage

VARIABLES = (
    "A store's figures are the store's, whichever process reported them; org, domain and platform "
    "choose them."
)
MATCHERS = (
    "Several workers report parts of one figure and recorded series add them up, so that no job "
    "or instance is left to match."
)
REASONS = {
    "template-job-rule": VARIABLES,
    "template-instance-rule": VARIABLES,
    "target-job-rule": MATCHERS,
    "target-instance-rule": MATCHERS,
}
"""Why a rule does not hold for the dashboards about stores, by rule."""


def exceptions(pages: Sequence[DashboardPage]) -> dict[str, Any]:
    """Return the linter's configuration: a page about processes has none of these exceptions."""
    titles = [
        page.title for page in pages if "job" not in {variable.name for variable in page.variables}
    ]
    entries = [{"dashboard": title} for title in sorted(titles)]
    return {
        "exclusions": {
            rule: {"reason": reason, "entries": entries} for rule, reason in REASONS.items()
        }
    }
