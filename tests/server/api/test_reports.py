"""What one exporter tells another of a store, and how long that counts."""

from __future__ import annotations

import json

import pytest

from store_exporter.server.api.reports import read


@pytest.mark.parametrize(("now", "counts"), [(999.0, True), (1000.0, True), (1000.5, False)])
def test_a_report_counts_until_its_time(now: float, counts: bool) -> None:
    text = json.dumps({"domain": "a.example", "status": "healthy", "until": 1000.0})
    expected = {"domain": "a.example", "status": "healthy"} if counts else None
    assert read(text, now) == expected


@pytest.mark.parametrize("text", [None, "", "{}"])
def test_without_a_report_there_is_none(text: str | None) -> None:
    assert read(text, 1000.0) is None
