"""`serve` pushes what it finds, and a restart makes no lifetime an increase."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from store_demo.stores.woocommerce import SimulatedWooCommerce
from tests.commands.serving import run, served
from tests.metrics.otlp.receiver import Receiver, attributes, http_receiver
from tests.server.support import ENVIRON, configuration
from tests.servers import eventually

OFTEN = (
    "    collectors: {orders: {interval: 1s, since: 2020-01-01}}\n    requests_per_hour: 100000\n"
)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with http_receiver() as receiver:
        yield receiver


def environ(shop: SimulatedWooCommerce, receiver: Receiver, **more: str) -> dict[str, str]:
    key = shop.keys.read_write
    return {
        **ENVIRON,
        "KEY": key.consumer_key,
        "SECRET": key.consumer_secret,
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.endpoint,
        "OTEL_METRIC_EXPORT_INTERVAL": "200",
        **more,
    }


def has_counted(receiver: Receiver) -> bool:
    """Tell whether the collector of orders has run, and what it found has been pushed."""
    found = receiver.points("store.collector.success")
    return any(attributes(point)["collector"] == "orders" for point in found)


def paid(receiver: Receiver) -> list[float]:
    return [point.as_double for point in receiver.points("store.orders.paid")]


async def test_paid_orders_are_pushed_as_increases_across_a_crash(
    tmp_path: Path, receiver: Receiver
) -> None:
    shop = SimulatedWooCommerce("shop.example.com", currency="EUR", seed=5)
    delta = {"OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE": "delta"}
    async with shop.serve() as url:
        (tmp_path / "store-exporter.yml").write_text(
            configuration(("acme", "shop.example.com", url), keys=OFTEN)
        )
        variables = environ(shop, receiver, **delta)
        for _ in range(2):
            shop.new_order("processing")
        async with served(tmp_path, environ=variables) as (process, _, _log):
            await asyncio.to_thread(eventually, lambda: has_counted(receiver))
            # What was there before is no increase.
            assert paid(receiver) == []
            shop.new_order("processing")
            await asyncio.to_thread(eventually, lambda: sum(paid(receiver)) == 1)
            # The next push begins when it is saved that this one was acknowledged; an increase
            # that is lost between the two is sent once more.
            pushes = len(receiver.requests)
            await asyncio.to_thread(eventually, lambda: len(receiver.requests) > pushes)
            process.kill()
        shop.new_order("processing")
        seen = len(receiver.requests)
        async with served(tmp_path, environ=variables):
            await asyncio.to_thread(eventually, lambda: sum(paid(receiver)) == 2)
            later = Receiver("http/protobuf", requests=receiver.requests[seen:])
            await asyncio.to_thread(eventually, lambda: has_counted(later))
    assert sum(paid(receiver)) == 2


async def test_it_pushes_once_more_at_the_end_and_says_who_it_is(
    tmp_path: Path, receiver: Receiver
) -> None:
    shop = SimulatedWooCommerce("shop.example.com", currency="EUR", seed=5)
    (tmp_path / "store-exporter.yml").write_text(configuration())
    variables = environ(shop, receiver, OTEL_METRIC_EXPORT_INTERVAL="3600000")
    async with served(tmp_path, environ=variables) as (process, _, _log):
        assert receiver.requests == []
        process.terminate()
        _, rest = await process.communicate()
    assert process.returncode == 0
    assert "Traceback" not in rest.decode()
    assert {one["service.name"] for one in receiver.resources()} == {"store-exporter"}
    assert receiver.points("store.exporter.build.info")


@pytest.mark.parametrize(
    "variable", [{"OTEL_SDK_DISABLED": "true"}, {"OTEL_METRICS_EXPORTER": "none"}]
)
async def test_it_does_not_push_where_that_is_forbidden(
    tmp_path: Path, receiver: Receiver, variable: dict[str, str]
) -> None:
    shop = SimulatedWooCommerce("shop.example.com", currency="EUR", seed=5)
    (tmp_path / "store-exporter.yml").write_text(configuration())
    variables = environ(shop, receiver, **variable)
    async with served(tmp_path, environ=variables) as (process, _, log):
        process.terminate()
        await process.wait()
    assert not any("pushing" in line for line in log)
    assert receiver.headers == []


async def test_a_lifetime_that_is_pushed_as_a_whole_has_no_start(
    tmp_path: Path, receiver: Receiver
) -> None:
    shop = SimulatedWooCommerce("shop.example.com", currency="EUR", seed=5)
    async with shop.serve() as url:
        (tmp_path / "store-exporter.yml").write_text(
            configuration(("acme", "shop.example.com", url), keys=OFTEN)
        )
        named = {"OTEL_SERVICE_NAME": "watcher"}
        async with served(tmp_path, environ=environ(shop, receiver, **named)):
            await asyncio.to_thread(eventually, lambda: paid(receiver))
    assert {point.start_time_unix_nano for point in receiver.points("store.orders.paid")} == {0}
    assert 0 not in {point.start_time_unix_nano for point in receiver.points("store.api.requests")}
    assert {one["service.name"] for one in receiver.resources()} == {"watcher"}


def test_what_keeps_it_from_pushing_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "store-exporter.yml").write_text(configuration())
    (tmp_path / "opentelemetry.py").write_text(
        "raise ModuleNotFoundError('not here', name=__name__)\n"
    )
    environ = {
        **ENVIRON,
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "PYTHONPATH": str(tmp_path),
    }
    done = run(tmp_path, "--web.listen-address=127.0.0.1:0", environ=environ)
    assert done.returncode == 2
    assert done.stderr == (
        "store-exporter serve needs opentelemetry: pip install 'store-exporter[otlp]'\n"
    )
