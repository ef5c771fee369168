"""A store to measure, and what was counted about it."""

from __future__ import annotations

from typing import TypedDict

from store_exporter import Recorder
from tests.metrics.figures import only


class Shop(TypedDict):
    org: str
    domain: str
    platform: str


SHOP: Shop = {"org": "acme", "domain": "shop.example.com", "platform": "woocommerce"}
STORE = ("acme", "shop.example.com", "woocommerce")
ERRORS = "store_exporter_instrumentation_errors_total"


def counted(recorder: Recorder) -> tuple[float, float, dict[str, float] | None]:
    """Return total, in progress and errors of the only label set there is."""
    found = only(recorder)
    assert found.total == found.observations == found.native_observations
    return found.total, found.in_progress, found.errors
