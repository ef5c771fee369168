"""The currency that a page begins with is the shops' own, and without any its title says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter.metrics.catalogue import business, health
from store_exporter.mixin.dashboards.variables import CURRENCY
from tests.mixin import promtool
from tests.mixin.panels import fill

pytestmark = pytest.mark.real


def shop(domain: str, own: str, *sold: str) -> dict[str, str]:
    """A shop that keeps its books in one currency, and sells in some."""
    base = f'org="acme", domain="{domain}", platform="shopify"'
    version = 'version="1", timezone="UTC", order_storage=""'
    revenue = {
        f'{business.REVENUE.name}{{{base}, currency="{currency}"}}': "9000" for currency in sold
    }
    return {f'{health.INFO.name}{{{base}, currency="{own}", {version}}}': "1", **revenue}


@pytest.mark.parametrize(
    ("shown", "offered"),
    [
        ({}, {"none": -1}),
        (shop("a.example", "EUR"), {"none": -1}),
        (shop("a.example", "EUR", "AUD", "EUR"), {"EUR": 1, "AUD": 0}),
        (
            shop("a.example", "USD", "AUD", "USD")
            | shop("b.example", "USD", "USD")
            | shop("c.example", "EUR", "EUR"),
            {"USD": 2, "EUR": 1, "AUD": 0},
        ),
    ],
)
def test_the_currency_of_most_shops_comes_first(
    shown: dict[str, str], offered: dict[str, int], tmp_path: Path
) -> None:
    check = {
        "expr": fill(CURRENCY.ranked, dict.fromkeys(("org", "domain", "platform"), ".+")),
        "eval_time": "1m",
        "exp_samples": [
            {"labels": f'{{currency="{name}"}}', "value": rank} for name, rank in offered.items()
        ],
    }
    test = {
        "interval": "1m",
        "input_series": [{"series": k, "values": f"{v} {v}"} for k, v in shown.items()],
        "promql_expr_test": [check],
    }
    promtool.write_files(tmp_path, {}, {"evaluation_interval": "1m", "tests": [test]})
    promtool.run(tmp_path)
    assert CURRENCY.ranked.startswith("sort_desc(")
