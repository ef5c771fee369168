"""Changes at the stores, as marks in all graphs of a page and as the rows of a table."""

from __future__ import annotations

from .. import changes
from ..names import Dashboard
from .panels import Query, Row, table
from .values import Nothing
from .variables import STORES

MOST = 50


def row(*links: Dashboard) -> Row:
    """The row of a page about stores."""
    events = changes.of((variable.name for variable in STORES), "$__range")
    found = f"{events} > time() - $__range_s"
    return Row(
        "What else changed",
        (
            table(
                "What changed",
                "Changes at the chosen stores in the chosen time, which may explain the rest: "
                "deployments that an application reported, versions of the platform, its API, "
                "plugins and themes, webhooks, certificates. Updates are noticed within two "
                f"hours, themes within a day. The latest {MOST} are shown. A change without a "
                "store concerns all stores of the org.",
                Query(
                    f"1000 * topk({MOST}, {found})",
                    "When",
                    unit="dateTimeAsIso",
                    width=160,
                    empty="nothing may have changed",
                ),
                columns=("component", "kind", "before", "after", "domain", "org"),
                sort="When",
                links=links,
                nothing=Nothing.NONE,
            ),
        ),
    )
