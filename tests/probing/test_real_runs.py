"""Runs over real connections, against stores that are well, bad or gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from store_exporter.errors import ERROR_TYPES
from store_exporter.metrics.catalogue import health
from store_exporter.probing.jobs import Job, jobs_of
from store_exporter.probing.transport import Transport
from store_exporter.stores.model import Schedule, Secret, Unreadable
from tests.fakes import bad_server
from tests.fakes.bad_server import Authority, serving
from tests.probing.bench import Bench, Jobs
from tests.probing.conftest import StoreFactory


@pytest.fixture
def real(transport: Transport) -> Bench:
    return Bench(transport)


async def test_a_real_run_records_phases_and_expiry(
    real: Bench, job: Jobs, authority: Authority
) -> None:
    async with serving(bad_server.answer(), tls=authority.context()) as server:
        await real.run(job(url=server.url))
    phases = {labels[-1] for labels in real.series(health.PROBE_PHASE)}
    assert phases == {"connect", "tls", "processing", "transfer"}
    assert isinstance(real.value(health.TLS_EXPIRY), float)


AFTER_THE_HANDSHAKE: dict[str, bad_server.Behaviour] = {
    "sends a body to HEAD": bad_server.answer(b"GIF89a"),
    "sends chunks to HEAD": bad_server.drip,
    "sends garbage": bad_server.raw(b"what?\r\n\r\n"),
    "hangs": bad_server.hang,
    "breaks off": bad_server.reset,
    "redirects elsewhere": bad_server.redirecting(lambda _: "https://other.example.com/"),
    "redirects for ever": bad_server.redirecting(lambda path: path),
}


@pytest.mark.parametrize("name", AFTER_THE_HANDSHAKE)
async def test_the_certificate_is_judged_whatever_the_server_does_with_the_request(
    name: str, real: Bench, store: StoreFactory, authority: Authority
) -> None:
    async with serving(AFTER_THE_HANDSHAKE[name], tls=authority.context()) as server:
        shop = store(server.url, probes={"tls": Schedule(60.0, 1.0)})
        result = await real.run(next(job for job in jobs_of(shop) if job.name == "tls"))
    assert result.ok, result.message
    assert result.summary.startswith("the certificate is good for")


async def test_a_certificate_is_known_though_the_response_that_came_over_it_was_broken(
    real: Bench, store: StoreFactory, authority: Authority
) -> None:
    """The response was read to its end, so its connection serves the next request too."""
    broken = bad_server.answer(b"{}", headers={"Content-Encoding": "gzip"})
    nothing = bad_server.answer(b"")

    def behave(connection: bad_server.Connection) -> Awaitable[None]:
        return (nothing if connection.head.startswith("HEAD") else broken)(connection)

    async with serving(behave, tls=authority.context()) as server:
        shop = store(server.url)
        jobs = {job.name: job for job in jobs_of(shop)}
        assert (await real.run(jobs["liveness"])).message == "the compression is broken"
        result = await real.run(jobs["tls"])
        assert server.connections == 1
    assert result.ok, result.message


BAD: dict[str, tuple[Any, str]] = {
    "hangs": (bad_server.hang, "timeout"),
    "hangs half-way": (bad_server.hang_in_body, "timeout"),
    "drips": (bad_server.drip, "timeout"),
    "sends 100 MB": (bad_server.endless(declared=100 * 2**20), "response_too_large"),
    "redirects for ever": (bad_server.redirecting(lambda path: path), "redirect"),
    "sends HTML": (bad_server.page("<html><title>Hello</title>"), "invalid_response"),
    "sends garbage": (bad_server.raw(b"what?\r\n\r\n"), "invalid_response"),
    "breaks off": (bad_server.reset, "connection"),
    "refuses the key": (
        bad_server.document(
            {"code": "woocommerce_rest_cannot_view", "message": "No.", "data": {"status": 401}}, 401
        ),
        "unauthorized",
    ),
    "is closed": (
        bad_server.page("Briefly unavailable for scheduled maintenance.", 503),
        "maintenance",
    ),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_store_is_a_failed_liveness_probe_with_the_right_error(
    name: str, real: Bench, store: StoreFactory
) -> None:
    behaviour, error_type = BAD[name]
    limit = 0.4 if error_type == "timeout" else 20.0
    fault = ERROR_TYPES[error_type].fault
    async with serving(behaviour) as server:
        (liveness,) = (
            Job(one.store, one.check, Schedule(60, limit))
            for one in jobs_of(store(server.url))
            if one.liveness
        )
        async with asyncio.timeout(60):
            result = await real.run(liveness)
    assert (result.error_type, result.fault) == (error_type, fault)
    assert real.value(health.UP) == 0
    assert real.value(health.PROBE_FAILURES, "liveness", error_type, str(fault)) == 1
    told = repr(result) + result.message
    assert "0123456789abcdef" not in told


async def test_a_page_that_is_too_large_for_us_is_not_too_large_for_visitors(
    real: Bench, store: StoreFactory
) -> None:
    async with serving(bad_server.page("<title>Shop</title>" + "x" * 200_000)) as server:
        (storefront,) = (one for one in jobs_of(store(server.url)) if one.name == "storefront")
        result = await real.run(storefront)
    assert result.ok, result.message
    assert result.degraded == (
        "The page is too large to be examined: the response exceeds 100000 bytes.",
    )


async def test_a_store_that_has_moved_to_https_says_which_url_to_set(
    store: StoreFactory, authority: Authority, transport: Transport
) -> None:
    refused = {"code": "woocommerce_rest_authentication_error", "message": "Invalid signature"}
    async with serving(bad_server.document(refused, 401), tls=authority.context()) as secure:
        address = secure.url
        target = bad_server.redirecting(lambda path: f"{address}{path}", 301)
        async with serving(target) as plain:
            bench = Bench(transport)
            (liveness,) = (one for one in jobs_of(store(plain.url)) if one.liveness)
            result = await bench.run(liveness)
    assert result.error_type == "redirect"
    assert f"set url to {address}" in result.message


async def test_a_store_without_its_secret_is_critical_and_still_looked_at(
    store: StoreFactory, transport: Transport
) -> None:
    secrets = {"consumer_key": Unreadable("KEY is not set"), "consumer_secret": Secret("cs_1")}
    async with serving(bad_server.page("<html>a shop</html>")) as server:
        bench = Bench(transport)
        sick = store(server.url, credentials=secrets)
        results = {
            job.name: await bench.run(job)
            for job in jobs_of(sick)
            if job.name in ("liveness", "storefront")
        }
        assert not any("wc/v3" in head for head in server.heads)
    assert results["storefront"].ok
    assert results["liveness"].message == (
        "consumer_key is unusable; the exporter's log has the reason"
    )
    assert bench.value(health.UP) == 0
    assert bench.value(health.HEALTH, "critical") == 1
    assert bench.value(health.PROBE_FAILURES, "liveness", "unauthorized", "config") == 1
