"""What the end of a run is taken for."""

from __future__ import annotations

from store_exporter.contract import Report
from store_exporter.errors import StoreError
from store_exporter.probing.results.outcomes import throttled_as_degraded


def test_a_store_that_asks_for_fewer_requests_is_quoted_as_part_of_a_sentence() -> None:
    report = throttled_as_degraded(StoreError("rate_limited", "Please wait 9 seconds."))
    assert isinstance(report, Report)
    assert report.degraded == ["The store asks for fewer requests: Please wait 9 seconds."]
