"""The dashboards on what the demo really emits: exporter, stores, shoppers, Prometheus."""

from __future__ import annotations

import pytest

from store_exporter.metrics.catalogue import operations
from store_exporter.mixin import dashboards, slo
from tests.demo import Demo
from tests.mixin.panels import Source, proof
from tests.servers import eventually

pytestmark = pytest.mark.real


@pytest.mark.timeout(240)
def test_every_panel_shows_what_the_demo_does(demo: Demo) -> None:
    url = demo.stack.addresses["prometheus"]
    # The last series to come: sums over days, of recorded hours, of recorded minutes.
    eventually(lambda: found(url, f"{slo.BUDGET} <= 1"), timeout=90)
    # How long the others take depends on when their groups of rules are evaluated.
    eventually(
        lambda: proof(Source(url), dashboards.pages()), lambda problems: not problems, timeout=60
    )
    # The synthetic history has classic histograms; here it is native ones, and nothing else.
    duration = operations.OPERATION_DURATION.name
    assert found(url, f"histogram_count({duration})")
    assert not found(url, f"{duration}_bucket")


def found(url: str, query: str) -> bool:
    """Whether a query has a result."""
    return bool(Source(url).get("/api/v1/query", {"query": query})["result"])
