from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from store_demo.stores.base import DemoStore
from store_demo.stores.faults import Fault
from store_exporter.metrics.recorder import Recorder
from store_exporter.server.api.analytics import PROCESS_ONLY, success_rate
from store_exporter.server.api.reports import overall
from tests.server.support import ENVIRON, Running, configuration, exporting

ZEN = "token-of-zen-9876543210"
DOWN = "http://127.0.0.1:9"


@pytest.fixture
async def running(tmp_path: Path, shop_url: str, environ: dict[str, str]) -> AsyncIterator[Running]:
    stores = [
        ("acme", "shop.example.com", shop_url),
        ("acme", "down.example.com", DOWN),
        ("zen", "zen.example", DOWN),
    ]
    recorder = Recorder()
    for org, domain, operation, seconds, error in (
        ("acme", "shop.example.com", "get_cart", 0.2, None),
        ("acme", "shop.example.com", "get_cart", 0.4, "timeout"),
        ("acme", "shop.example.com", "apply_coupon_to_cart", 0.1, "invalid_coupon"),
        ("acme", "down.example.com", "get_cart", 0.1, "cancelled"),
        ("zen", "zen.example", "get_cart", 9.0, "timeout"),
    ):
        handle = recorder.operation(org, domain, "woocommerce", operation)
        handle.start()
        if error is None:
            handle.finish(seconds)
        else:
            handle.fail(seconds, error)
    async with exporting(
        tmp_path, configuration(*stores), environ=environ, recorder=recorder
    ) as running:
        yield running


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/analytics"])
@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer nobody", "Basic token-of-acme-0123456789",
     "token-of-acme-0123456789", "Bearer token-of-acme-012345678", "Bearer \udcff"],
)  # fmt: skip
async def test_without_a_token_of_an_org_there_is_no_response(
    running: Running, path: str, header: str | None
) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await running.ask(path, headers=headers)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    # The one beyond ASCII does not arrive as a token.
    unknown = header in ("Bearer nobody", "Bearer token-of-acme-012345678")
    needed = "a bearer token of an org is needed, as Authorization: Bearer TOKEN"
    assert answer.json == {"error": "no org has this token" if unknown else needed}


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        ("GET", "/api/v1/healht", 404,
         "there is nothing at this path; docs/http-api.md has every path"),
        ("POST", "/api/v1/health", 405, "this path takes GET, HEAD and no other method"),
    ],
)  # fmt: skip
async def test_a_wrong_path_or_method_is_reported_as_applications_read_errors(
    running: Running, method: str, path: str, status: int, error: str
) -> None:
    answer = await running.ask(path, method)
    assert (answer.status, answer.json) == (status, {"error": error})


async def test_a_token_does_what_its_scopes_say_and_nothing_else(tmp_path: Path) -> None:
    tokens = "{token: env:KEY, scopes: [ingest]}, {token: env:SECRET, scopes: [maintenance, read]}"
    text = configuration(("acme", "shop.example.com", DOWN))
    text = text.replace("[env:ACME_TOKEN]", f"[env:ACME_TOKEN, {tokens}]")
    async with exporting(tmp_path, text) as running:
        refused = await running.api("/api/v1/health", ENVIRON["KEY"])
        read = [
            await running.api("/api/v1/health", ENVIRON[name]) for name in ("ACME_TOKEN", "SECRET")
        ]
    assert (refused.status, refused.json) == (
        403, {"error": "a token with the scope read is needed"},
    )  # fmt: skip
    assert refused.headers["WWW-Authenticate"] == (
        'Bearer realm="store-exporter", error="insufficient_scope", scope="read"'
    )
    assert [answer.status for answer in read] == [200, 200]


