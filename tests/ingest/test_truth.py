"""What a real Prometheus has of reported calls, across restarts and kills of the exporter."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import aiohttp
import pytest

from store_demo.ports import free_ports
from tests import servers
from tests.commands.serving import served
from tests.ingest.support import PATH, SHOP, TOKEN, call, reporting
from tests.server.support import ENVIRON
from tests.servers import eventually

SELECTOR = f'store_operations_total{{domain="{SHOP}"}}'
ERRORS = f'store_operation_errors_total{{domain="{SHOP}"}}'


@pytest.mark.real
@pytest.mark.timeout(360)
async def test_every_reported_call_is_in_prometheus_once(
    tmp_path: Path, prometheus: servers.PrometheusFactory
) -> None:
    (port,) = free_ports(1)
    server = await asyncio.to_thread(
        prometheus,
        "scrape_configs: [{job_name: stores, scrape_interval: 500ms, scrape_timeout: 400ms, "
        f"static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}]",
    )
    (tmp_path / "store-exporter.yml").write_text(reporting())
    listen = f"--web.listen-address=127.0.0.1:{port}"
    truth = 0
    for life, ending in enumerate((signal.SIGKILL, signal.SIGTERM, signal.SIGKILL)):
        async with served(tmp_path, address=listen, environ=ENVIRON) as (process, _url, _log):
            # The last batch of the life before was answered, perhaps in vain: it is sent again.
            if life:
                await send(port, life - 1, "last", 5)
            # A series of this life alone, and one of all; a burst within one scrape.
            await send(port, life, "first", 3)
            await asyncio.to_thread(eventually, lambda life=life: has(server, f"own_{life}"))
            # Nobody sees these before the process is gone.
            await send(port, life, "last", 5)
            process.send_signal(ending)
            await process.wait()
        truth += 8
    async with served(tmp_path, address=listen, environ=ENVIRON):
        expected = {("get_cart",): truth, **{(f"own_{life}",): 8 for life in range(3)}}
        await asyncio.to_thread(
            eventually, lambda: server.growth(SELECTOR, "operation") == expected
        )
        assert server.growth(ERRORS, "operation", "error_type", "fault") == {
            ("get_cart", "timeout", "store"): truth
        }


def has(server: servers.Server, operation: str) -> bool:
    return any(labels["operation"] == operation for labels, _ in server.query(SELECTOR))


async def send(port: int, life: int, name: str, count: int) -> None:
    """Report so many calls of the life's own operation, and failures of the common one."""
    calls = [call(f"own_{life}"), call(error_type="timeout")] * count
    headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": f"{life}/{name}"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}{PATH}", json=calls, headers=headers) as answer,
    ):
        assert answer.status == 200, await answer.text()
