from __future__ import annotations

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import prometheus_client
import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from store_demo.stores.base import DemoStore
from store_exporter.commands.serve import TAKEN
from store_exporter.metrics.recorder import Recorder
from store_exporter.server.metrics import MAX_SCRAPES, Scrape, family
from store_exporter.server.process.listen import listening
from tests import servers
from tests.server.support import configuration, exporting


class Broken:
    def collect(self) -> Iterator[prometheus_client.Metric]:
        raise RuntimeError("the kernel is gone")


async def test_a_scrape_shows_stores_the_exporter_and_the_process(
    tmp_path: Path, shop_url: str, environ: dict[str, str]
) -> None:
    text = configuration(("acme", "shop.example.com", shop_url))
    async with exporting(tmp_path, text, environ=environ) as running:
        await running.scheduler.run()
        answer = await running.ask("/metrics")
        names = {f.name for f in text_string_to_metric_families(answer.text)}
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
        assert {"store_up", "store_exporter_build_info", "store_exporter_stores"} <= names
        assert {"process_cpu_seconds", "process_resident_memory_bytes", "python_info"} <= names
        again = (await running.ask("/metrics")).text
        assert "store_exporter_scrape_duration_seconds 0." in again


async def test_the_format_is_what_the_scraper_requests(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration()) as running:
        protobuf = "application/vnd.google.protobuf"
        message = "proto=io.prometheus.client.MetricFamily;encoding=delimited"
        for accept, content_type in (
            ("application/openmetrics-text;version=1.0.0", "application/openmetrics-text"),
            (f"{protobuf};{message}", protobuf),
        ):
            answer = await running.ask("/metrics", headers={"Accept": accept})
            assert answer.headers["Content-Type"].startswith(content_type)
            assert answer.body


async def test_the_telemetry_path_can_be_chosen(tmp_path: Path) -> None:
    async with exporting(tmp_path, configuration(), telemetry_path="/m/stores") as running:
        assert (await running.ask("/m/stores")).status == 200
        assert (await running.ask("/metrics")).status == 404
        assert 'href="m/stores"' in (await running.ask("/")).text


async def test_the_telemetry_path_cannot_be_among_paths_of_other_pages(tmp_path: Path) -> None:
    # Below /api a page would need no password, and metrics show all orgs.
    async with exporting(tmp_path, configuration()) as running:
        paths = {resource.canonical for resource in running.app.router.resources()}
    assert {path.split("/")[1] for path in paths} - {"", "metrics"} == set(TAKEN)


@pytest.mark.real
async def test_promtool_finds_nothing_to_say(
    tmp_path: Path, shop: DemoStore, shop_url: str, environ: dict[str, str]
) -> None:
    stores = [
        ("acme", "shop.example.com", shop_url),
        ("acme", "down.example.com", "http://127.0.0.1:9"),
    ]
    async with exporting(tmp_path, configuration(*stores), environ=environ) as running:
        await running.scheduler.run()
        await running.ask("/metrics")
        body = (await running.ask("/metrics")).body
    promtool = servers.tool("promtool")
    checked = await asyncio.to_thread(
        subprocess.run, [promtool, "check", "metrics"], input=body, capture_output=True, check=False
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")


def test_a_part_that_fails_is_left_out_counted_and_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store_exporter.server.metrics._process_collectors", lambda: [Broken()])
    scrape = Scrape(Recorder())
    assert "store_exporter_build_info" in scrape.show(None, None, None)[0].body.decode()
    assert "RuntimeError" in caplog.text
    text = scrape.show(None, None, None)[0].body.decode()
    assert 'store_exporter_instrumentation_errors_total{stage="scrape"} 1' in text


async def test_too_many_scrapes_at_once_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store_exporter.server.metrics.MAX_SCRAPES", 0)
    async with exporting(tmp_path, configuration()) as running:
        assert (await running.ask("/metrics")).status == 503
    assert MAX_SCRAPES == 8


async def test_clients_that_do_not_receive_what_they_request_hold_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("store_exporter.server.metrics.MAX_READERS", 2)
    recorder = Recorder()
    for number in range(1500):
        for operation in ("get_cart", "check_stock"):
            handle = recorder.operation("acme", f"s{number}.example", "woocommerce", operation)
            handle.start()
            handle.finish(0.1)
    app = web.Application()
    scrape = Scrape(recorder)
    app.router.add_get("/metrics", scrape.handle)
    async with listening(app, [("127.0.0.1", 0)]) as (url,), aiohttp.ClientSession() as session:
        lazy = [await requested(url) for _ in range(4)]
        async with session.get(f"{url}/metrics") as response:
            size = len(await response.read())
        # More than the sockets take, so all are sent in part, and all but the last two end so.
        for connection in lazy[:2]:
            assert await received(connection) < size
        for connection in lazy:
            connection.close()


async def requested(url: str) -> socket.socket:
    """Request the metrics over a connection that takes little, and wait until they begin."""
    connection = socket.socket()
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    parts, loop = urlsplit(url), asyncio.get_running_loop()
    await loop.sock_connect(connection, (parts.hostname, parts.port))
    await loop.sock_sendall(connection, b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
    assert await loop.sock_recv(connection, 12) == b"HTTP/1.1 200"
    return connection


async def received(connection: socket.socket) -> int:
    """Receive what there is until the end of the connection, and return the number of bytes."""
    loop, size = asyncio.get_running_loop(), 0
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
    with suppress(ConnectionError):
        async with asyncio.timeout(30):
            while some := await loop.sock_recv(connection, 65_536):
                size += len(some)
    return size


@pytest.mark.parametrize("kind", [prometheus_client.Counter, prometheus_client.Gauge])
def test_foreign_metrics_keep_their_names_labels_and_values(kind: type) -> None:
    made = kind("things", "What there is.", ["size"], registry=None)
    made.labels("large").inc(3)
    made.labels("small").inc()
    (metric,) = made.collect()
    converted = family(metric)
    suffix = "_total" if kind is prometheus_client.Counter else ""
    assert converted.metric.name == f"things{suffix}"
    assert converted.metric.labels == ("size",)
    assert dict(converted.series) == {("large",): 3.0, ("small",): 1.0}