async def test_health_is_that_of_the_orgs_own_stores(running: Running) -> None:
    before = (await running.api("/api/v1/health")).json
    assert before["overall_status"] == "unknown"
    await running.scheduler.run("liveness")
    found = (await running.api("/api/v1/health")).json
    assert (found["overall_status"], found["healthy_domains"], found["total_domains"]) == (
        "degraded", 1, 2,
    )  # fmt: skip
    up, down = found["health_checks"]
    assert (up["domain"], up["status"], up["error_type"]) == ("shop.example.com", "healthy", None)
    assert up["response_time_ms"] > 0
    assert up["checked_at"].endswith("+00:00")
    assert down == {
        "domain": "down.example.com",
        "platform": "woocommerce",
        "status": "critical",
        "message": "127.0.0.1 refused the connection",
        "response_time_ms": down["response_time_ms"],
        "error_type": "connection",
        "fault": "store",
        "maintenance": None,
        "checked_at": down["checked_at"],
    }
    zen = (await running.api("/api/v1/health", ZEN)).json
    assert zen["overall_status"] == "critical"
    assert [check["domain"] for check in zen["health_checks"]] == ["zen.example"]


async def test_health_of_one_domain(running: Running) -> None:
    await running.scheduler.run("liveness")
    found = (await running.api("/api/v1/health?domain=shop.example.com")).json
    assert (found["overall_status"], found["total_domains"]) == ("healthy", 1)


@pytest.mark.parametrize("path", ["/api/v1/health", "/api/v1/analytics"])
@pytest.mark.parametrize("domain", ["zen.example", "nowhere.example", '"} or up{', "*"])
async def test_a_domain_of_another_org_is_like_one_that_does_not_exist(
    running: Running, path: str, domain: str
) -> None:
    answer = await running.session.get(
        running.url + path,
        params={"domain": domain},
        headers={"Authorization": "Bearer token-of-acme-0123456789"},
    )
    async with answer:
        assert answer.status == 404
        assert await answer.json() == {"error": "there is no store of this domain"}


async def test_a_token_that_was_taken_away_ends_at_the_next_reload(running: Running) -> None:
    assert (await running.api("/api/v1/health", ZEN)).status == 200
    text = running.file.read_text().replace(", api_tokens: [env:ZEN_TOKEN]", "")
    running.file.write_text(text)
    await running.ask("/-/reload", "POST")
    assert (await running.api("/api/v1/health", ZEN)).status == 401
    assert (await running.api("/api/v1/health")).status == 200


@pytest.mark.parametrize(
    ("healthy", "critical", "degraded", "unknown", "expected"),
    [
        (2, 0, 0, 0, "healthy"),
        (2, 0, 0, 5, "healthy"),
        (1, 1, 0, 0, "degraded"),
        (1, 0, 1, 0, "degraded"),
        (0, 1, 1, 0, "critical"),
        (0, 0, 0, 3, "unknown"),
        (0, 0, 0, 0, "unknown"),
    ],
)
def test_stores_sum_up_to_one_status(
    healthy: int, critical: int, degraded: int, unknown: int, expected: str
) -> None:
    counts = {
        "healthy": healthy, "critical": critical, "degraded": degraded, "unknown": unknown,
    }  # fmt: skip
    assert overall(counts, sum(counts.values())) == expected


async def test_analytics_counts_every_operation_of_the_org_and_no_other(running: Running) -> None:
    found = (await running.api("/api/v1/analytics")).json
    assert (found["source"], found["complete"]) == ("process", False)
    assert found["warnings"] == [PROCESS_ONLY]
    stats = found["stats"]
    assert stats["total_operations"] == 4
    assert stats["operations_by_type"] == {"get_cart": 3, "apply_coupon_to_cart": 1}
    assert stats["errors_by_type"] == {"cancelled": 1, "invalid_coupon": 1, "timeout": 1}
    assert stats["avg_duration_ms"] == 200.0
    # Of three that count, one failed: a refused coupon is no failure, a cancelled call no call.
    assert stats["success_rate"] == 66.67
    assert "zen" not in json.dumps(found)


