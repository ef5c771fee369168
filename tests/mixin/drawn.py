"""Panels of all dashboards as they are drawn, for tests of what can be read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from store_exporter.mixin import dashboards
from store_exporter.mixin.dashboards.panels import DashboardPage, Panel, PanelKind
from tests.mixin.synthetic import VALUES

PAGES = dashboards.pages()

LONGEST = {
    "percentunit": "100.0%",
    "s": "59.9 mins",
    "short": "999 Mil",
    "locale": "912,345.67",
    "dateTimeFromNow": "a few seconds ago",
    "dateTimeAsIso": "2026-11-26 07:05:10",
}
"""The longest text that a figure of each unit commonly has."""

DOMAIN = "garden.globex.example"

USUAL = {
    "domain": DOMAIN,
    "operation": "apply_coupon_to_cart",
    "error_type": "invalid_response",
    "collector": "order_statuses",
    "source": "order_statuses",
    "job": "store-exporter",
    "slo": "availability",
    "platform": "woocommerce",
    "probe": "storefront",
    "org": "northwind",
    "stock": "low",
    "state": "disabled",
    "fault": "cancelled",
    "status": "completed",
    "phase": "processing",
    "result": "success",
    "reason": "overlap",
    "outcome": "duplicate",
}
"""A usual value of labels that name a series, rather a long one."""


def named(legend: str) -> str:
    """A legend with values in place of labels: a usual one, or else the longest of all figures."""
    values = {name: max(known, key=len) for name, known in VALUES.items()} | USUAL
    return re.sub(r"\{\{(\w+)\}\}", lambda m: values.get(m[1], m[1]), legend)


def panels(*kinds: PanelKind) -> Iterator[tuple[DashboardPage, Panel]]:
    for page in PAGES:
        yield from ((page, panel) for panel in page.panels if panel.kind in kinds)


def each(*kinds: PanelKind) -> pytest.MarkDecorator:
    found = list(panels(*kinds))
    names = [f"{page.file}: {panel.title}" for page, panel in found]
    return pytest.mark.parametrize("panel", [panel for _, panel in found], ids=names)


DOCUMENTS = {
    (page.file, panel["title"]): panel
    for page in PAGES
    for panel in dashboards.documents(of=[page])[page.file]["panels"]
}


def document_of(panel: Panel) -> Any:
    """Grafana's JSON of a panel."""
    (page,) = [page for page in PAGES if any(panel is each for each in page.panels)]
    return DOCUMENTS[page.file, panel.title]
