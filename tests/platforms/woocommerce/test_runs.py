"""WooCommerce's probes and collectors under the real runner: real HTTP, TLS and state file."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from aiohttp import web

from store_demo.stores.woocommerce import Fault, SimulatedWooCommerce
from store_exporter.metrics.catalogue import business, health
from store_exporter.metrics.recorder import Recorder
from store_exporter.platforms import base
from store_exporter.probing.jobs import PROBE, jobs_of
from store_exporter.probing.results.result import Result
from store_exporter.stores.model import Schedule, Secret, Store
from tests.platforms.runs import job, run, running, values

DOMAIN = "localhost"


@pytest.fixture
def shop() -> SimulatedWooCommerce:
    return SimulatedWooCommerce(DOMAIN, orders=5)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def store_at(shop: SimulatedWooCommerce, url: str, ca_file: str | None = None) -> Store:
    key = shop.keys.read_only
    return Store(
        "acme",
        DOMAIN,
        "woocommerce",
        url,
        {
            "consumer_key": Secret(key.consumer_key),
            "consumer_secret": Secret(key.consumer_secret),
        },
        ca_file=ca_file,
    )


@asynccontextmanager
async def over_tls(shop: SimulatedWooCommerce, authority: trustme.CA) -> AsyncIterator[str]:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(DOMAIN).configure_cert(context)
    runner = web.AppRunner(shop.app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
        yield f"https://{DOMAIN}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def test_counters_go_on_after_a_restart(shop: SimulatedWooCommerce, tmp_path: Path) -> None:
    async with shop.serve() as url:
        work = job(store_at(shop, url), "orders")
        async with running(Recorder(), tmp_path) as runner:
            assert (await run(runner, work)).ok
            shop.new_order("processing", total="10")
            assert (await run(runner, work)).ok
        shop.new_order("processing", total="20")
        recorder = Recorder()
        async with running(recorder, tmp_path) as runner:
            assert (await run(runner, work)).ok
        assert values(recorder, business.REVENUE.name) == {("GBP",): 30.0}


async def test_what_a_failed_run_counted_is_kept_and_shown_by_the_next(
    shop: SimulatedWooCommerce, tmp_path: Path
) -> None:
    async with shop.serve() as url:
        store = store_at(shop, url)
        schedule = Schedule(300.0, 30.0, options={"page_size": 5})
        work = job(replace(store, collectors={"orders": schedule}), "orders")
        recorder = Recorder()
        async with running(recorder, tmp_path) as runner:
            await run(runner, work)
            for _ in range(12):
                shop.new_order("processing", total="1")
            fault = shop.faults.add(Fault(skip=1, drop=True))
            assert not (await run(runner, work)).ok
            shop.faults.remove(fault)
            assert (await run(runner, work)).ok
        assert values(recorder, business.ORDERS_PAID.name) == {(): 12.0}


async def test_a_run_that_is_cut_off_by_its_deadline_counts_nothing_twice(
    shop: SimulatedWooCommerce, tmp_path: Path
) -> None:
    async with shop.serve() as url:
        store = store_at(shop, url)
        patient, hasty = (
            job(replace(store, collectors={"orders": schedule}), "orders")
            for schedule in (
                Schedule(300.0, 30.0, options={"page_size": 5}),
                Schedule(300.0, 0.3, options={"page_size": 5}),
            )
        )
        recorder = Recorder()
        async with running(recorder, tmp_path) as runner:
            await run(runner, patient)
            for _ in range(12):
                shop.new_order("processing", total="1")
            fault = shop.faults.add(Fault(skip=1, latency=30.0))
            result = await run(runner, hasty)
            assert result.error_type == "timeout"
            shop.faults.remove(fault)
            assert (await run(runner, patient)).ok
        assert values(recorder, business.ORDERS_PAID.name) == {(): 12.0}


async def test_over_tls_every_probe_passes_and_the_certificate_is_dated(
    shop: SimulatedWooCommerce, authority: trustme.CA, tmp_path: Path
) -> None:
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    recorder = Recorder()
    async with over_tls(shop, authority) as url, running(recorder) as runner:
        store = store_at(shop, url, str(ca_file))
        for name in base.load("woocommerce").probes:
            result = await run(runner, job(store, name))
            assert result.ok, result.message
        # On a connection that is open already, the certificate is still known.
        assert (await run(runner, job(store, "tls"))).ok
    assert values(recorder, health.TLS_EXPIRY.name).keys() == {()}
    known = runner.health(DOMAIN)
    assert known is not None
    assert known.state == "healthy"


async def test_an_issuer_that_is_not_trusted_is_distinguished(
    shop: SimulatedWooCommerce, authority: trustme.CA
) -> None:
    async with over_tls(shop, authority) as url, running(Recorder()) as runner:
        result = await run(runner, job(store_at(shop, url), "tls"))
        assert result.error_type == "tls_untrusted"


async def test_a_store_that_is_gone_is_critical_whatever_else_is_known(
    shop: SimulatedWooCommerce,
) -> None:
    async with running(Recorder()) as runner:
        store = store_at(shop, "http://127.0.0.1:1")
        for one in jobs_of(store):
            if one.kind == PROBE:
                await runner.run_anyway(one)
        known = runner.health(DOMAIN)
        assert known is not None
        assert known.state == "critical"


async def test_everything_runs_once_within_a_tenth_of_the_hourly_budget(
    shop: SimulatedWooCommerce,
) -> None:
    recorder = Recorder()
    async with shop.serve() as url, running(recorder) as runner:
        for work in jobs_of(store_at(shop, url)):
            result = await runner.run(work)
            assert isinstance(result, Result)
            assert result.ok, (work.name, result.message)
            # Once an hour the orders need a cart, which shows how many decimals there are, and what
            # is low the setting that says whether stock is counted.
            hourly = work.name in ("orders", "stock")
            assert result.requests <= max(1, work.check.requests) + hourly
    assert sum(values(recorder, health.API_REQUESTS.name).values()) <= 60