async def test_the_limit_bounds_the_list_and_not_the_statistics(running: Running) -> None:
    found = (await running.api("/api/v1/analytics?limit=1")).json
    assert [(row["domain"], row["operation"]) for row in found["metrics"]] == [
        ("shop.example.com", "get_cart")
    ]
    assert found["metrics"][0]["total_operations"] == 2
    assert found["stats"]["total_operations"] == 4


async def test_analytics_of_one_domain_and_operation(running: Running) -> None:
    path = "/api/v1/analytics?domain=shop.example.com&operation=apply_coupon_to_cart&days=3"
    found = (await running.api(path)).json
    assert found["stats"]["total_operations"] == 1
    assert found["stats"]["success_rate"] == 100.0
    assert found["filters"] == {
        "domain": "shop.example.com",
        "operation": "apply_coupon_to_cart",
        "days": None,
        "limit": 100,
    }


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("days=0", "days must be a whole number from 1 to 730"),
        ("days=731", "days must be a whole number from 1 to 730"),
        ("days=1d", "days must be a whole number from 1 to 730"),
        ("days=%D9%A3", "days must be a whole number from 1 to 730"),
        ("limit=1001", "limit must be a whole number from 1 to 1000"),
        ("limit=-1", "limit must be a whole number from 1 to 1000"),
    ],
)
async def test_a_parameter_that_is_wrong_is_refused_without_repeating_it(
    running: Running, query: str, message: str
) -> None:
    answer = await running.api(f"/api/v1/analytics?{query}")
    assert (answer.status, answer.json) == (400, {"error": message})


async def test_no_operations_have_no_success_rate(running: Running) -> None:
    found = (await running.api("/api/v1/analytics?operation=check_price")).json
    assert found["metrics"] == []
    assert (found["stats"]["success_rate"], found["stats"]["avg_duration_ms"]) == (None, None)


@pytest.mark.parametrize(
    ("total", "errors", "expected"),
    [
        (0, {}, None),
        (4, {"cancelled": 4}, None),
        (10, {"out_of_stock": 10}, 100.0),
        (10, {"timeout": 1, "unauthorized": 1, "exception": 1}, 70.0),
        (10, {"a type of a newer version": 5}, 50.0),
        (1.2, {"timeout": 1.4}, 0.0),
    ],
)
def test_success_is_what_worked_as_it_should(
    total: float, errors: dict[str, float], expected: float | None
) -> None:
    assert success_rate(total, errors.items()) == expected


async def test_a_store_in_trouble_says_why(
    tmp_path: Path, shop: DemoStore, shop_url: str, environ: dict[str, str]
) -> None:
    shop.faults.add(Fault(status=503))
    text = configuration(("acme", "shop.example.com", shop_url))
    async with exporting(tmp_path, text, environ=environ) as running:
        await running.scheduler.run("liveness")
        (check,) = (await running.api("/api/v1/health")).json["health_checks"]
    assert (check["status"], check["fault"]) == ("critical", "store")
    assert check["message"]


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        ({"env:SECRET": "file:no-such-secret"}, "consumer_secret is unusable"),
        ({"env:SECRET": "env:NO_SUCH_SECRET"}, "consumer_secret is unusable"),
        ({"    cred": "    ca_file: no-such-issuers.pem\n    cred"}, "ca_file is unusable"),
    ],
)
async def test_an_org_sees_no_path_and_no_variable_of_the_exporters_machine(
    tmp_path: Path, environ: dict[str, str], broken: dict[str, str], found: str
) -> None:
    text = configuration(("acme", "shop.example.com", "https://127.0.0.1:9"))
    for before, after in broken.items():
        text = text.replace(before, after)
    async with exporting(tmp_path, text, environ=environ) as running:
        await running.scheduler.run("liveness")
        (check,) = (await running.api("/api/v1/health")).json["health_checks"]
        calls = (await running.api("/api/v1/calls")).json["calls"]
    assert found in check["message"]
    for document in (check, *calls):
        assert "no-such" not in json.dumps(document).lower().replace("_", "-")
        assert str(tmp_path) not in json.dumps(document)
