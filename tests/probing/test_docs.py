"""What docs/probing.md says is what the code does."""

from __future__ import annotations

from pathlib import Path

import pytest

from store_exporter import sqlite
from store_exporter.errors import ERROR_TYPES
from store_exporter.metrics.catalogue.values import HealthState, SkipReason
from store_exporter.net import redirects
from store_exporter.probing import access, budget, exchange, jobs, timetable
from store_exporter.probing.state import sql_sweep, sqlite_file, storage
from store_exporter.stores.model import Store


@pytest.fixture(scope="module")
def page() -> str:
    return (Path(__file__).parents[2] / "docs" / "probing.md").read_text()


def test_every_state_is_explained(page: str) -> None:
    for one in HealthState:
        assert f"| `{one}` |" in page


def test_limits_are_those_of_the_code(page: str) -> None:
    assert (budget.BURST_SHARE, budget.RESERVE_SHARE) == (1 / 10, 1 / 4)
    assert (budget.FIRST_BACKOFF, budget.LONGEST_BACKOFF) == (30, 15 * 60)
    assert budget.LONGEST_PATIENCE == 3600
    assert exchange.REQUEST_SECONDS == 30
    assert redirects.MOST == 10
    assert timetable.JITTER_SHARE == 2 / 100
    assert jobs.FRESH_INTERVALS == 3
    assert (storage.KEPT_SECONDS, storage.UNUSED_SECONDS) == (90 * 86_400, 2 * 86_400)
    assert (sql_sweep.BELIEVED_SECONDS, sqlite.KEPT_FILES) == (7 * 86_400, 3)
    words = (
        "A tenth of it",
        "A quarter of that tenth",
        "30 s, doubled with each further failure up to 15 minutes",
        "an hour at most",
        "No request takes longer than 30 s",
        "ten at most",
        "jitter (2 %, at most a second)",
        "three intervals",
        "90 days",
        sqlite_file.FILE_NAME,
    )
    text = " ".join(page.split())
    for said in words:
        assert said in text, said


def test_the_defaults_shown_are_a_stores_defaults(page: str) -> None:
    store = Store("acme", "shop.example.com", "woocommerce", "https://shop.example.com")
    for name in ("requests_per_hour", "concurrency", "max_body_bytes"):
        assert f"{name}: {getattr(store, name)} " in page


def test_error_types_have_the_fault_that_the_table_says(page: str) -> None:
    table = page.partition("| `error_type` |")[2].partition("\n\n")[0]
    rows = [line.split("|")[2:4] for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) == 13
    for error_type, fault in rows:
        assert ERROR_TYPES[error_type.strip(" `")].fault == fault.strip()


@pytest.mark.parametrize("reason", SkipReason)
def test_every_reason_to_leave_a_run_out_is_explained(reason: str, page: str) -> None:
    assert f"| `{reason}` |" in page


def test_addresses_of_a_store_are_those_that_the_page_names() -> None:
    store = Store(
        "acme",
        "shop.example.com",
        "woocommerce",
        "http://10.0.0.1:8080/shop",
        settings={"storefront": "https://www.example.com", "broken": "https://[", "number": 7},
    )
    assert access.origins(store) == {
        ("http", "10.0.0.1", 8080),
        ("https", "shop.example.com", 443),
        ("https", "www.example.com", 443),
    }
    assert list(budget.Priority) == [0, 1, 2], "liveness, probes, collectors"
