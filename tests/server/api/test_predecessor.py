"""The predecessor's addresses answer in its shape, field by field, with our figures."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from store_demo.stores.base import DemoStore
from store_demo.stores.faults import Fault
from store_exporter.calls.call import OPERATION, Call
from store_exporter.metrics.recorder import Recorder
from tests.server.support import Running, configuration, exporting

ANALYTICS, HEALTH = "/api/woocommerce/analytics", "/api/woocommerce/health"
DOWN = "http://127.0.0.1:9"
# The predecessor's shape, as pages of it read it: each field with the types that it may have.
NUMBER, TEXT, MAYBE = (int, float), str, (str, type(None))
ROW = {
    "id": TEXT, "customer_config_id": MAYBE, "domain": TEXT, "operation": TEXT,
    "duration_ms": NUMBER, "success": bool, "error_type": MAYBE, "error_message": MAYBE,
    "user_agent": MAYBE, "created_at": TEXT,
}  # fmt: skip
STATS = {
    "total_operations": NUMBER, "success_rate": NUMBER, "avg_duration_ms": NUMBER,
    "operations_by_type": dict, "errors_by_type": dict,
}  # fmt: skip
FILTERS = {"domain": MAYBE, "operation": MAYBE, "days": NUMBER, "limit": NUMBER}
SUMMARY = {
    "overall_status": TEXT, "healthy_domains": NUMBER, "total_domains": NUMBER,
    "health_checks": list,
}  # fmt: skip
CHECK = {
    "domain": TEXT, "status": TEXT, "message": TEXT, "response_time_ms": NUMBER,
    "error_type": MAYBE,
}  # fmt: skip


def holds(document: Any, shape: dict[str, Any]) -> bool:
    """Whether a document has just these fields, of these types."""
    return document.keys() == shape.keys() and all(
        isinstance(document[name], kinds) and (kinds is bool or document[name] is not True)
        for name, kinds in shape.items()
    )


@pytest.fixture
async def running(tmp_path: Path, shop_url: str, environ: dict[str, str]) -> AsyncIterator[Running]:
    stores = [
        ("acme", "shop.example.com", shop_url),
        ("acme", "down.example.com", DOWN),
        ("zen", "zen.example", DOWN),
    ]
    text = configuration(*stores, more="predecessor_api: true\n")
    async with exporting(tmp_path, text, environ=environ, recorder=Recorder()) as running:
        yield running


def call(running: Running, domain: str, operation: str, error: str | None = None) -> None:
    """Record a call of acme's, or of zen's in its store."""
    org = "zen" if domain == "zen.example" else "acme"
    handle = running.exporter.recorder.operation(org, domain, "woocommerce", operation)
    handle.start()
    if error is None:
        handle.finish(0.2)
    else:
        secret = "ck_0123456789abcdef0123456789abcdef01234567"
        handle.fail(0.4, error, ValueError(f"the store said no\nto {secret}"))


async def data(running: Running, path: str) -> Any:
    answer = await running.api(path)
    assert (answer.status, answer.json.keys()) == (200, {"success", "data"}), answer.text
    assert answer.json["success"] is True
    return answer.json["data"]


async def test_analytics_has_the_old_shape_with_the_latest_calls(running: Running) -> None:
    call(running, "shop.example.com", "get_cart")
    call(running, "shop.example.com", "get_cart", "timeout")
    call(running, "down.example.com", "check_order", "invalid_coupon")
    call(running, "zen.example", "get_cart", "timeout")
    found = await data(running, ANALYTICS)
    assert found.keys() == {"metrics", "stats", "filters"}
    assert holds(found["stats"], STATS)
    assert holds(found["filters"], FILTERS)
    assert all(holds(row, ROW) for row in found["metrics"])
    assert found["stats"] == {
        "total_operations": 3, "success_rate": 66.67, "avg_duration_ms": 333.3,
        "operations_by_type": {"get_cart": 2, "check_order": 1},
        "errors_by_type": {"invalid_coupon": 1, "timeout": 1},
    }  # fmt: skip
    assert sorted(
        (row["operation"], row["success"], row["error_type"]) for row in found["metrics"]
    ) == [
        ("check_order", False, "invalid_coupon"),
        ("get_cart", False, "timeout"),
        ("get_cart", True, None),
    ]
    times = [row["created_at"] for row in found["metrics"]]
    assert times == sorted(times, reverse=True)
    failed = next(row for row in found["metrics"] if row["error_type"] == "timeout")
    assert "the store said no to" in failed["error_message"]
    assert "ck_0123" not in json.dumps(found)
    assert "zen" not in json.dumps(found)
    found = await data(running, f"{ANALYTICS}?domain=shop.example.com&operation=get_cart&limit=1")
    assert [(row["operation"], row["duration_ms"]) for row in found["metrics"]] == [
        ("get_cart", 400)
    ]
    assert found["filters"] == {
        "domain": "shop.example.com", "operation": "get_cart", "days": 7, "limit": 1
    }  # fmt: skip


async def test_calls_of_one_moment_have_ids_of_their_own_and_the_days_are_those_requested(
    running: Running,
) -> None:
    now = time.time()
    for seconds in (0.1, 0.2, 0.3):
        running.exporter.calls.add(
            Call(now, "acme", "shop.example.com", "woocommerce", OPERATION, "get_cart", seconds,
                 error_type="timeout")
        )  # fmt: skip
    found = await data(running, f"{ANALYTICS}?days=1")
    assert len({row["id"] for row in found["metrics"]}) == 3
    assert found["filters"]["days"] == 1


async def test_without_calls_numbers_stay_numbers(running: Running) -> None:
    found = await data(running, ANALYTICS)
    assert (found["metrics"], holds(found["stats"], STATS)) == ([], True)


async def test_health_is_that_of_this_moment(running: Running, shop: DemoStore) -> None:
    # No probe has run on its own.
    found = await data(running, HEALTH)
    assert holds(found, SUMMARY)
    assert all(holds(check, CHECK) for check in found["health_checks"])
    assert {check["domain"]: check["status"] for check in found["health_checks"]} == {
        "shop.example.com": "healthy", "down.example.com": "critical"
    }  # fmt: skip
    assert (found["overall_status"], found["healthy_domains"], found["total_domains"]) == (
        "degraded", 1, 2
    )  # fmt: skip
    await running.scheduler.run()
    shop.faults.add(Fault(status=503))
    found = await data(running, f"{HEALTH}?domain=shop.example.com")
    (check,) = found["health_checks"]
    assert (check["status"], found["overall_status"]) == ("critical", "critical")
    assert check["error_type"]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (ANALYTICS, {
            "metrics": [],
            "stats": {"total_operations": 0, "success_rate": 0, "avg_duration_ms": 0,
                      "operations_by_type": {}, "errors_by_type": {}},
            "filters": {"domain": None, "operation": None, "days": 7, "limit": 100},
        }),
        (HEALTH, {"overall_status": "healthy", "healthy_domains": 0, "total_domains": 0,
                  "health_checks": []}),
    ],
)  # fmt: skip
async def test_a_request_without_a_token_gets_an_empty_response(
    running: Running, path: str, expected: object
) -> None:
    call(running, "shop.example.com", "get_cart", "timeout")
    answer = await running.ask(f"{path}?domain=shop.example.com")
    assert (answer.status, answer.json) == (200, {"success": True, "data": expected})


async def test_a_wrong_token_another_orgs_domain_and_a_wrong_number_are_refused(
    running: Running,
) -> None:
    for path in (ANALYTICS, HEALTH):
        answer = await running.api(path, token="nobody")
        assert (answer.status, answer.json["success"]) == (401, False)
        answer = await running.api(f"{path}?domain=zen.example")
        message = "there is no store of this domain"
        assert (answer.status, answer.json) == (404, {"success": False, "error": message})
    assert (await running.api(f"{ANALYTICS}?limit=many")).status == 400


async def test_they_are_not_there_unless_the_configuration_says_so(
    running: Running,
) -> None:
    running.file.write_text(running.file.read_text().replace("predecessor_api: true\n", ""))
    await running.exporter.reload()
    for path in (ANALYTICS, HEALTH):
        assert (await running.api(path)).status == 404
        answer = await running.ask(path)
        assert answer.status == 404
        assert answer.json["error"].startswith("predecessor_api: true in the configuration")
