"""The table of how widespread each failure is lists those that occurred in the chosen time."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter.mixin.dashboards.pages.correlation import SPREAD
from store_exporter.mixin.dashboards.variables import SKIPPED
from store_exporter.mixin.rules import longterm
from tests.mixin import promtool
from tests.mixin.panels import fill

pytestmark = pytest.mark.real


def test_a_failure_of_an_earlier_time_is_not_listed_with_a_zero(tmp_path: Path) -> None:
    chosen = dict.fromkeys(("org", "domain", "platform", "operation"), ".+")
    _, recorded = longterm.SKIPPED[0]
    chosen |= {SKIPPED.name: recorded, "__range": "1h"}
    name = "store_operation_errors_total"
    of = 'org="acme", domain="books.example", platform="woocommerce", operation="checkout"'
    panel = SPREAD
    test = {
        "interval": "1m",
        "input_series": [
            {
                "series": f'{name}{{{of}, error_type="{kind}", fault="store"}}',
                "values": values,
            }
            for kind, values in {"timeout": "0+1x30 30x150", "server_error": "0+1x180"}.items()
        ],
        "promql_expr_test": [
            {
                "expr": f"({fill(panel.expression(query), chosen)}) > bool 0",
                "eval_time": "3h",
                "exp_samples": [{"labels": '{error_type="server_error"}', "value": 1}],
            }
            for query in panel.queries
        ],
    }
    tests = {"evaluation_interval": "1m", "tests": [test]}
    promtool.write(tmp_path, tests, (), chosen=())
    promtool.run(tmp_path)
