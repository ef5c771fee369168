"""Every dashboard. `pages` lists them, `documents` makes Grafana's JSON of them."""

from __future__ import annotations

from typing import Any

from .. import policy
from . import errors, exporter, fleet, operations, shop, slo, trends
from .panels import Page

FOR_ORGS = frozenset({"fleet", "shop", "operations", "errors", "trends", "slo"})
"""Dashboards that an org gets as well; what the exporter costs is the platform's matter."""


def pages() -> list[Page]:
    """Every dashboard, in the order of the menu."""
    modules = (fleet, shop, operations, errors, trends, slo, exporter)
    return [module.page() for module in modules]


def documents(links: policy.Links = policy.LINKS) -> dict[str, dict[str, Any]]:
    """Every dashboard as Grafana's JSON, by file name without its ending."""
    from .render import as_document

    return {page.file: as_document(page, links) for page in pages()}
