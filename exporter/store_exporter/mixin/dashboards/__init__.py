"""Every dashboard. `pages` lists them, `documents` returns them as Grafana's JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import policy
from .pages import errors, exporter, fleet, operations, shop, slo, trends
from .panels import DashboardPage


def pages() -> list[DashboardPage]:
    """Every dashboard, in the order of the menu."""
    modules = (fleet, shop, operations, errors, trends, slo, exporter)
    return [module.PAGE for module in modules]


def for_orgs() -> list[DashboardPage]:
    """The dashboards that orgs get too."""
    return [page for page in pages() if page.of.for_orgs]


def documents(
    links: policy.Links = policy.LINKS,
    of: Sequence[DashboardPage] | None = None,
    *,
    one_org: bool = False,
) -> dict[str, dict[str, Any]]:
    """Return dashboards as Grafana's JSON, by file name without its ending; by default all."""
    from .drawing.render import as_document

    chosen = pages() if of is None else of
    return {page.file: as_document(page, links, one_org=one_org) for page in chosen}
