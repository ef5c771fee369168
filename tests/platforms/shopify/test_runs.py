"""Shopify's probes and collectors under the real runner: real HTTP, state file and commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from store_demo.stores.faults import Fault
from store_demo.stores.shopify import SimulatedShopify
from store_exporter import cli
from store_exporter.metrics.catalogue import business, health
from store_exporter.metrics.recorder import Recorder
from store_exporter.probing.jobs import jobs_of
from store_exporter.stores.model import Schedule, Secret, Store
from tests.fakes.serving import serving
from tests.platforms.runs import job, run, running, values

DOMAIN = "shop.example.com"


@pytest.fixture
def shop() -> SimulatedShopify:
    found = SimulatedShopify(DOMAIN, seed=3)
    found.stock_room.orders.clear()
    return found


def store_at(shop: SimulatedShopify, url: str, **more: Any) -> Store:
    tokens = shop.tokens
    credentials = {
        "client_id": Secret(tokens.client_id),
        "client_secret": Secret(tokens.client_secret),
        "storefront_token": Secret(tokens.storefront),
    }
    return Store("acme", DOMAIN, "shopify", url, credentials, **more)


def sell(shop: SimulatedShopify, pieces: int = 1) -> None:
    room = shop.stock_room
    room.by_sku("SKU-010").quantity = 1000
    room.new_order("PAID", lines=[(room.by_sku("SKU-010").id, pieces)])


async def test_counters_go_on_after_a_restart(shop: SimulatedShopify, tmp_path: Path) -> None:
    async with shop.serve() as url:
        work = job(store_at(shop, url), "orders")
        async with running(Recorder(), tmp_path) as runner:
            assert (await run(runner, work)).ok
            sell(shop)
            assert (await run(runner, work)).ok
        sell(shop, 2)
        recorder = Recorder()
        async with running(recorder, tmp_path) as runner:
            assert (await run(runner, work)).ok
        assert values(recorder, business.REVENUE.name) == {("GBP",): 300.0}


async def test_what_a_failed_run_counted_is_kept_and_shown_by_the_next(
    shop: SimulatedShopify, tmp_path: Path
) -> None:
    async with shop.serve() as url:
        small = {"orders": Schedule(300.0, 30.0, options={"page_size": 5})}
        work = job(store_at(shop, url, collectors=small), "orders")
        recorder = Recorder()
        async with running(recorder, tmp_path) as runner:
            await run(runner, work)
            for _ in range(12):
                sell(shop)
            fault = shop.faults.add(Fault(skip=2, drop=True))
            assert not (await run(runner, work)).ok
            shop.faults.remove(fault)
            assert (await run(runner, work)).ok
        assert values(recorder, business.ORDERS_PAID.name) == {(): 12.0}


async def test_a_run_that_the_rate_limit_ends_counts_nothing_twice(
    shop: SimulatedShopify, tmp_path: Path
) -> None:
    async with shop.serve() as url:
        # Only the run that the rate limit is to end has little time.
        schedules = (Schedule(300.0, seconds, options={"page_size": 5}) for seconds in (0.5, 60.0))
        short, work = (
            job(store_at(shop, url, collectors={"orders": one}), "orders") for one in schedules
        )
        recorder = Recorder()
        async with running(recorder, tmp_path) as runner:
            await run(runner, work)
            for _ in range(12):
                sell(shop)
            # Nothing is left of the rate limit, so that the collector waits for its share.
            shop.bucket.restore_rate = 0.001
            shop.bucket.spend(shop.bucket.available - 1)
            assert (await run(runner, short)).error_type == "rate_limited"
            shop.bucket.restore_rate = 1e6
            # The next answer of any kind tells that there are points again.
            assert (await run(runner, job(work.store, "liveness"))).ok
            assert (await run(runner, work)).ok
        assert values(recorder, business.ORDERS_PAID.name) == {(): 12.0}


async def test_everything_runs_and_no_figure_is_published_twice(shop: SimulatedShopify) -> None:
    recorder = Recorder()
    async with shop.serve() as url, running(recorder) as runner:
        for _ in range(2):
            for work in jobs_of(store_at(shop, url)):
                result = await run(runner, work)
                assert result.ok, (work.name, result.message)
    for family in recorder.families():
        labels = [labels for labels, _ in family.series]
        assert len(labels) == len(set(labels)), family.metric.name
    assert values(recorder, health.API_COST.name).keys() == {("requested",), ("actual",)}
    assert values(recorder, health.API_BUCKET_MAXIMUM.name) == {(): 2000.0}
    assert () in values(recorder, health.API_VERSION_EXPIRY.name)
    assert values(recorder, health.UP.name) == {(): 1.0}


async def test_a_run_sends_no_more_requests_than_declared(shop: SimulatedShopify) -> None:
    async with shop.serve() as url, running(Recorder()) as runner:
        works = list(jobs_of(store_at(shop, url)))
        for work in works:
            await run(runner, work)
        for work in works:
            result = await run(runner, work)
            assert result.requests <= max(1, work.check.requests), work.name


def configured(folder: Path, shop: SimulatedShopify, url: str, **credentials: str) -> Path:
    tokens = shop.tokens
    if not credentials:
        credentials = {
            "client_id": tokens.client_id,
            "client_secret": tokens.client_secret,
            "storefront_token": tokens.storefront,
        }
    for name, value in credentials.items():
        (folder / name).write_text(value)
    store = {
        "domain": DOMAIN,
        "org": "acme",
        "platform": "shopify",
        "url": url,
        "credentials": {name: f"file:{name}" for name in credentials},
    }
    file = folder / "store-exporter.yml"
    file.write_text(yaml.safe_dump({"orgs": [{"org": "acme"}], "stores": [store]}))
    return file


def test_probe_and_doctor_are_content_with_a_shop_that_is_well(
    shop: SimulatedShopify, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(shop) as url:
        file = configured(tmp_path, shop, url)
        assert cli.main(["probe", DOMAIN, "--config.file", str(file)]) == 0
        assert cli.main(["doctor", DOMAIN, "--config.file", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "every scope that reading needs is granted" in shown
    assert shop.tokens.client_secret not in shown


def test_doctor_names_the_scopes_that_are_missing(
    shop: SimulatedShopify, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop.tokens.scopes -= {"read_orders", "write_orders"}
    with serving(shop) as url:
        file = configured(tmp_path, shop, url)
        assert cli.main(["doctor", DOMAIN, "--config.file", str(file)]) == 1
    assert "read_orders (orders, revenue, refunds and abandoned checkouts)" in (
        " ".join(capsys.readouterr().out.split())
    )


def test_an_operation_runs_from_the_command_line(
    shop: SimulatedShopify, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(shop) as url:
        file = configured(tmp_path, shop, url)
        words = ["run", "check_stock", "product=SKU-010", "--store", DOMAIN]
        assert cli.main([*words, "--config.file", str(file)]) == 0
    assert "SKU-010" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({"client_id": "0" * 32}, "either client_id and client_secret are needed"),
        ({"admin_token": "shpss_" + "0" * 32}, "is the app's secret: give it as client_secret"),
        ({"admin_token": "shpat_" + "0" * 32, "client_id": "0" * 32}, "as well as a client_id"),
        ({"client_id": "x", "client_secret": "0" * 32}, "is not an app's client id"),
    ],
)
def test_unusable_credentials_are_reported_before_any_request(
    shop: SimulatedShopify,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    credentials: dict[str, str],
    words: str,
) -> None:
    file = configured(tmp_path, shop, "https://shop.example.com", **credentials)
    assert cli.main(["doctor", DOMAIN, "--config.file", str(file)]) != 0
    captured = capsys.readouterr()
    assert words in " ".join((captured.out + captured.err).split())
