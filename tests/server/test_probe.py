from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from store_demo.stores.base import DemoStore
from store_demo.stores.faults import Fault
from store_exporter.server.probe import MAX_PROBES
from tests.fakes.bad_server import hang, serving
from tests.server.support import Running, configuration, exporting

HEADER = "X-Prometheus-Scrape-Timeout-Seconds"
TARGET = "/probe?target=shop.example.com"
PROBES = "module must be a probe that this store runs: liveness, cart, storefront"
UP = 'store_up{org="acme",domain="shop.example.com",platform="woocommerce"}'


@pytest.fixture
async def running(tmp_path: Path, shop_url: str, environ: dict[str, str]) -> object:
    text = configuration(("acme", "shop.example.com", shop_url))
    async with exporting(tmp_path, text, environ=environ) as running:
        yield running


async def test_a_probe_responds_with_the_metrics_of_one_store_and_probe(running: Running) -> None:
    answer = await running.ask(TARGET)
    names = {f.name for f in text_string_to_metric_families(answer.text)}
    assert answer.status == 200
    assert f"{UP} 1" in answer.text
    assert {"store_probe_success", "store_probe_duration_seconds"} <= names
    assert not [name for name in names if name.startswith(("store_exporter_", "process_"))]


async def test_each_probe_begins_with_nothing_and_leaves_nothing_behind(running: Running) -> None:
    await running.ask(TARGET)
    again = (await running.ask(TARGET)).text
    assert 'store_api_requests_total{org="acme",domain="shop.example.com"' in again
    assert 'source="liveness"} 1' in again
    assert "store_up{" not in (await running.ask("/metrics")).text


async def test_probes_on_request_fill_no_log_however_often_they_fail(
    running: Running, shop: DemoStore, caplog: pytest.LogCaptureFixture
) -> None:
    shop.faults.add(Fault(status=500))
    for _ in range(3):
        assert f"{UP} 0" in (await running.ask(TARGET)).text
    assert "liveness of" not in caplog.text
    assert "is critical" not in caplog.text


async def test_a_module_is_the_name_of_a_probe(running: Running) -> None:
    answer = await running.ask(f"{TARGET}&module=cart")
    assert 'probe="cart"} 1' in answer.text
    assert 'probe="liveness"' not in answer.text


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "target must be the domain of a configured store; /sd lists them"),
        ("?target=", "target must be the domain of a configured store; /sd lists them"),
        ("?target=evil.example", "target must be the domain of a configured store; /sd lists them"),
        (
            "?target=http://127.0.0.1:9/",
            "target must be the domain of a configured store; /sd lists them",
        ),
        ("?target=shop.example.com&module=nothing", PROBES),
        ("?target=shop.example.com&module=orders", PROBES),
    ],
)
async def test_what_is_not_configured_is_not_probed(
    running: Running, query: str, message: str
) -> None:
    answer = await running.ask(f"/probe{query}")
    assert (answer.status, answer.text) == (400, f"{message}\n")


@pytest.mark.parametrize("value", ["", "x", "-1", "0", "nan", "inf"])
async def test_a_timeout_that_is_no_number_of_seconds_is_refused(
    running: Running, value: str
) -> None:
    answer = await running.ask(TARGET, headers={HEADER: value})
    assert answer.status == 400
    assert HEADER in answer.text


@pytest.mark.parametrize(
    ("header", "shown"),
    [("60", "timeout 10 s"), ("3", "timeout 2.5 s"), ("0.2", "timeout 0.1 s")],
)
async def test_the_timeout_is_the_smaller_of_the_probes_and_prometheus(
    running: Running, header: str, shown: str
) -> None:
    answer = await running.ask(f"{TARGET}&debug=true", headers={HEADER: header})
    assert shown in answer.text.splitlines()[1]


async def test_a_store_that_hangs_fails_the_probe_in_time(
    running: Running, shop: DemoStore
) -> None:
    shop.faults.add(Fault(latency=30.0))
    async with asyncio.timeout(20):
        answer = await running.ask(TARGET, headers={HEADER: "0.7"})
    assert answer.status == 200
    assert f"{UP} 0" in answer.text
    assert 'error_type="timeout",fault="store"} 1' in answer.text


async def test_debug_shows_log_metrics_and_configuration_with_secrets_masked(
    running: Running, environ: dict[str, str]
) -> None:
    text = (await running.ask(f"{TARGET}&debug=true")).text
    assert "GET /wp-json/" in text
    assert "succeeded after" in text
    assert f"{UP} 1" in text
    assert '"consumer_key": "<masked>"' in text
    assert '"requests_per_hour": 600' in text
    assert environ["KEY"] not in text
    assert environ["SECRET"] not in text


async def test_debug_shows_why_a_probe_failed(running: Running, shop: DemoStore) -> None:
    shop.faults.add(Fault(status=500))
    text = (await running.ask(f"{TARGET}&debug=true")).text
    assert "failed: server_error: " in text


async def test_probes_spend_the_budget_that_scheduled_runs_share(
    tmp_path: Path, shop_url: str, environ: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    store = ("acme", "shop.example.com", shop_url)
    text = configuration(store, keys="    requests_per_hour: 2\n")
    async with exporting(tmp_path, text, environ=environ) as running:
        assert "liveness probes leave nothing of stores' budgets" in caplog.text
        for _ in range(4):
            answer = await running.ask(f"{TARGET}&debug=true")
        assert "rate_limited" in answer.text
        answer = await running.ask(TARGET)
        assert answer.status == 503
        assert "own budget" in answer.text
        assert "store_up" not in answer.text


async def test_too_many_probes_at_once_are_refused(tmp_path: Path) -> None:
    async with serving(hang) as store:
        text = configuration(("acme", "shop.example.com", store.url))
        async with exporting(tmp_path, text) as running:
            patient = {"X-Prometheus-Scrape-Timeout-Seconds": "2"}
            asked = [
                asyncio.create_task(running.ask(TARGET, headers=patient))
                for _ in range(MAX_PROBES + 8)
            ]
            answers = await asyncio.gather(*asked)
            reasons = Counter(answer.text.strip() for answer in answers if answer.status == 503)
            # The one that asks may be told that the machine stood still meanwhile.
            assert (
                reasons.items()
                >= {
                    "too many probes at the same time": 8,
                    # One request at a time: who waits for ours is told so, and no store is down.
                    "another run of it still goes on": MAX_PROBES - 1,
                }.items()
            )
            # Each gives its place back.
            assert "at the same time" not in (await running.ask(TARGET, headers=patient)).text
