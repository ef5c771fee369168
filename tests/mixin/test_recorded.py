"""What is recorded once and shared is what reading the raw series each time would give."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from store_exporter.mixin import alerts, dashboards, promql, series
from store_exporter.mixin.model import Alert, Record, as_document
from store_exporter.mixin.rules import recording, seasonal, slo
from store_exporter.server.api.analytics import Filters
from store_exporter.server.api.prometheus import hourly_queries
from tests.servers import tool

STORE = 'org="acme", domain="a.example", platform="woocommerce"'
BY = "org, domain, platform"
DURATION = "store_operation_duration_seconds"

NATIVE = {
    f'{DURATION}{{{STORE}, operation="get_cart"}}': "{{schema:0 count:0 sum:0}}"
    "+{{schema:0 count:30 sum:30 offset:0 buckets:[27 0 3]}}x12",
    f'{DURATION}{{{STORE}, operation="check_order"}}': "{{schema:0 count:0 sum:0}}"
    "+{{schema:0 count:10 sum:30 offset:0 buckets:[1 0 4 5]}}x12",
}
CLASSIC = {
    f'{DURATION}_bucket{{{STORE}, operation="{operation}", le="{le}"}}': f"0+{more}x12"
    for operation, buckets in (
        ("get_cart", {"0.5": 20, "1.0": 27, "2.5": 30, "+Inf": 30}),
        ("check_order", {"0.5": 1, "1.0": 2, "2.5": 7, "+Inf": 10}),
    )
    for le, more in buckets.items()
}


@pytest.mark.real
@pytest.mark.parametrize(
    ("histograms", "raw", "le"),
    [(NATIVE, DURATION, ""), (CLASSIC, f"{DURATION}_bucket", ", le")],
    ids=["native", "classic"],
)
def test_quantiles_of_operations_and_stores_are_those_of_their_histograms(
    tmp_path: Path, histograms: dict[str, str], raw: str, le: str
) -> None:
    document = as_document([recording.quantile_rules()], grafana="", runbooks="")
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    checks: list[dict[str, object]] = []
    each = [f'{STORE}, operation="{one}"' for one in ("check_order", "get_cart")]
    for q in series.QUANTILES:
        operation = promql.quantile_of(q, series.OPERATION_HISTOGRAM, series.OPERATION_BUCKETS)
        store = promql.quantile_of(q, series.STORE_HISTOGRAM, series.STORE_BUCKETS)
        for recorded, labels, values in (
            (operation, f"{BY}, operation", each),
            (store, BY, [STORE]),
            *([(series.STORE_QUANTILE, BY, [STORE])] if q == 0.95 else []),
        ):
            rate = f"sum by ({labels}{le}) (rate({raw}[5m]))"
            direct = f"histogram_quantile({q:g}, {rate})"
            checks.append(
                {
                    "expr": f"round(({recorded}) - on ({labels}) {direct}, 1e-9)",
                    "eval_time": "10m",
                    "exp_samples": [{"labels": f"{{{one}}}", "value": 0} for one in values],
                }
            )
    check(tmp_path, histograms, checks, interval="1m")


@pytest.mark.real
def test_the_mean_of_a_week_is_that_of_the_counter(tmp_path: Path) -> None:
    # Three sales of 10 an hour for eight days; groups are evaluated once an hour.
    document = as_document([seasonal.business_rules()], grafana="", runbooks="", pace=30)
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    labels = f'{STORE}, currency="EUR"'
    expected: dict[str, object] = {
        "expr": f"round({series.REVENUE_NORMAL}, 1e-6)",
        "eval_time": "192h",
        "exp_samples": [{"labels": f"{{{labels}}}", "value": round(30 / 3600, 6)}],
    }
    sold = {f"store_revenue_total{{{labels}}}": "0+10x600"}
    check(tmp_path, sold, [expected], interval="20m")


def check(
    folder: Path, found: dict[str, str], expected: list[dict[str, object]], *, interval: str
) -> None:
    """Have promtool evaluate the rules over these series."""
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "30s" if interval == "1m" else "1h",
        "tests": [
            {
                "interval": interval,
                "input_series": [{"series": k, "values": v} for k, v in found.items()],
                "promql_expr_test": expected,
            }
        ],
    }
    (folder / "tests.yml").write_text(yaml.safe_dump(tests), encoding="utf-8")
    argv = [tool("promtool"), "test", "rules", "tests.yml"]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rate_of_a_histogram_is_taken_once() -> None:
    expressions = "\n".join(rule.expression for rule in recording.quantile_rules().rules)
    assert expressions.count(f"rate({DURATION}[") == 1
    assert expressions.count(f"rate({DURATION}_bucket[") == 1


def test_every_recorded_series_is_read() -> None:
    rules = [
        rule
        for group in (*recording.groups(), *slo.groups())
        for rule in group.rules
        if isinstance(rule, Record)
    ]
    alerting = [rule for group in alerts.groups() for rule in group.rules]
    read = [
        *(rule.expression for rule in rules),
        *(str(each.document("", "")) for each in alerting if isinstance(each, Alert)),
        *(
            panel.expression(query)
            for page in dashboards.pages()
            for panel in page.panels
            for query in panel.queries
        ),
        *hourly_queries(Filters("acme")).values(),
    ]
    names = set(re.findall(r"[a-z_]+:\w+:\w+", "\n".join(read)))
    assert {rule.name for rule in rules} - names == set()
    quantiles = {rule.labels["quantile"] for rule in rules if "quantile" in rule.labels}
    assert quantiles == set(re.findall(r'quantile="([\d.]+)"', "\n".join(read)))
