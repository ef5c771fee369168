"""Seven days of each org beside the seven before, whatever Prometheus missed at this hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter.mixin import series
from store_exporter.mixin.dashboards.pages.trends import ORG_BY_ORG
from tests.mixin import promtool
from tests.mixin.panels import fill

pytestmark = pytest.mark.real

CHOSEN = dict.fromkeys(("org", "domain", "platform"), ".+") | {"currency": "EUR"}
WEEK = 7 * 48
"""Half hours, between which samples are."""


def shop(org: str, domain: str, values: str) -> dict[str, str]:
    """The orders of the past day of a shop, as recorded."""
    labels = f'org="{org}", domain="{domain}", platform="woocommerce"'
    return {f"{series.orders_in('1d')}{{{labels}}}": values}


def test_orders_of_a_week_and_their_change_are_those_of_all_shops_of_an_org(tmp_path: Path) -> None:
    shown = {
        **shop("acme", "books.example", f"20x{WEEK} 10x{WEEK}"),
        # Nothing was recorded at this hour a day ago, but half an hour before.
        **shop("acme", "toys.example", f"2x{WEEK} 2x{WEEK - 50} _ 2x47"),
        **shop("new", "tea.example", f"_x{WEEK + 49} 3x{WEEK}"),
    }
    (panel,) = ORG_BY_ORG.panels
    # A new org has no change, and would be the first of those that fall.
    assert panel.sort == "Orders"
    found = {
        query.legend: fill(panel.expression(query), CHOSEN)
        for query in panel.queries
        if query.legend in ("Orders", "Change")
    }
    expected = {
        "Orders": {"acme": 7 * 12.0, "new": 6 * 3.0},
        "Change": {"acme": 12 / 22 - 1},
    }
    checks = [
        {
            "expr": f"round({found[legend]}, 0.0001)",
            "eval_time": f"{2 * WEEK * 30}m",
            "exp_samples": [
                {"labels": f'{{org="{org}"}}', "value": round(value, 4)}
                for org, value in of_org.items()
            ],
        }
        for legend, of_org in expected.items()
    ]
    test = {
        "interval": "30m",
        "input_series": [{"series": k, "values": v} for k, v in shown.items()],
        "promql_expr_test": checks,
    }
    promtool.write_files(tmp_path, {}, {"evaluation_interval": "30m", "tests": [test]})
    promtool.run(tmp_path)
