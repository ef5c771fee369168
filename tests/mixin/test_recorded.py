"""What is recorded once and shared is what reading the raw series each time would give."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from store_exporter.metrics.catalogue import business, operations
from store_exporter.mixin import alerts, dashboards, promql, series
from store_exporter.mixin.dashboards import scales
from store_exporter.mixin.model import Alert, Record, as_document
from store_exporter.mixin.rules import recording, seasonal, slo
from store_exporter.server.api.analytics import Filters
from store_exporter.server.api.prometheus import hourly_queries
from tests.mixin import promtool

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
    document = as_document([recording.quantile_rules()])
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    checks: list[dict[str, object]] = []
    each = [f'{STORE}, operation="{one}"' for one in ("check_order", "get_cart")]
    for q in series.QUANTILES:
        operation = scales.slowest(q, promql.OPERATION, ())
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
    groups = [seasonal.business_rules(), seasonal.week_rules()]
    document = as_document(groups, pace=30)
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    labels = f'{STORE}, currency="EUR"'
    expected: dict[str, object] = {
        "expr": f"round({series.REVENUE_NORMAL}, 1e-6)",
        "eval_time": "192h",
        "exp_samples": [{"labels": f"{{{labels}}}", "value": round(30 / 3600, 6)}],
    }
    sold = {f"store_revenue_total{{{labels}}}": "0+10x600"}
    check(tmp_path, sold, [expected], interval="20m", pace="1h")


@pytest.mark.real
def test_what_is_measured_and_fails_leaves_out_customers_and_of_checkouts_other_operations(
    tmp_path: Path,
) -> None:
    groups = [recording.operation_rules(), recording.checkout_rules()]
    document = as_document(groups)
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    calls, errors = (
        f"{metric.name}{{{STORE}, operation="
        for metric in (operations.OPERATIONS, operations.OPERATION_ERRORS)
    )
    app, customer = (
        f'error_type="{kind}", fault="{fault}"}}'
        for kind, fault in (("validation", "app"), ("out_of_stock", "customer"))
    )
    # By the minute: 60 calls of carts, of which 6 are a customer's mistake and 12 a bug, and 30 of
    # orders, of which 3 are a bug.
    found = {
        f'{calls}"add_to_cart"}}': "0+60x20",
        f'{errors}"add_to_cart", {customer}': "0+6x20",
        f'{errors}"add_to_cart", {app}': "0+12x20",
        f'{calls}"check_order"}}': "0+30x20",
        f'{errors}"check_order", {app}': "0+3x20",
    }
    expected: list[dict[str, object]] = [
        {
            "expr": f"round(60 * {name}, 1e-6)",
            "eval_time": "15m",
            "exp_samples": [{"labels": f"{{{STORE}}}", "value": value}],
        }
        for name, value in (
            (series.CHECKOUT_MEASURED, 54),
            (series.CHECKOUT_FAILED, 12),
            (series.STORE_MEASURED, 84),
            (series.STORE_FAILED, 15),
        )
    ]
    check(tmp_path, found, expected, interval="1m", pace="1m")


PAID = f"store_orders_paid_total{{{STORE}, instance="
SAMPLED, INCREMENT = (
    f"{name(business.ORDERS_PAID)}{{{STORE}, instance="
    for name in (series.sampled, series.increment)
)
# A sample each minute, of thirty hours.
DAYS_OF_ORDERS: dict[str, tuple[dict[str, str], float]] = {
    "one order a minute": ({f'{PAID}"a"}}': "0+1x1800"}, 1440),
    "none": ({f'{PAID}"a"}}': "7x1800"}, 0),
    "the first five of a shop, between two records": (
        {f'{PAID}"a"}}': "_x1201 0 5x598"},
        5,
    ),
    "those of an exporter until its end and of another that took over": (
        {
            f'{PAID}"a"}}': "0+1x1202 stale",
            f'{PAID}"b"}}': "_x1203 1202 1203+1x596",
        },
        1439,
    ),
    "an hour in which nothing was scraped": ({f'{PAID}"a"}}': "0+1x1000 _x60 1061+1x739"}, 1440),
    "a counter that began anew": ({f'{PAID}"a"}}': "900+1x1199 0+1x600"}, 1439),
}


@pytest.mark.real
@pytest.mark.parametrize("case", DAYS_OF_ORDERS)
def test_orders_of_a_day_are_those_that_were_counted(tmp_path: Path, case: str) -> None:
    found, orders = DAYS_OF_ORDERS[case]
    document = as_document([seasonal.business_rules()])
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    expected: dict[str, object] = {
        "expr": f"{series.orders_in('1d')} + 0",
        "eval_time": "30h",
        "exp_samples": [{"labels": f"{{{STORE}}}", "value": orders}],
    }
    check(tmp_path, found, [expected], interval="1m", pace="4m")


@pytest.mark.real
def test_no_day_is_made_of_fewer_hours_when_samples_are_recorded_for_the_first_time(
    tmp_path: Path,
) -> None:
    (tmp_path / "rules.yml").write_text("groups: []", encoding="utf-8")
    found = {
        f'{PAID}"a"}}': "0+4x900",
        f'{SAMPLED}"a"}}': "_x400 1600+4x500",
        f'{INCREMENT}"a"}}': "_x401 4x499",
        # That of another shop is as old as the shop.
        f'{PAID}"b"}}': "_x800 0+4x100",
        f'{SAMPLED}"b"}}': "_x800 0+4x100",
        f'{INCREMENT}"b"}}': "_x801 4x99",
    }
    expected: list[dict[str, object]] = [
        {
            "expr": f"round({seasonal.of_increments(business.ORDERS_PAID, '1d')})",
            "eval_time": f"{4 * number}m",
            "exp_samples": [
                {"labels": f'{{{STORE}, instance="{each}"}}', "value": value}
                for each, value in values.items()
            ],
        }
        for number, values in ((500, {}), (850, {"a": 1440, "b": 200}))
    ]
    check(tmp_path, found, expected, interval="4m", pace="4m")


def check(
    folder: Path,
    found: dict[str, str],
    expected: list[dict[str, object]],
    *,
    interval: str,
    pace: str = "30s",
) -> None:
    """Have promtool evaluate the rules over these series.

    Args:
        folder: has the rules.
        found: the series.
        expected: what is asked then.
        interval: between samples.
        pace: between evaluations.
    """
    tests = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": pace,
        "tests": [
            {
                "interval": interval,
                "input_series": [{"series": k, "values": v} for k, v in found.items()],
                "promql_expr_test": expected,
            }
        ],
    }
    (folder / promtool.FILE).write_text(yaml.safe_dump(tests), encoding="utf-8")
    promtool.run(folder)


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
