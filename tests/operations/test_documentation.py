"""docs/instrumentation.md says what is so: its examples run, and nothing is left out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import store_exporter
from store_exporter import ERROR_TYPES, default_recorder
from store_exporter.metrics.complaints import STAGES
from tests.metrics.figures import operations, series


@pytest.fixture
def guide(repository: Path) -> str:
    return (repository / "docs" / "instrumentation.md").read_text()


def test_the_examples_run_and_record(guide: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_INGEST_TOKEN", "token-of-acme")
    woocommerce = ("acme", "shop.example.com", "woocommerce")
    shopify = ("acme", "shop.example.com", "shopify")
    # The examples write to the recorder of the process, where other tests may have been before.
    for store in (woocommerce, shopify):
        default_recorder().forget(store)
    names: dict[str, object] = {}
    errors = series(default_recorder(), "store_exporter_instrumentation_errors_total")
    for block in re.findall(r"```python\n(.*?)```", guide, re.DOTALL):
        exec(block, names)  # noqa: S102 - the project's own documentation
    reporter = names["reporter"]
    assert isinstance(reporter, store_exporter.CallReporter)
    reporter.close()
    recorded = operations(default_recorder())
    assert recorded[*woocommerce, "search_products"].total == 1
    assert recorded[*woocommerce, "add_to_cart"].errors == {"out_of_stock": 1}
    assert recorded[*woocommerce, "apply_coupon_to_cart"].errors == {"invalid_coupon": 1}
    assert recorded[*shopify, "check_stock"].total == 1
    assert recorded[*shopify, "validate_coupon"].total == 1
    assert recorded[*shopify, "check_price"].total == 2
    assert series(default_recorder(), "store_exporter_instrumentation_errors_total") == errors
    for store in (woocommerce, shopify):
        default_recorder().forget(store)


def test_every_stage_is_explained(guide: str) -> None:
    for stage in STAGES:
        assert f"| `{stage}` |" in guide


def test_error_types_that_are_named_exist(guide: str) -> None:
    start = guide.index("| Exception | Error type |")
    section = guide[start : guide.index("Libraries are recognised")]
    named = set(re.findall(r"`([a-z_]+)`(?= \d|,| \|)", section))
    assert {"timeout", "tls_untrusted", "rate_limited", "cancelled"} <= named
    assert named - {"socket", "ssl", "raise_for_status"} <= set(ERROR_TYPES)


def test_all_public_names_are_listed_and_no_others(guide: str) -> None:
    rows = re.findall(r"^\| (`.*?`) \|", guide[guide.index("## All names") :], re.MULTILINE)
    listed = [name.strip("`") for row in rows for name in row.split(", ")]
    assert sorted([*listed, "__version__"]) == sorted(store_exporter.__all__)
