"""`serve` pushes what it finds, and a restart makes no lifetime an increase."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from store_demo.stores.faults import Fault
from store_demo.stores.woocommerce import SimulatedWooCommerce
from store_exporter.server.process.spans import is_requested
from tests.commands.serving import run, served, until_logged
from tests.fakes.traces import attributes as span_attributes
from tests.fakes.traces import receiving
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


async def test_it_does_not_push_where_that_is_forbidden(tmp_path: Path, receiver: Receiver) -> None:
    """Of the variables that forbid it, tests/metrics/otlp/test_settings.py has every one."""
    shop = SimulatedWooCommerce("shop.example.com", currency="EUR", seed=5)
    (tmp_path / "store-exporter.yml").write_text(configuration())
    variables = environ(shop, receiver, OTEL_SDK_DISABLED="true")
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


def test_problems_that_prevent_pushes_are_reported_at_the_start(tmp_path: Path) -> None:
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


async def test_runs_are_traced_if_the_variables_request_it(tmp_path: Path) -> None:
    shop = SimulatedWooCommerce("shop.example.com", currency="EUR", seed=5)
    shop.faults.add(Fault(status=500))
    key = shop.keys.read_write
    with receiving() as traces:
        variables = {
            **ENVIRON,
            "KEY": key.consumer_key,
            "SECRET": key.consumer_secret,
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": traces.endpoint,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }
        async with shop.serve() as url:
            (tmp_path / "store-exporter.yml").write_text(
                configuration(("acme", "shop.example.com", url))
            )
            async with served(tmp_path, environ=variables) as (process, address, _log):
                line = await until_logged(process, "liveness of shop.example.com failed")

                def exchange() -> tuple[Span, Span] | None:
                    for run in traces.spans:
                        below = [one for one in traces.spans if one.parent_span_id == run.span_id]
                        if run.name == "probe liveness" and below:
                            return run, below[0]
                    return None

                found = await asyncio.to_thread(eventually, exchange)
                assert found is not None
                run, request = found
                headers = {"Authorization": f"Bearer {ENVIRON['ACME_TOKEN']}"}
                async with (
                    aiohttp.ClientSession(headers=headers) as session,
                    session.get(f"{address}/api/v1/calls?operation=liveness") as answer,
                ):
                    (call, *_) = (await answer.json())["calls"]
                process.send_signal(signal.SIGTERM)
                await process.wait()
    assert f"trace_id={run.trace_id.hex()}" in line
    assert call["trace_id"] in {span.trace_id.hex() for span in traces.spans}
    assert span_attributes(run)["error.type"] == "server_error"
    assert span_attributes(request)["http.response.status_code"] == 500
    assert traces.services == {"store-exporter"}
    assert process.returncode == 0
    sent = "".join(str(span) for span in traces.spans)
    assert not [secret for secret in (key.consumer_key, key.consumer_secret) if secret in sent]


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, False),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "a", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_TRACES_EXPORTER": "console, OTLP"}, True),
    ],
)
def test_runs_are_traced_only_when_traces_are_named(variables: dict[str, str], asked: bool) -> None:
    assert is_requested(variables) is asked
