"""Timelines show what there was before a gap, and words where no point is drawn yet."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter.metrics.catalogue import health
from store_exporter.mixin import dashboards, series
from store_exporter.mixin.dashboards.values import Nothing
from store_exporter.mixin.dashboards.variables import LEVEL
from store_exporter.mixin.rules import slo
from store_exporter.mixin.wide import OF_STORES
from tests.mixin import promtool
from tests.mixin.alert_cases.case import of
from tests.mixin.panels import fill

pytestmark = pytest.mark.real

UNTIL, LATER = 60, 30
"""Minutes with samples, and without any after them."""
CHOSEN = dict.fromkeys(("org", "domain", "platform", "slo", "detail"), ".+")
SHOWN = {
    of(series.STORE_UP): "0",
    of(series.TROUBLE): "100",
    of(health.PROBE_SUCCESS, 'probe="cart"'): "0",
    of(slo.BUDGET, 'slo="uptime"'): "0.5",
}


@pytest.mark.parametrize(
    ("page", "title", "number"),
    [
        ("fleet", "State of the 15 stores in most trouble", 0),
        ("shop", "Checks", 0),
        ("slo", "Budget left: the ten stores with least", 0),
    ],
)
def test_a_gap_at_the_end_hides_nothing_of_what_was_before(
    page: str, title: str, number: int, tmp_path: Path
) -> None:
    (panel,) = [
        panel
        for each in dashboards.pages()
        if each.file == page
        for panel in each.panels
        if panel.title == title
    ]
    drawn = fill(panel.queries[number].expression, {**CHOSEN, LEVEL.name: OF_STORES})
    check = {
        # Of a subquery, too, the end is the time of the whole.
        "expr": f"count(last_over_time(({drawn})[2h:1m]))",
        "eval_time": f"{UNTIL + LATER}m",
        "exp_samples": [{"labels": "{}", "value": 1}],
    }
    test = {
        "interval": "1m",
        "input_series": [
            {"series": name, "values": f"{value}x{UNTIL}"} for name, value in SHOWN.items()
        ],
        "promql_expr_test": [check],
    }
    promtool.write_files(tmp_path, {}, {"evaluation_interval": "1m", "tests": [test]})
    promtool.run(tmp_path)


@pytest.mark.parametrize(("minute", "said"), [(59, [Nothing.NOT_YET]), (60, [])])
def test_a_shop_newer_than_the_last_point_that_is_drawn_has_no_sample_yet(
    minute: int, said: list[Nothing], tmp_path: Path
) -> None:
    # Points are ten minutes apart. Of no sample at all Grafana says that data has no time field.
    (panel,) = [
        panel for page in dashboards.pages() for panel in page.panels if panel.title == "Checks"
    ]
    drawn = fill(panel.queries[-1].expression, CHOSEN, step="10m")
    check = {
        "expr": drawn,
        "eval_time": f"{minute}m",
        "exp_samples": [{"labels": f'{{probe="{words}"}}', "value": -1} for words in said],
    }
    test = {
        "interval": "1m",
        "input_series": [{"series": of(series.STORE_UP), "values": "_x59 1x10"}],
        "promql_expr_test": [check],
    }
    promtool.write_files(tmp_path, {}, {"evaluation_interval": "1m", "tests": [test]})
    promtool.run(tmp_path)
