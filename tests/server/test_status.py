from __future__ import annotations

from typing import Any

from store_exporter.metrics.catalogue.values import HealthState
from store_exporter.probing.results.health import Health
from store_exporter.probing.results.result import Result
from store_exporter.server.status import state_of, status, worst_first
from store_exporter.stores.model import Store

STORE = Store("acme", "shop.example.com", "woocommerce", "https://shop.example.com")
HEALTHY, DEGRADED, CRITICAL = map(Health, HealthState)


def result(name: str, kind: str = "probe", error: str | None = None, **more: Any) -> Result:
    fields: dict[str, Any] = {
        "message": f"{name} failed" if error else "",
        "summary": f"{name} is well",
        **more,
    }
    return Result(
        STORE.domain,
        kind,
        name,
        time=1.0,
        ok=error is None,
        duration=0.5,
        error_type=error,
        **fields,
    )


def reason(health: Health | None, *results: Result) -> str | None:
    found = status(STORE, results, health).reason
    return found.message if found else None


def test_before_the_first_run_everything_is_unknown() -> None:
    found = status(STORE, [], None)
    assert (found.state, found.reason) == ("unknown", None)
    assert {check.state for check in found.checks} == {"unknown"}
    assert found.liveness is not None
    assert found.liveness.name == "liveness"


def test_the_reason_of_health_is_the_liveness_probe() -> None:
    assert reason(HEALTHY, result("cart"), result("liveness")) == "liveness is well"


def test_the_reason_of_trouble_is_the_worst_check() -> None:
    results = (result("liveness", degraded=("slow",)), result("cart", error="timeout"))
    assert reason(CRITICAL, *results) == "cart failed"
    assert reason(DEGRADED, results[0]) == "slow; liveness is well"


def test_a_failing_collector_is_shown_and_is_no_reason() -> None:
    results = (result("liveness"), result("orders", "collector", "timeout"))
    found = status(STORE, results, HEALTHY)
    (orders,) = (check for check in found.checks if check.name == "orders")
    assert (orders.state, orders.error_type) == ("degraded", "timeout")
    assert orders.advice == "Check the store's load and its hosting."
    assert reason(DEGRADED, *results) == "liveness is well"
    assert reason(HEALTHY, *results) == "liveness is well"
    assert reason(DEGRADED, *results, result("tls", degraded=("it expires",))) == (
        "it expires; tls is well"
    )


def test_the_worst_stores_come_first() -> None:
    states = [HEALTHY, None, CRITICAL, DEGRADED]
    pairs = [(STORE, state_of(state)) for state in states]
    assert [state for _, state in worst_first(pairs)] == [
        "critical", "degraded", "unknown", "healthy",
    ]  # fmt: skip
