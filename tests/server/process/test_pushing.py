"""Whether `serve` pushes, and what it remembers of its pushes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from store_exporter.metrics.catalogue import business
from store_exporter.metrics.otlp.deltas import States
from store_exporter.probing.state.sqlite_state import SqliteState
from store_exporter.probing.state.storage import PUSHED, Key, Write
from store_exporter.server.process.pushing import SavedStates, is_requested

STORE = ("acme", "shop.example.com", "woocommerce")
STATES: States = {
    (business.REVENUE.name, (*STORE, "EUR")): (12.5, 1_795_436_653_000_000_000),
    (business.ORDERS_PAID.name, STORE): (3.0, 1_795_436_654_000_000_000),
}


@pytest.mark.parametrize(
    ("environ", "asked"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "x=y"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, False),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, True),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://a"}, True),
        ({"OTEL_METRICS_EXPORTER": "otlp"}, True),
        ({"OTEL_METRICS_EXPORTER": "console, OTLP"}, True),
    ],
)
def test_it_pushes_where_the_variables_say_so(environ: Mapping[str, str], asked: bool) -> None:
    assert is_requested(environ) is asked


def test_what_was_acknowledged_is_there_after_a_restart(tmp_path: Path) -> None:
    losses: list[int] = []

    def opened() -> SavedStates:
        return SavedStates(SqliteState(tmp_path), lambda: losses.append(1))

    saved = opened()
    assert saved.load(STORE) == {}
    saved.save({STORE: STATES})
    saved.close()
    again = opened()
    assert again.load(STORE) == STATES
    assert again.load(("zen", *STORE[1:])) == {}
    again.close()
    assert losses == []


@pytest.mark.parametrize("document", ["{}", "[1]", '[["a"]]', '[["a", [], "x", 1]]', "null", "7"])
def test_a_document_that_is_none_is_a_loss_and_stops_nothing(tmp_path: Path, document: str) -> None:
    losses: list[int] = []
    file = SqliteState(tmp_path)
    saved = SavedStates(file, lambda: losses.append(1))
    saved.save({STORE: STATES})
    org, domain, platform = STORE
    file.put([Write(Key(org, platform, domain, "", PUSHED), document)])
    assert saved.load(STORE) == {}
    assert len(losses) == (document != "{}")
    saved.save({STORE: STATES})
    assert saved.load(STORE) == STATES
    file.close()


def test_an_unusable_file_counts_as_a_loss_and_stops_nothing(tmp_path: Path) -> None:
    losses: list[int] = []
    saved = SavedStates(SqliteState(tmp_path), lambda: losses.append(1))
    saved.close()
    saved.save({STORE: STATES})
    assert saved.load(STORE) == {}
    assert len(losses) == 2
