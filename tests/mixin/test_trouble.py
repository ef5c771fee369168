"""The trouble score lists the worst store first (promtool evaluates the recorded rule)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from store_exporter.metrics.catalogue import health
from store_exporter.mixin import promql, series
from store_exporter.mixin.dashboards.pages.fleet import SALES_AT_RISK
from store_exporter.mixin.model import as_document
from store_exporter.mixin.rules import recording
from tests.mixin import promtool
from tests.mixin.alert_cases.case import STORE, of
from tests.mixin.panels import fill
from tests.servers import tool

pytestmark = pytest.mark.real


def score(tmp_path: Path, up: str, alerts: dict[str, int]) -> float:
    """What a store's trouble is, a minute after its last liveness probe."""
    firing = {
        f'ALERTS{{alertname="A{number}", alertstate="firing", severity="{severity}", {STORE}}}': "1"
        for severity, count in alerts.items()
        for number in range(count)
    }
    figures = {of(health.UP): up, of(series.STORE_SUCCESS): "0.75 0.75"} | {
        name: f"{value} {value}" for name, value in firing.items()
    }
    document: dict[str, object] = {
        "rule_files": ["rules.yml"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": k, "values": v} for k, v in figures.items()],
                "promql_expr_test": [
                    {"expr": series.TROUBLE, "eval_time": "1m", "exp_samples": []}
                ],
            }
        ],
    }
    groups = [recording.health_rules(), *recording.trouble_rules()]
    # Without it promtool evaluates groups in any order.
    document["group_eval_order"] = [group.name for group in groups]
    written = as_document(groups)
    for name, content in (("rules.yml", written), ("tests.yml", document)):
        (tmp_path / name).write_text(yaml.safe_dump(content, width=10_000), encoding="utf-8")
    argv = [tool("promtool"), "test", "rules", "tests.yml"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False)
    # promtool expects nothing here, and so says what it found.
    (found,) = [line for line in (done.stdout + done.stderr).splitlines() if "got:" in line]
    return float(found.split()[-1].strip('"'))


def test_a_store_that_is_down_counts_from_its_first_failed_probe(tmp_path: Path) -> None:
    assert score(tmp_path, "1 0", {}) == 100.25


def test_a_store_that_is_up_without_alerts_counts_its_failures_only(tmp_path: Path) -> None:
    assert score(tmp_path, "1 1", {}) == 0.25


def test_one_critical_alert_counts_more_than_any_number_of_warnings(tmp_path: Path) -> None:
    assert score(tmp_path, "1 1", {"warning": 20}) == 9.25
    assert score(tmp_path, "1 1", {"critical": 1}) == 10.25


def test_being_down_counts_more_than_any_number_of_alerts(tmp_path: Path) -> None:
    assert score(tmp_path, "1 1", {"critical": 20, "warning": 20}) == 89.25


def test_sales_at_risk_are_those_of_currencies_in_which_there_are_any(tmp_path: Path) -> None:
    figures = {
        of(series.TROUBLE): "100x5",
        of(series.REVENUE_HOURLY, 'currency="EUR"'): "50x5",
        of(series.REVENUE_HOURLY, 'currency="USD"'): "0x5",
        # The mean of the first minutes.
        of(series.REVENUE_NORMAL, 'currency="EUR"'): "0x5",
        of(series.TROUBLE, base='org="o", domain="well", platform="p"'): "1x5",
        of(series.REVENUE_HOURLY, 'currency="GBP"', base='org="o", domain="well", platform="p"'): (
            "70x5"
        ),
    }
    (query,) = SALES_AT_RISK.queries
    check = {
        "expr": fill(query.expression, dict.fromkeys(promql.STORE, ".+")),
        "eval_time": "4m",
        "exp_samples": [{"labels": '{currency="EUR"}', "value": 50}],
    }
    test = {
        "interval": "1m",
        "input_series": [{"series": k, "values": v} for k, v in figures.items()],
        "promql_expr_test": [check],
    }
    promtool.write_files(tmp_path, {}, {"evaluation_interval": "1m", "tests": [test]})
    promtool.run(tmp_path)
